"""Convolution, relu and 2 × 2 max-pooling in one pass, y = max_pool2d(max(conv2d(x, w, b), 0), 2).

    g' = g where y > 0, else 0, at the argmax of each window; 0 elsewhere
    dx, dw and db are conv2d's, of g'

Forward saves the argmax of each window: which of its four pixels, 0 1 / 2 3, is the maximum, as uint8.  Given
argmax, taking these pixels (`max_pool2d_2x2_gather`) and sending g back to them (`max_pool2d_2x2_input_grad`)
are each other's gradient.  The weight gradient of an unpooled g is a row of its own, because three of four
products in it would be with 0:

    conv2d_unpooled_weight_grad(g, argmax, x) = conv2d_weight_grad(max_pool2d_2x2_input_grad(g, argmax), x)

The kernels are in kernels/conv_pool.py and kernels/pool_2x2.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.kernels import conv, conv_pool, gemm, winograd
from autograd.kernels.jit import dense
from autograd.kernels.pool_2x2 import pick_2x2, unpool_2x2
from autograd.kernels.sums import add_parts, total
from autograd.op import Op, Sample, register
from autograd.ops.conv2d import conv2d, conv2d_input_grad, conv2d_weight_grad
from autograd.ops.conv2d_relu import conv2d_relu
from autograd.ops.max_pool2d import max_pool2d
from autograd.ops.reduce import sum as sum_over
from autograd.ops.relu import relu_input_grad
from autograd.ops.shared import tap_by_tap
from autograd.ops.shared.checks import check_same_float
from autograd.ops.shared.conv import (
    UNIT,
    bad_conv,
    call,
    check_conv,
    conv_sample,
    flops,
    pack_weight,
    reference,
    weight_grad_reference,
)
from autograd.ops.shared.samples import KINK
from autograd.ops.shared.windows import as_planes, conv_size
from autograd.types import Array, Gradient, Pair

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

NAME = "conv2d_relu_max_pool2d"


def _windows(y: Array) -> Array:
    """The pixels of each window, (N, O, H' // 2, W' // 2, 4)."""
    n, o, height, width = y.shape
    y = y[:, :, : height // 2 * 2, : width // 2 * 2].reshape(n, o, height // 2, 2, width // 2, 2)
    return y.transpose(0, 1, 2, 4, 3, 5).reshape(n, o, height // 2, width // 2, 4)


def _reference(x: Array, w: Array, b: Array | None, **params: Any) -> tuple[Array, Array]:
    windows = _windows(reference(x, w, b, **params))
    best, argmax = windows[..., 0], np.zeros(windows.shape[:-1], np.uint8)
    for k in range(1, 4):
        greater = (windows[..., k] > best) | np.isnan(windows[..., k])
        best, argmax = np.where(greater, windows[..., k], best), np.where(greater, np.uint8(k), argmax)
    return np.where(best <= 0, 0, best).astype(x.dtype), argmax


def _check(x: Any, w: Any, b: Any, **params: Any) -> None:
    check_same_float(NAME, input=x, weight=w, bias=b)
    check_conv(NAME, x, w, b, **params)
    size = conv_size(x.shape[2:], w.shape[2:], params)
    if min(size) < 2:
        raise ValueError(
            f"{NAME}: input of shape {x.shape} and weight of shape {w.shape} leave images of {size}, too small for "
            "2 × 2 pooling; pad the input, use a smaller kernel, or leave out the pooling"
        )


def _forward(x: Array, w: Array, b: Array | None, *, groups: int, **params: Any) -> tuple[Array, Array]:
    height, width = conv_size(x.shape[2:], w.shape[2:], params)
    y = np.empty((len(x), len(w), height // 2, width // 2), x.dtype)
    argmax = np.empty(y.shape, np.uint8)
    bias = np.zeros(len(w), x.dtype) if b is None else dense(b)
    if winograd.suits(
        len(x), w.shape[1], len(w), (height, width), kernel_size=w.shape[2:], groups=groups, **params
    ) and winograd.convolve(x, w, bias, True, params["padding"], False, y, argmax):
        return y, argmax
    plan = conv.forward_plan(len(x), w.shape[1], x.shape[2:], y.shape[2:], w.shape[2:], **params, pooling=2)
    panels = pack_weight(w, groups)
    row = gemm.offsets(len(plan.pixel) // 4, panels.shape[3])
    conv_pool.forward(dense(x), panels, bias, tuple(plan), row, y, argmax)
    return y, argmax


def _backward(ctx: Context, g: Tensor, _: Any, **params: Any) -> tuple[Gradient, ...]:
    x, w, y, argmax = ctx.saved_tensors
    g = relu_input_grad(g, y)
    dx = None
    if ctx.needs_input_grad[0]:
        size = conv_size(x.shape[2:], w.shape[2:], params)
        dx = conv2d_input_grad(max_pool2d_2x2_input_grad(g, argmax, size=size), w, input_size=x.shape[2:], **params)
    dw = (
        _conv2d_unpooled_weight_grad_op(g, argmax, x, kernel_size=w.shape[2:], **params)
        if ctx.needs_input_grad[1]
        else None
    )
    return dx, dw, sum_over(g, (0, 2, 3)) if ctx.needs_input_grad[2] else None


def _clear(y: Array) -> bool:
    windows = np.sort(_windows(y))
    best, second = windows[..., 3], windows[..., 2]
    return bool(((best <= -KINK) | (best == 0) | ((best > KINK) & (best - second > KINK))).all())


def _sample(draw: Draw) -> Sample:
    return conv_sample(draw, _clear, least=2)


_conv2d_relu_max_pool2d_op = register(
    Op(
        name=NAME,
        fuses=("conv2d", "relu", "max_pool2d"),
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0, 1, ~0, ~1),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            bad_conv(NAME, (1, 3, 8, 8), (4, 2, 3, 3), ValueError, "(1, 3, 8, 8)", "(4, 2, 3, 3)", **UNIT),
            bad_conv(NAME, (1, 3, 8, 3), (4, 3, 3, 3), ValueError, "(1, 3, 8, 3)", "(6, 1)", "2 × 2", **UNIT),
        ],
        flops=lambda inputs, outputs, **params: 4 * flops(outputs[0], inputs[1].shape),
    )
)


# ── the pixels at argmax, and back to them ─────────────────────────────────────────────


def _unpool_reference(g: Array, argmax: Array, *, size: Pair) -> Array:
    dx = np.zeros((*g.shape[:2], *size), g.dtype)
    for n, c, i, j in np.ndindex(*g.shape):
        dx[n, c, 2 * i + argmax[n, c, i, j] // 2, 2 * j + argmax[n, c, i, j] % 2] = g[n, c, i, j]
    return dx


def _unpool_forward(g: Array, argmax: Array, *, size: Pair) -> Array:
    dx = np.empty((*g.shape[:2], *size), g.dtype)
    unpool_2x2(as_planes(g), as_planes(argmax), as_planes(dx))
    return dx


def _pick_reference(x: Array, argmax: Array) -> Array:
    return np.take_along_axis(_windows(x), argmax[..., None].astype(np.int64), axis=-1)[..., 0]


def _pick_forward(x: Array, argmax: Array) -> Array:
    y = np.empty(argmax.shape, x.dtype)
    pick_2x2(as_planes(x), as_planes(argmax), as_planes(y))
    return y


def _argmax(draw: Draw, *size: int) -> Array:
    return draw.index(size, 4).astype(np.uint8)


def _unpool_sample(draw: Draw) -> Sample:
    size = (draw.size(0, 2), draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    full = tuple(2 * n + draw.choice(0, 1) for n in size[2:])
    return Sample((draw.tensor(*size), _argmax(draw, *size)), {"size": full})


def _pick_sample(draw: Draw) -> Sample:
    sample = _unpool_sample(draw)
    g, argmax = sample.inputs
    return Sample((draw.tensor(*g.shape[:2], *sample.params["size"]), argmax))


max_pool2d_2x2_input_grad = register(
    Op(
        name="max_pool2d_2x2_input_grad",
        forward=_unpool_forward,
        backward=lambda ctx, h, *, size: (_max_pool2d_2x2_gather_op(h, ctx.saved_tensors[0]), None),
        saves=(1,),
        reference=_unpool_reference,
        sample=_unpool_sample,
        kind="multilinear",
        flops=0,
    )
)

_max_pool2d_2x2_gather_op: Op = register(
    Op(
        name="max_pool2d_2x2_gather",
        forward=_pick_forward,
        backward=lambda ctx, g: (max_pool2d_2x2_input_grad(g, ctx.saved_tensors[0], size=ctx.shapes[0][2:]), None),
        saves=(1,),
        reference=_pick_reference,
        sample=_pick_sample,
        kind="multilinear",
        flops=0,
    )
)


# ── the weight gradient ────────────────────────────────────────────────────────────────


def _weight_grad_reference(g: Array, argmax: Array, x: Array, **params: Any) -> Array:
    size = conv_size(x.shape[2:], params["kernel_size"], params)
    return weight_grad_reference(_unpool_reference(g, argmax, size=size), x, **params)


def _weight_grad_forward(
    g: Array,
    argmax: Array,
    x: Array,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Array:
    params: Any = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    images, outputs, group_channels, (kh, kw) = len(x), g.shape[1], x.shape[1] // groups, kernel_size
    length, vectors = conv_pool.strip_length(group_channels * kh, kw, g.itemsize)
    # The kernel leaves out the zeros between the maxima, but 0 · inf is NaN.  It is for patches whose pixels are
    # neighbours, and which fill half of their vectors or more.
    finite = np.isfinite(total(x, dim=(0, 1, 2, 3), keepdim=False))
    if not finite or dilation[1] > 1 or length > 2 * group_channels * kh * kw:
        size = conv_size(x.shape[2:], kernel_size, params)
        dy = _unpool_forward(g, argmax, size=size)
        weight_grad: Array = conv2d_weight_grad(dy, x, kernel_size=kernel_size, **params)
        return weight_grad
    plan = conv.forward_plan(
        images, group_channels, x.shape[2:], g.shape[2:], kernel_size, stride, padding, dilation, pooling=2
    )
    strip_row = dense(plan.tap.reshape(group_channels, kh, kw)[:, :, 0].reshape(-1))
    parts = np.empty((max(1, min(images, conv.MIN_PARTS)), outputs, length), g.dtype)
    out_blocks = min(outputs // groups, -(-conv.MIN_PARTS // (len(parts) * groups)))
    strips = conv_pool.StripPlan(groups, out_blocks, kw, vectors, stride, strip_row)
    conv_pool.weight_grad(dense(g), dense(argmax), dense(x), tuple(strips), tuple(plan), parts)
    dw = np.empty((outputs, group_channels, kh, kw), g.dtype)
    column = conv_pool.strip_order(group_channels * kh, kw, length, g.itemsize)
    add_parts(parts, 1, group_channels * kh * kw, column, dw.reshape(-1))
    return dw


def _weight_grad_backward(ctx: Context, h: Tensor, *, kernel_size: Pair, **params: Any) -> tuple[Gradient, ...]:
    g, argmax, x = ctx.saved_tensors
    dg = _max_pool2d_2x2_gather_op(conv2d(x, h, None, **params), argmax) if ctx.needs_input_grad[0] else None
    dx = None
    if ctx.needs_input_grad[2]:
        size = conv_size(x.shape[2:], kernel_size, params)
        dx = conv2d_input_grad(max_pool2d_2x2_input_grad(g, argmax, size=size), h, input_size=x.shape[2:], **params)
    return dg, None, dx


def _weight_grad_sample(draw: Draw) -> Sample:
    x, w, y, params = draw.conv_geometry(least=2)
    y = (*y[:2], y[2] // 2, y[3] // 2)
    return Sample((draw.tensor(*y), _argmax(draw, *y), draw.tensor(*x)), {"kernel_size": w[2:], **params})


_conv2d_unpooled_weight_grad_op = register(
    Op(
        name="conv2d_unpooled_weight_grad",
        forward=_weight_grad_forward,
        backward=_weight_grad_backward,
        saves=(0, 1, 2),
        reference=_weight_grad_reference,
        sample=_weight_grad_sample,
        kind="multilinear",
        flops=lambda inputs, dw, **params: flops(inputs[0], dw.shape),
    )
)


def conv2d_relu_max_pool2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve images, apply relu, and take the maxima of 2 × 2 windows: max_pool2d(relu(conv2d(…)), 2) in one pass.

    The result has the same bits.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (O, C/groups, kh, kw)
    bias : Tensor, (O,), optional
    stride : int or (int, int)
        Step from window to window of the convolution; vertical, horizontal.
    padding : int, (int, int), "valid" (none) or "same" (H' = H, W' = W; needs stride 1)
        Zeros added on each side before the convolution.
    dilation : int or (int, int)
        Step between the pixels of a window.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.

    Returns
    -------
    Tensor, (N, O, H' // 2, W' // 2) or (O, H' // 2, W' // 2), for a convolution to H' × W' pixels

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([[[1.0, -3.0, -5.0, -6.0], [2.0, 4.0, -7.0, -8.0]]])
    >>> F.conv2d_relu_max_pool2d(x, autograd.ones(1, 1, 1, 1))  # the filter changes nothing
    tensor([[[4., 0.]]])
    """
    params: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if padding == "same" and any(n % 2 == 0 for n in weight.shape[2:]):  # rows or columns are dropped before pooling
        return max_pool2d(conv2d_relu(input, weight, bias, **params), 2)  # type: ignore[return-value]  # no indices
    return call(NAME, _pooled, input, weight, bias, **params)


def _pooled(x: Any, w: Any, b: Any, **params: Any) -> Any:
    """The fused row's first output; the separate ops where padding is too much for its kernels."""
    if max(params["padding"]) >= tap_by_tap.FAR_PADDING:
        _check(x, w, b, **params)
        window = {name: params[name] for name in ("stride", "padding", "dilation")}
        if tap_by_tap.mostly_padding(x.shape[2:], conv_size(x.shape[2:], w.shape[2:], params), w.shape[2:], **window):
            return max_pool2d(conv2d_relu(x, w, b, **params), 2)
    return _conv2d_relu_max_pool2d_op(x, w, b, **params)[0]
