"""What the normalizations have in common: checks of their parameters, and a reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.ops.shared.checks import check_eps, check_float
from autograd.types import Array, Shape


def check_norm(name: str, x: Any, eps: float, shape: Shape, **parameters: Any) -> None:
    """Raise unless eps is at least 0, x is a float tensor, and every parameter has this shape and x's dtype."""
    check_eps(name, eps)
    check_float(name, x)
    for what, parameter in parameters.items():
        if parameter is not None and (parameter.shape, parameter.dtype) != (shape, x.dtype):
            raise ValueError(
                f"{name}: {what} is {parameter.dtype} of shape {parameter.shape}; "
                f"input of shape {x.shape} and {x.dtype} needs {x.dtype} of shape {shape}"
            )


def update_running(running: Any, new: Any, momentum: float, factor: float = 1) -> None:
    """Move running statistics towards `factor` times new ones, in place; None is left out."""
    if running is None:
        return
    array = running.array
    if not array.flags.writeable:
        raise RuntimeError(
            "running statistics are updated in place, and these are in memory that cannot be written to, such as that "
            "of expand(); pass a .clone()"
        )
    array *= 1 - momentum  # on the array: as calls of ops, this would take longer than a small batch norm
    array += momentum * factor * getattr(new, "array", new)
    running.version[0] += 1


def standardize_reference(x: Array, dims: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """(x - mean) / √(var + eps), mean and var, with mean and variance over `dims`, which stay at size 1."""
    many = max(1, math.prod(x.shape[d] for d in dims))
    mean = x.sum(axis=dims, keepdims=True) / many
    var = ((x - mean) ** 2).sum(axis=dims, keepdims=True) / many
    return (x - mean) / np.sqrt(var + eps), mean, var


def scale_reference(y: Array, weight: Array | None, bias: Array | None) -> Array:
    """y · weight + bias, where weight and bias may be missing."""
    y = y if weight is None else y * weight
    return y if bias is None else y + bias
