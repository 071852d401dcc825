"""Products, running products, differences, integrals and other reductions, made of other ops.

A product multiplies halves of the elements until one is left, and a running product adds up by doubling distances
(Hillis, Steele, "Data parallel algorithms", 1986).  So their gradients are those of multiplication, right at 0 too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Sample
from autograd.ops.compare import bitwise_xor, isnan
from autograd.ops.elementary import logaddexp
from autograd.ops.elementwise import clone, mul, to
from autograd.ops.extrema import amax, amin
from autograd.ops.indexing import getitem
from autograd.ops.join import cat
from autograd.ops.norm import norm
from autograd.ops.reduce import cumsum, mean, sum
from autograd.ops.shape import reshape
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dim_of
from autograd.ops.shared.rows import composite_row
from autograd.ops.shared.samples import dims_sample
from autograd.ops.var import std, var
from autograd.ops.where import where
from autograd.promotion import DIFFERENTIABLE
from autograd.types import Array, Dims, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class MinMax(NamedTuple):
    """Result of aminmax."""

    min: Tensor
    max: Tensor


def _part(input: Tensor, dim: int, begin: int | None, end: int | None) -> Tensor:
    """input[begin:end] along a dimension."""
    return getitem(input, (slice(None),) * dim + (slice(begin, end),))


def _to_product_dtype(input: Tensor, dtype: Any) -> Tensor:
    return to(input, dtype or (input.dtype if input.dtype.kind in DIFFERENTIABLE else np.int64))


# ── products ───────────────────────────────────────────────────────────────────────────


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Product of all elements, or along a dimension.  The product of no elements is 1.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.

    Returns
    -------
    Tensor, of the shape of input without `dim`; () without one

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.prod(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([ 2., 12.])
    """
    check_arrays("prod", input=input)
    x = _to_product_dtype(input, dtype)
    if dim is None or not input.ndim:
        if dim is not None:
            dim_of("prod", dim, 0)
        x, dim, shape = reshape(x, (-1,)), 0, (1,) * input.ndim if keepdim else ()
    else:
        dim = dim_of("prod", dim, input.ndim)
        shape = tuple(1 if d == dim else n for d, n in enumerate(input.shape) if d != dim or keepdim)
    size = x.shape[dim]
    if size == 0:
        ones = np.ones(shape, x.dtype)
        return type(x)(ones) if isinstance(x, np.ndarray) else reshape(cat([sum(x, dim, True) + 1], dim), shape)
    if size == 1:
        x = clone(x)
    while size > 1:
        half = size // 2
        pairs = mul(_part(x, dim, 0, half), _part(x, dim, half, 2 * half))
        x = cat([pairs, _part(x, dim, 2 * half, None)], dim) if size % 2 else pairs
        size = x.shape[dim]
    return reshape(x, shape)


def _scan(name: str, input: Tensor, dim: int, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Running results along a dimension of an associative function."""
    dim = dim_of(name, dim, input.ndim)
    if not input.ndim:
        return clone(input)
    distance, size, x = 1, input.shape[dim], input
    while distance < size:
        later = combine(_part(x, dim, 0, size - distance), _part(x, dim, distance, None))
        x = cat([_part(x, dim, 0, distance), later], dim)
        distance *= 2
    return clone(x) if x is input else x


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Cumulative product along a dimension.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which the products run.
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.cumprod(autograd.tensor([1, 2, 3, 4]), dim=0)
    tensor([ 1,  2,  6, 24])
    """
    check_arrays("cumprod", input=input)
    return _scan("cumprod", _to_product_dtype(input, dtype), dim, mul)


@in_float32
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Logarithm of the cumulative sum of exponentials along a dimension, computed without overflow.

    y_i = log Σ_j≤i exp(x_j)

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int
        The dimension along which the sums run.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError, IndexError
        If input is not a float tensor, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.logcumsumexp(autograd.tensor([1000.0, 1000.0]), dim=0)  # the second is 1000 + log 2
    tensor([1000.0000, 1000.6932])
    """
    check_arrays("logcumsumexp", input=input)
    check_float("logcumsumexp", input)
    return _scan("logcumsumexp", input, dim, logaddexp)


# ── sums, counts and moments ───────────────────────────────────────────────────────────


def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum of the elements that are not NaN, along dimensions.  Without such elements it is 0.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> nan = float("nan")
    >>> autograd.nansum(autograd.tensor([[1.0, nan], [nan, nan]]), dim=1)
    tensor([1., 0.])
    """
    check_arrays("nansum", input=input)
    return sum(where(isnan(input), input.dtype.type(0), input), dim, keepdim, dtype=dtype)


def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Mean of the elements that are not NaN, along dimensions.  Without such elements it is NaN.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : dtype, optional
        Of the result.  Default: input's.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    TypeError, IndexError
        If input is not a float tensor, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.nanmean(autograd.tensor([1.0, float("nan"), 5.0]))
    tensor(3.)
    """
    check_arrays("nanmean", input=input)
    check_float("nanmean", input)
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / to(sum(~isnan(input), dim, keepdim), total.dtype)


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """Count the elements that are not 0, along dimensions.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.

    Returns
    -------
    Tensor of int64, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.count_nonzero(autograd.tensor([[0, 1], [2, 3]]), dim=1)
    tensor([1, 2])
    """
    check_arrays("count_nonzero", input=input)
    return sum(input != 0, dim)


def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Variance and mean along dimensions.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    unbiased : bool, optional
        An older form of correction=1 (True) and correction=0 (False).
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    correction : number
        The sum of squares is divided by n - correction, for n elements.  Default: 1.

    Returns
    -------
    (Tensor, Tensor), of the shape of input without `dim`

    Raises
    ------
    TypeError, IndexError
        If input is not a float tensor, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.var_mean(autograd.tensor([1.0, 3.0]))
    (tensor(2.), tensor(2.))
    >>> autograd.var_mean(autograd.tensor([1.0, 3.0]), correction=0)
    (tensor(1.), tensor(2.))
    """
    of = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, of, keepdim)


def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean along dimensions.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    unbiased : bool, optional
        An older form of correction=1 (True) and correction=0 (False).
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    correction : number
        The sum of squares is divided by n - correction, for n elements.  Default: 1.

    Returns
    -------
    (Tensor, Tensor), of the shape of input without `dim`

    Raises
    ------
    TypeError, IndexError
        If input is not a float tensor, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.std_mean(autograd.tensor([1.0, 3.0, 5.0]))
    (tensor(2.), tensor(3.))
    """
    of = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, of, keepdim)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """Minimum and maximum of all elements, or along a dimension.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.

    Returns
    -------
    named tuple (min, max)
        Two Tensors, each of the shape of input without `dim`.

    Raises
    ------
    RuntimeError, IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> low, high = autograd.aminmax(autograd.tensor([[1, 5], [3, 2]]), dim=1)
    >>> low, high
    (tensor([1, 2]), tensor([5, 3]))
    """
    check_arrays("aminmax", input=input)
    dims = () if dim is None else (dim_of("aminmax", dim, input.ndim),)
    if dim is None and 0 in input.shape:
        raise RuntimeError(f"aminmax: shape {tuple(input.shape)} has no elements; give a dim that is not empty")
    return MinMax(amin(input, dims, keepdim), amax(input, dims, keepdim))


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other: (Σ |x - y|ᵖ)^(1/p), over all elements.  Shapes broadcast.

    Parameters
    ----------
    input, other : Tensor of float
        Of shapes that broadcast together.
    p : number
        The kind of norm: 2 is Euclid's, 1 the sum of absolute values, inf their maximum.

    Returns
    -------
    Tensor, ()

    Raises
    ------
    ValueError, TypeError
        If the shapes do not broadcast, or the difference is not of floats.

    Examples
    --------
    >>> import autograd
    >>> a, b = autograd.tensor([1.0, 2.0]), autograd.tensor([4.0, 6.0])
    >>> autograd.dist(a, b), autograd.dist(a, b, p=1)
    (tensor(5.), tensor(7.))
    """
    check_arrays("dist", input=input, other=other)
    return norm(input - other, p)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale down each slice along a dimension whose p-norm is above `maxnorm`, to that norm.

    Parameters
    ----------
    input : Tensor of float, (M, …, N), of two dimensions or more
    p : number
        The kind of norm, above 0.
    dim : int
        The slices are input[i] along this dimension.
    maxnorm : float
        The largest norm that stays, at least 0.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    RuntimeError
        If input has less than 2 dimensions, p is not positive, or maxnorm is negative.
    IndexError, TypeError
        If there is no such dimension, or input is not a float tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.renorm(autograd.tensor([[3.0, 4.0], [0.3, 0.4]]), p=2, dim=0, maxnorm=1)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    check_arrays("renorm", input=input)
    dim = dim_of("renorm", dim, input.ndim)
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input has {input.ndim} dimensions; expects at least 2")
    if p <= 0 or maxnorm < 0:
        raise RuntimeError(f"renorm: p is {p} and maxnorm {maxnorm}; p must be above 0, and maxnorm at least 0")
    size = norm(input, p, tuple(d for d in range(input.ndim) if d != dim), True)
    return input * where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


# ── differences and integrals ──────────────────────────────────────────────────────────


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Differences of neighbours along a dimension, n times.

    Parameters
    ----------
    input : Tensor, any shape but ()
    n : int
        How often differences are taken, at least 0.  For 0 the result is a copy of input.
    dim : int
        The dimension of the neighbours.
    prepend, append : Tensor, of input's shape but for `dim`, optional
        What to put before and after input along the dimension.

    Returns
    -------
    Tensor, of input's shape but for `dim`, which is n shorter
        Differences of bools are bools: whether the two differ.

    Raises
    ------
    RuntimeError, IndexError
        If n is negative, a shape does not fit, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> squares = autograd.tensor([0, 1, 4, 9])
    >>> autograd.diff(squares), autograd.diff(squares, n=2)
    (tensor([1, 3, 5]), tensor([2, 2]))
    """
    check_arrays("diff", input=input)
    if input.ndim == 0:
        raise RuntimeError("diff: input has no dimensions; expects at least 1")
    dim = dim_of("diff", dim, input.ndim)
    if n < 0:
        raise RuntimeError(f"diff: n is {n}; it must be at least 0")
    parts = [x for x in (prepend, input, append) if x is not None]
    if n == 0:
        return clone(input)
    for x in parts:
        check_arrays("diff", other=x)
        fits = x.ndim == input.ndim and all(a == b for d, (a, b) in enumerate(zip(x.shape, input.shape)) if d != dim)
        if not fits:
            raise RuntimeError(
                f"diff: shape {tuple(x.shape)} does not fit input's {tuple(input.shape)}; only dim {dim} may differ"
            )
    x = cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, x.shape[dim])):
        before, after = _part(x, dim, 0, -1), _part(x, dim, 1, None)
        x = bitwise_xor(after, before) if x.dtype == bool else after - before
    return x


def _strips(name: str, y: Tensor, x: Tensor | None, dx: Number | None, dim: int) -> Tensor:
    """The areas of the trapezoids between neighbours."""
    check_arrays(name, y=y)
    if x is not None and dx is not None:
        raise RuntimeError(f"{name}: x and dx are both given; give one of them")
    if y.ndim == 0 and x is not None:
        raise RuntimeError(f"{name}: y has no dimensions; expects at least 1")
    dim = dim_of(name, dim, y.ndim)
    if y.ndim == 0:
        return reshape(y, (1,))[:0] * 1.0
    pairs = _part(y, dim, 0, -1) + _part(y, dim, 1, None)
    if x is None:
        return pairs * ((1 if dx is None else dx) / 2)
    if x.ndim == 0:
        raise RuntimeError(f"{name}: x has no dimensions; expects a point for each element along dim {dim}")
    if x.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(f"{name}: x has {x.shape[0]} points, and dim {dim} of y has {y.shape[dim]}")
        widths = reshape(x[1:] - x[:-1], (-1,) + (1,) * (y.ndim - 1 - dim))
    else:
        along = dim - y.ndim + x.ndim if x.ndim < y.ndim else dim
        widths = _part(x, along, 1, None) - _part(x, along, 0, -1)
    return pairs * widths / 2


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """Integral along a dimension by the trapezoidal rule: Σ (x_(i+1) - x_i) (y_i + y_(i+1)) / 2.

    Parameters
    ----------
    y : Tensor, any shape
        Values of the function.
    x : Tensor, (n,) or a shape that broadcasts with y's, optional
        The points at which they are taken.
    dx : number, optional
        The distance of neighbours, in place of x.  Default: 1.
    dim : int
        The dimension to integrate along.

    Returns
    -------
    Tensor, of y's shape without `dim`

    Raises
    ------
    RuntimeError, IndexError
        If x and dx are both given, x does not fit y, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> y = autograd.tensor([1.0, 2.0, 3.0])
    >>> autograd.trapezoid(y), autograd.trapezoid(y, autograd.tensor([0.0, 1.0, 3.0]))
    (tensor(4.), tensor(6.5000))
    """
    strips = _strips("trapezoid", y, x, dx, dim)
    return sum(strips, dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """Running integral along a dimension by the trapezoidal rule, from the first point to each later one.

    Parameters
    ----------
    y : Tensor, any shape
        Values of the function.
    x : Tensor, (n,) or a shape that broadcasts with y's, optional
        The points at which they are taken.
    dx : number, optional
        The distance of neighbours, in place of x.  Default: 1.
    dim : int
        The dimension to integrate along.

    Returns
    -------
    Tensor, of y's shape but for `dim`, which is one shorter

    Raises
    ------
    RuntimeError, IndexError
        If x and dx are both given, x does not fit y, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.cumulative_trapezoid(autograd.tensor([1.0, 2.0, 3.0]))
    tensor([1.5000, 4.0000])
    """
    strips = _strips("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(strips, dim)


# ── rows ───────────────────────────────────────────────────────────────────────────────


def _row_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    return Sample((draw.tensor(*shape),), {"dim": draw.size(0, len(shape) - 1)})


def _kept_sample(draw: Draw) -> Sample:
    drawn = _row_sample(draw)
    return Sample(drawn.inputs, {**drawn.params, "keepdim": draw.choice(False, True)})


def _mean_sample(draw: Draw) -> Sample:
    drawn = dims_sample(draw)
    shape = [max(1, n) if d in drawn.params["dim"] else n for d, n in enumerate(drawn.inputs[0].shape)]
    return Sample((draw.tensor(*shape),), drawn.params)  # the mean of no elements is NaN


def _running(x: Array, dim: int, combine: Callable[[Any, Any], Any]) -> Array:
    y = x.copy()
    rows = np.moveaxis(y, dim, 0)
    for i in range(1, len(rows)):
        rows[i] = combine(rows[i - 1], rows[i])
    return y


def _prod_reference(x: Array, *, dim: int, keepdim: bool) -> Array:
    x = x if x.dtype.kind in "fc" else x.astype(np.int64)
    return np.asarray(x.prod(axis=dim, keepdims=keepdim, dtype=x.dtype))


def _renorm_reference(x: Array, *, p: float, dim: int, maxnorm: float) -> Array:
    rows = np.moveaxis(x, dim, 0)
    result = [
        row * (maxnorm / (s + 1e-7) if (s := (np.abs(row) ** p).sum() ** (1 / p)) > maxnorm else 1) for row in rows
    ]
    return np.moveaxis(np.array(result, x.dtype).reshape(rows.shape), 0, dim)


composite_row(
    "prod",
    prod,
    _prod_reference,
    _kept_sample,
    BadSample((np.ones(3),), {"dim": 1}, IndexError, ("prod", "dim 1")),
)
composite_row(
    "cumprod",
    cumprod,
    lambda x, *, dim: _running(x if x.dtype.kind in "fc" else x.astype(np.int64), dim, np.multiply),
    _row_sample,
    BadSample((np.ones(3),), {"dim": 1}, IndexError, ("cumprod", "dim 1")),
)
composite_row(
    "logcumsumexp",
    logcumsumexp,
    lambda x, *, dim: _running(x, dim, np.logaddexp),
    _row_sample,
    BadSample((np.ones(3, int),), {"dim": 0}, TypeError, ("logcumsumexp", "int64")),
)
composite_row(
    "nansum",
    nansum,
    lambda x, *, dim, keepdim: np.nansum(x if x.dtype.kind in "fc" else x.astype(np.int64), axis=dim, keepdims=keepdim),
    dims_sample,
    kind="multilinear",
)
composite_row(
    "nanmean",
    nanmean,
    lambda x, *, dim, keepdim: (
        np.nansum(x, axis=dim, keepdims=keepdim) / np.sum(~np.isnan(x), axis=dim, keepdims=keepdim).astype(x.dtype)
    ),
    _mean_sample,
    BadSample((np.ones(3, int),), {}, TypeError, ("nanmean", "int64")),
)
composite_row(
    "renorm",
    renorm,
    _renorm_reference,
    lambda draw: Sample(
        (draw.tensor(draw.size(0, 3), draw.size(0, 3), low=0.5),), {"p": 2, "dim": draw.size(0, 1), "maxnorm": 1.23456}
    ),
    BadSample((np.ones(3),), {"p": 2, "dim": 0, "maxnorm": 1}, RuntimeError, ("renorm", "1 dimensions")),
)
composite_row(
    "diff",
    diff,
    lambda x, *, dim, n: np.diff(x, n, dim),
    lambda draw: Sample((s := _row_sample(draw)).inputs, {**s.params, "n": draw.size(0, 2)}),
    BadSample((np.ones(3),), {"n": -1}, RuntimeError, ("diff", "n is -1")),
    BadSample((np.ones(()),), {}, RuntimeError, ("diff", "no dimensions")),
    kind="multilinear",
)
composite_row(
    "trapezoid",
    trapezoid,
    lambda y, x: np.sum((y[..., 1:] + y[..., :-1]) * (x[1:] - x[:-1]) / 2, -1),
    lambda draw: Sample((draw.tensor(*draw.shape(0, 1, least=0), n := draw.size(1, 4)), draw.tensor(n))),
    BadSample((np.ones(3), np.ones(4)), {}, RuntimeError, ("trapezoid", "4 points")),
)
composite_row(
    "cumulative_trapezoid",
    cumulative_trapezoid,
    lambda y, x: np.cumsum((y[..., 1:] + y[..., :-1]) * (x[1:] - x[:-1]) / 2, -1),
    lambda draw: Sample((draw.tensor(*draw.shape(0, 1, least=0), n := draw.size(1, 4)), draw.tensor(n))),
    BadSample((np.ones(3), np.ones(4)), {}, RuntimeError, ("cumulative_trapezoid", "4 points")),
)
