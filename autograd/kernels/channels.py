"""Sums and linear maps by channel: the kernels of batch normalization.

They take x (N, C, L) in one of two forms, which differ in what is contiguous in memory:

    planes     L > 1: the L elements of a plane x[n, c] belong to one channel
    columns    L = 1: the C elements of a row x[n] belong to one channel each

A kernel is written once for both.  A number of a channel, such as its mean, is a scalar for a whole plane, and one
element of a vector for a row of columns: `at(mean, i)` is either, chosen when the kernel is compiled.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange, types
from numba.extending import overload

from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import LANES, STEPS, flush
from autograd.types import Array

BLOCK = 8192  # minimum number of elements for one thread
COLUMNS = 512  # columns of a unit of work
FIRST_ROWS = 8  # rows whose mean is taken for that of all at first


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


@kernel()
def _mean_of_plane(row):
    """The mean of a plane, or 0 if it is not finite."""
    lanes = np.zeros(LANES)
    for start in range(0, len(row), LANES):
        some = row[start : start + LANES]
        for i in range(len(some)):
            lanes[i] += some[i]
    mean = row.dtype.type(lanes.sum() * (1 / len(row)))
    return mean if np.isfinite(mean) else row.dtype.type(0)


@kernel()
def _mean_of_rows(x, begin, end):
    """The means of columns over the first rows, or 0 where they are not finite."""
    rows, mean = min(len(x), FIRST_ROWS), np.zeros(end - begin, x.dtype)
    for n in range(rows):
        some = x[n, begin:end]
        for i in range(len(mean)):
            mean[i] += some[i] / rows
    for i in range(len(mean)):
        mean[i] = mean[i] if np.isfinite(mean[i]) else 0
    return mean


def middle_of(g, x, begin, end, mean):
    """`mean` if there is a g.  Otherwise means of x[:, begin:end] over the first image or images.  For kernels only."""
    raise TypeError("middle_of: only kernels call it")


@overload(middle_of)
def _choose_middle_of(g, x, begin, end, mean):
    if not isinstance(g, types.NoneType):
        return lambda g, x, begin, end, mean: mean
    if isinstance(mean, types.Array):
        return lambda g, x, begin, end, mean: _mean_of_rows(x, begin, end)
    return lambda g, x, begin, end, mean: _mean_of_plane(x[0, begin:end])


@kernel(parallel=True)
def _sums(g, x, mean, width, lanes, parts, sums):
    """sums (3, B, C), float64: Σ u, Σ u (x - mean) and the mean, over each of B parts of the images.

    u is g.  If g is None, u is x - mean, and the mean is that of the first image, or, of columns, of the first few.

    x and g are (N, C · L).  A unit of work is `width` neighbouring columns of one part.  `lanes` sums grow side by side
    in x's dtype, and are added to float64 sums every few steps.

    planes     width L, mean (C,), LANES lanes: at the end they are added to each other
    columns    as many lanes as columns, mean (⌈C / width⌉, width): each lane is the sum of a channel
    """
    units = len(mean)
    threads = limit_threads(x.size // BLOCK)
    for unit in prange(parts * units):
        part, k = unit // units, unit % units
        begin, end, steps = k * width, min((k + 1) * width, x.shape[1]), STEPS
        middle = middle_of(g, x, begin, end, mean[k])
        total, product = np.zeros(lanes), np.zeros(lanes)
        lane_total, lane_product = np.zeros(lanes, x.dtype), np.zeros(lanes, x.dtype)
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            for start in range(begin, end, lanes):
                stop = min(start + lanes, end)
                some = x[n, start:stop]
                if g is None:
                    for i in range(len(some)):
                        d = some[i] - at(middle, i)
                        lane_total[i] += d
                        lane_product[i] += d * d
                else:
                    g_some = g[n, start:stop]
                    for i in range(len(some)):
                        lane_total[i] += g_some[i]
                        lane_product[i] += g_some[i] * (some[i] - at(middle, i))
                steps -= 1  # counted down: a remainder costs as much as several lanes
                if steps == 0:
                    steps = STEPS
                    flush(lane_total, total)
                    flush(lane_product, product)
        flush(lane_total, total)
        flush(lane_product, product)
        if mean.ndim == 1:
            sums[0, part, k], sums[1, part, k], sums[2, part, k] = total.sum(), product.sum(), at(middle, 0)
        else:
            for i in range(end - begin):
                sums[0, part, begin + i] = total[i]
                sums[1, part, begin + i] = product[i]
                sums[2, part, begin + i] = at(middle, i)
    set_threads(threads)


def _run_sums(g: Array | None, x: Array, mean: Array | None) -> Array:
    """`_sums` over all images, (3, C) in float64, of g and x (N, C, L) and mean (C,)."""
    images, channels, pixels = x.shape
    middle = np.zeros(channels, x.dtype) if mean is None else dense(mean)
    width, lanes, units, least = pixels, LANES, channels, 1
    if pixels == 1:
        width = lanes = min(COLUMNS, max(1, channels))
        units, least = -(-channels // width), STEPS  # rows are added faster than their sums
        if units * width > channels:
            middle = np.append(middle, np.zeros(units * width - channels, x.dtype))
        middle = middle.reshape(units, width)
    # images are cut where there are fewer units than blocks of work
    parts = max(1, min(images // least, blocks(x.size, BLOCK) // max(1, units)))
    sums = np.empty((3, parts, channels))
    form = images, channels * pixels
    x, g = x.reshape(form), None if g is None else g.reshape(form)
    _sums(g, x, middle, width, lanes, parts, sums)
    sums[0, 0], sums[1, 0] = sums[:2].sum(axis=1)
    return sums[:, 0]


def channel_sums(g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
    """Σ g and Σ g (x - mean) of each channel, both (C,)."""
    total, product, _ = _run_sums(_planes(g), _planes(x), mean).astype(x.dtype)
    return total, product


def channel_moments(x: Array) -> tuple[Array, Array]:
    """Mean and variance of each channel, both (C,) in float64.

    The sums are of x - a and (x - a)², where a is the mean of the channel's first plane or, if planes have one element,
    of the first few.  It is within √N standard deviations of the mean, so the variance loses few digits however far x
    is from 0.
    """
    x = _planes(x)
    if not x.size:
        return np.zeros(x.shape[1]), np.zeros(x.shape[1])
    sums = _run_sums(None, x, None)
    total, square = sums[:2] / (len(x) * x.shape[2])
    return sums[2] + total, np.maximum(square - total * total, 0)


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
