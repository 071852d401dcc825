"""z = x^y, element by element, with broadcasting.

    dx = g y x^(y-1)    (0 where x = y = 0)
    dy = g z log x      (0 where x = 0 and y >= 0)

Gradients have the result's shape; the engine sums them to the shapes of the inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.engine import Context
from autograd.op import Op, Sample, register
from autograd.ops.functions import log
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.conjugate import conjugate
from autograd.ops.shared.samples import bad_broadcast
from autograd.ops.where import where
from autograd.types import Array, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _power(x: Array, y: Array) -> Array:
    if x.dtype.kind in "iu" and np.any(y < 0):  # as in PyTorch: the power of 1 and -1, and 0 for the rest
        inverse = np.where(x == 1, 1, np.where(x == -1, 1 - 2 * (y & 1), 0))
        return np.where(y < 0, inverse, np.power(x, np.maximum(y, 0))).astype(x.dtype)
    return np.asarray(
        x ** y.item() if y.ndim == 0 else np.power(x, y), x.dtype
    )  # NumPy is fast for x**2 with a Python number


def _backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y, z = ctx.saved_tensors
    dx = dy = None
    if ctx.needs_input_grad[0]:
        undefined = y.ndim > 0 or y == 0  # 0 · 0⁻¹ would be NaN
        dx = g * conjugate(y) * conjugate(pow(where((x == 0) * (y == 0), 1.0, x) if undefined else x, y - 1))
    if ctx.needs_input_grad[1]:
        flat = (x == 0) * ((y.real if y.dtype.kind == "c" else y) >= 0)
        dy = where(flat, 0.0, g * conjugate(z) * conjugate(log(where(flat, 1.0, x))))
    return dx, dy


def _integer_power(a: int, b: int) -> int:
    return int(a) ** int(b) if b >= 0 else int(a) if a in (1, -1) and b % 2 else int(a * a == 1)


def _reference(x: Array, y: Array) -> Array:
    if x.dtype.kind == "f" or not np.any(y < 0):
        return np.power(x, y).astype(x.dtype)
    return np.asarray(np.frompyfunc(_integer_power, 2, 1)(x, y)).astype(np.int64).astype(x.dtype)


def _sample(draw: Draw) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.tensor(*a, low=0.5), draw.tensor(*b, high=3)))


_pow_op = register(
    Op(
        name="pow",
        forward=lambda x, y: run_broadcast("pow", _power, x, y),
        backward=_backward,
        saves=(0, 1, ~0),
        saves_for=(None, None, 1),
        reference=_reference,
        sample=_sample,
        bad_samples=[bad_broadcast("pow")],
        promotes="same",
        broadcasts=True,
        complex=True,
    )
)


def pow(input: Tensor | Number | complex, exponent: Tensor | Number | complex) -> Tensor:
    """Raise input to the power `exponent`, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, exponent : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    RuntimeError
        If integers are raised to a negative integer that is a Python number.

    Examples
    --------
    >>> import autograd
    >>> autograd.pow(autograd.tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """
    if isinstance(exponent, int) and exponent < 0 and hasattr(input, "dtype") and input.dtype.kind in "biu":
        raise RuntimeError(
            f"pow: an integer to the power {exponent} is not an integer; convert input with .float(), or write "
            f"{float(exponent)}"
        )
    return _pow_op(input, exponent)
