"""CIFAR-10 as NumPy arrays, from either published layout.

The binary layout consists of records of one label byte and 3,072 pixel bytes; the Python layout
consists of pickles. A pickle can call any function while it is read, so these are not unpickled:
`batch_pickle` reads plain data and descriptions of arrays, and this module builds the arrays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import platformdirs
from numpy.typing import NDArray

from examples.experiments.support import job
from examples.experiments.support.borrowed import module_of_autograd

if TYPE_CHECKING:
    from autograd.vision import batch_pickle
else:
    batch_pickle = module_of_autograd("autograd.vision.batch_pickle")

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
PIXELS = 3 * 32 * 32
RECORD = 1 + PIXELS  # bytes
# Mean and standard deviation of red, green and blue in the published training images, for pixels in [0, 1]
STATISTICS = ((0.49140, 0.48216, 0.44653), (0.24703, 0.24349, 0.26159))
MOST_BYTES = 64 << 20  # twice a published batch; a larger file is not CIFAR-10 and could fill the memory


class DataError(Exception):
    """The data cannot be used. The text says which file, what is wrong, and what to do."""


class Split(NamedTuple):
    """Images and their classes: images uint8 (N, 3, 32, 32) in 0..255, labels int64 (N,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def first(self, count: int | None) -> Split:
        """Return the first images, as views; all of them if count is None."""
        return Split(self.images[:count], self.labels[:count])


@dataclass(frozen=True)
class Cifar10:
    """Both splits, the ten class names in label order, a description of the source, and the folder.

    `real` is False for images that `synthetic.make` generated. `published` says whether the training images of a
    complete set have the mean and the standard deviation of the published ones: images that were stored with loss, as
    JPEG does, have others.
    """

    train: Split
    test: Split
    classes: tuple[str, ...]
    source: str
    folder: Path | None = None
    real: bool = True
    published: bool | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """The description that results store."""
        known = {} if self.published is None else {"published": self.published}
        return {"source": self.source, "real": self.real, **known}

    def __str__(self) -> str:
        """Return a sentence with the folder; results, which are published, contain only the source."""
        return f"{self.source}{f', from {self.folder}' if self.folder else ''}."


def load(data_dir: Path | None, *, allow_download: bool = True) -> Cifar10:
    """Load CIFAR-10 from the first available source.

    The order is: ``data_dir``; the folder in the variable ``CIFAR10_DIR``; the user's cache;
    a download of the published archive into that cache; the built-in synthetic set, with a
    warning on stderr. A requested folder is never skipped: if it cannot be used, that is an
    error. In a batch job the lack of real images is an error, too.

    Raises
    ------
    DataError
        ``data_dir`` or the folder in ``CIFAR10_DIR`` does not contain complete CIFAR-10 data, or
        this is a batch job and no real images are available.
    """
    if data_dir is not None:
        return read_folder(Path(data_dir))
    if named := os.environ.get("CIFAR10_DIR"):
        try:
            return read_folder(Path(named))
        except DataError as error:
            raise DataError(f"The variable CIFAR10_DIR does not name usable data. {error}") from error
    # Imported here: synthetic.py and download.py need this file's classes, and pooch is slow to start.
    from examples.experiments.support.data import download, synthetic

    cache = cache_folder()
    damaged = False
    if os.path.lexists(cache):
        try:
            return read_folder(cache)
        except DataError as error:
            damaged = True
            _say(f"The cached copy of CIFAR-10 is damaged. {error}")
    reason = "no copy is on this machine, and downloading was switched off"
    if allow_download:
        _say(f"Downloading CIFAR-10 from {download.PUBLISHED.url} to {cache}.")
        try:
            download.fetch(cache, replace=damaged)
            return read_folder(cache)
        except DataError as error:
            reason = f"no copy is on this machine, and the download failed: {str(error).rstrip('.')}"
    if job.in_batch():  # nobody watches, and a result from synthetic images would be mistaken for CIFAR-10
        raise DataError(
            f"There are no real images here: {reason}. A batch job uses generated ones only on request. Fetch "
            "CIFAR-10 with python -m examples.experiments.download where there is a network, and name its "
            "folder with --data-dir, or request the generated images with --synthetic."
        )
    _say(
        f"!!! THESE ARE NOT REAL IMAGES: using the built-in synthetic set, because {reason}. For CIFAR-10, "
        f"unpack {download.PUBLISHED.url} and name its folder with --data-dir or the variable CIFAR10_DIR."
    )
    return synthetic.make()


def cache_folder() -> Path:
    """Return the folder of this user for a download.

    Raises
    ------
    DataError
        The home folder of this user is unknown.
    """
    try:
        return platformdirs.user_cache_path("lucidgrad") / "cifar-10-batches-bin"
    except RuntimeError:
        raise DataError(
            "There is no folder to store CIFAR-10 in, because the home folder is unknown. Set the variable HOME, name "
            "the folder of the images with --data-dir or CIFAR10_DIR, or use generated images with --synthetic."
        ) from None


def read_folder(folder: Path) -> Cifar10:
    """Read CIFAR-10 from a folder with either published layout, or from its parent folder.

    Raises
    ------
    DataError
        A batch is missing, truncated, damaged, hostile or empty. The text names the file.
    """
    folder = folder.expanduser()
    if not folder.is_dir():
        what = "is a file; unpack it" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {what}. Name the folder that contains data_batch_1 … data_batch_5 and test_batch.")
    for place in (folder, folder / "cifar-10-batches-bin", folder / "cifar-10-batches-py"):
        for layout, suffix, read_batch, read_classes in _LAYOUTS:
            files = [place / (name + suffix) for name in BATCHES]
            if not any(file.exists() for file in files):
                continue
            if missing := [file.name for file in files if not file.exists()]:
                raise DataError(f"{place} lacks {', '.join(missing)}. Unpack the whole archive there again.")
            *batches, test = splits = [read_batch(file) for file in files]
            _check_counts(files, [len(split.labels) for split in splits])
            train = Split(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))
            counts = f"{len(train.labels):,} training and {len(test.labels):,} test images"
            source = f"CIFAR-10, {layout} layout, {counts}"
            return Cifar10(train, test, read_classes(place), source, place, published=_is_published(train))
    raise DataError(
        f"{folder} does not contain CIFAR-10: neither data_batch_1.bin … test_batch.bin (binary layout) nor "
        "data_batch_1 … test_batch (Python layout). Unpack a published archive, and name its folder."
    )


def _is_published(train: Split) -> bool | None:
    """Return whether images have the statistics of the published ones, or None if they are not as many."""
    if len(train.labels) != 50_000:
        return None
    from examples.experiments.support.data.loader import channel_statistics  # which imports this module

    return bool(np.allclose(channel_statistics(train.images), STATISTICS, rtol=0, atol=2e-5))


def _check_counts(files: list[Path], counts: list[int]) -> None:
    """Raise if a file was truncated between two images: all published batches have equally many."""
    usual = max(sorted(counts, reverse=True), key=counts.count)
    for file, count in zip(files, counts, strict=True):
        if count != usual:
            raise DataError(
                f"{file} contains {count:,} images, the other batches {usual:,}. One of them is truncated or from "
                "another data set. Unpack the whole archive again."
            )


def _read(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size == 0:
            raise DataError(f"{file} is empty. Unpack the archive again.")
        if size > MOST_BYTES:
            raise DataError(f"{file} has {size:,} bytes; no file of CIFAR-10 has more than {MOST_BYTES:,}.")
        with file.open("rb") as opened:
            return opened.read(size)  # no more, even if the file grows meanwhile
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}. Check permissions and disk.") from error


def _split(file: Path, pixels: NDArray[Any], labels: NDArray[Any]) -> Split:
    """Return a validated Split from pixels uint8 (N, 3072) and integer labels (N,)."""
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS or not len(pixels):
        raise DataError(f"{file}: images must be uint8 (N, {PIXELS}), not {pixels.dtype} {pixels.shape}.")
    if labels.dtype.kind not in "iu" or labels.shape != (len(pixels),):
        raise DataError(
            f"{file}: labels must be integers ({len(pixels)},), one per image, not {labels.dtype} {labels.shape}."
        )
    wrong = np.flatnonzero((labels < 0) | (labels > 9))
    if len(wrong):
        where = f"image {wrong[0]} has the label {labels[wrong[0]]}"
        raise DataError(f"{file}: {where}; labels go from 0 to 9. Unpack the archive again.")
    return Split(np.ascontiguousarray(pixels).reshape(-1, 3, 32, 32), labels.astype(np.int64))


def _checked_classes(file: Path, names: list[str]) -> tuple[str, ...]:
    if len(names) != 10:
        raise DataError(f"{file} names {len(names)} classes instead of ten. Unpack the archive again.")
    return tuple(names)


def _read_binary(file: Path) -> Split:
    content = _read(file)
    if len(content) % RECORD:
        raise DataError(
            f"{file} is truncated or damaged: {len(content):,} bytes are not a whole number of "
            f"{RECORD}-byte images. Unpack the archive again."
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return _split(file, records[:, 1:], records[:, 0])


def _binary_classes(folder: Path) -> tuple[str, ...]:
    file = folder / "batches.meta.txt"
    if not file.exists():  # the names are known; the six batches are enough
        return CLASSES
    return _checked_classes(file, _read(file).decode("utf-8", "replace").split())


def _unpickle(file: Path) -> dict[str, Any]:
    try:
        content = batch_pickle.read(_read(file))
    except batch_pickle.ForbiddenName as error:
        raise DataError(
            f"{file} refers to {error} and was rejected: a CIFAR-10 batch contains only NumPy arrays and lists, "
            "nothing that runs. Do not use this file; download it again from its publisher."
        ) from None
    except batch_pickle.PickleError as error:
        raise DataError(
            f"{file} is truncated, damaged, or not a pickle of plain data: {error}. Unpack the archive again."
        ) from None
    if not isinstance(content, dict):
        raise DataError(f"{file} contains a {type(content).__name__} where CIFAR-10 has a dictionary.")
    return content


def _array(file: Path, key: str, value: object) -> NDArray[Any]:
    """Return the array that the pickle describes, or an array of a list of integers; reject anything else."""
    try:
        return batch_pickle.array_of(value)
    except batch_pickle.PickleError as error:
        raise DataError(f"{file}: {key} {error}.") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{file}: {key} is a damaged array ({error}). Unpack the archive again.") from error


def _read_python(file: Path) -> Split:
    content = _unpickle(file)
    return _split(file, *(_array(file, key, content.get(key)) for key in ("data", "labels")))


def _python_classes(folder: Path) -> tuple[str, ...]:
    file = folder / "batches.meta"
    if not file.exists():
        return CLASSES
    names = _unpickle(file).get("label_names")
    if not isinstance(names, list) or not all(batch_pickle.text(name) for name in names):
        raise DataError(f"{file}: label_names is missing or not a list of names. Unpack the archive again.")
    return _checked_classes(file, [batch_pickle.text(name) for name in names])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_Layout = tuple[str, str, Callable[[Path], Split], Callable[[Path], tuple[str, ...]]]
_LAYOUTS: tuple[_Layout, ...] = (
    ("binary", ".bin", _read_binary, _binary_classes),
    ("Python", "", _read_python, _python_classes),
)
