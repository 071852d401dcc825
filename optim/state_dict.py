"""Checks of what `Optimizer.load_state_dict` is given, before any of it is loaded."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np

from autograd import Tensor, get_default_dtype
from autograd.foreign import array_of
from autograd.promotion import FLOATING, computing_dtype
from autograd.tensor import wrap
from autograd.types import Array

if TYPE_CHECKING:
    from optim.optimizer import Optimizer, ParamGroup, State

StateDict: TypeAlias = Mapping[str, Any]  # what a state_dict() returns, possibly read from a file

# keys that learning rate schedulers add to a group
SCHEDULED = {"initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr"}
# options of PyTorch's optimizers that choose an implementation there and change nothing here
IGNORED = {"foreach", "fused", "capturable", "differentiable"}


class _Misfit(ValueError):
    """Why a state cannot be loaded."""


def check_state_dict(optimizer: Optimizer, state_dict: StateDict) -> tuple[list[ParamGroup], dict[Tensor, State]]:
    """Copies of the options of each group and of the state of each parameter.

    Raises
    ------
    ValueError
        If something does not fit the optimizer.
    """
    try:
        numbers, options = _check_groups(optimizer, state_dict)
        params = [p for group in optimizer.param_groups for p in group["params"]]
        return options, _check_states(optimizer, state_dict["state"], dict(zip(numbers, params, strict=True)), options)
    except _Misfit as error:
        raise ValueError(f"{type(optimizer).__name__}.load_state_dict: {error}; nothing was loaded") from None


# ── groups and their options ──


def _check_groups(optimizer: Optimizer, state_dict: StateDict) -> tuple[list[int], list[ParamGroup]]:
    """Numbers of the saved parameters, and copies of each group's options."""
    if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
        raise _Misfit("expects what a state_dict() returns, a dict of 'state' and 'param_groups'")
    groups = state_dict["param_groups"]
    if not isinstance(groups, list | tuple) or not all(
        isinstance(group, Mapping)
        and isinstance(group.get("params"), list | tuple)
        and all(isinstance(name, str) for name in group)
        for group in groups
    ):
        raise _Misfit("'param_groups' must be a list of dicts of options, each with a list 'params'")
    numbers = [number for group in groups for number in group["params"]]
    if not all(type(number) is int for number in numbers) or len(set(numbers)) < len(numbers):
        raise _Misfit("'params' must be a list of distinct integers, one for each parameter")
    saved, own = ([len(group["params"]) for group in some] for some in (groups, optimizer.param_groups))
    if saved != own:
        raise _Misfit(f"groups of {saved} parameters do not fit groups of {own}")
    return numbers, [_check_options(optimizer, i, dict(group)) for i, group in enumerate(groups)]


def _check_options(optimizer: Optimizer, i: int, saved: ParamGroup) -> ParamGroup:
    """A copy of the options of saved group i."""
    defaults, current = optimizer.defaults, optimizer.param_groups[i]
    del saved["params"]
    # Users may add keys of their own.  Unknown keys and missing options together mean another optimizer's state.
    known = {*defaults, *current, *SCHEDULED, *IGNORED, "name", "param_names"}
    unknown = [name for name in saved if name not in known]
    missing = [name for name in defaults if name not in {*saved, *IGNORED}]
    if unknown and missing:
        name = type(optimizer).__name__
        raise _Misfit(
            f"{name} cannot take {_owners(optimizer, saved)} state: group {i} has the options {', '.join(unknown)}, "
            f"which {name} does not know, and lacks {', '.join(missing)}"
        )
    options = {
        name: _check_option(f"{name} of group {i}", name, value, defaults, current)
        for name, value in saved.items()
        if name not in IGNORED or name in defaults
    }
    try:
        optimizer._check_options({**current, **options, "lr": 0.0})  # a scheduler may round lr to slightly below 0
    except (ValueError, TypeError) as error:
        raise _Misfit(str(error).removeprefix(f"{type(optimizer).__name__}: ")) from None
    return options


def _check_option(what: str, name: str, value: Any, defaults: Mapping[str, Any], current: ParamGroup) -> Any:
    """A copy of one option; an array of one element becomes a number."""
    if _is_array(value) and not isinstance(value, np.generic):
        try:
            value = array_of(value).item()
        except (TypeError, ValueError):
            raise _Misfit(f"{what} is an array, not a number") from None
    if not _is_plain(value):
        raise _Misfit(f"{what} is a {type(value).__name__}, which no option can be")
    alike = [defaults[name], current[name]] if name in defaults and name not in IGNORED else [value]
    if not any(is_alike(value, one) for one in alike):
        raise _Misfit(f"{what} is {_brief(value)}, which cannot replace {_brief(current[name])}")
    if name == "lr" and _is_number(value) and not abs(value) < math.inf:
        raise _Misfit(f"{what} is {value}; it must be finite")
    if name in SCHEDULED and not is_alike(value, 0.0):
        raise _Misfit(f"{what} is {_brief(value)}; it must be a number")
    return copy.deepcopy(value)


# ── the state of parameters ──


def _check_states(
    optimizer: Optimizer, saved: object, by_number: dict[int, Tensor], options: list[ParamGroup]
) -> dict[Tensor, State]:
    """Copies of the parameters' states."""
    if not isinstance(saved, Mapping):
        raise _Misfit("'state' must be a dict of parameters' numbers and their states")
    group_of = {
        p: {**group, **loaded}
        for group, loaded in zip(optimizer.param_groups, options, strict=True)
        for p in group["params"]
    }
    states: dict[Tensor, State] = {}
    for number, values in saved.items():
        key = int(number) if isinstance(number, str) and number.isdecimal() and len(number) < 10 else number
        if type(key) is not int or key not in by_number:
            raise _Misfit(f"no group has parameter {_brief(number)}")
        p = by_number[key]
        if p in states:
            raise _Misfit(f"parameter {key} has two states")
        if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
            raise _Misfit(f"the state of parameter {key} is not a dict with names as keys")
        state = {
            name: _check_entry(optimizer, f"{name} of parameter {key}", name, value, p)
            for name, value in values.items()
            if value is not None
            or name not in (optimizer._state_tensors or ())  # PyTorch's SGD stores None before a first step
        }
        needed = optimizer.state_names(group_of[p])
        if state and needed and (missing := [name for name in needed if name not in state]):
            raise _Misfit(f"the state of parameter {key} lacks {', '.join(missing)}")
        if state:
            states[p] = state
    return states


def _check_entry(optimizer: Optimizer, what: str, name: str, value: object, p: Tensor) -> object:
    """A copy of one entry of a parameter's state."""
    tensors, numbers = optimizer._state_tensors, optimizer._state_numbers
    declared = tensors is not None and name in {*numbers, *tensors}
    if not declared and "_state_tensors" in vars(type(optimizer)):
        names = ", ".join([*numbers, *(tensors or ())])
        raise _Misfit(f"the state has {what}, but {type(optimizer).__name__} stores only {names}")
    if not (declared or _is_array(value)):
        if isinstance(value, list | tuple) and value and all(map(_is_array, value)):  # as LBFGS keeps its past steps
            return [_check_entry(optimizer, what, name, one, p) for one in value]
        if not _is_plain(value):
            raise _Misfit(f"{what} is a {type(value).__name__}; a state holds tensors and plain values")
        return copy.deepcopy(value)
    if declared and name in numbers and type(value) in (int, float):
        value = np.array(value)
    try:
        array = np.array(array_of(value), order="C")
    except TypeError as error:
        raise _Misfit(f"{what} {error}") from None
    if not declared:
        return wrap(_cast(array, p.dtype) if array.dtype.kind in FLOATING and array.shape == p.shape else array)
    if array.dtype.kind == "b":
        raise _Misfit(f"{what} holds bool, not numbers")
    if name in numbers:
        if array.shape != () or not 0 <= array < math.inf or (name == "step" and array % 1):
            kind = "an integer" if name == "step" else "a number"
            raise _Misfit(f"{what} must be {kind}, at least 0")
        return wrap(
            array if array.dtype in (np.float32, np.float64) else array.astype(computing_dtype(get_default_dtype()))
        )
    if array.shape != optimizer._state_shape(name, p.shape):
        raise _Misfit(f"{what} of shape {array.shape} does not fit a parameter of shape {p.shape}")
    return wrap(_cast(array, p.dtype))


# ── kinds of values ──


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.number)


def _is_array(value: object) -> bool:
    return isinstance(value, Tensor) or hasattr(value, "__array__") or hasattr(value, "__dlpack__")


def _is_plain(value: object, depth: int = 4) -> bool:
    """Whether it is None, a bool, a number, a string, or lists, tuples and dicts of these, nested at most `depth`."""
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(key, str | int) and _is_plain(item, depth - 1) for key, item in value.items()
        )
    return value is None or isinstance(value, bool | int | float | str | np.number | np.bool_)


def is_alike(value: object, usual: object) -> bool:
    """Whether it can replace a usual value: a bool another bool, a number another number."""
    if isinstance(usual, bool | np.bool_):
        return isinstance(value, bool | np.bool_)
    if _is_number(usual):
        try:
            return _is_number(value) and not isinstance(value, bool) and not math.isnan(float(value))
        except OverflowError:  # an integer too large for a float
            return False
    if isinstance(usual, tuple | list):
        return (
            isinstance(value, tuple | list)
            and len(value) == len(usual)
            and all(is_alike(a, b) for a, b in zip(value, usual))
        )
    return usual is None or isinstance(value, type(usual))


def _brief(value: object) -> str:
    """The value in at most 40 characters, or its type."""
    if not _is_plain(value) or (isinstance(value, int) and abs(value) >= 10**20):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _owners(optimizer: Optimizer, options: Iterable[str]) -> str:
    """The known optimizers that these options fit best, as in "SGD's"."""
    names = set(options) - SCHEDULED - IGNORED - {"name", "param_names"}
    base = [one for one in type(optimizer).__mro__ if hasattr(one, "load_state_dict")][-1]
    classes, extra = [base], {}
    while classes:
        one = classes.pop(0)
        classes += one.__subclasses__()
        known = set(inspect.signature(one).parameters) - IGNORED
        if names <= known:
            extra[f"{one.__name__}'s"] = len(known - names)
    return " or ".join(owner for owner, n in extra.items() if n == min(extra.values())) or "another optimizer's"


def _cast(array: Array, dtype: np.dtype) -> Array:
    with np.errstate(over="ignore"):  # too large a number becomes infinite, as in PyTorch
        return array.astype(dtype, copy=False)
