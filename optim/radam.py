"""RAdam: Adam whose first steps are not divided by a mean square of too few gradients.

g ← g + λ p          weight decay; decoupled:  p ← p - lr λ p
m ← β₁ m + (1 - β₁) g
v ← β₂ v + (1 - β₂) g²
ρ∞ = 2/(1 - β₂) - 1,   ρ = ρ∞ - 2 t β₂ᵗ/(1 - β₂ᵗ)                at step t = 1, 2, …
r = √((ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ))
p ← p - lr m/(1 - β₁ᵗ) r √(1 - β₂ᵗ) / (√v + ε)   if ρ > 5
p ← p - lr m/(1 - β₁ᵗ)                           otherwise
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.types import Array
from optim.adam import AdamOptimizer, moment_numbers, moments, reference_moments
from optim.fused import Kernel, decayed_gradient, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _radam(addresses, pieces, lr, rectified, eps, one_minus_beta1, beta2, one_minus_beta2, weight_decay, p_scale, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        v = vector(addresses, pieces, piece, 3, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            m[i], v[i] = moments(m[i], v[i], d, one_minus_beta1, beta2, one_minus_beta2)
            step = lr * m[i]
            divided = step / (math.sqrt(v[i]) + eps)
            p[i] = p_scale * p[i] - (divided if rectified else step)
    set_threads(threads)


def _rectification(beta2: float, step: int) -> float:
    """r √(1 - β₂ᵗ), or 0 in the first steps, in which the mean square is not used."""
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * step * beta2**step / (1 - beta2**step)
    if length <= 5:
        return 0.0
    r = math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
    return r * math.sqrt(1 - beta2**step)


class RAdam(AdamOptimizer):
    """Adam with a rectified variance: it needs no warm-up of the learning rate.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate.
    betas : (float, float)
        β₁, β₂: decay rates of the running means.
    eps : float
        ε, added to the denominator.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².  If decoupled, each step multiplies p by 1 - lr λ.
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
    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _state_tensors = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
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
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        beta1, beta2 = group["betas"]
        p, g, m, v, t = reference_moments(p, g, state, group)
        factor = _rectification(beta2, t)
        step = group["lr"] * m / (1 - beta1**t)
        return p - (step * factor / (np.sqrt(v) + group["eps"]) if factor else step)

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
        beta1, beta2 = group["betas"]
        factor = _rectification(beta2, step)
        lr = group["lr"] / (1 - beta1**step) * (factor or 1)
        return _radam, (lr, factor > 0, *moment_numbers(group, step)[1:])
