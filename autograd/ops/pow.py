"""z = x^y, element by element, with broadcasting.

    dx = g y x^(y-1)    (0 where x = y = 0)
    dy = g z log x      (0 where x = 0 and y >= 0)

Gradients come in the result's shape; the engine sums them to the inputs'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import Op, Sample, register
from autograd.ops.elementwise import Number, bad_broadcast, broadcasting
from autograd.ops.functions import log
from autograd.ops.where import where

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _power(x: Any, y: Any) -> Any:
    return np.asarray(x ** y.item() if y.ndim == 0 else np.power(x, y), x.dtype)  # NumPy squares fast, for x**2 alone


def _backward(ctx: Any, g: Any) -> Any:
    x, y, z = ctx.saved_tensors
    dx = dy = None
    if ctx.needs_input_grad[0]:
        undefined = y.ndim > 0 or y == 0  # where 0 · 0⁻¹ would be NaN
        dx = g * y * pow(where((x == 0) * (y == 0), 1.0, x) if undefined else x, y - 1)
    if ctx.needs_input_grad[1]:
        flat = (x == 0) * (y >= 0)
        dy = where(flat, 0.0, g * z * log(where(flat, 1.0, x)))
    return dx, dy


def _sample(draw: Any) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.tensor(*a, low=0.5), draw.tensor(*b, high=3)))


_pow = register(
    Op(
        name="pow",
        forward=lambda x, y: broadcasting("pow", _power, x, y),
        backward=_backward,
        saves=(0, 1, ~0),
        reference=lambda x, y: np.power(x, y).astype(x.dtype),
        sample=_sample,
        bad_samples=[bad_broadcast("pow")],
        promotes="same",
        broadcasts=True,
    )
)


def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power exponent, broadcast."""
    return _pow(input, exponent)
