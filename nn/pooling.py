"""Pooling layers: each output element is computed from one window of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nn.functional as F
from autograd import Tensor
from nn.documented import described
from nn.module import Module

Sizes = int | tuple[int, ...]  # one for all dimensions, or one for each
OptionalSizes = int | tuple[int | None, ...] | None  # None keeps the size of the input


class _MaxPool(Module):
    """It takes the maximum of each window, and pads with -inf.

    Parameters
    ----------
    kernel_size : int, or one for each dimension
        Size of a window.
    stride : int, or one for each dimension, optional
        Step from window to window; if it is less than kernel_size, windows overlap.  Default: kernel_size.
    padding : int, or one for each dimension
        Elements added on each side; at most half of kernel_size.
    dilation : int, or one for each dimension
        Step between the elements of a window.
    return_indices : bool
        Whether forward returns a tuple: the maxima, and an int64 Tensor of where they were.  An index counts the
        elements of a channel in order, with all its dimensions flattened.
    ceil_mode : bool
        Round output sizes up: the last window may reach over the end if it starts before it.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or parameters do not fit.
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
    __doc__ = described(
        _MaxPool,
        "Max-pooling of sequences (N, C, L) or (C, L); see `nn.functional.max_pool1d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[1.0, 3.0, 2.0, 0.0]])
        >>> nn.MaxPool1d(2)(x)
        tensor([[3., 2.]])
        >>> nn.MaxPool1d(2, stride=1)(x)
        tensor([[3., 3., 2.]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.max_pool1d(input, *self._arguments())  # type: ignore[return-value]


class MaxPool2d(_MaxPool):
    __doc__ = described(
        _MaxPool,
        "Max-pooling of images (N, C, H, W) or (C, H, W); see `nn.functional.max_pool2d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.arange(16.0).reshape(1, 4, 4)
        >>> y, indices = nn.MaxPool2d(2, return_indices=True)(x)
        >>> y
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
        >>> indices.flatten()
        tensor([ 5,  7, 13, 15])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.max_pool2d(input, *self._arguments())  # type: ignore[no-any-return]


class MaxPool3d(_MaxPool):
    __doc__ = described(
        _MaxPool,
        "Max-pooling of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.max_pool3d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.arange(8.0).reshape(1, 2, 2, 2)
        >>> nn.MaxPool3d((1, 2, 2))(x).flatten()
        tensor([3., 7.])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.max_pool3d(input, *self._arguments())  # type: ignore[return-value]


class _MaxUnpool(Module):
    """It puts each element where the maximum of its window was, and zeros elsewhere.

    The layer is called with (input, indices), both of the shape that the pooling returned, and optionally the size or
    shape of the output.  Without it, the output is the smallest that the pooling could have had as its input.

    Parameters
    ----------
    kernel_size, stride, padding : int, or one for each dimension
        Those of the pooling.  stride is kernel_size by default.

    Raises
    ------
    ValueError, TypeError
        In forward, if shapes do not fit, or indices are not int64 or lie outside the output.
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
    __doc__ = described(
        _MaxUnpool,
        "Max-unpooling of sequences (N, C, L) or (C, L); see `nn.functional.max_unpool1d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[1.0, 3.0, 2.0, 0.0]])
        >>> y, indices = nn.MaxPool1d(2, return_indices=True)(x)
        >>> nn.MaxUnpool1d(2)(y, indices)
        tensor([[0., 3., 2., 0.]])
        """,
    )

    dims = 1


class MaxUnpool2d(_MaxUnpool):
    __doc__ = described(
        _MaxUnpool,
        "Max-unpooling of images (N, C, H, W) or (C, H, W); see `nn.functional.max_unpool2d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 5.0], [3.0, 4.0]]])
        >>> y, indices = nn.MaxPool2d(2, return_indices=True)(x)
        >>> nn.MaxUnpool2d(2)(y, indices)
        tensor([[[0., 5.],
                 [0., 0.]]])
        >>> nn.MaxUnpool2d(2)(y, indices, output_size=(3, 3)).shape
        (1, 3, 3)
        """,
    )

    dims = 2


class MaxUnpool3d(_MaxUnpool):
    __doc__ = described(
        _MaxUnpool,
        "Max-unpooling of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.max_unpool3d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.arange(8.0).reshape(1, 2, 2, 2)
        >>> y, indices = nn.MaxPool3d(2, return_indices=True)(x)
        >>> nn.MaxUnpool3d(2)(y, indices).flatten()
        tensor([0., 0., 0., 0., 0., 0., 0., 7.])
        """,
    )

    dims = 3


class AvgPool1d(Module):
    """Average-pooling of sequences (N, C, L) or (C, L); see `nn.functional.avg_pool1d`.

    It takes the mean of each window.

    Parameters
    ----------
    kernel_size : int
        Size of a window.
    stride : int, optional
        Step from window to window; if it is less than kernel_size, windows overlap.  Default: kernel_size.
    padding : int
        Zeros added on each side; at most half of kernel_size.
    ceil_mode : bool
        Round output sizes up: the last window may reach over the end if it starts before it.
    count_include_pad : bool
        Whether the padding counts in the size of a window.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or parameters do not fit.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.AvgPool1d(2)(autograd.tensor([[1.0, 3.0, 5.0, 7.0]]))
    tensor([[2., 6.]])
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
    """It takes the mean of each window.

    Parameters
    ----------
    kernel_size : int, or one for each dimension
        Size of a window.
    stride : int, or one for each dimension, optional
        Step from window to window; if it is less than kernel_size, windows overlap.  Default: kernel_size.
    padding : int, or one for each dimension
        Zeros added on each side; at most half of kernel_size.
    ceil_mode : bool
        Round output sizes up: the last window may reach over the end if it starts before it.
    count_include_pad : bool
        Whether the padding counts in the size of a window.
    divisor_override : int, optional
        Divide by this instead of the size of the window.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or parameters do not fit.
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
    __doc__ = described(
        _AvgPool,
        "Average-pooling of images (N, C, H, W) or (C, H, W); see `nn.functional.avg_pool2d`.",
        """
        >>> import autograd, nn
        >>> nn.AvgPool2d(2)(autograd.arange(16.0).reshape(1, 4, 4))
        tensor([[[ 2.5000,  4.5000],
                 [10.5000, 12.5000]]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, *self._arguments())


class AvgPool3d(_AvgPool):
    __doc__ = described(
        _AvgPool,
        "Average-pooling of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.avg_pool3d`.",
        """
        >>> import autograd, nn
        >>> nn.AvgPool3d((1, 2, 2))(autograd.arange(8.0).reshape(1, 2, 2, 2)).flatten()
        tensor([1.5000, 5.5000])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(input, *self._arguments())


class _LPPool(Module):
    """It takes (Σ xᵖ)^(1/p) over each window.

    Parameters
    ----------
    norm_type : float
        p.  With 1 it is the sum, and for large p it tends to the maximum.
    kernel_size : int, or one for each dimension
        Size of a window.
    stride : int, or one for each dimension, optional
        Step from window to window; if it is less than kernel_size, windows overlap.  Default: kernel_size.
    ceil_mode : bool
        Round output sizes up: the last window may reach over the end if it starts before it.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or parameters do not fit.
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
    __doc__ = described(
        _LPPool,
        "Power-average pooling of sequences (N, C, L) or (C, L); see `nn.functional.lp_pool1d`.",
        """
        >>> import autograd, nn
        >>> nn.LPPool1d(2, kernel_size=2)(autograd.tensor([[3.0, 4.0, 6.0, 8.0]]))
        tensor([[ 5., 10.]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, *self._arguments())


class LPPool2d(_LPPool):
    __doc__ = described(
        _LPPool,
        "Power-average pooling of images (N, C, H, W) or (C, H, W); see `nn.functional.lp_pool2d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[3.0, 6.0], [4.0, 8.0]]])
        >>> nn.LPPool2d(2, kernel_size=(2, 1))(x)
        tensor([[[ 5., 10.]]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, *self._arguments())


class LPPool3d(_LPPool):
    __doc__ = described(
        _LPPool,
        "Power-average pooling of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.lp_pool3d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([3.0, 4.0, 6.0, 8.0]).reshape(1, 4, 1, 1)
        >>> nn.LPPool3d(2, kernel_size=(2, 1, 1))(x).flatten()
        tensor([ 5., 10.])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, *self._arguments())


class _FractionalMaxPool(Module):
    """It takes the maxima of windows at random places, whose mean step is any ratio of sizes.

    Parameters
    ----------
    kernel_size : int, or one for each dimension
        Size of a window.
    output_size : int, or one for each dimension, optional
        Sizes of the output.  Give this or output_ratio.
    output_ratio : float, or one for each dimension, optional
        Sizes of the output divided by those of the input, between 0 and 1.
    return_indices : bool
        Whether forward returns a tuple: the maxima, and an int64 Tensor of where they were.  An index counts the
        elements of a channel in order, with all its dimensions flattened.

    Raises
    ------
    ValueError
        If both sizes are given or none, or a ratio is not between 0 and 1.
    ValueError, TypeError
        In forward, if shape, dtype or sizes do not fit.

    References
    ----------
    Graham, "Fractional Max-Pooling", 2014.
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
    __doc__ = described(
        _FractionalMaxPool,
        "Fractional max-pooling of images (N, C, H, W) or (C, H, W); see `nn.functional.fractional_max_pool2d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.arange(25.0).reshape(1, 5, 5)
        >>> y = nn.FractionalMaxPool2d(2, output_size=3)(x)
        >>> y.shape, y[0, -1, -1]  # the last window ends where the image does
        ((1, 3, 3), tensor(24.))
        """,
    )

    dims = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    __doc__ = described(
        _FractionalMaxPool,
        "Fractional max-pooling of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.fractional_max_pool3d`.",
        """
        >>> import autograd, nn
        >>> nn.FractionalMaxPool3d(2, output_ratio=0.5)(autograd.ones(1, 4, 6, 8)).shape
        (1, 2, 3, 4)
        """,
    )

    dims = 3


class _AdaptivePool(Module):
    """The windows cover the input evenly, and the size of the output is given.

    Parameters
    ----------
    output_size : int, or one for each dimension
        None keeps the size of the input.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or output_size do not fit.
    """

    def __init__(self, output_size: OptionalSizes) -> None:
        super().__init__()
        self.output_size: Any = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    __doc__ = described(
        _AdaptivePool,
        "The means of windows of sequences (N, C, L) or (C, L); see `nn.functional.adaptive_avg_pool1d`.",
        """
        >>> import autograd, nn
        >>> nn.AdaptiveAvgPool1d(2)(autograd.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]))  # windows 0 to 2 and 2 to 4
        tensor([[2., 4.]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    __doc__ = described(
        _AdaptivePool,
        "The means of windows of images (N, C, H, W) or (C, H, W); see `nn.functional.adaptive_avg_pool2d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0], [3.0, 4.0]]])
        >>> nn.AdaptiveAvgPool2d(1)(x)  # the mean of each channel
        tensor([[[2.5000]]])
        >>> nn.AdaptiveAvgPool2d((1, None))(x)
        tensor([[[2., 3.]]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptivePool):
    __doc__ = described(
        _AdaptivePool,
        "The means of windows of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.adaptive_avg_pool3d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.arange(8.0).reshape(1, 2, 2, 2)
        >>> nn.AdaptiveAvgPool3d((None, 1, 1))(x).flatten()
        tensor([1.5000, 5.5000])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    """The windows cover the input evenly, and the size of the output is given.

    Parameters
    ----------
    output_size : int, or one for each dimension
        None keeps the size of the input.
    return_indices : bool
        Whether forward returns a tuple: the maxima, and an int64 Tensor of where they were.  An index counts the
        elements of a channel in order, with all its dimensions flattened.

    Raises
    ------
    ValueError, TypeError
        In forward, if shape, dtype or output_size do not fit.
    """

    def __init__(self, output_size: OptionalSizes, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    __doc__ = described(
        _AdaptiveMaxPool,
        "The maxima of windows of sequences (N, C, L) or (C, L); see `nn.functional.adaptive_max_pool1d`.",
        """
        >>> import autograd, nn
        >>> nn.AdaptiveMaxPool1d(2)(autograd.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]))  # windows 0 to 2 and 2 to 4
        tensor([[3., 5.]])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)  # type: ignore[return-value]


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    __doc__ = described(
        _AdaptiveMaxPool,
        "The maxima of windows of images (N, C, H, W) or (C, H, W); see `nn.functional.adaptive_max_pool2d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0], [4.0, 3.0]]])
        >>> y, indices = nn.AdaptiveMaxPool2d(1, return_indices=True)(x)
        >>> y, indices
        (tensor([[[4.]]]), tensor([[[2]]]))
        """,
    )

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)  # type: ignore[return-value]


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    __doc__ = described(
        _AdaptiveMaxPool,
        "The maxima of windows of volumes (N, C, D, H, W) or (C, D, H, W); see `nn.functional.adaptive_max_pool3d`.",
        """
        >>> import autograd, nn
        >>> x = autograd.arange(8.0).reshape(1, 2, 2, 2)
        >>> nn.AdaptiveMaxPool3d((None, 1, 1))(x).flatten()
        tensor([3., 7.])
        """,
    )

    def forward(self, input: Tensor) -> Tensor:  # with return_indices a tuple, which unpacks like a Tensor
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)  # type: ignore[return-value]
