"""Learning rates that change from epoch to epoch, or from step to step.

A scheduler sets `group["lr"]` when it is made and at each `step()`.  Most start from the current rate, so two
schedulers, or a scheduler and your own changes, combine.  Their state is numbers, strings and lists, which JSON can
store.
"""

from __future__ import annotations

import copy
import math
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, SupportsFloat, TypeAlias, TypeVar

from optim.optimizer import Optimizer, ParamGroup
from optim.scheduler_state import from_pytorch, misfit
from optim.state_dict import StateDict

SchedulerState: TypeAlias = dict[str, Any]  # numbers, strings and lists by name
_T = TypeVar("_T")


class LRScheduler:
    """Base class of the schedulers: a subclass writes `get_lr`.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        The epoch to continue from; -1 to start.

    Attributes
    ----------
    last_epoch : int
        Number of steps so far.
    base_lrs : list of float
        Each group's initial rate, its "initial_lr".

    Raises
    ------
    KeyError
        If last_epoch is not -1 and a group of the optimizer has no initial_lr.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> class Falling(optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [base / (1 + self.last_epoch) for base in self.base_lrs]
    >>> scheduler = Falling(optimizer)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    _is_initial = False  # whether this is the step that the constructor makes

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        _check_optimizer(name, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{name}: to continue from epoch {last_epoch}, group {i} needs an 'initial_lr'; load the "
                    "optimizer's state first, or set it"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._first_step()

    def get_lr(self) -> list[float]:
        """Each group's rate at `last_epoch`, computed from its current rate `group["lr"]` or from `base_lrs`."""
        raise NotImplementedError(f"{type(self).__name__} has no rule: a subclass of LRScheduler writes get_lr()")

    def get_last_lr(self) -> list[float]:
        """Each group's rate, as this scheduler last set it."""
        return list(self._last_lr)

    def step(self, epoch: int | None = None) -> None:
        """Advance to the next epoch and set the rates.

        With `epoch`, which is deprecated as in PyTorch, go to that epoch; the rates are computed from the base rates.
        """
        self._take_new_groups()
        if epoch is None:
            self.last_epoch += 1
            self._set_lr(self.get_lr())
        else:
            _warn_about_epoch(self)
            self.last_epoch = epoch
            self._set_lr(self._get_closed_form_lr())

    def _get_closed_form_lr(self) -> list[float]:
        """Each group's rate at `last_epoch`, computed from its base rate."""
        return self.get_lr()

    def _take_new_groups(self) -> None:
        """Schedule groups that were added to the optimizer: the rate that a group comes with is its base rate."""
        for group in self.optimizer.param_groups[len(self.base_lrs) :]:
            group.setdefault("initial_lr", group["lr"])
            self._take_group(group)
            self.base_lrs.append(group["initial_lr"])

    def _take_group(self, group: ParamGroup) -> None:
        """Store what else this scheduler needs for a new group."""

    def _set_lr(self, rates: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = list(rates)

    def _first_step(self) -> None:
        self._is_initial = True
        self.step()
        del self._is_initial

    def _restart(self, rates: Sequence[float]) -> None:
        """Start again from these rates."""
        self._set_lr(rates)
        self.last_epoch = -1
        self._first_step()

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> SchedulerState:
        """All attributes but the optimizer."""
        return {key: copy.deepcopy(value) for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take the `state_dict()` of such a scheduler, saved here or by PyTorch.

        The rates themselves are part of the optimizer's state.

        Raises
        ------
        ValueError
            If the state does not fit.  Nothing is loaded then.
        """
        self.__dict__.update(self._checked_state(state_dict))

    def _checked_state(self, state_dict: StateDict) -> SchedulerState:
        """A copy of a state, with the names used here."""
        name = type(self).__name__
        own = self.state_dict()
        state = from_pytorch(state_dict, own) if isinstance(state_dict, Mapping) else {}
        if set(state) != set(own):
            got = (", ".join(map(str, state_dict)) or "nothing") if isinstance(state_dict, Mapping) else "no dict"
            raise ValueError(
                f"{name}.load_state_dict: expects {', '.join(own)}, but got {got[:200]}; nothing was loaded"
            )
        known = own if type(self).__module__.startswith("optim.") else {"last_epoch", "base_lrs", "_last_lr"} & set(own)
        for key in known:  # attributes that a user's own scheduler adds may be of any kind
            if why := misfit(key, state[key], own[key], len(self.optimizer.param_groups)):
                raise ValueError(f"{name}.load_state_dict: {key} {why}; nothing was loaded")
        return copy.deepcopy(state)


def _check_optimizer(name: str, optimizer: object) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: expects an Optimizer, got {type(optimizer).__name__}")


def _warn_about_epoch(scheduler: LRScheduler) -> None:
    warnings.warn(
        f"{type(scheduler).__name__}.step: the epoch is deprecated; call step() without it, once for each epoch",
        stacklevel=3,
    )


def _check_count(name: str, option: str, value: object) -> None:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}: {option} is {value!r}; it must be an integer, at least 1")


def _per_group(name: str, option: str, value: _T | list[_T] | tuple[_T, ...], optimizer: Optimizer) -> list[_T]:
    """One value for each group: the given list, or the same value for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"{name}: {len(value)} values of {option} do not fit an optimizer of {groups} groups")
    return list(value)


def _set_momentum(group: ParamGroup, value: float) -> None:
    """Set the momentum, which is β₁ of Adam and its kin."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


def _of_new_group(name: str, option: str, values: list[_T]) -> _T:
    """The value for an added group: that of the other groups, if they all have the same."""
    if any(value != values[0] for value in values):
        raise ValueError(
            f"{name}: the optimizer has a new group, but {option} was a list with one value for each group; make the "
            "scheduler again with a value for each"
        )
    return values[0]


class _LRScheduler(LRScheduler):
    """The name of the base class in old programs."""


class _FunctionLR(LRScheduler):
    """Base class of schedulers with functions of the epoch, which are not part of the state."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        name = type(self).__name__
        _check_optimizer(name, optimizer)
        self.lr_lambdas = _per_group(name, "lr_lambda", lr_lambda, optimizer)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"{name}: lr_lambda must be a function of the epoch, not a {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def _take_group(self, group: ParamGroup) -> None:
        self.lr_lambdas.append(_of_new_group(type(self).__name__, "lr_lambda", self.lr_lambdas))

    def state_dict(self) -> SchedulerState:
        """All attributes but the optimizer and the functions."""
        left_out = {"optimizer", "lr_lambdas"}
        return {key: copy.deepcopy(value) for key, value in self.__dict__.items() if key not in left_out}

    def _checked_state(self, state_dict: StateDict) -> SchedulerState:
        lambdas = state_dict.get("lr_lambdas") if isinstance(state_dict, Mapping) else None
        if isinstance(lambdas, list) and any(one is not None for one in lambdas):
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: lr_lambdas holds attributes of callable objects, which are "
                "not loaded; set them yourself and load the state with None in their place; nothing was loaded"
            )
        return super()._checked_state(state_dict)


class LambdaLR(_FunctionLR):
    """The base rate times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : function of the epoch, or a list with one for each group
        Functions are not part of the state: pass the same ones before you load it.
    last_epoch : int
        The epoch to continue from; -1 to start.

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

    def get_lr(self) -> list[float]:
        return [base * factor(self.last_epoch) for base, factor in zip(self.base_lrs, self.lr_lambdas)]


class MultiplicativeLR(_FunctionLR):
    """Multiplies the rate by a function of the epoch, in each epoch after the first.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : function of the epoch, or a list with one for each group
        Functions are not part of the state: pass the same ones before you load it.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._rates()
        return [lr * factor(self.last_epoch) for lr, factor in zip(self._rates(), self.lr_lambdas)]


class StepLR(LRScheduler):
    """Multiplies the rate by gamma every step_size epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        Number of epochs between two changes.
    gamma : float
        Factor of the rate.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        _check_count("StepLR", "step_size", step_size)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._rates()
        return [lr * self.gamma for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiplies the rate by gamma at each milestone, which is an epoch; twice if it is given twice.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        Epochs.
    gamma : float
        Factor of the rate.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 5], gamma=0.5)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        factor = self.gamma ** self.milestones.count(self.last_epoch)
        return [lr * factor for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma ** bisect_right(self.milestones, self.last_epoch) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiplies the rate by gamma every epoch.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
        Factor of the rate.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._rates() if self._is_initial else [lr * self.gamma for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """Multiplies the base rate by a factor in the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        Factor of the base rate, from 0 to 1.
    total_iters : int
        Number of epochs with the factor.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Raises
    ------
    ValueError
        If factor is not between 0 and 1.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=3)
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor is {factor!r}; it must be from 0 to 1")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [lr * self.factor for lr in self._rates()]
        if self.last_epoch != self.total_iters:
            return self._rates()
        if self.factor == 0:  # which cannot be undone by a division
            return list(self.base_lrs)
        return [lr * (1 / self.factor) for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """Lowers the rate to 0 within total_iters epochs:  η = η_base (1 - t/total_iters)^power.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
        Number of epochs of the decay.
    power : float
        The power of the polynomial; 1 is a line.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.07500000000000001]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._rates()
        now, before = (1 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        return [lr * (now / before) ** self.power for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        share = 1 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * share**self.power for base in self.base_lrs]


class LinearLR(LRScheduler):
    """Changes the rate linearly from start_factor to end_factor times the base rate within total_iters epochs.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float
        Factor of the base rate in the first epoch; above 0, at most 1.
    end_factor : float
        Factor of the base rate from epoch total_iters on; from 0 to 1.
    total_iters : int
        Number of epochs of the change.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Raises
    ------
    ValueError
        If start_factor or end_factor is out of range.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=5)
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor is {start_factor!r}; it must be above 0 and at most 1")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor is {end_factor!r}; it must be from 0 to 1")
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

    def _get_closed_form_lr(self) -> list[float]:
        progress = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (self.start_factor + (self.end_factor - self.start_factor) * progress) for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """Lowers the rate to eta_min along half a cosine of T_max epochs, then raises it again, and so on.

        η = η_min + (η_base - η_min) (1 + cos(π t/T_max))/2

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        Number of epochs from the base rate to eta_min.
    eta_min : float
        The lowest rate.
    last_epoch : int
        The epoch to continue from; -1 to start.

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        _check_count("CosineAnnealingLR", "T_max", T_max)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._rates()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # at eta_min the rate cannot be scaled
            up = (1 - math.cos(math.pi / self.T_max)) / 2
            return [lr + (base - self.eta_min) * up for base, lr in zip(self.base_lrs, self._rates())]
        now, before = (1 + math.cos(math.pi * epoch / self.T_max) for epoch in (self.last_epoch, self.last_epoch - 1))
        return [now / before * (lr - self.eta_min) + self.eta_min for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Lowers the rate to eta_min along half a cosine, then restarts from the base rate, again and again.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Epochs of the first cycle.
    T_mult : int
        Factor from the length of a cycle to that of the next.
    eta_min : float
        The lowest rate.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Raises
    ------
    ValueError
        If T_0 or T_mult is no positive integer.

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.1]
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
        """Advance to the next epoch, or go to `epoch`, which may be a fraction, and set the rates."""
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
                raise ValueError(f"CosineAnnealingWarmRestarts: epoch is {epoch}; it must be at least 0")
            self.T_cur, self.T_i = epoch, self.T_0
            while self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self._set_lr(self.get_lr())


class OneCycleLR(LRScheduler):
    """Raises the rate to max_lr, then lowers it far below the first rate; to be stepped after every batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or a list with one for each group
        The highest rate.
    total_steps : int, optional
        Steps of the whole cycle.  Default: epochs × steps_per_epoch.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        The fraction of the steps in which the rate rises.
    anneal_strategy : "cos" or "linear"
        The shape of each phase: half a cosine, or a line.
    cycle_momentum : bool
        Change the momentum (β₁ of Adam) in the opposite direction.
    base_momentum, max_momentum : float, or a list with one for each group
        Lowest and highest momentum.  It is lowest where the rate is highest.
    div_factor : float
        max_lr divided by the first rate.
    final_div_factor : float
        The first rate divided by the last.
    three_phase : bool
        Fall to the first rate in as many steps as the rise took, then to the last rate.
    last_epoch : int
        The step to continue from; -1 to start.

    Raises
    ------
    ValueError
        If neither total_steps nor epochs and steps_per_epoch are given, or an option is out of range.

    References
    ----------
    Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=10, div_factor=10)
    >>> scheduler.get_last_lr()
    [0.04999999999999999]
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
            raise ValueError(f"OneCycleLR: pct_start is {pct_start!r}; it must be from 0 to 1")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is {anneal_strategy!r}; it must be 'cos' or 'linear'")
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"OneCycleLR: {type(optimizer).__name__} has no momentum to cycle; pass cycle_momentum=False"
            )
        self.total_steps = total_steps
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        # each phase: its last step, and the names of the rate and the momentum there
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

    def _take_group(self, group: ParamGroup) -> None:
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
        progress = (step - start) / (end - start) if end != start else 1.0
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                value = self._between(group[momentum], group[next_momentum], progress)
                _set_momentum(group, value)
        return [self._between(group[lr], group[next_lr], progress) for group in groups]

    def _between(self, start: float, end: float, progress: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * progress
        return end + (start - end) / 2 * (1 + math.cos(math.pi * progress))


class CyclicLR(LRScheduler):
    """Raises the rate from base_lr to max_lr and lowers it again, in cycles; to be stepped after every batch.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float, or a list with one for each group
        The lowest and the highest rate.
    step_size_up : int
        Steps of the rise.
    step_size_down : int, optional
        Steps of the fall.  Default: step_size_up.
    mode : "triangular", "triangular2" or "exp_range"
        What the height of a cycle is multiplied by: 1; 1/2 for each cycle; or gamma for each step.
    gamma : float
        For exp_range.
    scale_fn : function of a number, optional
        The factor of the height, in place of the mode's.  It is not part of the state.
    scale_mode : "cycle" or "iterations"
        Whether scale_fn is given the number of the cycle, from 1 on, or that of the step.
    cycle_momentum : bool
        Change the momentum (β₁ of Adam) in the opposite direction.
    base_momentum, max_momentum : float, or a list with one for each group
        Lowest and highest momentum.  It is lowest where the rate is highest.
    last_epoch : int
        The step to continue from; -1 to start.

    Raises
    ------
    ValueError
        If the mode is unknown, or momentum is cycled and the optimizer has neither momentum nor betas.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> scheduler = optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=5)
    >>> scheduler.get_last_lr()
    [0.01]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer("CyclicLR", optimizer)
        _check_count("CyclicLR", "step_size_up", step_size_up)
        if step_size_down is not None:
            _check_count("CyclicLR", "step_size_down", step_size_down)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(
                f"CyclicLR: mode is {mode!r}; it must be 'triangular', 'triangular2' or 'exp_range', or pass a scale_fn"
            )
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"CyclicLR: scale_mode is {scale_mode!r}; it must be 'cycle' or 'iterations'")
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"CyclicLR: {type(optimizer).__name__} has no momentum to cycle; pass cycle_momentum=False"
            )
        lowest = _per_group("CyclicLR", "base_lr", base_lr, optimizer)
        self.max_lrs = _per_group("CyclicLR", "max_lr", max_lr, optimizer)
        self.total_size = float(step_size_up + (step_size_down or step_size_up))
        self.step_ratio = step_size_up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = _per_group("CyclicLR", "base_momentum", base_momentum, optimizer)
            self.max_momentums = _per_group("CyclicLR", "max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                group["lr"] = lowest[i]
                if cycle_momentum:
                    group["base_momentum"], group["max_momentum"] = self.base_momentums[i], self.max_momentums[i]
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lowest

    def scale_fn(self, x: float) -> float:
        """The factor of the height of a cycle."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return {"triangular": 1.0, "triangular2": 2.0 ** (1 - x), "exp_range": self.gamma**x}[self.mode]

    def _take_group(self, group: ParamGroup) -> None:
        for name in ("max_lrs", "base_momentums", "max_momentums") if self.cycle_momentum else ("max_lrs",):
            values = getattr(self, name)
            values.append(_of_new_group("CyclicLR", name, values))

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                _set_momentum(group, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self) -> SchedulerState:
        """All attributes but the optimizer and scale_fn."""
        left_out = {"optimizer", "_scale_fn_custom"}
        return {key: copy.deepcopy(value) for key, value in self.__dict__.items() if key not in left_out}

    def _checked_state(self, state_dict: StateDict) -> SchedulerState:
        if isinstance(state_dict, Mapping) and state_dict.get("_scale_fn_custom") is not None:
            raise ValueError(
                "CyclicLR.load_state_dict: _scale_fn_custom holds attributes of a callable object, which are not "
                "loaded; set them yourself and load the state with None in their place; nothing was loaded"
            )
        return super()._checked_state(state_dict)


class _Combination(LRScheduler):
    """Base class of schedulers that run other schedulers, whose states are a list in theirs."""

    schedulers: list[LRScheduler]

    def _check_schedulers(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        for scheduler in schedulers:
            if isinstance(scheduler, ReduceLROnPlateau | SequentialLR):
                raise ValueError(f"{name}: {type(scheduler).__name__} cannot be one of its schedulers")
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{name}: expects schedulers, got a {type(scheduler).__name__}")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{name}: {type(scheduler).__name__} has another optimizer")

    def state_dict(self) -> SchedulerState:
        """All attributes but the optimizer; the schedulers' states are in a list."""
        left_out = {"optimizer", "schedulers"}
        state = {key: copy.deepcopy(value) for key, value in self.__dict__.items() if key not in left_out}
        return {**state, "schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def _checked_state(self, state_dict: StateDict) -> SchedulerState:
        state = super()._checked_state(state_dict)
        pairs = zip(self.schedulers, state["schedulers"], strict=True)
        return {**state, "schedulers": [scheduler._checked_state(one) for scheduler, one in pairs]}

    def load_state_dict(self, state_dict: StateDict) -> None:
        """As in `LRScheduler`.  All of the schedulers' states are loaded, or none."""
        state = self._checked_state(state_dict)
        for scheduler, one in zip(self.schedulers, state.pop("schedulers"), strict=True):
            scheduler.load_state_dict(one)
        self.__dict__.update(state)


class ChainedScheduler(_Combination):
    """Runs several schedulers in each step; each changes the rate that the one before it has set.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
        All of one optimizer, and none that takes a metric.
    optimizer : Optimizer, optional
        Default: that of the schedulers.

    Raises
    ------
    ValueError
        If there are no schedulers.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> warm = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=1)
    >>> scheduler = optim.lr_scheduler.ChainedScheduler([warm, optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)])
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            raise ValueError("ChainedScheduler: expects at least one scheduler, got none")
        optimizer = optimizer or getattr(schedulers[0], "optimizer", None)
        _check_optimizer("ChainedScheduler", optimizer)
        assert optimizer is not None
        self._check_schedulers(optimizer, schedulers)
        self.optimizer = optimizer
        self.schedulers = list(schedulers)
        self._last_lr = self._rates()

    @property
    def last_epoch(self) -> int:  # type: ignore[override]
        """Number of steps so far, as the first scheduler counts them."""
        return self.schedulers[0].last_epoch

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]
        """Each group's initial rate."""
        return self.schedulers[0].base_lrs

    def step(self) -> None:  # type: ignore[override]  # takes no epoch, as in PyTorch
        """Advance all schedulers to the next epoch."""
        for scheduler in self.schedulers:
            scheduler.step()
        self._last_lr = self._rates()

    def _take_new_groups(self) -> None:
        for scheduler in self.schedulers:
            scheduler._take_new_groups()

    def _restart(self, rates: Sequence[float]) -> None:
        self._set_lr(rates)
        for scheduler in self.schedulers:
            scheduler._restart(self._rates())
        self._last_lr = self._rates()


class SequentialLR(_Combination):
    """Runs one scheduler after another, each from the base rates.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
        All of this optimizer.
    milestones : list of int
        The epochs at which the second, third, … scheduler starts.
    last_epoch : int
        The count of epochs starts at last_epoch + 1.  The schedulers start from their beginning.

    Raises
    ------
    ValueError
        If the number of milestones is not one less than that of schedulers, or they are not in order.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> warm = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    >>> scheduler = optim.lr_scheduler.SequentialLR(optimizer, [warm, decay], milestones=[2])
    >>> scheduler.get_last_lr()
    [0.05]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(milestones)} milestones do not fit {len(schedulers)} schedulers; "
                "each scheduler after the first needs the milestone at which it starts"
            )
        if list(milestones) != sorted(milestones):
            raise ValueError(f"SequentialLR: milestones {milestones} are not in order")
        self._check_schedulers(optimizer, schedulers)
        self.optimizer = optimizer
        self.schedulers = schedulers
        self.milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        scheduler = self.schedulers[bisect_right(self.milestones, 0)]
        scheduler._restart([group["initial_lr"] for group in optimizer.param_groups])
        self._last_lr = scheduler.get_last_lr()

    def step(self) -> None:  # type: ignore[override]  # takes no epoch, as in PyTorch
        """Advance to the next epoch and set the rates."""
        self.last_epoch += 1
        scheduler = self.schedulers[bisect_right(self.milestones, self.last_epoch)]
        if self.last_epoch in self.milestones:
            scheduler._take_new_groups()
            scheduler._restart(scheduler.base_lrs)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rate by factor when a metric has not improved for more than patience epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : "min" or "max"
        Whether a lower metric is better, as for a loss, or a higher one.
    factor : float
        What the rate is multiplied by; below 1.
    patience : int
        Number of epochs without improvement to wait.
    threshold : float
        The smallest change that counts as an improvement.
    threshold_mode : "rel" or "abs"
        Whether the threshold is relative to the best metric or an absolute difference.
    cooldown : int
        Number of epochs after a change of the rate in which epochs without improvement do not count.
    min_lr : float, or a list with one for each group
        The lowest rate.
    eps : float
        A change of the rate that is not larger than eps is skipped.

    Raises
    ------
    ValueError
        If factor is not below 1, or mode or threshold_mode is unknown.

    Examples
    --------
    >>> import autograd, optim
    >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    >>> optimizer.step(); scheduler.step(1.0)
    >>> optimizer.step(); scheduler.step(1.0)
    >>> scheduler.get_last_lr()
    [0.05]
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
            raise ValueError(f"ReduceLROnPlateau: factor is {factor!r}; it must be below 1")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode is {mode!r}; it must be 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode is {threshold_mode!r}; it must be 'rel' or 'abs'")
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
        """Whether epochs without improvement do not count at present."""
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take an epoch's metric, and lower the rates if it has stopped improving.  `epoch` is deprecated."""
        metric = float(metrics)
        if epoch is not None:
            _warn_about_epoch(self)
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
            lower = [max(lr * self.factor, lowest) for lr, lowest in zip(rates, self.min_lrs, strict=True)]
            rates = [new if lr - new > self.eps else lr for lr, new in zip(rates, lower)]
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._set_lr(rates)

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        relative = self.threshold_mode == "rel"
        limit = self.best * (1 + sign * self.threshold) if relative else self.best + sign * self.threshold
        return metric > limit if self.mode == "max" else metric < limit
