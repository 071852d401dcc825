"""The three kinds of images, and how a function of arrays is applied to each.

- an image of Pillow,
- a NumPy array, (H, W) or (H, W, C),
- a tensor, (..., H, W).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from autograd.tensor import Tensor, wrap
from autograd.types import Array

Image: TypeAlias = Any  # of Pillow, whose types are known only where it is installed


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number of Python's or NumPy's."""
    return isinstance(value, int | float | np.number)


def pillow() -> ModuleType | None:
    """Pillow's module Image, or None if Pillow is not installed."""
    try:
        from PIL import Image as module
    except ImportError:
        return None
    return module


def need_pillow(name: str) -> ModuleType:
    """Pillow's module Image.

    Raises
    ------
    ImportError
        Pillow is not installed.
    """
    module = pillow()
    if module is None:
        raise ImportError(f"{name}: it needs Pillow; install it with pip install pillow")
    return module


def is_pil(image: object) -> bool:
    module = pillow()
    return module is not None and isinstance(image, module.Image)


def check(name: str, image: object) -> None:
    """Raise for anything but an image, and for a tensor whose gradient would be lost."""
    if isinstance(image, Tensor):
        if image.ndim < 2:
            raise TypeError(f"{name}: a tensor with an image is (..., H, W), not {tuple(image.shape)}")
        if image.requires_grad:
            raise RuntimeError(
                f"{name}: the image requires a gradient, and transforms have none; give image.detach(), or use "
                "functions of nn.functional"
            )
    elif isinstance(image, np.ndarray):
        if image.ndim not in (2, 3):
            raise TypeError(f"{name}: an array with an image is (H, W) or (H, W, C), not {image.shape}")
    elif not is_pil(image):
        raise TypeError(f"{name}: expects an image of Pillow, a tensor or an array, not a {type(image).__name__}")


def size(name: str, image: Any) -> tuple[int, int]:
    """Height and width."""
    check(name, image)
    if isinstance(image, Tensor):
        return image.shape[-2], image.shape[-1]
    if isinstance(image, np.ndarray):
        return image.shape[0], image.shape[1]
    return image.height, image.width


def channels(name: str, image: Any) -> int:
    """The number of channels."""
    check(name, image)
    if isinstance(image, Tensor):
        return image.shape[-3] if image.ndim > 2 else 1
    if isinstance(image, np.ndarray):
        return image.shape[2] if image.ndim > 2 else 1
    return len(image.getbands())


def planes(name: str, image: Any) -> Array:
    """The image as an array, (..., H, W)."""
    check(name, image)
    if isinstance(image, Tensor):
        return image.array
    array = np.asarray(image)
    return array.transpose(2, 0, 1) if array.ndim == 3 else array


def like(image: Any, result: Array) -> Any:
    """An array (..., H, W), as the kind of image that was given."""
    if isinstance(image, Tensor):
        return wrap(np.ascontiguousarray(result), requires_grad=False)
    array = np.ascontiguousarray(result.transpose(1, 2, 0) if result.ndim == 3 else result)
    if isinstance(image, np.ndarray):
        return array
    made = need_pillow("transforms").fromarray(array)
    if made.mode != image.mode:
        made = made.convert(image.mode) if image.mode != "P" else made
    if image.mode == "P":
        made.putpalette(image.getpalette())
    return made


def apply(name: str, image: Any, function: Callable[[Array], Array]) -> Any:
    """The function's result for the image as an array (..., H, W), as the same kind of image."""
    return like(image, function(planes(name, image)))


def apply_pil(name: str, image: Any, function: Callable[[Image], Image]) -> Any:
    """The result of a function of Pillow's images.  Of tensors and arrays, each channel is one, in float32."""
    if is_pil(image):
        return function(image)
    module = need_pillow(name)
    given = planes(name, image)
    flat = given.reshape(-1, *given.shape[-2:])
    done = [np.asarray(function(module.fromarray(plane.astype(np.float32)))) for plane in flat]
    result = np.stack(done).reshape(*given.shape[:-2], *done[0].shape)
    if given.dtype.kind in "iu":
        limits = np.iinfo(given.dtype)
        result = np.rint(result).clip(limits.min, limits.max)
    return like(image, result.astype(given.dtype))
