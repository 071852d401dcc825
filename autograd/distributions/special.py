"""The logarithm of the gamma function and its derivatives, the error function, and the tangent and its inverse.

    y = log |Γ(x)|       dx = g ψ(x)                 y = erf x        dx = g 2/√π e^(-x²)
    y = ψ⁽ⁿ⁾(x)          dx = g ψ⁽ⁿ⁺¹⁾(x)            y = erf⁻¹ x      dx = g √π/2 e^(y²)
    y = tan x            dx = g (1 + y²)             y = tan⁻¹ x      dx = g / (1 + x²)

References
----------
Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.1, 6.3, 6.4 and 7.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import Op, Sample
from autograd.ops.functions import exp
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _op(name: str, function: str, backward: Callable[..., Any], low: float, high: float, saves: int = 0) -> Op:
    def forward(x: Array, **params: Any) -> Array:
        import scipy.special

        compute = getattr(np, function, None) or getattr(scipy.special, function)
        return np.asarray(compute(*params.values(), x), x.dtype)

    return Op(
        name=name,
        forward=forward,
        backward=backward,
        saves=(saves,),
        reference=forward,
        sample=lambda draw: Sample((draw.tensor(*draw.shape(0, 2, least=0), low=low, high=high),)),
        promotes="float",
    )


_lgamma_op = _op("lgamma", "gammaln", lambda ctx, g: g * digamma(ctx.saved_tensors[0]), 0.5, 4)
_polygamma_op: Op = _op(
    "polygamma", "polygamma", lambda ctx, g, *, n: g * _polygamma_op(ctx.saved_tensors[0], n=n + 1), 0.5, 4
)
_digamma_op = _op("digamma", "psi", lambda ctx, g: g * _polygamma_op(ctx.saved_tensors[0], n=1), 0.5, 4)
_erf_op = _op("erf", "erf", lambda ctx, g: g * (2 / math.sqrt(math.pi)) * exp(-(ctx.saved_tensors[0] ** 2)), -2, 2)
_erfinv_op = _op(
    "erfinv", "erfinv", lambda ctx, g: g * (math.sqrt(math.pi) / 2) * exp(ctx.saved_tensors[0] ** 2), -0.9, 0.9, ~0
)

_atan_op = _op("atan", "arctan", lambda ctx, g: g / (1 + ctx.saved_tensors[0] ** 2), -2, 2)
_tan_op = _op("tan", "tan", lambda ctx, g: g * (1 + ctx.saved_tensors[0] ** 2), -1, 1, ~0)


def lgamma(x: Tensor) -> Tensor:
    """Logarithm of the absolute value of the gamma function."""
    return _lgamma_op(x)


def digamma(x: Tensor) -> Tensor:
    """Derivative of lgamma."""
    return _digamma_op(x)


def erf(x: Tensor) -> Tensor:
    """Error function."""
    return _erf_op(x)


def erfinv(x: Tensor) -> Tensor:
    """Inverse of the error function."""
    return _erfinv_op(x)


def atan(x: Tensor) -> Tensor:
    """Arcus tangent."""
    return _atan_op(x)


def tan(x: Tensor) -> Tensor:
    """Tangent."""
    return _tan_op(x)
