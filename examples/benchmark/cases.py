"""The measured networks and single ops, as plain data from which every framework builds them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

LR, MOMENTUM = 0.01, 0.9  # of SGD in the training step
CLASSES = 10


class Conv(NamedTuple):
    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0


class BatchNorm(NamedTuple):
    pass


class Relu(NamedTuple):
    pass


class Pool(NamedTuple):
    kernel: int
    stride: int


class Flatten(NamedTuple):
    pass


class Linear(NamedTuple):
    features: int


Layer = Conv | BatchNorm | Relu | Pool | Flatten | Linear


class Net(NamedTuple):
    """A network for images (C, H, W) or vectors (C,)."""

    input: tuple[int, ...]
    layers: list[Layer]

    def walk(self) -> Iterator[tuple[Layer, tuple[int, ...]]]:
        """Yield every layer with the shape of its input."""
        shape = self.input
        for layer in self.layers:
            yield layer, shape
            if isinstance(layer, Conv):
                sides = ((n + 2 * layer.padding - layer.kernel) // layer.stride + 1 for n in shape[1:])
                shape = (layer.channels, *sides)
            elif isinstance(layer, Pool):
                shape = (shape[0], *((n - layer.kernel) // layer.stride + 1 for n in shape[1:]))
            elif isinstance(layer, Flatten):
                shape = (math.prod(shape),)
            elif isinstance(layer, Linear):
                shape = (layer.features,)


def _stage(*channels: int) -> list[Layer]:
    layers: list[Layer] = []
    for count in channels:
        layers += [Conv(count, 3, 1, 1), BatchNorm(), Relu()]
    return [*layers, Pool(2, 2)]


NETS = {
    "baseline": Net(
        (3, 32, 32), [Conv(32, 7), Relu(), Pool(2, 2), Flatten(), Linear(100), Relu(), Linear(CLASSES)]
    ),
    "lenet": Net(
        (1, 28, 28),
        [Conv(6, 5, 1, 2), Relu(), Pool(2, 2), Conv(16, 5), Relu(), Pool(2, 2), Flatten(),
         Linear(120), Relu(), Linear(84), Relu(), Linear(CLASSES)],
    ),
    "stages": Net((3, 32, 32), [*_stage(32), *_stage(64), *_stage(128), Flatten(), Linear(CLASSES)]),
    "deeper": Net((3, 32, 32), [*_stage(32, 32), *_stage(64, 64), *_stage(128, 128), Flatten(), Linear(CLASSES)]),
    "odd": Net(  # odd channels, stride 2, overlapping pools, an image that is not square
        (3, 37, 29),
        [Conv(17, 5, 2, 2), Relu(), Pool(3, 2), Conv(23, 3, 1, 1), Relu(), Pool(3, 2), Flatten(), Linear(CLASSES)],
    ),
    "wide": Net(
        (3, 32, 32),
        [Conv(64, 3, 1, 1), Relu(), Pool(2, 2), Conv(128, 3, 1, 1), Relu(), Pool(2, 2), Flatten(), Linear(CLASSES)],
    ),
    "mlp": Net((784,), [Linear(512), Relu(), Linear(256), Relu(), Linear(CLASSES)]),
}  # fmt: skip

# name -> shape of the input; each runs forward, then backward
OPS = {
    "relu": (64, 32, 26, 26),
    "max_pool2d": (64, 32, 26, 26),
    "batch_norm": (64, 32, 26, 26),
    "softmax": (4096, 1000),
    "cross_entropy": (4096, 1000),
    "linear": (64, 5408),
}
LINEAR_FEATURES = 100
SMALL_NET = Net((20,), [Linear(32), Relu(), Linear(32), Relu(), Linear(CLASSES)])
SMALL_BATCH = 16
SMALL = {  # calls whose time is the framework's own, not the arithmetic's
    "relu": "relu of 10 numbers, recorded",
    "relu_sum": "relu(x @ w + b).sum(), 32×32, both ways",
    "SGD": "step of 20→32→32→10, batch 16, SGD",
    "Adam": "step of 20→32→32→10, batch 16, Adam",
}
ADAM_SHAPES = [(32, 3, 7, 7), (32,), (100, 5408), (100,), (10, 100), (10,)]  # the parameters of the baseline
CONV_PARTS = ("output", "input gradient", "weight gradient")


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Attributes
    ----------
    name : str
    group : str
        Its name on the command line.
    kind : "step", "conv", "op", "adam", "small" or "matmul"
    what : dict
        Its parameters, such as sizes.
    threads : int
    block : str
        Cases in the same block take turns; different blocks are measured one after the other.
    flops : int
        Of one call, for cases whose time is reported per operation.
    """

    name: str
    group: str
    kind: str
    what: dict[str, Any]
    threads: int
    block: str
    flops: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Contestant:
    """A variant of a framework, and the kinds of cases that it supports."""

    name: str
    framework: str
    kinds: set[str] = field(default_factory=lambda: {"step"})


CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant("lucidgrad", "lucidgrad", {"step", "conv", "op", "adam", "small", "flat"}),
        Contestant("lucidgrad-functional", "lucidgrad"),
        Contestant("torch", "torch", {"step", "conv", "op", "small"}),
        Contestant("torch-channels-last", "torch", {"step", "conv", "op"}),
        Contestant("torch-compile", "torch"),
        Contestant("torch-foreach", "torch", {"adam"}),
        Contestant("torch-fused", "torch", {"adam"}),
        Contestant("mxnet", "mxnet"),
        Contestant("jax", "jax"),
        Contestant("mygrad", "mygrad"),
        Contestant("numpy", "numpy", {"matmul"}),
    )
}
FRAMEWORKS = {
    "lucidgrad": "autograd", "torch": "torch", "mxnet": "mxnet", "jax": "jax", "mygrad": "mygrad", "numpy": "numpy",
}  # fmt: skip  # framework -> its module
GROUPS = ("baseline", "nets", "convs", "ops", "adam", "small", "one-thread", "scaling", "flat", "start", "memory")


def step(net: str, batch: int, threads: int, group: str, name: str = "") -> Case:
    """A training step: zero_grad, forward, cross-entropy, backward, SGD with momentum."""
    name = name or f"{net}, batch {batch}"
    return Case(name, group, "step", {"net": net, "batch": batch}, threads, name)


def _conv(kind: str, group: str, part: str, channels: int, outputs: int, side: int, batch: int, threads: int) -> Case:
    what = {"part": part, "channels": channels, "outputs": outputs, "side": side, "batch": batch}
    name = f"conv {channels}→{outputs} {side}×{side}, {part}"
    flops = 2 * batch * side**2 * channels * outputs * 9
    if kind == "flat":
        return Case(f"conv {channels}→{outputs}, batch {batch}, side {side}", group, kind, what, threads, group, flops)
    return Case(name, group, kind, what, threads, name, flops)


def cases(groups: tuple[str, ...], batches: list[int], net_batch: int, threads: int) -> list[Case]:
    """Return the cases of the groups; start-up and memory are measured separately."""
    found: list[Case] = []
    if "baseline" in groups:
        found += [step("baseline", batch, threads, "baseline") for batch in batches]
    if "nets" in groups:
        found += [step(net, net_batch, threads, "nets") for net in NETS if net != "baseline"]
    if "convs" in groups:
        for channels, outputs, side in ((32, 64, 16), (64, 64, 32)):
            for part in CONV_PARTS:
                found.append(_conv("conv", "convs", part, channels, outputs, side, 64, threads))
    if "ops" in groups:
        for op, shape in OPS.items():
            name = f"{op} {shape}, both ways"
            found.append(Case(name, "ops", "op", {"op": op}, threads, name))
    if "adam" in groups:
        found.append(Case("Adam, 0.5 M parameters", "adam", "adam", {}, threads, "adam"))
    if "small" in groups:
        found += [Case(name, "small", "small", {"call": call}, threads, name) for call, name in SMALL.items()]
    if "one-thread" in groups:
        found += [step("baseline", net_batch, 1, "one-thread", f"baseline, batch {net_batch}, 1 thread")]
    if "scaling" in groups and threads > 1:
        for count in (1, threads):
            what = {"net": "baseline", "batch": net_batch}
            found.append(Case(f"baseline, {count} of {threads} threads", "scaling", "step", what, count, "scaling"))
            found.append(
                Case(f"matmul, {count} of {threads} threads", "scaling", "matmul", {"side": 1536}, count, "scaling")
            )
    if "flat" in groups:
        sizes = [(batch, 32) for batch in (16, 32, 64, 128, 256, 512)] + [(16, side) for side in (16, 64, 128)]
        found += [_conv("flat", "flat", "output", 32, 32, side, batch, threads) for batch, side in sizes]
    return found
