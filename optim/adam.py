"""Adam, and AdamW, which is Adam with decoupled weight decay.

g ← g + λ p          weight decay; decoupled:  p ← p - lr λ p
m ← β₁ m + (1 - β₁) g
v ← β₂ v + (1 - β₂) g²
w ← max(w, v)  (AMSGrad),  v  otherwise
p ← p - lr m/(1 - β₁ᵗ) / (√(w/(1 - β₂ᵗ)) + ε)          at step t = 1, 2, …
"""

from __future__ import annotations

import math
from typing import ClassVar

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
from optim.state_dict import StateDict

# ── what Adam and NAdam share ──


@kernel()
def moments(m, v, d, one_minus_beta1, beta2, one_minus_beta2):
    """The new running means of the gradient d and of its square."""
    return flush_subnormal(m + one_minus_beta1 * (d - m)), multiply_add(beta2, v, one_minus_beta2 * d * d)


def moment_numbers(group: ParamGroup, step: int) -> tuple[float, ...]:
    """The kernel numbers that follow from betas, eps, weight decay and direction."""
    (beta1, beta2), weight_decay, decoupled = group["betas"], group["weight_decay"], group["decoupled_weight_decay"]
    return (
        math.sqrt(1 - beta2**step),
        group["eps"],
        1 - beta1,
        beta2,
        1 - beta2,
        0 if decoupled else weight_decay,
        1 - group["lr"] * weight_decay if decoupled else 1,
        -1 if group["maximize"] else 1,
    )


def reference_moments(p: Array, g: Array, state: State, group: ParamGroup) -> tuple[Array, Array, Array, Array, int]:
    """p and g after weight decay, the running means m and v, and the number of the step, in NumPy."""
    (beta1, beta2), weight_decay = group["betas"], group["weight_decay"]
    g = -g if group["maximize"] else g
    if group["decoupled_weight_decay"]:
        p = p - group["lr"] * weight_decay * p
    else:
        g = g + weight_decay * p
    t = state["step"] = int(state.get("step", 0)) + 1
    m = state["exp_avg"] = beta1 * state.get("exp_avg", 0) + (1 - beta1) * g
    v = state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", 0) + (1 - beta2) * g**2
    return p, g, m, v, t


class AdamOptimizer(FusedOptimizer):
    """Base class of optimizers with running means of the gradient and of its square."""

    _state_tensors: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq")

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "eps", "weight_decay")
        self._check_betas(group)


# ── Adam ──


@kernel(parallel=True, allocates=True)
def _adam(addresses, pieces, lr, correction, eps, one_minus_beta1, beta2, one_minus_beta2, weight_decay, p_scale, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        v = vector(addresses, pieces, piece, 3, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            m[i], v[i] = moments(m[i], v[i], d, one_minus_beta1, beta2, one_minus_beta2)
            p[i] = p_scale * p[i] - lr * m[i] / (math.sqrt(v[i]) / correction + eps)
    set_threads(threads)


@kernel(parallel=True, allocates=True)
def _amsgrad(
    addresses, pieces, lr, correction, eps, one_minus_beta1, beta2, one_minus_beta2, weight_decay, p_scale, sign
):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        v = vector(addresses, pieces, piece, 3, lr)
        w = vector(addresses, pieces, piece, 4, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            m[i], v[i] = moments(m[i], v[i], d, one_minus_beta1, beta2, one_minus_beta2)
            w[i] = w[i] if v[i] <= w[i] else v[i]  # in this order NaN passes
            p[i] = p_scale * p[i] - lr * m[i] / (math.sqrt(w[i]) / correction + eps)
    set_threads(threads)


class Adam(AdamOptimizer):
    """Steps along the gradient's running mean, divided by the root of its running mean square.

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
    amsgrad : bool
        Divide by the largest mean square so far.
    maximize : bool
        Maximize instead of minimize.
    decoupled_weight_decay : bool
        Apply weight decay to the parameter itself, as AdamW does.
    foreach, capturable, fused : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
    Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", 2018, algorithm 2.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        beta1, beta2 = group["betas"]
        p, g, m, v, t = reference_moments(p, g, state, group)
        if group["amsgrad"]:
            v = state["max_exp_avg_sq"] = np.maximum(state.get("max_exp_avg_sq", 0), v)
        return p - group["lr"] * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + group["eps"])

    def _tensors_used(self, group: ParamGroup) -> tuple[str | None, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
        lr = group["lr"] / (1 - group["betas"][0] ** step)
        return _amsgrad if group["amsgrad"] else _adam, (lr, *moment_numbers(group, step))


class AdamW(Adam):
    """Adam with decoupled weight decay, 0.01 by default.  The other options are Adam's.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate.
    betas : (float, float)
        The weights of the previous means of gradients and of their squares.
    eps : float
        Added to the root of the mean of squares.
    weight_decay : float
        Each step first multiplies p by 1 - lr weight_decay.
    amsgrad : bool
        Divide by the largest mean of squares so far.
    maximize : bool
        Maximize instead of minimize.
    foreach, capturable, fused : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.AdamW([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8990], requires_grad=True)
    """

    _state_tensors = Adam._state_tensors

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: StateDict) -> None:
        """As in `Optimizer`.  Adam's state fits too; weight decay stays decoupled, as in PyTorch."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
