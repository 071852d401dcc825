"""Copies of large arrays, on all threads.

NumPy copies on one thread, and one core moves half of what the memory can deliver.  An array, and the place that it is
copied to, are seen as rows of neighbouring numbers: whole arrays, if both are contiguous; heads of an attention; the
parts that `cat` joins.  Rows that are short, or do not lie next to each other in at most three regular steps, and
small arrays are left to NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, kernel, limit_threads, memory_of, set_threads
from autograd.kernels.microkernels import copy_row
from autograd.types import Array, Shape

MIN_SIZE = 262_144  # numbers from which threads are faster: 34 µs, and NumPy 37; for half of it 25 and 13
MIN_ROW = 4  # shorter rows are left to NumPy
STEPS = 3  # dimensions around a row


@kernel(parallel=True)
def _copy(source, target, layout, parts):
    """layout (3, STEPS + 1): sizes, and steps from neighbour to neighbour in source and in target, which are flat."""
    sizes, steps, target_steps = layout
    width, rows = sizes[3], sizes[0] * sizes[1] * sizes[2]
    threads = limit_threads(parts)
    for part in prange(parts):
        at, last = part * rows * width // parts, (part + 1) * rows * width // parts
        row, column = at // width, at % width
        i, j, k = row // (sizes[1] * sizes[2]), row // sizes[2] % sizes[1], row % sizes[2]
        while at < last:
            place = i * steps[0] + j * steps[1] + k * steps[2] + column
            target_place = i * target_steps[0] + j * target_steps[1] + k * target_steps[2] + column
            count = min(last - at, width - column)
            copy_row(source, place, count, target, target_place)
            at, column, k = at + count, 0, k + 1
            if k == sizes[2]:
                k, j = 0, j + 1
                if j == sizes[1]:
                    j, i = 0, i + 1
    set_threads(threads)


@lru_cache(maxsize=256)
def _layout(shape: Shape, strides: tuple[int, ...], target_strides: tuple[int, ...], itemsize: int) -> Array | None:
    """What `_copy` needs to know, or None if there are no such rows.  Dimensions that follow each other are merged."""
    merged: list[tuple[int, int, int]] = []
    for n, step, target_step in zip(shape, strides, target_strides, strict=True):
        if n == 1:
            continue
        if step % itemsize or target_step % itemsize or min(step, target_step) < 0:
            return None
        step, target_step = step // itemsize, target_step // itemsize
        if merged and merged[-1][1:] == (n * step, n * target_step):
            n *= merged.pop()[0]
        merged.append((n, step, target_step))
    if len(merged) > STEPS + 1 or merged[-1][0] < MIN_ROW or merged[-1][1:] != (1, 1):
        return None
    return np.array([(1, 0, 0)] * (STEPS + 1 - len(merged)) + merged).T.copy()


def copy(source: Array, target: Array) -> None:
    """Give the target, of the same shape, the source's numbers.  They do not overlap."""
    if source.size >= MIN_SIZE and source.dtype is target.dtype and source.dtype.char in "fd":
        layout = _layout(source.shape, source.strides, target.strides, source.itemsize)
        if layout is not None and source.flags.aligned and target.flags.aligned:
            _copy(memory_of(source), memory_of(target), layout, blocks(source.size, ELEMENTS))
            return
    target[...] = source


def contiguous(array: Array) -> Array:
    """A copy whose numbers are in row-major order."""
    if array.size < MIN_SIZE:
        return np.array(array, order="C")
    target = np.empty(array.shape, array.dtype)
    copy(array, target)
    return target


def reshaped(array: Array, shape: Shape) -> Array:
    """array.reshape(shape): a view, or a copy if there can be no view."""
    if array.size >= MIN_SIZE and not array.flags.c_contiguous:
        try:
            return array.reshape(shape, copy=False)
        except TypeError:  # NumPy before 2.1 cannot be asked for a view
            pass
        except ValueError:  # there can be none, or the sizes do not fit
            if math.prod(shape) == array.size:
                target = np.empty(shape, array.dtype)
                copy(array, target.reshape(array.shape))
                return target
    return array.reshape(shape)


def concatenated(arrays: Sequence[Array], dim: int) -> Array:
    """np.concatenate(arrays, dim)."""
    first = arrays[0]
    around = first.shape[:dim], first.shape[dim + 1 :]
    if sum(a.size for a in arrays) < MIN_SIZE or any(
        a.dtype is not first.dtype or (a.shape[:dim], a.shape[dim + 1 :]) != around for a in arrays
    ):
        return np.concatenate(arrays, dim)
    target = np.empty((*around[0], sum(a.shape[dim] for a in arrays), *around[1]), first.dtype)
    end = 0
    for a in arrays:
        start, end = end, end + a.shape[dim]
        copy(a, target[(slice(None),) * dim + (slice(start, end),)])
    return target
