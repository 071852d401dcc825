"""Mish: y = x t, with t = tanh(softplus(x)) and softplus(x) = log (1 + e^x).

    t′ = (1 - t²) σ(x),  with σ the sigmoid
    dx = g (t + x t′)                                ∂dx/∂x = g t′ (2 + x (1 - σ - 2 t σ))

With u = e^-|x| nothing overflows, and no two nearly equal numbers are subtracted:

    x > 0       n = 1 + 2 u         d = n + 2 u²         t = n / d         t′ = 4 u² (1 + u) / d²
    else        n = u (u + 2)       d = n + 2            t = n / d         t′ = 4 u (1 + u) / d²

References
----------
Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", arXiv:1908.08681, equation (1).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from autograd.engine import Context
from autograd.kernels.functions import exponential
from autograd.kernels.jit import elementwise, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.activation import softplus
from autograd.ops.functions import sigmoid, tanh
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.in_place import in_place
from autograd.ops.shared.samples import any_shape
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@kernel()
def _mish_part(x, y):
    one, two = x.dtype.type(1), x.dtype.type(2)
    for i in range(len(x)):
        u = exponential(-abs(x[i]))
        n = one + two * u if x[i] > 0 else u * (u + two)
        d = n + two * (u * u if x[i] > 0 else one)
        y[i] = x[i] * (n / d)


@kernel(parallel=True)
def _mish(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        _mish_part(x[block], y[block])
    set_threads(threads)


@kernel()
def _mish_grad_part(g, x, dx):
    one, two, four = x.dtype.type(1), x.dtype.type(2), x.dtype.type(4)
    for i in range(len(x)):
        u = exponential(-abs(x[i]))
        n = one + two * u if x[i] > 0 else u * (u + two)
        d = n + two * (u * u if x[i] > 0 else one)
        slope = four * (u * u if x[i] > 0 else u) * (one + u) / (d * d)
        dx[i] = g[i] * (n / d + x[i] * slope)  # x comes last: 4 x may overflow


@kernel(parallel=True)
def _mish_grad(g, x, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        _mish_grad_part(g[block], x[block], dx[block])
    set_threads(threads)


def _grad_backward(ctx: Context, h: Tensor) -> tuple[Gradient, ...]:
    g, x = ctx.saved_tensors
    dg = mish_input_grad(h, x) if ctx.needs_input_grad[0] else None
    if not ctx.needs_input_grad[1]:
        return dg, None
    t, s = tanh(softplus(x)), sigmoid(x)
    return dg, h * g * ((1 - t * t) * s) * (2 + x * (1 - s - 2 * t * s))


def _reference(x: Array) -> Array:
    return x * np.tanh(np.logaddexp(0, x))


def _grad_reference(g: Array, x: Array) -> Array:
    t = np.tanh(np.logaddexp(0, x))
    return g * (t + x * (1 - t**2) * (1 + np.tanh(x / 2)) / 2)


def _grad_sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 4, least=0)
    return Sample((draw.tensor(*shape), draw.tensor(*shape)))


_mish_op = register(
    Op(
        name="mish",
        check=partial(check_float, "mish"),
        forward=lambda x: elementwise(_mish, x),
        backward=lambda ctx, g: mish_input_grad(g, ctx.saved_tensors[0]),
        saves=(0,),
        reference=_reference,
        sample=any_shape,
        bad_samples=[BadSample((np.ones(2, int),), {}, TypeError, ("mish", "int64", "float"))],
        flops=8,
    )
)

mish_input_grad: Op = register(
    Op(
        name="mish_input_grad",
        forward=lambda g, x: elementwise(_mish_grad, g, x),
        backward=_grad_backward,
        saves=(0, 1),
        reference=_grad_reference,
        sample=_grad_sample,
        flops=14,
    )
)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply Mish: input * tanh(softplus(input)), element by element.

    It is smooth, close to input for large numbers, and nowhere below -0.309.

    Parameters
    ----------
    input : Tensor of float, any shape
    inplace : bool
        Write the result to input's memory, and return input.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If the dtype is neither float32 nor float64.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.mish(autograd.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.3034,  0.0000,  1.9440])
    """
    if inplace:
        return in_place(mish, input)
    return _mish_op(input)
