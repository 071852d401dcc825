"""What this machine can do at most: measured, not looked up.

Arithmetic is that of our own matrix product on matrices that stay in cache; memory that of the triad
a = b + 3 c on arrays of 64 MB, with 12 bytes moved for each number.  An op that needs F operations
and B bytes takes at least max(F / arithmetic, B / memory): the roofline of Williams et al.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np

from autograd.config import get_num_threads
from autograd.kernels import gemm
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.timing import measure

SECONDS = 0.08  # for each of the three
TRIAD = 16 * 2**20  # float32 numbers an array


@kernel(parallel=True)
def _triad(a, b, c, parts):
    threads = limit_threads(parts)
    for part in numba.prange(parts):
        first, last = part * len(a) // parts, (part + 1) * len(a) // parts
        x, y, z = a[first:last], b[first:last], c[first:last]
        for i in range(len(x)):
            x[i] = y[i] + 3 * z[i]
    set_threads(threads)


def peak_arithmetic(dtype: Any = np.float32) -> float:
    """Most GFLOP/s of this process, in float32 or float64; measured once for each number of threads."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"peak_arithmetic: kernels compute in float32 or float64, not {dtype}")
    return _arithmetic(dtype, get_num_threads())


def peak_memory() -> float:
    """Most GB/s between memory and this process; measured once for each number of threads."""
    return _memory(get_num_threads())


@cache
def _arithmetic(dtype: np.dtype, threads: int) -> float:
    matrices, rows, depth, columns = max(2, threads), 512, 256, 512  # enough for all threads; each product in cache
    a, b = np.ones((matrices, rows, depth), dtype), np.ones((matrices, depth, columns), dtype)
    least = measure(lambda: gemm.matmul(a, b), SECONDS).least
    return 2 * matrices * rows * depth * columns / least * 1e-9


@cache
def _memory(threads: int) -> float:
    a, b, c = (np.zeros(TRIAD, np.float32) for _ in range(3))
    b[:], c[:] = 1, 1  # untouched zeros are all one page
    least = measure(lambda: _triad(a, b, c, 64), SECONDS).least
    return 3 * a.nbytes / least * 1e-9
