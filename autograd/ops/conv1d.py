"""One-dimensional convolution: conv2d of an image one pixel high.

x (N, C, L), w (O, C/G, k), b (O)           y (N, O, L')
y[n,o,i] = b[o] + Σ_c,u w[o,c,u] x[n, c, i s + u d - p]     (0 outside x)
L' = (L + 2 p - d (k - 1) - 1) // s + 1
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import Composite, Sample, register
from autograd.ops.conv2d import conv2d
from autograd.ops.shape import squeeze, unsqueeze
from autograd.ops.shared.conv import bad_conv, check_conv
from autograd.ops.shared.windows import ints, named_padding
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reference(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Array:
    reach = dilation * (w.shape[2] - 1)
    start, end = (padding, padding) if isinstance(padding, int) else (0, 0)
    if padding == "same":
        start, end = reach // 2, reach - reach // 2
    pixels = np.pad(x if x.ndim == 3 else x[None], ((0, 0), (0, 0), (start, end)))
    y = np.zeros((len(pixels), len(w), (pixels.shape[2] - reach - 1) // stride + 1), x.dtype)
    per_in, per_out = w.shape[1], len(w) // groups
    for n, o, i in np.ndindex(*y.shape):
        channels = pixels[n, o // per_out * per_in :][:per_in]
        y[n, o, i] = (channels[:, i * stride : i * stride + reach + 1 : dilation] * w[o]).sum()
        y[n, o, i] += 0 if b is None else b[o]
    return y if x.ndim == 3 else y[0]


@in_float32
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] | str = 0,
    dilation: int | tuple[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve sequences with a bank of filters.

    Parameters
    ----------
    input : Tensor, (N, C, L) or (C, L)
    weight : Tensor, (O, C/groups, k)
    bias : Tensor, (O,), optional
    stride : int
        Step from window to window.
    padding : int, "valid" (none) or "same" (L' = L; needs stride 1)
        Zeros added on each side.  If "same" needs an odd number, there is one more at the end.
    dilation : int
        Step between the elements of a window.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.

    Returns
    -------
    Tensor, (N, O, L') or (O, L')

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.conv1d(autograd.ones(1, 1, 4), autograd.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    check_arrays("conv1d", input=input, weight=weight)
    step, spacing = ints("conv1d: stride", stride, 1), ints("conv1d: dilation", dilation, 1)
    if isinstance(padding, str):
        margin, (left,) = named_padding("conv1d", padding, weight, step, spacing)
    else:
        margin, left = ints("conv1d: padding", padding, 1), 0
    x = unsqueeze(input, 0) if input.ndim == 2 else input
    check_conv("conv1d", x, weight, bias, stride=step, padding=margin, dilation=spacing, groups=groups)
    image, filters = (unsqueeze(a, 2) for a in (x, weight))
    y = conv2d(image, filters, bias, (1, step[0]), (0, margin[0]), (1, spacing[0]), groups)
    y = y[:, :, 0, left:]
    return squeeze(y, 0) if input.ndim == 2 else y


def _sample(draw: Draw) -> Sample:
    x, w, _, params = draw.conv_geometry(1)
    params = {name: value if name == "groups" else value[0] for name, value in params.items()}
    whole = x[2] > params["dilation"] * (w[2] - 1)  # a window fits without padding
    if named := draw.choice(None, None, "same", "valid" if whole else "same"):
        params |= {"stride": 1, "padding": named}
    bias = draw.tensor(w[0]) if draw.choice(True, False) else None
    return Sample((draw.tensor(*x[draw.choice(0, 0, 1) :]), draw.tensor(*w), bias), params)


_bad = partial(bad_conv, "conv1d")


register(
    Composite(
        name="conv1d",
        function=conv1d,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad((1, 3, 8), (4, 2, 3), ValueError, "(1, 3, 8)", "(4, 2, 3)", "3 channels"),
            _bad((1, 3, 8), (4, 3, 9), ValueError, "(4, 3, 9)", "fit into", "pad"),
            _bad((8,), (4, 3, 3), ValueError, "(N, C, L)", "(8,)"),
            _bad((1, 3, 8), (4, 3, 3), ValueError, "bias", "(3,)", "(4,)", b=np.ones(3)),
            _bad((1, 3, 8), (4, 3, 3), TypeError, "float64", "float32", b=np.ones(4, np.float32)),
            _bad((1, 3, 8), (4, 3, 3), ValueError, "stride (0,)", "at least 1", stride=0),
            _bad((1, 3, 8), (4, 3, 3), TypeError, "stride expects an int", "(2, 2)", stride=(2, 2)),
            _bad((1, 3, 8), (4, 3, 3), ValueError, "'full'", "'valid' or 'same'", padding="full"),
            _bad((1, 3, 8), (4, 3, 3), ValueError, "'same'", "stride (2,)", padding="same", stride=2),
        ],
        kind="multilinear",
    )
)
