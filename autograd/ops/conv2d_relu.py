"""Convolution and relu in one pass, y = max(conv2d(x, w, b), 0).

g' = g where y > 0, else 0          dx, dw, db as conv2d's, of g'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import Op, Sample, register
from autograd.ops.conv2d import (
    Pair,
    bad_conv,
    check_conv,
    conv2d_gradients,
    flops,
    plain_call,
    reference,
    run_forward,
    with_batch,
)
from autograd.ops.relu import relu_input_grad

if TYPE_CHECKING:
    from autograd.tensor import Tensor

KINK = 1e-3  # least distance from a kink, in samples: finite differences step less


def _reference(x: Any, w: Any, b: Any, **params: Any) -> Any:
    y = reference(x, w, b, **params)
    return np.where(y <= 0, 0, y).astype(y.dtype)


def _backward(ctx: Any, g: Any, **params: Any) -> Any:
    x, w, y = ctx.saved_tensors
    return conv2d_gradients(ctx, relu_input_grad(g, y), x, w, params)


def conv_sample(draw: Any, clear: Callable[[Any], bool], least: int = 1) -> Sample:
    """A convolution, to `least` pixels or more, whose results are all `clear` of kinks.

    A result of 0 comes of padding alone, without a bias, and does not move.
    """
    x, w, _, params = draw.conv_geometry(least=least)
    bias = draw.choice(True, False)
    rng = np.random.default_rng(draw.size(0, 1 << 16))
    while True:
        inputs = rng.standard_normal(x), rng.standard_normal(w), rng.standard_normal(w[0]) if bias else None
        if clear(reference(*inputs, **params)):
            return Sample(inputs, params)


_conv2d_relu = register(
    Op(
        name="conv2d_relu",
        fuses=("conv2d", "relu"),
        check=lambda x, w, b, **params: check_conv("conv2d_relu", x, w, b, **params),
        forward=lambda x, w, b, **params: run_forward(x, w, b, True, **params),
        backward=_backward,
        saves=(0, 1, ~0),
        reference=_reference,
        sample=lambda draw: conv_sample(draw, lambda y: bool(((y == 0) | (abs(y) > KINK)).all())),
        bad_samples=[
            bad_conv("conv2d_relu", (1, 3, 8, 8), (4, 2, 3, 3), ValueError, "(1, 3, 8, 8)", "3 channels", **plain_call)
        ],
        flops=lambda inputs, y, **params: flops(y, inputs[1].shape),
    )
)


def conv2d_relu(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """relu(conv2d(…)), with the same bits, in one pass.

    Arguments and errors are `conv2d`'s.

    Returns
    -------
    Tensor, (N, O, H', W') or (O, H', W')
    """
    return with_batch("conv2d_relu", _conv2d_relu, input, weight, bias, stride, padding, dilation, groups)
