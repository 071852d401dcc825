"""Channels as pixels and pixels as channels: orders of elements, without arithmetic.

    pixel_shuffle, r      y[n, c, i r + u, j r + v] = x[n, (c, u, v), i, j]
    pixel_unshuffle, r    the inverse
    channel_shuffle, G    y[n, (c, g), …] = x[n, (g, c), …]

References
----------
Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
Network", 2016.  Zhang et al., "ShuffleNet", 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.elementwise import clone
from autograd.ops.shape import permute, reshape
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _factor(name: str, what: str, factor: Any) -> int:
    if not isinstance(factor, int | np.integer):
        raise TypeError(f"{name}: {what} is {factor!r}; expects a whole number")
    if factor < 1:
        raise ValueError(f"{name}: {what} is {factor}; it must be at least 1")
    return int(factor)


def _check_ndim(name: str, input: Tensor) -> None:
    check_arrays(name, input=input)
    if input.ndim < 3:
        raise ValueError(f"{name}: expects input (…, C, H, W), got shape {tuple(input.shape)}")


def _copied(y: Tensor, x: Tensor) -> Tensor:
    """y, which shares no memory with x: with a factor of 1, reshape makes no copy."""
    return clone(y) if np.may_share_memory(y.array, x.array) else y


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Enlarge images by moving channels to pixels: r² channels become r × r pixels.

    y[…, c, i r + u, j r + v] = input[…, c r² + u r + v, i, j]

    Parameters
    ----------
    input : Tensor, (…, C r², H, W)
    upscale_factor : int
        r, at least 1.

    Returns
    -------
    Tensor, (…, C, H r, W r)

    Raises
    ------
    ValueError, TypeError
        If the channels are no multiple of r², input has fewer than 3 dimensions, or r is no whole number of at least 1.

    References
    ----------
    Shi et al., arXiv:1609.05158, section 2.2.

    Examples
    --------
    >>> import autograd
    >>> autograd.pixel_shuffle(autograd.arange(4).reshape(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    _check_ndim("pixel_shuffle", input)
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor)
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise ValueError(
            f"pixel_shuffle: the {channels} channels of input {tuple(input.shape)} are no multiple of "
            f"upscale_factor², {r * r}"
        )
    d = len(lead)
    y = reshape(input, (*lead, channels // (r * r), r, r, height, width))
    y = permute(y, (*range(d), d, d + 3, d + 1, d + 4, d + 2))
    return _copied(reshape(y, (*lead, channels // (r * r), height * r, width * r)), input)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Reduce images by moving pixels to channels: the inverse of `pixel_shuffle`.

    Parameters
    ----------
    input : Tensor, (…, C, H r, W r)
    downscale_factor : int
        r, at least 1.

    Returns
    -------
    Tensor, (…, C r², H, W)

    Raises
    ------
    ValueError, TypeError
        If height or width is no multiple of r, input has fewer than 3 dimensions, or r is no whole number above 0.

    Examples
    --------
    >>> import autograd
    >>> autograd.pixel_unshuffle(autograd.tensor([[[0, 1], [2, 3]]]), 2).flatten()
    tensor([0, 1, 2, 3])
    >>> autograd.pixel_unshuffle(autograd.zeros(1, 3, 4, 6), 2).shape
    (1, 12, 2, 3)
    """
    _check_ndim("pixel_unshuffle", input)
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    *lead, channels, height, width = input.shape
    if height % r or width % r:
        raise ValueError(
            f"pixel_unshuffle: height and width of input {tuple(input.shape)} must be multiples of downscale_factor {r}"
        )
    d = len(lead)
    y = reshape(input, (*lead, channels, height // r, r, width // r, r))
    y = permute(y, (*range(d), d, d + 2, d + 4, d + 1, d + 3))
    return _copied(reshape(y, (*lead, channels * r * r, height // r, width // r)), input)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Exchange channels between groups: the first of each group, then the second of each …

    Parameters
    ----------
    input : Tensor, (N, C, …)
        With at least one dimension after the channels.
    groups : int
        It must divide C.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        If groups does not divide the channels, or input has fewer than 3 dimensions.

    References
    ----------
    Zhang et al., arXiv:1707.01083, section 3.1.

    Examples
    --------
    >>> import autograd
    >>> autograd.channel_shuffle(autograd.arange(6).reshape(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    _check_ndim("channel_shuffle", input)
    groups = _factor("channel_shuffle", "groups", groups)
    n, channels, *rest = input.shape
    if channels % groups:
        raise ValueError(
            f"channel_shuffle: groups {groups} does not divide the {channels} channels of input {tuple(input.shape)}"
        )
    y = reshape(input, (n, groups, channels // groups, *rest))
    return reshape(permute(y, (0, 2, 1, *range(3, input.ndim + 1))), tuple(input.shape))


# ── under the battery ──────────────────────────────────────────────────────────────────


def _shuffle_reference(x: Array, *, upscale_factor: int) -> Array:
    r = upscale_factor
    *lead, channels, height, width = x.shape
    y = np.empty((*lead, channels // r**2, height * r, width * r), x.dtype)
    for c, i, j in np.ndindex(*y.shape[-3:]):
        y[..., c, i, j] = x[..., c * r * r + i % r * r + j % r, i // r, j // r]
    return y


def _unshuffle_reference(x: Array, *, downscale_factor: int) -> Array:
    r = downscale_factor
    *lead, channels, height, width = x.shape
    y = np.empty((*lead, channels * r**2, height // r, width // r), x.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        y[..., c * r * r + i % r * r + j % r, i // r, j // r] = x[..., c, i, j]
    return y


def _channel_reference(x: Array, *, groups: int) -> Array:
    each = x.shape[1] // groups
    return np.stack([x[:, c % groups * each + c // groups] for c in range(x.shape[1])], 1)


def _sample(what: str) -> Any:
    def sample(draw: Draw) -> Sample:
        r, lead = draw.size(1, 3), draw.shape(0, 2, least=0, most=2)
        c, height, width = (draw.size(1, 2) for _ in range(3))
        shape: tuple[int, ...] = (*lead, c * r * r, height, width)
        if what == "downscale_factor":
            shape = (*lead, c, height * r, width * r)
        if what == "groups":
            shape = (draw.size(0, 2), c * r, *draw.shape(1, 2, most=2))
        return Sample((draw.tensor(*shape),), {what: r})

    return sample


def _register(function: Any, reference: Any, what: str, shape: tuple[int, ...], *words: str) -> None:
    name = function.__name__
    register(
        Composite(
            name=name,
            function=function,
            reference=reference,
            sample=_sample(what),
            bad_samples=[
                BadSample((np.ones(shape),), {what: 2}, ValueError, (name, *words)),
                BadSample((np.ones(shape),), {what: 0}, ValueError, (name, what, "at least 1")),
                BadSample((np.ones(shape),), {what: 1.5}, TypeError, (name, what, "1.5")),
                BadSample((np.ones((2, 2)),), {what: 1}, ValueError, (name, "(…, C, H, W)", "(2, 2)")),
            ],
            kind="multilinear",
        )
    )


_register(pixel_shuffle, _shuffle_reference, "upscale_factor", (6, 2, 2), "6 channels", "multiple", "4")
_register(pixel_unshuffle, _unshuffle_reference, "downscale_factor", (1, 2, 3), "(1, 2, 3)", "multiples")
_register(channel_shuffle, _channel_reference, "groups", (1, 3, 2), "groups 2", "3 channels")
