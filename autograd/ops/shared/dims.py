"""Dimensions and sizes, as users may write them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.types import Dims, Shape


def sizes_of(shape: tuple[Any, ...]) -> Shape:
    """The sizes of a function's `*shape`: (2, 3) for both f(2, 3) and f((2, 3))."""
    if len(shape) == 1 and not isinstance(shape[0], int | np.integer) and getattr(shape[0], "ndim", None) != 0:
        return tuple(shape[0])
    return tuple(shape)


def ndim_of(name: str, input: Any) -> int:
    """The number of dimensions of a tensor or an array.  Raises TypeError for anything else."""
    try:
        return int(input.ndim)
    except AttributeError:
        check_arrays(name, input=input)
        raise


def dim_of(name: str, dim: int, ndim: int) -> int:
    """`dim` as a number from 0.  A negative one counts from the end.

    A tensor without dimensions accepts 0 and -1, as in PyTorch.
    """
    if not isinstance(dim, int | np.integer):
        raise TypeError(f"{name}: dim is {dim!r}; expects a whole number")
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        raise IndexError(f"{name}: dim {dim} does not exist in a tensor of {ndim} dimensions")
    return dim % max(ndim, 1)


def dims_of(name: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """`dim` as a tuple of distinct numbers from 0.  None and () stand for all dimensions."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    chosen = tuple(dim_of(name, d, ndim) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name}: dim {dim} names a dimension twice")
    return chosen if ndim else ()


def restore_dims(y: Any, shape: Shape, dim: tuple[int, ...]) -> Any:
    """The result of a reduction of `shape` over `dim`, with the reduced dimensions back at size 1."""
    return y if y.ndim == len(shape) else y.reshape(tuple([1 if i in dim else n for i, n in enumerate(shape)]))


def count(shape: Shape, dim: tuple[int, ...]) -> int:
    """Number of elements that a reduction over `dim` combines into one."""
    return math.prod(shape[d] for d in dim)
