"""Convolution, relu and 2 × 2 max-pooling in one pass, and its weight gradient.

Forward.  The table of pixels lists them window by window, so the four sums that compete lie in
registers at the same time: three comparisons later a quarter of the numbers is left to store.

Weight gradient.  After pooling one pixel in four has a gradient, but another one in every
channel, so channels cannot share a product any more.  What can be shared is a picture's pixels:

    dW[o, :] += g[o, q] patch(q, place[o, q])            a number times a vector, over all windows q

For that a patch must lie in one piece.  Of one row of the convolution's results, let

    strip[x, (c, ky)] = picture[c, y + ky, x]            rows y … y + kh - 1, turned

then the patch of pixel x, in the order (kx, c, ky), is strip[x : x + kw], flat: patches overlap
in memory, and a strip is kh times as large as its row instead of kh · kw times.  The second
index is filled up with zeros to a multiple of L, so that every vector is one line of the cache: a
load that spans two costs twice as much, and loads are what limits this.  A quarter of the
products, 14 sums in registers, a load an FMA: for the baseline's convolution it takes less than
half of the time of the weight gradient that multiplies the zeros too (docs/performance.md).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import prange

from autograd.kernels.conv import products, source
from autograd.kernels.gemm import PRODUCTS, aligned, lanes, turn_rows
from autograd.kernels.jit import ELEMENTS, kernel, limit_threads, set_threads
from autograd.kernels.tile import GATHERED, LANES_4, LANES_8, clear, gather, pool


@kernel(parallel=True)
def forward(x, panels, bias, block_rows, frame, step, pixel, tap, row, y, places):
    """y (N, O, H', W') from x (N, C, H, W), and which of its four pixels each is; row: offsets of a panel's width."""
    images, outputs, height, width = y.shape
    groups, group_panels, depth, panel_width = panels.shape
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    row_blocks = -(-height // block_rows)
    weights, result, marks = panels.reshape(-1), y.reshape(-1), places.reshape(-1)
    threads = limit_threads(4 * y.size * depth // PRODUCTS)
    for unit in prange(images * row_blocks * groups):
        n, block, group = unit // (row_blocks * groups), unit // groups % row_blocks, unit % groups
        y0 = block * block_rows
        windows = (min(height, y0 + block_rows) - y0) * width
        copy = np.empty(group_channels * frame[0] * frame[1], x.dtype)
        numbers, at = source(x, n, group * group_channels, group_channels, block, frame, block_rows * step, copy)
        best, which = aligned(windows * panel_width, x), aligned(windows * panel_width, x)
        turned = np.empty(panel_width * windows, x.dtype)
        sums = aligned(4 * windows * panel_width, x)
        for panel in range(group_panels):
            first = panel * panel_width
            o, count = group * group_outputs + first, min(panel_width, group_outputs - first)
            b_at = (group * group_panels + panel) * depth * panel_width
            products(numbers, at, pixel, 0, tap, 0, weights, b_at, depth, 4 * windows, count, sums)
            for q in range(windows):
                pool(
                    sums, 4 * q * panel_width, panel_width, bias, o, count,
                    best, q * panel_width, which, q * panel_width,
                )  # fmt: skip
            y_at = ((n * outputs + o) * height + y0) * width
            turn_rows(best, 0, row, windows, count, result, y_at, height * width)
            turn_rows(which, 0, row, windows, count, turned, 0, windows)
            for j in range(count):
                some, to = turned[j * windows : (j + 1) * windows], marks[y_at + j * height * width :][:windows]
                for i in range(len(some)):
                    to[i] = np.uint8(some[i])
    set_threads(threads)


def filled(taps: int, itemsize: int) -> int:
    """`taps`, filled up to whole vectors."""
    width = LANES_4 if itemsize == 4 else LANES_8
    return -(-taps // width) * width


def strip_length(taps: int, columns: int, itemsize: int) -> int:
    """Numbers of a patch (columns, taps) as `tile.gather` takes them, filled up to whole calls."""
    width = GATHERED * (LANES_4 if itemsize == 4 else LANES_8)
    return -(-columns * filled(taps, itemsize) // width) * width


@lru_cache(maxsize=256)
def strip_places(taps: int, columns: int, length: int, itemsize: int) -> np.ndarray:
    """Where the numbers of a strip of this length belong in (taps, columns); -1 for what fills it up."""
    places = np.full(length, -1)
    patch = places[: columns * filled(taps, itemsize)].reshape(columns, -1)
    patch[:, :taps] = np.arange(taps * columns).reshape(taps, columns).T
    return places


@kernel(parallel=True)
def weight_grad(g, places, x, groups, out_blocks, kernel_size, stride, strip_row, block_rows, frame, step, parts):
    """parts (B, O, `strip_length`): the weight gradient of each of B blocks of images.

    strip_row (C/G · kh): offsets of a strip's rows in the picture, or its copy.
    """
    images, outputs, height, width = g.shape
    image_blocks, length = len(parts), parts.shape[2]
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    columns = (2 * width - 1) * stride[1] + kernel_size[1]
    pitch = frame[1] if frame[0] else x.shape[3]
    taps = len(strip_row)
    pixel = -(-taps // lanes(g)) * lanes(g)  # a pixel of a strip, filled up
    strip = columns * pixel
    jump = np.array([0, stride[1] * pixel, strip, strip + stride[1] * pixel])
    gradients, marks, result = g.reshape(-1), places.reshape(-1), parts.reshape(-1)
    threads = limit_threads(g.size * length // PRODUCTS)
    for unit in prange(image_blocks * groups * out_blocks):
        part, group, out_block = unit // (groups * out_blocks), unit // out_blocks % groups, unit % out_blocks
        first = group * group_outputs + group_outputs * out_block // out_blocks
        last = group * group_outputs + group_outputs * (out_block + 1) // out_blocks
        copy = np.empty(group_channels * frame[0] * frame[1], x.dtype)
        strips = aligned(2 * strip + length, x)
        clear(result, (part * outputs + first) * length, (last - first) * length)
        clear(strips, 0, len(strips))  # what fills up taps, and whole calls at the end, is multiplied, too
        for n in range(part * images // image_blocks, (part + 1) * images // image_blocks):
            for i in range(height):
                if i % block_rows == 0:
                    numbers, at = source(
                        x, n, group * group_channels, group_channels, i // block_rows, frame, block_rows * step, copy
                    )
                for half in range(2):
                    turn_rows(
                        numbers, at + (i % block_rows * step + half * stride[0]) * pitch, strip_row, taps, columns,
                        strips, half * strip, pixel,
                    )  # fmt: skip
                for o in range(first, last):
                    g_at = ((n * outputs + o) * height + i) * width
                    for k in range(0, length, GATHERED * lanes(g)):
                        gather(
                            gradients, g_at, strips, k, 2 * stride[1] * pixel, marks, g_at, jump, width,
                            result, (part * outputs + o) * length + k,
                        )  # fmt: skip
    set_threads(threads)


@kernel(parallel=True)
def unpool(g, places, dx):
    """dx (P, H, W), all of it, from g and places (P, H', W'): g at its place of every window, 0 elsewhere."""
    width = g.shape[2]
    threads = limit_threads(dx.size // ELEMENTS)
    for plane in prange(len(g)):
        for row in range(dx.shape[1]):
            to = dx[plane, row]
            if row // 2 >= g.shape[1]:
                to[:] = 0
                continue
            gs, marks = g[plane, row // 2], places[plane, row // 2]
            left = np.uint8(2 * (row % 2))
            for j in range(width):
                to[2 * j] = gs[j] if marks[j] == left else 0
                to[2 * j + 1] = gs[j] if marks[j] == left + 1 else 0
            to[2 * width :] = 0
    set_threads(threads)


@kernel(parallel=True)
def pick(x, places, y):
    """y (P, H', W'): the pixel of x (P, H, W) at its place of every window."""
    threads = limit_threads(y.size // ELEMENTS)
    for plane in prange(len(y)):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                mark = places[plane, i, j]
                y[plane, i, j] = x[plane, 2 * i + (mark >> 1), 2 * j + (mark & 1)]
    set_threads(threads)
