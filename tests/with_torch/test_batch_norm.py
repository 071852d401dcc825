"""Batch normalization with running statistics, compared with PyTorch: how they are updated and used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import nn.functional as F
from autograd.tensor import wrap


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 4, 5), (0, 3, 2)])
@pytest.mark.parametrize("more", [{}, {"momentum": 0.7, "eps": 0.01}])
def test_running_statistics_move_and_normalize_as_torchs(shape: tuple[int, ...], more: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    arrays = [
        rng.normal(2, 3, shape),
        rng.normal(size=3),
        rng.uniform(0.5, 2, 3),
        rng.normal(size=3),
        rng.normal(size=3),
    ]
    g = rng.normal(size=shape)
    results: list[list[Any]] = []
    both: Any = ((wrap, F.batch_norm), (torch.from_numpy, torch.nn.functional.batch_norm))
    for make, batch_norm in both:
        x, mean, var, w, b = (make(a.copy()) for a in arrays)
        leaves = [leaf.requires_grad_() for leaf in (x, w, b)]
        found = []
        for training in (True, True, False):
            y = batch_norm(x, mean, var, w, b, training, **more)
            y.backward(make(g.copy()))
            found += [y.detach().numpy().copy(), mean.numpy().copy(), var.numpy().copy()]
        results.append(found + [leaf.grad.numpy() for leaf in leaves])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)
