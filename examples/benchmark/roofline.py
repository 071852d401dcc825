"""The roofline of a machine: what no kernel can exceed, however well it is written.

peak     multiply-adds (FMA) on registers only, in FLOP/s
triad    a = b + 3 c on arrays far larger than the caches, in bytes/s: 12 bytes an element are counted, as STREAM does,
         though most processors also read a before they write it

A core of two FMA units with a latency of four cycles needs eight independent sums.  Here there are as many as the
registers hold, so that processors with more units or a longer latency reach their peak, too.

Source: Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures",
2009; McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance Computers", 1995.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import prange, types
from numba.extending import intrinsic

from autograd.kernels.jit import kernel, limit_threads, set_threads, vector_registers
from autograd.kernels.microkernels import LANES_FLOAT32, VectorBuilder
from examples.benchmark.cases import PEAK_FLOPS, TRIAD_ELEMENTS

SUMS = vector_registers() - 4
PARTS = 64  # that the threads share


@intrinsic
def _multiply_adds(typing, numbers, steps):  # type: ignore[no-untyped-def]
    """Do s = s numbers[0] + numbers[1] with SUMS vectors s, `steps` times from s = 0; return the sum of all lanes."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        factor, summand = (
            build.splat(builder.load(build.address(signature.args[0], arguments[0], build.int64(i))), build.vector)
            for i in (0, 1)
        )
        sums = build.loop(arguments[1], SUMS, lambda step, sums: [build.multiply_add(s, factor, summand) for s in sums])
        total = sums[0]
        for other in sums[1:]:  # so that none can be left out
            total = builder.fadd(total, other)
        return build.reduce_add(total)

    return numbers.dtype(numbers, types.int64), codegen


@kernel(parallel=True)
def _peak(numbers, steps, totals):
    threads = limit_threads(len(totals))
    for part in prange(len(totals)):
        totals[part] = _multiply_adds(numbers, steps)  # type: ignore[call-arg]  # Numba gives the first, `typing`
    set_threads(threads)


@kernel(parallel=True)
def _triad(b, c, factor, parts, a):
    threads = limit_threads(parts)
    for part in prange(parts):
        first, last = part * len(a) // parts, (part + 1) * len(a) // parts
        xs, ys, zs = b[first:last], c[first:last], a[first:last]
        for i in range(len(zs)):
            zs[i] = xs[i] + factor * ys[i]
    set_threads(threads)


def peak() -> Callable[[], np.ndarray]:
    """Return a function that does PEAK_FLOPS operations."""
    numbers, totals = np.array([0.5, 1.0], np.float32), np.empty(PARTS, np.float32)
    steps = PEAK_FLOPS // (2 * SUMS * LANES_FLOAT32 * PARTS)

    def run() -> np.ndarray:
        _peak(numbers, steps, totals)
        return totals

    return run


def triad() -> Callable[[], np.ndarray]:
    """Return a function that computes the triad once."""
    a, b, c = (np.full(TRIAD_ELEMENTS, number, np.float32) for number in (0, 1, 2))

    def run() -> np.ndarray:
        _triad(b, c, np.float32(3), PARTS, a)
        return a

    return run
