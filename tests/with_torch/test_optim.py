"""Optimizers and schedulers beside PyTorch's: every option, the same weights and gradients."""

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
import torch.optim.swa_utils  # not imported by torch itself

import autograd
import nn
import optim
from autograd import tensor

# PyTorch warns of schedulers that step without their optimizer, and of how SequentialLR itself uses them
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{start}:UserWarning") for start in ("Detected call of", "The epoch parameter")
]

SWITCH = (False, True)
DECAY = (0.0, 0.1)
BETAS = ((0.9, 0.999), (0.6, 0.8))
GRID: dict[str, dict[str, tuple[Any, ...]]] = {
    "SGD": {"lr": (0.1, 0.0), "momentum": (0.0, 0.9), "dampening": (0.0, 0.5), "weight_decay": DECAY,
            "nesterov": SWITCH, "maximize": SWITCH},
    "Adagrad": {"lr": (0.1,), "lr_decay": (0.0, 0.3), "weight_decay": DECAY, "initial_accumulator_value": (0.0, 0.5),
                "eps": (1e-10, 0.1), "maximize": SWITCH},
    "RMSprop": {"lr": (0.01,), "alpha": (0.99, 0.5), "eps": (1e-8, 0.1), "weight_decay": DECAY,
                "momentum": (0.0, 0.9), "centered": SWITCH, "maximize": SWITCH},
    "Adam": {"lr": (0.01,), "betas": BETAS, "eps": (1e-8, 0.1), "weight_decay": DECAY, "amsgrad": SWITCH,
             "maximize": SWITCH, "decoupled_weight_decay": SWITCH},
    "AdamW": {"lr": (0.01,), "betas": BETAS, "eps": (1e-8, 0.1), "weight_decay": DECAY, "amsgrad": SWITCH,
              "maximize": SWITCH},
    "NAdam": {"lr": (0.01,), "betas": BETAS, "eps": (1e-8, 0.1), "weight_decay": DECAY, "momentum_decay": (0.0, 0.1),
              "maximize": SWITCH, "decoupled_weight_decay": SWITCH},
    "Adadelta": {"lr": (1.0, 0.3), "rho": (0.9, 0.0), "eps": (1e-6, 0.1), "weight_decay": DECAY, "maximize": SWITCH},
}  # fmt: skip
SHAPES = [(3, 5), (), (0,), (2, 1, 7)]


def cases() -> Iterator[Any]:
    for name, grid in GRID.items():
        yield pytest.param(name, {}, id=f"{name}-defaults")
        for values in itertools.product(*grid.values()):
            options = dict(zip(grid, values))
            if not options.get("nesterov") or (options["momentum"] > 0 and options["dampening"] == 0):
                yield pytest.param(name, options, id="-".join(str(v) for v in (name, *values)))


def pair(dtype: Any) -> tuple[list[Any], list[Any]]:
    """The same parameters twice: ours and PyTorch's."""
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
    optimizer = getattr(optim, name)(ours, **options)
    reference = getattr(torch.optim, name)(theirs, **options)
    for step in range(10):
        set_gradients(ours, theirs, step)
        optimizer.step()
        reference.step()
    rtol, atol = (1e-12, 1e-13) if dtype == np.float64 else (3e-5, 3e-6)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol, atol)
    state, expected = optimizer.state_dict()["state"], reference.state_dict()["state"]
    assert state.keys() == expected.keys()
    for number, values in state.items():
        assert values.keys() == {key for key, value in expected[number].items() if value is not None}
        for key, value in values.items():
            np.testing.assert_allclose(value.numpy(), expected[number][key].numpy(), rtol, atol)
            assert value.shape == tuple(expected[number][key].shape)


@pytest.mark.parametrize("name", GRID)
def test_arguments_and_their_defaults(name: str) -> None:
    ours, theirs = pair(np.float32)
    ignored = {"foreach", "fused", "capturable", "differentiable"}
    have, want = getattr(optim, name)(ours).defaults, getattr(torch.optim, name)(theirs).defaults
    assert {k: v for k, v in have.items() if k not in ignored} == {k: v for k, v in want.items() if k not in ignored}


STATES = [
    *((name, {}) for name in GRID),
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
    """A tensor that can be read through DLPack alone."""

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
        # PyTorch goes on with NAdam's mu_product in the parameters' dtype, here float64 after float32
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


@pytest.mark.parametrize(("saver", "loader"), list(itertools.permutations(GRID, 2)))
def test_another_optimizers_state(saver: str, loader: str) -> None:
    """What PyTorch cannot go on with is refused here; Adam and AdamW take each other's, and have the same options."""
    ours, theirs = pair(np.float32)
    optimizer, reference = getattr(optim, loader)(ours), getattr(torch.optim, saver)(theirs)
    go_on((ours, theirs), [reference], 0, 1)
    before = copy.deepcopy(optimizer.state_dict())
    if {saver, loader} == {"Adam", "AdamW"}:
        optimizer.load_state_dict(reference.state_dict())
        again = getattr(torch.optim, loader)(theirs)
        again.load_state_dict(reference.state_dict())
        assert optimizer.param_groups[0]["decoupled_weight_decay"] == again.param_groups[0]["decoupled_weight_decay"]
        return
    with pytest.raises(ValueError, match=f"{loader} cannot take {saver.removesuffix('W')}'s .*nothing was loaded"):
        optimizer.load_state_dict(reference.state_dict())
    assert str(optimizer.state_dict()) == str(before)


# ── schedulers ──

S, T = optim.lr_scheduler, torch.optim.lr_scheduler
Make = Callable[[Any, Any], Any]  # a scheduler, of a module of schedulers and an optimizer


def product(name: str, **grid: tuple[Any, ...]) -> Iterator[Any]:
    for values in itertools.product(*grid.values()):
        options = dict(zip(grid, values))
        yield pytest.param(
            lambda module, optimizer, options=options: getattr(module, name)(optimizer, **options),
            id="-".join([name, *(str(getattr(value, "__name__", value)) for value in values)]),
        )


def square(epoch: int) -> float:
    return 1 / (1 + epoch) ** 2


def wave(epoch: int) -> float:
    return 1.5 + np.sin(epoch)


SEQUENCES: list[tuple[str, Make]] = [
    (
        "warm-up and cosine",
        lambda m, o: m.SequentialLR(
            o, [m.LinearLR(o, start_factor=0.1, total_iters=5), m.CosineAnnealingLR(o, T_max=20)], milestones=[5]
        ),
    ),
    (
        "steps of all kinds",
        lambda m, o: m.SequentialLR(
            o,
            [
                m.StepLR(o, 3, 0.5),
                m.MultiStepLR(o, [0, 2, 5], 0.5),
                m.ExponentialLR(o, 0.9),
                m.LambdaLR(o, square),
                m.CosineAnnealingWarmRestarts(o, 4, 2),
                m.LinearLR(o, 0.25),
                m.CosineAnnealingLR(o, 7, 1e-3),
            ],
            milestones=[7, 15, 20, 26, 40, 48],
        ),
    ),
    ("warm restarts first", lambda m, o: m.SequentialLR(o, [m.CosineAnnealingWarmRestarts(o, 4), m.StepLR(o, 2)], [9])),
    ("from the start", lambda m, o: m.SequentialLR(o, [m.StepLR(o, 3, 0.5), m.ExponentialLR(o, 0.9)], [0])),
    ("alone", lambda m, o: m.SequentialLR(o, [m.ExponentialLR(o, 0.9)], [])),
    ("a cycle later", lambda m, o: m.SequentialLR(o, [m.LinearLR(o), m.OneCycleLR(o, 0.5, 60)], [6])),
]
SCHEDULERS = [
    *product("StepLR", step_size=(1, 3, 50), gamma=(0.1, 0.9)),
    *product("MultiStepLR", milestones=([], [1], [4, 9, 9, 30], [30, 5]), gamma=(0.1, 0.9)),
    *product("ExponentialLR", gamma=(0.9, 1.0)),
    *product("LinearLR", start_factor=(1 / 3, 1.0), end_factor=(1.0, 0.0, 0.3), total_iters=(5, 1, 60)),
    *product("CosineAnnealingLR", T_max=(1, 2, 10, 25, 100), eta_min=(0.0, 0.01)),
    *product("CosineAnnealingWarmRestarts", T_0=(1, 5, 10), T_mult=(1, 2, 3), eta_min=(0.0, 0.01)),
    *product(
        "OneCycleLR",
        max_lr=(0.5, [0.5, 0.2]),
        total_steps=(60, 61),
        pct_start=(0.3, 0.5, 0.25),
        anneal_strategy=("cos", "linear"),
        cycle_momentum=SWITCH,
        three_phase=SWITCH,
    ),
    *product(
        "OneCycleLR",
        max_lr=(0.5,),
        epochs=(6,),
        steps_per_epoch=(10,),
        base_momentum=(0.8, [0.7, 0.6]),
        max_momentum=(0.9, [0.97, 0.98]),
        div_factor=(10.0,),
        final_div_factor=(100.0,),
    ),
    *product("LambdaLR", lr_lambda=(square, wave)),
    pytest.param(lambda module, optimizer: module.LambdaLR(optimizer, [square, wave]), id="LambdaLR-both"),
    *(pytest.param(make, id=f"SequentialLR-{name}") for name, make in SEQUENCES),
]


def optimizers(name: str) -> tuple[Any, Any]:
    options = {"SGD": {"lr": 0.1, "momentum": 0.9}, "Adam": {"lr": 0.1}}[name]
    ours, theirs = pair(np.float64)
    mine = getattr(optim, name)([{"params": ours[:2], "lr": 0.03}, {"params": ours[2:]}], **options)
    reference = getattr(torch.optim, name)([{"params": theirs[:2], "lr": 0.03}, {"params": theirs[2:]}], **options)
    return mine, reference


def options_of(optimizer: Any) -> list[float]:
    """All that a scheduler may change."""
    return [
        number
        for group in optimizer.param_groups
        for number in (group["lr"], group.get("momentum", 0.0), group.get("betas", (0.0,))[0])
    ]


def agree(mine: Any, reference: Any, scheduler: Any, expected: Any) -> None:
    np.testing.assert_allclose(options_of(mine), options_of(reference), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(scheduler.get_last_lr(), expected.get_last_lr(), rtol=1e-12, atol=1e-300)
    assert scheduler.last_epoch == expected.last_epoch


@pytest.mark.parametrize("make", SCHEDULERS)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_sixty_epochs(make: Make, name: str) -> None:
    mine, reference = optimizers(name)
    scheduler, expected = make(S, mine), make(T, reference)
    agree(mine, reference, scheduler, expected)
    for epoch in range(60):
        if epoch in (3, 23, 41):  # saved and loaded
            state, rates = json.loads(json.dumps([scheduler.state_dict(), mine.state_dict()["param_groups"]]))
            mine = optimizers(name)[0]
            scheduler = make(S, mine)
            mine.load_state_dict({"state": {}, "param_groups": rates})
            scheduler.load_state_dict(state)
        if epoch == 30:  # changed by the user
            for optimizer in (mine, reference):
                optimizer.param_groups[0]["lr"] *= 0.5
        scheduler.step()
        expected.step()
        agree(mine, reference, scheduler, expected)


@pytest.mark.parametrize(
    "make", [p for p in SCHEDULERS if "Sequential" not in str(p.id) and "OneCycle" not in str(p.id)]
)
def test_two_at_once(make: Make) -> None:
    mine, reference = optimizers("SGD")
    both = [(module.ExponentialLR(o, 0.95), make(module, o)) for module, o in ((S, mine), (T, reference))]
    for _ in range(30):
        for schedulers in both:
            for scheduler in schedulers:
                scheduler.step()
        agree(mine, reference, both[0][1], both[1][1])


@pytest.mark.parametrize(
    "make", [p for p in SCHEDULERS if "Sequential" not in str(p.id) and "OneCycle" not in str(p.id)]
)
@pytest.mark.parametrize("last_epoch", [0, 4, 9])
def test_going_on_from_an_epoch(make: Make, last_epoch: int) -> None:
    mine, reference = optimizers("SGD")
    for optimizer in (mine, reference):
        for group in optimizer.param_groups:
            group["initial_lr"] = 2 * group["lr"]

    class Resumed:
        """A module of schedulers that begin at last_epoch."""

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


@pytest.mark.parametrize("name", sorted(GRID))
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
