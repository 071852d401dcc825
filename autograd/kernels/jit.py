"""How kernels are compiled, cached and run on threads.

Threading layer.  TBB, OpenMP and Numba's own workqueue were measured on a 2-core machine (docs/performance.md):
an empty kernel takes 1.5, 1.4 and 70 µs, a 0.6 ms kernel gains 1.97, 1.98 and 1.8 from the
second core; next to a process that hogs one core OpenMP's slowest tenth takes 4 to 7 times its
median, TBB's 1.02.  OpenMP aborts after a fork and needs a libgomp that a bare machine lacks,
workqueue aborts when two Python threads enter it.  So: TBB, which pip brings along, then OpenMP.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import binding as llvm
from numba import types

from autograd.kernels.cache import KernelCache

settings: Any = numba.config  # its variables are made at run time, unseen by type checkers

# NaN and inf pass through as in the reference, so neither is assumed away; sums may not be
# reordered by the compiler (the order is the code's), but a product may fuse into an addition.
FASTMATH = {"contract", "nsz", "arcp"}

ELEMENTS = 16_384  # least numbers worth a thread's while, where little is done with each


def _load_tbb() -> None:
    """Load the libtbb that pip installed, so that Numba's TBB layer finds it by its name.

    pip puts it in the environment's lib folder, where the loader does not look.
    """
    for folder in (Path(sys.prefix) / "lib", Path(sys.prefix) / "Library" / "bin"):
        for library in (*folder.glob("libtbb.so.12"), *folder.glob("libtbb.12.dylib"), *folder.glob("tbb12.dll")):
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def _choose_threading_layer() -> None:
    if "NUMBA_THREADING_LAYER" not in os.environ:
        _load_tbb()
        settings.THREADING_LAYER_PRIORITY = ["tbb", "omp", "workqueue"]


def available_threads() -> int:
    """Threads this process may use: its CPU affinity or its LSF job's slots, whichever is less."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    slots = os.environ.get("LSB_DJOB_NUMPROC", "")
    if not slots.isdigit():  # older schedulers: LSB_MCPU_HOSTS="hostA 4 hostB 2"; the first host is ours
        slots = [*os.environ.get("LSB_MCPU_HOSTS", "").split(), "", ""][1]
    return max(1, min(affinity, int(slots) if slots.isdigit() else affinity))


@cache
def vector_bytes() -> int:
    """Width in bytes of the vector registers that kernels are written for: 64, 32 or 16.

    `LUCIDGRAD_VECTOR_BYTES` sets another than this processor's widest: for tests.
    """
    if chosen := os.environ.get("LUCIDGRAD_VECTOR_BYTES"):
        if chosen not in ("16", "32", "64"):
            raise ValueError(f"LUCIDGRAD_VECTOR_BYTES is {chosen!r}; it must be 16, 32 or 64, or not be set")
        return int(chosen)
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


def kernel(parallel: bool = False, inline: bool = False) -> Callable[[Callable], Any]:
    """Compile a function with the project's settings: cached, without the GIL, NaN-honest."""

    def compile_lazily(function: Callable) -> Any:
        compiled: Any = numba.njit(
            nogil=True,
            parallel=parallel,
            fastmath=FASTMATH,
            error_model="numpy",
            inline="always" if inline else "never",
        )(function)
        compiled._cache = KernelCache(function)  # as cache=True would do, with Numba's cache
        return compiled

    return compile_lazily


# Numba's own set_num_threads, called from a kernel, would keep it out of the cache
_threads: Any = types.ExternalFunction("get_num_threads", types.intc())
set_threads: Any = types.ExternalFunction("set_num_threads", types.void(types.intc))


@kernel()
def limit_threads(most):
    """Let this thread's next kernels run on so many threads, at least 1; returns how many it was, for `set_threads`.

    To wake a thread that has gone to sleep takes some 20 µs: more than all of a small kernel's work.
    """
    before = _threads()
    set_threads(max(1, min(before, most)))
    return before


@kernel()
def restore_threads(before):
    """Undo a `limit_threads`, from Python."""
    set_threads(before)


class _Writable:
    """Passes a read-only array's memory on as writable."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def dense(array: np.ndarray) -> np.ndarray:
    """The array as kernels take it: C-contiguous, aligned, and of a writable type.

    Kernels never write to their inputs, but Numba compiles once more for an array marked
    read-only, as gradients of sums are.
    """
    array = np.asarray(array)  # what has no dimensions comes out of NumPy's operators as a scalar
    flags = array.flags
    if flags.carray:  # all of it: contiguous, aligned and writable
        return array
    if flags.c_contiguous and flags.aligned and array.nbytes > 16_384:
        return np.asarray(_Writable(array))
    return np.array(array, order="C")  # of few numbers a copy is quicker than the detour


def blocks(total: int, least: int) -> int:
    """Into how many blocks of at least `least` elements to cut `total`: never by the thread count."""
    return 1 if total <= least else min(64, -(-total // max(1, least)))


def elementwise(run: Callable[..., None], *arrays: np.ndarray, numbers: tuple[Any, ...] = ()) -> np.ndarray:
    """y of run(*arrays, *numbers, parts, y), in the dtype of the first of the arrays, which are of one shape.

    The kernel is given them as vectors, and into how many parts to cut them.  It must take slices
    of a part and count them from 0, or Numba makes no vector instructions: ten times slower.
    """
    flat = [dense(a).ravel() for a in arrays]
    y = np.empty(arrays[0].shape, flat[0].dtype)
    parts = blocks(y.size, ELEMENTS)
    threads = limit_threads(parts)
    run(*flat, *numbers, parts, y.reshape(-1))
    restore_threads(threads)
    return y


_choose_threading_layer()
numba.set_num_threads(min(available_threads(), settings.NUMBA_NUM_THREADS))
