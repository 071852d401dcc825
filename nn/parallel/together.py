"""A rank's shards computed side by side, for modules whose layers need all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.distributed.lockstep import Turns
from autograd.func import _leaves, _map
from autograd.generator import default_generator
from autograd.tensor import wrap
from nn import norm
from nn.module import Module
from nn.parallel.buffers import OtherBuffers
from nn.sync_norm import Division, divided


class Together:
    """Stands in for the module in one loop over shards.

    The loop's body computes a loss from the outputs, which it gets detached, and so the gradients of these.  When the
    loop has ended, `backward` goes on from there, for all shards at once.

    Each shard has its own stand-ins for the parameters, so that gradients of shards do not mix.

    Parameters
    ----------
    module : Module
    parameters : list of Tensor
        Those that are trained.
    parts : list of tuple
        The tensors of each shard that has rows.
    seeds : list of int
        For the random numbers of each shard's forward.
    buffers : OtherBuffers
    division : Division
    """

    def __init__(
        self,
        module: Module,
        parameters: list[Tensor],
        parts: list[tuple[Any, ...]],
        seeds: list[list[int]],
        buffers: OtherBuffers,
        division: Division,
    ) -> None:
        self._module, self._parts, self._division = module, parts, division
        self.statistics: list[list[norm.Statistics]] = [[] for _ in parts]
        self._stand_ins = [[wrap(p.array, True) for p in parameters] for _ in parts]
        numbers = {id(p): i for i, p in enumerate(parameters)}
        self._places = [
            (layer, name, numbers[id(p)])
            for layer in module.modules()
            for name, p in layer._parameters.items()
            if p is not None and id(p) in numbers
        ]
        self._buffers = [buffers.copy() for _ in parts]
        self._random = [np.random.PCG64(np.random.SeedSequence(seed)).state for seed in seeds]
        self._calls = [0] * len(parts)
        self._outputs: list[list[tuple[Any, Any]]] = []  # [call][shard]: with history, and detached

    def call(self, turn: int, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The module's outputs for the shard whose turn it is."""
        number = self._calls[turn]
        self._calls[turn] += 1
        if number == len(self._outputs):
            if turn > 0:
                raise RuntimeError(
                    "ddp.shards: the module has SyncBatchNorm layers, and the loop calls the wrapper "
                    f"{number + 1} times for one shard and {number} times for another; call it equally often"
                )
            self._outputs.append(self._compute(inputs, options))
        return self._outputs[number][turn][1]

    def dividing(self) -> AbstractContextManager[None]:
        """The time in which the loop's body runs."""
        return divided(self._division)

    def _compute(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> list[tuple[Any, Any]]:
        def function(turn: int) -> Any:
            given, named = _map(lambda x: self._counterpart(x, turn), (inputs, options))
            with norm.recorded_statistics() as recorded:
                outputs = self._module(*given, **named)
            self.statistics[turn] += recorded
            return outputs

        def detached(y: Any) -> Any:
            return y.detach().requires_grad_() if isinstance(y, Tensor) and y.requires_grad else y

        functions = [lambda turn=turn: function(turn) for turn in range(len(self._parts))]
        outputs = Turns(functions, self._around).run()
        return [(y, _map(detached, y)) for y in outputs]

    def _counterpart(self, x: Any, turn: int) -> Any:
        """What another shard has in place of this tensor of the first one."""
        for mine, other in zip(self._parts[0], self._parts[turn], strict=True):
            if x is mine:
                return other
        if isinstance(x, Tensor | np.ndarray):
            raise RuntimeError(
                "ddp.shards: the module has SyncBatchNorm layers, so the first call of the wrapper computes all "
                "shards, and needs tensors as the loop gave them; change the batch before ddp.shards"
            )
        return x

    @contextmanager
    def _around(self, turn: int) -> Iterator[None]:
        """The time in which one shard is computed, with its own parameters, buffers and random numbers."""
        held = [(layer._parameters, name, layer._parameters[name]) for layer, name, _ in self._places]
        outer, default_generator.numpy.bit_generator.state = default_generator._snapshot(), self._random[turn]
        for layer, name, i in self._places:
            layer._parameters[name] = self._stand_ins[turn][i]  # type: ignore[assignment]
        self._buffers[turn].restore()
        try:
            yield
        finally:
            for parameters, name, p in held:
                parameters[name] = p
            self._buffers[turn].take()
            self._random[turn] = default_generator.numpy.bit_generator.state
            default_generator._return_to(outer)

    def backward(self, weights: Sequence[float]) -> None:
        """Go on from the gradients of the outputs, each times the weight of its shard."""
        roots, gradients = [], []
        for outputs in self._outputs:
            for (recorded, detached), weight in zip(outputs, weights, strict=True):
                for y, leaf in zip(_leaves(recorded), _leaves(detached), strict=True):
                    if isinstance(leaf, Tensor) and leaf.grad is not None:
                        roots.append(y)
                        gradients.append(wrap(leaf.grad.array * leaf.grad.array.dtype.type(weight)))
        if roots:
            autograd.backward(roots, gradients)
        self._outputs = []

    def gradients(self, turn: int) -> list[Tensor | None]:
        """The weighted gradients of a shard, after `backward`."""
        return [p.grad for p in self._stand_ins[turn]]
