"""What the sections of the report are made with: results, figures, numbers in words."""

from __future__ import annotations

import io
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from examples.support.files import write_whole
from examples.support.results import Record, read

# Okabe and Ito's palette, which the colour-blind tell apart; line, marker or hatch say the same in black and white
COLORS = ("#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo")


class Results:
    """The results that a report is made from, in a folder of JSON files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records = {path.stem: read(path) for path in sorted(folder.glob("*.json"))}

    def of(self, experiment: str) -> list[Record]:
        """All results of an experiment, by name."""
        return [record for record in self._records.values() if record.experiment == experiment]

    def all(self) -> list[Record]:
        """All results, by name."""
        return list(self._records.values())


def seeds_of_one(records: Sequence[Record]) -> tuple[list[Record], str | None]:
    """Choose runs that can be averaged: their seeds differ, and nothing else.

    Returns
    -------
    chosen : list of Record
        One a seed, of equal seeds the later. Of several kinds of run those that were not cut short, then the kind with
        the most seeds, then the latest.
    others : str or None
        A sentence on what was not chosen.
    """
    kinds: dict[str, dict[int, Record]] = {}
    for record in sorted(records, key=lambda record: record.when):
        settings = {name: value for name, value in record.settings.items() if name != "seed"}
        kind = json.dumps([settings, (record.data or {}).get("source"), record.cut_short], sort_keys=True)
        kinds.setdefault(kind, {})[record.settings["seed"]] = record

    def worth(seeds: dict[int, Record]) -> tuple[bool, int, str]:
        return (
            all(record.cut_short is None for record in seeds.values()),
            len(seeds),
            max(record.when for record in seeds.values()),
        )

    best = max(kinds.values(), key=worth, default={})
    chosen = [best[seed] for seed in sorted(best)]
    rest = [record.name for record in records if record not in chosen]
    verb = "is" if len(rest) == 1 else "are"
    others = f"Of other settings, or of the same seed, and not counted {verb} {', '.join(rest)}." if rest else None
    return chosen, others


class Figures:
    """The folder of the report's pictures: each as SVG for the report and as PNG for a look."""

    def __init__(self, folder: Path, seen_from: str) -> None:
        self.folder, self.seen_from = folder, seen_from
        self.names: list[str] = []

    def add(self, name: str, figure: Figure, alt: str) -> str:
        """Write a picture; return the line of Markdown that shows it."""
        write_figure(figure, [self.folder / f"{name}.svg", self.folder / f"{name}.png"])
        self.names += [f"{name}.svg", f"{name}.png"]
        return f"![{alt}]({self.seen_from}/{name}.svg)"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches; it belongs to no window."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def write_figure(figure: Figure, paths: Sequence[Path]) -> None:
    """Write a figure whole, in the format of each path's suffix; the same figure gives the same bytes."""
    for path in paths:
        kind = path.suffix.removeprefix(".")
        picture = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": path.stem}):  # else the names inside are random
            figure.savefig(
                picture, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None}
            )
        write_whole(path, picture.getvalue())


def bands(histories: Sequence[Sequence[Mapping[str, Any]]], splits: Mapping[str, str]) -> Figure:
    """Draw loss and error against epochs, for splits by name: the mean of all runs, and a band from least to most."""
    figure = new_figure(9, 3.4)
    epochs = min(len(history) for history in histories)
    x = np.arange(1, epochs + 1)
    grid = figure.subplots(1, 2)
    for axes, what, scale, unit in zip(grid, ("loss", "error"), (1, 100), ("loss [nats per picture]", "error [%]")):
        for i, (split, label) in enumerate(splits.items()):
            y = scale * np.array([[row[f"{split}_{what}"] for row in history[:epochs]] for history in histories])
            axes.plot(x, y.mean(0), color=COLORS[i], linestyle=LINES[i], marker=MARKERS[i], markersize=3, label=label)
            axes.fill_between(x, y.min(0), y.max(0), color=COLORS[i], alpha=0.25, linewidth=0)
        axes.set(xlabel="epoch", ylabel=unit)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    grid[1].set_ylim(bottom=0)
    grid[0].legend(frameon=False, handlelength=3)
    return figure


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers and stand to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(share: float, digits: int = 1) -> str:
    """0.8012 as "80.1 %"."""
    return f"{100 * share:.{digits}f} %"


def mean_and_spread(values: Sequence[float], scale: float = 100, digits: int = 1) -> str:
    """The mean, and the standard deviation of a sample where there are several: "80.1 ± 0.3"."""
    mean = f"{scale * statistics.fmean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {scale * statistics.stdev(values):.{digits}f}"
