"""Calls of normalization and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call


def spread(draw: Any, *shape: int) -> np.ndarray:
    """Numbers with a variance far from 0."""
    x = draw.tensor(*shape)
    return x + 5 * (np.arange(x.size) % 2).reshape(shape)


def some(draw: Any, *shape: int) -> np.ndarray | None:
    return draw.tensor(*shape) if draw.choice(True, False) else None


@call("batch_norm", where="functional")
def batch_norm(draw: Any) -> Any:
    """In training mode.  test_batch_norm.py tests running statistics, which cannot require grad."""
    n, c, size = 2 * draw.size(1, 2), draw.choice(1, 3), draw.choice((), (2,), (3, 2), (1, 2, 1))
    x = np.moveaxis(spread(draw, c, *size, n), -1, 0)
    more = {"momentum": 0.5, "eps": 0.01} if draw.choice(False, True) else {}
    return (x, None, None), {"weight": some(draw, c), "bias": some(draw, c), "training": True, **more}


@call("layer_norm", where="functional")
def layer_norm(draw: Any) -> Any:
    lead, sizes = draw.shape(0, 2), (*draw.shape(0, 1), 2 * draw.size(1, 3))
    more = draw.choice({}, {"eps": 0.01}, {"weight": draw.tensor(*sizes), "bias": draw.tensor(*sizes)})
    return (spread(draw, *lead, *sizes), draw.choice(sizes, list(sizes))), more


@call("layer_norm", where="functional")
def layer_norm_in_order(draw: Any) -> Any:
    return (spread(draw, 3, 2, 4), (2, 4), draw.tensor(2, 4), some(draw, 2, 4), 0.1), {}


@call("group_norm", where="functional")
def group_norm(draw: Any) -> Any:
    groups, n = draw.size(1, 3), draw.size(1, 3)
    c, size = groups * draw.size(1, 2), draw.choice((2,), (2, 4), (3, 2))
    more = draw.choice({}, {"eps": 0.01}, {"weight": draw.tensor(c), "bias": draw.tensor(c)})
    return (spread(draw, n, c, *size), groups), more


@call("group_norm", where="functional")
def group_norm_in_order(draw: Any) -> Any:
    return (spread(draw, 3, 4, 2), 2, draw.tensor(4), some(draw, 4), 0.1), {}


@call("dropout", where="functional")
def dropout(draw: Any) -> Any:
    """Only calls without randomness, because our random numbers differ from PyTorch's."""
    x = draw.tensor(*draw.shape(0, 3))
    return (x,), draw.choice({"p": 1.0}, {"p": 0.0}, {"training": False}, {"p": 0.3, "training": False})


@call("dropout2d", where="functional")
def dropout2d(draw: Any) -> Any:
    x = draw.tensor(*draw.shape(4, 4))
    return (x,), draw.choice({"p": 1.0}, {"p": 0.0}, {"training": False}, {"p": 0.3, "training": False})
