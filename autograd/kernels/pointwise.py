"""Convolutions whose window is one pixel: a matrix product for each image, with pixels in the lanes.

    y[n, o, p] = Σ_c w[o, c] x[n, c, p] + b[o]         forward; the input gradient has w transposed, and no b

`conv` has the channels of the result in the lanes, so its results are transposed at the end.  Here neither images nor
results are transposed: a panel is a piece of each channel's row of pixels, and a micro-tile's results are pieces of
rows of y.  A unit of work is some neighbouring panels of an image.  They are copied first, not while they are
multiplied as in `gemm`: channels are often 2ⁿ bytes apart and then share few places in the cache.  A few rows of w meet
all panels before the next ones do, since the rows of y are some KiB apart.  Bias and relu are applied to these rows
while they are in cache.

The weight gradient adds over the pixels, which are then not in the lanes: it is `conv`'s.
"""

from __future__ import annotations

import math

from numba import prange

from autograd.kernels.conv import MIN_PARTS
from autograd.kernels.gemm import (
    BLOCK_BYTES,
    MIN_PRODUCTS,
    aligned,
    depth_block,
    lanes,
    multiply_panel,
    offsets,
    panel_columns,
)
from autograd.kernels.jit import kernel, limit_threads, set_threads, vector_bytes
from autograd.kernels.microkernels import NARROW, IndexedPlace, Place, Rows, copy_panel
from autograd.types import Array, Pair

SOME_OUTPUTS = 48  # rows of w that meet all panels of a unit, before the next ones do
FILLED = 0.85  # least share of the lanes that pixels must fill


def suits(
    itemsize: int, size: Pair, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> bool:
    """Whether `multiply` computes such a convolution of images of this size, and is faster than `conv`."""
    pixels, width = math.prod(size), NARROW * vector_bytes() // itemsize
    filled = pixels >= FILLED * -(-pixels // width) * width
    return kernel_size == stride == (1, 1) and padding == (0, 0) and groups == 1 and pixels > 0 and filled


@kernel()
def _finish_rows(y, start, step, rows, columns, bias, first, relu):
    """y[start + i step + j] += bias[first + i], then max(…, 0) if `relu`, for i < rows and j < columns."""
    for i in range(rows):
        row, b = y[start + i * step : start + i * step + columns], bias[first + i]
        for j in range(len(row)):
            z = row[j] + b
            row[j] = 0 if relu and z <= 0 else z


@kernel(parallel=True, allocates=True)
def _multiply(x, w, row, bias, relu, together, y):
    """y (N, O, P) = w x + bias, for x (N, C, P).  w[o, c] is w[row[o] + c]; `bias` may be empty.

    together: panels of a unit of work.
    """
    images, channels, pixels = x.shape
    outputs, width = y.shape[1], panel_columns(pixels, lanes(x))
    most = depth_block(channels, width * x.itemsize)
    groups, size = -(-pixels // (together * width)), most * width
    inputs, result = x.reshape(-1), y.reshape(-1)
    threads = limit_threads(y.size * channels // MIN_PRODUCTS)
    for unit in prange(images * groups):
        n, begin = unit // groups, unit % groups * together * width
        end, memory = min(pixels, begin + together * width), aligned(together * size, x)
        for first in range(0, max(1, channels), most):
            depth = min(most, channels - first)
            for j in range(begin, end, width):
                rows = Rows(inputs, (n * channels + first) * pixels + j, pixels)
                copy_panel(rows, depth, min(width, end - j), Rows(memory, (j - begin) // width * size, width))
            for o in range(0, outputs, SOME_OUTPUTS):
                some, at = min(SOME_OUTPUTS, outputs - o), (n * outputs + o) * pixels
                for j in range(begin, end, width):
                    multiply_panel(
                        w, row, 1, IndexedPlace(0, o, first), memory, Place((j - begin) // width * size, width), depth,
                        most, some, min(width, end - j), result, Place(at + j, pixels), first > 0,
                    )  # fmt: skip
                if first + depth == channels and len(bias):
                    _finish_rows(result, at + begin, pixels, some, end - begin, bias, o, relu)
    set_threads(threads)


def multiply(x: Array, w: Array, bias: Array, relu: bool, y: Array) -> None:
    """y (N, O, …) = w x + bias, or max(y, 0) if `relu`: x (N, C, …), w (O, C), bias (O,) or empty; C-contiguous."""
    (outputs, channels), pixels = w.shape, math.prod(x.shape[2:])
    width = panel_columns(pixels, vector_bytes() // x.itemsize)
    fits = BLOCK_BYTES // (4 * x.itemsize * width * depth_block(channels, width * x.itemsize))
    together = max(1, min(fits, -(-pixels // width) * len(x) // MIN_PARTS))
    matrices = (len(x), channels, pixels), (len(x), outputs, pixels)
    _multiply(
        x.reshape(matrices[0]), w.reshape(-1), offsets(outputs, channels), bias, relu, together, y.reshape(matrices[1])
    )  # fmt: skip
