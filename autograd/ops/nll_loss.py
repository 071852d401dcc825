"""Negative log-likelihood of class labels, given the logarithms of probabilities.

x (N, C), t (N)      l_n = - w_t_n x_n,t_n      (0 if t_n is ignored)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.gather import nll_loss_gather
from autograd.ops.reduce import sum
from autograd.ops.shape import unsqueeze
from autograd.ops.shared.losses import (
    bad_reduction,
    check_labels,
    draw_labels,
    draw_reduction,
    flatten_scores,
    label_weights,
    legacy_reduction,
    reduce_losses,
    reduce_reference,
)
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood loss: minus the logarithm of the probability of the correct class.

    Parameters
    ----------
    input : Tensor of float, (N, C), (C,) or (N, C, …)
        Logarithms of probabilities, such as results of log_softmax.
    target : Tensor of int, of input's shape without C
        Class labels from 0 to C - 1.
    weight : Tensor, (C,), optional
        Weight of each class.
    ignore_index : int
        Samples with this label are ignored.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
        The mean is the sum divided by the weights of the labels that are not ignored (NaN if all are).

    Returns
    -------
    Tensor, () or, for "none", the shape of target

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.nll_loss(autograd.tensor([[-0.1, -2.0]]), autograd.tensor([1]))
    tensor(2.)
    """
    check_arrays("nll_loss", input=input, target=target)
    reduction = legacy_reduction("nll_loss", reduction, size_average, reduce)
    x, t = flatten_scores("nll_loss", input, target, weight)
    check_labels("nll_loss", x, np.asarray(t), ignore_index)
    ignored = t == ignore_index
    picked = nll_loss_gather(x, unsqueeze(where(ignored, 0, t), 1), dim=1).reshape((-1,))
    weights = None if weight is None else label_weights(t, weight, ignore_index)
    losses = where(ignored, 0.0, -picked if weights is None else -picked * weights)
    total = sum(t != ignore_index if weights is None else weights)
    return reduce_losses("nll_loss", losses.reshape(target.shape), reduction, total)


def _reference(x: Array, t: Array, w: Array | None, *, ignore_index: int, reduction: str) -> Array:
    x = np.moveaxis(x, min(1, x.ndim - 1), -1)
    losses, weights = np.zeros(t.shape, x.dtype), np.zeros(t.shape, x.dtype)
    for i in np.ndindex(*t.shape):
        if t[i] != ignore_index:
            weights[i] = 1 if w is None else w[t[i]]
            losses[i] = -weights[i] * x[(*i, t[i])]
    return reduce_reference(losses, reduction, weights.sum())


def _sample(draw: Draw) -> Sample:
    x, t, w, ignored = draw_labels(draw)
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
            bad_reduction("nll_loss", _ONES, np.array([0, 1])),
        ],
    )
)
