"""Calls of multi-head attention."""

from __future__ import annotations

from typing import Any

from tests.with_torch.calls import call


@call("multi_head_attention_forward", where="functional")
def multi_head_attention(draw: Any) -> Any:
    heads, targets, sources, n = draw.size(1, 2), draw.size(1, 3), draw.size(1, 3), draw.size(1, 2)
    e = 2 * heads
    batch = draw.choice((), (n,))
    q, k, v = (draw.tensor(length, *batch, e) for length in (targets, sources, sources))
    biased = draw.choice(False, True)
    extra = (draw.tensor(1, 1, e), draw.tensor(1, 1, e)) if draw.choice(False, True) else (None, None)
    options = {
        "need_weights": draw.choice(True, False),
        "average_attn_weights": draw.choice(True, False),
        "training": draw.choice(True, False),
    }
    zero = draw.choice(False, True)
    if draw.choice(False, True):
        shape = draw.choice((targets, sources), ((n if batch else 1) * heads, targets, sources))
        mask = draw.index(shape, 3) > 1
        mask[..., 0] = False  # each query attends to one key at least
        options["attn_mask"] = draw.choice(mask, draw.tensor(*shape))
    elif draw.choice(False, True):
        mask = draw.index((*batch, sources), 3) > 1
        mask[..., 0] = False
        options["key_padding_mask"] = draw.choice(mask, draw.tensor(*batch, sources))
    weights = (draw.tensor(3 * e, e), draw.tensor(3 * e) if biased else None)
    output = (draw.tensor(e, e), draw.tensor(e) if biased else None)
    return (q, k, v, e, heads, *weights, *extra, zero, 0.0, *output), options
