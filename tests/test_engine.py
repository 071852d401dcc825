"""Recording and the backward pass."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Op, Sample, Tensor, tensor
from autograd.tensor import wrap

F64 = autograd.float64


def leaf(*values: float, dtype: Any = None) -> Tensor:
    return tensor([float(v) for v in values], dtype=dtype, requires_grad=True)


def grad_of(x: Tensor) -> list[float]:
    assert x.grad is not None
    return x.grad.tolist()


def user_op(backward: Callable, forward: Callable = lambda x: x * 2, **options: Any) -> Op:
    """A user's op, which is not in the table."""
    parts = {"name": "double", "reference": lambda x: x * 2, "sample": lambda draw: Sample((draw.tensor(2),))}
    return Op(**{**parts, "forward": forward, "backward": backward, **options})


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ── gradients reach the leaves ──


def test_gradients_add_up_where_a_tensor_is_used_twice() -> None:
    x = leaf(1, 2)
    (x * x + x).sum().backward()
    assert grad_of(x) == [3, 5]


def test_diamonds_stacked_visit_every_node_once() -> None:
    calls = []

    def backward(ctx: Any, g: Any) -> Any:
        calls.append(1)
        return g

    op = user_op(backward, lambda x: x.copy())
    x = leaf(1)
    y = x
    for _ in range(50):  # 2⁵⁰ paths, 50 nodes
        y = op(y + y)
    y.sum().backward()
    assert grad_of(x) == [2.0**50]
    assert len(calls) == 50


def test_a_node_waits_for_all_its_gradients() -> None:
    """A node with a short and a long path from the root runs once, after both."""
    x = leaf(3)
    y = x * 2
    z = y
    for _ in range(5):
        z = z * 1
    (y + z).backward()
    assert grad_of(x) == [4]


def test_backward_adds_to_grad_in_place() -> None:
    x = leaf(1, 2)
    (x * 3).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert grad_of(x) == [6, 6]


def test_a_leaf_is_its_own_gradients_target() -> None:
    x = tensor(2.0, requires_grad=True)
    x.backward(tensor(3.0, dtype=F64))
    x.backward()
    assert x.grad is not None and (x.grad.item(), x.grad.dtype) == (4, np.float32)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "function",
    [lambda x, y: x + y, lambda x, y: x.reshape(2) + y.reshape(2), lambda x, y: x + y + x, lambda x, y: x.clone() + y],
)
def test_no_two_grads_share_memory(function: Callable, create_graph: bool) -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    g = tensor([5.0, 6.0])
    function(x, y).backward(g, create_graph=create_graph)
    assert x.grad is not None and y.grad is not None
    arrays = [x.grad.array, y.grad.array, g.array]
    assert not any(np.may_share_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    x.grad.detach().zero_()
    assert grad_of(y) == [5, 6]
    assert g.tolist() == [5, 6]


@pytest.mark.parametrize(
    "results",
    [
        lambda ctx, g: (g, g, None),
        lambda ctx, g: (g[:], g[::1], None),
        lambda ctx, g: (lambda d: (d, d, None))(g * 1),
        lambda ctx, g: (lambda d: (d, d.reshape(-1), None))(g * 1),
        lambda ctx, g: (ctx.saved_tensors[0], ctx.saved_tensors[0], None),
    ],
)
def test_a_backward_may_return_what_it_was_given_or_one_array_twice(results: Callable) -> None:
    op = user_op(results, lambda x, y, ones: x + y, saves=(2,))
    x, y = leaf(1, 2), leaf(3, 4)
    z = op(x, y, np.ones(2, np.float32))
    for times in (1, 2, 3):
        z.backward(autograd.ones(2), retain_graph=True)
        assert grad_of(x) == grad_of(y) == [times, times]


def test_an_array_and_a_view_of_it() -> None:
    """The gradient of x must not be summed into an array that the gradient of y is a view of."""
    op = user_op(lambda ctx, g: (lambda d: (d, d[::-1]))(g * 1), lambda x, y: x + y)
    x, y = leaf(1, 2), leaf(3, 4)
    older = x * 3
    (op(x, y) + older).backward(tensor([1.0, 10.0]))
    assert (grad_of(x), grad_of(y)) == ([4, 40], [10, 1])


def test_sums_do_not_write_to_a_borrowed_gradient() -> None:
    x = leaf(1, 2)
    g = tensor([1.0, 10.0])
    (x + x + x).backward(g)
    assert g.tolist() == [1, 10]
    assert grad_of(x) == [3, 30]


def test_a_read_only_gradient_is_enough() -> None:
    x = leaf(1, 2)
    array = np.ones(2, np.float32)
    array.flags.writeable = False
    for _ in range(2):
        (x + x * x).backward(wrap(array))
    assert grad_of(x) == [6, 10]


def test_gradients_are_summed_to_the_shape_before_broadcasting() -> None:
    row, column, number = (autograd.ones(*shape, requires_grad=True) for shape in [(1, 3), (2, 1), ()])
    (row * column * number).sum().backward()
    assert row.grad is not None and column.grad is not None and number.grad is not None
    assert row.grad.tolist() == [[2, 2, 2]]
    assert column.grad.tolist() == [[3], [3]]
    assert (number.grad.shape, number.grad.item()) == ((), 6)


def test_broadcasting_to_no_elements_gives_zero() -> None:
    x = autograd.ones(1, requires_grad=True)
    (x * autograd.ones(0)).sum().backward()
    assert grad_of(x) == [0]


@pytest.mark.parametrize("dtype", [autograd.float32, autograd.float64])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_a_gradient_has_its_tensors_dtype_and_shape(dtype: Any, shape: tuple[int, ...]) -> None:
    x = autograd.ones(shape, dtype=dtype, requires_grad=True)
    y = ((x * 0.3 + 1) / 3.0) ** 2 * autograd.ones((2, 3), dtype=F64)
    y.sum().backward()
    assert x.grad is not None
    assert type(x.grad) is Tensor
    assert (x.grad.dtype, x.grad.shape) == (dtype, shape)


def test_casts_carry_gradients_back() -> None:
    x = leaf(1, 2)
    (x.double() * leaf(3, 4, dtype=F64)).sum().backward()
    assert x.grad is not None and x.grad.dtype == autograd.float32
    assert grad_of(x) == [3, 4]


def test_what_has_no_way_to_the_loss_gets_no_gradient() -> None:
    x, unused = leaf(1), leaf(2)
    (x + unused.detach()).backward()
    assert unused.grad is None


# ── errors ──


def test_a_gradient_is_implied_only_for_a_scalar() -> None:
    y = leaf(1, 2) * 2
    with pytest.raises(RuntimeError, match=r"implied only for a scalar.*\(2,\).*sum"):
        y.backward()
    with pytest.raises(RuntimeError, match=r"gradient has shape \(3,\), the tensor \(2,\)"):
        y.backward(autograd.ones(3))
    autograd.ones(1, 1, requires_grad=True).backward()  # one element is a scalar, as in PyTorch


def test_backward_without_a_graph() -> None:
    with pytest.raises(RuntimeError, match="does not require grad"):
        tensor(1.0).backward()
    x = leaf(1)
    with autograd.no_grad():
        y = x * 2
    with pytest.raises(RuntimeError, match="no_grad"):
        y.backward()


def test_a_second_backward_names_the_op_whose_memory_is_gone() -> None:
    x = leaf(1, 2)
    y = (x * x).exp()
    y.sum().backward()
    with pytest.raises(RuntimeError, match=r"exp: backward ran through this graph before.*retain_graph=True"):
        y.sum().backward()
    assert grad_of(x) == pytest.approx([2 * np.e, 4 * np.e**4])


def test_retain_graph() -> None:
    x = leaf(1, 2)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert grad_of(x) == [4, 8]
    with pytest.raises(RuntimeError, match="ran through this graph before"):
        y.backward()


def test_a_graph_that_saved_nothing_can_be_walked_again() -> None:
    x = leaf(1)
    y = x + x
    y.backward()
    y.backward()
    assert grad_of(x) == [4]


@pytest.mark.parametrize(
    "wrong",
    [lambda x: x.fill_(9), lambda x: x.mul_(2), lambda x: x.detach().zero_(), lambda x: x.data.add_(1),
     lambda x: x[1:].zero_(), lambda x: x.view(1, 3).zero_(), lambda x: x.reshape(3, 1)[0].fill_(2),
     lambda x: x.detach()[0:2].copy_(tensor([5.0, 5.0])), lambda x: x.__setitem__(0, 5.0),
     lambda x: x.__setitem__(x.detach() > 1, 5.0), lambda x: x.t().zero_(), lambda x: x.permute(0).zero_(),
     lambda x: nn.init.uniform_(x), lambda x: optim.SGD([x], lr=1).step()],
)  # fmt: skip
def test_changing_what_backward_needs_names_the_op(wrong: Callable[[Tensor], Any]) -> None:
    x = leaf(1, 2, 3)
    x.grad = autograd.ones(3)
    y = x * x
    with autograd.no_grad():
        wrong(x)
    with pytest.raises(RuntimeError, match=r"mul: its input \d was changed in place"):
        y.sum().backward()


def test_changing_a_needed_output_names_the_op() -> None:
    y = leaf(1, 2).exp()
    with autograd.no_grad():
        y.zero_()
    with pytest.raises(RuntimeError, match="exp: its output was changed in place"):
        y.sum().backward()


def test_changing_a_view_of_a_needed_output() -> None:
    y = leaf(1, 2).exp()
    y.reshape(2, 1).detach()[0].zero_()
    with pytest.raises(RuntimeError, match="exp: its output"):
        y.sum().backward()


def test_changing_what_no_backward_needs_is_fine() -> None:
    x = leaf(1, 2)
    y = (x + 1).sum()
    with autograd.no_grad():
        x.zero_()
    y.backward()
    assert grad_of(x) == [1, 1]


def test_adding_to_grad_counts_as_writing() -> None:
    x, w = leaf(1, 2), leaf(3, 4)
    (x * 2).sum().backward()
    assert x.grad is not None
    y = (w * x.grad).sum()
    (x * 2).sum().backward()
    with pytest.raises(RuntimeError, match="mul: its input 1 was changed in place"):
        y.backward()


def test_changing_after_backward_is_fine() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward()
    with autograd.no_grad():
        x.zero_()
    (x * x).sum().backward()
    assert grad_of(x) == [2, 4]


@pytest.mark.parametrize("shape", [(3,), (1, 2), (), (2, 2)])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_of_the_wrong_shape_is_caught(shape: tuple[int, ...], create_graph: bool) -> None:
    op = user_op(lambda ctx, g: autograd.ones(shape) if create_graph else np.ones(shape, np.float32))
    with pytest.raises(RuntimeError, match=r"double: its backward returned a gradient of shape .* input 0.*\(2,\)"):
        op(leaf(1, 2)).backward(autograd.ones(2), create_graph=create_graph)


def test_a_wrong_number_of_gradients_is_caught() -> None:
    op = user_op(lambda ctx, g: (g, g))
    with pytest.raises(RuntimeError, match="double: its backward returned 2 gradients for 1 input"):
        op(leaf(1, 2)).sum().backward()


def test_a_backward_may_have_no_gradient_to_give() -> None:
    x = leaf(1, 2)
    user_op(lambda ctx, g: None)(x).sum().backward()
    assert x.grad is None


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_backward_says_0_for_a_gradient_of_zeros(create_graph: bool) -> None:
    x = leaf(1, 2)
    (dx,) = autograd.grad(user_op(lambda ctx, g: 0)(x), x, autograd.ones(2), create_graph=create_graph)
    assert dx is not None and (dx.shape, dx.dtype, dx.tolist()) == ((2,), np.float32, [0, 0])
    dx[0] = 1  # memory of its own
    user_op(lambda ctx, g: 0)(x).backward(autograd.ones(2), create_graph=create_graph)
    assert x.grad is not None and x.grad.tolist() == [0, 0]
    (x * 3).backward(autograd.ones(2))
    assert x.grad.tolist() == [3, 3]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_of_zeros_adds_to_others(create_graph: bool) -> None:
    x = leaf(1, 2)
    zero = user_op(lambda ctx, g: 0)
    y = x * 3
    (zero(y) + y + zero(y) + y * 2).backward(autograd.ones(2), create_graph=create_graph)
    assert x.grad is not None and x.grad.tolist() == [9, 9]


def test_what_only_zeros_reach_is_not_computed_but_is_zero() -> None:
    called: list[Any] = []

    def identity(ctx: Any, g: Any) -> Any:
        called.append(g)
        return g

    counted = user_op(identity)
    x = leaf(1, 2)
    y = counted(x)
    y.retain_grad()
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    user_op(lambda ctx, g: 0)(y * 1).backward(autograd.ones(2))
    assert not called
    assert seen == [[0, 0]]
    assert y.grad is not None and y.grad.tolist() == [0, 0]
    assert x.grad is not None and x.grad.tolist() == [0, 0]


def test_a_hook_may_replace_a_gradient_of_zeros() -> None:
    x = leaf(1, 2)
    y = x * 2
    y.register_hook(lambda g: g + 1)
    user_op(lambda ctx, g: 0)(y).backward(autograd.ones(2))
    assert x.grad is not None and x.grad.tolist() == [2, 2]


def test_zeros_free_the_graph_that_they_pass() -> None:
    x = leaf(1, 2)
    y = x * x
    user_op(lambda ctx, g: 0)(y).backward(autograd.ones(2))
    with pytest.raises(RuntimeError, match="mul: backward ran through this graph before"):
        y.backward(autograd.ones(2))


def test_an_op_without_backward_ends_the_graph() -> None:
    assert not user_op(None)(leaf(1, 2)).requires_grad  # type: ignore[arg-type]


def test_a_failing_backward_leaves_recording_on() -> None:
    def fail(ctx: Any, g: Any) -> Any:
        raise KeyError("no")

    with pytest.raises(KeyError):
        user_op(fail)(leaf(1)).backward()
    assert autograd.is_grad_enabled()


def test_backward_sees_which_inputs_need_a_gradient() -> None:
    seen = []

    def backward(ctx: Any, g: Any) -> Any:
        seen.append(ctx.needs_input_grad)
        return g, None

    op = user_op(backward, lambda x, y: x + y)
    op(leaf(1), tensor([2.0])).backward()
    assert seen == [(True, False)]


# ── several outputs ──


def two_outputs() -> Op:
    """x -> (2 x, argmax x, 3 x)."""

    def forward(x: Any) -> Any:
        return x * 2, np.argmax(x, keepdims=True), x * 3

    return user_op(lambda ctx, a, index, b: a * 2 + b * 3, forward)


def test_an_unused_output_counts_as_zero() -> None:
    x = leaf(1, 2)
    first, index, second = two_outputs()(x)
    assert (first.requires_grad, index.requires_grad, second.requires_grad) == (True, False, True)
    assert index.dtype == np.int64 and index.tolist() == [1]
    second.sum().backward(retain_graph=True)
    assert grad_of(x) == [3, 3]
    (first.sum() + second.sum()).backward()
    assert grad_of(x) == [8, 8]


def test_gradients_of_one_output_among_several() -> None:
    x = leaf(1, 2)
    first, _, second = two_outputs()(x)
    loss = (first * second).sum()
    d_first, d_second, dx = autograd.grad(loss, [first, second, x])
    assert d_first is not None and d_second is not None and dx is not None
    assert (d_first.tolist(), d_second.tolist(), dx.tolist()) == ([3, 6], [2, 4], [12, 24])


def test_max_pool_with_indices() -> None:
    x = tensor([[[[1.0, 4.0], [3.0, 2.0]]]], requires_grad=True)
    y, places = nn.functional.max_pool2d(x, 2, return_indices=True)
    assert places.tolist() == [[[[1]]]] and not places.requires_grad
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[[[0, 1], [0, 0]]]]


# ── grad() ──


def test_grad_returns_and_leaves_grad_alone() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    dx, dy = autograd.grad((x * y).sum(), [x, y])
    assert dx is not None and dy is not None
    assert (dx.tolist(), dy.tolist(), x.grad, y.grad) == ([3, 4], [1, 2], None, None)
    assert not dx.requires_grad


def test_grad_takes_incoming_gradients() -> None:
    x = leaf(1, 2)
    (dx,) = autograd.grad(x * x, x, tensor([1.0, 10.0]))
    assert dx is not None and dx.tolist() == [2, 40]
    (dx,) = autograd.grad([x * 2, (x * 3).sum()], [x], [tensor([1.0, 10.0]), None])
    assert dx is not None and dx.tolist() == [5, 23]


def test_grad_of_what_is_no_leaf() -> None:
    x = leaf(1, 2)
    y = x * x
    z = y * 3
    dy, dz, dx = autograd.grad(z.sum(), (y, z, x))
    assert dy is not None and dz is not None and dx is not None
    assert (dy.tolist(), dz.tolist(), dx.tolist()) == ([3, 3], [1, 1], [6, 12])


def test_grad_by_an_unused_tensor() -> None:
    x, unused = leaf(1), leaf(2)
    y = (x * 2).sum()
    with pytest.raises(RuntimeError, match=r"do not depend on input 1.*allow_unused=True"):
        autograd.grad(y, [x, unused])
    dx, nothing = autograd.grad((x * 2).sum(), [x, unused], allow_unused=True)
    assert dx is not None and nothing is None


def test_grad_by_what_requires_none() -> None:
    x = leaf(1)
    with pytest.raises(RuntimeError, match="input 0 does not require grad"):
        autograd.grad((x * 2).sum(), tensor([1.0]))


def test_grad_runs_only_what_leads_to_its_inputs() -> None:
    def fail(ctx: Any, g: Any) -> Any:
        raise AssertionError("this branch leads nowhere")

    x, y = leaf(1), leaf(2)
    below = user_op(fail)(x)
    (at_the_edge,) = autograd.grad((below * 7).sum(), below)
    assert at_the_edge is not None and at_the_edge.tolist() == [7]
    middle = below * 3
    dm, dy = autograd.grad((middle * 5 + user_op(lambda ctx, g: g * 2)(y)).sum(), [middle, y])
    assert dm is not None and dy is not None
    assert (dm.tolist(), dy.tolist()) == ([5], [2])


# ── gradients of gradients ──


def test_derivatives_of_a_cube() -> None:
    x = leaf(2, 3, dtype=F64)
    y = (x**3).sum()
    (first,) = autograd.grad(y, x, create_graph=True)
    assert first is not None and first.tolist() == pytest.approx([12, 27])
    (second,) = autograd.grad(first.sum(), x, create_graph=True)
    assert second is not None and second.tolist() == pytest.approx([12, 18])
    (third,) = autograd.grad(second.sum(), x)
    assert third is not None and third.tolist() == pytest.approx([6, 6])
    assert not third.requires_grad


def test_a_gradient_penalty_through_backward() -> None:
    x = leaf(2, dtype=F64)
    (x**3).sum().backward(create_graph=True)
    assert x.grad is not None and x.grad.requires_grad
    (second,) = autograd.grad((x.grad**2).sum(), x)  # d/dx (3x²)² = 36 x³
    assert second is not None and second.tolist() == pytest.approx([288])


def test_second_derivatives_through_broadcasting_and_casts() -> None:
    x = tensor([[1.0, 2.0]], requires_grad=True)
    y = tensor([[3.0], [4.0]], dtype=F64, requires_grad=True)
    dx, dy = autograd.grad((x * y).sum(), [x, y], create_graph=True)
    assert dx is not None and dy is not None
    assert (dx.shape, dx.dtype, dy.shape, dy.dtype) == ((1, 2), np.float32, (2, 1), np.float64)
    (mixed,) = autograd.grad((dx * tensor([[1.0, 10.0]])).sum(), y)
    assert mixed is not None and mixed.tolist() == [[11], [11]]


def test_the_incoming_gradient_can_be_differentiated() -> None:
    x, g = leaf(3, dtype=F64), leaf(1, dtype=F64)
    (dx,) = autograd.grad(x * x, x, g, create_graph=True)
    assert dx is not None
    (back,) = autograd.grad(dx.sum(), g)
    assert back is not None and back.tolist() == [6]


def test_mixed_derivatives_of_saved_outputs() -> None:
    """exp and softmax save their outputs.  A recorded backward must connect these to the graph."""
    x = leaf(0.5, -0.3, 0.1, dtype=F64)

    def slope(x: Tensor) -> Any:
        (dx,) = autograd.grad((x.exp() * x.softmax(0)).sum() ** 2, x, create_graph=True)
        return dx

    assert autograd.gradcheck(slope, x)


@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_saved_output_without_dimensions_has_its_history(shape: tuple[int, ...]) -> None:
    """Such a forward returns a NumPy scalar, and the tensor holds a different array."""

    op = user_op(
        lambda ctx, g: -2 * ctx.saved_tensors[0] * ctx.saved_tensors[1] * g, lambda x: np.exp(-x * x), saves=(0, ~0)
    )
    x = autograd.ones(shape, dtype=F64, requires_grad=True)
    y = op(x)
    (first,) = autograd.grad(y, x, create_graph=True)
    assert first is not None
    (second,) = autograd.grad(first, x)
    assert second is not None and second.item() == pytest.approx(2 * np.exp(-1))
    y = op(x)
    with autograd.no_grad():
        y.zero_()
    with pytest.raises(RuntimeError, match="its output was changed in place"):
        y.backward()


def test_a_detached_twin_is_a_constant() -> None:
    x = leaf(2, dtype=F64)
    for y, second in [(x.detach() / x, 2 * 2 / 2**3), (x ** x.detach(), 2), (x * x.detach(), 0)]:
        (first,) = autograd.grad(y, x, create_graph=True)
        assert first is not None
        (found,) = autograd.grad(first, x, allow_unused=True) if first.requires_grad else (autograd.zeros(1),)
        assert (0 if found is None else found.item()) == second


def test_the_callers_no_grad_does_not_stop_a_recorded_backward() -> None:
    x = leaf(2)
    y = (x**3).sum()
    with autograd.no_grad():
        y.backward(create_graph=True)
    assert x.grad is not None and x.grad.requires_grad


def test_without_create_graph_nothing_is_recorded() -> None:
    x = leaf(2)
    (dx,) = autograd.grad((x**3).sum(), x)
    assert dx is not None and dx.node is None and not dx.requires_grad


# ── turning recording on and off ──


def test_modes_nest_and_end() -> None:
    x = leaf(1)
    assert autograd.is_grad_enabled()
    with autograd.no_grad():
        assert not (x * 2).requires_grad
        with autograd.enable_grad():
            assert (x * 2).requires_grad
            with autograd.set_grad_enabled(False):
                assert not autograd.is_grad_enabled()
            assert autograd.is_grad_enabled()
        assert not autograd.is_grad_enabled()
    assert autograd.is_grad_enabled()


def test_a_mode_ends_with_an_exception() -> None:
    with pytest.raises(KeyError), autograd.no_grad():
        raise KeyError
    assert autograd.is_grad_enabled()


def test_set_grad_enabled_works_at_once() -> None:
    try:
        autograd.set_grad_enabled(False)
        assert not (leaf(1) * 2).requires_grad
    finally:
        autograd.set_grad_enabled(True)
    assert (leaf(1) * 2).requires_grad


def test_modes_as_decorators() -> None:
    @autograd.no_grad()
    def off(depth: int = 0) -> bool:
        return autograd.is_grad_enabled() if depth == 0 else off(depth - 1)

    @autograd.enable_grad()
    def on() -> bool:
        assert not off()
        return autograd.is_grad_enabled()

    @autograd.set_grad_enabled(False)
    def also_off() -> bool:
        return autograd.is_grad_enabled()

    assert autograd.is_grad_enabled()
    assert not off(3) and not also_off()
    assert autograd.is_grad_enabled()
    with autograd.no_grad():
        assert on() and not also_off()
        assert not autograd.is_grad_enabled()
    assert autograd.is_grad_enabled()


def in_threads(*functions: Callable[[], Any]) -> list[Any]:
    """Run each function in its own thread; return their results or raise their errors."""
    results: list[Any] = [None] * len(functions)
    errors: list[BaseException] = []

    def run(i: int) -> None:
        try:
            results[i] = functions[i]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def test_no_grad_holds_in_its_own_thread_only() -> None:
    x = leaf(1)
    both = threading.Barrier(2, timeout=60)

    @autograd.no_grad()
    def decorated() -> bool:
        both.wait()
        recorded = (x * 2).requires_grad
        both.wait()
        return recorded

    def off() -> tuple[bool, bool]:
        return decorated(), autograd.is_grad_enabled()

    def on() -> tuple[bool, bool]:
        both.wait()
        recorded = (x * 2).requires_grad
        both.wait()
        return recorded, autograd.is_grad_enabled()

    assert in_threads(off, on) == [(False, True), (True, True)]


def train(seed: int, steps: int = 30) -> list[bytes]:
    """The parameters of a small network after some steps."""
    random = np.random.default_rng(seed)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4))
    for p in net.parameters():
        p.data.copy_(tensor(random.standard_normal(p.shape) / 4))
    optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(steps):
        x = tensor(random.standard_normal((5, 1, 6, 6)), dtype=autograd.float32)
        loss = nn.functional.cross_entropy(net(x), tensor(random.integers(0, 4, 5)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with autograd.no_grad():
            assert not net(x).requires_grad
    return [p.array.tobytes() for p in net.parameters()]


def test_two_threads_train_two_models_as_if_alone() -> None:
    alone = [train(1), train(2)]
    assert alone[0] != alone[1]
    for _ in range(3):
        assert in_threads(lambda: train(1), lambda: train(2)) == alone


# ── hooks ──


def test_a_hook_sees_and_changes_a_leafs_gradient() -> None:
    x = leaf(1, 2)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.tolist()))  # returns None, so the gradient stays
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * x).sum().backward()
    assert seen == [[2, 4], [20, 40]]  # in the order of registration, each with the result of the previous one
    assert grad_of(x) == [20, 40]
    handle.remove()
    handle.remove()
    (x * x).sum().backward()
    assert len(seen) == 3


def test_a_hook_sees_the_whole_gradient_once() -> None:
    x = leaf(1)
    seen = []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * 3 + y * 4 + y).backward()
    assert seen == [[8]]


def test_a_hook_changes_what_flows_on() -> None:
    x = leaf(1, 2)
    y = x * 3
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    y.sum().backward()
    assert grad_of(x) == [30, 30]
    assert grad_of(y) == [10, 10]


def test_hooks_run_for_grad_and_for_graphs_of_gradients() -> None:
    x = leaf(2, dtype=F64)
    x.register_hook(lambda g: g * 10)
    (dx,) = autograd.grad((x**2).sum(), x, create_graph=True)
    assert dx is not None and dx.tolist() == [40]
    (dxx,) = autograd.grad(dx.sum(), x)
    assert dxx is not None and dxx.tolist() == [200]


def test_a_hook_may_keep_the_gradient() -> None:
    x = leaf(1)
    kept: list[Tensor] = []
    x.register_hook(kept.append)
    for _ in range(3):
        (x * 2).sum().backward()
    assert [g.tolist() for g in kept] == [[2]] * 3


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_are_recorded_where_the_backward_is(create_graph: bool) -> None:
    seen = []
    x = leaf(1)
    y = x * 2
    for t in (x, y):
        t.register_hook(lambda g: seen.append(autograd.is_grad_enabled()))
    with autograd.set_grad_enabled(not create_graph):
        y.backward(create_graph=create_graph)
    assert seen == [create_graph] * 2


@pytest.mark.parametrize("wrong", [2.0, autograd.ones(3), autograd.ones(2, dtype=F64)])
def test_a_hook_must_return_a_gradient(wrong: Any) -> None:
    x = leaf(1, 2)
    x.register_hook(lambda g: wrong)
    with pytest.raises(RuntimeError, match=r"hook returned .* for a gradient of float32 \(2,\)"):
        (x * 2).sum().backward()


def test_a_hook_needs_a_gradient_to_come() -> None:
    with pytest.raises(RuntimeError, match=r"register_hook.*does not require grad"):
        tensor([1.0]).register_hook(lambda g: None)


def test_retain_grad() -> None:
    x = leaf(1, 2)
    y = x * 2
    y.retain_grad()
    z = (y * y).sum()
    z.backward(retain_graph=True)
    assert grad_of(y) == [4, 8]
    z.backward()
    assert grad_of(y) == [8, 16]
    other = x * 2
    (other * other).sum().backward()
    assert other.grad is None
    x.retain_grad()  # a leaf stores its grad anyway


def test_retain_grad_keeps_no_tensor_alive(no_collector: None) -> None:
    x = leaf(1, 2)
    y = x * 2
    y.retain_grad()
    z = (y * y).sum()
    y_alive = weakref.ref(y)
    del y
    assert y_alive() is None
    z.backward()
    assert grad_of(x) == [8, 16]


# ── requires_grad, detach ──


def test_requires_grad_rules() -> None:
    assert leaf(1).requires_grad_(False).requires_grad is False
    with pytest.raises(RuntimeError, match=r"only float and complex tensors.*int64.*\.float\(\)"):
        tensor([1]).requires_grad_()
    with pytest.raises(RuntimeError, match="bool"):
        tensor([True], requires_grad=True)
    y = leaf(1) * 2
    y.requires_grad_()
    with pytest.raises(RuntimeError, match=r"computed by mul.*detach"):
        y.requires_grad_(False)


def test_detach_shares_memory_and_forgets_history() -> None:
    x = leaf(1, 2)
    y = (x * 2).detach()
    assert y.is_leaf and not y.requires_grad
    assert np.shares_memory(x.detach().array, x.array)
    (x * x.detach()).sum().backward()
    assert grad_of(x) == [1, 2]


# ── depth, lifetime and memory ──


def deep(x: Tensor, depth: int = 100_000) -> Tensor:
    y = x
    for _ in range(depth // 2):
        y = (y * 1.0) + 0.0
    return y


def test_a_graph_100_000_nodes_deep() -> None:
    x = leaf(1)
    y = deep(x)
    y.backward()
    assert grad_of(x) == [1]
    del y  # frees the whole chain; freeing it by recursion would crash


def test_a_deep_graph_dies_without_backward(no_collector: None) -> None:
    x = leaf(1)
    y = deep(x)
    first = weakref.ref(x)
    del x, y
    assert first() is None


def test_a_deep_graph_of_gradients() -> None:
    x = leaf(1, dtype=F64)
    (dx,) = autograd.grad(deep(x * x, 5000), x, create_graph=True)
    assert dx is not None
    (dxx,) = autograd.grad(dx, x)
    assert dxx is not None and dxx.tolist() == [2]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("walked", [False, True])
def test_graphs_die_without_the_collector(no_collector: None, walked: bool, create_graph: bool) -> None:
    def live() -> list[weakref.ref]:
        x = leaf(1, 2)
        y = (x * x).exp()
        z = (y.softmax(0) * y).sum()
        if walked:
            autograd.grad(z, x, create_graph=create_graph)
        return [weakref.ref(thing) for thing in (x, y, z, y.array)]

    live()  # compiles kernels, which leaves reference cycles
    gc.collect()
    assert [ref() for ref in live()] == [None] * 4


def test_backward_frees_what_was_saved(no_collector: None) -> None:
    x = leaf(1, 2)
    y = x.exp()
    saved = weakref.ref(y.array)
    z = (y * 2).sum()
    del y
    assert saved() is not None
    z.backward()
    assert saved() is None


def test_no_grad_keeps_nothing(no_collector: None) -> None:
    x = leaf(1, 2)
    with autograd.no_grad():
        y = x.exp()
        inner = weakref.ref(y)
        y = y * 2
    assert inner() is None
    assert y.node is None


def test_memory_does_not_grow_with_steps() -> None:
    train(0, steps=100)  # compile kernels and fill caches
    tracemalloc.start()
    try:
        train(0, steps=100)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        train(0, steps=2000)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 20_000  # bytes: ten per step


# ── what users of PyTorch rely on ──


def test_no_grad_without_parentheses() -> None:
    @autograd.no_grad
    def recording() -> bool:
        return autograd.is_grad_enabled()

    assert not recording()
    assert autograd.is_grad_enabled()


def test_arithmetic_that_is_not_finite_is_silent() -> None:
    x = autograd.zeros(2, requires_grad=True)
    y = (1 / x) + (x - 1).log() + (x + 1000).exp()  # a warning would be an error here
    y.sum().backward()
    assert x.grad is not None


def test_a_second_backward_through_what_saved_no_numbers() -> None:
    x = autograd.ones(3, requires_grad=True)
    y = x.reshape(3, 1).sum()
    y.backward()
    y.backward()
    assert grad_of(x) == [2, 2, 2]


def test_an_op_that_returns_its_input_shares_its_version() -> None:
    same = user_op(lambda ctx, g: g, lambda x: x)
    x = autograd.ones(2)
    y = autograd.ones(2, requires_grad=True) * same(x)
    x.zero_()
    with pytest.raises(RuntimeError, match="mul: its input 1 was changed in place"):
        y.sum().backward()


def test_backward_is_told_which_gradients_are_wanted() -> None:
    asked = []

    def backward(ctx: Any, g: Any) -> Any:
        asked.append(ctx.needs_input_grad)
        return g, g

    plus = user_op(backward, lambda x, y: x + y)
    x, y = autograd.ones(2, requires_grad=True), autograd.ones(2, requires_grad=True)
    autograd.grad(plus(x, y).sum(), y)
    plus(x, y).sum().backward()
    assert asked == [(False, True), (True, True)]


def test_other_data_after_forward_is_no_wrong_second_gradient() -> None:
    x = autograd.ones(2, requires_grad=True)
    y = (x * x * x).sum()
    x.data = autograd.zeros(2)
    with pytest.raises(RuntimeError, match=r"mul: its input . was given other data"):
        autograd.grad(y, x, create_graph=True)


# ── corner cases of the backward pass ──


def test_a_second_saved_output_has_its_own_history() -> None:
    op = user_op(
        lambda ctx, g, h: g * ctx.saved_tensors[0] + h * ctx.saved_tensors[1],
        lambda x: (np.exp(x), np.exp(x) * x),
        saves=(~0, ~1),
    )
    x = leaf(2, dtype=F64)
    second = op(x)[1]
    (dx,) = autograd.grad(second, x, create_graph=True)  # computes eˣ x from the second output
    assert dx is not None
    (dxx,) = autograd.grad(dx, x)
    assert dxx is not None and dxx.item() == pytest.approx(2 * np.exp(2))


def test_a_change_between_the_first_and_the_second_gradient_is_noticed() -> None:
    x = leaf(1, 2)
    y = x * 2
    (dy,) = autograd.grad((y * y * y).sum(), y, create_graph=True)
    assert dy is not None
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        dy.sum().backward()


def test_grad_of_what_is_no_leaf_is_what_its_hooks_made_of_it() -> None:
    y = leaf(1, 2) * 2
    y.register_hook(lambda g: g * 10)
    (dy,) = autograd.grad(y.sum(), y)
    assert dy is not None and dy.tolist() == [10, 10]


def test_create_graph_frees_what_need_not_be_retained() -> None:
    x = leaf(1, 2)
    y = (x * x).sum()
    autograd.grad(y, x, retain_graph=False, create_graph=True)
    with pytest.raises(RuntimeError, match="ran through this graph before"):
        y.backward()


def test_a_new_but_read_only_gradient_is_copied() -> None:
    def backward(ctx: Any, g: Any) -> Any:
        d = g * 2
        d.flags.writeable = False
        return d

    x = leaf(1, 2)
    op = user_op(backward)
    for _ in range(2):
        y = x * 1
        (op(y) + op(y) + op(x) + op(y)).sum().backward()
    assert grad_of(x) == [16, 16]


def test_a_saved_array_given_as_a_gradient_stays_as_it_is() -> None:
    op = user_op(lambda ctx, g: ctx.saved_tensors[0], lambda x: x * 2, saves=(~0,))
    x = leaf(1, 2)
    y = op(x)
    (y + x * 1 + x * 1).sum().backward(retain_graph=True)
    assert y.tolist() == [2, 4]
    assert grad_of(x) == [4, 6]


def test_a_hook_may_remove_itself() -> None:
    x = leaf(1)
    handles: list[Any] = []

    def once(g: Tensor) -> Tensor:
        handles[0].remove()
        return g * 2

    handles.append(x.register_hook(once))
    x.register_hook(lambda g: g + 1)
    x.backward()
    assert grad_of(x) == [3]
    x.backward()
    assert grad_of(x) == [3 + 2]


def test_hooks_know_which_output_they_are_of() -> None:
    x = leaf(1, 2, 3, 4)
    a, b = x.split(2)
    b.register_hook(lambda g: g * 10)
    b.retain_grad()
    (a.sum() + (b * b).sum()).backward()
    assert grad_of(x) == [1, 1, 60, 80]
    assert grad_of(b) == [60, 80]


def test_an_input_that_is_the_second_output_of_an_op() -> None:
    x = leaf(1, 2, 3, 4)
    _, b = (x * 1).split(2)
    loss = (b * b).sum()
    (db,) = autograd.grad(loss, b, retain_graph=True)
    assert db is not None and db.tolist() == [6, 8]
    loss.backward(inputs=b)
    assert grad_of(b) == [6, 8] and x.grad is None


def test_one_incoming_gradient_for_several_outputs() -> None:
    x = leaf(1, 2)
    (dx,) = autograd.grad([x * 2, x * 3], x, tensor([1.0, 10.0]))
    assert dx is not None and dx.tolist() == [5, 50]


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_to_chosen_inputs(create_graph: bool) -> None:
    x, w, unused = leaf(1, 2), leaf(3, 4), leaf(5)
    y = x * w
    loss = (y * y).sum()
    for times in (1, 2):
        loss.backward(inputs=[x, unused], retain_graph=True, create_graph=create_graph)
        assert grad_of(x) == [18 * times, 64 * times]
    assert w.grad is None and unused.grad is None and y.grad is None
    loss.backward(inputs=(y, w), retain_graph=True)
    assert grad_of(y) == [6, 16] and grad_of(w) == [6, 32] and grad_of(x) == [36, 128]


def test_chosen_inputs_share_no_gradient() -> None:
    x, w, g = leaf(1, 2), leaf(3, 4), tensor([5.0, 6.0])
    (x + w).backward(g, inputs=[x, w])
    x.backward(autograd.ones(2))
    assert (grad_of(x), grad_of(w), g.tolist()) == ([6, 7], [5, 6], [5, 6])


def test_other_data_is_watched_too() -> None:
    x, twin = leaf(1, 2), autograd.ones(2)
    x.data = twin
    y = (x * x).sum()
    twin.zero_()
    with pytest.raises(RuntimeError, match=r"mul: its input . was changed in place"):
        y.backward()


def test_a_grad_has_the_tensors_dtype() -> None:
    with pytest.raises(ValueError, match="grad: float64"):
        leaf(1, 2).grad = autograd.ones(2, dtype=F64)


# ── stored gradients, accumulation, and invalid requests ──


def test_retain_grad_sees_what_hooks_left_and_counts_once() -> None:
    x = leaf(1, 2)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    (y * 3).sum().backward()
    assert grad_of(y) == [30, 30] and grad_of(x) == [60, 60]
    y = x * 2
    y.retain_grad()
    (y * 3).sum().backward(inputs=[y])
    assert grad_of(y) == [3, 3]
    with pytest.raises(RuntimeError, match="retain_grad: this tensor does not require grad"):
        tensor([1.0]).retain_grad()


def test_retain_grad_keeps_the_graph_of_a_gradient() -> None:
    x = leaf(3)
    y = x * x
    y.retain_grad()
    (y * y).sum().backward(create_graph=True)
    assert y.grad is not None and y.grad.requires_grad
    (second,) = autograd.grad(y.grad.sum(), x)  # 2 y = 2 x² has the derivative 4 x
    assert second is not None and second.tolist() == [12]


def test_adding_in_place_is_recorded() -> None:
    x = leaf(1, 2)
    old = y = x * 3
    y += 1
    y *= x
    y -= x
    y /= 2
    assert old is y and y.tolist() == [1.5, 6]
    y.sum().backward()  # (3 x² + x - x) / 2
    assert grad_of(x) == [3, 6]
    total = autograd.zeros(())
    total += (x * x).sum()
    assert total.requires_grad and total.item() == 5


def test_adding_in_place_keeps_dtype_and_shape() -> None:
    y = leaf(1, 2) * 1
    y += autograd.ones(2, dtype=F64)
    assert y.dtype == autograd.float32
    with pytest.raises(ValueError, match=r"add_: the result has shape \(3, 2\).* the tensor's shape \(2,\)"):
        y += autograd.ones(3, 1)
    with pytest.raises(RuntimeError, match="add_: a leaf that requires grad"):
        x = leaf(1)
        x += 1


@pytest.mark.parametrize(
    ("inputs", "words"),
    [([], "inputs is empty"), ([tensor([1.0])], "input 0 does not require grad"), ([3], "input 0 is a int")],
)
def test_inputs_that_have_no_gradient(inputs: Any, words: str) -> None:
    x = leaf(1)
    with pytest.raises(RuntimeError, match=f"backward: {words}"):
        (x * 2).backward(inputs=inputs)
    with pytest.raises(RuntimeError, match=f"grad: {words}"):
        autograd.grad(x * 2, inputs)


def test_one_function_hooked_twice_is_two_hooks() -> None:
    x = leaf(1)
    seen: list[Tensor] = []
    first, second = x.register_hook(seen.append), x.register_hook(seen.append)
    first.remove()
    first.remove()
    (x * 2).backward()
    assert len(seen) == 1
    second.remove()
    (x * 2).backward()
    assert len(seen) == 1


def test_ops_ignore_float_errors_and_leave_numpys_setting_alone() -> None:
    x = leaf(2)
    with np.errstate(all="raise"):
        before = np.geterr()
        y = x / 0
        y.sum().backward()
        with pytest.raises(ValueError, match="matmul"):
            autograd.ones(2, 3) @ autograd.ones(2, 3)
        x.register_hook(lambda g: g * (1 // 0))  # an error in the backward pass
        with pytest.raises(ZeroDivisionError):
            (x * 2).sum().backward()
        assert np.geterr() == before
        with pytest.raises(FloatingPointError):
            np.ones(1) / 0
    assert np.isinf(y.detach().numpy()).all() and autograd.is_grad_enabled()
