"""Transposed convolution: each pixel of the input, times a filter, is added to a window of the output.

    x (N, C, H, W), w (C, O/G, kh, kw), b (O)           y (N, O, H', W')
    y[n, o, i sh + u dh - ph, j sw + v dw - pw] += x[n,c,i,j] w[c,o,u,v]     (over c, i, j, u, v; then b[o] is added)
    H' = (H - 1) sh - 2 ph + dh (kh - 1) + output_padding + 1,  W' likewise

This is conv2d's input gradient of g, for the convolution that makes H rows from H'.  The size of its result
is rounded down, so several H' give the same H; output_padding chooses one of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import Composite, Sample, register
from autograd.ops.conv2d import conv2d_input_grad
from autograd.ops.shape import reshape, squeeze, unsqueeze
from autograd.ops.shared.conv import bad_conv, check_transposed
from autograd.ops.shared.windows import pairs
from autograd.types import Array, Pair

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    output_padding: Pair = (0, 0),
    groups: int = 1,
    dilation: Pair = (1, 1),
) -> Array:
    pixels = x if x.ndim == 4 else x[None]
    size = [
        (n - 1) * s + d * (k - 1) + 1 + more
        for n, k, s, d, more in zip(pixels.shape[2:], w.shape[2:], stride, dilation, output_padding, strict=True)
    ]
    per_in, per_out = len(w) // groups, w.shape[1]
    y = np.zeros((len(pixels), per_out * groups, *size), x.dtype)
    for n, c, i, j in np.ndindex(*pixels.shape):
        for o, u, v in np.ndindex(*w.shape[1:]):
            place = n, c // per_in * per_out + o, i * stride[0] + u * dilation[0], j * stride[1] + v * dilation[1]
            y[place] += pixels[n, c, i, j] * w[c, o, u, v]
    y = y[:, :, padding[0] : size[0] - padding[0], padding[1] : size[1] - padding[1]]
    y = y if b is None else y + b[:, None, None]
    return y if x.ndim == 4 else y[0]


@in_float32
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    output_padding: int | Pair = 0,
    groups: int = 1,
    dilation: int | Pair = 1,
) -> Tensor:
    """The transpose of a convolution: enlarge images, adding each pixel times a filter to a window.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    weight : Tensor, (C, O/groups, kh, kw)
    bias : Tensor, (O,), optional
    stride : int or (int, int)
        Step from window to window of the output; vertical, horizontal.
    padding : int or (int, int)
        Rows and columns cut off from the output on each side.
    output_padding : int or (int, int)
        Further rows and columns at the end; less than stride or less than dilation.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.
    dilation : int or (int, int)
        Step between the pixels of a window.

    Returns
    -------
    Tensor, (N, O, H', W') or (O, H', W'), H' = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 14.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x, w = autograd.tensor([[[1.0, 2.0]]]), autograd.ones(1, 1, 2, 2)
    >>> F.conv_transpose2d(x, w)  # the windows of 1 and 2 overlap in the middle
    tensor([[[1., 3., 2.],
             [1., 3., 2.]]])
    >>> F.conv_transpose2d(x, w, stride=2)
    tensor([[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]])
    """
    check_arrays("conv_transpose2d", input=input, weight=weight)
    steps = pairs("conv_transpose2d", stride=stride, padding=padding, dilation=dilation, output_padding=output_padding)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    check_transposed("conv_transpose2d", x, weight, bias, groups=groups, **steps)
    more = steps.pop("output_padding")
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, k, s, p, d, extra in zip(x.shape[2:], weight.shape[2:], *steps.values(), more, strict=True)
    )
    y = conv2d_input_grad(x, weight, input_size=size, groups=groups, **steps)
    y = y if bias is None else y + reshape(bias, (-1, 1, 1))
    return squeeze(y, 0) if input.ndim == 3 else y


def _sample(draw: Draw) -> Sample:
    y, w, x, params = draw.conv_geometry()
    steps = zip(x[2:], w[2:], params["stride"], params["padding"], params["dilation"], strict=True)
    sizes = [((n - 1) * s - 2 * p + d * (k - 1) + 1, max(s, d)) for n, k, s, p, d in steps]
    more = tuple(draw.size(max(0, 1 - size), limit - 1) for size, limit in sizes)
    bias = draw.tensor(y[1]) if draw.choice(True, False) else None
    inputs = draw.tensor(*x[draw.choice(0, 0, 1) :]), draw.tensor(*w), bias
    return Sample(inputs, {**params, "output_padding": more})


_bad = partial(bad_conv, "conv_transpose2d")


register(
    Composite(
        name="conv_transpose2d",
        function=conv_transpose2d,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad((1, 3, 8, 8), (4, 2, 3, 3), ValueError, "(1, 3, 8, 8)", "(4, 2, 3, 3)", "3 channels"),
            _bad((1, 3, 8, 8), (3, 2, 3, 3), ValueError, "groups=2", groups=2),
            _bad((3, 8), (3, 2, 3, 3), ValueError, "(N, C, H, W)", "(C, O/groups, kh, kw)", "(3, 8)"),
            _bad((1, 4, 8, 8), (4, 2, 3, 3), ValueError, "bias", "(2,)", "(4,)", b=np.ones(2), groups=2),
            _bad((1, 4, 8, 8), (4, 2, 3, 3), TypeError, "float64", "bias float32", b=np.ones(2, np.float32)),
            _bad((1, 4, 8, 8), (4, 2, 3, 3), ValueError, "stride (0, 1)", "at least 1", stride=(0, 1)),
            _bad((1, 4, 8, 8), (4, 2, 3, 3), TypeError, "stride", "an int, or two", "1.5", stride=1.5),
            _bad((1, 4, 8, 8), (4, 2, 3, 3), ValueError, "output_padding (2, 2)", "less", stride=2, output_padding=2),
            _bad((1, 4, 1, 1), (4, 2, 3, 3), ValueError, "padding (2, 2)", "(-1, -1)", padding=2),
        ],
        kind="multilinear",
    )
)
