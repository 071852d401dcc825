"""Complex conjugation in backwards: a product's gradient has the conjugate of the other factor."""

from __future__ import annotations

from typing import Any

from autograd.ops.conj import conj


def conjugate(x: Any) -> Any:
    """`conj` of a tensor or a number; a real tensor itself."""
    if not hasattr(x, "dtype"):
        return x.conjugate()
    return conj(x) if x.dtype.kind == "c" else x
