"""Events for TensorBoard and the table: what TensorBoard reads back, also after stops, kills and damage."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

from examples.experiments.support.runs import events
from examples.experiments.support.runs.signals import StopOnSignal
from examples.experiments.train import main
from tests.runs import TINY, stop_at

EPOCHS = 2
TAGS = {f"{what}/{split}" for what in ("loss", "accuracy") for split in ("train", "validation", "test")}
TAGS |= {"learning_rate", "images_per_second"}
ROW = {"learning_rate": 0.01, "train_loss": 2.0, "train_error": 0.75, "seconds": 1.5, "images_per_second": 100.0}
HISTORY = [{"epoch": epoch, **ROW} for epoch in (1, 2, 3)]


def run(*argv: str, out: Path) -> int:
    return main([*argv, "--out", str(out)])


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def check(folder: Path) -> None:
    """TensorBoard and csv read the rows of metrics.jsonl, each once, in files that contain nothing else."""
    history = rows(folder)
    assert len(history) == EPOCHS
    began = datetime.fromisoformat(json.loads((folder / "settings.json").read_text())["sessions"][0]["began"])
    assert len(list(LegacyEventFileLoader(str(folder / events.FILE)).Load())) == 1 + EPOCHS  # the version, and epochs
    board = EventAccumulator(str(folder))
    board.Reload()
    assert set(board.Tags()["scalars"]) == TAGS
    now = began.timestamp()
    for i, row in enumerate(history):
        now += row["seconds"]
        for tag in TAGS:
            read = board.Scalars(tag)[i]
            what, _, split = tag.partition("/")
            wanted = 1 - row[f"{split}_error"] if what == "accuracy" else row[f"{split}_loss" if split else tag]
            assert (read.step, read.value) == (row["epoch"], pytest.approx(wanted, rel=1e-6)), tag  # float32
            assert read.wall_time == pytest.approx(now, abs=1e-3)
    with (folder / "history.csv").open(newline="") as file:
        assert [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)] == history


def test_an_uninterrupted_run(tmp_path: Path) -> None:
    assert run(*TINY, "--tensorboard", out=tmp_path) == 0
    check(tmp_path)


def test_every_session_goes_on_in_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after every few steps; only the first session says --tensorboard."""
    sessions, options = 0, [*TINY, "--tensorboard"]
    while True:
        monkeypatch.setattr(StopOnSignal, "check", stop_at(3))  # the evaluation takes two calls
        status = run(*options, out=tmp_path)
        sessions, options = sessions + 1, ["--resume"]
        if status == 0:
            break
        assert status == 130 and sessions < 20
    assert sessions >= 3
    check(tmp_path)


def test_a_run_that_began_without_events_gets_all_of_them(tmp_path: Path) -> None:
    assert run(*TINY, "--epochs", "1", out=tmp_path) == 0
    assert not (tmp_path / events.FILE).exists()
    assert run("--resume", "--tensorboard", "--epochs", "2", out=tmp_path) == 0
    check(tmp_path)


def test_events_change_no_setting_of_the_run(tmp_path: Path) -> None:
    """Otherwise the report would not average this run with others."""
    assert run(*TINY, "--epochs", "1", "--tensorboard", out=tmp_path) == 0
    for file in ("settings.json", "result.json"):
        assert "tensorboard" not in json.loads((tmp_path / file).read_text())["settings"]


def test_without_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    assert run(*TINY, "--tensorboard", out=tmp_path / "run") == 1
    out, err = capsys.readouterr()
    assert not out and "python -m pip install tensorboard. " in err and err.count("\n") == 1
    assert not (tmp_path / "run").exists()
    assert run(*TINY, "--epochs", "1", out=tmp_path / "run") == 0  # nothing else needs it
    (tmp_path / "run" / events.FILE).touch()
    assert run("--resume", "--epochs", "2", out=tmp_path / "run") == 1
    assert "To go on without events, remove that file" in capsys.readouterr().err


def test_settings_without_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, "--epochs", "1", "--tensorboard", out=tmp_path) == 0
    settings = json.loads((tmp_path / "settings.json").read_text())
    settings["sessions"][0]["began"] = "yesterday"
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    capsys.readouterr()
    assert run("--resume", "--epochs", "2", out=tmp_path) == 1
    assert "does not say when the run began" in capsys.readouterr().err


# The file by itself


def test_a_growing_history_is_appended_in_place(tmp_path: Path) -> None:
    """A TensorBoard that runs keeps the file open."""
    path = tmp_path / events.FILE
    events.write(path, [], 1e9)
    with path.open("rb") as opened:
        for count in (1, 2, 3):
            events.write(path, HISTORY[:count], 1e9)
        assert opened.read() == path.read_bytes()
    once = tmp_path / "once"
    events.write(once, HISTORY, 1e9)
    assert path.read_bytes() == once.read_bytes()


def test_a_write_cut_short_at_any_byte_is_completed(tmp_path: Path) -> None:
    path = tmp_path / events.FILE
    events.write(path, HISTORY, 1e9)
    whole = path.read_bytes()
    for count in range(len(whole)):
        path.write_bytes(whole[:count])
        events.write(path, HISTORY, 1e9)
        assert path.read_bytes() == whole, count


@pytest.mark.parametrize("damage", [b"nothing of TensorBoard", b"longer than that" * 100])
def test_another_file_is_replaced(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / events.FILE
    path.write_bytes(damage)
    events.write(path, HISTORY[:1], 1e9)
    assert len(list(LegacyEventFileLoader(str(path)).Load())) == 2
    events.write(path, HISTORY, 1e9)
    events.write(path, HISTORY[:1], 1e9)  # the checkpoint was replaced by an older copy
    assert len(list(LegacyEventFileLoader(str(path)).Load())) == 2
