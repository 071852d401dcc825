"""Learning rates that change from epoch to epoch, or from step to step.

A scheduler sets `group["lr"]` when it is made, and at each `step()`; most go on from the rate
that is there, so that two of them, or a user's change, work together.  Their state is numbers,
strings and lists, which JSON holds.
"""

from __future__ import annotations

import copy
import math
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, SupportsFloat

from optim.optimizer import Optimizer, is_alike


class LRScheduler:
    """Base of the schedulers: a subclass writes `get_lr`.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        The epoch to go on from; -1 for a new start.

    Attributes
    ----------
    last_epoch : int
        How many steps were made since.
    base_lrs : list of float
        The rate that each group began with, its "initial_lr".
    """

    _is_initial = False  # whether the step under way is the one made at the start

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        _check_optimizer(name, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{name}: to go on from epoch {last_epoch}, group {i} needs its 'initial_lr'; load the "
                    "optimizer's state first, or set it"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._first_step()

    def get_lr(self) -> list[float]:
        """Each group's rate at `last_epoch`, which may depend on the rate before, `group["lr"]`."""
        raise TypeError(f"{type(self).__name__} has no rule: a scheduler writes get_lr")

    def get_last_lr(self) -> list[float]:
        """Each group's rate, as last set here."""
        return list(self._last_lr)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, and set the rates.

        With an epoch, go to that one: deprecated, as in PyTorch.  The rates then follow from the base rates alone.
        """
        self._take_new_groups()
        if epoch is None:
            self.last_epoch += 1
            self._set_lr(self.get_lr())
        else:
            _warn_of_epoch(self)
            self.last_epoch = epoch
            self._set_lr(self._closed_form())

    def _closed_form(self) -> list[float]:
        """Each group's rate at `last_epoch`, from its base rate."""
        return self.get_lr()

    def _take_new_groups(self) -> None:
        """Schedule groups that were added to the optimizer since: the rate that each came with is its base rate."""
        for group in self.optimizer.param_groups[len(self.base_lrs) :]:
            group.setdefault("initial_lr", group["lr"])
            self._take_group(group)
            self.base_lrs.append(group["initial_lr"])

    def _take_group(self, group: dict[str, Any]) -> None:
        """Note what else this scheduler keeps for a group."""

    def _set_lr(self, rates: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = list(rates)

    def _first_step(self) -> None:
        self._is_initial = True
        self.step()
        del self._is_initial

    def _restart(self, rates: Sequence[float]) -> None:
        """Begin anew, from these rates."""
        self._set_lr(rates)
        self.last_epoch = -1
        self._first_step()

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer."""
        return {key: copy.deepcopy(value) for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take what a `state_dict()` of such a scheduler holds; the optimizer's rates are loaded by the optimizer."""
        self._check_state(state_dict)
        self.__dict__.update(copy.deepcopy(dict(state_dict)))

    def _check_state(self, state_dict: Any) -> None:
        """Raise where a state is not of this scheduler's kind."""
        name = type(self).__name__
        own = self.state_dict()
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(own):
            got = (", ".join(map(str, state_dict)) or "nothing") if isinstance(state_dict, Mapping) else "no dict"
            raise ValueError(
                f"{name}.load_state_dict: expects {', '.join(own)}, and got {got[:200]}; nothing was loaded"
            )
        known = own if type(self).__module__ == __name__ else {"last_epoch", "base_lrs", "_last_lr"} & set(own)
        for key in known:  # what a scheduler of the user's own adds may be of any kind
            if why := _misfit(key, state_dict[key], own[key], len(self.optimizer.param_groups)):
                raise ValueError(f"{name}.load_state_dict: {key} {why}; nothing was loaded")


# What some values of schedulers have to be: whole numbers from these on, one of these texts, a list of one a group.
_WHOLE = {
    **dict.fromkeys(("step_size", "T_max", "T_0", "T_i", "T_mult", "total_steps"), 1),
    **dict.fromkeys(("total_iters", "patience", "cooldown", "cooldown_counter", "num_bad_epochs", "milestones"), 0),
    "last_epoch": -1,
}
_CHOICES = {
    "mode": ("min", "max"),
    "threshold_mode": ("rel", "abs"),
    "anneal_strategy": ("cos", "linear"),
    "phases": ("initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum"),
}
_PER_GROUP = ("base_lrs", "_last_lr", "min_lrs")


def _misfit(key: str, value: Any, usual: Any, groups: int) -> str | None:
    """Why a value cannot take the place of a usual one under that name of a scheduler's state; None where it can."""
    if isinstance(usual, str):
        choices = _CHOICES[key]
        return None if isinstance(value, str) and value in choices else f"must be {' or '.join(map(repr, choices))}"
    if isinstance(usual, list):
        if not isinstance(value, list):
            return "must be a list"
        wanted = groups if key in _PER_GROUP else len(value) if key == "milestones" else len(usual)
        # a scheduler that rests, as one of a sequence may, has not met a group that was added meanwhile
        if len(value) != wanted and not (key in _PER_GROUP and len(value) == len(usual)):
            return f"must have {wanted} elements, and has {len(value)}"
        inner = [0] * wanted if key == "milestones" else usual[:1] * len(value) if key in _PER_GROUP else usual
        return next((why for new, old in zip(value, inner) if (why := _misfit(key, new, old, groups))), None)
    if isinstance(usual, dict):  # the state of one of a sequence's schedulers, which checks it
        return None if isinstance(value, dict) else "must hold dicts"
    if not is_alike(value, usual):
        return "must be True or False" if isinstance(usual, bool) else "must be a number"
    if isinstance(usual, int) and key in _WHOLE and (not isinstance(value, int) or value < _WHOLE[key]):
        return f"must be a whole number, at least {_WHOLE[key]}"
    return None


def _check_optimizer(name: str, optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: expects an Optimizer, got {type(optimizer).__name__}")


def _warn_of_epoch(scheduler: LRScheduler) -> None:
    warnings.warn(
        f"{type(scheduler).__name__}.step: the epoch is deprecated; call step() without it, once an epoch",
        stacklevel=3,
    )


def _check_count(name: str, option: str, value: Any) -> None:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}: {option} is {value!r}, and must be a whole number, at least 1")


def _per_group(name: str, option: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """One value a group: the list that is given, or the same for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"{name}: {len(value)} values of {option} do not fit an optimizer of {groups} groups")
    return list(value)


def _of_new_group(name: str, option: str, values: list[Any]) -> Any:
    """The value for a group that was added: that of the others, where it is the same for all."""
    if any(value != values[0] for value in values):
        raise ValueError(
            f"{name}: the optimizer has a new group, and {option} was a list of one value a group; make the scheduler "
            "again, with a value for each"
        )
    return values[0]


class LambdaLR(LRScheduler):
    """The base rate times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : function of the epoch, or a list of one a group
        Functions are no part of the state: give the same when it is loaded.
    last_epoch : int
        The epoch to go on from; -1 for a new start.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer("LambdaLR", optimizer)
        self.lr_lambdas = _per_group("LambdaLR", "lr_lambda", lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def _take_group(self, group: dict[str, Any]) -> None:
        self.lr_lambdas.append(_of_new_group("LambdaLR", "lr_lambda", self.lr_lambdas))

    def get_lr(self) -> list[float]:
        return [base * factor(self.last_epoch) for base, factor in zip(self.base_lrs, self.lr_lambdas)]

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer and the functions."""
        kept = {"optimizer", "lr_lambdas"}
        return {key: copy.deepcopy(value) for key, value in self.__dict__.items() if key not in kept}


class StepLR(LRScheduler):
    """Every step_size epochs, the rate times gamma."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        _check_count("StepLR", "step_size", step_size)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._rates()
        return [lr * self.gamma for lr in self._rates()]

    def _closed_form(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """At each of the milestones, which are epochs, the rate times gamma; twice, where one is given twice."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        factor = self.gamma ** self.milestones.count(self.last_epoch)
        return [lr * factor for lr in self._rates()]

    def _closed_form(self) -> list[float]:
        return [base * self.gamma ** bisect_right(self.milestones, self.last_epoch) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Every epoch, the rate times gamma."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._rates() if self._is_initial else [lr * self.gamma for lr in self._rates()]

    def _closed_form(self) -> list[float]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class LinearLR(LRScheduler):
    """From start_factor of the base rate to end_factor of it, along a line total_iters epochs long."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor is {start_factor!r}, and must be above 0, and at most 1")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor is {end_factor!r}, and must be from 0 to 1")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [lr * self.start_factor for lr in self._rates()]
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._rates()
        rise = self.end_factor - self.start_factor  # over total_iters epochs
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return [lr * (1 + rise / before) for lr in self._rates()]

    def _closed_form(self) -> list[float]:
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (self.start_factor + (self.end_factor - self.start_factor) * share) for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """Down to eta_min along half a cosine T_max epochs long, and up again.

        η = η_min + (η_base - η_min) (1 + cos(π t/T_max))/2

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        _check_count("CosineAnnealingLR", "T_max", T_max)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._rates()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # up from eta_min, which has no factor
            up = (1 - math.cos(math.pi / self.T_max)) / 2
            return [lr + (base - self.eta_min) * up for base, lr in zip(self.base_lrs, self._rates())]
        now, before = (1 + math.cos(math.pi * epoch / self.T_max) for epoch in (self.last_epoch, self.last_epoch - 1))
        return [now / before * (lr - self.eta_min) + self.eta_min for lr in self._rates()]

    def _closed_form(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down to eta_min along half a cosine, and up again at once.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Epochs of the first cycle.
    T_mult : int
        How many times longer each cycle is than the one before.
    eta_min : float
        The lowest rate.
    last_epoch : int
        The epoch to go on from; -1 for a new start.

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        _check_count("CosineAnnealingWarmRestarts", "T_0", T_0)
        _check_count("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to any, between two say, and set the rates."""
        self._take_new_groups()
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = epoch or 0
            if epoch < 0:
                raise ValueError(f"CosineAnnealingWarmRestarts: epoch is {epoch}, and must be at least 0")
            self.T_cur, self.T_i = epoch, self.T_0
            while self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self._set_lr(self.get_lr())


class OneCycleLR(LRScheduler):
    """Up from a low rate to max_lr, and down to one much lower; to be stepped after every batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or a list of one a group
        The highest rate.
    total_steps : int, optional
        Steps of the whole cycle; epochs × steps_per_epoch, where it is not given.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        The share of the steps on the way up.
    anneal_strategy : "cos" or "linear"
        Along half a cosine, or a line.
    cycle_momentum : bool
        Move the momentum (of Adam and its like, β₁) the other way.
    base_momentum, max_momentum : float, or a list of one a group
        Its ends: the lower at the highest rate.
    div_factor : float
        max_lr over the first rate.
    final_div_factor : float
        The first rate over the last.
    three_phase : bool
        Down to the first rate in as many steps as up, and then on to the last.
    last_epoch : int
        The step to go on from; -1 for a new start.

    References
    ----------
    Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer("OneCycleLR", optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: needs total_steps, or both epochs and steps_per_epoch")
            _check_count("OneCycleLR", "epochs", epochs)
            _check_count("OneCycleLR", "steps_per_epoch", steps_per_epoch)
            total_steps = epochs * steps_per_epoch
        _check_count("OneCycleLR", "total_steps", total_steps)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start is {pct_start!r}, and must be a share from 0 to 1")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is {anneal_strategy!r}, and must be 'cos' or 'linear'")
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"OneCycleLR: {type(optimizer).__name__} has no momentum to cycle; pass cycle_momentum=False"
            )
        self.total_steps = total_steps
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        # where each phase ends, and the rate and the momentum that it goes to
        phases: list[list[Any]] = [[pct_start * total_steps - 1, "max_lr", "base_momentum"]]
        if three_phase:
            phases.append([2 * pct_start * total_steps - 2, "initial_lr", "max_momentum"])
        self.phases = [*phases, [total_steps - 1, "min_lr", "max_momentum"]]
        if last_epoch == -1:
            options = {"max_lr": max_lr, "base_momentum": base_momentum, "max_momentum": max_momentum}
            for option, value in options.items():
                if option == "max_lr" or cycle_momentum:
                    for group, own in zip(optimizer.param_groups, _per_group("OneCycleLR", option, value, optimizer)):
                        group[option] = own
            for group in optimizer.param_groups:
                group["initial_lr"] = group["max_lr"] / div_factor
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

    def _take_group(self, group: dict[str, Any]) -> None:
        known = self.optimizer.param_groups[: len(self.base_lrs)]
        for option in ("max_lr", "base_momentum", "max_momentum") if self.cycle_momentum else ("max_lr",):
            group[option] = _of_new_group("OneCycleLR", option, [other[option] for other in known])
        for option in ("initial_lr", "min_lr"):
            group[option] = known[0][option] / known[0]["max_lr"] * group["max_lr"]

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {step} is past the end of the cycle, which has {self.total_steps} steps"
            )
        start, lr, momentum = 0.0, "initial_lr", "max_momentum"
        for end, next_lr, next_momentum in self.phases:
            if step <= end or end == self.total_steps - 1:
                break
            start, lr, momentum = end, next_lr, next_momentum
        share = (step - start) / (end - start) if end != start else 1.0
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                value = self._between(group[momentum], group[next_momentum], share)
                if "betas" in group:
                    group["betas"] = (value, group["betas"][1])
                else:
                    group["momentum"] = value
        return [self._between(group[lr], group[next_lr], share) for group in groups]

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


class SequentialLR(LRScheduler):
    """One scheduler after the other, each from the base rates on.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
        All on this optimizer.
    milestones : list of int
        The epochs at which the second, third, … scheduler begins.
    last_epoch : int
        What to count on from, plus 1; the schedulers begin anew.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(milestones)} milestones do not fit {len(schedulers)} schedulers; "
                "each scheduler but the first has one, at which it begins"
            )
        if list(milestones) != sorted(milestones):
            raise ValueError(f"SequentialLR: milestones {milestones} are not in order")
        for scheduler in schedulers:
            if isinstance(scheduler, ReduceLROnPlateau | SequentialLR):
                raise ValueError(f"SequentialLR: {type(scheduler).__name__} cannot be one of its schedulers")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"SequentialLR: {type(scheduler).__name__} is on another optimizer")
        self.optimizer = optimizer
        self.schedulers = schedulers
        self.milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        scheduler = self.schedulers[bisect_right(self.milestones, 0)]
        scheduler._restart([group["initial_lr"] for group in optimizer.param_groups])
        self._last_lr = scheduler.get_last_lr()

    def step(self) -> None:  # type: ignore[override]  # as in PyTorch, to no other epoch
        """Go on to the next epoch, and set the rates."""
        self.last_epoch += 1
        scheduler = self.schedulers[bisect_right(self.milestones, self.last_epoch)]
        if self.last_epoch in self.milestones:
            scheduler._take_new_groups()
            scheduler._restart(scheduler.base_lrs)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer; the schedulers' own states in a list."""
        state = {
            key: copy.deepcopy(value) for key, value in self.__dict__.items() if key not in ("optimizer", "schedulers")
        }
        return {**state, "schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def _check_state(self, state_dict: Any) -> None:
        super()._check_state(state_dict)
        for scheduler, state in zip(self.schedulers, state_dict["schedulers"], strict=True):
            scheduler._check_state(state)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take what a `state_dict()` of such a scheduler holds, all of it or nothing."""
        schedulers = self.schedulers
        super().load_state_dict(state_dict)
        self.schedulers = schedulers
        for scheduler, state in zip(schedulers, state_dict["schedulers"], strict=True):
            scheduler.load_state_dict(state)


class ReduceLROnPlateau(LRScheduler):
    """The rate times factor, when a metric has not become better for more than patience epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : "min" or "max"
        Whether the metric is to become smaller, as a loss, or larger.
    factor : float
        Below 1.
    patience : int
        Epochs without a better metric that are borne.
    threshold : float
        How much better is better.
    threshold_mode : "rel" or "abs"
        Whether the threshold is a share of the best metric, or a difference to it.
    cooldown : int
        Epochs after a change of the rate in which none is counted as bad.
    min_lr : float, or a list of one a group
        The lowest rate.
    eps : float
        A change of the rate that is not larger than this is not made.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        _check_optimizer("ReduceLROnPlateau", optimizer)
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor is {factor!r}, and must be below 1")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode is {mode!r}, and must be 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode is {threshold_mode!r}, and must be 'rel' or 'abs'")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lrs = _per_group("ReduceLROnPlateau", "min_lr", min_lr, optimizer)
        self.eps = eps
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        self._last_lr = self._rates()

    @property
    def in_cooldown(self) -> bool:
        """Whether bad epochs are not counted for now."""
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Note an epoch's metric, and lower the rates where there has been a plateau; the epoch is deprecated."""
        metric = float(metrics)
        if epoch is not None:
            _warn_of_epoch(self)
        for _ in self.optimizer.param_groups[len(self.min_lrs) :]:
            self.min_lrs.append(_of_new_group("ReduceLROnPlateau", "min_lr", self.min_lrs))
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        rates = self._rates()
        if self.num_bad_epochs > self.patience:
            lower = [max(lr * self.factor, least) for lr, least in zip(rates, self.min_lrs, strict=True)]
            rates = [new if lr - new > self.eps else lr for lr, new in zip(rates, lower)]
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._set_lr(rates)

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        relative = self.threshold_mode == "rel"
        bar = self.best * (1 + sign * self.threshold) if relative else self.best + sign * self.threshold
        return metric > bar if self.mode == "max" else metric < bar
