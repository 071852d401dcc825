"""Two-dimensional convolution (cross-correlation, as deep learning means it).

    x (N, C, H, W), w (O, C/G, kh, kw), b (O)           y (N, O, H', W')
    y[n,o,i,j] = b[o] + Σ_c,u,v w[o,c,u,v] x[n, c, i sh + u dh - ph, j sw + v dw - pw]     (0 outside x)
    H' = (H + 2 ph - dh (kh - 1) - 1) // sh + 1,  W' likewise
    dx = conv2d_input_grad(g, w)       every g, sent back to the pixels it was made from
    dw = conv2d_weight_grad(g, x)      every g, times those pixels, summed over images and places
    db = Σ_n,i,j g

y is linear in x and in w, so the two gradients are bilinear too, and the gradient of any of the
three is made of the other two: ⟨g, conv(x, w)⟩ = ⟨input_grad(g, w), x⟩ = ⟨weight_grad(g, x), w⟩.
How the kernels do it: kernels/conv.py, and for few channels of a group kernels/planes.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.kernels import conv, gemm, planes
from autograd.kernels.jit import dense, vector_bytes
from autograd.kernels.sums import add_parts
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops import tap_by_tap
from autograd.ops.reduce import sum
from autograd.ops.shape import squeeze, unsqueeze
from autograd.ops.shared.checks import check_same_float

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Pair = tuple[int, int]


def ints(what: str, value: Any, n: int = 2) -> Any:
    """(3, 3) from 3, (3, 5) from (3, 5); `what` the error begins with."""
    alone = value[0] if isinstance(value, tuple | list) and len(value) == 1 else value
    many = (alone,) * n if isinstance(alone, int | np.integer) else value
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


def reference(x: Any, w: Any, b: Any, *, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
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


def weight_grad_reference(
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
    if not (x.shape[1] and w.shape[0]):
        raise ValueError(f"{name}: {shapes}: without channels there is nothing to convolve; expects at least one")
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


def conv_size(size: Any, kernel_size: Any, params: dict[str, Any]) -> Pair:
    """(H', W')."""
    names = ("stride", "padding", "dilation")
    height, width = (out_size(*dims) for dims in zip(size, kernel_size, *(params[name] for name in names), strict=True))
    return height, width


def forward_panels(w: Any, groups: int) -> Any:
    """The weights as forward kernels take them."""
    rows = dense(w).reshape(len(w), -1)
    return conv.forward_panels(rows, groups, gemm.offsets(*rows.shape))


def _lanes(array: Any) -> int:
    return vector_bytes() // array.itemsize


def run_forward(x: Any, w: Any, b: Any, relu: bool, *, groups: int, **params: Any) -> Any:
    """The convolution of arrays, and of that max(., 0) with relu."""
    size = conv_size(x.shape[2:], w.shape[2:], params)
    if tap_by_tap.mostly_padding(x.shape[2:], size, w.shape[2:], **params):
        y = tap_by_tap.forward(x, w, size, groups=groups, **params)
        y = y if b is None else y + b[:, None, None]
        return np.where(y <= 0, y.dtype.type(0), y) if relu else y
    y = np.empty((len(x), len(w), *size), x.dtype)
    bias = np.zeros(len(w), x.dtype) if b is None else dense(b)
    walk = planes.forward_walk(
        len(x), w.shape[1], len(w) // groups, groups, size, _lanes(x), kernel_size=w.shape[2:], **params
    )
    if walk:
        planes.run(x, dense(w).reshape(len(w), -1), bias, relu, groups, walk, (1, 1), y)
        return y
    taps = conv.forward_taps(len(x), w.shape[1], x.shape[2:], size, w.shape[2:], **params)
    panels = forward_panels(w, groups)
    conv.forward(dense(x), panels, bias, taps.block_rows, taps.frame, taps.step, taps.pixel, taps.tap, relu, y)
    return y


def _backward(ctx: Any, g: Any, **params: Any) -> Any:
    x, w = ctx.saved_tensors
    return conv2d_gradients(ctx, g, x, w, params)


def conv2d_gradients(ctx: Any, g: Any, x: Any, w: Any, params: dict[str, Any]) -> Any:
    """dx, dw and db, of those that ctx wants."""
    return (
        conv2d_input_grad(g, w, input_size=ctx.shapes[0][2:], **params) if ctx.needs_input_grad[0] else None,
        conv2d_weight_grad(g, x, kernel_size=ctx.shapes[1][2:], **params) if ctx.needs_input_grad[1] else None,
        sum(g, (0, 2, 3)) if ctx.needs_input_grad[2] else None,
    )


def _input_grad_forward(
    g: Any, w: Any, *, input_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Any:
    if (
        not np.isfinite(w).all()  # the kernel puts zeros around g, and 0 · inf is NaN: where there is no g, none is met
        or tap_by_tap.mostly_padding(input_size, g.shape[2:], w.shape[2:], stride, padding, dilation)
        or tap_by_tap.mostly_gaps(input_size, w.shape[2:], stride)
    ):
        return tap_by_tap.input_grad(g, w, input_size, stride, padding, dilation, groups)
    outputs, group_channels, kh, kw = w.shape
    dx = np.empty((len(g), group_channels * groups, *input_size), g.dtype)
    walk = planes.backward_walk(
        len(g), outputs // groups, group_channels, groups, input_size, (kh, kw), _lanes(g), stride, padding, dilation
    )
    if walk:
        rows = w.reshape(groups, outputs // groups, group_channels, kh * kw).transpose(0, 2, 1, 3)
        weights = rows.reshape(dx.shape[1], -1)[:, walk.order]
        planes.run(g, dense(weights), np.zeros(len(weights), g.dtype), False, groups, walk, stride, dx)
        return dx
    taps, phases, places = conv.backward_taps(
        len(g), outputs // groups, input_size, g.shape[2:], (kh, kw), stride, padding, dilation
    )
    panels = conv.backward_panels(dense(w).reshape(outputs, group_channels, kh * kw), groups, phases, places)
    zeros = np.zeros(panels.shape[3], g.dtype)
    conv.input_grad(
        dense(g), panels, zeros, taps.block_rows, taps.frame, taps.step, taps.pixel, taps.tap,
        phases, stride, dx,
    )  # fmt: skip
    return dx


def _first_windows(y: Any, shape: tuple[int, ...]) -> Any:
    """As much of y as g had: conv_transpose2d may leave room for windows that no g belongs to."""
    return y if y.shape == shape else y[:, :, : shape[2], : shape[3]]


def _input_grad_backward(ctx: Any, h: Any, *, input_size: Pair, **params: Any) -> Any:
    g, w = ctx.saved_tensors
    return (
        _first_windows(conv2d_row(h, w, None, **params), ctx.shapes[0]) if ctx.needs_input_grad[0] else None,
        conv2d_weight_grad(g, h, kernel_size=ctx.shapes[1][2:], **params) if ctx.needs_input_grad[1] else None,
    )


def _weight_grad_forward(
    g: Any, x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Any:
    images, group_channels, group_outputs = len(x), x.shape[1] // groups, g.shape[1] // groups
    window = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    if tap_by_tap.mostly_padding(x.shape[2:], g.shape[2:], **window):
        return tap_by_tap.weight_grad(g, x, groups=groups, **window)
    walk = planes.weight_grad_walk(images, group_channels, group_outputs, groups, g.shape[2:], _lanes(g), **window)
    if walk:
        return planes.weight_grads(g, x, groups, walk).reshape(g.shape[1], group_channels, *kernel_size)
    taps, batch = conv.weight_grad_taps(images, group_channels, groups, x.shape[2:], g.shape[2:], **window)
    depth = len(taps.tap)
    parts = np.empty((conv.image_blocks(images, depth * g.shape[1]), groups, depth, group_outputs), g.dtype)
    tap_blocks = conv.tap_blocks(len(parts) * groups, depth)
    channel = gemm.offsets(g.shape[1], g.shape[2] * g.shape[3])
    conv.weight_grad(
        dense(g), dense(x), channel, batch, tap_blocks, taps.block_rows, taps.frame, taps.step, taps.pixel, taps.tap,
        parts,
    )  # fmt: skip
    dw = np.empty((g.shape[1], group_channels, *kernel_size), g.dtype)  # (G O/G, K)
    rows = parts.reshape(len(parts), groups * depth, group_outputs)
    add_parts(rows, depth, group_outputs * depth, gemm.offsets(group_outputs, depth), dw.reshape(-1))
    return dw


def _weight_grad_backward(ctx: Any, h: Any, *, kernel_size: Pair, **params: Any) -> Any:
    g, x = ctx.saved_tensors
    return (
        _first_windows(conv2d_row(x, h, None, **params), ctx.shapes[0]) if ctx.needs_input_grad[0] else None,
        conv2d_input_grad(g, h, input_size=ctx.shapes[1][2:], **params) if ctx.needs_input_grad[1] else None,
    )


def flops(y: Any, weight: tuple[int, ...]) -> int:
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


plain_call: dict[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


def _bad(x: tuple, w: tuple, error: type[Exception], *words: str, b: Any = None, **params: Any) -> BadSample:
    return bad_conv("conv2d", x, w, error, *words, b=b, **plain_call | params)


conv2d_row = register(
    Op(
        name="conv2d",
        check=lambda x, w, b, **params: check_conv("conv2d", x, w, b, **params),
        forward=lambda x, w, b, **params: run_forward(x, w, b, False, **params),
        backward=_backward,
        saves=(0, 1),
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
    return with_batch("conv2d", conv2d_row, input, weight, bias, stride, padding, dilation, groups)


def with_batch(
    name: str,
    row: Callable[..., Any],
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Any:
    """The row's first result, from arguments as users give them."""
    check_arrays(name, input=input, weight=weight)
    stride, dilation = ints(f"{name}: stride", stride), ints(f"{name}: dilation", dilation)
    if isinstance(padding, str):
        padding, (top, left) = named_padding(name, padding, weight, stride, dilation)
    else:
        padding, (top, left) = ints(f"{name}: padding", padding), (0, 0)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    y = row(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
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
    if w.ndim != len(stride) + 2:
        raise ValueError(f"{name}: expects a weight of {len(stride) + 2} dimensions, got shape {tuple(w.shape)}")
    total = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=False)]
    return tuple(-(-n // 2) for n in total), tuple(n % 2 for n in total)
