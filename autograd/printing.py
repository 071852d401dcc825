"""How a tensor is printed: as PyTorch prints it, but for the names of dtypes, which are NumPy's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.promotion import FLOATING, complex_of, get_default_dtype
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor


@dataclass
class Options:
    """What `set_printoptions` sets."""

    precision: int = 4
    threshold: float = 1000  # a tensor with more elements is summarized:
    edgeitems: int = 3  # of each dimension that is longer than two edges, the first and last three
    linewidth: int = 80
    sci_mode: bool | None = None


_options = Options()
_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed.

    Parameters
    ----------
    precision : int, optional
        Digits after the point, 4 unless set.
    threshold : int, optional
        Tensors with more elements are summarized, 1000 unless set.  math.inf: none is.
    edgeitems : int, optional
        Number of elements that are shown at each end of a dimension in a summary, 3 unless set.
    linewidth : int, optional
        Characters on a line, 80 unless set.
    profile : "default", "short" or "full", optional
        Sets all options but sci_mode.  The other arguments are applied after it.
    sci_mode : bool, optional
        Whether floats are written as 1.5000e+10.  None: where it suits the numbers.

    Raises
    ------
    ValueError
        For another profile.
    TypeError
        If precision or edgeitems is no integer, or threshold or linewidth no number.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_printoptions(precision=2)
    >>> autograd.tensor([1.2345])
    tensor([1.23])
    >>> autograd.set_printoptions(profile="default")
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"set_printoptions: profile is {profile!r}; expects {', '.join(_PROFILES)} or None")
    start = _options if profile is None else _PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        whole = name in ("precision", "edgeitems")
        if not isinstance(value, int | np.integer | None if whole else int | float | np.number | None):
            expected = "an integer" if whole else "a number"
            raise TypeError(f"set_printoptions: {name} is {value!r}; it must be {expected}, or None for no change")
    for name, value in given.items():
        setattr(_options, name, getattr(start, name) if value is None else value)
    _options.sci_mode = sci_mode


class Format(NamedTuple):
    """How the elements of one tensor are written: in the width of the longest finite one."""

    width: int
    write: Callable[[Any], str]


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
    summarized = a.size > _options.threshold
    parts = [_body(a, len(prefix), summarized, _format(_edges(a) if summarized else a)) if a.size else "[]"]
    if a.size == 0 and a.ndim != 1:
        parts.append(f"size={a.shape}")
    if a.dtype not in (get_default_dtype(), complex_of(get_default_dtype())) and (
        a.size == 0 or a.dtype not in (np.int64, np.bool_)
    ):
        parts.append(f"dtype={a.dtype}")
    if tensor.node is not None:
        parts.append(f"grad_fn={tensor.node}")
    elif tensor.requires_grad:
        parts.append("requires_grad=True")
    return prefix + _joined(parts, len(prefix)) + ")"


def _edges(a: Array) -> Array:
    """The elements of a tensor that are shown of it when it is summarized."""
    for dim, size in enumerate(a.shape):
        if size > 2 * _options.edgeitems:
            a = np.take(a, [*range(_options.edgeitems), *range(size - _options.edgeitems, size)], axis=dim)
    return a


def _format(a: Array) -> Format:
    """Integers and bools as they are; floats as "1.", "1.5000" or "1.5000e+10", whichever suits all of them."""
    if a.dtype.kind == "c":
        return _complex_format(a)
    if a.dtype.kind not in FLOATING:
        width = max(len(str(x)) for x in a.ravel().tolist())
        return Format(width, lambda x: str(x).rjust(width))
    values = a[np.isfinite(a) & (a != 0)].astype(np.float64)
    largest, smallest = float(np.abs(values).max(initial=0)), float(np.abs(values).min(initial=np.inf))
    pattern, end = f".{_options.precision}f", ""
    scientific = bool(values.size) and (largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4)
    if scientific if _options.sci_mode is None else _options.sci_mode:
        pattern = f".{_options.precision}e"
    elif (values == np.ceil(values)).all():
        pattern, end = ".0f", "."
    width = max((len(format(x, pattern) + end) for x in values.tolist()), default=1)
    return Format(width, lambda x: (format(x, pattern) + (end if math.isfinite(x) else "")).rjust(width))


def _complex_format(a: Array) -> Format:
    """Real and imaginary parts, each in a format of its own, as "1.0000-2.5000j"."""
    real, imag = _format(a.real), _format(np.abs(a.imag))

    def write(z: Any) -> str:
        sign = "-" if math.copysign(1, z.imag) < 0 else "+"
        return f"{real.write(z.real)}{sign}{imag.write(abs(z.imag)).lstrip()}j"

    return Format(real.width + imag.width + 2, write)


def _body(a: Array, indent: int, summarized: bool, style: Format) -> str:
    """The values in brackets, on lines that begin `indent` columns further in."""
    if a.ndim == 0:
        return style.write(a.item())
    short = summarized and len(a) > 2 * _options.edgeitems
    shown = [*a[: _options.edgeitems], *a[-_options.edgeitems :]] if short else list(a)
    if a.ndim > 1:
        parts = [_body(row, indent + 1, summarized, style) for row in shown]
        if short:
            parts.insert(_options.edgeitems, "...")
        between = "," + "\n" * (a.ndim - 1) + " " * (indent + 1)
        return f"[{between.join(parts)}]"
    parts = [style.write(x.item()) for x in shown]
    on_a_line = max(1, (_options.linewidth - indent) // (style.width + 2))
    if short:
        parts.insert(_options.edgeitems, " ...")
    lines = [", ".join(parts[i : i + on_a_line]) for i in range(0, len(parts), on_a_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _joined(parts: list[str], indent: int) -> str:
    """The parts after each other with commas, on a new line where one would not fit."""
    out = parts[0]
    used = len(out) - out.rfind("\n") + 1
    for part in parts[1:]:
        if used + len(part) + 2 > _options.linewidth:
            out += ",\n" + " " * indent + part
            used = indent + len(part)
        else:
            out += ", " + part
            used += len(part) + 2
    return out
