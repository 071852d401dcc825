"""Connectionist temporal classification: the probability of a sequence of labels, summed over all alignments.

With l′ the labels with a blank before, between and after them, S = 2 L + 1, in logarithms:

    α_0(s) = x_0(l′_s) for s < 2;   α_t(s) = x_t(l′_s) + log Σ e^α_{t-1}(s), e^α_{t-1}(s-1), and e^α_{t-1}(s-2) if l′_s
    is no blank and differs from l′_{s-2};   l = -log(e^α(S-1) + e^α(S-2)) after the last step

It is made of other ops on all sequences of a batch at once, and so are its gradients.

References
----------
Graves et al., "Connectionist Temporal Classification", 2006, equations 5 to 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.functions import exp, log
from autograd.ops.indexing import getitem
from autograd.ops.join import cat
from autograd.ops.reduce import mean, sum
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.losses import bad_reduction, check_reduction
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

_LOG_0 = -1e30  # of a probability of 0; -inf would make the gradient NaN


def _lengths(what: str, given: Any, n: int, most: int) -> Any:
    lengths = np.asarray(given).reshape(-1)
    if len(lengths) != n:
        raise ValueError(f"ctc_loss: {what} has {len(lengths)} elements; it must have one for each of {n} sequences")
    if lengths.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: {what} must be integers, not {lengths.dtype}; convert them, with .long()")
    if n and (lengths.min() < 0 or lengths.max() > most):
        raise ValueError(f"ctc_loss: {what} has {lengths.min()} to {lengths.max()}; lengths are from 0 to {most}")
    return lengths


@in_float32
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Loss of sequences of labels that are shorter than the sequences of predictions, without an alignment.

    It is -log of the sum of the probabilities of all paths that give the labels: a path has one class for each step;
    equal neighbours are merged, then blanks are removed.

    Parameters
    ----------
    log_probs : Tensor of float, (T, N, C) or (T, C)
        Logarithms of probabilities, such as results of log_softmax.
    targets : Tensor of int, (N, S), or (sum of target_lengths,) with all sequences one after another
        Labels, none of them blank.
    input_lengths, target_lengths : Tensor of int or tuple of int, (N,) or ()
        Lengths of the predictions, at most T, and of the labels.
    blank : int
        The class of no label.
    reduction : "mean", "sum" or "none"
        "mean" divides each loss by the number of its labels first.
    zero_infinity : bool
        Replace infinite losses, of sequences too short for their labels, by 0.

    Returns
    -------
    Tensor, () or, for "none", (N,); () too if log_probs is (T, C)

    Raises
    ------
    ValueError, TypeError
        If shapes, lengths or dtypes do not fit, or blank is no class.
    IndexError
        If a label is no class.

    Notes
    -----
    The gradient is the derivative by log_probs.  PyTorch adds e^log_probs to it, which log_softmax takes away again.

    References
    ----------
    Graves et al., "Connectionist Temporal Classification", 2006, equations 6 to 8.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> log_probs = autograd.full((2, 2), 0.5).log()  # two steps; each class has the probability 1/2
    >>> (-F.ctc_loss(log_probs, autograd.tensor([1]), 2, 1)).exp()  # three of the four paths: 11, 10 and 01
    tensor(0.7500)
    """
    check_arrays("ctc_loss", log_probs=log_probs, targets=targets)
    check_float("ctc_loss", log_probs)
    check_reduction("ctc_loss", reduction)
    if log_probs.ndim not in (2, 3):
        raise ValueError(f"ctc_loss: log_probs must be (T, N, C) or (T, C), got shape {tuple(log_probs.shape)}")
    x = log_probs if log_probs.ndim == 3 else log_probs.reshape((log_probs.shape[0], 1, log_probs.shape[1]))
    steps, n, classes = x.shape
    if not 0 <= blank < classes:
        raise ValueError(f"ctc_loss: blank is {blank}; it must be a class from 0 to {classes - 1}")
    labels = np.asarray(targets)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: targets must be integers, not {labels.dtype}; convert them, with .long()")
    times = _lengths("input_lengths", input_lengths, n, steps)
    flat = labels.ndim == 1
    counts = _lengths("target_lengths", target_lengths, n, len(labels) if flat else labels.shape[-1])
    if labels.ndim > 2 or (flat and counts.sum() > len(labels)) or (not flat and len(labels) != n):
        raise ValueError(
            f"ctc_loss: targets of shape {labels.shape} do not fit target_lengths {counts.tolist()} of {n} sequences"
        )
    longest = int(counts.max(initial=0))
    states = np.full((n, 2 * longest + 1), blank)  # l'
    start = 0
    for i, count in enumerate(counts):
        states[i, 1 : 2 * count : 2] = labels[start : start + count] if flat else labels[i, :count]
        start += count
    if states.size and (states.min() < 0 or states.max() >= classes):
        raise IndexError(f"ctc_loss: targets must be classes from 0 to {classes - 1}")
    skips: Any = np.zeros(states.shape, bool)  # whether a step may come from two states before
    skips[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    rows = np.arange(n)[:, None]
    first: Any = np.arange(states.shape[1]) < 2
    alpha = where(first, getitem(x[0], (rows, states)), _LOG_0) if steps else None
    if alpha is None:
        raise ValueError("ctc_loss: log_probs has no steps")
    never: Any = np.full((n, 2), _LOG_0, x.dtype)
    for t in range(1, steps):
        padded = cat([never, alpha], 1)
        one, two = padded[:, 1:-1], where(skips, padded[:, :-2], _LOG_0)
        moved = _log_of_sum(_log_of_sum(alpha, one), two) + getitem(x[t], (rows, states))
        alpha = where((t < times)[:, None], moved, alpha)
    last = 2 * counts
    ends = getitem(alpha, (np.arange(n), last))
    before = where(counts > 0, getitem(alpha, (np.arange(n), np.maximum(last - 1, 0))), _LOG_0)
    losses = -_log_of_sum(ends, before)
    impossible = np.asarray(getattr(losses, "array", losses)) > -_LOG_0 / 2
    empty = times == 0
    losses = where(impossible | (empty & (counts > 0)), 0.0 if zero_infinity else np.inf, losses)
    losses = where(empty & (counts == 0), 0.0, losses)
    if reduction == "none":
        return losses if log_probs.ndim == 3 else losses.reshape(())
    return sum(losses) if reduction == "sum" else mean(losses / np.maximum(counts, 1).astype(x.dtype))


def _log_of_sum(a: Tensor, b: Tensor) -> Tensor:
    """log(e^a + e^b)."""
    larger, smaller = where(a > b, a, b), where(a > b, b, a)
    infinite = np.isinf(np.asarray(getattr(larger, "array", larger)))
    return larger + log(1 + exp(where(infinite, 0.0, smaller - larger)))  # inf - inf is NaN


# ── the row ────────────────────────────────────────────────────────────────────────────

_TIMES, _COUNTS = np.array([3, 4]), np.array([2, 1])


def _reference(x: Array, y: Array, *, reduction: str) -> Array:
    """The sum over all paths, one by one."""
    losses = np.zeros(x.shape[1], x.dtype)
    for i, (time, count) in enumerate(zip(_TIMES, _COUNTS)):
        total = 0.0
        for path in np.ndindex(*[x.shape[2]] * int(time)):
            merged = [c for k, c in enumerate(path) if c and (k == 0 or path[k - 1] != c)]
            if merged == y[i, :count].tolist():
                total = total + np.exp(np.sum([x[t, i, c] for t, c in enumerate(path)]))
        losses[i] = -np.log(total)
    return np.asarray({"none": losses, "sum": losses.sum(), "mean": (losses / _COUNTS).mean()}[reduction])


def _sample(draw: Draw) -> Sample:
    x = draw.tensor(4, 2, 3, low=-2, high=0)
    return Sample((x, draw.index((2, 2), 2) + 1), {"reduction": draw.choice("mean", "sum", "none")})


def _of_two(x: Any, y: Any, **options: Any) -> Tensor:
    """The loss of two sequences of different lengths."""
    return ctc_loss(x, y, _TIMES, _COUNTS, **options)


_X, _Y = np.zeros((4, 2, 3)), np.ones((2, 2), int)
register(
    Composite(
        name="ctc_loss",
        function=_of_two,
        kind="matrix",  # the order of its sums over paths, unlike the reference's, decides about inf - inf
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((_X, _Y.astype(float)), {}, TypeError, ("ctc_loss", "float64", ".long()")),
            BadSample((_X, _Y + 2), {}, IndexError, ("ctc_loss", "0 to 2")),
            BadSample((_X, _Y), {"blank": 3}, ValueError, ("ctc_loss", "blank is 3")),
            BadSample((_X, _Y[:1]), {}, ValueError, ("ctc_loss", "(1, 2)")),
            BadSample((_X[:3], _Y), {}, ValueError, ("ctc_loss", "input_lengths", "3 to 4")),
            BadSample((_X[0, 0], _Y), {}, ValueError, ("ctc_loss", "(3,)")),
            bad_reduction("ctc_loss", _X, _Y),
        ],
    )
)
