"""Task 4: a gradient checker.  It is tried on functions whose differences and gradients are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.gradcheck import numerical_gradient as difference, relative_error
from autograd.op import Sample
from autograd.testing import Draw
from autograd.types import Array
from examples.course.question import Mistake, Question, close
from examples.course.worker import Cubic


def _cubic(draw: Draw) -> tuple[Cubic, Array]:
    """A function, and a point for it."""
    shape = draw.shape(1, 2)
    return Cubic(draw.tensor(*shape), draw.tensor(*shape)), draw.tensor(*shape)


def _numerical(draw: Draw) -> Sample:
    f, x = _cubic(draw)
    return Sample((f, x), {"h": draw.choice(0.5, 0.25, 1.0)})


def _pair(draw: Draw) -> Sample:
    shape = draw.shape(1, 2)
    return Sample((draw.tensor(*shape), draw.tensor(*shape)))


def _judged(draw: Draw) -> Sample:
    """A gradient that is right, or wrong by at least one percent in one entry."""
    f, x = _cubic(draw)
    f.a.flat[draw.size(0, f.a.size - 1)] *= draw.choice(1, 100)  # a large entry must not hide the others
    gradient = f.gradient(x)
    how = draw.choice("right", "one percent", "one percent", "sign", "zero", "right", "transposed")
    k = np.unravel_index(draw.size(0, gradient.size - 1), gradient.shape)
    if abs(gradient[k]) > 0.1:  # an error in a smaller one could be one of rounding
        gradient[k] *= {"one percent": 1.01, "sign": -1.0, "zero": 0.0}.get(how, 1.0)
    if how == "transposed" and gradient.ndim == 2 and gradient.shape[0] == gradient.shape[1]:
        gradient = gradient.T.copy()
    return Sample((f, gradient, x))


HIDDEN = Cubic(np.array([100.0, 1.0]), np.array([0.0, 0.0]))  # its gradient at (2, 1) is (1200, 3)
BESIDE = Sample((HIDDEN, np.array([1200.0, 3.03]), np.array([2.0, 1.0])))


def _numerical_right(f: Cubic, x: Array, h: float) -> Array:
    moved = x.astype(np.float64)
    return difference(lambda: f(moved), moved, h)


def _is_right(f: Cubic, gradient: Array, x: Array) -> Array:
    """The truth, from the formula of the gradient."""
    return np.asarray(bool(np.allclose(gradient, f.gradient(x), rtol=1e-3, atol=1e-4)))


def _one_sided(f: Cubic, x: Array, h: float, side: int, width: float = 1.0) -> Array:
    moved, gradient = x.copy(), np.zeros(x.shape)
    for k in np.ndindex(*x.shape):
        moved[k] = x[k] + side * h
        gradient[k] = side * (f(moved) - f(x)) / (width * h)
        moved[k] = x[k]
    return gradient


def _not_restored(f: Cubic, x: Array, h: float) -> Array:
    """Each entry stays where it was moved to."""
    moved, gradient = x.copy(), np.zeros(x.shape)
    for k in np.ndindex(*x.shape):
        moved[k] = x[k] + h
        above = f(moved)
        moved[k] = x[k] - h
        gradient[k] = (above - f(moved)) / (2 * h)
    return gradient


def _all_at_once(f: Cubic, x: Array, h: float) -> Array:
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _scale(a: Array, b: Array) -> float:
    return max(float(np.abs(a).max()), float(np.abs(b).max())) or 1.0


def _by_relative_error(tolerance: float) -> Any:
    """is_right by the largest error relative to the largest entry, which a large entry hides."""

    def verdict(f: Cubic, gradient: Array, x: Array) -> Array:
        return np.asarray(relative_error(gradient, f.gradient(x)) < tolerance)

    return verdict


QUESTIONS = (
    Question(
        name="numerical_gradient", points=4, inputs=("f", "x"), outputs=("gradient",), sample=_numerical,
        kind="smooth", right=_numerical_right, check=close(),
        mistakes=(
            Mistake("one-sided", "These are one-sided differences, (f(x + h) - f(x)) / h. Central ones are far more "
                    "accurate.", lambda f, x, h: _one_sided(f, x, h, 1)),
            Mistake("one-sided", "These are one-sided differences, (f(x) - f(x - h)) / h. Central ones are far more "
                    "accurate.", lambda f, x, h: _one_sided(f, x, h, -1)),
            Mistake("width", "The two points are 2 h apart, so divide by 2 h.",
                    lambda f, x, h: 2 * _numerical_right(f, x, h)),
            Mistake("width", "The two points are h apart, so divide by h; or move by h in both directions.",
                    lambda f, x, h: _one_sided(f, x, h, 1, 2.0)),
            Mistake("width", "The difference is not divided by 2 h.",
                    lambda f, x, h: 2 * h * _numerical_right(f, x, h)),
            Mistake("not restored", "An entry is not restored before the next one is moved.", _not_restored),
            Mistake("all at once", "All entries are moved at once. Move one at a time.", _all_at_once),
            Mistake("sign", "The sign is wrong: it is f(x + h) - f(x - h).",
                    lambda f, x, h: -_numerical_right(f, x, h)),
        ),
    ),
    Question(
        name="relative_error", points=2, inputs=("a", "b"), outputs=("error",), sample=_pair, kind="smooth",
        right=relative_error, check=close(), special=[Sample((np.zeros(3), np.zeros(3)))],
        mistakes=(
            Mistake("divided by 0", "For two arrays of zeros the error is 0. Do not divide by 0.",
                    lambda a, b: np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max())),
            Mistake("absolute", "This is the absolute error. Divide by the largest element.",
                    lambda a, b: np.abs(a - b).max()),
            Mistake("signed", "Differences of both signs count: take the absolute value before the maximum.",
                    lambda a, b: (a - b).max() / _scale(a, b)),
            Mistake("mean for a maximum", "This is the mean error. Take the largest.",
                    lambda a, b: np.abs(a - b).mean() / _scale(a, b)),
            Mistake("one scale", "Only b gives the scale. Take the larger one of both.",
                    lambda a, b: np.abs(a - b).max() / np.abs(b).max()),
            Mistake("one scale", "Only a gives the scale. Take the larger one of both.",
                    lambda a, b: np.abs(a - b).max() / np.abs(a).max()),
            Mistake("sum of scales", "The scale is the larger of the two maxima, not their sum.",
                    lambda a, b: np.abs(a - b).max() / (np.abs(a).max() + np.abs(b).max())),
            Mistake("by element", "Each element is divided by its own size. Divide by the largest one.",
                    lambda a, b: (np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))).max()),
        ),
    ),
    Question(
        name="is_right", points=4, inputs=("f", "gradient", "x"), outputs=("verdict",), sample=_judged,
        kind="smooth", right=_is_right, check=close(), special=[BESIDE], generic=False,
        mistakes=(
            Mistake("reversed", "The verdict is reversed: True is for a right gradient.",
                    lambda f, gradient, x: ~_is_right(f, gradient, x)),
            Mistake("hidden", "A wrong entry is hidden by a larger one. Compare entry by entry, not by one number "
                    "for the whole array.", _by_relative_error(1e-3)),
            Mistake("too tolerant", "It accepts an error of one percent in an entry: the tolerance is too large, or "
                    "one number for the whole array hides a small entry behind a large one.",
                    _by_relative_error(0.05)),
            Mistake("too tolerant", "It accepts wrong gradients: the tolerance is too large.",
                    lambda f, gradient, x: np.asarray(True)),
            Mistake("too strict", "It refuses right gradients: finite differences have rounding errors, so allow "
                    "for them.", lambda f, gradient, x: np.asarray(False)),
            Mistake("any for all", "It accepts a gradient if one entry is right. All have to be.",
                    lambda f, gradient, x: np.asarray(
                        bool(np.isclose(gradient, f.gradient(x), rtol=1e-3, atol=1e-4).any()))),
            Mistake("sum of entries", "Errors of both signs cancel, or one number stands for all. Compare entry by "
                    "entry.", lambda f, gradient, x: np.asarray(
                        bool(np.isclose(gradient.sum(), f.gradient(x).sum(), rtol=1e-3, atol=1e-4)))),
        ),
    ),
)  # fmt: skip
