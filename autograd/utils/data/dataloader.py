"""DataLoader: batches of a data set, in order, from this process or from worker processes; resumable at any batch."""

from __future__ import annotations

import contextlib
import copy
import itertools
import multiprocessing
import multiprocessing.context
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import GenericAlias
from typing import Any

import numpy as np

from autograd.generator import Generator
from autograd.tensor import Tensor, wrap
from autograd.utils.data import sampler as samplers
from autograd.utils.data.collate import default_collate as default_collate, default_convert as default_convert
from autograd.utils.data.dataset import IterableDataset
from autograd.utils.data.distributed import DistributedSampler
from autograd.utils.data.fetch import Ended, Fetcher, Recipe
from autograd.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed
from autograd.utils.data.streams import SAMPLER, Streams, seed_of
from autograd.utils.data.worker import Pool

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


@dataclass
class _Epoch:
    """An epoch, as far as a state holds it: what is needed to begin it again, and how many batches were handed out."""

    seed: int
    generators: list[str]  # their states when the epoch began
    sampler: Any  # its state then, if it has one
    batches: int = 0
    ended: bool = False


class DataLoader:
    """Batches of a data set.

    Parameters
    ----------
    dataset : Dataset
        With `__getitem__` and `__len__`, such as a list; or an IterableDataset.
    batch_size : int or None
        Samples in a batch.  None: the loader yields samples.
    shuffle : bool
        A new random order in each epoch.
    sampler : Sampler or iterable of indices, optional
        The order; then without shuffle.
    batch_sampler : Sampler or iterable of lists of indices, optional
        The batches; then without batch_size, shuffle, sampler and drop_last.
    num_workers : int
        Processes that load batches while this one trains.  0: this process loads them.
    collate_fn : callable, optional
        Makes a batch of a list of samples.  Default: `default_collate`; with batch_size=None `default_convert`.
    pin_memory, pin_memory_device
        For compatibility with PyTorch, without effect.
    drop_last : bool
        Leave out the last batch of an epoch if it is smaller.
    timeout : float
        Seconds to wait for a batch of a worker.  0: without limit.
    worker_init_fn : callable, optional
        Called in each worker with its number when it starts.
    multiprocessing_context : str or context, optional
        How workers start: "fork", "spawn" or "forkserver".  Default: Python's default for the system.
    generator : Generator, optional
        What the order and the epoch's seed are drawn from.  Default: `default_generator`.
    prefetch_factor : int, optional
        Batches that each worker loads in advance.  Default: 2.
    persistent_workers : bool
        Keep the workers from one epoch to the next.
    in_order : bool
        For compatibility with PyTorch.  Batches always come in order.

    Raises
    ------
    ValueError, TypeError
        If options exclude each other or are out of range.

    Notes
    -----
    **Random numbers.** Each epoch draws a seed, from `generator` or from the default one.  Before a batch is loaded,
    `random`, `numpy.random` and the default generator are seeded from it and the number of the batch.  So a data set
    that draws numbers from them gets the same ones with any number of workers, also with none, and
    `autograd.manual_seed` decides them all.  Without workers the three go on afterwards as if no batch had been
    loaded.  (In PyTorch, each worker has streams of its own, so that numbers depend on the number of workers.)  With
    an IterableDataset a batch's numbers depend on the worker too.

    **Resuming.** `state_dict` holds the position and the random state, and `load_state_dict` makes the next iteration
    go on with the same batches, to the same bits.

    **Workers.** An error in a worker is raised here, with the same type and the worker's traceback.  A worker that is
    killed is noticed.  Batches are pickled on their way from a worker.

    Examples
    --------
    >>> import autograd
    >>> from autograd.utils.data import DataLoader, TensorDataset
    >>> data = TensorDataset(autograd.arange(5), autograd.arange(5) * 10)
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([ 0, 10])
    tensor([2, 3]) tensor([20, 30])
    tensor([4]) tensor([40])
    """

    __class_getitem__: Any = classmethod(GenericAlias)  # for annotations: DataLoader[Sample]

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], object] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self._fixed = False
        if num_workers < 0:
            raise ValueError(
                f"DataLoader: num_workers is {num_workers}; it must be at least 0 (0: no worker processes)"
            )
        if timeout < 0:
            raise ValueError(f"DataLoader: timeout is {timeout} seconds; it must be at least 0 (0: no limit)")
        if num_workers == 0:
            for name, value in (
                ("prefetch_factor", prefetch_factor is not None),
                ("persistent_workers", persistent_workers),
                ("timeout", timeout),
                ("multiprocessing_context", multiprocessing_context is not None),
            ):
                if value:
                    raise ValueError(f"DataLoader: {name} is for worker processes, so it needs num_workers > 0")
        elif prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError(f"DataLoader: prefetch_factor is {prefetch_factor}; it must be at least 0")
        if generator is not None and not isinstance(generator, Generator):
            raise TypeError(f"DataLoader: generator is a {type(generator).__name__}; expects an autograd.Generator")
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            for name, given in {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}.items():
                if given is not None:
                    raise ValueError(
                        f"DataLoader: an IterableDataset comes in its own order, so {name}={given!r} cannot be obeyed"
                    )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler and shuffle are mutually exclusive: the sampler decides the order")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "DataLoader: batch_sampler is mutually exclusive with batch_size, shuffle, sampler and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("DataLoader: batch_size=None makes no batches, so it is mutually exclusive with drop_last")
        if sampler is None and not self._iterable:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler or (), batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._context = _checked_context(multiprocessing_context)
        self._epoch: _Epoch | None = None  # the last one that was begun
        self._resuming = False  # whether the next iteration goes on with it
        self._pool: Pool | None = None  # persistent workers
        self._epochs = 0  # how many were begun
        self._fixed = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and getattr(self, "_fixed", False):
            raise ValueError(f"DataLoader: {name} cannot be set afterwards; make a new DataLoader")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        return self._context

    @property
    def _order(self) -> Any:
        """What the loader takes its indices from: batches, or single ones."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        """Number of batches of an epoch; of an IterableDataset, if each sample is read once.

        Raises
        ------
        TypeError
            If the data set, or the sampler, has no length.
        """
        if not self._iterable:
            return len(self._order)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        full, rest = divmod(count, self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        if self._resuming and self._epoch is not None:
            epoch = self._epoch
            order = _begun_again(self, epoch)
            self._resuming = False
        else:
            states = [_text(generator) for generator in self._generators()]
            seed = draw_seed("DataLoader", self.generator)
            epoch = self._epoch = _Epoch(seed, states, _state_of(self._order))
            order = _Order(self, epoch)
        self._epochs += 1
        return (_Parallel if self.num_workers else _Serial)(self, epoch, order)

    # ── saving and resuming ──

    def _generators(self) -> list[Generator]:
        """The generators that the user gave to the loader and its samplers, each once."""
        found: list[Generator] = []
        parts: list[Any] = [self]
        while parts:
            part = parts.pop(0)
            generator = getattr(part, "generator", None)
            if isinstance(generator, Generator) and not any(generator is other for other in found):
                found.append(generator)
            parts += [x for name in ("batch_sampler", "sampler") if (x := getattr(part, name, None)) is not None]
        return found

    def state_dict(self) -> dict[str, Any]:
        """The position and the random state: numbers, strings and lists of them, as JSON can hold.

        Batches that workers have loaded in advance do not count as handed out.  If several iterations over the loader
        are under way, the state is that of the one that began last.  The state of the default generator is not part
        of it, but all that the loader drew from it for this epoch is.

        Examples
        --------
        >>> import autograd
        >>> from autograd.utils.data import DataLoader
        >>> loader = DataLoader(range(6), shuffle=True)
        >>> batches = iter(loader)
        >>> first = next(batches), next(batches)
        >>> other = DataLoader(range(6), shuffle=True)
        >>> other.load_state_dict(loader.state_dict())
        >>> list(other) == list(batches)
        True
        """
        epoch = None if self._epoch is None or self._epoch.ended else self._epoch
        return {
            "batches": 0 if epoch is None else epoch.batches,
            "seed": None if epoch is None else epoch.seed,
            "generators_at_start": [] if epoch is None else epoch.generators,
            "sampler_at_start": None if epoch is None else epoch.sampler,
            "generators": [_text(generator) for generator in self._generators()],
            "sampler": _state_of(self._order),
            "length": _length(self._order) if not self._iterable else None,
            "num_workers": self.num_workers if self._iterable else None,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where `state_dict` was called: the next iteration yields the rest of its epoch.

        Data set, sampler and batch size must be those of that loader; the number of workers may be another one,
        unless the data set is an IterableDataset.  The rest of the indices is drawn again, and no sample of earlier
        batches is loaded. An IterableDataset is read from its beginning.

        Raises
        ------
        ValueError
            If it is no such state, or that of another loader.  The loader is then unchanged.
        """
        state = dict(state_dict)
        expected = self.state_dict()
        if set(state) != set(expected):
            raise ValueError(f"DataLoader.load_state_dict: expects the keys {sorted(expected)}, got {sorted(state)}")
        for name in ("length", "num_workers"):
            if state[name] != expected[name]:
                raise ValueError(
                    f"DataLoader.load_state_dict: the state is another loader's: its {name} was {state[name]}, and "
                    f"this loader's is {expected[name]}"
                )
        batches, seed, lists = state["batches"], state["seed"], (state["generators"], state["generators_at_start"])
        count = len(expected["generators"])
        sizes = (count, 0 if seed is None else count)
        if (
            not isinstance(batches, int)
            or batches < 0
            or not (seed is None or (isinstance(seed, int) and seed >= 0))
            or not all(isinstance(texts, list) and len(texts) == size for texts, size in zip(lists, sizes, strict=True))
        ):
            raise ValueError(
                f"DataLoader.load_state_dict: batches must be at least 0, seed an integer, and there must be states "
                f"of {count} generators; got {state}"
            )
        for text in itertools.chain(*lists):
            Generator().set_state(_tensor(text))  # raises, before anything is changed, if it is none
        for generator, text in zip(self._generators(), state["generators"], strict=True):
            generator.set_state(_tensor(text))
        _load(self._order, state["sampler"])
        self._epoch = None
        if seed is not None:
            self._epoch = _Epoch(seed, list(lists[1]), state["sampler_at_start"], batches)
        self._resuming = seed is not None


def _checked_context(given: Any) -> Any:
    if given is None or isinstance(given, multiprocessing.context.BaseContext):
        return given
    if not isinstance(given, str):
        raise TypeError(
            f"DataLoader: multiprocessing_context must be the name of a start method or a context, not {given!r}"
        )
    methods = multiprocessing.get_all_start_methods()
    if given not in methods:
        raise ValueError(f"DataLoader: multiprocessing_context is {given!r}; this system has {methods}")
    return multiprocessing.get_context(given)


def _text(generator: Generator) -> str:
    return generator.get_state().array.tobytes().decode()


def _tensor(text: Any) -> Tensor:
    if not isinstance(text, str):
        raise ValueError(f"DataLoader.load_state_dict: the state of a generator is a string, not {text!r}")
    return wrap(np.frombuffer(text.encode(), np.uint8).copy())


def _stateful(order: Any) -> Any:
    """The sampler that has a state of its own, or None."""
    while order is not None and not hasattr(order, "state_dict"):
        order = getattr(order, "sampler", None)
    return order


def _state_of(order: Any) -> Any:
    stateful = _stateful(order)
    return None if stateful is None else copy.deepcopy(stateful.state_dict())


def _load(order: Any, state: Any) -> None:
    stateful = _stateful(order)
    if stateful is not None and state is not None:
        stateful.load_state_dict(state)


def _length(order: Any) -> int | None:
    try:
        return len(order)
    except TypeError:
        return None  # an endless sampler, say


_DRAW_AT_ONCE = (
    SequentialSampler, RandomSampler, samplers.SubsetRandomSampler, samplers.WeightedRandomSampler, DistributedSampler,
    list, tuple, range, np.ndarray, Tensor,
)  # fmt: skip


def _draws_at_once(order: Any) -> bool:
    """Whether iterating over it draws random numbers, if at all, before the first index."""
    return _draws_at_once(order.sampler) if type(order) is BatchSampler else type(order) in _DRAW_AT_ONCE


class _Order:
    """The indices of an epoch.  A sampler draws from streams of its own, seeded from the epoch's seed."""

    def __init__(self, loader: DataLoader, epoch: _Epoch) -> None:
        self._streams = Streams(seed_of(epoch.seed, SAMPLER))
        self._simple = False
        if loader._iterable:
            self._indices: Iterator[Any] = itertools.repeat(loader.batch_size)
            self._simple = True
            return
        order = loader._order
        with self._streams:
            self._indices = iter(order)
            if _draws_at_once(order):
                self._indices = itertools.chain(list(itertools.islice(self._indices, 1)), self._indices)
                self._simple = True

    def __next__(self) -> Any:
        if self._simple:
            return next(self._indices)
        with self._streams:
            return next(self._indices)


def _begun_again(loader: DataLoader, epoch: _Epoch) -> _Order:
    """The indices of an epoch that is resumed, from the first batch on that was not handed out."""
    generators = loader._generators()
    now, sampler_now = [generator.get_state() for generator in generators], _state_of(loader._order)
    try:
        for generator, text in zip(generators, epoch.generators, strict=True):
            generator.set_state(_tensor(text))
        if loader.generator is not None:
            draw_seed("DataLoader", loader.generator)  # the epoch's seed was drawn from it
        _load(loader._order, epoch.sampler)
        order = _Order(loader, epoch)
        for _ in range(0 if loader._iterable else epoch.batches):
            next(order)
    except StopIteration:
        raise RuntimeError(
            f"DataLoader: the state says that {epoch.batches} batches were handed out, and the sampler has fewer; is "
            "it the same data set, with the same batch size?"
        ) from None
    finally:
        for generator, state in zip(generators, now, strict=True):
            generator.set_state(state)
        _load(loader._order, sampler_now)
    return order


class _Batches(ABC):
    """One iteration over a loader."""

    def __init__(self, loader: DataLoader, epoch: _Epoch, order: _Order) -> None:
        self._loader, self._epoch, self._order = loader, epoch, order
        self._recipe = Recipe(loader.dataset, loader.collate_fn, loader.batch_sampler is not None, loader.drop_last)
        self._next_batch = 0 if loader._iterable else epoch.batches  # the number of the next batch to load
        self._begin()
        for _ in range(epoch.batches if loader._iterable else 0):  # a stream is read from its beginning
            self._result()

    def __iter__(self) -> _Batches:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        value: Any
        kind, value = ("end", None) if self._epoch.ended else self._result()
        if kind == "end":
            self._epoch.ended = True
            self._finish()
            raise StopIteration
        self._epoch.batches += 1
        if kind == "batch":
            return value
        try:
            raise value
        finally:
            del value  # whose traceback refers to this frame

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _result(self) -> tuple[str, Any]:
        """ "batch" and a batch, "error" and an exception, or "end" and None."""

    @abstractmethod
    def _finish(self) -> None:
        """Called at the end of the epoch."""


class _Serial(_Batches):
    """Loads batches in this process."""

    def _begin(self) -> None:
        self._fetcher: Fetcher | None = None
        self._wanted: list[Any] = []  # the indices that were taken from the sampler, and not loaded yet

    def _result(self) -> tuple[str, Any]:
        seed = self._epoch.seed
        try:
            if self._fetcher is None:
                with Streams(seed):
                    self._fetcher = Fetcher(self._recipe)
            if not self._wanted:
                self._wanted.append(next(self._order))
            with Streams(seed_of(seed, self._next_batch)):
                result = "batch", self._fetcher(self._wanted[0])
        except (StopIteration, Ended):
            return "end", None
        except Exception as error:
            result = "error", error
        self._wanted.clear()
        self._next_batch += 1
        return result

    def _finish(self) -> None:
        pass


class _Parallel(_Batches):
    """Lets workers load batches.

    Tasks are dealt to the workers in turn, and results are taken in the same turn.  A worker that has no more, which
    only the workers of an IterableDataset know before the others, is left out.
    """

    def _begin(self) -> None:
        loader = self._loader
        self._number = loader._epochs  # tells the results of this iteration from those of an earlier one
        options = (self._recipe, loader.num_workers, loader.worker_init_fn, self._epoch.seed, loader.timeout)
        if not loader.persistent_workers:
            self._pool = Pool(self, *options, loader._context)
        else:
            if loader._pool is None or loader._pool.closed:
                loader._pool = Pool(loader, *options, loader._context)
            self._pool = loader._pool
        self._outstanding = [0] * loader.num_workers  # tasks of each worker whose results were not taken yet
        self._dealt = [0] * loader.num_workers  # how many tasks each worker was given
        self._turns = list(range(loader.num_workers))  # the workers that have more, the next one first
        self._exhausted = False  # whether the sampler has no more
        self._failure: Exception | None = None  # of the sampler
        with self._closing():
            for _ in range(max(1, loader.prefetch_factor or 0)):
                for worker in range(loader.num_workers):
                    self._deal(worker)

    @contextlib.contextmanager
    def _closing(self) -> Iterator[None]:
        """End the workers if anything goes wrong, such as Ctrl-C in the middle of a message."""
        try:
            yield
        except BaseException:
            self._pool.close()
            raise

    def _deal(self, worker: int) -> None:
        if self._exhausted:
            return
        try:
            wanted = next(self._order)
        except StopIteration:
            self._exhausted = True
            return
        except Exception as error:
            self._exhausted, self._failure = True, error
            return
        number = self._dealt[worker] if self._loader._iterable else self._next_batch
        self._pool.send(worker, (self._number, self._epoch.seed, number, wanted))
        self._dealt[worker] += 1
        self._outstanding[worker] += 1
        self._next_batch += 1

    def _result(self) -> tuple[str, Any]:
        if self._pool.closed:
            raise RuntimeError("DataLoader: the workers were ended after an error; iterate over the loader again")
        if self._loader._epochs != self._number and self._loader.persistent_workers:
            raise RuntimeError(
                "DataLoader: a later iteration has taken over the persistent workers, so this one cannot go on; with "
                "persistent_workers=False, each iteration has workers of its own"
            )
        with self._closing():
            while self._turns:
                worker = self._turns[0]
                if not self._outstanding[worker]:
                    self._turns.pop(0)
                    continue
                kind, value = self._pool.receive(worker, self._number)
                self._outstanding[worker] -= 1
                self._turns.pop(0)
                if kind == "end":
                    self._pool_ignores(worker)
                    continue
                self._turns.append(worker)
                self._deal(worker)
                return kind, value
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return "end", None

    def _pool_ignores(self, worker: int) -> None:
        """The other tasks of a worker at its end have no results that matter."""
        self._outstanding[worker] = 0

    def _finish(self) -> None:
        if not self._loader.persistent_workers:
            self._pool.close()
