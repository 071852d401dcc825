"""Factorizations of matrices, and the matrix exponential.

    Cholesky    A = L Lᵀ       dA = L⁻ᵀ Φ(Lᵀ gL) L⁻¹, made symmetric; Φ is the lower triangle, half its diagonal
    QR          A = Q R        M = R gRᵀ - gQᵀ Q,  dA = [gQ + Q sym(M)] R⁻ᵀ; sym mirrors the lower triangle
    LU          A = P L U      dA = P L⁻ᵀ [strict lower triangle of Lᵀ gL + upper triangle of gU Uᵀ] U⁻ᵀ
    exp         Y = e^A        dA is the upper right block of the exponential of [[Aᵀ, g], [0, Aᵀ]]

A wide A = [A₁ A₂] has R = [R₁ QᵀA₂] and U = [U₁ L⁻¹PᵀA₂].  A tall PᵀA = [A₁; A₂] has L = [L₁; A₂U⁻¹].

References
----------
Murray, arXiv:1602.07527 (Cholesky); Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010
(QR); Van Loan, "Computing integrals involving the matrix exponential", 1978.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import engine
from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.join import cat
from autograd.ops.shape import transpose
from autograd.ops.shared.matrices import (
    batch_shape,
    check_matrix,
    check_same_dtype,
    check_square,
    far_from_singular,
    identity,
    lapack,
    per_matrix,
    raise_if_failed,
    symmetric,
)
from autograd.ops.solve import linalg_solve_triangular
from autograd.ops.triangle import tril, triu
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class CholeskyInfo(NamedTuple):
    """Result of linalg.cholesky_ex: `info` is 0, or the order of the leading minor that is not positive."""

    L: Tensor
    info: Tensor


class QR(NamedTuple):
    """Result of linalg.qr."""

    Q: Tensor
    R: Tensor


class LUFactors(NamedTuple):
    """Result of linalg.lu_factor."""

    LU: Tensor
    pivots: Tensor


class LUFactorsInfo(NamedTuple):
    """Result of linalg.lu_factor_ex: `info` is 0, or the number of the pivot that is 0."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class PLU(NamedTuple):
    """Result of linalg.lu and lu_unpack."""

    P: Tensor
    L: Tensor
    U: Tensor


class Reflectors(NamedTuple):
    """Result of geqrf: R and the vectors of Householder reflections in one matrix, and their scales."""

    a: Tensor
    tau: Tensor


# ── Cholesky ───────────────────────────────────────────────────────────────────────────


def _cholesky(A: Array, *, upper: bool) -> tuple[Array, Array]:
    A = 0.5 * (A + np.swapaxes(A, -1, -2))
    try:
        L, info = np.linalg.cholesky(A), np.zeros(A.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        potrf = lapack("potrf", A)

        def one(A: Array) -> tuple[Array, Array]:
            L, info = potrf(A, lower=1)
            return np.tril(L), np.array(info, np.int32)

        L, info = per_matrix(one, A)
    return (np.ascontiguousarray(np.swapaxes(L, -1, -2)) if upper else L), info


def _cholesky_reference(A: Array, *, upper: bool) -> tuple[Array, Array]:
    def one(A: Array) -> tuple[Array, Array]:
        A, L = (A + A.T) / 2, np.zeros_like(A)
        for j in range(len(A)):
            square = A[j, j] - (L[j, :j] ** 2).sum()
            if not square > 0:
                return L, np.array(j + 1, np.int32)
            L[j, j] = np.sqrt(square)
            for i in range(j + 1, len(A)):
                L[i, j] = (A[i, j] - (L[i, :j] * L[j, :j]).sum()) / L[j, j]
        return (L.T if upper else L), np.array(0, np.int32)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _cholesky_backward(ctx: Context, g: Tensor, _: None, *, upper: bool) -> Gradient:
    (L,) = ctx.saved_tensors
    if upper:
        L, g = transpose(L, -1, -2), transpose(g, -1, -2)
    Lt, half = transpose(L, -1, -2), identity(L.shape[-1], L.shape[-1], L.dtype) / 2
    inner = tril(Lt @ g) * (1 - half)
    left = linalg_solve_triangular(Lt, inner, upper=True)
    dA = linalg_solve_triangular(L, left, upper=False, left=False)
    return 0.5 * (dA + transpose(dA, -1, -2))


def _positive_definite(draw: Draw) -> Sample:
    n = draw.size(1, 3)
    x = far_from_singular(draw, batch_shape(draw), n, n)
    return Sample((x @ np.swapaxes(x, -1, -2),), {"upper": draw.choice(False, True)})


_linalg_cholesky_ex_op = register(
    Op(
        name="linalg_cholesky_ex",
        check=lambda A, *, upper: check_square("linalg.cholesky", A),
        forward=_cholesky,
        backward=_cholesky_backward,
        saves=(~0,),
        reference=_cholesky_reference,
        sample=_positive_definite,
        bad_samples=[
            BadSample((np.ones((2, 3)),), {"upper": False}, ValueError, ("linalg.cholesky", "square", "(2, 3)")),
            BadSample((np.ones((2, 2), int),), {"upper": False}, TypeError, ("linalg.cholesky", "int64")),
        ],
        kind="matrix",
        flops=lambda inputs, outputs, **params: inputs[0].size * inputs[0].shape[-1] // 3,
    )
)


def linalg_cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> CholeskyInfo:
    """Cholesky factors of symmetric positive-definite matrices, A = L Lᵀ, and which matrices are not positive-definite.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
        Only one triangle is read.  The gradient is symmetric.
    upper : bool
        Whether to return the upper factor, Lᵀ, computed from the upper triangle.
    check_errors : bool
        Whether to raise LinAlgError where a matrix is not positive-definite.

    Returns
    -------
    named tuple
        L, (…, N, N); info, (…) of int32: 0, or the order of the leading minor that is not positive.  The factor is then
        complete up to it only.

    Raises
    ------
    ValueError, TypeError
        If A is not a square matrix of floats.
    LinAlgError
        With check_errors, if a matrix is not positive-definite.

    Examples
    --------
    >>> import autograd
    >>> L, info = autograd.linalg.cholesky_ex(autograd.tensor([[1.0, 0.0], [0.0, -1.0]]))
    >>> info  # the minor of order 2 is -1
    tensor(2, dtype=int32)
    """
    result = CholeskyInfo(*_linalg_cholesky_ex_op(symmetric("linalg.cholesky", A, upper), upper=upper))
    if check_errors:
        raise_if_failed("linalg.cholesky", result.info, _not_positive)
    return result


def _not_positive(order: int) -> str:
    return (
        f"is not positive-definite: its leading minor of order {order} is not positive; check that it is symmetric, or "
        "add a small multiple of the identity"
    )


def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """Cholesky factors of symmetric positive-definite matrices: A = L Lᵀ.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
        Only one triangle is read.  The gradient is symmetric.
    upper : bool
        Whether to return the upper factor, Lᵀ, computed from the upper triangle.

    Returns
    -------
    Tensor, (…, N, N)

    Raises
    ------
    LinAlgError
        If a matrix is not positive-definite.
    ValueError, TypeError
        If A is not a square matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.cholesky(autograd.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return linalg_cholesky_ex(A, upper=upper, check_errors=True).L


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """Cholesky factors of symmetric positive-definite matrices: A = L Lᵀ.

    Parameters
    ----------
    input : Tensor of float, (…, N, N)
        Only one triangle is read.  The gradient is symmetric.
    upper : bool
        Whether to return the upper factor, Lᵀ, computed from the upper triangle.

    Returns
    -------
    Tensor, (…, N, N)

    Raises
    ------
    LinAlgError
        If a matrix is not positive-definite.
    ValueError, TypeError
        If input is not a square matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.cholesky(autograd.tensor([[4.0, 2.0], [2.0, 5.0]]), upper=True)
    tensor([[2., 1.],
            [0., 2.]])
    """
    return linalg_cholesky(input, upper=upper)


# ── QR ─────────────────────────────────────────────────────────────────────────────────


def _qr(A: Array, *, mode: str) -> tuple[Array, Array]:
    Q, R = np.linalg.qr(A, mode=mode)  # type: ignore[call-overload]
    return Q, R


def _qr_reference(A: Array, *, mode: str) -> tuple[Array, Array]:
    """Householder's reflections, with LAPACK's signs."""

    def one(A: Array) -> tuple[Array, Array]:
        m, n = A.shape
        Q, R = np.eye(m, dtype=A.dtype), A.copy()
        for j in range(min(m - 1, n)):
            x = R[j:, j].copy()
            if not x[1:].any():
                continue  # LAPACK does not reflect what is zero already
            x[0] += math.copysign(np.sqrt((x * x).sum()), x[0])
            H = np.eye(m, dtype=A.dtype)
            H[j:, j:] -= (2 / (x * x).sum()) * np.outer(x, x)
            Q, R = Q @ H, H @ R
            R[j + 1 :, j] = 0
        k = m if mode == "complete" else min(m, n)
        return Q[:, :k].astype(A.dtype), R[:k].astype(A.dtype)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _qr_backward(ctx: Context, gQ: Tensor, gR: Tensor, *, mode: str) -> Gradient:
    Q, R = ctx.saved_tensors
    m, n = Q.shape[-2], R.shape[-1]
    if mode == "complete" and m > n:
        raise RuntimeError(
            "linalg.qr: with mode 'complete' and more rows than columns, Q is not unique and has no gradient; use mode "
            "'reduced'"
        )
    if m < n:  # A = [X Y], R = [R₁ QᵀY]
        first, rest, gR, g_rest = R[..., :m], R[..., m:], gR[..., :m], gR[..., m:]
        dY = Q @ g_rest
        gQ = gQ + (Q @ rest) @ transpose(g_rest, -1, -2)
    else:
        first = R
    M = tril(first @ transpose(gR, -1, -2) - transpose(gQ, -1, -2) @ Q)
    mirrored = M + transpose(tril(M, -1), -1, -2)
    dX = linalg_solve_triangular(transpose(first, -1, -2), gQ + Q @ mirrored, upper=False, left=False)
    return cat([dX, dY], -1) if m < n else dX


def _qr_sample(draw: Draw) -> Sample:
    mode, m, n = draw.choice(
        ("reduced", 2, 2), ("reduced", 3, 2), ("reduced", 2, 3), ("reduced", 1, 1), ("complete", 2, 2),
        ("complete", 2, 3),
    )  # fmt: skip
    return Sample((far_from_singular(draw, batch_shape(draw), m, n),), {"mode": mode})


_linalg_qr_op = register(
    Op(
        name="linalg_qr",
        check=lambda A, *, mode: check_matrix("linalg.qr", A),
        forward=_qr,
        backward=_qr_backward,
        saves=(~0, ~1),
        reference=_qr_reference,
        sample=_qr_sample,
        bad_samples=[BadSample((np.ones(3),), {"mode": "reduced"}, ValueError, ("linalg.qr", "(3,)"))],
        kind="matrix",
        flops=lambda inputs, outputs, **params: 4 * inputs[0].size * min(inputs[0].shape[-2:]),
    )
)


def linalg_qr(A: Tensor, mode: str = "reduced") -> QR:
    """QR factorizations: A = Q R, with orthonormal columns of Q and an upper triangular R.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    mode : "reduced", "complete" or "r"
        "reduced" has K = min(M, N) columns of Q, "complete" M of them; "r" returns an empty Q.

    Returns
    -------
    named tuple
        Q, (…, M, K); R, (…, K, N)

    Raises
    ------
    RuntimeError
        In backward, if mode is "complete" and M > N.
    ValueError, TypeError
        If A is not a matrix of floats, or the mode is none of these.

    Examples
    --------
    >>> import autograd
    >>> Q, R = autograd.linalg.qr(autograd.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> Q, R
    (tensor([[-0.6000, -0.8000],
            [-0.8000,  0.6000]]), tensor([[-5.0000, -2.2000],
            [ 0.0000,  0.4000]]))
    """
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f'linalg.qr: mode is {mode!r}; expects "reduced", "complete" or "r"')
    if mode == "r":
        R = _linalg_qr_op(A, mode="reduced")[1]
        return QR(R.detach().reshape(-1)[:0], R)
    return QR(*_linalg_qr_op(A, mode=mode))


def qr(input: Tensor, some: bool = True) -> QR:
    """QR factorizations: A = Q R, with orthonormal columns of Q and an upper triangular R.

    Parameters
    ----------
    input : Tensor of float, (…, M, N)
    some : bool
        Whether Q has K = min(M, N) columns; otherwise it has M.

    Returns
    -------
    named tuple
        Q, (…, M, K); R, (…, K, N); K = M if not some

    Raises
    ------
    RuntimeError
        In backward, if not some and M > N.
    ValueError, TypeError
        If input is not a matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[3.0], [4.0]])
    >>> autograd.qr(A).Q.shape, autograd.qr(A, some=False).Q.shape
    ((2, 1), (2, 2))
    """
    return linalg_qr(input, "reduced" if some else "complete")


def _geqrf(A: Array) -> tuple[Array, Array]:
    k = min(A.shape[-2:])
    if not A.size:
        return A.copy(), np.zeros((*A.shape[:-2], k), A.dtype)
    routine = lapack("geqrf", A)
    return per_matrix(lambda x: tuple(routine(x)[:2]), A)  # type: ignore[no-any-return]


def geqrf(input: Tensor) -> Reflectors:
    """QR factorization of matrices in LAPACK's form: R, and below it the vectors of Householder reflections.

    It has no gradient.  `linalg.householder_product` computes Q from the result.

    Parameters
    ----------
    input : Tensor of float, (…, M, N)

    Returns
    -------
    named tuple
        a, (…, M, N): R, and below its diagonal the vectors v_i; tau, (…, min(M, N)).  Q is the product of the
        I - tau_i v_i v_iᵀ.

    Raises
    ------
    ValueError, TypeError
        If input is not a matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[3.0, 1.0], [4.0, 2.0]])
    >>> a, tau = autograd.geqrf(A)
    >>> Q = autograd.linalg.householder_product(a, tau)
    >>> autograd.allclose(Q @ autograd.triu(a), A)
    True
    """
    check_matrix("geqrf", input, "input")
    return Reflectors(*(engine.wrap(x) for x in _geqrf(input.array)))


def _check_reflectors(name: str, A: Tensor, tau: Tensor) -> None:
    check_matrix(name, A)
    check_arrays(name, tau=tau)
    check_same_dtype(name, A=A, tau=tau)
    if tau.ndim != A.ndim - 1 or tau.shape[:-1] != A.shape[:-2]:
        raise ValueError(
            f"{name}: shapes {tuple(A.shape)} of A and {tuple(tau.shape)} of tau do not fit: tau has A's leading "
            "dimensions and one more"
        )


def _reflected(A: Tensor, tau: Tensor, X: Tensor, order: Any, left: bool = True) -> Tensor:
    """H_i X for each reflection H_i = I - tau_i v_i v_iᵀ in turn; X H_i if not left."""
    V = tril(A, -1) + identity(A.shape[-2], A.shape[-1], A.dtype)
    for i in order:
        v = V[..., i : i + 1]
        scaled = tau[..., i : i + 1, None] * v
        X = X - (scaled @ (v.mT @ X) if left else (X @ v) @ scaled.mT)
    return X


def linalg_householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first N columns of a product of Householder reflections, H₁ H₂ … with H_i = I - tau_i v_i v_iᵀ.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
        v_i is column i below the diagonal, with 1 on it and 0 above.  M >= N.
    tau : Tensor of float, (…, K)
        K <= N.

    Returns
    -------
    Tensor, (…, M, N)

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A, tau = autograd.tensor([[1.0], [1.0]]), autograd.tensor([1.0])
    >>> autograd.linalg.householder_product(A, tau)  # I - v vᵀ with v = (1, 1), its first column
    tensor([[ 0.],
            [-1.]])
    """
    name = "linalg.householder_product"
    _check_reflectors(name, A, tau)
    m, n = A.shape[-2:]
    if m < n or tau.shape[-1] > n:
        raise ValueError(
            f"{name}: shapes {tuple(A.shape)} of A and {tuple(tau.shape)} of tau do not fit: expects at least as many "
            "rows as columns, and at most one number of tau for each column"
        )
    return _reflected(A, tau, A * 0 + identity(m, n, A.dtype), reversed(range(tau.shape[-1])))


def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """Multiply by the Q of `geqrf` without making it: Q other, or other Q if not left; Qᵀ if transpose.

    Parameters
    ----------
    input : Tensor of float, (…, M, K)
        Reflections, as `geqrf` returns them.
    tau : Tensor of float, (…, min(M, K))
        Their scales.
    other : Tensor of float, (…, M, N), or (…, N, M) if not left
        What is multiplied.
    left : bool
        Whether Q is on the left.
    transpose : bool
        Whether to multiply by Qᵀ in place of Q.

    Returns
    -------
    Tensor, of other's shape

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[3.0, 1.0], [4.0, 2.0]])
    >>> a, tau = autograd.geqrf(A)
    >>> R = autograd.ormqr(a, tau, A, transpose=True)  # Qᵀ A
    >>> autograd.allclose(R, autograd.triu(a), atol=1e-6)
    True
    """
    _check_reflectors("ormqr", input, tau)
    check_matrix("ormqr", other, "other")
    check_same_dtype("ormqr", input=input, other=other)
    if other.shape[-2 if left else -1] != input.shape[-2] or other.shape[:-2] != input.shape[:-2]:
        raise ValueError(
            f"ormqr: shapes {tuple(input.shape)} of input and {tuple(other.shape)} of other do not fit: "
            f"other must have {input.shape[-2]} {'rows' if left else 'columns'} and the same leading dimensions"
        )
    if tau.shape[-1] > min(input.shape[-2:]):
        raise ValueError(
            f"ormqr: tau has {tau.shape[-1]} numbers for shape {tuple(input.shape)}; expects at most "
            f"{min(input.shape[-2:])}"
        )
    order = range(tau.shape[-1])
    return _reflected(input, tau, other, order if left == transpose else reversed(order), left)


# ── LU ─────────────────────────────────────────────────────────────────────────────────


def _lu(A: Array) -> tuple[Array, Array, Array]:
    if not A.size:
        lead = A.shape[:-2]
        return A.copy(), np.zeros((*lead, min(A.shape[-2:])), np.int32), np.zeros(lead, np.int32)
    getrf = lapack("getrf", A)

    def one(A: Array) -> tuple[Array, Array, Array]:
        LU, pivots, info = getrf(A)
        return LU, pivots.astype(np.int32) + np.int32(1), np.array(info, np.int32)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _lu_reference(A: Array) -> tuple[Array, Array, Array]:
    """Gauss elimination with partial pivoting."""

    def one(A: Array) -> tuple[Array, Array, Array]:
        A, info = A.copy(), 0
        pivots = np.zeros(min(A.shape), np.int32)
        for k in range(len(pivots)):
            best = k + int(np.abs(A[k:, k]).argmax())
            pivots[k] = best + 1
            A[[k, best]] = A[[best, k]]
            if A[k, k] == 0:
                info = info or k + 1
                continue
            for i in range(k + 1, len(A)):
                A[i, k] /= A[k, k]
                A[i, k + 1 :] -= A[i, k] * A[k, k + 1 :]
        return A, pivots, np.array(info, np.int32)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _permutation(pivots: Array, m: int, dtype: np.dtype) -> Array:
    """The matrices P (…, m, m) of A = P L U, from the exchanges of rows."""
    order = np.broadcast_to(np.arange(m), (*pivots.shape[:-1], m)).copy()
    for k in range(pivots.shape[-1]):
        other = pivots[..., k : k + 1].astype(np.int64) - 1
        here, there = order[..., k : k + 1].copy(), np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, here, -1)
        order[..., k : k + 1] = there
    return np.swapaxes(np.eye(m, dtype=dtype)[order], -1, -2)


def _lu_backward(ctx: Context, g: Tensor, *others: None) -> Gradient:
    LU, pivots = ctx.saved_tensors
    m, n = LU.shape[-2:]
    k = min(m, n)
    P = _permutation(np.asarray(getattr(pivots, "array", pivots)), m, LU.dtype)
    first, g_first = LU[..., :k, :k], g[..., :k, :k]
    L = tril(first, -1) + identity(k, k, LU.dtype)
    Lt, Ut = transpose(L, -1, -2), transpose(triu(first), -1, -2)
    lower, upper = Lt @ tril(g_first, -1), triu(g_first) @ Ut
    if m < n:
        right, g_right = LU[..., k:], g[..., k:]
        lower = lower - g_right @ transpose(right, -1, -2)
    elif m > n:
        below, g_below = LU[..., k:, :], g[..., k:, :]
        upper = upper - transpose(below, -1, -2) @ g_below
    inner = linalg_solve_triangular(Lt, tril(lower, -1) + triu(upper), upper=True, unitriangular=True)
    dA = linalg_solve_triangular(Ut, inner, upper=False, left=False)
    if m < n:
        dA = cat([dA, linalg_solve_triangular(Lt, g_right, upper=True, unitriangular=True)], -1)
    elif m > n:
        dA = cat([dA, linalg_solve_triangular(Ut, g_below, upper=False, left=False)], -2)
    return P @ dA  # type: ignore[return-value]


def _lu_sample(draw: Draw) -> Sample:
    m, n = draw.choice((2, 2), (3, 3), (3, 2), (2, 3), (1, 1))
    A = far_from_singular(draw, batch_shape(draw), m, n)
    return Sample((A[..., ::-1, :].copy() if draw.choice(False, True) else A,))  # exchanges rows


_linalg_lu_factor_ex_op = register(
    Op(
        name="linalg_lu_factor_ex",
        check=lambda A: check_matrix("linalg.lu_factor", A),
        forward=_lu,
        backward=_lu_backward,
        saves=(~0, ~1),
        reference=_lu_reference,
        sample=_lu_sample,
        bad_samples=[BadSample((np.ones(3),), {}, ValueError, ("linalg.lu_factor", "(3,)"))],
        kind="matrix",
        flops=lambda inputs, outputs: inputs[0].size * min(inputs[0].shape[-2:]),
    )
)


def linalg_lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LUFactorsInfo:
    """LU factorizations in compact form, and which matrices are singular.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    pivot : bool
        Must be True: LAPACK exchanges rows.
    check_errors : bool
        Whether to raise LinAlgError where a pivot is 0.

    Returns
    -------
    named tuple
        LU, (…, M, N): U, and below its diagonal L without its ones; pivots, (…, K) of int32, from 1: row k was
        exchanged with row pivots[k]; info, (…) of int32: 0, or the number of the first pivot that is 0.

    Raises
    ------
    RuntimeError
        If pivot is False.
    ValueError, TypeError
        If A is not a matrix of floats.
    LinAlgError
        With check_errors, if a pivot is 0.

    Examples
    --------
    >>> import autograd
    >>> LU, pivots, info = autograd.linalg.lu_factor_ex(autograd.tensor([[1.0, 2.0], [2.0, 4.0]]))
    >>> info  # pivot 2 is 0: the matrix is singular
    tensor(2, dtype=int32)
    """
    if not pivot:
        raise RuntimeError("linalg.lu_factor: without pivoting there is no LU factorization on the CPU; pivot=True")
    result = LUFactorsInfo(*_linalg_lu_factor_ex_op(A))
    if check_errors:
        raise_if_failed("linalg.lu_factor", result.info, lambda k: f"is singular: pivot {k} is 0")
    return result


def linalg_lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactors:
    """LU factorizations in compact form, for `linalg.lu_solve`.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    pivot : bool
        Must be True: LAPACK exchanges rows.

    Returns
    -------
    named tuple
        LU, (…, M, N): U, and below its diagonal L without its ones; pivots, (…, K) of int32, from 1: row k was
        exchanged with row pivots[k]

    Raises
    ------
    RuntimeError
        If pivot is False.
    ValueError, TypeError
        If A is not a matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> LU, pivots = autograd.linalg.lu_factor(autograd.tensor([[1.0, 4.0], [2.0, 6.0]]))
    >>> LU  # L has 0.5 below its ones
    tensor([[2.0000, 6.0000],
            [0.5000, 1.0000]])
    >>> pivots  # row 1 was exchanged with row 2
    tensor([2, 2], dtype=int32)
    """
    LU, pivots, _ = linalg_lu_factor_ex(A, pivot=pivot)
    return LUFactors(LU, pivots)


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]:
    """LU factorizations in compact form, and which matrices are singular if that is asked for.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    pivot : bool
        Must be True: LAPACK exchanges rows.
    get_infos : bool
        Whether to return info as well.

    Returns
    -------
    tuple
        LU, (…, M, N): U, and below its diagonal L without its ones; pivots, (…, K) of int32, from 1: row k was
        exchanged with row pivots[k]; with get_infos, info, (…) of int32: 0, or the number of the first pivot that is 0

    Raises
    ------
    RuntimeError
        If pivot is False.
    ValueError, TypeError
        If A is not a matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> LU, pivots, info = autograd.lu(autograd.tensor([[1.0, 4.0], [2.0, 6.0]]), get_infos=True)
    >>> LU, info
    (tensor([[2.0000, 6.0000],
            [0.5000, 1.0000]]), tensor(0, dtype=int32))
    """
    LU, pivots, info = linalg_lu_factor_ex(A, pivot=pivot)
    return (LU, pivots, info) if get_infos else (LU, pivots)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> PLU:
    """The matrices P, L and U of a compact LU factorization: A = P L U.

    Parameters
    ----------
    LU_data : Tensor of float, (…, M, N)
        U, and below its diagonal L, as `linalg.lu_factor` returns them.
    LU_pivots : Tensor of int32, (…, K)
    unpack_data, unpack_pivots : bool
        False returns empty tensors for L and U, or for P.

    Returns
    -------
    named tuple
        P, (…, M, M); L, (…, M, K); U, (…, K, N)

    Raises
    ------
    ValueError, TypeError
        If LU_data is not a matrix of floats, or LU_pivots are not int32.
    RuntimeError
        If a pivot is not the number of a row, from 1 to M.

    Examples
    --------
    >>> import autograd
    >>> P, L, U = autograd.lu_unpack(*autograd.linalg.lu_factor(autograd.tensor([[1.0, 4.0], [2.0, 6.0]])))
    >>> P, L, U
    (tensor([[0., 1.],
            [1., 0.]]), tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]]), tensor([[2., 6.],
            [0., 1.]]))
    """
    check_matrix("lu_unpack", LU_data, "LU_data")
    check_arrays("lu_unpack", LU_pivots=LU_pivots)
    if unpack_pivots and LU_pivots.dtype != np.int32:
        raise TypeError(f"lu_unpack: LU_pivots are {LU_pivots.dtype}; expects int32, as lu_factor returns them")
    m, n = LU_data.shape[-2:]
    pivots = LU_pivots.array
    if unpack_pivots and ((pivots < 1) | (pivots > m)).any():
        raise RuntimeError(
            f"lu_unpack: LU_pivots are from {pivots.min()} to {pivots.max()}; expects rows from 1 to {m}, as lu_factor "
            "returns them"
        )
    k = min(m, n)
    none = LU_data.detach().reshape(-1)[:0]
    P = engine.wrap(_permutation(pivots, m, LU_data.dtype)) if unpack_pivots else none
    if not unpack_data:
        return PLU(P, none, none)
    L = tril(LU_data[..., :k], -1) + identity(m, k, LU_data.dtype)
    return PLU(P, L, triu(LU_data[..., :k, :]))


def linalg_lu(A: Tensor, *, pivot: bool = True) -> PLU:
    """LU factorizations: A = P L U.

    Parameters
    ----------
    A : Tensor of float, (…, M, N)
    pivot : bool
        Must be True: LAPACK exchanges rows.

    Returns
    -------
    named tuple
        P, (…, M, M), a permutation; L, (…, M, K), lower triangular with ones on its diagonal; U, (…, K, N), upper
        triangular; K = min(M, N)

    Raises
    ------
    RuntimeError
        If pivot is False.
    ValueError, TypeError
        If A is not a matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> P, L, U = autograd.linalg.lu(autograd.tensor([[1.0, 4.0], [2.0, 6.0]]))
    >>> P @ L @ U
    tensor([[1., 4.],
            [2., 6.]])
    """
    return lu_unpack(*linalg_lu_factor(A, pivot=pivot))


def linalg_lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """Solve A X = B, given the LU factorization of A.

    Parameters
    ----------
    LU, pivots : Tensor, (…, N, N) of float and (…, N) of int32
        Of `linalg.lu_factor`.
    B : Tensor of float, (…, N, K); (…, K, N) if not left
    left : bool
        False solves X A = B.
    adjoint : bool
        True solves Aᵀ X = B, or X Aᵀ = B.

    Returns
    -------
    Tensor, of B's shape, leading dimensions broadcast

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A, B = autograd.tensor([[1.0, 4.0], [2.0, 6.0]]), autograd.tensor([[9.0], [14.0]])
    >>> LU, pivots = autograd.linalg.lu_factor(A)
    >>> autograd.linalg.lu_solve(LU, pivots, B)  # x = 1, y = 2
    tensor([[1.],
            [2.]])
    """
    name = "linalg.lu_solve"
    check_square(name, LU, "LU")
    check_matrix(name, B, "B")
    if not left:  # X A = B is Aᵀ Xᵀ = Bᵀ
        return linalg_lu_solve(LU, pivots, B.mT, adjoint=not adjoint).mT
    P, L, U = lu_unpack(LU, pivots)
    if adjoint:
        Y = linalg_solve_triangular(U.mT, B, upper=False)
        return P @ linalg_solve_triangular(L.mT, Y, upper=True, unitriangular=True)
    Y = linalg_solve_triangular(L, P.mT @ B, upper=False, unitriangular=True)
    return linalg_solve_triangular(U, Y, upper=True)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """Solve A X = b, given the LU factorization of A.

    Parameters
    ----------
    b : Tensor of float, (…, N, K)
    LU_data, LU_pivots : Tensor, (…, N, N) of float and (…, N) of int32
        Of `linalg.lu_factor`.

    Returns
    -------
    Tensor, of b's shape, leading dimensions broadcast

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A, b = autograd.tensor([[1.0, 4.0], [2.0, 6.0]]), autograd.tensor([[9.0], [14.0]])
    >>> autograd.lu_solve(b, *autograd.lu(A))  # x = 1, y = 2
    tensor([[1.],
            [2.]])
    """
    return linalg_lu_solve(LU_data, LU_pivots, b)


# ── the exponential ────────────────────────────────────────────────────────────────────


def _exponential(A: Array) -> Array:
    from scipy.linalg import expm

    return np.asarray(expm(A), A.dtype) if A.size else A.copy()


def _exponential_reference(A: Array) -> Array:
    """The power series of A / 2^s, squared s times."""

    def one(A: Array) -> Array:
        halvings = max(0, math.ceil(math.log2(max(float(np.abs(A).sum(axis=-1).max(initial=0)), 1e-9)))) + 3
        small = A.astype(np.float64) / 2.0**halvings
        Y = term = np.eye(len(A))
        for k in range(1, 20):
            term = term @ small / k
            Y = Y + term
        for _ in range(halvings):
            Y = Y @ Y
        return Y.astype(A.dtype)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _exponential_backward(ctx: Context, g: Tensor) -> Gradient:
    At = transpose(ctx.saved_tensors[0], -1, -2)
    n = At.shape[-1]
    block = cat([cat([At, g], -1), cat([At * 0, At], -1)], -2)
    return _linalg_matrix_exp_op(block)[..., :n, n:]  # type: ignore[no-any-return]


def _exponential_sample(draw: Draw) -> Sample:
    n = draw.size(1, 3)
    return Sample((draw.tensor(*batch_shape(draw), n, n, low=-1, high=1),))


_linalg_matrix_exp_op = register(
    Op(
        name="linalg_matrix_exp",
        check=lambda A: check_square("linalg.matrix_exp", A),
        forward=_exponential,
        backward=_exponential_backward,
        saves=(0,),
        reference=_exponential_reference,
        sample=_exponential_sample,
        bad_samples=[BadSample((np.ones((2, 3)),), {}, ValueError, ("linalg.matrix_exp", "square", "(2, 3)"))],
        kind="matrix",
        flops=lambda inputs, outputs: 20 * inputs[0].size * inputs[0].shape[-1],
    )
)


def linalg_matrix_exp(A: Tensor) -> Tensor:
    """Exponentials of square matrices: e^A = Σ Aᵏ / k!.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)

    Returns
    -------
    Tensor, (…, N, N)

    Raises
    ------
    ValueError, TypeError
        If A is not a square matrix of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.matrix_exp(autograd.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _linalg_matrix_exp_op(A)
