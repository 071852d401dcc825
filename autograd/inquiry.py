"""Questions about a value that have a Python answer."""

from __future__ import annotations

from typing import Any

from autograd.arguments import check_arrays
from autograd.tensor import Tensor


def is_tensor(obj: Any, /) -> bool:
    """Whether this is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is float32 or float64."""
    check_arrays("is_floating_point", input=input)
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex64 or complex128."""
    check_arrays("is_complex", input=input)
    return input.is_complex()


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element of a tensor is not 0.

    Raises
    ------
    RuntimeError
        If there is not exactly one element.
    """
    check_arrays("is_nonzero", input=input)
    return input.is_nonzero()


def numel(input: Tensor) -> int:
    """Number of elements."""
    check_arrays("numel", input=input)
    return input.numel()
