"""Average-pooling in one and three dimensions, by that in two; and power-average pooling.

avg_pool1d       the image is one row high
avg_pool3d       first over H and W, then over D of (D, H' W') images: a window is a box, so its divisor is a product
lp_pool          y = (Σ xᵖ)^(1/p) over each window, which is the mean of xᵖ times the window's size, and its root
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.avg_pool2d import avg_pool2d
from autograd.ops.functions import abs as absolute, sign
from autograd.ops.relu import relu
from autograd.ops.shape import reshape, squeeze, unsqueeze
from autograd.ops.shared.division import quotients
from autograd.ops.shared.windows import check_pool, ints, pool_size, pool_stride
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Triple = tuple[int, int, int]  # of depth, height and width


def avg_pool1d(
    input: Tensor,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    padding: int | tuple[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Take the mean of each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, L) or (C, L)
    kernel_size, stride, padding : int
        Size of a window, step from window to window (default: kernel_size), and zeros added on each side.
    ceil_mode : bool
        Round the size up: the last window may reach over the end if it starts before it.
    count_include_pad : bool
        Whether the padding counts in the size of a window.

    Returns
    -------
    Tensor, (N, C, L') or (C, L'), L' = (L + 2 padding - kernel_size) // stride + 1

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([[[1.0, 3.0, 5.0, 7.0]]])
    >>> F.avg_pool1d(x, 2)
    tensor([[[2., 6.]]])
    >>> F.avg_pool1d(x, 2, stride=1)
    tensor([[[2., 4., 6.]]])
    """
    x, (kernel, step, margin) = _arguments("avg_pool1d", input, kernel_size, stride, padding, 1, ceil_mode)
    sizes = (1, *kernel), (1, *step), (0, *margin)
    y = squeeze(avg_pool2d(unsqueeze(x, 2), *sizes, ceil_mode, count_include_pad), 2)
    return squeeze(y, 0) if input.ndim == 2 else y


@in_float32
def avg_pool3d(
    input: Tensor,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    padding: int | Triple = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Take the mean of each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, D, H, W) or (C, D, H, W)
    kernel_size, stride, padding : int or (int, int, int)
        Size of a window, step from window to window (default: kernel_size), and zeros added on each side.
    ceil_mode : bool
        Round sizes up: the last window may reach over the end if it starts before it.
    count_include_pad : bool
        Whether the padding counts in the size of a window.
    divisor_override : int, optional
        Divide by this instead of the window's size.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W')

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.arange(8.0).reshape(1, 1, 2, 2, 2)
    >>> F.avg_pool3d(x, 2).item()  # the mean of 0 to 7
    3.5
    >>> F.avg_pool3d(x, 2, divisor_override=1).item()
    28.0
    """
    x, (kernel, step, margin) = _arguments("avg_pool3d", input, kernel_size, stride, padding, 3, ceil_mode)
    if divisor_override == 0:
        raise ValueError("avg_pool3d: divisor_override is 0, and division by 0 is undefined; use another number")
    n, c, d, *image = x.shape
    counting = ceil_mode, count_include_pad
    if x.dtype.kind in "iu":
        from autograd.tensor import wrap  # which imports the ops

        options: dict[str, Any] = {"count_include_pad": count_include_pad, "divisor_override": divisor_override}
        sizes: dict[str, Any] = {"kernel_size": kernel, "stride": step, "padding": margin, "ceil_mode": ceil_mode}
        # one division for each window: it rounds
        y = wrap(_avg_reference(np.asarray(x), **sizes, **options))
        return squeeze(y, 0) if input.ndim == 4 else y
    y = avg_pool2d(reshape(x, (n, c * d, *image)), kernel[1:], step[1:], margin[1:], *counting, divisor_override)
    size = y.shape[2:]
    y = reshape(y, (n, c, d, math.prod(size)))
    y = avg_pool2d(y, (kernel[0], 1), (step[0], 1), (margin[0], 0), *counting, None if divisor_override is None else 1)
    y = reshape(y, (n, c, y.shape[2], *size))
    return squeeze(y, 0) if input.ndim == 4 else y


def _arguments(
    name: str, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dims: int, ceil_mode: bool = False
) -> tuple[Tensor, tuple[Any, Any, Any]]:
    """The input with a batch, and (kernel_size, stride, padding) for each dimension, checked."""
    check_arrays(name, input=input)
    values = {"kernel_size": kernel_size, "stride": pool_stride(stride, kernel_size), "padding": padding}
    sizes = {what: ints(f"{name}: {what}", value, dims) for what, value in values.items()}
    x = unsqueeze(input, 0) if input.ndim == dims + 1 else input
    check_pool(name, x, **sizes, ceil_mode=ceil_mode)
    return x, (sizes["kernel_size"], sizes["stride"], sizes["padding"])


def _lp_pool(
    name: str, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool, dims: int
) -> Tensor:
    x, (kernel, step, _) = _arguments(name, input, kernel_size, stride, 0, dims, ceil_mode)
    if norm_type == 0:
        raise ValueError(
            f"{name}: norm_type is 0, and the result is a root of that degree; use 1, for the sum, or more"
        )
    pool: Any = (avg_pool1d, avg_pool2d, avg_pool3d)[dims - 1]
    mean = pool(x**norm_type, kernel, step, 0, ceil_mode)
    y = (sign(mean) * relu(absolute(mean)) * math.prod(kernel)) ** (1 / norm_type)
    result: Tensor = squeeze(y, 0) if input.ndim == dims + 1 else y
    return result


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Take (Σ xᵖ)^(1/p) over each window.

    Parameters
    ----------
    input : Tensor of float, (N, C, L) or (C, L)
    norm_type : float
        p, not 0: 1 takes the sum, and large values come near the maximum.
    kernel_size, stride : int
        Size of a window, and step from window to window (default: kernel_size).
    ceil_mode : bool
        Round the size up: the last window may reach over the end.

    Returns
    -------
    Tensor, (N, C, L') or (C, L')
        NaN where the sum is negative.

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.lp_pool1d(autograd.tensor([[[3.0, 4.0, 5.0, 12.0]]]), norm_type=2, kernel_size=2)
    tensor([[[ 5., 13.]]])
    """
    return _lp_pool("lp_pool1d", input, norm_type, kernel_size, stride, ceil_mode, 1)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Take (Σ xᵖ)^(1/p) over each window of images.

    Parameters
    ----------
    input : Tensor of float, (N, C, H, W) or (C, H, W)
    norm_type : float
        p, not 0: 1 takes the sum, and large values come near the maximum.
    kernel_size, stride : int or (int, int)
        Size of a window, and step from window to window (default: kernel_size).
    ceil_mode : bool
        Round sizes up: the last window may reach over the end.

    Returns
    -------
    Tensor, (N, C, H', W') or (C, H', W')
        NaN where the sum is negative.

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.lp_pool2d(autograd.ones(1, 1, 2, 2), norm_type=2, kernel_size=2)  # √4
    tensor([[[[2.]]]])
    >>> F.lp_pool2d(autograd.ones(1, 1, 2, 2), norm_type=1, kernel_size=2)
    tensor([[[[4.]]]])
    """
    return _lp_pool("lp_pool2d", input, norm_type, kernel_size, stride, ceil_mode, 2)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Take (Σ xᵖ)^(1/p) over each window of volumes.

    Parameters
    ----------
    input : Tensor of float, (N, C, D, H, W) or (C, D, H, W)
    norm_type : float
        p, not 0: 1 takes the sum, and large values come near the maximum.
    kernel_size, stride : int or (int, int, int)
        Size of a window, and step from window to window (default: kernel_size).
    ceil_mode : bool
        Round sizes up: the last window may reach over the end.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W')
        NaN where the sum is negative.

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.lp_pool3d(autograd.ones(1, 1, 2, 2, 2), norm_type=3, kernel_size=2)  # ³√8
    tensor([[[[[2.]]]]])
    """
    return _lp_pool("lp_pool3d", input, norm_type, kernel_size, stride, ceil_mode, 3)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _windows(x: Array, params: dict[str, Any]) -> Any:
    """For each window its index, its elements inside x, and its size with the padding that is in it."""
    kernel, stride, padding = (params[name] for name in ("kernel_size", "stride", "padding"))
    size = pool_size(x.shape, kernel, stride, padding, (), params["ceil_mode"])
    for index in np.ndindex(*size):
        starts = [i * s - p for i, s, p in zip(index, stride, padding, strict=True)]
        ends = [min(a + k, n + p) for a, k, n, p in zip(starts, kernel, x.shape[2:], padding, strict=True)]
        inside: Any = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(starts, ends, x.shape[2:], strict=True))
        yield index, x[(..., *inside)], math.prod(b - a for a, b in zip(starts, ends, strict=True))


def _avg_reference(
    x: Array, *, count_include_pad: bool = True, divisor_override: int | None = None, **params: Any
) -> Array:
    dims = tuple(range(2, x.ndim))
    y = np.empty((*x.shape[:2], *pool_size(x.shape, **params)), x.dtype)
    for index, window, size in _windows(x, params):
        count = size if count_include_pad else math.prod(window.shape[2:])
        y[(..., *index)] = quotients(window.sum(axis=dims, dtype=x.dtype), divisor_override or count)
    return y


def _lp_reference(x: Array, p: float, *, kernel_size: Shape, stride: Shape, ceil_mode: bool) -> Array:
    none = (0,) * len(kernel_size)
    y = np.empty((*x.shape[:2], *pool_size(x.shape, kernel_size, stride, none, (), ceil_mode)), x.dtype)
    params = {"kernel_size": kernel_size, "stride": stride, "padding": none, "ceil_mode": ceil_mode}
    for index, window, size in _windows(x, params):
        mean = (window**p).sum(axis=tuple(range(2, x.ndim))) / x.dtype.type(size)
        y[(..., *index)] = (mean * math.prod(kernel_size)) ** (1 / p)
    return y


def _register(function: Any, dims: int, power: bool) -> None:
    name = function.__name__

    def sample(draw: Draw) -> Sample:
        shape, params = draw.pool_geometry(dims)
        shape = (*shape[:2], *(min(n, k + 2) for n, k in zip(shape[2:], params["kernel_size"], strict=True)))
        if power:
            shape = (*shape[:2], *(max(n, k) for n, k in zip(shape[2:], params["kernel_size"], strict=True)))
            del params["padding"]
            params["ceil_mode"] = draw.choice(False, True)
            return Sample((draw.tensor(*shape, low=0.5, high=2), draw.choice(2, 3, 1.5)), params)
        params |= {"ceil_mode": draw.choice(False, True)}
        params |= draw.choice({}, {"count_include_pad": False}, {"divisor_override": 3} if dims == 3 else {})
        return Sample((draw.tensor(*shape),), params)

    bad: list[BadSample] = []
    if not power:
        big, sizes = np.ones((1, 1, *(8,) * dims)), {"kernel_size": 2}
        bad = [
            BadSample((big,), {"kernel_size": 9}, ValueError, (name, "kernel_size", "smaller")),
            BadSample((big,), {**sizes, "padding": 2}, ValueError, (name, "padding", "half")),
            BadSample((big,), {**sizes, "stride": 0}, ValueError, (name, "stride", "at least 1")),
            BadSample((big,), {"kernel_size": 1.5}, TypeError, (name, "kernel_size expects an int", "1.5")),
            BadSample((np.ones(8),), sizes, ValueError, (name, "(N, C, ", "(8,)")),
            BadSample((big.astype(bool),), sizes, TypeError, (name, "bool", ".float()")),
        ]
        if dims == 3:
            bad.append(BadSample((big,), {**sizes, "divisor_override": 0}, ValueError, (name, "divisor_override")))
    else:
        bad = [
            BadSample((np.ones(8), 2), {"kernel_size": 2}, ValueError, (name, "(N, C, ", "(8,)")),
            BadSample((np.ones((1, 1, *(8,) * dims)), 0), {"kernel_size": 2}, ValueError, (name, "norm_type is 0")),
        ]
    register(
        Composite(
            name=name,
            function=function,
            reference=_lp_reference if power else _avg_reference,
            sample=sample,
            bad_samples=bad,
        )
    )


_register(avg_pool1d, 1, False)
_register(avg_pool3d, 3, False)
_register(lp_pool1d, 1, True)
_register(lp_pool2d, 2, True)
_register(lp_pool3d, 3, True)
