"""Checks of what `LRScheduler.load_state_dict` is given, and PyTorch's names for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim.state_dict import StateDict, is_alike

# entries of PyTorch's states that nothing here needs
_BOOKKEEPING = {
    "_step_count",
    "_get_lr_called_within_step",
    "_is_initial",
    "verbose",
    "anneal_func",
    "mode_worse",
    "default_min_lr",
    "use_beta1",
    "_scale_fn_custom",
}
_RENAMED = {
    "_milestones": "milestones",
    "_schedulers": "schedulers",
    "_anneal_strategy": "anneal_strategy",
    "_anneal_func_type": "anneal_strategy",
    "_schedule_phases": "phases",
}
_MOST_MILESTONES = 10_000  # of one scheduler: a file must not make a list of any length

# what some entries must be: integers from this one on, one of these strings, lists with one value for each group
_INTEGERS = {
    **dict.fromkeys(("step_size", "T_max", "T_0", "T_i", "T_mult", "total_steps"), 1),
    **dict.fromkeys(("total_iters", "patience", "cooldown", "cooldown_counter", "num_bad_epochs", "milestones"), 0),
    "last_epoch": -1,
}
_CHOICES: dict[str, list[tuple[str, ...]]] = {
    "mode": [("min", "max"), ("triangular", "triangular2", "exp_range")],
    "scale_mode": [("cycle", "iterations")],
    "threshold_mode": [("rel", "abs")],
    "anneal_strategy": [("cos", "linear")],
    "phases": [("initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum")],
}
_PER_GROUP = ("base_lrs", "_last_lr", "min_lrs", "max_lrs", "base_momentums", "max_momentums")


def from_pytorch(state: StateDict, own: StateDict) -> dict[str, Any]:
    """A scheduler's state with the names and forms of `own`, where it has PyTorch's."""
    renamed = {key if key in own else _RENAMED.get(key, key): value for key, value in state.items()}
    found = {key: value for key, value in renamed.items() if key in own or key not in _BOOKKEEPING}
    milestones = found.get("milestones")
    if "milestones" in own and "schedulers" not in own and isinstance(milestones, Mapping) and _is_counter(milestones):
        found["milestones"] = sorted(int(epoch) for epoch, times in milestones.items() for _ in range(times))
    phases = found.get("phases")
    if "phases" in own and isinstance(phases, list) and all(isinstance(phase, Mapping) for phase in phases):
        found["phases"] = [[phase.get(key) for key in ("end_step", "end_lr", "end_momentum")] for phase in phases]
    lambdas = found.get("lr_lambdas")
    if "lr_lambdas" not in own and isinstance(lambdas, list) and all(one is None for one in lambdas):
        del found["lr_lambdas"]
    return found


def _is_counter(milestones: Mapping[object, int]) -> bool:
    """Whether these are PyTorch's milestones, the number of times of each epoch; JSON makes the epochs strings."""
    return (
        all(
            type(epoch) is int or (isinstance(epoch, str) and len(epoch) < 20 and epoch.isdecimal())
            for epoch in milestones
        )
        and all(type(times) is int and 0 <= times <= _MOST_MILESTONES for times in milestones.values())
        and sum(milestones.values()) <= _MOST_MILESTONES
    )


def misfit(key: str, value: object, usual: object, groups: int) -> str | None:
    """Why a value cannot replace the usual one of an entry, or None if it can."""
    if isinstance(usual, str):
        choices = next((some for some in _CHOICES[key] if usual in some), (usual,))
        return None if isinstance(value, str) and value in choices else f"must be {' or '.join(map(repr, choices))}"
    if isinstance(usual, list):
        if not isinstance(value, list):
            return "must be a list"
        wanted = groups if key in _PER_GROUP else len(value) if key == "milestones" else len(usual)
        # an inactive scheduler of a sequence does not know of groups that were added meanwhile
        if len(value) != wanted and not (key in _PER_GROUP and len(value) == len(usual)):
            return f"must have {wanted} elements, but has {len(value)}"
        inner = [0] * wanted if key == "milestones" else usual[:1] * len(value) if key in _PER_GROUP else usual
        return next((why for new, old in zip(value, inner) if (why := misfit(key, new, old, groups))), None)
    if isinstance(usual, dict):  # the state of one scheduler of a sequence, which checks it
        return None if isinstance(value, dict) else "must hold dicts"
    if not is_alike(value, usual):
        return "must be True or False" if isinstance(usual, bool) else "must be a number"
    if isinstance(usual, int) and key in _INTEGERS and (not isinstance(value, int) or value < _INTEGERS[key]):
        return f"must be an integer, at least {_INTEGERS[key]}"
    return None
