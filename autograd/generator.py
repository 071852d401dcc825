"""Generator: a source of random numbers with a seed and a state of its own, and the one that is used by default."""

from __future__ import annotations

import json
import operator
import secrets
import weakref
from typing import Any

import numpy as np

from autograd.devices import Device, check_device, device as _device
from autograd.kernels.threads import hold_during_fork
from autograd.tensor import Tensor, wrap

_FIRST_SEED = 67280421310721  # PyTorch's, of a generator that nobody has seeded


class _Locks:
    """The locks of all generators.  NumPy holds a generator's lock while it draws from it."""

    def __init__(self) -> None:
        self.locks: dict[int, Any] = {}
        self._held: tuple[Any, ...] = ()

    def acquire(self) -> None:
        self._held = tuple(self.locks.values())  # one step: another thread may make a generator meanwhile
        for lock in self._held:
            lock.acquire()

    def release(self) -> None:
        for lock in self._held:
            lock.release()
        self._held = ()


_locks = _Locks()
hold_during_fork(_locks)


class Generator:
    """A source of random numbers.  Random functions take one as `generator=`.

    The numbers are those of NumPy's PCG64.  Generators with the same seed, or the same state, give the same numbers.
    Several threads may draw from one generator; which of them gets which number then depends on their timing.

    Parameters
    ----------
    device : None or "cpu"
        The only device.

    Raises
    ------
    ValueError
        For another device.

    Examples
    --------
    >>> import autograd
    >>> g = autograd.Generator().manual_seed(5)
    >>> state = g.get_state()
    >>> x = autograd.rand(3, generator=g)
    >>> autograd.equal(autograd.rand(3, generator=g.set_state(state)), x)
    True
    """

    def __init__(self, device: Device = None) -> None:
        check_device("Generator", device)
        self._device = _device("cpu" if device is None else device)
        self._seed = _FIRST_SEED
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))  # what all functions draw from
        lock = self.numpy.bit_generator.lock
        _locks.locks[id(lock)] = lock
        weakref.finalize(self, _locks.locks.pop, id(lock), None).atexit = False

    @property
    def device(self) -> _device:
        return self._device

    def manual_seed(self, seed: int) -> Generator:
        """Seed the generator.  Returns the generator.

        Parameters
        ----------
        seed : int, at least -2⁶³
            A negative seed stands for seed + 2⁶⁴, as in PyTorch.

        Raises
        ------
        ValueError
            If the seed is no integer, or is less than -2⁶³.
        """
        self._seed = checked_seed("manual_seed", seed)
        self.numpy.bit_generator.state = np.random.PCG64(self._seed).state
        return self

    def seed(self) -> int:
        """Seed the generator with a random number from the system.  Returns the seed."""
        self.manual_seed(secrets.randbits(64))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the generator was last given."""
        return self._seed

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor, for `set_state` and checkpoints."""
        state = {**self.numpy.bit_generator.state, "seed": self._seed}
        return wrap(np.frombuffer(json.dumps(state).encode(), np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Restore a state that `get_state` returned.  Returns the generator.

        Raises
        ------
        ValueError
            If it is not such a state.  The generator is then unchanged.
        """
        return self._restore("set_state", "get_state", new_state)

    def _restore(self, name: str, source: str, new_state: Tensor) -> Generator:
        trial = np.random.PCG64(0)
        try:
            wanted = json.loads(np.asarray(new_state, np.uint8).tobytes())
            seed = wanted.pop("seed", self._seed)  # states of older checkpoints have none
            trial.state = wanted
            if trial.state != wanted or not isinstance(seed, int) or seed < 0:
                raise ValueError("its numbers are out of range")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"{name}: this tensor is not a state of {source} ({error})") from None
        self._seed = seed
        self.numpy.bit_generator.state = trial.state
        return self

    def _snapshot(self) -> tuple[Any, int]:
        """The state, for `_return_to`, without the conversion to a tensor."""
        return self.numpy.bit_generator.state, self._seed

    def _return_to(self, snapshot: tuple[Any, int]) -> None:
        self.numpy.bit_generator.state, self._seed = snapshot

    def clone_state(self) -> Generator:
        """A new generator in the same state, which then goes its own way."""
        return Generator(self._device).set_state(self.get_state())

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle holds the state, so that a data set may carry a generator to the processes that load it."""
        return _restored, (self.get_state().array,)


def _restored(state: np.ndarray) -> Generator:
    return Generator().set_state(wrap(state))


def checked_seed(name: str, seed: Any) -> int:
    """The seed as an int of at least 0."""
    try:
        number = operator.index(seed)
    except TypeError:
        raise ValueError(f"{name}: the seed must be an integer, not {seed!r}") from None
    if number < -(2**63):
        raise ValueError(f"{name}: the seed must be an integer of at least -2**63, not {seed!r}")
    return number if number >= 0 else number + 2**64


default_generator = Generator()
default_generator.seed()  # unseeded runs differ


def numpy_generator(name: str, generator: Generator | None) -> np.random.Generator:
    """What a random function draws from: the generator that it was given, or the default one.

    Raises
    ------
    TypeError
        If it was given something else.
    """
    if generator is None:
        return default_generator.numpy
    if not isinstance(generator, Generator):
        raise TypeError(
            f"{name}: generator is a {type(generator).__name__}; expects an autograd.Generator, such as "
            "autograd.Generator().manual_seed(0)"
        )
    return generator.numpy
