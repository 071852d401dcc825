"""Arithmetic on every element, with broadcasting.

    z = x + y      dx = g,             dy = g
    z = x - y      dx = g,             dy = -g
    z = x y        dx = g y,           dy = g x
    z = x / y      dx = g / y,         dy = -g z / y         (0 with a rounding mode)

For complex numbers x and y are conjugated in the gradients of their product and quotient.

Gradients have the result's shape; the engine sums them to the shapes of the inputs.  Work on large arrays is
divided among threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels import arithmetic, copies
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.conjugate import conjugate
from autograd.ops.shared.division import away_from_jumps, bad_division, check_divisor, division_reference
from autograd.ops.shared.samples import any_shape, bad_broadcast
from autograd.promotion import converted
from autograd.types import Array, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _broadcast_sample(low: float = -2) -> Callable[[Draw], Sample]:
    """Samples of two tensors whose shapes broadcast.  The elements of the second are at least `low`."""

    def sample(draw: Draw) -> Sample:
        a, b = draw.broadcastable(2)
        return Sample((draw.tensor(*a), draw.tensor(*b, low=low)))

    return sample


def _binary(name: str, ufunc: np.ufunc) -> Callable[[Array, Array], Array]:
    run = partial(arithmetic.run, ufunc)
    return lambda x, y: run_broadcast(name, run, x, y)


_add_op = register(
    Op(
        name="add",
        forward=_binary("add", np.add),
        backward=lambda ctx, g: (g, g),
        reference=np.add,
        sample=_broadcast_sample(),
        bad_samples=[bad_broadcast("add")],
        kind="multilinear",
        promotes="same",
        tensors=None,
        broadcasts=True,
        complex=True,
    )
)


def _no_bools(x: Array, y: Array) -> None:
    if x.dtype == bool:
        raise TypeError("sub: bool tensors cannot be subtracted; use ^, or convert with .int()")


_sub_op = register(
    Op(
        name="sub",
        check=_no_bools,
        forward=_binary("sub", np.subtract),
        backward=lambda ctx, g: (g, -g if ctx.needs_input_grad[1] else None),
        reference=np.subtract,
        sample=_broadcast_sample(),
        bad_samples=[bad_broadcast("sub"), BadSample((np.ones(2, bool),) * 2, {}, TypeError, ("sub:", ".int()"))],
        kind="multilinear",
        promotes="same",
        tensors=None,
        broadcasts=True,
        complex=True,
    )
)


def _mul_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    return (
        _mul_op(g, conjugate(y)) if ctx.needs_input_grad[0] else None,
        _mul_op(g, conjugate(x)) if ctx.needs_input_grad[1] else None,
    )


_mul_op: Op = register(
    Op(
        name="mul",
        forward=_binary("mul", np.multiply),
        backward=_mul_backward,
        saves=(0, 1),
        saves_for=(1, 0),
        reference=np.multiply,
        sample=_broadcast_sample(),
        bad_samples=[bad_broadcast("mul")],
        kind="multilinear",
        promotes="same",
        tensors=None,
        broadcasts=True,
        complex=True,
    )
)


def _div_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    y, x = ctx.saved_tensors
    dx = _div_op(g, conjugate(y))
    # x / y anew, because the result itself may have changed in place
    return dx, -_mul_op(dx, conjugate(_div_op(x, y))) if ctx.needs_input_grad[1] else None


_div_op: Op = register(
    Op(
        name="div",
        forward=_binary("div", np.true_divide),
        backward=_div_backward,
        saves=(1, 0),
        saves_for=(None, 1),
        reference=np.true_divide,
        sample=_broadcast_sample(0.5),
        bad_samples=[bad_broadcast("div")],
        promotes="float",
        tensors=None,
        broadcasts=True,
        complex=True,
    )
)


def _truncated_quotient(x: Array, y: Array) -> Array:
    if x.dtype.kind == "f":
        return np.trunc(x / y)
    quotient = x // y
    return quotient + ((quotient < 0) & (quotient * y != x)).astype(x.dtype)


_QUOTIENTS: dict[str, Callable[[Array, Array], Array]] = {"floor": np.floor_divide, "trunc": _truncated_quotient}


def _check_rounded(x: Array, y: Array, *, rounding_mode: str) -> None:
    if rounding_mode not in _QUOTIENTS:
        raise RuntimeError(f'div: rounding_mode must be None, "trunc" or "floor", not {rounding_mode!r}')
    check_divisor("div")(x, y)


def _rounded_reference(x: Array, y: Array, *, rounding_mode: str) -> Array:
    if rounding_mode == "floor":
        return division_reference(lambda a, b: a // b, lambda a, b: a / b)(x, y)
    return division_reference(_towards_0, lambda a, b: a / b)(x, y)


def _towards_0(a: Any, b: Any) -> Any:
    if isinstance(a, float):
        return float(np.trunc(np.float64(a) / b))
    quotient = abs(int(a)) // abs(int(b))
    return quotient if (a < 0) == (b < 0) else -quotient


_div_rounded_op = register(
    Op(
        name="div_rounded",
        check=_check_rounded,
        forward=lambda x, y, *, rounding_mode: run_broadcast("div", _QUOTIENTS[rounding_mode], x, y),
        backward=lambda ctx, g, *, rounding_mode: (0, 0),
        reference=_rounded_reference,
        sample=lambda draw: Sample(away_from_jumps(draw).inputs, {"rounding_mode": draw.choice("floor", "trunc")}),
        bad_samples=[
            *[BadSample(bad.inputs, {"rounding_mode": "trunc"}, bad.error, bad.words) for bad in bad_division("div")],
            BadSample((np.ones(2), np.ones(2)), {"rounding_mode": "up"}, RuntimeError, ("div", "mode", "'up'")),
        ],
        promotes="same",
        tensors=None,
        broadcasts=True,
    )
)  # fmt: skip


_clone_op = register(
    Op(
        name="clone",
        forward=copies.contiguous,
        backward=lambda ctx, g: g,
        reference=lambda x: np.array(x.ravel().tolist(), x.dtype).reshape(x.shape),
        sample=any_shape,
        kind="multilinear",
        flops=0,
    )
)

_to_op = register(
    Op(
        name="to",
        forward=lambda x, *, dtype: converted(x, dtype),
        backward=lambda ctx, g, *, dtype: g,  # the engine converts a gradient to its tensor's dtype
        reference=lambda x, *, dtype: np.array(x, dtype=dtype),
        sample=lambda draw: Sample(any_shape(draw).inputs, {"dtype": np.dtype(np.float64)}),
        kind="multilinear",
        flops=0,
    )
)


def add(input: Tensor | Number | complex, other: Tensor | Number | complex, *, alpha: Number | complex = 1) -> Tensor:
    """Add `other`, times `alpha`, to input: input + alpha · other.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.
    alpha : number
        What `other` is multiplied by.

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
    >>> autograd.add(autograd.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([21., 22.])
    """
    return _add_op(input, other if alpha == 1 else other * alpha)


def sub(input: Tensor | Number | complex, other: Tensor | Number | complex, *, alpha: Number | complex = 1) -> Tensor:
    """Subtract `other`, times `alpha`, from input: input - alpha · other.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.
    alpha : number
        What `other` is multiplied by.

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
    >>> autograd.sub(autograd.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([-19., -18.])
    """
    return _sub_op(input, other if alpha == 1 else other * alpha)


def mul(input: Tensor | Number | complex, other: Tensor | Number | complex) -> Tensor:
    """Multiply input by `other`, element by element.  Shapes broadcast.

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
    >>> autograd.mul(autograd.tensor([[1.0], [2.0]]), autograd.tensor([10.0, 100.0]))
    tensor([[ 10., 100.],
            [ 20., 200.]])
    """
    return _mul_op(input, other)


def div(
    input: Tensor | Number | complex, other: Tensor | Number | complex, *, rounding_mode: str | None = None
) -> Tensor:
    """Divide input by `other`, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  Without a rounding mode, integers and bools are converted to the default
        float dtype first.
    rounding_mode : "trunc" or "floor", optional
        Round the quotient towards 0, or down.  Integers stay integers then, and the gradient is 0.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    RuntimeError
        If there is no such rounding mode, or an integer is divided by 0 with one.

    Examples
    --------
    >>> import autograd
    >>> autograd.div(autograd.tensor([7.0, -7.0]), 2, rounding_mode="floor")
    tensor([ 3., -4.])
    """
    return (
        _div_op(input, other) if rounding_mode is None else _div_rounded_op(input, other, rounding_mode=rounding_mode)
    )


def clone(input: Tensor) -> Tensor:
    """Return a copy of input.  Gradients flow through it.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(2)
    >>> autograd.clone(x).zero_(), x
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    return _clone_op(input)


def to(input: Tensor, dtype: Any) -> Tensor:
    """Convert input to a dtype.  Returns input itself if it has that dtype.

    Parameters
    ----------
    input : Tensor, any shape
    dtype : dtype
        The dtype of the result.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([1.7, -1.7]).to(autograd.int64)
    tensor([ 1, -1])
    """
    if not hasattr(input, "dtype"):
        check_arrays("to", input=input)
    dtype = np.dtype(dtype)
    return input if input.dtype == dtype else _to_op(input, dtype=dtype)
