"""Data sets: what a DataLoader takes its samples from."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from autograd.generator import Generator
from autograd.random import randperm
from autograd.tensor import Tensor

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """A data set whose samples have an index: a subclass has `__getitem__`, and mostly `__len__`.

    A subclass may have `__getitems__(indices)` too, which returns the samples of a batch as a list.

    Raises
    ------
    NotImplementedError
        When a sample is asked for, if the subclass has no `__getitem__`.

    Examples
    --------
    >>> from autograd.utils.data import DataLoader, Dataset
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 5
    ...
    ...     def __getitem__(self, i):
    ...         return i, float(i * i)
    >>> for x, y in DataLoader(Squares(), batch_size=3):
    ...     print(x, y)
    tensor([0, 1, 2]) tensor([0., 1., 4.], dtype=float64)
    tensor([3, 4]) tensor([ 9., 16.], dtype=float64)
    """

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError(f"{type(self).__name__}: a subclass of Dataset needs __getitem__(self, index)")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """A data set that is read from its beginning, such as a stream: a subclass has `__iter__`.

    With worker processes, each worker has a copy of the data set and reads it as a whole.  So `__iter__` shares the
    samples out, by `get_worker_info().id` and `num_workers`.

    Raises
    ------
    NotImplementedError
        By iteration, if the subclass has no `__iter__`.

    Examples
    --------
    >>> from autograd.utils.data import DataLoader, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(5))
    >>> list(DataLoader(Count(), batch_size=3))
    [tensor([0, 1, 2]), tensor([3, 4])]
    """

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__}: a subclass of IterableDataset needs __iter__(self)")

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors whose first dimensions are equal: sample i has the i-th element of each.

    Raises
    ------
    ValueError
        If their first dimensions differ.

    Examples
    --------
    >>> import autograd
    >>> from autograd.utils.data import TensorDataset
    >>> TensorDataset(autograd.arange(3), autograd.eye(3))[1]
    (tensor(1), tensor([0., 1., 0.]))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        sizes = [x.size(0) for x in tensors]
        if len(set(sizes)) != 1:
            raise ValueError(f"TensorDataset: the first dimensions of the tensors must be equal, and are {sizes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset[Any]):
    """Data sets side by side: sample i is a tuple, or a dict, of their samples i.

    Parameters
    ----------
    *args : Dataset
        Samples are tuples.
    **kwargs : Dataset
        Samples are dicts.

    Raises
    ------
    ValueError
        If both are given or none, or if their lengths differ.

    Examples
    --------
    >>> from autograd.utils.data import ChainDataset, ConcatDataset, IterableDataset, StackDataset, Subset
    >>> StackDataset([1, 2], ["a", "b"])[1]
    (2, 'b')
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError(
                "StackDataset: expects data sets, all by position (samples are tuples) or all by name (samples are "
                "dicts)"
            )
        lengths = [len(dataset) for dataset in (*args, *kwargs.values())]  # type: ignore[arg-type]
        if len(set(lengths)) != 1:
            raise ValueError(f"StackDataset: the data sets must have the same length, and have {lengths}")
        self._length = lengths[0]
        self.datasets = args or kwargs

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        if isinstance(self.datasets, dict):
            columns = [_samples(dataset, indices) for dataset in self.datasets.values()]
            return [dict(zip(self.datasets, row, strict=True)) for row in zip(*columns, strict=True)]
        return list(zip(*(_samples(dataset, indices) for dataset in self.datasets), strict=True))

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T]):
    """Data sets one after the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        In their order.

    Raises
    ------
    ValueError
        If there are none.
    TypeError
        If one is an IterableDataset, which has no indices.

    Examples
    --------
    >>> from autograd.utils.data import ChainDataset, ConcatDataset, IterableDataset, StackDataset, Subset
    >>> ConcatDataset([[1, 2], [3]])[2]
    3
    """

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: expects at least one data set")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError("ConcatDataset: an IterableDataset has no indices; use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T:
        if not -len(self) <= index < len(self):
            kind = ValueError if index < 0 else IndexError  # as in PyTorch
            raise kind(f"ConcatDataset: index {index} is out of range for {len(self)} samples")
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        sample: T = self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]
        return sample


class ChainDataset(IterableDataset[Any]):
    """Iterable data sets one after the other.  They are read lazily.

    Parameters
    ----------
    datasets : iterable of IterableDataset

    Raises
    ------
    TypeError
        If one is no IterableDataset, when it is its turn.

    Examples
    --------
    >>> from autograd.utils.data import ChainDataset, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __init__(self, n):
    ...         self.n = n
    ...
    ...     def __iter__(self):
    ...         return iter(range(self.n))
    >>> list(ChainDataset([Count(3), Count(2)]))
    [0, 1, 2, 0, 1]
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError(f"ChainDataset: expects IterableDatasets, not {type(dataset).__name__}")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(map(len, self._checked()))


class Subset(Dataset[T]):
    """The samples of a data set at the given indices.

    Parameters
    ----------
    dataset : Dataset
    indices : sequence of int

    Examples
    --------
    >>> from autograd.utils.data import ChainDataset, ConcatDataset, IterableDataset, StackDataset, Subset
    >>> Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def _samples(dataset: Any, indices: list[Any]) -> list[Any]:
    """The samples of a data set, in one call if it has `__getitems__`."""
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[i] for i in indices]
    samples: list[Any] = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"{type(dataset).__name__}.__getitems__ returned {len(samples)} samples for {len(indices)} indices"
        )
    return samples


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Split a data set at random into parts of the given lengths.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int or of float
        Lengths that sum to the data set's, or fractions that sum to 1.  With fractions, each length is rounded down,
        and the first parts get one of the remaining samples each.
    generator : Generator, optional
        Default: `default_generator`.

    Returns
    -------
    list of Subset, one for each length

    Raises
    ------
    ValueError
        If the lengths do not sum to the data set's length, or a fraction is not between 0 and 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.utils.data import random_split
    >>> [len(part) for part in random_split(range(10), [0.8, 0.2], generator=autograd.Generator().manual_seed(0))]
    [8, 2]
    """
    count = len(dataset)  # type: ignore[arg-type]
    sizes = list(lengths)
    if math.isclose(sum(sizes), 1) and sum(sizes) <= 1:
        for fraction in sizes:
            if not 0 <= fraction <= 1:
                raise ValueError(f"random_split: fractions must be from 0 to 1, and one is {fraction}")
        sizes = [math.floor(count * fraction) for fraction in sizes]
        for i in range(count - int(sum(sizes))):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                warnings.warn(f"random_split: part {i} of {sizes} is empty", stacklevel=2)
    if sum(sizes) != count:
        raise ValueError(
            f"random_split: the lengths {sizes} sum to {sum(sizes)}, and the data set has {count} samples; "
            "they must be equal, or the lengths fractions that sum to 1"
        )
    order = randperm(count, generator=generator).tolist()
    ends = list(itertools.accumulate(int(size) for size in sizes))
    return [Subset(dataset, order[begin:end]) for begin, end in zip([0, *ends], ends)]
