"""Layers: modules that hold parameters, built from the ops.  Names, arguments and defaults are PyTorch's."""

from nn import functional, init
from nn.container import Sequential
from nn.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from nn.loss import CrossEntropyLoss
from nn.module import Module, Parameter

__all__ = [
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "MaxPool2d",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "functional",
    "init",
]
