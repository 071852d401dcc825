"""Fully connected layer, y = x wᵀ + b.

    x (…, I), w (O, I), b (O)     y (…, O)
    dx = g w        dw = gᵀ x        db = Σ g

The rows of x and of w both run along I, so no matrix product transposes anything in memory (kernels/gemm.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shared.linear import check_linear, forward, gradients, reference

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _sample(draw: Draw) -> Sample:
    i, o = draw.size(0, 6), draw.size(1, 6)
    bias = draw.choice(True, False)
    x = draw.tensor(*draw.shape(0, 2, least=0), i)
    return Sample((x, draw.tensor(o, i), draw.tensor(o) if bias else None))


_linear_op = register(
    Op(
        name="linear",
        check=lambda x, w, b: check_linear("linear", x, w, b),
        forward=lambda x, w, b: forward(x, w, b, False),
        backward=gradients,
        saves=(0, 1),
        saves_for=(1, 0),
        reference=reference,
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
            BadSample((np.ones((2, 4), bool), np.ones((5, 4), bool), None), {}, TypeError, ("linear", "bool")),
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

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.linear(autograd.ones(2, 3), autograd.ones(1, 3), autograd.tensor([0.5]))
    tensor([[3.5000],
            [3.5000]])
    """
    y: Tensor = _linear_op(input, weight, bias)
    return y
