"""What a profile lets one expect of faster kernels: Amdahl's law.

    gain = 1 / ((1 - p) + p / s)

with p the share of the step's time that the kernels do, and s how many times faster they are. The
rest, Python between them, stays as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from examples.experiments.support.timing.layer_times import LOOPS, NUMBA, NUMPY
from examples.report.sections.profile_layers import in_layers, per_picture


class Expected(NamedTuple):
    """What to expect of one change, by the profile."""

    before: str  # names of ways, as in `times`
    after: str
    share: float  # p
    speedup: float  # s
    gain: float
    limit: float | None  # with kernels that take no time at all; None where they are all there is


def gain(share: float, speedup: float) -> float:
    """Amdahl's law."""
    return 1 / ((1 - share) + share / speedup)


def key(way: dict[str, Any]) -> str:
    """A way's name in results."""
    return f"{way['way']}, {way['threads']}"


def expected(ways: list[dict[str, Any]]) -> list[Expected]:
    """Of each change what the profile lets one expect.

    From NumPy, and from plain Python, to the kernels on one thread the speed-up is that of the
    profile's layers, per image; from one thread to more it is the number of threads.

    Parameters
    ----------
    ways : list of dict
        As `layer_times.time_layers` makes them.
    """
    by_key = {key(way): way for way in ways}
    single = by_key[f"{NUMBA}, 1"]
    found = []
    for slow in (by_key[f"{LOOPS}, 1"], by_key[f"{NUMPY}, 1"]):
        speedup = (in_layers(slow) / slow["batch"]) / (in_layers(single) / single["batch"])
        found.append(_expected(slow, key(single), speedup))
    for way in ways:
        if way["way"] == NUMBA and way["threads"] > 1:
            found.append(_expected(single, key(way), way["threads"]))
    return found


def measured(ways: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds per image of each way."""
    return {key(way): per_picture(way) for way in ways}


def _expected(before: dict[str, Any], after: str, speedup: float) -> Expected:
    share = min(1.0, in_layers(before) / before["step"])  # the profile's own time can put it above 1
    return Expected(key(before), after, share, speedup, gain(share, speedup), 1 / (1 - share) if share < 1 else None)
