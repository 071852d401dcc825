"""NumPy's names of arguments, which PyTorch accepts too: `axis` for `dim` and `keepdims` for `keepdim`.

So it is with `input`, which is called `A` in functions of linear algebra: `det(input)` is `linalg.det(A)`.

The functions are written with PyTorch's names.  This wraps each that has one of them, so that editors and
documentation show the function as it is written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

OTHER_NAMES = {"axis": "dim", "keepdims": "keepdim", "axis0": "dim0", "axis1": "dim1", "input": "A"}


def accept_numpy_names(namespace: dict[str, Any]) -> None:
    """Wrap the functions of a namespace that have an argument with another name in NumPy."""
    for name, function in list(namespace.items()):
        if isinstance(function, FunctionType) and not name.startswith("_"):
            code = function.__code__
            arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            names = {other: ours for other, ours in OTHER_NAMES.items() if ours in arguments and other not in arguments}
            if names:
                namespace[name] = _accepting(function, names, namespace["__name__"])


def _accepting(function: Callable[..., Any], names: dict[str, str], module: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not names.keys().isdisjoint(kwargs):
            kwargs = _renamed(function.__name__, kwargs, names)
        return function(*args, **kwargs)

    renamed.__module__ = module  # where it is found, by pickle too
    return renamed


def _renamed(function: str, given: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in given.items():
        ours = names.get(name, name)
        if ours in result or (ours != name and ours in given):
            raise TypeError(f"{function}: {name} is another name of {ours}; give one of them")
        result[ours] = value
    return result
