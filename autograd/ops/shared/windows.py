"""Sizes and pairs of convolutions and poolings: as users may give them, checked, and what follows from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.jit import dense
from autograd.op import BadSample
from autograd.ops.shared.checks import check_float
from autograd.types import Array, Pair, Shape


def ints(what: str, value: Any, n: int = 2) -> Any:
    """n ints from one or from n: (3, 3) from 3, (3, 5) from (3, 5).

    Raises
    ------
    TypeError
        The value is neither; the sentence begins with `what`.
    """
    single = value[0] if isinstance(value, tuple | list) and len(value) == 1 else value
    many = (single,) * n if isinstance(single, int | np.integer) else value
    if not isinstance(many, tuple | list) or len(many) != n or not all(isinstance(k, int | np.integer) for k in many):
        wanted = "an int, or two for height and width" if n == 2 else "an int"
        raise TypeError(f"{what} expects {wanted}, not {value!r}")
    return tuple(int(k) for k in many)


def pairs(name: str, **values: Any) -> dict[str, Pair]:
    """Each parameter as a pair (vertical, horizontal); errors begin with the op's `name`."""
    return {what: ints(f"{name}: {what}", value) for what, value in values.items()}


def out_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil_mode: bool = False) -> int:
    """Number of windows in one dimension, rounded down.

    With ceil_mode there may be one more, which starts inside the input or its padding and reaches over the end.
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    full = room // stride + 1
    return full + (ceil_mode and room % stride > 0 and room >= 0 and full * stride < size + padding)


def conv_size(size: Shape, kernel_size: Shape, params: dict[str, Any]) -> Pair:
    """(H', W') of a convolution of an image of `size`, from its stride, padding and dilation."""
    names = ("stride", "padding", "dilation")
    height, width = (out_size(*dims) for dims in zip(size, kernel_size, *(params[name] for name in names), strict=True))
    return height, width


def pool_size(
    shape: Shape, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1), ceil_mode: bool = False
) -> Pair:
    """(H', W') of a pooling of images of shape (N, C, H, W)."""
    windows = zip(shape[2:], kernel_size, stride, padding, dilation, strict=True)
    height, width = (out_size(*dims, ceil_mode) for dims in windows)
    return height, width


def pool_stride(stride: Any, kernel_size: Any) -> Any:
    """The stride of a pooling: kernel_size if it is not given, which PyTorch's () also says."""
    return kernel_size if stride is None or (isinstance(stride, tuple | list) and not stride) else stride


def named_padding(name: str, padding: str, w: Any, stride: Shape, dilation: Shape) -> tuple[Shape, Shape]:
    """The padding that "valid" or "same" means, and how many first rows and columns of the result to drop.

    If the padding of "same" is odd, PyTorch pads one more at the end.  We pad one more on both sides, and drop
    the results of the first windows.
    """
    if padding not in ("valid", "same"):
        raise ValueError(f"{name}: padding {padding!r} is not a number, 'valid' or 'same'")
    if padding == "valid":
        return (0,) * len(stride), (0,) * len(stride)
    if max(stride) > 1:
        raise ValueError(f"{name}: padding 'same' needs stride 1, got stride {stride}; give the padding in numbers")
    if w.ndim != len(stride) + 2:
        raise ValueError(f"{name}: expects a weight of {len(stride) + 2} dimensions, got shape {tuple(w.shape)}")
    total = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=False)]
    return tuple(-(-n // 2) for n in total), tuple(n % 2 for n in total)


def as_planes(images: Array) -> Array:
    """Images (N, C, H, W) as planes (N C, H, W), in the memory layout that kernels take."""
    return dense(images).reshape(images.shape[0] * images.shape[1], *images.shape[2:])


def check_pool(
    name: str,
    x: Any,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair = (1, 1),
    ceil_mode: bool = False,
) -> None:
    """Raise unless a pooling of x has windows, and each has a pixel of x.  Errors begin with the op's `name`."""
    if x.ndim != 4:
        raise ValueError(f"{name}: expects input (N, C, H, W) or (C, H, W), got shape {x.shape}")
    check_float(name, x)
    if min(*kernel_size, *stride, *dilation) < 1 or min(padding) < 0:
        also = f", dilation {dilation}" if dilation != (1, 1) else ""
        raise ValueError(
            f"{name}: kernel_size {kernel_size}, stride {stride}{also} must be at least 1, padding {padding} at least 0"
        )
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise ValueError(
            f"{name}: padding {padding} must be at most half of kernel_size {kernel_size}; "
            "otherwise a window would have nothing but padding"
        )
    if min(pool_size(x.shape, kernel_size, stride, padding, dilation, ceil_mode)) < 1:
        raise ValueError(
            f"{name}: kernel_size {kernel_size} does not fit into input of shape {x.shape} with padding {padding}; "
            "use a smaller kernel, or pool less often"
        )
    if any(p and n < d for n, p, d in zip(x.shape[2:], padding, dilation, strict=True)):
        raise ValueError(
            f"{name}: with dilation {dilation} and padding {padding} some window would miss input of shape {x.shape}; "
            "pool without padding"
        )


def bad_pools(name: str, *more: tuple[Shape, dict[str, Any], tuple[str, ...]]) -> list[BadSample]:
    """Calls that no pooling accepts.  more: (input shape, changed parameters, words of the error) of further ones."""
    big = (1, 1, 8, 8)
    calls: list[tuple[Shape, dict[str, Any], tuple[str, ...]]] = [
        ((1, 1, 2, 2), {"kernel_size": (3, 3)}, ("(3, 3)", "(1, 1, 2, 2)", "smaller")),
        (big, {"padding": (2, 2)}, ("padding (2, 2)", "half")),
        (big, {"stride": (0, 1)}, ("stride (0, 1)", "at least 1")),
        ((8, 8), {}, ("(N, C, H, W)", "(8, 8)")),
        *more,
    ]
    plain = {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    bad = [BadSample((np.ones(x),), {**plain, **params}, ValueError, (name, *words)) for x, params, words in calls]
    return [*bad, BadSample((np.ones(big, int),), plain, TypeError, (name, "int64", ".float()"))]
