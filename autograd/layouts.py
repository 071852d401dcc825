"""PyTorch's names for orders of elements in memory, and for kinds of storage."""

from __future__ import annotations

from enum import Enum
from typing import Any


class memory_format(Enum):
    """PyTorch's names for orders of elements in memory.  New tensors are contiguous whichever is given.

    The names are also those of `autograd`: `autograd.channels_last`.

    Parameters
    ----------
    value : "contiguous_format", "preserve_format", "channels_last" or "channels_last_3d"

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> import autograd
    >>> autograd.memory_format("channels_last") is autograd.channels_last
    True
    >>> x = autograd.ones(2, 3, 4, 4)
    >>> x.to(memory_format=autograd.channels_last).is_contiguous()
    True
    """

    preserve_format = "preserve_format"
    contiguous_format = "contiguous_format"
    channels_last = "channels_last"
    channels_last_3d = "channels_last_3d"


preserve_format, contiguous_format, channels_last, channels_last_3d = memory_format


class layout(Enum):
    """PyTorch's names for kinds of storage.  There is one: dense arrays.

    Parameters
    ----------
    value : "strided"

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> import autograd
    >>> autograd.ones(2).layout is autograd.strided, isinstance(autograd.strided, autograd.layout)
    (True, True)
    """

    strided = "strided"


strided = layout.strided


def check_format(name: str, given: memory_format | None) -> None:
    """Raise unless this is a memory format or None."""
    if given is not None and not isinstance(given, memory_format):
        raise TypeError(f"{name}: memory_format must be one such as contiguous_format, not {given!r}")


def check_channels_last(name: str, given: memory_format, x: Any) -> None:
    """Raise unless x has the dimensions of images (N, C, H, W), or of volumes (N, C, D, H, W)."""
    dims = 4 if given is channels_last else 5
    if x.ndim != dims:
        raise RuntimeError(f"{name}: {given.value} is for tensors of {dims} dimensions, not for shape {tuple(x.shape)}")


def check_layout(name: str, given: layout | None) -> None:
    """Raise unless the layout is `strided` or None."""
    if given is not None and not isinstance(given, layout):
        raise TypeError(f"{name}: layout must be strided, not {given!r}: there are no sparse tensors")
