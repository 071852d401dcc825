"""Distances and similarities of vectors, as modules."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from nn.module import Module


class CosineSimilarity(Module):
    """Cosine of the angle between vectors; see `nn.functional.cosine_similarity`.

    Parameters
    ----------
    dim : int
        The dimension of the vectors, which is reduced.  The shapes of the two inputs broadcast.
    eps : float
        The smallest length that is divided by.

    Raises
    ------
    IndexError, ValueError
        In forward, if the inputs have no such dimension, or their shapes do not broadcast.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.CosineSimilarity()(autograd.tensor([[1.0, 0.0], [3.0, 4.0]]), autograd.tensor([[0.0, 2.0], [6.0, 8.0]]))
    tensor([0., 1.])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """Distance of the vectors along the last dimension; see `nn.functional.pairwise_distance`.

    Parameters
    ----------
    p : float
        Which norm: 2 is the Euclidean distance, 1 the sum of absolute differences.
    eps : float
        Added to each difference.
    keepdim : bool
        Whether to keep the last dimension, at size 1.

    Raises
    ------
    ValueError
        In forward, if the shapes of the two inputs do not broadcast.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.PairwiseDistance()(autograd.tensor([[0.0, 0.0]]), autograd.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
