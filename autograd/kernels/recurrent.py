"""Recurrent layers over whole sequences: the recurrent products and the gates of all time steps in one kernel.

A sequence's states depend on each other from step to step, but those of different sequences do not.  So threads take
blocks of sequences, and run all steps of a block without waiting for each other.  The weights are packed once, into
panels for the micro-kernel (gemm.py), and stay in cache from step to step.  Rows of a product do not depend on each
other either, so the bits depend neither on the blocks nor on the number of threads.

The sequences are sorted by length, the longest first, and packed: all first steps, then all second steps of the
sequences that have one, and so on.  Step t of sequence n is row `starts[t] + n`, for n < sizes[t].  In a batch of
equally long sequences all sizes are the same.  `order` lists the steps: 0 to T - 1, or T - 1 to 0.

The formulas are in autograd/ops/recurrent.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.functions import exponential, hyperbolic_tangent
from autograd.kernels.gemm import (
    MIN_PRODUCTS,
    aligned,
    depth_block,
    lanes,
    multiply_panel,
    offsets,
    panel_columns,
    transpose_rows,
)
from autograd.kernels.jit import dense, kernel, limit_threads, set_threads
from autograd.kernels.microkernels import FEW_ROWS, IndexedPlace, IndexedRows, Place, Rows, clear, copy_panel
from autograd.kernels.threads import get_number
from autograd.types import Array

LSTM, GRU, TANH, RELU = range(4)  # which cell
GATES = (4, 3, 1, 1)  # gates of each cell: rows of its weights divided by the hidden size
MOST_ROWS = 64  # sequences in a block, whose states and gates of a step stay in cache


class Steps(NamedTuple):
    """Where the steps of packed sequences are."""

    sizes: Array  # (T,) number of sequences that have step t
    starts: Array  # (T,) row of the first of them
    order: Array  # (T,) steps in the order in which they are computed


def steps(batch_sizes: Sequence[int], reverse: bool) -> Steps:
    """The places of the steps, from the number of sequences that have each."""
    sizes = np.array(batch_sizes, np.int64)
    order = np.arange(len(sizes))
    return Steps(sizes, sizes.cumsum() - sizes, order[::-1].copy() if reverse else order)


@kernel()
def _pack(w, transposed_row, panel, panels):
    """Pack one panel of B, which is w, or wᵀ if `transposed_row` has the starts of w's rows.  Rows of B follow each
    other through the panel's whole depth.
    """
    rows, columns = w.shape
    transposed, flat = len(transposed_row) > 0, w.reshape(-1)
    depth, last = (columns, rows) if transposed else (rows, columns)
    width = panel_columns(last, lanes(w))
    count, at = min(width, last - panel * width), panel * depth * width
    if transposed:
        if count < width:
            clear(panels, at, depth * width)
        transpose_rows(
            IndexedRows(flat, 0, transposed_row, panel * width), count, depth, Rows(panels, at, width)
        )  # fmt: skip
    else:
        copy_panel(Rows(flat, panel * width, columns), depth, count, Rows(panels, at, width))


@kernel()
def _multiply(a, rows, depth, row, panels, columns, c, start, step, add):
    """c[start + i step + j] = Σ_k a[i depth + k] B[k, j], or += with `add`, with all panels of B."""
    width = panel_columns(columns, lanes(a))
    most = depth_block(depth, width * a.itemsize)
    for j in range(0, columns, width):
        for k in range(0, max(1, depth), most):
            multiply_panel(
                a, row, 1, IndexedPlace(0, 0, k), panels, Place(j * depth + k * width, width), min(most, depth - k),
                most, rows, min(width, columns - j), c, Place(start + j, step), add or k > 0,
            )  # fmt: skip


# ── elementwise parts, for one sequence and one step ───────────────────────────────────
#
# Each loop writes to one or two arrays and reads few.  LLVM checks at run time that they do not overlap, and does not
# vectorize a loop that needs many checks.


@kernel()
def _add_sigmoid(a, p):
    """a = σ(a + p)."""
    one = a.dtype.type(1)
    for i in range(len(a)):
        a[i] = one / (one + exponential(-(a[i] + p[i])))


@kernel()
def _add_tanh(a, p):
    """a = tanh(a + p)."""
    for i in range(len(a)):
        a[i] = hyperbolic_tangent(a[i] + p[i])


@kernel()
def _add(a, b):
    """a += b."""
    for i in range(len(a)):
        a[i] += b[i]


@kernel()
def _copy(a, b):
    """b = a.  `copy_row` calls memcpy, and an LSTM's step took 3 % longer with it."""
    for i in range(len(a)):
        b[i] = a[i]


@kernel()
def _lstm(p, gates, state, h, y, c):
    size = len(h)
    _add_sigmoid(gates[: 2 * size], p[: 2 * size])
    _add_tanh(gates[2 * size : 3 * size], p[2 * size : 3 * size])
    _add_sigmoid(gates[3 * size :], p[3 * size :])
    i, f, g, o = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    for k in range(len(state)):
        state[k] = f[k] * state[k] + i[k] * g[k]
    for k in range(len(h)):
        h[k] = o[k] * hyperbolic_tangent(state[k])
    _copy(h, y)
    _copy(state, c)


@kernel()
def _gru(p, b, gates, h, y):
    size = len(h)
    _add(gates[: 3 * size], b)
    _copy(gates[2 * size : 3 * size], gates[3 * size :])
    _add_sigmoid(gates[: 2 * size], p[: 2 * size])
    r, z, n, q, p_n = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :], p[2 * size :]
    for k in range(len(n)):
        n[k] = hyperbolic_tangent(p_n[k] + r[k] * q[k])
    for k in range(len(h)):
        h[k] = n[k] + z[k] * (h[k] - n[k])
    _copy(h, y)


@kernel()
def _simple(cell, p, h, y):
    if cell == TANH:
        _add_tanh(y, p)
    else:
        for k in range(len(y)):
            x = y[k] + p[k]
            y[k] = 0 if x <= 0 else x
    _copy(y, h)


@kernel()
def _sigmoid_grad(a, b, extra, s, out):
    """out = (a b + extra) s (1 - s)."""
    one = s.dtype.type(1)
    for k in range(len(out)):
        out[k] = (a[k] * b[k] + extra[k]) * (s[k] * (one - s[k]))


@kernel()
def _lstm_grad(gc, ggates, gates, c, before, dh, dc, t, d):
    """Gradients d of the gates' inputs.  dh: of h.  dc: of c, from the next step on entry, for the last on return."""
    size, one = len(dh), dh.dtype.type(1)
    i, f, g, o = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    for k in range(len(t)):
        t[k] = hyperbolic_tangent(c[k])
    for k in range(len(dc)):
        dc[k] += gc[k] + dh[k] * o[k] * (one - t[k] * t[k])
    _sigmoid_grad(dc, g, ggates[:size], i, d[:size])
    _sigmoid_grad(dc, before, ggates[size : 2 * size], f, d[size : 2 * size])
    extra, out = ggates[2 * size : 3 * size], d[2 * size : 3 * size]
    for k in range(len(out)):
        out[k] = (dc[k] * i[k] + extra[k]) * (one - g[k] * g[k])
    _sigmoid_grad(dh, t, ggates[3 * size :], o, d[3 * size :])
    for k in range(len(dc)):
        dc[k] *= f[k]
    dh[:] = 0


@kernel()
def _gru_grad(ggates, gates, before, dh, t, dp, dq):
    """Gradients dp of the input's part of the gates and dq of the state's.  dh: of h, and of the last h on return."""
    size, one = len(dh), dh.dtype.type(1)
    r, z, n, q = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    extra, d_n, q_n = ggates[2 * size : 3 * size], dp[2 * size :], dq[2 * size :]
    for k in range(len(d_n)):
        d_n[k] = (dh[k] * (one - z[k]) + extra[k]) * (one - n[k] * n[k])
    extra = ggates[3 * size :]
    for k in range(len(q_n)):
        q_n[k] = d_n[k] * r[k] + extra[k]
    _sigmoid_grad(d_n, q, ggates[:size], r, dp[:size])
    for k in range(len(t)):
        t[k] = before[k] - n[k]
    _sigmoid_grad(dh, t, ggates[size : 2 * size], z, dp[size : 2 * size])
    _copy(dp[: 2 * size], dq[: 2 * size])
    for k in range(len(dh)):
        dh[k] *= z[k]


@kernel()
def _simple_grad(cell, y, dh, d):
    if cell == TANH:
        one = dh.dtype.type(1)
        for k in range(len(d)):
            d[k] = dh[k] * (one - y[k] * y[k])
    else:
        for k in range(len(d)):
            slope = dh[k]
            d[k] = 0 if y[k] <= 0 else slope
    dh[:] = 0


# ── whole sequences ────────────────────────────────────────────────────────────────────


@kernel()
def _run_block(cell, arrays, where, row, panels, first, last, h, state):
    """Fill y, c and gates of sequences first to last - 1.  h and state begin as those of h0 and c0."""
    p, h0, _, w, b, y, c, gates = arrays
    sizes, starts, order = where
    out = gates if cell <= GRU else y
    flat, step = out.reshape(-1), out.shape[1]
    for t in order:
        active, at = min(last, sizes[t]) - first, starts[t] + first
        if active <= 0:
            continue
        _multiply(h.reshape(-1), active, h0.shape[1], row, panels, len(w), flat, at * step, step, False)
        for n in range(active):
            if cell == LSTM:
                _lstm(p[at + n], gates[at + n], state[n], h[n], y[at + n], c[at + n])
            elif cell == GRU:
                _gru(p[at + n], b[0], gates[at + n], h[n], y[at + n])
            else:
                _simple(cell, p[at + n], h[n], y[at + n])


@kernel(parallel=True, allocates=True)
def _run(cell, arrays, where, tables, rows):
    """Fill y, c and gates, in blocks of `rows` sequences."""
    p, h0, c0, w, _, _, _, _ = arrays
    row, transposed_row = tables
    hidden, columns, width = h0.shape[1], len(w), panel_columns(len(w), lanes(w))
    panels = aligned(-(-columns // width) * hidden * width, w)
    threads = limit_threads(len(p) * len(w) * hidden // MIN_PRODUCTS)
    for panel in prange(-(-columns // width)):
        _pack(w, transposed_row, np.int64(panel), panels)
    for block in prange(-(-len(h0) // rows)):
        first, last = block * rows, min(len(h0), (block + 1) * rows)
        h, state = h0[first:last].copy(), c0[first:last].copy()
        _run_block(cell, arrays, where, row, panels, first, last, h, state)
    set_threads(threads)


@kernel()
def _run_block_grad(cell, arrays, more, where, row, panels, first, last, scratch):
    """Fill dp, dq, dh0 and dc0 of sequences first to last - 1.  scratch (H,) is memory."""
    h0, c0, w, y, c, gates = arrays
    gy, gc, ggates, dp, dq, dh0, dc0 = more
    sizes, starts, order = where
    hidden, depth, count = h0.shape[1], len(w), len(order)
    flat, flat_dh = dq.reshape(-1), dh0.reshape(-1)
    dh, dc = dh0[first:last], dc0[first:last]
    dh[:] = 0
    dc[:] = 0
    for i in range(count):
        t, previous = order[count - 1 - i], order[max(0, count - 2 - i)]
        active, at = min(last, sizes[t]) - first, starts[t] + first
        if active <= 0:
            continue
        earlier = 0 if i == count - 1 else sizes[previous] - first  # sequences that have the step before
        for n in range(active):
            _add(dh[n], gy[at + n])
            if cell == LSTM:
                before = c[starts[previous] + first + n] if n < earlier else c0[first + n]
                _lstm_grad(
                    gc[at + n], ggates[at + n], gates[at + n], c[at + n], before, dh[n], dc[n], scratch, dp[at + n]
                )  # fmt: skip
            elif cell == GRU:
                before = y[starts[previous] + first + n] if n < earlier else h0[first + n]
                _gru_grad(ggates[at + n], gates[at + n], before, dh[n], scratch, dp[at + n], dq[at + n])
            else:
                _simple_grad(cell, y[at + n], dh[n], dp[at + n])
        _multiply(
            flat[at * depth :], active, depth, row, panels, hidden, flat_dh, first * hidden, hidden, True
        )  # fmt: skip


@kernel(parallel=True, allocates=True)
def _run_grad(cell, arrays, more, where, row, rows):
    """Fill dp and dq, which may be one array, and dh0 and dc0, in blocks of `rows` sequences."""
    h0, _, w, _, _, _ = arrays
    hidden, depth, width = h0.shape[1], len(w), panel_columns(h0.shape[1], lanes(w))
    panels = aligned(-(-hidden // width) * depth * width, w)
    threads = limit_threads(len(more[3]) * len(w) * hidden // MIN_PRODUCTS)
    for panel in prange(-(-hidden // width)):
        _pack(w, row[:0], np.int64(panel), panels)
    for block in prange(-(-len(h0) // rows)):
        first, last = block * rows, min(len(h0), (block + 1) * rows)
        _run_block_grad(cell, arrays, more, where, row, panels, first, last, np.empty(hidden, w.dtype))
    set_threads(threads)


def _rows(sequences: int) -> int:
    """Sequences in a block: threads get equal numbers of blocks, and blocks as many whole tiles of rows as possible."""
    share = max(1, -(-sequences // get_number()))
    return FEW_ROWS * -(-share // (FEW_ROWS * -(-share // MOST_ROWS)))


def _none(like: Array) -> Array:
    return np.empty((0, like.shape[1]), like.dtype)


def run(
    cell: int, p: Array, h0: Array, c0: Array | None, w: Array, b: Array | None, where: Steps
) -> tuple[Array, Array, Array]:
    """The states y (P, H), and for an LSTM the cells c (P, H); the gates (P, 4 H), for a GRU with the products q.

    p (P, G H): the input's part of the gates; h0, c0 (N, H); w (G H, H); b (G H,), for a GRU.
    """
    h0, w = dense(h0), dense(w)
    hidden = h0.shape[1]
    y = np.empty((len(p), hidden), p.dtype)
    c = np.empty(y.shape if cell == LSTM else (0, hidden), p.dtype)
    gates = np.empty((len(p) if cell <= GRU else 0, 4 * hidden), p.dtype)
    c0 = np.empty(h0.shape, p.dtype) if c0 is None else dense(c0)
    b = np.zeros((1, len(w)), p.dtype) if b is None else dense(b).reshape(1, len(w))
    rows = _rows(len(h0))
    tables = offsets(rows, hidden), offsets(len(w), hidden)
    _run(cell, (dense(p), h0, c0, w, b, y, c, gates), tuple(where), tables, rows)
    return y, c, gates


def run_grad(
    cell: int,
    gs: tuple[Array, Array | None, Array | None],
    saved: tuple[Array, Array | None, Array, Array | None, Array | None, Array | None],
    where: Steps,
) -> tuple[Array, Array, Array, Array]:
    """Gradients dp (P, G H), dq (P, G H), dh0 and dc0 (N, H) from those of y, c and the gates.

    saved: h0, c0, w, y, c, gates as in `run`.  dq is the gradient of the recurrent product's result; only a GRU's
    differs from dp.
    """
    arrays = tuple(_none(saved[0]) if x is None else dense(x) for x in saved)
    h0, w = arrays[0], arrays[2]
    more = tuple(_none(h0) if g is None else dense(g) for g in gs)
    dp = np.empty((len(more[0]), len(w)), w.dtype)
    dq = np.empty(dp.shape, w.dtype) if cell == GRU else dp
    dh0, dc0 = np.empty(h0.shape, w.dtype), np.empty(h0.shape, w.dtype)
    rows = _rows(len(h0))
    _run_grad(cell, arrays, (*more, dp, dq, dh0, dc0), tuple(where), offsets(rows, len(w)), rows)
    return dp, dq, dh0, dc0
