"""Layers that give their input mean 0 and variance 1, over some of its dimensions, and then another mean and variance
that they learn: weight, which starts at 1, and bias, at 0.  The formulas: `nn.functional`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

import autograd
import nn.functional as F
from autograd import Tensor
from autograd.devices import check_device
from nn import init
from nn.making import blank, check_sizes
from nn.module import Module


class _Norm(Module):
    """What they share: the two parameters, or None for one."""

    def _make(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        check_device(type(self).__name__, device)
        self.register_parameter("weight", blank(*shape, dtype=dtype) if weight else None)
        self.register_parameter("bias", blank(*shape, dtype=dtype) if weight and bias else None)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class _BatchNorm(_Norm):
    """Over the batch and all places, for each channel; see `nn.functional.batch_norm`.

    In training each batch's own mean and variance count, and running ones are kept, which count in use.

    Parameters
    ----------
    num_features : int
        Channels, C.
    eps : float
        Added to the variance.
    momentum : float or None
        The share of a new batch in the running statistics; None: all batches count alike.
    affine : bool
        Whether there are weight and bias.
    track_running_stats : bool
        Without, the batch's own statistics count in use, too.
    bias : bool
        Whether there is a bias, if affine.

    Attributes
    ----------
    weight, bias : Parameter, (C,), or None
    running_mean, running_var : Tensor, (C,), or None
        Buffers.  The variance is the unbiased one.
    num_batches_tracked : Tensor, (), int64, or None
        Buffer.
    """

    state_defaults: ClassVar[Mapping[str, Any]] = {
        "num_batches_tracked": np.zeros((), np.int64)
    }  # PyTorch before 0.4.1
    dims: tuple[int, ...]  # that an input may have
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._make((num_features,), affine, bias, device, dtype)
        tracked = track_running_stats
        self.register_buffer("running_mean", autograd.empty(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", autograd.empty(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", autograd.zeros((), dtype=autograd.int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches: running mean 0, running variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0, and forget the batches."""
        self.reset_running_stats()
        super().reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return self.normalize(F.batch_norm, input)

    def normalize(self, function: Callable[..., Tensor], input: Tensor) -> Tensor:
        """F.batch_norm, or a function of the same arguments, of the input and what this layer holds."""
        if input.ndim not in self.dims:
            wanted = " or ".join(str(n) for n in self.dims)
            raise ValueError(
                f"{type(self).__name__}: expects an input of {wanted} dimensions, got shape {tuple(input.shape)}"
            )
        if input.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: expects an input of {self.num_features} channels, got shape {input.shape}"
            )
        share = 0.0 if self.momentum is None else self.momentum
        count = self.num_batches_tracked if self.training and self.track_running_stats else None
        if count is not None and self.momentum is None:
            share = 1 / (count.item() + 1)
        own_statistics = self.training or self.running_mean is None
        tracked = self.track_running_stats or not self.training  # buffers that are there, but not to be changed
        y = function(
            input,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            self.weight,
            self.bias,
            own_statistics,
            share,
            self.eps,
        )
        if count is not None:
            count.add_(1)
        return y

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    __doc__ = f"Inputs (N, C) or (N, C, L).  {_BatchNorm.__doc__}"

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = f"Inputs (N, C, H, W).  {_BatchNorm.__doc__}"

    dims = (4,)


class LayerNorm(_Norm):
    """Over the last dimensions, for each sample; see `nn.functional.layer_norm`.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The sizes of those dimensions.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether there are weight and bias.
    bias : bool
        Whether there is a bias, if elementwise_affine.

    Attributes
    ----------
    weight, bias : Parameter, (*normalized_shape), or None
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        check_sizes("LayerNorm", **{f"normalized_shape[{i}]": size for i, size in enumerate(shape)})
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self._make(shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_Norm):
    """Over groups of channels and all places, for each sample; see `nn.functional.group_norm`.

    Parameters
    ----------
    num_groups, num_channels : int
        So many groups of the input's channels; weight and bias are for each channel.
    eps : float
        Added to the variance.
    affine : bool
        Whether there are weight and bias.
    bias : bool
        Whether there is a bias, if affine.

    Attributes
    ----------
    weight, bias : Parameter, (num_channels,), or None
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels {num_channels} must be a multiple of num_groups {num_groups}")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._make((num_channels,), affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
