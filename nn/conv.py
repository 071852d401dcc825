"""Convolution layers.  Weights and biases are initialized uniformly in ±1/√fan_in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import nn.functional as F
from autograd import Tensor
from autograd.arguments import check_arrays
from autograd.devices import Device, check_device
from autograd.ops.shared.windows import ints
from autograd.types import DTypeLike
from nn.making import blank, check_sizes, draw
from nn.module import Module, Parameter

Sizes = int | tuple[int, ...]  # one for all dimensions, or one for each
EachDimension = TypeVar("EachDimension", bound=tuple[int, ...])  # sizes of a layer: one for each dimension


class _Conv(Module, Generic[EachDimension]):
    """Base of the convolutions.

    Attributes
    ----------
    weight : Parameter, (out_channels, in_channels/groups, *kernel_size)
        For a transposed convolution: (in_channels, out_channels/groups, *kernel_size).
    bias : Parameter, (out_channels,), or None
    """

    dims: int  # number of dimensions of the kernel: 1 or 2
    weight: Parameter
    bias: Parameter  # None with bias=False, but as in PyTorch its declared type does not say so
    kernel_size: EachDimension
    stride: EachDimension
    padding: EachDimension | str
    output_padding: EachDimension
    dilation: EachDimension
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
        device: Device = None,
        dtype: DTypeLike | None = None,
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
            raise ValueError(f"{layer}: padding_mode is {padding_mode!r}; only 'zeros' is supported")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = ints(f"{layer}: kernel_size", kernel_size, self.dims)
        self.stride = ints(f"{layer}: stride", stride, self.dims)
        self.padding = padding if isinstance(padding, str) else ints(f"{layer}: padding", padding, self.dims)
        self.dilation = ints(f"{layer}: dilation", dilation, self.dims)
        self.output_padding = ints(f"{layer}: output_padding", 0, self.dims)
        for size in self.kernel_size:
            check_sizes(layer, kernel_size=size)
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = blank(first, second // groups, *self.kernel_size, dtype=dtype)
        self.register_parameter("bias", blank(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize the parameters again, with new random numbers."""
        draw(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, default in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (default,) * self.dims:
                text += f", {name}={value}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else f"{text}, bias=False"


class Conv1d(_Conv[tuple[int]]):
    """1-D convolution of a sequence (N, C, L) or (C, L); see `nn.functional.conv1d`.

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


class Conv2d(_Conv[tuple[int, int]]):
    """2-D convolution of an image (N, C, H, W) or (C, H, W); see `nn.functional.conv2d`.

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


class ConvTranspose2d(_Conv[tuple[int, int]]):
    """Transposed 2-D convolution: computes the input gradient of a `Conv2d`; see `nn.functional.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation : int or (int, int)
        As of the `Conv2d` whose gradient it computes.
    output_padding : int or (int, int)
        Rows and columns added at the end of the output.  With a stride above 1, a `Conv2d` maps several input sizes
        to one output size; this selects one of them.
    groups : int
    bias : bool
    """

    dims, transposed = 2, True
    padding: tuple[int, int]

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
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        if isinstance(padding, str):
            raise ValueError(f"ConvTranspose2d: padding is {padding!r}; it must be an int, or two for height and width")
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
        """Compute the transposed convolution.

        Parameters
        ----------
        input : Tensor, (N, C, H, W) or (C, H, W)
        output_size : sequence of int, optional
            (H', W') or the whole shape of the output.  It determines output_padding.

        Returns
        -------
        Tensor, (N, C', H', W') or (C', H', W')

        Raises
        ------
        ValueError
            If no output_padding gives that size.
        """
        extra = self.output_padding
        if output_size is not None:
            check_arrays("ConvTranspose2d", input=input)
            if len(output_size) not in (2, input.ndim):
                raise ValueError(
                    f"ConvTranspose2d: output_size {tuple(output_size)} must have two sizes, (H', W'), or one for each "
                    f"dimension of the output"
                )
            sizes = zip(input.shape[-2:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
            smallest = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in sizes]
            height, width = (wanted - size for wanted, size in zip(output_size[-2:], smallest, strict=True))
            extra = height, width
            limits = [max(s, d) for s, d in zip(self.stride, self.dilation, strict=True)]
            if any(not 0 <= n < limit for n, limit in zip(extra, limits, strict=True)):
                raise ValueError(
                    f"ConvTranspose2d: output_size {tuple(output_size)} is impossible for an input of shape "
                    f"{input.shape}: each size must be at least {tuple(smallest)}, and at most "
                    f"{tuple(n + limit - 1 for n, limit in zip(smallest, limits, strict=True))}"
                )
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
