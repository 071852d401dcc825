"""gradcheck finds wrong gradients and accepts correct ones."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Op, Sample, Tensor, gradcheck, gradgradcheck, tensor
from autograd.gradcheck import GradcheckError, numerical_gradient, relative_error

F64 = autograd.float64


def leaf(*shape: int) -> Tensor:
    return autograd.randn(*shape, dtype=F64, requires_grad=True)


def square(factor: float = 2.0, which: Any = slice(None)) -> Op:
    """x²; backward is wrong at `which` unless factor is 2."""

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        dx = 2 * g * x
        dx[which] *= factor / 2
        return dx

    return Op(
        name="square",
        forward=lambda x: x * x,
        backward=backward,
        saves=(0,),
        reference=lambda x: x**2,
        sample=lambda draw: Sample(()),
    )


def test_right_gradients_pass() -> None:
    assert gradcheck(square(), leaf(3, 2))
    assert gradcheck(lambda x, y: (x * y, x.exp()), [leaf(3), leaf(2, 3)])
    assert gradcheck(lambda x: x @ x.t(), leaf(2, 3), eps=1e-3)


def test_a_wrong_gradient_is_found_and_placed() -> None:
    x = tensor([[1.0, 2.0], [3.0, 4.0]], dtype=F64, requires_grad=True)
    with pytest.raises(
        GradcheckError, match=r"square: the gradient of input 0 \(x\), of shape \(2, 2\), is wrong"
    ) as error:
        gradcheck(square(2.002, (1, 0)), x)
    said = r"wrong at \[1, 0\], where the input is 3: .*backward says (\S+), finite differences (\S+) "
    ours, theirs = map(float, re.search(said, str(error.value)).groups())  # type: ignore[union-attr]
    assert ours == pytest.approx(1.001 * theirs)
    assert gradcheck(square(2.002, (1, 0)), x, raise_exception=False) is False
    assert gradcheck(square(2.002, (1, 0)), x, rtol=0.01)
    assert gradcheck(square(2.002, (1, 0)), x, atol=0.1)
    assert x.tolist() == [[1, 2], [3, 4]] and x.grad is None  # unchanged


@pytest.mark.parametrize("kind", [RuntimeError, AssertionError])
def test_a_wrong_gradient_is_caught_as_in_pytorch_and_as_a_failed_test(kind: type[Exception]) -> None:
    with pytest.raises(kind, match="is wrong"):
        autograd.gradcheck(lambda x: x * x.detach(), autograd.tensor([2.0], dtype="float64", requires_grad=True))


def test_the_wrong_input_is_named() -> None:
    wrong = square(-2)

    def times(x: Tensor, *others: Tensor) -> Tensor:
        return wrong(x) if not others else x * wrong(others[0])

    with pytest.raises(GradcheckError, match=r"^times: the gradient of input 0 \(x\), of"):
        gradcheck(partial(times), leaf(3))
    with pytest.raises(GradcheckError, match=r"^times: the gradient of input 1, of"):  # without an argument name
        gradcheck(times, [leaf(3), leaf(3)])


def test_a_sum_behind_a_softmax_does_not_hide_a_wrong_gradient() -> None:
    """A softmax sums to 1, so the gradient of its sum is 0, as for a backward that returns None."""
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
    with pytest.raises(GradcheckError, match=r"wrong at \[1\], .*backward says .*inf"):
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


def test_fast_mode_looks_at_some_entries() -> None:
    calls = 0

    def counted(x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return x * x

    assert gradcheck(counted, leaf(5, 6), fast_mode=True)
    assert calls == 1 + 2 * 8
    with pytest.raises(GradcheckError, match="square"):
        gradcheck(square(2.002), leaf(5, 6), fast_mode=True)
    with pytest.raises(GradcheckError, match=r"wrong at \[2, 1\]"):
        gradcheck(square(2.002, (2, 1)), leaf(4, 2), fast_mode=True)  # 8 entries: all are checked


# ── second derivatives ─────────────────────────────────────────────────────────────────


def cut(cut_off: str) -> Op:
    """x y; backward forgets that its gradient depends on `cut_off`."""

    def backward(ctx: Any, g: Any) -> Any:
        values = {"x": ctx.saved_tensors[0], "y": ctx.saved_tensors[1], "g": g}
        if isinstance(g, Tensor) and cut_off:
            values[cut_off] = values[cut_off].detach()
        return values["g"] * values["y"], values["g"] * values["x"]

    return Op(
        name="times",
        forward=lambda x, y: x * y,
        backward=backward,
        saves=(0, 1),
        reference=lambda x, y: x * y,
        sample=lambda draw: Sample(()),
    )


def test_right_second_gradients_pass() -> None:
    assert gradgradcheck(cut(""), [leaf(3), leaf(3)])
    assert gradgradcheck(lambda x, k: (x.exp() * k, x > 0, x.detach(), x**3), (leaf(2), 3))
    assert gradgradcheck(lambda x: x * 2, leaf(2), eps=1.0)
    g = autograd.ones(2, dtype=F64)
    assert gradgradcheck(lambda x: x.exp(), leaf(2), g, fast_mode=True)
    assert gradgradcheck(lambda x: (x.exp(), x * x), [leaf(2)], (g, g), fast_mode=True)


@pytest.mark.parametrize(
    ("cut_off", "named"), [("x", r"input 0 \(x\)"), ("y", r"input 1 \(y\)"), ("g", r"grad_outputs\[0\]")]
)
def test_a_wrong_second_gradient_is_found_and_named(cut_off: str, named: str) -> None:
    inputs = [leaf(3), leaf(3)]
    assert gradcheck(cut(cut_off), inputs)
    with pytest.raises(
        GradcheckError, match=rf"times: the second gradient of {named}, .* backward says 0, finite diff"
    ):
        gradgradcheck(cut(cut_off), inputs)
    assert not gradgradcheck(cut(cut_off), inputs, raise_exception=False)
    if cut_off == "g":  # not checked, because it requires no gradient
        assert gradgradcheck(cut(cut_off), inputs, autograd.ones(3, dtype=F64))


def test_no_second_gradient_to_check() -> None:
    with pytest.raises(ValueError, match="gradgradcheck: no output has a graph"):
        gradgradcheck(lambda x: x.detach(), leaf(2))


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


# ── large numbers that could hide a wrong gradient ─────────────────────────────────────


def half(x: Tensor) -> Tensor:
    """x² with half of its gradient."""
    return x.detach() * x


@pytest.mark.parametrize(
    "function",
    [
        lambda x: autograd.cat([x[:1] * 1e8, half(x[1:])]),
        lambda x: autograd.cat([x * 1e8, half(x)]),
        lambda x: (x * 1e8, half(x)),
        lambda x: (x[0] * 1e8 + half(x[1])).reshape(1),
        lambda x: autograd.cat([x * 1e-12, half(x)]),
        lambda x: half(x) * 1e-9,
    ],
)
@pytest.mark.parametrize("fast_mode", [False, True])
def test_large_neighbours_hide_no_wrong_gradient(function: Any, fast_mode: bool) -> None:
    x = tensor([1.0, 3.0], dtype=F64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"is wrong at \[\d\].* backward says"):
        gradcheck(function, x, fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="is wrong"):
        gradgradcheck(lambda x: function(x) if isinstance(function(x), Tensor) else function(x)[1], x)


def test_right_gradients_of_large_and_small_functions_pass() -> None:
    x = tensor([1.0, 3.0], dtype=F64, requires_grad=True)
    for factor in (1e-12, 1e-6, 1e6, 1e8):
        assert gradcheck(lambda x, factor=factor: (x * x * factor, x.exp()), x)
    assert gradcheck(lambda x: x**3, tensor([0.0, 1e-3], dtype=F64, requires_grad=True))  # slope 0, but curved
    assert gradcheck(lambda x: x.log(), tensor([1e-3, 1.0], dtype=F64, requires_grad=True))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: 1 / x, "output 0 at [0] is inf"),
        (lambda x: autograd.cat([x + tensor([-np.inf], dtype=F64), half(x + 1)]), "output 0 at [0] is -inf"),
        (lambda x: (x + 1, x * np.nan), "output 1 at [0] is nan"),
        (lambda x: x + 1e9, "uncertain by"),
    ],
)
def test_what_cannot_be_judged_is_never_right(function: Any, said: str) -> None:
    x = tensor([0.0], dtype=F64, requires_grad=True)
    with pytest.raises(GradcheckError, match="cannot be judged") as error:
        gradcheck(function, x)
    assert said in str(error.value)
    assert gradcheck(function, x, raise_exception=False) is False


def test_a_step_over_the_edge_cannot_be_judged() -> None:
    with pytest.raises(GradcheckError, match="is not finite at a distance of"):
        gradcheck(lambda x: x.log(), tensor([1e-9], dtype=F64, requires_grad=True))


def test_a_gradient_that_is_set_and_not_added_is_caught() -> None:
    """Correct for each output alone, but wrong for two outputs that share an input."""

    def backward(ctx: Any, g: Any) -> Any:
        dx = np.zeros(1)
        for value in g:
            if value:
                dx[0] = value
        return dx

    twice = Op(
        name="twice",
        forward=lambda x: np.concatenate([x, x]),
        backward=backward,
        reference=lambda x: np.concatenate([x, x]),
        sample=lambda draw: Sample(()),
    )
    with pytest.raises(GradcheckError, match="for a random out-gradient backward says"):
        gradcheck(twice, leaf(1))
