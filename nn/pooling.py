"""Pooling layers: each output element is computed from one window of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nn.functional as F
from autograd import Tensor
from nn.module import Module

Sizes = int | tuple[int, ...]  # one for all dimensions, or one for each
OptionalSizes = int | tuple[int | None, ...] | None  # None keeps the size of the input


class _MaxPool(Module):
    """The maximum of each window; see `nn.functional.max_pool1d`, `max_pool2d` and `max_pool3d`.

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int, or one for each dimension
        stride defaults to kernel_size.
    return_indices : bool
        Whether to return the indices of the maxima too: forward returns (output, indices), a tuple.
    ceil_mode : bool
        Whether a window may extend beyond the edge of the padded input.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def _arguments(self) -> Any:
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    __doc__ = f"Max-pooling of sequences (N, C, L) or (C, L).  {_MaxPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.max_pool1d(input, *self._arguments())  # type: ignore[return-value]


class MaxPool2d(_MaxPool):
    __doc__ = f"Max-pooling of images (N, C, H, W) or (C, H, W).  {_MaxPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.max_pool2d(input, *self._arguments())  # type: ignore[no-any-return]


class MaxPool3d(_MaxPool):
    __doc__ = f"Max-pooling of volumes (N, C, D, H, W) or (C, D, H, W).  {_MaxPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.max_pool3d(input, *self._arguments())  # type: ignore[return-value]


class _MaxUnpool(Module):
    """Puts each element where the maximum of its window was; see `nn.functional.max_unpool2d`.

    Parameters
    ----------
    kernel_size, stride, padding : int, or one for each dimension
        Those of the pooling.  stride defaults to kernel_size.
    """

    dims: int

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        every = (kernel_size, kernel_size if stride is None else stride, padding)
        self.kernel_size, self.stride, self.padding = (
            size if isinstance(size, tuple) else (size,) * self.dims for size in every
        )

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        function: Any = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.dims - 1]
        result: Tensor = function(input, indices, self.kernel_size, self.stride, self.padding, output_size)
        return result

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    __doc__ = f"Max-unpooling of sequences (N, C, L) or (C, L).  {_MaxUnpool.__doc__}"

    dims = 1


class MaxUnpool2d(_MaxUnpool):
    __doc__ = f"Max-unpooling of images (N, C, H, W) or (C, H, W).  {_MaxUnpool.__doc__}"

    dims = 2


class MaxUnpool3d(_MaxUnpool):
    __doc__ = f"Max-unpooling of volumes (N, C, D, H, W) or (C, D, H, W).  {_MaxUnpool.__doc__}"

    dims = 3


class AvgPool1d(Module):
    """The mean of each window of sequences (N, C, L) or (C, L); see `nn.functional.avg_pool1d`.

    Parameters
    ----------
    kernel_size, stride, padding : int
        stride defaults to kernel_size.
    ceil_mode : bool
        Whether a window may extend beyond the edge of the padded input.
    count_include_pad : bool
        Whether the zeros of the padding are included in the mean.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        every = (kernel_size, kernel_size if stride is None else stride, padding)
        self.kernel_size, self.stride, self.padding = (size if isinstance(size, tuple) else (size,) for size in every)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    """The mean of each window; see `nn.functional.avg_pool2d` and `avg_pool3d`.

    Parameters
    ----------
    kernel_size, stride, padding : int, or one for each dimension
        stride defaults to kernel_size.
    ceil_mode : bool
        Whether a window may extend beyond the edge of the padded input.
    count_include_pad : bool
        Whether the zeros of the padding are included in the mean.
    divisor_override : int, optional
        Divide by this instead of the size of the window.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad, self.divisor_override = ceil_mode, count_include_pad, divisor_override

    def _arguments(self) -> Any:
        sizes = self.kernel_size, self.stride, self.padding
        return *sizes, self.ceil_mode, self.count_include_pad, self.divisor_override

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    __doc__ = f"Average-pooling of images (N, C, H, W) or (C, H, W).  {_AvgPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, *self._arguments())


class AvgPool3d(_AvgPool):
    __doc__ = f"Average-pooling of volumes (N, C, D, H, W) or (C, D, H, W).  {_AvgPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(input, *self._arguments())


class _LPPool(Module):
    """(Σ xᵖ)^(1/p) over each window; see `nn.functional.lp_pool1d`.

    Parameters
    ----------
    norm_type : float
        p.
    kernel_size, stride : int, or one for each dimension
        stride defaults to kernel_size.
    ceil_mode : bool
        Whether a window may extend beyond the edge of the input.
    """

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def _arguments(self) -> Any:
        return float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    __doc__ = f"Power-average pooling of sequences (N, C, L) or (C, L).  {_LPPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, *self._arguments())


class LPPool2d(_LPPool):
    __doc__ = f"Power-average pooling of images (N, C, H, W) or (C, H, W).  {_LPPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, *self._arguments())


class LPPool3d(_LPPool):
    __doc__ = f"Power-average pooling of volumes (N, C, D, H, W) or (C, D, H, W).  {_LPPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, *self._arguments())


class _FractionalMaxPool(Module):
    """The maximum of windows at random places; see `nn.functional.fractional_max_pool2d`.

    Parameters
    ----------
    kernel_size : int, or one for each dimension
    output_size : int, or one for each dimension, optional
    output_ratio : float, or one for each dimension, optional
        Size of the output divided by that of the input.  Give this or output_size.
    return_indices : bool
        Whether to return the indices of the maxima too.
    """

    dims: int

    def __init__(
        self,
        kernel_size: Sizes,
        output_size: Sizes | None = None,
        output_ratio: float | tuple[float, ...] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        layer = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            raise ValueError(f"{layer}: expects either output_size or output_ratio, and not both")
        self.kernel_size, self.output_size, self.output_ratio = (
            size if size is None or isinstance(size, tuple) else (size,) * self.dims
            for size in (kernel_size, output_size, output_ratio)
        )
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"{layer}: output_ratio is {output_ratio}; it must be between 0 and 1")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Tensor) -> Tensor:
        function: Any = (F.fractional_max_pool2d, F.fractional_max_pool3d)[self.dims - 2]
        sizes = self.kernel_size, self.output_size, self.output_ratio
        result: Tensor = function(input, *sizes, self.return_indices, self._random_samples)
        return result


class FractionalMaxPool2d(_FractionalMaxPool):
    __doc__ = f"Fractional max-pooling of images (N, C, H, W) or (C, H, W).  {_FractionalMaxPool.__doc__}"

    dims = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    __doc__ = f"Fractional max-pooling of volumes (N, C, D, H, W) or (C, D, H, W).  {_FractionalMaxPool.__doc__}"

    dims = 3


class _AdaptivePool(Module):
    """Base of the adaptive poolings: windows that cover the input evenly; the output's size is given.

    Parameters
    ----------
    output_size : int, or one for each dimension
        None keeps the size of the input.
    """

    def __init__(self, output_size: OptionalSizes) -> None:
        super().__init__()
        self.output_size: Any = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    __doc__ = f"The means of windows of a sequence (N, C, L).  {_AdaptivePool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    __doc__ = f"The means of windows of an image (N, C, H, W).  {_AdaptivePool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptivePool):
    __doc__ = f"The means of windows of a volume (N, C, D, H, W).  {_AdaptivePool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    __doc__ = f"""{_AdaptivePool.__doc__}    return_indices : bool
        Whether to return the indices of the maxima too: forward returns (output, indices), a tuple.
    """

    def __init__(self, output_size: OptionalSizes, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    __doc__ = f"The maxima of windows of a sequence (N, C, L).  {_AdaptiveMaxPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)  # type: ignore[return-value]


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    __doc__ = f"The maxima of windows of an image (N, C, H, W).  {_AdaptiveMaxPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)  # type: ignore[return-value]


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    __doc__ = f"The maxima of windows of a volume (N, C, D, H, W).  {_AdaptiveMaxPool.__doc__}"

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)  # type: ignore[return-value]
