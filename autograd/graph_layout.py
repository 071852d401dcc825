"""Where the boxes of a drawn graph stand: in layers, with few crossings and short, straight edges.

1. Each box gets a layer below those of all boxes that it depends on.  Where an edge passes a layer, it gets a place
   there, like a box without width.
2. The order within a layer: each box is moved to the mean of its neighbours' places, sweep by sweep, down and up.  The
   order with the fewest crossings is kept.
3. The distances: each box is drawn towards its neighbours, as far as the order and the gaps between boxes allow.  The
   best places in the sense of least squares follow by pooling neighbours that would overlap.

References
----------
Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures, IEEE SMC-11(2), 1981.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

GAP = 24.0  # between neighbours of a layer
SWEEPS = 8


class Layout(NamedTuple):
    centres: list[tuple[float, float]]  # of each box
    paths: list[list[tuple[float, float, float]]]  # of each edge, the layers in between: (x, top, bottom)
    width: float
    height: float


def lay_out(sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]], between: float) -> Layout:
    """Places for boxes.

    Parameters
    ----------
    sizes : sequence of (width, height)
        Of each box, in a topological order: a box stands after those that its edges come from.
    edges : sequence of (upper, lower)
        Numbers of two boxes, upper before lower.
    between : float
        The distance from one layer to the next.

    Returns
    -------
    Layout
    """
    layer_of = _layers(len(sizes), edges)
    widths = [width for width, _ in sizes]
    passes: list[list[int]] = []  # of each edge, the places where it passes a layer
    above: list[list[int]] = [[] for _ in sizes]
    for upper, lower in edges:
        chain = [upper]
        for layer in range(layer_of[upper] + 1, layer_of[lower]):
            chain.append(len(widths))
            widths.append(0.0)
            layer_of.append(layer)
            above.append([])
        for a, b in pairwise([*chain, lower]):
            above[b].append(a)
        passes.append(chain[1:])
    below: list[list[int]] = [[] for _ in widths]
    for b, uppers in enumerate(above):
        for a in uppers:
            below[a].append(b)
    layers: list[list[int]] = [[] for _ in range(1 + max(layer_of, default=-1))]
    for box, layer in enumerate(layer_of):
        layers[layer].append(box)

    layers = _ordered(layers, above, below)
    x = _distances(layers, widths, above, below)
    left = min((x[box] - width / 2 for box, width in enumerate(widths)), default=0.0)
    tops, top = [], 0.0
    heights = [max((sizes[box][1] for box in layer if box < len(sizes)), default=0.0) for layer in layers]
    for height in heights:
        tops.append(top)
        top += height + between
    centres = [(x[box] - left, tops[layer_of[box]] + heights[layer_of[box]] / 2) for box in range(len(sizes))]
    paths = [
        [(x[place] - left, tops[layer_of[place]], tops[layer_of[place]] + heights[layer_of[place]]) for place in chain]
        for chain in passes
    ]
    right = max((x[box] + width / 2 for box, width in enumerate(widths)), default=0.0)
    return Layout(centres, paths, right - left, max(0.0, top - between))


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each box.  One that depends on nothing stands just above the first that needs it."""
    layer_of = [0] * count
    for upper, lower in sorted(edges, key=lambda edge: edge[1]):
        layer_of[lower] = max(layer_of[lower], layer_of[upper] + 1)
    depends = {lower for _, lower in edges}
    for box in set(range(count)) - depends:
        layer_of[box] = min((layer_of[lower] for upper, lower in edges if upper == box), default=1) - 1
    return layer_of


def _ordered(layers: list[list[int]], above: list[list[int]], below: list[list[int]]) -> list[list[int]]:
    """The layers in the order with the fewest crossings that was found."""
    best, fewest = layers, _crossings(layers, above)
    for sweep in range(SWEEPS):
        layers = [list(layer) for layer in layers]
        place: dict[int, int] = {}
        neighbours = below if sweep % 2 else above
        for layer in reversed(layers) if sweep % 2 else layers:
            now = {box: i for i, box in enumerate(layer)}
            layer.sort(key=lambda box: _mean([place[other] for other in neighbours[box]], now[box]))
            place |= {box: i for i, box in enumerate(layer)}
        crossings = _crossings(layers, above)
        if crossings < fewest:
            best, fewest = layers, crossings
    return best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(layers: list[list[int]], above: list[list[int]]) -> int:
    """How many pairs of edges cross."""
    total = 0
    for upper, lower in pairwise(layers):
        place = {box: i for i, box in enumerate(upper)}
        seen: list[int] = []
        for box in lower:
            ends = [place[other] for other in above[box]]
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _distances(
    layers: list[list[int]], widths: Sequence[float], above: list[list[int]], below: list[list[int]]
) -> list[float]:
    """The x of each place."""
    x = [0.0] * len(widths)
    for layer in layers:
        _settle(layer, widths, [0.0] * len(layer), x)
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        for layer in reversed(layers) if sweep % 2 else layers:
            _settle(layer, widths, [_mean([x[other] for other in neighbours[box]], x[box]) for box in layer], x)
    return x


def _settle(layer: Sequence[int], widths: Sequence[float], wanted: Sequence[float], x: list[float]) -> None:
    """Set x of a layer as near to what is wanted as its order and the gaps allow."""
    offset, offsets = 0.0, []
    for i, box in enumerate(layer):
        offset += (widths[layer[i - 1]] + widths[box]) / 2 + GAP if i else 0.0
        offsets.append(offset)
    pools: list[tuple[float, int]] = []  # (mean, count) of boxes that touch
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    for box, mean, offset in zip(layer, means, offsets, strict=True):
        x[box] = mean + offset
