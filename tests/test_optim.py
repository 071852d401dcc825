"""SGD against PyTorch's rules written out, groups, state and errors."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor, tensor


def leaf(*values: float) -> Tensor:
    return tensor([float(v) for v in values], requires_grad=True)


def by_hand(p: float, slope: Any, steps: int, *, lr: float, momentum: float, dampening: float, weight_decay: float,
            nesterov: bool, maximize: bool) -> float:  # fmt: skip
    """torch.optim.SGD's documented algorithm, on one number."""
    buffer = None
    for _ in range(steps):
        g = slope(p)
        g = -g if maximize else g
        g = g + weight_decay * p
        if momentum != 0:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        p = p - lr * g
    return p


OPTIONS = [
    {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": decay, "nesterov": nesterov,
     "maximize": maximize}
    for lr, momentum, dampening, decay, nesterov, maximize in itertools.product(
        (0.1, 0.0), (0.0, 0.9), (0.0, 0.5), (0.0, 0.01), (False, True), (False, True)
    )
    if not nesterov or (momentum > 0 and dampening == 0)
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(str(v) for v in options.values()))
@pytest.mark.parametrize("dtype", [autograd.float64, autograd.float32])
def test_ten_steps_of_sgd(options: dict[str, Any], dtype: Any) -> None:
    start = [1.0, -2.0, 0.5]
    x = tensor(start, dtype=dtype, requires_grad=True)
    number = tensor(1.0, dtype=dtype, requires_grad=True)
    optimizer = optim.SGD([x, number], **options)
    for _ in range(10):
        optimizer.zero_grad()
        ((x * x - x).sum() + number * number - number).backward()
        optimizer.step()
    want = [by_hand(p, lambda p: 2 * p - 1, 10, **options) for p in start]
    np.testing.assert_allclose(x.detach().numpy(), want, rtol=1e-12 if dtype == np.float64 else 1e-5)
    np.testing.assert_allclose(number.item(), want[0], rtol=1e-12 if dtype == np.float64 else 1e-5)
    assert x.dtype == number.dtype == dtype


def test_parameters_without_a_gradient_stay() -> None:
    x, y = leaf(1), leaf(1)
    optimizer = optim.SGD([x, y], lr=0.1, weight_decay=0.1, momentum=0.9)
    (x * 2).sum().backward()
    optimizer.step()
    assert (x.item() < 1, y.item()) == (True, 1)
    assert y not in optimizer.state


def test_a_step_leaves_the_gradient_alone() -> None:
    x = leaf(1, 2)
    x.grad = tensor([3.0, 4.0])
    optimizer = optim.SGD([x], lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True, maximize=True)
    for _ in range(3):
        optimizer.step()
    assert x.grad.tolist() == [3, 4]


def test_the_first_momentum_is_a_copy() -> None:
    x = leaf(1)
    optimizer = optim.SGD([x], lr=0.1, momentum=0.9)
    x.grad = tensor([1.0])
    optimizer.step()
    x.grad.zero_()
    optimizer.step()
    assert x.item() == pytest.approx(1 - 0.1 - 0.09)


def test_a_step_is_not_recorded() -> None:
    x = leaf(1)
    optimizer = optim.SGD([x], lr=0.1)
    (x * 2).sum().backward()
    optimizer.step()
    assert x.is_leaf and x.requires_grad


def test_groups_have_their_own_options() -> None:
    x, y = leaf(1), leaf(1)
    optimizer = optim.SGD([{"params": x, "lr": 0.5}, {"params": [y]}], lr=0.1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]
    (x + y).sum().backward()
    optimizer.step()
    assert (x.item(), y.item()) == pytest.approx((0.5, 0.9))
    optimizer.param_groups[1]["lr"] = 1.0
    optimizer.step()
    assert (x.item(), y.item()) == pytest.approx((0, -0.1), abs=1e-6)
    z = leaf(1)
    optimizer.add_param_group({"params": [z], "momentum": 0.5})
    assert optimizer.param_groups[2]["momentum"] == 0.5


def test_zero_grad() -> None:
    x = leaf(1)
    optimizer = optim.SGD([x], lr=0.1)
    (x * 2).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert x.grad is not None and x.grad.item() == 0
    optimizer.zero_grad()
    assert x.grad is None


def test_a_closure_computes_the_loss() -> None:
    x = leaf(3)
    optimizer = optim.SGD([x], lr=0.1)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with autograd.no_grad():
        assert optimizer.step(closure).item() == 9
    assert x.item() == pytest.approx(3 - 0.6)
    assert optimizer.step() is None


# ── state ──


def steps(net: nn.Module, optimizer: optim.SGD, first: int, last: int) -> None:
    for i in range(first, last):
        x = tensor(np.random.default_rng(i).standard_normal((4, 3)), dtype=autograd.float32)
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        optimizer.step()


def make() -> tuple[nn.Module, optim.SGD]:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    groups = [{"params": net[0].parameters(), "lr": 0.02}, {"params": net[2].parameters()}]  # type: ignore[union-attr]
    return net, optim.SGD(groups, lr=0.01, momentum=0.9, weight_decay=0.01)


@pytest.mark.parametrize("arrays", [False, True])
def test_loaded_state_continues_with_the_same_bits(arrays: bool) -> None:
    autograd.manual_seed(0)
    net, optimizer = make()
    optimizer.param_groups[0]["lr"] = 0.03
    steps(net, optimizer, 0, 5)
    weights = {name: t.numpy().copy() for name, t in net.state_dict().items()}
    state = copy.deepcopy(optimizer.state_dict())
    if arrays:  # as a file gives it back: arrays, and names in place of numbers
        state["state"] = {
            str(i): {key: value.numpy() for key, value in values.items()} for i, values in state["state"].items()
        }
    steps(net, optimizer, 5, 10)

    other, fresh = make()
    other.load_state_dict(weights)
    fresh.load_state_dict(state)
    assert [group["lr"] for group in fresh.param_groups] == [0.03, 0.01]
    steps(other, fresh, 5, 10)
    assert [p.array.tobytes() for p in other.parameters()] == [p.array.tobytes() for p in net.parameters()]


def test_state_dict_is_pytorchs() -> None:
    net, optimizer = make()
    assert optimizer.state_dict()["state"] == {}
    steps(net, optimizer, 0, 1)
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2, 3]]
    assert sorted(state["state"]) == [0, 1, 2, 3]
    assert state["state"][0]["momentum_buffer"].shape == (4, 3)
    assert state["param_groups"][1]["momentum"] == 0.9


def test_loading_copies() -> None:
    net, optimizer = make()
    steps(net, optimizer, 0, 2)
    other, fresh = make()
    fresh.load_state_dict(optimizer.state_dict())
    before = optimizer.state_dict()["state"][0]["momentum_buffer"].tolist()
    steps(other, fresh, 0, 1)
    assert optimizer.state_dict()["state"][0]["momentum_buffer"].tolist() == before


def test_a_state_that_does_not_fit_loads_nothing() -> None:
    net, optimizer = make()
    steps(net, optimizer, 0, 1)
    good = copy.deepcopy(optimizer.state_dict())
    wrong = []
    for change in (
        lambda s: s["param_groups"].pop(),
        lambda s: s["param_groups"][0]["params"].append(9),
        lambda s: s["state"][3].update(momentum_buffer=autograd.ones(7)),
        lambda s: s["state"].update({17: {}}),
        lambda s: s["param_groups"][1].update(lr=-1.0),
    ):
        state = copy.deepcopy(good)
        state["param_groups"][0]["lr"] = 99.0
        state["state"][0]["momentum_buffer"].zero_()
        change(state)
        wrong.append(state)
    for state in wrong:
        with pytest.raises(ValueError, match="SGD"):
            optimizer.load_state_dict(state)
        now = optimizer.state_dict()
        assert now["param_groups"] == good["param_groups"]
        assert all(
            (now["state"][i]["momentum_buffer"] == good["state"][i]["momentum_buffer"]).numpy().all() for i in range(4)
        )


# ── errors ──


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lr": -1}, "lr is -1"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"momentum": -0.1}, "momentum is -0.1"),
        ({"weight_decay": -1}, "weight_decay is -1"),
        ({"nesterov": True}, "nesterov=True needs a momentum"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening of 0"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        optim.SGD([leaf(1)], **options)
    with pytest.raises(ValueError, match=words):
        optim.SGD([{"params": [leaf(1)], **options}])


def test_what_is_no_list_of_parameters() -> None:
    x = leaf(1)
    with pytest.raises(ValueError, match="SGD: got no parameters"):
        optim.SGD(nn.ReLU().parameters())
    with pytest.raises(TypeError, match=r"one Tensor; pass \[tensor\]"):
        optim.SGD(x)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a set has no order"):
        optim.SGD({x})
    with pytest.raises(TypeError, match="a parameter is a Tensor, not a str"):
        optim.SGD(["x"])
    with pytest.raises(ValueError, match=r"shape \(1,\) was computed, and only leaves"):
        optim.SGD([x * 2])
    with pytest.raises(ValueError, match="given twice"):
        optim.SGD([x, x])
    with pytest.raises(ValueError, match="given twice"):
        optim.SGD([{"params": [x]}, {"params": [x]}])
    with pytest.raises(ValueError, match="no option 'learning_rate'; its options are lr"):
        optim.SGD([{"params": [x], "learning_rate": 1}])
    with pytest.raises(ValueError, match="a group is a dict with 'params'"):
        optim.SGD([{"lr": 1}])


def test_an_optimizer_without_a_rule() -> None:
    x = leaf(1)
    x.grad = autograd.ones(1)
    with pytest.raises(TypeError, match="Optimizer has no update rule"):
        optim.Optimizer([x], {}).step()
