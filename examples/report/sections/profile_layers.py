"""The section on the time of each layer, forward and backward, in several implementations."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from examples.experiments.support.timing.layer_times import FUSED
from examples.report.page import COLORS, HATCHES, Figures, Results, new_figure, percent, table

TITLE = "Where does the time go?"
_LAYERS = ("conv", "relu1", "pool", "flatten", "hidden", "relu2", "scores", "loss", "optimizer")
_PASSES = ("forward", "backward")


def section(results: Results, figures: Figures) -> list[str]:
    """Return for each run the bottlenecks, the bars and the table."""
    records = results.of("profile_layers")
    if not records:
        return ["There is no result yet; `python -m examples.experiments.profile_layers` makes one."]
    parts = []
    for record in records:
        ways = record.result["ways"]
        alt = "Time of each layer per image, forward and backward, in several implementations"
        parts += [_answer(ways), figures.add(record.name, draw(record.result), alt), _table(ways)]
        parts += [record.cut_short] if record.cut_short else []
    return parts


def label(way: dict[str, Any]) -> str:
    """Return the implementation, with its number of threads if it uses threads."""
    threads = f", {way['threads']} thread{'s' * (way['threads'] > 1)}" if way["way"].startswith("Numba") else ""
    return way["way"] + threads


def bottleneck(way: dict[str, Any]) -> tuple[str, float]:
    """Return the slowest layer, forward and backward together, and its share of the step."""
    totals = {name: sum(passes.values()) for name, passes in way["layers"].items()}
    name = max(totals, key=totals.__getitem__)
    return name, totals[name] / way["step"]


def in_layers(way: dict[str, Any]) -> float:
    """Return the seconds of a step that layers, loss and optimizer take."""
    return sum(sum(passes.values()) for passes in way["layers"].values())


def _answer(ways: list[dict[str, Any]]) -> str:
    found = {label(way): bottleneck(way) for way in ways}
    names = {name for name, _ in found.values()}
    if len(names) == 1:
        (name,) = names
        shares = "; ".join(f"{percent(share, 0)} in {key}" for key, (_, share) in found.items())
        words = [f"**The bottleneck is {name} in every implementation.** Its share of the step: {shares}."]
    else:
        each = "; ".join(f"{key}: {name}, {percent(share, 0)} of the step" for key, (name, share) in found.items())
        words = [f"**The bottleneck depends on the implementation. {each}.**"]
    last = next(way for way in reversed(ways) if way["way"] != FUSED)
    rest = 1 - in_layers(last) / last["step"]
    words.append(
        f"With {label(last)}, {percent(max(rest, 0))} of the step is spent outside layers, loss and optimizer: in "
        "Python and in the profiler itself."
    )
    slow, fast = ways[0], min(ways, key=per_picture)
    times = milliseconds(per_picture(slow)), milliseconds(per_picture(fast))
    words.append(
        f"An image takes {times[0]} ms in {label(slow)} and {times[1]} ms in {label(fast)}: "
        f"{per_picture(slow) / per_picture(fast):,.0f} times faster."
    )
    return " ".join(words)


def per_picture(way: dict[str, Any]) -> float:
    """Return the seconds of a whole step per image."""
    return float(way["step"] / way["batch"])


def milliseconds(seconds: float) -> str:
    """Format seconds as milliseconds, with the significant digits."""
    return f"{1000 * seconds:,.{0 if seconds >= 0.1 else 2 if seconds >= 1e-3 else 4}f}"


def _table(ways: list[dict[str, Any]]) -> str:
    rows = [
        [f"{layer}, {direction}"]
        + [
            milliseconds(way["layers"][layer][direction] / way["batch"])
            if direction in way["layers"].get(layer, {})
            else "–"
            for way in ways
        ]
        for layer in _LAYERS
        for direction in _PASSES
        if any(direction in way["layers"].get(layer, {}) for way in ways)
    ]
    rows.append(["whole step", *(milliseconds(per_picture(way)) for way in ways)])
    rows.append(["images per step", *(str(way["batch"]) for way in ways)])
    return table(["ms per image", *map(label, ways)], rows)


def draw(result: dict[str, Any]) -> Figure:
    """Draw a bar for each layer and implementation on a logarithmic axis: forward left, backward right."""
    ways = result["ways"]
    figure = new_figure(10, 1.4 + 0.14 * len(_LAYERS) * len(ways))
    thick = 0.84 / len(ways)
    floor = 0.5e3 * min(
        seconds / way["batch"] for way in ways for passes in way["layers"].values() for seconds in passes.values()
    )
    panels = figure.subplots(1, 2, sharey=True, sharex=True)
    for axes, direction in zip(panels, _PASSES, strict=True):
        for k, way in enumerate(ways):
            places = [i for i, layer in enumerate(_LAYERS) if direction in way["layers"].get(layer, {})]
            axes.barh(
                [i + (k - (len(ways) - 1) / 2) * thick for i in places],
                [1000 * way["layers"][_LAYERS[i]][direction] / way["batch"] - floor for i in places],
                height=thick, left=floor, color=COLORS[k], hatch=HATCHES[k], edgecolor="white", linewidth=0.4,
                label=label(way),
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set(title=direction, xlabel="time per image [ms]")
        axes.grid(axis="x", alpha=0.3, linewidth=0.6)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0].set_yticks(range(len(_LAYERS)), _LAYERS)
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside upper center", ncols=3)
    return figure
