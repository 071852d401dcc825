"""Adamax: Adam with the largest gradient in place of the root of the mean square.

g ← g + λ p                        weight decay
m ← β₁ m + (1 - β₁) g
u ← max(β₂ u, |g| + ε)
p ← p - lr m/(1 - β₁ᵗ) / u         at step t = 1, 2, …
"""

from __future__ import annotations

import numpy as np
from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.types import Array
from optim.adam import AdamOptimizer
from optim.fused import Kernel, decayed_gradient, flush_subnormal, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _adamax(addresses, pieces, lr, one_minus_beta1, beta2, eps, weight_decay, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        u = vector(addresses, pieces, piece, 3, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            m[i] = flush_subnormal(m[i] + one_minus_beta1 * (d - m[i]))
            old, new = beta2 * u[i], abs(d) + eps
            u[i] = old if new <= old else new  # in this order NaN passes
            p[i] -= lr * m[i] / u[i]
    set_threads(threads)


class Adamax(AdamOptimizer):
    """Steps along the gradient's running mean, divided by the largest recent gradient.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate: roughly how far an element moves in a step.
    betas : (float, float)
        β₁, the decay rate of the running mean, and β₂, that of the largest gradient.
    eps : float
        ε, added to the absolute value of the gradient.
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
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("exp_avg", "exp_inf")

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        beta1, beta2 = group["betas"]
        g = -g if group["maximize"] else g
        g = g + group["weight_decay"] * p
        t = state["step"] = state.get("step", 0) + 1
        m = state["exp_avg"] = beta1 * state.get("exp_avg", 0) + (1 - beta1) * g
        u = state["exp_inf"] = np.maximum(beta2 * state.get("exp_inf", 0), np.abs(g) + group["eps"])
        return p - group["lr"] / (1 - beta1**t) * m / u

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
        (beta1, beta2), sign = group["betas"], -1 if group["maximize"] else 1
        lr = group["lr"] / (1 - beta1**step)
        return _adamax, (lr, 1 - beta1, beta2, group["eps"], group["weight_decay"], sign)
