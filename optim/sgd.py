"""Stochastic gradient descent.

g ← g + λ p                        weight decay
v ← μ v + (1 - τ) g                momentum; v = g at the first step
g ← g + μ v  (Nesterov),  v  else
p ← p - lr g
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import Tensor
from optim.optimizer import Optimizer


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

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
    in PyTorch's form, where the learning rate multiplies v at each step.
    """

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
            },
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov=True needs a momentum above 0 and a dampening of 0")

    def _update(self, p: np.ndarray, g: np.ndarray, state: dict[str, Any], group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = Tensor(np.array(g))
            else:
                v = state["momentum_buffer"].array
                v *= momentum
                v += (1 - group["dampening"]) * g if group["dampening"] else g
            v = state["momentum_buffer"].array
            g = g + momentum * v if group["nesterov"] else v
        p -= group["lr"] * g
