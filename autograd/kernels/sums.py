"""Sums of large arrays over some dimensions, on all threads.

NumPy adds on one.  A gradient (64, 32, 26, 26) over all but the channels, which a bias wants, takes it
0.28 ms, this 0.21 on one thread and half of that on two.

What is summed and what is kept makes, where it can, an array (A, K, B) to be summed over A and B.  LANES
sums side by side, in the array's dtype, are added to float64 ones when each has STEPS numbers: more exact
than NumPy's pairwise sums.  Cut by shapes alone, and added in order: the same bits with any number of
threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, dense, kernel, limit_threads, set_threads

MANY = 2 * ELEMENTS  # numbers from which on threads gain
LANES = 64  # sums that grow side by side, as a processor can add them
STEPS = 64  # numbers added up in x's own dtype, which a processor adds twice as many of, before they go to float64
SHARE = 1024  # numbers of a part that are added at a time: they stay in the first-level cache


@kernel()
def flush(some, sums):
    """Add LANES sums to those in float64, and begin anew."""
    for k in range(LANES):
        sums[k] += some[k]
        some[k] = 0


@kernel(parallel=True)
def _rows(x, parts, sums):
    """sums (parts, K), float64, of x (A, K, B): of a part's share of A."""
    outer, kept, _ = x.shape
    threads = limit_threads(x.size // ELEMENTS)
    for unit in prange(parts * kept):
        part, k = unit // kept, unit % kept
        lanes, wide, steps = np.zeros(LANES, x.dtype), np.zeros(LANES), 0
        for a in range(part * outer // parts, (part + 1) * outer // parts):
            row = x[a, k]
            for start in range(0, len(row), LANES):
                some = row[start : start + LANES]
                for i in range(len(some)):
                    lanes[i] += some[i]
                steps += 1
                if steps % STEPS == 0:
                    flush(lanes, wide)
        flush(lanes, wide)
        sums[part, k] = wide.sum()
    set_threads(threads)


@kernel(parallel=True)
def add_parts(parts, together, step, column, y):
    """y = Σ_b parts[b] of parts (B, R, L), added in order of b, and laid out anew.

    Rows are taken `together` at a time, and these begin `step` apart in y: number l of row i of them comes at
    column[l] + i, or nowhere where column[l] < 0.
    """
    rows, length = parts.shape[1], parts.shape[2]
    block_rows = max(1, SHARE // max(1, length))
    numbers = parts.reshape(len(parts), rows * length)
    threads = limit_threads(parts.size // ELEMENTS)
    for unit in prange(-(-rows // block_rows)):
        first, last = unit * block_rows, min(rows, (unit + 1) * block_rows)
        sums = numbers[0, first * length : last * length].copy()
        for b in range(1, len(numbers)):
            some = numbers[b, first * length : last * length]
            for i in range(len(sums)):
                sums[i] += some[i]
        begin = np.empty(last - first, np.int64)
        for i in range(len(begin)):
            begin[i] = (first + i) // together * step + (first + i) % together
        for j in range(length):
            if column[j] >= 0:
                for i in range(len(begin)):
                    y[begin[i] + column[j]] = sums[i * length + j]
    set_threads(threads)


def total(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    """np.sum over dimensions, distinct and counted from 0, in the dtype of x."""
    form = _form(x.shape, dim) if x.size >= MANY and x.dtype.char in "fd" else None
    if form is None:
        return np.sum(x, axis=dim, keepdims=keepdim, dtype=x.dtype)  # NumPy would widen small integers
    outer, kept, inner = form
    x, rest, shape = dense(x), 0.0, x.shape
    if kept == 1:  # one number of all: rows of a handy length, and what is left of them
        whole = x.size // 1024
        flat = x.reshape(-1)
        rest = np.sum(flat[1024 * whole :], dtype=np.float64)
        x, outer, inner = flat[: 1024 * whole], whole, 1024
    sums = np.empty((max(1, min(outer, blocks(x.size, ELEMENTS) // kept)), kept))
    _rows(x.reshape(outer, kept, inner), len(sums), sums)
    y = (sums.sum(axis=0) + rest).astype(x.dtype)
    return y.reshape([1 if i in dim else n for i, n in enumerate(shape) if keepdim or i not in dim])


def _form(shape: tuple[int, ...], dim: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(A, K, B), where the kept dimensions are neighbours and each number of the result sums many."""
    kept = [i for i, n in enumerate(shape) if i not in dim and n > 1]
    first, last = (kept[0], kept[-1] + 1) if kept else (0, 0)
    if any(i in dim and shape[i] > 1 for i in range(first, last)):
        return None
    outer, inside, inner = (math.prod(shape[part]) for part in (slice(first), slice(first, last), slice(last, None)))
    # where neighbours in memory go to different sums, NumPy adds rows to rows, and is as fast
    return (outer, inside, inner) if inner > 1 and outer * inner >= 16 * LANES else None
