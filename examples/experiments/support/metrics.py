"""Metrics of classification, in NumPy: accuracy, top-k accuracy, the confusion matrix.

Scores are logits or probabilities, one row per image; only their order matters. Of equal scores the
first class counts as higher, as in argmax. A row with a NaN is wrong whatever its label.

The classes take one batch after another, so that the scores of a whole split need not be kept:

    >>> top2 = Accuracy(k=2)
    >>> top2.update([[0.1, 0.7, 0.2]], [2])
    >>> top2.update([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]], [2, 1])
    >>> top2.correct, top2.count
    (2, 3)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


def hits(scores: ArrayLike, labels: ArrayLike, k: int = 1) -> NDArray[np.bool_]:
    """Return for each image whether its class has one of the k highest scores.

    Parameters
    ----------
    scores : array_like of float, (N, C)
    labels : array_like of int, (N,)
        The true classes, 0 to C - 1.
    k : int
        1 is plain accuracy. With k >= C every image without a NaN is a hit.

    Returns
    -------
    bool, (N,)

    Raises
    ------
    ValueError
        The shapes do not fit, a label is not a class, or k is below 1.

    Examples
    --------
    >>> hits([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]], [2, 0]).tolist()
    [False, True]
    >>> hits([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]], [2, 0], k=2).tolist()
    [True, True]
    """
    if k < 1:
        raise ValueError(f"hits: k must be at least 1, not {k}.")
    s, y = _checked("hits", scores, labels)
    own = np.take_along_axis(s, y[:, None], 1)
    ahead = (s > own) | ((s == own) & (np.arange(s.shape[1]) < y[:, None]))  # (N, C): the classes that win against it
    return (ahead.sum(1) < k) & ~np.isnan(s).any(1)


@dataclass
class Accuracy:
    """The fraction of images whose class has one of the k highest scores.

    Parameters
    ----------
    k : int
        1 is plain accuracy.

    Attributes
    ----------
    correct, count : int
        Of the images so far: how many are right, and how many there are.

    Examples
    --------
    >>> accuracy = Accuracy()
    >>> accuracy.update([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]], [2, 0])
    >>> accuracy.value
    0.5
    """

    k: int = 1
    correct: int = 0
    count: int = 0

    def update(self, scores: ArrayLike, labels: ArrayLike) -> None:
        """Add a batch: scores (N, C) and the true classes (N,)."""
        right = hits(scores, labels, self.k)
        self.correct += int(right.sum())
        self.count += len(right)

    @property
    def value(self) -> float:
        """The fraction of images that are right; ValueError before the first image."""
        return self.correct / _some(self.count, "Accuracy")

    @property
    def error(self) -> float:
        """The fraction of images that are wrong; ValueError before the first image."""
        return (self.count - self.correct) / _some(self.count, "Accuracy")


class Confusion:
    """The confusion matrix: how many images of each class are predicted as each class.

    Parameters
    ----------
    classes : int
        The number of classes, C.

    Attributes
    ----------
    counts : int64, (C, C)
        By true class (row) and predicted class (column).

    Examples
    --------
    >>> confusion = Confusion(3)
    >>> confusion.update([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0.5, 0.1, 0.4]], [2, 0, 2])
    >>> confusion.counts.tolist()
    [[1, 0, 0], [0, 0, 0], [1, 1, 0]]
    >>> confusion.per_class
    [1.0, None, 0.0]
    """

    def __init__(self, classes: int) -> None:
        self.counts: NDArray[np.int64] = np.zeros((classes, classes), np.int64)

    def update(self, scores: ArrayLike, labels: ArrayLike) -> None:
        """Add a batch: scores (N, C) without NaN, and the true classes (N,)."""
        s, y = _checked("Confusion", scores, labels)
        if s.shape[1] != len(self.counts):
            raise ValueError(f"Confusion: scores {s.shape} are of {s.shape[1]} classes, not of {len(self.counts)}.")
        if np.isnan(s).any():
            raise ValueError("Confusion: a score is NaN, so that no class is predicted. Look where the NaN comes from.")
        np.add.at(self.counts, (y, s.argmax(1)), 1)

    @property
    def accuracy(self) -> float:
        """The fraction of images on the diagonal; ValueError before the first image."""
        return int(np.trace(self.counts)) / _some(int(self.counts.sum()), "Confusion")

    @property
    def per_class(self) -> list[float | None]:
        """The accuracy on the images of each class, its recall; None for a class without images."""
        totals = self.counts.sum(1)
        return [int(n) / int(total) if total else None for n, total in zip(self.counts.diagonal(), totals)]


def _checked(who: str, scores: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    s, y = np.asarray(scores), np.asarray(labels)
    if s.ndim != 2 or y.shape != s.shape[:1]:
        raise ValueError(f"{who}: scores must be (N, C) and labels (N,), not {s.shape} and {y.shape}.")
    if y.size and not 0 <= y.min() <= y.max() < s.shape[1]:
        raise ValueError(f"{who}: the labels are {y.min()} to {y.max()}; with {s.shape[1]} classes they must be 0 to "
                         f"{s.shape[1] - 1}.")  # fmt: skip
    return s, y


def _some(count: int, who: str) -> int:
    if count == 0:
        raise ValueError(f"{who}: there is no image yet; call update first.")
    return count
