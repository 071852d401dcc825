"""Tools for the sections of the report: results, figures, tables and numbers."""

from __future__ import annotations

import io
import json
import re
import statistics
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from examples.experiments.support.runs.files import write_whole
from examples.experiments.support.runs.results import Record

# The palette of Okabe and Ito is safe for colour-blind readers. Lines, markers and hatches work in black and white.
COLORS = ("#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999999")
LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3)), (0, (3, 1, 1, 1)), (0, (12, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo", "---", "OO")


class Results:
    """The results that a report is made from. Their text is escaped, so that it is safe anywhere in Markdown.

    Results come from other machines and other people: a name may contain a pipe, a tag or a line break. Text that
    `fenced` shows is not escaped.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        ordered = sorted(records, key=lambda record: record.name)
        self._records = [Record(*(_escaped(value) for value in record)) for record in ordered]

    def of(self, experiment: str) -> list[Record]:
        """Return all results of an experiment, sorted by name."""
        return [record for record in self._records if record.experiment == experiment]

    def all(self) -> list[Record]:
        """Return all results, sorted by name."""
        return list(self._records)


_FENCED = {"network"}  # keys whose text is shown by `fenced`


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {escaped(key): item if key in _FENCED else _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


def escaped(text: str) -> str:
    """Escape text for Markdown: one line, without links, tags, table cells or emphasis."""
    plain = "".join(" " if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
    plain = re.sub(r"[\\`*\[\]<>|#~&$]|(?<!\w)_|_(?!\w)", r"\\\g<0>", " ".join(plain.split()))
    return re.sub(r"^(\d*)([-+=.)])(?=[-+=\s]|$)", r"\1\\\2", plain)  # it must not start a list or a heading


def fenced(text: str) -> str:
    """Return a fenced block that shows the text unchanged, with its line breaks."""
    lines = ("".join(c if unicodedata.category(c)[0] != "C" else " " for c in line) for line in text.splitlines())
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return "\n".join([fence, *lines, fence])


def seeds_of_one(records: Sequence[Record]) -> tuple[list[Record], str | None]:
    """Choose runs that can be averaged: they differ in nothing but their seeds.

    Returns
    -------
    chosen : list of Record
        One per seed; the later one for equal seeds. Among several kinds of run: first those that were not cut
        short, then the kind with the most seeds, then the latest.
    others : str or None
        A sentence that names the runs that were not chosen.
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
    others = f"Not included, because of other settings or the same seed: {', '.join(rest)}." if rest else None
    return chosen, others


class Figures:
    """The figures of the report, each as SVG and as PNG.

    Attributes
    ----------
    files : dict of str to bytes
        The content of each file by its path relative to the report.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}

    def add(self, name: str, figure: Figure, alt: str) -> str:
        """Add a figure; return the line of Markdown that shows it."""
        path = f"{self.folder}/" + re.sub(r"[^\w.-]+", "-", name)
        while f"{path}.svg" in self.files:
            path += "-again"
        for kind in ("svg", "png"):
            self.files[f"{path}.{kind}"] = _rendered(figure, path.rpartition("/")[2], kind)
        return f"![{alt}]({quote(path)}.svg)"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, without a window."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def write_figure(figure: Figure, paths: Sequence[Path]) -> None:
    """Write a figure atomically in the format of each path's suffix; equal figures give equal bytes."""
    for path in paths:
        write_whole(path, _rendered(figure, path.stem, path.suffix.removeprefix(".")))


def _rendered(figure: Figure, name: str, kind: str) -> bytes:
    picture = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):  # else element ids are random
        figure.savefig(picture, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return picture.getvalue()


def bands(histories: Sequence[Sequence[Mapping[str, Any]]], splits: Mapping[str, str]) -> Figure:
    """Draw loss and error of each split against epochs: the mean of all runs and a band from minimum to maximum."""
    figure = new_figure(9, 3.4)
    epochs = min(len(history) for history in histories)
    x = np.arange(1, epochs + 1)
    grid = figure.subplots(1, 2)
    for axes, what, scale, unit in zip(
        grid, ("loss", "error"), (1, 100), ("loss [nats per image]", "error [% of images]")
    ):
        for i, (split, label) in enumerate(splits.items()):
            y = scale * np.array([[row[f"{split}_{what}"] for row in history[:epochs]] for history in histories])
            axes.plot(x, y.mean(0), color=COLORS[i], linestyle=LINES[i], marker=MARKERS[i], markersize=3, label=label)
            axes.fill_between(x, y.min(0), y.max(0), color=COLORS[i], alpha=0.25, linewidth=0)
        axes.set(title=what.capitalize(), xlabel="epoch", ylabel=unit)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    grid[1].set_ylim(bottom=0)
    grid[0].legend(frameon=False, handlelength=3)
    return figure


def confusion(counts: NDArray[np.int64], classes: Sequence[str]) -> tuple[str, Figure]:
    """Describe and draw a confusion matrix, (C, C): counts by true class (row) and predicted class (column)."""
    totals = counts.sum(1, keepdims=True)
    shares = 100 * counts / np.maximum(totals, 1)
    figure = new_figure(6.4, 5.6)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Greys", vmin=0, vmax=100)
    for i, row in enumerate(shares):
        for j, share in enumerate(row):
            if round(share) >= 1:
                axes.text(j, i, f"{share:.0f}", ha="center", va="center", color="white" if share > 50 else "black")
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set(title="Predictions for the images of each class", xlabel="predicted class", ylabel="true class")
    figure.colorbar(image, ax=axes, label="share of the class [%]", shrink=0.8)
    mistakes = shares - np.diag(np.diag(shares))
    i, j = np.unravel_index(mistakes.argmax(), mistakes.shape)
    best, worst = shares.diagonal().argmax(), shares.diagonal().argmin()
    text = (
        f"The easiest class is {classes[best]} ({shares[best, best]:.0f} % correct), the hardest is {classes[worst]} "
        f"({shares[worst, worst]:.0f} %). The most common mistake is to predict {classes[j]} for {classes[i]} "
        f"({mistakes[i, j]:.0f} % of that class)."
    )
    return text, figure


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns except the first are aligned right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a terminal. If it has more than 79 columns, headings are broken between words."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    if sum(widths) + len(widths) > 80:
        widths = [max(len(word) for text in column for word in text.split()) for column in columns]
    lines = [textwrap.wrap(text, width) for text, width in zip(header, widths, strict=True)]
    height = max(map(len, lines))
    heading = zip(*([""] * (height - len(cell)) + cell for cell in lines), strict=True)
    return "\n".join(
        " ".join(f"{text:{'>' if i else '<'}{width}}" for i, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in (*heading, *rows)
    )


def plain(text: str) -> str:
    """Return text of the report without Markdown, for a terminal."""
    return text.replace("**", "").replace("`", "")


def words(items: Sequence[str]) -> str:
    """Join items for a sentence: "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def percent(share: float, digits: int = 1) -> str:
    """Format a fraction: 0.8012 is "80.1 %"."""
    return f"{100 * share:.{digits}f} %"


def mean_and_spread(values: Sequence[float], scale: float = 100, digits: int = 1) -> str:
    """Format the mean and, for several values, the sample standard deviation: "80.1 ± 0.3"."""
    mean = f"{scale * statistics.fmean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {scale * statistics.stdev(values):.{digits}f}"
