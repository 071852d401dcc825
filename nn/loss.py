"""Loss functions as modules.  `nn.functional` has the formulas and shapes.

`reduction` is "mean", "sum" or "none", unless a class says otherwise.  PyTorch's deprecated arguments `size_average`
and `reduce` do not exist, so the arguments that follow them in PyTorch's signatures are keyword-only here.
"""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from nn.module import Module


class CrossEntropyLoss(Module):
    """Cross-entropy between logits and class labels, or class probabilities; see `nn.functional.cross_entropy`.

    Parameters
    ----------
    weight : Tensor, (C,), optional
        The weight of each class.
    ignore_index : int
        Samples with this label are ignored.
    reduction : str
    label_smoothing : float, from 0 to 1
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction, self.label_smoothing = ignore_index, reduction, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(Module):
    """Negative log-likelihood of class labels, given log-probabilities; see `nn.functional.nll_loss`.

    Parameters
    ----------
    weight : Tensor, (C,), optional
        The weight of each class.
    ignore_index : int
        Samples with this label are ignored.
    reduction : str
    """

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction = ignore_index, reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class MSELoss(Module):
    """Mean squared error: (input - target)²."""

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Module):
    """Mean absolute error: |input - target|."""

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Module):
    """With d = |input - target|: d² / (2 beta) if d < beta, else d - beta / 2."""

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__()
        self.reduction, self.beta = reduction, beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Module):
    """With d = |input - target|: d² / 2 if d <= delta, else delta * (d - delta / 2)."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__()
        self.reduction, self.delta = reduction, delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class BCELoss(Module):
    """Binary cross-entropy, given probabilities; see `nn.functional.binary_cross_entropy`.

    Parameters
    ----------
    weight : Tensor, optional
        The weight of each element, broadcast to the shape of the input.
    reduction : str
    """

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Module):
    """Binary cross-entropy, given logits; see `nn.functional.binary_cross_entropy_with_logits`.

    Parameters
    ----------
    weight : Tensor, optional
        The weight of each element, broadcast to the shape of the input.
    reduction : str
    pos_weight : Tensor, optional
        The weight of the positive class, broadcast to the shape of the input.
    """

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(Module):
    """Kullback-Leibler divergence of the target distribution from the input; see `nn.functional.kl_div`.

    Parameters
    ----------
    reduction : str
        "batchmean" is allowed too.  It divides the sum by the batch size, which gives the divergence itself.
    log_target : bool
        Whether the target contains log-probabilities, as the input does, or probabilities.
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__()
        self.reduction, self.log_target = reduction, log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
