"""How many threads run the kernels, and which of Numba's threading layers they run on.

The number of threads belongs to the process.  Numba keeps one number for each Python thread, and a new thread starts
with all processors.  So the number is kept here, in memory that compiled code reads by its name: every parallel kernel
begins with `limit_threads` (jit.py), which sets Numba's number for this launch, and ends by setting it back.  Both
happen in compiled code, where no signal and no exception of Python can come between.

Numba has three threading layers; docs/performance.md has what each costs.

=========  ==========================  =======================  ==================================
layer      two Python threads at once  after os.fork            where it is
=========  ==========================  =======================  ==================================
TBB        safe                        safe                     x86-64: pip installs it
OpenMP     safe                        libgomp ends the child;  where the system has a runtime
                                       LLVM's, Intel's and
                                       Microsoft's are safe
workqueue  ends the process            safe                     everywhere
=========  ==========================  =======================  ==================================

So TBB comes first, then an OpenMP that is safe after a fork, then workqueue, where a lock lets one Python thread at a
time launch a kernel.  libgomp, which Numba's builds for Linux use, comes last: a process that forks after its first
kernel, as multiprocessing does on Linux, would lose its children.  Who never forks may choose it with
NUMBA_THREADING_LAYER=omp.

Source: Numba's documentation, "The Threading Layers".
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from llvmlite import binding as llvm, ir
from numba import types
from numba.extending import intrinsic
from numba.np.ufunc import parallel

settings: Any = numba.config  # its variables are made at run time, unseen by type checkers


def available_threads() -> int:
    """Threads this process may use: its CPU affinity or its LSF job's slots, whichever is less."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    slots = os.environ.get("LSB_DJOB_NUMPROC", "")
    if not slots.isdigit():  # older schedulers: LSB_MCPU_HOSTS="hostA 4 hostB 2"; the first host is ours
        slots = [*os.environ.get("LSB_MCPU_HOSTS", "").split(), "", ""][1]
    return max(1, min(affinity, int(slots) if slots.isdigit() else affinity))


# ── the number of threads ──────────────────────────────────────────────────────────────

_SYMBOL = "lucidgrad_num_threads"
_number = ctypes.c_int32(min(available_threads(), settings.NUMBA_NUM_THREADS))
llvm.add_symbol(_SYMBOL, ctypes.addressof(_number))  # by name: a kernel from the cache finds it in any process


def get_number() -> int:
    """On how many threads the kernels of this process run at most."""
    return _number.value


def set_number(threads: int) -> None:
    """Let all kernels that any thread of this process launches from now on run on so many threads at most."""
    _number.value = threads


@intrinsic
def process_threads(typing_context):  # type: ignore[no-untyped-def]
    """The number of `get_number`, in compiled code."""
    numba.get_num_threads()  # starts Numba's threads, whose functions `limit_threads` is about to be linked with

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.load(context.get_c_value(builder, ir.IntType(32), _SYMBOL))

    return types.int32(), generate


# ── the threading layer ────────────────────────────────────────────────────────────────


def _load_tbb() -> None:
    """Load the libtbb that pip installed, so that Numba's TBB layer finds it by its name.

    pip puts it in the environment's lib folder, where the loader does not look.
    """
    for folder in (Path(sys.prefix) / "lib", Path(sys.prefix) / "Library" / "bin"):
        for library in (*folder.glob("libtbb.so.12"), *folder.glob("libtbb.12.dylib"), *folder.glob("tbb12.dll")):
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def _loaded(layer: str) -> Any:
    """Numba's module for the layer, or None where it does not load; loading it starts no thread."""
    try:
        if layer == "tbb":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a TBB that is too old: the next layer is taken
                parallel._check_tbb_version_compatible()
        return importlib.import_module(f"numba.np.ufunc.{layer if layer == 'workqueue' else layer + 'pool'}")
    except ImportError:
        return None


def choose_layer() -> str:
    """Tell Numba which layers to try in which order, unless the user has; returns the one that will be used."""
    with contextlib.suppress(ValueError):  # raised as long as no parallel code of the user's has run
        return numba.threading_layer()
    named = str(settings.THREADING_LAYER).lower()
    _load_tbb()
    if named == "default" and "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
        order = ["tbb", "omp", "workqueue"]
        if not _loaded("tbb") and getattr(_loaded("omp"), "openmp_vendor", "GNU") == "GNU":
            order = ["tbb", "workqueue", "omp"]
        settings.THREADING_LAYER_PRIORITY = order
    forksafe = ["tbb", "workqueue"] if sys.platform == "linux" else ["tbb", "omp", "workqueue"]
    meant = {"default": settings.THREADING_LAYER_PRIORITY, "forksafe": forksafe, "threadsafe": ["tbb", "omp"]}
    return next((layer for layer in meant.get(named, [named]) if layer == "workqueue" or _loaded(layer)), named)


def hold_during_fork(lock: Any) -> None:
    """Fork only while no other thread has the lock: a child would wait for ever for that thread, which it lacks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


# ── one launch at a time ───────────────────────────────────────────────────────────────

_launches = threading.RLock()  # of a thread that may come back, through a signal handler or a finalizer


class _Serialized:
    """A parallel kernel that Python threads launch one at a time.

    Compiled code cannot call it, as Numba does not know its type: no launch gets past the lock.
    """

    def __init__(self, kernel: Any) -> None:
        functools.update_wrapper(self, kernel, updated=())
        self._kernel = kernel

    def __call__(self, *arguments: Any) -> Any:
        with _launches:
            return self._kernel(*arguments)


def _as_it_is(kernel: Any) -> Any:
    return kernel


# What a parallel kernel becomes after it was compiled: itself, where the layer can be entered by two threads at once.
serialized: Callable[[Any], Any] = _as_it_is

if choose_layer() == "workqueue":
    serialized = _Serialized
    hold_during_fork(_launches)
