"""Softmax and its logarithm along one dimension, computed from x - max x so that nothing overflows.

y = e^x / Σ e^x          dx = y (g - Σ g y)
y = x - log Σ e^x        dx = g - e^y Σ g
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.engine import Context
from autograd.kernels.functions import exponential
from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads, short_vectors
from autograd.kernels.rows import BLOCK, exponentials, largest, row_products, row_sum
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import to
from autograd.ops.functions import exp
from autograd.ops.reduce import sum
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dim_of, ndim_of
from autograd.tracebacks import user_stacklevel
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array, *, dim: int) -> Array:
    e = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=dim, keepdims=True)


def _log_reference(x: Array, *, dim: int) -> Array:
    z = x - x.max(axis=dim, keepdims=True, initial=-np.inf)
    return z - np.log(np.exp(z).sum(axis=dim, keepdims=True))


def _grad_reference(g: Array, y: Array, *, dim: int) -> Array:
    return y * (g - (g * y).sum(axis=dim, keepdims=True))


def _log_grad_reference(g: Array, y: Array, *, dim: int) -> Array:
    return g - np.exp(y) * g.sum(axis=dim, keepdims=True)


@kernel(parallel=True)
def _softmax(log, x, parts, y):
    """Softmax of the rows of x or, with log, its logarithm."""
    threads = limit_threads(parts)
    for part in prange(parts):
        for r in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row, out = x[r], y[r]
            top = largest(row)
            exponentials(row, top, out)
            total = row_sum(out)
            if log:
                log_sum = x.dtype.type(np.log(total))
                for i in range(len(row)):
                    out[i] = row[i] - top - log_sum
            else:
                factor = x.dtype.type(1 / total)
                for i in range(len(row)):
                    out[i] *= factor
    set_threads(threads)


@kernel(parallel=True)
def _softmax_grad(g, y, parts, dx):
    """The gradient of softmax, from its result y."""
    threads = limit_threads(parts)
    for part in prange(parts):
        short_vectors()
        for r in range(part * len(y) // parts, (part + 1) * len(y) // parts):
            g_row, row, out = g[r], y[r], dx[r]
            mean = y.dtype.type(row_products(g_row, row, y.dtype.type(0))[1])
            for i in range(len(row)):
                out[i] = row[i] * (g_row[i] - mean)
    set_threads(threads)


@kernel()
def _log_softmax_grad_row(g, y, total, dx):
    for i in range(len(dx)):
        dx[i] = g[i] - exponential(y[i]) * total


@kernel(parallel=True)
def _log_softmax_grad(g, y, parts, dx):
    """The gradient of the logarithm of softmax, from its result y."""
    threads = limit_threads(parts)
    for part in prange(parts):
        for r in range(part * len(y) // parts, (part + 1) * len(y) // parts):
            _log_softmax_grad_row(g[r], y[r], y.dtype.type(row_sum(g[r])), dx[r])
    set_threads(threads)


def _by_rows(run: Callable[..., None], dim: int, *arrays: Array) -> Array:
    """Run a kernel on arrays whose dimension `dim` becomes the rows of a matrix."""
    if not arrays[0].size:
        return arrays[0].copy()
    moved = [np.moveaxis(np.atleast_1d(a), dim, -1) for a in arrays]
    shape = moved[0].shape
    rows = [dense(a).reshape(-1, shape[-1]) for a in moved]
    result = np.empty_like(rows[0])
    run(*rows, blocks(rows[0].size, BLOCK), result)
    return np.moveaxis(result.reshape(shape), -1, dim).reshape(arrays[0].shape)


def _grad_backward(ctx: Context, h: Tensor, *, dim: int) -> tuple[Gradient, ...]:
    g, y = ctx.saved_tensors
    dg = softmax_input_grad(h, y, dim=dim) if ctx.needs_input_grad[0] else None
    dy = h * (g - sum(g * y, dim, True)) - g * sum(h * y, dim, True) if ctx.needs_input_grad[1] else None
    return dg, dy


def _log_grad_backward(ctx: Context, h: Tensor, *, dim: int) -> tuple[Gradient, ...]:
    g, y = ctx.saved_tensors
    p = exp(y)
    dg = h - sum(h * p, dim, True) if ctx.needs_input_grad[0] else None
    dy = -(h * p * sum(g, dim, True)) if ctx.needs_input_grad[1] else None
    return dg, dy


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    return Sample((draw.tensor(*shape),), {"dim": draw.choice(*range(-len(shape), len(shape)))})


def _softmax_row(name: str, log: bool, reference: Callable[..., Array], input_grad: Op) -> Op:
    """The row of softmax or, with `log`, of log_softmax.  `input_grad` is the row of its gradient."""

    def check(x: Array, *, dim: int) -> None:
        check_float(name, x)
        dim_of(name, dim, x.ndim)

    return register(
        Op(
            name=name,
            check=check,
            forward=lambda x, *, dim: _by_rows(partial(_softmax, log), dim, x),
            backward=lambda ctx, g, *, dim: input_grad(g, ctx.saved_tensors[0], dim=dim),
            saves=(~0,),
            reference=reference,
            sample=_sample,
            flops=5,  # compare, subtract, exp, add, divide
            bad_samples=[
                BadSample((np.ones((2, 3)),), {"dim": 2}, IndexError, (name, "dim 2", "2 dimensions")),
                BadSample((np.ones((2, 3), int),), {"dim": 1}, TypeError, (name, "int64", "float")),
            ],
        )
    )


def _grad_row(
    name: str,
    run: Callable[..., None],
    backward: Callable[..., Any],
    reference: Callable[..., Array],
    forward: Callable[..., Array],
) -> Op:
    """The row of the gradient.  `forward` is the reference of the op itself."""

    def sample(draw: Draw) -> Sample:
        shape = draw.shape(1, 3, least=0)
        dim = draw.choice(*range(len(shape)))
        with np.errstate(divide="ignore"):  # the log of an empty sum
            y = forward(draw.tensor(*shape), dim=dim)
        return Sample((draw.tensor(*shape), y), {"dim": dim})

    return register(
        Op(
            name=name,
            forward=lambda g, y, *, dim: _by_rows(run, dim, g, y),
            backward=backward,
            saves=(0, 1),
            reference=reference,
            sample=sample,
        )
    )


softmax_input_grad = _grad_row("softmax_input_grad", _softmax_grad, _grad_backward, _grad_reference, _reference)
_log_softmax_input_grad_op = _grad_row(
    "log_softmax_input_grad", _log_softmax_grad, _log_grad_backward, _log_grad_reference, _log_reference
)
_softmax_op = _softmax_row("softmax", False, _reference, softmax_input_grad)
_log_softmax_op = _softmax_row("log_softmax", True, _log_reference, _log_softmax_input_grad_op)


def _implicit_dim(name: str, input: Tensor) -> int:
    dim = 0 if ndim_of(name, input) in (0, 1, 3) else 1
    warnings.warn(
        f"{name}: without dim, dimension {dim} of an input of {input.ndim} dimensions is chosen; write dim={dim}, or "
        "the dimension that you mean",
        UserWarning,
        stacklevel=user_stacklevel(),
    )
    return dim


def softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """Apply softmax along a dimension: e^input divided by its sum.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int
        The dimension along which the results sum to 1.  Without it, the dimension is 0 for tensors of 0, 1 or 3
        dimensions and 1 for others, with a warning: PyTorch's old rule.
    dtype : dtype, optional
        Convert input to this dtype first.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    IndexError, TypeError
        If there is no such dimension, or input is not a float tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.softmax(autograd.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    dim = _implicit_dim("softmax", input) if dim is None else dim
    return _softmax_op(input if dtype is None else to(input, dtype), dim=dim)


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, computed without its underflow.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int
        The dimension along which the exponentials of the results sum to 1.  Without it, see `softmax`.
    dtype : dtype, optional
        Convert input to this dtype first.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    IndexError, TypeError
        If there is no such dimension, or input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.log_softmax(autograd.tensor([0.0, -1000.0]), dim=0)
    tensor([    0., -1000.])
    """
    dim = _implicit_dim("log_softmax", input) if dim is None else dim
    return _log_softmax_op(input if dtype is None else to(input, dtype), dim=dim)
