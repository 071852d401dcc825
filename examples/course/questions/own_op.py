"""Task 6: an op of one's own, in the engine: its values, its gradient, and the gradient of that."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import Sample
from autograd.testing import Draw
from autograd.types import Array
from examples.course.question import Mistake, Question, close


def _y(x: Array, b: float) -> Array:
    return np.asarray((x + np.sqrt(x * x + b)) / 2)


def _dx(x: Array, g: Array, b: float) -> Array:
    return np.asarray(g * (1 + x / np.sqrt(x * x + b)) / 2)


def _second(x: Array, g: Array, h: Array, b: float) -> tuple[Array, Array]:
    """The gradients of Σ h dx by x and by g."""
    return np.asarray(h * g * b / (2 * (x * x + b) ** 1.5)), np.asarray(h * (1 + x / np.sqrt(x * x + b)) / 2)


def _sample(arrays: int) -> Any:
    def sample(draw: Draw) -> Sample:
        shape = draw.shape(1, 2)
        return Sample(tuple(draw.tensor(*shape) for _ in range(arrays)), {"b": draw.choice(1.0, 4.0, 0.25)})

    return sample


QUESTIONS = (
    Question(
        name="values", points=3, function="squareplus", how="value", inputs=("x",), outputs=("y",),
        sample=_sample(1), kind="smooth", right=_y, check=close(),
        mistakes=(
            Mistake("parameter ignored", "It is right for b = 1 only: b is not used.", lambda x, b: _y(x, 1.0)),
            Mistake("factor", "The division by 2 is missing.", lambda x, b: 2 * _y(x, b)),
            Mistake("square of b", "b is squared. It is added as it is.", lambda x, b: _y(x, b * b)),
            Mistake("sign", "The root is subtracted. It is added to x.", lambda x, b: (x - np.sqrt(x * x + b)) / 2),
        ),
    ),
    Question(
        name="gradient", points=4, function="squareplus", how="gradient", inputs=("x", "g"), outputs=("dx",),
        sample=_sample(2), kind="smooth", right=_dx, check=close(),
        mistakes=(
            Mistake("parameter ignored", "It is right for b = 1 only: b is not used.", lambda x, g, b: _dx(x, g, 1.0)),
            Mistake("g missing", "g is missing: the derivative is multiplied by it.",
                    lambda x, g, b: _dx(x, np.ones_like(g), b)),
            Mistake("factor", "The division by 2 is missing.", lambda x, g, b: 2 * _dx(x, g, b)),
            Mistake("inner derivative", "The inner derivative is missing: that of √(x² + b) is x / √(x² + b), not "
                    "1 / √(x² + b).", lambda x, g, b: g * (1 + 1 / np.sqrt(x * x + b)) / 2),
            Mistake("inner derivative", "The inner derivative is missing: that of √(x² + b) is x / √(x² + b), not "
                    "1 / (2 √(x² + b)).", lambda x, g, b: g * (1 + 0.5 / np.sqrt(x * x + b)) / 2),
            Mistake("sum rule", "The derivative of x, which is 1, is missing.",
                    lambda x, g, b: g * (x / np.sqrt(x * x + b)) / 2),
            Mistake("factor", "The root's derivative is half of what it should be: 2 x / (2 √(x² + b)).",
                    lambda x, g, b: g * (1 + 0.5 * x / np.sqrt(x * x + b)) / 2),
        ),
    ),
    Question(
        name="second derivative", points=3, function="squareplus", how="second", inputs=("x", "g", "h"),
        outputs=("gradient by x", "gradient by g"), sample=_sample(3), kind="smooth", right=_second, check=close(),
        mistakes=(
            Mistake("not recorded", "Backward is not recorded, so it has no gradient. Inside it use operators and "
                    "autograd.sqrt; np.asarray, .detach() and .numpy() cut the graph.",
                    lambda x, g, h, b: (np.zeros_like(x), _second(x, g, h, b)[1])),
            Mistake("not recorded", "Backward is not recorded, so it has no gradient. Inside it use operators and "
                    "autograd.sqrt; np.asarray, .detach() and .numpy() cut the graph.",
                    lambda x, g, h, b: (np.zeros_like(x), np.zeros_like(x))),
            Mistake("parameter ignored", "It is right for b = 1 only: b is not used.",
                    lambda x, g, h, b: _second(x, g, h, 1.0)),
        ),
    ),
)  # fmt: skip
