"""Muon: momentum whose matrix is made nearly orthogonal by a Newton-Schulz iteration.

B ← B + (1 - μ) (g - B)
U = g + μ (B - g)  (Nesterov),  B  otherwise
X = U / max(|U|, ε),   then k times  X ← a X + (b A + c A²) X,  A = X Xᵀ
p ← (1 - lr λ) p - lr s X          s: the adjustment of the learning rate
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from autograd.kernels.gemm import matmul
from autograd.kernels.sums import total
from autograd.types import Array
from optim.optimizer import ParamGroup, Params, State
from optim.rule import RuleOptimizer


def _orthogonalized(update: Array, group: ParamGroup) -> Array:
    """A matrix with the singular vectors of `update`, and singular values near 1.

    Products and the norm are the engine's: the bits of NumPy's depend on the number of its threads.
    """
    a, b, c = group["ns_coefficients"]
    tall = update.shape[0] > update.shape[1]
    x = np.ascontiguousarray(update.T) if tall else update
    x = x / max(math.sqrt(total(x * x, dim=(0, 1), keepdim=False)), group["eps"])
    for _ in range(group["ns_steps"]):
        gram = matmul(x, x.T)
        x = a * x + matmul(b * gram + c * matmul(gram, gram), x)
    return x.T if tall else x


class Muon(RuleOptimizer):
    """Momentum, orthogonalized: for the weight matrices of hidden layers.

    Give biases, embeddings and the last layer to another optimizer, such as AdamW.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        Matrices.  A tensor of more dimensions, such as the filters (O, C, H, W) of a convolution, is taken as the
        matrix (O, C·H·W).
    lr : float
        Learning rate.
    weight_decay : float
        λ: each step multiplies p by 1 - lr λ.
    momentum : float
        μ, the weight of the previous direction.
    nesterov : bool
        Nesterov momentum.
    ns_coefficients : (float, float, float)
        a, b, c of the iteration.
    eps : float
        ε, the smallest norm that the direction is divided by.
    ns_steps : int
        k, the number of iterations, below 100.
    adjust_lr_fn : None, "original" or "match_rms_adamw"
        The factor of lr for a matrix of m rows and n columns: √max(1, m/n), or 0.2 √max(m, n).

    Raises
    ------
    ValueError
        If a parameter has fewer than two dimensions, or an option is out of range.

    Notes
    -----
    The iteration is computed in the dtype of the parameter.  PyTorch rounds to bfloat16, which is fast on a GPU, and
    its steps differ by some percent from these.  PyTorch's takes matrices only; Jordan et al. take filters too.

    References
    ----------
    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    Liu et al., "Muon is Scalable for LLM Training", 2025, for match_rms_adamw.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.eye(2).requires_grad_()
    >>> optimizer = optim.Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.shape
    (2, 2)
    """

    _state_tensors = ("momentum_buffer",)
    _state_numbers: ClassVar[Mapping[str, float]] = {}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr", "weight_decay", "momentum", "eps")
        coefficients, steps, adjust = group["ns_coefficients"], group["ns_steps"], group["adjust_lr_fn"]
        if (
            not isinstance(coefficients, tuple | list)
            or len(coefficients) != 3
            or not all(isinstance(one, int | float | np.number) for one in coefficients)
        ):
            raise ValueError(f"Muon: ns_coefficients is {coefficients!r}; it must be three numbers")
        if not isinstance(steps, int) or not 0 <= steps < 100:
            raise ValueError(f"Muon: ns_steps is {steps!r}; it must be an integer from 0 to 99")
        if adjust not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Muon: adjust_lr_fn is {adjust!r}; it must be None, 'original' or 'match_rms_adamw'")
        for p in group["params"]:
            if p.ndim < 2:
                raise ValueError(
                    f"Muon: a parameter has shape {tuple(p.shape)}, and only matrices can be orthogonalized; give it "
                    "to another optimizer, such as AdamW"
                )

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        lr, momentum = group["lr"], group["momentum"]
        before = state.get("momentum_buffer", np.zeros_like(g))
        buffer = state["momentum_buffer"] = before + (1 - momentum) * (g - before)
        update = g + momentum * (buffer - g) if group["nesterov"] else buffer
        m, n = p.shape[0], math.prod(p.shape[1:])
        if group["adjust_lr_fn"] == "match_rms_adamw":
            factor = 0.2 * math.sqrt(max(m, n))
        else:
            factor = math.sqrt(max(1, m / n)) if n else 1.0
        return (1 - lr * group["weight_decay"]) * p - lr * factor * _orthogonalized(
            update.reshape(m, n), group
        ).reshape(p.shape)
