"""Optimizers that are written as a rule for one parameter, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autograd import Tensor, enable_grad, get_default_dtype
from autograd.promotion import computing_dtype
from autograd.tensor import wrap
from autograd.types import Array
from optim.optimizer import Closure, Optimizer, ParamGroup, State


class RuleOptimizer(Optimizer):
    """An optimizer whose step runs an update rule on each parameter that has a gradient.

    A subclass has these parts:

    `_state_tensors`, `_state_numbers`
        Names of the tensors that a parameter's state may hold, and of its numbers with their initial values.
    `__init__`
        Passes the options and their defaults on, under PyTorch's names.
    `_check_options(group)`
        Raises ValueError for an option out of range.
    `reference(p, g, state, group)`
        The update rule in NumPy.
    """

    _state_tensors: ClassVar[tuple[str, ...] | None] = ()
    _state_numbers: ClassVar[Mapping[str, float]] = {"step": 0.0}

    # ── what a subclass writes ──

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        """The parameter after one step: the update rule in NumPy.

        Parameters
        ----------
        p, g : array
            The parameter and its gradient.  Neither is written to.
        state : dict
            The parameter's tensors as arrays and its numbers, empty before the first step.  The rule replaces them.
        group : dict
            The options.
        """
        raise NotImplementedError("RuleOptimizer has no update rule: a subclass writes reference()")

    def _tensors_used(self, group: ParamGroup) -> tuple[str | None, ...]:
        """Names of the state tensors that these options need."""
        return self._state_tensors or ()

    def _initial_tensor(self, p: Tensor, name: str, group: ParamGroup) -> Array:
        """A tensor of the state of p before the first step."""
        return np.zeros(self._state_shape(name, p.shape), p.dtype)

    # ── the step ──

    def step(self, closure: Closure | None = None) -> Any:
        """Change every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Recomputes the loss and the gradients and returns the loss.  It is called first, with gradients enabled.

        Returns
        -------
        The closure's result, or None.

        Raises
        ------
        RuntimeError
            If a parameter's memory is read-only.  Its group is unchanged then.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            for p in params:
                if not p.array.flags.writeable:
                    raise RuntimeError(
                        f"{type(self).__name__}: a parameter of shape {p.shape} is on read-only memory, as arrays of "
                        "other libraries can be; make the parameter from a copy, .clone().detach()"
                    )
            self._update(params, group)
        return loss

    def _update(self, params: list[Tensor], group: ParamGroup) -> None:
        """Take the step of these parameters of a group, which all have a gradient."""
        for p in params:
            dtype = computing_dtype(p.dtype)
            state = self.state[p]
            values: State = {name: state[name].item() for name in self._state_numbers if name in state}
            values |= {
                name: state[name].array.astype(dtype)
                for name in self._state_tensors or ()
                if state.get(name) is not None
            }
            with np.errstate(all="ignore"):
                p.array[...] = self.reference(p.array.astype(dtype), p.grad.array.astype(dtype), values, group)  # type: ignore[union-attr]
                for name, value in values.items():
                    numbers = name in self._state_numbers
                    written = self._number(state, name) if numbers else self._tensor(p, state, name, group)
                    written[...] = value
            p.version[0] += 1

    def _number(self, state: State, name: str) -> Array:
        """A number of the state, as an array without dimensions; its initial value if it is not there yet."""
        if name not in state:
            state[name] = wrap(np.full((), self._state_numbers[name], computing_dtype(get_default_dtype())))
        number: Tensor = state[name]
        return number.array

    def _tensor(self, p: Tensor, state: State, name: str, group: ParamGroup) -> Array:
        """A tensor of the state; its initial value if it is not there yet."""
        if state.get(name) is None:
            state[name] = wrap(self._initial_tensor(p, name, group))
        tensor: Tensor = state[name]
        return tensor.array

    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...] | None:
        tensors = tuple(name for name in self._tensors_used(dict(group)) if name is not None)
        return (*self._state_numbers, *tensors)
