"""Checkpoints: every bit is restored, and an incomplete file is refused with an error message."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors.numpy import save_file

import autograd
import nn
import optim
from examples.experiments.support.runs.checkpoint import CheckpointError, Epoch, Parts, Progress, restore, save
from nn import functional as F

SETTINGS = {"lr": 0.1, "batch_size": 4}


class Halving:
    """A scheduler with PyTorch's methods that halves the learning rate each epoch."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.last_epoch = 0

    def step(self) -> None:
        self.last_epoch += 1
        self.optimizer.param_groups[0]["lr"] /= 2

    def state_dict(self) -> dict[str, Any]:
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.last_epoch = state_dict["last_epoch"]


def make(width: int = 5, **options: Any) -> Parts:
    autograd.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))
    optimizer = optim.SGD(model.parameters(), lr=0.1, **{"momentum": 0.9, **options})
    return Parts(model, optimizer, Halving(optimizer))


def step(parts: Parts) -> None:
    x = np.random.default_rng(7).standard_normal((4, 3)).astype(np.float32)
    parts.optimizer.zero_grad()
    F.cross_entropy(parts.model(autograd.tensor(x)), autograd.tensor(np.array([0, 1, 1, 0]))).backward()
    parts.optimizer.step()


def weights(parts: Parts) -> dict[str, bytes]:
    return {name: tensor.detach().numpy().tobytes() for name, tensor in parts.model.state_dict().items()}


def rng() -> bytes:
    return bytes(autograd.get_rng_state().numpy().tobytes())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    parts = make()
    step(parts)
    save(tmp_path / "checkpoint", parts, Progress(), SETTINGS)
    return tmp_path / "checkpoint"


@pytest.mark.parametrize("options", [{}, {"momentum": 0.0}, {"nesterov": True, "weight_decay": 0.01}])
def test_everything_comes_back(options: dict[str, Any], tmp_path: Path) -> None:
    parts = make(**options)
    step(parts)
    assert parts.scheduler
    parts.scheduler.step()
    row = {"epoch": 1, "train_loss": 0.1 + 0.2, "learning_rate": 5e-324}
    autograd.rand(3)  # advances the generator, so its state differs from that of a new process
    progress = Progress([row], Epoch(step=3, pictures=12, wrong=5, loss_sum=1 / 3, seconds=0.7))
    save(tmp_path / "checkpoint", parts, progress, SETTINGS)
    random_numbers = rng()
    step(parts)

    again = make(**options)
    assert restore(tmp_path / "checkpoint", again, SETTINGS) == progress
    assert rng() == random_numbers
    assert again.optimizer.param_groups[0]["lr"] == 0.05
    assert again.scheduler
    assert again.scheduler.state_dict() == {"last_epoch": 1}
    step(again)
    assert weights(again) == weights(parts)


def test_before_the_first_step(tmp_path: Path) -> None:
    save(tmp_path / "checkpoint", make(), Progress(), SETTINGS)
    again = make()
    assert restore(tmp_path / "checkpoint", again, SETTINGS) == Progress()
    step(again)


def test_the_same_state_makes_the_same_bytes(file: Path) -> None:
    parts = make()
    step(parts)
    save(file.with_name("other"), parts, Progress(), SETTINGS)
    assert file.read_bytes() == file.with_name("other").read_bytes()


def refused(file: Path, parts: Parts, wanted: dict[str, Any], sentence: str) -> None:
    """Check that loading is refused with these words and changes nothing."""
    before, random_numbers = weights(parts), rng()
    with pytest.raises(CheckpointError, match=sentence) as caught:
        restore(file, parts, wanted)
    assert str(file) in str(caught.value)
    assert weights(parts) == before
    assert rng() == random_numbers


def test_other_settings(file: Path) -> None:
    refused(file, make(), {**SETTINGS, "lr": 0.2}, r"lr 0\.1, not 0\.2.*--out")
    refused(file, make(), {**SETTINGS, "colour": 1}, "colour None, not 1")
    refused(file, make(), {"lr": 0.1}, "batch_size 4, not None")


def test_another_model(file: Path) -> None:
    refused(file, make(width=6), SETTINGS, r"0\.bias it contains float32 \(5,\), but the model has float32 \(6,\)")
    deeper = make()
    deeper.model.append(nn.Linear(2, 2))  # type: ignore[operator]
    refused(file, deeper, SETTINGS, r"3\.bias it contains nothing")


def test_another_format(file: Path, tmp_path: Path) -> None:
    envelope = {"format": 99, "digest": "", "state": {}}
    save_file({"rng": np.zeros(1)}, tmp_path / "new", {"lucidgrad": json.dumps(envelope)})
    refused(tmp_path / "new", make(), SETTINGS, "format 99; this version reads format 1")


def test_tensors_that_are_no_checkpoint(tmp_path: Path) -> None:
    save_file({"weight": np.zeros(3)}, tmp_path / "weights")
    refused(tmp_path / "weights", make(), SETTINGS, "not a checkpoint of a training run")
    save_file({"weight": np.zeros(3)}, tmp_path / "weights", {"lucidgrad": "[1]"})
    refused(tmp_path / "weights", make(), SETTINGS, "damaged")


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "pickle").write_bytes(b"cos\nsystem\n(S'touch run'\ntR.")
    refused(tmp_path / "pickle", make(), SETTINGS, "cut short or damaged")


@given(share=st.floats(0, 1, exclude_max=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_truncated_anywhere(file: Path, share: float) -> None:
    whole = file.read_bytes()
    short = file.with_name("short")
    short.write_bytes(whole[: int(share * len(whole))])
    refused(short, make(), SETTINGS, "cut short or damaged|is damaged")


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_anywhere(file: Path, share: float, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[int(share * len(content))] ^= 1 << bit
    flipped = file.with_name("flipped")
    flipped.write_bytes(content)
    refused(flipped, make(), SETTINGS, "damaged|not a checkpoint|format")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing"):
        restore(tmp_path / "nothing", make(), SETTINGS)


def test_a_full_disk_leaves_the_old_checkpoint(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = file.read_bytes()

    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    parts = make()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"could not be written.*Free some space"):
        save(file, parts, Progress([{"epoch": 1}]), SETTINGS)
    assert file.read_bytes() == old
    assert os.listdir(file.parent) == [file.name]
