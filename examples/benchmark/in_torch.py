"""The benchmark's cases in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from examples.benchmark import cases, data
from examples.benchmark.cases import BatchNorm, Conv, Flatten, Linear, Net, Pool, Relu
from examples.experiments.torch_cnn import find_device


def versions() -> dict[str, str]:
    return {"torch": torch.__version__}


def set_threads(threads: int) -> None:
    torch.set_num_threads(threads)


def build(net: Net) -> nn.Sequential:
    """Return the layers of a network."""
    layers: list[nn.Module] = []
    for layer, shape in net.walk():
        match layer:
            case Conv(channels, kernel, stride, padding):
                layers.append(nn.Conv2d(shape[0], channels, kernel, stride, padding))
            case BatchNorm():
                layers.append(nn.BatchNorm2d(shape[0]))
            case Relu():
                layers.append(nn.ReLU())
            case Pool(kernel, stride):
                layers.append(nn.MaxPool2d(kernel, stride))
            case Flatten():
                layers.append(nn.Flatten())
            case Linear(features):
                layers.append(nn.Linear(shape[0], features))
    return nn.Sequential(*layers)


def training_step(
    variant: str, model: nn.Sequential, x: np.ndarray, y: np.ndarray, device: str = "cpu", adam: bool = False
) -> Callable[[], torch.Tensor]:
    """Return a function that does one step of SGD, or of Adam, and returns the loss."""
    place = find_device(device)
    pictures, labels = torch.from_numpy(x).to(place), torch.from_numpy(y).to(place)
    model.to(place)
    run_model: Callable[..., torch.Tensor] = model
    if variant == "torch-channels-last" and pictures.ndim == 4:
        model.to(memory_format=torch.channels_last)
        pictures = pictures.to(memory_format=torch.channels_last)
    if variant == "torch-compile":
        run_model = torch.compile(model)
    optimizer: torch.optim.Optimizer = torch.optim.SGD(model.parameters(), lr=cases.LR, momentum=cases.MOMENTUM)
    if adam:
        optimizer = torch.optim.Adam(model.parameters())

    def run() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(run_model(pictures), labels)
        loss.backward()
        optimizer.step()
        if device == "gpu":
            torch.cuda.synchronize()  # calls are asynchronous
        return loss

    return run


def make(variant: str, kind: str, what: dict[str, Any]) -> Callable[[], Any]:
    """Return the function to time."""
    if kind == "step":
        net = cases.NETS[what["net"]]
        torch.manual_seed(0)
        return training_step(variant, build(net), *data.batch(net, what["batch"]), what.get("device", "cpu"))
    last = variant == "torch-channels-last"
    if kind == "conv":
        return _conv(what, last)
    if kind == "op":
        return _op(what["op"], last)
    return _adam(variant) if kind == "adam" else _small(what["call"])


def _tensor(array: np.ndarray, channels_last: bool = False) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    return tensor.to(memory_format=torch.channels_last) if channels_last and tensor.ndim == 4 else tensor


def _conv(what: dict[str, Any], channels_last: bool) -> Callable[[], Any]:
    x, w, b, g = (_tensor(array, channels_last) for array in data.conv(what))

    def gradients(of_input: bool) -> Callable[[], Any]:
        settings = ([len(w)], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [of_input, not of_input, False])
        return lambda: torch.ops.aten.convolution_backward(g, x, w, *settings)

    def output() -> torch.Tensor:
        with torch.no_grad():
            return F.conv2d(x, w, b, padding=1)

    return {"output": output, "input gradient": gradients(True), "weight gradient": gradients(False)}[what["part"]]


def _op(op: str, channels_last: bool) -> Callable[[], Any]:
    array, other, labels = data.op(op)
    y = torch.from_numpy(labels)
    inputs = [_tensor(part, channels_last).requires_grad_() for part in (array, *other)]
    forward: Callable[..., torch.Tensor] = {
        "relu": F.relu,
        "max_pool2d": lambda x: F.max_pool2d(x, 2),
        "batch_norm": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        "softmax": lambda x: F.softmax(x, 1),
        "cross_entropy": lambda x: F.cross_entropy(x, y),
        "linear": F.linear,
    }[op]
    g = _tensor(data.normal(forward(*inputs).shape, seed=1), channels_last)
    return lambda: torch.autograd.grad(forward(*inputs), inputs, g)


def _adam(variant: str) -> Callable[[], Any]:
    parameters = [nn.Parameter(torch.from_numpy(data.normal(shape))) for shape in cases.ADAM_SHAPES]
    for parameter in parameters:
        parameter.grad = torch.from_numpy(data.normal(parameter.shape, seed=1))
    return torch.optim.Adam(parameters, foreach=variant == "torch-foreach", fused=variant == "torch-fused").step


def _small(call: str) -> Callable[[], Any]:
    if call in ("SGD", "Adam"):
        torch.manual_seed(0)
        batch = data.batch(cases.SMALL_NET, cases.SMALL_BATCH)
        return training_step("torch", build(cases.SMALL_NET), *batch, adam=call == "Adam")
    numbers = torch.from_numpy(data.normal((10,))).requires_grad_()
    if call == "relu":
        return lambda: torch.relu(numbers)
    x, w, b = (torch.from_numpy(data.normal((32, 32), seed)).requires_grad_() for seed in range(3))

    def run() -> None:
        x.grad = w.grad = b.grad = None
        (x @ w + b).relu().sum().backward()

    return run
