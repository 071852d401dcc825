"""Checks of arguments that are made before an op runs."""

from __future__ import annotations

from typing import Any


def check_arrays(name: str, **inputs: Any) -> None:
    """Raise TypeError if an input is neither a tensor nor an array, in a function that reads their shapes."""
    for what, x in inputs.items():
        if not hasattr(x, "ndim"):
            raise TypeError(
                f"{name}: {what} is a {type(x).__name__}; expects a tensor (autograd.tensor(...) makes one of a list)"
            )
