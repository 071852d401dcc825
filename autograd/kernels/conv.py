"""Convolution as matrix products on patches that never leave the cache.

For output pixels p (all rows of an image, or some of them), row k = (c, ky, kx) of the patch
matrix holds the input pixel that weight k meets at each p.  With it, per image and group,

    Y[o, p]   = Σ_k W[o, k] col[k, p]        forward          tile.outer, A = Wᵀ
    dW[o, k]  = Σ_p dY[o, p] col[k, p]       weight gradient  tile.dot
    dcol[k, p] = Σ_o W[o, k] dY[o, p]        input gradient   tile.outer, A = W; then dcol is added back

A block of rows is chosen so that its patches stay in a core's second-level cache.  They are
made anew for every block and never stored whole: the copy costs about a tenth of the products.
Threads take whole blocks of images, rows or channels that depend on the shapes alone.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from autograd.kernels.gemm import dot_tiles, outer_tiles
from autograd.kernels.jit import kernel

PATCH_NUMBERS = 65_536  # of a block's patch matrix: 256 KiB of float32, half of a small second-level cache
PARTS = 16  # blocks that the work is cut in at least, where images alone are too few


def rows_per_block(depth: int, width: int, height: int) -> int:
    """Output rows in a block: as many as PATCH_NUMBERS allows, evenly shared."""
    most = max(1, min(height, PATCH_NUMBERS // max(1, depth * width)))
    return -(-height // -(-height // most)) if height else 1


@kernel()
def _inside(left, stride, width, width_in):
    """From which output column to which the input columns left, left + stride, … lie inside."""
    first = min(width, max(0, -(left // stride)))
    return first, min(width, max(first, (width_in - 1 - left) // stride + 1))


@kernel()
def im2col(x, n, c0, c1, kernel_size, stride, padding, dilation, y0, y1, width, col):
    """col[(c, ky, kx), (y, x)] for channels c0 to c1 and output rows y0 to y1; zeros in the padding."""
    height_in, width_in = x.shape[2], x.shape[3]
    k = 0
    for c in range(c0, c1):
        for ky in range(kernel_size[0]):
            for kx in range(kernel_size[1]):
                left = kx * dilation[1] - padding[1]  # input column of output column 0
                first, last = _inside(left, stride[1], width, width_in)
                for y in range(y0, y1):
                    at = (y - y0) * width
                    row = y * stride[0] + ky * dilation[0] - padding[0]
                    if row < 0 or row >= height_in:
                        for i in range(width):
                            col[k, at + i] = 0
                        continue
                    for i in range(first):
                        col[k, at + i] = 0
                    if stride[1] == 1:
                        for i in range(first, last):
                            col[k, at + i] = x[n, c, row, left + i]
                    else:
                        for i in range(first, last):
                            col[k, at + i] = x[n, c, row, left + i * stride[1]]
                    for i in range(last, width):
                        col[k, at + i] = 0
                k += 1


@kernel()
def col2im(col, n, c0, c1, kernel_size, stride, padding, dilation, y0, y1, width, dx):
    """Add every entry of col to the input pixel that im2col would have taken it from."""
    height_in, width_in = dx.shape[2], dx.shape[3]
    k = 0
    for c in range(c0, c1):
        for ky in range(kernel_size[0]):
            for kx in range(kernel_size[1]):
                left = kx * dilation[1] - padding[1]  # input column of output column 0
                first, last = _inside(left, stride[1], width, width_in)
                for y in range(y0, y1):
                    at = (y - y0) * width
                    row = y * stride[0] + ky * dilation[0] - padding[0]
                    if row < 0 or row >= height_in:
                        continue
                    if stride[1] == 1:
                        for i in range(first, last):
                            dx[n, c, row, left + i] += col[k, at + i]
                    else:
                        for i in range(first, last):
                            dx[n, c, row, left + i * stride[1]] += col[k, at + i]
                k += 1


@kernel(parallel=True)
def forward(x, weight_t, bias, kernel_size, stride, padding, dilation, block_rows, out):
    """out (N, O, H', W') from x (N, C, H, W), weight_t (G, K, O/G) and bias (O,) or (0,)."""
    images, outputs, height, width = out.shape
    groups, depth, group_outputs = weight_t.shape
    group_channels = x.shape[1] // groups
    row_blocks = -(-height // block_rows)
    for unit in prange(images * row_blocks):
        n, block = unit // row_blocks, unit % row_blocks
        y0 = block * block_rows
        y1 = min(height, y0 + block_rows)
        pixels = (y1 - y0) * width
        col = np.empty((depth, pixels), x.dtype)
        for o in range(bias.shape[0]):
            for y in range(y0, y1):
                for i in range(width):
                    out[n, o, y, i] = bias[o]
        for g in range(groups):
            c0 = g * group_channels
            im2col(x, n, c0, c0 + group_channels, kernel_size, stride, padding, dilation, y0, y1, width, col)
            outer_tiles(
                weight_t, g * depth * group_outputs, group_outputs, col, 0, pixels,
                out, ((n * outputs + g * group_outputs) * height + y0) * width, height * width,
                depth, group_outputs, pixels, bias.shape[0] > 0,
            )  # fmt: skip


@kernel(parallel=True)
def input_grad(g, weight, kernel_size, stride, padding, dilation, groups, channel_block, block_rows, dx):
    """dx (N, C, H, W), zeroed by the caller, from g (N, O, H', W') and weight (O, C/G, kh, kw)."""
    images, outputs, height, width = g.shape
    group_outputs, group_channels = outputs // groups, dx.shape[1] // groups
    window = kernel_size[0] * kernel_size[1]
    depth = group_channels * window
    channel_blocks = -(-group_channels // channel_block)
    for unit in prange(images * groups * channel_blocks):
        n = unit // (groups * channel_blocks)
        group = unit // channel_blocks % groups
        first = unit % channel_blocks * channel_block
        count = min(channel_block, group_channels - first)
        c0 = group * group_channels + first
        col = np.empty((count * window, block_rows * width), g.dtype)
        for y0 in range(0, height, block_rows):
            y1 = min(height, y0 + block_rows)
            pixels = (y1 - y0) * width
            part = col.reshape(-1)[: count * window * pixels].reshape(count * window, pixels)
            outer_tiles(
                weight, group * group_outputs * depth + first * window, depth,
                g, ((n * outputs + group * group_outputs) * height + y0) * width, height * width,
                part, 0, pixels, group_outputs, count * window, pixels, False,
            )  # fmt: skip
            col2im(part, n, c0, c0 + count, kernel_size, stride, padding, dilation, y0, y1, width, dx)


@kernel(parallel=True)
def weight_grad(g, x, kernel_size, stride, padding, dilation, groups, channel_block, block_rows, parts):
    """parts (B, O, C/G · kh · kw): the weight gradient of each of B blocks of images."""
    images, outputs, height, width = g.shape
    image_blocks, _, depth = parts.shape
    group_outputs, group_channels = outputs // groups, x.shape[1] // groups
    window = kernel_size[0] * kernel_size[1]
    channel_blocks = -(-group_channels // channel_block)
    for unit in prange(image_blocks * groups * channel_blocks):
        part = unit // (groups * channel_blocks)
        group = unit // channel_blocks % groups
        first = unit % channel_blocks * channel_block
        count = min(channel_block, group_channels - first)
        c0 = group * group_channels + first
        col = np.empty((count * window, block_rows * width), g.dtype)
        at = (part * outputs + group * group_outputs) * depth + first * window
        for n in range(part * images // image_blocks, (part + 1) * images // image_blocks):
            for y0 in range(0, height, block_rows):
                y1 = min(height, y0 + block_rows)
                pixels = (y1 - y0) * width
                some = col.reshape(-1)[: count * window * pixels].reshape(count * window, pixels)
                im2col(x, n, c0, c0 + count, kernel_size, stride, padding, dilation, y0, y1, width, some)
                dot_tiles(
                    g, ((n * outputs + group * group_outputs) * height + y0) * width, height * width,
                    some, 0, pixels, parts, at, depth, pixels, group_outputs, count * window, True,
                )  # fmt: skip
