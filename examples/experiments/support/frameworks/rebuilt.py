"""The interface of the baseline in each framework.

This module imports no framework, not even ours: two in one process slow each other down.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np

from examples.experiments.support.data.loader import Batch, Loader
from examples.experiments.support.metrics import Accuracy

# The layers of the baseline, named as in examples.experiments.models; the fan-in of those with weights
LAYERS = ("conv", "relu1", "pool", "flatten", "hidden", "relu2", "scores")
FAN_IN = {"conv": 3 * 7 * 7, "hidden": 32 * 13 * 13, "scores": 100}
PARAMETERS = tuple(f"layers.{layer}.{part}" for layer in FAN_IN for part in ("weight", "bias"))


def not_installed(framework: str, extra: str, python: str = "python3") -> SystemExit:
    """Return the exception to raise if the framework of a script is missing."""
    return SystemExit(
        f"{framework} is not installed for {sys.executable}. It needs its own environment: {python} -m venv "
        f'.venv-{extra} && .venv-{extra}/bin/python -m pip install -e ".[{extra}]"'
    )


class DeviceError(Exception):
    """A device cannot be used. The text says why, and what to do."""


class Look(NamedTuple):
    """Outputs and gradients of a network for a batch, computed without changing the network."""

    outputs: dict[str, np.ndarray]  # by layer
    output_gradients: dict[str, np.ndarray]  # by layer: gradient of the mean loss with respect to the output
    gradients: dict[str, np.ndarray]  # by parameter


class Trainable(Protocol):
    """A network and its optimizer, in one framework."""

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        """Do a training step; return the mean loss of the batch before the step."""

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Return the scores (N, 10) of a batch."""


class Rebuilt(Trainable, Protocol):
    """The baseline and its SGD, in one framework."""

    def __init__(self, device: str, lr: float, momentum: float, seed: int = 0) -> None:
        """Build it on "cpu" or "gpu" with PyTorch's initialization."""

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        """Load weights by the names in PARAMETERS."""

    def weights(self) -> dict[str, np.ndarray]:
        """Return copies of the weights."""

    def look(self, x: np.ndarray, y: np.ndarray) -> Look:
        """Return outputs and gradients of each layer."""


class Resumable(Rebuilt, Protocol):
    """A network whose training can be resumed with bitwise equal results."""

    def momenta(self) -> dict[str, np.ndarray]:
        """Return the momentum of each parameter in the form of the framework; empty before the first step."""

    def load_momenta(self, momenta: Mapping[str, np.ndarray]) -> None:
        """Load the result of `momenta`."""


class Epoch(NamedTuple):
    """A pass over the training images."""

    loss: float  # the mean over the images, each before its step
    seconds: float
    images_per_second: float


def _batches(loader: Loader, epoch: int) -> Iterator[Batch]:
    """`loader.batches(epoch)` without our DataLoader, and so without our framework."""
    order = loader.order(epoch)
    for first in range(0, len(order), loader.batch_size):
        yield loader.batch(order[first : first + loader.batch_size], epoch)


def train_epoch(
    net: Trainable, loader: Loader, epoch: int, each: Callable[[], object] = lambda: None, steps: int | None = None
) -> Epoch:
    """Train for one epoch or its first steps; the time includes loading. Call `each` after every step."""
    total, pictures = 0.0, 0
    start = time.perf_counter()
    for x, y in islice(_batches(loader, epoch), steps):
        total += net.step(x, y) * len(y)
        pictures += len(y)
        each()
    seconds = time.perf_counter() - start
    return Epoch(total / pictures, seconds, pictures / seconds)


def measure(net: Trainable, loader: Loader) -> tuple[float, float]:
    """Return the mean loss, computed in float64, and the error."""
    loss, accuracy = 0.0, Accuracy()
    for x, y in _batches(loader, 0):
        scores = net.scores(x)
        accuracy.update(scores, y)
        shifted = scores.astype(np.float64) - scores.max(1, keepdims=True)
        loss += float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(y)), y]).sum())
    return loss / accuracy.count, accuracy.error
