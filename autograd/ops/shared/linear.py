"""The argument check of the linear layers."""

from __future__ import annotations

from typing import Any

from autograd.op import check_arrays
from autograd.ops.elementwise import check_same_float


def check_linear(name: str, x: Any, w: Any, b: Any) -> None:
    """Raise unless x (…, I), w (O, I) and b (O,) or None fit together; errors begin with the op's `name`."""
    if x is None or w is None:
        check_arrays(name, input=x, weight=w)
    check_same_float(name, input=x, weight=w, bias=b)
    if w.ndim != 2 or x.ndim < 1 or x.shape[-1] != w.shape[1]:
        hint = ""
        if w.ndim == 2:
            hint = f"; the input's last dimension must be {w.shape[1]}"
            if x.size == w.shape[1]:
                hint += ": is its batch dimension missing?"
            elif x.ndim > 2:
                hint += ": did you forget to flatten it?"
        raise ValueError(
            f"{name}: input of shape {x.shape} and weight of shape {w.shape} do not fit: "
            f"expects (…, I) and (O, I){hint}"
        )
    if b is not None and b.shape != (w.shape[0],):
        raise ValueError(
            f"{name}: bias of shape {b.shape} does not fit weight of shape {w.shape}: expects {w.shape[:1]}"
        )
