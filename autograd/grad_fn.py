"""What a tensor's `grad_fn` tells about the graph, in PyTorch's terms.

>>> import autograd
>>> x = autograd.tensor([1.0, -2.0], requires_grad=True)
>>> y = (x * x).relu()
>>> y.grad_fn
<ReluBackward0>
>>> y.grad_fn.next_functions
((<MulBackward0>, 0),)
>>> y.grad_fn.next_functions[0][0].next_functions
((<AccumulateGrad>, 0), (<AccumulateGrad>, 0))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from autograd.promotion import DIFFERENTIABLE
from autograd.types import Argument, Shape

if TYPE_CHECKING:
    from autograd.engine import Maker
    from autograd.op import Op
    from autograd.tensor import Tensor

NextFunctions: TypeAlias = "tuple[tuple[GradFn | None, int], ...]"


class GradFn:
    """A step of the backward pass: a recorded call, or the sum in a leaf's `.grad`.

    Raises
    ------
    NotImplementedError
        By `name` and `next_functions` of this base class itself.  The steps of a graph are of its subclasses.

    Examples
    --------
    >>> import autograd
    >>> y = autograd.ones(2, requires_grad=True).exp()
    >>> isinstance(y.grad_fn, autograd.graph.Node), y.grad_fn.name()
    (True, 'ExpBackward0')
    >>> y.grad_fn.next_functions
    ((<AccumulateGrad>, 0),)
    """

    __slots__ = ()

    def name(self) -> str:
        """The step's name in PyTorch's spelling."""
        raise NotImplementedError

    @property
    def next_functions(self) -> NextFunctions:
        """For each input the step that receives its gradient, and the number of that step's output.

        (None, 0) for an input that needs no gradient.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{self.name()}>"


class RecordedCall(GradFn):
    """What `engine.Node` tells about itself."""

    __slots__ = ()
    op: Op
    parents: list[tuple[Maker, int, Shape, np.dtype] | None]

    def takes_zeros(self, dtype: np.dtype) -> bool:
        """Whether the backward is given zeros for an output of this dtype that no gradient has arrived for."""
        return dtype.kind in DIFFERENTIABLE

    def name(self) -> str:
        """ "ReluBackward0" for relu."""
        return "".join(word.capitalize() for word in self.op.name.split("_")) + "Backward0"

    @property
    def next_functions(self) -> NextFunctions:
        found: list[tuple[GradFn | None, int]] = []
        for parent in self.parents:
            maker, output_nr = parent[:2] if parent else (None, 0)
            found.append((maker if maker is None or isinstance(maker, GradFn) else AccumulateGrad(maker), output_nr))
        return tuple(found)


class AccumulateGrad(GradFn):
    """The last step on a path: it adds to the `.grad` of a leaf.

    Attributes
    ----------
    variable : Tensor
        The leaf.
    """

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        return "AccumulateGrad"

    @property
    def next_functions(self) -> NextFunctions:
        return ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return hash((AccumulateGrad, self.variable))


class PackedTensors:
    """Stands for what a node has saved until backward needs it.

    `saved_tensors_hooks` and `checkpoint` put it in the place of the arrays.

    Parameters
    ----------
    unpack : callable () -> tuple of arrays
    """

    __slots__ = ("unpack",)

    def __init__(self, unpack: Callable[[], tuple[Any, ...]]) -> None:
        self.unpack = unpack


def unpacked(saved: tuple[Argument, ...] | PackedTensors) -> tuple[Argument, ...]:
    """The arrays that were saved."""
    return saved.unpack() if isinstance(saved, PackedTensors) else saved
