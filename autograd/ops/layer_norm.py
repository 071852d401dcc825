"""Layer normalization: standardizes the last dimensions of every example.

    x (…, *S), w and b (S)          μ and v over the last dimensions, whose sizes S are given
    z = r (x - μ),  r = (v + ε)^(-1/2),  y = w z + b

The rows take a matrix x (R, L) with one example per row.  ⟨a⟩ is the mean over the L elements of a row.

    p(u) = r (u - ⟨u⟩ - z ⟨u z⟩)    maps the gradient u of z to that of x; ⟨h p(u)⟩ = ⟨p(h) u⟩
    dx = p(g w),   dw = Σ_R g z,   db = Σ_R g

One row computes all three.  Its kernel reads g and x once, and computes μ and r again while a row is in cache.
With h, k and m the gradients of dx, dw and db, its own gradients are

    dg = w p(h) + k z + m,   dw = Σ_R g p(h)
    dx = p(g k) - r (z ⟨h p(g w)⟩ + p(h) ⟨g w z⟩ + p(g w) ⟨h z⟩)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads, short_vectors
from autograd.kernels.rows import row_moments, row_standardized
from autograd.kernels.sums import STEPS, flush
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.reduce import mean, sum
from autograd.ops.shape import reshape
from autograd.ops.shared.normalize import check_norm, scale_reference, standardize_reference
from autograd.ops.shared.samples import optional, spread_out
from autograd.types import Array, Gradient, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

BLOCK = 8192  # minimum number of elements for one thread
TOGETHER = 2048  # elements that are worked on at a time
GRAD_PARTS = 16  # most parts of a gradient: each leaves two sums of L numbers to be added
FAR = 16  # squared distance of near from the mean, in variances, from which the sums are computed again


def _rows_reference(x: Array, w: Array | None, b: Array | None, *, eps: float) -> Array:
    return _reference(x, x.shape[1:], w, b, eps=eps)


def _grad_reference(g: Array, x: Array, w: Array | None, *, eps: float) -> tuple[Array, Array, Array]:
    many = max(1, x.shape[1])
    z, _, var = standardize_reference(x, (1,), eps)
    u = g if w is None else g * w
    of_mean = u.sum(axis=1, keepdims=True) / many
    of_var = (u * z).sum(axis=1, keepdims=True) / many
    return (u - of_mean - z * of_var) / np.sqrt(var + eps), (g * z).sum(axis=0), g.sum(axis=0)


@kernel()
def _together(x, most):
    """Rows that are worked on at a time, at most `most`.  They stay in the first-level cache."""
    return max(1, min(most, TOGETHER // max(1, x.shape[1])))


@kernel()
def _statistics(x, first, last, eps, near, rest, r):
    """near, rest and r of rows: z = r (row - near) - rest.

    near is the mean of four numbers of the row.  The sums are of the differences from it, so that few digits cancel in
    the variance.  If many do, near was far from the mean, and the sums are computed again with a better one.

    The sum of a row waits for its last addition.  The processor meanwhile begins with the next row, so this loop is
    over several rows.
    """
    many = x.shape[1]
    if not many:
        return
    share = 1 / many
    for k in range(last - first):
        row = x[first + k]
        some = (row[0] + row[many // 4]) + (row[many // 2] + row[many - 1])
        middle = x.dtype.type(0.25) * some
        total, square = row_moments(row, middle)
        mean, square = total * share, square * share
        if mean * mean > FAR * (square - mean * mean):
            middle += x.dtype.type(mean)
            total, square = row_moments(row, middle)
            mean, square = total * share, square * share
        variance = square - mean * mean
        scale = 1 / np.sqrt((0 if variance < 0 else variance) + eps)  # NaN if the row has inf
        near[k], rest[k], r[k] = middle, scale * mean, scale


@kernel()
def _normalize_rows(x, w, b, eps, begin, end, numbers, y):
    """y = w z + b of rows begin to end - 1.  numbers (3, K) is memory for K rows at a time."""
    near, rest, r = numbers[0], numbers[1], numbers[2]
    together = numbers.shape[1]
    for first in range(begin, end, together):
        last = min(first + together, end)
        _statistics(x, first, last, eps, near, rest, r)
        for k in range(last - first):
            row, out, middle, shift, scale = x[first + k], y[first + k], near[k], rest[k], r[k]
            for i in range(len(out)):
                out[i] = (scale * (row[i] - middle) - shift) * w[i] + b[i]


@kernel(parallel=True, allocates=True)
def _normalize(x, w, b, eps, parts, y):
    """y = w z + b, with the rows in `parts` parts."""
    threads = limit_threads(parts)
    for part in prange(parts):
        numbers = np.empty((3, _together(x, 4)), x.dtype)
        _normalize_rows(x, w, b, eps, part * len(x) // parts, (part + 1) * len(x) // parts, numbers, y)
    set_threads(threads)


@kernel()
def _grad_of_rows(g, x, w, eps, begin, end, numbers, lanes, dx, products, total):
    """dx of rows begin to end - 1, and Σ g z and Σ g over them, in float64.

    numbers (5, K) and lanes (2, L) are memory; K rows are worked on at a time.
    """
    short_vectors()
    many, kind, together = x.shape[1], x.dtype.type, numbers.shape[1]
    near, rest, r, mean_u, mean_uz = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    some_products, some, steps = lanes[0], lanes[1], 0
    lanes[:] = 0
    products[:] = 0
    total[:] = 0
    for first in range(begin, end, together):
        last = min(first + together, end)
        _statistics(x, first, last, eps, near, rest, r)
        for k in range(last - first):
            g_row, out = g[first + k], dx[first + k]
            for i in range(len(out)):  # u = g w, stored: fused with the subtraction below, it would not cancel the mean
                out[i] = g_row[i] * w[i]
            sum_u, sum_uz = row_standardized(out, x[first + k], near[k], r[k], rest[k])
            mean_u[k], mean_uz[k] = kind(sum_u / many), kind(sum_uz / many)
        for k in range(last - first):
            row, g_row, out = x[first + k], g[first + k], dx[first + k]
            middle, shift, scale, of_u, of_uz = near[k], rest[k], r[k], mean_u[k], mean_uz[k]
            for i in range(len(out)):
                z = scale * (row[i] - middle) - shift
                out[i] = scale * (out[i] - of_u - z * of_uz)
                some_products[i] += g_row[i] * z
                some[i] += g_row[i]
        steps += together
        if steps > STEPS - together or last == end:
            steps = 0
            flush(some_products, products)
            flush(some, total)


@kernel(parallel=True, allocates=True)
def _normalize_grad(g, x, w, eps, parts, dx, sums):
    """dx, and sums (2, B, L) in float64: Σ g z and Σ g over each of B parts of the rows."""
    threads = limit_threads(parts)
    for part in prange(parts):
        numbers, lanes = np.empty((5, _together(x, 2)), x.dtype), np.empty((2, x.shape[1]), x.dtype)
        begin, end = part * len(x) // parts, (part + 1) * len(x) // parts
        _grad_of_rows(g, x, w, eps, begin, end, numbers, lanes, dx, sums[0, part], sums[1, part])
    set_threads(threads)


def _parts(x: Array) -> int:
    return max(1, min(len(x), blocks(x.size, BLOCK)))


def _forward(x: Array, w: Array | None, b: Array | None, *, eps: float) -> Array:
    y, length = np.empty(x.shape, x.dtype), x.shape[1]
    w = np.ones(length, x.dtype) if w is None else dense(w)
    b = np.zeros(length, x.dtype) if b is None else dense(b)
    _normalize(dense(x), w, b, eps, _parts(x), y)
    return y


def _backward(ctx: Context, g: Tensor, *, eps: float) -> tuple[Gradient, ...]:
    gradients = _layer_norm_rows_grad_op(g, *ctx.saved_tensors, eps=eps)
    return tuple(d if needed else None for d, needed in zip(gradients, ctx.needs_input_grad, strict=True))


def _grad_forward(g: Array, x: Array, w: Array | None, *, eps: float) -> tuple[Array, Array, Array]:
    dx, sums = np.empty(x.shape, x.dtype), np.empty((2, min(GRAD_PARTS, _parts(x)), x.shape[1]))
    w = np.ones(x.shape[1], x.dtype) if w is None else dense(w)
    _normalize_grad(dense(g), dense(x), w, eps, sums.shape[1], dx, sums)
    dw, db = sums.sum(axis=1).astype(x.dtype)
    return dx, dw, db


def _grad_backward(ctx: Context, h: Tensor, k: Tensor, m: Tensor, *, eps: float) -> tuple[Gradient, ...]:
    g, x, w = ctx.saved_tensors
    d = x - mean(x, 1, True)
    r = (mean(d * d, 1, True) + eps) ** -0.5
    z = d * r
    u = g if w is None else g * w
    of_h, of_u = (_layer_norm_rows_grad_op(a, x, None, eps=eps)[0] for a in (h, u))
    dg = dx = None
    if ctx.needs_input_grad[0]:
        dg = (of_h if w is None else w * of_h) + k * z + m
    if ctx.needs_input_grad[1]:
        dx = z * mean(h * of_u, 1, True) + of_h * mean(u * z, 1, True) + of_u * mean(h * z, 1, True)
        dx = _layer_norm_rows_grad_op(g, x, k, eps=eps)[0] - r * dx
    return dg, dx, sum(g * of_h, 0) if ctx.needs_input_grad[2] else None


def _rows_sample(draw: Draw) -> Sample:
    shape = draw.size(0, 3), draw.choice(2, 1, 3, 70)
    w, b = optional(draw, shape[1]), optional(draw, shape[1])
    return Sample((spread_out(draw.tensor(*shape)), w, b), {"eps": 1e-5 if shape[1] > 1 else 0.5})


def _grad_sample(draw: Draw) -> Sample:
    (x, w, _), params = (rows := _rows_sample(draw)).inputs, rows.params
    return Sample((draw.tensor(*x.shape), x, w), params)


_layer_norm_rows_op = register(
    Op(
        name="layer_norm_rows",
        forward=_forward,
        backward=_backward,
        saves=(0, 1),
        reference=_rows_reference,
        sample=_rows_sample,
        flops=8,  # add, subtract, square, add; then multiply twice, add
    )
)

_layer_norm_rows_grad_op: Op = register(
    Op(
        name="layer_norm_rows_grad",
        forward=_grad_forward,
        backward=_grad_backward,
        saves=(0, 1, 2),
        reference=_grad_reference,
        sample=_grad_sample,
        flops=17,
    )
)


# ── the function ───────────────────────────────────────────────────────────────────────


def _reference(
    x: Array, normalized_shape: Sequence[int], w: Array | None = None, b: Array | None = None, *, eps: float = 1e-5
) -> Array:
    dims = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    return scale_reference(standardize_reference(x, dims, eps)[0], w, b)


@in_float32
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Apply layer normalization: (input - mean) / √(var + eps) · weight + bias.

    Mean and variance are those of the last dimensions of each example.

    Parameters
    ----------
    input : Tensor of float, (…, *normalized_shape)
    normalized_shape : sequence of int
        Sizes of the dimensions to normalize over.
    weight, bias : Tensor, of shape normalized_shape, optional
    eps : float
        Added to the variance, for numerical stability.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    Ba, Kiros and Hinton, "Layer Normalization", 2016, equations 3 and 4.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.layer_norm(autograd.tensor([1.0, 2.0, 3.0]), (3,))
    tensor([-1.2247,  0.0000,  1.2247])
    """
    check_arrays("layer_norm", input=input)
    if not isinstance(normalized_shape, tuple | list) or not normalized_shape:
        raise TypeError(f"layer_norm: normalized_shape is a tuple of at least one size, not {normalized_shape!r}")
    shape, sizes = tuple(input.shape), tuple(normalized_shape)
    if shape[-len(sizes) :] != sizes:
        raise ValueError(f"layer_norm: input of shape {shape} does not end in normalized_shape {sizes}")
    check_norm("layer_norm", input, eps, sizes, weight=weight, bias=bias)
    many = math.prod(sizes)
    rows = _in_shape(input, (math.prod(shape[: -len(sizes)]), many))
    y = _layer_norm_rows_op(rows, _in_shape(weight, (many,)), _in_shape(bias, (many,)), eps=eps)
    return _in_shape(y, shape)


def _in_shape(x: Any, shape: Shape) -> Any:
    """x in this shape, or None for None.  Without a node in the graph if x has the shape already."""
    return x if x is None or tuple(x.shape) == shape else reshape(x, shape)


def _sample(draw: Draw) -> Sample:
    lead, sizes = draw.shape(0, 2, least=0), (*draw.shape(0, 1), draw.choice(2, 1, 3, 33))
    w, b = optional(draw, *sizes), optional(draw, *sizes)
    x = spread_out(draw.tensor(*lead, *sizes))
    return Sample((x, sizes, w, b), {"eps": 1e-5 if sizes[-1] > 1 else 0.5})


def _bad(x: Array, sizes: Any, error: type[Exception], *words: str, w: Any = None) -> BadSample:
    return BadSample((x, sizes, w), {}, error, ("layer_norm", *words))


register(
    Composite(
        name="layer_norm",
        function=layer_norm,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad(np.ones((3, 4)), (3,), ValueError, "(3, 4)", "(3,)"),
            _bad(np.ones((3, 4)), 4, TypeError, "tuple", "4"),
            _bad(np.ones((3, 4)), (), TypeError, "at least one", "()"),
            _bad(np.ones((3, 4)), (4,), ValueError, "weight", "(3,)", "(4,)", w=np.ones(3)),
            _bad(np.ones((3, 4), int), (4,), TypeError, "int64", ".float()"),
        ],
    )
)
