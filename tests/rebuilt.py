"""The rebuilt baselines beside ours: what a test in each framework's environment asks of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.experiments.support.frameworks import ours
from examples.experiments.support.frameworks.experiment import initial_weights
from examples.experiments.support.frameworks.rebuilt import FAN_IN, LAYERS, PARAMETERS, Rebuilt
from tests.runs import end, program, start_in_shell, without_times

LR, MOMENTUM = 0.05, 0.9

#: What a run with ``--synthetic --limit 40`` says about itself.
CUT_SHORT = (
    "The images were drawn by the program: they are not CIFAR-10's. "
    "Only the first 40 training and test images were used."
)


def batch(seed: int, count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.standard_normal((count, 3, 32, 32), np.float32), random.integers(0, 10, count)


def check_look(net: Rebuilt) -> None:
    """From the same weights, every layer's output and every gradient; and looking changes nothing."""
    weights = initial_weights(0)
    our = ours.Net("cpu", LR, MOMENTUM)
    for each in (our, net):
        each.load(weights)
    a, b = our.look(*batch(1)), net.look(*batch(1))
    assert list(b.outputs) == list(b.output_gradients) == list(LAYERS)
    assert set(b.gradients) == set(PARAMETERS)
    for mine, theirs in zip(a, b, strict=True):
        for name, array in theirs.items():
            scale = np.abs(array).max()
            assert scale > 0, name
            np.testing.assert_allclose(mine[name], array, rtol=0, atol=1e-5 * scale, err_msg=name)
    np.testing.assert_allclose(net.scores(batch(1)[0]), a.outputs["scores"], rtol=1e-4, atol=1e-5)
    for name, array in net.weights().items():
        np.testing.assert_array_equal(array, weights[name])


def check_training(net: Rebuilt) -> None:
    """Five steps on batches of different sizes: losses and weights, and so the mean and the momentum.

    A maximum's winner may change with rounding, and a weight of conv with it, but not many of them.
    """
    our = ours.Net("cpu", LR, MOMENTUM)
    for each in (our, net):
        each.load(initial_weights(3))
    losses = [[each.step(*batch(seed, 4 + seed % 2)) for seed in range(5)] for each in (our, net)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    begun, theirs = initial_weights(3), net.weights()
    for name, array in our.weights().items():
        moved, apart = (float(np.linalg.norm(array - other[name])) for other in (begun, theirs))
        assert moved > 1e-3, name
        assert apart < 1e-2 * moved, name


def check_initial_weights(net: Rebuilt, again: Rebuilt, other: Rebuilt) -> None:
    """Weights and biases are uniform in ±1/√fan_in; the seed decides them."""
    drawn = net.weights()
    assert set(drawn) == set(PARAMETERS)
    for name, array in drawn.items():
        bound = FAN_IN[name.split(".")[1]] ** -0.5
        assert 0.5 * bound < np.abs(array).max() <= bound, name
        if array.size > 1000:
            assert array.std() == pytest.approx(bound / 3**0.5, rel=0.1)
        np.testing.assert_array_equal(array, again.weights()[name])
        assert (array != other.weights()[name]).any()


def check_resuming(main: Callable[[Sequence[str]], int], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two epochs in two sessions are two epochs in one, to the bit; other settings and damage are sentences."""
    settings = ["--synthetic", "--limit", "40", "--batch-size", "8", "--out"]
    assert main([*settings, str(folder / "whole"), "--epochs", "2"]) == 0
    for epochs in ("1", "2"):
        assert main([*settings, str(folder / "parts"), "--resume", "--epochs", epochs]) == 0
    whole, parts = (json.loads((folder / name / "result.json").read_text()) for name in ("whole", "parts"))
    assert _rows(parts) == _rows(whole) and len(_rows(parts)) == 2
    assert whole["cut_short"] == CUT_SHORT
    assert main([*settings, str(folder / "parts"), "--epochs", "3"]) == 1
    assert "holds a run already. Continue it with --resume" in capsys.readouterr().err
    assert main([*settings, str(folder / "parts"), "--resume", "--lr", "0.5"]) == 1
    assert "belongs to a run with other settings ({'lr': 0.01})" in capsys.readouterr().err
    (folder / "parts" / "checkpoint.safetensors").write_bytes(b"nothing")
    assert main([*settings, str(folder / "parts"), "--resume"]) == 1
    assert "is damaged" in capsys.readouterr().err


def check_streams(experiment: str, folder: Path) -> None:
    """A run comes to its end where nobody reads its stdout, and where stdout is closed."""
    settings = ["--synthetic", "--limit", "40", "--batch-size", "8", "--epochs", "1", "--out"]
    for name, redirections in (("unread", ""), ("closed", ">&-")):
        process = start_in_shell([program(experiment), *settings, str(folder / name)], redirections)
        status, _, err = end(process, unread=name == "unread")
        assert (status, err) == (0, "")
        assert (folder / name / "result.json").exists()


def _rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [without_times(row) for row in result["result"]["epochs"]]
