"""Gaussian error linear unit: y = x Φ(x), with Φ the distribution function of the normal distribution.

    exact       Φ(x) = (1 + erf(x / √2)) / 2         Φ′ = e^(-x²/2) / √2π
    tanh        Φ(x) ≈ (1 + tanh u) / 2,             Φ′ ≈ 2 u′ Φ (1 - Φ)
                u = √(2/π) (x + 0.044715 x³)
    dx = g (Φ + x Φ′)                                exact: ∂dx/∂x = g Φ′ (2 - x²)

References
----------
Hendrycks, Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415, section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from autograd.kernels.functions import exponential, normal_cdf
from autograd.kernels.jit import elementwise, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.functions import exp, sigmoid
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.samples import any_shape
from autograd.types import Array, Context, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715


@kernel(parallel=True)
def _normal(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        xs, ys = x[block], y[block]
        for i in range(len(xs)):
            ys[i] = xs[i] * normal_cdf(xs[i])
    set_threads(threads)


@kernel(parallel=True)
def _normal_grad(g, x, parts, dx):
    half, peak = x.dtype.type(-0.5), x.dtype.type(ROOT / 2)
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        gs, xs, dxs = g[block], x[block], dx[block]
        for i in range(len(xs)):
            dxs[i] = normal_cdf(xs[i])
        for i in range(len(xs)):  # a second loop: Numba confuses the names of functions inlined twice in one loop
            dxs[i] = gs[i] * (dxs[i] + xs[i] * (peak * exponential(half * xs[i] * xs[i])))
    set_threads(threads)


def _check(x: Array, *, approximate: str) -> None:
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')
    check_float("gelu", x)


def _forward(x: Array, *, approximate: str) -> Array:
    if approximate == "tanh":
        return x / (1 + np.exp(x * (x * x * (-2 * ROOT * CUBIC) - 2 * ROOT)))  # = x (1 + tanh u) / 2
    return elementwise(_normal, x)


def _backward(ctx: Context, g: Tensor, *, approximate: str) -> tuple[Gradient, ...]:
    (x,) = ctx.saved_tensors
    if approximate == "none":
        return gelu_input_grad(g, x)
    p = sigmoid(x * (x * x * (2 * ROOT * CUBIC) + 2 * ROOT))
    return g * (p + x * (x * x * (6 * ROOT * CUBIC) + 2 * ROOT) * p * (1 - p))


def _grad_backward(ctx: Context, h: Tensor) -> tuple[Gradient, ...]:
    g, x = ctx.saved_tensors
    dg = gelu_input_grad(h, x) if ctx.needs_input_grad[0] else None
    return dg, h * g * exp(x * x * -0.5) * (ROOT / 2) * (2 - x * x) if ctx.needs_input_grad[1] else None


def _normal_cdf(x: Array) -> Array:
    return np.array([(1 + math.erf(v / math.sqrt(2))) / 2 for v in x.ravel()]).reshape(x.shape)


def _reference(x: Array, *, approximate: str) -> Array:
    return x * ((1 + np.tanh(ROOT * (x + CUBIC * x**3))) / 2 if approximate == "tanh" else _normal_cdf(x))


def _grad_reference(g: Array, x: Array) -> Array:
    return g * (_normal_cdf(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))


def _sample(draw: Draw) -> Sample:
    return Sample(any_shape(draw).inputs, {"approximate": draw.choice("none", "tanh")})


_gelu_op = register(
    Op(
        name="gelu",
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0,),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones(2),), {"approximate": "sigmoid"}, ValueError, ("gelu", "tanh", "sigmoid")),
            BadSample((np.ones(2, int),), {"approximate": "none"}, TypeError, ("gelu", "int64", "float")),
        ],
        flops=4,
    )
)


gelu_input_grad: Op = register(
    Op(
        name="gelu_input_grad",
        forward=lambda g, x: elementwise(_normal_grad, g, x),
        backward=_grad_backward,
        saves=(0, 1),
        reference=_grad_reference,
        sample=lambda draw: Sample(tuple(draw.tensor(*shape) for shape in [draw.shape(0, 4, least=0)] * 2)),
        flops=8,
    )
)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Apply the Gaussian error linear unit: input * Φ(input), with Φ the standard normal distribution function.

    Parameters
    ----------
    input : Tensor of float, any shape
    approximate : "none" or "tanh"
        "tanh" is accurate to about three digits, and faster.

    Raises
    ------
    ValueError, TypeError
        If the approximation or the dtype is not one of those supported.
    """
    return _gelu_op(input, approximate=approximate)
