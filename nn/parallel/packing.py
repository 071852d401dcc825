"""The gradients of all parameters in one array of each dtype, in which they are added and sent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd import Tensor
from autograd.promotion import computing_dtype
from autograd.tensor import wrap
from autograd.types import Array


class Packing:
    """Where the gradient of each parameter is in the arrays.

    After the gradients, an array has a number for each parameter: how often there was a gradient.  So a sum of arrays
    tells which parameters have none.

    Parameters
    ----------
    parameters : sequence of Tensor
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters
        self.groups: dict[np.dtype, list[int]] = {}  # dtype of an array -> numbers of its parameters
        for i, p in enumerate(parameters):
            self.groups.setdefault(computing_dtype(p.array.dtype), []).append(i)
        # elements of each array
        self.sizes = [sum(parameters[i].array.size + 1 for i in members) for members in self.groups.values()]

    def pack(self, gradients: Sequence[Tensor | None], weight: float) -> list[Array]:
        """The gradients times a weight, as one array for each dtype."""
        arrays = [np.empty(size, dtype) for dtype, size in zip(self.groups, self.sizes, strict=True)]
        for members, flat in zip(self.groups.values(), arrays, strict=True):
            self._fill(members, flat, gradients, weight)
        return arrays

    def _fill(self, members: list[int], flat: Array, gradients: Sequence[Tensor | None], weight: float) -> None:
        size, dtype = len(flat) - len(members), flat.dtype
        begin, factor = 0, dtype.type(weight)
        for place, i in enumerate(members):
            end = begin + self.parameters[i].array.size
            g = gradients[i]
            if g is None:
                flat[begin:end] = 0
            elif factor == 1:
                flat[begin:end].reshape(g.array.shape)[...] = g.array
            else:
                np.multiply(g.array, factor, out=flat[begin:end].reshape(g.array.shape))
            flat[size + place] = g is not None
            begin = end

    def unpack(self, arrays: Sequence[Array]) -> list[Tensor | None]:
        """The gradient of each parameter, in its shape and dtype, as a part of the arrays' memory where possible."""
        found: list[Tensor | None] = [None] * len(self.parameters)
        for members, flat in zip(self.groups.values(), arrays, strict=True):
            begin, size = 0, len(flat) - len(members)
            for place, i in enumerate(members):
                array = self.parameters[i].array
                end = begin + array.size
                if flat[size + place] != 0:
                    found[i] = wrap(flat[begin:end].reshape(array.shape).astype(array.dtype, copy=False))
                begin = end
        return found
