"""The section on generalization without the limit of three layers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from examples.experiments.support.runs.results import Record
from examples.report.page import Figures, Results, fenced, mean_and_spread, seeds_of_one, table
from examples.report.sections.generalize import accuracy, confusion_matrix, curves, minutes, mistakes, work

TITLE = "And with any number of layers?"

_MISSING = "There is no result of a full run yet; `python -m examples.experiments.generalize_deep` makes one."
_VIEWS = {
    "averaged": "the image alone",
    "mirrored": "and its mirror image",
    "shifted": "and both, shifted by a pixel to two sides",
}


def section(results: Results, figures: Figures) -> list[str]:
    """Return the paragraphs on full runs, and on runs that held out validation images."""
    records = results.of("generalize_deep")
    whole, others = seeds_of_one([record for record in records if record.result["test"]])
    trials, left = seeds_of_one([record for record in records if record.result["validation"]])
    if not whole:
        return [_MISSING, *_trials(trials)]
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
        confusion_matrix("generalize-deep", whole, figures),
        mistakes("generalize-deep", whole[0], figures),
    ]
    told = [*(record.cut_short for record in whole), others, left]
    return [*paragraphs, *dict.fromkeys(sentence for sentence in told if sentence)]


def _in_pytorch(whole: Sequence[Record], results: Results) -> list[str]:
    """Compare with runs of the same net in PyTorch, on the same machine and as many images."""
    settings, machine = whole[0].settings, whole[0].machine
    kinds = ("epochs", "batch_size", "limit")
    records = [
        record
        for record in results.of("torch_deep")
        if all(record.settings[name] == settings[name] for name in kinds)
        and record.machine["processor"] == machine["processor"]
        and record.cut_short == whole[0].cut_short
    ]
    if not records:
        return []
    ours, theirs = (statistics.median(record.seconds for record in some) for some in (whole, records))
    accuracies = [record.result["test"]["accuracy"] for record in records]
    return [
        f"PyTorch {records[0].versions['torch']}, in eager mode on the same machine, takes {theirs / 60:.0f} minutes "
        f"for the same training, {theirs / ours:.1f} times as long, and reaches {mean_and_spread(accuracies)} % "
        f"({len(records)} run{'s' * (len(records) > 1)})."
    ]


def _trials(trials: Sequence[Record]) -> list[str]:
    """Return what was measured on validation images."""
    if not trials:
        return []
    held_out, epochs = trials[0].settings["validation"], trials[0].settings["epochs"]
    found = {view: [record.result["validation"][view] for record in trials] for view in _VIEWS}
    gain = 100 * statistics.fmean(b - a for a, b in zip(found["averaged"], found["shifted"], strict=True))
    rows = [[words, mean_and_spread(found[view])] for view, words in _VIEWS.items()]
    return [
        f"The settings were chosen on {held_out:,} validation images. After {epochs} epochs on the others, predictions "
        f"that are averaged over views of an image are {gain:.1f} points better than those for the image alone:",
        table(["views of an image", "validation accuracy [%]"], rows),
    ]
