"""Tensor: an array, its gradient, and the node of the graph that computed it."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, SupportsIndex

import numpy as np

from autograd import engine, gradients, printing
from autograd.arguments import dlpack_capsule, full_name
from autograd.hooks import RemovableHandle
from autograd.methods import TensorMethods
from autograd.promotion import DIFFERENTIABLE, category
from autograd.types import Array, DTypeLike
from autograd.views import Views, link


class Tensor(TensorMethods):
    """A NumPy array that remembers how it was computed.

    `Tensor(2, 3)` and `Tensor([1, 2])` are PyTorch's old constructors: uninitialized elements of these sizes, and a
    copy of a list or an array, in the default dtype.  `autograd.tensor(...)` keeps the dtype of its data, and
    `autograd.from_numpy(array)` shares the memory of an array.

    Parameters
    ----------
    *data : int, or one sequence, ndarray or Tensor
    device : None or "cpu"

    Attributes
    ----------
    array : ndarray
        The elements.  The engine does not notice direct changes of it; methods that end in `_` report theirs.
    grad : Tensor or None
        The sum of the gradients of all backward passes, of this tensor's shape and dtype.

    Raises
    ------
    TypeError
        If the data is neither sizes nor a sequence of numbers.
    ValueError
        If a size is negative, or for another device.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y
    tensor(5., grad_fn=<SumBackward0>)
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = (
        "__weakref__",
        "_base",
        "_grad",
        "_requires_grad",
        "_views",
        "array",
        "hooks",
        "node",
        "output_nr",
        "version",
    )

    array: Array
    _grad: Tensor | None
    node: engine.Node | None  # the call that computed it, None for a leaf
    output_nr: int  # which output of the node it is
    version: list[int]  # number of changes in place; all views of one memory share the list
    hooks: dict[int, list[Callable]] | None
    _base: Tensor | None  # of a view: the tensor whose memory it shows
    _views: Views | None  # of a base: its views

    def __init__(self, *data: Any, device: Any = None) -> None:
        from autograd.tensor_types import hold_data  # which imports Tensor

        hold_data(self, data, device)

    def _hold(self, array: Array, requires_grad: bool = False) -> None:
        """Become a leaf on the memory of this array."""
        if not isinstance(array, np.ndarray):
            raise TypeError(f"from_numpy: expects a NumPy array, got {full_name(array)}; use autograd.tensor(...)")
        category(array.dtype)
        self.array = array
        self._grad = self.node = self.hooks = self._base = self._views = None
        self.output_nr = 0
        self.version = [0]
        self._requires_grad = False
        if requires_grad:
            self.requires_grad = True

    # ── properties ──

    @property
    def grad_fn(self) -> engine.Node | None:
        """The recorded call that computed this tensor, with `name()` and `next_functions`; None for a leaf."""
        return self.node

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.node is not None and not wanted:
            raise RuntimeError(
                f"requires_grad: this tensor was computed by {self.node.op.title}, and the result of an operation "
                "requires grad if its inputs do; use .detach() for a tensor without history"
            )
        if wanted and self.array.dtype.kind not in DIFFERENTIABLE:
            raise RuntimeError(
                f"requires_grad: only float and complex tensors have gradients, and this one is {self.dtype}; "
                "convert it with .float()"
            )
        self._requires_grad = bool(wanted)

    @property
    def grad(self) -> Tensor | None:
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"grad: a gradient is a Tensor or None, not a {full_name(value)}")
        if value is not None and (value.shape, value.dtype) != (self.shape, self.dtype):
            raise ValueError(
                f"grad: {value.dtype} of shape {value.shape} does not fit a tensor of {self.dtype} "
                f"and shape {self.shape}"
            )
        self._grad = value

    __hash__ = object.__hash__  # == compares elements, so dicts and sets go by identity

    def __repr__(self) -> str:
        return printing.text(self)

    # ── copies, and conversion to NumPy ──

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self.node is not None:
            raise RuntimeError(
                f"deepcopy: this tensor was computed by {self.node.op.title}, and its history cannot be copied; "
                "copy .detach(), or a leaf"
            )
        copy = memo[id(self)] = type(self).__new__(type(self))
        copy._hold(self.array.copy(), self._requires_grad)
        copy._grad = None if self._grad is None else self._grad.detach().clone()
        _attributes(copy).update(deepcopy(_attributes(self), memo))
        return copy

    def __copy__(self) -> Tensor:
        copy = type(self).__new__(type(self))
        for name in Tensor.__slots__[1:]:  # which shares memory and history
            setattr(copy, name, getattr(self, name))
        copy._views = None
        link(copy, self, several=False)
        _attributes(copy).update(_attributes(self))
        return copy

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        """A pickle holds values, requires_grad and attributes, as in PyTorch, but no history, gradient or hooks."""
        if self.hooks and any(self.hooks.values()):
            warnings.warn("pickle: this tensor's hooks are not part of a pickle; register them again", stacklevel=2)
        return _unpickled, (type(self), self.array, self._requires_grad), _attributes(self) or None

    def numpy(self) -> Array:
        """The array, without a copy."""
        if self._requires_grad:
            raise RuntimeError(
                "numpy: this tensor requires grad, and NumPy's operations on it would not be recorded; "
                "use .detach().numpy()"
            )
        return self.array

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        array = self.numpy()
        if copy is False and dtype is not None and array.dtype != dtype:
            raise ValueError(f"cannot convert {array.dtype} to {dtype} without a copy")
        return np.array(array, dtype=dtype) if copy else np.asarray(array, dtype=dtype)

    def __dlpack__(self, **options: Any) -> Any:
        return dlpack_capsule(self, options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    # ── gradients ──

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Add the gradient of this tensor with respect to each leaf to the `.grad` of the leaf.

        Parameters
        ----------
        gradient : Tensor, of this tensor's shape, optional
            The gradient with respect to this tensor.  May be omitted for a scalar, where it is 1.
        retain_graph : bool, optional
            Do not free the saved tensors, so that another pass is possible.  Default: `create_graph`.
        create_graph : bool
            Record the pass, so that the gradients can be differentiated.
        inputs : Tensor or sequence of Tensor, optional
            Add to the `.grad` of these only.  Default: all leaves.

        Raises
        ------
        RuntimeError
            If there is no graph, if it was freed, or if the tensor is not a scalar and no gradient is given.

        Examples
        --------
        >>> import autograd
        >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        gradients.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(gradient)` when this tensor's gradient is computed; a tensor that it returns replaces it.

        Returns
        -------
        RemovableHandle
            Its `remove()` removes the hook.
        """
        if not self._requires_grad:
            raise RuntimeError("register_hook: this tensor does not require grad, so it will never have a gradient")
        owner = self.node or self
        if owner.hooks is None:
            owner.hooks = {}
        hooks = owner.hooks.setdefault(self.output_nr, [])
        hooks.append(hook)
        return RemovableHandle(hooks, hook)

    def retain_grad(self) -> None:
        """Store `.grad` in a backward pass although this tensor is not a leaf."""
        if not self._requires_grad:
            raise RuntimeError("retain_grad: this tensor does not require grad, so it will never have a gradient")
        if self.node is not None:
            if self.node.retained is None:
                self.node.retained = {}
            self.node.retained[self.output_nr] = weakref.ref(self)  # weak: the node must not keep the tensor alive


def _attributes(tensor: Tensor) -> dict[str, Any]:
    """Attributes that users set, if its class has a __dict__, as nn.Parameter does."""
    return getattr(tensor, "__dict__", {})


def _unpickled(kind: type[Tensor], array: Array, requires_grad: bool) -> Tensor:
    tensor = kind.__new__(kind)
    tensor._hold(array, requires_grad)
    return tensor


def wrap(array: Array, requires_grad: bool = False) -> Tensor:
    """A leaf on the memory of an array of bool, integers, floats or complex numbers."""
    return _unpickled(Tensor, array, requires_grad)


engine.Tensor, engine.wrap = Tensor, wrap  # type: ignore[misc]
