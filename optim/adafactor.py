"""Adafactor: the mean squares of a matrix's gradients, stored as one number for each row and each column.

β = 1 - t^c                                     at step t = 1, 2, …;  c is beta2_decay
r ← β r + (1 - β) mean of g² in each row,  c ← β c + (1 - β) mean of g² in each column
v = r cᵀ / max(mean r, ε₁)                      a vector has  v ← β v + (1 - β) g²
u = g / √max(v, ε₁²)
p ← (1 - lr λ) p
p ← p - min(lr, 1/√t) max(ε₂, RMS p) u / max(1, RMS u / d)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.promotion import finfo
from autograd.types import Array, Shape
from optim.optimizer import ParamGroup, Params, State
from optim.rule import RuleOptimizer


def _root_mean_square(x: Array) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else math.nan


class Adafactor(RuleOptimizer):
    """Adam without momentum, in little memory: m + n numbers for a matrix of m n elements.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate, relative to the size of the parameter.  1/√t is the largest in step t.
    beta2_decay : float
        c, at most 0: how fast the decay rate of the running means goes to 1.
    eps : (float or None, float)
        ε₁, the smallest root mean square that the gradient is divided by (default: the dtype's resolution), and ε₂,
        the smallest size of a parameter.
    d : float
        The largest root mean square of a step, before it is scaled; at least 1.
    weight_decay : float
        λ: each step multiplies p by 1 - lr λ.
    foreach : bool, optional
        Accepted for compatibility with PyTorch.
    maximize : bool
        Maximize instead of minimize.

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018, algorithms 4 and 5.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("row_var", "col_var", "variance")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "weight_decay")
        if not isinstance(group["beta2_decay"], int | float | np.number) or not group["beta2_decay"] <= 0:
            raise ValueError(f"Adafactor: beta2_decay is {group['beta2_decay']!r}; it must be a number, at most 0")
        if not isinstance(group["d"], int | float | np.number) or not group["d"] >= 1:
            raise ValueError(f"Adafactor: d is {group['d']!r}; it must be a number, at least 1")
        eps = group["eps"]
        if not isinstance(eps, tuple | list) or len(eps) != 2:
            raise ValueError(f"Adafactor: eps is {eps!r}; it must be two numbers, or None and a number")
        self._check_pair({"eps": (0.0 if eps[0] is None else eps[0], eps[1])}, "eps")
        if (eps[0] or 0) < 0 or eps[1] < 0:
            raise ValueError(f"Adafactor: eps is {eps!r}; both must be at least 0")

    def _state_shape(self, name: str, shape: Shape) -> Shape:
        if name == "row_var":
            return (*shape[:-1], 1)
        return (*shape[:-2], 1, *shape[-1:]) if name == "col_var" else shape

    def state_names(self, group: Mapping[str, Any]) -> None:
        return None  # they depend on the parameter's number of dimensions

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        lr, (eps1, eps2) = group["lr"], group["eps"]
        eps1 = float(finfo(p.dtype).eps) if eps1 is None else eps1
        g = -g if group["maximize"] else g
        t = state["step"] = state.get("step", 0) + 1
        weight = t ** group["beta2_decay"]
        size = max(eps2, _root_mean_square(p)) * min(lr, t**-0.5)
        squares = np.square(g)
        if g.ndim > 1:
            for name, axis in (("row_var", -1), ("col_var", -2)):
                state[name] = (1 - weight) * state.get(name, 0) + weight * squares.mean(axis, keepdims=True)
            rows = state["row_var"]
            variance = rows * state["col_var"] / np.maximum(rows.mean(-2, keepdims=True), eps1)
        else:
            variance = state["variance"] = (1 - weight) * state.get("variance", 0) + weight * squares
        update = g / np.sqrt(np.maximum(variance, eps1**2))
        longest = max(1.0, _root_mean_square(update) / group["d"])
        return (1 - lr * group["weight_decay"]) * p - size / longest * update
