"""Stopping on a signal without losing work.

A handler only makes a note; the training loop asks at its safe points, between two steps,
with `check()`, saves, and leaves with the exit status that the signal calls for:

=================  ===================================  ==========================================
signal             who sends it                         exit status
=================  ===================================  ==========================================
INT                Ctrl-C, bkill                        130
TERM               kill, bkill ten seconds later        143
USR2, URG          the run limit of a batch system      85 where the queue runs 85 again, else 75
=================  ===================================  ==========================================

INT and TERM never give 85, or bkill would only make the job start over.
"""

from __future__ import annotations

import os
import re
import signal
from types import FrameType, TracebackType
from typing import Any, Self

REQUEUE = 85
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: nothing is wrong, run it again

_LIMIT = (signal.SIGUSR2, signal.SIGURG)
_HANDLED = (signal.SIGINT, signal.SIGTERM, *_LIMIT)


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
        for number in _HANDLED:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leaving = isinstance(error, StopRequested)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if leaving else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number

    def check(self) -> None:
        """Raise StopRequested where a signal has come; call it at a safe point."""
        if self.received is not None:
            raise StopRequested(self.received)


def exit_status(number: int, requeue_values: str) -> int:
    """Return the exit status for a signal, given the queue's LSB_EXIT_REQUEUE."""
    if number not in _LIMIT:
        return 128 + number
    return REQUEUE if _listed(REQUEUE, requeue_values) else TRY_AGAIN


def _listed(status: int, values: str) -> bool:
    """Tell whether a requeue list, such as "85 99", "all ~1" or "EXCLUDE(85)", holds a status."""
    words = re.findall(r"~?\w+", values)
    return f"~{status}" not in words and (str(status) in words or "all" in words)
