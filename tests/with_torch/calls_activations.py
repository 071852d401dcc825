"""Calls of the activations of autograd/ops/activations.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call, constant
from tests.with_torch.calls_elementwise import Arguments, activation, numbers, some


def bounded(name: str, **options: Any) -> None:
    """Numbers without NaN, because torch's gradient there depends on the size of the array.

    Of one element it is that of the output; of 64 it is 0 or NaN, because torch's vectorized loop compares the other
    way round.
    """

    @call(name, where="functional")
    def generate(draw: Any) -> Arguments:
        x = numbers(draw, *draw.shape(0, 4, least=0), low=-9, high=9)
        x[np.isnan(x)] = 0
        return (x,), some(draw, **{key: draw.choice(*values) for key, values in options.items()})


bounded("hardtanh", min_val=(-2.0004, -1), max_val=(0.5003, 1.0))
bounded("hardshrink", lambd=(0.2003, 1))
bounded("softshrink", lambd=(0.2003, 1))
bounded("hardswish")
bounded("relu6")
bounded("celu", alpha=(0.5, 2.0))
activation("softsign")
activation("tanhshrink")


@call("hardsigmoid", where="functional")
def hardsigmoid(draw: Any) -> Arguments:
    """Without gradients: in float64 those of torch have only the digits of float32."""
    return (constant(draw.tensor(*draw.shape(0, 4, least=0), low=-9, high=9)),), {}


@call("selu", where="functional")
def selu(draw: Any) -> Arguments:
    """Finite numbers, as for elu."""
    return (draw.tensor(*draw.shape(0, 4, least=0), low=-9, high=9),), {}


@call("threshold", where="functional")
def threshold(draw: Any) -> Arguments:
    x = draw.tensor(*draw.shape(0, 3, least=0))
    return (x, draw.choice(0.1003, -1), draw.choice(20, 0.5)), {}


@call("rrelu", where="functional")
def rrelu(draw: Any) -> Arguments:
    """Without training, because both libraries draw other slopes."""
    x = draw.tensor(*draw.shape(0, 3, least=0))
    return (x,), some(draw, lower=draw.choice(0.125, 0.25), upper=draw.choice(0.3, 0.5), training=False)


@call("glu", where="functional")
def glu(draw: Any) -> Arguments:
    shape = list(draw.shape(1, 3, least=0))
    dim = draw.size(-len(shape), len(shape) - 1)
    shape[dim] *= 2
    return (draw.tensor(*shape), dim), {}


@call("prelu", where="functional")
def prelu(draw: Any) -> Arguments:
    shape = draw.shape(1, 4)
    size = draw.choice(1, shape[1] if len(shape) > 1 else 1)
    return (draw.tensor(*shape), draw.tensor(size)), {}


@call("softmin", where="functional")
def softmin(draw: Any) -> Arguments:
    x = draw.tensor(*draw.shape(0, 3, least=0), low=-9, high=9)
    n = max(1, x.ndim)
    options = some(draw, dtype=draw.choice(None, np.dtype(np.float32), np.dtype(np.float64)))
    return (x,), {**some(draw, dim=draw.size(-n, n - 1)), **options}
