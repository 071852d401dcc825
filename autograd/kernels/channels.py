"""Sums and linear maps by channel: the kernels of batch normalization.

They take x (N, C, L) in one of two forms, which differ in what is contiguous in memory:

    planes     L > 1: the L elements of a plane x[n, c] belong to one channel
    columns    L = 1: the C elements of a row x[n] belong to one channel each

Sums have a kernel for each form.  Short planes are summed as columns too: L neighbouring sums of a channel, which are
added at the end.  A plane of 16 numbers would fill a quarter of its sum's lanes.

The linear map is written once for both forms: a number of a channel, such as its mean, is a scalar for a whole plane,
and one element of a vector for a row of columns.  `at(mean, i)` is either, chosen when the kernel is compiled.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange, types
from numba.extending import overload

from autograd.kernels.jit import blocks, dense, fitting, kernel, limit_threads, set_threads, stack_array
from autograd.kernels.rows import row_moments, row_products, row_sum
from autograd.kernels.sums import STEPS, flush
from autograd.types import Array

BLOCK = 8192  # minimum number of elements for one thread
COLUMN_BLOCK = 131_072  # the same for sums of columns: one thread adds as many while a second one wakes up
COLUMNS = 512  # columns of a unit of work
ROWS = 16  # rows from which short planes are summed as columns
FIRST_ROWS = 8  # rows whose mean is taken for that of all at first
SHORT = 64  # elements up to which a plane is summed as columns
IMAGES = 4  # least number of images in a part: each part computes the mean of the first one


def at(a, i):
    """a[i] of a vector, or a itself if it is a number.  For kernels only."""
    raise TypeError("at: only kernels call it")


@overload(at, inline="always")  # a call would not be vectorized
def _choose_at(a, i):
    return (lambda a, i: a[i]) if isinstance(a, types.Array) else (lambda a, i: a)


def of_line(a, c):
    """a[c, 0], the number of plane c, if a has two dimensions, or all of a.  For kernels only."""
    raise TypeError("of_line: only kernels call it")


@overload(of_line, inline="always")
def _choose_of_line(a, c):
    return (lambda a, c: a[c, 0]) if a.ndim == 2 else (lambda a, c: a)


def _planes(x: Array) -> Array:
    return dense(x).reshape(*x.shape[:2], math.prod(x.shape[2:]))


# ── two sums of each channel ───────────────────────────────────────────────────────────


@kernel(parallel=True)
def _plane_sums(g, x, mean, parts, groups, sums):
    """sums (3, B, C), float64: Σ u, Σ u (x - mean) and the mean, over each of B parts of the images.

    u is g.  If g is None, u is x - mean, and the mean is that of the channel's first plane, or 0 if that is not finite.
    x and g are (N, C, L).  A unit of work is a part of the images and one of `groups` groups of channels: memory is
    read in its order.
    """
    channels = x.shape[1]
    threads = limit_threads(x.size // BLOCK)
    for unit in prange(parts * groups):
        part, group = unit // groups, unit % groups
        first, last = group * channels // groups, (group + 1) * channels // groups
        for c in range(first, last):
            middle = mean[c]
            if g is None:
                plane = x[0, c]
                middle = x.dtype.type(row_sum(plane) / len(plane))
                if not np.isfinite(middle):
                    middle = x.dtype.type(0)
            sums[0, part, c], sums[1, part, c], sums[2, part, c] = 0, 0, middle
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            for c in range(first, last):
                middle = x.dtype.type(sums[2, part, c])
                if g is None:
                    total, product = row_moments(x[n, c], middle)
                else:
                    total, product = row_products(g[n, c], x[n, c], middle)
                sums[0, part, c] += total
                sums[1, part, c] += product
    set_threads(threads)


@kernel()
def _mean_of_rows(x, begin, end, mean):
    """The means of columns over the first rows, or 0 where they are not finite."""
    rows = min(len(x), FIRST_ROWS)
    mean[:] = 0
    for n in range(rows):
        some = x[n, begin:end]
        for i in range(len(mean)):
            mean[i] += some[i] / rows
    for i in range(len(mean)):
        mean[i] = mean[i] if np.isfinite(mean[i]) else 0


@kernel(parallel=True)
def _column_sums(g, x, mean, width, parts, sums):
    """`_plane_sums` of x and g (N, C).  If g is None, the mean is that of the first few rows.

    A unit of work is `width` neighbouring columns of one part, at most COLUMNS.  As many sums grow side by side in x's
    dtype, and are added to float64 sums every STEPS rows.
    """
    channels = x.shape[1]
    units = -(-channels // width)
    threads = limit_threads(x.size // COLUMN_BLOCK)
    for unit in prange(parts * units):
        part, begin = unit // units, unit % units * width
        end, steps = min(begin + width, channels), STEPS
        count = end - begin
        middle = mean[begin:end]
        if g is None:
            middle = stack_array(COLUMNS, x.dtype)[:count]
            _mean_of_rows(x, begin, end, middle)
        total, product = stack_array(COLUMNS, np.float64)[:count], stack_array(COLUMNS, np.float64)[:count]
        lane_total, lane_product = stack_array(COLUMNS, x.dtype)[:count], stack_array(COLUMNS, x.dtype)[:count]
        total[:] = 0
        product[:] = 0
        lane_total[:] = 0
        lane_product[:] = 0
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            some = x[n, begin:end]
            if g is None:
                for i in range(len(some)):
                    d = some[i] - middle[i]
                    lane_total[i] += d
                    lane_product[i] += d * d
            else:
                g_some = g[n, begin:end]
                for i in range(len(some)):
                    lane_total[i] += g_some[i]
                    lane_product[i] += g_some[i] * (some[i] - middle[i])
            steps -= 1  # counted down: a remainder costs as much as several lanes
            if steps == 0:
                steps = STEPS
                flush(lane_total, total)
                flush(lane_product, product)
        flush(lane_total, total)
        flush(lane_product, product)
        for i in range(end - begin):
            sums[0, part, begin + i] = total[i]
            sums[1, part, begin + i] = product[i]
            sums[2, part, begin + i] = middle[i]
    set_threads(threads)


@kernel()
def _merge_columns(columns, rows, sums):
    """sums (3, C) of those of columns, (3, C L): of a channel's L columns, about the mean of the first.

    With d, the difference of a column's mean to it, Σ (x - a + d) = Σ (x - a) + rows d, and likewise for squares.  Sums
    of a g have d = 0.
    """
    channels = sums.shape[1]
    length = columns.shape[1] // channels
    for c in range(channels):
        middle, total, product = columns[2, c * length], 0.0, 0.0
        for i in range(c * length, (c + 1) * length):
            d = columns[2, i] - middle
            total += columns[0, i] + rows * d
            product += columns[1, i] + d * (2 * columns[0, i] + rows * d)
        sums[0, c], sums[1, c], sums[2, c] = total, product, middle


def _run_sums(g: Array | None, x: Array, mean: Array | None) -> Array:
    """The sums of `_plane_sums` over all images, (3, C) in float64, of g and x (N, C, L) and mean (C,)."""
    images, channels, pixels = x.shape
    middle = np.zeros(channels, x.dtype) if mean is None else dense(mean)
    if 1 < pixels <= SHORT and images >= ROWS:
        form = images, channels * pixels, 1
        columns = _run_sums(None if g is None else g.reshape(form), x.reshape(form), middle.repeat(pixels))
        merged = np.empty((3, channels))
        _merge_columns(columns, images, merged)
        return merged
    if pixels == 1:
        wanted = blocks(x.size, COLUMN_BLOCK)
        width = min(COLUMNS, max(1, channels))
        units = -(-channels // width)
        parts = max(1, min(images // STEPS, wanted // units))  # rows are added faster than their sums
        sums = np.empty((3, parts, channels))
        add = fitting(_column_sums, min(wanted, parts * units))
        add(None if g is None else g[..., 0], x[..., 0], middle, width, parts, sums)
    else:
        wanted = blocks(x.size, BLOCK)
        parts = max(1, min(images // IMAGES, wanted))
        sums = np.empty((3, parts, channels))
        _plane_sums(g, x, middle, parts, max(1, min(channels, wanted // parts)), sums)
    if parts > 1:
        sums[0, 0], sums[1, 0] = sums[:2].sum(axis=1)
    return sums[:, 0]


def channel_sums(g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
    """Σ g and Σ g (x - mean) of each channel, both (C,)."""
    total, product, _ = _run_sums(_planes(g), _planes(x), mean).astype(x.dtype)
    return total, product


@kernel()
def _moments(sums, many, mean, var):
    """Mean and variance of `many` numbers a channel, from the sums (3, C) of `_plane_sums` without a g."""
    for c in range(len(mean)):
        total, square = sums[0, c] / many, sums[1, c] / many
        spread = square - total * total
        mean[c], var[c] = sums[2, c] + total, 0 if spread <= 0 else spread  # NaN stays NaN


def channel_moments(x: Array, dtype: np.dtype | type = np.float64) -> tuple[Array, Array]:
    """Mean and variance of each channel, both (C,).

    The sums are of x - a and (x - a)², where a is the mean of the channel's first plane or, if planes have one element,
    of the first few.  It is within √N standard deviations of the mean, so the variance loses few digits however far x
    is from 0.
    """
    x = _planes(x)
    mean, var = np.zeros(x.shape[1], dtype), np.zeros(x.shape[1], dtype)
    if x.size:
        _moments(_run_sums(None, x, None), len(x) * x.shape[2], mean, var)
    return mean, var


# ── a linear map of each channel ───────────────────────────────────────────────────────


@kernel(parallel=True)
def _affine(x, mean, scale, shift, g, g_scale, relu, parts, y):
    """y = scale (x - mean) + shift + g_scale g, or max(y, 0) with relu, which takes no g.  No g is (0, 0).

    x, g and y are lines of memory: planes (N · C, L), with numbers (C, 1), or rows of columns (N, C), with
    numbers (C,).
    """
    channels = len(mean)
    threads = limit_threads(parts)
    for part in prange(parts):
        first = part * len(x) // parts
        c = first % channels - 1
        for line in range(first, (part + 1) * len(x) // parts):
            c = c + 1 if c + 1 < channels else 0
            xs, ys = x[line], y[line]
            middle, slope, constant = of_line(mean, c), of_line(scale, c), of_line(shift, c)
            if len(g):
                gs, g_slope = g[line], of_line(g_scale, c)
                for i in range(len(xs)):
                    ys[i] = at(g_slope, i) * gs[i] + (at(slope, i) * (xs[i] - at(middle, i)) + at(constant, i))
            elif relu:
                for i in range(len(xs)):
                    value = at(slope, i) * (xs[i] - at(middle, i)) + at(constant, i)
                    ys[i] = 0 if value <= 0 else value
            else:
                for i in range(len(xs)):
                    ys[i] = at(slope, i) * (xs[i] - at(middle, i)) + at(constant, i)
    set_threads(threads)


def channel_affine(
    x: Array,
    mean: Array | None,
    scale: Array,
    shift: Array | None,
    g: Array | None = None,
    g_scale: Array | None = None,
    *,
    relu: bool = False,
) -> Array:
    """scale (x - mean) + shift + g_scale g, with one number of each for a channel; max(…, 0) with relu and no g."""
    y, zeros = np.empty(x.shape, x.dtype), np.zeros(x.shape[1], x.dtype)
    columns = math.prod(x.shape[2:]) == 1
    numbers = [zeros if a is None else dense(a) for a in (mean, scale, shift, g_scale)]
    if not columns:
        numbers = [a.reshape(-1, 1) for a in numbers]
    length = x.shape[1] if columns else math.prod(x.shape[2:])
    lines = (len(x) if columns else len(x) * x.shape[1]), length
    g = np.empty((0, 0), x.dtype) if g is None else dense(g).reshape(lines)
    _affine(dense(x).reshape(lines), *numbers[:3], g, numbers[3], relu, blocks(x.size, BLOCK), y.reshape(lines))
    return y
