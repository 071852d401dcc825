"""The op table: one row an op, and nothing else to register anywhere.

The row is what the engine runs, what the tests exercise, and what `reference()` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd import engine

table: dict[str, Op] = {}


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


@dataclass(frozen=True, eq=False)
class Op:
    """A row of the table, and the function that runs it.

    Attributes
    ----------
    name : str
    forward : callable (ctx, *arrays, **params) -> array, or tuple of arrays
        `ctx.save(...)` keeps what backward needs; `ctx.needs[i]` tells whether input i wants
        a gradient.
    backward : callable (ctx, g, **params) -> gradient, or tuple of one an input; or None
        `ctx.saved` has what was kept.  Written with operators and ops only, so that it runs
        on arrays and, for higher-order gradients, on tensors.  None: not differentiable.
    reference : callable (*arrays, **params)
        The same result in plain NumPy, slow and obvious.
    sample : callable (draw) -> Sample
        Draws a valid call; `draw` makes sizes, arrays and choices (see `autograd.testing`).
    bad_samples : sequence of BadSample
    kind : "multilinear" (linear in each input), "piecewise" (linear between kinks), "smooth",
        or "discrete" (no gradient)
    promotes : False; "same" (inputs to a common dtype); "float" (and integers to floats)
    broadcasts : bool
        Gradients come in the result's shape, and the engine sums them to the inputs'.
    """

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    reference: Callable[..., Any]
    sample: Callable[[Any], Sample]
    bad_samples: Sequence[BadSample] = ()
    kind: Literal["multilinear", "piecewise", "smooth", "discrete"] = "smooth"
    promotes: Literal[False, "same", "float"] = False
    broadcasts: bool = False

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        return engine.apply(self, inputs, params)


def check_arrays(name: str, **inputs: Any) -> None:
    """Raise where an input is neither a tensor nor an array, in a function that asks for their shapes."""
    for what, x in inputs.items():
        if not hasattr(x, "ndim"):
            raise TypeError(
                f"{name}: {what} is a {type(x).__name__}; expects a tensor (autograd.tensor(...) makes one of a list)"
            )


def register(op: Op) -> Op:
    """Put a row in the table.  A name is taken once: a second op of that name is an error."""
    if op.name in table:
        raise ValueError(f"register: there is an op named {op.name!r} already; give yours another name")
    table[op.name] = op
    return op
