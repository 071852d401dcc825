"""The processes that compute together: who they are, how arrays travel between them, and how they end together.

There is one group, the *world*: all processes that mpirun started.  Each has a number, its *rank*.  A process that was
started without mpirun is a group of one, and needs no MPI.

All messages are started without blocking, and then waited for here.  So a waiting process still runs Python's signal
handlers, and learns when another process has left and will never answer.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.types import Array

# What starters of MPI programs set in each process, and the number of processes, where it is told:
# Open MPI, MVAPICH, Hydra (MPICH, Intel MPI), PMIx (srun).
_SIZES = ("OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "PMI_SIZE")
_STARTED = (*_SIZES, "PMI_RANK", "PMIX_RANK")
_INSTALL = 'pip install "lucidgrad[mpi]", or make environment-mpi; lsf/README.md has the steps for a cluster\'s MPI'
_POLLS = 200  # before a waiting process begins to let others run: some 50 µs, which a message on one machine takes


class Group:
    """The world, as arrays see it.

    Attributes
    ----------
    rank, size : int
    """

    def __init__(self, mpi: Any = None) -> None:
        self.rank, self.size = 0, 1
        self._mpi = mpi
        self._collectives = 0  # started so far; the same number on every rank
        self._left: dict[int, int] = {}  # rank that has left -> how many collectives it took part in
        self._process = os.getpid()
        if mpi is not None:
            self.rank, self.size = mpi.COMM_WORLD.Get_rank(), mpi.COMM_WORLD.Get_size()
        if self.size > 1:
            self._comm, self._notices = mpi.COMM_WORLD.Dup(), mpi.COMM_WORLD.Dup()
            # One rank that ends with an error ends all; otherwise they would wait for it for ever.
            self._excepthook, sys.excepthook = sys.excepthook, self._fail
            atexit.register(self.leave)

    # ── collectives: every rank calls the same ones in the same order ──

    def all_gather(self, array: Array, counts: Sequence[int], what: str) -> Array:
        """The 1-D arrays of all ranks, one after another; rank r has counts[r] elements."""
        if self.size == 1:
            return array
        received = np.empty(sum(counts), array.dtype)
        bytes_ = [n * array.itemsize for n in counts]
        self._finish(self._comm.Iallgatherv(_bytes(array), [_bytes(received), bytes_]), what)
        return received

    def all_to_all(self, array: Array, sent: Sequence[int], counts: Sequence[int], what: str) -> Array:
        """Send sent[r] elements of a 1-D array to rank r; the counts[r] elements from each rank r, in order."""
        received = np.empty(sum(counts), array.dtype)
        out, into = ([n * array.itemsize for n in numbers] for numbers in (sent, counts))
        self._finish(self._comm.Ialltoallv([_bytes(array), out], [_bytes(received), into]), what)
        return received

    def exchange(self, array: Array, partner: int, what: str) -> Array:
        """Send an array to a rank that sends one of the same size at the same time; returns the other's."""
        received = np.empty_like(array)
        requests = [self._comm.Irecv(_bytes(received), partner), self._comm.Isend(_bytes(array), partner)]
        self._finish_all(requests, what)
        return received

    def broadcast(self, array: Array, source: int, what: str) -> None:
        """Overwrite a contiguous array by that of rank `source`."""
        if self.size > 1:
            self._finish(self._comm.Ibcast(_bytes(array), source), what)

    def gather_numbers(self, numbers: Sequence[int], what: str) -> Array:
        """A few integers of every rank: int64, (size, len(numbers))."""
        own = np.array(numbers, np.int64)
        return self.all_gather(own, [len(own)] * self.size, what).reshape(self.size, -1)

    def gather_texts(self, text: str, what: str) -> list[str]:
        """The text of every rank."""
        own = np.frombuffer(text.encode(), np.uint8)
        sizes = self.gather_numbers([len(own)], what)[:, 0].tolist()
        joined, ends = self.all_gather(own, sizes, what).tobytes(), np.cumsum(sizes).tolist()
        return [joined[end - size : end].decode() for size, end in zip(sizes, ends, strict=True)]

    def barrier(self, what: str = "barrier") -> None:
        if self.size > 1:
            self._finish(self._comm.Ibarrier(), what)

    # ── waiting, leaving, failing ──

    def _finish(self, request: Any, what: str) -> None:
        self._finish_all([request], what)

    def _finish_all(self, requests: list[Any], what: str) -> None:
        self._collectives += 1
        polls = 0
        while not self._mpi.Request.Testall(requests):
            polls += 1
            if polls > _POLLS:
                time.sleep(0)  # there may be more processes than processors
                if polls % _POLLS == 0:
                    self._read_notices()
                    for rank, count in self._left.items():
                        if count < self._collectives:
                            raise RuntimeError(
                                f"{what}: rank {rank} has ended its program, and rank {self.rank} waits for it; every "
                                "rank must make the same calls of autograd.distributed in the same order"
                            )

    def _read_notices(self) -> None:
        status = self._mpi.Status()
        while self._notices.Iprobe(self._mpi.ANY_SOURCE, status=status):
            count = np.empty(1, np.int64)
            self._notices.Recv(_bytes(count), status.Get_source())
            self._left[status.Get_source()] = int(count[0])

    def leave(self) -> None:
        """Tell the others that this rank takes part in no more collectives, and wait until all have said so."""
        atexit.unregister(self.leave)
        if self.size == 1 or os.getpid() != self._process:
            return
        count = np.array([self._collectives], np.int64)
        others = [rank for rank in range(self.size) if rank != self.rank]
        requests = [self._notices.Isend(_bytes(count), rank) for rank in others]
        while len(self._left) < len(others) or not self._mpi.Request.Testall(requests):
            self._read_notices()
            time.sleep(0.001)
        if sys.excepthook == self._fail:
            sys.excepthook = self._excepthook

    def _fail(self, kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        """Print an error that nothing caught, and end all ranks."""
        self._excepthook(kind, error, traceback)
        if os.getpid() != self._process:
            return
        text = f"Rank {self.rank} of {self.size} ended with this {kind.__name__}, so all ranks are ended."
        print(text, file=sys.stderr)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._mpi.COMM_WORLD.Abort(130 if issubclass(kind, KeyboardInterrupt) else 1)


def _bytes(array: Array) -> Array:
    """The memory of a contiguous array: MPI has no bfloat16."""
    return array.reshape(-1).view(np.uint8)


def started_by_mpi() -> bool:
    """Whether this process was started by mpirun or srun, or has begun to use MPI itself."""
    return "mpi4py.MPI" in sys.modules or any(name in os.environ for name in _STARTED)


def connect() -> Group:
    """The group of this process.

    Raises
    ------
    RuntimeError
        If mpirun started several processes, and they cannot find each other.
    """
    if not started_by_mpi():
        return Group()
    told = next((int(os.environ[name]) for name in _SIZES if os.environ.get(name, "").isdigit()), None)
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py is there, and finds no MPI library
        if told == 1:
            return Group()
        raise RuntimeError(
            f"init_process_group: mpirun started {told or 'several'} processes, and mpi4py, by which they talk, cannot "
            f"be imported ({error}); install it: {_INSTALL}"
        ) from None
    group = Group(MPI)
    if told is not None and told != group.size:
        library = MPI.Get_library_version().splitlines()[0].split(",")[0]
        raise RuntimeError(
            f"init_process_group: mpirun started {told} processes, and mpi4py sees {group.size}: two MPIs are mixed. "
            f"mpi4py uses {library}; use the mpirun of that MPI, or build mpi4py with yours: "
            "pip install --force-reinstall --no-binary mpi4py mpi4py"
        )
    return group
