"""Instance normalization: standardizes every channel of every example.

    x (N, C, …), w and b (C)        μ and v over the pixels of a channel of an example
    y = w (x - μ) / √(v + ε) + b

A channel of an example plays the role of a channel in batch_norm, so x goes there as one image of N C channels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.batch_norm import batch_norm, batch_norm_affine, batch_norm_training
from autograd.ops.shape import reshape
from autograd.ops.shared.normalize import check_norm, scale_reference, standardize_reference, update_running
from autograd.ops.shared.samples import optional, spread_out
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@in_float32
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Apply instance normalization: (input - mean) / √(var + eps) · weight + bias.

    Mean and variance are those of each channel of each example, or running statistics.

    Parameters
    ----------
    input : Tensor of float, (N, C, …)
        With at least one dimension after the channels.
    running_mean, running_var : Tensor, (C,), optional
        Updated with the mean over the batch if use_input_stats; used if not.
    weight, bias : Tensor, (C,), optional
    use_input_stats : bool
        Whether to use the input's own mean and variance.
    momentum : float
        The weight of the new statistics in the running ones.
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
    Ulyanov, Vedaldi and Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.instance_norm(autograd.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    check_arrays("instance_norm", input=input)
    shape = tuple(input.shape)
    if len(shape) < 2:
        raise ValueError(f"instance_norm: expects input (N, C, …), got shape {shape}")
    parameters = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    check_norm("instance_norm", input, eps, shape[1:2], **parameters)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("instance_norm: expects running_mean and running_var if use_input_stats is False")
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    n, c, length = shape[0], shape[1], math.prod(shape[2:])
    if length == 1 or not n * c * length:
        raise ValueError(
            f"instance_norm: expected more than 1 spatial element when training, got input of shape {shape}; "
            "an example needs at least two values in a channel"
        )
    y, mean, var = batch_norm_training(reshape(input, (1, n * c, length)), None, None, eps=eps)
    if weight is not None or bias is not None:
        scale = np.ones(c, input.dtype) if weight is None else weight
        y = batch_norm_affine(reshape(y, (n, c, length)), None, scale, bias, None, None)
    for running, new in ((running_mean, mean), (running_var, var * (length / (length - 1)))):
        update_running(running, reshape(new, (n, c)).mean(0), momentum)
    return reshape(y, shape)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _with_statistics(
    x: Tensor, w: Tensor | None, b: Tensor | None, *, running: Any, use_input_stats: bool, eps: float = 1e-5
) -> Tensor:
    """The function as its tests call it.  Running statistics are parameters, because they have no gradient."""
    mean, var = (np.array(r, x.dtype) if r else None for r in running)
    return instance_norm(x, mean, var, w, b, use_input_stats, eps=eps)  # type: ignore[arg-type]


def _reference(
    x: Array, w: Array | None, b: Array | None, *, running: Any, use_input_stats: bool, eps: float = 1e-5
) -> Array:
    column = -1, *(1,) * (x.ndim - 2)
    w, b = (None if a is None else a.reshape(column) for a in (w, b))
    if use_input_stats:
        return scale_reference(standardize_reference(x, tuple(range(2, x.ndim)), eps)[0], w, b)
    mean, var = (np.array(r).reshape(column) for r in running)
    return scale_reference((x - mean) / np.sqrt(var + eps), w, b)


def _sample(draw: Draw) -> Sample:
    own, c, size = draw.choice(True, True, False), draw.size(1, 3), draw.choice((2,), (2, 3), (1, 2, 1))
    x = spread_out(draw.tensor(draw.size(1 if own else 0, 3), c, *size))
    running = (None, None) if own else (draw.tensor(c).tolist(), draw.tensor(c, low=0.5, high=3).tolist())
    params = {"running": running, "use_input_stats": own} | draw.choice({}, {"eps": 0.1})
    return Sample((x, optional(draw, c), optional(draw, c)), params)


def _bad(x: Array, error: type[Exception], *words: str, w: Any = None, own: bool = True) -> BadSample:
    return BadSample((x, w, None), {"running": (None, None), "use_input_stats": own}, error, ("instance_norm", *words))


register(
    Composite(
        name="instance_norm",
        function=_with_statistics,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad(np.ones((2, 3, 1)), ValueError, "more than 1 spatial element", "(2, 3, 1)"),
            _bad(np.ones((2, 3, 2)), ValueError, "running_mean and running_var", own=False),
            _bad(np.ones(3), ValueError, "(N, C, …)", "(3,)"),
            _bad(np.ones((2, 3, 2)), ValueError, "weight", "(4,)", "(3,)", w=np.ones(4)),
            _bad(np.ones((2, 3, 2), int), TypeError, "int64", ".float()"),
        ],
    )
)
