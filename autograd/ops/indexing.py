"""y = x[index]: NumPy's basic and advanced indexing.

dx = zeros, to which g is added at index (a place named twice gets both)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register


def is_basic(index: tuple[Any, ...]) -> bool:
    return all(i is None or i is Ellipsis or isinstance(i, int | slice) for i in index)


def _getitem_forward(x: Any, *, index: tuple[Any, ...]) -> Any:
    try:
        return x[index]
    except IndexError as error:
        raise IndexError(f"indexing: {error}; the tensor has shape {x.shape}") from None


def _getitem_reference(x: Any, *, index: tuple[Any, ...]) -> Any:
    places = np.arange(x.size).reshape(x.shape)[index]
    return np.array([x.ravel()[i] for i in places.ravel()], x.dtype).reshape(places.shape)


def _grad_forward(g: Any, *, index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    dx = np.zeros(shape, g.dtype)
    if is_basic(index):
        dx[index] = g
    else:
        np.add.at(dx, index, g)
    return dx


def _grad_reference(g: Any, *, index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    dx = np.zeros(int(np.prod(shape)), g.dtype)
    for place, value in zip(np.arange(dx.size).reshape(shape)[index].ravel(), g.ravel(), strict=True):
        dx[place] += value
    return dx.reshape(shape)


def _draw_index(draw: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    n = shape[0]
    return draw.choice(
        (draw.index((), n).item(),),
        (slice(None), slice(draw.size(0, 1), None, draw.size(1, 2))),
        (Ellipsis, None, slice(None, None, -1)),
        (draw.index((4,), n),),
        (draw.index((2, 2), n), slice(None), draw.index((2, 1), shape[2])),
        (draw.index(shape[:2], 2) == 1,),
    )


def _sample(draw: Any) -> Sample:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    return Sample((draw.tensor(*shape),), {"index": _draw_index(draw, shape)})


def _grad_sample(draw: Any) -> Sample:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    index = _draw_index(draw, shape)
    return Sample((draw.tensor(*np.empty(shape)[index].shape),), {"index": index, "shape": shape})


_getitem = register(
    Op(
        name="getitem",
        forward=_getitem_forward,
        backward=lambda ctx, g, *, index: _getitem_grad(g, index=index, shape=ctx.shapes[0]),
        reference=_getitem_reference,
        sample=_sample,
        bad_samples=[BadSample((np.ones((2, 3)),), {"index": (5,)}, IndexError, ("(2, 3)", "5"))],
        kind="multilinear",
        flops=0,
    )
)

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


def plain_index(index: Any) -> tuple[Any, ...]:
    """An index of ints, slices, None, Ellipsis and arrays, from what users write: tensors, lists."""
    parts = index if isinstance(index, tuple) else (index,)
    plain = []
    for part in parts:
        if hasattr(part, "array"):
            part = part.array
        if isinstance(part, list):
            part = np.asarray(part)
        if isinstance(part, np.ndarray) and part.dtype.kind not in "biu":
            raise IndexError(f"indexing: an index is of integers or bools, not {part.dtype}")
        plain.append(int(part) if isinstance(part, np.integer) else part)
    return tuple(plain)


def getitem(input: Any, index: Any) -> Any:
    """input[index], as NumPy indexes."""
    return _getitem(input, index=plain_index(index))
