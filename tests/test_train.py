"""`python -m examples.experiments.train`: its files, the same bits however it is interrupted, and bad input."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import itertools
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from examples.experiments.models import Baseline
from examples.experiments.support import training
from examples.experiments.support.runs.run_folder import RunFolder
from examples.experiments.support.runs.signals import StopOnSignal
from examples.experiments.train import main
from tests.runs import (
    ENDLESS,
    ROOT,
    SMALL,
    TINY,
    checkpoint_content,
    epochs_done,
    finish,
    outcome,
    start,
    stop_at,
    train,
    wait_for,
)

SAFE_POINTS = 2 * (4 + 1 + 1)  # in TINY: two epochs of four steps, one validation and one test batch


def run(*argv: str, out: Path) -> int:
    return main([*argv, "--out", str(out)])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an uninterrupted run of TINY leaves."""
    out = tmp_path_factory.mktemp("tiny")
    assert run(*TINY, out=out) == 0
    return outcome(out)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[str, Any]]:
    """What an uninterrupted run of SMALL leaves, in a process of its own on one thread, after `epochs` epochs."""

    @functools.cache
    def whole(epochs: int) -> dict[str, Any]:
        out = tmp_path_factory.mktemp("small")
        status, _, err = train(*SMALL, str(epochs), "--out", str(out), "--threads", "1")
        assert (status, err) == (0, "")
        return outcome(out)

    return whole


# What a run leaves


def test_the_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, "--seed", "5", out=tmp_path) == 0
    names = ["checkpoint.safetensors", "done.json", "history.csv", "learning_curves.png", "metrics.jsonl"]
    assert sorted(os.listdir(tmp_path)) == [".lock", *names, "result.json", "settings.json", "weights.safetensors"]

    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    measured = [f"{split}_{what}" for split in ("train", "validation", "test") for what in ("loss", "error")]
    assert list(rows[0]) == ["epoch", "learning_rate", *measured, "seconds", "images_per_second"]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[0]["train_error"] * 64 == round(rows[0]["train_error"] * 64)
    assert 0 < rows[1]["train_loss"] < rows[0]["train_loss"] < 3

    settings = json.loads((tmp_path / "settings.json").read_text())
    assert settings["settings"]["seed"] == 5
    assert settings["settings"]["lr"] == 0.01
    assert "synthetic" in settings["data"]["source"]
    assert len(settings["sessions"]) == 1
    assert {"command", "python", "numpy", "numba", "threads"} <= set(settings["sessions"][0])

    Baseline().load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert json.loads((tmp_path / "done.json").read_text())["last"] == rows[-1]

    said, err = capsys.readouterr()
    assert err == ""  # without a terminal there is no progress bar
    lines = said.splitlines()
    assert len(lines) == 5
    threads = settings["sessions"][0]["threads"]
    assert "synthetic" in lines[0]
    assert f"This run: 64 training, 16 validation, 80 test images, seed 5, threads {threads}." in lines[0]
    assert lines[1].startswith("epoch 1/2  training loss 2.")
    last = rows[-1]
    assert lines[2] == (
        f"epoch 2/2  training loss {last['train_loss']:.4f}  error validation "
        f"{100 * last['validation_error']:.1f} %, test {100 * last['test_error']:.1f} %  {last['seconds']:.1f} s"
    )
    assert max(map(len, lines[1:3])) < 80

    result = json.loads((tmp_path / "result.json").read_text())["result"]
    test, counts = result["test"], np.array(result["test"]["confusion"])
    assert test["pictures"] == counts.sum() == 80 and len(result["classes"]) == len(counts) == 10
    assert test["accuracy"] == counts.trace() / 80 == pytest.approx(1 - rows[-1]["test_error"])
    assert test["accuracy"] < test["top5"] <= 1
    assert test["per_class"] == [n / total if total else None for n, total in zip(counts.diagonal(), counts.sum(1))]
    assert lines[-1].startswith(f"Of 80 test images, {test['accuracy']:.2%} are classified correctly (top-1 accuracy)")
    assert f"{test['top5']:.2%} the class is among the five" in lines[-1]


def test_quiet_says_only_where_the_results_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, "--quiet", out=tmp_path) == 0
    assert capsys.readouterr().out == f"2 epochs are done; the results are in {tmp_path}.\n"


def test_a_terminal_gets_a_progress_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run(*TINY, out=tmp_path) == 0
    assert "epoch 2/2" in terminal.getvalue()


def test_all_pictures_can_be_trained_on(tmp_path: Path) -> None:
    assert run(*TINY, "--validation", "0", "--epochs", "1", out=tmp_path) == 0
    row = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert "validation_loss" not in row
    assert "test_loss" in row


def test_help_shows_every_setting_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    options = "data-dir epochs batch-size lr optimizer momentum weight-decay seed validation resume out threads "
    options += "tensorboard"
    for option in [*options.split(), "synthetic", "limit", "quiet"]:
        assert f"--{option}" in text
    for default in ("10", "64", "0.01", "sgd", "0.9", "a tenth of them", "runs/train"):
        assert f"(default: {default})" in text


# The same bits


def test_two_runs(tiny: dict[str, Any], tmp_path: Path) -> None:
    assert run(*TINY, out=tmp_path) == 0
    assert outcome(tmp_path) == tiny


def test_another_seed_gives_other_weights(tiny: dict[str, Any], tmp_path: Path) -> None:
    assert run(*TINY, "--seed", "1", out=tmp_path) == 0
    assert outcome(tmp_path)["weights"] != tiny["weights"]


@pytest.mark.slow
@pytest.mark.parallel
def test_stopped_at_every_safe_point(tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for calls in range(SAFE_POINTS):
        out = tmp_path / str(calls)
        with monkeypatch.context() as patch:
            patch.setattr(StopOnSignal, "check", stop_at(calls))
            assert run(*TINY, out=out) == 130
        assert not (out / "done.json").exists()
        assert run("--resume", out=out) == 0
        assert outcome(out) == tiny, f"stopped at safe point {calls}"
    monkeypatch.setattr(StopOnSignal, "check", stop_at(SAFE_POINTS))
    assert run(*TINY, out=tmp_path / "whole") == 0  # the run has no further safe point


def test_stopped_after_every_single_step(tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = 0
    monkeypatch.setattr(StopOnSignal, "check", stop_at(1))
    while (status := run(*TINY, "--resume", out=tmp_path)) == 130:
        sessions += 1
        assert sessions < 2 * SAFE_POINTS
        monkeypatch.setattr(StopOnSignal, "check", stop_at(3))  # after both batches of the evaluation
    assert status == 0
    assert sessions >= 3
    assert outcome(tmp_path) == tiny
    assert len(json.loads((tmp_path / "settings.json").read_text())["sessions"]) == sessions + 1


class Killed(BaseException):
    """Ends a run at once, like SIGKILL."""


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_every_file_written(
    when: str, tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def killing(counter: Iterator[int], at: int) -> Callable[[Any, Any], None]:
        def replace_or_die(source: Any, target: Any) -> None:
            mine = next(counter) == at
            if mine and when == "before":
                raise Killed
            replace(source, target)
            if mine:
                raise Killed

        return replace_or_die

    written = 0
    for at in itertools.count():
        out = tmp_path / str(at)
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", killing(itertools.count(), at))
            try:
                assert run(*TINY, out=out) == 0
                break
            except Killed:
                written += 1
        assert run(*TINY, "--resume", out=out) == 0
        assert outcome(out) == tiny, f"killed {when} file {at}"
        assert json.loads((out / "result.json").read_text())["result"]["history"]
    # settings and empty metrics; per epoch a checkpoint, metrics, table and curves; weights, mark and result
    assert written == 2 + 2 * 4 + 3


@pytest.mark.slow
@pytest.mark.parallel
def test_the_disk_is_full_at_every_file_written(
    tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = os.write
    for at in range(1 + 2 * 4 + 3):  # all files of the test above except the empty metrics
        out = tmp_path / str(at)
        counter = itertools.count()

        def full(descriptor: int, content: bytes, counter: Iterator[int] = counter, at: int = at) -> int:
            if next(counter) == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(descriptor, content)

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            assert run(*TINY, out=out) == 1
        err = capsys.readouterr().err
        assert str(out) in err
        assert "Free some space" in err
        assert "Traceback" not in err
        assert run(*TINY, "--resume", out=out) == 0
        assert outcome(out) == tiny, f"full at file {at}"


@pytest.mark.slow
@pytest.mark.parallel
def test_one_and_two_threads(small: Callable[[int], dict[str, Any]], tmp_path: Path) -> None:
    status, _, err = train(*SMALL, "2", "--out", str(tmp_path), "--threads", "2", NUMBA_NUM_THREADS="2")
    assert (status, err) == (0, "")
    assert json.loads((tmp_path / "settings.json").read_text())["sessions"][0]["threads"] == 2
    assert outcome(tmp_path) == small(2)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(
    ("number", "requeue", "status"),
    [
        (signal.SIGINT, "85", 130),
        (signal.SIGTERM, "85", 143),
        (signal.SIGHUP, "85", 129),
        (signal.SIGUSR2, "85", 85),
        (signal.SIGUSR2, "", 75),
    ],
)
def test_a_signal_at_a_random_moment(
    number: signal.Signals, requeue: str, status: int, small: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    process = start(*SMALL, ENDLESS, "--out", str(tmp_path), LSB_EXIT_REQUEUE=requeue)
    wait_for(tmp_path / "settings.json", process)
    delay = random.uniform(0, 1.5)
    time.sleep(delay)
    os.killpg(process.pid, number)
    time.sleep(random.uniform(0, 0.02))
    os.killpg(process.pid, number)  # an impatient second Ctrl-C
    returned, _, err = finish(process)
    assert returned == status, (delay, err)
    assert f"stopped by {number.name}; nothing is lost" in err
    assert "Traceback" not in err
    assert (tmp_path / "checkpoint.safetensors").exists()
    resume = shlex.split(err.split("examples.experiments.train")[1])
    epochs = epochs_done(tmp_path) + 1
    returned, said, err = train(*resume, "--epochs", str(epochs))
    assert (returned, err) == (0, "")
    assert "Resuming in epoch" in said
    assert outcome(tmp_path) == small(epochs), delay


@pytest.mark.slow
@pytest.mark.parallel
def test_sigkill_at_random_moments(small: Callable[[int], dict[str, Any]], tmp_path: Path) -> None:
    delays = []
    for _ in range(3):
        (tmp_path / "metrics.jsonl").unlink(missing_ok=True)  # it reappears when training continues
        process = start(*SMALL, ENDLESS, "--resume", "--out", str(tmp_path))
        wait_for(tmp_path / "metrics.jsonl", process)
        delays.append(random.uniform(0, 1))
        time.sleep(delays[-1])
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    epochs = epochs_done(tmp_path) + 1
    status, _, err = train(*SMALL, str(epochs), "--resume", "--out", str(tmp_path))
    assert (status, err) == (0, "")
    assert outcome(tmp_path) == small(epochs), delays


# Resuming


def test_resume_where_nothing_is_just_starts(tiny: dict[str, Any], tmp_path: Path) -> None:
    assert run(*TINY, "--resume", out=tmp_path / "new") == 0
    assert outcome(tmp_path / "new") == tiny


def test_resume_of_a_finished_run_changes_nothing(
    tiny: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*TINY, out=tmp_path) == 0
    capsys.readouterr()
    assert run("--resume", out=tmp_path) == 0
    said = capsys.readouterr().out
    assert f"The run in {tmp_path} was already finished: 2 epochs are done. Train further with more --epochs." in said
    assert "Resuming" not in said
    assert outcome(tmp_path) == tiny


def test_fewer_epochs_of_a_finished_run_are_refused_and_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*TINY, out=tmp_path) == 0
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert run("--resume", "--epochs", "1", out=tmp_path) == 1
    assert "has already finished 2 epochs" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_shards_are_a_setting_of_the_run(
    tiny: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, shards = tmp_path / "whole", ["--shards", "4"]
    assert run(*TINY, *shards, out=whole) == 0
    assert outcome(whole)["weights"] != tiny["weights"]  # added in another order
    out = tmp_path / "run"
    assert run(*TINY[:-1], "1", *shards, out=out) == 0
    for other, sentence in ((["--shards", "8"], "shards 4, not 8"), (["--shards", "0"], "must be a whole number")):
        capsys.readouterr()
        with contextlib.suppress(SystemExit):
            assert run(*TINY, "--resume", *other, out=out) == 1
        assert sentence in capsys.readouterr().err
    assert run("--resume", "--epochs", "2", out=out) == 0
    assert outcome(out) == outcome(whole)


def test_two_runs_do_not_share_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunFolder(tmp_path).opened(resume=False):
        assert run(*TINY, out=tmp_path) == 1
        assert run(*TINY, "--resume", out=tmp_path) == 1
        assert capsys.readouterr().err.count(f"Another run is using {tmp_path}.") == 2
        assert os.listdir(tmp_path) == [".lock"]
    assert run(*TINY, out=tmp_path) == 0  # the lock file stays, but the lock is free


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_without_locks(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run is refused and removes nothing, because another run may be using the folder."""

    def no_locks(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    temporary = tmp_path / ".result.json.0123456789ab.tmp"
    temporary.write_text("of another run")
    monkeypatch.setattr("fcntl.flock", no_locks)
    assert run(*TINY, out=tmp_path) == 0
    assert capsys.readouterr().err == (
        f"{tmp_path} is on a file system without locks. Do not start a second run there.\n"
    )
    assert temporary.exists()


def test_what_a_killed_run_left_half_written_is_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = [".checkpoint.safetensors.0123456789ab.tmp", ".result.json.ffffffffffff.tmp"]
    others = [".notes.tmp", "result.json.0123456789ab.tmp", ".x.0123456789AB.tmp", ".x.0123456789ab.tmp.txt"]
    for name in (*ours, *others):
        (tmp_path / name).write_text("x")
    folder = tmp_path / ".folder.0123456789ab.tmp"
    folder.mkdir()
    (tmp_path / ".link.0123456789ab.tmp").symlink_to(tmp_path / others[0])
    with RunFolder(tmp_path).opened(resume=False):
        (tmp_path / ours[0]).write_text("of the run under way")
        assert run(*TINY, out=tmp_path) == 1
        assert (tmp_path / ours[0]).exists()
    assert run(*TINY, out=tmp_path) == 0
    assert not any((tmp_path / name).exists() for name in ours)
    assert all((tmp_path / name).read_text() == "x" for name in others)
    assert folder.is_dir() and (tmp_path / ".link.0123456789ab.tmp").is_symlink()


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_run_without_a_checkpoint_begins_anew(resume: list[str], tiny: dict[str, Any], tmp_path: Path) -> None:
    assert run(*TINY, "--lr", "1e30", out=tmp_path) == 1
    assert run(*TINY, *resume, "--lr", "0.01", out=tmp_path) == 0
    assert outcome(tmp_path) == tiny
    assert json.loads((tmp_path / "settings.json").read_text())["settings"]["lr"] == 0.01


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "done.json"])
def test_a_checkpoint_or_a_mark_alone_is_not_overwritten(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("precious")
    assert run(*TINY, out=tmp_path) == 1
    assert "already contains a run" in capsys.readouterr().err
    assert os.listdir(tmp_path) == [name]


def test_resume_without_its_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checkpoint.safetensors").write_text("")
    assert run("--resume", out=tmp_path) == 1
    assert "no settings.json, so the run cannot be resumed" in capsys.readouterr().err


@pytest.mark.parametrize("inside", [True, False])
def test_the_hint_names_this_python(
    inside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    python = (tmp_path if inside else tmp_path.parent) / "my env" / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(StopOnSignal, "check", stop_at(1))
    assert run(*TINY, out=Path("run")) == 130
    hint = shlex.split(capsys.readouterr().err.split("Resume with: ")[1])
    named = "my env/bin/python" if inside else str(python)
    assert hint == [named, "-m", "examples.experiments.train", "--resume", "--out", "run"]


def test_resume_for_more_epochs(tiny: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, "--epochs", "1", out=tmp_path) == 0
    assert run("--resume", "--epochs", "2", out=tmp_path) == 0
    assert outcome(tmp_path) == tiny
    assert run("--resume", "--epochs", "1", out=tmp_path) == 1
    assert "Give more --epochs" in capsys.readouterr().err


def test_a_run_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, out=tmp_path) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    capsys.readouterr()
    assert run(*TINY, out=tmp_path) == 1
    assert "already contains a run. Continue it with --resume" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--lr", "0.1"], "lr 0.01, not 0.1"),
        (["--seed", "1"], "seed 0, not 1"),
        (["--batch-size", "8"], "batch_size 16, not 8"),
        (["--validation", "10"], "validation 16, not 10"),
        (["--limit", "90"], "limit 80, not 90"),
    ],
)
def test_resume_with_other_settings(
    argv: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*TINY, out=tmp_path) == 0
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    assert run("--resume", *argv, out=tmp_path) == 1
    assert sentence in capsys.readouterr().err
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before
    assert (tmp_path / "done.json").exists()


def test_resume_with_other_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CIFAR-10 was there in the first session, and the synthetic set replaces it in the second."""
    from examples.experiments.support.data import synthetic

    assert run(*TINY, out=tmp_path) == 0
    make = synthetic.make
    monkeypatch.setattr(synthetic, "make", lambda n, m, seed: make(n, m, seed=seed + 1))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run("--resume", out=tmp_path) == 1
    err = capsys.readouterr().err
    assert "a run with other images. A run must resume" in err
    assert not re.search("[0-9a-f]{64}", err)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_resume_of_another_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"settings": {"experiment": "examples.overfit"}}))
    assert run("--resume", out=tmp_path) == 1
    assert "experiment 'examples.overfit', not 'examples.train'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "settings.json"])
def test_resume_of_a_damaged_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, out=tmp_path) == 0
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    assert run("--resume", out=tmp_path) == 1
    err = capsys.readouterr().err
    assert f"{tmp_path / name} is" in err
    assert "damaged" in err
    assert "--out" in err


# Bad input


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--epochs", "0"], "--epochs: must be a whole number, at least 1, not 0"),
        (["--epochs", "many"], "--epochs: 'many' is not a whole number"),
        (["--batch-size", "-3"], "--batch-size: must be a whole number, at least 1, not -3"),
        (["--lr", "0"], "--lr: must be above 0 and finite, not 0"),
        (["--lr", "nan"], "--lr: must be above 0 and finite, not nan"),
        (["--lr", "inf"], "--lr: must be above 0 and finite, not inf"),
        (["--momentum", "1"], "--momentum: must be at least 0 and below 1, not 1"),
        (["--weight-decay", "-1"], "--weight-decay: must be at least 0 and finite, not -1"),
        (["--seed", "-1"], "--seed: must be a whole number, at least 0, not -1"),
        (["--optimizer", "magic"], "invalid choice: 'magic'"),
        (["--epoch", "3"], "unrecognized arguments: --epoch"),
        (["--threads", "100000"], "--threads: must be a whole number, from 1 to "),
        (["--synthetic", "--data-dir", "x"], "--synthetic and --data-dir are two sources of images"),
        (["--limit", "10", "--validation", "10"], "--validation 10 leaves no image of --limit 10 to train on"),
    ],
)
def test_bad_settings(argv: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*argv, out=tmp_path / "out")
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--data-dir", "nowhere"], "nowhere does not exist"),
        (["--synthetic", "--validation", "50000"], "--validation 50000 leaves none of the 50,000 training images"),
    ],
)
def test_what_cannot_be_run(argv: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*argv, out=tmp_path) == 1
    err = capsys.readouterr().err
    assert sentence in err
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_a_refused_run_leaves_no_folder(tmp_path: Path) -> None:
    assert run("--data-dir", "nowhere", out=tmp_path / "out") == 1
    assert os.listdir(tmp_path) == []


def test_a_tenth_is_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--synthetic", "--limit", "80", "--epochs", "1", out=tmp_path) == 0
    said = capsys.readouterr().out
    assert "72 training, 8 validation, 80 test images" in said
    assert "\n1 epoch is done; " in said


def test_out_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert run(*TINY, out=out) == 1
        assert "cannot be made" in capsys.readouterr().err


def test_ctrl_c_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("examples.experiments.support.cli.load_data", interrupt)
    assert run(*TINY, out=tmp_path) == 130
    assert "before the training began" in capsys.readouterr().err
    monkeypatch.undo()
    assert run(*TINY, out=tmp_path) == 0


def test_make_without_that_python(tmp_path: Path) -> None:
    argv = ["make", "PYTHON=python2.9", f"VENV={tmp_path / 'venv'}", "environment"]
    made = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 2
    assert made.stderr.startswith("python2.9 was not found. Name a Python that is there, 3.11 or newer:\nmake PYTHON=")
    assert os.listdir(tmp_path) == []


# Losses that are not finite


def test_a_learning_rate_that_explodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TINY, "--lr", "1e30", out=tmp_path) == 1
    err = capsys.readouterr().err
    assert "The training loss is" in err
    assert "in epoch 1, after step " in err
    assert "learning rate 1e+30" in err
    assert "smaller --lr" in err
    assert "checkpoint" not in err
    assert not (tmp_path / "checkpoint.safetensors").exists()
    assert not (tmp_path / "done.json").exists()


def test_the_last_good_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*TINY, out=tmp_path) == 0
    before = checkpoint_content(tmp_path / "checkpoint.safetensors")
    metrics = (tmp_path / "metrics.jsonl").read_bytes()
    gradients = training._gradients
    steps = itertools.count()

    def broken(model: Any, x: Any, y: Any, criterion: Any) -> training.Done:
        factor = float("nan") if next(steps) == 2 else 1.0
        return gradients(model, x, y, lambda scores, classes: criterion(scores, classes) * factor)

    monkeypatch.setattr(training, "_gradients", broken)
    assert run("--resume", "--epochs", "3", out=tmp_path) == 1
    err = capsys.readouterr().err
    assert "The training loss is nan in epoch 3, after step 2" in err
    assert f"{tmp_path / 'checkpoint.safetensors'} was written earlier and is still good" in err
    assert checkpoint_content(tmp_path / "checkpoint.safetensors") == before
    assert (tmp_path / "metrics.jsonl").read_bytes() == metrics
    assert not (tmp_path / "done.json").exists()


def test_broken_weights_are_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last finite loss, a step to infinity, and a Ctrl-C before anyone sees it."""
    assert run(*TINY, out=tmp_path) == 0
    before = checkpoint_content(tmp_path / "checkpoint.safetensors")
    step = training._take_step

    def step_into_infinity(parts: Any) -> None:
        step(parts)
        state = {name: tensor.detach().numpy() * np.float32("inf") for name, tensor in parts.model.state_dict().items()}
        parts.model.load_state_dict(state)

    monkeypatch.setattr(training, "_take_step", step_into_infinity)
    monkeypatch.setattr(StopOnSignal, "check", stop_at(1))
    assert run("--resume", "--epochs", "3", out=tmp_path) == 1
    assert "is not finite in epoch 3, after step 1" in capsys.readouterr().err
    assert checkpoint_content(tmp_path / "checkpoint.safetensors") == before
