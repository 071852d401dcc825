"""The figures of `examples.experiments.compare_frameworks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from examples.experiments.support.frameworks.parity import EXACT, loss_differences
from examples.report.page import COLORS, HATCHES, LINES, new_figure

WAYS = ("lucidgrad", "torch", "torch-channels-last", "mxnet")  # order of the bars
_NAMES = {  # official spelling
    "lucidgrad": "lucidgrad",
    "torch": "PyTorch",
    "torch-channels-last": "PyTorch, channels last",
    "mxnet": "MXNet",
}
_STYLE = {way: (COLORS[number], HATCHES[number]) for number, way in enumerate(WAYS)}
LEAST = 1e-8  # nats; equal losses are drawn here


def name_of(way: str) -> str:
    """Return the official spelling of a framework, or of a way to use it."""
    return _NAMES[way]


def speed_figure(parts: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> Figure:
    """Draw images per second against the batch size, with a panel for each title."""
    figure = new_figure(4.6 * len(parts), 3.6)
    panels = figure.subplots(1, len(parts), squeeze=False)[0]
    for axes, (title, rows) in zip(panels, parts, strict=True):
        batches = sorted({row["batch"] for row in rows})
        ways = [way for way in WAYS if any(row["way"] == way for row in rows)]
        for number, way in enumerate(ways):
            color, hatch = _STYLE[way]
            found = [(batches.index(row["batch"]), row["images_per_second"]) for row in rows if row["way"] == way]
            places = [at + (number - (len(ways) - 1) / 2) * 0.8 / len(ways) for at, _ in found]
            axes.bar(places, [rate for _, rate in found], 0.8 / len(ways), label=name_of(way), color=color,
                     hatch=hatch, edgecolor="white", linewidth=0.5)  # fmt: skip
        axes.set_xticks(range(len(batches)), [str(batch) for batch in batches])
        axes.set(title=title, xlabel="batch size [images]", ylabel="training speed [images/s]")
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return figure


def parity_figure(losses: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the difference of the losses from MXNet and from a float64 training at each step."""
    figure = new_figure(9, 3.6)
    for axes, to, title in zip(figure.subplots(1, 2, sharey=True), ("mxnet", EXACT), ("MXNet's", "float64's")):
        others = [way for way in WAYS if way in losses and way != to]
        for way in others:
            distances = [max(LEAST, distance) for distance in loss_differences(losses, way, to)]
            number = WAYS.index(way)
            axes.plot(range(1, len(distances) + 1), distances, label=name_of(way), color=COLORS[number],
                      linestyle=LINES[number], linewidth=1.3)  # fmt: skip
        axes.set_yscale("log")
        axes.set(title=f"Difference from {title} losses", xlabel="step")
        axes.grid(alpha=0.3, linewidth=0.6)
        axes.legend(frameon=False, loc="lower right")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if to == "mxnet":
            axes.set_ylabel("difference of the loss [nats]")
    return figure
