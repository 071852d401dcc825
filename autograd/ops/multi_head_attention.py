"""Multi-head attention: the input projections, `scaled_dot_product_attention` in each head, the output projection.

    q = x_q W_qᵀ + b_q, and likewise k and v, each cut into H heads of E / H features
    y = concat(softmax(q_h k_hᵀ / √(E / H) + mask) v_h) W_oᵀ + b_o

It is composed of other ops, whose gradients are used.

References
----------
Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2.
"""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.attention import scaled_dot_product_attention
from autograd.ops.dropout import dropout
from autograd.ops.elementwise import to
from autograd.ops.join import cat, split
from autograd.ops.linear import linear
from autograd.ops.matmul import matmul
from autograd.ops.pad import pad
from autograd.ops.reduce import mean
from autograd.ops.shape import expand, reshape, squeeze, transpose, unsqueeze
from autograd.ops.softmax import softmax
from autograd.ops.where import where
from autograd.promotion import FLOATING
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

_NAME = "multi_head_attention_forward"


def _check(q: Tensor, k: Tensor, v: Tensor, padding: Tensor | None, size: int, heads: int) -> None:
    shapes = f"query {tuple(q.shape)}, key {tuple(k.shape)} and value {tuple(v.shape)}"
    if q.ndim not in (2, 3) or k.ndim != q.ndim or v.ndim != q.ndim:
        raise ValueError(f"{_NAME}: {shapes} must all be (length, batch, features), or all (length, features)")
    if q.shape[-1] != size:
        raise ValueError(f"{_NAME}: query has {q.shape[-1]} features; expects {size}")
    if heads < 1 or size % heads:
        raise ValueError(f"{_NAME}: {size} features cannot be cut into {heads} heads; expects a multiple")
    if k.shape[:-1] != v.shape[:-1] or q.shape[1:-1] != k.shape[1:-1]:
        raise ValueError(f"{_NAME}: {shapes} do not fit: key and value have one length, and all have one batch size")
    wanted = (*k.shape[1:-1], k.shape[0])
    if padding is not None and tuple(padding.shape) != wanted:
        raise ValueError(f"{_NAME}: key_padding_mask has shape {tuple(padding.shape)}; expects {wanted}")


def _additive(mask: Tensor | None, name: str, like: Tensor) -> Tensor | None:
    """The mask as numbers that are added to scores: -inf where a bool mask is True."""
    if mask is None:
        return None
    if mask.dtype == np.bool_:
        return where(mask, -math.inf, like.new_zeros(()))
    if mask.dtype.kind not in FLOATING:
        raise TypeError(f"{_NAME}: {name} is {mask.dtype}; expects bool (True: ignore) or float (added to scores)")
    return to(mask, like.dtype)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Compute multi-head attention; `nn.MultiheadAttention` is the layer.

    Parameters
    ----------
    query : Tensor, (L, N, E) or (L, E)
    key, value : Tensor, (S, N, E) or (S, E)
        With use_separate_proj_weight they may have other numbers of features.
    embed_dim_to_check : int
        E.
    num_heads : int
        H, a divisor of E.
    in_proj_weight : Tensor, (3E, E), or None with use_separate_proj_weight
    in_proj_bias : Tensor, (3E,), or None
    bias_k, bias_v : Tensor, (1, 1, E), or None
        One more key and value, after the projection.
    add_zero_attn : bool
        Append a key and value of zeros.
    dropout_p : float
        The probability that a weight is dropped in training.
    out_proj_weight : Tensor, (E, E)
    out_proj_bias : Tensor, (E,), or None
    training : bool
    key_padding_mask : Tensor of bool or float, (N, S) or (S,), optional
        bool: True where a key is ignored.  float: added to the scores.
    need_weights : bool
        Whether to return the attention weights.
    attn_mask : Tensor of bool or float, (L, S) or (N·H, L, S), optional
        bool: True where a query must not attend to a key.  float: added to the scores.
    use_separate_proj_weight : bool
    q_proj_weight, k_proj_weight, v_proj_weight : Tensor, (E, features of query, key or value), optional
    static_k, static_v : Tensor, (N·H, S, E / H), optional
        Used in place of the projected key or value.
    average_attn_weights : bool
        Whether to return the mean of the heads' weights, or those of each head.
    is_causal : bool
        A hint that attn_mask is the causal mask, which must be given too.

    Returns
    -------
    output : Tensor, (L, N, E) or (L, E)
    weights : Tensor, (N, L, S) or (N, H, L, S), without N if the input has none; None without need_weights

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.
    RuntimeError
        If is_causal is given without attn_mask.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> eye = autograd.eye(2)
    >>> query = autograd.tensor([[20.0, 0.0]])  # it is like the first key, and unlike the second
    >>> key, value = autograd.tensor([[20.0, 0.0], [0.0, 20.0]]), autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> projections = autograd.cat([eye, eye, eye]), None, None, None, False, 0.0, eye, None
    >>> output, weights = F.multi_head_attention_forward(query, key, value, 2, 1, *projections)
    >>> output
    tensor([[1., 2.]])
    >>> weights
    tensor([[1., 0.]])
    """
    check_arrays(_NAME, query=query, key=key, value=value)
    _check(query, key, value, key_padding_mask, embed_dim_to_check, num_heads)
    if is_causal and attn_mask is None:
        raise RuntimeError(f"{_NAME}: is_causal is only a hint; give attn_mask too, the causal mask")
    if (bias_k is None) != (bias_v is None):
        raise ValueError(f"{_NAME}: bias_k and bias_v belong together; give both or none")
    batched = query.ndim == 3
    if not batched:
        query, key, value = (unsqueeze(x, 1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else unsqueeze(key_padding_mask, 0)
    (targets, batch, features), sources = query.shape, key.shape[0]
    size = features // num_heads

    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else (in_proj_weight,) * 3
    if any(w is None for w in weights):
        raise ValueError(f"{_NAME}: a projection weight is None; expects {_wanted(use_separate_proj_weight)}")
    # (L, N, E) -> (N, L, E): the rows of a head are then close in memory, and batch_first's inputs lie so already
    first = transpose(query, 0, 1).contiguous()
    second = first if key is query else transpose(key, 0, 1).contiguous()
    third = first if value is query else second if value is key else transpose(value, 0, 1).contiguous()
    if in_proj_weight is None or use_separate_proj_weight:
        biases = (None,) * 3 if in_proj_bias is None else split(in_proj_bias, features)
        inputs: Any = zip((first, second, third), weights, biases, strict=True)
        q, k, v = (linear(x, w, b) for x, w, b in inputs)
    else:
        q, k, v = _projected(first, second, third, in_proj_weight, in_proj_bias)
    mask = _additive(attn_mask, "attn_mask", query)
    if mask is not None:
        wanted = ((targets, sources), (batch * num_heads, targets, sources))
        if tuple(mask.shape) not in wanted:
            raise RuntimeError(f"{_NAME}: attn_mask has shape {tuple(mask.shape)}; expects {wanted[0]} or {wanted[1]}")
        mask = mask if mask.ndim == 2 else reshape(mask, (batch, num_heads, targets, sources))
    padding = _additive(key_padding_mask, "key_padding_mask", query)
    if padding is not None:
        padding = reshape(padding, (batch, 1, 1, sources))

    extra = 0  # keys that no mask hides
    if bias_k is not None and bias_v is not None:
        k, v = (cat([x, expand(b, batch, 1, features)], 1) for x, b in ((k, bias_k), (v, bias_v)))
        extra += 1
    q, k, v = (_heads(x, batch, num_heads, size) for x in (q, k, v))
    k = k if static_k is None else reshape(static_k, (batch, num_heads, -1, size))
    v = v if static_v is None else reshape(static_v, (batch, num_heads, -1, size))
    if add_zero_attn:
        k, v = (cat([x, x.new_zeros((batch, num_heads, 1, size))], 2) for x in (k, v))
        extra += 1
    mask, padding = (m if m is None or not extra else pad(m, (0, extra)) for m in (mask, padding))
    both = padding if mask is None else mask if padding is None else mask + padding

    rate = dropout_p if training else 0.0
    attention = None
    if need_weights:
        scores = matmul(q * math.sqrt(1 / size), transpose(k, -1, -2))
        attention = softmax(scores if both is None else scores + both, -1)
        attention = dropout(attention, rate) if rate else attention
        heads = matmul(attention, v)
    else:
        heads = scaled_dot_product_attention(q, k, v, both, rate)
    # (N, H, L, E / H) -> (N, L, E) -> (L, N, E)
    output = linear(reshape(transpose(heads, 1, 2), (batch, targets, features)), out_proj_weight, out_proj_bias)
    output = transpose(output, 0, 1)
    if attention is not None and average_attn_weights:
        attention = mean(attention, 1)
    if not batched:
        output, attention = squeeze(output, 1), None if attention is None else squeeze(attention, 0)
    return output, attention


def _wanted(separate: bool) -> str:
    return "q_proj_weight, k_proj_weight and v_proj_weight" if separate else "in_proj_weight"


def _projected(q: Any, k: Any, v: Any, weight: Tensor, bias: Tensor | None) -> list[Tensor]:
    """The three projections.  Neighbours of the same input are one product, which reads the input once."""
    features = weight.shape[1]
    same = [list(group) for _, group in groupby((q, k, v), key=id)]
    sizes = [len(group) * features for group in same]
    weights, biases = split(weight, sizes), (None,) * 3 if bias is None else split(bias, sizes)
    found: list[Tensor] = []
    for group, w, b in zip(same, weights, biases, strict=False):
        found += split(linear(group[0], w, b), features, -1)
    return found


def _heads(x: Tensor, batch: int, heads: int, size: int) -> Tensor:
    """(N, L, E) -> (N, H, L, E / H)."""
    return transpose(reshape(x, (batch, x.shape[1], heads, size)), 1, 2)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _function(q: Any, k: Any, v: Any, w: Any, b: Any, o: Any, mask: Any, *, heads: int, zero: bool) -> Any:
    y, p = multi_head_attention_forward(
        q, k, v, q.shape[-1], heads, w, b, None, None, zero, 0.0, o, None, attn_mask=mask
    )
    return y, p


def _reference(
    q: Array, k: Array, v: Array, w: Array, b: Array, o: Array, mask: Array | None, *, heads: int, zero: bool
) -> tuple[Array, Array]:
    e = q.shape[-1]
    q, k, v = (x @ w[i * e : (i + 1) * e].T + b[i * e : (i + 1) * e] for i, x in enumerate((q, k, v)))
    if zero:
        k, v = (np.concatenate([x, np.zeros_like(x[:1])]) for x in (k, v))
    ys, ps = [], []
    for h in np.split(np.arange(e), heads):
        scores = np.einsum("lne,sne->nls", q[..., h], k[..., h]) / np.sqrt(e // heads)
        if mask is not None:
            scores[..., : mask.shape[-1]] += np.where(mask, -np.inf, 0) if mask.dtype == bool else mask
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        ys.append(np.einsum("nls,sne->lne", p, v[..., h]))
        ps.append(p)
    return np.concatenate(ys, -1) @ o.T, np.mean(ps, 0)


def _sample(draw: Draw) -> Sample:
    (n,) = draw.shape(1, 1, least=0, most=2)
    heads, targets, sources = draw.choice(1, 2), draw.size(1, 2), draw.size(1, 3)
    e = 2 * heads
    mask = draw.choice(None, draw.tensor(targets, sources), draw.index((targets, sources), 3) > 1)
    zero = draw.choice(False, True)
    if mask is not None and mask.dtype == np.bool_:
        zero = True  # a key for queries from which the mask hides all others
    small: dict[str, Any] = {
        "low": -0.7,
        "high": 0.7,
    }  # far scores would leave weights that finite differences cannot see
    inputs = (draw.tensor(targets, n, e, **small), draw.tensor(sources, n, e, **small), draw.tensor(sources, n, e))
    weights = (draw.tensor(3 * e, e, **small), draw.tensor(3 * e, **small), draw.tensor(e, e))
    return Sample((*inputs, *weights, mask), {"heads": heads, "zero": zero})


def _bad(
    q: tuple[int, ...], k: tuple[int, ...], mask: Any, heads: int, error: type[Exception], *words: str
) -> BadSample:
    e = q[-1]
    inputs = (np.ones(q), np.ones(k), np.ones(k), np.ones((3 * e, e)), np.ones(3 * e), np.ones((e, e)), mask)
    return BadSample(inputs, {"heads": heads, "zero": False}, error, words)


register(
    Composite(
        name="multi_head_attention_forward",
        function=_function,
        reference=_reference,
        sample=_sample,
        kind="matrix",  # whether a sum of overflowing products is inf or NaN depends on the order within matmul
        bad_samples=[
            _bad((2, 1, 4), (3, 4), None, 2, ValueError, "query (2, 1, 4)", "key (3, 4)"),
            _bad((2, 1, 4), (3, 1, 4), None, 3, ValueError, "4 features", "3 heads"),
            _bad((2, 1, 4), (3, 2, 4), None, 2, ValueError, "batch size"),
            _bad((2, 1, 4), (3, 1, 4), np.ones((2, 4), bool), 2, RuntimeError, "(2, 4)", "(2, 3)"),
            _bad((2, 1, 4), (3, 1, 4), np.ones((2, 3), int), 2, TypeError, "int64", "bool"),
        ],
    )
)
