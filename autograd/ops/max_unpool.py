"""Max-unpooling: each element goes where the maximum of its window was, and all others are 0.

    y[n, c, indices[n, c, i]] = x[n, c, i]     over flat places of an image; of equal indices the last counts
    dx[n, c, i] = g[n, c, indices[n, c, i]]

Where windows overlapped, an index may occur twice.  Then dx is not the derivative, but what PyTorch returns.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.gather import gather
from autograd.ops.shape import reshape
from autograd.ops.shared.windows import image_sizes, ints, pool_stride
from autograd.types import Array, Gradient, Pair, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Triple = tuple[int, int, int]  # of depth, height and width


def _forward(x: Array, indices: Array, *, size: int) -> Array:
    y = np.zeros((len(x), size), x.dtype)
    np.put_along_axis(y, indices, x, 1)
    return y


def _reference(x: Array, indices: Array, *, size: int) -> Array:
    y = np.zeros((len(x), size), x.dtype)
    for row, i in np.ndindex(*x.shape):
        y[row, indices[row, i]] = x[row, i]
    return y


def _backward(ctx: Context, g: Tensor, *, size: int) -> tuple[Gradient, None]:
    return gather(g, 1, ctx.saved_tensors[0]), None


def _distinct(draw: Draw, rows: int, count: int, size: int) -> Array:
    """Indices without equals in a row."""
    return np.array([draw.permutation(size)[:count] for _ in range(rows)], np.int64).reshape(rows, count)


def _places_sample(draw: Draw) -> Sample:
    rows, size = draw.size(0, 3), draw.size(1, 6)
    count = draw.size(0, size)
    return Sample((draw.tensor(rows, count), _distinct(draw, rows, count, size)), {"size": size})


_max_unpool1d_places_op: Op = register(
    Op(
        name="max_unpool1d_places",
        forward=_forward,
        backward=_backward,
        saves=(1,),
        reference=_reference,
        sample=_places_sample,
        kind="multilinear",
        flops=0,
    )
)


def _unpool(
    name: str, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any, dims: int
) -> Tensor:
    check_arrays(name, input=input, indices=indices)
    if input.ndim not in (dims + 1, dims + 2):
        image = image_sizes(dims)
        raise ValueError(f"{name}: expects input (N, C, {image}) or (C, {image}), got shape {tuple(input.shape)}")
    kernel = ints(f"{name}: kernel_size", kernel_size, dims)
    step = ints(f"{name}: stride", pool_stride(stride, kernel_size), dims)
    margin = ints(f"{name}: padding", padding, dims)
    if min(*kernel, *step) < 1 or min(margin) < 0:
        raise ValueError(
            f"{name}: kernel_size {kernel} and stride {step} must be at least 1, padding {margin} at least 0"
        )
    if tuple(indices.shape) != tuple(input.shape):
        raise ValueError(f"{name}: indices of shape {indices.shape} must have the input's shape {input.shape}")
    if indices.dtype != np.int64:
        raise TypeError(f"{name}: indices are {indices.dtype}; expects int64, as max_pool returns them")
    if not math.prod(input.shape[-dims - 1 :]):
        raise ValueError(f"{name}: channels and sizes of input of shape {input.shape} must be at least 1")
    sizes = zip(input.shape[-dims:], kernel, step, margin, strict=True)
    usual = tuple((n - 1) * s + k - 2 * p for n, k, s, p in sizes)
    wanted = usual if output_size is None else tuple(output_size)[-dims:]
    if output_size is not None and len(tuple(output_size)) not in (dims, dims + 2, input.ndim):
        raise ValueError(f"{name}: output_size {tuple(output_size)} must have {dims} sizes, or one for each dimension")
    if output_size is not None and any(not u - s < n < u + s for n, u, s in zip(wanted, usual, step, strict=True)):
        raise ValueError(
            f"{name}: output_size {wanted} is impossible: each size must be less than a stride {step} away from {usual}"
        )
    size = math.prod(wanted)
    places = np.asarray(indices)
    wrong = places[(places < 0) | (places >= size)]
    if wrong.size or min(wanted) < 1:
        raise ValueError(f"{name}: index {wrong.flat[0] if wrong.size else 0} is outside an output of size {wanted}")
    *lead, count = *input.shape[:-dims], math.prod(input.shape[-dims:])
    shape = (math.prod(lead), count)
    y = _max_unpool1d_places_op(reshape(input, shape), reshape(indices, shape), size=size)
    return reshape(y, (*lead, *wanted))


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    padding: int | tuple[int] = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """Put each element where the maximum of its window was.  All other elements are 0.

    Parameters
    ----------
    input : Tensor, (N, C, L) or (C, L)
    indices : Tensor of int64, of input's shape
        As `max_pool1d` returns them.
    kernel_size, stride, padding : int
        Those of the pooling.
    output_size : sequence of int, optional
        The size of the pooling's input, which several sizes may share.  Default: the smallest.

    Returns
    -------
    Tensor, (N, C, L') or (C, L')

    Raises
    ------
    ValueError, TypeError
        If shapes, indices or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> maxima, places = F.max_pool1d(autograd.tensor([[[1.0, 3.0, 5.0, 2.0]]]), 2, return_indices=True)
    >>> F.max_unpool1d(maxima, places, 2)
    tensor([[[0., 3., 5., 0.]]])
    """
    return _unpool("max_unpool1d", input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """Put each element where the maximum of its window was.  All other elements are 0.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    indices : Tensor of int64, of input's shape
        As `max_pool2d` returns them.
    kernel_size, stride, padding : int or (int, int)
        Those of the pooling.
    output_size : sequence of int, optional
        The size of the pooling's input, which several sizes may share.  Default: the smallest.

    Returns
    -------
    Tensor, (N, C, H', W') or (C, H', W')

    Raises
    ------
    ValueError, TypeError
        If shapes, indices or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> image = autograd.tensor([[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 5.0]]])
    >>> maxima, places = F.max_pool2d(image, 2, return_indices=True)
    >>> F.max_unpool2d(maxima, places, 2)
    tensor([[[0., 0., 0., 0.],
             [0., 4., 0., 5.]]])
    """
    return _unpool("max_unpool2d", input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    padding: int | Triple = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """Put each element where the maximum of its window was.  All other elements are 0.

    Parameters
    ----------
    input : Tensor, (N, C, D, H, W) or (C, D, H, W)
    indices : Tensor of int64, of input's shape
        As `max_pool3d` returns them.
    kernel_size, stride, padding : int or (int, int, int)
        Those of the pooling.
    output_size : sequence of int, optional
        The size of the pooling's input, which several sizes may share.  Default: the smallest.

    Returns
    -------
    Tensor, (N, C, D', H', W') or (C, D', H', W')

    Raises
    ------
    ValueError, TypeError
        If shapes, indices or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> volume = autograd.arange(8.0).reshape(1, 2, 2, 2)
    >>> maxima, places = F.max_pool3d(volume, 2, return_indices=True)  # 7, at the end
    >>> F.max_unpool3d(maxima, places, 2)
    tensor([[[[0., 0.],
              [0., 0.]],
    <BLANKLINE>
             [[0., 0.],
              [0., 7.]]]])
    """
    return _unpool("max_unpool3d", input, indices, kernel_size, stride, padding, output_size, 3)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _whole_reference(x: Array, indices: Array, kernel: Shape, stride: Shape, padding: Shape, output_size: Any) -> Array:
    dims = len(kernel)
    size = output_size or [
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(x.shape[-dims:], kernel, stride, padding, strict=True)
    ]
    y = np.zeros((*x.shape[:-dims], *size), x.dtype)
    for place in np.ndindex(*x.shape):
        y[(*place[:-dims], *np.unravel_index(indices[place], size))] = x[place]
    return y


def _register(function: Any, dims: int) -> None:
    name = function.__name__

    def sample(draw: Draw) -> Sample:
        n, c = draw.size(0, 2), draw.size(1, 2)
        shape = (n, c, *(draw.size(1, 3) for _ in range(dims)))
        kernel = tuple(draw.size(1, 3) for _ in range(dims))
        usual = tuple(m * k for m, k in zip(shape[2:], kernel, strict=True))
        more = tuple(u + draw.size(0, k - 1) for u, k in zip(usual, kernel, strict=True))
        size = draw.choice(None, more)
        count = math.prod(shape[2:])
        places = _distinct(draw, n * c, count, math.prod(size or usual)).reshape(shape)
        return Sample((draw.tensor(*shape), places, kernel, kernel, (0,) * dims, size))

    ones, zeros = np.ones((1, 1, *(2,) * dims)), np.zeros((1, 1, *(2,) * dims), np.int64)
    bad: list[tuple[Any, type[Exception], tuple[str, ...]]] = [
        ((np.ones(2), np.zeros(2, np.int64), 2), ValueError, ("(N, C, ", "(2,)")),
        ((ones, zeros[..., :1], 2), ValueError, ("indices", "shape")),
        ((ones, ones, 2), TypeError, ("indices", "float64", "int64")),
        ((ones, zeros + 4**dims, 2), ValueError, ("index", str(4**dims), "outside")),
        ((ones, zeros, 0), ValueError, ("kernel_size", "at least 1")),
        ((ones, zeros, 2, None, 0, (9,) * dims), ValueError, ("output_size", "impossible")),
        ((ones, zeros, 2, None, 0, (9,) * (dims + 3)), ValueError, ("output_size", "sizes")),
    ]
    register(
        Composite(
            name=name,
            function=function,
            reference=_whole_reference,
            sample=sample,
            bad_samples=[BadSample(inputs, {}, error, (name, *words)) for inputs, error, words in bad],
            kind="multilinear",
        )
    )


_register(max_unpool1d, 1)
_register(max_unpool2d, 2)
_register(max_unpool3d, 3)
