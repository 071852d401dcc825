"""Elementary functions, element by element.

    y = -x          dx = -g                 y = e^x              dx = g y
    y = |x|         dx = g sign x           y = e^x - 1          dx = g (y + 1)
    y = sign x      dx = 0                  y = log x            dx = g / x
    y = x²          dx = 2 g x              y = log (1 + x)      dx = g / (x + 1)
    y = √x          dx = g / 2y             y = tanh x           dx = g (1 - y²)
    y = 1 / √x      dx = -g y³ / 2          y = 1 / (1 + e^-x)   dx = g y (1 - y)          (sigmoid)
    y = 1 / x       dx = -g y²              y = sin x, cos x     dx = g cos x, -g sin x

For complex numbers the derivative is conjugated, and |x| has the gradient g x / |x|.

NumPy computes each in one or a few passes with vector instructions.  A kernel with the C library's exp, log and tanh
was slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample
from autograd.ops.shared.conjugate import conjugate
from autograd.ops.shared.rows import unary_row
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _conjugate(ctx: Context) -> Any:
    return conjugate(ctx.saved_tensors[0])


def _negative(x: Array) -> Array:
    try:
        return np.negative(x)
    except TypeError:
        raise TypeError("neg: bool tensors have no negative; invert them with ~, or convert them with .int()") from None


_neg_op = unary_row(
    "neg",
    _negative,
    lambda ctx, g: -g,
    lambda x: np.subtract(0, x, dtype=x.dtype),
    bad_samples=[BadSample((np.ones(2, bool),), {}, TypeError, ("neg", "~", ".int()"))],
    kind="multilinear",
    complex=True,
)


def _abs_backward(ctx: Context, g: Tensor) -> Gradient:
    (x,) = ctx.saved_tensors
    if x.dtype.kind == "c":
        from autograd.ops.complex import sgn  # which imports this module

        return g * sgn(x)
    return g * sign(x)


_abs_op = unary_row(
    "abs", np.abs, _abs_backward, lambda x: np.where(x < 0, 0 - x, x).astype(x.dtype),
    saves=(0,), kind="piecewise", complex=True,
)  # fmt: skip

_sign_op = unary_row(
    "sign",
    lambda x: np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype),  # sign(NaN) is NaN in NumPy and 0 in PyTorch
    lambda ctx, g: 0,
    lambda x: np.where(x > 0, 1.0, np.where(x < 0, -1.0, 0.0)).astype(x.dtype),
    kind="piecewise",
)

_square_op = unary_row(
    "square",
    lambda x: np.square(x, dtype=np.int64 if x.dtype == np.bool_ else x.dtype),
    lambda ctx, g: 2 * g * _conjugate(ctx),
    lambda x: x * (x.astype(np.int64) if x.dtype == np.bool_ else x),
    saves=(0,),
    complex=True,
)

_sqrt_op = unary_row(
    "sqrt",
    np.sqrt,
    lambda ctx, g: g / (2 * _conjugate(ctx)),
    lambda x: x**0.5,
    0.5,
    4,
    saves=(~0,),
    promotes="float",
    complex=True,
)

_rsqrt_op = unary_row(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    lambda ctx, g: -0.5 * g * _conjugate(ctx) ** 3,
    lambda x: np.sqrt(x) ** -1.0,
    0.5,
    4,
    saves=(~0,),
    promotes="float",
    complex=True,
)

_reciprocal_op = unary_row(
    "reciprocal",
    np.reciprocal,
    lambda ctx, g: -g * _conjugate(ctx) ** 2,
    lambda x: 1 / x,
    0.5,
    4,
    saves=(~0,),
    promotes="float",
    complex=True,
)

_exp_op = unary_row(
    "exp",
    np.exp,
    lambda ctx, g: g * _conjugate(ctx),
    lambda x: np.e**x,
    saves=(~0,),
    promotes="float",
    complex=True,
)

_expm1_op = unary_row(
    "expm1",
    np.expm1,
    lambda ctx, g: g * (_conjugate(ctx) + 1),
    lambda x: np.exp(x) - 1,
    saves=(~0,),
    promotes="float",
    complex=True,
)

_log_op = unary_row(
    "log",
    np.log,
    lambda ctx, g: g / _conjugate(ctx),
    lambda x: np.log2(x) * np.log(2.0),
    0.5,
    4,
    saves=(0,),
    promotes="float",
    complex=True,
)

_log1p_op = unary_row(
    "log1p",
    np.log1p,
    lambda ctx, g: g / (_conjugate(ctx) + 1),
    lambda x: np.log(1 + x),
    -0.5,
    4,
    saves=(0,),
    promotes="float",
    complex=True,
)

_tanh_op = unary_row(
    "tanh",
    np.tanh,
    lambda ctx, g: g * conjugate(1 - ctx.saved_tensors[0] * ctx.saved_tensors[0]),
    lambda x: 1 - 2 / (np.exp(2 * x) + 1),
    saves=(~0,),
    promotes="float",
    complex=True,
)

_sigmoid_op = unary_row(
    "sigmoid",
    lambda x: 1 / (1 + np.exp(-x)),  # exp(-x) may overflow to inf; 1 / inf is 0, the correct result
    lambda ctx, g: g * conjugate(ctx.saved_tensors[0] * (1 - ctx.saved_tensors[0])),
    lambda x: (1 + np.tanh(x / 2)) / 2,
    saves=(~0,),
    promotes="float",
    complex=True,
)

_sin_op = unary_row(
    "sin",
    np.sin,
    lambda ctx, g: g * cos(_conjugate(ctx)),
    lambda x: np.exp(1j * x).imag,
    saves=(0,),
    promotes="float",
    complex=True,
)

_cos_op = unary_row(
    "cos",
    np.cos,
    lambda ctx, g: -g * sin(_conjugate(ctx)),
    lambda x: np.exp(1j * x).real,
    saves=(0,),
    promotes="float",
    complex=True,
)


def neg(input: Tensor) -> Tensor:
    """Negate input.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is a bool tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.neg(autograd.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
    return _neg_op(input)


def positive(input: Tensor) -> Tensor:
    """Return input itself: +input.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape: input itself

    Raises
    ------
    TypeError
        If input is a bool tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.positive(autograd.tensor([1, -2]))
    tensor([ 1, -2])
    """
    check_arrays("positive", input=input)
    if input.dtype == bool:
        raise TypeError("positive: a bool tensor has no sign; convert it with .int()")
    return input


def abs(input: Tensor) -> Tensor:
    """Absolute value.  Its gradient at 0 is 0.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape, real if input is complex

    Examples
    --------
    >>> import autograd
    >>> autograd.abs(autograd.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """
    return _abs_op(input)


def sign(input: Tensor) -> Tensor:
    """Sign, -1, 0 or 1, in the dtype of input.  It is 0 for NaN.  Its gradient is 0 everywhere.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.sign(autograd.tensor([-3.0, 0.0, 5.0]))
    tensor([-1.,  0.,  1.])
    """
    return _sign_op(input)


def square(input: Tensor) -> Tensor:
    """Square.  For bools, in int64.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.square(autograd.tensor([-3.0, 2.0]))
    tensor([9., 4.])
    """
    return _square_op(input)


def sqrt(input: Tensor) -> Tensor:
    """Square root, NaN for negative numbers.

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
    >>> autograd.sqrt(autograd.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return _sqrt_op(input)


def rsqrt(input: Tensor) -> Tensor:
    """Reciprocal of the square root: inf at 0, NaN for negative numbers.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.rsqrt(autograd.tensor([4.0, 1.0]))
    tensor([0.5000, 1.0000])
    """
    return _rsqrt_op(input)


def reciprocal(input: Tensor) -> Tensor:
    """Reciprocal, 1 / input.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.reciprocal(autograd.tensor([4.0, -0.5]))
    tensor([ 0.2500, -2.0000])
    """
    return _reciprocal_op(input)


def exp(input: Tensor) -> Tensor:
    """Exponential, e to the power input.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.exp(autograd.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return _exp_op(input)


def expm1(input: Tensor) -> Tensor:
    """exp(input) - 1, accurate near 0.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.expm1(autograd.tensor([0.0, 1e-10], dtype=autograd.float64))
    tensor([0.0000e+00, 1.0000e-10], dtype=float64)
    """
    return _expm1_op(input)


def log(input: Tensor) -> Tensor:
    """Natural logarithm: -inf at 0, NaN for negative numbers.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.log(autograd.tensor([1.0, 2.0, 0.0]))
    tensor([0.0000, 0.6931,   -inf])
    """
    return _log_op(input)


def log1p(input: Tensor) -> Tensor:
    """log(1 + input), accurate near 0.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.log1p(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return _log1p_op(input)


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent, from -1 to 1.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.tanh(autograd.tensor([-1.0, 0.0, 10.0]))
    tensor([-0.7616,  0.0000,  1.0000])
    """
    return _tanh_op(input)


def sigmoid(input: Tensor) -> Tensor:
    """Logistic sigmoid, 1 / (1 + exp(-input)), from 0 to 1.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.sigmoid(autograd.tensor([-1.0, 0.0, 1.0]))
    tensor([0.2689, 0.5000, 0.7311])
    """
    return _sigmoid_op(input)


def sin(input: Tensor) -> Tensor:
    """Sine of an angle in radians.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.sin(autograd.tensor([0.0, autograd.pi / 2]))
    tensor([0., 1.])
    """
    return _sin_op(input)


def cos(input: Tensor) -> Tensor:
    """Cosine of an angle in radians.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.cos(autograd.tensor([0.0, autograd.pi]))
    tensor([ 1., -1.])
    """
    return _cos_op(input)
