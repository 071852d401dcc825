"""Calls of every public function, as a user of PyTorch writes them, to compare both libraries.

Each file calls_*.py has one or more generators per function.  Nothing here needs torch, so the
plain test suite uses the calls to check that every function runs the row of its name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from autograd.testing import Draw

Where = Literal["torch", "functional", "method", "special"]


@dataclass(frozen=True)
class Call:
    """A function that torch has too: `torch.name`, `torch.nn.functional.name`, or a tensor method.

    Attributes
    ----------
    generate : callable (draw) -> (positional arguments, keyword arguments)
        NumPy arrays among them, also in lists and tuples, become tensors of the library under test.
        Dtypes become that library's dtypes.
    """

    name: str
    where: Where
    generate: Callable[[Draw], tuple[tuple[Any, ...], dict[str, Any]]]

    def find(self, root: Any, functional: Any, tensor_class: Any) -> Callable[..., Any]:
        homes = {"torch": root, "functional": functional, "method": tensor_class}
        return getattr(homes.get(self.where) or getattr(root, self.where), self.name)


CALLS: list[Call] = []


def call(name: str, where: Where) -> Callable[[Any], Any]:
    """Register a generator of calls."""

    def note(generate: Any) -> Any:
        CALLS.append(Call(name, where, generate))
        return generate

    return note


def all_calls() -> list[Call]:
    """The calls of every calls_*.py in this folder."""
    for path in sorted(Path(__file__).parent.glob("calls_*.py")):
        importlib.import_module(f"{__package__}.{path.stem}")
    return CALLS


class Constant(np.ndarray):
    """An array whose tensor does not require grad."""


def constant(array: np.ndarray) -> Constant:
    """The array as one whose tensor does not require grad, such as weights of classes."""
    return array.view(Constant)


def map_arrays(function: Callable[[Any], Any], value: Any) -> Any:
    """The value with function(array) for each array in it and function(dtype) for each dtype."""
    if isinstance(value, np.ndarray | np.dtype):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)(map_arrays(function, item) for item in value)
    return {k: map_arrays(function, v) for k, v in value.items()} if isinstance(value, dict) else value
