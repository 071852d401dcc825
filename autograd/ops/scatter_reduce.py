"""Elements combined with those that an index sends to them: their sum, product, mean, largest or smallest.

y[p] = reduce of x[p] and all src[i] with place p           (without x[p] if include_self is false)

sum     dx = g,  dsrc = g[p]                    mean    the same of g / count
amax    g, shared equally among those that equal y          (likewise amin)
prod    dx = g · the product of the others
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.gather import gather, scatter_add
from autograd.ops.shape import reshape
from autograd.ops.shared.dims import dim_of
from autograd.ops.where import where
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
_AT = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _places(shape: tuple[int, ...], index: Array, dim: int) -> Array:
    """For each element of the index, its place in row-major order."""
    positions = np.arange(math.prod(shape)).reshape(shape)
    reachable = positions[tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))]
    return np.take_along_axis(reachable, index, dim).reshape(-1)


def _start(dtype: np.dtype, reduce: str) -> Any:
    """What a reduction starts with: combined with x it is x."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind == "f":
        return -math.inf if reduce == "amax" else math.inf
    if dtype.kind == "b":
        return reduce == "amin"
    return np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max


def _check(x: Array, index: Array, src: Array, *, dim: int, reduce: str, include_self: bool) -> None:
    name = "scatter_reduce"
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"{name}: reduce is {reduce!r}; expects one of {', '.join(REDUCTIONS)}")
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: expects an index of integers, got {index.dtype}; convert it with .long()")
    if src.dtype != x.dtype:
        raise RuntimeError(f"{name}: input is {x.dtype} and src {src.dtype}; convert one, with .to(dtype)")
    fits = x.ndim == index.ndim == src.ndim and src.shape == index.shape
    if not fits or any(n > size for d, (n, size) in enumerate(zip(index.shape, x.shape, strict=True)) if d != dim):
        raise RuntimeError(
            f"{name}: an index of shape {index.shape} does not fit input {x.shape} and src {src.shape}: all have as "
            f"many dimensions, and the index is at most as large, but in dim {dim}"
        )
    wrong = (index < 0) | (index >= x.shape[dim])
    if wrong.any():
        raise RuntimeError(
            f"{name}: index {index[wrong].flat[0]} is out of range: dim {dim} has indices 0 to {x.shape[dim] - 1}"
        )


def _counts(shape: tuple[int, ...], places: Array, include_self: bool) -> Array:
    """How many elements each result is made of; 1 where none was sent."""
    sent = np.bincount(places, minlength=math.prod(shape))
    return np.where(sent > 0, sent + include_self, 1).reshape(shape)


def _forward(x: Array, index: Array, src: Array, *, dim: int, reduce: str, include_self: bool) -> Array:
    places, y = _places(x.shape, index, dim), np.array(x, order="C")
    flat = y.reshape(-1)
    if not include_self:
        flat[places] = _start(x.dtype, reduce)
    _AT[reduce].at(flat, places, src.reshape(-1))
    if reduce == "mean":
        counts = _counts(x.shape, places, include_self)
        y = (y / counts if y.dtype.kind == "f" else y // counts).astype(x.dtype)
    return y


def _reference(x: Array, index: Array, src: Array, *, dim: int, reduce: str, include_self: bool) -> Array:
    found: dict[tuple[int, ...], list[Any]] = {}
    for i in np.ndindex(*index.shape):
        at = (*i[:dim], int(index[i]), *i[dim + 1 :])
        found.setdefault(at, [x[at]] if include_self else []).append(src[i])
    y = x.copy()
    for at, values in found.items():
        if reduce in ("amax", "amin"):
            y[at] = np.nan if np.isnan(values).any() else max(values) if reduce == "amax" else min(values)
        elif reduce == "prod":
            y[at] = np.prod(values)
        else:
            total = np.any(values) * 1 if x.dtype == np.bool_ else np.sum(values)
            y[at] = total if reduce == "sum" else total / len(values) if x.dtype.kind == "f" else total // len(values)
    return y


def _backward(ctx: Context, g: Any, *, dim: int, reduce: str, include_self: bool) -> tuple[Gradient, ...]:
    x, index, src, y = ctx.saved_tensors
    indices: Any = np.asarray(getattr(index, "array", index))
    places = _places(ctx.shapes[0], indices, dim)
    kept: Any = np.ones(math.prod(ctx.shapes[0]), g.dtype)  # 0 where x is left out
    if not include_self:
        kept[places] = 0
    kept = kept.reshape(ctx.shapes[0])
    if reduce in ("sum", "mean"):
        if reduce == "mean":
            g = g / _counts(ctx.shapes[0], places, include_self).astype(g.dtype)
        return g * kept, None, gather(g, dim, index)
    one: Any = np.ones((), g.dtype)
    numbers: Any
    sent: Any
    numbers, sent, result = (np.asarray(getattr(a, "array", a)) for a in (x, src, y))
    if reduce in ("amax", "amin"):
        mine = (numbers == result) * kept
        theirs = (sent == np.take(result.reshape(-1), places).reshape(sent.shape)).astype(g.dtype)
        equal = np.maximum(scatter_add(mine, dim, indices, theirs), 1)
        g = g / equal
        return g * mine, None, gather(g, dim, index) * theirs
    zeros = scatter_add((numbers == 0) * kept, dim, indices, (sent == 0).astype(g.dtype))
    # the product of all that are not 0: of the others, where none or just this one is 0
    others = _scatter_reduce_op(
        where(numbers == 0, one, x),
        index,
        where(sent == 0, one, src),
        dim=dim,
        reduce="prod",
        include_self=include_self,
    )
    # The elements that are 0 are factors too: their sum is 0, and its derivative is what second gradients need.
    zero: Any = np.zeros((), g.dtype)
    factor = scatter_add(where(numbers == 0, x, zero) * kept, dim, index, where(sent == 0, src, zero))
    others = g * others
    without_zeros = others * ((zeros == 0) + (zeros == 1) * factor)
    with_one, with_two = others * (zeros == 1), others * (zeros == 2)
    alone = with_one + with_two * (factor - x)
    dx = where(numbers == 0, alone, without_zeros / where(numbers == 0, one, x)) * kept
    untouched: Any = np.ones(kept.size, bool)
    untouched[places] = False
    dx = where(untouched.reshape(kept.shape), g, dx)
    safe = where(sent == 0, one, src)
    alone = gather(with_one, dim, index) + gather(with_two, dim, index) * (gather(factor, dim, index) - src)
    return dx, None, where(sent == 0, alone, gather(without_zeros, dim, index) / safe)


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    taken = tuple(draw.size(0, 4) if d == dim else draw.size(1, n) for d, n in enumerate(shape))
    count = math.prod(shape) + math.prod(taken)
    numbers = 0.5 + 1.5 * np.array(draw.permutation(count)) / count  # no two are equal, and none is 0
    x, src = numbers[: math.prod(shape)].reshape(shape), numbers[math.prod(shape) :].reshape(taken)
    params = {"dim": dim, "reduce": draw.choice(*REDUCTIONS), "include_self": draw.choice(True, False)}
    return Sample((x, draw.index(taken, shape[dim]), src), params)


_ONE = np.array([[0]])
_SUM = {"dim": 1, "reduce": "sum", "include_self": True}
_scatter_reduce_op: Op = register(
    Op(
        name="scatter_reduce",
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0, 1, 2, ~0),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), _ONE + 3, np.ones((1, 1))), _SUM, RuntimeError, ("scatter_reduce", "index 3")),
            BadSample((np.ones((2, 3)), _ONE, np.ones(1)), _SUM, RuntimeError, ("scatter_reduce", "(1, 1)", "(2, 3)")),
            BadSample(
                (np.ones((2, 3)), _ONE, np.ones((1, 1))),
                {**_SUM, "reduce": "max"},
                RuntimeError,
                ("scatter_reduce", "'max'", "amax"),
            ),
        ],
        kind="smooth",
    )
)


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of input whose elements are combined with those that the index sends to them.

    src[i, j] goes to [i, index[i, j]] for dim 1 of a matrix, as in `scatter_add`.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which index names places.
    index : Tensor of int, of as many dimensions as input
        From 0 to the size of `dim`, exclusive.  It may be smaller than input; longer along `dim` only.
    src : Tensor, of at least index's shape
        Of input's dtype.
    reduce : "sum", "prod", "mean", "amax" or "amin"
    include_self : bool
        Whether the old element of input counts, where something is sent.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    RuntimeError
        If reduce is none of these, shapes or dtypes do not fit, or an index is out of range.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> x, index = autograd.tensor([1.0, 2.0]), autograd.tensor([0, 0])
    >>> autograd.scatter_reduce(x, 0, index, autograd.tensor([5.0, 3.0]), "amax")
    tensor([5., 2.])
    >>> autograd.scatter_reduce(x, 0, index, autograd.tensor([5.0, 3.0]), "mean", include_self=False)
    tensor([4., 2.])
    """
    check_arrays("scatter_reduce", input=input, index=index, src=src)
    dim, shape = dim_of("scatter_reduce", dim, input.ndim), tuple(input.shape)
    input, index, src = (a if a.ndim else reshape(a, (1,)) for a in (input, index, src))
    if not math.prod(index.shape):
        index, src = (reshape(a[:0], (0,) * input.ndim) if a.ndim else a for a in (index, src))
    elif (
        src.ndim == index.ndim
        and src.shape != index.shape
        and all(n <= m for n, m in zip(index.shape, src.shape, strict=True))
    ):
        src = src[tuple(slice(n) for n in index.shape)]
    y = _scatter_reduce_op(input, index, src, dim=dim, reduce=reduce, include_self=include_self)
    return y if shape else reshape(y, ())
