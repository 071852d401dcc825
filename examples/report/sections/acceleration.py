"""The section on Numba: the expected gain, the measured gain, and the cost of compilation."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from examples.experiments.support.timing.layer_times import FUSED, NUMBA, REFERENCE, VECTORIZED
from examples.report.page import COLORS, HATCHES, Figures, Results, new_figure, percent, plain, table, text_table
from examples.report.sections.profile_layers import label, milliseconds

TITLE = "What does Numba save?"


def section(results: Results, figures: Figures) -> list[str]:
    """Return for each run the answer, expected and measured gains, and the cost of compilation."""
    records = results.of("acceleration")
    if not records:
        return [
            "There is no result yet; `python -m examples.experiments.acceleration`, after "
            "`python -m examples.experiments.profile_layers`, "
            "makes one."
        ]
    parts = []
    for record in records:
        found = record.result
        alt = "Expected and measured gain of each change, on a logarithmic axis"
        parts += [
            _answer(found),
            "The expected gain follows Amdahl's law: 1 / ((1 − p) + p / s). Here p is the share of the step that "
            "layers, loss and optimizer take in the profile, and s is their speed-up. If the implementation changes, "
            "s is the ratio of their times in the profile. If the number of threads changes, s is that number.",
            _table(found),
            figures.add(record.name, draw(found), alt),
            _fusion(found),
            _compiling(found),
        ]
        parts += [record.cut_short] if record.cut_short else []
    return parts


def gains(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return for each change its name, the expected gain and the measured gain."""
    times = found["seconds_per_picture"]
    return [
        (f"{_words(row['before'])} → {_words(row['after'])}", row["gain"], times[row["before"]] / times[row["after"]])
        for row in found["expected"]
    ]


def _times(gain: float) -> str:
    return f"{gain:,.{0 if gain >= 100 else 1 if gain >= 10 else 2}f}"


def _words(key: str) -> str:
    way, threads = key.rsplit(", ", 1)
    return label({"way": way, "threads": int(threads)})


def _quickest(times: dict[str, float], *ways: str) -> str:
    return min((key for key in times if key.rsplit(", ", 1)[0] in ways), key=times.__getitem__)


def in_terminal(found: dict[str, Any]) -> str:
    """Return the answer, and the expected and measured gains, as plain text of 79 columns."""
    times = found["seconds_per_picture"]
    steps = text_table(
        ["a training step", "ms per image"], [[_words(key), milliseconds(time)] for key, time in times.items()]
    )
    changes = text_table(
        ["times as fast", "expected", "measured"],
        [[change, _times(expected), _times(measured)] for change, expected, measured in gains(found)],
    )
    return f"{steps}\n\n{changes}\n\n" + "\n".join(map(plain, (_answer(found), _compiling(found))))


def _answer(found: dict[str, Any]) -> str:
    times = found["seconds_per_picture"]
    loops, slow, fast = _quickest(times, REFERENCE), _quickest(times, VECTORIZED), _quickest(times, NUMBA, FUSED)
    vectorizing, kernels = times[loops] / times[slow], times[slow] / times[fast]
    words = [
        f"**A training step takes {percent(abs(1 - 1 / kernels), 0)} {'less' if kernels > 1 else 'more'} time with "
        f"the kernels ({_words(fast)}) than in {_words(slow)}: {milliseconds(times[fast])} ms per image instead of "
        f"{milliseconds(times[slow])} ms.** Each is the fastest of its kind.",
        _conclusion(_words(loops), vectorizing, kernels),
        *_on_one_thread(times),
    ]
    row, (change, expected, measured) = max(
        zip(found["expected"], gains(found), strict=True), key=lambda both: abs(math.log(both[1][2] / both[1][1]))
    )
    off = measured / expected - 1
    words.append(
        f"The expected and the measured gain differ most for {change}: {_times(expected)} and {_times(measured)} "
        f"times as fast, so that {percent(abs(off), 0)} {'more' if off > 0 else 'less'} was measured than expected."
    )
    rest = {row["before"]: (1 - row["share"]) * times[row["before"]] for row in found["expected"]}
    before, after = rest[row["before"]], rest.get(row["after"])
    if before and after:
        words.append(
            "The law assumes that the time outside the layers does not change. In the profile it is "
            f"{milliseconds(before)} ms per image before and {milliseconds(after)} ms after."
        )
    return " ".join(words)


def _conclusion(loops: str, vectorizing: float, kernels: float) -> str:
    """Say what a better use of NumPy gives, and what the kernels add: times as fast as `loops`, and as that."""
    begin = f"Compared with {loops}, the kernels are {_times(vectorizing * kernels)} times as fast"
    if kernels <= 1:
        return f"{begin}; all of this comes from getting rid of Python's loops, and vectorized NumPy is as fast."
    if vectorizing <= 1:
        return f"{begin}; all of this comes from Numba, and vectorized NumPy is no faster than the loops."
    first, second = (
        f"vectorized NumPy is {_times(vectorizing)} times as fast as the loops",
        f"the kernels are {_times(kernels)} times as fast as vectorized NumPy",
    )
    more = "getting rid of Python's loops, which needs no Numba" if vectorizing > kernels else "Numba"
    return f"{begin}, in two steps: {first}, and {second}. Most of the gain comes from {more}."


def _on_one_thread(times: dict[str, float]) -> list[str]:
    """Say what the kernels, and fusion, gain over vectorized NumPy when each has one thread."""
    keys = [f"{way}, 1" for way in (VECTORIZED, NUMBA, FUSED)]
    if not times.keys() >= set(keys):
        return []
    base, kernels, fused = (times[key] for key in keys)
    return [
        f"On one thread each, the kernels are {_times(base / kernels)} times as fast as vectorized NumPy, and "
        f"{_times(base / fused)} times with fused layers."
    ]


def _table(found: dict[str, Any]) -> str:
    rows = [
        [change, percent(row["share"]), _times(row["speedup"]), _times(expected), _times(measured),
         percent(1 - 1 / expected, 2), percent(1 - 1 / measured, 2), _times(row["limit"]) if row["limit"] else "–"]
        for row, (change, expected, measured) in zip(found["expected"], gains(found), strict=True)
    ]  # fmt: skip
    header = [
        "change",
        "p",
        "s",
        "expected gain",
        "measured gain",
        "expected saving",
        "measured saving",
        "limit (s = ∞)",
    ]
    return table(header, rows)


def _fusion(found: dict[str, Any]) -> str:
    times = found["seconds_per_picture"]
    fused = {key: key.replace(FUSED, NUMBA) for key in times if key.startswith(f"{FUSED}, ")}
    words = ", ".join(
        f"{times[apart] / times[key]:.2f} times as fast on {key.rsplit(', ', 1)[1]} thread{'s' * (key[-2:] != ' 1')}"
        for key, apart in fused.items()
    )
    return f"The engine also fuses layers, which the profile above does not. With fusion the step is {words}."


def _compiling(found: dict[str, Any]) -> str:
    empty, full = (found["first_steps"][f"{name} cache"] for name in ("empty", "full"))
    compiling, reading = (max(0.0, first["first"] - first["median"]) for first in (empty, full))
    times = found["seconds_per_picture"]
    saved = times[f"{VECTORIZED}, 1"] - times[f"{FUSED}, 1"]
    words = f"The first step compiles the kernels, which takes {compiling:.1f} s (that step minus a later one)"
    if saved > 0:
        words += f"; compared with vectorized NumPy, this is regained after {compiling / saved:,.0f} images"
    return (
        f"{words}. Compiled kernels are cached: in a later process the first step takes {reading:.1f} s to load them."
    )


def draw(found: dict[str, Any]) -> Figure:
    """Draw the expected and the measured gain of each change as bars on a logarithmic axis."""
    rows = gains(found)
    figure = new_figure(8, 1.3 + 0.75 * len(rows))
    axes = figure.subplots()
    floor = min(1.0, *(0.8 * value for row in rows for value in row[1:]))
    for k, name in enumerate(("expected", "measured")):
        values = [(row[1], row[2])[k] for row in rows]
        places = [i + 0.4 * (k - 0.5) for i in range(len(rows))]
        axes.barh(
            places, [value - floor for value in values], left=floor, height=0.36, color=COLORS[k], hatch=HATCHES[k],
            edgecolor="white", linewidth=0.4, label=name,
        )  # fmt: skip
        for place, value in zip(places, values, strict=True):
            axes.text(value, place, f" {_times(value)} ×", va="center", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlim(floor, 8 * max(value for row in rows for value in row[1:]))
    axes.set_yticks(range(len(rows)), [row[0].replace(" → ", "\n→ ") for row in rows])
    axes.invert_yaxis()
    axes.set_title("Expected and measured gain of each change", pad=26)
    axes.set(xlabel="gain [times as fast]")
    axes.grid(axis="x", alpha=0.3, linewidth=0.6)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
