"""Adadelta.

g ← g + λ p          weight decay
v ← ρ v + (1 - ρ) g²
d = g √(u + ε) / √(v + ε)
u ← ρ u + (1 - ρ) d²
p ← p - lr d
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.types import Array
from optim.fused import (
    FusedOptimizer,
    Kernel,
    decayed_gradient,
    flush_subnormal,
    multiply_add,
    useful_threads,
    vector,
)
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _adadelta(addresses, pieces, lr, rho, one_minus_rho, eps, weight_decay, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        v = vector(addresses, pieces, piece, 2, lr)
        u = vector(addresses, pieces, piece, 3, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            v[i] = flush_subnormal(multiply_add(rho, v[i], one_minus_rho * d * d))
            if v[i] < math.inf:
                d *= math.sqrt(u[i] + eps) / math.sqrt(v[i] + eps)
            else:  # compiled code estimates x / √∞ and refines it by a Newton step, which gives NaN
                d *= 0
            u[i] = flush_subnormal(multiply_add(rho, u[i], one_minus_rho * d * d))
            p[i] -= lr * d
    set_threads(threads)


class Adadelta(FusedOptimizer):
    """Gradient descent whose steps have the parameter's units: scaled by the root mean square of recent steps.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Factor of the step; 1 in the paper.
    rho : float
        ρ, the decay rate of the running mean squares.
    eps : float
        ε, added under both roots.  The first step needs it to be above 0.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    foreach, capturable : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.
    maximize : bool
        Maximize instead of minimize.

    Raises
    ------
    ValueError
        If lr, rho, eps or weight_decay is out of range.

    References
    ----------
    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adadelta([w], lr=1.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968], requires_grad=True)
    """

    _state_tensors = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "rho", "eps", "weight_decay")
        if group["rho"] > 1:
            raise ValueError(f"Adadelta: rho is {group['rho']}; it must be at most 1")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        rho, eps = group["rho"], group["eps"]
        g = -g if group["maximize"] else g
        g = g + group["weight_decay"] * p
        state["step"] = state.get("step", 0) + 1
        u = state.get("acc_delta", 0)
        v = state["square_avg"] = rho * state.get("square_avg", 0) + (1 - rho) * g**2
        d = g * np.sqrt(u + eps) / np.sqrt(v + eps)
        state["acc_delta"] = rho * u + (1 - rho) * d**2
        return p - group["lr"] * d

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
        rho, sign = group["rho"], -1 if group["maximize"] else 1
        return _adadelta, (group["lr"], rho, 1 - rho, group["eps"], group["weight_decay"], sign)
