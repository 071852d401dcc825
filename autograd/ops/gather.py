"""Elements picked along a dimension by an index, and elements added there.

gather        y[i][j][k] = x[i][index[i,j,k]][k]  (along dim 1, say)          dx = g, scattered to zeros
scatter_add   y = x, with y[i][index[i,j,k]][k] += src[i,j,k]                 dx = g,  dsrc = g, gathered

Each is the gradient of the other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.scatter import add_rows
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shape import reshape
from autograd.ops.shared.attaching import attaching
from autograd.ops.shared.dims import dim_of
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check(name: str, x: Array, index: Array, dim: int) -> None:
    if index.dtype.kind not in "iu":
        raise TypeError(f"{name}: expects an index of integers, got {index.dtype}; convert it with .long()")
    sizes = [n for d, n in enumerate(x.shape) if d != dim]
    taken = [n for d, n in enumerate(index.shape) if d != dim]
    if x.ndim != index.ndim or any(n > size for n, size in zip(taken, sizes, strict=True)):
        raise ValueError(
            f"{name}: an index of shape {index.shape} does not fit a tensor of shape {x.shape}: "
            f"it must have as many dimensions, and only dim {dim} may be larger"
        )
    size = x.shape[dim]
    wrong = (index < 0) | (index >= size)
    if wrong.any():
        raise IndexError(f"{name}: index {index[wrong].flat[0]} is out of range: dim {dim} has indices 0 to {size - 1}")


def _gather_forward(x: Array, index: Array, *, dim: int) -> Array:
    return np.take_along_axis(_reachable(x, index, dim), index, dim)


def _reachable(x: Array, index: Array, dim: int) -> Array:
    """The part of x that the index can reach.  It may be smaller than x in all dimensions but dim."""
    return x[tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))]


def _gather_reference(x: Array, index: Array, *, dim: int) -> Array:
    y = np.empty(index.shape, x.dtype)
    for i in np.ndindex(*index.shape):
        y[i] = x[(*i[:dim], index[i], *i[dim + 1 :])]
    return y


def _scatter_check(x: Array, index: Array, src: Array, *, dim: int) -> None:
    _check("scatter_add", x, index, dim)
    if src.shape != index.shape or src.dtype != x.dtype:
        raise ValueError(
            f"scatter_add: src is {src.dtype} of shape {src.shape}; it must have the index's shape {index.shape} and "
            f"the input's dtype {x.dtype}"
        )


def _scatter_forward(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    y = np.array(x, order="C")
    offsets = index.astype(np.int64) * math.prod(y.shape[dim + 1 :])
    for d, n in enumerate(index.shape):
        if d != dim:  # add the offsets along the other dimensions
            offsets += (np.arange(n) * math.prod(y.shape[d + 1 :])).reshape(-1, *(1,) * (index.ndim - d - 1))
    add_rows(y.reshape(-1, 1), offsets.reshape(-1), src.reshape(-1, 1))
    return y


def _scatter_reference(x: Array, index: Array, src: Array, *, dim: int) -> Array:
    y = x.copy()
    for i in np.ndindex(*index.shape):
        y[(*i[:dim], index[i], *i[dim + 1 :])] += src[i]
    return y


def _gather_backward(ctx: Context, g: Tensor, *, dim: int) -> tuple[Gradient, ...]:
    return _scatter_add_op(np.zeros(ctx.shapes[0], g.dtype), ctx.saved_tensors[0], g, dim=dim), None


def _scatter_backward(ctx: Context, g: Tensor, *, dim: int) -> tuple[Gradient, ...]:
    return g, None, _gather_op(g, ctx.saved_tensors[0], dim=dim) if ctx.needs_input_grad[2] else None


def _draw(draw: Draw) -> tuple[tuple[int, ...], Any, int]:
    """The shape of a tensor, an index into it, and dim."""
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    taken = tuple(draw.size(0, 4) if d == dim else draw.size(1, n) for d, n in enumerate(shape))
    return shape, draw.index(taken, shape[dim]), dim


def _gather_sample(draw: Draw) -> Sample:
    shape, index, dim = _draw(draw)
    return Sample((draw.tensor(*shape), index), {"dim": dim})


def _scatter_sample(draw: Draw) -> Sample:
    shape, index, dim = _draw(draw)
    return Sample((draw.tensor(*shape), index, draw.tensor(*index.shape)), {"dim": dim})


_ONES = np.ones((2, 3))

_gather_op = register(
    Op(
        name="gather",
        check=lambda x, index, *, dim: _check("gather", x, index, dim),
        forward=_gather_forward,
        backward=_gather_backward,
        saves=(1,),
        reference=_gather_reference,
        sample=_gather_sample,
        bad_samples=[
            BadSample((_ONES, np.array([[3]])), {"dim": 1}, IndexError, ("gather", "index 3", "0 to 2")),
            BadSample((_ONES, np.array([[0], [0], [0]])), {"dim": 1}, ValueError, ("gather", "(3, 1)", "(2, 3)")),
            BadSample((_ONES, np.array([0])), {"dim": 1}, ValueError, ("gather", "(1,)", "(2, 3)")),
            BadSample((_ONES, _ONES), {"dim": 1}, TypeError, ("gather", "float64", ".long()")),
        ],
        kind="multilinear",
        flops=0,
    )
)

nll_loss_gather = attaching("nll_loss_gather", _gather_op)

_scatter_add_op: Op = register(
    Op(
        name="scatter_add",
        check=_scatter_check,
        forward=_scatter_forward,
        backward=_scatter_backward,
        saves=(1,),
        reference=_scatter_reference,
        sample=_scatter_sample,
        bad_samples=[
            BadSample((_ONES, np.array([[0]]), _ONES), {"dim": 0}, ValueError, ("scatter_add", "(2, 3)", "(1, 1)")),
            BadSample((_ONES, np.array([[-1]]), np.ones((1, 1))), {"dim": 0}, IndexError, ("scatter_add", "index -1")),
        ],
        kind="multilinear",
        complex=True,
    )
)


def _at_least_1d(*tensors: Any) -> list[Any]:
    """Tensors without dimensions as vectors of one element, as PyTorch treats them here."""
    return [x if x.ndim else reshape(x, (1,)) for x in tensors]


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Gather elements along a dimension: y[i, j] = input[i, index[i, j]] for dim 1 of a matrix.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which index picks.
    index : Tensor of int, with as many dimensions as input
        In each dimension but `dim` it is at most as large as input.  Elements from 0 to the size of `dim`, exclusive.

    Returns
    -------
    Tensor, of the index's shape

    Raises
    ------
    IndexError
        If an index is out of range, or there is no such dimension.
    ValueError
        If the shape of index does not fit.
    TypeError
        If index is not of integers.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> autograd.gather(x, 1, autograd.tensor([[0], [1]]))
    tensor([[1.],
            [4.]])
    """
    check_arrays("gather", input=input, index=index)
    dim = dim_of("gather", dim, input.ndim)
    if not math.prod(tuple(index.shape)):  # an index without elements may have any shape, as in PyTorch
        return reshape(reshape(input, (-1,) if input.ndim else (1,))[:0], tuple(index.shape))
    y = _gather_op(*_at_least_1d(input, index), dim=dim)
    return y if index.ndim else reshape(y, ())


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Return a copy of input, with src[i, j] added at [i, index[i, j]] for dim 1 of a matrix.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which index picks.
    index : Tensor of int, with as many dimensions as input
        As for `gather`.  An index may occur several times: all its elements are added.
    src : Tensor, at least of the shape of index
        Elements outside the index's shape are ignored.  It has input's dtype.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If an index is out of range, or there is no such dimension.
    ValueError
        If shapes do not fit, or dtypes differ.
    TypeError
        If index is not of integers.

    Examples
    --------
    >>> import autograd
    >>> autograd.scatter_add(autograd.zeros(3), 0, autograd.tensor([0, 2, 2]), autograd.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 5.])
    """
    check_arrays("scatter_add", input=input, index=index, src=src)
    dim, shape = dim_of("scatter_add", dim, input.ndim), tuple(input.shape)
    input, index, src = _at_least_1d(input, index, src)
    if src.shape != index.shape and src.ndim == index.ndim:
        src = src[tuple(slice(n) for n in index.shape)]
    y = _scatter_add_op(input, index, src, dim=dim)
    return y if shape else reshape(y, ())
