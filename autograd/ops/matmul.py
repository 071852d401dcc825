"""Matrix product, z = x @ y.  Leading dimensions broadcast.

    z[…, i, j] = Σ_k x[…, i, k] y[…, k, j]
    dx = g @ yᵀ        dy = xᵀ @ g        (the conjugate transpose, for complex numbers)

A vector x counts as a row and a vector y as a column.  The dimension added for that is dropped from the result.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels import gemm
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shape import reshape, transpose, unsqueeze
from autograd.ops.shared.conjugate import conjugate
from autograd.types import Array, Gradient, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array, y: Array) -> Any:
    return (x[..., :, :, None] * y[..., None, :, :]).sum(axis=-2, dtype=x.dtype)


def _lead(x: Array, y: Array) -> Shape:
    """The leading dimensions of the product."""
    a, b = x.shape[:-2], y.shape[:-2]
    return a if a == b else np.broadcast_shapes(a, b)


def _check(x: Array, y: Array) -> None:
    if x.dtype is not y.dtype and x.dtype != y.dtype:
        raise TypeError(f"matmul: the tensors have dtypes {x.dtype} and {y.dtype}; convert one, with .to(dtype)")
    rule = "" if x.shape[-1] == y.shape[-2] else f"{x.shape[-1]} and {y.shape[-2]} must be equal"
    if not rule and x.ndim == 2 == y.ndim:
        return
    try:
        _lead(x, y)
    except ValueError:
        rule = "the leading dimensions must broadcast"
    if rule:
        raise ValueError(f"matmul: shapes {x.shape} and {y.shape} do not fit: {rule}")


def _forward(x: Array, y: Array) -> Array:
    if x.dtype.char not in "fd":
        return np.matmul(x, y)
    if x.ndim > 2 or y.ndim > 2:
        lead = _lead(x, y)
        x, y = (a if a.shape[:-2] == lead else np.broadcast_to(a, lead + a.shape[-2:]) for a in (x, y))
    return gemm.matmul(x, y)


def _backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, y = ctx.saved_tensors
    return (
        _matmul_op(g, _transposed(y)) if ctx.needs_input_grad[0] else None,
        _matmul_op(_transposed(x), g) if ctx.needs_input_grad[1] else None,
    )


def _transposed(x: Tensor) -> Tensor:
    return conjugate(x.T if x.ndim == 2 else transpose(x, -1, -2))


def _sample(draw: Draw) -> Sample:
    i, k, j = draw.size(0, 5), draw.size(0, 5), draw.size(1, 5)
    a, b = draw.broadcastable(2, 0, 2)
    return Sample((draw.tensor(*a, i, k), draw.tensor(*b, k, j)))


_matmul_op = register(
    Op(
        name="matmul",
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0, 1),
        saves_for=(1, 0),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones((4, 5))), {}, ValueError, ("matmul", "(2, 3)", "(4, 5)", "equal")),
            BadSample((np.ones((2, 2, 3)), np.ones((3, 3, 5))), {}, ValueError, ("matmul", "(2, 2, 3)", "leading")),
            BadSample((np.ones((2, 3)), np.ones((3, 5), np.float32)), {}, TypeError, ("matmul", "float64", "float32")),
        ],
        kind="multilinear",
        broadcasts=True,
        complex=True,
        flops=lambda inputs, z: 2 * z.size * inputs[0].shape[-1],
    )
)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Compute the matrix product input @ other.

    Parameters
    ----------
    input : Tensor, (…, I, K) or (K,)
    other : Tensor, (…, K, J) or (K,)
        Of the same dtype.  Leading dimensions broadcast.

    Returns
    -------
    Tensor, (…, I, J), without the dimensions added to vectors

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.matmul(autograd.tensor([[1.0, 2.0]]), autograd.tensor([3.0, 4.0]))
    tensor([11.])
    """
    try:
        matrices = input.ndim == 2 == other.ndim
    except AttributeError:
        check_arrays("matmul", input=input, other=other)
        raise
    if matrices:
        return _matmul_op(input, other)
    if input.ndim == 0 or other.ndim == 0:
        raise ValueError("matmul: a tensor without dimensions has no matrix product; use *")
    row, column = input.ndim == 1, other.ndim == 1
    x = unsqueeze(input, 0) if row else input
    y = unsqueeze(other, 1) if column else other
    if y.ndim == 2 < x.ndim and x.shape[-1] == y.shape[0]:  # many matrices by one are one tall matrix
        tall = reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))
        z = reshape(_matmul_op(tall, y), (*x.shape[:-1], y.shape[1]))
    else:
        z = _matmul_op(x, y)
    if row or column:
        shape = tuple(z.shape)
        z = reshape(z, shape[:-2] + (() if row else shape[-2:-1]) + (() if column else shape[-1:]))
    return z
