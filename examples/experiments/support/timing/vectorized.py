"""The baseline in vectorized NumPy, as a student would write it: no loop over images, channels or pixels.

A convolution is a matrix product with all windows, which `sliding_window_view` gives. Pooling is a
reshape and a maximum of four arrays, which is many times as fast as ``max`` over two short axes.
Layers have the interface `layers.Layer`. Shapes and formulas are those of the ops (`autograd.ops`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd.types import Array
from examples.experiments.support.timing.layers import Layer


class Conv:
    """Convolution with stride 1 and no padding; without a gradient for the images."""

    def __init__(self, name: str, weight: Array, bias: Array) -> None:
        self.name, self.weights = name, [weight, bias]  # (O, C, kh, kw), (O,)
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Map (N, C, H, W) to (N, O, H - kh + 1, W - kw + 1)."""
        weight, bias = self.weights
        windows = sliding_window_view(x, weight.shape[2:], axis=(2, 3))  # (N, C, H', W', kh, kw)
        count, _, height, width = windows.shape[:4]
        self.columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(count, -1, height * width)  # a column a window
        y = weight.reshape(len(weight), -1) @ self.columns + bias[:, None]
        return y.reshape(count, len(weight), height, width)

    def backward(self, g: Array) -> None:
        """For each weight, sum its factors times g over all windows."""
        weight, _ = self.weights
        rows = g.reshape(len(g), len(weight), -1)
        dw = (rows @ self.columns.transpose(0, 2, 1)).sum(0)
        self.gradients = [dw.reshape(weight.shape), rows.sum((0, 2))]


class ReLU:
    """max(x, 0)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g: Array) -> Array:
        return g * (self.x > 0)


class MaxPool:
    """The maximum of every 2 x 2 pixels; an odd last row or column is ignored."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Map (N, C, H, W) to (N, C, H // 2, W // 2)."""
        self.x = x
        a, b, c, d = _corners(x)
        self.y = np.maximum(np.maximum(a, b), np.maximum(c, d))
        return self.y

    def backward(self, g: Array) -> Array:
        """Give each gradient to the first of the largest pixels of its window."""
        dx = np.zeros_like(self.x)
        left = np.ones(g.shape, bool)  # windows whose gradient is still to be given
        for x, to in zip(_corners(self.x), _corners(dx), strict=True):
            largest = left & (x == self.y)
            to[...] = g * largest
            left &= ~largest
        return dx


def _corners(x: Array) -> list[Array]:
    """Return views of the four pixels of each window, row by row, from (N, C, H, W): each (N, C, H // 2, W // 2)."""
    count, channels, height, width = x.shape
    even = x[:, :, : height // 2 * 2, : width // 2 * 2]
    windows = even.reshape(count, channels, height // 2, 2, width // 2, 2)
    return [windows[:, :, :, i, :, j] for i in (0, 1) for j in (0, 1)]


class Flatten:
    """(N, C, H, W) to (N, C H W)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, g: Array) -> Array:
        return g.reshape(self.shape)


class Linear:
    """x wᵀ + b."""

    def __init__(self, name: str, weight: Array, bias: Array) -> None:
        self.name, self.weights = name, [weight, bias]  # (O, I), (O,)
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Map (N, I) to (N, O)."""
        self.x = x
        weight, bias = self.weights
        return x @ weight.T + bias

    def backward(self, g: Array) -> Array:
        self.gradients = [g.T @ self.x, g.sum(0)]
        return g @ self.weights[0]


class CrossEntropy:
    """The mean of -log softmax(x)[class]."""

    def __init__(self, name: str, labels: Array) -> None:
        self.name, self.labels = name, labels
        self.weights: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> float:
        shifted = x - x.max(axis=1, keepdims=True)
        sums = np.exp(shifted).sum(axis=1, keepdims=True)
        self.logarithms = shifted - np.log(sums)
        return -float(self.logarithms[np.arange(len(x)), self.labels].mean())

    def backward(self, g: float) -> Array:
        dx = np.exp(self.logarithms)
        dx[np.arange(len(dx)), self.labels] -= 1
        return dx * (g / len(dx))


class SGD:
    """SGD with momentum, v = μ v + g and p = p - lr v."""

    def __init__(self, layers: Sequence[Layer], lr: float, momentum: float) -> None:
        self.layers, self.lr, self.momentum = layers, lr, momentum
        self.velocities = [[np.zeros_like(weight) for weight in layer.weights] for layer in layers]

    def step(self) -> None:
        """Change the weights, in place, by their gradients."""
        for layer, velocities in zip(self.layers, self.velocities, strict=True):
            for weight, gradient, velocity in zip(layer.weights, layer.gradients, velocities, strict=True):
                velocity *= self.momentum
                velocity += gradient
                weight -= self.lr * velocity


def baseline(state: dict[str, Any], labels: Array) -> list[Layer]:
    """Return the layers of `examples.experiments.models.Baseline` with its weights, and its loss for these labels.

    Parameters
    ----------
    state : dict of str to array
        Parameters by name. They are copied.
    labels : int array, (N,)
    """

    def of(name: str) -> tuple[Array, Array]:
        return state[f"layers.{name}.weight"].copy(), state[f"layers.{name}.bias"].copy()

    return [
        Conv("conv", *of("conv")),
        ReLU("relu1"),
        MaxPool("pool"),
        Flatten("flatten"),
        Linear("hidden", *of("hidden")),
        ReLU("relu2"),
        Linear("scores", *of("scores")),
        CrossEntropy("loss", labels),
    ]
