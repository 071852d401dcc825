"""How kernels are compiled.  cache.py stores the compiled ones; threads.py decides on which threads they run.

Numba compiles a Python function to machine code with LLVM.  Three rules decide whether a kernel is fast and right:

- An inner loop must run over slices that are counted from 0 (`xs = x[first:last]`, `for i in range(len(xs))`).  A
  loop `for i in range(first, last)` over computed ends stays scalar: an index might be negative, and then count from
  the end, so LLVM emits no vector instructions.  tests/test_vectorized.py checks the machine code.
- An inner loop with many constants, such as those of a polynomial, is a kernel of its own.  Inside another loop, and
  with 16 vector registers, LLVM loads each constant anew for every vector.
- Sums are cut into parts by shapes alone, never by the number of threads.  Then any number of threads gives the same
  bits.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import binding as llvm, ir
from numba import extending, types
from numba.core.typing.npydecl import parse_dtype
from numba.np import arrayobj

from autograd.kernels.cache import KernelCache
from autograd.kernels.threads import process_threads, serialized, settings
from autograd.types import Array

# NaN and inf are not assumed away, so they propagate as in the reference.  The compiler may not reorder sums, but it
# may fuse a product and an addition.
FASTMATH = {"contract", "nsz", "arcp"}

intrinsic: Any = extending.intrinsic  # typed, its functions could not be called without their first argument
ELEMENTS = 16_384  # elements that make a thread worth waking, if there is little work for each


def _chosen(variable: str, *choices: int) -> int | None:
    """The number in an environment variable, or None if it is not set.  For tests of kernels for other processors."""
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

    It is this processor's widest, unless `LUCIDGRAD_VECTOR_BYTES` sets another, for tests.
    """
    features = llvm.get_host_cpu_features()
    widest = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return _chosen("LUCIDGRAD_VECTOR_BYTES", 16, 32, 64) or widest


@cache
def vector_registers() -> int:
    """Number of vector registers that kernels are written for: 32 or 16.

    64-bit Arm has 32 of any width.  x86-64 has 16, or 32 if they have 64 bytes.  For other processors 16 are assumed:
    with fewer than there are, a kernel is slower than it could be; with more, sums would be spilled to memory.

    `LUCIDGRAD_VECTOR_REGISTERS` sets another number, for tests.
    """
    arm = llvm.get_process_triple().split("-")[0] in ("aarch64", "arm64")
    return _chosen("LUCIDGRAD_VECTOR_REGISTERS", 16, 32) or (32 if arm or vector_bytes() == 64 else 16)


@cache
def second_level_cache(caches: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> int:
    """Bytes of the second-level cache of a core, from 256 KiB to 2 MiB.  512 KiB, if the system does not say.

    Linux says it in files, one folder for each cache of a core.
    """
    for folder in caches.glob("index*"):
        with suppress(OSError, ValueError):
            if (folder / "level").read_text().strip() == "2":
                kib = int((folder / "size").read_text().strip().removesuffix("K"))
                return min(max(kib << 10, 1 << 18), 1 << 21)
    return 1 << 19


NOT_COMPILED = (
    "NUMBA_DISABLE_JIT is set, and lucidgrad's kernels cannot run without being compiled: they are made of processor "
    "instructions. Under autograd.reference() ops, backward passes, optimizers and averages of weights use NumPy alone "
    "and work; outside it they do not"
)
if settings.DISABLE_JIT:
    warnings.warn(NOT_COMPILED, RuntimeWarning, stacklevel=2)


def _not_compiled(*arguments: Any) -> Any:
    raise RuntimeError(NOT_COMPILED)


_not_compiled.serial = _not_compiled  # type: ignore[attr-defined]


def kernel(
    parallel: bool = False, inline: bool = False, cached: bool = True, allocates: bool = False
) -> Callable[[Callable], Any]:
    """Compile a function with the project's settings: cached on disk, without the GIL, with correct NaN and inf.

    It is compiled when it is first called with arguments of given types.  A parallel kernel begins with
    `threads = limit_threads(...)` and ends with `set_threads(threads)`.  As its attribute `serial` it has the same
    function compiled for one thread, which `fitting` chooses.

    allocates: for kernels that create arrays, or call one that returns an array.  Only they count references, so a
    kernel without it must not return an array.  A reference is counted for every slice and every array that is passed
    on, with an atomic instruction, and those wait for all stores before them: 70 ns a row, where mean and variance of a
    row of 512 numbers take 35.  So the loops of a kernel that allocates are best in one that does not.
    """

    def compile_lazily(function: Callable[..., Any]) -> Any:
        if settings.DISABLE_JIT:
            return _not_compiled
        if not parallel:
            return compiled(function, "")
        kernel = compiled(function, "parallel")
        kernel.serial = compiled(function, "serial")
        return serialized(kernel)

    def compiled(function: Callable[..., Any], variant: str) -> Any:
        options: dict[str, Any] = {
            "nogil": True,
            "parallel": variant == "parallel",
            "fastmath": FASTMATH,
            "error_model": "numpy",
            "inline": "always" if inline else "never",
            "_nrt": allocates,  # Numba's run time for arrays, which counts references
        }
        kernel: Any = numba.njit(**options)(function)
        if cached:
            kernel._cache = KernelCache(function, variant)  # as cache=True does with Numba's own cache
        return kernel

    return compile_lazily


# A kernel that calls Numba's own set_num_threads cannot be cached, so the C functions behind it are called.
_threads: Any = types.ExternalFunction("get_num_threads", types.intc())
set_threads: Any = types.ExternalFunction("set_num_threads", types.void(types.intc))


@kernel(cached=False)  # a cached one would be linked before Numba has started its threads and loaded their functions
def limit_threads(most):
    """Run this kernel on at most `most` threads, at least 1 and at most the process's.  Returns the number before.

    Waking a sleeping thread takes about 20 µs, more than all the work of a small kernel.  At the end, the kernel
    passes the returned number to `set_threads`.
    """
    before = _threads()
    set_threads(max(1, min(process_threads(), most)))
    return before


def _prefer_vectors(bits: int, reason: str) -> Any:
    """An intrinsic that sets the width of the vectors that the compiler makes of loops."""

    @intrinsic
    def prefer(typing):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            attribute = f'"prefer-vector-width"="{bits}"'
            set.add(builder.function.attributes, attribute)  # llvmlite's own `add` knows few attributes
            return context.get_dummy_value()

        return types.void(), codegen

    prefer.__doc__ = f"""Let the compiler use vectors of {bits // 8} bytes, where the processor has them.

    It holds for the function, or the body of the `prange`, that calls this.  {reason}
    """
    return prefer


short_vectors = _prefer_vectors(
    256,
    "Loops that do little but load and store are up to 17 % faster with them on AMD's Zen 4, which computes on 64 "
    "bytes in two steps.  Loops with much arithmetic are up to 30 % slower.",
)
long_vectors = _prefer_vectors(
    512,
    "For loops with much arithmetic: LLVM prefers 32 bytes on Intel's processors, whatever the loop, and with 64 bytes "
    "gelu takes three quarters of the time.",
)


@intrinsic
def stack_array(typing, size, dtype):  # type: ignore[no-untyped-def]
    """np.empty(size, dtype) on the thread's stack.

    For a small array of constant size that a kernel works with.  It ends with the kernel's call, or the body of the
    `prange`, so it must not be returned.  It begins with a line of cache, and needs no counting of references.
    """
    if not isinstance(size, types.IntegerLiteral):
        return None
    array_type = types.Array(parse_dtype(dtype), 1, "C")

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        element, number = context.get_data_type(array_type.dtype), types.intp
        with (
            builder.goto_entry_block()
        ):  # once, not for each turn of a loop; and not cleared, as by Numba's alloca_once
            memory = builder.alloca(ir.ArrayType(element, size.literal_value))
        memory.align = 64
        itemsize = context.get_constant(number, context.get_abi_sizeof(element))
        array: Any = arrayobj.make_array(array_type)(context, builder)
        arrayobj.populate_array(
            array, builder.bitcast(memory, element.as_pointer()), [context.get_constant(number, size.literal_value)],
            [itemsize], itemsize, None,
        )  # fmt: skip
        return array._getvalue()

    return array_type(size, dtype), codegen


class _Memory:
    """Presents the memory of an array, which may be read-only, as writable; with `elements`, as so many in a row."""

    def __init__(self, array: Array, elements: int | None = None) -> None:
        self.array = array  # which owns it
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}
        if elements is not None:
            self.__array_interface__ |= {"shape": (elements,), "strides": None}


def memory_of(array: Array) -> Array:
    """All memory from the first element of an array to its last, without a copy.  Strides must not be negative."""
    distance = sum((n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True))
    return np.asarray(_Memory(array, distance // array.itemsize + 1))


def dense(array: Array) -> Array:
    """The array in the memory layout that kernels take: C-contiguous, aligned, and marked writable.

    Kernels never write to their inputs, but Numba compiles another version for arrays marked read-only, as
    gradients of sums are.
    """
    if type(array) is not np.ndarray:
        array = np.asarray(array)  # NumPy's operators return scalars instead of arrays without dimensions
    flags = array.flags
    if flags.carray:  # contiguous, aligned and writable
        return array
    if array.nbytes > 16_384:
        if flags.c_contiguous and flags.aligned:
            return np.asarray(_Memory(array))
        from autograd.kernels.copies import contiguous  # which imports this module

        return contiguous(array)
    return np.array(array, order="C")  # a copy of a few elements is faster than the view


def blocks(total: int, least: int) -> int:
    """Number of blocks to cut `total` elements into, each of about `least` or more; independent of the threads."""
    return 1 if total <= least else min(64, -(-total // max(1, least)))


def fitting(kernel: Any, parts: int) -> Any:
    """A parallel kernel; if there is one part of work, the same kernel compiled for one thread.

    Handing a single part to the threading layer takes 2 µs, several times the work of a small kernel.
    """
    return kernel if parts > 1 else kernel.serial


def elementwise(run: Any, *arrays: Array, numbers: tuple[float, ...] = ()) -> Array:
    """Run a parallel elementwise kernel, run(*arrays, *numbers, parts, y), and return y.

    The arrays have one shape, and y the dtype of the first.  The kernel gets them flat, and the number of parts to
    cut them into.  It must loop over slices counted from 0; otherwise it is not vectorized, and ten times slower.
    """
    first = arrays[0]
    y = np.empty(first.shape, first.dtype)
    arguments: list[Any] = []
    for a in arrays:
        arguments.append((a if a.flags.carray else dense(a)).ravel())
    arguments += numbers
    parts = blocks(y.size, ELEMENTS)
    fitting(run, parts)(*arguments, parts, y.ravel())
    return y
