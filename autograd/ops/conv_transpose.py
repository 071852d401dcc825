"""Transposed convolution in one and three dimensions, by that in two.

conv_transpose1d   the image is one row high
conv_transpose3d   conv_transpose2d of each plane to O kd channels, which are the planes of a window in the output;
                   the windows are then added where they overlap
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import Composite, Sample, register
from autograd.ops.conv_transpose2d import conv_transpose2d
from autograd.ops.pad import pad
from autograd.ops.shape import permute, reshape, squeeze, unsqueeze
from autograd.ops.shared.conv import bad_conv, check_transposed
from autograd.ops.shared.windows import ints
from autograd.ops.unfold import unfold_windows_grad
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Triple = tuple[int, int, int]  # of depth, height and width


def _arguments(name: str, input: Tensor, weight: Tensor, bias: Any, dims: int, groups: int, **sizes: Any) -> Any:
    """The input with a batch, and (stride, padding, output_padding, dilation) for each dimension, checked."""
    check_arrays(name, input=input, weight=weight)
    each = {what: ints(f"{name}: {what}", value, dims) for what, value in sizes.items()}
    x = unsqueeze(input, 0) if input.ndim == dims + 1 else input
    check_transposed(name, x, weight, bias, groups=groups, **each)
    return x, *each.values()


@in_float32
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] = 0,
    output_padding: int | tuple[int] = 0,
    groups: int = 1,
    dilation: int | tuple[int] = 1,
) -> Tensor:
    """The transpose of a convolution: lengthen sequences, adding each element times a filter to a window.

    Parameters
    ----------
    input : Tensor, (N, C, L) or (C, L)
    weight : Tensor, (C, O/groups, k)
    bias : Tensor, (O,), optional
    stride : int
        Step from window to window of the output.
    padding : int
        Elements cut off from the output on each side.
    output_padding : int
        Further elements at the end; less than stride or less than dilation.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.
    dilation : int
        Step between the elements of a window.

    Returns
    -------
    Tensor, (N, O, L') or (O, L'), L' = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x, w = autograd.tensor([[[1.0, 2.0]]]), autograd.tensor([[[1.0, 1.0, 1.0]]])
    >>> F.conv_transpose1d(x, w, stride=2)  # the windows of 1 and 2 overlap in the middle
    tensor([[[1., 1., 3., 2., 2.]]])
    """
    x, (step,), (margin,), (more,), (spacing,) = _arguments(
        "conv_transpose1d", input, weight, bias, 1, groups,
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation,
    )  # fmt: skip
    image, filters = unsqueeze(x, 2), unsqueeze(weight, 2)
    y = conv_transpose2d(image, filters, bias, (1, step), (0, margin), (0, more), groups, (1, spacing))
    y = squeeze(y, 2)
    return squeeze(y, 0) if input.ndim == 2 else y


@in_float32
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Triple = 1,
    padding: int | Triple = 0,
    output_padding: int | Triple = 0,
    groups: int = 1,
    dilation: int | Triple = 1,
) -> Tensor:
    """The transpose of a convolution: enlarge volumes, adding each element times a filter to a window.

    Parameters
    ----------
    input : Tensor, (N, C, D, H, W) or (C, D, H, W)
    weight : Tensor, (C, O/groups, kd, kh, kw)
    bias : Tensor, (O,), optional
    stride : int or (int, int, int)
        Step from window to window of the output.
    padding : int or (int, int, int)
        Elements cut off from the output on each side.
    output_padding : int or (int, int, int)
        Further elements at the end; less than stride or less than dilation.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.
    dilation : int or (int, int, int)
        Step between the elements of a window.

    Returns
    -------
    Tensor, (N, O, D', H', W') or (O, D', H', W')
        D' = (D - 1) stride - 2 padding + dilation (kd - 1) + output_padding + 1

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x, w = autograd.tensor([3.0, 5.0]).reshape(1, 2, 1, 1), autograd.ones(1, 1, 2, 1, 1)
    >>> F.conv_transpose3d(x, w, stride=2).flatten()
    tensor([3., 3., 5., 5.])
    """
    x, step, margin, more, spacing = _arguments(
        "conv_transpose3d", input, weight, bias, 3, groups,
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation,
    )  # fmt: skip
    n, channels, depth, *image = x.shape
    _, per_group, kernel, *window = weight.shape
    planes = reshape(permute(x, (0, 2, 1, 3, 4)), (n * depth, channels, *image))
    filters = reshape(weight, (channels, per_group * kernel, *window))
    y = conv_transpose2d(planes, filters, None, step[1:], margin[1:], more[1:], groups, spacing[1:])
    size = tuple(y.shape[2:])
    y = permute(reshape(y, (n, depth, per_group * groups, kernel, *size)), (0, 2, 1, 4, 5, 3))
    full = (depth - 1) * step[0] + spacing[0] * (kernel - 1) + 1
    shape = n, per_group * groups, full, *size
    y = unfold_windows_grad(y, shape=shape, dim=2, step=step[0], dilation=spacing[0])
    if margin[0] or more[0]:
        y = pad(y, (0, 0, 0, 0, -margin[0], more[0] - margin[0]))
    y = y if bias is None else y + reshape(bias, (-1, 1, 1, 1))
    return squeeze(y, 0) if input.ndim == 4 else y


# ── under the battery ──────────────────────────────────────────────────────────────────


def _reference(
    x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, output_padding: Shape, groups: int,
    dilation: Shape,
) -> Array:  # fmt: skip
    dims = w.ndim - 2
    pixels = x if x.ndim == dims + 2 else x[None]
    sizes = zip(pixels.shape[2:], w.shape[2:], stride, dilation, output_padding, strict=True)
    size = [(n - 1) * s + d * (k - 1) + 1 + more for n, k, s, d, more in sizes]
    per_in, per_out = len(w) // groups, w.shape[1]
    y = np.zeros((len(pixels), per_out * groups, *size), x.dtype)
    for c, *index in np.ndindex(*pixels.shape[1:]):
        for o, *tap in np.ndindex(*w.shape[1:]):
            place = [i * s + t * d for i, s, t, d in zip(index, stride, tap, dilation, strict=True)]
            whole = slice(None)
            y[(whole, c // per_in * per_out + o, *place)] += pixels[(whole, c, *index)] * w[(c, o, *tap)]
    kept: Any = (..., *(slice(p, n - p) for p, n in zip(padding, size, strict=True)))
    y = y[kept]
    y = y if b is None else y + b.reshape(-1, *(1,) * dims)
    return y if x.ndim == dims + 2 else y[0]


def _register(function: Any, dims: int) -> None:
    name = function.__name__

    def sample(draw: Draw) -> Sample:
        y, w, x, params = draw.conv_geometry(dims)
        x = (*x[:2], *(min(n, 2) if dims == 3 else n for n in x[2:]))
        steps = zip(x[2:], w[2:], params["stride"], params["padding"], params["dilation"], strict=True)
        sizes = [((n - 1) * s - 2 * p + d * (k - 1) + 1, max(s, d)) for n, k, s, p, d in steps]
        if any(size + limit < 2 for size, limit in sizes):
            params["padding"] = (0,) * dims
            sizes = [(1, limit) for _, limit in sizes]
        more = tuple(draw.size(max(0, 1 - size), limit - 1) for size, limit in sizes)
        bias = draw.tensor(y[1]) if draw.choice(True, False) else None
        inputs = draw.tensor(*x[draw.choice(0, 0, 1) :]), draw.tensor(*w), bias
        return Sample(inputs, {**params, "output_padding": more})

    x, w = (1, 4, *(3,) * dims), (4, 2, *(3,) * dims)
    one = (1, 4, *(1,) * dims)
    register(
        Composite(
            name=name,
            function=function,
            reference=_reference,
            sample=sample,
            bad_samples=[
                bad_conv(name, (1, 3, *x[2:]), w, ValueError, str(w), "3 channels"),
                bad_conv(name, (1, 3, *x[2:]), (3, *w[1:]), ValueError, "groups=2", groups=2),
                bad_conv(name, (3,), w, ValueError, "(N, C, ", "(C, O/groups, ", "(3,)"),
                bad_conv(name, x, w, ValueError, "bias", "(2,)", "(4,)", b=np.ones(2), groups=2),
                bad_conv(name, x, w, TypeError, "float64", "bias float32", b=np.ones(2, np.float32)),
                bad_conv(name, x, w, ValueError, "stride (0,", "at least 1", stride=0),
                bad_conv(name, x, w, TypeError, "stride expects an int", "1.5", stride=1.5),
                bad_conv(name, x, w, ValueError, "output_padding (2,", "less", stride=2, output_padding=2),
                bad_conv(name, one, w, ValueError, "padding (2,", "(-1,", padding=2),
            ],
            kind="multilinear",
        )
    )


_register(conv_transpose1d, 1)
_register(conv_transpose3d, 3)
