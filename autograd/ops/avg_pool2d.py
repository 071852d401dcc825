"""Average-pooling: the mean of each window.  Either the windows' size is given, or their number (adaptive).

    x (N, C, H, W)     y[n,c,i,j] = Σ x[n, c, top_i : bottom_i, left_j : right_j] / (height_i width_j)
    avg_pool2d           top_i = i sh - ph, bottom_i = top_i + kh       (0 outside x)
    adaptive_avg_pool2d  top_i = ⌊i H / H'⌋, bottom_i = ⌈(i + 1) H / H'⌉
    dx = each g, divided by the size of its window, added to the pixels of the window

y is linear in x, so each of the two is the gradient of the other.  The rows and columns of each window, and the
divisor, are computed beforehand ("spans"), so both poolings share the loops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.arguments import check_arrays
from autograd.kernels.jit import ELEMENTS, kernel, limit_threads, set_threads
from autograd.kernels.rows import row_sum
from autograd.kernels.sums import FEW
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.attached import attached
from autograd.ops.shape import squeeze, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.division import quotients
from autograd.ops.shared.windows import as_planes, bad_pools, check_pool, ints, out_size, pairs, pool_stride
from autograd.types import Array, Pair

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Spans = tuple[Array, Array]  # of rows (H', 3) and of columns (W', 3): start, stop, factor of the divisor


def _reference(x: Array, spans: Spans) -> Array:
    rows, columns = spans
    y = np.empty((*x.shape[:2], len(rows), len(columns)), x.dtype)
    for i, (top, bottom, height) in enumerate(rows):
        for j, (left, right, width) in enumerate(columns):
            y[:, :, i, j] = quotients(x[:, :, top:bottom, left:right].sum(axis=(2, 3), dtype=x.dtype), height * width)
    return y


def _grad_reference(g: Array, spans: Spans, size: Pair) -> Array:
    rows, columns = spans
    dx = np.zeros((*g.shape[:2], *size), g.dtype)
    for i, (top, bottom, height) in enumerate(rows):
        for j, (left, right, width) in enumerate(columns):
            dx[:, :, top:bottom, left:right] += g[:, :, i : i + 1, j : j + 1] / g.dtype.type(height * width)
    return dx


@kernel(parallel=True)
def _pool(x, rows, columns, zero, y):
    """y (P, H', W') from x (P, H, W) and the spans of rows and columns.  Sums have the dtype of `zero`.

    A window of whole rows is summed as one row, as that of global pooling.
    """
    height, width, pixels = x.shape[1], x.shape[2], x.reshape(-1)
    threads = limit_threads(x.size // ELEMENTS)
    for plane in prange(x.shape[0]):
        for i in range(len(rows)):
            for j in range(len(columns)):
                size = x.dtype.type(rows[i, 2] * columns[j, 2])
                together = _whole_rows(rows[i], columns[j], width)
                if together:
                    first = (plane * height + rows[i, 0]) * width
                    y[plane, i, j] = row_sum(pixels[first : first + together]) / size
                else:
                    total = zero
                    for row in range(rows[i, 0], rows[i, 1]):
                        for column in range(columns[j, 0], columns[j, 1]):
                            total += x[plane, row, column]
                    y[plane, i, j] = total / size
    set_threads(threads)


@kernel()
def _whole_rows(rows, columns, width):
    """The number of pixels of a window, from its spans, if it has whole rows, or 0 if not or if it is very small."""
    pixels = (rows[1] - rows[0]) * width
    return pixels if columns[1] - columns[0] == width and pixels > FEW else 0


@kernel(parallel=True)
def _pool_grad(g, rows, columns, dx):
    """Add g (P, H', W') to dx (P, H, W), which the caller has filled with zeros."""
    height, width, pixels = dx.shape[1], dx.shape[2], dx.reshape(-1)
    threads = limit_threads(dx.size // ELEMENTS)
    for plane in prange(g.shape[0]):
        for i in range(len(rows)):
            for j in range(len(columns)):
                share = g[plane, i, j] / g.dtype.type(rows[i, 2] * columns[j, 2])
                together = _whole_rows(rows[i], columns[j], width)
                if together:
                    first = (plane * height + rows[i, 0]) * width
                    some = pixels[first : first + together]
                    for k in range(len(some)):
                        some[k] += share
                    continue
                for row in range(rows[i, 0], rows[i, 1]):
                    for column in range(columns[j, 0], columns[j, 1]):
                        dx[plane, row, column] += share
    set_threads(threads)


def _register_pooling(
    name: str,
    spans_of: Callable[..., Spans],
    check: Callable[..., None],
    sample: Callable[[Draw], Sample],
    bad_samples: Sequence[BadSample],
) -> Op:
    """Register a pooling and its gradient.  spans_of(input size, **params) gives the windows."""

    def forward(x: Array, **params: Any) -> Array:
        rows, columns = spans_of(x.shape[2:], **params)
        if x.dtype.kind != "f":  # integers, for which there is no kernel
            return _reference(x, (rows, columns))
        y = np.empty((*x.shape[:2], len(rows), len(columns)), x.dtype)
        added = [int((spans[:, 1] - spans[:, 0]).max(initial=0)) for spans in (rows, columns)]
        _pool(as_planes(x), rows, columns, x.dtype.type(0) if math.prod(added) <= FEW else 0.0, as_planes(y))
        return y

    def grad_forward(g: Array, *, input_size: Pair, **params: Any) -> Array:
        rows, columns = spans_of(input_size, **params)
        added = math.prod((s[:, 1] - s[:, 0]).sum() / n for s, n in zip((rows, columns), input_size, strict=True))
        dx = np.zeros((*g.shape[:2], *input_size), g.dtype if added <= FEW else np.float64)
        _pool_grad(as_planes(g), rows, columns, as_planes(dx))
        return dx.astype(g.dtype, copy=False)

    def grad_sample(draw: Draw) -> Sample:
        (x,), params = (drawn := sample(draw)).inputs, drawn.params
        rows, columns = spans_of(x.shape[2:], **params)
        g = draw.tensor(*x.shape[:2], len(rows), len(columns))
        return Sample((g,), {"input_size": x.shape[2:], **params})

    pool_op = register(
        Op(
            name=name,
            check=check,
            forward=forward,
            backward=lambda ctx, g, **params: attached(
                grad_op(g, input_size=ctx.shapes[0][2:], **params), *ctx.saved_tensors
            ),
            saves=(~0,),
            attaches=True,
            reference=lambda x, **params: _reference(x, spans_of(x.shape[2:], **params)),
            sample=sample,
            bad_samples=bad_samples,
            kind="multilinear",
        )
    )
    grad_op = register(
        Op(
            name=f"{name}_input_grad",
            forward=grad_forward,
            backward=lambda ctx, h, *, input_size, **params: pool_op(h, **params),
            reference=lambda g, *, input_size, **params: _grad_reference(g, spans_of(input_size, **params), input_size),
            sample=grad_sample,
            kind="smooth",  # linear, but shares of g are not exact numbers
        )
    )
    return pool_op


# ── windows of a fixed size ────────────────────────────────────────────────────────────


def _spans(
    size: Pair,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Spans:
    spans = []
    for n, k, s, p in zip(size, kernel_size, stride, padding, strict=True):
        start = np.arange(out_size(n, k, s, p, ceil_mode=ceil_mode)) * s - p
        stop = np.minimum(start + k, n + p)  # with ceil_mode a window may reach beyond the padding
        inside = np.maximum(start, 0), np.minimum(stop, n)
        count = stop - start if count_include_pad else inside[1] - inside[0]
        spans.append(np.stack((*inside, count), axis=1))
    if divisor_override is not None:
        spans[0][:, 2], spans[1][:, 2] = divisor_override, 1
    return spans[0], spans[1]


def _check(
    x: Array, *, kernel_size: Pair, stride: Pair, padding: Pair, ceil_mode: bool = False, **counting: Any
) -> None:
    check_pool("avg_pool2d", x, kernel_size, stride, padding, ceil_mode=ceil_mode)
    if counting.get("divisor_override") == 0:
        raise ValueError("avg_pool2d: divisor_override is 0, and division by 0 is undefined; use another number")


def _sample(draw: Draw) -> Sample:
    x, params = draw.pool_geometry()
    counting = {"count_include_pad": draw.choice(True, False), "divisor_override": draw.choice(None, None, 3, -2)}
    return Sample((draw.tensor(*x),), {**params, "ceil_mode": draw.choice(False, True), **counting})


_avg_pool2d_op = _register_pooling(
    "avg_pool2d",
    _spans,
    _check,
    _sample,
    bad_pools("avg_pool2d", ((1, 1, 8, 8), {"divisor_override": 0}, ("divisor_override",))),
)


def avg_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Take the mean of each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        Step from window to window; if it is less than kernel_size, windows overlap.  Default: kernel_size.
    padding : int or (int, int)
        Zeros added on each side; at most half of kernel_size.
    ceil_mode : bool
        Round sizes up: the last window may reach over the end if it starts before it.
    count_include_pad : bool
        Whether the padding counts in the size of a window.
    divisor_override : int, optional
        Divide by this instead of the window's size.

    Returns
    -------
    Tensor, (N, C, H', W'), H' = (H + 2 padding - kernel_size) // stride + 1

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.avg_pool2d(autograd.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]]), 2)
    tensor([[[2.5000, 6.5000]]])
    """
    check_arrays("avg_pool2d", input=input)
    step = pool_stride(stride, kernel_size)
    sizes = pairs("avg_pool2d", kernel_size=kernel_size, stride=step, padding=padding)
    counting = {"count_include_pad": count_include_pad, "divisor_override": divisor_override}
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    y: Tensor = _avg_pool2d_op(x, ceil_mode=ceil_mode, **sizes, **counting)
    return squeeze(y, 0) if input.ndim == 3 else y


# ── a fixed number of windows ──────────────────────────────────────────────────────────


def _adaptive_spans(size: Pair, *, output_size: Pair) -> Spans:
    spans = []
    for n, wanted in zip(size, output_size, strict=True):
        i = np.arange(wanted)
        start, stop = i * n // max(1, wanted), -(-(i + 1) * n // max(1, wanted))
        spans.append(np.stack((start, stop, stop - start), axis=1))
    return spans[0], spans[1]


def _adaptive_check(x: Array, *, output_size: Pair) -> None:
    if x.ndim != 4 or min(x.shape[2:]) < 1:
        raise ValueError(
            f"adaptive_avg_pool2d: expects input (N, C, H, W) or (C, H, W), H and W at least 1, got shape {x.shape}"
        )
    check_float("adaptive_avg_pool2d", x)
    if min(output_size) < 0:
        raise ValueError(f"adaptive_avg_pool2d: output_size {output_size} must be at least 0")


def _adaptive_sample(draw: Draw) -> Sample:
    n, c, height, width = draw.size(0, 2), draw.size(1, 2), draw.size(1, 6), draw.size(1, 6)
    return Sample((draw.tensor(n, c, height, width),), {"output_size": (draw.size(0, 4), draw.size(1, 8))})


_adaptive_avg_pool2d_op = _register_pooling(
    "adaptive_avg_pool2d",
    _adaptive_spans,
    _adaptive_check,
    _adaptive_sample,
    [
        BadSample((np.ones(shape, dtype),), {"output_size": wanted}, error, ("adaptive_avg_pool2d", word))
        for shape, dtype, wanted, error, word in (
            ((8, 8), float, (1, 1), ValueError, "(8, 8)"),
            ((1, 1, 0, 8), float, (1, 1), ValueError, "(1, 1, 0, 8)"),
            ((1, 1, 8, 8), int, (1, 1), TypeError, "int64"),
            ((1, 1, 8, 8), float, (1, -1), ValueError, "(1, -1)"),
        )
    ],
)


def adaptive_avg_pool2d(input: Tensor, output_size: int | tuple[int | None, int | None] | None) -> Tensor:
    """Take the means of H' × W' windows, which cover the input evenly.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    output_size : int or (int, int)
        H' and W'; None keeps H or W.

    Returns
    -------
    Tensor, (N, C, H', W') or (C, H', W')

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or output_size do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    >>> F.adaptive_avg_pool2d(x, 1)  # the mean of each channel
    tensor([[[3.5000]]])
    >>> F.adaptive_avg_pool2d(x, (None, 1))
    tensor([[[2.],
             [5.]]])
    """
    check_arrays("adaptive_avg_pool2d", input=input)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    wanted = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    kept = tuple(x.shape[i - 2] if n is None else n for i, n in enumerate(wanted))
    y: Tensor = _adaptive_avg_pool2d_op(x, output_size=ints("adaptive_avg_pool2d: output_size", kept))
    return squeeze(y, 0) if input.ndim == 3 else y
