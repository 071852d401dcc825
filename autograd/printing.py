"""How a tensor is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.promotion import get_default_dtype

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def text(tensor: Tensor) -> str:
    """ "tensor([1., 2.])": four digits, whole floats as "1.", a dtype that is not the default."""
    a = tensor.array
    style: dict[str, Any] = {"separator": ", ", "prefix": "tensor(", "precision": 4, "floatmode": "fixed"}
    if a.dtype.kind == "f":
        values = a[np.isfinite(a) & (a != 0)]
        sizes = np.abs(values)
        if (values == np.round(values)).all() and sizes.max(initial=0) <= min(1e8, 1e3 * sizes.min(initial=1e8)):
            width = max(len(f"{x:.0f}.") for x in (values.min(), values.max())) if values.size else 0
            style["formatter"] = {"float_kind": lambda x: (f"{x:.0f}." if np.isfinite(x) else str(x)).rjust(width)}
    text = np.array2string(a, **style)
    if a.size == 0 and a.ndim > 1:
        text += f", size={a.shape}"
    if a.dtype not in (get_default_dtype(), np.int64, np.bool_):
        text += f", dtype={a.dtype}"
    if tensor.node is not None:
        text += f", grad_fn={tensor.node}"
    elif tensor.requires_grad:
        text += ", requires_grad=True"
    return f"tensor({text})"
