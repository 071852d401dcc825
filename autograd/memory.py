"""Memory of dead results, kept for the next ones.

A training step makes and drops the same large arrays again and again.  By default the C library
takes each from the operating system and gives it back at once, and the system clears every page
anew: a third of a step at batch 256 went there (docs/performance.md).  So we ask the C library to
keep what is freed.  Who may reuse memory, and when, stays with it: only what no array refers to.
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # mallopt's parameters, in glibc's malloc.h
_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory for this process's next arrays; whether it does.

    Only glibc can be told.  `LUCIDGRAD_KEEP_MEMORY=0` leaves it as it was: a process that must
    give memory back between steps pays with page faults.
    """
    if os.environ.get("LUCIDGRAD_KEEP_MEMORY") == "0" or sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(library.mallopt(_MMAP_MAX, 0) and library.mallopt(_TRIM_THRESHOLD, _MOST))
