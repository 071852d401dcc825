"""The number of threads that kernels run on, and the choice of Numba's threading layer.

The number of threads is a setting of the process.  Numba has one number for each Python thread, and a new thread
starts with all processors.  So our number is stored here, in memory that compiled code reads by a symbol's name.
Every parallel kernel begins with `limit_threads` (jit.py), which sets Numba's number for this launch, and ends by
setting it back.  Both happen in compiled code, so no signal handler and no Python exception can come between.

Numba has three threading layers.  docs/performance.md says what each costs.

=========  ==========================  ========================  ==================================
layer      two Python threads at once  after os.fork             availability
=========  ==========================  ========================  ==================================
TBB        safe                        safe, if only the thread  x86-64: pip installs it
                                       that forks launched
                                       kernels before
OpenMP     safe                        libgomp ends the child;   if the system has a runtime
                                       LLVM's, Intel's and
                                       Microsoft's are safe
workqueue  ends the process            safe                      everywhere
=========  ==========================  ========================  ==================================

So TBB comes first, then an OpenMP that is safe after a fork, then workqueue with a lock, so that one Python thread at
a time launches a kernel.  libgomp, which Numba's builds for Linux use, comes last: if a process forks after its first
kernel, as multiprocessing does on Linux, its children are ended.  A program that never forks may choose it with
NUMBA_THREADING_LAYER=omp.

TBB stops its threads before a fork only if no other Python thread uses it.  Otherwise a thread may hold one of TBB's
locks at that moment, and in the child, where that thread does not exist, the next launch would wait forever.  Such a
child stays on one thread, and its kernels do not enter TBB.

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
from types import ModuleType
from typing import Any

import numba
from llvmlite import binding as llvm, ir
from numba import types
from numba.core import cgutils
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic
from numba.np.ufunc import parallel

settings: Any = numba.config  # its attributes are created at run time


def available_threads() -> int:
    """Number of threads this process may use: its CPU affinity or its LSF job's slots, whichever is less."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    slots = os.environ.get("LSB_DJOB_NUMPROC", "")
    if not slots.isdigit():  # older LSF versions: LSB_MCPU_HOSTS="hostA 4 hostB 2"; the first host is this one
        slots = [*os.environ.get("LSB_MCPU_HOSTS", "").split(), "", ""][1]
    return max(1, min(affinity, int(slots) if slots.isdigit() else affinity))


# ── the number of threads ──────────────────────────────────────────────────────────────


class _Shared(ctypes.Structure):
    """What compiled code and this module both use.  There is one for the process."""

    _fields_ = [
        ("number", ctypes.c_int64),  # the maximum number of threads
        ("launcher", ctypes.c_int64),  # the first Python thread that launched a kernel, 0 before that
        ("several", ctypes.c_int64),  # 1 after another Python thread has launched one
    ]


_SYMBOL = "lucidgrad_threads"
_shared = _Shared(number=min(available_threads(), settings.NUMBA_NUM_THREADS))
llvm.add_symbol(_SYMBOL, ctypes.addressof(_shared))  # a cached kernel finds it by name in any process


def get_number() -> int:
    """Maximum number of threads for the kernels of this process."""
    return _shared.number


def set_number(threads: int) -> None:
    """Set the maximum number of threads for all kernels that this process launches from now on."""
    _shared.number = threads


@functools.cache
def start() -> Any:
    """Start Numba's threads, which must precede the linking of a parallel kernel.  Returns what must stay in memory.

    The symbol through which a kernel enters the threading layer then means a function that runs the work itself if
    there is one thread.  So a forked child whose TBB is not safe never enters it.
    """
    numba.get_num_threads()
    number, count = ir.IntType(64), ir.IntType(32)
    all_types = [*[number] * 7, count]  # work, arrays, sizes, strides, data, dimensions, number of arrays; threads
    module = ir.Module()
    module.triple = llvm.get_process_triple()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), all_types), "enter")
    builder = ir.IRBuilder(function.append_basic_block())

    def call(address: Any, arguments: Any) -> None:
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        builder.call(builder.inttoptr(address, kind.as_pointer()), arguments)

    with builder.if_else(builder.icmp_signed("==", function.args[7], count(1))) as (alone, together):
        with alone:
            call(function.args[0], function.args[1:5])
        with together:
            call(number(llvm.address_of_symbol("numba_parallel_for")), function.args)
    builder.ret_void()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=1)
    compiled = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), machine)
    compiled.finalize_object()
    llvm.add_symbol("numba_parallel_for", compiled.get_function_address("enter"))
    return compiled


@intrinsic
def process_threads(typing_context):  # type: ignore[no-untyped-def]
    """The number of `get_number`, in compiled code.  Also notes which Python thread launches a kernel."""
    start()  # `limit_threads` is about to be linked with functions of Numba's threads

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        number, zero = ir.IntType(64), ir.Constant(ir.IntType(64), 0)
        shared = context.get_c_value(builder, ir.ArrayType(number, len(_Shared._fields_)), _SYMBOL)

        def field(i):  # type: ignore[no-untyped-def]
            return builder.gep(shared, [zero, ir.Constant(number, i)])

        # Python's function, so that the number is the one of threading.get_ident: an unsigned long
        identify = ir.FunctionType(ir.IntType(8 * ctypes.sizeof(ctypes.c_ulong)), ())
        function = cgutils.get_or_insert_function(builder.module, identify, "PyThread_get_thread_ident")
        thread = builder.call(function, ())
        thread = builder.zext(thread, number) if thread.type != number else thread
        launcher = builder.load(field(1))
        with builder.if_else(builder.icmp_signed("==", launcher, zero)) as (first, later):
            with first:
                builder.store(thread, field(1))
            with later, builder.if_then(builder.icmp_signed("!=", launcher, thread), likely=False):
                builder.store(ir.Constant(number, 1), field(2))
        return builder.load(field(0))

    return types.int64(), generate


# ── the threading layer ────────────────────────────────────────────────────────────────


def _load_tbb() -> None:
    """Load the libtbb that pip installed, so that Numba's TBB layer finds it.

    pip puts it into the environment's lib folder, which the loader does not search.
    """
    for folder in (Path(sys.prefix) / "lib", Path(sys.prefix) / "Library" / "bin"):
        for library in (*folder.glob("libtbb.so.12"), *folder.glob("libtbb.12.dylib"), *folder.glob("tbb12.dll")):
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def _loaded(layer: str) -> ModuleType | None:
    """Numba's module for the layer, or None if it cannot be loaded.  Loading it starts no thread."""
    try:
        if layer == "tbb":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # if TBB is too old, the next layer is used
                parallel._check_tbb_version_compatible()
        return importlib.import_module(f"numba.np.ufunc.{layer if layer == 'workqueue' else layer + 'pool'}")
    except ImportError:
        return None


def choose_layer() -> str:
    """Set the order in which Numba tries the layers, unless the user has set it.  Returns the one it will use."""
    with contextlib.suppress(ValueError):  # raised unless the user's own parallel code has run already
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
    """Fork only while no other thread has the lock.  In the child that thread does not exist, and never releases it."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


hold_during_fork(global_compiler_lock)  # held while a kernel is compiled or loaded


# ── a child forked while other threads use TBB ─────────────────────────────────────────

_alone = False  # whether this process is such a child


def stays_alone() -> bool:
    """Whether kernels of this process run on one thread, whatever the number set: see the head of this file."""
    return _alone


def _stay_alone_if_tbb_is_in_use() -> None:
    """In a forked child: run on one thread, which `start` keeps out of TBB, unless TBB is safe to enter."""
    global _alone
    if _shared.several or _shared.launcher not in (0, threading.get_ident()):
        _alone, _shared.number = True, 1


# ── one launch at a time ───────────────────────────────────────────────────────────────

_launches = threading.RLock()  # reentrant: a signal handler or finalizer may launch a kernel in the same thread


class _Serialized:
    """A parallel kernel that Python threads launch one at a time.

    Compiled code cannot call it, because Numba does not know its type.  So no launch bypasses the lock.
    """

    def __init__(self, kernel: Any) -> None:
        functools.update_wrapper(self, kernel, updated=())
        self._kernel = kernel
        self.serial = getattr(kernel, "serial", None)  # on one thread it needs no lock

    def __call__(self, *arguments: Any) -> Any:
        with _launches:
            return self._kernel(*arguments)


def _unchanged(kernel: Any) -> Any:
    return kernel


# Wraps parallel kernels for the layer: not at all, if two threads may enter it at once.
serialized: Callable[[Any], Any] = _unchanged

_layer = choose_layer()
if _layer == "workqueue":
    serialized = _Serialized
    hold_during_fork(_launches)
elif _layer == "tbb" and hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_stay_alone_if_tbb_is_in_use)
