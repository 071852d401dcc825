"""Gaussian error linear unit: y = x Φ(x), where Φ is the normal distribution function.

    exact       Φ(x) = (1 + erf(x / √2)) / 2         Φ′ = e^(-x²/2) / √2π
    tanh        Φ(x) ≈ (1 + tanh u) / 2,             Φ′ ≈ 2 u′ Φ (1 - Φ)
                u = √(2/π) (x + 0.044715 x³)
    dx = g (Φ + x Φ′)

Forward gives Φ beside y, as the larger part of what backward needs.

References
----------
Hendrycks, Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415, section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.functions import normal_cdf
from autograd.kernels.jit import blocks, dense, kernel
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import any_shape, check_float
from autograd.ops.functions import exp

if TYPE_CHECKING:
    from autograd.tensor import Tensor

BLOCK = 2048  # least numbers worth a thread's while
ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715


@kernel(parallel=True)
def _normal(x, parts, y, p):
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        xs, ys, ps = x[block], y[block], p[block]
        for i in range(len(xs)):
            share = normal_cdf(xs[i])
            ps[i] = share
            ys[i] = xs[i] * share


def _check(x: Any, *, approximate: str) -> None:
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')
    check_float("gelu", x)


def _forward(x: Any, *, approximate: str) -> Any:
    if approximate == "tanh":
        p = 1 / (1 + np.exp(x * (x * x * (-2 * ROOT * CUBIC) - 2 * ROOT)))  # = (1 + tanh u) / 2
        return x * p, p
    x = dense(x)
    y, p = np.empty_like(x), np.empty_like(x)
    _normal(x.reshape(-1), blocks(x.size, BLOCK), y.reshape(-1), p.reshape(-1))
    return y, p


def _backward(ctx: Any, g: Any, h: Any, *, approximate: str) -> Any:
    """g is the gradient of y, h that of Φ."""
    x, p = ctx.saved
    if approximate == "tanh":
        slope = (x * x * (6 * ROOT * CUBIC) + 2 * ROOT) * p * (1 - p)
    else:
        slope = exp(x * x * -0.5) * (ROOT / 2)
    return g * p + (g * x + h) * slope


def _reference(x: Any, *, approximate: str) -> Any:
    if approximate == "tanh":
        p = (1 + np.tanh(ROOT * (x + CUBIC * x**3))) / 2
    else:
        p = np.array([(1 + math.erf(v / math.sqrt(2))) / 2 for v in x.ravel()]).reshape(x.shape)
    return x * p, p


def _sample(draw: Any) -> Sample:
    return Sample(any_shape(draw).inputs, {"approximate": draw.choice("none", "tanh")})


_gelu = register(
    Op(
        name="gelu",
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0, ~1),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones(2),), {"approximate": "sigmoid"}, ValueError, ("gelu", "tanh", "sigmoid")),
            BadSample((np.ones(2, int),), {"approximate": "none"}, TypeError, ("gelu", "int64", "float")),
        ],
        flops=4,
    )
)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input times the probability that a normal number is below it.

    Parameters
    ----------
    input : Tensor of float, any shape
    approximate : "none" or "tanh"
        "tanh": to about three digits, and faster.

    Raises
    ------
    ValueError, TypeError
        Where the approximation or the dtype is not known.
    """
    return _gelu(input, approximate=approximate)[0]
