"""The op table: one row an op, and nothing else to register anywhere.

The row is what the engine runs, what the tests exercise, and what `reference()` reads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from autograd import engine, tracebacks
from autograd.arguments import check_arrays as check_arrays

table: dict[str, Any] = {}  # name -> Op or Composite


@dataclass(frozen=True)
class Sample:
    """One call of an op: its inputs, in order, and its parameters by name."""

    inputs: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BadSample:
    """A call that must raise `error` with every one of `words` in its message."""

    inputs: tuple[Any, ...]
    params: dict[str, Any]
    error: type[Exception]
    words: Sequence[str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Row(ABC):
    """What every function that users call is tested by.

    Attributes
    ----------
    name : str
    reference : callable (*arrays, **params)
        The result in plain NumPy, slow and obvious; it calls no kernel and no other op.
    sample : callable (draw) -> Sample
        Draws a valid call; `draw` makes sizes, arrays and choices (see `autograd.testing`).
    bad_samples : sequence of BadSample
    kind : "multilinear" (linear in each input), "piecewise" (linear between kinks), "smooth",
        or "discrete" (no gradient)
    """

    name: str
    reference: Callable[..., Any]
    sample: Callable[[Any], Sample]
    bad_samples: Sequence[BadSample] = ()
    kind: Literal["multilinear", "piecewise", "smooth", "discrete"] = "smooth"

    @abstractmethod
    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Run it: on tensors or arrays."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Op(Row):
    """A row with a forward and a backward of its own: what the engine records.

    Attributes
    ----------
    check : callable (*arrays, **params), or None
        Raises, in a sentence, for a call that must not run.
    forward : callable (*arrays, **params) -> array, or tuple of arrays
        The reference's result, faster.
    backward : callable (ctx, g, **params) -> gradient, or tuple of one an input; or None
        Takes a g for every output.  `ctx.needs_input_grad[i]` tells whether input i wants a gradient,
        `ctx.shapes[i]` is its shape, `ctx.saved_tensors` has what `saves` names.  Written with operators
        and ops only, so that it runs on arrays and, for higher-order gradients, on tensors.
        A gradient is the number 0 where it is zero everywhere, and None where there is none.
        No backward, None: not differentiable.
    saves : tuple of int
        What backward needs: i for input i, ~i for output i.
    promotes : False; "same" (inputs to a common dtype); "float" (and integers to floats)
    broadcasts : bool
        Gradients come in the result's shape, and the engine sums them to the inputs'.
    flops : callable (inputs, outputs, **params) -> int, or int
        Floating-point operations of a forward, from the arrays; a multiply-add is two.  A number:
        so many for each element of the largest array.  0: nothing is computed, only moved.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    check: Callable[..., None] | None = None
    saves: tuple[int, ...] = ()
    promotes: Literal[False, "same", "float"] = False
    broadcasts: bool = False
    flops: Callable[..., int] | int = 1

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        try:
            return engine.apply(self, inputs, params)
        except Exception as error:
            tracebacks.shorten(error)
            raise


@dataclass(frozen=True, eq=False, kw_only=True)
class Composite(Row):
    """A row whose function calls ops: its gradients are theirs, and are tested all the same.

    Attributes
    ----------
    function : callable (*inputs, **params)
    """

    function: Callable[..., Any]

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        return self.function(*inputs, **params)


AnyRow = TypeVar("AnyRow", bound=Row)


def _origin(row: Row) -> list[tuple[str, str]]:
    """Where a row was written: module and name of its functions."""
    functions: list[Any] = [getattr(row, "forward", None) or getattr(row, "function", None), row.reference, row.sample]
    return [(getattr(f, "__module__", None) or "", getattr(f, "__qualname__", "")) for f in functions]


def register(row: AnyRow) -> AnyRow:
    """Put a row in the table.

    A name is taken once.  A second row of that name is an error, unless it is from the same place, as when a cell of
    a notebook runs again: its functions have the modules and the names of the first one's.  Then it replaces the
    first.  None replaces an op of lucidgrad.
    """
    if row.name in table:
        origin = _origin(row)
        if origin != _origin(table[row.name]) or any(module.startswith("autograd.") for module, _ in origin):
            raise ValueError(f"register: there is an op named {row.name!r} already; give yours another name")
    table[row.name] = row
    return row
