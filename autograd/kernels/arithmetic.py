"""x + y, x - y, x y and x / y of large arrays, on all threads.

NumPy runs on one.  Two threads, float32, a million numbers: 0.45 ms there, 0.24 here; below MANY
numbers NumPy is as fast, and what is not laid out in plain rows is left to it as well.

Any two arrays that broadcast, one of them whole, are here rows of one length: a bias goes with every
row, or one of its numbers with each.  A single number is spread out over a short buffer that stays in
cache, so that there is one loop for each operation and no more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, kernel, limit_threads, set_threads

MANY = 131_072  # from so many on threads are faster: adding them takes NumPy 26 µs, this 17; half of them 6 and 13
SHORT = 32  # rows below this length are left to NumPy
STRETCH = 2048  # numbers at a time: three arrays of them fit into the first-level cache

OPERATIONS = {np.add: 0, np.subtract: 1, np.multiply: 2, np.true_divide: 3}


@kernel(parallel=True)
def _rows(operation, x, y, parts, z):
    """z (R, L) from x and y, each of R rows, or of fewer that come again and again, of L numbers or 1."""
    width, size = z.shape[1], z.size
    threads = limit_threads(parts)
    for part in prange(parts):
        at, last = part * size // parts, (part + 1) * size // parts
        spread_x, spread_y = np.empty(STRETCH, z.dtype), np.empty(STRETCH, z.dtype)
        while at < last:
            row, column = at // width, at % width
            count = min(last - at, width - column, STRETCH)
            xs, ys, zs = spread_x[:count], spread_y[:count], z[row, column : column + count]
            if x.shape[1] == width:
                xs = x[row % len(x), column : column + count]
            else:
                xs[:] = x[row % len(x), 0]
            if y.shape[1] == width:
                ys = y[row % len(y), column : column + count]
            else:
                ys[:] = y[row % len(y), 0]
            if operation == 0:
                for k in range(len(zs)):
                    zs[k] = xs[k] + ys[k]
            elif operation == 1:
                for k in range(len(zs)):
                    zs[k] = xs[k] - ys[k]
            elif operation == 2:
                for k in range(len(zs)):
                    zs[k] = xs[k] * ys[k]
            else:
                for k in range(len(zs)):
                    zs[k] = xs[k] / ys[k]
            at += count
    set_threads(threads)


def _as_rows(whole: Any, other: Any) -> tuple[Any, Any] | None:
    """Both as rows, or None where they are no case of this file."""
    if type(whole) is not np.ndarray or whole.size < MANY or whole.dtype not in (np.float32, np.float64):
        return None
    if type(other) in (int, float):
        other = np.asarray(other, whole.dtype)
    other = np.asarray(other)
    if other.dtype != whole.dtype or other.ndim > whole.ndim:
        return None
    for a in (whole, other):
        if not (a.flags.c_contiguous and a.flags.aligned and a.flags.writeable):
            return None
    if other.shape == whole.shape or other.size == 1:
        return whole.reshape(1, -1), other.reshape(1, -1)
    shape = (1,) * (whole.ndim - other.ndim) + other.shape
    filled = [i for i, n in enumerate(shape) if n > 1]
    first, last = filled[0], filled[-1]
    if shape[first : last + 1] != whole.shape[first : last + 1]:
        return None
    behind = math.prod(whole.shape[last + 1 :])
    width = other.size if behind == 1 else behind
    if width < SHORT:
        return None
    return whole.reshape(-1, width), other.reshape((1, -1) if behind == 1 else (-1, 1))


def run(ufunc: Any, x: Any, y: Any) -> Any:
    """ufunc(x, y), for one of OPERATIONS and whatever NumPy takes."""
    size, other_size = getattr(x, "size", 1), getattr(y, "size", 1)
    if size >= MANY or other_size >= MANY:
        rows = _as_rows(x, y) if size >= other_size else _as_rows(y, x)
        if rows:
            whole, other = rows
            z = np.empty(whole.shape, whole.dtype)
            pair = (whole, other) if size >= other_size else (other, whole)
            _rows(OPERATIONS[ufunc], *pair, blocks(z.size, ELEMENTS), z)
            return z.reshape((x if size >= other_size else y).shape)
    return ufunc(x, y)
