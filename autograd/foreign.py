"""Conversion of other libraries' tensors to NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments import full_name
from autograd.promotion import BFLOAT16
from autograd.tensor import Tensor
from autograd.types import Array


def array_of(value: Any) -> Array:
    """The elements of a tensor, an array, or another library's tensor, without a copy if possible.

    Another library's tensor is read through its ``__array__`` or ``__dlpack__`` method.

    Raises
    ------
    TypeError
        If it is none of these, cannot be read, or does not hold real numbers.  The message is a clause to which the
        caller adds a subject: "is a list, not a tensor or an array".
    """
    if isinstance(value, Tensor):
        return value.array
    if not isinstance(value, np.ndarray | np.generic):
        kind = full_name(value)
        if isinstance(value, type) or not (hasattr(value, "__array__") or hasattr(value, "__dlpack__")):
            raise TypeError(f"is a {kind}, not a tensor or an array")
        try:
            if hasattr(value, "detach"):  # tensors that require grad refuse the conversion
                value = value.detach()
            value = np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
        except Exception as error:  # the other library may raise anything
            raise TypeError(
                f"is a {kind} that cannot be read as a NumPy array ({error}); "
                "convert it to float32 in the CPU's memory first"
            ) from error
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" and array.dtype != BFLOAT16:
        raise TypeError(f"holds {array.dtype}, not {'real ' if array.dtype.kind == 'c' else ''}numbers")
    return array
