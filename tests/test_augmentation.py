"""CropAndFlip: what it draws depends on (seed, epoch, image) only."""

from __future__ import annotations

import numpy as np
import pytest

from examples.experiments.support.data.augmentation import CropAndFlip, moved
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import Loader

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 3, 32, 32), np.uint8)
ALL = np.arange(20)


def test_every_picture_is_a_window_of_itself_with_reflected_edges() -> None:
    crop = CropAndFlip(4, seed=3)
    chosen = np.array([7, 0, 19, 7])
    down, right, mirrored = crop.moves(chosen, 5)
    drawn = crop(IMAGES, chosen, 5)
    assert drawn.dtype == np.uint8 and drawn.shape == (4, 3, 32, 32)
    for i, picture in enumerate(chosen):
        wide = np.pad(IMAGES[picture], ((0, 0), (4, 4), (4, 4)), mode="reflect")
        window = wide[:, 4 + down[i] : 36 + down[i], 4 + right[i] : 36 + right[i]]
        np.testing.assert_array_equal(drawn[i], window[:, :, ::-1] if mirrored[i] else window)


def test_a_picture_is_drawn_alike_in_any_batch_and_otherwise_in_another_epoch_or_with_another_seed() -> None:
    crop = CropAndFlip(4, seed=3)
    whole = crop(IMAGES, ALL, 5)
    np.testing.assert_array_equal(crop(IMAGES, ALL[::-1], 5), whole[::-1])
    np.testing.assert_array_equal(crop(IMAGES, ALL[8:9], 5), whole[8:9])
    assert not np.array_equal(crop(IMAGES, ALL, 6), whole)
    assert not np.array_equal(CropAndFlip(4, seed=4)(IMAGES, ALL, 5), whole)


def test_moves_are_uniform_and_independent() -> None:
    down, right, mirrored = CropAndFlip(4, seed=0).moves(np.arange(81_000), 0)
    for move in (down, right):
        counts = np.bincount(move + 4, minlength=9)
        assert len(counts) == 9
        assert abs(counts / 9000 - 1).max() < 0.05  # five standard deviations of a count
    joint = np.bincount(9 * (down + 4) + right + 4, minlength=81)
    assert abs(joint / 1000 - 1).max() < 0.17
    assert abs(mirrored.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(down, mirrored)[0, 1]) < 0.02


def test_no_pad_moves_nothing() -> None:
    crop = CropAndFlip(0, seed=1)
    _, _, mirrored = crop.moves(ALL, 0)
    expected = np.where(mirrored[:, None, None, None], IMAGES[:, :, :, ::-1], IMAGES)
    np.testing.assert_array_equal(crop(IMAGES, ALL, 0), expected)


def test_alternating_flips_show_both_views_in_any_two_epochs_and_shift_as_the_others() -> None:
    crop, usual = CropAndFlip(2, seed=5, alternating=True), CropAndFlip(2, seed=5)
    many = np.arange(2000)
    flips = [crop.moves(many, epoch)[2] for epoch in range(4)]
    assert abs(flips[0].mean() - 0.5) < 0.05
    np.testing.assert_array_equal(flips[1], ~flips[0])
    np.testing.assert_array_equal(flips[2], flips[0])
    np.testing.assert_array_equal(flips[3], flips[1])
    for alternating, by_chance in zip(crop.moves(many, 3)[:2], usual.moves(many, 3)[:2], strict=True):
        np.testing.assert_array_equal(alternating, by_chance)


@pytest.mark.parametrize("mirrored", [False, True])
def test_moved_pictures(mirrored: bool) -> None:
    wide = np.pad(IMAGES, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    window = wide[:, :, 1:33, 4:36]
    found = moved(IMAGES, -1, 2, mirrored)
    np.testing.assert_array_equal(found, window[..., ::-1] if mirrored else window)
    assert found.flags.c_contiguous


@pytest.mark.parametrize(("pad", "seed"), [(-1, 0), (0, -1)])
def test_negative_arguments(pad: int, seed: int) -> None:
    with pytest.raises(ValueError, match="CropAndFlip: pad and seed must not be negative"):
        CropAndFlip(pad, seed)


def test_a_pad_as_large_as_the_pictures() -> None:
    with pytest.raises(ValueError, match="CropAndFlip: pad 32 must be less than the image size, 32 x 32"):
        CropAndFlip(32, 0)(IMAGES, ALL, 0)


def test_the_loader_draws_the_same_from_any_step_on() -> None:
    split = Split(IMAGES, np.arange(20, dtype=np.int64))

    def loader(augment: CropAndFlip | None) -> Loader:
        return Loader(split, 6, mean=(0, 0, 0), std=(1, 1, 1), shuffle=True, seed=0, augment=augment)

    crop = CropAndFlip(4, seed=0)
    whole = list(loader(crop).batches(2))
    for (x, y), (again, same) in zip(whole[2:], loader(crop).batches(2, start=2), strict=True):
        np.testing.assert_array_equal(x, again)
        np.testing.assert_array_equal(y, same)
        np.testing.assert_allclose(x * 255, crop(IMAGES, y, 2), rtol=1e-5, atol=1e-4)
    assert not np.array_equal(whole[0][0], next(loader(None).batches(2))[0])
