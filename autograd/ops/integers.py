"""Functions of integers, element by element: divisors, multiples and shifts of bits.  None has a gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample
from autograd.ops.shared.rows import discrete_pair_row
from autograd.types import Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _row(name: str, ufunc: Callable, on_numbers: Callable, tensors: tuple[int, ...] = ()) -> Op:
    def check(x: Any, y: Any) -> None:
        if x.dtype.kind not in "iu":
            raise TypeError(f"{name}: expects integers, got {x.dtype}; convert with .long()")

    def sample(draw: Draw) -> Sample:
        a, b = draw.broadcastable(2)
        return Sample((draw.index(a, 20), draw.index(b, 5)))

    bad = BadSample((np.ones(2), np.ones(2)), {}, TypeError, (name, "float64", ".long()"))
    return discrete_pair_row(name, ufunc, on_numbers, sample, bad, dtype=None, check=check, tensors=tensors)


def _shifted_left(a: int, b: int) -> int:
    return (int(a) * 2**b + 2**63) % 2**64 - 2**63 if 0 <= b < 64 else 0


def _shifted_right(a: int, b: int) -> int:
    return int(a) // 2**b if 0 <= b < 64 else -1 if a < 0 else 0


_gcd_op = _row("gcd", np.gcd, math.gcd, (0, 1))
_lcm_op = _row("lcm", np.lcm, math.lcm, (0, 1))
_bitwise_left_shift_op = _row("bitwise_left_shift", np.left_shift, _shifted_left)
_bitwise_right_shift_op = _row("bitwise_right_shift", np.right_shift, _shifted_right)


def gcd(input: Tensor, other: Tensor) -> Tensor:
    """Greatest common divisor of integers, at least 0.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor of int, of shapes that broadcast

    Returns
    -------
    Tensor of int, of the broadcast shape

    Raises
    ------
    TypeError
        If the elements are not integers.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.gcd(autograd.tensor([12, -9]), autograd.tensor([8, 6]))
    tensor([4, 3])
    """
    return _gcd_op(input, other)


def lcm(input: Tensor, other: Tensor) -> Tensor:
    """Least common multiple of integers, at least 0.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor of int, of shapes that broadcast

    Returns
    -------
    Tensor of int, of the broadcast shape

    Raises
    ------
    TypeError
        If the elements are not integers.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.lcm(autograd.tensor([4, -3]), autograd.tensor([6, 5]))
    tensor([12, 15])
    """
    return _lcm_op(input, other)


def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Shift the bits of integers to the left: input · 2^other.  Shapes broadcast.  `<<` is it.

    Parameters
    ----------
    input, other : Tensor of int, of shapes that broadcast, or int
        One of them may be a number.

    Returns
    -------
    Tensor of int, of the broadcast shape

    Raises
    ------
    TypeError
        If the elements are not integers.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.bitwise_left_shift(autograd.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """
    return _bitwise_left_shift_op(input, other)


def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Shift the bits of integers to the right: input / 2^other, rounded down.  Shapes broadcast.  `>>` is it.

    Parameters
    ----------
    input, other : Tensor of int, of shapes that broadcast, or int
        One of them may be a number.

    Returns
    -------
    Tensor of int, of the broadcast shape

    Raises
    ------
    TypeError
        If the elements are not integers.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.bitwise_right_shift(autograd.tensor([12, -3]), 1)
    tensor([ 6, -2])
    """
    return _bitwise_right_shift_op(input, other)
