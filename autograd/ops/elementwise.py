"""Arithmetic on every element, with broadcasting.

    z = x + y      dx = g,             dy = g
    z = x - y      dx = g,             dy = -g
    z = x y        dx = g y,           dy = g x
    z = x / y      dx = g / y,         dy = -g z / y

Gradients come in the result's shape; the engine sums them to the inputs'.  Large arrays are shared out
among threads.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.kernels import arithmetic
from autograd.op import BadSample, Op, Sample, check_arrays, register

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Number = bool | int | float


def _two(least: float = -2) -> Any:
    """Samples of two tensors whose shapes broadcast; the second's numbers are at least `least`."""

    def sample(draw: Any) -> Sample:
        a, b = draw.broadcastable(2)
        return Sample((draw.tensor(*a), draw.tensor(*b, low=least)))

    return sample


def any_shape(draw: Any) -> Sample:
    """A sample of one tensor."""
    return Sample((draw.tensor(*draw.shape(0, 4, least=0)),))


def bad_broadcast(name: str, dtype: Any = float) -> BadSample:
    """Two tensors that do not broadcast."""
    inputs = np.ones((2, 3), dtype), np.ones(4, dtype)
    return BadSample(inputs, {}, ValueError, (name, "(2, 3)", "(4,)", "broadcast"))


def check_float(name: str, x: Any, **params: Any) -> None:
    """Raise where x is not of float32 or float64."""
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: expects float32 or float64, got {x.dtype}; convert first, with .float()")


def check_eps(name: str, eps: float) -> None:
    """Raise where what is added to a variance may make its square root NaN."""
    if not eps >= 0:
        raise ValueError(f"{name}: eps is {eps}, and must be at least 0, or the root of a small variance is NaN")


def check_same_float(name: str, **inputs: Any) -> None:
    """Raise where inputs are not all of float32, or all of float64; what is None does not count."""
    try:
        kinds = {what: x.dtype for what, x in inputs.items() if x is not None}
    except AttributeError:
        check_arrays(name, **{what: x for what, x in inputs.items() if x is not None})
        raise
    if len(set(kinds.values())) > 1 or not set(kinds.values()) <= {np.dtype(np.float32), np.dtype(np.float64)}:
        found = ", ".join(f"{what} {kind}" for what, kind in kinds.items())
        raise TypeError(f"{name}: expects one float dtype throughout, got {found}; convert with .to(dtype)")


def broadcasting(name: str, run: Any, *arrays: Any) -> Any:
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
    run = partial(arithmetic.run, ufunc)
    return lambda x, y: broadcasting(name, run, x, y)


_add = register(
    Op(
        name="add",
        forward=_binary("add", np.add),
        backward=lambda ctx, g: (g, g),
        reference=np.add,
        sample=_two(),
        bad_samples=[bad_broadcast("add")],
        kind="multilinear",
        promotes="same",
        broadcasts=True,
    )
)


def _no_bools(x: Any, y: Any) -> None:
    if x.dtype == bool:
        raise TypeError("sub: bool tensors have no difference; use ^ or convert with .int()")


_sub = register(
    Op(
        name="sub",
        check=_no_bools,
        forward=_binary("sub", np.subtract),
        backward=lambda ctx, g: (g, -g if ctx.needs_input_grad[1] else None),
        reference=np.subtract,
        sample=_two(),
        bad_samples=[bad_broadcast("sub"), BadSample((np.ones(2, bool),) * 2, {}, TypeError, ("sub:", ".int()"))],
        kind="multilinear",
        promotes="same",
        broadcasts=True,
    )
)


def _mul_backward(ctx: Any, g: Any) -> Any:
    x, y = ctx.saved_tensors
    return (_mul(g, y) if ctx.needs_input_grad[0] else None, _mul(g, x) if ctx.needs_input_grad[1] else None)


_mul: Op = register(
    Op(
        name="mul",
        forward=_binary("mul", np.multiply),
        backward=_mul_backward,
        saves=(0, 1),
        reference=np.multiply,
        sample=_two(),
        bad_samples=[bad_broadcast("mul")],
        kind="multilinear",
        promotes="same",
        broadcasts=True,
    )
)


def _div_backward(ctx: Any, g: Any) -> Any:
    y, z = ctx.saved_tensors
    dx = _div(g, y)
    return dx, -_mul(dx, z) if ctx.needs_input_grad[1] else None


_div: Op = register(
    Op(
        name="div",
        forward=_binary("div", np.true_divide),
        backward=_div_backward,
        saves=(1, ~0),
        reference=np.true_divide,
        sample=_two(0.5),
        bad_samples=[bad_broadcast("div")],
        promotes="float",
        broadcasts=True,
    )
)

_clone = register(
    Op(
        name="clone",
        forward=lambda x: np.array(x, order="C"),
        backward=lambda ctx, g: g,
        reference=lambda x: np.array(x.ravel().tolist(), x.dtype).reshape(x.shape),
        sample=any_shape,
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
        sample=lambda draw: Sample(any_shape(draw).inputs, {"dtype": np.dtype(np.float64)}),
        kind="multilinear",
        flops=0,
    )
)


def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha · other, broadcast."""
    return _add(input, other if alpha == 1 else other * alpha)


def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha · other, broadcast."""
    return _sub(input, other if alpha == 1 else other * alpha)


def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input · other, broadcast."""
    return _mul(input, other)


def div(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input / other, broadcast; integers give the default float dtype."""
    return _div(input, other)


def clone(input: Tensor) -> Tensor:
    """A copy that gradients flow through."""
    return _clone(input)


def to(input: Tensor, dtype: Any) -> Tensor:
    """The tensor in another dtype; itself, where it has that dtype."""
    if not hasattr(input, "dtype"):
        check_arrays("to", input=input)
    dtype = np.dtype(dtype)
    return input if input.dtype == dtype else _cast(input, dtype=dtype)
