"""Elements by their order along a dimension: median, quantile, k-th value, mode, running maximum and minimum.

The indices of the elements are found by sorting, and the elements are gathered: gradients go to where they came from.
A quantile lies between two elements and is interpolated:

    q-quantile = (1 - w) x_⌊r⌋ + w x_⌈r⌉,  r = q (n - 1) counted in sorted order from 0,  w = r - ⌊r⌋
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Sample
from autograd.ops.gather import gather
from autograd.ops.rounding import floor
from autograd.ops.shape import movedim, reshape, squeeze, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dim_of
from autograd.ops.shared.rows import composite_row
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


class ValuesAndIndices(NamedTuple):
    """Elements of a tensor, and where they stand along a dimension."""

    values: Tensor
    indices: Tensor


def _array(input: Any) -> Array:
    return getattr(input, "array", input)  # type: ignore[no-any-return]


def _tensor(array: Array) -> Tensor:
    from autograd.tensor import wrap  # which imports the ops

    return wrap(array)


def _check_not_empty(name: str, input: Any, dim: int) -> None:
    check_arrays(name, input=input)
    if input.ndim and input.shape[dim] == 0:
        raise IndexError(f"{name}: dim {dim} of shape {tuple(input.shape)} is empty, so it has no such element")


def _selected(name: str, input: Tensor, dim: int, keepdim: bool, find: Callable[[Array], Array]) -> ValuesAndIndices:
    """The elements that `find` chooses: it takes rows, (…, n), and returns one index for each, (…)."""
    check_arrays(name, input=input)
    dim = dim_of(name, dim, input.ndim)
    _check_not_empty(name, input, dim)
    row = input if input.ndim else reshape(input, (1,))
    indices = _tensor(np.expand_dims(np.asarray(find(np.moveaxis(_array(row), dim, -1)), np.int64), dim))
    values = gather(row, dim, indices)
    if not keepdim or not input.ndim:
        values, indices = squeeze(values, dim), squeeze(indices, dim)
    return ValuesAndIndices(values, indices)


def _at(order: Array, place: Any) -> Array:
    """order[..., place], for a number or an array of one place a row."""
    return np.take_along_axis(order, np.broadcast_to(place, order.shape[:-1])[..., None], -1)[..., 0]


def _is_nan(rows: Array) -> Array:
    return rows != rows


def _middle(rows: Array) -> Array:
    found = _at(np.argsort(rows, axis=-1, kind="stable"), (rows.shape[-1] - 1) // 2)
    nan = _is_nan(rows)
    return np.where(nan.any(-1), nan.argmax(-1), found)


def _middle_of_numbers(rows: Array) -> Array:
    count = np.sum(~_is_nan(rows), axis=-1)
    return _at(np.argsort(rows, axis=-1, kind="stable"), np.maximum(count - 1, 0) // 2)


def _most_frequent(rows: Array) -> Array:
    """The last index of the smallest of the most frequent elements."""
    order = np.argsort(rows, axis=-1, kind="stable")
    ordered = np.take_along_axis(rows, order, -1)
    places = np.arange(rows.shape[-1])
    begins = np.ones(rows.shape, bool)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    lengths = places - np.maximum.accumulate(np.where(begins, places, 0), axis=-1)
    return _at(order, lengths.argmax(-1))


def _whole(name: str, input: Tensor) -> Tensor:
    check_arrays(name, input=input)
    return reshape(input, (-1,)) if input.ndim != 1 else input


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | ValuesAndIndices:
    """Median of all elements, or along a dimension: the lower one of the two in the middle.  NaN where there is one.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.

    Returns
    -------
    Tensor, (); or with dim a named tuple (values, indices) of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no such dimension, or it is empty.

    Examples
    --------
    >>> import autograd
    >>> autograd.median(autograd.tensor([3.0, 1.0, 2.0, 4.0]))
    tensor(2.)
    >>> autograd.median(autograd.tensor([[3, 1, 2], [4, 6, 5]]), dim=1).indices
    tensor([2, 2])
    """
    return _median("median", input, dim, keepdim, _middle)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | ValuesAndIndices:
    """Median of the elements that are not NaN, or NaN if all are: the lower one of the two in the middle.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.

    Returns
    -------
    Tensor, (); or with dim a named tuple (values, indices) of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no such dimension, or it is empty.

    Examples
    --------
    >>> import autograd
    >>> autograd.nanmedian(autograd.tensor([3.0, float("nan"), 1.0]))
    tensor(1.)
    """
    return _median("nanmedian", input, dim, keepdim, _middle_of_numbers)


def _median(
    name: str, input: Tensor, dim: int | None, keepdim: bool, find: Callable[[Array], Array]
) -> Tensor | ValuesAndIndices:
    if dim is not None:
        return _selected(name, input, dim, keepdim, find)
    row = _whole(name, input)
    if row.shape[0] == 0:
        return _tensor(np.array(math.nan, row.dtype))
    return _selected(name, row, 0, False, find).values


def kthvalue(input: Tensor, k: int, dim: int | None = None, keepdim: bool = False) -> ValuesAndIndices:
    """The k-th smallest element along a dimension, counted from 1.

    Parameters
    ----------
    input : Tensor, any shape
    k : int
        From 1 to the size of the dimension.
    dim : int, optional
        The dimension to reduce.  Default: the last.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.

    Returns
    -------
    named tuple (values, indices)
        Both of the shape of input without `dim`; indices is int64.

    Raises
    ------
    RuntimeError
        If there are fewer than k elements, or k is below 1.
    TypeError
        If k is not a whole number.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> values, indices = autograd.kthvalue(autograd.tensor([30, 10, 20]), 2)
    >>> values, indices
    (tensor(20), tensor(2))
    """
    check_arrays("kthvalue", input=input)
    dim = -1 if dim is None else dim
    size = input.shape[dim_of("kthvalue", dim, input.ndim)] if input.ndim else 1
    if not isinstance(k, int | np.integer):
        raise TypeError(f"kthvalue: k is {k!r}; expects a whole number from 1 to {size}")
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue: k is {k}, and there are {size} elements along dim {dim}; expects 1 to {size}")
    return _selected("kthvalue", input, dim, keepdim, lambda rows: _at(np.argsort(rows, -1, "stable"), k - 1))


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The most frequent element along a dimension, the smallest of several, and its last index.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension to reduce.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.

    Returns
    -------
    named tuple (values, indices)
        Both of the shape of input without `dim`; indices is int64.

    Raises
    ------
    IndexError
        If there is no such dimension, or it is empty.

    Examples
    --------
    >>> import autograd
    >>> values, indices = autograd.mode(autograd.tensor([3, 1, 2, 1]))
    >>> values, indices
    (tensor(1), tensor(3))
    """
    return _selected("mode", input, dim, keepdim, _most_frequent)


def _running(name: str, input: Tensor, dim: int, accumulate: Any) -> ValuesAndIndices:
    check_arrays(name, input=input)
    dim = dim_of(name, dim, input.ndim)
    row = input if input.ndim else reshape(input, (1,))
    x = np.moveaxis(_array(row), dim, -1)
    best = accumulate(x, axis=-1)
    indices = np.maximum.accumulate(np.where((x == best) | _is_nan(x), np.arange(x.shape[-1]), 0), axis=-1)
    where = _tensor(np.moveaxis(indices, -1, dim).astype(np.int64))
    values = gather(row, dim, where)
    return ValuesAndIndices(*(reshape(y, input.shape) for y in (values, where)))


def cummax(input: Tensor, dim: int) -> ValuesAndIndices:
    """Maximum of the elements so far along a dimension, and the last index of each.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which to go.

    Returns
    -------
    named tuple (values, indices)
        Both of the shape of input; indices is int64.

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> values, indices = autograd.cummax(autograd.tensor([1, 3, 2, 3]), dim=0)
    >>> values, indices
    (tensor([1, 3, 3, 3]), tensor([0, 1, 1, 3]))
    """
    return _running("cummax", input, dim, np.maximum.accumulate)


def cummin(input: Tensor, dim: int) -> ValuesAndIndices:
    """Minimum of the elements so far along a dimension, and the last index of each.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which to go.

    Returns
    -------
    named tuple (values, indices)
        Both of the shape of input; indices is int64.

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> values, indices = autograd.cummin(autograd.tensor([3, 1, 2, 1]), dim=0)
    >>> values, indices
    (tensor([3, 1, 1, 1]), tensor([0, 1, 1, 3]))
    """
    return _running("cummin", input, dim, np.minimum.accumulate)


def quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The q-quantiles along a dimension, NaN where there is a NaN.

    Parameters
    ----------
    input : Tensor of float, any shape
    q : float, or Tensor of the same dtype, () or (Q,)
        From 0 to 1.
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.
    interpolation : "linear", "lower", "higher", "midpoint" or "nearest"
        What to return between two elements.

    Returns
    -------
    Tensor, of the shape of input without `dim`
        If q has a dimension, it is the first of the result.

    Raises
    ------
    RuntimeError
        If q is not from 0 to 1, has another dtype or several dimensions, the input is empty, or the interpolation is
        unknown.
    TypeError
        If input is not of floats.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.quantile(autograd.tensor([0.0, 1.0, 2.0, 3.0]), 0.5)
    tensor(1.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The q-quantiles of the elements that are not NaN, along a dimension.

    Parameters
    ----------
    input : Tensor of float, any shape
    q : float, or Tensor of the same dtype, () or (Q,)
        From 0 to 1.
    dim : int, optional
        The dimension to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.
    interpolation : "linear", "lower", "higher", "midpoint" or "nearest"
        What to return between two elements.

    Returns
    -------
    Tensor, of the shape of input without `dim`
        If q has a dimension, it is the first of the result.

    Raises
    ------
    RuntimeError
        If q is not from 0 to 1, has another dtype or several dimensions, the input is empty, or the interpolation is
        unknown.
    TypeError
        If input is not of floats.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.nanquantile(autograd.tensor([1.0, float("nan"), 3.0]), autograd.tensor([0.0, 0.5, 1.0]))
    tensor([1., 2., 3.])
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _check_quantile(name: str, input: Any, q: Any, dim: int | None, interpolation: str) -> None:
    check_arrays(name, input=input)
    check_float(name, input)
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(f"{name}: interpolation is {interpolation!r}; expects one of {', '.join(INTERPOLATIONS)}")
    if np.ndim(_array(q)) > 1:
        raise RuntimeError(f"{name}: q has shape {tuple(q.shape)}; expects a number or one dimension")
    if hasattr(q, "dtype") and q.dtype != input.dtype:
        raise RuntimeError(f"{name}: q is {q.dtype} and input {input.dtype}; convert with .to(dtype)")
    if not np.all((_array(q) >= 0) & (_array(q) <= 1)):
        raise RuntimeError(f"{name}: q must be from 0 to 1")
    size = math.prod(input.shape) if dim is None or not input.ndim else input.shape[dim]
    if size == 0:
        raise RuntimeError(f"{name}: shape {tuple(input.shape)} has no elements to take a quantile of")


def _quantile(
    name: str, input: Tensor, q: Tensor | float, dim: int | None, keepdim: bool, interpolation: str
) -> Tensor:
    check_arrays(name, input=input)
    if dim is not None:
        dim = dim_of(name, dim, input.ndim)
    _check_quantile(name, input, q, dim, interpolation)
    rows = _whole(name, input) if dim is None or not input.ndim else movedim(input, dim, -1)
    x = _array(rows)
    nan = _is_nan(x)
    count = np.sum(~nan, axis=-1, keepdims=True) if name == "nanquantile" else np.full(x[..., :1].shape, x.shape[-1])
    steps = np.maximum(count - 1, 0).astype(x.dtype)  # (…, 1)
    ranks = (x.dtype.type(q) if isinstance(q, int | float) else reshape(q, (-1,))) * _tensor(steps)  # (…, Q)
    at = _array(ranks)
    if name == "quantile":  # a row with a NaN gives the NaN, which is sorted to its end
        at = np.where(nan.any(-1, keepdims=True), steps, at)
    if interpolation == "nearest":
        at = np.rint(at)
    order = np.argsort(x, axis=-1, kind="stable")
    below, above = (
        gather(rows, -1, _tensor(np.take_along_axis(order, place.astype(np.int64), -1)))
        for place in (np.floor(at), np.ceil(at))
    )
    if interpolation in ("lower", "nearest"):
        result = below
    elif interpolation == "higher":
        result = above
    else:
        weight: Any = 0.5 if interpolation == "midpoint" else ranks - floor(ranks)
        result = below + weight * (above - below)
    if getattr(q, "ndim", 0) == 0:
        result = reshape(result, result.shape[:-1])
        restored = result
    else:
        result = movedim(result, -1, 0)
        restored = result
    if keepdim:
        lead = 0 if getattr(q, "ndim", 0) == 0 else 1
        for d in range(input.ndim) if dim is None else [dim] * (input.ndim > 0):
            restored = unsqueeze(restored, d + lead)
    return restored


# ── rows ───────────────────────────────────────────────────────────────────────────────


def _rows_reference(find: Callable[..., int]) -> Callable[..., tuple[Array, Array]]:
    """Values and indices, one row at a time."""

    def reference(x: Array, *, dim: int, keepdim: bool, **params: Any) -> tuple[Array, Array]:
        rows = np.moveaxis(x, dim, -1)
        flat = rows.reshape(-1, x.shape[dim])
        indices = np.array([find(row.tolist(), **params) for row in flat], np.int64)
        values = np.array([row[i] for row, i in zip(flat, indices, strict=True)], x.dtype)
        found = [a.reshape(rows.shape[:-1]) for a in (values, indices)]
        values, indices = (np.expand_dims(a, dim) if keepdim else a for a in found)
        return values, indices

    return reference


def _sorted(row: list[float]) -> list[int]:
    """Indices in the order of elements, NaN last."""
    return sorted(range(len(row)), key=lambda i: (row[i] != row[i], row[i] if row[i] == row[i] else 0))


def _median_of(row: list[float]) -> int:
    nan = [i for i, a in enumerate(row) if a != a]
    return nan[0] if nan else _sorted(row)[(len(row) - 1) // 2]


def _nanmedian_of(row: list[float]) -> int:
    return _sorted(row)[max(0, sum(a == a for a in row) - 1) // 2]


def _mode_of(row: list[float]) -> int:
    best = max([row.count(a) if a == a else 1 for a in row])
    first = next(i for i in _sorted(row) if (row.count(row[i]) if row[i] == row[i] else 1) == best)
    return max(i for i, a in enumerate(row) if a == row[first] or i == first)


def _sample(draw: Draw) -> Sample:
    shape = list(draw.shape(1, 3, least=0))
    dim = draw.size(0, len(shape) - 1)
    shape[dim] = max(1, shape[dim])
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


def _kth_sample(draw: Draw) -> Sample:
    drawn = _sample(draw)
    return Sample(drawn.inputs, {**drawn.params, "k": draw.size(1, drawn.inputs[0].shape[drawn.params["dim"]])})


def _best_so_far(sign: int) -> Callable[..., tuple[Array, Array]]:
    def reference(x: Array, *, dim: int) -> tuple[Array, Array]:
        indices = np.zeros(x.shape, np.int64)
        for place in np.ndindex(*x.shape):
            row = x[tuple(slice(None) if d == dim else i for d, i in enumerate(place))][: place[dim] + 1].tolist()
            best = 0
            for i, a in enumerate(row):
                if a != a or (row[best] == row[best] and sign * a >= sign * row[best]):
                    best = i
            indices[place] = best
        return np.take_along_axis(x, indices, dim), indices

    return reference


def _quantile_sample(draw: Draw) -> Sample:
    shape = list(draw.shape(1, 2, least=0))
    dim = draw.size(0, len(shape) - 1)
    shape[dim] = max(1, shape[dim])
    n = math.prod(shape)
    x = np.array(draw.permutation(n), float).reshape(shape) / 7  # no two are equal, where the gradient jumps
    q = draw.choice(0.25, 0.4)
    params = {"dim": draw.choice(dim, dim, None) if n else dim, "keepdim": draw.choice(False, True)}
    return Sample((x,), {"q": q, **params, "interpolation": draw.choice(*INTERPOLATIONS)})


def _quantile_reference(skip: bool) -> Callable[..., Array]:
    def of_row(row: Array, q: float, interpolation: str) -> float:
        numbers = sorted(a for a in row.tolist() if a == a)
        if not numbers or (len(numbers) < len(row) and not skip):
            return math.nan
        rank = q * (len(numbers) - 1)
        below, above = numbers[math.floor(rank)], numbers[math.ceil(rank)]
        weight = rank - math.floor(rank)
        if interpolation in ("lower", "higher", "nearest"):
            up = {"lower": False, "higher": True, "nearest": round(rank) > math.floor(rank)}
            return above if up[interpolation] else below
        return below + (0.5 if interpolation == "midpoint" else weight) * (above - below)

    def reference(x: Array, *, q: float, dim: int | None, keepdim: bool, interpolation: str) -> Array:
        rows = x.reshape(1, -1) if dim is None else np.moveaxis(x, dim, -1).reshape(-1, x.shape[dim])
        found = np.array([of_row(row, q, interpolation) for row in rows], x.dtype)
        if dim is None:
            return found.reshape((1,) * x.ndim if keepdim else ())
        found = found.reshape(np.delete(x.shape, dim))
        return np.expand_dims(found, dim) if keepdim else found

    return reference


def _bad_empty(name: str, **params: Any) -> BadSample:
    return BadSample((np.ones((2, 0)),), {"dim": 1, **params}, IndexError, (name, "(2, 0)", "empty"))


composite_row("median", median, _rows_reference(_median_of), _sample, _bad_empty("median"), kind="piecewise")
composite_row(
    "nanmedian", nanmedian, _rows_reference(_nanmedian_of), _sample, _bad_empty("nanmedian"), kind="piecewise"
)
composite_row("mode", mode, _rows_reference(_mode_of), _sample, _bad_empty("mode"), kind="piecewise")
composite_row(
    "kthvalue",
    kthvalue,
    _rows_reference(lambda row, k: _sorted(row)[k - 1]),
    _kth_sample,
    BadSample((np.ones(3),), {"k": 4}, RuntimeError, ("kthvalue", "k is 4", "3 elements")),
    BadSample((np.ones(3),), {"k": 1.5}, TypeError, ("kthvalue", "k is 1.5", "whole number")),
    kind="piecewise",
)
for _name, _function, _sign in (("cummax", cummax, 1), ("cummin", cummin, -1)):
    composite_row(
        _name,
        _function,
        _best_so_far(_sign),
        lambda draw: Sample(_sample(draw).inputs, {"dim": 0}),
        BadSample((np.ones(3),), {"dim": 1}, IndexError, (_name, "dim 1")),
        kind="piecewise",
    )
for _name, _quantiles in (("quantile", quantile), ("nanquantile", nanquantile)):
    composite_row(
        _name,
        _quantiles,
        _quantile_reference(_name == "nanquantile"),
        _quantile_sample,
        BadSample((np.ones(3),), {"q": 1.5}, RuntimeError, (_name, "from 0 to 1")),
        BadSample((np.ones(3),), {"q": 0.5, "interpolation": "cubic"}, RuntimeError, (_name, "'cubic'", "linear")),
        BadSample((np.ones(3, int),), {"q": 0.5}, TypeError, (_name, "int64")),
    )
