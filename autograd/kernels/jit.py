"""How kernels are compiled.  Where compiled ones are kept: cache.py; on which threads they run: threads.py."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import binding as llvm
from numba import types

from autograd.kernels.cache import KernelCache
from autograd.kernels.threads import process_threads, serialized, settings

# NaN and inf pass through as in the reference, so neither is assumed away; sums may not be
# reordered by the compiler (the order is the code's), but a product may fuse into an addition.
FASTMATH = {"contract", "nsz", "arcp"}

ELEMENTS = 16_384  # least numbers worth a thread's while, where little is done with each


def _chosen(variable: str, *choices: int) -> int | None:
    """The environment variable's number, for tests of kernels for other processors; None where it is not set."""
    chosen = os.environ.get(variable)
    if not chosen:
        return None
    if chosen not in map(str, choices):
        *first, last = choices
        numbers = f"{', '.join(map(str, first))} or {last}"
        raise ValueError(f"{variable} is {chosen!r}; it must be {numbers}, or not be set")
    return int(chosen)


@cache
def vector_bytes() -> int:
    """Width in bytes of the vector registers that kernels are written for: 64, 32 or 16.

    `LUCIDGRAD_VECTOR_BYTES` sets another than this processor's widest: for tests.
    """
    features = llvm.get_host_cpu_features()
    widest = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return _chosen("LUCIDGRAD_VECTOR_BYTES", 16, 32, 64) or widest


@cache
def vector_registers() -> int:
    """Number of the vector registers that kernels are written for: 32 or 16.

    64-bit Arm has 32 of any width.  x86-64 has 16, and 32 where they are of 64 bytes.  Of another processor 16 are
    taken: with fewer than it has, a kernel is slower than it could be; with more, sums would go to memory and back.

    `LUCIDGRAD_VECTOR_REGISTERS` sets another number: for tests.
    """
    arm = llvm.get_process_triple().split("-")[0] in ("aarch64", "arm64")
    return _chosen("LUCIDGRAD_VECTOR_REGISTERS", 16, 32) or (32 if arm or vector_bytes() == 64 else 16)


NOT_COMPILED = (
    "NUMBA_DISABLE_JIT is set, and lucidgrad's kernels cannot run without being compiled: they are made of processor "
    "instructions. Under autograd.reference() ops, backward passes, optimizers and averages of weights use NumPy alone "
    "and work; outside it they do not"
)
if settings.DISABLE_JIT:
    warnings.warn(NOT_COMPILED, RuntimeWarning, stacklevel=2)


def _not_compiled(*arguments: Any) -> Any:
    raise RuntimeError(NOT_COMPILED)


def kernel(parallel: bool = False, inline: bool = False, cached: bool = True) -> Callable[[Callable], Any]:
    """Compile a function with the project's settings: cached, without the GIL, NaN-honest.

    A parallel one begins with `threads = limit_threads(...)` and ends with `set_threads(threads)`.
    """

    def compile_lazily(function: Callable) -> Any:
        if settings.DISABLE_JIT:
            return _not_compiled
        compiled: Any = numba.njit(
            nogil=True,
            parallel=parallel,
            fastmath=FASTMATH,
            error_model="numpy",
            inline="always" if inline else "never",
        )(function)
        if cached:
            compiled._cache = KernelCache(function)  # as cache=True would do, with Numba's cache
        return serialized(compiled) if parallel else compiled

    return compile_lazily


# Numba's own set_num_threads, called from a kernel, would keep it out of the cache
_threads: Any = types.ExternalFunction("get_num_threads", types.intc())
set_threads: Any = types.ExternalFunction("set_num_threads", types.void(types.intc))


@kernel(cached=False)  # from the cache it would be linked before Numba's threads, and their functions, are there
def limit_threads(most):
    """Let this kernel run on so many threads, at least 1 and at most the process's; returns what to `set_threads` to.

    To wake a thread that has gone to sleep takes some 20 µs: more than all of a small kernel's work.
    """
    before = _threads()
    set_threads(max(1, min(process_threads(), most)))
    return before


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
    run(*flat, *numbers, parts, y.reshape(-1))
    return y
