"""Writing elements of one tensor over those of another: scatter, put, index_copy, select_scatter and their kin.

All are one op.  For each element of src they name its place in x, in row-major order:

    put_places    y = x, with y[places[i]] = src[i]       dx = g, with 0 at the places       dsrc[i] = g[places[i]]

If two elements have one place, the last is written, and the others have no gradient.  PyTorch leaves open which one is.
Sums are made with scatter_add.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import Op, Sample, register
from autograd.ops.elementwise import mul
from autograd.ops.gather import scatter_add
from autograd.ops.indexing import getitem
from autograd.ops.scatter_reduce import scatter_reduce
from autograd.ops.shape import expand, reshape
from autograd.ops.shared.composed import composed, ones
from autograd.ops.shared.dims import dim_of, ndim_of
from autograd.ops.views import as_strided
from autograd.promotion import FLOATING, category, check_fits
from autograd.types import Array, Gradient, Number, Shape, Sizes

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


# ── the op ─────────────────────────────────────────────────────────────────────────────


def _put_forward(x: Array, src: Array, *, places: Array) -> Array:
    y = np.array(x, order="C")
    y.reshape(-1)[places.reshape(-1)] = src.reshape(-1)
    return y


def _put_reference(x: Array, src: Array, *, places: Array) -> Array:
    y = x.copy().ravel()
    for i, value in zip(places.ravel(), src.ravel(), strict=True):
        y[i] = value
    return y.reshape(x.shape)


def _put_backward(ctx: Context, g: Tensor, *, places: Array) -> tuple[Gradient, ...]:
    dx = put_places(g, np.zeros(places.shape, g.dtype), places=places) if ctx.needs_input_grad[0] else None
    if not ctx.needs_input_grad[1]:
        return dx, None
    last = np.zeros(math.prod(ctx.shapes[0]), np.int64)
    last[places.reshape(-1)] = np.arange(places.size)
    written = (last[places.reshape(-1)] == np.arange(places.size)).reshape(places.shape)
    return dx, mul(getitem(reshape(g, (-1,)) if g.ndim != 1 else g, (places,)), written.astype(g.dtype))


def _put_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    places = draw.index(draw.shape(0, 2, least=0), math.prod(shape))
    return Sample((draw.tensor(*shape), draw.tensor(*places.shape)), {"places": places})


put_places: Op = register(
    Op(
        name="put_places",
        forward=_put_forward,
        backward=_put_backward,
        reference=_put_reference,
        sample=_put_sample,
        kind="multilinear",
        flops=0,
    )
)


def _put(x: Tensor, src: Tensor, places: Any) -> Tensor:
    """put_places for src of the shape of places, after the checks."""
    places = np.asarray(places)
    if not x.ndim:
        return reshape(put_places(reshape(x, (1,)), src, places=places), ())
    return put_places(x, src, places=places)


def _positions(shape: Shape) -> Any:  # an array, where ops take tensors
    return np.arange(math.prod(shape)).reshape(shape)


def _check_dtypes(name: str, x: Any, src: Any) -> None:
    if x.dtype != src.dtype:
        raise RuntimeError(f"{name}: input is {x.dtype} and what is written {src.dtype}; convert one, with .to(dtype)")


def _check_index(name: str, index: Any, size: int, *, negative: bool = False) -> Any:
    """The index as an array, with negative ones counted from the end where that is allowed."""
    if index.dtype.kind not in "iu":
        raise IndexError(f"{name}: expects an index of integers, got {index.dtype}; convert it with .long()")
    array = np.array(getattr(index, "array", index))
    wrong = (array < (-size if negative else 0)) | (array >= size)
    if wrong.any():
        low = f"-{size}" if negative else "0"
        raise IndexError(f"{name}: index {array[wrong].flat[0]} is out of range: there are indices {low} to {size - 1}")
    return np.where(array < 0, array + size, array) if negative else array


# ── slices of another tensor ───────────────────────────────────────────────────────────


def _view_scatter(name: str, input: Tensor, src: Tensor, places: Any) -> Tensor:
    check_arrays(name, input=input, src=src)
    if tuple(src.shape) != places.shape:
        raise RuntimeError(f"{name}: src has shape {tuple(src.shape)}; it must have the slice's, {places.shape}")
    return _put(input, src if src.dtype == input.dtype else src.to(input.dtype), places)


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of input with src in place of the slice `index` along `dim`.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    src : Tensor, of the shape of input without `dim`
        Converted to input's dtype.
    dim : int
        The dimension of the slice.
    index : int
        Negative ones count from the end.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If the index is out of range, or there is no such dimension.
    RuntimeError
        If shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.select_scatter(autograd.zeros(2, 2), autograd.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    dim = dim_of("select_scatter", dim, ndim_of("select_scatter", input))
    n = input.shape[dim] if input.ndim else 0
    if not -n <= index < n:
        raise IndexError(f"select_scatter: index {index} is out of range: dim {dim} has {n} slices")
    return _view_scatter("select_scatter", input, src, np.take(_positions(tuple(input.shape)), index, dim))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of input with src in place of the slice start:end:step along `dim`.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    src : Tensor, of the shape of the slice
        Converted to input's dtype.
    dim : int
        The dimension that is sliced.
    start, end : int, optional
        As in Python's slices: negative ones count from the end.  Default: all.
    step : int
        At least 1.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    RuntimeError
        If shapes do not fit, or step is below 1.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.slice_scatter(autograd.zeros(2, 4), autograd.ones(2, 2), dim=1, start=1, end=3)
    tensor([[0., 1., 1., 0.],
            [0., 1., 1., 0.]])
    """
    if ndim_of("slice_scatter", input) == 0:
        raise IndexError("slice_scatter: a tensor without dimensions has no slices; .reshape(1) gives it one")
    dim = dim_of("slice_scatter", dim, input.ndim)
    if step < 1:
        raise RuntimeError(f"slice_scatter: step is {step}; it must be at least 1")
    places = _positions(tuple(input.shape))[(*[slice(None)] * dim, slice(start, end, step))]
    return _view_scatter("slice_scatter", input, src, places)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of input with src in place of its `diagonal`.

    Parameters
    ----------
    input : Tensor, of two dimensions or more
    src : Tensor, of the shape of the diagonal
        Converted to input's dtype.
    offset : int
        Which diagonal: above the main one if positive, below if negative.
    dim1, dim2 : int
        The dimensions of the matrices.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    RuntimeError
        If shapes do not fit, or dim1 and dim2 are the same.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.diagonal_scatter(autograd.zeros(2, 3), autograd.tensor([1.0, 2.0]))
    tensor([[1., 0., 0.],
            [0., 2., 0.]])
    """
    ndim = ndim_of("diagonal_scatter", input)
    first, second = (dim_of("diagonal_scatter", d, ndim) for d in (dim1, dim2))
    if first == second:
        raise RuntimeError(f"diagonal_scatter: dim1 {dim1} and dim2 {dim2} are one dimension; expects two")
    return _view_scatter(
        "diagonal_scatter", input, src, np.diagonal(_positions(tuple(input.shape)), offset, first, second)
    )


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sizes, stride: Sizes, storage_offset: int | None = None
) -> Tensor:
    """A copy of input with src in place of its view `as_strided`.

    Parameters
    ----------
    input : Tensor, any shape
    src : Tensor, of shape `size`
        Converted to input's dtype.
    size : tuple of int
        The sizes of the view.
    stride : tuple of int
        For each dimension of the view, its step in the elements of input.
    storage_offset : int, optional
        The first element of the view.  Default: 0.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    RuntimeError
        If shapes do not fit, or the view reaches outside input.

    Examples
    --------
    >>> import autograd
    >>> autograd.as_strided_scatter(autograd.zeros(2, 3), autograd.ones(3), (3,), (2,))  # each second element
    tensor([[1., 0., 1.],
            [0., 1., 0.]])
    """
    check_arrays("as_strided_scatter", input=input, src=src)
    places = _positions(tuple(input.shape))

    return _view_scatter("as_strided_scatter", input, src, as_strided(places, size, stride, storage_offset))


# ── by an index ────────────────────────────────────────────────────────────────────────


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with the elements of source written, or added, at these places of input in row-major order.

    Parameters
    ----------
    input : Tensor, any shape
    index : Tensor of int, any shape
        Negative ones count from the end.
    source : Tensor, any shape
        With as many elements as the index, and of input's dtype.
    accumulate : bool
        Add, instead of writing.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If an index is out of range, or source has another number of elements.
    RuntimeError
        If dtypes differ.

    Examples
    --------
    >>> import autograd
    >>> autograd.put(autograd.zeros(2, 2), autograd.tensor([1, -1]), autograd.tensor([5.0, 6.0]))
    tensor([[0., 5.],
            [0., 6.]])
    """
    check_arrays("put", input=input, index=index, source=source)
    _check_dtypes("put", input, source)
    count = math.prod(tuple(input.shape))
    places = _check_index("put", index, count, negative=True)
    if math.prod(tuple(source.shape)) != places.size:
        raise IndexError(
            f"put: the index has {places.size} elements and source {math.prod(tuple(source.shape))}; expects as many"
        )
    return _written(input, reshape(source, places.shape), places, accumulate)


def _written(input: Tensor, source: Tensor, places: Any, accumulate: bool) -> Tensor:
    if not accumulate:
        return _put(input, source, places)
    flat = scatter_add(reshape(input, (-1,)), 0, places.reshape(-1), reshape(source, (-1,)))
    return reshape(flat, tuple(input.shape))


def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with values written, or added, at input[indices].

    Parameters
    ----------
    input : Tensor, any shape
    indices : sequence of Tensor of int or bool
        One for each of the first dimensions.
    values : Tensor, of a shape that expands to that of input[indices]
        Of input's dtype.
    accumulate : bool
        Add, instead of writing.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.
    IndexError
        If an index is out of range.

    Examples
    --------
    >>> import autograd
    >>> places = autograd.tensor([0, 1]), autograd.tensor([2, 0])
    >>> autograd.index_put(autograd.zeros(2, 3), places, autograd.tensor([5.0, 6.0]))
    tensor([[0., 0., 5.],
            [6., 0., 0.]])
    """
    check_arrays("index_put", input=input, values=values)
    _check_dtypes("index_put", input, values)
    positions = _positions(tuple(input.shape))
    places = getitem(positions, tuple(indices))
    try:
        wide = expand(values, *places.shape)
    except ValueError:
        raise RuntimeError(
            f"index_put: values of shape {tuple(values.shape)} do not expand to {places.shape}, the shape of the places"
        ) from None
    return _written(input, wide, places, accumulate)


def _slices(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    """The places of the slices `index` along `dim`, after the checks of index_add and its kin."""
    check_arrays(name, input=input, index=index, source=source)
    _check_dtypes(name, input, source)
    dim = dim_of(name, dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"{name}: expects a vector as index, got shape {tuple(index.shape)}")
    shape = tuple(input.shape) or (1,)
    chosen = _check_index(name, index, shape[dim]).reshape(-1)
    places = np.take(_positions(shape), chosen, dim)
    given = tuple(source.shape) or (1,)
    if given != places.shape:
        raise IndexError(
            f"{name}: source has shape {tuple(source.shape)}; for input {tuple(input.shape)} and {chosen.size} indices "
            f"along dim {dim} it must have shape {places.shape}"
        )
    return places


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number | complex = 1) -> Tensor:
    """A copy of input to which alpha times the slices of source are added at the slices `index` along `dim`.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension of the slices.
    index : Tensor of int, (M,) or ()
        The slices of input.  Those of one index are all added.
    source : Tensor, of input's shape with size M in `dim`
        Of input's dtype.
    alpha : number
        Factor of source.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If an index is out of range, and negative ones are; its size does not fit; or there is no such dimension.
    RuntimeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.index_add(autograd.zeros(2, 2), 0, autograd.tensor([1, 1]), autograd.ones(2, 2))
    tensor([[0., 0.],
            [2., 2.]])
    """
    places = _slices("index_add", input, dim, index, source)
    if isinstance(alpha, float) and input.dtype.kind not in FLOATING:
        raise RuntimeError(f"index_add: alpha is {alpha}; for {input.dtype} tensors it must be an integer")
    scaled = source if alpha == 1 else mul(source, alpha)
    return _written(input, scaled, places, True)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input with the slices of source in place of the slices `index` along `dim`.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension of the slices.
    index : Tensor of int, (M,) or ()
        The slices of input.
    source : Tensor, of input's shape with size M in `dim`
        Of input's dtype.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If an index is out of range, and negative ones are; its size does not fit; or there is no such dimension.
    RuntimeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> source = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> autograd.index_copy(autograd.zeros(3, 2), 0, autograd.tensor([2, 0]), source)
    tensor([[3., 4.],
            [0., 0.],
            [1., 2.]])
    """
    places = _slices("index_copy", input, dim, index, source)
    return _put(input, reshape(source, places.shape), places)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number | complex) -> Tensor:
    """A copy of input with the slices `index` along `dim` filled with a number.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension of the slices.
    index : Tensor of int, (M,) or ()
        Negative ones count from the end.
    value : number, or Tensor, ()

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If an index is out of range, index is no vector, or there is no such dimension.
    RuntimeError
        If value has dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.index_fill(autograd.ones(2, 3), 1, autograd.tensor([0, -1]), 7.0)
    tensor([[7., 1., 7.],
            [7., 1., 7.]])
    """
    check_arrays("index_fill", input=input, index=index)
    dim = dim_of("index_fill", dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"index_fill: expects a vector as index, got shape {tuple(index.shape)}")
    shape = tuple(input.shape) or (1,)
    chosen = _check_index("index_fill", index, shape[dim], negative=True).reshape(-1)
    places = np.take(_positions(shape), chosen, dim)
    return _put(input, _number("index_fill", value, input, places.shape), places)


def _number(name: str, value: Any, input: Tensor, shape: Shape) -> Any:
    """The number, or tensor without dimensions, in input's dtype and in this shape."""
    if hasattr(value, "ndim"):
        if value.ndim:
            raise RuntimeError(f"{name}: value has shape {tuple(value.shape)}; expects a number")
        return expand(value if value.dtype == input.dtype else value.to(input.dtype), *shape)
    check_fits(name, value, input.dtype)
    if isinstance(value, float) and input.dtype.kind in "iu" and category(input.dtype) < 2 and value != int(value):
        value = int(value)
    return np.full(shape, value).astype(input.dtype)


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of input whose slices `index` along `dim` are combined with the slices of source.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension of the slices.
    index : Tensor of int, (M,) or ()
        The slices of input.
    source : Tensor, of input's shape with size M in `dim`
        Of input's dtype.
    reduce : "prod", "mean", "amax" or "amin"
        How slices of one index are combined.
    include_self : bool
        Whether the old slices of input count.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    IndexError
        If an index is out of range, and negative ones are; its size does not fit; or there is no such dimension.
    RuntimeError
        If shapes or dtypes do not fit, or reduce is unknown.

    Examples
    --------
    >>> import autograd
    >>> source = autograd.tensor([5.0, 7.0, 2.0])
    >>> autograd.index_reduce(autograd.tensor([1.0, 4.0]), 0, autograd.tensor([0, 0, 1]), source, "amax")
    tensor([7., 4.])
    """
    check_arrays("index_reduce", input=input, index=index, source=source)
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce: reduce is {reduce!r}; expects prod, mean, amax or amin")
    places = _slices("index_reduce", input, dim, index, source).reshape(-1)
    flat = scatter_reduce(reshape(input, (-1,)), 0, places, reshape(source, (-1,)), reduce, include_self=include_self)
    return reshape(flat, tuple(input.shape))


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | None = None,
    *,
    value: Number | complex | None = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy of input, with src[i, j] written at [i, index[i, j]] for dim 1 of a matrix.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which index places.
    index : Tensor of int, with as many dimensions as input
        As for `gather`.
    src : Tensor, at least as large as the index in each dimension; or a number
        Of input's dtype.
    value : number, in place of src
    reduce : "add" or "multiply", optional
        Combine with the element of input, instead of writing.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    RuntimeError
        If an index is out of range, shapes or dtypes do not fit, or reduce is unknown.
    TypeError
        If there is neither src nor value.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.scatter(autograd.zeros(2, 2), 1, autograd.tensor([[1], [0]]), 3.0)
    tensor([[0., 3.],
            [3., 0.]])
    """
    check_arrays("scatter", input=input, index=index)
    given: Any = value if src is None else src
    if given is None:
        raise TypeError("scatter: expects a tensor src or a number value to write")
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError(f"scatter: reduce is {reduce!r}; expects add or multiply")
    if not hasattr(given, "dtype"):
        given = _number("scatter", given, input, tuple(index.shape))
    if reduce == "add":
        return scatter_add(input, dim, index, given)
    if reduce == "multiply":
        return scatter_reduce(input, dim, index, given, "prod")
    dim = dim_of("scatter", dim, input.ndim)
    _check_dtypes("scatter", input, given)
    shape, indices = tuple(input.shape) or (1,), np.array(getattr(index, "array", index))
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"scatter: expects an index of integers, got {index.dtype}; convert it with .long()")
    if not indices.size:
        return input.copy() if isinstance(input, np.ndarray) else input.clone()
    indices = indices if indices.ndim else indices.reshape(1)
    source = given if given.ndim else reshape(given, (1,))
    fits = indices.ndim == len(shape) == source.ndim and all(
        n <= m and (d == dim or n <= size)
        for d, (n, m, size) in enumerate(zip(indices.shape, source.shape, shape, strict=False))
    )
    if not fits:
        raise RuntimeError(
            f"scatter: an index of shape {tuple(index.shape)} does not fit input {tuple(input.shape)} and src "
            f"{tuple(given.shape)}: all have as many dimensions, and the index is at most as large, but in dim {dim}"
        )
    chosen = _check_index_at("scatter", indices, shape[dim])
    places = np.take_along_axis(
        _positions(shape)[tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(indices.shape))],
        chosen,
        dim,
    )
    if source.shape != indices.shape:
        source = source[tuple(slice(n) for n in indices.shape)]
    return _put(input, source, places)


def _check_index_at(name: str, index: Array, size: int) -> Array:
    wrong = (index < 0) | (index >= size)
    if wrong.any():
        raise RuntimeError(f"{name}: index {index[wrong].flat[0]} is out of range: there are indices 0 to {size - 1}")
    return index


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of input with the elements of source, in order, in place of those where mask is true.

    Parameters
    ----------
    input : Tensor, any shape
    mask : Tensor of bool, whose shape broadcasts with input's
    source : Tensor, any shape
        With at least as many elements as mask has true ones, and of input's dtype.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If mask is not bool, shapes do not broadcast, dtypes differ, or source has too few elements.

    Examples
    --------
    >>> import autograd
    >>> mask = autograd.tensor([True, False, True])
    >>> autograd.masked_scatter(autograd.zeros(3), mask, autograd.tensor([5.0, 6.0]))
    tensor([5., 0., 6.])
    """
    check_arrays("masked_scatter", input=input, mask=mask, source=source)
    _check_dtypes("masked_scatter", input, source)
    if mask.dtype != np.bool_:
        raise RuntimeError(f"masked_scatter: expects a bool mask, got {mask.dtype}; convert it with .bool()")
    try:
        shape = np.broadcast_shapes(tuple(input.shape), tuple(mask.shape))
    except ValueError:
        raise RuntimeError(
            f"masked_scatter: shapes {tuple(input.shape)} and {tuple(mask.shape)} do not broadcast"
        ) from None
    places = np.flatnonzero(np.broadcast_to(np.asarray(mask), shape))
    count = math.prod(tuple(source.shape))
    if count < places.size:
        raise RuntimeError(f"masked_scatter: source has {count} elements, and mask {places.size} true ones")
    return _put(expand(input, *shape), getitem(reshape(source, (-1,)), slice(places.size)), places)


# ── as rows ────────────────────────────────────────────────────────────────────────────


def _copied(x: Array, index: Any, value: Any, *, add: bool = False) -> Array:
    """x with value at index."""
    y = x.copy()
    y[index] = y[index] + value if add else value
    return y


def _slices_sample(*extra: Callable[[Draw], dict[str, Any]], distinct: bool = True) -> Callable[[Draw], Sample]:
    """input, index, source, and dim."""

    def sample(draw: Draw) -> Sample:
        shape = draw.shape(1, 3)
        dim = draw.size(0, len(shape) - 1)
        index = np.array(draw.permutation(shape[dim])[: draw.size(0, shape[dim])], np.int64)
        if not distinct:
            index = draw.index((draw.size(0, 4),), shape[dim])
        source = draw.tensor(*shape[:dim], len(index), *shape[dim + 1 :])
        return Sample(
            (draw.tensor(*shape), index, source), {"dim": dim, **{k: v for e in extra for k, v in e(draw).items()}}
        )

    return sample


def _index_add_reference(x: Array, index: Array, source: Array, *, dim: int, alpha: Number | complex = 1) -> Array:
    y = x.copy()
    for i, slices in zip(index, np.moveaxis(source, dim, 0), strict=True):
        np.moveaxis(y, dim, 0)[i] += slices * alpha if alpha != 1 else slices
    return y


_WRONG_SLICES = ((ones(3), np.array([3]), ones(1)), {"dim": 0}, IndexError, ("index 3", "0 to 2"))
composed(
    index_add,
    _index_add_reference,
    _slices_sample(lambda draw: {"alpha": draw.choice(1, 2)}, distinct=False),
    _WRONG_SLICES,
    ((ones(3), np.array([0]), ones(2)), {"dim": 0}, IndexError, ("(2,)", "(1,)")),
    inputs="input index source",
)
composed(
    index_copy,
    lambda x, index, source, *, dim: _copied(x, (*[slice(None)] * dim, index), source),
    _slices_sample(),
    _WRONG_SLICES,
    inputs="input index source",
)


def _index_fill_sample(draw: Draw) -> Sample:
    drawn = _slices_sample()(draw)
    return Sample(drawn.inputs[:2], {"value": draw.choice(3, 2), **drawn.params})


composed(
    index_fill,
    lambda x, index, *, dim, value: _copied(x, (*[slice(None)] * dim, index), value),
    _index_fill_sample,
    ((ones(3), np.array([3])), {"dim": 0, "value": 1}, IndexError, ("index 3",)),
    inputs="input index",
)


def _put_rows_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    count = math.prod(shape)
    accumulate = draw.choice(False, True)
    index = np.array(draw.permutation(count)[: draw.size(0, count)], np.int64)
    index = index - draw.choice(0, count)
    return Sample((draw.tensor(*shape), index, draw.tensor(len(index))), {"accumulate": accumulate})


def _put_rows_reference(x: Array, index: Array, source: Array, *, accumulate: bool) -> Array:
    return _copied(x.reshape(-1), index, source, add=accumulate).reshape(x.shape)


composed(
    put,
    _put_rows_reference,
    _put_rows_sample,
    ((ones(2, 3), np.array([6]), ones(1)), {}, IndexError, ("index 6", "5")),
    ((ones(2, 3), np.array([0]), ones(2)), {}, IndexError, ("1 elements", "2")),
)


def _index_put_sample(draw: Draw) -> Sample:
    shape = draw.size(1, 3), draw.size(1, 3), draw.size(1, 3)
    index = np.array(draw.permutation(shape[0])[: draw.size(0, shape[0])], np.int64)
    indices = draw.choice((index,), (index, draw.index((1,), shape[1])), (draw.index(shape[:2], 2) == 1,))
    y = np.empty(shape)[indices]
    return Sample(
        (draw.tensor(*shape), draw.tensor(*y.shape[1:])), {"indices": indices, "accumulate": draw.choice(False, True)}
    )


composed(
    index_put,
    lambda x, values, *, indices, accumulate: _copied(x, indices, values, add=accumulate),
    _index_put_sample,
    ((ones(3), ones(2)), {"indices": (np.array([0]),)}, RuntimeError, ("(2,)", "(1,)")),
    inputs="input values",
)


def _scatter_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    taken = tuple(draw.size(0, n) if d == dim else draw.size(1, n) for d, n in enumerate(shape))
    order = np.argsort(np.asarray(draw.integers(math.prod(shape), 0, 1 << 20)).reshape(shape), axis=dim, kind="stable")
    index = order[tuple(slice(n) for n in taken)].astype(np.int64)  # no place twice
    return Sample(
        (draw.tensor(*shape), index, draw.tensor(*taken)), {"dim": dim, "reduce": draw.choice(None, "add", "multiply")}
    )


def _scatter_reference(x: Array, index: Array, src: Array, *, dim: int, reduce: str | None = None) -> Array:
    y = x.copy()
    for i in np.ndindex(*index.shape):
        at = (*i[:dim], index[i], *i[dim + 1 :])
        y[at] = src[i] if reduce is None else y[at] + src[i] if reduce == "add" else y[at] * src[i]
    return y


composed(
    scatter,
    _scatter_reference,
    _scatter_sample,
    ((ones(2, 3), np.array([[3]]), ones(1, 1)), {"dim": 1}, RuntimeError, ("index 3", "0 to 2")),
    ((ones(2, 3), np.array([[0]]), ones(1)), {"dim": 1}, RuntimeError, ("(1, 1)", "(2, 3)", "(1,)")),
    ((ones(2, 3), np.array([[0]]), ones(1, 1)), {"dim": 1, "reduce": "max"}, RuntimeError, ("'max'",)),
    ((ones(2, 3), np.array([[0]]), None), {"dim": 1}, TypeError, ("src",)),
    inputs="input index src",
    kind="smooth",
)


def _masked_scatter_sample(draw: Draw) -> Sample:
    shape, mask_shape = draw.broadcastable(2)
    mask = draw.index(mask_shape, 2) == 1
    count = int(np.broadcast_to(mask, np.broadcast_shapes(shape, mask_shape)).sum())
    return Sample((draw.tensor(*shape), np.asarray(mask), draw.tensor(count + draw.size(0, 2))))


def _masked_scatter_reference(x: Array, mask: Array, source: Array) -> Array:
    y, mask = (a.copy() for a in np.broadcast_arrays(x, mask))
    y[mask] = source.ravel()[: mask.sum()]
    return y


composed(
    masked_scatter,
    _masked_scatter_reference,
    _masked_scatter_sample,
    ((ones(2), np.array([True, True]), ones(1)), {}, RuntimeError, ("1 elements", "2 true")),
    ((ones(2), np.array([1, 1]), ones(2)), {}, RuntimeError, ("int64", ".bool()")),
)


def _scatter_view_rows() -> None:
    def sample(
        params: Callable[[Draw, Shape], dict[str, Any]], index: Callable[..., Array]
    ) -> Callable[[Draw], Sample]:
        def draw_one(draw: Draw) -> Sample:
            shape = draw.shape(2, 3)
            chosen = params(draw, shape)
            return Sample((draw.tensor(*shape), draw.tensor(*index(np.empty(shape), **chosen).shape)), chosen)

        return draw_one

    def reference(index: Callable[..., Array]) -> Callable[..., Array]:
        def written(x: Array, src: Array, **params: Any) -> Array:
            y = x.ravel().copy()
            y[index(np.arange(x.size).reshape(x.shape), **params)] = src
            return y.reshape(x.shape)

        return written

    def selected(x: Array, *, dim: int, index: int) -> Array:
        return np.moveaxis(x, dim, 0)[index]

    def sliced(x: Array, *, dim: int, start: int | None, end: int | None, step: int) -> Array:
        return x[(slice(None),) * dim + (slice(start, end, step),)]

    def diagonal(x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
        return np.diagonal(x, offset, dim1, dim2)

    def strided(x: Array, *, size: Shape, stride: Shape, storage_offset: int) -> Array:
        return np.asarray(x.ravel()[storage_offset + np.arange(size[0]) * stride[0]])

    wrong = (ones(2, 3), ones(4))
    composed(
        select_scatter,
        reference(selected),
        sample(
            lambda draw, shape: {"dim": (d := draw.size(0, 1)), "index": draw.size(-shape[d], shape[d] - 1)}, selected
        ),
        (wrong, {"dim": 0, "index": 0}, RuntimeError, ("(4,)", "(3,)")),
        (wrong, {"dim": 0, "index": 2}, IndexError, ("index 2",)),
    )
    composed(
        slice_scatter,
        reference(sliced),
        sample(
            lambda draw, shape: {
                "dim": draw.size(0, 1),
                "start": draw.choice(None, 1, -1),
                "end": draw.choice(None, 2),
                "step": draw.size(1, 2),
            },
            sliced,
        ),
        (wrong, {}, RuntimeError, ("(4,)", "(2, 3)")),
        (wrong, {"step": 0}, RuntimeError, ("step is 0",)),
        ((ones(), ones(1)), {}, IndexError, ("without dimensions",)),
    )
    composed(
        diagonal_scatter,
        reference(diagonal),
        sample(
            lambda draw, shape: {"offset": draw.size(-1, 1), "dim1": (d := draw.size(0, 1)), "dim2": 1 - d}, diagonal
        ),
        (wrong, {}, RuntimeError, ("(4,)", "(2,)")),
        (wrong, {"dim1": 1}, RuntimeError, ("one dimension",)),
    )
    composed(
        as_strided_scatter,
        reference(strided),
        sample(lambda draw, shape: {"size": (1,), "stride": (draw.size(1, 3),), "storage_offset": 0}, strided),
        (wrong, {"size": (3,), "stride": (1,)}, RuntimeError, ("(4,)", "(3,)")),
    )


_scatter_view_rows()
