"""The base class of all optimizers: parameter groups, state, hooks, saving and loading."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np

from autograd import Tensor
from autograd.arguments import full_name
from autograd.hooks import RemovableHandle
from autograd.types import Shape
from optim.state_dict import StateDict, check_state_dict

Params: TypeAlias = Iterable[Tensor | tuple[str, Tensor] | dict[str, Any]]  # of one of these kinds
ParamGroup: TypeAlias = dict[str, Any]  # "params", and options by name
State: TypeAlias = dict[str, Any]  # of one parameter: tensors and plain values by name
Closure: TypeAlias = Callable[[], Any]
StepHook: TypeAlias = Callable[["Optimizer", tuple[Any, ...], dict[str, Any]], Any]

_pre_hooks_of_all: list[StepHook] = []  # of all optimizers
_post_hooks_of_all: list[StepHook] = []


class Optimizer:
    """Base class of the optimizers: a subclass passes its default options on and writes `step`.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        Tensors to optimize, optionally with names, as `model.named_parameters()` gives them.  Or parameter groups:
        dicts with "params", options that differ from the defaults, and any keys of your own.
    defaults : dict
        Options of groups that do not set their own.

    Attributes
    ----------
    param_groups : list of dict
        Each has "params" and options.  Set `group["lr"]` to change one.  Names of parameters are in "param_names".
    state : defaultdict of dict
        `state[p]` holds what `step` remembers about parameter p: tensors and plain values by name.

    Raises
    ------
    ValueError, TypeError
        If there are no parameters, one of them is no leaf or is given twice, or an option is out of range.

    Examples
    --------
    >>> import autograd, optim
    >>> class SignSGD(optim.Optimizer):
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    ...
    ...     @autograd.no_grad()
    ...     def step(self, closure=None):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 if p.grad is not None:
    ...                     p.add_(p.grad.sign(), alpha=-group["lr"])
    >>> p = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> SignSGD([p]).step()
    >>> p
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    # Names of the tensors that a parameter's state may hold, or None if a subclass does not declare them, and of its
    # numbers with their initial values.  `load_state_dict` checks declared entries and refuses others.
    _state_tensors: ClassVar[tuple[str, ...] | None] = None
    _state_numbers: ClassVar[Mapping[str, float]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "step" in vars(cls):
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{name}: expects an iterable of parameters, got one Tensor; pass [tensor]")
        if isinstance(params, set | frozenset):
            raise TypeError(f"{name}: a set has no order, and state is saved by parameters' order; pass a list")
        if hasattr(params, "parameters"):
            raise TypeError(f"{name}: got a {type(params).__name__}; pass its parameters, model.parameters()")
        self.defaults = defaults
        self._pre_hooks: list[StepHook] = []
        self._post_hooks: list[StepHook] = []
        self._state_dict_pre_hooks: list[Callable[[Optimizer], None]] = []
        self._state_dict_post_hooks: list[Callable[[Optimizer, dict[str, Any]], dict[str, Any] | None]] = []
        self._load_pre_hooks: list[Callable[[Optimizer, StateDict], StateDict | None]] = []
        self._load_post_hooks: list[Callable[[Optimizer], None]] = []
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[ParamGroup] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError(
                f"{name}: got no parameters; was their iterator used before, or are the model's layers in a plain "
                "list instead of an nn.ModuleList?"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Set attributes, as when unpickling.  Subclasses may extend it to add options that old states lack."""
        self.__dict__.update(state)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {option}: {group[option]}" for option in sorted(group) if option != "params"]
        return "\n".join([*lines, ")"])

    # ── parameter groups ──

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with their own options."""
        name = type(self).__name__
        if "params" not in param_group:
            raise ValueError(f"{name}: a group is a dict with 'params', but this one has only {', '.join(param_group)}")
        given = param_group["params"]
        params, names = _split_names(name, [given] if isinstance(given, Tensor) else given)
        if any(("param_names" in group) != (names is not None) for group in self.param_groups):
            raise ValueError(f"{name}: either the parameters of all groups must have names, or none of them")
        known = {p for group in self.param_groups for p in group["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: a parameter is a Tensor, not a {full_name(p)}; pass model.parameters()")
            if not p.is_leaf:
                raise ValueError(f"{name}: a tensor of shape {p.shape} was computed, and only leaves can be optimized")
            if p in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} is given twice")
            known.add(p)
        complete = {**self.defaults, **param_group, "params": params}
        if names is not None:
            complete["param_names"] = names
        for option, value in complete.items():
            if option in ("lr", "weight_decay", "betas"):
                complete[option] = self._plain_number(option, value)
        if complete.get("differentiable"):
            raise ValueError(
                f"{name}: differentiable=True is not available, as a step is not recorded; compute new parameters by "
                "tensor arithmetic, w - lr * grad, and call the model with autograd.func.functional_call"
            )
        self._check_options(complete)
        self.param_groups.append(complete)

    def _plain_number(self, option: str, value: Any) -> Any:
        """The number that a tensor of one element holds, also within a tuple; any other value as it is."""
        if isinstance(value, tuple | list):
            return type(value)(self._plain_number(option, one) for one in value)
        if not isinstance(value, Tensor):
            return value
        if value.numel() != 1:
            raise ValueError(
                f"{type(self).__name__}: {option} is a tensor of shape {tuple(value.shape)}; a tensor in the place of "
                "a number must have one element"
            )
        return value.item()

    def _check_options(self, group: ParamGroup) -> None:
        """Raise if an option is out of range.  Subclasses may override it; called for new groups and loaded ones."""

    def _check_non_negative(self, group: ParamGroup, *options: str) -> None:
        """Raise if one of the options is not a number or is negative."""
        for option in options:
            value = group[option]
            if not isinstance(value, int | float | np.number) or not value >= 0:
                raise ValueError(f"{type(self).__name__}: {option} is {value!r}; it must be a number, at least 0")

    def _check_pair(self, group: ParamGroup, option: str) -> None:
        """Raise unless the option is two numbers."""
        value = group[option]
        if (
            not isinstance(value, tuple | list)
            or len(value) != 2
            or not all(isinstance(one, int | float | np.number) for one in value)
        ):
            raise ValueError(f"{type(self).__name__}: {option} is {value!r}; it must be two numbers")

    def _check_betas(self, group: ParamGroup) -> None:
        """Raise unless the option `betas` is two numbers from 0 to below 1."""
        betas = group["betas"]
        if (
            not isinstance(betas, tuple | list)
            or len(betas) != 2
            or not all(isinstance(beta, int | float | np.number) and 0 <= beta < 1 for beta in betas)
        ):
            raise ValueError(f"{type(self).__name__}: betas is {betas!r}; it must be two numbers from 0 to below 1")

    def _state_shape(self, name: str, shape: Shape) -> Shape:
        """The shape of the state tensor `name` of a parameter of this shape."""
        return shape

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
        """
        raise NotImplementedError(f"{type(self).__name__} has no update rule: a subclass of Optimizer writes step()")

    def register_step_pre_hook(self, hook: StepHook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; `args` begins with the optimizer.

        A hook may return a new `(args, kwargs)` for the step.
        """
        return _register(self._pre_hooks, hook)

    def register_step_post_hook(self, hook: StepHook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return _register(self._post_hooks, hook)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Remove all gradients, or set them to 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad.zero_()

    # ── saving and loading ──

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with each parameter replaced by its number in the order of the groups.

        The tensors are not copied: copy them to keep them.
        """
        for before in list(self._state_dict_pre_hooks):
            before(self)
        numbers = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        groups = [{**group, "params": [numbers[p] for p in group["params"]]} for group in self.param_groups]
        states = {numbers[p]: dict(state) for p, state in self.state.items() if state}
        result: dict[str, Any] = {"state": states, "param_groups": groups}
        for after in list(self._state_dict_post_hooks):
            changed = after(self, result)
            result = result if changed is None else changed
        return result

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take options and state from a `state_dict()`, saved here or by PyTorch.

        Tensors may be Tensors, NumPy arrays, or tensors of another library that are readable through ``__array__``
        or ``__dlpack__``.  Options that are missing, as in the state of an older version, stay as they are.

        Raises
        ------
        ValueError
            If groups, options or state do not fit, or belong to another optimizer.  Nothing is loaded then.
        """
        for before in list(self._load_pre_hooks):
            changed = before(self, state_dict)
            state_dict = state_dict if changed is None else changed
        options, states = check_state_dict(self, state_dict)
        for group, loaded in zip(self.param_groups, options, strict=True):
            group.update(loaded)
        self.state.clear()
        self.state.update(states)
        self.__setstate__({"state": self.state, "param_groups": self.param_groups})
        for after in list(self._load_post_hooks):
            after(self)

    def register_state_dict_pre_hook(self, hook: Callable[[Optimizer], None], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before each `state_dict()`; with `prepend`, before the other hooks."""
        return _register(self._state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[[Optimizer, dict[str, Any]], dict[str, Any] | None], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after each `state_dict()`; what it returns replaces the state."""
        return _register(self._state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[[Optimizer, StateDict], StateDict | None], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before a state is loaded; what it returns is loaded in its place."""
        return _register(self._load_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[[Optimizer], None], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after a state was loaded."""
        return _register(self._load_post_hooks, hook, prepend)

    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Names of the state of a parameter in this group after its first step; None if they are not declared."""
        return None


def register_optimizer_step_pre_hook(hook: StepHook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer."""
    return _register(_pre_hooks_of_all, hook)


def register_optimizer_step_post_hook(hook: StepHook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer."""
    return _register(_post_hooks_of_all, hook)


def _register(hooks: list[Any], hook: Any, prepend: bool = False) -> RemovableHandle:
    hooks.insert(0 if prepend else len(hooks), hook)
    return RemovableHandle(hooks, hook)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """Run an optimizer's step hooks around its `step` method."""

    @functools.wraps(step)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        optimizer = args[0]
        if type(optimizer).step is not hooked:  # called by super().step() of a step that runs the hooks
            return step(*args, **kwargs)
        for hook in [*_pre_hooks_of_all, *optimizer._pre_hooks]:
            changed = hook(optimizer, args, kwargs)
            if changed is None:
                continue
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(
                    f"{type(optimizer).__name__}.step: a pre-hook must return None or (args, kwargs), not {changed!r}"
                )
            args, kwargs = changed
        result = step(*args, **kwargs)
        for hook in [*optimizer._post_hooks, *_post_hooks_of_all]:
            hook(optimizer, args, kwargs)
        return result

    return hooked


def _split_names(optimizer: str, params: Iterable[Any]) -> tuple[list[Any], list[str] | None]:
    """Parameters and their names; None in place of names if they have none."""
    listed = list(params)
    pairs = [p for p in listed if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str)]
    if not pairs:
        return listed, None
    if len(pairs) != len(listed):
        raise ValueError(f"{optimizer}: {len(pairs)} of {len(listed)} parameters have names; name all of them or none")
    return [p for _, p in pairs], [name for name, _ in pairs]
