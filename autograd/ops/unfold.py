"""Windows of a tensor as a tensor, and their sum: unfold and fold.

along one dimension (Tensor.unfold)   y[…, i, …, u] = x[…, i s + u d, …]         a view, with u as a new last dimension
    dx = g, each added where it came from
of images (nn.functional.unfold)      y[n, (c, u, v), (i, j)] = x[n, c, i sh + u dh - ph, j sw + v dw - pw]
    dx = fold(g), which adds each g where it came from
fold                                  the transpose of unfold
    dx = unfold(g)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd.arguments import check_arrays
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shape import reshape, squeeze, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dim_of, ndim_of
from autograd.ops.shared.windows import out_size, pairs
from autograd.types import Array, Pair, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

# ── along one dimension ────────────────────────────────────────────────────────────────


def _along_forward(x: Array, *, dim: int, size: int, step: int, dilation: int = 1) -> Array:
    windows = (x.shape[dim] - dilation * (size - 1) - 1) // step + 1
    shape = *x.shape[:dim], windows, *x.shape[dim + 1 :], size
    stride = x.strides[dim]
    strides = *x.strides[:dim], stride * step, *x.strides[dim + 1 :], stride * dilation
    return as_strided(x, shape, strides, writeable=x.flags.writeable)


def _along_reference(x: Array, *, dim: int, size: int, step: int, dilation: int = 1) -> Array:
    if not size:
        return _along_forward(x, dim=dim, size=size, step=step, dilation=dilation)
    ends = range(dilation * (size - 1) + 1, x.shape[dim] + 1, step)
    columns = [x[(*[slice(None)] * dim, slice(end - dilation * (size - 1) - 1, end, dilation))] for end in ends]
    y = np.stack([np.moveaxis(column, dim, -1) for column in columns], dim)
    view = _along_forward(x, dim=dim, size=size, step=step, dilation=dilation)
    assert view.shape == y.shape
    assert np.array_equal(view, y, equal_nan=x.dtype.kind == "f")
    return view


def _along_grad_forward(g: Array, *, shape: Shape, dim: int, step: int, dilation: int = 1) -> Array:
    dx = np.zeros(shape, g.dtype)
    for u in range(g.shape[-1]):
        first = u * dilation
        places = slice(first, first + (g.shape[dim] - 1) * step + 1, step) if g.shape[dim] else slice(0, 0)
        dx[(*[slice(None)] * dim, places)] += g[..., u]
    return dx


def _along_grad_reference(g: Array, *, shape: Shape, dim: int, step: int, dilation: int = 1) -> Array:
    dx = np.zeros(shape, g.dtype)
    for *index, u in np.ndindex(*g.shape):
        place = list(index)
        place[dim] = index[dim] * step + u * dilation
        dx[tuple(place)] += g[(*index, u)]
    return dx


def _along_draw(draw: Draw, least: int) -> tuple[Shape, dict[str, int]]:
    shape = list(draw.shape(1, 3))
    dim = draw.size(0, len(shape) - 1)
    size, dilation = draw.size(least, 3), draw.choice(1, 1, 2)
    shape[dim] = max(1, dilation * (size - 1) + 1) + draw.size(0, 3)
    if draw.size(0, 7) == 7 and len(shape) > 1:
        shape[1 if dim == 0 else 0] = 0
    return tuple(shape), {"dim": dim, "size": size, "step": draw.size(1, 3), "dilation": dilation}


def _along_sample(draw: Draw) -> Sample:
    shape, params = _along_draw(draw, 1)
    return Sample((draw.tensor(*shape),), params)


def _along_grad_sample(draw: Draw) -> Sample:
    shape, params = _along_draw(draw, 1)
    windows = _along_forward(np.empty(shape), **params)
    del params["size"]
    return Sample((draw.tensor(*windows.shape),), {"shape": shape, **params})


unfold_windows: Op = register(
    Op(
        name="unfold_windows",
        forward=_along_forward,
        backward=lambda ctx, g, *, size, **params: unfold_windows_grad(g, shape=ctx.shapes[0], **params),
        reference=_along_reference,
        sample=_along_sample,
        kind="multilinear",
        flops=0,
    )
)

unfold_windows_grad: Op = register(
    Op(
        name="unfold_windows_grad",
        forward=_along_grad_forward,
        backward=lambda ctx, h, *, shape, **params: unfold_windows(h, size=ctx.shapes[0][-1], **params),
        reference=_along_grad_reference,
        sample=_along_grad_sample,
        kind="multilinear",
        complex=True,
    )
)


def unfold_along(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """View the windows of a dimension: the method `Tensor.unfold`.

    Parameters
    ----------
    input : Tensor, any shape
    dimension : int
        The dimension to cut into windows.
    size : int
        Of a window.
    step : int
        From window to window.

    Returns
    -------
    Tensor, with (input size - size) // step + 1 windows in `dimension`, and their elements in a new last one; a view

    Raises
    ------
    RuntimeError, IndexError
        If the windows do not fit, step is below 1, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    dim = dim_of("unfold", dimension, ndim_of("unfold", input))
    length = input.shape[dim] if input.ndim else 1
    if not 0 <= size <= length:
        raise RuntimeError(f"unfold: size {size} does not fit into dimension {dim} of shape {input.shape}")
    if step < 1:
        raise RuntimeError(f"unfold: step is {step}; it must be at least 1")
    if not input.ndim:
        result: Tensor = reshape(input, (1,))[:size]
        return result
    if not size:
        n = length // step + 1
        return reshape(input[(*[slice(None)] * dim, slice(0, 0))], (*input.shape[:dim], n, *input.shape[dim + 1 :], 0))
    windows: Tensor = unfold_windows(input, dim=dim, size=size, step=step)
    return windows


# ── images ─────────────────────────────────────────────────────────────────────────────


def _lines(n: int, k: int, stride: int, padding: int, dilation: int) -> list[tuple[slice, slice]]:
    """For each place u in a window: the windows with that place inside the image, and the pixels there."""
    found, out = [], out_size(n, k, stride, padding, dilation)
    for u in range(k):
        shift = u * dilation - padding  # place u of window i is pixel i stride + shift
        first, last = max(0, -(shift // stride)), min(out, (n - 1 - shift) // stride + 1)
        start = first * stride + shift
        inside = first < last
        found.append((slice(first, last), slice(start, start + (last - first - 1) * stride + 1, stride)) if inside
                     else (slice(0, 0), slice(0, 0)))  # fmt: skip
    return found


def _taps(size: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Iterator[tuple[Any, Any]]:
    """For each place of a window: the index of its windows in (…, kh, kw, H', W'), and of their pixels in (…, H, W)."""
    rows, columns = (_lines(*dims) for dims in zip(size, kernel_size, stride, padding, dilation, strict=True))
    for u, (windows, pixels) in enumerate(rows):
        for v, (window_columns, pixel_columns) in enumerate(columns):
            yield (..., u, v, windows, window_columns), (..., pixels, pixel_columns)


def _windows(size: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    height, width = (out_size(*dims) for dims in zip(size, kernel_size, stride, padding, dilation, strict=True))
    return height, width


def _unfold_forward(x: Array, *, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Array:
    n, c, *image = x.shape
    size = image[0], image[1]
    out = _windows(size, kernel_size, stride, padding, dilation)
    y = (np.zeros if max(padding) else np.empty)((n, c, *kernel_size, *out), x.dtype)
    for windows, pixels in _taps(size, kernel_size, stride, padding, dilation):
        y[windows] = x[pixels]
    return y.reshape(n, c * math.prod(kernel_size), math.prod(out))


def _fold_forward(
    x: Array, *, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair
) -> Array:
    c = x.shape[1] // math.prod(kernel_size)
    windows = x.reshape(len(x), c, *kernel_size, *_windows(output_size, kernel_size, stride, padding, dilation))
    y = np.zeros((len(x), c, *output_size), x.dtype)
    for index, pixels in _taps(output_size, kernel_size, stride, padding, dilation):
        y[pixels] += windows[index]
    return y


def _unfold_reference(x: Array, *, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Array:
    (ph, pw), (kh, kw) = padding, kernel_size
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    height, width = _windows(x.shape[2:], kernel_size, stride, padding, dilation)  # type: ignore[arg-type]
    y = np.empty((*x.shape[:2], kh, kw, height, width), x.dtype)
    for u, v, i, j in np.ndindex(*y.shape[2:]):
        y[:, :, u, v, i, j] = padded[:, :, i * stride[0] + u * dilation[0], j * stride[1] + v * dilation[1]]
    return y.reshape(len(x), x.shape[1] * kh * kw, height * width)


def _fold_reference(
    x: Array, *, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair
) -> Array:
    (ph, pw), (kh, kw) = padding, kernel_size
    width = _windows(output_size, kernel_size, stride, padding, dilation)[1]
    y = np.zeros((len(x), x.shape[1] // (kh * kw), output_size[0] + 2 * ph, output_size[1] + 2 * pw), x.dtype)
    for row, column in np.ndindex(*x.shape[1:]):
        (c, u, v), (i, j) = np.unravel_index(row, (y.shape[1], kh, kw)), divmod(column, width)
        y[:, c, i * stride[0] + u * dilation[0], j * stride[1] + v * dilation[1]] += x[:, row, column]
    return y[:, :, ph : ph + output_size[0], pw : pw + output_size[1]]


def _check_windows(name: str, size: Shape, given: str, **sizes: Pair) -> None:
    kernel_size, dilation, padding, stride = sizes.values()
    if min(*kernel_size, *dilation, *stride) < 1 or min(padding) < 0:
        raise ValueError(
            f"{name}: kernel_size {kernel_size}, dilation {dilation} and stride {stride} must be at least 1, padding "
            f"{padding} at least 0"
        )
    out = [out_size(*dims) for dims in zip(size, kernel_size, stride, padding, dilation, strict=True)]
    if min(out) < 1:
        raise ValueError(
            f"{name}: windows of size {kernel_size} with dilation {dilation} do not fit into {given} with padding "
            f"{padding}; use smaller windows, or more padding"
        )


def _unfold_check(x: Array, *, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> None:
    if x.ndim != 4 or not x.shape[1]:
        raise ValueError(
            f"unfold: expects input (N, C, H, W) or (C, H, W) with at least one channel, got shape {x.shape}"
        )
    if x.dtype != np.bool_:
        check_float("unfold", x)
    given = f"input of shape {x.shape}"
    sizes = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    _check_windows("unfold", x.shape[2:], given, **sizes)


def _fold_check(x: Array, *, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> None:
    if x.ndim != 3:
        raise ValueError(f"fold: expects input (N, C kh kw, windows) or (C kh kw, windows), got shape {x.shape}")
    check_float("fold", x)
    sizes = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    _check_windows("fold", output_size, f"output_size {output_size}", **sizes)
    pixels, windows = math.prod(kernel_size), math.prod(_windows(output_size, kernel_size, stride, padding, dilation))
    if x.shape[1] % pixels or not x.shape[1] or x.shape[2] != windows:
        raise ValueError(
            f"fold: input of shape {x.shape} does not fit: kernel_size {kernel_size} needs a multiple of {pixels} in "
            f"its second dimension, and output_size {output_size} {windows} windows in the third"
        )


def _unfold_sample(draw: Draw) -> Sample:
    x, w, _, params = draw.conv_geometry()
    del params["groups"]
    return Sample((draw.tensor(*x),), {"kernel_size": w[2:], **params})


def _fold_sample(draw: Draw) -> Sample:
    x, w, y, params = draw.conv_geometry()
    del params["groups"]
    folded = draw.tensor(x[0], x[1] * math.prod(w[2:]), math.prod(y[2:]))
    return Sample((folded,), {"output_size": x[2:], "kernel_size": w[2:], **params})


_UNIT: dict[str, Any] = {"kernel_size": (2, 2), "dilation": (1, 1), "padding": (0, 0), "stride": (1, 1)}


def _bad(name: str, x: Any, error: type[Exception], *words: str, **params: Any) -> BadSample:
    return BadSample((x,), {**_UNIT, **params}, error, (name, *words))


_unfold_op: Op = register(
    Op(
        name="unfold",
        check=_unfold_check,
        forward=_unfold_forward,
        backward=lambda ctx, g, **params: _fold_op(g, output_size=ctx.shapes[0][2:], **params),
        reference=_unfold_reference,
        sample=_unfold_sample,
        bad_samples=[
            _bad("unfold", np.ones((3, 3)), ValueError, "(N, C, H, W)", "(3, 3)"),
            _bad("unfold", np.ones((1, 0, 3, 3)), ValueError, "channel", "(1, 0, 3, 3)"),
            _bad("unfold", np.ones((1, 1, 3, 3)), ValueError, "(4, 2)", "do not fit", kernel_size=(4, 2)),
            _bad("unfold", np.ones((1, 1, 3, 3)), ValueError, "stride (0, 1)", "at least 1", stride=(0, 1)),
            _bad("unfold", np.ones((1, 1, 3, 3), int), TypeError, "int64", ".float()"),
        ],
        kind="multilinear",
        flops=0,
    )
)

_fold_op: Op = register(
    Op(
        name="fold",
        check=_fold_check,
        forward=_fold_forward,
        backward=lambda ctx, g, *, output_size, **params: _unfold_op(g, **params),
        reference=_fold_reference,
        sample=_fold_sample,
        bad_samples=[
            _bad("fold", np.ones((4,)), ValueError, "(N, C kh kw, windows)", output_size=(3, 3)),
            _bad("fold", np.ones((1, 3, 4)), ValueError, "(1, 3, 4)", "multiple of 4", output_size=(3, 3)),
            _bad("fold", np.ones((1, 4, 3)), ValueError, "(1, 4, 3)", "4 windows", output_size=(3, 3)),
            _bad("fold", np.ones((1, 4, 4)), ValueError, "output_size (1, 3)", "do not fit", output_size=(1, 3)),
            _bad("fold", np.ones((1, 4, 4), int), TypeError, "int64", ".float()", output_size=(3, 3)),
        ],
        kind="multilinear",
        complex=True,
    )
)


def unfold(
    input: Tensor,
    kernel_size: int | Pair,
    dilation: int | Pair = 1,
    padding: int | Pair = 0,
    stride: int | Pair = 1,
) -> Tensor:
    """The windows of images as columns.  A convolution is a matrix times them.

    y[n, (c, u, v), (i, j)] = input[n, c, i s + u d - p, j s + v d - p] for stride s, dilation d and padding p.

    Parameters
    ----------
    input : Tensor of float or bool, (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
        Height and width of a window.
    dilation : int or (int, int)
        Step between the pixels of a window.
    padding : int or (int, int)
        Zeros added on each side.
    stride : int or (int, int)
        Step from window to window.

    Returns
    -------
    Tensor, (N, C kh kw, windows) or (C kh kw, windows)

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.arange(9.0).reshape(1, 3, 3)
    >>> F.unfold(x, 2)
    tensor([[0., 1., 3., 4.],
            [1., 2., 4., 5.],
            [3., 4., 6., 7.],
            [4., 5., 7., 8.]])
    """
    check_arrays("unfold", input=input)
    sizes = pairs("unfold", kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    y: Tensor = _unfold_op(unsqueeze(input, 0) if input.ndim == 3 else input, **sizes)
    return squeeze(y, 0) if input.ndim == 3 else y


def fold(
    input: Tensor,
    output_size: int | Pair,
    kernel_size: int | Pair,
    dilation: int | Pair = 1,
    padding: int | Pair = 0,
    stride: int | Pair = 1,
) -> Tensor:
    """Images whose pixels are the sums of the windows that they are in: the transpose of `unfold`.

    Parameters
    ----------
    input : Tensor of float, (N, C kh kw, windows) or (C kh kw, windows)
    output_size : int or (int, int)
        H and W.
    kernel_size, dilation, padding, stride : int or (int, int)
        As of the `unfold` of the output.

    Returns
    -------
    Tensor, (N, C, H, W) or (C, H, W)

    Raises
    ------
    ValueError, TypeError
        If shape, dtype or parameters do not fit.

    Examples
    --------
    Each pixel is counted once for each window that it is in:

    >>> import autograd, nn.functional as F
    >>> F.fold(F.unfold(autograd.ones(1, 3, 3), 2), 3, 2)
    tensor([[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]])
    """
    check_arrays("fold", input=input)
    sizes = pairs(
        "fold", output_size=output_size, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
    )
    y: Tensor = _fold_op(unsqueeze(input, 0) if input.ndim == 2 else input, **sizes)
    return squeeze(y, 0) if input.ndim == 2 else y
