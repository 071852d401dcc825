"""Adam for embeddings: rows whose gradient is 0 stay as they are, and so do their running means.

m ← β₁ m + (1 - β₁) g
v ← β₂ v + (1 - β₂) g²
p ← p - lr √(1 - β₂ᵗ)/(1 - β₁ᵗ) m / (√v + ε)          at step t = 1, 2, …, in the rows that have a gradient
"""

from __future__ import annotations

import math

import numpy as np

from autograd.types import Array
from optim.optimizer import ParamGroup, Params, State
from optim.rule import RuleOptimizer


class SparseAdam(RuleOptimizer):
    """Adam that changes only the rows of a parameter that have a gradient.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        Learning rate: roughly how far an element moves in a step.
    betas : (float, float)
        β₁, β₂: decay rates of the running means.
    eps : float
        ε, added to the denominator.
    maximize : bool
        Maximize instead of minimize.

    Notes
    -----
    Gradients are dense here, also those of an embedding.  A row of the first dimension has a gradient if one of its
    elements is not 0.  PyTorch takes sparse gradients, whose rows are those that the batch has.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.SparseAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "eps")
        self._check_betas(group)

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        beta1, beta2 = group["betas"]
        g = -g if group["maximize"] else g
        t = state["step"] = state.get("step", 0) + 1
        means = [np.array(state.get(name, np.zeros_like(p))) for name in ("exp_avg", "exp_avg_sq")]
        state["exp_avg"], state["exp_avg_sq"] = means
        rows = (g != 0).any(axis=tuple(range(1, g.ndim)))
        m = means[0][rows] = beta1 * means[0][rows] + (1 - beta1) * g[rows]
        v = means[1][rows] = beta2 * means[1][rows] + (1 - beta2) * g[rows] ** 2
        new = p.copy()
        new[rows] -= group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + group["eps"])
        return new
