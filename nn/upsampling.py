"""Layers that enlarge or reduce images, move channels to pixels, or make columns of windows."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from nn.module import Module

Sizes = int | tuple[int, ...]
Factors = float | tuple[float, ...]


class Upsample(Module):
    """Interpolation; see `nn.functional.interpolate`.

    Parameters
    ----------
    size : int, or one for each dimension after the channels, optional
    scale_factor : float, or one for each dimension after the channels, optional
        How many times larger the output is.  Give this or size.
    mode : str
        "nearest", "linear", "bilinear", "bicubic", "trilinear" …
    align_corners, recompute_scale_factor : bool, optional
    """

    def __init__(
        self,
        size: Sizes | None = None,
        scale_factor: Factors | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Factors | None = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode, self.align_corners, self.recompute_scale_factor = mode, align_corners, recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        given = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` of images (N, C, H, W) with mode "nearest"."""

    def __init__(self, size: Sizes | None = None, scale_factor: Factors | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of images (N, C, H, W) with mode "bilinear" and align_corners=True."""

    def __init__(self, size: Sizes | None = None, scale_factor: Factors | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Moves channels to pixels: (…, C r², H, W) to (…, C, H r, W r); see `nn.functional.pixel_shuffle`.

    Parameters
    ----------
    upscale_factor : int
        r.
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Moves pixels to channels: (…, C, H r, W r) to (…, C r², H, W); see `nn.functional.pixel_unshuffle`.

    Parameters
    ----------
    downscale_factor : int
        r.
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Exchanges channels between groups; see `nn.functional.channel_shuffle`.

    Parameters
    ----------
    groups : int
        It must divide the number of channels.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(Module):
    """The windows of images (N, C, H, W) as columns; see `nn.functional.unfold`.

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or (int, int)
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        sizes = self.kernel_size, self.dilation, self.padding, self.stride
        return F.unfold(input, *sizes)  # type: ignore[arg-type]

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Images whose pixels are sums of windows; see `nn.functional.fold`.

    Parameters
    ----------
    output_size : int or (int, int)
        H and W.
    kernel_size, dilation, padding, stride : int or (int, int)
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        sizes = self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        return F.fold(input, *sizes)  # type: ignore[arg-type]

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
