"""gradcheck finds wrong gradients, and passes right ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Op, Sample, Tensor, gradcheck, tensor
from autograd.gradcheck import GradcheckError, numerical_gradient, relative_error

F64 = autograd.float64


def leaf(*shape: int) -> Tensor:
    return autograd.randn(*shape, dtype=F64, requires_grad=True)


def square(factor: float = 2.0, which: Any = slice(None)) -> Op:
    """x², whose backward is wrong at `which` unless factor is 2."""

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved
        dx = 2 * g * x
        dx[which] *= factor / 2
        return dx

    return Op(
        name="square",
        forward=lambda x: x * x,
        backward=backward,
        saves=(0,),
        reference=np.square,
        sample=lambda draw: Sample(()),
    )


def test_right_gradients_pass() -> None:
    assert gradcheck(square(), leaf(3, 2))
    assert gradcheck(lambda x, y: (x * y, x.exp()), [leaf(3), leaf(2, 3)])
    assert gradcheck(lambda x: x @ x.t(), leaf(2, 3), eps=1e-3)


def test_a_wrong_gradient_is_found_and_placed() -> None:
    x = tensor([[1.0, 2.0], [3.0, 4.0]], dtype=F64, requires_grad=True)
    with pytest.raises(
        GradcheckError, match=r"input 0, of shape \(2, 2\), is wrong at \[1, 0\]: backward says .*differ"
    ):
        gradcheck(square(2.002, (1, 0)), x)
    assert gradcheck(square(2.002, (1, 0)), x, raise_exception=False) is False
    assert gradcheck(square(2.002, (1, 0)), x, tolerance=0.01)
    assert x.tolist() == [[1, 2], [3, 4]] and x.grad is None  # as they were


def test_the_wrong_input_is_named() -> None:
    wrong = square(-2)
    with pytest.raises(GradcheckError, match="input 1"):
        gradcheck(lambda x, y: x * wrong(y), [leaf(3), leaf(3)])


def test_a_sum_behind_a_softmax_does_not_hide_a_wrong_gradient() -> None:
    """Its true gradient is 0, and so is the sum of a backward that returns nothing."""
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: x.detach().softmax(0) + x * 0, leaf(4))


def test_an_output_without_a_graph_counts() -> None:
    assert gradcheck(lambda x: (x * x, autograd.ones(2, dtype=F64), x > 0), leaf(2))
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: (x * x, (x * 2).detach()), leaf(2))
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: x.detach() * 2, leaf(2))


def test_inputs_that_need_no_gradient_are_passed_on() -> None:
    assert gradcheck(lambda x, k, n: x * k * n, (leaf(3), autograd.randn(3), 5))


def test_an_input_that_is_not_used() -> None:
    assert gradcheck(lambda x, y: x * 2, (leaf(2), leaf(2)))


def test_a_gradient_that_is_not_finite() -> None:
    x = tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"wrong at \[1\]: backward says .*inf"):
        gradcheck(square(np.inf, 1), x)


def test_inputs_it_cannot_check() -> None:
    with pytest.raises(TypeError, match=r"input 1 is float32.*\.double\(\)"):
        gradcheck(lambda x, y: x * y, (leaf(2), autograd.ones(2, requires_grad=True)))
    with pytest.raises(ValueError, match="no input requires grad"):
        gradcheck(lambda x: x, autograd.ones(2, dtype=F64))
    shared = autograd.ones(1, dtype=F64).expand(3).requires_grad_()
    with pytest.raises(ValueError, match=r"input 0 is read-only.*clone"):
        gradcheck(lambda x: x * x, shared)


def test_a_backward_that_writes_to_its_gradient_is_caught() -> None:
    def backward(ctx: Any, g: Any) -> Any:
        g *= 2
        return g

    op = Op(
        name="double",
        forward=lambda x: x * 2,
        backward=backward,
        reference=lambda x: x * 2,
        sample=lambda draw: Sample(()),
    )
    with pytest.raises(ValueError, match="read-only"):
        gradcheck(op, leaf(2))


def test_gradients_of_gradients() -> None:
    def slope(x: Tensor) -> Any:
        return autograd.grad((x**3).sum(), x, create_graph=True)

    assert gradcheck(slope, tensor([0.5, 2.0], dtype=F64, requires_grad=True))


def test_numerical_gradient_of_a_linear_function_is_exact() -> None:
    x = np.array([1.0, 2.0])
    assert numerical_gradient(lambda: float(3 * x[0] - 5 * x[1]), x, 1).tolist() == [3, -5]
    assert x.tolist() == [1, 2]
    assert numerical_gradient(lambda: float(x[0]), x, 1, [(0,)]).tolist() == [1, 0]
    far = np.array([1e6])
    assert numerical_gradient(lambda: float(far[0]), far, 6e-6).tolist() == [1]  # although 1e6 + 6e-6 is rounded


def test_numerical_gradient_puts_back_what_it_moved() -> None:
    x = np.array([1.0, 2.0])

    def fail() -> float:
        raise KeyError

    with pytest.raises(KeyError):
        numerical_gradient(fail, x, 1)
    assert x.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0),
        ([1.0, 2.0], [1.0, 4.0], 0.5),
        ([0.0], [0.0], 0),
        ([0.0], [1e-30], 1),
        ([np.nan], [np.nan], 0),
        ([np.nan], [1.0], np.inf),
        ([np.inf], [np.inf], 0),
        ([], [], 0),
    ],
)
def test_relative_error(a: list[float], b: list[float], error: float) -> None:
    assert relative_error(np.array(a), np.array(b)) == error
