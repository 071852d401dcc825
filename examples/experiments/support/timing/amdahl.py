"""Predict the gain of faster kernels from a profile: Amdahl's law.

    gain = 1 / ((1 - p) + p / s)

where p is the share of the step that the kernels take, and s is their speed-up. The rest, Python
between the kernels, stays the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from examples.experiments.support.timing.layer_times import LOOPS, NUMBA, REFERENCE, VECTORIZED
from examples.report.sections.profile_layers import in_layers, per_picture


class Expected(NamedTuple):
    """The predicted gain of one change."""

    before: str  # names of implementations, as in `times`
    after: str
    share: float  # p
    speedup: float  # s
    gain: float
    limit: float | None  # for infinitely fast kernels; None if p is 1


def gain(share: float, speedup: float) -> float:
    """Return the gain by Amdahl's law."""
    return 1 / ((1 - share) + share / speedup)


def key(way: dict[str, Any]) -> str:
    """Return the name of an implementation in results."""
    return f"{way['way']}, {way['threads']}"


def expected(ways: list[dict[str, Any]]) -> list[Expected]:
    """Return the predicted gain of each change.

    From plain Python and from both forms of NumPy to the kernels, all on one thread, the speed-up is
    that of the layers in the profile, per image. From one thread to more it is the number of threads.

    Parameters
    ----------
    ways : list of dict
        Results of `layer_times.time_layers`.
    """
    by_key = {key(way): way for way in ways}
    single = by_key[f"{NUMBA}, 1"]
    found = []
    for slow in (by_key[f"{way}, 1"] for way in (LOOPS, REFERENCE, VECTORIZED)):
        speedup = (in_layers(slow) / slow["batch"]) / (in_layers(single) / single["batch"])
        found.append(_expected(slow, key(single), speedup))
    for way in ways:
        if way["way"] == NUMBA and way["threads"] > 1:
            found.append(_expected(single, key(way), way["threads"]))
    return found


def measured(ways: list[dict[str, Any]]) -> dict[str, float]:
    """Return the seconds per image of each implementation."""
    return {key(way): per_picture(way) for way in ways}


def _expected(before: dict[str, Any], after: str, speedup: float) -> Expected:
    share = min(1.0, in_layers(before) / before["step"])  # the overhead of the profiler can make it exceed 1
    return Expected(key(before), after, share, speedup, gain(share, speedup), 1 / (1 - share) if share < 1 else None)
