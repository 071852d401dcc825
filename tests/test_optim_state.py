"""An optimizer, a scheduler or a module loads either a state that fits it or nothing at all."""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import tensor
from autograd.tensor import wrap
from tests.optimizers import STATEFUL

S = optim.lr_scheduler

OPTIMIZERS = {name: options for name, (options, _) in STATEFUL.items()}


def make(name: str, **options: Any) -> optim.Optimizer:
    shapes = [(2, 3), (), (4,)]
    params = [autograd.ones(*shape, requires_grad=True) for shape in shapes]
    return getattr(optim, name)([{"params": params[:2]}, {"params": params[2:]}], **{**OPTIMIZERS[name], **options})


def step(optimizer: optim.Optimizer) -> None:
    for i, p in enumerate(p for group in optimizer.param_groups for p in group["params"]):
        p.grad = autograd.full(p.shape, 0.1 * (i + 1))
    optimizer.step()


def saved(name: str) -> dict[str, Any]:
    """A state after three steps, with options other than the defaults."""
    optimizer = make(name)
    for _ in range(3):
        step(optimizer)
    optimizer.param_groups[0]["lr"] = 0.25
    return copy.deepcopy(optimizer.state_dict())


def refused(optimizer: optim.Optimizer, state: Any, words: str = "nothing") -> None:
    """Check for an error message, and that options and state are unchanged."""
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=words) as caught:
        optimizer.load_state_dict(state)
    sentence = str(caught.value)
    assert sentence.startswith(f"{type(optimizer).__name__}.load_state_dict: ")
    assert sentence.endswith("; nothing was loaded") and len(sentence) < 400
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert after["state"].keys() == before["state"].keys()
    for number, values in before["state"].items():
        for key, value in values.items():
            assert (after["state"][number][key] == value).numpy().all()


# ── values that are invalid in every entry of a state ──

FOREIGN: dict[str, Any] = {
    "a list": [1.0, 2.0, 3.0],
    "nested lists": [[1.0] * 3] * 2,
    "text": "momentum",
    "a dict": {"a": 1},
    "an object": object(),
    "a class": np.ndarray,
    "objects": np.full((2, 3), None),
    "complex": np.ones((2, 3), complex),
    "bools": np.ones((2, 3), bool),
    "texts": np.full((2, 3), "1"),
    "times": np.zeros((2, 3), "M8[s]"),
    "a structure": np.zeros((2, 3), [("a", "f4")]),
    "another shape": np.ones((3, 2)),
    "one dimension more": np.ones((1, 2, 3)),
    "a dimension less": np.ones(6),
    "no dimension": np.ones(()),
    "no elements": np.ones((0, 3)),
    "a number": 1.5,
    "a generator": (x for x in "abc"),
}


@pytest.mark.parametrize("value", FOREIGN)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_tensor_that_is_none(name: str, value: str) -> None:
    state = saved(name)
    tensors = [entry for entry in state["state"][0] if state["state"][0][entry].ndim]
    assert tensors
    for entry in tensors:
        changed = {**state, "state": {**state["state"], 0: {**state["state"][0], entry: FOREIGN[value]}}}
        refused(make(name), changed, f"{entry} of parameter 0")
        stepped = make(name)
        step(stepped)
        refused(stepped, changed, f"{entry} of parameter 0")


NO_COUNTS = {
    "None": None, "text": "3", "a list": [3], "an array": np.ones(2), "NaN": math.nan, "inf": math.inf, "-1": -1,
    "a half": 0.5, "2^5000": 1 << 5000, "complex": 1j, "True": True, "an object": np.array(None),
    "one element": np.ones(1), "a NaN array": np.array(math.nan),
}  # fmt: skip


@pytest.mark.parametrize("value", NO_COUNTS)
@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if "step" in STATEFUL[name][1]])
def test_a_count_of_steps_that_is_none(name: str, value: str) -> None:
    state = saved(name)
    state["state"][1]["step"] = NO_COUNTS[value]
    refused(make(name), state, "step|two steps")


@pytest.mark.parametrize("form", [int, float, np.float64, np.int64, np.array, np.float32, tensor])
def test_a_count_of_steps_may_be_a_number(form: Any) -> None:
    state = saved("Adam")
    for values in state["state"].values():
        values["step"] = form(3)
    one, other = make("Adam"), make("Adam")
    one.load_state_dict(state)
    other.load_state_dict(saved("Adam"))
    for optimizer in (one, other):
        step(optimizer)
    for p, q in zip(one.state, other.state):
        assert (p == q).numpy().all()
        assert one.state[p]["step"].item() == 4


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_half_a_state(name: str) -> None:
    state = saved(name)
    for entry in state["state"][0]:
        without = {**state["state"], 0: {key: value for key, value in state["state"][0].items() if key != entry}}
        if without[0]:
            refused(make(name), {**state, "state": without}, f"the state of parameter 0 lacks {entry}")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_without_a_state_begins_anew(name: str) -> None:
    """It has had no gradient yet."""
    optimizer = make(name)
    frozen = optimizer.param_groups[0]["params"][1]
    for p in (p for group in optimizer.param_groups for p in group["params"] if p is not frozen):
        p.grad = autograd.ones(*p.shape)
    optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    state["state"].pop(1, None)  # Adagrad creates its state at once
    fresh = make(name)
    fresh.load_state_dict(state)
    for one in (optimizer, fresh):
        step(one)
    assert frozen.item() == fresh.param_groups[0]["params"][1].item()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_entry_that_this_optimizer_does_not_keep(name: str) -> None:
    state = saved(name)
    state["state"][2]["hessian"] = autograd.ones(4)
    refused(make(name), state, "the state has hessian of parameter 2, but .* stores only")


# ── groups and options ──

CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no state": lambda s: s.pop("state"),
    "no groups": lambda s: s.pop("param_groups"),
    "a state of None": lambda s: s.update(state=None),
    "a list of states": lambda s: s.update(state=[{}]),
    "groups of None": lambda s: s.update(param_groups=None),
    "groups that are text": lambda s: s.update(param_groups="ab"),
    "a group that is a list": lambda s: s.update(param_groups=[[0, 1], [2]]),
    "a group without parameters": lambda s: s["param_groups"][0].pop("params"),
    "parameters of None": lambda s: s["param_groups"][0].update(params=None),
    "parameters by name": lambda s: s["param_groups"][0].update(params=["a", "b"]),
    "parameters by half numbers": lambda s: s["param_groups"][0].update(params=[0.0, 1.0]),
    "parameters by bools": lambda s: s["param_groups"][0].update(params=[False, True]),
    "lists as parameters": lambda s: s["param_groups"][0].update(params=[[0], [1]]),
    "a parameter twice": lambda s: s["param_groups"][0].update(params=[0, 0]),
    "a parameter in two groups": lambda s: s["param_groups"][0].update(params=[0, 2]),
    "a group too few": lambda s: s["param_groups"].pop(),
    "a group too many": lambda s: s["param_groups"].append({**s["param_groups"][0], "params": []}),
    "a parameter too many": lambda s: s["param_groups"][1]["params"].append(3),
    "a state of parameter 17": lambda s: s["state"].update({17: {}}),
    "a state of parameter -1": lambda s: s["state"].update({-1: {}}),
    "a state of parameter 0.5": lambda s: s["state"].update({0.5: {}}),
    "a state of parameter None": lambda s: s["state"].update({None: {}}),
    "a state of parameter True": lambda s: s["state"].update({True: s["state"].pop(1)}),
    "a state of parameter x": lambda s: s["state"].update({"x": {}}),
    "a state of parameter ²": lambda s: s["state"].update({"²": {}}),
    "a state of parameter 1...1": lambda s: s["state"].update({"1" * 5000: {}}),
    "two states of a parameter": lambda s: s["state"].update({"0": s["state"][0]}),
    "a state that is a list": lambda s: s["state"].update({0: [1]}),
    "a state that is None": lambda s: s["state"].update({0: None}),
    "an entry named 3": lambda s: s["state"][0].update({3: 1.0}),
    "an option named 3": lambda s: s["param_groups"][0].update({3: 1.0}),
    "lr of None": lambda s: s["param_groups"][0].update(lr=None),
    "lr that is text": lambda s: s["param_groups"][0].update(lr="0.1"),
    "lr that is a list": lambda s: s["param_groups"][0].update(lr=[0.1]),
    "lr of NaN": lambda s: s["param_groups"][0].update(lr=math.nan),
    "lr of inf": lambda s: s["param_groups"][0].update(lr=math.inf),
    "lr of 10^400": lambda s: s["param_groups"][0].update(lr=10**400),
    "lr of True": lambda s: s["param_groups"][0].update(lr=True),
    "lr that is an array": lambda s: s["param_groups"][0].update(lr=np.ones(2)),
    "lr that is complex": lambda s: s["param_groups"][0].update(lr=1j),
    "eps of -1": lambda s: s["param_groups"][1].update(eps=-1.0),
    "eps that is an object": lambda s: s["param_groups"][1].update(eps=object()),
    "one beta": lambda s: s["param_groups"][0].update(betas=[0.9]),
    "betas that are a number": lambda s: s["param_groups"][0].update(betas=0.9),
    "betas that are text": lambda s: s["param_groups"][0].update(betas=["0.9", "0.9"]),
    "betas of 2": lambda s: s["param_groups"][0].update(betas=[2, 2]),
    "amsgrad of 3": lambda s: s["param_groups"][0].update(amsgrad=3),
    "maximize that is text": lambda s: s["param_groups"][0].update(maximize="no"),
    "an initial rate that is text": lambda s: s["param_groups"][0].update(initial_lr="x"),
    "an own key that is a function": lambda s: s["param_groups"][0].update(own=len),
}


@pytest.mark.parametrize("change", CHANGES)
def test_groups_and_options_that_do_not_fit(change: str) -> None:
    state = saved("Adam")
    CHANGES[change](state)
    for steps in (0, 1):
        optimizer = make("Adam")
        for _ in range(steps):
            step(optimizer)
        refused(optimizer, state)


@pytest.mark.parametrize("state", [None, [], "state", 3, {}, {"state": {}}, [("state", {}), ("param_groups", [])]])
def test_what_is_no_state(state: Any) -> None:
    refused(make("SGD"), state, r"expects what a state_dict\(\) returns")


def test_sgds_dampening_is_checked_too() -> None:
    state = saved("SGD")
    state["param_groups"][0]["dampening"] = "x"
    refused(make("SGD"), state, "dampening of group 0 is 'x', which cannot replace 0.0")


@pytest.mark.parametrize(("saver", "loader"), list(itertools.permutations(OPTIMIZERS, 2)))
def test_another_optimizers_state(saver: str, loader: str) -> None:
    optimizer = make(loader)
    if {saver, loader} == {"Adam", "AdamW"}:  # one optimizer with two kinds of weight decay
        optimizer.load_state_dict(saved(saver))
        assert optimizer.param_groups[0]["decoupled_weight_decay"]  # AdamW keeps it, and Adam takes it over
        return
    refused(
        optimizer,
        saved(saver),
        f"{loader} cannot take .*{saver.removesuffix('W')}'s.* state: group 0 has the options|"
        f"the state has .*, but {loader} stores only|the state of parameter 0 lacks",
    )


def test_the_example_of_momentum_into_adam() -> None:
    p = autograd.ones(2, requires_grad=True)
    p.grad = autograd.ones(2)
    old = optim.SGD([p], lr=0.1, momentum=0.9)
    old.step()
    new = optim.Adam([p], lr=0.001)
    refused(
        new, old.state_dict(), "Adam cannot take SGD's state: group 0 has the options momentum, dampening, nesterov"
    )
    stripped = {**old.state_dict(), "param_groups": [{"params": [0], "lr": 0.1}]}
    refused(new, stripped, "the state has momentum_buffer of parameter 0, but Adam stores only step, exp_avg")


def test_options_of_an_older_version_stay_as_they_are() -> None:
    state = saved("Adam")
    for group in state["param_groups"]:
        for option in ("maximize", "foreach", "fused", "decoupled_weight_decay"):
            del group[option]
    optimizer = make("Adam", maximize=True)
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["maximize"] is True and optimizer.param_groups[0]["lr"] == 0.25


def test_keys_of_pytorchs_own_and_of_the_user() -> None:
    state = saved("Adam")
    state["param_groups"][0] |= {
        "capturable": False,
        "differentiable": False,
        "param_names": ["a", "b"],
        "scale": [1, 2],
    }
    optimizer = make("Adam")
    optimizer.load_state_dict(state)
    group = optimizer.param_groups[0]
    assert group["scale"] == [1, 2] and group["param_names"] == ["a", "b"] and not group["capturable"]


# ── users' optimizers ──


class Own(optim.Optimizer):
    """Stores various values and declares nothing."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 0.1})

    def step(self, closure: Any = None) -> None:
        for p in self.param_groups[0]["params"]:
            self.state.setdefault(p, {}).update(
                calls=3, kind="warm", history=[1.0, {"a": None}], table=autograd.ones(7), mean=autograd.ones(*p.shape)
            )


def test_an_optimizer_that_declares_nothing_loads_what_it_kept() -> None:
    p, q = (autograd.ones(2, requires_grad=True) for _ in range(2))
    one, other = Own([p]), Own([q])
    one.step()
    other.load_state_dict(one.state_dict())
    kept = other.state[q]
    assert (kept["calls"], kept["kind"], kept["history"]) == (3, "warm", [1.0, {"a": None}])
    assert kept["table"].shape == (7,) and kept["mean"] is not one.state[p]["mean"]


@pytest.mark.parametrize("value", [object(), len, np.array(None), {1, 2}, [object()], np.ones(2, complex)])
def test_not_everything_may_be_in_such_a_state(value: Any) -> None:
    one = Own([autograd.ones(2, requires_grad=True)])
    refused(one, {"state": {0: {"x": value}}, "param_groups": [{"params": [0], "lr": 0.1}]}, "x of parameter 0")


class Longer(optim.Adam):
    """Adam with additional state."""


def test_a_subclass_may_keep_more_and_what_it_inherits_is_checked() -> None:
    def fresh() -> Longer:
        return Longer([autograd.ones(2, requires_grad=True)])

    one = fresh()
    step(one)
    state = copy.deepcopy(one.state_dict())
    state["state"][0]["slow"] = autograd.ones(5)
    other = fresh()
    other.load_state_dict(state)
    assert next(iter(other.state.values()))["slow"].shape == (5,)
    state["state"][0]["exp_avg"] = autograd.ones(5)
    refused(fresh(), state, "exp_avg of parameter 0 of shape")


# ── schedulers ──

SCHEDULERS: dict[str, Callable[[optim.Optimizer], Any]] = {
    "StepLR": lambda o: S.StepLR(o, 3),
    "MultiStepLR": lambda o: S.MultiStepLR(o, [2, 4]),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.5),
    "LinearLR": lambda o: S.LinearLR(o),
    "ConstantLR": lambda o: S.ConstantLR(o),
    "PolynomialLR": lambda o: S.PolynomialLR(o),
    "CyclicLR": lambda o: S.CyclicLR(o, 0.1, 0.5, 4),
    "ChainedScheduler": lambda o: S.ChainedScheduler([S.StepLR(o, 3), S.ExponentialLR(o, 0.5)]),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 5),
    "CosineAnnealingWarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, 5),
    "OneCycleLR": lambda o: S.OneCycleLR(o, 1.0, 10),
    "ReduceLROnPlateau": lambda o: S.ReduceLROnPlateau(o),
    "SequentialLR": lambda o: S.SequentialLR(o, [S.StepLR(o, 3), S.ExponentialLR(o, 0.5)], [4]),
}
WRONG = {
    "None": None, "text": "x", "a list": [], "a dict": {}, "NaN": math.nan, "10^400": 10**400, "an object": object(),
    "deep lists": [[[[[[]]]]]], "an array": np.ones(3), "three numbers": [1.0, 2.0, 3.0], "texts": ["a", "b"],
}  # fmt: skip


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_schedulers_state_of_wrong_types(name: str, value: str) -> None:
    scheduler = SCHEDULERS[name](make("SGD"))
    good = scheduler.state_dict()
    for key, usual in good.items():
        if key == "milestones" and (value in ("a list", "three numbers") or (value, name) == ("a dict", "MultiStepLR")):
            continue
        assert type(usual) is not type(WRONG[value]) or value != "None"
        with pytest.raises(ValueError, match=rf"{name}\.load_state_dict: {key} .*nothing was loaded"):
            scheduler.load_state_dict({**good, key: WRONG[value]})
        assert scheduler.state_dict() == good


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("StepLR", "step_size", 0), ("StepLR", "step_size", 1.5), ("StepLR", "last_epoch", -2),
        ("StepLR", "last_epoch", 0.5), ("CosineAnnealingLR", "T_max", 0), ("CosineAnnealingWarmRestarts", "T_i", 0),
        ("OneCycleLR", "total_steps", 0), ("OneCycleLR", "anneal_strategy", "up"), ("MultiStepLR", "milestones", [1.5]),
        ("OneCycleLR", "phases", []), ("OneCycleLR", "phases", [[1.0, "max_lr"]]),
        ("OneCycleLR", "phases", [[1.0, "params", "base_momentum"]]), ("ReduceLROnPlateau", "mode", "least"),
        ("ReduceLROnPlateau", "threshold_mode", ""), ("ReduceLROnPlateau", "min_lrs", [0.0]),
        ("ExponentialLR", "base_lrs", [1.0]), ("ExponentialLR", "_last_lr", [1.0] * 3),
        ("LinearLR", "total_iters", "5"),
    ],
)  # fmt: skip
def test_a_schedulers_state_out_of_range(name: str, key: str, value: Any) -> None:
    scheduler = SCHEDULERS[name](make("SGD"))
    good = scheduler.state_dict()
    with pytest.raises(ValueError, match=rf"{name}\.load_state_dict: {key} .*nothing was loaded"):
        scheduler.load_state_dict({**good, key: value})
    assert scheduler.state_dict() == good


@pytest.mark.parametrize("state", [None, [], "state", {}, {"last_epoch": 3}])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_what_is_no_schedulers_state(name: str, state: Any) -> None:
    scheduler = SCHEDULERS[name](make("SGD"))
    with pytest.raises(ValueError, match=rf"{name}\.load_state_dict: expects .*nothing was loaded"):
        scheduler.load_state_dict(state)


def test_a_sequence_loads_all_of_its_schedulers_or_none() -> None:
    scheduler = SCHEDULERS["SequentialLR"](make("SGD"))
    good = scheduler.state_dict()
    first, second = good["schedulers"]
    for wrong in ([first], [first, second, second], [second, first], [first, {**second, "gamma": "x"}]):
        changed = {**good, "last_epoch": 7, "schedulers": wrong}
        with pytest.raises(ValueError, match="nothing was loaded"):
            scheduler.load_state_dict(changed)
        assert scheduler.state_dict() == good


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_schedulers_own_state_is_loaded(name: str) -> None:
    one, other = (SCHEDULERS[name](make("SGD")) for _ in range(2))
    for _ in range(5):
        one.step(*([1.0] if name == "ReduceLROnPlateau" else []))
    other.load_state_dict(json.loads(json.dumps(one.state_dict())))
    assert json.dumps(other.state_dict()) == json.dumps(one.state_dict())


# ── modules ──


class Outside:
    """A tensor of another library."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if not isinstance(self.array, np.ndarray):
            raise RuntimeError("it is on another device")
        return self.array


def test_a_module_takes_another_librarys_tensors() -> None:
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": Outside(np.full((1, 2), 3.0)), "bias": np.ones(1)})  # type: ignore[dict-item]
    assert layer.weight.tolist() == [[3, 3]] and layer.weight.dtype == np.float32


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Outside("cuda"), "weight is a .*Outside that cannot be read as a NumPy array .it is on another device."),
        ([[1.0, 2.0]], "weight is a list, not a tensor or an array"),
        ("weights", "weight is a str"),
        (None, "weight is a NoneType"),
        (np.full((1, 2), None), "weight holds object"),
        (np.ones((1, 2), complex), "weight holds complex128"),
    ],
)
def test_a_module_refuses_what_is_no_tensor(value: Any, words: str) -> None:
    layer = nn.Linear(2, 1)
    before = [p.tolist() for p in layer.parameters()]
    with pytest.raises(ValueError, match=f"nothing was loaded: .*{words}"):
        layer.load_state_dict({"bias": autograd.ones(1), "weight": value})
    assert [p.tolist() for p in layer.parameters()] == before


@pytest.mark.parametrize("count", [-1, 0.5, math.nan, math.inf])
def test_an_averages_count_is_a_whole_number(count: float) -> None:
    average = optim.swa_utils.AveragedModel(nn.Linear(1, 1))
    state = {name: wrap(np.full(t.shape, 7, t.dtype)) for name, t in average.state_dict().items()}
    before = [t.tolist() for t in average.state_dict().values()]
    with pytest.raises(ValueError, match=r"n_averaged .*integer.*nothing was loaded"):
        average.load_state_dict({**state, "n_averaged": tensor(count)})
    assert [t.tolist() for t in average.state_dict().values()] == before
    average.load_state_dict(state)
    assert average.n_averaged.item() == 7
