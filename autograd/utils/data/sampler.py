"""Samplers: the order in which a DataLoader asks for samples.

A sampler that draws random numbers draws all of them when its iteration begins, so that an epoch can be resumed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from autograd.creation import as_tensor
from autograd.generator import Generator, numpy_generator
from autograd.random import multinomial, randint, randperm

T = TypeVar("T", covariant=True)


class Sampler(Generic[T]):
    """The base of all samplers: a subclass has `__iter__`, which yields indices, and mostly `__len__`.

    A sampler that has a state of its own, such as a counter, may have `state_dict()` and `load_state_dict(state)`:
    `DataLoader.state_dict` saves what it was when the epoch began.

    Parameters
    ----------
    data_source : Dataset, optional
        Without effect; PyTorch takes it, too.

    Raises
    ------
    NotImplementedError
        By iteration, if the subclass has no `__iter__`.

    Examples
    --------
    >>> from autograd.utils.data import DataLoader, Sampler
    >>> class Backwards(Sampler):
    ...     def __init__(self, data_source):
    ...         self.data_source = data_source
    ...
    ...     def __iter__(self):
    ...         return reversed(range(len(self.data_source)))
    ...
    ...     def __len__(self):
    ...         return len(self.data_source)
    >>> data = [10, 20, 30]
    >>> list(DataLoader(data, batch_size=2, sampler=Backwards(data)))
    [tensor([30, 20]), tensor([10])]
    """

    def __init__(self, data_source: Sized | None = None) -> None:
        """`data_source` has no effect; PyTorch takes it, too."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__}: a subclass of Sampler needs __iter__(self)")


def _checked_count(name: str, num_samples: Any) -> int:
    if not isinstance(num_samples, int | np.integer) or isinstance(num_samples, bool) or num_samples <= 0:
        raise ValueError(f"{name}: num_samples must be a positive integer, not {num_samples!r}")
    return int(num_samples)


def _checked_bool(name: str, what: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name}: {what} must be True or False, not {value!r}")
    return value


class SequentialSampler(Sampler[int]):
    """The indices 0, 1, 2 …

    Parameters
    ----------
    data_source : Dataset
        Its length is the number of indices.

    Examples
    --------
    >>> from autograd.utils.data import SequentialSampler
    >>> list(SequentialSampler(["a", "b", "c"]))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in random order.

    Parameters
    ----------
    data_source : Dataset
    replacement : bool
        Draw each index independently of the others, so that some come twice and others not at all.
    num_samples : int, optional
        Indices to draw.  Default: the length of the data set.  If it is more, and without replacement, one random order
        comes after the other.
    generator : Generator, optional
        Default: each iteration draws a seed from `default_generator`.

    Raises
    ------
    ValueError, TypeError
        If num_samples is no positive integer, or replacement no bool.

    Examples
    --------
    >>> from autograd.utils.data import RandomSampler
    >>> sampler = RandomSampler(["a", "b", "c"], num_samples=6)
    >>> sorted(sampler)  # each twice
    [0, 0, 1, 1, 2, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = _checked_bool("RandomSampler", "replacement", replacement)
        self._num_samples = num_samples
        self.generator = generator
        _checked_count("RandomSampler", self.num_samples)

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        source = self.generator or seeded_generator()
        size, count = len(self.data_source), self.num_samples
        if self.replacement:
            return iter(randint(size, (count,), generator=source).tolist())
        orders = [randperm(size, generator=source).tolist() for _ in range(-(-count // size))]
        return itertools.islice(itertools.chain.from_iterable(orders), count)

    def __len__(self) -> int:
        return self.num_samples


def seeded_generator() -> Generator:
    """A new generator whose seed is drawn from the default one."""
    return Generator().manual_seed(draw_seed("RandomSampler", None))


def draw_seed(name: str, generator: Generator | None) -> int:
    """A random number from 0 to 2⁶³ - 1."""
    return int(numpy_generator(name, generator).integers(2**63 - 1, endpoint=True))


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order.

    Parameters
    ----------
    indices : sequence of int
    generator : Generator, optional
        Default: `default_generator`.

    Examples
    --------
    >>> from autograd.utils.data import SubsetRandomSampler
    >>> sorted(SubsetRandomSampler([2, 3, 5, 7]))
    [2, 3, 5, 7]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = randperm(len(self.indices), generator=self.generator).tolist()
        return (self.indices[i] for i in order)

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices from 0 to len(weights) - 1, drawn with the given weights.

    Parameters
    ----------
    weights : sequence of float
        They need not sum to 1.
    num_samples : int
    replacement : bool
        Whether an index may be drawn more than once.
    generator : Generator, optional
        Default: `default_generator`.

    Raises
    ------
    ValueError, TypeError
        If num_samples is no positive integer, replacement no bool, or the weights have more than one dimension.

    Examples
    --------
    >>> from autograd.utils.data import WeightedRandomSampler
    >>> list(WeightedRandomSampler([0.0, 2.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        self.num_samples = _checked_count("WeightedRandomSampler", num_samples)
        self.replacement = _checked_bool("WeightedRandomSampler", "replacement", replacement)
        self.weights = as_tensor(weights, dtype=np.float64)
        if self.weights.ndim != 1:
            raise ValueError(
                f"WeightedRandomSampler: expects one weight for each sample, got weights of shape {self.weights.shape}"
            )
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        return iter(multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of batch_size indices of another sampler.

    Parameters
    ----------
    sampler : Sampler or iterable
    batch_size : int
    drop_last : bool
        Leave out the last batch if it is smaller.

    Raises
    ------
    ValueError
        If batch_size is no positive integer, or drop_last no bool.

    Examples
    --------
    >>> from autograd.utils.data import BatchSampler, SequentialSampler
    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[Any] | Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int | np.integer) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"BatchSampler: batch_size must be a positive integer, not {batch_size!r}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be True or False, not {drop_last!r}")
        self.sampler = sampler
        self.batch_size = int(batch_size)
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return full + (rest > 0 and not self.drop_last)
