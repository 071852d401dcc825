"""Layers that forget on purpose."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from nn.module import Module


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p is {p!r}, and must be a probability, 0 to 1")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training each element is 0 with probability p, or else divided by 1 - p; in use nothing happens.

    Parameters
    ----------
    p : float, 0 to 1
    inplace : bool
        Accepted for PyTorch's sake: the input is kept as it is either way.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training)


class Dropout2d(_Dropout):
    """As `Dropout`, but for whole channels of an input (N, C, H, W) or (N, C, L)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training)
