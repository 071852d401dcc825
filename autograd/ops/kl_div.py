"""Kullback-Leibler divergence of a distribution t from one with logarithm x, element by element.

l = t (log t - x)   (0 where t = 0)
l = e^t (t - x)     if t is a logarithm too
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.functions import exp, log
from autograd.ops.shared.losses import bad_reduction, draw_reduction, legacy_reduction, reduce_losses, reduce_reference
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@in_float32
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence, target · (log(target) - input) for each element.

    Parameters
    ----------
    input : Tensor, any shape
        Logarithms of probabilities.
    target : Tensor, of the same shape, or one that broadcasts
        Probabilities, or their logarithms.  Where a probability is 0, so is the loss.
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "batchmean", "sum" or "none"
        "mean" is the mean of all elements.  "batchmean" is the sum divided by the size of the first dimension: the
        mean, over samples, of the divergence as it is defined in mathematics.
    log_target : bool
        Whether target has logarithms.

    Returns
    -------
    Tensor, of one element; of the broadcast shape with reduction "none"

    Raises
    ------
    ValueError
        If the shapes do not broadcast, or the reduction is unknown.

    References
    ----------
    Kullback and Leibler, "On Information and Sufficiency", 1951, equation 2.4.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> q = autograd.tensor([[0.5, 0.5], [0.5, 0.5]])
    >>> p = autograd.tensor([[1.0, 0.0], [0.5, 0.5]])
    >>> F.kl_div(q.log(), p, reduction="batchmean")  # log(2) / 2
    tensor(0.3466)
    """
    check_arrays("kl_div", input=input, target=target)
    reduction = legacy_reduction("kl_div", reduction, size_average, reduce)
    if log_target:
        losses = exp(target) * (target - input)
    else:
        losses = target * (log(where(target == 0, 1.0, target)) - input)
    if reduction == "batchmean":  # a number has no first dimension
        return reduce_losses("kl_div", losses, "sum") / (input.shape[0] if input.ndim else 1)
    return reduce_losses("kl_div", losses, reduction)


def _reference(x: Array, t: Array, *, reduction: str, log_target: bool) -> Array:
    losses = np.exp(t) * (t - x) if log_target else t * (np.log(np.where(t == 0, 1, t)) - x)
    if reduction == "batchmean":
        return losses.sum() / (len(x) if x.ndim else 1)
    return reduce_reference(losses, reduction)


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    reduction = draw_reduction(draw, shape[0])
    reduction = draw.choice(reduction, "batchmean" if shape[0] else reduction)
    params = {"reduction": reduction, "log_target": draw.choice(False, True)}
    return Sample((draw.tensor(*shape), draw.tensor(*shape, low=0.1, high=1)), params)


register(
    Composite(
        name="kl_div",
        function=kl_div,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones((2, 2))), {}, ValueError, ("(2, 3)", "(2, 2)", "broadcast")),
            bad_reduction("kl_div", np.ones(2), np.ones(2)),
        ],
    )
)
