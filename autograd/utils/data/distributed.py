"""A sampler for several processes that train together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import Any

from autograd import distributed
from autograd.distributed.tree import own_rows
from autograd.generator import Generator
from autograd.random import randperm
from autograd.utils.data.sampler import Sampler


class DistributedSampler(Sampler[Any]):
    """The part of a data set that belongs to one of several processes.  All parts have the same length.

    Parameters
    ----------
    dataset : Dataset
    num_replicas : int, optional
        Number of processes.  Default: that of the process group.
    rank : int, optional
        Which of them this one is, from 0.  Default: the rank in the process group.
    shuffle : bool
        A new order for each `set_epoch`, the same in all processes.
    seed : int
        Of the order.
    drop_last : bool
        If the length is not divisible by num_replicas: leave samples out.  Otherwise some are repeated.
    shards : int, optional
        Choose this process's rows of each batch as `DistributedDataParallel(…, shards=…)` deals them: each item is a
        list of indices, for `DataLoader(dataset, batch_sampler=sampler)` and `ddp.shards(x, y, local=True)`.  No
        sample is repeated.  With drop_last, a last batch that is not full is left out.
    batch_size : int, optional
        With shards: samples in a batch, of all processes together.

    Raises
    ------
    ValueError
        If num_replicas or rank is missing and there is no process group to ask; if rank is out of range; if one of
        shards and batch_size is given without the other, or shards is less than num_replicas; if a process would have
        no rows of a batch.

    Examples
    --------
    >>> from autograd.utils.data import DistributedSampler
    >>> [list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in range(2)]
    [[0, 2, 4], [1, 3, 0]]
    >>> sampler = DistributedSampler(range(10), 2, 0, shuffle=False, shards=4, batch_size=6)
    >>> list(sampler)  # the first halves of the batches 0 to 5 and 6 to 9
    [[0, 1, 2], [6, 7]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
        *,
        shards: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        if num_replicas is None or rank is None:
            if not distributed.is_initialized():
                raise ValueError(
                    "DistributedSampler: there is no process group, so give num_replicas= (the number of processes) "
                    "and rank= (which one this is, from 0), or call autograd.distributed.init_process_group first"
                )
            num_replicas = distributed.get_world_size() if num_replicas is None else num_replicas
            rank = distributed.get_rank() if rank is None else rank
        if num_replicas < 1 or not 0 <= rank < num_replicas:
            raise ValueError(
                f"DistributedSampler: rank is {rank}; with num_replicas={num_replicas} it must be from 0 to "
                f"{num_replicas - 1}"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0
        self.shards, self.batch_size = shards, batch_size
        if shards is not None or batch_size is not None:
            self._check_batches()

    def _check_batches(self) -> None:
        shards, batch_size = self.shards, self.batch_size
        if shards is None or batch_size is None:
            raise ValueError("DistributedSampler: shards and batch_size belong together; give both, or none")
        if shards < self.num_replicas or batch_size < 1:
            raise ValueError(
                f"DistributedSampler: shards is {shards} and batch_size {batch_size}; shards must be at least the "
                f"number of processes, {self.num_replicas}, and batch_size at least 1"
            )
        for size in {len(batch) for batch in self._batches(range(len(self.dataset)))}:
            for rank in range(self.num_replicas):
                if not own_rows(size, shards, self.num_replicas, rank):
                    raise ValueError(
                        f"DistributedSampler: a batch of {size} samples has none for process {rank} of "
                        f"{self.num_replicas}; choose a larger batch_size, or drop_last=True if this is the last batch"
                    )

    def _batches(self, order: Sequence[int]) -> list[Sequence[int]]:
        """The batches of all processes."""
        size = self.batch_size or 1
        stop = len(order) // size * size if self.drop_last else len(order)
        return [order[begin : begin + size] for begin in range(0, stop, size)]

    @property
    def num_samples(self) -> int:
        """Number of samples of this process; with shards, of batches."""
        if self.shards is not None:
            return len(self._batches(range(len(self.dataset))))
        full, rest = divmod(len(self.dataset), self.num_replicas)
        return full + (rest > 0 and not self.drop_last)

    @property
    def total_size(self) -> int:
        """Number of samples of all processes, without shards."""
        return self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[Any]:
        count = len(self.dataset)
        order = list(range(count))
        if self.shuffle:
            order = randperm(count, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        if self.shards is not None:
            batches = self._batches(order)
            rows = [own_rows(len(batch), self.shards, self.num_replicas, self.rank) for batch in batches]
            return iter([batch[own.start : own.stop] for batch, own in zip(batches, rows, strict=True)])
        chosen = range(self.rank, self.total_size, self.num_replicas)
        return iter([order[i % count] for i in chosen] if count else [])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch.  Call it before each epoch; otherwise all have the same order."""
        self.epoch = epoch

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch = int(state["epoch"])
