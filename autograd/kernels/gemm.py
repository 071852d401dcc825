"""Matrix products, cut into tiles and blocks of tiles."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numba import prange

from autograd.kernels.jit import dense, kernel, limit_threads, set_threads
from autograd.kernels.tile import (
    DOT_ROWS,
    LANES_4,
    LANES_8,
    ROWS,
    VECTORS,
    clear,
    dot,
    duplicate,
    spread_1,
    spread_2,
    turn,
)

UNITS = 8  # blocks that a product is cut in at least, where that leaves them LEAST_ROWS
LEAST_ROWS = 4 * ROWS  # for which a copy of B's columns pays
FEW_ROWS = ROWS  # for which it does not
GROUP = 4  # panels that a thread takes together, where they are short
DEPTH = 1024  # numbers of a row that are read at a time, so that what is read over and over stays in cache
PRODUCTS = 1 << 19  # multiplications worth a thread's while: some 6 µs
DOT_BLOCK, DOT_COLUMNS = 64, 2 * DOT_ROWS


@lru_cache(maxsize=256)
def offsets(count: int, step: int) -> np.ndarray:
    """0, step, 2 step, …: a table for `tile.spread`."""
    return np.arange(count) * step


@kernel()
def lanes(a):
    """Numbers of a's dtype in a vector register."""
    return LANES_4 if a.itemsize == 4 else LANES_8


@kernel()
def aligned(size, like):
    """Memory for `size` numbers of like's dtype that starts with a line of the cache.

    A vector that lies across two lines takes two loads: a panel that is not aligned costs a sixth.
    """
    memory = np.empty(size + 64 // like.itemsize, like.dtype)
    skip = -memory.ctypes.data % 64 // like.itemsize
    return memory[skip : skip + size]


@kernel()
def spread_rows(a, a_at, row, row_at, step, step_at, b, b_at, b_step, depth, rows, columns, c, c_at, c_step, add):
    """`tile.spread` for any number of rows, and as many columns as fit into its two vectors."""
    for i in range(0, rows, ROWS):
        if columns > lanes(a):
            spread_2(
                a, a_at, row, row_at + i, step, step_at, b, b_at, b_step, depth, min(ROWS, rows - i), columns,
                c, c_at + i * c_step, c_step, add,
            )  # fmt: skip
        else:
            spread_1(
                a, a_at, row, row_at + i, step, step_at, b, b_at, b_step, depth, min(ROWS, rows - i), columns,
                c, c_at + i * c_step, c_step, add,
            )  # fmt: skip


@kernel()
def turn_rows(a, a_at, row, rows, columns, c, c_at, c_step):
    """`tile.turn` for any number of rows and columns."""
    width = lanes(a)
    for i in range(0, rows, width):
        for j in range(0, columns, width):
            turn(
                a, a_at + j, row, i, min(width, rows - i), min(width, columns - j),
                c, c_at + j * c_step + i, c_step,
            )  # fmt: skip


@kernel(parallel=True)
def _spread_blocks(a, row, step, b, b_step, turned_row, block_rows, group, c):
    """c[m, i, j] = Σ_k a[m, row[i] + step[k]] b[m, k, j], where b[m, k, j] lies at k b_step + j, or with a
    turned_row at turned_row[j] + k.

    A group of panels of B's columns is copied, which puts it into few pages and lines of the cache;
    together their results fill longer runs of C's rows.
    """
    matrices, rows, columns = c.shape
    depth, turned = len(step), len(turned_row) > 0
    width = VECTORS * lanes(a)
    row_blocks, groups = -(-rows // block_rows), -(-columns // (group * width))
    left, right, result = a.reshape(-1), b.reshape(-1), c.reshape(-1)
    threads = limit_threads(c.size * depth // PRODUCTS)
    for unit in prange(matrices * row_blocks * groups):
        m, first_row = unit // (row_blocks * groups), unit // groups % row_blocks * block_rows
        first_column = unit % groups * group * width
        last_row, last_column = min(rows, first_row + block_rows), min(columns, first_column + group * width)
        size = min(DEPTH, depth) * width
        panels = aligned(group * size, a)
        if last_column % width:
            clear(panels, 0, group * size)  # what fills up the last panel is multiplied, too
        for first in range(0, max(1, depth), DEPTH):
            some, b_at = min(DEPTH, depth - first), m * depth * columns
            for j in range(first_column, last_column, width):
                count, at = min(width, last_column - j), (j - first_column) // width * size
                if turned:
                    turn_rows(right, b_at + first, turned_row[j:], count, some, panels, at, width)
                else:
                    for k in range(some):
                        duplicate(right, b_at + (first + k) * b_step + j, count, panels, at + k * width)
            for i in range(first_row, last_row, ROWS):
                for j in range(first_column, last_column, width):
                    spread_rows(
                        left, m * a.shape[1], row, i, step, first, panels, (j - first_column) // width * size, width,
                        some, min(ROWS, last_row - i), min(width, last_column - j),
                        result, (m * rows + i) * columns + j, columns, first > 0,
                    )  # fmt: skip
    set_threads(threads)


@kernel(parallel=True)
def _dot_blocks(a, b, c):
    """c[m, i, j] = Σ_k a[m, i, k] b[m, j, k]"""
    matrices, rows, depth = a.shape
    columns = b.shape[1]
    row_blocks, column_blocks = -(-rows // DOT_BLOCK), -(-columns // DOT_COLUMNS)
    threads = limit_threads(c.size * depth // PRODUCTS)
    for unit in prange(matrices * row_blocks * column_blocks):
        m = unit // (row_blocks * column_blocks)
        first = unit // column_blocks % row_blocks * DOT_BLOCK
        left = unit % column_blocks * DOT_COLUMNS
        for k in range(0, max(1, depth), DEPTH):
            for i in range(first, min(rows, first + DOT_BLOCK), DOT_ROWS):
                for j in range(left, min(columns, left + DOT_COLUMNS), DOT_ROWS):
                    dot(
                        a, (m * rows + i) * depth + k, b, (m * columns + j) * depth + k, depth, depth,
                        min(DEPTH, depth - k), min(DOT_ROWS, rows - i), min(DOT_ROWS, columns - j),
                        c, (m * rows + i) * columns + j, columns, k > 0,
                    )  # fmt: skip
    set_threads(threads)


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a (…, I, K) @ b (…, K, J) in float32 or float64, each as it lies: in rows, or transposed.

    Few rows and a transposed b go to the dot form, all else to the spread form.
    """
    (*lead, rows, depth), columns = a.shape, b.shape[-1]
    matrices = math.prod(lead)
    result = np.empty((*lead, rows, columns), a.dtype)
    c = result.reshape(matrices, rows, columns)
    turned_a, a = _turned_back(a)
    turned_b, b = _turned_back(b)
    if turned_b and not turned_a and rows <= FEW_ROWS:
        _dot_blocks(a.reshape(matrices, rows, depth), b.reshape(matrices, columns, depth), c)
        return result
    row, step = (offsets(rows, 1), offsets(depth, rows)) if turned_a else (offsets(rows, depth), offsets(depth, 1))
    a, b = a.reshape(matrices, rows * depth), b.reshape(matrices, *b.shape[-2:])
    blocks = -(-UNITS // max(1, matrices * -(-columns // (VECTORS * LANES_4))))
    block_rows = max(LEAST_ROWS, -(-rows // blocks))
    group = max(1, min(GROUP, DEPTH // max(1, depth)))
    _spread_blocks(a, row, step, b, columns, offsets(columns if turned_b else 0, depth), block_rows, group, c)
    return result


def _turned_back(a: np.ndarray) -> tuple[bool, np.ndarray]:
    """Whether the matrices lie in memory transposed, and as they lie there, as kernels take them."""
    if not a.flags.c_contiguous:
        back = a.swapaxes(-1, -2)
        if back.flags.c_contiguous:
            return True, dense(back)
    return False, dense(a)
