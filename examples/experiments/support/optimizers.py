"""The optimizers of the experiments: one of `optim`, or several as one.

A training has one optimizer, which is checkpointed, scheduled and resumed. `MultiOptimizer` and `Lookahead` make one
of others.
"""

from __future__ import annotations

import argparse
import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd
import optim
from autograd import Tensor

Groups = Iterable[Any]  # parameters, or dicts of parameters and options


class MultiOptimizer(optim.Optimizer):
    """Several optimizers, each with its own parameters, that step as one.

    Parameters
    ----------
    optimizers : sequence of Optimizer
        No two of them have a parameter in common.

    Attributes
    ----------
    param_groups : list of dict
        The groups of all optimizers, in order: a scheduler that changes one changes it for its optimizer.

    Examples
    --------
    >>> import nn
    >>> net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    >>> both = MultiOptimizer([optim.Muon([net[0].weight], lr=0.02), optim.SGD([net[1].weight], lr=0.1)])
    >>> [group["lr"] for group in both.param_groups]
    [0.02, 0.1]
    """

    def __init__(self, optimizers: Sequence[optim.Optimizer]) -> None:
        super().__init__([{"params": group["params"]} for one in optimizers for group in one.param_groups], {})
        self.optimizers = list(optimizers)
        self.param_groups = [group for one in optimizers for group in one.param_groups]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Let each optimizer take its step."""
        loss = None if closure is None else closure()
        for one in self.optimizers:
            one.step()
        return loss

    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...] | None:
        owner = next(one for one in self.optimizers if any(group is own for own in one.param_groups))
        return owner.state_names(group)

    def state_dict(self) -> dict[str, Any]:
        """The states of all, with the parameters numbered through."""
        state: dict[int, Any] = {}
        groups: list[dict[str, Any]] = []
        for one, first in zip(self.optimizers, self._firsts(), strict=True):
            own = one.state_dict()
            state |= {first + number: entries for number, entries in own["state"].items()}
            groups += [{**group, "params": [first + i for i in group["params"]]} for group in own["param_groups"]]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Give each optimizer its part of a `state_dict()`.

        Raises
        ------
        ValueError
            If a part does not fit. Nothing is loaded then.
        """
        groups = list(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError(
                f"MultiOptimizer.load_state_dict: {len(groups)} groups do not fit {len(self.param_groups)} groups"
            )
        before = copy.deepcopy([one.state_dict() for one in self.optimizers])
        try:
            for one, first in zip(self.optimizers, self._firsts(), strict=True):
                own, groups = groups[: len(one.param_groups)], groups[len(one.param_groups) :]
                numbers = {i for group in own for i in group["params"]}
                one.load_state_dict(
                    {
                        "state": {i - first: state for i, state in state_dict["state"].items() if i in numbers},
                        "param_groups": [{**group, "params": [i - first for i in group["params"]]} for group in own],
                    }
                )
        except ValueError:
            for one, old in zip(self.optimizers, before, strict=True):
                one.load_state_dict(old)
            raise

    def _firsts(self) -> list[int]:
        """The number of each optimizer's first parameter."""
        counts = [sum(len(group["params"]) for group in one.param_groups) for one in self.optimizers]
        return [sum(counts[:i]) for i in range(len(counts))]


class Lookahead(optim.Optimizer):
    """Slow weights, which an optimizer's fast weights explore around.

    Every k steps    s ← s + α (p - s),   p ← s      s: the slow weights, which start at the initial p

    Parameters
    ----------
    optimizer : Optimizer
        Moves the fast weights p.
    k : int
        Its steps between two of the slow weights, at least 1.
    alpha : float
        α, from 0 to 1.

    References
    ----------
    Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019.

    Examples
    --------
    >>> p = autograd.tensor([1.0], requires_grad=True)
    >>> ahead = Lookahead(optim.SGD([p], lr=0.25), k=2, alpha=0.5)
    >>> for _ in range(2):
    ...     ahead.zero_grad()
    ...     (p * 1).sum().backward()
    ...     ahead.step()
    >>> p  # from 1 to 0.75 to 0.5, then half the way back
    tensor([0.7500], requires_grad=True)
    """

    def __init__(self, optimizer: optim.Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        if k < 1 or not 0 <= alpha <= 1:
            raise ValueError(f"Lookahead: k is {k} and alpha {alpha}; k must be at least 1, alpha from 0 to 1")
        super().__init__([{"params": group["params"]} for group in optimizer.param_groups], {})
        self.optimizer = optimizer
        self.k, self.alpha = k, alpha
        self.param_groups = optimizer.param_groups
        self._params = [p for group in self.param_groups for p in group["params"]]
        self._slow = [p.detach().clone() for p in self._params]
        self._steps = 0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Let the optimizer take a step; every k steps, move the slow weights and start again from them."""
        loss = self.optimizer.step(closure)
        self._steps += 1
        if self._steps % self.k == 0:
            with autograd.no_grad():
                for p, slow in zip(self._params, self._slow, strict=True):
                    slow.lerp_(p.detach(), self.alpha)
                    p.copy_(slow)
        return loss

    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return (*(self.optimizer.state_names(group) or ()), "slow", "slow_steps")

    def state_dict(self) -> dict[str, Any]:
        """The optimizer's state, with the slow weights and the number of steps in that of each parameter."""
        inner = self.optimizer.state_dict()
        own = [{"slow": slow, "slow_steps": self._steps} for slow in self._slow]
        return {**inner, "state": {i: {**inner["state"].get(i, {}), **more} for i, more in enumerate(own)}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take the state of a `state_dict()`.

        Raises
        ------
        ValueError
            If the slow weights or the optimizer's state do not fit. Nothing is loaded then.
        """
        states = {i: dict(state_dict["state"].get(i, {})) for i in range(len(self._params))}
        slow = [state.pop("slow", None) for state in states.values()]
        steps = {state.pop("slow_steps", None) for state in states.values()}
        arrays = [np.asarray(one.detach().numpy() if isinstance(one, Tensor) else one) for one in slow]
        if len(steps) != 1 or not isinstance(count := steps.pop(), int) or count < 0:
            raise ValueError("Lookahead.load_state_dict: the parameters have no common number of steps")
        for i, (array, p) in enumerate(zip(arrays, self._params, strict=True)):
            if array.shape != p.shape or array.dtype != p.dtype:
                raise ValueError(
                    f"Lookahead.load_state_dict: slow weights of shape {array.shape} and dtype {array.dtype} do not "
                    f"fit parameter {i}, of shape {tuple(p.shape)} and dtype {p.dtype}"
                )
        inner = {number: state for number, state in states.items() if state}
        self.optimizer.load_state_dict({**state_dict, "state": inner})
        self._slow = [autograd.from_numpy(array.copy()) for array in arrays]
        self._steps = count


def muon_for_filters(filters: Sequence[Tensor], *, lr: float, momentum: float, ns_steps: int) -> optim.Muon:
    """Muon for the filters of convolutions that batch norm follows.

    Before each step a bank of O filters gets the norm √O. Batch norm undoes a scale, so this only settles the size of
    steps.

    References
    ----------
    Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024.
    """

    def normalize(*_: Any) -> None:
        with autograd.no_grad():
            for p in filters:
                p.mul_(math.sqrt(len(p)) / p.norm())

    muon = optim.Muon(filters, lr=lr, momentum=momentum, weight_decay=0.0, ns_steps=ns_steps)
    muon.register_step_pre_hook(normalize)
    return muon


def _muon(parameters: Groups, args: argparse.Namespace) -> optim.Optimizer:
    """Muon for the matrices of hidden layers, AdamW for biases and for the last matrix, at the same rate.

    Liu et al., "Muon is Scalable for LLM Training", 2025, scale Muon's step so that AdamW's rates fit it.
    """
    given = list(parameters)
    groups = given if isinstance(given[0], dict) else [{"params": given}]
    matrices = [p for group in groups for p in group["params"] if p.ndim > 1]
    hidden = {id(p) for p in matrices[:-1]}

    def split(kept: Callable[[Tensor], bool]) -> list[dict[str, Any]]:
        parts = [{**group, "params": [p for p in group["params"] if kept(p)]} for group in groups]
        return [part for part in parts if part["params"]]

    muon = optim.Muon(
        split(lambda p: id(p) in hidden),
        lr=args.lr,
        momentum=args.momentum,
        weight_decay=args.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    rest = optim.AdamW(split(lambda p: id(p) not in hidden), lr=args.lr, weight_decay=args.weight_decay)
    return MultiOptimizer([muon, rest])


def _nesterov(parameters: Groups, args: argparse.Namespace) -> optim.Optimizer:
    return optim.SGD(parameters, lr=args.lr, momentum=args.momentum, nesterov=True, weight_decay=args.weight_decay)


def step_flops(optimizer: optim.Optimizer) -> float:
    """Return the floating-point operations of the matrix products in a step, which only Muon has.

    What is done to each number alone is not counted: some 2 to 15 operations for each parameter.
    """
    if isinstance(optimizer, MultiOptimizer):
        return sum(step_flops(one) for one in optimizer.optimizers)
    if isinstance(optimizer, Lookahead):
        return step_flops(optimizer.optimizer)
    flops = 0.0
    if isinstance(optimizer, optim.Muon):
        for group in optimizer.param_groups:
            for p in group["params"]:
                short, long = sorted((len(p), p.numel() // len(p)))
                flops += group["ns_steps"] * (4 * short**2 * long + 2 * short**3)  # X Xᵀ, A A, and that times X
    return flops


OPTIMIZERS: dict[str, Callable[[Groups, argparse.Namespace], optim.Optimizer]] = {
    "sgd": lambda parameters, args: optim.SGD(
        parameters, lr=args.lr, momentum=args.momentum, weight_decay=args.weight_decay
    ),
    "nesterov": _nesterov,
    "adagrad": lambda parameters, args: optim.Adagrad(parameters, lr=args.lr, weight_decay=args.weight_decay),
    "rmsprop": lambda parameters, args: optim.RMSprop(parameters, lr=args.lr, weight_decay=args.weight_decay),
    "adam": lambda parameters, args: optim.Adam(parameters, lr=args.lr, weight_decay=args.weight_decay),
    "adamw": lambda parameters, args: optim.AdamW(parameters, lr=args.lr, weight_decay=args.weight_decay),
    "lookahead": lambda parameters, args: Lookahead(_nesterov(parameters, args)),
    "muon": _muon,
}
