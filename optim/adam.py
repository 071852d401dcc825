"""Adam, and AdamW, which is Adam with decoupled weight decay.

g ← g + λ p          weight decay; decoupled:  p ← p - lr λ p
m ← β₁ m + (1 - β₁) g
v ← β₂ v + (1 - β₂) g²
w ← max(w, v)  (AMSGrad),  v  else
p ← p - lr m/(1 - β₁ᵗ) / (√(w/(1 - β₂ᵗ)) + ε)          at step t = 1, 2, …
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from optim.fused import flushed, multiply_add, slope, vector, worth_threads
from optim.optimizer import Optimizer


@kernel(parallel=True)
def _adam(addresses, pieces, lr, correction, eps, share1, keep2, share2, decay, shrink, sign):
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
            p[i] = shrink * p[i] - lr * m[i] / (math.sqrt(v[i]) / correction + eps)
    set_threads(threads)


@kernel(parallel=True)
def _amsgrad(addresses, pieces, lr, correction, eps, share1, keep2, share2, decay, shrink, sign):
    threads = limit_threads(worth_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        v = vector(addresses, pieces, piece, 3, lr)
        w = vector(addresses, pieces, piece, 4, lr)
        for i in range(p.size):
            d = slope(p[i], g[i], sign, decay)
            m[i] = flushed(m[i] + share1 * (d - m[i]))
            v[i] = multiply_add(keep2, v[i], share2 * d * d)
            w[i] = w[i] if v[i] <= w[i] else v[i]  # so that NaN passes
            p[i] = shrink * p[i] - lr * m[i] / (math.sqrt(w[i]) / correction + eps)
    set_threads(threads)


class Adam(Optimizer):
    """Steps of the gradient's running mean, divided by the root of its running mean square.

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
    amsgrad : bool
        Divide by the largest mean square that has been.
    maximize : bool
        Go up instead of down.
    decoupled_weight_decay : bool
        Take weight decay off the parameter itself, as AdamW does.
    foreach, fused : bool, optional
        Taken for PyTorch's sake: the step is fused always.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
    Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", 2018, algorithm 2.
    """

    _tensors = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
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
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "eps", "weight_decay")
        self._check_betas(group)

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Any, tuple[float, ...]]:
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        return _amsgrad if group["amsgrad"] else _adam, (
            lr / (1 - beta1**count),
            math.sqrt(1 - beta2**count),
            group["eps"],
            1 - beta1,
            beta2,
            1 - beta2,
            0 if decoupled else decay,
            1 - lr * decay if decoupled else 1,
            -1 if group["maximize"] else 1,
        )


class AdamW(Adam):
    """Adam with decoupled weight decay, of 0.01 unless told otherwise; its options are Adam's."""

    _tensors = Adam._tensors

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
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
            fused=fused,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """As in `Optimizer`; Adam's state is taken too, and weight decay stays decoupled, as in PyTorch."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
