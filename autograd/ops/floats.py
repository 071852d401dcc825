"""Signs, parts and special values of numbers, element by element.

copysign    z = |x| with the sign of y                 dx = g sign(x) sign(z),  dy = 0
fmax, fmin  z = max(x, y), min(x, y), of the other where one is NaN    dx = g where z = x, else 0;  dy = g elsewhere
frexp       x = m 2^e, 1/2 <= |m| < 1                  dx = g 2^-e, g with respect to m
ldexp       z = x 2^y
nan_to_num  y = x, with other numbers for NaN and ±inf                 dx = g where x is finite, else 0
angle       y = π where x < 0, else 0                  dx = 0
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.compare import isfinite
from autograd.ops.elementary import exp2
from autograd.ops.elementwise import to
from autograd.ops.functions import sign
from autograd.ops.pow import pow
from autograd.ops.shared.checks import check_float, run_broadcast
from autograd.ops.shared.rows import binary_row, composite_row, discrete_row, one_tensor, two_tensors, unary_row
from autograd.ops.shared.samples import any_shape, bad_broadcast, distinct
from autograd.ops.where import where
from autograd.promotion import HALVES, finfo
from autograd.types import Array, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class Frexp(NamedTuple):
    """Result of `frexp`: input = mantissa · 2^exponent."""

    mantissa: Tensor
    exponent: Tensor


# ── signs ──────────────────────────────────────────────────────────────────────────────

_copysign_op = binary_row(
    "copysign",
    np.copysign,
    lambda ctx, g: (g * sign(ctx.saved_tensors[0]) * sign(ctx.saved_tensors[1]), 0),
    lambda x, y: (
        np.where(np.frompyfunc(lambda b: math.copysign(1, b) < 0, 1, 1)(y).astype(bool), -np.abs(x), np.abs(x))
        if np.ndim(y)
        else np.asarray(math.copysign(1, y) * np.abs(x), x.dtype)
    ),
    saves=(0, ~0),
    kind="piecewise",
    tensors=(0,),
)
_signbit_op = discrete_row(
    "signbit",
    lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0,
    lambda x: np.asarray(np.arctan2(x * 1.0, -1.0) < 0),
    any_shape,
)
_isneginf_op = discrete_row("isneginf", lambda x: x == -np.inf, lambda x: np.isinf(x) & (x < 0), any_shape)
_isposinf_op = discrete_row("isposinf", lambda x: x == np.inf, lambda x: np.isinf(x) & (x > 0), any_shape)
_isreal_op = discrete_row("isreal", np.isreal, lambda x: np.asarray(x.imag == 0), any_shape, complex=True)
_angle_op = unary_row(
    "angle",
    lambda x: np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(np.pi), x.dtype.type(0))),
    lambda ctx, g: 0,
    lambda x: np.asarray(np.frompyfunc(lambda a: a if a != a else math.pi * (a < 0), 1, 1)(x)).astype(x.dtype),
    kind="piecewise",
    promotes="float",
)


# ── special values ─────────────────────────────────────────────────────────────────────


def _nan_to_num_reference(x: Array, *, nan: float, posinf: float | None, neginf: float | None) -> Array:
    if x.dtype.kind != "f":
        return x.copy()
    most = float(np.finfo(x.dtype).max)
    high, low = most if posinf is None else posinf, -most if neginf is None else neginf
    return np.where(x != x, nan, np.where(x == np.inf, high, np.where(x == -np.inf, low, x))).astype(x.dtype)


_nan_to_num_op = unary_row(
    "nan_to_num",
    lambda x, *, nan, posinf, neginf: np.nan_to_num(x, copy=True, nan=nan, posinf=posinf, neginf=neginf),
    lambda ctx, g, **params: where(isfinite(ctx.saved_tensors[0]), g, 0.0),
    _nan_to_num_reference,
    sample=lambda draw: Sample(
        any_shape(draw).inputs,
        {"nan": draw.choice(0.0, 2.0), "posinf": draw.choice(None, 3.0), "neginf": draw.choice(None, -4.0)},
    ),
    saves=(0,),
    kind="multilinear",
)
_nextafter_op = binary_row(
    "nextafter",
    np.nextafter,
    lambda ctx, g: (g, 0),
    lambda x, y: np.asarray(np.frompyfunc(np.nextafter, 2, 1)(x, y)).astype(x.dtype),
    tensors=(0, 1),
)


def _heaviside_check(x: Array, y: Array) -> None:
    if getattr(x, "dtype", None) != getattr(y, "dtype", None):
        raise RuntimeError("heaviside: input and values must be tensors of one dtype; convert with .to(dtype)")


_heaviside_op = discrete_row(
    "heaviside",
    lambda x, y: run_broadcast("heaviside", np.where, x == 0, y, (x > 0).astype(x.dtype)),
    lambda x, y: np.asarray(np.frompyfunc(lambda a, b: b if a == 0 else a > 0, 2, 1)(x, y)).astype(x.dtype),
    two_tensors(),
    bad_broadcast("heaviside"),
    BadSample((np.ones(2), np.ones(2, np.float32)), {}, RuntimeError, ("heaviside", "one dtype")),
    check=_heaviside_check,
)


# ── extrema that pass over NaN ─────────────────────────────────────────────────────────


def _fmax_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    first = (x >= y) | (y != y)
    return where(first, g, 0.0), where(first, 0.0, g)


def _fmin_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    first = (x <= y) | (y != y)
    return where(first, g, 0.0), where(first, 0.0, g)


def _distinct_pair(draw: Draw) -> Sample:
    return Sample(tuple(distinct(draw, 2)))


_fmax_op = binary_row(
    "fmax", np.fmax, _fmax_backward, lambda x, y: np.where((x != x) | (y > x), y, x),
    sample=_distinct_pair, saves=(0, 1), kind="piecewise", promotes="same",
    tensors=(0, 1),
)  # fmt: skip
_fmin_op = binary_row(
    "fmin", np.fmin, _fmin_backward, lambda x, y: np.where((x != x) | (y < x), y, x),
    sample=_distinct_pair, saves=(0, 1), kind="piecewise", promotes="same",
    tensors=(0, 1),
)  # fmt: skip


# ── mantissa and exponent ──────────────────────────────────────────────────────────────


def _frexp_backward(ctx: Context, g: Tensor, _: Tensor) -> Gradient:
    return g * exp2(-to(ctx.saved_tensors[0], g.dtype))


def _frexp_reference(x: Array) -> tuple[Array, Array]:
    pairs = [math.frexp(a) for a in x.ravel().tolist()]
    columns = zip([m for m, _ in pairs], [e for _, e in pairs], strict=True)
    mantissas, exponents = zip(*columns, strict=True) if pairs else ((), ())
    return np.array(mantissas, x.dtype).reshape(x.shape), np.array(exponents, np.int32).reshape(x.shape)


_frexp_op = register(
    Op(
        name="frexp",
        check=lambda x: check_float("frexp", x),
        forward=lambda x: tuple(np.frexp(x)),
        backward=_frexp_backward,
        saves=(~1,),
        reference=_frexp_reference,
        sample=one_tensor(shift=0.0003),  # away from powers of 2, where the mantissa jumps
        bad_samples=[BadSample((np.ones(2, int),), {}, TypeError, ("frexp", "int64"))],
    )
)


def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The absolute value of input with the sign of other, also of -0.  Shapes broadcast.

    Parameters
    ----------
    input : Tensor, any shape
    other : Tensor, of a shape that broadcasts with input's, or number

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.copysign(autograd.tensor([1.0, -2.0]), autograd.tensor([-0.0, 3.0]))
    tensor([-1.,  2.])
    """
    return _copysign_op(input, other)


def signbit(input: Tensor) -> Tensor:
    """Test whether each element has a minus sign, also -0 and -NaN.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.signbit(autograd.tensor([-1.0, -0.0, 0.0]))
    tensor([ True,  True, False])
    """
    return _signbit_op(input)


def sgn(input: Tensor) -> Tensor:
    """Sign of real numbers, as `sign`."""
    return sign(input)


def isneginf(input: Tensor) -> Tensor:
    """Test whether each element is -inf.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.isneginf(autograd.tensor([float("-inf"), float("inf"), -1.0]))
    tensor([ True, False, False])
    """
    return _isneginf_op(input)


def isposinf(input: Tensor) -> Tensor:
    """Test whether each element is +inf.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.isposinf(autograd.tensor([float("-inf"), float("inf"), 1.0]))
    tensor([False,  True, False])
    """
    return _isposinf_op(input)


def isreal(input: Tensor) -> Tensor:
    """Test whether each element has no imaginary part.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.isreal(autograd.tensor([1 + 2j, 3 + 0j]))
    tensor([False,  True])
    """
    return _isreal_op(input)


def angle(input: Tensor) -> Tensor:
    """Angle of real numbers in the complex plane: π for negative ones, 0 for others, NaN for NaN."""
    return _angle_op(input)


def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Replace NaN and infinities.

    Parameters
    ----------
    input : Tensor, any shape
    nan : float
        What NaN becomes.
    posinf, neginf : float, optional
        What inf and -inf become.  Default: the largest and the smallest number of the dtype.

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.nan_to_num(autograd.tensor([1.0, float("nan"), float("inf")]), nan=0.0, posinf=9.0)
    tensor([1., 0., 9.])
    """
    if getattr(input, "dtype", None) in HALVES:  # the op knows of float32, whose largest number is too large
        largest = float(finfo(input.dtype).max)
        posinf, neginf = largest if posinf is None else posinf, -largest if neginf is None else neginf
    return _nan_to_num_op(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next float after input in the direction of other.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> after = autograd.nextafter(autograd.tensor([1.0]), autograd.tensor([2.0]))
    >>> after - 1 == autograd.finfo(autograd.float32).eps
    tensor([True])
    """
    return _nextafter_op(input, other)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """Step function: 0 for negative elements, 1 for positive ones, `values` at 0.  Shapes broadcast.

    The result has no gradient.

    Parameters
    ----------
    input, values : Tensor, of shapes that broadcast

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If the two have different dtypes.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.heaviside(autograd.tensor([-2.0, 0.0, 2.0]), autograd.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    check_arrays("heaviside", input=input, values=values)
    return _heaviside_op(input, values)


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """Maximum of two tensors, element by element; where one is NaN, the other.  Shapes broadcast.

    Of equal elements, the gradient goes to input.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.fmax(autograd.tensor([1.0, float("nan")]), autograd.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """
    return _fmax_op(input, other)


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """Minimum of two tensors, element by element; where one is NaN, the other.  Shapes broadcast.

    Of equal elements, the gradient goes to input.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.fmin(autograd.tensor([1.0, float("nan")]), autograd.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    return _fmin_op(input, other)


def frexp(input: Tensor) -> Frexp:
    """Mantissa, from 1/2 to 1 in absolute value, and exponent of base 2: input = mantissa · 2^exponent.

    Parameters
    ----------
    input : Tensor of float, any shape

    Returns
    -------
    named tuple (mantissa, exponent)
        Two tensors of the shape of input.  The exponents are int32.

    Raises
    ------
    TypeError
        If input is not of floats.

    Examples
    --------
    >>> import autograd
    >>> mantissa, exponent = autograd.frexp(autograd.tensor([3.0, 8.0]))
    >>> mantissa
    tensor([0.7500, 0.5000])
    >>> exponent
    tensor([2, 4], dtype=int32)
    """
    return Frexp(*_frexp_op(input))


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input · 2^other.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.ldexp(autograd.tensor([1.0, 3.0]), autograd.tensor([4, -1]))
    tensor([16.0000,  1.5000])
    """
    check_arrays("ldexp", input=input, other=other)
    return input * pow(2.0, other)


composite_row("ldexp", ldexp, lambda x, y: x * np.exp2(y), two_tensors(), bad_broadcast("mul"))
