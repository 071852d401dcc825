"""Max-pooling: the greatest number of every window.

    x (N, C, H, W)     y[n,c,i,j] = max of x[n, c, i sh - ph + u dh, j sw - pw + v dw] over u < kh, v < kw
    dx = every g, added at the place of its window's maximum (the first in row order, of equals)

Forward remembers the taps: which of its kh kw pixels, u kw + v, is a window's greatest.  A byte each
says what a place in the picture takes eight for; those are worked out where they are asked for.
Given the taps, pooling is a gather, its gradient a scatter, and each is the other's gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numba import prange

from autograd.kernels import window
from autograd.kernels.jit import ELEMENTS, dense, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.attached import attached
from autograd.ops.conv2d import Pair, out_size, pairs
from autograd.ops.shape import squeeze, unsqueeze
from autograd.ops.shared.checks import check_float

if TYPE_CHECKING:
    from autograd.tensor import Tensor


ONE: Pair = (1, 1)


def _reference(
    x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE, ceil_mode: bool = False
) -> Any:
    (kh, kw), (height, width) = kernel_size, x.shape[2:]
    shape = *x.shape[:2], *_out_sizes(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    values, taps = np.empty(shape, x.dtype), np.empty(shape, _tap_type(kernel_size))
    for n, c, i, j in np.ndindex(*shape):
        best = None
        for k in range(kh * kw):
            row, column = _pixel(k, i, j, kernel_size, stride, padding, dilation)
            if 0 <= row < height and 0 <= column < width:
                value = x[n, c, row, column]
                if best is None or value > best or value != value:
                    best, tap = value, k
        values[n, c, i, j], taps[n, c, i, j] = best, tap
    return values, taps


def _pixel(k: int, i: int, j: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """Row and column of pixel k of window (i, j)."""
    u, v = divmod(int(k), kernel_size[1])
    return i * stride[0] - padding[0] + u * dilation[0], j * stride[1] - padding[1] + v * dilation[1]


def _tap_type(kernel_size: Pair) -> Any:
    return np.uint8 if kernel_size[0] * kernel_size[1] <= 256 else np.int32


def _scatter_reference(
    g: Any, taps: Any, *, input_size: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Any:
    dx = np.zeros((*g.shape[:2], *input_size), g.dtype)
    for n, c, i, j in np.ndindex(*g.shape):
        row, column = _pixel(taps[n, c, i, j], i, j, kernel_size, stride, padding, dilation)
        dx[n, c, row, column] += g[n, c, i, j]
    return dx


def _gather_reference(
    x: Any, taps: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Any:
    y = np.empty(taps.shape, x.dtype)
    for n, c, i, j in np.ndindex(*taps.shape):
        row, column = _pixel(taps[n, c, i, j], i, j, kernel_size, stride, padding, dilation)
        y[n, c, i, j] = x[n, c, row, column]
    return y


def _places_reference(
    taps: Any, *, width: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Any:
    places = np.empty(taps.shape, np.int64)
    for n, c, i, j in np.ndindex(*taps.shape):
        row, column = _pixel(taps[n, c, i, j], i, j, kernel_size, stride, padding, dilation)
        places[n, c, i, j] = row * width + column
    return places


@kernel(parallel=True)
def _scatter(g, taps, offsets, stride, start, dx):
    """dx (P, H, W) from g and taps (P, H', W'); pixel k of window (0, 0) is at start + offsets[k] of a plane."""
    width = dx.shape[2]
    threads = limit_threads(dx.size // ELEMENTS)
    for plane in prange(len(g)):
        out = dx[plane].ravel()
        out[:] = 0  # while it is in cache, where it then stays
        for i in range(g.shape[1]):
            gs, ts, first = g[plane, i], taps[plane, i], start + i * stride[0] * width
            for j in range(len(gs)):
                out[first + j * stride[1] + offsets[ts[j]]] += gs[j]
    set_threads(threads)


@kernel(parallel=True)
def _gather(x, taps, offsets, stride, start, y):
    width = x.shape[2]
    threads = limit_threads(y.size // ELEMENTS)
    for plane in prange(len(y)):
        xs = x[plane].ravel()
        for i in range(y.shape[1]):
            out, ts, first = y[plane, i], taps[plane, i], start + i * stride[0] * width
            for j in range(len(out)):
                out[j] = xs[first + j * stride[1] + offsets[ts[j]]]
    set_threads(threads)


def _offsets(width: int, kernel_size: Pair, padding: Pair, dilation: Pair) -> tuple[Any, Any, int]:
    """How many numbers, and columns, each pixel of a window lies from its first; and that of window (0, 0)."""
    u, v = np.divmod(np.arange(kernel_size[0] * kernel_size[1]), kernel_size[1])
    columns = v * dilation[1]
    return u * dilation[0] * width + columns, columns, -padding[0] * width - padding[1]


def planes(a: Any) -> Any:
    """Pictures (N, C, H, W) as (N C, H, W), as kernels take them."""
    return dense(a).reshape(a.shape[0] * a.shape[1], *a.shape[2:])


def _out_sizes(
    shape: tuple[int, ...], kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[int, ...]:
    windows = zip(shape[2:], kernel_size, stride, padding, dilation, strict=True)
    return tuple(out_size(n, k, s, p, d, ceil_mode) for n, k, s, p, d in windows)


def check_windows(
    name: str,
    x: Any,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair = (1, 1),
    ceil_mode: bool = False,
) -> None:
    """Raise where a pooling cannot be: a sentence that begins with `name`."""
    if x.ndim != 4:
        raise ValueError(f"{name}: expects input (N, C, H, W) or (C, H, W), got shape {x.shape}")
    check_float(name, x)
    if min(*kernel_size, *stride, *dilation) < 1 or min(padding) < 0:
        also = f", dilation {dilation}" if dilation != (1, 1) else ""
        raise ValueError(
            f"{name}: kernel_size {kernel_size}, stride {stride}{also} must be at least 1, padding {padding} at least 0"
        )
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise ValueError(
            f"{name}: padding {padding} must be at most half of kernel_size {kernel_size}, "
            "or some window would see nothing but padding"
        )
    if min(_out_sizes(x.shape, kernel_size, stride, padding, dilation, ceil_mode)) < 1:
        raise ValueError(
            f"{name}: kernel_size {kernel_size} does not fit into input of shape {x.shape} with padding {padding}; "
            "take a smaller kernel, or pool less often"
        )
    if any(p and n < d for n, p, d in zip(x.shape[2:], padding, dilation, strict=True)):
        raise ValueError(
            f"{name}: with dilation {dilation} and padding {padding} some window would miss input of shape {x.shape}; "
            "pool without padding"
        )


def _forward(
    x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE, ceil_mode: bool = False
) -> Any:
    height, width = _out_sizes(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.empty((*x.shape[:2], height, width), x.dtype)
    taps = np.empty(y.shape, _tap_type(kernel_size))
    offsets, columns, _ = _offsets(x.shape[3], kernel_size, padding, dilation)
    window.max_pool(planes(x), kernel_size, stride, padding, dilation, offsets, columns, planes(y), planes(taps))
    return y, taps


def _backward(ctx: Any, g: Any, _: Any, *, ceil_mode: bool = False, **params: Any) -> Any:
    taps, y = ctx.saved_tensors
    return attached(max_pool2d_input_grad(g, taps, input_size=ctx.shapes[0][2:], **params), y)


def _scatter_forward(
    g: Any, taps: Any, *, input_size: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE
) -> Any:
    dx = np.empty((*g.shape[:2], *input_size), g.dtype)
    offsets, _, start = _offsets(input_size[1], kernel_size, padding, dilation)
    _scatter(planes(g), planes(taps), offsets, stride, start, planes(dx))
    return dx


def _scatter_backward(ctx: Any, h: Any, *, input_size: Pair, **params: Any) -> Any:
    return _max_pool2d_gather(h, ctx.saved_tensors[0], **params), None


def _gather_forward(x: Any, taps: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE) -> Any:
    y = np.empty(taps.shape, x.dtype)
    offsets, _, start = _offsets(x.shape[3], kernel_size, padding, dilation)
    _gather(planes(x), planes(taps), offsets, stride, start, planes(y))
    return y


def _gather_backward(ctx: Any, g: Any, **params: Any) -> Any:
    return max_pool2d_input_grad(g, ctx.saved_tensors[0], input_size=ctx.shapes[0][2:], **params), None


def _places(taps: Any, *, width: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE) -> Any:
    offsets, _, start = _offsets(width, kernel_size, padding, dilation)
    rows, columns = np.ogrid[: taps.shape[2], : taps.shape[3]]
    return offsets[taps] + (rows * (stride[0] * width) + columns * stride[1] + start)


def _sample(draw: Any) -> Sample:
    x, params = draw.pool_geometry()
    sizes = zip(x[2:], params["kernel_size"], params["padding"], strict=True)
    fits = [n + 2 * p > 2 * (k - 1) and (n > 1 or not p) for n, k, p in sizes]  # with every other pixel left out
    dilation = tuple(draw.choice(1, 2 if wide else 1) for wide in fits)
    return Sample((draw.tensor(*x),), {**params, "ceil_mode": draw.choice(False, True), "dilation": dilation})


def _taps_sample(draw: Any) -> tuple[tuple[int, ...], Any, dict[str, Any]]:
    """An input's shape, taps that lie inside it, and parameters."""
    (x,), params = (drawn := _sample(draw)).inputs, drawn.params
    taps = _reference(np.array(draw.permutation(x.size)).reshape(x.shape), **params)[1]
    del params["ceil_mode"]
    return x.shape, taps, params


def _scatter_sample(draw: Any) -> Sample:
    shape, taps, params = _taps_sample(draw)
    return Sample((draw.tensor(*taps.shape), taps), {"input_size": shape[2:], **params})


def _gather_sample(draw: Any) -> Sample:
    shape, taps, params = _taps_sample(draw)
    return Sample((draw.tensor(*shape), taps), params)


def _places_sample(draw: Any) -> Sample:
    shape, taps, params = _taps_sample(draw)
    return Sample((taps,), {"width": shape[3], **params})


def bad_windows(name: str, *more: tuple[tuple[int, ...], dict[str, Any], tuple[str, ...]]) -> list[BadSample]:
    """Calls that no pooling can make; and `more`, shape, changed parameters and words."""
    big = (1, 1, 8, 8)
    calls = [
        ((1, 1, 2, 2), {"kernel_size": (3, 3)}, ("(3, 3)", "(1, 1, 2, 2)", "smaller")),
        (big, {"padding": (2, 2)}, ("padding (2, 2)", "half")),
        (big, {"stride": (0, 1)}, ("stride (0, 1)", "at least 1")),
        ((8, 8), {}, ("(N, C, H, W)", "(8, 8)")),
        *more,
    ]
    plain = {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    bad = [BadSample((np.ones(x),), {**plain, **params}, ValueError, (name, *words)) for x, params, words in calls]
    return [*bad, BadSample((np.ones(big, int),), plain, TypeError, (name, "int64", ".float()"))]


_max_pool2d = register(
    Op(
        name="max_pool2d",
        check=lambda x, **params: check_windows("max_pool2d", x, **params),
        forward=_forward,
        backward=_backward,
        saves=(~1, ~0),
        reference=_reference,
        sample=_sample,
        bad_samples=bad_windows(
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

_max_pool2d_gather: Op = register(
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

_max_pool2d_places = register(
    Op(
        name="max_pool2d_places",
        forward=_places,
        backward=None,
        reference=_places_reference,
        sample=_places_sample,
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
    """The maximum of every window.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        Step between windows; below kernel_size they overlap.  Default: kernel_size.
    padding : int or (int, int)
        -inf added on each side; at most half of kernel_size.
    dilation : int or (int, int)
        Step between the pixels of a window.
    ceil_mode : bool
        Round sizes up: a last window may reach over the end, if it starts before it.
    return_indices : bool
        Also return the place of every maximum, as a flat index into its H × W picture.

    Returns
    -------
    Tensor, (N, C, H', W'), H' = (H + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1;
    with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        Where shape, dtype or parameters do not fit.
    """
    check_arrays("max_pool2d", input=input)
    step = kernel_size if stride is None else stride
    sizes = pairs("max_pool2d", kernel_size=kernel_size, stride=step, padding=padding, dilation=dilation)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    y, taps = _max_pool2d(x, ceil_mode=ceil_mode, **sizes)
    pooled = squeeze(y, 0) if input.ndim == 3 else y
    if not return_indices:
        return pooled
    places = _max_pool2d_places(taps, width=x.shape[3], **sizes)
    return pooled, squeeze(places, 0) if input.ndim == 3 else places
