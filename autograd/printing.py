"""How a tensor is printed: as PyTorch prints it, but for the names of dtypes, which are NumPy's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autograd.promotion import get_default_dtype
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor

LINE_WIDTH = 80
DIGITS = 4
MOST_ELEMENTS = 1000  # a larger tensor is summarized:
EDGE = 3  # of each dimension that is longer than two edges, the first and last three


class Format(NamedTuple):
    """How the elements of one tensor are written: in the width of the longest finite one."""

    width: int
    write: Callable[[float], str]


def text(tensor: Tensor) -> str:
    """The `repr` of a tensor: its values, and its dtype, requires_grad and grad_fn where they say something.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([[1.0, 2.5], [-3.0, 4.0]], dtype=autograd.float64)
    tensor([[ 1.0000,  2.5000],
            [-3.0000,  4.0000]], dtype=float64)
    """
    a = tensor.array
    prefix = "tensor("
    summarized = a.size > MOST_ELEMENTS
    parts = [_body(a, len(prefix), summarized, _format(_edges(a) if summarized else a)) if a.size else "[]"]
    if a.size == 0 and a.ndim != 1:
        parts.append(f"size={a.shape}")
    if a.dtype != get_default_dtype() and (a.size == 0 or a.dtype not in (np.int64, np.bool_)):
        parts.append(f"dtype={a.dtype}")
    if tensor.node is not None:
        parts.append(f"grad_fn={tensor.node}")
    elif tensor.requires_grad:
        parts.append("requires_grad=True")
    return prefix + _joined(parts, len(prefix)) + ")"


def _edges(a: Array) -> Array:
    """The elements of a tensor that are shown of it when it is summarized."""
    for dim, size in enumerate(a.shape):
        if size > 2 * EDGE:
            a = np.take(a, [*range(EDGE), *range(size - EDGE, size)], axis=dim)
    return a


def _format(a: Array) -> Format:
    """Integers and bools as they are; floats as "1.", "1.5000" or "1.5000e+10", whichever suits all of them."""
    if a.dtype.kind != "f":
        width = max(len(str(x)) for x in a.ravel().tolist())
        return Format(width, lambda x: str(x).rjust(width))
    values = a[np.isfinite(a) & (a != 0)].astype(np.float64)
    largest, smallest = float(np.abs(values).max(initial=0)), float(np.abs(values).min(initial=np.inf))
    pattern, end = f".{DIGITS}f", ""
    if values.size and (largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4):
        pattern = f".{DIGITS}e"
    elif (values == np.ceil(values)).all():
        pattern, end = ".0f", "."
    width = max((len(format(x, pattern) + end) for x in values.tolist()), default=1)
    return Format(width, lambda x: (format(x, pattern) + (end if math.isfinite(x) else "")).rjust(width))


def _body(a: Array, indent: int, summarized: bool, style: Format) -> str:
    """The values in brackets, on lines that begin `indent` columns further in."""
    if a.ndim == 0:
        return style.write(a.item())
    short = summarized and len(a) > 2 * EDGE
    shown = [*a[:EDGE], *a[-EDGE:]] if short else list(a)
    if a.ndim > 1:
        parts = [_body(row, indent + 1, summarized, style) for row in shown]
        if short:
            parts.insert(EDGE, "...")
        between = "," + "\n" * (a.ndim - 1) + " " * (indent + 1)
        return f"[{between.join(parts)}]"
    parts = [style.write(x.item()) for x in shown]
    on_a_line = max(1, (LINE_WIDTH - indent) // (style.width + 2))
    if short:
        parts.insert(EDGE, " ...")
    lines = [", ".join(parts[i : i + on_a_line]) for i in range(0, len(parts), on_a_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _joined(parts: list[str], indent: int) -> str:
    """The parts after each other with commas, on a new line where one would not fit."""
    out = parts[0]
    used = len(out) - out.rfind("\n") + 1
    for part in parts[1:]:
        if used + len(part) + 2 > LINE_WIDTH:
            out += ",\n" + " " * indent + part
            used = indent + len(part)
        else:
            out += ", " + part
            used += len(part) + 2
    return out
