"""Sums over some dimensions, in float32 within 1e-6 of the exact sum, on all threads.

If n equal float32 numbers are added one by one, the error is up to n / 2 roundings: 1 % for a million.  NumPy does
this over leading dimensions.  Here at most STEPS numbers are added in float32 before their sum is added to one in
float64.  The dimensions are merged to one of two forms:

    x (A, K, B), summed over A and B    LANES sums side by side along B
    x (P, A, K), summed over A          LINE sums side by side along K; if K is small, several rows make a line

Work is cut by shapes alone, and parts are added in order, so any number of threads gives the same bits.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, dense, kernel, limit_threads, set_threads, stack_array
from autograd.types import Array, Shape

_reduce: Any = np.add.reduce  # np.sum with less overhead
SMALL = 4096  # elements up to which NumPy's start takes longer than the sum
MIN_SIZE = 2 * ELEMENTS  # elements from which threads are faster
LANES = 64  # sums that are computed side by side, in several vector registers
STEPS = 64  # numbers added in x's own dtype before their sum goes to float64, of which a register holds half as many
FOURS = 32  # the same for sums of four numbers
FEW = 16  # numbers that may be added one by one in float32: the error is at most 3e-7 of their sum
LINE = 1024  # sums that are computed side by side, of elements that are side by side in memory
MAX_LINE_ROWS = 256  # elements of a line that is made of several short rows
BLOCK = 1024  # elements of a part that are added at a time: they stay in the first-level cache


@kernel()
def flush(lanes, sums):
    """Add sums to those in float64, and set them to 0."""
    for k in range(len(lanes)):
        sums[k] += lanes[k]
        lanes[k] = 0


@kernel(parallel=True)
def _rows(x, parts, sums):
    """sums (parts, K), float64, of x (A, K, B): each over one part of A and over B."""
    outer, kept, _ = x.shape
    threads = limit_threads(x.size // ELEMENTS)
    for unit in prange(parts * kept):
        part, k = unit // kept, unit % kept
        lanes, wide, steps = stack_array(LANES, x.dtype), stack_array(LANES, np.float64), 0
        lanes[:] = 0
        wide[:] = 0
        for a in range(part * outer // parts, (part + 1) * outer // parts):
            row = x[a, k]
            whole = len(row) - len(row) % (4 * LANES)
            for start in range(0, whole, 4 * LANES):
                first, second = row[start : start + LANES], row[start + LANES : start + 2 * LANES]
                third, fourth = row[start + 2 * LANES : start + 3 * LANES], row[start + 3 * LANES : start + 4 * LANES]
                for i in range(LANES):
                    lanes[i] += (first[i] + second[i]) + (third[i] + fourth[i])
                steps += 1
                if steps % FOURS == 0:
                    flush(lanes, wide)
            for start in range(whole, len(row), LANES):
                rest = row[start : start + LANES]
                for i in range(len(rest)):
                    lanes[i] += rest[i]
                steps += 1
                if steps % FOURS == 0:
                    flush(lanes, wide)
        flush(lanes, wide)
        sums[part, k] = wide.sum()
    set_threads(threads)


@kernel(parallel=True, allocates=True)
def add_parts(parts, together, step, column, y):
    """y = Σ_b parts[b] of parts (B, R, L), added in order of b, in another memory layout.

    Rows are in groups of `together`, and the groups begin `step` apart in y.  Element l of row i of a group goes to
    column[l] + i of the group; it is dropped if column[l] < 0.
    """
    rows, length = parts.shape[1], parts.shape[2]
    block_rows = max(1, BLOCK // max(1, length))
    numbers = parts.reshape(len(parts), rows * length)
    threads = limit_threads(parts.size // ELEMENTS)
    for unit in prange(-(-rows // block_rows)):
        first, last = unit * block_rows, min(rows, (unit + 1) * block_rows)
        sums = numbers[0, first * length : last * length].copy()
        for b in range(1, len(numbers)):
            part = numbers[b, first * length : last * length]
            for i in range(len(sums)):
                sums[i] += part[i]
        begin = np.empty(last - first, np.int64)
        for i in range(len(begin)):
            begin[i] = (first + i) // together * step + (first + i) % together
        for j in range(length):
            if column[j] >= 0:
                for i in range(len(begin)):
                    y[begin[i] + column[j]] = sums[i * length + j]
    set_threads(threads)


@kernel()
def _add_lines(x, at, lines, step, partial, sums):
    """sums[i] += Σ_r x[at + r step + i] for r < lines.  `partial`, as long as sums, is 0 before and after.

    Four numbers are added at a time: fewer loads and stores of the sums, and fewer roundings.
    """
    width, whole = len(sums), lines - lines % 4
    for r in range(0, whole, 4):
        start = at + r * step
        first, second = x[start : start + width], x[start + step : start + step + width]
        third, fourth = x[start + 2 * step : start + 2 * step + width], x[start + 3 * step : start + 3 * step + width]
        for i in range(len(partial)):
            partial[i] += (first[i] + second[i]) + (third[i] + fourth[i])
        if r // 4 % FOURS == FOURS - 1 or r + 4 == whole:
            for i in range(len(partial)):
                sums[i] += partial[i]
                partial[i] = 0
    for r in range(whole, lines):
        line = x[at + r * step : at + r * step + width]
        for i in range(len(line)):
            sums[i] += line[i]


@kernel()
def _add_strips(x, first, last, begin, end, sums):
    """sums (P, K), float64, of x (P, A, K) over begin ≤ a < end, for strips first … last - 1 of LINE columns."""
    rows, kept = x.shape[1], x.shape[2]
    strips, flat = -(-kept // LINE), x.reshape(-1)
    partial, wide = stack_array(LINE, x.dtype), stack_array(LINE, np.float64)
    partial[:] = 0
    together = max(1, min(MAX_LINE_ROWS // kept, (end - begin) // 4))  # rows that make a line
    lines = (end - begin) // together
    for strip in range(first, last):
        p, k = strip // strips, strip % strips * LINE
        at, out = (p * rows + begin) * kept + k, sums[p, k : k + LINE]
        line = wide[: together * len(out)]
        line[:] = 0
        _add_lines(flat, at, lines, together * kept, partial[: len(line)], line)
        for i in range(len(out)):
            out[i] = line[i]
        for r in range(1, together):
            row = line[r * kept : (r + 1) * kept]
            for i in range(len(row)):
                out[i] += row[i]
        for r in range(lines * together, end - begin):
            row = flat[at + r * kept : at + r * kept + len(out)]
            for i in range(len(row)):
                out[i] += row[i]


@kernel(parallel=True)
def _columns(x, cuts, parts, sums):
    """sums (B, P, K), float64, of x (P, A, K): over each of B parts of A.  The strips are in `cuts` blocks."""
    rows, strips = x.shape[1], x.shape[0] * -(-x.shape[2] // LINE)
    threads = limit_threads(x.size // ELEMENTS)
    for unit in prange(cuts * parts):
        cut, part = unit // parts, unit % parts
        first, last = cut * strips // cuts, (cut + 1) * strips // cuts
        _add_strips(x, first, last, part * rows // parts, (part + 1) * rows // parts, sums[part])
    set_threads(threads)


@kernel(allocates=True)
def _sum_small(x, outer, rows, kept, y):
    """y (P, K) of x (P, A, K), both flat, added in float64."""
    sums = np.zeros(LANES if kept == 1 else kept)  # for K = 1, elements of A side by side
    for p in range(outer):
        part = x[p * rows * kept : (p + 1) * rows * kept]
        sums[:] = 0
        for start in range(0, len(part), len(sums)):
            line = part[start : start + len(sums)]
            for i in range(len(line)):
                sums[i] += line[i]
        if kept == 1:
            y[p] = sums[: len(part)].sum()
        else:
            y[p * kept : (p + 1) * kept] = sums


def _total_of_columns(x: Array) -> Array:
    """Σ over the middle dimension of x (P, A, K), (P, K) in float64."""
    outer, rows, kept = x.shape
    strips, many = outer * -(-kept // LINE), blocks(x.size, ELEMENTS)
    if x.size < MIN_SIZE:  # starting the threads would take longer
        sums = np.empty((outer, kept))
        _add_strips(x, 0, strips, 0, rows, sums)
        return sums
    cuts = min(strips, many)
    parts = max(1, min(rows // (4 * FOURS), many // cuts))
    sums = np.empty((parts, outer, kept))
    _columns(x, cuts, parts, sums)
    return sums[0] if parts == 1 else sums.sum(axis=0)


def _total_of_rows(x: Array, outer: int, kept: int, inner: int) -> Array:
    """Σ over A and B of x (A, K, B), (K) in float64."""
    rest = 0.0
    if kept == 1:  # a sum over everything: use rows of 1024 elements, and NumPy for the rest
        whole = x.size // 1024
        flat = x.reshape(-1)
        rest = np.sum(flat[1024 * whole :], dtype=np.float64)
        x, outer, inner = flat[: 1024 * whole], whole, 1024
    sums = np.empty((max(1, min(outer, blocks(x.size, ELEMENTS) // kept)), kept))
    _rows(x.reshape(outer, kept, inner), len(sums), sums)
    return sums.sum(axis=0) + rest


def total(x: Array, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    """np.sum over distinct, non-negative dimensions.  In float32 the error is below 1e-6 Σ |x|."""
    if x.dtype.char not in "fd":
        return _reduce(x, dim, x.dtype, None, keepdim)
    x = np.asarray(x, order="C")  # so that the bits do not depend on the memory layout
    small = _small_form(x.shape, dim, keepdim) if x.size <= SMALL else None
    if small:
        form, shape = small
        y = np.empty(shape, x.dtype)
        _sum_small(dense(x).ravel(), *form, y.ravel())
        return y
    plan = _plan(x.shape, dim)
    if plan is None:
        return _reduce(x, dim, x.dtype, None, keepdim)
    form, between, rest = plan
    if between is None:
        y = _total_of_rows(dense(x), *form)
    else:
        y = _total_of_columns(dense(x).reshape(form))
        y = y.reshape(between).sum(axis=rest) if rest else y
    return y.astype(x.dtype).reshape(_result(x.shape, dim, keepdim))


def _result(shape: Shape, dim: tuple[int, ...], keepdim: bool) -> list[int]:
    return [1 if i in dim else n for i, n in enumerate(shape) if keepdim or i not in dim]


@lru_cache(maxsize=4096)
def _small_form(shape: Shape, dim: tuple[int, ...], keepdim: bool) -> tuple[Shape, Shape] | None:
    """(P, A, K) for `_sum_small`, and the result's shape.  None unless dimensions side by side are summed."""
    first, last = min(dim, default=0), max(dim, default=-1) + 1
    if last - first != len(dim) or not dim or 0 in shape:
        return None
    form = math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])
    return form, tuple(_result(shape, dim, keepdim))


@lru_cache(maxsize=4096)
def _plan(shape: Shape, dim: tuple[int, ...]) -> tuple[Shape, list[int] | None, tuple[int, ...] | None] | None:
    """How to sum an array of this shape: (form, between, rest), or None if np.sum is as exact and as fast.

    (A, K, B), None, None
        Sum over A and B.
    (P, A, K), between, rest
        Sum over A, which gives an array of shape `between`; then sum that over its dimensions `rest`.
    """
    groups: list[list[int]] = []  # adjacent dimensions that are all summed, or all kept, become one
    for i, n in enumerate(shape):
        if n != 1:
            if groups and (i in dim) == (groups[-1][0] in dim):
                groups[-1].append(i)
            else:
                groups.append([i])
    sizes = [math.prod(shape[i] for i in group) for group in groups]
    summed = [k for k, group in enumerate(groups) if group[0] in dim]
    if not summed or 0 in sizes:
        return None
    last = len(groups) - 1
    leading = [k for k in summed if k != last]  # only along the last dimension does NumPy add pairwise
    added, inner = math.prod(sizes[k] for k in leading), sizes[last] if last in summed else 1
    long = inner >= LANES and added * inner >= 16 * LANES and math.prod(sizes) >= MIN_SIZE
    if last in summed and len(groups) - len(summed) <= 1 and long:
        return (added, math.prod(sizes) // added // inner, inner), None, None
    if added <= FEW:
        return None
    most = max(leading, key=lambda k: sizes[k])
    form = math.prod(sizes[:most]), sizes[most], math.prod(sizes[most + 1 :])
    rest = tuple([k for k in summed if k != most])
    return form, [1 if k == most else n for k, n in enumerate(sizes)], rest


# ── running sums ───────────────────────────────────────────────────────────────────────


@kernel()
def _run_strips(x, first, last, y):
    """y[p, n, k] = Σ_m≤n x[p, m, k], added in float64, for strips first … last - 1 of LINE columns."""
    rows, kept = x.shape[1], x.shape[2]
    strips, wide = -(-kept // LINE), stack_array(LINE, np.float64)
    for strip in range(first, last):
        p, k = strip // strips, strip % strips * LINE
        if kept == 1:
            running, row, out = 0.0, x[p, :, 0], y[p, :, 0]
            for n in range(rows):
                running += row[n]
                out[n] = running
        else:
            sums = wide[: min(LINE, kept - k)]
            sums[:] = 0
            for n in range(rows):
                line, out = x[p, n, k : k + len(sums)], y[p, n, k : k + len(sums)]
                for i in range(len(sums)):
                    sums[i] += line[i]
                    out[i] = sums[i]


@kernel(parallel=True)
def _running(x, cuts, y):
    """`_run_strips` for all strips, in `cuts` blocks."""
    strips = x.shape[0] * -(-x.shape[2] // LINE)
    threads = limit_threads(x.size // ELEMENTS)
    for cut in prange(cuts):
        _run_strips(x, cut * strips // cuts, (cut + 1) * strips // cuts, y)
    set_threads(threads)


def running_total(x: Array, *, dim: int) -> Array:
    """np.cumsum along a dimension.  Sums of float32 numbers are rounded only once."""
    if x.dtype != np.float32:
        return np.cumsum(x, axis=dim, dtype=x.dtype)  # NumPy would widen small integers
    y = np.empty(x.shape, x.dtype)
    form = math.prod(x.shape[:dim]), x.shape[dim], math.prod(x.shape[dim + 1 :])
    rows, sums, strips = dense(x).reshape(form), y.reshape(form), form[0] * -(-form[2] // LINE)
    if x.size < MIN_SIZE:
        _run_strips(rows, 0, strips, sums)
    else:
        _running(rows, min(strips, blocks(x.size, ELEMENTS)), sums)
    return y
