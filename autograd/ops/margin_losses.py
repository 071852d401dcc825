"""Losses of scores with a margin, of pairs and triplets, and of Gaussian and Poisson distributions.

    margin_ranking_loss           l = max(0, -y (a - b) + m)
    hinge_embedding_loss          l = x if y = 1,  max(0, m - x) if y = -1
    soft_margin_loss              l = log(1 + exp(-y x))
    multi_margin_loss             l = Σ_{i ≠ y} w_y max(0, m - x_y + x_i)^p / C
    multilabel_margin_loss        l = Σ_{j in y} Σ_{i not in y} max(0, 1 - x_j + x_i) / C
    multilabel_soft_margin_loss   l = -Σ_i w_i (y log sigmoid(x) + (1 - y) log sigmoid(-x)) / C
    cosine_embedding_loss         l = 1 - cos(a, b) if y = 1,  max(0, cos(a, b) - m) if y = -1
    triplet_margin_loss           l = max(0, m + |a - p| - |a - n|)
    gaussian_nll_loss             l = (log max(v, ε) + (x - t)² / max(v, ε)) / 2
    poisson_nll_loss              l = e^x - t x,  or x - t log(x + ε)

They return the mean of all l, their sum, or l itself.  They are made of other ops, and so are their gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.activation import logsigmoid
from autograd.ops.distances import pairwise_distance
from autograd.ops.extrema import clamp_min, minimum
from autograd.ops.functions import exp, log, sqrt
from autograd.ops.indexing import getitem
from autograd.ops.reduce import sum
from autograd.ops.shape import unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.losses import (
    bad_reduction,
    check_reduction,
    draw_reduction,
    legacy_reduction,
    reduce_losses,
    reduce_reference,
)
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check_same(name: str, **tensors: Any) -> None:
    """Raise unless the shapes broadcast."""
    check_arrays(name, **tensors)
    try:
        np.broadcast_shapes(*(tuple(x.shape) for x in tensors.values()))
    except ValueError:
        shapes = " and ".join(f"{key} of shape {tuple(x.shape)}" for key, x in tensors.items())
        raise ValueError(f"{name}: {shapes} do not fit; they must have the same shape") from None


def _reduced(name: str, losses: Tensor, reduction: str, size_average: bool | None, reduce: bool | None) -> Tensor:
    return reduce_losses(name, losses, legacy_reduction(name, reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Loss of two scores of which one should be higher by a margin: input1 if target is 1, input2 if it is -1.

    max(0, -target · (input1 - input2) + margin)

    Parameters
    ----------
    input1, input2 : Tensor, any shape
        Scores.
    target : Tensor, of the same shape
        1 or -1.
    margin : float
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the same shape with reduction "none"

    Raises
    ------
    ValueError
        If the shapes or numbers of dimensions do not fit, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> a, b = autograd.tensor([3.0, 1.0]), autograd.tensor([1.0, 2.0])
    >>> F.margin_ranking_loss(a, b, autograd.tensor([1, 1]), margin=0.5, reduction="none")
    tensor([0.0000, 1.5000])
    """
    _check_same("margin_ranking_loss", input1=input1, input2=input2, target=target)
    if input1.ndim != input2.ndim or input1.ndim != target.ndim:
        raise ValueError(
            f"margin_ranking_loss: input1, input2 and target have the shapes {tuple(input1.shape)}, "
            f"{tuple(input2.shape)} and {tuple(target.shape)}; they must have the same number of dimensions"
        )
    losses = clamp_min(-target * (input1 - input2) + margin, 0)
    return _reduced("margin_ranking_loss", losses, reduction, size_average, reduce)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Loss of a distance, which should be small if target is 1, and above a margin if it is -1.

    input if target is 1, and max(0, margin - input) if it is -1.

    Parameters
    ----------
    input : Tensor, any shape
        Distances.
    target : Tensor, of the same shape
        1 or -1.
    margin : float
        Where the loss of dissimilar pairs becomes 0.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the same shape with reduction "none"

    Raises
    ------
    ValueError
        If the shapes do not fit, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> distances = autograd.tensor([0.5, 0.25, 2.0])
    >>> F.hinge_embedding_loss(distances, autograd.tensor([1, -1, -1]), reduction="none")
    tensor([0.5000, 0.7500, 0.0000])
    """
    _check_same("hinge_embedding_loss", input=input, target=target)
    losses = where(target != 1, clamp_min(margin - input, 0), 0.0) + where(target != -1, input, 0.0)
    return _reduced("hinge_embedding_loss", losses, reduction, size_average, reduce)


@in_float32
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Logistic loss of a score whose sign should be that of target: log(1 + exp(-target · input)).

    Parameters
    ----------
    input : Tensor of float, any shape
        Scores.
    target : Tensor, of the same shape
        1 or -1.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the same shape with reduction "none"

    Raises
    ------
    ValueError
        If the shapes do not fit, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.soft_margin_loss(autograd.tensor([0.0, 2.0]), autograd.tensor([1, 1]), reduction="none")
    tensor([0.6931, 0.1269])
    """
    _check_same("soft_margin_loss", input=input, target=target)
    return _reduced("soft_margin_loss", -logsigmoid(target * input), reduction, size_average, reduce)


def _scores(name: str, input: Tensor) -> Tensor:
    """Scores (N, C) or (C,) as (N, C)."""
    check_float(name, input)
    if input.ndim > 2 or (input.ndim and not input.shape[-1]):
        raise ValueError(f"{name}: expects scores (N, C) or (C,), got shape {tuple(input.shape)}")
    return input if input.ndim == 2 else input.reshape((1, -1))


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss of class scores: that of the right class should be higher than all others by a margin.

    The sum of max(0, margin - input[target] + input[i])^p over the other classes i, divided by C.

    Parameters
    ----------
    input : Tensor of float, (N, C) or (C,)
    target : Tensor of int, (N,) or ()
        Class labels.
    p : 1 or 2
        The power of each difference.
    margin : float
    weight : Tensor, (C,), optional
        Weight of each class.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the shape of target with reduction "none"

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError
        If shapes do not fit, p is neither 1 nor 2, or the reduction is unknown.
    TypeError
        If input is not of floats, or target not of integers.

    References
    ----------
    Crammer and Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines", 2001.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> scores = autograd.tensor([[0.5, 1.0, 0.0]])
    >>> F.multi_margin_loss(scores, autograd.tensor([1]))  # (0.5 + 0) / 3
    tensor(0.1667)
    """
    check_arrays("multi_margin_loss", input=input, target=target)
    x, labels = _scores("multi_margin_loss", input), np.asarray(target).reshape(-1)
    n, classes = x.shape
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p is {p!r}; it must be 1 or 2")
    if target.ndim > 1 or len(labels) != n:
        raise ValueError(
            f"multi_margin_loss: scores of shape {tuple(input.shape)} and labels of shape {tuple(target.shape)} do not "
            "fit: expects (N, C) and (N,), or (C,) and ()"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"multi_margin_loss: expects integer class labels, got {labels.dtype}; convert them, .long()")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise IndexError(f"multi_margin_loss: labels must be from 0 to {classes - 1}, got {labels.tolist()}")
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ValueError(f"multi_margin_loss: weight of shape {tuple(weight.shape)} must have shape ({classes},)")
    right = unsqueeze(getitem(x, (np.arange(n), labels)), 1)
    differences = clamp_min(margin - right + x, 0)
    differences = differences if p == 1 else differences * differences
    if weight is not None:
        differences = differences * unsqueeze(getitem(weight, labels), 1)
    losses = sum(where(np.arange(classes) == labels[:, None], 0.0, differences), 1) / classes
    losses = losses if input.ndim == 2 else losses.reshape(target.shape)
    return _reduced("multi_margin_loss", losses, reduction, size_average, reduce)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss of class scores when a sample has several classes.

    The sum of max(0, 1 - input[j] + input[i]) over its classes j and the other classes i, divided by C.

    Parameters
    ----------
    input : Tensor of float, (N, C) or (C,)
    target : Tensor of int, of the same shape
        The labels of each sample, then -1; what follows is ignored.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; (N,) or () with reduction "none"

    Raises
    ------
    IndexError
        If a label is out of range.
    ValueError
        If shapes do not fit, or the reduction is unknown.
    TypeError
        If input is not of floats, or target not of integers.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> scores = autograd.tensor([[1.0, 0.5, 1.0, 0.0]])
    >>> F.multilabel_margin_loss(scores, autograd.tensor([[0, 2, -1, -1]]))  # (0.5 + 0 + 0.5 + 0) / 4
    tensor(0.2500)
    """
    check_arrays("multilabel_margin_loss", input=input, target=target)
    x = _scores("multilabel_margin_loss", input)
    if tuple(target.shape) != tuple(input.shape):
        raise ValueError(
            f"multilabel_margin_loss: input of shape {tuple(input.shape)} and target of shape {tuple(target.shape)} "
            "must have the same shape"
        )
    labels, (n, classes) = np.asarray(target).reshape(x.shape), x.shape
    if labels.dtype.kind not in "iu":
        raise TypeError(f"multilabel_margin_loss: expects integer labels, got {labels.dtype}; convert them, .long()")
    if labels.size and (labels.min() < -1 or labels.max() >= classes):
        raise IndexError(f"multilabel_margin_loss: labels must be from -1 to {classes - 1}")
    rows, places = np.nonzero(np.logical_and.accumulate(labels >= 0, axis=1))
    columns = labels[rows, places]
    is_label: Any = np.zeros((n, classes), bool)
    is_label[rows, columns] = True
    differences = clamp_min(1 - unsqueeze(getitem(x, (rows, columns)), 1) + getitem(x, rows), 0)
    pairs = sum(where(is_label[rows], 0.0, differences), 1) / classes
    belongs: Any = np.arange(n)[:, None] == rows  # which sample each label belongs to
    losses = sum(where(belongs, pairs, 0.0), 1)
    losses = losses if input.ndim == 2 else losses.reshape(())
    return _reduced("multilabel_margin_loss", losses, reduction, size_average, reduce)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean over the classes of the binary cross-entropy of each class, when a sample may have several.

    Parameters
    ----------
    input : Tensor of float, (…, C)
        Scores, before the sigmoid.
    target : Tensor, of the same shape
        1 for the classes of a sample, and 0 for the others.
    weight : Tensor, (C,), optional
        Weight of each class.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; (…) with reduction "none"

    Raises
    ------
    ValueError
        If the shapes do not fit, input has no dimensions, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> scores, target = autograd.tensor([[0.0, 0.0], [2.0, -2.0]]), autograd.tensor([[1.0, 0.0], [1.0, 0.0]])
    >>> F.multilabel_soft_margin_loss(scores, target, reduction="none")  # log(2), log(1 + e^-2)
    tensor([0.6931, 0.1269])
    """
    _check_same("multilabel_soft_margin_loss", input=input, target=target)
    if input.ndim == 0:
        raise ValueError("multilabel_soft_margin_loss: expects scores (…, C), got shape ()")
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    losses = losses if weight is None else losses * weight
    return _reduced("multilabel_soft_margin_loss", sum(losses, -1) / input.shape[-1], reduction, size_average, reduce)


@in_float32
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Loss of the cosine of two vectors, which should be 1 if target is 1, and below a margin if it is -1.

    1 - cos(input1, input2) if target is 1, and max(0, cos(input1, input2) - margin) if it is -1.

    Parameters
    ----------
    input1, input2 : Tensor of float, (N, D) or (D,)
    target : Tensor, (N,) or ()
        1 or -1.
    margin : float
        From -1 to 1.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the shape of target with reduction "none"

    Raises
    ------
    RuntimeError
        If the numbers of dimensions do not fit.
    ValueError
        If N or D differ, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x, y = autograd.tensor([[1.0, 0.0], [1.0, 0.0]]), autograd.tensor([[0.0, 1.0], [2.0, 0.0]])  # cosines 0 and 1
    >>> F.cosine_embedding_loss(x, y, autograd.tensor([1, -1]), margin=0.25, reduction="none")
    tensor([1.0000, 0.7500])
    """
    check_arrays("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    if target.ndim > 1 or input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: inputs of shapes {tuple(input1.shape)} and {tuple(input2.shape)} and a target of "
            f"shape {tuple(target.shape)} do not fit: expects (N, D), (N, D) and (N,), or (D,), (D,) and ()"
        )
    product = sum(input1 * input2, -1)
    squares = [sum(x * x, -1) + 1e-12 for x in (input1, input2)]
    cosine = product / sqrt(squares[0] * squares[1])
    losses = where(target == 1, 1 - cosine, where(target == -1, clamp_min(cosine - margin, 0), 0.0))
    return _reduced("cosine_embedding_loss", losses, reduction, size_average, reduce)


def _triplet(name: str, distances: Sequence[Tensor], closest: Tensor | None, margin: float, reduction: str) -> Tensor:
    negative = distances[1] if closest is None else minimum(distances[1], closest)
    return reduce_losses(name, clamp_min(margin + distances[0] - negative, 0), reduction)


def _check_triplet(name: str, anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> None:
    _check_same(name, anchor=anchor, positive=positive, negative=negative)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"{name}: anchor, positive and negative have {anchor.ndim}, {positive.ndim} and {negative.ndim} "
            "dimensions; they must have the same number"
        )
    if margin <= 0:
        raise ValueError(f"{name}: margin is {margin}; it must be above 0")


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Loss of three vectors: the anchor should be nearer to the positive than to the negative, by a margin.

    max(0, margin + distance(anchor, positive) - distance(anchor, negative))

    Parameters
    ----------
    anchor, positive, negative : Tensor of float, (N, D) or (D,)
    margin : float
        Above 0.
    p, eps : float
        Of `pairwise_distance`.
    swap : bool
        Take the distance from the positive to the negative if it is smaller than the anchor's.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; (N,) or () with reduction "none"

    Raises
    ------
    RuntimeError
        If the numbers of dimensions differ.
    ValueError
        If sizes do not fit, margin is not above 0, or the reduction is unknown.

    References
    ----------
    Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks", 2016.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> anchor, near, far = (autograd.tensor([point]) for point in ([0.0, 0.0], [3.0, 4.0], [0.0, 5.5]))
    >>> F.triplet_margin_loss(anchor, near, far)  # 1 + 5 - 5.5
    tensor(0.5000)
    """
    name = "triplet_margin_loss"
    _check_triplet(name, anchor, positive, negative, margin)
    reduction = legacy_reduction(name, reduction, size_average, reduce)
    distances = [pairwise_distance(anchor, other, p, eps) for other in (positive, negative)]
    return _triplet(name, distances, pairwise_distance(positive, negative, p, eps) if swap else None, margin, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with any distance.

    max(0, margin + distance(anchor, positive) - distance(anchor, negative))

    Parameters
    ----------
    anchor, positive, negative : Tensor, (N, …), all of one shape
    distance_function : function (Tensor, Tensor) -> Tensor, optional
        The distances of two batches of points.  Default: `pairwise_distance`.
    margin : float
        Above 0.
    swap : bool
        Take the distance from the positive to the negative if it is smaller than the anchor's.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the shape of the distances with reduction "none"

    Raises
    ------
    RuntimeError
        If the numbers of dimensions differ.
    ValueError
        If sizes do not fit, margin is not above 0, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> anchor, near, far = (autograd.tensor([point]) for point in ([0.0, 0.0], [3.0, 4.0], [0.0, 6.5]))
    >>> def steps(x, y):  # along the axes
    ...     return (x - y).abs().sum(-1)
    >>> F.triplet_margin_with_distance_loss(anchor, near, far, distance_function=steps)  # 1 + 7 - 6.5
    tensor(1.5000)
    """
    name = "triplet_margin_with_distance_loss"
    check_reduction(name, reduction)
    _check_triplet(name, anchor, positive, negative, margin)
    distance = distance_function or pairwise_distance
    distances = [distance(anchor, other) for other in (positive, negative)]
    return _triplet(name, distances, distance(positive, negative) if swap else None, margin, reduction)


@in_float32
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of a target under a Gaussian whose mean and variance were predicted.

    (log(var) + (input - target)² / var) / 2

    Parameters
    ----------
    input, target : Tensor of float, (…)
        The means, and what was observed.
    var : Tensor of float, (…), without the last dimension or with size 1 in one; or a number
        The variances, at least 0.
    full : bool
        Whether to add log(2π) / 2.
    eps : float
        The smallest variance, above 0.  The gradient takes no notice of it.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the shape of input with reduction "none"

    Raises
    ------
    ValueError
        If shapes do not fit, a variance is negative, eps is not above 0, or the reduction is unknown.

    References
    ----------
    Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> mean, target = autograd.tensor([1.0, 1.0]), autograd.tensor([1.0, 3.0])
    >>> F.gaussian_nll_loss(mean, target, var=1.0, reduction="none")
    tensor([0., 2.])
    """
    name = "gaussian_nll_loss"
    check_reduction(name, reduction)
    _check_same(name, input=input, target=target)
    if not eps > 0:
        raise ValueError(f"{name}: eps is {eps}; it must be above 0")
    if isinstance(var, int | float):
        if var < 0:
            raise ValueError(f"{name}: var is {var}; it must be at least 0")
        var = input * 0 + var
    check_arrays(name, var=var)
    if (np.asarray(getattr(var, "array", var)) < 0).any():
        raise ValueError(f"{name}: var has a negative element; variances must be at least 0")
    shape, own = tuple(input.shape), tuple(var.shape)
    if own != shape:
        if own == shape[:-1]:
            var = unsqueeze(var, -1)
        elif len(own) != len(shape) or [mine for mine, other in zip(own, shape) if mine != other] != [1]:
            raise ValueError(f"{name}: var of shape {own} does not fit an input of shape {shape}")
    var = where(var < eps, var + (eps - var).detach(), var)
    d = input - target
    losses = (log(var) + d * d / var) * 0.5 + (0.5 * math.log(2 * math.pi) if full else 0)
    return reduce_losses(name, losses, reduction)


@in_float32
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of counts under a Poisson distribution whose rate was predicted.

    exp(input) - target · input, or without log_input, input - target · log(input + eps).

    Parameters
    ----------
    input, target : Tensor, of the same shape
        The rate, or its logarithm; and the counts.
    log_input : bool
        Whether input is a logarithm.
    full : bool
        Whether to add Stirling's approximation of log(target!), for targets above 1.
    eps : float
        Added to a rate whose logarithm is taken.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of one element; of the same shape with reduction "none"

    Raises
    ------
    ValueError
        If the shapes do not fit, or the reduction is unknown.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.poisson_nll_loss(autograd.tensor([0.0, 0.0]), autograd.tensor([1.0, 5.0]), reduction="none")
    tensor([1., 1.])
    >>> F.poisson_nll_loss(autograd.tensor([2.0]), autograd.tensor([1.0]), log_input=False)  # 2 - log(2)
    tensor(1.3069)
    """
    _check_same("poisson_nll_loss", input=input, target=target)
    losses = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        t = where(target > 1, target, 1.0)
        losses = losses + where(target > 1, t * log(t) - t + 0.5 * log(2 * math.pi * t), 0.0)
    return _reduced("poisson_nll_loss", losses, reduction, size_average, reduce)


# ── the functions as rows ──────────────────────────────────────────────────────────────


def _row(
    function: Callable[..., Tensor],
    losses: Callable[..., Array],
    inputs: Callable[[Draw], tuple[tuple[Any, ...], dict[str, Any]]],
    *bad: BadSample,
    weighted: bool = False,
    call: Callable[..., Tensor] | None = None,
) -> None:
    """Register a loss.  losses(*inputs, **options) is its reference, and `inputs` draws a call of it.

    The last input of a weighted loss is its weight, or None.
    """

    def function_of(*arrays: Any, **options: Any) -> Tensor:
        return function(*arrays[:-1], weight=arrays[-1], **options) if weighted else function(*arrays, **options)

    def reference(*arrays: Any, reduction: str, **options: Any) -> Array:
        return reduce_reference(np.asarray(losses(*arrays, **options)), reduction)

    def sample(draw: Draw) -> Sample:
        arrays, options = inputs(draw)
        return Sample(arrays, {"reduction": draw_reduction(draw, arrays[0].size), **options})

    name = function.__name__
    register(
        Composite(name=name, function=call or function_of, reference=reference, sample=sample, bad_samples=list(bad))
    )


def _signs(draw: Draw, shape: tuple[int, ...]) -> Array:
    return draw.index(shape, 2) * 2 - 1


def _one(draw: Draw, **options: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = draw.shape(1, 2, least=0)
    return (draw.tensor(*shape), _signs(draw, shape)), options


def _draw_ranking(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = draw.shape(1, 2, least=0)
    return (draw.tensor(*shape), draw.tensor(*shape) + 0.0003, _signs(draw, shape)), {"margin": draw.choice(0.0, 0.71)}


def _draw_classes(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    n, classes = draw.choice((), draw.shape(1, 1, least=0)), draw.size(1, 3)
    w = draw.choice(None, draw.tensor(classes, low=0.5))
    options = {"p": draw.choice(1, 2), "margin": draw.choice(1.0003, 0.5703)}
    return (draw.tensor(*n, classes), draw.index(n, classes), w), options


def _multi_margin(x: Array, y: Array, weight: Array | None, *, p: int, margin: float) -> Array:
    losses = np.zeros(y.shape, x.dtype)
    for i in np.ndindex(*y.shape):
        others = np.maximum(0, margin - x[(*i, y[i])] + np.delete(x[i], y[i])) ** p
        losses[i] = (others * (1 if weight is None else weight[y[i]])).sum() / x.shape[-1]
    return losses


def _draw_labels(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = (*draw.choice((), draw.shape(1, 1, least=0)), draw.size(1, 3))
    return (draw.tensor(*shape) * 1.0003, draw.index(shape, shape[-1] + 1) - 1), {}


def _multilabel_margin(x: Array, y: Array) -> Array:
    losses = np.zeros(x.shape[:-1], x.dtype)
    for i in np.ndindex(*losses.shape):
        labels = y[i][: np.argmax(y[i] < 0)] if (y[i] < 0).any() else y[i]
        others = np.delete(x[i], labels)
        losses[i] = np.sum([np.maximum(0, 1 - x[i][j] + others).sum() for j in labels]) / x.shape[-1]
    return losses


def _multilabel_soft_margin(x: Array, y: Array, weight: Array | None) -> Array:
    losses = y * np.log1p(np.exp(-x)) + (1 - y) * np.log1p(np.exp(x))
    return np.mean(losses if weight is None else losses * weight, -1)


def _draw_multilabel(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = (*draw.shape(0, 1, least=0), draw.size(1, 3))
    w = draw.choice(None, draw.tensor(shape[-1], low=0.5))
    return (draw.tensor(*shape), draw.tensor(*shape, low=0.1, high=0.9), w), {}


def _cosine_embedding(a: Array, b: Array, y: Array, *, margin: float) -> Array:
    cosine = (a * b).sum(-1) / np.sqrt((np.square(a).sum(-1) + 1e-12) * (np.square(b).sum(-1) + 1e-12))
    return np.where(y == 1, 1 - cosine, np.maximum(0, cosine - margin))


def _draw_embedding(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    n, d = draw.choice((), draw.shape(1, 1, least=0)), draw.size(2, 3)
    options = {"margin": draw.choice(0.0, 0.3)}
    a, b = draw.tensor(*n, d, low=0.5), draw.tensor(*n, d, low=0.3) + np.arange(d)  # not parallel
    return (a, b, _signs(draw, n)), options


def _distances(a: Array, b: Array, p: float) -> Array:
    return (np.abs(a - b + 1e-6) ** p).sum(-1) ** (1 / p)


def _triplet_losses(a: Array, b: Array, c: Array, *, margin: float, swap: bool, p: float = 2) -> Array:
    far = np.minimum(_distances(a, c, p), _distances(b, c, p)) if swap else _distances(a, c, p)
    return np.maximum(0, margin + _distances(a, b, p) - far)


def _draw_triplet(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = draw.shape(1, 2, least=0)
    three = draw.tensor(*shape), draw.tensor(*shape, low=3, high=5), draw.tensor(*shape, low=8, high=9)
    return three, {"margin": draw.choice(20.0, 1.0), "swap": draw.choice(False, True)}


def _gaussian(x: Array, t: Array, v: Any, *, full: bool) -> Array:
    v = v[..., None] if np.ndim(v) == x.ndim - 1 and np.ndim(v) else v
    v = np.maximum(v**2, 1e-6)
    return (np.log(v) + (x - t) ** 2 / v) / 2 + (np.log(2 * np.pi) / 2 if full else 0)


def _of_deviations(x: Any, t: Any, deviation: Any, **options: Any) -> Tensor:
    """The loss for standard deviations, which may be any numbers, where variances must not be negative."""
    return gaussian_nll_loss(x, t, deviation * deviation, **options)


def _draw_gaussian(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = *draw.shape(1, 1, least=0), draw.size(2, 3)
    v = draw.choice(*(draw.tensor(*some, low=1, high=2) for some in (shape, shape[:1], (shape[0], 1))))
    return (draw.tensor(*shape), draw.tensor(*shape), v), {"full": draw.choice(True, False)}


def _poisson(x: Array, t: Array, *, log_input: bool, full: bool) -> Array:
    losses = np.exp(x) - t * x if log_input else x - t * np.log(x + 1e-8)
    above = np.where(t > 1, t, 1)
    stirling = np.where(t > 1, above * np.log(above) - above + np.log(2 * np.pi * above) / 2, 0)
    return losses + stirling if full else losses


def _draw_poisson(draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    shape = draw.shape(1, 2, least=0)
    options = {"log_input": draw.choice(True, False), "full": draw.choice(True, False)}
    return (draw.tensor(*shape, low=0.5), draw.tensor(*shape, low=2, high=4) - draw.choice(0, 1.8)), options


_X, _Y = np.ones((2, 3)), np.ones((2, 2))


def _misfits(function: Callable[..., Tensor], *tail: Any) -> list[BadSample]:
    """Calls of a function of input and target: shapes that do not fit, and no reduction of this name."""
    name = function.__name__
    return [BadSample((_X, _Y, *tail), {}, ValueError, (name, "(2, 3)", "(2, 2)")), bad_reduction(name, _X, _X, *tail)]


_row(
    margin_ranking_loss,
    lambda a, b, y, *, margin: np.maximum(0, -y * (a - b) + margin),
    _draw_ranking,
    BadSample((_X, _X, _Y), {}, ValueError, ("margin_ranking_loss", "(2, 3)", "(2, 2)")),
    BadSample((_X, _X, np.ones(3)), {}, ValueError, ("margin_ranking_loss", "number of dimensions")),
    bad_reduction("margin_ranking_loss", _X, _X, _X),
)
_row(
    hinge_embedding_loss,
    lambda x, y, *, margin: np.where(y == 1, x, np.maximum(0, margin - x)),
    lambda draw: _one(draw, margin=draw.choice(1.0003, 0.31)),
    *_misfits(hinge_embedding_loss),
)
_row(soft_margin_loss, lambda x, y: np.log1p(np.exp(-y * x)), _one, *_misfits(soft_margin_loss))
_LABELS = np.zeros(2, int)
_row(
    multi_margin_loss,
    _multi_margin,
    _draw_classes,
    BadSample((_X, np.zeros(3, int), None), {}, ValueError, ("multi_margin_loss", "(2, 3)", "(3,)")),
    BadSample((_X, np.full(2, 3), None), {}, IndexError, ("multi_margin_loss", "0 to 2")),
    BadSample((_X, np.zeros(2), None), {}, TypeError, ("multi_margin_loss", "float64")),
    BadSample((_X, _LABELS, None), {"p": 3}, ValueError, ("multi_margin_loss", "p is 3")),
    BadSample((_X, _LABELS, np.ones(2)), {}, ValueError, ("multi_margin_loss", "(2,)")),
    BadSample((np.ones((2, 2, 2)), _LABELS, None), {}, ValueError, ("multi_margin_loss", "(2, 2, 2)")),
    bad_reduction("multi_margin_loss", _X, _LABELS, None),
    weighted=True,
)
_ALL = np.zeros((2, 3), int)
_row(
    multilabel_margin_loss,
    _multilabel_margin,
    _draw_labels,
    BadSample((_X, _LABELS), {}, ValueError, ("multilabel_margin_loss", "(2, 3)", "(2,)")),
    BadSample((_X, _ALL + 3), {}, IndexError, ("multilabel_margin_loss", "-1 to 2")),
    BadSample((_X, _X), {}, TypeError, ("multilabel_margin_loss", "float64")),
    bad_reduction("multilabel_margin_loss", _X, _ALL),
)
_row(
    multilabel_soft_margin_loss,
    _multilabel_soft_margin,
    _draw_multilabel,
    *_misfits(multilabel_soft_margin_loss, None),
    BadSample((np.ones(()), np.ones(()), None), {}, ValueError, ("multilabel_soft_margin_loss", "()")),
    weighted=True,
)
_row(
    cosine_embedding_loss,
    _cosine_embedding,
    _draw_embedding,
    BadSample((_X, _X, np.ones((2, 2))), {}, RuntimeError, ("cosine_embedding_loss", "(2, 3)", "(2, 2)")),
    bad_reduction("cosine_embedding_loss", _X, _X, np.ones(2)),
)
for _function in (triplet_margin_loss, triplet_margin_with_distance_loss):
    _name = _function.__name__
    _row(
        _function,
        _triplet_losses,
        _draw_triplet,
        BadSample((_X, _X, _Y), {}, ValueError, (_name, "(2, 3)", "(2, 2)")),
        BadSample((_X, _X, np.ones(3)), {}, RuntimeError, (_name, "2, 2 and 1")),
        BadSample((_X, _X, _X), {"margin": 0}, ValueError, (_name, "margin is 0")),
        bad_reduction(_name, _X, _X, _X),
    )
_row(
    gaussian_nll_loss,
    _gaussian,
    _draw_gaussian,
    BadSample((_X, _X, np.ones((2, 2))), {}, ValueError, ("gaussian_nll_loss", "(2, 2)", "(2, 3)")),
    BadSample((_X, _X, _X), {"eps": 0}, ValueError, ("gaussian_nll_loss", "eps is 0")),
    bad_reduction("gaussian_nll_loss", _X, _X, _X),
    call=_of_deviations,
)
_row(poisson_nll_loss, _poisson, _draw_poisson, *_misfits(poisson_nll_loss))
