"""Arguments and inputs of layers for sequences, images and volumes, to compare with PyTorch's: see test_nn.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Row = tuple[tuple, dict[str, Any], list[np.ndarray]]


def _image(draw: Any, dims: int, low: int = 3, high: int = 6, channels: int | None = None) -> np.ndarray:
    """An input with or without a batch."""
    lead = (draw.size(1, 2), channels or draw.size(1, 3))
    return draw.array(*lead[draw.size(0, 1) :], *(draw.size(low, high) for _ in range(dims)))  # type: ignore[no-any-return]


def _each(draw: Any, dims: int, low: int, high: int) -> Any:
    """One size, or one for each dimension."""
    return draw.choice(draw.size(low, high), tuple(draw.size(low, high) for _ in range(dims)))


def _conv(draw: Any, dims: int) -> Row:
    groups = draw.size(1, 2)
    channels, filters = groups * draw.size(1, 2), groups * draw.size(1, 2)
    mode = draw.choice("zeros", "zeros", "reflect", "replicate", "circular")
    options = {
        "stride": _each(draw, dims, 1, 2),
        "padding": draw.choice("valid", _each(draw, dims, 0, 2)),
        "dilation": _each(draw, dims, 1, 2),
        "groups": groups,
        "bias": draw.choice(True, False),
        "padding_mode": mode,
    }
    if draw.size(0, 3) == 0:
        options |= {"stride": 1, "padding": "same"}
    return (channels, filters, _each(draw, dims, 1, 3)), options, [_image(draw, dims, 5, 6, channels)]


def _conv_transpose(draw: Any, dims: int) -> Row:
    groups = draw.size(1, 2)
    channels, filters = groups * draw.size(1, 2), groups * draw.size(1, 2)
    options = {
        "padding": _each(draw, dims, 0, 1),
        "output_padding": _each(draw, dims, 0, 1),
        "groups": groups,
        "bias": draw.choice(True, False),
        "dilation": _each(draw, dims, 1, 2),
    }
    arguments = (channels, filters, _each(draw, dims, 1, 3), _each(draw, dims, 2, 3))
    return arguments, options, [_image(draw, dims, 2, 4, channels)]


def _max_pool(draw: Any, dims: int) -> Row:
    kernel = draw.size(2, 3)
    arguments = (kernel, draw.choice(None, _each(draw, dims, 1, 3)), _each(draw, dims, 0, kernel // 2))
    options = {"dilation": _each(draw, dims, 1, 2), "ceil_mode": draw.choice(False, True)}
    return arguments, options, [_image(draw, dims, 5, 6)]


def _avg_pool(draw: Any, dims: int) -> Row:
    kernel = draw.size(2, 3)
    arguments = (kernel, draw.choice(None, _each(draw, dims, 1, 3)), _each(draw, dims, 0, kernel // 2))
    options = {"ceil_mode": draw.choice(False, True), "count_include_pad": draw.choice(True, False)}
    if dims > 1:
        options["divisor_override"] = draw.choice(None, 3)
    return arguments, options, [_image(draw, dims, 5, 6)]


def _lp_pool(draw: Any, dims: int) -> Row:
    options = {"stride": draw.choice(None, 1, 2), "ceil_mode": draw.choice(False, True)}
    kernel = draw.size(2, 3) if dims == 1 else _each(draw, dims, 2, 3)
    return (draw.choice(1, 2, 2.0), kernel), options, [np.abs(_image(draw, dims, 4, 6)) + 0.1]


def _adaptive(draw: Any, dims: int) -> Row:
    size = draw.size(1, 5) if dims == 1 else draw.choice(draw.size(1, 4), (None, *(2,) * (dims - 1)))
    return (size,), {}, [_image(draw, dims, 1, 6)]


def _unpool(draw: Any, dims: int) -> Row:
    kernel = draw.size(2, 3)
    shape = (draw.size(1, 2), draw.size(1, 2), *(draw.size(1, 3) for _ in range(dims)))
    count = int(np.prod(shape[2:]))
    places = np.stack([draw.rng.permutation(count * kernel**dims)[:count] for _ in range(shape[0] * shape[1])])
    return (kernel,), {"stride": draw.choice(None, kernel)}, [draw.array(*shape), places.reshape(shape)]


def _fractional(draw: Any, dims: int) -> Row:
    """With one window, which is at the end and leaves no choice of places."""
    kernel = draw.size(1, 3)
    return (kernel,), {"output_size": 1}, [draw.array(2, 2, *(kernel + draw.size(1, 2) for _ in range(dims)))]


def _pad(draw: Any, dims: int, *more: Any) -> Row:
    sides = draw.choice(draw.size(0, 2), tuple(draw.size(0, 2) for _ in range(2 * dims)))
    return (sides, *more), {}, [_image(draw, dims, 3, 4)]


def _upsample(draw: Any, mode: str | None = None) -> Row:
    chosen = mode or draw.choice("nearest", "linear", "bilinear", "trilinear", "bicubic")
    dims = {"linear": 1, "trilinear": 3}.get(chosen, 2)
    given = draw.choice("size", "scale_factor")
    number = _each(draw, dims, 1, 5) if given == "size" else draw.choice(2, 1.5, tuple([1.0, 2.0, 0.5][:dims]))
    options: dict[str, Any] = {given: number}
    if mode is None:
        options["mode"] = chosen
        if chosen != "nearest":
            options["align_corners"] = draw.choice(None, True, False)
    return (), options, [draw.array(draw.size(1, 2), 2, *(draw.size(2, 4) for _ in range(dims)))]


def _instance_norm(draw: Any, dims: int) -> Row:
    channels = draw.size(1, 3)
    options = {
        "eps": draw.choice(1e-5, 0.1),
        "momentum": draw.choice(0.1, 0.3),
        "affine": draw.choice(True, False),
        "track_running_stats": draw.choice(True, False),
    }
    return (channels,), options, [_image(draw, dims, 2, 4, channels)]


def _batch_norm(draw: Any, dims: int) -> Row:
    channels = draw.size(1, 3)
    options = {"eps": draw.choice(1e-5, 0.1), "affine": draw.choice(True, False)}
    options |= {"momentum": draw.choice(0.1, None), "track_running_stats": draw.choice(True, False)}
    return (channels,), options, [draw.array(draw.size(2, 3), channels, *(draw.size(1, 3) for _ in range(dims)))]


def _rms_norm(draw: Any) -> Row:
    shape = tuple(draw.size(2, 4) for _ in range(draw.size(1, 2)))
    options = {"eps": draw.choice(None, 0.1), "elementwise_affine": draw.choice(True, False)}
    first = shape[0] if len(shape) == 1 and draw.size(0, 1) else shape
    return (first,), options, [draw.array(*(draw.size(1, 3) for _ in range(draw.size(0, 2))), *shape)]


def _response(draw: Any) -> Row:
    options = draw.choice({}, {"alpha": 0.5, "beta": 0.5, "k": 2.0})
    return (draw.size(1, 5),), options, [draw.array(2, draw.size(1, 6), 3, 2)]


def _unfold(draw: Any) -> Row:
    options = {"dilation": draw.pair(1, 2), "padding": draw.pair(0, 1), "stride": draw.pair(1, 2)}
    return (draw.pair(1, 3),), options, [_image(draw, 2, 5, 6)]


def _fold(draw: Any) -> Row:
    kernel, stride, padding = draw.size(1, 3), draw.size(1, 2), draw.size(0, 1)
    rows, columns = draw.size(3, 6), draw.size(3, 6)
    windows = [(n + 2 * padding - kernel) // stride + 1 for n in (rows, columns)]
    columns_of = draw.array(2, 2 * kernel * kernel, windows[0] * windows[1])
    return ((rows, columns), kernel), {"padding": padding, "stride": stride}, [columns_of]


def _shuffled(draw: Any, what: str) -> Row:
    r, c = draw.size(1, 3), draw.size(1, 2)
    shapes = {"up": (2, c * r * r, 2, 3), "down": (2, c, 2 * r, 3 * r), "groups": (2, c * r, 2, 3)}
    return (r,), {}, [draw.array(*shapes[what])]


LAYERS: dict[str, Callable[[Any], Row]] = {
    "AdaptiveAvgPool1d": lambda d: _adaptive(d, 1),
    "AdaptiveAvgPool3d": lambda d: _adaptive(d, 3),
    "AdaptiveMaxPool1d": lambda d: _adaptive(d, 1),
    "AdaptiveMaxPool2d": lambda d: _adaptive(d, 2),
    "AdaptiveMaxPool3d": lambda d: _adaptive(d, 3),
    "AvgPool1d": lambda d: _avg_pool(d, 1),
    "AvgPool3d": lambda d: _avg_pool(d, 3),
    "BatchNorm3d": lambda d: _batch_norm(d, 3),
    "ChannelShuffle": lambda d: _shuffled(d, "groups"),
    "CircularPad1d": lambda d: _pad(d, 1),
    "CircularPad2d": lambda d: _pad(d, 2),
    "CircularPad3d": lambda d: _pad(d, 3),
    "ConstantPad1d": lambda d: _pad(d, 1, 2.5),
    "ConstantPad2d": lambda d: _pad(d, 2, 2.5),
    "ConstantPad3d": lambda d: _pad(d, 3, 2.5),
    "Conv3d": lambda d: _conv(d, 3),
    "ConvTranspose1d": lambda d: _conv_transpose(d, 1),
    "ConvTranspose3d": lambda d: _conv_transpose(d, 3),
    "Fold": _fold,
    "FractionalMaxPool2d": lambda d: _fractional(d, 2),
    "FractionalMaxPool3d": lambda d: _fractional(d, 3),
    "InstanceNorm1d": lambda d: _instance_norm(d, 1),
    "InstanceNorm2d": lambda d: _instance_norm(d, 2),
    "InstanceNorm3d": lambda d: _instance_norm(d, 3),
    "LPPool1d": lambda d: _lp_pool(d, 1),
    "LPPool2d": lambda d: _lp_pool(d, 2),
    "LPPool3d": lambda d: _lp_pool(d, 3),
    "LocalResponseNorm": _response,
    "MaxPool1d": lambda d: _max_pool(d, 1),
    "MaxPool3d": lambda d: _max_pool(d, 3),
    "MaxUnpool1d": lambda d: _unpool(d, 1),
    "MaxUnpool2d": lambda d: _unpool(d, 2),
    "MaxUnpool3d": lambda d: _unpool(d, 3),
    "PixelShuffle": lambda d: _shuffled(d, "up"),
    "PixelUnshuffle": lambda d: _shuffled(d, "down"),
    "RMSNorm": _rms_norm,
    "ReflectionPad1d": lambda d: _pad(d, 1),
    "ReflectionPad2d": lambda d: _pad(d, 2),
    "ReflectionPad3d": lambda d: _pad(d, 3),
    "ReplicationPad1d": lambda d: _pad(d, 1),
    "ReplicationPad2d": lambda d: _pad(d, 2),
    "ReplicationPad3d": lambda d: _pad(d, 3),
    "SyncBatchNorm": lambda d: _batch_norm(d, d.size(1, 3)),
    "Unfold": _unfold,
    "Upsample": _upsample,
    "UpsamplingBilinear2d": lambda d: _upsample(d, "bilinear"),
    "UpsamplingNearest2d": lambda d: _upsample(d, "nearest"),
    "ZeroPad1d": lambda d: _pad(d, 1),
    "ZeroPad2d": lambda d: _pad(d, 2),
    "ZeroPad3d": lambda d: _pad(d, 3),
}
