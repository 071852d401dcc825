"""Layers that only change the shape of their input."""

from __future__ import annotations

import math
from collections.abc import Sequence

import autograd
from autograd import Tensor
from autograd.arguments import check_arrays
from nn.module import Module


class Flatten(Module):
    """Merge dimensions start_dim to end_dim, inclusive, into one: (N, C, H, W) becomes (N, C·H·W).

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last of these dimensions.

    Raises
    ------
    IndexError, ValueError
        In forward, if there is no such dimension, or start_dim comes after end_dim.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Flatten()(autograd.zeros(5, 3, 2, 2)).shape
    (5, 12)
    >>> nn.Flatten(0, 1)(autograd.zeros(5, 3, 2, 2)).shape
    (15, 2, 2)
    """

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

    Raises
    ------
    TypeError
        If unflattened_size is no sequence.
    IndexError, ValueError
        In forward, if there is no such dimension, or its size is not the product of the new sizes.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Unflatten(1, (3, -1))(autograd.zeros(5, 12)).shape
    (5, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, Sequence):
            raise TypeError(f"Unflatten: unflattened_size is {unflattened_size!r}; it must be a tuple of sizes")
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        check_arrays("Unflatten", input=input)
        if not -input.ndim <= self.dim < input.ndim:
            raise IndexError(f"Unflatten: dim {self.dim} does not exist in an input of shape {input.shape}")
        dim = self.dim % input.ndim
        size, known = input.shape[dim], abs(math.prod(self.unflattened_size))
        if known != size and (-1 not in self.unflattened_size or not known or size % known):
            raise ValueError(
                f"Unflatten: dimension {self.dim} of shape {input.shape} has size {size}, which unflattened_size "
                f"{self.unflattened_size} does not multiply to"
            )
        return input.reshape(*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
