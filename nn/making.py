"""What layers share in their making: sizes are checked, parameters made and given first values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from nn import init
from nn.module import Parameter


def check_sizes(layer: str, **sizes: Any) -> None:
    """Raise for what is no whole number, or below 1."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{layer}: {name} is {size!r}, and must be a whole number, at least 1")


def blank(*shape: int, dtype: Any) -> Parameter:
    """A parameter without values yet."""
    return Parameter(autograd.empty(*shape, dtype=dtype))


def draw(weight: Parameter, bias: Parameter | None) -> None:
    """First values as PyTorch's: kaiming_uniform_(a=√5), which is a bound of 1/√fan_in, for both."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = init.fan_in_and_out(weight.shape)
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(bias, -bound, bound)
