"""Softmax cross-entropy: the loss of a classifier's scores.

    x (N, C) scores, t (N) labels      l_n = log Σ_c e^x_nc - Σ_c q_nc x_nc        (0 where t_n is ignored)
    dx_n = g_n (softmax(x_n) - q_n)    with g_n = g for the sum of the losses, g / M for the mean of the M not ignored

q_n is what the scores are compared with, (1 - ε) onehot(t_n) + ε / C with label smoothing ε.
Softmax and logarithm are one formula, so no probability underflows to log 0.  Weights of classes and
targets that are distributions themselves are composed of other ops: the row is for plain labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.functions import exponential
from autograd.kernels.jit import blocks, dense, kernel, limit_threads, set_threads
from autograd.kernels.sums import total
from autograd.op import BadSample, Composite, Op, Sample, check_arrays, register
from autograd.ops.losses import check_reduction, draw_reduction, reduced, reduced_reference
from autograd.ops.matmul import matmul
from autograd.ops.nll_loss import by_rows, check_labels, label_weights, labelled
from autograd.ops.reduce import sum
from autograd.ops.shape import expand
from autograd.ops.softmax import BLOCK, LANES, greatest, log_softmax, row_sum, softmax, softmax_input_grad
from autograd.ops.where import where

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(x: Any, t: Any, *, ignore_index: int, label_smoothing: float, reduction: str) -> Any:
    losses = []
    for row, label in zip(x, t, strict=True):
        z = row - row.max()
        surprise = np.log(np.exp(z).sum()) - z
        smooth = label_smoothing * surprise.mean() if label_smoothing else 0
        losses.append(0 if label == ignore_index else (1 - label_smoothing) * surprise[label] + smooth)
    return reduced_reference(np.array(losses, x.dtype), reduction, (t != ignore_index).sum())


def _grad_reference(g: Any, x: Any, t: Any, *, ignore_index: int, label_smoothing: float) -> Any:
    dx = np.zeros_like(x)
    for n in range(len(x)):
        if t[n] != ignore_index:
            e = np.exp(x[n] - x[n].max())
            dx[n] = g[n] * e / e.sum() - (g[n] * label_smoothing / x.shape[1] if label_smoothing else 0)
            dx[n, t[n]] -= g[n] * (1 - label_smoothing)
    return dx


@kernel(parallel=True)
def _losses(x, t, ignore_index, smoothing, parts, loss):
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes, e = np.empty(LANES, x.dtype), np.empty(x.shape[1], x.dtype)
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            if t[n] == ignore_index:
                loss[n] = 0
                continue
            row = x[n]
            most = greatest(row, lanes)
            for c in range(len(row)):
                e[c] = exponential(row[c] - most)
            surprise = np.log(row_sum(e, lanes))
            loss[n] = surprise - (row[t[n]] - most)
            if smoothing > 0:
                for c in range(len(row)):
                    e[c] = row[c] - most
                loss[n] = (1 - smoothing) * loss[n] + smoothing * (surprise - row_sum(e, lanes) / len(row))
    set_threads(threads)


@kernel(parallel=True)
def _losses_grad(g, x, t, ignore_index, smoothing, parts, dx):
    threads = limit_threads(parts)
    for part in prange(parts):
        lanes = np.empty(LANES, x.dtype)
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            row, out = x[n], dx[n]
            if t[n] == ignore_index:
                out[:] = 0
                continue
            most = greatest(row, lanes)
            for c in range(len(row)):
                out[c] = exponential(row[c] - most)
            scale = g[n] / row_sum(out, lanes)
            evenly = g[n] * smoothing / len(row) if smoothing > 0 else x.dtype.type(0)  # inf · 0 is not meant
            for c in range(len(row)):
                out[c] = scale * out[c] - evenly
            out[t[n]] -= g[n] * (1 - smoothing)
    set_threads(threads)


def _check(x: Any, t: Any, *, ignore_index: int, label_smoothing: float, reduction: str) -> None:
    check_labels("cross_entropy", x, t, ignore_index)
    check_reduction("cross_entropy", reduction)


def _counted(t: Any, ignore_index: int) -> int:
    """M: labels that are not ignored."""
    return int(np.count_nonzero(np.asarray(t) != ignore_index))


def _forward(x: Any, t: Any, *, ignore_index: int, label_smoothing: float, reduction: str) -> Any:
    loss = np.empty(len(x), x.dtype)
    labels, smoothing = dense(t.astype(np.int64, copy=False)), x.dtype.type(label_smoothing)
    _losses(dense(x), labels, ignore_index, smoothing, blocks(x.size, BLOCK), loss)
    if reduction == "none":
        return loss
    whole = total(loss, dim=(0,), keepdim=False)
    return whole / x.dtype.type(_counted(t, ignore_index)) if reduction == "mean" else whole


def _backward(ctx: Any, g: Any, *, ignore_index: int, label_smoothing: float, reduction: str) -> Any:
    x, t = ctx.saved_tensors
    if reduction == "mean":
        g = g / max(1, _counted(t, ignore_index))
    if reduction != "none":
        g = expand(g, *ctx.shapes[1])
    return _input_grad(g, x, t, ignore_index=ignore_index, label_smoothing=label_smoothing), None


def _grad_forward(g: Any, x: Any, t: Any, *, ignore_index: int, label_smoothing: float) -> Any:
    dx = np.empty(x.shape, x.dtype)
    labels, smoothing = dense(t.astype(np.int64, copy=False)), x.dtype.type(label_smoothing)
    _losses_grad(dense(g), dense(x), labels, ignore_index, smoothing, blocks(x.size, BLOCK), dx)
    return dx


def _grad_backward(ctx: Any, h: Any, *, ignore_index: int, label_smoothing: float) -> Any:
    g, x, t = ctx.saved_tensors
    dg = dx = None
    if ctx.needs_input_grad[0]:
        one = np.ones(ctx.shapes[0], g.dtype)
        dg = sum(_input_grad(one, x, t, ignore_index=ignore_index, label_smoothing=label_smoothing) * h, 1)
    if ctx.needs_input_grad[1]:
        kept = g * (t != ignore_index)
        dx = softmax_input_grad(h * kept.reshape((-1, 1)), softmax(x, 1), dim=1)
    return dg, dx, None


def _params(ignore_index: int = -100, label_smoothing: float = 0.0) -> dict[str, Any]:
    return {"ignore_index": ignore_index, "label_smoothing": label_smoothing}


def _sample(draw: Any) -> Sample:
    n, c = draw.size(0, 4), draw.size(1, 4)
    labels = draw.index((n,), c)
    ignored = draw.choice(-100, 0)
    t = np.where(draw.index((n,), 4) == 3, ignored, labels)
    params = _params(ignored, draw.choice(0.0, 0.1))
    return Sample((draw.tensor(n, c), t), {**params, "reduction": draw_reduction(draw, (t != ignored).any())})


def _grad_sample(draw: Any) -> Sample:
    scores = _sample(draw)
    params = {name: scores.params[name] for name in ("ignore_index", "label_smoothing")}
    return Sample((draw.tensor(len(scores.inputs[0])), *scores.inputs), params)


_ONES, _MEAN = np.ones((2, 3)), {**_params(), "reduction": "mean"}
_labels = register(
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

_input_grad = register(
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
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The negative logarithm of the probability that softmax gives the right class.

    Parameters
    ----------
    input : Tensor of float, (N, C), (C,) or (N, C, …)
        Scores, before any softmax.
    target : Tensor, of the input's shape without C: integers, class labels 0 to C - 1;
        or of the input's shape: floats, the probability of each class
    weight : Tensor, (C,), optional
        Of each class.
    ignore_index : int
        Samples with this label count for nothing.
    reduction : "mean", "sum" or "none"
        The mean is over the samples not ignored (NaN if none): the sum divided by that of their
        labels' weights; of probabilities, divided by the number of samples.
    label_smoothing : float
        From 0 to 1: the share of the target that is spread evenly over all classes.

    Returns
    -------
    Tensor, () or, for "none", the shape of the labels

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError, TypeError
        Where shapes or dtypes do not fit.

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
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is a share, from 0 to 1, not {label_smoothing}")
    if target.dtype.kind == "f" and target.shape == input.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    x, t = by_rows("cross_entropy", input, target, weight)
    if weight is None:
        loss = _labels(x, t, ignore_index=ignore_index, label_smoothing=label_smoothing, reduction=reduction)
        return loss.reshape(target.shape) if reduction == "none" else loss
    losses = _labels(x, t, ignore_index=ignore_index, label_smoothing=0.0, reduction="none")
    of_labels = label_weights(t, weight, ignore_index)
    losses = losses * of_labels
    if label_smoothing:
        of_all = where(t == ignore_index, 0.0, -matmul(log_softmax(x, 1), weight))
        losses = (1 - label_smoothing) * losses + label_smoothing / x.shape[1] * of_all
    return reduced("cross_entropy", losses.reshape(target.shape), reduction, sum(of_labels))


def _of_probabilities(x: Any, t: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float) -> Any:
    if ignore_index >= 0:
        raise ValueError(
            f"cross_entropy: ignore_index {ignore_index} is for labels; a target of probabilities has none"
        )
    dim = min(1, x.ndim - 1)
    if smoothing:
        t = t * (1 - smoothing) + smoothing / x.shape[dim]
    if weight is not None:
        t = t * weight.reshape((-1, *[1] * (x.ndim - 1 - dim)))
    return reduced("cross_entropy", -sum(t * log_softmax(x, dim), dim), reduction)


# ── all options under the battery ──────────────────────────────────────────────────────


def _full_reference(x: Any, t: Any, w: Any, *, ignore_index: int, reduction: str, label_smoothing: float) -> Any:
    x = np.moveaxis(x, min(1, x.ndim - 1), -1)
    classes = x.shape[-1]
    w = np.ones(classes, x.dtype) if w is None else w
    z = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
    surprise = w * (np.log(np.exp(z).sum(axis=-1, keepdims=True)) - z)
    if t.dtype.kind == "f":
        q = (1 - label_smoothing) * np.moveaxis(t, min(1, t.ndim - 1), -1) + label_smoothing / classes
        return reduced_reference((q * surprise).sum(axis=-1), reduction)
    label = np.where(t == ignore_index, 0, t)
    losses = (1 - label_smoothing) * np.take_along_axis(surprise, label[..., None], -1)[..., 0]
    if label_smoothing:
        losses += label_smoothing * surprise.mean(axis=-1)
    counted = t != ignore_index
    return reduced_reference(np.where(counted, losses, 0), reduction, np.where(counted, w[label], 0).sum())


def _full_sample(draw: Any) -> Sample:
    x, labels, w, ignored = labelled(draw)
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
            BadSample((_ONES, np.array([0, 1])), {"reduction": "max"}, ValueError, ("cross_entropy", "'max'")),
            BadSample((_ONES, _ONES), {"ignore_index": 1}, ValueError, ("ignore_index 1", "probabilities")),
        ],
    )
)
