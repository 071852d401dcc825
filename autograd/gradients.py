"""The functions that start a backward pass: `grad`, and `backward` for several tensors.

They check what the user passed, and leave the pass to `engine.backward`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from autograd import engine

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _tuple(value: Any) -> tuple[Any, ...]:
    """A tensor or a sequence as a tuple."""
    return (value,) if isinstance(value, engine.Tensor) else tuple(value)


def _seeds(
    caller: str, outputs: Sequence[Tensor], given: Tensor | Sequence[Tensor | None] | None, create_graph: bool
) -> list[Any]:
    """The gradient of each output that the pass starts with."""
    gradients: tuple[Any, ...] = (None,) * len(outputs)
    if given is not None:
        gradients = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(gradients) != len(outputs):
        raise RuntimeError(
            f"{caller}: there are {len(outputs)} tensors and {len(gradients)} gradients of them; pass one for each, "
            "None for a scalar's 1"
        )
    return [_seed(caller, y, g, create_graph) for y, g in zip(outputs, gradients, strict=True)]


@overload
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]: ...
@overload
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: dict[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> dict[str, Tensor]: ...
def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of outputs with respect to inputs; no `.grad` changes.

    Parameters
    ----------
    outputs : Tensor, any shape, or sequence of Tensor
    inputs : Tensor, any shape, sequence of Tensor, or dict from names to Tensor
    grad_outputs : Tensor or sequence of Tensor, optional
        The out-gradient of each output, of its shape.  May be omitted for a scalar, where it is 1.
    retain_graph : bool, optional
        Do not free the saved tensors, so that another pass is possible.  Default: `create_graph`.
    create_graph : bool
        Record the computation of the gradients, so that they can be differentiated.
    only_inputs : bool
        Has no effect, as in PyTorch: `.grad` never changes.
    allow_unused : bool, optional
        Return None for an input that no output depends on, instead of raising an error.  Default: `materialize_grads`.
    is_grads_batched : bool
        Must be False.
    materialize_grads : bool
        Return zeros for such an input.

    Returns
    -------
    tuple of Tensor
        One for each input, of its shape and dtype.  For a dict of inputs, a dict.

    Raises
    ------
    RuntimeError
        If an output is not a scalar and no gradient is given for it, or if an input is not used.
    ValueError
        If allow_unused=False contradicts materialize_grads=True.
    NotImplementedError
        For is_grads_batched.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor(3.0, requires_grad=True)
    >>> (dx,) = autograd.grad(x * x, x, create_graph=True)
    >>> autograd.grad(dx, x)
    (tensor(2.),)
    """
    if isinstance(inputs, dict):
        gradients = grad(
            outputs, tuple(inputs.values()), grad_outputs, retain_graph, create_graph, only_inputs, allow_unused,
            is_grads_batched, materialize_grads,
        )  # fmt: skip
        return dict(zip(inputs, gradients, strict=True))
    if is_grads_batched:
        raise NotImplementedError(
            "grad: is_grads_batched is not there; call grad once for each gradient, with retain_graph=True"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError("grad: materialize_grads=True gives zeros for unused inputs, so leave allow_unused out")
    if not only_inputs:
        warnings.warn(
            "grad: only_inputs has no effect; to add to the .grad of other leaves, call backward",
            FutureWarning,
            stacklevel=2,
        )
    outputs, inputs = _tuple(outputs), _tuple(inputs)
    if isinstance(grad_outputs, engine.Tensor):
        grad_outputs = (grad_outputs,) * len(outputs)
    _check_inputs("grad", inputs)
    seeds = _seeds("grad", outputs, grad_outputs, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    found: Any = engine.backward(outputs, seeds, inputs=inputs, retain_graph=keep, create_graph=create_graph)
    if materialize_grads:
        found = [engine.wrap(np.zeros_like(x.array)) if g is None else g for x, g in zip(inputs, found, strict=True)]
    elif not allow_unused and any(g is None for g in found):
        raise RuntimeError(
            f"grad: the outputs do not depend on input {[g is None for g in found].index(True)}; "
            "pass allow_unused=True to get None for it"
        )
    return tuple([g if g is None or isinstance(g, engine.Tensor) else engine.wrap(g) for g in found])


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Tensor | Sequence[Tensor] | dict[str, Tensor] | None = None,
) -> None:
    """Add the gradients of tensors, summed, with respect to each leaf to the `.grad` of the leaf.

    Parameters
    ----------
    tensors : Tensor, any shape, or sequence of Tensor
    grad_tensors : Tensor or sequence of Tensor, optional
        The gradient with respect to each, of its shape.  May be omitted for scalars, where it is 1.
    retain_graph : bool, optional
        Do not free the saved tensors, so that another pass is possible.  Default: `create_graph`.
    create_graph : bool
        Record the pass, so that the gradients can be differentiated.
    grad_variables : the old name of grad_tensors
    inputs : Tensor, any shape, or sequence of Tensor, optional
        Add to the `.grad` of these only.  Default: all leaves.

    Raises
    ------
    RuntimeError
        If there is no graph, if it was freed, or if a tensor is not a scalar and no gradient is given.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> autograd.backward([x.sum(), (x * x).sum()])
    >>> x.grad
    tensor([3., 5.])
    """
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError("backward: grad_variables is the old name of grad_tensors; pass grad_tensors only")
        warnings.warn("backward: grad_variables is called grad_tensors now", FutureWarning, stacklevel=2)
        grad_tensors = grad_variables
    roots = _tuple(tensors)
    seeds = _seeds("backward", roots, grad_tensors, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    chosen = None if inputs is None else _tuple(inputs.values() if isinstance(inputs, dict) else inputs)
    if chosen is not None:
        _check_inputs("backward", chosen)
    found = engine.backward(roots, seeds, inputs=chosen, retain_graph=keep, create_graph=create_graph)
    if chosen is not None:
        for x, g in zip(chosen, found, strict=True):
            if g is not None:
                engine._accumulate(x, g, owned=False)


def _check_inputs(caller: str, inputs: Sequence[Any]) -> None:
    """Raise if there are no inputs, or one that does not require grad."""
    if not inputs:
        raise RuntimeError(f"{caller}: inputs is empty; name at least one tensor")
    for i, x in enumerate(inputs):
        if not isinstance(x, engine.Tensor) or not x.requires_grad:
            what = "does not require grad" if isinstance(x, engine.Tensor) else f"is a {type(x).__name__}"
            raise RuntimeError(
                f"{caller}: input {i} {what}; it must be a tensor that required grad in the forward pass"
            )


def _seed(caller: str, root: Tensor, gradient: Tensor | None, create_graph: bool) -> Any:
    """The gradient that a backward pass starts with at `root`: the given one, or 1 for a scalar."""
    if not root._requires_grad:
        raise RuntimeError(
            f"{caller}: this tensor does not require grad, so there is no graph to go back through; "
            "was it computed under no_grad(), from a detached tensor, or from leaves without requires_grad=True?"
        )
    if gradient is None:
        if root.array.size != 1:
            raise RuntimeError(
                f"{caller}: a gradient is implied only for a scalar, and this tensor has shape {root.shape}; "
                f"reduce it first (y.sum().backward()) or pass a gradient of shape {root.shape}"
            )
        if root.array.dtype.kind == "c":
            raise RuntimeError(
                f"{caller}: a gradient is implied only for a real scalar, and this tensor is {root.dtype}; make a real "
                "number of it (y.abs(), y.real) or pass a gradient"
            )
        one = np.empty(root.array.shape, root.array.dtype)
        one.fill(1)  # np.ones takes five times as long
        return engine.wrap(one) if create_graph else one
    if not isinstance(gradient, engine.Tensor):
        gradient = engine.wrap(np.asarray(gradient))
    if gradient.shape != root.shape:
        raise RuntimeError(
            f"{caller}: the gradient has shape {gradient.shape}, the tensor {root.shape}; they must match"
        )
    if gradient.dtype != root.dtype:
        gradient = gradient.to(root.dtype)
    return gradient if create_graph else gradient.array
