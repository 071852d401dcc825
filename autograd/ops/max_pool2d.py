"""Max-pooling: the greatest number of every window.

    x (N, C, H, W)     y[n,c,i,j] = max of x[n, c, i sh - ph + u dh, j sw - pw + v dw] over u < kh, v < kw
    dx = every g, added at the place of its window's maximum (the first in row order, of equals)

Forward remembers the places, as flat indices into each picture's H W numbers.  Given them, pooling
is a gather, its gradient a scatter, and each is the other's gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.jit import dense, kernel
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.conv2d import Pair, out_size, pairs
from autograd.ops.elementwise import check_float
from autograd.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(
    x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1), ceil_mode: bool = False
) -> Any:
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = kernel_size, stride, padding, dilation
    height, width = x.shape[2:]
    shape = *x.shape[:2], *_out_sizes(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    values, places = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    for n, c, i, j in np.ndindex(*shape):
        best = None
        for row in range(i * sh - ph, i * sh - ph + dh * kh, dh):
            for column in range(j * sw - pw, j * sw - pw + dw * kw, dw):
                if 0 <= row < height and 0 <= column < width:
                    value = x[n, c, row, column]
                    if best is None or value > best or value != value:
                        best, place = value, row * width + column
        values[n, c, i, j], places[n, c, i, j] = best, place
    return values, places


def _scatter_reference(g: Any, places: Any, *, input_size: Pair) -> Any:
    dx = np.zeros((*g.shape[:2], input_size[0] * input_size[1]), g.dtype)
    for n, c, i, j in np.ndindex(*g.shape):
        dx[n, c, places[n, c, i, j]] += g[n, c, i, j]
    return dx.reshape(*g.shape[:2], *input_size)


def _gather_reference(x: Any, places: Any) -> Any:
    y = np.empty(places.shape, x.dtype)
    for n, c, i, j in np.ndindex(*places.shape):
        y[n, c, i, j] = x[n, c].ravel()[places[n, c, i, j]]
    return y


@kernel()
def _reach(start, kernel_size, dilation, size):
    """Where a window that starts at `start` has its first pixel inside a picture of this size, and its end."""
    first = start if start >= 0 else start + -(start // dilation) * dilation
    return first, min(size, start + dilation * (kernel_size - 1) + 1)


@kernel(parallel=True)
def _max_pool(x, kernel_size, stride, padding, dilation, y, places):
    """x (P, H, W), y and places (P, H', W'): P planes, each of one thread."""
    height, width = x.shape[1], x.shape[2]
    for plane in prange(x.shape[0]):
        for i in range(y.shape[1]):
            top, bottom = _reach(i * stride[0] - padding[0], kernel_size[0], dilation[0], height)
            for j in range(y.shape[2]):
                left, right = _reach(j * stride[1] - padding[1], kernel_size[1], dilation[1], width)
                best, place = x[plane, top, left], top * width + left
                for row in range(top, bottom, dilation[0]):
                    for column in range(left, right, dilation[1]):
                        value = x[plane, row, column]
                        if value > best or value != value:
                            best, place = value, row * width + column
                y[plane, i, j] = best
                places[plane, i, j] = place


@kernel(parallel=True)
def _scatter(g, places, dx):
    """dx (P, H, W), zeroed by the caller, from g and places (P, H', W')."""
    for plane in prange(len(g)):
        gs, to, out = g[plane].ravel(), places[plane].ravel(), dx[plane].ravel()
        for i in range(len(gs)):
            out[to[i]] += gs[i]


@kernel(parallel=True)
def _gather(x, places, y):
    for plane in prange(len(y)):
        xs, at, out = x[plane].ravel(), places[plane].ravel(), y[plane].ravel()
        for i in range(len(out)):
            out[i] = xs[at[i]]


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
    x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1), ceil_mode: bool = False
) -> Any:
    height, width = _out_sizes(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.empty((*x.shape[:2], height, width), x.dtype)
    places = np.empty(y.shape, np.int64)
    _max_pool(planes(x), kernel_size, stride, padding, dilation, planes(y), planes(places))
    return y, places


def _backward(ctx: Any, g: Any, _: Any, **params: Any) -> Any:
    return max_pool2d_input_grad(g, ctx.saved[0], input_size=ctx.shapes[0][2:])


def _scatter_forward(g: Any, places: Any, *, input_size: Pair) -> Any:
    dx = np.zeros((*g.shape[:2], *input_size), g.dtype)
    _scatter(planes(g), planes(places), planes(dx))
    return dx


def _gather_forward(x: Any, places: Any) -> Any:
    y = np.empty(places.shape, x.dtype)
    _gather(planes(x), planes(places), planes(y))
    return y


def _gather_backward(ctx: Any, g: Any) -> Any:
    return max_pool2d_input_grad(g, ctx.saved[0], input_size=ctx.shapes[0][2:]), None


def _sample(draw: Any) -> Sample:
    x, params = draw.pool_geometry()
    sizes = zip(x[2:], params["kernel_size"], params["padding"], strict=True)
    fits = [n + 2 * p > 2 * (k - 1) and (n > 1 or not p) for n, k, p in sizes]  # with every other pixel left out
    dilation = tuple(draw.choice(1, 2 if wide else 1) for wide in fits)
    return Sample((draw.tensor(*x),), {**params, "ceil_mode": draw.choice(False, True), "dilation": dilation})


def _places(draw: Any) -> tuple[tuple[int, ...], Any]:
    n, c, height, width, out = draw.size(0, 3), *(draw.size(1, 3) for _ in range(4))
    return (n, c, height, width), draw.index((n, c, out, out), height * width)


def _scatter_sample(draw: Any) -> Sample:
    shape, places = _places(draw)
    return Sample((draw.tensor(*places.shape), places), {"input_size": shape[2:]})


def _gather_sample(draw: Any) -> Sample:
    shape, places = _places(draw)
    return Sample((draw.tensor(*shape), places))


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
        saves=(~1,),
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
        backward=lambda ctx, h, *, input_size: (_max_pool2d_gather(h, ctx.saved[0]), None),
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
    y, places = _max_pool2d(x, ceil_mode=ceil_mode, **sizes)
    if input.ndim == 3:
        y, places = squeeze(y, 0), squeeze(places, 0)
    return (y, places) if return_indices else y
