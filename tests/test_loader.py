"""Loader: the right images at every step, in an order that depends on (seed, epoch) only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import Loader, channel_statistics, train_validation_split

MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)


def numbered(count: int) -> Split:
    """Images whose label is their index, and whose pixels depend on it."""
    images = np.random.default_rng(0).integers(0, 256, (count, 3, 32, 32), np.uint8)
    return Split(images, np.arange(count, dtype=np.int64))


def loader(count: int = 10, batch_size: int = 3, **settings: Any) -> Loader:
    return Loader(numbered(count), batch_size, **{"mean": MEAN, "std": STD, "shuffle": True, "seed": 0, **settings})


def seen(loader: Loader, epoch: int, start: int = 0) -> list[int]:
    return [int(label) for _, y in loader.batches(epoch, start) for label in y]


def test_batches_are_standardized_and_belong_to_their_labels() -> None:
    data = loader(10, 4)
    for x, y in data.batches(0):
        assert x.dtype == np.float32 and y.dtype == np.int64 and x.flags.c_contiguous
        pixels = data.split.images[y].astype(np.float64) / 255
        expected = (pixels - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
        np.testing.assert_allclose(x, expected, rtol=0, atol=2e-6)


@given(
    count=st.integers(1, 40),
    batch_size=st.integers(1, 45),
    epoch=st.integers(0, 10**6),
    shuffle=st.booleans(),
)
def test_an_epoch_is_each_picture_once_in_len_batches(count: int, batch_size: int, epoch: int, shuffle: bool) -> None:
    data = loader(count, batch_size, shuffle=shuffle)
    sizes = [len(y) for _, y in data.batches(epoch)]
    assert sizes == [batch_size] * (count // batch_size) + [count % batch_size] * (count % batch_size > 0)
    assert len(data) == len(sizes)
    assert sorted(seen(data, epoch)) == list(range(count))


@given(start=st.integers(0, 4), epoch=st.integers(0, 100))
def test_starting_at_a_step_gives_the_rest_of_the_epoch(start: int, epoch: int) -> None:
    whole = list(loader().batches(epoch))
    rest = list(loader().batches(epoch, start))
    assert len(rest) == 4 - start
    for (x, y), (expected_x, expected_y) in zip(rest, whole[start:], strict=True):
        assert (x == expected_x).all() and (y == expected_y).all()


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else() -> None:
    np.random.seed(1)  # noqa: NPY002  the global state, which must not matter
    first = seen(loader(100), 3)
    list(data := loader(100).batches(0))
    assert list(data) == []
    assert seen(loader(100), 3) == first
    assert seen(loader(100, batch_size=7), 3) == first
    assert seen(loader(100), 4) != first
    assert seen(loader(100, seed=1), 3) != first
    assert seen(loader(100, seed=3), 0) != first  # depends on the pair (seed, epoch), not on the sum


def test_the_order_is_the_same_on_every_machine() -> None:
    assert seen(loader(10), 0) == [6, 4, 8, 9, 1, 3, 2, 7, 5, 0]  # runs resumed elsewhere rely on this


def test_without_shuffling_the_order_is_the_splits() -> None:
    data = loader(shuffle=False)
    assert seen(data, 0) == seen(data, 5) == list(range(10))


def test_a_batch_is_the_callers_own() -> None:
    data = loader(4, 4, shuffle=False)
    x, y = next(data.batches(0))
    x[:], y[:] = 0, 9
    assert seen(data, 0) == [0, 1, 2, 3]


def test_channel_statistics_are_those_of_float64() -> None:
    images = np.random.default_rng(1).integers(0, 256, (2500, 3, 4, 4), np.uint8)
    images[:, 1] //= 3
    mean, std = channel_statistics(images)
    assert mean.dtype == std.dtype == np.float32 and mean.shape == std.shape == (3,)
    scaled = images / 255
    np.testing.assert_allclose(mean, scaled.mean(axis=(0, 2, 3)), rtol=1e-7)
    np.testing.assert_allclose(std, scaled.std(axis=(0, 2, 3)), rtol=1e-7)


def test_standardized_by_its_own_statistics_a_split_has_mean_0_and_std_1() -> None:
    split = numbered(50)
    mean, std = channel_statistics(split.images)
    x, _ = next(Loader(split, 50, mean=mean, std=std, shuffle=True, seed=0).batches(0))
    np.testing.assert_allclose(x.mean(axis=(0, 2, 3), dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=(0, 2, 3), dtype=np.float64), 1, atol=1e-6)


@given(count=st.integers(1, 60), data=st.data(), seed=st.integers(0, 2**70))
def test_split_parts_are_disjoint_whole_and_repeatable(count: int, data: st.DataObject, seed: int) -> None:
    validation = data.draw(st.integers(0, count - 1))
    split = numbered(count)
    train, aside = train_validation_split(split, validation, seed)
    assert len(aside.labels) == validation == len(aside.images)
    assert sorted([*train.labels, *aside.labels]) == list(range(count))
    for part in (train, aside):
        assert (part.images == split.images[part.labels]).all()
        assert part.images.dtype == np.uint8 and part.labels.dtype == np.int64
    again, _ = train_validation_split(split, validation, seed)
    assert (again.labels == train.labels).all()


def test_split_is_random_and_depends_on_the_seed() -> None:
    parts = [train_validation_split(numbered(100), 20, seed)[1].labels.tolist() for seed in (0, 1)]
    assert parts[0] != parts[1] != list(range(20))


@pytest.mark.parametrize("validation", [-1, 10, 11])
def test_split_must_leave_something_to_train_on(validation: int) -> None:
    with pytest.raises(ValueError, match=f"validation must be 0 to 9.*not {validation}"):
        train_validation_split(numbered(10), validation, 0)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"count": 0}, "the split is empty"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"seed": -1}, "seed must not be negative"),
        ({"std": (0.2, 0.0, 0.2)}, "std must be above 0"),
        ({"std": (0.2, np.nan, 0.2)}, "std must be above 0"),
        ({"mean": (0.5, 0.5)}, "three finite numbers"),
    ],
)
def test_bad_settings_are_sentences(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        loader(**settings)


def test_bad_splits_are_sentences() -> None:
    images, labels = numbered(4)
    floats: Any = images.astype(np.float32)
    for bad in (Split(floats, labels), Split(images, labels[:3]), Split(images[:, :2], labels)):
        with pytest.raises(ValueError, match=r"must be (uint8|int64)"):
            Loader(bad, 2, mean=MEAN, std=STD, shuffle=True, seed=0)


@pytest.mark.parametrize(("epoch", "start", "sentence"), [(-1, 0, "epoch"), (0, -1, "0 to 4"), (0, 5, "0 to 4")])
def test_a_bad_position_is_told_before_the_first_batch(epoch: int, start: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        loader().batches(epoch, start)


def test_statistics_of_nothing_are_an_error() -> None:
    with pytest.raises(ValueError, match="N at least 1"):
        channel_statistics(np.empty((0, 3, 32, 32), np.uint8))
