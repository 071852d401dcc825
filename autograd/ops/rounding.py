"""Rounding, element by element.

    ceil, floor, trunc, round      dx = 0, where the derivative exists
    frac x = x - trunc x           dx = g

Integers are returned as they are, in a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Op, Sample
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.rows import composite_row, one_tensor, unary_row
from autograd.promotion import FLOATING
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

AWAY_FROM_JUMPS = 0.0004  # drawn numbers are thousandths


def _truncated(x: Array) -> Array:
    """x without its fraction, by conversion to integers; numbers from 2⁵² on have none."""
    small = np.abs(x) < 2**52
    return np.where(small, np.where(small, x, 0).astype(np.int64), x)


def _floored(x: Array) -> Array:
    whole = _truncated(x)
    return whole - 1 * (whole > x)


def _raised(x: Array) -> Array:
    whole = _truncated(x)
    return whole + 1 * (whole < x)


def _nearest(x: Array) -> Array:
    """The nearest whole numbers, and the even ones of two that are equally near."""
    low = _floored(x)
    fraction = np.where(low == x, 0, x - low)
    return np.where(low == x, x, low + (fraction > 0.5) + (fraction == 0.5) * (low % 2 == 1) + 0 * x)


def _row(name: str, ufunc: np.ufunc, reference: Callable[[Array], Array]) -> Op:
    return unary_row(
        name,
        lambda x: ufunc(x) if x.dtype.kind == "f" else x.copy(),
        lambda ctx, g: 0,
        lambda x: reference(x).astype(x.dtype) if x.dtype.kind == "f" else x.copy(),
        shift=AWAY_FROM_JUMPS,
    )


_ceil_op = _row("ceil", np.ceil, _raised)
_floor_op = _row("floor", np.floor, _floored)
_trunc_op = _row("trunc", np.trunc, _truncated)


def _round_forward(x: Array, *, decimals: int) -> Array:
    if x.dtype.kind != "f":
        return x.copy()
    scale = x.dtype.type(10.0 ** abs(decimals))
    return np.rint(x) if decimals == 0 else np.rint(x * scale) / scale if decimals > 0 else np.rint(x / scale) * scale


def _round_reference(x: Array, *, decimals: int) -> Array:
    if x.dtype.kind != "f":
        return x.copy()
    scale = 10.0 ** abs(decimals)
    rounded = _nearest(x * scale) / scale if decimals > 0 else _nearest(x / scale) * scale
    return rounded.astype(x.dtype)


def _round_check(x: Array, *, decimals: int) -> None:
    if not isinstance(decimals, int | np.integer):
        raise TypeError(f"round: decimals is {decimals!r}; expects a whole number")
    if x.dtype.kind not in FLOATING and decimals != 0:
        raise RuntimeError(f"round: decimals is {decimals}, and only floats are rounded to decimals, not {x.dtype}")


def _round_sample(draw: Draw) -> Sample:
    drawn = one_tensor(-20, 20, AWAY_FROM_JUMPS)(draw)
    return Sample(drawn.inputs, {"decimals": draw.choice(0, 1, -1)})


_round_op = unary_row(
    "round",
    _round_forward,
    lambda ctx, g, *, decimals: 0,
    _round_reference,
    sample=_round_sample,
    check=_round_check,
    bad_samples=[
        BadSample((np.ones(2, int),), {"decimals": 1}, RuntimeError, ("round", "decimals is 1", "int64")),
        BadSample((np.ones(2),), {"decimals": 1.5}, TypeError, ("round", "decimals is 1.5", "whole number")),
    ],
)


def ceil(input: Tensor) -> Tensor:
    """The smallest whole number that is not below input.  Its gradient is 0.

    Parameters
    ----------
    input : Tensor, any shape
        Integers are copied.

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.ceil(autograd.tensor([1.2, -1.2]))
    tensor([ 2., -1.])
    """
    return _ceil_op(input)


def floor(input: Tensor) -> Tensor:
    """The largest whole number that is not above input.  Its gradient is 0.

    Parameters
    ----------
    input : Tensor, any shape
        Integers are copied.

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.floor(autograd.tensor([1.2, -1.2]))
    tensor([ 1., -2.])
    """
    return _floor_op(input)


def trunc(input: Tensor) -> Tensor:
    """The whole part of input: rounded towards 0.  Its gradient is 0.

    Parameters
    ----------
    input : Tensor, any shape
        Integers are copied.

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.trunc(autograd.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    return _trunc_op(input)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest number with this many decimals, an even last one of two equally near.  Its gradient is 0.

    Parameters
    ----------
    input : Tensor, any shape
        Integers are copied.
    decimals : int
        Number of digits after the point.  A negative one rounds to tens, hundreds and so on.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError
        If integers are rounded to decimals.
    TypeError
        If decimals is no whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.round(autograd.tensor([0.5, 1.5, -2.3]))
    tensor([ 0.,  2., -2.])
    >>> autograd.round(autograd.tensor([1234.0]), decimals=-2)
    tensor([1200.])
    """
    return _round_op(input, decimals=decimals)


def frac(input: Tensor) -> Tensor:
    """The fractional part of input, with its sign: input - trunc(input).

    Parameters
    ----------
    input : Tensor of float, any shape

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    TypeError
        If input is not a float tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.frac(autograd.tensor([1.75, -1.75]))
    tensor([ 0.7500, -0.7500])
    """
    check_arrays("frac", input=input)
    check_float("frac", input)
    return input - trunc(input)


composite_row(
    "frac",
    frac,
    lambda x: x - _truncated(x),
    one_tensor(shift=AWAY_FROM_JUMPS),
    BadSample((np.ones(2, int),), {}, TypeError, ("frac", "int64", "float")),
)
