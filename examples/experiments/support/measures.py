"""Measurements on a trained model for the report."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd
import nn
from examples.experiments.support.data.augmentation import averaged
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import EVALUATION_BATCH, Loader
from examples.experiments.support.metrics import Accuracy, Confusion
from examples.experiments.support.training import Data, Loss
from nn import functional as F

SHOWN = 12  # misclassified images in a result


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


def verdicts(model: nn.Module, loader: Loader, views: str, *, check: Callable[[], None] = lambda: None) -> Verdicts:
    """Predict every image in eval mode: the weighted mean of the predictions for its views, a key of VIEWS."""

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return F.softmax(model(autograd.from_numpy(x)), dim=1).numpy()

    probabilities, labels = [], []
    model.eval()
    with autograd.no_grad():
        for x, y in loader.batches(0):
            check()
            probabilities.append(averaged(predict, x, views))
            labels.append(y)
    return Verdicts(np.concatenate(probabilities), np.concatenate(labels))


def validated(
    model: nn.Module, loaders: Data, history: Sequence[Mapping[str, Any]], *views: str
) -> dict[str, float] | None:
    """Return the accuracy on the validation images of the last weights, and of the model with each kind of views."""
    if loaders.validation is None:
        return None
    held_out = loaders.validation
    return {
        "last": 1 - history[-1]["validation_error"],
        **{name: 1 - verdicts(model, held_out, name).error for name in views},
    }


def tested(model: nn.Module, train: Loader, test: Split, views: str) -> dict[str, Any]:
    """Evaluate on the test images, for the first and only time."""
    loader = Loader(test, EVALUATION_BATCH, mean=train.mean, std=train.std, shuffle=False, seed=train.seed)
    found = verdicts(model, loader, views)
    return {
        "accuracy": 1 - found.error,
        "pictures": len(test.labels),
        "confusion": found.confusion(),
        "misclassified": misclassified(found, test.images, SHOWN),
    }


def work(model: nn.Module, loss: Loss, images: int, epochs: int) -> dict[str, float]:
    """Return how much arithmetic a training takes, and what this machine can do.

    Returns
    -------
    dict
        "images", how many there are in an epoch; "flops", without those of the optimizer, which grow with the number
        of steps; "peak", in GFLOP/s of float32.
    """
    return {
        "images": images,
        "flops": flops_of_an_image(model, loss) * images * epochs,
        "peak": autograd.profiler.peak_arithmetic("f4"),
    }


def flops_of_an_image(model: nn.Module, loss: Loss) -> float:
    """Return the floating-point operations of a step, forward and backward, for each of its images."""
    x, y = autograd.zeros((2, 3, 32, 32)), autograd.zeros(2, dtype=np.int64)
    model = copy.deepcopy(model).train()  # batch norm would change its running statistics
    with autograd.profiler.profile() as profile:
        loss(model(x), y).backward()
    step = sum(event.flops for event in profile.events if len(event.path) == 1)  # an op's parts are in its own count
    return step / 2


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
