"""NAdam: Adam with Nesterov momentum.

g ← g + λ p          weight decay; decoupled:  p ← p - lr λ p
m ← β₁ m + (1 - β₁) g
v ← β₂ v + (1 - β₂) g²
p ← p - lr ((1 - μₜ) g/(1 - Πₜ) + μₜ₊₁ m/(1 - Πₜ₊₁)) / (√(v/(1 - β₂ᵗ)) + ε)          at step t = 1, 2, …

with a momentum that warms up, μₜ = β₁ (1 - 0.96^(tψ)/2), and the product Πₜ = μ₁ ⋯ μₜ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.types import Array
from optim.adam import AdamOptimizer, moment_numbers, moments, reference_moments
from optim.fused import Kernel, decayed_gradient, multiply_add, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _nadam(
    addresses,
    pieces,
    g_scale,
    m_scale,
    correction,
    eps,
    one_minus_beta1,
    beta2,
    one_minus_beta2,
    weight_decay,
    p_scale,
    sign,
):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, g_scale)
        g = vector(addresses, pieces, piece, 1, g_scale)
        m = vector(addresses, pieces, piece, 2, g_scale)
        v = vector(addresses, pieces, piece, 3, g_scale)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            m[i], v[i] = moments(m[i], v[i], d, one_minus_beta1, beta2, one_minus_beta2)
            p[i] = p_scale * p[i] - multiply_add(g_scale, d, m_scale * m[i]) / (math.sqrt(v[i]) / correction + eps)
    set_threads(threads)


def _momentum(group: ParamGroup, step: int) -> float:
    """μ at a step."""
    momentum: float = group["betas"][0] * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
    return momentum


class NAdam(AdamOptimizer):
    """Adam with Nesterov momentum: a step looks ahead along the running mean.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate: roughly how far an element moves in a step.
    betas : (float, float)
        β₁, β₂: decay rates of the running means.
    eps : float
        ε, added to the denominator.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².  If decoupled, each step multiplies p by 1 - lr λ.
    momentum_decay : float
        ψ: how fast the momentum warms up.
    decoupled_weight_decay : bool
        Apply weight decay to the parameter itself, as AdamW does.
    maximize : bool
        Maximize instead of minimize.
    foreach, capturable : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    References
    ----------
    Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)
    """

    _state_tensors = ("exp_avg", "exp_avg_sq")
    _state_numbers: ClassVar[Mapping[str, float]] = {"step": 0.0, "mu_product": 1.0}

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        super()._check_options(group)
        self._check_non_negative(group, "momentum_decay")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        p, g, m, v, t = reference_moments(p, g, state, group)
        mu, next_mu = _momentum(group, t), _momentum(group, t + 1)
        product = state["mu_product"] = state.get("mu_product", 1) * mu
        direction = (1 - mu) * g / (1 - product) + next_mu * m / (1 - product * next_mu)
        return p - group["lr"] * direction / (np.sqrt(v / (1 - group["betas"][1] ** t)) + group["eps"])

    def _count_step(self, state: State, group: ParamGroup) -> tuple[int, float]:
        step = super()._count_step(state, group)
        product = self._number(state, "mu_product")
        product *= _momentum(group, step)
        return step, product.item()

    def _kernel_call(self, group: ParamGroup, step: tuple[int, float]) -> tuple[Kernel, tuple[float, ...]]:
        lr, (t, product) = group["lr"], step
        mu, next_mu = _momentum(group, t), _momentum(group, t + 1)
        return _nadam, (
            lr * (1 - mu) / (1 - product),
            lr * next_mu / (1 - product * next_mu),
            *moment_numbers(group, t),
        )
