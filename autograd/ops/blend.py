"""Arithmetic of several tensors in one call, and arithmetic in other forms.

lerp     y = start + w (end - start)          addcmul   y = x + v a b
rsub     y = other - α x                      addcdiv   y = x + v a / b
fill     y = v everywhere; dv = Σ g           float_power   y = x^e in float64
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import sub, to
from autograd.ops.functions import abs
from autograd.ops.pow import pow
from autograd.ops.reduce import sum
from autograd.ops.shared.rows import composite_row
from autograd.ops.where import where
from autograd.promotion import DIFFERENTIABLE, FLOATING, result_type
from autograd.types import Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@in_float32
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """Interpolate between input, at weight 0, and `end`, at weight 1: input + weight (end - input).  Shapes broadcast.

    Parameters
    ----------
    input, end : Tensor of float
        Of shapes that broadcast together.
    weight : Tensor of the same dtype, of a shape that broadcasts, or number
        The part of the way from input to end.  At 1 the result is exactly end.

    Returns
    -------
    Tensor, of the shape that all are broadcast to

    Raises
    ------
    RuntimeError
        If the tensors have different dtypes, or are not of floats.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.lerp(autograd.tensor([0.0, 10.0]), autograd.tensor([4.0, 20.0]), 0.25)
    tensor([ 1.0000, 12.5000])
    """
    check_arrays("lerp", input=input, end=end)
    dtypes = {x.dtype for x in (input, end, weight) if hasattr(x, "dtype")}
    if len(dtypes) > 1 or input.dtype.kind not in FLOATING:
        names = ", ".join(sorted(map(str, dtypes)))
        raise RuntimeError(f"lerp: expects one float dtype throughout, got {names}; convert with .to(dtype)")
    step = end - input
    if isinstance(weight, int | float):
        return input + weight * step if -0.5 < weight < 0.5 else end - step * (1 - weight)
    return where(abs(weight) < 0.5, input + weight * step, end - step * (1 - weight))


def _check_value(name: str, value: Number | complex, *tensors: Any) -> None:
    if isinstance(value, float) and all(x.dtype.kind in "iu" for x in tensors):
        raise RuntimeError(f"{name}: value is {value}, and the tensors hold integers; give an integer, or convert them")


@in_float32
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number | complex = 1) -> Tensor:
    """Add a product: input + value · tensor1 · tensor2.  Shapes broadcast.

    Parameters
    ----------
    input, tensor1, tensor2 : Tensor
        Of shapes that broadcast together.
    value : number
        Factor of the product.

    Returns
    -------
    Tensor, of the shape that all are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    RuntimeError
        If value is a float, and all tensors hold integers.

    Examples
    --------
    >>> import autograd
    >>> x, a, b = autograd.tensor([1.0, 1.0]), autograd.tensor([2.0, 3.0]), autograd.tensor([10.0, 10.0])
    >>> autograd.addcmul(x, a, b, value=0.5)
    tensor([11., 16.])
    """
    check_arrays("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    _check_value("addcmul", value, input, tensor1, tensor2)
    return input + (tensor1 * tensor2 if value == 1 else value * tensor1 * tensor2)


@in_float32
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number | complex = 1) -> Tensor:
    """Add a quotient: input + value · tensor1 / tensor2.  Shapes broadcast.

    Parameters
    ----------
    input, tensor1, tensor2 : Tensor
        Of shapes that broadcast together.
    value : number
        Factor of the quotient.

    Returns
    -------
    Tensor, of the shape that all are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    RuntimeError
        If tensor1 and tensor2 hold integers.

    Examples
    --------
    >>> import autograd
    >>> x, a, b = autograd.tensor([1.0, 1.0]), autograd.tensor([6.0, 8.0]), autograd.tensor([2.0, 4.0])
    >>> autograd.addcdiv(x, a, b, value=10)
    tensor([31., 21.])
    """
    check_arrays("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if tensor1.dtype.kind not in DIFFERENTIABLE and tensor2.dtype.kind not in DIFFERENTIABLE:
        raise RuntimeError("addcdiv: tensor1 and tensor2 hold integers; convert one with .float()")
    return input + (tensor1 / tensor2 if value == 1 else value * tensor1 / tensor2)


def rsub(input: Tensor, other: Tensor | Number | complex, *, alpha: Number | complex = 1) -> Tensor:
    """Subtract input, times `alpha`, from `other`: other - alpha · input.  Shapes broadcast.

    Parameters
    ----------
    input : Tensor, any shape
    other : Tensor, of a shape that broadcasts, or number
    alpha : number
        What input is multiplied by.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or both tensors are of bools.

    Examples
    --------
    >>> import autograd
    >>> autograd.rsub(autograd.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([8., 6.])
    """
    check_arrays("rsub", input=input)
    return sub(other, input, alpha=alpha)


def float_power(input: Tensor | Number | complex, exponent: Tensor | Number | complex) -> Tensor:
    """Raise input to a power in float64, or complex128: input ^ exponent.  Shapes broadcast.

    Parameters
    ----------
    input, exponent : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of float64 or complex128, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or both are numbers.

    Examples
    --------
    >>> import autograd
    >>> autograd.float_power(autograd.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=float64)
    """
    if not hasattr(input, "dtype") and not hasattr(exponent, "dtype"):
        check_arrays("float_power", input=input)
    dtype = np.complex128 if result_type(input, exponent).kind == "c" else np.float64
    given: tuple[Any, Any] = (input, exponent)
    base, power = (to(x, dtype) if hasattr(x, "dtype") else np.dtype(dtype).type(x).item() for x in given)
    return pow(base, power)


def _fill_check(x: Any, value: Any) -> None:
    if np.ndim(value) != 0:
        raise RuntimeError(f"fill: value has shape {np.shape(value)}; expects a number, or a tensor without dimensions")


_fill_op = register(
    Op(
        name="fill",
        check=_fill_check,
        forward=lambda x, value: np.full(x.shape, value).astype(x.dtype),
        backward=lambda ctx, g: (0, sum(g) if ctx.needs_input_grad[1] else None),
        reference=lambda x, value: np.array([value] * x.size).astype(x.dtype).reshape(x.shape),
        sample=lambda draw: Sample((draw.tensor(*draw.shape(0, 3, least=0)), draw.tensor())),
        bad_samples=[BadSample((np.ones(2), np.ones(2)), {}, RuntimeError, ("fill", "(2,)"))],
        kind="multilinear",
        complex=True,
    )
)


def fill(input: Tensor, value: Tensor | Number | complex) -> Tensor:
    """A tensor of input's shape and dtype with one value everywhere.

    Parameters
    ----------
    input : Tensor, any shape
    value : Tensor, (), or number
        A tensor's gradient is the sum of the gradients of all elements.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError
        If value has dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.fill(autograd.tensor([[1.0, 2.0]]), 7)
    tensor([[7., 7.]])
    """
    check_arrays("fill", input=input)
    return _fill_op(input, value)


def _three(low: float = -2) -> Any:
    def sample(draw: Draw) -> Sample:
        a, b, c = draw.broadcastable(3)
        return Sample((draw.tensor(*a), draw.tensor(*b), draw.tensor(*c, low=low)))

    return sample


def _with_value(low: float = -2) -> Any:
    return lambda draw: Sample(_three(low)(draw).inputs, {"value": draw.choice(1, 0.5)})


composite_row(
    "lerp",
    lerp,
    lambda x, end, weight: np.where(np.abs(weight) < 0.5, x + weight * (end - x), end - (end - x) * (1 - weight)),
    _three(),
    BadSample((np.ones(2), np.ones(2, np.float32), 0.5), {}, RuntimeError, ("lerp", "float32")),
)
composite_row("addcmul", addcmul, lambda x, a, b, *, value: x + value * a * b, _with_value())
composite_row(
    "addcdiv",
    addcdiv,
    lambda x, a, b, *, value: x + value * a / b,
    _with_value(0.5),
    BadSample((np.ones(2), np.ones(2, int), np.ones(2, int)), {}, RuntimeError, ("addcdiv", ".float()")),
)
