"""The models of the experiments."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd
import nn
from autograd import Tensor
from nn import functional as F

# Of ThreeLayers: the filters of the first convolution, their height and width, and the filters of the second.
FILTERS, PATCH_SIZE, CHANNELS = 48, 5, 2048
RIM = 1  # pixels at each edge that ThreeLayers does not see: its maps are then 8 x 8, which Winograd's tiles fit


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
    """Two convolutions and a linear layer, made for the best accuracy within half an hour of training.

    ==========  ==============================  ==================
    layer       description                     output
    ==========  ==============================  ==================
    conv1       5x5, 3 -> 48, no padding        (N, 48, 26, 26)
    pool1       5x5 maximum, stride 3           (N, 48, 8, 8)
    relu1                                       (N, 48, 8, 8)
    norm1       batch norm, not trained         (N, 48, 8, 8)
    conv2       3x3, 48 -> 2048                 (N, 2048, 8, 8)
    pool2       3x3 maximum, stride 2           (N, 2048, 4, 4)
    norm2       batch norm                      (N, 2048, 4, 4)
    gelu2                                       (N, 2048, 4, 4)
    flatten                                     (N, 32768)
    dropout                                     (N, 32768)
    scores      linear 32768 -> 10              (N, 10)
    ==========  ==============================  ==================

    It sees the middle of an image, 30 x 30 pixels. 1,220,122 parameters. Windows of a pooling overlap. Pooling
    comes before batch norm and activation, which then process fewer elements.

    Parameters
    ----------
    filters : int
        Filters of the first convolution.
    patch_size : int
        Their height and width in pixels.
    channels : int
        Filters of the second convolution.
    whitening : float32, (filters, 3, patch_size, patch_size), optional
        The filters of the first convolution before training. Without them they are random.
    frozen : bool
        True does not train the filters of the first convolution.
    batch_norm : bool
        False omits both batch norms and gives the second convolution a bias instead.
    dropout : float
        The fraction of the inputs of the linear layer that is dropped.
    """

    def __init__(
        self,
        filters: int = FILTERS,
        patch_size: int = PATCH_SIZE,
        channels: int = CHANNELS,
        *,
        whitening: NDArray[np.float32] | None = None,
        frozen: bool = False,
        batch_norm: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()

        def norm(name: str, channels: int, *, trained: bool = True) -> dict[str, nn.Module]:
            return {name: nn.BatchNorm2d(channels, affine=trained)} if batch_norm else {}

        conv1 = nn.Conv2d(3, filters, patch_size, bias=False)
        conv1.weight.requires_grad_(not frozen)
        if whitening is not None:
            with autograd.no_grad():
                conv1.weight.copy_(autograd.from_numpy(whitening))
        pooled = (32 - 2 * RIM - patch_size + 1 - 5) // 3 + 1  # height and width of maps after the first pooling
        side = (pooled + 1) // 2  # … and after the second
        self.layers = nn.Sequential(
            OrderedDict(
                conv1=conv1,
                pool1=nn.MaxPool2d(5, stride=3),
                relu1=nn.ReLU(),
                **norm("norm1", filters, trained=False),
                conv2=nn.Conv2d(filters, channels, 3, padding=1, bias=not batch_norm),
                pool2=nn.MaxPool2d(3, stride=2, padding=1),
                **norm("norm2", channels),
                gelu2=nn.GELU(),
                flatten=nn.Flatten(),
                dropout=nn.Dropout(dropout),
                scores=nn.Linear(channels * side * side, 10),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of all classes: (N, 3, 32, 32), standardized -> (N, 10)."""
        return self.layers(x[:, :, RIM:-RIM, RIM:-RIM])
