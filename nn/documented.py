"""Docstrings of layers that differ in the number of dimensions only, such as MaxPool1d, MaxPool2d and MaxPool3d."""

from __future__ import annotations

import inspect


def described(base: type, summary: str, example: str) -> str:
    """The docstring of a layer: its own first sentence, then the base class's docstring, and an example."""
    shared = inspect.cleandoc(base.__doc__ or "")  # none under python -OO
    return f"{summary}  {shared}\n\nExamples\n--------\n{inspect.cleandoc(example)}\n"
