"""Grids of images, and images in files: torchvision.utils."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd.tensor import Tensor, wrap
from autograd.types import Array
from autograd.vision import images


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """One image of many, in rows.

    Parameters
    ----------
    tensor : Tensor, (N, C, H, W), (C, H, W) or (H, W), or list of Tensors, (C, H, W)
        One channel becomes three.
    nrow : int
        Images in a row.
    padding : int
        Pixels between images.
    normalize : bool
        Bring the values to 0..1.
    value_range : (float, float), optional
        What becomes 0 and 1.  Default: the smallest and the largest value.
    scale_each : bool
        Normalize each image by itself.
    pad_value : float
        Of the pixels between images.

    Returns
    -------
    Tensor, (C, H', W'), or (3, H', W') for one channel
        A single image is returned without borders.

    Raises
    ------
    TypeError, ValueError
        If tensor is neither a tensor nor a list of tensors, or has other dimensions.

    Examples
    --------
    >>> import autograd
    >>> from autograd.vision.utils import make_grid
    >>> make_grid(autograd.zeros(5, 1, 4, 4), nrow=3).shape
    (3, 14, 20)
    """
    given = [tensor] if isinstance(tensor, Tensor) else tensor
    if not isinstance(given, list | tuple) or not all(isinstance(t, Tensor) for t in given):
        raise TypeError(f"make_grid: expects a tensor or a list of tensors, not a {type(tensor).__name__}")
    x = given[0].detach().array if isinstance(tensor, Tensor) else np.stack([t.detach().array for t in given])
    if x.ndim == 2:
        x = x[None]
    if x.ndim == 3:
        x = x[None]
    if x.ndim != 4:
        raise ValueError(f"make_grid: expects images (N, C, H, W), not {x.shape}")
    if x.shape[1] == 1:
        x = np.repeat(x, 3, 1)
    if normalize:
        x = np.stack([_normalized(y, value_range) for y in x]) if scale_each else _normalized(x, value_range)
    count, depth, height, width = x.shape
    if count == 1:
        return wrap(np.array(x[0]), requires_grad=False)
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = height + padding, width + padding
    grid = np.full((depth, height * rows + padding, width * columns + padding), pad_value, x.dtype)
    for i, image in enumerate(x):
        top, left = i // columns * height + padding, i % columns * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = image
    return wrap(grid, requires_grad=False)


def _normalized(x: Array, value_range: tuple[float, float] | None) -> Array:
    low, high = (float(x.min()), float(x.max())) if value_range is None else value_range
    return ((x.clip(low, high) - low) / max(high - low, 1e-5)).astype(x.dtype)


def save_image(tensor: Tensor | Sequence[Tensor], fp: Any, format: str | None = None, **options: Any) -> None:
    """Write images in 0..1 into a file, as a grid if there are several.

    Parameters
    ----------
    tensor : Tensor, (N, C, H, W), (C, H, W) or (H, W), or list of Tensors, (C, H, W)
        One channel becomes three.
    fp : str, path or file
        The file's name decides the format, unless it is given.
    format : str, optional
        Pillow's name of a format, such as "PNG".
    **options
        Of `make_grid`.

    Raises
    ------
    ImportError
        If Pillow is missing.
    TypeError, ValueError
        If tensor is neither a tensor nor a list of tensors, or has other dimensions.

    Examples
    --------
    >>> import io
    >>> import autograd
    >>> from autograd.vision.utils import save_image
    >>> file = io.BytesIO()
    >>> save_image(autograd.rand(4, 3, 8, 8), file, format="PNG", nrow=2)
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    module = images.need_pillow("save_image")
    grid = make_grid(tensor, **options).array
    pixels = np.clip(grid * 255 + 0.5, 0, 255).transpose(1, 2, 0).astype(np.uint8)
    image = module.fromarray(np.ascontiguousarray(pixels))
    if not isinstance(fp, str | os.PathLike):
        image.save(fp, format=format)
        return
    path = Path(fp)
    # Written whole: a reader sees the old image or the new one.
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            image.save(file, format=format or module.registered_extensions()[path.suffix.lower()])
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
