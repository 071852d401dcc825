"""Kill training experiments repeatedly and compare the bits they end with: ``python -m tests.kills --kills 60``.

Each experiment runs on a few synthetic images, is killed with SIGKILL, and is resumed with ``--resume`` until it
finishes. Then everything it left is compared, bit by bit, with the files of an undisturbed run, and a new run begins.
Half of the kills come at a random moment, the others as soon as a partly written file appears.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import safe_open

from tests.runs import ROOT, TINY, outcome, program, without_times

THREE = [*TINY[:-1], "3"]


def _result(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text())["result"]


def _trained(folder: Path) -> dict[str, Any]:
    """Read a run of the baseline, overfit or generalize, and its result."""
    result = _result(folder)
    result["history"] = [without_times(row) for row in result["history"]]
    return {**outcome(folder), "result": result}


def _compared(folder: Path) -> dict[str, Any]:
    """Read every training of an optimizer comparison, and its result."""
    result = _result(folder)
    for run in (*result["trials"], *result["runs"]):
        run["history"] = [without_times(row) for row in run["history"]]
    folders = sorted(file.parent for file in folder.rglob("done.json"))
    return {"result": result, **{str(each.relative_to(folder)): outcome(each) for each in folders}}


def _rebuilt(folder: Path) -> dict[str, Any]:
    """Read the checkpoint and the result of a baseline rebuilt in another framework."""
    with safe_open(folder / "checkpoint.safetensors", framework="numpy") as opened:
        tensors = {name: opened.get_tensor(name).tobytes() for name in opened.keys()}  # noqa: SIM118 (no dict)
        state = opened.metadata()
    history = [without_times(row) for row in json.loads(state["history"])]
    rows = [without_times(row) for row in _result(folder)["epochs"]]
    return {"tensors": tensors, "settings": state["settings"], "history": history, "result": rows}


class Experiment(NamedTuple):
    """How to start an experiment and how to read what it leaves."""

    argv: list[str]
    read: Callable[[Path], dict[str, Any]]
    statuses: tuple[int, ...] = (0,)


EXPERIMENTS = {
    "train": Experiment(THREE, _trained),
    # after so few epochs it correctly reports that it has not learned all images
    "overfit": Experiment(["--synthetic", "--epochs", "2"], _trained, (0, 1)),
    "generalize": Experiment(THREE, _trained),
    "generalize_deep": Experiment(THREE, _trained),
    "compare_optimizers": Experiment(
        [*TINY[:-1], "1", "--rates", "0.001", "--trial-epochs", "1", "--seeds", "1", "--quiet"], _compared
    ),
    "torch_cnn": Experiment(["--synthetic", "--limit", "40", "--batch-size", "8", "--epochs", "3"], _rebuilt),
}


class Count(NamedTuple):
    """How many kills an experiment got, and how many runs it finished."""

    kills: int
    half_written: int  # kills that came while a file was partly written, so that its temporary file remained
    runs: int  # finished runs; each had the bits of the undisturbed run


def _start(name: str, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", program(name), *EXPERIMENTS[name].argv, "--resume", "--out", str(out)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _end(name: str, process: subprocess.Popen[bytes]) -> None:
    err = process.communicate(timeout=300)[1].decode()
    if process.returncode not in EXPERIMENTS[name].statuses or "Traceback" in err:
        raise AssertionError(f"{program(name)} ended with status {process.returncode}: {err}")


def _temporaries(folder: Path) -> set[str]:
    """Return the temporary files in a folder and its subfolders."""
    return {os.path.join(where, name) for where, _, names in os.walk(folder) for name in names if name.endswith(".tmp")}


def _wait(process: subprocess.Popen[bytes], out: Path, delay: float, writes: int) -> None:
    """Wait `delay` seconds or, if `writes` is not 0, only until that many new temporary files have appeared."""
    deadline = time.monotonic() + delay
    before = _temporaries(out)
    seen: set[str] = set()
    while process.poll() is None and time.monotonic() < deadline:
        if writes:
            seen |= _temporaries(out) - before
            if len(seen) >= writes:
                return
        else:
            time.sleep(0.002)


def kill(name: str, kills: int, folder: Path, seed: int = 0) -> Count:
    """Kill an experiment `kills` times, and compare each finished run with an undisturbed one.

    Parameters
    ----------
    name : str
        A name in EXPERIMENTS.
    kills : int
    folder : Path
        Where the runs are written.
    seed : int
        Seed of the moments of the kills.

    Raises
    ------
    AssertionError
        If a run ended with other bits or could not be resumed.
    """
    moments, read = random.Random(seed), EXPERIMENTS[name].read
    begun = time.monotonic()
    process = _start(name, folder / "undisturbed")
    _end(name, process)
    seconds = time.monotonic() - begun
    expected = read(folder / "undisturbed")
    done = half_written = runs = 0
    while done < kills or (folder / str(runs)).exists():
        out = folder / str(runs)
        process = _start(name, out)
        if done < kills:
            aimed = moments.random() < 0.5
            delay = seconds if aimed else moments.uniform(0.3, 1) * seconds
            _wait(process, out, delay, moments.randint(1, 6) if aimed else 0)
            process.kill()  # does nothing if it has ended already
            process.wait()
            if process.returncode == -signal.SIGKILL:
                process.communicate()
                done += 1
                half_written += bool(_temporaries(out))
                continue
        _end(name, process)
        if read(out) != expected:
            raise AssertionError(f"{program(name)} ended with other bits after {done} kills; the run is in {out}")
        runs += 1
    return Count(done, half_written, runs)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser("python -m tests.kills", description="Kill training experiments, compare bits.")
    names = [name for name in EXPERIMENTS if name != "torch_cnn" or importlib.util.find_spec("torch")]
    parser.add_argument("--kills", type=int, default=60, help="of each experiment (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills (default: %(default)s)")
    parser.add_argument("experiments", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (default: all)")
    args = parser.parse_args(argv)
    for name in args.experiments or names:
        with tempfile.TemporaryDirectory() as folder:
            count = kill(name, args.kills, Path(folder), args.seed)
        print(f"{name}: {count.kills} kills, {count.half_written} of them while a file was half written; "
              f"{count.runs} runs were finished, with the bits of an undisturbed run.", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
