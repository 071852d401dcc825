"""Checks of an op's arguments.  They raise before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.promotion import HALVES

FLOATS = (np.dtype(np.float32), np.dtype(np.float64), *HALVES)


def check_float(name: str, x: Any, **params: Any) -> None:
    """Raise TypeError unless x is of floats.  `params` are ignored, so that this can be a row's `check`."""
    if x.dtype not in FLOATS:
        raise TypeError(f"{name}: expects float32 or float64, got {x.dtype}; convert first, with .float()")


def check_differentiable(name: str, x: Any, **params: Any) -> None:
    """Raise TypeError unless x is of floats or complex numbers.  `params` are ignored, as by `check_float`."""
    if x.dtype.kind != "c":
        check_float(name, x)


def _have_one_float_dtype(inputs: dict[str, Any]) -> bool:
    """Whether the inputs that are not None are arrays of float32, or of float64: the usual case, quickly."""
    dtype = None
    for x in inputs.values():
        if type(x) is np.ndarray:
            if dtype is not None and x.dtype is not dtype:
                return False
            dtype = x.dtype
        elif x is not None:
            return False
    return dtype is not None and dtype.char in "fd"


def check_same_float(name: str, **inputs: Any) -> None:
    """Raise TypeError unless all inputs are of one float dtype.  Inputs that are None are skipped."""
    if _have_one_float_dtype(inputs):
        return
    try:
        dtypes = {what: x.dtype for what, x in inputs.items() if x is not None}
    except AttributeError:
        check_arrays(name, **{what: x for what, x in inputs.items() if x is not None})
        raise
    if len(set(dtypes.values())) > 1 or not set(dtypes.values()) <= set(FLOATS):
        found = ", ".join(f"{what} {dtype}" for what, dtype in dtypes.items())
        raise TypeError(f"{name}: expects one float dtype throughout, got {found}; convert with .to(dtype)")


def check_number(name: str, x: Any, **params: Any) -> None:
    """Raise TypeError unless x is float32, float64 or of integers.  `params` are ignored, as by `check_float`."""
    if x.dtype not in FLOATS and x.dtype.kind not in "iu":
        raise TypeError(f"{name}: expects floats or integers, got {x.dtype}; convert first, with .float()")


def check_same_number(name: str, **inputs: Any) -> None:
    """Raise TypeError unless all inputs have one dtype of floats or integers.  Inputs that are None are skipped."""
    if _have_one_float_dtype(inputs):
        return
    given = {what: x for what, x in inputs.items() if x is not None}
    check_arrays(name, **given)
    dtypes = {x.dtype for x in given.values()}
    if len(dtypes) == 1 and next(iter(dtypes)).kind in "iu":
        return
    check_same_float(name, **given)


def check_eps(name: str, eps: float) -> None:
    """Raise ValueError unless eps, which is added to a variance, is at least 0."""
    if not eps >= 0:
        raise ValueError(f"{name}: eps is {eps}; it must be at least 0, or the root of a small variance is NaN")


def run_broadcast(name: str, function: Callable[..., Any], *arrays: Any) -> Any:
    """function(*arrays), with an error that names the shapes if they do not broadcast."""
    try:
        return function(*arrays)
    except ValueError:
        shapes = [np.shape(a) for a in arrays]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"{name}: shapes {' and '.join(map(str, shapes))} do not broadcast: aligned from the right, "
                "sizes must be equal or one of them 1"
            ) from None
        raise  # for another reason, such as integers raised to a negative power
