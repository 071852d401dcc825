"""Max-pooling in one and three dimensions, adaptive and fractional, by that in two.

max_pool1d            the image is one row high
max_pool3d            first over H and W, then over D of (D, H' W') images.  The first maximum of the first plane that
                      has the maximum is the first one in the window.
adaptive, fractional  windows of one size, side by side, of x[…, places]: each window's places along a dimension.  A
                      window smaller than the others repeats its last place, which changes no maximum.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.extrema import max as maximum_along
from autograd.ops.interpolate import interpolate_taps
from autograd.ops.join import cat
from autograd.ops.max_pool2d import max_pool2d
from autograd.ops.shape import reshape, squeeze, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.taps import chosen
from autograd.ops.shared.windows import adaptive_sizes, check_ndim, check_pool, ints, pool_size, pool_stride
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Triple = tuple[int, int, int]  # of depth, height and width


# ── windows of a fixed size ────────────────────────────────────────────────────────────


def max_pool1d(
    input: Tensor,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    padding: int | tuple[int] = 0,
    dilation: int | tuple[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maximum of each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, L) or (C, L)
    kernel_size, stride, padding, dilation : int
        Size of a window, step from window to window (default: kernel_size), -inf added on each side, and step between
        the elements of a window.
    ceil_mode : bool
        Round the size up: the last window may reach over the end if it starts before it.
    return_indices : bool
        Also return the index of each maximum.

    Returns
    -------
    Tensor, (N, C, L') or (C, L'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.max_pool1d(autograd.tensor([[[1.0, 3.0, 2.0, 5.0]]]), 2, stride=1)
    tensor([[[3., 3., 5.]]])
    """
    return _max_pool("max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 1)


def max_pool3d(
    input: Tensor,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    padding: int | Triple = 0,
    dilation: int | Triple = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maximum of each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, D, H, W) or (C, D, H, W)
    kernel_size, stride, padding, dilation : int or (int, int, int)
        Size of a window, step from window to window (default: kernel_size), -inf added on each side, and step between
        the elements of a window.
    ceil_mode : bool
        Round sizes up: the last window may reach over the end if it starts before it.
    return_indices : bool
        Also return the index of each maximum in its flat D × H × W volume.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.max_pool3d(autograd.arange(8.0).reshape(1, 1, 2, 2, 2), (1, 2, 2))  # of each layer
    tensor([[[[[3.]],
    <BLANKLINE>
              [[7.]]]]])
    """
    return _max_pool("max_pool3d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3)


def _max_pool(
    name: str,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
    dims: int,
) -> Tensor | tuple[Tensor, Tensor]:
    check_arrays(name, input=input)
    values = {"kernel_size": kernel_size, "stride": pool_stride(stride, kernel_size)}
    values |= {"padding": padding, "dilation": dilation}
    sizes = {what: ints(f"{name}: {what}", value, dims) for what, value in values.items()}
    x = unsqueeze(input, 0) if input.ndim == dims + 1 else input
    check_pool(name, x, **sizes, ceil_mode=ceil_mode)
    if not x.shape[1]:
        raise ValueError(f"{name}: input of shape {input.shape} has no channels; expects at least one")
    y, indices = _pooled(x, *tuple(sizes.values()), ceil_mode, return_indices)  # type: ignore[call-arg]
    if input.ndim == dims + 1:
        y, indices = squeeze(y, 0), squeeze(indices, 0) if return_indices else None
    return (y, indices) if return_indices else y


def _tensor(array: Array) -> Tensor:
    from autograd.tensor import wrap  # which imports the ops

    return wrap(array)


def _pooled(
    x: Tensor, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool, with_indices: bool
) -> tuple[Tensor, Any]:
    """The maxima of windows in 1 to 3 dimensions, and their flat indices (None unless asked for)."""

    def pool(x: Tensor, *sizes: Any) -> tuple[Tensor, Any]:
        result: Any = max_pool2d(x, *sizes, ceil_mode, with_indices)  # type: ignore[call-overload]
        return result if with_indices else (result, None)

    if len(kernel) == 2:
        return pool(x, kernel, stride, padding, dilation)
    if len(kernel) == 1:
        y, indices = pool(unsqueeze(x, 2), (1, *kernel), (1, *stride), (0, *padding), (1, *dilation))
        return squeeze(y, 2), None if indices is None else squeeze(indices, 2)
    n, c, d, *image = x.shape
    planes, places = pool(reshape(x, (n, c * d, *image)), kernel[1:], stride[1:], padding[1:], dilation[1:])
    size = tuple(planes.shape[2:])
    y, lines = pool(
        reshape(planes, (n, c, d, math.prod(size))),
        (kernel[0], 1), (stride[0], 1), (padding[0], 0), (dilation[0], 1),
    )  # fmt: skip
    shape = n, c, y.shape[2], *size
    if not with_indices:
        return reshape(y, shape), None
    best = lines.array  # where each maximum is among the planes' maxima, (d, place in the plane's maxima)
    found = places.array.reshape(n, c, d * math.prod(size))
    inside = np.take_along_axis(found, best.reshape(n, c, math.prod(best.shape[2:])), 2)
    flat = best // max(1, math.prod(size)) * math.prod(image) + inside.reshape(best.shape)
    return reshape(y, shape), _tensor(flat.reshape(shape))


# ── windows at given places ────────────────────────────────────────────────────────────


def _max_at(x: Tensor, tables: Sequence[Array], with_indices: bool) -> tuple[Tensor, Any]:
    """The maxima of windows whose places along each dimension are the rows of a table (windows, places)."""
    size = tuple(x.shape[2:])
    y = x
    for dim, (places, n) in enumerate(zip(tables, size, strict=True), 2):
        if not np.array_equal(places.reshape(-1), np.arange(n)):
            y = interpolate_taps(y, taps=chosen(places, n), dim=dim)
    kernel = tuple(places.shape[1] for places in tables)
    none, ones = (0,) * len(kernel), (1,) * len(kernel)
    y, indices = _pooled(y, kernel, kernel, none, ones, False, with_indices)
    if not with_indices:
        return y, None
    coordinates = np.unravel_index(indices.array, tuple(places.size for places in tables))
    flat = np.ravel_multi_index([places.reshape(-1)[i] for places, i in zip(tables, coordinates, strict=True)], size)
    return y, _tensor(np.asarray(flat, np.int64))


def _even_places(n: int, windows: int) -> Array:
    """The places of `windows` windows that cover n elements evenly; shorter windows repeat their last place."""
    i = np.arange(windows)
    first, end = i * n // max(1, windows), -(-(i + 1) * n // max(1, windows))
    longest = int((end - first).max(initial=1))
    return np.minimum(first[:, None] + np.arange(longest), end[:, None] - 1)


def _adaptive(
    name: str, input: Tensor, output_size: Any, return_indices: bool, dims: int
) -> Tensor | tuple[Tensor, Tensor]:
    check_arrays(name, input=input)
    x = unsqueeze(input, 0) if input.ndim == dims + 1 else input
    wanted = adaptive_sizes(name, x, output_size, dims)
    if min(wanted) < 1:  # no windows at all
        y: Any = reshape(x[:, :, :0].clone(), (*x.shape[:2], *wanted))
        indices: Any = _tensor(np.zeros(y.shape, np.int64)) if return_indices else None
    elif max(wanted) == 1 and x.array.size:  # one window: the kernel's vectors run over the windows of a plane
        values, places = maximum_along(reshape(x, (*x.shape[:2], math.prod(x.shape[2:]))), 2)
        y = reshape(values, (*x.shape[:2], *wanted))
        indices = reshape(places, y.shape) if return_indices else None
    else:
        tables = [_even_places(n, m) for n, m in zip(x.shape[2:], wanted, strict=True)]
        y, indices = _max_at(x, tables, return_indices)
    if input.ndim == dims + 1:
        y, indices = squeeze(y, 0), squeeze(indices, 0) if return_indices else None
    return (y, indices) if return_indices else y


def adaptive_max_pool1d(
    input: Tensor, output_size: int | tuple[int], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maxima of L' windows, which cover the input evenly.

    Parameters
    ----------
    input : Tensor of float, (N, C, L) or (C, L)
    output_size : int
        L'.
    return_indices : bool
        Also return the index of each maximum.

    Returns
    -------
    Tensor, (N, C, L') or (C, L'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or output_size do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.adaptive_max_pool1d(autograd.tensor([[[1.0, 3.0, 2.0, 5.0, 4.0]]]), 2)  # of 1, 3, 2 and of 2, 5, 4
    tensor([[[3., 5.]]])
    """
    return _adaptive("adaptive_max_pool1d", input, output_size, return_indices, 1)


def adaptive_max_pool2d(
    input: Tensor, output_size: int | tuple[int | None, int | None] | None, return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maxima of H' × W' windows, which cover the image evenly.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    output_size : int or (int, int)
        H' and W', or one number for both; None keeps H or W.
    return_indices : bool
        Also return the index of each maximum in its flat H × W image.

    Returns
    -------
    Tensor, (N, C, H', W') or (C, H', W'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or output_size do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> image = autograd.tensor([[[1.0, 3.0, 2.0], [5.0, 4.0, 0.0]]])
    >>> F.adaptive_max_pool2d(image, (1, None))
    tensor([[[5., 4., 2.]]])
    """
    return _adaptive("adaptive_max_pool2d", input, output_size, return_indices, 2)


def adaptive_max_pool3d(
    input: Tensor, output_size: int | tuple[int | None, int | None, int | None] | None, return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maxima of D' × H' × W' windows, which cover the volume evenly.

    Parameters
    ----------
    input : Tensor of float, (N, C, D, H, W) or (C, D, H, W)
    output_size : int or (int, int, int)
        D', H' and W', or one number for all; None keeps D, H or W.
    return_indices : bool
        Also return the index of each maximum in its flat D × H × W volume.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or output_size do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.adaptive_max_pool3d(autograd.arange(8.0).reshape(1, 2, 2, 2), (2, 1, 1))
    tensor([[[[3.]],
    <BLANKLINE>
             [[7.]]]])
    """
    return _adaptive("adaptive_max_pool3d", input, output_size, return_indices, 3)


# ── fractional: windows of a fixed size at random places ───────────────────────────────


def _fractional(
    name: str,
    input: Tensor,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    return_indices: bool,
    samples: Any,
    dims: int,
) -> Tensor | tuple[Tensor, Tensor]:
    check_arrays(name, input=input)
    x = unsqueeze(input, 0) if input.ndim == dims + 1 else input
    check_ndim(name, x, dims)
    check_float(name, x)
    if (output_size is None) == (output_ratio is None):
        raise ValueError(f"{name}: expects either output_size or output_ratio, and not both")
    kernel, size = ints(f"{name}: kernel_size", kernel_size, dims), tuple(x.shape[2:])
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, tuple | list) else (output_ratio,) * dims
        if len(ratios) != dims or not all(0 < ratio < 1 for ratio in ratios):
            raise ValueError(f"{name}: output_ratio is {output_ratio}; expects a number between 0 and 1, or {dims}")
        output_size = tuple(int(n * ratio) for n, ratio in zip(size, ratios, strict=True))
    wanted = ints(f"{name}: output_size", output_size, dims)
    if min(*kernel, *wanted) < 1 or any(k + m - 1 > n for k, m, n in zip(kernel, wanted, size, strict=True)):
        raise ValueError(
            f"{name}: {wanted} windows of size {kernel} do not fit into input of shape {input.shape}; sizes must be at "
            "least 1, and kernel_size + output_size - 1 at most the input's size"
        )
    n, c = x.shape[:2]
    if samples is None:
        from autograd.random import rand  # which imports the ops

        samples = rand(n, c, dims, dtype=x.dtype)
    elif input.ndim == dims + 1 and samples.ndim == 3:
        samples = samples[:1]  # PyTorch reads no further
    if tuple(samples.shape) != (n, c, dims):
        raise ValueError(f"{name}: _random_samples has shape {samples.shape}; expects {(n, c, dims)}")
    if not c:
        raise ValueError(f"{name}: input of shape {input.shape} has no channels; expects at least one")
    if not n:
        tables = [np.arange(m)[:, None] + np.arange(k) for m, k in zip(wanted, kernel, strict=True)]
        y, found = _max_at(x, tables, return_indices)
        return (y, found) if return_indices else y
    draws = np.asarray(samples).reshape(n * c, dims)
    maxima, indices = [], []
    for plane in range(n * c):  # each has windows of its own
        tables = [
            _random_starts(u, inputs, outputs, k)[:, None] + np.arange(k)
            for u, inputs, outputs, k in zip(_axes(draws[plane]), size, wanted, kernel, strict=True)
        ]
        best, places = _max_at(x[plane // c, plane % c][None, None], tables, return_indices)
        maxima.append(best)
        indices.append(places)
    shape = (*input.shape[: input.ndim - dims], *wanted)
    whole = reshape(cat(maxima, 0), shape)
    return (whole, reshape(cat(indices, 0), shape)) if return_indices else whole


def _axes(draws: Array) -> Array:
    """A plane's random numbers in the order of its dimensions.  PyTorch's first is that of the width in images."""
    return draws[::-1] if len(draws) == 2 else draws


def _random_starts(u: np.floating[Any], inputs: int, outputs: int, kernel: int) -> Array:
    """The first place of each window, from a random number of [0, 1); the last window ends at the end."""
    starts = np.full(outputs, inputs - kernel)
    if outputs > 1:
        alpha = u.dtype.type(inputs - kernel) / u.dtype.type(outputs - 1)  # rounded as in PyTorch
        i = np.arange(outputs - 1).astype(u.dtype)
        starts[:-1] = ((i + u) * alpha).astype(np.int64) - int(u * alpha)
    return starts


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: int | tuple[int, int],
    output_size: int | tuple[int, int] | None = None,
    output_ratio: float | tuple[float, float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maxima of windows at random places, with steps whose mean is any ratio of sizes.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    output_size : int or (int, int), optional
        H' and W'.
    output_ratio : float or (float, float), optional
        H' / H and W' / W, between 0 and 1.  Give this or output_size.
    return_indices : bool
        Also return the index of each maximum in its flat H × W image.

    Returns
    -------
    Tensor, (N, C, H', W') or (C, H', W'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    References
    ----------
    Graham, "Fractional Max-Pooling", 2014.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> image = autograd.arange(16.0).reshape(1, 4, 4)  # grows to the right and down
    >>> F.fractional_max_pool2d(image, 2, output_size=3)  # 3 windows of 2 pixels: nothing is left to chance
    tensor([[[ 5.,  6.,  7.],
             [ 9., 10., 11.],
             [13., 14., 15.]]])
    """
    name = "fractional_max_pool2d"
    return _fractional(name, input, kernel_size, output_size, output_ratio, return_indices, _random_samples, 2)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: int | Triple,
    output_size: int | Triple | None = None,
    output_ratio: float | tuple[float, float, float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the maxima of windows at random places, with steps whose mean is any ratio of sizes.

    Parameters
    ----------
    input : Tensor of float, (N, C, D, H, W) or (C, D, H, W)
    kernel_size : int or (int, int, int)
    output_size : int or (int, int, int), optional
        D', H' and W'.
    output_ratio : float or (float, float, float), optional
        D' / D, H' / H and W' / W, between 0 and 1.  Give this or output_size.
    return_indices : bool
        Also return the index of each maximum in its flat D × H × W volume.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W'); with return_indices, that and an int64 Tensor of the same shape

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    References
    ----------
    Graham, "Fractional Max-Pooling", 2014.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.fractional_max_pool3d(autograd.ones(1, 8, 8, 8), 2, output_ratio=0.75).shape
    (1, 6, 6, 6)
    """
    name = "fractional_max_pool3d"
    return _fractional(name, input, kernel_size, output_size, output_ratio, return_indices, _random_samples, 3)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _best(x: Array, lines: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """The maximum of x (N, C, …) over the given places of each dimension, and its flat index: the first, or NaN."""
    best, index = np.full(x.shape[:2], -np.inf, x.dtype), np.full(x.shape[:2], -1)
    for place in itertools.product(*lines):
        at: Any = (..., *place)
        value = x[at]
        greater = (value > best) | np.isnan(value) | (index < 0)
        best, index = np.where(greater, value, best), np.where(greater, np.ravel_multi_index(place, x.shape[2:]), index)
    return best, index


def _reference_of(x: Array, lines_of: Any, size: Shape, with_indices: bool) -> Any:
    y, indices = np.empty((*x.shape[:2], *size), x.dtype), np.empty((*x.shape[:2], *size), np.int64)
    for index in np.ndindex(*size):
        y[(..., *index)], indices[(..., *index)] = _best(x, lines_of(index))
    return (y, indices) if with_indices else y


def _pool_reference(
    x: Array, *, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    def lines_of(index: Shape) -> list[list[int]]:
        windows = zip(index, x.shape[2:], kernel_size, stride, padding, dilation, strict=True)
        return [[j for j in range(i * s - p, i * s - p + k * d, d) if 0 <= j < n] for i, n, k, s, p, d in windows]

    size = pool_size(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return _reference_of(x, lines_of, size, return_indices)


def _pool_sample(dims: int) -> Any:
    def sample(draw: Draw) -> Sample:
        shape, params = draw.pool_geometry(dims)
        shape = (*shape[:2], *(min(n, k + 3) for n, k in zip(shape[2:], params["kernel_size"], strict=True)))
        sizes = zip(shape[2:], params["kernel_size"], params["padding"], strict=True)
        fits = [n + 2 * p > 2 * (k - 1) and (n > 1 or not p) for n, k, p in sizes]  # with a dilation of 2
        params["dilation"] = tuple(draw.choice(1, 2 if wide else 1) for wide in fits)
        params |= {"ceil_mode": draw.choice(False, True), "return_indices": draw.choice(False, True)}
        return Sample((draw.tensor(*shape),), params)

    return sample


def _adaptive_reference(x: Array, *, output_size: Shape, return_indices: bool) -> Any:
    def lines_of(index: Shape) -> list[range]:
        sizes = zip(index, x.shape[2:], output_size, strict=True)
        return [range(i * n // m, -(-(i + 1) * n // m)) for i, n, m in sizes]

    return _reference_of(x, lines_of, output_size, return_indices)


def _adaptive_sample(dims: int) -> Any:
    def sample(draw: Draw) -> Sample:
        x = draw.tensor(draw.size(0, 2), draw.size(1, 2), *(draw.size(1, 5) for _ in range(dims)))
        size = tuple(draw.size(1, 4) if dims > 1 else draw.size(0, 4) for _ in range(dims))
        return Sample((x,), {"output_size": size, "return_indices": draw.choice(False, True)})

    return sample


def _fractional_reference(x: Array, *, kernel_size: Shape, output_size: Shape, samples: Any, with_indices: bool) -> Any:
    draws = np.reshape(samples, (*x.shape[:2], len(kernel_size)))
    y, indices = np.empty((*x.shape[:2], *output_size), x.dtype), np.empty((*x.shape[:2], *output_size), np.int64)
    for i, j in np.ndindex(*x.shape[:2]):
        order = draws[i, j][::-1] if len(kernel_size) == 2 else draws[i, j]
        starts = []
        for u, n, m, k in zip(order, x.shape[2:], output_size, kernel_size, strict=True):
            step = (n - k) / (m - 1) if m > 1 else 0.0
            starts.append([int((t + u) * step) - int(u * step) if t < m - 1 else n - k for t in range(m)])
        for index in np.ndindex(*output_size):
            lines = [range(s[t], s[t] + k) for s, t, k in zip(starts, index, kernel_size, strict=True)]
            best, place = _best(x[i : i + 1, j : j + 1], lines)
            y[(i, j, *index)], indices[(i, j, *index)] = best.item(), place.item()
    return (y, indices) if with_indices else y


def _with_samples(function: Any) -> Any:
    """The function as its tests call it, with the random numbers as a parameter, because they have no gradient."""

    def run(x: Tensor, *, kernel_size: Any, output_size: Any, samples: Any, with_indices: bool) -> Any:
        draws = None if samples is None else np.array(samples, x.dtype)
        return function(x, kernel_size, output_size, None, with_indices, draws)

    return run


def _fractional_sample(dims: int) -> Any:
    def sample(draw: Draw) -> Sample:
        n, c = draw.size(1, 2), draw.size(1, 2)
        kernel, size = (tuple(draw.size(1, 3) for _ in range(dims)) for _ in range(2))
        shape = (n, c, *(k + m - 1 + draw.size(0, 2) for k, m in zip(kernel, size, strict=True)))
        samples = (draw.integers(n * c * dims, 0, 7) / 8).reshape(n, c, dims).tolist()
        params = {"kernel_size": kernel, "output_size": size, "samples": samples}
        return Sample((draw.tensor(*shape),), {**params, "with_indices": draw.choice(False, True)})

    return sample


def _register(function: Any, reference: Any, sample: Any, bad: list[BadSample]) -> None:
    name = function.__name__
    run = _with_samples(function) if name.startswith("fractional") else function
    register(Composite(name=name, function=run, reference=reference, sample=sample, bad_samples=bad, kind="piecewise"))


def _bad(name: str, x: Any, error: type[Exception], *words: str, **params: Any) -> BadSample:
    return BadSample((x,), params, error, (name, *words))


_function: Any
for _function, _dims in ((max_pool1d, 1), (max_pool3d, 3)):
    _name, _big = _function.__name__, np.ones((1, 1, *(8,) * _dims))
    _calls: list[Any] = [
        (_big, ValueError, "kernel_size", "smaller", {"kernel_size": 9}),
        (_big, ValueError, "padding", "half", {"kernel_size": 2, "padding": 2}),
        (_big, ValueError, "stride", "dilation", "at least 1", {"kernel_size": 2, "stride": 0, "dilation": 2}),
        (_big, TypeError, "kernel_size expects an int", "1.5", {"kernel_size": 1.5}),
        (np.ones(8), ValueError, "(N, C, ", "(8,)", {"kernel_size": 2}),
        (_big.astype(bool), TypeError, "bool", ".float()", {"kernel_size": 2}),
    ]
    _register(_function, _pool_reference, _pool_sample(_dims), [_bad(_name, *call[:-1], **call[-1]) for call in _calls])

for _function, _dims in ((adaptive_max_pool1d, 1), (adaptive_max_pool2d, 2), (adaptive_max_pool3d, 3)):
    _name, _big = _function.__name__, np.ones((1, 1, *(8,) * _dims))
    _calls = [
        (np.ones(8), ValueError, "(N, C, ", "(8,)", {"output_size": 1}),
        (np.ones((1, 1, *(0,) * _dims)), ValueError, "at least 1", {"output_size": 1}),
        (_big, ValueError, "-1", "at least 0", {"output_size": -1}),
        (_big, TypeError, "output_size", "1.5", {"output_size": 1.5}),
        (_big.astype(int), TypeError, "int64", ".float()", {"output_size": 1}),
    ]
    _bad_calls = [_bad(_name, *call[:-1], **call[-1]) for call in _calls]
    _register(_function, _adaptive_reference, _adaptive_sample(_dims), _bad_calls)

for _function, _dims in ((fractional_max_pool2d, 2), (fractional_max_pool3d, 3)):
    _name, _big = _function.__name__, np.ones((1, 1, *(8,) * _dims))
    _plain: dict[str, Any] = {"kernel_size": 2, "output_size": 3, "samples": None, "with_indices": False}
    _calls = [
        (np.ones(8), ValueError, "(N, C, ", "(8,)", {}),
        (_big, ValueError, "either output_size or output_ratio", {"output_size": None}),
        (_big, ValueError, "do not fit", "at most", {"output_size": 8}),
        (_big, ValueError, "_random_samples", "(1, 1, ", {"samples": [0.5]}),
        (_big.astype(int), TypeError, "int64", ".float()", {}),
    ]
    _bad_calls = [_bad(_name, *call[:-1], **{**_plain, **call[-1]}) for call in _calls]
    _register(_function, _fractional_reference, _fractional_sample(_dims), _bad_calls)
