"""The baseline in MXNet: ``python -m examples.experiments.mxnet_cnn --device cpu``.

The same network as `examples.experiments.models.Baseline`, trained in the same way. Four conventions
of MXNet are adapted here. Weights and biases are drawn from U(-1/√fan_in, 1/√fan_in); gluon's
defaults are U(-0.07, 0.07) and 0. The loss is the mean over the batch; gluon's is one number per
image. The trainer step therefore divides by 1 instead of the batch size. Gradients overwrite those of
the previous step, so no zero_grad is needed.
One difference remains, without effect while the learning rate is constant: MXNet's momentum is -lr
times ours, ``m = μm - lr·g; p += m`` for ``v = μv + g; p -= lr·v``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from examples.experiments.support.frameworks.mxnet import context, mxnet
from examples.experiments.support.frameworks.rebuilt import FAN_IN, LAYERS, Look

autograd, gluon = mxnet.autograd, mxnet.gluon


def build() -> mxnet.gluon.nn.HybridSequential:
    """Return the layers; see the table in `examples.experiments.models.Baseline`."""
    net = gluon.nn.HybridSequential()
    net.add(
        gluon.nn.Conv2D(32, 7, in_channels=3, **_drawn(FAN_IN["conv"])),
        gluon.nn.Activation("relu"),
        gluon.nn.MaxPool2D(2),
        gluon.nn.Flatten(),
        gluon.nn.Dense(100, in_units=FAN_IN["hidden"], **_drawn(FAN_IN["hidden"])),
        gluon.nn.Activation("relu"),
        gluon.nn.Dense(10, in_units=FAN_IN["scores"], **_drawn(FAN_IN["scores"])),
    )
    return net


def _drawn(fan_in: int) -> dict[str, Any]:
    """Return the initializers that PyTorch uses."""
    uniform = mxnet.init.Uniform(fan_in**-0.5)
    return {"weight_initializer": uniform, "bias_initializer": uniform}


class Net:
    """The baseline and its SGD: a `Resumable`."""

    def __init__(self, device: str, lr: float, momentum: float, seed: int = 0) -> None:
        self.context = context(device)
        mxnet.random.seed(seed)
        self.layers = build()
        self.layers.initialize(ctx=self.context)
        self.layers.hybridize(static_alloc=True)
        self.parameters = {
            f"layers.{name}.{part}": getattr(layer, part)
            for name, layer in zip(LAYERS, self.layers, strict=True)
            if name in FAN_IN
            for part in ("weight", "bias")
        }
        self.criterion = gluon.loss.SoftmaxCrossEntropyLoss()
        self.criterion.hybridize(static_alloc=True)
        settings = {"learning_rate": lr, "momentum": momentum}
        self.trainer = gluon.Trainer(list(self.parameters.values()), "sgd", settings)

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        for name, parameter in self.parameters.items():
            parameter.set_data(self._array(weights[name]))

    def weights(self) -> dict[str, np.ndarray]:
        return {name: parameter.data().asnumpy() for name, parameter in self.parameters.items()}

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        pictures, labels = self._array(x), self._array(y)
        with autograd.record():
            loss = self.criterion(self.layers(pictures), labels).mean()
        loss.backward()
        self.trainer.step(1)  # the divisor of the gradients; the mean is taken above
        return float(loss.asscalar())

    def look(self, x: np.ndarray, y: np.ndarray) -> Look:
        """Record each layer as its own graph, since MXNet gives no gradients of intermediate values."""
        outputs, inputs = [], [self._array(x)]
        for layer in self.layers:
            with autograd.record():
                outputs.append(layer(inputs[-1]))
            inputs.append(outputs[-1].detach())
            inputs[-1].attach_grad()
        with autograd.record():
            loss = self.criterion(inputs[-1], self._array(y)).mean()
        loss.backward()
        for output, detached in reversed(list(zip(outputs, inputs[1:], strict=True))):
            output.backward(detached.grad)
        return Look(
            {name: output.asnumpy() for name, output in zip(LAYERS, outputs, strict=True)},
            {name: detached.grad.asnumpy() for name, detached in zip(LAYERS, inputs[1:], strict=True)},
            {name: parameter.grad().asnumpy() for name, parameter in self.parameters.items()},
        )

    def scores(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.layers(self._array(x)).asnumpy())

    def momenta(self) -> dict[str, np.ndarray]:
        """Read them from the updater; Trainer can only write them to a pickle."""
        states = self.trainer._updaters[0].states
        return {name: states[i].asnumpy() for i, name in enumerate(self.parameters) if states.get(i) is not None}

    def load_momenta(self, momenta: Mapping[str, np.ndarray]) -> None:
        updater = self.trainer._updaters[0]
        for i, name in enumerate(self.parameters):
            if name in momenta:
                updater.states[i] = self._array(momenta[name])
                updater.states_synced[i] = True

    def _array(self, array: np.ndarray) -> mxnet.nd.NDArray:
        return mxnet.nd.array(array, ctx=self.context, dtype="float32")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    from examples.experiments.support.frameworks.train_rebuilt import (
        main,  # imported here: processes that time MXNet must not load Numba
    )

    return main("mxnet_cnn", "MXNet", Net, {"mxnet": mxnet.__version__}, argv)


if __name__ == "__main__":
    sys.exit(main())
