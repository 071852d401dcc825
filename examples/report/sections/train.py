"""The section on the baseline: its accuracy and the filters of its first layer."""

from __future__ import annotations

import numpy as np

from examples.experiments.support.runs.results import Record
from examples.report.page import (
    Figures,
    Results,
    bands,
    confusion,
    mean_and_spread,
    new_figure,
    percent,
    seeds_of_one,
    table,
)

TITLE = "How good is the baseline, and what do its filters detect?"


def section(results: Results, figures: Figures) -> list[str]:
    """Return the accuracy of each run and the filters of the first."""
    records, others = seeds_of_one(results.of("train"))
    if not records:
        return ["There is no result yet; `python -m examples.experiments.train` makes one."]
    rows = [_row(record) for record in records]
    return [
        _answer(records),
        table(["seed", "epochs", "training accuracy", "validation", "test", "minutes"], rows),
        *filter(None, (others, records[0].cut_short)),
        _curves(records, figures),
        *_confusion(records, figures),
        _filters(records[0], figures),
    ]


def _answer(records: list[Record]) -> str:
    last = [record.result["history"][-1] for record in records]
    accuracies = [1 - row["test_error"] for row in last]
    gap = [row["test_error"] - row["train_error"] for row in last]
    spread = f", mean ± standard deviation of {len(records)} seeds" if len(records) > 1 else ""
    return (
        f"**{mean_and_spread(accuracies)} % of the test images are classified correctly{spread}**. The test error is "
        f"{mean_and_spread(gap)} points higher than the training error, which is averaged over the epoch while the "
        "weights change."
    )


def _curves(records: list[Record], figures: Figures) -> str:
    names = {"train": "training", "validation": "validation", "test": "test"}
    shown = {split: label for split, label in names.items() if f"{split}_loss" in records[0].result["history"][0]}
    figure = bands([record.result["history"] for record in records], shown)
    words = "Lines are means over the seeds; bands show the range."
    return figures.add("train-curves", figure, "The baseline's loss and error against epochs") + "\n\n" + words


def _confusion(records: list[Record], figures: Figures) -> list[str]:
    """Return the top-5 accuracy and the confusion matrix; nothing if a result is older than these."""
    tests = [record.result["test"] for record in records if "test" in record.result]
    if len(tests) < len(records):
        return []
    words, figure = confusion(np.sum([test["confusion"] for test in tests], axis=0), records[0].result["classes"])
    top5 = f"For {mean_and_spread([test['top5'] for test in tests])} % of the test images, the class is among the five "
    top5 += "most probable ones (top-5 accuracy)."
    return [f"{top5} {words}", figures.add("train-confusion", figure, "Confusion matrix of the test images")]


def _row(record: Record) -> list[str]:
    row = record.result["history"][-1]
    accuracies = (
        percent(1 - row[key]) if (key := f"{s}_error") in row else "-" for s in ("train", "validation", "test")
    )
    return [str(record.settings["seed"]), str(row["epoch"]), *accuracies, f"{record.seconds / 60:.1f}"]


def _filters(record: Record, figures: Figures) -> str:
    filters = np.array(record.result["filters"])  # (O, 3, H, W)
    columns = 8
    rows = -(-len(filters) // columns)
    figure = new_figure(6.4, 0.8 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, weight in zip(grid.flat, filters):
        low, high = weight.min(), weight.max()
        axes.imshow(((weight - low) / (high - low or 1)).transpose(1, 2, 0), interpolation="nearest")
    count, _, height, width = filters.shape
    name = figures.add("train-filters", figure, f"The {count} learned filters, {height} x {width} pixels")
    words = (
        f"The {count} filters of the first layer (seed {record.settings['seed']}), each {height} x {width} pixels in "
        "three colours and scaled to its own range. A filter responds most to an image patch that looks like it."
    )
    return f"{words}\n\n{name}"
