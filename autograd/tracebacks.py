"""Short tracebacks for errors that lucidgrad raises on purpose, such as a wrong shape.

The user wants to see their own line and the sentence.  The dozen frames between them say how the engine reaches a
check, which is the same for every op.
"""

from __future__ import annotations

import dis
import sys
from itertools import pairwise
from types import FrameType, TracebackType

PACKAGES = ("autograd", "nn", "optim")
ON_PURPOSE = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError)
RAISE = dis.opmap["RAISE_VARARGS"]


def shorten(error: Exception) -> None:
    """Take lucidgrad's frames out of an error's traceback, but for the one that raises; call it where it is caught.

    It leaves an error alone that no `raise` statement of lucidgrad made: that may be a bug, and every frame counts.
    The callers' frames are not in the traceback yet.  Those that are lucidgrad's are marked with
    `__tracebackhide__`, which IPython and pytest follow.
    """
    entries: list[TracebackType] = []
    entry = error.__traceback__
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    if not entries or type(error) not in ON_PURPOSE or not _raises(entries[-1]):
        return
    frame = entries[0].tb_frame.f_back
    while frame is not None and _is_ours(frame):
        frame.f_locals["__tracebackhide__"] = True
        frame = frame.f_back
    shown = [entry for entry in entries[:-1] if not _is_ours(entry.tb_frame)] + entries[-1:]
    for outer, inner in pairwise(shown):
        outer.tb_next = inner
    error.__traceback__ = shown[0]


def user_stacklevel() -> int:
    """The `stacklevel` with which a caller's warning names the line that called lucidgrad."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame):
        level, frame = level + 1, frame.f_back
    return level


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in PACKAGES


def _raises(entry: TracebackType) -> bool:
    """Whether this innermost entry stopped at a `raise` of lucidgrad's, and not in a function written in C."""
    return _is_ours(entry.tb_frame) and entry.tb_frame.f_code.co_code[entry.tb_lasti] == RAISE
