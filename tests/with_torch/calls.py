"""What the second opinion is asked about: calls of every public function, as a user of PyTorch writes them.

The files calls_*.py hold one or more generators a function.  Nothing here needs torch: the
plain suite uses the calls to see that every function runs the row of its name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from autograd.testing import Draw

Where = Literal["torch", "functional", "method"]


@dataclass(frozen=True)
class Call:
    """A function that torch has too: `torch.name`, `torch.nn.functional.name`, or a method of its tensors.

    Attributes
    ----------
    generate : callable (draw) -> (positional arguments, keyword arguments)
        NumPy arrays among them, in lists and tuples too, become tensors of either side, and dtypes
        those of either side.
    """

    name: str
    where: Where
    generate: Callable[[Draw], tuple[tuple[Any, ...], dict[str, Any]]]

    def find(self, root: Any, functional: Any, tensor_class: Any) -> Callable[..., Any]:
        home = {"torch": root, "functional": functional, "method": tensor_class}[self.where]
        return getattr(home, self.name)


CALLS: list[Call] = []


def call(name: str, where: Where) -> Callable[[Any], Any]:
    """Note a generator of calls."""

    def note(generate: Any) -> Any:
        CALLS.append(Call(name, where, generate))
        return generate

    return note


def all_calls() -> list[Call]:
    """The calls of every calls_*.py beside this file."""
    for path in sorted(Path(__file__).parent.glob("calls_*.py")):
        importlib.import_module(f"{__package__}.{path.stem}")
    return CALLS


class Constant(np.ndarray):
    """An array that PyTorch takes no gradient of."""


def constant(array: np.ndarray) -> Constant:
    """The array, which becomes a tensor that does not require grad: weights of classes, say."""
    return array.view(Constant)


def map_arrays(function: Callable[[Any], Any], value: Any) -> Any:
    """The value with function(array) for every array in it, and function(dtype) for every dtype."""
    if isinstance(value, np.ndarray | np.dtype):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)(map_arrays(function, item) for item in value)
    return {k: map_arrays(function, v) for k, v in value.items()} if isinstance(value, dict) else value
