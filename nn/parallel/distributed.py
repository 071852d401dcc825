"""`DistributedDataParallel`: each process computes gradients for its part of a batch, and all take the same step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from autograd import Tensor, distributed, func, is_grad_enabled
from autograd.distributed import _default
from autograd.distributed.group import Group
from autograd.distributed.reduction import one_each, reduce_blocks
from autograd.function import Function, once_differentiable
from autograd.generator import default_generator
from autograd.tensor import wrap
from nn.module import Module
from nn.parallel.packing import Packing, taken, times
from nn.parallel.shards import Shards
from nn.parameter import is_lazy


class DistributedDataParallel(Module):
    """Trains a module on several processes, which `mpirun` starts: each has a copy, and a part of each batch.

    At construction every rank gets the parameters and buffers of rank 0.  Afterwards the copies stay equal, because all
    take the same steps.

    There are two ways to use it.  The first is PyTorch's: each rank calls the wrapper with rows of its own, and
    `backward` replaces the gradients by their mean over the ranks.

        loss = criterion(ddp(x), y)
        loss.backward()
        optimizer.step()

    These gradients depend on the number of ranks in their last bits, because a batch is cut into as many parts.

    The second gives the same bits on any number of ranks, one included.  A batch is cut into a fixed number of shards:

        ddp = nn.parallel.DistributedDataParallel(model, shards=8)
        for x_part, y_part in ddp.shards(x, y):     # this rank's shards of the batch
            loss = criterion(ddp(x_part), y_part)   # a mean over the shard
            loss.backward()
        optimizer.step()

    After the loop every parameter's `.grad` is that of the mean over the whole batch.  See `Shards` for what else is
    defined: random numbers, batch norm, losses.

    Parameters
    ----------
    module : Module
    device_ids, output_device, dim, bucket_cap_mb, check_reduction, gradient_as_bucket_view, static_graph, …
        For compatibility with PyTorch.  They have no effect.
    broadcast_buffers : bool
        In PyTorch's way: give every rank the buffers of rank 0 before each forward of training.
    init_sync : bool
        Whether to give every rank the parameters and buffers of rank 0 now.
    process_group : None
    find_unused_parameters : bool
        Has no effect.  Parameters that the loss does not depend on are always found.
    shards : int, optional
        Into how many parts `ddp.shards` cuts a batch; at least the number of ranks, which is the default.  With shards
        given, every rank also gets the state of rank 0's default random generator.

    Attributes
    ----------
    module : Module
        Names in a state_dict begin with "module.".

    Raises
    ------
    ValueError
        If `init_process_group` was not called, or there are fewer shards than ranks.
    RuntimeError
        If no parameter requires grad, if parameters are uninitialized, or if the ranks' modules differ.

    Notes
    -----
    A parameter that no rank's loss depends on keeps `.grad` None.  Where only some do, the others count as 0.  Frozen
    parameters are left alone, and a parameter under several names counts once.  Gradients of float16 and bfloat16 are
    added in float32 and rounded once.

    Examples
    --------
    >>> import autograd, nn, optim
    >>> autograd.distributed.init_process_group("mpi")
    >>> ddp = nn.parallel.DistributedDataParallel(nn.Linear(3, 1), shards=4)
    >>> optimizer = optim.SGD(ddp.parameters(), lr=0.1)
    >>> x, y = autograd.rand(10, 3), autograd.rand(10, 1)
    >>> for x_part, y_part in ddp.shards(x, y):
    ...     nn.functional.mse_loss(ddp(x_part), y_part).backward()
    >>> optimizer.step()
    >>> autograd.distributed.destroy_process_group()
    """

    module: Module

    def __init__(
        self,
        module: Module,
        device_ids: Any = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool = True,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        delay_all_reduce_named_params: Any = None,
        param_to_hook_all_reduce: Any = None,
        mixed_precision: Any = None,
        device_mesh: Any = None,
        skip_all_reduce_unused_params: bool = False,
        *,
        shards: int | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(f"DistributedDataParallel: expects a Module, got {type(module).__name__}")
        group = _default("DistributedDataParallel", process_group)
        if shards is not None and (not isinstance(shards, int | np.integer) or shards < group.size):
            raise ValueError(
                f"DistributedDataParallel: shards is {shards}, and there are {group.size} ranks; it must be an integer "
                "of at least the number of ranks, or a rank would have no work"
            )
        self.module = module
        self.broadcast_buffers = broadcast_buffers
        self.require_backward_grad_sync = True
        self.device_ids: list[int] = []
        self.shard_count = group.size if shards is None else int(shards)
        self.running: Shards | None = None  # the loop over shards that is under way
        _check_parameters(module)
        _check_same_modules(group, module)
        if init_sync:
            _broadcast(group, [*module.parameters(), *module.buffers()])
            if shards is not None:
                _broadcast_random_state(group)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Return module(*inputs, **options).

        Outside of a loop over `shards`, in training, backward will replace the gradients by their means over the ranks.
        """
        if self.running is not None:
            return self.running.forward(inputs, options)
        means = self.training and is_grad_enabled() and self.require_backward_grad_sync
        if not means:
            return self.module(*inputs, **options)
        group = _default("DistributedDataParallel")
        if group.size == 1:
            return self.module(*inputs, **options)
        if self.broadcast_buffers:
            _broadcast(group, list(self.module.buffers()))
        named = {name: p for name, p in self.module.named_parameters() if p.requires_grad}
        # The module runs with results of this call as its parameters.  So the backward of this call comes last, with
        # the gradients of all parameters.
        replaced = dict(zip(named, _as_tuple(_MeanGradients.apply(*named.values())), strict=True))
        return func.functional_call(self.module, replaced, inputs, options)

    def shards(self, *tensors: Any, local: bool = False, reduction: Literal["mean", "sum"] = "mean") -> Shards:
        """The shards of a batch that belong to this rank, for a loop that computes their gradients; see `Shards`.

        Parameters
        ----------
        *tensors : Tensor or array, (N, …)
            The batch: inputs, targets, whatever has a row for each sample.  All ranks pass the same batch.
        local : bool
            The tensors hold this rank's rows only, as `DistributedSampler(…, shards=…)` chooses them.
        reduction : "mean" or "sum"
            What the loss of a shard is over its rows, and so what the gradients are over the rows of the batch.

        Raises
        ------
        ValueError
            If the tensors have different numbers of rows, or none.
        RuntimeError
            If the ranks pass batches of different sizes, or their random generators are in different states; on all
            ranks, before anything is computed.
        """
        return Shards(self, tensors, local=local, reduction=reduction)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Inside, backward adds to `.grad` without taking means over ranks, in PyTorch's way of using the wrapper.

        The first backward outside adds the mean of its own gradients only; take means of what was added inside with
        `autograd.distributed.all_reduce`.
        """
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before


class _MeanGradients(Function):
    """The identity of all parameters, whose backward takes means over the ranks."""

    @staticmethod
    def forward(ctx: Any, *parameters: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        ctx.packing = Packing(parameters)
        return tuple(wrap(p.array) for p in parameters)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        group = _default("DistributedDataParallel")
        where = one_each(group.size)
        packed = ctx.packing.pack(taken(gradients))
        sums = [reduce_blocks(group, where, [flat], len(flat), flat.dtype, "backward") for flat in packed]
        return tuple(ctx.packing.tensors(times(ctx.packing.unpack(sums), 1 / group.size)))


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


def _check_parameters(module: Module) -> None:
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if is_lazy(tensor):
            raise RuntimeError(
                f"DistributedDataParallel: {name} is not initialized yet; call the module once with an input first"
            )
    if not any(p.requires_grad for p in module.parameters()):
        raise RuntimeError(
            "DistributedDataParallel: no parameter of the module requires grad, so there is nothing to train; use the "
            "module itself"
        )


def _check_same_modules(group: Group, module: Module) -> None:
    """Raise on all ranks, with the first difference, unless the modules have the same parameters and buffers."""
    if group.size == 1:
        return
    own = [
        f"{kind} {name}, {tensor.dtype} of shape {tuple(tensor.shape)}, requires_grad={tensor.requires_grad}"
        for kind, named in (("parameter", module.named_parameters()), ("buffer", module.named_buffers()))
        for name, tensor in named
    ]
    lists = [text.split("\n") for text in group.gather_texts("\n".join(own), "DistributedDataParallel")]
    for rank, other in enumerate(lists):
        if other != lists[0]:
            first, second = next(
                (a, b) for a, b in zip([*lists[0], "nothing more"], [*other, "nothing more"], strict=False) if a != b
            )
            raise RuntimeError(
                f"DistributedDataParallel: the modules differ. Rank 0 has {first}; rank {rank} has {second}. Build the "
                "same module on every rank"
            )


def _broadcast(group: Group, tensors: list[Tensor]) -> None:
    if group.size > 1:
        for tensor in tensors:
            distributed.overwrite(group, tensor, 0, "DistributedDataParallel")


def _broadcast_random_state(group: Group) -> None:
    states = group.gather_texts(default_generator.get_state().array.tobytes().decode(), "DistributedDataParallel")
    default_generator.set_state(wrap(np.frombuffer(states[0].encode(), np.uint8).copy()))
