"""Convolutions of unusual geometry, one tap of the window at a time: time and memory grow with the data alone.

The kernels copy pictures with their padding, and go through the window's taps phase by phase.  Where padding,
dilation or stride are thousands of times larger than the picture, both would grow with that number.  Here a tap's
windows and the pixels that they see are two slices, from arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

Pair = tuple[int, int]

FAR = 128  # a padding below this never makes a copy too large
MANY = 65_536  # numbers of a copy that are never too many: 256 KiB of float32
SHARE = 16  # a copy may be so many times larger than the data
PHASES = 4096  # of an input gradient, that are never too many


def mostly_padding(size: Pair, out: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> bool:
    """Whether a padded copy of the picture would be far larger than picture, result and window together."""
    if max(padding) < FAR:
        return False
    copy = math.prod((n - 1) * s + (k - 1) * d + 1 for n, k, s, d in zip(out, kernel_size, stride, dilation))
    return copy > max(MANY, SHARE * (math.prod(size) + math.prod(out) + math.prod(kernel_size)))


def mostly_gaps(size: Pair, kernel_size: Pair, stride: Pair) -> bool:
    """Whether an input gradient has far more phases than the window has taps, so that most of it is 0."""
    phases = math.prod(min(n, s) for n, s in zip(size, stride, strict=True))
    return phases > max(PHASES, SHARE * math.prod(kernel_size))


def _lines(n: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> list[tuple[slice, slice]]:
    """For each tap of one dimension: the windows whose tap is inside the picture, and the pixels that they see."""
    found = []
    for tap in range(kernel):
        shift = tap * dilation - padding  # window i sees pixel i stride + shift
        first, last = max(0, -(shift // stride)), min(out, (n - 1 - shift) // stride + 1)
        if first < last:
            found.append((slice(first, last), slice(first * stride + shift, (last - 1) * stride + shift + 1, stride)))
        else:
            found.append((slice(0, 0), slice(0, 0)))
    return found


def _taps(size: Pair, out: Pair, kernel_size: Pair, *window: Pair) -> Iterator[tuple[Any, Any, Any]]:
    """Each tap's place in the window, its windows, and the pixels that they see, as indices of the last dimensions."""
    vertical, horizontal = (_lines(*dims) for dims in zip(size, out, kernel_size, *window, strict=True))
    for u, (rows, pixel_rows) in enumerate(vertical):
        for v, (columns, pixel_columns) in enumerate(horizontal):
            yield (..., u, v), (..., rows, columns), (..., pixel_rows, pixel_columns)


def _grouped(a: Any, dim: int, groups: int) -> Any:
    """A view with dimension `dim` cut into (groups, rest)."""
    return a.reshape(*a.shape[:dim], groups, a.shape[dim] // groups, *a.shape[dim + 1 :])


def forward(x: Any, w: Any, out: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """The convolution of arrays, without a bias."""
    y = np.zeros((len(x), len(w), *out), x.dtype)
    pictures, filters, results = _grouped(x, 1, groups), _grouped(w, 0, groups), _grouped(y, 1, groups)
    for tap, windows, pixels in _taps(x.shape[2:], out, w.shape[2:], stride, padding, dilation):
        seen = np.zeros((*pictures.shape[:3], *out), x.dtype)  # padding's zeros meet inf and NaN of the weight, too
        seen[windows] = pictures[pixels]
        results += np.einsum("ngcij,goc->ngoij", seen, filters[tap])
    return y


def input_grad(g: Any, w: Any, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """The input gradient; what no window sees is 0, whatever the weight."""
    dx = np.zeros((len(g), w.shape[1] * groups, *input_size), g.dtype)
    gradients, filters, results = _grouped(g, 1, groups), _grouped(w, 0, groups), _grouped(dx, 1, groups)
    for tap, windows, pixels in _taps(input_size, g.shape[2:], w.shape[2:], stride, padding, dilation):
        results[pixels] += np.einsum("ngoij,goc->ngcij", gradients[windows], filters[tap])
    return dx


def weight_grad(g: Any, x: Any, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """The weight gradient."""
    dw = np.zeros((g.shape[1], x.shape[1] // groups, *kernel_size), g.dtype)
    gradients, pictures, results = _grouped(g, 1, groups), _grouped(x, 1, groups), _grouped(dw, 0, groups)
    for tap, windows, pixels in _taps(x.shape[2:], g.shape[2:], kernel_size, stride, padding, dilation):
        seen = np.zeros((*pictures.shape[:3], *g.shape[2:]), x.dtype)
        seen[windows] = pictures[pixels]
        results[tap] = np.einsum("ngoij,ngcij->goc", gradients, seen)
    return dw
