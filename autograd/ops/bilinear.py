"""Bilinear form of two vectors: y_o = Σ_ij a_i W_oij b_j + bias_o."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import Sample
from autograd.ops.einsum import einsum
from autograd.ops.shared.composed import composed
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply two vectors by a matrix for each output: y_o = input1ᵀ W_o input2 + bias_o.

    Parameters
    ----------
    input1 : Tensor, (…, I)
    input2 : Tensor, (…, J)
        All dimensions but the last are those of input1.
    weight : Tensor, (O, I, J)
    bias : Tensor, (O,), optional

    Returns
    -------
    Tensor, (…, O)

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> import nn.functional as F
    >>> F.bilinear(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0]), autograd.tensor([[[1.0], [1.0]]]))
    tensor([9.])
    """
    tensors = {"input1": input1, "input2": input2, "weight": weight} | ({} if bias is None else {"bias": bias})
    check_arrays("bilinear", **tensors)
    if len({x.dtype for x in tensors.values()}) > 1:
        found = ", ".join(f"{name} {x.dtype}" for name, x in tensors.items())
        raise TypeError(f"bilinear: expects one dtype throughout, got {found}; convert with .to(dtype)")
    if weight.ndim != 3:
        raise ValueError(f"bilinear: expects a weight of shape (O, I, J), got {tuple(weight.shape)}")
    wanted = tuple(weight.shape[1:])
    if not input1.ndim or not input2.ndim or (input1.shape[-1], input2.shape[-1]) != wanted:
        raise ValueError(
            f"bilinear: inputs of shapes {tuple(input1.shape)} and {tuple(input2.shape)} must end with {wanted[0]} and "
            f"{wanted[1]}, as the weight of shape {tuple(weight.shape)} says"
        )
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ValueError(
            f"bilinear: inputs of shapes {tuple(input1.shape)} and {tuple(input2.shape)} must agree in all dimensions "
            "but the last"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"bilinear: bias has shape {tuple(bias.shape)}; expects {tuple(weight.shape[:1])}")
    return _product(input1, input2, weight, bias)


@in_float32  # whose rounding of each product of einsum would add up
def _product(a: Tensor, b: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    y = einsum("...i,oij,...j->...o", a, weight, b)
    return y if bias is None else y + bias


def _reference(a: Array, b: Array, weight: Array, bias: Array | None = None) -> Array:
    y = np.zeros((*a.shape[:-1], len(weight)), a.dtype)
    for at in np.ndindex(*y.shape):
        o = at[-1]
        y[at] = a[at[:-1]] @ weight[o] @ b[at[:-1]] + (0 if bias is None else bias[o])
    return y


def _sample(draw: Draw) -> Sample:
    lead = draw.shape(0, 2, least=0)
    o, i, j = draw.size(1, 3), draw.size(1, 3), draw.size(1, 3)
    bias = draw.choice([], [draw.tensor(o)])
    return Sample((draw.tensor(*lead, i), draw.tensor(*lead, j), draw.tensor(o, i, j), *bias))


_MATRIX = np.ones((3, 2))
composed(
    bilinear,
    _reference,
    _sample,
    ((_MATRIX, _MATRIX, np.ones((4, 2))), {}, ValueError, ("(O, I, J)", "(4, 2)")),
    ((_MATRIX, _MATRIX, np.ones((4, 2, 3))), {}, ValueError, ("end with 2 and 3", "(4, 2, 3)")),
    ((_MATRIX, np.ones((1, 2)), np.ones((4, 2, 2))), {}, ValueError, ("(3, 2)", "(1, 2)", "but the last")),
    ((_MATRIX, _MATRIX, np.ones((4, 2, 2)), np.ones(2)), {}, ValueError, ("bias", "(2,)", "(4,)")),
    ((_MATRIX, _MATRIX, np.ones((4, 2, 2), int)), {}, TypeError, ("int64", "float64")),
)
