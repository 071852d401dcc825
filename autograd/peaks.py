"""Peak performance of this machine, measured.

Peak arithmetic is the speed of multiply-adds (FMA) on registers only, which no kernel exceeds.  A core of two FMA
units with a latency of four cycles needs eight independent sums.  Here there are as many as the registers hold, so
that other processors reach their peak, too.  Peak memory bandwidth is that of the triad a = b + 3 c on arrays of
64 MB.  It moves 12 bytes for each element; that most processors read a before they write it is not counted.  An op
with F operations and B bytes takes at least max(F / arithmetic, B / bandwidth): the roofline model.

Source: Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures",
2009; McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance Computers", 1995.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import DTypeLike

from autograd.config import get_num_threads
from autograd.kernels.gemm import lanes
from autograd.kernels.jit import kernel, limit_threads, set_threads, vector_registers
from autograd.kernels.microkernels import VectorBuilder
from autograd.timing import measure
from autograd.types import Array

SECONDS = 0.08  # of measurement, for each of the three peaks
TRIAD = 16 * 2**20  # elements of each float32 array
FLOPS = 400_000_000  # of a call that measures arithmetic: some milliseconds
SUMS = vector_registers() - 4  # vectors, which leaves registers for the factor and the addend
PARTS = 64  # for any number of threads


@intrinsic
def _repeat(typing, numbers, steps):  # type: ignore[no-untyped-def]
    """Do s = s numbers[0] + numbers[1] for SUMS vectors s, `steps` times from s = 0.  Returns the sum of all lanes."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        places = (build.address(signature.args[0], arguments[0], build.int64(i)) for i in range(2))
        factor, addend = (build.splat(builder.load(place), build.vector) for place in places)
        sums = build.loop(arguments[1], SUMS, lambda step, sums: [build.multiply_add(s, factor, addend) for s in sums])
        total = sums[0]
        for other in sums[1:]:  # a sum without use would be left out by the compiler
            total = builder.fadd(total, other)
        return build.reduce_add(total)

    return numbers.dtype(numbers, types.int64), codegen


@kernel(parallel=True)
def _multiply_adds(numbers, flops, totals):
    threads = limit_threads(len(totals))
    steps = flops // (2 * SUMS * lanes(numbers) * len(totals))
    for part in numba.prange(len(totals)):
        totals[part] = _repeat(numbers, steps)  # type: ignore[call-arg]  # `typing` is Numba's to give
    set_threads(threads)


@kernel(parallel=True)
def _triad(a, b, c, parts):
    threads = limit_threads(parts)
    for part in numba.prange(parts):
        first, last = part * len(a) // parts, (part + 1) * len(a) // parts
        x, y, z = a[first:last], b[first:last], c[first:last]
        for i in range(len(x)):
            x[i] = y[i] + 3 * z[i]
    set_threads(threads)


def multiply_adds(flops: int, dtype: DTypeLike = np.float32) -> Callable[[], Array]:
    """A function that does `flops` operations, rounded down to whole steps, and returns what it computed."""
    numbers, totals = np.array([0.5, 1.0], dtype), np.empty(PARTS, dtype)

    def run() -> Array:
        _multiply_adds(numbers, flops, totals)
        return totals

    return run


def triad(elements: int) -> Callable[[], Array]:
    """A function that computes b + 3 c on float32 arrays of so many elements, and returns the result."""
    a, b, c = (np.zeros(elements, np.float32) for _ in range(3))
    b[:], c[:] = 1, 1  # unwritten zeros would share one page

    def run() -> Array:
        _triad(a, b, c, PARTS)
        return a

    return run


def peak_arithmetic(dtype: DTypeLike = np.float32) -> float:
    """Peak GFLOP/s of this process in float32 or float64, measured once for each number of threads.

    Parameters
    ----------
    dtype : float32 or float64

    Returns
    -------
    float
        Billions of floating-point operations a second; a multiply-add counts as two.

    Raises
    ------
    TypeError
        For another dtype.

    Examples
    --------
    >>> import autograd
    >>> autograd.profiler.peak_arithmetic(autograd.float32) > 0
    True
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"peak_arithmetic: kernels compute in float32 or float64, not {dtype}")
    return _arithmetic(dtype, get_num_threads())


def peak_memory() -> float:
    """Peak memory bandwidth of this process in GB/s, measured once for each number of threads.

    Returns
    -------
    float
        Billions of bytes read and written a second.

    Examples
    --------
    >>> import autograd
    >>> autograd.profiler.peak_memory() > 0
    True
    """
    return _memory(get_num_threads())


@cache
def _arithmetic(dtype: np.dtype, threads: int) -> float:
    return FLOPS / measure(multiply_adds(FLOPS, dtype), SECONDS).least * 1e-9


@cache
def _memory(threads: int) -> float:
    return 12 * TRIAD / measure(triad(TRIAD), SECONDS).least * 1e-9
