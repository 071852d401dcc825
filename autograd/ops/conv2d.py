"""Two-dimensional convolution (cross-correlation, as deep learning means it).

    x (N, C, H, W), w (O, C/G, kh, kw), b (O)           y (N, O, H', W')
    y[n,o,i,j] = b[o] + Σ_c,u,v w[o,c,u,v] x[n, c, i sh + u dh - ph, j sw + v dw - pw]     (0 outside x)
    H' = (H + 2 ph - dh (kh - 1) - 1) // sh + 1,  W' likewise
    dx = conv2d_input_grad(g, w)       every g, sent back to the pixels it was made from
    dw = conv2d_weight_grad(g, x)      every g, times those pixels, summed over images and places
    db = Σ_n,i,j g

y is linear in x and in w, so the two gradients are bilinear too, and the gradient of any of the
three is made of the other two: ⟨g, conv(x, w)⟩ = ⟨input_grad(g, w), x⟩ = ⟨weight_grad(g, x), w⟩.
How the kernels do it: kernels/conv.py.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.kernels import conv
from autograd.kernels.jit import dense
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.elementwise import check_same_float
from autograd.ops.reduce import sum
from autograd.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Pair = tuple[int, int]


def ints(what: str, value: Any, n: int = 2) -> Any:
    """(3, 3) from 3, (3, 5) from (3, 5); `what` the error begins with."""
    many = (value,) * n if isinstance(value, int | np.integer) else value
    if not isinstance(many, tuple | list) or len(many) != n or not all(isinstance(k, int | np.integer) for k in many):
        wanted = "an int, or two for height and width" if n == 2 else "an int"
        raise TypeError(f"{what} expects {wanted}, not {value!r}")
    return tuple(int(k) for k in many)


def pairs(name: str, **values: Any) -> dict[str, Pair]:
    """Every parameter as (vertical, horizontal)."""
    return {what: ints(f"{name}: {what}", value) for what, value in values.items()}


def out_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil_mode: bool = False) -> int:
    """How many windows fit: sizes round down.  With ceil_mode the last may reach over the end, if it starts before."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    whole = room // stride + 1
    return whole + (ceil_mode and room % stride > 0 and room >= 0 and whole * stride < size + padding)


def _reference(x: Any, w: Any, b: Any, *, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    kh, kw = w.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    height, width = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1, (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((len(x), len(w), height, width), x.dtype)
    per_in, per_out = w.shape[1], len(w) // groups
    for o in range(len(w)):
        channels = x[:, o // per_out * per_in :][:, :per_in]
        for i, j in np.ndindex(height, width):
            window = channels[:, :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw]
            y[:, o, i, j] = (window * w[o]).sum(axis=(1, 2, 3)) + (0 if b is None else b[o])
    return y


def _input_grad_reference(
    g: Any, w: Any, *, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Any:
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


def _weight_grad_reference(
    g: Any, x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Any:
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    kh, kw = kernel_size
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    per_in, per_out = x.shape[1] // groups, g.shape[1] // groups
    dw_ = np.zeros((g.shape[1], per_in, kh, kw), g.dtype)
    for o in range(g.shape[1]):
        channels = x[:, o // per_out * per_in :][:, :per_in]
        for i, j in np.ndindex(*g.shape[2:]):
            window = channels[:, :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw]
            dw_[o] += (g[:, o, i, j][:, None, None, None] * window).sum(axis=0)
    return dw_


def check_conv(
    name: str,
    x: Any,
    w: Any,
    b: Any,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> None:
    """Raise where a convolution over len(stride) dimensions cannot be: a sentence that begins with `name`."""
    check_operands(name, x, w, b, len(stride))
    shapes = f"input of shape {x.shape} and weight of shape {w.shape}"
    if min(*stride, *dilation, groups) < 1 or min(padding) < 0:
        raise ValueError(
            f"{name}: stride {stride}, dilation {dilation} and groups {groups} must be at least 1, "
            f"padding {padding} at least 0"
        )
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ValueError(
            f"{name}: {shapes} do not fit with groups={groups}: the input has {x.shape[1]} channels and the weight "
            f"expects {w.shape[1] * groups}, and its {w.shape[0]} output channels must be a multiple of groups"
        )
    if b is not None and b.shape != w.shape[:1]:
        raise ValueError(
            f"{name}: bias of shape {b.shape} does not fit weight of shape {w.shape}: expects {w.shape[:1]}"
        )
    sizes = [out_size(*dims) for dims in zip(x.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)]
    if min(w.shape[2:]) < 1 or min(sizes) < 1:
        raise ValueError(
            f"{name}: the kernel does not fit into the picture: {shapes}, padding {padding}, dilation {dilation}; "
            "pad the input or take a smaller kernel"
        )


def check_operands(name: str, x: Any, w: Any, b: Any, dims: int, weight: str = "(O, C/groups, ") -> None:
    """Raise where dtypes differ, or input and weight have not the dimensions of a batch and of its filters."""
    check_same_float(name, input=x, weight=w, bias=b)
    if x.ndim != dims + 2 or w.ndim != dims + 2:
        sizes, window = ("H, W", "kh, kw") if dims == 2 else ("L", "k")
        raise ValueError(
            f"{name}: expects input (N, C, {sizes}) or (C, {sizes}) and weight {weight}{window}), "
            f"got input of shape {x.shape} and weight of shape {w.shape}"
        )


def _forward(x: Any, w: Any, b: Any, *, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    outputs, group_channels, kh, kw = w.shape
    depth = group_channels * kh * kw
    height, width = (out_size(*dims) for dims in zip(x.shape[2:], (kh, kw), stride, padding, dilation, strict=True))
    y = np.empty((len(x), outputs, height, width), x.dtype)
    weight_t = np.ascontiguousarray(w.reshape(groups, outputs // groups, depth).transpose(0, 2, 1))
    bias = np.empty(0, x.dtype) if b is None else dense(b)
    rows = conv.rows_per_block(depth, width, height)
    conv.forward(dense(x), weight_t, bias, (kh, kw), stride, padding, dilation, rows, y)
    return y


def _backward(ctx: Any, g: Any, **params: Any) -> Any:
    x, w = ctx.saved
    return (
        conv2d_input_grad(g, w, input_size=ctx.shapes[0][2:], **params) if ctx.needs[0] else None,
        conv2d_weight_grad(g, x, kernel_size=ctx.shapes[1][2:], **params) if ctx.needs[1] else None,
        sum(g, (0, 2, 3)) if ctx.needs[2] else None,
    )


def _channel_block(images: int, channels: int) -> int:
    """Input channels in a block: all, where there are images enough for the threads."""
    return max(1, -(-channels * max(1, images) // conv.PARTS)) if images < conv.PARTS else max(1, channels)


def _input_grad_forward(
    g: Any, w: Any, *, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Any:
    group_channels, kh, kw = w.shape[1:]
    dx = np.zeros((len(g), group_channels * groups, *input_size), g.dtype)
    block = _channel_block(len(g), group_channels)
    rows = conv.rows_per_block(block * kh * kw, g.shape[3], g.shape[2])
    conv.input_grad(dense(g), dense(w), (kh, kw), stride, padding, dilation, groups, block, rows, dx)
    return dx


def _first_windows(y: Any, shape: tuple[int, ...]) -> Any:
    """As much of y as g had: conv_transpose2d may leave room for windows that no g belongs to."""
    return y if y.shape == shape else y[:, :, : shape[2], : shape[3]]


def _input_grad_backward(ctx: Any, h: Any, *, input_size: Pair, **params: Any) -> Any:
    g, w = ctx.saved
    return (
        _first_windows(_conv2d(h, w, None, **params), ctx.shapes[0]) if ctx.needs[0] else None,
        conv2d_weight_grad(g, h, kernel_size=ctx.shapes[1][2:], **params) if ctx.needs[1] else None,
    )


def _weight_grad_forward(
    g: Any, x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Any:
    group_channels = x.shape[1] // groups
    depth = group_channels * kernel_size[0] * kernel_size[1]
    block = _channel_block(len(x), group_channels)
    rows = conv.rows_per_block(block * kernel_size[0] * kernel_size[1], g.shape[3], g.shape[2])
    parts = np.zeros((max(1, min(len(x), conv.PARTS)), g.shape[1], depth), g.dtype)
    conv.weight_grad(dense(g), dense(x), kernel_size, stride, padding, dilation, groups, block, rows, parts)
    return parts.sum(axis=0).reshape(g.shape[1], group_channels, *kernel_size)


def _weight_grad_backward(ctx: Any, h: Any, *, kernel_size: Pair, **params: Any) -> Any:
    g, x = ctx.saved
    return (
        _first_windows(_conv2d(x, h, None, **params), ctx.shapes[0]) if ctx.needs[0] else None,
        conv2d_input_grad(g, h, input_size=ctx.shapes[1][2:], **params) if ctx.needs[1] else None,
    )


def _flops(y: Any, weight: tuple[int, ...]) -> int:
    return 2 * y.size * math.prod(weight[1:])


def _sample(draw: Any) -> Sample:
    x, w, _, params = draw.conv_geometry()
    bias = draw.choice(True, False)
    return Sample((draw.tensor(*x), draw.tensor(*w), draw.tensor(w[0]) if bias else None), params)


def _some_windows(draw: Any, y: tuple[int, ...]) -> tuple[int, ...]:
    return (*y[:2], *(max(1, n - draw.choice(0, 0, 1)) for n in y[2:]))


def _input_grad_sample(draw: Any) -> Sample:
    x, w, y, params = draw.conv_geometry()
    return Sample((draw.tensor(*_some_windows(draw, y)), draw.tensor(*w)), {"input_size": x[2:], **params})


def _weight_grad_sample(draw: Any) -> Sample:
    x, w, y, params = draw.conv_geometry()
    return Sample((draw.tensor(*_some_windows(draw, y)), draw.tensor(*x)), {"kernel_size": w[2:], **params})


def bad_conv(
    name: str, x: tuple, w: tuple, error: type[Exception], *words: str, b: Any = None, **params: Any
) -> BadSample:
    """A call with input and weight of these shapes."""
    return BadSample((np.ones(x), np.ones(w), b), params, error, (name, *words))


_bad = partial(bad_conv, "conv2d", stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1)


_conv2d = register(
    Op(
        name="conv2d",
        check=lambda x, w, b, **params: check_conv("conv2d", x, w, b, **params),
        forward=_forward,
        backward=_backward,
        saves=(0, 1),
        reference=_reference,
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
        flops=lambda inputs, y, **params: _flops(y, inputs[1].shape),
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
        flops=lambda inputs, dx, **params: _flops(inputs[0], inputs[1].shape),
    )
)

conv2d_weight_grad = register(
    Op(
        name="conv2d_weight_grad",
        forward=_weight_grad_forward,
        backward=_weight_grad_backward,
        saves=(0, 1),
        reference=_weight_grad_reference,
        sample=_weight_grad_sample,
        kind="multilinear",
        flops=lambda inputs, dw, **params: _flops(inputs[0], dw.shape),
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
    """A convolution of pictures with a bank of filters.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (O, C/groups, kh, kw)
    bias : Tensor, (O,), optional
    stride, dilation : int or (int, int)
        Step between windows, and between the pixels of one; vertical, horizontal.
    padding : int, (int, int), "valid" (none) or "same" (H' = H, W' = W; stride 1)
        Zeros added on each side; for "same" one more at the end, where the reach is even.
    groups : int
        Output channels are cut into so many groups, each of which sees its share of the input's.

    Returns
    -------
    Tensor, (N, O, H', W') or (O, H', W')

    Raises
    ------
    ValueError, TypeError
        Where shapes, dtypes or parameters do not fit.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 15.
    """
    check_arrays("conv2d", input=input, weight=weight)
    stride, dilation = ints("conv2d: stride", stride), ints("conv2d: dilation", dilation)
    if isinstance(padding, str):
        padding, (top, left) = named_padding("conv2d", padding, weight, stride, dilation)
    else:
        padding, (top, left) = ints("conv2d: padding", padding), (0, 0)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    y = _conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    if top or left:
        y = y[:, :, top:, left:]
    return squeeze(y, 0) if input.ndim == 3 else y


def named_padding(name: str, padding: str, w: Any, stride: Any, dilation: Any) -> tuple[Any, Any]:
    """The padding of "valid" or "same", and how many rows and columns of the result to leave out.

    Where the padding cannot be shared evenly, PyTorch pads one more at the end.  So do we if we pad
    one more on both sides and leave out what the first windows see.
    """
    if padding not in ("valid", "same"):
        raise ValueError(f"{name}: padding {padding!r} is not a number, 'valid' or 'same'")
    if padding == "valid":
        return (0,) * len(stride), (0,) * len(stride)
    if max(stride) > 1:
        raise ValueError(f"{name}: padding 'same' needs stride 1, got stride {stride}; give the padding in numbers")
    total = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=False)]
    return tuple(-(-n // 2) for n in total), tuple(n % 2 for n in total)
