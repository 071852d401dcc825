"""Two-dimensional convolution (cross-correlation, as is usual in deep learning).

    x (N, C, H, W), w (O, C/G, kh, kw), b (O)           y (N, O, H', W')
    y[n,o,i,j] = b[o] + Σ_c,u,v w[o,c,u,v] x[n, c, i sh + u dh - ph, j sw + v dw - pw]     (0 outside x)
    H' = (H + 2 ph - dh (kh - 1) - 1) // sh + 1,  W' likewise
    dx = conv2d_input_grad(g, w)       each g times the weights, added to the pixels that it was computed from
    dw = conv2d_weight_grad(g, x)      each g times those pixels, summed over images and windows
    db = Σ_n,i,j g

y is linear in x and in w, so the two gradients are bilinear too, and the gradient of each of the three ops is
made of the other two: ⟨g, conv(x, w)⟩ = ⟨input_grad(g, w), x⟩ = ⟨weight_grad(g, x), w⟩.
The kernels are in kernels/conv.py, those for groups of few channels in kernels/planes.py, for windows of one pixel in
kernels/pointwise.py, and for windows of 3 × 3 or 5 × 5 and many channels in kernels/winograd.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.kernels import conv, planes, pointwise, winograd
from autograd.kernels.jit import dense
from autograd.kernels.sums import add_parts
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shared import tap_by_tap
from autograd.ops.shared.conv import (
    UNIT,
    bad_conv,
    call,
    check_conv,
    flops,
    forward,
    gradients,
    lanes,
    reference,
    weight_grad_reference,
)
from autograd.types import Array, Gradient, Pair, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _input_grad_reference(
    g: Array, w: Array, *, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    (height, width), (kh, kw) = input_size, w.shape[2:]
    per_in, per_out = w.shape[1], len(w) // groups
    dx = np.zeros((len(g), per_in * groups, height + 2 * ph, width + 2 * pw), g.dtype)
    for o in range(len(w)):
        channels = dx[:, o // per_out * per_in :][:, :per_in]
        for i, j in np.ndindex(*g.shape[2:]):
            window = channels[:, :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw]
            window += g[:, o, i, j][:, None, None, None] * w[o]
    return dx[:, :, ph : ph + height, pw : pw + width]


def _backward(ctx: Context, g: Tensor, **params: Any) -> tuple[Gradient, ...]:
    return gradients(ctx, g, conv2d_input_grad, conv2d_weight_grad, **params)


def _input_grad_forward(
    g: Array, w: Array, *, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    if (
        g.dtype.kind != "f"  # integers
        or not np.isfinite(
            w
        ).all()  # the kernels put zeros around g, and 0 · inf is NaN; the reference has no such zeros
        or tap_by_tap.mostly_padding(input_size, g.shape[2:], w.shape[2:], stride, padding, dilation)
        or tap_by_tap.mostly_gaps(input_size, w.shape[2:], stride)
    ):
        return tap_by_tap.input_grad(g, w, input_size, stride, padding, dilation, groups)
    outputs, group_channels, kh, kw = w.shape
    dx = np.empty((len(g), group_channels * groups, *input_size), g.dtype)
    window: dict[str, Any] = {"kernel_size": (kh, kw), "stride": stride, "padding": padding, "dilation": dilation}
    if pointwise.suits(g.itemsize, input_size, groups=groups, **window):
        pointwise.multiply(dense(g), dense(w.reshape(outputs, group_channels).T), np.empty(0, g.dtype), False, dx)
        return dx
    plan = planes.backward_plan(
        len(g), outputs // groups, group_channels, groups, input_size, lanes(g), (kh, kw), stride, padding, dilation
    )
    if plan:
        rows = w.reshape(groups, outputs // groups, group_channels, kh * kw).transpose(0, 2, 1, 3)
        weights = rows.reshape(dx.shape[1], -1)[:, plan.order]
        planes.forward(g, dense(weights), np.zeros(len(weights), g.dtype), False, plan, dx)
        return dx
    if winograd.suits(len(g), outputs, group_channels, input_size, groups=groups, **window) and winograd.convolve(
        g, w, np.zeros(group_channels, g.dtype), False, (kh - 1 - padding[0], kw - 1 - padding[1]), True, dx
    ):
        return dx
    conv_plan, phases, order = conv.backward_plan(
        len(g), outputs // groups, input_size, g.shape[2:], (kh, kw), stride, padding, dilation
    )
    panels = conv.pack_backward(dense(w).reshape(outputs, group_channels, kh * kw), groups, phases, order)
    conv.input_grad(dense(g), panels, np.zeros(panels.shape[3], g.dtype), tuple(conv_plan), phases, stride, dx)
    return dx


def _first_windows(y: Any, shape: Shape) -> Any:
    """The part of y that has g's shape: conv_transpose2d may leave room for windows that no element of g is of."""
    return y if y.shape == shape else y[:, :, : shape[2], : shape[3]]


def _input_grad_backward(ctx: Context, h: Tensor, *, input_size: Pair, **params: Any) -> tuple[Gradient, ...]:
    g, w = ctx.saved_tensors
    return (
        _first_windows(_conv2d_op(h, w, None, **params), ctx.shapes[0]) if ctx.needs_input_grad[0] else None,
        conv2d_weight_grad(g, h, kernel_size=ctx.shapes[1][2:], **params) if ctx.needs_input_grad[1] else None,
    )


def _weight_grad_forward(
    g: Array, x: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    images, group_channels, group_outputs = len(x), x.shape[1] // groups, g.shape[1] // groups
    window: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    if tap_by_tap.mostly_padding(x.shape[2:], g.shape[2:], **window):
        return tap_by_tap.weight_grad(g, x, groups=groups, **window)
    plan = planes.weight_grad_plan(images, group_channels, group_outputs, groups, g.shape[2:], lanes(g), **window)
    if plan:
        return planes.weight_grad(g, x, plan).reshape(g.shape[1], group_channels, *kernel_size)
    if winograd.suits(images, group_channels, group_outputs, g.shape[2:], groups=groups, **window, weight_grad=True):
        dw = winograd.correlate(g, x, padding, kernel_size[0])
        if dw is not None:
            return dw
    conv_plan, batch = conv.weight_grad_plan(images, group_channels, groups, x.shape[2:], g.shape[2:], **window)
    depth = len(conv_plan.tap)
    channel, column = conv.filled_channels(group_outputs, math.prod(g.shape[2:]), depth, lanes(g))
    parts = np.empty((conv.image_blocks(images, groups * depth * len(channel)), groups, depth, len(channel)), g.dtype)
    tap_blocks = conv.tap_blocks(len(parts) * groups, depth)
    conv.weight_grad(dense(g), dense(x), channel, batch, tap_blocks, tuple(conv_plan), parts)
    result = np.empty((g.shape[1], group_channels, *kernel_size), g.dtype)  # rows (G O/G), columns K
    rows = parts.reshape(len(parts), groups * depth, len(channel))
    add_parts(rows, depth, group_outputs * depth, column, result.reshape(-1))
    return result


def _weight_grad_backward(ctx: Context, h: Tensor, *, kernel_size: Pair, **params: Any) -> tuple[Gradient, ...]:
    g, x = ctx.saved_tensors
    return (
        _first_windows(_conv2d_op(x, h, None, **params), ctx.shapes[0]) if ctx.needs_input_grad[0] else None,
        conv2d_input_grad(g, h, input_size=ctx.shapes[1][2:], **params) if ctx.needs_input_grad[1] else None,
    )


def _sample(draw: Draw) -> Sample:
    x, w, _, params = draw.conv_geometry()
    bias = draw.choice(True, False)
    return Sample((draw.tensor(*x), draw.tensor(*w), draw.tensor(w[0]) if bias else None), params)


def _some_windows(draw: Draw, y: Shape) -> Shape:
    return (*y[:2], *(max(1, n - draw.choice(0, 0, 1)) for n in y[2:]))


def _input_grad_sample(draw: Draw) -> Sample:
    x, w, y, params = draw.conv_geometry()
    return Sample((draw.tensor(*_some_windows(draw, y)), draw.tensor(*w)), {"input_size": x[2:], **params})


def _weight_grad_sample(draw: Draw) -> Sample:
    x, w, y, params = draw.conv_geometry()
    return Sample((draw.tensor(*_some_windows(draw, y)), draw.tensor(*x)), {"kernel_size": w[2:], **params})


def _bad(x: Shape, w: Shape, error: type[Exception], *words: str, b: Array | None = None, **params: Any) -> BadSample:
    return bad_conv("conv2d", x, w, error, *words, b=b, **UNIT | params)


_conv2d_op = register(
    Op(
        name="conv2d",
        check=lambda x, w, b, **params: check_conv("conv2d", x, w, b, **params),
        forward=lambda x, w, b, **params: forward(x, w, b, False, **params),
        backward=_backward,
        saves=(0, 1),
        saves_for=(1, 0),
        reference=reference,
        sample=_sample,
        bad_samples=[
            _bad((1, 3, 8, 8), (4, 2, 3, 3), ValueError, "(1, 3, 8, 8)", "(4, 2, 3, 3)", "3 channels"),
            _bad((1, 3, 8, 8), (4, 3, 9, 3), ValueError, "(4, 3, 9, 3)", "fit into", "pad"),
            _bad((3, 8), (4, 3, 3, 3), ValueError, "(N, C, H, W)", "(3, 8)"),
            _bad((1, 3, 8, 8), (4, 3, 3, 3), ValueError, "bias", "(3,)", "(4,)", b=np.ones(3)),
            _bad((1, 3, 8, 8), (4, 3, 3, 3), TypeError, "float64", "float32", b=np.ones(4, np.float32)),
            _bad((1, 3, 8, 8), (4, 3, 3, 3), ValueError, "stride", "at least 1", stride=(0, 1)),
        ],
        kind="multilinear",
        flops=lambda inputs, y, **params: flops(y, inputs[1].shape),
    )
)

conv2d_input_grad = register(
    Op(
        name="conv2d_input_grad",
        forward=_input_grad_forward,
        backward=_input_grad_backward,
        saves=(0, 1),
        reference=_input_grad_reference,
        sample=_input_grad_sample,
        kind="multilinear",
        flops=lambda inputs, dx, **params: flops(inputs[0], inputs[1].shape),
    )
)

conv2d_weight_grad = register(
    Op(
        name="conv2d_weight_grad",
        forward=_weight_grad_forward,
        backward=_weight_grad_backward,
        saves=(0, 1),
        reference=weight_grad_reference,
        sample=_weight_grad_sample,
        kind="multilinear",
        flops=lambda inputs, dw, **params: flops(inputs[0], dw.shape),
    )
)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve images with a bank of filters.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (O, C/groups, kh, kw)
    bias : Tensor, (O,), optional
    stride : int or (int, int)
        Step from window to window; vertical, horizontal.
    padding : int, (int, int), "valid" (none) or "same" (H' = H, W' = W; needs stride 1)
        Zeros added on each side.  If "same" needs an odd number, there is one more at the end.
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

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 15.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.conv2d(autograd.ones(1, 1, 3, 3), autograd.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    params: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return call("conv2d", _conv2d_op, input, weight, bias, **params)
