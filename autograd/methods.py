"""The methods and operators of tensors that call ops.

Each is written out, so that editors can follow it.  A test compares the list with the op table.
"""

# mypy: disable-error-code="misc"
# `self: Tensor` names the only subclass; mypy wants a class of its own.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard, overload

import numpy as np

from autograd import devices, ops
from autograd.inplace_methods import InPlaceMethods
from autograd.types import Array, DTypeLike, Number, Size, Sizes

if TYPE_CHECKING:
    from autograd.tensor import Tensor

_CPU = devices.device("cpu")


def _is_numeric(x: object) -> TypeGuard[Tensor | Number]:
    return isinstance(x, TensorMethods | np.ndarray | np.generic | bool | int | float)


class TensorMethods(InPlaceMethods):
    """The part of `Tensor` that only passes its arguments on."""

    __slots__ = ()
    array: Array

    # ── sizes, and elements as Python numbers ──

    @overload
    def size(self: Tensor, dim: None = None) -> Size: ...
    @overload
    def size(self: Tensor, dim: int) -> int: ...
    def size(self: Tensor, dim: int | None = None) -> Size | int:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self: Tensor) -> int:
        """Number of dimensions."""
        return self.array.ndim

    def numel(self: Tensor) -> int:
        """Number of elements."""
        return self.array.size

    def __len__(self: Tensor) -> int:
        if self.array.ndim == 0:
            raise TypeError("len: a tensor without dimensions has no length")
        return len(self.array)

    def __iter__(self: Tensor) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self: Tensor, element: object) -> bool:
        if not isinstance(element, TensorMethods | np.ndarray | np.generic | int | float):
            raise TypeError(f"in: a tensor is searched for a number or a tensor, not for a {type(element).__name__}")
        return bool((self == element).array.any())

    def __bool__(self: Tensor) -> bool:
        return bool(self.item()) if self.array.size == 1 else self._ambiguous("true or false")

    def __float__(self: Tensor) -> float:
        return float(self.item())

    def __int__(self: Tensor) -> int:
        return int(self.item())

    def __index__(self: Tensor) -> int:
        if self.array.dtype.kind not in "biu" or self.array.size != 1:
            raise TypeError(
                f"only an integer tensor of one element is an index, not {self.dtype} of shape {self.shape}"
            )
        return int(self.item())

    def _ambiguous(self: Tensor, what: str) -> NoReturn:
        raise ValueError(
            f"a tensor of shape {self.shape} is not one number, so not {what}; reduce it first, or use an index"
        )

    def __format__(self: Tensor, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 else object.__format__(self, spec)

    def item(self: Tensor) -> Number:
        """The only element, as a Python number."""
        return self.array.item() if self.array.size == 1 else self._ambiguous("a Python number")

    def tolist(self: Tensor) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.array.tolist()

    def cpu(self: Tensor) -> Tensor:
        """The tensor itself: the CPU is the only device."""
        return self

    # ── operators ──

    __add__ = ops.add
    __sub__ = ops.sub
    __mul__ = ops.mul
    __truediv__ = ops.div
    __floordiv__ = ops.floor_divide
    __mod__ = ops.remainder
    __pow__ = ops.pow
    __matmul__ = ops.matmul
    __neg__ = ops.neg
    __pos__ = ops.positive
    __abs__ = ops.abs
    __invert__ = ops.bitwise_not
    __and__ = __rand__ = ops.bitwise_and
    __or__ = __ror__ = ops.bitwise_or
    __xor__ = __rxor__ = ops.bitwise_xor
    __lt__ = ops.lt
    __le__ = ops.le
    __gt__ = ops.gt
    __ge__ = ops.ge
    __getitem__ = ops.getitem

    def __radd__(self: Tensor, other: Number) -> Tensor:
        return ops.add(other, self)

    def __rsub__(self: Tensor, other: Number) -> Tensor:
        return ops.sub(other, self)

    def __rmul__(self: Tensor, other: Number) -> Tensor:
        return ops.mul(other, self)

    def __rtruediv__(self: Tensor, other: Number) -> Tensor:
        return ops.div(other, self)

    def __rfloordiv__(self: Tensor, other: Number) -> Tensor:
        return ops.floor_divide(other, self)

    def __rmod__(self: Tensor, other: Number) -> Tensor:
        return ops.remainder(other, self)

    def __rpow__(self: Tensor, base: Number) -> Tensor:
        return ops.pow(base, self)

    def __rmatmul__(self: Tensor, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __eq__(self: Tensor, other: object) -> Tensor:  # type: ignore[override]
        return ops.eq(self, other) if _is_numeric(other) else NotImplemented  # Python then compares identities

    def __ne__(self: Tensor, other: object) -> Tensor:  # type: ignore[override]
        return ops.ne(self, other) if _is_numeric(other) else NotImplemented

    # ── methods ──

    add = ops.add
    sub = ops.sub
    mul = ops.mul
    div = ops.div
    neg = ops.neg
    pow = ops.pow
    exp = ops.exp
    log = ops.log
    matmul = ops.matmul
    sum = ops.sum
    mean = ops.mean
    transpose = ops.transpose
    t = ops.t
    expand = ops.expand
    flatten = ops.flatten
    argmax = ops.argmax
    eq = ops.eq
    ne = ops.ne
    lt = ops.lt
    le = ops.le
    gt = ops.gt
    ge = ops.ge
    relu = ops.relu
    softmax = ops.softmax
    log_softmax = ops.log_softmax
    abs = ops.abs
    all = ops.all
    allclose = ops.allclose
    amax = ops.amax
    amin = ops.amin
    any = ops.any
    argmin = ops.argmin
    bitwise_and = ops.bitwise_and
    bitwise_not = ops.bitwise_not
    bitwise_or = ops.bitwise_or
    bitwise_xor = ops.bitwise_xor
    clamp = ops.clamp
    clamp_max = ops.clamp_max
    clamp_min = ops.clamp_min
    cos = ops.cos
    cumsum = ops.cumsum
    equal = ops.equal
    expm1 = ops.expm1
    floor_divide = ops.floor_divide
    isclose = ops.isclose
    isfinite = ops.isfinite
    isinf = ops.isinf
    isnan = ops.isnan
    log1p = ops.log1p
    logical_and = ops.logical_and
    logical_not = ops.logical_not
    logical_or = ops.logical_or
    logsumexp = ops.logsumexp
    masked_fill = ops.masked_fill
    max = ops.max
    maximum = ops.maximum
    min = ops.min
    minimum = ops.minimum
    norm = ops.norm
    positive = ops.positive
    reciprocal = ops.reciprocal
    remainder = ops.remainder
    rsqrt = ops.rsqrt
    sigmoid = ops.sigmoid
    sign = ops.sign
    sin = ops.sin
    sqrt = ops.sqrt
    square = ops.square
    std = ops.std
    tanh = ops.tanh
    var = ops.var
    chunk = ops.chunk
    gather = ops.gather
    index_select = ops.index_select
    movedim = ops.movedim
    scatter_add = ops.scatter_add
    split = ops.split
    squeeze = ops.squeeze
    tril = ops.tril
    triu = ops.triu
    unbind = ops.unbind
    unsqueeze = ops.unsqueeze

    def reshape(self: Tensor, *shape: Sizes) -> Tensor:
        """The elements in another shape: reshape(2, 3) or reshape((2, 3))."""
        return ops.reshape(self, ops.sizes_of(shape))

    def view(self: Tensor, *shape: Sizes) -> Tensor:
        """`reshape` that never copies."""
        result = ops.reshape(self, ops.sizes_of(shape))
        if self.array.size and not np.may_share_memory(result.array, self.array):
            raise ValueError(f"view: shape {result.shape} of a tensor that is not contiguous needs a copy; use reshape")
        return result

    def permute(self: Tensor, *dims: Sizes) -> Tensor:
        """Dimension i of the result is dimension dims[i] of this tensor."""
        return ops.permute(self, ops.sizes_of(dims))

    def flip(self: Tensor, *dims: Sizes) -> Tensor:
        """A copy with the elements along dims in reverse order."""
        return ops.flip(self, ops.sizes_of(dims))

    def view_as(self: Tensor, other: Tensor) -> Tensor:
        return self.view(other.shape)

    def reshape_as(self: Tensor, other: Tensor) -> Tensor:
        return self.reshape(other.shape)

    def repeat(self: Tensor, *repeats: Sizes) -> Tensor:
        """Copies of the tensor side by side: `repeats` along each dimension, new dimensions first.

        Examples
        --------
        >>> import autograd
        >>> autograd.arange(3).repeat(2, 2)
        tensor([[0, 1, 2, 0, 1, 2],
                [0, 1, 2, 0, 1, 2]])
        """
        times = ops.sizes_of(repeats)
        sizes = (1,) * (len(times) - self.ndim) + self.shape
        if len(times) < self.ndim or any(time < 0 for time in times):
            raise ValueError(
                f"repeat: {times} does not fit shape {self.shape}; give one count of at least 0 for each dimension"
            )
        copies = self.reshape([n for size in sizes for n in (1, size)])
        copies = copies.expand(*[n for time, size in zip(times, sizes) for n in (time, size)])
        return copies.clone().reshape([time * size for time, size in zip(times, sizes)])

    def where(self: Tensor, condition: Tensor, other: Tensor | Number) -> Tensor:
        """This tensor's elements where condition is true, other's elsewhere."""
        return ops.where(condition, self, other)

    def expand_as(self: Tensor, other: Tensor) -> Tensor:
        return self.expand(*other.shape)

    @property
    def T(self: Tensor) -> Tensor:
        return ops.permute(self, tuple(range(self.ndim))[::-1])

    @property
    def mT(self: Tensor) -> Tensor:
        return ops.transpose(self, -1, -2)

    def to(
        self: Tensor,
        *target: DTypeLike | devices.Device | Tensor,
        device: devices.Device = None,
        dtype: DTypeLike | None = None,
        non_blocking: bool = False,
    ) -> Tensor:
        """The tensor in another dtype, or the tensor itself if it has that dtype.

        The target is a dtype, a tensor whose dtype to take, or the device "cpu" with or without a dtype.
        `non_blocking` has no effect.
        """
        dtype = devices.dtype_for(target, device, dtype)
        return self if dtype is None else ops.to(self, dtype)

    @property
    def device(self) -> devices.device:
        return _CPU

    def type_as(self: Tensor, other: Tensor) -> Tensor:
        return ops.to(self, other.dtype)

    def clone(self: Tensor) -> Tensor:
        """A copy that gradients flow through."""
        return ops.clone(self)

    def contiguous(self: Tensor) -> Tensor:
        """The tensor itself, or a copy, whose elements are in row-major order."""
        return self if self.is_contiguous() else ops.clone(self)

    def is_contiguous(self) -> bool:
        """Whether the elements are in row-major order."""
        return self.array.flags.c_contiguous

    @property
    def is_sparse(self) -> bool:
        """False: all tensors are dense."""
        return False

    def is_complex(self) -> bool:
        """False: there are no complex dtypes."""
        return False

    def is_floating_point(self) -> bool:
        """Whether the dtype is float32 or float64."""
        return self.array.dtype.kind == "f"

    # casts: last, because annotations after `def int` would mean the method

    def float(self: Tensor) -> Tensor:
        return ops.to(self, np.float32)

    def double(self: Tensor) -> Tensor:
        return ops.to(self, np.float64)

    def long(self: Tensor) -> Tensor:
        return ops.to(self, np.int64)

    def int(self: Tensor) -> Tensor:
        return ops.to(self, np.int32)

    def bool(self: Tensor) -> Tensor:
        return ops.to(self, np.bool_)
