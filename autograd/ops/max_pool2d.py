"""Max-pooling: the maximum of each window.

    x (N, C, H, W)     y[n,c,i,j] = max of x[n, c, i sh - ph + u dh, j sw - pw + v dw] over u < kh, v < kw
    dx = each g, added at the argmax of its window (of equals, the first in row order)

Forward saves argmax: the number u kw + v of the pixel that is a window's maximum.  It takes one byte (four, if a
window has more than 256 pixels), where an index into the image takes eight.  Indices into the image are computed
only if the user asks for them.  Given argmax, pooling is a gather and its gradient a scatter, and each is the
other's gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numba import prange

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.jit import ELEMENTS, kernel, limit_threads, set_threads
from autograd.kernels.max_pool import max_pool
from autograd.kernels.pool_2x2 import max_pool_2x2, unpool_2x2
from autograd.op import Op, Sample, register
from autograd.ops.attached import attached
from autograd.ops.shape import squeeze, unsqueeze
from autograd.ops.shared.tap_by_tap import taps
from autograd.ops.shared.windows import as_planes, bad_pools, check_pool, pairs, pool_size, pool_stride
from autograd.types import Array, Gradient, Pair, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


ONE: Pair = (1, 1)


def _reference(
    x: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE, ceil_mode: bool = False
) -> tuple[Array, Array]:
    (kh, kw), (height, width) = kernel_size, x.shape[2:]
    shape = *x.shape[:2], *pool_size(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    values, argmax = np.empty(shape, x.dtype), np.empty(shape, _index_dtype(kernel_size))
    for n, c, i, j in np.ndindex(*shape):
        best = None
        for k in range(kh * kw):
            row, column = _pixel(k, i, j, kernel_size, stride, padding, dilation)
            if 0 <= row < height and 0 <= column < width:
                value = x[n, c, row, column]
                if best is None or value > best or value != value:
                    best, index = value, k
        values[n, c, i, j], argmax[n, c, i, j] = best, index
    return values, argmax


def _pixel(k: Any, i: int, j: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """Row and column of pixel k of window (i, j)."""
    u, v = divmod(int(k), kernel_size[1])
    return i * stride[0] - padding[0] + u * dilation[0], j * stride[1] - padding[1] + v * dilation[1]


def _index_dtype(kernel_size: Pair) -> type[np.uint8 | np.int32]:
    return np.uint8 if kernel_size[0] * kernel_size[1] <= 256 else np.int32


def _scatter_reference(
    g: Array, argmax: Array, *, input_size: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Array:
    dx = np.zeros((*g.shape[:2], *input_size), g.dtype)
    for n, c, i, j in np.ndindex(*g.shape):
        row, column = _pixel(argmax[n, c, i, j], i, j, kernel_size, stride, padding, dilation)
        dx[n, c, row, column] += g[n, c, i, j]
    return dx


def _gather_reference(
    x: Array, argmax: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Array:
    y = np.empty(argmax.shape, x.dtype)
    for n, c, i, j in np.ndindex(*argmax.shape):
        row, column = _pixel(argmax[n, c, i, j], i, j, kernel_size, stride, padding, dilation)
        y[n, c, i, j] = x[n, c, row, column]
    return y


def _indices_reference(
    argmax: Array, *, width: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Array:
    indices = np.empty(argmax.shape, np.int64)
    for n, c, i, j in np.ndindex(*argmax.shape):
        row, column = _pixel(argmax[n, c, i, j], i, j, kernel_size, stride, padding, dilation)
        indices[n, c, i, j] = row * width + column
    return indices


@kernel()
def _offset(k, offsets, steps):
    """Elements from the first pixel of a window to pixel k: from the table, or computed where there is none."""
    if len(offsets):
        return offsets[k]
    kernel_width, row_step, column_step = steps
    return k // kernel_width * row_step + k % kernel_width * column_step


@kernel(parallel=True)
def _scatter(g, argmax, offsets, steps, stride, start, dx):
    """dx (P, H, W) from g and argmax (P, H', W'); window (0, 0) begins at element `start` of a plane."""
    width = dx.shape[2]
    threads = limit_threads(dx.size // ELEMENTS)
    for plane in prange(len(g)):
        out = dx[plane].reshape(-1)
        out[:] = 0  # here, so that the plane is in cache for what follows
        for i in range(g.shape[1]):
            gs, indices, first = g[plane, i], argmax[plane, i], start + i * stride[0] * width
            for j in range(len(gs)):
                out[first + j * stride[1] + _offset(indices[j], offsets, steps)] += gs[j]
    set_threads(threads)


@kernel(parallel=True)
def _gather(x, argmax, offsets, steps, stride, start, y):
    """y (P, H', W') from x (P, H, W) and argmax (P, H', W')."""
    width = x.shape[2]
    threads = limit_threads(y.size // ELEMENTS)
    for plane in prange(len(y)):
        xs = x[plane].reshape(-1)
        for i in range(y.shape[1]):
            out, indices, first = y[plane, i], argmax[plane, i], start + i * stride[0] * width
            for j in range(len(out)):
                out[j] = xs[first + j * stride[1] + _offset(indices[j], offsets, steps)]
    set_threads(threads)


def _offsets(width: int, kernel_size: Pair, padding: Pair, dilation: Pair) -> tuple[Array, tuple[int, int, int], int]:
    """Where the pixels of a window are, for `_scatter` and `_gather`: offsets, steps and start.

    A window of more than 256 pixels has no table, which would be as large as the window: see `_offset`.
    """
    steps = kernel_size[1], dilation[0] * width, dilation[1]
    pixels = kernel_size[0] * kernel_size[1]
    u, v = np.divmod(np.arange(pixels if pixels <= 256 else 0), kernel_size[1])
    return u * steps[1] + v * steps[2], steps, -padding[0] * width - padding[1]


def _halves(size: Shape, windows: Shape, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> bool:
    """Whether windows are 2 × 2, do not overlap, and lie inside the image, which with ceil_mode they may not."""
    inside = 2 * windows[0] <= size[0] and 2 * windows[1] <= size[1]
    return (kernel_size, stride, padding, dilation) == ((2, 2), (2, 2), (0, 0), ONE) and inside


def _forward(
    x: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE, ceil_mode: bool = False
) -> tuple[Array, Array]:
    size = pool_size(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.empty((*x.shape[:2], *size), x.dtype)
    argmax = np.empty(y.shape, _index_dtype(kernel_size))
    if x.dtype.kind != "f":  # integers, for which there is no kernel
        found = np.zeros(size, bool)  # windows that have had a pixel inside the image
        steps = taps((x.shape[2], x.shape[3]), (size[0], size[1]), kernel_size, stride, padding, dilation)
        for k, (_, windows, pixels) in enumerate(steps):
            better = ~found[windows] | (x[pixels] > y[windows])
            y[windows] = np.where(better, x[pixels], y[windows])
            argmax[windows] = np.where(better, k, argmax[windows])
            found[windows] = True
        return y, argmax
    if _halves(x.shape[2:], y.shape[2:], kernel_size, stride, padding, dilation):
        max_pool_2x2(as_planes(x), as_planes(y), as_planes(argmax))
    else:
        max_pool(as_planes(x), kernel_size, stride, padding, dilation, as_planes(y), as_planes(argmax))
    return y, argmax


def _backward(ctx: Context, g: Tensor, _: Any, *, ceil_mode: bool = False, **params: Any) -> Gradient:
    argmax, y = ctx.saved_tensors
    return attached(max_pool2d_input_grad(g, argmax, input_size=ctx.shapes[0][2:], **params), y)


def _scatter_forward(
    g: Array, argmax: Array, *, input_size: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Array:
    dx = np.empty((*g.shape[:2], *input_size), g.dtype)
    if _halves(input_size, g.shape[2:], kernel_size, stride, padding, dilation):
        unpool_2x2(as_planes(g), as_planes(argmax), as_planes(dx))
        return dx
    offsets, steps, start = _offsets(input_size[1], kernel_size, padding, dilation)
    _scatter(as_planes(g), as_planes(argmax), offsets, steps, stride, start, as_planes(dx))
    return dx


def _scatter_backward(ctx: Context, h: Tensor, *, input_size: Pair, **params: Any) -> tuple[Gradient, None]:
    return _max_pool2d_gather_op(h, ctx.saved_tensors[0], **params), None


def _gather_forward(
    x: Array, argmax: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Array:
    y = np.empty(argmax.shape, x.dtype)
    offsets, steps, start = _offsets(x.shape[3], kernel_size, padding, dilation)
    _gather(as_planes(x), as_planes(argmax), offsets, steps, stride, start, as_planes(y))
    return y


def _gather_backward(ctx: Context, g: Tensor, **params: Any) -> tuple[Gradient, None]:
    return max_pool2d_input_grad(g, ctx.saved_tensors[0], input_size=ctx.shapes[0][2:], **params), None


def _indices_forward(
    argmax: Array, *, width: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Array:
    u, v = np.divmod(argmax.astype(np.int64), kernel_size[1])
    rows, columns = np.ogrid[: argmax.shape[2], : argmax.shape[3]]
    first = (rows * stride[0] - padding[0]) * width + columns * stride[1] - padding[1]
    return u * (dilation[0] * width) + v * dilation[1] + first


def _sample(draw: Draw) -> Sample:
    x, params = draw.pool_geometry()
    sizes = zip(x[2:], params["kernel_size"], params["padding"], strict=True)
    fits = [n + 2 * p > 2 * (k - 1) and (n > 1 or not p) for n, k, p in sizes]  # with a dilation of 2
    dilation = tuple(draw.choice(1, 2 if wide else 1) for wide in fits)
    return Sample((draw.tensor(*x),), {**params, "ceil_mode": draw.choice(False, True), "dilation": dilation})


def _argmax_sample(draw: Draw) -> tuple[Shape, Array, dict[str, Any]]:
    """An input's shape, an argmax whose pixels are inside it, and parameters."""
    (x,), params = (drawn := _sample(draw)).inputs, drawn.params
    argmax = _reference(np.array(draw.permutation(x.size)).reshape(x.shape), **params)[1]
    del params["ceil_mode"]
    return x.shape, argmax, params


def _scatter_sample(draw: Draw) -> Sample:
    shape, argmax, params = _argmax_sample(draw)
    return Sample((draw.tensor(*argmax.shape), argmax), {"input_size": shape[2:], **params})


def _gather_sample(draw: Draw) -> Sample:
    shape, argmax, params = _argmax_sample(draw)
    return Sample((draw.tensor(*shape), argmax), params)


def _indices_sample(draw: Draw) -> Sample:
    shape, argmax, params = _argmax_sample(draw)
    return Sample((argmax,), {"width": shape[3], **params})


_max_pool2d_op = register(
    Op(
        name="max_pool2d",
        check=lambda x, **params: check_pool("max_pool2d", x, **params),
        forward=_forward,
        backward=_backward,
        saves=(~1, ~0),
        attaches=True,
        reference=_reference,
        sample=_sample,
        bad_samples=bad_pools(
            "max_pool2d",
            ((1, 1, 1, 9), {"padding": (1, 0), "dilation": (2, 1)}, ("dilation (2, 1)", "miss", "(1, 1, 1, 9)")),
        ),
        kind="piecewise",
    )
)

max_pool2d_input_grad = register(
    Op(
        name="max_pool2d_input_grad",
        forward=_scatter_forward,
        backward=_scatter_backward,
        saves=(1,),
        reference=_scatter_reference,
        sample=_scatter_sample,
        kind="multilinear",
    )
)

_max_pool2d_gather_op: Op = register(
    Op(
        name="max_pool2d_gather",
        forward=_gather_forward,
        backward=_gather_backward,
        saves=(1,),
        reference=_gather_reference,
        sample=_gather_sample,
        kind="multilinear",
    )
)

_max_pool2d_places_op = register(
    Op(
        name="max_pool2d_places",
        forward=_indices_forward,
        backward=None,
        reference=_indices_reference,
        sample=_indices_sample,
        kind="discrete",
        flops=0,
    )
)


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]: ...


def max_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maximum of each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        Step from window to window; if it is less than kernel_size, windows overlap.  Default: kernel_size.
    padding : int or (int, int)
        -inf added on each side; at most half of kernel_size.
    dilation : int or (int, int)
        Step between the pixels of a window.
    ceil_mode : bool
        Round sizes up: the last window may reach over the end if it starts before it.
    return_indices : bool
        Also return the index of each maximum in its flat H × W image.

    Returns
    -------
    Tensor, (N, C, H', W'), H' = (H + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1;
    with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> image = autograd.tensor([[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 5.0]]])
    >>> F.max_pool2d(image, 2)
    tensor([[[4., 5.]]])
    >>> F.max_pool2d(image, 2, return_indices=True)[1]  # 4 is element 5 of the image, and 5 element 7
    tensor([[[5, 7]]])
    """
    check_arrays("max_pool2d", input=input)
    step = pool_stride(stride, kernel_size)
    sizes = pairs("max_pool2d", kernel_size=kernel_size, stride=step, padding=padding, dilation=dilation)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    y, argmax = _max_pool2d_op(x, ceil_mode=ceil_mode, **sizes)
    pooled = squeeze(y, 0) if input.ndim == 3 else y
    if not return_indices:
        return pooled
    indices = _max_pool2d_places_op(argmax, width=x.shape[3], **sizes)
    return pooled, squeeze(indices, 0) if input.ndim == 3 else indices
