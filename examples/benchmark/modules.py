"""What lucidgrad and PyTorch write alike, since their names are the same; their modules are passed as arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType
from typing import Any

from examples.benchmark.cases import (
    BatchNorm,
    Conv,
    Encoder,
    Flatten,
    Layer,
    Linear,
    Lstm,
    Mean,
    Net,
    Pool,
    Relu,
    Residual,
)


def build(nn: ModuleType, net: Net) -> Any:
    """Return the network as an nn.Sequential."""

    class Sum(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, layers: Any, shortcut: Any) -> None:
            super().__init__()
            self.layers, self.shortcut = layers, shortcut

        def forward(self, x: Any) -> Any:
            return (self.layers(x) + self.shortcut(x)).relu()

    class LastStep(nn.LSTM):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return super().forward(x)[0][:, -1]

    class MeanOfSequence(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return x.mean(1)

    def modules(layer: Layer, shape: tuple[int, ...]) -> list[Any]:
        match layer:
            case Conv(channels, kernel, stride, padding, groups):
                return [nn.Conv2d(shape[0], channels, kernel, stride, padding, groups=groups)]
            case BatchNorm():
                return [nn.BatchNorm2d(shape[0])]
            case Relu():
                return [nn.ReLU()]
            case Pool(kernel, stride):
                return [nn.MaxPool2d(kernel, stride)]
            case Flatten():
                return [nn.Flatten()]
            case Linear(features):
                return [nn.Linear(shape[-1], features)]
            case Residual(layers):
                *_, (_, (channels, side, _)) = Net(shape, layers).walk()
                shortcut: list[Layer] = [Conv(channels, 1, shape[1] // side), BatchNorm()]
                same = shape[:2] == (channels, side)
                return [
                    Sum(sequential(Net(shape, layers)), nn.Identity() if same else sequential(Net(shape, shortcut)))
                ]
            case Encoder(heads, hidden):
                return [nn.TransformerEncoderLayer(shape[-1], heads, hidden, dropout=0.0, batch_first=True)]
            case Lstm(features):
                return [LastStep(shape[-1], features, batch_first=True)]
            case Mean():
                return [nn.AdaptiveAvgPool2d(1), nn.Flatten()] if len(shape) == 3 else [MeanOfSequence()]

    def sequential(net: Net) -> Any:
        return nn.Sequential(*(module for layer, shape in net.walk() for module in modules(layer, shape)))

    return sequential(net)


def op(functional: ModuleType, name: str, labels: Any) -> Callable[..., Any]:
    """Return a single op as a function of the inputs whose gradients are asked for."""
    F = functional
    functions: dict[str, Callable[..., Any]] = {
        "relu": F.relu,
        "max_pool2d": lambda x: F.max_pool2d(x, 2),
        "batch_norm": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        "layer_norm": lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b),
        "softmax": lambda x: F.softmax(x, 1),
        "cross_entropy": lambda x: F.cross_entropy(x, labels),
        "gelu": F.gelu,
        "x * y": operator.mul,
        "linear": F.linear,
    }
    return functions[name]
