"""Adagrad.

g ← g + λ p          weight decay
s ← s + g²
p ← p - lr/(1 + (t - 1) η) g / (√s + ε)          at step t = 1, 2, …
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numba import prange

from autograd import Tensor
from autograd.kernels.jit import kernel, limit_threads, set_threads
from optim.fused import slope, vector, worth_threads
from optim.optimizer import Optimizer, scalar


@kernel(parallel=True)
def _adagrad(addresses, pieces, lr, eps, decay, sign):
    threads = limit_threads(worth_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        s = vector(addresses, pieces, piece, 2, lr)
        for i in range(p.size):
            d = slope(p[i], g[i], sign, decay)
            s[i] += d * d
            p[i] -= lr * d / (math.sqrt(s[i]) + eps)
    set_threads(threads)


class Adagrad(Optimizer):
    """Gradient descent in which an element's steps shrink as its squared gradients add up.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
    lr : float
        Learning rate.
    lr_decay : float
        η: by how much lr's divisor grows at each step.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    initial_accumulator_value : float
        Where the sum s of squares begins.
    eps : float
        ε, so that nothing is divided by 0.
    maximize : bool
        Go up instead of down.
    foreach, fused : bool, optional
        Taken for PyTorch's sake: the step is fused always.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", 2011, figure 1.
    """

    _tensors = ("sum",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "fused": fused,
            },
        )

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with their own options; their sums are there from now on."""
        super().add_param_group(group)
        self._begin()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """As in `Optimizer`; the sums of parameters without a state begin anew."""
        super().load_state_dict(state_dict)
        self._begin()

    def _begin(self) -> None:
        """Make the sums that are not there yet."""
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state.setdefault(p, {})
                scalar(state, "step", 0)
                if "sum" not in state:
                    state["sum"] = Tensor(np.full(p.shape, group["initial_accumulator_value"], p.dtype))

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("sum",)

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Any, tuple[float, ...]]:
        lr = group["lr"] / (1 + (count - 1) * group["lr_decay"])
        return _adagrad, (lr, group["eps"], group["weight_decay"], -1 if group["maximize"] else 1)
