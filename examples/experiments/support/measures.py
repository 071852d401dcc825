"""Measurements on a trained model for the report."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd
import nn
from examples.experiments.support.data.loader import Loader
from examples.experiments.support.metrics import Accuracy, Confusion
from nn import functional as F


class Verdicts(NamedTuple):
    """Predictions of a model for every image of a split, in order."""

    probabilities: NDArray[np.float32]  # (N, 10)
    labels: NDArray[np.int64]  # (N,)

    @property
    def error(self) -> float:
        """The fraction of misclassified images."""
        accuracy = Accuracy()
        accuracy.update(self.probabilities, self.labels)
        return accuracy.error

    def confusion(self) -> list[list[int]]:
        """Return the confusion matrix: counts by true class (row) and predicted class (column)."""
        confusion = Confusion(self.probabilities.shape[1])
        confusion.update(self.probabilities, self.labels)
        return confusion.counts.tolist()


def verdicts(model: nn.Module, loader: Loader, *, mirrored: bool, check: Callable[[], None] = lambda: None) -> Verdicts:
    """Predict every image in eval mode; `mirrored` averages the predictions of each image and its mirror image."""
    probabilities, labels = [], []
    model.eval()
    with autograd.no_grad():
        for x, y in loader.batches(0):
            check()
            views = (x, np.ascontiguousarray(x[:, :, :, ::-1])) if mirrored else (x,)
            answers = [F.softmax(model(autograd.from_numpy(view)), dim=1).numpy() for view in views]
            probabilities.append(np.mean(answers, axis=0))
            labels.append(y)
    return Verdicts(np.concatenate(probabilities), np.concatenate(labels))


def final_metrics(model: nn.Module, loader: Loader, classes: Sequence[str]) -> dict[str, Any]:
    """Evaluate the finished model on the test images: accuracy, top-5 accuracy, and the confusion matrix."""
    top5, confusion = Accuracy(k=5), Confusion(len(classes))
    model.eval()
    with autograd.no_grad():
        for x, y in loader.batches(0):
            scores = model(autograd.from_numpy(x)).numpy()
            top5.update(scores, y)
            confusion.update(scores, y)
    return {
        "pictures": top5.count,
        "accuracy": confusion.accuracy,
        "top5": top5.value,
        "per_class": confusion.per_class,
        "confusion": confusion.counts.tolist(),
    }


def misclassified(verdicts: Verdicts, images: NDArray[np.uint8], count: int) -> list[dict[str, Any]]:
    """Return misclassified images at even intervals in the split: pixels, class, the three most probable classes.

    The pixels are the bytes of a uint8 array (3, 32, 32) in base64.
    """
    wrong = np.flatnonzero(verdicts.probabilities.argmax(1) != verdicts.labels)
    some = wrong[np.linspace(0, len(wrong) - 1, min(count, len(wrong))).round().astype(int)] if len(wrong) else wrong
    found = []
    for index in some:
        likeliest = np.argsort(-verdicts.probabilities[index], kind="stable")[:3]
        found.append(
            {
                "index": int(index),
                "class": int(verdicts.labels[index]),
                "likeliest": [[int(c), round(float(verdicts.probabilities[index, c]), 4)] for c in likeliest],
                "pixels": base64.b64encode(images[index].tobytes()).decode(),
            }
        )
    return found


def filters(model: nn.Module) -> list[list[list[list[float]]]]:
    """Return the weights of the first convolution, (O, C, H, W), as lists with four significant digits."""
    convolution = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    return [[[[float(f"{w:.4g}") for w in row] for row in plane] for plane in each]
            for each in convolution.weight.detach().numpy()]  # fmt: skip
