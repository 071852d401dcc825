"""NAdam: Adam with Nesterov's momentum.

g ← g + λ p          weight decay; decoupled:  p ← p - lr λ p
m ← β₁ m + (1 - β₁) g
v ← β₂ v + (1 - β₂) g²
p ← p - lr ((1 - μₜ) g/(1 - Πₜ) + μₜ₊₁ m/(1 - Πₜ₊₁)) / (√(v/(1 - β₂ᵗ)) + ε)          at step t = 1, 2, …

with a momentum that warms up, μₜ = β₁ (1 - 0.96^(tψ)/2), and the product Πₜ = μ₁ ⋯ μₜ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from optim.fused import flushed, multiply_add, slope, vector, worth_threads
from optim.optimizer import Optimizer, scalar


@kernel(parallel=True)
def _nadam(addresses, pieces, lr, ahead, correction, eps, share1, keep2, share2, decay, shrink, sign):
    threads = limit_threads(worth_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        v = vector(addresses, pieces, piece, 3, lr)
        for i in range(p.size):
            d = slope(p[i], g[i], sign, decay)
            m[i] = flushed(m[i] + share1 * (d - m[i]))
            v[i] = multiply_add(keep2, v[i], share2 * d * d)
            p[i] = shrink * p[i] - multiply_add(lr, d, ahead * m[i]) / (math.sqrt(v[i]) / correction + eps)
    set_threads(threads)


def _momentum(group: dict[str, Any], step: float) -> float:
    """μ at a step."""
    return group["betas"][0] * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))


class NAdam(Optimizer):
    """Adam that looks one step ahead along the running mean.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
    lr : float
        Learning rate: about how far an element moves in a step.
    betas : (float, float)
        β₁, β₂: the shares of the running means that are kept at each step.
    eps : float
        ε, so that nothing is divided by 0.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|²; decoupled, the share of p per unit of lr that is lost in a step.
    momentum_decay : float
        ψ: how quickly the momentum warms up.
    decoupled_weight_decay : bool
        Take weight decay off the parameter itself, as AdamW does.
    maximize : bool
        Go up instead of down.
    foreach : bool, optional
        Taken for PyTorch's sake: the step is fused always.

    References
    ----------
    Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2.
    """

    _numbers, _tensors = ("step", "mu_product"), ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
            },
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "eps", "weight_decay", "momentum_decay")
        self._check_betas(group)

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _count(self, state: dict[str, Any], group: dict[str, Any]) -> tuple[float, float]:
        step = super()._count(state, group)
        product = scalar(state, "mu_product", 1)
        product *= _momentum(group, step)
        return step, product.item()

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Any, tuple[float, ...]]:
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        step, product = count
        now, ahead = _momentum(group, step), _momentum(group, step + 1)
        return _nadam, (
            lr * (1 - now) / (1 - product),
            lr * ahead / (1 - product * ahead),
            math.sqrt(1 - beta2**step),
            group["eps"],
            1 - beta1,
            beta2,
            1 - beta2,
            0 if decoupled else decay,
            1 - lr * decay if decoupled else 1,
            -1 if group["maximize"] else 1,
        )
