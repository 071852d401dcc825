"""Convolution as matrix products that read the pictures where they lie.

With a table of offsets of pixels and one of the window's taps k = (c, ky, kx), the three products
of a convolution are all of the form of `tile.spread`; the channels that come out lie in its lanes.

    y[p, o]  = Σ_k  x[pixel[p] + tap[k]] W[k, o]              forward
    dW[k, o] = Σ_p  x[tap[k] + pixel[p]] g[p, o]              weight gradient: the tables, exchanged
    dx[p, c] = Σ_ok g[pixel[p] + tap[o, k]] W[o, k, c]        input gradient: taps that go back

Nothing is copied but what is small, and stays in cache: W and g with channels side by side
(turned in registers, a quarter of a cycle a number), and, where windows reach over the edge, the
rows of a block with zeros around them.  A stride s makes an input pixel meet only every s-th tap,
so the input gradient is s × s convolutions of stride 1, one for each remainder ("phase") of a
pixel's row and column.  Results leave the registers turned, pixels side by side.

Threads take blocks of images, rows or taps that depend on the shapes alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.gemm import PRODUCTS, aligned, lanes, spread_rows, turn_rows
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.kernels.tile import ROWS, VECTORS, clear, duplicate, settle

Pair = tuple[int, int]

BLOCK_NUMBERS = 65_536  # of a block's rows, all channels: 256 KiB of float32, half of a small second-level cache
TAPS = 192  # of a block: their weights for a panel of channels, 24 KiB, stay in a core's first-level cache
PIXELS = 192  # of a block of the weight gradient, likewise
PART_NUMBERS = 1 << 20  # that the weight gradients of all blocks of images may have
PARTS = 16  # blocks that the work is cut in at least, where images alone are too few


class Taps(NamedTuple):
    """The tables of a convolution's walk over one picture, or a block of its rows.

    Attributes
    ----------
    block_rows : int
        Rows of the result that a block has.
    frame : tuple (rows, columns, top, left)
        Size of the block's copy with its zeros, and the row and column of the picture where it
        begins, for the first block; 0 rows: read the picture itself.
    step : int
        Rows of the picture from one row of the result to the next; for input gradients from block to block.
    pixel, tap : int64 arrays
        Offsets in the copy, or in the picture.
    """

    block_rows: int
    frame: tuple[int, int, int, int]
    step: int
    pixel: np.ndarray
    tap: np.ndarray


def rows_per_block(images: int, height: int, row_numbers: int) -> int:
    """Rows of a block: as many as BLOCK_NUMBERS allows and PARTS blocks leave, evenly shared."""
    most = max(1, min(height, BLOCK_NUMBERS // max(1, row_numbers), -(-height * images // PARTS)))
    return -(-height // -(-height // most)) if height else 1


def tap_blocks(others: int, taps: int) -> int:
    """Into how many blocks the weight gradient's taps are cut, where there are `others` to share out already."""
    return max(1, min(-(-PARTS // others), -(-taps // (2 * ROWS))))


@lru_cache(maxsize=256)
def weight_grad_taps(
    images: int, channels: int, groups: int, size: Pair, out: Pair, **window: Pair
) -> tuple[Taps, int]:
    """As `forward_taps`, through as many whole images at once as make up a block of PIXELS."""
    taps = forward_taps(images, channels, size, out, **window)
    batch = 1
    if taps.block_rows == out[0]:
        batch = max(1, PIXELS // (out[0] * out[1]))
    picture = channels * taps.frame[0] * taps.frame[1] if taps.frame[0] else channels * groups * size[0] * size[1]
    return taps._replace(pixel=grid(np.arange(batch), taps.pixel, picture)), batch


def image_blocks(images: int, numbers: int) -> int:
    """Into how many blocks the images are cut for the weight gradient, of so many numbers, of each."""
    return max(1, min(images, PARTS, PART_NUMBERS // max(1, numbers)))


def grid(rows: np.ndarray, columns: np.ndarray, pitch: int) -> np.ndarray:
    """The offsets of all rows and columns, row by row."""
    return np.add.outer(rows * pitch, columns).reshape(-1)


@lru_cache(maxsize=256)
def forward_taps(
    images: int,
    channels: int,
    size: Pair,
    out: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    pool: int = 1,
) -> Taps:
    """For results of size `out` from pictures (channels, *size); of pool × pool pixels each, side by side."""
    (height, width), (kh, kw), (sh, sw) = size, kernel_size, stride
    columns = (out[1] * pool - 1) * sw + (kw - 1) * dilation[1] + 1
    block = rows_per_block(images, out[0], channels * columns * sh * pool)
    rows = (block * pool - 1) * sh + (kh - 1) * dilation[0] + 1
    padded = padding != (0, 0)
    plane, pitch = (rows * columns, columns) if padded else (height * width, width)
    window = grid(np.arange(kh) * dilation[0], np.arange(kw) * dilation[1], pitch)
    results = grid(np.arange(block) * sh * pool, np.arange(out[1]) * sw * pool, pitch)
    pixel = grid(results, grid(np.arange(pool) * sh, np.arange(pool) * sw, pitch), 1)
    tap = grid(np.arange(channels), window, plane)
    frame = (rows if padded else 0, columns, -padding[0], -padding[1])
    return Taps(block, frame, sh * pool, pixel, tap)


def phase_lines(length: int, kernel: int, stride: int, padding: int, dilation: int) -> list[tuple[np.ndarray, ...]]:
    """For each phase of an input gradient's rows, or columns: places in the result, their base in g; window places,
    their offset in g.

    g's row that met input row y at window row ky is (y + padding - ky dilation) / stride, where
    that is whole; y and ky of one phase leave the same remainder.
    """
    places, window = np.arange(length) + padding, np.arange(kernel)
    reach = window * dilation
    found: list[tuple[np.ndarray, ...]] = []
    for phase in np.unique(places % stride):  # of a stride above `length`, those that have a place at all
        mine, taps = (places - phase) % stride == 0, (reach - phase) % stride == 0
        base, offset = (places[mine] - phase) // stride, (phase - reach[taps]) // stride
        found.append((np.flatnonzero(mine), base, window[taps], offset))
    return found


def span(lines: list[tuple[np.ndarray, ...]]) -> tuple[int, int]:
    """The first and the last row, or column, of g that `phase_lines` lead to."""
    ends = [(b[0] + min(o, default=0), b[-1] + max(o, default=0)) for _, b, _, o in lines]
    return min(low for low, _ in ends), max(high for _, high in ends)


@lru_cache(maxsize=256)
def backward_taps(
    images: int, outputs: int, size: Pair, out: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> tuple[Taps, np.ndarray, np.ndarray]:
    """For input gradients (…, *size) from g (outputs, *out): the tables, the phases, and the places of a window
    that the taps of one channel are.

    phases (…, 6) has the first pixel of each, and its columns; its first tap, and its taps; its
    first row and column in the result.
    """
    block = rows_per_block(images, size[0], outputs * -(-size[1] // stride[1]))
    block = min(size[0], -(-block // stride[0]) * stride[0])  # every block begins with the same phase
    vertical, horizontal = (
        phase_lines(*dims) for dims in zip((block, size[1]), kernel_size, stride, padding, dilation, strict=True)
    )
    (top, bottom), (left, right) = span(vertical), span(horizontal)
    rows, columns = bottom - top + 1, right - left + 1
    direct = kernel_size == stride == (1, 1) and padding == (0, 0)
    plane = out[0] * out[1] if direct else rows * columns
    pixels: list[np.ndarray] = []
    taps: list[np.ndarray] = []
    phases, places = [], []
    for ys, y_base, ky, y_offset in vertical:
        for xs, x_base, kx, x_offset in horizontal:
            first_pixel, first_tap = sum(len(p) for p in pixels), sum(len(t) for t in taps)
            phases.append([first_pixel, len(xs), first_tap, outputs * len(ky) * len(kx), ys[0], xs[0]])
            pixels.append(grid(y_base - top, x_base - left, columns))
            taps.append(grid(np.arange(outputs), grid(y_offset, x_offset, columns), plane))
            places.append(grid(ky, kx, kernel_size[1]))
    frame = (0 if direct else rows, columns, top, left)
    table = Taps(block, frame, block // stride[0], np.concatenate(pixels), np.concatenate(taps))
    return table, np.array(phases), np.concatenate(places)


@kernel()
def forward_panels(w, groups, row):
    """W (O, K) as (G, panels, K, width): panel by panel of output channels, which lie side by side."""
    outputs, depth = w.shape
    width, group_outputs = VECTORS * lanes(w), outputs // groups
    count = -(-group_outputs // width)
    flat, source = aligned(groups * count * depth * width, w), w.reshape(-1)
    clear(flat, 0, len(flat))
    panels = flat.reshape(groups, count, depth, width)
    for g in range(groups):
        for panel in range(panels.shape[1]):
            first = panel * width
            turn_rows(
                source, (g * group_outputs + first) * depth, row, min(width, group_outputs - first), depth,
                flat, (g * panels.shape[1] + panel) * depth * width, width,
            )  # fmt: skip
    return panels


@kernel()
def backward_panels(w, groups, phases, places):
    """W (O, C/G, kh · kw) as (G, panels, taps, width), panels of input channels, taps as `backward_taps` has them."""
    outputs, channels = w.shape[:2]
    width, group_outputs = VECTORS * lanes(w), outputs // groups
    count, taps = -(-channels // width), group_outputs * len(places)
    flat = aligned(groups * count * taps * width, w)
    clear(flat, 0, len(flat))
    panels = flat.reshape(groups, count, taps, width)
    for g in range(groups):
        for panel in range(panels.shape[1]):
            first = panel * width
            count = min(width, channels - first)
            for phase in phases:
                taps = phase[3] // group_outputs  # of a channel
                place = phase[2] // group_outputs
                for o in range(group_outputs):
                    for k in range(taps):
                        row, at = panels[g, panel, phase[2] + o * taps + k], places[place + k]
                        for c in range(count):
                            row[c] = w[g * group_outputs + o, first + c, at]
    return panels


@kernel()
def source(x, n, c0, channels, block, taps_frame, step, copy):
    """Where the tables of a block of rows lead to: an array, and the offset to start from.

    That is x (N, C, H, W) itself, picture n from channel c0 on, or `copy`, its rows with zeros around them.
    """
    rows, columns, top, left = taps_frame
    height, width, pictures = x.shape[2], x.shape[3], x.reshape(-1)
    start = (n * x.shape[1] + c0) * height * width
    if rows == 0:
        return pictures, start + block * step * width
    first, last = min(columns, max(0, -left)), max(0, min(columns, width - left))
    clear(copy, 0, channels * rows * columns)
    for c in range(channels):
        for i in range(max(0, -block * step - top), min(rows, height - block * step - top)):
            at = start + (c * height + block * step + top + i) * width + left + first
            duplicate(pictures, at, max(0, last - first), copy, (c * rows + i) * columns + first)
    return copy, 0


@kernel()
def products(x, at, pixel, first, tap, tap_at, panels, b_at, depth, pixels, columns, sums):
    """sums[p, j] = Σ_k x[at + pixel[first + p] + tap[tap_at + k]] panels[b_at + k width + j]."""
    width, blocks = VECTORS * lanes(x), max(1, -(-depth // TAPS))
    for block in range(blocks):
        k, end = depth * block // blocks, depth * (block + 1) // blocks
        spread_rows(
            x, at, pixel, first, tap, tap_at + k, panels, b_at + k * width, width, end - k, pixels, columns,
            sums, 0, width, block > 0,
        )  # fmt: skip


@kernel()
def settle_rows(sums, bias, o, relu, pixels, columns, y, y_at, y_step):
    """`tile.settle` for any number of pixels, in one panel."""
    width = lanes(sums)
    for j in range(0, columns, width):
        for p in range(0, pixels, width):
            settle(
                sums, p * VECTORS * width + j, VECTORS * width, bias, o + j, relu,
                min(width, pixels - p), min(width, columns - j), y, y_at + j * y_step + p, y_step,
            )  # fmt: skip


@kernel(parallel=True)
def forward(x, panels, bias, block_rows, frame, step, pixel, tap, relu, y):
    """y (N, O, H', W') from x (N, C, H, W), W in `forward_panels` and bias (O,); of that max(., 0) with relu."""
    images, outputs, height, width = y.shape
    groups, group_panels, depth, panel_width = panels.shape
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    row_blocks = -(-height // block_rows)
    weights, result = panels.reshape(-1), y.reshape(-1)
    threads = limit_threads(y.size * depth // PRODUCTS)
    for unit in prange(images * row_blocks * groups):
        n, block, group = unit // (row_blocks * groups), unit // groups % row_blocks, unit % groups
        y0 = block * block_rows
        pixels = (min(height, y0 + block_rows) - y0) * width
        copy = np.empty(group_channels * frame[0] * frame[1], x.dtype)
        numbers, at = source(x, n, group * group_channels, group_channels, block, frame, block_rows * step, copy)
        sums = aligned(pixels * panel_width, x)
        for panel in range(group_panels):
            first = panel * panel_width
            o, count = group * group_outputs + first, min(panel_width, group_outputs - first)
            products(
                numbers, at, pixel, 0, tap, 0, weights, (group * group_panels + panel) * depth * panel_width,
                depth, pixels, count, sums,
            )  # fmt: skip
            settle_rows(
                sums, bias, o, relu, pixels, count, result, ((n * outputs + o) * height + y0) * width, height * width
            )
    set_threads(threads)


@kernel(parallel=True)
def input_grad(g, panels, zeros, block_rows, frame, step, pixel, tap, phases, stride, dx):
    """dx (N, C, H, W) from g (N, O, H', W') and W in `backward_panels`; zeros of a panel's width."""
    images, channels, height, width = dx.shape
    groups, group_panels, depth, panel_width = panels.shape
    group_channels, group_outputs = channels // groups, g.shape[1] // groups
    row_blocks = -(-height // block_rows)
    dense = stride[0] == 1 and stride[1] == 1
    weights, result = panels.reshape(-1), dx.reshape(-1)
    threads = limit_threads(g.size * group_channels * depth // max(1, group_outputs) // PRODUCTS)
    for unit in prange(images * row_blocks * groups):
        n, block, group = unit // (row_blocks * groups), unit // groups % row_blocks, unit % groups
        y0 = block * block_rows
        y1 = min(height, y0 + block_rows)
        copy = np.empty(group_outputs * frame[0] * frame[1], g.dtype)
        numbers, at = source(g, n, group * group_outputs, group_outputs, block, frame, step, copy)
        some = np.empty(0 if dense else panel_width * len(pixel), g.dtype)
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
                into, into_at, into_step = (result, place, height * width) if dense else (some, 0, pixels)
                products(
                    numbers, at, pixel, phase[0], tap, phase[2],
                    weights, ((group * group_panels + panel) * depth + phase[2]) * panel_width, phase[3], pixels, count,
                    sums,
                )  # fmt: skip
                settle_rows(sums, zeros, 0, False, pixels, count, into, into_at, into_step)
                if not dense:
                    for j in range(count):
                        for i in range(rows):
                            row = dx[n, c + j, y0 + phase[4] + i * stride[0]]
                            for k in range(phase[1]):
                                row[phase[5] + k * stride[1]] = some[j * pixels + i * phase[1] + k]
    set_threads(threads)


@kernel(parallel=True)
def weight_grad(g, x, channel, batch, tap_blocks, block_rows, frame, step, pixel, tap, parts):
    """parts (B, G, K, O/G): the weight gradient of each of B blocks of images.

    channel: offsets of g's channels.  batch: images whose pixels the tables go through together.
    """
    images, outputs, height, width = g.shape
    image_blocks, groups, depth, group_outputs = parts.shape
    channels = x.shape[1] // groups
    row_blocks = -(-height // block_rows)
    panel_width, copy_size = VECTORS * lanes(g), channels * frame[0] * frame[1]
    gradients, result = g.reshape(-1), parts.reshape(-1)
    threads = limit_threads(g.size * depth // PRODUCTS)
    for unit in prange(image_blocks * groups * tap_blocks):
        part, group, tap_block = unit // (groups * tap_blocks), unit // tap_blocks % groups, unit % tap_blocks
        first_tap, last_tap = depth * tap_block // tap_blocks, depth * (tap_block + 1) // tap_blocks
        copies = np.empty(batch * copy_size, x.dtype)
        turned = aligned(batch * block_rows * width * panel_width, g)
        if group_outputs % panel_width:
            clear(turned, 0, len(turned))  # what fills up the last panel is multiplied, too
        at_first = ((part * groups + group) * depth + first_tap) * group_outputs
        clear(result, at_first, (last_tap - first_tap) * group_outputs)
        end = (part + 1) * images // image_blocks
        for n in range(part * images // image_blocks, end, batch):
            together = min(batch, end - n)
            for block in range(row_blocks):
                y0 = block * block_rows
                pixels = (min(height, y0 + block_rows) - y0) * width
                numbers, at = source(x, n, group * channels, channels, block, frame, block_rows * step, copies)
                for k in range(1, together if frame[0] else 1):
                    source(
                        x, n + k, group * channels, channels, block, frame, block_rows * step,
                        copies[k * copy_size : (k + 1) * copy_size],
                    )  # fmt: skip
                for first in range(0, group_outputs, panel_width):
                    count = min(panel_width, group_outputs - first)
                    o = group * group_outputs + first
                    for k in range(together):
                        turn_rows(
                            gradients, (((n + k) * outputs + o) * height + y0) * width, channel, count, pixels,
                            turned, k * pixels * panel_width, panel_width,
                        )  # fmt: skip
                    for p in range(0, together * pixels, PIXELS):
                        spread_rows(
                            numbers, at, tap, first_tap, pixel, p, turned, p * panel_width, panel_width,
                            min(PIXELS, together * pixels - p), last_tap - first_tap, count, result,
                            at_first + first, group_outputs, True,
                        )  # fmt: skip
    set_threads(threads)
