"""Keeping freed memory for the next arrays.

Each training step allocates and frees the same large arrays.  By default the C library requests each of them
from the operating system and returns it immediately, and the system zeroes all pages each time.  At batch size
256 this took a third of a step (docs/performance.md).  So we ask the C library to keep freed memory.  It still
decides what to reuse: only memory that no array refers to.
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # mallopt's parameters, in glibc's malloc.h
_NEVER = -1  # no size is large enough for memory to be returned; the largest int would be 2 GB


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory for later arrays of this process; return whether it does.

    This needs glibc.  With `LUCIDGRAD_KEEP_MEMORY=0` memory is returned between steps, at the price of page
    faults.
    """
    if os.environ.get("LUCIDGRAD_KEEP_MEMORY") == "0":
        return False
    library = _library()
    return bool(library and library.mallopt(_MMAP_MAX, 0) and library.mallopt(_TRIM_THRESHOLD, _NEVER))


def give_freed_memory_back() -> None:
    """Return to the operating system what is free now, such as after large data were read and dropped."""
    if library := _library():
        library.malloc_trim(0)


def _library() -> ctypes.CDLL | None:
    """The C library, if it is glibc."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "gnu_get_libc_version") else None
