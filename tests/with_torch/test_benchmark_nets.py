"""The benchmark's networks match: from the same weights they have the same losses at every step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autograd
import nn
from examples.benchmark import data, in_lucidgrad, in_torch, modules
from examples.benchmark.cases import CONV_PARTS, NETS, OP_PARTS, OPS

STEPS = 4


@pytest.mark.parametrize("variant", ["torch", "torch-channels-last"])
@pytest.mark.parametrize("name", NETS)
def test_the_same_training(name: str, variant: str) -> None:
    net = NETS[name]
    x, y = data.batch(net, 3)
    autograd.manual_seed(0)
    ours, theirs = modules.build(nn, net), modules.build(torch.nn, net)
    state = {key: torch.from_numpy(np.array(t.detach().numpy())) for key, t in ours.state_dict().items()}
    theirs.load_state_dict(state)
    steps = in_lucidgrad.training_step(net, ours, x, y, False), in_torch.training_step(variant, theirs, x, y)
    losses = [[step().item() for _ in range(STEPS)] for step in steps]
    assert losses[0] == pytest.approx(losses[1], rel=2e-3)
    assert losses[0][-1] < 0.98 * losses[0][0]  # it learned, so the optimizers were compared too


@pytest.mark.parametrize("part", CONV_PARTS)
def test_the_same_convolutions(part: str) -> None:
    what = {"part": part, "channels": 3, "outputs": 4, "side": 6, "batch": 2}
    ours = in_lucidgrad.make("lucidgrad", "conv", what)()
    theirs = in_torch.make("torch-channels-last", "conv", what)()
    theirs = theirs if part == "output" else theirs[part == "weight gradient"]
    np.testing.assert_allclose(np.asarray(ours.detach().numpy()), theirs.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("part", OP_PARTS)
@pytest.mark.parametrize(("op", "shape"), OPS)
def test_the_same_ops(op: str, shape: tuple[int, ...], part: str) -> None:
    what = {"op": op, "shape": shape, "part": part}
    ours, theirs = in_lucidgrad.make("lucidgrad", "op", what)(), in_torch.make("torch", "op", what)()
    if part == "forward":
        ours, theirs = (ours,), (theirs,)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        found, expected = a.detach().numpy(), b.detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * abs(expected).max())
