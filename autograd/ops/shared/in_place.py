"""For functions that take `inplace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def in_place(function: Callable[..., Tensor], input: Tensor, *args: Any) -> Tensor:
    """Write function(input, *args) to input's memory; returns input."""
    from autograd import inplace  # a layer above the ops

    return inplace.in_place(function, input, *args)
