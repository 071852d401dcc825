"""Measuring how long a call takes: one procedure for lucidgrad and for the frameworks it is compared with.

It needs only the standard library, so that the benchmark can load this file next to another framework, without
the package.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

SHORTEST = 100_000  # ns; shorter calls are timed several at a time, so that reading the clock takes no part


class Timing(NamedTuple):
    """The result of `measure`; times in seconds per call.

    Parameters
    ----------
    first : float
        Time of the first call, which compiles.
    median, least : float
        Of the runs after it.
    spread : float
        Interquartile range divided by the median.
    runs : int
        Number of runs that were timed.

    Examples
    --------
    >>> from autograd.profiler import Timing
    >>> print(Timing(first=0.5, median=2e-3, least=1.8e-3, spread=0.05, runs=20))
    2 ms (median of 20, spread 5%, least 1.8 ms; the first call took 0.5 s)
    """

    first: float
    median: float
    least: float
    spread: float
    runs: int

    def __str__(self) -> str:
        unit, scale = next((u, s) for u, s in (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))
                           if self.median * s >= 1 or u == "ns")  # fmt: skip
        return (
            f"{self.median * scale:.3g} {unit} (median of {self.runs}, spread {self.spread:.0%}, "
            f"least {self.least * scale:.3g} {unit}; the first call took {self.first:.3g} s)"
        )


def times(
    function: Callable[[], Any], seconds: float, runs: int = 5, clock: Callable[[], int] = time.perf_counter_ns
) -> list[float]:
    """Seconds per call, for each of the runs that fit into `seconds`, at least `runs`.

    The first tenth of the time is a warm-up, which also determines the number of calls of a run.  The garbage
    collector is off meanwhile.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        began, calls = clock(), 0
        while not calls or clock() - began < seconds * 1e8:
            function()
            calls += 1
        calls = max(1, round(calls * SHORTEST / max(1, clock() - began)))
        found: list[float] = []
        began = clock()
        while len(found) < runs or clock() - began < seconds * 1e9:
            start = clock()
            for _ in range(calls):
                function()
            found.append((clock() - start) / calls * 1e-9)
        return found
    finally:
        if collecting:
            gc.enable()


def summarized(found: list[float], first: float) -> Timing:
    """Median, minimum and spread of the runs."""
    if not found:
        raise ValueError("summarized: there is no run to summarize")
    low, middle, high = statistics.quantiles(found, n=4, method="inclusive") if len(found) > 1 else found * 3
    return Timing(first, middle, min(found), (high - low) / middle if middle else 0.0, len(found))


def measure(
    function: Callable[[], Any],
    seconds: float = 0.5,
    runs: int = 5,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Timing:
    """Time a function of no arguments.

    Parameters
    ----------
    function : callable ()
    seconds : float
        For how long to repeat it.
    runs : int
        Minimum number of runs, however long they take.
    clock : callable () -> int
        The time in ns.

    Returns
    -------
    Timing
        The first call, which compiles or loads kernels, is reported separately and does not count as a run.

    Raises
    ------
    TypeError
        If function cannot be called.
    ValueError
        If seconds is negative or runs below 1.

    Examples
    --------
    >>> from autograd.profiler import measure
    >>> timing = measure(lambda: sum(range(100)), seconds=0.01)
    >>> 0 < timing.least <= timing.median
    True
    """
    if not callable(function):
        raise TypeError(
            f"measure: expects a function to call, got a {type(function).__name__}; write measure(lambda: ...)"
        )
    if not seconds >= 0 or runs < 1:
        raise ValueError(f"measure: needs seconds of at least 0 and at least 1 run, not seconds={seconds}, runs={runs}")
    start = clock()
    function()
    first = (clock() - start) * 1e-9
    return summarized(times(function, seconds, runs, clock), first)
