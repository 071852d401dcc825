"""Random numbers: seeds, states, distributions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, tensor
from autograd.tensor import wrap


def draws() -> list[Any]:
    return [
        autograd.rand(3).tolist(),
        autograd.randn(2, 2).tolist(),
        autograd.randint(0, 100, (5,)).tolist(),
        autograd.randperm(9).tolist(),
        nn.Linear(3, 2).weight.tolist(),
    ]


def test_a_seed_gives_the_same_numbers() -> None:
    autograd.manual_seed(5)
    first = draws()
    autograd.manual_seed(5)
    assert draws() == first
    assert draws() != first
    autograd.manual_seed(6)
    assert draws() != first


def test_the_state_goes_there_and_back() -> None:
    autograd.manual_seed(0)
    autograd.randint(0, 10, (3,))  # leaves half of a word in the generator
    state = autograd.get_rng_state()
    assert state.dtype == np.uint8
    kept = state.clone()
    first = draws()
    for again in (state, kept, wrap(state.numpy().copy())):
        autograd.set_rng_state(again)
        assert draws() == first
    assert state.tolist() == kept.tolist()  # a copy, which stays unchanged


def states_that_are_none() -> list[Any]:
    good = json.loads(autograd.get_rng_state().numpy().tobytes())

    def encoded(content: Any) -> Tensor:
        return tensor(np.frombuffer(json.dumps(content).encode(), np.uint8))

    inner = good["state"]
    return [
        autograd.zeros(0, dtype=np.uint8),
        autograd.zeros(50, dtype=np.uint8),
        tensor(np.arange(256), dtype=autograd.uint8),
        wrap(autograd.get_rng_state().numpy()[:-3].copy()),
        autograd.rand(40),
        encoded([]),
        encoded({}),
        encoded({**good, "bit_generator": "MT19937"}),
        encoded({**good, "state": {}}),
        encoded({**good, "state": {**inner, "extra": 1}}),
        encoded({**good, "state": {**inner, "state": "x"}}),
        encoded({**good, "state": {**inner, "state": 2**128}}),
        encoded({**good, "state": {**inner, "inc": None}}),
        encoded({**good, "uinteger": 2**70}),
        encoded({key: value for key, value in good.items() if key != "has_uint32"}),
        encoded({**good, "has_uint32": "no"}),
        tensor(np.frombuffer(b"[" * 100_000, np.uint8)),
    ]


def test_a_refused_state_leaves_the_old_one() -> None:
    autograd.manual_seed(1)
    before = autograd.get_rng_state().tolist()
    for wrong in states_that_are_none():
        autograd.set_rng_state(tensor(before, dtype=autograd.uint8))
        with pytest.raises(ValueError, match="set_rng_state: this tensor is not a state of get_rng_state"):
            autograd.set_rng_state(wrong)
        assert autograd.get_rng_state().tolist() == before


def test_distributions() -> None:
    autograd.manual_seed(0)
    n = 100_000
    uniform, normal = autograd.rand(n).numpy(), autograd.randn(n).numpy()
    integers, order = autograd.randint(3, 7, (n,)).numpy(), autograd.randperm(50).numpy()
    assert uniform.dtype == normal.dtype == np.float32
    assert 0 <= uniform.min() < 0.001 and 0.999 < uniform.max() < 1
    np.testing.assert_allclose(np.histogram(uniform, 10)[0], n / 10, rtol=0.05)
    assert (normal.mean(), normal.std()) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))
    assert np.mean(np.abs(normal) < 1) == pytest.approx(0.6827, abs=0.01)
    assert integers.dtype == np.int64
    np.testing.assert_allclose(np.unique(integers, return_counts=True)[1], n / 4, rtol=0.05)
    assert set(integers) == {3, 4, 5, 6}
    assert sorted(order) == list(range(50)) and list(order) != list(range(50))


def test_shapes_and_options() -> None:
    assert autograd.rand(2, 3).shape == autograd.rand((2, 3)).shape == (2, 3)
    assert autograd.randn().shape == autograd.rand(()).shape == ()
    assert autograd.randn(2, dtype=autograd.float64, requires_grad=True).requires_grad
    assert autograd.rand(2, dtype=autograd.float64).dtype == np.float64
    assert set(autograd.randint(2, (100,)).tolist()) == {0, 1}
    assert autograd.randint(5, 6, ()).item() == 5
    assert autograd.randint(5, (2,), dtype=autograd.int32).dtype == autograd.int32
