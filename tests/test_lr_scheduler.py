"""Schedulers: the rates that their formulas give, their state, and errors."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import autograd
import optim
from autograd import tensor
from optim import lr_scheduler as S
from tests.optimizers import missing_scheduler_rows


def make(name: str = "SGD", lr: float = 1.0, **options: Any) -> Any:
    """An optimizer of two groups with the rates lr and lr / 2."""
    x, y = (autograd.zeros(1, requires_grad=True) for _ in range(2))
    return getattr(optim, name)([{"params": [x]}, {"params": [y], "lr": lr / 2}], lr=lr, **options)


def rates(scheduler: Any, epochs: int) -> list[float]:
    """The first group's rate at the start and after each step.  The second group's must be half of it."""
    found = []
    for epoch in range(epochs + 1):
        if epoch:
            scheduler.step()
        first, second = (group["lr"] for group in scheduler.optimizer.param_groups)
        assert scheduler.get_last_lr() == [first, second]
        assert second == pytest.approx(first / 2)
        assert scheduler.last_epoch == epoch
        found.append(first)
    return found


def cosine(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2


KNOWN: list[tuple[Any, list[float]]] = [
    (lambda o: S.StepLR(o, 2, 0.5), [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]),
    (lambda o: S.MultiStepLR(o, [4, 1, 4], 0.5), [1, 0.5, 0.5, 0.5, 0.125, 0.125]),
    (lambda o: S.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125]),
    (lambda o: S.ConstantLR(o, 0.25, 3), [0.25, 0.25, 0.25, 1, 1]),
    (lambda o: S.ConstantLR(o, 0.0, 2), [0, 0, 1, 1]),
    (lambda o: S.PolynomialLR(o, 4, 2.0), [1, 9 / 16, 1 / 4, 1 / 16, 0, 0]),
    (lambda o: S.MultiplicativeLR(o, lambda epoch: 1 / epoch), [1, 1, 1 / 2, 1 / 6, 1 / 24]),
    (lambda o: S.CyclicLR(o, [1, 0.5], [5, 2.5], 4, 2, cycle_momentum=False), [1, 2, 3, 4, 5, 3, 1, 2]),
    (lambda o: S.CyclicLR(o, [1, 0.5], [5, 2.5], 2, mode="triangular2", cycle_momentum=False),
     [1, 3, 5, 3, 1, 2, 3, 2, 1, 1.5]),
    (lambda o: S.CyclicLR(o, [1, 0.5], [5, 2.5], 2, mode="exp_range", gamma=0.5, cycle_momentum=False),
     [1, 2, 2, 1.25, 1]),
    (lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 2), S.ExponentialLR(o, 0.5)]), [0.5, 0.25, 0.25, 0.125]),
    (lambda o: S.LinearLR(o, 0.2, 1.0, 4), [0.2, 0.4, 0.6, 0.8, 1, 1, 1]),
    (lambda o: S.LinearLR(o), [1 / 3, 1 / 3 + 2 / 15, 1 / 3 + 4 / 15, 1 / 3 + 6 / 15, 1 / 3 + 8 / 15, 1]),
    (lambda o: S.CosineAnnealingLR(o, 4), [cosine(t / 4) for t in range(14)]),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 2), [1, 0.5, 1, 0.5, 1]),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 2, 2),
     [1, 0.5, 1, cosine(0.25), 0.5, cosine(0.75), 1, *(cosine(t / 8) for t in range(1, 8)), 1]),
    (lambda o: S.LambdaLR(o, lambda epoch: epoch**2), [0, 1, 4, 9]),
    (lambda o: S.OneCycleLR(o, [8, 4], 9, pct_start=1 / 3, anneal_strategy="linear", div_factor=8, final_div_factor=4,
                            cycle_momentum=False),
     [1, 4.5, 8, *(8 - 7.75 * t / 6 for t in range(1, 7))]),
    (lambda o: S.OneCycleLR(o, [8, 4], 9, pct_start=1 / 3, div_factor=8, final_div_factor=4, cycle_momentum=False),
     [1, 4.5, 8, *(0.25 + 7.75 * cosine(t / 6) for t in range(1, 7))]),
    (lambda o: S.OneCycleLR(o, [8, 4], epochs=3, steps_per_epoch=3, pct_start=1 / 3, anneal_strategy="linear",
                            div_factor=8, final_div_factor=4, three_phase=True, cycle_momentum=False),
     [1, 4.5, 8, 4.5, 1, *(1 - 0.75 * t / 4 for t in range(1, 5))]),
    (lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.5, 1, 2), S.ExponentialLR(o, 0.5)], [3]),
     [0.5, 0.75, 1, 1, 0.5, 0.25]),
    (lambda o: S.SequentialLR(o, [S.ExponentialLR(o, 0.5), S.StepLR(o, 1, 0.1), S.CosineAnnealingLR(o, 2)], [2, 4]),
     [1, 0.5, 1, 0.1, 1, 0.5, 0]),
]  # fmt: skip


def test_every_scheduler_is_compared_with_its_formula_and_with_pytorch() -> None:
    known = {type(scheduler(make())).__name__ for scheduler, _ in KNOWN}
    assert not (missing := missing_scheduler_rows([*known, "ReduceLROnPlateau"])), "\n".join(missing)  # test_plateaus


@pytest.mark.parametrize(("scheduler", "want"), KNOWN)
def test_known_values(scheduler: Any, want: list[float]) -> None:
    np.testing.assert_allclose(rates(scheduler(make()), len(want) - 1), want, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("scheduler", "want"), KNOWN)
@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_state_goes_through_json(scheduler: Any, want: list[float], epoch: int) -> None:
    first = scheduler(make())
    for _ in range(epoch):
        first.step()
    state = json.loads(json.dumps([first.state_dict(), first.optimizer.state_dict()["param_groups"]]))
    again = scheduler(make())
    again.step()
    again.optimizer.load_state_dict({"state": {}, "param_groups": state[1]})
    again.load_state_dict(state[0])
    assert again.get_last_lr() == first.get_last_lr()
    for _ in range(epoch, len(want) - 1):
        first.step()
        again.step()
        assert again.get_last_lr() == first.get_last_lr()
        assert again.optimizer.param_groups[0]["lr"] == again.get_last_lr()[0]


def test_a_state_is_a_copy() -> None:
    scheduler = S.MultiStepLR(make(), [1], 0.5)
    state = scheduler.state_dict()
    scheduler.step()
    assert state == {"milestones": [1], "gamma": 0.5, "base_lrs": [1, 0.5], "last_epoch": 0, "_last_lr": [1, 0.5]}
    other = S.MultiStepLR(make(), [7])
    other.load_state_dict(state)
    other.milestones.append(2)
    other.get_last_lr()[0] = 99
    assert (state["milestones"], other.get_last_lr()) == ([1], [1, 0.5])


def test_a_state_of_another_kind() -> None:
    with pytest.raises(ValueError, match=r"StepLR.load_state_dict: expects step_size, gamma.*nothing was loaded"):
        S.StepLR(make(), 3).load_state_dict(S.ExponentialLR(make(), 0.5).state_dict())


def test_momentum_goes_the_other_way() -> None:
    options = {"max_lr": 1.0, "total_steps": 5, "pct_start": 0.6, "anneal_strategy": "linear", "base_momentum": 0.5}
    for name, momentum in (("SGD", lambda group: group["momentum"]), ("Adam", lambda group: group["betas"][0])):
        optimizer = make(name)
        scheduler = S.OneCycleLR(optimizer, max_momentum=0.9, **options)  # type: ignore[arg-type]
        found = [momentum(optimizer.param_groups[1])]
        for _ in range(4):
            scheduler.step()
            found.append(momentum(optimizer.param_groups[1]))
        np.testing.assert_allclose(found, [0.9, 0.7, 0.5, 0.7, 0.9])
        if name == "Adam":
            assert optimizer.param_groups[0]["betas"][1] == 0.999


def test_a_cycle_has_an_end() -> None:
    scheduler = S.OneCycleLR(make(), 1.0, 3, cycle_momentum=False)
    for _ in range(3):
        scheduler.step()
    with pytest.raises(ValueError, match="step 4 is past the end of the cycle, which has 3 steps"):
        scheduler.step()


def test_a_cycle_that_begins_at_the_top() -> None:
    scheduler = S.OneCycleLR(make(), [1.0, 0.5], 4, pct_start=0.25, anneal_strategy="linear", cycle_momentum=False)
    assert scheduler.get_last_lr() == [1, 0.5]


def test_a_users_change_lasts() -> None:
    optimizer = make()
    scheduler = S.ExponentialLR(optimizer, 0.5)
    scheduler.step()
    optimizer.param_groups[0]["lr"] = 4.0
    scheduler.step()
    assert scheduler.get_last_lr() == [2, 0.125]


def test_going_on_from_an_epoch() -> None:
    optimizer = make()
    with pytest.raises(KeyError, match="to continue from epoch 3, group 0 needs an 'initial_lr'"):
        S.StepLR(optimizer, 2, last_epoch=3)
    x = autograd.zeros(1, requires_grad=True)
    optimizer = optim.SGD([{"params": [x], "initial_lr": 1.0}], lr=0.5)
    scheduler = S.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch), last_epoch=3)
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (4, [0.2])


def test_warm_restarts_at_any_epoch() -> None:
    scheduler = S.CosineAnnealingWarmRestarts(make(), 2, 2)
    for epoch, want in ((0.5, cosine(0.25)), (2, 1), (5, cosine(0.75)), (6.5, cosine(1 / 16)), (1, 0.5)):
        scheduler.step(epoch)
        assert scheduler.get_last_lr()[0] == pytest.approx(want)
        assert scheduler.last_epoch == int(epoch)
    with pytest.raises(ValueError, match="epoch is -1"):
        scheduler.step(-1)


# ── plateaus ──


def plateau(metrics: list[float], **options: Any) -> list[float]:
    """The first group's rate after each metric."""
    scheduler = S.ReduceLROnPlateau(make(), **options)
    found = []
    for metric in metrics:
        scheduler.step(tensor(metric))
        found.append(scheduler.get_last_lr()[0])
    assert scheduler.last_epoch == len(metrics)
    return found


@pytest.mark.parametrize(
    ("metrics", "options", "want"),
    [
        ([3, 3, 3, 3, 2, 2], {"patience": 2}, [1, 1, 1, 0.5, 0.5, 0.5]),
        ([1, 2, 3, 3, 3, 3], {"patience": 1, "mode": "max"}, [1, 1, 1, 1, 0.5, 0.5]),
        ([3, 3, 3, 3, 3, 3], {"patience": 0, "cooldown": 1}, [1, 0.5, 0.5, 0.25, 0.25, 0.125]),
        ([10, 9.5, 8.9], {"patience": 0, "threshold": 0.1}, [1, 0.5, 0.5]),
        ([10, 9.5, 8.9], {"patience": 0, "threshold": 1.0, "threshold_mode": "abs"}, [1, 0.5, 0.5]),
        ([10, 10.5, 11.1], {"patience": 0, "threshold": 0.1, "mode": "max"}, [1, 0.5, 0.5]),
        ([10, 10.5, 11.1], {"patience": 0, "threshold": 1.0, "threshold_mode": "abs", "mode": "max"}, [1, 0.5, 0.5]),
        ([3, 3, 3, 3], {"patience": 0, "min_lr": 0.3}, [1, 0.5, 0.3, 0.3]),
        ([3, 3, 3, 3], {"patience": 0, "min_lr": [0.4, 0.0]}, [1, 0.5, 0.4, 0.4]),
        ([3, 3, 3, 3], {"patience": 0, "eps": 0.3}, [1, 0.5, 0.5, 0.5]),
        ([3, math.nan, 2], {"patience": 0}, [1, 0.5, 0.5]),
    ],
)
def test_plateaus(metrics: list[float], options: dict[str, Any], want: list[float]) -> None:
    assert plateau(metrics, factor=0.5, **options) == want


def test_a_plateaus_state_goes_through_json() -> None:
    first, again = (S.ReduceLROnPlateau(make(), factor=0.5, patience=2) for _ in range(2))
    again.load_state_dict(json.loads(json.dumps(first.state_dict())))  # the best is infinite before any metric
    for _ in range(3):
        first.step(1.0)
    again.load_state_dict(json.loads(json.dumps(first.state_dict())))
    first.step(1.0)
    again.step(1.0)
    assert first.get_last_lr() == again.get_last_lr() == [0.5, 0.25]


# ── errors ──


class Unfinished(S.LRScheduler):
    pass


WRONG: Any = 2.5  # Any, so that type checkers accept the wrong arguments below


@pytest.mark.parametrize(
    ("make_scheduler", "error", "words"),
    [
        (lambda o: S.StepLR(o.param_groups, 1), TypeError, "StepLR: expects an Optimizer, got list"),
        (lambda o: S.ReduceLROnPlateau(WRONG), TypeError, "ReduceLROnPlateau: expects an Optimizer, got float"),
        (lambda o: Unfinished(o), NotImplementedError, "Unfinished has no rule: .* writes get_lr"),
        (lambda o: S.StepLR(o, 0), ValueError, "step_size is 0"),
        (lambda o: S.CosineAnnealingLR(o, 0), ValueError, "T_max is 0; it must be an integer, at least 1"),
        (lambda o: S.CosineAnnealingWarmRestarts(o, WRONG), ValueError, "T_0 is 2.5"),
        (lambda o: S.CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "T_mult is 0"),
        (lambda o: S.LinearLR(o, 0.0), ValueError, "start_factor is 0.0; it must be above 0 and at most 1"),
        (lambda o: S.LinearLR(o, 0.5, 1.5), ValueError, "end_factor is 1.5"),
        (lambda o: S.LambdaLR(o, [abs]), ValueError, "1 values of lr_lambda do not fit an optimizer of 2 groups"),
        (lambda o: S.OneCycleLR(o, 1.0), ValueError, "needs total_steps, or both epochs and steps_per_epoch"),
        (lambda o: S.OneCycleLR(o, 1.0, 0), ValueError, "total_steps is 0"),
        (lambda o: S.OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=3), ValueError, "epochs is 0"),
        (lambda o: S.OneCycleLR(o, 1.0, epochs=3, steps_per_epoch=WRONG), ValueError, "steps_per_epoch is 2.5"),
        (lambda o: S.OneCycleLR(o, 1.0, 9, pct_start=1.5), ValueError, "pct_start is 1.5"),
        (lambda o: S.OneCycleLR(o, 1.0, 9, anneal_strategy="quick"), ValueError, "'quick'; it must be 'cos' or"),
        (lambda o: S.OneCycleLR(o, [1.0], 9), ValueError, "1 values of max_lr do not fit an optimizer of 2 groups"),
        (lambda o: S.OneCycleLR(make("Adagrad"), 1.0, 9), ValueError, "Adagrad has no momentum to cycle"),
        (lambda o: S.SequentialLR(o, [], []), ValueError, "0 milestones do not fit 0 schedulers"),
        (lambda o: S.SequentialLR(o, [S.StepLR(o, 1)], [1]), ValueError, "1 milestones do not fit 1 schedulers"),
        (
            lambda o: S.SequentialLR(o, [S.StepLR(o, 1) for _ in range(3)], [5, 2]),
            ValueError,
            r"milestones \[5, 2\] are not in order",
        ),
        (lambda o: S.SequentialLR(o, [S.StepLR(make(), 1)], []), ValueError, "StepLR has another optimizer"),
        (lambda o: S.SequentialLR(o, [S.ReduceLROnPlateau(o)], []), ValueError, "ReduceLROnPlateau cannot be one"),
        (lambda o: S.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor is 1.0; it must be below 1"),
        (lambda o: S.ReduceLROnPlateau(o, mode="up"), ValueError, "mode is 'up'"),
        (lambda o: S.ReduceLROnPlateau(o, threshold_mode="none"), ValueError, "threshold_mode is 'none'"),
        (lambda o: S.ReduceLROnPlateau(o, min_lr=[1, 2, 3]), ValueError, "3 values of min_lr do not fit"),
    ],
)
def test_errors(make_scheduler: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        make_scheduler(make())


# ── groups added later, and the deprecated argument ──

SCHEDULERS: dict[str, Any] = {
    "LambdaLR": lambda o: S.LambdaLR(o, lambda epoch: 0.5**epoch),
    "StepLR": lambda o: S.StepLR(o, 1, 0.5),
    "MultiStepLR": lambda o: S.MultiStepLR(o, [1, 2, 3], 0.5),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.5),
    "LinearLR": lambda o: S.LinearLR(o, 1.0, 0.5, 4),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 2),
    "CosineAnnealingWarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, 3),
    "OneCycleLR": lambda o: S.OneCycleLR(o, 1.0, 10, cycle_momentum=False),
    "OneCycleLR with momentum": lambda o: S.OneCycleLR(o, 1.0, 10),
    "SequentialLR": lambda o: S.SequentialLR(o, [S.StepLR(o, 1, 0.5), S.ExponentialLR(o, 0.5)], [2]),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_group_that_is_added_later_is_scheduled(name: str) -> None:
    optimizer = make(momentum=0.9)
    scheduler = SCHEDULERS[name](optimizer)
    scheduler.step()
    optimizer.add_param_group({"params": [autograd.zeros(1, requires_grad=True)], "lr": 0.3})
    seen = []
    for _ in range(4):
        scheduler.step()
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        seen.append(optimizer.param_groups[2]["lr"])
    assert len(set(seen)) > 1 and all(rate >= 0 for rate in seen)
    if name == "LambdaLR":
        assert seen == pytest.approx([0.3 * 0.5**epoch for epoch in (2, 3, 4, 5)])
    state = scheduler.state_dict()
    scheduler.load_state_dict(state)


def test_a_new_group_where_each_had_a_value_of_its_own() -> None:
    for make_scheduler, option in (
        (lambda o: S.LambdaLR(o, [lambda epoch: 1.0, lambda epoch: 0.5]), "LambdaLR: .* lr_lambda"),
        (lambda o: S.OneCycleLR(o, [1.0, 2.0], 10), "OneCycleLR: .* max_lr"),
    ):
        optimizer = make(momentum=0.9)
        scheduler = make_scheduler(optimizer)
        optimizer.add_param_group({"params": [autograd.zeros(1, requires_grad=True)]})
        with pytest.raises(ValueError, match=f"{option} was a list with one value for each group"):
            scheduler.step()


def test_plateaus_of_a_group_that_is_added_later() -> None:
    optimizer = make()
    scheduler = S.ReduceLROnPlateau(optimizer, patience=0)
    scheduler.step(1.0)
    optimizer.add_param_group({"params": [autograd.zeros(1, requires_grad=True)], "lr": 0.3})
    scheduler.step(2.0)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.1, 0.05, 0.03])
    optimizer = make()
    scheduler = S.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.1, 0.2])
    optimizer.add_param_group({"params": [autograd.zeros(1, requires_grad=True)]})
    with pytest.raises(ValueError, match=r"ReduceLROnPlateau: .* min_lr was a list with one value for each group"):
        scheduler.step(1.0)


@pytest.mark.parametrize("name", [name for name in SCHEDULERS if name not in ("SequentialLR",)])
def test_a_step_to_an_epoch_is_deprecated_and_works(name: str) -> None:
    optimizer, other = make(momentum=0.9), make(momentum=0.9)
    jumped, walked = SCHEDULERS[name](optimizer), SCHEDULERS[name](other)
    for _ in range(3):
        walked.step()
    if name == "CosineAnnealingWarmRestarts":  # for it, the epoch is not deprecated
        jumped.step(3)
    else:
        with pytest.warns(UserWarning, match=r"\.step: the epoch is deprecated"):
            jumped.step(3)
    assert jumped.get_last_lr() == pytest.approx(walked.get_last_lr()) and jumped.last_epoch == 3
    walked.step()
    jumped.step()
    assert jumped.get_last_lr() == pytest.approx(walked.get_last_lr())


def test_a_plateaus_epoch_is_deprecated_and_works() -> None:
    scheduler = S.ReduceLROnPlateau(make())
    with pytest.warns(UserWarning, match=r"ReduceLROnPlateau\.step: the epoch is deprecated"):
        scheduler.step(1.0, 7)
    assert scheduler.last_epoch == 7
