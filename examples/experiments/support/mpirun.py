"""An mpirun that stops without loss: ``python -m examples.experiments.support.mpirun -n 4 python -m …``.

It takes the arguments of Open MPI's mpirun and starts it. mpirun itself kills all ranks at INT, TERM or HUP, within
half a second and without a save, and ends with status 1. Here these signals do not reach it. The ranks get USR1
instead, which mpirun forwards: they agree on a step, rank 0 saves, and the exit status is that of one process.

=================  ======================  =====================================
signal             what the ranks get      exit status after the save
=================  ======================  =====================================
INT, TERM, HUP     USR1                    130, 143, 129
USR2, URG          the same                85 or 75, see `runs.signals`
=================  ======================  =====================================

If this process is killed, so is mpirun, and with it all ranks. If a host or its daemon is lost, mpirun ends all ranks
and may return 0; here that is 1, unless rank 0 came to its end.

The program has to be an experiment: rank 0 of it notes its exit status.

Only the standard library is imported, so that the start is quick.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from examples.experiments.support.runs.signals import existing

ENDING = existing("SIGINT", "SIGTERM", "SIGHUP")
FORWARDED = existing("SIGUSR1", "SIGUSR2", "SIGURG")
STOPPED = {128 + number for number in (*ENDING, *existing("SIGUSR1"))}  # how a rank ends that one of these stopped
ENDED_WELL = (0, 85, 75)  # only if rank 0 has noted its end; mpirun may return 0, or MPI's own numbers, without
STATUS = "LUCIDGRAD_STATUS"  # a file in which rank 0 notes its exit status
_PR_SET_PDEATHSIG = 1  # of prctl(2)


class NoMpirun(Exception):
    """There is no mpirun. The text says how to get one."""


def find() -> str:
    """Return the path of mpirun: the variable MPIRUN, the one beside this Python, or the one on the PATH.

    mpi4py looks for the MPI library in the same order, so that mpirun and the library belong together.

    Raises
    ------
    NoMpirun
    """
    beside = Path(sys.executable).parent / "mpirun"
    found = os.environ.get("MPIRUN") or (str(beside) if beside.exists() else "mpirun")
    path = shutil.which(found)
    if path is None:
        raise NoMpirun(
            f"there is no {found}; install MPI with make environment-mpi, load your cluster's module of Open MPI, or "
            "name a path with MPIRUN=..."
        )
    return path


def main(arguments: Sequence[str]) -> int:
    """Run mpirun with these arguments; return the exit status."""
    try:
        mpirun = find()
    except NoMpirun as missing:
        print(f"mpirun: {missing}.", file=sys.stderr)
        return 127
    received: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def forward(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if started:
            started[0].send_signal(signal.SIGUSR1 if number in ENDING else number)

    for number in (*ENDING, *FORWARDED):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "status"
        environment = {**os.environ, **_root_may_run(), STATUS: str(noted)}
        parent = os.getpid()
        process = subprocess.Popen([mpirun, *arguments], env=environment, preexec_fn=lambda: _before_mpirun(parent))
        started.append(process)
        for early in list(received):  # what came during the start
            process.send_signal(signal.SIGUSR1 if early in ENDING else early)
        status = process.wait()
        if status in ENDED_WELL and not noted.exists():
            print(
                f"mpirun ended with status {status}, but rank 0 did not get to its end: a rank was killed, or the "
                "connection to a host was lost. Start the same command again.",
                file=sys.stderr,
            )
            return 1
    if status < 0:  # mpirun was killed
        return 128 - status
    ended_by = next((number for number in received if number in ENDING), None)
    return 128 + ended_by if status in STOPPED and ended_by is not None else status


def _before_mpirun(parent: int) -> None:
    """In the new process: block the signals at which mpirun kills the ranks, and die with the parent."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # mpirun would handle even ignored ones; its ranks unblock them
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has died already
        os._exit(1)


def _root_may_run() -> dict[str, str]:
    """Return the variables without which Open MPI refuses to run as root, as in a container."""
    if os.getuid() != 0:
        return {}
    return {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
