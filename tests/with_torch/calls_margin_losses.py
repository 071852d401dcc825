"""Calls of distances and of the losses of pairs, triplets and margins."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call, constant
from tests.with_torch.calls_losses import reduction
from tests.with_torch.calls_shape import Arguments, maybe


def three(draw: Any) -> tuple[Any, Any, Any]:
    shape = draw.shape(2, 2)
    return tuple(draw.tensor(*shape) + i * 0.0003 for i in range(3))  # type: ignore[return-value]


def signs(draw: Any, *shape: int) -> Any:
    return draw.index(shape, 2) * 2 - 1


@call("cosine_similarity", where="functional")
def cosine_similarity(draw: Any) -> Arguments:
    a, b, _ = three(draw)
    return (a, b), maybe(draw, dim=-1, eps=1e-3)


@call("pairwise_distance", where="functional")
def pairwise_distance(draw: Any) -> Arguments:
    a, b, _ = three(draw)
    return (a, b), maybe(draw, p=draw.choice(1.0, 3.0), eps=1e-3, keepdim=True)


@call("normalize", where="functional")
def normalize(draw: Any) -> Arguments:
    return three(draw)[:1], maybe(draw, p=1.0, dim=0, eps=0.5)


@call("cdist", where="torch")
def cdist(draw: Any) -> Arguments:
    a, b, _ = three(draw)
    return (a, b), maybe(draw, p=draw.choice(1.0, 3.0))


@call("pdist", where="functional")
def pdist(draw: Any) -> Arguments:
    return (three(draw)[0],), maybe(draw, p=draw.choice(1.0, 3.0))


@call("margin_ranking_loss", where="functional")
def margin_ranking_loss(draw: Any) -> Arguments:
    a, b, _ = three(draw)
    return (a, b, signs(draw, *a.shape)), reduction(draw) | maybe(draw, margin=0.5)


@call("hinge_embedding_loss", where="functional")
def hinge_embedding_loss(draw: Any) -> Arguments:
    _, x, _ = three(draw)
    return (x, signs(draw, *x.shape)), reduction(draw) | maybe(draw, margin=0.5)


@call("soft_margin_loss", where="functional")
def soft_margin_loss(draw: Any) -> Arguments:
    x = draw.choice(1, 40) * three(draw)[0]  # where exp(-y x) overflows, PyTorch's gradient is NaN
    return (x, signs(draw, *x.shape)), reduction(draw)


@call("multi_margin_loss", where="functional")
def multi_margin_loss(draw: Any) -> Arguments:
    x = three(draw)[0]
    n, classes = x.shape
    options = maybe(draw, p=2, margin=0.5003, weight=constant(draw.tensor(classes, low=0.5)))
    return (x, draw.index((n,), classes)), reduction(draw) | options


@call("multilabel_margin_loss", where="functional")
def multilabel_margin_loss(draw: Any) -> Arguments:
    x = three(draw)[0] * 1.0003
    return (x, draw.index(x.shape, x.shape[-1] + 1) - 1), reduction(draw)


@call("multilabel_soft_margin_loss", where="functional")
def multilabel_soft_margin_loss(draw: Any) -> Arguments:
    x = three(draw)[0]
    y = constant(draw.tensor(*x.shape, low=0, high=1))
    return (x, y), reduction(draw) | maybe(draw, weight=constant(draw.tensor(x.shape[-1], low=0.5)))


@call("cosine_embedding_loss", where="functional")
def cosine_embedding_loss(draw: Any) -> Arguments:
    a, b, _ = three(draw)
    return (a, b, signs(draw, len(a))), reduction(draw) | maybe(draw, margin=0.3)


@call("triplet_margin_loss", where="functional")
def triplet_margin_loss(draw: Any) -> Arguments:
    options = maybe(draw, margin=0.5, p=draw.choice(1.0, 3.0), eps=1e-3, swap=True)
    return three(draw), reduction(draw) | options


@call("triplet_margin_with_distance_loss", where="functional")
def triplet_margin_with_distance_loss(draw: Any) -> Arguments:
    return three(draw), reduction(draw) | maybe(draw, margin=0.5, swap=True)


@call("gaussian_nll_loss", where="functional")
def gaussian_nll_loss(draw: Any) -> Arguments:
    x, t, _ = three(draw)
    var = draw.choice(*(draw.tensor(*shape, low=0.1) for shape in (x.shape, x.shape[:1], (len(x), 1))))
    return (x, t, np.abs(var)), reduction(draw) | maybe(draw, full=True, eps=0.3)


@call("poisson_nll_loss", where="functional")
def poisson_nll_loss(draw: Any) -> Arguments:
    x, _, _ = three(draw)
    t = constant(draw.tensor(*x.shape, low=0.1, high=4))
    return (np.abs(x), t), reduction(draw) | maybe(draw, log_input=False, full=True, eps=0.1)
