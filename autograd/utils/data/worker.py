"""Worker processes: they load batches while the main process trains.

Main process and worker have one connection, on which pickles go both ways.  A worker has three threads: one reads
tasks, so that the main process never waits for a busy worker; one loads batches; one sends them.  A worker unpickles
nothing but what its main process sends, and the main process nothing but what its own workers send.

Signals that end or interrupt a program usually reach all of its processes.  A worker ignores them, because it is for
the main process to decide: it may save its state first, and needs its batches for that.  A worker ends when the main
process tells it to, or is gone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, util
from typing import Any

from autograd.config import set_num_threads
from autograd.utils.data.fetch import Ended, Fetcher, Recipe
from autograd.utils.data.streams import seed_of, seed_streams

GRACE = 5.0  # seconds that a worker has to finish its sample when it shall end


@dataclass(frozen=True)
class WorkerInfo:
    """What `get_worker_info` returns in a worker.

    Parameters
    ----------
    id : int
        From 0 to num_workers - 1.
    num_workers : int
    seed : int
        The seed of the epoch in which the worker was started, plus id.
    dataset : Dataset
        The worker's copy.

    Examples
    --------
    >>> from autograd.utils.data import WorkerInfo
    >>> info = WorkerInfo(id=1, num_workers=2, seed=6, dataset=[10, 20, 30, 40])
    >>> info.dataset[info.id :: info.num_workers]  # the share of this worker
    [20, 40]
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a DataLoader: its number and its copy of the data set.  Otherwise None.

    Returns
    -------
    WorkerInfo or None

    Examples
    --------
    >>> from autograd.utils.data import get_worker_info
    >>> get_worker_info() is None  # this is no worker
    True
    """
    return _info


# ── in the worker ──


class _Stopped(Exception):
    """The main process wants no more."""


@dataclass
class _Setup:
    """What a worker is given when it starts."""

    prepare: Callable[[], None] | None  # unpickled first: its module lets the others say `import torch`
    channel: Any
    recipe: Recipe
    id: int
    count: int
    init_fn: Callable[[int], object] | None
    seed: int
    inherited: list[Any]  # the main process's ends of all connections, if the worker is a fork of it


def _work(setup: _Setup) -> None:
    """The main function of a worker."""
    global _info
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)  # not SIG_IGN, which a program it runs would inherit
    for other in setup.inherited:
        other.close()  # or a connection would stay open when the main process is killed
    set_num_threads(1)  # the processors are shared by the workers
    _info = WorkerInfo(setup.id, setup.count, setup.seed + setup.id, setup.recipe.dataset)
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    latest = [0]  # the number of the epoch that the main process is in; -1 to end

    def read() -> None:
        while True:
            try:
                task = pickle.loads(setup.channel.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)  # the main process is gone
            latest[0] = task[0]
            tasks.put(task)

    def send() -> None:
        while True:
            try:
                setup.channel.send_bytes(outbox.get())
            except OSError:
                os._exit(0)

    for target in (read, send):
        threading.Thread(target=target, daemon=True).start()
    seed_streams(setup.seed + setup.id)
    failure = None
    try:
        if setup.init_fn is not None:
            setup.init_fn(setup.id)
    except Exception as error:
        failure = _packed(error, setup.id)
    loop = _Loop(setup, latest, failure)
    with contextlib.suppress(_Stopped):
        while True:
            epoch, seed, batch, wanted = tasks.get()
            if epoch < 0:
                return
            if epoch == latest[0]:  # otherwise the main process has begun another epoch meanwhile
                outbox.put(_message(epoch, *loop.result(epoch, seed, batch, wanted), worker=setup.id))


class _Loop:
    """Makes the results of a worker."""

    def __init__(self, setup: _Setup, latest: list[int], failure: bytes | None) -> None:
        self.setup, self.latest, self.failure = setup, latest, failure
        self.epoch = 0
        self.fetcher: Fetcher | None = None

    def _check(self) -> None:
        if self.latest[0] < 0:
            raise _Stopped

    def result(self, epoch: int, seed: int, batch: int, wanted: Any) -> tuple[str, Any]:
        """What is sent for a task: ("batch", batch), ("end", None) or ("error", pickle)."""
        if self.failure is not None:
            return "error", self.failure
        try:
            if epoch != self.epoch:
                self.epoch, self.fetcher = epoch, None
            if self.fetcher is None:
                seed_streams(seed + self.setup.id)
                self.fetcher = Fetcher(self.setup.recipe, self._check)
            numbered_by_worker = self.setup.id if self.fetcher.iterator is not None else 0
            seed_streams(seed_of(seed, batch, numbered_by_worker))
            return "batch", self.fetcher(wanted)
        except Ended:
            return "end", None
        except _Stopped:
            raise
        except Exception as error:
            return "error", _packed(error, self.setup.id)


def _message(epoch: int, kind: str, value: Any, worker: int) -> bytes:
    try:
        return pickle.dumps((epoch, kind, value), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # what a __reduce__ of the user's may raise
        error.add_note("DataLoader: a batch is pickled to reach the main process, and this one cannot be")
        return pickle.dumps((epoch, "error", _packed(error, worker)))


def _packed(error: Exception, worker: int) -> bytes:
    """The error as a pickle, with its traceback as a note; as a RuntimeError if it cannot be pickled."""
    described = traceback.TracebackException.from_exception(error)
    described.__notes__ = None  # type: ignore[attr-defined]
    text = "".join(described.format()).rstrip()
    note = f"Caught {type(error).__name__} in DataLoader worker process {worker}:\n{text}"
    try:
        error.add_note(note)
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        substitute = RuntimeError(f"{type(error).__name__}: {error}")
        for line in getattr(error, "__notes__", [note]):
            substitute.add_note(line)
        packed = pickle.dumps(substitute)
    return packed


# ── in the main process ──

_channels: set[Any] = set()  # the main process's ends of the connections to all workers


class Pool:
    """The worker processes of a loader.

    Parameters
    ----------
    owner : object
        The workers are ended when it is garbage-collected, or when the program ends.
    """

    def __init__(
        self,
        owner: object,
        recipe: Recipe,
        count: int,
        init_fn: Callable[[int], object] | None,
        seed: int,
        timeout: float,
        context: Any,
    ) -> None:
        self.timeout = timeout
        self.closed = False
        self._workers: list[tuple[Any, Any]] = []  # connection, process
        self._finalizer = util.Finalize(owner, _end, (self._workers,), exitpriority=10)  # before those of a daemon
        context = context or multiprocessing.get_context()
        prepare = getattr(sys.modules.get("autograd.as_torch"), "install", None)
        try:
            for i in range(count):
                ours, theirs = context.Pipe()
                _channels.add(ours)
                inherited = list(_channels) if context.get_start_method() == "fork" else []
                setup = _Setup(prepare, theirs, recipe, i, count, init_fn, seed, inherited)
                process = context.Process(target=_work, args=(setup,), daemon=True)
                self._workers.append((ours, process))
                _start(process)
                theirs.close()
        except BaseException:
            self.close()
            raise

    def send(self, worker: int, task: tuple[int, int, int, Any]) -> None:
        """Give a task: number of the epoch, seed of the epoch, number of the batch, indices."""
        try:
            self._workers[worker][0].send_bytes(pickle.dumps(task))
        except OSError:
            raise self._death(worker) from None

    def receive(self, worker: int, epoch: int) -> tuple[str, Any]:
        """The next result of a worker that belongs to this epoch.

        Raises
        ------
        RuntimeError
            If the worker is dead, or does not answer in time.
        """
        channel, process = self._workers[worker]
        deadline = time.monotonic() + self.timeout if self.timeout > 0 else None
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = connection.wait([channel, process.sentinel], left)
            if not ready:
                raise RuntimeError(
                    f"DataLoader timed out after {self.timeout} seconds: worker {worker} (pid {process.pid}) is still "
                    "loading its batch; give it more time with timeout="
                )
            if channel not in ready and not channel.poll():
                raise self._death(worker)
            try:
                of, kind, value = pickle.loads(channel.recv_bytes())
            except (EOFError, OSError):
                raise self._death(worker) from None
            if of == epoch:
                return kind, pickle.loads(value) if kind == "error" else value

    def _death(self, worker: int) -> RuntimeError:
        process = self._workers[worker][1]
        process.join(GRACE)
        code = process.exitcode
        how = f"ended with exit code {code}"
        if code is not None and code < 0:
            name = next((s.name for s in signal.Signals if s == -code), f"signal {-code}")
            how = f"was killed by {name}" + (
                "; perhaps the machine ran out of memory, so try fewer workers or smaller batches" * (name == "SIGKILL")
            )
        return RuntimeError(f"DataLoader worker {worker} (pid {process.pid}) exited unexpectedly: it {how}")

    def close(self) -> None:
        """End the workers, and wait until they are gone."""
        self.closed = True
        self._finalizer()


def _start(process: Any) -> None:
    with warnings.catch_warnings():
        # of Python 3.12 and later: a fork of a process with threads may deadlock; see autograd/kernels/threads.py
        warnings.filterwarnings("ignore", r"This process .* is multi-threaded", DeprecationWarning)
        try:
            process.start()
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            error.add_note(
                "DataLoader: this start method pickles data set, collate_fn and worker_init_fn, so they must be "
                "defined at the top of a module: no lambdas, no functions within functions"
            )
            raise


def _end(workers: list[tuple[Any, Any]]) -> None:
    for channel, _ in workers:
        with contextlib.suppress(OSError):
            channel.send_bytes(pickle.dumps((-1, 0, 0, None)))
    deadline = time.monotonic() + GRACE
    for _, process in workers:
        if process.pid is not None:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
    for channel, _ in workers:
        _channels.discard(channel)
        channel.close()
    workers.clear()
