"""A training step of a network whose layers are written out: plain Python in `loops`, NumPy in `vectorized`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol


class Layer(Protocol):
    """The interface of a layer.

    ``forward`` saves what ``backward`` needs. ``backward`` takes the gradient with respect to the
    output, returns the gradient with respect to the input, and stores those of the weights.
    """

    name: str
    weights: list[Any]
    gradients: list[Any]  # one for each of the weights

    def forward(self, x: Any) -> Any: ...

    def backward(self, g: Any) -> Any: ...


def passes(layers: Sequence[Layer], x: Any, update: Callable[[], None]) -> Iterator[tuple[str, str]]:
    """Do a training step; after each of its parts, yield the part's name: a layer and a direction.

    Parameters
    ----------
    layers : sequence of Layer
        The last one is the loss.
    x : list or array, (N, C, H, W)
        The images.
    update : callable
        Changes the weights by their gradients. It counts as a layer with only a backward.
    """
    for layer in layers:
        x = layer.forward(x)
        yield layer.name, "forward"
    g: Any = 1.0
    for layer in reversed(layers):
        g = layer.backward(g)
        yield layer.name, "backward"
    update()
    yield "optimizer", "backward"


def step(layers: Sequence[Layer], x: Any, update: Callable[[], None]) -> None:
    """Do a training step."""
    for _ in passes(layers, x, update):
        pass
