"""Numbers picked along a dimension by an index, and added back there.

gather        y[i][j][k] = x[i][index[i,j,k]][k]  (along dim 1, say)          dx = g, scatter-added to zeros
scatter_add   y = x, with y[i][index[i,j,k]][k] += src[i,j,k]                 dx = g, dsrc = g, gathered

Each is the other's gradient.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import FEW
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.attached import attaching
from autograd.ops.shape import dim_of, reshape

if TYPE_CHECKING:
    from autograd.tensor import Tensor

_NONE, _NO_ROWS = np.zeros(0, np.int32), np.zeros((0, 0))
COLUMNS = 256  # least columns worth a thread: memory is read in long runs, a line of the cache at a time is slow


@kernel()
def _named_often(rows, count):
    """The rows that are named more than FEW times; of the one at place k of these count, 0 before, becomes -k - 1."""
    often = np.empty(len(rows) // FEW, np.int64)
    found = 0
    for row in rows:
        if count[row] == FEW:
            often[found] = row
            found += 1
            count[row] = -found
        elif count[row] >= 0:
            count[row] += 1
    return often[:found]


@kernel(parallel=True)
def _add_rows(g, rows, parts, y, count, wide):
    """y[rows[i]] += g[i] of matrices: every block of columns is one thread's, and goes down the rows in order.

    Where count[row] = -k - 1, row k of `wide` is added to instead, in float64.
    """
    columns = y.shape[1]
    threads = limit_threads(g.size // ELEMENTS)
    for part in prange(parts):
        start, stop = part * columns // parts, (part + 1) * columns // parts
        for i in range(len(rows)):
            row = rows[i]
            k = -1 - count[row] if len(wide) else -1
            if columns == 1:
                if k < 0:
                    y[row, 0] += g[i, 0]
                else:
                    wide[k, 0] += g[i, 0]
            elif k < 0:
                out, some = y[row, start:stop], g[i, start:stop]
                for j in range(len(out)):
                    out[j] += some[j]
            else:
                sums, some = wide[k, start:stop], g[i, start:stop]
                for j in range(len(sums)):
                    sums[j] += some[j]
    set_threads(threads)


def add_rows(y: Any, rows: Any, g: Any) -> None:
    """y[rows] += g in place, for y (R, K) and rows (M), where a row named twice gets both."""
    if y.dtype in (np.float32, np.float64):
        g, rows, parts = dense(g), dense(rows), blocks(y.shape[1], COLUMNS)
        if y.dtype == np.float64 or len(rows) <= FEW:
            _add_rows(g, rows, parts, y, _NONE, _NO_ROWS)
        elif y.size <= g.size:
            wide = y.astype(np.float64)
            _add_rows(g, rows, parts, wide, _NONE, _NO_ROWS)
            y[...] = wide
        else:  # of a large table only what is added to often is kept in float64
            count = np.zeros(len(y), np.int32)
            often = _named_often(rows, count)
            wide = y[often].astype(np.float64)
            _add_rows(g, rows, parts, y, count, wide)
            y[often] = wide
    else:
        np.add.at(y, rows, g)


def _check(name: str, x: Any, index: Any, dim: int) -> None:
    if index.dtype.kind not in "iu":
        raise TypeError(f"{name}: expects an index of integers, got {index.dtype}; convert it, with .long()")
    sizes = [n for d, n in enumerate(x.shape) if d != dim]
    taken = [n for d, n in enumerate(index.shape) if d != dim]
    if x.ndim != index.ndim or any(n > size for n, size in zip(taken, sizes, strict=True)):
        raise ValueError(
            f"{name}: an index of shape {index.shape} does not fit a tensor of shape {x.shape}: "
            f"it has as many dimensions, and none but dim {dim} may be larger"
        )
    size = x.shape[dim]
    wrong = (index < 0) | (index >= size)
    if wrong.any():
        raise IndexError(f"{name}: index {index[wrong].flat[0]} is out of range: dim {dim} has places 0 to {size - 1}")


def _gather_forward(x: Any, index: Any, *, dim: int) -> Any:
    return np.take_along_axis(_beside(x, index, dim), index, dim)


def _beside(x: Any, index: Any, dim: int) -> Any:
    """The part of x that an index, smaller in other dimensions than dim, can reach."""
    return x[tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))]


def _gather_reference(x: Any, index: Any, *, dim: int) -> Any:
    y = np.empty(index.shape, x.dtype)
    for place in np.ndindex(*index.shape):
        y[place] = x[(*place[:dim], index[place], *place[dim + 1 :])]
    return y


def _scatter_check(x: Any, index: Any, src: Any, *, dim: int) -> None:
    _check("scatter_add", x, index, dim)
    if src.shape != index.shape or src.dtype != x.dtype:
        raise ValueError(
            f"scatter_add: src, {src.dtype} of shape {src.shape}, must have the index's shape {index.shape} and "
            f"the input's dtype {x.dtype}"
        )


def _scatter_forward(x: Any, index: Any, src: Any, *, dim: int) -> Any:
    y = np.array(x, order="C")
    places = index.astype(np.int64) * math.prod(y.shape[dim + 1 :])
    for d, n in enumerate(index.shape):
        if d != dim:  # how far in memory the numbers are from the first along the other dimensions
            places += (np.arange(n) * math.prod(y.shape[d + 1 :])).reshape(-1, *(1,) * (index.ndim - d - 1))
    add_rows(y.reshape(-1, 1), places.reshape(-1), src.reshape(-1, 1))
    return y


def _scatter_reference(x: Any, index: Any, src: Any, *, dim: int) -> Any:
    y = x.copy()
    for place in np.ndindex(*index.shape):
        y[(*place[:dim], index[place], *place[dim + 1 :])] += src[place]
    return y


def _gather_backward(ctx: Any, g: Any, *, dim: int) -> Any:
    return _scatter_add(np.zeros(ctx.shapes[0], g.dtype), ctx.saved_tensors[0], g, dim=dim), None


def _scatter_backward(ctx: Any, g: Any, *, dim: int) -> Any:
    return g, None, _gather(g, ctx.saved_tensors[0], dim=dim) if ctx.needs_input_grad[2] else None


def _draw(draw: Any) -> tuple[tuple[int, ...], Any, int]:
    """The shape of x, an index into it, and dim."""
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    taken = tuple(draw.size(0, 4) if d == dim else draw.size(1, n) for d, n in enumerate(shape))
    return shape, draw.index(taken, shape[dim]), dim


def _gather_sample(draw: Any) -> Sample:
    shape, index, dim = _draw(draw)
    return Sample((draw.tensor(*shape), index), {"dim": dim})


def _scatter_sample(draw: Any) -> Sample:
    shape, index, dim = _draw(draw)
    return Sample((draw.tensor(*shape), index, draw.tensor(*index.shape)), {"dim": dim})


_ONES = np.ones((2, 3))

_gather = register(
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

nll_loss_gather = attaching("nll_loss_gather", _gather)

_scatter_add: Op = register(
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
    )
)


def _at_least_1d(*tensors: Any) -> list[Any]:
    """Numbers as vectors of one element: here they have a dimension, as in PyTorch."""
    return [x if x.ndim else reshape(x, (1,)) for x in tensors]


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Numbers picked along a dimension, y[i, j] = input[i, index[i, j]] for dim 1 of a matrix.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor of int
        Of as many dimensions; none of its sizes but that of `dim` is larger than the input's.

    Returns
    -------
    Tensor, of the index's shape

    Raises
    ------
    IndexError, ValueError, TypeError
        If an index is out of range, or does not fit.

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
    y = _gather(*_at_least_1d(input, index), dim=dim)
    return y if index.ndim else reshape(y, ())


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input, with src[i, j] added at [i, index[i, j]] for dim 1 of a matrix; see `gather`.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor of int
    src : Tensor
        At least as large as the index; what lies beyond it is not added.

    Returns
    -------
    Tensor, of the input's shape
    """
    check_arrays("scatter_add", input=input, index=index, src=src)
    dim, shape = dim_of("scatter_add", dim, input.ndim), tuple(input.shape)
    input, index, src = _at_least_1d(input, index, src)
    if src.shape != index.shape and src.ndim == index.ndim:
        src = src[tuple(slice(n) for n in index.shape)]
    y = _scatter_add(input, index, src, dim=dim)
    return y if shape else reshape(y, ())
