"""What layers share when they are constructed: checks of sizes, and parameters with their initial values."""

from __future__ import annotations

import math

import numpy as np

import autograd
from autograd.types import DTypeLike
from nn import init
from nn.parameter import Parameter


def check_sizes(layer: str, **sizes: object) -> None:
    """Raise a ValueError for a size that is not an integer, or is less than 1."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{layer}: {name} is {size!r}; it must be an integer, at least 1")


def blank(*shape: int, dtype: DTypeLike | None) -> Parameter:
    """A parameter whose values are not set yet."""
    return Parameter(autograd.empty(*shape, dtype=dtype))


def draw(weight: Parameter, bias: Parameter | None) -> None:
    """Initialize both uniformly in ±1/√fan_in, which is PyTorch's kaiming_uniform_(a=√5)."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = init.fan_in_and_out(weight.shape)
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(bias, -bound, bound)
