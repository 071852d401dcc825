"""Views that NumPy makes with strides: diagonals, and any other strides.

    y = view(x)            dx = zeros, to which g is added where the view reads

A place that the view reads several times gets the sum of its gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import clone
from autograd.ops.shared.dims import dim_of, ndim_of, sizes_of
from autograd.types import Array, Shape, Sizes

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _places(view: Callable[..., Array], shape: Shape, params: dict[str, Any]) -> Array:
    """For each element of the view, its position in an array of this shape in row-major order."""
    return view(np.arange(math.prod(shape)).reshape(shape), **params)


def _row(
    name: str,
    view: Callable[..., Array],
    reference: Callable[..., Array],
    sample: Callable[[Draw], Sample],
    *bad_samples: BadSample,
    check: Callable[..., None] | None = None,
) -> tuple[Op, Op]:
    """The row of a view, and that of its gradient."""

    def grad_forward(g: Array, *, shape: Shape, **params: Any) -> Array:
        dx = np.zeros(math.prod(shape), g.dtype)
        np.add.at(dx, _places(view, shape, params).reshape(-1), g.reshape(-1))
        return dx.reshape(shape)

    def grad_reference(g: Array, *, shape: Shape, **params: Any) -> Array:
        dx = np.zeros(math.prod(shape), g.dtype)
        places = reference(np.arange(dx.size).reshape(shape), **params)
        for i, value in zip(places.ravel(), g.ravel(), strict=True):
            dx[i] += value
        return dx.reshape(shape)

    def grad_sample(draw: Draw) -> Sample:
        whole = sample(draw)
        y = view(*whole.inputs, **whole.params)
        return Sample((draw.tensor(*y.shape),), {"shape": whole.inputs[0].shape, **whole.params})

    row: Op = register(
        Op(
            name=name,
            check=check,
            forward=view,
            backward=lambda ctx, g, **params: grad(g, shape=ctx.shapes[0], **params),
            reference=reference,
            sample=sample,
            bad_samples=bad_samples,
            kind="multilinear",
            flops=0,
        )
    )
    grad: Op = register(
        Op(
            name=f"{name}_grad",
            forward=grad_forward,
            backward=lambda ctx, g, *, shape, **params: row(g, **params),
            reference=grad_reference,
            sample=grad_sample,
            kind="multilinear",
            complex=True,
        )
    )
    return row, grad


def _strided(x: Array, shape: Shape, strides: tuple[int, ...]) -> Array:
    """A view with these strides in bytes."""
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=x.flags.writeable)


# ── diagonal ───────────────────────────────────────────────────────────────────────────


def _diagonal_view(x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    y = np.moveaxis(x, (dim1, dim2), (-2, -1))
    y = y[..., max(-offset, 0) :, max(offset, 0) :]
    n = min(y.shape[-2:])
    return _strided(y, (*y.shape[:-2], n), (*y.strides[:-2], y.strides[-2] + y.strides[-1]))


def _diagonal_reference(x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    y = np.diagonal(x, offset, dim1, dim2)
    return y if not x.flags.writeable or not y.size else _diagonal_view(x, offset=offset, dim1=dim1, dim2=dim2)


def _diagonal_sample(draw: Draw) -> Sample:
    shape = draw.shape(2, 4, least=0)
    first, second = draw.permutation(len(shape))[:2]
    return Sample((draw.tensor(*shape),), {"offset": draw.size(-2, 2), "dim1": first, "dim2": second})


_diagonal_op, diagonal_grad = _row("diagonal", _diagonal_view, _diagonal_reference, _diagonal_sample)


def _plane(name: str, dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    first, second = dim_of(name, dim1, ndim), dim_of(name, dim2, ndim)
    if first == second:
        raise RuntimeError(f"{name}: dim1 {dim1} and dim2 {dim2} are one dimension; expects two")
    return first, second


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the matrices in dimensions dim1 and dim2, as a view, along a new last dimension.

    Parameters
    ----------
    input : Tensor, of at least two dimensions
    offset : int
        Above 0: that many columns to the right of the main diagonal; below 0: rows below it.
    dim1, dim2 : int
        The dimensions of rows and of columns.

    Returns
    -------
    Tensor, of the shape of input without dim1 and dim2, and with the diagonal's size at the end; a view

    Raises
    ------
    IndexError, RuntimeError
        If there is no such dimension, or dim1 and dim2 are the same.

    Examples
    --------
    >>> import autograd
    >>> autograd.diagonal(autograd.arange(6).reshape(2, 3), 1)
    tensor([1, 5])
    """
    if ndim_of("diagonal", input) < 1:
        raise IndexError(f"diagonal: expects at least two dimensions, got shape {tuple(input.shape)}")
    first, second = _plane("diagonal", dim1, dim2, input.ndim)
    return _diagonal_op(input, offset=offset, dim1=first, dim2=second)


def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of the matrices in the last two dimensions, as a view: `diagonal`, with other defaults.

    Parameters
    ----------
    A : Tensor, (…, M, N)
    offset : int
        Above 0: that many columns to the right of the main diagonal; below 0: rows below it.
    dim1, dim2 : int
        The dimensions of rows and of columns.

    Returns
    -------
    Tensor, (…, K); a view

    Raises
    ------
    IndexError, RuntimeError
        If there is no such dimension, or dim1 and dim2 are the same.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.diagonal(autograd.arange(8).reshape(2, 2, 2))
    tensor([[0, 3],
            [4, 7]])
    """
    return diagonal(A, offset, dim1, dim2)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension of input on a diagonal, and 0 elsewhere.

    Parameters
    ----------
    input : Tensor, (…, N)
    offset : int
        Above 0: that many columns to the right of the main diagonal; below 0: rows below it.
    dim1, dim2 : int
        The dimensions of the result that are the matrices.

    Returns
    -------
    Tensor, (…, N + |offset|, N + |offset|) with the default dimensions

    Raises
    ------
    IndexError, RuntimeError
        If there is no such dimension, dim1 and dim2 are the same, or input has no dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.diag_embed(autograd.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = ndim_of("diag_embed", input) + 1
    if ndim < 2:
        raise IndexError("diag_embed: a tensor without dimensions is no diagonal; .reshape(1) gives it one")
    first, second = _plane("diag_embed", dim1, dim2, ndim)
    size = input.shape[-1] + abs(offset)
    others = iter(input.shape[:-1])
    shape = tuple(size if d in (first, second) else next(others) for d in range(ndim))
    return diagonal_grad(input, shape=shape, offset=offset, dim1=first, dim2=second)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal: a copy.

    Parameters
    ----------
    input : Tensor, (N,) or (M, N)
    diagonal : int
        Above 0: that many columns to the right of the main diagonal; below 0: rows below it.

    Returns
    -------
    Tensor, (N + |diagonal|, N + |diagonal|) of a vector, (K,) of a matrix

    Raises
    ------
    RuntimeError
        If input is neither a vector nor a matrix.

    Examples
    --------
    >>> import autograd
    >>> autograd.diag(autograd.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    >>> autograd.diag(autograd.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    if ndim_of("diag", input) not in (1, 2):
        raise RuntimeError(f"diag: expects a vector or a matrix, got shape {tuple(input.shape)}; see diag_embed")
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    return clone(_diagonal_op(input, offset=diagonal, dim1=0, dim2=1))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements of input, in row-major order, on its diagonal.

    Parameters
    ----------
    input : Tensor, any shape
        With N elements.
    offset : int
        Above 0: that many columns to the right of the main diagonal; below 0: rows below it.

    Returns
    -------
    Tensor, (N + |offset|, N + |offset|)

    Examples
    --------
    >>> import autograd
    >>> autograd.diagflat(autograd.tensor([[1, 2]]), -1)
    tensor([[0, 0, 0],
            [1, 0, 0],
            [0, 2, 0]])
    """
    ndim_of("diagflat", input)
    return diag_embed(input.reshape((-1,)), offset)


# ── any strides ────────────────────────────────────────────────────────────────────────


def _as_strided_check(x: Array, *, size: Shape, stride: tuple[int, ...], start: int) -> None:
    if len(size) != len(stride):
        raise RuntimeError(f"as_strided: size {size} and stride {stride} must have equally many numbers")
    if min((*size, *stride, start), default=0) < 0:
        raise RuntimeError(f"as_strided: size {size}, stride {stride} and offset {start} must be at least 0")
    last = start + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) and last >= x.size:
        raise RuntimeError(
            f"as_strided: size {size}, stride {stride} and offset {start} reach element {last}, and a tensor of shape "
            f"{x.shape} has {x.size}"
        )


def _as_strided_view(x: Array, *, size: Shape, stride: tuple[int, ...], start: int) -> Array:
    flat = np.ascontiguousarray(x).reshape(-1)  # a gradient may have any layout
    return _strided(flat[start:], size, tuple(step * x.itemsize for step in stride))


def _as_strided_reference(x: Array, *, size: Shape, stride: tuple[int, ...], start: int) -> Array:
    places = start + np.tensordot(stride, np.indices(size), 1) if size else np.asarray(start)
    flat = np.ascontiguousarray(x).reshape(-1)
    y = _strided(flat[start:], size, tuple(step * x.itemsize for step in stride))
    if not np.array_equal(y, flat[places.astype(int)], equal_nan=x.dtype.kind == "f"):
        raise AssertionError("as_strided: the view does not read the places that the strides name")
    return y


def _as_strided_sample(draw: Draw) -> Sample:
    rows, columns, start = draw.size(1, 3), draw.size(0, 3), draw.size(0, 2)
    strides = draw.size(0, 3), draw.size(0, 3)
    reach = start + (rows - 1) * strides[0] + max(columns - 1, 0) * strides[1] + 1
    x = draw.tensor(draw.size(reach, reach + 2))
    return Sample((x,), {"size": (rows, columns), "stride": strides, "start": start})


_as_strided_op, as_strided_grad = _row(
    "as_strided",
    _as_strided_view,
    _as_strided_reference,
    _as_strided_sample,
    BadSample(
        (np.ones(3),), {"size": (2,), "stride": (3,), "start": 0}, RuntimeError, ("as_strided", "element 3", "(3,)")
    ),
    BadSample((np.ones(3),), {"size": (2,), "stride": (), "start": 0}, RuntimeError, ("as_strided", "equally many")),
    BadSample((np.ones(3),), {"size": (2,), "stride": (-1,), "start": 2}, RuntimeError, ("as_strided", "(-1,)")),
    check=_as_strided_check,
)


def _start(x: Any, storage_offset: int | None) -> int:
    """The offset, counted from the tensor's first element."""
    if storage_offset is None:
        return 0
    array = getattr(x, "array", x)
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return int(storage_offset) - (array.ctypes.data - owner.ctypes.data) // array.itemsize


def as_strided(input: Tensor, size: Sizes, stride: Sizes, storage_offset: int | None = None) -> Tensor:
    """A view with these sizes, and these distances in memory, in elements, along each dimension.

    Parameters
    ----------
    input : Tensor of any shape, contiguous
    size, stride : tuple of int
        As many numbers, all at least 0.
    storage_offset : int, optional
        Position in memory to start at, in elements.  Default: that of the input.

    Returns
    -------
    Tensor, of shape size; a view

    Raises
    ------
    RuntimeError
        If the view would reach beyond the elements of the input, or they are not in row-major order.  PyTorch also
        reads memory of other tensors that share it.

    Examples
    --------
    >>> import autograd
    >>> autograd.as_strided(autograd.arange(4), (3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    check_arrays("as_strided", input=input)
    array: Any = getattr(input, "array", input)
    if not array.flags.c_contiguous:
        raise RuntimeError(
            f"as_strided: a tensor of shape {tuple(input.shape)} whose elements are not in row-major order; call "
            ".contiguous() first"
        )
    params = {"size": sizes_of((size,)), "stride": sizes_of((stride,)), "start": _start(input, storage_offset)}
    return _as_strided_op(input, **params)
