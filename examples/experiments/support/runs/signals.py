"""Stopping on a signal without losing work.

A handler only makes a note; the training loop asks at its safe points, between two steps,
with `check()`, saves, and leaves with the exit status that the signal calls for:

=================  ===================================  ==========================================
signal             who sends it                         exit status
=================  ===================================  ==========================================
INT                Ctrl-C, bkill                        130
TERM               kill, bkill ten seconds later        143
HUP                a terminal that is closed            129
USR2, URG          the run limit of a batch system      85 where the queue runs 85 again, else 75
=================  ===================================  ==========================================

INT, TERM and HUP never give 85, or bkill would only make the job start over.

A signal that is ignored when the program starts stays ignored: INT in a script's background jobs, HUP under nohup.
Windows lacks some of these signals.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

REQUEUE = 85
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: nothing is wrong, run it again


def _existing(*names: str) -> tuple[int, ...]:
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


_LIMIT = _existing("SIGUSR2", "SIGURG")
HANDLED = (*_existing("SIGINT", "SIGTERM", "SIGHUP"), *_LIMIT)


class StopRequested(Exception):
    """A signal asked for an end; `status` is the exit status it calls for."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.status = exit_status(number, os.environ.get("LSB_EXIT_REQUEUE", ""))
        self.requeued = self.status == REQUEUE


class StopOnSignal:
    """Note signals instead of dying of them, while the ``with`` block runs.

    The first signal decides; an impatient second Ctrl-C changes nothing, neither during the
    save nor after it, on the way out. (SIGQUIT, Ctrl-\\, still kills at once.)
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

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
            if handler is None:  # one that Python did not set, and cannot name
                handler = signal.SIG_DFL
            signal.signal(number, _on_the_way_out if leaving else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number

    def check(self) -> None:
        """Raise StopRequested where a signal has come; call it at a safe point."""
        if self.received is not None:
            raise StopRequested(self.received)


def exit_on_interrupt() -> None:
    """Let Ctrl-C end the program with one line and status 130: for the time of the imports.

    A KeyboardInterrupt would show where in them it was, and some packages catch it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt again while the ``with`` block runs, and change nothing after it."""
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
        os.write(2, b"Stopped before anything began.\n")  # not by print, which the signal may have interrupted
    os._exit(128 + number)


def _on_the_way_out(number: int, frame: FrameType | None) -> None:
    """Do nothing: the program is about to end. (SIG_IGN would tell a later `StopOnSignal` to leave it alone.)"""


@atexit.register
def _ignore_at_the_end() -> None:
    """Python takes its handlers away while it ends, and a signal would kill it then."""
    for number in HANDLED:
        if signal.getsignal(number) is _on_the_way_out:
            signal.signal(number, signal.SIG_IGN)


def exit_status(number: int, requeue_values: str) -> int:
    """Return the exit status for a signal, given the queue's LSB_EXIT_REQUEUE."""
    if number not in _LIMIT:
        return 128 + number
    return REQUEUE if _listed(REQUEUE, requeue_values) else TRY_AGAIN


def _listed(status: int, values: str) -> bool:
    """Tell whether a requeue list, such as "85 99", "all ~1" or "EXCLUDE(85)", holds a status."""
    words = re.findall(r"~?\w+", values)
    return f"~{status}" not in words and (str(status) in words or "all" in words)
