"""What the two forms of weight and spectral normalization compute: parametrizations, and the older hooks.

    weight normalization       w = g v / ‖v‖
    spectral normalization     w = v / σ,   σ = uᵀ V x    with V the matrix of v, and u, x its first singular vectors

References
----------
Salimans and Kingma, "Weight Normalization", arXiv:1602.07868.
Miyato et al., "Spectral Normalization for Generative Adversarial Networks", arXiv:1802.05957.
"""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor, dot, mv, no_grad, randn
from nn.conv import _ConvTranspose
from nn.module import Module


def norm_except(v: Tensor, dim: int) -> Tensor:
    """The norm over all dimensions but one, which keeps its size while the others have size 1.  -1: over all, ()."""
    if dim == -1:
        return v.norm()
    if not 0 <= dim < v.ndim:
        raise IndexError(f"weight_norm: dim is {dim}; a weight of shape {v.shape} has dimensions 0 to {v.ndim - 1}")
    others = tuple(d for d in range(v.ndim) if d != dim)
    return v.norm(dim=others, keepdim=True) if others else v.abs()


def scaled(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """g v / ‖v‖."""
    return v * (g / norm_except(v, dim))


def output_dim(module: Module) -> int:
    """The dimension of the weight that counts outputs."""
    return 1 if isinstance(module, _ConvTranspose) else 0


def matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight as a matrix, with dimension dim as its rows."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.flatten(1)


def random_direction(size: int, like: Tensor, eps: float) -> Tensor:
    """A random vector of norm 1."""
    return F.normalize(randn(size, dtype=like.dtype), dim=0, eps=eps)


def iterate(matrix: Tensor, u: Tensor, v: Tensor, steps: int, eps: float, left_first: bool) -> None:
    """Steps of the power method, which write to u and v: u = W v / ‖W v‖ and v = Wᵀ u / ‖Wᵀ u‖, in either order."""
    with no_grad():
        for _ in range(steps):
            for left in (left_first, not left_first):
                if left:
                    u.copy_(F.normalize(mv(matrix, v), dim=0, eps=eps))
                else:
                    v.copy_(F.normalize(mv(matrix.T, u), dim=0, eps=eps))


def norm_along(matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """uᵀ W v, the spectral norm if u and v are the first singular vectors.

    u and v are copied, because the next step writes to them, perhaps before the backward pass of this one.
    """
    return dot(u.clone(), mv(matrix, v.clone()))


def check_steps(n_power_iterations: int) -> None:
    """Raise unless there is at least one step."""
    if n_power_iterations <= 0:
        raise ValueError(f"spectral_norm: n_power_iterations is {n_power_iterations}; it must be at least 1")
