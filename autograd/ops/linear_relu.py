"""Fully connected layer and relu in one pass, y = max(x wᵀ + b, 0).

g' = g where y > 0, else 0          dx, dw, db as linear's, of g'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.ops.conv2d_relu import KINK
from autograd.ops.linear import check_linear, linear_gradients, reference, run_forward
from autograd.ops.relu import relu_input_grad

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(x: Any, w: Any, b: Any) -> Any:
    y = reference(x, w, b)
    return np.where(y <= 0, 0, y).astype(y.dtype)


def _backward(ctx: Any, g: Any) -> Any:
    x, w, y = ctx.saved_tensors
    return linear_gradients(ctx, relu_input_grad(g, y), x, w)


def _sample(draw: Any) -> Sample:
    i, o = draw.size(1, 6), draw.size(1, 6)
    shape, bias = (*draw.shape(0, 2, least=0), i), draw.choice(True, False)
    rng = np.random.default_rng(draw.size(0, 1 << 16))
    while True:
        inputs = rng.standard_normal(shape), rng.standard_normal((o, i)), rng.standard_normal(o) if bias else None
        if (abs(reference(*inputs)) > KINK).all():
            return Sample(inputs)


_linear_relu = register(
    Op(
        name="linear_relu",
        fuses=("linear", "relu"),
        check=lambda x, w, b: check_linear("linear_relu", x, w, b),
        forward=lambda x, w, b: run_forward(x, w, b, True),
        backward=_backward,
        saves=(0, 1, ~0),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones((5, 4)), None), {}, ValueError, ("linear_relu", "(2, 3)", "(5, 4)"))
        ],
        flops=lambda inputs, y: 2 * y.size * inputs[1].shape[1],
    )
)


def linear_relu(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """relu(linear(…)), with the same bits, in one pass.

    Arguments and errors are `linear`'s.

    Returns
    -------
    Tensor, (…, O)
    """
    return _linear_relu(input, weight, bias)
