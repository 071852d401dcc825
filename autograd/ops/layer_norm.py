"""Layer normalization: the last dimensions of every example brought to mean 0 and variance 1.

    x (…, *S), w and b (S)          μ and v over the last dimensions, whose sizes S are given
    z = r (x - μ),  r = (v + ε)^(-1/2),  y = w z + b

The rows take a matrix x (R, L), an example a row; ⟨a⟩ is the mean over the L numbers of a row.

    p(u) = r (u - ⟨u⟩ - z ⟨u z⟩)    what the gradient u of z makes of that of x; ⟨h p(u)⟩ = ⟨p(h) u⟩
    dx = p(g w),   dw = Σ_R g z,   db = Σ_R g

All three are one row, with a kernel that reads g and x once and finds μ and r anew, while a row is in
cache.  Its own gradients, for those h, k and m of dx, dw and db:

    dg = w p(h) + k z + m,   dw = Σ_R g p(h)
    dx = p(g k) - r (z ⟨h p(g w)⟩ + p(h) ⟨g w z⟩ + p(g w) ⟨h z⟩)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import LANES, STEPS
from autograd.op import BadSample, Composite, Op, Sample, check_arrays, register
from autograd.ops.batch_norm import check_parts, spread_out
from autograd.ops.elementwise import check_eps
from autograd.ops.reduce import mean, sum
from autograd.ops.shape import reshape

if TYPE_CHECKING:
    from autograd.tensor import Tensor

BLOCK = 8192  # least numbers worth a thread's while


def _rows_reference(x: Any, w: Any, b: Any, *, eps: float) -> Any:
    return _reference(x, x.shape[1:], w, b, eps=eps)


def _grad_reference(g: Any, x: Any, w: Any, *, eps: float) -> Any:
    many = max(1, x.shape[1])
    d = x - x.sum(axis=1, keepdims=True) / many
    r = 1 / np.sqrt((d * d).sum(axis=1, keepdims=True) / many + eps)
    u = g if w is None else g * w
    of_mean = u.sum(axis=1, keepdims=True) / many
    of_var = (u * d * r).sum(axis=1, keepdims=True) / many
    return r * (u - of_mean - d * r * of_var), (g * d * r).sum(axis=0), g.sum(axis=0)


@kernel()
def _sum(lanes):
    """Σ of LANES numbers, which become 0."""
    half = LANES // 2
    while half:
        for i in range(half):
            lanes[i] += lanes[half + i]
        half //= 2
    total = np.float64(lanes[0])
    lanes[:] = 0
    return total


@kernel()
def _means(a, b, lanes, more):
    """⟨a⟩ and ⟨a b⟩ in float64, from LANES sums side by side, 0 before and after, of at most STEPS numbers each."""
    whole = len(a) - len(a) % LANES
    total = product = 0.0
    for start in range(0, whole, LANES):
        some, others = a[start : start + LANES], b[start : start + LANES]
        for i in range(LANES):
            lanes[i] += some[i]
            more[i] += some[i] * others[i]
        if start // LANES % STEPS == STEPS - 1:
            total += _sum(lanes)
            product += _sum(more)
    for i in range(whole, len(a)):
        lanes[i - whole] += a[i]
        more[i - whole] += a[i] * b[i]
    return (total + _sum(lanes)) / len(a), (product + _sum(more)) / len(a)


@kernel()
def _standardize(row, eps, lanes, more, z):
    """z = r (row - μ); return r.  A first mean, off by its last digits perhaps, makes the numbers small."""
    kind = row.dtype.type
    near = kind(_means(row, row, lanes, more)[0])
    for i in range(len(row)):
        z[i] = row[i] - near
    mean, square = _means(z, z, lanes, more)
    r, rest = kind(1 / np.sqrt(max(0.0, square - mean * mean) + eps)), kind(mean)
    for i in range(len(row)):
        z[i] = r * (z[i] - rest)
    return r


@kernel(parallel=True)
def _normalize(x, w, b, eps, parts, y):
    """y = w z + b, on `parts` parts of the rows."""
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes, more = np.zeros(LANES, x.dtype), np.zeros(LANES, x.dtype)
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            out = y[n]
            _standardize(x[n], eps, lanes, more, out)
            for i in range(len(out)):
                out[i] = out[i] * w[i] + b[i]
    set_threads(threads)


@kernel(parallel=True)
def _normalize_grad(g, x, w, eps, parts, dx, sums):
    """dx, and sums (2, B, L), in float64, of g z and of g over each of B parts of the rows."""
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes, more, z = np.zeros(LANES, x.dtype), np.zeros(LANES, x.dtype), np.empty(x.shape[1], x.dtype)
        products, total = sums[0, part], sums[1, part]
        products[:] = 0
        total[:] = 0
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            g_row, u = g[n], dx[n]
            r = _standardize(x[n], eps, lanes, more, z)
            for i in range(len(z)):
                u[i] = g_row[i] * w[i]
                total[i] += g_row[i]
                products[i] += g_row[i] * z[i]
            mean, slope = _means(u, z, lanes, more)
            of_mean, of_var = x.dtype.type(mean), x.dtype.type(slope)
            for i in range(len(z)):
                u[i] = r * (u[i] - of_mean - z[i] * of_var)
    set_threads(threads)


def _parts(x: Any) -> int:
    return max(1, min(len(x), blocks(x.size, BLOCK)))


def _forward(x: Any, w: Any, b: Any, *, eps: float) -> Any:
    y, length = np.empty(x.shape, x.dtype), x.shape[1]
    w = np.ones(length, x.dtype) if w is None else dense(w)
    b = np.zeros(length, x.dtype) if b is None else dense(b)
    _normalize(dense(x), w, b, eps, _parts(x), y)
    return y


def _backward(ctx: Any, g: Any, *, eps: float) -> Any:
    dx, dw, db = _rows_grad(g, *ctx.saved_tensors, eps=eps)
    return (
        dx if ctx.needs_input_grad[0] else None,
        dw if ctx.needs_input_grad[1] else None,
        db if ctx.needs_input_grad[2] else None,
    )


def _grad_forward(g: Any, x: Any, w: Any, *, eps: float) -> Any:
    dx, sums = np.empty(x.shape, x.dtype), np.empty((2, _parts(x), x.shape[1]))
    w = np.ones(x.shape[1], x.dtype) if w is None else dense(w)
    _normalize_grad(dense(g), dense(x), w, eps, sums.shape[1], dx, sums)
    dw, db = sums.sum(axis=1).astype(x.dtype)
    return dx, dw, db


def _grad_backward(ctx: Any, h: Any, k: Any, m: Any, *, eps: float) -> Any:
    g, x, w = ctx.saved_tensors
    d = x - mean(x, 1, True)
    r = (mean(d * d, 1, True) + eps) ** -0.5
    z = d * r
    u = g if w is None else g * w
    of_h, of_u = (_rows_grad(a, x, None, eps=eps)[0] for a in (h, u))
    dg = dx = None
    if ctx.needs_input_grad[0]:
        dg = (of_h if w is None else w * of_h) + k * z + m
    if ctx.needs_input_grad[1]:
        dx = z * mean(h * of_u, 1, True) + of_h * mean(u * z, 1, True) + of_u * mean(h * z, 1, True)
        dx = _rows_grad(g, x, k, eps=eps)[0] - r * dx
    return dg, dx, sum(g * of_h, 0) if ctx.needs_input_grad[2] else None


def _rows_sample(draw: Any) -> Sample:
    shape = draw.size(0, 3), draw.choice(2, 1, 3, 70)
    w, b = (draw.tensor(shape[1]) if draw.choice(True, False) else None for _ in range(2))
    return Sample((spread_out(draw.tensor(*shape)), w, b), {"eps": 1e-5 if shape[1] > 1 else 0.5})


def _grad_sample(draw: Any) -> Sample:
    (x, w, _), params = (rows := _rows_sample(draw)).inputs, rows.params
    return Sample((draw.tensor(*x.shape), x, w), params)


_rows = register(
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

_rows_grad: Op = register(
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


def _reference(x: Any, normalized_shape: Sequence[int], w: Any = None, b: Any = None, *, eps: float = 1e-5) -> Any:
    dims = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    many = max(1, math.prod(normalized_shape))
    d = x - x.sum(axis=dims, keepdims=True) / many
    y = d / np.sqrt((d**2).sum(axis=dims, keepdims=True) / many + eps)
    return (y if w is None else y * w) + (0 if b is None else b)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, with mean and variance over the last dimensions.

    Parameters
    ----------
    input : Tensor of float, (…, *normalized_shape)
    normalized_shape : sequence of int
        The sizes of the dimensions to normalize over.
    weight, bias : Tensor, of shape normalized_shape, optional
    eps : float
        Keeps a variance of 0 from being divided by.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        Where shapes or dtypes do not fit.

    References
    ----------
    Ba, Kiros and Hinton, "Layer Normalization", 2016, equations 3 and 4.
    """
    check_arrays("layer_norm", input=input)
    if not isinstance(normalized_shape, tuple | list) or not normalized_shape:
        raise TypeError(f"layer_norm: normalized_shape is a tuple of at least one size, not {normalized_shape!r}")
    shape, sizes = tuple(input.shape), tuple(normalized_shape)
    if shape[-len(sizes) :] != sizes:
        raise ValueError(f"layer_norm: input of shape {shape} does not end in normalized_shape {sizes}")
    check_eps("layer_norm", eps)
    check_parts("layer_norm", input, sizes, weight=weight, bias=bias)
    many = math.prod(sizes)
    rows = _shaped(input, (math.prod(shape[: -len(sizes)]), many))
    return _shaped(_rows(rows, _shaped(weight, (many,)), _shaped(bias, (many,)), eps=eps), shape)


def _shaped(x: Any, shape: tuple[int, ...]) -> Any:
    return x if x is None or tuple(x.shape) == shape else reshape(x, shape)


def _sample(draw: Any) -> Sample:
    lead, sizes = draw.shape(0, 2, least=0), (*draw.shape(0, 1), draw.choice(2, 1, 3, 33))
    w, b = (draw.tensor(*sizes) if draw.choice(True, False) else None for _ in range(2))
    x = spread_out(draw.tensor(*lead, *sizes))
    return Sample((x, sizes, w, b), {"eps": 1e-5 if sizes[-1] > 1 else 0.5})


def _bad(x: Any, sizes: Any, error: type[Exception], *words: str, w: Any = None) -> BadSample:
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
