"""Names of types that annotations use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Array: TypeAlias = np.ndarray
Shape: TypeAlias = tuple[int, ...]
Pair: TypeAlias = tuple[int, int]  # vertical, horizontal
Number: TypeAlias = bool | int | float
Dims: TypeAlias = int | tuple[int, ...] | list[int] | None  # dimensions to reduce over; None for all of them
Gradient: TypeAlias = "Tensor | int | None"  # what a backward returns for an input: 0 for zeros, None for no gradient


class Context(Protocol):
    """What a backward gets as `ctx`: see `autograd.op.Op`."""

    saved_tensors: tuple[Any, ...]
    needs_input_grad: tuple[bool, ...]
    shapes: tuple[Shape, ...]
