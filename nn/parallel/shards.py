"""The loop over the shards of a batch, after which all ranks have the gradients of the whole batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor
from autograd.distributed import _default
from autograd.distributed.reduction import Layout, add_present, layout, reduce_blocks
from autograd.distributed.tree import PairwiseSum, run
from autograd.generator import default_generator
from autograd.tensor import wrap
from autograd.types import Array
from nn import norm
from nn.module import Module
from nn.parallel.packing import Packing

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
    So the bits depend on the batch and the number of shards, not on how many ranks the shards are dealt to.

    *Random numbers.*  The loop draws one number from the default generator, and with it seeds that generator anew for
    each shard.  So dropout draws the same for a shard wherever it is computed.  After the loop the generator goes on
    from after that one number.

    *Batch norm.*  Each shard is normalized by its own statistics.  Running statistics are updated after the loop, on
    every rank, by all shards in order.  `SyncBatchNorm` normalizes by statistics of the whole batch.

    *Other buffers* that a forward changes begin each shard as they were before the loop.  After the loop every rank has
    what the last shard made of them.

    If the body raises an error or breaks off the loop, `.grad` and the generator are as before the loop.

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
        first, last = (run(self.total, shards, s) for s in (self._own[0], self._own[-1]))
        self.rows = range(first.start, last.stop)
        self._offset = self.rows.start if local else 0
        self.shard = self._own[0]
        self._numbers: dict[str, dict[int, float]] = {}  # name -> shard -> number
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
            runs = [run(self._ddp.shard_count, size, rank) for rank in range(size)]
            edges = [[run(total, self._ddp.shard_count, s) for s in (own[0], own[-1])] for own in runs]
            expected = [last.stop - first.start for first, last in edges]
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
        ddp = self._ddp
        module = ddp.module
        parameters = [p for p in module.parameters() if p.requires_grad]
        packing = Packing(parameters)
        before = [p.grad for p in parameters]
        buffers = _OtherBuffers(module)
        statistics: list[list[norm.Statistics]] = []  # of each shard that is not empty
        trees = [PairwiseSum[Array | None](add_present) for _ in packing.groups]
        ddp.running = self
        default_generator.numpy.integers(2**63)  # the key
        after_key = default_generator._snapshot()
        try:
            for shard in self._own:
                rows = run(self.total, ddp.shard_count, shard)
                if not rows:
                    for tree in trees:
                        tree.push(shard, None)
                    continue
                self.shard = shard
                for p in parameters:
                    p.grad = None
                buffers.restore()
                seed = np.random.SeedSequence([self._key, shard])
                default_generator.numpy.bit_generator.state = np.random.PCG64(seed).state
                part = slice(rows.start - self._offset, rows.stop - self._offset)
                parts = tuple(x[part] for x in self._tensors)
                with norm.recorded_statistics() as recorded:
                    yield parts if len(parts) > 1 else parts[0]
                statistics.append(recorded)
                weight = len(rows) / self.total if self._mean else 1.0
                for tree, flat in zip(trees, packing.pack([p.grad for p in parameters], weight), strict=True):
                    tree.push(shard, flat)
            sums = [self._reduce(tree) for tree in trees]
            self._update_statistics(module, statistics)
            buffers.share(self._group, self._last_filled())
            self._finished = True
        except BaseException:
            for p, grad in zip(parameters, before, strict=True):
                p.grad = grad
            default_generator._return_to(self._snapshot)
            raise
        finally:
            ddp.running = None
        for p, old, new in zip(parameters, before, packing.unpack(sums), strict=True):
            p.grad = old if new is None else new if old is None else wrap(old.array + new.array)
        default_generator._return_to(after_key)

    def _reduce(self, tree: PairwiseSum[Array | None]) -> Array:
        values = [value for _, value in tree.blocks]
        size = next((len(value) for value in values if value is not None), 0)
        return reduce_blocks(self._group, self._where, values, size, "ddp.shards")

    def _last_filled(self) -> int:
        """The rank of the last shard that is not empty."""
        return max(rank for rank, full in enumerate(self._where.filled) if any(full))

    def _update_statistics(self, module: Module, own: list[list[norm.Statistics]]) -> None:
        """Update running statistics by all shards in order."""
        layers = norm.tracking_layers(module)
        if not layers:
            return
        numbers = {id(layer): i for i, layer in enumerate(layers)}
        texts: list[Array] = []
        for recorded in own:
            for layer, mean, var in recorded:
                texts += [np.array([numbers[id(layer)]], np.float64), mean.array, var.array]
        mine = np.concatenate(texts) if texts else np.empty(0)
        counts = self._group.gather_numbers([len(mine)], "ddp.shards")[:, 0].tolist()
        received = self._group.all_gather(mine.astype(np.float64, copy=False), counts, "ddp.shards")
        begin = 0
        while begin < len(received):
            layer = layers[int(received[begin])]
            begin, size = begin + 1, layer.num_features
            mean, var = received[begin : begin + size], received[begin + size : begin + 2 * size]
            layer.update_statistics(mean, var)
            begin += 2 * size

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
        filled = [s for s in self._own if run(self.total, self._ddp.shard_count, s)]
        noted = self._numbers.get(name, {})
        missing = [s for s in filled if s not in noted]
        if missing:
            raise KeyError(f"{caller}: {name!r} was not added for shard {missing[0]}: batch.add({name}=…)")
        tree = PairwiseSum[Array | None](add_present)
        for shard in self._own:
            rows = run(self.total, self._ddp.shard_count, shard)
            weight = len(rows) / self.total if weighted else 1.0
            tree.push(shard, np.array([noted[shard] * weight]) if rows else None)
        return float(self._reduce_numbers(tree))

    def _reduce_numbers(self, tree: PairwiseSum[Array | None]) -> float:
        values = [value for _, value in tree.blocks]
        return float(reduce_blocks(self._group, self._where, values, 1, "ddp.shards")[0])


class _OtherBuffers:
    """The buffers of a module that are not running statistics, as they were before the loop."""

    def __init__(self, module: Module) -> None:
        tracked = {id(layer) for layer in norm.tracking_layers(module)}
        self.places = [
            (layer, name, buffer.array.copy())
            for layer in module.modules()
            if id(layer) not in tracked
            for name, buffer in layer._buffers.items()
            if buffer is not None
        ]

    def restore(self) -> None:
        for layer, name, array in self.places:
            layer._buffers[name] = wrap(array.copy())

    def share(self, group: Any, source: int) -> None:
        """Give every rank the buffers of the rank that had the last shard."""
        for layer, name, _ in self.places:
            if group.size > 1:
                array = np.ascontiguousarray(layer._buffers[name].array)
                group.broadcast(array, source, "ddp.shards")
                layer._buffers[name] = wrap(array)
