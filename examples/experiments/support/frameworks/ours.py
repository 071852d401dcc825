"""The baseline of `examples.experiments.models` with the interface of the other frameworks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import autograd
import optim
from examples.experiments.models import Baseline
from examples.experiments.support.frameworks.rebuilt import DeviceError, Look
from nn import functional as F


class Net:
    """The baseline and its SGD: a `Resumable`."""

    def __init__(self, device: str, lr: float, momentum: float, seed: int = 0) -> None:
        if device != "cpu":
            raise DeviceError("lucidgrad has no GPU kernels; compare it on the CPU.")
        autograd.manual_seed(seed)
        self.model = Baseline()
        self.optimizer = optim.SGD(self.model.parameters(), lr=lr, momentum=momentum)

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        self.model.load_state_dict({name: autograd.tensor(array) for name, array in weights.items()})

    def weights(self) -> dict[str, np.ndarray]:
        return {name: np.array(p.detach().numpy(), order="C") for name, p in self.model.named_parameters()}

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        loss = F.cross_entropy(self.model(autograd.from_numpy(x)), autograd.from_numpy(y))
        value = float(loss.item())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return value

    def look(self, x: np.ndarray, y: np.ndarray) -> Look:
        outputs = {}
        h = autograd.from_numpy(x)
        for name, layer in self.model.layers.named_children():
            outputs[name] = h = layer(h)
        parameters = dict(self.model.named_parameters())
        loss = F.cross_entropy(h, autograd.from_numpy(y))
        found = autograd.grad(loss, [*outputs.values(), *parameters.values()])
        gradients = [np.array(gradient.numpy()) for gradient in found if gradient is not None]
        return Look(
            {name: np.array(output.detach().numpy()) for name, output in outputs.items()},
            dict(zip(outputs, gradients[: len(outputs)], strict=True)),
            dict(zip(parameters, gradients[len(outputs) :], strict=True)),
        )

    def momenta(self) -> dict[str, np.ndarray]:
        kept = {name: self.optimizer.state.get(p, {}) for name, p in self.model.named_parameters()}
        return {name: state["momentum_buffer"].numpy().copy() for name, state in kept.items() if state}

    def load_momenta(self, momenta: Mapping[str, np.ndarray]) -> None:
        names = [name for name, _ in self.model.named_parameters()]
        state = {names.index(name): {"momentum_buffer": array} for name, array in momenta.items()}
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})

    def scores(self, x: np.ndarray) -> np.ndarray:
        with autograd.no_grad():
            return np.array(self.model(autograd.from_numpy(x)).numpy())
