"""Adding arrays of all ranks in the order of the tree, in one of three ways that give the same bits.

    gather       everybody gets all blocks and completes the tree      fewest messages
    halves       ranks exchange sums with a neighbour, then with a neighbour's neighbour, …      log₂(ranks) rounds
    slices       each rank completes the tree for a slice of the elements, and gets the others' results      least data

Each element is added up in the tree, whichever way it travels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.distributed.group import Group
from autograd.distributed.tree import Block, PairwiseSum, blocks, run, with_none
from autograd.types import Array

Add = Callable[[Array, Array], Array]  # may write to its first argument and return it


class Layout(NamedTuple):
    """Which blocks each rank has, and which of them are empty, because a batch has fewer rows than shards."""

    of: tuple[tuple[Block, ...], ...]  # [rank]
    filled: tuple[tuple[bool, ...], ...]

    @property
    def can_halve(self) -> bool:
        """Whether ranks can exchange sums: a power of two of them, each with one filled block of the same level."""
        ranks, level = len(self.of), self.of[0][0].level if self.of[0] else 0
        return ranks & (ranks - 1) == 0 and all(
            len(own) == 1 and own[0].level == level and full[0] for own, full in zip(self.of, self.filled, strict=True)
        )


@lru_cache(maxsize=64)
def layout(shards: int, ranks: int, rows: int) -> Layout:
    """Where the blocks are, if a batch of `rows` is cut into shards, and these are dealt to ranks."""

    def is_filled(block: Block) -> bool:
        first, last = block.place << block.level, min((block.place + 1) << block.level, shards)
        return run(rows, shards, first).start < run(rows, shards, last - 1).stop

    of = tuple(tuple(blocks(run(shards, ranks, rank))) for rank in range(ranks))
    return Layout(of, tuple(tuple(is_filled(block) for block in own) for own in of))


def one_each(ranks: int) -> Layout:
    """The layout of one value for each rank."""
    return layout(ranks, ranks, ranks)


def add_into(a: Array, b: Array) -> Array:
    a += b
    return a


def reduce_blocks(
    group: Group,
    where: Layout,
    values: Sequence[Array | None],
    size: int,
    dtype: np.dtype,
    what: str,
    add: Add = add_into,
    way: str | None = None,
) -> Array:
    """The sum of the blocks of all ranks, on every rank.

    Parameters
    ----------
    where : Layout
    values : sequence of Array, (size,)
        Of this rank's own blocks, None of empty ones.  They may be overwritten.
    size, dtype
        Of the arrays.  A rank whose blocks are all empty has none.
    what : str
        The caller, for errors.
    way : "gather", "halves" or "slices", optional
        Default: the fastest for this size.  All give the same bits.
    """
    own = [value for value in values if value is not None]
    if group.size == 1:
        return _complete(where, own, add)
    mine = own[0] if len(own) == 1 else np.stack(own) if own else np.empty((0, size), dtype)
    return _WAYS[way or fastest(where, size * dtype.itemsize)](group, where, mine.reshape(len(own), size), what, add)


def fastest(where: Layout, size: int) -> str:
    """The way for arrays of this size in bytes (docs/scaling.md has the measurements)."""
    ranks = len(where.of)
    if size > SLICED and ranks > 2:
        return "slices"
    return "halves" if where.can_halve else "gather"


def _complete(where: Layout, values: Iterable[Array], add: Add) -> Array:
    """The sum of the filled blocks, given in order."""
    tree = PairwiseSum[Array | None](with_none(add))
    left = iter(values)
    for own, full in zip(where.of, where.filled, strict=True):
        for (level, place), there in zip(own, full, strict=True):
            tree.push(place, next(left) if there else None, level)
    total = tree.total()
    assert total is not None  # some block is filled
    return total


def _by_gather(group: Group, where: Layout, own: Array, what: str, add: Add) -> Array:
    counts, size = [sum(full) for full in where.filled], own.shape[1]
    received = group.all_gather(own.reshape(-1), [size * count for count in counts], what)
    return _complete(where, received.reshape(sum(counts), size), add)


def _by_halves(group: Group, where: Layout, own: Array, what: str, add: Add) -> Array:
    if not where.can_halve:
        raise ValueError(f"{what}: ranks and shards do not form pairs of equal blocks, so halves cannot be exchanged")
    value, distance = own[0], 1
    while distance < group.size:
        other = group.exchange(value, group.rank ^ distance, what)
        value = add(other, value) if group.rank & distance else add(value, other)
        distance *= 2
    return value


def _by_slices(group: Group, where: Layout, own: Array, what: str, add: Add) -> Array:
    counts = [sum(full) for full in where.filled]
    slices = [run(own.shape[1], group.size, rank) for rank in range(group.size)]
    mine = len(slices[group.rank])
    # one block lies in memory slice after slice already
    sent = own if len(own) == 1 else np.concatenate([own[:, part.start : part.stop].reshape(-1) for part in slices])
    received = group.all_to_all(
        sent.reshape(-1), [len(own) * len(part) for part in slices], [count * mine for count in counts], what
    )
    result = _complete(where, received.reshape(sum(counts), mine), add)
    return group.all_gather(result, [len(part) for part in slices], what)


_WAYS = {"gather": _by_gather, "halves": _by_halves, "slices": _by_slices}
SLICED = 1 << 19  # bytes; see `fastest`
