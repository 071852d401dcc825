"""Functions of images: torchvision.transforms.functional.

An image is one of Pillow's, a tensor (..., H, W), or an array (H, W) or (H, W, C) of uint8.  Each function returns
the kind it was given.  Resampling is Pillow's for all three, which is torchvision's with antialias=True.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from autograd.tensor import Tensor, wrap
from autograd.types import Array, DTypeLike
from autograd.vision import images
from autograd.vision.images import is_number


class InterpolationMode(Enum):
    """How pixels are resampled: a name for each of Pillow's filters.

    Parameters
    ----------
    value : str
        Such as "bilinear".
    names, module, qualname, type, start, boundary
        Of `enum.Enum`, for calls that make other enumerations.

    Raises
    ------
    ValueError
        If there is no such value.

    Examples
    --------
    >>> from autograd.vision.transforms import InterpolationMode
    >>> InterpolationMode("bilinear") is InterpolationMode.BILINEAR
    True
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PILLOWS = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.NEAREST_EXACT: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
}


def _resample(name: str, mode: InterpolationMode | int) -> int:
    """Pillow's number of an interpolation."""
    if isinstance(mode, InterpolationMode):
        return _PILLOWS[mode]
    if isinstance(mode, int) and int(mode) in _PILLOWS.values():
        return int(mode)
    raise TypeError(f"{name}: interpolation is {mode!r}; it must be an InterpolationMode or a constant of Pillow")


# ── kinds of images ──


def to_tensor(pic: Any) -> Tensor:
    """The image as a tensor, (C, H, W).  Elements of uint8 are divided by 255, and become float32.

    Raises
    ------
    TypeError
        `pic` is neither an image of Pillow nor an array.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.vision.functional import to_tensor
    >>> to_tensor(np.full((2, 2, 3), 255, np.uint8)).shape
    (3, 2, 2)
    """
    if isinstance(pic, Tensor) or not (images.is_pil(pic) or isinstance(pic, np.ndarray)):
        raise TypeError(f"to_tensor: expects an image of Pillow or an array, not a {type(pic).__name__}")
    array = _whole(images.planes("to_tensor", pic))
    if images.is_pil(pic) and pic.mode == "1":
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return wrap(np.divide(array, np.float32(255), dtype=np.float32), requires_grad=False)
    return wrap(np.array(array, order="C"), requires_grad=False)


def _whole(array: Array) -> Array:
    """With its dimension of channels."""
    return array[None] if array.ndim == 2 else array


def pil_to_tensor(pic: Any) -> Tensor:
    """The image of Pillow as a tensor (C, H, W) of the same elements."""
    if not images.is_pil(pic):
        raise TypeError(f"pil_to_tensor: expects an image of Pillow, not a {type(pic).__name__}")
    return wrap(np.array(_whole(images.planes("pil_to_tensor", pic)), order="C"), requires_grad=False)


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as an image of Pillow.

    Elements of a tensor that are floats are taken to be in 0..1.
    """
    module = images.need_pillow("to_pil_image")
    array = images.planes("to_pil_image", pic)
    if images.is_pil(pic):
        raise TypeError("to_pil_image: expects a tensor or an array, not an image of Pillow")
    if array.ndim > 3 or (array.ndim == 3 and array.shape[0] > 4):
        raise ValueError(f"to_pil_image: an image has at most 4 channels and 3 dimensions, not {tuple(pic.shape)}")
    if isinstance(pic, Tensor) and array.dtype.kind == "f" and mode != "F":
        array = (array * 255).astype(np.uint8)
    array = array[0] if array.ndim == 3 and array.shape[0] == 1 else array
    array = np.ascontiguousarray(array.transpose(1, 2, 0) if array.ndim == 3 else array)
    made = module.fromarray(array)
    return made if mode is None or mode == made.mode else made.convert(mode)


def convert_image_dtype(image: Tensor, dtype: DTypeLike = np.float32) -> Tensor:
    """The image in another dtype; integers go from 0 to their largest value, floats from 0 to 1."""
    given, wanted = image.dtype, np.dtype(dtype)
    if given == wanted:
        return image
    if given.kind == "f" and wanted.kind == "f":
        return image.to(wanted)
    if given.kind == "f":
        return wrap((image.array * (np.iinfo(wanted).max + 1 - 1e-3)).astype(wanted), requires_grad=False)
    if wanted.kind == "f":
        return wrap(image.array.astype(wanted) / wanted.type(np.iinfo(given).max), requires_grad=False)
    shift = (np.iinfo(given).max + 1) / (np.iinfo(wanted).max + 1)
    scaled = image.array // int(shift) if shift >= 1 else image.array.astype(wanted) * wanted.type(int(1 / shift))
    return wrap(scaled.astype(wanted), requires_grad=False)


def get_dimensions(img: Any) -> list[int]:
    """[channels, height, width]."""
    return [images.channels("get_dimensions", img), *images.size("get_dimensions", img)]


def get_image_size(img: Any) -> list[int]:
    """[width, height]."""
    return list(images.size("get_image_size", img))[::-1]


def get_image_num_channels(img: Any) -> int:
    """The number of channels."""
    return images.channels("get_image_num_channels", img)


# ── values ──


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """(tensor - mean) / std for each channel of a tensor (..., C, H, W) of floats.

    Raises
    ------
    TypeError
        `tensor` is no tensor of floats.
    ValueError
        It has fewer than three dimensions, or a std is 0.
    """
    if not isinstance(tensor, Tensor) or tensor.dtype.kind != "f":
        what = f"a tensor of {tensor.dtype}" if isinstance(tensor, Tensor) else f"a {type(tensor).__name__}"
        raise TypeError(f"normalize: expects a tensor of floats, not {what}; put ToTensor before Normalize")
    if tensor.ndim < 3:
        raise ValueError(f"normalize: expects a tensor (..., C, H, W), not {tuple(tensor.shape)}")
    columns = [np.asarray(values, tensor.dtype).reshape(-1, 1, 1) for values in (mean, std)]
    if (columns[1] == 0).any():
        raise ValueError(f"normalize: std is {std}; a division by 0 would follow")
    for name, column in zip(("mean", "std"), columns):
        if column.shape[0] not in (1, tensor.shape[-3]):
            raise ValueError(f"normalize: {name} has {len(column)} numbers for {tensor.shape[-3]} channels")
    if inplace:
        tensor.sub_(wrap(columns[0], requires_grad=False)).div_(wrap(columns[1], requires_grad=False))
        return tensor
    return (tensor - wrap(columns[0], requires_grad=False)) / wrap(columns[1], requires_grad=False)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luminance, 0.2989 R + 0.587 G + 0.114 B, in one channel or in three equal ones."""
    if num_output_channels not in (1, 3):
        raise ValueError(f"rgb_to_grayscale: num_output_channels is {num_output_channels}; it must be 1 or 3")
    if images.is_pil(img):
        gray = img.convert("L")
        return gray if num_output_channels == 1 else images.need_pillow("grayscale").merge("RGB", [gray] * 3)

    def luminance(x: Array) -> Array:
        result = x if images.channels("rgb_to_grayscale", img) == 1 else _luminance(x)
        return np.repeat(_whole(result), num_output_channels, -3) if num_output_channels == 3 else result

    return images.apply("rgb_to_grayscale", img, luminance)


to_grayscale = rgb_to_grayscale


def _luminance(x: Array) -> Array:
    red, green, blue = (x[..., i : i + 1, :, :] for i in range(3))
    return (0.2989 * red + 0.587 * green + 0.114 * blue).astype(x.dtype)


def _blend(x: Array, other: Any, ratio: float) -> Array:
    bound = 1.0 if x.dtype.kind == "f" else np.iinfo(x.dtype).max
    return np.clip(ratio * x + (1 - ratio) * other, 0, bound).astype(x.dtype)


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name}: the factor is {factor}; it must be at least 0")


def _enhance(kind: str, img: Any, factor: float) -> Any:
    from PIL import ImageEnhance

    return getattr(ImageEnhance, kind)(img).enhance(factor)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """0 gives a black image, 1 the same image, 2 twice the brightness."""
    _check_factor("adjust_brightness", brightness_factor)
    if images.is_pil(img):
        return _enhance("Brightness", img, brightness_factor)
    return images.apply("adjust_brightness", img, lambda x: _blend(x, 0.0, brightness_factor))


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """0 gives a gray image, 1 the same image, 2 twice the contrast."""
    _check_factor("adjust_contrast", contrast_factor)
    if images.is_pil(img):
        return _enhance("Contrast", img, contrast_factor)

    def change(x: Array) -> Array:
        gray = _luminance(x) if images.channels("adjust_contrast", img) == 3 else x
        axes = (-3, -2, -1)[-gray.ndim :]
        dtype = x.dtype if x.dtype.kind == "f" else np.float32
        return _blend(x, gray.mean(axes, dtype=dtype, keepdims=True), contrast_factor)

    return images.apply("adjust_contrast", img, change)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """0 gives a black and white image, 1 the same image, 2 twice the saturation."""
    _check_factor("adjust_saturation", saturation_factor)
    if images.is_pil(img):
        return _enhance("Color", img, saturation_factor)
    if images.channels("adjust_saturation", img) == 1:
        return img
    return images.apply("adjust_saturation", img, lambda x: _blend(x, _luminance(x), saturation_factor))


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Turn the hues by `hue_factor` of the circle, from -0.5 to 0.5."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor is {hue_factor}; it must be from -0.5 to 0.5")
    if images.channels("adjust_hue", img) == 1:
        return img
    if images.is_pil(img):
        if img.mode in ("1", "I", "F"):
            return img
        hue, saturation, value = img.convert("HSV").split()
        turned = np.asarray(hue) + np.array(int(hue_factor * 255)).astype(np.uint8)  # modulo 256
        module = images.need_pillow("adjust_hue")
        return module.merge("HSV", (module.fromarray(turned), saturation, value)).convert(img.mode)
    return images.apply("adjust_hue", img, lambda x: _turned(x, hue_factor))


def _turned(x: Array, factor: float) -> Array:
    """The image with turned hues: to hue, saturation and value, and back (Smith, SIGGRAPH 1978)."""
    bound = 1.0 if x.dtype.kind == "f" else np.iinfo(x.dtype).max
    rgb = x.astype(np.float32) / np.float32(bound)
    red, green, blue = (rgb[..., i, :, :] for i in range(3))
    value, least = rgb.max(-3), rgb.min(-3)
    span = value - least
    safe = np.where(span == 0, 1, span)
    saturation = span / np.where(value == 0, 1, value)
    after = [(value - c) / safe for c in (red, green, blue)]
    sixth = np.where(
        value == red,
        after[2] - after[1],
        np.where(value == green, 2 + after[0] - after[2], 4 + after[1] - after[0]),
    )
    hue = (sixth / 6 + factor) % 1

    def channel(offset: int) -> Array:
        place = (offset + hue * 6) % 6
        return value - value * saturation * np.clip(np.minimum(place, 4 - place), 0, 1)

    result = np.stack([channel(5), channel(3), channel(1)], -3)
    return (result * bound if bound == 1.0 else np.floor(result * (bound + 1 - 1e-3))).astype(x.dtype)


def invert(img: Any) -> Any:
    """The negative."""
    return images.apply("invert", img, lambda x: (1 if x.dtype.kind == "f" else np.iinfo(x.dtype).max) - x)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    """Set rows i to i+h, columns j to j+w to `v`."""
    if not isinstance(img, Tensor):
        raise TypeError(f"erase: expects a tensor, not a {type(img).__name__}; put ToTensor before RandomErasing")
    img = img if inplace else img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


# ── places ──


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    return images.apply("hflip", img, lambda x: x[..., ::-1])


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    return images.apply("vflip", img, lambda x: x[..., ::-1, :])


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """Rows top to top+height, columns left to left+width; what is outside of the image is 0."""
    rows, columns = images.size("crop", img)

    def cut(x: Array) -> Array:
        before, after = (max(-top, 0), max(-left, 0)), (max(top + height - rows, 0), max(left + width - columns, 0))
        if any((*before, *after)):
            x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(b, a) for b, a in zip(before, after)])
        y0, x0 = top + before[0], left + before[1]
        return x[..., y0 : y0 + height, x0 : x0 + width]

    return images.apply("crop", img, cut)


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle of the image; an image that is smaller is padded with 0."""
    height, width = pair("center_crop", output_size)
    rows, columns = images.size("center_crop", img)
    if width > columns or height > rows:
        horizontal, vertical = max(width - columns, 0), max(height - rows, 0)
        img = pad(img, [horizontal // 2, vertical // 2, (horizontal + 1) // 2, (vertical + 1) // 2])
        rows, columns = images.size("center_crop", img)
    return crop(img, round((rows - height) / 2), round((columns - width) / 2), height, width)


_PADDINGS = {"constant": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Borders around the image.

    Parameters
    ----------
    padding : int or sequence of int
        All borders; [left and right, top and bottom]; or [left, top, right, bottom].
    fill : number or sequence of a number for each channel
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
    """
    if padding_mode not in _PADDINGS:
        raise ValueError(f"pad: padding_mode is {padding_mode!r}; it must be one of {', '.join(_PADDINGS)}")
    sizes = [int(padding)] if isinstance(padding, int | np.integer) else [int(p) for p in padding]
    if len(sizes) not in (1, 2, 4):
        raise ValueError(f"pad: padding is {padding}; it must be one, two or four numbers")
    left, top, right, bottom = sizes * (4 // len(sizes))

    def padded(x: Array) -> Array:
        width = [(0, 0)] * (x.ndim - 2) + [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))]
        if padding_mode != "constant":
            y = np.pad(x, width, padding_mode)  # type: ignore[call-overload]
        elif is_number(fill):
            y = np.pad(x, width, constant_values=fill)
        else:
            y = np.stack([np.pad(x[..., c, :, :], width[1:], constant_values=fill[c]) for c in range(x.shape[-3])], -3)
        rows, columns = y.shape[-2:]
        return y[..., max(-top, 0) : rows - max(-bottom, 0), max(-left, 0) : columns - max(-right, 0)]

    return images.apply("pad", img, padded)


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The image in another size.

    Parameters
    ----------
    size : int or sequence of int
        (height, width).  One number: of the shorter side, and the other in proportion.
    interpolation : InterpolationMode
    max_size : int, optional
        The most that the longer side may have, if `size` is one number.
    antialias : bool
        Only True for tensors and arrays whose size is reduced; Pillow always does it.
    """
    rows, columns = images.size("resize", img)
    sizes = [size] if isinstance(size, int) else list(size)
    if len(sizes) not in (1, 2):
        raise ValueError(f"resize: size is {size}; it must be one number or two")
    if len(sizes) == 2:
        if max_size is not None:
            raise ValueError("resize: max_size is for a size of one number")
        height, width = sizes
    else:
        short, long = sorted((rows, columns))
        new_long = int(sizes[0] * long / short)
        new_short = sizes[0]
        if max_size is not None:
            if max_size <= sizes[0]:
                raise ValueError(f"resize: max_size is {max_size}; it must be more than size, {sizes[0]}")
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
        height, width = (new_long, new_short) if columns <= rows else (new_short, new_long)
    if (height, width) == (rows, columns):
        return img
    way = _resample("resize", interpolation)
    if antialias is False and not images.is_pil(img) and way and (height < rows or width < columns):
        raise ValueError("resize: antialias=False is not for tensors here; use nn.functional.interpolate")
    return images.apply_pil("resize", img, lambda x: x.resize((width, height), way))


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """`crop`, then `resize`."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """The image turned by `angle` degrees, counter-clockwise, about its middle or about `center`, (x, y)."""
    way = _resample("rotate", interpolation)
    color = _fill(img, fill)
    about = None if center is None else tuple(center)
    return images.apply_pil("rotate", img, lambda x: x.rotate(angle, way, expand=expand, center=about, fillcolor=color))


def _fill(img: Any, fill: Any) -> Any:
    """The color outside of an image, as Pillow wants it."""
    if fill is None or is_number(fill):
        value = 0 if fill is None else fill
        if images.is_pil(img) and len(img.getbands()) > 1:
            return (int(value),) * len(img.getbands())
        return value
    numbers_ = tuple(fill)
    if images.is_pil(img) and len(img.getbands()) > 1:
        return tuple(map(int, numbers_ * (len(img.getbands()) if len(numbers_) == 1 else 1)))
    if len(set(numbers_)) > 1:
        raise ValueError("fill: one number for all channels of a tensor or array")
    return numbers_[0]


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """The image sheared, scaled, turned clockwise and moved, about its middle or about `center`, (x, y).

    Parameters
    ----------
    angle : float
        Degrees.
    translate : (float, float)
        Pixels to the right and down.
    scale : float
        Greater than 0.
    shear : float or (float, float)
        Degrees along x, and along y.
    """
    if scale <= 0:
        raise ValueError(f"affine: scale is {scale}; it must be greater than 0")
    rows, columns = images.size("affine", img)
    angles = tuple(shear) if isinstance(shear, Sequence) else (shear, 0.0)
    turn, sx, sy = (math.radians(a) for a in (angle, *angles))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    shear_y = np.array([[1, 0], [-math.tan(sy), 1]])
    shear_x = np.array([[1, -math.tan(sx)], [0, 1]])
    # R(turn) Shear_y Shear_x: out = middle + move + matrix (in - middle).  Pillow wants `in` for each `out`.
    inverse = np.linalg.inv(scale * rotation @ shear_y @ shear_x)
    middle = np.array([columns * 0.5, rows * 0.5] if center is None else center, float)
    offset = middle - inverse @ (middle + np.array(translate, float))
    numbers_ = (*inverse[0], offset[0], *inverse[1], offset[1])
    way, color = _resample("affine", interpolation), _fill(img, fill)
    return images.apply_pil(
        "affine",
        img,
        lambda x: x.transform((columns, rows), 0, numbers_, way, fillcolor=color),  # 0: Pillow's AFFINE
    )


def pair(name: str, size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) of one number or of two."""
    sizes = [int(size)] if isinstance(size, int | np.integer) else [int(s) for s in size]
    if len(sizes) not in (1, 2):
        raise ValueError(f"{name}: size is {size}; it must be one number or two")
    return sizes[0], sizes[-1]
