"""Second gradients that are zeros in PyTorch are zeros here too, not None or an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import Tensor

LABELS = autograd.tensor([0, 2])

PIECEWISE: dict[str, Callable[[Tensor], Any]] = {
    "abs": autograd.abs,
    "relu": F.relu,
    "relu, and more": lambda x: F.relu(x * 2) * 3,
    "leaky_relu": F.leaky_relu,
    "l1_loss": lambda x: F.l1_loss(x, autograd.zeros(2, 3)),
    "smooth_l1_loss, beta 0": lambda x: F.smooth_l1_loss(x, autograd.zeros(2, 3), beta=0),
    "norm, p 1": lambda x: autograd.norm(x, 1),
    "remainder, of the divisor": lambda x: autograd.remainder(autograd.ones(2, 3), x),
    "nll_loss": lambda x: F.nll_loss(x, LABELS),
    "max_pool2d": lambda x: F.max_pool2d(x.reshape(1, 1, 2, 3), (1, 2), 1),
    "avg_pool2d": lambda x: F.avg_pool2d(x.reshape(1, 1, 2, 3), 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x.reshape(1, 1, 2, 3), 1),
    "pad, reflect": lambda x: F.pad(x, (1, 1), mode="reflect"),
    "pad, replicate": lambda x: F.pad(x, (1, 1), mode="replicate"),
}


def matrix() -> Tensor:
    return autograd.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]], requires_grad=True)


@pytest.mark.parametrize("name", PIECEWISE)
def test_grad_of_grad(name: str) -> None:
    x = matrix()
    (dx,) = autograd.grad(PIECEWISE[name](x).sum(), x, create_graph=True)
    assert dx is not None and dx.requires_grad
    (second,) = autograd.grad(dx, x, autograd.ones(2, 3))
    assert second is not None
    assert (second.shape, second.dtype, second.any().item()) == (x.shape, x.dtype, False)


@pytest.mark.parametrize("name", PIECEWISE)
def test_backward_of_grad_fills_grad(name: str) -> None:
    x = matrix()
    PIECEWISE[name](x).sum().backward(create_graph=True)
    dx, x.grad = x.grad, None
    assert dx is not None
    dx.backward(autograd.ones(2, 3))
    assert x.grad is not None and not x.grad.array.any()


def test_what_is_linear_has_a_gradient_without_a_graph() -> None:
    for linear in (lambda x: x * 2, lambda x: x.sum(), lambda x: F.pad(x, (1, 1)), lambda x: x.reshape(6)):
        x = matrix()
        (dx,) = autograd.grad(linear(x).sum(), x, create_graph=True)
        assert dx is not None and not dx.requires_grad


def test_sign_is_recorded() -> None:
    x = matrix()
    x.sign().sum().backward()
    assert x.grad is not None and not x.grad.array.any()


def test_a_gradient_penalty_reaches_the_first_bias_as_zeros() -> None:
    """The bias before a relu: between kinks, the derivative does not depend on it."""
    x, w, b = autograd.randn(4, 3, requires_grad=True), autograd.randn(5, 3, requires_grad=True), autograd.zeros(5)
    b.requires_grad_()
    (dx,) = autograd.grad(F.relu(F.linear(x, w, b)).sum(), x, create_graph=True)
    assert dx is not None
    (dx * dx).sum().backward()
    assert w.grad is not None and w.grad.array.any()
    assert b.grad is not None and not b.grad.array.any()
    assert x.grad is not None and not x.grad.array.any()


def test_the_first_gradient_is_computed_as_before() -> None:
    x = matrix()
    PIECEWISE["max_pool2d"](x).sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.array, [[1, 0, 1], [0, 1, 1]])


@pytest.mark.parametrize("make", [F.max_pool2d, F.avg_pool2d])
def test_a_gradient_of_the_gradient_by_what_came_before(make: Any) -> None:
    """The out-gradient depends on x as well.  The gradient through it must not be lost."""
    x = autograd.tensor(np.arange(16.0).reshape(1, 1, 4, 4), requires_grad=True)
    (dx,) = autograd.grad((make(x, 2) ** 2).sum(), x, create_graph=True)
    assert dx is not None
    (second,) = autograd.grad(dx.sum(), x)
    assert second is not None
    assert second.sum().item() == pytest.approx(8)  # dx adds up to 2 Σ y, and each y grows by 1 with its window
