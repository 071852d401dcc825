"""Negative log-likelihood of labels, given the logarithms of probabilities.

x (N, C), t (N)      l_n = - w_t_n x_n,t_n      (0 where t_n is ignored)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Sample, check_arrays, register
from autograd.ops.elementwise import check_float
from autograd.ops.gather import nll_loss_gather
from autograd.ops.indexing import getitem
from autograd.ops.losses import draw_reduction, reduced, reduced_reference
from autograd.ops.reduce import sum
from autograd.ops.shape import movedim, unsqueeze
from autograd.ops.where import where

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def by_rows(name: str, x: Any, t: Any, weight: Any) -> tuple[Any, Any]:
    """Scores (N, C, …) as (N …, C), and their labels (N, …) as (N …)."""
    dim = min(1, x.ndim - 1)
    if t.ndim and t.shape == x.shape:
        raise TypeError(
            f"{name}: labels of shape {tuple(t.shape)} look like a row for each sample; expects class labels (N,), "
            "which .argmax(1) makes of one-hot rows (cross_entropy takes probabilities of a float dtype, too)"
        )
    if x.ndim == 0 or (*x.shape[:dim], *x.shape[dim + 1 :]) != tuple(t.shape):
        raise ValueError(
            f"{name}: scores of shape {tuple(x.shape)} and labels of shape {tuple(t.shape)} do not fit: "
            "expects (N, C) and (N,), or (C,) and (), or (N, C, …) and (N, …)"
        )
    classes = x.shape[dim]
    if weight is not None and (tuple(weight.shape) != (classes,) or weight.dtype != x.dtype):
        raise ValueError(
            f"{name}: weight, {weight.dtype} of shape {tuple(weight.shape)}, must have a number for each of the "
            f"{classes} classes, in the dtype of the scores, {x.dtype}"
        )
    if x.ndim == 2:
        return x, t
    return movedim(x, dim, -1).reshape((math.prod(t.shape), classes)), t.reshape((-1,))


def check_labels(name: str, x: Any, t: Any, ignore_index: int) -> None:
    """Raise where t (N) is not of labels for x (N, C)."""
    check_float(name, x)
    if t.dtype.kind not in "iu":
        raise TypeError(f"{name}: expects integer class labels, got {t.dtype}; convert them, with .long()")
    if t.size and t.min() >= 0 and t.max() < x.shape[1]:
        return  # the usual case, quickly
    wrong = (t != ignore_index) & ((t < 0) | (t >= x.shape[1]))
    if wrong.any():
        n = int(wrong.argmax())
        raise IndexError(
            f"{name}: label {t[n]} of sample {n} is out of range: with {x.shape[1]} classes labels are "
            f"0 to {x.shape[1] - 1} (ignore_index, here {ignore_index}, is skipped)"
        )


def label_weights(t: Any, weight: Any, ignore_index: int) -> Any:
    """The weight of each label's class; 0 where it is ignored."""
    ignored = t == ignore_index
    return where(ignored, 0.0, getitem(weight, where(ignored, 0, t)))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of the right class's probability.

    Parameters
    ----------
    input : Tensor of float, (N, C), (C,) or (N, C, …)
        Logarithms of probabilities, as log_softmax gives them.
    target : Tensor of int, of the input's shape without C
        Class labels, 0 to C - 1.
    weight : Tensor, (C,), optional
        Of each class.
    ignore_index : int
        Samples with this label count for nothing.
    reduction : "mean" (the sum divided by that of the labels' weights; NaN if all are ignored), "sum" or "none"

    Returns
    -------
    Tensor, () or, for "none", the shape of target

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError, TypeError
        Where shapes or dtypes do not fit.
    """
    check_arrays("nll_loss", input=input, target=target)
    x, t = by_rows("nll_loss", input, target, weight)
    check_labels("nll_loss", x, np.asarray(t), ignore_index)
    ignored = t == ignore_index
    picked = nll_loss_gather(x, unsqueeze(where(ignored, 0, t), 1), dim=1).reshape((-1,))
    of_labels = None if weight is None else label_weights(t, weight, ignore_index)
    losses = where(ignored, 0.0, -picked if of_labels is None else -picked * of_labels)
    total = sum(t != ignore_index if of_labels is None else of_labels)
    return reduced("nll_loss", losses.reshape(target.shape), reduction, total)


def _reference(x: Any, t: Any, w: Any, *, ignore_index: int, reduction: str) -> Any:
    x = np.moveaxis(x, min(1, x.ndim - 1), -1)
    losses, weights = np.zeros(t.shape, x.dtype), np.zeros(t.shape, x.dtype)
    for place in np.ndindex(*t.shape):
        if t[place] != ignore_index:
            weights[place] = 1 if w is None else w[t[place]]
            losses[place] = -weights[place] * x[(*place, t[place])]
    return reduced_reference(losses, reduction, weights.sum())


def labelled(draw: Any) -> tuple[Any, Any, Any, int]:
    """Scores, labels, weights of classes or None, and the label that is ignored."""
    classes, places = draw.size(1, 4), draw.choice((), (draw.size(0, 3),), (draw.size(0, 3), 2), (2, 1, 2))
    ignored = draw.choice(-100, 0)
    t = np.where(draw.index(places, 4) == 3, ignored, draw.index(places, classes))
    w = draw.choice(None, draw.tensor(classes, low=0.5))
    return draw.tensor(*places[:1], classes, *places[1:]), t, w, ignored


def _sample(draw: Any) -> Sample:
    x, t, w, ignored = labelled(draw)
    return Sample((x, t, w), {"ignore_index": ignored, "reduction": draw_reduction(draw, (t != ignored).any())})


_ONES = np.ones((2, 3))
register(
    Composite(
        name="nll_loss",
        function=nll_loss,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((_ONES, np.array([0, 3])), {}, IndexError, ("nll_loss", "label 3", "sample 1", "0 to 2")),
            BadSample((_ONES, np.array([0])), {}, ValueError, ("nll_loss", "(2, 3)", "(1,)")),
            BadSample((_ONES, np.array([0.0, 1.0])), {}, TypeError, ("nll_loss", "float64", ".long()")),
            BadSample((np.ones((2, 3), int), np.array([0, 1])), {}, TypeError, ("nll_loss", "int64", ".float()")),
            BadSample((_ONES, np.array([0, 1]), np.ones(2)), {}, ValueError, ("nll_loss", "weight", "(2,)")),
            BadSample((_ONES, np.array([0, 1])), {"reduction": "max"}, ValueError, ("nll_loss", "'max'")),
        ],
    )
)
