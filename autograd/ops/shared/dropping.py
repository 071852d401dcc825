"""Checks and masks of the kinds of dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.ops.shared.checks import check_float
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def check_channels(name: str, x: Tensor) -> None:
    check_arrays(name, input=x)
    if x.ndim < 2:
        raise RuntimeError(f"{name}: drops whole channels, so expects an input (N, C, …), got shape {x.shape}")


def kept(name: str, x: Tensor, dims: int | None, p: float) -> Array:
    """A random mask with an element for each index of the first `dims` dimensions, or of all."""
    from autograd.random import generator  # a layer above the ops

    check_float(name, x)
    size = x.shape if dims is None else (*x.shape[:dims], *(1 for _ in x.shape[dims:]))
    return np.asarray(generator().random(size, np.float32) >= p)


def check_probability(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is the probability of an element to be dropped, from 0 to 1, not {p}")
