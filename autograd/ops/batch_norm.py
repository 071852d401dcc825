"""Batch normalization: every channel brought to mean 0 and variance 1 over images and pixels.

    x (N, C, …), w and b (C)            sums over all but channels, M numbers each
    μ = Σ x / M,  v = Σ (x - μ)² / M,  r = (v + ε)^(-1/2)          all (C)
    y = w r (x - μ) + b
    db = Σ g,   dw = r Σ g (x - μ)
    dx = w r g  +  (2 dv - w r³ Σ g (x - μ)) / M · (x - μ)  +  (dμ - w r Σ g) / M

where g, dμ and dv are the gradients of y, μ and v, all three of which the row returns.  So what
is large is of two forms, each a row with a kernel: the two sums of a channel, and
a g + k (x - μ) + d with a number each for a channel.  Both are linear in each of their inputs,
each is made of the other when it is differentiated, and what is between them is small.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.grad_mode import no_grad
from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import LANES, STEPS, flush
from autograd.op import BadSample, Composite, Op, Sample, check_arrays, register
from autograd.ops.elementwise import check_eps, check_float, clone
from autograd.ops.reduce import sum

if TYPE_CHECKING:
    from autograd.tensor import Tensor

BLOCK = 8192  # least numbers worth a thread's while


# ── the two sums of every channel ──────────────────────────────────────────────────────


def _planes(x: Any) -> Any:
    return dense(x).reshape(*x.shape[:2], math.prod(x.shape[2:]))


def _all_but_channels(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _column(a: Any, x: Any) -> Any:
    """The numbers of the channels, of shape (C, 1, …) to go with x."""
    return a.reshape(-1, *(1,) * (x.ndim - 2))


def _sums_reference(g: Any, x: Any, mean: Any) -> Any:
    dims = _all_but_channels(x)
    return g.sum(axis=dims), (g * (x - _column(mean, x))).sum(axis=dims)


@kernel(parallel=True)
def _sums(g, x, mean, parts, sums):
    """sums (2, B, C): of g and of g (x - mean) over each of B parts of the images, in float64."""
    channels, pixels = x.shape[1], x.shape[2]
    threads = limit_threads(x.size // BLOCK)
    for unit in prange(parts * channels):
        part, c = unit // channels, unit % channels
        total, product, middle, steps = np.zeros(LANES), np.zeros(LANES), mean[c], 0
        some_total, some_product = np.zeros(LANES, x.dtype), np.zeros(LANES, x.dtype)
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row, g_row = x[n, c], g[n, c]
            for start in range(0, pixels, LANES):
                some, g_some = row[start : start + LANES], g_row[start : start + LANES]
                for k in range(len(some)):
                    some_total[k] += g_some[k]
                    some_product[k] += g_some[k] * (some[k] - middle)
                steps += 1
                if steps % STEPS == 0:
                    flush(some_total, total)
                    flush(some_product, product)
        flush(some_total, total)
        flush(some_product, product)
        sums[0, part, c] = total.sum()
        sums[1, part, c] = product.sum()
    set_threads(threads)


@kernel(parallel=True)
def _sums_of_columns(g, x, mean, parts, sums):
    """The same of x (N, C), whose channels lie side by side in memory: LANES of them at a time."""
    groups = -(-x.shape[1] // LANES)
    threads = limit_threads(x.size // BLOCK)
    for unit in prange(parts * groups):
        part, c = unit // groups, unit % groups * LANES
        middle, total, product = mean[c : c + LANES], sums[0, part, c : c + LANES], sums[1, part, c : c + LANES]
        total[:] = 0
        product[:] = 0
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            some, g_some = x[n, c : c + LANES], g[n, c : c + LANES]
            for k in range(len(some)):
                total[k] += g_some[k]
                product[k] += np.float64(g_some[k]) * (some[k] - middle[k])
    set_threads(threads)


def _parts(x: Any) -> int:
    """Into how many parts to cut the images, where channels alone are too few for the threads."""
    return max(1, min(len(x), blocks(x.size, BLOCK) // max(1, x.shape[1])))


def _sums_forward(g: Any, x: Any, mean: Any) -> Any:
    sums, (g, x) = np.empty((2, _parts(x), x.shape[1])), (_planes(a) for a in (g, x))
    if x.shape[2] == 1:
        _sums_of_columns(g[:, :, 0], x[:, :, 0], dense(mean), sums.shape[1], sums)
    else:
        _sums(g, x, dense(mean), sums.shape[1], sums)
    total, product = sums.sum(axis=1).astype(x.dtype)
    return total, product


def _sums_backward(ctx: Any, total: Any, product: Any) -> Any:
    g, x, mean = ctx.saved_tensors
    return (
        affine(x, mean, product, total) if ctx.needs_input_grad[0] else None,
        affine(g, None, product, None) if ctx.needs_input_grad[1] else None,
        -product * sum(g, _all_but_channels(x)) if ctx.needs_input_grad[2] else None,
    )


# ── a g + k (x - μ) + d ────────────────────────────────────────────────────────────────


def _affine_reference(x: Any, mean: Any, scale: Any, shift: Any, g: Any, g_scale: Any) -> Any:
    y = _column(scale, x) * (x if mean is None else x - _column(mean, x))
    y = y if shift is None else y + _column(shift, x)
    return y if g is None else y + _column(g_scale, x) * g


@kernel(parallel=True)
def _affine(x, mean, scale, shift, g, g_scale, relu, parts, y):
    """g (N, C, L), or (0, 0, 0) for none; parts of the N · C planes.  With relu max(y, 0), where there is no g."""
    channels, planes = x.shape[1], len(x) * x.shape[1]
    threads = limit_threads(parts)
    for part in prange(parts):
        for plane in range(part * planes // parts, (part + 1) * planes // parts):
            n, c = plane // channels, plane % channels
            xs, ys, middle, slope, constant = x[n, c], y[n, c], mean[c], scale[c], shift[c]
            if len(g):
                gs, g_slope = g[n, c], g_scale[c]
                for i in range(len(xs)):
                    ys[i] = g_slope * gs[i] + (slope * (xs[i] - middle) + constant)
            elif relu:
                for i in range(len(xs)):
                    value = slope * (xs[i] - middle) + constant
                    ys[i] = 0 if value <= 0 else value
            else:
                for i in range(len(xs)):
                    ys[i] = slope * (xs[i] - middle) + constant
    set_threads(threads)


@kernel(parallel=True)
def _affine_of_columns(x, mean, scale, shift, g, g_scale, relu, parts, y):
    """The same of x (N, C), and g (N, C) or (0, 0)."""
    threads = limit_threads(parts)
    for part in prange(parts):
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            xs, ys = x[n], y[n]
            if len(g):
                gs = g[n]
                for c in range(len(xs)):
                    ys[c] = g_scale[c] * gs[c] + (scale[c] * (xs[c] - mean[c]) + shift[c])
            else:
                for c in range(len(xs)):
                    value = scale[c] * (xs[c] - mean[c]) + shift[c]
                    ys[c] = 0 if relu and value <= 0 else value
    set_threads(threads)


def _affine_forward(x: Any, mean: Any, scale: Any, shift: Any, g: Any, g_scale: Any, relu: bool = False) -> Any:
    y, zeros = np.empty(x.shape, x.dtype), np.zeros(x.shape[1], x.dtype)
    numbers = [zeros if a is None else dense(a) for a in (mean, scale, shift, g_scale)]
    x, g, out = _planes(x), np.empty((0, 0, 0), x.dtype) if g is None else _planes(g), _planes(y)
    run = _affine
    if x.shape[2] == 1:
        run, (x, g, out) = _affine_of_columns, (a.reshape(a.shape[:2]) for a in (x, g, out))
    run(x, *numbers[:3], g, numbers[3], relu, blocks(x.size, BLOCK), out)
    return y


def _affine_backward(ctx: Any, h: Any) -> Any:
    x, mean, scale, g, g_scale = ctx.saved_tensors
    dmean = dscale = dshift = dg_scale = None
    if any(ctx.needs_input_grad[1:4]):
        dshift, dscale = batch_norm_sums(h, x, _zeros(scale) if mean is None else mean)
        dmean = -scale * dshift if ctx.needs_input_grad[1] else None
    if ctx.needs_input_grad[5]:
        dg_scale = batch_norm_sums(h, g, _zeros(scale))[1]
    dx = affine(h, None, scale, None) if ctx.needs_input_grad[0] else None
    dg = affine(h, None, g_scale, None) if ctx.needs_input_grad[4] else None
    return dx, dmean, dscale, dshift if ctx.needs_input_grad[3] else None, dg, dg_scale


def affine(x: Any, mean: Any, scale: Any, shift: Any, g: Any = None, g_scale: Any = None) -> Any:
    """scale (x - mean) + shift + g_scale g, a number of each for a channel; None for no mean, shift or g."""
    return _affine_op(x, mean, scale, shift, g, g_scale)


def _zeros(a: Any) -> Any:
    return np.zeros(a.shape, a.dtype)


# ── statistics, and what is made with them ─────────────────────────────────────────────


def training_reference(x: Any, w: Any, b: Any, *, eps: float) -> Any:
    dims, many = _all_but_channels(x), max(1, _count(x))
    mean = x.sum(axis=dims) / many
    var = ((x - _column(mean, x)) ** 2).sum(axis=dims) / many
    y = (x - _column(mean, x)) / np.sqrt(_column(var, x) + eps)
    y = y if w is None else y * _column(w, x)
    return y if b is None else y + _column(b, x), mean, var


def _count(x: Any) -> int:
    """M: how many numbers a channel has."""
    return len(x) * math.prod(x.shape[2:])


@kernel(parallel=True)
def _moments(x, parts, sums):
    """sums (3, B, C): of d = x - a and of d² over each of B parts of the images; and a.  In float64.

    a, the mean of the channel's first picture, lies within √N standard deviations of the mean: that
    much can cancel when the variance is taken from the sums, however far the numbers are from 0.
    """
    channels, pixels = x.shape[1], x.shape[2]
    threads = limit_threads(x.size // BLOCK)
    for unit in prange(parts * channels):
        part, c = unit // channels, unit % channels
        total, square, steps = np.zeros(LANES), np.zeros(LANES), 0
        some_total, some_square = np.zeros(LANES, x.dtype), np.zeros(LANES, x.dtype)
        for start in range(0, pixels, LANES):
            some = x[0, c, start : start + LANES]
            for k in range(len(some)):
                total[k] += some[k]
        a = x.dtype.type(total.sum() / pixels)
        a = a if np.isfinite(a) else x.dtype.type(0)
        total[:] = 0
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row = x[n, c]
            for start in range(0, pixels, LANES):
                some = row[start : start + LANES]
                for k in range(len(some)):
                    d = some[k] - a
                    some_total[k] += d
                    some_square[k] += d * d
                steps += 1
                if steps % STEPS == 0:
                    flush(some_total, total)
                    flush(some_square, square)
        flush(some_total, total)
        flush(some_square, square)
        sums[0, part, c] = total.sum()
        sums[1, part, c] = square.sum()
        sums[2, part, c] = a
    set_threads(threads)


@kernel(parallel=True)
def _moments_of_columns(x, parts, sums):
    """The same of x (N, C)."""
    groups = -(-x.shape[1] // LANES)
    threads = limit_threads(x.size // BLOCK)
    for unit in prange(parts * groups):
        part, c = unit // groups, unit % groups * LANES
        total, square = sums[0, part, c : c + LANES], sums[1, part, c : c + LANES]
        a = sums[2, part, c : c + LANES]
        for k in range(len(a)):
            a[k] = x[0, c + k] if np.isfinite(x[0, c + k]) else 0
        total[:] = 0
        square[:] = 0
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            some = x[n, c : c + LANES]
            for k in range(len(some)):
                d = some[k] - a[k]
                total[k] += d
                square[k] += d * d
    set_threads(threads)


def training_forward(x: Any, w: Any, b: Any, *, eps: float, relu: bool = False) -> Any:
    """y, mean and var; with relu, max(y, 0) in the place of y, in the same pass."""
    mean, var = _mean_and_var(_planes(x)) if x.size else np.zeros((2, x.shape[1]))
    scale = (1 if w is None else w) / np.sqrt(var + eps)
    mean, var, scale = (a.astype(x.dtype) for a in (mean, var, scale))
    return _affine_forward(x, mean, scale, b, None, None, relu), mean, var


def _mean_and_var(x: Any) -> Any:
    sums = np.empty((3, _parts(x), x.shape[1]))
    if x.shape[2] == 1:
        _moments_of_columns(x[:, :, 0], sums.shape[1], sums)
    else:
        _moments(x, sums.shape[1], sums)
    total, square = sums[:2].sum(axis=1) / _count(x)
    return sums[2, 0] + total, np.maximum(square - total * total, 0)


def training_backward(ctx: Any, g: Any, dmean: Any, dvar: Any, *, eps: float) -> Any:
    """The gradients of x, w and b from those of y, mean and var."""
    x, w, mean, var = ctx.saved_tensors[:4]
    r = (var + eps) ** -0.5
    scale = r if w is None else w * r
    total, product = batch_norm_sums(g, x, mean)
    dx = None
    if ctx.needs_input_grad[0]:
        many = max(1, _count(x))
        slope = (2 * dvar - scale * r * r * product) / many
        dx = affine(x, mean, slope, (dmean - scale * total) / many, g, scale)
    return dx, r * product if ctx.needs_input_grad[1] else None, total if ctx.needs_input_grad[2] else None


# ── rows ───────────────────────────────────────────────────────────────────────────────


def _some(draw: Any, *shape: int) -> Any:
    return draw.tensor(*shape) if draw.choice(True, False) else None


def _shape(draw: Any) -> tuple[int, ...]:
    return (draw.size(0, 3), draw.size(1, 3), *draw.choice((2,), (), (2, 3), (0,), (70,)))


def spread_out(x: Any) -> Any:
    """Numbers from -2 to 2, every other one 5 further, so that their variance is never nearly 0."""
    return x + 5 * (np.arange(x.size).reshape(x.shape) % 2)


def training_sample(draw: Any) -> Sample:
    n, c, *size = _shape(draw)
    x = np.moveaxis(spread_out(draw.tensor(c, n, *size)), 0, 1)
    return Sample((x, _some(draw, c), _some(draw, c)), {"eps": 1e-5 if _count(x) > 1 else 0.5})


def _sums_sample(draw: Any) -> Sample:
    shape = _shape(draw)
    return Sample((draw.tensor(*shape), draw.tensor(*shape), draw.tensor(shape[1])))


def _affine_sample(draw: Any) -> Sample:
    shape = _shape(draw)
    c = shape[1]
    g = (draw.tensor(*shape), draw.tensor(c)) if draw.choice(True, False) else (None, None)
    return Sample((draw.tensor(*shape), _some(draw, c), draw.tensor(c), _some(draw, c), *g))


batch_norm_training = register(
    Op(
        name="batch_norm_training",
        forward=training_forward,
        backward=training_backward,
        saves=(0, 1, ~1, ~2),
        reference=training_reference,
        sample=training_sample,
        flops=8,  # subtract, add, square, add; then subtract, multiply, add
    )
)

batch_norm_sums: Op = register(
    Op(
        name="batch_norm_sums",
        forward=_sums_forward,
        backward=_sums_backward,
        saves=(0, 1, 2),
        reference=_sums_reference,
        sample=_sums_sample,
        kind="multilinear",
        flops=4,
    )
)

_affine_op = register(
    Op(
        name="batch_norm_affine",
        forward=_affine_forward,
        backward=_affine_backward,
        saves=(0, 1, 2, 4, 5),
        reference=_affine_reference,
        sample=_affine_sample,
        kind="multilinear",
        flops=lambda inputs, y, **params: (3 if inputs[4] is None else 5) * y.size,
    )
)


# ── the function ───────────────────────────────────────────────────────────────────────


def check_parts(name: str, x: Any, shape: tuple[int, ...], **parts: Any) -> None:
    """Raise where x is not of floats, or a weight, bias or statistic not of its dtype and this shape."""
    check_float(name, x)
    for what, part in parts.items():
        if part is not None and (part.shape, part.dtype) != (shape, x.dtype):
            raise ValueError(
                f"{name}: {what} is {part.dtype} of shape {part.shape}; "
                f"input of shape {x.shape} and {x.dtype} needs it as {x.dtype} of shape {shape}"
            )


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, with a mean and a variance for each channel.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    running_mean, running_var : Tensor, (C,), or None
        In training they are moved, in place, towards the batch's mean and its variance (the one
        with M - 1); otherwise they are what is normalized with.
    weight, bias : Tensor, (C,), optional
    training : bool
        Normalize with the batch's own mean and variance (the one with M).
    momentum : float
        The share of the batch in the new running statistics.
    eps : float
        Keeps a variance of 0 from being divided by.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        Where shapes or dtypes do not fit; in training, if a channel has only one number.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift", 2015, algorithm 1.
    """
    return normalize(
        "batch_norm", batch_norm_training, input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def normalize(
    name: str,
    row: Op,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """batch_norm, for the function of this name and by this row where training."""
    check_arrays(name, input=input)
    if input.ndim < 2:
        raise ValueError(f"{name}: expects input (N, C, …), got shape {tuple(input.shape)}")
    c, many = input.shape[1], _count(input)
    check_eps(name, eps)
    check_parts(name, input, (c,), running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError(f"{name}: running_mean and running_var must be given where training is False")
        with no_grad():  # what was counted is no parameter; a copy, since it may be counted on before backward
            mean, r = clone(running_mean), (running_var + eps) ** -0.5
        return affine(input, mean, r if weight is None else weight * r, bias)
    if many == 1:
        raise ValueError(
            f"{name}: Expected more than 1 value per channel when training, got input of shape "
            f"{tuple(input.shape)}; train with larger batches, or normalize with running statistics (.eval())"
        )
    y, mean, var = row(input, weight, bias, eps=eps)
    if many:
        _update(running_mean, mean, momentum)
        _update(running_var, var * (many / (many - 1)), momentum)
    return y


def _update(running: Tensor | None, new: Tensor, momentum: float) -> None:
    if running is not None:
        with no_grad():
            running.copy_((1 - momentum) * running + momentum * new)


def with_statistics(function: Any) -> Any:
    """batch_norm as its tests call it: running statistics are given as numbers, for they have no gradient."""

    def run(x: Any, w: Any, b: Any, *, running: Any, **params: Any) -> Any:
        mean, var = (np.array(r, x.dtype) if r else None for r in running)
        return function(x, mean, var, w, b, **params)

    return run


def function_reference(x: Any, w: Any, b: Any, *, running: Any, training: bool, eps: float = 1e-5) -> Any:
    if training:
        return training_reference(x, w, b, eps=eps)[0]
    mean, var = (_column(np.array(r), x) for r in running)
    y = (x - mean) / np.sqrt(var + eps)
    y = y if w is None else y * _column(w, x)
    return y if b is None else y + _column(b, x)


def function_sample(draw: Any) -> Sample:
    training, c, size = draw.choice(True, False), draw.size(1, 3), draw.choice((2,), (), (2, 3), (1, 2, 1))
    n = draw.size(2, 3) if training and not size else draw.size(0, 3)
    x = np.moveaxis(spread_out(draw.tensor(c, n, *size)), 0, 1)
    running = (None, None) if training else (draw.tensor(c).tolist(), draw.tensor(c, low=0.5, high=3).tolist())
    params = {"running": running, "training": training} | draw.choice({}, {"eps": 0.1})
    return Sample((x, _some(draw, c), _some(draw, c)), params)


def _bad(shape: tuple[int, ...], *words: str, w: Any = None, dtype: Any = float, **params: Any) -> BadSample:
    params = {"running": (None, None), "training": True, **params}
    return BadSample(
        (np.ones(shape, dtype), w, None), params, TypeError if dtype is int else ValueError, ("batch_norm", *words)
    )


register(
    Composite(
        name="batch_norm",
        function=with_statistics(batch_norm),
        reference=function_reference,
        sample=function_sample,
        bad_samples=[
            _bad((1, 3), "more than 1 value per channel when training", "(1, 3)"),
            _bad((2, 3), "running_mean and running_var must be given", training=False),
            _bad((3,), "(N, C, …)", "(3,)"),
            _bad((2, 3), "running_mean", "(4,)", "(2, 3)", running=([1.0] * 4, None)),
            _bad((2, 3), "weight", "(4,)", "(3,)", w=np.ones(4)),
            _bad((2, 3), "weight is float32", "float64", w=np.ones(3, np.float32)),
            _bad((2, 3), "int64", ".float()", dtype=int),
        ],
    )
)
