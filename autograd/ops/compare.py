"""Questions about elements: their answers are bools, and carry no gradient; and the logic of bools.

`&`, `|`, `^` and `~` are bitwise_and, _or, _xor and _not: of bools they are bools, of integers
integers.  logical_and and its like take any numbers, of which all but 0 are true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import Number, any_shape, bad_broadcast, broadcasting
from autograd.ops.reduce import Dims, dims_of, dims_sample, sum_reference

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _row(name: str, forward: Callable, reference: Callable, sample: Callable, *bad: BadSample, **more: Any) -> Op:
    return register(
        Op(
            name=name,
            forward=forward,
            backward=None,
            reference=reference,
            sample=sample,
            bad_samples=bad,
            kind="discrete",
            **more,
        )
    )


def _of_two(
    name: str, ufunc: Callable, of_numbers: Callable, sample: Callable, *bad: BadSample, dtype: Any = bool, **more: Any
) -> Op:
    """A row of two tensors; the reference asks two numbers at a time."""

    def reference(x: Any, y: Any, **params: Any) -> Any:
        answers = np.frompyfunc(partial(of_numbers, **params), 2, 1)(x, y)
        return np.asarray(answers).astype(dtype or x.dtype)

    return _row(
        name,
        lambda x, y, **params: broadcasting(name, partial(ufunc, **params), x, y),
        reference,
        sample,
        bad_broadcast(name, int),
        *bad,
        promotes="same",
        **more,
    )


def _two(draw: Any) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.index(a, 3), draw.choice(draw.index(b, 3), draw.tensor(*b))))


_eq = _of_two("eq", np.equal, operator.eq, _two)
_ne = _of_two("ne", np.not_equal, operator.ne, _two)
_lt = _of_two("lt", np.less, operator.lt, _two)
_le = _of_two("le", np.less_equal, operator.le, _two)
_gt = _of_two("gt", np.greater, operator.gt, _two)
_ge = _of_two("ge", np.greater_equal, operator.ge, _two)
_logical_and = _of_two("logical_and", np.logical_and, lambda x, y: bool(x) and bool(y), _two)
_logical_or = _of_two("logical_or", np.logical_or, lambda x, y: bool(x) or bool(y), _two)


def _near(x: float, y: float, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    if x == y or (equal_nan and x != x and y != y):
        return True
    distance = max(x - y, y - x)
    return distance < np.inf and distance <= atol + rtol * max(y, -y)


def _near_sample(draw: Any) -> Sample:
    a, b = draw.broadcastable(2)
    params = {"rtol": draw.choice(1e-5, 0.25), "atol": draw.choice(1e-8, 0.5), "equal_nan": draw.choice(False, True)}
    return Sample((draw.tensor(*a), draw.tensor(*b) + draw.index(b, 3) / 4), params)


_isclose = _of_two("isclose", np.isclose, _near, _near_sample)


def _no_floats(name: str) -> Callable:
    def check(*arrays: Any) -> None:
        if arrays[0].dtype.kind == "f":
            raise TypeError(f"{name}: expects bools or integers, got {arrays[0].dtype}; compare first, as in x != 0")

    return check


def _bits_of_two(name: str, ufunc: Callable, of_numbers: Callable) -> Op:
    def sample(draw: Any) -> Sample:
        numbers = [draw.index(shape, 8) for shape in draw.broadcastable(2)]
        return Sample(tuple(draw.choice(numbers, [np.asarray(n > 3) for n in numbers])))

    bad = BadSample((np.ones(2), np.ones(2)), {}, TypeError, (name, "float64", "bool"))
    return _of_two(name, ufunc, of_numbers, sample, bad, dtype=None, check=_no_floats(name))


_bitwise_and = _bits_of_two("bitwise_and", np.bitwise_and, operator.and_)
_bitwise_or = _bits_of_two("bitwise_or", np.bitwise_or, operator.or_)
_bitwise_xor = _bits_of_two("bitwise_xor", np.bitwise_xor, operator.xor)


_logical_not = _row("logical_not", np.logical_not, lambda x: x == 0, any_shape)
_isnan = _row("isnan", np.isnan, lambda x: x != x, any_shape)
_isinf = _row("isinf", np.isinf, lambda x: (x == np.inf) | (x == -np.inf), any_shape)
_isfinite = _row("isfinite", np.isfinite, lambda x: (x > -np.inf) & (x < np.inf), any_shape)
_bitwise_not = _row(
    "bitwise_not",
    np.invert,
    lambda x: (1 - x * 1).astype(bool) if x.dtype == bool else (-1 - x.astype(np.int64)).astype(x.dtype),
    lambda draw: Sample((draw.choice(n := draw.index(draw.shape(0, 3, least=0), 4), np.asarray(n > 1)),)),
    BadSample((np.ones(2),), {}, TypeError, ("bitwise_not", "float64", "bool")),
    check=_no_floats("bitwise_not"),
)


def _truth_type(x: Any) -> Any:
    """The dtype of any and all: bool, but uint8 of uint8, as in PyTorch, where that once was the dtype of masks."""
    return np.uint8 if x.dtype == np.uint8 else np.bool_


_any = _row(
    "any",
    lambda x, *, dim, keepdim: np.any(x, axis=dim, keepdims=keepdim).astype(_truth_type(x)),
    lambda x, **params: np.asarray(sum_reference((x != 0) * 1, **params) > 0).astype(_truth_type(x)),
    dims_sample,
)
_all = _row(
    "all",
    lambda x, *, dim, keepdim: np.all(x, axis=dim, keepdims=keepdim).astype(_truth_type(x)),
    lambda x, **params: np.asarray(sum_reference((x == 0) * 1, **params) == 0).astype(_truth_type(x)),
    dims_sample,
)


def eq(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input == other, element by element and broadcast: a bool tensor."""
    return _eq(input, other)


def ne(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input != other, element by element and broadcast: a bool tensor."""
    return _ne(input, other)


def lt(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input < other, element by element and broadcast: a bool tensor."""
    return _lt(input, other)


def le(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input <= other, element by element and broadcast: a bool tensor."""
    return _le(input, other)


def gt(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input > other, element by element and broadcast: a bool tensor."""
    return _gt(input, other)


def ge(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input >= other, element by element and broadcast: a bool tensor."""
    return _ge(input, other)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both elements are other than 0, broadcast: a bool tensor."""
    return _logical_and(input, other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether one of two elements is other than 0, broadcast: a bool tensor."""
    return _logical_or(input, other)


def logical_not(input: Tensor) -> Tensor:
    """Whether an element is 0: a bool tensor."""
    return _logical_not(input)


def bitwise_and(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input & other, of bools or integers, broadcast."""
    return _bitwise_and(input, other)


def bitwise_or(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input | other, of bools or integers, broadcast."""
    return _bitwise_or(input, other)


def bitwise_xor(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input ^ other, of bools or integers, broadcast: for bools, whether they differ."""
    return _bitwise_xor(input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """~input, of bools or integers."""
    return _bitwise_not(input)


def isnan(input: Tensor) -> Tensor:
    """Whether an element is NaN: a bool tensor."""
    return _isnan(input)


def isinf(input: Tensor) -> Tensor:
    """Whether an element is inf or -inf: a bool tensor."""
    return _isinf(input)


def isfinite(input: Tensor) -> Tensor:
    """Whether an element is neither NaN nor infinite: a bool tensor."""
    return _isfinite(input)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol |other|, or both are the same infinity: a bool tensor.

    Parameters
    ----------
    input, other : Tensor
        Broadcast.
    rtol, atol : float
    equal_nan : bool
        Whether NaN is close to NaN.
    """
    return _isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds for every element."""
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    return tuple(input.shape) == tuple(other.shape) and bool(all(eq(input, other)))


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether some element over some dimensions, or all, is other than 0: a bool tensor (of uint8, a uint8 tensor)."""
    return _any(input, dim=dims_of("any", dim, input.ndim), keepdim=keepdim)


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether every element over some dimensions, or all, is other than 0: a bool tensor (of uint8, a uint8 tensor)."""
    return _all(input, dim=dims_of("all", dim, input.ndim), keepdim=keepdim)
