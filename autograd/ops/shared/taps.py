"""Matrices of few numbers: each output of a linear map along one dimension is a weighted sum of a few inputs, its taps.

Interpolation is such a map, once for each dimension.  So is the choice of elements along a dimension.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from autograd.types import Array, DTypeLike


@dataclass(frozen=True, eq=False)
class Taps:
    """A matrix in compressed rows: y[i] = Σ weights[t] x[places[t]] over t from starts[i] to starts[i + 1] - 1.

    Attributes
    ----------
    starts : Array of int64, (outputs + 1,)
    places : Array of int64, (taps,)
    weights : Array of float64, (taps,)
    size : int
        Number of inputs.
    """

    starts: Array
    places: Array
    weights: Array
    size: int

    @property
    def outputs(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def transposed(self) -> Taps:
        """The transpose of the matrix, which is the map of the gradients."""
        rows = np.repeat(np.arange(self.outputs), np.diff(self.starts))
        order = np.argsort(self.places, kind="stable")
        starts = np.searchsorted(self.places[order], np.arange(self.size + 1))
        result = Taps(starts, rows[order], self.weights[order], self.outputs)
        result.__dict__["transposed"] = self
        return result


def equal_rows(places: Array, weights: Array, size: int) -> Taps:
    """The matrix whose rows have the same number of taps: places and weights (outputs, taps of each)."""
    outputs, each = places.shape
    return Taps(np.arange(outputs + 1) * each, places.reshape(-1), weights.reshape(-1).astype(np.float64), size)


def chosen(places: Array, size: int) -> Taps:
    """The map y = x[places] along a dimension of `size` elements."""
    return equal_rows(places.reshape(-1, 1), np.ones((places.size, 1)), size)


# ── interpolation ──────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=256)
def interpolating(
    mode: str, size: int, outputs: int, align_corners: bool, factor: float | None, antialias: bool, dtype: DTypeLike
) -> Taps:
    """The matrix that interpolates `size` points of one dimension at `outputs` points.

    Parameters
    ----------
    mode : "nearest", "nearest-exact", "linear" or "cubic"
    align_corners : bool
        Whether the centers, rather than the edges, of the first and the last points are aligned.
    factor : float or None
        How many times larger the output is, if it was given so; else outputs / size.
    antialias : bool
        Whether the window grows when the output is smaller than the input, so that it has all points.
    dtype : dtype
        Positions are computed in it, as PyTorch does: its rounding can decide which point is the nearest.
    """
    number: Any = np.dtype(np.float32 if mode.startswith("nearest") else dtype).type
    i = np.arange(outputs).astype(number)
    if align_corners:
        scale = number(size - 1) / number(outputs - 1) if outputs > 1 else number(0)
    else:
        scale = number(1 / factor) if factor else number(size) / number(outputs or 1)
    if mode.startswith("nearest"):
        places = np.floor((i + number(0.5 if mode == "nearest-exact" else 0)) * scale).astype(np.int64)
        return chosen(np.minimum(places, size - 1), size)
    if antialias:
        return _antialiased(mode, size, outputs, float(scale))
    position = i * scale if align_corners else scale * (i + number(0.5)) - number(0.5)
    if size == outputs and not factor:
        position = i
    if mode == "linear":
        position = np.maximum(position, 0)
        first = np.minimum(np.floor(position).astype(np.int64), size - 1)
        t = np.clip(position - first.astype(number), 0, 1)
        second = first if size == outputs else np.minimum(first + 1, size - 1)
        return equal_rows(np.stack((first, second), 1), np.stack((1 - t, t), 1), size)
    first = np.floor(position).astype(np.int64)
    t = np.clip(position - first.astype(number), 0, 1)
    places = np.clip(first[:, None] + np.arange(-1, 3), 0, size - 1)
    return equal_rows(places, np.stack([cubic(t - k, -0.75) for k in range(-1, 3)], 1), size)


def cubic(t: Array, a: float) -> Array:
    """Keys's cubic kernel at a distance t, with the slope `a` at 1; 0 from a distance of 2 on."""
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


def _antialiased(mode: str, size: int, outputs: int, scale: float) -> Taps:
    """The kernel of the mode, stretched over `scale` points if they are more than one, and normalized."""
    wide = max(scale, 1.0)
    support = wide * (1 if mode == "linear" else 2)
    starts, places, weights = [0], [], []
    for i in range(outputs):
        center = scale * (i + 0.5)
        first, end = max(math.trunc(center - support + 0.5), 0), min(math.trunc(center + support + 0.5), size)
        j = np.arange(first, end)
        distance = (j - center + 0.5) / wide
        w = np.maximum(0, 1 - np.abs(distance)) if mode == "linear" else cubic(distance, -0.5)
        places.append(j)
        weights.append(w / w.sum())
        starts.append(starts[-1] + len(j))
    return Taps(np.array(starts), np.concatenate(places), np.concatenate(weights), size)
