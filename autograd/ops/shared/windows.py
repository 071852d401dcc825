"""Sizes and pairs of convolutions and poolings: as users may give them, checked, and what follows from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.jit import dense
from autograd.op import BadSample
from autograd.ops.shared.checks import check_float, check_number
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
        wanted = ("an int", "an int, or two for height and width", "an int, or three for depth, height and width")
        raise TypeError(f"{what} expects {wanted[n - 1]}, not {value!r}")
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
    shape: Shape, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape = (), ceil_mode: bool = False
) -> Shape:
    """The output's sizes, such as (H', W'), of a pooling of images of a shape such as (N, C, H, W)."""
    windows = zip(shape[2:], kernel_size, stride, padding, dilation or (1,) * len(kernel_size), strict=True)
    return tuple(out_size(*dims, ceil_mode) for dims in windows)


def pool_stride(stride: Any, kernel_size: Any) -> Any:
    """The stride of a pooling: kernel_size if it is not given, which PyTorch's () also says."""
    return kernel_size if stride is None or (isinstance(stride, tuple | list) and not stride) else stride


def adaptive_sizes(name: str, x: Any, output_size: Any, dims: int) -> Shape:
    """The sizes of an adaptive pooling's output, checked.  None keeps the input's size.  x has a batch."""
    check_ndim(name, x, dims)
    check_float(name, x)
    if min(x.shape[1:]) < 1:
        raise ValueError(f"{name}: channels and sizes of the input must be at least 1, got shape {x.shape}")
    if isinstance(output_size, tuple | list) and len(output_size) == dims:
        wanted: Any = tuple(n if m is None else m for n, m in zip(x.shape[2:], output_size, strict=True))
    else:
        wanted = tuple(x.shape[2:]) if output_size is None else output_size
    sizes: Shape = ints(f"{name}: output_size", wanted, dims)
    if min(sizes) < 0:
        raise ValueError(f"{name}: output_size {sizes} must be at least 0")
    return sizes


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


def image_sizes(dims: int) -> str:
    """The names of an image's sizes in messages: "H, W" for two dimensions."""
    return ("L", "H, W", "D, H, W")[dims - 1]


def check_ndim(name: str, x: Any, dims: int) -> None:
    """Raise unless x is a batch of images of `dims` dimensions."""
    if x.ndim != dims + 2:
        sizes = image_sizes(dims)
        raise ValueError(f"{name}: expects input (N, C, {sizes}) or (C, {sizes}), got shape {x.shape}")


def check_pool(
    name: str,
    x: Any,
    kernel_size: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape = (),
    ceil_mode: bool = False,
) -> None:
    """Raise unless a pooling of x has windows, and each has a pixel of x.  Errors begin with the op's `name`.

    x has a batch.  The number of dimensions of the windows is that of kernel_size.
    """
    dilation = dilation or (1,) * len(kernel_size)
    check_ndim(name, x, len(kernel_size))
    check_number(name, x)
    if min(*kernel_size, *stride, *dilation) < 1 or min(padding) < 0:
        also = f", dilation {dilation}" if max(dilation) > 1 else ""
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
    return [*bad, BadSample((np.ones(big, bool),), plain, TypeError, (name, "bool", ".float()"))]
