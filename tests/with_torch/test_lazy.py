"""Lazy layers beside PyTorch's: before the first call, during it, and loaded from a state before it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn
from tests.with_torch.test_nn import assert_close, assert_equal_run, first_signature, to_torch

LAYERS = sorted(name for name in dir(torch.nn) if name.startswith("Lazy"))


def arguments(name: str) -> dict[str, Any]:
    if name == "LazyLinear":
        return {"out_features": 3}
    return {"out_channels": 4, "kernel_size": 2, "groups": 2} if "Conv" in name else {"momentum": 0.2}


def example(name: str, batch: tuple[int, ...] = (3,)) -> np.ndarray:
    dims = int(name[-2]) if name.endswith("d") else 1
    return np.random.default_rng(0).standard_normal((*batch, 4, *[5] * dims))


@pytest.mark.parametrize("name", LAYERS)
def test_the_first_call(name: str) -> None:
    ours, theirs = (getattr(library, name)(**arguments(name)).double() for library in (nn, torch.nn))
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.has_uninitialized_params() and ours.weight.dtype == np.float64
    before, x = ours.weight, example(name)
    ours(autograd.tensor(x)), theirs(torch.tensor(x))
    assert ours.weight is before and type(before) is nn.Parameter  # an optimizer may hold it already
    assert type(ours) is getattr(nn, name.removeprefix("Lazy")) and not ours._hooks
    assert repr(ours) == repr(theirs) and type(ours).__name__ == type(theirs).__name__
    for mine, its in zip(ours.buffers(), theirs.buffers(), strict=True):
        assert type(mine) is autograd.Tensor
        assert_close(mine, its)  # the statistics of the first batch
    theirs.load_state_dict(to_torch(ours.state_dict()))
    assert_equal_run(ours, theirs, [x], np.random.default_rng(1))


@pytest.mark.parametrize("name", LAYERS)
def test_a_state_is_loaded_before_the_first_call(name: str) -> None:
    x = example(name)
    ready = getattr(nn, name)(**arguments(name)).double()
    ready(autograd.tensor(x))
    ours, theirs = (getattr(library, name)(**arguments(name)).double() for library in (nn, torch.nn))
    theirs(torch.tensor(x))  # PyTorch's LazyInstanceNorm cannot be called after it was loaded
    ours.load_state_dict(ready.state_dict())
    theirs.load_state_dict(to_torch(ready.state_dict()))
    assert not ours.has_uninitialized_params()
    assert_equal_run(ours, theirs, [x], np.random.default_rng(1))
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", LAYERS)
def test_arguments_have_pytorchs_names_and_defaults(name: str) -> None:
    ours, theirs = (first_signature(getattr(library, name)) for library in (nn, torch.nn))
    assert list(ours.parameters) == list(theirs.parameters)
    assert [p.default for p in ours.parameters.values()] == [p.default for p in theirs.parameters.values()]


def test_what_an_uninitialized_parameter_refuses() -> None:
    ours, theirs = nn.LazyLinear(3), torch.nn.LazyLinear(3)
    for weight in (ours.weight, theirs.weight):
        for use in (lambda w: w + 1, lambda w: w.sum(), lambda w: w.numel(), lambda w: w.tolist()):
            with pytest.raises(ValueError, match=r"uninitialized|it has no values yet"):
                use(weight)
        with pytest.raises(RuntimeError, match=r"uninitialized|it has no shape yet"):
            weight.shape  # noqa: B018
    for layer in (ours, theirs):
        with pytest.raises((ValueError, RuntimeError)):
            type(layer).cls_to_become(4, 3).load_state_dict(layer.state_dict())
        layer.load_state_dict(type(layer)(3).state_dict())  # nothing to copy
        assert layer.has_uninitialized_params()
    for made in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert repr(made.weight) == repr(theirs.weight) and made.weight is not ours.weight
        assert made(autograd.ones(2, 5)).shape == (2, 3) and ours.has_uninitialized_params()


def test_no_random_numbers_are_drawn_before_the_first_call() -> None:
    autograd.manual_seed(0)
    layer = nn.LazyConv2d(2, 3)
    layer(autograd.ones(1, 4, 5, 5))
    autograd.manual_seed(0)
    assert layer.weight.tolist() == nn.Conv2d(4, 2, 3).weight.tolist()


def test_a_lazy_module_of_ones_own() -> None:
    class Scale(nn.LazyModuleMixin):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.UninitializedParameter()
            self.register_buffer("mean", nn.UninitializedBuffer())

        def initialize_parameters(self, x: Any, times: int = 1) -> None:
            self.weight.materialize(x.shape[1:])
            self.mean.materialize(x.shape[1:])
            nn.init.constant_(self.weight, times)

        def forward(self, x: Any, times: int = 1) -> Any:
            return x * self.weight

    assert Scale()(autograd.ones(2, 3), times=4).tolist() == [[4] * 3] * 2
