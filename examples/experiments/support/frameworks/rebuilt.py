"""What the baseline must be able to do in each framework, so that the same things can be asked of all.

Nothing here imports a framework, ours included: two in one process slow each other down.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np

from examples.experiments.support.data.loader import Loader

# The baseline's layers, by the names they have in examples.experiments.models; those with weights, with their fan-in
LAYERS = ("conv", "relu1", "pool", "flatten", "hidden", "relu2", "scores")
FAN_IN = {"conv": 3 * 7 * 7, "hidden": 32 * 13 * 13, "scores": 100}
PARAMETERS = tuple(f"layers.{layer}.{part}" for layer in FAN_IN for part in ("weight", "bias"))


def not_installed(framework: str, extra: str, python: str = "python3") -> SystemExit:
    """What to raise in place of a traceback where a framework that a script is about is missing."""
    return SystemExit(
        f"{framework} is not installed for {sys.executable}. It has an environment of its own: {python} -m venv "
        f'.venv-{extra} && .venv-{extra}/bin/python -m pip install -e ".[{extra}]"'
    )


class DeviceError(Exception):
    """A device cannot be used: why, and what to do."""


class Look(NamedTuple):
    """What a network makes of a batch, outside of training: nothing in it has changed."""

    outputs: dict[str, np.ndarray]  # by layer
    output_gradients: dict[str, np.ndarray]  # by layer: of the mean loss, by the layer's output
    gradients: dict[str, np.ndarray]  # by parameter


class Rebuilt(Protocol):
    """The baseline and its SGD, in one framework."""

    def __init__(self, device: str, lr: float, momentum: float, seed: int = 0) -> None:
        """Build it with weights drawn as PyTorch draws them, on "cpu" or "gpu"."""

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take weights, by the names of PARAMETERS."""

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the weights."""

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        """Learn from a batch; return its mean loss from before the step."""

    def look(self, x: np.ndarray, y: np.ndarray) -> Look:
        """Outputs and gradients, layer by layer."""

    def scores(self, x: np.ndarray) -> np.ndarray:
        """The scores (N, 10) of a batch."""


class Resumable(Rebuilt, Protocol):
    """One whose training can be taken up where it was left, to the same bits."""

    def momenta(self) -> dict[str, np.ndarray]:
        """What SGD keeps for each parameter, as the framework keeps it; empty before the first step."""

    def load_momenta(self, momenta: Mapping[str, np.ndarray]) -> None:
        """Take back what `momenta` gave."""


class Epoch(NamedTuple):
    """A pass over the training images."""

    loss: float  # the mean over the images, each from before its step
    seconds: float
    images_per_second: float


def train_epoch(
    net: Rebuilt, loader: Loader, epoch: int, each: Callable[[], object] = lambda: None, steps: int | None = None
) -> Epoch:
    """Train for one epoch, or for its first steps; the time is that of loading too. `each` is called each step."""
    total, pictures = 0.0, 0
    start = time.perf_counter()
    for x, y in islice(loader.batches(epoch), steps):
        total += net.step(x, y) * len(y)
        pictures += len(y)
        each()
    seconds = time.perf_counter() - start
    return Epoch(total / pictures, seconds, pictures / seconds)


def measure(net: Rebuilt, loader: Loader) -> tuple[float, float]:
    """Mean loss, in float64, and the share of the images that are classified wrongly."""
    loss, wrong = 0.0, 0
    for x, y in loader.batches(0):
        scores = net.scores(x)
        wrong += int((scores.argmax(1) != y).sum())
        shifted = scores.astype(np.float64) - scores.max(1, keepdims=True)
        loss += float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(y)), y]).sum())
    count = len(loader.split.labels)
    return loss / count, wrong / count
