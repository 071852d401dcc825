"""The forward and backward pass of a module that has hooks.

    inputs ─ before forward ─┬─ forward ─ after forward ─┬─> output
                             │                           │
    grad_input <─ after backward <─ … <─ before backward ┴─< grad_output

At each of the two crossings, all tensors pass through one op that returns its inputs.  In the backward pass, all
gradients of that side arrive at this op together, so a hook sees all of them in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from autograd import Op, Sample, Tensor, is_grad_enabled
from autograd.tensor import wrap
from autograd.types import Array

if TYPE_CHECKING:
    from nn.module import Module

Gradients: TypeAlias = tuple[Tensor | None, ...]  # None for what needs no gradient


When: TypeAlias = Literal[
    "before forward",
    "after forward",
    "before backward",
    "after backward",
    "before state_dict",
    "after state_dict",
    "before load_state_dict",
    "after load_state_dict",
]


@dataclass(eq=False)  # a function that is registered twice makes two hooks
class Hook:
    """A function and when it is called."""

    when: When
    function: Callable[..., Any]
    with_kwargs: bool = False


def run(module: Module, hooks: Sequence[Hook], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Call the module's forward and its hooks."""
    hooks = list(hooks)  # a hook may remove itself
    for hook in hooks:
        if hook.when == "before forward" and hook.with_kwargs:
            changed = hook.function(module, inputs, options)
            if changed is not None:
                inputs, options = changed
        elif hook.when == "before forward":
            changed = hook.function(module, inputs)
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)

    passage = None
    if is_grad_enabled() and any(hook.when.endswith("backward") for hook in hooks):
        passage = _Passage(module, hooks, len(inputs))
        inputs = _cross(inputs, passage.left)
    output = module.forward(*inputs, **options)
    for hook in hooks:
        if hook.when == "after forward":
            seen = (inputs, options, output) if hook.with_kwargs else (inputs, output)
            changed = hook.function(module, *seen)
            if changed is not None:
                output = changed
    if passage is None:
        return output
    passage.at_output = not any(_wants_grad(x) for x in inputs)
    if isinstance(output, tuple):
        crossed = _cross(output, passage.entered)
        return type(output)._make(crossed) if hasattr(output, "_make") else crossed  # keep named tuples
    return _cross((output,), passage.entered)[0]


class _Passage:
    """The backward pass of one call of a module, from `entered` to `left`.

    Attributes
    ----------
    at_output : bool
        Whether no input needs a gradient, so `left` is never reached and all hooks run in `entered`.
    """

    def __init__(self, module: Module, hooks: Sequence[Hook], n_inputs: int) -> None:
        self.module, self.hooks, self.n_inputs = module, hooks, n_inputs
        self.at_output = False
        self.grad_output: Gradients = ()

    def entered(self, grad_output: Gradients) -> Gradients:
        for hook in self.hooks:
            if hook.when == "before backward":
                grad_output = _replaced(hook.function(self.module, grad_output), grad_output)
        self.grad_output = grad_output
        if self.at_output:
            self.left((None,) * self.n_inputs)
        return grad_output

    def left(self, grad_input: Gradients) -> Gradients:
        for hook in self.hooks:
            if hook.when == "after backward":
                grad_input = _replaced(hook.function(self.module, grad_input, self.grad_output), grad_input)
        return grad_input


def _replaced(changed: Gradients | Tensor | None, gradients: Gradients) -> Gradients:
    """What a hook returned, or the gradients it was given if it returned None."""
    if changed is None:
        return gradients
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != len(gradients):
        raise RuntimeError(
            f"backward hook: it returned {len(changed)} gradients in place of {len(gradients)}; "
            "return None, or a tuple with one gradient for each"
        )
    return changed


def _wants_grad(x: object) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


def _cross(values: tuple[Any, ...], on_gradients: Callable[[Gradients], Gradients]) -> tuple[Any, ...]:
    """The same values.  In the backward pass, `on_gradients` gets the gradients of all of them and may change them."""
    places = [i for i, x in enumerate(values) if _wants_grad(x)]
    if not places:
        return values

    def back(gs: Sequence[Array | Tensor]) -> tuple[Array | Tensor | None, ...]:
        tensors: list[Tensor | None] = [None] * len(values)
        for i, g in zip(places, gs, strict=True):
            tensors[i] = wrap(g) if isinstance(g, np.ndarray) else g
        changed = on_gradients(tuple(tensors))
        results: list[Array | Tensor | None] = []
        for i, g in zip(places, gs, strict=True):
            result = changed[i]
            results.append(result.array if isinstance(g, np.ndarray) and isinstance(result, Tensor) else result)
        return tuple(results)

    crossed = list(values)
    for i, y in zip(places, _crossing(*[values[i] for i in places], back=back), strict=True):
        crossed[i] = y
    return tuple(crossed)


_crossing = Op(  # not registered: the tests of hooks test it
    name="module_hooks",
    forward=lambda *xs, back: xs,
    backward=lambda ctx, *gs, back: back(gs),
    reference=lambda *xs, back: xs,
    sample=lambda draw: Sample(()),
)
