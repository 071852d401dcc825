"""What the rows of division with rounding have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Sample
from autograd.ops.shared.samples import bad_broadcast
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.testing import Draw


def check_divisor(name: str) -> Callable[..., None]:
    def check(x: Array, y: Array) -> None:
        y = np.asarray(y)
        if y.dtype == bool:
            raise TypeError(f"{name}: bool tensors cannot be divided; convert them with .int()")
        if y.dtype.kind in "iu" and not y.all():
            raise RuntimeError(f"{name}: an integer is divided by 0; only floats can express the result")

    return check


def division_reference(
    on_numbers: Callable[[Any, Any], Any], by_zero: Callable[[Any, Any], Any]
) -> Callable[..., Array]:
    """Python's own operator on one pair of numbers at a time, and `by_zero` where it would raise for a divisor of 0."""

    def reference(x: Array, y: Array) -> Array:
        z = np.frompyfunc(lambda a, b: on_numbers(a, b) if b else by_zero(np.float64(a), b), 2, 1)(x, y)
        return np.asarray(z).astype(np.result_type(x, y))

    return reference


def quotients(sums: Array, count: Any) -> Array:
    """sums / count, in the dtype of the sums: integers are rounded towards 0."""
    if sums.dtype.kind == "f":
        return sums / sums.dtype.type(count)
    below = np.floor_divide(sums, count)
    return below + (((sums < 0) != (count < 0)) & (below * count != sums))


def bad_division(name: str) -> list[BadSample]:
    return [
        bad_broadcast(name),
        BadSample((np.ones(2, bool),) * 2, {}, TypeError, (f"{name}:", "bool", ".int()")),
        BadSample((np.ones(2, int), np.array([1, 0])), {}, RuntimeError, (f"{name}:", "divided by 0")),
    ]


def quotients_sample(draw: Draw) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.tensor(*a), draw.tensor(*b, low=draw.choice(0.5, -2))))


def away_from_jumps(draw: Draw) -> Sample:
    """Quotients that are not close to whole numbers, where the remainder jumps."""
    a, b = draw.broadcastable(2)
    sign = draw.choice(1, -1)
    rng = np.random.default_rng(draw.size(0, 1 << 16))
    while True:
        x, y = rng.uniform(-4, 4, a), sign * rng.uniform(0.5, 4, b)
        if (abs(x / y - np.round(x / y)) > 1e-3).all():
            return Sample((x, y))
