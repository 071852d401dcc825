"""Calls of the functions of matrices that are in torch itself.

Those of torch.linalg are compared on the samples of PyTorch's op_db: see test_op_db.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.with_torch.calls import call, constant

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def matrix(draw: Any, m: int, n: int) -> np.ndarray:
    """A matrix, or a batch of two, far from singular."""
    x: np.ndarray = draw.tensor(*draw.choice((), (2,)), m, n, low=-1, high=1)
    for i in range(min(m, n)):
        x[..., i, i] += 4 * (i + 1)
    return x


def square(draw: Any) -> np.ndarray:
    n = draw.size(1, 3)
    return matrix(draw, n, n)


def any_shape(draw: Any) -> np.ndarray:
    return matrix(draw, draw.size(1, 3), draw.size(1, 3))


def definite(draw: Any) -> np.ndarray:
    x = square(draw)
    return x @ np.swapaxes(x, -1, -2)


def lower(draw: Any) -> np.ndarray:
    return np.tril(square(draw))


def right(draw: Any, A: np.ndarray) -> np.ndarray:
    return draw.tensor(*A.shape[:-1], draw.size(1, 2))  # type: ignore[no-any-return]


def both(name: str, generate: Callable[[Any], Arguments], method: bool = True) -> None:
    call(name, where="torch")(generate)
    if method:
        call(name, where="method")(generate)


for name in ("det", "inverse", "logdet", "slogdet", "matrix_exp"):
    both(name, lambda draw: ((square(draw) / 4,), {}))
both("cholesky", lambda draw: ((definite(draw),), draw.choice({}, {"upper": True})))
both("cholesky_inverse", lambda draw: ((lower(draw),), draw.choice({}, {"upper": False})))
both("pinverse", lambda draw: ((any_shape(draw),), draw.choice({}, {"rcond": 1e-10})))
both("qr", lambda draw: ((square(draw),), draw.choice({}, {"some": True}, {"some": False})))
both("matrix_power", lambda draw: ((square(draw), draw.choice(0, 1, 2, 5, -1, -3)), {}))
both("geqrf", lambda draw: ((constant(any_shape(draw)),), {}))


def _cholesky_solve(draw: Any) -> Arguments:
    L = lower(draw)
    return (right(draw, L), L), draw.choice({}, {"upper": False})


both("cholesky_solve", _cholesky_solve)


def _triangular_solve(draw: Any) -> Arguments:
    A = square(draw)
    options = {"upper": draw.choice(True, False), "transpose": draw.choice(False, True), "unitriangular": False}
    return (right(draw, A), A), options


both("triangular_solve", _triangular_solve)


def _reflectors(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    n = draw.size(1, 3)
    A = matrix(draw, n + draw.size(0, 1), n) / 4
    return A, draw.tensor(*A.shape[:-2], n, low=-0.9, high=-0.1)  # PyTorch's gradient is NaN where tau |v|² = 1


both("orgqr", lambda draw: (_reflectors(draw), {}))


def _ormqr(draw: Any) -> Arguments:
    A, tau = _reflectors(draw)
    left = draw.choice(True, False)
    other = draw.tensor(*A.shape[:-2], A.shape[-2], 2)
    return (A, tau, other if left else np.swapaxes(other, -1, -2).copy()), {
        "left": left,
        "transpose": draw.choice(False, True),
    }


both("ormqr", _ormqr)


def _factored(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    from scipy.linalg import lu_factor

    A = square(draw)
    LU, pivots = lu_factor(A if A.ndim == 2 else A[0])
    return LU, np.asarray(pivots + 1, np.int32)


both("lu", lambda draw: ((any_shape(draw),), draw.choice({}, {"pivot": True, "get_infos": True})))


def _lu_solve(draw: Any) -> Arguments:
    LU, pivots = _factored(draw)
    return (right(draw, LU), LU, pivots), {}


both("lu_solve", _lu_solve)
call("lu_unpack", where="torch")(
    lambda draw: (_factored(draw), draw.choice({}, {"unpack_data": True, "unpack_pivots": True}))
)


def _svd(draw: Any) -> Arguments:
    # only the singular values are unique; PyTorch has them alone with compute_uv=False
    return (constant(any_shape(draw)),), {"some": True, "compute_uv": False}


both("svd", _svd)


def _low_rank(draw: Any) -> Arguments:
    return (constant(np.zeros((2, 3))),), {"q": 0, "niter": 1}


call("svd_lowrank", where="torch")(lambda draw: (_low_rank(draw)[0], {**_low_rank(draw)[1], "M": np.zeros((2, 3))}))
call("pca_lowrank", where="torch")(lambda draw: (_low_rank(draw)[0], {**_low_rank(draw)[1], "center": True}))
