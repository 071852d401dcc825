"""Sorting, the k largest, unique values, and counting in bins.

    y = x in another order along a dimension          dx = g, put back

Orders are found with NumPy, and the elements are taken by `gather`, which has the gradient.  What counts has none.
Equal elements keep their order, also if `stable` is not asked for.  NaN counts as larger than all other numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import clone
from autograd.ops.gather import gather
from autograd.ops.shape import reshape
from autograd.ops.shared.composed import composed, ones
from autograd.ops.shared.dims import dim_of, ndim_of
from autograd.promotion import FLOATING
from autograd.types import Array, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class Ordered(NamedTuple):
    """Elements in order, and where each was."""

    values: Tensor
    indices: Tensor


class Histogram(NamedTuple):
    """The count of each bin, and the edges between bins."""

    hist: Tensor
    bin_edges: Tensor


def _row(name: str, forward: Callable, reference: Callable, sample: Callable, *bad: BadSample, **more: Any) -> Op:
    """A row without gradient."""
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


# ── in order ───────────────────────────────────────────────────────────────────────────


def _order(x: Array, *, dim: int, descending: bool, stable: bool = True) -> Array:
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, dim, kind="stable")
    # equal elements in their order: sort the reverse, and count from its end
    reverse = np.flip(np.argsort(np.flip(x, dim), dim, kind="stable"), dim)
    return x.shape[dim] - 1 - reverse


def _order_reference(x: Array, *, dim: int, descending: bool, stable: bool = True) -> Array:
    y = np.zeros(x.shape, np.int64)
    if x.ndim:
        rows, places = np.moveaxis(x, dim, -1), np.moveaxis(y, dim, -1)
        for i in np.ndindex(*rows.shape[:-1]):
            key: Callable[[int], Any] = lambda k: (rows[i][k] != rows[i][k], rows[i][k])  # noqa: B023, E731
            places[i] = sorted(range(rows.shape[-1]), key=key) if not descending else _falling(rows[i])
    return y


def _falling(row: Array) -> list[int]:
    order: list[int] = []
    for k in range(len(row)):
        before = (
            [j for j in order if row[j] != row[j] or row[j] >= row[k]]
            if row[k] == row[k]
            else [j for j in order if row[j] != row[j]]
        )
        order.insert(len(before), k)
    return order


def _order_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0, most=4)
    params = {"dim": draw.size(0, len(shape) - 1), "descending": draw.choice(False, True), "stable": True}
    return Sample((draw.tensor(*shape),), params)


_argsort_op = _row("argsort", _order, _order_reference, _order_sample)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort a tensor along a dimension.  NaN is larger than all other numbers.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which to sort.
    descending : bool
        Whether the largest comes first.
    stable : bool
        Equal elements keep their order.  They always do.

    Returns
    -------
    Tensor of int64, of input's shape

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.argsort(autograd.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    dim = dim_of("argsort", dim, ndim_of("argsort", input))
    return _argsort_op(input, dim=dim, descending=bool(descending), stable=True)


def _taken(input: Tensor, dim: int, indices: Tensor) -> Tensor:
    return gather(input, dim, indices) if input.ndim else clone(input)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Ordered:
    """Sort a tensor along a dimension.  NaN is larger than all other numbers.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which to sort.
    descending : bool
        Whether the largest comes first.
    stable : bool
        Equal elements keep their order.  They always do.

    Returns
    -------
    values, indices : Tensor, of input's shape
        The elements in order, and the index of each along `dim`, int64.

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.sort(autograd.tensor([3, 1, 2]))
    Ordered(values=tensor([1, 2, 3]), indices=tensor([1, 2, 0]))
    """
    dim = dim_of("sort", dim, ndim_of("sort", input))
    indices = argsort(input, dim, descending)
    return Ordered(_taken(input, dim, indices), indices)


def msort(input: Tensor) -> Tensor:
    """Sort a tensor along its first dimension, the smallest first.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.msort(autograd.tensor([[3, 1], [2, 5]]))
    tensor([[2, 1],
            [3, 5]])
    """
    return sort(input, 0).values


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Ordered:
    """The k largest elements along a dimension, or the smallest, in order.

    Parameters
    ----------
    input : Tensor, any shape
    k : int
        At most the size of the dimension.
    dim : int
        The dimension along which to compare.
    largest : bool
        Whether to return the largest.
    sorted : bool
        The result is in order in either case.

    Returns
    -------
    values, indices : Tensor, of input's shape with size k in `dim`
        The elements, and the index of each along `dim`, int64.

    Raises
    ------
    RuntimeError
        If there are fewer than k elements.
    TypeError, IndexError
        If k is no whole number, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.topk(autograd.tensor([3, 1, 4, 2]), 2)
    Ordered(values=tensor([4, 3]), indices=tensor([2, 0]))
    """
    dim = dim_of("topk", dim, ndim_of("topk", input))
    size = input.shape[dim] if input.ndim else 1
    if not isinstance(k, int | np.integer):
        raise TypeError(f"topk: k is {k!r}; expects a whole number")
    if not 0 <= k <= size:
        raise RuntimeError(
            f"topk: k is {k}; it must be from 0 to {size}, the size of dim {dim} of {tuple(input.shape)}"
        )
    indices = argsort(input, dim, largest)
    if input.ndim:
        indices = indices[(*[slice(None)] * dim, slice(0, int(k)))]
    return Ordered(_taken(input, dim, indices), indices)


# ── unique values ──────────────────────────────────────────────────────────────────────


def _unique_results(
    values: Array, inverse: Array, counts: Array, return_inverse: bool, return_counts: bool
) -> tuple[Array, ...]:
    return (
        values,
        *((inverse.astype(np.int64),) if return_inverse else ()),
        *((counts.astype(np.int64),) if return_counts else ()),
    )


def _unique_forward(x: Array, *, dim: int | None, return_inverse: bool, return_counts: bool) -> tuple[Array, ...]:
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    inverse = inverse.reshape(x.shape) if dim is None else inverse.reshape(-1)
    return _unique_results(values, inverse, counts, return_inverse, return_counts)


def _stacked(slices: list[Any], x: Array, dim: int) -> Array:
    """The slices along a dimension.  Without any, an empty array of the right shape."""
    return np.stack(slices, dim) if slices else x.take([], dim)


def _unique_reference(x: Array, *, dim: int | None, return_inverse: bool, return_counts: bool) -> tuple[Array, ...]:
    parts = [np.asarray(part) for part in (x.ravel() if dim is None else np.moveaxis(x, dim, 0))]
    keys = [tuple(part.ravel().tolist()) for part in parts]
    known = _sorted_keys(keys)
    inverse = np.array([known.index(key) for key in keys], np.int64)
    counts = np.bincount(inverse, minlength=len(known))
    first = [parts[keys.index(key)] for key in known]
    if dim is None:
        return _unique_results(
            np.array(first, x.dtype), inverse.reshape(x.shape), counts, return_inverse, return_counts
        )
    return _unique_results(_stacked(first, x, dim), inverse, counts, return_inverse, return_counts)


def _sorted_keys(keys: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The distinct keys in order; every NaN is distinct, and last."""
    known: list[tuple[Any, ...]] = []
    for key in sorted(keys, key=lambda key: [(value != value, value) for value in key]):
        if not known or known[-1] != key or any(value != value for value in key):
            known.append(key)
    return known


def _unique_sample(draw: Draw) -> Sample:
    shape = draw.shape(2, 2, least=0)
    options = {"return_inverse": draw.choice(False, True), "return_counts": draw.choice(False, True)}
    return Sample((draw.index(shape, 3) / 2,), {"dim": draw.choice(None, 0, 1) if 0 not in shape else None, **options})


_unique_op = _row("unique", _unique_forward, _unique_reference, _unique_sample)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """The distinct elements of a tensor, or its distinct slices along `dim`, in order.

    Parameters
    ----------
    input : Tensor, any shape
    sorted : bool
        They are in order in either case.
    return_inverse : bool
        Also return, for each element or slice of input, which of them it is.
    return_counts : bool
        Also return how often each occurs.
    dim : int, optional
        Compare slices along this dimension.  Default: single elements.

    Returns
    -------
    Tensor, (K,), or of input's shape with size K in `dim`
        Or a tuple of it, the inverse and the counts, both int64, where asked for.

    Raises
    ------
    IndexError, RuntimeError
        If there is no such dimension, or its size and another one are 0.

    Examples
    --------
    >>> import autograd
    >>> autograd.unique(autograd.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    ndim = ndim_of("unique", input)
    chosen = None if dim is None else dim_of("unique", dim, ndim)
    if (
        chosen is not None
        and input.shape
        and not input.shape[chosen]
        and 0 in (*input.shape[:chosen], *input.shape[chosen + 1 :])
    ):
        raise RuntimeError(
            f"unique: dim {dim} of shape {tuple(input.shape)}, which has other sizes of 0, has no slices"
        )
    found = _unique_op(
        input, dim=chosen if ndim else None, return_inverse=bool(return_inverse), return_counts=bool(return_counts)
    )
    return found if len(found) > 1 else found[0]


def _runs_forward(x: Array, *, dim: int | None, return_inverse: bool, return_counts: bool) -> tuple[Array, ...]:
    rows = (
        x.reshape(-1, 1)
        if dim is None
        else np.moveaxis(x, dim, 0).reshape(x.shape[dim], x.size // max(1, x.shape[dim]))
    )
    starts = np.ones(len(rows), bool)
    starts[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    first = np.flatnonzero(starts)
    values = x.reshape(-1)[first] if dim is None else np.take(x, first, dim)
    inverse = np.cumsum(starts) - 1
    counts = np.diff([*first, len(rows)])
    return _unique_results(
        values, inverse.reshape(x.shape) if dim is None else inverse, counts, return_inverse, return_counts
    )


def _runs_reference(x: Array, *, dim: int | None, return_inverse: bool, return_counts: bool) -> tuple[Array, ...]:
    parts = list(x.ravel() if dim is None else np.moveaxis(x, dim, 0))
    kept: list[Any] = []
    inverse: list[int] = []
    counts: list[int] = []
    for part in parts:
        if kept and np.array_equal(kept[-1], part):
            counts[-1] += 1
        else:
            kept.append(part)
            counts.append(1)
        inverse.append(len(kept) - 1)
    values = np.array(kept, x.dtype) if dim is None else _stacked(kept, x, dim)
    places = np.array(inverse, np.int64)
    return _unique_results(
        values,
        places.reshape(x.shape) if dim is None else places,
        np.array(counts, np.int64),
        return_inverse,
        return_counts,
    )


_unique_consecutive_op = _row("unique_consecutive", _runs_forward, _runs_reference, _unique_sample)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Tensor | tuple[Tensor, ...]:
    """The elements, or slices along `dim`, that differ from the one before.

    Parameters
    ----------
    input : Tensor, any shape
    return_inverse : bool
        Also return, for each element or slice of input, which of them it is.
    return_counts : bool
        Also return how often each is repeated.
    dim : int, optional
        Compare slices along this dimension.  Default: single elements, in row-major order.

    Returns
    -------
    Tensor, (K,), or of input's shape with size K in `dim`
        Or a tuple of it, the inverse and the counts, both int64, where asked for.

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.unique_consecutive(autograd.tensor([7, 7, 5, 7]), return_counts=True)
    (tensor([7, 5, 7]), tensor([2, 1, 1]))
    """
    ndim = ndim_of("unique_consecutive", input)
    chosen = None if dim is None else dim_of("unique_consecutive", dim, ndim)
    found = _unique_consecutive_op(
        input, dim=chosen if ndim else None, return_inverse=bool(return_inverse), return_counts=bool(return_counts)
    )
    return found if len(found) > 1 else found[0]


# ── places in a sorted sequence ────────────────────────────────────────────────────────


def _search_forward(ordered: Array, x: Array, *, right: bool, out_int32: bool) -> Array:
    side = "right" if right else "left"
    if ordered.ndim <= 1:
        found: Any = np.searchsorted(ordered, x, side)  # type: ignore[call-overload]
    else:
        found = np.empty(x.shape, np.int64)
        for i in np.ndindex(*ordered.shape[:-1]):
            found[i] = np.searchsorted(ordered[i], x[i], side)  # type: ignore[call-overload]
    return np.asarray(found).astype(np.int32 if out_int32 else np.int64)


def _search_reference(ordered: Array, x: Array, *, right: bool, out_int32: bool) -> Array:
    rows = ordered if ordered.ndim > 1 else np.broadcast_to(ordered, (*x.shape[:-1], len(ordered)))
    found = np.zeros(x.shape, np.int32 if out_int32 else np.int64)
    for i in np.ndindex(*x.shape):
        row, value = rows[i[:-1]], x[i]
        found[i] = sum(_before(a, value, right) for a in row)
    return found


def _before(a: Any, value: Any, right: bool) -> bool:
    """Whether a sorts before the value; NaN sorts last."""
    if a != a or value != value:
        return bool((value != value) and (right or a == a))
    return bool(a <= value if right else a < value)


def _search_sample(draw: Draw) -> Sample:
    rows, n, m = draw.size(1, 3), draw.size(0, 4), draw.size(0, 3)
    ordered = np.sort(draw.index(draw.choice((rows, n), (n,)), 5), axis=-1)
    return Sample(
        (ordered, draw.index((rows, m), 6)),
        {"right": draw.choice(False, True), "out_int32": draw.choice(False, True)},
    )


_searchsorted_op = _row("searchsorted", _search_forward, _search_reference, _search_sample)


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Number,
    *,
    out_int32: bool = False,
    right: bool | None = None,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each element would be inserted into a sorted sequence to keep it sorted.

    Parameters
    ----------
    sorted_sequence : Tensor, (N,) or (…, N)
        Ascending along its last dimension, unless a sorter is given.
    input : Tensor of any shape for a vector, else (…, M); or a number
        Of the sequence's dtype.
    out_int32 : bool
        Return int32 instead of int64.
    right : bool
        Insert after equal elements, instead of before them.
    side : "left" or "right"
        The same as `right`.
    sorter : Tensor of int64, of the sequence's shape, optional
        The indices that sort the sequence.

    Returns
    -------
    Tensor of int64 or int32, of input's shape

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit, or side and right say different things.
    TypeError
        If input is neither a tensor nor a number.

    Examples
    --------
    >>> import autograd
    >>> autograd.searchsorted(autograd.tensor([1, 3, 5]), autograd.tensor([3, 4]))
    tensor([1, 2])
    >>> autograd.searchsorted(autograd.tensor([1, 3, 5]), 3, right=True)
    tensor(2)
    """
    name = "searchsorted"
    check_arrays(name, sorted_sequence=sorted_sequence)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"{name}: side is {side!r}; expects left or right")
    if side is not None and right is not None and right != (side == "right"):
        raise RuntimeError(f"{name}: side {side!r} and right={right} say different things; give one")
    if not hasattr(input, "ndim"):
        if isinstance(input, bool) or not isinstance(input, int | float):
            raise TypeError(f"{name}: input is a {type(input).__name__}; expects a tensor or a number")
        if sorted_sequence.ndim != 1:
            raise RuntimeError(f"{name}: a number is searched in a vector, not in shape {tuple(sorted_sequence.shape)}")
        values: Any = np.asarray(input).astype(
            sorted_sequence.dtype if isinstance(input, int) or sorted_sequence.dtype.kind in FLOATING else float
        )
    else:
        values = input
        if sorted_sequence.ndim != 1 and tuple(sorted_sequence.shape[:-1]) != tuple(values.shape[:-1]):
            raise RuntimeError(
                f"{name}: shapes {tuple(sorted_sequence.shape)} and {tuple(values.shape)} must be equal but in "
                "the last dimension"
            )
        if sorted_sequence.dtype != values.dtype:
            raise RuntimeError(f"{name}: the sequence is {sorted_sequence.dtype} and input {values.dtype}; convert one")
    if sorted_sequence.ndim == 0:
        raise RuntimeError(f"{name}: the sequence has no dimensions; expects a vector")
    if sorter is not None:
        if tuple(sorter.shape) != tuple(sorted_sequence.shape):
            raise RuntimeError(
                f"{name}: sorter has shape {tuple(sorter.shape)}; it must have the sequence's, "
                f"{tuple(sorted_sequence.shape)}"
            )
        if sorter.dtype != np.int64:
            raise RuntimeError(f"{name}: sorter is {sorter.dtype}; expects int64")
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    after = right if side is None else side == "right"
    return _searchsorted_op(sorted_sequence, values, right=bool(after), out_int32=bool(out_int32))


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The bucket of each element: the number of boundaries below it, or at most as large if `right` is true.

    Parameters
    ----------
    input : Tensor of any shape, or number
    boundaries : Tensor, (N,)
        Ascending.
    out_int32 : bool
        Return int32 instead of int64.
    right : bool
        Whether an element that equals a boundary is in the bucket after it.

    Returns
    -------
    Tensor of int64 or int32, of input's shape
        From 0 to N.

    Raises
    ------
    RuntimeError, TypeError
        If boundaries is no vector, or no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.bucketize(autograd.tensor([0.5, 1.0, 9.0]), autograd.tensor([1.0, 2.0]))
    tensor([0, 0, 2])
    >>> autograd.bucketize(autograd.tensor([0.5, 1.0, 9.0]), autograd.tensor([1.0, 2.0]), right=True)
    tensor([0, 1, 2])
    """
    check_arrays("bucketize", **{} if isinstance(input, int | float) else {"input": input}, boundaries=boundaries)
    if boundaries.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries has shape {tuple(boundaries.shape)}; expects a vector")
    if hasattr(input, "ndim") and input.dtype != boundaries.dtype:
        wide = np.promote_types(input.dtype, boundaries.dtype)
        return searchsorted(_as(boundaries, wide), _as(input, wide), out_int32=out_int32, right=right)
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def _as(x: Any, dtype: np.dtype) -> Any:
    return x.astype(dtype) if isinstance(x, np.ndarray) else x.to(dtype)


composed(
    bucketize,
    lambda x, boundaries, *, right: _search_reference(boundaries, x, right=right, out_int32=False),
    lambda draw: Sample(
        (draw.index(draw.shape(1, 2, least=0), 6), np.sort(draw.index((draw.size(0, 3),), 5))),
        {"right": draw.choice(False, True)},
    ),
    ((ones(2), ones(2, 2)), {}, RuntimeError, ("(2, 2)", "vector")),
    kind="discrete",
)


# ── counting ───────────────────────────────────────────────────────────────────────────


def _bincount_check(x: Array, weights: Array | None, *, minlength: int) -> None:
    if x.dtype.kind not in "iu" or x.ndim != 1:
        raise RuntimeError(f"bincount: expects a vector of integers, got {x.dtype} of shape {x.shape}")
    if (x < 0).any():
        raise RuntimeError(f"bincount: {x.min()} is negative; expects integers of at least 0")
    if weights is not None and weights.shape != x.shape:
        raise RuntimeError(f"bincount: weights have shape {weights.shape}; they must have the input's, {x.shape}")
    if minlength < 0:
        raise RuntimeError(f"bincount: minlength is {minlength}; it must be at least 0")


def _bincount_reference(x: Array, weights: Array | None, *, minlength: int) -> Array:
    kept: Any = np.int64
    if weights is not None and x.size:  # sums of nothing are int64, in NumPy and PyTorch
        kept = weights.dtype if weights.dtype.kind == "f" else np.float64
    counts = np.zeros(max([minlength, *(x.astype(np.int64) + 1).tolist()]), kept)
    for i, weight in zip(x.tolist(), np.ones(len(x)) if weights is None else weights, strict=True):
        counts[i] += weight
    return counts


def _bincount_forward(x: Array, weights: Array | None, *, minlength: int) -> Array:
    counts = np.bincount(x.astype(np.int64), weights, minlength)
    if weights is None or not x.size or weights.dtype.kind != "f":
        return counts
    return counts.astype(weights.dtype)


def _bincount_sample(draw: Draw) -> Sample:
    n = draw.size(0, 4)
    return Sample((draw.index((n,), 4), draw.choice(None, draw.tensor(n))), {"minlength": draw.choice(0, 6)})


_bincount_op = _row(
    "bincount",
    _bincount_forward,
    _bincount_reference,
    _bincount_sample,
    BadSample((np.array([-1]), None), {"minlength": 0}, RuntimeError, ("bincount", "-1")),
    BadSample((np.ones(2), None), {"minlength": 0}, RuntimeError, ("bincount", "float64")),
    BadSample((np.array([1]), np.ones(2)), {"minlength": 0}, RuntimeError, ("bincount", "(2,)", "(1,)")),
    check=_bincount_check,
)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """Count how often each of 0, 1, 2 … occurs, or add up the weights of each.

    Parameters
    ----------
    input : Tensor of int, (N,)
        At least 0.
    weights : Tensor, (N,), optional
        Added up instead of ones.
    minlength : int
        Least size of the result.

    Returns
    -------
    Tensor, (K,)
        K is the largest element plus 1, or minlength if that is more.  Its dtype is int64 without weights or elements;
        else that of the weights, or float64 for integers.

    Raises
    ------
    RuntimeError
        If input is no vector of integers of at least 0, weights has another shape, or minlength is negative.

    Examples
    --------
    >>> import autograd
    >>> autograd.bincount(autograd.tensor([2, 0, 2]))
    tensor([1, 0, 2])
    >>> autograd.bincount(autograd.tensor([2, 0, 2]), autograd.tensor([0.5, 1.0, 2.0]))
    tensor([1.0000, 0.0000, 2.5000])
    """
    check_arrays("bincount", input=input)
    return _bincount_op(input, weights, minlength=minlength)


def _bounds(x: Array, low: float, high: float, name: str, margin: float = 1) -> tuple[float, float]:
    """The range of the bins: that of the elements for two equal bounds, and a margin if they are all equal."""
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - margin, high + margin
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}: the range from {low} to {high} is not finite")
    if low > high:
        raise RuntimeError(f"{name}: the range from {low} to {high} is empty; max must be at least min")
    return low, high


def _histc_check(x: Array, *, bins: int, min: float, max: float) -> None:
    if not isinstance(bins, int | np.integer):
        raise TypeError(f"histc: bins is {bins!r}; expects a whole number")
    if bins < 1:
        raise RuntimeError(f"histc: bins is {bins}; it must be at least 1")
    if x.dtype.kind == "b":
        raise RuntimeError("histc: expects numbers, got bool; convert with .int()")
    _bounds(x, min, max, "histc")


def _histc_forward(x: Array, *, bins: int, min: float, max: float) -> Array:
    low, high = _bounds(x, min, max, "histc")
    numbers = x.reshape(-1).astype(np.float64)
    inside = numbers[(numbers >= low) & (numbers <= high)]
    places = np.minimum(((inside - low) / (high - low) * bins).astype(np.int64), bins - 1)
    return np.bincount(places, minlength=bins).astype(x.dtype)


def _histc_reference(x: Array, *, bins: int, min: float, max: float) -> Array:
    low, high = _bounds(x, min, max, "histc")
    counts = np.zeros(bins, x.dtype)
    for value in x.ravel().astype(np.float64).tolist():
        if low <= value <= high:
            place = int((value - low) / (high - low) * bins)
            counts[bins - 1 if place >= bins else place] += 1
    return counts


_histc_op = _row(
    "histc",
    _histc_forward,
    _histc_reference,
    lambda draw: Sample(
        (draw.index(draw.shape(1, 2, least=0), 9) / 2,),
        {"bins": draw.size(1, 4), "min": draw.choice(0, 1), "max": draw.choice(2, 3)},
    ),
    BadSample((np.ones(2),), {"bins": 0, "min": 0, "max": 1}, RuntimeError, ("histc", "bins is 0")),
    BadSample((np.ones(2),), {"bins": 2.5, "min": 0, "max": 1}, TypeError, ("histc", "bins is 2.5")),
    BadSample((np.ones(2),), {"bins": 1, "min": 2, "max": 1}, RuntimeError, ("histc", "from 2 to 1")),
    check=_histc_check,
)


def histc(input: Tensor, bins: int = 100, min: Number = 0, max: Number = 0) -> Tensor:
    """Count the elements in intervals of equal width between min and max.  Elements outside are not counted.

    Parameters
    ----------
    input : Tensor, any shape
        Not of bool.
    bins : int
        Number of intervals, at least 1.  The last one includes max.
    min, max : number
        The range.  If they are equal, it is that of the elements.

    Returns
    -------
    Tensor, (bins,)
        Of input's dtype.

    Raises
    ------
    RuntimeError
        If bins is below 1, max is below min, the range is not finite, or input is of bool.
    TypeError
        If bins is no whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.histc(autograd.tensor([1.0, 2.0, 2.5, 9.0]), bins=2, min=0, max=4)
    tensor([1., 2.])
    """
    check_arrays("histc", input=input)
    return _histc_op(input, bins=bins, min=min, max=max)


def histogram(
    input: Tensor,
    bins: Any,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Histogram:
    """Count the elements, or add up their weights, in intervals.

    Parameters
    ----------
    input : Tensor of float, any shape
    bins : int, or Tensor (N + 1,)
        Number of intervals of equal width, or the edges between them, ascending.  The last interval includes its end.
    range : (float, float), optional
        Lowest and highest edge.  Default: the least and largest element.
    weight : Tensor, of the input's shape, optional
        Added up instead of ones.
    density : bool
        Divide by the total and by the width of each interval.

    Returns
    -------
    hist, bin_edges : Tensor, (N,) and (N + 1,)
        In input's dtype.

    Raises
    ------
    RuntimeError
        If bins, range or weight do not fit, or input is not of floats.
    TypeError
        If bins is neither a whole number nor a tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.histogram(autograd.tensor([1.0, 2.0, 2.5, 9.0]), autograd.tensor([0.0, 2.0, 4.0]))
    Histogram(hist=tensor([1., 2.]), bin_edges=tensor([0., 2., 4.]))
    """
    name = "histogram"
    check_arrays(name, input=input)
    if input.dtype.kind not in FLOATING:
        raise RuntimeError(f"{name}: expects floats, got {input.dtype}; convert with .float()")
    x = np.asarray(getattr(input, "array", input))
    edges: Any
    if hasattr(bins, "ndim"):
        if bins.ndim != 1 or bins.dtype != input.dtype:
            raise RuntimeError(
                f"{name}: bins is {bins.dtype} of shape {tuple(bins.shape)}; expects a vector of {input.dtype}"
            )
        edges = np.asarray(getattr(bins, "array", bins))
        if not edges.size:
            raise RuntimeError(f"{name}: bins has no elements; expects at least one edge")
        if range is not None:
            raise RuntimeError(f"{name}: bins names all edges, so there is no range to give")
    else:
        if not isinstance(bins, int | np.integer):
            raise TypeError(f"{name}: bins is {bins!r}; expects a whole number, or a tensor of edges")
        if bins < 1:
            raise RuntimeError(f"{name}: bins is {bins}; it must be at least 1")
        low, high = _bounds(x, *(range or (0.0, 0.0)), name=name, margin=0.5) if x.size or range else (0.0, 1.0)
        edges = np.linspace(low, high, bins + 1).astype(x.dtype)
    if weight is not None and (tuple(weight.shape) != x.shape or weight.dtype != input.dtype):
        raise RuntimeError(
            f"{name}: weight is {weight.dtype} of shape {tuple(weight.shape)}; it must be {input.dtype} of "
            f"shape {x.shape}"
        )
    hist, edges = _histogram_op(input, edges, weight, density=bool(density))
    return Histogram(hist, edges)


def _histogram_forward(x: Array, edges: Array, weight: Array | None, *, density: bool) -> tuple[Array, Array]:
    numbers = x.reshape(-1)
    inside = (numbers >= edges[0]) & (numbers <= edges[-1])
    places = np.minimum(np.searchsorted(edges, numbers[inside], "right") - 1, len(edges) - 2)
    weights = None if weight is None else weight.reshape(-1)[inside]
    hist = np.bincount(places, weights, len(edges) - 1).astype(x.dtype) if len(edges) > 1 else np.zeros(0, x.dtype)
    if density:
        hist = hist / hist.sum() / np.diff(edges)
    return hist.astype(x.dtype), edges.copy()


def _histogram_reference(x: Array, edges: Array, weight: Array | None, *, density: bool) -> tuple[Array, Array]:
    hist = np.zeros(len(edges) - 1)
    for value, w in zip(x.ravel(), np.ones(x.size) if weight is None else weight.ravel(), strict=True):
        for k in range(len(hist)):
            last = k == len(hist) - 1
            if edges[k] <= value < edges[k + 1] or (last and value == edges[-1]):
                hist[k] += w
                break
    if density:
        hist = hist / hist.sum() / np.diff(edges)
    return hist.astype(x.dtype), edges.copy()


def _histogram_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 2, least=0)
    edges = np.cumsum([0, *(1 + draw.index((draw.size(1, 3),), 2))])
    weight = draw.choice(None, 1.0 + draw.index(shape, 3))
    return Sample((draw.index(shape, 6) / 2, edges, weight), {"density": False})


_histogram_op = _row("histogram", _histogram_forward, _histogram_reference, _histogram_sample)


# ── which elements ─────────────────────────────────────────────────────────────────────


def _isin_reference(x: Array, y: Array, *, invert: bool) -> Array:
    found = [any(bool(a == b) for b in y.ravel()) for a in x.ravel()]
    return np.array(found, bool).reshape(x.shape) != invert


_isin_op = _row(
    "isin",
    lambda x, y, *, invert: np.isin(x, y, invert=invert),
    _isin_reference,
    lambda draw: Sample(
        (draw.index(draw.shape(0, 2, least=0), 4) / 2, draw.index(draw.shape(0, 2, least=0), 4) / 2),
        {"invert": draw.choice(False, True)},
    ),
    promotes="same",
)


def isin(
    elements: Tensor | Number, test_elements: Tensor | Number, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each element is among the test elements.

    Parameters
    ----------
    elements : Tensor of any shape, or number
    test_elements : Tensor of any shape, or number
        Not both are numbers.
    assume_unique : bool
        It has no effect.
    invert : bool
        Whether it is not among them.

    Returns
    -------
    Tensor of bool, of elements' shape

    Raises
    ------
    TypeError
        If both are numbers.

    Examples
    --------
    >>> import autograd
    >>> autograd.isin(autograd.tensor([1, 2, 3]), autograd.tensor([2, 5]))
    tensor([False,  True, False])
    """
    if not (hasattr(elements, "ndim") or hasattr(test_elements, "ndim")):
        raise TypeError("isin: expects a tensor as elements or as test_elements, got two numbers")
    return _isin_op(elements, test_elements, invert=bool(invert))


_argwhere_op = _row(
    "argwhere",
    lambda x: np.argwhere(x).astype(np.int64),
    lambda x: np.array(found := [i for i in np.ndindex(*x.shape) if x[i] != 0], np.int64).reshape(len(found), x.ndim),
    lambda draw: Sample((np.asarray(draw.index(draw.shape(0, 3, least=0), 2) / 2),)),
)


def argwhere(input: Tensor) -> Tensor:
    """The indices of all elements that are not 0, one in each row.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of int64, (N, D)
        For N elements that are not 0, and input of D dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.argwhere(autograd.tensor([[0, 5], [7, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    check_arrays("argwhere", input=input)
    return _argwhere_op(input)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """The indices of all elements that are not 0.

    Parameters
    ----------
    input : Tensor, of D dimensions
    as_tuple : bool
        Return D vectors, which are an index for input, instead of a matrix (N, D).

    Returns
    -------
    Tensor of int64, (N, D), or a tuple of D tensors (N,)

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([0, 5, 7])
    >>> autograd.nonzero(x)
    tensor([[1],
            [2]])
    >>> x[autograd.nonzero(x, as_tuple=True)]
    tensor([5, 7])
    """
    check_arrays("nonzero", input=input)
    found = argwhere(input if input.ndim or not as_tuple else reshape(input, (1,)))
    return tuple(found[:, d] for d in range(found.shape[1])) if as_tuple else found


composed(
    nonzero,
    lambda x: np.stack(np.nonzero(np.atleast_1d(x)), 1)[:, : x.ndim].astype(np.int64),
    lambda draw: Sample((np.asarray(draw.index(draw.shape(0, 3, least=0), 2) / 2),)),
    kind="discrete",
)


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` rows of `nonzero`, filled up if there are fewer: a result whose shape is known before.

    Parameters
    ----------
    input : Tensor, of D dimensions
    size : int
        Number of rows, at least 0.
    fill_value : int
        The indices in rows that are left over.

    Returns
    -------
    Tensor of int64, (size, D)

    Raises
    ------
    RuntimeError
        If size is negative.

    Examples
    --------
    >>> import autograd
    >>> autograd.nonzero_static(autograd.tensor([0, 5, 7]), size=3)
    tensor([[ 1],
            [ 2],
            [-1]])
    """
    check_arrays("nonzero_static", input=input)
    if size < 0:
        raise RuntimeError(f"nonzero_static: size is {size}; it must be at least 0")
    return _nonzero_static_op(input, size=size, fill_value=fill_value)


def _nonzero_static_forward(x: Array, *, size: int, fill_value: int) -> Array:
    y = np.full((size, x.ndim), fill_value, np.int64)
    rows = np.argwhere(x)[:size]
    y[: len(rows)] = rows
    return y


_nonzero_static_op = _row(
    "nonzero_static",
    _nonzero_static_forward,
    lambda x, *, size, fill_value: np.array(
        [*(i for i in np.ndindex(*x.shape) if x[i] != 0), *([(fill_value,) * x.ndim] * size)][:size], np.int64
    ).reshape(size, x.ndim),
    lambda draw: Sample(
        (np.asarray(draw.index(draw.shape(0, 2, least=0), 2) / 2),), {"size": draw.size(0, 4), "fill_value": -1}
    ),
)


# ── as rows ────────────────────────────────────────────────────────────────────────────


def _sorted_reference(x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    places = _order_reference(x, dim=dim, descending=descending)
    return np.take_along_axis(x, places, dim), places


def _sort_sample(draw: Draw) -> Sample:
    drawn = _order_sample(draw)
    return Sample(drawn.inputs, {name: drawn.params[name] for name in ("dim", "descending")})


def _topk_reference(x: Array, *, k: int, dim: int, largest: bool) -> tuple[Array, Array]:
    values, places = _sorted_reference(x, dim=dim, descending=largest)
    first = (*[slice(None)] * dim, slice(k))
    return values[first], places[first]


def _topk_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0, most=4)
    dim = draw.size(0, len(shape) - 1)
    return Sample(
        (draw.tensor(*shape),), {"k": draw.size(0, shape[dim]), "dim": dim, "largest": draw.choice(True, False)}
    )


composed(sort, _sorted_reference, _sort_sample, ((ones(2),), {"dim": 1}, IndexError, ("dim 1",)), kind="piecewise")
composed(
    msort,
    lambda x: np.sort(x, axis=0),
    lambda draw: Sample((draw.tensor(*draw.shape(1, 3, least=0)),)),
    kind="piecewise",
)
composed(
    topk,
    _topk_reference,
    _topk_sample,
    ((ones(2, 3),), {"k": 4}, RuntimeError, ("k is 4", "3", "(2, 3)")),
    ((ones(2, 3),), {"k": 1.0}, TypeError, ("k is 1.0",)),
    kind="piecewise",
)
