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
    input : Tensor
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.
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
    input : Tensor
    dim : int
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.
    """
    check_arrays("cumprod", input=input)
    return _scan("cumprod", _to_product_dtype(input, dtype), dim, mul)


@in_float32
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Logarithm of the cumulative sum of exponentials along a dimension, computed without overflow."""
    check_arrays("logcumsumexp", input=input)
    check_float("logcumsumexp", input)
    return _scan("logcumsumexp", input, dim, logaddexp)


# ── sums, counts and moments ───────────────────────────────────────────────────────────


def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum of the elements that are not NaN.  Parameters as for `sum`."""
    check_arrays("nansum", input=input)
    return sum(where(isnan(input), input.dtype.type(0), input), dim, keepdim, dtype=dtype)


def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Mean of the elements that are not NaN, NaN if there is none.  Parameters as for `mean`."""
    check_arrays("nanmean", input=input)
    check_float("nanmean", input)
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / to(sum(~isnan(input), dim, keepdim), total.dtype)


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """Number of elements that are not 0, along `dim` or of all dimensions, as int64."""
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
    """Variance and mean along dimensions.  Parameters as for `var`."""
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
    """Standard deviation and mean along dimensions.  Parameters as for `std`."""
    of = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, of, keepdim)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """Minimum and maximum of all elements, or along a dimension.

    Returns
    -------
    named tuple (min, max)
    """
    check_arrays("aminmax", input=input)
    dims = () if dim is None else (dim_of("aminmax", dim, input.ndim),)
    if dim is None and 0 in input.shape:
        raise RuntimeError(f"aminmax: shape {tuple(input.shape)} has no elements; give a dim that is not empty")
    return MinMax(amin(input, dims, keepdim), amax(input, dims, keepdim))


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other.  Shapes broadcast."""
    check_arrays("dist", input=input, other=other)
    return norm(input - other, p)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale down each slice along a dimension whose p-norm is above `maxnorm`, to that norm.

    Parameters
    ----------
    input : Tensor of float, of 2 dimensions or more
    p : number
        The kind of norm.
    dim : int
        The slices are input[i] along this dimension.
    maxnorm : float

    Raises
    ------
    RuntimeError
        If input has less than 2 dimensions, or p or maxnorm is not positive.
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
    input : Tensor
    n : int
        How often differences are taken, at least 0.  For 0 the result is a copy of input.
    dim : int
    prepend, append : Tensor, optional
        What to put before and after input along the dimension.

    Returns
    -------
    Tensor
        Its dimension `dim` is n shorter.  Differences of bools are bools: whether the two differ.
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
    """Integral along a dimension by the trapezoidal rule.

    Parameters
    ----------
    y : Tensor
        Values of the function.
    x : Tensor, optional
        Where they are: (n,), or a shape that broadcasts with y's.
    dx : number, optional
        The distance of neighbours, in place of x.  Default: 1.
    dim : int
    """
    strips = _strips("trapezoid", y, x, dx, dim)
    return sum(strips, dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """Running integral along a dimension by the trapezoidal rule, one element shorter than y.  See `trapezoid`."""
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
