"""Softmax cross-entropy: the loss of a classifier's scores.

    x (N, C) scores, t (N) labels      l_n = log Σ_c e^x_nc - x_n,t_n      (0 where t_n is ignored)
    dx_n = g_n (softmax(x_n) - onehot(t_n))

Softmax and logarithm are one formula, so no probability underflows to log 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.jit import blocks, dense, kernel
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.reduce import sum
from autograd.ops.softmax import BLOCK, greatest, softmax, softmax_input_grad

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(x: Any, t: Any, *, ignore_index: int) -> Any:
    losses = []
    for row, label in zip(x, t, strict=True):
        z = row - row.max()
        losses.append(0 if label == ignore_index else np.log(np.exp(z).sum()) - z[label])
    return np.array(losses, x.dtype)


def _grad_reference(g: Any, x: Any, t: Any, *, ignore_index: int) -> Any:
    dx = np.zeros_like(x)
    for n in range(len(x)):
        if t[n] != ignore_index:
            e = np.exp(x[n] - x[n].max())
            dx[n] = g[n] * e / e.sum()
            dx[n, t[n]] -= g[n]
    return dx


@kernel(parallel=True)
def _losses(x, t, ignore_index, parts, loss):
    for part in prange(parts):
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            if t[n] == ignore_index:
                loss[n] = 0
            else:
                most, total = greatest(x[n]), x.dtype.type(0)
                for c in range(x.shape[1]):
                    total += np.exp(x[n, c] - most)
                loss[n] = np.log(total) - (x[n, t[n]] - most)


@kernel(parallel=True)
def _losses_grad(g, x, t, ignore_index, parts, dx):
    for part in prange(parts):
        for n in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            if t[n] == ignore_index:
                for c in range(x.shape[1]):
                    dx[n, c] = 0
            else:
                most, total = greatest(x[n]), x.dtype.type(0)
                for c in range(x.shape[1]):
                    dx[n, c] = np.exp(x[n, c] - most)
                    total += dx[n, c]
                for c in range(x.shape[1]):
                    dx[n, c] *= g[n] / total
                dx[n, t[n]] -= g[n]


def _check(x: Any, t: Any, ignore_index: int) -> None:
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"cross_entropy: expects float32 or float64 scores, got {x.dtype}; convert first, with .float()"
        )
    if t.ndim and t.shape == x.shape:
        raise TypeError(
            f"cross_entropy: labels of shape {t.shape} look like a row for each sample; expects class labels (N,), "
            "which .argmax(1) makes of one-hot rows"
        )
    if t.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: expects integer class labels, got {t.dtype}; convert them, with .long()")
    if x.ndim != 2 or t.shape != x.shape[:1]:
        raise ValueError(
            f"cross_entropy: scores of shape {x.shape} and labels of shape {t.shape} do not fit: "
            "expects (N, C) and (N,), or (C,) and ()"
        )
    wrong = (t != ignore_index) & ((t < 0) | (t >= x.shape[1]))
    if wrong.any():
        n = int(wrong.argmax())
        raise IndexError(
            f"cross_entropy: label {t[n]} of sample {n} is out of range: with {x.shape[1]} classes labels are "
            f"0 to {x.shape[1] - 1} (ignore_index, here {ignore_index}, is skipped)"
        )


def _forward(x: Any, t: Any, *, ignore_index: int) -> Any:
    _check(x, t, ignore_index)
    loss = np.empty(len(x), x.dtype)
    _losses(dense(x), dense(t.astype(np.int64, copy=False)), ignore_index, blocks(x.size, BLOCK), loss)
    return loss


def _backward(ctx: Any, g: Any, *, ignore_index: int) -> Any:
    x, t = ctx.saved
    return _input_grad(g, x, t, ignore_index=ignore_index), None


def _grad_forward(g: Any, x: Any, t: Any, *, ignore_index: int) -> Any:
    dx = np.empty(x.shape, x.dtype)
    labels = dense(t.astype(np.int64, copy=False))
    _losses_grad(dense(g), dense(x), labels, ignore_index, blocks(x.size, BLOCK), dx)
    return dx


def _grad_backward(ctx: Any, h: Any, *, ignore_index: int) -> Any:
    g, x, t = ctx.saved
    dg = dx = None
    if ctx.needs[0]:
        dg = sum(_input_grad(g * 0 + 1, x, t, ignore_index=ignore_index) * h, 1)
    if ctx.needs[1]:
        kept = g * (t != ignore_index)
        dx = softmax_input_grad(h * kept.reshape((-1, 1)), softmax(x, 1), dim=1)
    return dg, dx, None


def _sample(draw: Any) -> Sample:
    n, c = draw.size(0, 4), draw.size(1, 4)
    labels = draw.index((n,), c)
    ignored = draw.choice(-100, 0)
    return Sample((draw.tensor(n, c), np.where(draw.index((n,), 4) == 3, ignored, labels)), {"ignore_index": ignored})


def _grad_sample(draw: Any) -> Sample:
    scores = _sample(draw)
    return Sample((draw.tensor(len(scores.inputs[0])), *scores.inputs), scores.params)


_ONES = np.ones((2, 3))
_op = register(
    Op(
        name="cross_entropy",
        forward=_forward,
        backward=_backward,
        saves=(0, 1),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((_ONES, _ONES), {"ignore_index": -100}, TypeError, ("labels", "(2, 3)", ".argmax(1)")),
            BadSample((_ONES, np.array([0, 3])), {"ignore_index": -100}, IndexError, ("label 3", "sample 1", "0 to 2")),
            BadSample((_ONES, np.array([-1, 2])), {"ignore_index": -100}, IndexError, ("label -1", "sample 0", "-100")),
            BadSample((_ONES, np.array([0, 1, 2])), {"ignore_index": -100}, ValueError, ("(2, 3)", "(3,)", "(N, C)")),
            BadSample(
                (_ONES, np.array([0.0, 1.0])), {"ignore_index": -100}, TypeError, ("labels", "float64", ".long()")
            ),
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


def cross_entropy(input: Tensor, target: Tensor, *, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """The negative logarithm of the probability that softmax gives the right class.

    Parameters
    ----------
    input : Tensor of float, (N, C) or (C,)
        Scores, before any softmax.
    target : Tensor of int, (N,) or ()
        Class labels, 0 to C - 1.
    ignore_index : int
        Samples with this label count for nothing.
    reduction : "mean" (over the samples not ignored; NaN if none), "sum" or "none"

    Returns
    -------
    Tensor, () or, for "none", the shape of target

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError, TypeError
        Where shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import cross_entropy
    >>> scores = autograd.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> cross_entropy(scores, autograd.tensor([0, 2]))
    tensor(0.7531)
    """
    check_arrays("cross_entropy", input=input, target=target)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction {reduction!r} is not one of 'mean', 'sum', 'none'")
    if input.ndim == 1 and target.ndim == 0:
        loss = _op(input.reshape((1, -1)), target.reshape((1,)), ignore_index=ignore_index)
        return (
            loss.reshape(()) if reduction == "none" else _reduced(loss, target.reshape((1,)), ignore_index, reduction)
        )
    return _reduced(_op(input, target, ignore_index=ignore_index), target, ignore_index, reduction)


def _reduced(losses: Tensor, target: Tensor, ignore_index: int, reduction: str) -> Tensor:
    if reduction == "none":
        return losses
    total = sum(losses)
    return total if reduction == "sum" else total / sum(target != ignore_index)
