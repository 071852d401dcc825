"""Options that few programs give, and PyTorch's own samples do not: the same results as PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as theirs

import nn.functional as ours
from autograd.tensor import wrap

# Losses of two tensors of one shape, whose elements may be 0.1 to 0.9.
LOSSES = ["l1_loss", "mse_loss", "smooth_l1_loss", "kl_div", "binary_cross_entropy", "poisson_nll_loss"]
LOSSES += ["binary_cross_entropy_with_logits", "soft_margin_loss", "multilabel_soft_margin_loss"]


@pytest.mark.parametrize("reduce", [None, True, False])
@pytest.mark.parametrize("size_average", [None, True, False])
@pytest.mark.parametrize("name", LOSSES)
def test_old_names_of_reductions(name: str, size_average: bool | None, reduce: bool | None) -> None:
    x, t = np.random.default_rng(0).uniform(0.1, 0.9, (2, 3, 4))
    options: dict[str, Any] = {"size_average": size_average, "reduce": reduce}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = getattr(theirs, name)(torch.from_numpy(x), torch.from_numpy(t), **options)
        found = getattr(ours, name)(wrap(x), wrap(t), **options)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), 1e-12)


@pytest.mark.parametrize("which", ["static", "is_causal"])
def test_options_of_attention(which: str) -> None:
    """Keys and values that are given, and a mask that is said to be causal."""
    rng = np.random.default_rng(0)
    x, w_in, b_in, w_out, b_out = (rng.standard_normal(s) for s in ((3, 2, 4), (12, 4), (12,), (4, 4), (4,)))
    k, v = rng.standard_normal((2, 4, 5, 2))  # of 2 · 2 heads, 5 places, 2 features

    def run(home: Any, make: Any) -> Any:
        if which == "static":
            options = {"static_k": make(k), "static_v": make(v)}
        else:
            options = {
                "is_causal": True,
                "attn_mask": make(np.triu(np.full((3, 3), -np.inf), 1)),
                "need_weights": False,
            }
        weights = (make(w_in), make(b_in), None, None, False, 0.0, make(w_out), make(b_out))
        return home.multi_head_attention_forward(make(x), make(x), make(x), 4, 2, *weights, **options)[0]

    expected = run(theirs, torch.from_numpy)
    np.testing.assert_allclose(run(ours, wrap).numpy(), expected.numpy(), 1e-12, 1e-12)
