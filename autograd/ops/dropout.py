"""Dropout: sets random elements to 0, and scales up the others so that the mean stays.

    x, mask of the same shape or one that broadcasts to it          y = x mask / (1 - p)
    dx = g mask / (1 - p)

The mask is an input of the row, and the functions below draw it: the row itself is deterministic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from autograd.arguments import check_arrays
from autograd.kernels.jit import elementwise, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dropping import check_channels, check_probability, kept
from autograd.ops.shared.in_place import in_place
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@kernel(parallel=True)
def _masked(x, mask, scale, parts, y):
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        xs, mask_part, ys = x[block], mask[block], y[block]
        for i in range(len(xs)):
            ys[i] = xs[i] * (scale * x.dtype.type(mask_part[i]))  # no branch: a random one is mispredicted
    set_threads(threads)


def _forward(x: Array, mask: Array, *, p: float) -> Array:
    scale = x.dtype.type(1 / (1 - p) if p < 1 else 0)
    return elementwise(_masked, x, np.broadcast_to(mask, x.shape), numbers=(scale,))


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 3, least=0)
    mask = tuple(draw.choice(n, n, n, 1) for n in shape)
    return Sample((draw.tensor(*shape), draw.index(mask, 2) == 1), {"p": draw.choice(0.5, 0.0, 0.75, 1.0)})


_dropout_op: Op = register(
    Op(
        name="dropout",
        check=lambda x, mask, *, p: check_float("dropout", x),
        forward=_forward,
        backward=lambda ctx, g, *, p: (_dropout_op(g, ctx.saved_tensors[0], p=p), None),
        saves=(1,),
        reference=lambda x, mask, *, p: x * mask * (1 / (1 - p) if p < 1 else 0),
        sample=_sample,
        bad_samples=[BadSample((np.ones(3, int), np.ones(3, bool)), {"p": 0.5}, TypeError, ("dropout", "int64"))],
        kind="multilinear",
    )
)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to 0 with probability p, and divide the others by 1 - p.

    Parameters
    ----------
    input : Tensor of float, any shape
    p : float
        Probability of an element to be set to 0, from 0 to 1.
    training : bool
        If False, input itself is returned.
    inplace : bool
        Write the result to input's memory, and return input.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError, TypeError
        If p is not between 0 and 1, or input is not a float tensor.

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.

    Examples
    --------
    >>> import autograd
    >>> y = autograd.dropout(autograd.ones(1000), p=0.75)
    >>> autograd.unique(y)  # 0, and 1 / (1 - 0.75)
    tensor([0., 4.])
    >>> y = autograd.ones(2)
    >>> autograd.dropout(y, training=False) is y
    True
    """
    if inplace:
        return in_place(dropout, input, p, training)
    return _drop("dropout", input, None, p, training)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to 0 with probability p, and divide the others by 1 - p.

    Parameters
    ----------
    input : Tensor of float, (N, C, L) or (C, L)
    p : float
        Probability of a channel to be set to 0, from 0 to 1.
    training : bool
        If False, input itself is returned.
    inplace : bool
        Write the result to input's memory, and return input.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError
        If input has another number of dimensions.
    ValueError, TypeError
        If p is not between 0 and 1, or input is not a float tensor.

    References
    ----------
    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> y = F.dropout1d(autograd.ones(8, 5, 4))
    >>> bool((y == y[:, :, :1]).all())  # a channel is kept as a whole, or not at all
    True
    """
    check_arrays("dropout1d", input=input)
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: expects an input (N, C, L) or (C, L), got shape {input.shape}")
    if inplace:
        return in_place(dropout1d, input, p, training)
    return _drop("dropout1d", input, input.ndim - 1, p, training)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to 0 with probability p, and divide the others by 1 - p.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    p : float
        Probability of a channel to be set to 0, from 0 to 1.
    training : bool
        If False, input itself is returned.
    inplace : bool
        Write the result to input's memory, and return input.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError
        If input has less than two dimensions.
    ValueError, TypeError
        If p is not between 0 and 1, or input is not a float tensor.

    References
    ----------
    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> y = F.dropout2d(autograd.ones(8, 5, 4, 4))
    >>> bool((y == y[:, :, :1, :1]).all())  # a channel is kept as a whole, or not at all
    True
    """
    check_channels("dropout2d", input)
    if inplace:
        return in_place(dropout2d, input, p, training)
    return _drop("dropout2d", input, 2, p, training)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to 0 with probability p, and divide the others by 1 - p.

    Parameters
    ----------
    input : Tensor of float, (N, C, …), or (C, D, H, W)
    p : float
        Probability of a channel to be set to 0, from 0 to 1.
    training : bool
        If False, input itself is returned.
    inplace : bool
        Write the result to input's memory, and return input.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError
        If input has less than two dimensions.
    ValueError, TypeError
        If p is not between 0 and 1, or input is not a float tensor.

    References
    ----------
    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> y = F.dropout3d(autograd.ones(8, 5, 2, 2, 2))
    >>> bool((y == y[:, :, :1, :1, :1]).all())  # a channel is kept as a whole, or not at all
    True
    """
    check_channels("dropout3d", input)
    if inplace:
        return in_place(dropout3d, input, p, training)
    return _drop("dropout3d", input, 1 if input.ndim == 4 else 2, p, training)


def _drop(name: str, x: Tensor, dims: int | None, p: float, training: bool) -> Tensor:
    """Dropout with one element of the mask for each index of the first `dims` dimensions, or of all."""
    check_arrays(name, input=x)
    check_probability(name, p)
    if not training or p == 0:
        return x
    return _dropout_op(x, kept(name, x, dims, p), p=p)
