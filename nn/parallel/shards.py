"""The loop over the shards of a batch, after which all ranks have the gradients of the whole batch."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor
from autograd.distributed import _default
from autograd.distributed.reduction import Layout, add_into, layout, reduce_blocks
from autograd.distributed.tree import PairwiseSum, own_rows, run, with_none
from autograd.generator import default_generator
from autograd.tensor import wrap
from autograd.types import Array
from nn import norm
from nn.module import Module
from nn.parallel.buffers import OtherBuffers
from nn.parallel.packing import Gradients, Packing, Pair, added, computed, taken, times
from nn.parallel.together import Together
from nn.sync_norm import Division, is_synchronized

if TYPE_CHECKING:
    from nn.parallel.distributed import DistributedDataParallel


class Shards:
    """This rank's shards of one batch: what `DistributedDataParallel.shards` returns, for one `for` loop.

        batch = ddp.shards(x, y)
        for x_part, y_part in batch:
            loss = criterion(ddp(x_part), y_part)
            loss.backward()
            batch.add(loss=loss)
        optimizer.step()
        print(batch.mean("loss"))

    A batch of N rows is cut by N and the number of shards alone.  Shard s has the rows from N s // shards to
    N (s + 1) // shards - 1, and a rank owns neighbouring shards.  If there are fewer rows than shards, some shards are
    empty and left out.

    *Gradients.*  Each shard's are taken away from `.grad` after the loop's body, weighted by its part of the rows, and
    added in a binary tree over the shards.  After the loop, `.grad` is the sum, added to what it was before the loop.
    So the bits depend on the batch and the number of shards, not on how many ranks the shards are dealt to.  Hooks of
    parameters see each shard's gradient, unweighted; what `.grad` is in the body is taken over, so copy it to keep it.

    *Random numbers.*  The loop draws one number from the default generator, and with it seeds that generator anew for
    each shard.  So dropout draws the same for a shard wherever it is computed.  After the loop the generator goes on
    from after that one number.

    *Batch norm.*  Each shard is normalized by its own statistics.  Running statistics are updated after the loop, on
    every rank, by all shards in order.  `SyncBatchNorm` normalizes by statistics of the whole batch.

    *Other buffers* that a forward changes begin each shard as they were before the loop.  After the loop every rank has
    what the last shard made of them.

    If the body raises an error or breaks off the loop, `.grad`, buffers and the generator are as before the loop.

    Attributes
    ----------
    total : int
        Rows of the batch, N.
    rows : range
        This rank's rows.
    shard : int
        The shard that the body is at.
    """

    def __init__(
        self, ddp: DistributedDataParallel, tensors: Sequence[Any], *, local: bool = False, reduction: str = "mean"
    ) -> None:
        if reduction not in ("mean", "sum"):
            raise ValueError(f'ddp.shards: reduction is {reduction!r}; it must be "mean" or "sum"')
        if not tensors:
            raise ValueError("ddp.shards: pass the tensors of a batch: ddp.shards(x, y)")
        lengths = [len(x) for x in tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"ddp.shards: the tensors have {lengths} rows; each must have a row for each sample")
        self._ddp, self._tensors, self._mean = ddp, tensors, reduction == "mean"
        self._group = _default("ddp.shards")
        self._key = 0
        self._snapshot = default_generator._snapshot()
        self.total = self._agree(lengths[0], local)
        shards, group = ddp.shard_count, self._group
        self._own = run(shards, group.size, group.rank)
        self._where: Layout = layout(shards, group.size, self.total)
        self.rows = own_rows(self.total, shards, group.size, group.rank)
        self._offset = self.rows.start if local else 0
        self.shard = self._own[0]
        self._numbers: dict[str, dict[int, float]] = {}  # name -> shard -> number
        self._together: Together | None = None
        self._turn, self._pushed = 0, self._own.start
        self._started = self._finished = False

    def _agree(self, length: int, local: bool) -> int:
        """The number of rows of the batch; draws the key of the random numbers.  Raises unless all ranks agree."""
        if self._ddp.running is not None:
            raise RuntimeError("ddp.shards: a loop over shards is under way; end it before the next batch")
        if not self._ddp.require_backward_grad_sync:
            raise RuntimeError(
                "ddp.shards: no_sync is for the other way of using DistributedDataParallel; here the gradients of "
                "several loops are added without it"
            )
        key = int(default_generator.numpy.integers(2**63))
        told = self._group.gather_numbers([length, local, key, self._ddp.shard_count], "ddp.shards")
        default_generator._return_to(self._snapshot)
        lengths, locals_, keys, counts = told.T.tolist()
        total = sum(lengths) if local else length
        size = self._group.size
        expected = [total] * size
        if local:
            expected = [len(own_rows(total, self._ddp.shard_count, size, rank)) for rank in range(size)]
        if len(set(locals_)) > 1 or len(set(counts)) > 1:
            raise RuntimeError(
                f"ddp.shards: the ranks do not make the same call: local is {locals_}, and shards {counts}"
            )
        if lengths != expected:
            what = f"their own rows of a batch of {total}" if local else "the same batch"
            raise RuntimeError(f"ddp.shards: the ranks pass {lengths} rows; as {what} these should be {expected}")
        if total == 0:
            raise ValueError("ddp.shards: the batch has no rows")
        if len(set(keys)) > 1:
            raise RuntimeError(
                "ddp.shards: the ranks' random generators are in different states, so dropout would depend on the "
                "number of ranks; seed all alike, autograd.manual_seed(0), and draw on all ranks or on none"
            )
        self._key = keys[0]
        return total

    # ── the loop ──

    def __iter__(self) -> Iterator[Any]:
        if self._started:
            raise RuntimeError("ddp.shards: this loop has run; call ddp.shards again for the next batch")
        self._started = True
        ddp, module = self._ddp, self._ddp.module
        parameters = [p for p in module.parameters() if p.requires_grad]
        before = [p.grad for p in parameters]
        buffers = OtherBuffers(module)
        ddp.running = self
        default_generator.numpy.integers(2**63)  # the key
        after_key = default_generator._snapshot()
        try:
            gradients = yield from self._run(module, parameters, buffers)
        except BaseException:
            for p, grad in zip(parameters, before, strict=True):
                p.grad = grad
            default_generator._return_to(self._snapshot)
            buffers.reset()
            raise
        finally:
            ddp.running = self._together = None
        for p, old, new in zip(parameters, before, gradients, strict=True):
            p.grad = old if new is None else new if old is None else wrap(old.array + new.array)
        default_generator._return_to(after_key)
        self._finished = True

    def _run(
        self, module: Module, parameters: list[Any], buffers: OtherBuffers
    ) -> Generator[Any, None, list[Tensor | None]]:
        """Yield the shards; return the gradients of the whole batch."""
        filled = [shard for shard in self._own if self._rows(shard)]
        parts = [self._cut(shard) for shard in filled]
        self._together = together = self._make_together(module, parameters, filled, parts, buffers)
        packing = Packing(parameters)
        tree = PairwiseSum[Gradients | Pair | None](with_none(added))
        statistics: list[list[norm.Statistics]] = []  # of each shard that has rows
        direct: list[list[Tensor | None]] = []  # gradients that await those of `together`
        for turn, shard in enumerate(filled):
            self.shard, self._turn = shard, turn
            for p in parameters:
                p.grad = None
            if together is None:
                buffers.restore()
            seed = np.random.SeedSequence([self._key, shard])
            default_generator.numpy.bit_generator.state = np.random.PCG64(seed).state
            dividing = nullcontext() if together is None else together.dividing()
            with norm.recorded_statistics() as recorded, dividing:
                yield parts[turn] if len(parts[turn]) > 1 else parts[turn][0]
            statistics.append(recorded)
            direct.append([p.grad for p in parameters])
            if together is None:
                self._push(tree, shard, taken(direct.pop(), self._weight(shard)))
        if together is not None:
            statistics = [a + b for a, b in zip(together.statistics, statistics, strict=True)]
            weights = [self._weight(shard) for shard in filled]
            together.backward(weights)
            for turn, shard in enumerate(filled):
                total = computed(added(taken(together.gradients(turn)), taken(direct[turn], weights[turn])))
                self._push(tree, shard, total)
        self._push(tree, self._own.stop, None)
        factor = 1 / self._ddp.shard_count if self._mean and self._is_even else 1.0
        total = self._total(packing, tree, factor)
        self._update_statistics(module, statistics)
        buffers.finish(self._group, max(rank for rank, full in enumerate(self._where.filled) if any(full)))
        return packing.tensors(total)

    def _total(self, packing: Packing, tree: PairwiseSum[Gradients | Pair | None], factor: float) -> Gradients:
        """The sum over all shards of all ranks, times a factor."""
        if self._group.size == 1:
            total = tree.total()
            assert total is not None  # some shard has rows
            return computed(total, factor)
        blocks = [None if value is None else packing.pack(computed(value)) for _, value in tree.blocks]
        sums = packing.unpack(
            [
                self._reduce([None if block is None else block[i] for block in blocks], size, dtype)
                for i, (size, dtype) in enumerate(zip(packing.sizes, packing.groups, strict=True))
            ]
        )
        return times(sums, factor)

    def _make_together(
        self, module: Module, parameters: list[Any], filled: list[int], parts: list[Any], buffers: OtherBuffers
    ) -> Together | None:
        if not is_synchronized(module):
            return None
        for rank in range(self._group.size):
            if not own_rows(self.total, self._ddp.shard_count, self._group.size, rank):
                raise RuntimeError(
                    f"ddp.shards: the module has SyncBatchNorm layers, so every rank must have rows, and rank {rank} "
                    f"has none of the {self.total} of this batch; leave small batches out"
                )
        division = Division(self._group, self._where, self._own, [len(self._rows(shard)) for shard in self._own])
        return Together(module, parameters, parts, [[self._key, shard, 1] for shard in filled], buffers, division)

    def _rows(self, shard: int) -> range:
        return run(self.total, self._ddp.shard_count, shard)

    def _cut(self, shard: int) -> tuple[Any, ...]:
        rows = self._rows(shard)
        return tuple(x[rows.start - self._offset : rows.stop - self._offset] for x in self._tensors)

    @property
    def _is_even(self) -> bool:
        """Whether all shards have as many rows.  Then the sum is divided, and not each of its parts."""
        return self.total % self._ddp.shard_count == 0

    def _weight(self, shard: int) -> float:
        return len(self._rows(shard)) / self.total if self._mean and not self._is_even else 1.0

    def _push(self, tree: PairwiseSum[Gradients | Pair | None], shard: int, gradients: Gradients | Pair | None) -> None:
        """Push the empty shards up to this one, and then this one, unless it is the end."""
        for empty in range(self._pushed, shard):
            tree.push(empty, None)
        if gradients is not None:
            tree.push(shard, gradients)
        self._pushed = shard + 1

    def forward(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What the wrapper returns in the loop."""
        if self._together is None:
            return self._ddp.module(*inputs, **options)
        return self._together.call(self._turn, inputs, options)

    def _reduce(self, blocks: list[Array | None], size: int, dtype: np.dtype) -> Array:
        return reduce_blocks(self._group, self._where, blocks, size, dtype, "ddp.shards")

    def _update_statistics(self, module: Module, own: list[list[norm.Statistics]]) -> None:
        """Update running statistics by all shards in order."""
        layers = norm.tracking_layers(module)
        if not layers:
            return
        numbers = {id(layer): i for i, layer in enumerate(layers)}
        pieces: list[Array] = [np.empty(0)]
        for recorded in own:
            for layer, mean, var in recorded:
                pieces += [np.array([numbers[id(layer)]]), mean.array, var.array]
        mine = np.concatenate(pieces, dtype=np.float64)
        counts = self._group.gather_numbers([len(mine)], "ddp.shards")[:, 0].tolist()
        received = self._group.all_gather(mine, counts, "ddp.shards")
        begin = 0
        while begin < len(received):
            layer = layers[int(received[begin])]
            middle, end = (begin + 1 + k * layer.num_features for k in (1, 2))
            layer.update_statistics(received[begin + 1 : middle], received[middle:end])
            begin = end

    # ── numbers ──

    def add(self, **numbers: Any) -> None:
        """Note numbers of the shard that the body is at, such as its loss, for `sum` and `mean`."""
        if not self._started or self._finished:
            raise RuntimeError("add: it belongs into the loop over ddp.shards")
        for name, number in numbers.items():
            values = self._numbers.setdefault(name, {})
            values[self.shard] = values.get(self.shard, 0.0) + float(number)

    def sum(self, name: str) -> float:
        """The sum of a number over all shards of all ranks, added in the tree.  All ranks call it, after the loop."""
        return self._combined("sum", name, weighted=False)

    def mean(self, name: str) -> float:
        """The mean of a number over the rows of the batch, if it was the mean over a shard's.  As `sum`."""
        return self._combined("mean", name, weighted=True)

    def _combined(self, caller: str, name: str, weighted: bool) -> float:
        if not self._finished:
            raise RuntimeError(f"{caller}: call it after the loop over ddp.shards")
        noted = self._numbers.get(name, {})
        tree = PairwiseSum[Array | None](with_none(add_into))
        for shard in self._own:
            rows = self._rows(shard)
            if rows and shard not in noted:
                raise KeyError(f"{caller}: {name!r} was not added for shard {shard}: batch.add({name}=…)")
            weight = len(rows) / self.total if weighted else 1.0
            tree.push(shard, np.array([noted[shard] * weight]) if rows else None)
        return float(self._reduce([value for _, value in tree.blocks], 1, np.dtype(np.float64))[0])
