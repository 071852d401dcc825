"""Lion (evolved sign momentum).

c = β₁ m + (1 - β₁) g
m ← β₂ m + (1 - β₂) g
p ← p - lr (sign c + λ p)          decoupled weight decay; sign 0 = 0, and sign NaN = NaN
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numba import prange

from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.types import Array
from optim.fused import FusedOptimizer, Kernel, flush_subnormal, multiply_add, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _lion(addresses, pieces, lr, beta1, one_minus_beta1, beta2, one_minus_beta2, p_scale, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        m = vector(addresses, pieces, piece, 2, lr)
        for i in range(p.size):
            d = sign * g[i]
            c = multiply_add(beta1, m[i], one_minus_beta1 * d)
            m[i] = flush_subnormal(multiply_add(beta2, m[i], one_minus_beta2 * d))
            step = -lr if c > 0 else lr if c < 0 else c  # c is 0 or NaN, which passes
            p[i] = multiply_add(p_scale, p[i], step)
    set_threads(threads)


class Lion(FusedOptimizer):
    """Steps by the sign of a running mean of gradients: each element moves by lr, or not at all.

    It stores one tensor for each parameter, where Adam stores two.  Its steps are longer than Adam's, so the paper
    takes an lr 3 to 10 times smaller, and a weight decay larger by the same factor.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate: how far an element moves in a step.
    betas : (float, float)
        β₁, the weight of the running mean in the step's direction, and β₂, the decay rate of the running mean.
    weight_decay : float
        λ: each step multiplies p by 1 - lr λ.
    maximize : bool
        Maximize instead of minimize.

    Notes
    -----
    PyTorch has no Lion.  The order of the arguments and their defaults are the paper's.

    A gradient that is NaN makes its element NaN.  Where sign NaN is 0, the element would stay as it is for ever,
    and nobody would notice.

    References
    ----------
    Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv:2302.06675, algorithm 2.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> optimizer = optim.Lion([w], lr=0.25)
    >>> (w * autograd.tensor([5.0, 0.0, -0.01])).sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.75, 2.0, 3.25]
    """

    _state_tensors = ("exp_avg",)
    _state_numbers: ClassVar[Mapping[str, float]] = {}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "weight_decay")
        self._check_betas(group)

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        (beta1, beta2), m = group["betas"], state.get("exp_avg", 0)
        g = -g if group["maximize"] else g
        c = beta1 * m + (1 - beta1) * g
        state["exp_avg"] = beta2 * m + (1 - beta2) * g
        return p - group["lr"] * (np.sign(c) + group["weight_decay"] * p)

    def _kernel_call(self, group: ParamGroup, step: None) -> tuple[Kernel, tuple[float, ...]]:
        lr, (beta1, beta2), sign = group["lr"], group["betas"], -1 if group["maximize"] else 1
        return _lion, (lr, beta1, 1 - beta1, beta2, 1 - beta2, 1 - lr * group["weight_decay"], sign)
