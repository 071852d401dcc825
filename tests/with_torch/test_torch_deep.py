"""The deep network in PyTorch is trained as ours is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import autograd
from examples.experiments import generalize_deep, torch_deep
from examples.experiments.support.frameworks import deep_recipe
from nn import functional as F

WHITENING = np.random.default_rng(0).standard_normal((24, 3, 2, 2)).astype(np.float32)
STEPS = 4


def batches() -> list[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(1)
    return [
        (random.standard_normal((16, 3, 32, 32)).astype(np.float32), random.integers(0, 10, 16)) for _ in range(STEPS)
    ]


def ours(model: generalize_deep.Deep) -> list[float]:
    made = generalize_deep.parts(model, argparse.Namespace(lr=deep_recipe.LR, epochs=1), 2 * STEPS)
    losses = []
    for x, y in batches():
        scores = model(autograd.from_numpy(x))
        loss = F.cross_entropy(scores, autograd.from_numpy(y), label_smoothing=deep_recipe.SMOOTHING)
        made.optimizer.zero_grad()
        loss.backward()
        made.optimizer.step()
        assert made.scheduler
        made.scheduler.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_losses_and_weights(layout: torch.memory_format) -> None:
    autograd.manual_seed(0)
    model = generalize_deep.Deep(WHITENING)
    theirs = torch_deep.Deep(WHITENING)
    converted = {name.replace(".layers", ""): torch.tensor(value.numpy()) for name, value in model.state_dict().items()}
    numbers = {"conv1": "0", "norm1": "2", "conv2": "4", "norm2": "5"}
    for name, number in numbers.items():
        converted = {key.replace(f".{name}.", f".{number}."): value for key, value in converted.items()}
    theirs.load_state_dict(converted)
    training = torch_deep.Training(theirs, 2 * STEPS, layout)
    before = model.head.weight.detach().numpy().copy()
    wanted = ours(model)
    assert [training.step(x, y) for x, y in batches()] == pytest.approx(wanted, rel=2e-3)
    found, after = theirs.head.weight.detach().numpy(), model.head.weight.detach().numpy()
    assert np.linalg.norm(found - after) < 0.02 * np.linalg.norm(after - before)


def test_a_run(tmp_path: Path) -> None:
    arguments = ["--synthetic", "--limit", "40", "--batch-size", "8", "--epochs", "2", "--out", str(tmp_path / "run")]
    assert torch_deep.main(arguments) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["result"]["test"]["pictures"] == 40 and len(result["result"]["history"]) == 2
    assert "torch" in result["versions"]


def test_validation_images_are_looked_at_after_each_epoch(tmp_path: Path) -> None:
    arguments = ["--synthetic", "--limit", "40", "--batch-size", "8", "--epochs", "2", "--out", str(tmp_path / "run")]
    assert torch_deep.main([*arguments, "--validation", "10"]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())["result"]
    assert "test" not in result and result["validation"]["pictures"] == 10
    assert all(0 <= row["validation_error"] <= 1 for row in result["history"])
