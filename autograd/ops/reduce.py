"""Sums and means over dimensions.

sum         y = Σ x             dx = g, broadcast to the shape of x
mean        y = Σ x / n         dx = g / n, broadcast likewise
logsumexp   y = log Σ e^x       dx = g e^(x-y)
cumsum      y_i = Σ_j≤i x_j     dx_i = Σ_j≥i g_j
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.kernels.sums import running_total, total
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import clone, to
from autograd.ops.functions import exp
from autograd.ops.shape import expand, flip
from autograd.ops.shared.checks import check_differentiable
from autograd.ops.shared.dims import count, dim_of, dims_of, ndim_of, restore_dims
from autograd.ops.shared.samples import dims_sample, sum_reference
from autograd.promotion import DIFFERENTIABLE
from autograd.types import Array, Dims, Gradient, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _spread(g: Tensor, shape: Shape, dim: tuple[int, ...]) -> Tensor:
    """The gradient of a sum over `dim`, for each element of an array of this shape."""
    return expand(restore_dims(g, shape, dim) if g.ndim else g, *shape)


_sum_op = register(
    Op(
        name="sum",
        forward=total,
        backward=lambda ctx, g, *, dim, keepdim: _spread(g, ctx.shapes[0], dim),
        reference=sum_reference,
        sample=dims_sample,
        kind="multilinear",
        complex=True,
    )
)


def _mean_forward(x: Array, *, dim: tuple[int, ...], keepdim: bool) -> Array:
    return total(x, dim=dim, keepdim=keepdim) / np.asarray(count(x.shape, dim), x.dtype)


def _mean_backward(ctx: Context, g: Tensor, *, dim: tuple[int, ...], keepdim: bool) -> Gradient:
    shape = ctx.shapes[0]
    return _spread(g / max(1, count(shape, dim)), shape, dim)


_mean_op = register(
    Op(
        name="mean",
        check=partial(check_differentiable, "mean"),
        complex=True,
        forward=_mean_forward,
        backward=_mean_backward,
        reference=lambda x, *, dim, keepdim: sum_reference(x, dim=dim, keepdim=keepdim) / count(x.shape, dim),
        sample=dims_sample,
        bad_samples=[BadSample((np.ones(3, int),), {"dim": (0,), "keepdim": False}, TypeError, ("mean", "int64"))],
        kind="multilinear",
    )
)


def _logsumexp_forward(x: Array, *, dim: tuple[int, ...], keepdim: bool) -> Array:
    largest = np.max(x, axis=dim, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0)  # inf - inf would be NaN
    y = np.log(total(np.exp(x - largest), dim=dim, keepdim=True)) + largest
    return y if keepdim else y.squeeze(dim)


def _logsumexp_backward(ctx: Context, g: Tensor, *, dim: tuple[int, ...], keepdim: bool) -> Gradient:
    x, y = ctx.saved_tensors
    return restore_dims(g, x.shape, dim) * exp(x - restore_dims(y, x.shape, dim))


_logsumexp_op = register(
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


def _cumsum_reference(x: Array, *, dim: int) -> Array:
    y = x.copy()
    rows = np.moveaxis(y, dim, 0)
    for i in range(1, len(rows)):
        rows[i] += rows[i - 1]
    return y


def _cumsum_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    return Sample((draw.tensor(*shape),), {"dim": draw.choice(*range(len(shape)))})


_cumsum_op: Op = register(
    Op(
        name="cumsum",
        forward=running_total,
        backward=lambda ctx, g, *, dim: flip(_cumsum_op(flip(g, (dim,)), dim=dim), (dim,)),
        reference=_cumsum_reference,
        sample=_cumsum_sample,
        kind="multilinear",
        complex=True,
    )
)


def _to_sum_dtype(input: Tensor, dtype: Any) -> Tensor:
    """Convert input to `dtype`.  By default, convert bools and integers to int64."""
    if dtype:
        return to(input, dtype)
    return input if input.dtype.kind in DIFFERENTIABLE else to(input, np.int64)


def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum along dimensions.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.sum(autograd.ones(2, 3), dim=1)
    tensor([3., 3.])
    """
    chosen = dims_of("sum", dim, ndim_of("sum", input))
    return _sum_op(_to_sum_dtype(input, dtype), dim=chosen, keepdim=keepdim)


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Mean along dimensions.  The mean of no elements is NaN.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : dtype, optional
        Convert input to this dtype first.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    TypeError, IndexError
        If input is not a float tensor, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.mean(autograd.tensor([[1.0, 3.0], [5.0, 7.0]]), dim=0)
    tensor([3., 5.])
    """
    chosen = dims_of("mean", dim, ndim_of("mean", input))
    return _mean_op(input if dtype is None else to(input, dtype), dim=chosen, keepdim=keepdim)


def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """Logarithm of the sum of exponentials along dimensions, computed without overflow.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int
        Dimensions to reduce.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.logsumexp(autograd.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    return _logsumexp_op(input, dim=dims_of("logsumexp", dim, ndim_of("logsumexp", input)), keepdim=keepdim)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Cumulative sum along a dimension.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which to add up.
    dtype : dtype, optional
        Convert input to this dtype first.  Default: input's, or int64 for bools and integers.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.cumsum(autograd.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 3., 6.])
    """
    dim = dim_of("cumsum", dim, ndim_of("cumsum", input))
    input = _to_sum_dtype(input, dtype)
    return _cumsum_op(input, dim=dim) if input.ndim else clone(input)
