"""What all optimizers share: parameter groups, state, saving and loading."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Tensor, enable_grad


class Optimizer:
    """Base of the optimizers: a subclass writes `_update`.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
        Tensors to optimize; or groups, dicts with "params" and their own options.
    defaults : dict
        Options for groups that have not their own.

    Attributes
    ----------
    param_groups : list of dict
        Each with "params" and its options: set `group["lr"]` to change one.
    state : dict
        What is remembered for each parameter, by name.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{name}: expects an iterable of parameters, got one Tensor; pass [tensor]")
        if isinstance(params, set | frozenset):
            raise TypeError(f"{name}: a set has no order, and state is saved by parameters' order; pass a list")
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        if hasattr(params, "parameters"):
            raise TypeError(f"{name}: got a {type(params).__name__}; pass its parameters, model.parameters()")
        groups = list(params)
        if not groups:
            raise ValueError(f"{name}: got no parameters; does the model have any, or was its iterator used up?")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with their own options."""
        name = type(self).__name__
        if "params" not in group:
            raise ValueError(f"{name}: a group is a dict with 'params', and this one has only {', '.join(group)}")
        params = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        known = {p for existing in self.param_groups for p in existing["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: a parameter is a Tensor, not a {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(f"{name}: a tensor of shape {p.shape} was computed, and only leaves can be optimized")
            if p in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} is given twice")
            known.add(p)
        if unknown := set(group) - set(self.defaults) - {"params"}:
            raise ValueError(
                f"{name}: has no option {sorted(unknown)[0]!r}; its options are {', '.join(self.defaults)}"
            )
        complete = {**self.defaults, **group, "params": params}
        self._check_options(complete)
        self.param_groups.append(complete)

    def _check_options(self, group: dict[str, Any]) -> None:
        """Raise for options out of range."""

    def _check_numbers(self, group: dict[str, Any], *options: str) -> None:
        """Raise where one of the options is no number, or below 0."""
        for option in options:
            value = group[option]
            if not isinstance(value, int | float | np.number) or not value >= 0:
                raise ValueError(f"{type(self).__name__}: {option} is {value!r}, and must be a number, at least 0")

    def _update(self, p: np.ndarray, g: np.ndarray, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change p in place by its gradient g, which is not to be written to."""
        raise TypeError(f"{type(self).__name__} has no update rule: an optimizer writes _update")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient by it.

        With a closure, which computes the loss and its gradients anew, call that first and return its loss.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._update(p.array, p.grad.array, self.state.setdefault(p, {}), group)
                    p.version[0] += 1
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or set them to 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad.zero_()

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with parameters by number, in the order of the groups.

        Its tensors are the optimizer's own memory: copy them to keep them.
        """
        numbers = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        groups = [{**group, "params": [numbers[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": {numbers[p]: dict(state) for p, state in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options and state from a `state_dict()`, its tensors as Tensors or NumPy arrays.

        Raises
        ------
        ValueError
            If groups, options, or shapes of state, do not fit; nothing is loaded then.
        """
        name = type(self).__name__
        saved = [len(group["params"]) for group in state_dict["param_groups"]]
        own = [len(group["params"]) for group in self.param_groups]
        if saved != own:
            raise ValueError(
                f"{name}.load_state_dict: groups of {saved} parameters do not fit groups of {own}; nothing was loaded"
            )
        params = [p for group in self.param_groups for p in group["params"]]
        numbers = [i for group in state_dict["param_groups"] for i in group["params"]]
        by_number = dict(zip(numbers, params, strict=True))
        state: dict[Tensor, dict[str, Any]] = {}
        for number, values in state_dict["state"].items():
            if int(number) not in by_number:
                raise ValueError(f"{name}.load_state_dict: no group has parameter {number}; nothing was loaded")
            p = by_number[int(number)]
            state[p] = {key: _own(name, key, value, p) for key, value in values.items()}
        options = [
            {key: copy.deepcopy(value) for key, value in group.items() if key != "params"}
            for group in state_dict["param_groups"]
        ]
        for group, loaded in zip(self.param_groups, options, strict=True):
            self._check_options({**group, **loaded})
        self.state = state
        for group, loaded in zip(self.param_groups, options, strict=True):
            group.update(loaded)


def _own(name: str, key: str, value: Any, p: Tensor) -> Any:
    """A copy of a state's value: tensors, checked against their parameter, or plain numbers."""
    if not isinstance(value, Tensor | np.ndarray):
        return value
    array = np.array(value.array if isinstance(value, Tensor) else value)
    if array.ndim and array.shape != p.shape:
        raise ValueError(
            f"{name}.load_state_dict: {key} of shape {array.shape} does not fit a parameter of shape {p.shape}; "
            "nothing was loaded"
        )
    return Tensor(array.astype(p.dtype) if array.ndim else array)
