"""`SyncBatchNorm`: batch normalization by statistics of a batch that is divided among processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

import nn.functional as F
from autograd import Tensor, distributed
from autograd.devices import Device
from autograd.distributed import _default
from autograd.distributed.group import Group
from autograd.distributed.lockstep import meet
from autograd.distributed.reduction import Layout, add_into, one_each, reduce_blocks
from autograd.distributed.tree import PairwiseSum, with_none
from autograd.function import Function, once_differentiable
from autograd.kernels.channels import channel_affine, channel_moments
from autograd.ops.batch_norm import batch_norm_affine
from autograd.ops.functions import rsqrt
from autograd.ops.relu import relu
from autograd.promotion import computing_dtype
from autograd.tensor import wrap
from autograd.types import Array, DTypeLike
from nn.module import Module
from nn.norm import _BatchNorm


class Division(NamedTuple):
    """How the batch that modules are computing is divided among processes."""

    group: Group
    where: Layout
    own: range  # this rank's shards
    rows: list[int]  # of each of them

    def reduce(self, values: Sequence[Array], add: Callable[[Array, Array], Array]) -> Array:
        """Combine values of all shards, given those of this rank's that have rows."""
        tree, left = PairwiseSum[Array | None](with_none(add)), iter(values)
        for shard, rows in zip(self.own, self.rows, strict=True):
            tree.push(shard, next(left) if rows else None)
        blocks = [value for _, value in tree.blocks]
        size, dtype = len(values[0]), values[0].dtype
        # whole, not in slices: `add` may combine elements
        return reduce_blocks(self.group, self.where, blocks, size, dtype, "SyncBatchNorm", add, "gather")


_divisions: list[Division] = []  # of all threads, since those that take turns compute the same batch


@contextmanager
def divided(division: Division) -> Iterator[None]:
    """Inside, modules compute a batch that is divided in this way."""
    _divisions.append(division)
    try:
        yield
    finally:
        _divisions.pop()


def _division() -> Division | None:
    """The division of the batch; outside of a loop over shards, each rank has its own rows."""
    if _divisions:
        return _divisions[-1]
    if not distributed.is_initialized() or (group := _default("SyncBatchNorm")).size == 1:
        return None
    return Division(group, one_each(group.size), range(group.rank, group.rank + 1), [1])


def is_synchronized(module: Module) -> bool:
    """Whether the module has layers that need all shards of a batch at once."""
    return any(isinstance(layer, SyncBatchNorm) and layer.training for layer in module.modules())


class _Moments(Function):
    """Mean and biased variance of each channel over all shards: a pair for each input, all with the same values.

        μ = Σ x / M,  v = Σ (x - μ)² / M        dx = (Σ dμ + 2 (x - μ) Σ dv) / M

    M is the number of elements of a channel in all shards, and the last two sums are over the pairs.
    """

    @staticmethod
    def forward(ctx: Any, division: Division, counts: list[int], *inputs: Tensor) -> Any:
        filled = sum(map(bool, division.rows))
        if len(inputs) != filled:
            raise RuntimeError(
                f"SyncBatchNorm: it got {len(inputs)} of this rank's {filled} shards; call the wrapper, ddp(x), in the "
                "loop over ddp.shards, and not the module inside it"
            )
        arrays = [x.array.astype(computing_dtype(x.array.dtype), copy=False) for x in inputs]
        count, mean, square = division.reduce([_parts(x) for x in arrays], _combined).reshape(3, -1)
        ctx.division, ctx.many = division, max(1.0, float(count[0]))
        counts.append(int(count[0]))
        dtype = arrays[0].dtype
        ctx.mean = mean.astype(dtype)
        ctx.save_for_backward(*inputs)
        return tuple(wrap(a.astype(dtype)) for _ in inputs for a in (mean, square / ctx.many))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        pairs = zip(gradients[::2], gradients[1::2], strict=True)
        own = [np.concatenate([dmean.array, dvar.array]).astype(np.float64) for dmean, dvar in pairs]
        dmean, dvar = ctx.division.reduce(own, add_into).reshape(2, -1) / ctx.many
        dtype = ctx.mean.dtype
        shift, slope = dmean.astype(dtype), (2 * dvar).astype(dtype)
        found = [
            wrap(channel_affine(x.array.astype(dtype, copy=False), ctx.mean, slope, shift)) for x in ctx.saved_tensors
        ]
        return None, None, *found


def _parts(x: Array) -> Array:
    """Number, mean and sum of squared deviations of each channel, (3 C,) in float64."""
    mean, var = channel_moments(x)
    count = np.full(len(mean), x.size // len(mean), np.float64)
    return np.concatenate([count, mean, var * count])


def _combined(a: Array, b: Array) -> Array:
    """The parts of two batches together: Chan, Golub, LeVeque."""
    (n, mean, square), (m, other, other_square) = a.reshape(3, -1), b.reshape(3, -1)
    many = n + m
    share = np.divide(m, many, out=np.zeros_like(many), where=many > 0)
    distance = other - mean
    return np.concatenate([many, mean + distance * share, square + other_square + distance * distance * n * share])


def _standardized(
    x: Tensor, mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    scale = rsqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    y: Tensor = batch_norm_affine(x, mean, scale, bias, None, None)
    return y


class SyncBatchNorm(_BatchNorm):
    """Batch normalization of inputs (N, C, …) by statistics of the whole batch, also where it is divided.

    In training in a `DistributedDataParallel`, the mean and variance are those of all rows of all ranks.  They are put
    together in the tree over the shards, so that their bits do not depend on the number of ranks, and so are their
    gradients.  Elsewhere it is `BatchNorm1d`, `BatchNorm2d` or `BatchNorm3d`.

    In a loop over `ddp.shards` this layer needs all of a rank's shards at once.  So the first call of the wrapper
    computes the outputs of all of them, side by side, and the backward pass through the module follows when the loop
    ends.  This takes as much memory as the rank's rows as one batch.  The wrapper must be called with tensors as the
    loop gave them, and equally often in each turn.

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
        Whether to keep running statistics, which are used in evaluation mode.
    process_group : None
        Accepted for compatibility with PyTorch: the statistics are those of all processes.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of parameters and running statistics.  Default: the default float dtype.
    bias : bool
        Whether the layer has a bias, if affine.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or momentum is not a number.  In forward, if shape or dtype of the input does not fit;
        in training, if a channel has only one element in the whole batch.
    RuntimeError
        In training, if a module inside a `DistributedDataParallel` is called in place of the wrapper.

    References
    ----------
    Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979: how means
    and variances of two parts are put together.

    Examples
    --------
    >>> import autograd, nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    >>> net = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    >>> net[1]
    SyncBatchNorm(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    >>> net(autograd.ones(2, 3, 8, 8)).shape  # in a single process it is BatchNorm2d
    (2, 4, 6, 6)
    """

    dims = (2, 3, 4, 5)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Device = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def normalize(self, function: Callable[..., Tensor], input: Tensor) -> Tensor:
        if not self.training or _division() is None:
            return super().normalize(function, input)
        self._check_input(input)
        mean, var = meet(input, self._common_statistics)
        y = _standardized(input, mean, var, self.weight, self.bias, self.eps)
        return relu(y) if function is F.batch_norm_relu else y

    def _common_statistics(self, inputs: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Mean and variance of the channels of all shards, for each of this rank's inputs."""
        counts: list[int] = []
        found = _Moments.apply(_division(), counts, *inputs)
        if counts[0] == 1:
            raise ValueError(
                "SyncBatchNorm: expected more than 1 value per channel when training, got input of shape "
                f"{tuple(inputs[0].shape)}, and none on other ranks; train with larger batches"
            )
        if self.tracks:
            mean, var = found[0].detach().array, found[1].detach().array
            self.update_statistics(mean, var * (counts[0] / max(1, counts[0] - 1)))
        return list(zip(found[::2], found[1::2], strict=True))

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Replace each batch normalization in a module by a SyncBatchNorm with the same parameters and statistics.

        Returns
        -------
        Module
            The module itself, or the SyncBatchNorm that replaces it.
        """
        result = module
        if isinstance(module, _BatchNorm) and not isinstance(module, cls):
            result = cls(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats)
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(result, name, getattr(module, name))
            result.training = module.training
        for name, child in module.named_children():
            setattr(result, name, cls.convert_sync_batchnorm(child, process_group))
        return result
