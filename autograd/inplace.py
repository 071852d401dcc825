"""Writes in place, with gradients.

`y.mul_(2)` computes `y * 2`, copies the result into y's memory, and makes y the output of the call that computed it.
So an op needs no second backward for its in-place form:

    y ── mul ──> result            y's old history <── mul <── y, which keeps its memory

A view shares memory with its base, so a write to one changes the other.  After a write to a view the base is the output
of `strided_write`: its old history, with the view's new values in their places.  All views are then read from it again:

    base's old history <── strided_write <── base <── strided_read <── the view that was written to
        the new values <──╯                       <── strided_read <── another view of the same elements

What a call saved for its backward is copied if the call overwrites it.  What earlier calls saved of the memory has
changed, and their backward says so: each write counts up the memory's version.

Rules, those of PyTorch: while operations are recorded, a leaf that requires grad cannot be written to, nor can a view
of it, nor one of several views that an op returned together, nor a view that was made without recording.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from autograd import engine, ops
from autograd.arguments import full_name
from autograd.grad_mode import is_grad_enabled
from autograd.op import Op
from autograd.promotion import DIFFERENTIABLE, category, check_fits, converted
from autograd.types import Array, Number
from autograd.views import is_one_of_several, views_of

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Written = TypeVar("Written", bound="Tensor")


def in_place(function: Callable[..., Tensor], tensor: Written, *args: Any, **kwargs: Any) -> Written:
    """Write function(tensor, *args, **kwargs) to the tensor's memory; returns the tensor."""
    name = f"{function.__name__}_"
    check_is_tensor(name, tensor)
    if is_grad_enabled() and tensor._requires_grad:
        _check_may_be_recorded(name, tensor)
    array = _writable(name, tensor)
    start = next(engine._sequence)  # older than every node of this call
    result = function(tensor, *args, **kwargs)
    if result is tensor:
        return tensor
    same = result.array.dtype is array.dtype
    if not same and category(result.dtype) > category(tensor.dtype):
        raise RuntimeError(
            f"{name}: the result is {result.dtype}, which does not fit into a {tensor.dtype} tensor; use "
            f"{function.__name__}, which returns a new tensor, or convert this one first"
        )
    if result.array.shape != array.shape:
        raise ValueError(
            f"{name}: the result has shape {tuple(result.shape)}, which does not fit into the tensor's shape "
            f"{tuple(tensor.shape)}; use {function.__name__}, which returns a new tensor"
        )
    if not same:
        result = result.to(tensor.dtype)
    recorded = is_grad_enabled() and result._requires_grad
    if recorded:
        _check_may_be_recorded(name, tensor)
        _keep_saved(result.node, tensor.version, start)
    elif tensor._requires_grad and is_grad_enabled():
        return write(name, tensor, result)
    array[...] = result.array
    tensor.version[0] += 1
    if recorded:
        _follow(tensor, result.node, result.output_nr)
    return tensor


def write(
    name: str, tensor: Written, value: Tensor | Array | Number | complex, index: tuple[Any, ...] = (Ellipsis,)
) -> Written:
    """Write a value, converted to the tensor's dtype, to the elements at an index; returns the tensor."""
    check_is_tensor(name, tensor)
    recorded = (
        is_grad_enabled()
        and (tensor._requires_grad or getattr(value, "_requires_grad", False))
        and tensor.array.dtype.kind in DIFFERENTIABLE
    )
    if recorded:
        _check_may_be_recorded(name, tensor)
    if isinstance(value, engine.Tensor):
        source = value.array
    else:
        if not isinstance(value, np.ndarray):
            check_fits(name, value, tensor.dtype)
        value = source = np.asarray(value)
    category(source.dtype)
    if not tensor.array.flags.writeable and not any(map(_is_array, index)) and index != (Ellipsis,):
        write(name, ops.getitem(tensor, index), value)  # the part may be writable where the whole is not
        return tensor
    array = _writable(name, tensor)
    try:
        array[index] = converted(source, array.dtype) if source.dtype.kind == "c" else source
    except ValueError:
        raise ValueError(f"{name}: shape {source.shape} does not broadcast to shape {array[index].shape}") from None
    tensor.version[0] += 1
    if recorded:
        _follow(tensor, _recorded(ops.setitem, (tensor, value), {"index": index}, tensor), 0)
    return tensor


def reshaped(function: Callable[..., Tensor], tensor: Written, *args: Any, **kwargs: Any) -> Written:
    """Give the tensor the shape and strides of function(tensor, *args, **kwargs), a view of it; returns the tensor."""
    name = f"{function.__name__}_"
    check_is_tensor(name, tensor)
    if is_grad_enabled() and tensor._requires_grad:
        _check_may_be_recorded(name, tensor)
    result = function(tensor, *args, **kwargs)
    if result is not tensor:
        tensor.array = result.array
        if result.node is not None:
            _give(tensor, result.node, result.output_nr)
    return tensor


def detached(tensor: Tensor) -> Tensor:
    """A tensor that shares the memory and has no history."""
    result = engine.wrap(tensor.array)
    result.version = tensor.version
    return result


def detach(tensor: Written) -> Written:
    """Take the tensor's history away; returns the tensor."""
    if tensor._base is not None:
        raise RuntimeError(
            "detach_: this tensor is a view, and the tensor that it shows would keep its history; use detach(), which "
            "returns a new tensor"
        )
    tensor.node, tensor.output_nr, tensor._requires_grad = None, 0, False
    return tensor


def check_is_tensor(name: str, tensor: object) -> None:
    """Raise TypeError if it is something else."""
    if not isinstance(tensor, engine.Tensor):
        raise TypeError(f"{name}: expects a Tensor, got {full_name(tensor)}; wrap it with autograd.tensor(...)")


def is_own_part(tensor: Tensor, index: tuple[Any, ...], value: object) -> bool:
    """Whether `value` is what `tensor[index]` shows already, as after `tensor[index] += 1`."""
    if not isinstance(value, engine.Tensor) or value.version is not tensor.version or value.dtype != tensor.dtype:
        return False
    if value._base is None or value._base is not _base_of(tensor) or value._requires_grad != tensor._requires_grad:
        return False
    part = tensor.array[index if Ellipsis in index else (*index, ...)]
    return (part.ctypes.data, part.shape, part.strides) == (
        value.array.ctypes.data,
        value.array.shape,
        value.array.strides,
    )


def _base_of(tensor: Tensor) -> Tensor:
    base = tensor._base
    return tensor if base is None or base.version is not tensor.version else base  # .data may have replaced its memory


def _check_may_be_recorded(name: str, tensor: Tensor) -> None:
    """Raise if a write to this tensor cannot be part of the history."""
    base = _base_of(tensor)
    copy = (
        f"or use {name.removesuffix('_')}, which returns a new tensor" if name != "setitem" else "or change a clone()"
    )
    if base._requires_grad and base.node is None:
        which = "a leaf" if base is tensor else "a view of a leaf"
        raise RuntimeError(
            f"{name}: {which} that requires grad cannot be changed in place while operations are recorded, since "
            "gradients with respect to the old values would be lost; to give a parameter other values, write inside "
            f"`with autograd.no_grad():`, {copy}"
        )
    if base._requires_grad and not tensor._requires_grad:
        raise RuntimeError(
            f"{name}: this view was made without recording (under no_grad), so its base cannot follow a change that is "
            "recorded; make the view and the change both inside or both outside `with autograd.no_grad():`"
        )
    if any(x.dtype != base.dtype for x in (tensor, *views_of(base))):
        raise RuntimeError(
            f"{name}: real, imag and view_as_real show parts of complex numbers, and a change of memory that they show "
            f"cannot be recorded; change a clone(), {copy}"
        )
    if is_one_of_several(tensor):
        raise RuntimeError(
            f"{name}: this tensor is one of several views that an operation returned together (split, chunk, unbind), "
            f"and such a view cannot be changed in place; take it by an index, x[...], {copy}"
        )


def _is_array(part: Any) -> bool:
    return isinstance(part, np.ndarray)


def _writable(name: str, tensor: Tensor) -> Array:
    """The tensor's array, to write to."""
    array = tensor.array
    if array.flags.writeable:
        return array
    if not any(n > 1 and stride == 0 for n, stride in zip(array.shape, array.strides, strict=True)):
        try:  # of an expanded tensor, a part without repetition
            array = array.view()
            array.flags.writeable = True
            return array
        except ValueError:
            pass
    raise RuntimeError(
        f"{name}: this tensor's memory is read-only, or several of its elements are at one place, as in an expanded "
        "tensor; write to a .clone()"
    )


# ── the history ────────────────────────────────────────────────────────────────────────


def _recorded(op: Op, inputs: Sequence[Any], params: dict[str, Any], output: Tensor) -> engine.Node:
    """Record a call whose result is in the output's memory already."""
    arrays = [x.array if isinstance(x, engine.Tensor) else x for x in inputs]
    node = engine.Node(op, params, inputs)
    node.save_for_backward(inputs, (output,))
    engine._state.mode.recorded(node, arrays)
    return node


def _follow(tensor: Tensor, node: engine.Node | None, output_nr: int) -> None:
    """The tensor's memory now holds an output of the node: give histories to it, its base and the base's views."""
    base = _base_of(tensor)
    if base is tensor:
        _give(tensor, node, output_nr)
    else:
        params = dict(zip(("base", "view"), ops.layouts(base.array, tensor.array), strict=True))
        values = engine._wrap(tensor.array, node, output_nr, tensor.version)
        _give(base, _recorded(ops.strided_write, (base, values), params, base), 0)
        _give_view(base, tensor)
    for view in views_of(base):
        if view is not tensor and (not view._requires_grad or np.may_share_memory(view.array, tensor.array)):
            _give_view(base, view)


def _give_view(base: Tensor, view: Tensor) -> None:
    params = dict(zip(("base", "view"), ops.layouts(base.array, view.array), strict=True))
    _give(view, _recorded(ops.strided_read, (base,), params, view), 0)


def _give(tensor: Tensor, node: engine.Node | None, output_nr: int) -> None:
    """Make the tensor this output of the node.  Hooks stay with the old values; `retain_grad` goes along."""
    old = tensor.node
    retained = (old.retained if old else None) or {}
    follows = tensor.output_nr in retained and retained[tensor.output_nr]() is tensor
    if follows:
        del retained[tensor.output_nr]
    tensor.node, tensor.output_nr, tensor._requires_grad = node, output_nr, True
    if follows:
        tensor.retain_grad()


def _keep_saved(node: engine.Node | None, version: list[int], start: int) -> None:
    """Copy what the nodes that are newer than `start` saved of the memory that is about to be overwritten."""
    nodes = [node]
    seen = set()
    while nodes:
        node = nodes.pop()
        if not isinstance(node, engine.Node) or node.sequence_nr < start or node in seen:
            continue
        seen.add(node)
        nodes += [parent[0] for parent in node.parents if parent]  # type: ignore[misc]
        if node.saved and any(found is not None and found[0] is version for found in node.versions):
            both = zip(node.saved, node.versions, strict=True)
            node.saved = tuple([np.array(x) if found and found[0] is version else x for x, found in both])
            node.versions = [([0], 0) if found and found[0] is version else found for found in node.versions]
