"""What the convolutions share: checks, the forward pass on arrays, calls with or without a batch, and samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels import conv, gemm, planes, pointwise, winograd
from autograd.kernels.jit import dense, vector_bytes
from autograd.op import BadSample, Op, Sample
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import squeeze, unsqueeze
from autograd.ops.shared import tap_by_tap
from autograd.ops.shared.checks import check_same_number
from autograd.ops.shared.windows import conv_size, image_sizes, ints, named_padding, out_size
from autograd.types import Array, Gradient, Pair, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

UNIT: dict[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


# ── checks ─────────────────────────────────────────────────────────────────────────────


def check_operands(name: str, x: Any, w: Any, b: Any, dims: int, weight: str = "(O, C/groups, ") -> None:
    """Raise unless input, weight and bias have one dtype, and input and weight have `dims` + 2 dimensions."""
    check_same_number(name, input=x, weight=w, bias=b)
    if x.ndim != dims + 2 or w.ndim != dims + 2:
        sizes, window = image_sizes(dims), ("k", "kh, kw", "kd, kh, kw")[dims - 1]
        raise ValueError(
            f"{name}: expects input (N, C, {sizes}) or (C, {sizes}) and weight {weight}{window}), "
            f"got input of shape {x.shape} and weight of shape {w.shape}"
        )


def check_conv(
    name: str, x: Any, w: Any, b: Any, *, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> None:
    """Raise unless these are the arguments of a convolution over len(stride) dimensions; errors begin with `name`."""
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
            f"{name}: the kernel does not fit into the image: {shapes}, padding {padding}, dilation {dilation}; "
            "pad the input or use a smaller kernel"
        )


def check_transposed(
    name: str,
    x: Any,
    w: Any,
    b: Any,
    *,
    stride: Shape,
    padding: Shape,
    output_padding: Shape,
    dilation: Shape,
    groups: int,
) -> None:
    """Raise unless these are the arguments of a transposed convolution over len(stride) dimensions."""
    check_operands(name, x, w, b, len(stride), "(C, O/groups, ")
    if not (x.shape[1] and w.shape[1]):
        raise ValueError(
            f"{name}: input of shape {x.shape} and weight of shape {w.shape}: without channels there is "
            "nothing to convolve; expects at least one"
        )
    if min(*stride, *dilation, *w.shape[2:], *x.shape[2:], groups) < 1 or min(*padding, *output_padding) < 0:
        raise ValueError(
            f"{name}: stride {stride}, dilation {dilation}, groups {groups} and the sizes of "
            f"input {x.shape} and weight {w.shape} must be at least 1, "
            f"padding {padding} and output_padding {output_padding} at least 0"
        )
    if any(more >= max(s, d) for more, s, d in zip(output_padding, stride, dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding {output_padding} must be less than stride {stride} or than dilation {dilation}"
        )
    if x.shape[1] != w.shape[0] or w.shape[0] % groups:
        raise ValueError(
            f"{name}: input of shape {x.shape} and weight of shape {w.shape} do not fit: the "
            f"input has {x.shape[1]} channels and the weight expects {w.shape[0]}, a multiple of groups={groups}"
        )
    if b is not None and b.shape != (w.shape[1] * groups,):
        raise ValueError(
            f"{name}: bias of shape {b.shape} does not fit weight of shape {w.shape} with groups={groups}: "
            f"expects {(w.shape[1] * groups,)}"
        )
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, k, s, p, d, extra in zip(
            x.shape[2:], w.shape[2:], stride, padding, dilation, output_padding, strict=True
        )
    )
    if min(size) < 1:
        raise ValueError(
            f"{name}: padding {padding} leaves nothing of the output: its size would be {size}, for input of shape "
            f"{x.shape} and weight of shape {w.shape}; use less padding"
        )


# ── on arrays ──────────────────────────────────────────────────────────────────────────


def lanes(array: Array) -> int:
    """Number of elements of the array's dtype in a vector register."""
    return vector_bytes() // array.itemsize


def pack_weight(w: Array, groups: int) -> Array:
    """The weight as `conv.forward` takes it."""
    rows = dense(w).reshape(len(w), -1)
    return conv.pack_forward(rows, groups, gemm.offsets(*rows.shape))


def forward(x: Array, w: Array, b: Array | None, relu: bool, *, groups: int, **params: Any) -> Array:
    """The convolution of arrays, or relu of it, by the kernels that are fastest for the shape.

    The kernels are for floats.  Integers are computed by NumPy, exactly, and wrap around as in PyTorch.
    """
    size = conv_size(x.shape[2:], w.shape[2:], params)
    if x.dtype.kind != "f" or tap_by_tap.mostly_padding(x.shape[2:], size, w.shape[2:], **params):
        y = tap_by_tap.forward(x, w, size, groups=groups, **params)
        y = y if b is None else y + b[:, None, None]
        return np.where(y <= 0, y.dtype.type(0), y) if relu else y
    y = np.empty((len(x), len(w), *size), x.dtype)
    bias = np.zeros(len(w), x.dtype) if b is None else dense(b)
    if pointwise.suits(x.itemsize, size, kernel_size=w.shape[2:], groups=groups, **params):
        pointwise.multiply(dense(x), dense(w).reshape(len(w), -1), bias, relu, y)
        return y
    plan = planes.forward_plan(
        len(x), w.shape[1], len(w) // groups, groups, size, lanes(x), kernel_size=w.shape[2:], **params
    )
    if plan:
        planes.forward(x, dense(w).reshape(len(w), -1), bias, relu, plan, y)
        return y
    if winograd.suits(
        len(x), w.shape[1], len(w), size, kernel_size=w.shape[2:], groups=groups, **params
    ) and winograd.convolve(x, w, bias, relu, params["padding"], False, y):
        return y
    conv_plan = conv.forward_plan(len(x), w.shape[1], x.shape[2:], size, w.shape[2:], **params)
    conv.forward(dense(x), pack_weight(w, groups), bias, relu, tuple(conv_plan), y)
    return y


def reference(
    x: Array, w: Array, b: Array | None, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
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


def weight_grad_reference(
    g: Array, x: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    kh, kw = kernel_size
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    per_in, per_out = x.shape[1] // groups, g.shape[1] // groups
    weight_grad = np.zeros((g.shape[1], per_in, kh, kw), g.dtype)
    for o in range(g.shape[1]):
        channels = x[:, o // per_out * per_in :][:, :per_in]
        for i, j in np.ndindex(*g.shape[2:]):
            window = channels[:, :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw]
            weight_grad[o] += (g[:, o, i, j][:, None, None, None] * window).sum(axis=0)
    return weight_grad


def flops(y: Array, weight: Shape) -> int:
    """Floating-point operations of a convolution with result y and a weight of this shape."""
    return 2 * y.size * math.prod(weight[1:])


# ── gradients and calls ──────────────────────────────────────────────────────────────────────────────


def gradients(ctx: Context, g: Tensor, input_grad: Op, weight_grad: Op, **params: Any) -> tuple[Gradient, ...]:
    """The gradients of a convolution from its g, by the ops conv2d_input_grad and conv2d_weight_grad."""
    x, w = ctx.saved_tensors[:2]
    return (
        input_grad(g, w, input_size=ctx.shapes[0][2:], **params) if ctx.needs_input_grad[0] else None,
        weight_grad(g, x, kernel_size=ctx.shapes[1][2:], **params) if ctx.needs_input_grad[1] else None,
        sum_over(g, (0, 2, 3)) if ctx.needs_input_grad[2] else None,
    )


def call(
    name: str,
    op: Callable[..., Any],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    """Call a row with arguments as users give them: ints for pairs, padding by name, an input without a batch."""
    check_arrays(name, input=input, weight=weight)
    stride, dilation = ints(f"{name}: stride", stride), ints(f"{name}: dilation", dilation)
    if isinstance(padding, str):
        padding, (top, left) = named_padding(name, padding, weight, stride, dilation)
    else:
        padding, (top, left) = ints(f"{name}: padding", padding), (0, 0)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    y: Tensor = op(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    if top or left:
        y = y[:, :, top:, left:]
    return squeeze(y, 0) if input.ndim == 3 else y


# ── samples ────────────────────────────────────────────────────────────────────────────


def bad_conv(
    name: str, x: Shape, w: Shape, error: type[Exception], *words: str, b: Array | None = None, **params: Any
) -> BadSample:
    """A bad call with input and weight of these shapes."""
    return BadSample((np.ones(x), np.ones(w), b), params, error, (name, *words))


def conv_sample(draw: Draw, clear: Callable[[Array], bool], least: int = 1) -> Sample:
    """A convolution to at least `least` rows and columns, with `clear` of its result true: no element near a kink.

    A result is exactly 0 if it comes from padding alone, without a bias.  Then it does not move.
    """
    x, w, _, params = draw.conv_geometry(least=least)
    bias = draw.choice(True, False)
    rng = np.random.default_rng(draw.size(0, 1 << 16))
    while True:
        inputs = rng.standard_normal(x), rng.standard_normal(w), rng.standard_normal(w[0]) if bias else None
        if clear(reference(*inputs, **params)):
            return Sample(inputs, params)
