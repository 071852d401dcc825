"""From indices to a batch: the part of loading that runs in a worker, or in the main process if there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd.utils.data.collate import default_collate
from autograd.utils.data.dataset import IterableDataset, Subset, TensorDataset, _samples


class Recipe(NamedTuple):
    """How batches are made.

    Attributes
    ----------
    dataset : Dataset
    collate_fn : callable
    batched : bool
        Whether samples are collected to batches.
    drop_last : bool
        Leave out the last batch of an IterableDataset if it is smaller.
    """

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool
    drop_last: bool


class Ended(Exception):
    """An IterableDataset has no more samples."""


class Fetcher:
    """Fetches batches, one after the other.

    Parameters
    ----------
    recipe : Recipe
    check : callable
        Called before each sample.  It may raise an exception to stop.
    """

    def __init__(self, recipe: Recipe, check: Callable[[], None] = lambda: None) -> None:
        self.dataset, self.collate_fn, self.batched, self.drop_last = recipe
        self.check = check
        self.iterator = iter(self.dataset) if isinstance(self.dataset, IterableDataset) else None
        self.ended = False

    def __call__(self, wanted: Any) -> Any:
        """The batch of these indices; for an IterableDataset, of this number of samples.

        Raises
        ------
        Ended
            If there is none.
        """
        if self.iterator is not None:
            return self.collate_fn(self._next(wanted) if self.batched else self._next(1)[0])
        if not self.batched:
            return self.collate_fn(self._sample(wanted))
        if self.collate_fn is default_collate and (rows := _rows(self.dataset, wanted)) is not None:
            return rows
        if callable(getattr(self.dataset, "__getitems__", None)):
            self.check()
            return self.collate_fn(_loaded(lambda: _samples(self.dataset, wanted), "samples", wanted))
        return self.collate_fn([self._sample(i) for i in wanted])

    def _sample(self, index: Any) -> Any:
        self.check()
        return _loaded(lambda: self.dataset[index], "sample", index)

    def _next(self, count: int) -> list[Any]:
        samples: list[Any] = []
        try:
            while not self.ended and len(samples) < count:
                self.check()
                samples.append(next(self.iterator))  # type: ignore[arg-type]
        except StopIteration:
            self.ended = True
        if not samples or (self.batched and self.drop_last and len(samples) < count):
            raise Ended
        return samples


def _loaded(load: Callable[[], Any], what: str, index: Any) -> Any:
    """load(), whose errors then say what was loaded."""
    try:
        return load()
    except StopIteration as error:  # which would end the user's loop, silently
        raise RuntimeError(f"DataLoader: the data set raised StopIteration for {what} {index!r}") from error
    except Exception as error:
        error.add_note(f"DataLoader: while loading {what} {index!r}")
        raise


def _rows(dataset: Any, indices: Any) -> list[Any] | None:
    """The batch of a TensorDataset, or of a part of one, in one step for each tensor; None for other data sets.

    It is what `default_collate` makes of the samples.
    """
    if type(dataset) is Subset and type(dataset.dataset) is TensorDataset and type(dataset.indices) is list:
        if not isinstance(indices, list):
            return None
        try:
            dataset, indices = dataset.dataset, [dataset.indices[i] for i in indices]
        except (IndexError, TypeError):
            return None
    if type(dataset) is not TensorDataset or not isinstance(indices, list) or set(map(type, indices)) != {int}:
        return None
    chosen = np.array(indices)
    size = len(dataset)
    if chosen.max() >= size or chosen.min() < -size:
        return None  # the error is that of the sample
    return [x[chosen] for x in dataset.tensors]
