"""Task 5: layers compiled by Numba: right, and several times as fast as the loops of task 1's solution in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import Sample
from autograd.testing import Draw
from autograd.types import Array
from examples.course.question import Mistake, Question, Speed, close
from examples.course.questions import layers
from examples.course.solutions import layers as numpy_layers

UNIT = {"stride": 1, "padding": 0}
TWO = {"size": 2, "stride": 2}


def _conv(draw: Draw) -> Sample:
    n, c, o, k = draw.size(1, 3), draw.size(1, 2), draw.size(1, 3), draw.size(1, 3)
    height, width = (k + draw.size(0, 4) for _ in range(2))
    return Sample((draw.tensor(n, c, height, width), draw.tensor(o, c, k, k), draw.tensor(o)))


def _conv_g(draw: Draw) -> Sample:
    x, w, _ = _conv(draw).inputs
    size = (len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1)
    return Sample((draw.tensor(*size), x, w))


def _pool(draw: Draw) -> Sample:
    return Sample((draw.tensor(draw.size(1, 2), draw.size(1, 2), draw.size(2, 6), draw.size(2, 6)),))


def _pool_g(draw: Draw) -> Sample:
    (x,) = _pool(draw).inputs
    return Sample((draw.tensor(*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2), x))


def _right(name: str, params: dict[str, int]) -> Any:
    return lambda *args: getattr(numpy_layers, name)(*args, **params)


def _mistakes(name: str, params: dict[str, int]) -> tuple[Mistake, ...]:
    """The mistakes of the same layer in task 1, with fixed parameters."""
    (question,) = (one for one in layers.QUESTIONS if one.name == name)

    def fixed(wrong: Any) -> Any:
        return lambda *args: wrong(*args, **params)

    return tuple(mistake._replace(wrong=fixed(mistake.wrong)) for mistake in question.mistakes)


def _images(rng: np.random.Generator, *shapes: tuple[int, ...]) -> tuple[Array, ...]:
    return tuple(rng.standard_normal(shape, np.float32) for shape in shapes)


PICTURES, FILTERS, POOLED = (2, 3, 32, 32), (8, 3, 5, 5), (16, 8, 64, 64)

QUESTIONS = (
    Question(
        name="conv_forward", points=2, inputs=("x", "w", "b"), outputs=("y",), sample=_conv,
        right=_right("conv_forward", UNIT), check=close(np.float32, 0), dtype=np.float32,
        mistakes=_mistakes("conv_forward", UNIT),
        speed=Speed(3, 5.0, lambda rng: _images(rng, PICTURES, FILTERS, (8,)), "conv_forward", UNIT),
    ),
    Question(
        name="conv_backward", points=2, inputs=("g", "x", "w"), outputs=("dx", "dw", "db"), sample=_conv_g,
        right=_right("conv_backward", UNIT), check=close(np.float32, 0), dtype=np.float32,
        mistakes=_mistakes("conv_backward", UNIT),
        speed=Speed(3, 5.0, lambda rng: _images(rng, (2, 8, 28, 28), PICTURES, FILTERS), "conv_backward", UNIT),
    ),
    Question(
        name="pool_forward", points=1, inputs=("x",), outputs=("y",), sample=_pool,
        right=_right("pool_forward", TWO), check=close(np.float32, 0), dtype=np.float32,
        mistakes=_mistakes("pool_forward", TWO),
        special=[Sample((np.ones((1, 1, 4, 4)),)), Sample((np.full((1, 1, 2, 2), -1.0),))],
        speed=Speed(2, 4.0, lambda rng: _images(rng, POOLED), "pool_forward", TWO),
    ),
    Question(
        name="pool_backward", points=1, inputs=("g", "x"), outputs=("dx",), sample=_pool_g,
        right=_right("pool_backward", TWO), check=close(np.float32, 0), dtype=np.float32,
        mistakes=_mistakes("pool_backward", TWO),
        special=[Sample((np.ones((1, 1, 2, 2)), np.ones((1, 1, 4, 4))))],
        speed=Speed(1, 10.0, lambda rng: _images(rng, (4, 8, 16, 16), (4, 8, 32, 32)), "pool_backward", TWO),
    ),
)  # fmt: skip
