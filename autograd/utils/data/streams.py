"""Random numbers of an epoch: every batch, and the sampler, draws from streams that are seeded from the epoch's seed.

So what a data set draws for a batch depends on the epoch's seed and the number of the batch alone: not on which
process loads it, nor on what the training drew in between.  That is why the numbers are the same with any number of
workers, and why an epoch can be resumed at any batch.

The streams are the three that programs draw from: `random`, `numpy.random` and `default_generator`.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from autograd.generator import default_generator

SAMPLER = -1  # in place of a batch's number


def seed_streams(seed: int) -> None:
    """Seed `random`, `numpy.random` and the default generator, each with a number made from the seed."""
    python, *legacy = np.random.SeedSequence(seed).generate_state(5)
    random.seed(int(python))
    np.random.seed(legacy)  # noqa: NPY002  (the stream that data sets use)
    default_generator.manual_seed(seed)


def seed_of(epoch: int, batch: int, worker: int = 0) -> int:
    """The seed of a batch in an epoch whose seed is `epoch`: 64 bits.

    `worker` is 0 unless batches are numbered by each worker for itself, as for an IterableDataset.
    """
    entropy = np.random.SeedSequence([epoch, batch - SAMPLER, worker])
    return int(entropy.generate_state(1, np.uint64)[0])


class Streams:
    """A context in which the three streams go on from where this object left them, or from a seed.

    Afterwards they are what they were before.  Other Python threads should not draw from them meanwhile.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._states: Any = None

    def __enter__(self) -> None:
        self._outside = _states()
        if self._states is None:
            seed_streams(self._seed)
        else:
            _restore(self._states)

    def __exit__(self, *error: object) -> None:
        self._states = _states()
        _restore(self._outside)


def _states() -> Any:
    return random.getstate(), np.random.get_state(), default_generator._snapshot()  # noqa: NPY002


def _restore(states: Any) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    default_generator._return_to(states[2])
