"""Rows of elementwise functions that differ only in their formulas."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.samples import bad_broadcast
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.testing import Draw


def one_tensor(low: float = -2, high: float = 2, shift: float = 0) -> Callable[[Draw], Sample]:
    """Samples of one tensor with elements from low to high, plus `shift`, which keeps them away from jumps."""

    def sample(draw: Draw) -> Sample:
        x = draw.tensor(*draw.shape(0, 3, least=0), low=low, high=high)
        return Sample((np.asarray(x + shift) if shift else x,))

    return sample


def two_tensors(lows: tuple[float, float] = (-2, -2), highs: tuple[float, float] = (2, 2)) -> Callable[[Draw], Sample]:
    """Samples of two tensors whose shapes broadcast, each with elements from its low to its high."""

    def sample(draw: Draw) -> Sample:
        shapes = draw.broadcastable(2)
        return Sample(
            tuple(draw.tensor(*shape, low=low, high=high) for shape, low, high in zip(shapes, lows, highs, strict=True))
        )

    return sample


def unary_row(
    name: str,
    forward: Callable[..., Array],
    backward: Callable[..., Gradient],
    reference: Callable[..., Any],
    low: float = -2,
    high: float = 2,
    *,
    shift: float = 0,
    sample: Callable[[Draw], Sample] | None = None,
    **more: Any,
) -> Op:
    """A row of one input, with samples from low to high."""
    sample = sample or one_tensor(low, high, shift)
    return register(Op(name=name, forward=forward, backward=backward, reference=reference, sample=sample, **more))


def binary_row(
    name: str,
    forward: Callable[..., Array],
    backward: Callable[..., Any],
    reference: Callable[..., Any],
    lows: tuple[float, float] = (-2, -2),
    highs: tuple[float, float] = (2, 2),
    *,
    sample: Callable[[Draw], Sample] | None = None,
    **more: Any,
) -> Op:
    """A row of two inputs that are promoted to one float dtype and broadcast."""
    return register(
        Op(
            name=name,
            forward=lambda x, y: run_broadcast(name, forward, x, y),
            backward=backward,
            reference=reference,
            sample=sample or two_tensors(lows, highs),
            bad_samples=[bad_broadcast(name), *more.pop("bad_samples", ())],
            **{"promotes": "float", "broadcasts": True, **more},
        )
    )


def discrete_row(
    name: str, forward: Callable, reference: Callable, sample: Callable[[Draw], Sample], *bad: BadSample, **more: Any
) -> Op:
    """A row without gradient."""
    return register(
        Op(
            name=name,
            forward=forward,
            backward=None,
            reference=reference,
            sample=sample,
            bad_samples=bad,
            kind="discrete",
            **more,
        )
    )


def discrete_pair_row(
    name: str,
    ufunc: Callable,
    on_numbers: Callable,
    sample: Callable[[Draw], Sample],
    *bad: BadSample,
    dtype: Any = bool,
    **more: Any,
) -> Op:
    """A row with two inputs and without gradient, whose reference applies `on_numbers` to one pair at a time.

    The result has this dtype; None stands for that of the inputs.
    """

    def reference(x: Array, y: Array, **params: Any) -> Array:
        results = np.frompyfunc(partial(on_numbers, **params), 2, 1)(x, y)
        whole = np.asarray(results).astype(np.int64 if dtype is None else dtype)
        return whole.astype(dtype or x.dtype)  # in two steps: a number that is too large wraps

    return discrete_row(
        name,
        lambda x, y, **params: run_broadcast(name, partial(ufunc, **params), x, y),
        reference,
        sample,
        bad_broadcast(name, int),
        *bad,
        promotes="same",
        **more,
    )


def composite_row(
    name: str,
    function: Callable[..., Any],
    reference: Callable[..., Any],
    sample: Callable[[Draw], Sample],
    *bad: BadSample,
    **more: Any,
) -> Composite:
    """A row of a function that calls other ops."""
    return register(
        Composite(name=name, function=function, reference=reference, sample=sample, bad_samples=bad, **more)
    )
