"""Arguments and inputs of bilinear layers, distances and bags of embeddings: see test_nn.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Row = tuple[tuple, dict[str, Any], list[np.ndarray]]


def _bilinear(draw: Any) -> Row:
    lead, i, j = [draw.size(1, 3) for _ in range(draw.size(0, 2))], draw.size(1, 3), draw.size(1, 3)
    inputs = [draw.array(*lead, i), draw.array(*lead, j)]
    return (i, j, draw.size(1, 3)), {"bias": draw.choice(True, False)}, inputs


def _two(draw: Any, **options: Any) -> Row:
    shape = [draw.size(1, 4) for _ in range(draw.size(2, 3))]
    return (), options, [draw.array(*shape), draw.array(*shape)]


def _embedding_bag(draw: Any) -> Row:
    rows, mode, last = draw.size(2, 5), draw.choice("sum", "mean", "max"), draw.choice(False, True)
    options = {
        "mode": mode,
        "max_norm": draw.choice(None, 1.5),
        "padding_idx": draw.choice(None, 0, -1),
        "include_last_offset": last,
    }  # without scale_grad_by_freq, where PyTorch divides by how often other rows are looked up
    n = draw.size(1, 6)
    offsets = np.sort(np.append(draw.rng.integers(0, n + 1, draw.size(0, 3)), 0))
    inputs = [draw.rng.integers(0, rows, n), np.append(offsets, n) if last else offsets]
    if mode == "sum" and draw.choice(False, True):
        inputs.append(draw.array(n))
    return (rows, draw.size(1, 3)), options, inputs


LAYERS: dict[str, Callable[[Any], Row]] = {
    "Bilinear": _bilinear,
    "CosineSimilarity": lambda d: _two(d, dim=d.choice(0, 1, -1), eps=d.choice(1e-8, 0.1)),
    "EmbeddingBag": _embedding_bag,
    "PairwiseDistance": lambda d: _two(d, p=d.choice(1.0, 2.0, 3), keepdim=d.choice(False, True)),
}
