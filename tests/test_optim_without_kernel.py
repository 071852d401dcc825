"""Optimizers whose step is no kernel: their states go on with the same bits, and wrong options are refused."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import autograd
import optim
from autograd import tensor
from tests.optimizers import WITHOUT_KERNEL


def make(name: str) -> tuple[Any, Any]:
    params = [tensor(np.random.default_rng(i).standard_normal((3, 4)), requires_grad=True) for i in range(2)]
    return params, getattr(optim, name)(params, lr=0.1)


def go_on(params: list[Any], optimizer: Any, steps: int) -> list[bytes]:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = autograd.stack([autograd.cos(p).sum() + (p**4).sum() for p in params]).sum()
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return [p.array.tobytes() for p in params]


@pytest.mark.parametrize("name", sorted(WITHOUT_KERNEL))
def test_a_loaded_state_goes_on_with_the_same_bits(name: str) -> None:
    params, optimizer = make(name)
    go_on(params, optimizer, 3)
    state, weights = copy.deepcopy(optimizer.state_dict()), [p.array.copy() for p in params]
    others, fresh = make(name)
    with autograd.no_grad():
        for p, weight in zip(others, weights):
            p.copy_(tensor(weight))
    fresh.load_state_dict(state)
    assert go_on(others, fresh, 3) == go_on(params, optimizer, 3)


def test_lbfgs_needs_a_closure_and_has_one_group() -> None:
    params, optimizer = make("LBFGS")
    with pytest.raises(TypeError, match=r"LBFGS\.step: needs a closure"):
        optimizer.step()
    with pytest.raises(ValueError, match="only one group"):
        optim.LBFGS([{"params": params[:1]}, {"params": params[1:]}])
    with pytest.raises(ValueError, match="Muon: a parameter has shape"):
        optim.Muon([autograd.ones(3, requires_grad=True)])
