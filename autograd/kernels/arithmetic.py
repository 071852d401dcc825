"""x + y, x - y, x y and x / y of large arrays, and sums of two or four, on all threads.

NumPy uses one thread.  For a million float32 numbers it takes 0.45 ms, this on two threads 0.24.  With fewer than
MIN_SIZE elements NumPy is as fast, so small arrays, and arrays that are not contiguous, are left to it.

Two operands, one of the full shape, become rows of one length.  The other operand then repeats whole rows (a bias
of the last dimension), or has one element for each row (a bias of channels).  Such an element is copied into all
of a short buffer that stays in cache, so that one loop for each operation is enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, kernel, limit_threads, set_threads, short_vectors, stack_array
from autograd.types import Array

MIN_SIZE = 131_072  # elements from which threads are faster: adding them takes NumPy 26 µs, this 17; for half, 6 and 13
MIN_ROW = 32  # shorter rows are left to NumPy
CHUNK = 2048  # elements at a time: three arrays of them fit into the first-level cache

OPERATIONS: dict[np.ufunc, int] = {np.add: 0, np.subtract: 1, np.multiply: 2, np.true_divide: 3}


@kernel()
def _some(operation, xs, ys, zs):
    short_vectors()
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


@kernel(parallel=True)
def _same(operation, x, y, parts, z):
    """z from x and y, all of one length."""
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * z.size // parts, (part + 1) * z.size // parts)
        _some(operation, x[block], y[block], z[block])
    set_threads(threads)


@kernel(parallel=True)
def _rows(operation, x, y, parts, z):
    """z (R, L) from x and y.  Each has rows of L elements or of 1; fewer than R rows are repeated."""
    width, size = z.shape[1], z.size
    threads = limit_threads(parts)
    for part in prange(parts):
        at, last = part * size // parts, (part + 1) * size // parts
        buffer_x, buffer_y = stack_array(CHUNK, z.dtype), stack_array(CHUNK, z.dtype)
        while at < last:
            row, column = at // width, at % width
            count = min(last - at, width - column, CHUNK)
            xs, ys = buffer_x[:count], buffer_y[:count]
            if x.shape[1] == width:
                xs = x[row % len(x), column : column + count]
            else:
                xs[:] = x[row % len(x), 0]
            if y.shape[1] == width:
                ys = y[row % len(y), column : column + count]
            else:
                ys[:] = y[row % len(y), 0]
            _some(operation, xs, ys, z[row, column : column + count])
            at += count
    set_threads(threads)


@kernel(parallel=True)
def _pairwise(a, b, c, d, factor, parts):
    """a = (a + b) factor, or ((a + b) + (c + d)) factor if c and d are not empty.  All are of one length."""
    threads = limit_threads(parts)
    for part in prange(parts):
        short_vectors()
        block = slice(part * a.size // parts, (part + 1) * a.size // parts)
        first, second, third, fourth = a[block], b[block], c[block], d[block]
        if len(third):
            for k in range(len(first)):
                first[k] = ((first[k] + second[k]) + (third[k] + fourth[k])) * factor
        else:
            for k in range(len(first)):
                first[k] = (first[k] + second[k]) * factor
    set_threads(threads)


def add_pairwise(arrays: Sequence[Array], factor: float = 1) -> Array:
    """(a + b) factor of two arrays, or ((a + b) + (c + d)) factor of four, of one shape; in the first one's memory.

    Arrays that are larger than the cache are then read and written 5 times, where three additions take 9.
    """
    first = arrays[0]
    if first.size >= MIN_SIZE and all(x.flags.carray and x.dtype.char in "fd" for x in arrays):
        flat = [x.reshape(-1) for x in arrays]
        none = flat[0][:0]
        parts = blocks(first.size, ELEMENTS)
        _pairwise(*flat, *[none] * (4 - len(flat)), first.dtype.type(factor), parts)
        return first
    first += arrays[1]
    if len(arrays) == 4:
        first += arrays[2] + arrays[3]
    if factor != 1:
        first *= first.dtype.type(factor)
    return first


def _as_rows(whole: Any, other: Any) -> tuple[Array, Array] | None:
    """Both operands as rows, or None if they are left to NumPy.  whole: the one of the full shape."""
    if type(whole) is not np.ndarray or whole.size < MIN_SIZE or whole.dtype not in (np.float32, np.float64):
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
    if width < MIN_ROW:
        return None
    return whole.reshape(-1, width), other.reshape((1, -1) if behind == 1 else (-1, 1))


def run(ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """ufunc(x, y) for a ufunc of OPERATIONS; x and y are anything that NumPy takes."""
    size, other_size = getattr(x, "size", 1), getattr(y, "size", 1)
    if size >= MIN_SIZE or other_size >= MIN_SIZE:
        rows = _as_rows(x, y) if size >= other_size else _as_rows(y, x)
        if rows:
            whole, other = rows
            z = np.empty(whole.shape, whole.dtype)
            pair = (whole, other) if size >= other_size else (other, whole)
            parts = blocks(z.size, ELEMENTS)
            if whole.shape == other.shape:
                _same(OPERATIONS[ufunc], pair[0].reshape(-1), pair[1].reshape(-1), parts, z.reshape(-1))
            else:
                _rows(OPERATIONS[ufunc], *pair, parts, z)
            return z.reshape((x if size >= other_size else y).shape)
    return ufunc(x, y)
