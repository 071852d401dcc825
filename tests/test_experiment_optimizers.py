"""Optimizers made of others: `MultiOptimizer` and `Lookahead` of the experiments."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from examples.experiments.support.optimizers import OPTIMIZERS, Lookahead, MultiOptimizer

X = autograd.from_numpy(np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32))


def net() -> nn.Sequential:
    autograd.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def several(model: nn.Sequential) -> MultiOptimizer:
    return MultiOptimizer(
        [
            optim.Muon([model[0].weight], lr=0.05),
            optim.SGD(
                [{"params": [model[0].bias]}, {"params": [model[2].weight, model[2].bias], "lr": 0.3}],
                lr=0.1,
                momentum=0.9,
            ),
        ]
    )


def ahead(model: nn.Sequential) -> Lookahead:
    return Lookahead(optim.SGD(model.parameters(), lr=0.1, momentum=0.9), k=3, alpha=0.25)


Make = Callable[[nn.Sequential], Any]
EACH = pytest.mark.parametrize("make", [several, ahead])


def take(model: nn.Sequential, optimizer: Any, steps: int) -> list[np.ndarray]:
    for _ in range(steps):
        optimizer.zero_grad()
        (model(X) ** 2).sum().backward()
        optimizer.step()
    return [p.detach().numpy().copy() for p in model.parameters()]


def assert_equal(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_several_optimizers_step_as_each_of_them_alone() -> None:
    first, second = net(), net()
    joint, alone = several(first), several(second).optimizers
    wanted = []
    for _ in range(4):
        second.zero_grad()
        (second(X) ** 2).sum().backward()
        for one in alone:
            one.step()
        wanted = [p.detach().numpy().copy() for p in second.parameters()]
    assert_equal(take(first, joint, 4), wanted)


def test_a_scheduler_of_several_optimizers_changes_all() -> None:
    joint = several(net())
    schedule = optim.lr_scheduler.LambdaLR(joint, lambda step: 1 / (1 + step))
    joint.step()
    schedule.step()
    assert [group["lr"] for one in joint.optimizers for group in one.param_groups] == [0.025, 0.05, 0.15]


def test_lookahead_follows_its_rule() -> None:
    model, plain = net(), net()
    optimizer, sgd = ahead(model), optim.SGD(plain.parameters(), lr=0.1, momentum=0.9)
    slow = [p.detach().numpy().astype(np.float64) for p in plain.parameters()]
    for step in range(1, 8):
        wanted = take(plain, sgd, 1)
        if step % 3 == 0:
            slow = [s + 0.25 * (p - s) for s, p in zip(slow, wanted, strict=True)]
            with autograd.no_grad():
                for p, s in zip(plain.parameters(), slow, strict=True):
                    p.copy_(autograd.tensor(s.astype(np.float32)))
        wanted = [p.detach().numpy() for p in plain.parameters()]
        for one, other in zip(take(model, optimizer, 1), wanted, strict=True):
            np.testing.assert_allclose(one, other, 1e-5, 1e-6)


@EACH
def test_a_state_continues_to_the_same_bits(make: Make) -> None:
    first, second = net(), net()
    before, after = make(first), make(second)
    take(first, before, 4)
    saved = copy.deepcopy((first.state_dict(), before.state_dict()))
    wanted = take(first, before, 4)
    second.load_state_dict(saved[0])
    after.load_state_dict(saved[1])
    assert_equal(take(second, after, 4), wanted)


@EACH
def test_a_state_names_all_that_it_has(make: Make) -> None:
    model = net()
    optimizer = make(model)
    take(model, optimizer, 1)
    state = optimizer.state_dict()
    numbers = [i for group in state["param_groups"] for i in group["params"]]
    assert numbers == list(range(4))
    for group, saved in zip(optimizer.param_groups, state["param_groups"], strict=True):
        for i in saved["params"]:
            assert set(state["state"][i]) == set(optimizer.state_names(group))


def broken(name: str, state: dict[str, Any]) -> dict[str, Any]:
    state = copy.deepcopy(state)
    last = state["state"][3]
    if name == "shape":
        key = "slow" if "slow" in last else "momentum_buffer"
        last[key] = autograd.zeros(7)
    elif name == "groups":
        state["param_groups"].pop()
    else:
        state["state"][3] = {}
    return state


@EACH
@pytest.mark.parametrize("name", ["shape", "groups", "missing"])
def test_a_state_that_does_not_fit_changes_nothing(make: Make, name: str) -> None:
    model = net()
    optimizer = make(model)
    take(model, optimizer, 4)
    saved = copy.deepcopy(optimizer.state_dict())
    wrong = broken(name, saved)
    if make is several and name == "missing":
        wrong["state"][3] = {"momentum": autograd.zeros(2)}
    with pytest.raises(ValueError, match=r"fit|number of steps|stores only"):
        optimizer.load_state_dict(wrong)
    now = optimizer.state_dict()
    for i, state in saved["state"].items():
        for key, value in state.items():
            np.testing.assert_array_equal(np.asarray(now["state"][i][key]), np.asarray(value))


@pytest.mark.parametrize(("k", "alpha"), [(0, 0.5), (5, 1.5), (5, -0.1)])
def test_lookahead_refuses(k: int, alpha: float) -> None:
    with pytest.raises(ValueError, match="k must be at least 1, alpha from 0 to 1"):
        Lookahead(optim.SGD(net().parameters()), k, alpha)


@pytest.mark.parametrize("grouped", [False, True])
def test_muon_moves_hidden_matrices_and_adamw_the_rest(grouped: bool) -> None:
    model = net()
    args = argparse.Namespace(lr=0.01, momentum=0.9, weight_decay=0.1)
    some: Any = list(model.parameters())
    if grouped:
        some = [
            {"params": [p for p in some if p.ndim == 2]},
            {"params": [p for p in some if p.ndim == 1], "weight_decay": 0.0},
        ]
    both = OPTIMIZERS["muon"](some, args)
    assert isinstance(both, MultiOptimizer)
    muon, adamw = both.optimizers
    assert isinstance(muon, optim.Muon) and isinstance(adamw, optim.AdamW)
    assert [p.shape for group in muon.param_groups for p in group["params"]] == [(4, 3)]
    assert sorted(p.shape for group in adamw.param_groups for p in group["params"]) == [(2,), (2, 4), (4,)]
    if grouped:
        assert [group["weight_decay"] for group in adamw.param_groups] == [0.1, 0.0]
