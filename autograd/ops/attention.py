"""Scaled dot-product attention: for each query the mean of the values, weighted by how well their keys match it.

    q (…, L, E), k (…, S, E), v (…, S, V)      y = softmax(s q kᵀ + mask) v       (…, L, V),  s = 1 / √E

It is composed of matmul and softmax, whose gradients are used.  A query whose scores are all -inf, because the
mask hides all keys from it, gets 0 instead of NaN, and its gradient is 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.compare import all as all_of, any as any_of
from autograd.ops.dropout import dropout
from autograd.ops.matmul import matmul
from autograd.ops.shape import expand, reshape, transpose
from autograd.ops.softmax import softmax
from autograd.ops.where import where
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, is_causal: bool) -> None:
    shapes = f"query {tuple(q.shape)}, key {tuple(k.shape)} and value {tuple(v.shape)}"
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"scaled_dot_product_attention: {shapes} do not fit: expects (…, L, E), (…, S, E) and (…, S, V)"
        )
    if mask is None:
        return
    if is_causal:
        raise ValueError("scaled_dot_product_attention: is_causal is a mask itself; give it or attn_mask, not both")
    if mask.dtype not in (np.bool_, q.dtype):
        raise TypeError(
            f"scaled_dot_product_attention: attn_mask is {mask.dtype}; expects bool (True: attend), or numbers to "
            f"add, in the query's dtype {q.dtype}"
        )


def _repeated(x: Tensor, heads: int) -> Tensor:
    """Repeat each head of x (…, H, S, E) so that there are `heads` heads."""
    if x.ndim < 3 or heads % x.shape[-3]:
        raise ValueError(
            f"scaled_dot_product_attention: enable_gqa: the query's {heads} heads are not a multiple of the heads of "
            f"shape {tuple(x.shape)}, (…, H, S, E)"
        )
    *lead, h, s, e = x.shape
    return reshape(expand(reshape(x, (*lead, h, 1, s, e)), *lead, h, heads // h, s, e), (*lead, heads, s, e))


@in_float32
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Compute softmax(scale · query keyᵀ + mask) value.

    Parameters
    ----------
    query : Tensor, (…, L, E)
    key : Tensor, (…, S, E)
    value : Tensor, (…, S, V)
        Leading dimensions (batch, heads) broadcast.
    attn_mask : Tensor of bool or float, whose shape broadcasts to (…, L, S), optional
        bool: True where a query attends to a key.  float: added to the scores.
    dropout_p : float
        The probability that a weight is dropped.  It applies whenever it is not 0, in evaluation too.
    is_causal : bool
        Query i attends to keys 0 to i only.
    scale : float, optional
        Factor of the scores.  Default: 1 / √E.
    enable_gqa : bool
        Grouped-query attention: each head (dimension -3) of key and value serves several heads of the query.

    Returns
    -------
    Tensor, (…, L, V)

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, equation 1.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> query, key = autograd.zeros(1, 4), autograd.ones(2, 4)
    >>> value = autograd.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> F.scaled_dot_product_attention(query, key, value)  # equal scores: the mean of the values
    tensor([[ 2., 20.]])
    >>> mask = autograd.tensor([[False, True]])
    >>> F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    tensor([[ 3., 30.]])
    """
    check_arrays("scaled_dot_product_attention", query=query, key=key, value=value)
    _check(query, key, value, attn_mask, is_causal)
    if enable_gqa and query.ndim > 2:
        key, value = _repeated(key, query.shape[-3]), _repeated(value, query.shape[-3])
    factor = 1 / math.sqrt(max(1, query.shape[-1])) if scale is None else scale
    scores = matmul(query * factor, transpose(key, -1, -2))
    mask: Any = np.tri(*scores.shape[-2:], dtype=np.bool_) if is_causal else attn_mask
    if mask is not None:
        scores = where(mask, scores, -math.inf) if mask.dtype == np.bool_ else scores + mask
    # Queries that attend to no key.  The first column alone shows nearly always that there is none.
    if any_of(scores[..., :1] == -math.inf) and any_of(masked := all_of(scores == -math.inf, -1, True)):
        weights = where(masked, 0.0, softmax(where(masked, 0.0, scores), -1))
    else:
        weights = softmax(scores, -1)
    return matmul(dropout(weights, dropout_p) if dropout_p else weights, value)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _reference(
    q: Array, k: Array, v: Array, mask: Array | None, *, is_causal: bool, scale: float | None, enable_gqa: bool
) -> Array:
    if enable_gqa:
        k, v = (np.repeat(a, q.shape[-3] // a.shape[-3], -3) for a in (k, v))
    scores = np.einsum("...le,...se->...ls", q, k) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        mask = np.arange(scores.shape[-2])[:, None] >= np.arange(scores.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = np.where((scores == -np.inf).all(axis=-1, keepdims=True), 0, e / e.sum(axis=-1, keepdims=True))
    y: Array = np.einsum("...ls,...sv->...lv", p, v)
    return y


def _sample(draw: Draw) -> Sample:
    n, heads, targets, sources, e = draw.size(0, 2), draw.choice(2, 1), *(draw.size(1, 3) for _ in range(3))
    gqa = draw.choice(False, True)
    q = draw.tensor(n, heads, targets, e)
    k, v = (draw.tensor(n, 1 if gqa else heads, sources, size) for size in (e, draw.size(1, 3)))
    shape = draw.choice((targets, sources), (n, 1, targets, sources), (1, sources))
    mask = draw.choice(None, None, draw.index(shape, 3) > 0, draw.tensor(*shape))
    causal = mask is None and draw.choice(False, True)
    return Sample((q, k, v, mask), {"is_causal": causal, "scale": draw.choice(None, 0.5), "enable_gqa": gqa})


def _bad(
    shapes: tuple[Shape, ...], mask: Array | None, error: type[Exception], *words: str, **params: Any
) -> BadSample:
    return BadSample((*(np.ones(shape) for shape in shapes), mask), params, error, words)


register(
    Composite(
        name="scaled_dot_product_attention",
        function=lambda q, k, v, mask, **params: scaled_dot_product_attention(q, k, v, mask, **params),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad(((2, 3), (4, 2), (4, 2)), None, ValueError, "query (2, 3)", "key (4, 2)", "(…, L, E)"),
            _bad(((2, 3), (4, 3), (5, 2)), None, ValueError, "key (4, 3)", "value (5, 2)"),
            _bad(((2, 3), (4, 3), (4, 3)), np.ones((2, 4), bool), ValueError, "not both", is_causal=True),
            _bad(((2, 3), (4, 3), (4, 3)), np.ones((2, 4), int), TypeError, "int64", "bool"),
            _bad(((3, 2, 3), (2, 4, 3), (2, 4, 3)), None, ValueError, "3 heads", enable_gqa=True),
        ],
    )
)
