"""Covariances and correlations of rows: Σ_k w_k (x_ik - m_i)(x_jk - m_j) / N, with m the mean of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import Sample
from autograd.ops.conj import conj
from autograd.ops.elementwise import div, mul, sub, to
from autograd.ops.extrema import clamp
from autograd.ops.functions import sqrt
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import reshape, squeeze, transpose
from autograd.ops.shared.composed import composed, ones
from autograd.ops.views import diagonal
from autograd.promotion import DIFFERENTIABLE, FLOATING, get_default_dtype
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _check_weights(what: str, weights: Any, n: int, kinds: str) -> None:
    if weights.ndim != 1 or weights.shape[0] != n or weights.dtype.kind not in kinds:
        kind = "integers" if kinds == "iu" else "floats"
        raise RuntimeError(
            f"cov: {what} is {weights.dtype} of shape {tuple(weights.shape)}; expects {kind} of shape ({n},), one for "
            "each observation"
        )
    if (np.asarray(getattr(weights, "array", weights)) < 0).any():
        raise RuntimeError(f"cov: {what} has negative weights; expects weights of at least 0")


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of variables, which are rows: Σ_k (x_ik - m_i)(x_jk - m_j) / (N - correction), with the means m.

    Parameters
    ----------
    input : Tensor, (D, N) or (N,)
        N observations of D variables.
    correction : int
        The sum is divided by N - correction.
    fweights : Tensor of int, (N,), optional
        How often each observation counts.
    aweights : Tensor of float, (N,), optional
        The weight of each observation.

    Returns
    -------
    Tensor, (D, D); () for one variable, its variance

    Raises
    ------
    RuntimeError
        If input has more than two dimensions or is of bools, or weights do not fit or are negative.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1.0, 2.0, 3.0], [6.0, 4.0, 2.0]])
    >>> autograd.cov(x)  # the variances 1 and 4 on the diagonal
    tensor([[ 1., -2.],
            [-2.,  4.]])
    """
    check_arrays("cov", input=input)
    if input.ndim > 2:
        raise RuntimeError(f"cov: expects variables as rows of a matrix, got shape {tuple(input.shape)}")
    if input.dtype == np.bool_:
        raise RuntimeError("cov: bool tensors have no covariance; convert with .float()")
    x = reshape(input, (1, -1)) if input.ndim < 2 else input
    if x.dtype.kind not in DIFFERENTIABLE:
        x = to(x, get_default_dtype())
    n = x.shape[1]
    weights: Any = None
    total: Any
    if fweights is not None:
        _check_weights("fweights", fweights, n, "iu")
        weights = fweights
    if aweights is not None:
        _check_weights("aweights", aweights, n, FLOATING)
        weights = aweights if weights is None else mul(weights, aweights)
    if weights is None:
        mean = sum_over(x, 1, keepdim=True) / n if n else sum_over(x, 1, keepdim=True) * np.nan
        centred = sub(x, mean)
        product, total = centred, n
        norm: Any = max(total - correction, 0)
    else:
        total = sum_over(weights)
        mean = div(sum_over(mul(x, weights), 1, keepdim=True), total)
        centred = sub(x, mean)
        product = mul(centred, weights)
        if aweights is not None and correction != 0:
            each = mul(weights, aweights)
            norm = sub(total, correction * div(sum_over(each), total))
        else:
            norm = sub(total, correction)
        norm = clamp(norm, min=0)
    y = div(matmul(product, conj(transpose(centred, 0, 1))), norm)
    return squeeze(y) if input.ndim < 2 or x.shape[0] == 1 else y


def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients of variables, which are rows: c_ij / √(c_ii c_jj), with the covariances c.

    Parameters
    ----------
    input : Tensor, (D, N) or (N,)
        N observations of D variables.

    Returns
    -------
    Tensor, (D, D), from -1 to 1; () for one variable
        NaN for a variable that does not vary.

    Raises
    ------
    RuntimeError
        If input has more than two dimensions or is of bools.

    Examples
    --------
    >>> import autograd
    >>> autograd.corrcoef(autograd.tensor([[1.0, 2.0, 3.0], [6.0, 4.0, 2.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    check_arrays("corrcoef", input=input)
    if input.ndim > 2:
        raise RuntimeError(f"corrcoef: expects variables as rows of a matrix, got shape {tuple(input.shape)}")
    c = cov(input)
    if c.ndim == 0:
        return div(c, c)
    deviation = sqrt(diagonal(c))
    return clamp(div(div(c, reshape(deviation, (-1, 1))), deviation), -1, 1)


def _cov_reference(x: Array, *, correction: int) -> Array:
    centred = x - x.mean(axis=1, keepdims=True)
    products = np.array([[(a * b).sum() for b in centred] for a in centred])
    return (products / max(x.shape[1] - correction, 0)).astype(x.dtype).squeeze()


composed(
    cov,
    _cov_reference,
    lambda draw: Sample((draw.tensor(draw.size(1, 3), draw.size(2, 4)),), {"correction": draw.choice(1, 0)}),
    ((ones(1, 1, 1),), {}, RuntimeError, ("(1, 1, 1)",)),
    ((ones(2, 3),), {"aweights": ones(2)}, RuntimeError, ("aweights", "(2,)", "(3,)")),
    ((ones(2, 3),), {"aweights": -ones(3)}, RuntimeError, ("aweights", "negative")),
    kind="smooth",
)
