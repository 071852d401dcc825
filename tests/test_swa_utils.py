"""Averages of weights: exponential and equally weighted, buffers, state and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import tensor
from optim.swa_utils import (
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
)


class Net(nn.Module):
    """A network with parameters of two dtypes, and with float and integer buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(autograd.zeros(300, 50))
        self.b = nn.Parameter(autograd.zeros(3, dtype=np.float64))
        self.register_buffer("mean", autograd.zeros(4))
        self.register_buffer("count", tensor(0))

    def forward(self, x: Any) -> Any:
        return x * self.w.sum()


def states(steps: int) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        {
            "w": rng.standard_normal((300, 50)).astype(np.float32),
            "b": rng.standard_normal(3),
            "mean": rng.standard_normal(4).astype(np.float32),
            "count": np.array(10 * step),
        }
        for step in range(steps)
    ]


def run(averaged: AveragedModel, net: Net, weights: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    for state in weights:
        net.load_state_dict(state)
        averaged.update_parameters(net)
    return {name: t.numpy().copy() for name, t in averaged.module.state_dict().items()}


def check(have: dict[str, np.ndarray], want: dict[str, Any]) -> None:
    for name, value in want.items():
        tolerance = 1e-12 if have[name].dtype == np.float64 else 1e-5
        np.testing.assert_allclose(have[name], value, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("options", [{"avg_fn": get_ema_avg_fn(0.75)}, {"multi_avg_fn": get_ema_multi_avg_fn(0.75)}])
def test_exponential_average(options: dict[str, Any]) -> None:
    net, weights = Net(), states(5)
    have = run(AveragedModel(net, **options), net, weights)
    want = {name: value.astype(np.float64) for name, value in weights[0].items()}
    for state in weights[1:]:
        want = {name: 0.75 * value + 0.25 * state[name] for name, value in want.items()}
    check(have, {"w": want["w"], "b": want["b"], "mean": weights[-1]["mean"], "count": 40})


@pytest.mark.parametrize("options", [{}, {"avg_fn": get_swa_avg_fn()}, {"multi_avg_fn": get_swa_multi_avg_fn()}])
def test_equal_shares(options: dict[str, Any]) -> None:
    net, weights = Net(), states(5)
    have = run(AveragedModel(net, **options), net, weights)
    check(have, {name: np.mean([np.float64(state[name]) for state in weights], 0) for name in ("w", "b")})


def test_buffers_can_be_averaged_too() -> None:
    net, weights = Net(), states(3)
    have = run(AveragedModel(net, use_buffers=True), net, weights)
    check(have, {"mean": np.mean([state["mean"] for state in weights], 0), "count": 10})
    net = Net()
    have = run(AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.5), use_buffers=True), net, weights)
    check(have, {"count": (0 + 10) // 2 // 2 + 10})  # an integer average is truncated at each step


def test_the_first_weights_are_taken_as_they_are() -> None:
    net, weights = Net(), states(1)
    averaged = AveragedModel(net, avg_fn=lambda *_: pytest.fail("there is nothing to average yet"))
    assert averaged.n_averaged.item() == 0
    have = run(averaged, net, weights)
    assert {name: have[name].tobytes() for name in have} == {n: a.tobytes() for n, a in weights[0].items()}
    assert averaged.n_averaged.item() == 1


def test_a_function_of_ones_own() -> None:
    net, weights = Net(), states(3)
    seen = []

    def largest(average: Any, value: Any, n: Any) -> Any:
        seen.append(n.item())
        return tensor(np.maximum(average.numpy(), value.numpy()))

    check(run(AveragedModel(net, avg_fn=largest), net, weights), {"b": np.max([s["b"] for s in weights], 0)})
    assert seen == [1, 1, 2, 2]


def test_the_model_and_the_copy_are_two() -> None:
    net, weights = Net(), states(2)
    averaged = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.5))
    run(averaged, net, weights)
    assert net.w.array.tobytes() == weights[1]["w"].tobytes()
    assert not np.shares_memory(net.w.array, averaged.module.w.array)
    assert type(averaged.module.w) is nn.Parameter
    x = autograd.ones(2)
    assert averaged(x).tolist() == averaged.module(x).tolist() != net(x).tolist()


def test_an_update_counts_as_writing() -> None:
    net = Net()
    averaged = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn())
    averaged.update_parameters(net)
    y = averaged.module.w * averaged.module.w
    averaged.update_parameters(net)
    with pytest.raises(RuntimeError, match="mul"):
        y.sum().backward()


def test_state_goes_on_with_the_same_bits() -> None:
    net, weights = Net(), states(6)
    whole = run(AveragedModel(net), net, weights)
    first, second = AveragedModel(net), AveragedModel(net)
    run(first, net, weights[:3])
    state = {name: t.numpy().copy() for name, t in first.state_dict().items()}
    assert set(state) == {"n_averaged", "module.w", "module.b", "module.mean", "module.count"}
    second.load_state_dict(state)
    have = run(second, net, weights[3:])
    assert {name: a.tobytes() for name, a in have.items()} == {name: a.tobytes() for name, a in whole.items()}


@pytest.mark.parametrize("make", [get_ema_multi_avg_fn, get_swa_multi_avg_fn])
def test_averages_in_the_reference_context(make: Any) -> None:
    net, weights = Net(), states(3)
    want = run(AveragedModel(net, multi_avg_fn=make()), net, weights)
    with autograd.reference(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("optim.swa_utils.launch", lambda *_: pytest.fail("a kernel was launched"))
        have = run(AveragedModel(net, multi_avg_fn=make()), net, weights)
    check(have, want)


def test_one_thread_and_many_make_the_same_bits() -> None:
    bits, before = [], autograd.get_num_threads()
    for threads in (1, 4):
        autograd.set_num_threads(threads)
        net = Net()
        bits.append(run(AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9)), net, states(3))["w"].tobytes())
    autograd.set_num_threads(before)
    assert bits[0] == bits[1]


def test_errors() -> None:
    for function in (get_ema_avg_fn, get_ema_multi_avg_fn):
        for decay in (-0.1, 1.1):
            with pytest.raises(ValueError, match=f"decay is {decay}; it must be from 0 to 1"):
                function(decay)
    with pytest.raises(ValueError, match="both avg_fn and multi_avg_fn"):
        AveragedModel(Net(), avg_fn=get_ema_avg_fn(), multi_avg_fn=get_ema_multi_avg_fn())
    with pytest.raises(ValueError, match="AveragedModel: device is 'cuda'; the only device is 'cpu'"):
        AveragedModel(Net(), "cuda")
