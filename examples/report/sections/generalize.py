"""The section on generalization with three layers."""

from __future__ import annotations

import base64
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

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
    "augmentation": "crops and mirror images",
    "batch_norm": "batch norm",
    "principal_components": "a start from principal components",
    "dropout": "dropout",
    "label_smoothing": "label smoothing",
    "weight_decay": "weight decay",
    "one_cycle": "one cycle of the learning rate",
}


class _Part(NamedTuple):
    """What a part contributes."""

    words: str
    without: str  # the accuracy without it, in percent
    gain: float  # points


def section(results: Results, figures: Figures) -> list[str]:
    """Return the paragraphs on full runs and on runs that leave out a part."""
    records = results.of("generalize")
    if not records:
        return [_MISSING]
    whole, others = seeds_of_one([record for record in records if record.result["without"] is None])
    ablation = [record for record in records if record.result["without"] and record.result["validation"]]
    paragraphs = []
    if whole:
        paragraphs += [_answer(whole), _recipe(whole[0]), fenced(whole[0].result["network"])]
        paragraphs.append(curves("generalize", whole, figures))
    else:
        paragraphs.append(_MISSING)
    paragraphs += _parts(whole, ablation, figures)
    if whole:
        paragraphs += [confusion_matrix("generalize", whole, figures), mistakes("generalize", whole[0], figures)]
    told = [*(record.cut_short for record in (*whole, *ablation)), others]
    paragraphs += dict.fromkeys(sentence for sentence in told if sentence)
    return paragraphs


def _answer(whole: Sequence[Record]) -> str:
    layers = "two convolutions and one linear layer"
    return (
        f"{accuracy(whole)} The network has {layers} with {whole[0].result['parameters']:,} parameters in total. It "
        f"was trained for {whole[0].settings['epochs']} epochs, which took {minutes(whole)}. All choices were made on "
        "held-out validation images; the test images were used once, at the end of each run."
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
        "The filters of the first layer are initialized with the principal components of image patches, each with its "
        f"negative. Training images are shifted by up to {parts['pad']} pixels in each direction (with reflection at "
        f"the edges) and flipped at random. The optimizer is {_optimizer(settings)}, with batches of "
        f"{settings['batch_size']}. The learning rate rises to {settings['lr']:g} during the first "
        f"{percent(parts['warm_up'], 0)} of the steps and then falls to nearly 0, each along half a cosine. Weight "
        f"decay is {settings['weight_decay']:g} (none for biases and batch norm), label smoothing is "
        f"{parts['label_smoothing']:g}, and dropout before the linear layer is {percent(parts['dropout'], 0)}. The "
        f"network is evaluated with an exponential moving average of the weights (decay {parts['decay']:g} per step), "
        "and the probabilities of each image are averaged with those of its mirror image."
    )


def _optimizer(settings: Mapping[str, Any]) -> str:
    kinds = {
        "nesterov": f"SGD with Nesterov momentum {settings['momentum']:g}",
        "sgd": f"SGD with momentum {settings['momentum']:g}",
    }
    return kinds.get(settings["optimizer"], settings["optimizer"])


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


def _parts(whole: Sequence[Record], ablation: Sequence[Record], figures: Figures) -> list[str]:
    full = next((record for record in ablation if record.result["without"] == "nothing"), None)
    rows: list[_Part] = []
    unknown = dict(_WORDS)
    if full:
        reference = full.result["validation"]["mirrored"]
        same = {**full.settings, "without": None}
        ablation = [record for record in ablation if {**record.settings, "without": None} == same]
        for record in ablation:
            if (name := record.result["without"]) != "nothing":
                gain = _points(reference - record.result["validation"]["mirrored"])
                without = f"{100 * record.result['validation']['mirrored']:.1f}"
                rows.append(_Part(_WORDS[name], without, gain))
                unknown.pop(name, None)
        rows.sort(key=lambda row: -row.gain)
    text = []
    if rows and full:
        text.append(
            f"What does each part contribute? With all parts, the accuracy on the {full.settings['validation']:,} "
            f"validation images after {full.settings['epochs']} epochs is {percent(reference)}. Each run below leaves "
            "out one part. Each part was left out in one run only, so a difference of less than about a point may be "
            "chance. Parts that prevent overfitting contribute less in so few epochs than in a full run."
            + _rates(full, ablation)
        )
        if unknown:
            text.append(f"Not measured, to save time: {', '.join(unknown.values())}. {_COMMANDS}")
    else:
        text.append(f"The contribution of each part has not been measured yet. {_COMMANDS}")
    measured = [record.result["validation"] for record in whole if record.result["validation"]]
    if measured:
        last, averaged, mirrored = ([m[key] for m in measured] for key in ("last", "averaged", "mirrored"))
        for words, before, after in (
            ("averaged weights (full runs)", last, averaged),
            ("mirror images in evaluation (full runs)", averaged, mirrored),
        ):
            gain = _points(statistics.fmean(b - a for a, b in zip(before, after, strict=True)))
            rows.append(_Part(words, mean_and_spread(before), gain))
    if rows:
        cells = [[row.words, row.without, f"{row.gain:+.1f}"] for row in rows]
        text.append(table(["part", "validation accuracy without it [%]", "contribution [points]"], cells))
        text.append(_bars(rows, figures))
    return text


def _points(share: float) -> float:
    """Return a difference of fractions in percentage points, rounded to one decimal; never -0.0."""
    return round(100 * share, 1) + 0.0


def _rates(full: Record, ablation: Sequence[Record]) -> str:
    """Say in which runs the learning rate differs too."""
    text = ""
    of_all = full.result["history"][0]["learning_rate"]
    for record in ablation:
        rate = record.result["history"][0]["learning_rate"]
        if record.result["without"] == "batch_norm":
            text += f" Without batch norm the learning rate is multiplied by {rate / of_all:.2g}; "
            text += "otherwise the loss becomes infinite."
        if record.result["without"] == "one_cycle":
            text += f" Without the cycle it is constant at {rate:.2g}."
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
