"""Every optimizer and every scheduler, with the options that tests draw.

A new optimizer needs a row in OPTIONS and one in STATEFUL.  A new scheduler needs a row in SCHEDULERS, and in KNOWN of
`tests/test_lr_scheduler.py` the rates that its formula gives.  With its rows a class is compared with its plain rule
(`tests/test_optim.py`) and with PyTorch (`tests/with_torch/test_optim.py`).  It must load matching states and refuse
others (`tests/test_optim_state.py`).
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import math
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import optim
from optim import lr_scheduler
from optim.fused import FusedOptimizer

SWITCH = (False, True)
DECAY = (0.0, 0.1)
BETAS = ((0.9, 0.999), (0.6, 0.8))

# name: options and their values; all combinations are run
OPTIONS: dict[str, dict[str, tuple[Any, ...]]] = {
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
    "Adamax": {"lr": (0.01,), "betas": BETAS, "eps": (1e-8, 0.1), "weight_decay": DECAY, "maximize": SWITCH},
    "RAdam": {"lr": (0.01,), "betas": BETAS, "eps": (1e-8, 0.1), "weight_decay": DECAY,
              "decoupled_weight_decay": SWITCH, "maximize": SWITCH},
    "Rprop": {"lr": (0.01,), "etas": ((0.5, 1.2), (0.8, 2.0)), "step_sizes": ((1e-6, 50), (0.009, 0.011)),
              "maximize": SWITCH},
    "ASGD": {"lr": (0.1,), "lambd": (1e-4, 0.5), "alpha": (0.75, 0.0), "t0": (1e6, 2, 0.0), "weight_decay": DECAY,
             "maximize": SWITCH},
    "Lion": {"lr": (0.01, 0.0), "betas": ((0.9, 0.99), (0.6, 0.8), (0.0, 0.0)), "weight_decay": DECAY,
             "maximize": SWITCH},
}  # fmt: skip

NOT_IN_PYTORCH = {"Lion"}  # compared with the class in tests/ported_optimizers.py instead

# name: options with which an optimizer stores everything it can for a parameter, and the names of these entries
STATEFUL: dict[str, tuple[dict[str, Any], set[str]]] = {
    "SGD": ({"momentum": 0.9}, {"momentum_buffer"}),
    "Adagrad": ({"lr_decay": 0.1, "initial_accumulator_value": 0.5}, {"step", "sum"}),
    "RMSprop": ({"momentum": 0.9, "centered": True}, {"step", "square_avg", "grad_avg", "momentum_buffer"}),
    "Adam": ({"amsgrad": True}, {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
    "AdamW": ({"amsgrad": True}, {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
    "NAdam": ({}, {"step", "mu_product", "exp_avg", "exp_avg_sq"}),
    "Adadelta": ({}, {"step", "square_avg", "acc_delta"}),
    "Adamax": ({}, {"step", "exp_avg", "exp_inf"}),
    "RAdam": ({}, {"step", "exp_avg", "exp_avg_sq"}),
    "Rprop": ({}, {"step", "prev", "step_size"}),
    "ASGD": ({"t0": 1}, {"step", "eta", "mu", "ax"}),
    "Lion": ({}, {"exp_avg"}),
}

# Optimizers with the same state, which load each other's.
ALIKE = {"Adam", "AdamW", "RAdam"}

# Optimizers whose step is no kernel: tests/test_optim_without_kernel.py and with_torch/test_optim_db.py test them.
WITHOUT_KERNEL = {"Adafactor", "LBFGS", "Muon", "SparseAdam"}


def combinations(name: str) -> Iterator[dict[str, Any]]:
    """All valid combinations of an optimizer's options."""
    grid = OPTIONS[name]
    for values in itertools.product(*grid.values()):
        options = dict(zip(grid, values))
        if not options.get("nesterov") or (options["momentum"] > 0 and options["dampening"] == 0):
            yield options


# ── schedulers ──

Make: TypeAlias = Callable[[Any, Any], Any]  # makes a scheduler from a module and an optimizer of two groups


def _make(name: str, options: dict[str, Any], module: Any, optimizer: Any) -> Any:
    return getattr(module, name)(optimizer, **options)


def _each(name: str, **grid: tuple[Any, ...]) -> dict[str, Make]:
    """A scheduler with each combination of options, each with a name."""
    found: dict[str, Make] = {}
    for values in itertools.product(*grid.values()):
        options = dict(zip(grid, values))
        label = "-".join([name, *(str(getattr(value, "__name__", value)) for value in values)])
        found[label] = partial(_make, name, options)
    return found


def falling(epoch: int) -> float:
    return 1 / (1 + epoch) ** 2


def wave(epoch: int) -> float:
    return 1.5 + math.sin(epoch)


def falling_slowly(epoch: int) -> float:
    return 1 - 1 / (2 + epoch)


# name: ways to make the scheduler
SCHEDULERS: dict[str, dict[str, Make]] = {
    "LambdaLR": {
        **_each("LambdaLR", lr_lambda=(falling, wave)),
        "LambdaLR-both": lambda m, o: m.LambdaLR(o, [falling, wave]),
    },
    "StepLR": _each("StepLR", step_size=(1, 3, 50), gamma=(0.1, 0.9)),
    "MultiStepLR": _each("MultiStepLR", milestones=([], [1], [4, 9, 9, 30], [30, 5]), gamma=(0.1, 0.9)),
    "ConstantLR": _each("ConstantLR", factor=(1 / 3, 0.9, 1.0), total_iters=(5, 1, 60)),
    "PolynomialLR": _each("PolynomialLR", total_iters=(5, 1, 100), power=(1.0, 2.0, 0.5)),
    "MultiplicativeLR": {
        **_each("MultiplicativeLR", lr_lambda=(falling_slowly,)),
        "MultiplicativeLR-both": lambda m, o: m.MultiplicativeLR(o, [falling_slowly, lambda epoch: 0.9]),
    },
    "CyclicLR": {
        **_each("CyclicLR", base_lr=(0.01,), max_lr=(0.5,), step_size_up=(4, 7), step_size_down=(None, 3),
                mode=("triangular", "triangular2", "exp_range"), gamma=(0.9,), cycle_momentum=SWITCH),
        "CyclicLR-lists": lambda m, o: m.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 5, base_momentum=[0.7, 0.8]),
        "CyclicLR-own": lambda m, o: m.CyclicLR(o, 0.01, 0.1, 5, scale_fn=wave, scale_mode="iterations"),
    },
    "ChainedScheduler": {
        "ChainedScheduler-two": lambda m, o: m.ChainedScheduler(
            [m.ConstantLR(o, factor=0.1, total_iters=20), m.ExponentialLR(o, gamma=0.8)]
        ),
        "ChainedScheduler-three": lambda m, o: m.ChainedScheduler(
            [m.LinearLR(o), m.StepLR(o, 4, 0.5), m.PolynomialLR(o, 90)], optimizer=o
        ),
    },
    "ExponentialLR": _each("ExponentialLR", gamma=(0.9, 1.0)),
    "LinearLR": _each("LinearLR", start_factor=(1 / 3, 1.0), end_factor=(1.0, 0.0, 0.3), total_iters=(5, 1, 60)),
    "CosineAnnealingLR": _each("CosineAnnealingLR", T_max=(1, 2, 10, 25, 100), eta_min=(0.0, 0.01)),
    "CosineAnnealingWarmRestarts": _each(
        "CosineAnnealingWarmRestarts", T_0=(1, 5, 10), T_mult=(1, 2, 3), eta_min=(0.0, 0.01)
    ),
    "OneCycleLR": {
        **_each("OneCycleLR", max_lr=(0.5, [0.5, 0.2]), total_steps=(60, 61), pct_start=(0.3, 0.5, 0.25),
                anneal_strategy=("cos", "linear"), cycle_momentum=SWITCH, three_phase=SWITCH),
        **_each("OneCycleLR", max_lr=(0.5,), epochs=(6,), steps_per_epoch=(10,), base_momentum=(0.8, [0.7, 0.6]),
                max_momentum=(0.9, [0.97, 0.98]), div_factor=(10.0,), final_div_factor=(100.0,)),
    },
    "SequentialLR": {
        "SequentialLR-warm-up and cosine": lambda m, o: m.SequentialLR(
            o, [m.LinearLR(o, start_factor=0.1, total_iters=5), m.CosineAnnealingLR(o, T_max=20)], milestones=[5]
        ),
        "SequentialLR-steps of all kinds": lambda m, o: m.SequentialLR(
            o,
            [
                m.StepLR(o, 3, 0.5),
                m.MultiStepLR(o, [0, 2, 5], 0.5),
                m.ExponentialLR(o, 0.9),
                m.LambdaLR(o, falling),
                m.CosineAnnealingWarmRestarts(o, 4, 2),
                m.LinearLR(o, 0.25),
                m.CosineAnnealingLR(o, 7, 1e-3),
            ],
            milestones=[7, 15, 20, 26, 40, 48],
        ),
        "SequentialLR-warm restarts first": lambda m, o: m.SequentialLR(
            o, [m.CosineAnnealingWarmRestarts(o, 4), m.StepLR(o, 2)], [9]
        ),
        "SequentialLR-from the start": lambda m, o: m.SequentialLR(
            o, [m.StepLR(o, 3, 0.5), m.ExponentialLR(o, 0.9)], [0]
        ),
        "SequentialLR-alone": lambda m, o: m.SequentialLR(o, [m.ExponentialLR(o, 0.9)], []),
        "SequentialLR-a cycle later": lambda m, o: m.SequentialLR(o, [m.LinearLR(o), m.OneCycleLR(o, 0.5, 60)], [6]),
    },
    "ReduceLROnPlateau": {
        **_each("ReduceLROnPlateau", mode=("min", "max"), patience=(0, 3), cooldown=(0, 2)),
        "ReduceLROnPlateau-lists": lambda m, o: m.ReduceLROnPlateau(o, factor=0.5, patience=1, min_lr=[0.01, 0.02]),
    },
}  # fmt: skip


# ── missing rows ──

BASES = {"Optimizer", "RuleOptimizer", "FusedOptimizer", "AdamOptimizer", "LRScheduler"}  # cannot be used themselves


def public_classes(module: ModuleType, base: type) -> list[str]:
    """Names of the public subclasses of a base class in a module or package."""
    classes = [(name, kind) for name, kind in vars(module).items() if inspect.isclass(kind) and issubclass(kind, base)]
    return sorted(name for name, _ in classes if not name.startswith("_") and name not in BASES)


def missing(kinds: Iterable[str], tables: dict[str, Iterable[str]]) -> list[str]:
    """A sentence for each class without a row in a table, and for each row without a class."""
    kinds = list(kinds)
    said = []
    for table, rows in tables.items():
        known = set(rows)
        said += [f"{kind} is not tested: add a row for it to {table}." for kind in kinds if kind not in known]
        said += [f"{table} has a row for {row}, but there is no such class." for row in sorted(known - set(kinds))]
    return said


def missing_imports() -> list[str]:
    """A sentence for each optimizer in a file of optim/ that `optim` does not export."""
    said = []
    for found in pkgutil.iter_modules(optim.__path__):
        module = importlib.import_module(f"optim.{found.name}")
        said += [
            f"{name} of optim/{found.name}.py is not imported in optim/__init__.py."
            for name in public_classes(module, optim.Optimizer)
            if getattr(optim, name, None) is not getattr(module, name)
        ]
    return said


def missing_optimizer_rows() -> list[str]:
    """Sentences about the optimizers of `optim`."""
    tables: dict[str, Iterable[str]] = {
        "OPTIONS in tests/optimizers.py": OPTIONS,
        "STATEFUL in tests/optimizers.py": STATEFUL,
    }
    names = [name for name in public_classes(optim, optim.Optimizer) if name not in WITHOUT_KERNEL]
    plain = [
        f"{name} is not a FusedOptimizer (optim/fused.py): give it a kernel, and its plain rule as reference()."
        for name in names
        if not issubclass(getattr(optim, name), FusedOptimizer)
    ]
    return [*missing_imports(), *plain, *missing(names, tables)]


def missing_scheduler_rows(known: Iterable[str]) -> list[str]:
    """Sentences about the schedulers of `optim.lr_scheduler`; `known` have rates computed by their formula."""
    tables: dict[str, Iterable[str]] = {
        "SCHEDULERS in tests/optimizers.py": SCHEDULERS,
        "KNOWN in tests/test_lr_scheduler.py": known,
    }
    return missing(public_classes(lr_scheduler, lr_scheduler.LRScheduler), tables)


# ── programs written for PyTorch ──


def ported() -> dict[str, Any]:
    """The namespace of `tests/ported_optimizers.py`, run with imports of this library."""
    text = (Path(__file__).parent / "ported_optimizers.py").read_text(encoding="utf-8")
    theirs = text[text.index("# imports\n") : text.index("# end of imports\n")]
    ours = "import autograd as torch\nfrom optim import Optimizer, lr_scheduler\n"
    names: dict[str, Any] = {"__name__": "ported_here"}
    exec(compile(text.replace(theirs, ours), "ported_optimizers.py", "exec"), names)
    return names
