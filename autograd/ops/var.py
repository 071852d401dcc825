"""Variance and standard deviation over dimensions.

var   y = Σ (x - mean)² / (n - c)     dx = 2 g (x - mean) / (n - c)     (c = 1: Bessel's correction)
std   y = √var                        dx = var's, of g / 2y             (0 where y = 0)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.kernels.sums import total
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.elementwise import check_float
from autograd.ops.reduce import Dims, count, dims_of, dims_sample, kept, mean, sum_reference
from autograd.ops.shape import ndim_of
from autograd.ops.where import where

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _degrees(shape: tuple[int, ...], dim: tuple[int, ...], correction: float) -> float:
    return max(0, count(shape, dim) - correction)


def _forward(x: Any, *, dim: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    squares = np.square(x - mean(x, dim, True))
    return total(squares, dim=dim, keepdim=keepdim) / np.asarray(_degrees(x.shape, dim, correction), x.dtype)


def _grad(ctx: Any, g: Any, dim: tuple[int, ...], correction: float) -> Any:
    x, shape = ctx.saved_tensors[0], ctx.shapes[0]
    return 2 * kept(g, shape, dim) / _degrees(shape, dim, correction) * (x - mean(x, dim, True))


def _std_backward(ctx: Any, g: Any, *, dim: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    y = ctx.saved_tensors[1]
    share = where(y == 0, 0.0, g / (2 * where(y == 0, 1.0, y)))  # the inner one for second gradients: no 0 / 0
    return _grad(ctx, share, dim, correction)


def _reference(x: Any, *, dim: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    away = x - sum_reference(x, dim=dim, keepdim=True) / count(x.shape, dim)
    return sum_reference(away * away, dim=dim, keepdim=keepdim) / np.asarray(_degrees(x.shape, dim, correction))


def _sample(draw: Any) -> Sample:
    drawn = dims_sample(draw)
    shape = [max(2, n) if i in drawn.params["dim"] else n for i, n in enumerate(drawn.inputs[0].shape)]
    x = draw.tensor(*shape)
    apart = x + 5 * np.arange(x.size).reshape(x.shape)  # where all are equal, the root of their variance has a kink
    return Sample((apart,), {**drawn.params, "correction": draw.choice(1, 0, 0.5)})


def _bad(name: str) -> BadSample:
    return BadSample((np.ones(3, int),), {"dim": (0,), "correction": 1, "keepdim": False}, TypeError, (name, "int64"))


_var = register(
    Op(
        name="var",
        check=partial(check_float, "var"),
        forward=_forward,
        backward=lambda ctx, g, *, dim, correction, keepdim: _grad(ctx, g, dim, correction),
        saves=(0,),
        reference=_reference,
        sample=_sample,
        bad_samples=[_bad("var")],
        flops=4,
    )
)

_std = register(
    Op(
        name="std",
        check=partial(check_float, "std"),
        forward=lambda x, **params: np.sqrt(_forward(x, **params)),
        backward=_std_backward,
        saves=(0, ~0),
        reference=lambda x, **params: _reference(x, **params) ** 0.5,
        sample=_sample,
        bad_samples=[_bad("std")],
        flops=4,
    )
)


def _spread_arguments(
    name: str, input: Tensor, dim: Dims | bool, unbiased: bool | None, keepdim: bool, correction: float | None
) -> dict[str, Any]:
    """The arguments of var and std, which PyTorch lets be written in two ways."""
    if isinstance(dim, bool):  # x.var(False)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return {"dim": dims_of(name, dim, ndim_of(name, input)), "correction": correction, "keepdim": keepdim}


def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over some dimensions, or all: the mean square distance from the mean.

    Parameters
    ----------
    input : Tensor of float
    dim : int or tuple of int, optional
    unbiased : bool, optional
        The older way to write correction=1 (True) and correction=0 (False).
    keepdim : bool
        Keep reduced dimensions, at size 1.
    correction : number
        What is subtracted from the number of elements before the division.  Default: 1.
    """
    return _var(input, **_spread_arguments("var", input, dim, unbiased, keepdim, correction))


def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The square root of `var`, and its arguments; the gradient is 0 where it is 0."""
    return _std(input, **_spread_arguments("std", input, dim, unbiased, keepdim, correction))
