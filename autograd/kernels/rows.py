"""Maximum and sum of a row, for kernels that take a matrix row by row, as softmax does."""

from __future__ import annotations

from autograd.kernels.jit import kernel
from autograd.kernels.sums import STEPS

BLOCK = 2048  # minimum number of elements for one thread
LANES = 32  # elements of a row that are compared or added side by side, in vector registers


@kernel()
def row_max(row, lanes):
    """Maximum of a row, NaN if the row has a NaN that the sum then passes on.  `lanes` (LANES,) is working memory."""
    lanes[:] = row[0]
    for start in range(0, len(row), LANES):
        some = row[start : start + LANES]
        for i in range(len(some)):
            lanes[i] = some[i] if some[i] > lanes[i] or some[i] != some[i] else lanes[i]
    largest = row[0]
    for value in lanes[: len(row)]:
        largest = value if value > largest or value != value else largest
    return largest


@kernel()
def row_sum(row, lanes):
    """Sum of a row: at most STEPS · LANES elements in the row's dtype, and these sums in float64."""
    total = 0.0
    for first in range(0, len(row), STEPS * LANES):
        part = row[first : first + STEPS * LANES]
        lanes[:] = 0
        for start in range(0, len(part), LANES):
            some = part[start : start + LANES]
            for i in range(len(some)):
                lanes[i] += some[i]
        for value in lanes[: len(part)]:
            total += value
    return row.dtype.type(total)
