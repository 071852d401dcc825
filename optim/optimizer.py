"""What all optimizers share: parameter groups, state, saving and loading."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Tensor, enable_grad, get_default_dtype
from autograd.tensor import RemovableHandle
from optim.fused import launch

# what learning rate schedulers note in a group
SCHEDULED = {"initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"}


class Optimizer:
    """Base of the optimizers: a subclass names its `_memory` and writes its `_rule`, a kernel with numbers.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
        Tensors to optimize; or groups, dicts with "params", their own options, and a "name" if you like.
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
        self._pre_hooks: list[Callable] = []
        self._post_hooks: list[Callable] = []
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        if hasattr(params, "parameters"):
            raise TypeError(f"{name}: got a {type(params).__name__}; pass its parameters, model.parameters()")
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{name}: got no parameters; was their iterator used up, or are the model's layers in a plain list, "
                "where it takes an nn.ModuleList?"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {option}: {group[option]}" for option in sorted(group) if option != "params"]
        return "\n".join([*lines, ")"])

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with their own options."""
        name = type(self).__name__
        if "params" not in group:
            raise ValueError(f"{name}: a group is a dict with 'params', and this one has only {', '.join(group)}")
        params = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        known = {p for existing in self.param_groups for p in existing["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: a parameter is a Tensor, not a {type(p).__name__}; pass model.parameters()")
            if not p.is_leaf:
                raise ValueError(f"{name}: a tensor of shape {p.shape} was computed, and only leaves can be optimized")
            if p in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} is given twice")
            known.add(p)
        if unknown := set(group) - set(self.defaults) - SCHEDULED - {"params", "name"}:
            raise ValueError(
                f"{name}: has no option {sorted(unknown)[0]!r}; its options are {', '.join(self.defaults)}"
            )
        complete = {**self.defaults, **group, "params": params}
        if isinstance(complete.get("lr"), Tensor):
            complete["lr"] = complete["lr"].item()
        self._check_options(complete)
        self.param_groups.append(complete)

    def _check_options(self, group: dict[str, Any]) -> None:
        """Raise for options out of range."""

    def _check_numbers(self, group: dict[str, Any], *options: str) -> None:
        """Raise where one of the options is no number, or below 0."""
        for option in options:
            value = group[option]
            if not _is_number(value) or not value >= 0:
                raise ValueError(f"{type(self).__name__}: {option} is {value!r}, and must be a number, at least 0")

    def _check_betas(self, group: dict[str, Any]) -> None:
        """Raise where the option "betas" is not two numbers from 0 to below 1."""
        betas = group["betas"]
        if (
            not isinstance(betas, tuple | list)
            or len(betas) != 2
            or not all(_is_number(b) and 0 <= b < 1 for b in betas)
        ):
            raise ValueError(f"{type(self).__name__}: betas is {betas!r}, and must be two numbers from 0 to below 1")

    # ── what a subclass writes ──

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """Names of the tensors kept for a parameter, as the kernel takes them; None: not with these options."""
        return ()

    def _count(self, state: dict[str, Any], group: dict[str, Any]) -> Any:
        """Note in a parameter's state that a step is made; returns all that `_rule` has to know of the state."""
        step = scalar(state, "step", 0)
        step.fill(step.item() + 1)
        return step.item()

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Callable, tuple[float, ...]]:
        """The kernel for a group's options, and its arguments (see `optim.fused`), for parameters of equal count."""
        raise TypeError(f"{type(self).__name__} has no update rule: an optimizer writes _rule")

    # ── the step ──

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient by it.

        With a closure, which computes the loss and its gradients anew, call that first and return its loss.

        Raises
        ------
        RuntimeError
            If a parameter's memory is read-only; its group is unchanged then.
        """
        arguments = (self,) if closure is None else (self, closure)
        for hook in self._pre_hooks:
            hook(self, arguments, {})
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step_group(group, [p for p in group["params"] if p.grad is not None])
        for hook in self._post_hooks:
            hook(self, arguments, {})
        return loss

    def _step_group(self, group: dict[str, Any], params: list[Tensor]) -> None:
        for p in params:
            if not p.array.flags.writeable:
                raise RuntimeError(
                    f"{type(self).__name__}: a parameter of shape {p.shape} is on read-only memory, as arrays of "
                    "other libraries can be; make it of a copy, with .clone().detach()"
                )
        names = self._memory(group)
        launches: dict[Any, list[list[np.ndarray | None]]] = {}  # one, unless dtypes or counts of steps differ
        for p in params:
            state = self.state.setdefault(p, {})
            count = self._count(state, group)
            memory = [None if name is None else _memory_of(p, state, name) for name in names]
            launches.setdefault((p.dtype, count), []).append([p.array, p.grad.array, *memory])  # type: ignore[union-attr]
            p.version[0] += 1
        for (_, count), rows in launches.items():
            launch(*self._rule(group, count), rows)

    def register_step_pre_hook(self, hook: Callable[[Optimizer, tuple, dict], None]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step, with what `step` was called with."""
        self._pre_hooks.append(hook)
        return RemovableHandle(self._pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[[Optimizer, tuple, dict], None]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        self._post_hooks.append(hook)
        return RemovableHandle(self._post_hooks, hook)

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
        return {"state": {numbers[p]: dict(state) for p, state in self.state.items() if state}, "param_groups": groups}

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
            self._check_options({**group, **loaded, "lr": 0.0})  # a schedule's rounding may leave lr a hair below 0
        self.state = defaultdict(dict, state)
        for group, loaded in zip(self.param_groups, options, strict=True):
            group.update(loaded)


def scalar(state: dict[str, Any], name: str, start: float) -> np.ndarray:
    """A state's number, as an array without dimensions; made anew, where it has none."""
    if name not in state:
        state[name] = Tensor(np.full((), start, get_default_dtype()))
    return state[name].array


def _memory_of(p: Tensor, state: dict[str, Any], name: str) -> np.ndarray:
    """What a parameter's state has by that name; zeros, where it has nothing."""
    if state.get(name) is None:
        state[name] = Tensor(np.zeros(p.shape, p.dtype))
    return state[name].array


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number)


def _own(name: str, key: str, value: Any, p: Tensor) -> Any:
    """A copy of a state's value: tensors, checked against their parameter, or plain numbers."""
    if not isinstance(value, Tensor | np.ndarray):
        return value
    array = np.array(value.array if isinstance(value, Tensor) else value, order="C")
    if array.ndim and array.shape != p.shape:
        raise ValueError(
            f"{name}.load_state_dict: {key} of shape {array.shape} does not fit a parameter of shape {p.shape}; "
            "nothing was loaded"
        )
    return Tensor(array.astype(p.dtype) if array.ndim else array)
