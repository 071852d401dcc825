"""The metrics of the experiments, beside a plain sort and an element-by-element count."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from examples.experiments.support import metrics
from examples.experiments.support.metrics import Accuracy, Confusion, hits


def test_examples() -> None:
    failed, tried = doctest.testmod(metrics)
    assert tried >= 10 and not failed


@pytest.mark.parametrize("k", range(1, 8))
def test_beside_a_sort(k: int) -> None:
    """Scores of few levels, so that many are equal: the first of them is the higher one, as in argmax."""
    rng = np.random.default_rng(k)
    scores = rng.integers(0, 4, (500, 6)).astype(np.float32)
    labels = rng.integers(0, 6, 500)
    highest = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert hits(scores, labels, k).tolist() == [label in row for label, row in zip(labels, highest, strict=True)]


def test_top_1_is_argmax() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 3, (300, 10)), rng.integers(0, 10, 300)
    assert (hits(scores, labels) == (scores.argmax(1) == labels)).all()


def test_batches_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(1)
    scores, labels = rng.normal(size=(100, 5)), rng.integers(0, 4, 100)  # no image of class 4
    top1, top2, confusion = Accuracy(), Accuracy(k=2), Confusion(5)
    for first in range(0, 100, 32):  # the last batch is smaller
        for metric in (top1, top2, confusion):
            metric.update(scores[first : first + 32], labels[first : first + 32])
    counts = [[0] * 5 for _ in range(5)]
    for label, row in zip(labels, scores, strict=True):
        counts[label][int(row.argmax())] += 1
    assert confusion.counts.tolist() == counts
    assert top1.count == top2.count == 100
    assert top1.value == confusion.accuracy == sum(counts[i][i] for i in range(5)) / 100
    assert top1.error == 1 - top1.value
    assert top2.value == hits(scores, labels, 2).mean() > top1.value
    assert confusion.per_class == [*(counts[i][i] / sum(counts[i]) for i in range(4)), None]


def test_nan_is_never_right() -> None:
    scores = [[np.nan, 1.0], [0.0, np.nan], [np.nan, np.nan], [0.0, 1.0]]
    assert hits(scores, [0, 1, 0, 1], k=2).tolist() == [False, False, False, True]
    with pytest.raises(ValueError, match="a score is NaN"):
        Confusion(2).update(scores, [0, 1, 0, 1])


def test_refusals() -> None:
    for scores, labels in (([0.1, 0.9], [0]), ([[0.1, 0.9]], [[0]]), ([[0.1, 0.9]], [0, 1])):
        with pytest.raises(ValueError, match=r"scores must be \(N, C\) and labels \(N,\)"):
            hits(scores, labels)
    for label in (-1, 2):
        with pytest.raises(ValueError, match="they must be 0 to 1"):
            hits([[0.1, 0.9]], [label])
    with pytest.raises(ValueError, match="k must be at least 1, not 0"):
        hits([[0.1, 0.9]], [0], 0)
    with pytest.raises(ValueError, match="of 2 classes, not of 3"):
        Confusion(3).update([[0.1, 0.9]], [0])
    for metric in (Accuracy(), Confusion(2)):
        with pytest.raises(ValueError, match="there is no image yet"):
            metric.value if isinstance(metric, Accuracy) else metric.accuracy
