"""Dropout: numbers set to 0 at random, and the others scaled up so that the mean stays.

    x, mask of the same shape or one that broadcasts to it          y = x mask / (1 - p)
    dx = g mask / (1 - p)

The mask is an argument of the row, drawn by the functions below: the row itself knows no chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels.jit import elementwise, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.elementwise import check_float

if TYPE_CHECKING:
    from autograd.tensor import Tensor


@kernel(parallel=True)
def _masked(x, mask, scale, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        some, kept, made = x[block], mask[block], y[block]
        for i in range(len(some)):
            made[i] = some[i] * (scale * x.dtype.type(kept[i]))  # no branch: chance cannot be predicted
    set_threads(threads)


def _forward(x: Any, mask: Any, *, p: float) -> Any:
    scale = x.dtype.type(1 / (1 - p) if p < 1 else 0)
    return elementwise(_masked, x, np.broadcast_to(mask, x.shape), numbers=(scale,))


def _sample(draw: Any) -> Sample:
    shape = draw.shape(0, 3, least=0)
    mask = tuple(draw.choice(n, n, n, 1) for n in shape)
    return Sample((draw.tensor(*shape), draw.index(mask, 2) == 1), {"p": draw.choice(0.5, 0.0, 0.75, 1.0)})


_dropout: Op = register(
    Op(
        name="dropout",
        check=lambda x, mask, *, p: check_float("dropout", x),
        forward=_forward,
        backward=lambda ctx, g, *, p: (_dropout(g, ctx.saved_tensors[0], p=p), None),
        saves=(1,),
        reference=lambda x, mask, *, p: x * mask * (1 / (1 - p) if p < 1 else 0),
        sample=_sample,
        bad_samples=[BadSample((np.ones(3, int), np.ones(3, bool)), {"p": 0.5}, TypeError, ("dropout", "int64"))],
        kind="multilinear",
    )
)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeros, each with probability p, and the other numbers divided by 1 - p.

    Parameters
    ----------
    input : Tensor of float, any shape
    p : float
        From 0 to 1.
    training : bool
        If not, input itself is returned.
    inplace : bool
        Accepted for PyTorch's sake; nothing is written in place.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError, TypeError
        If p is no probability, or input not of floats.

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """
    return _drop("dropout", input, None, p, training)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of zeros, each with probability p, and the others divided by 1 - p.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    p, training, inplace
        As of `dropout`.
    """
    return _drop("dropout2d", input, 2, p, training)


def _drop(name: str, x: Tensor, dims: int | None, p: float, training: bool) -> Tensor:
    """Dropout whose mask has a number for each place in the first `dims` dimensions."""
    from autograd.random import generator  # which stands above the ops

    check_arrays(name, input=x)
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is the probability to drop a number, from 0 to 1, not {p}")
    if not training or p == 0:
        return x
    size = x.shape if dims is None else (*x.shape[:dims], *(1 for _ in x.shape[dims:]))
    return _dropout(x, generator().random(size, np.float32) >= p, p=p)
