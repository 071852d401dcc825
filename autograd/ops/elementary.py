"""Trigonometric and hyperbolic functions, their inverses, and exponentials and logarithms of other bases.

y = arccos x    dx = -g / √(1 - x²)        y = sinh x      dx = g cosh x         y = 2^x       dx = g y log 2
y = arcsin x    dx = g / √(1 - x²)         y = cosh x      dx = g sinh x         y = log₂ x    dx = g / (x log 2)
y = arctan x    dx = g / (1 + x²)          y = tan x       dx = g (1 + y²)       y = log₁₀ x   dx = g / (x log 10)
y = arcosh x    dx = g / √(x² - 1)         y = sinc x = sin(πx) / πx             (1 at 0)
y = arsinh x    dx = g / √(x² + 1)                         dx = g (πx cos πx - sin πx) / πx²   (0 at 0)
y = artanh x    dx = g / (1 - x²)          y = logit x = log(x / (1 - x))        dx = g / (x (1 - x))

z = arctan(x / y)      dx = g y / (x² + y²),     dy = -g x / (x² + y²)
z = √(x² + y²)         dx = g x / z,             dy = g y / z
z = log(e^x + e^y)     dx = g sigmoid(x - y),   dy = g sigmoid(y - x)        (with base 2 for logaddexp2)
z = x log y            dx = g log y,             dy = g x / y                (0 where x = 0; xlog1py: y + 1 for y)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import Sample
from autograd.ops.functions import cos, log, log1p, rsqrt, sigmoid, sin
from autograd.ops.shared.rows import binary_row, composite_row, one_tensor, unary_row
from autograd.ops.where import where
from autograd.types import Array, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

FLOAT: dict[str, Any] = {"promotes": "float"}


def _x(ctx: Context) -> Any:
    return ctx.saved_tensors[0]


# ── of one number ──────────────────────────────────────────────────────────────────────

_acos_op = unary_row(
    "acos",
    np.arccos,
    lambda ctx, g: -g * rsqrt(1 - _x(ctx) * _x(ctx)),
    lambda x: np.arctan2(np.sqrt(1 - x * x), x),
    -0.9,
    0.9,
    saves=(0,),
    **FLOAT,
)
_asin_op = unary_row(
    "asin",
    np.arcsin,
    lambda ctx, g: g * rsqrt(1 - _x(ctx) * _x(ctx)),
    lambda x: np.arctan2(x, np.sqrt(1 - x * x)),
    -0.9,
    0.9,
    saves=(0,),
    **FLOAT,
)
_atan_op = unary_row(
    "atan",
    np.arctan,
    lambda ctx, g: g / (_x(ctx) * _x(ctx) + 1),
    lambda x: np.arctan2(x, np.ones_like(x)),
    saves=(0,),
    **FLOAT,
)
_acosh_op = unary_row(
    "acosh",
    np.arccosh,
    lambda ctx, g: g * rsqrt(_x(ctx) * _x(ctx) - 1),
    lambda x: np.where(x < 1, np.nan, np.log(x + np.sqrt(x * x - 1))).astype(x.dtype),
    1.1,
    4,
    saves=(0,),
    **FLOAT,
)
_asinh_op = unary_row(
    "asinh",
    np.arcsinh,
    lambda ctx, g: g * rsqrt(_x(ctx) * _x(ctx) + 1),
    lambda x: np.where(x < 0, -1, 1) * np.log(np.abs(x) + np.sqrt(x * x + 1)),
    saves=(0,),
    **FLOAT,
)
_atanh_op = unary_row(
    "atanh",
    np.arctanh,
    lambda ctx, g: g / (1 - _x(ctx) * _x(ctx)),
    lambda x: np.log((1 + x) / (1 - x)) / 2,
    -0.9,
    0.9,
    saves=(0,),
    **FLOAT,
)


def _half_exponentials(x: Array) -> tuple[Array, Array]:
    """e^x / 2 and e^-x / 2, without overflow before the result overflows."""
    e = np.exp(x / 2)
    return e / 2 * e, 1 / e / 2 / e


_sinh_op = unary_row(
    "sinh",
    np.sinh,
    lambda ctx, g: g * cosh(_x(ctx)),
    lambda x: np.subtract(*_half_exponentials(x)),
    saves=(0,),
    **FLOAT,
)
_cosh_op = unary_row(
    "cosh",
    np.cosh,
    lambda ctx, g: g * sinh(_x(ctx)),
    lambda x: np.add(*_half_exponentials(x)),
    saves=(0,),
    **FLOAT,
)
_tan_op = unary_row(
    "tan",
    np.tan,
    lambda ctx, g: g * (_x(ctx) * _x(ctx) + 1),
    lambda x: np.sin(x) / np.cos(x),
    -1.2,
    1.2,
    saves=(~0,),
    **FLOAT,
)


def _sinc_backward(ctx: Context, g: Tensor) -> Gradient:
    x = ctx.saved_tensors[0]
    safe = where(x == 0, 1.0, x)
    z = math.pi * safe
    return where(x == 0, 0.0, g * (z * cos(z) - sin(z)) / (z * safe))


def _sinc(x: Array) -> Array:
    z = x * x.dtype.type(math.pi)
    return np.where(x == 0, x.dtype.type(1), np.sin(z) / np.where(x == 0, x.dtype.type(1), z))


_sinc_op = unary_row("sinc", _sinc, _sinc_backward, lambda x: np.sinc(x).astype(x.dtype), 0.1, 3, saves=(0,), **FLOAT)

_exp2_op = unary_row(
    "exp2", np.exp2, lambda ctx, g: g * (_x(ctx) * math.log(2)), lambda x: 2.0**x, saves=(~0,), **FLOAT
)
_log2_op = unary_row(
    "log2",
    np.log2,
    lambda ctx, g: g / (_x(ctx) * math.log(2)),
    lambda x: np.log(x) / math.log(2),
    0.5,
    4,
    saves=(0,),
    **FLOAT,
)
_log10_op = unary_row(
    "log10",
    np.log10,
    lambda ctx, g: g / (_x(ctx) * math.log(10)),
    lambda x: np.log(x) / math.log(10),
    0.5,
    4,
    saves=(0,),
    **FLOAT,
)


def _clipped(x: Array, eps: float | None) -> Array:
    if eps is None:
        return x
    low, high = x.dtype.type(eps), x.dtype.type(1 - eps)
    return np.where(x < low, low, np.where(x > high, high, x))


def _logit_forward(x: Array, *, eps: float | None) -> Array:
    z = _clipped(x, eps)
    return np.log(z / (1 - z))


def _logit_backward(ctx: Context, g: Tensor, *, eps: float | None) -> Gradient:
    x = ctx.saved_tensors[0]
    if eps is None:
        outside, there = (x < 0) | (x > 1), math.nan
    else:
        outside, there = (x < eps) | (x > 1 - eps), 0.0
    return where(outside, there, g / (x * (1 - x)))


def _logit_reference(x: Array, *, eps: float | None) -> Array:
    z = _clipped(x, eps)
    return np.log(z) - np.log1p(-z)


def _logit_sample(draw: Draw) -> Sample:
    x = draw.tensor(*draw.shape(0, 3, least=0), low=0.05, high=0.95)
    return Sample((x,), {"eps": draw.choice(None, 0.1005)})


_logit_op = unary_row(
    "logit", _logit_forward, _logit_backward, _logit_reference, sample=_logit_sample, saves=(0,), **FLOAT
)


def acos(input: Tensor) -> Tensor:
    """Inverse cosine, in radians from 0 to π.  NaN outside [-1, 1].

    This function and those that follow convert integers and bools to the default float dtype.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.acos(autograd.tensor([1.0, 0.0]))
    tensor([0.0000, 1.5708])
    """
    return _acos_op(input)


def asin(input: Tensor) -> Tensor:
    """Inverse sine, in radians from -π/2 to π/2.  NaN outside [-1, 1].

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.asin(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return _asin_op(input)


def atan(input: Tensor) -> Tensor:
    """Inverse tangent, in radians from -π/2 to π/2.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.atan(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return _atan_op(input)


def acosh(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine, at least 0.  NaN below 1.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.acosh(autograd.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return _acosh_op(input)


def asinh(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.asinh(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
    return _asinh_op(input)


def atanh(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent: ±inf at ±1, and NaN outside [-1, 1].

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.atanh(autograd.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return _atanh_op(input)


def sinh(input: Tensor) -> Tensor:
    """Hyperbolic sine.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.sinh(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return _sinh_op(input)


def cosh(input: Tensor) -> Tensor:
    """Hyperbolic cosine, at least 1.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.cosh(autograd.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return _cosh_op(input)


def tan(input: Tensor) -> Tensor:
    """Tangent of an angle in radians.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.tan(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return _tan_op(input)


def sinc(input: Tensor) -> Tensor:
    """Normalized sinc, sin(π input) / (π input), and 1 at 0.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.sinc(autograd.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    return _sinc_op(input)


def exp2(input: Tensor) -> Tensor:
    """2 to the power input.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.exp2(autograd.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    return _exp2_op(input)


def log2(input: Tensor) -> Tensor:
    """Logarithm of base 2: -inf at 0, NaN for negative numbers.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.log2(autograd.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return _log2_op(input)


def log10(input: Tensor) -> Tensor:
    """Logarithm of base 10: -inf at 0, NaN for negative numbers.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.log10(autograd.tensor([1.0, 2.0]))
    tensor([0.0000, 0.3010])
    """
    return _log10_op(input)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Inverse of sigmoid: log(input / (1 - input)).

    Parameters
    ----------
    input : Tensor of probabilities, any shape
        Outside [0, 1] the result is NaN, unless `eps` is given.
    eps : float, optional
        Clamp input to the range from eps to 1 - eps first.  Outside it the gradient is 0.

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.logit(autograd.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])
    """
    return _logit_op(input, eps=eps)


def deg2rad(input: Tensor) -> Tensor:
    """Convert an angle from degrees to radians.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.deg2rad(autograd.tensor([180.0, 90.0]))
    tensor([3.1416, 1.5708])
    """
    check_arrays("deg2rad", input=input)
    return input * (math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Convert an angle from radians to degrees.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.rad2deg(autograd.tensor([autograd.pi]))
    tensor([180.])
    """
    check_arrays("rad2deg", input=input)
    return input * (180 / math.pi)


composite_row("deg2rad", deg2rad, lambda x: x / 180 * math.pi, one_tensor())
composite_row("rad2deg", rad2deg, lambda x: x * 180 / math.pi, one_tensor())


# ── of two numbers ─────────────────────────────────────────────────────────────────────


def _atan2_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    share = g / (x * x + y * y)
    return share * y, -share * x


_atan2_op = binary_row(
    "atan2",
    np.arctan2,
    _atan2_backward,
    lambda x, y: np.asarray(np.frompyfunc(math.atan2, 2, 1)(x, y)).astype(x.dtype),
    (-2, 0.5),
    saves=(0, 1),
    tensors=(0, 1),
)


def _hypot_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y, z = ctx.saved_tensors
    return g * (x / z), g * (y / z)


_hypot_op = binary_row(
    "hypot",
    np.hypot,
    _hypot_backward,
    lambda x, y: np.where(np.isinf(x) | np.isinf(y), np.inf, np.sqrt(x * x + y * y)).astype(x.dtype),
    (-2, 0.5),
    saves=(0, 1, ~0),
    tensors=(0, 1),
)


def _logaddexp_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    return g * sigmoid(x - y), g * sigmoid(y - x)  # g / (1 + exp(y - x)) has NaN as a gradient where exp overflows


def _logaddexp2_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    return g * sigmoid(math.log(2) * (x - y)), g * sigmoid(math.log(2) * (y - x))


def _log_of_sum(x: Array, y: Array, base: float) -> Array:
    m = np.maximum(x, y)
    total = np.log(base ** (x - m) + base ** (y - m)) / math.log(base)
    return np.where(np.isinf(m), m, m + total).astype(m.dtype)


_logaddexp_op = binary_row(
    "logaddexp",
    np.logaddexp,
    _logaddexp_backward,
    lambda x, y: _log_of_sum(x, y, math.e),
    saves=(0, 1),
    tensors=(0, 1),
)
_logaddexp2_op = binary_row(
    "logaddexp2",
    np.logaddexp2,
    _logaddexp2_backward,
    lambda x, y: _log_of_sum(x, y, 2.0),
    saves=(0, 1),
    tensors=(0, 1),
)


def _x_times_log(x: Array, y: Array, logarithm: Any) -> Array:
    return np.where(np.isnan(y), y, np.where(x == 0, x.dtype.type(0), x * logarithm(y)))


def _xlogy_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    flat = (x == 0) & (y <= 0)
    return where(flat, 0.0, g * log(where(flat, 1.0, y))), g * x / y


def _xlog1py_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    flat = (x == 0) & (y <= -1)
    return where(flat, 0.0, g * log1p(where(flat, 0.0, y))), g * x / (y + 1)


def _product_or_0(x: float, logarithm: float) -> float:
    return 0.0 if x == 0 and logarithm == logarithm else x * logarithm


def _xlogy_reference(x: Array, y: Array) -> Array:
    logarithm = np.where(y >= 0, np.log2(y) * math.log(2), np.where((y < 0) & (x == 0), 0.0, np.nan))
    return np.asarray(np.frompyfunc(_product_or_0, 2, 1)(x, logarithm)).astype(x.dtype)


_xlogy_op = binary_row(
    "xlogy",
    lambda x, y: _x_times_log(x, y, np.log),
    _xlogy_backward,
    _xlogy_reference,
    (-2, 0.5),
    (2, 4),
    saves=(0, 1),
)
_xlog1py_op = binary_row(
    "xlog1py",
    lambda x, y: _x_times_log(x, y, np.log1p),
    _xlog1py_backward,
    lambda x, y: _xlogy_reference(x, y + 1),
    (-2, -0.5),
    (2, 4),
    saves=(0, 1),
)


def atan2(input: Tensor, other: Tensor) -> Tensor:
    """Angle of the point (other, input) in radians, from -π to π.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.atan2(autograd.tensor([1.0, -1.0]), autograd.tensor([1.0, 1.0]))
    tensor([ 0.7854, -0.7854])
    """
    return _atan2_op(input, other)


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """Hypotenuse of a right triangle, √(input² + other²), computed without overflow.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.hypot(autograd.tensor([3.0]), autograd.tensor([4.0, 0.0]))
    tensor([5., 3.])
    """
    return _hypot_op(input, other)


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """Logarithm of the sum of two exponentials, computed without overflow.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.logaddexp(autograd.tensor([0.0, 1000.0]), autograd.tensor([0.0, 1000.0]))
    tensor([6.9315e-01, 1.0007e+03])
    """
    return _logaddexp_op(input, other)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2^input + 2^other), computed without overflow.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.logaddexp2(autograd.tensor([3.0]), autograd.tensor([3.0]))
    tensor([4.])
    """
    return _logaddexp2_op(input, other)


def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(other), and 0 where input is 0 and other is not NaN.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.xlogy(autograd.tensor([0.0, 2.0]), autograd.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    return _xlogy_op(input, other)


def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log1p(other), and 0 where input is 0 and other is not NaN.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.special.xlog1py(autograd.tensor([0.0, 2.0]), autograd.tensor([-1.0, 0.0]))
    tensor([0., 0.])
    """
    return _xlog1py_op(input, other)
