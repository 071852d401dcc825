"""The report's section on MXNet and PyTorch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from examples.experiments.support.cli import epochs_in_words
from examples.experiments.support.frameworks.drawing import LEAST, WAYS, name_of, parity_figure, speed_figure
from examples.experiments.support.frameworks.parity import EXACT, first_that_parts, loss_differences
from examples.experiments.support.runs.results import Record
from examples.report.page import Figures, Results, mean_and_spread, table

TITLE = "The same net in MXNet and in PyTorch: is it the same, and how fast?"

_PYTHONS = "--python torch=.venv-torch/bin/python --python mxnet=.venv-mxnet/bin/python"
COMMAND = f"python -m examples.experiments.compare_frameworks {_PYTHONS}"
GPU_COMMAND = f"{COMMAND} --devices gpu --out runs/compare_gpu"
FRAMEWORKS = ("lucidgrad", "torch", "mxnet")
DEVICES = {"cpu": "CPU", "gpu": "GPU"}
TARGET = 0.5  # points

DIFFERENCES = """\
What had to be made equal. MXNet's loss is one number a picture, and its trainer divides the gradients by a batch size \
it is told; here the mean is taken first, and the trainer is told 1. MXNet's momentum has the learning rate inside \
(`m = μm - lr·g; p += m`), ours and PyTorch's has not (`v = μv + g; p -= lr·v`); that is the same while the learning \
rate is constant, and differs on a schedule. Gluon draws weights from U(-0.07, 0.07) and sets biases to 0; PyTorch and \
lucidgrad draw both from U(-1/√fan_in, 1/√fan_in), and so does the rebuilt net when it is trained alone. BatchNorm, \
which this net has not, takes the share of the *old* value as its momentum in MXNet (0.9 where ours is 0.1), and its \
running variance is the biased one, smaller by (n-1)/n; `tests/with_mxnet` holds all of this."""


def section(results: Results, figures: Figures) -> list[str]:
    """The paragraphs."""
    records = results.of("compare_frameworks")
    if not records:
        return [f"There is no result yet; `{COMMAND} --accuracy` makes one."]
    return [
        *(f"{record.cut_short}" for record in records if record.cut_short),
        *_speed(records, figures),
        *_parity(records, figures),
        DIFFERENCES,
        *_accuracy(records),
    ]


def _speed(records: Sequence[Record], figures: Figures) -> list[str]:
    parts = [(record, device, some) for record in records for device, some in record.result["speed"].items()]
    said = []
    if parts:
        said.append(
            "Every framework trains the baseline in a process of its own, and they are asked in turn; the numbers are "
            "medians. The table has training steps (forward, loss, backward, SGD with momentum) on a batch that is "
            "in place already, in pictures a second:"
        )
        batches = sorted({row["batch"] for _, _, some in parts for row in some["steps"]})
        rows = []
        for _, device, some in parts:
            for way in WAYS:
                rates = {row["batch"]: row["images_per_second"] for row in some["steps"] if row["way"] == way}
                if rates:
                    cells = [f"{rates[batch]:,.0f}" if batch in rates else "" for batch in batches]
                    rows.append([f"{name_of(way)}, {DEVICES[device]}", *cells])
        said.append(table(["batch size", *map(str, batches)], rows))
        titles = [f"{DEVICES[device]}, {_threads(record)}" for record, device, _ in parts]
        figure = speed_figure([(title, some["steps"]) for title, (_, _, some) in zip(titles, parts, strict=True)])
        said.append(figures.add("compare_frameworks_speed", figure, "Training speed of the frameworks"))
        said.append("A whole epoch, its batches loaded and standardized on the way:")
        rows = []
        for _, device, some in parts:
            for framework in dict.fromkeys(row["framework"] for row in some["epochs"]):
                found = [row for row in some["epochs"] if row["framework"] == framework]
                rows.append(
                    [
                        f"{name_of(framework)}, {DEVICES[device]}",
                        f"{statistics.median(row['seconds'] for row in found):.1f}",
                        f"{statistics.median(row['images_per_second'] for row in found):,.0f}",
                    ]
                )
        batch = parts[0][0].settings["batch_size"]
        said.append(table([f"batch size {batch}", "seconds an epoch", "pictures/s"], rows))
        said.append(" ".join(dict.fromkeys(_machine(record) for record, _, _ in parts)))
        if failures := [failure for _, _, some in parts for failure in some["failures"]]:
            said.append(f"What failed: {'; '.join(failures)}.")
    return said + _missing(records)


def _missing(records: Sequence[Record]) -> list[str]:
    """The rows that are not there, why, and what fills them."""
    filled = {
        (row["framework"], device)
        for record in records
        for device, some in record.result["speed"].items()
        for row in some["epochs"]
    }
    whys = {
        (row["framework"], row["device"]): row["why"]
        for record in records
        for row in record.result["missing"]
        if (row["framework"], row["device"]) not in filled
    }
    wanted = [("torch", "gpu"), ("mxnet", "gpu"), *((way, "cpu") for way in FRAMEWORKS)]
    lacking = [(*key, whys.get(key, "It was not asked for.")) for key in wanted if key not in filled]
    if not lacking:
        return []
    names = ", ".join(f"{name_of(framework)} on the {DEVICES[device]}" for framework, device, _ in lacking)
    reasons = " ".join(dict.fromkeys(why for _, _, why in lacking))
    on_gpu = any(device == "gpu" for _, device, _ in lacking)
    command = f"`bsub < lsf/compare_gpu.lsf`, or on a machine with a GPU `{GPU_COMMAND}`" if on_gpu else f"`{COMMAND}`"
    verb = "row is" if len(lacking) == 1 else "rows are"
    return [f"The {verb} missing of {names}. {reasons} This fills them: {command}."]


def _parity(records: Sequence[Record], figures: Figures) -> list[str]:
    compared = [r for r in records if r.result["parity"] and set(FRAMEWORKS) <= r.result["parity"]["losses"].keys()]
    if not compared:
        return [f"The losses of all three were not compared yet: `{COMMAND}` does it."]
    record = compared[0]
    parity = record.result["parity"]
    losses = parity["losses"]
    ours, torch = (loss_differences(losses, name, "mxnet") for name in ("lucidgrad", "torch"))
    within = sum(a <= 2 * b for a, b in zip(ours, torch, strict=True))
    reversed_ = sum(b <= 2 * a for a, b in zip(ours, torch, strict=True))
    largest = "is" if max(ours) <= 2 * max(torch) else "is NOT"
    each = "holds at every one" if within == len(ours) else f"does NOT hold at every one, but at {within}"
    exact = {name: loss_differences(losses, name, EXACT) for name in FRAMEWORKS}
    middle = ", ".join(f"{_middle(some):.1e} ({name_of(name)})" for name, some in exact.items())
    most = ", ".join(f"{max(some):.1e}" for some in exact.values())
    said = [
        f"Is it the same net? The same initial weights and the same {len(ours)} batches were given to each, in float32 "
        f"on the CPU (batch {record.settings['batch_size']}, learning rate {record.settings['lr']:g}, momentum "
        f"{record.settings['momentum']:g}). What was asked: that lucidgrad's loss differs from MXNet's by no more than "
        f"twice what PyTorch's does, at each step. That {each} of {len(ours)} steps; PyTorch's is within twice "
        f"lucidgrad's at {reversed_}. Two distances of one step are two random numbers, either of which may happen to "
        f"be near 0. The largest of all steps {largest} within twice PyTorch's: {max(ours):.1e} nats for lucidgrad, "
        f"{max(torch):.1e} for PyTorch.",
        figures.add("compare_frameworks_parity", parity_figure(losses), "Differences of the losses, step by step"),
    ]
    if all(row["difference"] == 0 for row in parity["looks"]["torch, mxnet"] if row["layer"] == "conv"
           and row["what"] == "outputs"):  # fmt: skip
        said.append(
            "Besides, PyTorch's and MXNet's conv give the same bits, so the two share these rounding errors: "
            "their distance is not that of two that round on their own."
        )
    return [
        *said,
        "A yardstick that owes nothing to either is a training of the same net in float64. The losses are off from its "
        f"losses by {middle} in the geometric mean over the steps, and by {most} at most: what remains is rounding, "
        "and it grows from step to step as it does between any two float32 trainings.",
        f"{_parting(parity['looks'])} {_flips(parity['flips'])}",
        _look_table(parity["looks"]),
        _weights(parity["weights"]),
    ]


def _middle(distances: Sequence[float]) -> float:
    """The geometric mean; equal losses count as LEAST apart."""
    return math.exp(statistics.fmean(math.log(max(LEAST, distance)) for distance in distances))


def _parting(looks: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    sentences = []
    for pair in ("lucidgrad, mxnet", "torch, mxnet", "lucidgrad, torch"):
        a, b = pair.split(", ")
        row = first_that_parts(looks[pair])
        if row is None:
            sentences.append(f"{name_of(a)} and {name_of(b)} have the same bits everywhere.")
        else:
            sentences.append(
                f"{name_of(a)} and {name_of(b)} part at the {row['what'].replace('_', ' ')} of "
                f"{row['layer']}, by {row['difference']:.1e} of the largest one."
            )
    return "Where do they part? At the first step, going forward and then backward: " + " ".join(sentences)


def _flips(flips: Mapping[str, int]) -> str:
    exact = ", ".join(str(flips[f"{name}, {EXACT}"]) for name in FRAMEWORKS)
    return (
        "Where two numbers of a pooling window agree to rounding, or one is 0 to rounding, frameworks may choose "
        "differently, and the gradient takes another way: at the first step it does so at "
        f"{flips['lucidgrad, mxnet']} places of conv's output between lucidgrad and MXNet, at {flips['torch, mxnet']} "
        f"between PyTorch and MXNet, and at {exact} between {', '.join(map(name_of, FRAMEWORKS))} and float64. Each "
        "such place is a difference in the gradient of conv's weight far above that of the sums."
    )


def _look_table(looks: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    pairs = ("lucidgrad, mxnet", "torch, mxnet", *(f"{name}, {EXACT}" for name in FRAMEWORKS))
    header = ["first step: largest difference, relative", *(_pair(pair) for pair in pairs)]
    rows = []
    for lines in zip(*(looks[pair] for pair in pairs), strict=True):
        if lines[0]["what"] != "output_gradients":
            what = "output" if lines[0]["what"] == "outputs" else "gradient"
            rows.append([f"{what} of {lines[0]['layer']}", *(f"{line['difference']:.0e}" for line in lines)])
    return table(header, rows)


def _pair(pair: str) -> str:
    a, b = pair.split(", ")
    return f"{name_of(a)} – {EXACT if b == EXACT else name_of(b)}"


def _weights(weights: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    rows = []
    for parameter in weights["lucidgrad, mxnet"]:
        cells = [parameter]
        for pair in ("lucidgrad, mxnet", "torch, mxnet"):
            course = weights[pair][parameter]
            cells += [f"{course[0]:.0e}", f"{course[-1]:.0e}"]
        rows.append(cells)
    count = len(next(iter(weights["lucidgrad, mxnet"].values())))
    steps = ("after 1 step", f"after {count}")
    header = [f"{who} – MXNet, {step}" for who in ("lucidgrad", "PyTorch") for step in steps]
    return table(["weights: largest difference, relative", *header], rows)


def _accuracy(records: Sequence[Record]) -> list[str]:
    cells = [cell for record in records for cell in record.result["accuracy"]]
    finals: dict[str, dict[int, float]] = {"lucidgrad": {}, "torch": {}}
    for cell in cells:
        finals[cell["framework"]][cell["seed"]] = 1 - cell["epochs"][-1]["test_error"]
    seeds = sorted(set(finals["lucidgrad"]) & set(finals["torch"]))
    if not seeds:
        return [f"Does it learn as well? Not run yet: `{COMMAND} --accuracy` trains both to the end."]
    epochs = len(cells[0]["epochs"])
    rows = []
    for framework, found in finals.items():
        values = [found[seed] for seed in seeds]
        texts = [f"{100 * value:.2f}" for value in values]
        rows.append([name_of(framework), *texts, mean_and_spread(values, digits=2)])
    means = [statistics.fmean(found[seed] for seed in seeds) for found in finals.values()]
    apart = 100 * (means[0] - means[1])
    verdict = "within" if abs(apart) <= TARGET else "NOT within"
    seconds = {
        framework: statistics.median(
            row["seconds"] for cell in cells if cell["framework"] == framework for row in cell["epochs"]
        )
        for framework in finals
    }
    said = [
        f"Does it learn as well? Both were trained for {epochs_in_words(epochs)}, from the same initial weights and "
        "with the same order of the same pictures. The accuracy on the test pictures, in percent:",
        table(["", *(f"seed {seed}" for seed in seeds), "mean ± spread"], rows),
        f"The means are {abs(apart):.2f} points apart, {verdict} the {TARGET} points that were asked for. An epoch "
        f"took {seconds['lucidgrad']:.1f} s in lucidgrad and {seconds['torch']:.1f} s in PyTorch.",
    ]
    if len(seeds) < 3:
        said.append(f"Three seeds were asked for, and {len(seeds)} {'was' if len(seeds) == 1 else 'were'} run.")
    return said


def _machine(record: Record) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return f"Measured on {record.machine['processor']}, {_threads(record)}; {versions}."


def _threads(record: Record) -> str:
    count = record.settings["threads"]
    return f"{count} thread{'s' * (count > 1)}"
