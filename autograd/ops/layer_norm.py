"""Layer normalization: the last dimensions of every example brought to mean 0 and variance 1.

    x (…, *S), w and b (S)          μ and v over the last dimensions, whose sizes S are given
    y = w (x - μ) / √(v + ε) + b

A row of x is to this what a channel is to batch_norm; so x goes there as one picture of many channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Sample, check_arrays, register
from autograd.ops.batch_norm import batch_norm_training, check_parts, spread_out
from autograd.ops.shape import reshape

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _reference(x: Any, normalized_shape: Sequence[int], w: Any = None, b: Any = None, *, eps: float = 1e-5) -> Any:
    dims = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    many = max(1, math.prod(normalized_shape))
    d = x - x.sum(axis=dims, keepdims=True) / many
    y = d / np.sqrt((d**2).sum(axis=dims, keepdims=True) / many + eps)
    return (y if w is None else y * w) + (0 if b is None else b)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, with mean and variance over the last dimensions.

    Parameters
    ----------
    input : Tensor of float, (…, *normalized_shape)
    normalized_shape : sequence of int
        The sizes of the dimensions to normalize over.
    weight, bias : Tensor, of shape normalized_shape, optional
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
    Ba, Kiros and Hinton, "Layer Normalization", 2016, equations 3 and 4.
    """
    check_arrays("layer_norm", input=input)
    if not isinstance(normalized_shape, tuple | list) or not normalized_shape:
        raise TypeError(f"layer_norm: normalized_shape is a tuple of at least one size, not {normalized_shape!r}")
    shape, sizes = tuple(input.shape), tuple(normalized_shape)
    if shape[-len(sizes) :] != sizes:
        raise ValueError(f"layer_norm: input of shape {shape} does not end in normalized_shape {sizes}")
    check_parts("layer_norm", input, sizes, weight=weight, bias=bias)
    rows = reshape(input, (1, math.prod(shape[: -len(sizes)]), math.prod(sizes)))
    y = reshape(batch_norm_training(rows, None, None, eps=eps)[0], shape)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _sample(draw: Any) -> Sample:
    lead, sizes = draw.shape(0, 2, least=0), (*draw.shape(0, 1), draw.choice(2, 1, 3, 33))
    w, b = (draw.tensor(*sizes) if draw.choice(True, False) else None for _ in range(2))
    x = spread_out(draw.tensor(*lead, *sizes))
    return Sample((x, sizes, w, b), {"eps": 1e-5 if sizes[-1] > 1 else 0.5})


def _bad(x: Any, sizes: Any, error: type[Exception], *words: str, w: Any = None) -> BadSample:
    return BadSample((x, sizes, w), {}, error, ("layer_norm", *words))


register(
    Composite(
        name="layer_norm",
        function=layer_norm,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad(np.ones((3, 4)), (3,), ValueError, "(3, 4)", "(3,)"),
            _bad(np.ones((3, 4)), 4, TypeError, "tuple", "4"),
            _bad(np.ones((3, 4)), (), TypeError, "at least one", "()"),
            _bad(np.ones((3, 4)), (4,), ValueError, "weight", "(3,)", "(4,)", w=np.ones(3)),
            _bad(np.ones((3, 4), int), (4,), TypeError, "int64", ".float()"),
        ],
    )
)
