"""Variance and standard deviation over dimensions.

var   y = Σ (x - mean)² / (n - c)     dx = 2 g (x - mean) / (n - c)     (c = 1: Bessel's correction)
std   y = √var                        dx of var with g / 2y in place of g (0 where y = 0)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.kernels.sums import total
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.reduce import mean
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import count, dims_of, ndim_of, restore_dims
from autograd.ops.shared.samples import dims_sample, sum_reference
from autograd.ops.where import where
from autograd.types import Array, Dims, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _degrees_of_freedom(shape: tuple[int, ...], dim: tuple[int, ...], correction: float) -> float:
    return max(0, count(shape, dim) - correction)


def _forward(x: Array, *, dim: tuple[int, ...], correction: float, keepdim: bool) -> Array:
    squares = np.square(x - total(x, dim=dim, keepdim=True) / np.asarray(count(x.shape, dim), x.dtype))
    return total(squares, dim=dim, keepdim=keepdim) / np.asarray(_degrees_of_freedom(x.shape, dim, correction), x.dtype)


def _grad(ctx: Context, g: Tensor, dim: tuple[int, ...], correction: float) -> tuple[Gradient, ...]:
    x, shape = ctx.saved_tensors[0], ctx.shapes[0]
    return 2 * restore_dims(g, shape, dim) / _degrees_of_freedom(shape, dim, correction) * (x - mean(x, dim, True))


def _std_backward(
    ctx: Context, g: Tensor, *, dim: tuple[int, ...], correction: float, keepdim: bool
) -> tuple[Gradient, ...]:
    y = ctx.saved_tensors[1]
    share = where(y == 0, 0.0, g / (2 * where(y == 0, 1.0, y)))  # the inner where avoids 0 / 0 in second gradients
    return _grad(ctx, share, dim, correction)


def _reference(x: Array, *, dim: tuple[int, ...], correction: float, keepdim: bool) -> Array:
    d = x - sum_reference(x, dim=dim, keepdim=True) / count(x.shape, dim)
    return sum_reference(d * d, dim=dim, keepdim=keepdim) / np.asarray(_degrees_of_freedom(x.shape, dim, correction))


def _sample(draw: Draw) -> Sample:
    drawn = dims_sample(draw)
    shape = [max(2, n) if i in drawn.params["dim"] else n for i, n in enumerate(drawn.inputs[0].shape)]
    x = draw.tensor(*shape)
    apart = x + 5 * np.arange(x.size).reshape(x.shape)  # if all are equal, the root of the variance has a kink
    return Sample((apart,), {**drawn.params, "correction": draw.choice(1, 0, 0.5)})


def _bad(name: str) -> BadSample:
    return BadSample((np.ones(3, int),), {"dim": (0,), "correction": 1, "keepdim": False}, TypeError, (name, "int64"))


_var_op = register(
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

_std_op = register(
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


def _var_params(
    name: str, input: Tensor, dim: Dims | bool, unbiased: bool | None, keepdim: bool, correction: float | None
) -> dict[str, Any]:
    """Parameters of the rows of var and std, from arguments in either of PyTorch's two forms."""
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
    """Variance along dimensions, Σ (x - mean)² / (n - correction) for n elements.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    unbiased : bool, optional
        An older form of correction=1 (True) and correction=0 (False).
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    correction : number, optional
        Default: 1, for numbers drawn from a larger set.  0 is for all numbers of a set.

    Returns
    -------
    Tensor, of the shape of input without `dim`
        NaN or inf where n is at most correction.

    Raises
    ------
    TypeError, IndexError, ValueError
        If input is not a float tensor, there is no such dimension, or `dim` names one twice.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 3.0])
    >>> autograd.var(x)
    tensor(2.)
    >>> autograd.var(x, correction=0)
    tensor(1.)
    """
    return _var_op(input, **_var_params("var", input, dim, unbiased, keepdim, correction))


def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Standard deviation along dimensions: the square root of `var`.  Where it is 0, so is the gradient.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    unbiased : bool, optional
        An older form of correction=1 (True) and correction=0 (False).
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    correction : number, optional
        The sum of squares is divided by n - correction, for n elements.  Default: 1.

    Returns
    -------
    Tensor, of the shape of input without `dim`
        NaN or inf where n is at most correction.

    Raises
    ------
    TypeError, IndexError, ValueError
        If input is not a float tensor, there is no such dimension, or `dim` names one twice.

    Examples
    --------
    >>> import autograd
    >>> autograd.std(autograd.tensor([[1.0, 3.0, 5.0], [2.0, 2.0, 2.0]]), dim=1)
    tensor([2., 0.])
    """
    return _std_op(input, **_var_params("std", input, dim, unbiased, keepdim, correction))
