"""Adaptive average-pooling in one and three dimensions, by that in two: a fixed number of windows, their means.

one dimension      the image is one row high
three dimensions   first over H and W, then over D of (D, H' W') images.  The mean of a window's rows of means is
                   the mean of the window, since it is a box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.avg_pool2d import adaptive_avg_pool2d
from autograd.ops.shape import reshape, squeeze, unsqueeze
from autograd.ops.shared.windows import adaptive_sizes
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@in_float32
def adaptive_avg_pool1d(input: Tensor, output_size: int | tuple[int]) -> Tensor:
    """Take the means of L' windows, which cover the input evenly.

    Parameters
    ----------
    input : Tensor of float, (N, C, L) or (C, L)
    output_size : int
        L'.

    Returns
    -------
    Tensor, (N, C, L') or (C, L')

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or output_size do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.adaptive_avg_pool1d(autograd.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]]), 2)  # of 1 to 3 and 3 to 5
    tensor([[[2., 4.]]])
    """
    check_arrays("adaptive_avg_pool1d", input=input)
    x = unsqueeze(input, 0) if input.ndim == 2 else input
    (wanted,) = adaptive_sizes("adaptive_avg_pool1d", x, output_size, 1)
    y = squeeze(adaptive_avg_pool2d(unsqueeze(x, 2), (1, wanted)), 2)
    return squeeze(y, 0) if input.ndim == 2 else y


@in_float32
def adaptive_avg_pool3d(input: Tensor, output_size: int | tuple[int | None, int | None, int | None] | None) -> Tensor:
    """Take the means of D' × H' × W' windows, which cover the input evenly.

    Parameters
    ----------
    input : Tensor of float, (N, C, D, H, W) or (C, D, H, W)
    output_size : int or (int, int, int)
        D', H' and W'; None keeps D, H or W.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W')

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or output_size do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.arange(8.0).reshape(1, 2, 2, 2)
    >>> F.adaptive_avg_pool3d(x, (2, 1, 1)).flatten()  # the means of 0 to 3 and of 4 to 7
    tensor([1.5000, 5.5000])
    """
    check_arrays("adaptive_avg_pool3d", input=input)
    x = unsqueeze(input, 0) if input.ndim == 4 else input
    depth, height, width = adaptive_sizes("adaptive_avg_pool3d", x, output_size, 3)
    n, c, d, *image = x.shape
    y = adaptive_avg_pool2d(reshape(x, (n, c * d, *image)), (height, width))
    y = adaptive_avg_pool2d(reshape(y, (n, c, d, height * width)), (depth, height * width))
    y = reshape(y, (n, c, depth, height, width))
    return squeeze(y, 0) if input.ndim == 4 else y


# ── under the battery ──────────────────────────────────────────────────────────────────


def _reference(x: Array, *, output_size: Any) -> Array:
    dims = x.ndim - 2 if x.ndim in (3, 5) else x.ndim - 1
    given = output_size if isinstance(output_size, tuple) else (output_size,) * dims
    size = [n if m is None else m for n, m in zip(x.shape[-dims:], given, strict=True)]
    y = np.empty((*x.shape[:-dims], *size), x.dtype)
    for index in np.ndindex(*size):
        window: Any = [slice(i * n // m, -(-(i + 1) * n // m)) for i, n, m in zip(index, x.shape[-dims:], size)]
        y[(..., *index)] = x[(..., *window)].mean(axis=tuple(range(-dims, 0)))
    return y


def _register(function: Any, dims: int) -> None:
    def sample(draw: Draw) -> Sample:
        lead = (draw.size(0, 2), draw.size(1, 2))
        x = draw.tensor(*lead, *(draw.size(1, 4) for _ in range(dims)))
        return Sample((x,), {"output_size": tuple(draw.size(0 if dims == 1 else 1, 4) for _ in range(dims))})

    name = function.__name__
    shape = (1, 1, *(8,) * dims)
    register(
        Composite(
            name=name,
            function=function,
            reference=_reference,
            sample=sample,
            bad_samples=[
                BadSample((np.ones(8),), {"output_size": 1}, ValueError, (name, "(N, C, ", "(8,)")),
                BadSample((np.ones((1, 1, *(0,) * dims)),), {"output_size": 1}, ValueError, (name, "at least 1")),
                BadSample((np.ones(shape),), {"output_size": -1}, ValueError, (name, "-1", "at least 0")),
                BadSample((np.ones(shape),), {"output_size": 1.5}, TypeError, (name, "output_size", "1.5")),
                BadSample((np.ones(shape, int),), {"output_size": 1}, TypeError, (name, "int64", ".float()")),
            ],
        )
    )


_register(adaptive_avg_pool1d, 1)
_register(adaptive_avg_pool3d, 3)
