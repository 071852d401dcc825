"""Group normalization: groups of channels of every example brought to mean 0 and variance 1.

    x (N, C, …), w and b (C)        μ and v over the pixels of the C/G channels of a group, of one example
    y = w (x - μ) / √(v + ε) + b

A group of an example is to this what a channel is to batch_norm; so x goes there as one picture of N G channels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Sample, check_arrays, register
from autograd.ops.batch_norm import affine, batch_norm_training, check_parts, spread_out
from autograd.ops.elementwise import check_eps
from autograd.ops.shape import reshape

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(x: Any, num_groups: int, w: Any = None, b: Any = None, *, eps: float = 1e-5) -> Any:
    y, each = np.zeros(x.shape, x.dtype), x.shape[1] // num_groups
    for n, k in np.ndindex(len(x), num_groups):
        group = x[n, k * each : (k + 1) * each]
        mean = group.sum() / max(1, group.size)
        var = ((group - mean) ** 2).sum() / max(1, group.size)
        for c in range(k * each, (k + 1) * each):
            y[n, c] = (x[n, c] - mean) / np.sqrt(var + eps) * (1 if w is None else w[c]) + (0 if b is None else b[c])
    return y


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, with mean and variance for each group of channels of an example.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
    num_groups : int
        Into how many groups to cut the channels.
    weight, bias : Tensor, (C,), optional
    eps : float
        Keeps a variance of 0 from being divided by.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        Where shapes or dtypes do not fit.

    References
    ----------
    Wu and He, "Group Normalization", 2018, equations 1 to 3 and 7.
    """
    check_arrays("group_norm", input=input)
    shape = tuple(input.shape)
    if len(shape) < 2:
        raise ValueError(f"group_norm: expects input (N, C, …), got shape {shape}")
    if num_groups < 1 or shape[1] % num_groups:
        raise ValueError(
            f"group_norm: num_groups {num_groups} does not divide the {shape[1]} channels of input {shape}"
        )
    check_eps("group_norm", eps)
    check_parts("group_norm", input, shape[1:2], weight=weight, bias=bias)
    n, c, length = shape[0], shape[1], math.prod(shape[2:])
    if n * c * length == num_groups:
        raise ValueError(
            f"group_norm: Expected more than 1 value per channel when training, got input of shape {shape} and "
            f"num_groups {num_groups}; take fewer groups"
        )
    groups = reshape(input, (1, n * num_groups, c // num_groups * length))
    y = batch_norm_training(groups, None, None, eps=eps)[0]
    if weight is not None or bias is not None:
        scale = np.ones(c, input.dtype) if weight is None else weight
        y = affine(reshape(y, (n, c, length)), None, scale, bias)
    return reshape(y, shape)


def _sample(draw: Any) -> Sample:
    groups, n = draw.size(1, 3), draw.size(0, 3)
    c, size = groups * draw.size(1, 2), draw.choice((2,), (2, 3), (1, 2))
    w, b = (draw.tensor(c) if draw.choice(True, False) else None for _ in range(2))
    params = draw.choice({}, {"eps": 0.1})
    return Sample((spread_out(draw.tensor(n, c, *size)), groups, w, b), params)


def _bad(x: Any, groups: int, error: type[Exception], *words: str, w: Any = None) -> BadSample:
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
