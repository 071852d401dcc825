"""The models of the experiments."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

import autograd
import nn
from autograd import Tensor
from nn import functional as F


class Verdict(NamedTuple):
    """The result of `Baseline.oracle`; its tensors are detached."""

    loss: Tensor  # ()
    scores: Tensor  # (N, 10)
    gradients: dict[str, Tensor]  # parameter name -> tensor with the shape of the parameter


class Baseline(nn.Module):
    """The small convolutional network that all experiments use as baseline.

    ==========  ==========================  ==================
    layer       description                 output
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
        """Return the scores of all classes for each image.

        Parameters
        ----------
        x : Tensor, (N, 3, 32, 32)
            Standardized images.

        Returns
        -------
        Tensor, (N, 10)
            Unnormalized log-probabilities.
        """
        return self.layers(x)

    def oracle(self, x: Tensor | np.ndarray, y: Tensor | np.ndarray) -> Verdict:
        """Return loss, scores and gradients for a batch without changing anything.

        The `.grad` of the parameters is neither read nor written.

        Parameters
        ----------
        x : Tensor or array, (N, 3, 32, 32)
            Standardized images, in the parameters' dtype.
        y : Tensor or array, (N,)
            Their classes, int64, 0 to 9.

        Returns
        -------
        loss : Tensor, ()
            The mean cross-entropy of the batch.
        scores : Tensor, (N, 10)
            The result of `forward`.
        gradients : dict of str to Tensor
            The gradient of the loss with respect to each parameter, by its name.

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
        gradients = autograd.grad(loss, parameters)
        return Verdict(loss.detach(), scores.detach(), dict(zip(names, gradients, strict=True)))


class ThreeLayers(nn.Module):
    """Two convolutions and a linear layer, tuned for the best accuracy within half an hour of training.

    ==========  ==============================  ==================
    layer       description                     output
    ==========  ==============================  ==================
    conv1       5x5, 3 -> 64, no padding        (N, 64, 28, 28)
    pool1       2x2 maximum                     (N, 64, 14, 14)
    norm1       batch norm                      (N, 64, 14, 14)
    relu1                                       (N, 64, 14, 14)
    conv2       5x5, 64 -> 384, no padding      (N, 384, 10, 10)
    pool2       2x2 maximum                     (N, 384, 5, 5)
    norm2       batch norm                      (N, 384, 5, 5)
    relu2                                       (N, 384, 5, 5)
    flatten                                     (N, 9600)
    dropout                                     (N, 9600)
    scores      linear 9600 -> 10               (N, 10)
    ==========  ==============================  ==================

    716,106 parameters. Pooling comes before batch norm and relu, which then process a quarter of the elements. Relu
    and max pooling commute.

    Parameters
    ----------
    batch_norm : bool
        False omits both batch norms and gives the convolutions a bias instead.
    dropout : float
        The fraction of the inputs of the linear layer that is dropped.
    """

    def __init__(self, *, batch_norm: bool = True, dropout: float = 0.1) -> None:
        super().__init__()

        def norm(name: str, channels: int) -> dict[str, nn.Module]:
            return {name: nn.BatchNorm2d(channels)} if batch_norm else {}

        self.layers = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, 64, 5, bias=not batch_norm),
                pool1=nn.MaxPool2d(2),
                **norm("norm1", 64),
                relu1=nn.ReLU(),
                conv2=nn.Conv2d(64, 384, 5, bias=not batch_norm),
                pool2=nn.MaxPool2d(2),
                **norm("norm2", 384),
                relu2=nn.ReLU(),
                flatten=nn.Flatten(),
                dropout=nn.Dropout(dropout),
                scores=nn.Linear(384 * 5 * 5, 10),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of all classes: (N, 3, 32, 32), standardized -> (N, 10).

        The factor 0.1 makes the steps of the linear layer, which has many inputs, small enough.
        """
        return self.layers(x) * 0.1
