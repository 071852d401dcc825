"""Losses of a prediction x and a target t of the same shape, element by element, d = x - t.

    mse_loss          l = d²
    l1_loss           l = |d|
    smooth_l1_loss    l = d² / 2β where |d| < β,  else |d| - β/2
    huber_loss        l = d² / 2  where |d| <= δ, else δ (|d| - δ/2)

What they return is the mean of these numbers, or their sum, or the numbers themselves.  They are
made of ops, whose gradients are theirs.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Sample, check_arrays, register
from autograd.ops.functions import abs, square
from autograd.ops.reduce import mean, sum
from autograd.ops.where import where

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def check_reduction(name: str, reduction: str) -> None:
    """Raise where there is none of this name."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: reduction {reduction!r} is not one of 'mean', 'sum', 'none'")


def reduced(name: str, losses: Any, reduction: str, total: Any = None) -> Any:
    """The losses, their sum, or their mean: the sum divided by `total`, or by how many they are."""
    check_reduction(name, reduction)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum(losses)
    return mean(losses) if total is None else sum(losses) / total


def _difference(name: str, input: Any, target: Any) -> Any:
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
            stacklevel=3,
        )
    return input - target


def _weighted(name: str, losses: Any, weight: Any, shape: tuple[int, ...]) -> Any:
    if weight is None:
        return losses
    if tuple(weight.shape) != tuple(shape):
        raise ValueError(f"{name}: weight of shape {tuple(weight.shape)} must have the input's shape {tuple(shape)}")
    return losses * weight


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The squared difference.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    reduction : "mean" (the sum divided by that of the weights), "sum" or "none"
    weight : Tensor, of the input's shape, optional

    Raises
    ------
    ValueError
        If shapes do not fit.  Those that broadcast do, with a UserWarning.
    """
    losses = _weighted("mse_loss", square(_difference("mse_loss", input, target)), weight, input.shape)
    return reduced("mse_loss", losses, reduction, None if weight is None else sum(weight))


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The absolute difference; arguments as of `mse_loss`."""
    losses = _weighted("l1_loss", abs(_difference("l1_loss", input, target)), weight, input.shape)
    return reduced("l1_loss", losses, reduction, None if weight is None else sum(weight))


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """The absolute difference, rounded to a parabola within `beta` of 0.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    reduction : "mean", "sum" or "none"
    beta : float
        At 0 this is `l1_loss`.

    References
    ----------
    Girshick, "Fast R-CNN", 2015, equation 3.
    """
    d = _difference("smooth_l1_loss", input, target)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must be at least 0, not {beta}")
    losses = abs(d) if beta == 0 else where(abs(d) < beta, d * d * (0.5 / beta), abs(d) - 0.5 * beta)
    return reduced("smooth_l1_loss", losses, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the squared difference, continued as a line beyond `delta`.

    Parameters
    ----------
    input, target : Tensor, of the same shape
    reduction : "mean" (over all elements, with weights too), "sum" or "none"
    delta : float
        Greater than 0.
    weight : Tensor, of the input's shape, optional

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter", 1964.
    """
    d = _difference("huber_loss", input, target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be greater than 0, not {delta}")
    losses = where(abs(d) <= delta, d * d * 0.5, (abs(d) - 0.5 * delta) * delta)
    return reduced("huber_loss", _weighted("huber_loss", losses, weight, input.shape), reduction)


# ── under the battery ──────────────────────────────────────────────────────────────────


def reduced_reference(losses: Any, reduction: str, total: Any = None) -> Any:
    if reduction == "none":
        return losses
    return losses.sum() / ((losses.size if total is None else total) if reduction == "mean" else 1)


def draw_reduction(draw: Any, counted: Any = True) -> str:
    """One of the reductions; a mean only of what is `counted`: of nothing it is NaN, and has no differences."""
    return draw.choice("mean", "sum", "none") if counted else draw.choice("sum", "none")


def _composed(
    function: Any,
    loss: Any,
    *bad: BadSample,
    weighted: bool = False,
    divided_by_weights: bool = False,
    **option: tuple[float, ...],
) -> None:
    """A row of a loss; loss(d, **options) is its reference, and `option` has the values of its one parameter."""
    name = function.__name__

    def call(x: Any, t: Any, w: Any, **params: Any) -> Any:
        return function(x, t, **params, **({} if w is None else {"weight": w}))

    def reference(x: Any, t: Any, w: Any, *, reduction: str, **params: Any) -> Any:
        losses = loss(x - t, **params) * (1 if w is None else w)
        return reduced_reference(losses, reduction, w.sum() if divided_by_weights and w is not None else None)

    def sample(draw: Any) -> Sample:
        shape = draw.shape(0, 3, least=0)
        w = draw.tensor(*shape, low=0.5) if weighted and draw.choice(True, False) else None
        t = np.asarray(draw.tensor(*shape) + 0.0003)  # so that no |d| is 0, or one of the options
        params = {parameter: draw.choice(*values) for parameter, values in option.items()}
        reduction = draw_reduction(draw, w is None or w.size > 0)
        return Sample((draw.tensor(*shape), t, w), {"reduction": reduction, **params})

    two = np.ones((2, 3))
    bad_samples = [
        BadSample((two, np.ones((2, 2)), None), {}, ValueError, (name, "(2, 3)", "(2, 2)")),
        BadSample((two, two, None), {"reduction": "max"}, ValueError, (name, "'max'", "'none'")),
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
