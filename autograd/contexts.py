"""Context managers that also decorate functions, generators and coroutines."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class ContextDecorator(contextlib.ContextDecorator):
    """A context that may decorate a function, whose body then runs inside it.

    The body of a generator runs in pieces, from one yield to the next, that of a coroutine from one await to the
    next.  Each piece runs inside the context.  The code between two pieces runs outside.
    """

    def __call__(self, function: Function) -> Function:
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{type(self).__name__}: cannot decorate {function.__name__!r}, an asynchronous generator; "
                f"write `with {type(self).__name__}(...):` inside it, around what does not await"
            )
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generate(*args: Any, **kwargs: Any) -> Any:
                return (yield from self._in_pieces(function(*args, **kwargs)))

            return generate  # type: ignore[return-value]
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wait(*args: Any, **kwargs: Any) -> Any:
                return await types.coroutine(self._in_pieces)(function(*args, **kwargs))

            return wait  # type: ignore[return-value]
        return super().__call__(function)

    def _in_pieces(self, inner: Generator | Coroutine) -> Generator[Any, Any, Any]:
        """Delegate to `inner` as `yield from` does (PEP 380), with a new context around each piece."""
        resume: Callable[[Any], Any] = inner.send
        sent: Any = None
        while True:
            try:
                with self._recreate_cm():  # type: ignore[attr-defined]
                    value = resume(sent)
            except StopIteration as end:
                return end.value
            try:
                resume, sent = inner.send, (yield value)
            except GeneratorExit:
                with self._recreate_cm():  # type: ignore[attr-defined]
                    inner.close()
                raise
            except BaseException as error:
                resume, sent = inner.throw, error
