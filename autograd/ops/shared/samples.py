"""Samples, bad samples and references that several rows use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Sample
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.testing import Draw

KINK = 1e-3  # results of a smooth op followed by relu are at least this far from 0, where relu has a kink


def complex_sample(draw: Draw) -> Sample:
    """A complex tensor of any shape."""
    return Sample((draw.complex_tensor(*draw.shape(0, 3, least=0)),))


def any_shape(draw: Draw) -> Sample:
    """One tensor."""
    return Sample((draw.tensor(*draw.shape(0, 4, least=0)),))


def dims_sample(draw: Draw) -> Sample:
    """A tensor, some of its dimensions as `dim`, and `keepdim`."""
    shape = draw.shape(1, 3, least=0)
    dim = tuple(sorted({draw.choice(*range(len(shape))) for _ in range(draw.size(1, 2))}))
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


def optional(draw: Draw, *shape: int) -> Array | None:
    """A tensor, or None: for a weight or a bias that may be left out."""
    return draw.tensor(*shape) if draw.choice(True, False) else None


def spread_out(x: Array) -> Array:
    """x with 5 added to every other element, so that the variance is never close to 0."""
    return np.asarray(x + 5 * (np.arange(x.size).reshape(x.shape) % 2))


def distinct(draw: Draw, n: int) -> list[Array]:
    """n tensors whose shapes broadcast.  No two elements are equal, because that is a kink."""
    shapes = draw.broadcastable(n)
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    numbers = draw.tensor(int(ends[-1]))
    return [part.reshape(shape) for part, shape in zip(np.split(numbers, ends[:-1]), shapes, strict=True)]


def bad_broadcast(name: str, dtype: Any = float) -> BadSample:
    """Two tensors whose shapes do not broadcast."""
    inputs = np.ones((2, 3), dtype), np.ones(4, dtype)
    return BadSample(inputs, {}, ValueError, (name, "(2, 3)", "(4,)", "broadcast"))


def sum_reference(x: Array, *, dim: tuple[int, ...], keepdim: bool) -> Array:
    """Σ x over `dim`, one element at a time."""
    total = np.zeros([1 if i in dim else n for i, n in enumerate(x.shape)], x.dtype)
    for index in np.ndindex(*x.shape):
        total[tuple(0 if i in dim else k for i, k in enumerate(index))] += x[index]
    return total if keepdim else total.reshape([n for i, n in enumerate(x.shape) if i not in dim])
