"""Learning curves, readable on screen, in print and by colour-blind readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from examples.report.page import COLORS, new_figure, write_figure

_STYLES: dict[str, dict[str, Any]] = {
    "train": {"label": "training", "color": COLORS[0], "linestyle": "-", "marker": "o"},
    "validation": {"label": "validation", "color": COLORS[1], "linestyle": "--", "marker": "s"},
    "test": {"label": "test", "color": COLORS[2], "linestyle": ":", "marker": "^"},
}


def learning_curves(history: Sequence[dict[str, Any]], path: Path, *, accuracy: bool = False) -> None:
    """Draw loss and error against the epoch; write the figure in the format of the suffix (.png, .svg)."""
    write_figure(curves(history, accuracy=accuracy), [path])


def curves(history: Sequence[dict[str, Any]], *, accuracy: bool = False) -> Figure:
    """Draw loss and error against the epoch.

    Parameters
    ----------
    history : sequence of dict
        The rows of metrics.jsonl: "epoch", and "<split>_loss" and "<split>_error" for each measured
        split. Errors are fractions.
    accuracy : bool
        Draw the accuracy, 1 - error, instead of the error.
    """
    figure = new_figure(9, 3.6)
    left, right = figure.subplots(1, 2)
    quantity = "accuracy" if accuracy else "error"
    _panel(left, history, "Loss", "cross-entropy [nats per image]", lambda row, split: row[f"{split}_loss"])
    _panel(
        right,
        history,
        quantity.capitalize(),
        f"{quantity} [% of images]",
        lambda row, split: 100 * (1 - row[f"{split}_error"] if accuracy else row[f"{split}_error"]),
    )
    left.legend(frameon=False)
    return figure


def learning_rates(rows: Sequence[Mapping[str, float]], suggestion: float) -> Figure:
    """Draw the loss against the learning rate, with a line at the suggested rate.

    Each row has "learning_rate", "loss" and "smoothed_loss".
    """
    figure = new_figure(6.4, 3.6)
    axes = figure.subplots()
    x = [row["learning_rate"] for row in rows]
    axes.plot(x, [row["loss"] for row in rows], color=COLORS[0], alpha=0.3, linewidth=0.8, label="each batch")
    axes.plot(x, [row["smoothed_loss"] for row in rows], color=COLORS[0], label="running mean")
    axes.axvline(suggestion, color=COLORS[1], linestyle="--", label=f"suggestion: {suggestion:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="cross-entropy [nats per image]")
    shown = [row["smoothed_loss"] for row in rows]
    axes.set_ylim(0.8 * min(shown), 1.3 * shown[0])  # a loss that diverges leaves the figure
    axes.grid(alpha=0.3, linewidth=0.6)
    axes.legend(frameon=False)
    return figure


def _panel(
    axes: Axes,
    history: Sequence[dict[str, Any]],
    title: str,
    unit: str,
    value: Callable[[Mapping[str, Any], str], float],
) -> None:
    epochs = [row["epoch"] for row in history]
    for split, style in _STYLES.items():
        if f"{split}_loss" in history[0]:
            axes.plot(
                epochs,
                [value(row, split) for row in history],
                markersize=4,
                markevery=max(1, len(epochs) // 15),
                linewidth=1.4,
                **style,
            )
    axes.set(title=title, xlabel="epoch", ylabel=unit)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
