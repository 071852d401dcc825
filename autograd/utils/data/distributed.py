"""A sampler for several processes that train together."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from autograd.generator import Generator
from autograd.random import randperm
from autograd.utils.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """The part of a data set that belongs to one of several processes.  All parts have the same length.

    Parameters
    ----------
    dataset : Dataset
    num_replicas : int
        Number of processes.
    rank : int
        Which of them this one is, from 0.
    shuffle : bool
        A new order for each `set_epoch`, the same in all processes.
    seed : int
        Of the order.
    drop_last : bool
        If the length is not divisible by num_replicas: leave samples out.  Otherwise some are repeated.

    Raises
    ------
    ValueError
        If num_replicas or rank is missing, since there is no process group to ask, or rank is out of range.

    Examples
    --------
    >>> from autograd.utils.data import DistributedSampler
    >>> [list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in range(2)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ValueError(
                "DistributedSampler: there is no process group, so give num_replicas= (the number of processes) and "
                "rank= (which one this is, from 0)"
            )
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

    @property
    def num_samples(self) -> int:
        """Number of samples of this process."""
        full, rest = divmod(len(self.dataset), self.num_replicas)
        return full + (rest > 0 and not self.drop_last)

    @property
    def total_size(self) -> int:
        """Number of samples of all processes."""
        return self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        order = list(range(count))
        if self.shuffle:
            order = randperm(count, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
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
