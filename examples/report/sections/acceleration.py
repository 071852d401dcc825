"""The report's section on Numba: what the profile lets one expect, what was measured, and what compiling costs."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from examples.experiments.support.timing.layer_times import FUSED, NUMBA, NUMPY
from examples.report.page import COLORS, HATCHES, Figures, Results, new_figure, percent, table
from examples.report.sections.profile_layers import milliseconds

TITLE = "What does Numba save?"


def section(results: Results, figures: Figures) -> list[str]:
    """Of each run the answer, the table of expected and measured gains, the bars, and what compiling costs."""
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
        alt = "Expected and measured gain of each change, bars on a logarithmic axis"
        parts += [
            _answer(found),
            "The expected gain is Amdahl's: 1 / ((1 − p) + p / s), where p is the share of the step that layers, "
            "loss and optimizer take by the profile, and s how many times faster they become: by their own times in "
            "that profile where the way changes, by the number of threads where that does.",
            _table(found),
            figures.add(record.name, draw(found), alt),
            _fusion(found),
            _compiling(found),
        ]
        parts += [record.cut_short] if record.cut_short else []
    return parts


def gains(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Of each change its name, the expected gain, and the measured one."""
    times = found["seconds_per_picture"]
    return [
        (f"{_words(row['before'])} → {_words(row['after'])}", row["gain"], times[row["before"]] / times[row["after"]])
        for row in found["expected"]
    ]


def _times(gain: float) -> str:
    return f"{gain:,.{0 if gain >= 100 else 1 if gain >= 10 else 2}f}"


def _words(key: str) -> str:
    way, threads = key.rsplit(", ", 1)
    return f"{way}, {threads} thread{'s' * (threads != '1')}" if way.startswith(NUMBA) else way


def _answer(found: dict[str, Any]) -> str:
    times = found["seconds_per_picture"]
    slow, fast = f"{NUMPY}, 1", min((key for key in times if key.startswith(f"{NUMBA}, ")), key=times.__getitem__)
    words = [
        f"**A training step takes {percent(1 - times[fast] / times[slow], 2)} less time with the kernels "
        f"({_words(fast)}) than in NumPy: {milliseconds(times[fast])} in place of {milliseconds(times[slow])} ms a "
        "picture.**"
    ]
    row, (change, expected, measured) = max(
        zip(found["expected"], gains(found), strict=True), key=lambda both: abs(both[1][2] / both[1][1] - 1)
    )
    off = measured / expected - 1
    words.append(
        f"Expectation and measurement differ most for {change}: expected {_times(expected)} times as fast, measured "
        f"{_times(measured)} times, {percent(abs(off), 0)} {'more' if off > 0 else 'less'}."
    )
    rest = {row["before"]: (1 - row["share"]) * times[row["before"]] for row in found["expected"]}
    before, after = rest[row["before"]], rest.get(row["after"])
    if before and after:
        words.append(
            "The law takes for granted that what is in no layer stays as it is; by the profile it is "
            f"{milliseconds(before)} ms a picture before and {milliseconds(after)} ms after."
        )
    return " ".join(words)


def _table(found: dict[str, Any]) -> str:
    rows = [
        [change, percent(row["share"]), _times(row["speedup"]), _times(expected), _times(measured),
         percent(1 - 1 / expected, 2), percent(1 - 1 / measured, 2), _times(row["limit"]) if row["limit"] else "–"]
        for row, (change, expected, measured) in zip(found["expected"], gains(found), strict=True)
    ]  # fmt: skip
    header = ["change", "p", "s", "gain expected", "measured", "saving expected", "measured", "gain at most (s = ∞)"]
    return table(header, rows)


def _fusion(found: dict[str, Any]) -> str:
    times = found["seconds_per_picture"]
    fused = {key: key.replace(FUSED, NUMBA) for key in times if key.startswith(f"{FUSED}, ")}
    words = ", ".join(
        f"{times[apart] / times[key]:.2f} times as fast on {key.rsplit(', ', 1)[1]} thread{'s' * (key[-2:] != ' 1')}"
        for key, apart in fused.items()
    )
    return f"With layers fused (as the engine runs them, and the profile above does not) the step is {words}."


def _compiling(found: dict[str, Any]) -> str:
    empty, full = (found["first_steps"][f"{name} cache"] for name in ("empty", "full"))
    compiling, reading = (max(0.0, first["first"] - first["median"]) for first in (empty, full))
    times = found["seconds_per_picture"]
    saved = times[f"{NUMPY}, 1"] - times[f"{FUSED}, 1"]
    words = f"The first step of all compiles the kernels: {compiling:.1f} s (that step less a later one)"
    if saved > 0:
        words += f"; {compiling / saved:,.0f} pictures later that is saved"
    return f"{words}. They stay in a cache: the first step of a later process takes {reading:.1f} s for reading them."


def draw(found: dict[str, Any]) -> Figure:
    """Two bars a change, expected and measured, on a logarithmic axis."""
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
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.invert_yaxis()
    axes.set(xlabel="gain: times as fast")
    axes.grid(axis="x", alpha=0.3, linewidth=0.6)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
