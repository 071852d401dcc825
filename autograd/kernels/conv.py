"""Convolutions as matrix products that read the images where they are: no matrix of patches (im2col) is built.

One table has the offsets of the pixels, another those of the window's taps k = (c, ky, kx).  With them, all
three products of a convolution have the form of the outer micro-kernel (microkernels.py), with the channels
of the result in the lanes:

    y[p, o]  = Σ_k  x[pixel[p] + tap[k]] W[k, o]              forward
    dW[k, o] = Σ_p  x[tap[k] + pixel[p]] g[p, o]              weight gradient: the two tables change places
    dx[p, c] = Σ_ok g[pixel[p] + tap[o, k]] W[o, k, c]        input gradient: taps with negative offsets

Only what is small enough to stay in cache is copied.  W and g are packed with channels side by side
(transposed in registers, a quarter of a cycle a number).  Where windows reach over the edge, the rows of a
block are copied into a padded tile, which has zeros around them.  With a stride of s, an input pixel meets
only every s-th tap, so the input gradient is s × s convolutions of stride 1, one for each remainder ("phase")
of a pixel's row and column.  The epilogue transposes results in registers, so that pixels are side by side in
memory.

Work is cut into blocks of images, rows or taps that depend on the shapes alone, so the number of threads
does not change a bit of the result.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.gemm import (
    MIN_PRODUCTS,
    aligned,
    lanes,
    multiply_panel,
    panel_columns,
    transpose_rows,
    whole_vectors,
)
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.kernels.microkernels import (
    MR,
    Indexed,
    IndexedPlace,
    IndexedRows,
    Place,
    Rows,
    clear,
    copy_row,
    epilogue,
)
from autograd.types import Array, Pair

BLOCK_ELEMENTS = 65_536  # of a block's rows, all channels: 256 KiB of float32, half of a small second-level cache
TAP_BLOCK = 192  # taps added at a time: their weights for a panel, 12 to 48 KiB, are read again for every few pixels
PIXEL_BLOCK = 192  # pixels of the weight gradient added at a time, for the same reason
PART_ELEMENTS = 1 << 20  # elements that the weight gradients of all image blocks may have together
MIN_PARTS = 16  # blocks that work is cut into if images alone are too few


class Plan(NamedTuple):
    """How a convolution goes through an image, block of rows by block of rows.

    A kernel gets it as a plain tuple, `tuple(plan)`, and unpacks it in its first line: Numba takes three times as long
    to unbox a named tuple.  Fields are ints and arrays, because Numba does not pass nested tuples into a `prange`.

    Attributes
    ----------
    block_rows : int
        Rows of the result in a block.
    rows, columns : int
        Size of the padded tile: the copy of the image's rows that a block reads, with its zeros.  0 rows: there is
        no copy, and the image itself is read.
    top, left : int
        Row and column of the image where the tile of the first block begins; negative in the padding.
    step : int
        Rows of the image from the tile of one block to that of the next.
    pixel, tap : (…,) int64 array
        Offsets of pixels and of taps in the tile, or in the image.
    """

    block_rows: int
    rows: int
    columns: int
    top: int
    left: int
    step: int
    pixel: Array
    tap: Array


def rows_per_block(images: int, height: int, row_elements: int) -> int:
    """Rows of a block: as many as BLOCK_ELEMENTS allows and as leave MIN_PARTS blocks, evenly shared."""
    most = max(1, min(height, BLOCK_ELEMENTS // max(1, row_elements), -(-height * images // MIN_PARTS)))
    return -(-height // -(-height // most)) if height else 1


def tap_blocks(others: int, taps: int) -> int:
    """Number of blocks that the weight gradient's taps are cut into if the work is in `others` parts already."""
    return max(1, min(-(-MIN_PARTS // others), -(-taps // (2 * MR))))


def image_blocks(images: int, elements: int) -> int:
    """Number of image blocks for a weight gradient of `elements` elements."""
    return max(1, min(images, MIN_PARTS, PART_ELEMENTS // max(1, elements)))


def grid(rows: Array, columns: Array, pitch: int) -> Array:
    """The offsets of all pairs of a row and a column, row by row.  pitch: elements from row to row."""
    return np.add.outer(rows * pitch, columns).reshape(-1)


@lru_cache(maxsize=256)
def forward_plan(
    images: int,
    channels: int,
    size: Pair,
    out: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    pooling: int = 1,
) -> Plan:
    """The plan for results of size `out` from images (channels, *size).

    With `pooling`, each result is pooling × pooling pixels, which follow each other in the pixel table.
    """
    (height, width), (kh, kw), (sh, sw) = size, kernel_size, stride
    columns = (out[1] * pooling - 1) * sw + (kw - 1) * dilation[1] + 1
    block = rows_per_block(images, out[0], channels * columns * sh * pooling)
    rows = (block * pooling - 1) * sh + (kh - 1) * dilation[0] + 1
    padded = padding != (0, 0)
    plane, pitch = (rows * columns, columns) if padded else (height * width, width)
    window = grid(np.arange(kh) * dilation[0], np.arange(kw) * dilation[1], pitch)
    results = grid(np.arange(block) * sh * pooling, np.arange(out[1]) * sw * pooling, pitch)
    pixel = grid(results, grid(np.arange(pooling) * sh, np.arange(pooling) * sw, pitch), 1)
    tap = grid(np.arange(channels), window, plane)
    return Plan(
        block_rows=block,
        rows=rows if padded else 0,
        columns=columns,
        top=-padding[0],
        left=-padding[1],
        step=block * sh * pooling,
        pixel=pixel,
        tap=tap,
    )


@lru_cache(maxsize=256)
def weight_grad_plan(
    images: int, channels: int, groups: int, size: Pair, out: Pair, **window: Pair
) -> tuple[Plan, int]:
    """As `forward_plan`, for a batch of whole images if one does not fill PIXEL_BLOCK; and the size of the batch."""
    plan = forward_plan(images, channels, size, out, **window)
    batch = 1
    if plan.block_rows == out[0]:
        batch = max(1, PIXEL_BLOCK // (out[0] * out[1]))
    image = channels * plan.rows * plan.columns if plan.rows else channels * groups * size[0] * size[1]
    return plan._replace(pixel=grid(np.arange(batch), plan.pixel, image)), batch


def phase_lines(length: int, kernel: int, stride: int, padding: int, dilation: int) -> list[tuple[Array, ...]]:
    """The phases of an input gradient in one dimension, rows or columns.

    Row y of the input and row ky of the window meet row (y + padding - ky dilation) / stride of g, where that
    is whole.  So y and ky of one phase have the same remainder.

    Returns
    -------
    list of (rows of the input, their base in g, rows of the window, their offset in g), one for each phase
        y and ky meet row base + offset of g.
    """
    places, window = np.arange(length) + padding, np.arange(kernel)
    reach = window * dilation
    found: list[tuple[Array, ...]] = []
    for phase in np.unique(places % stride):  # a stride above `length` has more phases than there are rows
        mine, taps = (places - phase) % stride == 0, (reach - phase) % stride == 0
        base, offset = (places[mine] - phase) // stride, (phase - reach[taps]) // stride
        found.append((np.flatnonzero(mine), base, window[taps], offset))
    return found


def span(lines: list[tuple[Array, ...]]) -> tuple[int, int]:
    """The first and the last row, or column, of g that `phase_lines` refer to."""
    ends = [(b[0] + min(o, default=0), b[-1] + max(o, default=0)) for _, b, _, o in lines]
    return min(low for low, _ in ends), max(high for _, high in ends)


@lru_cache(maxsize=256)
def backward_plan(
    images: int, outputs: int, size: Pair, out: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> tuple[Plan, Array, Array]:
    """The plan for input gradients (…, *size) from g (outputs, *out).

    Returns
    -------
    plan : Plan
    phases : (…, 6) int64 array
        Of each phase: first pixel, pixels of a row; first tap, number of taps; first row and column in the result.
    order : (…,) int64 array
        Which element of the window each tap of one channel is.
    """
    block = rows_per_block(images, size[0], outputs * -(-size[1] // stride[1]))
    block = min(size[0], -(-block // stride[0]) * stride[0])  # so that every block begins with the same phase
    vertical, horizontal = (
        phase_lines(*dims) for dims in zip((block, size[1]), kernel_size, stride, padding, dilation, strict=True)
    )
    (top, bottom), (left, right) = span(vertical), span(horizontal)
    rows, columns = bottom - top + 1, right - left + 1
    direct = kernel_size == stride == (1, 1) and padding == (0, 0)
    plane = out[0] * out[1] if direct else rows * columns
    pixels: list[Array] = []
    taps: list[Array] = []
    phases: list[list[int]] = []
    order: list[Array] = []
    for ys, y_base, ky, y_offset in vertical:
        for xs, x_base, kx, x_offset in horizontal:
            first_pixel, first_tap = sum(len(p) for p in pixels), sum(len(t) for t in taps)
            phases.append([first_pixel, len(xs), first_tap, outputs * len(ky) * len(kx), ys[0], xs[0]])
            pixels.append(grid(y_base - top, x_base - left, columns))
            taps.append(grid(np.arange(outputs), grid(y_offset, x_offset, columns), plane))
            order.append(grid(ky, kx, kernel_size[1]))
    plan = Plan(
        block_rows=block,
        rows=0 if direct else rows,
        columns=columns,
        top=top,
        left=left,
        step=block // stride[0],
        pixel=np.concatenate(pixels),
        tap=np.concatenate(taps),
    )
    return plan, np.array(phases), np.concatenate(order)


@lru_cache(maxsize=256)
def filled_channels(outputs: int, pixels: int, depth: int, lanes: int) -> tuple[Array, Array]:
    """Offsets of a group's channels in g, and in its weight gradient, where channels have `depth` numbers.

    The group's last channel follows once more, and with offset -1 in the gradient, until vectors are whole: a masked
    store takes ten times as long on processors without AVX-512.
    """
    channel = np.arange(whole_vectors(outputs, lanes))
    return np.minimum(channel, outputs - 1) * pixels, np.where(channel < outputs, channel * depth, -1)


# ── packing ────────────────────────────────────────────────────────────────────────────


@kernel(allocates=True)
def pack_forward(w, groups, row):
    """W (O, K) packed as (G, panels, K, width): a panel has `width` output channels, which are side by side.

    row: offsets of the rows of W.
    """
    outputs, depth = w.shape
    group_outputs = outputs // groups
    width = panel_columns(group_outputs, lanes(w))
    count = -(-group_outputs // width)
    packed, weights = aligned(groups * count * depth * width, w), w.reshape(-1)
    clear(packed, 0, len(packed))
    panels = packed.reshape(groups, count, depth, width)
    for g in range(groups):
        for panel in range(panels.shape[1]):
            first = panel * width
            transpose_rows(
                IndexedRows(weights, (g * group_outputs + first) * depth, row, 0), min(width, group_outputs - first),
                depth, Rows(packed, (g * panels.shape[1] + panel) * depth * width, width),
            )  # fmt: skip
    return panels


@kernel(allocates=True)
def pack_backward(w, groups, phases, order):
    """W (O, C/G, kh kw) packed as (G, panels, taps, width): panels of input channels, taps as in `backward_plan`."""
    outputs, channels = w.shape[:2]
    width, group_outputs = panel_columns(channels, lanes(w)), outputs // groups
    count, taps = -(-channels // width), group_outputs * len(order)
    packed = aligned(groups * count * taps * width, w)
    clear(packed, 0, len(packed))
    panels = packed.reshape(groups, count, taps, width)
    for g in range(groups):
        for panel in range(panels.shape[1]):
            first = panel * width
            count = min(width, channels - first)
            for phase in phases:
                taps = phase[3] // group_outputs  # of one channel
                place = phase[2] // group_outputs
                for o in range(group_outputs):
                    for k in range(taps):
                        row, at = panels[g, panel, phase[2] + o * taps + k], order[place + k]
                        for c in range(count):
                            row[c] = w[g * group_outputs + o, first + c, at]
    return panels


@kernel(allocates=True)
def pack_tile(x, n, first_channel, channels, block, plan, copy):
    """Fill `copy` with the padded tile of a block: rows of image n of x (N, C, H, W), zeros around them.

    Returns the array that the plan's offsets refer to, and where in it they start: `copy` and 0, or without
    padding x itself and the block's first row.
    """
    _, rows, columns, top, left, step, _, _ = plan
    height, width, images = x.shape[2], x.shape[3], x.reshape(-1)
    start = (n * x.shape[1] + first_channel) * height * width
    if rows == 0:
        return images, start + block * step * width
    first, last = min(columns, max(0, -left)), max(0, min(columns, width - left))
    clear(copy, 0, channels * rows * columns)
    for c in range(channels):
        for i in range(max(0, -block * step - top), min(rows, height - block * step - top)):
            at = start + (c * height + block * step + top + i) * width + left + first
            copy_row(images, at, max(0, last - first), copy, (c * rows + i) * columns + first)
    return copy, 0


# ── products ───────────────────────────────────────────────────────────────────────────


@kernel()
def multiply_taps(x, panel, depth, pixels, columns, sums):
    """sums[p, j] = Σ_k X[p, k] panel[k, j] for k < depth, TAP_BLOCK or fewer products at a time.

    x: Indexed by pixels and taps, panel: Rows.  Rows of sums are as long as those of the panel, and get whole vectors.
    """
    array, start, pixel, first_pixel, tap, first_tap = x
    width, blocks, columns = panel.step, max(1, -(-depth // TAP_BLOCK)), whole_vectors(columns, lanes(x.array))
    for block in range(blocks):
        k, end = depth * block // blocks, depth * (block + 1) // blocks
        multiply_panel(
            array, pixel, tap, IndexedPlace(start, first_pixel, first_tap + k), panel.array,
            Place(panel.start + k * width, width), end - k, TAP_BLOCK, pixels, columns, sums, Place(0, width),
            block > 0,
        )  # fmt: skip


@kernel()
def epilogue_rows(sums, bias, bias_at, relu, pixels, columns, y):
    """`microkernels.epilogue` for any number of pixels and the columns of one panel.  sums and y: Rows."""
    width = lanes(sums.array)
    for j in range(0, columns, width):
        for p in range(0, pixels, width):
            epilogue(
                Rows(sums.array, sums.start + p * sums.step + j, sums.step), bias, bias_at + j, relu,
                min(width, pixels - p), min(width, columns - j), Rows(y.array, y.start + j * y.step + p, y.step),
            )  # fmt: skip


@kernel(parallel=True, allocates=True)
def forward(x, panels, bias, relu, plan, y):
    """y (N, O, H', W') from x (N, C, H, W), W packed by `pack_forward` and bias (O,); max(y, 0) if `relu`."""
    block_rows, tile_rows, tile_columns, _, _, _, pixel, tap = plan
    images, outputs, height, width = y.shape
    groups, group_panels, depth, panel_width = panels.shape
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    row_blocks = -(-height // block_rows)
    weights, result = panels.reshape(-1), y.reshape(-1)
    threads = limit_threads(y.size * depth // MIN_PRODUCTS)
    for unit in prange(images * row_blocks * groups):
        n, block, group = unit // (row_blocks * groups), unit // groups % row_blocks, unit % groups
        y0 = block * block_rows
        pixels = (min(height, y0 + block_rows) - y0) * width
        copy = np.empty(group_channels * tile_rows * tile_columns, x.dtype)
        array, at = pack_tile(x, n, group * group_channels, group_channels, block, plan, copy)
        sums = aligned(pixels * panel_width, x)
        for panel in range(group_panels):
            first = panel * panel_width
            o, count = group * group_outputs + first, min(panel_width, group_outputs - first)
            panel_at = (group * group_panels + panel) * depth * panel_width
            multiply_taps(
                Indexed(array, at, pixel, 0, tap, 0), Rows(weights, panel_at, panel_width), depth, pixels, count, sums
            )
            y_rows = Rows(result, ((n * outputs + o) * height + y0) * width, height * width)
            epilogue_rows(Rows(sums, 0, panel_width), bias, o, relu, pixels, count, y_rows)
    set_threads(threads)


@kernel()
def spread(a, start, rows, columns, c, place, row_step, column_step):
    """c[place + i row_step + j column_step] = a[start + i columns + j].  Slices of rows would take longer than rows."""
    for i in range(rows):
        at = place + i * row_step
        for j in range(start + i * columns, start + (i + 1) * columns):
            c[at] = a[j]
            at += column_step


@kernel(parallel=True, allocates=True)
def input_grad(g, panels, zeros, plan, phases, stride, dx):
    """dx (N, C, H, W) from g (N, O, H', W') and W packed by `pack_backward`; zeros: of a panel's width."""
    block_rows, tile_rows, tile_columns, _, _, _, pixel, tap = plan
    images, channels, height, width = dx.shape
    groups, group_panels, depth, panel_width = panels.shape
    group_channels, group_outputs = channels // groups, g.shape[1] // groups
    row_blocks = -(-height // block_rows)
    contiguous = stride[0] == 1 and stride[1] == 1  # the pixels of a phase are neighbours in dx
    weights, result = panels.reshape(-1), dx.reshape(-1)
    threads = limit_threads(g.size * group_channels * depth // max(1, group_outputs) // MIN_PRODUCTS)
    for unit in prange(images * row_blocks * groups):
        n, block, group = unit // (row_blocks * groups), unit // groups % row_blocks, unit % groups
        y0 = block * block_rows
        y1 = min(height, y0 + block_rows)
        copy = np.empty(group_outputs * tile_rows * tile_columns, g.dtype)
        array, at = pack_tile(g, n, group * group_outputs, group_outputs, block, plan, copy)
        phase_result = np.empty(0 if contiguous else panel_width * len(pixel), g.dtype)
        sums = aligned(len(pixel) * panel_width, g)
        for panel in range(group_panels):
            first = panel * panel_width
            c = group * group_channels + first
            count = min(panel_width, group_channels - first)
            place = ((n * channels + c) * height + y0) * width
            for phase in phases:
                rows = -((phase[4] - (y1 - y0)) // stride[0])
                if rows <= 0:
                    continue
                pixels = rows * phase[1]
                panel_at = ((group * group_panels + panel) * depth + phase[2]) * panel_width
                multiply_taps(
                    Indexed(array, at, pixel, phase[0], tap, phase[2]), Rows(weights, panel_at, panel_width),
                    phase[3], pixels, count, sums,
                )  # fmt: skip
                y_rows = Rows(result, place, height * width) if contiguous else Rows(phase_result, 0, pixels)
                epilogue_rows(Rows(sums, 0, panel_width), zeros, 0, False, pixels, count, y_rows)
                for j in range(0 if contiguous else count):
                    begin = place + (j * height + phase[4]) * width + phase[5]
                    spread(phase_result, j * pixels, rows, phase[1], result, begin, stride[0] * width, stride[1])
    set_threads(threads)


@kernel(parallel=True, allocates=True)
def weight_grad(g, x, channel, batch, tap_blocks, plan, parts):
    """parts (B, G, K, L): the weight gradient of each of B blocks of images.

    channel, of length L: where g's channels of a group are, as in `filled_channels`.
    batch: images whose pixels the plan's tables have together.
    """
    block_rows, tile_rows, tile_columns, _, _, _, pixel, tap = plan
    images, outputs, height, width = g.shape
    image_blocks, groups, depth, filled = parts.shape
    channels, group_outputs = x.shape[1] // groups, outputs // groups
    row_blocks = -(-height // block_rows)
    panel_width, copy_size = panel_columns(filled, lanes(g)), channels * tile_rows * tile_columns
    gradients, result = g.reshape(-1), parts.reshape(-1)
    threads = limit_threads(g.size * depth // MIN_PRODUCTS)
    for unit in prange(image_blocks * groups * tap_blocks):
        part, group, tap_block = unit // (groups * tap_blocks), unit // tap_blocks % groups, unit % tap_blocks
        first_tap, last_tap = depth * tap_block // tap_blocks, depth * (tap_block + 1) // tap_blocks
        copies = np.empty(batch * copy_size, x.dtype)
        packed = aligned(batch * block_rows * width * panel_width, g)
        if filled % panel_width:
            clear(packed, 0, len(packed))  # the columns that fill up the last panel are multiplied, too
        result_at = ((part * groups + group) * depth + first_tap) * filled
        clear(result, result_at, (last_tap - first_tap) * filled)
        end = (part + 1) * images // image_blocks
        for n in range(part * images // image_blocks, end, batch):
            together = min(batch, end - n)
            for block in range(row_blocks):
                y0 = block * block_rows
                pixels = (min(height, y0 + block_rows) - y0) * width
                array, at = pack_tile(x, n, group * channels, channels, block, plan, copies)
                for k in range(1, together if tile_rows else 1):
                    copy = copies[k * copy_size : (k + 1) * copy_size]
                    pack_tile(x, n + k, group * channels, channels, block, plan, copy)
                for first in range(0, filled, panel_width):
                    count = min(panel_width, filled - first)
                    for k in range(together):
                        g_at = (((n + k) * outputs + group * group_outputs) * height + y0) * width
                        transpose_rows(
                            IndexedRows(gradients, g_at, channel, first), count, pixels,
                            Rows(packed, k * pixels * panel_width, panel_width),
                        )  # fmt: skip
                    for p in range(0, together * pixels, PIXEL_BLOCK):
                        multiply_panel(
                            array, tap, pixel, IndexedPlace(at, first_tap, p), packed,
                            Place(p * panel_width, panel_width), min(PIXEL_BLOCK, together * pixels - p), PIXEL_BLOCK,
                            last_tap - first_tap, count, result, Place(result_at + first, filled), True,
                        )  # fmt: skip
    set_threads(threads)
