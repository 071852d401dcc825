"""The models of the experiments."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, cast

import numpy as np

import autograd
import nn
from autograd import Tensor
from nn import functional as F


class Verdict(NamedTuple):
    """What `Baseline.oracle` returns; the tensors stand outside any graph."""

    loss: Tensor  # ()
    scores: Tensor  # (N, 10)
    gradients: dict[str, Tensor]  # parameter name -> a tensor of the parameter's shape


class Baseline(nn.Module):
    """The small convolutional net that every experiment is measured against.

    ==========  ==========================  ==================
    layer       what                        its output
    ==========  ==========================  ==================
    conv        7x7, 3 -> 32, no padding    (N, 32, 26, 26)
    relu1                                   (N, 32, 26, 26)
    pool        2x2 maximum                 (N, 32, 13, 13)
    flatten                                 (N, 5408)
    hidden      linear 5408 -> 100          (N, 100)
    relu2                                   (N, 100)
    scores      linear 100 -> 10            (N, 10)
    ==========  ==========================  ==================

    546,646 parameters. The softmax is part of the loss (`F.cross_entropy`).
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(3, 32, 7),
                relu1=nn.ReLU(),
                pool=nn.MaxPool2d(2),
                flatten=nn.Flatten(),
                hidden=nn.Linear(32 * 13 * 13, 100),
                relu2=nn.ReLU(),
                scores=nn.Linear(100, 10),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Score every class for every picture.

        Parameters
        ----------
        x : Tensor, (N, 3, 32, 32)
            Standardized pictures.

        Returns
        -------
        Tensor, (N, 10)
            Unnormalized log-probabilities.
        """
        return self.layers(x)

    def oracle(self, x: Tensor | np.ndarray, y: Tensor | np.ndarray) -> Verdict:
        """Answer for a batch all that an optimizer could ask; change nothing.

        The parameters' own `.grad` stay as they are: neither read nor written.

        Parameters
        ----------
        x : Tensor or array, (N, 3, 32, 32)
            Standardized pictures, in the parameters' dtype.
        y : Tensor or array, (N,)
            Their classes, int64, 0 to 9.

        Returns
        -------
        loss : Tensor, ()
            The mean cross-entropy of the batch.
        scores : Tensor, (N, 10)
            As `forward` gives them.
        gradients : dict of str to Tensor
            The gradient of the loss by every parameter, under the parameter's name.

        Examples
        --------
        >>> x, y = np.zeros((4, 3, 32, 32), np.float32), np.array([0, 1, 2, 3])
        >>> loss, scores, gradients = Baseline().oracle(x, y)
        >>> scores.shape, sorted(gradients)[0]
        ((4, 10), 'layers.conv.bias')
        """
        names, parameters = zip(*self.named_parameters(), strict=True)
        scores = self(autograd.as_tensor(x))
        loss = F.cross_entropy(scores, autograd.as_tensor(y))
        gradients = cast(tuple[Tensor, ...], autograd.grad(loss, parameters))  # every parameter is used: no None
        return Verdict(loss.detach(), scores.detach(), dict(zip(names, gradients, strict=True)))
