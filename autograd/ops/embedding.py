"""Embedding: rows of a table, looked up by index.

t (…) indices from 0 to V - 1, w (V, E)      y (…, E) = w[t]
dw = embedding_weight_grad(g, t)      each g is added to the row it belongs to (none to row padding_idx)

With scale_grad_by_freq each row of dw is divided by the number of times that it is looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels.scatter import add_rows
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shape import unsqueeze
from autograd.ops.shared.tables import limit_norms
from autograd.ops.where import where
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check(t: Array, w: Any, *, padding_idx: int | None, scale_grad_by_freq: bool = False) -> None:
    if t.dtype.kind not in "iu":
        raise TypeError(f"embedding: expects integer indices, got {t.dtype}; convert them, with .long()")
    if w.ndim != 2:
        raise ValueError(f"embedding: expects weight of shape (V, E), got {w.shape}")
    wrong = (t < 0) | (t >= len(w))
    if wrong.any():
        raise IndexError(
            f"embedding: index {t[wrong].flat[0]} is out of range: a table of shape {w.shape} "
            f"has rows 0 to {len(w) - 1}"
        )


def _backward(
    ctx: Context, g: Tensor, *, padding_idx: int | None, scale_grad_by_freq: bool = False
) -> tuple[Gradient, ...]:
    (t,) = ctx.saved_tensors
    return None, _embedding_weight_grad_op(
        g, t, rows=ctx.shapes[1][0], padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq
    )


def _frequencies(t: Array, rows: int, dtype: np.dtype) -> Array:
    """How often the row of each index is looked up, (…, 1)."""
    return np.bincount(t.reshape(-1), minlength=rows)[t][..., None].astype(dtype)


def _grad_forward(g: Array, t: Array, *, rows: int, padding_idx: int | None, scale_grad_by_freq: bool = False) -> Array:
    dw = np.zeros((rows, g.shape[-1]), g.dtype)
    add_rows(dw, t.reshape(-1), g.reshape(t.size, g.shape[-1]))
    if scale_grad_by_freq:
        dw /= np.maximum(np.bincount(t.reshape(-1), minlength=rows), 1)[:, None].astype(g.dtype)
    if padding_idx is not None:
        dw[padding_idx] = 0
    return dw


def _grad_backward(
    ctx: Context, h: Tensor, *, rows: int, padding_idx: int | None, scale_grad_by_freq: bool = False
) -> tuple[Gradient, ...]:
    (t,) = ctx.saved_tensors
    dg = _embedding_op(t, h, padding_idx=padding_idx)
    if scale_grad_by_freq:
        dg = dg / _frequencies(np.asarray(t), rows, h.dtype)
    return dg if padding_idx is None else where(unsqueeze(t, t.ndim) == padding_idx, 0.0, dg), None


def _grad_reference(
    g: Array, t: Array, *, rows: int, padding_idx: int | None, scale_grad_by_freq: bool = False
) -> Array:
    dw = np.zeros((rows, g.shape[-1]), g.dtype)
    for i in np.ndindex(*t.shape):
        if t[i] != padding_idx:
            dw[t[i]] += g[i]
    if scale_grad_by_freq:
        for row in range(rows):
            dw[row] /= max(1, (t == row).sum())
    return dw


def _sample(draw: Draw) -> Sample:
    rows = draw.size(1, 3)
    w = draw.tensor(rows, draw.size(1, 3))
    return Sample((draw.index(draw.shape(0, 2, least=0), rows), w), {"padding_idx": None})


def _grad_sample(draw: Draw) -> Sample:
    rows, shape = draw.size(1, 3), draw.shape(0, 2, least=0)
    g = draw.tensor(*shape, draw.size(1, 3))
    params = {"rows": rows, "padding_idx": draw.choice(None, rows - 1), "scale_grad_by_freq": draw.choice(False, True)}
    return Sample((g, draw.index(shape, rows)), params)


_TABLE = np.ones((3, 2))

_embedding_op = register(
    Op(
        name="embedding",
        check=_check,
        forward=lambda t, w, *, padding_idx, scale_grad_by_freq=False: w[t],
        backward=_backward,
        saves=(0,),
        reference=lambda t, w, *, padding_idx, scale_grad_by_freq=False: np.array([w[i] for i in t.flat]).reshape(
            *t.shape, w.shape[1]
        ),
        sample=_sample,  # without the options with which the gradient is not that of y, on purpose
        bad_samples=[
            BadSample((np.array([0, 3]), _TABLE), {"padding_idx": None}, IndexError, ("embedding", "3", "0 to 2")),
            BadSample((np.array([-1]), _TABLE), {"padding_idx": None}, IndexError, ("embedding", "-1", "(3, 2)")),
            BadSample((np.ones(2), _TABLE), {"padding_idx": None}, TypeError, ("embedding", "float64", ".long()")),
            BadSample((np.array([0]), np.ones(3)), {"padding_idx": None}, ValueError, ("embedding", "(3,)", "(V, E)")),
        ],
        kind="multilinear",
        flops=0,
    )
)

_embedding_weight_grad_op: Op = register(
    Op(
        name="embedding_weight_grad",
        forward=_grad_forward,
        backward=_grad_backward,
        saves=(1,),
        reference=_grad_reference,
        sample=_grad_sample,
        kind="multilinear",
    )
)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look up rows of a table.

    Parameters
    ----------
    input : Tensor of int, any shape (…)
        Indices of rows.
    weight : Tensor, (V, E)
        The table.
    padding_idx : int, optional
        This row gets no gradient.  A negative index counts from the end.
    max_norm : float, optional
        Rows that are looked up and whose norm is larger are first scaled to this norm, in the memory of weight.
    norm_type : float
        The p of the norm.
    scale_grad_by_freq : bool
        Divide the gradient of a row by the number of times that it is looked up.
    sparse : bool
        Accepted for compatibility with PyTorch.  The gradient is dense.

    Returns
    -------
    Tensor, (…, E)

    Raises
    ------
    IndexError
        If an index is out of range.

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import embedding
    >>> embedding(autograd.tensor([2, 0]), autograd.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    tensor([[5., 6.],
            [1., 2.]])
    """
    check_arrays("embedding", input=input, weight=weight)
    rows = weight.shape[0] if weight.ndim else 0
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise IndexError(f"embedding: padding_idx {padding_idx} is out of range for a table of {rows} rows")
        padding_idx %= rows
    options: dict[str, Any] = {"padding_idx": padding_idx, "scale_grad_by_freq": bool(scale_grad_by_freq)}
    if max_norm is not None:
        _check(np.asarray(input), weight, **options)
        limit_norms(weight, np.asarray(input), max_norm, norm_type)
    return _embedding_op(input, weight, **options)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Encode class labels as rows of zeros with a 1 at the label.

    Parameters
    ----------
    tensor : Tensor of int, any shape (…)
        Labels from 0 to num_classes - 1.
    num_classes : int
        -1, the default, stands for one more than the largest label.

    Returns
    -------
    Tensor of int64, (…, num_classes)

    Raises
    ------
    ValueError
        If tensor is not of integers, a label is negative or not below num_classes, or -1 is given without any label.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.one_hot(autograd.tensor([0, 2, 1]), num_classes=3)
    tensor([[1, 0, 0],
            [0, 0, 1],
            [0, 1, 0]])
    """
    return _one_hot_op(tensor, num_classes=num_classes)


def _one_hot_check(t: Array, *, num_classes: int) -> None:
    smallest, largest = t.min(initial=0), t.max(initial=0)
    enough = t.size > 0 if num_classes == -1 else num_classes > largest
    if t.dtype.kind != "i" or smallest < 0 or not enough:
        raise ValueError(
            f"one_hot: expects integers from 0 to num_classes - 1, got {t.dtype} of shape {t.shape} "
            f"with labels {smallest} to {largest} for num_classes={num_classes}"
        )


def _one_hot_forward(t: Array, *, num_classes: int) -> Array:
    classes = int(t.max()) + 1 if num_classes == -1 else num_classes
    return (t[..., None] == np.arange(classes)).astype(np.int64)


def _one_hot_reference(t: Array, *, num_classes: int) -> Array:
    y = np.zeros((*t.shape, t.max() + 1 if num_classes == -1 else num_classes), np.int64)
    for i in np.ndindex(*t.shape):
        y[(*i, t[i])] = 1
    return y


def _one_hot_sample(draw: Draw) -> Sample:
    classes = draw.choice(3, -1)
    return Sample((draw.index(draw.shape(0, 2, least=int(classes < 0)), 3),), {"num_classes": classes})


_one_hot_op = register(
    Op(
        name="one_hot",
        check=_one_hot_check,
        forward=_one_hot_forward,
        backward=None,
        reference=_one_hot_reference,
        sample=_one_hot_sample,
        bad_samples=[
            BadSample((np.array([0, 3]),), {"num_classes": 3}, ValueError, ("one_hot", "0 to 3", "num_classes=3")),
            BadSample((np.ones(2),), {"num_classes": -1}, ValueError, ("one_hot", "float64")),
        ],
        kind="discrete",
        flops=0,
    )
)
