r"""How a batch is cut into shards, and the fixed order in which what was computed for them is added.

Floating-point addition rounds, so the order of additions decides the last bits of a sum.  Here the order is a binary
tree over the shards, and depends on nothing else:

    shards   0   1   2   3   4   5        sum = ((s0 + s1) + (s2 + s3)) + (s4 + s5)
              \ /     \ /     \ /
    level 1    0       1       2
                \     /        |
    level 2        0           1
                    \         /
    level 3              0

A rank owns a run of neighbouring shards.  It adds what lies in whole subtrees, its *blocks*, and sends these.  Whoever
completes the tree from the blocks makes the same additions as one process that has all the shards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


def run(count: int, parts: int, part: int) -> range:
    """The indices of one of `parts` contiguous runs of range(count), whose lengths differ by 1 at most.

    Examples
    --------
    >>> from autograd.distributed.tree import run
    >>> [list(run(5, 3, part)) for part in range(3)]
    [[0], [1, 2], [3, 4]]
    """
    return range(count * part // parts, count * (part + 1) // parts)


def own_rows(rows: int, shards: int, ranks: int, rank: int) -> range:
    """The rows that belong to a rank, if a batch is cut into shards, and these are dealt to ranks."""
    own = run(shards, ranks, rank)
    return range(run(rows, shards, own.start).start, run(rows, shards, own.stop - 1).stop)


def with_none(add: Callable[[T, T], T]) -> Callable[[T | None, T | None], T | None]:
    """The same addition, to which None, the value of a shard without rows, adds nothing."""
    return lambda a, b: b if a is None else a if b is None else add(a, b)


class Block(NamedTuple):
    """A subtree: the shards from place · 2^level to (place + 1) · 2^level - 1, as far as there are so many."""

    level: int
    place: int


class PairwiseSum(Generic[T]):
    """Adds values of blocks, which come in ascending order, as soon as both halves of a larger block are there.

    At any time it holds at most two values for each level of the tree.

    Parameters
    ----------
    add : function
        Of two values, the one with the smaller shards first.

    Examples
    --------
    >>> from autograd.distributed.tree import PairwiseSum
    >>> tree = PairwiseSum(lambda a, b: f"({a}+{b})")
    >>> for shard in range(6):
    ...     tree.push(shard, str(shard))
    >>> tree.total()
    '(((0+1)+(2+3))+(4+5))'
    """

    def __init__(self, add: Callable[[T, T], T]) -> None:
        self.blocks: list[tuple[Block, T]] = []
        self._add = add

    def push(self, place: int, value: T, level: int = 0) -> None:
        """Take the value of a block; of a shard, unless a level is given."""
        while place % 2 and self.blocks and self.blocks[-1][0] == (level, place - 1):
            value = self._add(self.blocks.pop()[1], value)
            level, place = level + 1, place // 2
        self.blocks.append((Block(level, place), value))

    def total(self) -> T:
        """The sum of all shards, when all have been pushed.  On the right, where shards may lack, a half is missing."""
        value = self.blocks[-1][1]
        for _, left in reversed(self.blocks[:-1]):
            value = self._add(left, value)
        return value


def blocks(shards: Iterable[int]) -> list[Block]:
    """The blocks that a rank with these neighbouring shards makes of them.

    Examples
    --------
    >>> from autograd.distributed.tree import blocks
    >>> blocks(range(3, 8))
    [Block(level=0, place=3), Block(level=2, place=1)]
    """
    tree = PairwiseSum[None](lambda a, b: None)
    for shard in shards:
        tree.push(shard, None)
    return [block for block, _ in tree.blocks]
