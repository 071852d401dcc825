"""Max-pooling: the greatest number of every window.

    x (N, C, H, W)     y[n,c,i,j] = max of x[n, c, i sh - ph : … + kh, j sw - pw : … + kw]      (-inf outside x)
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
from autograd.ops.conv2d import Pair, out_size, pair
from autograd.ops.shape import reshape

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair) -> Any:
    (kh, kw), (sh, sw), (ph, pw) = kernel_size, stride, padding
    height, width = x.shape[2:]
    out = [out_size(*dims) for dims in zip(x.shape[2:], kernel_size, stride, padding, strict=True)]
    values, places = np.empty((*x.shape[:2], *out), x.dtype), np.empty((*x.shape[:2], *out), np.int64)
    for n, c, i, j in np.ndindex(*values.shape):
        best = None
        for row in range(max(0, i * sh - ph), min(height, i * sh - ph + kh)):
            for column in range(max(0, j * sw - pw), min(width, j * sw - pw + kw)):
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


@kernel(parallel=True)
def _max_pool(x, kernel_size, stride, padding, y, places):
    """x (P, H, W), y and places (P, H', W'): P planes, each of one thread."""
    height, width = x.shape[1], x.shape[2]
    for plane in prange(x.shape[0]):
        for i in range(y.shape[1]):
            top = max(0, i * stride[0] - padding[0])
            bottom = min(height, i * stride[0] - padding[0] + kernel_size[0])
            for j in range(y.shape[2]):
                left = max(0, j * stride[1] - padding[1])
                right = min(width, j * stride[1] - padding[1] + kernel_size[1])
                best, place = x[plane, top, left], top * width + left
                for row in range(top, bottom):
                    for column in range(left, right):
                        value = x[plane, row, column]
                        if value > best or value != value:
                            best, place = value, row * width + column
                y[plane, i, j] = best
                places[plane, i, j] = place


@kernel(parallel=True)
def _scatter(g, places, dx):
    """dx (P, H W), zeroed by the caller."""
    for plane in prange(g.shape[0]):
        for i in range(g.shape[1]):
            dx[plane, places[plane, i]] += g[plane, i]


@kernel(parallel=True)
def _gather(x, places, y):
    for plane in prange(places.shape[0]):
        for i in range(places.shape[1]):
            y[plane, i] = x[plane, places[plane, i]]


def _planes(a: Any) -> Any:
    return dense(a).reshape(a.shape[0] * a.shape[1], a.shape[2] * a.shape[3])


def _check(x: Any, kernel_size: Pair, stride: Pair, padding: Pair) -> None:
    if x.ndim != 4:
        raise ValueError(f"max_pool2d: expects input (N, C, H, W) or (C, H, W), got shape {x.shape}")
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"max_pool2d: expects float32 or float64, got {x.dtype}; convert first, with .float()")
    if min(kernel_size) < 1 or min(stride) < 1 or min(padding) < 0:
        raise ValueError(
            f"max_pool2d: kernel_size {kernel_size} and stride {stride} must be at least 1, "
            f"padding {padding} at least 0"
        )
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise ValueError(
            f"max_pool2d: padding {padding} must be at most half of kernel_size {kernel_size}, "
            "or some window would see nothing but padding"
        )
    if min(out_size(*dims) for dims in zip(x.shape[2:], kernel_size, stride, padding, strict=True)) < 1:
        raise ValueError(
            f"max_pool2d: kernel_size {kernel_size} does not fit into input of shape {x.shape} with padding {padding}; "
            "take a smaller kernel, or pool less often"
        )


def _forward(x: Any, *, kernel_size: Pair, stride: Pair, padding: Pair) -> Any:
    _check(x, kernel_size, stride, padding)
    height, width = (out_size(*dims) for dims in zip(x.shape[2:], kernel_size, stride, padding, strict=True))
    y = np.empty((*x.shape[:2], height, width), x.dtype)
    places = np.empty(y.shape, np.int64)
    planes = x.shape[0] * x.shape[1]
    _max_pool(
        dense(x).reshape(planes, *x.shape[2:]), kernel_size, stride, padding,
        y.reshape(planes, height, width), places.reshape(planes, height, width),
    )  # fmt: skip
    return y, places


def _backward(ctx: Any, g: Any, _: Any, **params: Any) -> Any:
    return max_pool2d_input_grad(g, ctx.saved[0], input_size=ctx.shapes[0][2:])


def _scatter_forward(g: Any, places: Any, *, input_size: Pair) -> Any:
    dx = np.zeros((*g.shape[:2], *input_size), g.dtype)
    _scatter(_planes(g), _planes(places), dx.reshape(g.shape[0] * g.shape[1], -1) if dx.size else dx[:, :, 0, 0])
    return dx


def _gather_forward(x: Any, places: Any) -> Any:
    y = np.empty(places.shape, x.dtype)
    _gather(_planes(x), _planes(places), _planes(y))
    return y


def _gather_backward(ctx: Any, g: Any) -> Any:
    return max_pool2d_input_grad(g, ctx.saved[0], input_size=ctx.shapes[0][2:]), None


def _geometry(draw: Any) -> tuple[tuple[int, ...], dict[str, Any]]:
    kernel = (draw.size(1, 3), draw.size(1, 3))
    stride = (draw.size(1, 4), draw.size(1, 4))
    padding = (draw.size(0, kernel[0] // 2), draw.size(0, kernel[1] // 2))
    size = tuple(max(1, k - 2 * p) + draw.size(0, 4) for k, p in zip(kernel, padding, strict=True))
    return (draw.size(0, 2), draw.size(1, 2), *size), {"kernel_size": kernel, "stride": stride, "padding": padding}


def _sample(draw: Any) -> Sample:
    shape, params = _geometry(draw)
    return Sample((draw.tensor(*shape),), params)


def _places(draw: Any) -> tuple[tuple[int, ...], Any]:
    n, c, height, width, out = draw.size(0, 3), *(draw.size(1, 3) for _ in range(4))
    return (n, c, height, width), draw.index((n, c, out, out), height * width)


def _scatter_sample(draw: Any) -> Sample:
    shape, places = _places(draw)
    return Sample((draw.tensor(*places.shape), places), {"input_size": shape[2:]})


def _gather_sample(draw: Any) -> Sample:
    shape, places = _places(draw)
    return Sample((draw.tensor(*shape), places))


def _bad(shape: tuple[int, ...], kernel: Pair, padding: Pair, *words: str) -> BadSample:
    params = {"kernel_size": kernel, "stride": (2, 2), "padding": padding}
    return BadSample((np.ones(shape),), params, ValueError, ("max_pool2d", *words))


_max_pool2d = register(
    Op(
        name="max_pool2d",
        forward=_forward,
        backward=_backward,
        saves=(~1,),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad((1, 1, 2, 2), (3, 3), (0, 0), "(3, 3)", "(1, 1, 2, 2)", "smaller"),
            _bad((1, 1, 8, 8), (2, 2), (2, 2), "padding (2, 2)", "half"),
            _bad((8, 8), (2, 2), (0, 0), "(N, C, H, W)", "(8, 8)"),
        ],
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
    return_indices : bool
        Also return the place of every maximum, as a flat index into its H × W picture.

    Returns
    -------
    Tensor, (N, C, H', W'), H' = (H + 2 padding - kernel_size) // stride + 1;
    with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        Where shape, dtype or parameters do not fit.
    """
    check_arrays("max_pool2d", input=input)
    kernel = pair(kernel_size)
    step = kernel if stride is None else pair(stride)
    x = reshape(input, (1, *input.shape)) if input.ndim == 3 else input
    y, places = _max_pool2d(x, kernel_size=kernel, stride=step, padding=pair(padding))
    if input.ndim == 3:
        y, places = reshape(y, tuple(y.shape[1:])), reshape(places, tuple(places.shape[1:]))
    return (y, places) if return_indices else y
