"""Recording on and off: whether the operations of this thread become part of a graph."""

from __future__ import annotations

import threading
from typing import Any, Self, overload

from autograd.contexts import ContextDecorator, Function


class _ThreadState(threading.local):
    recording = True


state = _ThreadState()


def is_grad_enabled() -> bool:
    """Whether this thread records."""
    return state.recording


class _Mode(ContextDecorator):
    """A context or decorator that sets recording in this thread and puts it back."""

    mode: bool

    def _recreate_cm(self) -> _Mode:
        return type(self)()  # each call of a decorated function, in whatever thread, has its own `outer`

    def __enter__(self) -> None:
        self.outer = state.recording
        state.recording = self.mode

    def __exit__(self, *exception: object) -> None:
        state.recording = self.outer


class set_grad_enabled(_Mode):
    """Turn recording on or off in this thread, at once; as a context, until its end."""

    def __init__(self, mode: bool) -> None:
        self.outer, self.mode = state.recording, bool(mode)
        state.recording = self.mode

    def __call__(self, function: Function) -> Function:
        state.recording = self.outer  # as a decorator it sets nothing now, but at every call
        return super().__call__(function)

    def _recreate_cm(self) -> set_grad_enabled:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        state.recording = self.mode  # what was before is known since the call


class _Plain(_Mode):
    """A mode that may decorate a function without parentheses, as in @no_grad."""

    @overload
    def __new__(cls, function: None = None) -> Self: ...
    @overload
    def __new__(cls, function: Function) -> Function: ...  # type: ignore[misc]

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        return mode if function is None else mode(function)


class no_grad(_Plain):
    """Context or decorator: record nothing in this thread.

    Of a decorated generator each piece from one value to the next runs inside, and the code that takes the values
    does not.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(2, requires_grad=True)
    >>> with autograd.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    mode = False


class enable_grad(_Plain):
    """Context or decorator: record again, inside a `no_grad`, in this thread."""

    mode = True


class inference_mode(_Mode):
    """Context or decorator: record nothing in this thread, as `no_grad`; with mode=False, record.

    Parameters
    ----------
    mode : bool
        Whether this is inference.
    """

    @overload
    def __new__(cls, mode: bool = True) -> Self: ...
    @overload
    def __new__(cls, mode: Function) -> Function: ...  # type: ignore[misc]

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if callable(mode):  # @inference_mode, without parentheses
            made.mode = False
            return made(mode)
        return made

    def __init__(self, mode: bool = True) -> None:
        self.mode = not mode

    def _recreate_cm(self) -> inference_mode:
        return type(self)(not self.mode)
