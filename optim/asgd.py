"""Averaged stochastic gradient descent.

g ← g + λ p                        weight decay
p ← (1 - λ₀ η) p - η g
a ← a + μ (p - a)                  the average of the parameter;  a = p while μ = 1
η ← lr / (1 + λ₀ lr t)^α           for the next step, after step t = 1, 2, …
μ ← 1 / max(1, t - t₀)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numba import prange

from autograd import get_default_dtype
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.tensor import wrap
from autograd.types import Array
from optim.fused import FusedOptimizer, Kernel, decayed_gradient, multiply_add, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _asgd(addresses, pieces, eta, p_scale, mu, weight_decay, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, eta)
        g = vector(addresses, pieces, piece, 1, eta)
        average = vector(addresses, pieces, piece, 2, eta)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            new = multiply_add(p_scale, p[i], -eta * d)
            moved = average[i] + mu * (new - average[i])
            average[i] = new if mu == 1 else moved
            p[i] = new
    set_threads(threads)


def _next_rates(group: ParamGroup, step: float) -> tuple[float, float]:
    """η and μ of the step after this one."""
    lr = group["lr"]
    return lr / (1 + group["lambd"] * lr * step) ** group["alpha"], 1 / max(1, step - group["t0"])


class ASGD(FusedOptimizer):
    """Gradient descent with a falling step size, and the average of the parameters in `state[p]["ax"]`.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate, the first step size.
    lambd : float
        λ₀: how fast the step size falls.  Each step multiplies p by 1 - λ₀ η too.
    alpha : float
        α, the power of the step size's fall.
    t0 : float
        The step from which on parameters are averaged.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    maximize : bool
        Maximize instead of minimize.
    foreach, capturable : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    References
    ----------
    Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992, as Bottou's "Stochastic
    Gradient Descent Tricks", 2012, section 5, writes it.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _state_tensors = ("ax",)
    _state_numbers: ClassVar[Mapping[str, float]] = {"step": 0.0, "eta": 0.0, "mu": 1.0}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "lambd", "alpha", "t0", "weight_decay")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        g = -g if group["maximize"] else g
        g = g + group["weight_decay"] * p
        eta, mu = state.get("eta", group["lr"]), state.get("mu", 1.0)
        t = state["step"] = state.get("step", 0) + 1
        p = (1 - group["lambd"] * eta) * p - eta * g
        average = state.get("ax", np.zeros_like(p))
        state["ax"] = p.copy() if mu == 1 else average + mu * (p - average)
        state["eta"], state["mu"] = _next_rates(group, t)
        return p

    def _count_step(self, state: State, group: ParamGroup) -> tuple[float, float]:
        step = super()._count_step(state, group)
        if "eta" not in state:
            state["eta"] = wrap(np.full((), group["lr"], get_default_dtype()))
        rates = self._number(state, "eta"), self._number(state, "mu")
        now = rates[0].item(), rates[1].item()
        for array, value in zip(rates, _next_rates(group, step)):
            array.fill(value)
        return now

    def _kernel_call(self, group: ParamGroup, step: tuple[float, float]) -> tuple[Kernel, tuple[float, ...]]:
        eta, mu = step
        return _asgd, (eta, 1 - group["lambd"] * eta, mu, group["weight_decay"], -1 if group["maximize"] else 1)
