"""Floor division and its remainder: z = ⌊x / y⌋ and r = x - y z, element by element.

    z    has no gradient: its derivative is 0 wherever it exists
    r    dx = g,  dy = -g ⌊x / y⌋

The remainder has the sign of y, as in Python and NumPy.  Gradients have the result's shape; the engine sums them to
the shapes of the inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.ops.attached import attached
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.samples import bad_broadcast
from autograd.types import Array, Context, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check(name: str) -> Callable[..., None]:
    def check(x: Array, y: Array) -> None:
        y = np.asarray(y)
        if y.dtype == bool:
            raise TypeError(f"{name}: bool tensors cannot be divided; convert them with .int()")
        if y.dtype.kind in "iu" and not y.all():
            raise RuntimeError(f"{name}: an integer is divided by 0; only floats can express the result")

    return check


def _reference(on_numbers: Callable[[Any, Any], Any], by_zero: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    """Python's own operator on one pair of numbers at a time, and `by_zero` where it would raise for a divisor of 0."""

    def reference(x: Array, y: Array) -> Array:
        z = np.frompyfunc(lambda a, b: on_numbers(a, b) if b else by_zero(np.float64(a), b), 2, 1)(x, y)
        return np.asarray(z).astype(np.result_type(x, y))

    return reference


def _bad(name: str) -> list[BadSample]:
    return [
        bad_broadcast(name),
        BadSample((np.ones(2, bool),) * 2, {}, TypeError, (f"{name}:", "bool", ".int()")),
        BadSample((np.ones(2, int), np.array([1, 0])), {}, RuntimeError, (f"{name}:", "divided by 0")),
    ]


def _quotients_sample(draw: Draw) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.tensor(*a), draw.tensor(*b, low=draw.choice(0.5, -2))))


def _away_from_jumps(draw: Draw) -> Sample:
    """Quotients that are not close to whole numbers, where the remainder jumps."""
    a, b = draw.broadcastable(2)
    sign = draw.choice(1, -1)
    rng = np.random.default_rng(draw.size(0, 1 << 16))
    while True:
        x, y = rng.uniform(-4, 4, a), sign * rng.uniform(0.5, 4, b)
        if (abs(x / y - np.round(x / y)) > 1e-3).all():
            return Sample((x, y))


_floor_divide_op = register(
    Op(
        name="floor_divide",
        check=_check("floor_divide"),
        forward=lambda x, y: run_broadcast("floor_divide", np.floor_divide, x, y),
        backward=None,
        reference=_reference(lambda a, b: a // b, lambda a, b: a / b),
        sample=_quotients_sample,
        bad_samples=_bad("floor_divide"),
        kind="discrete",
        promotes="same",
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
        check=_check("remainder"),
        forward=lambda x, y: run_broadcast("remainder", np.remainder, x, y),
        backward=_remainder_backward,
        saves=(0, 1),
        reference=_reference(lambda a, b: a % b, lambda a, b: np.nan),
        sample=_away_from_jumps,
        bad_samples=_bad("remainder"),
        promotes="same",
        broadcasts=True,
    )
)


def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Divide and round down: input // other.  Shapes broadcast.  The result has no gradient.

    Raises
    ------
    RuntimeError
        If an integer is divided by 0.
    TypeError
        If other is a bool tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([-4.0, 5.0]) // 3
    tensor([-2.,  1.])
    """
    return _floor_divide_op(input, other)


def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Remainder of floor division: input % other.  It has the sign of other.  Shapes broadcast.

    Raises
    ------
    RuntimeError
        If an integer is divided by 0.
    TypeError
        If other is a bool tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([-4.0, 5.0]) % 3
    tensor([2., 2.])
    """
    return _remainder_op(input, other)
