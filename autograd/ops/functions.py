"""Functions of one number, element by element.

    y = -x          dx = -g                 y = e^x              dx = g y
    y = |x|         dx = g sign x           y = e^x - 1          dx = g (y + 1)
    y = sign x      dx = 0                  y = log x            dx = g / x
    y = x²          dx = 2 g x              y = log (1 + x)      dx = g / (x + 1)
    y = √x          dx = g / 2y             y = tanh x           dx = g (1 - y²)
    y = 1 / √x      dx = -g y³ / 2          y = 1 / (1 + e^-x)   dx = g y (1 - y)          (sigmoid)
    y = 1 / x       dx = -g y²              y = sin x, cos x     dx = g cos x, -g sin x

NumPy computes each in one or a few passes of vector instructions; a kernel with the C library's
exp, log and tanh was slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, check_arrays, register

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _row(
    name: str, forward: Any, backward: Callable | None, reference: Any, low: float = -2, high: float = 2, **more: Any
) -> Op:
    def sample(draw: Any) -> Sample:
        return Sample((draw.tensor(*draw.shape(0, 3, least=0), low=low, high=high),))

    return register(Op(name=name, forward=forward, backward=backward, reference=reference, sample=sample, **more))


def _negative(x: Any) -> Any:
    try:
        return np.negative(x)
    except TypeError:
        raise TypeError("neg: bool tensors have no negative; ~ turns them round, .int() makes numbers") from None


_neg = _row(
    "neg",
    _negative,
    lambda ctx, g: -g,
    lambda x: np.subtract(0, x, dtype=x.dtype),
    bad_samples=[BadSample((np.ones(2, bool),), {}, TypeError, ("neg", "~", ".int()"))],
    kind="multilinear",
)

_abs = _row(
    "abs", np.abs, lambda ctx, g: g * sign(ctx.saved_tensors[0]), lambda x: np.where(x < 0, 0 - x, x).astype(x.dtype),
    saves=(0,), kind="piecewise",
)  # fmt: skip

_sign = _row(
    "sign",
    lambda x: np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype),  # np.sign(NaN) is NaN, PyTorch's is 0
    lambda ctx, g: 0,
    lambda x: np.where(x > 0, 1.0, np.where(x < 0, -1.0, 0.0)).astype(x.dtype),
    kind="piecewise",
)

_square = _row(
    "square",
    lambda x: np.square(x, dtype=np.int64 if x.dtype == np.bool_ else x.dtype),
    lambda ctx, g: 2 * g * ctx.saved_tensors[0],
    lambda x: x * (x.astype(np.int64) if x.dtype == np.bool_ else x),
    saves=(0,),
)

_sqrt = _row(
    "sqrt",
    np.sqrt,
    lambda ctx, g: g / (2 * ctx.saved_tensors[0]),
    lambda x: x**0.5,
    0.5,
    4,
    saves=(~0,),
    promotes="float",
)

_rsqrt = _row(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    lambda ctx, g: -0.5 * g * ctx.saved_tensors[0] ** 3,
    lambda x: np.sqrt(x) ** -1.0,
    0.5,
    4,
    saves=(~0,),
    promotes="float",
)

_reciprocal = _row(
    "reciprocal",
    np.reciprocal,
    lambda ctx, g: -g * ctx.saved_tensors[0] ** 2,
    lambda x: 1 / x,
    0.5,
    4,
    saves=(~0,),
    promotes="float",
)

_exp = _row("exp", np.exp, lambda ctx, g: g * ctx.saved_tensors[0], lambda x: np.e**x, saves=(~0,), promotes="float")

_expm1 = _row(
    "expm1",
    np.expm1,
    lambda ctx, g: g * (ctx.saved_tensors[0] + 1),
    lambda x: np.exp(x) - 1,
    saves=(~0,),
    promotes="float",
)

_log = _row(
    "log",
    np.log,
    lambda ctx, g: g / ctx.saved_tensors[0],
    lambda x: np.log2(x) * np.log(2.0),
    0.5,
    4,
    saves=(0,),
    promotes="float",
)

_log1p = _row(
    "log1p",
    np.log1p,
    lambda ctx, g: g / (ctx.saved_tensors[0] + 1),
    lambda x: np.log(1 + x),
    -0.5,
    4,
    saves=(0,),
    promotes="float",
)

_tanh = _row(
    "tanh",
    np.tanh,
    lambda ctx, g: g * (1 - ctx.saved_tensors[0] * ctx.saved_tensors[0]),
    lambda x: 1 - 2 / (np.exp(2 * x) + 1),
    saves=(~0,),
    promotes="float",
)

_sigmoid = _row(
    "sigmoid",
    lambda x: 1 / (1 + np.exp(-x)),  # e^-x overflows to inf, whose inverse is the 0 that is due
    lambda ctx, g: g * (ctx.saved_tensors[0] * (1 - ctx.saved_tensors[0])),
    lambda x: (1 + np.tanh(x / 2)) / 2,
    saves=(~0,),
    promotes="float",
)

_sin = _row(
    "sin",
    np.sin,
    lambda ctx, g: g * cos(ctx.saved_tensors[0]),
    lambda x: np.exp(1j * x).imag,
    saves=(0,),
    promotes="float",
)

_cos = _row(
    "cos",
    np.cos,
    lambda ctx, g: -g * sin(ctx.saved_tensors[0]),
    lambda x: np.exp(1j * x).real,
    saves=(0,),
    promotes="float",
)


def neg(input: Tensor) -> Tensor:
    """-input."""
    return _neg(input)


def positive(input: Tensor) -> Tensor:
    """The input itself, as +input.

    Raises
    ------
    TypeError
        For bools.
    """
    check_arrays("positive", input=input)
    if input.dtype == bool:
        raise TypeError("positive: a bool tensor has no sign; convert it, with .int()")
    return input


def abs(input: Tensor) -> Tensor:
    """|input|; the gradient at 0 is 0."""
    return _abs(input)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, in the dtype of input; 0 for NaN.  Its gradient is 0 everywhere."""
    return _sign(input)


def square(input: Tensor) -> Tensor:
    """input²; of bools in int64."""
    return _square(input)


def sqrt(input: Tensor) -> Tensor:
    """The square root, NaN below 0; integers give the default float dtype, as below."""
    return _sqrt(input)


def rsqrt(input: Tensor) -> Tensor:
    """1 / √input: inf at 0, NaN below."""
    return _rsqrt(input)


def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""
    return _reciprocal(input)


def exp(input: Tensor) -> Tensor:
    """e to the power input."""
    return _exp(input)


def expm1(input: Tensor) -> Tensor:
    """e^input - 1, exact near 0."""
    return _expm1(input)


def log(input: Tensor) -> Tensor:
    """The natural logarithm: -inf at 0, NaN below."""
    return _log(input)


def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact near 0."""
    return _log1p(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, from -1 to 1."""
    return _tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input), from 0 to 1."""
    return _sigmoid(input)


def sin(input: Tensor) -> Tensor:
    """The sine of an angle in radians."""
    return _sin(input)


def cos(input: Tensor) -> Tensor:
    """The cosine of an angle in radians."""
    return _cos(input)
