"""Tests of the tests: the battery must notice a result or a gradient that is wrong in a simple way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor
from autograd.gradcheck import as_tuple, gradcheck
from autograd.op import Composite, Op, Row, Sample, table
from autograd.tensor import wrap
from autograd.testing import (
    CHECKS,
    Case,
    RandomDraw,
    check_forward,
    check_gradients,
    check_second_gradients,
    draw_case,
)
from autograd.testing.battery import STEPS

pytestmark = [pytest.mark.slow, pytest.mark.rare]  # they test the tests, which rarely change

DRAWN, KEPT, NUMBERS = 60, 20, 30
# Rows whose gradient is 0 everywhere, which most mutants would not change.
FLAT = {"sign", "ceil", "floor", "trunc", "round", "angle", "div_rounded"}
DIFFERENTIABLE = [op for op in table.values() if op.kind != "discrete"]


def inputs_and_outputs(case: Case) -> tuple[list[Any], tuple[Any, ...]]:
    inputs = [wrap(x, x.dtype.kind in "fc") if isinstance(x, np.ndarray) else x for x in case.sample.inputs]
    return inputs, as_tuple(case.op(*inputs, **case.sample.params))


@cache
def some_cases(op: Row) -> list[Case]:
    """Drawn calls with about 30 elements, at least one.  Fewer elements show little, more take long."""
    rng = np.random.default_rng(7)
    drawn = [draw_case(op, RandomDraw(rng, op.kind)) for _ in range(DRAWN)]
    drawn = [case for case in drawn if any(y.array.size for y in inputs_and_outputs(case)[1])]
    return sorted(drawn, key=lambda case: abs(sum(map(np.size, case.sample.inputs)) - NUMBERS))[:KEPT]


def caught(mutant: Row, *checks: Callable[[Case], None]) -> bool:
    """Whether a check fails.  Other exceptions are bugs of the mutant and do not count."""
    for case in some_cases(table[mutant.name]):
        for check in checks:
            try:
                check(dataclasses.replace(case, op=mutant))
            except AssertionError:
                return True
    return False


def around(op: Row, function: Callable[..., Any]) -> Composite:
    """The row with another function."""
    return Composite(name=op.name, function=function, reference=op.reference, sample=op.sample, kind=op.kind)


# ── wrong results ──────────────────────────────────────────────────────────────────────


def last_changed(y: np.ndarray) -> np.ndarray:
    y = y.copy()
    if y.size:
        y.flat[-1] = not y.flat[-1] if y.dtype == bool else y.flat[-1] + 1
    return y


WRONG_RESULT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "one number changed": last_changed,
    "dtype lost": lambda y: y.astype({"f": np.float64, "c": np.complex64}.get(y.dtype.kind, np.float32)),
    "a dimension more": lambda y: y[None],
    "x 1.01": lambda y: y * y.dtype.type(1.01),
}


def wrong_result(op: Row, k: int, wrong: Callable[[np.ndarray], np.ndarray]) -> Row:
    def function(*inputs: Any, **params: Any) -> Any:
        ys = as_tuple(op(*inputs, **params))
        return tuple(wrap(np.asarray(wrong(y.array))) if i == k else y for i, y in enumerate(ys))

    return around(op, function)


@pytest.mark.parametrize("op", [pytest.param(op, id=name) for name, op in table.items()])
def test_wrong_results_are_caught(op: Row) -> None:
    case = some_cases(op)[0]
    survivors = []
    for k, y in enumerate(inputs_and_outputs(case)[1]):
        names = set(WRONG_RESULT)
        if y.dtype.kind != "f":
            names.remove("x 1.01")
        if case.sample.params.get("dtype") == np.float64:  # requested, so nothing is lost
            names.remove("dtype lost")
        survivors += [(k, name) for name in names if not caught(wrong_result(op, k, WRONG_RESULT[name]), check_forward)]
    assert not survivors


# ── wrong gradients ────────────────────────────────────────────────────────────────────


def copy(backward: Callable[[Any], Any]) -> Op:
    """An identity op with another gradient."""
    return Op(
        name="copy",
        forward=lambda x: x.copy(),
        backward=lambda ctx, g: backward(g),
        complex=True,
        reference=np.copy,
        sample=lambda draw: Sample(()),
    )


def last_wrong(g: Any) -> Any:
    factors = np.ones(g.shape)
    factors.flat[-1:] = 1.01
    return g * factors


WRONG_GRADIENT: dict[str, Callable[[Any], Any]] = {
    "x -1": lambda g: -g,
    "x 1.01": lambda g: g * 1.01,
    "zeroed": lambda g: g * 0,
    "dropped": lambda g: None,
    "last entry x 1.01": last_wrong,
}
WRONG_SECOND_GRADIENT: dict[str, Callable[[Any], Any]] = {
    "x 1.01": copy(lambda g: g * 1.01),
    "cut off": lambda g: g.detach() if isinstance(g, Tensor) else g,
}


def wrong_gradient(op: Row, i: int, wrong: Callable[[Any], Any]) -> Row:
    """The op with a wrong gradient with respect to input i."""
    wrong_copy = copy(wrong)

    def function(*inputs: Any, **params: Any) -> Any:
        # an optional input may be missing
        return op(*(wrong_copy(x) if k == i and isinstance(x, Tensor) else x for k, x in enumerate(inputs)), **params)

    return around(op, function)


def inputs_with_gradients(op: Row) -> set[int]:
    """The inputs that have a nonzero gradient in some case."""
    seen: set[int] = set()
    for case in some_cases(op):
        inputs, outputs = inputs_and_outputs(case)
        roots = [y for y in outputs if y.requires_grad]
        wanted = {i: x for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad}
        if roots:
            rng = np.random.default_rng(case.seed)
            gs = [wrap(np.asarray(rng.standard_normal(y.shape)).astype(y.dtype)) for y in roots]
            found = autograd.grad(roots, list(wanted.values()), gs, allow_unused=True)
            seen |= {i for i, d in zip(wanted, found, strict=True) if d is not None and d.array.any()}
    return seen


@pytest.mark.parametrize("name", sorted(FLAT))
def test_a_gradient_that_is_not_zero_is_caught(name: str) -> None:
    row = table[name]
    assert not inputs_with_gradients(row)
    assert caught(dataclasses.replace(row, backward=lambda ctx, g, **_: (g,) * len(ctx.shapes)), check_gradients)


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in DIFFERENTIABLE if op.name not in FLAT])
def test_wrong_gradients_are_caught(op: Row) -> None:
    inputs = inputs_with_gradients(op)
    assert inputs
    survivors = []
    for check, mistakes in ((check_gradients, WRONG_GRADIENT), (check_second_gradients, WRONG_SECOND_GRADIENT)):
        for i in sorted(inputs):
            for name, wrong in mistakes.items():
                if not caught(wrong_gradient(op, i, wrong), check):
                    survivors.append(f"{check.__name__}: input {i} {name}")
    assert not survivors


NEIGHBOURS: dict[str, Callable[[Tensor], Tensor]] = {
    "infinite": lambda x: x.sum() * 0 + np.inf,
    "huge": lambda x: x.sum() * 1e8,
    "tiny": lambda x: x.sum() * 1e-12,
}


def beside(op: Row, neighbour: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """The op's float results with one more element, which depends on an input."""

    def function(*inputs: Any, **params: Any) -> Tensor:
        ys = [y for y in as_tuple(op(*inputs, **params)) if y.requires_grad]
        x = next(x for x in inputs if isinstance(x, Tensor) and x.requires_grad and x.array.size)
        return autograd.cat([*(y.reshape(-1) for y in ys), neighbour(x).reshape(1)])

    return function


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in DIFFERENTIABLE if op.name not in FLAT])
def test_no_neighbour_hides_a_wrong_gradient(op: Row, neighbour: str) -> None:
    """A gradient 1% too large is caught, even next to an element with a tolerance larger than this error."""
    for case in some_cases(op):
        inputs, outputs = inputs_and_outputs(case)
        i = next((i for i in inputs_with_gradients(op) if isinstance(inputs[i], Tensor) and inputs[i].array.size), None)
        if i is None or not all(np.isfinite(y.array).all() for y in outputs):
            continue
        call = partial(beside(op, NEIGHBOURS[neighbour]), **case.sample.params)
        wrong = partial(beside(wrong_gradient(op, i, lambda g: g * 1.01), NEIGHBOURS[neighbour]), **case.sample.params)
        step, tolerance = STEPS[op.kind]
        right = gradcheck(call, inputs, eps=step, rtol=tolerance, raise_exception=False)
        if neighbour != "infinite" and not right:
            continue  # this case cannot be decided, or its sum crosses a kink
        assert right == (neighbour != "infinite")
        y = call(*inputs)[:-1].sum()
        gradient = autograd.grad(y.real + y.imag if y.is_complex() else y, [inputs[i]], allow_unused=True)[0]
        if gradient is not None and gradient.array.any():
            assert not gradcheck(wrong, inputs, eps=step, rtol=tolerance, raise_exception=False)
            return
    pytest.fail("no case was judged")


# ── windows off by one ─────────────────────────────────────────────────────────────────


def shifted(a: Any, axis: int) -> Any:
    """All pixels shifted cyclically by one along an axis, for arrays and tensors."""
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
    """The op with one parameter of its forward or backward off by one."""
    function = getattr(op, part)

    def wrong(*args: Any, **params: Any) -> Any:
        value = params[name]
        try:
            return function(*args, **{**params, name: (value[0] + step[0], value[1] + step[1])})
        except ValueError:  # the parameters do not fit
            return function(*args, **params)

    replaced: dict[str, Any] = {part: wrong}
    return dataclasses.replace(op, **replaced)


def wider_pool() -> Op:
    """Max pooling with windows one column too wide, if that does not change the size of the result."""
    op = table["max_pool2d"]

    def forward(x: Any, *, kernel_size: Any, **params: Any) -> Any:
        right = op.forward(x, kernel_size=kernel_size, **params)
        try:
            wide = op.forward(x, kernel_size=(kernel_size[0], kernel_size[1] + 1), **params)
        except ValueError:  # the parameters do not fit
            return right
        if wide[0].shape != right[0].shape:
            return right
        rows, columns = np.divmod(wide[1], kernel_size[1] + 1)
        # backward looks up argmax in a table without checking it, so the extra column must not occur
        argmax = rows * kernel_size[1] + np.minimum(columns, kernel_size[1] - 1)
        return wide[0], argmax.astype(right[1].dtype)

    return dataclasses.replace(op, forward=forward)


WINDOWS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad", "max_pool2d", "max_pool2d_input_grad",
           "max_pool2d_gather", "avg_pool2d", "avg_pool2d_input_grad", "adaptive_avg_pool2d",
           "adaptive_avg_pool2d_input_grad")  # fmt: skip


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
    assert caught(mutant, *CHECKS)
