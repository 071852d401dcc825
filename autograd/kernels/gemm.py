"""Matrix products (GEMM), cut into blocks that fit the caches and micro-tiles that fit the registers.

The method is that of Goto's and of BLIS's matrix product.  A thread takes a block of C.  It copies ("packs")
panels of B, each as wide as a micro-tile, into memory that starts on a cache line.  For each MR rows of A
and each panel, a micro-kernel (microkernels.py) adds up to DEPTH_BLOCK products in registers and writes
MR × 2 L numbers of C.  A is not packed: two tables of offsets say where its rows and columns are, which
also serves a transposed A, and a convolution (conv.py).

There are two forms.  The outer form splats a number of A and multiplies it with a vector of B's columns.
The dot form multiplies rows of A with rows of a transposed B, and needs no packing: it is for few rows.

Source: Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008; Van Zee, van de Geijn,
"BLIS: A Framework for Rapidly Instantiating BLAS Functionality", 2015.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, dense, fitting, kernel, limit_threads, set_threads
from autograd.kernels.microkernels import (
    DOT_ROWS,
    LANES_FLOAT32,
    LANES_FLOAT64,
    MR,
    NR_VECTORS,
    Indexed,
    IndexedRows,
    Rows,
    clear,
    copy_row,
    dot,
    outer_1,
    outer_2,
    transpose_square,
)
from autograd.types import Array

MIN_BLOCKS = 8  # blocks that a product is cut into, if each then has MIN_BLOCK_ROWS rows
MIN_BLOCK_ROWS = 4 * MR  # with fewer rows, packing B costs more than it saves
MAX_DOT_FORM_ROWS = MR  # with at most so many rows, and a transposed B, the dot form is faster
SMALL_PRODUCTS = 1 << 18  # multiplications up to which NumPy's product is faster; OpenBLAS then uses one thread, too
MAX_GROUP = 4  # short panels that a thread takes together
DEPTH_BLOCK = 1024  # products added at a time, so that what is read again stays in cache
MIN_PRODUCTS = 1 << 19  # multiplications that make a thread worth waking: about 6 µs
DOT_BLOCK_ROWS, DOT_BLOCK_COLUMNS = 64, 2 * DOT_ROWS


@lru_cache(maxsize=256)
def offsets(count: int, step: int) -> Array:
    """0, step, 2 step, …: a table for `Indexed` and `IndexedRows`."""
    return np.arange(count) * step


@kernel()
def lanes(a):
    """Number of elements of a's dtype in a vector register."""
    return LANES_FLOAT32 if a.itemsize == 4 else LANES_FLOAT64


@kernel()
def aligned(size, like):
    """An array of `size` elements of like's dtype that starts on a cache line.

    A vector that crosses a cache line takes two loads: with a panel that is not aligned a product is a sixth slower.
    """
    memory = np.empty(size + 64 // like.itemsize, like.dtype)
    skip = -memory.ctypes.data % 64 // like.itemsize
    return memory[skip : skip + size]


@kernel()
def multiply_panel(a, panel, depth, rows, columns, c, add):
    """C = A B, or C += A B if `add`: the outer micro-kernel for any number of rows.  a: Indexed, panel and c: Rows.

    columns: at most a panel's 2 L.
    """
    array, start, row, first_row, column, first_column = a
    for i in range(0, rows, MR):
        a_rows = Indexed(array, start, row, first_row + i, column, first_column)
        c_rows = Rows(c.array, c.start + i * c.step, c.step)
        if columns > lanes(array):
            outer_2(a_rows, panel, depth, min(MR, rows - i), columns, c_rows, add)
        else:
            outer_1(a_rows, panel, depth, min(MR, rows - i), columns, c_rows, add)


@kernel()
def transpose_rows(a, rows, columns, c):
    """C[j, i] = A[i, j] for any number of rows and columns.  a: IndexedRows, c: Rows."""
    array, start, row, first_row = a
    width = lanes(array)
    for i in range(0, rows, width):
        for j in range(0, columns, width):
            transpose_square(
                IndexedRows(array, start + j, row, first_row + i), min(width, rows - i), min(width, columns - j),
                Rows(c.array, c.start + j * c.step + i, c.step),
            )  # fmt: skip


@kernel(parallel=True)
def _multiply_outer(a, row, column, b, transposed_row, block_rows, group, c):
    """C[m] = A[m] B[m] in the outer form.

    A[m, i, k] is a[m, row[i] + column[k]].  B[m] is in rows if `transposed_row` is empty, else transposed, with
    B[m, k, j] at transposed_row[j] + k.  A thread packs a group of panels, so that they are in few pages and
    cache lines; together their results fill longer runs of C's rows.
    """
    matrices, rows, columns = c.shape
    depth, transposed = len(column), len(transposed_row) > 0
    width = NR_VECTORS * lanes(a)
    row_blocks, groups = -(-rows // block_rows), -(-columns // (group * width))
    left, right, result = a.reshape(-1), b.reshape(-1), c.reshape(-1)
    threads = limit_threads(c.size * depth // MIN_PRODUCTS)
    for unit in prange(matrices * row_blocks * groups):
        m, first_row = unit // (row_blocks * groups), unit // groups % row_blocks * block_rows
        first_column = unit % groups * group * width
        last_row, last_column = min(rows, first_row + block_rows), min(columns, first_column + group * width)
        size = min(DEPTH_BLOCK, depth) * width
        panels = aligned(group * size, a)
        if last_column % width:
            clear(panels, 0, group * size)  # the columns that fill up the last panel are multiplied, too
        for first in range(0, max(1, depth), DEPTH_BLOCK):
            block_depth, b_at = min(DEPTH_BLOCK, depth - first), m * depth * columns
            for j in range(first_column, last_column, width):
                count, at = min(width, last_column - j), (j - first_column) // width * size
                if transposed:
                    b_rows = IndexedRows(right, b_at + first, transposed_row, j)
                    transpose_rows(b_rows, count, block_depth, Rows(panels, at, width))
                else:
                    for k in range(block_depth):
                        copy_row(right, b_at + (first + k) * columns + j, count, panels, at + k * width)
            for i in range(first_row, last_row, MR):
                a_rows = Indexed(left, m * a.shape[1], row, i, column, first)
                for j in range(first_column, last_column, width):
                    multiply_panel(
                        a_rows, Rows(panels, (j - first_column) // width * size, width), block_depth,
                        min(MR, last_row - i), min(width, last_column - j),
                        Rows(result, (m * rows + i) * columns + j, columns), first > 0,
                    )  # fmt: skip
    set_threads(threads)


@kernel(parallel=True)
def _multiply_dot(a, b, c):
    """C[m, i, j] = Σ_k A[m, i, k] B[m, j, k] in the dot form."""
    matrices, rows, depth = a.shape
    columns = b.shape[1]
    row_blocks, column_blocks = -(-rows // DOT_BLOCK_ROWS), -(-columns // DOT_BLOCK_COLUMNS)
    threads = limit_threads(c.size * depth // MIN_PRODUCTS)
    for unit in prange(matrices * row_blocks * column_blocks):
        m = unit // (row_blocks * column_blocks)
        top = unit // column_blocks % row_blocks * DOT_BLOCK_ROWS
        left = unit % column_blocks * DOT_BLOCK_COLUMNS
        for k in range(0, max(1, depth), DEPTH_BLOCK):
            for i in range(top, min(rows, top + DOT_BLOCK_ROWS), DOT_ROWS):
                for j in range(left, min(columns, left + DOT_BLOCK_COLUMNS), DOT_ROWS):
                    dot(
                        Rows(a, (m * rows + i) * depth + k, depth), Rows(b, (m * columns + j) * depth + k, depth),
                        min(DEPTH_BLOCK, depth - k), min(DOT_ROWS, rows - i), min(DOT_ROWS, columns - j),
                        Rows(c, (m * rows + i) * columns + j, columns), k > 0,
                    )  # fmt: skip
    set_threads(threads)


def matmul(a: Array, b: Array) -> Array:
    """a (…, I, K) @ b (…, K, J) in float32 or float64.  Either may be transposed in memory; neither is copied then.

    Small products are NumPy's.  Few rows and a transposed b go to the dot form, all else to the outer form.
    """
    if a.size * b.shape[-1] <= SMALL_PRODUCTS and a.shape[-2] > 1 < b.shape[-1]:
        return np.matmul(a if a.flags.forc else dense(a), b if b.flags.forc else dense(b))
    (*lead, rows, depth), columns = a.shape, b.shape[-1]
    matrices = math.prod(lead)
    result = np.empty((*lead, rows, columns), a.dtype)
    c = result.reshape(matrices, rows, columns)
    a_transposed, a = _as_stored(a)
    b_transposed, b = _as_stored(b)
    if b_transposed and not a_transposed and rows <= MAX_DOT_FORM_ROWS:
        _multiply_dot(a.reshape(matrices, rows, depth), b.reshape(matrices, columns, depth), c)
        return result
    row, column = (
        (offsets(rows, 1), offsets(depth, rows)) if a_transposed else (offsets(rows, depth), offsets(depth, 1))
    )
    a, b = a.reshape(matrices, rows * depth), b.reshape(matrices, *b.shape[-2:])
    row_blocks = -(-MIN_BLOCKS // max(1, matrices * -(-columns // (NR_VECTORS * LANES_FLOAT32))))
    block_rows = max(MIN_BLOCK_ROWS, -(-rows // row_blocks))
    group = max(1, min(MAX_GROUP, DEPTH_BLOCK // max(1, depth)))
    _multiply_outer(a, row, column, b, offsets(columns if b_transposed else 0, depth), block_rows, group, c)
    return result


def _as_stored(a: Array) -> tuple[bool, Array]:
    """Whether the matrices are transposed in memory, and the C-contiguous array that memory has."""
    if not a.flags.c_contiguous:
        stored = a.swapaxes(-1, -2)
        if stored.flags.c_contiguous:
            return True, dense(stored)
    return False, dense(a)


# ── linear layers ──────────────────────────────────────────────────────────────────────


@kernel(parallel=True)
def _add_bias(y, b, relu, parts):
    """y (M, O) += b, then y = max(y, 0) if `relu`; in place, in parts of its rows."""
    threads = limit_threads(parts)
    for part in prange(parts):
        for i in range(part * len(y) // parts, (part + 1) * len(y) // parts):
            row = y[i]  # a loop over the rows of a slice would not be vectorized
            for o in range(len(row)):
                z = row[o] + b[o]
                row[o] = 0 if relu and z <= 0 else z
    set_threads(threads)


def linear(x: Array, w: Array, b: Array | None, relu: bool) -> Array:
    """x (…, I) wᵀ + b, or relu of it.  w (O, I), b (O,)."""
    rows = x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), w.shape[1])
    y = matmul(dense(rows), dense(w).T)
    if b is not None or relu:
        b = np.zeros(len(w), x.dtype) if b is None else dense(b)
        parts = blocks(y.size, ELEMENTS)
        fitting(_add_bias, parts)(y, b, relu, parts)
    return y if x.ndim == 2 else y.reshape(x.shape[:-1] + w.shape[:1])
