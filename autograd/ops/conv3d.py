"""Three-dimensional convolution: conv2d of images whose channels are the channels of all planes of a window.

    x (N, C, D, H, W), w (O, C/G, kd, kh, kw), b (O)           y (N, O, D', H', W')
    y[n,o,t] = conv2d(x', w')[n,t],  x' (N D', C kd, H, W) with the planes of each window, w' (O, C/G kd, kh, kw)

The windows of planes are a copy, kd / stride times as large as x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import Composite, Sample, register
from autograd.ops.conv2d import conv2d
from autograd.ops.pad import pad
from autograd.ops.shape import permute, reshape, squeeze, unsqueeze
from autograd.ops.shared.conv import bad_conv, check_conv
from autograd.ops.shared.windows import ints, named_padding
from autograd.ops.unfold import unfold_windows
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Triple = tuple[int, int, int]  # of depth, height and width


@in_float32
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Triple = 1,
    padding: int | Triple | str = 0,
    dilation: int | Triple = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve volumes, or videos, with a bank of filters.

    Parameters
    ----------
    input : Tensor, (N, C, D, H, W) or (C, D, H, W)
    weight : Tensor, (O, C/groups, kd, kh, kw)
    bias : Tensor, (O,), optional
    stride : int or (int, int, int)
        Step from window to window.
    padding : int, (int, int, int), "valid" (none) or "same" (the output has the input's size; needs stride 1)
        Zeros added on each side.  If "same" needs an odd number, there is one more at the end.
    dilation : int or (int, int, int)
        Step between the elements of a window.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.

    Returns
    -------
    Tensor, (N, O, D', H', W') or (O, D', H', W')

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.conv3d(autograd.ones(1, 1, 2, 2, 2), autograd.ones(1, 1, 2, 2, 2))
    tensor([[[[[8.]]]]])
    """
    check_arrays("conv3d", input=input, weight=weight)
    step, spacing = ints("conv3d: stride", stride, 3), ints("conv3d: dilation", dilation, 3)
    margin: Any
    if isinstance(padding, str):
        margin, first = named_padding("conv3d", padding, weight, step, spacing)
    else:
        margin, first = ints("conv3d: padding", padding, 3), (0, 0, 0)
    x = unsqueeze(input, 0) if input.ndim == 4 else input
    check_conv("conv3d", x, weight, bias, stride=step, padding=margin, dilation=spacing, groups=groups)
    n, channels, depth, *image = x.shape
    outputs, per_group, kernel, *window = weight.shape
    if margin[0]:
        x = pad(x, (0, 0, 0, 0, margin[0], margin[0]))
    if kernel > 1 or step[0] > 1:
        x = unfold_windows(x, dim=2, size=kernel, step=step[0], dilation=spacing[0])
        depth = x.shape[2]
        x = permute(x, (0, 2, 1, 5, 3, 4))
    else:
        depth = x.shape[2]
        x = permute(x, (0, 2, 1, 3, 4))
    images = reshape(x, (n * depth, channels * kernel, *image))
    filters = reshape(weight, (outputs, per_group * kernel, *window))
    y = conv2d(images, filters, bias, step[1:], margin[1:], spacing[1:], groups)
    y = permute(reshape(y, (n, depth, *y.shape[1:])), (0, 2, 1, 3, 4))
    if any(first):
        y = y[:, :, first[0] :, first[1] :, first[2] :]
    y = reshape(reshape(y, (-1,)), tuple(y.shape))  # contiguous, as layers expect
    return squeeze(y, 0) if input.ndim == 4 else y


# ── under the battery ──────────────────────────────────────────────────────────────────


def _reference(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Triple = (1, 1, 1),
    padding: Triple | str = (0, 0, 0),
    dilation: Triple = (1, 1, 1),
    groups: int = 1,
) -> Array:
    reach = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=True)]
    pads = [(0, 0)] * 3 if isinstance(padding, str) else [(p, p) for p in padding]
    if padding == "same":
        pads = [(n // 2, n - n // 2) for n in reach]
    pixels = np.pad(x if x.ndim == 5 else x[None], ((0, 0), (0, 0), *pads))
    size = [(n - r - 1) // s + 1 for n, r, s in zip(pixels.shape[2:], reach, stride, strict=True)]
    y = np.zeros((len(pixels), len(w), *size), x.dtype)
    per_in, per_out = w.shape[1], len(w) // groups
    for o, *index in np.ndindex(*y.shape[1:]):
        window = tuple(slice(i * s, i * s + r + 1, d) for i, s, r, d in zip(index, stride, reach, dilation))
        seen = pixels[:, o // per_out * per_in :][(slice(None), slice(per_in), *window)]
        y[(slice(None), o, *index)] = (seen * w[o]).sum(axis=(1, 2, 3, 4)) + (0 if b is None else b[o])
    return y if x.ndim == 5 else y[0]


def _sample(draw: Draw) -> Sample:
    x, w, _, params = draw.conv_geometry(3)
    reach = [d * (k - 1) + 1 for k, d in zip(w[2:], params["dilation"], strict=True)]
    x = (*x[:2], *(min(n, max(r + 1 - 2 * p, 1)) for n, r, p in zip(x[2:], reach, params["padding"], strict=True)))
    x = (*x[:2], *(max(n, r - 2 * p) for n, r, p in zip(x[2:], reach, params["padding"], strict=True)))
    whole = all(n >= r for n, r in zip(x[2:], reach, strict=True))
    if named := draw.choice(None, None, "same", "valid" if whole else "same"):
        params |= {"stride": (1, 1, 1), "padding": named}
    bias = draw.tensor(w[0]) if draw.choice(True, False) else None
    return Sample((draw.tensor(*x[draw.choice(0, 0, 1) :]), draw.tensor(*w), bias), params)


_X, _W = (1, 3, 4, 4, 4), (4, 3, 3, 3, 3)

register(
    Composite(
        name="conv3d",
        function=conv3d,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            bad_conv("conv3d", _X, (4, 2, 3, 3, 3), ValueError, "(4, 2, 3, 3, 3)", "3 channels"),
            bad_conv("conv3d", _X, (4, 3, 9, 3, 3), ValueError, "(4, 3, 9, 3, 3)", "fit into", "pad"),
            bad_conv("conv3d", (8, 8), _W, ValueError, "(N, C, D, H, W)", "(8, 8)"),
            bad_conv("conv3d", _X, _W, ValueError, "bias", "(3,)", "(4,)", b=np.ones(3)),
            bad_conv("conv3d", _X, _W, TypeError, "float64", "float32", b=np.ones(4, np.float32)),
            bad_conv("conv3d", _X, _W, ValueError, "stride (0, 0, 0)", "at least 1", stride=0),
            bad_conv("conv3d", _X, _W, TypeError, "an int, or three", "(2, 2)", stride=(2, 2)),
            bad_conv("conv3d", _X, _W, ValueError, "'full'", "'valid' or 'same'", padding="full"),
            bad_conv("conv3d", _X, _W, ValueError, "'same'", "stride (2, 2, 2)", padding="same", stride=2),
        ],
        kind="multilinear",
    )
)
