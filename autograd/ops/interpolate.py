"""Interpolation: images of another size, by a separable linear map.

    y[n, c, i, j] = Σ_u,v a[i, u] b[j, v] x[n, c, u, v]
    dx = the same map with the transposed matrices

Each dimension has a matrix (`shared/taps.py`) with one number in a row (nearest), two (linear) or four (cubic).  The
row `interpolate_taps` multiplies along one dimension, and is its own gradient.  Mode "area" is adaptive_avg_pool.

References
----------
Keys, "Cubic convolution interpolation for digital image processing", 1981.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.arguments import check_arrays
from autograd.kernels.jit import ELEMENTS, dense, kernel, limit_threads, set_threads
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.adaptive_avg_pool import adaptive_avg_pool1d, adaptive_avg_pool3d
from autograd.ops.avg_pool2d import adaptive_avg_pool2d
from autograd.ops.elementwise import clone
from autograd.ops.indexing import getitem
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.taps import Taps, cubic, interpolating
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

# ── a sparse matrix along one dimension ────────────────────────────────────────────────


@kernel(parallel=True)
def _multiply(x, starts, places, weights, y):
    """y (A, M, B) from x (A, N, B) and the matrix (M, N)."""
    threads = limit_threads(y.size // ELEMENTS)
    for a in prange(len(x)):
        if x.shape[2] == 1:
            column, out = x[a].reshape(-1), y[a].reshape(-1)
            for i in range(len(out)):
                total = y.dtype.type(0)
                for t in range(starts[i], starts[i + 1]):
                    total += weights[t] * column[places[t]]
                out[i] = total
        else:
            for i in range(y.shape[1]):
                out = y[a, i]
                out[:] = 0
                for t in range(starts[i], starts[i + 1]):
                    row, weight = x[a, places[t]], weights[t]
                    for b in range(len(out)):
                        out[b] += weight * row[b]
    set_threads(threads)


def _taps_forward(x: Array, *, taps: Taps, dim: int) -> Array:
    before, after = math.prod(x.shape[:dim]), math.prod(x.shape[dim + 1 :])
    y = np.empty((*x.shape[:dim], taps.outputs, *x.shape[dim + 1 :]), x.dtype)
    rows = dense(x).reshape(before, taps.size, after)
    _multiply(rows, taps.starts, taps.places, taps.weights.astype(x.dtype), y.reshape(before, taps.outputs, after))
    return y


def _taps_reference(x: Array, *, taps: Taps, dim: int) -> Array:
    y = np.zeros((*x.shape[:dim], taps.outputs, *x.shape[dim + 1 :]), x.dtype)
    rows, results = np.moveaxis(x, dim, 0), np.moveaxis(y, dim, 0)
    for i in range(taps.outputs):
        for t in range(taps.starts[i], taps.starts[i + 1]):
            results[i] += taps.weights[t].astype(x.dtype) * rows[taps.places[t]]
    return y


def _taps_check(x: Array, *, taps: Taps, dim: int) -> None:
    check_float("interpolate", x)
    if x.shape[dim] != taps.size:
        raise ValueError(f"interpolate: a matrix for {taps.size} points does not fit dim {dim} of shape {x.shape}")


def _taps_sample(draw: Draw) -> Sample:
    shape, dim = list(draw.shape(1, 3)), 0
    dim = draw.size(0, len(shape) - 1)
    if draw.choice(False, False, False, True):
        shape[0 if dim else -1] *= dim > 0 or len(shape) == 1
    counts = draw.integers(draw.size(1, 4), 0, 3) * (shape[dim] > 0)
    many = int(counts.sum())
    weights = draw.integers(many, -2, 2).astype(np.float64)
    taps = Taps(np.concatenate(([0], counts.cumsum())), draw.index((many,), shape[dim]), weights, shape[dim])
    return Sample((draw.tensor(*shape),), {"taps": taps, "dim": dim})


_THREE = Taps(np.array([0, 1]), np.array([2]), np.ones(1), 3)

interpolate_taps: Op = register(
    Op(
        name="interpolate_taps",
        check=_taps_check,
        forward=_taps_forward,
        backward=lambda ctx, g, *, taps, dim: interpolate_taps(g, taps=taps.transposed, dim=dim),
        reference=_taps_reference,
        sample=_taps_sample,
        bad_samples=[
            BadSample((np.ones((2, 4)),), {"taps": _THREE, "dim": 1}, ValueError, ("interpolate", "3", "(2, 4)")),
            BadSample((np.ones(3, int),), {"taps": _THREE, "dim": 0}, TypeError, ("interpolate", "int64", ".float()")),
        ],
        kind="multilinear",
        flops=lambda inputs, y, *, taps, dim: 2 * len(taps.places) * (y.size // max(1, taps.outputs)),
    )
)


# ── interpolation ──────────────────────────────────────────────────────────────────────

MODES = {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "area": (1, 2, 3)}  # mode: numbers of dimensions
ALIGNED = {"linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}  # those that have align_corners


def _sizes(
    shape: Shape, size: Any, scale_factor: Any, recompute: bool
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The size of the output, and the factors that positions are computed with; None for those of the sizes."""
    dims = len(shape)
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: expects either size or scale_factor, and not both")
    what, given = ("scale_factor", scale_factor) if size is None else ("size", size)
    each = tuple(given) if isinstance(given, Sequence | np.ndarray) else (given,) * dims
    if len(each) != dims:
        raise ValueError(
            f"interpolate: {what} {each} must be one number, or one for each of the {dims} dimensions after the "
            f"channels; input has {dims + 2} dimensions"
        )
    kinds = int | np.integer if size is not None else int | float | np.number
    if not all(isinstance(number, kinds) for number in each):
        raise TypeError(f"interpolate: {what} {each} must be {'whole ' if size is not None else ''}numbers")
    if size is not None:
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor has no meaning with size; leave it out")
        return tuple(int(n) for n in each), (None,) * dims
    wanted = tuple(math.floor(float(n) * factor) for n, factor in zip(shape, each, strict=True))
    return wanted, (None,) * dims if recompute else tuple(float(factor) for factor in each)


@in_float32
def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Enlarge or reduce images.

    Parameters
    ----------
    input : Tensor of float, (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        For the nearest modes also of uint8.
    size : int or sequence of int, optional
        Sizes of the output after the channels.
    scale_factor : float or sequence of float, optional
        How many times larger the output is; its sizes are rounded down.  Give this or size.
    mode : str
        "nearest", "nearest-exact" (which rounds positions as other libraries do), "linear" (L), "bilinear" or
        "bicubic" (H, W), "trilinear" (D, H, W), or "area" (the mean of a window, as `adaptive_avg_pool2d`).
    align_corners : bool, optional
        Of linear and cubic modes: whether the centers of the corner pixels of input and output are aligned, rather
        than the corners of these pixels.  Default: False.
    recompute_scale_factor : bool, optional
        Whether positions are computed with the quotient of the sizes, instead of scale_factor.
    antialias : bool
        For "bilinear" and "bicubic": whether reducing takes the mean over all pixels, as PIL does.

    Returns
    -------
    Tensor, (N, C, L'), (N, C, H', W') or (N, C, D', H', W')

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        If shape, dtype, mode or sizes do not fit.

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import interpolate
    >>> interpolate(autograd.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    check_arrays("interpolate", input=input)
    dims = input.ndim - 2
    if mode not in {*MODES, *ALIGNED}:
        raise NotImplementedError(f"interpolate: mode {mode!r} is not one of {', '.join({**MODES, **ALIGNED})}")
    if align_corners is not None and mode in MODES:
        raise ValueError(
            f"interpolate: align_corners is for modes {', '.join(ALIGNED)}; leave it out for mode {mode!r}"
        )
    if dims not in {**MODES, **ALIGNED}[mode]:
        allowed = " or ".join(str(n + 2) for n in {**MODES, **ALIGNED}[mode])
        raise NotImplementedError(
            f"interpolate: mode {mode!r} expects an input of {allowed} dimensions (N, C, …), got shape {input.shape}"
        )
    if input.dtype != np.uint8 or not mode.startswith("nearest"):  # images of bytes, which have no gradient
        check_float("interpolate", input)
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"interpolate: antialias is for modes bilinear and bicubic, not {mode!r}; leave it out")
    shape = tuple(input.shape[2:])
    wanted, factors = _sizes(shape, size, scale_factor, bool(recompute_scale_factor))
    if min(wanted) < 1 or min(shape) < 1 or not input.shape[1]:
        raise ValueError(
            f"interpolate: input of shape {input.shape} and output of size {wanted}: channels and sizes must be at "
            "least 1"
        )
    if mode == "area":
        pool: Any = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[dims - 1]
        result: Tensor = pool(input, wanted)
        return result
    kind = mode if mode in MODES else "cubic" if mode == "bicubic" else "linear"
    growing = math.prod(wanted) >= math.prod(shape)  # the last dimension first or last: fewer numbers in its loop
    y = input
    for i in reversed(range(dims)) if growing else range(dims):
        if wanted[i] != shape[i] or factors[i] not in (None, 1.0) or antialias:
            taps = interpolating(kind, shape[i], wanted[i], bool(align_corners), factors[i], antialias, input.dtype)
            if input.dtype == np.uint8:
                y = getitem(y, (*[slice(None)] * (2 + i), taps.places))
            else:
                y = interpolate_taps(y, taps=taps, dim=2 + i)
    return clone(input) if y is input else y


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Enlarge or reduce images: `interpolate` by its old name.

    Parameters
    ----------
    input : Tensor of float, (N, C, L), (N, C, H, W) or (N, C, D, H, W)
    size : int or sequence of int, optional
        Sizes of the output after the channels.
    scale_factor : float or sequence of float, optional
        How many times larger the output is.  Give this or size.
    mode : str
        As of `interpolate`: "nearest", "linear", "bilinear", "bicubic", "trilinear" and others.
    align_corners : bool, optional
        As of `interpolate`.

    Returns
    -------
    Tensor, (N, C, L'), (N, C, H', W') or (N, C, D', H', W')

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        If shape, dtype, mode or sizes do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.upsample(autograd.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """Enlarge or reduce images, each pixel a copy of the nearest one: `interpolate` with mode "nearest".

    Parameters
    ----------
    input : Tensor, (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        Of float or uint8.
    size : int or sequence of int, optional
        Sizes of the output after the channels.
    scale_factor : float or sequence of float, optional
        How many times larger the output is.  Give this or size.

    Returns
    -------
    Tensor, (N, C, L'), (N, C, H', W') or (N, C, D', H', W')

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        If shape, dtype or sizes do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.upsample_nearest(autograd.tensor([[[[1.0, 2.0]]]]), (2, 4))
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """Enlarge or reduce images linearly along both sides: `interpolate` with mode "bilinear" and align_corners=True.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W)
    size : int or sequence of int, optional
        H' and W'.
    scale_factor : float or sequence of float, optional
        How many times larger the output is.  Give this or size.

    Returns
    -------
    Tensor, (N, C, H', W')

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        If shape, dtype or sizes do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.upsample_bilinear(autograd.tensor([[[[1.0, 3.0]]]]), (1, 5))
    tensor([[[[1.0000, 1.5000, 2.0000, 2.5000, 3.0000]]]])
    """
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _neighbours(
    i: int, n: int, m: int, mode: str, align: bool, factor: float | None, antialias: bool
) -> list[tuple[int, float]]:
    """Places and weights of point i of m, among n points."""
    scale = ((n - 1) / (m - 1) if m > 1 else 0.0) if align else (1 / factor if factor else n / m)
    if mode.startswith("nearest"):
        return [(min(n - 1, int(np.floor((i + 0.5 * (mode == "nearest-exact")) * scale))), 1.0)]
    if mode == "area":
        low, high = i * n // m, -(-(i + 1) * n // m)
        return [(j, 1 / (high - low)) for j in range(low, high)]
    cubical = mode == "bicubic"
    if antialias:
        wide = max(scale, 1.0)
        reach, center = wide * (1 + cubical), scale * (i + 0.5)
        near = range(max(0, int(center - reach + 0.5)), min(n, int(center + reach + 0.5)))
        found = [(j, (j + 0.5 - center) / wide) for j in near]
        each = [(j, float(cubic(np.array(d), -0.5)) if cubical else max(0.0, 1 - abs(d))) for j, d in found]
        total = sum(w for _, w in each)
        return [(j, w / total) for j, w in each]
    x = i * scale if align else (i + 0.5) * scale - 0.5
    if n == m and not factor:
        return [(i, 1.0)]
    if cubical:
        low = int(np.floor(x))
        return [(min(max(low + k, 0), n - 1), float(cubic(np.array(x - low - k), -0.75))) for k in range(-1, 3)]
    low = min(int(max(x, 0.0)), n - 1)
    t = min(max(x, 0.0) - low, 1.0)
    return [(low, 1 - t), (min(low + 1, n - 1) if n != m else low, t)]


def _reference(
    x: Array,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    shape = x.shape[2:]
    factors: list[Any] = [None] * len(shape)
    if size is None:
        factors = list(scale_factor) if isinstance(scale_factor, tuple) else [scale_factor] * len(shape)
        size = [int(n * factor) for n, factor in zip(shape, factors, strict=True)]
        if recompute_scale_factor or mode == "area":
            factors = [None] * len(shape)
    y = np.zeros((*x.shape[:2], *size), x.dtype)
    options = mode, bool(align_corners)
    for index in np.ndindex(*size):
        lines = [
            _neighbours(i, n, m, *options, factor, antialias)
            for i, n, m, factor in zip(index, shape, size, factors, strict=True)
        ]
        for taps in itertools.product(*lines):
            weight = math.prod(w for _, w in taps)
            place: Any = (..., *(j for j, _ in taps))
            y[(..., *index)] += weight * x[place]
    return y


def _sample(draw: Draw) -> Sample:
    mode = draw.choice(*MODES, *ALIGNED)
    dims = draw.choice(*{**MODES, **ALIGNED}[mode])
    shape = draw.size(0, 2), draw.size(1, 2), *(draw.size(1, 4) for _ in range(dims))
    params: dict[str, Any] = {"mode": mode}
    if draw.choice(True, False):
        params["size"] = tuple(draw.size(1, 5) for _ in range(dims))
    else:
        params["scale_factor"] = draw.choice(2, 1.5, (1.0, 2.5, 1.25)[:dims])
        params |= draw.choice({}, {"recompute_scale_factor": True})
    if mode in ALIGNED:
        params |= draw.choice({}, {"align_corners": True}, {"align_corners": False})
    if mode in ("bilinear", "bicubic"):
        params |= draw.choice({}, {"antialias": True})
    return Sample((draw.tensor(*shape),), params)


def _bad(shape: Shape, error: type[Exception], *words: str, dtype: Any = float, **params: Any) -> BadSample:
    return BadSample((np.ones(shape, dtype),), params, error, ("interpolate", *words))


register(
    Composite(
        name="interpolate",
        function=interpolate,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad((1, 1, 2), ValueError, "either size or scale_factor"),
            _bad((1, 1, 2), ValueError, "not both", size=2, scale_factor=2),
            _bad((1, 1, 2), ValueError, "size (2, 2)", "3 dimensions", size=(2, 2)),
            _bad((1, 1, 2), TypeError, "size (2.5,)", "whole numbers", size=2.5),
            _bad((1, 1, 2), ValueError, "(0,)", "at least 1", size=0),
            _bad((1, 1, 2), ValueError, "recompute_scale_factor", size=2, recompute_scale_factor=True),
            _bad((1, 1, 2), ValueError, "align_corners", "'nearest'", size=2, align_corners=False),
            _bad((1, 1, 2), ValueError, "antialias", "'nearest'", size=2, antialias=True),
            _bad((1, 1, 2), NotImplementedError, "'bilinear'", "(1, 1, 2)", size=2, mode="bilinear"),
            _bad((1, 1, 2), NotImplementedError, "'sinc'", "nearest-exact", size=2, mode="sinc"),
            _bad((1, 1, 2), TypeError, "int64", ".float()", dtype=int, size=2),
        ],
    )
)
