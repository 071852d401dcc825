"""Functions of matrices that are composed of rows, second gradients of compositions, and singular matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, linalg
from autograd.ops.shared.matrices import positive_signs


def matrices(*shape: int, seed: int = 0) -> Tensor:
    """Matrices with singular values of at least 1, float64, that require grad."""
    x = np.random.default_rng(seed).uniform(-1, 1, shape)
    for i in range(min(shape[-2:])):
        x[..., i, i] += 4 * (i + 1)
    return autograd.tensor(x, requires_grad=True)


def vectors(*shape: int, seed: int = 1) -> Tensor:
    return autograd.tensor(np.random.default_rng(seed).uniform(-1, 1, shape), requires_grad=True)


def _multiplied(a: Tensor) -> Tensor:
    P, L, U = linalg.lu(a)
    return P @ L @ U


A, TALL, WIDE, B = matrices(2, 3, 3), matrices(2, 3, 2), matrices(2, 2, 3), vectors(2, 3, 2)
NUMPY: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Tensor, ...]]] = {
    "inv": (linalg.inv, np.linalg.inv, (A,)),
    "solve": (linalg.solve, np.linalg.solve, (A, B)),
    "solve vector": (linalg.solve, lambda a, b: np.linalg.solve(a, b[..., None])[..., 0], (A, B[..., 0].detach())),
    "solve right": (
        lambda a, b: linalg.solve(a, b.mT, left=False),
        lambda a, b: np.swapaxes(b, -1, -2) @ np.linalg.inv(a),
        (A, B),
    ),
    "det": (linalg.det, np.linalg.det, (A,)),
    "logdet": (autograd.logdet, lambda a: np.log(np.linalg.det(a)), (A,)),
    "cholesky": (lambda a: linalg.cholesky(a @ a.mT), lambda a: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2)), (A,)),
    "cholesky upper": (
        lambda a: linalg.cholesky(a @ a.mT, upper=True).mT,
        lambda a: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2)),
        (A,),
    ),
    "eigvalsh": (
        lambda a: linalg.eigvalsh(a @ a.mT),
        lambda a: np.linalg.eigvalsh(a @ np.swapaxes(a, -1, -2)),
        (A,),
    ),
    "svdvals": (linalg.svdvals, lambda a: np.linalg.svd(a, compute_uv=False), (TALL,)),
    "pinv": (linalg.pinv, np.linalg.pinv, (WIDE,)),
    "lstsq": (lambda a, b: linalg.lstsq(a, b).solution, lambda a, b: np.linalg.pinv(a) @ b, (TALL, B)),
    "matrix_power": (lambda a: linalg.matrix_power(a, 5), lambda a: np.linalg.matrix_power(a, 5), (A,)),
    "matrix_power of the inverse": (
        lambda a: linalg.matrix_power(a, -3),
        lambda a: np.linalg.matrix_power(a, -3),
        (A,),
    ),
    "multi_dot": (
        lambda a, b: linalg.multi_dot([a[0], a[1], b[0], b[1].mT]),
        lambda a, b: np.linalg.multi_dot([a[0], a[1], b[0], b[1].T]),
        (A, B),
    ),
    "cond": (linalg.cond, np.linalg.cond, (A,)),
    "cond 1": (lambda a: linalg.cond(a, 1), lambda a: np.linalg.cond(a, 1), (A,)),
    "nuclear norm": (
        lambda a: linalg.matrix_norm(a, "nuc"),
        lambda a: np.linalg.norm(a, "nuc", axis=(-2, -1)),
        (TALL,),
    ),
    "spectral norm": (
        lambda a: linalg.norm(a, 2, dim=(-2, -1)),
        lambda a: np.linalg.norm(a, 2, axis=(-2, -1)),
        (TALL,),
    ),
    "vander": (linalg.vander, lambda x: np.vander(x, increasing=True), (vectors(3),)),
    "qr": (lambda a: linalg.qr(a).R, lambda a: np.linalg.qr(a)[1], (TALL,)),
    "lu": (_multiplied, lambda a: a, (WIDE,)),
    "householder": (
        lambda a, tau: linalg.householder_product(a, tau),
        lambda a, tau: np.stack([_product(x, t) for x, t in zip(a, tau)]),
        (TALL, vectors(2, 2)),
    ),
}


def _product(A: np.ndarray, tau: np.ndarray) -> np.ndarray:
    Q = np.eye(len(A))
    for i, t in enumerate(tau):
        v = np.where(np.arange(len(A)) > i, A[:, i], np.arange(len(A)) == i)
        Q = Q @ (np.eye(len(A)) - t * np.outer(v, v))
    return Q[:, : A.shape[1]]


@pytest.mark.parametrize("name", NUMPY)
def test_values_and_both_gradients(name: str) -> None:
    ours, theirs, inputs = NUMPY[name]
    expected = theirs(*(np.asarray(x.detach()) for x in inputs))
    np.testing.assert_allclose(np.asarray(ours(*inputs).detach()), expected, rtol=1e-10, atol=1e-12)
    leaves = [x.detach().requires_grad_() for x in inputs]
    assert autograd.gradcheck(ours, leaves, eps=1e-6, atol=1e-7, rtol=1e-5)
    assert autograd.gradgradcheck(ours, leaves, eps=1e-6, atol=1e-5, rtol=1e-4)


def test_the_determinant_of_a_singular_matrix_has_the_cofactors_as_its_gradient() -> None:
    for x, cofactors in (
        ([[1.0, 2.0], [2.0, 4.0]], [[4.0, -2.0], [-2.0, 1.0]]),
        ([[0.0, 0.0], [0.0, 3.0]], [[3.0, 0.0], [0.0, 0.0]]),
        ([[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
    ):
        leaf = autograd.tensor(x, dtype=autograd.float64, requires_grad=True)
        linalg.det(leaf).backward()
        assert leaf.grad is not None
        np.testing.assert_allclose(leaf.grad.numpy(), cofactors, atol=1e-12)
    leaf = autograd.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=autograd.float64, requires_grad=True)
    assert autograd.gradgradcheck(linalg.det, [leaf])


def test_singular_matrices_are_named() -> None:
    batch = autograd.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 4.0]]])
    for call in (linalg.inv, lambda a: linalg.solve(a, a[..., 0])):
        with pytest.raises(linalg.LinAlgError, match=r"matrix \[1\] of the batch is singular: pivot 2"):
            call(batch)
    with pytest.raises(linalg.LinAlgError, match=r"the matrix is not positive-definite: its leading minor of order 2"):
        linalg.cholesky(autograd.tensor([[1.0, 2.0], [2.0, 1.0]]))
    for info, result in (linalg.inv_ex(batch)[::-1], linalg.solve_ex(batch, batch)[::-1]):
        assert info.tolist() == [0, 2] and info.dtype == autograd.int32
        assert np.isnan(result.numpy()[1]).all() and np.isfinite(result.numpy()[0]).all()
    assert linalg.cholesky_ex(autograd.tensor([[1.0, 2.0], [2.0, 1.0]])).info.item() == 2
    assert issubclass(linalg.LinAlgError, RuntimeError)


def test_vectors_have_one_sign_on_every_machine() -> None:
    U = linalg.svd(A.detach()).U.numpy()
    V = linalg.eigh(A.detach() @ A.detach().mT).eigenvectors.numpy()
    assert (positive_signs(U) == 1).all() and (positive_signs(V) == 1).all()
    assert np.take_along_axis(U, np.abs(U).argmax(axis=-2, keepdims=True), -2).min() > 0


def test_equal_singular_values_keep_gradients_that_are_defined() -> None:
    one = autograd.eye(3, dtype=autograd.float64).requires_grad_()
    linalg.svdvals(one).sum().backward()
    linalg.eigvalsh(one).sum().backward()
    linalg.pinv(one).sum().backward()
    assert one.grad is not None and np.isfinite(one.grad.numpy()).all()


def test_one_triangle_is_read() -> None:
    full = autograd.tensor([[4.0, 2.0], [2.0, 5.0]])
    low, up = autograd.tensor([[4.0, 9.0], [2.0, 5.0]]), autograd.tensor([[4.0, 2.0], [9.0, 5.0]])
    assert linalg.cholesky(low).tolist() == linalg.cholesky(full).tolist()
    assert linalg.cholesky(up, upper=True).tolist() == linalg.cholesky(full).mT.tolist()
    assert linalg.eigvalsh(low).tolist() == linalg.eigvalsh(up, UPLO="U").tolist() == linalg.eigvalsh(full).tolist()


def test_low_rank_approximations() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 3)) @ rng.standard_normal((3, 12))
    autograd.manual_seed(0)
    for a in (x, x.T):
        U, S, V = autograd.svd_lowrank(autograd.tensor(a), q=4)
        np.testing.assert_allclose((U * S.unsqueeze(-2) @ V.mT).numpy(), a, atol=1e-9)
    U, S, V = autograd.pca_lowrank(autograd.tensor(x), q=4)
    np.testing.assert_allclose((U * S.unsqueeze(-2) @ V.mT).numpy(), x - x.mean(axis=0), atol=1e-9)


SENTENCES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: linalg.inv(autograd.ones(2, 3)), ValueError, "square matrices"),
    (lambda: linalg.inv(autograd.ones(2, 2, dtype=autograd.int64)), TypeError, "int64"),
    (lambda: linalg.inv([[1.0]]), TypeError, "list"),  # type: ignore[arg-type]
    (lambda: linalg.solve(autograd.eye(2), autograd.ones(3, 1)), ValueError, "2 and 3 must be equal"),
    (lambda: linalg.qr(autograd.eye(2), mode="full"), ValueError, "mode"),
    (lambda: linalg.eigh(autograd.eye(2), UPLO="X"), ValueError, "UPLO"),
    (lambda: linalg.svd(autograd.eye(2), driver="gesvd"), ValueError, "driver"),  # type: ignore[arg-type]
    (lambda: linalg.lu(autograd.eye(2), pivot=False), RuntimeError, "pivot"),
    (lambda: linalg.matrix_norm(autograd.eye(2), 3), ValueError, "ord is 3"),
    (lambda: linalg.norm(autograd.ones(2, 2, 2), 2), ValueError, "give dim"),
    (lambda: linalg.multi_dot([autograd.eye(2)]), ValueError, "at least 2"),
    (lambda: linalg.multi_dot([autograd.eye(2), autograd.eye(3)]), ValueError, "do not fit"),
    (lambda: linalg.tensorinv(autograd.ones(2, 3), 1), ValueError, "square"),
    (lambda: linalg.tensorsolve(autograd.ones(2, 3), autograd.ones(2)), ValueError, "do not fit"),
    (lambda: linalg.matrix_power(autograd.eye(2), 1.5), TypeError, "whole number"),  # type: ignore[arg-type]
    (lambda: linalg.vander(autograd.ones(3), 1), ValueError, "at least 2 columns"),
    (lambda: linalg.vander(autograd.ones(3), 2.5), TypeError, "N is 2.5"),  # type: ignore[arg-type]
    (lambda: linalg.lstsq(autograd.ones(3, 2), autograd.ones(2, 1)), ValueError, "3 and 2 must be equal"),
    (lambda: linalg.lstsq(autograd.ones(3, 2), autograd.ones(3, 1), driver="x"), ValueError, "driver"),
    (lambda: linalg.householder_product(autograd.ones(2, 3), autograd.ones(2)), ValueError, "as many rows"),
    (lambda: linalg.svd(autograd.tensor([[np.nan]])), linalg.LinAlgError, "NaN"),
    (lambda: autograd.lu_unpack(autograd.eye(2), autograd.ones(2)), TypeError, "int32"),
    (lambda: autograd.lu_unpack(autograd.eye(2), autograd.tensor([3, 1]).int()), RuntimeError, "1 to 3.*1 to 2"),
    (lambda: autograd.lu_unpack(autograd.eye(2), autograd.tensor([0, 1]).int()), RuntimeError, "0 to 1.*1 to 2"),
    (lambda: autograd.norm(autograd.ones(2), "bad"), ValueError, "nuc"),
]


@pytest.mark.parametrize(("call", "error", "words"), SENTENCES)
def test_a_sentence(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_backward_of_a_complete_q_says_what_to_use() -> None:
    x = matrices(3, 2)
    with pytest.raises(RuntimeError, match="reduced"):
        linalg.qr(x, mode="complete").Q.sum().backward()
