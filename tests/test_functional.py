"""Jacobians, Hessians and their products, compared with derivatives computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, tensor
from autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp

F64 = autograd.float64
A = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=F64)
X = tensor([1.0, -2.0, 0.5], dtype=F64)
V = tensor([0.3, -1.0, 2.0], dtype=F64)
U = tensor([2.0, -1.0], dtype=F64)


def cubes(x: Tensor) -> Tensor:
    """A function whose Hessian has 6 x on the diagonal and a mixed term."""
    return (x * x * x).sum() + x[0] * x[1] ** 2


CUBES_HESSIAN = np.array([[6 * 1.0, 2 * -2.0, 0], [2 * -2.0, 6 * -2.0 + 2 * 1.0, 0], [0, 0, 6 * 0.5]])


def test_a_linear_map_is_its_jacobian() -> None:
    found = jacobian(lambda x: A @ x, X)
    assert np.array_equal(found.array, A.array) and not found.requires_grad
    y, pushed = jvp(lambda x: A @ x, X, V)
    np.testing.assert_allclose(pushed.array, A.array @ V.array)
    np.testing.assert_allclose(y.array, A.array @ X.array)
    y, pulled = vjp(lambda x: A @ x, X, U)
    np.testing.assert_allclose(pulled.array, U.array @ A.array)
    np.testing.assert_allclose(y.array, A.array @ X.array)


def test_products_are_products_with_the_jacobian() -> None:
    def f(x: Tensor) -> Tensor:
        return (A @ x).exp() * x[:2]

    J = jacobian(f, X).array
    np.testing.assert_allclose(jvp(f, X, V)[1].array, J @ V.array)
    np.testing.assert_allclose(vjp(f, X, U)[1].array, U.array @ J)


def test_hessian_and_products_with_it() -> None:
    np.testing.assert_allclose(hessian(cubes, X).array, CUBES_HESSIAN)
    for product in (hvp, vhp):
        y, found = product(cubes, X, V)
        np.testing.assert_allclose(found.array, CUBES_HESSIAN @ V.array)
        assert y.item() == cubes(X).item()


def test_shapes_of_several_inputs_and_results() -> None:
    def f(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x * y.sum(), (y * y).sum(0)

    x, y = autograd.randn(2, dtype=F64), autograd.randn(3, 4, dtype=F64)
    found = jacobian(f, (x, y))
    assert [[block.shape for block in row] for row in found] == [[(2, 2), (2, 3, 4)], [(4, 2), (4, 3, 4)]]
    assert not found[1][0].array.any()
    np.testing.assert_allclose(found[1][1].array, np.eye(4)[:, None, :] * 2 * y.array[None])
    second = hessian(lambda x, y: (x.sum() * y**2).sum(), (x, y))
    assert [[block.shape for block in row] for row in second] == [
        [(2, 2), (2, 3, 4)],
        [(3, 4, 2), (3, 4, 3, 4)],
    ]
    np.testing.assert_allclose(second[0][1].array, np.broadcast_to(2 * y.array, (2, 3, 4)))
    (dx, dy) = vjp(f, (x, y), (autograd.ones(2, dtype=F64), autograd.ones(4, dtype=F64)))[1]
    assert (dx.shape, dy.shape) == ((2,), (3, 4))
    results, pushed = jvp(f, (x, y), (x, y))
    assert [p.shape for p in pushed] == [r.shape for r in results] == [(2,), (4,)]


def test_a_scalar_and_nothing() -> None:
    three = tensor(3.0, dtype=F64)
    assert jacobian(lambda x: x * x, three).item() == 6
    assert hessian(lambda x: x**3, three).item() == 18
    assert jvp(lambda x: x * x, three)[1].item() == 6
    assert vjp(lambda x: x * x, three)[1].item() == 6
    assert jacobian(lambda x: x * 2, autograd.zeros(0)).shape == (0, 0)


def test_create_graph() -> None:
    x = tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    J = jacobian(lambda x: x**3, x, create_graph=True)
    (J * J).sum().backward()  # Σ (3 x²)² has the derivative 36 x³
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.array, 36 * x.array**3)
    for find in (hvp, vhp):
        x.grad = None
        _, product = find(lambda x: (x**3).sum(), x, tensor([1.0, 1.0], dtype=F64), create_graph=True)
        product.sum().backward()  # Σ 6 x
        assert x.grad is not None
        np.testing.assert_allclose(x.grad.array, [6, 6])
    x.grad = None
    _, pushed = jvp(lambda x: x**3, x, tensor([1.0, 1.0], dtype=F64), create_graph=True)
    pushed.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.array, 6 * x.array)


def test_the_callers_tensors_are_left_alone() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with autograd.no_grad():
        found = jacobian(lambda y: y * y + x, x)  # x itself counts as a constant
    assert np.array_equal(found.array, np.diag([2.0, 4.0]).astype(np.float32))
    assert x.grad is None and not found.requires_grad


def test_independence() -> None:
    constant = autograd.ones(2, dtype=F64)
    assert not jacobian(lambda x: constant * 1, X).array.any()
    assert jvp(lambda x: constant * 1, X, V)[1].tolist() == [0, 0]
    assert not hessian(lambda x: x.sum(), X).array.any()
    assert hvp(lambda x: x.sum(), X, V)[1].tolist() == [0, 0, 0]
    for call in (
        lambda: jacobian(lambda x: constant * 1, X, strict=True),
        lambda: jacobian(lambda x, y: x * 1, (X, V), strict=True),
        lambda: vjp(lambda x: constant * 1, X, constant, strict=True),
        lambda: hessian(lambda x: x.sum(), X, strict=True),
    ):
        with pytest.raises(RuntimeError, match=r"not depend on.*strict=False takes 0"):
            call()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: vjp(lambda x: x * 2, X), RuntimeError, "vjp: v may be left out only where the result is one scalar"),
        (lambda: vjp(lambda x: x * 2, X, U), RuntimeError, r"vjp: v has shape \(2,\), the result \(3,\)"),
        (lambda: jvp(lambda x: x * 2, X, U), RuntimeError, r"jvp: v has shape \(2,\), the input \(3,\)"),
        (lambda: hessian(lambda x: x * 2, X), RuntimeError, r"hessian: func must return one scalar.*\(3,\)"),
        (lambda: hvp(lambda x: x * 2, X, V), RuntimeError, "hvp: func must return one scalar"),
        (lambda: jacobian(lambda x: [1.0], X), TypeError, "jacobian: what func returns must be a Tensor"),
        (lambda: jacobian(lambda x: x, [1.0]), TypeError, "jacobian: inputs must be a Tensor"),  # type: ignore[arg-type]
    ],
)
def test_errors_are_sentences(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_caller_who_wants_a_graph_keeps_his_own_tensor_a_constant() -> None:
    x = tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    found = jacobian(lambda y: y * x, x, create_graph=True)  # with respect to y, not x
    assert np.array_equal(found.array, np.diag(x.array))


def test_without_create_graph_nothing_has_history() -> None:
    x = tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    one = autograd.ones(2, dtype=F64)
    for pair in (
        vjp(lambda y: y**3, x, one),
        jvp(lambda y: y**3, x, one),
        hvp(lambda y: (y**3).sum(), x, one),
        vhp(lambda y: (y**3).sum(), x, one),
    ):
        assert [t.requires_grad for t in pair] == [False, False]
    assert not hessian(lambda y: (y**3).sum(), x).requires_grad


def test_strict_where_one_result_of_two_is_a_constant() -> None:
    one = autograd.ones(3, dtype=F64)
    with pytest.raises(RuntimeError, match="vjp: an output does not depend on the inputs"):
        vjp(lambda x: (x * 2, one), X, (V, one), strict=True)


def test_strict_asks_for_a_first_derivative_only_where_jvp_differentiates_twice() -> None:
    _, pushed = jvp(lambda x: x * 2, X, V, strict=True)  # linear: u J does not depend on x
    np.testing.assert_allclose(pushed.array, 2 * V.array)


def test_zeros_have_the_inputs_dtype() -> None:
    x = autograd.ones(2)
    assert jacobian(lambda y: y[:0], x).dtype == np.float32
    assert jacobian(lambda y: autograd.ones(2), x).dtype == np.float32
