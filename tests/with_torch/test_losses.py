"""CTC and the adaptive softmax against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn
import nn.functional as F


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ctc(reduction: str, flat: bool) -> None:
    """Labels that repeat, sequences without labels, and one that is too short for its labels."""
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal((7, 4, 5)), rng.integers(1, 5, (4, 3))
    labels[0, 1] = labels[0, 0]
    times, counts = [7, 5, 6, 2], [3, 2, 0, 3]
    targets = np.concatenate([labels[i, :count] for i, count in enumerate(counts)]) if flat else labels
    losses = []
    for library in (autograd, torch):
        x = library.tensor(scores, requires_grad=True)
        layers = nn if library is autograd else torch.nn
        ctc = layers.CTCLoss(reduction=reduction, zero_infinity=True)  # type: ignore[attr-defined]
        arguments = [library.tensor(one) for one in (targets, times, counts)]
        loss = ctc(layers.LogSoftmax(2)(x), *arguments)  # type: ignore[attr-defined]
        loss.sum().backward()
        losses.append((loss.detach().numpy(), x.grad.numpy()))  # type: ignore[union-attr]
    for ours, theirs in zip(*losses):
        np.testing.assert_allclose(ours, theirs, 1e-9, 1e-11)


def test_the_adaptive_softmax() -> None:
    rng = np.random.default_rng(0)
    ours = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0, head_bias=True).double()
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0, head_bias=True).double()
    theirs.load_state_dict({name: torch.tensor(t.numpy()) for name, t in ours.state_dict().items()})
    scores, labels = rng.standard_normal((9, 8)), rng.integers(0, 12, 9)
    x, z = autograd.tensor(scores, requires_grad=True), torch.tensor(scores, requires_grad=True)
    mine, its = ours(x, autograd.tensor(labels)), theirs(z, torch.tensor(labels))
    mine.loss.backward()
    its.loss.backward()
    pairs: list[tuple[Any, Any]] = [
        (mine.output, its.output),
        (mine.loss, its.loss),
        (x.grad, z.grad),
        (ours.log_prob(x), theirs.log_prob(z)),
        (ours.predict(x), theirs.predict(z)),
    ]
    for a, b in pairs:
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), 1e-10, 1e-12)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert p.grad is not None
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), 1e-10, 1e-12)
    assert F.ctc_loss is autograd.ctc_loss


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_with_a_distance(swap: bool) -> None:
    arrays = [np.random.default_rng(i).standard_normal((4, 3)) for i in range(3)]
    found = []
    for library, layers in ((autograd, nn), (torch, torch.nn)):
        for distance in (None, lambda a, b: (a - b).abs().sum(-1)):
            loss = layers.TripletMarginWithDistanceLoss(distance_function=distance, margin=0.7, swap=swap)  # type: ignore[attr-defined]
            found.append(loss(*[library.tensor(a) for a in arrays]).item())
    np.testing.assert_allclose(found[:2], found[2:], 1e-12)
