"""Tests of the tests: every backward, made wrong in every plain way, must be noticed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from autograd.op import Op, table
from autograd.testing import Case, RandomDraw, check_case, draw_case

CASES = 25  # some drawn cases are empty, or have windows of one pixel, and show nothing
DIFFERENTIABLE = [op for op in table.values() if isinstance(op, Op) and op.backward is not None]


def some_cases(op: Op) -> list[Case]:
    rng = np.random.default_rng(7)
    return [draw_case(op, RandomDraw(rng, op.kind)) for _ in range(CASES)]


def caught(mutant: Op) -> bool:
    """Whether a check fails; any other error is the mutant's own, and no success of the tests."""
    for case in some_cases(mutant):
        try:
            check_case(case)
        except AssertionError:
            return True
    return False


def changed(op: Op, change: Callable[[int, Any], Any]) -> Op:
    """The op with change(i, gradient) for the gradient of every input i that has one."""

    def backward(ctx: Any, *gs: Any, **params: Any) -> Any:
        result = op.backward(ctx, *gs, **params)  # type: ignore[misc]
        gradients = result if isinstance(result, tuple) else (result,)
        return tuple(None if d is None else change(i, d) for i, d in enumerate(gradients))

    return dataclasses.replace(op, backward=backward)


ONE_WRONG: dict[str, Callable[[Any], Any]] = {
    "x 1.01": lambda d: d * 1.01,
    "zeroed": lambda d: d * 0,
    "dropped": lambda d: None,
}


def only(i: int, wrong: Callable[[Any], Any], k: int, d: Any) -> Any:
    return wrong(d) if k == i else d


def gradient_mutants(op: Op) -> Iterator[tuple[str, Op]]:
    yield "-1", changed(op, lambda i, d: d * -1)
    yield "1.01", changed(op, lambda i, d: d * 1.01)
    for i in sorted(inputs_with_gradients(op)):
        for name, wrong in ONE_WRONG.items():
            yield f"input {i} {name}", changed(op, partial(only, i, wrong))


def inputs_with_gradients(op: Op) -> set[int]:
    """Which inputs the backward, unchanged, ever returns a gradient for."""
    seen: set[int] = set()

    def note(i: int, d: Any) -> Any:
        seen.add(i)
        return d

    for case in some_cases(changed(op, note)):
        check_case(case)
    return seen


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in DIFFERENTIABLE])
def test_wrong_gradients_are_caught(op: Op) -> None:
    mutants = list(gradient_mutants(op))  # draws the same cases, which the op unchanged must pass
    assert len(mutants) >= 5
    survivors = [name for name, mutant in mutants if not caught(mutant)]
    assert not survivors


# ── windows off by one ─────────────────────────────────────────────────────────────────


def shifted(a: Any, axis: int) -> Any:
    """Every pixel one further along an axis, and the last one first; for arrays and tensors."""
    index: list[Any] = [slice(None)] * 4
    index[axis] = np.roll(np.arange(a.shape[axis]), 1)
    return a[tuple(index)]


def forward_shifted(op: Op, axis: int) -> Op:
    def forward(x: Any, *others: Any, **params: Any) -> Any:
        return op.forward(shifted(x, axis), *others, **params)

    return dataclasses.replace(op, forward=forward)


def backward_shifted(op: Op, axis: int) -> Op:
    def backward(ctx: Any, g: Any, *others: Any, **params: Any) -> Any:
        return op.backward(ctx, shifted(g, axis), *others, **params)  # type: ignore[misc]

    return dataclasses.replace(op, backward=backward)


def params_changed(op: Op, part: str, name: str, step: tuple[int, int]) -> Op:
    """The op whose forward or backward sees one parameter off by one."""
    function = getattr(op, part)

    def wrong(*args: Any, **params: Any) -> Any:
        value = params[name]
        return function(*args, **{**params, name: (value[0] + step[0], value[1] + step[1])})

    replaced: dict[str, Any] = {part: wrong}
    return dataclasses.replace(op, **replaced)


def wider_pool() -> Op:
    """Max-pooling whose windows are a column too wide, wherever that does not change the size of the result."""
    op = table["max_pool2d"]

    def forward(x: Any, *, kernel_size: Any, **params: Any) -> Any:
        right = op.forward(x, kernel_size=kernel_size, **params)
        if kernel_size[1] + 1 <= x.shape[3] + 2 * params["padding"][1]:
            wide = op.forward(x, kernel_size=(kernel_size[0], kernel_size[1] + 1), **params)
            if wide[0].shape == right[0].shape:
                return wide
        return op.forward(x, kernel_size=kernel_size, **params)

    return dataclasses.replace(op, forward=forward)


WINDOWS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad", "max_pool2d", "max_pool2d_input_grad",
           "max_pool2d_gather")  # fmt: skip


def window_mutants() -> Iterator[tuple[str, Op]]:
    for name in WINDOWS:
        for axis in (2, 3):
            yield f"{name}: forward shifted along {axis}", forward_shifted(table[name], axis)
            yield f"{name}: backward shifted along {axis}", backward_shifted(table[name], axis)
    for step in ((1, 0), (0, 1)):
        yield f"conv2d: backward with padding + {step}", params_changed(table["conv2d"], "backward", "padding", step)
        for name in ("conv2d_input_grad", "conv2d_weight_grad"):
            yield f"{name}: padding + {step}", params_changed(table[name], "forward", "padding", step)
            yield f"{name}: stride + {step}", params_changed(table[name], "forward", "stride", step)
            yield f"{name}: dilation + {step}", params_changed(table[name], "forward", "dilation", step)
    yield "max_pool2d: a column too wide", wider_pool()


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=name) for name, mutant in window_mutants()])
def test_windows_off_by_one_are_caught(mutant: Op) -> None:
    assert caught(mutant)
