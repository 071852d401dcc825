"""Maxima and minima along dimensions and of two tensors.

max, min               y, index = max x           dx = g at the index, else 0
amax, amin             y = max x                  dx = g where x = y, divided evenly among equal elements, else 0
argmax, argmin         the index alone            (the first of equal elements)
maximum, minimum       z = max(x, y)              dx = g where x > y, g / 2 where x = y, else 0; dy likewise
clamp_min, clamp_max   z = max(x, b), min(x, b)   clamp_min: dx = g where x >= b, else 0;  db = g where x < b, else 0

NaN is both the maximum and the minimum where there is one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from autograd.engine import Context
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.elementwise import to
from autograd.ops.reduce import sum
from autograd.ops.shape import reshape
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.dims import dim_of, dims_of, ndim_of, restore_dims
from autograd.ops.shared.samples import bad_broadcast, distinct
from autograd.ops.where import where
from autograd.types import Array, Dims, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class Extremum(NamedTuple):
    """Result of max and min along a dimension."""

    values: Tensor
    indices: Tensor


# ── along one dimension, with indices ──────────────────────────────────────────────────


def _check(name: str) -> Callable:
    def check(x: Array, *, dim: Dims, keepdim: bool) -> None:
        for d in dims_of(name, dim, x.ndim):
            if x.shape[d] == 0:
                raise IndexError(f"{name}: dim {d} of shape {x.shape} is empty, so it has no maximum or minimum")

    return check


def _best(row: Array | Sequence[float], sign: int) -> int:
    """Index of the first maximum (sign 1) or minimum (sign -1) of a row, or of its first NaN."""
    best = 0
    for i, value in enumerate(row):
        if row[best] == row[best] and (value != value or (value > row[best] if sign > 0 else value < row[best])):
            best = i
    return best


def _reference(sign: int) -> Callable:
    def reference(x: Array, *, dim: int, keepdim: bool) -> tuple[Array, ...]:
        rows = np.moveaxis(x, dim, -1)
        flat = rows.reshape(-1, x.shape[dim])
        indices = np.array([_best(row, sign) for row in flat], np.int64)
        values = np.array([row[i] for row, i in zip(flat, indices, strict=True)], x.dtype)
        results = [a.reshape(rows.shape[:-1]) for a in (values, indices)]
        return tuple(np.expand_dims(a, dim) if keepdim else a for a in results)

    return reference


def _sample(draw: Draw) -> Sample:
    shape = [*draw.shape(0, 2, least=0), draw.size(1, 3)]
    dim = draw.size(0, len(shape) - 1)
    shape[dim], shape[-1] = shape[-1], shape[dim]
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


def _backward(ctx: Context, g: Tensor, _: Tensor, *, dim: int, keepdim: bool) -> Gradient:
    shape = ctx.shapes[0]
    indices = np.arange(shape[dim]).reshape(-1, *(1,) * (len(shape) - 1 - dim))
    return where(restore_dims(ctx.saved_tensors[0], shape, (dim,)) == indices, restore_dims(g, shape, (dim,)), 0.0)


def _extremum_row(name: str, find: Callable, sign: int) -> Op:
    def forward(x: Array, *, dim: int, keepdim: bool) -> tuple[Array, Array]:
        indices = find(x, axis=dim, keepdims=True)
        values = np.take_along_axis(x, indices, dim)
        return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))

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


_max_op = _extremum_row("max", np.argmax, 1)
_min_op = _extremum_row("min", np.argmin, -1)


def _index_row(name: str, find: Callable, sign: int) -> Op:
    def reference(x: Array, *, dim: int | None, keepdim: bool) -> Array:
        if dim is not None:
            return _reference(sign)(x, dim=dim, keepdim=keepdim)[1]
        return np.array(_best(x.ravel(), sign)).reshape((1,) * x.ndim if keepdim else ())

    def sample(draw: Draw) -> Sample:
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


_argmax_op = _index_row("argmax", np.argmax, 1)
_argmin_op = _index_row("argmin", np.argmin, -1)


# ── over several dimensions ────────────────────────────────────────────────────────────


def _several_backward(ctx: Context, g: Tensor, *, dim: tuple[int, ...], keepdim: bool) -> Gradient:
    x, y = ctx.saved_tensors
    equal = to(x == restore_dims(y, x.shape, dim), x.dtype)
    return restore_dims(g, x.shape, dim) * (equal / sum(equal, dim, True))


def _several_row(name: str, find: Callable, sign: int) -> Op:
    def reference(x: Array, *, dim: tuple[int, ...], keepdim: bool) -> Array:
        for d in dim:
            x = _reference(sign)(x, dim=d, keepdim=True)[0]
        return np.array(x if keepdim else x.squeeze(dim))  # a copy, also of an array without dimensions

    def sample(draw: Draw) -> Sample:
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
            backward=_several_backward,
            saves=(0, ~0),
            reference=reference,
            sample=sample,
            bad_samples=[
                BadSample((np.ones((2, 0)),), {"dim": (0, 1), "keepdim": False}, IndexError, (name, "(2, 0)"))
            ],
            kind="piecewise",
        )
    )


_amax_op = _several_row("amax", np.max, 1)
_amin_op = _several_row("amin", np.min, -1)


# ── of two tensors ─────────────────────────────────────────────────────────────────────


def _two_reference(sign: int) -> Callable:
    def reference(x: Array, y: Array) -> Array:
        pairs = np.broadcast(x, y)
        return np.array([pair[_best(pair, sign)] for pair in pairs], x.dtype).reshape(pairs.shape)

    return reference


def _binary_row(name: str, forward: Callable, backward: Callable, sign: int, tensors: tuple[int, ...] = (0, 1)) -> Op:
    return register(
        Op(
            name=name,
            forward=lambda x, y: run_broadcast(name, forward, x, y),
            backward=backward,
            saves=(0, 1),
            reference=_two_reference(sign),
            sample=lambda draw: Sample(tuple(distinct(draw, 2))),
            bad_samples=[bad_broadcast(name)],
            kind="piecewise",
            promotes="same",
            tensors=tensors,
            broadcasts=True,
        )
    )


def _maximum_backward(less: Callable) -> Callable:
    def backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
        x, y = ctx.saved_tensors
        g = where(x == y, 0.5 * g, g)
        return where(less(x, y), 0.0, g), where(less(y, x), 0.0, g)

    return backward


def _clamp_backward(inside: Callable, outside: Callable) -> Callable:
    def backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
        x, bound = ctx.saved_tensors
        return where(inside(x, bound), g, 0.0), where(outside(x, bound), g, 0.0) if ctx.needs_input_grad[1] else None

    return backward


_maximum_op = _binary_row("maximum", np.maximum, _maximum_backward(operator.lt), 1)
_minimum_op = _binary_row("minimum", np.minimum, _maximum_backward(operator.gt), -1)
_clamp_min_op = _binary_row("clamp_min", np.maximum, _clamp_backward(operator.ge, operator.lt), 1, (0,))
_clamp_max_op = _binary_row("clamp_max", np.minimum, _clamp_backward(operator.le, operator.gt), -1, (0,))


# ── the functions ──────────────────────────────────────────────────────────────────────


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
def max(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Tensor | Extremum:
    """Maximum of all elements, along a dimension, or of two tensors.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to reduce.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.
    other : Tensor, optional, also in place of dim
        A tensor to compare input with: the result is `maximum(input, other)`.

    Returns
    -------
    Tensor, or a named tuple (values, indices) if dim is given
        Without dim, equal maxima share the gradient evenly.  With dim, the index is that of the first of them, and it
        gets the gradient.

    Raises
    ------
    IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> values, indices = autograd.max(autograd.tensor([[1.0, 3.0], [4.0, 2.0]]), dim=1)
    >>> indices
    tensor([1, 0])
    """
    if other is not None or hasattr(dim, "ndim"):
        return maximum(input, dim if other is None else other)  # type: ignore[arg-type]
    return amax(input) if dim is None else _extremum(_max_op, input, dim, keepdim)  # type: ignore[arg-type]


@overload
def min(input: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, dim: int, keepdim: bool = False) -> Extremum: ...
@overload
def min(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor) -> Tensor: ...
def min(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Tensor | Extremum:
    """Minimum of all elements, along a dimension, or of two tensors.  See `max`.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to reduce.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.
    other : Tensor, of a shape that broadcasts with input's, optional, also in place of dim
        The result is `minimum(input, other)`.

    Returns
    -------
    Tensor, of one element, or a named tuple (values, indices) if dim is given

    Raises
    ------
    IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.min(autograd.tensor([3.0, 1.0, 2.0]))
    tensor(1.)
    """
    if other is not None or hasattr(dim, "ndim"):
        return minimum(input, dim if other is None else other)  # type: ignore[arg-type]
    return amin(input) if dim is None else _extremum(_min_op, input, dim, keepdim)  # type: ignore[arg-type]


def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """Maximum along `dim`, or of all dimensions.  Equal maxima share the gradient evenly.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimensions, at size 1.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.amax(autograd.tensor([[1.0, 3.0], [4.0, 2.0]]), dim=0)
    tensor([4., 3.])
    """
    return _amax_op(input, dim=dims_of("amax", dim, ndim_of("amax", input)), keepdim=keepdim)


def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """Minimum along `dim`, or of all dimensions.  Equal minima share the gradient evenly.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep the reduced dimensions, at size 1.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.amin(autograd.tensor([[1.0, 3.0], [4.0, 2.0]]), dim=0)
    tensor([1., 2.])
    """
    return _amin_op(input, dim=dims_of("amin", dim, ndim_of("amin", input)), keepdim=keepdim)


def _index_of(op: Op, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if dim is not None:
        dim = dim_of(op.name, dim, ndim_of(op.name, input))
        dim = dim if input.ndim else None
    indices: Tensor = op(input, dim=dim, keepdim=keepdim)
    return indices


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index of the maximum along `dim`, or in the flattened tensor: the first of equal ones.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to search.  Default: the flattened tensor.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.

    Returns
    -------
    Tensor of int64, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.argmax(autograd.tensor([1.0, 3.0, 3.0]))
    tensor(1)
    """
    return _index_of(_argmax_op, input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index of the minimum along `dim`, or in the flattened tensor: the first of equal ones.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int, optional
        The dimension to search.  Default: the flattened tensor.
    keepdim : bool
        Whether to keep the reduced dimension, at size 1.

    Returns
    -------
    Tensor of int64, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no element, or no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.argmin(autograd.tensor([3.0, 1.0, 1.0]))
    tensor(1)
    """
    return _index_of(_argmin_op, input, dim, keepdim)


def maximum(input: Tensor, other: Tensor) -> Tensor:
    """Maximum of two tensors, element by element, NaN where one is.  Shapes broadcast.

    Equal elements share the gradient evenly.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.maximum(autograd.tensor([1.0, 5.0]), autograd.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """
    return _maximum_op(input, other)


def minimum(input: Tensor, other: Tensor) -> Tensor:
    """Minimum of two tensors, element by element, NaN where one is.  Shapes broadcast.

    Equal elements share the gradient evenly.

    Parameters
    ----------
    input, other : Tensor
        Of shapes that broadcast together.

    Returns
    -------
    Tensor, of the shape that both are broadcast to

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.minimum(autograd.tensor([1.0, 5.0]), autograd.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    return _minimum_op(input, other)


def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """Clamp input from below: the maximum of input and `min`.

    Parameters
    ----------
    input : Tensor, any shape
    min : Tensor of a shape that broadcasts, or number
        The lower bound.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.clamp_min(autograd.tensor([-1.0, 2.0]), 0.0)
    tensor([0., 2.])
    """
    return _clamp_min_op(input, min)


def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """Clamp input from above: the minimum of input and `max`.

    Parameters
    ----------
    input : Tensor, any shape
    max : Tensor of a shape that broadcasts, or number
        The upper bound.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.clamp_max(autograd.tensor([-1.0, 2.0]), 0.0)
    tensor([-1.,  0.])
    """
    return _clamp_max_op(input, max)


def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """Clamp input to the range from min to max.

    Parameters
    ----------
    input : Tensor, any shape
    min, max : Tensor or number, optional
        Bounds, whose shapes broadcast.  One may be left out.  Where min > max the result is max.  At a bound, the
        gradient goes to input.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    ValueError
        If neither bound is given, or shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.clamp(autograd.tensor([-1.0, 0.5, 3.0]), min=0, max=1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ValueError("clamp: expects a lower bound min, an upper bound max, or both")
    above = input if min is None else clamp_min(input, min)
    return above if max is None else clamp_max(above, max)


def _clamp_reference(x: Array, low: Any, high: Any) -> Array:
    above = x if low is None else _two_reference(1)(x, low)
    return above if high is None else _two_reference(-1)(above, high)


def _clamp_sample(draw: Draw) -> Sample:
    x, low, high = distinct(draw, 3)
    bounds = draw.choice(
        (low, high), (low, None), (None, high), (np.array(0.0), None), (None, np.array(0.0))
    )  # no element of x is 0
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
