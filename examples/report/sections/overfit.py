"""The report's section on learning by heart: the curves, and an answer in words."""

from __future__ import annotations

from examples.experiments.support.runs.results import Record
from examples.report.page import Figures, Results, percent
from examples.report.plots import curves

TITLE = "Can it overfit 100 samples?"


def section(results: Results, figures: Figures) -> list[str]:
    """Of each run an answer and the curves."""
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
        f"**{'Yes' if found['error'] == 0 else 'No'}: after {len(history)} epochs the net classifies {known} of its "
        f"{found['pictures']} training pictures correctly**, at a loss of {found['loss']:.4f}.",
        f"The training loss fell from {first['train_loss']:.2f} in the first epoch to {last['train_loss']:.4f} in the "
        "last.",
    ]
    whole = next((row["epoch"] for row in history if row["train_error"] == 0), None)
    if whole:
        words.append(f"Epoch {whole} was the first without a mistake.")
    best = min(history, key=lambda row: row["validation_loss"])
    words.append(
        f"Of {found['validation']:,} pictures that it does not train on it classifies "
        f"{percent(1 - last['validation_error'])} correctly."
    )
    if best["epoch"] < last["epoch"]:
        words.append(
            f"Their loss was least in epoch {best['epoch']} ({best['validation_loss']:.2f}) and is "
            f"{last['validation_loss']:.2f} at the end: the net learns {found['pictures']} pictures by heart, which "
            "shows that gradients, labels and optimizer work together, and learns little about others."
        )
    return " ".join(words)
