"""The gradients of all parameters: a list while they are added, one array of each dtype when they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from autograd import Tensor
from autograd.kernels.arithmetic import add_pairwise
from autograd.promotion import computing_dtype
from autograd.tensor import wrap
from autograd.types import Array

# An array for each parameter, in the dtype that it is added in; None where there is no gradient.
Gradients: TypeAlias = list[Array | None]


def taken(gradients: Sequence[Tensor | None], weight: float = 1.0) -> Gradients:
    """The gradients times a weight, in arrays that may be their own."""
    return times(
        [None if g is None else g.array.astype(computing_dtype(g.array.dtype), copy=False) for g in gradients], weight
    )


def times(gradients: Gradients, weight: float) -> Gradients:
    """The gradients times a weight, in their own arrays."""
    if weight != 1:
        for array in gradients:
            if array is not None:
                array *= array.dtype.type(weight)
    return gradients


class Pair(NamedTuple):
    """A sum of two that is not computed yet: with another one it is, and the four are then read only once."""

    a: Gradients
    b: Gradients


def added(a: Gradients | Pair, b: Gradients | Pair) -> Gradients | Pair:
    """The sum of what neighbouring shards have, in the first one's arrays, or a `Pair` of the two."""
    if isinstance(a, Pair) and isinstance(b, Pair):
        return _computed([*a, *b])
    if isinstance(a, Pair) or isinstance(b, Pair):
        return _computed([computed(a), computed(b)])
    return Pair(a, b)


def computed(a: Gradients | Pair, factor: float = 1.0) -> Gradients:
    """The sum times a factor, in its first arrays."""
    return _computed(a, factor) if isinstance(a, Pair) else times(a, factor)


def _computed(values: Sequence[Gradients], factor: float = 1.0) -> Gradients:
    """(a + b) factor, or ((a + b) + (c + d)) factor.

    A gradient that is not there counts as 0.  It is added nevertheless: 0 + -0 is 0, as it is when zeros are sent.
    """
    total: Gradients = []
    for arrays in zip(*values, strict=True):
        there = next((x for x in arrays if x is not None), None)
        filled = [np.zeros_like(there) if x is None else x for x in arrays]
        total.append(None if there is None else add_pairwise(filled, factor))
    return total


class Packing:
    """Where the gradient of each parameter is in the arrays that are sent, of which there is one for each dtype.

    After the gradients, an array has a number for each parameter: in how many parts there was a gradient.  So a sum of
    arrays tells which parameters have none.

    Parameters
    ----------
    parameters : sequence of Tensor

    Attributes
    ----------
    groups : dict from dtype to list of int
        The numbers of the parameters in the array of this dtype.
    sizes : list of int
        Elements of each array.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters
        self.groups: dict[np.dtype, list[int]] = {}
        for i, p in enumerate(parameters):
            self.groups.setdefault(computing_dtype(p.array.dtype), []).append(i)
        self.sizes = [sum(parameters[i].array.size + 1 for i in members) for members in self.groups.values()]

    def pack(self, gradients: Gradients) -> list[Array]:
        """The arrays to send."""
        packed = []
        for (dtype, members), size in zip(self.groups.items(), self.sizes, strict=True):
            flat, begin = np.empty(size, dtype), 0
            for place, i in enumerate(members):
                g, end = gradients[i], begin + self.parameters[i].array.size
                flat[begin:end] = 0 if g is None else g.reshape(-1)
                flat[size - len(members) + place] = g is not None
                begin = end
            packed.append(flat)
        return packed

    def unpack(self, packed: Sequence[Array]) -> Gradients:
        """The gradients in a sum of such arrays, as parts of their memory."""
        found: Gradients = [None] * len(self.parameters)
        for members, flat in zip(self.groups.values(), packed, strict=True):
            begin, counts = 0, flat[len(flat) - len(members) :]
            for i, count in zip(members, counts, strict=True):
                array = self.parameters[i].array
                if count != 0:
                    found[i] = flat[begin : begin + array.size].reshape(array.shape)
                begin += array.size
        return found

    def tensors(self, gradients: Gradients) -> list[Tensor | None]:
        """The gradients, rounded to the dtypes of the parameters."""
        return [
            None if g is None else wrap(g.astype(p.array.dtype, copy=False))
            for g, p in zip(gradients, self.parameters, strict=True)
        ]
