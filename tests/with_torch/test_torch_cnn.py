"""The baseline rebuilt in PyTorch matches ours, and says why it cannot use a GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from examples.experiments import torch_cnn
from examples.experiments.support.frameworks import ours
from examples.experiments.support.frameworks.experiment import initial_weights
from examples.experiments.support.frameworks.rebuilt import DeviceError
from tests import kills, rebuilt
from tests.runs import ROOT


def test_outputs_and_gradients() -> None:
    rebuilt.check_look(torch_cnn.Net("cpu", rebuilt.LR, rebuilt.MOMENTUM))


def test_training() -> None:
    rebuilt.check_training(torch_cnn.Net("cpu", rebuilt.LR, rebuilt.MOMENTUM))


def test_initial_weights() -> None:
    rebuilt.check_initial_weights(*(torch_cnn.Net("cpu", 0.1, 0.9, seed) for seed in (4, 4, 5)))


def test_the_check_of_training_bites() -> None:
    """The check fails for a network with a different momentum or a different mean."""
    with pytest.raises(AssertionError):
        rebuilt.check_training(torch_cnn.Net("cpu", rebuilt.LR, 0.0))
    net = torch_cnn.Net("cpu", rebuilt.LR, rebuilt.MOMENTUM)
    net.load(initial_weights(0))
    weights = ours.Net("cpu", 0.1, 0.9).weights()
    assert all(np.shape(weights[name]) == array.shape for name, array in net.weights().items())


def test_resuming(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rebuilt.check_resuming(torch_cnn.main, tmp_path, capsys)


def test_killed_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    assert kills.kill("torch_cnn", 3, tmp_path).kills == 3


def test_streams(tmp_path: Path) -> None:
    rebuilt.check_streams("torch_cnn", tmp_path)


def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--synthetic", "--limit", "40", "--batch-size", "8", "--epochs", "2", "--out", str(tmp_path / "run")]
    assert torch_cnn.main(arguments) == 0
    assert "PyTorch on the CPU" in capsys.readouterr().out
    found = json.loads((tmp_path / "run" / "result.json").read_text())
    first, last = found["result"]["epochs"]
    assert last["train_loss"] < first["train_loss"] and found["cut_short"] == rebuilt.CUT_SHORT
    assert {"metrics.csv", "learning_curves.png"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_why_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    with pytest.raises(DeviceError, match=r"this build, .*, has no CUDA"):
        torch_cnn.find_device("gpu")
    assert torch_cnn.main(["--device", "gpu", "--out", str(tmp_path / "run")]) == 1
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"the driver is older than this build's CUDA 12\.6"):
        torch_cnn.find_device("gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nmore")

    monkeypatch.setattr(torch, "ones", fails)
    with pytest.raises(DeviceError, match=r"the card does not run this build's kernels \(CUDA error: no kernel image"):
        torch_cnn.find_device("gpu")


def test_no_numba_where_pytorch_is_timed() -> None:
    worker = "examples.experiments.support.frameworks.worker"
    program = f"import examples.experiments.torch_cnn, {worker}, sys; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
