"""Fully connected layer, y = x wᵀ + b.

    x (…, I), w (O, I), b (O)     y (…, O)
    dx = g w        dw = gᵀ x        db = Σ g

The rows of x and of w both run along I, so no matrix product transposes anything in memory (kernels/gemm.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from autograd.kernels import gemm
from autograd.op import BadSample, Op, Sample, register
from autograd.ops import reduce
from autograd.ops.matmul import matmul
from autograd.ops.shape import reshape
from autograd.ops.shared.linear import check_linear
from autograd.types import Array, Context, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array, w: Array, b: Array | None) -> Array:
    y: Array = (x[..., None, :] * w).sum(axis=-1)
    return y if b is None else y + b


def linear_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    """The gradients of linear, and of linear_relu, which saves its result too, from the g before relu."""
    x, w = ctx.saved_tensors[:2]
    if x.ndim != 2:
        rows = math.prod(x.shape[:-1])
        g, x = reshape(g, (rows, w.shape[0])), reshape(x, (rows, w.shape[1]))
    dx = matmul(g, w) if ctx.needs_input_grad[0] else None
    dw = matmul(g.T, x) if ctx.needs_input_grad[1] else None
    db = reduce.sum(g, 0) if ctx.needs_input_grad[2] else None
    return dx if dx is None or len(ctx.shapes[0]) == 2 else reshape(dx, ctx.shapes[0]), dw, db


def _sample(draw: Draw) -> Sample:
    i, o = draw.size(0, 6), draw.size(1, 6)
    bias = draw.choice(True, False)
    x = draw.tensor(*draw.shape(0, 2, least=0), i)
    return Sample((x, draw.tensor(o, i), draw.tensor(o) if bias else None))


linear_op = register(
    Op(
        name="linear",
        check=lambda x, w, b: check_linear("linear", x, w, b),
        forward=lambda x, w, b: gemm.linear(x, w, b, False),
        backward=linear_backward,
        saves=(0, 1),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample(
                (np.ones((2, 3)), np.ones((5, 4)), None), {}, ValueError, ("linear", "(2, 3)", "(5, 4)", "must be 4")
            ),
            BadSample((np.ones((2, 2, 2)), np.ones((5, 4)), None), {}, ValueError, ("linear", "(2, 2, 2)", "flatten")),
            BadSample((np.ones((2, 2)), np.ones((5, 4)), None), {}, ValueError, ("linear", "(2, 2)", "batch")),
            BadSample(
                (np.ones((2, 4)), np.ones((5, 4)), np.ones(4)), {}, ValueError, ("linear", "bias", "(4,)", "(5,)")
            ),
            BadSample((np.ones((2, 4), int), np.ones((5, 4)), None), {}, TypeError, ("linear", "int64", "float64")),
        ],
        kind="multilinear",
        flops=lambda inputs, y: 2 * y.size * inputs[1].shape[1],
    )
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute input @ weightᵀ + bias.

    Parameters
    ----------
    input : Tensor, (…, I)
    weight : Tensor, (O, I)
    bias : Tensor, (O,), optional

    Returns
    -------
    Tensor, (…, O)

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.
    """
    y: Tensor = linear_op(input, weight, bias)
    return y
