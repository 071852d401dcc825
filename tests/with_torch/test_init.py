"""Each initializer's draws and each layer's initial values have PyTorch's distribution."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn

SHAPES = [(300, 40), (40, 30, 3, 4), (20, 60, 9)]  # 12,000 numbers and more


def assert_alike(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Two-sample Smirnov test, with a bound that is exceeded once in a thousand."""
    a, b = np.sort(ours.ravel()), np.sort(theirs.ravel())
    both = np.concatenate([a, b])
    distance = np.abs(np.searchsorted(a, both, "right") / len(a) - np.searchsorted(b, both, "right") / len(b)).max()
    assert distance < 1.95 * math.sqrt(1 / len(a) + 1 / len(b))


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("uniform_", {}),
        ("uniform_", {"a": -3, "b": 0.5}),
        ("normal_", {}),
        ("normal_", {"mean": 2, "std": 0.1}),
        ("trunc_normal_", {}),
        ("trunc_normal_", {"mean": 0.5, "std": 2, "a": -1, "b": 1}),
        ("trunc_normal_", {"std": 0.02}),
        ("xavier_uniform_", {}),
        ("xavier_uniform_", {"gain": 2}),
        ("xavier_normal_", {}),
        ("xavier_normal_", {"gain": 0.5}),
        *[
            (f"kaiming_{kind}_", options)
            for kind in ("uniform", "normal")
            for options in (
                {},
                {"a": math.sqrt(5)},
                {"mode": "fan_out", "nonlinearity": "relu"},
                {"nonlinearity": "tanh"},
                {"nonlinearity": "linear", "mode": "fan_out"},
            )
        ],
        ("orthogonal_", {}),
        ("orthogonal_", {"gain": 3}),
    ],
)
def test_draws(name: str, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    ours = getattr(nn.init, name)(autograd.empty(*shape), **options).numpy()
    theirs = getattr(torch.nn.init, name)(torch.empty(*shape), **options).numpy()
    assert_alike(ours, theirs)
    assert np.array_equal(ours.shape, theirs.shape) and ours.dtype == theirs.dtype


@pytest.mark.parametrize("sparsity", [0.1, 0.25, 0.9])
def test_sparse(sparsity: float) -> None:
    ours = nn.init.sparse_(autograd.empty(90, 200), sparsity, std=0.5).numpy()
    theirs = torch.nn.init.sparse_(torch.empty(90, 200), sparsity, std=0.5).numpy()
    assert np.array_equal((ours == 0).sum(0), (theirs == 0).sum(0))
    assert_alike(ours[ours != 0], theirs[theirs != 0])
    assert_alike(np.argwhere(ours == 0)[:, 0], np.argwhere(theirs == 0)[:, 0])  # the rows of the zeros


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("constant_", (2, 3), (0.3,)),
        ("ones_", (2, 3), ()),
        ("zeros_", (2, 3), ()),
        ("eye_", (3, 5), ()),
        ("eye_", (5, 3), ()),
        ("dirac_", (4, 3, 5), ()),
        ("dirac_", (6, 2, 4, 3), (3,)),
        ("dirac_", (4, 4, 3, 3, 2), (2,)),
    ],
)
def test_what_is_not_drawn(name: str, shape: tuple[int, ...], arguments: tuple) -> None:
    ours = getattr(nn.init, name)(autograd.empty(*shape), *arguments).numpy()
    assert np.array_equal(ours, getattr(torch.nn.init, name)(torch.empty(*shape), *arguments).numpy())


@pytest.mark.parametrize("param", [None, 0.2, 3])
@pytest.mark.parametrize(
    "nonlinearity",
    ["linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
     "tanh", "relu", "leaky_relu", "selu"],
)  # fmt: skip
def test_gain(nonlinearity: str, param: float | None) -> None:
    assert nn.init.calculate_gain(nonlinearity, param) == torch.nn.init.calculate_gain(nonlinearity, param)  # type: ignore[arg-type]


def test_every_initializer_is_there_with_pytorchs_arguments() -> None:
    public = [name for name, value in vars(torch.nn.init).items() if name[0] != "_" and inspect.isfunction(value)]
    schemes = [name for name in public if name.endswith("_") or name == "calculate_gain"]
    assert len(schemes) == 15
    for name in schemes:
        ours = inspect.signature(getattr(nn.init, name)).parameters
        theirs = inspect.signature(getattr(torch.nn.init, name)).parameters
        assert list(ours) == list(theirs)
        assert [p.default for p in ours.values()] == [theirs[key].default for key in ours]


@pytest.mark.parametrize(
    "make",
    [
        lambda n: n.Linear(10, 8000),  # enough biases to detect a bound that is a tenth off
        lambda n: n.Conv1d(20, 60, 5),
        lambda n: n.Conv2d(16, 64, (3, 5), groups=4),
        lambda n: n.ConvTranspose2d(24, 64, 3, groups=2),
        lambda n: n.Embedding(100, 80),
        lambda n: n.Embedding(100, 80, padding_idx=3),
        lambda n: n.BatchNorm1d(50),
        lambda n: n.BatchNorm2d(50),
        lambda n: n.LayerNorm((4, 5)),
        lambda n: n.GroupNorm(2, 50),
    ],
)
def test_first_values_of_layers(make: Callable[[Any], Any]) -> None:
    ours = {name: t.numpy() for name, t in make(nn).state_dict().items()}
    theirs = {name: t.numpy() for name, t in make(torch.nn).state_dict().items()}
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        assert (values.shape, values.dtype) == (theirs[name].shape, theirs[name].dtype)
        assert_alike(values, theirs[name])
        assert values.min() == pytest.approx(theirs[name].min(), rel=0.4)  # also the bounds
        assert values.max() == pytest.approx(theirs[name].max(), rel=0.4)
        assert np.array_equal(np.argwhere((values == 0).all(-1)), np.argwhere((theirs[name] == 0).all(-1)))
