"""What all optimizers share: parameter groups, state, saving and loading."""

from __future__ import annotations

import copy
import inspect
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd import Tensor, enable_grad, get_default_dtype
from autograd.foreign import array_of
from autograd.hooks import RemovableHandle
from optim.fused import launch

# what learning rate schedulers note in a group
SCHEDULED = {"initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"}
# options of PyTorch's optimizers that choose among its implementations, and change nothing here
IGNORED = {"foreach", "fused", "capturable", "differentiable"}


class Optimizer:
    """Base of the optimizers: a subclass names its `_memory` and writes its `_rule`, a kernel with numbers.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dicts
        Tensors to optimize, with their names if you like, as `model.named_parameters()` gives them; or groups, dicts
        with "params", their own options, and anything else that you want to note.
    defaults : dict
        Options for groups that have not their own.

    Attributes
    ----------
    param_groups : list of dict
        Each with "params" and its options: set `group["lr"]` to change one.  Names are in "param_names".
    state : dict
        What is remembered for each parameter, by name.
    """

    # Names of the numbers that a parameter's state holds from its first step on, and of all tensors that it may hold.
    # A class that does not declare its own may keep other entries, too; with None for the tensors, none is known.
    _numbers: ClassVar[tuple[str, ...]] = ("step",)
    _tensors: ClassVar[tuple[str, ...] | None] = None

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
        params, names = _named(name, [group["params"]] if isinstance(group["params"], Tensor) else group["params"])
        if any(("param_names" in existing) != (names is not None) for existing in self.param_groups):
            raise ValueError(f"{name}: the parameters of all groups must have names, or none; here some have")
        known = {p for existing in self.param_groups for p in existing["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: a parameter is a Tensor, not a {type(p).__name__}; pass model.parameters()")
            if not p.is_leaf:
                raise ValueError(f"{name}: a tensor of shape {p.shape} was computed, and only leaves can be optimized")
            if p in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} is given twice")
            known.add(p)
        complete = {**self.defaults, **group, "params": params}
        if names is not None:
            complete["param_names"] = names
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
        """Take options and state from a `state_dict()`, of this library's optimizer or of PyTorch's.

        Its tensors may be Tensors, NumPy arrays, or another library's, which are read through ``__array__`` or
        ``__dlpack__``.  Options that it lacks, as one of an older version does, stay as they are.

        Raises
        ------
        ValueError
            If groups, options or state do not fit, or are another optimizer's; nothing is loaded then.
        """
        numbers, options = self._checked_groups(state_dict)
        params = [p for group in self.param_groups for p in group["params"]]
        state = self._checked_state(state_dict, dict(zip(numbers, params, strict=True)), options)
        for group, loaded in zip(self.param_groups, options, strict=True):
            group.update(loaded)
        self.state.clear()
        self.state.update(state)

    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Names of all that the state of a group's parameter holds once it has made a step; None where any will do."""
        if self._tensors is None:
            return None
        memory = tuple(name for name in self._memory(dict(group)) if name is not None)
        return (*self._numbers, *memory)

    def _misfit(self, what: str) -> ValueError:
        return ValueError(f"{type(self).__name__}.load_state_dict: {what}; nothing was loaded")

    def _checked_groups(self, state_dict: Any) -> tuple[list[int], list[dict[str, Any]]]:
        """The parameters' numbers and copies of each group's options, where they fit."""
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise self._misfit("expects what a state_dict() returns, a dict of 'state' and 'param_groups'")
        groups = state_dict["param_groups"]
        if not isinstance(groups, list | tuple) or not all(
            isinstance(group, Mapping)
            and isinstance(group.get("params"), list | tuple)
            and all(isinstance(name, str) for name in group)
            for group in groups
        ):
            raise self._misfit("'param_groups' is no list of dicts of options, each with a list 'params'")
        numbers = [number for group in groups for number in group["params"]]
        if not all(type(number) is int for number in numbers) or len(set(numbers)) < len(numbers):
            raise self._misfit("'params' has to be a list of different whole numbers, one for each parameter")
        saved, own = ([len(group["params"]) for group in some] for some in (groups, self.param_groups))
        if saved != own:
            raise self._misfit(f"groups of {saved} parameters do not fit groups of {own}")
        return numbers, [self._checked_options(i, dict(group)) for i, group in enumerate(groups)]

    def _checked_options(self, i: int, saved: dict[str, Any]) -> dict[str, Any]:
        """A copy of a saved group's options, where they are this optimizer's."""
        current = self.param_groups[i]
        del saved["params"]
        # A group may have keys of its user's own.  Where it has such keys and lacks options, it is another optimizer's.
        known = {*self.defaults, *current, *SCHEDULED, *IGNORED, "name", "param_names"}
        foreign = [name for name in saved if name not in known]
        lacking = [name for name in self.defaults if name not in {*saved, *IGNORED}]
        if foreign and lacking:
            name = type(self).__name__
            raise self._misfit(
                f"{name} cannot take {_owners(saved)} state: group {i} has the options {', '.join(foreign)}, which "
                f"{name} does not know, and lacks {', '.join(lacking)}"
            )
        options = {}
        for name, value in saved.items():
            if name in IGNORED and name not in self.defaults:
                continue
            if _is_array(value) and not isinstance(value, np.generic):  # a rate as a tensor
                try:
                    value = array_of(value).item()
                except (TypeError, ValueError):
                    raise self._misfit(f"{name} of group {i} is no number") from None
            if not _is_plain(value):
                raise self._misfit(f"{name} of group {i} is of a type that no option has, {type(value).__name__}")
            usual = [self.defaults[name], current[name]] if name in self.defaults and name not in IGNORED else [value]
            if not any(is_alike(value, one) for one in usual):
                raise self._misfit(f"{name} of group {i} is {_brief(value)}, where {_brief(current[name])} is now")
            if name == "lr" and not abs(value) < math.inf:
                raise self._misfit(f"lr of group {i} is {value}, and must be finite")
            if name in SCHEDULED and not is_alike(value, 0.0):
                raise self._misfit(f"{name} of group {i} is {_brief(value)}, and must be a number")
            options[name] = copy.deepcopy(value)
        try:
            self._check_options({**current, **options, "lr": 0.0})  # a schedule's rounding may leave lr a hair below 0
        except (ValueError, TypeError) as error:
            raise self._misfit(str(error).removeprefix(f"{type(self).__name__}: ")) from None
        return options

    def _checked_state(
        self, state_dict: Mapping[str, Any], by_number: dict[int, Tensor], options: list[dict[str, Any]]
    ) -> dict[Tensor, dict[str, Any]]:
        """Copies of the states of parameters, where they fit."""
        if not isinstance(state_dict["state"], Mapping):
            raise self._misfit("'state' is no dict of parameters' numbers and their states")
        group_of = {
            p: {**group, **loaded}
            for group, loaded in zip(self.param_groups, options, strict=True)
            for p in group["params"]
        }
        state: dict[Tensor, dict[str, Any]] = {}
        for number, values in state_dict["state"].items():
            key = int(number) if isinstance(number, str) and number.isdecimal() and len(number) < 10 else number
            if type(key) is not int or key not in by_number:
                raise self._misfit(f"no group has parameter {_brief(number)}")
            p = by_number[key]
            if p in state:
                raise self._misfit(f"parameter {key} has two states")
            if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
                raise self._misfit(f"the state of parameter {key} is no dict of names and tensors")
            own = {
                name: self._checked_entry(f"{name} of parameter {key}", name, value, p)
                for name, value in values.items()
                if value is not None
                or name not in (self._tensors or ())  # PyTorch's SGD keeps None before a first step
            }
            needed = self.state_names(group_of[p])
            if own and needed and (missing := [name for name in needed if name not in own]):
                raise self._misfit(f"the state of parameter {key} lacks {', '.join(missing)}")
            if own:
                state[p] = own
        return state

    def _checked_entry(self, what: str, name: str, value: Any, p: Tensor) -> Any:
        """A copy of one entry of a parameter's state, where it is of the kind that this optimizer keeps."""
        known = self._tensors is not None and name in {*self._numbers, *self._tensors}
        if not known and "_tensors" in vars(type(self)):
            kept = ", ".join([*self._numbers, *(self._tensors or ())])
            raise self._misfit(f"the state has {what}, and {type(self).__name__} keeps only {kept}")
        if not (known or _is_array(value)):
            if not _is_plain(value):
                raise self._misfit(f"{what} is a {type(value).__name__}, and a state holds tensors and plain values")
            return copy.deepcopy(value)
        if known and name in self._numbers and type(value) in (int, float):
            value = np.array(value)
        try:
            array = np.array(array_of(value), order="C")
        except TypeError as error:
            raise self._misfit(f"{what} {error}") from None
        if not known:
            return Tensor(_cast(array, p.dtype) if array.dtype.kind == "f" and array.shape == p.shape else array)
        if array.dtype.kind == "b":
            raise self._misfit(f"{what} holds bool, not numbers")
        if name in self._numbers:
            if array.shape != () or not 0 <= array < math.inf or (name == "step" and array % 1):
                kind = "a whole number" if name == "step" else "a number"
                raise self._misfit(f"{what} has to be {kind}, at least 0")
            return Tensor(array if array.dtype in (np.float32, np.float64) else array.astype(get_default_dtype()))
        if array.shape != p.shape:
            raise self._misfit(f"{what} of shape {array.shape} does not fit a parameter of shape {p.shape}")
        return Tensor(_cast(array, p.dtype))


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


def _named(optimizer: str, params: Iterable[Any]) -> tuple[list[Any], list[str] | None]:
    """Parameters and their names; None for names, where they have none."""
    listed = list(params)
    pairs = [p for p in listed if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str)]
    if not pairs:
        return listed, None
    if len(pairs) != len(listed):
        raise ValueError(f"{optimizer}: of {len(listed)} parameters {len(pairs)} have names; name all, or none")
    return [p for _, p in pairs], [name for name, _ in pairs]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number)


def _is_array(value: Any) -> bool:
    return isinstance(value, Tensor) or hasattr(value, "__array__") or hasattr(value, "__dlpack__")


def _is_plain(value: Any, depth: int = 4) -> bool:
    """Whether it is None, a bool, a number, text, or a list, a tuple or a dict of these, not deeper than that."""
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(key, str | int) and _is_plain(item, depth - 1) for key, item in value.items()
        )
    return value is None or isinstance(value, bool | int | float | str | np.number | np.bool_)


def is_alike(value: Any, usual: Any) -> bool:
    """Whether it may take the place of a usual value: a bool that of a bool, a number that of a number."""
    if isinstance(usual, bool | np.bool_):
        return isinstance(value, bool | np.bool_)
    if _is_number(usual):
        try:
            return _is_number(value) and not isinstance(value, bool) and not math.isnan(float(value))
        except OverflowError:  # a whole number beyond all floats
            return False
    if isinstance(usual, tuple | list):
        return (
            isinstance(value, tuple | list)
            and len(value) == len(usual)
            and all(is_alike(a, b) for a, b in zip(value, usual))
        )
    return usual is None or isinstance(value, type(usual))


def _brief(value: Any) -> str:
    """What it is, in at most a few words."""
    if not _is_plain(value) or (isinstance(value, int) and abs(value) >= 10**20):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _owners(options: Iterable[str]) -> str:
    """Whose options these are, "SGD's", as far as the optimizers that are known tell."""
    wanted = set(options) - SCHEDULED - IGNORED - {"name", "param_names"}
    classes, names = [Optimizer], []
    while classes:
        one = classes.pop(0)
        classes += one.__subclasses__()
        if wanted <= set(inspect.signature(one).parameters):
            names.append(f"{one.__name__}'s")
    return " or ".join(names) or "another optimizer's"


def _cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, as in PyTorch
        return array.astype(dtype, copy=False)
