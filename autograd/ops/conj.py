"""Complex conjugation, y = conj z = a - i b for z = a + i b.

    dz = conj g

Backwards of other ops use it.  Real numbers are their own conjugates and are returned as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import Op, register
from autograd.ops.shared.samples import complex_sample
from autograd.types import Array


def _reference(z: Array) -> Array:
    return np.asarray(z.real - np.asarray(1j, z.dtype) * z.imag) if z.dtype.kind == "c" else np.conjugate(z)


_conj_op = register(
    Op(
        name="conj",
        forward=np.conjugate,
        backward=lambda ctx, g: conj(g),
        reference=_reference,
        sample=complex_sample,
        kind="multilinear",
        complex=True,
    )
)


def conj(input: Any) -> Any:
    """The complex conjugate a - i b of a + i b.  A real tensor is returned itself.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.conj(autograd.tensor([1 + 2j, 3 - 4j]))
    tensor([1.-2.j, 3.+4.j])
    """
    check_arrays("conj", input=input)
    return _conj_op(input) if input.dtype.kind == "c" else input
