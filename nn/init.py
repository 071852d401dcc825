"""First values of parameters, drawn from `autograd`'s generator.  Names are PyTorch's."""

from __future__ import annotations

import math

from autograd import Tensor
from autograd.random import generator


def fan_in_and_out(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs to, and outputs from, one unit of a weight (O, I, …): every size after the second multiplies both."""
    if len(shape) < 2:
        raise ValueError(f"init: a fan needs at least 2 dimensions (outputs, inputs, …), got shape {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform in [a, b)."""
    tensor.array[...] = generator().uniform(a, b, tensor.shape)
    tensor.version[0] += 1
    return tensor


def kaiming_uniform_(tensor: Tensor, a: float = 0.0) -> Tensor:
    """Uniform in ±√(6 / ((1 + a²) fan_in)): keeps the variance through layers of leaky ReLUs of slope a.

    References
    ----------
    He et al., "Delving Deep into Rectifiers", 2015, equation 14.
    """
    fan_in, _ = fan_in_and_out(tensor.shape)
    bound = math.sqrt(6 / ((1 + a * a) * fan_in)) if fan_in else 0.0
    return uniform_(tensor, -bound, bound)
