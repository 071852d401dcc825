"""The greatest and the least: of a dimension, of dimensions, of two tensors.

max, min           y, place = max x           dx = g at that place, else 0
amax, amin         y = max x                  dx = g where x = y, shared evenly among equals, else 0
argmax, argmin     the place alone            (the first of equals)
maximum, minimum   z = max(x, y)              dx = g where x > y, g / 2 where x = y, else 0; dy likewise
clamp_min, _max    z = max(x, bound), min     dx = g where x >= bound, else 0; the bound's: g where x < bound

NaN is greater than all, and less.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.elementwise import Number, bad_broadcast, broadcasting, to
from autograd.ops.reduce import Dims, dims_of, kept, sum
from autograd.ops.shape import dim_of, ndim_of, reshape
from autograd.ops.where import where

if TYPE_CHECKING:
    from autograd.tensor import Tensor


class Extremum(NamedTuple):
    """What max and min along a dimension return."""

    values: Tensor
    indices: Tensor


# ── along one dimension, and where ─────────────────────────────────────────────────────


def _check(name: str) -> Callable:
    def check(x: Any, *, dim: Dims, keepdim: bool) -> None:
        for d in dims_of(name, dim, x.ndim):
            if x.shape[d] == 0:
                raise IndexError(f"{name}: dim {d} of shape {x.shape} is empty: it has no greatest or least element")

    return check


def _best(row: Any, sign: int) -> int:
    """The first of the greatest (sign 1) or least (-1) numbers of a row; NaN beats all."""
    best = 0
    for i, value in enumerate(row):
        if row[best] == row[best] and (value != value or (value > row[best] if sign > 0 else value < row[best])):
            best = i
    return best


def _reference(sign: int) -> Callable:
    def reference(x: Any, *, dim: int, keepdim: bool) -> Any:
        rows = np.moveaxis(x, dim, -1)
        flat = rows.reshape(-1, x.shape[dim])
        places = np.array([_best(row, sign) for row in flat], np.int64)
        values = np.array([row[place] for row, place in zip(flat, places, strict=True)], x.dtype)
        results = [a.reshape(rows.shape[:-1]) for a in (values, places)]
        return tuple(np.expand_dims(a, dim) if keepdim else a for a in results)

    return reference


def _sample(draw: Any) -> Sample:
    shape = [*draw.shape(0, 2, least=0), draw.size(1, 3)]
    dim = draw.size(0, len(shape) - 1)
    shape[dim], shape[-1] = shape[-1], shape[dim]
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


def _backward(ctx: Any, g: Any, _: Any, *, dim: int, keepdim: bool) -> Any:
    shape = ctx.shapes[0]
    places = np.arange(shape[dim]).reshape(-1, *(1,) * (len(shape) - 1 - dim))
    return where(kept(ctx.saved_tensors[0], shape, (dim,)) == places, kept(g, shape, (dim,)), 0.0)


def _with_place(name: str, find: Callable, sign: int) -> Op:
    def forward(x: Any, *, dim: int, keepdim: bool) -> Any:
        places = find(x, axis=dim, keepdims=True)
        values = np.take_along_axis(x, places, dim)
        return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))

    return register(
        Op(
            name=name,
            check=_check(name),
            forward=forward,
            backward=_backward,
            saves=(~1,),
            reference=_reference(sign),
            sample=_sample,
            bad_samples=[BadSample((np.ones((2, 0)),), {"dim": 1, "keepdim": False}, IndexError, (name, "(2, 0)"))],
            kind="piecewise",
        )
    )


_max = _with_place("max", np.argmax, 1)
_min = _with_place("min", np.argmin, -1)


def _place(name: str, find: Callable, sign: int) -> Op:
    def reference(x: Any, *, dim: int | None, keepdim: bool) -> Any:
        if dim is not None:
            return _reference(sign)(x, dim=dim, keepdim=keepdim)[1]
        return np.array(_best(x.ravel(), sign)).reshape((1,) * x.ndim if keepdim else ())

    def sample(draw: Any) -> Sample:
        drawn = _sample(draw)
        if drawn.inputs[0].size:
            return Sample(drawn.inputs, {**drawn.params, "dim": draw.choice(None, drawn.params["dim"])})
        return drawn

    return register(
        Op(
            name=name,
            check=_check(name),
            forward=lambda x, *, dim, keepdim: find(x, axis=dim, keepdims=keepdim),
            backward=None,
            reference=reference,
            sample=sample,
            bad_samples=[
                BadSample((np.ones((2, 0)),), {"dim": 1, "keepdim": False}, IndexError, (name, "(2, 0)")),
                BadSample((np.ones((2, 0)),), {"dim": None, "keepdim": False}, IndexError, (name, "(2, 0)")),
            ],
            kind="discrete",
        )
    )


_argmax = _place("argmax", np.argmax, 1)
_argmin = _place("argmin", np.argmin, -1)


# ── over several dimensions ────────────────────────────────────────────────────────────


def _many_backward(ctx: Any, g: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    x, y = ctx.saved_tensors
    equal = to(x == kept(y, x.shape, dim), x.dtype)
    return kept(g, x.shape, dim) * (equal / sum(equal, dim, True))


def _over_several(name: str, find: Callable, sign: int) -> Op:
    def reference(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
        for d in dim:
            x = _reference(sign)(x, dim=d, keepdim=True)[0]
        return np.array(x if keepdim else x.squeeze(dim))  # of a number, which has no dim, a copy

    def sample(draw: Any) -> Sample:
        if draw.choice(False, False, False, True):
            return Sample((draw.tensor(),), {"dim": (), "keepdim": False})
        drawn = _sample(draw)
        others = [d for d, n in enumerate(drawn.inputs[0].shape) if n and d != drawn.params["dim"]]
        return Sample(
            drawn.inputs, {**drawn.params, "dim": (drawn.params["dim"], *others[: draw.size(0, len(others))])}
        )

    return register(
        Op(
            name=name,
            check=_check(name),
            forward=lambda x, *, dim, keepdim: find(x, axis=dim, keepdims=keepdim),
            backward=_many_backward,
            saves=(0, ~0),
            reference=reference,
            sample=sample,
            bad_samples=[
                BadSample((np.ones((2, 0)),), {"dim": (0, 1), "keepdim": False}, IndexError, (name, "(2, 0)"))
            ],
            kind="piecewise",
        )
    )


_amax = _over_several("amax", np.max, 1)
_amin = _over_several("amin", np.min, -1)


# ── of two ─────────────────────────────────────────────────────────────────────────────


def _two_reference(sign: int) -> Callable:
    def reference(x: Any, y: Any) -> Any:
        pairs = np.broadcast(x, y)
        return np.array([pair[_best(pair, sign)] for pair in pairs], x.dtype).reshape(pairs.shape)

    return reference


def _distinct(draw: Any, n: int) -> list[Any]:
    """n tensors whose shapes broadcast, and of whose numbers no two are equal: that is a kink."""
    shapes = draw.broadcastable(n)
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    numbers = draw.tensor(int(ends[-1]))
    return [part.reshape(shape) for part, shape in zip(np.split(numbers, ends[:-1]), shapes, strict=True)]


def _of_two(name: str, forward: Callable, backward: Callable, sign: int) -> Op:
    return register(
        Op(
            name=name,
            forward=lambda x, y: broadcasting(name, forward, x, y),
            backward=backward,
            saves=(0, 1),
            reference=_two_reference(sign),
            sample=lambda draw: Sample(tuple(_distinct(draw, 2))),
            bad_samples=[bad_broadcast(name)],
            kind="piecewise",
            promotes="same",
            broadcasts=True,
        )
    )


def _sharing(less: Callable) -> Callable:
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        g = where(x == y, 0.5 * g, g)
        return where(less(x, y), 0.0, g), where(less(y, x), 0.0, g)

    return backward


def _bounded(inside: Callable, outside: Callable) -> Callable:
    def backward(ctx: Any, g: Any) -> Any:
        x, bound = ctx.saved_tensors
        return where(inside(x, bound), g, 0.0), where(outside(x, bound), g, 0.0) if ctx.needs_input_grad[1] else None

    return backward


_maximum = _of_two("maximum", np.maximum, _sharing(operator.lt), 1)
_minimum = _of_two("minimum", np.minimum, _sharing(operator.gt), -1)
_clamp_min = _of_two("clamp_min", np.maximum, _bounded(operator.ge, operator.lt), 1)
_clamp_max = _of_two("clamp_max", np.minimum, _bounded(operator.le, operator.gt), -1)


# ── what people call ───────────────────────────────────────────────────────────────────


def _extremum(op: Op, input: Tensor, dim: int, keepdim: bool) -> Extremum:
    dim = dim_of(op.name, dim, ndim_of(op.name, input))
    if input.ndim == 0:
        input, keepdim = reshape(input, (1,)), False
    return Extremum(*op(input, dim=dim, keepdim=keepdim))


@overload
def max(input: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, dim: int, keepdim: bool = False) -> Extremum: ...
@overload
def max(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, *, other: Tensor) -> Tensor: ...


def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The greatest element of all, of each row along dim, or of two tensors.

    Parameters
    ----------
    input : Tensor
    dim : int, optional
        Given: the greatest along it, and their places.
    keepdim : bool
        Keep dim, at size 1.
    other : Tensor, or in the place of dim
        Given: `maximum(input, other)`.

    Returns
    -------
    Tensor: without dim, the greatest element (equals share its gradient evenly), or maximum's;
    with dim, (values, indices), a named tuple: the first of equals, which gets the gradient

    Raises
    ------
    IndexError
        Where there is no element, or no such dim.

    Examples
    --------
    >>> import autograd
    >>> values, indices = autograd.max(autograd.tensor([[1.0, 3.0], [4.0, 2.0]]), dim=1)
    >>> indices
    tensor([1, 0])
    """
    if other is not None or hasattr(dim, "ndim"):
        return maximum(input, dim if other is None else other)  # type: ignore[arg-type]
    return amax(input) if dim is None else _extremum(_max, input, dim, keepdim)  # type: ignore[arg-type]


@overload
def min(input: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, dim: int, keepdim: bool = False) -> Extremum: ...
@overload
def min(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor) -> Tensor: ...


def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The least element of all, of each row along dim, or of two tensors: see `max`."""
    if other is not None or hasattr(dim, "ndim"):
        return minimum(input, dim if other is None else other)  # type: ignore[arg-type]
    return amin(input) if dim is None else _extremum(_min, input, dim, keepdim)  # type: ignore[arg-type]


def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The greatest element over some dimensions, or all; equals share its gradient evenly."""
    return _amax(input, dim=dims_of("amax", dim, ndim_of("amax", input)), keepdim=keepdim)


def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The least element over some dimensions, or all; equals share its gradient evenly."""
    return _amin(input, dim=dims_of("amin", dim, ndim_of("amin", input)), keepdim=keepdim)


def _place_of(op: Op, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if dim is not None:
        dim = dim_of(op.name, dim, ndim_of(op.name, input))
        dim = dim if input.ndim else None
    return op(input, dim=dim, keepdim=keepdim)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place of the greatest element along dim (the first of equals), or in the flat tensor."""
    return _place_of(_argmax, input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place of the least element along dim (the first of equals), or in the flat tensor."""
    return _place_of(_argmin, input, dim, keepdim)


def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The greater of two elements, broadcast; NaN where one is.  Equals share the gradient evenly."""
    return _maximum(input, other)


def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The lesser of two elements, broadcast; NaN where one is.  Equals share the gradient evenly."""
    return _minimum(input, other)


def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """input, or min where that is greater."""
    return _clamp_min(input, min)


def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """input, or max where that is less."""
    return _clamp_max(input, max)


def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """input, kept from min to max.

    Parameters
    ----------
    input : Tensor
    min, max : Tensor or number, optional
        Bounds, broadcast; one may be left out.  Where min > max the result is max.  At a bound
        the gradient is input's.

    Examples
    --------
    >>> import autograd
    >>> autograd.clamp(autograd.tensor([-1.0, 0.5, 3.0]), min=0, max=1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ValueError("clamp: expects a least value min, a greatest value max, or both")
    above = input if min is None else clamp_min(input, min)
    return above if max is None else clamp_max(above, max)


def _clamp_reference(x: Any, low: Any, high: Any) -> Any:
    above = x if low is None else _two_reference(1)(x, low)
    return above if high is None else _two_reference(-1)(above, high)


def _clamp_sample(draw: Any) -> Sample:
    x, low, high = _distinct(draw, 3)
    bounds = draw.choice(
        (low, high), (low, None), (None, high), (np.array(0.0), None), (None, np.array(0.0))
    )  # no x is 0
    return Sample((x, *bounds))


register(
    Composite(
        name="clamp",
        function=clamp,
        reference=_clamp_reference,
        sample=_clamp_sample,
        bad_samples=[BadSample((np.ones(2),), {}, ValueError, ("clamp", "min", "max"))],
        kind="piecewise",
    )
)
