"""What ops save for backward, and how it is kept: `saved_tensors_hooks`.  Names are those of torch.autograd.graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import engine
from autograd.contexts import ContextDecorator
from autograd.grad_fn import GradFn as Node, PackedTensors
from autograd.tensor import Tensor, wrap
from autograd.types import Argument, Array

__all__ = ["Node", "increment_version", "save_on_cpu", "saved_tensors_hooks"]


class saved_tensors_hooks(engine.DispatchMode, ContextDecorator):
    """Context: what ops save for backward passes through two functions of yours.

    Use it to keep tensors on disk, or in fewer bits.  Of nested contexts the innermost one counts.

    Parameters
    ----------
    pack_hook : callable (Tensor) -> anything
        Is called when an op saves a tensor.  Its result is kept in place of the tensor.
    unpack_hook : callable (anything) -> Tensor
        Is called when backward needs the tensor, with the result of pack_hook.  It returns a tensor of the same shape
        and dtype.

    Raises
    ------
    TypeError, RuntimeError
        In backward, if unpack_hook returns no tensor, or one of another shape or dtype.

    Examples
    --------
    >>> import autograd
    >>> from autograd.graph import saved_tensors_hooks
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> with saved_tensors_hooks(lambda t: t.numpy().tobytes(), lambda b: autograd.tensor(np.frombuffer(b, "f4"))):
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def _recreate_cm(self) -> saved_tensors_hooks:
        return saved_tensors_hooks(self.pack_hook, self.unpack_hook)

    def recorded(self, node: engine.Node, arrays: Sequence[Argument]) -> None:
        if node.saved and not isinstance(node.saved, PackedTensors):
            node.saved = PackedTensors(self._packed(node, node.saved))
        super().recorded(node, arrays)

    def _packed(self, node: engine.Node, saved: tuple[Any, ...]) -> Callable[[], tuple[Any, ...]]:
        """Pack each array.  What is returned unpacks them."""
        unpack, name = self.unpack_hook, node.op.title
        leaves = [p[0].array for p in node.parents if p and isinstance(p[0], Tensor)]
        packed: list[tuple[Any, Any]] = []  # (shape, dtype, and the leaf's array if it is one, or None; what is kept)
        for a in saved:
            if isinstance(a, np.ndarray):
                leaf = a if any(a is other for other in leaves) else None
                packed.append(((a.shape, a.dtype, leaf), self.pack_hook(wrap(a))))
            else:
                packed.append((None, a))

        def arrays() -> tuple[Any, ...]:
            return tuple([kept if like is None else _unpacked(name, unpack(kept), *like) for like, kept in packed])

        return arrays


def _unpacked(name: str, value: object, shape: tuple[int, ...], dtype: np.dtype, leaf: Array | None) -> Array:
    """The array of what unpack_hook returned, checked."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"saved_tensors_hooks: unpack_hook returned a {type(value).__name__} for a tensor that {name} had saved; "
            "return a tensor"
        )
    if (value.shape, value.dtype) != (shape, dtype):
        raise RuntimeError(
            f"saved_tensors_hooks: unpack_hook returned {value.dtype} of shape {value.shape} for what {name} had "
            f"saved, {dtype} of shape {shape}; they must match"
        )
    # the leaf's own memory connects a gradient with the leaf under create_graph
    return leaf if leaf is not None and np.array_equal(value.array, leaf) else value.array


class save_on_cpu(saved_tensors_hooks):
    """Context: keep what ops save in the CPU's memory, where it is in any case.

    It is here so that PyTorch's programs run.  To save memory, see `autograd.utils.checkpoint`.

    Parameters
    ----------
    pin_memory, device_type
        Accepted, without effect.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> with autograd.graph.save_on_cpu(pin_memory=True):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor, lambda tensor: tensor)

    def _recreate_cm(self) -> save_on_cpu:
        return save_on_cpu()


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Count a change of the tensor's memory that was made through `.array` or NumPy, so that backward notices it.

    Parameters
    ----------
    tensor : Tensor, any shape, or sequence of Tensor

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()  # saves x
    >>> x.array[0] = 5.0
    >>> autograd.graph.increment_version(x)
    >>> y.backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: mul: its input 0 was changed in place after the forward pass, and backward needs ...
    """
    for x in (tensor,) if isinstance(tensor, Tensor) else tensor:
        x.version[0] += 1
