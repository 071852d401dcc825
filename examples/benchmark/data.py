"""The inputs of the cases, the same in every framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from examples.benchmark.cases import CLASSES, LINEAR_FEATURES, Net


def normal(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """Return standard normal float32 numbers."""
    return np.random.default_rng(seed).standard_normal(tuple(shape), np.float32)


def batch(net: Net, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, C, H, W) and their classes (N,), int64."""
    return normal((size, *net.input)), np.random.default_rng(1).integers(0, CLASSES, size)


def conv(what: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """Return x, w, b and the out-gradient of a 3 × 3 convolution with padding 1."""
    n, c, o, side = (what[name] for name in ("batch", "channels", "outputs", "side"))
    shapes = ((n, c, side, side), (o, c, 3, 3), (o,), (n, o, side, side))
    return tuple(normal(shape, seed) for seed, shape in enumerate(shapes))


def product(what: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """Return the factors of a matrix product; one that its formula transposes is a view of a transposed array."""
    *lead, rows, depth, columns = what["shape"]
    factors = []
    for seed, (text, shape) in enumerate(zip(what["formula"].split(" @ "), ((rows, depth), (depth, columns)))):
        transposed = text.endswith(".T")
        stored = normal((*lead, *(reversed(shape) if transposed else shape)), seed)
        factors.append(stored.swapaxes(-1, -2) if transposed else stored)
    return tuple(factors)


def op(what: dict[str, Any]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the inputs of a single op, of which it gives the gradients, and labels."""
    shape = what["shape"]
    others: dict[str, tuple[Sequence[int], ...]] = {
        "batch_norm": ((shape[1],), (shape[1],)),
        "layer_norm": ((shape[1],), (shape[1],)),
        "linear": ((LINEAR_FEATURES, shape[1]), (LINEAR_FEATURES,)),
        "x * y": (shape,),
    }
    labels = np.random.default_rng(1).integers(0, shape[1], shape[0])
    return [normal(shape), *(normal(other, 2) for other in others.get(what["op"], ()))], labels
