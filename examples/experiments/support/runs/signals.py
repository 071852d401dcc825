"""Stopping on a signal without losing work.

A handler only records the signal. Between two steps the training loop calls `check()`, saves,
and exits with the status of the signal:

=================  ===================================  ==========================================
signal             sent by                              exit status
=================  ===================================  ==========================================
INT                Ctrl-C, bkill                        130
TERM               kill; bkill after ten seconds        143
HUP                closing the terminal                 129
USR1               `mpirun`, for one of these three     138, for which it puts the above
USR2, URG          the run limit of a batch system      85 if the queue requeues 85, else 75
=================  ===================================  ==========================================

INT, TERM and HUP never give 85; otherwise bkill would only restart the job.

Where several ranks train, a signal to one of them stops all after the same step.

A signal that is ignored at the start stays ignored: INT in background jobs of a script, HUP under nohup.
Windows does not have all of these signals.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

REQUEUE = 85
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: not an error, run it again


def existing(*names: str) -> tuple[int, ...]:
    """The signals of these names that this system has."""
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


_LIMIT = existing("SIGUSR2", "SIGURG")
HANDLED = (*existing("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"), *_LIMIT)


class StopRequested(Exception):
    """A signal asked the program to stop; `status` is the exit status."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.status = exit_status(number, os.environ.get("LSB_EXIT_REQUEUE", ""))
        self.requeued = self.status == REQUEUE


class StopOnSignal:
    """Record signals inside the ``with`` block instead of ending the process.

    The first signal counts. A second Ctrl-C has no effect, neither during the save nor
    afterwards while the program exits. (SIGQUIT, Ctrl-\\, still kills at once.)

    Parameters
    ----------
    agree : function
        Returns the largest of the numbers of all ranks, `processes.largest`. Not needed in one process.
    """

    def __init__(self, agree: Callable[[int], int] = lambda number: number) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}
        self._agree = agree

    def __enter__(self) -> Self:
        for number in HANDLED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leaving = isinstance(error, StopRequested)
        for number, handler in self._before.items():
            if handler is None:  # a handler that Python did not install
                handler = signal.SIG_DFL
            signal.signal(number, _on_the_way_out if leaving else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number

    def check(self) -> None:
        """Raise StopRequested if a signal has arrived, at any rank; all ranks call it where the run can stop."""
        urgency = {number: rank for rank, number in enumerate(reversed(HANDLED), 1)}  # only limits alone give 85
        if most := self._agree(urgency.get(self.received or 0, 0)):
            raise StopRequested(HANDLED[-most])


def exit_on_interrupt() -> None:
    """During the imports, let Ctrl-C end the program with one line and status 130.

    A KeyboardInterrupt would print a traceback, and some packages catch it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt inside the ``with`` block, and ignore it afterwards."""
    importing = signal.getsignal(signal.SIGINT) is _exit
    if importing:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if importing:
            signal.signal(signal.SIGINT, _on_the_way_out)


def _exit(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"Stopped before anything began.\n")  # not with print, which the signal may have interrupted
    os._exit(128 + number)


def _on_the_way_out(number: int, frame: FrameType | None) -> None:
    """Do nothing, since the program is about to end. (A later `StopOnSignal` would leave SIG_IGN alone.)"""


@atexit.register
def _ignore_at_the_end() -> None:
    """Ignore signals during shutdown, when Python removes its handlers and a signal would kill it."""
    for number in HANDLED:
        if signal.getsignal(number) is _on_the_way_out:
            signal.signal(number, signal.SIG_IGN)


def exit_status(number: int, requeue_values: str) -> int:
    """Return the exit status for a signal, given LSB_EXIT_REQUEUE of the queue."""
    if number not in _LIMIT:
        return 128 + number
    return REQUEUE if _listed(REQUEUE, requeue_values) else TRY_AGAIN


def _listed(status: int, values: str) -> bool:
    """Return whether a requeue list, such as "85 99", "all ~1" or "EXCLUDE(85)", contains a status."""
    words = re.findall(r"~?\w+", values)
    return f"~{status}" not in words and (str(status) in words or "all" in words)
