"""Arithmetic on every element, with broadcasting.

    z = x + y      dx = g,             dy = g
    z = x - y      dx = g,             dy = -g
    z = x y        dx = g y,           dy = g x
    z = x / y      dx = g / y,         dy = -g z / y
    z = x ^ y      dx = g y x^(y-1),   dy = g z log x      (dx = 0 where x = y = 0, dy = 0 where x = 0)
    z = e^x        dx = g z
    z = log x      dx = g / x

Gradients come in the result's shape; the engine sums them to the inputs'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.promotion import result_type

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Number = bool | int | float


def _two(low: float = -2, high: float = 2, low2: float | None = None, high2: float | None = None) -> Any:
    """Samples of two tensors whose shapes broadcast, each with its range."""

    def sample(draw: Any) -> Sample:
        a, b = draw.broadcastable(2)
        second = (low if low2 is None else low2, high if high2 is None else high2)
        return Sample((draw.tensor(*a, low=low, high=high), draw.tensor(*b, low=second[0], high=second[1])))

    return sample


def _one(low: float, high: float) -> Any:
    return lambda draw: Sample((draw.tensor(*draw.shape(0, 3, least=0), low=low, high=high),))


def _bad(name: str) -> list[BadSample]:
    return [BadSample((np.ones((2, 3)), np.ones((4,))), {}, ValueError, (name, "(2, 3)", "(4,)", "broadcast"))]


def _broadcasting(name: str, run: Any, *arrays: Any) -> Any:
    """run(*arrays), and a sentence where their shapes do not broadcast."""
    try:
        return run(*arrays)
    except ValueError:
        shapes = [np.shape(a) for a in arrays]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"{name}: shapes {' and '.join(map(str, shapes))} do not broadcast: counted from the right, "
                "sizes must be equal or one of them 1"
            ) from None
        raise  # for another reason: integers to a negative power, say


def _binary(name: str, ufunc: Any) -> Any:
    return lambda x, y: _broadcasting(name, ufunc, x, y)


_add = register(
    Op(
        name="add",
        forward=_binary("add", np.add),
        backward=lambda ctx, g: (g, g),
        reference=np.add,
        sample=_two(),
        bad_samples=_bad("add"),
        kind="multilinear",
        promotes="same",
        broadcasts=True,
    )
)


def _subtract(x: Any, y: Any) -> Any:
    if x.dtype == bool:
        raise TypeError("sub: bool tensors have no difference; use ^ or convert with .int()")
    return np.subtract(x, y)


_sub = register(
    Op(
        name="sub",
        forward=_binary("sub", _subtract),
        backward=lambda ctx, g: (g, -g if ctx.needs[1] else None),
        reference=np.subtract,
        sample=_two(),
        bad_samples=_bad("sub"),
        kind="multilinear",
        promotes="same",
        broadcasts=True,
    )
)


def _mul_backward(ctx: Any, g: Any) -> Any:
    x, y = ctx.saved
    return (g * y if ctx.needs[0] else None, g * x if ctx.needs[1] else None)


_mul = register(
    Op(
        name="mul",
        forward=_binary("mul", np.multiply),
        backward=_mul_backward,
        saves=(0, 1),
        reference=np.multiply,
        sample=_two(),
        bad_samples=_bad("mul"),
        kind="multilinear",
        promotes="same",
        broadcasts=True,
    )
)


def _div_backward(ctx: Any, g: Any) -> Any:
    x, y = ctx.saved
    dx = g / y
    return dx, -(dx * x / y) if ctx.needs[1] else None


_div = register(
    Op(
        name="div",
        forward=_binary("div", np.true_divide),
        backward=_div_backward,
        saves=(0, 1),
        reference=np.true_divide,
        sample=_two(low2=0.5),
        bad_samples=_bad("div"),
        promotes="float",
        broadcasts=True,
    )
)

_neg = register(
    Op(
        name="neg",
        forward=np.negative,
        backward=lambda ctx, g: -g,
        reference=lambda x: 0 - x,
        sample=_one(-2, 2),
        kind="multilinear",
    )
)


def _power(x: Any, y: Any) -> Any:
    return np.asarray(x ** y.item() if y.ndim == 0 else np.power(x, y), x.dtype)  # NumPy squares fast, for x**2 alone


def _pow_backward(ctx: Any, g: Any) -> Any:
    x, y, z = ctx.saved
    dx = dy = None
    if ctx.needs[0]:
        undefined = (x == 0) * (y == 0)  # where 0 · 0⁻¹ would be NaN
        dx = g * y * pow(where(undefined, 1.0, x), y - 1)
    if ctx.needs[1]:
        dy = where(x == 0, 0.0, g * z * log(where(x == 0, 1.0, x)))
    return dx, dy


_pow = register(
    Op(
        name="pow",
        forward=_binary("pow", _power),
        backward=_pow_backward,
        saves=(0, 1, ~0),
        reference=np.power,
        sample=_two(low=0.5, low2=-2, high2=3),
        bad_samples=_bad("pow"),
        promotes="same",
        broadcasts=True,
    )
)


_exp = register(
    Op(
        name="exp",
        forward=np.exp,
        backward=lambda ctx, g: g * ctx.saved[0],
        saves=(~0,),
        reference=lambda x: np.e**x,
        sample=_one(-2, 2),
        promotes="float",
    )
)


_log = register(
    Op(
        name="log",
        forward=np.log,
        backward=lambda ctx, g: g / ctx.saved[0],
        saves=(0,),
        reference=lambda x: np.log2(x) * np.log(2.0),
        sample=_one(0.5, 4),
        promotes="float",
    )
)


def _where_backward(ctx: Any, g: Any) -> Any:
    (condition,) = ctx.saved
    return None, where(condition, g, 0.0), where(condition, 0.0, g)


def _where_forward(condition: Any, x: Any, y: Any) -> Any:
    # in a backward on arrays a result without dimensions is a NumPy scalar, whose dtype counts like an array's
    x, y = (np.asarray(a) if isinstance(a, np.generic) else a for a in (x, y))
    return _broadcasting("where", np.where, condition, x, y).astype(result_type(x, y), copy=False)


def _where_reference(condition: Any, x: Any, y: Any) -> Any:
    triples = np.broadcast(condition, x, y)
    return np.array([a if c else b for c, a, b in triples], x.dtype).reshape(triples.shape)


def _where_sample(draw: Any) -> Sample:
    a, b, c = draw.broadcastable(3)
    return Sample((draw.index(a, 2) == 1, draw.tensor(*b), draw.tensor(*c)))


_where = register(
    Op(
        name="where",
        forward=_where_forward,
        backward=_where_backward,
        saves=(0,),
        reference=_where_reference,
        sample=_where_sample,
        bad_samples=[BadSample((np.ones(2, bool), np.ones(3), np.ones(3)), {}, ValueError, ("where", "(2,)", "(3,)"))],
        kind="multilinear",
        broadcasts=True,
    )
)


_clone = register(
    Op(
        name="clone",
        forward=lambda x: np.array(x, order="C"),
        backward=lambda ctx, g: g,
        reference=lambda x: x + 0,
        sample=_one(-2, 2),
        kind="multilinear",
        flops=0,
    )
)

_cast = register(
    Op(
        name="to",
        forward=lambda x, *, dtype: x.astype(dtype),
        backward=lambda ctx, g, *, dtype: g,  # the engine gives a gradient its tensor's dtype
        reference=lambda x, *, dtype: np.array(x, dtype=dtype),
        sample=lambda draw: Sample((draw.tensor(*draw.shape(0, 3, least=0)),), {"dtype": np.dtype(np.float64)}),
        kind="multilinear",
        flops=0,
    )
)


def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha · other, broadcast."""
    return _add(input, other if alpha == 1 else _mul(other, alpha))


def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha · other, broadcast."""
    return _sub(input, other if alpha == 1 else _mul(other, alpha))


def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input · other, broadcast."""
    return _mul(input, other)


def div(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input / other, broadcast; integers give the default float dtype."""
    return _div(input, other)


def neg(input: Tensor) -> Tensor:
    """-input."""
    return _neg(input)


def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power exponent, broadcast."""
    return _pow(input, exponent)


def exp(input: Tensor) -> Tensor:
    """e to the power input; integers give the default float dtype."""
    return _exp(input)


def log(input: Tensor) -> Tensor:
    """The natural logarithm: -inf at 0, NaN below."""
    return _log(input)


def where(condition: Tensor, input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input where condition holds, other elsewhere, broadcast.

    Parameters
    ----------
    condition : Tensor of bool
    input, other : Tensor or number
    """
    return _where(condition, input, other)


def clone(input: Tensor) -> Tensor:
    """A copy that gradients flow through."""
    return _clone(input)


def to(input: Tensor, dtype: Any) -> Tensor:
    """The tensor in another dtype; itself, where it has that dtype."""
    dtype = np.dtype(dtype)
    return input if input.dtype == dtype else _cast(input, dtype=dtype)
