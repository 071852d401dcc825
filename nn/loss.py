"""Losses as modules."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from nn.module import Module


class CrossEntropyLoss(Module):
    """Softmax cross-entropy of scores and labels; see `nn.functional.cross_entropy`.

    Parameters
    ----------
    ignore_index : int
    reduction : "mean", "sum" or "none"
    """

    def __init__(self, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__()
        self.ignore_index, self.reduction = ignore_index, reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(input, target, ignore_index=self.ignore_index, reduction=self.reduction)
