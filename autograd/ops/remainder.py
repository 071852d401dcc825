"""Floor division and its remainder: z = ⌊x / y⌋ and r = x - y z, element by element.

    z    has no gradient: its derivative is 0 wherever it exists
    r    dx = g,  dy = -g ⌊x / y⌋

The remainder has the sign of y, as in Python and NumPy.  Gradients have the result's shape; the engine sums them to
the shapes of the inputs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.op import Op, register
from autograd.ops.attached import attached
from autograd.ops.elementwise import div
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.division import (
    away_from_jumps,
    bad_division,
    check_divisor,
    division_reference,
    quotients_sample,
)
from autograd.types import Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor


_floor_divide_op = register(
    Op(
        name="floor_divide",
        check=check_divisor("floor_divide"),
        forward=lambda x, y: run_broadcast("floor_divide", np.floor_divide, x, y),
        backward=None,
        reference=division_reference(lambda a, b: a // b, lambda a, b: a / b),
        sample=quotients_sample,
        bad_samples=bad_division("floor_divide"),
        kind="discrete",
        promotes="same",
        tensors=None,
    )
)


def _remainder_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    if not ctx.needs_input_grad[1]:
        return g, None
    return g, attached(attached(-(g * _floor_divide_op(x, y)), x), y)  # the quotient's derivative is zero


_remainder_op = register(
    Op(
        name="remainder",
        check=check_divisor("remainder"),
        forward=lambda x, y: run_broadcast("remainder", np.remainder, x, y),
        backward=_remainder_backward,
        saves=(0, 1),
        reference=division_reference(lambda a, b: a % b, lambda a, b: np.nan),
        sample=away_from_jumps,
        bad_samples=bad_division("remainder"),
        promotes="same",
        broadcasts=True,
    )
)


def _fmod_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    if not ctx.needs_input_grad[1]:
        return g, None
    return g, attached(attached(-(g * div(x, y, rounding_mode="trunc")), x), y)


def _fmod_of_numbers(a: Any, b: Any) -> Any:
    if isinstance(a, int):
        return abs(a) % abs(b) * (1 if a >= 0 else -1)
    return math.fmod(a, b) if math.isfinite(a) and b == b else np.nan


_fmod_op = register(
    Op(
        name="fmod",
        check=check_divisor("fmod"),
        forward=lambda x, y: run_broadcast("fmod", np.fmod, x, y),
        backward=_fmod_backward,
        saves=(0, 1),
        reference=division_reference(_fmod_of_numbers, lambda a, b: np.nan),
        sample=away_from_jumps,
        bad_samples=bad_division("fmod"),
        promotes="same",
        tensors=(0,),
        broadcasts=True,
    )
)


def fmod(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Remainder of division rounded towards 0.  It has the sign of input.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast, or number
        One of them may be a number.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If an integer is divided by 0.
    TypeError
        If other is a bool tensor.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.fmod(autograd.tensor([-4.0, 5.0]), 3)
    tensor([-1.,  2.])
    """
    return _fmod_op(input, other)


def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Divide and round down: input // other.  Shapes broadcast.  The result has no gradient.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast, or number
        One of them may be a number.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If an integer is divided by 0.
    TypeError
        If other is a bool tensor.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([-4.0, 5.0]) // 3
    tensor([-2.,  1.])
    """
    return _floor_divide_op(input, other)


def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Remainder of floor division: input % other.  It has the sign of other.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast, or number
        One of them may be a number.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If an integer is divided by 0.
    TypeError
        If other is a bool tensor.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([-4.0, 5.0]) % 3
    tensor([2., 2.])
    """
    return _remainder_op(input, other)
