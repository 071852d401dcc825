"""Normalization layers: they scale their input to mean 0 and variance 1 over some of its dimensions.

The result is multiplied by a learned weight, initially 1, and a learned bias, initially 0, is added.  `nn.functional`
has the formulas.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import numpy as np

import autograd
import nn.functional as F
from autograd import Tensor
from autograd.arguments import check_arrays
from autograd.devices import Device, check_device
from autograd.ops.shared.normalize import update_running
from autograd.types import Array, DTypeLike
from nn import init
from nn.documented import described
from nn.making import blank, check_sizes
from nn.module import Module
from nn.parameter import Parameter


class Statistics(NamedTuple):
    """What a batch would update a layer's running statistics with."""

    layer: _Tracking
    mean: Tensor  # (C,)
    var: Tensor  # (C,), unbiased


class _Recording(threading.local):
    list: list[Statistics] | None = None


_recording = _Recording()


@contextmanager
def recorded_statistics() -> Iterator[list[Statistics]]:
    """Inside, layers note statistics in this list and do not update their running ones.

    Their `update_statistics` does it later: a batch that is computed in parts, by several processes, updates all copies
    of a layer in the same order.
    """
    before, _recording.list = _recording.list, []
    try:
        yield _recording.list
    finally:
        _recording.list = before


def tracking_layers(module: Module) -> list[_Tracking]:
    """The layers that keep running statistics."""
    return [layer for layer in module.modules() if isinstance(layer, _BatchNorm | _InstanceNorm) and layer.tracks]


class _Norm(Module):
    """Base of the normalization layers, with their two parameters."""

    weight: Parameter  # these may be None, but as in PyTorch their declared types do not say so
    bias: Parameter

    def _make_parameters(
        self, shape: tuple[int, ...], weight: bool, bias: bool, device: Device, dtype: DTypeLike | None
    ) -> None:
        check_device(type(self).__name__, device)
        self.register_parameter("weight", blank(*shape, dtype=dtype) if weight else None)
        self.register_parameter("bias", blank(*shape, dtype=dtype) if weight and bias else None)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class _Tracking(_Norm):
    """Base of the layers that can keep running statistics."""

    num_features: int
    momentum: float | None
    track_running_stats: bool
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    @property
    def tracks(self) -> bool:
        return self.track_running_stats and self.running_mean is not None

    def reset_running_stats(self) -> None:
        """Reset the running mean to 0, the running variance to 1, and the number of batches to 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0, and reset the running statistics."""
        self.reset_running_stats()
        super().reset_parameters()

    def _next_momentum(self) -> float:
        """The weight of the next batch in the running statistics."""
        return 0.0 if self.momentum is None else self.momentum

    def update_statistics(self, mean: Array, var: Array) -> None:
        """Update the running statistics as a batch with this mean and unbiased variance does in training."""
        momentum = self._next_momentum()
        for running, new in ((self.running_mean, mean), (self.running_var, var)):
            assert running is not None
            update_running(running, new.astype(running.dtype, copy=False), momentum)

    def _recorded(self) -> tuple[Tensor, Tensor] | None:
        """Tensors that are to receive a batch's statistics, if it updates running statistics and is recorded."""
        if _recording.list is None or self.running_mean is None or not (self.training and self.tracks):
            return None
        # With the momentum 1 these become the batch's own statistics.
        zeros = [autograd.zeros(self.num_features, dtype=self.running_mean.dtype) for _ in range(2)]
        noted = Statistics(self, *zeros)
        _recording.list.append(noted)
        return noted.mean, noted.var


class _BatchNorm(_Tracking):
    """It normalizes each channel over the batch and all positions; see `nn.functional.batch_norm`.

    In training, it uses the mean and variance of the batch, and updates the running statistics.  In evaluation mode,
    it uses the running statistics.

    Parameters
    ----------
    num_features : int
        Number of channels, C.
    eps : float
        Added to the variance.
    momentum : float or None
        The weight of a new batch in the running statistics.  With None, all batches have the same weight.
    affine : bool
        Whether the layer has a weight and a bias.
    track_running_stats : bool
        Whether to keep running statistics.  If not, the batch's own statistics are used in evaluation mode too.
    bias : bool
        Whether the layer has a bias, if affine.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of parameters and running statistics.  Default: the default float dtype.

    Attributes
    ----------
    weight, bias : Parameter, (C,), or None
    running_mean, running_var : Tensor, (C,), or None
        Buffers.  The variance is unbiased.
    num_batches_tracked : Tensor, (), int64, or None
        Buffer.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or momentum is not a number.  In forward, if shape or dtype of the input does not fit;
        in training, if a channel has only one element.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    2015, algorithm 1.
    """

    # states that PyTorch saved before version 0.4.1 lack it
    state_defaults: ClassVar[Mapping[str, Array]] = {"num_batches_tracked": np.zeros((), np.int64)}
    dims: tuple[int, ...]  # allowed numbers of dimensions of the input

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_features=num_features)
        if momentum is not None and not isinstance(momentum, int | float | np.number):
            raise TypeError(f"{type(self).__name__}: momentum is {momentum!r}; it must be a number or None")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._make_parameters((num_features,), affine, bias, device, dtype)
        tracked = track_running_stats
        self.register_buffer("running_mean", autograd.empty(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", autograd.empty(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", autograd.zeros((), dtype=autograd.int64) if tracked else None)
        self.reset_parameters()

    def _next_momentum(self) -> float:
        if self.momentum is None and self.num_batches_tracked is not None:
            return 1 / (self.num_batches_tracked.item() + 1)
        return super()._next_momentum()

    def update_statistics(self, mean: Array, var: Array) -> None:
        super().update_statistics(mean, var)
        self._count_batch()

    def _count_batch(self) -> None:
        count = self.num_batches_tracked
        if count is not None:
            count.fill_(count.item() + 1)  # in a third of the time of add_

    def forward(self, input: Tensor) -> Tensor:
        return self.normalize(F.batch_norm, input)

    def normalize(self, function: Callable[..., Tensor], input: Tensor) -> Tensor:
        """Call F.batch_norm, or a function with the same arguments, on the input and this layer's tensors."""
        self._check_input(input)
        use_batch = self.training or self.running_mean is None
        use_running = self.track_running_stats or not self.training  # else training would update them
        running = (self.running_mean, self.running_var) if use_running else (None, None)
        count = self.num_batches_tracked if self.training and self.track_running_stats else None
        momentum = 0.0 if count is None and self.momentum is None else self._next_momentum()
        if (recorded := self._recorded()) is not None:
            running, count, momentum = recorded, None, 1.0
        y = function(input, *running, self.weight, self.bias, use_batch, momentum, self.eps)
        if count is not None:
            self._count_batch()
        return y

    def _check_input(self, input: Tensor) -> None:
        check_arrays(type(self).__name__, input=input)
        if input.ndim not in self.dims:
            wanted = " or ".join(str(n) for n in self.dims)
            raise ValueError(
                f"{type(self).__name__}: expects an input of {wanted} dimensions, got shape {tuple(input.shape)}"
            )
        if input.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: expects an input of {self.num_features} channels, got shape {input.shape}"
            )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    __doc__ = described(
        _BatchNorm,
        "Batch normalization of inputs (N, C) or (N, C, L).",
        """
        >>> import autograd, nn
        >>> nn.BatchNorm1d(2, affine=False)(autograd.tensor([[1.0, 10.0], [3.0, 30.0]]))
        tensor([[-1.0000, -1.0000],
                [ 1.0000,  1.0000]])
        """,
    )

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = described(
        _BatchNorm,
        "Batch normalization of images (N, C, H, W).",
        """
        >>> import autograd, nn
        >>> layer = nn.BatchNorm2d(1)
        >>> y = layer(autograd.tensor([1.0, 3.0]).reshape(1, 1, 1, 2))  # mean 2, unbiased variance 2
        >>> layer.running_mean, layer.running_var  # 0.9·0 + 0.1·2 and 0.9·1 + 0.1·2
        (tensor([0.2000]), tensor([1.1000]))
        """,
    )

    dims = (4,)


class BatchNorm3d(_BatchNorm):
    __doc__ = described(
        _BatchNorm,
        "Batch normalization of volumes (N, C, D, H, W).",
        """
        >>> import autograd, nn
        >>> layer = nn.BatchNorm3d(2, affine=False)
        >>> x = autograd.randn(4, 2, 3, 5, 6)
        >>> layer(x).mean((0, 2, 3, 4)).abs() < 1e-5
        tensor([True, True])
        """,
    )

    dims = (5,)


class _InstanceNorm(_Tracking):
    """It normalizes each channel of each example over all positions; see `nn.functional.instance_norm`.

    Parameters
    ----------
    num_features : int
        Number of channels, C.
    eps : float
        Added to the variance.
    momentum : float or None
        The weight of a new batch in the running statistics.
    affine : bool
        Whether the layer has a weight and a bias.
    track_running_stats : bool
        Whether to keep running statistics, which are used in evaluation mode.
    bias : bool
        Whether the layer has a bias, if affine.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of parameters and running statistics.  Default: the default float dtype.

    Attributes
    ----------
    weight, bias : Parameter, (C,), or None
    running_mean, running_var : Tensor, (C,), or None
        Buffers.

    Raises
    ------
    ValueError, TypeError
        If num_features is less than 1.  In forward, if shape or dtype of the input does not fit; in training, if a
        channel of an example has only one element.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016.
    """

    dims: int  # of the input without a batch

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Device = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._make_parameters((num_features,), affine, bias, device, dtype)
        tracked = track_running_stats
        self.register_buffer("running_mean", autograd.zeros(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", autograd.ones(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", autograd.zeros((), dtype=autograd.int64) if tracked else None)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        layer = type(self).__name__
        check_arrays(layer, input=input)
        if input.ndim not in (self.dims, self.dims + 1):
            raise ValueError(
                f"{layer}: expects an input of {self.dims} or {self.dims + 1} dimensions, got shape {input.shape}"
            )
        x = input if input.ndim > self.dims else input.unsqueeze(0)
        if x.shape[1] != self.num_features and self.affine:
            raise ValueError(f"{layer}: expects an input of {self.num_features} channels, got shape {input.shape}")
        recorded = self._recorded()
        y = F.instance_norm(
            x,
            *(recorded or (self.running_mean, self.running_var)),
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self._next_momentum() if recorded is None else 1.0,
            self.eps,
        )
        return y if input.ndim > self.dims else y.squeeze(0)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class InstanceNorm1d(_InstanceNorm):
    __doc__ = described(
        _InstanceNorm,
        "Instance normalization of sequences (N, C, L) or (C, L).",
        """
        >>> import autograd, nn
        >>> nn.InstanceNorm1d(2)(autograd.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
        tensor([[[-1.0000,  1.0000],
                 [-1.0000,  1.0000]]])
        """,
    )

    dims = 2


class InstanceNorm2d(_InstanceNorm):
    __doc__ = described(
        _InstanceNorm,
        "Instance normalization of images (N, C, H, W) or (C, H, W).",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([1.0, 3.0, 10.0, 30.0]).reshape(2, 1, 1, 2)  # two images of 1 × 2
        >>> nn.InstanceNorm2d(1)(x).flatten()  # each by its own mean and variance
        tensor([-1.0000,  1.0000, -1.0000,  1.0000])
        """,
    )

    dims = 3


class InstanceNorm3d(_InstanceNorm):
    __doc__ = described(
        _InstanceNorm,
        "Instance normalization of volumes (N, C, D, H, W) or (C, D, H, W).",
        """
        >>> import autograd, nn
        >>> x = autograd.randn(4, 2, 3, 5, 6)
        >>> y = nn.InstanceNorm3d(2)(x)
        >>> y.shape, bool((y.mean((2, 3, 4)).abs() < 1e-5).all())
        ((4, 2, 3, 5, 6), True)
        """,
    )

    dims = 4


class RMSNorm(_Norm):
    """Divides each sample by the root of the mean of its squares; see `nn.functional.rms_norm`.

    Parameters
    ----------
    normalized_shape : int, or tuple or list of int
        The sizes of the last dimensions, over which the mean is taken.
    eps : float, optional
        Added to the mean of squares.  Default: the distance from 1 to the next number of the input's dtype.
    elementwise_affine : bool
        Whether the layer has a weight.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight : Parameter, (*normalized_shape), or None

    Raises
    ------
    ValueError
        If a size is less than 1.  In forward, if the input's last sizes are not normalized_shape.

    References
    ----------
    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.RMSNorm(2, elementwise_affine=False)(autograd.tensor([1.0, 7.0]))  # √((1 + 49) / 2) = 5
    tensor([0.2000, 1.4000])
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        check_sizes("RMSNorm", **{f"normalized_shape[{i}]": size for i, size in enumerate(shape)})
        check_device("RMSNorm", device)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.register_parameter("weight", blank(*shape, dtype=dtype) if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """Divide each element by (k + alpha · mean of squares over neighbouring channels)^beta.

    See `nn.functional.local_response_norm`.  The input is (N, C, …), with at least one dimension after the channels.

    Parameters
    ----------
    size : int
        Number of channels, of which the element's own is in the middle.  Outside the input they are 0.
    alpha, beta, k : float
        As in the formula.

    Raises
    ------
    ValueError, TypeError
        In forward, if size is less than 1, or shape or dtype of the input does not fit.

    References ---------- Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks", 2012, section 3.3.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.tensor([1.0, 2.0, 0.0]).reshape(1, 3, 1)
    >>> nn.LocalResponseNorm(3, alpha=3.0, beta=0.5, k=4.0)(x).flatten()  # the first two by √(4 + 1 + 4)
    tensor([0.3333, 0.6667, 0.0000])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class LayerNorm(_Norm):
    """Normalizes each sample over its last dimensions; see `nn.functional.layer_norm`.

    Parameters
    ----------
    normalized_shape : int, or tuple or list of int
        The sizes of these dimensions.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether the layer has a weight and a bias.
    bias : bool
        Whether the layer has a bias, if elementwise_affine.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight, bias : Parameter, (*normalized_shape), or None

    Raises
    ------
    ValueError
        If a size is less than 1.  In forward, if the input's last sizes are not normalized_shape.

    References
    ----------
    Ba, Kiros and Hinton, "Layer Normalization", 2016.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.LayerNorm(2, elementwise_affine=False)(autograd.tensor([[1.0, 3.0], [10.0, 30.0]]))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        check_sizes("LayerNorm", **{f"normalized_shape[{i}]": size for i, size in enumerate(shape)})
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self._make_parameters(shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_Norm):
    """Normalizes each group of channels of each sample over all positions; see `nn.functional.group_norm`.

    Parameters
    ----------
    num_groups, num_channels : int
        Number of groups, and of channels of the input.  num_channels is a multiple of num_groups.
    eps : float
        Added to the variance.
    affine : bool
        Whether the layer has a weight and a bias.
    bias : bool
        Whether the layer has a bias, if affine.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight, bias : Parameter, (num_channels,), or None

    Raises
    ------
    ValueError
        If a number is less than 1, or num_channels is no multiple of num_groups.  In forward, if the input's channels
        are no multiple of num_groups.

    References
    ----------
    Wu and He, "Group Normalization", 2018.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.GroupNorm(num_groups=2, num_channels=4, affine=False)
    >>> layer(autograd.tensor([[1.0, 3.0, 10.0, 30.0]]))  # channels 0 and 1, and 2 and 3, together
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels {num_channels} must be a multiple of num_groups {num_groups}")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._make_parameters((num_channels,), affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
