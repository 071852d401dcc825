"""y = x[index]: basic and advanced indexing, as PyTorch does it.

dx = zeros, to which g is added at index (a place named twice gets both)

Integers are applied before arrays of integers or bools: where NumPy's x[0, :, [1, 2]] puts the
array's dimension first, PyTorch's has it where the array stands.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.attached import attaching
from autograd.ops.gather import add_rows
from autograd.ops.shape import dim_of, ndim_of

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Index = tuple[Any, ...]


def _is_array(part: Any) -> bool:
    return isinstance(part, np.ndarray)


def _view(x: Any, index: Index) -> Any:
    """x[index], which is a view where there are neither arrays nor bools: of a single element, too."""
    return x[index if any(part is Ellipsis for part in index) else (*index, ...)]


def _getitem_forward(x: Any, *, index: Index) -> Any:
    try:
        return _view(x, index)
    except IndexError as error:
        raise IndexError(f"indexing: {error}; the tensor has shape {x.shape}") from None


def _getitem_reference(x: Any, *, index: Index) -> Any:
    if not any(_is_array(part) or isinstance(part, bool) for part in index):
        return _view(x, index)
    places = np.arange(x.size).reshape(x.shape)[index]
    return np.array([x.ravel()[i] for i in places.ravel()], x.dtype).reshape(places.shape)


def _grad_forward(g: Any, *, index: Index, shape: tuple[int, ...]) -> Any:
    dx = np.zeros(shape, g.dtype)
    numbers = [part for part in index if _is_array(part) and part.dtype != bool]
    if not numbers:  # no place is named twice
        dx[index] = g
    elif len(index) == 1 and numbers[0].min(initial=0) >= 0:
        columns = math.prod(shape[1:])
        add_rows(dx.reshape(shape[0], columns), numbers[0].reshape(-1), g.reshape(-1, columns))
    else:
        places = np.arange(dx.size).reshape(shape)[index]
        add_rows(dx.reshape(-1, 1), places.reshape(-1), g.reshape(-1, 1))
    return dx


def _grad_reference(g: Any, *, index: Index, shape: tuple[int, ...]) -> Any:
    dx = np.zeros(math.prod(shape), g.dtype)
    for place, value in zip(np.arange(dx.size).reshape(shape)[index].ravel(), g.ravel(), strict=True):
        dx[place] += value
    return dx.reshape(shape)


def _draw_index(draw: Any, shape: tuple[int, ...]) -> Index:
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


def _sample(draw: Any) -> Sample:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    return Sample((draw.tensor(*shape),), {"index": _draw_index(draw, shape)})


def _grad_sample(draw: Any) -> Sample:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    index = _draw_index(draw, shape)
    return Sample((draw.tensor(*np.empty(shape)[index].shape),), {"index": index, "shape": shape})


def _bad(index: Any, error: type[Exception], *words: str) -> BadSample:
    return BadSample((np.ones((2, 3)),), {"index": index}, error, ("indexing", *words))


_getitem = register(
    Op(
        name="getitem",
        forward=_getitem_forward,
        backward=lambda ctx, g, *, index: _getitem_grad(g, index=index, shape=ctx.shapes[0]),
        reference=_getitem_reference,
        sample=_sample,
        bad_samples=[_bad((5,), IndexError, "(2, 3)", "5"), _bad((0, 0, 0), IndexError, "(2, 3)", "too many")],
        kind="multilinear",
        flops=0,
    )
)

pad_places = attaching("pad_places", _getitem)

_getitem_grad: Op = register(
    Op(
        name="getitem_grad",
        forward=_grad_forward,
        backward=lambda ctx, g, *, index, shape: _getitem(g, index=index),
        reference=_grad_reference,
        sample=_grad_sample,
        kind="multilinear",
    )
)


def _plain(part: Any) -> Any:
    """One part of an index as NumPy takes it: an array is a copy, which nobody changes before backward."""
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
            "a mask is made by .bool(), an index by .long()" if part.dtype.kind == "u" else "convert it, with .long()"
        )
        raise IndexError(f"indexing: an index is of signed integers or bools, not {part.dtype}; {mend}")
    return part.copy()


def plain_index(index: Any) -> tuple[Index, Index]:
    """What users write, as two indices of NumPy's to apply in turn: integers and slices, then arrays.

    One of them may be (): the second, if there are no arrays, or the first, if there are no integers.
    """
    parts = tuple(_plain(part) for part in (index if isinstance(index, tuple) else (index,)))
    if not any(_is_array(part) for part in parts):
        return parts, ()
    if not any(type(part) is int for part in parts):
        return (), parts
    first: list[Any] = []
    for part in parts:
        first += [slice(None)] * (part.ndim if part.dtype == bool else 1) if _is_array(part) else [part]
    kept = [part for part in parts if type(part) is not int]
    return tuple(first), tuple(part if _is_array(part) or part is Ellipsis else slice(None) for part in kept)


def getitem(input: Any, index: Any) -> Tensor:
    """input[index]: integers, slices, None, ..., and tensors, arrays or lists of integers or bools."""
    first, second = plain_index(index)
    y = _getitem(input, index=first) if first or not second else input
    return _getitem(y, index=second) if second else y


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` whose numbers are in `index`, a vector (or one number).

    Raises
    ------
    IndexError
        If a number is out of range; none counts from the end.
    """
    if index.ndim > 1 or index.dtype.kind != "i":
        raise ValueError(f"index_select: expects a vector of integers, got {index.dtype} of shape {tuple(index.shape)}")
    place = dim_of("index_select", dim, ndim_of("index_select", input))
    numbers, size = np.asarray(index), input.shape[place] if input.ndim else 1
    wrong = numbers[(numbers < 0) | (numbers >= size)]
    if wrong.size:
        raise IndexError(
            f"index_select: index {wrong.flat[0]} is out of range: dim {place} of a tensor of shape "
            f"{tuple(input.shape)} has places 0 to {size - 1}"
        )
    if input.ndim == 0 and math.prod(index.shape) == 1:  # a number has one dimension here, as in PyTorch
        return index_select(input.reshape((1,)), 0, index).reshape(())
    return getitem(input, (*[slice(None)] * place, index.reshape((-1,))))


# ── the composed ones, under the battery ───────────────────────────────────────────────


def _select_sample(draw: Any) -> Sample:
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
        ],
        kind="multilinear",
    )
)
