"""Calls of convolution in one and three dimensions, pooling, interpolation, windows and normalization."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import nn.functional as F
from autograd.tensor import wrap
from tests.with_torch.calls import call, constant
from tests.with_torch.calls_conv import batch, convolution, one_or_each, optional
from tests.with_torch.calls_norm import some, spread


@call("conv3d", where="functional")
def conv3d(draw: Any) -> Any:
    return convolution(draw, 3)


@call("conv3d", where="torch")
def conv3d_in_order(draw: Any) -> Any:
    x, w = draw.tensor(2, 4, 5, 4, 4), draw.tensor(4, 2, 2, 2, 3)
    return (x, w, draw.tensor(4), (2, 1, draw.size(1, 2)), (1, 0, 1), (2, 1, 1), 2), {}


def transposed(draw: Any, dims: int) -> Any:
    groups = draw.choice(1, 1, 2)
    c = draw.size(1, 2) * groups
    x = draw.tensor(*batch(draw), c, *(draw.size(2, 3) for _ in range(dims)))
    w = draw.tensor(c, draw.size(1, 2), *(draw.size(2, 3) for _ in range(dims)))
    params = optional(draw, bias=draw.tensor(w.shape[1] * groups), padding=one_or_each(draw, 0, 1, dims))
    stride, dilation = draw.size(1, 3), draw.size(1, 2)
    params |= {"stride": stride, "dilation": dilation}
    params |= optional(draw, output_padding=draw.size(0, max(stride, dilation) - 1))
    return (x, w), {**params, **({"groups": groups} if groups > 1 else {})}


for _dims in (1, 3):
    call(f"conv_transpose{_dims}d", where="functional")(lambda draw, dims=_dims: transposed(draw, dims))
    call(f"conv_transpose{_dims}d", where="torch")(lambda draw, dims=_dims: transposed(draw, dims))


# ── pooling ──


def distinct(draw: Any, *shape: int) -> np.ndarray:
    """Distinct numbers, so that the argmax is unique."""
    return np.array(draw.permutation(math.prod(shape)), np.float64).reshape(shape) / 8 - 3


def pooled(draw: Any, dims: int) -> Any:
    """An input, a kernel size, and options of any pooling."""
    x = distinct(draw, *batch(draw), draw.size(1, 2), *(draw.size(5, 6) for _ in range(dims)))
    kernel = draw.choice(draw.size(2, 3), tuple(draw.size(2, 3) for _ in range(dims)))
    options = {"stride": one_or_each(draw, 1, 3, dims), "padding": one_or_each(draw, 0, 1, dims)}
    return (x, kernel), {**options, "ceil_mode": draw.choice(False, True)}


def _register_pools(dims: int) -> None:
    @call(f"max_pool{dims}d", where="functional")
    def max_pool(draw: Any) -> Any:
        args, given = pooled(draw, dims)
        return args, optional(draw, dilation=one_or_each(draw, 1, 2, dims), return_indices=True, **given)

    @call(f"avg_pool{dims}d", where="functional")
    def avg_pool(draw: Any) -> Any:
        args, given = pooled(draw, dims)
        more = {"divisor_override": draw.choice(3, -2)} if dims == 3 else {}
        return args, optional(draw, count_include_pad=False, **more, **given)

    @call(f"adaptive_avg_pool{dims}d", where="functional")
    def adaptive(draw: Any) -> Any:
        x = draw.tensor(*batch(draw), draw.size(1, 2), *(draw.size(1, 6) for _ in range(dims)))
        return (x, one_or_each(draw, 1, 4, dims)), {}


_register_pools(1)
_register_pools(3)


def _register_more_pools(dims: int) -> None:
    @call(f"adaptive_max_pool{dims}d", where="functional")
    def adaptive(draw: Any) -> Any:
        x = distinct(draw, *batch(draw), draw.size(1, 2), *(draw.size(1, 6) for _ in range(dims)))
        return (x, one_or_each(draw, 1, 4, dims)), optional(draw, return_indices=True)

    @call(f"lp_pool{dims}d", where="functional")
    def lp_pool(draw: Any) -> Any:
        x = draw.tensor(*batch(draw), draw.size(1, 2), *(draw.size(3, 5) for _ in range(dims)), low=0.5)
        kernel = draw.size(2, 3)
        return (x, draw.choice(1, 2, 3.5), kernel), optional(draw, stride=draw.size(1, 2), ceil_mode=True)

    @call(f"max_unpool{dims}d", where="functional")
    def max_unpool(draw: Any) -> Any:
        kernel = draw.size(2, 3)
        shape = (*batch(draw), draw.size(1, 2), *(draw.size(1, 3) for _ in range(dims)))
        count = math.prod(shape[-dims:])
        lead = math.prod(shape[:-dims])
        size = tuple(n * kernel for n in shape[-dims:])
        places = np.stack([np.array(draw.permutation(math.prod(size))[:count]) for _ in range(lead)])
        more = optional(draw, stride=kernel, output_size=size, padding=0)
        return (draw.tensor(*shape), places.reshape(shape), kernel), more


for _dims in (1, 2, 3):
    _register_more_pools(_dims)


def _register_fractional(dims: int) -> None:
    @call(f"fractional_max_pool{dims}d", where="functional")
    def fractional(draw: Any) -> Any:
        n, c, size = draw.size(1, 2), draw.size(1, 2), draw.size(6, 8)
        given = draw.choice({"output_size": draw.size(1, 4)}, {"output_ratio": (0.5,) * dims})
        samples = constant(draw.integers(n * c * dims, 0, 7).reshape(n, c, dims) / 8)
        x = distinct(draw, n, c, *(size,) * dims)
        return (x, draw.size(1, 2)), {**given, "_random_samples": samples, **optional(draw, return_indices=True)}


_register_fractional(2)
_register_fractional(3)


# ── interpolation ──


@call("interpolate", where="functional")
def interpolate(draw: Any) -> Any:
    mode = draw.choice("nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear")
    dims = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(mode) or draw.size(1, 3)
    x = draw.tensor(draw.size(1, 2), draw.size(1, 2), *(draw.size(1, 5) for _ in range(dims)))
    options: dict[str, Any] = {"mode": mode}
    if draw.choice(True, False):
        options["size"] = one_or_each(draw, 1, 7, dims)
    else:
        options["scale_factor"] = draw.choice(2, 1.5, 3.25, tuple([1.0, 2.5, 1.25][:dims]))
        options |= optional(draw, recompute_scale_factor=True)
    if mode not in ("nearest", "nearest-exact", "area"):
        options |= optional(draw, align_corners=draw.choice(True, False))
    if mode in ("bilinear", "bicubic"):
        # To a width of 1, PyTorch reads other rows than it weighs: the results of an image and of its mirror differ.
        width = F.interpolate(wrap(x), **options).shape[-1]
        options |= optional(draw, antialias=True) if width > 1 else {}
    return (x,), options


def scaled(draw: Any) -> Any:
    x = draw.tensor(draw.size(1, 2), 2, draw.size(1, 4), draw.size(1, 4))
    return (x,), draw.choice({"size": draw.size(1, 5)}, {"scale_factor": draw.choice(2, 1.5)})


call("upsample_nearest", where="functional")(scaled)
call("upsample_bilinear", where="functional")(scaled)


@call("upsample", where="functional")
def upsample(draw: Any) -> Any:
    args, options = scaled(draw)
    return args, {**options, **draw.choice({}, {"mode": "bilinear", "align_corners": True})}


@call("grid_sample", where="functional")
def grid_sample(draw: Any) -> Any:
    dims, n = draw.choice(2, 3), draw.size(1, 2)
    mode = draw.choice(*("bilinear", "nearest", "bicubic")[: 5 - dims])
    x = draw.tensor(n, draw.size(1, 2), *(draw.size(1, 4) for _ in range(dims)))
    grid = draw.tensor(n, *(draw.size(1, 3) for _ in range(dims)), dims, low=-1.6, high=1.6) + 1 / 7000
    options = optional(draw, padding_mode=draw.choice("zeros", "border", "reflection"))
    return (x, grid), {"mode": mode, "align_corners": draw.choice(False, True), **options}


@call("affine_grid", where="functional")
def affine_grid(draw: Any) -> Any:
    dims, n = draw.choice(2, 3), draw.size(1, 2)
    size = (n, 1, *(draw.size(1, 4) for _ in range(dims)))
    return (draw.tensor(n, dims, dims + 1), size), {"align_corners": draw.choice(False, True)}


# ── windows and channels ──


@call("unfold", where="functional")
def unfold(draw: Any) -> Any:
    x = draw.tensor(*batch(draw), draw.size(1, 2), draw.size(5, 6), draw.size(5, 6))
    sizes = {name: one_or_each(draw, low, 2) for name, low in (("dilation", 1), ("padding", 0), ("stride", 1))}
    return (x, one_or_each(draw, 1, 3)), optional(draw, **sizes)


@call("fold", where="functional")
def fold(draw: Any) -> Any:
    kernel, size = draw.size(1, 2), (draw.size(3, 5), draw.size(3, 5))
    sizes = {"dilation": draw.size(1, 2), "padding": draw.size(0, 1), "stride": draw.size(1, 2)}
    reach = sizes["dilation"] * (kernel - 1) + 1
    windows = math.prod((n + 2 * sizes["padding"] - reach) // sizes["stride"] + 1 for n in size)
    return (draw.tensor(*batch(draw), draw.size(1, 2) * kernel**2, windows), size, kernel), sizes


@call("unfold", where="method")
def unfold_along(draw: Any) -> Any:
    shape = draw.shape(1, 3, most=4)
    dim = draw.size(-len(shape), len(shape) - 1)
    return (draw.tensor(*shape), dim, draw.size(0, shape[dim]), draw.size(1, 3)), {}


def shuffled(shape_of: Callable[[int], tuple[int, ...]]) -> Any:
    def generate(draw: Any) -> Any:
        r = draw.size(1, 3)
        return (draw.tensor(draw.size(1, 2), *shape_of(r)), r), {}

    return generate


for _where in ("functional", "torch"):
    call("pixel_shuffle", where=_where)(shuffled(lambda r: (2 * r * r, 2, 3)))  # type: ignore[arg-type]
    call("pixel_unshuffle", where=_where)(shuffled(lambda r: (2, 2 * r, 3 * r)))  # type: ignore[arg-type]
    call("channel_shuffle", where=_where)(shuffled(lambda r: (2 * r, 2, 3)))  # type: ignore[arg-type]


# ── normalization ──


@call("instance_norm", where="functional")
def instance_norm(draw: Any) -> Any:
    c, size = draw.size(1, 3), draw.choice((4,), (2, 4), (2, 2, 2))
    x = spread(draw, draw.size(1, 2), c, *size)
    if draw.choice(True, True, False):
        return (x,), {"weight": some(draw, c), "bias": some(draw, c), **optional(draw, eps=0.1, momentum=0.5)}
    running = constant(draw.tensor(c)), constant(draw.tensor(c, low=0.5))
    return (x, *running, draw.tensor(c), draw.tensor(c), False), {}


@call("rms_norm", where="functional")
def rms_norm(draw: Any) -> Any:
    sizes = draw.shape(1, 2)
    x = draw.tensor(*draw.shape(0, 2), *sizes, low=0.5)
    return (x, draw.choice(sizes, list(sizes))), optional(draw, weight=draw.tensor(*sizes), eps=0.1)


@call("local_response_norm", where="functional")
def local_response_norm(draw: Any) -> Any:
    x = draw.tensor(draw.size(1, 2), draw.size(1, 5), *draw.shape(1, 3, most=2))
    return (x, draw.size(1, 5)), optional(draw, alpha=0.5, beta=0.5, k=2.0)
