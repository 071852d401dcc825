"""Local response normalization: divides each element by a mean of squares over neighbouring channels.

y[n,c,…] = x[n,c,…] / (k + α / size Σ_j x²[n,j,…])^β        c - size // 2 <= j <= c + (size - 1) // 2
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.avg_pool2d import avg_pool2d
from autograd.ops.functions import square
from autograd.ops.pad import pad
from autograd.ops.shape import reshape
from autograd.ops.shared.checks import check_number
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide each element by (k + alpha · mean of squares over `size` neighbouring channels)^beta.

    Parameters
    ----------
    input : Tensor, (N, C, …), any number dtype
        With at least one dimension after the channels.
    size : int
        Number of channels, the element's own in their middle.  Outside the input they are 0.
    alpha, beta, k : float
        Numbers of the formula.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError
        If input has fewer than three dimensions, or size is not a whole number of at least 1.
    TypeError
        If input is of bools.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012, section
    3.3, with alpha divided by size.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([[[2.0], [0.0], [6.0]]])  # three channels
    >>> F.local_response_norm(x, 3, alpha=3.0, beta=1.0, k=0.0)  # the first: 2 / (2² + 0²)
    tensor([[[0.5000],
             [0.0000],
             [0.1667]]])
    """
    check_arrays("local_response_norm", input=input)
    shape = tuple(input.shape)
    if len(shape) < 3:
        raise ValueError(f"local_response_norm: expects input (N, C, …) of at least 3 dimensions, got shape {shape}")
    check_number("local_response_norm", input)
    if not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"local_response_norm: size is {size!r}; expects a whole number of at least 1")
    if not input.array.size:
        return input
    squares = reshape(square(input), (shape[0], 1, shape[1], math.prod(shape[2:])))
    means = avg_pool2d(pad(squares, (0, 0, size // 2, (size - 1) // 2)), (size, 1), 1)
    return input / (k + alpha * reshape(means, shape)) ** beta


def _reference(x: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    y = np.empty_like(x)
    for c in range(x.shape[1] if x.size else 0):
        near = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha * (near * near).sum(axis=1) / size) ** beta
    return y


def _sample(draw: Draw) -> Sample:
    x = draw.tensor(draw.size(0, 2), draw.size(1, 5), *draw.shape(1, 2, most=2))
    return Sample((x, draw.size(1, 5)), draw.choice({}, {"alpha": 0.5}, {"alpha": 2.0, "beta": 0.5, "k": 1.5}))


register(
    Composite(
        name="local_response_norm",
        function=local_response_norm,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), 2), {}, ValueError, ("local_response_norm", "(N, C, …)", "(2, 3)")),
            BadSample((np.ones((2, 3, 1)), 0), {}, ValueError, ("local_response_norm", "size is 0")),
            BadSample((np.ones((2, 3, 1), bool), 2), {}, TypeError, ("local_response_norm", "bool", ".float()")),
        ],
    )
)
