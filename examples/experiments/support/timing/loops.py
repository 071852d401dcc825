"""The baseline in plain Python, with nothing but lists and loops.

Layers have the interface `layers.Layer`. Shapes and formulas are those of the ops (`autograd.ops`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from examples.experiments.support.timing.layers import Layer

Numbers = Any  # a float, or a list of Numbers


def zeros(*shape: int) -> Numbers:
    """Return nested lists of 0.0."""
    return 0.0 if not shape else [zeros(*shape[1:]) for _ in range(shape[0])]


class Conv:
    """Convolution with stride 1 and no padding; without a gradient for the images."""

    def __init__(self, name: str, weight: Numbers, bias: Numbers) -> None:
        self.name, self.weights = name, [weight, bias]  # (O, C, kh, kw), (O,)
        self.gradients: list[Numbers] = []

    def forward(self, x: Numbers) -> Numbers:
        """Map (N, C, H, W) to (N, O, H - kh + 1, W - kw + 1)."""
        self.x = x
        weight, bias = self.weights
        kh, kw = len(weight[0][0]), len(weight[0][0][0])
        height, width = len(x[0][0]) - kh + 1, len(x[0][0][0]) - kw + 1
        y = zeros(len(x), len(weight), height, width)
        for n in range(len(x)):
            for o in range(len(weight)):
                for i in range(height):
                    for j in range(width):
                        total = bias[o]
                        for c in range(len(weight[0])):
                            for u in range(kh):
                                pixels, factors = x[n][c][i + u], weight[o][c][u]
                                for v in range(kw):
                                    total += pixels[j + v] * factors[v]
                        y[n][o][i][j] = total
        return y

    def backward(self, g: Numbers) -> None:
        """For each weight, sum its factors times g over all positions."""
        weight, _ = self.weights
        channels, kh, kw = len(weight[0]), len(weight[0][0]), len(weight[0][0][0])
        dw, db = zeros(len(weight), channels, kh, kw), zeros(len(weight))
        for n in range(len(g)):
            for o in range(len(weight)):
                for i in range(len(g[n][o])):
                    for j in range(len(g[n][o][i])):
                        here = g[n][o][i][j]
                        db[o] += here
                        for c in range(channels):
                            for u in range(kh):
                                pixels, sums = self.x[n][c][i + u], dw[o][c][u]
                                for v in range(kw):
                                    sums[v] += here * pixels[j + v]
        self.gradients = [dw, db]


class ReLU:
    """max(x, 0) for lists of any depth."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: list[Numbers] = []
        self.gradients: list[Numbers] = []

    def forward(self, x: Numbers) -> Numbers:
        self.x = x
        return self._forward(x)

    def _forward(self, x: Numbers) -> Numbers:
        return [self._forward(part) for part in x] if isinstance(x, list) else max(x, 0.0)

    def backward(self, g: Numbers) -> Numbers:
        return self._backward(g, self.x)

    def _backward(self, g: Numbers, x: Numbers) -> Numbers:
        if isinstance(x, list):
            return [self._backward(gs, xs) for gs, xs in zip(g, x, strict=True)]
        return g if x > 0 else 0.0


class MaxPool:
    """The maximum of every 2 x 2 pixels; an odd last row or column is ignored."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: list[Numbers] = []
        self.gradients: list[Numbers] = []

    def forward(self, x: Numbers) -> Numbers:
        """Map (N, C, H, W) to (N, C, H // 2, W // 2)."""
        self.shape = len(x), len(x[0]), len(x[0][0]), len(x[0][0][0])
        count, channels, height, width = self.shape
        y = zeros(count, channels, height // 2, width // 2)
        self.places = zeros(count, channels, height // 2, width // 2)
        for n in range(count):
            for c in range(channels):
                for i in range(height // 2):
                    for j in range(width // 2):
                        best, place = -math.inf, (2 * i, 2 * j)
                        for row in (2 * i, 2 * i + 1):
                            for column in (2 * j, 2 * j + 1):
                                if x[n][c][row][column] > best:
                                    best, place = x[n][c][row][column], (row, column)
                        y[n][c][i][j], self.places[n][c][i][j] = best, place
        return y

    def backward(self, g: Numbers) -> Numbers:
        dx = zeros(*self.shape)
        for n in range(len(g)):
            for c in range(len(g[n])):
                for i in range(len(g[n][c])):
                    for j in range(len(g[n][c][i])):
                        row, column = self.places[n][c][i][j]
                        dx[n][c][row][column] += g[n][c][i][j]
        return dx


class Flatten:
    """(N, C, H, W) to (N, C H W)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights: list[Numbers] = []
        self.gradients: list[Numbers] = []

    def forward(self, x: Numbers) -> Numbers:
        self.shape = len(x[0]), len(x[0][0]), len(x[0][0][0])
        return [[value for channel in picture for row in channel for value in row] for picture in x]

    def backward(self, g: Numbers) -> Numbers:
        channels, height, width = self.shape
        starts = [[(c * height + i) * width for i in range(height)] for c in range(channels)]
        return [[[line[start : start + width] for start in rows] for rows in starts] for line in g]


class Linear:
    """x wᵀ + b."""

    def __init__(self, name: str, weight: Numbers, bias: Numbers) -> None:
        self.name, self.weights = name, [weight, bias]  # (O, I), (O,)
        self.gradients: list[Numbers] = []

    def forward(self, x: Numbers) -> Numbers:
        """Map (N, I) to (N, O)."""
        self.x = x
        weight, bias = self.weights
        y = zeros(len(x), len(weight))
        for n in range(len(x)):
            for o in range(len(weight)):
                total = bias[o]
                for i in range(len(weight[o])):
                    total += x[n][i] * weight[o][i]
                y[n][o] = total
        return y

    def backward(self, g: Numbers) -> Numbers:
        weight, _ = self.weights
        width = len(weight[0])
        dx, dw, db = zeros(len(g), width), zeros(len(weight), width), zeros(len(weight))
        for n in range(len(g)):
            for o in range(len(weight)):
                here = g[n][o]
                db[o] += here
                for i in range(width):
                    dx[n][i] += here * weight[o][i]
                    dw[o][i] += here * self.x[n][i]
        self.gradients = [dw, db]
        return dx


class CrossEntropy:
    """The mean of -log softmax(x)[class]."""

    def __init__(self, name: str, labels: Sequence[int]) -> None:
        self.name, self.labels = name, labels
        self.weights: list[Numbers] = []
        self.gradients: list[Numbers] = []

    def forward(self, x: Numbers) -> float:
        self.shares = []
        total = 0.0
        for scores, label in zip(x, self.labels, strict=True):
            highest = max(scores)
            powers = [math.exp(score - highest) for score in scores]
            self.shares.append([power / sum(powers) for power in powers])
            total += math.log(sum(powers)) - (scores[label] - highest)
        return total / len(x)

    def backward(self, g: float) -> Numbers:
        return [
            [g * (share - (k == label)) / len(self.labels) for k, share in enumerate(shares)]
            for shares, label in zip(self.shares, self.labels, strict=True)
        ]


def baseline(state: dict[str, Any], labels: Sequence[int]) -> list[Layer]:
    """Return the layers of `examples.experiments.models.Baseline` with its weights, and its loss for these labels.

    Parameters
    ----------
    state : dict of str to array
        Parameters by name.
    labels : sequence of int
    """
    numbers = {name: array.tolist() for name, array in state.items()}

    def of(name: str) -> tuple[Numbers, Numbers]:
        return numbers[f"layers.{name}.weight"], numbers[f"layers.{name}.bias"]

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


def update(layers: Sequence[Layer], lr: float) -> None:
    """Do a gradient step."""
    for layer in layers:
        for weights, gradients in zip(layer.weights, layer.gradients, strict=True):
            _descend(weights, gradients, lr)


def _descend(weights: Numbers, gradients: Numbers, lr: float) -> None:
    for i, gradient in enumerate(gradients):
        if isinstance(gradient, list):
            _descend(weights[i], gradient, lr)
        else:
            weights[i] -= lr * gradient
