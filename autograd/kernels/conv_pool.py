"""Convolution, relu and 2 × 2 max-pooling in one pass, and the weight gradient of that.

Forward.  The pixel table has the four pixels of a window side by side, so the four sums that compete are in
registers at the same time.  Three comparisons later only a quarter of the numbers is left to store.

Weight gradient.  After pooling, one pixel in four has a gradient, but a different one in every channel, so
channels cannot share a product.  They can share an image's pixels:

    dW[o, :] += g[o, q] patch(q, argmax[o, q])            a number times a vector, over all windows q

For that, a patch must be contiguous in memory.  Of one row of the convolution's results, let

    strip[x, (c, ky)] = image[c, y + ky, x]               rows y … y + kh - 1, transposed

then the patch of pixel x, in the order (kx, c, ky), is strip[x : x + kw] as a flat array.  Patches overlap in
memory, so a strip is only kh times as large as its row, not kh kw times.  The second index is filled up with
zeros to a multiple of L, so that every vector is one cache line: a load that crosses two lines costs twice as
much, and loads limit this kernel.  It does a quarter of the products, with up to 14 sums in registers and one
load an FMA.  The strips of some rows are made before any is used, so that sums are loaded and stored less often.
For the baseline's convolution it takes less than half of the time of the weight gradient that multiplies the
zeros too (docs/performance.md).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.conv import multiply_taps, pack_tile
from autograd.kernels.gemm import MIN_PRODUCTS, aligned, lanes, transpose_rows
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.kernels.microkernels import (
    INDEXED_VECTORS,
    LANES_FLOAT32,
    LANES_FLOAT64,
    Indexed,
    IndexedRows,
    Rows,
    clear,
    indexed_sum_8,
    indexed_sum_11,
    indexed_sum_14,
    pool_epilogue,
)
from autograd.types import Array

STRIP_ELEMENTS = 6144  # of the strips that are made at a time: 24 KiB of float32, which stay in the first-level cache


@kernel()
def pool_rows(sums, bias, bias_at, count, windows, best, which, transposed, row, y, argmax, at, step):
    """`pool_epilogue` for a run of windows and the columns of one panel: y[at + j step + q] for window q, channel j.

    sums: Rows, as long as a panel's.  best, which, transposed: working memory for `windows` of them.  row: offsets of
    the rows of a panel.
    """
    for q in range(windows):
        place = Rows(sums.array, sums.start + 4 * q * sums.step, sums.step)
        pool_epilogue(place, bias, bias_at, count, best, which, q * sums.step)
    transpose_rows(IndexedRows(best, 0, row, 0), windows, count, Rows(y, at, step))
    transpose_rows(IndexedRows(which, 0, row, 0), windows, count, Rows(transposed, 0, windows))
    for j in range(count):
        channel = transposed[j * windows : (j + 1) * windows]
        channel_indices = argmax[at + j * step :][:windows]
        for i in range(len(channel)):
            channel_indices[i] = np.uint8(channel[i])


@kernel(parallel=True, allocates=True)
def forward(x, panels, bias, plan, row, y, argmax):
    """y (N, O, H', W') from x (N, C, H, W), and argmax: which of its window's four pixels each element of y is.

    row: offsets of the rows of a panel.
    """
    block_rows, tile_rows, tile_columns, _, _, _, pixel, tap = plan
    images, outputs, height, width = y.shape
    groups, group_panels, depth, panel_width = panels.shape
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    row_blocks = -(-height // block_rows)
    weights, result, indices = panels.reshape(-1), y.reshape(-1), argmax.reshape(-1)
    threads = limit_threads(4 * y.size * depth // MIN_PRODUCTS)
    for unit in prange(images * row_blocks * groups):
        n, block, group = unit // (row_blocks * groups), unit // groups % row_blocks, unit % groups
        y0 = block * block_rows
        windows = (min(height, y0 + block_rows) - y0) * width
        copy = np.empty(group_channels * tile_rows * tile_columns, x.dtype)
        array, at = pack_tile(x, n, group * group_channels, group_channels, block, plan, copy)
        best, which = aligned(windows * panel_width, x), aligned(windows * panel_width, x)
        transposed = np.empty(panel_width * windows, x.dtype)
        sums = aligned(4 * windows * panel_width, x)
        for panel in range(group_panels):
            first = panel * panel_width
            o, count = group * group_outputs + first, min(panel_width, group_outputs - first)
            panel_at = (group * group_panels + panel) * depth * panel_width
            multiply_taps(
                Indexed(array, at, pixel, 0, tap, 0), Rows(weights, panel_at, panel_width), depth, 4 * windows, count,
                sums,
            )  # fmt: skip
            y_at = ((n * outputs + o) * height + y0) * width
            pool_rows(
                Rows(sums, 0, panel_width), bias, o, count, windows, best, which, transposed, row, result, indices,
                y_at, height * width,
            )  # fmt: skip
    set_threads(threads)


class StripPlan(NamedTuple):
    """How the weight gradient goes through its strips.  Kernels get it as a plain tuple, as `conv.Plan`.

    Attributes
    ----------
    groups, out_blocks : int
        Groups of channels, and blocks that the output channels of a group are cut into.
    kernel_width : int
    vectors : int
        Vectors of a call of `indexed_sum`.
    stride : (int, int)
    row : (C/G kh,) int64 array
        Offsets of a strip's rows in the image, or in its padded tile.
    """

    groups: int
    out_blocks: int
    kernel_width: int
    vectors: int
    stride: tuple[int, int]
    row: Array


def filled(taps: int, itemsize: int) -> int:
    """`taps`, filled up to whole vectors."""
    width = LANES_FLOAT32 if itemsize == 4 else LANES_FLOAT64
    return -(-taps // width) * width


def strip_length(taps: int, columns: int, itemsize: int) -> tuple[int, int]:
    """Elements of a patch (columns, taps), filled up to whole calls of an `indexed_sum`; and the vectors of a call."""
    lanes = LANES_FLOAT32 if itemsize == 4 else LANES_FLOAT64
    patch = columns * filled(taps, itemsize) // lanes
    length, calls = min((-(-patch // vectors) * vectors, -(-patch // vectors)) for vectors in INDEXED_VECTORS)
    return length * lanes, length // calls


@lru_cache(maxsize=256)
def strip_order(taps: int, columns: int, length: int, itemsize: int) -> Array:
    """Which element of (taps, columns) each element of a strip of this length is; -1 for the filling."""
    order = np.full(length, -1)
    patch = order[: columns * filled(taps, itemsize)].reshape(columns, -1)
    patch[:, :taps] = np.arange(taps * columns).reshape(taps, columns).T
    return order


@kernel(parallel=True, allocates=True)
def weight_grad(g, argmax, x, strips, plan, parts):
    """parts (B, O, `strip_length`): the weight gradient of each of B blocks of images.  strips: a StripPlan."""
    groups, out_blocks, kernel_width, vectors, stride, strip_row = strips
    block_rows, tile_rows, tile_columns, _, _, _, _, _ = plan
    images, outputs, height, width = g.shape
    image_blocks, length = len(parts), parts.shape[2]
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    columns = (2 * width - 1) * stride[1] + kernel_width
    pitch = tile_columns if tile_rows else x.shape[3]
    taps = len(strip_row)
    pixel = -(-taps // lanes(g)) * lanes(g)  # elements of a pixel of a strip, filled up
    strip = columns * pixel
    together = max(1, min(block_rows, STRIP_ELEMENTS // (2 * strip)))  # rows whose strips are made at a time
    patch = np.empty(together * width, np.int64)  # where the patches of their windows begin
    for k in range(len(patch)):
        patch[k] = k // width * 2 * strip + k % width * 2 * stride[1] * pixel
    jump = np.array([0, stride[1] * pixel, strip, strip + stride[1] * pixel])
    gradients, indices, result = g.reshape(-1), argmax.reshape(-1), parts.reshape(-1)
    threads = limit_threads(g.size * length // MIN_PRODUCTS)
    for unit in prange(image_blocks * groups * out_blocks):
        part, group, out_block = unit // (groups * out_blocks), unit // out_blocks % groups, unit % out_blocks
        first = group * group_outputs + group_outputs * out_block // out_blocks
        last = group * group_outputs + group_outputs * (out_block + 1) // out_blocks
        copy = np.empty(group_channels * tile_rows * tile_columns, x.dtype)
        memory = aligned(2 * together * strip + length, x)
        clear(result, (part * outputs + first) * length, (last - first) * length)
        clear(memory, 0, len(memory))  # what fills up taps, and the last call, is multiplied, too
        for n in range(part * images // image_blocks, (part + 1) * images // image_blocks):
            for block in range(-(-height // block_rows)):
                array, at = pack_tile(x, n, group * group_channels, group_channels, block, plan, copy)
                rows = min(block_rows, height - block * block_rows)
                for i in range(0, rows, together):
                    some = min(together, rows - i)
                    for half in range(2 * some):
                        row_at = at + (2 * i + half) * stride[0] * pitch
                        strip_rows = IndexedRows(array, row_at, strip_row, 0)
                        transpose_rows(strip_rows, taps, columns, Rows(memory, half * strip, pixel))
                    for o in range(first, last):
                        g_at = ((n * outputs + o) * height + block * block_rows + i) * width
                        for k in range(0, length, vectors * lanes(g)):
                            c_at, depth = (part * outputs + o) * length + k, some * width
                            if vectors == 14:
                                indexed_sum_14(
                                    gradients, indices, g_at, depth, memory, k, patch, jump, result, c_at
                                )  # fmt: skip
                            elif vectors == 11:
                                indexed_sum_11(
                                    gradients, indices, g_at, depth, memory, k, patch, jump, result, c_at
                                )  # fmt: skip
                            else:
                                indexed_sum_8(
                                    gradients, indices, g_at, depth, memory, k, patch, jump, result, c_at
                                )  # fmt: skip
    set_threads(threads)
