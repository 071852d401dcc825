"""Convolutions.  Weights and biases start uniform in ±1/√fan_in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nn.functional as F
from autograd import Tensor
from autograd.devices import check_device
from autograd.ops.shared.windows import ints
from nn.making import blank, check_sizes, draw
from nn.module import Module

Sizes = int | tuple[int, ...]


class _Conv(Module):
    """What convolutions share.

    Attributes
    ----------
    weight : Parameter, (out_channels, in_channels/groups, *kernel_size)
        Of a transposed convolution (in_channels, out_channels/groups, *kernel_size).
    bias : Parameter, (out_channels,), or None
    """

    dims: int  # of the window, and so the length of all sizes
    kernel_size: Any
    stride: Any
    padding: Any
    output_padding: Any
    dilation: Any
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        layer = type(self).__name__
        check_sizes(layer, in_channels=in_channels, out_channels=out_channels, groups=groups)
        check_device(layer, device)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{layer}: in_channels {in_channels} and out_channels {out_channels} "
                f"must be multiples of groups {groups}"
            )
        if padding_mode != "zeros":
            raise ValueError(f"{layer}: padding_mode {padding_mode!r} is not 'zeros', the only one there is")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = ints(f"{layer}: kernel_size", kernel_size, self.dims)
        self.stride = ints(f"{layer}: stride", stride, self.dims)
        self.padding = padding if isinstance(padding, str) else ints(f"{layer}: padding", padding, self.dims)
        self.dilation = ints(f"{layer}: dilation", dilation, self.dims)
        self.output_padding = (0,) * self.dims
        names = ("kernel_height", "kernel_width")[-self.dims :]
        check_sizes(layer, **dict(zip(names, self.kernel_size, strict=True)))
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = blank(first, second // groups, *self.kernel_size, dtype=dtype)
        self.register_parameter("bias", blank(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        draw(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * self.dims:
                text += f", {name}={value}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else f"{text}, bias=False"


class Conv1d(_Conv):
    """A bank of filters over sequences (N, C, L) or (C, L); see `nn.functional.conv1d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int
    padding : int, "valid" or "same"
    groups : int
    bias : bool
    """

    dims = 1

    def forward(self, input: Tensor) -> Tensor:
        return F.conv1d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """A bank of filters over pictures (N, C, H, W) or (C, H, W); see `nn.functional.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (int, int)
    padding : int, (int, int), "valid" or "same"
    groups : int
    bias : bool
    """

    dims = 2

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class ConvTranspose2d(_Conv):
    """The gradient of a `Conv2d` as a layer: from small pictures to large; see `nn.functional.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation : int or (int, int)
        Those of the convolution that goes the other way.
    output_padding : int or (int, int)
        Rows and columns more at the end: which of the sizes that the convolution maps to one.
    groups : int
    bias : bool
    """

    dims, transposed = 2, True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        self.output_padding = ints("ConvTranspose2d: output_padding", output_padding)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """With output_size, (H', W') or the whole shape, output_padding is what leads to it."""
        extra = self.output_padding
        if output_size is not None:
            sizes = zip(input.shape[-2:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
            least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in sizes]
            extra = tuple(wanted - size for wanted, size in zip(output_size[-2:], least, strict=True))
            if any(not 0 <= more < max(s, d) for more, s, d in zip(extra, self.stride, self.dilation, strict=True)):
                raise ValueError(
                    f"ConvTranspose2d: output_size {tuple(output_size)} cannot be had from an input of shape "
                    f"{input.shape}: the smallest is {tuple(least)}, and less than a stride may be added"
                )
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
