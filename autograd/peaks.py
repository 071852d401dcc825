"""Peak performance of this machine, measured.

Peak arithmetic is the speed of our matrix product on matrices that stay in cache.  Peak memory bandwidth is that
of the triad a = b + 3 c on arrays of 64 MB, which moves 12 bytes for each element.  An op with F operations and
B bytes takes at least max(F / arithmetic, B / bandwidth): the roofline model of Williams et al.
"""

from __future__ import annotations

from functools import cache

import numba
import numpy as np
from numpy.typing import DTypeLike

from autograd.config import get_num_threads
from autograd.kernels import gemm
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.timing import measure

SECONDS = 0.08  # of measurement, for each of the three peaks
TRIAD = 16 * 2**20  # elements of each float32 array


@kernel(parallel=True)
def _triad(a, b, c, parts):
    threads = limit_threads(parts)
    for part in numba.prange(parts):
        first, last = part * len(a) // parts, (part + 1) * len(a) // parts
        x, y, z = a[first:last], b[first:last], c[first:last]
        for i in range(len(x)):
            x[i] = y[i] + 3 * z[i]
    set_threads(threads)


def peak_arithmetic(dtype: DTypeLike = np.float32) -> float:
    """Peak GFLOP/s of this process in float32 or float64, measured once for each number of threads."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"peak_arithmetic: kernels compute in float32 or float64, not {dtype}")
    return _arithmetic(dtype, get_num_threads())


def peak_memory() -> float:
    """Peak memory bandwidth of this process in GB/s, measured once for each number of threads."""
    return _memory(get_num_threads())


@cache
def _arithmetic(dtype: np.dtype, threads: int) -> float:
    matrices, rows, depth, columns = max(2, threads), 512, 256, 512  # work for all threads; each product fits in cache
    a, b = np.ones((matrices, rows, depth), dtype), np.ones((matrices, depth, columns), dtype)
    least = measure(lambda: gemm.matmul(a, b), SECONDS).least
    return 2 * matrices * rows * depth * columns / least * 1e-9


@cache
def _memory(threads: int) -> float:
    a, b, c = (np.zeros(TRIAD, np.float32) for _ in range(3))
    b[:], c[:] = 1, 1  # unwritten zeros would share one page
    least = measure(lambda: _triad(a, b, c, 64), SECONDS).least
    return 3 * a.nbytes / least * 1e-9
