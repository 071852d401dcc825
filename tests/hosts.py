"""Train on two imitated hosts under lsf/train_mpi.lsf, and stop and kill what can be: ``python -m tests.hosts``.

The hosts are network namespaces (`examples/benchmark/scaling/hosts.py`), and `blaunch` starts a command in the other
one. The run must end with the bits of one process. Needs Linux, root, mpirun and mpi4py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from autograd.kernels.cache import cache_folder
from examples.benchmark.scaling.hosts import NoHosts, TwoHosts
from examples.experiments import train
from tests.runs import ROOT, TINY, epochs_done, outcome

EPOCHS = 24
SETTINGS = {"SYNTHETIC": "1", "LIMIT": "80", "VALIDATION": "16", "BATCH_SIZE": "16", "EPOCHS": str(EPOCHS)}


def descendants(parent: int) -> list[int]:
    """Return the process ids of all descendants of a process."""
    try:
        children = [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(one for child in children for one in descendants(child))]


def kill_one(pattern: str) -> Callable[[subprocess.Popen[bytes]], None]:
    """Return a function that kills the last descendant whose command has a word."""

    def kill(job: subprocess.Popen[bytes]) -> None:
        found = [one for one in descendants(job.pid) if pattern in Path(f"/proc/{one}/cmdline").read_text()]
        assert found, f"there is no process with {pattern}"
        os.kill(found[-1], signal.SIGKILL)

    return kill


def to_all(number: signal.Signals) -> Callable[[subprocess.Popen[bytes]], None]:
    """Return a function that signals the process group of a job, as LSF does."""
    return lambda job: os.killpg(job.pid, number)


# What happens, and the exit status; of a killed rank it depends on who notices first
EVENTS: tuple[tuple[str, Callable[[subprocess.Popen[bytes]], None], range], ...] = (
    ("the run limit", to_all(signal.SIGUSR2), range(85, 86)),
    ("bkill", to_all(signal.SIGTERM), range(143, 144)),
    ("kill -9 of the daemon on the second host", kill_one("bin/prted"), range(1, 2)),
    ("kill -9 of a rank", kill_one("examples.experiments.train"), range(1, 256)),
    ("kill -9 of mpirun", kill_one("--map-by"), range(137, 138)),
)


def submit(hosts: TwoHosts, runs: Path) -> subprocess.Popen[bytes]:
    """Start the job script on the first host."""
    cache = cache_folder()
    variables = {
        "PYTHON": sys.executable, "RUNS": str(runs), "LS_SUBCWD": str(ROOT), "LSB_JOBID": "4711", "LSB_JOBINDEX": "0",
        "LSB_MCPU_HOSTS": "".join(f"{name} 2 " for name in hosts.names), "LSB_EXIT_REQUEUE": "85",
        "KERNELS": str(cache.parent) if cache else "", **SETTINGS,
    }  # fmt: skip
    return subprocess.Popen(
        hosts.on_first(["bash", "lsf/train_mpi.lsf"]),
        cwd=ROOT,
        env=hosts.variables({**os.environ, **variables}),
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def check(hosts: TwoHosts, folder: Path) -> None:
    """Stop the run once in every way, and compare it with one process.

    Raises
    ------
    AssertionError
    """
    out = folder / "runs" / "train_mpi"
    for what, event, expected in EVENTS:
        begun = epochs_done(out)
        job = submit(hosts, folder / "runs")
        log = out / "log.txt"
        try:
            while epochs_done(out) <= begun:
                assert job.poll() is None, log.read_text()
                time.sleep(0.02)
            started = descendants(job.pid)
            event(job)
            status = job.wait(timeout=120)
        finally:
            job.kill()  # does nothing if it has ended; otherwise all ranks end with it
        assert status in expected, (what, status, log.read_text())
        deadline = time.monotonic() + 30
        while any(Path(f"/proc/{one}").exists() for one in started):
            assert time.monotonic() < deadline, f"{what}: processes remain"
            time.sleep(0.05)
        print(f"{what}: status {status}, and every process has ended", flush=True)
    assert submit(hosts, folder / "runs").wait(timeout=300) == 0, log.read_text()
    one = folder / "one"
    assert train.main([*TINY[:-1], str(EPOCHS), "--shards", "8", "--quiet", "--out", str(one)]) == 0
    assert outcome(out) == outcome(one)
    launched = (hosts.bin / "launched").read_text().splitlines()
    assert len(launched) == len(EVENTS) + 1 and all("prted" in line for line in launched), launched
    print("4 ranks on two hosts, stopped and killed, end with the bits of one process.")


def main() -> int:
    """Return the exit status: 0 also where no hosts can be imitated, with a sentence."""
    try:
        with TwoHosts() as hosts, tempfile.TemporaryDirectory() as folder:
            check(hosts, Path(folder))
    except NoHosts as reason:
        print(f"Not checked: {reason}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
