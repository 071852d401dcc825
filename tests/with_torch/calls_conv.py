"""Calls of convolution and pooling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.with_torch.calls import call


def optional(draw: Any, **options: Any) -> dict[str, Any]:
    """A random part of the options, so that the defaults of the others are compared too."""
    return {name: value for name, value in options.items() if draw.choice(True, False)}


def batch(draw: Any) -> tuple[int, ...]:
    return () if draw.choice(False, False, True) else (draw.size(1, 3),)


def one_or_each(draw: Any, low: int, high: int, dims: int = 2) -> Any:
    """One number for all dimensions, or one per dimension."""
    return draw.choice(draw.size(low, high), tuple(draw.size(low, high) for _ in range(dims)))


def convolution(draw: Any, dims: int) -> Any:
    groups, kernel = draw.choice(1, 1, 2, 3), [draw.size(1, 3) for _ in range(dims)]
    ranges = {"dilation": (1, 2), "padding": (0, 2), "stride": (1, 3)}
    params = {name: one_or_each(draw, *values, dims) for name, values in ranges.items()}
    if draw.choice(False, False, True):
        params |= {"padding": draw.choice("same", "valid"), "stride": 1}
    c, per_out = draw.size(1, 2), draw.size(1, 2)
    w = draw.tensor(per_out * groups, c, *kernel)
    x = draw.tensor(*batch(draw), c * groups, *(2 * (k - 1) + draw.size(1, 4) for k in kernel))
    b = {"bias": draw.tensor(len(w))} if draw.choice(True, False) else {}
    return (x, w), {**b, **optional(draw, **params), **({"groups": groups} if groups > 1 else {})}


@call("conv1d", where="functional")
def conv1d(draw: Any) -> Any:
    return convolution(draw, 1)


@call("conv2d", where="functional")
def conv2d(draw: Any) -> Any:
    return convolution(draw, 2)


@call("conv1d", where="torch")
def conv1d_in_order(draw: Any) -> Any:
    return (draw.tensor(2, 4, 7), draw.tensor(4, 2, 3), draw.tensor(4), draw.size(1, 3), draw.size(0, 2), 2, 2), {}


@call("conv2d", where="torch")
def conv2d_in_order(draw: Any) -> Any:
    return (
        draw.tensor(2, 4, 7, 5),
        draw.tensor(4, 2, 3, 2),
        draw.tensor(4),
        (2, draw.size(1, 3)),
        draw.size(0, 2),
        2,
        2,
    ), {}


@call("conv_transpose2d", where="functional")
def conv_transpose2d(draw: Any) -> Any:
    groups, kernel = draw.choice(1, 1, 2), (draw.size(2, 3), draw.size(2, 3))
    c = draw.size(1, 2) * groups
    x = draw.tensor(*batch(draw), c, draw.size(2, 4), draw.size(2, 4))
    w = draw.tensor(c, draw.size(1, 2), *kernel)
    params = optional(draw, bias=draw.tensor(w.shape[1] * groups), padding=one_or_each(draw, 0, 1))
    stride, dilation = draw.size(1, 3), draw.size(1, 2)
    params |= {"stride": stride, "dilation": dilation} | optional(
        draw, output_padding=draw.size(0, max(stride, dilation) - 1)
    )
    return (x, w), {**params, **({"groups": groups} if groups > 1 else {})}


@call("conv_transpose2d", where="torch")
def conv_transpose2d_in_order(draw: Any) -> Any:
    return (
        draw.tensor(2, 4, 3, 2),
        draw.tensor(4, 2, 3, 2),
        draw.tensor(4),
        (2, 3),
        (1, 0),
        (1, draw.size(0, 2)),
        2,
        1,
    ), {}


def windows(draw: Any) -> Any:
    """An input of distinct numbers, so that the argmax is unique, a kernel size, and options."""
    shape = (*batch(draw), draw.size(1, 2), draw.size(5, 9), draw.size(5, 9))
    x = np.array(draw.permutation(math.prod(shape)), np.float64).reshape(shape) / 8 - 3
    kernel = draw.choice((draw.size(1, 3), draw.size(1, 3)), draw.size(2, 3))
    half = [k // 2 for k in kernel] if isinstance(kernel, tuple) else [1, 1]
    padding = (draw.size(0, half[0]), draw.size(0, half[1]))
    return (x, kernel), {
        "stride": one_or_each(draw, 1, 3),
        "padding": draw.choice(padding, min(half)),
        "ceil_mode": draw.choice(False, True),
    }


@call("max_pool2d", where="functional")
def max_pool2d(draw: Any) -> Any:
    args, given = windows(draw)
    return args, optional(draw, dilation=one_or_each(draw, 1, 2), return_indices=True, **given)


@call("max_pool2d", where="functional")
def max_pool2d_in_order(draw: Any) -> Any:
    args, given = windows(draw)
    return (*args, given["stride"], given["padding"], draw.size(1, 2), given["ceil_mode"]), {}


@call("avg_pool2d", where="functional")
def avg_pool2d(draw: Any) -> Any:
    args, given = windows(draw)
    return args, optional(draw, count_include_pad=False, divisor_override=draw.choice(3, -2), **given)


@call("avg_pool2d", where="functional")
def avg_pool2d_in_order(draw: Any) -> Any:
    args, given = windows(draw)
    return (*args, given["stride"], given["padding"], given["ceil_mode"], draw.choice(False, True)), {}


@call("adaptive_avg_pool2d", where="functional")
def adaptive_avg_pool2d(draw: Any) -> Any:
    x = draw.tensor(*batch(draw), draw.size(1, 2), draw.size(1, 9), draw.size(1, 9))
    size = (draw.choice(None, draw.size(1, 6)), draw.choice(None, draw.size(1, 6)))
    return (x, draw.choice(size, draw.size(1, 5))), {}
