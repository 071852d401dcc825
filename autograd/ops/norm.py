"""p-norms over dimensions.

    y = (Σ |x|^p)^(1/p)      dx = g sign x |x|^(p-1) / y^(p-1)      (0 where y = 0)

For p = ∞ it is the maximum of |x|, for p = -∞ the minimum, and for p = 0 the number of elements other than 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.sums import total
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.extrema import amax, amin
from autograd.ops.functions import abs, sign
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dims_of, ndim_of, restore_dims
from autograd.ops.shared.samples import dims_sample, sum_reference
from autograd.ops.where import where
from autograd.types import Array, Dims, DTypeLike, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check(x: Array, *, p: float, **params: Any) -> None:
    check_float("norm", x)


def _forward(x: Array, *, p: float, dim: tuple[int, ...], keepdim: bool) -> Array:
    powers = np.square(x) if p == 2 else np.abs(x) ** p
    return total(powers, dim=dim, keepdim=keepdim) ** (1 / p)


def _backward(ctx: Context, g: Tensor, *, p: float, dim: tuple[int, ...], keepdim: bool) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    share = where(y == 0, 0.0, g * where(y == 0, 1.0, y) ** (1 - p))  # the inner where avoids 0 · ∞ in second gradients
    size = where(x == 0, 1.0, abs(x)) if p < 1 else abs(x)  # 0 to a negative power is ∞, and sign x is 0
    return (x if p == 2 else sign(x) * size ** (p - 1)) * restore_dims(share, x.shape, dim)


def _sample(draw: Draw) -> Sample:
    drawn = dims_sample(draw)
    x, params = drawn.inputs[0], drawn.params
    return Sample((np.where(x < 0, x - 0.5, x + 0.5),), {**params, "p": draw.choice(2, 1, 3, 1.5)})


_norm_op = register(
    Op(
        name="norm",
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0, ~0),
        reference=lambda x, *, p, dim, keepdim: sum_reference(np.abs(x) ** p, dim=dim, keepdim=keepdim) ** (1 / p),
        sample=_sample,
        bad_samples=[
            BadSample((np.ones(3, int),), {"p": 2, "dim": (0,), "keepdim": False}, TypeError, ("norm", "int64")),
        ],
        flops=2,
    )
)


def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """The p-norm along dimensions, (Σ |x|^p)^(1/p).  Where it is 0, so is the gradient.

    Parameters
    ----------
    input : Tensor of float, any shape
    p : number, "fro" or "nuc"
        "fro" stands for 2; "nuc" is the sum of a matrix's singular values, over two dimensions.
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : float dtype, optional
        input is converted to it first.

    Returns
    -------
    Tensor, of the shape of input without `dim`

    Raises
    ------
    TypeError
        If input is not of floats.
    ValueError
        If p is another string, or for "nuc" there are not two dimensions.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[3.0, -4.0], [0.0, 5.0]])
    >>> autograd.norm(x, dim=1)
    tensor([5., 5.])
    >>> autograd.norm(x, p=1, dim=1)
    tensor([7., 5.])
    """
    if dtype is not None:
        check_arrays("norm", input=input)
        input = input.to(dtype)
    if p == "nuc":
        from autograd.ops.spectral import linalg_matrix_norm  # which imports this module

        return linalg_matrix_norm(input, "nuc", tuple(range(input.ndim)) if dim is None else dim, keepdim)
    power = 2.0 if p in ("fro", None) else p
    if power is None or isinstance(power, str):
        raise ValueError(f'norm: p must be a number, "fro" or "nuc", not {p!r}')
    chosen = dims_of("norm", dim, ndim_of("norm", input))
    if power == 0:
        return sign(abs(input)).sum(chosen, keepdim)
    if math.isinf(power):
        return (amax if power > 0 else amin)(abs(input), chosen, keepdim)
    return _norm_op(input, p=power, dim=chosen, keepdim=keepdim)
