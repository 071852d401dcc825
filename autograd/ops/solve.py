"""Inverses, determinants and systems of linear equations.

    inverse          Y = A⁻¹        dA = -Yᵀ g Yᵀ
    solve            A X = B        dB = A⁻ᵀ g            dA = -dB Xᵀ
    solve_triangular                the same, and dA is cut to the triangle
    determinant      d = det A      dA = g d A⁻ᵀ
    slogdet          log |det A|    dA = g A⁻ᵀ

The gradient of a determinant exists for a singular matrix too: the matrix of cofactors.  With A = U S Vᵀ it is
det(U) det(V) U diag(Π_{j≠i} S_j) Vᵀ.

NumPy calls LAPACK's getrf and getrs (getri).  Names are those of PyTorch's namespace `linalg`.

References
----------
Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation",
2008.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import engine
from autograd.arguments import check_arrays, full_name
from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.matmul import matmul
from autograd.ops.shape import movedim, reshape, squeeze, transpose, unsqueeze
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.matrices import (
    as_batch,
    batch_shape,
    check_fits_square,
    check_square,
    far_from_singular,
    identity,
    lapack,
    per_matrix,
    raise_if_failed,
)
from autograd.ops.spectral import linalg_svd
from autograd.ops.triangle import tril, triu
from autograd.ops.where import where
from autograd.types import Array, Dims, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class InverseInfo(NamedTuple):
    """Result of linalg.inv_ex: `info` is 0, or the number of the pivot that is 0."""

    inverse: Tensor
    info: Tensor


class SolveInfo(NamedTuple):
    """Result of linalg.solve_ex: `info` is 0, or the number of the pivot that is 0."""

    result: Tensor
    info: Tensor


class SignAndLog(NamedTuple):
    """Result of slogdet."""

    sign: Tensor
    logabsdet: Tensor


class TriangularSolution(NamedTuple):
    """Result of triangular_solve."""

    solution: Tensor
    cloned_coefficient: Tensor


def _singular(pivot: int) -> str:
    return (
        f"is singular: pivot {pivot} of its LU factorization is 0; use linalg.lstsq or linalg.pinv, or add a small "
        "multiple of the identity"
    )


def _zero_pivot(A: Array) -> int:
    return int(lapack("getrf", A)(A)[2]) if len(A) else 0


# ── the inverse ────────────────────────────────────────────────────────────────────────


def _inverse(A: Array) -> tuple[Array, Array]:
    try:
        return np.linalg.inv(A), np.zeros(A.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        if A.ndim == 2:
            return np.full_like(A, np.nan), np.array(_zero_pivot(A), np.int32)
        return per_matrix(_inverse, A)  # type: ignore[no-any-return]


def _inverse_reference(A: Array) -> tuple[Array, Array]:
    """Gauss-Jordan elimination with partial pivoting."""

    def one(A: Array) -> tuple[Array, Array]:
        n = len(A)
        work = np.concatenate([A, np.eye(n, dtype=A.dtype)], axis=1)
        for k in range(n):
            best = k + int(np.abs(work[k:, k]).argmax())
            work[[k, best]] = work[[best, k]]
            if work[k, k] == 0:
                return np.full_like(A, np.nan), np.array(k + 1, np.int32)
            work[k] /= work[k, k]
            for i in range(n):
                if i != k:
                    work[i] = work[i] - work[i, k] * work[k]
        return work[:, n:], np.array(0, np.int32)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _square_sample(draw: Draw) -> Sample:
    n = draw.size(1, 3)
    return Sample((far_from_singular(draw, batch_shape(draw), n, n),))


def _not_square(name: str) -> list[BadSample]:
    return [
        BadSample((np.ones((2, 3)),), {}, ValueError, (name, "square", "(2, 3)")),
        BadSample((np.ones(3),), {}, ValueError, (name, "(3,)")),
        BadSample((np.ones((2, 2), int),), {}, TypeError, (name, "int64")),
    ]


def _inverse_backward(ctx: Context, g: Tensor, _: None) -> Gradient:
    y = transpose(ctx.saved_tensors[0], -1, -2)
    return -(y @ g @ y)


_linalg_inv_ex_op = register(
    Op(
        name="linalg_inv_ex",
        check=lambda A: check_square("linalg.inv", A),
        forward=_inverse,
        backward=_inverse_backward,
        saves=(~0,),
        reference=_inverse_reference,
        sample=_square_sample,
        bad_samples=_not_square("linalg.inv"),
        kind="matrix",
        flops=lambda inputs, outputs: 2 * inputs[0].size * inputs[0].shape[-1],
    )
)


def linalg_inv_ex(A: Tensor, *, check_errors: bool = False) -> InverseInfo:
    """Inverses of square matrices, and which of them are singular.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
    check_errors : bool
        Whether to raise for a singular matrix.  Otherwise its inverse is NaN.

    Returns
    -------
    named tuple
        inverse, (…, N, N); info, (…) of int32: 0, or the number of the first pivot that is 0.

    Raises
    ------
    ValueError, TypeError
        If the matrices are not square, or not of floats.
    LinAlgError
        If a matrix is singular, and check_errors is true.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.inv_ex(autograd.tensor([[1.0, 2.0], [2.0, 4.0]])).info
    tensor(2, dtype=int32)
    """
    result = InverseInfo(*_linalg_inv_ex_op(A))
    if check_errors:
        raise_if_failed("linalg.inv", result.info, _singular)
    return result


def linalg_inv(A: Tensor) -> Tensor:
    """Inverses of square matrices.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)

    Returns
    -------
    Tensor, (…, N, N)

    Raises
    ------
    LinAlgError
        If a matrix is singular.
    ValueError, TypeError
        If the matrices are not square, or not of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.inv(autograd.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return linalg_inv_ex(A, check_errors=True).inverse


# ── systems of equations ───────────────────────────────────────────────────────────────


def _solution(A: Array, B: Array) -> tuple[Array, Array]:
    A, B = as_batch(A, B)
    try:
        return np.linalg.solve(A, B), np.zeros(A.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        if A.ndim == 2:
            return np.full_like(B, np.nan), np.array(_zero_pivot(A), np.int32)
        return per_matrix(_solution, A, B)  # type: ignore[no-any-return]


def _solution_backward(ctx: Context, g: Tensor, _: None) -> tuple[Gradient, ...]:
    A, X = ctx.saved_tensors
    dB = _linalg_solve_ex_op(transpose(A, -1, -2), g)[0]
    return -(dB @ transpose(X, -1, -2)), dB


def _solve_sample(draw: Draw) -> Sample:
    n, k = draw.size(1, 3), draw.size(0, 2)
    a, b = draw.choice(((), ()), ((1,), (1,)), ((2,), (1,)), ((), (2,)), ((0,), (0,)))
    return Sample((far_from_singular(draw, a, n, n), draw.tensor(*b, n, k)))


def _solve_reference(A: Array, B: Array) -> tuple[Array, Array]:
    inverse, info = _inverse_reference(np.broadcast_to(A, as_batch(A, B)[0].shape))
    return (inverse[..., :, :, None] * B[..., None, :, :]).sum(axis=-2, dtype=A.dtype), info


_linalg_solve_ex_op = register(
    Op(
        name="linalg_solve_ex",
        check=lambda A, B: check_fits_square("linalg.solve", A, B, left=True),
        forward=_solution,
        backward=_solution_backward,
        saves=(0, ~0),
        reference=_solve_reference,
        sample=_solve_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones((2, 1))), {}, ValueError, ("linalg.solve", "square", "(2, 3)")),
            BadSample((np.ones((2, 2)), np.ones((3, 1))), {}, ValueError, ("linalg.solve", "2 and 3", "equal")),
            BadSample((np.ones((2, 2, 2)), np.ones((3, 2, 1))), {}, ValueError, ("linalg.solve", "broadcast")),
            BadSample((np.ones((2, 2)), np.ones((2, 1), np.float32)), {}, TypeError, ("linalg.solve", "one dtype")),
        ],
        kind="matrix",
        broadcasts=True,
        flops=lambda inputs, outputs: 2 * inputs[0].size * inputs[0].shape[-1],
    )
)


def linalg_solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> SolveInfo:
    """Solve A X = B, or X A = B, and tell which matrices are singular.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
    B : Tensor of float, (…, N, K), or (…, N) for one right-hand side
        As for `linalg.solve`.
    left : bool
        False solves X A = B.
    check_errors : bool
        Whether to raise for a singular matrix.  Otherwise X is NaN.

    Returns
    -------
    named tuple
        result, of B's shape, leading dimensions broadcast; info, (…) of int32: 0, or the number of the first pivot that
        is 0.

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.
    LinAlgError
        If a matrix is singular, and check_errors is true.

    Examples
    --------
    >>> import autograd
    >>> X, info = autograd.linalg.solve_ex(autograd.zeros(2, 2), autograd.ones(2))
    >>> X, int(info)
    (tensor([nan, nan]), 1)
    """
    check_arrays("linalg.solve", A=A, B=B)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    B = unsqueeze(B, -1) if vector else B
    if left or vector:
        if not left:
            A = transpose(A, -1, -2)
        X, info = _linalg_solve_ex_op(A, B)
    else:
        check_fits_square("linalg.solve", A, B, left=False)
        X, info = _linalg_solve_ex_op(transpose(A, -1, -2), transpose(B, -1, -2))
        X = transpose(X, -1, -2)
    if check_errors:
        raise_if_failed("linalg.solve", info, _singular)
    return SolveInfo(squeeze(X, -1) if vector else X, info)


def linalg_solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """Solve systems of linear equations, A X = B.

    It is faster and more accurate than `inv(A) @ B`.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
    B : Tensor of float, (…, N, K), or (…, N) for one right-hand side
        A vector (N,), or a B of the shape of A without its last dimension, is one right-hand side for each A.
    left : bool
        False solves X A = B.

    Returns
    -------
    Tensor, of B's shape, leading dimensions broadcast

    Raises
    ------
    LinAlgError
        If a matrix is singular.
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[2.0, 0.0], [1.0, 1.0]])
    >>> autograd.linalg.solve(A, autograd.tensor([2.0, 3.0]))
    tensor([1., 2.])
    """
    return linalg_solve_ex(A, B, left=left, check_errors=True).result


def _check_triangular(A: Array, B: Array, *, upper: bool, left: bool, unitriangular: bool) -> None:
    check_fits_square("linalg.solve_triangular", A, B, left)


def _solve_triangular(A: Array, B: Array, *, upper: bool, left: bool, unitriangular: bool) -> Array:
    if not B.size or not A.size:
        A, B = as_batch(A, B)
        return np.zeros(B.shape, B.dtype)
    trsm = lapack("trsm", A, B)

    def one(A: Array, B: Array) -> Array:
        # BLAS stores by columns, so it reads the rows of an array in C order as Aᵀ
        return np.ascontiguousarray(
            trsm(1.0, A.T, B, side=not left, lower=upper, trans_a=1, diag=unitriangular)
            if A.flags.c_contiguous
            else trsm(1.0, A, B, side=not left, lower=not upper, diag=unitriangular)
        )

    return one(A, B) if A.ndim == B.ndim == 2 else per_matrix(one, A, B)  # type: ignore[no-any-return]


def _triangular_backward(
    ctx: Context, g: Tensor, *, upper: bool, left: bool, unitriangular: bool
) -> tuple[Gradient, ...]:
    A, X = ctx.saved_tensors
    dB = _linalg_solve_triangular_op(transpose(A, -1, -2), g, upper=not upper, left=left, unitriangular=unitriangular)
    if not ctx.needs_input_grad[0]:
        return None, dB
    dA = dB @ transpose(X, -1, -2) if left else transpose(X, -1, -2) @ dB
    return -(triu(dA, int(unitriangular)) if upper else tril(dA, -int(unitriangular))), dB


def _triangular_reference(A: Array, B: Array, *, upper: bool, left: bool, unitriangular: bool) -> Array:
    def one(A: Array, B: Array) -> Array:
        X = np.zeros_like(B)
        for i in reversed(range(len(A))) if upper else range(len(A)):
            known = range(i + 1, len(A)) if upper else range(i)
            rest = B[i] - sum((A[i, j] * X[j] for j in known), np.zeros_like(B[i]))
            X[i] = rest if unitriangular else rest / A[i, i]
        return X

    if left:
        return per_matrix(one, A, B)  # type: ignore[no-any-return]
    upper = not upper
    return np.swapaxes(per_matrix(one, np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2)), -1, -2)


def _triangular_sample(draw: Draw) -> Sample:
    A, B = _solve_sample(draw).inputs
    left = draw.choice(True, False)
    params = {"upper": draw.choice(False, True), "left": left, "unitriangular": draw.choice(False, True)}
    return Sample((A, B if left else np.swapaxes(B, -1, -2).copy()), params)


_linalg_solve_triangular_op = register(
    Op(
        name="linalg_solve_triangular",
        check=_check_triangular,
        forward=_solve_triangular,
        backward=_triangular_backward,
        saves=(0, ~0),
        reference=_triangular_reference,
        sample=_triangular_sample,
        bad_samples=[
            BadSample(
                (np.ones((2, 2)), np.ones((3, 1))),
                {"upper": True, "left": True, "unitriangular": False},
                ValueError,
                ("linalg.solve_triangular", "A X = B", "2 and 3"),
            ),
        ],
        kind="matrix",
        broadcasts=True,
        flops=lambda inputs, X, **params: X.size * inputs[0].shape[-1],
    )
)


def linalg_solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """Solve A X = B for triangular matrices A.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
        Only its upper or lower triangle is read.  A 0 on its diagonal gives inf or NaN.
    B : Tensor of float, (…, N, K); (…, K, N) if not left
    upper : bool
        Whether to read the upper triangle.
    left : bool
        False solves X A = B.
    unitriangular : bool
        Whether the diagonal counts as ones, and is not read.

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
    >>> A = autograd.tensor([[2.0, 1.0], [0.0, 4.0]])
    >>> autograd.linalg.solve_triangular(A, autograd.tensor([[4.0], [8.0]]), upper=True)
    tensor([[1.],
            [2.]])
    """
    return _linalg_solve_triangular_op(A, B, upper=upper, left=left, unitriangular=unitriangular)


def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolution:
    """Solve A X = input for triangular A.  `linalg.solve_triangular` is its successor.

    Parameters
    ----------
    input : Tensor of float, (…, N, K)
    A : Tensor of float, (…, N, N)
        Only one triangle is read.
    upper : bool
        Whether to read the upper triangle, and not the lower one.
    transpose : bool
        Whether to solve Aᵀ X = input.
    unitriangular : bool
        Whether the diagonal counts as ones, and is not read.

    Returns
    -------
    named tuple
        solution, of input's shape, leading dimensions broadcast; cloned_coefficient, a copy of A.

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[2.0, 1.0], [0.0, 4.0]])
    >>> autograd.triangular_solve(autograd.tensor([[4.0], [8.0]]), A).solution
    tensor([[1.],
            [2.]])
    """
    check_square("triangular_solve", A)
    coefficient = A.mT if transpose else A
    X = linalg_solve_triangular(coefficient, input, upper=upper != transpose, unitriangular=unitriangular)
    return TriangularSolution(X, A.clone())


# ── determinants ───────────────────────────────────────────────────────────────────────


def _leibniz(A: Array) -> Array:
    """The sum over all permutations."""

    def one(A: Array) -> Array:
        total = 0.0
        for order in itertools.permutations(range(len(A))):
            odd = sum(order[i] > order[j] for j in range(len(A)) for i in range(j)) % 2
            total += (-1) ** odd * math.prod(float(A[i, j]) for i, j in enumerate(order))
        return np.array(total, A.dtype)

    return per_matrix(one, A)  # type: ignore[no-any-return]


def _cofactors(A: Tensor) -> Tensor:
    """The gradient of det A, also where it is singular."""
    U, S, Vh = linalg_svd(A, full_matrices=False)
    values = [np.asarray(x.array if hasattr(x, "array") else x) for x in (U, Vh)]
    signs = np.sign(np.linalg.det(values[0]) * np.linalg.det(values[1]))[..., None]  # constant near A
    others = signs.astype(values[0].dtype)
    for j, one in enumerate(np.eye(S.shape[-1], dtype=values[0].dtype)):
        others = others * (S[..., j : j + 1] * (1 - one) + one)  # without factor j
    return (U * unsqueeze(others, -2)) @ Vh


def _det_backward(ctx: Context, g: Tensor) -> Gradient:
    A, d = ctx.saved_tensors
    values, size = (np.asarray(x.array if hasattr(x, "array") else x) for x in (A, d))
    g = unsqueeze(unsqueeze(g, -1), -1)
    # by Hadamard's inequality |det A| is at most the product of the rows' lengths
    if (np.abs(size) > 1e-6 * np.linalg.norm(values, axis=-1).prod(axis=-1)).all():
        return g * unsqueeze(unsqueeze(d, -1), -1) * transpose(_linalg_inv_ex_op(A)[0], -1, -2)
    return g * _cofactors(A)


def _slogdet(A: Array) -> tuple[Array, Array]:
    sign, log = np.linalg.slogdet(A)
    return sign, log


def _slogdet_reference(A: Array) -> tuple[Array, Array]:
    d = _leibniz(A)
    with np.errstate(divide="ignore"):
        return np.sign(d), np.log(np.abs(d))


def _slogdet_backward(ctx: Context, _: Tensor, g: Tensor) -> Gradient:
    return unsqueeze(unsqueeze(g, -1), -1) * transpose(_linalg_inv_ex_op(ctx.saved_tensors[0])[0], -1, -2)


_linalg_det_op = register(
    Op(
        name="linalg_det",
        check=lambda A: check_square("linalg.det", A),
        forward=np.linalg.det,
        backward=_det_backward,
        saves=(0, ~0),
        reference=_leibniz,
        sample=_square_sample,
        bad_samples=_not_square("linalg.det"),
        kind="matrix",
        flops=lambda inputs, d: inputs[0].size * inputs[0].shape[-1],
    )
)

_linalg_slogdet_op = register(
    Op(
        name="linalg_slogdet",
        check=lambda A: check_square("linalg.slogdet", A),
        forward=_slogdet,
        backward=_slogdet_backward,
        saves=(0,),
        reference=_slogdet_reference,
        sample=_square_sample,
        bad_samples=_not_square("linalg.slogdet"),
        kind="matrix",
        flops=lambda inputs, outputs: inputs[0].size * inputs[0].shape[-1],
    )
)


def linalg_det(A: Tensor) -> Tensor:
    """Determinants of square matrices.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)

    Returns
    -------
    Tensor, (…)

    Raises
    ------
    ValueError, TypeError
        If the matrices are not square, or not of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.det(autograd.tensor([[2.0, 1.0], [0.0, 3.0]]))
    tensor(6.)
    """
    return _linalg_det_op(A)


def linalg_slogdet(A: Tensor) -> SignAndLog:
    """Signs of determinants, and logarithms of their absolute values, which do not overflow.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)

    Returns
    -------
    named tuple
        sign, (…): -1, 0 or 1, without gradient; logabsdet, (…): -inf for a singular matrix.

    Raises
    ------
    ValueError, TypeError
        If the matrices are not square, or not of floats.

    Examples
    --------
    The determinant is -1e60, which float32 cannot hold:

    >>> import autograd
    >>> autograd.linalg.slogdet(autograd.tensor([[0.0, 1e30], [1e30, 0.0]]))
    SignAndLog(sign=tensor(-1.), logabsdet=tensor(138.1551))
    """
    return SignAndLog(*_linalg_slogdet_op(A))


def logdet(input: Tensor) -> Tensor:
    """Logarithms of determinants of square matrices: NaN where the determinant is negative.

    Parameters
    ----------
    input : Tensor of float, (…, N, N)

    Returns
    -------
    Tensor, (…)
        -inf for a singular matrix.

    Raises
    ------
    ValueError, TypeError
        If the matrices are not square, or not of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.logdet(autograd.tensor([[[2.0, 0.0], [0.0, 3.0]], [[0.0, 1.0], [1.0, 0.0]]]))
    tensor([1.7918,    nan])
    """
    sign, log = linalg_slogdet(input)
    return where(sign < 0, np.nan, log)


# ── systems of tensors ─────────────────────────────────────────────────────────────────


def linalg_tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """Inverse of a tensor as a map from its last dimensions to its first `ind`.

    tensordot(tensorinv(A, ind), B, ind) is the X of `linalg.tensorsolve(A, B)`, for B of `ind` dimensions.

    Parameters
    ----------
    A : Tensor of float, of more than ind dimensions
        The product of its first `ind` sizes must equal that of the others.
    ind : int
        At least 1.

    Returns
    -------
    Tensor, of shape A.shape[ind:] + A.shape[:ind]

    Raises
    ------
    ValueError, TypeError
        If the products of sizes differ, ind is below 1, or A is not of floats.
    LinAlgError
        If there is no inverse.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.eye(6).reshape(2, 3, 6)
    >>> autograd.linalg.tensorinv(A, ind=2).shape
    (6, 2, 3)
    """
    check_arrays("linalg.tensorinv", A=A)
    check_float("linalg.tensorinv", A)
    shape = tuple(A.shape)
    if not isinstance(ind, int) or ind <= 0:
        raise ValueError(f"linalg.tensorinv: ind is {ind!r}; expects a whole number of at least 1")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise ValueError(
            f"linalg.tensorinv: shape {shape} with ind {ind} is a matrix of {rows} × {columns}; it must be square"
        )
    return reshape(linalg_inv(reshape(A, (rows, columns))), shape[ind:] + shape[:ind])


def linalg_tensorsolve(A: Tensor, B: Tensor, dims: Dims = None) -> Tensor:
    """Solve tensordot(A, X, X.ndim) = B.

    Parameters
    ----------
    A : Tensor of float, of shape B.shape + X.shape
        The product of X's sizes is the number of B's elements.
    B : Tensor of float, any shape
    dims : tuple of int, optional
        Dimensions of A that are moved to its end first.

    Returns
    -------
    Tensor, of shape A.shape[B.ndim:]

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.
    LinAlgError
        If there is no solution.

    Examples
    --------
    >>> import autograd
    >>> A = 2 * autograd.eye(6).reshape(2, 3, 6)
    >>> autograd.linalg.tensorsolve(A, autograd.ones(2, 3))
    tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000])
    """
    check_arrays("linalg.tensorsolve", A=A, B=B)
    if dims is not None:
        dims = (dims,) if isinstance(dims, int) else tuple(dims)
        A = movedim(A, dims, tuple(range(A.ndim - len(dims), A.ndim)))
    shape = tuple(A.shape)
    rows, columns = math.prod(B.shape), math.prod(shape[B.ndim :])
    if rows != columns or math.prod(shape[: B.ndim]) != rows:
        raise ValueError(
            f"linalg.tensorsolve: shapes {shape} of A and {tuple(B.shape)} of B do not fit: the product of A's last "
            f"{A.ndim - B.ndim} sizes must be {rows}, the number of elements of B"
        )
    return reshape(linalg_solve(reshape(A, (rows, columns)), reshape(B, (rows,))), shape[B.ndim :])


# ── products ───────────────────────────────────────────────────────────────────────────


def linalg_matrix_power(A: Tensor, n: int) -> Tensor:
    """The n-th powers of square matrices, by repeated squaring; for n < 0 those of the inverse.

    Parameters
    ----------
    A : Tensor of float, (…, N, N)
    n : int
        0 gives the identity.

    Returns
    -------
    Tensor, (…, N, N)

    Raises
    ------
    ValueError, TypeError
        If the matrices are not square or not of floats, or n is no whole number.
    LinAlgError
        If n < 0, and a matrix is singular.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.matrix_power(autograd.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    check_square("linalg.matrix_power", A)
    if not isinstance(n, int | np.integer):
        raise TypeError(f"linalg.matrix_power: n is {n!r}; expects a whole number")
    if n < 0:
        A, n = linalg_inv(A), -n
    result: Any = None
    while n:
        if n & 1:
            result = A if result is None else matmul(result, A)
        n >>= 1
        if n:
            A = matmul(A, A)
    return A * 0 + identity(A.shape[-1], A.shape[-1], A.dtype) if result is None else result


def linalg_multi_dot(tensors: list[Tensor] | tuple[Tensor, ...]) -> Tensor:
    """The product of two or more matrices, in the order of multiplications that takes the fewest operations.

    Parameters
    ----------
    tensors : sequence of Tensor, (I, J), (J, K) …
        The first and the last may be vectors.

    Returns
    -------
    Tensor, (first size, last size)
        Without the first dimension if the first is a vector, without the last if the last is one.

    Raises
    ------
    TypeError
        If tensors is no list or tuple of tensors.
    ValueError
        If there are fewer than two, or shapes do not fit.

    References
    ----------
    Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", matrix-chain multiplication.

    Examples
    --------
    >>> import autograd
    >>> A, x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), autograd.tensor([1.0, 1.0])
    >>> autograd.linalg.multi_dot([A, A, x])
    tensor([17., 37.])
    """
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"linalg.multi_dot: expects a list of tensors, got {full_name(tensors)}")
    chain = list(tensors)
    check_arrays("linalg.multi_dot", **{f"tensor {i}": x for i, x in enumerate(chain)})
    shapes = [tuple(x.shape) for x in chain]
    if len(chain) < 2:
        raise ValueError(f"linalg.multi_dot: expects at least 2 tensors, got {len(chain)}")
    inner, ends = shapes[1:-1], (shapes[0], shapes[-1])
    if any(len(shape) != 2 for shape in inner) or any(len(shape) not in (1, 2) for shape in ends):
        raise ValueError(f"linalg.multi_dot: expects matrices, the first and the last may be vectors, got {shapes}")
    row, column = len(shapes[0]) == 1, len(shapes[-1]) == 1
    if row:
        chain[0] = unsqueeze(chain[0], 0)
    if column:
        chain[-1] = unsqueeze(chain[-1], 1)
    sizes = [chain[0].shape[0], *(x.shape[1] for x in chain)]
    if any(x.shape[0] != size for x, size in zip(chain, sizes)):
        raise ValueError(f"linalg.multi_dot: shapes {shapes} do not fit: each must begin with the last size before it")
    n = len(chain)
    cost: dict[tuple[int, int], int] = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            prices = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            cut[i, j] = min(prices, key=lambda k: prices[k])
            cost[i, j] = prices[cut[i, j]]

    def product(i: int, j: int) -> Tensor:
        return chain[i] if i == j else matmul(product(i, cut[i, j]), product(cut[i, j] + 1, j))

    result = product(0, n - 1)
    result = squeeze(result, -1) if column else result
    return squeeze(result, 0) if row else result


def linalg_vander(x: Tensor, N: int | None = None) -> Tensor:
    """Vandermonde matrices: y[…, i, j] = x[…, i] to the power j, for j < N.

    Parameters
    ----------
    x : Tensor, (…, M)
    N : int, optional
        Number of columns, at least 2.  Default: M.

    Returns
    -------
    Tensor, (…, M, N); of int64 for integers

    Raises
    ------
    ValueError, TypeError
        If there would be fewer than 2 columns, or N is no whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.vander(autograd.tensor([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    check_arrays("linalg.vander", x=x)
    x = unsqueeze(x, 0) if x.ndim == 0 else x
    if x.dtype.kind not in "fc":
        x = x.to(np.dtype(np.int64))
    columns = x.shape[-1] if N is None else N
    if not isinstance(columns, int | np.integer):
        raise TypeError(f"linalg.vander: N is {N!r}; expects a whole number")
    if columns < 2:
        raise ValueError(f"linalg.vander: N is {columns}; a Vandermonde matrix has at least 2 columns")
    return unsqueeze(x, -1) ** engine.wrap(np.arange(columns))


def linalg_vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Dot products of vectors along a dimension: the sum of x y.

    Parameters
    ----------
    x, y : Tensor of float, any shapes that broadcast
    dim : int
        The dimension of the vectors, in the broadcast shape.

    Returns
    -------
    Tensor, of the broadcast shape without `dim`

    Raises
    ------
    TypeError
        If x or y is not a float tensor.
    ValueError, IndexError
        If shapes do not broadcast, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> autograd.linalg.vecdot(x, autograd.tensor([10.0, 1.0]))
    tensor([12., 34.])
    """
    check_arrays("linalg.vecdot", x=x, y=y)
    check_float("linalg.vecdot", x)
    check_float("linalg.vecdot", y)
    return (x * y).sum(dim)


# ── from Cholesky factors ──────────────────────────────────────────────────────────────


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """Solve A X = B, given the Cholesky factor of A.

    Parameters
    ----------
    B : Tensor of float, (…, N, K)
    L : Tensor of float, (…, N, N)
        A = L Lᵀ; A = Lᵀ L if upper.
    upper : bool
        Whether L is an upper triangle.  The other triangle is not read.

    Returns
    -------
    Tensor, (…, N, K)

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[4.0, 2.0], [2.0, 5.0]])
    >>> autograd.cholesky_solve(autograd.tensor([[8.0], [12.0]]), autograd.linalg.cholesky(A))
    tensor([[1.],
            [2.]])
    """
    check_fits_square("cholesky_solve", L, B, left=True)
    lower = L.mT if upper else L
    # as in PyTorch, the other triangle is not read, and yet has a gradient: that of a full factor
    lower = lower + (np.tril(lower.array) - lower.array)
    return linalg_solve_ex(lower.mT, linalg_solve_ex(lower, B).result).result


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """Inverses of matrices A, given their Cholesky factors L.

    Parameters
    ----------
    L : Tensor of float, (…, N, N)
        A = L Lᵀ; A = Lᵀ L if upper.
    upper : bool
        Whether L is an upper triangle.  The other triangle is not read.

    Returns
    -------
    Tensor, (…, N, N)

    Raises
    ------
    ValueError, TypeError
        If the matrices are not square, or not of floats.

    Examples
    --------
    >>> import autograd
    >>> autograd.cholesky_inverse(autograd.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.2500, 0.0000],
            [0.0000, 0.0625]])
    """
    check_square("cholesky_inverse", L)
    return cholesky_solve(L * 0 + identity(L.shape[-1], L.shape[-1], L.dtype), L, upper)
