"""Sums over dimensions.

y = Σ x      dx = g, spread over what was summed
y = mean x   dx = g / n, spread likewise
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import to
from autograd.ops.shape import expand

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Dims = int | tuple[int, ...] | list[int] | None


def dims_of(name: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """Dimensions as a tuple of distinct numbers from 0; all of them for None or ()."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    chosen = (dim,) if isinstance(dim, int) else tuple(dim)
    for d in chosen:
        if not -max(ndim, 1) <= d < max(ndim, 1):
            raise IndexError(f"{name}: dim {d} does not exist in a tensor of {ndim} dimensions")
    positive = tuple(d % ndim for d in chosen) if ndim else ()
    if len(set(positive)) < len(positive):
        raise ValueError(f"{name}: dim {dim} names a dimension twice")
    return positive


def _spread(g: Any, shape: tuple[int, ...], dim: tuple[int, ...]) -> Any:
    """The gradient of a sum over `dim`: every element of `shape` gets its sum's."""
    return expand(g.reshape(tuple(1 if i in dim else n for i, n in enumerate(shape))), *shape)


def _sum_reference(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    total = np.zeros([1 if i in dim else n for i, n in enumerate(x.shape)], x.dtype)
    for index in np.ndindex(*x.shape):
        total[tuple(0 if i in dim else k for i, k in enumerate(index))] += x[index]
    return total if keepdim else total.reshape([n for i, n in enumerate(x.shape) if i not in dim])


def _sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3, least=0)
    dim = tuple(sorted({draw.choice(*range(len(shape))) for _ in range(draw.size(1, 2))}))
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


_sum = register(
    Op(
        name="sum",
        forward=lambda x, *, dim, keepdim: np.sum(x, axis=dim, keepdims=keepdim),
        backward=lambda ctx, g, *, dim, keepdim: _spread(g, ctx.shapes[0], dim),
        reference=_sum_reference,
        sample=_sample,
        kind="multilinear",
    )
)


def _count(shape: tuple[int, ...], dim: tuple[int, ...]) -> int:
    return math.prod(shape[d] for d in dim)


def _mean_forward(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    if x.dtype.kind != "f":
        raise TypeError(f"mean: expects a float tensor, got {x.dtype}; convert it first, with .float()")
    return np.sum(x, axis=dim, keepdims=keepdim) / np.asarray(_count(x.shape, dim), x.dtype)


_mean = register(
    Op(
        name="mean",
        forward=_mean_forward,
        backward=lambda ctx, g, *, dim, keepdim: _spread(g / max(1, _count(ctx.shapes[0], dim)), ctx.shapes[0], dim),
        reference=lambda x, *, dim, keepdim: _sum_reference(x, dim=dim, keepdim=keepdim) / _count(x.shape, dim),
        sample=_sample,
        bad_samples=[BadSample((np.ones(3, int),), {"dim": (0,), "keepdim": False}, TypeError, ("mean", "int64"))],
        kind="multilinear",
    )
)


def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over some dimensions, or all.

    Parameters
    ----------
    input : Tensor
    dim : int or tuple of int, optional
    keepdim : bool
        Keep summed dimensions, at size 1.
    dtype : dtype, optional
        Sum in this dtype.  Default: the input's; int64 for bools and integers.
    """
    if dtype is None and input.dtype.kind in "bui":
        dtype = np.int64
    if dtype is not None and input.dtype != dtype:
        input = to(input, dtype)
    return _sum(input, dim=dims_of("sum", dim, input.ndim), keepdim=keepdim)


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over some dimensions, or all.  NaN for no elements.

    Parameters
    ----------
    input : Tensor of float
    dim : int or tuple of int, optional
    keepdim : bool
        Keep averaged dimensions, at size 1.
    dtype : dtype, optional
        Average in this dtype.
    """
    if dtype is not None and input.dtype != dtype:
        input = to(input, dtype)
    return _mean(input, dim=dims_of("mean", dim, input.ndim), keepdim=keepdim)
