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


@pytest.mark.parametrize("shape", [(6, 2, 3, 1), (3, 4, 5), (40, 2, 2, 2)])
def test_muon_takes_filters_as_a_matrix(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    found = []
    for form in (shape, (shape[0], -1)):
        p = autograd.from_numpy(values[0].reshape(form).copy()).requires_grad_()
        optimizer = optim.Muon([p], lr=0.1)
        for gradient in values[1:]:
            p.grad = tensor(gradient.reshape(form))
            optimizer.step()
        found.append(p.detach().numpy().reshape(shape))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], values[0])


def test_muon_takes_the_same_step_on_any_number_of_threads() -> None:
    values = np.random.default_rng(0).standard_normal((2, 200, 600)).astype(np.float32)
    before, found = autograd.get_num_threads(), []
    try:
        for threads in (1, before):
            autograd.set_num_threads(threads)
            p = autograd.from_numpy(values[0].copy()).requires_grad_()
            p.grad = tensor(values[1])
            optim.Muon([p], lr=0.1).step()
            found.append(p.detach().numpy())
    finally:
        autograd.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])
