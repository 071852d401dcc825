"""The methods of tensors that arrange, pick, sort and count elements, and products of vectors and matrices."""

# mypy: disable-error-code="misc"
# `self: Tensor` names the only subclass; mypy wants a class of its own.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ops
from autograd.ops.unfold import unfold_along
from autograd.types import Array, DTypeLike, Sizes

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _given(name: str, positional: tuple[Any, ...], keyword: Any) -> tuple[int, ...]:
    """The sizes or dimensions of x.f(2, 3), x.f((2, 3)) or x.f(size=(2, 3))."""
    if keyword is None:
        return ops.sizes_of(positional)
    if positional:
        raise TypeError(f"{name}: got {positional} and also {keyword} by name; give one")
    return ops.sizes_of((keyword,))


class ShapeMethods:
    """See the module's docstring.  `TensorMethods` has the other methods."""

    __slots__ = ()
    array: Array

    addbmm = ops.addbmm
    addmm = ops.addmm
    addmv = ops.addmv
    addr = ops.addr
    argsort = ops.argsort
    argwhere = ops.argwhere
    as_strided = ops.as_strided
    as_strided_scatter = ops.as_strided_scatter
    baddbmm = ops.baddbmm
    bincount = ops.bincount
    bmm = ops.bmm
    broadcast_to = ops.broadcast_to
    corrcoef = ops.corrcoef
    cov = ops.cov
    cross = ops.cross
    diag = ops.diag
    diag_embed = ops.diag_embed
    diagflat = ops.diagflat
    diagonal = ops.diagonal
    diagonal_scatter = ops.diagonal_scatter
    dot = ops.dot
    dsplit = ops.dsplit
    fliplr = ops.fliplr
    flipud = ops.flipud
    histc = ops.histc
    histogram = ops.histogram
    hsplit = ops.hsplit
    index_add = ops.index_add
    index_copy = ops.index_copy
    index_fill = ops.index_fill
    index_put = ops.index_put
    index_reduce = ops.index_reduce
    inner = ops.inner
    kron = ops.kron
    masked_scatter = ops.masked_scatter
    masked_select = ops.masked_select
    mm = ops.mm
    msort = ops.msort
    mv = ops.mv
    narrow = ops.narrow
    nonzero = ops.nonzero
    nonzero_static = ops.nonzero_static
    outer = ops.outer
    put = ops.put
    ravel = ops.ravel
    repeat_interleave = ops.repeat_interleave
    roll = ops.roll
    rot90 = ops.rot90
    scatter = ops.scatter
    scatter_reduce = ops.scatter_reduce
    select = ops.select
    select_scatter = ops.select_scatter
    slice_scatter = ops.slice_scatter
    sort = ops.sort
    split_with_sizes = ops.split_with_sizes
    sum_to_size = ops.sum_to_size
    take = ops.take
    take_along_dim = ops.take_along_dim
    tensor_split = ops.tensor_split
    topk = ops.topk
    trace = ops.trace
    unfold = unfold_along
    unique = ops.unique
    unique_consecutive = ops.unique_consecutive
    unsafe_chunk = ops.unsafe_chunk
    unsafe_split = ops.unsafe_split
    vdot = ops.vdot
    vsplit = ops.vsplit

    def reshape(self: Tensor, *sizes: Sizes, shape: Sizes | None = None) -> Tensor:
        """The elements in another shape: reshape(2, 3), reshape((2, 3)) or reshape(shape=(2, 3))."""
        return ops.reshape(self, _given("reshape", sizes, shape))

    def view(self: Tensor, *sizes: Any, size: Sizes | None = None, dtype: DTypeLike | None = None) -> Tensor:
        """`reshape` that never copies; or, with a dtype, the same memory read as numbers of that dtype.

        For a dtype of another size the last dimension shrinks or grows.

        Raises
        ------
        RuntimeError
            If the sizes do not fit, or a copy would be needed, which reshape makes; with a dtype, if the bytes of the
            last dimension do not fill whole numbers of the dtype.
        """
        if dtype is None and len(sizes) == 1 and isinstance(sizes[0], np.dtype | type):
            sizes, dtype = (), sizes[0]
        if dtype is not None:
            return self._as_dtype(np.dtype(dtype))
        wanted = _given("view", sizes, size)
        try:
            result = ops.reshape(self, wanted)
        except ValueError as error:
            raise RuntimeError(str(error).replace("reshape:", "view:", 1)) from None
        if self.array.size and not np.may_share_memory(result.array, self.array):
            raise RuntimeError(
                f"view: shape {result.shape} of a tensor that is not contiguous needs a copy; use reshape"
            )
        return result

    def _as_dtype(self: Tensor, dtype: np.dtype) -> Tensor:
        from autograd.tensor import wrap  # which imports this class

        if dtype == self.dtype:
            return ops.reshape(self, self.shape)
        try:
            result = wrap(self.array.view(dtype) if self.ndim else self.array.reshape(1).view(dtype).reshape(()))
        except ValueError:
            raise RuntimeError(
                f"view: shape {self.shape} of {self.dtype} cannot be read as {dtype}: the last dimension must be "
                f"contiguous, and its bytes whole numbers of {dtype.itemsize}"
            ) from None
        result.version = self.version
        return result

    def permute(self: Tensor, *axes: Sizes, dims: Sizes | None = None) -> Tensor:
        """Dimension i of the result is dimension dims[i] of this tensor."""
        return ops.permute(self, _given("permute", axes, dims))

    def flip(self: Tensor, *axes: Sizes, dims: Sizes | None = None) -> Tensor:
        """A copy with the elements along dims in reverse order."""
        return ops.flip(self, _given("flip", axes, dims))

    def expand(self: Tensor, *sizes: Sizes, size: Sizes | None = None, implicit: bool = False) -> Tensor:
        """Expand dimensions of size 1 to the given sizes, without a copy.  -1 keeps a size."""
        return ops.expand(self, *_given("expand", sizes, size))

    def repeat(self: Tensor, *times: Sizes, repeats: Sizes | None = None) -> Tensor:
        """Copies of the tensor side by side: `repeats` along each dimension, new dimensions first.

        Examples
        --------
        >>> import autograd
        >>> autograd.arange(3).repeat(2, 2)
        tensor([[0, 1, 2, 0, 1, 2],
                [0, 1, 2, 0, 1, 2]])
        """
        counts = _given("repeat", times, repeats)
        if len(counts) < self.ndim or any(count < 0 for count in counts):
            raise ValueError(
                f"repeat: {counts} does not fit shape {self.shape}; give one count of at least 0 for each dimension"
            )
        return ops.tile(self, counts)

    def tile(self: Tensor, *times: Sizes, dims: Sizes | None = None) -> Tensor:
        """Copies of the tensor side by side: `dims` along each dimension, counted from the last."""
        return ops.tile(self, _given("tile", times, dims))

    def unflatten(self: Tensor, dim: int, *lengths: Sizes, sizes: Sizes | None = None) -> Tensor:
        """Split a dimension into several of these sizes, one of which may be -1."""
        return ops.unflatten(self, dim, _given("unflatten", lengths, sizes))

    def view_as(self: Tensor, other: Tensor) -> Tensor:
        """The elements in other's shape, without a copy."""
        return self.view(other.shape)

    def reshape_as(self: Tensor, other: Tensor) -> Tensor:
        """The elements in other's shape."""
        return self.reshape(other.shape)

    def expand_as(self: Tensor, other: Tensor) -> Tensor:
        """This tensor expanded to other's shape."""
        return ops.expand(self, *other.shape)

    def resize_(self: Tensor, *sizes: Sizes, size: Sizes | None = None, memory_format: Any = None) -> Tensor:
        """Change the shape in place: the first elements are kept in row-major order, new ones are undefined.

        Raises
        ------
        RuntimeError
            If the tensor requires grad.
        """
        shape = _given("resize_", sizes, size)
        if self.requires_grad:
            raise RuntimeError("resize_: a tensor that requires grad cannot change its shape; use reshape or detach()")
        if min(shape, default=0) < 0:
            raise RuntimeError(f"resize_: size {shape} must have sizes of at least 0")
        flat = np.zeros(int(np.prod(shape)), self.dtype)
        kept = min(flat.size, self.array.size)
        if flat.size <= self.array.size and self.array.flags.c_contiguous:
            flat = self.array.reshape(-1)[: flat.size]
        else:
            flat[:kept] = self.array.reshape(-1)[:kept]
        self.array = flat.reshape(shape)
        self.version[0] += 1
        return self

    def resize_as_(self: Tensor, other: Tensor, memory_format: Any = None) -> Tensor:
        """`resize_` to other's shape."""
        return self.resize_(other.shape)

    @property
    def T(self: Tensor) -> Tensor:
        """The tensor with its dimensions in reverse order."""
        return ops.permute(self, tuple(range(self.ndim))[::-1])

    @property
    def mT(self: Tensor) -> Tensor:
        """Matrices (…, I, J) transposed."""
        self._check_matrices("mT")
        return ops.transpose(self, -1, -2)

    @property
    def H(self: Tensor) -> Tensor:
        """A matrix transposed and, if complex, conjugated."""
        if self.ndim not in (0, 2):
            raise RuntimeError(f"H: expects a matrix, got shape {self.shape}; mH takes batches of matrices")
        return ops.conj(ops.transpose(self, 0, 1) if self.ndim else self)

    @property
    def mH(self: Tensor) -> Tensor:
        """Matrices (…, I, J) transposed and, if complex, conjugated."""
        self._check_matrices("mH")
        return ops.conj(ops.transpose(self, -1, -2))

    def _check_matrices(self: Tensor, name: str) -> None:
        if self.ndim < 2:
            raise RuntimeError(f"{name}: expects matrices (…, I, J), got shape {self.shape}")
