"""Grad modes and contexts as decorators of generators and coroutines."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import pytest

import autograd
import nn
from autograd import Tensor, is_grad_enabled

OFF: list[Any] = [
    autograd.no_grad(),
    autograd.no_grad,
    autograd.inference_mode(),
    autograd.inference_mode,
    autograd.set_grad_enabled(False),
]
autograd.set_grad_enabled(True)  # the last one in the list turned recording off at once


@pytest.mark.parametrize("mode", OFF)
def test_a_generator_runs_in_its_mode_and_its_caller_does_not(mode: Callable) -> None:
    @mode
    def predictions(model: nn.Module, batches: list[Tensor]) -> Generator[Tensor, None, str]:
        for x in batches:
            yield model(x)
        return "end"

    model, found = nn.Linear(3, 3), []
    generator = predictions(model, [autograd.ones(1, 3)] * 2)
    with pytest.raises(StopIteration) as end:
        while True:
            y = next(generator)
            found.append((y.requires_grad, is_grad_enabled()))
    assert found == [(False, True), (False, True)] and end.value.value == "end" and is_grad_enabled()
    assert inspect.isgeneratorfunction(predictions)


def test_enable_grad_inside_no_grad() -> None:
    @autograd.enable_grad()
    def modes() -> Generator[bool, None, None]:
        yield is_grad_enabled()
        yield is_grad_enabled()

    with autograd.no_grad():
        assert [(mode, is_grad_enabled()) for mode in modes()] == [(True, False)] * 2


def test_what_is_sent_thrown_and_closed() -> None:
    seen: list[Any] = []

    @autograd.no_grad()
    def echo() -> Generator[Any, Any, str]:
        value: Any = "first"
        try:
            while value != "stop":
                try:
                    value = yield value, is_grad_enabled()
                except KeyError as error:
                    value = repr(error)
            return "stopped"
        finally:
            seen.append(is_grad_enabled())

    generator = echo()
    assert next(generator) == ("first", False)
    assert generator.send(5) == (5, False) and is_grad_enabled()
    assert generator.throw(KeyError("k")) == ("KeyError('k')", False) and is_grad_enabled()
    with pytest.raises(StopIteration, match="stopped"):
        generator.send("stop")

    generator = echo()
    next(generator)
    generator.close()
    generator = echo()
    next(generator)
    with pytest.raises(ZeroDivisionError):
        generator.throw(ZeroDivisionError())
    assert seen == [False] * 3 and is_grad_enabled()


def test_a_coroutine_runs_in_its_mode_and_others_do_not() -> None:
    @autograd.no_grad()
    async def off() -> list[bool]:
        found = [is_grad_enabled()]
        await asyncio.sleep(0)
        return [*found, is_grad_enabled()]

    async def on() -> list[bool]:
        found = [is_grad_enabled()]
        await asyncio.sleep(0)
        return [*found, is_grad_enabled()]

    async def both() -> list[list[bool]]:
        return list(await asyncio.gather(off(), on(), off()))

    assert asyncio.run(both()) == [[False, False], [True, True], [False, False]]
    assert inspect.iscoroutinefunction(off)


def test_an_asynchronous_generator_is_refused() -> None:
    async def values() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match=r"no_grad: cannot decorate 'values'.*write `with no_grad\(...\):` inside"):
        autograd.no_grad()(values)


def test_inference_mode_takes_a_mode() -> None:
    with autograd.no_grad(), autograd.inference_mode(False):
        assert is_grad_enabled()
    with autograd.inference_mode(mode=True):
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_other_contexts_decorate_generators_too() -> None:
    @autograd.detect_anomaly()
    def logarithms(x: Tensor) -> Generator[Tensor, None, None]:
        yield x
        yield x.log()

    @nn.set_fusion_enabled(False)
    def fused() -> Generator[bool, None, None]:
        yield nn.is_fusion_enabled()

    generator = logarithms(autograd.tensor([-1.0]))
    assert next(generator).log().isnan().all()  # outside the context
    with pytest.raises(autograd.debug.AnomalyError):
        next(generator)
    assert list(fused()) == [False] and nn.is_fusion_enabled()
