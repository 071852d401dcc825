"""The measured networks and single ops, as plain data from which every framework builds them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

LR, MOMENTUM = 0.01, 0.9  # of SGD in the training step
CLASSES = 10


class Conv(NamedTuple):
    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1


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


class Residual(NamedTuple):
    """relu(layers(x) + x); where the shape changes, x passes through a 1 × 1 convolution and batch norm."""

    layers: list[Layer]


class Encoder(NamedTuple):
    """A layer of a transformer's encoder, without dropout."""

    heads: int
    hidden: int


class Lstm(NamedTuple):
    """The output of the last step of an LSTM."""

    features: int


class Mean(NamedTuple):
    """The mean over all pixels, or all elements of a sequence."""


Layer = Conv | BatchNorm | Relu | Pool | Flatten | Linear | Residual | Encoder | Lstm | Mean


class Net(NamedTuple):
    """A network for images (C, H, W), sequences (T, C) or vectors (C,)."""

    input: tuple[int, ...]
    layers: list[Layer]

    def walk(self) -> Iterator[tuple[Layer, tuple[int, ...]]]:
        """Yield every layer with the shape of its input."""
        shape = self.input
        for layer in self.layers:
            yield layer, shape
            if isinstance(layer, Residual):
                *_, (layer, shape) = Net(shape, layer.layers).walk()  # what its last layer makes is below
            if isinstance(layer, Conv):
                sides = ((n + 2 * layer.padding - layer.kernel) // layer.stride + 1 for n in shape[1:])
                shape = (layer.channels, *sides)
            elif isinstance(layer, Pool):
                shape = (shape[0], *((n - layer.kernel) // layer.stride + 1 for n in shape[1:]))
            elif isinstance(layer, Flatten):
                shape = (math.prod(shape),)
            elif isinstance(layer, Linear):
                shape = (*shape[:-1], layer.features)
            elif isinstance(layer, Lstm):
                shape = (layer.features,)
            elif isinstance(layer, Mean):
                shape = (shape[0] if len(shape) == 3 else shape[-1],)


def _stage(*channels: int) -> list[Layer]:
    layers: list[Layer] = []
    for count in channels:
        layers += [Conv(count, 3, 1, 1), BatchNorm(), Relu()]
    return [*layers, Pool(2, 2)]


def _residual(channels: int, stride: int = 1) -> Layer:
    return Residual([Conv(channels, 3, stride, 1), BatchNorm(), Relu(), Conv(channels, 3, 1, 1), BatchNorm()])


def _separable(inputs: int, outputs: int, stride: int = 1) -> list[Layer]:
    """The block of a MobileNet: a depthwise convolution and one of 1 × 1."""
    return [Conv(inputs, 3, stride, 1, inputs), BatchNorm(), Relu(), Conv(outputs, 1), BatchNorm(), Relu()]


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
    "resnet8": Net(  # He et al., arXiv:1512.03385, section 4.2, with n = 1
        (3, 32, 32),
        [Conv(16, 3, 1, 1), BatchNorm(), Relu(), _residual(16), _residual(32, 2), _residual(64, 2), Mean(),
         Linear(CLASSES)],
    ),
    "mobilenet": Net(
        (3, 32, 32),
        [Conv(32, 3, 1, 1), BatchNorm(), Relu(), *_separable(32, 64), *_separable(64, 128, 2), *_separable(128, 128),
         Mean(), Linear(CLASSES)],
    ),
    "transformer": Net((64, 48), [Linear(128), Encoder(4, 256), Encoder(4, 256), Mean(), Linear(CLASSES)]),
    "lstm": Net((28, 28), [Lstm(128), Linear(CLASSES)]),
}  # fmt: skip
MODULE_NETS = ("resnet8", "mobilenet", "transformer", "lstm")  # built in lucidgrad and PyTorch only

# each runs forward, and backward
OPS = [
    ("relu", (64, 32, 26, 26)),
    ("max_pool2d", (64, 32, 26, 26)),
    ("batch_norm", (64, 32, 26, 26)),
    ("batch_norm", (256, 512)),
    ("layer_norm", (4096, 512)),
    ("softmax", (4096, 1000)),
    ("cross_entropy", (4096, 1000)),
    ("gelu", (1024, 1024)),
    ("x * y", (1024, 1024)),
    ("linear", (64, 5408)),
]
OP_PARTS = ("forward", "backward")
LINEAR_FEATURES = 100

# The matrix products: of linear layers, of convolutions 3 × 3 by patches (im2col), of attention, and plain ones
LINEARS = [(8, 1024, 1024), (32, 512, 512), (64, 256, 128), (64, 784, 256), (64, 5408, 100), (256, 784, 512),
           (4096, 128, 256)]  # fmt: skip  # batch, inputs, outputs
CONVS = [(64, 64, 32), (32, 64, 16), (128, 128, 8)]  # channels of the input, of the output; side
ATTENTIONS = [(256, 64, 32), (64, 128, 64)]  # heads in all, tokens, size of a head
PLAIN = [(384, 384, 384), (512, 512, 512), (1024, 1024, 1024), (77, 131, 53)]  # rows, depth, columns

PEAK_FLOPS = 400_000_000  # of one call
TRIAD_ELEMENTS = 1 << 25  # of each of three arrays, 128 MiB: many times the caches

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
    kind : "step", "modules", "conv", "op", "adam", "small", "flat", "product", "matmul", "peak" or "triad"
    what : dict
        Its parameters, such as sizes.
    threads : int
    block : str
        Cases in the same block take turns; different blocks are measured one after the other.
    flops : int
        Of one call, for cases whose time is reported per operation.
    bytes : int
        That one call reads and writes, for the triad and for ops whose time is that of moving data.
    """

    name: str
    group: str
    kind: str
    what: dict[str, Any]
    threads: int
    block: str
    flops: int = 0
    bytes: int = 0

    @property
    def images(self) -> bool:
        """Whether its input is images (N, C, H, W), so that PyTorch's memory formats differ."""
        if "net" in self.what:
            return len(NETS[self.what["net"]].input) == 3
        return self.kind == "conv" or len(self.what["shape"]) == 4

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
        Contestant(
            "lucidgrad",
            "lucidgrad",
            {"step", "modules", "conv", "op", "adam", "small", "flat", "product", "peak", "triad"},
        ),
        Contestant("lucidgrad-functional", "lucidgrad"),
        Contestant("lucidgrad-kernel", "lucidgrad", {"product"}),
        Contestant("torch", "torch", {"step", "modules", "conv", "op", "small"}),
        Contestant("torch-channels-last", "torch", {"step", "modules", "conv", "op"}),
        Contestant("torch-compile", "torch", {"step", "modules"}),
        Contestant("torch-foreach", "torch", {"adam"}),
        Contestant("torch-fused", "torch", {"adam"}),
        Contestant("mxnet", "mxnet"),
        Contestant("jax", "jax"),
        Contestant("mygrad", "mygrad"),
        Contestant("numpy", "numpy", {"matmul", "product"}),
    )
}
FRAMEWORKS = {
    "lucidgrad": "autograd", "torch": "torch", "mxnet": "mxnet", "jax": "jax", "mygrad": "mygrad", "numpy": "numpy",
}  # fmt: skip  # framework -> its module
GROUPS = (
    "roofline", "baseline", "nets", "products", "convs", "ops", "adam", "small", "one-thread", "scaling", "flat",
    "start", "memory",
)  # fmt: skip


def step(net: str, batch: int, threads: int, group: str, name: str = "") -> Case:
    """A training step: zero_grad, forward, cross-entropy, backward, SGD with momentum."""
    name = name or f"{net}, batch {batch}"
    kind = "modules" if net in MODULE_NETS else "step"
    return Case(name, group, kind, {"net": net, "batch": batch}, threads, name)


def _products() -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield the name of each matrix product, its formula and its sizes: rows, depth, columns, before them matrices.

    A factor that the formula transposes is transposed in memory, too.
    """
    for n, i, o in LINEARS:
        for formula, shape in (("x @ w.T", (n, i, o)), ("g.T @ x", (o, n, i)), ("g @ w", (n, o, i))):
            yield f"linear {i}→{o}, batch {n}", formula, shape
    for c, o, side in CONVS:
        taps, pixels = 9 * c, side**2
        for formula, shape in (
            ("w @ patches", (o, taps, pixels)), ("g @ patches.T", (o, pixels, taps)), ("w.T @ g", (taps, o, pixels)),
        ):  # fmt: skip
            yield f"conv {c}→{o}, {side}×{side}", formula, shape
    for heads, t, size in ATTENTIONS:
        yield f"attention {heads} × {t}, {size}", "q @ k.T", (heads, t, size, t)
        yield f"attention {heads} × {t}, {size}", "p @ v", (heads, t, t, size)
    for shape in PLAIN:
        yield " × ".join(map(str, shape)), "a @ b", shape


def _product(formula: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"formula": formula, "shape": shape}


def work(op: str, shape: Sequence[int], part: str) -> tuple[int, int]:
    """Return how many FLOP a case of OPS takes, or how many bytes it moves; the other number is 0.

    Bytes are those that any implementation moves: each input is read once, and each result written once, in float32.
    What a forward keeps for its backward is not counted, nor are arrays of a few numbers.  Where the data fit into the
    caches, the bytes per second can exceed the memory's.
    """
    size = math.prod(shape)
    if op == "linear":  # the products; backward has two of them
        return 2 * size * LINEAR_FEATURES * (2 if part == "backward" else 1), 0
    smaller = {"max_pool2d": size // 4, "cross_entropy": 0}.get(op, size)  # the result of these
    inputs = 2 if op == "x * y" else 1
    if part == "forward":
        return 0, 4 * (inputs * size + smaller)
    read = smaller if op == "max_pool2d" else smaller + inputs * size  # its backward needs no input: it kept where
    return 0, 4 * (read + inputs * size)  # the out-gradient and what was saved; the gradients of the inputs


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
    if "roofline" in groups:
        for count in dict.fromkeys((1, threads)):
            for kind, flops, size in (("peak", PEAK_FLOPS, 0), ("triad", 0, 12 * TRIAD_ELEMENTS)):
                name = f"{kind}, {count} thread{'s' * (count > 1)}"
                found.append(Case(name, "roofline", kind, {}, count, name, flops, size))
    if "baseline" in groups:
        found += [step("baseline", batch, threads, "baseline") for batch in batches]
    if "nets" in groups:
        found += [step(net, net_batch, threads, "nets") for net in NETS if net != "baseline"]
    if "products" in groups:
        for layer, formula, shape in _products():
            name = f"{layer}: {formula}"
            flops = 2 * math.prod(shape)
            found.append(Case(name, "products", "product", _product(formula, shape), 1, name, flops))
    if "convs" in groups:
        for channels, outputs, side in CONVS:
            for part in CONV_PARTS:
                found.append(_conv("conv", "convs", part, channels, outputs, side, 64, threads))
    if "ops" in groups:
        for op, shape in OPS:
            for part in OP_PARTS:
                name = f"{op} {shape}, {part}"
                asked: dict[str, Any] = {"op": op, "shape": shape, "part": part}
                found.append(Case(name, "ops", "op", asked, threads, name, *work(op, shape, part)))
    if "adam" in groups:
        size = 4 * 7 * sum(map(math.prod, ADAM_SHAPES))  # reads p, g, m, v; writes p, m, v
        found.append(Case("Adam, 0.5 M parameters", "adam", "adam", {}, threads, "adam", 0, size))
    if "small" in groups:
        found += [Case(name, "small", "small", {"call": call}, threads, name) for call, name in SMALL.items()]
    if "one-thread" in groups:
        found += [step("baseline", net_batch, 1, "one-thread", f"baseline, batch {net_batch}, 1 thread")]
    if "scaling" in groups and threads > 1:
        for count in (1, threads):
            what = {"net": "baseline", "batch": net_batch}
            found.append(Case(f"baseline, {count} of {threads} threads", "scaling", "step", what, count, "scaling"))
            product = _product("a @ b", (1536, 1536, 1536))
            found.append(Case(f"matmul, {count} of {threads} threads", "scaling", "matmul", product, count, "scaling"))
    if "flat" in groups:
        sizes = [(batch, 32) for batch in (16, 32, 64, 128, 256, 512)] + [(16, side) for side in (16, 64, 128)]
        found += [_conv("flat", "flat", "output", 32, 32, side, batch, threads) for batch, side in sizes]
    return found
