"""Batch normalization and relu, y = max(batch_norm(x), 0): in training in one pass after the sums.

g' = g where y > 0, else 0          dx, dw, db as batch_norm's, of g'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.batch_norm import (
    function_reference,
    function_sample,
    normalize,
    training_backward,
    training_forward,
    training_reference,
    training_sample,
    with_statistics,
)
from autograd.ops.conv2d_relu import KINK
from autograd.ops.relu import relu, relu_input_grad

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _relu_reference(y: Any) -> Any:
    return np.where(y <= 0, 0, y).astype(y.dtype)


def _reference(x: Any, w: Any, b: Any, *, eps: float) -> Any:
    y, mean, var = training_reference(x, w, b, eps=eps)
    return _relu_reference(y), mean, var


def _backward(ctx: Any, g: Any, dmean: Any, dvar: Any, *, eps: float) -> Any:
    return training_backward(ctx, relu_input_grad(g, ctx.saved_tensors[4]), dmean, dvar, eps=eps)


def _away_from_kink(sample: Any, reference: Any) -> Any:
    """Samples of batch_norm whose results are not nearly 0."""

    def draw_one(draw: Any) -> Sample:
        (x, w, b), params = (drawn := sample(draw)).inputs, drawn.params
        rng = np.random.default_rng(draw.size(0, 1 << 16))
        while True:
            w, b = (rng.uniform(0.5, 2, a.shape) if a is not None else None for a in (w, b))
            y = reference(x, w, b, **params)
            if (abs(y[0] if isinstance(y, tuple) else y) > KINK).all():
                return Sample((x, w, b), params)
            b = np.ones(x.shape[1])  # drawn anew above, for a result of exactly 0 needs one to be moved

    return draw_one


_training = register(
    Op(
        name="batch_norm_relu_training",
        fuses=("batch_norm", "relu"),
        forward=lambda x, w, b, *, eps: training_forward(x, w, b, eps=eps, relu=True),
        backward=_backward,
        saves=(0, 1, ~1, ~2, ~0),
        reference=_reference,
        sample=_away_from_kink(training_sample, training_reference),
        flops=9,
    )
)


def batch_norm_relu(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """relu(batch_norm(…)), with the same bits; in training in one pass less.

    Arguments and errors are `batch_norm`'s.

    Returns
    -------
    Tensor, of input's shape
    """
    y: Tensor = normalize(
        "batch_norm_relu", _training, input, running_mean, running_var, weight, bias, training, momentum, eps
    )
    return y if training else relu(y)


register(
    Composite(
        name="batch_norm_relu",
        function=with_statistics(batch_norm_relu),
        reference=lambda *inputs, **params: _relu_reference(function_reference(*inputs, **params)),
        sample=_away_from_kink(function_sample, function_reference),
        bad_samples=[
            BadSample(
                (np.ones((1, 3)), None, None),
                {"running": (None, None), "training": True},
                ValueError,
                ("batch_norm_relu", "more than 1 value per channel when training", "(1, 3)"),
            )
        ],
    )
)
