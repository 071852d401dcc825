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
    """All of the transforms, in their order."""

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img


class RandomApply(_List):
    """All of the transforms with probability `p`, otherwise none."""

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
    """All of the transforms, in a random order."""

    def __call__(self, img: Any) -> Any:
        for i in autograd.randperm(len(self.transforms)).tolist():
            img = self.transforms[i](img)
        return img


class RandomChoice(_List):
    """One of the transforms."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        self.p = p

    def __call__(self, img: Any) -> Any:
        weights = [1.0] * len(self.transforms) if self.p is None else list(self.p)
        return self.transforms[int(autograd.multinomial(autograd.tensor(weights), 1).item())](img)


class Lambda(_Transform):
    """A function of the user's."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Lambda: expects a function, not a {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)


class ToTensor(_Transform):
    """An image of Pillow or an array as a tensor (C, H, W); uint8 is divided by 255."""

    def __call__(self, pic: Any) -> Tensor:
        return functional.to_tensor(pic)


class PILToTensor(_Transform):
    """An image of Pillow as a tensor (C, H, W) of the same elements."""

    def __call__(self, pic: Any) -> Tensor:
        return functional.pil_to_tensor(pic)


class ToPILImage(_Transform):
    """A tensor or an array as an image of Pillow."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return functional.to_pil_image(pic, self.mode)


class ConvertImageDtype(_Transform):
    """A tensor in another dtype; integers go from 0 to their largest value, floats from 0 to 1."""

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype = dtype

    def __call__(self, img: Tensor) -> Tensor:
        return functional.convert_image_dtype(img, self.dtype)


class Normalize(_Transform):
    """(x - mean) / std for each channel of a tensor of floats."""

    _shown = ("mean", "std")

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, tensor: Tensor) -> Tensor:
        return functional.normalize(tensor, self.mean, self.std, self.inplace)


class Resize(_Transform):
    """Another size: (height, width), or one number for the shorter side."""

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
    """The middle of an image."""

    _shown = ("size",)

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = _pair("CenterCrop", size)

    def __call__(self, img: Any) -> Any:
        return functional.center_crop(img, self.size)


class FiveCrop(_Transform):
    """The four corners and the middle: a tuple of five images."""

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
    """Borders: see `functional.pad`."""

    _shown = ("padding", "fill", "padding_mode")

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def __call__(self, img: Any) -> Any:
        return functional.pad(img, self.padding, self.fill, self.padding_mode)


class Grayscale(_Transform):
    """The luminance, in one channel or in three equal ones."""

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
    """Left and right exchanged, with probability `p`."""

    def _change(self, img: Any) -> Any:
        return functional.hflip(img)


class RandomVerticalFlip(_WithProbability):
    """Top and bottom exchanged, with probability `p`."""

    def _change(self, img: Any) -> Any:
        return functional.vflip(img)


class RandomInvert(_WithProbability):
    """The negative, with probability `p`."""

    def _change(self, img: Any) -> Any:
        return functional.invert(img)


class RandomGrayscale(_WithProbability):
    """The luminance in as many channels as before, with probability `p`."""

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
        Borders that are added first; see `functional.pad`.
    pad_if_needed : bool
        Pad an image that is smaller than `size`.
    fill, padding_mode
        Of the borders.
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
    interpolation, expand, center, fill
        See `functional.rotate`.
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
    translate : (float, float), optional
        The most that is moved, as fractions of width and height.
    scale : (low, high), optional
    shear : number, (low, high) along x, or (low, high, low, high) along x and y, optional
        Degrees.
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
    """A random rectangle of a tensor is overwritten, with probability `p`  (Zhong et al., arXiv:1708.04896).

    Parameters
    ----------
    p : float
    scale : (float, float)
        Bounds of its area, as a fraction of the image's.
    ratio : (float, float)
        Bounds of height / width.
    value : number, sequence of a number for each channel, or "random"
    inplace : bool
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
