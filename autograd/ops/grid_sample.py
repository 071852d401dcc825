"""Sampling of images at points given by a grid, and grids of affine maps.

    y[n,c,i] = Σ_p w_p(x_i) input[n, c, p]        over the pixels p around the point x_i = grid[n,i]
    affine_grid    grid[n,i] = theta[n] (base_i, 1),  base_i the pixels of the output in coordinates from -1 to 1

The weights are products of one factor for each dimension, and are written with tensors, so that they have gradients.
Pixels are chosen by indices, which have none.

References
----------
Jaderberg et al., "Spatial Transformer Networks", 2015.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.indexing import getitem
from autograd.ops.matmul import matmul
from autograd.ops.shape import movedim, reshape, transpose
from autograd.ops.shared.checks import check_float, check_same_float
from autograd.ops.shared.taps import cubic
from autograd.ops.where import where
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

choose: Any = where  # of arrays and tensors
MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def _reflected(x: Array, low: float, high: float) -> tuple[Array, Array]:
    """Positions mirrored at the bounds, and the sign of their derivatives."""
    span = high - low
    if span <= 0:
        return np.zeros_like(x), np.zeros_like(x)
    distance = np.abs(x - low)
    odd = np.floor(distance / span) % 2 == 1
    rest = np.fmod(distance, span)
    sign = np.where(x < low, -1.0, 1.0) * np.where(odd, -1.0, 1.0)
    return np.where(odd, high - rest, low + rest), sign.astype(x.dtype)


def _bounded(x: Array, n: int, padding_mode: str, align_corners: bool) -> tuple[Array, Array]:
    """Positions brought inside 0 to n - 1, as the mode says, and the derivatives of that."""
    one = np.ones_like(x)
    if padding_mode == "zeros":
        return x, one
    if padding_mode == "reflection":
        x, one = _reflected(x, 0.0, n - 1.0) if align_corners else _reflected(x, -0.5, n - 0.5)
    inside = (x > 0) & (x < n - 1)
    return np.clip(x, 0, n - 1).astype(x.dtype), np.where(inside, one, 0).astype(x.dtype)


@in_float32
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Interpolate images at the points of a grid.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (N, C, D, H, W)
    grid : Tensor, (N, H', W', 2) or (N, D', H', W', 3)
        Points (x, y) or (x, y, z), from -1 (left, top, front) to 1 (right, bottom, back).
    mode : "bilinear" (in volumes trilinear), "nearest", or for images "bicubic"
    padding_mode : str
        What is outside the image: "zeros", "border" (the nearest pixel) or "reflection" (the image mirrored).
    align_corners : bool, optional
        Whether -1 and 1 are the centers of the corner pixels, rather than their outer edges.  Default: False.

    Returns
    -------
    Tensor, (N, C, H', W') or (N, C, D', H', W')

    Raises
    ------
    ValueError
        If shapes do not fit, or a mode is unknown.
    TypeError
        If the two do not have one float dtype.

    References
    ----------
    Jaderberg et al., "Spatial Transformer Networks", arXiv:1506.02025, section 3.3.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> image = autograd.tensor([[[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]]])
    >>> points = autograd.tensor([[[[-1.0, -1.0], [0.5, -1.0], [0.0, 0.0]]]])  # a corner, 1.5 to the right, the middle
    >>> F.grid_sample(image, points, align_corners=True)
    tensor([[[[0.0000, 1.5000, 2.5000]]]])
    """
    check_arrays("grid_sample", input=input, grid=grid)
    dims = input.ndim - 2
    if mode not in MODES or padding_mode not in PADDINGS:
        raise ValueError(
            f"grid_sample: mode {mode!r} must be one of {', '.join(MODES)}, and padding_mode {padding_mode!r} one of "
            f"{', '.join(PADDINGS)}"
        )
    if dims not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != dims or grid.shape[0] != input.shape[0]:
        raise ValueError(
            f"grid_sample: input of shape {input.shape} and grid of shape {grid.shape} do not fit: expects "
            "(N, C, H, W) and (N, H', W', 2), or (N, C, D, H, W) and (N, D', H', W', 3)"
        )
    check_same_float("grid_sample", input=input, grid=grid)
    if mode == "bicubic" and dims == 3:
        raise ValueError("grid_sample: mode 'bicubic' is for images (N, C, H, W), not volumes")
    if min(input.shape[2:]) < 1:
        raise ValueError(f"grid_sample: input of shape {input.shape} has no pixels; expects at least one")
    align = bool(align_corners)
    n, channels, *size = input.shape
    out = grid.shape[1:-1]
    points = reshape(grid, (n, math.prod(out), dims))
    pixels = reshape(movedim(input, 1, -1), (n * math.prod(size), channels))
    lines = [
        _line(points[:, :, dims - 1 - d], size[d], mode, padding_mode, align) for d in range(dims)
    ]  # for each dimension, the first of which is the grid's last: pairs of places and weights
    first = np.arange(n)[:, None] * math.prod(size)
    total: Any = None
    for taps in itertools.product(*lines):
        inside = np.ones((n, math.prod(out)), bool)
        flat = np.zeros((n, math.prod(out)), np.int64)
        weight: Any = None
        for (places, w), length in zip(taps, size, strict=True):
            inside &= (places >= 0) & (places < length)
            flat = flat * length + np.clip(places, 0, length - 1)
            if w is not None:
                weight = w if weight is None else weight * w
        seen = getitem(pixels, first + flat)
        if not inside.all():
            seen = choose(inside[:, :, None], seen, np.zeros((), input.dtype))
        part = seen if weight is None else seen * reshape(weight, (*weight.shape, 1))
        total = part if total is None else total + part
    result: Tensor = reshape(transpose(total, 1, 2), (n, channels, *out))
    return result


def _line(g: Any, n: int, mode: str, padding_mode: str, align: bool) -> list[tuple[Array, Any]]:
    """The places along one dimension that points g see, and their weights (None for 1)."""
    position = (g + 1) * ((n - 1) / 2) if align else ((g + 1) * n - 1) / 2
    numbers = np.asarray(position.detach())
    finite = np.isfinite(numbers)
    if not finite.all():  # with zeros outside they are outside; the other modes bring them inside, as PyTorch does
        right = np.where(numbers == np.inf, n - 1, 0) if padding_mode == "border" else 0
        numbers = np.where(finite, numbers, -9 if padding_mode == "zeros" else right).astype(numbers.dtype)
        if padding_mode != "zeros" and mode != "bicubic":
            position = choose(finite, position, numbers)
    if mode == "bicubic":  # each place is brought inside, rather than the point
        low = np.floor(numbers)
        near = [(low + k, _cubic_weight(position - low, k)) for k in range(-1, 3)]
        return [(_whole(np.rint(_bounded(at, n, padding_mode, align)[0])), w) for at, w in near]
    bounded, slope = _bounded(numbers, n, padding_mode, align)
    if mode == "nearest":
        return [(_whole(np.rint(bounded)), None)]
    low = np.floor(bounded)
    if padding_mode == "zeros":
        t: Any = position - low
    else:
        t = (position - numbers) * slope + (bounded - low)  # the value of the second term, the derivative of the first
    return [(_whole(low), 1 - t), (_whole(low) + 1, t)]


def _whole(x: Array) -> Array:
    """Whole numbers as integers; those far outside any image stay outside."""
    return np.clip(x, -1e9, 1e9).astype(np.int64)


def _cubic_weight(t: Any, k: int) -> Any:
    """`cubic` of the distance from t in [0, 1) to k in (-1, 0, 1, 2), with a = -3/4, of tensors."""
    a, d = -0.75, abs(k - 0.5)
    s = t - k if k <= 0 else k - t
    if d < 1:
        return ((a + 2) * s - (a + 3)) * s * s + 1
    return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid of an affine map, for `grid_sample`: where each pixel of the output is in the input.

    Parameters
    ----------
    theta : Tensor of float, (N, 2, 3) or (N, 3, 4)
        Matrices, whose last column is a shift.
    size : sequence of int
        Of the output: (N, C, H, W) or (N, C, D, H, W).
    align_corners : bool, optional
        As of `grid_sample`.

    Returns
    -------
    Tensor, (N, H, W, 2) or (N, D, H, W, 3)

    Raises
    ------
    ValueError
        If the shape of theta and size do not fit, or a size is 0.
    TypeError
        If theta is not of floats.

    References
    ----------
    Jaderberg et al., "Spatial Transformer Networks", arXiv:1506.02025, equation (1).

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> shift = autograd.tensor([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])  # x + 0.5, y
    >>> F.affine_grid(shift, (1, 1, 1, 3), align_corners=True)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000],
              [ 1.5000,  0.0000]]]])
    """
    check_arrays("affine_grid", theta=theta)
    sizes = tuple(int(n) for n in size)
    dims = len(sizes) - 2
    if dims not in (2, 3) or tuple(theta.shape) != (sizes[0], dims, dims + 1):
        raise ValueError(
            f"affine_grid: theta of shape {theta.shape} and size {sizes} do not fit: expects (N, 2, 3) and "
            "(N, C, H, W), or (N, 3, 4) and (N, C, D, H, W)"
        )
    check_float("affine_grid", theta)
    if min(sizes) < 1:
        raise ValueError(f"affine_grid: size {sizes} must be at least 1 in each dimension")
    lines = []
    for n in sizes[2:]:
        line = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        lines.append(line if align_corners else line * (n - 1) / n)
    axes = np.meshgrid(*lines, indexing="ij")[::-1]  # x is the last dimension
    base = np.stack([*axes, np.ones_like(axes[0])], -1).reshape(-1, dims + 1).astype(theta.dtype)
    grid = matmul(base, transpose(theta, 1, 2))  # type: ignore[arg-type]
    return reshape(grid, (sizes[0], *sizes[2:], dims))


# ── under the battery ──────────────────────────────────────────────────────────────────


def _reference(
    x: Array, grid: Array, *, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Array:
    size = x.shape[2:]
    y = np.zeros((*x.shape[:2], *grid.shape[1:-1]), x.dtype)

    def inside(at: float, n: int) -> float:
        if padding_mode == "reflection":
            low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
            span = high - low
            around = (at - low) % (2 * span) if span > 0 else 0.0
            at = low + min(around, 2 * span - around) if span > 0 else 0.0
        return at if padding_mode == "zeros" else min(max(at, 0.0), n - 1.0)

    for b, *index in np.ndindex(*grid.shape[:-1]):
        lines = []
        if not np.isfinite(grid[(b, *index)]).all() and (mode == "bicubic" or padding_mode == "zeros"):
            y[(b, slice(None), *index)] = 0 if mode == "nearest" else np.nan
            continue
        for g, n in zip(grid[(b, *index)][::-1], size, strict=True):
            at = (g + 1) * (n - 1) / 2 if align_corners else ((g + 1) * n - 1) / 2
            if mode == "bicubic":
                low = int(np.floor(at))
                near = [(low + k, float(cubic(np.array(at - low - k), -0.75))) for k in range(-1, 3)]
                lines.append([(int(np.rint(inside(float(j), n))), w) for j, w in near])
                continue
            if not np.isfinite(at):
                at = n - 1.0 if at == np.inf and padding_mode == "border" else 0.0
            at = inside(at, n)
            low = int(np.floor(at))
            both = [(low, 1 - (at - low)), (low + 1, at - low)]
            lines.append(both if mode == "bilinear" else [(int(np.rint(at)), 1.0)])
        for taps in itertools.product(*lines):
            if all(0 <= j < n for (j, _), n in zip(taps, size, strict=True)):
                y[(b, slice(None), *index)] += (
                    math.prod(w for _, w in taps) * x[(b, slice(None), *(j for j, _ in taps))]
                )
    return y


def _sample(draw: Draw) -> Sample:
    """Points in the middle between the pixels where the result has kinks."""
    dims, n = draw.choice(2, 2, 3), draw.size(1, 2)
    x = draw.tensor(n, draw.size(1, 2), *(4,) * dims)
    out = tuple(draw.size(1, 2) for _ in range(dims))
    align = draw.choice(False, True)
    # position p + 1/4 or 3/4 from -1.75 to 5.75: away from whole and half numbers
    quarters = draw.integers(n * math.prod(out) * dims, -4, 11)
    position = quarters / 2 + 0.25
    grid = position * 2 / 3 - 1 if align else (position * 2 + 1) / 4 - 1
    mode = draw.choice(*MODES[: 5 - dims])
    params = {"mode": mode, "padding_mode": draw.choice(*PADDINGS), "align_corners": align}
    return Sample((x, grid.reshape(n, *out, dims)), params)


def _bad(shape: Any, grid: Any, error: type[Exception], *words: str, dtype: Any = float, **params: Any) -> BadSample:
    return BadSample((np.ones(shape), np.ones(grid, dtype)), params, error, ("grid_sample", *words))


_IMAGE, _POINTS = (1, 1, 3, 3), (1, 2, 2, 2)

register(
    Composite(
        name="grid_sample",
        function=grid_sample,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad(_IMAGE, (1, 2, 2, 3), ValueError, "(1, 1, 3, 3)", "(1, 2, 2, 3)"),
            _bad(_IMAGE, (2, 2, 2, 2), ValueError, "(2, 2, 2, 2)"),
            _bad((3, 3), _POINTS, ValueError, "(3, 3)", "(N, C, H, W)"),
            _bad(_IMAGE, _POINTS, TypeError, "float32", dtype=np.float32),
            _bad(_IMAGE, _POINTS, ValueError, "'cubic'", "bicubic", mode="cubic"),
            _bad(_IMAGE, _POINTS, ValueError, "'mirror'", "reflection", padding_mode="mirror"),
            _bad((1, 1, 3, 3, 3), (1, 2, 2, 2, 3), ValueError, "'bicubic'", "images", mode="bicubic"),
            _bad((1, 1, 0, 3), _POINTS, ValueError, "no pixels"),
        ],
    )
)


def _grid_reference(theta: Array, *, size: Sequence[int], align_corners: bool | None = None) -> Array:
    dims = len(size) - 2
    grid = np.empty((size[0], *size[2:], dims), theta.dtype)
    for b, *index in np.ndindex(*grid.shape[:-1]):
        point = [1.0]
        for i, n in zip(index, size[2:], strict=True):
            point.insert(0, (2 * i / (n - 1) - 1 if n > 1 else 0.0) if align_corners else (2 * i + 1) / n - 1)
        grid[(b, *index)] = theta[b] @ np.array(point)
    return grid


def _grid_sample_row(draw: Draw) -> Sample:
    dims, n = draw.choice(2, 3), draw.size(1, 2)
    size = (n, 1, *(draw.size(1, 3) for _ in range(dims)))
    return Sample((draw.tensor(n, dims, dims + 1),), {"size": size, "align_corners": draw.choice(False, True)})


register(
    Composite(
        name="affine_grid",
        function=affine_grid,
        reference=_grid_reference,
        sample=_grid_sample_row,
        bad_samples=[
            BadSample(
                (np.ones((1, 2, 2)),), {"size": (1, 1, 2, 2)}, ValueError, ("affine_grid", "(1, 2, 2)", "(N, 2, 3)")
            ),
            BadSample((np.ones((1, 2, 3)),), {"size": (1, 1, 0, 2)}, ValueError, ("affine_grid", "at least 1")),
            BadSample((np.ones((1, 2, 3), int),), {"size": (1, 1, 2, 2)}, TypeError, ("affine_grid", "int64")),
        ],
    )
)
