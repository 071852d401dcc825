"""Convolution layers.  Weights and biases are initialized uniformly in ±1/√fan_in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import nn.functional as F
from autograd import Tensor
from autograd.arguments import check_arrays
from autograd.devices import Device, check_device
from autograd.ops.shared.windows import ints
from autograd.types import DTypeLike
from nn.documented import described
from nn.making import blank, check_sizes, draw
from nn.module import Module
from nn.parameter import Parameter

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

    dims: int  # number of dimensions of the kernel: 1 to 3
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
        modes = ("zeros",) if self.transposed else ("zeros", "reflect", "replicate", "circular")
        if padding_mode not in modes:
            raise ValueError(f"{layer}: padding_mode is {padding_mode!r}; expects {' or '.join(map(repr, modes))}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{layer}: padding is {padding!r}; expects numbers, 'same' or 'valid'")
        self.padding_mode = padding_mode
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
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"

    def convolve(self, function: Callable[..., Tensor], input: Tensor) -> Tensor:
        """Call F.conv2d, or a function with the same arguments, on the padded input and this layer's parameters."""
        padding: Any = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            check_arrays(type(self).__name__, input=input)
            if padding == "same":
                if max(self.stride) > 1:
                    raise ValueError(f"{type(self).__name__}: padding 'same' needs stride 1, got stride {self.stride}")
                total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
                sides = [(n // 2, n - n // 2) for n in total]
            else:
                sides = [(n, n) for n in padding]
            input = F.pad(input, tuple(n for pair in sides[::-1] for n in pair), self.padding_mode)
            padding = 0
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv[tuple[int]]):
    """1-D convolution of a sequence (N, C, L) or (C, L); see `nn.functional.conv1d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int
    padding : int, "valid" or "same"
    groups : int
    bias : bool
    padding_mode : "zeros", "reflect", "replicate" or "circular"
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Conv1d(2, 4, kernel_size=3)(autograd.ones(1, 2, 8)).shape
    (1, 4, 6)
    """

    dims = 1

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(F.conv1d, input)


class Conv2d(_Conv[tuple[int, int]]):
    """2-D convolution of an image (N, C, H, W) or (C, H, W); see `nn.functional.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (int, int)
    padding : int, (int, int), "valid" or "same"
    groups : int
    bias : bool
    padding_mode : "zeros", "reflect", "replicate" or "circular"
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Conv2d(3, 4, kernel_size=3, padding=1)(autograd.ones(1, 3, 8, 8)).shape
    (1, 4, 8, 8)
    """

    dims = 2

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(F.conv2d, input)


class Conv3d(_Conv[tuple[int, int, int]]):
    """3-D convolution of a volume (N, C, D, H, W) or (C, D, H, W); see `nn.functional.conv3d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (int, int, int)
    padding : int, (int, int, int), "valid" or "same"
    groups : int
    bias : bool
    padding_mode : "zeros", "reflect", "replicate" or "circular"
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Conv3d(1, 2, kernel_size=2)(autograd.ones(1, 1, 3, 3, 3)).shape
    (1, 2, 2, 2, 2)
    """

    dims = 3

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(F.conv3d, input)


class _ConvTranspose(_Conv[EachDimension]):
    """It enlarges its input: each element times a filter is added to a window of the output.

    This is the input gradient of a convolution whose output has the input's shape.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels of the input, C, and of the output, C'.
    kernel_size : int, or one for each dimension
        Size of a window of the output.
    stride : int, or one for each dimension
        Step from window to window of the output.
    padding : int, or one for each dimension
        Elements cut off from the output on each side.
    output_padding : int, or one for each dimension
        Elements added at the end of the output.  With a stride above 1, a convolution maps several input sizes to one
        output size; this selects one of them.
    groups : int
        Number of groups that the output channels are divided into; each sees its share of the input channels.
    bias : bool
        Whether to add a bias.
    dilation : int, or one for each dimension
        Step between the elements of a window.
    padding_mode : "zeros"
        No other is allowed.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight : Parameter, (in_channels, out_channels/groups, *kernel_size)
    bias : Parameter, (out_channels,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is out of range, or groups does not divide the channels.  In forward, if shape or dtype of the input
        does not fit.
    """

    transposed = True
    padding: EachDimension

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
        layer = type(self).__name__
        if isinstance(padding, str):
            wanted = ("an int", "an int, or two for height and width", "an int, or three for depth, height and width")
            raise ValueError(f"{layer}: padding is {padding!r}; it must be {wanted[self.dims - 1]}")
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
        self.output_padding = ints(f"{layer}: output_padding", output_padding, self.dims)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Compute the transposed convolution.

        Parameters
        ----------
        input : Tensor, (N, C, …) or (C, …)
        output_size : sequence of int, optional
            The sizes of the output, such as (H', W'), or its whole shape.  It determines output_padding.

        Returns
        -------
        Tensor, (N, C', …) or (C', …)

        Raises
        ------
        ValueError
            If no output_padding gives that size.
        """
        layer, dims = type(self).__name__, self.dims
        extra: tuple[int, ...] = self.output_padding
        if output_size is not None:
            check_arrays(layer, input=input)
            if len(output_size) not in (dims, input.ndim):
                sizes = ("one size, L',", "two sizes, (H', W'),", "three sizes, (D', H', W'),")[dims - 1]
                raise ValueError(
                    f"{layer}: output_size {tuple(output_size)} must have {sizes} or one for each dimension of the "
                    "output"
                )
            each = zip(input.shape[-dims:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
            smallest = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in each]
            extra = tuple(wanted - size for wanted, size in zip(output_size[-dims:], smallest, strict=True))
            limits = [max(s, d) for s, d in zip(self.stride, self.dilation, strict=True)]
            if any(not 0 <= n < limit for n, limit in zip(extra, limits, strict=True)):
                raise ValueError(
                    f"{layer}: output_size {tuple(output_size)} is impossible for an input of shape "
                    f"{input.shape}: each size must be at least {tuple(smallest)}, and at most "
                    f"{tuple(n + limit - 1 for n, limit in zip(smallest, limits, strict=True))}"
                )
        function: Any = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[dims - 1]
        result: Tensor = function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
        return result


class ConvTranspose1d(_ConvTranspose[tuple[int]]):
    __doc__ = described(
        _ConvTranspose,
        "Transposed convolution of sequences (N, C, L) or (C, L); see `nn.functional.conv_transpose1d`.",
        """
        >>> import autograd, nn
        >>> layer = nn.ConvTranspose1d(1, 1, kernel_size=2, stride=2, bias=False)
        >>> weight = nn.init.ones_(layer.weight)
        >>> layer(autograd.tensor([[1.0, 5.0]])).detach()
        tensor([[1., 1., 5., 5.]])
        """,
    )

    dims = 1


class ConvTranspose2d(_ConvTranspose[tuple[int, int]]):
    __doc__ = described(
        _ConvTranspose,
        "Transposed convolution of images (N, C, H, W) or (C, H, W); see `nn.functional.conv_transpose2d`.",
        """
        >>> import autograd, nn
        >>> down = nn.Conv2d(3, 4, kernel_size=3, stride=2, padding=1)
        >>> up = nn.ConvTranspose2d(4, 3, kernel_size=3, stride=2, padding=1)
        >>> x = autograd.ones(1, 3, 8, 8)
        >>> y = down(x)
        >>> y.shape, up(y).shape, up(y, output_size=x.shape).shape
        ((1, 4, 4, 4), (1, 3, 7, 7), (1, 3, 8, 8))
        """,
    )

    dims = 2


class ConvTranspose3d(_ConvTranspose[tuple[int, int, int]]):
    __doc__ = described(
        _ConvTranspose,
        "Transposed convolution of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.conv_transpose3d`.",
        """
        >>> import autograd, nn
        >>> layer = nn.ConvTranspose3d(2, 5, kernel_size=(1, 2, 2), stride=(1, 2, 2))
        >>> layer(autograd.ones(1, 2, 3, 4, 4)).shape
        (1, 5, 3, 8, 8)
        """,
    )

    dims = 3
