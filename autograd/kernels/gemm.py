"""Matrix products, cut into tiles and blocks of tiles."""

from __future__ import annotations

import numpy as np
from numba import prange

from autograd.kernels.jit import dense, kernel
from autograd.kernels.tile import DOT_ROWS, OUTER_ROWS, OUTER_VECTORS, dot, lanes, outer

_LANES_4, _LANES_8 = lanes(4), lanes(8)
BLOCK = 64  # rows and columns of C that a thread takes at a time, in the dot form
DEPTH = 1024  # numbers of a row that the dot form reads at a time: 64 rows of both stay in cache


@kernel()
def outer_tiles(a, a_at, a_step, b, b_at, b_step, c, c_at, c_step, depth, rows, columns, add):
    """`tile.outer` for any number of rows and columns, on one core."""
    width = OUTER_VECTORS * (_LANES_4 if a.itemsize == 4 else _LANES_8)
    for j in range(0, columns, width):
        for i in range(0, rows, OUTER_ROWS):
            outer(  # type: ignore[call-arg]
                a, a_at + i, a_step, b, b_at + j, b_step, c, c_at + i * c_step + j, c_step,
                depth, min(OUTER_ROWS, rows - i), min(width, columns - j), add,
            )  # fmt: skip


@kernel()
def dot_tiles(a, a_at, a_step, b, b_at, b_step, c, c_at, c_step, depth, rows, columns, add):
    """`tile.dot` for any number of rows and columns, on one core."""
    for i in range(0, rows, DOT_ROWS):
        for j in range(0, columns, DOT_ROWS):
            dot(  # type: ignore[call-arg]
                a, a_at + i * a_step, a_step, b, b_at + j * b_step, b_step, c, c_at + i * c_step + j, c_step,
                depth, min(DOT_ROWS, rows - i), min(DOT_ROWS, columns - j), add,
            )  # fmt: skip


@kernel(parallel=True)
def _outer_blocks(a, b, c):
    """c[m, i, j] = Σ_k a[m, k, i] b[m, k, j]"""
    matrices, depth, rows = a.shape
    columns = b.shape[2]
    width = 4 * OUTER_VECTORS * _LANES_8
    row_blocks, column_blocks = -(-rows // BLOCK), -(-columns // width)
    for unit in prange(matrices * row_blocks * column_blocks):
        m = unit // (row_blocks * column_blocks)
        i = unit // column_blocks % row_blocks * BLOCK
        j = unit % column_blocks * width
        outer_tiles(
            a, m * depth * rows + i, rows, b, m * depth * columns + j, columns,
            c, (m * rows + i) * columns + j, columns,
            depth, min(BLOCK, rows - i), min(width, columns - j), False,
        )  # fmt: skip


@kernel(parallel=True)
def _dot_blocks(a, b, c):
    """c[m, i, j] = Σ_k a[m, i, k] b[m, j, k]"""
    matrices, rows, depth = a.shape
    columns = b.shape[1]
    block = BLOCK // 4
    row_blocks, column_blocks = -(-rows // BLOCK), -(-columns // block)
    for unit in prange(matrices * row_blocks * column_blocks):
        m = unit // (row_blocks * column_blocks)
        i = unit // column_blocks % row_blocks * BLOCK
        j = unit % column_blocks * block
        for k in range(0, max(1, depth), DEPTH):
            dot_tiles(
                a, (m * rows + i) * depth + k, depth, b, (m * columns + j) * depth + k, depth,
                c, (m * rows + i) * columns + j, columns,
                min(DEPTH, depth - k), min(BLOCK, rows - i), min(block, columns - j), k > 0,
            )  # fmt: skip


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a (M, I, K) @ b (M, K, J) in float32 or float64, read as they lie where that is possible.

    A transposed b goes to the dot form; anything else to the outer form, which wants a
    transposed a and otherwise copies a (K I numbers moved, for K I J products).
    """
    c = np.empty((a.shape[0], a.shape[1], b.shape[2]), a.dtype)
    b_transposed = b.transpose(0, 2, 1)
    if b_transposed.flags.c_contiguous and not b.flags.c_contiguous:
        _dot_blocks(dense(a), dense(b_transposed), c)
    else:
        _outer_blocks(dense(a.transpose(0, 2, 1)), dense(b), c)
    return c
