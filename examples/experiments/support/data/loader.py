"""Batches of standardized images, in an order that depends only on (seed, epoch).

The position in the data is therefore (epoch, step), and a resumed run needs no other state.
The order comes from raw PCG64 output, a stream that NumPy guarantees never to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from examples.experiments.support.data.cifar10 import Split

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]

# (all images uint8 (N, 3, H, W), those of the batch int64 (B,), epoch) -> augmented copies, uint8 (B, 3, H, W)
Augment = Callable[[NDArray[np.uint8], NDArray[np.int64], int], NDArray[np.uint8]]

EVALUATION_BATCH = 250  # images

_SPLITTING, _SHUFFLING = 0, 1  # separate random streams of one seed


class Loader:
    """Batches of a split, reshuffled every epoch.

    Parameters
    ----------
    split : Split
        images uint8 (N, 3, 32, 32), labels int64 (N,).
    batch_size : int
        Images per batch; the last batch of an epoch contains the rest.
    mean, std : array_like, (3,)
        Of each channel, for pixels scaled to [0, 1]: see `channel_statistics`.
    shuffle : bool
        False keeps the order of the split in every epoch.
    seed : int
        Not negative. Determines the order.
    augment : function, optional
        Augments the images of a batch, such as `augmentation.CropAndFlip`.

    Raises
    ------
    ValueError
        The split is empty or malformed, or an argument is out of range.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        *,
        mean: ArrayLike,
        std: ArrayLike,
        shuffle: bool,
        seed: int,
        augment: Augment | None = None,
    ) -> None:
        images, labels = split
        if len(images) == 0:
            raise ValueError("Loader: the split is empty; a loader needs at least one image.")
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"Loader: images must be uint8 (N, 3, H, W), not {images.dtype} {images.shape}.")
        if labels.dtype != np.int64 or labels.shape != (len(images),):
            raise ValueError(
                f"Loader: labels must be int64 ({len(images)},), one per image, not {labels.dtype} {labels.shape}."
            )
        if batch_size < 1:
            raise ValueError(f"Loader: batch_size must be at least 1, not {batch_size}.")
        _check_seed(seed)
        self.split = split
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.augment = augment
        self.mean, self.std = mean, std
        self._scale, self._shift = _standardization(mean, std)

    def __len__(self) -> int:
        """Return the number of batches per epoch, including a smaller last one."""
        return (len(self.split.labels) + self.batch_size - 1) // self.batch_size

    def batches(
        self, epoch: int, start: int = 0, *, steps: range | None = None, part: Callable[[int], range] | None = None
    ) -> Iterator[Batch]:
        """Return an iterator over the batches of one epoch, starting at step ``start``.

        Parameters
        ----------
        epoch, start : int
        steps : range, optional
            Which batches to yield, instead of all from ``start`` on.
        part : function, optional
            Takes the number of images in a batch, and returns which of them to yield. The others are not touched.

        Yields
        ------
        x : float32, (B, 3, H, W), C-contiguous
            Standardized images.
        y : int64, (B,)
            Their classes.
        """
        if epoch < 0:
            raise ValueError(f"Loader.batches: epoch must not be negative, but is {epoch}.")
        if not 0 <= start <= len(self):
            raise ValueError(f"Loader.batches: start must be 0 to {len(self)} (an epoch), not {start}.")
        from autograd import Generator  # here: PyTorch's and MXNet's processes use `batch`, and must not import ours
        from autograd.utils.data import DataLoader

        order = self.order(epoch)
        size = self.batch_size
        chosen = [order[i * size : (i + 1) * size] for i in (range(start, len(self)) if steps is None else steps)]
        if part:
            chosen = [batch[(own := part(len(batch))).start : own.stop] for batch in chosen]
        generator = Generator()  # its own, so that nothing is drawn from the training's
        return iter(
            DataLoader(_Epoch(self, epoch), batch_size=None, sampler=chosen, collate_fn=_kept, generator=generator)
        )

    def batch(self, chosen: NDArray[np.int64], epoch: int) -> Batch:
        """Return the images of these indices, augmented and standardized, and their classes."""
        images = self.split.images
        pictures = self.augment(images, chosen, epoch) if self.augment else images[chosen]
        return self._standardize(pictures), self.split.labels[chosen]

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the order of the images in an epoch: a permutation of 0..N-1, int64 (N,)."""
        count = len(self.split.labels)
        if not self.shuffle:
            return np.arange(count, dtype=np.int64)
        return _permutation(count, self.seed, _SHUFFLING, epoch)

    def _standardize(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        x = np.empty(images.shape, np.float32)
        np.multiply(images, self._scale, out=x)  # (pixel / 255 - mean) / std in two passes, one array
        x += self._shift
        return x


@dataclass(frozen=True)
class _Epoch:
    """What a DataLoader takes batches from."""

    loader: Loader
    number: int

    def __getitem__(self, chosen: NDArray[np.int64]) -> Batch:
        return self.loader.batch(chosen, self.number)


def _kept(batch: Batch) -> Batch:
    return batch


def channel_statistics(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each channel, for pixels scaled to [0, 1].

    They are computed in float64 from the exact counts of the 256 levels of each channel.

    Parameters
    ----------
    images : uint8, (N, 3, H, W)

    Returns
    -------
    mean, std : float32, (3,)
        The population standard deviation (divided by the count, not by the count minus one).

    Raises
    ------
    ValueError
        There are no images, or they are not uint8 (N, 3, H, W).
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or images.size == 0:
        raise ValueError(
            f"channel_statistics: images must be uint8 (N, 3, H, W) with N at least 1, "
            f"not {images.dtype} {images.shape}."
        )
    counts = np.zeros((3, 256), np.int64)
    for first in range(0, len(images), 1000):  # bincount widens to int64: 8 MB a chunk instead of 400
        for channel in range(3):
            counts[channel] += np.bincount(images[first : first + 1000, channel].ravel(), minlength=256)
    weights = counts / counts.sum(axis=1, keepdims=True)  # (3, 256)
    levels = np.arange(256) / 255.0
    mean = (weights * levels).sum(axis=1)
    variance = (weights * (levels - mean[:, None]) ** 2).sum(axis=1)
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)


def train_validation_split(split: Split, validation: int, seed: int) -> tuple[Split, Split]:
    """Split off ``validation`` random images; both parts keep the order of the split.

    With ``validation`` = 0 return the split itself and an empty one. Equal seeds give equal parts.

    Raises
    ------
    ValueError
        ``validation`` is negative, or leaves no image to train on.
    """
    count = len(split.labels)
    if not 0 <= validation < count:
        raise ValueError(
            f"train_validation_split: validation must be 0 to {count - 1}, to leave at least one of "
            f"{count} images to train on, not {validation}."
        )
    _check_seed(seed)
    if validation == 0:  # avoids a copy
        return split, split.first(0)
    aside = np.zeros(count, bool)
    aside[_permutation(count, seed, _SPLITTING)[:validation]] = True
    return Split(split.images[~aside], split.labels[~aside]), Split(split.images[aside], split.labels[aside])


def _standardization(mean: ArrayLike, std: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scale and shift, each (1, 3, 1, 1): (pixel / 255 - mean) / std = pixel · scale + shift."""
    mean, std = np.asarray(mean, np.float64), np.asarray(std, np.float64)
    if mean.shape != (3,) or std.shape != (3,) or not np.isfinite(mean).all():
        raise ValueError(f"Loader: mean and std must be three finite numbers each, not {mean} and {std}.")
    if not (np.isfinite(std) & (std > 0)).all():
        raise ValueError(f"Loader: std must be above 0 in each channel, not {std}; is a channel constant?")
    scale, shift = 1 / (255 * std), -mean / std
    return scale.astype(np.float32).reshape(1, 3, 1, 1), shift.astype(np.float32).reshape(1, 3, 1, 1)


def _permutation(count: int, seed: int, *stream: int) -> NDArray[np.int64]:
    raw = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=stream)).random_raw(count)
    return np.argsort(raw, kind="stable").astype(np.int64)


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"seed must not be negative, but is {seed}.")
