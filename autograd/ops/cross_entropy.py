"""Softmax cross-entropy, the loss of a classifier's scores.

    x (N, C) scores, t (N) labels      l_n = log Σ_c e^x_nc - Σ_c q_nc x_nc        (0 if t_n is ignored)
    dx_n = g_n (softmax(x_n) - q_n)    with g_n = g for the sum of the losses, g / M for the mean of the M not ignored

q_n is the target distribution, (1 - ε) onehot(t_n) + ε / C with label smoothing ε.  Softmax and logarithm are computed
in one formula, so no probability underflows to 0.  The row is for class labels alone: class weights and targets that
are probabilities are composed of other ops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.jit import blocks, dense, fitting, kernel, limit_threads, set_threads
from autograd.kernels.rows import BLOCK, exponentials, largest, row_moments, row_sum
from autograd.kernels.sums import total
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum
from autograd.ops.shape import expand
from autograd.ops.shared.losses import (
    bad_reduction,
    check_labels,
    check_reduction,
    draw_labels,
    draw_reduction,
    flatten_scores,
    label_weights,
    legacy_reduction,
    reduce_losses,
    reduce_reference,
)
from autograd.ops.softmax import log_softmax, softmax, softmax_input_grad
from autograd.ops.where import where
from autograd.promotion import FLOATING
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(x: Array, t: Array, *, ignore_index: int, label_smoothing: float, reduction: str) -> Array:
    losses = []
    for row, label in zip(x, t, strict=True):
        z = row - row.max()
        minus_log_p = np.log(np.exp(z).sum()) - z
        smooth = label_smoothing * minus_log_p.mean() if label_smoothing else 0
        losses.append(0 if label == ignore_index else (1 - label_smoothing) * minus_log_p[label] + smooth)
    return reduce_reference(np.array(losses, x.dtype), reduction, (t != ignore_index).sum())


def _grad_reference(g: Array, x: Array, t: Array, *, ignore_index: int, label_smoothing: float) -> Array:
    dx = np.zeros_like(x)
    for n in range(len(x)):
        if t[n] != ignore_index:
            e = np.exp(x[n] - x[n].max())
            dx[n] = g[n] * e / e.sum() - (g[n] * label_smoothing / x.shape[1] if label_smoothing else 0)
            dx[n, t[n]] -= g[n] * (1 - label_smoothing)
    return dx


@kernel()
def _losses_of_rows(x, t, ignore_index, smoothing, begin, end, e, loss):
    """The loss of rows begin to end - 1 of x.  e is memory for a row."""
    for n in range(begin, end):
        if t[n] == ignore_index:
            loss[n] = 0
            continue
        row = x[n]
        top = largest(row)
        exponentials(row, top, e)
        log_sum = np.log(row_sum(e))
        loss[n] = log_sum - (row[t[n]] - top)
        if smoothing > 0:
            loss[n] = (1 - smoothing) * loss[n] + smoothing * (log_sum - row_moments(row, top)[0] / len(row))


@kernel(parallel=True, allocates=True)
def _losses(x, t, ignore_index, smoothing, parts, loss):
    """The loss of each row of x."""
    threads = limit_threads(parts)
    for part in prange(parts):
        begin, end = part * len(x) // parts, (part + 1) * len(x) // parts
        _losses_of_rows(x, t, ignore_index, smoothing, begin, end, np.empty(x.shape[1], x.dtype), loss)
    set_threads(threads)


@kernel(parallel=True)
def _losses_grad(g, x, t, ignore_index, smoothing, parts, dx):
    """The gradient of Σ g loss with respect to x."""
    threads = limit_threads(parts)
    for part in prange(parts):
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row, out = x[n], dx[n]
            if t[n] == ignore_index:
                out[:] = 0
                continue
            top = largest(row)
            exponentials(row, top, out)
            scale = x.dtype.type(g[n] / row_sum(out))
            share = g[n] * smoothing / len(row) if smoothing > 0 else x.dtype.type(0)  # g may be inf: no inf · 0
            for c in range(len(row)):
                out[c] = scale * out[c] - share
            out[t[n]] -= g[n] * (1 - smoothing)
    set_threads(threads)


def _check(x: Array, t: Array, *, ignore_index: int, label_smoothing: float, reduction: str) -> None:
    check_labels("cross_entropy", x, t, ignore_index)
    check_reduction("cross_entropy", reduction)


def _count(t: Array, ignore_index: int) -> int:
    """M, the number of labels that are not ignored."""
    return int(np.count_nonzero(np.asarray(t) != ignore_index))


def _forward(x: Array, t: Array, *, ignore_index: int, label_smoothing: float, reduction: str) -> Array:
    loss = np.empty(len(x), x.dtype)
    labels, smoothing = dense(t.astype(np.int64, copy=False)), x.dtype.type(label_smoothing)
    parts = blocks(x.size, BLOCK)
    fitting(_losses, parts)(dense(x), labels, ignore_index, smoothing, parts, loss)
    if reduction == "none":
        return loss
    loss_sum = total(loss, dim=(0,), keepdim=False)
    return loss_sum / x.dtype.type(_count(t, ignore_index)) if reduction == "mean" else loss_sum


def _backward(
    ctx: Context, g: Tensor, *, ignore_index: int, label_smoothing: float, reduction: str
) -> tuple[Gradient, ...]:
    x, t = ctx.saved_tensors
    if reduction == "mean":
        g = g / max(1, _count(t, ignore_index))
    if reduction != "none":
        g = expand(g, *ctx.shapes[1])
    return _cross_entropy_input_grad_op(g, x, t, ignore_index=ignore_index, label_smoothing=label_smoothing), None


def _grad_forward(g: Array, x: Array, t: Array, *, ignore_index: int, label_smoothing: float) -> Array:
    dx = np.empty(x.shape, x.dtype)
    labels, smoothing = dense(t.astype(np.int64, copy=False)), x.dtype.type(label_smoothing)
    parts = blocks(x.size, BLOCK)
    fitting(_losses_grad, parts)(dense(g), dense(x), labels, ignore_index, smoothing, parts, dx)
    return dx


def _grad_backward(ctx: Context, h: Tensor, *, ignore_index: int, label_smoothing: float) -> tuple[Gradient, ...]:
    g, x, t = ctx.saved_tensors
    dg = dx = None
    if ctx.needs_input_grad[0]:
        one = np.ones(ctx.shapes[0], g.dtype)
        dg = sum(
            _cross_entropy_input_grad_op(one, x, t, ignore_index=ignore_index, label_smoothing=label_smoothing) * h, 1
        )
    if ctx.needs_input_grad[1]:
        counted = g * (t != ignore_index)
        dx = softmax_input_grad(h * counted.reshape((-1, 1)), softmax(x, 1), dim=1)
    return dg, dx, None


def _params(ignore_index: int = -100, label_smoothing: float = 0.0) -> dict[str, Any]:
    return {"ignore_index": ignore_index, "label_smoothing": label_smoothing}


def _sample(draw: Draw) -> Sample:
    n, c = draw.size(0, 4), draw.size(1, 4)
    labels = draw.index((n,), c)
    ignored = draw.choice(-100, 0)
    t = np.where(draw.index((n,), 4) == 3, ignored, labels)
    params = _params(ignored, draw.choice(0.0, 0.1))
    return Sample((draw.tensor(n, c), t), {**params, "reduction": draw_reduction(draw, (t != ignored).any())})


def _grad_sample(draw: Draw) -> Sample:
    scores = _sample(draw)
    params = {name: scores.params[name] for name in ("ignore_index", "label_smoothing")}
    return Sample((draw.tensor(len(scores.inputs[0])), *scores.inputs), params)


_ONES, _MEAN = np.ones((2, 3)), {**_params(), "reduction": "mean"}
_cross_entropy_labels_op = register(
    Op(
        name="cross_entropy_labels",
        check=_check,
        forward=_forward,
        backward=_backward,
        saves=(0, 1),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((_ONES, np.array([0, 3])), _MEAN, IndexError, ("label 3", "sample 1", "0 to 2")),
            BadSample((_ONES, np.array([-1, 2])), _MEAN, IndexError, ("label -1", "sample 0", "-100")),
        ],
        flops=5,  # as softmax
    )
)

_cross_entropy_input_grad_op = register(
    Op(
        name="cross_entropy_input_grad",
        forward=_grad_forward,
        backward=_grad_backward,
        saves=(0, 1, 2),
        reference=_grad_reference,
        sample=_grad_sample,
        flops=5,
    )
)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy between scores (logits) and target: minus the logarithm of softmax for the correct class.

    Parameters
    ----------
    input : Tensor of float, (N, C), (C,) or (N, C, …)
        Scores, before softmax.
    target : Tensor
        Class labels from 0 to C - 1: integers, of input's shape without C.  Or the probability of each class: floats,
        of input's shape.
    weight : Tensor, (C,), optional
        Weight of each class.
    ignore_index : int
        Samples with this label are ignored.  Only for class labels.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
        With class labels, the mean is the sum divided by the weights of the labels that are not ignored (NaN if all
        are).  With probabilities, it is the sum divided by the number of samples.
    label_smoothing : float
        The share of the target, from 0 to 1, that is distributed evenly over all classes.

    Returns
    -------
    Tensor, () or, for "none", the shape of the labels

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, section 7 (label smoothing).

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import cross_entropy
    >>> scores = autograd.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> cross_entropy(scores, autograd.tensor([0, 2]))
    tensor(0.7531)
    """
    check_arrays("cross_entropy", input=input, target=target)
    reduction = legacy_reduction("cross_entropy", reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be from 0 to 1, not {label_smoothing}")
    if target.dtype.kind in FLOATING and target.shape == input.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    x, t = flatten_scores("cross_entropy", input, target, weight)
    if weight is None:
        loss = _cross_entropy_labels_op(
            x, t, ignore_index=ignore_index, label_smoothing=label_smoothing, reduction=reduction
        )
        return loss.reshape(target.shape) if reduction == "none" else loss
    losses = _cross_entropy_labels_op(x, t, ignore_index=ignore_index, label_smoothing=0.0, reduction="none")
    weights = label_weights(t, weight, ignore_index)
    losses = losses * weights
    if label_smoothing:
        all_classes = where(t == ignore_index, 0.0, -matmul(log_softmax(x, 1), weight))
        losses = (1 - label_smoothing) * losses + label_smoothing / x.shape[1] * all_classes
    return reduce_losses("cross_entropy", losses.reshape(target.shape), reduction, sum(weights))


def _of_probabilities(
    x: Tensor, t: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    if ignore_index >= 0:
        raise ValueError(
            f"cross_entropy: ignore_index {ignore_index} is for class labels; this target has probabilities"
        )
    dim = min(1, x.ndim - 1)
    if smoothing:
        t = t * (1 - smoothing) + smoothing / x.shape[dim]
    if weight is not None:
        t = t * weight.reshape((-1, *[1] * (x.ndim - 1 - dim)))
    return reduce_losses("cross_entropy", -sum(t * log_softmax(x, dim), dim), reduction)


# ── the function as a row, with all its options ────────────────────────────────────────


def _full_reference(
    x: Array, t: Array, w: Array | None, *, ignore_index: int, reduction: str, label_smoothing: float
) -> Array:
    x = np.moveaxis(x, min(1, x.ndim - 1), -1)
    classes = x.shape[-1]
    w = np.ones(classes, x.dtype) if w is None else w
    z = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
    minus_log_p = w * (np.log(np.exp(z).sum(axis=-1, keepdims=True)) - z)
    if t.dtype.kind == "f":
        q = (1 - label_smoothing) * np.moveaxis(t, min(1, t.ndim - 1), -1) + label_smoothing / classes
        return reduce_reference((q * minus_log_p).sum(axis=-1), reduction)
    label = np.where(t == ignore_index, 0, t)
    losses = (1 - label_smoothing) * np.take_along_axis(minus_log_p, label[..., None], -1)[..., 0]
    if label_smoothing:
        losses += label_smoothing * minus_log_p.mean(axis=-1)
    counted = t != ignore_index
    return reduce_reference(np.where(counted, losses, 0), reduction, np.where(counted, w[label], 0).sum())


def _full_sample(draw: Draw) -> Sample:
    x, labels, w, ignored = draw_labels(draw)
    t = draw.choice(labels, draw.tensor(*x.shape, low=0.1, high=1))
    params = {"ignore_index": ignored if t is labels else -100, "label_smoothing": draw.choice(0.0, 0.1)}
    counted = (t != ignored).any() if t is labels else t.size
    return Sample((x, t, w), {**params, "reduction": draw_reduction(draw, counted)})


register(
    Composite(
        name="cross_entropy",
        function=cross_entropy,
        reference=_full_reference,
        sample=_full_sample,
        bad_samples=[
            BadSample((_ONES, np.ones((2, 3), int)), {}, TypeError, ("labels", "(2, 3)", ".argmax(1)")),
            BadSample((_ONES, np.array([0, 1, 2])), {}, ValueError, ("(2, 3)", "(3,)", "(N, C)")),
            BadSample((_ONES, np.array([0.0, 1.0])), {}, TypeError, ("labels", "float64", ".long()")),
            BadSample((_ONES, np.array([0, 1]), np.ones(2)), {}, ValueError, ("weight", "(2,)", "3 classes")),
            BadSample((_ONES, np.array([0, 1])), {"label_smoothing": 2}, ValueError, ("label_smoothing", "0 to 1")),
            bad_reduction("cross_entropy", _ONES, np.array([0, 1])),
            BadSample((_ONES, _ONES), {"ignore_index": 1}, ValueError, ("ignore_index 1", "probabilities")),
        ],
    )
)
