"""Tensor: an array, its gradient, and the node of the graph that computed it."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, SupportsIndex

import numpy as np

from autograd import engine, printing
from autograd.hooks import RemovableHandle
from autograd.methods import TensorMethods
from autograd.promotion import category
from autograd.types import Array, DTypeLike, Size
from autograd.views import Views, link


class Tensor(TensorMethods):
    """A NumPy array that remembers how it was computed.

    Parameters
    ----------
    array : ndarray of bool, integers or floats
        Not copied.  `autograd.tensor(...)` copies, and accepts lists and numbers.
    requires_grad : bool
        Whether operations on it are recorded, so that `backward` computes its `.grad`.

    Attributes
    ----------
    array : ndarray
        The elements.  The engine does not notice direct changes of it; methods that end in `_` report theirs.
    grad : Tensor or None
        The sum of the gradients of all backward passes, of this tensor's shape and dtype.
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
    __array_ufunc__ = None  # array * tensor calls our operator, not NumPy's

    array: Array
    _grad: Tensor | None
    node: engine.Node | None  # the call that computed it, None for a leaf
    output_nr: int  # which output of the node it is
    version: list[int]  # number of changes in place; all views of one memory share the list
    hooks: dict[int, list[Callable]] | None
    _base: Tensor | None  # of a view: the tensor whose memory it shows
    _views: Views | None  # of a base: its views

    def __init__(self, array: Array, requires_grad: bool = False) -> None:
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"Tensor: expects a NumPy array, got {type(array).__name__}; autograd.tensor(...) takes lists"
            )
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
    def shape(self) -> Size:
        return Size(self.array.shape)

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def ndim(self) -> int:
        return self.array.ndim

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
        if wanted and self.array.dtype.kind != "f":
            raise RuntimeError(
                f"requires_grad: only float tensors have gradients, and this one is {self.dtype}; "
                "convert it with .float()"
            )
        self._requires_grad = bool(wanted)

    @property
    def grad(self) -> Tensor | None:
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"grad: a gradient is a Tensor or None, not a {type(value).__name__}")
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
        Tensor.__init__(copy, self.array.copy(), self._requires_grad)
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
        seed = engine._seed("backward", self, gradient, create_graph)
        keep = create_graph if retain_graph is None else retain_graph
        chosen = [inputs] if isinstance(inputs, Tensor) else inputs
        if chosen is not None:
            engine.check_inputs("backward", chosen)
        found = engine.backward([self], [seed], inputs=chosen, retain_graph=keep, create_graph=create_graph)
        for x, g in zip(chosen or (), found, strict=True):
            if g is not None:
                engine._accumulate(x, g, owned=False)

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
    Tensor.__init__(tensor, array, requires_grad)
    return tensor


engine.Tensor = Tensor  # type: ignore[misc]
