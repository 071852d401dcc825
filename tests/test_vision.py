"""Data sets in published layouts, transforms of the three kinds of images, and grids."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autograd
from autograd.vision import datasets, functional as F, transforms as T, utils

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def write_mnist(root: Path, cut: int = 0) -> np.ndarray:
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), np.uint8)
    content = idx(images)
    (folder / "train-images-idx3-ubyte").write_bytes(content[: len(content) - cut])
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.array([7, 0, 9], np.uint8))))
    return images


def test_mnist(tmp_path: Path) -> None:
    images = write_mnist(tmp_path)
    data = datasets.MNIST(tmp_path, train=True, download=True, transform=T.ToTensor())
    x, y = data[2]
    assert len(data) == 3 and y == 9 and data.targets.tolist() == [7, 0, 9]
    np.testing.assert_array_equal(x.numpy(), (images[2] / np.float32(255))[None])
    with pytest.raises(
        RuntimeError, match=r"the data set is not in .*raw. Put its published files there: train-images"
    ):
        datasets.MNIST(tmp_path, train=False, download=True)


def test_mnist_that_is_cut_off(tmp_path: Path) -> None:
    write_mnist(tmp_path, cut=1)
    with pytest.raises(RuntimeError, match="is damaged"):
        datasets.MNIST(tmp_path)


def write_cifar_100(root: Path, **content: Any) -> None:
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True)
    (folder / "train").write_bytes(pickle.dumps(content, 2))
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": ["apple", "bear"]}, 2))


def test_cifar_100(tmp_path: Path) -> None:
    pixels = np.arange(2 * 3072, dtype=np.int64).astype(np.uint8).reshape(2, 3072)
    write_cifar_100(tmp_path, data=pixels, fine_labels=[1, 0])
    data = datasets.CIFAR100(tmp_path)
    image, label = data[0]
    assert label == 1 and data.classes == ["apple", "bear"]
    np.testing.assert_array_equal(np.asarray(image), pixels[0].reshape(3, 32, 32).transpose(1, 2, 0))


def test_a_pickle_that_runs_something_is_refused(tmp_path: Path) -> None:
    write_cifar_100(tmp_path, data=print, fine_labels=[1, 0])
    with pytest.raises(RuntimeError, match=r"refers to .*print, and a batch has nothing that runs"):
        datasets.CIFAR100(tmp_path)


def test_image_folder(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        Image.fromarray(PIXELS).save(tmp_path / name / "1.png")
    data = datasets.ImageFolder(tmp_path, transform=T.PILToTensor())
    assert data.classes == ["a", "b"] and data[1][1] == 1
    np.testing.assert_array_equal(data[1][0].numpy(), PIXELS.transpose(2, 0, 1))


CALLS = {
    "hflip": lambda x: F.hflip(x),
    "vflip": lambda x: F.vflip(x),
    "crop": lambda x: F.crop(x, -1, 3, 7, 9),
    "center_crop": lambda x: F.center_crop(x, (12, 6)),
    "pad": lambda x: F.pad(x, [1, 2, 3, 0], padding_mode="reflect"),
    "fill": lambda x: F.pad(x, 1, fill=(1, 2, 3)),
    "rotate": lambda x: F.rotate(x, 90, expand=True),
    "affine": lambda x: F.affine(x, 0, (2, -1), 1.0, 0.0),
    "resize": lambda x: F.resize(x, 5, T.InterpolationMode.NEAREST),
    "invert": lambda x: F.invert(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_kinds_of_images_agree(name: str) -> None:
    pil = np.asarray(CALLS[name](Image.fromarray(PIXELS)))
    assert not np.array_equal(pil, PIXELS)
    np.testing.assert_array_equal(CALLS[name](PIXELS), pil)
    tensor = autograd.from_numpy(np.ascontiguousarray(PIXELS.transpose(2, 0, 1)))
    np.testing.assert_array_equal(CALLS[name](tensor).numpy().transpose(1, 2, 0), pil)


def test_places() -> None:
    x = autograd.arange(12.0).reshape(1, 3, 4)
    assert F.crop(x, 1, 2, 2, 3).tolist() == [[[6, 7, 0], [10, 11, 0]]]
    assert F.affine(x, 0, (1, 0), 1.0, 0.0)[0, 0].tolist() == [0, 0, 1, 2]  # one pixel to the right
    assert F.normalize(x, (1.0,), (2.0,))[0, 0].tolist() == [-0.5, 0, 0.5, 1]


def test_make_grid() -> None:
    grid = utils.make_grid(autograd.arange(1.0, 4.0).reshape(3, 1, 1, 1), nrow=2, padding=1, pad_value=9.0)
    wall = [9.0] * 5
    assert grid[1].tolist() == [wall, [9, 1, 9, 2, 9], wall, [9, 3, 9, 9, 9], wall]


def test_save_image(tmp_path: Path) -> None:
    utils.save_image(autograd.full((3, 2, 2), 0.5), tmp_path / "x.png")
    assert np.asarray(Image.open(tmp_path / "x.png")).tolist() == [[[128] * 3] * 2] * 2


def test_random_transforms_repeat_with_the_seed() -> None:
    change = T.Compose([T.RandomCrop(8, padding=2), T.RandomHorizontalFlip(), T.ColorJitter(0.4, 0.4, 0.4, 0.1)])
    runs = []
    for seed in (1, 1, 2):
        autograd.manual_seed(seed)
        runs.append(change(PIXELS))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
