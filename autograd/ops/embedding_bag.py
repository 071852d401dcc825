"""Bags of embeddings: the sum, mean or maximum of the rows of a table that the indices of each bag name.

y_b = Σ_(i in bag b) s_i w[t_i]         "sum"; for "mean" divided by the number of indices
y_be = max_(i in bag b) w[t_i]_e        "max": the gradient goes to the first row that has the maximum
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import engine
from autograd.arguments import check_arrays
from autograd.op import Sample
from autograd.ops.embedding import embedding
from autograd.ops.gather import gather
from autograd.ops.indexing import getitem
from autograd.ops.placing import index_add
from autograd.ops.shape import reshape, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.composed import composed
from autograd.ops.shared.tables import limit_norms
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

_MODES = ("sum", "mean", "max")


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> Array:
    """Where the bags begin in the flattened input, and where the last one ends."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                f"embedding_bag: with an input of shape {tuple(input.shape)}, whose rows are the bags, offsets must be "
                "left out"
            )
        return np.arange(input.shape[0] + 1) * input.shape[1]
    if input.ndim != 1:
        raise ValueError(f"embedding_bag: expects an input of 1 or 2 dimensions, got shape {tuple(input.shape)}")
    if offsets is None or offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        found = "none" if offsets is None else f"{offsets.dtype} of shape {tuple(offsets.shape)}"
        raise ValueError(
            "embedding_bag: an input of 1 dimension needs offsets, a vector of integers that says where each bag "
            f"begins; got {found}"
        )
    starts = np.asarray(offsets).astype(np.int64)
    if include_last_offset and not starts.size:
        raise ValueError("embedding_bag: with include_last_offset=True, offsets must have at least one element")
    if starts.size and starts[0] != 0:
        raise ValueError(f"embedding_bag: the first bag must begin at 0, and offsets begins with {starts[0]}")
    ends = starts if include_last_offset else np.append(starts, input.shape[0])
    if (np.diff(ends) < 0).any() or ends[-1] > input.shape[0]:
        raise ValueError(
            f"embedding_bag: offsets {starts.tolist()} must not decrease, nor exceed the {input.shape[0]} indices of "
            "the input"
        )
    return ends


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sum, mean or maximum of rows of a table, for bags of indices.

    Parameters
    ----------
    input : Tensor of int, (B, N), or (N,) with offsets
        Indices of rows.  The rows of a matrix are the bags.
    weight : Tensor, (V, E)
        The table.
    offsets : Tensor of int, (B,), optional
        Where each bag begins in a vector of indices.  The first is 0.
    max_norm : float, optional
        Rows that are looked up and whose norm is larger are first scaled to this norm, in the memory of weight.
    norm_type : float
        The p of the norm.
    scale_grad_by_freq : bool
        Divide the gradient of a row by the number of times that it is looked up.
    mode : "sum", "mean" or "max"
    sparse : bool
        Accepted for compatibility with PyTorch.  The gradient is dense.
    per_sample_weights : Tensor, of input's shape, optional
        Factors of the rows, for mode "sum".
    include_last_offset : bool
        Whether offsets has one more element, the end of the last bag.
    padding_idx : int, optional
        Indices of this row do not count: they add nothing, and their row gets no gradient.

    Returns
    -------
    Tensor, (B, E)
        Zeros for an empty bag.

    Raises
    ------
    ValueError
        If shapes, offsets or options do not fit.
    IndexError
        If an index is out of range.

    Examples
    --------
    >>> import autograd
    >>> import nn.functional as F
    >>> table = autograd.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> F.embedding_bag(autograd.tensor([0, 1, 2]), table, autograd.tensor([0, 2]), mode="sum")
    tensor([[4., 6.],
            [5., 6.]])
    """
    check_arrays("embedding_bag", input=input, weight=weight)
    if input.dtype.kind not in "iu":
        raise TypeError(f"embedding_bag: expects integer indices, got {input.dtype}; convert them, with .long()")
    check_float("embedding_bag", weight)
    if weight.ndim != 2:
        raise ValueError(f"embedding_bag: expects weight of shape (V, E), got {tuple(weight.shape)}")
    if mode not in _MODES:
        raise ValueError(f"embedding_bag: mode is {mode!r}; it must be 'sum', 'mean' or 'max'")
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise ValueError("embedding_bag: mode 'max' takes neither scale_grad_by_freq nor sparse; leave them out")
    ends = _bags(input, offsets, include_last_offset)
    rows, columns = weight.shape
    if per_sample_weights is not None:
        if mode != "sum":
            raise NotImplementedError(
                f"embedding_bag: per_sample_weights is for mode 'sum', not {mode!r}; divide by the sum of the weights "
                "for a weighted mean"
            )
        if per_sample_weights.shape != input.shape or per_sample_weights.dtype != weight.dtype:
            raise ValueError(
                f"embedding_bag: per_sample_weights is {per_sample_weights.dtype} of shape "
                f"{tuple(per_sample_weights.shape)}; expects {weight.dtype} and input's shape {tuple(input.shape)}"
            )
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(f"embedding_bag: padding_idx {padding_idx} is out of range for a table of {rows} rows")
        padding_idx %= rows
    t = np.asarray(input).reshape(-1)[: ends[-1]].astype(np.int64)
    wrong = (t < 0) | (t >= rows)
    if wrong.any():
        raise IndexError(
            f"embedding_bag: index {t[wrong][0]} is out of range: a table of shape {tuple(weight.shape)} has rows 0 to "
            f"{rows - 1}"
        )
    bags = len(ends) - 1
    bag = np.repeat(np.arange(bags), np.diff(ends))
    counts = t != padding_idx
    t, bag = t[counts], bag[counts]
    if max_norm is not None:
        limit_norms(weight, t, max_norm, norm_type)
    if mode == "max" and t.size:
        return _largest(weight, t, np.searchsorted(bag, np.arange(bags + 1)))
    chosen = embedding(engine.wrap(t), weight, scale_grad_by_freq=scale_grad_by_freq)
    if per_sample_weights is not None:
        factors = getitem(reshape(per_sample_weights, (-1,)), (np.flatnonzero(counts),))
        chosen = chosen * unsqueeze(factors, 1)
    total = index_add(engine.wrap(np.zeros((bags, columns), weight.dtype)), 0, engine.wrap(bag), chosen)
    if mode != "mean":
        return total
    sizes = np.maximum(np.bincount(bag, minlength=bags), 1).astype(weight.dtype)
    return total / engine.wrap(sizes[:, None])


def _largest(weight: Tensor, t: Array, ends: Array) -> Tensor:
    """For each bag, the largest element of each column: it is gathered from the row that has it."""
    table, bags = weight.detach().numpy(), len(ends) - 1
    rows = np.zeros((bags, table.shape[1]), np.int64)
    empty = np.diff(ends) == 0
    for b in np.flatnonzero(~empty):
        mine = t[ends[b] : ends[b + 1]]
        rows[b] = mine[table[mine].argmax(axis=0)]
    return where(empty[:, None], 0.0, gather(weight, 0, engine.wrap(rows)))


def _reference(
    t: Array, w: Array, offsets: Array, per_sample_weights: Array | None = None, *, mode: str, padding_idx: int | None
) -> Array:
    y = np.zeros((len(offsets), w.shape[1]), w.dtype)
    for b, begin in enumerate(offsets):
        end = offsets[b + 1] if b + 1 < len(offsets) else len(t)
        places = [i for i in range(begin, end) if t[i] != padding_idx]
        if places and mode == "max":
            y[b] = np.max([w[t[i]] for i in places], axis=0)
        elif places:
            factors = [1 if per_sample_weights is None else per_sample_weights[i] for i in places]
            y[b] = np.sum([f * w[t[i]] for f, i in zip(factors, places, strict=True)], axis=0)
            y[b] /= len(places) if mode == "mean" else 1
    return y


def _sample(draw: Draw) -> Sample:
    rows, n, mode = draw.size(1, 4), draw.size(0, 4), draw.choice(*_MODES)
    offsets = np.sort(np.append(draw.index((draw.size(0, 2),), n + 1), 0))
    inputs: list[Any] = [draw.index((n,), rows), draw.tensor(rows, draw.size(1, 3)), offsets]
    if mode == "sum":
        inputs.append(draw.choice(None, draw.tensor(n)))
    return Sample(tuple(inputs), {"mode": mode, "padding_idx": None})


_T, _W, _O = np.array([0, 2, 1]), np.ones((3, 2)), np.array([0, 2])


def _embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None,
    per_sample_weights: Tensor | None = None,
    **options: Any,
) -> Tensor:
    """`embedding_bag` with its tensors first."""
    return embedding_bag(input, weight, offsets, per_sample_weights=per_sample_weights, **options)


composed(
    _embedding_bag,
    _reference,
    _sample,
    ((_T * 1.0, _W, _O), {}, TypeError, ("float64", ".long()")),
    ((_T, _W.astype(int), _O), {}, TypeError, ("int64", ".float()")),
    ((_T, np.ones(3), _O), {}, ValueError, ("(3,)", "(V, E)")),
    ((_T, _W, _O), {"mode": "min"}, ValueError, ("'min'",)),
    ((_T, _W, _O), {"mode": "max", "sparse": True}, ValueError, ("'max'", "sparse")),
    ((_T, _W, None), {}, ValueError, ("needs offsets",)),
    ((_T[None], _W, _O), {}, ValueError, ("(1, 3)", "left out")),
    ((_T[None, None], _W, None), {}, ValueError, ("(1, 1, 3)",)),
    ((_T, _W, _O + 1), {}, ValueError, ("begin at 0", "1")),
    ((_T, _W, _O * 2), {}, ValueError, ("[0, 4]", "3 indices")),
    ((_T, _W, _O[:0]), {"include_last_offset": True}, ValueError, ("at least one",)),
    ((_T, _W, _O, np.ones(3)), {"mode": "mean"}, NotImplementedError, ("'mean'", "per_sample_weights")),
    ((_T, _W, _O, np.ones(2)), {"mode": "sum"}, ValueError, ("(2,)", "(3,)")),
    ((_T, _W, _O), {"padding_idx": 3}, ValueError, ("padding_idx 3", "3 rows")),
    ((_T + 1, _W, _O), {}, IndexError, ("index 3", "0 to 2")),
    kind="piecewise",
)
