"""The section on generalization without the limit of three layers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from examples.experiments.support.runs.results import Record
from examples.report.page import (
    COLORS,
    LINES,
    MARKERS,
    Figures,
    Results,
    fenced,
    mean_and_spread,
    new_figure,
    seeds_of_one,
    table,
)
from examples.report.sections.generalize import VIEWS, accuracy, confusion_matrix, curves, minutes, mistakes, work

TITLE = "And with any number of layers?"
BESIDE = ("torch_deep",)  # an experiment that this section compares with

_MISSING = "There is no result of a full run yet; `python -m examples.experiments.generalize_deep` makes one."
CHANCE = 0.01  # the difference of two accuracies near 0.9 on 5,000 images has a standard error of 0.006


def section(results: Results, figures: Figures) -> list[str]:
    """Return the paragraphs on full runs, and on runs that held out validation images."""
    records = results.of("generalize_deep")
    whole, others = seeds_of_one([record for record in records if record.result["test"]])
    trials, left = seeds_of_one([record for record in records if record.result["validation"]])
    if not whole:
        return [_MISSING, *_trials(trials), *_against_minutes(trials, results, figures)]
    paragraphs = [
        f"{accuracy(whole)} The network has eight layers with {whole[0].result['parameters']:,} parameters, was "
        f"trained on all {whole[0].result['work']['images']:,} images for {whole[0].settings['epochs']} epochs, and "
        f"took {minutes(whole)}. {work(whole)} The test images were used once, at the end of each run.",
        "The network and its training follow airbench94 with Muon ([Jordan, 2024](https://arxiv.org/abs/2404.00498)), "
        "which takes seconds on a GPU. The module `examples/experiments/generalize_deep.py` says what is in it.",
        *_in_pytorch(whole, results),
        fenced(whole[0].result["network"]),
        curves("generalize-deep", whole, figures),
        *_trials(trials),
        *_against_minutes(trials, results, figures),
        *_what_holds_it(whole[0], trials, results),
        confusion_matrix("generalize-deep", whole, figures),
        mistakes("generalize-deep", whole[0], figures),
    ]
    told = [*(record.cut_short for record in whole), others, left]
    return [*paragraphs, *dict.fromkeys(sentence for sentence in told if sentence)]


def _rivals(own: Record, results: Results, look: str, *more: str) -> list[Record]:
    """Return runs of the same net in PyTorch, on the same machine and images, that looked at the same split."""
    return [
        record
        for record in results.of("torch_deep")
        if look in record.result
        and all(record.settings[name] == own.settings[name] for name in ("epochs", "batch_size", "limit", *more))
        and record.machine["processor"] == own.machine["processor"]
        and record.cut_short == own.cut_short
    ]


def _pairs(trials: Sequence[Record], results: Results) -> list[tuple[Record, Record]]:
    """Return each of our runs with each run in PyTorch that held out the same images."""
    return [(own, rival) for own in trials for rival in _rivals(own, results, "validation", "validation", "seed")]


def _in_pytorch(whole: Sequence[Record], results: Results) -> list[str]:
    """Compare with PyTorch's time and accuracy on the test images."""
    records = _rivals(whole[0], results, "test")
    if not records:
        return []
    ours, theirs = (statistics.median(record.seconds for record in some) for some in (whole, records))
    accuracies = [record.result["test"]["accuracy"] for record in records]
    return [
        f"PyTorch {records[0].versions['torch']}, in eager mode on the same machine, takes {theirs / 60:.0f} minutes "
        f"for the same training, {theirs / ours:.1f} times as long, and reaches {mean_and_spread(accuracies)} % "
        f"({len(records)} run{'s' * (len(records) > 1)})."
    ]


def _against_minutes(trials: Sequence[Record], results: Results, figures: Figures) -> list[str]:
    """Draw the accuracy on validation images against the minutes of training, of ours and of PyTorch's."""
    pairs = _pairs(trials, results)
    if not pairs:
        return []
    own, rival = pairs[0]
    version = f"PyTorch {rival.versions['torch']}"
    figure = new_figure(6, 3.4)
    axes = figure.subplots()
    for record, label, color, line, marker in zip(
        (own, rival), ("lucidgrad", version), COLORS, LINES, MARKERS, strict=False
    ):
        history = record.result["history"]
        spent = np.cumsum([row["seconds"] for row in history]) / 60
        right = [100 - 100 * row["validation_error"] for row in history]
        axes.plot(spent, right, color=color, linestyle=line, marker=marker, label=label)
    axes.set(xlabel="minutes of training", ylabel="validation accuracy [%]", xlim=(0, None))
    axes.legend()
    axes.grid(alpha=0.3)
    ends = [
        f"{100 * accuracy:.1f} % after {record.seconds / 60:.0f} minutes"
        for record, accuracy in (
            (own, own.result["validation"]["shifted"]),
            (rival, rival.result["validation"]["accuracy"]),
        )
    ]
    return [
        figures.add(
            "generalize-deep-minutes", figure, "Validation accuracy against minutes, for lucidgrad and for PyTorch"
        ),
        f"The same training with the same images held out, in both libraries on this machine: a point is an epoch, and "
        f"shows the accuracy for the image alone. With all views, lucidgrad reaches {ends[0]}, and {version} in eager "
        f"mode {ends[1]}.",
    ]


def _what_holds_it(own: Record, trials: Sequence[Record], results: Results) -> list[str]:
    """Say that the images limit the accuracy, if PyTorch's is the same on images that are not the published ones."""
    if not own.data or own.data.get("published") is not False:
        return []
    if not any(
        abs(trial.result["validation"]["shifted"] - rival.result["validation"]["accuracy"]) < CHANCE
        for trial, rival in _pairs(trials, results)
    ):
        return []
    return [
        "Jordan reports 94.0 % for this training on the published images. These images were stored with loss, and "
        "another library comes equally far on them: what holds the accuracy is the images, not the engine."
    ]


def _trials(trials: Sequence[Record]) -> list[str]:
    """Return what was measured on validation images."""
    if not trials:
        return []
    held_out, epochs = trials[0].settings["validation"], trials[0].settings["epochs"]
    found = {view: [record.result["validation"][view] for record in trials] for view in VIEWS}
    gain = 100 * statistics.fmean(b - a for a, b in zip(found["averaged"], found["shifted"], strict=True))
    rows = [[words, mean_and_spread(found[view])] for view, words in VIEWS.items()]
    return [
        f"The settings are the published ones. On {held_out:,} validation images, after {epochs} epochs on the others, "
        f"predictions that are averaged over views of an image are {gain:.1f} points better than those for the image "
        "alone:",
        table(["views of an image", "validation accuracy [%]"], rows),
    ]
