"""Tensors of other libraries as NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.tensor import Tensor


def array_of(value: Any) -> np.ndarray:
    """The numbers of a tensor, of an array, or of another library's tensor, without a copy where that is possible.

    Another library's tensor is read through its ``__array__`` or its ``__dlpack__``.

    Raises
    ------
    TypeError
        If it is none of these, cannot be read here, or holds no real numbers; the text is a clause, "is a list, …".
    """
    if isinstance(value, Tensor):
        return value.array
    if not isinstance(value, np.ndarray | np.generic):
        kind = type(value).__name__
        if isinstance(value, type) or not (hasattr(value, "__array__") or hasattr(value, "__dlpack__")):
            raise TypeError(f"is a {kind}, not a tensor or an array")
        try:
            if hasattr(value, "detach"):  # a tensor with history refuses to be an array
                value = value.detach()
            value = np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
        except Exception as error:  # whatever the other library raises
            raise TypeError(
                f"is a {kind} that cannot be read as a NumPy array ({error}); "
                "convert it to float32 in the CPU's memory first"
            ) from error
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"holds {array.dtype}, not {'real ' if array.dtype.kind == 'c' else ''}numbers")
    return array
