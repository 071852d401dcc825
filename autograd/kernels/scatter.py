"""Rows added to the rows of a matrix that an index names: y[rows[i]] += g[i].

A row that is named often is added to in float64, so that rounding errors do not build up.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from autograd.kernels.jit import ELEMENTS, blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import FEW
from autograd.types import Array

_NO_COUNTS, _NO_ROWS = np.zeros(0, np.int32), np.zeros((0, 0))
COLUMNS = 256  # minimum number of columns for one thread: shorter pieces of a row waste cache lines


@kernel(allocates=True)
def _find_frequent(rows, count):
    """The rows named more than FEW times.  `count`, 0 before, is -k - 1 afterwards at row number k of the result."""
    frequent = np.empty(len(rows) // FEW, np.int64)
    found = 0
    for row in rows:
        if count[row] == FEW:
            frequent[found] = row
            found += 1
            count[row] = -found
        elif count[row] >= 0:
            count[row] += 1
    return frequent[:found]


@kernel(parallel=True)
def _add_rows(g, rows, parts, y, count, wide):
    """y[rows[i]] += g[i], for matrices.  Each thread takes some of the columns and all rows, in order.

    Where count[row] = -k - 1, g[i] is added to wide[k], in float64, instead.
    """
    columns = y.shape[1]
    threads = limit_threads(g.size // ELEMENTS)
    for part in prange(parts):
        start, stop = part * columns // parts, (part + 1) * columns // parts
        for i in range(len(rows)):
            row = rows[i]
            k = -1 - count[row] if len(wide) else -1
            if columns == 1:
                if k < 0:
                    y[row, 0] += g[i, 0]
                else:
                    wide[k, 0] += g[i, 0]
            elif k < 0:
                out, some = y[row, start:stop], g[i, start:stop]
                for j in range(len(out)):
                    out[j] += some[j]
            else:
                sums, some = wide[k, start:stop], g[i, start:stop]
                for j in range(len(sums)):
                    sums[j] += some[j]
    set_threads(threads)


def add_rows(y: Array, rows: Array, g: Array) -> None:
    """y[rows] += g in place, for y (R, K), rows (M,) and g (M, K).  A row that is named twice gets both."""
    if y.dtype not in (np.float32, np.float64):
        np.add.at(y, rows, g)
        return
    g, rows, parts = dense(g), dense(rows), blocks(y.shape[1], COLUMNS)
    if y.dtype == np.float64 or len(rows) <= FEW:
        _add_rows(g, rows, parts, y, _NO_COUNTS, _NO_ROWS)
    elif y.size <= g.size:
        wide = y.astype(np.float64)
        _add_rows(g, rows, parts, wide, _NO_COUNTS, _NO_ROWS)
        y[...] = wide
    else:  # of a large table, only the rows that are named often are converted to float64
        count = np.zeros(len(y), np.int32)
        frequent = _find_frequent(rows, count)
        wide = y[frequent].astype(np.float64)
        _add_rows(g, rows, parts, y, count, wide)
        y[frequent] = wide
