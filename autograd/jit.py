"""`jit`: functions and modules stay as they are, since there is no TorchScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Code = TypeVar("Code", bound=Callable[..., Any])


def script(obj: Code, *arguments: Any, **options: Any) -> Code:
    """Return the function, class or module as it is."""
    return obj


def trace(func: Code, example_inputs: Any = None, *arguments: Any, **options: Any) -> Code:
    """Return the function or module as it is.  It is not run, and its control flow stays."""
    return func


def ignore(drop: Any = False, **options: Any) -> Any:
    """A decorator that returns the function as it is, with or without parentheses."""
    return drop if callable(drop) else lambda function: function


def unused(fn: Code) -> Code:
    """Return the function as it is."""
    return fn


export = unused


def is_scripting() -> bool:
    """Return False."""
    return False


is_tracing = is_scripting


def save(m: Any, f: Any, *arguments: Any, **options: Any) -> None:
    """Raise NotImplementedError."""
    raise NotImplementedError("jit.save: there is no TorchScript; save model.state_dict() with autograd.save")


def load(f: Any, *arguments: Any, **options: Any) -> Any:
    """Raise NotImplementedError."""
    raise NotImplementedError(
        "jit.load: a TorchScript file is a program, which is not run; save the model's state_dict() in PyTorch, and "
        "load it into a model defined here"
    )
