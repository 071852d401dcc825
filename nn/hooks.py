"""What runs a module that has hooks.

    inputs ─ before forward ─┬─ forward ─ after forward ─┬─> output
                             │                           │
    grad_input <─ after backward <─ … <─ before backward ┴─< grad_output

The two crossings are an op that does nothing: all gradients of a side arrive there together,
so that the hooks see them at once, however many tensors went in or came out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograd import Op, Sample, Tensor, is_grad_enabled

if TYPE_CHECKING:
    from nn.module import Module


@dataclass(eq=False)  # a function that is registered twice is two hooks
class Hook:
    """A function, and when it is called."""

    when: Literal["before forward", "after forward", "before backward", "after backward"]
    function: Callable
    with_kwargs: bool = False


def run(module: Module, hooks: Sequence[Hook], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The module's forward, with its hooks before and after."""
    hooks = list(hooks)  # one may remove itself
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
        return type(output)._make(crossed) if hasattr(output, "_make") else crossed  # a named tuple stays one
    return _cross((output,), passage.entered)[0]


class _Passage:
    """One call's backward pass through its module, from `entered` to `left`.

    Attributes
    ----------
    at_output : bool
        Whether no gradient will leave, so that all hooks are called on entering.
    """

    def __init__(self, module: Module, hooks: Sequence[Hook], n_inputs: int) -> None:
        self.module, self.hooks, self.n_inputs = module, hooks, n_inputs
        self.at_output = False
        self.grad_output: tuple[Tensor | None, ...] = ()

    def entered(self, grad_output: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        for hook in self.hooks:
            if hook.when == "before backward":
                grad_output = _replaced(hook.function(self.module, grad_output), grad_output)
        self.grad_output = grad_output
        if self.at_output:
            self.left((None,) * self.n_inputs)
        return grad_output

    def left(self, grad_input: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        for hook in self.hooks:
            if hook.when == "after backward":
                grad_input = _replaced(hook.function(self.module, grad_input, self.grad_output), grad_input)
        return grad_input


def _replaced(changed: Any, gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    if changed is None:
        return gradients
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != len(gradients):
        raise RuntimeError(
            f"backward hook: it returned {len(changed)} gradients in place of {len(gradients)}; "
            "return None, or a tuple with one for each"
        )
    return changed


def _wants_grad(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


def _cross(values: tuple[Any, ...], gradients: Callable) -> tuple[Any, ...]:
    """The values; on the way back, `gradients` is called with all of theirs, and may change them."""
    places = [i for i, x in enumerate(values) if _wants_grad(x)]
    if not places:
        return values

    def back(gs: Sequence[Any]) -> tuple[Any, ...]:
        everywhere: list[Tensor | None] = [None] * len(values)
        for i, g in zip(places, gs, strict=True):
            everywhere[i] = Tensor(g) if isinstance(g, np.ndarray) else g
        changed = gradients(tuple(everywhere))
        return tuple(
            changed[i].array if isinstance(g, np.ndarray) and isinstance(changed[i], Tensor) else changed[i]
            for i, g in zip(places, gs, strict=True)
        )

    crossed = list(values)
    for i, y in zip(places, _crossing(*[values[i] for i in places], back=back), strict=True):
        crossed[i] = y
    return tuple(crossed)


_crossing = Op(  # in no table: it is tested with the hooks
    name="module_hooks",
    forward=lambda *xs, back: xs,
    backward=lambda ctx, *gs, back: back(gs),
    reference=lambda *xs, back: xs,
    sample=lambda draw: Sample(()),
)
