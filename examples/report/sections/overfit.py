"""The section on overfitting 100 images: the answer and the curves."""

from __future__ import annotations

from examples.experiments.support.runs.results import Record
from examples.report.page import Figures, Results, percent
from examples.report.plots import curves

TITLE = "Can it overfit 100 samples?"


def section(results: Results, figures: Figures) -> list[str]:
    """Return for each run the answer and the curves."""
    records = results.of("overfit")
    if not records:
        return ["There is no result yet; `python -m examples.experiments.overfit` makes one."]
    parts = []
    for record in records:
        figure = curves(record.result["history"], accuracy=True)
        picture = figures.add(record.name, figure, "Loss and accuracy against the epoch, training and validation")
        parts += [_answer(record), picture]
        parts += [record.cut_short] if record.cut_short else []
    return parts


def _answer(record: Record) -> str:
    found, history = record.result, record.result["history"]
    first, last = history[0], history[-1]
    known = "all" if found["error"] == 0 else percent(1 - found["error"], 0)
    words = [
        f"**{'Yes' if found['error'] == 0 else 'No'}: after {len(history)} epochs the network classifies {known} of "
        f"its {found['pictures']} training images correctly**, with a loss of {found['loss']:.4f}.",
        f"The training loss fell from {first['train_loss']:.2f} in the first epoch to {last['train_loss']:.4f} in the "
        "last.",
    ]
    whole = next((row["epoch"] for row in history if row["train_error"] == 0), None)
    if whole:
        words.append(f"Epoch {whole} was the first without a mistake.")
    best = min(history, key=lambda row: row["validation_loss"])
    words.append(
        f"Of {found['validation']:,} images that it was not trained on, it classifies "
        f"{percent(1 - last['validation_error'])} correctly."
    )
    if best["epoch"] < last["epoch"]:
        words.append(
            f"Their loss is lowest in epoch {best['epoch']} ({best['validation_loss']:.2f}) and rises to "
            f"{last['validation_loss']:.2f} by the end. The network memorizes {found['pictures']} images, which shows "
            "that gradients, labels and optimizer work together. It learns little about other images."
        )
    return " ".join(words)
