"""Comparisons, tests of elements, and logic.  Results are bool tensors without gradients.

The operators `&`, `|`, `^` and `~` are bitwise_and, bitwise_or, bitwise_xor and bitwise_not: of integers they give
integers.  logical_and, logical_or, logical_xor and logical_not take elements of any dtype, and all but 0 are true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Op, Sample
from autograd.ops.shared.dims import dims_of, ndim_of
from autograd.ops.shared.rows import discrete_pair_row, discrete_row
from autograd.ops.shared.samples import any_shape, dims_sample, sum_reference
from autograd.types import Array, Dims, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _integers_sample(draw: Draw) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.index(a, 3), draw.choice(draw.index(b, 3), draw.tensor(*b))))


_eq_op = discrete_pair_row("eq", np.equal, operator.eq, _integers_sample, tensors=(0,), complex=True)
_ne_op = discrete_pair_row("ne", np.not_equal, operator.ne, _integers_sample, tensors=(0,), complex=True)
_lt_op = discrete_pair_row("lt", np.less, operator.lt, _integers_sample, tensors=(0,))
_le_op = discrete_pair_row("le", np.less_equal, operator.le, _integers_sample, tensors=(0,))
_gt_op = discrete_pair_row("gt", np.greater, operator.gt, _integers_sample, tensors=(0,))
_ge_op = discrete_pair_row("ge", np.greater_equal, operator.ge, _integers_sample, tensors=(0,))
_logical_and_op = discrete_pair_row(
    "logical_and", np.logical_and, lambda x, y: bool(x) and bool(y), _integers_sample, tensors=(0, 1)
)
_logical_xor_op = discrete_pair_row(
    "logical_xor", np.logical_xor, lambda x, y: bool(x) != bool(y), _integers_sample, tensors=(0, 1)
)
_logical_or_op = discrete_pair_row(
    "logical_or", np.logical_or, lambda x, y: bool(x) or bool(y), _integers_sample, tensors=(0, 1)
)


def _is_close(x: float, y: float, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    if x == y or (equal_nan and x != x and y != y):
        return True
    distance = max(x - y, y - x)
    return distance < np.inf and distance <= atol + rtol * max(y, -y)


def _isclose_sample(draw: Draw) -> Sample:
    a, b = draw.broadcastable(2)
    params = {"rtol": draw.choice(1e-5, 0.25), "atol": draw.choice(1e-8, 0.5), "equal_nan": draw.choice(False, True)}
    return Sample((draw.tensor(*a), draw.tensor(*b) + draw.index(b, 3) / 4), params)


def _check_tolerances(x: Array, y: Array, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> None:
    if not (rtol >= 0 and atol >= 0):
        raise ValueError(f"isclose: rtol {rtol} and atol {atol} must be at least 0")


_isclose_op = discrete_pair_row(
    "isclose",
    np.isclose,
    _is_close,
    _isclose_sample,
    BadSample((np.ones(2), np.ones(2)), {"rtol": -0.5}, ValueError, ("isclose", "rtol -0.5", "at least 0")),
    BadSample((np.ones(2), np.ones(2)), {"atol": np.nan}, ValueError, ("isclose", "atol nan", "at least 0")),
    check=_check_tolerances,
    complex=True,
    tensors=(0, 1),
)


def _no_floats(name: str) -> Callable:
    def check(*arrays: Any) -> None:
        if arrays[0].dtype.kind == "f":
            raise TypeError(f"{name}: expects bools or integers, got {arrays[0].dtype}; compare first, as in x != 0")

    return check


def _bitwise_row(name: str, ufunc: Callable, on_numbers: Callable) -> Op:
    def sample(draw: Draw) -> Sample:
        numbers = [draw.index(shape, 8) for shape in draw.broadcastable(2)]
        return Sample(tuple(draw.choice(numbers, [np.asarray(n > 3) for n in numbers])))

    bad = BadSample((np.ones(2), np.ones(2)), {}, TypeError, (name, "float64", "bool"))
    return discrete_pair_row(name, ufunc, on_numbers, sample, bad, dtype=None, check=_no_floats(name))


_bitwise_and_op = _bitwise_row("bitwise_and", np.bitwise_and, operator.and_)
_bitwise_or_op = _bitwise_row("bitwise_or", np.bitwise_or, operator.or_)
_bitwise_xor_op = _bitwise_row("bitwise_xor", np.bitwise_xor, operator.xor)


_logical_not_op = discrete_row("logical_not", np.logical_not, lambda x: x == 0, any_shape, complex=True)
_isnan_op = discrete_row("isnan", np.isnan, lambda x: x != x, any_shape, complex=True)
_isinf_op = discrete_row("isinf", np.isinf, lambda x: (x == np.inf) | (x == -np.inf), any_shape, complex=True)
_isfinite_op = discrete_row("isfinite", np.isfinite, lambda x: (x > -np.inf) & (x < np.inf), any_shape, complex=True)
_bitwise_not_op = discrete_row(
    "bitwise_not",
    np.invert,
    lambda x: (1 - x * 1).astype(bool) if x.dtype == bool else (-1 - x.astype(np.int64)).astype(x.dtype),
    lambda draw: Sample((draw.choice(n := draw.index(draw.shape(0, 3, least=0), 4), np.asarray(n > 1)),)),
    BadSample((np.ones(2),), {}, TypeError, ("bitwise_not", "float64", "bool")),
    check=_no_floats("bitwise_not"),
)


def _truth_type(x: Array) -> Any:
    """The dtype of the results of any and all: bool, but uint8 for uint8, which PyTorch once used for masks."""
    return np.uint8 if x.dtype == np.uint8 else np.bool_


_any_op = discrete_row(
    "any",
    lambda x, *, dim, keepdim: np.any(x, axis=dim, keepdims=keepdim).astype(_truth_type(x)),
    lambda x, **params: np.asarray(sum_reference((x != 0) * 1, **params) > 0).astype(_truth_type(x)),
    dims_sample,
    complex=True,
)
_all_op = discrete_row(
    "all",
    lambda x, *, dim, keepdim: np.all(x, axis=dim, keepdims=keepdim).astype(_truth_type(x)),
    lambda x, **params: np.asarray(sum_reference((x == 0) * 1, **params) == 0).astype(_truth_type(x)),
    dims_sample,
    complex=True,
)


def eq(input: Tensor | Number | complex, other: Tensor | Number | complex) -> Tensor:
    """Test whether input == other, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or both are numbers.

    Examples
    --------
    >>> import autograd
    >>> autograd.eq(autograd.tensor([1, 2, 3]), 2)
    tensor([False,  True, False])
    """
    return _eq_op(input, other)


def ne(input: Tensor | Number | complex, other: Tensor | Number | complex) -> Tensor:
    """Test whether input != other, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or both are numbers.

    Examples
    --------
    >>> import autograd
    >>> autograd.ne(autograd.tensor([1, 2, 3]), 2)
    tensor([ True, False,  True])
    """
    return _ne_op(input, other)


def lt(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Test whether input < other, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, both are numbers, or one is complex.

    Examples
    --------
    >>> import autograd
    >>> autograd.lt(autograd.tensor([1, 2, 3]), 2)
    tensor([ True, False, False])
    """
    return _lt_op(input, other)


def le(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Test whether input <= other, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, both are numbers, or one is complex.

    Examples
    --------
    >>> import autograd
    >>> autograd.le(autograd.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """
    return _le_op(input, other)


def gt(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Test whether input > other, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, both are numbers, or one is complex.

    Examples
    --------
    >>> import autograd
    >>> autograd.gt(autograd.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """
    return _gt_op(input, other)


def ge(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Test whether input >= other, element by element.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, both are numbers, or one is complex.

    Examples
    --------
    >>> import autograd
    >>> autograd.ge(autograd.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """
    return _ge_op(input, other)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Logical AND: whether both elements are not 0.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together, and of any dtypes that are not complex.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or one is complex or no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.logical_and(autograd.tensor([0, 0, 5, 5]), autograd.tensor([0, 7, 0, 7]))
    tensor([False, False, False,  True])
    """
    return _logical_and_op(input, other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Logical OR: whether at least one of the two elements is not 0.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together, and of any dtypes that are not complex.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or one is complex or no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.logical_or(autograd.tensor([0, 0, 5, 5]), autograd.tensor([0, 7, 0, 7]))
    tensor([False,  True,  True,  True])
    """
    return _logical_or_op(input, other)


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Logical exclusive OR: whether exactly one of the two elements is not 0.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together, and of any dtypes that are not complex.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or one is complex or no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.logical_xor(autograd.tensor([0, 0, 5, 5]), autograd.tensor([0, 7, 0, 7]))
    tensor([False,  True,  True, False])
    """
    return _logical_xor_op(input, other)


def logical_not(input: Tensor) -> Tensor:
    """Logical NOT: whether each element is 0.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.logical_not(autograd.tensor([0.0, 0.5, -1.0]))
    tensor([ True, False, False])
    """
    return _logical_not_op(input)


def bitwise_and(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bitwise AND of bools or integers.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor of bool or int, or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or one is of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.bitwise_and(autograd.tensor([0b1100]), autograd.tensor([0b1010]))  # 0b1000
    tensor([8])
    """
    return _bitwise_and_op(input, other)


def bitwise_or(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bitwise OR of bools or integers.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor of bool or int, or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or one is of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.bitwise_or(autograd.tensor([0b1100]), autograd.tensor([0b1010]))  # 0b1110
    tensor([14])
    """
    return _bitwise_or_op(input, other)


def bitwise_xor(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bitwise exclusive OR of bools or integers.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor of bool or int, or number
        Of shapes that broadcast together.  At least one is a tensor.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or one is of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.bitwise_xor(autograd.tensor([0b1100]), autograd.tensor([0b1010]))  # 0b0110
    tensor([6])
    """
    return _bitwise_xor_op(input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """Bitwise NOT of bools or integers: of an integer n it is -n - 1.

    Parameters
    ----------
    input : Tensor of bool or int, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.bitwise_not(autograd.tensor([True, False])), autograd.bitwise_not(autograd.tensor([0, 5]))
    (tensor([False,  True]), tensor([-1, -6]))
    """
    return _bitwise_not_op(input)


def isnan(input: Tensor) -> Tensor:
    """Test whether each element is NaN.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.isnan(autograd.tensor([1.0, float("nan"), -float("inf")]))
    tensor([False,  True, False])
    """
    return _isnan_op(input)


def isinf(input: Tensor) -> Tensor:
    """Test whether each element is inf or -inf.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.isinf(autograd.tensor([1.0, float("nan"), -float("inf")]))
    tensor([False, False,  True])
    """
    return _isinf_op(input)


def isfinite(input: Tensor) -> Tensor:
    """Test whether each element is neither NaN nor infinite.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of bool, of the same shape

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.isfinite(autograd.tensor([1.0, float("nan"), -float("inf")]))
    tensor([ True, False, False])
    """
    return _isfinite_op(input)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Test whether |input - other| <= atol + rtol · |other|, element by element.  Equal infinities are close.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.
    rtol, atol : float
        Relative and absolute tolerance, at least 0.
    equal_nan : bool
        Whether NaN is close to NaN.

    Returns
    -------
    Tensor of bool, of the shape that both are broadcast to

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, a tolerance is negative, or one is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.isclose(autograd.tensor([1.0, 100.0]), autograd.tensor([1.1, 100.1]), rtol=0.01)
    tensor([False,  True])
    """
    return _isclose_op(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Test whether |input - other| <= atol + rtol · |other| for every element: see `isclose`.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.
    rtol, atol : float
        Relative and absolute tolerance, at least 0.
    equal_nan : bool
        Whether NaN is close to NaN.

    Returns
    -------
    bool

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, a tolerance is negative, or one is no tensor.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 100.0])
    >>> autograd.allclose(x, x + 1e-7), autograd.allclose(x, x + 0.1)
    (True, False)
    """
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


def equal(input: Tensor, other: Tensor) -> bool:
    """Test whether two tensors have the same shape and equal elements.

    Parameters
    ----------
    input, other : Tensor, any shape

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If one is no tensor.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1, 2])
    >>> autograd.equal(x, autograd.tensor([1, 2])), autograd.equal(x, autograd.tensor([[1, 2]]))
    (True, False)
    """
    check_arrays("equal", input=input, other=other)
    return tuple(input.shape) == tuple(other.shape) and bool(all(eq(input, other)))


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Test whether any element is not 0, along dimensions.  Of no elements, the result is False.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.

    Returns
    -------
    Tensor of bool, of the shape of input without `dim`
        It is of uint8 if input is.

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[0, 1], [2, 3]])
    >>> autograd.any(x), autograd.any(x, dim=1), autograd.any(x[:1])
    (tensor(True), tensor([True, True]), tensor(True))
    """
    return _any_op(input, dim=dims_of("any", dim, ndim_of("any", input)), keepdim=keepdim)


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Test whether all elements are not 0, along dimensions.  Of no elements, the result is True.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.

    Returns
    -------
    Tensor of bool, of the shape of input without `dim`
        It is of uint8 if input is.

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[0, 1], [2, 3]])
    >>> autograd.all(x), autograd.all(x, dim=1), autograd.all(x[:1])
    (tensor(False), tensor([False,  True]), tensor(False))
    """
    return _all_op(input, dim=dims_of("all", dim, ndim_of("all", input)), keepdim=keepdim)
