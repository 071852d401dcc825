"""Slices, repetitions, and other arrangements of elements, made of reshape, expand, permute, cat and indexing.

The gradients are those of the ops they call.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays, full_name
from autograd.op import Op, Sample, register
from autograd.ops.elementwise import clone, mul
from autograd.ops.gather import gather
from autograd.ops.indexing import getitem
from autograd.ops.join import cat, chunk, split
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import expand, flip, reshape, transpose
from autograd.ops.shared.composed import composed, ones
from autograd.ops.shared.dims import dim_of, ndim_of, sizes_of
from autograd.ops.where import where
from autograd.types import Array, Shape, Sizes

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Tensors = tuple["Tensor", ...]


def _whole(name: str, what: str, n: Any) -> int:
    """A whole number, given as an int or as an integer tensor without dimensions."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"{name}: {what} is {n!r}; expects a whole number")
    return int(n.__index__())


def _any(x: Any) -> Any:
    """An array, where the ops take tensors too."""
    return x


# ── slices ─────────────────────────────────────────────────────────────────────────────


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice `index` along `dim`, as a view without that dimension.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    dim : int
        The dimension that the slice lacks.
    index : int
        Negative ones count from the end.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If the index is out of range, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.select(autograd.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    if ndim_of("select", input) == 0:
        raise IndexError("select: a tensor without dimensions has no slices")
    dim, index = dim_of("select", dim, input.ndim), _whole("select", "index", index)
    n = input.shape[dim]
    if not -n <= index < n:
        raise IndexError(f"select: index {index} is out of range: dim {dim} of {tuple(input.shape)} has {n} slices")
    return getitem(input, (*[slice(None)] * dim, index % n))


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """The `length` slices from `start` along `dim`, as a view.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    dim : int
        The dimension to shorten.
    start : int or Tensor of int, ()
        Negative ones count from the end.
    length : int
        The size of `dim` in the result.

    Returns
    -------
    Tensor, of the shape of input with size length in `dim`

    Raises
    ------
    RuntimeError
        If the slices reach past the end, length is negative, or input has no dimensions.
    IndexError
        If start is out of range, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.narrow(autograd.tensor([[1, 2, 3], [4, 5, 6]]), 1, 1, 2)
    tensor([[2, 3],
            [5, 6]])
    """
    if ndim_of("narrow", input) == 0:
        raise RuntimeError("narrow: a tensor without dimensions has no slices")
    if hasattr(start, "dtype") and (start.ndim or start.dtype.kind not in "iu"):  # type: ignore[union-attr]
        raise RuntimeError(
            f"narrow: start is {start.dtype} of shape {tuple(start.shape)}; expects an integer"  # type: ignore[union-attr]
        )
    dim, n = dim_of("narrow", dim, input.ndim), 0
    first, length, n = _whole("narrow", "start", start), _whole("narrow", "length", length), input.shape[dim]
    if length < 0:
        raise RuntimeError(f"narrow: length is {length}; it must be at least 0")
    if not -n <= first <= n:
        raise IndexError(f"narrow: start is {first}; it must be from {-n} to {n}, the size of dim {dim}")
    first = first + n if first < 0 else first
    if first + length > n:
        raise RuntimeError(f"narrow: start {first} + length {length} exceeds {n}, the size of dim {dim}")
    return getitem(input, (*[slice(None)] * dim, slice(first, first + length)))


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of input at these places in row-major order, in the index's shape.

    Parameters
    ----------
    input : Tensor, any shape
    index : Tensor of int64, any shape
        Negative ones count from the end.

    Returns
    -------
    Tensor, of the shape of index

    Raises
    ------
    IndexError
        If an index is out of range.
    RuntimeError
        If index is not int64.

    Examples
    --------
    >>> import autograd
    >>> autograd.take(autograd.tensor([[10, 20], [30, 40]]), autograd.tensor([2, -1]))
    tensor([30, 40])
    """
    check_arrays("take", input=input, index=index)
    if index.dtype != np.int64:
        raise RuntimeError(f"take: expects an int64 index, got {index.dtype}; convert it with .long()")
    count, places = math.prod(tuple(input.shape)), np.array(getattr(index, "array", index))
    wrong = (places < -count) | (places >= count)
    if wrong.any():
        raise IndexError(f"take: index {places[wrong].flat[0]} is out of range: there are {count} elements")
    y = getitem(reshape(input, (-1,)) if count else reshape(input, (0,)), (np.atleast_1d(places),))
    return y if places.ndim else reshape(y, ())


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Elements of input at indices along `dim`, as argsort or argmax give them; all other dimensions broadcast.

    Parameters
    ----------
    input : Tensor, any shape
    indices : Tensor of int64, with as many dimensions as input
        Negative ones count from the end, if dim is given.
    dim : int, optional
        Without it, both are taken as vectors, in row-major order.

    Returns
    -------
    Tensor, of the shape of indices, broadcast beside `dim`; without dim a vector

    Raises
    ------
    RuntimeError
        If an index is out of range, indices are not int64, or shapes do not fit.
    IndexError
        If there is no such dimension, or without dim an index is out of range.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[30, 10, 20]])
    >>> autograd.take_along_dim(x, x.argsort(1), 1)
    tensor([[10, 20, 30]])
    """
    check_arrays("take_along_dim", input=input, indices=indices)
    if indices.dtype != np.int64:
        raise RuntimeError(f"take_along_dim: expects int64 indices, got {indices.dtype}; convert with .long()")
    if dim is None:
        return gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            f"take_along_dim: input has shape {tuple(input.shape)}, indices {tuple(indices.shape)}; expects as many "
            "dimensions"
        )
    dim = dim_of("take_along_dim", dim, input.ndim)
    sizes = [[1 if d == dim else n for d, n in enumerate(x.shape)] for x in (input, indices)]
    try:
        shape = np.broadcast_shapes(*map(tuple, sizes))
    except ValueError:
        raise RuntimeError(
            f"take_along_dim: shapes {tuple(input.shape)} and {tuple(indices.shape)} do not broadcast beside dim {dim}"
        ) from None
    x, i = (expand(a, *shape[:dim], a.shape[dim], *shape[dim + 1 :]) if a.ndim else a for a in (input, indices))
    size = input.shape[dim] if input.ndim else 1
    places = np.array(getattr(i, "array", i))
    wrong = (places < -size) | (places >= size)
    if wrong.any():
        raise RuntimeError(
            f"take_along_dim: index {places[wrong].flat[0]} is out of range: dim {dim} has {size} elements"
        )
    return gather(x, dim, _any(np.where(places < 0, places + size, places)))


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of input where mask is true, as a vector.  Shapes broadcast.

    Parameters
    ----------
    input : Tensor, any shape
    mask : Tensor of bool, of a shape that broadcasts with input's

    Returns
    -------
    Tensor, (number of true elements,)

    Raises
    ------
    RuntimeError
        If mask is not bool, or the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 5.0, 3.0])
    >>> autograd.masked_select(x, x > 2)
    tensor([5., 3.])
    """
    check_arrays("masked_select", input=input, mask=mask)
    if mask.dtype != np.bool_:
        raise RuntimeError(f"masked_select: expects a bool mask, got {mask.dtype}; convert it with .bool()")
    x, m = _broadcast("masked_select", (input, mask))
    return getitem(reshape(x, (-1,)), (np.asarray(m).reshape(-1),))


def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Repeat each element, or each slice along `dim`.

    Parameters
    ----------
    input : Tensor, any shape
    repeats : int, or Tensor of int, (1,) or one for each element or slice
        Without it, input holds the repeats, and the result is how often each index occurs: [0] * input[0] + ….
    dim : int, optional
        Without it, input is taken as a vector.
    output_size : int, optional
        The size of the result along `dim`, checked.

    Returns
    -------
    Tensor, of the shape of input with another size in `dim`; without dim a vector

    Raises
    ------
    RuntimeError
        If repeats are negative, not integers or not as many as slices, or output_size is another.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.repeat_interleave(autograd.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> autograd.repeat_interleave(autograd.tensor([1, 2]), autograd.tensor([3, 1]))
    tensor([1, 1, 1, 2])
    """
    name = "repeat_interleave"
    check_arrays(name, input=input)
    x = input if dim is not None else reshape(input, (-1,)) if repeats is not None else None
    axis = 0 if dim is None else dim_of(name, dim, input.ndim)
    given = input if repeats is None else repeats
    counts = np.array(getattr(given, "array", given))
    if repeats is None and counts.ndim != 1:
        raise RuntimeError(f"{name}: repeats have shape {counts.shape}; expects a vector")
    if counts.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: repeats are {counts.dtype}; expects integers")
    if counts.ndim > 1:
        raise RuntimeError(f"{name}: repeats have shape {counts.shape}; expects a number or a vector")
    if (counts < 0).any():
        raise RuntimeError(f"{name}: {counts.min()} repeats are not possible; expects at least 0")
    size = len(counts) if x is None else x.shape[axis] if x.ndim else 1
    if x is not None and counts.size not in (1, size):
        raise RuntimeError(f"{name}: {counts.size} repeats do not fit {size} slices; give one for each, or one number")
    places = np.repeat(np.arange(size), counts.reshape(-1))
    if output_size is not None and output_size != len(places):
        raise RuntimeError(f"{name}: output_size is {output_size}, and the repeats make {len(places)}")
    if x is None:
        return _repeat_interleave_places_op(input)
    return getitem(x if x.ndim else reshape(x, (1,)), (*[slice(None)] * axis, places))


_repeat_interleave_places_op = register(
    Op(
        name="repeat_interleave_places",
        forward=lambda counts: np.repeat(np.arange(len(counts)), counts),
        backward=None,
        reference=lambda counts: np.array([i for i, n in enumerate(counts) for _ in range(n)], np.int64),
        sample=lambda draw: Sample((draw.index((draw.size(0, 4),), 3),)),
        kind="discrete",
        flops=0,
    )
)


# ── order ──────────────────────────────────────────────────────────────────────────────


def fliplr(input: Tensor) -> Tensor:
    """Return a copy with the order along the second dimension reversed.

    Parameters
    ----------
    input : Tensor, of two dimensions or more

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    RuntimeError
        If input has fewer than two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.fliplr(autograd.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if ndim_of("fliplr", input) < 2:
        raise RuntimeError(f"fliplr: expects at least 2 dimensions, got shape {tuple(input.shape)}")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Return a copy with the order along the first dimension reversed.

    Parameters
    ----------
    input : Tensor, of one dimension or more

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    RuntimeError
        If input has no dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.flipud(autograd.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    if ndim_of("flipud", input) < 1:
        raise RuntimeError("flipud: a tensor without dimensions has no order; expects at least one")
    return flip(input, (0,))


def roll(input: Tensor, shifts: int | tuple[int, ...], dims: int | tuple[int, ...] | None = None) -> Tensor:
    """Shift the elements along dimensions; those pushed out at the end come in at the start.

    Parameters
    ----------
    input : Tensor, any shape
    shifts : int or tuple of int
        How far, one for each of dims.
    dims : int or tuple of int, optional
        Without it, the elements are shifted in row-major order.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    RuntimeError
        If there are not as many shifts as dims, or no shift.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.roll(autograd.arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    ndim = ndim_of("roll", input)
    steps, chosen = sizes_of((shifts,)), () if dims is None else sizes_of((dims,))
    if not steps:
        raise RuntimeError("roll: expects at least one shift")
    if not chosen and len(steps) == 1:
        return reshape(roll(reshape(input, (-1,)), steps, 0), tuple(input.shape))
    if len(steps) != len(chosen):
        raise RuntimeError(f"roll: {len(steps)} shifts and {len(chosen)} dims; expects as many")
    if not ndim:
        raise IndexError(f"roll: dims is {dims}, and a tensor without dimensions has none")
    y = input
    for shift, d in zip(steps, [dim_of("roll", d, ndim) for d in chosen], strict=True):
        n = input.shape[d] if ndim else 0
        if n:
            k = n - _whole("roll", "a shift", shift) % n
            before: list[Any] = [slice(None)] * d
            y = cat([getitem(y, (*before, slice(k, None))), getitem(y, (*before, slice(k)))], d)
    return clone(y) if y is input else y


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Rotate by 90 degrees k times, in the plane of two dimensions, from the first towards the second.

    Parameters
    ----------
    input : Tensor, of two dimensions or more
    k : int
        Negative ones rotate the other way.
    dims : sequence of two int
        The plane.

    Returns
    -------
    Tensor, of the shape of input, with the two sizes exchanged if k is odd

    Raises
    ------
    RuntimeError
        If input has fewer than two dimensions, or dims are not two different ones.
    IndexError
        If there is no such dimension.
    TypeError
        If k is not a whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.rot90(autograd.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    ndim = ndim_of("rot90", input)
    if len(dims) != 2:
        raise RuntimeError(f"rot90: dims is {tuple(dims)}; expects two dimensions")
    if ndim < 2:
        raise RuntimeError(f"rot90: expects at least 2 dimensions, got shape {tuple(input.shape)}")
    first, second = (dim_of("rot90", d, ndim) for d in dims)
    if first == second:
        raise RuntimeError(f"rot90: dims {tuple(dims)} are one dimension; expects two")
    turns = _whole("rot90", "k", k) % 4
    if turns == 0:
        return clone(input)
    if turns == 2:
        return flip(input, (first, second))
    return transpose(flip(input, (second if turns == 1 else first,)), first, second)


def tile(input: Tensor, dims: Sizes) -> Tensor:
    """Copies of the tensor side by side: dims[i] along dimension i, counted from the last.

    Parameters
    ----------
    input : Tensor, any shape
    dims : int or tuple of int
        How often.  Missing ones are 1.

    Returns
    -------
    Tensor, of input's shape times dims, size by size

    Raises
    ------
    RuntimeError
        If a number is negative.

    Examples
    --------
    >>> import autograd
    >>> autograd.tile(autograd.tensor([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    ndim, times = ndim_of("tile", input), sizes_of((dims,))
    if any(time < 0 for time in times):
        raise RuntimeError(f"tile: dims {times} must be at least 0")
    times = (1,) * (ndim - len(times)) + times
    sizes = (1,) * (len(times) - ndim) + tuple(input.shape)
    copies = reshape(input, tuple(n for size in sizes for n in (1, size)))
    copies = expand(copies, *(n for time, size in zip(times, sizes, strict=True) for n in (time, size)))
    return reshape(clone(copies), tuple(time * size for time, size in zip(times, sizes, strict=True)))


# ── pieces ─────────────────────────────────────────────────────────────────────────────


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0) -> Tensors:
    """Split a tensor into pieces, which are views.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    indices_or_sections : int, or sequence or Tensor of int
        The number of pieces, of which the first are larger by one if they cannot be equal; or the indices to split at.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    RuntimeError
        If there would be no piece, input has no dimensions, or indices in a tensor are not int64.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor_split(autograd.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    >>> autograd.tensor_split(autograd.arange(5), (1, 2))
    (tensor([0]), tensor([1]), tensor([2, 3, 4]))
    """
    if ndim_of("tensor_split", input) == 0:
        raise RuntimeError("tensor_split: a tensor without dimensions cannot be split; .reshape(1) gives it one")
    dim, given = dim_of("tensor_split", dim, input.ndim), _any(indices_or_sections)
    if hasattr(given, "dtype"):
        if given.dtype != np.int64 or given.ndim > 1:
            raise RuntimeError(
                f"tensor_split: expects int64 indices, one number or a vector, got {given.dtype} of shape "
                f"{tuple(given.shape)}"
            )
        given = given.tolist()
    n = input.shape[dim]
    if isinstance(given, int):
        if given < 1:
            raise RuntimeError(f"tensor_split: {given} pieces are not possible; expects at least 1")
        ends = [i * (n // given) + min(i, n % given) for i in range(1, given)]
    else:
        ends = [_whole("tensor_split", "an index", i) for i in given]
    before: list[Any] = [slice(None)] * dim
    starts = [0, *ends]
    return tuple(getitem(input, (*before, slice(a, b))) for a, b in zip(starts, [*ends, n], strict=True))


def _split_along(name: str, input: Tensor, given: Any, dim: int, least: int) -> Tensors:
    if ndim_of(name, input) < least:
        raise RuntimeError(f"{name}: expects at least {least} dimensions, got shape {tuple(input.shape)}")
    if isinstance(given, int | np.integer) and (given < 1 or input.shape[dim] % given):
        raise RuntimeError(f"{name}: dim {dim} of size {input.shape[dim]} cannot be split into {given} equal pieces")
    return tensor_split(input, given, dim)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> Tensors:
    """Split into views along the second dimension, or the only one.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    indices_or_sections : int or sequence of int
        The number of equal pieces, or the indices to split at.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    RuntimeError
        If input is a number, or cannot be split into so many equal pieces.

    Examples
    --------
    >>> import autograd
    >>> autograd.hsplit(autograd.tensor([[1, 2, 3, 4]]), 2)
    (tensor([[1, 2]]), tensor([[3, 4]]))
    """
    return _split_along("hsplit", input, indices_or_sections, 0 if ndim_of("hsplit", input) == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> Tensors:
    """Split into views along the first dimension.

    Parameters
    ----------
    input : Tensor, of two dimensions or more
    indices_or_sections : int or sequence of int
        The number of equal pieces, or the indices to split at.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    RuntimeError
        If input has fewer than two dimensions, or cannot be split into so many equal pieces.

    Examples
    --------
    >>> import autograd
    >>> autograd.vsplit(autograd.tensor([[1, 2], [3, 4], [5, 6]]), [1])
    (tensor([[1, 2]]), tensor([[3, 4],
            [5, 6]]))
    """
    return _split_along("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> Tensors:
    """Split into views along the third dimension.

    Parameters
    ----------
    input : Tensor, of three dimensions or more
    indices_or_sections : int or sequence of int
        The number of equal pieces, or the indices to split at.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    RuntimeError
        If input has fewer than three dimensions, or cannot be split into so many equal pieces.

    Examples
    --------
    >>> import autograd
    >>> [piece.shape for piece in autograd.dsplit(autograd.zeros(1, 2, 6), 3)]
    [(1, 2, 2), (1, 2, 2), (1, 2, 2)]
    """
    return _split_along("dsplit", input, indices_or_sections, 2, 3)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> Tensors:
    """Split a tensor into views of these sizes along `dim`.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    split_sizes : sequence of int
        They add up to the size of the dimension.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ValueError
        If the sizes do not add up.
    TypeError
        If split_sizes is a number.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.split_with_sizes(autograd.arange(5), [1, 4])
    (tensor([0]), tensor([1, 2, 3, 4]))
    """
    if isinstance(split_sizes, int):
        raise TypeError(f"split_with_sizes: split_sizes is {split_sizes}; expects a list, or use split")
    return split(input, split_sizes, dim)


def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> Tensors:
    """Split a tensor into pieces, which are views: `split`, which is as safe here.

    Parameters
    ----------
    tensor : Tensor, of one dimension or more
    split_size : int
        The size of each piece, where the last may be smaller.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ValueError
        If split_size is not positive.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.unsafe_split(autograd.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    return split(tensor, split_size, dim)


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> Tensors:
    """Split a tensor into `chunks` pieces, which are views: `chunk`, which is as safe here.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    chunks : int
        At most so many pieces.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ValueError
        If chunks is not positive.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.unsafe_chunk(autograd.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
    return chunk(input, chunks, dim)


# ── tensors side by side ───────────────────────────────────────────────────────────────


def _each(name: str, tensors: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """The function of one tensor; of each of several, or of a list of them, as a tuple."""
    several = len(tensors) != 1 or isinstance(tensors[0], list | tuple)
    given = tensors[0] if len(tensors) == 1 and several else tensors
    check_arrays(name, **{f"tensor {i}": x for i, x in enumerate(given)})
    found = tuple(function(x) for x in given)
    return found if several else found[0]


def atleast_1d(*tensors: Any) -> Any:
    """The tensor, or tensors, with one dimension if it has none.

    Parameters
    ----------
    *tensors : Tensor, any shape, or one list of them

    Returns
    -------
    Tensor, of at least one dimension; a tuple of them for several or a list

    Raises
    ------
    TypeError
        If one is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.atleast_1d(autograd.tensor(5))
    tensor([5])
    """
    return _each("atleast_1d", tensors, _one)


def atleast_2d(*tensors: Any) -> Any:
    """The tensor, or tensors, with two dimensions if it has fewer: a vector becomes a row.

    Parameters
    ----------
    *tensors : Tensor, any shape, or one list of them

    Returns
    -------
    Tensor, of at least two dimensions; a tuple of them for several or a list

    Raises
    ------
    TypeError
        If one is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.atleast_2d(autograd.tensor([5, 6]))
    tensor([[5, 6]])
    """
    return _each("atleast_2d", tensors, _two)


def atleast_3d(*tensors: Any) -> Any:
    """The tensor, or tensors, with three dimensions if it has fewer: (N,) becomes (1, N, 1), (N, M) (N, M, 1).

    Parameters
    ----------
    *tensors : Tensor, any shape, or one list of them

    Returns
    -------
    Tensor, of at least three dimensions; a tuple of them for several or a list

    Raises
    ------
    TypeError
        If one is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.atleast_3d(autograd.tensor([5, 6])).shape
    (1, 2, 1)
    """
    return _each("atleast_3d", tensors, _three)


def _one(x: Tensor) -> Tensor:
    return x if x.ndim else reshape(x, (1,))


def _two(x: Tensor) -> Tensor:
    return x if x.ndim > 1 else reshape(x, (1, math.prod(tuple(x.shape))))


def _three(x: Tensor) -> Tensor:
    return x if x.ndim > 2 else reshape(x, (*_two(x).shape, 1))


def _joined(name: str, tensors: Sequence[Tensor], prepare: Callable[[Tensor], Tensor], dim: int | None) -> Tensor:
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"{name}: expects a list of tensors, got {full_name(tensors)}")
    if not tensors:
        raise RuntimeError(f"{name}: expects a list of at least one tensor, got an empty one")
    check_arrays(name, **{f"tensor {i}": x for i, x in enumerate(tensors)})
    parts = [prepare(x) for x in tensors]
    axis = (0 if parts[0].ndim == 1 else 1) if dim is None else dim
    shapes = {tuple(n for d, n in enumerate(x.shape) if d != axis) for x in parts if tuple(x.shape) != (0,)}
    if len(shapes) > 1:
        raise RuntimeError(
            f"{name}: shapes {', '.join(str(tuple(x.shape)) for x in tensors)} do not fit side by side: all sizes but "
            f"those of dim {axis} must be equal"
        )
    return cat(parts, axis)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the second dimension, or vectors along the first.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least one.  Their other sizes are equal.

    Returns
    -------
    Tensor, of the shape of the first, but for the size that grows; in a common dtype

    Raises
    ------
    RuntimeError
        If there is none, or shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.hstack([autograd.tensor([1, 2]), autograd.tensor([3])])
    tensor([1, 2, 3])
    """
    return _joined("hstack", tensors, _one, None)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the first dimension.  A vector is a row.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least one.  Their other sizes are equal.

    Returns
    -------
    Tensor, of the shape of the first, but for the size that grows; in a common dtype

    Raises
    ------
    RuntimeError
        If there is none, or shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.vstack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return _joined("vstack", tensors, _two, 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the third dimension, after `atleast_3d`.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least one.  Their other sizes are equal.

    Returns
    -------
    Tensor, of the shape of the first, but for the size that grows; in a common dtype

    Raises
    ------
    RuntimeError
        If there is none, or shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.dstack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return _joined("dstack", tensors, _three, 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the second dimension.  A vector is a column.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least one.  Their other sizes are equal.

    Returns
    -------
    Tensor, of the shape of the first, but for the size that grows; in a common dtype

    Raises
    ------
    RuntimeError
        If there is none, or shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.column_stack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    return _joined("column_stack", tensors, _column, 1)


def _column(x: Tensor) -> Tensor:
    return x if x.ndim > 1 else reshape(x, (math.prod(tuple(x.shape)), 1))


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with these matrices along its diagonal, and 0 elsewhere.

    Parameters
    ----------
    *tensors : Tensor, (I, J), (J,) or ()
        Vectors are rows.  At least one.

    Returns
    -------
    Tensor, (ΣI, ΣJ), in a common dtype

    Raises
    ------
    RuntimeError
        If there is none, or one has more than two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.block_diag(autograd.ones(1, 2), autograd.tensor(3.0))
    tensor([[1., 1., 0.],
            [0., 0., 3.]])
    """
    check_arrays("block_diag", **{f"tensor {i}": x for i, x in enumerate(tensors)})
    if any(x.ndim > 2 for x in tensors):
        shapes = ", ".join(str(tuple(x.shape)) for x in tensors)
        raise RuntimeError(f"block_diag: expects tensors of at most 2 dimensions, got {shapes}")
    if not tensors:
        raise RuntimeError("block_diag: expects at least one tensor")
    blocks = [_two(x) for x in tensors]
    widths = [x.shape[1] for x in blocks]
    rows = [
        cat(
            [
                _any(np.zeros((x.shape[0], sum(widths[:i])), x.dtype)),
                x,
                _any(np.zeros((x.shape[0], sum(widths[i + 1 :])), x.dtype)),
            ],
            1,
        )  # type: ignore[list-item]
        for i, x in enumerate(blocks)
    ]
    return cat(rows, 0)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, one in each row.  Of one vector, itself.

    Parameters
    ----------
    *tensors : Tensor, (A,), (B,), …
        At least one, of one dtype.

    Returns
    -------
    Tensor, (A · B · …, number of vectors); of one vector (A,)

    Raises
    ------
    RuntimeError
        If there is none, one is no vector, or dtypes differ.

    Examples
    --------
    >>> import autograd
    >>> autograd.cartesian_prod(autograd.tensor([1, 2]), autograd.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    check_arrays("cartesian_prod", **{f"tensor {i}": x for i, x in enumerate(tensors)})
    if not tensors or any(x.ndim != 1 for x in tensors):
        raise RuntimeError(f"cartesian_prod: expects vectors, got {[tuple(x.shape) for x in tensors]}")
    if len(tensors) == 1:
        return tensors[0]
    return cat([reshape(x, (math.prod(tuple(x.shape)), 1)) for x in meshgrid(*tensors, indexing="ij")], 1)


def _detached(x: Any) -> Any:
    """x without its graph; an array itself."""
    return x.detach() if hasattr(x, "detach") else x


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, in order, one in each row.

    Parameters
    ----------
    input : Tensor, (N,)
    r : int
        At least 0.
    with_replacement : bool
        Whether an element may be chosen several times.

    Returns
    -------
    Tensor, (number of choices, r)

    Raises
    ------
    RuntimeError
        If input is no vector, or r is negative.
    TypeError
        If r is not a whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.combinations(autograd.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if ndim_of("combinations", input) != 1:
        raise RuntimeError(f"combinations: expects a vector, got shape {tuple(input.shape)}")
    r = _whole("combinations", "r", r)
    if r < 0:
        raise RuntimeError(f"combinations: r is {r}; it must be at least 0")
    if r == 0:
        return getitem(_detached(input), slice(0))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input.shape[0]), r)), np.int64).reshape(-1, r)
    return getitem(input, (places,))


# ── shapes ─────────────────────────────────────────────────────────────────────────────


def ravel(input: Tensor) -> Tensor:
    """The elements as a vector, in row-major order; a view if possible.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, (number of elements,)

    Examples
    --------
    >>> import autograd
    >>> autograd.ravel(autograd.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    ndim_of("ravel", input)
    array: Any = getattr(input, "array", input)
    return reshape(input if array.flags.c_contiguous else clone(input), (array.size,))


def unravel_index(indices: Tensor, shape: Sizes) -> Tensors:
    """The index along each dimension of places in row-major order, for a tensor of this shape.

    Parameters
    ----------
    indices : Tensor of int, any shape
    shape : tuple of int
        Of the tensor that has these places.

    Returns
    -------
    tuple of Tensor of int64, each of the shape of indices

    Raises
    ------
    ValueError
        If an index is out of range, indices are not integers, or a size is negative.
    TypeError
        If shape is not of integers.

    Examples
    --------
    >>> import autograd
    >>> autograd.unravel_index(autograd.tensor([1, 5]), (2, 3))
    (tensor([0, 1]), tensor([1, 2]))
    """
    check_arrays("unravel_index", indices=indices)
    if indices.dtype.kind not in "iu":
        raise ValueError(f"unravel_index: expects integers, got {indices.dtype}; convert with .long()")
    sizes = sizes_of((shape.tolist() if hasattr(shape, "tolist") else shape,))
    if any(isinstance(n, bool) or not isinstance(n, int | np.integer) for n in sizes):
        raise TypeError(f"unravel_index: shape is {sizes}; expects integers")
    if min(sizes, default=0) < 0:
        raise ValueError(f"unravel_index: shape is {sizes}; expects sizes of at least 0")
    places, count = np.asarray(getattr(indices, "array", indices)), math.prod(sizes)
    if places.size and not (places.min() >= 0 and places.max() < count):
        raise ValueError(f"unravel_index: an index is out of range: shape {sizes} has {count} elements")
    return _unravel_index_places_op(indices, shape=tuple(map(int, sizes))) if sizes else ()


_unravel_index_places_op = register(
    Op(
        name="unravel_index_places",
        forward=lambda places, *, shape: tuple(np.asarray(a, np.int64) for a in np.unravel_index(places, shape)),
        backward=None,
        reference=lambda places, *, shape: tuple(
            np.asarray(places.astype(np.int64) // math.prod(shape[d + 1 :]) % n) for d, n in enumerate(shape)
        ),
        sample=lambda draw: Sample((draw.index(draw.shape(0, 2, least=0), 6),), {"shape": draw.choice((2, 3), (6,))}),
        kind="discrete",
        flops=0,
    )
)


def unflatten(input: Tensor, dim: int, sizes: Sizes) -> Tensor:
    """Split a dimension into several of these sizes.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension to split.
    sizes : tuple of int
        One may be -1, and is then computed.

    Returns
    -------
    Tensor, of the shape of input with sizes in place of `dim`

    Raises
    ------
    RuntimeError
        If the sizes do not make up the dimension.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.unflatten(autograd.arange(6), 0, (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    dim = dim_of("unflatten", dim, ndim_of("unflatten", input))
    shape, n = sizes_of((sizes,)), input.shape[dim] if input.ndim else 1
    if not shape:
        raise RuntimeError("unflatten: sizes is empty; expects at least one size")
    known = math.prod(size for size in shape if size != -1)
    fits = n % known == 0 if shape.count(-1) == 1 and known else math.prod(shape) == n and -1 not in shape
    if not fits:
        raise RuntimeError(f"unflatten: sizes {shape} do not make up {n}, the size of dim {dim}")
    full = tuple(n // known if size == -1 else size for size in shape)
    return reshape(input, (*input.shape[:dim], *full, *input.shape[dim + 1 :]))


def broadcast_shapes(*shapes: int | Sequence[int]) -> Shape:
    """The shape that tensors of these shapes broadcast to.

    Parameters
    ----------
    *shapes : tuple of int, or int
        An int n stands for (n,).

    Returns
    -------
    tuple of int

    Raises
    ------
    RuntimeError
        If they do not broadcast, or a size is negative.
    TypeError
        If a size is not a whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        wanted = [(n,) if isinstance(n, int) else tuple([operator.index(size) for size in n]) for n in shapes]
    except TypeError:
        given = ", ".join(map(repr, shapes))
        raise TypeError(f"broadcast_shapes: expects shapes of whole numbers, got {given}") from None
    return _common_shape("broadcast_shapes", wanted)


def _common_shape(name: str, wanted: list[Shape]) -> Shape:
    try:
        if any(n < 0 for shape in wanted for n in shape):
            raise ValueError
        return tuple(np.broadcast_shapes(*wanted))
    except (ValueError, TypeError):
        raise RuntimeError(f"{name}: shapes {', '.join(map(str, wanted))} do not broadcast") from None


def broadcast_to(input: Tensor, size: Sizes) -> Tensor:
    """Expand a tensor to this size, without a copy.

    Parameters
    ----------
    input : Tensor, any shape
    size : tuple of int
        New dimensions come first; -1 keeps a size.

    Returns
    -------
    Tensor, of shape `size`

    Raises
    ------
    ValueError
        If input does not expand to this size.

    Examples
    --------
    >>> import autograd
    >>> autograd.broadcast_to(autograd.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    check_arrays("broadcast_to", input=input)
    return expand(input, *sizes_of((size,)))


def broadcast_tensors(*tensors: Any) -> Tensors:
    """Expand tensors to the shape that they broadcast to, without copies.

    Parameters
    ----------
    *tensors : Tensor, of shapes that broadcast, or one list of them

    Returns
    -------
    tuple of Tensor, all of the broadcast shape

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> x, y = autograd.broadcast_tensors(autograd.tensor([[1], [2]]), autograd.tensor([3, 4]))
    >>> x
    tensor([[1, 1],
            [2, 2]])
    >>> y
    tensor([[3, 4],
            [3, 4]])
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    return _broadcast("broadcast_tensors", given)


def _broadcast(name: str, given: Sequence[Tensor]) -> Tensors:
    check_arrays(name, **{f"tensor {i}": x for i, x in enumerate(given)})
    shape = _common_shape(name, [tuple(x.shape) for x in given])
    return tuple(expand(x, *shape) for x in given)


def meshgrid(*tensors: Any, indexing: str | None = None) -> Tensors:
    """Grids of coordinates from vectors, as views.

    Parameters
    ----------
    *tensors : Tensor, vectors or without dimensions, or one list of them
    indexing : "ij" or "xy", optional
        Whether the first dimension belongs to the first tensor, or to the second.  Default: "ij".

    Returns
    -------
    tuple of Tensor, (A, B, …) each, with "xy" (B, A, …)

    Raises
    ------
    RuntimeError
        If there is none, one has several dimensions, dtypes differ, or indexing is unknown.

    Examples
    --------
    >>> import autograd
    >>> y, x = autograd.meshgrid(autograd.arange(2), autograd.arange(3), indexing="ij")
    >>> x
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else list(tensors)
    check_arrays("meshgrid", **{f"tensor {i}": x for i, x in enumerate(given)})
    if not given:
        raise RuntimeError("meshgrid: expects at least one tensor")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing is {indexing!r}; expects ij or xy")
    if any(x.ndim > 1 for x in given):
        raise RuntimeError(f"meshgrid: expects vectors, got {[tuple(x.shape) for x in given]}")
    if len({x.dtype for x in given}) > 1:
        raise RuntimeError(f"meshgrid: the tensors have dtypes {', '.join(str(x.dtype) for x in given)}; convert them")
    swapped = indexing == "xy" and len(given) > 1
    if swapped:
        given[0], given[1] = given[1], given[0]
    shape = tuple(math.prod(tuple(x.shape)) for x in given)
    grids = [
        expand(reshape(x, (*[1] * i, n, *[1] * (len(given) - i - 1))), *shape)
        for i, (x, n) in enumerate(zip(given, shape, strict=True))
    ]
    if swapped:
        grids[:2] = grids[1], grids[0]
    return tuple(grids)


def sum_to_size(input: Tensor, *size: Sizes) -> Tensor:
    """Sum over dimensions, so that the result has this size and would broadcast back to input's."""
    shape = sizes_of(size)
    lead = ndim_of("sum_to_size", input) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, input.shape[lead:], strict=True)):
        raise RuntimeError(f"sum_to_size: shape {tuple(input.shape)} cannot be summed to {shape}")
    dims = (*range(lead), *(lead + i for i, n in enumerate(shape) if n != input.shape[lead + i]))
    if not dims:
        return input if shape else sum_over(input)
    return reshape(sum_over(input, dims), shape)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix: the powers of each element of a vector in a row, N of them, the highest first.

    Parameters
    ----------
    x : Tensor, (M,)
    N : int, optional
        Number of columns.  Default: M.
    increasing : bool
        Whether the lowest power comes first.

    Returns
    -------
    Tensor, (M, N), in int64 for integers and bools

    Raises
    ------
    RuntimeError
        If x is no vector, or N is negative.
    TypeError
        If N is not a whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.vander(autograd.tensor([2, 3]), 3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    if ndim_of("vander", x) != 1:
        raise RuntimeError(f"vander: expects a vector, got shape {tuple(x.shape)}")
    n = x.shape[0] if N is None else _whole("vander", "N", N)
    if n < 0:
        raise RuntimeError(f"vander: N is {n}; it must be at least 0")
    kept = np.dtype(np.int64) if x.dtype.kind in "biu" else x.dtype
    column = reshape(x if n > 1 else _detached(x), (x.shape[0], 1))  # the power 0 is 1
    columns = [where(_any(np.ones(column.shape, bool)), _any(np.ones((), kept)), column)]
    for _ in range(1, n):
        columns.append(mul(columns[-1], column))
    return (
        cat(columns[:n] if increasing else columns[:n][::-1], 1) if n else getitem(columns[0], (slice(None), slice(0)))
    )


# ── as rows ────────────────────────────────────────────────────────────────────────────


def _row(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    params: Callable[[Draw, Shape], dict[str, Any]],
    *bad: tuple[Shape, dict[str, Any], str],
    least: int = 1,
    error: type[Exception] = RuntimeError,
) -> None:
    """Register a function of one tensor.  params(draw, shape) draws its parameters."""

    def sample(draw: Draw) -> Sample:
        shape = draw.shape(least, 4, least=0)
        return Sample((draw.tensor(*shape),), params(draw, shape))

    composed(function, reference, sample, *(((ones(*shape),), wrong, error, (word,)) for shape, wrong, word in bad))


def _nothing(draw: Draw, shape: Shape) -> dict[str, Any]:
    return {}


def _a_dim(draw: Draw, shape: Shape) -> int:
    return draw.size(0, len(shape) - 1)


def _at(dim: int, part: Any) -> tuple[Any, ...]:
    return (*[slice(None)] * dim, part)


def _select_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = _a_dim(draw, shape)
    return Sample((draw.tensor(*shape),), {"dim": dim, "index": draw.size(-shape[dim], shape[dim] - 1)})


composed(
    select,
    lambda x, *, dim, index: np.moveaxis(x, dim, 0)[index, ...],
    _select_sample,
    ((ones(2, 3),), {"dim": 1, "index": 3}, IndexError, ("index 3", "(2, 3)")),
    ((ones(),), {"dim": 0, "index": 0}, IndexError, ("without dimensions",)),
)


def _narrow_params(draw: Draw, shape: Shape) -> dict[str, Any]:
    dim = _a_dim(draw, shape)
    start = draw.size(0, shape[dim])
    return {"dim": dim, "start": start, "length": draw.size(0, shape[dim] - start)}


_row(
    narrow,
    lambda x, *, dim, start, length: x[_at(dim, slice(start, start + length))],
    _narrow_params,
    ((2, 3), {"dim": 1, "start": 2, "length": 2}, "exceeds 3"),
    ((2, 3), {"dim": 1, "start": 0, "length": -1}, "length is -1"),
)


def _indexed(draw: Draw, shape: Shape, bound: int) -> Array:
    return draw.index(draw.shape(0, 2, least=0), bound) - draw.choice(0, bound)


def _take_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    return Sample((draw.tensor(*shape), _indexed(draw, shape, math.prod(shape))))


composed(
    take,
    lambda x, index: np.asarray(x.ravel()[index]),
    _take_sample,
    ((ones(2, 3), np.array([6])), {}, IndexError, ("index 6", "6 elements")),
    ((ones(2, 3), ones(1)), {}, RuntimeError, ("float64", ".long()")),
)


def _along_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = _a_dim(draw, shape)
    taken = tuple(draw.size(0, 3) if d == dim else draw.choice(n, 1) for d, n in enumerate(shape))
    return Sample((draw.tensor(*shape), draw.index(taken, shape[dim]) - draw.choice(0, shape[dim])), {"dim": dim})


def _along_reference(x: Array, index: Array, *, dim: int) -> Array:
    shape = tuple(index.shape[d] if d == dim else n for d, n in enumerate(x.shape))
    y = np.empty(shape, x.dtype)
    for i in np.ndindex(*shape):
        at = tuple(0 if n == 1 else k for k, n in zip(i, index.shape, strict=True))
        y[i] = x[(*i[:dim], index[at], *i[dim + 1 :])]
    return y


composed(
    take_along_dim,
    _along_reference,
    _along_sample,
    ((ones(2, 3), np.array([[3]])), {"dim": 1}, RuntimeError, ("index 3", "3 elements")),
    ((ones(2, 3), np.array([0])), {"dim": 1}, RuntimeError, ("(2, 3)", "(1,)")),
    inputs="input indices",
)


def _masked_sample(draw: Draw) -> Sample:
    shape, mask_shape = draw.broadcastable(2)
    return Sample((draw.tensor(*shape), np.asarray(draw.index(mask_shape, 2) == 1)))


def _masked_reference(x: Array, mask: Array) -> Array:
    x, mask = np.broadcast_arrays(x, mask)
    return x[mask]


composed(
    masked_select,
    _masked_reference,
    _masked_sample,
    ((ones(2), ones(2)), {}, RuntimeError, ("float64", ".bool()")),
    ((ones(2), np.ones(3, bool)), {}, RuntimeError, ("(2,)", "(3,)")),
)


def _repeat_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.choice(None, _a_dim(draw, shape))
    n = math.prod(shape) if dim is None else shape[dim]
    return Sample((draw.tensor(*shape),), {"repeats": draw.choice(2, draw.index((n,), 3)), "dim": dim})


composed(
    repeat_interleave,
    lambda x, *, repeats, dim: np.repeat(x, repeats, dim),
    _repeat_sample,
    ((ones(2),), {"repeats": -1}, RuntimeError, ("-1 repeats",)),
    ((ones(2),), {"repeats": np.array([1, 2, 3])}, RuntimeError, ("3 repeats", "2 slices")),
    ((ones(2),), {"repeats": 2, "output_size": 3}, RuntimeError, ("output_size is 3", "4")),
)

_row(fliplr, lambda x: np.fliplr(x).copy(), _nothing, ((2,), {}, "(2,)"), least=2)
_row(flipud, lambda x: np.flipud(x).copy(), _nothing, ((), {}, "without dimensions"))
_row(
    roll,
    lambda x, *, shifts, dims: np.roll(x, shifts, dims),
    lambda draw, shape: draw.choice(
        {"shifts": draw.size(-4, 4), "dims": None},
        {"shifts": draw.size(-4, 4), "dims": _a_dim(draw, shape)},
        {"shifts": (1, -2), "dims": (0, len(shape) - 1)},
    ),
    ((2, 3), {"shifts": (1, 2), "dims": 0}, "2 shifts"),
    ((2, 3), {"shifts": (), "dims": ()}, "at least one"),
)
_row(
    rot90,
    lambda x, *, k, dims: np.rot90(x, k, dims).copy(),
    lambda draw, shape: {"k": draw.size(-1, 3), "dims": draw.choice((0, 1), (1, 0), (-1, 0))},
    ((2,), {}, "(2,)"),
    ((2, 3), {"dims": (0, -2)}, "one dimension"),
    least=2,
)
_row(
    tile,
    lambda x, *, dims: np.tile(x, dims),
    lambda draw, shape: {"dims": draw.choice((2,), (), (draw.size(0, 2), 1), (2, 1, draw.size(0, 2)))},
    ((2,), {"dims": (-1,)}, "(-1,)"),
    least=0,
)
_row(
    tensor_split,
    lambda x, *, indices_or_sections, dim: np.array_split(x, indices_or_sections, dim),
    lambda draw, shape: {
        "indices_or_sections": draw.choice(draw.size(1, 4), (1,), (2, 1), (0, 9)),
        "dim": _a_dim(draw, shape),
    },
    ((2,), {"indices_or_sections": 0}, "0 pieces"),
    ((), {"indices_or_sections": 1}, "without dimensions"),
)


def _stack_row(function: Callable[..., Any], reference: Callable[..., Any], least: int = 0) -> None:
    def sample(draw: Draw) -> Sample:
        shape = draw.shape(least, 3, least=0)
        return Sample(tuple(draw.tensor(*shape) for _ in range(draw.size(1, 3))))

    composed(
        function,
        lambda *xs: reference(xs),
        sample,
        ((), {}, RuntimeError, ("at least one",)),
        ((ones(2, 3), ones(3, 2, 1)), {}, RuntimeError, ("(2, 3)", "(3, 2, 1)")),
        tensors=True,
    )


_stack_row(hstack, np.hstack)
_stack_row(vstack, np.vstack)
_stack_row(dstack, np.dstack)
_stack_row(column_stack, np.column_stack)


def _vectors(draw: Draw) -> Sample:
    return Sample(tuple(draw.tensor(draw.size(0, 3)) for _ in range(draw.size(1, 3))))


def _block_reference(*xs: Array) -> Array:
    blocks = [np.atleast_2d(x) for x in xs]
    y = np.zeros(np.sum([x.shape for x in blocks], axis=0), xs[0].dtype)
    row = column = 0
    for x in blocks:
        y[row : row + x.shape[0], column : column + x.shape[1]] = x
        row, column = row + x.shape[0], column + x.shape[1]
    return y


composed(
    block_diag,
    _block_reference,
    lambda draw: Sample(tuple(draw.tensor(*draw.shape(0, 2, least=0)) for _ in range(draw.size(1, 3)))),
    ((ones(1, 1, 1),), {}, RuntimeError, ("(1, 1, 1)",)),
)
composed(
    cartesian_prod,
    lambda *xs: np.array(list(itertools.product(*xs)), xs[0].dtype).reshape(-1, len(xs)) if len(xs) > 1 else xs[0],
    _vectors,
    ((ones(1, 1),), {}, RuntimeError, ("(1, 1)",)),
)


def _combinations_reference(x: Array, *, r: int, with_replacement: bool) -> Array:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(choose(x.tolist(), r)), x.dtype).reshape(-1, r) if r else x[:0]


composed(
    combinations,
    _combinations_reference,
    lambda draw: Sample(
        (draw.tensor(draw.size(0, 4)),), {"r": draw.size(0, 3), "with_replacement": draw.choice(False, True)}
    ),
    ((ones(2, 3),), {}, RuntimeError, ("(2, 3)",)),
    ((ones(2),), {"r": -1}, RuntimeError, ("r is -1",)),
    ((ones(2),), {"r": 1.5}, TypeError, ("r is 1.5", "whole number")),
)
composed(
    broadcast_tensors,
    lambda *xs: list(np.broadcast_arrays(*xs)),
    lambda draw: Sample(tuple(draw.tensor(*shape) for shape in draw.broadcastable(2))),
    ((ones(2), ones(3)), {}, RuntimeError, ("broadcast",)),
)
composed(
    meshgrid,
    lambda *xs, indexing: np.meshgrid(*xs, indexing=indexing, copy=False),
    lambda draw: Sample(_vectors(draw).inputs, {"indexing": draw.choice("ij", "xy")}),
    ((ones(2),), {"indexing": "yx"}, RuntimeError, ("'yx'",)),
    ((ones(2, 3),), {}, RuntimeError, ("(2, 3)",)),
)


def _unflatten_params(draw: Draw, shape: Shape) -> dict[str, Any]:
    dim = _a_dim(draw, shape)
    return {"dim": dim, "sizes": draw.choice((shape[dim],), (1, shape[dim]), (-1, max(1, shape[dim])))}


_row(
    unflatten,
    lambda x, *, dim, sizes: x.reshape(
        x.shape[:dim]
        + tuple(x.shape[dim] // max(1, math.prod(m for m in sizes if m > 0)) if n == -1 else n for n in sizes)
        + x.shape[dim + 1 :]
    ),
    _unflatten_params,
    ((4,), {"dim": 0, "sizes": (3, -1)}, "(3, -1)"),
)


def _vander_reference(x: Array, *, N: int, increasing: bool) -> Array:
    powers = np.array([[math.prod([value] * k) for k in range(N)] for value in x.tolist()])
    y = powers.reshape(len(x), N).astype(np.int64 if x.dtype.kind in "biu" else x.dtype)
    return y if increasing else y[:, ::-1].copy()


composed(
    vander,
    _vander_reference,
    lambda draw: Sample(
        (draw.tensor(draw.size(0, 3)),), {"N": draw.size(0, 3), "increasing": draw.choice(False, True)}
    ),
    ((ones(2, 3),), {}, RuntimeError, ("(2, 3)",)),
    ((ones(2),), {"N": -1}, RuntimeError, ("N is -1",)),
    ((ones(2),), {"N": 1.5}, TypeError, ("N is 1.5", "whole number")),
    kind="smooth",
)
