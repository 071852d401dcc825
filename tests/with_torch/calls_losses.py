"""Calls of losses and of attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call, constant
from tests.with_torch.calls_shape import Arguments, maybe


def two(draw: Any) -> tuple[Any, Any]:
    """A prediction and a target that are never equal and never differ by a round number."""
    shape = draw.shape(0, 3, least=0)
    return draw.tensor(*shape), np.asarray(draw.tensor(*shape) + 0.0003)


def reduction(draw: Any, *more: str) -> dict[str, Any]:
    return maybe(draw, reduction=draw.choice("mean", "sum", "none", *more))


@call("mse_loss", where="functional")
@call("l1_loss", where="functional")
def mse_loss(draw: Any) -> Arguments:
    x, t = two(draw)
    return (x, t), reduction(draw) | maybe(draw, weight=draw.tensor(*x.shape, low=0.5))


@call("mse_loss", where="functional")
@call("smooth_l1_loss", where="functional")
def broadcast(draw: Any) -> Arguments:
    return (draw.tensor(2, 3), draw.tensor(3) + 0.0003), {}


@call("smooth_l1_loss", where="functional")
def smooth_l1_loss(draw: Any) -> Arguments:
    return two(draw), reduction(draw) | maybe(draw, beta=draw.choice(0.5, 2.0, 0))


@call("huber_loss", where="functional")
def huber_loss(draw: Any) -> Arguments:
    x, t = two(draw)
    return (x, t), reduction(draw) | maybe(draw, delta=draw.choice(0.5, 2.0), weight=draw.tensor(*x.shape, low=0.5))


@call("binary_cross_entropy_with_logits", where="functional")
def with_logits(draw: Any) -> Arguments:
    shape = draw.shape(1, 3, least=0)
    weights = {name: constant(draw.tensor(*shape[-1:], low=0.5)) for name in ("weight", "pos_weight")}
    x = draw.choice(1, 100) * draw.tensor(*shape)
    return (x, draw.tensor(*shape, low=0, high=1)), reduction(draw) | maybe(draw, **weights)


@call("binary_cross_entropy", where="functional")
def binary_cross_entropy(draw: Any) -> Arguments:
    shape = draw.shape(1, 3, least=0)
    weight = constant(draw.tensor(*shape[-1:], low=0.5))
    x, t = draw.tensor(*shape, low=0.01, high=0.99), draw.tensor(*shape, low=0, high=1)
    return (x, t), reduction(draw) | maybe(draw, weight=weight)


@call("kl_div", where="functional")
def kl_div(draw: Any) -> Arguments:
    shape = draw.shape(1, 3, least=0)
    t = draw.tensor(*shape, low=0.1, high=1)
    return (draw.tensor(*shape), t), reduction(draw, "batchmean") | maybe(draw, log_target=draw.choice(True, False))


def scores(draw: Any) -> tuple[Any, Any, int, Any]:
    """Scores, labels, the ignored label, and the class weights."""
    classes, places = draw.size(1, 4), draw.choice((), (draw.size(1, 3),), (draw.size(1, 3), 2), (2, 1, 2))
    ignored = draw.choice(-100, 0, -1)
    labels = np.where(draw.index(places, 6) == 5, ignored, draw.index(places, classes))
    x = draw.tensor(*places[:1], classes, *places[1:])
    return x, labels, ignored, constant(draw.tensor(classes, low=0.5))


@call("nll_loss", where="functional")
def nll_loss(draw: Any) -> Arguments:
    x, labels, ignored, weight = scores(draw)
    return (x, labels), reduction(draw) | maybe(draw, weight=weight) | (
        {"ignore_index": ignored} if ignored != -100 else {}
    )


@call("cross_entropy", where="functional")
def cross_entropy(draw: Any) -> Arguments:
    x, labels, ignored, weight = scores(draw)
    options = reduction(draw) | maybe(draw, weight=weight, label_smoothing=draw.choice(0.1, 1.0))
    return (x, labels), options | ({"ignore_index": ignored} if ignored != -100 else {})


@call("cross_entropy", where="functional")
def cross_entropy_of_probabilities(draw: Any) -> Arguments:
    x, _, _, weight = scores(draw)
    return (x, draw.tensor(*x.shape, low=0, high=1)), reduction(draw) | maybe(draw, weight=weight, label_smoothing=0.1)


@call("scaled_dot_product_attention", where="functional")
def attention(draw: Any) -> Arguments:
    n, heads, e = draw.size(1, 2), draw.choice(2, 1), draw.size(1, 3)
    targets, sources = draw.size(1, 3), draw.size(1, 3)
    gqa = draw.choice(False, True)
    q = draw.tensor(n, heads, targets, e)
    k, v = (draw.tensor(n, 1 if gqa else heads, sources, size) for size in (e, draw.size(1, 3)))
    places = draw.choice((targets, sources), (n, 1, targets, sources), (1, sources))
    options = maybe(draw, scale=0.7, dropout_p=0.0)
    if draw.choice(False, True):
        options["is_causal"] = True
    else:
        options |= maybe(draw, attn_mask=draw.choice(draw.index(places, 3) > 0, draw.tensor(*places)))
    return (q, k, v), options | ({"enable_gqa": True} if gqa else {})
