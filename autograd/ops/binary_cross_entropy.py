"""Binary cross-entropy: of a probability, or of a score whose sigmoid is one, and a target t from 0 to 1.

binary_cross_entropy                 l = -(t log x + (1 - t) log(1 - x)), logarithms no less than -100
                                     dx = g (x - t) / (x (1 - x)),   dt = g (log(1 - x) - log x)
binary_cross_entropy_with_logits     l = -(p t log σ(x) + (1 - t) log σ(-x)),   p = pos_weight, log σ(-x) = log σ(x) - x
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, check_arrays, register
from autograd.ops.activation import logsigmoid
from autograd.ops.elementwise import check_same_float
from autograd.ops.extrema import clamp
from autograd.ops.functions import log, log1p
from autograd.ops.losses import draw_reduction, reduced, reduced_reference

if TYPE_CHECKING:
    from autograd.tensor import Tensor

LEAST_LOG = -100.0  # PyTorch's, so that a sure and wrong answer costs much, but not infinitely much
LEAST_VARIANCE = 1e-12  # PyTorch's, of x (1 - x)


def _forward(x: Any, t: Any) -> Any:
    return (t - 1) * np.maximum(np.log1p(-x), LEAST_LOG) - t * np.maximum(np.log(x), LEAST_LOG)


def _backward(ctx: Any, g: Any) -> Any:
    x, t = ctx.saved_tensors
    dx = g * (x - t) / clamp(x * (1 - x), min=LEAST_VARIANCE) if ctx.needs_input_grad[0] else None
    dt = g * (clamp(log1p(-x), min=LEAST_LOG) - clamp(log(x), min=LEAST_LOG)) if ctx.needs_input_grad[1] else None
    return dx, dt


def _reference(x: Any, t: Any) -> Any:
    return -(t * np.maximum(np.log(x), -100) + (1 - t) * np.maximum(np.log(1 - x), -100))


def _sample(draw: Any) -> Sample:
    shape = draw.shape(0, 3, least=0)
    return Sample((draw.tensor(*shape, low=0.1, high=0.9), draw.tensor(*shape, low=0, high=1)))


_op = register(
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


def _checked(name: str, input: Any, target: Any) -> None:
    check_arrays(name, input=input, target=target)
    if tuple(input.shape) != tuple(target.shape) or input.dtype != target.dtype:
        raise ValueError(
            f"{name}: target, {target.dtype} of shape {tuple(target.shape)}, must have the shape and dtype of input, "
            f"{input.dtype} of shape {tuple(input.shape)}"
        )


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """How unlikely a target is, given its probability.

    Parameters
    ----------
    input : Tensor
        Probabilities, from 0 to 1, as sigmoid gives them (but `binary_cross_entropy_with_logits` is more exact).
    target : Tensor, of the same shape
        From 0 to 1.
    weight : Tensor, whose shape broadcasts, optional
        Of each element.
    reduction : "mean" (over all elements), "sum" or "none"

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, or a number of input or target is no probability.
    """
    _checked("binary_cross_entropy", input, target)
    for what, x in (("input", input), ("target", target)):
        numbers = np.asarray(getattr(x, "array", x))
        if numbers.size and not (numbers.min() >= 0 and numbers.max() <= 1):  # NaN is neither
            raise ValueError(
                f"binary_cross_entropy: {what} has {numbers.min()} to {numbers.max()}; expects probabilities, from 0 "
                "to 1 (scores are for binary_cross_entropy_with_logits)"
            )
    losses = _op(input, target)
    return reduced("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """How unlikely a target is, given a score whose sigmoid is its probability.

    Parameters
    ----------
    input : Tensor
        Scores, before any sigmoid.
    target : Tensor, of the same shape
        From 0 to 1.
    weight : Tensor, whose shape broadcasts, optional
        Of each element.
    reduction : "mean" (over all elements), "sum" or "none"
    pos_weight : Tensor, whose shape broadcasts, optional
        Of the part of the loss that targets of 1 make.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits(autograd.tensor([0.0, 100.0]), autograd.tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    _checked("binary_cross_entropy_with_logits", input, target)
    surprise = -logsigmoid(input)  # of a 1; of a 0 it is input more
    positive = surprise if pos_weight is None else surprise * pos_weight
    losses = target * positive + (1 - target) * (surprise + input)
    return reduced("binary_cross_entropy_with_logits", losses if weight is None else losses * weight, reduction)


def _logits_reference(x: Any, t: Any, w: Any, p: Any, *, reduction: str) -> Any:
    one, zero = np.logaddexp(0, -x), np.logaddexp(0, -x) + x
    losses = ((1 if p is None else p) * t * one + (1 - t) * zero) * (1 if w is None else w)
    return reduced_reference(losses, reduction)


def _logits_sample(draw: Any) -> Sample:
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
            BadSample((np.ones(2), np.ones(2), None, None), {"reduction": "max"}, ValueError, ("logits", "'max'")),
        ],
    )
)
