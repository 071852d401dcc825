"""Adadelta.

g ← g + λ p          weight decay
v ← ρ v + (1 - ρ) g²
d = g √(u + ε) / √(v + ε)
u ← ρ u + (1 - ρ) d²
p ← p - lr d
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from optim.fused import flushed, multiply_add, slope, vector, worth_threads
from optim.optimizer import Optimizer


@kernel(parallel=True)
def _adadelta(addresses, pieces, lr, keep, share, eps, decay, sign):
    threads = limit_threads(worth_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        v = vector(addresses, pieces, piece, 2, lr)
        u = vector(addresses, pieces, piece, 3, lr)
        for i in range(p.size):
            d = slope(p[i], g[i], sign, decay)
            v[i] = flushed(multiply_add(keep, v[i], share * d * d))
            if v[i] < math.inf:
                d *= math.sqrt(u[i] + eps) / math.sqrt(v[i] + eps)
            else:  # said outright: a compiled x / √∞, an estimate and a Newton step, is NaN
                d *= 0
            u[i] = flushed(multiply_add(keep, u[i], share * d * d))
            p[i] -= lr * d
    set_threads(threads)


class Adadelta(Optimizer):
    """Steps in a parameter's own units: as long as the last ones were, in proportion to the gradient.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
    lr : float
        Factor of a step; 1 in the paper.
    rho : float
        ρ, the share of the running mean squares that is kept at each step.
    eps : float
        ε, so that nothing is divided by 0, and that there is a first step.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    foreach : bool, optional
        Taken for PyTorch's sake: the step is fused always.
    maximize : bool
        Go up instead of down.

    References
    ----------
    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1.
    """

    _tensors = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
            },
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "rho", "eps", "weight_decay")
        if group["rho"] > 1:
            raise ValueError(f"Adadelta: rho is {group['rho']}, and must be a share, at most 1")

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("square_avg", "acc_delta")

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Any, tuple[float, ...]]:
        rho, sign = group["rho"], -1 if group["maximize"] else 1
        return _adadelta, (group["lr"], rho, 1 - rho, group["eps"], group["weight_decay"], sign)
