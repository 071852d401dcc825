"""Losses of a prediction x and a target t of the same shape, from their difference d = x - t.

    mse_loss          l = d²
    l1_loss           l = |d|
    smooth_l1_loss    l = d² / 2β  if |d| < β,  else |d| - β/2
    huber_loss        l = d² / 2   if |d| <= δ, else δ (|d| - δ/2)

They return the mean of all l, their sum, or l itself.  They are made of other ops, and so are their gradients.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.functions import abs, square
from autograd.ops.reduce import sum
from autograd.ops.shared.losses import bad_reduction, draw_reduction, legacy_reduction, reduce_losses, reduce_reference
from autograd.ops.where import where
from autograd.tracebacks import user_stacklevel
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _difference(name: str, input: Tensor, target: Tensor) -> Tensor:
    """input - target, with a warning if their shapes differ but broadcast."""
    check_arrays(name, input=input, target=target)
    shapes = tuple(input.shape), tuple(target.shape)
    if shapes[0] != shapes[1]:
        try:
            result = np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"{name}: input of shape {shapes[0]} and target of shape {shapes[1]} must have the same shape"
            ) from None
        warnings.warn(
            f"{name}: input of shape {shapes[0]} and target of shape {shapes[1]} broadcast to {result}, which is "
            "likely a mistake; reshape one of them",
            UserWarning,
            stacklevel=user_stacklevel(),
        )
    return input - target


def _weighted(name: str, losses: Tensor, weight: Tensor | None, shape: Shape) -> Tensor:
    if weight is None:
        return losses
    if tuple(weight.shape) != tuple(shape):
        raise ValueError(f"{name}: weight of shape {tuple(weight.shape)} must have the shape of input, {tuple(shape)}")
    return losses * weight


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Mean squared error.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
        With weights, the mean is the sum divided by the sum of the weights.
    weight : Tensor, of input's shape, optional

    Returns
    -------
    Tensor, of one element; of input's shape with reduction "none"

    Raises
    ------
    ValueError
        If shapes do not fit.  Different shapes that broadcast are accepted, with a UserWarning.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.mse_loss(autograd.tensor([1.0, 4.0]), autograd.tensor([1.0, 2.0]))
    tensor(2.)
    """
    reduction = legacy_reduction("mse_loss", reduction, size_average, reduce)
    losses = _weighted("mse_loss", square(_difference("mse_loss", input, target)), weight, input.shape)
    return reduce_losses("mse_loss", losses, reduction, None if weight is None else sum(weight))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Mean absolute error.  Parameters and errors are those of `mse_loss`.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
        With weights, the mean is the sum divided by the sum of the weights.
    weight : Tensor, of input's shape, optional

    Returns
    -------
    Tensor, of one element; of input's shape with reduction "none"

    Raises
    ------
    ValueError
        If shapes do not fit.  Different shapes that broadcast are accepted, with a UserWarning.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.l1_loss(autograd.tensor([1.0, 4.0]), autograd.tensor([1.0, 2.0]))
    tensor(1.)
    """
    reduction = legacy_reduction("l1_loss", reduction, size_average, reduce)
    losses = _weighted("l1_loss", abs(_difference("l1_loss", input, target)), weight, input.shape)
    return reduce_losses("l1_loss", losses, reduction, None if weight is None else sum(weight))


@in_float32
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Smooth L1 loss: quadratic for differences below `beta`, and linear above.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    size_average, reduce : bool, optional
        Deprecated; use reduction.
    reduction : "mean", "sum" or "none"
    beta : float
        Where the loss becomes linear.  With 0 it is `l1_loss`.

    Returns
    -------
    Tensor, of one element; of input's shape with reduction "none"

    Raises
    ------
    ValueError
        If shapes do not fit, or beta is negative.

    References
    ----------
    Girshick, "Fast R-CNN", 2015, equation 3.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.smooth_l1_loss(autograd.tensor([0.5, 4.0]), autograd.tensor([0.0, 2.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    reduction = legacy_reduction("smooth_l1_loss", reduction, size_average, reduce)
    d = _difference("smooth_l1_loss", input, target)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must be at least 0, not {beta}")
    losses = abs(d) if beta == 0 else where(abs(d) < beta, d * d * (0.5 / beta), abs(d) - 0.5 * beta)
    return reduce_losses("smooth_l1_loss", losses, reduction)


@in_float32
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Huber loss: half the squared difference up to `delta`, and linear above.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    reduction : "mean", "sum" or "none"
        The mean is over all elements, with weights too.
    delta : float
        Where the loss becomes linear.  It must be greater than 0.
    weight : Tensor, of input's shape, optional

    Returns
    -------
    Tensor, of one element; of input's shape with reduction "none"

    Raises
    ------
    ValueError
        If shapes do not fit, or delta is not greater than 0.

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter", 1964.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.huber_loss(autograd.tensor([0.5, 4.0]), autograd.tensor([0.0, 2.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    d = _difference("huber_loss", input, target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be greater than 0, not {delta}")
    losses = where(abs(d) <= delta, d * d * 0.5, (abs(d) - 0.5 * delta) * delta)
    return reduce_losses("huber_loss", _weighted("huber_loss", losses, weight, input.shape), reduction)


# ── the functions as rows ──────────────────────────────────────────────────────────────


def _composed(
    function: Callable[..., Tensor],
    loss: Callable[..., Array],
    *bad: BadSample,
    weighted: bool = False,
    divided_by_weights: bool = False,
    **option: tuple[float, ...],
) -> None:
    """Register a loss.  loss(d, **options) is its reference, and `option` lists values of its one option."""
    name = function.__name__

    def call(x: Tensor, t: Tensor, w: Tensor | None, **params: Any) -> Tensor:
        return function(x, t, **params, **({} if w is None else {"weight": w}))

    def reference(x: Array, t: Array, w: Array | None, *, reduction: str, **params: Any) -> Array:
        losses = loss(x - t, **params) * (1 if w is None else w)
        return reduce_reference(losses, reduction, w.sum() if divided_by_weights and w is not None else None)

    def sample(draw: Draw) -> Sample:
        shape = draw.shape(0, 3, least=0)
        w = draw.tensor(*shape, low=0.5) if weighted and draw.choice(True, False) else None
        t = np.asarray(draw.tensor(*shape) + 0.0003)  # so that no |d| is 0 or equals an option
        params = {parameter: draw.choice(*values) for parameter, values in option.items()}
        reduction = draw_reduction(draw, w is None or w.size > 0)
        return Sample((draw.tensor(*shape), t, w), {"reduction": reduction, **params})

    two = np.ones((2, 3))
    bad_samples = [
        BadSample((two, np.ones((2, 2)), None), {}, ValueError, (name, "(2, 3)", "(2, 2)")),
        bad_reduction(name, two, two, None),
        *([BadSample((two, two, np.ones(3)), {}, ValueError, (name, "weight", "(3,)", "(2, 3)"))] if weighted else []),
        *bad,
    ]
    register(Composite(name=name, function=call, reference=reference, sample=sample, bad_samples=bad_samples))


_TWO = (np.ones(2), np.ones(2), None)
_composed(mse_loss, lambda d: d**2, weighted=True, divided_by_weights=True)
_composed(l1_loss, np.abs, weighted=True, divided_by_weights=True)
_composed(
    smooth_l1_loss,
    lambda d, *, beta: np.where(np.abs(d) < beta, d**2 / (2 * beta or 1), np.abs(d) - beta / 2),
    BadSample(_TWO, {"beta": -1}, ValueError, ("smooth_l1_loss", "beta", "-1")),
    beta=(1.0, 0.5, 0),
)
_composed(
    huber_loss,
    lambda d, *, delta: np.where(np.abs(d) <= delta, d**2 / 2, delta * (np.abs(d) - delta / 2)),
    BadSample(_TWO, {"delta": 0}, ValueError, ("huber_loss", "delta", "0")),
    weighted=True,
    delta=(1.0, 0.5),
)
