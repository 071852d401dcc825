"""The op table.  One row defines an op: the engine runs it, the tests check it, `reference()` reads it.

Nothing has to be registered anywhere else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from autograd import engine, tracebacks

table: dict[str, Any] = {}  # name -> Op or Composite


@dataclass(frozen=True)
class Sample:
    """A call of an op.

    Parameters
    ----------
    inputs : tuple of ndarray, and of what else the op takes
        In order.
    params : dict, optional
        The parameters by name.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> from autograd.op import table
    >>> sample = autograd.Sample((np.array([[1.0, 2.0], [3.0, 4.0]]),), {"dim": (1,), "keepdim": False})
    >>> table["sum"](*sample.inputs, **sample.params)
    array([3., 7.])
    """

    inputs: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BadSample:
    """A call of an op that must raise an error.

    Parameters
    ----------
    inputs : tuple of ndarray, and of what else the op takes
    params : dict
        The parameters by name.
    error : type of exception
    words : sequence of str
        What its message must contain: the names, shapes or numbers that help to mend the call.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> from autograd.op import table
    >>> from autograd.testing import check_bad_sample
    >>> ints = autograd.BadSample((np.ones(3, int),), {"dim": (0,), "keepdim": False}, TypeError, ("mean", "int64"))
    >>> check_bad_sample(table["mean"], ints)  # raises an error if the call does not
    """

    inputs: tuple[Any, ...]
    params: dict[str, Any]
    error: type[Exception]
    words: Sequence[str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Row(ABC):
    """What a function's tests need.

    Attributes
    ----------
    name : str
        Unique in the table.
    reference : callable (*arrays, **params)
        Computes the result in plain NumPy, slowly and obviously.  It calls no kernel and no other op.
    sample : callable (draw) -> Sample
        Draws a valid call.  `draw` provides sizes, arrays and choices; see `autograd.testing.Draw`.
    bad_samples : sequence of BadSample
        Calls that must raise an error.
    kind : "multilinear" (linear in each input), "piecewise" (linear between kinks), "smooth",
        "matrix" (smooth, and computed by a library such as LAPACK or in another order than the reference, which decides
        about NaN, inf and singular matrices),
        or "discrete" (without gradient)
    """

    name: str
    reference: Callable[..., Any]
    sample: Callable[[Any], Sample]
    bad_samples: Sequence[BadSample] = ()
    kind: Literal["multilinear", "piecewise", "smooth", "matrix", "discrete"] = "smooth"

    @abstractmethod
    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Call the function on tensors or arrays."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Op(Row):
    """A row with a forward and a backward of its own.  The engine records its calls.

    Parameters
    ----------
    name : str
        Unique in the table.
    reference : callable (*arrays, **params)
        Computes the result in plain NumPy, slowly and obviously.  It calls no kernel and no other op.
    sample : callable (draw) -> Sample
        Draws a valid call.  `draw` provides sizes, arrays and choices; see `autograd.testing.Draw`.
    bad_samples : sequence of BadSample
        Calls that must raise an error.
    kind : "multilinear" (linear in each input), "piecewise" (linear between kinks), "smooth",
        "matrix" (smooth, and computed by a library or in another order than the reference), or
        "discrete" (without gradient)
    forward : callable (*arrays, **params) -> array, or tuple of arrays
        Computes what the reference computes, faster.
    backward : callable (ctx, *gs, **params) -> gradient, or tuple of gradients; or None
        The vector-Jacobian product: takes the gradient with respect to each output, and returns one for each
        input.  `ctx.needs_input_grad[i]` tells whether input i needs a gradient, `ctx.shapes[i]` is its shape,
        `ctx.saved_tensors` has the arrays that `saves` names.  It uses operators and ops only, so that it runs
        on arrays and, for higher-order gradients, on tensors.  It may return the number 0 for a gradient of
        zeros, and None for an input without gradient.  None in place of backward: not differentiable.
    check : callable (*arrays, **params), or None
        Raises an error for invalid arguments, before forward or reference runs.
    saves : tuple of int
        What backward needs: i for input i, ~i for output i.
    saves_for : tuple of int or None
        For each of `saves` the input whose gradient alone needs it, or None.  If that input requires no grad, None is
        saved instead, and what would have been saved may change.
    attaches : bool
        Backward needs of its last saved tensor the place in the graph and no values: they may change.
    promotes : False, "same" (convert inputs to a common dtype), or "float" (likewise, and integers to floats)
    tensors : tuple of int, or None
        Which inputs of a row that promotes cannot be Python numbers: `(0,)` for `eq(x, 2)`.  `()` asks for one tensor,
        whichever it is, and None for none: `add(1, 2)`.
    broadcasts : bool
        Backward returns gradients of the output's shape, and the engine sums them to the shapes of the inputs.
    flops : callable (inputs, outputs, **params) -> int, or int
        Number of floating-point operations of a forward; a multiply-add counts as two.  An int is the number
        for each element of the largest array; 0 if data is only moved.
    complex : bool
        It takes complex numbers, too, and backward conjugates where it has to: the gradient with respect to z = a + i b
        is dL/da + i dL/db, as in PyTorch.  Ops that only move data (flops = 0) take any numbers.
    fuses : tuple of str
        Names of the ops that a fused op replaces.

    Examples
    --------
    >>> import autograd
    >>> square = autograd.Op(
    ...     name="square_of_mine",
    ...     forward=lambda x: x * x,
    ...     backward=lambda ctx, g: 2 * g * ctx.saved_tensors[0],
    ...     saves=(0,),
    ...     reference=lambda x: x**2,
    ...     sample=lambda draw: autograd.Sample((draw.tensor(*draw.shape(0, 3)),)),
    ... )
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> square(x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    check: Callable[..., None] | None = None
    saves: tuple[int, ...] = ()
    saves_for: tuple[int | None, ...] = ()
    attaches: bool = False
    promotes: Literal[False, "same", "float"] = False
    tensors: tuple[int, ...] | None = ()
    broadcasts: bool = False
    flops: Callable[..., int] | int = 1
    complex: bool = False
    fuses: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name for messages: "conv2d + relu" for an op that nn.Sequential runs in place of these two."""
        return " + ".join(self.fuses) or self.name

    @cached_property
    def kept(self) -> tuple[tuple[int, int | None], ...]:
        """`saves` and `saves_for` in pairs."""
        return tuple(zip(self.saves, self.saves_for or (None,) * len(self.saves), strict=True))

    @cached_property
    def takes_complex(self) -> bool:
        """Whether it takes complex numbers."""
        return self.complex or self.flops == 0

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        try:
            return engine.apply(self, inputs, params)
        except Exception as error:
            tracebacks.shorten(error)
            raise


@dataclass(frozen=True, eq=False, kw_only=True)
class Composite(Row):
    """A row whose function calls other ops, and gets its gradients from them.  It is tested like an op.

    Attributes
    ----------
    function : callable (*inputs, **params)
    """

    function: Callable[..., Any]

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        return self.function(*inputs, **params)


AnyRow = TypeVar("AnyRow", bound=Row)


def _origin(row: Row) -> list[tuple[str, str]]:
    """Module and qualified name of the row's functions."""
    functions: list[Any] = [getattr(row, "forward", None) or getattr(row, "function", None), row.reference, row.sample]
    return [(getattr(f, "__module__", None) or "", getattr(f, "__qualname__", "")) for f in functions]


def register(row: AnyRow) -> AnyRow:
    """Add a row to the table and return it.

    A second row of the same name replaces the first only if its functions have the same modules and names, as when
    a notebook cell runs again.  An op of lucidgrad cannot be replaced.

    Parameters
    ----------
    row : Op or Composite

    Returns
    -------
    Op or Composite
        The row, which is called as a function of tensors.

    Raises
    ------
    ValueError
        If the name is taken.

    Examples
    --------
    >>> import autograd
    >>> autograd.register(autograd.op.table["mul"])
    Traceback (most recent call last):
    ValueError: register: there is already an op named 'mul'; choose another name
    >>> double = autograd.Op(
    ...     name="double", forward=lambda x: 2 * x, backward=lambda ctx, g: 2 * g, reference=lambda x: x + x,
    ...     sample=lambda draw: autograd.Sample((draw.tensor(3),)), kind="multilinear",
    ... )
    >>> autograd.register(double)(autograd.tensor([1.0, 2.0]))
    tensor([2., 4.])
    >>> del autograd.op.table["double"]  # the name is free again
    """
    if row.name in table:
        origin = _origin(row)
        if origin != _origin(table[row.name]) or any(module.startswith("autograd.") for module, _ in origin):
            raise ValueError(f"register: there is already an op named {row.name!r}; choose another name")
    table[row.name] = row
    return row
