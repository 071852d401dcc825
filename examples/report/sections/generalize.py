"""The section on generalization with three layers."""

from __future__ import annotations

import base64
import math
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from examples.experiments.support.cli import epochs_in_words
from examples.experiments.support.runs.results import Record
from examples.report.page import (
    COLORS,
    HATCHES,
    Figures,
    Results,
    bands,
    confusion,
    fenced,
    mean_and_spread,
    new_figure,
    percent,
    seeds_of_one,
    table,
    words,
)

TITLE = "How well can three layers with weights generalize?"

_MISSING = "There is no result of a full run yet; `python -m examples.experiments.generalize` makes one."
_COMMANDS = "The commands that measure it are in `python -m pydoc examples.experiments.generalize`."
_WORDS = {
    "augmentation": "shifts and mirror images",
    "batch_norm": "batch norm",
    "first_layer": "training of the first layer",
    "whitening": "first filters that whiten patches",
    "dropout": "dropout",
    "label_smoothing": "label smoothing",
    "triangle": "a learning rate that rises and falls",
    "muon": "Muon for the filters",
}
_SIZES = ("filters", "patch_size", "channels")  # the settings that choose the network's size
VIEWS = {
    "averaged": "the image alone",
    "mirrored": "and its mirror image",
    "shifted": "and both, shifted by a pixel to two sides",
}


class _Part(NamedTuple):
    """What a part contributes: differences of runs with the same seed, which hold out the same images."""

    words: str
    without: list[float]  # the accuracies without it
    gains: list[float]

    @property
    def gain(self) -> float:
        """The mean of the gains, in points."""
        return _points(statistics.fmean(self.gains))

    @property
    def error(self) -> float | None:
        """Its standard error, in points; None if it is of one run."""
        if len(self.gains) < 2:
            return None
        return _points(statistics.stdev(self.gains) / math.sqrt(len(self.gains)))

    @property
    def cells(self) -> list[str]:
        error = "" if self.error is None else f" ± {self.error:.1f}"
        return [self.words, mean_and_spread(self.without), f"{self.gain:+.1f}{error}"]

    @property
    def may_be_chance(self) -> bool:
        return self.error is None or abs(self.gain) <= 2 * self.error


def section(results: Results, figures: Figures) -> list[str]:
    """Return the paragraphs on full runs and on runs that leave out a part."""
    records = results.of("generalize")
    if not records:
        return [_MISSING]
    whole, others = seeds_of_one([record for record in records if record.result["test"]])
    ablation = [record for record in records if record.result["without"] and record.result["validation"]]
    paragraphs = []
    if whole:
        paragraphs += [_answer(whole), _recipe(whole[0]), fenced(whole[0].result["network"])]
        paragraphs.append(curves("generalize", whole, figures))
    else:
        paragraphs.append(_MISSING)
    full = [record for record in ablation if record.result["without"] == "nothing"]
    paragraphs += _sizes(full)
    paragraphs += _parts(full, [record for record in ablation if record not in full], figures)
    if whole:
        paragraphs += [confusion_matrix("generalize", whole, figures), mistakes("generalize", whole[0], figures)]
    told = [*(record.cut_short for record in (*whole, *ablation)), others]
    paragraphs += dict.fromkeys(sentence for sentence in told if sentence)
    return paragraphs


def _answer(whole: Sequence[Record]) -> str:
    layers = "two convolutions and one linear layer"
    return (
        f"{accuracy(whole)} The network has {layers} with {whole[0].result['parameters']:,} parameters in total, was "
        f"trained on all {whole[0].result['work']['images']:,} images for {whole[0].settings['epochs']} epochs, and "
        f"took {minutes(whole)}. {work(whole)} All choices were made on held-out validation images; the test images "
        "were used once, at the end of each run."
    )


def accuracy(whole: Sequence[Record]) -> str:
    """Say how many of the test images runs with several seeds classify correctly."""
    accuracies = [record.result["test"]["accuracy"] for record in whole]
    seeds = ", ".join(str(record.settings["seed"]) for record in whole)
    spread = "mean ± standard deviation" if len(whole) > 1 else "one run"
    return (
        f"**{mean_and_spread(accuracies)} % of the {whole[0].result['test']['pictures']:,} test images are "
        f"classified correctly** ({spread}; seed{'s' * (len(whole) > 1)} {seeds})."
    )


def minutes(whole: Sequence[Record]) -> str:
    """Say how long runs took."""
    least, most = (f"{how(record.seconds for record in whole) / 60:.0f}" for how in (min, max))
    return (
        f"{least if least == most else f'{least} to {most}'} minutes per run on {whole[0].machine['threads']} threads"
    )


def work(whole: Sequence[Record]) -> str:
    """Say how much arithmetic a run took, at which rate, and how long it would take at others."""
    flops, peak = whole[0].result["work"]["flops"], statistics.median(record.result["work"]["peak"] for record in whole)
    rate = flops / statistics.fmean(record.seconds for record in whole) / 1e9
    others = [f"{flops / gflops / 60e9:.0f}" for gflops in (100, 200, 400)]
    return (
        f"A run computes {flops / 1e15:.2f} PFLOP (a convolution counted as its plain sum of products), here at "
        f"{rate:.0f} GFLOP/s; the measured peak of this machine is {peak:.0f} GFLOP/s. At 100, 200 and 400 GFLOP/s it "
        f"would take {words(others)} minutes."
    )


def _recipe(record: Record) -> str:
    parts, settings = record.result["parts"], record.settings
    return (
        "The network does not see the outermost pixels of an image. The filters of its first layer start as those that "
        "whiten image patches, each with its negative beside it. Training images are shifted by up to "
        f"{parts['pad']} pixels in each direction (with reflection at the edges) and flipped in every second epoch. "
        f"Muon trains the filters of both convolutions, with a rate of {parts['muon_rate']:g} and a momentum of "
        f"{parts['muon_momentum']:g}; batch norm and the linear layer by SGD with Nesterov momentum "
        f"{parts['momentum']:g} and a rate of {settings['lr']:g}, with batches of {settings['batch_size']}. The rates "
        f"rise during the first {percent(parts['warm_up'], 0)} of the steps and then fall to nearly 0, in straight "
        f"lines. Label smoothing is {parts['label_smoothing']:g}, and dropout before the linear layer is "
        f"{percent(parts['dropout'], 0)}. The probabilities of each image are averaged with those of its mirror image, "
        "and with those of both, shifted by a pixel to two sides."
    )


def curves(name: str, whole: Sequence[Record], figures: Figures) -> str:
    """Return the learning curves of some runs, and what they show."""
    shown = {"train": "training (augmented)"}
    if "validation_loss" in whole[0].result["history"][0]:  # else no images were held out
        shown["validation"] = "validation"
    figure = bands([record.result["history"] for record in whole], shown)
    alt = "Loss and error of training and validation against epochs; the band spans all seeds"
    words = (
        "Lines are means over the seeds; bands show the range. The training loss includes label smoothing, "
        "augmentation and any dropout, and is therefore higher than the loss in evaluation."
    )
    return figures.add(f"{name}-curves", figure, alt) + "\n\n" + words


def _sizes(full: Sequence[Record]) -> list[str]:
    """Compare sizes of the network and lengths of training, from runs with all parts."""
    kinds: dict[tuple[int, ...], list[Record]] = {}
    for record in full:
        size = [record.settings[name] for name in _SIZES]
        length = (record.settings["epochs"], record.result["work"]["images"])
        kinds.setdefault((*size, record.result["parameters"], *length), []).append(record)
    if len(kinds) < 2:
        return []
    rows = []
    for kind, records in sorted(kinds.items(), key=lambda kind: (kind[1][0].result["work"]["flops"], kind[0])):
        accuracies = [record.result["validation"]["shifted"] for record in records]
        work = records[0].result["work"]["flops"] / 1e12
        rows.append([*(f"{number:,}" for number in kind), f"{work:.1f}", mean_and_spread(accuracies)])
    layers = ["filters of layer 1", "their size [pixels]", "filters of layer 2", "parameters"]
    training = ["epochs", "images in each", "arithmetic [TFLOP]"]
    return [
        "How large should the layers be, and how long the training? Runs that hold out "
        f"{full[0].settings['validation']:,} images:",
        table([*layers, *training, "validation accuracy [%]"], rows),
    ]


def _parts(full: Sequence[Record], ablation: Sequence[Record], figures: Figures) -> list[str]:
    """Say what each part contributes, from runs that leave it out, with the same seeds."""

    def kind(record: Record) -> dict[str, Any]:
        return {**record.settings, "without": None, "seed": None}

    full, others = seeds_of_one([one for one in full if any(kind(one) == kind(record) for record in ablation)])
    settings = kind(full[0]) if full else None
    reference = {record.settings["seed"]: record for record in full}
    rows: list[_Part] = []
    for name, what in _WORDS.items():
        left_out = [
            (reference[record.settings["seed"]], record)
            for record in ablation
            if record.result["without"] == name and kind(record) == settings and record.settings["seed"] in reference
        ]
        if left_out:
            before = [record.result["validation"]["shifted"] for _, record in left_out]
            after = [own.result["validation"]["shifted"] for own, _ in left_out]
            rows.append(_Part(what, before, [b - a for a, b in zip(before, after, strict=True)]))
    if not rows:
        return [f"The contribution of each part has not been measured yet. {_COMMANDS}"]
    views = [[record.result["validation"][name] for record in full] for name in VIEWS]
    for what, before, after in (
        ("mirror images in evaluation", views[0], views[1]),
        ("shifts in evaluation", views[1], views[2]),
    ):
        rows.append(_Part(what, before, [b - a for a, b in zip(before, after, strict=True)]))
    measured = {row.words for row in rows}
    unknown = [what for what in _WORDS.values() if what not in measured]
    rows.sort(key=lambda row: -row.gain)
    seeds = len(full)
    text = [
        "What does each part contribute? With all parts, the accuracy on "
        f"{full[0].settings['validation']:,} validation images after {epochs_in_words(full[0].settings['epochs'])} of "
        f"{full[0].result['work']['images']:,} images is "
        f"{mean_and_spread(views[-1])} % ({seeds} seed{'s' * (seeds > 1)}). Each row below leaves out one part, with "
        "the same seeds and the same images held out. The contribution is the mean of the differences, ± its standard "
        "error. Parts that prevent overfitting contribute less in so few epochs than in a full run. "
        + _within_chance(rows)
        + _rates(full[0], ablation)
    ]
    if unknown:
        text.append(f"Not measured, to save time: {', '.join(unknown)}. {_COMMANDS}")
    if others:
        text.append(others)
    text.append(
        table(["part", "validation accuracy without it [%]", "contribution [points]"], [row.cells for row in rows])
    )
    text.append(_bars(rows, figures))
    return text


def _within_chance(rows: Sequence[_Part]) -> str:
    some = [row.words for row in rows if row.may_be_chance]
    if not some:
        return "Every contribution is more than twice its standard error."
    return (
        f"Within twice its standard error, and so perhaps chance, {'is' if len(some) == 1 else 'are'}: {words(some)}."
    )


def _points(share: float) -> float:
    """Return a difference of fractions in percentage points, rounded to one decimal; never -0.0."""
    return round(100 * share, 1) + 0.0


def _rates(full: Record, ablation: Sequence[Record]) -> str:
    """Say in which runs the learning rate differs too."""
    text, parts = "", full.result["parts"]
    left_out = {record.result["without"] for record in ablation}
    if "muon" in left_out:
        text += f" Without Muon, SGD trains the filters with a rate of {parts['sgd_rate']:g}."
    if "triangle" in left_out:
        text += " The constant rate is half of the highest, the mean of the rates of the others."
    return text


def _bars(rows: Sequence[_Part], figures: Figures) -> str:
    gains = [row.gain for row in rows]
    ends = _ends(gains)
    figure = new_figure(9, 1.1 + 0.38 * len(rows))
    panels = figure.subplots(1, len(ends), sharey=True, squeeze=False, width_ratios=[4, 1][: len(ends)])[0]
    y = np.arange(len(rows))[::-1]
    for axes, (low, high) in zip(panels, ends, strict=True):
        for gain, place in zip(gains, y, strict=True):
            loses = gain < 0
            axes.barh(
                place, gain, color=COLORS[int(loses)], hatch=HATCHES[int(loses)], edgecolor="black", linewidth=0.6
            )
            if low <= gain <= high:
                axes.annotate(
                    f"{gain:+.1f}",
                    (gain, place),
                    xytext=(4 if gain >= 0 else -4, 0),
                    textcoords="offset points",
                    va="center",
                    ha="left" if gain >= 0 else "right",
                )
        axes.set_xlim(low, high)
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0].axvline(0, color="black", linewidth=0.8)
    panels[0].set_yticks(y, [row.words for row in rows])
    if len(panels) > 1:
        panels[1].spines["left"].set_visible(False)
        panels[1].tick_params(left=False)
        panels[1].xaxis.set_major_locator(MaxNLocator(2, integer=True))
        slash = {"marker": [(-0.5, -1), (0.5, 1)], "markersize": 10, "color": "black", "clip_on": False}
        panels[0].plot([1], [0], transform=panels[0].transAxes, linestyle="none", **slash)
        panels[1].plot([0], [0], transform=panels[1].transAxes, linestyle="none", **slash)
    figure.suptitle("What each part contributes" + " (the axis is broken)" * (len(panels) > 1))
    figure.supxlabel("contribution to validation accuracy [percentage points]", fontsize="medium")
    return figures.add("generalize-parts", figure, "Contribution of each part to the validation accuracy, in points")


def _ends(gains: Sequence[float]) -> list[tuple[float, float]]:
    """Return the ends of the axis, or of its two pieces if one gain is far above all others."""
    *others, largest = sorted(gains)
    low = min(0.0, *gains)
    second = max([0.0, *others])
    room = 0.2 * max(second - low, 0.1)
    if largest <= 4 * max(second, -low):
        room = 0.15 * max(largest - low, 0.1)
        return [(low - room * (low < 0), max(largest, 0.0) + room)]
    return [(low - room * (low < 0), second + 2 * room), (0.92 * largest, 1.06 * largest)]


def confusion_matrix(name: str, whole: Sequence[Record], figures: Figures) -> str:
    """Return the paragraphs on the confusion matrix of all test images of some runs."""
    counts = np.sum([record.result["test"]["confusion"] for record in whole], axis=0)
    words, figure = confusion(counts, whole[0].result["classes"])
    return words + "\n\n" + figures.add(f"{name}-confusion", figure, "Confusion matrix of the test images")


def mistakes(name: str, record: Record, figures: Figures) -> str:
    """Return the paragraphs on misclassified test images of a run."""
    shown = record.result["test"]["misclassified"]
    if not shown:
        return "No test image is misclassified."
    classes = record.result["classes"]
    columns = 4
    rows = -(-len(shown) // columns)
    figure = new_figure(9, 2.5 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, picture in zip(grid.flat, shown):
        pixels = np.frombuffer(base64.b64decode(picture["pixels"]), np.uint8).reshape(3, 32, 32)
        axes.imshow(pixels.transpose(1, 2, 0), interpolation="nearest")
        likeliest = "\n".join(f"{classes[c]} {percent(p, 0)}" for c, p in picture["likeliest"])
        axes.set_title(f"{classes[picture['class']]} (no. {picture['index']:,})", fontsize=9)
        axes.set_xlabel(likeliest, fontsize=8)
        axes.set(xticks=[], yticks=[])
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    words = (
        f"Misclassified test images of the run with seed {record.settings['seed']}, at even intervals in the test set. "
        "Above each are its class and index, below it the three most probable classes."
    )
    return (
        words
        + "\n\n"
        + figures.add(f"{name}-mistakes", figure, "Misclassified test images with predicted probabilities")
    )
