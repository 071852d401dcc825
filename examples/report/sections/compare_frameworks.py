"""The section on the comparison with MXNet and PyTorch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from examples.experiments.support.cli import epochs_in_words
from examples.experiments.support.frameworks.drawing import LEAST, WAYS, name_of, parity_figure, speed_figure
from examples.experiments.support.frameworks.parity import EXACT, first_that_parts, loss_differences
from examples.experiments.support.runs.results import Record
from examples.report.page import Figures, Results, mean_and_spread, table, words

TITLE = "The same network in MXNet and PyTorch: is it the same, and how fast is it?"

_PYTHONS = "--python torch=.venv-torch/bin/python --python mxnet=.venv-mxnet/bin/python"
COMMAND = f"python -m examples.experiments.compare_frameworks {_PYTHONS}"
GPU_COMMAND = f"{COMMAND} --devices gpu --out runs/compare_gpu"
FRAMEWORKS = ("lucidgrad", "torch", "mxnet")
DEVICES = {"cpu": "CPU", "gpu": "GPU"}
TARGET = 0.5  # points

DIFFERENCES = """\
Some conventions differ and had to be matched. MXNet's loss is one number per image, and its trainer divides the \
gradients by a given batch size; here the mean is taken first, and the trainer is given 1. MXNet's momentum includes \
the learning rate (`m = μm - lr·g; p += m`); in lucidgrad and PyTorch it does not (`v = μv + g; p -= lr·v`). The two \
are equal as long as the learning rate is constant, and differ under a schedule. Gluon draws weights from \
U(-0.07, 0.07) and sets biases to 0. PyTorch and lucidgrad draw both from U(-1/√fan_in, 1/√fan_in), and so does the \
MXNet network when it is trained alone. This network has no BatchNorm; MXNet's momentum there is the weight of the \
*old* value (0.9 where ours is 0.1), and its running variance is the biased one, smaller by a factor of (n-1)/n. \
`tests/with_mxnet` tests all of this."""


def section(results: Results, figures: Figures) -> list[str]:
    """Return the paragraphs of the section."""
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
            "Every framework trains the baseline in its own process, and the processes take turns. All numbers are "
            "medians. The first table shows training steps (forward, loss, backward, SGD with momentum) on a batch "
            "that is already loaded, in images per second:"
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
        said.append("A whole epoch, including loading and standardizing the batches:")
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
        said.append(table([f"batch size {batch}", "seconds per epoch", "images/s"], rows))
        said.append(" ".join(dict.fromkeys(_machine(record) for record, _, _ in parts)))
        if failures := [failure for _, _, some in parts for failure in some["failures"]]:
            said.append(f"These measurements failed: {'; '.join(failures)}.")
    return said + _missing(records)


def _missing(records: Sequence[Record]) -> list[str]:
    """Say which rows are missing, why, and which command adds them."""
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
    lacking = [(*key, whys.get(key, "It was not requested.")) for key in wanted if key not in filled]
    if not lacking:
        return []
    names = words(
        [f"{name_of(framework)} on the {DEVICES[device]} ({_cause(why)})" for framework, device, why in lacking]
    )
    on_gpu = any(device == "gpu" for _, device, _ in lacking)
    command = f"`bsub < lsf/compare_gpu.lsf`, or on a machine with a GPU `{GPU_COMMAND}`," if on_gpu else f"`{COMMAND}`"
    verb, what = ("row is", "it") if len(lacking) == 1 else ("rows are", "them")
    return [f"The {verb} missing for {names}; {command} adds {what}."]


def _cause(why: str) -> str:
    """Shorten "X cannot use a GPU: this build has no CUDA. Install …" to "this build has no CUDA"."""
    first = why.partition(". ")[0].removesuffix(".")
    cause = first.partition(": ")[2] or first
    return cause[0].lower() + cause[1:] if cause[1:2].islower() else cause


def _parity(records: Sequence[Record], figures: Figures) -> list[str]:
    compared = [r for r in records if r.result["parity"] and set(FRAMEWORKS) <= r.result["parity"]["losses"].keys()]
    if not compared:
        return [f"The losses of the three frameworks have not been compared yet; `{COMMAND}` does this."]
    record = compared[0]
    parity = record.result["parity"]
    losses = parity["losses"]
    ours, torch = (loss_differences(losses, name, "mxnet") for name in ("lucidgrad", "torch"))
    within = sum(a <= 2 * b for a, b in zip(ours, torch, strict=True))
    reversed_ = sum(b <= 2 * a for a, b in zip(ours, torch, strict=True))
    largest = "is" if max(ours) <= 2 * max(torch) else "is NOT"
    each = f"all {within}" if within == len(ours) else f"only {within} of {len(ours)}"
    exact = {name: loss_differences(losses, name, EXACT) for name in FRAMEWORKS}
    middle = ", ".join(f"{_middle(some):.1e} ({name_of(name)})" for name, some in exact.items())
    most = ", ".join(f"{max(some):.1e}" for some in exact.values())
    said = [
        f"Is it the same network? Each framework got the same initial weights and the same {len(ours)} batches, in "
        f"float32 on the CPU (batch {record.settings['batch_size']}, learning rate {record.settings['lr']:g}, momentum "
        f"{record.settings['momentum']:g}). The goal: at every step, lucidgrad's loss differs from MXNet's by at most "
        f"twice as much as PyTorch's does. This holds at {each} steps. The other way round, PyTorch's difference is at "
        f"most twice lucidgrad's at {reversed_} steps. At a single step both differences come from rounding, and "
        f"either can be close to 0 by chance. lucidgrad's largest difference over all steps {largest} within twice "
        "PyTorch's: "
        f"{max(ours):.1e} nats for lucidgrad, {max(torch):.1e} for PyTorch.",
        figures.add("compare_frameworks_parity", parity_figure(losses), "Differences between the losses at each step"),
    ]
    if all(row["difference"] == 0 for row in parity["looks"]["torch, mxnet"] if row["layer"] == "conv"
           and row["what"] == "outputs"):  # fmt: skip
        said.append(
            "PyTorch's and MXNet's convolutions give identical bits. They make the same rounding errors, so they "
            "differ less than two independent implementations would."
        )
    return [
        *said,
        "Training the same network in float64 gives a reference that is independent of all three. The losses differ "
        f"from this reference by {middle} in the geometric mean over the steps, and by at most {most}. These are "
        "rounding errors. They grow from step to step, as between any two float32 trainings.",
        f"{_parting(parity['looks'])} {_flips(parity['flips'])}",
        _look_table(parity["looks"]),
        _weights(parity["weights"]),
    ]


def _middle(distances: Sequence[float]) -> float:
    """Return the geometric mean; a distance of 0 counts as LEAST."""
    return math.exp(statistics.fmean(math.log(max(LEAST, distance)) for distance in distances))


def _parting(looks: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    sentences = []
    for pair in ("lucidgrad, mxnet", "torch, mxnet", "lucidgrad, torch"):
        a, b = pair.split(", ")
        row = first_that_parts(looks[pair])
        if row is None:
            sentences.append(f"{name_of(a)} and {name_of(b)} have identical bits everywhere.")
        else:
            sentences.append(
                f"{name_of(a)} and {name_of(b)} first differ in the {row['what'].replace('_', ' ')} of {row['layer']}, "
                f"by {row['difference']:.1e} relative to the largest value."
            )
    return "Where do they start to differ? In the first step, forward and then backward: " + " ".join(sentences)


def _flips(flips: Mapping[str, int]) -> str:
    exact = ", ".join(str(flips[f"{name}, {EXACT}"]) for name in FRAMEWORKS)
    return (
        "If two values in a pooling window are equal up to rounding, or one is 0 up to rounding, the frameworks may "
        "choose different ones, and the gradient takes a different path. In the first step this happens at "
        f"{flips['lucidgrad, mxnet']} elements of conv's output between lucidgrad and MXNet, at "
        f"{flips['torch, mxnet']} between PyTorch and MXNet, and at {exact} between "
        f"{', '.join(map(name_of, FRAMEWORKS))} and float64. Each such element changes the gradient of conv's weight "
        "far more than the rounding of the sums."
    )


def _look_table(looks: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    pairs = ("lucidgrad, mxnet", "torch, mxnet", *(f"{name}, {EXACT}" for name in FRAMEWORKS))
    header = ["first step: largest relative difference", *(_pair(pair) for pair in pairs)]
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
    steps = ("after 1 step", f"after {count} steps")
    header = [f"{who} – MXNet, {step}" for who in ("lucidgrad", "PyTorch") for step in steps]
    return table(["weights: largest relative difference", *header], rows)


def _accuracy(records: Sequence[Record]) -> list[str]:
    cells = [cell for record in records for cell in record.result["accuracy"]]
    finals: dict[str, dict[int, float]] = {"lucidgrad": {}, "torch": {}}
    for cell in cells:
        finals[cell["framework"]][cell["seed"]] = 1 - cell["epochs"][-1]["test_error"]
    seeds = sorted(set(finals["lucidgrad"]) & set(finals["torch"]))
    if not seeds:
        return [f"Does it learn as well? This has not been run yet; `{COMMAND} --accuracy` trains both to the end."]
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
        "with the same images in the same order. Accuracy on the test images, in percent:",
        table(["", *(f"seed {seed}" for seed in seeds), "mean ± std"], rows),
        f"The means differ by {abs(apart):.2f} percentage points, {verdict} the goal of {TARGET}. An epoch "
        f"took {seconds['lucidgrad']:.1f} s in lucidgrad and {seconds['torch']:.1f} s in PyTorch.",
    ]
    if len(seeds) < 3:
        said.append(f"The goal is three seeds; only {len(seeds)} {'was' if len(seeds) == 1 else 'were'} run.")
    return said


def _machine(record: Record) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return f"Measured on {record.machine['processor']}, {_threads(record)}; {versions}."


def _threads(record: Record) -> str:
    count = record.settings["threads"]
    return f"{count} thread{'s' * (count > 1)}"
