"""Reductions of losses, and class labels."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample
from autograd.ops.indexing import getitem
from autograd.ops.reduce import mean, sum
from autograd.ops.shape import movedim
from autograd.ops.shared.checks import check_float
from autograd.ops.where import where
from autograd.tracebacks import user_stacklevel
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


# ── reductions ─────────────────────────────────────────────────────────────────────────


def check_reduction(name: str, reduction: str) -> None:
    """Raise ValueError unless `reduction` is "mean", "sum" or "none"."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: reduction {reduction!r} is not one of 'mean', 'sum', 'none'")


def legacy_reduction(name: str, reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction that PyTorch's deprecated arguments name; `reduction` if neither is given."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        meant = "none"
    else:
        meant = "sum" if size_average is False else "mean"
    message = f"{name}: size_average and reduce are deprecated; use reduction={meant!r}"
    warnings.warn(message, stacklevel=user_stacklevel())
    return meant


def reduce_losses(name: str, losses: Tensor, reduction: str, divisor: Any = None) -> Tensor:
    """The losses, their sum, or their mean.

    The mean is the sum divided by `divisor`, which is the number of losses by default.
    """
    check_reduction(name, reduction)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum(losses)
    return mean(losses) if divisor is None else sum(losses) / divisor


def reduce_reference(losses: Array, reduction: str, divisor: Any = None) -> Array:
    """The same in NumPy."""
    if reduction == "none":
        return losses
    return np.asarray(losses.sum() / ((losses.size if divisor is None else divisor) if reduction == "mean" else 1))


def draw_reduction(draw: Draw, counted: Any = True) -> str:
    """A reduction.  "mean" only if something is `counted`: a mean of nothing is NaN, and has no differences."""
    return str(draw.choice("mean", "sum", "none") if counted else draw.choice("sum", "none"))


# ── class labels ───────────────────────────────────────────────────────────────────────


def flatten_scores(name: str, x: Any, t: Any, weight: Any) -> tuple[Any, Any]:
    """Scores (N, C, …) as (M, C) and their labels (N, …) as (M,).  Raises unless the shapes fit."""
    dim = min(1, x.ndim - 1)
    if t.ndim and t.shape == x.shape:
        raise TypeError(
            f"{name}: labels of shape {tuple(t.shape)} have a row for each sample; expects class labels (N,), "
            "which .argmax(1) makes of one-hot rows (cross_entropy also takes probabilities, in a float dtype)"
        )
    if x.ndim == 0 or (*x.shape[:dim], *x.shape[dim + 1 :]) != tuple(t.shape):
        raise ValueError(
            f"{name}: scores of shape {tuple(x.shape)} and labels of shape {tuple(t.shape)} do not fit: "
            "expects (N, C) and (N,), or (C,) and (), or (N, C, …) and (N, …)"
        )
    classes = x.shape[dim]
    if weight is not None and (tuple(weight.shape) != (classes,) or weight.dtype != x.dtype):
        raise ValueError(
            f"{name}: weight is {weight.dtype} of shape {tuple(weight.shape)}; it must have one element for each of "
            f"the {classes} classes, in the dtype of the scores, {x.dtype}"
        )
    if x.ndim == 2:
        return x, t
    return movedim(x, dim, -1).reshape((math.prod(t.shape), classes)), t.reshape((-1,))


def check_labels(name: str, x: Any, t: Array, ignore_index: int) -> None:
    """Raise unless t (N,) has class labels for the scores x (N, C)."""
    check_float(name, x)
    if t.dtype.kind not in "iu":
        raise TypeError(f"{name}: expects integer class labels, got {t.dtype}; convert them, with .long()")
    if t.size and t.min() >= 0 and t.max() < x.shape[1]:
        return  # the usual case, quickly
    wrong = (t != ignore_index) & ((t < 0) | (t >= x.shape[1]))
    if wrong.any():
        n = int(wrong.argmax())
        raise IndexError(
            f"{name}: label {t[n]} of sample {n} is out of range: with {x.shape[1]} classes, labels are "
            f"0 to {x.shape[1] - 1} (ignore_index, here {ignore_index}, is skipped)"
        )


def label_weights(t: Any, weight: Tensor, ignore_index: int) -> Tensor:
    """The weight of each label's class, 0 for ignored labels."""
    ignored = t == ignore_index
    return where(ignored, 0.0, getitem(weight, where(ignored, 0, t)))


def draw_labels(draw: Draw) -> tuple[Array, Array, Array | None, int]:
    """Scores, labels, class weights or None, and the label to ignore."""
    classes = draw.size(1, 4)
    shape: Shape = draw.choice((), (draw.size(0, 3),), (draw.size(0, 3), 2), (2, 1, 2))
    ignored = draw.choice(-100, 0)
    t = np.where(draw.index(shape, 4) == 3, ignored, draw.index(shape, classes))
    w = draw.choice(None, draw.tensor(classes, low=0.5))
    return draw.tensor(*shape[:1], classes, *shape[1:]), t, w, ignored


def bad_reduction(name: str, *inputs: Any) -> BadSample:
    """A call with a reduction that does not exist."""
    return BadSample(inputs, {"reduction": "max"}, ValueError, (name, "'max'", "'none'"))
