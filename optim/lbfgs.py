"""L-BFGS: a quasi-Newton method that keeps the last steps s and changes of the gradient y, and no matrix.

d = -H g,  with H from the pairs (s, y) by the two-loop recursion, starting from (yᵀs / yᵀy) I
p ← p + t d,  with t = lr, or one that fulfils the strong Wolfe conditions:
    f(p + t d) <= f(p) + c₁ t gᵀd,   |g(p + t d)ᵀd| <= c₂ |gᵀd|
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor, enable_grad
from autograd.tensor import wrap
from autograd.types import Array
from optim.optimizer import Closure, Optimizer, ParamGroup, Params

_DECREASE, _CURVATURE = 1e-4, 0.9  # c₁ and c₂ of the Wolfe conditions


class _Point(NamedTuple):
    """A point p + t d of the line that is searched."""

    t: float
    loss: float
    gradient: Array
    slope: np.float64


def _minimum_of_cubic(a: _Point, b: _Point, lowest: float, highest: float) -> float:
    """Where the cubic with the losses and slopes of two points is least; the middle of the bounds if nowhere.

    Nocedal and Wright, "Numerical Optimization", 2006, equation 3.59.
    """
    left, right = (a, b) if a.t <= b.t else (b, a)
    with np.errstate(all="ignore"):
        d1 = left.slope + right.slope - 3 * (left.loss - right.loss) / np.float64(left.t - right.t)
        square = d1 * d1 - left.slope * right.slope
        if not square >= 0:
            return (lowest + highest) / 2
        d2 = np.sqrt(square)
        share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2)
        return float(min(max(right.t - (right.t - left.t) * share, lowest), highest))


def _search(
    evaluate: Callable[[float], _Point], start: _Point, t: float, longest: float, tolerance: float, most: int
) -> tuple[_Point, int]:
    """A point that fulfils the strong Wolfe conditions, or the best one found, and the number of evaluations.

    Nocedal and Wright, algorithms 3.5 (a bracket) and 3.6 (zoom).  `longest` is the largest element of d, and `most`
    the number of evaluations after the first.
    """
    before, point = start, evaluate(t)
    steps = 0

    def decreases(one: _Point) -> bool:
        return not one.loss > start.loss + _DECREASE * one.t * start.slope

    def is_flat(one: _Point) -> bool:
        return bool(abs(one.slope) <= -_CURVATURE * start.slope)

    while steps < most:
        if not decreases(point) or (steps > 1 and point.loss >= before.loss):
            break
        if is_flat(point):
            return point, steps + 1
        if point.slope >= 0:
            break
        bounds = point.t + 0.01 * (point.t - before.t), point.t * 10
        t = _minimum_of_cubic(before, point, *bounds)
        before, point = point, evaluate(t)
        steps += 1
    else:
        before = start
    low, high = (before, point) if before.loss <= point.loss else (point, before)
    near_an_end = False
    while steps < most and not abs(high.t - low.t) * longest < tolerance:
        least, greatest = min(low.t, high.t), max(low.t, high.t)
        t = _minimum_of_cubic(low, high, least, greatest)
        margin = 0.1 * (greatest - least)
        if min(greatest - t, t - least) >= margin:
            near_an_end = False
        elif near_an_end or t >= greatest or t <= least:  # twice: the bracket would hardly become shorter
            t = greatest - margin if abs(t - greatest) < abs(t - least) else least + margin
            near_an_end = False
        else:
            near_an_end = True
        point = evaluate(t)
        steps += 1
        if not decreases(point) or point.loss >= low.loss:
            low, high = (low, point) if low.loss <= point.loss else (point, low)
            continue
        if is_flat(point):
            return point, steps + 1
        if point.slope * (high.t - low.t) >= 0:
            high = low
        low = point
    return low, steps + 1


class LBFGS(Optimizer):
    """Limited-memory BFGS: each step minimizes the closure's loss in up to `max_iter` iterations.

    It is for losses of the whole training set, without random numbers such as dropout's: a changed loss is taken for
    curvature.  It keeps 2 `history_size` vectors of the size of all parameters together.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        One group.
    lr : float
        The length t of a step in units of d, or the first length that a line search tries.
    max_iter : int
        Number of iterations in a step.
    max_eval : int, optional
        Number of evaluations of the closure in a step.  Default: 1.25 max_iter.
    tolerance_grad : float
        A step ends when no element of the gradient is larger.
    tolerance_change : float
        A step ends when neither the loss nor a parameter changes more.
    history_size : int
        Number of pairs (s, y).
    line_search_fn : None or "strong_wolfe"

    Raises
    ------
    ValueError
        If there is more than one group of parameters, or an option is out of range.

    References
    ----------
    Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5.

    Examples
    --------
    >>> import autograd, optim
    >>> x = autograd.tensor([-1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     _ = optimizer.step(closure)
    >>> [round(value, 3) for value in x.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )

    def add_param_group(self, param_group: Any) -> None:
        """Take the one group of parameters; a second one is refused."""
        if self.param_groups:
            raise ValueError("LBFGS: all parameters share one direction, so there can be only one group of parameters")
        super().add_param_group(param_group)

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "tolerance_grad", "tolerance_change")
        for option in ("max_iter", "max_eval", "history_size"):
            if not isinstance(group[option], int) or group[option] < 0:
                raise ValueError(f"LBFGS: {option} is {group[option]!r}; it must be an integer, at least 0")
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn is {group['line_search_fn']!r}; it must be None or 'strong_wolfe'")

    # ── all parameters as one vector ──

    def _gradient(self) -> Array:
        """The gradients of all parameters, as one vector; 0 where there is none."""
        parts = [
            np.zeros(p.numel(), p.dtype) if p.grad is None else p.grad.array.reshape(-1)
            for p in self.param_groups[0]["params"]
        ]
        return np.concatenate(parts)

    def _move(self, step: Array) -> None:
        start = 0
        for p in self.param_groups[0]["params"]:
            p.array[...] += step[start : start + p.numel()].reshape(p.shape)
            p.version[0] += 1
            start += p.numel()

    # ── the step ──

    def step(self, closure: Closure | None = None) -> Any:
        """Minimize the closure's loss.

        Parameters
        ----------
        closure : callable
            Recomputes the loss and the gradients and returns the loss.  It is called many times.

        Returns
        -------
        The closure's first result.

        Raises
        ------
        TypeError
            If there is no closure.
        """
        if closure is None:
            raise TypeError(
                "LBFGS.step: needs a closure, a function that calls zero_grad(), computes the loss, calls backward() "
                "and returns the loss"
            )
        group = self.param_groups[0]
        for p in group["params"]:
            if not p.array.flags.writeable:
                raise RuntimeError(
                    f"LBFGS: a parameter of shape {p.shape} is on read-only memory, as arrays of other libraries can "
                    "be; make the parameter from a copy, .clone().detach()"
                )
        state = self.state[group["params"][0]]
        memory = _Memory(state)
        with enable_grad():
            first = closure()
        loss, gradient = float(first), self._gradient()
        memory.func_evals += 1
        if np.abs(gradient).max(initial=0) > group["tolerance_grad"]:
            self._iterate(closure, memory, loss, gradient)
            memory.store(state)
        else:
            state.update(func_evals=memory.func_evals, n_iter=memory.n_iter)
        return first

    def _iterate(self, closure: Closure, memory: _Memory, loss: float, gradient: Array) -> None:
        group = self.param_groups[0]
        lr, tolerance = group["lr"], group["tolerance_change"]
        evaluations = 1
        for iteration in range(1, group["max_iter"] + 1):
            memory.n_iter += 1
            d = memory.direction(gradient, group["history_size"])
            memory.prev_flat_grad, memory.prev_loss = gradient, loss
            total = float(np.abs(gradient).sum())
            memory.t = lr * (min(1.0, 1 / total) if total else 1.0) if memory.n_iter == 1 else lr
            slope = np.float64(gradient @ d)
            if slope > -tolerance:
                return
            is_last = iteration == group["max_iter"]
            used = 0
            if group["line_search_fn"] is not None:
                start = _Point(0.0, loss, gradient, slope)
                longest = float(np.abs(d).max())
                most = group["max_eval"] - evaluations
                found, used = _search(self._along(closure, d), start, memory.t, longest, tolerance, most)
                memory.t, loss, gradient = found.t, found.loss, found.gradient
                self._move(memory.t * d)
            else:
                self._move(memory.t * d)
                if not is_last:  # the next step evaluates the loss in any case
                    with enable_grad():
                        loss = float(closure())
                    gradient, used = self._gradient(), 1
            evaluations += used
            memory.func_evals += used
            if (
                is_last
                or evaluations >= group["max_eval"]
                or np.abs(gradient).max() <= group["tolerance_grad"]
                or np.abs(memory.t * d).max() <= tolerance
                or abs(loss - memory.prev_loss) < tolerance
            ):
                return

    def _along(self, closure: Closure, d: Array) -> Callable[[float], _Point]:
        """The loss along the line from the present parameters in the direction d.  The parameters stay."""
        params = self.param_groups[0]["params"]
        before = [p.array.copy() for p in params]

        def evaluate(t: float) -> _Point:
            self._move(t * d)
            with enable_grad():
                loss = float(closure())
            gradient = self._gradient()
            for p, array in zip(params, before):
                p.array[...] = array
                p.version[0] += 1
            return _Point(t, loss, gradient, np.float64(gradient @ d))

        return evaluate


def _array(value: Any) -> Array:
    return value.array if isinstance(value, Tensor) else np.asarray(value)


class _Memory:
    """What LBFGS keeps between steps.  It is stored in the state of the first parameter, under PyTorch's names."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.func_evals, self.n_iter = int(state.get("func_evals", 0)), int(state.get("n_iter", 0))
        self.d = _array(state.get("d", 0.0))
        self.t = float(state.get("t", 0.0))
        self.steps = [_array(s) for s in state.get("old_stps") or []]
        self.changes = [_array(y) for y in state.get("old_dirs") or []]
        self.scale = float(state.get("H_diag", 1.0))
        self.prev_flat_grad = _array(state.get("prev_flat_grad", 0.0))
        self.prev_loss = float(state.get("prev_loss", math.nan))

    def store(self, state: dict[str, Any]) -> None:
        state.update(
            func_evals=self.func_evals,
            n_iter=self.n_iter,
            d=wrap(self.d.copy()),
            t=self.t,
            old_dirs=[wrap(y) for y in self.changes],
            old_stps=[wrap(s) for s in self.steps],
            ro=[float(1 / (y @ s)) for s, y in zip(self.steps, self.changes)],
            H_diag=self.scale,
            prev_flat_grad=wrap(np.array(self.prev_flat_grad)),
            prev_loss=self.prev_loss,
        )

    def direction(self, gradient: Array, history_size: int) -> Array:
        """-H g.  The last step and the change of the gradient are added to the memory first."""
        if self.n_iter == 1:
            self.d, self.scale = -gradient, 1.0
            return self.d
        change, step = gradient - self.prev_flat_grad, self.d * self.t
        product = change @ step
        if product > 1e-10:  # only then H stays positive definite
            self.changes = [*self.changes, change][-history_size:] if history_size else []
            self.steps = [*self.steps, step][-history_size:] if history_size else []
            self.scale = float(product / (change @ change))
        q = -gradient
        weights = []
        for s, y in zip(reversed(self.steps), reversed(self.changes)):
            weights.append((s @ q) / (y @ s))
            q = q - weights[-1] * y
        r = q * self.scale
        for s, y, weight in zip(self.steps, self.changes, reversed(weights)):
            r = r + (weight - (y @ r) / (y @ s)) * s
        self.d = r
        return r
