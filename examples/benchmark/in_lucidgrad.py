"""The benchmark's cases in lucidgrad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
import nn
import optim
from autograd import Tensor, peaks
from autograd.kernels import gemm
from autograd.ops.conv2d import conv2d_input_grad, conv2d_weight_grad
from examples.benchmark import cases, data, modules
from examples.benchmark.cases import BatchNorm, Conv, Flatten, Linear, Net, Pool, Relu
from nn import functional as F


def versions() -> dict[str, str]:
    config = autograd.config()
    return {"lucidgrad": autograd.__version__, **{name: str(config[name]) for name in ("numpy", "numba")}}


def set_threads(threads: int) -> None:
    autograd.set_num_threads(threads)


def by_hand(net: Net, x: Tensor, parameters: Sequence[Tensor], buffers: Sequence[Tensor]) -> Tensor:
    """Evaluate the network with functions only; parameters and buffers are given in order."""
    p, b = iter(parameters), iter(buffers)
    for layer in net.layers:
        match layer:
            case Conv(_, _, stride, padding):
                x = F.conv2d(x, next(p), next(p), stride, padding)
            case BatchNorm():
                x = F.batch_norm(x, next(b), next(b), next(p), next(p), training=True)
            case Relu():
                x = F.relu(x)
            case Pool(kernel, stride):
                x = F.max_pool2d(x, kernel, stride)  # type: ignore[assignment]
            case Flatten():
                x = x.flatten(1)
            case Linear():
                x = F.linear(x, next(p), next(p))
    return x


def training_step(
    net: Net, model: nn.Sequential, x: np.ndarray, y: np.ndarray, functional: bool = False, adam: bool = False
) -> Callable[[], Tensor]:
    """Return a function that does one step of SGD, or of Adam, and returns the loss."""
    pictures, labels = autograd.tensor(x), autograd.tensor(y)
    parameters = list(model.parameters())
    buffers = [buffer for name, buffer in model.named_buffers() if not name.endswith("num_batches_tracked")]
    optimizer: optim.Optimizer = optim.SGD(parameters, lr=cases.LR, momentum=cases.MOMENTUM)
    if adam:
        optimizer = optim.Adam(parameters)

    def run() -> Tensor:
        optimizer.zero_grad()
        scores = by_hand(net, pictures, parameters, buffers) if functional else model(pictures)
        loss = F.cross_entropy(scores, labels)
        loss.backward()
        optimizer.step()
        return loss

    return run


def make(variant: str, kind: str, what: dict[str, Any]) -> Callable[[], Any]:
    """Return the function to time."""
    if kind in ("step", "modules"):
        net = cases.NETS[what["net"]]
        autograd.manual_seed(0)
        batch = data.batch(net, what["batch"])
        return training_step(net, modules.build(nn, net), *batch, variant == "lucidgrad-functional")
    if kind in ("conv", "flat"):
        return _conv(what)
    if kind == "op":
        return _op(what)
    if kind == "product":
        return _product(variant, what)
    if kind == "peak":
        return peaks.multiply_adds(cases.PEAK_FLOPS)
    if kind == "triad":
        return peaks.triad(cases.TRIAD_ELEMENTS)
    return _adam() if kind == "adam" else _small(what["call"])


def _product(variant: str, what: dict[str, Any]) -> Callable[[], Any]:
    a, b = data.product(what)
    if variant == "lucidgrad-kernel":
        return lambda: gemm.matmul(a, b)
    x, y = autograd.from_numpy(a), autograd.from_numpy(b)
    return lambda: x @ y


def _conv(what: dict[str, Any]) -> Callable[[], Any]:
    x, w, b, g = (autograd.tensor(array) for array in data.conv(what))
    settings: dict[str, Any] = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}

    def output() -> Tensor:
        with autograd.no_grad():
            return F.conv2d(x, w, b, padding=1)

    run: dict[str, Callable[[], Any]] = {
        "output": output,
        "input gradient": lambda: conv2d_input_grad(g, w, input_size=x.shape[2:], **settings),
        "weight gradient": lambda: conv2d_weight_grad(g, x, kernel_size=(3, 3), **settings),
    }
    return run[what["part"]]


def _op(what: dict[str, Any]) -> Callable[[], Any]:
    arrays, labels = data.op(what)
    inputs = [autograd.tensor(array, requires_grad=True) for array in arrays]
    forward = modules.op(F, what["op"], autograd.tensor(labels))
    y = forward(*inputs)
    g = autograd.tensor(data.normal(y.shape, seed=1))
    run: dict[str, Callable[[], Any]] = {
        "forward": lambda: forward(*inputs),
        "backward": lambda: autograd.grad(y, inputs, g, retain_graph=True),
    }
    return run[what["part"]]


def _adam() -> Callable[[], Any]:
    parameters = [nn.Parameter(autograd.tensor(data.normal(shape))) for shape in cases.ADAM_SHAPES]
    for parameter in parameters:
        parameter.grad = autograd.tensor(data.normal(parameter.shape, seed=1))
    return optim.Adam(parameters).step


def _small(call: str) -> Callable[[], Any]:
    if call in ("SGD", "Adam"):
        autograd.manual_seed(0)
        net, batch = cases.SMALL_NET, data.batch(cases.SMALL_NET, cases.SMALL_BATCH)
        return training_step(net, modules.build(nn, net), *batch, adam=call == "Adam")
    numbers = autograd.tensor(data.normal((10,)), requires_grad=True)
    if call == "relu":
        return lambda: autograd.relu(numbers)
    x, w, b = (autograd.tensor(data.normal((32, 32), seed), requires_grad=True) for seed in range(3))

    def run() -> None:
        x.grad = w.grad = b.grad = None
        (x @ w + b).relu().sum().backward()

    return run
