"""RMSprop.

g ← g + λ p                        weight decay
v ← α v + (1 - α) g²
a ← α a + (1 - α) g                centered
g ← g / (√(v - a²) + ε)  (centered),  g / (√v + ε)  otherwise
b ← μ b + g                        momentum
p ← p - lr b
"""

from __future__ import annotations

import math

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


@kernel(parallel=True, allocates=True)
def _rmsprop(addresses, pieces, lr, alpha, one_minus_alpha, eps, weight_decay, sign, momentum, centered):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        v = vector(addresses, pieces, piece, 2, lr)
        a = vector(addresses, pieces, piece, 3, lr)
        b = vector(addresses, pieces, piece, 4, lr)
        for i in range(p.size):
            d = decayed_gradient(p[i], g[i], sign, weight_decay)
            v[i] = flush_subnormal(multiply_add(alpha, v[i], one_minus_alpha * d * d))
            a[i] = flush_subnormal(a[i] + one_minus_alpha * (d - a[i]))
            variance = v[i] - a[i] * a[i] if centered else v[i]
            b[i] = flush_subnormal(momentum * b[i] + d / (math.sqrt(variance) + eps))
            p[i] -= lr * b[i]
    set_threads(threads)


class RMSprop(FusedOptimizer):
    """Gradient descent with gradients divided by the root of their running mean square.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate.
    alpha : float
        α, the decay rate of the running means.
    eps : float
        ε, added to the denominator.
    weight_decay : float
        λ of an L2 penalty λ/2 |p|².
    momentum : float
        μ, the weight of the previous direction.
    centered : bool
        Divide by the gradient's standard deviation: subtract the square of its running mean.
    foreach, capturable : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.
    maximize : bool
        Maximize instead of minimize.

    References
    ----------
    Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
    Graves, "Generating Sequences With Recurrent Neural Networks", 2013, equations 38 to 45, for centered.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("square_avg", "grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
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
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
                "maximize": maximize,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "alpha", "eps", "weight_decay", "momentum")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        alpha, momentum = group["alpha"], group["momentum"]
        g = -g if group["maximize"] else g
        g = g + group["weight_decay"] * p
        state["step"] = state.get("step", 0) + 1
        v = state["square_avg"] = alpha * state.get("square_avg", 0) + (1 - alpha) * g**2
        if group["centered"]:
            a = state["grad_avg"] = alpha * state.get("grad_avg", 0) + (1 - alpha) * g
            v = v - a**2
        g = g / (np.sqrt(v) + group["eps"])
        if momentum:
            g = state["momentum_buffer"] = momentum * state.get("momentum_buffer", 0) + g
        return p - group["lr"] * g

    def _tensors_used(self, group: ParamGroup) -> tuple[str | None, ...]:
        return (
            "square_avg",
            "grad_avg" if group["centered"] else None,
            "momentum_buffer" if group["momentum"] else None,
        )

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
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
