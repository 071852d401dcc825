"""Layers that enlarge or reduce images, move channels to pixels, or make columns of windows."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from nn.module import Module

Sizes = int | tuple[int, ...]
Factors = float | tuple[float, ...]


class Upsample(Module):
    """Enlarge or reduce sequences (N, C, L), images (N, C, H, W) or volumes (N, C, D, H, W).

    See `nn.functional.interpolate`.

    Parameters
    ----------
    size : int, or one for each dimension after the channels, optional
        Sizes of the output.
    scale_factor : float, or one for each dimension after the channels, optional
        How many times larger the output is; its sizes are rounded down.  Give this or size.
    mode : str
        "nearest", "nearest-exact", "area"; "linear" for sequences, "bilinear" or "bicubic" for images, "trilinear" for
        volumes.
    align_corners : bool, optional
        Of linear and cubic modes: whether the centers of the corner pixels of input and output are aligned, rather than
        the corners of these pixels.  Default: False.
    recompute_scale_factor : bool, optional
        Whether positions are computed with the quotient of the sizes, instead of scale_factor.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        In forward, if shape, dtype, mode or sizes do not fit.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.tensor([[[1.0, 3.0]]])
    >>> nn.Upsample(scale_factor=2)(x)
    tensor([[[1., 1., 3., 3.]]])
    >>> nn.Upsample(scale_factor=2, mode="linear")(x)
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
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
    """`Upsample` of images (N, C, H, W) with mode "nearest".

    Parameters
    ----------
    size : int or (int, int), optional
        Height and width of the output.
    scale_factor : float or (float, float), optional
        How many times larger the output is.  Give this or size.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        In forward, if shape, dtype or sizes do not fit.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.tensor([1.0, 3.0]).reshape(1, 1, 1, 2)
    >>> nn.UpsamplingNearest2d(size=(1, 4))(x).flatten()
    tensor([1., 1., 3., 3.])
    """

    def __init__(self, size: Sizes | None = None, scale_factor: Factors | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of images (N, C, H, W) with mode "bilinear" and align_corners=True.

    Parameters
    ----------
    size : int or (int, int), optional
        Height and width of the output.
    scale_factor : float or (float, float), optional
        How many times larger the output is.  Give this or size.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        In forward, if shape, dtype or sizes do not fit.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.tensor([1.0, 3.0]).reshape(1, 1, 1, 2)
    >>> nn.UpsamplingBilinear2d(size=(1, 3))(x).flatten()
    tensor([1., 2., 3.])
    """

    def __init__(self, size: Sizes | None = None, scale_factor: Factors | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Moves channels to pixels: (…, C r², H, W) to (…, C, H r, W r); see `nn.functional.pixel_shuffle`.

    Parameters
    ----------
    upscale_factor : int
        r: how many times higher and wider the output is.

    Raises
    ------
    ValueError, TypeError
        In forward, if the channels are no multiple of r².

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.tensor([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1)  # 4 channels of one pixel
    >>> nn.PixelShuffle(2)(x)
    tensor([[[1., 2.],
             [3., 4.]]])
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
        r: how many times lower and narrower the output is.

    Raises
    ------
    ValueError, TypeError
        In forward, if height or width is no multiple of r.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> nn.PixelUnshuffle(2)(x).shape
    (4, 1, 1)
    >>> nn.PixelUnshuffle(2)(x).flatten()
    tensor([1., 2., 3., 4.])
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Takes the first channel of each group, then the second of each …; see `nn.functional.channel_shuffle`.

    Parameters
    ----------
    groups : int
        It must divide the number of channels.

    Raises
    ------
    ValueError, TypeError
        In forward, if groups does not divide the channels.

    References
    ----------
    Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", 2018.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.arange(6.0).reshape(1, 6, 1)
    >>> nn.ChannelShuffle(2)(x).flatten()  # from the groups 0 1 2 and 3 4 5
    tensor([0., 3., 1., 4., 2., 5.])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(Module):
    """The windows of images (N, C, H, W) as columns, (N, C kh kw, windows); see `nn.functional.unfold`.

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or (int, int)
        Size of a window, step between its pixels, zeros added on each side, and step from window to window.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.arange(9.0).reshape(1, 1, 3, 3)
    >>> nn.Unfold(kernel_size=2)(x)  # a column for each of the 4 windows
    tensor([[[0., 1., 3., 4.],
             [1., 2., 4., 5.],
             [3., 4., 6., 7.],
             [4., 5., 7., 8.]]])
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
    """Images (N, C, H, W) whose pixels are the sums of windows (N, C kh kw, windows); see `nn.functional.fold`.

    Parameters
    ----------
    output_size : int or (int, int)
        H and W.
    kernel_size, dilation, padding, stride : int or (int, int)
        As of the `Unfold` of the output.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn
    >>> columns = autograd.ones(1, 4, 4)  # 4 windows of 2 × 2
    >>> nn.Fold(output_size=3, kernel_size=2)(columns)  # the pixel in the middle is in all of them
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
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
