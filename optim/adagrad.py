"""Adagrad.

g ← g + λ p          weight decay
s ← s + g²
p ← p - lr/(1 + (t - 1) η) g / (√s + ε)          at step t = 1, 2, …
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.tensor import wrap
from autograd.types import Array
from optim.fused import FusedOptimizer, Kernel, decayed_gradient, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State
from optim.state_dict import StateDict


@kernel(parallel=True, allocates=True)
def _adagrad(addresses, pieces, lr, eps, weight_decay, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        s = vector(addresses, pieces, piece, 2, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            s[i] += d * d
            p[i] -= lr * d / (math.sqrt(s[i]) + eps)
    set_threads(threads)


class Adagrad(FusedOptimizer):
    """Gradient descent with each gradient divided by the root of the sum of its squares so far.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate.
    lr_decay : float
        η: step t uses the learning rate lr / (1 + (t - 1) η).
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    initial_accumulator_value : float
        Initial value of the sum s of squares.
    eps : float
        ε, added to the denominator.
    maximize : bool
        Maximize instead of minimize.
    foreach, fused : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", 2011, figure 1.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("sum",)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
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
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with their own options.  Their sums exist from now on."""
        super().add_param_group(param_group)
        self._create_sums()

    def load_state_dict(self, state_dict: StateDict) -> None:
        """As in `Optimizer`.  The sums of parameters without a state are initialized."""
        super().load_state_dict(state_dict)
        self._create_sums()

    def _create_sums(self) -> None:
        """Create the sums of parameters that have none, as PyTorch does when the optimizer is made."""
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                self._number(state, "step")
                if "sum" not in state:
                    state["sum"] = wrap(np.full(p.shape, group["initial_accumulator_value"], p.dtype))

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        g = -g if group["maximize"] else g
        g = g + group["weight_decay"] * p
        t = state["step"] = state.get("step", 0) + 1
        s = state["sum"] = state.get("sum", group["initial_accumulator_value"]) + g**2
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        return p - lr * g / (np.sqrt(s) + group["eps"])

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
        lr = group["lr"] / (1 + (step - 1) * group["lr_decay"])
        return _adagrad, (lr, group["eps"], group["weight_decay"], -1 if group["maximize"] else 1)
