"""Loss functions as modules.  `nn.functional` has the formulas and shapes.

`reduction` is "mean", "sum" or "none", unless a class says otherwise.  The arguments `size_average` and `reduce` are
deprecated: they name a reduction, with a warning.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import autograd
import nn.functional as F
from autograd import Tensor
from autograd.devices import Device
from autograd.ops.shared.losses import legacy_reduction
from autograd.types import DTypeLike
from nn.container import ModuleList, Sequential
from nn.distance import PairwiseDistance
from nn.linear import Linear
from nn.module import Module


class _Loss(Module):
    """Base class of losses with a reduction."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = legacy_reduction(type(self).__name__, reduction, size_average, reduce)


class _WeightedLoss(_Loss):
    """Base class of losses with weights of classes or elements."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """Cross-entropy between logits and class labels, or class probabilities; see `nn.functional.cross_entropy`.

    It is called with input, logits (N, C), (C,) or (N, C, …), and target: integers of input's shape without C, or
    floats of input's shape.

    Parameters
    ----------
    weight : Tensor, (C,), optional
        The weight of each class.
    ignore_index : int
        Samples with this label are ignored.  Only for class labels.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
        The mean is weighted by the weights of the labels.
    label_smoothing : float
        The share of the target, from 0 to 1, that is distributed evenly over all classes.

    Raises
    ------
    IndexError
        In forward, if a label is out of range.
    ValueError, TypeError
        In forward, if shapes or dtypes do not fit, or reduction is another word.

    References
    ----------
    Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, section 7 (label smoothing).

    Examples
    --------
    >>> import autograd, nn
    >>> logits = autograd.tensor([[0.0, 0.0], [0.0, 100.0]])
    >>> nn.CrossEntropyLoss(reduction="none")(logits, autograd.tensor([0, 1]))  # log 2, and nearly 0
    tensor([0.6931, 0.0000])
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """Negative log-likelihood of class labels, given log-probabilities; see `nn.functional.nll_loss`.

    It is called with input, log-probabilities (N, C), (C,) or (N, C, …), and target, integers of input's shape without
    C.

    Parameters
    ----------
    weight : Tensor, (C,), optional
        The weight of each class.
    ignore_index : int
        Samples with this label are ignored.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
        The mean is weighted by the weights of the labels.

    Raises
    ------
    IndexError
        In forward, if a label is out of range.
    ValueError, TypeError
        In forward, if shapes or dtypes do not fit, or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> log_probs = autograd.tensor([[-0.1, -2.0], [-3.0, -0.1]])
    >>> nn.NLLLoss(reduction="sum")(log_probs, autograd.tensor([1, 0]))
    tensor(5.)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class MSELoss(_Loss):
    """Mean squared error: (input - target)²; see `nn.functional.mse_loss`.

    It is called with input and target, Tensors of the same shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.
        Shapes that differ and broadcast are accepted, with a UserWarning.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.MSELoss()(autograd.tensor([1.0, 4.0]), autograd.tensor([1.0, 2.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """Mean absolute error: |input - target|; see `nn.functional.l1_loss`.

    It is called with input and target, Tensors of the same shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.
        Shapes that differ and broadcast are accepted, with a UserWarning.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.L1Loss()(autograd.tensor([1.0, 4.0]), autograd.tensor([1.0, 2.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """With d = |input - target|: d² / (2 beta) if d < beta, else d - beta / 2; see `nn.functional.smooth_l1_loss`.

    It is called with input and target, Tensors of the same shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
    beta : float
        Where the loss becomes linear.  With 0 it is `L1Loss`.

    Raises
    ------
    ValueError
        In forward, if shapes do not fit, beta is negative, or reduction is another word.

    References
    ----------
    Girshick, "Fast R-CNN", 2015, equation 3.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.SmoothL1Loss(reduction="none")(autograd.tensor([0.5, 4.0]), autograd.tensor([0.0, 2.0]))
    tensor([0.1250, 1.5000])
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """With d = |input - target|: d² / 2 if d <= delta, else delta * (d - delta / 2); see `nn.functional.huber_loss`.

    It is called with input and target, Tensors of the same shape.

    Parameters
    ----------
    reduction : "mean", "sum" or "none"
    delta : float
        Where the loss becomes linear.

    Raises
    ------
    TypeError
        If delta is no number.
    ValueError
        In forward, if shapes do not fit, delta is not above 0, or reduction is another word.

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter", 1964.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.HuberLoss(reduction="none", delta=2.0)(autograd.tensor([1.0, 5.0]), autograd.tensor([0.0, 0.0]))
    tensor([0.5000, 8.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        if not isinstance(delta, int | float):
            raise TypeError(f"HuberLoss: delta is a {type(delta).__name__}; expects a float")
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class BCELoss(_WeightedLoss):
    """Binary cross-entropy, given probabilities; see `nn.functional.binary_cross_entropy`.

    It is called with input and target, Tensors of the same shape, with elements from 0 to 1.

    Parameters
    ----------
    weight : Tensor, whose shape broadcasts to the input's, optional
        The weight of each element.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes or dtypes do not fit, an element is not between 0 and 1, or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> probabilities = autograd.tensor([0.5, 0.25])
    >>> nn.BCELoss(reduction="none")(probabilities, autograd.tensor([1.0, 0.0]))  # -log 0.5 and -log 0.75
    tensor([0.6931, 0.2877])
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """Binary cross-entropy, given logits; see `nn.functional.binary_cross_entropy_with_logits`.

    It is called with input and target, Tensors of the same shape; targets are from 0 to 1.

    Parameters
    ----------
    weight : Tensor, whose shape broadcasts to the input's, optional
        The weight of each element.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
    pos_weight : Tensor, whose shape broadcasts to the input's, optional
        The weight of the positive class.

    Raises
    ------
    ValueError
        In forward, if shapes or dtypes do not fit, or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> logits = autograd.tensor([0.0, 100.0])
    >>> nn.BCEWithLogitsLoss(reduction="none")(logits, autograd.tensor([1.0, 0.0]))  # log 2, and 100
    tensor([  0.6931, 100.0000])
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """Kullback-Leibler divergence of the target distribution from the input; see `nn.functional.kl_div`.

    It is called with input, log-probabilities of any shape, and target, of the same shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "batchmean", "sum" or "none"
        "batchmean" divides the sum by the batch size, which gives the divergence itself; "mean" by the number of
        elements.
    log_target : bool
        Whether the target contains log-probabilities, as the input does, or probabilities.

    Raises
    ------
    ValueError
        In forward, if shapes do not broadcast, or reduction is another word.

    References
    ----------
    Kullback and Leibler, "On Information and Sufficiency", 1951, equation 2.4.

    Examples
    --------
    >>> import autograd, nn
    >>> log_probs = autograd.tensor([[0.5, 0.5]]).log()
    >>> nn.KLDivLoss(reduction="batchmean")(log_probs, autograd.tensor([[1.0, 0.0]]))  # log 2
    tensor(0.6931)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class MarginRankingLoss(_Loss):
    """Loss of two scores of which one should be higher: max(0, -target (input1 - input2) + margin).

    It is called with input1, input2 and target, Tensors of the same shape; see `nn.functional.margin_ranking_loss`.

    Parameters
    ----------
    margin : float
        By how much it should be higher: input1 where target is 1, input2 where it is -1.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> a, b = autograd.tensor([3.0, 1.0]), autograd.tensor([1.0, 2.0])
    >>> nn.MarginRankingLoss(margin=0.5, reduction="none")(a, b, autograd.tensor([1.0, 1.0]))
    tensor([0.0000, 1.5000])
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """Loss of a distance: itself where target is 1, max(0, margin - distance) where it is -1.

    It is called with input, the distances, and target, Tensors of the same shape; see
    `nn.functional.hinge_embedding_loss`.

    Parameters
    ----------
    margin : float
        How large a distance with target -1 should be.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> distance = autograd.tensor([0.25, 0.25])
    >>> nn.HingeEmbeddingLoss(reduction="none")(distance, autograd.tensor([1.0, -1.0]))
    tensor([0.2500, 0.7500])
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """Logistic loss of scores, with targets 1 and -1: log(1 + exp(-target · input)).

    It is called with input and target, Tensors of the same shape; see `nn.functional.soft_margin_loss`.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> scores = autograd.tensor([0.0, -100.0])
    >>> nn.SoftMarginLoss(reduction="none")(scores, autograd.tensor([1.0, 1.0]))
    tensor([  0.6931, 100.0000])
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of samples with several classes; see `nn.functional.multilabel_margin_loss`.

    It is called with input, class scores (N, C) or (C,), and target, integers of the same shape: the labels of each
    sample, then -1; what follows is ignored.  Each score of a right class should be higher than each of the others by
    1.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError, TypeError
        In forward, if shapes or dtypes do not fit, or reduction is another word.
    IndexError
        In forward, if a label is out of range.

    Examples
    --------
    >>> import autograd, nn
    >>> scores = autograd.tensor([[3.0, 1.5, 1.0]])
    >>> nn.MultiLabelMarginLoss()(scores, autograd.tensor([[0, 1, -1]]))  # 0.5 for class 1 over class 2, by 3 classes
    tensor(0.1667)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Mean of the binary cross-entropies of all classes; see `nn.functional.multilabel_soft_margin_loss`.

    It is called with input, logits (N, C) or (C,), and target, of the same shape, with elements 0 and 1.

    Parameters
    ----------
    weight : Tensor, (C,), optional
        The weight of each class.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> logits = autograd.tensor([[0.0, 100.0]])
    >>> nn.MultiLabelSoftMarginLoss()(logits, autograd.tensor([[1.0, 0.0]]))  # the mean of log 2 and 100
    tensor(50.3466)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """Hinge loss of class scores: the sum of max(0, margin - x[label] + x[i])ᵖ over all other classes i, by C.

    It is called with input, class scores (N, C) or (C,), and target, labels (N,) or (); see
    `nn.functional.multi_margin_loss`.

    Parameters
    ----------
    p : 1 or 2
        The power of each difference.
    margin : float
        By how much the right class's score should be higher than the others.
    weight : Tensor, (C,), optional
        The weight of each class.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError, TypeError
        In forward, if shapes, dtypes or p do not fit, or reduction is another word.
    IndexError
        In forward, if a label is out of range.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.MultiMarginLoss()(autograd.tensor([[2.0, 1.5, 0.0]]), autograd.tensor([0]))  # (0.5 + 0) / 3
    tensor(0.1667)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class CosineEmbeddingLoss(_Loss):
    """Loss of the cosine of two vectors: 1 - cos where target is 1, max(0, cos - margin) where it is -1.

    It is called with input1 and input2, (N, D) or (D,), and target, (N,) or (); see
    `nn.functional.cosine_embedding_loss`.

    Parameters
    ----------
    margin : float
        From -1 to 1: how large a cosine with target -1 may be.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> a, b = autograd.tensor([[1.0, 0.0], [1.0, 0.0]]), autograd.tensor([[0.0, 1.0], [2.0, 0.0]])
    >>> nn.CosineEmbeddingLoss(reduction="none")(a, b, autograd.tensor([1.0, -1.0]))  # cosines 0 and 1
    tensor([1., 1.])
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """Loss of an anchor, a positive and a negative: max(0, d(anchor, positive) - d(anchor, negative) + margin).

    It is called with three Tensors, (N, D) or (D,); see `nn.functional.triplet_margin_loss`.

    Parameters
    ----------
    margin : float
        By how much the positive should be nearer to the anchor; above 0.
    p, eps : float
        Of the distance, `nn.functional.pairwise_distance`.
    swap : bool
        Take the distance from the positive to the negative if it is smaller than the anchor's.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit, margin is not above 0, or reduction is another word.

    References
    ----------
    Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks", 2016.

    Examples
    --------
    >>> import autograd, nn
    >>> anchor, positive = autograd.tensor([[0.0, 0.0]]), autograd.tensor([[3.0, 4.0]])
    >>> nn.TripletMarginLoss()(anchor, positive, autograd.tensor([[0.0, 4.0]]))  # 5 - 4 + 1
    tensor(2.0000)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with any distance, a function of two tensors.

    It is called with anchor, positive and negative, (N, D) or (D,); see
    `nn.functional.triplet_margin_with_distance_loss`.

    Parameters
    ----------
    distance_function : callable, optional
        From two Tensors (N, D) to their distances, (N,).  Default: `PairwiseDistance`.
    margin : float
        By how much the positive should be nearer to the anchor; above 0.
    swap : bool
        Take the distance from the positive to the negative if it is smaller than the anchor's.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        If margin is not above 0.  In forward, if shapes do not fit, or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> loss = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
    >>> anchor, positive = autograd.tensor([[0.0, 0.0]]), autograd.tensor([[3.0, 4.0]])
    >>> loss(anchor, positive, autograd.tensor([[0.0, 4.0]]))  # 7 - 4 + 1
    tensor(4.)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: margin is {margin}; it must be above 0")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    """Negative log-likelihood of Gaussians: (log var + (input - target)² / var) / 2.

    It is called with input, the means, target, of the same shape, and var, the variances; see
    `nn.functional.gaussian_nll_loss`.

    Parameters
    ----------
    full : bool
        Whether to add log(2π) / 2.
    eps : float
        The smallest variance, above 0.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit, a variance is negative, or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> mean, target, var = autograd.tensor([1.0]), autograd.tensor([3.0]), autograd.tensor([1.0])
    >>> nn.GaussianNLLLoss()(mean, target, var)  # (log 1 + 2² / 1) / 2
    tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class PoissonNLLLoss(_Loss):
    """Negative log-likelihood of Poisson distributions: exp(input) - target · input.

    It is called with input, logarithms of rates, and target, counts of the same shape; see
    `nn.functional.poisson_nll_loss`.

    Parameters
    ----------
    log_input : bool
        Whether input is a logarithm.  If not, the loss is input - target · log(input + eps).
    full : bool
        Whether to add Stirling's approximation of log(target!), for targets above 1.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    eps : float
        Added to a rate whose logarithm is taken.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    ValueError
        In forward, if shapes do not fit or reduction is another word.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.PoissonNLLLoss(reduction="none")(autograd.tensor([0.0, 1.0]), autograd.tensor([5.0, 2.0]))  # 1 and e - 2
    tensor([1.0000, 0.7183])
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class CTCLoss(_Loss):
    """Loss of sequences of labels without an alignment; see `nn.functional.ctc_loss`.

    It is called with log_probs (T, N, C) or (T, C), targets (N, S) or all sequences one after another, input_lengths
    (N,), at most T, and target_lengths (N,).

    Parameters
    ----------
    blank : int
        The class of no label.
    reduction : "mean", "sum" or "none"
        "mean" divides each loss by the number of its labels first.
    zero_infinity : bool
        Replace infinite losses, of sequences too short for their labels, by 0.

    Raises
    ------
    IndexError
        In forward, if a label is out of range.
    ValueError, TypeError
        In forward, if shapes, dtypes or lengths do not fit, or blank is no class, or reduction is another word.

    References
    ----------
    Graves et al., "Connectionist Temporal Classification", 2006.

    Examples
    --------
    >>> import autograd, nn
    >>> log_probs = autograd.full((2, 1, 2), 0.5).log()  # 2 steps, blank and one label, each of probability 0.5
    >>> targets = autograd.tensor([[1]])
    >>> nn.CTCLoss()(log_probs, targets, (2,), (1,))  # "1 blank", "blank 1" or "1 1": -log(3 / 4)
    tensor(0.2877)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


NLLLoss2d = NLLLoss  # an old name


class _Assigned(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` returns."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax over many classes, in clusters: frequent classes first, rare ones with smaller matrices.

    Parameters
    ----------
    in_features : int
        Number of features of the input (N, in_features).
    n_classes : int
        Classes are numbered from the most frequent on.
    cutoffs : sequence of int
        The first class of each cluster after the first, in rising order.
    div_value : float
        Cluster i has in_features / div_value^i features.
    head_bias : bool
        Whether the first cluster has a bias.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError
        If cutoffs are not rising integers from 1 to n_classes - 1, or the last cluster would have no features.
    RuntimeError
        In forward, if shapes do not fit, or a label is out of range.

    References
    ----------
    Grave et al., "Efficient softmax approximation for GPUs", 2017.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.AdaptiveLogSoftmaxWithLoss(in_features=16, n_classes=10, cutoffs=[2, 5])
    >>> x, labels = autograd.randn(4, 16), autograd.tensor([0, 3, 9, 1])
    >>> output, loss = layer(x, labels)  # the log-probabilities of the labels, and minus their mean
    >>> output.shape, loss.shape
    ((4,), ())
    >>> bool((layer.log_prob(x).exp().sum(1) - 1).abs().max() < 1e-5)
    True
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        limits = list(cutoffs)
        if not limits or limits != sorted(set(limits)) or limits[0] <= 0 or limits[-1] > n_classes - 1:
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: cutoffs are {limits}; they must be rising integers from 1 to "
                f"n_classes - 1, {n_classes - 1}"
            )
        if in_features // div_value ** len(limits) < 1:
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: in_features is {in_features}, which leaves no feature for cluster "
                f"{len(limits)}, with in_features / {div_value}^{len(limits)}; use fewer cutoffs or a smaller div_value"
            )
        self.in_features, self.n_classes, self.div_value, self.head_bias = in_features, n_classes, div_value, head_bias
        self.cutoffs = [*limits, n_classes]
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(itertools.pairwise(self.cutoffs)):
            size = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, size, bias=False, device=device, dtype=dtype),
                    Linear(size, high - low, bias=False, device=device, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.head.reset_parameters()
        for projection in self.tail:
            for layer in projection:  # type: ignore[attr-defined]
                layer.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> _Assigned:
        """The log-probability of each sample's class, and minus their mean.

        Parameters
        ----------
        input : Tensor, (N, in_features) or (in_features,)
        target : Tensor of int, (N,) or ()
        """
        if target.ndim > 1 or input.ndim != target.ndim + 1 or input.shape[:-1] != target.shape:
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: input of shape {tuple(input.shape)} and target of shape "
                f"{tuple(target.shape)} do not fit: expects (N, in_features) and (N,), or (in_features,) and ()"
            )
        labels = target.array.reshape(-1)
        if labels.size and (labels.min() < 0 or labels.max() >= self.n_classes):
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: target has values from {labels.min()} to {labels.max()}; labels are "
                f"from 0 to {self.n_classes - 1}"
            )
        x = input.reshape((-1, self.in_features))
        columns, output = labels.copy(), autograd.zeros(len(labels), dtype=input.dtype)
        for i, (low, high) in enumerate(itertools.pairwise(self.cutoffs)):
            rows = ((labels >= low) & (labels < high)).nonzero()[0]
            if len(rows):
                columns[rows] = self.shortlist_size + i
                inside = F.log_softmax(self.tail[i](x[rows]), 1)[range(len(rows)), labels[rows] - low]
                output = output.index_add(0, autograd.tensor(rows), inside)
        output = output + F.log_softmax(self.head(x), 1)[range(len(labels)), columns]
        loss = (-output).mean()
        return _Assigned(output.reshape(target.shape), loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """Log-probabilities (N, n_classes) of all classes for inputs (N, in_features)."""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i in range(self.n_clusters):
            cluster = head[:, self.shortlist_size + i : self.shortlist_size + i + 1]
            parts.append(F.log_softmax(self.tail[i](input), 1) + cluster)
        return autograd.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The class (N,) with the highest probability for inputs (N, in_features)."""
        return self.log_prob(input).argmax(1)
