"""Layers that only change the shape of their input."""

from __future__ import annotations

from collections.abc import Sequence

import autograd
from autograd import Tensor
from nn.module import Module


class Flatten(Module):
    """Merge dimensions start_dim to end_dim, inclusive, into one: (N, C, H, W) becomes (N, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return autograd.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split one dimension into several: (N, C·H·W) becomes (N, C, H, W).

    Parameters
    ----------
    dim : int
        The dimension to split.
    unflattened_size : sequence of int
        The new sizes.  One of them may be -1: it is computed from the others.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        dim = self.dim % input.ndim
        return input.reshape(*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
