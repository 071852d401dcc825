"""Stochastic gradient descent.

g ← g + λ p                        weight decay
v ← μ v + (1 - τ) g                momentum; v = g at the first step
g ← g + μ v  (Nesterov),  v  otherwise
p ← p - lr g
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

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
def _sgd(addresses, pieces, lr, momentum, gradient_weight, weight_decay, sign, nesterov):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        v = vector(addresses, pieces, piece, 2, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            v[i] = flush_subnormal(multiply_add(momentum, v[i], gradient_weight * d))
            p[i] -= lr * (d + momentum * v[i] if nesterov else v[i])
    set_threads(threads)


class SGD(FusedOptimizer):
    """Gradient descent with optional momentum.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate.
    momentum : float
        μ, the weight of the previous direction.
    dampening : float
        τ: a gradient enters the direction with weight 1 - τ.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    nesterov : bool
        Nesterov momentum.  Needs a momentum above 0 and a dampening of 0.
    maximize : bool
        Maximize instead of minimize.
    foreach, fused : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    Raises
    ------
    ValueError
        If lr, momentum or weight_decay is negative, or nesterov is given without momentum or with dampening.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
    in PyTorch's form, in which the learning rate multiplies v at each step.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _state_tensors = ("momentum_buffer",)
    _state_numbers: ClassVar[Mapping[str, float]] = {}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov=True needs a momentum above 0 and a dampening of 0")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        momentum, dampening = group["momentum"], group["dampening"]
        g = -g if group["maximize"] else g
        g = g + group["weight_decay"] * p
        if momentum:
            v = state.get("momentum_buffer")
            v = state["momentum_buffer"] = g if v is None else momentum * v + (1 - dampening) * g
            g = g + momentum * v if group["nesterov"] else v
        return p - group["lr"] * g

    def _tensors_used(self, group: ParamGroup) -> tuple[str | None, ...]:
        return ("momentum_buffer" if group["momentum"] else None,)

    def _count_step(self, state: State, group: ParamGroup) -> bool:
        return state.get("momentum_buffer") is None  # the first step with momentum, which is not dampened

    def _kernel_call(self, group: ParamGroup, step: bool) -> tuple[Kernel, tuple[float, ...]]:
        dampening = 0 if step else group["dampening"]
        sign = -1 if group["maximize"] else 1
        return _sgd, (group["lr"], group["momentum"], 1 - dampening, group["weight_decay"], sign, group["nesterov"])
