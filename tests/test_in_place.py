"""Writes in place to recorded tensors: histories, views, and what is refused.

`autograd.testing.battery.check_in_place` compares each op's in-place form with its ordinary call, and
tests/with_torch/test_in_place.py with PyTorch.
"""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd import Tensor, aliases, tensor
from autograd.gradcheck import gradcheck, gradgradcheck
from autograd.inplace_methods import InPlaceMethods
from autograd.tensor import wrap


def leaf(*numbers: float) -> Tensor:
    return tensor([float(n) for n in numbers], dtype=autograd.float64, requires_grad=True)


def grad_of(x: Tensor) -> list:
    assert x.grad is not None
    return x.grad.tolist()


def test_each_line_of_the_list_has_its_functions_name() -> None:
    for name, method in vars(InPlaceMethods).items():
        function = getattr(method, "__wrapped__", None)
        if function and not name.startswith("__"):
            assert method.__name__ == f"{function.__name__}_"
            assert name[:-1] == function.__name__ or getattr(aliases, name[:-1]) is function


# ── the history ────────────────────────────────────────────────────────────────────────


def test_a_chain_of_writes() -> None:
    x = leaf(1, 2)
    y = x * 3
    memory, version = y.array, y._version
    assert y.mul_(x).exp_().add_(1) is y
    assert y.array is memory and y._version == version + 3 and not y.is_leaf
    y.sum().backward()  # e^(3 x²) + 1
    np.testing.assert_allclose(grad_of(x), [6 * np.exp(3), 12 * np.exp(12)])


def test_what_is_written_may_require_grad_where_the_tensor_does_not() -> None:
    x = leaf(1, 2)
    total, rows = tensor(0.0, dtype=autograd.float64), autograd.zeros(2, 2, dtype=autograd.float64)
    total += (x * x).sum()
    rows[0] = x
    rows[1, :] = total
    assert total.requires_grad and rows.requires_grad and not rows.is_leaf
    (rows * tensor([[1.0], [10.0]])).sum().backward()
    assert grad_of(x) == [41, 81]


def test_integers_have_no_history() -> None:
    x = leaf(1.5, -2.5)
    counts = tensor([0, 0])
    counts.copy_(x)
    assert counts.tolist() == [1, -2] and not counts.requires_grad


def test_constants_leave_a_gradient_of_zero() -> None:
    x = leaf(1, 2)
    for write in (Tensor.zero_, lambda y: y.fill_(3), lambda y: y.copy_(tensor([1.0, 1.0])), lambda y: y.eq_(1)):
        y = x * 2
        write(y)
        assert y.requires_grad
        (d,) = autograd.grad(y.sum(), x)
        assert d.tolist() == [0, 0]


@pytest.mark.parametrize("through_view", [False, True])
def test_gradients_of_any_order(through_view: bool) -> None:
    def function(x: Tensor, w: Tensor) -> Tensor:
        y = x * w
        part = y[1:] if through_view else y
        other = y[:, 1]
        part.mul_(x[1:] if through_view else x).sin_()
        y[0, [1, 0]] *= w[0]
        other.add_(part[0, 0])
        y.transpose(0, 1)[0].square_()
        return y * other.sum()

    x, w = (tensor(np.random.default_rng(k).uniform(0.5, 2, (3, 2)), requires_grad=True) for k in (0, 1))
    assert gradcheck(function, (x, w)) and gradgradcheck(function, (x, w))


def test_an_earlier_call_that_saved_the_old_values_says_so() -> None:
    x = leaf(1, 2)
    y = x * 1
    z = y.exp().sum() + y.square().sum()
    y[0] = 7
    with pytest.raises(RuntimeError, match="square: its input 0 was changed in place"):
        z.backward()
    y = x * 1
    part, z = y[:1], y.square().sum()
    part.add_(1)
    with pytest.raises(RuntimeError, match="square: its input 0 was changed in place"):
        z.backward()


def test_a_product_saves_only_what_its_gradients_need() -> None:
    x, buffer = leaf(1, 2), autograd.zeros(3, 2, dtype=autograd.float64)
    buffer[0] = x
    for t in range(2):  # each step reads what the one before has written
        buffer[t + 1] = buffer[t] * 3 / 2 + (buffer[t].reshape(1, 2) @ tensor(np.eye(2)))[0]
    buffer[2].sum().backward()
    assert grad_of(x) == [6.25, 6.25]
    y, w = x * 1, leaf(3, 4)
    z = (y * w).sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match="mul: its input 0 was changed in place"):
        z.backward()


def test_retain_graph_and_hooks() -> None:
    x = leaf(1, 2)
    y = x * 2
    seen: list[list] = []
    y.register_hook(lambda g: seen.append(g.tolist()))  # of the values before the write
    y.retain_grad()  # goes along with the tensor
    y.mul_(x)
    y.register_hook(lambda g: seen.append(g.tolist()))
    loss = (y * 5).sum()
    loss.backward(retain_graph=True)
    assert seen == [[5, 5], [5, 10]] and grad_of(y) == [5, 5] and grad_of(x) == [20, 40]
    loss.backward()
    assert grad_of(x) == [40, 80]


def test_modes_see_a_write() -> None:
    for mode in (autograd.detect_anomaly, autograd.reference, autograd.verify):
        x = leaf(1, 2)
        with mode():
            y = x * 2
            y[0].mul_(x[1])
            y.relu_()
            y.sum().backward()
        assert grad_of(x) == [4, 4]


# ── views ──────────────────────────────────────────────────────────────────────────────


def test_a_write_to_a_view_changes_the_history_of_its_base_and_of_other_views() -> None:
    x = leaf(1, 2, 3, 4)
    base = (x * 1).reshape(2, 2)
    row, column, apart, plain = base[0], base.T[1], base[1, :1], base.detach()
    old = apart.grad_fn
    row.mul_(10)
    assert column.tolist() == [20, 4] and plain.tolist() == [[10, 20], [3, 4]]
    assert apart.grad_fn is old and not plain.requires_grad  # shares no element; has no history
    for y, expected in ((base, [10, 10, 1, 1]), (row, [10, 10, 0, 0]), (column, [0, 10, 0, 1]), (apart, [0, 0, 1, 0])):
        (d,) = autograd.grad(y.sum(), x, retain_graph=True)
        assert d.tolist() == expected
    base.square_()
    (d,) = autograd.grad(column.sum(), x)
    assert d.tolist() == [0, 400, 0, 8]


def test_an_expanded_view_of_a_tensor_follows() -> None:
    x = leaf(1, 2)
    y = x * 1
    rows = y.expand(3, 2)
    y.mul_(2)
    rows.sum().backward()
    assert rows.tolist() == [[2, 4]] * 3 and grad_of(x) == [6, 6]


def test_a_base_in_any_layout() -> None:
    x = leaf(1, 2)
    for array in (np.zeros((3, 2)).T, np.zeros((4, 6))[::2, ::-2], np.zeros((2, 0, 3))):
        base = wrap(array)
        base[:, :1].add_(x.reshape(2, 1) if base.shape[1] else autograd.zeros(2, 0, 3))
        if base.size(1):
            base[1].mul_(3)
            (d,) = autograd.grad(base.sum(), x)
            assert d.tolist() == [1, 3]


def test_views_are_freed_and_ids_that_are_used_again_do_no_harm() -> None:
    base = leaf(1, 2, 3) * 1
    for _ in range(1000):
        view = base[1:]
    known = weakref.ref(view)
    assert len(base._views or ()) < 100
    gc.disable()
    try:
        del view
        assert known() is None  # without a search for cycles
        base.mul_(2)
    finally:
        gc.enable()


def test_assigning_an_item_to_itself_is_no_second_write() -> None:
    y = leaf(1, 2) * 1
    version = y._version
    y[0] += 1
    assert y._version == version + 1 and y.tolist() == [2, 2]


def test_other_data_ends_the_connection_to_the_base() -> None:
    base = leaf(1, 2) * 1
    view = base[:1]
    base.data = tensor([5.0, 6.0], dtype=autograd.float64)
    view.mul_(3)
    assert base.tolist() == [5, 6] and view.tolist() == [3]


def test_a_copy_of_a_view_is_a_view() -> None:
    x = leaf(1, 2)
    y = x * 1
    copy.copy(y).mul_(3)
    y.sum().backward()
    assert y.tolist() == [3, 6] and grad_of(x) == [3, 3]


def test_forms_that_change_only_the_shape() -> None:
    x = tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    y = x * 1
    memory, first = y.array, y[0, :1]
    assert y.t_() is y and y.unsqueeze_(0).squeeze_(2).transpose_(0, 1).shape == (3, 1)
    assert np.may_share_memory(y.array, memory)
    y[0].mul_(5)
    (y * tensor([[1.0], [10.0], [100.0]])).sum().backward()
    assert grad_of(x) == [[5, 10, 100]] and first.tolist() == [5]
    with pytest.raises(RuntimeError, match="t_: a leaf that requires grad"):
        x.t_()


def test_detach_() -> None:
    y = leaf(1, 2) * 1
    with pytest.raises(RuntimeError, match="detach_: this tensor is a view"):
        y[0].detach_()
    assert y.detach_() is y and y.is_leaf and not y.requires_grad


# ── what is refused ────────────────────────────────────────────────────────────────────

WRITES: list[Callable] = [
    lambda y: y.add_(1),
    lambda y: y.zero_(),
    lambda y: y.__setitem__(0, 5.0),
    lambda y: y.__setitem__([0], 5.0),
    lambda y: y.copy_(y.detach()),
    lambda y: y.uniform_(),
    lambda y: y.unsqueeze_(0),
    lambda y: F.relu(y, inplace=True),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_leaf_that_requires_grad(write: Callable) -> None:
    x = leaf(1, 2)
    with pytest.raises(RuntimeError, match=r": a leaf that requires grad .*no_grad"):
        write(x)
    with pytest.raises(RuntimeError, match=r": a view of a leaf that requires grad .*no_grad"):
        write(x[:1])
    assert x.tolist() == [1, 2] and x._version == 0
    with autograd.no_grad():
        write(x)
    assert x.is_leaf and x.requires_grad


@pytest.mark.parametrize("write", WRITES)
def test_one_of_several_views(write: Callable) -> None:
    for views in (
        lambda y: y.split(1),
        lambda y: y.chunk(2),
        lambda y: y.reshape(2, 1).unbind(),
        lambda y: [y.split(1)[0][:]],
    ):
        y = leaf(1, 2) * 1
        with pytest.raises(RuntimeError, match=r"one of several views.*split.*x\[\.\.\.\]"):
            write(views(y)[0])
        assert y.tolist() == [1, 2]


def test_a_view_that_was_made_without_recording() -> None:
    x = leaf(1, 2)
    y = x * 1
    with autograd.no_grad():
        part = y[:1]
    with pytest.raises(RuntimeError, match="made without recording"):
        part.mul_(x[:1])
    part.mul_(2)  # which is not recorded, so the gradient is that of the old values
    y.sum().backward()
    assert y.tolist() == [2, 2] and grad_of(x) == [1, 1]


def test_elements_that_share_a_place() -> None:
    rows = autograd.ones(2, 1).expand(2, 3)
    with pytest.raises(RuntimeError, match=r"add_: .*several of its elements are at one place.*clone"):
        rows.add_(1)
    rows[:, 0] = 4  # no element of it is repeated
    assert rows.tolist() == [[4, 4, 4]] * 2
    frozen = np.ones(2)
    frozen.flags.writeable = False
    with pytest.raises(RuntimeError, match="read-only"):
        wrap(frozen).zero_()


def test_refused_before_anything_is_changed() -> None:
    y = leaf(1, 2) * 1
    node = y.grad_fn
    for write, error, words in (
        (lambda: y.copy_(autograd.ones(3)), ValueError, r"copy_: shape \(3,\) does not broadcast to shape \(2,\)"),
        (lambda: y.copy_(autograd.ones(1, 2)), ValueError, r"copy_: shape \(1, 2\)"),
        (lambda: y.fill_(autograd.ones(1)), ValueError, "fill_: .*copy_"),
        (lambda: y.mul_(autograd.ones(2, 2)), ValueError, r"mul_: the result has shape \(2, 2\).* use mul"),
        (lambda: y.__setitem__(0, y), ValueError, r"setitem: shape \(2,\)"),
        (lambda: tensor([1, 2]).add_(1.5), RuntimeError, "add_: the result is float32.* int64 tensor"),
        (lambda: y.add_("x"), TypeError, "add"),  # type: ignore[arg-type]
        (lambda: F.relu(np.ones(2), inplace=True), TypeError, "expects a Tensor"),  # type: ignore[arg-type]
    ):
        with pytest.raises(error, match=words):
            write()
    assert y.grad_fn is node and y._version == 0 and y.tolist() == [1, 2]


# ── layers ─────────────────────────────────────────────────────────────────────────────

LAYERS = [
    nn.ReLU(inplace=True), nn.LeakyReLU(inplace=True), nn.ELU(inplace=True), nn.SiLU(inplace=True),
    nn.Mish(inplace=True), nn.Dropout(inplace=True), nn.Dropout1d(inplace=True), nn.Dropout2d(inplace=True),
    nn.Dropout3d(inplace=True),
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layers_return_the_input(layer: nn.Module) -> None:
    x = autograd.randn(3, 4, requires_grad=True)
    y = x * 1
    autograd.manual_seed(0)
    z = layer(y)
    layer.inplace = False  # type: ignore[assignment]
    autograd.manual_seed(0)
    expected = layer(x * 1)
    layer.inplace = True  # type: ignore[assignment]
    assert z is y and z.tolist() == expected.tolist()
    (d,), (e,) = (autograd.grad((t * t).sum(), x) for t in (z, expected))
    assert d.tolist() == e.tolist()


@pytest.mark.parametrize("function", [F.dropout1d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout])
def test_kinds_of_dropout_return_the_input(function: Callable[..., Tensor]) -> None:
    x = autograd.randn(8, 3, 2)
    y = x * 1
    autograd.manual_seed(0)
    z = function(y, 0.5, True, True)
    autograd.manual_seed(0)
    assert z is y
    assert z.tolist() == function(x, 0.5, True).tolist()
    assert z.tolist() != x.tolist()


def test_a_fused_layer_is_still_fused() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    node = net(autograd.ones(1, 2)).grad_fn
    assert node and node.name() == "LinearReluBackward0"
