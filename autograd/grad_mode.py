"""Grad mode: whether the operations of a thread are recorded."""

from __future__ import annotations

import threading
from typing import Any, Self, overload

from autograd.contexts import ContextDecorator, Function


class _ThreadState(threading.local):
    recording = True


state = _ThreadState()


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded.

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> autograd.is_grad_enabled()
    True
    """
    return state.recording


class _Mode(ContextDecorator):
    """A context or decorator that sets the grad mode of this thread and restores it."""

    mode: bool

    def _recreate_cm(self) -> _Mode:
        return type(self)()  # a new object, with its own `outer`, for each call of a decorated function

    def __enter__(self) -> None:
        self.outer = state.recording
        state.recording = self.mode

    def __exit__(self, *exception: object) -> None:
        state.recording = self.outer


class set_grad_enabled(_Mode):
    """Turn recording on or off in this thread, immediately.  As a context, restore the mode at its end.

    As a decorator, it sets the mode in each call of the function only.

    Parameters
    ----------
    mode : bool
        Whether operations are recorded.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(2, requires_grad=True)
    >>> training = False
    >>> with autograd.set_grad_enabled(training):
    ...     y = x * 2
    >>> y.requires_grad, autograd.is_grad_enabled()
    (False, True)
    """

    def __init__(self, mode: bool) -> None:
        self.outer, self.mode = state.recording, bool(mode)
        state.recording = self.mode

    def __call__(self, function: Function) -> Function:
        state.recording = self.outer  # a decorator sets the mode in each call, not now
        return super().__call__(function)

    def _recreate_cm(self) -> set_grad_enabled:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        state.recording = self.mode  # __init__ stored the mode to restore


class _Plain(_Mode):
    """A mode that can be used as a decorator without parentheses, as in @no_grad."""

    @overload
    def __new__(cls, function: None = None) -> Self: ...
    @overload
    def __new__(cls, function: Function) -> Function: ...  # type: ignore[misc]

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        return mode if function is None else mode(function)


class no_grad(_Plain):
    """Context or decorator: do not record operations of this thread.

    A decorated generator runs inside the context, the code that consumes its values outside.

    Parameters
    ----------
    function : callable, optional
        The function that `@no_grad` decorates.  `no_grad()` takes none.

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
    """Context or decorator: record operations of this thread again, inside a `no_grad`.

    Parameters
    ----------
    function : callable, optional
        The function that `@enable_grad` decorates.  `enable_grad()` takes none.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(2, requires_grad=True)
    >>> with autograd.no_grad():
    ...     with autograd.enable_grad():
    ...         y = x * 2
    >>> y.requires_grad
    True
    """

    mode = True


class inference_mode(_Mode):
    """Context or decorator: the same as `no_grad`; with mode=False, the same as `enable_grad`.

    Parameters
    ----------
    mode : bool
        Whether this is inference.  As `@inference_mode` without parentheses, the function that it decorates.

    Examples
    --------
    >>> import autograd
    >>> layer = autograd.ones(2, requires_grad=True)
    >>> @autograd.inference_mode()
    ... def predict(x):
    ...     return layer * x
    >>> predict(autograd.tensor([3.0, 4.0]))
    tensor([3., 4.])
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
