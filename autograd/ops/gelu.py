"""Gaussian error linear unit: y = x Φ(x), with Φ the distribution function of the normal distribution.

    exact       Φ(x) = (1 + erf(x / √2)) / 2         Φ′ = e^(-x²/2) / √2π
    tanh        Φ(x) ≈ (1 + tanh u) / 2 = σ(2 u)     Φ′ ≈ 2 u′ Φ (1 - Φ)
                u = √(2/π) (x + 0.044715 x³)
    dx = g (Φ + x Φ′)                                ∂dx/∂x = g (2 Φ′ + x Φ″)
    Φ″                                               exact: -x Φ′    tanh: 2 Φ (1 - Φ) (u″ + 2 u′² (1 - 2 Φ))

σ is the sigmoid.

References
----------
Hendrycks, Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415, section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from autograd.engine import Context
from autograd.kernels.functions import exponential, normal_tail
from autograd.kernels.jit import elementwise, kernel, limit_threads, long_vectors, set_threads
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.functions import exp, sigmoid
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.samples import any_shape
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715


@kernel()
def _normal_part(x, y):
    """y = x⁺ - |x| Φ(-|x|), which needs no case for x < 0.  x⁺ is x - min(x, 0), so that NaN and -inf make NaN."""
    long_vectors()
    zero = x.dtype.type(0)
    for i in range(len(x)):
        z, tail, _ = normal_tail(x[i])
        y[i] = (x[i] - min(x[i], zero)) - z * tail


@kernel(parallel=True)
def _normal(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        _normal_part(x[block], y[block])
    set_threads(threads)


@kernel()
def _normal_grad_part(g, x, dx):
    long_vectors()
    one, peak = x.dtype.type(1), x.dtype.type(ROOT / 2)
    for i in range(len(x)):
        _, tail, bell = normal_tail(x[i])
        p = tail if x[i] < 0 else one - tail
        dx[i] = g[i] * (p + x[i] * (peak * bell))


@kernel(parallel=True)
def _normal_grad(g, x, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        _normal_grad_part(g[block], x[block], dx[block])
    set_threads(threads)


@kernel()
def _sigmoid_part(x, y):
    """y = x σ(2 u)."""
    long_vectors()
    one, linear, cubic = x.dtype.type(1), x.dtype.type(-2 * ROOT), x.dtype.type(-2 * ROOT * CUBIC)
    for i in range(len(x)):
        y[i] = x[i] / (one + exponential(x[i] * (x[i] * x[i] * cubic + linear)))


@kernel(parallel=True)
def _sigmoid(x, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        _sigmoid_part(x[block], y[block])
    set_threads(threads)


@kernel()
def _sigmoid_grad_part(g, x, dx):
    long_vectors()
    one, linear, cubic = x.dtype.type(1), x.dtype.type(-2 * ROOT), x.dtype.type(-2 * ROOT * CUBIC)
    three = x.dtype.type(3)
    for i in range(len(x)):
        bend = x[i] * x[i] * cubic
        p = one / (one + exponential(x[i] * (bend + linear)))
        dx[i] = g[i] * (p - x[i] * (three * bend + linear) * (p * (one - p)))


@kernel(parallel=True)
def _sigmoid_grad(g, x, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        _sigmoid_grad_part(g[block], x[block], dx[block])
    set_threads(threads)


def _check(x: Array, *, approximate: str) -> None:
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')
    check_float("gelu", x)


def _forward(x: Array, *, approximate: str) -> Array:
    return elementwise(_sigmoid if approximate == "tanh" else _normal, x)


def _backward(ctx: Context, g: Tensor, *, approximate: str) -> tuple[Gradient, ...]:
    return gelu_input_grad(g, ctx.saved_tensors[0], approximate=approximate)


def _grad_forward(g: Array, x: Array, *, approximate: str) -> Array:
    return elementwise(_sigmoid_grad if approximate == "tanh" else _normal_grad, g, x)


def _grad_backward(ctx: Context, h: Tensor, *, approximate: str) -> tuple[Gradient, ...]:
    g, x = ctx.saved_tensors
    dg = gelu_input_grad(h, x, approximate=approximate) if ctx.needs_input_grad[0] else None
    if not ctx.needs_input_grad[1]:
        return dg, None
    if approximate == "none":
        return dg, h * g * exp(x * x * -0.5) * (ROOT / 2) * (2 - x * x)
    p = sigmoid(x * (x * x * (2 * ROOT * CUBIC) + 2 * ROOT))
    slope = x * x * (6 * ROOT * CUBIC) + 2 * ROOT  # 2 u′
    return dg, h * g * (p * (1 - p)) * (2 * slope + x * (x * (12 * ROOT * CUBIC) + slope * slope * (1 - 2 * p)))


def _normal_cdf(x: Array) -> Array:
    return np.array([(1 + math.erf(v / math.sqrt(2))) / 2 for v in x.ravel()]).reshape(x.shape)


def _reference(x: Array, *, approximate: str) -> Array:
    return x * ((1 + np.tanh(ROOT * (x + CUBIC * x**3))) / 2 if approximate == "tanh" else _normal_cdf(x))


def _grad_reference(g: Array, x: Array, *, approximate: str) -> Array:
    if approximate == "none":
        return g * (_normal_cdf(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))
    t = np.tanh(ROOT * (x + CUBIC * x**3))
    return g * ((1 + t) / 2 + x * (1 - t**2) * ROOT * (1 + 3 * CUBIC * x**2) / 2)


def _sample(draw: Draw) -> Sample:
    return Sample(any_shape(draw).inputs, {"approximate": draw.choice("none", "tanh")})


def _grad_sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 4, least=0)
    return Sample((draw.tensor(*shape), draw.tensor(*shape)), {"approximate": draw.choice("none", "tanh")})


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
        forward=_grad_forward,
        backward=_grad_backward,
        saves=(0, 1),
        reference=_grad_reference,
        sample=_grad_sample,
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

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError, TypeError
        If the approximation or the dtype is not one of those supported.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.gelu(autograd.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.1587,  0.0000,  1.9545])
    """
    return _gelu_op(input, approximate=approximate)
