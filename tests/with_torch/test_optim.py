"""Optimizers and schedulers against PyTorch's: every option, with the same weights and gradients."""

from __future__ import annotations

import copy
import itertools
import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.optim.swa_utils  # torch does not import it

import autograd
import nn
import optim
from autograd import tensor
from tests import ported_optimizers
from tests.optimizers import ALIKE, NOT_IN_PYTORCH, OPTIONS, SCHEDULERS, Make, combinations, ported

# PyTorch warns about schedulers that step without their optimizer, and about its own SequentialLR
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{start}:UserWarning") for start in ("Detected call of", "The epoch parameter")
]

SHAPES = [(3, 5), (), (0,), (2, 1, 7)]


NAMES = [name for name in OPTIONS if name not in NOT_IN_PYTORCH]


def cases() -> Iterator[Any]:
    for name in OPTIONS:
        yield pytest.param(name, {}, id=f"{name}-defaults")
        for options in combinations(name):
            yield pytest.param(name, options, id="-".join(str(v) for v in (name, *options.values())))


def test_what_pytorch_lacks() -> None:
    found = [name for name in NOT_IN_PYTORCH if hasattr(torch.optim, name)]
    assert not found, f"PyTorch has {', '.join(found)}: remove it from NOT_IN_PYTORCH in tests/optimizers.py"
    unlisted = [name for name in NAMES if not hasattr(torch.optim, name)]
    assert not unlisted, f"PyTorch has no {', '.join(unlisted)}: add it to NOT_IN_PYTORCH in tests/optimizers.py"
    unported = sorted(name for name in NOT_IN_PYTORCH if not hasattr(ported_optimizers, name))
    assert not unported, f"add a class {', '.join(unported)} to tests/ported_optimizers.py, as for PyTorch"


@pytest.mark.parametrize("name", sorted(NOT_IN_PYTORCH & set(vars(ported_optimizers))))
def test_what_pytorch_lacks_is_ported_with_the_same_options(name: str) -> None:
    ours, theirs = pair(np.float32)
    have, want = getattr(optim, name)(ours).defaults, getattr(ported_optimizers, name)(theirs).defaults
    different = [f"{key}={value}" for key, value in have.items() if key not in want or want[key] != value]
    assert not different, f"tests/ported_optimizers.py: give {name} the option {', '.join(different)}, as in optim"


def pair(dtype: Any) -> tuple[list[Any], list[Any]]:
    """The same parameters twice, ours and PyTorch's."""
    starts = [np.asarray(np.random.default_rng(i).standard_normal(shape), dtype) for i, shape in enumerate(SHAPES)]
    return [tensor(a, requires_grad=True) for a in starts], [torch.tensor(a, requires_grad=True) for a in starts]


def set_gradients(ours: list[Any], theirs: list[Any], seed: int) -> None:
    for i, (p, q) in enumerate(zip(ours, theirs)):
        g = np.asarray(np.random.default_rng((seed, i)).standard_normal(p.shape), p.dtype)
        p.grad, q.grad = tensor(g), torch.tensor(g)


@pytest.mark.parametrize(("name", "options"), list(cases()))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_ten_steps(name: str, options: dict[str, Any], dtype: Any) -> None:
    ours, theirs = pair(dtype)
    plain = pair(dtype)[0]
    optimizer, by_plain_rule = (getattr(optim, name)(params, **options) for params in (ours, plain))
    reference = (getattr(torch.optim, name, None) or getattr(ported_optimizers, name))(theirs, **options)
    for step in range(10):
        set_gradients(ours, theirs, step)
        set_gradients(plain, theirs, step)
        optimizer.step()
        reference.step()
        with autograd.reference():
            by_plain_rule.step()
    rtol, atol = (1e-12, 1e-13) if dtype == np.float64 else (3e-5, 3e-6)
    for p, q, r in zip(ours, theirs, plain):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol, atol)
        # PyTorch rounds NAdam's product of momenta before the step, the plain rule after it
        np.testing.assert_allclose(r.detach().numpy(), q.detach().numpy(), max(rtol, 1e-6), max(atol, 1e-7))
    state, expected = optimizer.state_dict()["state"], reference.state_dict()["state"]
    assert state.keys() == expected.keys()
    for number, values in state.items():
        assert values.keys() == {key for key, value in expected[number].items() if value is not None}
        for key, value in values.items():
            np.testing.assert_allclose(value.numpy(), expected[number][key].numpy(), rtol, atol)
            assert value.shape == tuple(expected[number][key].shape)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_their_defaults(name: str) -> None:
    ours, theirs = pair(np.float32)
    ignored = {"foreach", "fused", "capturable", "differentiable"}
    have, want = getattr(optim, name)(ours).defaults, getattr(torch.optim, name)(theirs).defaults
    assert {k: v for k, v in have.items() if k not in ignored} == {k: v for k, v in want.items() if k not in ignored}


STATES = [
    *((name, {}) for name in NAMES),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"amsgrad": True}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Adagrad", {"lr_decay": 0.3, "initial_accumulator_value": 0.5}),
]
FORMS: dict[str, Callable[[Any], Any]] = {
    "tensors": lambda t: t,
    "tensors with history": lambda t: t.clone().requires_grad_(),
    "arrays": lambda t: t.numpy(),
    "DLPack": lambda t: Capsule(t),
}


class Capsule:
    """A tensor that can only be read through DLPack."""

    def __init__(self, t: torch.Tensor) -> None:
        self.__dlpack__, self.__dlpack_device__ = t.__dlpack__, t.__dlpack_device__


def go_on(pairs: tuple[list[Any], list[Any]], optimizers: Any, first: int, last: int) -> None:
    for step in range(first, last):
        set_gradients(*pairs, step)
        for optimizer in optimizers:
            optimizer.step()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "options"), STATES, ids=str)
def test_pytorchs_state_goes_on_here(name: str, options: dict[str, Any], form: str) -> None:
    ours, theirs = pair(np.float64)
    optimizer, reference = getattr(optim, name)(ours), getattr(torch.optim, name)(theirs, **options)
    reference.param_groups[0]["lr"] *= 2
    go_on((ours, theirs), [reference], 0, 5)
    saved = reference.state_dict()
    if form != "tensors":
        saved["state"] = {
            i: {key: FORMS[form](value) if isinstance(value, torch.Tensor) else value for key, value in values.items()}
            for i, values in saved["state"].items()
        }
    optimizer.load_state_dict(saved)
    with autograd.no_grad():
        for p, q in zip(ours, theirs):
            p.copy_(tensor(q.detach().numpy()))
    go_on((ours, theirs), [optimizer, reference], 5, 10)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize(("name", "options"), STATES, ids=str)
def test_our_state_goes_on_in_pytorch(name: str, options: dict[str, Any]) -> None:
    ours, theirs = pair(np.float64)
    optimizer, reference = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs)
    go_on((ours, theirs), [optimizer], 0, 5)
    saved = copy.deepcopy(optimizer.state_dict())
    saved["state"] = {
        i: {key: torch.from_numpy(value.numpy()) for key, value in values.items()}
        for i, values in saved["state"].items()
    }
    reference.load_state_dict(saved)
    with torch.no_grad():
        for p, q in zip(ours, theirs):
            q.copy_(torch.from_numpy(p.detach().numpy()))
    go_on((ours, theirs), [optimizer, reference], 5, 10)
    for p, q in zip(ours, theirs):
        # PyTorch keeps NAdam's mu_product in the parameters' dtype, here float64 after float32
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-9)


def test_a_rate_that_is_pytorchs_tensor_and_a_momentum_of_none() -> None:
    ours, theirs = pair(np.float64)
    optimizer, reference = optim.SGD(ours, momentum=0.9), torch.optim.SGD(theirs, torch.tensor(0.25), momentum=0.9)
    saved = reference.state_dict()
    optimizer.load_state_dict({**saved, "state": {0: {"momentum_buffer": None}}})
    assert optimizer.param_groups[0]["lr"] == 0.25 and type(optimizer.param_groups[0]["lr"]) is float
    go_on((ours, theirs), [optimizer, reference], 0, 3)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.to(torch.bfloat16), "cannot be read as a NumPy array"),
        (lambda t: t.to(torch.complex64), "holds complex64, not real numbers"),
        (lambda t: t.to_sparse(), "cannot be read as a NumPy array"),
        (lambda t: t.to("meta"), "cannot be read as a NumPy array"),
        (lambda t: t[:1], r"of shape \(1, 5\) does not fit"),
    ],
)
def test_pytorchs_tensors_that_are_refused(change: Any, words: str) -> None:
    ours, theirs = pair(np.float32)
    optimizer, reference = optim.Adam(ours), torch.optim.Adam(theirs)
    go_on((ours, theirs), [reference], 0, 1)
    saved = reference.state_dict()
    saved["param_groups"][0]["lr"] = 9.0
    saved["state"][0]["exp_avg"] = change(saved["state"][0]["exp_avg"])
    with pytest.raises(ValueError, match=rf"exp_avg of parameter 0 .*{words}.*nothing was loaded"):
        optimizer.load_state_dict(saved)
    assert optimizer.state == {} and optimizer.param_groups[0]["lr"] == 1e-3


@pytest.mark.parametrize(("saver", "loader"), list(itertools.permutations(NAMES, 2)))
def test_another_optimizers_state(saver: str, loader: str) -> None:
    """A state that PyTorch could not continue with is refused.  The kinds of Adam load each other's, as in PyTorch."""
    ours, theirs = pair(np.float32)
    optimizer, reference = getattr(optim, loader)(ours), getattr(torch.optim, saver)(theirs)
    go_on((ours, theirs), [reference], 0, 1)
    before = copy.deepcopy(optimizer.state_dict())
    if {saver, loader} <= ALIKE:
        optimizer.load_state_dict(reference.state_dict())
        again = getattr(torch.optim, loader)(theirs)
        again.load_state_dict(reference.state_dict())
        assert optimizer.param_groups[0]["decoupled_weight_decay"] == again.param_groups[0]["decoupled_weight_decay"]
        return
    with pytest.raises(ValueError, match=r"(cannot take|stores only|lacks).*nothing was loaded"):
        optimizer.load_state_dict(reference.state_dict())
    assert str(optimizer.state_dict()) == str(before)


# ── schedulers ──

S, T = optim.lr_scheduler, torch.optim.lr_scheduler
WAYS = [pytest.param(make, id=label) for name in SCHEDULERS for label, make in SCHEDULERS[name].items()]
STEPPED = [way for way in WAYS if "ReduceLROnPlateau" not in str(way.id)]  # their steps take no metric
COMBINED = [
    way
    for way in STEPPED
    if "Sequential" not in str(way.id) and not any(name in str(way.id) for name in ("OneCycle", "Cyclic", "Chained"))
]


def optimizers(name: str) -> tuple[Any, Any]:
    options = {"SGD": {"lr": 0.1, "momentum": 0.9}, "Adam": {"lr": 0.1}}[name]
    ours, theirs = pair(np.float64)
    mine = getattr(optim, name)([{"params": ours[:2], "lr": 0.03}, {"params": ours[2:]}], **options)
    reference = getattr(torch.optim, name)([{"params": theirs[:2], "lr": 0.03}, {"params": theirs[2:]}], **options)
    return mine, reference


def options_of(optimizer: Any) -> list[float]:
    """Everything that a scheduler may change."""
    return [
        number
        for group in optimizer.param_groups
        for number in (group["lr"], group.get("momentum", 0.0), group.get("betas", (0.0,))[0])
    ]


def agree(mine: Any, reference: Any, scheduler: Any, expected: Any) -> None:
    np.testing.assert_allclose(options_of(mine), options_of(reference), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(scheduler.get_last_lr(), expected.get_last_lr(), rtol=1e-12, atol=1e-300)
    assert scheduler.last_epoch == getattr(expected, "last_epoch", scheduler.last_epoch)  # ChainedScheduler has none


@pytest.mark.parametrize("make", STEPPED)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_sixty_epochs(make: Make, name: str) -> None:
    mine, reference = optimizers(name)
    scheduler, expected = make(S, mine), make(T, reference)
    agree(mine, reference, scheduler, expected)
    for epoch in range(60):
        if epoch in (3, 23, 41):  # save and load
            state, rates = json.loads(json.dumps([scheduler.state_dict(), mine.state_dict()["param_groups"]]))
            mine = optimizers(name)[0]
            scheduler = make(S, mine)
            mine.load_state_dict({"state": {}, "param_groups": rates})
            scheduler.load_state_dict(state)
        if epoch == 30:  # the user changes them
            for optimizer in (mine, reference):
                optimizer.param_groups[0]["lr"] *= 0.5
        scheduler.step()
        expected.step()
        agree(mine, reference, scheduler, expected)


@pytest.mark.parametrize("make", COMBINED)
def test_two_at_once(make: Make) -> None:
    mine, reference = optimizers("SGD")
    both = [(module.ExponentialLR(o, 0.95), make(module, o)) for module, o in ((S, mine), (T, reference))]
    for _ in range(30):
        for schedulers in both:
            for scheduler in schedulers:
                scheduler.step()
        agree(mine, reference, both[0][1], both[1][1])


@pytest.mark.parametrize("make", COMBINED)
@pytest.mark.parametrize("last_epoch", [0, 4, 9])
def test_going_on_from_an_epoch(make: Make, last_epoch: int) -> None:
    mine, reference = optimizers("SGD")
    for optimizer in (mine, reference):
        for group in optimizer.param_groups:
            group["initial_lr"] = 2 * group["lr"]

    class Resumed:
        """A module of schedulers that start at last_epoch."""

        def __init__(self, module: Any) -> None:
            self.module = module

        def __getattr__(self, scheduler: str) -> Any:
            return lambda *values, **options: getattr(self.module, scheduler)(*values, last_epoch=last_epoch, **options)

    scheduler, expected = make(Resumed(S), mine), make(Resumed(T), reference)
    agree(mine, reference, scheduler, expected)
    for _ in range(20):
        scheduler.step()
        expected.step()
        agree(mine, reference, scheduler, expected)


@pytest.mark.parametrize("epoch", [0, 0.5, 3, 4.75, 5, 17.25, 40])
@pytest.mark.parametrize("T_mult", [1, 2])
def test_warm_restarts_at_any_epoch(epoch: float, T_mult: int) -> None:
    mine, reference = optimizers("SGD")
    scheduler, expected = (
        S.CosineAnnealingWarmRestarts(mine, 5, T_mult),
        T.CosineAnnealingWarmRestarts(reference, 5, T_mult),
    )
    scheduler.step(epoch)
    expected.step(epoch)
    for _ in range(20):
        agree(mine, reference, scheduler, expected)
        scheduler.step()
        expected.step()


def metrics(kind: str) -> list[float]:
    rng = np.random.default_rng(0)
    falling = 1 / np.sqrt(np.arange(1, 61))
    return {"falling": falling, "noisy": falling + rng.normal(0, 0.1, 60), "flat": np.full(60, 0.5),
            "below 0": falling - 2, "nan": np.where(np.arange(60) % 7, falling, np.nan)}[kind].tolist()  # fmt: skip


@pytest.mark.parametrize("kind", ["falling", "noisy", "flat", "below 0", "nan"])
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize(
    "options",
    [{}, {"patience": 0}, {"patience": 2, "cooldown": 3}, {"patience": 1, "factor": 0.5, "min_lr": [0.01, 0.02]},
     {"patience": 1, "threshold": 0.05, "min_lr": 1e-3}, {"patience": 1, "eps": 0.02}, {"threshold": 0.0}],
    ids=str,
)  # fmt: skip
def test_plateaus(kind: str, mode: str, threshold_mode: str, options: dict[str, Any]) -> None:
    mine, reference = optimizers("SGD")
    options = {"mode": mode, "threshold_mode": threshold_mode, **options}
    scheduler, expected = S.ReduceLROnPlateau(mine, **options), T.ReduceLROnPlateau(reference, **options)
    for epoch, metric in enumerate(metrics(kind)):
        if epoch == 20:
            state = json.loads(json.dumps(scheduler.state_dict()))
            scheduler = S.ReduceLROnPlateau(mine, **options)
            scheduler.load_state_dict(state)
        scheduler.step(tensor(metric))
        expected.step(metric)
        agree(mine, reference, scheduler, expected)
        assert (scheduler.best, scheduler.num_bad_epochs) == pytest.approx((expected.best, expected.num_bad_epochs))


# ── states of PyTorch's schedulers ──


def go(scheduler: Any, epoch: int) -> None:
    """Take a step.  The metric of a plateau rises at first and then falls."""
    metric = [float(abs(epoch - 9))] if type(scheduler).__name__ == "ReduceLROnPlateau" else []
    scheduler.step(*metric)


@pytest.mark.parametrize("through_json", [False, True])
@pytest.mark.parametrize("make", WAYS)
def test_a_state_of_pytorchs_scheduler_continues_here(make: Make, through_json: bool) -> None:
    mine, reference = optimizers("SGD")
    scheduler, expected = make(S, mine), make(T, reference)
    for epoch in range(13):
        go(expected, epoch)
    state = {"state": {}, "param_groups": reference.state_dict()["param_groups"]}, expected.state_dict()
    loaded = json.loads(json.dumps(state)) if through_json else copy.deepcopy(state)
    before = copy.deepcopy(loaded)
    mine.load_state_dict(loaded[0])
    scheduler.load_state_dict(loaded[1])
    assert loaded == before
    agree(mine, reference, scheduler, expected)
    for epoch in range(13, 50):
        go(scheduler, epoch)
        go(expected, epoch)
        agree(mine, reference, scheduler, expected)


def test_states_of_pytorchs_schedulers_that_are_refused() -> None:
    class Factor:
        def __init__(self) -> None:
            self.rate = 0.5

        def __call__(self, epoch: float) -> float:
            return self.rate**epoch

    mine, reference = optimizers("SGD")
    for ours, theirs, words in (
        (S.LambdaLR(mine, Factor()), T.LambdaLR(reference, Factor()), "attributes of callable objects"),
        (S.StepLR(mine, 3), T.ExponentialLR(reference, 0.5), "expects step_size, gamma"),
        (S.StepLR(mine, 3), T.ConstantLR(reference), "expects step_size, gamma"),
        (
            S.CyclicLR(mine, 0.1, 0.2, 3, scale_fn=Factor()),
            T.CyclicLR(reference, 0.1, 0.2, 3, scale_fn=Factor()),
            "attributes of a callable object",
        ),
    ):
        before = ours.state_dict()
        with pytest.raises(ValueError, match=f"{words}.*nothing was loaded"):
            ours.load_state_dict(theirs.state_dict())
        assert ours.state_dict() == before


# ── programs written for PyTorch ──


@pytest.mark.parametrize("name", ported_optimizers.PROGRAMS)
def test_a_program_makes_the_same_parameters_here_and_in_pytorch(name: str) -> None:
    theirs, losses, seen = ported_optimizers.train(name)
    ours, our_losses, we_saw = ported()["train"](name)
    assert we_saw == seen
    np.testing.assert_allclose(our_losses, losses, rtol=1e-12)
    for key, p in theirs.items():
        np.testing.assert_allclose(ours[key].detach().numpy(), p.detach().numpy(), rtol=1e-12, atol=1e-14)


IN_PLACE: list[Callable[[Any, Any, Any], Any]] = [
    lambda x, a, b: x.abs_().sqrt_(),
    lambda x, a, b: x.neg_().sign_(),
    lambda x, a, b: x.square_().rsqrt_(),
    lambda x, a, b: x.reciprocal_(),
    lambda x, a, b: x.clamp_min_(-0.5).clamp_max_(0.5),
    lambda x, a, b: x.clamp_min_(a).clamp_max_(b),
    lambda x, a, b: x.addcmul_(a, b),
    lambda x, a, b: x.addcmul_(a, b, value=-0.3),
    lambda x, a, b: x.addcdiv_(a, b, value=2),
    lambda x, a, b: x.addcdiv_(a[:1], b),
    *(lambda x, a, b, weight=weight: x.lerp_(a, weight) for weight in (-0.7, 0.0, 0.1, 0.5, 0.9, 1.0, 1.5)),
    lambda x, a, b: x.lerp_(a, b),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", IN_PLACE)
def test_methods_in_place(method: Any, dtype: Any) -> None:
    arrays = np.random.default_rng(0).standard_normal((3, 5, 7)).astype(dtype)
    ours, theirs = (method(*map(library, arrays)) for library in (tensor, torch.tensor))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5 if dtype == np.float32 else 1e-13)
    assert ours.dtype == dtype


# ── averages of weights ──


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("make", [
    lambda m: {}, lambda m: {"avg_fn": m.get_ema_avg_fn(0.9)}, lambda m: {"multi_avg_fn": m.get_ema_multi_avg_fn(0.9)},
    lambda m: {"avg_fn": m.get_swa_avg_fn()}, lambda m: {"multi_avg_fn": m.get_swa_multi_avg_fn()},
], ids=["default", "ema", "multi-ema", "swa", "multi-swa"])  # fmt: skip
def test_averages(make: Any, use_buffers: bool) -> None:
    def net(library: Any, zeros: Any) -> Any:
        module = library.Sequential(library.Linear(3, 4), library.ReLU(), library.Linear(4, 2))
        module.register_buffer("mean", zeros)
        return module

    ours, theirs = net(nn, autograd.zeros(4)), net(torch.nn, torch.zeros(4))
    mine = optim.swa_utils.AveragedModel(ours, **make(optim.swa_utils), use_buffers=use_buffers)
    reference = torch.optim.swa_utils.AveragedModel(theirs, **make(torch.optim.swa_utils), use_buffers=use_buffers)
    for step in range(6):
        rng = np.random.default_rng(step)
        state = {k: rng.standard_normal(v.shape).astype(np.float32) for k, v in theirs.state_dict().items()}
        ours.load_state_dict(state)
        theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
        mine.update_parameters(ours)
        reference.update_parameters(theirs)
    have, want = mine.state_dict(), reference.state_dict()
    assert have.keys() == want.keys()
    for name, value in want.items():
        np.testing.assert_allclose(have[name].numpy(), value.numpy(), rtol=1e-5, atol=1e-6)
    x = np.ones((1, 3), np.float32)
    np.testing.assert_allclose(
        mine(tensor(x)).detach().numpy(), reference(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("gradients", [(1e21, 1.0), (3e38, -1.0), (1e-30, 1e21), (1e-45, 1e-45), (float("inf"), 1.0)])
@pytest.mark.parametrize("size", [1, 40])
def test_extreme_gradients(name: str, gradients: tuple[float, ...], size: int) -> None:
    ours, theirs = autograd.ones(size, requires_grad=True), torch.ones(size, requires_grad=True)
    pairs = [(getattr(optim, name)([ours], lr=0.01), ours), (getattr(torch.optim, name)([theirs], lr=0.01), theirs)]
    for gradient in gradients:
        ours.grad, theirs.grad = autograd.full((size,), gradient), torch.full((size,), gradient)
        for optimizer, _ in pairs:
            optimizer.step()
        np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda S, o: S.StepLR(o, 2, 0.5),
        lambda S, o: S.MultiStepLR(o, [2, 2, 4], 0.5),
        lambda S, o: S.ExponentialLR(o, 0.5),
        lambda S, o: S.LinearLR(o, 0.25, 0.75, 4),
        lambda S, o: S.ConstantLR(o, 0.25, 4),
        lambda S, o: S.PolynomialLR(o, 4, 2.0),
        lambda S, o: S.CosineAnnealingLR(o, 4, 0.01),
        lambda S, o: S.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
    ],
)
def test_steps_to_an_epoch(make: Any) -> None:
    ours = optim.SGD([autograd.ones(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    pair = [make(S, ours), make(T, theirs)]
    for epoch in (3, 1, None, 5, 0):
        for scheduler in pair:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                scheduler.step(epoch)
            assert any(w.category is UserWarning and "epoch" in str(w.message) for w in said) == (epoch is not None)
        assert pair[0].get_last_lr() == pytest.approx(pair[1].get_last_lr(), rel=1e-12)
