"""Calls of bilinear forms and bags of embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call
from tests.with_torch.calls_shape import maybe


@call("bilinear", where="functional")
def bilinear(draw: Any) -> Any:
    lead, o, i, j = draw.shape(0, 2), draw.size(1, 3), draw.size(1, 3), draw.size(1, 3)
    return (draw.tensor(*lead, i), draw.tensor(*lead, j), draw.tensor(o, i, j)), maybe(draw, bias=draw.tensor(o))


@call("embedding_bag", where="functional")
def embedding_bag(draw: Any) -> Any:
    rows, mode = draw.size(1, 4), draw.choice("sum", "mean", "max")
    weight, options = draw.tensor(rows, draw.size(1, 3)), {"mode": mode}
    options |= maybe(
        draw, padding_idx=draw.size(-rows, rows - 1), max_norm=1.5, norm_type=draw.choice(1, 2.0), sparse=False
    )
    options |= maybe(draw, scale_grad_by_freq=False)  # with True, PyTorch divides by how often other rows are looked up
    if draw.choice(True, False):
        index = draw.index((draw.size(1, 3), draw.size(1, 3)), rows)
        factors = {"per_sample_weights": draw.tensor(*index.shape)}
        return (index, weight), options | (maybe(draw, **factors) if mode == "sum" else {})
    n = draw.size(1, 4)
    offsets = np.sort(np.append(draw.index((draw.size(0, 2),), n + 1), 0))
    if draw.choice(True, False):
        offsets, options["include_last_offset"] = np.append(offsets, n), True
    factors = {"per_sample_weights": draw.tensor(n)}
    return (draw.index((n,), rows), weight, offsets), options | (maybe(draw, **factors) if mode == "sum" else {})
