"""The synthetic data set has CIFAR-10's shapes, the same bytes on every machine, and classes worth learning."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from examples.experiments.support.data import synthetic

SHA256 = "32eb3c7fc2afa70965fb464601deb871af4df358608226bebddc11ee8e13c329"  # of make(300, 50)


def features(images: NDArray[np.uint8], filters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Responses of filters (K, 108) to 6 × 6 windows, pooled: what a first layer sees, regardless of the position."""
    windows = sliding_window_view(images / 255.0, (6, 6), axis=(2, 3))[:, :, ::2, ::2]  # (N, 3, 14, 14, 6, 6)
    windows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(images), 14 * 14, 108)
    windows = windows - windows.mean(axis=2, keepdims=True)
    answers = windows @ filters.T
    return np.concatenate([np.maximum(answers - 0.5, 0).mean(1), answers.max(1), answers.std(1)], axis=1)


def score(
    x: NDArray[np.float64], y: NDArray[np.int64], test_x: NDArray[np.float64], test_y: NDArray[np.int64]
) -> float:
    """Test accuracy of ridge regression onto the classes."""
    x, test_x = x.reshape(len(x), -1), test_x.reshape(len(test_x), -1)
    mean, std = x.mean(0), x.std(0)
    x, test_x = (x - mean) / std, (test_x - mean) / std
    weights = np.linalg.solve(x.T @ x + 100 * np.eye(x.shape[1]), x.T @ np.eye(10)[y])
    return float((np.argmax(test_x @ weights, axis=1) == test_y).mean())


def test_shapes_types_and_classes_are_cifar10s() -> None:
    data = synthetic.make(train=103, test=20)
    for split, count in ((data.train, 103), (data.test, 20)):
        assert split.images.shape == (count, 3, 32, 32) and split.images.dtype == np.uint8
        assert split.labels.shape == (count,) and split.labels.dtype == np.int64
        assert np.ptp(np.bincount(split.labels, minlength=10)) <= 1
    assert len(set(data.classes)) == 10
    assert "not real images" in data.source


def test_the_bytes_are_the_same_everywhere() -> None:
    data = synthetic.make(train=300, test=50)
    digest = hashlib.sha256()
    for part in (*data.train, *data.test):
        digest.update(part.astype(part.dtype.newbyteorder("<")).tobytes())
    assert digest.hexdigest() == SHA256


def test_seed_and_split_change_the_pictures() -> None:
    one, two = synthetic.make(50, 50), synthetic.make(50, 50, seed=1)
    assert (one.train.images != two.train.images).any()
    assert (one.train.images != one.test.images).any()
    assert len(np.unique(one.train.images.reshape(50, -1), axis=0)) == 50


@pytest.mark.slow
@pytest.mark.parallel
def test_classes_can_be_learnt_from_windows_but_not_from_single_pixels() -> None:
    data = synthetic.make(1500, 500)
    (images, labels), (test_images, test_labels) = data.train, data.test
    filters = sliding_window_view(images[:100] / 255.0, (6, 6), axis=(2, 3))[:, :, 8, 8].reshape(100, 108)
    filters = filters - filters.mean(axis=1, keepdims=True)
    filters /= np.linalg.norm(filters, axis=1, keepdims=True)
    by_windows = score(features(images, filters), labels, features(test_images, filters), test_labels)
    by_pixels = score(images[:, :, ::2, ::2] / 255, labels, test_images[:, :, ::2, ::2] / 255, test_labels)
    assert by_windows > 0.4  # measured 0.48; chance is 0.1
    assert by_pixels < 0.2  # measured 0.13


@pytest.mark.parametrize("arguments", [(0, 10, 0), (10, 0, 0), (10, 10, -1)])
def test_bad_counts_are_a_sentence(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        synthetic.make(*arguments)
