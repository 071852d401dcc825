"""The learning rate finder: raise the rate from step to step until the loss diverges, and look where it falls.

The rate grows by the same factor in every step. At low rates the loss stays, then it falls, and at high rates it
rises. The suggestion is the rate at which it falls most steeply against the logarithm of the rate.

References
----------
Smith, "Cyclical Learning Rates for Training Neural Networks", arXiv:1506.01186, section 3.3.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

import autograd
import nn
from examples.experiments.support.data.loader import Batch
from examples.experiments.support.progress import progress_bar
from examples.experiments.support.runs.checkpoint import Optimizer

LOWEST, HIGHEST, STEPS = 1e-5, 10.0, 200
SMOOTHING = 0.9  # of the running mean of losses
DIVERGED = 4.0  # times the lowest smoothed loss
WINDOW = 10  # the slope at a rate is measured over a tenth of the rates


class NoSuggestion(ValueError):
    """The loss falls at no learning rate. The text says what to try."""


@dataclass(frozen=True)
class Sweep:
    """Losses at rising learning rates.

    Attributes
    ----------
    rates : list of float
        In geometric progression; they end early if the loss diverges.
    losses : list of float
        The mean loss of the batch of each step, before the step.
    smoothed : list of float
        A running mean of the losses.
    diverged : bool
        Whether the loss became infinite, NaN, or `DIVERGED` times the lowest one.
    """

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    diverged: bool

    @property
    def lowest(self) -> int:
        """The index of the lowest smoothed loss."""
        return int(np.argmin(self.smoothed))

    @property
    def suggestion(self) -> float:
        """The rate where the loss falls most steeply, before it is lowest.

        The slope is that of a line through the losses of a tenth of the rates, by least squares: single losses vary
        too much from batch to batch.

        Raises
        ------
        NoSuggestion
            The loss falls nowhere.
        """
        width = max(3, len(self.rates) // WINDOW)
        x = np.arange(width) - (width - 1) / 2
        windows = range(max(0, self.lowest + 2 - width))  # the last one ends at the lowest loss
        slopes = [float(x @ self.losses[start : start + width]) for start in windows]
        if not slopes or min(slopes) >= 0:
            raise NoSuggestion(
                f"The loss falls at no learning rate from {self.rates[0]:g} to {self.rates[-1]:g}. Check the data and "
                "the gradients, or try a larger --batch-size, with which the loss varies less."
            )
        return self.rates[int(np.argmin(slopes)) + (width - 1) // 2]


def sweep(
    model: nn.Module,
    optimizer: Optimizer,
    batches: Iterable[Batch],
    loss: Callable[[autograd.Tensor, autograd.Tensor], autograd.Tensor],
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
    quiet: bool = False,
) -> Sweep:
    """Train with rising learning rates; afterwards restore model, gradients, optimizer and random numbers.

    Parameters
    ----------
    model : Module
    optimizer : Optimizer
        Of the model. All its groups get the same rate.
    batches : iterable of (x, y)
        At least one; the sweep ends where they end.
    loss : function
        (scores, classes) -> mean loss, ().
    lowest, highest : float
        The first and the last rate, 0 < lowest < highest.
    steps : int
        The number of rates, at least 2.
    quiet : bool
        Show no progress bar.

    Raises
    ------
    ValueError
        An argument is out of range, there is no batch, or the loss is not finite before the first step.
    """
    if not (0 < lowest < highest < math.inf and steps >= 2):
        raise ValueError(
            f"sweep: the rates must rise, 0 < lowest < highest, in at least 2 steps, not from {lowest} to {highest} in "
            f"{steps}."
        )
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean, diverged = 0.0, False
    with restored(model, optimizer), progress_bar(total=steps, desc="learning rates", unit="step", quiet=quiet) as bar:
        model.train()
        for i, (x, y) in zip(range(steps), batches, strict=False):
            rate = lowest * (highest / lowest) ** (i / (steps - 1))
            for group in optimizer.param_groups:
                group["lr"] = rate
            now = loss(model(autograd.from_numpy(x)), autograd.from_numpy(y))
            value = now.item()
            mean = SMOOTHING * mean + (1 - SMOOTHING) * value
            running = mean / (1 - SMOOTHING ** (i + 1))  # corrected for the start at 0, as Adam's means are
            if not math.isfinite(value) or running > DIVERGED * min([*smoothed, running]):
                diverged = True
                break
            rates.append(rate)
            losses.append(value)
            smoothed.append(running)
            optimizer.zero_grad()
            now.backward()
            optimizer.step()
            bar.update()
    if not losses:
        raise ValueError("sweep: the loss is not finite before the first step, or there is no batch. Check the data.")
    return Sweep(rates, losses, smoothed, diverged)


@contextmanager
def restored(model: nn.Module, optimizer: Optimizer) -> Iterator[None]:
    """Restore the model with its gradients, the optimizer, and the random numbers after the ``with`` block."""
    weights = copy.deepcopy(model.state_dict())
    state = copy.deepcopy(optimizer.state_dict())
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    modes = [(module, module.training) for module in model.modules()]
    with autograd.random.fork_rng():
        try:
            yield
        finally:
            model.load_state_dict(weights)
            optimizer.load_state_dict(state)
            for parameter, gradient in gradients:
                parameter.grad = gradient
            for module, training in modes:
                module.training = training
