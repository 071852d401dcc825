"""Convolutions of unusual geometry, one tap of the window at a time, in time and memory that depend on the data alone.

The kernels copy images with their padding, and go through the window's taps phase by phase.  If padding, dilation
or stride is thousands of times larger than the image, the kernels' time or memory would be, too.  Here the
windows whose tap is inside the image, and the pixels that it falls on, are two slices, which arithmetic gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import EllipsisType

import numpy as np

from autograd.types import Array, Pair

FAR_PADDING = 128  # with less padding than this a copy is never too large
SMALL_COPY = 65_536  # elements of a copy that is never too large: 256 KiB of float32
MAX_RATIO = 16  # how many times larger than the data a copy may be
FEW_PHASES = 4096  # phases of an input gradient that are never too many

_Index = tuple[EllipsisType, slice, slice]


def mostly_padding(size: Pair, out: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> bool:
    """Whether a padded copy of the image would be far larger than image, result and window together."""
    if max(padding) < FAR_PADDING:
        return False
    copy = math.prod((n - 1) * s + (k - 1) * d + 1 for n, k, s, d in zip(out, kernel_size, stride, dilation))
    return copy > max(SMALL_COPY, MAX_RATIO * (math.prod(size) + math.prod(out) + math.prod(kernel_size)))


def mostly_gaps(size: Pair, kernel_size: Pair, stride: Pair) -> bool:
    """Whether an input gradient has far more phases than the window has taps, and so is mostly 0."""
    phases = math.prod(min(n, s) for n, s in zip(size, stride, strict=True))
    return phases > max(FEW_PHASES, MAX_RATIO * math.prod(kernel_size))


def _lines(n: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> list[tuple[slice, slice]]:
    """For each tap of one dimension: the windows whose tap is inside the image, and the pixels that it falls on."""
    found = []
    for tap in range(kernel):
        shift = tap * dilation - padding  # the tap of window i falls on pixel i stride + shift
        first, last = max(0, -(shift // stride)), min(out, (n - 1 - shift) // stride + 1)
        if first < last:
            found.append((slice(first, last), slice(first * stride + shift, (last - 1) * stride + shift + 1, stride)))
        else:
            found.append((slice(0, 0), slice(0, 0)))
    return found


def taps(
    size: Pair, out: Pair, kernel_size: Pair, *window: Pair
) -> Iterator[tuple[tuple[EllipsisType, int, int], _Index, _Index]]:
    """For each tap three indices of the last two dimensions: the tap in the window, its windows, and their pixels."""
    vertical, horizontal = (_lines(*dims) for dims in zip(size, out, kernel_size, *window, strict=True))
    for u, (rows, pixel_rows) in enumerate(vertical):
        for v, (columns, pixel_columns) in enumerate(horizontal):
            yield (..., u, v), (..., rows, columns), (..., pixel_rows, pixel_columns)


def _grouped(a: Array, dim: int, groups: int) -> Array:
    """A view with dimension `dim` split into (groups, rest)."""
    return a.reshape(*a.shape[:dim], groups, a.shape[dim] // groups, *a.shape[dim + 1 :])


def forward(x: Array, w: Array, out: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """The convolution of arrays, without a bias."""
    y = np.zeros((len(x), len(w), *out), x.dtype)
    images, filters, results = _grouped(x, 1, groups), _grouped(w, 0, groups), _grouped(y, 1, groups)
    for tap, windows, pixels in taps(x.shape[2:], out, w.shape[2:], stride, padding, dilation):
        seen = np.zeros((*images.shape[:3], *out), x.dtype)  # the padding's 0 times inf or NaN of a weight is NaN
        seen[windows] = images[pixels]
        results += np.einsum("ngcij,goc->ngoij", seen, filters[tap])
    return y


def input_grad(g: Array, w: Array, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """The input gradient; 0 at pixels that are in no window, even if a weight is inf or NaN."""
    dx = np.zeros((len(g), w.shape[1] * groups, *input_size), g.dtype)
    gradients, filters, results = _grouped(g, 1, groups), _grouped(w, 0, groups), _grouped(dx, 1, groups)
    for tap, windows, pixels in taps(input_size, g.shape[2:], w.shape[2:], stride, padding, dilation):
        results[pixels] += np.einsum("ngoij,goc->ngcij", gradients[windows], filters[tap])
    return dx


def weight_grad(
    g: Array, x: Array, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The weight gradient."""
    dw = np.zeros((g.shape[1], x.shape[1] // groups, *kernel_size), g.dtype)
    gradients, images, results = _grouped(g, 1, groups), _grouped(x, 1, groups), _grouped(dw, 0, groups)
    for tap, windows, pixels in taps(x.shape[2:], g.shape[2:], kernel_size, stride, padding, dilation):
        seen = np.zeros((*images.shape[:3], *g.shape[2:]), x.dtype)
        seen[windows] = images[pixels]
        results[tap] = np.einsum("ngoij,ngcij->goc", gradients, seen)
    return dw
