"""Triangles of matrices: y = x on and below (tril), or on and above (triu), a diagonal; 0 elsewhere.

dx = the same triangle of g
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _sample(draw: Any) -> Sample:
    return Sample((draw.tensor(*draw.shape(2, 4, least=0)),), {"diagonal": draw.size(-2, 2)})


def _row(name: str, cut: Any, keeps: Any) -> Op:
    def check(x: Any, *, diagonal: int) -> None:
        if x.ndim < 2:
            raise ValueError(f"{name}: expects a matrix or several, (…, I, J), got shape {x.shape}")

    def reference(x: Any, *, diagonal: int) -> Any:
        y = np.zeros_like(x)
        for i, j in np.ndindex(*x.shape[-2:]):
            if keeps(j - i, diagonal):
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


_tril = _row("tril", np.tril, lambda offset, diagonal: offset <= diagonal)
_triu = _row("triu", np.triu, lambda offset, diagonal: offset >= diagonal)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangles of matrices (…, I, J): 0 above the diagonal, which `diagonal` shifts to the right."""
    return _tril(input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangles of matrices (…, I, J): 0 below the diagonal, which `diagonal` shifts to the right."""
    return _triu(input, diagonal=diagonal)
