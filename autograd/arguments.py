"""Checks of arguments that are made before an op runs."""

from __future__ import annotations

from typing import Any

import numpy as np


def full_name(x: object) -> str:
    """The name of the type of x, with its module if it is not Python's: "list", "torch.Tensor"."""
    kind = type(x)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def instead_of(x: object) -> str:
    """What to pass in place of x, which is no tensor."""
    if not hasattr(x, "__array__") and not hasattr(x, "__dlpack__"):
        return "autograd.tensor(...) makes a tensor of a list"
    if hasattr(x, "requires_grad") and hasattr(x, "detach"):  # PyTorch refuses to share one that requires grad
        return "autograd.from_dlpack(x.detach()) makes one that shares its memory"
    return "autograd.from_dlpack(x) makes one that shares its memory, autograd.tensor(x) copies it"


def check_arrays(name: str, **inputs: Any) -> None:
    """Raise TypeError if an input is neither a tensor nor an array, in a function that reads their shapes."""
    for what, x in inputs.items():
        if not hasattr(x, "array") and not isinstance(x, (np.ndarray, np.generic)):
            raise TypeError(f"{name}: {what} is a {full_name(x)}; expects a tensor ({instead_of(x)})")


def dlpack_capsule(tensor: Any, options: dict[str, Any]) -> Any:
    """What a tensor's `__dlpack__` returns: NumPy's capsule of its array.

    Raises
    ------
    BufferError
        If the tensor requires grad, or has negative strides, with which PyTorch 2.13 aborts the process.
    """
    if tensor.requires_grad:
        raise BufferError("__dlpack__: this tensor requires grad, and what others do is not recorded; use .detach()")
    if min(tensor.array.strides, default=0) < 0:
        raise BufferError("__dlpack__: this tensor has negative strides, which not all libraries read; use .clone()")
    return tensor.array.__dlpack__(**options)
