"""RMSprop.

g ← g + λ p                        weight decay
v ← α v + (1 - α) g²
a ← α a + (1 - α) g                centered
g ← g / (√(v - a²) + ε)  (centered),  g / (√v + ε)  else
b ← μ b + g                        momentum
p ← p - lr b
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
def _rmsprop(addresses, pieces, lr, keep, share, eps, decay, sign, momentum, centered):
    threads = limit_threads(worth_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        v = vector(addresses, pieces, piece, 2, lr)
        a = vector(addresses, pieces, piece, 3, lr)
        b = vector(addresses, pieces, piece, 4, lr)
        for i in range(p.size):
            d = slope(p[i], g[i], sign, decay)
            v[i] = flushed(multiply_add(keep, v[i], share * d * d))
            a[i] = flushed(a[i] + share * (d - a[i]))
            spread = v[i] - a[i] * a[i] if centered else v[i]
            b[i] = flushed(momentum * b[i] + d / (math.sqrt(spread) + eps))
            p[i] -= lr * b[i]
    set_threads(threads)


class RMSprop(Optimizer):
    """Gradient descent in which a gradient is divided by the root of its running mean square.

    Parameters
    ----------
    params : iterable of Tensor, or of dicts
    lr : float
        Learning rate.
    alpha : float
        α, the share of the running means that is kept at each step.
    eps : float
        ε, so that nothing is divided by 0.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    momentum : float
        μ, the share of the last step's direction that is kept.
    centered : bool
        Divide by the gradient's standard deviation instead: its running mean is taken off.
    foreach : bool, optional
        Taken for PyTorch's sake: the step is fused always.
    maximize : bool
        Go up instead of down.

    References
    ----------
    Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
    Graves, "Generating Sequences With Recurrent Neural Networks", 2013, equations 38 to 45, for centered.
    """

    _tensors = ("square_avg", "grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_numbers(group, "lr", "alpha", "eps", "weight_decay", "momentum")

    def _memory(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return (
            "square_avg",
            "grad_avg" if group["centered"] else None,
            "momentum_buffer" if group["momentum"] else None,
        )

    def _rule(self, group: dict[str, Any], count: Any) -> tuple[Any, tuple[float, ...]]:
        return _rmsprop, (
            group["lr"],
            group["alpha"],
            1 - group["alpha"],
            group["eps"],
            group["weight_decay"],
            -1 if group["maximize"] else 1,
            group["momentum"],
            group["centered"],
        )
