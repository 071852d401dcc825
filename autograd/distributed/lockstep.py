"""Functions that run in turns, and meet.

Batch norm over a whole batch needs the statistics of all shards before any of them can go on.  So the shards of a rank
are computed side by side: each in a thread of its own, of which one runs at a time, up to the next such layer.  There
they meet, what they brought is combined, and they go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from autograd import engine, grad_mode
from autograd.config import get_num_threads, set_num_threads


class _Abandoned(BaseException):
    """Ends a thread whose neighbour has failed."""


class _Here(threading.local):
    turns: Turns | None = None
    number = 0


_here = _Here()


class Turns:
    """One run of several functions.

    Parameters
    ----------
    functions : sequence of function ()
    around : function of a number
        A context for the time in which the function of this number runs.  It is entered and left at each meeting.
    """

    def __init__(
        self, functions: Sequence[Callable[[], Any]], around: Callable[[int], AbstractContextManager[Any]]
    ) -> None:
        self._functions, self._around = functions, around
        count = len(functions)
        self._go = [threading.Semaphore(0) for _ in range(count)]
        self._back = threading.Semaphore(0)
        self._meeting: list[tuple[Any, Callable[[list[Any]], Sequence[Any]]] | None] = [None] * count
        self._answers: list[Any] = [None] * count
        self._results: list[Any] = [None] * count
        self._error: BaseException | None = None
        self._mode, self._recording = engine._state.mode, grad_mode.state.recording
        self._threads_of_kernels = get_num_threads()

    def run(self) -> list[Any]:
        """The functions' results.  An error of one ends all, and is raised here."""
        threads = [threading.Thread(target=self._run_one, args=(i,), daemon=True) for i in range(len(self._functions))]
        alive = list(range(len(threads)))
        try:
            for i in alive:
                with self._around(i):
                    threads[i].start()
                    self._back.acquire()
                self._raise()
            while any(self._meeting):
                first = self._meeting[0]
                if first is None or not all(self._meeting):
                    raise RuntimeError(
                        "SyncBatchNorm: not all shards of the batch came to this layer; a module with such layers must "
                        "call the same ones for every shard"
                    )
                answers = first[1]([brought[0] for brought in self._meeting if brought])
                self._answers, self._meeting = list(answers), [None] * len(threads)
                for i in alive:
                    with self._around(i):
                        self._go[i].release()
                        self._back.acquire()
                    self._raise()
        finally:
            self._error = self._error or _Abandoned()
            for i, thread in enumerate(threads):
                if thread.ident is not None:
                    self._go[i].release()
                    thread.join()
        return self._results

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run_one(self, number: int) -> None:
        _here.turns, _here.number = self, number
        engine._state.mode, grad_mode.state.recording = self._mode, self._recording
        set_num_threads(self._threads_of_kernels)
        try:
            self._results[number] = self._functions[number]()
        except BaseException as error:  # also SystemExit: the caller's thread is the one to end
            self._error = self._error or error
        finally:
            self._back.release()

    def _meet(self, number: int, value: Any, combine: Callable[[list[Any]], Sequence[Any]]) -> Any:
        self._meeting[number] = value, combine
        self._back.release()
        self._go[number].acquire()
        if self._error is not None:
            raise _Abandoned
        return self._answers[number]


def meet(value: Any, combine: Callable[[list[Any]], Sequence[Any]]) -> Any:
    """Wait until every function of the run is at such a call; combine([values]) has an answer for each.

    Outside of a run, the caller is alone.
    """
    if _here.turns is None:
        return combine([value])[0]
    return _here.turns._meet(_here.number, value, combine)


def is_taking_turns() -> bool:
    """Whether the caller is a function of a run."""
    return _here.turns is not None
