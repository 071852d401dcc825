"""Data sets of images in local files, in the layouts they are published in: torchvision.datasets.

Nothing is downloaded: `download=True` raises a sentence that says which files to put where, unless they are there.
An image is one of Pillow's; without Pillow, an array of uint8, (H, W) or (H, W, C).  No file's content is executed.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import autograd
from autograd.tensor import Tensor, wrap
from autograd.types import Array
from autograd.utils.data import Dataset
from autograd.vision import batch_pickle, images
from autograd.vision.functional import to_pil_image

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "KMNIST",
    "MNIST",
    "DatasetFolder",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "VisionDataset",
]

Transform = Callable[[Any], Any]
IMAGE_FILES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class VisionDataset(Dataset[Any]):
    """What the data sets share: a folder, and transforms of images and targets.

    Parameters
    ----------
    root : str or path
        The folder that has the files.
    transforms : callable, optional
        Of an image and its target; in place of the next two.
    transform, target_transform : callable, optional
        Of an image; of a target.

    Raises
    ------
    ValueError
        If transforms is given and transform or target_transform too.
    NotImplementedError
        When a subclass without __len__ is asked for its length.

    Examples
    --------
    >>> from autograd.vision.datasets import VisionDataset
    >>> class Squares(VisionDataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return self._transformed(index**2, index)
    >>> Squares(transform=float)[3]
    (9.0, 3)
    """

    def __init__(
        self,
        root: str | os.PathLike[str] = "",
        transforms: Callable[[Any, Any], Any] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError(f"{type(self).__name__}: transforms is in place of transform and target_transform")
        self.root = os.path.expanduser(root)
        self.transforms, self.transform, self.target_transform = transforms, transform, target_transform

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        if self.transforms is not None:
            pair: tuple[Any, Any] = self.transforms(image, target)
            return pair
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a data set needs __len__(self)")

    def extra_repr(self) -> str:
        """Lines to be added to what is printed."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]
        lines += [f"Root location: {self.root}"] if self.root else []
        lines += self.extra_repr().splitlines()
        lines += [f"Transform: {self.transform!r}"] if self.transform is not None else []
        return "\n    ".join([f"Dataset {type(self).__name__}", *lines])


def _image(array: Array) -> Any:
    return array if images.pillow() is None else to_pil_image(array)


def _read(file: Path, most: int, name: str) -> bytes:
    """The content of a file, uncompressed if its name ends in .gz; at most `most` bytes."""
    try:
        with file.open("rb") as raw, gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw as opened:
            content: bytes = opened.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise RuntimeError(f"{name}: {file} cannot be read: {error}; copy it again") from error
    if len(content) > most:
        raise RuntimeError(
            f"{name}: {file} has more than {most:,} bytes, and no file of the data set has; copy it again"
        )
    return content


def _absent(name: str, folder: Path, files: Sequence[str], download: bool, archive: str = "") -> RuntimeError:
    start = "download=True does nothing, because lucidgrad downloads no data; " if download else ""
    return RuntimeError(
        f"{name}: {start}the data set is not in {folder}. Put its published files there: {', '.join(files)}{archive}"
    )


class MNIST(VisionDataset):
    """70,000 handwritten digits of 28 × 28 pixels  (LeCun, Cortes, Burges).

    Parameters
    ----------
    root : str or path
        root/MNIST/raw has the published files, train-images-idx3-ubyte and three others, compressed (.gz) or not.
    train : bool
        The 60,000 images for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Of an image; of its class.
    download : bool
        Accepted; nothing is downloaded, and the error says which files are missing.

    Attributes
    ----------
    data : Tensor
        Images, uint8 (N, 28, 28).
    targets : Tensor
        Classes, int64 (N,).
    classes : list of str

    Raises
    ------
    RuntimeError
        A file is missing or damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from autograd.vision import datasets
    >>> with tempfile.TemporaryDirectory() as root:  # two images in the format of the published files
    ...     raw = Path(root, "MNIST", "raw")
    ...     raw.mkdir(parents=True)
    ...     n, h, w = (size.to_bytes(4, "big") for size in (2, 28, 28))
    ...     _ = (raw / "train-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3]) + n + h + w + bytes(2 * 28 * 28))
    ...     _ = (raw / "train-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1]) + n + bytes([7, 2]))
    ...     data = datasets.MNIST(root)
    >>> image, label = data[0]
    >>> len(data), image.size, data.classes[label]
    (2, (28, 28), '7 - seven')
    """

    classes: ClassVar[list[str]] = [
        *("0 - zero", "1 - one", "2 - two", "3 - three", "4 - four"),
        *("5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine"),
    ]

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        kind = "train" if train else "t10k"
        names = (f"{kind}-images-idx3-ubyte", f"{kind}-labels-idx1-ubyte")
        pixels, labels = (self._array(name, download) for name in names)
        if pixels.ndim != 3 or labels.shape != (len(pixels),):
            raise RuntimeError(
                f"{type(self).__name__}: {names[0]} has {pixels.shape} and {names[1]} {labels.shape}, where (N, 28, "
                "28) and (N,) are expected; copy them again"
            )
        self.data = wrap(pixels, requires_grad=False)
        self.targets = wrap(labels.astype(np.int64), requires_grad=False)

    @property
    def raw_folder(self) -> str:
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.classes)}

    def _array(self, name: str, download: bool) -> Array:
        """The array of a file in the format IDX: two zeros, a dtype, the number of sizes, the sizes, the elements."""
        dataset, folder = type(self).__name__, Path(self.raw_folder)
        file = next((f for f in (folder / name, folder / f"{name}.gz") if f.is_file()), None)
        if file is None:
            kinds = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
            raise _absent(dataset, folder, [f"{kind}-ubyte.gz" for kind in kinds], download)
        content = _read(file, 64 << 20, dataset)
        count = content[3] if len(content) > 3 else 0
        start = 4 + 4 * count
        sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
        # Python's integers do not overflow, as the product of hostile sizes would in NumPy.
        total = 1
        for size in sizes:
            total *= size
        if content[:3] != b"\x00\x00\x08" or count not in (1, 3) or len(content) != start + total:
            raise RuntimeError(f"{dataset}: {file} is damaged, or no file of the data set; copy it again")
        return np.frombuffer(bytearray(content), np.uint8, offset=start).reshape(sizes)

    def __len__(self) -> int:
        return len(self.data.array)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(_image(self.data.array[index]), int(self.targets.array[index]))

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """70,000 articles of clothing, in files as those of MNIST  (Xiao et al., arXiv:1708.07747).

    Parameters
    ----------
    root : str or path
        root/FashionMNIST/raw has the published files, which are named as those of MNIST, compressed (.gz) or not.
    train : bool
        The 60,000 images for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Of an image; of its class.
    download : bool
        Accepted; nothing is downloaded, and the error says which files are missing.

    Raises
    ------
    RuntimeError
        A file is missing or damaged.

    Examples
    --------
    >>> from autograd.vision import datasets
    >>> datasets.FashionMNIST.classes[:3]
    ['T-shirt/top', 'Trouser', 'Pullover']
    """

    classes: ClassVar[list[str]] = [
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ]


class KMNIST(MNIST):
    """70,000 cursive Japanese characters, in files as those of MNIST  (Clanuwat, arXiv:1812.01718).

    Parameters
    ----------
    root : str or path
        root/KMNIST/raw has the published files, which are named as those of MNIST, compressed (.gz) or not.
    train : bool
        The 60,000 images for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Of an image; of its class.
    download : bool
        Accepted; nothing is downloaded, and the error says which files are missing.

    Raises
    ------
    RuntimeError
        A file is missing or damaged.

    Examples
    --------
    >>> from autograd.vision import datasets
    >>> datasets.KMNIST.classes[:3]
    ['o', 'ki', 'su']
    """

    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


class CIFAR10(VisionDataset):
    """60,000 color photos of 32 × 32 pixels in ten classes  (Krizhevsky, 2009).

    Parameters
    ----------
    root : str or path
        root/cifar-10-batches-py is the folder that the published archive of the Python version unpacks to.
    train : bool
        The 50,000 images for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Of an image; of its class.
    download : bool
        Accepted; nothing is downloaded, and the error says which files are missing.

    Attributes
    ----------
    data : array
        Images, uint8 (N, 32, 32, 3).
    targets : list of int
    classes : list of str

    Raises
    ------
    RuntimeError
        A file is missing, damaged, or has anything but plain arrays and lists: the pickles are not executed.

    Examples
    --------
    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from autograd.vision import datasets
    >>> with tempfile.TemporaryDirectory() as root:  # one image in the format of the published files
    ...     folder = Path(root, "cifar-10-batches-py")
    ...     folder.mkdir()
    ...     batch = {"data": np.zeros((1, 3072), np.uint8), "labels": [1]}
    ...     _ = (folder / "test_batch").write_bytes(pickle.dumps(batch, 2))
    ...     _ = (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["airplane", "automobile"]}, 2))
    ...     data = datasets.CIFAR10(root, train=False)
    >>> image, label = data[0]
    >>> len(data), image.size, data.classes[label]
    (1, (32, 32), 'automobile')
    """

    base_folder = "cifar-10-batches-py"
    archive = "cifar-10-python.tar.gz"
    train_list: ClassVar[list[str]] = [f"data_batch_{i}" for i in range(1, 6)]
    test_list: ClassVar[list[str]] = ["test_batch"]
    meta = ("batches.meta", "label_names")
    labels_key = "labels"
    images_per_file = 10_000

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        self._folder = Path(self.root) / self.base_folder
        names = self.train_list if train else self.test_list
        if missing := [name for name in (*names, self.meta[0]) if not (self._folder / name).is_file()]:
            raise _absent(type(self).__name__, self._folder, missing, download, f", from {self.archive}")
        parts = [self._batch(name) for name in names]
        pixels = np.concatenate([part[0] for part in parts])
        self.data = np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.targets: list[int] = [label for part in parts for label in part[1].tolist()]
        found = self._content(self.meta[0]).get(self.meta[1])
        names = [batch_pickle.text(name) for name in found] if isinstance(found, list) else []
        self.classes = names
        if not self.classes or not all(0 <= label < len(self.classes) for label in self.targets):
            raise self._damaged(self.meta[0], f"{len(self.classes)} classes do not fit the labels")

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.classes)}

    def _damaged(self, name: str, why: object) -> RuntimeError:
        return RuntimeError(
            f"{type(self).__name__}: {self._folder / name} is no batch of the data set ({why}); unpack {self.archive} "
            "from its publisher again"
        )

    def _content(self, name: str) -> dict[str, Any]:
        content = _read(self._folder / name, 8192 * self.images_per_file, type(self).__name__)
        try:
            found = batch_pickle.read(content, self.images_per_file)
        except batch_pickle.ForbiddenName as error:
            raise self._damaged(name, f"it refers to {error}, and a batch has nothing that runs") from None
        except batch_pickle.PickleError as error:
            raise self._damaged(name, error) from None
        if not isinstance(found, dict):
            raise self._damaged(name, f"it has a {type(found).__name__} in place of a dict")
        return found

    def _batch(self, name: str) -> tuple[Array, Array]:
        content = self._content(name)
        try:
            pixels, labels = (batch_pickle.array_of(content.get(key)) for key in ("data", self.labels_key))
        except (batch_pickle.PickleError, TypeError, ValueError, OverflowError) as error:
            raise self._damaged(name, error) from None
        if pixels.dtype != np.uint8 or pixels.shape != (len(labels), 3072):
            raise self._damaged(name, f"its images are {pixels.dtype} {pixels.shape}, for labels {labels.shape}")
        return pixels, labels

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(_image(self.data[index]), self.targets[index])

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """60,000 color photos of 32 × 32 pixels in 100 classes  (Krizhevsky, 2009).

    Parameters
    ----------
    root : str or path
        root/cifar-100-python is the folder that the published archive of the Python version unpacks to.
    train : bool
        The 50,000 images for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Of an image; of its class.
    download : bool
        Accepted; nothing is downloaded, and the error says which files are missing.

    Raises
    ------
    RuntimeError
        A file is missing, damaged, or has anything but plain arrays and lists: the pickles are not executed.

    Examples
    --------
    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from autograd.vision import datasets
    >>> with tempfile.TemporaryDirectory() as root:  # one image in the format of the published files
    ...     folder = Path(root, "cifar-100-python")
    ...     folder.mkdir()
    ...     batch = {"data": np.zeros((1, 3072), np.uint8), "fine_labels": [1]}
    ...     _ = (folder / "test").write_bytes(pickle.dumps(batch, 2))
    ...     _ = (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": ["apple", "aquarium_fish"]}, 2))
    ...     data = datasets.CIFAR100(root, train=False)
    >>> data.classes[data[0][1]]
    'aquarium_fish'
    """

    base_folder = "cifar-100-python"
    archive = "cifar-100-python.tar.gz"
    train_list: ClassVar[list[str]] = ["train"]
    test_list: ClassVar[list[str]] = ["test"]
    meta = ("meta", "fine_label_names")
    labels_key = "fine_labels"
    images_per_file = 50_000


class FakeData(VisionDataset):
    """Images of noise with random classes; those of an index are always the same.

    Parameters
    ----------
    size : int
        Number of images.
    image_size : (int, int, int)
        Channels, height, width.
    num_classes : int
        Classes are from 0 to num_classes - 1.
    transform, target_transform : callable, optional
        Of an image; of its class.
    random_offset : int
        Added to the index that seeds an image.

    Raises
    ------
    IndexError
        When an image is asked for whose index is not from 0 to size - 1.

    Examples
    --------
    >>> from autograd.vision import datasets, transforms
    >>> data = datasets.FakeData(size=5, image_size=(3, 8, 10), transform=transforms.ToTensor())
    >>> image, label = data[0]
    >>> len(data), image.shape, image.equal(data[0][0])
    (5, (3, 8, 10), True)
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: Sequence[int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__("", transform=transform, target_transform=target_transform)
        self.size, self.image_size, self.num_classes = size, tuple(image_size), num_classes
        self.random_offset = random_offset

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not 0 <= index < self.size:
            raise IndexError(f"FakeData: index {index} is out of range for {self.size} images")
        source = autograd.Generator().manual_seed(index + self.random_offset)
        noise: Tensor = autograd.randn(*self.image_size, generator=source)
        target = int(autograd.randint(0, self.num_classes, (1,), generator=source).item())
        pixels = (noise.array.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        return self._transformed(_image(np.ascontiguousarray(pixels)), target)


def _load_image(path: str) -> Any:
    module = images.need_pillow("ImageFolder")
    with open(path, "rb") as file:
        return module.open(file).convert("RGB")


class DatasetFolder(VisionDataset):
    """Files in a folder for each class: root/CLASS/…/file.

    Parameters
    ----------
    root : str or path
        The folder of the folders.
    loader : callable
        Reads a file, given its path.
    extensions : tuple of str, optional
        What a file's name must end with.
    transform, target_transform : callable, optional
        Of what was read; of its class.
    is_valid_file : callable, optional
        In place of `extensions`: whether a path is a file to be read.

    Attributes
    ----------
    classes : list of str
        Names of the folders, sorted.
    class_to_idx : dict
    samples : list of (str, int)
        Paths and classes.
    targets : list of int

    Raises
    ------
    FileNotFoundError
        There is no folder in `root`, or one has no files.
    ValueError
        Unless one of extensions and is_valid_file is given.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from autograd.vision import datasets
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for word, number in (("even", "4"), ("odd", "7")):
    ...         Path(root, word).mkdir()
    ...         _ = Path(root, word, "one.txt").write_text(number)
    ...     data = datasets.DatasetFolder(root, loader=lambda path: int(Path(path).read_text()), extensions=(".txt",))
    ...     data.classes, data[0], data[1]
    (['even', 'odd'], (4, 0), (7, 1))
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if (extensions is None) == (is_valid_file is None):
            raise ValueError(f"{type(self).__name__}: give either extensions or is_valid_file")
        self.loader, self.extensions = loader, extensions
        self.classes = sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir())
        if not self.classes:
            raise FileNotFoundError(f"{type(self).__name__}: {self.root} has no folder; each class needs one")
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.samples: list[tuple[str, int]] = []
        for name, target in self.class_to_idx.items():
            found = [
                os.path.join(folder, file)
                for folder, _, files in sorted(os.walk(os.path.join(self.root, name), followlinks=True))
                for file in sorted(files)
                if (
                    is_valid_file(os.path.join(folder, file))
                    if is_valid_file
                    else file.lower().endswith(extensions or ())
                )
            ]
            if not found:
                what = f" that end in {', '.join(extensions)}" if extensions else ""
                raise FileNotFoundError(f"{type(self).__name__}: the folder {name} of {self.root} has no files{what}")
            self.samples += [(path, target) for path in found]
        self.targets = [target for _, target in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)


class ImageFolder(DatasetFolder):
    """Images in a folder for each class: root/CLASS/…/image.png.

    Parameters
    ----------
    root : str or path
        The folder of the folders.
    transform, target_transform : callable, optional
        Of an image; of its class.
    loader : callable
        Reads a file, given its path.  Default: an image of Pillow in RGB.
    is_valid_file : callable, optional
        Whether a path is a file to be read.  Default: what ends in .jpg, .png or another usual extension.

    Raises
    ------
    FileNotFoundError
        There is no folder in `root`, or one has no files.
    ImportError
        When an image is read without Pillow.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import autograd
    >>> from autograd.vision import datasets, utils
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for word in ("cat", "dog"):
    ...         Path(root, word).mkdir()
    ...         utils.save_image(autograd.rand(3, 6, 8), Path(root, word, "one.png"))
    ...     data = datasets.ImageFolder(root)
    ...     image, label = data[1]
    >>> data.classes[label], image.size  # Pillow's size is (width, height)
    ('dog', (8, 6))
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = _load_image,
        is_valid_file: Callable[[str], bool] | None = None,
    ) -> None:
        extensions = IMAGE_FILES if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file)
        self.imgs = self.samples
