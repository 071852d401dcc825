"""Convolution, relu and 2 × 2 max-pooling in one pass, y = max_pool2d(max(conv2d(x, w, b), 0), 2).

    g' = g where y > 0, else 0, at the place of each window's maximum; 0 elsewhere
    dx, dw, db as conv2d's, of g'

Forward remembers which of a window's four pixels won: 0 1 / 2 3, as uint8.  Given them, taking
the winners (`max_pool2d_2x2_gather`) and sending g back to them (`max_pool2d_2x2_input_grad`) are each
other's gradient.
The weight gradient of an unpooled g is a row of its own, as three of four products are with 0:

    conv2d_unpooled_weight_grad(g, places, x) = conv2d_weight_grad(max_pool2d_2x2_input_grad(g, places), x)

How the kernels do it: kernels/conv_pool.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.kernels import conv, conv_pool, gemm
from autograd.kernels.jit import dense
from autograd.kernels.sums import add_parts
from autograd.op import Op, Sample, register
from autograd.ops import tap_by_tap
from autograd.ops.conv2d import (
    Pair,
    bad_conv,
    check_conv,
    conv2d_input_grad,
    conv2d_row,
    conv2d_weight_grad,
    conv_size,
    flops,
    forward_panels,
    plain_call,
    reference,
    weight_grad_reference,
    with_batch,
)
from autograd.ops.conv2d_relu import KINK, conv2d_relu, conv_sample
from autograd.ops.max_pool2d import max_pool2d, planes
from autograd.ops.reduce import sum
from autograd.ops.relu import relu_input_grad

if TYPE_CHECKING:
    from autograd.tensor import Tensor

NAME = "conv2d_relu_max_pool2d"


def _windows(y: Any) -> Any:
    """(N, O, H' // 2, W' // 2, 4): the pixels of every window."""
    n, o, height, width = y.shape
    y = y[:, :, : height // 2 * 2, : width // 2 * 2].reshape(n, o, height // 2, 2, width // 2, 2)
    return y.transpose(0, 1, 2, 4, 3, 5).reshape(n, o, height // 2, width // 2, 4)


def _reference(x: Any, w: Any, b: Any, **params: Any) -> Any:
    windows = _windows(reference(x, w, b, **params))
    best, places = windows[..., 0], np.zeros(windows.shape[:-1], np.uint8)
    for k in range(1, 4):
        greater = (windows[..., k] > best) | np.isnan(windows[..., k])
        best, places = np.where(greater, windows[..., k], best), np.where(greater, np.uint8(k), places)
    return np.where(best <= 0, 0, best).astype(x.dtype), places


def _check(x: Any, w: Any, b: Any, **params: Any) -> None:
    check_conv(NAME, x, w, b, **params)
    size = conv_size(x.shape[2:], w.shape[2:], params)
    if min(size) < 2:
        raise ValueError(
            f"{NAME}: input of shape {x.shape} and weight of shape {w.shape} leave pictures of {size}, too small for "
            "2 × 2 pooling; pad the input, take a smaller kernel, or leave out the pooling"
        )


def _forward(x: Any, w: Any, b: Any, *, groups: int, **params: Any) -> Any:
    height, width = conv_size(x.shape[2:], w.shape[2:], params)
    y = np.empty((len(x), len(w), height // 2, width // 2), x.dtype)
    places = np.empty(y.shape, np.uint8)
    bias = np.zeros(len(w), x.dtype) if b is None else dense(b)
    taps = conv.forward_taps(len(x), w.shape[1], x.shape[2:], y.shape[2:], w.shape[2:], **params, pool=2)
    panels = forward_panels(w, groups)
    row = gemm.offsets(len(taps.pixel) // 4, panels.shape[3])
    conv_pool.forward(
        dense(x), panels, bias, taps.block_rows, taps.frame, taps.step, taps.pixel, taps.tap, row, y, places
    )
    return y, places


def _backward(ctx: Any, g: Any, _: Any, **params: Any) -> Any:
    x, w, y, places = ctx.saved_tensors
    g = relu_input_grad(g, y)
    dx = None
    if ctx.needs_input_grad[0]:
        size = conv_size(x.shape[2:], w.shape[2:], params)
        dx = conv2d_input_grad(max_pool2d_2x2_input_grad(g, places, size=size), w, input_size=x.shape[2:], **params)
    dw = unpooled_weight_grad(g, places, x, kernel_size=w.shape[2:], **params) if ctx.needs_input_grad[1] else None
    return dx, dw, sum(g, (0, 2, 3)) if ctx.needs_input_grad[2] else None


def _clear(y: Any) -> bool:
    windows = np.sort(_windows(y))
    best, second = windows[..., 3], windows[..., 2]
    return bool(((best <= -KINK) | (best == 0) | ((best > KINK) & (best - second > KINK))).all())


def _sample(draw: Any) -> Sample:
    return conv_sample(draw, _clear, least=2)


_conv2d_relu_max_pool2d = register(
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
            bad_conv(NAME, (1, 3, 8, 8), (4, 2, 3, 3), ValueError, "(1, 3, 8, 8)", "(4, 2, 3, 3)", **plain_call),
            bad_conv(NAME, (1, 3, 8, 3), (4, 3, 3, 3), ValueError, "(1, 3, 8, 3)", "(6, 1)", "2 × 2", **plain_call),
        ],
        flops=lambda inputs, outputs, **params: 4 * flops(outputs[0], inputs[1].shape),
    )
)


# ── winners, and back to them ──────────────────────────────────────────────────────────


def _unpool_reference(g: Any, places: Any, *, size: Pair) -> Any:
    dx = np.zeros((*g.shape[:2], *size), g.dtype)
    for n, c, i, j in np.ndindex(*g.shape):
        dx[n, c, 2 * i + places[n, c, i, j] // 2, 2 * j + places[n, c, i, j] % 2] = g[n, c, i, j]
    return dx


def _unpool_forward(g: Any, places: Any, *, size: Pair) -> Any:
    dx = np.empty((*g.shape[:2], *size), g.dtype)
    conv_pool.unpool(planes(g), planes(places), planes(dx))
    return dx


def _pick_reference(x: Any, places: Any) -> Any:
    return np.take_along_axis(_windows(x), places[..., None].astype(np.int64), axis=-1)[..., 0]


def _pick_forward(x: Any, places: Any) -> Any:
    y = np.empty(places.shape, x.dtype)
    conv_pool.pick(planes(x), planes(places), planes(y))
    return y


def _places(draw: Any, *size: int) -> Any:
    return draw.index(size, 4).astype(np.uint8)


def _unpool_sample(draw: Any) -> Sample:
    size = (draw.size(0, 2), draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    full = tuple(2 * n + draw.choice(0, 1) for n in size[2:])
    return Sample((draw.tensor(*size), _places(draw, *size)), {"size": full})


def _pick_sample(draw: Any) -> Sample:
    sample = _unpool_sample(draw)
    g, places = sample.inputs
    return Sample((draw.tensor(*g.shape[:2], *sample.params["size"]), places))


max_pool2d_2x2_input_grad = register(
    Op(
        name="max_pool2d_2x2_input_grad",
        forward=_unpool_forward,
        backward=lambda ctx, h, *, size: (_max_pool2d_2x2_gather(h, ctx.saved_tensors[0]), None),
        saves=(1,),
        reference=_unpool_reference,
        sample=_unpool_sample,
        kind="multilinear",
        flops=0,
    )
)

_max_pool2d_2x2_gather: Op = register(
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


def _weight_grad_reference(g: Any, places: Any, x: Any, **params: Any) -> Any:
    size = conv_size(x.shape[2:], params["kernel_size"], params)
    return weight_grad_reference(_unpool_reference(g, places, size=size), x, **params)


def _weight_grad_forward(
    g: Any,
    places: Any,
    x: Any,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Any:
    params: Any = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    images, outputs, group_channels, (kh, kw) = len(x), g.shape[1], x.shape[1] // groups, kernel_size
    length = conv_pool.strip_length(group_channels * kh, kw, g.itemsize)
    if dilation[1] > 1 or length > 2 * group_channels * kh * kw:  # no patch in one piece, or most of it zeros
        size = conv_size(x.shape[2:], kernel_size, params)
        return conv2d_weight_grad(_unpool_forward(g, places, size=size), x, kernel_size=kernel_size, **params)
    taps = conv.forward_taps(
        images, group_channels, x.shape[2:], g.shape[2:], kernel_size, stride, padding, dilation, pool=2
    )
    strip_row = dense(taps.tap.reshape(group_channels, kh, kw)[:, :, 0].reshape(-1))
    parts = np.empty((max(1, min(images, conv.PARTS)), outputs, length), g.dtype)
    out_blocks = min(outputs // groups, -(-conv.PARTS // (len(parts) * groups)))
    conv_pool.weight_grad(
        dense(g), dense(places), dense(x), groups, out_blocks, kernel_size, stride, strip_row,
        taps.block_rows, taps.frame, taps.step, parts,
    )  # fmt: skip
    dw = np.empty((outputs, group_channels, kh, kw), g.dtype)
    column = conv_pool.strip_places(group_channels * kh, kw, length, g.itemsize)
    add_parts(parts, 1, group_channels * kh * kw, column, dw.reshape(-1))
    return dw


def _weight_grad_backward(ctx: Any, h: Any, *, kernel_size: Pair, **params: Any) -> Any:
    g, places, x = ctx.saved_tensors
    dg = _max_pool2d_2x2_gather(conv2d_row(x, h, None, **params), places) if ctx.needs_input_grad[0] else None
    dx = None
    if ctx.needs_input_grad[2]:
        size = conv_size(x.shape[2:], kernel_size, params)
        dx = conv2d_input_grad(max_pool2d_2x2_input_grad(g, places, size=size), h, input_size=x.shape[2:], **params)
    return dg, None, dx


def _weight_grad_sample(draw: Any) -> Sample:
    x, w, y, params = draw.conv_geometry(least=2)
    y = (*y[:2], y[2] // 2, y[3] // 2)
    return Sample((draw.tensor(*y), _places(draw, *y), draw.tensor(*x)), {"kernel_size": w[2:], **params})


unpooled_weight_grad = register(
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
    """max_pool2d(relu(conv2d(…)), 2), with the same bits, in one pass.

    Arguments and errors are `conv2d`'s; the pooling's windows are 2 × 2, with stride 2 and no padding.

    Returns
    -------
    Tensor, (N, O, H' // 2, W' // 2) or (O, H' // 2, W' // 2)
    """
    if padding == "same" and any(n % 2 == 0 for n in weight.shape[2:]):  # more is computed than is to be pooled
        whole = conv2d_relu(input, weight, bias, stride, padding, dilation, groups)
        return max_pool2d(whole, 2)  # type: ignore[return-value]  # no indices are asked for
    return with_batch(NAME, _winners, input, weight, bias, stride, padding, dilation, groups)


def _winners(x: Any, w: Any, b: Any, **params: Any) -> Any:
    if max(params["padding"]) >= tap_by_tap.FAR:  # perhaps more than the kernels can copy
        _check(x, w, b, **params)
        window = {name: params[name] for name in ("stride", "padding", "dilation")}
        if tap_by_tap.mostly_padding(x.shape[2:], conv_size(x.shape[2:], w.shape[2:], params), w.shape[2:], **window):
            return max_pool2d(conv2d_relu(x, w, b, **params), 2)
    return _conv2d_relu_max_pool2d(x, w, b, **params)[0]
