"""y = x[index]: basic and advanced indexing, as PyTorch does it.

dx = zeros, to which g is added at index (an element that is named twice gets both)

setitem is y = x with y[index] = value, which a write in place records: dx = g with 0 at index, dvalue = g[index].

Integers are applied before arrays of integers or bools: NumPy's x[0, :, [1, 2]] puts the dimension of the array first,
PyTorch's puts it where the array is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.scatter import add_rows
from autograd.kernels.sums import total
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.shared.attaching import attaching
from autograd.ops.shared.dims import dim_of, ndim_of
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Index = tuple[Any, ...]
MOST_RUNS = 8


def _is_array(part: Any) -> bool:
    return isinstance(part, np.ndarray)


def _view(x: Array, index: Index) -> Any:
    """x[index].  Without arrays and bools in the index it is a view, also of a single element."""
    return x[index if any(part is Ellipsis for part in index) else (*index, ...)]


def _runs(index: Index, shape: tuple[int, ...]) -> list[tuple[Index, Index]] | None:
    """Where y = x[index] consists of a few slices of x, as a reflected image does: pairs of indices (into y, into x).

    None if the index is not one vector of whole numbers after full slices, or if it has more than MOST_RUNS runs of
    numbers that rise by 1, fall by 1, or stay.
    """
    *before, last = index or (None,)
    if not before or not all(type(part) is slice and part == slice(None) for part in before):
        return None
    if not _is_array(last) or last.ndim != 1 or last.dtype == bool or not last.size:
        return None
    size = shape[len(before)]
    places = np.where(last < 0, last + size, last)
    if places.min() < 0 or places.max() >= size:
        return None
    steps, begin = np.diff(places), 0
    runs: list[tuple[Index, Index]] = []
    while begin < len(places):
        if len(runs) == MOST_RUNS:
            return None
        step, length, place = int(steps[begin]) if begin < len(steps) else 0, 1, int(places[begin])
        if abs(step) <= 1:
            others = np.flatnonzero(steps[begin:] != step)
            length += int(others[0]) if len(others) else len(steps) - begin
            if step != 1 and length > 1 and len(others) and steps[begin + length - 1] == 1:
                length -= 1  # the number at which it turns belongs to the rising run
        end = place + step * length
        source = slice(place, end if end >= 0 else None, step) if abs(step) == 1 else slice(place, place + 1)
        runs.append(((*before, slice(begin, begin + length)), (*before, source)))
        begin += length
    return runs


def _getitem_forward(x: Array, *, index: Index) -> Array:
    runs = _runs(index, x.shape)
    if runs:
        y = np.empty((*x.shape[: len(index) - 1], index[-1].size, *x.shape[len(index) :]), x.dtype)
        for target, source in runs:
            y[target] = x[source]
        return y
    try:
        return _view(x, index)
    except IndexError as error:
        raise IndexError(f"indexing: {error}; the tensor has shape {x.shape}") from None


def _getitem_reference(x: Array, *, index: Index) -> Array:
    if not any(_is_array(part) or isinstance(part, bool) for part in index):
        return _view(x, index)
    flat = np.arange(x.size).reshape(x.shape)[index]
    return np.array([x.ravel()[i] for i in flat.ravel()], x.dtype).reshape(flat.shape)


def _add_runs(g: Array, runs: list[tuple[Index, Index]], dim: int, shape: tuple[int, ...]) -> Array:
    """Zeros of this shape, to which each run of g along a dimension is added."""
    whole = [i for i, (_, source) in enumerate(runs) if source[dim] == slice(0, shape[dim], 1)]
    if whole:  # as in padding, where one run is the whole dimension
        dx = g[runs.pop(whole[0])[0]].copy()
    else:
        dx = np.zeros(shape, g.dtype)
    for target, source in runs:
        some = g[target]
        together = dx[source].shape[dim] < some.shape[dim]  # a run that stays at one element
        dx[source] += total(some, dim=(dim,), keepdim=True) if together else some
    return dx


def _grad_forward(g: Array, *, index: Index, shape: tuple[int, ...]) -> Array:
    runs = _runs(index, shape)
    if runs:
        return _add_runs(g, runs, len(index) - 1, shape)
    dx = np.zeros(shape, g.dtype)
    numbers = [part for part in index if _is_array(part) and part.dtype != bool]
    if not numbers:  # no element is named twice
        dx[index] = g
    elif len(index) == 1 and numbers[0].min(initial=0) >= 0:
        columns = math.prod(shape[1:])
        add_rows(dx.reshape(shape[0], columns), numbers[0].reshape(-1), g.reshape(numbers[0].size, columns))
    else:
        flat = np.arange(dx.size).reshape(shape)[index]
        add_rows(dx.reshape(-1, 1), flat.reshape(-1), g.reshape(-1, 1))
    return dx


def _grad_reference(g: Array, *, index: Index, shape: tuple[int, ...]) -> Array:
    dx = np.zeros(math.prod(shape), g.dtype)
    for i, value in zip(np.arange(dx.size).reshape(shape)[index].ravel(), g.ravel(), strict=True):
        dx[i] += value
    return dx.reshape(shape)


def _draw_index(draw: Draw, shape: tuple[int, ...]) -> Index:
    n, _, last = shape
    return draw.choice(
        (draw.index((), n).item(),),
        (slice(None), slice(draw.size(0, 1), None, draw.size(1, 2))),
        (Ellipsis, None, slice(None, None, -1)),
        (draw.index((4,), n),),
        (draw.index((3,), n) - n,),
        (draw.index((2, 2), n), slice(None), draw.index((2, 1), last)),
        (draw.index(shape[:2], 2) == 1,),
        (draw.index((n,), 2) == 1, slice(None), draw.index((1,), last)),
        (Ellipsis, draw.index((2, 0), last)),
        (draw.index((), n), None, draw.index((), 2) == 1),
        (True, slice(1, None)),
    )


def _sample(draw: Draw) -> Sample:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    return Sample((draw.tensor(*shape),), {"index": _draw_index(draw, shape)})


def _grad_sample(draw: Draw) -> Sample:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    index = _draw_index(draw, shape)
    return Sample((draw.tensor(*np.empty(shape)[index].shape),), {"index": index, "shape": shape})


def _bad(index: Index, error: type[Exception], *words: str) -> BadSample:
    return BadSample((np.ones((2, 3)),), {"index": index}, error, ("indexing", *words))


_getitem_op = register(
    Op(
        name="getitem",
        forward=_getitem_forward,
        backward=lambda ctx, g, *, index: _getitem_grad_op(g, index=index, shape=ctx.shapes[0]),
        reference=_getitem_reference,
        sample=_sample,
        bad_samples=[_bad((5,), IndexError, "(2, 3)", "5"), _bad((0, 0, 0), IndexError, "(2, 3)", "too many")],
        kind="multilinear",
        flops=0,
    )
)

pad_places = attaching("pad_places", _getitem_op)

_getitem_grad_op: Op = register(
    Op(
        name="getitem_grad",
        forward=_grad_forward,
        backward=lambda ctx, g, *, index, shape: _getitem_op(g, index=index),
        reference=_grad_reference,
        sample=_grad_sample,
        kind="multilinear",
        complex=True,
    )
)


def _plain(part: Any) -> Any:
    """One part of an index as NumPy takes it.  An array is copied, so that it cannot change before backward."""
    if isinstance(part, list | range):
        part = np.asarray(part) if len(part) else np.empty(0, np.int64)
    elif hasattr(part, "array"):
        part = part.array
    if isinstance(part, np.integer) or (_is_array(part) and part.ndim == 0 and part.dtype.kind == "i"):
        return int(part)
    if not _is_array(part):
        return part
    if part.dtype.kind not in "bi":
        mend = (
            "convert a mask with .bool(), an index with .long()"
            if part.dtype.kind == "u"
            else "convert it with .long()"
        )
        raise IndexError(f"indexing: an index must have signed integers or bools, not {part.dtype}; {mend}")
    return part.copy()


def plain_index(index: Any) -> tuple[Index, Index]:
    """A user's index as two NumPy indices to apply in turn: first integers and slices, then arrays.

    The second is () if there are no arrays.  The first is () if there are arrays, but no integers.
    """
    parts = tuple(_plain(part) for part in (index if isinstance(index, tuple) else (index,)))
    if not any(_is_array(part) for part in parts):
        return parts, ()
    if not any(type(part) is int for part in parts):
        return (), parts
    first: list[Any] = []
    for part in parts:
        first += [slice(None)] * (part.ndim if part.dtype == bool else 1) if _is_array(part) else [part]
    others = [part for part in parts if type(part) is not int]
    return tuple(first), tuple(part if _is_array(part) or part is Ellipsis else slice(None) for part in others)


def getitem(input: Tensor, index: Any) -> Tensor:
    """Return input[index].

    The index has integers, slices, None, ..., and tensors, arrays or lists of integers or bools.
    """
    first, second = plain_index(index)
    y = _getitem_op(input, index=first) if first or not second else input
    return _getitem_op(y, index=second) if second else y


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Select slices along a dimension.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension of the slices.
    index : Tensor of int, (M,) or ()
        Indices of the slices.

    Returns
    -------
    Tensor, of input's shape with size M in `dim`

    Raises
    ------
    IndexError
        If an index is out of range, and negative ones are; or there is no such dimension.
    ValueError
        If index is no vector of integers.
    TypeError
        If index is no tensor.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1, 2, 3], [4, 5, 6]])
    >>> autograd.index_select(x, 1, autograd.tensor([2, 0]))
    tensor([[3, 1],
            [6, 4]])
    """
    check_arrays("index_select", index=index)
    if index.ndim > 1 or index.dtype.kind != "i":
        raise ValueError(f"index_select: expects a vector of integers, got {index.dtype} of shape {tuple(index.shape)}")
    dim = dim_of("index_select", dim, ndim_of("index_select", input))
    indices, size = np.asarray(index), input.shape[dim] if input.ndim else 1
    wrong = indices[(indices < 0) | (indices >= size)]
    if wrong.size:
        raise IndexError(
            f"index_select: index {wrong.flat[0]} is out of range: dim {dim} of a tensor of shape "
            f"{tuple(input.shape)} has indices 0 to {size - 1}"
        )
    if input.ndim == 0 and math.prod(index.shape) == 1:  # treated as a vector, as in PyTorch
        return index_select(input.reshape((1,)), 0, index).reshape(())
    return getitem(input, (*[slice(None)] * dim, index.reshape((-1,))))


ALL = (Ellipsis,)  # the index of all elements


# ── x[index] = value ────────────────────────────────────────────────────────────────────────────


def _is_all(index: tuple[Any, ...]) -> bool:
    return len(index) == 1 and index[0] is Ellipsis


def _set_forward(x: Array, value: Array, *, index: tuple[Any, ...]) -> Array:
    y = x.copy()
    y[index] = value
    return y


def _set_backward(ctx: Context, g: Tensor, *, index: tuple[Any, ...]) -> tuple[Gradient, ...]:
    dx: Gradient = None
    if ctx.needs_input_grad[0]:
        dx = 0 if _is_all(index) else setitem(g, 0.0, index=index)
    if not ctx.needs_input_grad[1]:
        return dx, None
    dvalue = g if _is_all(index) else _getitem_op(g, index=index)
    extra = len(ctx.shapes[1]) - dvalue.ndim  # NumPy ignores leading dimensions of size 1
    return dx, dvalue.reshape((*(1,) * extra, *dvalue.shape)) if extra > 0 else dvalue


def _set_reference(x: Array, value: Array, *, index: tuple[Any, ...]) -> Array:
    places = np.arange(x.size).reshape(x.shape)[index]
    y = x.copy()
    for i, element in zip(places.ravel(), np.broadcast_to(value, places.shape).ravel(), strict=True):
        y[np.unravel_index(i, x.shape)] = element
    return y


def _set_sample(draw: Draw) -> Sample:
    shape = (draw.size(2, 3), draw.size(1, 3), draw.size(1, 3))
    index = draw.choice(ALL, _draw_index(draw, shape), _draw_index(draw, shape))
    places = np.arange(math.prod(shape)).reshape(shape)[index]
    if len(np.unique(places)) < places.size:  # which value stays where several are written is not defined
        index = ALL
        places = np.empty(shape)
    value = tuple(draw.choice(n, n, 1) for n in places.shape)
    return Sample((draw.tensor(*shape), draw.tensor(*draw.choice(value, value[1:]))), {"index": index})


setitem: Op = register(
    Op(
        name="setitem",
        forward=_set_forward,
        backward=_set_backward,
        reference=_set_reference,
        sample=_set_sample,
        kind="piecewise",
        flops=0,
        broadcasts=True,
    )
)


# ── index_select as a row ──────────────────────────────────────────────────────────────


def _select_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    return Sample((draw.tensor(*shape),), {"dim": dim, "index": draw.index((draw.size(0, 4),), shape[dim])})


register(
    Composite(
        name="index_select",
        function=index_select,
        reference=lambda x, *, dim, index: np.take(x, index, dim),
        sample=_select_sample,
        bad_samples=[
            BadSample(
                (np.ones((2, 3)),),
                {"dim": 1, "index": np.array([3])},
                IndexError,
                ("index_select", "index 3", "(2, 3)", "0 to 2"),
            ),
            BadSample((np.ones(3),), {"dim": 0, "index": np.array([0, -1])}, IndexError, ("index_select", "index -1")),
            BadSample((np.ones((2, 3)),), {"dim": 2, "index": np.array([0])}, IndexError, ("index_select", "dim 2")),
            BadSample((np.ones(3),), {"dim": 0, "index": np.ones(3)}, ValueError, ("index_select", "float64")),
            BadSample((np.ones(3),), {"dim": 0, "index": [0, 1]}, TypeError, ("index_select", "list", "tensor")),
        ],
        kind="multilinear",
    )
)
