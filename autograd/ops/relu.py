"""Rectified linear unit, y = max(x, 0).

    dx = 0 if y = 0, else g          (so relu′(0) = 0)

NaN stays NaN: comparisons with it are false, and y = 0 only if x <= 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from autograd.kernels.jit import elementwise, kernel, limit_threads, set_threads, short_vectors
from autograd.op import Op, Sample, register
from autograd.ops.shared.samples import any_shape
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array) -> Array:
    return np.where(x <= 0, 0, x).astype(x.dtype)


@kernel(parallel=True)
def _relu(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        short_vectors()
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        xs, ys = x[block], y[block]
        for i in range(len(xs)):
            ys[i] = 0 if xs[i] <= 0 else xs[i]
    set_threads(threads)


@kernel(parallel=True)
def _relu_grad(g, y, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        short_vectors()
        block = slice(part * y.size // parts, (part + 1) * y.size // parts)
        gs, ys, dxs = g[block], y[block], dx[block]
        for i in range(len(ys)):
            d = gs[i]  # loaded in any case: no branch
            dxs[i] = 0 if ys[i] <= 0 else d
    set_threads(threads)


def _forward(x: Array) -> Array:
    if x.dtype.char not in "fd":
        return _reference(x)
    return elementwise(_relu, x)


def _grad_sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 4, least=0)
    return Sample((draw.tensor(*shape), draw.tensor(*shape)))  # y < 0 takes the place of y = 0, which is a kink


_relu_op = register(
    Op(
        name="relu",
        forward=_forward,
        backward=lambda ctx, g: relu_input_grad(g, ctx.saved_tensors[0]),
        saves=(~0,),
        reference=_reference,
        sample=any_shape,
        kind="piecewise",
    )
)

relu_input_grad: Op = register(
    Op(
        name="relu_input_grad",
        forward=lambda g, y: elementwise(_relu_grad, g, y),
        backward=lambda ctx, g: (relu_input_grad(g, ctx.saved_tensors[0]) if ctx.needs_input_grad[0] else None, 0),
        saves=(1,),
        reference=lambda g, y: np.where(y <= 0, 0, g),
        sample=_grad_sample,
        kind="piecewise",
    )
)


def relu(input: Tensor) -> Tensor:
    """Apply the rectified linear unit, max(input, 0), element by element.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.relu(autograd.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    return _relu_op(input)
