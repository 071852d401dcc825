"""Matrix products (GEMM), cut into blocks that fit the caches and micro-tiles that fit the registers.

The method is that of Goto's and of BLIS's matrix product.  A thread takes a block of C.  It copies ("packs") a
panel of B, as wide as a micro-tile, into memory that starts on a cache line.  For each MR rows of A, a micro-kernel
(microkernels.py) adds up to DEPTH_BLOCK products of these rows and the panel in registers, and writes MR × 2 L numbers
of C.  Then comes the next panel: the block of A, which is read again, is small enough to stay in cache.  If C is larger
than the cache, several panels are packed, and a few rows of C written along them, then the next ones.  Two tables of
offsets say where A's rows and columns are, which also serves a convolution (conv.py).  So A is packed only if it is
transposed, or its rows are far apart, and it meets enough columns.  A panel that few rows meet is not packed either.

There are two forms.  The outer form splats a number of A and multiplies it with a vector of B's columns.
The dot form multiplies rows of A with rows of a transposed B, and needs no packing: it is for few rows.
Small products are left to NumPy, whose call costs less than that of a kernel.

Source: Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008; Van Zee, van de Geijn,
"BLIS: A Framework for Rapidly Instantiating BLAS Functionality", 2015.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.jit import (
    ELEMENTS,
    blocks,
    dense,
    fitting,
    kernel,
    limit_threads,
    second_level_cache,
    set_threads,
)
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
    copy_panel,
    copy_row,
    dot,
    outer_1,
    outer_2,
    outer_2_half,
    transpose_square,
)
from autograd.kernels.threads import get_number
from autograd.types import Array

MIN_BLOCKS = 4  # blocks for each of several threads that a product is cut into, if each then has MIN_BLOCK_ROWS rows
MIN_BLOCK_ROWS = 4 * MR
BLOCK_BYTES = second_level_cache() // 2  # of a block of A, which is read again for each panel
PAGE = 4096  # bytes
SOME_ROWS = 48  # rows of a large C that are written along several panels
DEPTH_BLOCK = 256  # products added at a time, so that what is read again stays in cache
UNPACKED_ROWS = 3 * MR  # rows of a block up to which packing a B costs more than it saves, if its rows share pages
SMALL_PRODUCTS = 1 << 18  # multiplications up to which NumPy's product is faster; OpenBLAS, too, then uses one thread
AS_IT_IS, COLUMNS, ROWS = 0, 1, 2  # how A is packed: not, by columns if it is transposed, by rows if they are far apart
PACKED_COLUMNS = 48  # columns from which on a transposed A is packed
PACKED_ROWS = 4 * MR  # rows from which on they are packed, if they are FAR numbers apart and meet FAR_COLUMNS
FAR, FAR_COLUMNS = 2 * DEPTH_BLOCK, 192
GAP = 16  # numbers between packed rows, or a power of two would give all of them the same places in the cache
PACKED_PANELS = 2  # least number of panels that a packed block of A meets, if there are as many
MAX_DOT_FORM_ROWS = 8 if MR == 8 else DOT_ROWS  # up to which the dot form is faster, if B is transposed
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


def panel_width(itemsize: int) -> int:
    """Columns of a panel."""
    return NR_VECTORS * (LANES_FLOAT32 if itemsize == 4 else LANES_FLOAT64)


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
        if columns <= lanes(array):
            outer_1(a_rows, panel, depth, min(MR, rows - i), columns, c_rows, add)
        elif rows - i > MR // 2:
            outer_2(a_rows, panel, depth, min(MR, rows - i), columns, c_rows, add)
        else:
            outer_2_half(a_rows, panel, depth, rows - i, columns, c_rows, add)


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


@kernel()
def _pack_columns(a, start, step, rows, depth, tile, packed):
    """packed[i // MR · tile + k MR + i % MR] = A[i, k], which is a[start + k step + i].

    The numbers that a step of the micro-kernel splats are then side by side, and those of its next step follow.  In a
    transposed A each step goes to another row, and rows that are some KiB apart share few places in the cache.
    """
    for i in range(0, rows, MR):
        to = i // MR * tile
        for k in range(depth):
            if rows - i >= MR:  # a constant, so that the copy is a move or two
                copy_row(a, start + k * step + i, MR, packed, to + k * MR)
            else:
                copy_row(a, start + k * step + i, rows - i, packed, to + k * MR)


@kernel()
def _pack_rows(a, start, step, rows, depth, width, packed):
    """packed[i width + k] = A[i, k], which is a[start + i step + k]: rows that were pages apart are then neighbours."""
    for i in range(rows):
        copy_row(a, start + i * step, depth, packed, i * width)


@kernel()
def _multiply_block(
    a, a_start, a_step, packing, b, b_start, b_step, row, column, transposed_row, columns, plan, c, unit
):
    """Block `unit` of C[m] = A[m] B[m] in the outer form: some rows and a group of panels of one matrix.

    A[m, i, k] is a[a_start[m] + row[i] + column[k]].  With `packing`, `row` and `column` are places in a packed block,
    whose numbers come from a[a_start[m] + i a_step + k], or, if A is transposed, a[a_start[m] + k a_step + i].
    B[m, k, j] is b[b_start[m] + k b_step + j], or b[b_start[m] + transposed_row[j] + k] if that table is not empty.
    """
    rows, depth, block_rows, group, _, some_rows, together = plan
    width = NR_VECTORS * lanes(a)
    row_blocks, groups = -(-rows // block_rows), -(-columns // (group * width))
    m, first_row, first_column = unit // (row_blocks * groups), unit // groups % row_blocks * block_rows, unit % groups
    first_column *= group * width
    last_column, last_row = min(columns, first_column + group * width), min(rows, first_row + block_rows)
    tight = b_step * b.itemsize < PAGE
    unpacked = len(transposed_row) == 0 and (block_rows <= MR or (block_rows <= UNPACKED_ROWS and tight))
    size = min(DEPTH_BLOCK, depth) * width
    memory = aligned(together * size, a)
    a_width = min(DEPTH_BLOCK, depth) + GAP
    tile = MR * a_width
    a_block, a_place, a_row, a_column = a, a_start[m], 0, 0
    if packing != AS_IT_IS:
        a_block, a_place, a_row = aligned(-(-block_rows // MR) * tile, a), 0, first_row
    for first in range(0, max(1, depth), DEPTH_BLOCK):
        block_depth = min(DEPTH_BLOCK, depth - first)
        if packing == COLUMNS:
            start = a_start[m] + first * a_step + first_row
            _pack_columns(a, start, a_step, last_row - first_row, block_depth, tile, a_block)
        elif packing == ROWS:
            start = a_start[m] + first_row * a_step + first
            _pack_rows(a, start, a_step, last_row - first_row, block_depth, a_width, a_block)
        else:
            a_column = first
        for begin in range(first_column, last_column, together * width):
            end = min(last_column, begin + together * width)
            for j in range(begin, end, width):
                count, panel = min(width, end - j), Rows(memory, (j - begin) // width * size, width)
                if len(transposed_row):
                    if count < width:  # the columns that fill up the last panel are multiplied, too
                        clear(memory, panel.start, size)
                    stored = IndexedRows(b, b_start[m] + first, transposed_row, j)
                    transpose_rows(stored, count, block_depth, panel)
                elif not unpacked or count < width:
                    copy_panel(Rows(b, b_start[m] + first * b_step + j, b_step), block_depth, count, panel)
            for i in range(first_row, last_row, some_rows):
                for j in range(begin, end, width):
                    count, panel = min(width, end - j), Rows(memory, (j - begin) // width * size, width)
                    if unpacked and count == width:
                        panel = Rows(b, b_start[m] + first * b_step + j, b_step)
                    multiply_panel(
                        Indexed(a_block, a_place, row, i - a_row, column, a_column), panel, block_depth,
                        min(some_rows, last_row - i), count, Rows(c, (m * rows + i) * columns + j, columns), first > 0,
                    )  # fmt: skip


@kernel(parallel=True)
def _multiply_blocks(a, a_start, a_step, packing, b, b_start, b_step, row, column, transposed_row, columns, plan, c):
    """All blocks of `_multiply_block`."""
    threads = limit_threads(c.size * plan.depth // MIN_PRODUCTS)
    for unit in prange(plan.units):
        _multiply_block(
            a, a_start, a_step, packing, b, b_start, b_step, row, column, transposed_row, columns, plan, c, unit
        )
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


class Plan(NamedTuple):
    """How a product in the outer form is cut: this changes no bits, since each number is added up in the order of k."""

    rows: int  # of A
    depth: int
    block_rows: int  # rows of C in a block
    group: int  # panels in a block
    units: int  # blocks
    some_rows: int  # rows of a block that are multiplied with `together` panels, before the next ones are
    together: int  # panels that are packed at a time


@lru_cache(maxsize=1024)
def _plan(matrices: int, rows: int, depth: int, columns: int, itemsize: int, threads: int, packed: bool) -> Plan:
    """The plan of a product.

    The rows of A that a block multiplies are read once for each panel, so they should stay in cache.  Of a C that is
    larger than the cache, a few rows are written along several panels: the processor fetches ahead in few pages only.
    """
    width = panel_width(itemsize)
    panels, block_depth = -(-columns // width), max(1, min(depth, DEPTH_BLOCK))
    most = max(MIN_BLOCK_ROWS, BLOCK_BYTES // (itemsize * block_depth))
    least = MIN_BLOCKS * threads if threads > 1 else 1
    # Row blocks that give enough work to share.  A packed block should meet several panels.
    wanted = -(-least // max(1, matrices * -(-panels // (PACKED_PANELS if packed else 1))))
    row_blocks = max(1, -(-rows // most), min(wanted, rows // MIN_BLOCK_ROWS))
    block_rows = max(1, -(-rows // (row_blocks * MR)) * MR)
    row_blocks = -(-rows // block_rows)
    group = max(1, min(panels, max(PACKED_PANELS if packed else 1, panels * matrices * row_blocks // least)))
    units = matrices * row_blocks * -(-columns // (group * width))
    if itemsize * matrices * rows * columns <= 2 * BLOCK_BYTES or itemsize * columns < PAGE:
        return Plan(rows, depth, block_rows, group, units, block_rows, 1)
    together = max(1, min(group, BLOCK_BYTES // (4 * itemsize * block_depth * width)))
    return Plan(rows, depth, block_rows, group, units, SOME_ROWS, together)


def matmul(a: Array, b: Array) -> Array:
    """a (…, I, K) @ b (…, K, J) in float32 or float64.

    Small products are NumPy's.  Few rows and a transposed b go to the dot form, all else to the outer form.  Parts of
    other arrays are not copied if numbers are side by side along one of the last two dimensions.
    """
    *lead, rows, depth = a.shape
    columns = b.shape[-1]
    products = a.size * columns
    if products <= SMALL_PRODUCTS and rows > 1 < columns:
        return np.matmul(a if a.flags.forc else dense(a), b if b.flags.forc else dense(b))
    matrices = math.prod(lead) if lead else 1
    c = np.empty((*lead, rows, columns), a.dtype)
    if rows <= MAX_DOT_FORM_ROWS and a.flags.c_contiguous and (stored := b.swapaxes(-1, -2)).flags.c_contiguous:
        factors = dense(a).reshape(matrices, rows, depth), dense(stored).reshape(matrices, columns, depth)
        _multiply_dot(*factors, c.reshape(matrices, rows, columns))
        return c
    (a_transposed, a_flat, a_start, a_step), (b_transposed, b_flat, b_start, b_step) = _located(a), _located(b)
    threads = max(1, min(get_number(), products // MIN_PRODUCTS))
    packing = AS_IT_IS
    if a_transposed and columns >= PACKED_COLUMNS:
        packing = COLUMNS
    elif not a_transposed and a_step > FAR and columns >= FAR_COLUMNS and rows >= PACKED_ROWS:
        packing = ROWS
    tables = _tables(rows, depth, a_step, a_transposed, packing, columns if b_transposed else 0, b_step)
    fitting(_multiply_blocks, threads)(
        a_flat, a_start, a_step, packing, b_flat, b_start, b_step, *tables, columns,
        _plan(matrices, rows, depth, columns, a.itemsize, threads, packing != AS_IT_IS), c.ravel(),
    )  # fmt: skip
    return c


@lru_cache(maxsize=1024)
def _tables(
    rows: int, depth: int, step: int, transposed: bool, packing: int, columns: int, b_step: int
) -> tuple[Array, Array, Array]:
    """Offsets of A's rows, of A's columns, and of the columns of a transposed B."""
    block_depth = min(DEPTH_BLOCK, depth)
    width = block_depth + GAP
    if packing == COLUMNS:
        row = np.arange(rows)
        return row // MR * (width * MR) + row % MR, offsets(block_depth, MR), offsets(columns, b_step)
    if packing == ROWS:
        return offsets(rows, width), offsets(block_depth, 1), offsets(columns, b_step)
    return offsets(rows, 1 if transposed else step), offsets(depth, step if transposed else 1), offsets(columns, b_step)


def _located(a: Array) -> tuple[bool, Array, Array, int]:
    """Where the matrices of a (…, I, J) are in memory.

    Returns
    -------
    transposed : bool
        Whether the numbers of a column are side by side.  Otherwise those of a row are.
    flat : (…,) array
    start : (matrices,) int64 array
        Where each matrix begins in flat.
    step : int
        Elements from row to row, or, if transposed, from column to column.
    """
    *lead, rows, columns = a.shape
    matrices = math.prod(lead) if lead else 1
    flags = a.flags
    if flags.c_contiguous:
        return False, (a if flags.carray else dense(a)).ravel(), offsets(matrices, rows * columns), columns
    if (stored := a.swapaxes(-1, -2)).flags.c_contiguous:
        return True, dense(stored).ravel(), offsets(matrices, rows * columns), rows
    item, base = a.itemsize, a.base
    *_, row, column = a.strides
    within = type(base) is np.ndarray and base.dtype == a.dtype and base.flags.carray
    if not within or item not in (row, column) or min(a.strides) < item or any(s % item for s in a.strides):
        return False, np.array(a, order="C").ravel(), offsets(matrices, rows * columns), columns
    assert base is not None
    first = (a.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // item
    start = _starts(first, tuple(lead), tuple([stride // item for stride in a.strides[:-2]]))
    return (column != item), base.ravel(), start, (row if column == item else column) // item


@lru_cache(maxsize=256)
def _starts(first: int, lead: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Offsets of matrices with these strides."""
    start = np.array([first])
    for count, stride in zip(lead, strides, strict=True):
        start = np.add.outer(start, np.arange(count) * stride).reshape(-1)
    return start


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
