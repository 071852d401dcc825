"""Batch normalization: standardizes every channel over all images and pixels.

    x (N, C, …), w and b (C)        sums are over all dimensions but channels, M elements each
    μ = Σ x / M,  v = Σ (x - μ)² / M,  r = (v + ε)^(-1/2)          all (C)
    y = w r (x - μ) + b
    db = Σ g,   dw = r Σ g (x - μ)
    dx = w r g  +  (2 dv - w r³ Σ g (x - μ)) / M · (x - μ)  +  (dμ - w r Σ g) / M

g, dμ and dv are the gradients of y, μ and v: the row of training returns all three.

The work on whole images takes two forms, and each is a row with a kernel (autograd/kernels/channels.py): the two sums
of a channel, and the map a g + k (x - μ) + d with one a, k and d for a channel.  Both are linear in each input, and
the gradient of each is made of the other.

batch_norm_relu is relu(batch_norm(x)), in training with one pass over memory less: g becomes 0 where y is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.grad_mode import no_grad
from autograd.kernels.channels import channel_affine, channel_moments, channel_sums
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.elementwise import clone
from autograd.ops.functions import rsqrt
from autograd.ops.reduce import sum
from autograd.ops.relu import relu, relu_input_grad
from autograd.ops.shared.normalize import check_norm, scale_reference, standardize_reference, update_running
from autograd.ops.shared.samples import KINK, optional, spread_out
from autograd.types import Array, Gradient, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _all_but_channels(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _column(a: Array, x: Array) -> Array:
    """The numbers of the channels in shape (C, 1, …), which broadcasts with x."""
    return a.reshape(-1, *(1,) * (x.ndim - 2))


def _count(x: Any) -> int:
    """M, the number of elements of a channel."""
    return len(x) * math.prod(x.shape[2:])


def _draw_shape(draw: Draw) -> Shape:
    return (draw.size(0, 3), draw.size(1, 3), *draw.choice((2,), (), (2, 3), (0,), (70,)))


# ── the two sums of a channel ──────────────────────────────────────────────────────────


def _sums_reference(g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
    dims = _all_but_channels(x)
    return g.sum(axis=dims), (g * (x - _column(mean, x))).sum(axis=dims)


def _sums_backward(ctx: Context, total: Tensor, product: Tensor) -> tuple[Gradient, ...]:
    g, x, mean = ctx.saved_tensors
    return (
        batch_norm_affine(x, mean, product, total, None, None) if ctx.needs_input_grad[0] else None,
        batch_norm_affine(g, None, product, None, None, None) if ctx.needs_input_grad[1] else None,
        -product * sum(g, _all_but_channels(x)) if ctx.needs_input_grad[2] else None,
    )


def _sums_sample(draw: Draw) -> Sample:
    shape = _draw_shape(draw)
    return Sample((draw.tensor(*shape), draw.tensor(*shape), draw.tensor(shape[1])))


batch_norm_sums: Op = register(
    Op(
        name="batch_norm_sums",
        forward=channel_sums,
        backward=_sums_backward,
        saves=(0, 1, 2),
        reference=_sums_reference,
        sample=_sums_sample,
        kind="multilinear",
        flops=4,
    )
)


# ── a g + k (x - μ) + d ────────────────────────────────────────────────────────────────


def _affine_reference(
    x: Array, mean: Array | None, scale: Array, shift: Array | None, g: Array | None, g_scale: Array | None
) -> Array:
    y = _column(scale, x) * (x if mean is None else x - _column(mean, x))
    y = y if shift is None else y + _column(shift, x)
    return y if g is None or g_scale is None else y + _column(g_scale, x) * g


def _affine_backward(ctx: Context, h: Tensor) -> tuple[Gradient, ...]:
    x, mean, scale, g, g_scale = ctx.saved_tensors
    zeros = np.zeros(scale.shape, scale.dtype)
    dx = dmean = dscale = dshift = dg = dg_scale = None
    if ctx.needs_input_grad[0]:
        dx = batch_norm_affine(h, None, scale, None, None, None)
    if any(ctx.needs_input_grad[1:4]):
        dshift, dscale = batch_norm_sums(h, x, zeros if mean is None else mean)
        dmean = -scale * dshift if ctx.needs_input_grad[1] else None
    if ctx.needs_input_grad[4]:
        dg = batch_norm_affine(h, None, g_scale, None, None, None)
    if ctx.needs_input_grad[5]:
        dg_scale = batch_norm_sums(h, g, zeros)[1]
    return dx, dmean, dscale, dshift if ctx.needs_input_grad[3] else None, dg, dg_scale


def _affine_sample(draw: Draw) -> Sample:
    shape = _draw_shape(draw)
    c = shape[1]
    g = (draw.tensor(*shape), draw.tensor(c)) if draw.choice(True, False) else (None, None)
    return Sample((draw.tensor(*shape), optional(draw, c), draw.tensor(c), optional(draw, c), *g))


batch_norm_affine: Op = register(
    Op(
        name="batch_norm_affine",
        forward=channel_affine,
        backward=_affine_backward,
        saves=(0, 1, 2, 4, 5),
        reference=_affine_reference,
        sample=_affine_sample,
        kind="multilinear",
        flops=lambda inputs, y, **params: (3 if inputs[4] is None else 5) * y.size,
    )
)


# ── training: with the statistics of the batch ─────────────────────────────────────────


def _training_reference(x: Array, w: Array | None, b: Array | None, *, eps: float) -> tuple[Array, Array, Array]:
    y, mean, var = standardize_reference(x, _all_but_channels(x), eps)
    w, b = (None if a is None else _column(a, x) for a in (w, b))
    return scale_reference(y, w, b), mean.reshape(-1), var.reshape(-1)


def _relu_reference(y: Array) -> Array:
    return np.where(y <= 0, 0, y).astype(y.dtype)


def _relu_training_reference(x: Array, w: Array | None, b: Array | None, *, eps: float) -> tuple[Array, Array, Array]:
    y, mean, var = _training_reference(x, w, b, eps=eps)
    return _relu_reference(y), mean, var


def _training_forward(
    x: Array, w: Array | None, b: Array | None, *, eps: float, with_relu: bool = False
) -> tuple[Array, Array, Array]:
    """y, mean and var.  With `with_relu`, max(y, 0) in place of y, in the same pass."""
    mean, var = channel_moments(x, x.dtype)
    scale = (1 if w is None else w) / np.sqrt(var + var.dtype.type(eps))  # NumPy's float64 would make it float64
    return channel_affine(x, mean, scale, b, relu=with_relu), mean, var


def _training_backward(ctx: Context, g: Tensor, dmean: Tensor, dvar: Tensor, *, eps: float) -> tuple[Gradient, ...]:
    x, w, mean, var = ctx.saved_tensors[:4]
    r = rsqrt(var + eps)  # a power takes five times as long
    scale = r if w is None else w * r
    total, product = batch_norm_sums(g, x, mean)
    dx = None
    if ctx.needs_input_grad[0]:
        many = max(1, _count(x))
        slope = (2 * dvar - scale * r * r * product) / many
        dx = batch_norm_affine(x, mean, slope, (dmean - scale * total) / many, g, scale)
    return dx, r * product if ctx.needs_input_grad[1] else None, total if ctx.needs_input_grad[2] else None


def _relu_training_backward(
    ctx: Context, g: Tensor, dmean: Tensor, dvar: Tensor, *, eps: float
) -> tuple[Gradient, ...]:
    return _training_backward(ctx, relu_input_grad(g, ctx.saved_tensors[4]), dmean, dvar, eps=eps)


def _training_sample(draw: Draw) -> Sample:
    n, c, *size = _draw_shape(draw)
    x = np.moveaxis(spread_out(draw.tensor(c, n, *size)), 0, 1)
    return Sample((x, optional(draw, c), optional(draw, c)), {"eps": 1e-5 if _count(x) > 1 else 0.5})


def _away_from_kink(sample: Callable[[Draw], Sample], reference: Callable[..., Any]) -> Callable[[Draw], Sample]:
    """Samples of batch_norm whose results are not close to 0."""

    def draw_one(draw: Draw) -> Sample:
        (x, w, b), params = (drawn := sample(draw)).inputs, drawn.params
        rng = np.random.default_rng(draw.size(0, 1 << 16))
        while True:
            w, b = (rng.uniform(0.5, 2, a.shape) if a is not None else None for a in (w, b))
            y = reference(x, w, b, **params)
            if (abs(y[0] if isinstance(y, tuple) else y) > KINK).all():
                return Sample((x, w, b), params)
            b = np.ones(x.shape[1])  # replaced by random numbers above: without a bias a result may be exactly 0

    return draw_one


batch_norm_training = register(
    Op(
        name="batch_norm_training",
        forward=_training_forward,
        backward=_training_backward,
        saves=(0, 1, ~1, ~2),
        reference=_training_reference,
        sample=_training_sample,
        flops=8,  # subtract, add, square, add; then subtract, multiply, add
    )
)

_batch_norm_relu_training_op = register(
    Op(
        name="batch_norm_relu_training",
        fuses=("batch_norm", "relu"),
        forward=lambda x, w, b, *, eps: _training_forward(x, w, b, eps=eps, with_relu=True),
        backward=_relu_training_backward,
        saves=(0, 1, ~1, ~2, ~0),
        reference=_relu_training_reference,
        sample=_away_from_kink(_training_sample, _training_reference),
        flops=9,
    )
)


# ── the functions ──────────────────────────────────────────────────────────────────────


@in_float32
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
    """Apply batch normalization: (input - mean) / √(var + eps) · weight + bias, with statistics of each channel.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    running_mean, running_var : Tensor, (C,), or None
        Running statistics.  In training they are updated in place, with the batch's mean and its unbiased variance
        (divided by M - 1, for M elements in a channel).  Otherwise they are what input is normalized with.
    weight, bias : Tensor, (C,), optional
    training : bool
        Whether to normalize with the batch's own mean and biased variance (divided by M).
    momentum : float
        Weight of the batch in the updated running statistics.
    eps : float
        Added to the variance, for numerical stability.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit, or eps is not positive; in training, if a channel has only one element;
        otherwise, if there are no running statistics.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift", 2015, algorithm 1.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> mean, var = autograd.zeros(2), autograd.ones(2)
    >>> F.batch_norm(x, mean, var, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    >>> mean  # 0.9 of the old one, and 0.1 of the batch's
    tensor([0.2000, 2.0000])
    """
    return _normalize(
        "batch_norm", batch_norm_training, input, running_mean, running_var, weight, bias, training, momentum, eps
    )


@in_float32
def batch_norm_relu(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Apply batch normalization, then relu: relu(batch_norm(…)), with the same bits.

    In training it passes over memory once less.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    running_mean, running_var : Tensor, (C,), or None
        Running statistics, updated in place in training.  Otherwise they are what input is normalized with.
    weight, bias : Tensor, (C,), optional
    training : bool
        Whether to normalize with the batch's own mean and biased variance.
    momentum : float
        Weight of the batch in the updated running statistics.
    eps : float
        Added to the variance, for numerical stability.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit, or eps is not positive; in training, if a channel has only one element;
        otherwise, if there are no running statistics.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([[1.0, 30.0], [3.0, 10.0]])
    >>> F.batch_norm_relu(x, None, None, training=True)
    tensor([[0.0000, 1.0000],
            [1.0000, 0.0000]])
    """
    row = _batch_norm_relu_training_op
    y = _normalize("batch_norm_relu", row, input, running_mean, running_var, weight, bias, training, momentum, eps)
    return y if training else relu(y)


def _normalize(
    name: str,
    row: Op,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    """The function called `name`, which runs `row` in training."""
    check_arrays(name, input=input)
    if input.ndim < 2:
        raise ValueError(f"{name}: expects input (N, C, …), got shape {tuple(input.shape)}")
    parameters = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    if eps <= 0:
        raise ValueError(f"{name}: eps is {eps}; it must be positive, or a channel of equal elements gives NaN")
    check_norm(name, input, eps, (input.shape[1],), **parameters)
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError(f"{name}: running_mean and running_var must be given if training is False")
        with no_grad():  # statistics are not parameters; a copy, since training may update them before backward
            mean, r = clone(running_mean), rsqrt(running_var + eps)
        evaluated: Tensor = batch_norm_affine(input, mean, r if weight is None else weight * r, bias, None, None)
        return evaluated
    many = _count(input)
    if many == 1:
        raise ValueError(
            f"{name}: Expected more than 1 value per channel when training, got input of shape "
            f"{tuple(input.shape)}; train with larger batches, or normalize with running statistics (.eval())"
        )
    y: Tensor
    y, mean, var = row(input, weight, bias, eps=eps)
    if many:
        update_running(running_mean, mean, momentum)
        update_running(running_var, var, momentum, many / (many - 1))
    return y


def _with_statistics(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function as its tests call it.  Running statistics are parameters, because they have no gradient."""

    def run(x: Tensor, w: Tensor | None, b: Tensor | None, *, running: Any, **params: Any) -> Tensor:
        mean, var = (np.array(r, x.dtype) if r else None for r in running)
        return function(x, mean, var, w, b, **params)

    return run


def _reference(x: Array, w: Array | None, b: Array | None, *, running: Any, training: bool, eps: float = 1e-5) -> Array:
    if training:
        return _training_reference(x, w, b, eps=eps)[0]
    mean, var = (_column(np.array(r), x) for r in running)
    w, b = (None if a is None else _column(a, x) for a in (w, b))
    return scale_reference((x - mean) / np.sqrt(var + eps), w, b)


def _sample(draw: Draw) -> Sample:
    training, c, size = draw.choice(True, False), draw.size(1, 3), draw.choice((2,), (), (2, 3), (1, 2, 1))
    n = draw.size(2, 3) if training and not size else draw.size(0, 3)
    x = np.moveaxis(spread_out(draw.tensor(c, n, *size)), 0, 1)
    running = (None, None) if training else (draw.tensor(c).tolist(), draw.tensor(c, low=0.5, high=3).tolist())
    params = {"running": running, "training": training} | draw.choice({}, {"eps": 0.1})
    return Sample((x, optional(draw, c), optional(draw, c)), params)


def _bad(shape: Shape, *words: str, w: Array | None = None, dtype: Any = float, **params: Any) -> BadSample:
    params = {"running": (None, None), "training": True, **params}
    return BadSample((np.ones(shape, dtype), w, None), params, TypeError if dtype is int else ValueError, words)


register(
    Composite(
        name="batch_norm",
        function=_with_statistics(batch_norm),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad((1, 3), "batch_norm", "more than 1 value per channel when training", "(1, 3)"),
            _bad((2, 3), "batch_norm", "running_mean and running_var must be given", training=False),
            _bad((3,), "batch_norm", "(N, C, …)", "(3,)"),
            _bad((2, 3), "batch_norm", "running_mean", "(4,)", "(2, 3)", running=([1.0] * 4, None)),
            _bad((2, 3), "batch_norm", "weight", "(4,)", "(3,)", w=np.ones(4)),
            _bad((2, 3), "batch_norm", "weight is float32", "float64", w=np.ones(3, np.float32)),
            _bad((2, 3), "batch_norm", "int64", ".float()", dtype=int),
        ],
    )
)

register(
    Composite(
        name="batch_norm_relu",
        function=_with_statistics(batch_norm_relu),
        reference=lambda *inputs, **params: _relu_reference(_reference(*inputs, **params)),
        sample=_away_from_kink(_sample, _reference),
        bad_samples=[_bad((1, 3), "batch_norm_relu", "more than 1 value per channel when training", "(1, 3)")],
    )
)
