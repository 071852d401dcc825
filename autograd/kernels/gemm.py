"""Matrix products (GEMM), cut into blocks that fit the caches and micro-tiles that fit the registers.

The method is that of Goto's and of BLIS's matrix product.  A thread takes a block of C.  It copies ("packs") a
panel of B, as wide as a micro-tile, into memory that starts on a cache line.  For each MR rows of A, a micro-kernel
(microkernels.py) adds up to DEPTH_BLOCK products of these rows and the panel in registers, and writes a tile of C.
The first MR rows read the panel where B is, and pack it at the same time.  Then comes the next panel: the block
of A, which is read again, is small enough to stay in cache.  If the block has many rows, some of them meet several
panels before the next ones do.  If not all of them stay in cache, those that do meet all panels first; for the next
ones the panels are packed already.  A table of offsets says where A's rows are, which also serves a convolution
(conv.py).  So A is packed only if it is transposed, or its rows are far apart, and it meets enough columns.

Transposing a factor in memory costs more than any other copy.  So Cᵀ = Bᵀ Aᵀ is computed if less has to be transposed
for it: for a linear layer's x wᵀ, w is then on the left as it is, and the few rows of x are transposed on the right.
Blocks of Cᵀ are transposed in the end.  Each number of C is the same sum in the same order either way.

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
from numba.extending import register_jitable
from numba.np.unsafe.ndarray import to_fixed_tuple

from autograd.kernels.jit import (
    ELEMENTS,
    blocks,
    dense,
    fitting,
    kernel,
    limit_threads,
    memory_of,
    second_level_cache,
    set_threads,
    vector_bytes,
)
from autograd.kernels.microkernels import (
    DOT_ROWS,
    FEW_ROWS,
    LANES_FLOAT32,
    LANES_FLOAT64,
    MR,
    NARROW,
    NARROW_ROWS,
    NR_VECTORS,
    Indexed,
    IndexedPlace,
    IndexedRows,
    Place,
    Rows,
    clear,
    copy_panel,
    copy_row,
    dot,
    outer_1,
    outer_2,
    outer_2_few,
    outer_4,
    outer_4_few,
    outer_packing,
    transpose_square,
)
from autograd.kernels.threads import get_number
from autograd.types import Array

MIN_BLOCK_ROWS = 4 * MR  # of a block, if there are as many
BLOCK_BYTES = second_level_cache() // 2  # of the rows of A that are read again for each panel
PACKED_BYTES = 1 << 22  # of the panels that are kept for the next rows, at most
SOME_ROWS = 128  # rows of A that are multiplied with several panels, before the next ones are
PAGE, FEW_PAGES = 4096, 48  # bytes; as many rows, if a block has more than SOME_ROWS and those of C are pages apart
FEWEST_PAGES, SHALLOW = 12, 40  # as many, if a row of a tile takes no more than SHALLOW multiply-adds of vectors
DEPTH_BLOCK = 256  # products added at a time, at most
FEW_VECTORS = 16  # of a row of B: with fewer, no wide panel has an idle vector
PANEL_BYTES = 1 << 15  # of a panel of as many rows, so that it stays in the first-level cache
SMALL_PRODUCTS = 1 << 18  # multiplications up to which NumPy's product is faster; OpenBLAS, too, then uses one thread
AS_IT_IS, COLUMNS, ROWS = 0, 1, 2  # how A is packed: not, by columns if it is transposed, by rows if they are far apart
PACKED_COLUMNS = 48  # columns from which on a transposed A is packed
PACKED_ROWS = 4 * MR  # rows from which on they are packed, if they are FAR numbers apart and meet FAR_COLUMNS
FAR, FAR_COLUMNS = 2 * DEPTH_BLOCK, 192
GAP = 16  # numbers between packed rows, or a power of two would give all of them the same places in the cache
MAX_DOT_FORM_ROWS = 8 if DOT_ROWS == 4 else DOT_ROWS  # up to which the dot form is faster, if B is transposed
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


@register_jitable
def whole_vectors(columns, lanes):
    """Columns filled up to whole vectors; lanes: numbers in a vector."""
    return -(-columns // lanes) * lanes


@register_jitable
def panel_columns(columns, lanes):
    """Columns of a panel of a matrix with so many columns; lanes: numbers in a vector.

    Panels are narrow if there is one of them, or if too much of the last wide one would be idle.
    """
    vectors = -(-columns // lanes)
    narrow = vectors <= NARROW or (vectors < FEW_VECTORS and vectors % NR_VECTORS == 3)
    return (NARROW if narrow else NR_VECTORS) * lanes


@register_jitable
def depth_block(depth, row_bytes):
    """Products that are added at a time, and so rows of a panel; row_bytes: bytes of a row of it.

    The depth is cut into nearly equal parts.  A quarter more than PANEL_BYTES is better than a part of a few rows.
    """
    most = min(DEPTH_BLOCK, PANEL_BYTES // row_bytes)
    return max(1, -(-depth // max(1, (4 * depth + 3 * most) // (4 * most))))


@kernel(allocates=True)
def aligned(size, like):
    """An array of `size` elements of like's dtype that starts on a cache line.

    A vector that crosses a cache line takes two loads: with a panel that is not aligned a product is a sixth slower.
    """
    memory = np.empty(size + 64 // like.itemsize, like.dtype)
    skip = -memory.ctypes.data % 64 // like.itemsize
    return memory[skip : skip + size]


@kernel()
def whole_tiles(rows, most):
    """Rows in tiles of `most` rows.  The others are in tiles of FEW_ROWS, of which as few rows as possible are idle."""
    rest = rows % most
    return rows - rest - (most if rows >= most and -(rest + most) % FEW_ROWS < -rest % FEW_ROWS else 0)


@kernel(inline=True)
def multiply_panel(a, row, column, place, panel, panel_place, depth, most, rows, columns, c, c_place, add):
    """C = A B, or C += A B if `add`: the outer micro-kernel for any number of rows.

    a, row, column and place, an IndexedPlace, are A, as in an `Indexed`; panel and panel_place B; c and c_place C.
    most: of the `depth` products, those that are added in registers, and then to C, at a time.
    columns: at most NR_VECTORS vectors.  Panels are read whole if there are more than NARROW of them; otherwise the
    vector that has the last column is.
    """
    at, first, start = place
    b_at, b_step = panel_place
    c_at, c_step = c_place
    vectors, end = -(-columns // lanes(a)), max(1, depth)
    whole = whole_tiles(rows, MR) if vectors > NARROW else whole_tiles(rows, NARROW_ROWS)  # divided by constants
    if NR_VECTORS > NARROW and vectors > 2:
        for i in range(0, whole, MR):
            result = Rows(c, c_at + i * c_step, c_step)
            for k in range(0, end, most):
                left, right = Indexed(a, at, row, first + i, column, start + k), Rows(panel, b_at + k * b_step, b_step)
                outer_4(left, right, min(most, depth - k), MR, columns, result, add or k > 0)
        for i in range(whole, rows, FEW_ROWS):
            result = Rows(c, c_at + i * c_step, c_step)
            for k in range(0, end, most):
                left, right = Indexed(a, at, row, first + i, column, start + k), Rows(panel, b_at + k * b_step, b_step)
                outer_4_few(left, right, min(most, depth - k), min(FEW_ROWS, rows - i), columns, result, add or k > 0)
    elif vectors == 2:
        for i in range(0, whole, NARROW_ROWS):
            result = Rows(c, c_at + i * c_step, c_step)
            for k in range(0, end, most):
                left, right = Indexed(a, at, row, first + i, column, start + k), Rows(panel, b_at + k * b_step, b_step)
                outer_2(left, right, min(most, depth - k), NARROW_ROWS, columns, result, add or k > 0)
        for i in range(whole, rows, FEW_ROWS):
            result = Rows(c, c_at + i * c_step, c_step)
            for k in range(0, end, most):
                left, right = Indexed(a, at, row, first + i, column, start + k), Rows(panel, b_at + k * b_step, b_step)
                outer_2_few(left, right, min(most, depth - k), min(FEW_ROWS, rows - i), columns, result, add or k > 0)
    else:
        for i in range(0, rows, NARROW_ROWS):
            result = Rows(c, c_at + i * c_step, c_step)
            for k in range(0, end, most):
                left, right = Indexed(a, at, row, first + i, column, start + k), Rows(panel, b_at + k * b_step, b_step)
                outer_1(left, right, min(most, depth - k), min(NARROW_ROWS, rows - i), columns, result, add or k > 0)


@kernel()
def pack_panel(a, row, column, place, b, b_place, depth, rows, columns, c, c_place, add, panel, panel_place):
    """Pack columns of B, b and b_place, into `panel`, and multiply the first rows of A with them, as `multiply_panel`.

    Returns how many rows these are: those of a tile, or 0.
    """
    right, packed = Rows(b, b_place.start, b_place.step), Rows(panel, panel_place.start, panel_place.step)
    if columns < NR_VECTORS * lanes(a) or rows < MR:
        copy_panel(right, depth, columns, packed)
        return 0
    left = Indexed(a, place.start, row, place.first_row, column, place.first_column)
    result = Rows(c, c_place.start, c_place.step)
    outer_packing(left, right, depth, MR, NR_VECTORS * lanes(a), result, add, packed)
    return MR


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
    whole = rows // MR * MR
    for k in range(depth):
        for i in range(0, whole, MR):  # of a constant length, so that the copy is a move or two
            copy_row(a, start + k * step + i, MR, packed, i // MR * tile + k * MR)
        if whole < rows:
            copy_row(a, start + k * step + whole, rows - whole, packed, whole // MR * tile + k * MR)


@kernel()
def _pack_rows(a, start, step, rows, depth, width, packed):
    """packed[i width + k] = A[i, k], which is a[start + i step + k]: rows that were pages apart are then neighbours."""
    for i in range(rows):
        copy_row(a, start + i * step, depth, packed, i * width)


class Plan(NamedTuple):
    """How a product in the outer form is cut, and where tables of offsets begin in the array that has them all.

    How it is cut changes no bits, since each number is added up in the order of k.
    """

    rows: int  # of A
    depth: int
    columns: int
    block_rows: int  # rows of C in a block
    cached_rows: int  # rows of a block that meet all its panels before the next ones do, since they stay in cache
    some_rows: int  # rows of these that are multiplied with `together` panels, before the next ones are
    together: int  # panels that are packed at a time
    group: int  # panels in a block
    width: int  # columns of a panel
    block_depth: int  # products that are added at a time
    units: int  # blocks
    transposed: int  # 1 if it is Cᵀ = Bᵀ Aᵀ that is computed
    packing: int  # of A: AS_IT_IS, COLUMNS or ROWS
    a_step: int  # from row to row of A, or, if A is transposed, from column to column
    a_column: int  # from column to column of A in memory, or in a packed block
    b_step: int
    a_starts: int  # table of where the matrices A[m] start
    b_starts: int
    a_rows: int  # table of A's rows: in memory, or in a packed block
    b_columns: int  # table of the columns of a transposed B; 0 if it is not transposed
    out_rows: int  # table of the rows of a block of C that is going to be transposed


PLAN_FIELDS, TRANSPOSED = len(Plan._fields), Plan._fields.index("transposed")


@kernel(allocates=True)
def _multiply_block(a, b, record, c, unit):
    """Block `unit` of C[m] = A[m] B[m] in the outer form: some rows and a group of panels of one matrix."""
    plan = Plan(*to_fixed_tuple(record, PLAN_FIELDS))
    rows, depth, columns, block_rows, cached_rows, some_rows, together, group, width, block_depth = plan[:10]
    row_blocks, groups = -(-rows // block_rows), -(-columns // (group * width))
    m, first_row, first_column = unit // (row_blocks * groups), unit // groups % row_blocks * block_rows, unit % groups
    first_column *= group * width
    last_column, last_row = min(columns, first_column + group * width), min(rows, first_row + block_rows)
    a_start, b_start = record[plan.a_starts + m], record[plan.b_starts + m]
    size, a_width = block_depth * width, block_depth + GAP
    again = last_row - first_row > cached_rows  # whether other rows of A will meet the packed panels
    memory, tile = aligned((group if again else together) * size, a), MR * a_width
    a_block, a_place, a_row, a_first = a, a_start, plan.a_rows, 0
    if plan.packing != AS_IT_IS:
        a_block, a_place = aligned(-(-min(cached_rows, block_rows) // MR) * tile, a), 0
    out, out_start, out_step = c, m * rows * columns, columns
    if plan.transposed:
        out_step = group * width
        out, out_start = aligned((last_row - first_row) * out_step, a), -first_row * out_step - first_column
    for first in range(0, max(1, depth), block_depth):
        some_depth = min(block_depth, depth - first)
        for top in range(first_row, last_row, cached_rows):
            bottom = min(last_row, top + cached_rows)
            if plan.packing == COLUMNS:
                start = a_start + first * plan.a_step + top
                _pack_columns(a, start, plan.a_step, bottom - top, some_depth, tile, a_block)
                a_row = plan.a_rows - top
            elif plan.packing == ROWS:
                start = a_start + top * plan.a_step + first
                _pack_rows(a, start, plan.a_step, bottom - top, some_depth, a_width, a_block)
                a_row = plan.a_rows - top
            else:
                a_first = first
            for begin in range(first_column, last_column, together * width):
                end = min(last_column, begin + together * width)
                for i in range(top, bottom, some_rows):
                    for j in range(begin, end, width):
                        at = (j - (first_column if again else begin)) // width * size
                        count, panel = min(width, end - j), Place(at, width)
                        part, done = min(some_rows, bottom - i), 0
                        if i == first_row and plan.b_columns == 0:
                            done = pack_panel(
                                a_block, record, plan.a_column, IndexedPlace(a_place, a_row + i, a_first), b,
                                Place(b_start + first * plan.b_step + j, plan.b_step), some_depth, part, count, out,
                                Place(out_start + i * out_step + j, out_step), first > 0, memory, panel,
                            )  # fmt: skip
                        elif i == first_row:
                            if count < width:  # the columns that fill up the last panel are multiplied, too
                                clear(memory, panel.start, size)
                            stored = IndexedRows(b, b_start + first, record, plan.b_columns + j)
                            transpose_rows(stored, count, some_depth, Rows(memory, panel.start, width))
                        multiply_panel(
                            a_block, record, plan.a_column, IndexedPlace(a_place, a_row + i + done, a_first), memory,
                            panel, some_depth, block_depth, part - done, count, out,
                            Place(out_start + (i + done) * out_step + j, out_step), first > 0,
                        )  # fmt: skip
    if plan.transposed:
        place = IndexedRows(out, 0, record, plan.out_rows)
        at = (m * columns + first_column) * rows + first_row
        transpose_rows(place, last_row - first_row, last_column - first_column, Rows(c, at, rows))


@kernel(parallel=True, allocates=True)
def _multiply_blocks(a, b, record, c):
    """C[m] = A[m] B[m]; record: what `_record` returns."""
    plan = Plan(*to_fixed_tuple(record, PLAN_FIELDS))
    threads = limit_threads(c.size * plan.depth // MIN_PRODUCTS)
    for unit in prange(plan.units):
        _multiply_block(a, b, record, c, np.int64(unit))  # or it would be compiled for unsigned integers, too
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


# Where the matrices of an array (…, I, J) are in memory: whether the numbers of a column are side by side, or else
# those of a row; elements from row to row, or else from column to column; and the offset of each matrix.
Layout = tuple[bool, int, Array]


def _layout(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> Layout:
    *lead, row, column = (stride // itemsize for stride in strides)
    start = np.zeros(1, np.int64)
    for count, stride in zip(shape[:-2], lead, strict=True):
        start = np.add.outer(start, np.arange(count) * stride).reshape(-1)
    transposed = row == 1 != column
    return transposed, column if transposed else row, start


def _better_transposed(rows: int, depth: int, columns: int, a_transposed: bool, b_transposed: bool) -> bool:
    """Whether fewer numbers are transposed in memory if Cᵀ = Bᵀ Aᵀ is computed, and C is the result's transpose.

    A transposed A is packed, a transposed B too; the factors change places.
    """
    as_it_is = rows * depth * a_transposed + columns * depth * b_transposed
    return rows * depth * (not a_transposed) + columns * depth * (not b_transposed) + rows * columns < as_it_is


def _cut(
    matrices: int, rows: int, columns: int, block_depth: int, width: int, itemsize: int, threads: int, a_packed: bool,
    b_transposed: bool, transposed: bool,
) -> tuple[int, int]:  # fmt: skip
    """How many rows, and how many panels, a block of C has, so that the thread with the most blocks is done soonest.

    Threads get equal numbers of blocks, or one more.  Each block reads and packs its part of A and of B.  Blocks of a
    transposed C, which are kept until they are transposed, have no more rows than stay in cache.  Reading a
    number, and packing a number of A, take about as long as L multiply-adds each; transposing a number of B, 2 L.
    """
    panels, lanes = -(-columns // width), vector_bytes() // itemsize
    for_row, for_column = lanes * (1 + a_packed), lanes * (1 + 2 * b_transposed)
    most = cached_rows(block_depth, itemsize)
    least = max(1, -(-rows // most)) if transposed else 1
    best = 0, rows, panels
    for row_blocks in range(least, max(least, min(rows // MIN_BLOCK_ROWS, least * threads)) + 1):
        block_rows = max(1, -(-rows // (row_blocks * FEW_ROWS)) * FEW_ROWS)
        blocks = matrices * -(-rows // block_rows)
        packed = panels * block_depth * width * itemsize if block_rows > most else 0
        fewest = max(1, -(-packed // PACKED_BYTES))
        for groups in range(fewest, max(fewest, min(panels, -(-2 * threads // max(1, blocks)))) + 1):
            group = max(1, -(-panels // groups))
            units = -(-blocks * -(-panels // group) // threads)  # of one thread
            work = units * (block_rows * group * width + for_row * block_rows + for_column * group * width)
            if best[0] == 0 or work < best[0]:
                best = work, block_rows, group
    return max(1, best[1]), max(1, best[2])


def cached_rows(block_depth: int, itemsize: int) -> int:
    """Rows of A that stay in the second-level cache, at most: a multiple of FEW_ROWS."""
    return max(MIN_BLOCK_ROWS, -(-(BLOCK_BYTES // (itemsize * block_depth)) // FEW_ROWS) * FEW_ROWS)


@lru_cache(maxsize=1024)
def _record(
    a_shape: tuple[int, ...], a_strides: tuple[int, ...], b_shape: tuple[int, ...], b_strides: tuple[int, ...],
    itemsize: int, threads: int,
) -> Array:  # fmt: skip
    """The plan of a product and its tables, in one int64 array: a kernel's call takes 0.1 µs for each argument.

    The rows of A that a block multiplies are read once for each panel, so they should stay in cache.  Some of them are
    multiplied with several panels before the next ones are: the rows of C are then written in the order of memory.  If
    those of C are pages apart they are fewer, since a core knows the places of few pages.  And still fewer if A and B
    are so small that the time goes to writing C.
    """
    (rows, depth), columns = a_shape[-2:], b_shape[-1]
    a_transposed, a_step, a_starts = _layout(a_shape, a_strides, itemsize)
    b_transposed, b_step, b_starts = _layout(b_shape, b_strides, itemsize)
    transposed = _better_transposed(rows, depth, columns, a_transposed, b_transposed)
    if transposed:  # Cᵀ = Bᵀ Aᵀ
        rows, columns = columns, rows
        a_transposed, a_step, a_starts, b_transposed, b_step, b_starts = (
            not b_transposed, b_step, b_starts, not a_transposed, a_step, a_starts,
        )  # fmt: skip
    packing = AS_IT_IS
    if a_transposed and columns >= PACKED_COLUMNS:
        packing = COLUMNS
    elif not a_transposed and a_step > FAR and columns >= FAR_COLUMNS and rows >= PACKED_ROWS:
        packing = ROWS
    width = panel_columns(columns, vector_bytes() // itemsize)
    block_depth = depth_block(depth, width * itemsize)
    block_rows, group = _cut(
        len(a_starts), rows, columns, block_depth, width, itemsize, threads, packing == COLUMNS, b_transposed,
        transposed,
    )  # fmt: skip
    parts = -(-block_rows // cached_rows(block_depth, itemsize))
    cached = max(1, -(-block_rows // (parts * FEW_ROWS)) * FEW_ROWS)
    units = len(a_starts) * -(-rows // block_rows) * -(-columns // (group * width))
    far = itemsize * columns >= PAGE and not transposed
    some_rows = SOME_ROWS
    if far and cached > SOME_ROWS:
        some_rows = FEWEST_PAGES if depth * width * itemsize <= SHALLOW * vector_bytes() else FEW_PAGES
    together = 1 if cached <= some_rows else BLOCK_BYTES // (4 * itemsize * block_depth * width)
    together = max(1, min(group, together))
    if packing == COLUMNS:
        row, pack_width = np.arange(rows), MR * (block_depth + GAP)
        a_rows, a_column = row // MR * pack_width + row % MR, MR
    elif packing == ROWS:
        a_rows, a_column = offsets(rows, block_depth + GAP), 1
    else:
        a_rows, a_column = (offsets(rows, 1), a_step) if a_transposed else (offsets(rows, a_step), 1)
    none = offsets(0, 1)
    tables = (
        a_starts, b_starts, a_rows, offsets(columns, b_step) if b_transposed else none,
        offsets(block_rows, group * width) if transposed else none,
    )  # fmt: skip
    places = PLAN_FIELDS + np.cumsum([0, *map(len, tables)])
    plan = Plan(
        rows, depth, columns, block_rows, cached, some_rows, together, group, width, block_depth, units, transposed,
        packing, a_step, a_column, b_step, *places[:3], places[3] if b_transposed else 0, places[4],
    )  # fmt: skip
    return np.concatenate([plan, *tables])


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
    c = np.empty((*lead, rows, columns), a.dtype)
    if rows <= MAX_DOT_FORM_ROWS and a.flags.c_contiguous and (stored := b.swapaxes(-1, -2)).flags.c_contiguous:
        matrices = math.prod(lead)
        factors = dense(a).reshape(matrices, rows, depth), dense(stored).reshape(matrices, columns, depth)
        _multiply_dot(*factors, c.reshape(matrices, rows, columns))
        return c
    (a, a_flat), (b, b_flat) = _flat(a), _flat(b)
    threads = max(1, min(get_number(), products // MIN_PRODUCTS))
    record = _record(a.shape, a.strides, b.shape, b.strides, a.itemsize, threads)
    if record[TRANSPOSED]:
        a_flat, b_flat = b_flat, a_flat
    fitting(_multiply_blocks, threads)(a_flat, b_flat, record, c.ravel())
    return c


def _flat(a: Array) -> tuple[Array, Array]:
    """a (…, I, J), or a copy of it, and the memory from its first number on, as kernels take it.

    It is a copy if numbers are side by side along neither of the last two dimensions.
    """
    flags = a.flags
    if flags.carray:
        return a, a.ravel()
    if flags.c_contiguous:
        return a, dense(a).ravel()
    if (stored := a.swapaxes(-1, -2)).flags.c_contiguous:
        return a, dense(stored).ravel()
    item = a.itemsize
    if item in a.strides[-2:] and min(a.strides) >= item and not any(s % item for s in a.strides) and flags.aligned:
        return a, memory_of(a)
    a = np.array(a, order="C")
    return a, a.ravel()


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
