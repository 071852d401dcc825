"""Alpha dropout, for networks of SELU layers: what is dropped becomes SELU's lower limit, and mean and variance stay.

    y = a x + b if kept, else a α' + b        a = 1 / √((1 - p) (1 + p α'²)),  b = -a p α',  α' = -1.7580993408473766

References
----------
Klambauer, Unterthiner, Mayr, Hochreiter, "Self-Normalizing Neural Networks", arXiv:1706.02515.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dropping import check_channels, check_probability, kept
from autograd.ops.shared.in_place import in_place
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

_LIMIT = -1.7580993408473766  # -αλ of SELU: its value far below 0


def _scale_and_shift(p: float) -> tuple[float, float]:
    scale = 1 / math.sqrt((1 - p) * (1 + p * _LIMIT * _LIMIT))
    return scale, -scale * p * _LIMIT


def _function(x: Tensor, mask: Tensor, *, p: float) -> Tensor:
    check_float("alpha_dropout", x)
    scale, shift = _scale_and_shift(p)
    dropped: Any = np.asarray(scale * _LIMIT + shift, x.dtype)  # a number would be rounded to float32
    return where(mask, x * scale + shift, dropped)


def _reference(x: Array, mask: Array, *, p: float) -> Array:
    scale = ((1 - p) * (1 + p * _LIMIT**2)) ** -0.5
    return scale * np.where(mask, x, _LIMIT) - scale * p * _LIMIT


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 3, least=0)
    mask = tuple(draw.choice(n, n, n, 1) for n in shape)
    return Sample((draw.tensor(*shape), draw.index(mask, 2) == 1), {"p": draw.choice(0.5, 0.25, 0.9)})


_alpha_dropout_op = register(
    Composite(
        name="alpha_dropout",
        function=_function,
        reference=_reference,
        sample=_sample,
        bad_samples=[BadSample((np.ones(3, int), np.ones(3, bool)), {"p": 0.5}, TypeError, ("alpha_dropout", "int64"))],
    )
)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Set elements to SELU's lower limit with probability p, and scale and shift all: mean 0 and variance 1 stay.

    Parameters
    ----------
    input : Tensor of float, any shape
    p : float
        Probability of an element to be dropped, from 0 to 1.  With 1, the result is 0.
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
    Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.ones(1000)
    >>> dropped = F.alpha_dropout(x, 0.5, training=True)
    >>> autograd.unique(dropped)  # what is dropped, and what is kept
    tensor([-0.7792,  1.6656])
    """
    if inplace:
        return in_place(alpha_dropout, input, p, training)
    return _drop("alpha_dropout", input, None, p, training)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Alpha dropout of whole channels: set each to SELU's lower limit with probability p, and scale and shift all.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    p : float
        Probability of a channel to be dropped, from 0 to 1.  With 1, the result is 0.
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
    Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> dropped = F.feature_alpha_dropout(autograd.ones(8, 5, 2, 2), 0.5, training=True)
    >>> bool((dropped == dropped[:, :, :1, :1]).all())  # a channel is dropped as a whole, or kept
    True
    """
    if training:
        check_channels("feature_alpha_dropout", input)
    if inplace:
        return in_place(feature_alpha_dropout, input, p, training)
    return _drop("feature_alpha_dropout", input, 2, p, training)


def _drop(name: str, x: Tensor, dims: int | None, p: float, training: bool) -> Tensor:
    check_arrays(name, input=x)
    check_probability(name, p)
    if not training or p == 0:
        return x
    if p == 1:
        check_float(name, x)
        return x * 0
    result: Tensor = _alpha_dropout_op(x, kept(name, x, dims, p), p=p)
    return result
