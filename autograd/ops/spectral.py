"""Singular values and eigenvalues, and what is made of them: pseudo-inverses, ranks, least squares, norms.

    A = U S Vᵀ      dA = U [(skew(Uᵀ gU) / E) S + S (skew(Vᵀ gV) / E) + diag(gS)] Vᵀ
                         + (I - U Uᵀ) gU S⁻¹ Vᵀ + U S⁻¹ gVᵀ (I - V Vᵀ)
                    E_ij = S_j² - S_i²,  skew(X) = X - Xᵀ
    A = V L Vᵀ      dA = V [diag(gL) + (Vᵀ gV) / E] Vᵀ,  E_ij = L_j - L_i, made symmetric
    Y = A⁺          dA = -Yᵀ g Yᵀ + (I - A Y) gᵀ Y Yᵀ + Yᵀ Y gᵀ (I - Y A)

Vectors are unique up to their signs.  LAPACK's depend on the processor, so we make the element of the largest
magnitude positive: in each column of U, and in each eigenvector.  Where values are equal, vectors can turn within a
subspace, and their gradients are inf or NaN.  Singular values and pseudo-inverses keep their gradients.

References
----------
Townsend, "Differentiating the singular value decomposition", 2016, for U and V.
Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems", 1973, equation (4.12).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import engine
from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.extrema import amax, amin
from autograd.ops.functions import abs, square
from autograd.ops.norm import norm
from autograd.ops.shape import movedim, transpose, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dims_of, ndim_of, restore_dims
from autograd.ops.shared.matrices import (
    LinAlgError,
    batch_shape,
    check_matrix,
    check_same_dtype,
    check_square,
    far_from_singular,
    lead_of,
    per_matrix,
    positive_signs,
    symmetric,
)
from autograd.ops.where import where
from autograd.types import Array, Dims, DTypeLike, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class SVD(NamedTuple):
    """Result of linalg.svd: A = U diag(S) Vh."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class OldSVD(NamedTuple):
    """Result of torch.svd: A = U diag(S) Vᵀ."""

    U: Tensor
    S: Tensor
    V: Tensor


class Eigh(NamedTuple):
    """Result of linalg.eigh: A = V diag(L) Vᵀ."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class LeastSquares(NamedTuple):
    """Result of linalg.lstsq."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def _decompose(name: str, A: Array, function: Callable[..., Any], **options: Any) -> Any:
    """function(A, **options), with an error of ours where its iteration does not converge."""
    if not np.isfinite(A).all():
        raise LinAlgError(f"{name}: the matrix holds NaN or inf, so it has no singular values or eigenvalues")
    try:
        return function(A, **options)
    except np.linalg.LinAlgError:
        raise LinAlgError(f"{name}: LAPACK's iteration did not converge; scale the matrix, or use float64") from None


# ── singular values ────────────────────────────────────────────────────────────────────


def _svd(A: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
    U, S, Vh = _decompose("linalg.svd", A, np.linalg.svd, full_matrices=full_matrices)
    signs, k = positive_signs(U), S.shape[-1]
    others = positive_signs(np.swapaxes(Vh[..., k:, :], -1, -2))
    both = np.concatenate([signs[..., :k], others], axis=-1)
    return U * signs, S, Vh * np.swapaxes(both, -1, -2)


def _svd_reference(A: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
    def one(A: Array) -> tuple[Array, Array, Array]:
        if not A.size:
            return np.eye(len(A)), np.zeros(0), np.eye(A.shape[1])
        U, S, Vh = _decompose("linalg.svd", A, np.linalg.svd)
        for i in range(len(U)):
            if U[np.abs(U[:, i]).argmax(), i] < 0:
                U[:, i] *= -1
                if i < len(S):
                    Vh[i] *= -1
        for i in range(len(S), len(Vh)):
            if Vh[i, np.abs(Vh[i]).argmax()] < 0:
                Vh[i] *= -1
        return U, S, Vh

    U, S, Vh = per_matrix(one, A)
    k = S.shape[-1]
    parts = (U, S, Vh) if full_matrices else (U[..., :k], S, Vh[..., :k, :])
    return tuple(x.astype(A.dtype) for x in parts)  # type: ignore[return-value]


def _svd_backward(ctx: Context, gU: Tensor, gS: Tensor, gVh: Tensor, *, full_matrices: bool) -> Gradient:
    U, S, Vh = ctx.saved_tensors
    k = S.shape[-1]
    U, gU, Vh, gVh = U[..., :k], gU[..., :k], Vh[..., :k, :], gVh[..., :k, :]
    Ut, V, gV = transpose(U, -1, -2), transpose(Vh, -1, -2), transpose(gVh, -1, -2)
    one = np.eye(k, dtype=S.dtype)
    inner = unsqueeze(gS, -1) * one
    column, row = unsqueeze(S, -1), unsqueeze(S, -2)
    if not _all_zero(gU) or not _all_zero(gV):
        E = square(row) - square(column) + one  # the diagonal of a skew matrix is 0
        X, Y = Ut @ gU, Vh @ gV
        inner = inner + (X - transpose(X, -1, -2)) / E * row + column * ((Y - transpose(Y, -1, -2)) / E)
    dA = U @ inner @ Vh
    if U.shape[-2] > k and not _all_zero(gU):
        outside = gU / row
        dA = dA + (outside - U @ (Ut @ outside)) @ Vh
    if V.shape[-2] > k and not _all_zero(gV):
        outside = gV / row
        dA = dA + U @ transpose(outside - V @ (Vh @ outside), -1, -2)
    return dA


def _all_zero(g: Any) -> bool:
    """Whether there is nothing to divide by differences of equal values, which would give NaN.

    A gradient that is recorded counts as different from 0.
    """
    return not getattr(g, "requires_grad", False) and not np.asarray(getattr(g, "array", g)).any()


def _svd_sample(draw: Draw) -> Sample:
    lead = batch_shape(draw)
    full, m, n = draw.choice((False, 2, 2), (False, 3, 2), (False, 2, 3), (False, 1, 1), (True, 2, 2), (True, 3, 3))
    return Sample((far_from_singular(draw, lead, m, n),), {"full_matrices": full})


_linalg_svd_op = register(
    Op(
        name="linalg_svd",
        check=lambda A, *, full_matrices: check_matrix("linalg.svd", A),
        forward=_svd,
        backward=_svd_backward,
        saves=(~0, ~1, ~2),
        reference=_svd_reference,
        sample=_svd_sample,
        bad_samples=[
            BadSample((np.ones(3),), {"full_matrices": False}, ValueError, ("linalg.svd", "(3,)")),
            BadSample((np.full((2, 2), np.nan),), {"full_matrices": False}, LinAlgError, ("linalg.svd", "NaN")),
        ],
        kind="matrix",
        flops=lambda inputs, outputs, **params: 10 * inputs[0].size * min(inputs[0].shape[-2:]),
    )
)


def _check_driver(name: str, driver: str | None) -> None:
    if driver is not None:
        raise ValueError(f"{name}: driver {driver!r} chooses a routine of a GPU; leave it out")


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: None = None) -> SVD:
    """Singular value decompositions, A = U diag(S) Vh.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    full_matrices : bool
        Whether U and Vh are square.  False leaves out what has no singular value: K = min(M, N) columns and rows.
    driver : None
        PyTorch's choice of a routine for GPUs.

    Returns
    -------
    named tuple
        U, (…, M, M) or (…, M, K), orthogonal; S, (…, K), in descending order; Vh, (…, N, N) or (…, K, N), orthogonal.
        The element of the largest magnitude in each column of U is positive.

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If A is no float tensor of at least two dimensions, or driver is given.

    Notes
    -----
    Gradients with respect to U and Vh are defined where singular values are distinct, and for the parts that
    full_matrices=False returns.

    Examples
    --------
    >>> import autograd
    >>> U, S, Vh = autograd.linalg.svd(autograd.tensor([[0.0, 2.0], [3.0, 0.0]]))
    >>> S
    tensor([3., 2.])
    """
    _check_driver("linalg.svd", driver)
    return SVD(*_linalg_svd_op(A, full_matrices=bool(full_matrices)))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> OldSVD:
    """Singular value decompositions, A = U diag(S) Vᵀ.  `linalg.svd`, which returns Vᵀ, is its successor.

    Parameters
    ----------
    input : Tensor of float, (…, M, N)
    some : bool
        Whether to leave out columns of U and V without singular value.
    compute_uv : bool
        False returns zeros for U and V.

    Returns
    -------
    named tuple
        U, (…, M, K) or (…, M, M); S, (…, K), in descending order; V, (…, N, K) or (…, N, N), for K = min(M, N).

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If input is no float tensor of at least two dimensions.

    Examples
    --------
    >>> import autograd
    >>> U, S, V = autograd.svd(autograd.tensor([[0.0, 2.0, 0.0], [3.0, 0.0, 0.0]]))
    >>> S
    tensor([3., 2.])
    >>> U.shape, V.shape
    ((2, 2), (3, 2))
    """
    U, S, Vh = linalg_svd(input, full_matrices=not some)
    if not compute_uv:
        zeros = [engine.wrap(np.zeros((*S.shape[:-1], n, n), S.dtype)) for n in input.shape[-2:]]
        return OldSVD(zeros[0], S, zeros[1])
    return OldSVD(U, S, Vh.mT)


def linalg_svdvals(A: Tensor, *, driver: None = None) -> Tensor:
    """Singular values of matrices, in descending order.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    driver : None
        PyTorch's choice of a routine for GPUs.

    Returns
    -------
    Tensor, (…, min(M, N))

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If A is no float tensor of at least two dimensions, or driver is given.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.svdvals(autograd.tensor([[0.0, 2.0, 0.0], [3.0, 0.0, 0.0]]))
    tensor([3., 2.])
    """
    _check_driver("linalg.svdvals", driver)
    return linalg_svd(A, full_matrices=False).S


# ── eigenvalues of symmetric matrices ──────────────────────────────────────────────────


def _eigh(A: Array) -> tuple[Array, Array]:
    L, V = _decompose("linalg.eigh", 0.5 * (A + np.swapaxes(A, -1, -2)), np.linalg.eigh)
    return L, V * positive_signs(V)


def _eigh_reference(A: Array) -> tuple[Array, Array]:
    def one(A: Array) -> tuple[Array, Array]:
        L, V = _decompose("linalg.eigh", (A + A.T) / 2, np.linalg.eigh)
        for i in range(len(L)):
            V[:, i] *= -1 if V[np.abs(V[:, i]).argmax(), i] < 0 else 1
        return L, V

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _eigh_backward(ctx: Context, gL: Tensor, gV: Tensor) -> Gradient:
    L, V = ctx.saved_tensors
    Vt, one = transpose(V, -1, -2), np.eye(L.shape[-1], dtype=L.dtype)
    inner = unsqueeze(gL, -1) * one
    if not _all_zero(gV):
        inner = inner + (Vt @ gV) * (1 - one) / (unsqueeze(L, -2) - unsqueeze(L, -1) + one)
    dA = V @ inner @ Vt
    return 0.5 * (dA + transpose(dA, -1, -2))


def _eigh_sample(draw: Draw) -> Sample:
    n = draw.size(1, 3)
    return Sample((far_from_singular(draw, batch_shape(draw), n, n),))


_linalg_eigh_op = register(
    Op(
        name="linalg_eigh",
        check=lambda A: check_square("linalg.eigh", A),
        forward=_eigh,
        backward=_eigh_backward,
        saves=(~0, ~1),
        reference=_eigh_reference,
        sample=_eigh_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)),), {}, ValueError, ("linalg.eigh", "square", "(2, 3)")),
            BadSample((np.full((2, 2), np.nan),), {}, LinAlgError, ("linalg.eigh", "NaN")),
        ],
        kind="matrix",
        flops=lambda inputs, outputs: 9 * inputs[0].size * inputs[0].shape[-1],
    )
)


def linalg_eigh(A: Tensor, UPLO: str = "L") -> Eigh:
    """Eigenvalues and eigenvectors of symmetric matrices, A = V diag(L) Vᵀ.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
    UPLO : "L" or "U"
        Which triangle is read, the lower or the upper one.

    Returns
    -------
    named tuple
        eigenvalues L, (…, N), in ascending order; eigenvectors V, (…, N, N), in columns.  The element of the largest
        magnitude in each column is positive.

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If the matrices are not square or not of floats, or UPLO is neither "L" nor "U".

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.eigh(autograd.tensor([[1.0, 0.0], [0.0, -1.0]])).eigenvalues
    tensor([-1.,  1.])
    """
    if str(UPLO).upper() not in ("L", "U"):
        raise ValueError(f'linalg.eigh: UPLO is {UPLO!r}; expects "L" or "U"')
    return Eigh(*_linalg_eigh_op(symmetric("linalg.eigh", A, UPLO.upper() == "U")))


def linalg_eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues of symmetric matrices, in ascending order.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
    UPLO : "L" or "U"
        Which triangle is read, the lower or the upper one.

    Returns
    -------
    Tensor, (…, N)

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If the matrices are not square or not of floats, or UPLO is neither "L" nor "U".

    Examples
    --------
    The 9 is not read:

    >>> import autograd
    >>> autograd.linalg.eigvalsh(autograd.tensor([[2.0, 9.0], [0.0, 1.0]]))
    tensor([1., 2.])
    """
    return linalg_eigh(A, UPLO).eigenvalues


# ── pseudo-inverses, ranks, least squares ──────────────────────────────────────────────


def _tolerance(S: Array, shape: tuple[int, ...], atol: Any, rtol: Any) -> Array:
    """Up to which magnitude a singular value counts as 0: max(atol, rtol · the largest)."""
    a = np.asarray(0.0 if atol is None else atol)
    if rtol is None:
        r = np.where(a > 0, 0.0, np.finfo(S.dtype).eps * max(shape[-2:]))
    else:
        r = np.asarray(rtol)
    largest = np.abs(S).max(axis=-1, initial=0)
    return np.maximum(a, r * largest)[..., None]


def _pseudo_inverse(A: Array, *, atol: Any, rtol: Any) -> Array:
    U, S, Vh = _decompose("linalg.pinv", A, np.linalg.svd, full_matrices=False)
    kept = np.abs(S) > _tolerance(S, A.shape, atol, rtol)
    inverse = np.divide(1, S, out=np.zeros(np.broadcast_shapes(S.shape, kept.shape), S.dtype), where=kept)
    return np.swapaxes(Vh, -1, -2) @ (inverse[..., None] * np.swapaxes(U, -1, -2))


def _pinv_reference(A: Array, *, atol: Any, rtol: Any) -> Array:
    numbers = [np.broadcast_to(np.nan if x is None else x, A.shape[:-2])[..., None, None] for x in (atol, rtol)]

    def one(A: Array, a: Array, r: Array) -> Array:
        U, S, Vh = _decompose("linalg.pinv", A, np.linalg.svd, full_matrices=False)
        given = [None if np.isnan(x).all() else x[0, 0] for x in (a, r)]
        Y = np.zeros(A.shape[::-1], A.dtype)
        for i, s in enumerate(S):
            if s > _tolerance(S, A.shape, *given)[0]:
                Y += np.outer(Vh[i], U[:, i]) / s
        return Y

    return per_matrix(one, A, *numbers)  # type: ignore[no-any-return]


def _pinv_backward(ctx: Context, g: Tensor, **params: Any) -> Gradient:
    A, Y = ctx.saved_tensors
    Yt, gt = transpose(Y, -1, -2), transpose(g, -1, -2)
    left = gt @ Y @ Yt
    right = Yt @ Y @ gt
    return left - A @ (Y @ left) + right - (right @ Y) @ A - Yt @ g @ Yt


def _pinv_sample(draw: Draw) -> Sample:
    m, n = draw.choice((2, 2), (3, 2), (2, 3), (1, 1))
    A = far_from_singular(draw, batch_shape(draw), m, n)
    return Sample((A,), {"atol": draw.choice(None, 0.1), "rtol": draw.choice(None, 0.01)})


_linalg_pinv_op = register(
    Op(
        name="linalg_pinv",
        check=lambda A, **params: check_matrix("linalg.pinv", A),
        forward=_pseudo_inverse,
        backward=_pinv_backward,
        saves=(0, ~0),
        reference=_pinv_reference,
        sample=_pinv_sample,
        bad_samples=[
            BadSample((np.ones(3),), {"atol": None, "rtol": None}, ValueError, ("linalg.pinv", "(3,)")),
            BadSample(
                (np.full((2, 2), np.inf),),
                {"atol": None, "rtol": None},
                LinAlgError,
                ("linalg.pinv", "inf"),
            ),
        ],
        kind="matrix",
        flops=lambda inputs, outputs, **params: 10 * inputs[0].size * min(inputs[0].shape[-2:]),
    )
)


def _number(tolerance: Any) -> Any:
    return getattr(tolerance, "array", tolerance)


def linalg_pinv(
    A: Tensor, *, atol: Tensor | float | None = None, rtol: Tensor | float | None = None, hermitian: bool = False
) -> Tensor:
    """Moore-Penrose pseudo-inverses.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    atol, rtol : number or Tensor (…), optional
        Singular values up to max(atol, rtol · the largest) count as 0.  By default atol is 0, and rtol is
        max(M, N) · the dtype's eps, or 0 if atol is given.
    hermitian : bool
        Whether A is symmetric.  Only its lower triangle is read.

    Returns
    -------
    Tensor, (…, N, M)
        Its gradient is that among matrices of the same rank.

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If A is no float tensor of at least two dimensions, or not square with hermitian.

    References
    ----------
    Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems", 1973,
    equation (4.12).

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.pinv(autograd.tensor([[3.0, 4.0]]))
    tensor([[0.1200],
            [0.1600]])
    """
    A = symmetric("linalg.pinv", A) if hermitian else A
    return _linalg_pinv_op(A, atol=_number(atol), rtol=_number(rtol))


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """Pseudo-inverses of matrices: `linalg.pinv` with rtol = rcond.

    Parameters
    ----------
    input : Tensor of float, (…, M, N)
    rcond : float
        Singular values up to rcond · the largest count as 0.

    Returns
    -------
    Tensor, (…, N, M)

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If input is no float tensor of at least two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.pinverse(autograd.tensor([[3.0], [4.0]]))
    tensor([[0.1200, 0.1600]])
    """
    return linalg_pinv(input, rtol=rcond)


def linalg_matrix_rank(
    A: Tensor,
    tol: Tensor | float | None = None,
    hermitian: bool = False,
    *,
    atol: Tensor | float | None = None,
    rtol: Tensor | float | None = None,
) -> Tensor:
    """Ranks of matrices: the number of singular values above a tolerance.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    tol : number or Tensor (…), optional
        NumPy's name of atol, with rtol 0.
    hermitian : bool
        Whether A is symmetric, which is faster.
    atol, rtol : number or Tensor (…), optional
        As for `linalg.pinv`.

    Returns
    -------
    Tensor of int64, (…)

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If A is no float tensor of at least two dimensions, or not square with hermitian.

    Examples
    --------
    The second row is twice the first:

    >>> import autograd
    >>> autograd.linalg.matrix_rank(autograd.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    if tol is not None:
        atol, rtol = tol, 0.0
    check_matrix("linalg.matrix_rank", A)
    A = A.detach()
    S = abs(linalg_eigvalsh(A)) if hermitian else linalg_svdvals(A)
    return (_tolerance(S.array, tuple(A.shape), _number(atol), _number(rtol)) < S).sum(-1)


def linalg_lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> LeastSquares:
    """Solve least-squares problems: X with the smallest norm among those that minimize the norm of A X - B.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    B : Tensor of float, (…, M, K), or (…, M) for one right-hand side
    rcond : float, optional
        Singular values up to rcond · the largest count as 0.  Default: max(M, N) · the dtype's eps.
    driver : "gels", "gelsy", "gelsd" or "gelss", optional
        The solution is the same for all of them.  "gels" returns no rank, "gelsy", the default, no residuals, and only
        "gelsd" and "gelss" return singular values, as in PyTorch.

    Returns
    -------
    named tuple
        solution, (…, N, K); residuals, (…, K), the squared norms of A X - B, empty unless M > N = rank; rank, (…) of
        int64; singular_values, (…, min(M, N)).

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If shapes or dtypes do not fit, or driver is none of these.

    Examples
    --------
    The line 1 + 2 x through three points:

    >>> import autograd
    >>> x, y = autograd.tensor([0.0, 1.0, 2.0]), autograd.tensor([1.0, 3.0, 5.0])
    >>> A = autograd.stack([autograd.ones(3), x], dim=1)
    >>> autograd.linalg.lstsq(A, y).solution.round(decimals=3)
    tensor([1., 2.])
    """
    check_matrix("linalg.lstsq", A)
    check_arrays("linalg.lstsq", B=B)
    drivers = ("gels", "gelsy", "gelsd", "gelss")
    if driver is not None and driver not in drivers:
        raise ValueError(f"linalg.lstsq: driver is {driver!r}; expects one of {', '.join(drivers)}")
    vector = B.ndim == A.ndim - 1
    B = unsqueeze(B, -1) if vector else B
    check_matrix("linalg.lstsq", B, "B")
    check_same_dtype("linalg.lstsq", A=A, B=B)
    m, n = A.shape[-2:]
    if B.shape[-2] != m:
        raise ValueError(
            f"linalg.lstsq: shapes {tuple(A.shape)} of A and {tuple(B.shape)} of B do not fit: {m} and {B.shape[-2]} "
            "must be equal"
        )
    lead_of("linalg.lstsq", A, B)
    X = linalg_pinv(A, rtol=rcond) @ B
    rank = linalg_matrix_rank(A.detach(), rtol=rcond)
    none = A.detach().reshape(-1)[:0]
    residuals = X.reshape(-1)[:0]
    if driver not in (None, "gelsy") and m > n and bool((rank.array == n).all()):
        residuals = square(A @ X - B).sum(-2)
    values = linalg_svdvals(A.detach()) if driver in ("gelsd", "gelss") else none
    if driver == "gels":
        rank = rank.reshape(-1)[:0]
    return LeastSquares(X.squeeze(-1) if vector else X, residuals, rank, values)


# ── norms ──────────────────────────────────────────────────────────────────────────────


def _converted(name: str, x: Tensor, dtype: DTypeLike | None) -> Tensor:
    check_arrays(name, x=x)
    if dtype is not None:
        wanted = np.dtype(dtype)
        if wanted.kind != "f":
            raise TypeError(f"{name}: dtype is {wanted}; a norm is a float")
        x = x.to(wanted)
    check_float(name, x)
    return x


def linalg_vector_norm(
    x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
) -> Tensor:
    """Norms of vectors, (Σ |x|^ord)^(1 / ord).

    Parameters
    ----------
    x : Tensor of float, any shape
    ord : number
        inf for the largest magnitude, -inf for the smallest, 0 for the number of elements other than 0.
    dim : int or tuple of int, optional
        Dimensions to reduce.  Default: all of them, as one vector.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : float dtype, optional
        x is converted to it first.

    Returns
    -------
    Tensor, of the shape of x without `dim`

    Raises
    ------
    TypeError
        If x, after conversion, is not a float tensor, or ord is no number.
    ValueError
        If ord is negative or inf, and there are no elements.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.vector_norm(autograd.tensor([3.0, -4.0]))
    tensor(5.)
    >>> autograd.linalg.vector_norm(autograd.tensor([3.0, -4.0]), ord=1)
    tensor(7.)
    """
    name = "linalg.vector_norm"
    x = _converted(name, x, dtype)
    if isinstance(ord, str):
        raise TypeError(f"{name}: ord is {ord!r}; expects a number")
    chosen = dims_of(name, dim, x.ndim)
    if (ord < 0 or ord == math.inf) and any(x.shape[d] == 0 for d in chosen):
        raise ValueError(f"{name}: the norm of order {ord} of no elements is not defined; shape is {tuple(x.shape)}")
    return norm(x, ord, chosen, keepdim) if x.ndim else norm(x.reshape(1), ord, None, False)


_MATRIX_ORDS = ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2)


def linalg_matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: Dims = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """Norms of matrices.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    ord : "fro", "nuc", inf, -inf, 1, -1, 2 or -2
        "fro" is the root of the sum of squares, "nuc" the sum of singular values, 2 and -2 are the largest and the
        smallest singular value; inf and -inf the largest and the smallest sum of magnitudes of a row, 1 and -1 of a
        column.
    dim : tuple of two int
        The dimensions of rows and columns.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : float dtype, optional
        A is converted to it first.

    Returns
    -------
    Tensor, of the shape of A without `dim`

    Raises
    ------
    ValueError
        If A has fewer than two dimensions, ord is none of these, or dim does not name two dimensions.
    TypeError
        If A, after conversion, is not a float tensor.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[3.0, 0.0], [0.0, -4.0]])
    >>> autograd.linalg.matrix_norm(A), autograd.linalg.matrix_norm(A, ord="nuc")
    (tensor(5.), tensor(7.))
    """
    name = "linalg.matrix_norm"
    A = _converted(name, A, dtype)
    if A.ndim < 2:
        raise ValueError(f"{name}: expects matrices of shape (…, M, N), got shape {tuple(A.shape)}")
    pair = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    if len(pair) != 2:
        raise ValueError(f"{name}: dim is {dim!r}; expects two dimensions")
    if ord not in _MATRIX_ORDS:
        raise ValueError(f"{name}: ord is {ord!r}; expects one of {', '.join(map(repr, _MATRIX_ORDS))}")
    rows, columns = dims_of(name, pair, A.ndim)  # type: ignore[arg-type]
    if ord == "fro":
        return norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        S = linalg_svdvals(movedim(A, (rows, columns), (-2, -1)))
        result = S.sum(-1) if ord == "nuc" else (amax if ord == 2 else amin)(S, -1)
    else:
        added, best = (rows, columns) if ord in (1, -1) else (columns, rows)
        result = (amax if ord > 0 else amin)(abs(A).sum(added), best - (best > added))  # type: ignore[operator]
    return restore_dims(result, tuple(A.shape), (rows, columns)) if keepdim else result  # type: ignore[no-any-return]


def linalg_norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """Norm of a vector, or of a matrix.

    Parameters
    ----------
    A : Tensor of float, any shape
    ord : number, "fro" or "nuc", optional
        Default: the root of the sum of squares.  Other numbers have different meanings for vectors and matrices: see
        `linalg.vector_norm` and `linalg.matrix_norm`.
    dim : int or tuple of two int, optional
        One dimension for vectors, two for matrices.  Default: all of them.
    keepdim : bool
        Whether to keep reduced dimensions, at size 1.
    dtype : float dtype, optional
        A is converted to it first.

    Returns
    -------
    Tensor, of the shape of A without `dim`

    Raises
    ------
    ValueError
        If ord is given and there are more than two dimensions, or it is not one of a matrix for two.
    TypeError
        If A, after conversion, is not a float tensor.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[3.0, 0.0], [0.0, 4.0]])
    >>> autograd.linalg.norm(A), autograd.linalg.norm(A, ord=2), autograd.linalg.norm(A, ord=1, dim=0)
    (tensor(5.), tensor(4.), tensor([3., 4.]))
    """
    name = "linalg.norm"
    ndim = ndim_of(name, A)
    count = ndim if dim is None else len(dim) if isinstance(dim, tuple | list) else 1
    if ord is None:
        return linalg_vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if count > 2:
        raise ValueError(f"{name}: a norm with ord is that of 1 or 2 dimensions, not of {count}; give dim")
    if count == 2 or isinstance(ord, str):
        pair = dim if dim is not None else tuple(range(ndim))
        return linalg_matrix_norm(A, ord, pair, keepdim, dtype=dtype)
    return linalg_vector_norm(A, ord, dim, keepdim, dtype=dtype)


def linalg_cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """Condition numbers: norm(A) · norm(A⁻¹).

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
        Square, unless p is None, 2 or -2.
    p : as `ord` of linalg.matrix_norm, optional
        Default: 2, the largest singular value divided by the smallest.

    Returns
    -------
    Tensor, (…)
        inf for a singular matrix.

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf, and its singular values are needed.
    ValueError, TypeError
        If the matrices do not fit p or are not of floats, or p is none of these.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.cond(autograd.tensor([[1.0, 0.0], [0.0, 4.0]]))
    tensor(4.)
    """
    check_matrix("linalg.cond", A)
    if p is None or p in (2, -2):
        S = linalg_svdvals(A)
        return S[..., -1] / S[..., 0] if p == -2 else S[..., 0] / S[..., -1]
    check_square("linalg.cond", A)
    from autograd.ops.solve import linalg_inv_ex  # which imports this module

    inverse, info = linalg_inv_ex(A)
    result = linalg_matrix_norm(A, p) * linalg_matrix_norm(inverse, p)  # type: ignore[arg-type]
    return where(info != 0, math.inf, result)


# ── low rank ───────────────────────────────────────────────────────────────────────────


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> OldSVD:
    """The q largest singular values and their vectors, approximately: A - M ≈ U diag(S) Vᵀ.

    Random vectors are multiplied by A to find the space of the largest ones.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    q : int
        Somewhat more than the rank.  At most min(M, N).
    niter : int
        Number of subspace iterations.  More of them separate singular values that are close.
    M : Tensor, of a shape that broadcasts to that of A, optional
        Subtracted from A.

    Returns
    -------
    named tuple
        U, (…, M, q); S, (…, q); V, (…, N, q)

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If q or niter is out of range, or A is no float tensor of at least two dimensions.

    References
    ----------
    Halko, Martinsson, Tropp, arXiv:0909.4061, algorithm 5.1.

    Examples
    --------
    >>> import autograd
    >>> U, S, V = autograd.svd_lowrank(autograd.tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), q=2)
    >>> S.round(decimals=3)
    tensor([4., 3.])
    """
    from autograd.ops.factor import linalg_qr
    from autograd.random import generator

    check_matrix("svd_lowrank", A)
    q = 6 if q is None else q
    if not 0 <= q <= min(A.shape[-2:]):
        raise ValueError(f"svd_lowrank: q is {q}; it must be from 0 to {min(A.shape[-2:])}, the smaller size of A")
    if niter is not None and niter < 0:
        raise ValueError(f"svd_lowrank: niter is {niter}; it must be at least 0")
    A = A if M is None else A - M
    wide = A.shape[-2] < A.shape[-1]
    A = A.mT if wide else A
    draws = engine.wrap(generator().standard_normal((A.shape[-1], q)).astype(A.dtype))
    Q = linalg_qr(A @ draws)[0]
    for _ in range(2 if niter is None else niter):
        Q = linalg_qr(A.mT @ Q)[0]
        Q = linalg_qr(A @ Q)[0]
    U, S, Vh = linalg_svd(Q.mT @ A, full_matrices=False)
    U, V = Q @ U, Vh.mT
    return OldSVD(V, S, U) if wide else OldSVD(U, S, V)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> OldSVD:
    """Principal components of the rows of A, approximately: `svd_lowrank` after their mean is subtracted.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    q : int, optional
        Number of components.  Default: 6, or fewer for a small A.
    center : bool
        Whether to subtract the mean.
    niter : int
        Number of subspace iterations.

    Returns
    -------
    named tuple
        U, (…, M, q); S, (…, q); V, (…, N, q), whose columns are the components.

    Raises
    ------
    LinAlgError
        If a matrix holds NaN or inf.
    ValueError, TypeError
        If q or niter is out of range, or A is no float tensor of at least two dimensions.

    References
    ----------
    Halko, Martinsson, Tropp, arXiv:0909.4061, algorithm 5.1.

    Examples
    --------
    Three points on a line.  The component is its direction, up to its sign:

    >>> import autograd
    >>> U, S, V = autograd.pca_lowrank(autograd.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]), q=1)
    >>> V.abs().round(decimals=3)
    tensor([[0.6000],
            [0.8000]])
    """
    check_matrix("pca_lowrank", A)
    q = min(6, *A.shape[-2:]) if q is None else q
    if not 0 <= q <= min(A.shape[-2:]):
        raise ValueError(f"pca_lowrank: q is {q}; it must be from 0 to {min(A.shape[-2:])}, the smaller size of A")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
