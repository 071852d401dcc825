"""Stochastic gradient descent.

g ← g + λ p                        weight decay
v ← μ v + (1 - τ) g                momentum; v = g at the first step
g ← g + μ v  (Nesterov),  v  else
p ← p - lr g
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from optim.fused import flushed, multiply_add, slope, vector, worth_threads
from optim.optimizer import Optimizer


@kernel(parallel=True)
def _sgd(addresses, pieces, lr, momentum, share, decay, sign, nesterov):
    threads = limit_threads(worth_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        v = vector(addresses, pieces, piece, 2, lr)
        for i in range(p.size):
            d = slope(p[i], g[i], sign, decay)
            v[i] = flushed(multiply_add(momentum, v[i], share * d))
            p[i] -= lr * (d + momentum * v[i] if nesterov else v[i])
    set_threads(threads)


class SGD(Optimizer):
    """Gradient descent, with momentum.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
    lr : float
        Learning rate.
    momentum : float
        μ, the share of the last step's direction that is kept.
    dampening : float
        τ: a gradient enters the direction with weight 1 - τ.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    nesterov : bool
        Look ahead along the direction; needs momentum, and no dampening.
    maximize : bool
        Go up instead of down.
    foreach, fused : bool, optional
        Taken for PyTorch's sake: the step is fused always.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
    in PyTorch's form, where the learning rate multiplies v at each step.
    """

    _numbers, _tensors = (), ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
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
                "fused": fused,
            },
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov=True needs a momentum above 0 and a dampening of 0")

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("momentum_buffer" if group["momentum"] else None,)

    def _count(self, state: dict[str, Any], group: dict[str, Any]) -> bool:
        return state.get("momentum_buffer") is None  # the first step with momentum, which is not dampened

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Any, tuple[float, ...]]:
        dampening = 0 if count else group["dampening"]
        sign = -1 if group["maximize"] else 1
        return _sgd, (group["lr"], group["momentum"], 1 - dampening, group["weight_decay"], sign, group["nesterov"])
