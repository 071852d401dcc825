"""Group normalization: standardizes groups of channels of every example.

    x (N, C, …), w and b (C)        μ and v over the pixels of the C/G channels of a group, of one example
    y = w (x - μ) / √(v + ε) + b

A group of an example plays the role of a channel in batch_norm, so x goes there as one image of N G channels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.batch_norm import batch_norm_affine, batch_norm_training
from autograd.ops.shape import reshape
from autograd.ops.shared.normalize import check_norm, scale_reference, standardize_reference
from autograd.ops.shared.samples import optional, spread_out
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@in_float32
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Apply group normalization: (input - mean) / √(var + eps) · weight + bias.

    Mean and variance are those of each group of channels of each example.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    num_groups : int
        Number of groups of channels.  It must divide C.
    weight, bias : Tensor, (C,), optional
    eps : float
        Added to the variance, for numerical stability.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    Wu and He, "Group Normalization", 2018, equations 1 to 3 and 7.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.group_norm(autograd.tensor([[1.0, 3.0, 10.0, 30.0]]), num_groups=2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    check_arrays("group_norm", input=input)
    shape = tuple(input.shape)
    if len(shape) < 2:
        raise ValueError(f"group_norm: expects input (N, C, …), got shape {shape}")
    if num_groups < 1 or shape[1] % num_groups:
        raise ValueError(
            f"group_norm: num_groups {num_groups} does not divide the {shape[1]} channels of input {shape}"
        )
    check_norm("group_norm", input, eps, shape[1:2], weight=weight, bias=bias)
    n, c, length = shape[0], shape[1], math.prod(shape[2:])
    if n * c * length == num_groups:
        raise ValueError(
            f"group_norm: Expected more than 1 value per channel when training, got input of shape {shape} and "
            f"num_groups {num_groups}; use fewer groups"
        )
    groups = reshape(input, (1, n * num_groups, c // num_groups * length))
    y = batch_norm_training(groups, None, None, eps=eps)[0]
    if weight is not None or bias is not None:
        scale = np.ones(c, input.dtype) if weight is None else weight
        y = batch_norm_affine(reshape(y, (n, c, length)), None, scale, bias, None, None)
    return reshape(y, shape)


def _reference(
    x: Array, num_groups: int, w: Array | None = None, b: Array | None = None, *, eps: float = 1e-5
) -> Array:
    groups = x.reshape(len(x), num_groups, x.shape[1] // num_groups * math.prod(x.shape[2:]))
    y = standardize_reference(groups, (2,), eps)[0].reshape(x.shape)
    w, b = (None if a is None else a.reshape(-1, *(1,) * (x.ndim - 2)) for a in (w, b))
    return scale_reference(y, w, b)


def _sample(draw: Draw) -> Sample:
    groups, n = draw.size(1, 3), draw.size(0, 3)
    c, size = groups * draw.size(1, 2), draw.choice((2,), (2, 3), (1, 2))
    w, b = optional(draw, c), optional(draw, c)
    params = draw.choice({}, {"eps": 0.1})
    return Sample((spread_out(draw.tensor(n, c, *size)), groups, w, b), params)


def _bad(x: Array, groups: int, error: type[Exception], *words: str, w: Any = None) -> BadSample:
    return BadSample((x, groups, w), {}, error, ("group_norm", *words))


register(
    Composite(
        name="group_norm",
        function=group_norm,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad(np.ones((3, 4)), 3, ValueError, "num_groups 3", "4 channels"),
            _bad(np.ones((3, 4)), 0, ValueError, "num_groups 0"),
            _bad(np.ones(3), 1, ValueError, "(N, C, …)", "(3,)"),
            _bad(np.ones((1, 4)), 4, ValueError, "more than 1 value per channel", "(1, 4)"),
            _bad(np.ones((2, 4)), 2, ValueError, "weight", "(2,)", "(4,)", w=np.ones(2)),
            _bad(np.ones((2, 4), int), 2, TypeError, "int64", ".float()"),
        ],
    )
)
