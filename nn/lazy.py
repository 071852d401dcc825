"""Lazy layers: those that learn the size of their input from the first one that they are called with.

Until then, parameters are uninitialized (`nn.UninitializedParameter`), and `in_features`, `in_channels` or
`num_features` is 0.  The first call gives the parameters shape and values, and makes the layer one of the ordinary
class: a LazyLinear becomes a Linear.  Names, arguments and defaults are PyTorch's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from autograd import Tensor
from autograd.arguments import check_arrays
from autograd.devices import Device
from autograd.types import DTypeLike
from nn.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Sizes,
    _Conv,
)
from nn.documented import described
from nn.linear import Linear
from nn.module import Module
from nn.norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy


class LazyModuleMixin(Module):
    """For modules that learn the shapes of their parameters from the first input.

    A class inherits from it first, then from the class of the layer.  It has a method `initialize_parameters`, which
    takes the arguments of forward and materializes the parameters, and may have `cls_to_become`.

    Attributes
    ----------
    cls_to_become : class, or None
        The class of the module after the first call.

    Raises
    ------
    NotImplementedError
        In the first call, if the class has no `initialize_parameters`.
    RuntimeError
        In the first call, if it leaves parameters or buffers uninitialized.

    Examples
    --------
    >>> import autograd, nn
    >>> class LazyScale(nn.LazyModuleMixin, nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.weight = nn.UninitializedParameter()
    ...     def initialize_parameters(self, x):
    ...         self.weight.materialize(x.shape[-1:])
    ...         nn.init.ones_(self.weight)
    ...     def forward(self, x):
    ...         return x * self.weight
    >>> layer = LazyScale()
    >>> layer(autograd.zeros(5, 3)).shape, layer.weight.shape
    ((5, 3), (3,))
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first_call = self.register_forward_pre_hook(_infer, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters for an input.  The arguments are those of forward."""
        raise NotImplementedError(
            f"{type(self).__name__} has no initialize_parameters; define it, with the arguments of forward"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module has no shape yet."""
        return any(is_lazy(tensor) for tensor in (*self._parameters.values(), *self._buffers.values()))


def _infer(module: LazyModuleMixin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Materialize the parameters before the first forward."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(
            f"{type(module).__name__}: initialize_parameters must materialize all parameters and buffers; see "
            "has_uninitialized_params()"
        )
    module._first_call.remove()
    del module._first_call
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become  # type: ignore[assignment]


class _Sized(LazyModuleMixin):
    """Base of the lazy layers whose parameters depend on one size of the input.

    The ordinary constructor runs with a size that stands in, then the tensors are made uninitialized.
    """

    _size: ClassVar[str]  # the attribute that holds this size

    def _make_lazy(self) -> None:
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = UninitializedParameter(dtype=parameter.dtype)
        for name, buffer in self._buffers.items():
            if buffer is not None and buffer.ndim:
                self._buffers[name] = UninitializedBuffer(dtype=buffer.dtype)
        setattr(self, self._size, 0)

    def reset_parameters(self) -> None:
        """Initialize the parameters, if they have a shape."""
        if "_first_call" in self.__dict__ and not self.has_uninitialized_params():  # not in the constructor
            super().reset_parameters()  # type: ignore[misc]

    def _channels(self, input: Tensor) -> int:
        """The size, from an input."""
        raise NotImplementedError

    def _shapes(self, size: int) -> dict[str, tuple[int, ...]]:
        """The shapes of parameters and buffers for this size."""
        raise NotImplementedError

    def initialize_parameters(self, input: Tensor) -> None:
        """Materialize the parameters for an input, and give them their initial values."""
        check_arrays(type(self).__name__, input=input)
        size = self._channels(input)
        if self.has_uninitialized_params():
            shapes = self._shapes(size)
            for name, tensor in (*self._parameters.items(), *self._buffers.items()):
                if is_lazy(tensor):
                    tensor.materialize(shapes[name])
            setattr(self, self._size, size)
            self.reset_parameters()
        elif not getattr(self, self._size):  # the parameters came from a state
            setattr(self, self._size, size)


class LazyLinear(_Sized, Linear):
    """A `Linear` whose in_features is the last size of its first input.

    Parameters
    ----------
    out_features : int
        Number of features of the output (…, out_features).
    bias : bool
        Whether to add a bias.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError
        If out_features is less than 1.  In the first call, if the input is a scalar.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.LazyLinear(3)
    >>> layer(autograd.ones(2, 5)).shape
    (2, 3)
    >>> layer
    Linear(in_features=5, out_features=3, bias=True)
    """

    cls_to_become = Linear
    _size = "in_features"

    def __init__(
        self, out_features: int, bias: bool = True, device: Device = None, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__(1, out_features, bias, device, dtype)
        self._make_lazy()

    def _channels(self, input: Tensor) -> int:
        if not input.ndim:
            raise ValueError("LazyLinear: expects an input of at least 1 dimension, got a scalar")
        return input.shape[-1]

    def _shapes(self, size: int) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.out_features, size), "bias": (self.out_features,)}


class _Convolution(_Sized, _Conv[Any]):
    _size = "in_channels"

    def _channels(self, input: Tensor) -> int:
        layer = type(self).__name__
        if input.ndim not in (self.dims + 1, self.dims + 2):
            raise RuntimeError(
                f"{layer}: expects an input of {self.dims + 1} or {self.dims + 2} dimensions, got shape {input.shape}"
            )
        channels: int = input.shape[-1 - self.dims]
        if not channels or channels % self.groups:
            raise ValueError(
                f"{layer}: the input has {channels} channels, which must be a multiple of groups {self.groups}"
            )
        return channels

    def _shapes(self, size: int) -> dict[str, tuple[int, ...]]:
        first, second = (size, self.out_channels) if self.transposed else (self.out_channels, size)
        return {"weight": (first, second // self.groups, *self.kernel_size), "bias": (self.out_channels,)}


class _LazyConv(_Convolution):
    """The layer becomes an ordinary one in its first call.

    Parameters
    ----------
    out_channels : int
        Number of channels of the output.
    kernel_size : int, or one for each dimension
        Size of a window.
    stride : int, or one for each dimension
        Step from window to window.
    padding : int, one for each dimension, "valid" or "same"
        Elements added on each side.
    dilation : int, or one for each dimension
        Step between the elements of a window.
    groups : int
        Number of groups that the channels are divided into; each group of outputs sees its own group of inputs.
    bias : bool
        Whether to add a bias.
    padding_mode : "zeros", "reflect", "replicate" or "circular"
        What the added elements are.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError
        If a size is out of range.
    RuntimeError, ValueError
        In the first call, if the input has the wrong number of dimensions, or groups does not divide its channels.
    """

    def __init__(
        self,
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
        sizes = (groups, out_channels, kernel_size, stride, padding)
        super().__init__(*sizes, dilation, groups, bias, padding_mode, device, dtype)
        self._make_lazy()


class _LazyConvTranspose(_Convolution):
    """The layer becomes an ordinary one in its first call.

    Parameters
    ----------
    out_channels : int
        Number of channels of the output.
    kernel_size : int, or one for each dimension
        Size of a window of the output.
    stride : int, or one for each dimension
        Step from window to window of the output.
    padding : int, or one for each dimension
        Elements cut off from the output on each side.
    output_padding : int, or one for each dimension
        Elements added at the end of the output; less than stride or than dilation.
    groups : int
        Number of groups that the channels are divided into; each group of outputs sees its own group of inputs.
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

    Raises
    ------
    ValueError
        If a size is out of range.
    RuntimeError, ValueError
        In the first call, if the input has the wrong number of dimensions, or groups does not divide its channels.
    """

    def __init__(
        self,
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
        sizes = (groups, out_channels, kernel_size, stride, padding, output_padding)
        super().__init__(*sizes, groups, bias, dilation, padding_mode, device, dtype)
        self._make_lazy()


class LazyConv1d(_LazyConv, Conv1d):  # type: ignore[misc]
    __doc__ = described(
        _LazyConv,
        "A `Conv1d` of sequences (N, C, L) or (C, L) that takes in_channels from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyConv1d(4, kernel_size=3, padding=1)
        >>> layer(autograd.ones(2, 3, 8)).shape
        (2, 4, 8)
        >>> layer
        Conv1d(3, 4, kernel_size=(3,), stride=(1,), padding=(1,))
        """,
    )

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):  # type: ignore[misc]
    __doc__ = described(
        _LazyConv,
        "A `Conv2d` of images (N, C, H, W) or (C, H, W) that takes in_channels from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyConv2d(4, kernel_size=3, padding=1)
        >>> layer(autograd.ones(2, 3, 8, 8)).shape
        (2, 4, 8, 8)
        >>> layer
        Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        """,
    )

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):  # type: ignore[misc]
    __doc__ = described(
        _LazyConv,
        "A `Conv3d` of volumes (N, C, D, H, W) or (C, D, H, W) that takes in_channels from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyConv3d(4, kernel_size=3, padding=1)
        >>> layer(autograd.ones(2, 3, 8, 8, 8)).shape
        (2, 4, 8, 8, 8)
        >>> layer
        Conv3d(3, 4, kernel_size=(3, 3, 3), stride=(1, 1, 1), padding=(1, 1, 1))
        """,
    )

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):  # type: ignore[misc]
    __doc__ = described(
        _LazyConvTranspose,
        "A `ConvTranspose1d` that takes in_channels from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyConvTranspose1d(4, kernel_size=2, stride=2)
        >>> layer(autograd.ones(2, 3, 8)).shape
        (2, 4, 16)
        >>> layer.in_channels, layer.weight.shape
        (3, (3, 4, 2))
        """,
    )

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):  # type: ignore[misc]
    __doc__ = described(
        _LazyConvTranspose,
        "A `ConvTranspose2d` that takes in_channels from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyConvTranspose2d(4, kernel_size=2, stride=2)
        >>> layer(autograd.ones(2, 3, 8, 8)).shape
        (2, 4, 16, 16)
        >>> layer.in_channels, layer.weight.shape
        (3, (3, 4, 2, 2))
        """,
    )

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):  # type: ignore[misc]
    __doc__ = described(
        _LazyConvTranspose,
        "A `ConvTranspose3d` that takes in_channels from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyConvTranspose3d(4, kernel_size=2, stride=2)
        >>> layer(autograd.ones(2, 3, 8, 8, 8)).shape
        (2, 4, 16, 16, 16)
        >>> layer.in_channels, layer.weight.shape
        (3, (3, 4, 2, 2, 2))
        """,
    )

    cls_to_become = ConvTranspose3d


class _LazyNorm(_Sized):
    """The layer becomes an ordinary one in its first call.

    Parameters
    ----------
    eps : float
        Added to the variance.
    momentum : float or None
        The weight of a new batch in the running statistics.
    affine : bool
        Whether the layer has a weight and a bias.
    track_running_stats : bool
        Whether to keep running statistics, which are used in evaluation mode.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of parameters and running statistics.  Default: the default float dtype.
    bias : bool
        Whether the layer has a bias, if affine.

    Raises
    ------
    ValueError, TypeError
        If momentum is not a number.  In the first call, if the input has the wrong number of dimensions.
    """

    _size = "num_features"

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(1, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._make_lazy()

    def _channels(self, input: Tensor) -> int:
        dims = self.dims
        channel = -dims if isinstance(dims, int) else 1  # the batch may be missing in instance normalization
        if input.ndim < 2 or input.ndim not in ((dims, dims + 1) if isinstance(dims, int) else dims):
            raise ValueError(f"{type(self).__name__}: an input of shape {input.shape} has not the right dimensions")
        return input.shape[channel]

    def _shapes(self, size: int) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (size,))


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    __doc__ = described(
        _LazyNorm,
        "A `BatchNorm1d` that takes num_features from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyBatchNorm1d()
        >>> layer.num_features, layer.weight
        (0, <UninitializedParameter>)
        >>> y = layer(autograd.randn(5, 3, 8))
        >>> layer.num_features, layer.weight.shape
        (3, (3,))
        """,
    )

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    __doc__ = described(
        _LazyNorm,
        "A `BatchNorm2d` that takes num_features from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyBatchNorm2d()
        >>> layer.num_features, layer.weight
        (0, <UninitializedParameter>)
        >>> y = layer(autograd.randn(5, 3, 8, 8))
        >>> layer.num_features, layer.weight.shape
        (3, (3,))
        """,
    )

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    __doc__ = described(
        _LazyNorm,
        "A `BatchNorm3d` that takes num_features from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyBatchNorm3d()
        >>> layer.num_features, layer.weight
        (0, <UninitializedParameter>)
        >>> y = layer(autograd.randn(5, 3, 8, 8, 8))
        >>> layer.num_features, layer.weight.shape
        (3, (3,))
        """,
    )

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    __doc__ = described(
        _LazyNorm,
        "An `InstanceNorm1d` that takes num_features from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyInstanceNorm1d(track_running_stats=False)
        >>> y = layer(autograd.randn(5, 3, 8))
        >>> layer.num_features, layer.weight.shape, layer.running_mean
        (3, (3,), None)
        """,
    )

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    __doc__ = described(
        _LazyNorm,
        "An `InstanceNorm2d` that takes num_features from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyInstanceNorm2d(track_running_stats=False)
        >>> y = layer(autograd.randn(5, 3, 8, 8))
        >>> layer.num_features, layer.weight.shape, layer.running_mean
        (3, (3,), None)
        """,
    )

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    __doc__ = described(
        _LazyNorm,
        "An `InstanceNorm3d` that takes num_features from its first input.",
        """
        >>> import autograd, nn
        >>> layer = nn.LazyInstanceNorm3d(track_running_stats=False)
        >>> y = layer(autograd.randn(5, 3, 8, 8, 8))
        >>> layer.num_features, layer.weight.shape, layer.running_mean
        (3, (3,), None)
        """,
    )

    cls_to_become = InstanceNorm3d
