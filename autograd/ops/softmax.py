"""Softmax and its logarithm along one dimension, computed from x - max x so that nothing overflows.

y = e^x / Σ e^x          dx = y (g - Σ g y)
y = x - log Σ e^x        dx = g - e^y Σ g
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.functions import exponential
from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import STEPS
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import check_float, to
from autograd.ops.functions import exp
from autograd.ops.reduce import sum
from autograd.ops.shape import dim_of

if TYPE_CHECKING:
    from autograd.tensor import Tensor

BLOCK = 2048  # least numbers worth a thread's while
LANES = 32  # numbers of a row that are compared or summed side by side, as a processor can


def _reference(x: Any, *, dim: int) -> Any:
    e = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=dim, keepdims=True)


def _log_reference(x: Any, *, dim: int) -> Any:
    z = x - x.max(axis=dim, keepdims=True, initial=-np.inf)
    return z - np.log(np.exp(z).sum(axis=dim, keepdims=True))


def _grad_reference(g: Any, y: Any, *, dim: int) -> Any:
    return y * (g - (g * y).sum(axis=dim, keepdims=True))


def _log_grad_reference(g: Any, y: Any, *, dim: int) -> Any:
    return g - np.exp(y) * g.sum(axis=dim, keepdims=True)


@kernel()
def greatest(row, lanes):
    """max of a row; NaN if there is one, which the sum then carries on.  `lanes` is memory to work in."""
    lanes[:] = row[0]
    for start in range(0, len(row), LANES):
        some = row[start : start + LANES]
        for i in range(len(some)):
            lanes[i] = some[i] if some[i] > lanes[i] or some[i] != some[i] else lanes[i]
    most = row[0]
    for value in lanes[: len(row)]:
        most = value if value > most or value != value else most
    return most


@kernel()
def row_sum(row, lanes):
    """Σ of a row, in float64 from at most STEPS · LANES numbers in the row's own dtype."""
    whole = 0.0
    for first in range(0, len(row), STEPS * LANES):
        part = row[first : first + STEPS * LANES]
        lanes[:] = 0
        for start in range(0, len(part), LANES):
            some = part[start : start + LANES]
            for i in range(len(some)):
                lanes[i] += some[i]
        for value in lanes[: len(part)]:
            whole += value
    return row.dtype.type(whole)


@kernel(parallel=True)
def _softmax(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes = np.empty(LANES, x.dtype)
        for r in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row, out = x[r], y[r]
            most = greatest(row, lanes)
            for i in range(len(row)):
                out[i] = exponential(row[i] - most)
            whole = row_sum(out, lanes)
            for i in range(len(row)):
                out[i] /= whole
    set_threads(threads)


@kernel(parallel=True)
def _log_softmax(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes = np.empty(LANES, x.dtype)
        for r in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row, out = x[r], y[r]
            most = greatest(row, lanes)
            for i in range(len(row)):
                out[i] = exponential(row[i] - most)
            whole = np.log(row_sum(out, lanes))
            for i in range(len(row)):
                out[i] = row[i] - most - whole
    set_threads(threads)


@kernel(parallel=True)
def _softmax_grad(g, y, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes = np.empty(LANES, y.dtype)
        for r in range(part * len(y) // parts, (part + 1) * len(y) // parts):
            g_row, row, out = g[r], y[r], dx[r]
            for i in range(len(row)):
                out[i] = g_row[i] * row[i]
            whole = row_sum(out, lanes)
            for i in range(len(row)):
                out[i] = row[i] * (g_row[i] - whole)
    set_threads(threads)


@kernel(parallel=True)
def _log_softmax_grad(g, y, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes = np.empty(LANES, y.dtype)
        for r in range(part * len(y) // parts, (part + 1) * len(y) // parts):
            g_row, row, out = g[r], y[r], dx[r]
            whole = row_sum(g_row, lanes)
            for i in range(len(row)):
                out[i] = g_row[i] - exponential(row[i]) * whole
    set_threads(threads)


def _by_rows(run: Any, dim: int, *arrays: Any) -> Any:
    """Run a kernel on arrays whose dimension `dim` is laid along the rows of a matrix."""
    if not arrays[0].size:
        return arrays[0].copy()
    moved = [np.moveaxis(np.atleast_1d(a), dim, -1) for a in arrays]
    shape = moved[0].shape
    rows = [dense(a).reshape(-1, shape[-1]) for a in moved]
    result = np.empty_like(rows[0])
    run(*rows, blocks(rows[0].size, BLOCK), result)
    return np.moveaxis(result.reshape(shape), -1, dim).reshape(arrays[0].shape)


def _check(name: str) -> Any:
    def check(x: Any, *, dim: int) -> None:
        check_float(name, x)
        dim_of(name, dim, x.ndim)

    return check


def _softmax_grad_backward(ctx: Any, h: Any, *, dim: int) -> Any:
    g, y = ctx.saved_tensors
    dg = softmax_input_grad(h, y, dim=dim) if ctx.needs_input_grad[0] else None
    dy = h * (g - sum(g * y, dim, True)) - g * sum(h * y, dim, True) if ctx.needs_input_grad[1] else None
    return dg, dy


def _log_softmax_grad_backward(ctx: Any, h: Any, *, dim: int) -> Any:
    g, y = ctx.saved_tensors
    p = exp(y)
    dg = h - sum(h * p, dim, True) if ctx.needs_input_grad[0] else None
    dy = -(h * p * sum(g, dim, True)) if ctx.needs_input_grad[1] else None
    return dg, dy


def _sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3, least=0)
    return Sample((draw.tensor(*shape),), {"dim": draw.choice(*range(-len(shape), len(shape)))})


def _grad_sample(reference: Any) -> Any:
    def sample(draw: Any) -> Sample:
        shape = draw.shape(1, 3, least=0)
        dim = draw.choice(*range(len(shape)))
        with np.errstate(divide="ignore"):  # the log of an empty sum
            y = reference(draw.tensor(*shape), dim=dim)
        return Sample((draw.tensor(*shape), y), {"dim": dim})

    return sample


def _bad(name: str) -> list[BadSample]:
    return [
        BadSample((np.ones((2, 3)),), {"dim": 2}, IndexError, (name, "dim 2", "2 dimensions")),
        BadSample((np.ones((2, 3), int),), {"dim": 1}, TypeError, (name, "int64", "float")),
    ]


_softmax_op = register(
    Op(
        name="softmax",
        check=_check("softmax"),
        forward=lambda x, *, dim: _by_rows(_softmax, dim, x),
        backward=lambda ctx, g, *, dim: softmax_input_grad(g, ctx.saved_tensors[0], dim=dim),
        saves=(~0,),
        reference=_reference,
        sample=_sample,
        flops=5,  # compare, subtract, exp, add, divide
        bad_samples=_bad("softmax"),
    )
)

softmax_input_grad: Op = register(
    Op(
        name="softmax_input_grad",
        forward=lambda g, y, *, dim: _by_rows(_softmax_grad, dim, g, y),
        backward=_softmax_grad_backward,
        saves=(0, 1),
        reference=_grad_reference,
        sample=_grad_sample(_reference),
    )
)

_log_softmax_op = register(
    Op(
        name="log_softmax",
        check=_check("log_softmax"),
        forward=lambda x, *, dim: _by_rows(_log_softmax, dim, x),
        backward=lambda ctx, g, *, dim: _log_softmax_input_grad(g, ctx.saved_tensors[0], dim=dim),
        saves=(~0,),
        reference=_log_reference,
        sample=_sample,
        flops=5,  # compare, subtract, exp, add, divide
        bad_samples=_bad("log_softmax"),
    )
)

_log_softmax_input_grad: Op = register(
    Op(
        name="log_softmax_input_grad",
        forward=lambda g, y, *, dim: _by_rows(_log_softmax_grad, dim, g, y),
        backward=_log_softmax_grad_backward,
        saves=(0, 1),
        reference=_log_grad_reference,
        sample=_grad_sample(_log_reference),
    )
)


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """e^input, divided by its sum along dim.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int
        The dimension along which the results sum to 1.
    dtype : dtype, optional
        Convert input to this dtype first.

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.softmax(autograd.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softmax_op(input if dtype is None else to(input, dtype), dim=dim)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, without its underflow.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int
    dtype : dtype, optional
        Convert input to this dtype first.

    Returns
    -------
    Tensor, of the same shape
    """
    return _log_softmax_op(input if dtype is None else to(input, dtype), dim=dim)
