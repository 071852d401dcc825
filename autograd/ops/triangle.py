"""Triangles of matrices: y = x on and below a diagonal (tril), or on and above it (triu), and 0 elsewhere.

dx = the same triangle of g
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from autograd.op import BadSample, Op, Sample, register
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _sample(draw: Draw) -> Sample:
    return Sample((draw.tensor(*draw.shape(2, 4, least=0)),), {"diagonal": draw.size(-2, 2)})


def _row(name: str, cut: Callable[[Array, int], Array], inside: Callable[[int, int], bool]) -> Op:
    """The row of tril or triu.  inside(j - i, diagonal) tells whether element (i, j) is in the triangle."""

    def check(x: Array, *, diagonal: int) -> None:
        if x.ndim < 2:
            raise ValueError(f"{name}: expects matrices (…, I, J), got shape {x.shape}")

    def reference(x: Array, *, diagonal: int) -> Array:
        y = np.zeros_like(x)
        for i, j in np.ndindex(*x.shape[-2:]):
            if inside(j - i, diagonal):
                y[..., i, j] = x[..., i, j]
        return y

    row: Op = register(
        Op(
            name=name,
            check=check,
            forward=lambda x, *, diagonal: cut(x, diagonal),
            backward=lambda ctx, g, *, diagonal: row(g, diagonal=diagonal),
            reference=reference,
            sample=_sample,
            bad_samples=[BadSample((np.ones(3),), {"diagonal": 0}, ValueError, (name, "(3,)"))],
            kind="multilinear",
            flops=0,
        )
    )
    return row


_tril_op = _row("tril", np.tril, lambda offset, diagonal: offset <= diagonal)
_triu_op = _row("triu", np.triu, lambda offset, diagonal: offset >= diagonal)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Lower triangles of matrices: the elements on and below a diagonal, and 0 above it.

    Parameters
    ----------
    input : Tensor, (…, I, J)
    diagonal : int
        Above 0: that many diagonals above the main one are kept as well.  Below 0: as many fewer.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    ValueError
        If input has fewer than two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.tril(autograd.ones(2, 3, dtype=autograd.int64))
    tensor([[1, 0, 0],
            [1, 1, 0]])
    >>> autograd.tril(autograd.ones(2, 3, dtype=autograd.int64), diagonal=1)
    tensor([[1, 1, 0],
            [1, 1, 1]])
    """
    return _tril_op(input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Upper triangles of matrices: the elements on and above a diagonal, and 0 below it.

    Parameters
    ----------
    input : Tensor, (…, I, J)
    diagonal : int
        Above 0: that many diagonals, from the main one on, become 0 as well.  Below 0: as many more are kept.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    ValueError
        If input has fewer than two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.triu(autograd.ones(2, 3, dtype=autograd.int64))
    tensor([[1, 1, 1],
            [0, 1, 1]])
    >>> autograd.triu(autograd.ones(2, 3, dtype=autograd.int64), diagonal=1)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triu_op(input, diagonal=diagonal)
