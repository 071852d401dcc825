"""Names of types that annotations use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import DTypeLike as DTypeLike

if TYPE_CHECKING:
    from autograd.tensor import Tensor

dtype = np.dtype  # the dtypes of tensors are NumPy's


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple of int, also in how it prints and compares.  Its slices are plain tuples.

    Parameters
    ----------
    iterable : iterable of int
        The sizes of the dimensions.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(2, 3)
    >>> x.shape, x.shape.numel(), x.shape == (2, 3)
    ((2, 3), 6, True)
    """

    __slots__ = ()

    def numel(self) -> int:
        """Number of elements of a tensor of this shape."""
        return math.prod(self)


if TYPE_CHECKING:
    from autograd.tensor import Tensor

Array: TypeAlias = np.ndarray
Shape: TypeAlias = tuple[int, ...]
Pair: TypeAlias = tuple[int, int]  # vertical, horizontal
Sizes: TypeAlias = SupportsIndex | Sequence[SupportsIndex]  # of f(2, 3) and f((2, 3)), each argument
Number: TypeAlias = bool | int | float  # what takes complex numbers too says Number | complex
Argument: TypeAlias = Array | np.generic | complex | None  # what an op's forward takes for a tensor
Result: TypeAlias = Array | np.generic | tuple[Array | np.generic, ...]  # what an op's forward returns
Dims: TypeAlias = int | tuple[int, ...] | list[int] | None  # dimensions to reduce over; None for all of them
Gradient: TypeAlias = "Tensor | int | None"  # what a backward returns for an input: 0 for zeros, None for no gradient
