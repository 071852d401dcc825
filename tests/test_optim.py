"""Optimizers: kernels against plain rules, users' optimizers, groups, state, threads, layouts and errors."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor, tensor
from autograd.tensor import wrap
from tests.optimizers import OPTIONS, STATEFUL, combinations, missing, missing_optimizer_rows, ported
from tests.runs import ROOT


def leaf(*values: float) -> Tensor:
    return tensor([float(v) for v in values], requires_grad=True)


SHAPES = [(3, 5), (), (0,), (2, 1, 7), (1,)]


def with_gradients(optimizer: Any, gradients: Any) -> None:
    """Take one step for each list of gradients, which has one gradient per parameter."""
    for step in gradients:
        params = [p for group in optimizer.param_groups for p in group["params"]]
        for p, g in zip(params, step, strict=True):
            p.grad = None if g is None else wrap(g)
        optimizer.step()


def test_every_optimizer_is_compared_with_its_plain_rule_and_with_pytorch() -> None:
    assert not (said := missing_optimizer_rows()), "\n".join(said)


def test_a_missing_row_gives_a_sentence() -> None:
    assert missing(["Lion", "SGD"], {"OPTIONS in tests/optimizers.py": ["SGD", "Adam"]}) == [
        "Lion is not tested: add a row for it to OPTIONS in tests/optimizers.py.",
        "OPTIONS in tests/optimizers.py has a row for Adam, but there is no such class.",
    ]


def run(name: str, options: dict[str, Any], dtype: Any, steps: int, plain: bool) -> tuple[list[Any], list[Any]]:
    """Parameters and their states after some steps with the kernel or with the plain rule."""
    rng = np.random.default_rng(0)
    params = [tensor(rng.standard_normal(shape).astype(dtype), requires_grad=True) for shape in SHAPES]
    gradients = [[np.asarray(rng.standard_normal(shape), dtype) for shape in SHAPES] for _ in range(steps)]
    optimizer = getattr(optim, name)(params, **options)
    with autograd.reference() if plain else contextlib.nullcontext():
        with_gradients(optimizer, gradients)
    return params, [optimizer.state[p] for p in params]


def check_alike(have: Tensor, want: Tensor) -> None:
    rtol, atol = (1e-12, 1e-14) if have.dtype == np.float64 else (2e-5, 2e-6)
    np.testing.assert_allclose(have.detach().numpy(), want.detach().numpy(), rtol, atol)
    assert have.dtype == want.dtype and have.shape == want.shape


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_kernel_follows_the_plain_rule(name: str, dtype: Any) -> None:
    before = autograd.get_default_dtype()
    autograd.set_default_dtype(dtype)  # numbers in a state have this dtype
    try:
        for options in combinations(name):
            found, wanted = (run(name, options, dtype, 5, plain) for plain in (False, True))
            for have, want in zip(found[0], wanted[0], strict=True):
                check_alike(have, want)
            for one, other in zip(found[1], wanted[1], strict=True):
                assert one.keys() == other.keys(), options
                for key in one:
                    check_alike(one[key], other[key])
    finally:
        autograd.set_default_dtype(before)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_plain_rule_can_be_called_alone(name: str) -> None:
    kind = getattr(optim, name)
    start, gradients = np.array([1.0, -2.0]), [np.array([0.5, 1.0]), np.array([-1.0, 0.25])]
    x = tensor(start, requires_grad=True)
    optimizer = kind([x])
    state: dict[str, Any] = {}
    p = start.copy()
    for g in gradients:
        before = p.copy(), g.copy()
        new = kind.reference(p, g, state, optimizer.param_groups[0])
        assert (p == before[0]).all() and (g == before[1]).all()  # neither is changed
        p = new
    with_gradients(optimizer, [[g] for g in gradients])
    np.testing.assert_allclose(x.detach().numpy(), p, rtol=1e-7)  # NAdam's product of momenta is float32


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("name", "maximize"), [(name, value) for name in OPTIONS for value in OPTIONS[name].get("maximize", (False,))]
)
def test_a_loss_falls_or_rises(name: str, maximize: bool, plain: bool) -> None:
    """This test exists because kernel and plain rule could have the same wrong sign."""
    x = leaf(1, -2)
    small = {"step_sizes": (1e-6, 0.02)} if name == "Rprop" else {}  # its steps grow until they go too far
    optimizer = getattr(optim, name)([x], **small, **({"maximize": True} if maximize else {}))
    with autograd.reference() if plain else contextlib.nullcontext():
        for _ in range(20):
            x.grad = x.detach().clone()
            before = abs(x.detach()).tolist()
            optimizer.step()
            after = abs(x.detach()).tolist()
            assert all(a > b if maximize else a < b for a, b in zip(after, before, strict=True))


def test_a_step_in_the_reference_context_launches_no_kernel(monkeypatch: Any) -> None:
    x = leaf(1)
    x.grad = tensor([2.0])
    optimizer = optim.SGD([x], lr=0.25)
    monkeypatch.setattr("optim.fused.launch", lambda *_: pytest.fail("a kernel was launched"))
    with autograd.reference():
        optimizer.step()
    assert x.item() == 0.5


@pytest.mark.parametrize("name", OPTIONS)
def test_one_thread_and_many_make_the_same_bits(name: str) -> None:
    rng = np.random.default_rng(0)
    shapes = [(100, 300), (300,), (50_001,), (7,)]
    starts = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    gradients = [[rng.standard_normal(shape).astype(np.float32) for shape in shapes] for _ in range(3)]
    bits, before = [], autograd.get_num_threads()
    for threads in (1, 4):
        autograd.set_num_threads(threads)
        params = [tensor(start, requires_grad=True) for start in starts]
        options = {"weight_decay": 0.1} if "weight_decay" in OPTIONS[name] else {}
        with_gradients(getattr(optim, name)(params, **options), gradients)
        bits.append([p.array.tobytes() for p in params])
    autograd.set_num_threads(before)
    assert bits[0] == bits[1]


# ── layouts ──


def fortran(a: np.ndarray) -> np.ndarray:
    return np.asfortranarray(a)


def strided(a: np.ndarray) -> np.ndarray:
    wide = np.repeat(a, 2, axis=-1)
    return wide[..., ::2]


def swapped(a: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(a.transpose(1, 0)).transpose(1, 0)


def read_only(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


def unaligned(a: np.ndarray) -> np.ndarray:
    room = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
    room[...] = a
    return room


def expanded(a: np.ndarray) -> np.ndarray:
    return np.broadcast_to(a[:1], a.shape)


@pytest.mark.parametrize("of_gradient", [fortran, strided, swapped, read_only, unaligned, expanded])
@pytest.mark.parametrize("of_parameter", [fortran, strided, swapped, unaligned])
@pytest.mark.parametrize("name", OPTIONS)
def test_any_layout_makes_the_same_bits(name: str, of_parameter: Any, of_gradient: Any) -> None:
    rng = np.random.default_rng(0)
    start, g = rng.standard_normal((2, 40, 30)).astype(np.float32)
    g = of_gradient(g)
    plain = wrap(start.copy(), requires_grad=True)
    other = wrap(of_parameter(start), requires_grad=True)
    memory, layout = other.array, other.array.strides
    both = [getattr(optim, name)([p], lr=0.1) for p in (plain, other)]
    for _ in range(3):
        with_gradients(both[0], [[np.ascontiguousarray(g)]])
        with_gradients(both[1], [[g]])
    np.testing.assert_array_equal(other.array, plain.array)
    assert other.array is memory and memory.strides == layout


def test_dtypes_in_one_group() -> None:
    params = [tensor([1.0, 2.0], dtype=dtype, requires_grad=True) for dtype in (np.float32, np.float64, np.float16)]
    optimizer = optim.Adam(params, lr=0.25)
    with_gradients(optimizer, [[np.ones(2, p.dtype) for p in params]] * 2)
    for p in params:
        assert p.dtype == optimizer.state[p]["exp_avg"].dtype
        np.testing.assert_allclose(p.detach().numpy(), [0.5, 1.5], rtol=1e-3 if p.dtype == np.float16 else 1e-6)


def test_read_only_memory() -> None:
    array = np.ones(3, np.float32)
    array.flags.writeable = False
    x, y = leaf(1), wrap(array, requires_grad=True)
    x.grad, y.grad = autograd.ones(1), autograd.ones(3)
    optimizer = optim.SGD([x, y], lr=0.1, momentum=0.9)
    with pytest.raises(RuntimeError, match=r"SGD: a parameter of shape \(3,\) is on read-only memory"):
        optimizer.step()
    assert (x.item(), array.tolist(), optimizer.state) == (1, [1, 1, 1], {})


def test_memory_of_another_shape() -> None:
    x = leaf(1, 2, 3)
    optimizer = optim.Adam([x])
    x.grad = autograd.ones(3)
    optimizer.step()
    optimizer.state[x]["exp_avg"] = tensor(0.0)
    with pytest.raises(ValueError, match=r"shape \(\) does not fit a parameter of shape \(3,\)"):
        optimizer.step()


def test_nan_passes() -> None:
    x = leaf(1, 1)
    optimizer = optim.Adam([x], lr=0.1, amsgrad=True)
    with_gradients(optimizer, [[np.array([np.nan, 1], np.float32)], [np.array([1, 1], np.float32)]])
    assert np.isnan(x.array).tolist() == [True, False]


@pytest.mark.parametrize("plain", [False, True])
def test_lion_by_hand(plain: bool) -> None:
    x = leaf(1, 1, 1, 1)
    optimizer = optim.Lion([x], lr=0.125, betas=(0.5, 0.75), weight_decay=0.5)
    with autograd.reference() if plain else contextlib.nullcontext():
        with_gradients(optimizer, [[np.array([8, -8, 0, np.nan], np.float32)]])
        scale = 1 - 0.125 * 0.5
        np.testing.assert_array_equal(x.array, [scale - 0.125, scale + 0.125, scale, np.nan])
        np.testing.assert_array_equal(optimizer.state[x]["exp_avg"].numpy(), [2, -2, 0, np.nan])
        # 0.5 · 2 - 0.5 · 2 is 0: no step.  0.5 · -2 + 0.5 · 1 is below 0, against the gradient.
        with_gradients(optimizer, [[np.array([-2, 1, 0, 1], np.float32)]])
    expected = [scale * (scale - 0.125), scale * (scale + 0.125) + 0.125, scale**2, np.nan]
    np.testing.assert_allclose(x.array, expected, rtol=1e-6)
    np.testing.assert_array_equal(optimizer.state[x]["exp_avg"].numpy(), [1, -1.25, 0, np.nan])


# ── steps ──


@pytest.mark.parametrize(
    ("name", "options", "rest"),
    [
        ("SGD", {"momentum": 0.9}, {"momentum_buffer"}),
        ("Adam", {}, {"exp_avg"}),
        ("AdamW", {"amsgrad": True}, {"exp_avg"}),
        ("NAdam", {}, {"exp_avg"}),
        ("RMSprop", {"alpha": 0.9, "momentum": 0.9, "centered": True}, {"square_avg", "grad_avg", "momentum_buffer"}),
        ("Adadelta", {}, {"square_avg", "acc_delta"}),
        ("Adamax", {}, {"exp_avg"}),
        ("RAdam", {}, {"exp_avg"}),
        ("Lion", {"betas": (0.9, 0.9)}, {"exp_avg"}),
    ],
)
def test_running_means_of_gradients_that_stay_0_end_at_0(name: str, options: dict[str, Any], rest: set[str]) -> None:
    """A subnormal number would make each step ten times as slow."""
    p = leaf(1, 2)
    optimizer = getattr(optim, name)([p], lr=0.001, **options)
    p.grad = tensor([1.0, -1.0])
    for _ in range(3):
        optimizer.step()
    for step in range(2000):
        p.grad = tensor([step % 3 - 0.5, 0.0])
        optimizer.step()
    state = {key: value.numpy() for key, value in optimizer.state[p].items() if value.numpy().ndim}
    assert {key for key, value in state.items() if value[1] == 0} == rest
    assert all(abs(value[0]) > 1e-6 for value in state.values())


def test_a_step_counts_as_writing() -> None:
    x = leaf(2)
    y = x * x
    x.grad = autograd.ones(1)
    optim.Adam([x]).step()
    with pytest.raises(RuntimeError, match="mul"):
        y.sum().backward()


def test_parameters_at_different_steps() -> None:
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal(1) for _ in range(6)]
    x, y = (tensor([1.0], dtype=np.float64, requires_grad=True) for _ in range(2))
    optimizer = optim.NAdam([x, y])
    with_gradients(optimizer, [[g, None if i % 2 else g] for i, g in enumerate(gradients)])
    alone = tensor([1.0], dtype=np.float64, requires_grad=True)
    with_gradients(optim.NAdam([alone]), [[g] for g in gradients[::2]])
    assert y.item() == alone.item() != x.item()
    assert [optimizer.state[p]["step"].item() for p in (x, y)] == [6, 3]


def test_momentum_that_begins_later_is_not_dampened() -> None:
    x = leaf(1)
    optimizer = optim.SGD([x], lr=0.1, dampening=0.5)
    with_gradients(optimizer, [[np.array([1], np.float32)]])
    optimizer.param_groups[0]["momentum"] = 0.9
    with_gradients(optimizer, [[np.array([1], np.float32)]])
    assert x.item() == pytest.approx(0.8)
    with_gradients(optimizer, [[np.array([1], np.float32)]])
    assert x.item() == pytest.approx(0.8 - 0.1 * 1.4)


def test_hooks_around_a_step() -> None:
    x = leaf(1)
    x.grad = autograd.ones(1)
    optimizer = optim.SGD([x], lr=0.5)
    seen: list[Any] = []
    before = optimizer.register_step_pre_hook(lambda *call: seen.append((x.item(), call)))
    optimizer.register_step_post_hook(lambda *call: seen.append((x.item(), call)))
    optimizer.step()
    assert seen == [(1, (optimizer, (optimizer,), {})), (0.5, (optimizer, (optimizer,), {}))]
    before.remove()
    optimizer.step()
    assert [value for value, _ in seen] == [1, 0.5, 0]


def test_the_rate_as_a_tensor() -> None:
    x = leaf(1)
    optimizer = optim.SGD([x], lr=tensor(0.5))  # type: ignore[arg-type]
    assert optimizer.param_groups[0]["lr"] == 0.5
    with pytest.raises(ValueError, match="must have one element"):
        optim.SGD([x], lr=tensor([0.5, 0.5]))  # type: ignore[arg-type]


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


def steps(net: nn.Module, optimizer: Any, first: int, last: int) -> None:
    for i in range(first, last):
        x = tensor(np.random.default_rng(i).standard_normal((4, 3)), dtype=autograd.float32)
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        optimizer.step()


def make(name: str = "SGD", **options: Any) -> tuple[nn.Module, Any]:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    groups = [{"params": net[0].parameters(), "lr": 0.02}, {"params": net[2].parameters()}]  # type: ignore[union-attr]
    options = {"weight_decay": 0.01, **options} if "weight_decay" in OPTIONS[name] else options
    return net, getattr(optim, name)(groups, lr=0.01, **options)


@pytest.mark.parametrize("arrays", [False, True])
@pytest.mark.parametrize("name", STATEFUL)
def test_loaded_state_continues_with_the_same_bits(name: str, arrays: bool) -> None:
    options, kept = STATEFUL[name]
    autograd.manual_seed(0)
    net, optimizer = make(name, **options)
    optimizer.param_groups[0]["lr"] = 0.03
    steps(net, optimizer, 0, 5)
    weights = {name: t.numpy().copy() for name, t in net.state_dict().items()}
    state = copy.deepcopy(optimizer.state_dict())
    assert {key for values in state["state"].values() for key in values} == kept
    if arrays:  # the form in which a file stores it: arrays, lists and names instead of tensors, tuples and numbers
        state["state"] = {
            str(i): {key: value.numpy() for key, value in values.items()} for i, values in state["state"].items()
        }
        state["param_groups"] = json.loads(json.dumps(state["param_groups"]))
    steps(net, optimizer, 5, 10)

    other, fresh = make(name, **options)
    other.load_state_dict(weights)
    fresh.load_state_dict(state)
    assert [group["lr"] for group in fresh.param_groups] == [0.03, 0.01]
    steps(other, fresh, 5, 10)
    assert [p.array.tobytes() for p in other.parameters()] == [p.array.tobytes() for p in net.parameters()]


def test_an_optimizer_without_memory_has_no_state() -> None:
    net, optimizer = make()
    steps(net, optimizer, 0, 2)
    assert optimizer.state_dict()["state"] == {}


def test_adagrads_sums_are_there_at_once() -> None:
    x = leaf(1, 2)
    optimizer = optim.Adagrad([x], initial_accumulator_value=0.5)
    state = optimizer.state_dict()["state"][0]
    assert (state["sum"].tolist(), state["step"].item()) == ([0.5, 0.5], 0)


def test_a_copied_optimizer_has_its_own_memory() -> None:
    x = leaf(1)
    optimizer = optim.Adam([x])
    with_gradients(optimizer, [[np.array([1], np.float32)]])
    other = copy.deepcopy(optimizer)
    before = x.item()
    with_gradients(other, [[np.array([1], np.float32)]])
    assert x.item() == before != other.param_groups[0]["params"][0].item()
    assert optimizer.state[x]["step"].item() == 1


def test_state_dict_is_pytorchs() -> None:
    net, optimizer = make(momentum=0.9)
    assert optimizer.state_dict()["state"] == {}
    steps(net, optimizer, 0, 1)
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2, 3]]
    assert sorted(state["state"]) == [0, 1, 2, 3]
    assert state["state"][0]["momentum_buffer"].shape == (4, 3)
    assert state["param_groups"][1]["momentum"] == 0.9


def test_loading_copies() -> None:
    net, optimizer = make(momentum=0.9)
    steps(net, optimizer, 0, 2)
    other, fresh = make(momentum=0.9)
    fresh.load_state_dict(optimizer.state_dict())
    before = optimizer.state_dict()["state"][0]["momentum_buffer"].tolist()
    steps(other, fresh, 0, 1)
    assert optimizer.state_dict()["state"][0]["momentum_buffer"].tolist() == before


def test_a_state_that_does_not_fit_loads_nothing() -> None:
    net, optimizer = make(momentum=0.9)
    steps(net, optimizer, 0, 1)
    good = copy.deepcopy(optimizer.state_dict())
    wrong = []
    for change in (
        lambda s: s["param_groups"].pop(),
        lambda s: s["param_groups"][0]["params"].append(9),
        lambda s: s["state"][3].update(momentum_buffer=autograd.ones(7)),
        lambda s: s["state"].update({17: {}}),
        lambda s: s["param_groups"][1].update(momentum=-1.0),
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


def test_a_rate_that_a_schedule_rounded_below_0_is_loaded() -> None:
    optimizer = make()[1]
    optimizer.param_groups[0]["lr"] = -4e-19
    fresh = make()[1]
    fresh.load_state_dict(optimizer.state_dict())
    assert fresh.param_groups[0]["lr"] == -4e-19


# ── errors ──


OUT_OF_RANGE: list[tuple[str, dict[str, Any], str]] = [
    ("SGD", {"lr": -1}, "lr is -1"),
    ("SGD", {"lr": float("nan")}, "lr is nan"),
    ("SGD", {"momentum": -0.1}, "momentum is -0.1"),
    ("SGD", {"weight_decay": -1}, "weight_decay is -1"),
    ("SGD", {"nesterov": True}, "nesterov=True needs a momentum"),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening of 0"),
    ("Adam", {"lr": "fast"}, "lr is 'fast'"),
    ("Adam", {"eps": -1e-8}, "eps is -1e-08"),
    ("Adam", {"weight_decay": -1}, "weight_decay is -1"),
    ("Adam", {"betas": (0.9, 1.0)}, r"betas is \(0.9, 1.0\); it must be two numbers from 0 to below 1"),
    ("AdamW", {"betas": (-0.1, 0.9)}, r"AdamW: betas is \(-0.1, 0.9\)"),
    ("NAdam", {"betas": 0.9}, "betas is 0.9"),
    ("NAdam", {"momentum_decay": -1}, "momentum_decay is -1"),
    ("Adagrad", {"lr_decay": -1}, "lr_decay is -1"),
    ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value is -1"),
    ("RMSprop", {"alpha": -1}, "alpha is -1"),
    ("RMSprop", {"momentum": -1}, "momentum is -1"),
    ("Adadelta", {"rho": 1.5}, "rho is 1.5; it must be at most 1"),
    ("Adadelta", {"rho": -0.5}, "rho is -0.5"),
    ("Adamax", {"eps": -1}, "Adamax: eps is -1"),
    ("RAdam", {"betas": (0.9, 1.0)}, r"RAdam: betas is \(0.9, 1.0\)"),
    ("Rprop", {"etas": (1.0, 0.5)}, r"Rprop: etas is \(1.0, 0.5\); they must be between 0 and 1, and above 1"),
    ("Rprop", {"etas": 0.5}, "Rprop: etas is 0.5; it must be two numbers"),
    ("Rprop", {"step_sizes": (1e-6,)}, "Rprop: step_sizes is .*it must be two numbers"),
    ("ASGD", {"weight_decay": -0.5}, "ASGD: weight_decay is -0.5"),
    ("Adam", {"lr": tensor([0.1, 0.2])}, r"Adam: lr is a tensor of shape \(2,\).*must have one element"),
    ("Adam", {"differentiable": True}, "Adam: differentiable=True is not available.*functional_call"),
    ("Lion", {"lr": -1}, "Lion: lr is -1"),
    ("Lion", {"betas": (0.9, 1.0)}, r"Lion: betas is \(0.9, 1.0\)"),
    ("Lion", {"weight_decay": -1}, "weight_decay is -1"),
]


@pytest.mark.parametrize(("name", "options", "words"), OUT_OF_RANGE)
def test_options_out_of_range(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(optim, name)([leaf(1)], **options)
    with pytest.raises(ValueError, match=words):
        getattr(optim, name)([{"params": [leaf(1)], **options}])


def test_every_optimizer_has_options_out_of_range() -> None:
    said = missing(OPTIONS, {"OUT_OF_RANGE in tests/test_optim.py": [name for name, _, _ in OUT_OF_RANGE]})
    assert not said, "\n".join(said)


def test_what_is_no_list_of_parameters() -> None:
    x = leaf(1)
    with pytest.raises(ValueError, match="SGD: got no parameters"):
        optim.SGD(nn.ReLU().parameters())
    with pytest.raises(TypeError, match=r"one Tensor; pass \[tensor\]"):
        optim.SGD(x)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a set has no order"):
        optim.SGD({x})
    with pytest.raises(TypeError, match="a parameter is a Tensor, not a str"):
        optim.SGD(["x"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"shape \(1,\) was computed, and only leaves"):
        optim.SGD([x * 2])
    with pytest.raises(ValueError, match="given twice"):
        optim.SGD([x, x])
    with pytest.raises(ValueError, match="given twice"):
        optim.SGD([{"params": [x]}, {"params": [x]}])
    assert optim.SGD([{"params": [x], "name": "head"}]).param_groups[0]["name"] == "head"
    with pytest.raises(ValueError, match="a group is a dict with 'params'"):
        optim.SGD([{"lr": 1}])


def test_an_optimizer_without_a_rule() -> None:
    x = leaf(1)
    x.grad = autograd.ones(1)
    with pytest.raises(NotImplementedError, match=r"Optimizer has no update rule: .* writes step\(\)"):
        optim.Optimizer([x], {}).step()


def test_text() -> None:
    optimizer = optim.SGD([{"params": [leaf(1)], "lr": 0.5}, {"params": [leaf(2)]}])
    lines = repr(optimizer).splitlines()
    assert [line for line in lines if "    " not in line] == ["SGD (", "Parameter Group 0", "Parameter Group 1", ")"]
    assert [line for line in lines if "lr" in line] == ["    lr: 0.5", "    lr: 0.001"]


@pytest.mark.parametrize("size", [1, 40])
def test_adadelta_takes_a_gradient_whose_square_overflows(size: int) -> None:
    p = autograd.ones(size, requires_grad=True)
    optimizer = optim.Adadelta([p])
    for gradient in (1e20, 1.0, 3e38, -1e30):
        p.grad = autograd.full((size,), gradient)
        optimizer.step()
        assert p.tolist() == [1] * size  # the running mean of squares is inf, so the step is 0, as in PyTorch


def test_groups_keep_keys_of_the_users_own() -> None:
    p, q = (autograd.ones(1, requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([{"params": [p], "lr_scale": 0.5}, {"params": [q], "name": "q"}])
    assert optimizer.param_groups[0]["lr_scale"] == 0.5 and "lr_scale: 0.5" in repr(optimizer)
    state = copy.deepcopy(optimizer.state_dict())
    optimizer.param_groups[0]["lr_scale"] = 1
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr_scale"] == 0.5
    with pytest.raises(TypeError, match="lr_scale"):
        optim.Adam([p], lr_scale=0.5)  # type: ignore[call-arg]


def test_named_parameters() -> None:
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1, momentum=0.9)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"] == [model.weight, model.bias]
    model(autograd.ones(1, 2)).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    assert state["param_groups"][0]["param_names"] == ["weight", "bias"] and set(state["state"]) == {0, 1}
    unnamed = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    unnamed.load_state_dict(state)
    assert unnamed.param_groups[0]["param_names"] == ["weight", "bias"]  # as in PyTorch
    del state["param_groups"][0]["param_names"]
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]

    groups = optim.SGD([{"params": [("w", model.weight)]}, {"params": [("b", model.bias)], "lr": 0.2}], lr=0.1)
    assert [group["param_names"] for group in groups.param_groups] == [["w"], ["b"]]
    with pytest.raises(ValueError, match="SGD: 1 of 2 parameters have names; name all of them or none"):
        optim.SGD([("w", model.weight), model.bias], lr=0.1)
    with pytest.raises(ValueError, match="SGD: either the parameters of all groups must have names, or none"):
        groups.add_param_group({"params": [autograd.ones(1, requires_grad=True)]})
    with pytest.raises(TypeError, match="SGD: a parameter is a Tensor, not a tuple"):
        optim.SGD([(model.weight, "w")], lr=0.1)  # type: ignore[list-item]


# ── users' optimizers ──


@pytest.mark.parametrize("name", ["Lion", "MomentumSGD", "Nesterov", "AMSGrad"])
def test_a_program_written_for_pytorch_runs_with_other_imports(name: str) -> None:
    params, losses, seen = ported()["train"](name)
    assert losses[-1] < 0.8 * losses[0]
    assert seen == ["before 2", "after 0"] * 20
    assert all(p.requires_grad and p.is_leaf for p in params.values())


class Lion(optim.Optimizer):
    def __init__(self, params: Any, lr: float = 0.25) -> None:
        super().__init__(params, {"lr": lr, "beta": 0.5})

    @autograd.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                state = self.state[p]
                state["steps"] = state.get("steps", 0) + 1
                mean = state.setdefault("exp_avg", autograd.zeros_like(p))
                p.add_(mean.mul(group["beta"]).add_(p.grad, alpha=1 - group["beta"]).sign_(), alpha=-group["lr"])
                mean.lerp_(p.grad, 1 - group["beta"])


def test_lion_in_tensor_arithmetic() -> None:
    x, y = leaf(1, 2), leaf(3)
    optimizer = Lion([("x", x), ("y", y)])
    for g in (2.0, -1.0, -3.0):
        x.grad = tensor([g, 0.0])
        optimizer.step()
    assert (x.tolist(), y.tolist()) == ([1, 2], [3])  # the means are 1, 0, -1.5, so x goes down, stays, goes up
    assert optimizer.state[x]["exp_avg"].tolist() == [-1.5, 0] and "y" not in optimizer.state
    other = Lion([x, y])
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert other.state[x]["steps"] == 3 and other.state[x]["exp_avg"].tolist() == [-1.5, 0]
    assert other.state[y] == {}  # still a defaultdict


def test_hooks_run_once_around_a_step_that_calls_super() -> None:
    class Twice(optim.SGD):
        def step(self, closure: Any = None) -> Any:
            super().step(closure)
            return super().step(closure)

    x = leaf(1)
    x.grad = autograd.ones(1)
    optimizer = Twice([x], lr=0.25)
    seen: list[str] = []
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    assert (x.item(), seen) == (0.5, ["before", "after"])


def test_a_hook_may_replace_the_arguments() -> None:
    x = leaf(1)
    optimizer = optim.SGD([x], lr=0.5)
    optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: ((*args, lambda: "loss"), kwargs))
    assert optimizer.step() == "loss"
    optimizer.register_step_pre_hook(lambda *_: 3)
    with pytest.raises(RuntimeError, match=r"SGD.step: a pre-hook must return None or \(args, kwargs\), not 3"):
        optimizer.step()


# ── the process that compiles the kernels ──────────────────────────────────────────────

STEPS_OF_ALL = """
import hashlib
import numpy as np
import autograd, optim
from tests.optimizers import OPTIONS, combinations

for name in OPTIONS:
    steps = hashlib.sha256()
    for options in combinations(name):
        rng = np.random.default_rng(1)
        p = autograd.tensor(rng.standard_normal(1000).astype(np.float32), requires_grad=True)
        optimizer = getattr(optim, name)([p], **options)
        for _ in range(4):
            p.grad = autograd.tensor(rng.standard_normal(1000).astype(np.float32))
            optimizer.step()
        steps.update(p.detach().numpy().tobytes())
    print(name, steps.hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parallel
def test_the_process_that_compiles_takes_the_steps_of_those_that_read_the_cache(tmp_path: Path) -> None:
    """In a sum of two products the compiler may fuse either one with the addition; `multiply_add` determines which."""
    environment = {**os.environ, "LUCIDGRAD_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", STEPS_OF_ALL], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert [line.split()[0] for line in said[0].splitlines()] == list(OPTIONS)
    assert said[0] == said[1]
