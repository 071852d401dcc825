"""Weights move between the libraries in a safetensors file, in both directions, and give the same results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

import autograd
import nn


def build(n: Any) -> Any:
    """A network with every kind of layer that has weights or buffers; its input is (N, 4, 9, 9)."""
    return n.Sequential(
        n.Conv2d(4, 6, 3, padding=1, groups=2),
        n.BatchNorm2d(6),
        n.ReLU(),
        n.ConvTranspose2d(6, 4, 2, stride=2),
        n.GroupNorm(2, 4),
        n.Flatten(2),
        n.Conv1d(4, 3, 5, bias=False),
        n.BatchNorm1d(3, affine=False),
        n.Linear(320, 8),
        n.LayerNorm(8),
    )


def used(net: Any, library: Any) -> Any:
    """The network after a training batch, so that its statistics have changed."""
    net(library.randn(3, 4, 9, 9))
    return net.eval()


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, 4, 9, 9)).astype(np.float32)


def assert_same(ours: Any, theirs: Any, x: np.ndarray) -> None:
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    for name, tensor in ours.state_dict().items():
        assert np.array_equal(tensor.numpy(), state[name].numpy()) and tensor.dtype == state[name].numpy().dtype
    with autograd.no_grad(), torch.no_grad():
        y, z = ours(autograd.tensor(x)).numpy(), theirs(torch.tensor(x)).numpy()
    np.testing.assert_allclose(y, z, rtol=1e-4, atol=1e-5)


def test_ours_to_theirs(tmp_path: Path, x: np.ndarray) -> None:
    ours, theirs = used(build(nn), autograd), build(torch.nn).eval()
    state = {name: tensor.numpy() for name, tensor in ours.state_dict().items()}
    safetensors.numpy.save_file(state, tmp_path / "weights.safetensors")
    assert theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "weights.safetensors")) is not None
    assert_same(ours, theirs, x)


def test_theirs_to_ours(tmp_path: Path, x: np.ndarray) -> None:
    ours, theirs = build(nn).eval(), used(build(torch.nn), torch)
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "weights.safetensors")
    assert ours.load_state_dict(safetensors.numpy.load_file(tmp_path / "weights.safetensors")) == ([], [])
    assert_same(ours, theirs, x)


def test_there_and_back_is_the_same_file(tmp_path: Path) -> None:
    ours = used(build(nn), autograd)
    state = {name: tensor.numpy() for name, tensor in ours.state_dict().items()}
    safetensors.numpy.save_file(state, tmp_path / "first")
    safetensors.torch.save_file(safetensors.torch.load_file(tmp_path / "first"), tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
