"""The section on the comparison of optimizers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from examples.experiments.support.cli import epochs_in_words
from examples.experiments.support.runs.results import Record
from examples.report.page import (
    COLORS,
    LINES,
    MARKERS,
    Figures,
    Results,
    mean_and_spread,
    new_figure,
    percent,
    table,
    words,
)

TITLE = "Which optimizer?"

Row = Mapping[str, Any]
Curves = dict[str, list[list[Row]]]  # method -> the histories of its seeds


def section(results: Results, figures: Figures) -> list[str]:
    """Return the paragraphs on each comparison."""
    records = results.of("compare_optimizers")
    if not records:
        return ["There is no result yet; `python -m examples.experiments.compare_optimizers` makes one."]
    paragraphs = []
    for record in sorted(records, key=lambda record: list(_NETS).index(record.result["net"])):
        several = f"-{record.name}" if len(records) > 1 else ""
        curves = _curves(record.result)
        paragraphs += [
            *([f"### {_net(record).capitalize()}"] if len(records) > 1 else []),
            _how(record),
            *_verdict(record, curves),
            _table(record, curves),
            figures.add(
                f"optimizers{several}",
                panels(record.result),
                "Loss and errors during training, and the test error against seconds",
            ),
            "A marker is an epoch. Lines are means over the seeds; bands show the range. Training loss and error are "
            "averaged over the epoch, while the weights change, so they are lower at its end.",
            *_discussion(record, curves),
            figures.add(f"optimizers-rates{several}", _rates(record), "Validation error against the learning rate"),
            _choice(record),
        ]
        if record.cut_short:
            paragraphs.append(record.cut_short)
    return paragraphs


def panels(result: Mapping[str, Any]) -> Figure:
    """Draw training loss, validation error and test error against arithmetic, and the test error against seconds."""
    curves, flops = _curves(result), result["flops"]
    figure = new_figure(9, 7.4)
    shown = (
        ("train_loss", "Training loss", "loss [nats per image]", False),
        ("validation_error", "Validation error", "error [% of images]", False),
        ("test_error", "Test error", "error [% of images]", False),
        ("test_error", "Test error against time", "error [% of images]", True),
    )
    grid = figure.subplots(2, 2)
    for axes, (key, title, unit, by_time) in zip(grid.flat, shown, strict=True):
        scale = 100 if key.endswith("error") else 1
        for i, (method, histories) in enumerate(curves.items()):
            y = scale * np.array([[row[key] for row in history] for history in histories])
            seconds = np.cumsum([[row["seconds"] for row in history] for history in histories], axis=1).mean(0)
            x = seconds if by_time else np.arange(1, y.shape[1] + 1) * flops[method] / 1e12
            axes.plot(x, y.mean(0), color=COLORS[i], linestyle=LINES[i], marker=MARKERS[i], markersize=5, linewidth=1.5,
                      label=method)  # fmt: skip
            axes.fill_between(x, y.min(0), y.max(0), color=COLORS[i], alpha=0.1, linewidth=0)
        axes.set(title=title, xlabel="training time [s]" if by_time else "arithmetic [TFLOP]", ylabel=unit)
        axes.set_xlim(0, None)
        axes.grid(alpha=0.3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False,
        handlelength=4)  # fmt: skip
    return figure


_NETS = {"baseline": "the baseline", "three_layers": "the network of three layers"}


def _net(record: Record) -> str:
    return _NETS[record.result["net"]]


_SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def _curves(result: Mapping[str, Any]) -> Curves:
    """Return the histories of the runs at the best rates."""
    curves: Curves = {}
    for run in result["runs"]:
        if run["history"]:
            curves.setdefault(run["method"], []).append(run["history"])
    return curves


def _last(curves: Curves, method: str, key: str) -> list[float]:
    return [history[-1][key] for history in curves[method]]


def _mean(curves: Curves, method: str, key: str, share: float = 1) -> float:
    """The mean of the seeds after a share of the training; between two epochs it lies on a straight line."""
    rows = np.mean([[row[key] for row in history] for history in curves[method]], axis=0)
    return float(np.interp(share * len(rows), np.arange(1, len(rows) + 1), rows))


def _how(record: Record) -> str:
    settings, methods = record.settings, record.result["methods"]
    momentum, decay = methods["momentum"]["momentum"], methods["AdamW"]["weight_decay"]
    rates = ", ".join(f"{rate:g}" for rate in settings["rates"])
    return (
        f"Every optimizer trains {_net(record)} from the same initial weights on the same batches of "
        f"{settings['batch_size']}. The learning rates {rates} are tried for each, and the one with the lowest error "
        f"on {settings['validation']:,} validation images after {epochs_in_words(settings['trial_epochs'])} is chosen. "
        f"Then the optimizer is trained for {epochs_in_words(settings['epochs'])} with each of {settings['seeds']} "
        "seeds. All other settings are PyTorch's defaults, except that momentum and Nesterov use a momentum of "
        f"{momentum:g}, and the weight decay is {decay:g} for AdamW and 0 for the others." + _newcomers(record)
    )


def _newcomers(record: Record) -> str:
    """Say what Muon and Lookahead are made of, and that a method whose steps multiply matrices has fewer epochs."""
    methods, text = record.result["methods"], ""
    if "Lookahead" in methods:
        text += f" Lookahead moves towards the weights of Nesterov, of momentum {methods['Lookahead']['momentum']:g}."
    if "Muon" in methods:
        text += (
            f" Muon, with a weight decay of {methods['Muon']['weight_decay']:g} and a momentum of "
            f"{methods['Muon']['momentum']:g}, trains all matrices but the last one, AdamW the rest."
        )
    flops = record.result["flops"]
    for method, histories in _curves(record.result).items():
        if (factor := flops[method] / flops["SGD"]) > 1:
            done = len(histories[0])
            text += (
                f" An epoch with {method}, which multiplies matrices in each step, takes {factor:.2f} times as much "
                f"arithmetic as with SGD. So it has {epochs_in_words(done)} for the {record.settings['epochs']} of the "
                f"others, {done * factor / record.settings['epochs']:.2f} times their arithmetic."
            )
            tried = max(len(trial["history"]) for trial in record.result["trials"] if trial["method"] == method)
            if tried != record.settings["trial_epochs"]:
                text += f" Its rate was chosen after {epochs_in_words(tried)}."
    return text


def _verdict(record: Record, curves: Curves) -> list[str]:
    if not curves:
        return ["With every optimizer the loss became infinite."]
    ranked = sorted(curves, key=lambda method: _mean(curves, method, "test_error"))
    first = ranked[0]
    text = f"**{first} has the lowest test error, {_spread(curves, first)} %**"
    if len(ranked) > 1:
        second, last = ranked[1], ranked[-1]
        gap, judgement = _separation(curves, first, second)
        text += (
            f". {second} is second ({_spread(curves, second)} %), {gap:.1f} points behind, {judgement}. "
            f"{last} is last ({_spread(curves, last)} %)."
        )
    else:
        text += "."
    return [text]


def _spread(curves: Curves, method: str) -> str:
    return mean_and_spread(_last(curves, method, "test_error"))


def _separation(curves: Curves, first: str, second: str) -> tuple[float, str]:
    """Return the points between the test errors of two methods, and whether the seeds' variation explains them."""
    a, b = _last(curves, first, "test_error"), _last(curves, second, "test_error")
    gap = statistics.fmean(b) - statistics.fmean(a)
    if min(len(a), len(b)) < 2:
        return 100 * gap, "which may be chance with one seed"
    error = (statistics.variance(a) / len(a) + statistics.variance(b) / len(b)) ** 0.5
    if gap > 2 * error:
        return 100 * gap, "more than the variation between seeds explains"
    return 100 * gap, "within the variation between seeds"


def _table(record: Record, curves: Curves) -> str:
    rows = []
    for method in sorted(curves, key=lambda method: _mean(curves, method, "test_error")):
        seconds = [row["seconds"] for history in curves[method] for row in history]
        rows.append(
            [
                method,
                f"{record.result['best'][method]:g}",
                mean_and_spread(_last(curves, method, "train_loss"), 1, 3),
                *(mean_and_spread(_last(curves, method, f"{split}_error")) for split in _SPLITS),
                f"{statistics.median(seconds):.1f}",
            ]
        )
    header = ["optimizer", "rate", "training loss", *(f"{w} error [%]" for w in _SPLITS.values()), "s per epoch"]
    return table(header, rows)


def _discussion(record: Record, curves: Curves) -> list[str]:
    if len(curves) < 2:
        return []
    return [
        _leaders(curves),
        _fitting(curves),
        *([_neighbours(curves)] if {"SGD", "momentum", "Nesterov"} <= set(curves) else []),
        *_newer(record, curves),
        _time(curves),
    ]


def _leaders(curves: Curves) -> str:
    sentences = []
    for share, when in ((0.5, "halfway"), (1.0, "at the end")):
        errors = {method: _mean(curves, method, "validation_error", share) for method in curves}
        ranked = sorted(errors, key=errors.__getitem__)
        first, second = (errors[method] for method in ranked[:2])
        lead = f"{ranked[0]} ({percent(first)}, {100 * (second - first):.1f} points ahead of {ranked[1]})"
        sentences.append(f"{when} {lead}")
    return f"Lowest validation error: {'; '.join(sentences)}."


def _newer(record: Record, curves: Curves) -> list[str]:
    """Say how Muon and lookahead compare with the optimizers that they start from."""
    flops = record.result["flops"]
    sentences = []
    for method, before in (("Muon", "AdamW"), ("Lookahead", "Nesterov")):
        if {method, before} <= set(curves):
            first, second = sorted((method, before), key=lambda name: _mean(curves, name, "test_error"))
            gap, judgement = _separation(curves, first, second)
            side = "below" if first == method else "above"
            sentences.append(f"With {method} the test error is {gap:.1f} points {side} {before}'s, {judgement}.")
            share = record.settings["epochs"] * flops["SGD"] / (len(curves[method][0]) * flops[method])
            if share < 1:  # epochs are whole
                less = percent(_mean(curves, method, "test_error", share))
                sentences.append(f"Where {method} has done the others' arithmetic, between two epochs, it is {less}.")
    return [" ".join(sentences)] if sentences else []


def _fitting(curves: Curves) -> str:
    """Say which optimizer fits the training images best, and how far test and training error are apart."""
    fits = min(curves, key=lambda method: _mean(curves, method, "train_loss"))
    gaps = {method: _mean(curves, method, "test_error") - _mean(curves, method, "train_error") for method in curves}
    widest, narrowest = max(gaps, key=gaps.__getitem__), min(gaps, key=gaps.__getitem__)
    best = min(curves, key=lambda method: _mean(curves, method, "test_error"))
    moral = (
        "it also has the lowest test error"
        if fits == best
        else f"{best}, however, has the lowest test error. The best fit is not the best on new images"
    )
    return (
        f"{fits} fits the training images best (loss {_mean(curves, fits, 'train_loss'):.3f}); {moral}. "
        f"The gap between test and training error is largest for {widest} ({100 * gaps[widest]:.1f} points) and "
        f"smallest for {narrowest} ({100 * gaps[narrowest]:.1f})."
    )


def _neighbours(curves: Curves) -> str:
    """Say what momentum gains over plain SGD, each at its best rate."""
    plain, heavy, nesterov = (_mean(curves, method, "test_error") for method in ("SGD", "momentum", "Nesterov"))
    return (
        f"With each at its own best rate, momentum {_changes(plain, heavy)} the error of SGD by "
        f"{100 * abs(heavy - plain):.1f} points; Nesterov's variant {_changes(heavy, nesterov)} that of momentum by "
        f"{100 * abs(nesterov - heavy):.1f}."
    )


def _changes(before: float, after: float) -> str:
    return "lowers" if after < before else "raises"


def _time(curves: Curves) -> str:
    """Say how long each takes for an epoch, and until the error that all reach."""
    epoch = {m: statistics.median(row["seconds"] for history in curves[m] for row in history) for m in curves}
    quickest, slowest = min(epoch, key=epoch.__getitem__), max(epoch, key=epoch.__getitem__)
    errors = {
        method: np.mean([[row["validation_error"] for row in history] for history in curves[method]], axis=0)
        for method in curves
    }
    goal = max(each.min() for each in errors.values())
    times = {}
    for method, each in errors.items():
        reached = int(np.argmax(each <= goal))
        times[method] = statistics.fmean(
            sum(row["seconds"] for row in history[: reached + 1]) for history in curves[method]
        )
    ranked = sorted(times, key=times.__getitem__)
    moral = (
        "curves against time look like curves against epochs"
        if epoch[slowest] < 1.2 * epoch[quickest]
        else "compare them by time rather than by epochs"
    )
    return (
        f"An epoch takes from {epoch[quickest]:.1f} s ({quickest}) to {epoch[slowest]:.1f} s ({slowest}): {moral}. "
        f"The time to a validation error of {percent(goal)}, which all reach: "
        + ", ".join(f"{method} {times[method]:.0f} s" for method in ranked)
        + "."
    )


def _rates(record: Record) -> Figure:
    figure = new_figure(7.6, 3.8)
    axes = figure.subplots()
    for i, method in enumerate(record.result["methods"]):
        tried = [
            (t["rate"], 100 * t["history"][-1]["validation_error"])
            for t in record.result["trials"]
            if t["method"] == method and t["history"]
        ]
        if tried:
            axes.plot(*zip(*sorted(tried)), color=COLORS[i], linestyle=LINES[i], marker=MARKERS[i], label=method)
    axes.set_xscale("log")
    epochs = epochs_in_words(record.settings["trial_epochs"])
    axes.set(
        title="Validation error by learning rate", xlabel="learning rate", ylabel=f"error after {epochs} [% of images]"
    )
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", frameon=False, handlelength=3.5)
    return figure


def _choice(record: Record) -> str:
    rates = sorted(record.settings["rates"])
    edge = [method for method, rate in record.result["best"].items() if rate in (rates[0], rates[-1])]
    failed = [f"{t['method']} at {t['rate']:g}" for t in record.result["trials"] if t["not_finite"]]
    lost = [f"{r['method']} with seed {r['seed']}" for r in record.result["runs"] if r["not_finite"]]
    text = "The rates are chosen after few epochs and on a coarse grid."
    if edge and len(rates) > 1:
        text += f" The best rate is at the end of the grid for {words(edge)}, which may do better beyond it."
    if failed:
        text += f" The loss became infinite for {words(failed)}."
    if lost:
        text += f" At the chosen rate it still did for {words(lost)}; the means exclude these runs."
    return text
