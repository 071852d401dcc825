"""Fully connected layer and relu in one pass, y = max(x wᵀ + b, 0).

g' = g where y > 0, else 0          dx, dw and db are linear's, of g'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.relu import relu_input_grad
from autograd.ops.shared.linear import check_linear, forward, gradients, reference
from autograd.ops.shared.samples import KINK
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array, w: Array, b: Array | None) -> Array:
    y = reference(x, w, b)
    return np.where(y <= 0, 0, y).astype(y.dtype)


def _backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    return gradients(ctx, relu_input_grad(g, ctx.saved_tensors[2]))


def _sample(draw: Draw) -> Sample:
    i, o = draw.size(1, 6), draw.size(1, 6)
    shape, bias = (*draw.shape(0, 2, least=0), i), draw.choice(True, False)
    rng = np.random.default_rng(draw.size(0, 1 << 16))
    while True:
        inputs = rng.standard_normal(shape), rng.standard_normal((o, i)), rng.standard_normal(o) if bias else None
        if (abs(reference(*inputs)) > KINK).all():
            return Sample(inputs)


_linear_relu_op = register(
    Op(
        name="linear_relu",
        fuses=("linear", "relu"),
        check=lambda x, w, b: check_linear("linear_relu", x, w, b),
        forward=lambda x, w, b: forward(x, w, b, True),
        backward=_backward,
        saves=(0, 1, ~0),
        saves_for=(1, 0, None),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones((5, 4)), None), {}, ValueError, ("linear_relu", "(2, 3)", "(5, 4)"))
        ],
        flops=lambda inputs, y: 2 * y.size * inputs[1].shape[1],
    )
)


def linear_relu(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute max(input @ weightᵀ + bias, 0): relu(linear(…)) in one pass, with the same bits.

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

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.linear_relu(autograd.tensor([[1.0, 2.0]]), autograd.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    tensor([[3., 0.]])
    """
    y: Tensor = _linear_relu_op(input, weight, bias)
    return y
