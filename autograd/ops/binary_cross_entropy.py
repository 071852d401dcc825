"""Binary cross-entropy of a target t from 0 to 1 and a probability, or a score whose sigmoid is the probability.

binary_cross_entropy                 l = -(t log x + (1 - t) log(1 - x)), logarithms are at least -100
                                     dx = g (x - t) / (x (1 - x)),   dt = g (log(1 - x) - log x)
binary_cross_entropy_with_logits     l = -(p t log σ(x) + (1 - t) log σ(-x)),   p = pos_weight, log σ(-x) = log σ(x) - x
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.activation import logsigmoid
from autograd.ops.extrema import clamp
from autograd.ops.functions import log, log1p
from autograd.ops.shared.checks import check_same_float
from autograd.ops.shared.losses import bad_reduction, draw_reduction, legacy_reduction, reduce_losses, reduce_reference
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

MIN_LOG = -100.0  # as in PyTorch: a confident wrong answer has a large loss, but not an infinite one
MIN_VARIANCE = 1e-12  # as in PyTorch: lower bound of x (1 - x)


def _forward(x: Array, t: Array) -> Array:
    return (t - 1) * np.maximum(np.log1p(-x), MIN_LOG) - t * np.maximum(np.log(x), MIN_LOG)


def _backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    x, t = ctx.saved_tensors
    dx = g * (x - t) / clamp(x * (1 - x), min=MIN_VARIANCE) if ctx.needs_input_grad[0] else None
    dt = g * (clamp(log1p(-x), min=MIN_LOG) - clamp(log(x), min=MIN_LOG)) if ctx.needs_input_grad[1] else None
    return dx, dt


def _reference(x: Array, t: Array) -> Array:
    return -(t * np.maximum(np.log(x), -100) + (1 - t) * np.maximum(np.log(1 - x), -100))


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 3, least=0)
    return Sample((draw.tensor(*shape, low=0.1, high=0.9), draw.tensor(*shape, low=0, high=1)))


_binary_cross_entropy_op = register(
    Op(
        name="binary_cross_entropy",
        check=lambda x, t: check_same_float("binary_cross_entropy", input=x, target=t),
        forward=_forward,
        backward=_backward,
        saves=(0, 1),
        reference=_reference,
        sample=_sample,
        flops=8,
    )
)


def _check_pair(name: str, input: Any, target: Any) -> None:
    check_arrays(name, input=input, target=target)
    if tuple(input.shape) != tuple(target.shape) or input.dtype != target.dtype:
        raise ValueError(
            f"{name}: target is {target.dtype} of shape {tuple(target.shape)}; it must have the dtype and shape of "
            f"input, {input.dtype} of shape {tuple(input.shape)}"
        )


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Binary cross-entropy of probabilities: -(target log input + (1 - target) log(1 - input)).

    Parameters
    ----------
    input : Tensor of float, any shape
        Probabilities from 0 to 1, such as results of sigmoid (`binary_cross_entropy_with_logits` is more accurate).
    target : Tensor, of the same shape and dtype
        Targets from 0 to 1.
    weight : Tensor, whose shape broadcasts, optional
        Weight of each element.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean" (over all elements), "sum" or "none"

    Returns
    -------
    Tensor, () or, for "none", the shape of input

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit, or an element of input or target is not between 0 and 1.

    Notes
    -----
    Logarithms below -100 count as -100, so a loss is never infinite.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.binary_cross_entropy(autograd.tensor([0.5, 0.0]), autograd.tensor([1.0, 1.0]), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    reduction = legacy_reduction("binary_cross_entropy", reduction, size_average, reduce)
    _check_pair("binary_cross_entropy", input, target)
    for what, x in (("input", input), ("target", target)):
        numbers = np.asarray(getattr(x, "array", x))
        if numbers.size and not (numbers.min() >= 0 and numbers.max() <= 1):  # false for NaN
            raise ValueError(
                f"binary_cross_entropy: {what} has {numbers.min()} to {numbers.max()}; expects probabilities from 0 to "
                "1 (for scores, use binary_cross_entropy_with_logits)"
            )
    losses = _binary_cross_entropy_op(input, target)
    return reduce_losses("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


@in_float32
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Binary cross-entropy of scores, whose sigmoids are the probabilities.

    Parameters
    ----------
    input : Tensor of float, any shape
        Scores (logits), before sigmoid.
    target : Tensor, of the same shape and dtype
        Targets from 0 to 1.
    weight : Tensor, whose shape broadcasts, optional
        Weight of each element.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean" (over all elements), "sum" or "none"
    pos_weight : Tensor, whose shape broadcasts, optional
        Weight of positive targets.

    Returns
    -------
    Tensor, () or, for "none", the shape of input

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.binary_cross_entropy_with_logits(autograd.tensor([0.0, 100.0]), autograd.tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    reduction = legacy_reduction("binary_cross_entropy_with_logits", reduction, size_average, reduce)
    _check_pair("binary_cross_entropy_with_logits", input, target)
    loss_of_1 = -logsigmoid(input)
    positive = loss_of_1 if pos_weight is None else loss_of_1 * pos_weight
    losses = target * positive + (1 - target) * (loss_of_1 + input)
    return reduce_losses("binary_cross_entropy_with_logits", losses if weight is None else losses * weight, reduction)


def _logits_reference(x: Array, t: Array, w: Array | None, p: Any, *, reduction: str) -> Array:
    one, zero = np.logaddexp(0, -x), np.logaddexp(0, -x) + x
    losses = ((1 if p is None else p) * t * one + (1 - t) * zero) * (1 if w is None else w)
    return reduce_reference(losses, reduction)


def _logits_sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 3, least=0)
    w, p = (draw.choice(None, draw.tensor(*shape[-1:], low=0.5)) for _ in range(2))
    t = draw.tensor(*shape, low=0.1, high=0.9)
    return Sample((draw.tensor(*shape), t, w, p), {"reduction": draw_reduction(draw, t.size)})


register(
    Composite(
        name="binary_cross_entropy_with_logits",
        function=lambda x, t, w, p, **params: binary_cross_entropy_with_logits(x, t, w, pos_weight=p, **params),
        reference=_logits_reference,
        sample=_logits_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones(3), None, None), {}, ValueError, ("logits", "(2, 3)", "(3,)")),
            BadSample((np.ones(2), np.ones(2, int), None, None), {}, ValueError, ("logits", "int64", "float64")),
            bad_reduction("binary_cross_entropy_with_logits", np.ones(2), np.ones(2), None, None),
        ],
    )
)
