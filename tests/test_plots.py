"""Learning curves: what is in the image, in which formats, and that no partial file is left."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from examples.report import plots
from examples.report.plots import learning_curves

HISTORY = [
    {
        "epoch": epoch,
        "train_loss": 2.0 / epoch,
        "train_error": 0.7 / epoch,
        "validation_loss": 2.1 / epoch**0.5,
        "validation_error": 0.75 / epoch**0.5,
        "test_loss": 2.2 / epoch**0.5,
        "test_error": 0.8 / epoch**0.5,
    }
    for epoch in range(1, 11)
]


def words(svg: Path) -> set[str]:
    """Read the texts of an SVG image, which Matplotlib stores as comments beside the outlines."""
    return set(re.findall(r"<!-- (.*?) -->", svg.read_text()))


def test_png(tmp_path: Path) -> None:
    learning_curves(HISTORY, tmp_path / "curves.png")
    picture = imread(tmp_path / "curves.png")
    assert picture.shape[1] > picture.shape[0] > 300
    assert 0.005 < float(np.mean(picture[..., :3].min(axis=2) < 0.5)) < 0.2  # lines on a white background


def test_axes_have_quantities_and_units(tmp_path: Path) -> None:
    learning_curves(HISTORY, tmp_path / "curves.svg")
    wanted = {"Loss", "Error", "epoch", "cross-entropy [nats per image]", "error [% of images]"}
    assert wanted | {"training", "validation", "test"} <= words(tmp_path / "curves.svg")


def test_accuracy_in_place_of_the_error(tmp_path: Path) -> None:
    learning_curves(HISTORY, tmp_path / "curves.svg", accuracy=True)
    assert {"Accuracy", "accuracy [% of images]"} <= words(tmp_path / "curves.svg")


def test_one_epoch_and_only_training(tmp_path: Path) -> None:
    row = {"epoch": 1, "train_loss": 1.5, "train_error": 0.5}
    learning_curves([row], tmp_path / "curves.svg")
    assert words(tmp_path / "curves.svg").isdisjoint({"validation", "test"})


def test_curves_differ_without_colour() -> None:
    for key in ("linestyle", "marker", "color"):
        assert len({style[key] for style in plots._STYLES.values()}) == len(plots._STYLES)


def test_same_history_same_bytes(tmp_path: Path) -> None:
    learning_curves(HISTORY, tmp_path / "a.png")
    learning_curves(HISTORY, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_full_disk_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learning_curves(HISTORY[:2], tmp_path / "curves.png")
    old = (tmp_path / "curves.png").read_bytes()

    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=r"curves\.png could not be written"):
        learning_curves(HISTORY, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes() == old
    assert os.listdir(tmp_path) == ["curves.png"]
