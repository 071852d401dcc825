"""Small training runs for the tests: start them, and compare their files bit by bit."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open

from examples.experiments.support.runs import results
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested
from examples.report.page import Results

ROOT = Path(__file__).resolve().parents[1]

# 64 training images: 4 steps per epoch
TINY = ["--synthetic", "--limit", "80", "--validation", "16", "--batch-size", "16", "--epochs", "2"]

# 250 steps per epoch, less than a second; a test appends the number of epochs
SMALL = ["--synthetic", "--limit", "1100", "--validation", "100", "--batch-size", "4", "--epochs"]
ENDLESS = "100000"


def program(name: str) -> str:
    """Return the module for ``python -m``: the report, the benchmark and the course are packages of their own."""
    return f"examples.{name}" if name in ("benchmark", "course", "report") else f"examples.experiments.{name}"


def start(*argv: str, **environment: str) -> subprocess.Popen[str]:
    """Start ``python -m examples.experiments.train`` in a process group of its own."""
    return launch([sys.executable, "-m", "examples.experiments.train", *argv], **environment)


def launch(command: Sequence[str], **environment: str) -> subprocess.Popen[str]:
    """Start a program in a process group of its own."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a process; return its exit status, stdout and stderr."""
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def start_in_shell(command: Sequence[str], redirections: str, **environment: str) -> subprocess.Popen[str]:
    """Start ``python -m examples.…`` with a shell's redirections; stderr is captured unless they redirect it."""
    return subprocess.Popen(
        ["bash", "-c", f'exec "$@" {redirections}', "bash", sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "", **environment},  # buffered output would fail a second time at exit
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], *, unread: bool = False) -> tuple[int, str, str]:
    """Wait for a process; return its exit status, stdout and stderr. If `unread`, close the pipe of stdout first."""
    if unread:
        assert process.stdout
        process.stdout.close()
        process.stdout = None
    out, err = process.communicate(timeout=300)
    return process.returncode, out or "", err


def train(*argv: str, **environment: str) -> tuple[int, str, str]:
    """Run ``python -m examples.experiments.train`` to its end."""
    return finish(start(*argv, **environment))


def stop_at(calls: int) -> Callable[[StopOnSignal], None]:
    """Return a `check` that simulates a Ctrl-C at its call number `calls`."""
    counter = itertools.count()

    def check(stop: StopOnSignal) -> None:
        if next(counter) == calls:
            raise StopRequested(signal.SIGINT)

    return check


def wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a process has written a file."""
    deadline = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, f"the process ended before writing {file}: {finish(process)}"
        assert time.monotonic() < deadline, f"{file} did not appear in time"
        time.sleep(0.005)


def checkpoint_content(file: Path) -> dict[str, Any]:
    """Read a whole checkpoint: tensors as bytes, and the state without the times."""
    with safe_open(file, framework="numpy") as opened:
        content: dict[str, Any] = {}
        for name in opened.keys():  # noqa: SIM118 (no dict)
            array = opened.get_tensor(name)
            content[name] = (str(array.dtype), array.shape, array.tobytes())
        state = json.loads(opened.metadata()["lucidgrad"])["state"]
    state["progress"]["history"] = [without_times(row) for row in state["progress"]["history"]]
    del state["progress"]["now"]["seconds"]
    return {**content, "state": state}


def outcome(folder: Path) -> dict[str, Any]:
    """Read everything of a finished run that the same seed must reproduce bit for bit."""
    assert (folder / "done.json").exists()
    assert (folder / "learning_curves.png").stat().st_size > 1000
    leftovers = [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]
    assert not leftovers
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    with safe_open(folder / "weights.safetensors", framework="numpy") as weights:
        return {
            "checkpoint": checkpoint_content(folder / "checkpoint.safetensors"),
            "metrics": [without_times(json.loads(line)) for line in lines],
            "weights": {name: weights.get_tensor(name).tobytes() for name in weights.keys()},  # noqa: SIM118
        }


def epochs_done(folder: Path) -> int:
    """Return the number of complete epochs in a run's checkpoint, or 0 without a checkpoint."""
    file = folder / "checkpoint.safetensors"
    return len(checkpoint_content(file)["state"]["progress"]["history"]) if file.exists() else 0


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of metrics without the values that differ between runs."""
    return {name: value for name, value in row.items() if name not in ("seconds", "images_per_second")}


def results_in(folder: Path) -> Results:
    """Read the stored results of a folder, as the report does."""
    return Results(map(results.read, folder.glob("*.json")))
