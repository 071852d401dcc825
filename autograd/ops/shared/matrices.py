"""What the functions of matrices share: checks, loops over batches, and samples that are far from singular."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.ops.shared.checks import check_float
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class LinAlgError(RuntimeError):
    """A matrix has no result: it is singular, not positive-definite, or holds NaN, so that an iteration fails.

    Examples
    --------
    >>> import autograd
    >>> try:
    ...     autograd.linalg.inv(autograd.zeros(2, 2))
    ... except autograd.linalg.LinAlgError as error:
    ...     print(type(error).__name__)
    LinAlgError
    """


def check_matrix(name: str, A: Any, what: str = "A") -> None:
    """Raise unless A is one matrix or a batch of them, (…, M, N), of float32 or float64."""
    check_arrays(name, **{what: A})
    if A.ndim < 2:
        raise ValueError(f"{name}: expects matrices {what} of shape (…, M, N), got shape {tuple(A.shape)}")
    check_float(name, A)


def check_square(name: str, A: Any, what: str = "A") -> None:
    """Raise unless A is a square matrix or a batch of them, (…, N, N)."""
    check_matrix(name, A, what)
    if A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{name}: expects square matrices {what} of shape (…, N, N), got shape {tuple(A.shape)}")


def check_same_dtype(name: str, **inputs: Any) -> None:
    """Raise unless all inputs have one dtype."""
    if len({x.dtype for x in inputs.values()}) > 1:
        found = " and ".join(f"{what} {x.dtype}" for what, x in inputs.items())
        raise TypeError(f"{name}: expects one dtype, got {found}; convert with .to(dtype)")


def check_fits_square(name: str, A: Any, B: Any, left: bool) -> None:
    """Raise unless A X = B, or X A = B if not left, fits: a square A, a matrix B, leading dimensions that broadcast."""
    check_square(name, A)
    check_matrix(name, B, "B")
    check_same_dtype(name, A=A, B=B)
    equation, dim = ("A X = B", -2) if left else ("X A = B", -1)
    if A.shape[-1] != B.shape[dim]:
        raise ValueError(
            f"{name}: for {equation}, shapes {tuple(A.shape)} of A and {tuple(B.shape)} of B do not fit: "
            f"{A.shape[-1]} and {B.shape[dim]} must be equal"
        )
    lead_of(name, A, B)


def lead_of(name: str, *matrices: Any) -> Shape:
    """The common leading dimensions of batches of matrices.  Raises ValueError if they do not broadcast."""
    try:
        return np.broadcast_shapes(*(tuple(x.shape[:-2]) for x in matrices))
    except ValueError:
        shapes = " and ".join(str(tuple(x.shape)) for x in matrices)
        raise ValueError(f"{name}: the leading dimensions of shapes {shapes} do not broadcast") from None


def as_batch(*matrices: Array) -> list[Array]:
    """The matrices with their leading dimensions broadcast."""
    lead = np.broadcast_shapes(*(x.shape[:-2] for x in matrices))
    return [x if x.shape[:-2] == lead else np.broadcast_to(x, lead + x.shape[-2:]) for x in matrices]


def per_matrix(function: Callable[..., Any], *matrices: Array) -> Any:
    """The results of function(matrix, …) for each matrix of the batch, stacked.  Tuples stay tuples."""
    matrices = tuple(as_batch(*matrices))
    lead = matrices[0].shape[:-2]
    # an empty batch takes the shapes of its results from the identity
    indices = list(np.ndindex(*lead)) if math.prod(lead) else []
    calls = [tuple(x[index] for x in matrices) for index in indices] or [
        tuple(np.eye(*x.shape[-2:], dtype=x.dtype) for x in matrices)
    ]
    results = [function(*call) for call in calls]
    several = isinstance(results[0], tuple)
    columns = list(zip(*results)) if several else [results]
    stacked = []
    for column in columns:
        first = np.asarray(column[0])
        stacked.append(np.array(column if indices else [], first.dtype).reshape(lead + first.shape))
    return tuple(stacked) if several else stacked[0]


def lapack(name: str, *arrays: Array) -> Callable[..., Any]:
    """SciPy's binding of a routine of LAPACK or BLAS, such as getrf, for the dtype of the arrays."""
    from scipy.linalg import get_blas_funcs, get_lapack_funcs

    routine: Callable[..., Any] = (get_blas_funcs if name in ("trsm",) else get_lapack_funcs)(name, arrays)
    return routine


def raise_if_failed(name: str, info: Any, problem: Callable[[int], str]) -> None:
    """Raise LinAlgError for the first matrix of the batch whose `info` is not 0."""
    failed = np.argwhere(info.array != 0)
    if len(failed):
        index = tuple(int(i) for i in failed[0])
        which = f"matrix {list(index)} of the batch" if index else "the matrix"
        raise LinAlgError(f"{name}: {which} {problem(int(info.array[index]))}")


def positive_signs(vectors: Array) -> Array:
    """For each column of (…, M, N), the sign of its element of the largest magnitude: (…, 1, N) of -1 and 1."""
    if not vectors.shape[-2]:
        return np.ones((*vectors.shape[:-2], 1, vectors.shape[-1]), vectors.dtype)
    place = np.abs(vectors).argmax(axis=-2, keepdims=True)
    return np.where(np.take_along_axis(vectors, place, -2) < 0, -1, 1).astype(vectors.dtype)


def symmetric(name: str, A: Tensor, upper: bool = False) -> Tensor:
    """A with values mirrored from one triangle.  The gradient passes unchanged, so that it is symmetric as well.

    For a symmetric matrix this is A itself.
    """
    check_square(name, A)
    x = np.asarray(A.array if hasattr(A, "array") else A)
    half = np.triu(x) if upper else np.tril(x)
    mirrored = half + np.swapaxes(np.triu(x, 1) if upper else np.tril(x, -1), -1, -2)
    return A if np.array_equal(mirrored, x) else A + (mirrored - x)


def identity(n: int, m: int, dtype: np.dtype) -> Any:
    """The identity matrix, (n, m), as an array: a constant in arithmetic of tensors and of arrays."""
    return np.eye(n, m, dtype=dtype)


# ── samples ────────────────────────────────────────────────────────────────────────────


def batch_shape(draw: Draw) -> Shape:
    """The leading dimensions of a sample: none, one matrix, two, or an empty batch."""
    shape: Shape = draw.choice((), (1,), (2,), (0,))
    return shape


def far_from_singular(draw: Draw, lead: Shape, m: int, n: int) -> Array:
    """Matrices (…, m, n) whose singular values are distinct and at least 1: 4, 8, 12 … on the diagonal."""
    x = draw.tensor(*lead, m, n, low=-1, high=1)
    for i in range(min(m, n)):
        x[..., i, i] += 4 * (i + 1)
    return x
