"""Distances and similarities of vectors.

    cosine_similarity    y = Σ a b / (max(|a|, ε) max(|b|, ε))
    pairwise_distance    y = |a - b + ε|_p
    normalize            y = x / max(|x|_p, ε)
    cdist                y_ij = |a_i - b_j|_p
    pdist                y = |x_i - x_j|_p for all i < j

They are made of other ops, and so are their gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.extrema import clamp_min
from autograd.ops.indexing import getitem
from autograd.ops.norm import norm
from autograd.ops.reduce import sum
from autograd.ops.shape import expand, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check_vectors(name: str, a: Tensor, b: Tensor) -> None:
    check_arrays(name, input1=a, input2=b)
    try:
        np.broadcast_shapes(tuple(a.shape), tuple(b.shape))
    except ValueError:
        raise ValueError(
            f"{name}: inputs of shapes {tuple(a.shape)} and {tuple(b.shape)} do not broadcast to one shape"
        ) from None


def _length(x: Tensor, dim: int, eps: float) -> Tensor:
    """|x| along dim, at least eps.  Its gradient is that of |x| everywhere."""
    length = norm(x, 2, dim, keepdim=True)
    return length + (clamp_min(length, eps) - length).detach()


@in_float32
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors: Σ x₁ x₂ / (max(|x₁|, ε) max(|x₂|, ε)).

    Parameters
    ----------
    x1, x2 : Tensor of float
        Of shapes that broadcast together.
    dim : int
        The dimension of the vectors, which is reduced.
    eps : float
        ε, the smallest length that is divided by.

    Returns
    -------
    Tensor, of the shape that both are broadcast to, without `dim`

    Raises
    ------
    ValueError, TypeError, IndexError
        If the shapes do not broadcast, a dtype is not of floats, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.cosine_similarity(autograd.tensor([[1.0, 0.0]]), autograd.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    _check_vectors("cosine_similarity", x1, x2)
    check_float("cosine_similarity", x1)
    check_float("cosine_similarity", x2)
    shape = np.broadcast_shapes(tuple(x1.shape), tuple(x2.shape))
    x1, x2 = expand(x1, *shape), expand(x2, *shape)
    return sum((x1 / _length(x1, dim, eps)) * (x2 / _length(x2, dim, eps)), dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Distance of the vectors along the last dimension: (Σ |x₁ - x₂ + ε|ᵖ)^(1/p).

    Parameters
    ----------
    x1, x2 : Tensor of float
        Of shapes that broadcast together.
    p : number
        The kind of norm: 2 is Euclid's, 1 the sum of absolute values, inf their maximum.
    eps : float
        ε, added to each difference.
    keepdim : bool
        Whether to keep the last dimension, at size 1.

    Returns
    -------
    Tensor, of the shape that both are broadcast to, without the last dimension

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> a, b = autograd.tensor([[1.0, 1.0], [2.0, 2.0]]), autograd.tensor([[4.0, 5.0], [2.0, 3.0]])
    >>> F.pairwise_distance(a, b)
    tensor([5.0000, 1.0000])
    """
    _check_vectors("pairwise_distance", x1, x2)
    return norm(x1 - x2 + eps, p, -1, keepdim)


@in_float32
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Divide vectors by their norm: x / max(|x|ₚ, ε).

    Parameters
    ----------
    input : Tensor of float, any shape with `dim`
    p : number
        The kind of norm.
    dim : int or tuple of int
        The dimension of the vectors.
    eps : float
        ε, the smallest norm that is divided by.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError, IndexError
        If input is not a float tensor, or there is no such dimension.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.normalize(autograd.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    check_arrays("normalize", input=input)
    check_float("normalize", input)
    return input / clamp_min(norm(input, p, dim, keepdim=True), eps)


_COMPUTE_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = _COMPUTE_MODES[0]) -> Tensor:
    """Distances of all pairs of rows of two matrices: y_ij = |a_i - b_j|ₚ.

    Parameters
    ----------
    x1 : Tensor of float, (…, P, M)
    x2 : Tensor of float, (…, R, M)
        The dimensions before the last two broadcast.
    p : number
        Which norm, at least 0.
    compute_mode : str
        Accepted for compatibility with PyTorch.  Differences are always subtracted, which is exact for near points.

    Returns
    -------
    Tensor, (…, P, R)
        It takes memory for P R M elements while it is computed.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, a dtype is not of floats, or p or compute_mode is not allowed.

    Examples
    --------
    >>> import autograd
    >>> a, b = autograd.tensor([[0.0, 0.0], [3.0, 0.0]]), autograd.tensor([[3.0, 4.0]])
    >>> autograd.cdist(a, b)
    tensor([[5.],
            [4.]])
    """
    check_arrays("cdist", x1=x1, x2=x2)
    check_float("cdist", x1)
    check_float("cdist", x2)
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ValueError(
            f"cdist: x1 of shape {tuple(x1.shape)} and x2 of shape {tuple(x2.shape)} must have at least two "
            "dimensions, and the last of the same size"
        )
    _check_power("cdist", p)
    if compute_mode not in _COMPUTE_MODES:
        raise ValueError(f"cdist: compute_mode {compute_mode!r} is not one of {', '.join(map(repr, _COMPUTE_MODES))}")
    return _distance(unsqueeze(x1, -2) - unsqueeze(x2, -3), p)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """Distances of all pairs of rows, in the order of the upper triangle of `cdist(input, input)`.

    Parameters
    ----------
    input : Tensor of float, (N, M)
    p : number
        Which norm, at least 0.

    Returns
    -------
    Tensor, (N (N - 1) / 2,)

    Raises
    ------
    ValueError, TypeError
        If input is no matrix of floats, or p is negative.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.pdist(autograd.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]))  # rows 0 and 1, 0 and 2, 1 and 2
    tensor([3., 5., 4.])
    """
    check_arrays("pdist", input=input)
    check_float("pdist", input)
    if input.ndim != 2:
        raise ValueError(f"pdist: expects a matrix (N, M), got shape {tuple(input.shape)}")
    _check_power("pdist", p)
    i, j = np.triu_indices(input.shape[0], 1)
    return _distance(getitem(input, i) - getitem(input, j), p)


def _check_power(name: str, p: float) -> None:
    if not p >= 0:
        raise ValueError(f"{name}: p is {p}; it must be at least 0")


def _distance(difference: Tensor, p: float) -> Tensor:
    return norm(difference, p, -1) if difference.shape[-1] else sum(difference, -1)


# ── the functions as rows ──────────────────────────────────────────────────────────────


def _norm_reference(x: Array, p: float, axis: int, keepdims: bool = False) -> Array:
    if p == np.inf:
        return np.abs(x).max(axis, keepdims=keepdims)
    return (np.abs(x) ** p).sum(axis, keepdims=keepdims) ** (1 / p)


def _pair(draw: Draw) -> tuple[Array, Array]:
    a, b = draw.broadcastable(2, 2, 3)
    return draw.tensor(*a), draw.tensor(*b, low=3, high=5)  # so that no difference is near 0


def _cosine_reference(a: Array, b: Array, *, dim: int, eps: float) -> Array:
    a, b = np.broadcast_arrays(a, b)
    lengths = [np.maximum(np.sqrt(np.square(x).sum(dim)), eps) for x in (a, b)]
    return (a * b).sum(dim) / lengths[0] / lengths[1]


def _cosine_sample(draw: Draw) -> Sample:
    dim, lead, n = draw.choice(-1, 0), draw.shape(0, 2), draw.size(2, 3)  # in one dimension the cosine is 1 or -1
    shape = (*lead, n) if dim else (n, *lead)
    return Sample((draw.tensor(*shape, low=0.5), draw.tensor(*shape)), {"dim": dim, "eps": draw.choice(1e-8, 0.1)})


_TWO = np.ones((2, 3)), np.ones((2, 2))
_INTS = np.ones((2, 3), int), np.ones((2, 3), int)

register(
    Composite(
        name="cosine_similarity",
        function=cosine_similarity,
        reference=_cosine_reference,
        sample=_cosine_sample,
        bad_samples=[
            BadSample(_TWO, {}, ValueError, ("cosine_similarity", "(2, 3)", "(2, 2)")),
            BadSample(_INTS, {}, TypeError, ("cosine_similarity", "int64")),
        ],
    )
)
register(
    Composite(
        name="pairwise_distance",
        function=pairwise_distance,
        reference=lambda a, b, *, p, eps, keepdim: _norm_reference(a - b + eps, p, -1, keepdim),
        sample=lambda draw: Sample(
            _pair(draw), {"p": draw.choice(2.0, 1, 3), "eps": draw.choice(1e-6, 0), "keepdim": draw.choice(True, False)}
        ),
        bad_samples=[BadSample(_TWO, {}, ValueError, ("pairwise_distance", "(2, 3)", "(2, 2)"))],
    )
)
register(
    Composite(
        name="normalize",
        function=normalize,
        reference=lambda x, *, p, dim: x / np.maximum(_norm_reference(x, p, dim, True), 1e-12),
        sample=lambda draw: Sample(
            (draw.tensor(*draw.shape(1, 3, least=0), low=0.5),), {"p": draw.choice(2.0, 1), "dim": draw.choice(-1, 0)}
        ),
        bad_samples=[BadSample((np.ones((2, 3), int),), {}, TypeError, ("normalize", "int64"))],
    )
)


def _cdist_sample(draw: Draw) -> Sample:
    batches = draw.broadcastable(2, 0, 1)
    m = draw.size(1, 3)
    a = draw.tensor(*batches[0], draw.size(1, 3), m)
    b = draw.tensor(*batches[1], draw.size(1, 3), m, low=3, high=5)
    return Sample((a, b), {"p": draw.choice(2.0, 1, 3)})


def _pdist_sample(draw: Draw) -> Sample:
    n, m = draw.choice(2, 3, 4, 1, 0), draw.size(1, 3)
    return Sample((draw.tensor(n, m) + 5 * np.arange(n)[:, None],), {"p": draw.choice(2.0, 1, 3)})


def _pdist_reference(x: Array, *, p: float) -> Array:
    return _norm_reference(x[:, None] - x[None], p, -1)[np.triu_indices(len(x), 1)]


register(
    Composite(
        name="cdist",
        function=cdist,
        reference=lambda a, b, *, p: _norm_reference(a[..., :, None, :] - b[..., None, :, :], p, -1),
        sample=_cdist_sample,
        bad_samples=[
            BadSample(_TWO, {}, ValueError, ("cdist", "(2, 3)", "(2, 2)")),
            BadSample((np.ones(2), np.ones(2)), {}, ValueError, ("cdist", "two dimensions")),
            BadSample((_TWO[0], _TWO[0]), {"p": -1}, ValueError, ("cdist", "p is -1")),
            BadSample((_TWO[0], _TWO[0]), {"compute_mode": "x"}, ValueError, ("cdist", "'x'")),
        ],
    )
)
register(
    Composite(
        name="pdist",
        function=pdist,
        reference=_pdist_reference,
        sample=_pdist_sample,
        bad_samples=[
            BadSample((np.ones(2),), {}, ValueError, ("pdist", "(2,)")),
            BadSample((np.ones((2, 2)),), {"p": -1}, ValueError, ("pdist", "p is -1")),
        ],
    )
)
