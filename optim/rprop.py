"""Rprop (resilient backpropagation): steps by the signs of gradients, with a step size for each element.

s = g · g_before
η ← η₊ η  if s > 0,   η₋ η  if s < 0;   η between the smallest and the largest step size
g ← 0     if s < 0
p ← p - η sign g
"""

from __future__ import annotations

import numpy as np
from numba import prange

from autograd import Tensor
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.types import Array
from optim.fused import FusedOptimizer, Kernel, useful_threads, vector
from optim.optimizer import ParamGroup, Params, State


@kernel(parallel=True, allocates=True)
def _rprop(addresses, pieces, smaller, larger, least, most, sign):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, sign)
        g = vector(addresses, pieces, piece, 1, sign)
        before = vector(addresses, pieces, piece, 2, sign)
        size = vector(addresses, pieces, piece, 3, sign)
        for i in range(p.size):
            d = sign * g[i]
            s = d * before[i]
            new = size[i] * (larger if s > 0 else smaller if s < 0 else 1)
            new = least if new < least else new
            new = most if new > most else new
            d = 0 if s < 0 else d
            size[i] = new
            before[i] = d
            p[i] -= new if d > 0 else -new if d < 0 else d  # d is 0 or NaN, which passes
    set_threads(threads)


class Rprop(FusedOptimizer):
    """Steps by the sign of the gradient.  An element's step grows while its gradient keeps its sign.

    It is for gradients of the whole training set: with those of small batches the signs are noise.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
    lr : float
        The first step size of all elements.
    etas : (float, float)
        η₋, η₊: factors of the step size when the gradient changes its sign and when it does not; η₋ < 1 < η₊.
    step_sizes : (float, float)
        The smallest and the largest step size.
    maximize : bool
        Maximize instead of minimize.
    foreach, capturable : bool, optional
        Accepted for compatibility with PyTorch.  The step is always fused.
    differentiable : bool
        Must be False: a step is not recorded.

    Raises
    ------
    ValueError
        If lr, etas or step_sizes is out of range.

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", 1993;
    without going back after a change of sign, as PyTorch has it.

    Examples
    --------
    >>> import autograd, optim
    >>> w = autograd.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _state_tensors = ("prev", "step_size")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _check_options(self, group: ParamGroup) -> None:
        self._check_non_negative(group, "lr")
        self._check_pair(group, "etas")
        smaller, larger = group["etas"]
        if not 0 < smaller < 1 < larger:
            raise ValueError(f"Rprop: etas is {group['etas']!r}; they must be between 0 and 1, and above 1")
        self._check_pair(group, "step_sizes")

    @staticmethod
    def reference(p: Array, g: Array, state: State, group: ParamGroup) -> Array:
        (smaller, larger), (least, most) = group["etas"], group["step_sizes"]
        g = -g if group["maximize"] else g
        state["step"] = state.get("step", 0) + 1
        s = g * state.get("prev", 0)
        size = state.get("step_size", np.full_like(p, group["lr"]))
        size = state["step_size"] = np.clip(np.where(s > 0, larger, np.where(s < 0, smaller, 1)) * size, least, most)
        g = state["prev"] = np.where(s < 0, 0, g)
        return p - size * np.sign(g)

    def _initial_tensor(self, p: Tensor, name: str, group: ParamGroup) -> Array:
        return np.full(p.shape, group["lr"] if name == "step_size" else 0, p.dtype)

    def _kernel_call(self, group: ParamGroup, step: int) -> tuple[Kernel, tuple[float, ...]]:
        return _rprop, (*group["etas"], *group["step_sizes"], -1 if group["maximize"] else 1)
