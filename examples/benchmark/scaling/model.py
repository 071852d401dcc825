"""How long a step takes on some ranks: computing, latency, bandwidth and adding, which are measured or assumed.

A step on n ranks takes

    computing(rows of a rank) + calls · ⌈log₂ n⌉ · latency + time of adding the gradients

The gradients are G bytes. Adding them takes, in the way that `autograd.distributed.reduction` chooses,

    gather     ⌈log₂ n⌉ · latency + (n - 1) · G / bandwidth + (n - 1) · G / adding
    halves     log₂ n · (latency + G / bandwidth + G / adding)
    slices     2 (n - 1) · (latency + G / n / bandwidth) + (n - 1) / n · G / adding

Sources: Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in MPICH", 2005, for the
costs of recursive doubling, pairwise exchange and the ring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autograd.distributed.reduction import fastest, layout


class Net(NamedTuple):
    """What joins the ranks."""

    latency: float  # seconds
    bandwidth: float  # bytes per second, each way


class Step(NamedTuple):
    """The parts of a step, in seconds."""

    computing: float
    latency: float
    bandwidth: float
    adding: float

    @property
    def total(self) -> float:
        return sum(self)


def communication(ranks: int, shards: int, rows: int, size: int, calls: float, adding: float, net: Net) -> Step:
    """Predict a step without its computing.

    Parameters
    ----------
    ranks, shards, rows : int
        Rows of the whole batch.
    size : int
        Bytes of the gradients.
    calls : float
        Calls of MPI in a step, besides those that add gradients.
    adding : float
        Bytes per second in which arrays are added.
    net : Net
    """
    if ranks == 1:
        return Step(0.0, 0.0, 0.0, 0.0)
    rounds = math.ceil(math.log2(ranks))
    where = layout(shards, ranks, rows)
    blocks = sum(map(len, where.of)) / ranks
    way = fastest(where, size)
    if way == "gather":
        moved, turns, added = (ranks - 1) * blocks * size, rounds, (ranks * blocks - 1) * size
    elif way == "halves":
        moved, turns, added = rounds * size, rounds, rounds * size
    else:
        moved, turns = (ranks - 1) * (blocks + 1) * size / ranks, 2 * (ranks - 1)
        added = (ranks * blocks - 1) * size / ranks
    return Step(0.0, (calls * rounds + turns) * net.latency, moved / net.bandwidth, added / adding)


class Computing(NamedTuple):
    """Seconds of computing for some rows: fixed + each · rows."""

    fixed: float
    each: float

    def __call__(self, rows: float) -> float:
        return self.fixed + self.each * rows


def fitted(rows: Sequence[int], seconds: Sequence[float]) -> Computing:
    """Fit measured times by least squares of the relative errors; neither part is negative."""
    weights = 1 / np.asarray(seconds)
    columns = np.stack([weights, np.asarray(rows) * weights], axis=1)
    (fixed, each), *_ = np.linalg.lstsq(columns, np.ones(len(rows)), rcond=None)
    if fixed < 0:
        each, fixed = float((np.asarray(rows) * weights).sum() / ((np.asarray(rows) * weights) ** 2).sum()), 0.0
    return Computing(float(fixed), float(each))


def efficiency(computing: float, other: Step) -> float:
    """The part of a step that is computing."""
    return computing / (computing + other.total)


def rows_needed(wanted: float, computing: Computing, other: Step) -> float:
    """The rows of a rank from which on the efficiency is at least `wanted`."""
    return max(1.0, (wanted / (1 - wanted) * other.total - computing.fixed) / computing.each)
