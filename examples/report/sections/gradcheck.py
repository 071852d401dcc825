"""The section on gradient checks: the largest relative error of each gradient."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from examples.report.page import COLORS, Figures, Results, new_figure, table

TITLE = "Is every gradient right?"
NET = "baseline"
_EXACT = 1e-17  # an error of 0 is drawn here, since a logarithmic axis has no 0


def section(results: Results, figures: Figures) -> list[str]:
    """Return for each run the answer, the figure and the table."""
    records = results.of("gradcheck")
    if not records:
        return ["There is no result yet; `python -m examples.experiments.gradcheck --trials 200` makes one."]
    parts = []
    for record in records:
        picture = figures.add(
            record.name, draw(record.result), "The largest relative error of each gradient and its tolerance"
        )
        parts += [_answer(record.result, record.settings["trials"]), picture, _table(record.result["rows"])]
        parts += [record.cut_short] if record.cut_short else []
    return parts


def _answer(result: dict[str, Any], trials: int) -> str:
    rows = result["rows"]
    wrong = [row for row in rows if not row["passed"]]
    verdict = f"**Yes: all {len(rows)} gradients agree with finite differences.**"
    if wrong:
        names = ", ".join(f"{row['component']} by {row['input']}" for row in wrong)
        verdict = f"**No: {len(wrong)} of {len(rows)} gradients are wrong: {names}.**"
    words = [
        verdict,
        f"Each was compared with central differences in float64, in {trials:,} random calls. The table shows the "
        f"largest error of each. For the parameters of the whole network, {result['places']} random entries are "
        "checked in each call.",
    ]
    kinds = {
        "of a piecewise linear function, where only rounding errors are allowed,": [r for r in rows if r["step"] == 1],
        "of a smooth function": [r for r in rows if r["step"] < 1 and r["component"] != NET],
        "of the whole network": [r for r in rows if r["component"] == NET],
    }
    for kind, chosen in kinds.items():
        if chosen:
            worst = max(chosen, key=lambda row: row["error"])
            words.append(
                f"The largest error {kind} is {worst['error']:.1e} (tolerance {worst['tolerance']:.0e}): "
                f"{worst['component']} by {worst['input']}, shape {_shape(worst)}."
            )
    return " ".join(words)


def _table(rows: list[dict[str, Any]]) -> str:
    return table(
        ["gradient", "largest relative error", "tolerance", "at shape", "shapes tried", "verdict"],
        [
            [f"{row['component']} by {row['input']}", f"{row['error']:.1e}", f"{row['tolerance']:.0e}", _shape(row),
             str(row["shapes"]), "right" if row["passed"] else "**wrong**"]
            for row in rows
        ],
    )  # fmt: skip


def _shape(row: dict[str, Any]) -> str:
    return " × ".join(map(str, row["shape"])) or "()"


def draw(result: dict[str, Any]) -> Figure:
    """Draw the errors as dots on a logarithmic axis, and each tolerance as a tick."""
    rows = result["rows"]
    places = range(len(rows))
    figure = new_figure(8, 1.6 + 0.25 * len(rows))
    axes = figure.subplots()
    axes.set_xscale("log")
    for passed, marker, color, label in ((True, "o", COLORS[0], "right"), (False, "X", COLORS[1], "WRONG")):
        chosen = [(max(row["error"], _EXACT), i) for i, row in enumerate(rows) if row["passed"] is passed]
        if chosen:
            axes.plot(*zip(*chosen), marker, color=color, markersize=6, label=label)
    axes.plot(
        [row["tolerance"] for row in rows], places, "|", color=COLORS[2], markersize=11, markeredgewidth=1.6,
        label="tolerance",
    )  # fmt: skip
    axes.set_yticks(places, [f"{row['component']} by {row['input'].removeprefix('layers.')}" for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    errors = [max(row["error"], _EXACT) for row in rows]
    axes.set_xlim(min(errors) / 10, 10 * max(*errors, *(row["tolerance"] for row in rows)))
    least = "; no error at all at the left edge" if any(row["error"] == 0 for row in rows) else ""
    axes.set_title("Largest error of each gradient, and its tolerance", pad=28)
    axes.set(xlabel=f"largest relative error (no unit{least})", ylabel="gradient of an op by one of its inputs")
    axes.grid(alpha=0.3, linewidth=0.6)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
