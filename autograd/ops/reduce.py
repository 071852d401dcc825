"""Sums and means over dimensions.

sum         y = Σ x             dx = g, spread over what was summed
mean        y = Σ x / n         dx = g / n, spread likewise
logsumexp   y = log Σ e^x       dx = g e^(x-y)
cumsum      y_i = Σ_j≤i x_j     dx_i = Σ_j≥i g_j
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.kernels.sums import running_total, total
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import check_float, clone, to
from autograd.ops.functions import exp
from autograd.ops.shape import dim_of, expand, flip, ndim_of

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Dims = int | tuple[int, ...] | list[int] | None


def dims_of(name: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """Dimensions as a tuple of distinct numbers from 0; all of them for None or ()."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    chosen = tuple(dim_of(name, d, ndim) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name}: dim {dim} names a dimension twice")
    return chosen if ndim else ()


def kept(y: Any, shape: tuple[int, ...], dim: tuple[int, ...]) -> Any:
    """What a reduction of `shape` over `dim` gave, with the reduced dimensions at size 1: it broadcasts again."""
    return y.reshape(tuple(1 if i in dim else n for i, n in enumerate(shape)))


def sum_reference(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    total = np.zeros([1 if i in dim else n for i, n in enumerate(x.shape)], x.dtype)
    for index in np.ndindex(*x.shape):
        total[tuple(0 if i in dim else k for i, k in enumerate(index))] += x[index]
    return total if keepdim else total.reshape([n for i, n in enumerate(x.shape) if i not in dim])


def dims_sample(draw: Any) -> Sample:
    """A tensor and some of its dimensions."""
    shape = draw.shape(1, 3, least=0)
    dim = tuple(sorted({draw.choice(*range(len(shape))) for _ in range(draw.size(1, 2))}))
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


_sum = register(
    Op(
        name="sum",
        forward=total,
        backward=lambda ctx, g, *, dim, keepdim: expand(kept(g, ctx.shapes[0], dim), *ctx.shapes[0]),
        reference=sum_reference,
        sample=dims_sample,
        kind="multilinear",
    )
)


def count(shape: tuple[int, ...], dim: tuple[int, ...]) -> int:
    return math.prod(shape[d] for d in dim)


def _mean_forward(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    return total(x, dim=dim, keepdim=keepdim) / np.asarray(count(x.shape, dim), x.dtype)


def _mean_backward(ctx: Any, g: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    shape = ctx.shapes[0]
    return expand(kept(g / max(1, count(shape, dim)), shape, dim), *shape)


_mean = register(
    Op(
        name="mean",
        check=partial(check_float, "mean"),
        forward=_mean_forward,
        backward=_mean_backward,
        reference=lambda x, *, dim, keepdim: sum_reference(x, dim=dim, keepdim=keepdim) / count(x.shape, dim),
        sample=dims_sample,
        bad_samples=[BadSample((np.ones(3, int),), {"dim": (0,), "keepdim": False}, TypeError, ("mean", "int64"))],
        kind="multilinear",
    )
)


def _logsumexp_forward(x: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    most = np.max(x, axis=dim, keepdims=True, initial=-np.inf)
    most = np.where(np.isfinite(most), most, 0)  # inf - inf would be NaN
    y = np.log(total(np.exp(x - most), dim=dim, keepdim=True)) + most
    return y if keepdim else y.squeeze(dim)


def _logsumexp_backward(ctx: Any, g: Any, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    x, y = ctx.saved_tensors
    return kept(g, x.shape, dim) * exp(x - kept(y, x.shape, dim))


_logsumexp = register(
    Op(
        name="logsumexp",
        forward=_logsumexp_forward,
        backward=_logsumexp_backward,
        saves=(0, ~0),
        reference=lambda x, *, dim, keepdim: np.logaddexp.reduce(x, axis=dim, keepdims=keepdim),
        sample=dims_sample,
        promotes="float",
        flops=4,  # compare, subtract, exp, add
    )
)


def _cumsum_reference(x: Any, *, dim: int) -> Any:
    y = x.copy()
    rows = np.moveaxis(y, dim, 0)
    for i in range(1, len(rows)):
        rows[i] += rows[i - 1]
    return y


def _cumsum_sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3, least=0)
    return Sample((draw.tensor(*shape),), {"dim": draw.choice(*range(len(shape)))})


_cumsum: Op = register(
    Op(
        name="cumsum",
        forward=running_total,
        backward=lambda ctx, g, *, dim: flip(_cumsum(flip(g, (dim,)), dim=dim), (dim,)),
        reference=_cumsum_reference,
        sample=_cumsum_sample,
        kind="multilinear",
    )
)


def _summable(input: Tensor, dtype: Any) -> Tensor:
    """In the dtype that sums are made in: the one asked for, the input's, or int64 for bools and integers."""
    return to(input, dtype or (input.dtype if input.dtype.kind == "f" else np.int64))


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
    chosen = dims_of("sum", dim, ndim_of("sum", input))
    return _sum(_summable(input, dtype), dim=chosen, keepdim=keepdim)


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
    chosen = dims_of("mean", dim, ndim_of("mean", input))
    return _mean(input if dtype is None else to(input, dtype), dim=chosen, keepdim=keepdim)


def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log Σ e^input over some dimensions, without overflow.

    Parameters
    ----------
    input : Tensor
    dim : int or tuple of int
    keepdim : bool
        Keep reduced dimensions, at size 1.
    """
    return _logsumexp(input, dim=dims_of("logsumexp", dim, ndim_of("logsumexp", input)), keepdim=keepdim)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The sums of the first 1, 2, … elements along dim.

    Parameters
    ----------
    input : Tensor
    dim : int
    dtype : dtype, optional
        Sum in this dtype.  Default: the input's; int64 for bools and integers.
    """
    dim = dim_of("cumsum", dim, ndim_of("cumsum", input))
    input = _summable(input, dtype)
    return _cumsum(input, dim=dim) if input.ndim else clone(input)
