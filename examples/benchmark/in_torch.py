"""The benchmark's cases in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from examples.benchmark import cases, data, modules
from examples.experiments.torch_cnn import find_device


def versions() -> dict[str, str]:
    return {"torch": torch.__version__}


def set_threads(threads: int) -> None:
    torch.set_num_threads(threads)


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
        torch.compiler.reset()  # after eight networks that run one nn.Sequential's code, it would stop compiling
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
    if kind in ("step", "modules"):
        net = cases.NETS[what["net"]]
        torch.manual_seed(0)
        batch = data.batch(net, what["batch"])
        return training_step(variant, modules.build(nn, net), *batch, what.get("device", "cpu"))
    last = variant == "torch-channels-last"
    if kind == "conv":
        return _conv(what, last)
    if kind == "op":
        return _op(what, last)
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


def _op(what: dict[str, Any], channels_last: bool) -> Callable[[], Any]:
    arrays, labels = data.op(what)
    inputs = [_tensor(array, channels_last).requires_grad_() for array in arrays]
    forward = modules.op(F, what["op"], torch.from_numpy(labels))
    y = forward(*inputs)
    g = _tensor(data.normal(y.shape, seed=1), channels_last)
    run: dict[str, Callable[[], Any]] = {
        "forward": lambda: forward(*inputs),
        "backward": lambda: torch.autograd.grad(y, inputs, g, retain_graph=True),
    }
    return run[what["part"]]


def _adam(variant: str) -> Callable[[], Any]:
    parameters = [nn.Parameter(torch.from_numpy(data.normal(shape))) for shape in cases.ADAM_SHAPES]
    for parameter in parameters:
        parameter.grad = torch.from_numpy(data.normal(parameter.shape, seed=1))
    return torch.optim.Adam(parameters, foreach=variant == "torch-foreach", fused=variant == "torch-fused").step


def _small(call: str) -> Callable[[], Any]:
    if call in ("SGD", "Adam"):
        torch.manual_seed(0)
        batch = data.batch(cases.SMALL_NET, cases.SMALL_BATCH)
        return training_step("torch", modules.build(nn, cases.SMALL_NET), *batch, adam=call == "Adam")
    numbers = torch.from_numpy(data.normal((10,))).requires_grad_()
    if call == "relu":
        return lambda: torch.relu(numbers)
    x, w, b = (torch.from_numpy(data.normal((32, 32), seed)).requires_grad_() for seed in range(3))

    def run() -> None:
        x.grad = w.grad = b.grad = None
        (x @ w + b).relu().sum().backward()

    return run
