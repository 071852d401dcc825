"""A matrix product, made faster step by step: the code behind the table in docs/design.md.

    python docs/matmul_steps.py              # measure every step, 1024 × 1024 in float32
    python docs/matmul_steps.py --size 512

Each step changes one thing.  All but the last run on one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numba import njit

from autograd import config, get_num_threads, set_num_threads
from autograd.kernels import gemm
from autograd.kernels.gemm import aligned
from autograd.kernels.microkernels import LANES_FLOAT32, MR, NR_VECTORS, Indexed, Rows, outer_2, outer_4
from autograd.types import Array

WIDTH = NR_VECTORS * LANES_FLOAT32  # columns of a micro-tile
outer = outer_4 if NR_VECTORS == 4 else outer_2
BLOCK = 256  # rows and columns of a block of B: 256 KiB of float32

Multiply = Callable[[Array, Array, Array], None]


@njit
def three_loops(a, b, c):
    """The definition: one dot product for each element of C."""
    rows, depth = a.shape
    for i in range(rows):
        for j in range(b.shape[1]):
            total = np.float32(0)
            for k in range(depth):
                total += a[i, k] * b[k, j]
            c[i, j] = total


@njit
def loops_exchanged(a, b, c):
    """k outside j: the inner loop goes along rows of B and C, so the compiler makes it of vector instructions."""
    c[:] = 0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


@njit
def blocked(a, b, c):
    """B in blocks: one of them stays in the second-level cache while all rows of A go past."""
    c[:] = 0
    for first in range(0, a.shape[1], BLOCK):
        for left in range(0, b.shape[1], BLOCK):
            for i in range(a.shape[0]):
                sums = c[i][left : left + BLOCK]
                for k in range(first, min(first + BLOCK, a.shape[1])):
                    row = b[k][left : left + BLOCK]
                    for j in range(len(sums)):
                        sums[j] += a[i, k] * row[j]


@njit
def micro_kernel(a, b, c):
    """MR × NR_VECTORS vectors of C are summed in registers.  A and B are read where they are.

    A row of B is read in whole panels, so B has a multiple of WIDTH columns.
    """
    rows, depth = a.shape
    columns = b.shape[1]
    row = np.arange(rows) * depth
    left, right, result = a.reshape(-1), b.reshape(-1), c.reshape(-1)
    for i in range(0, rows, MR):
        for j in range(0, columns, WIDTH):
            outer(
                Indexed(left, 0, row, i, 1, 0), Rows(right, j, columns), depth, min(MR, rows - i),
                min(WIDTH, columns - j), Rows(result, i * columns + j, columns), False,
            )  # fmt: skip


@njit
def packed(a, b, c):
    """Each panel of B is packed first: as wide as a micro-tile, row after row, aligned with the lines of the cache."""
    rows, depth = a.shape
    columns = b.shape[1]
    row = np.arange(rows) * depth
    left, result = a.reshape(-1), c.reshape(-1)
    panel = aligned(depth * WIDTH, a)
    panel[:] = 0
    for j in range(0, columns, WIDTH):
        count = min(WIDTH, columns - j)
        for k in range(depth):
            panel[k * WIDTH : k * WIDTH + count] = b[k, j : j + count]
        for i in range(0, rows, MR):
            outer(
                Indexed(left, 0, row, i, 1, 0), Rows(panel, 0, WIDTH), depth, min(MR, rows - i), count,
                Rows(result, i * columns + j, columns), False,
            )  # fmt: skip


def whole(a: Array, b: Array, c: Array) -> None:
    """lucidgrad's own: some panels at a time for a block of rows, and blocks shared among threads."""
    c[:] = gemm.matmul(a, b)


def blas(a: Array, b: Array, c: Array) -> None:
    """NumPy's BLAS, for comparison."""
    np.matmul(a, b, out=c)


STEPS: dict[str, Multiply] = {
    "three loops": three_loops,
    "loops exchanged": loops_exchanged,
    "blocks of B": blocked,
    "micro-kernel": micro_kernel,
    "packed panels": packed,
    "lucidgrad's matmul": whole,
}


def gflops(multiply: Multiply, a: Array, b: Array, seconds: float = 2.0) -> float:
    """Return the highest speed in GFLOP/s of the calls made within some seconds, at least three calls."""
    c = np.empty((len(a), b.shape[1]), a.dtype)
    multiply(a, b, c)  # compile, and touch the memory
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        begun = time.perf_counter()
        multiply(a, b, c)
        times.append(time.perf_counter() - begun)
    return 2 * a.shape[0] * a.shape[1] * b.shape[1] / min(times) / 1e9


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure each step of docs/design.md's matrix product.")
    parser.add_argument("--size", type=int, default=1024, help="of the square matrices (default: %(default)s)")
    size = parser.parse_args().size
    if size < 1 or size % WIDTH:
        parser.error(f"--size is {size}; it must be a multiple of {WIDTH}, which the micro-kernel alone can multiply")
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((size, size), np.float32) for _ in range(2))
    threads = get_num_threads()
    set_num_threads(1)
    print(f"{size} x {size}, float32, GFLOP/s on one thread; {config()['processor']}")
    for name, multiply in STEPS.items():
        print(f"{name:<20}{gflops(multiply, a, b):8.1f}", flush=True)
    set_num_threads(threads)
    print(f"{'... ' + str(threads) + ' threads':<20}{gflops(whole, a, b):8.1f}")
    print(f"NumPy's BLAS        {gflops(blas, a, b):8.1f}")


if __name__ == "__main__":
    main()
