"""Convolution and relu in one pass, y = max(conv2d(x, w, b), 0).

g' = g where y > 0, else 0          dx, dw and db are conv2d's, of g'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.op import Op, Sample, register
from autograd.ops.conv2d import conv2d_input_grad, conv2d_weight_grad
from autograd.ops.relu import relu_input_grad
from autograd.ops.shared.conv import (
    UNIT,
    bad_conv,
    call,
    check_conv,
    conv_sample,
    flops,
    forward,
    gradients,
    reference,
)
from autograd.ops.shared.samples import KINK
from autograd.types import Array, Gradient, Pair

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array, w: Array, b: Array | None, **params: Any) -> Array:
    y = reference(x, w, b, **params)
    return np.where(y <= 0, 0, y).astype(y.dtype)


def _backward(ctx: Context, g: Tensor, **params: Any) -> tuple[Gradient, ...]:
    g = relu_input_grad(g, ctx.saved_tensors[2])
    return gradients(ctx, g, conv2d_input_grad, conv2d_weight_grad, **params)


def _clear(y: Array) -> bool:
    return bool(((y == 0) | (abs(y) > KINK)).all())


def _sample(draw: Draw) -> Sample:
    return conv_sample(draw, _clear)


_conv2d_relu_op = register(
    Op(
        name="conv2d_relu",
        fuses=("conv2d", "relu"),
        check=lambda x, w, b, **params: check_conv("conv2d_relu", x, w, b, **params),
        forward=lambda x, w, b, **params: forward(x, w, b, True, **params),
        backward=_backward,
        saves=(0, 1, ~0),
        saves_for=(1, 0, None),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            bad_conv("conv2d_relu", (1, 3, 8, 8), (4, 2, 3, 3), ValueError, "(1, 3, 8, 8)", "3 channels", **UNIT)
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
    """Convolve images, then apply relu: relu(conv2d(…)) in one pass, with the same bits.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (O, C/groups, kh, kw)
    bias : Tensor, (O,), optional
    stride : int or (int, int)
        Step from window to window; vertical, horizontal.
    padding : int, (int, int), "valid" (none) or "same" (H' = H, W' = W; needs stride 1)
        Zeros added on each side.
    dilation : int or (int, int)
        Step between the pixels of a window.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.

    Returns
    -------
    Tensor, (N, O, H', W') or (O, H', W')

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x, w = autograd.tensor([[[1.0, -3.0, 5.0]]]), autograd.ones(1, 1, 1, 2)
    >>> F.conv2d(x, w), F.conv2d_relu(x, w)
    (tensor([[[-2.,  2.]]]), tensor([[[0., 2.]]]))
    """
    params: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return call("conv2d_relu", _conv2d_relu_op, input, weight, bias, **params)
