"""Transforms of images, to be given to a data set: torchvision.transforms.

An image is one of Pillow's, a tensor (..., H, W), or an array (H, W) or (H, W, C) of uint8.  What is drawn comes from
`autograd.manual_seed`'s stream, so a DataLoader restores it.

    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.ToTensor()])
    >>> t(np.zeros((32, 32, 3), np.uint8)).shape
    (3, 32, 32)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd.tensor import Tensor
from autograd.types import DTypeLike
from autograd.vision import functional as functional
from autograd.vision.functional import InterpolationMode as InterpolationMode, pair as _pair
from autograd.vision.images import channels as _channels, is_number, size as _size

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "FiveCrop",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAffine",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ToPILImage",
    "ToTensor",
]


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * float(autograd.rand(1).item())


def _below(high: int) -> int:
    """A random integer from 0 to high - 1."""
    return int(autograd.randint(0, high, (1,)).item())


class _Transform:
    """What the transforms share: how they print, from the arguments named in `_shown`."""

    _shown: tuple[str, ...] = ()

    def __call__(self, img: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a transform needs __call__(self, img)")

    def forward(self, img: Any) -> Any:
        return self(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)}' for name in self._shown)})"


class _List(_Transform):
    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError(f"{type(self).__name__}: expects a list of transforms, not a {type(transforms).__name__}")
        self.transforms = transforms

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *(f"    {t}" for t in self.transforms), ")"])


class Compose(_List):
    """All of the transforms, in their order.

    Parameters
    ----------
    transforms : list of callables
        Each takes an image and returns one.

    Raises
    ------
    TypeError
        If transforms is no list or tuple.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.Compose([transforms.Pad(1), transforms.ToTensor()])
    >>> t(np.zeros((4, 4, 3), np.uint8)).shape
    (3, 6, 6)
    """

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img


class RandomApply(_List):
    """All of the transforms with probability `p`, otherwise none.

    Parameters
    ----------
    transforms : list of callables
        Each takes an image and returns one.
    p : float
        Probability, from 0 to 1.

    Raises
    ------
    TypeError
        If transforms is no list or tuple.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.RandomApply([transforms.Pad(1)], p=0.5)
    >>> t(np.zeros((4, 4), np.uint8)).shape in [(4, 4), (6, 6)]
    True
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = p

    def __call__(self, img: Any) -> Any:
        if self.p < _uniform(0, 1):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img


class RandomOrder(_List):
    """All of the transforms, in a random order.

    Parameters
    ----------
    transforms : list of callables
        Each takes an image and returns one.

    Raises
    ------
    TypeError
        If transforms is no list or tuple.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.RandomOrder([transforms.Pad(1), transforms.CenterCrop(4)])
    >>> t(np.zeros((4, 4), np.uint8)).shape in [(4, 4), (6, 6)]  # either may be the last
    True
    """

    def __call__(self, img: Any) -> Any:
        for i in autograd.randperm(len(self.transforms)).tolist():
            img = self.transforms[i](img)
        return img


class RandomChoice(_List):
    """One of the transforms, drawn for each image.

    Parameters
    ----------
    transforms : list of callables
        Each takes an image and returns one.
    p : sequence of float, optional
        Weight of each transform.  Default: equal weights.

    Raises
    ------
    TypeError
        If transforms is no list or tuple.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.RandomChoice([transforms.Pad(1), transforms.Pad(2)], p=[0.0, 1.0])
    >>> t(np.zeros((4, 4), np.uint8)).shape
    (8, 8)
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        self.p = p

    def __call__(self, img: Any) -> Any:
        weights = [1.0] * len(self.transforms) if self.p is None else list(self.p)
        return self.transforms[int(autograd.multinomial(autograd.tensor(weights), 1).item())](img)


class Lambda(_Transform):
    """A function of the user's as a transform.

    Parameters
    ----------
    lambd : callable
        Takes an image and returns one.

    Raises
    ------
    TypeError
        If lambd cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.Lambda(lambda image: 255 - image)
    >>> t(np.array([[0, 5]], np.uint8))
    array([[255, 250]], dtype=uint8)
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Lambda: expects a function, not a {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)


class ToTensor(_Transform):
    """An image of Pillow or an array as a tensor (C, H, W); uint8 is divided by 255.

    Raises
    ------
    TypeError, ValueError
        When it is called with anything else, or with an array of other than 2 or 3 dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.ToTensor()
    >>> t(np.array([[0, 51, 255]], np.uint8))
    tensor([[[0.0000, 0.2000, 1.0000]]])
    """

    def __call__(self, pic: Any) -> Tensor:
        return functional.to_tensor(pic)


class PILToTensor(_Transform):
    """An image of Pillow as a tensor (C, H, W) of the same elements.

    Raises
    ------
    TypeError
        When it is called with anything else.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> image = transforms.ToPILImage()(np.array([[0, 51, 255]], np.uint8))
    >>> transforms.PILToTensor()(image)
    tensor([[[  0,  51, 255]]], dtype=uint8)
    """

    def __call__(self, pic: Any) -> Tensor:
        return functional.pil_to_tensor(pic)


class ToPILImage(_Transform):
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as an image of Pillow.

    A tensor's floats are multiplied by 255.

    Parameters
    ----------
    mode : str, optional
        Pillow's mode of the image, such as "L" or "RGB".  Default: by the number of channels and the dtype.

    Raises
    ------
    ImportError
        When it is called without Pillow.
    TypeError, ValueError
        When it is called with anything else, or with more than 4 channels.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> image = transforms.ToPILImage()(np.zeros((20, 40, 3), np.uint8))
    >>> image.size, image.mode  # Pillow's size is (width, height)
    ((40, 20), 'RGB')
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return functional.to_pil_image(pic, self.mode)


class ConvertImageDtype(_Transform):
    """A tensor in another dtype; integers go from 0 to their largest value, floats from 0 to 1.

    Parameters
    ----------
    dtype : dtype
        Of the result.

    Examples
    --------
    >>> import autograd
    >>> from autograd.vision import transforms
    >>> t = transforms.ConvertImageDtype(autograd.float32)
    >>> t(autograd.tensor([[[0, 51, 255]]], dtype=autograd.uint8))
    tensor([[[0.0000, 0.2000, 1.0000]]])
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype = dtype

    def __call__(self, img: Tensor) -> Tensor:
        return functional.convert_image_dtype(img, self.dtype)


class Normalize(_Transform):
    """(x - mean) / std for each channel of a tensor of floats.

    Parameters
    ----------
    mean, std : sequence of float
        Of each channel.
    inplace : bool
        Whether to write the result to the tensor's memory.

    Raises
    ------
    TypeError, ValueError
        When it is called with anything but a tensor (..., C, H, W) of floats, or a std is 0.

    Examples
    --------
    >>> import autograd
    >>> from autograd.vision import transforms
    >>> t = transforms.Normalize(mean=[0.5, 0.0], std=[0.5, 2.0])
    >>> t(autograd.ones(2, 1, 1)).flatten()
    tensor([1.0000, 0.5000])
    """

    _shown = ("mean", "std")

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, tensor: Tensor) -> Tensor:
        return functional.normalize(tensor, self.mean, self.std, self.inplace)


class Resize(_Transform):
    """The image in another size.

    Parameters
    ----------
    size : int or (int, int)
        Height and width; one number is the shorter side, and the other keeps the aspect ratio.
    interpolation : InterpolationMode or int
        How pixels are resampled.
    max_size : int, optional
        The most that the longer side may be, if size is one number.
    antialias : bool
        Only True for tensors and arrays that become smaller; Pillow always does it.

    Raises
    ------
    ValueError, TypeError
        When it is called, if size, max_size or interpolation does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> image = np.zeros((20, 40, 3), np.uint8)
    >>> transforms.Resize((10, 10))(image).shape, transforms.Resize(10)(image).shape
    ((10, 10, 3), (10, 20, 3))
    """

    _shown = ("size", "interpolation", "max_size", "antialias")

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        self.size, self.interpolation, self.max_size, self.antialias = size, interpolation, max_size, antialias

    def __call__(self, img: Any) -> Any:
        return functional.resize(img, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(_Transform):
    """The middle of an image.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.  An image that is smaller is padded with zeros.

    Raises
    ------
    ValueError
        If size is neither one number nor two.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.CenterCrop(2)(np.arange(16).reshape(4, 4).astype(np.uint8))
    array([[ 5,  6],
           [ 9, 10]], dtype=uint8)
    """

    _shown = ("size",)

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = _pair("CenterCrop", size)

    def __call__(self, img: Any) -> Any:
        return functional.center_crop(img, self.size)


class FiveCrop(_Transform):
    """The four corners and the middle: a tuple of five images.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of each.

    Raises
    ------
    ValueError
        When it is called with an image that is smaller than size.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> corners = transforms.FiveCrop(1)(np.arange(9).reshape(3, 3).astype(np.uint8))
    >>> [int(c[0, 0]) for c in corners]
    [0, 2, 6, 8, 4]
    """

    _shown = ("size",)

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = _pair("FiveCrop", size)

    def __call__(self, img: Any) -> tuple[Any, ...]:
        rows, columns = _size("FiveCrop", img)
        height, width = self.size
        if height > rows or width > columns:
            raise ValueError(f"FiveCrop: size {self.size} is larger than the image, {(rows, columns)}")
        corners = [(0, 0), (0, columns - width), (rows - height, 0), (rows - height, columns - width)]
        cuts = [functional.crop(img, top, left, height, width) for top, left in corners]
        return (*cuts, functional.center_crop(img, self.size))


class Pad(_Transform):
    """Borders around an image.

    Parameters
    ----------
    padding : int, (int, int) or (int, int, int, int)
        Of all sides; left and right, top and bottom; or left, top, right, bottom.
    fill : number or sequence of numbers
        What a constant border is filled with.
    padding_mode : "constant", "edge", "reflect" or "symmetric"
        Whether borders are constant, repeat the outermost pixels, or mirror the image without or with these.

    Raises
    ------
    ValueError
        When it is called, if padding or padding_mode is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> image = np.array([[1, 2, 3]], np.uint8)
    >>> transforms.Pad((2, 0))(image), transforms.Pad((2, 0), padding_mode="reflect")(image)
    (array([[0, 0, 1, 2, 3, 0, 0]], dtype=uint8), array([[3, 2, 1, 2, 3, 2, 1]], dtype=uint8))
    """

    _shown = ("padding", "fill", "padding_mode")

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def __call__(self, img: Any) -> Any:
        return functional.pad(img, self.padding, self.fill, self.padding_mode)


class Grayscale(_Transform):
    """The luminance, 0.2989 R + 0.587 G + 0.114 B, in one channel or in three equal ones.

    Parameters
    ----------
    num_output_channels : 1 or 3

    Raises
    ------
    ValueError
        When it is called, if num_output_channels is neither 1 nor 3.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.Grayscale()(np.array([[[0, 100, 0]]], np.uint8))
    array([[[58]]], dtype=uint8)
    """

    _shown = ("num_output_channels",)

    def __init__(self, num_output_channels: int = 1) -> None:
        self.num_output_channels = num_output_channels

    def __call__(self, img: Any) -> Any:
        return functional.rgb_to_grayscale(img, self.num_output_channels)


class _WithProbability(_Transform):
    _shown = ("p",)

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def _change(self, img: Any) -> Any:
        raise NotImplementedError

    def __call__(self, img: Any) -> Any:
        return self._change(img) if _uniform(0, 1) < self.p else img


class RandomHorizontalFlip(_WithProbability):
    """Left and right exchanged with probability `p`.

    Parameters
    ----------
    p : float
        Probability, from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.RandomHorizontalFlip(p=1.0)(np.array([[1, 2, 3]], np.uint8))
    array([[3, 2, 1]], dtype=uint8)
    """

    def _change(self, img: Any) -> Any:
        return functional.hflip(img)


class RandomVerticalFlip(_WithProbability):
    """Top and bottom exchanged with probability `p`.

    Parameters
    ----------
    p : float
        Probability, from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.RandomVerticalFlip(p=1.0)(np.array([[1], [2]], np.uint8))
    array([[2],
           [1]], dtype=uint8)
    """

    def _change(self, img: Any) -> Any:
        return functional.vflip(img)


class RandomInvert(_WithProbability):
    """The negative, 255 - x or 1 - x of floats, with probability `p`.

    Parameters
    ----------
    p : float
        Probability, from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.RandomInvert(p=1.0)(np.array([[0, 55]], np.uint8))
    array([[255, 200]], dtype=uint8)
    """

    def _change(self, img: Any) -> Any:
        return functional.invert(img)


class RandomGrayscale(_WithProbability):
    """The luminance in as many channels as before, with probability `p`.

    Parameters
    ----------
    p : float
        Probability, from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.RandomGrayscale(p=1.0)(np.array([[[0, 100, 0]]], np.uint8))
    array([[[58, 58, 58]]], dtype=uint8)
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def _change(self, img: Any) -> Any:
        return functional.rgb_to_grayscale(img, _channels("RandomGrayscale", img))


class RandomCrop(_Transform):
    """A part of this size, at a random place.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    padding : int or sequence of int, optional
        Borders that are added first; see `Pad`.
    pad_if_needed : bool
        Pad an image that is smaller than `size`.
    fill, padding_mode
        Of the borders.

    Raises
    ------
    ValueError
        When it is called with an image that is smaller than size.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> image = np.arange(9).reshape(3, 3).astype(np.uint8)
    >>> part = transforms.RandomCrop(2)(image)
    >>> part - part[0, 0]  # wherever it is
    array([[0, 1],
           [3, 4]], dtype=uint8)
    """

    _shown = ("size", "padding")

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        self.size = _pair("RandomCrop", size)
        self.padding, self.pad_if_needed, self.fill, self.padding_mode = padding, pad_if_needed, fill, padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of a random part."""
        (rows, columns), (height, width) = _size("RandomCrop", img), output_size
        if rows < height or columns < width:
            raise ValueError(
                f"RandomCrop: size {output_size} is larger than the image, {(rows, columns)}; pad_if_needed=True pads"
            )
        if (rows, columns) == (height, width):
            return 0, 0, height, width
        return _below(rows - height + 1), _below(columns - width + 1), height, width

    def __call__(self, img: Any) -> Any:
        if self.padding is not None:
            img = functional.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            (rows, columns), (height, width) = _size("RandomCrop", img), self.size
            if columns < width:
                img = functional.pad(img, [width - columns, 0], self.fill, self.padding_mode)
            if rows < height:
                img = functional.pad(img, [0, height - rows], self.fill, self.padding_mode)
        return functional.crop(img, *self.get_params(img, self.size))


class RandomResizedCrop(_Transform):
    """A part of random area and aspect ratio, resized to `size`.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    scale : (float, float)
        Bounds of the part's area, as a fraction of the image's.
    ratio : (float, float)
        Bounds of width / height; its logarithm is uniform.
    interpolation : InterpolationMode or int
        How pixels are resampled.
    antialias : bool
        Only True for tensors and arrays that become smaller; Pillow always does it.

    Raises
    ------
    ValueError
        If size is neither one number nor two.

    References
    ----------
    Szegedy et al., "Going Deeper with Convolutions", 2015, section 6.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> transforms.RandomResizedCrop(8)(np.zeros((20, 40, 3), np.uint8)).shape
    (8, 8, 3)
    """

    _shown = ("size", "scale", "ratio", "interpolation", "antialias")

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        self.size = _pair("RandomResizedCrop", size)
        self.scale, self.ratio, self.interpolation, self.antialias = scale, ratio, interpolation, antialias

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Top, left, height and width of a random part; after ten that do not fit, the largest in the middle."""
        rows, columns = _size("RandomResizedCrop", img)
        for _ in range(10):
            area = rows * columns * _uniform(scale[0], scale[1])
            aspect = math.exp(_uniform(math.log(ratio[0]), math.log(ratio[1])))
            width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < width <= columns and 0 < height <= rows:
                return _below(rows - height + 1), _below(columns - width + 1), height, width
        height, width = rows, columns
        if columns / rows < min(ratio):
            height = round(columns / min(ratio))
        elif columns / rows > max(ratio):
            width = round(rows * max(ratio))
        return (rows - height) // 2, (columns - width) // 2, height, width

    def __call__(self, img: Any) -> Any:
        part = self.get_params(img, self.scale, self.ratio)
        return functional.resized_crop(img, *part, self.size, self.interpolation, self.antialias)


def _bounds(name: str, given: Any) -> tuple[float, float]:
    """(low, high) of those, or (-x, x) of one number."""
    if is_number(given):
        if given < 0:
            raise ValueError(f"{name} is {given}; one number must be at least 0")
        return -float(given), float(given)
    if len(given) != 2:
        raise ValueError(f"{name} is {given}; it must be one number, or (low, high)")
    return float(given[0]), float(given[1])


class RandomRotation(_Transform):
    """Turned by a random angle.

    Parameters
    ----------
    degrees : number or (low, high)
        One number d means (-d, d).
    interpolation : InterpolationMode or int
        How pixels are resampled.
    expand : bool
        Whether the result is as large as the turned image.
    center : (float, float), optional
        The point around which it is turned, from the upper left corner.  Default: the middle.
    fill : number or sequence of numbers
        Of pixels outside of the image.

    Raises
    ------
    ValueError
        If degrees is a negative number, or neither a number nor two.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.RandomRotation((90, 90))
    >>> t(np.array([[1, 2], [3, 4]], np.uint8))  # counterclockwise
    array([[2, 4],
           [1, 3]], dtype=uint8)
    """

    _shown = ("degrees", "interpolation", "expand", "fill")

    def __init__(
        self,
        degrees: Any,
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        self.degrees = _bounds("RandomRotation: degrees", degrees)
        self.interpolation, self.expand, self.center, self.fill = interpolation, expand, center, fill

    def __call__(self, img: Any) -> Any:
        angle = _uniform(*self.degrees)
        return functional.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)


class RandomAffine(_Transform):
    """Turned, moved, scaled and sheared by random amounts.

    Parameters
    ----------
    degrees : number or (low, high)
        Bounds of the angle.  One number d means (-d, d).
    translate : (float, float), optional
        The most that is moved, as fractions of width and height, from 0 to 1.
    scale : (low, high), optional
        Bounds of the factor, above 0.
    shear : number, (low, high) along x, or (low, high, low, high) along x and y, optional
        Bounds in degrees.  One number s means (-s, s).
    interpolation : InterpolationMode or int
        How pixels are resampled.
    fill : number or sequence of numbers
        Of pixels outside of the image.
    center : (float, float), optional
        The point around which it is turned, from the upper left corner.  Default: the middle.

    Raises
    ------
    ValueError
        If a bound is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.RandomAffine(degrees=10, translate=(0.1, 0.1), scale=(0.9, 1.1))
    >>> t(np.zeros((20, 40, 3), np.uint8)).shape
    (20, 40, 3)
    >>> t
    RandomAffine(degrees=(-10.0, 10.0), translate=(0.1, 0.1), scale=(0.9, 1.1), shear=None)
    """

    _shown = ("degrees", "translate", "scale", "shear")

    def __init__(
        self,
        degrees: Any,
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: Any = None,
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        self.degrees = _bounds("RandomAffine: degrees", degrees)
        if translate is not None and not all(0 <= t <= 1 for t in translate):
            raise ValueError(f"RandomAffine: translate is {translate}; its numbers must be from 0 to 1")
        if scale is not None and not all(s > 0 for s in scale):
            raise ValueError(f"RandomAffine: scale is {scale}; its numbers must be greater than 0")
        self.translate, self.scale = translate, scale
        self.shear = shear
        if shear is not None and (is_number(shear) or len(shear) != 4):
            self.shear = (*_bounds("RandomAffine: shear", shear), 0.0, 0.0)
        self.interpolation, self.fill, self.center = interpolation, fill, center

    def __call__(self, img: Any) -> Any:
        rows, columns = _size("RandomAffine", img)
        angle = _uniform(*self.degrees)
        moved = [0, 0]
        if self.translate is not None:
            most = (self.translate[0] * columns, self.translate[1] * rows)
            moved = [round(_uniform(-m, m)) for m in most]
        scale = 1.0 if self.scale is None else _uniform(self.scale[0], self.scale[1])
        shear = [0.0, 0.0]
        if self.shear is not None:
            shear = [_uniform(self.shear[0], self.shear[1]), _uniform(self.shear[2], self.shear[3])]
        return functional.affine(img, angle, moved, scale, shear, self.interpolation, self.fill, self.center)


class ColorJitter(_Transform):
    """Brightness, contrast, saturation and hue changed by random factors, in a random order.

    Parameters
    ----------
    brightness, contrast, saturation : float or (low, high)
        Bounds of the factor.  One number x means (max(0, 1 - x), 1 + x).
    hue : float or (low, high)
        Bounds of the change, within -0.5 and 0.5.  One number x means (-x, x).

    Raises
    ------
    ValueError
        If bounds are out of their range.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision import transforms
    >>> t = transforms.ColorJitter(brightness=(2.0, 2.0))
    >>> t(np.array([[[10, 20, 200]]], np.uint8))
    array([[[ 20,  40, 255]]], dtype=uint8)
    """

    _shown = ("brightness", "contrast", "saturation", "hue")

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        self.brightness = self._checked("brightness", brightness)
        self.contrast = self._checked("contrast", contrast)
        self.saturation = self._checked("saturation", saturation)
        self.hue = self._checked("hue", hue, 0.0, (-0.5, 0.5))

    @staticmethod
    def _checked(
        name: str, given: Any, center: float = 1.0, within: tuple[float, float] = (0.0, math.inf)
    ) -> tuple[float, float] | None:
        low, high = _bounds(f"ColorJitter: {name}", given)
        if is_number(given):
            low, high = center + low, center + high
            low = max(low, 0.0) if center else low
        if not within[0] <= low <= high <= within[1]:
            raise ValueError(f"ColorJitter: {name} is {given}; its bounds must be within {within}")
        return None if low == high == center else (low, high)

    def __call__(self, img: Any) -> Any:
        order = autograd.randperm(4).tolist()
        names = ("brightness", "contrast", "saturation", "hue")
        bounds = [getattr(self, name) for name in names]
        factors = [None if b is None else _uniform(*b) for b in bounds]
        for i in order:
            if factors[i] is not None:
                img = getattr(functional, f"adjust_{names[i]}")(img, factors[i])
        return img


class RandomErasing(_Transform):
    """A random rectangle of a tensor is overwritten, with probability `p`.

    Parameters
    ----------
    p : float
        Probability, from 0 to 1.
    scale : (float, float)
        Bounds of its area, as a fraction of the image's.
    ratio : (float, float)
        Bounds of height / width.
    value : number, sequence of a number for each channel, or "random"
        What the rectangle gets.
    inplace : bool
        Whether to write to the tensor's memory.

    Raises
    ------
    ValueError
        If value is another string, or p is not from 0 to 1.

    References
    ----------
    Zhong et al., "Random Erasing Data Augmentation", arXiv:1708.04896.

    Examples
    --------
    >>> import autograd
    >>> from autograd.vision import transforms
    >>> t = transforms.RandomErasing(p=1.0, scale=(0.25, 0.25), ratio=(1.0, 1.0))
    >>> t(autograd.ones(1, 4, 4)).sum()  # a square of 2 × 2 pixels is 0
    tensor(12.)
    """

    _shown = ("p", "scale", "ratio", "value", "inplace")

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        if isinstance(value, str) and value != "random":
            raise ValueError(f"RandomErasing: value is {value!r}; it must be numbers or 'random'")
        if not 0 <= p <= 1:
            raise ValueError(f"RandomErasing: p is {p}; it must be from 0 to 1")
        self.p, self.scale, self.ratio, self.value, self.inplace = p, scale, ratio, value, inplace

    def __call__(self, img: Tensor) -> Tensor:
        if _uniform(0, 1) >= self.p:
            return img
        rows, columns = _size("RandomErasing", img)
        for _ in range(10):
            area = rows * columns * _uniform(self.scale[0], self.scale[1])
            aspect = math.exp(_uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if not (height < rows and width < columns):
                continue
            top, left = _below(rows - height + 1), _below(columns - width + 1)
            if self.value == "random":
                value: Any = autograd.randn(img.shape[-3], height, width)
            elif is_number(self.value):
                value = self.value
            else:
                value = autograd.tensor([float(v) for v in self.value]).reshape(-1, 1, 1)
            return functional.erase(img, top, left, height, width, value, self.inplace)
        return img
