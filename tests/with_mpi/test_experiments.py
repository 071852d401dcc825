"""Training experiments with several ranks: bits, resumes, signals, and what dies. The ranks share the processors."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from examples.experiments import generalize, generalize_deep
from tests.runs import TINY, epochs_done, launch, outcome

RUN = [*TINY[:-1], "12", "--shards", "8"]


def start(ranks: int, argv: Sequence[str], experiment: str = "generalize", **environment: str) -> subprocess.Popen[str]:
    """Start an experiment with several ranks, in a process group of its own."""
    own = [sys.executable, "-m"]
    ranks_of = [*own, "examples.experiments.support.mpirun", "-n", str(ranks), "--oversubscribe"]
    return launch([*ranks_of, *own, f"examples.experiments.{experiment}", *argv], **environment)


def end(process: subprocess.Popen[str], timeout: float = 60) -> tuple[int, str]:
    _, err = process.communicate(timeout=timeout)
    assert "Traceback" not in err, err
    return process.returncode, err


def children(parent: int) -> list[int]:
    """Return the process ids of the children of a process, in ascending order."""
    return sorted(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def wait_for_epoch(folder: Path, epoch: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many epochs are in the metrics."""
    deadline = time.monotonic() + 300
    metrics = folder / "metrics.jsonl"
    while not metrics.exists() or metrics.read_text().count("\n") < epoch:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)


def kill_last_rank(process: subprocess.Popen[str]) -> None:
    (mpirun,) = children(process.pid)
    os.kill(children(mpirun)[-1], signal.SIGKILL)


def kill_mpirun(process: subprocess.Popen[str]) -> None:
    os.kill(children(process.pid)[0], signal.SIGKILL)


@pytest.mark.timeout(600)
def test_stopped_and_resumed_on_another_number_of_ranks(tmp_path: Path) -> None:
    """Of dropout, augmentation, batch norm, a schedule, averaged weights; 3 ranks have 3, 3 and 2 shards."""
    assert generalize.main([*RUN, "--out", str(tmp_path / "one")]) == 0
    out = tmp_path / "several"
    for ranks, event, expected, said in (
        (4, signal.SIGUSR2, [85], "stopped by SIGUSR2; nothing is lost."),
        (8, signal.SIGTERM, [143], "stopped by SIGUSR1; nothing is lost."),  # what reaches the ranks
        (3, signal.SIGINT, [130], "stopped by SIGUSR1; nothing is lost."),
        (2, kill_last_rank, range(1, 256), ""),  # it depends on who notices first
        (2, kill_mpirun, [137], ""),
    ):
        begun = epochs_done(out)
        process = start(ranks, [*RUN, "--resume", "--out", str(out)], LSB_EXIT_REQUEUE="85")
        wait_for_epoch(out, begun + 1, process)
        started = children(children(process.pid)[0])
        assert len(started) == ranks
        if isinstance(event, signal.Signals):
            os.killpg(process.pid, event)
        else:
            event(process)
        status, err = end(process)
        assert status in expected and said in err, (status, err)
        deadline = time.monotonic() + 20  # after mpirun, the ranks learn of it from its closed connection
        while any(Path(f"/proc/{rank}").exists() for rank in started):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert epochs_done(out) < 12
    assert generalize.main(["--resume", "--out", str(out)]) == 0
    assert outcome(out) == outcome(tmp_path / "one")
    sessions = json.loads((out / "settings.json").read_text())["sessions"]
    assert len(sessions) == 6  # one for each start, not one for each rank


@pytest.mark.timeout(300)
def test_the_deep_net_on_two_ranks(tmp_path: Path) -> None:
    """Of Muon, which orthogonalizes on every rank, and of batch norm without a scale."""
    argv = [*TINY, "--shards", "4", "--validation", "0"]
    assert generalize_deep.main([*argv, "--out", str(tmp_path / "one")]) == 0
    status, err = end(start(2, [*argv, "--out", str(tmp_path / "two")], "generalize_deep"), 200)
    assert status == 0, err
    assert outcome(tmp_path / "two") == outcome(tmp_path / "one")


@pytest.mark.timeout(120)
def test_a_refusal_is_said_once_and_ends_all(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert generalize.main([*TINY[:-1], "1", "--shards", "2", "--out", str(out)]) == 0
    status, err = end(start(3, ["--resume", "--out", str(out)]))
    assert status == 1
    sentence = f"mpirun started 3 ranks, and the run in {out} cuts each batch into 2 shards, so that only 2 of them"
    assert len(re.findall(re.escape(sentence), err)) == 1, err
