"""Compile the kernels that the experiments need: ``python -m examples.support.warm_up``.

Every experiment runs once, with as little data as it takes, in this process or, where it has workers, in theirs;
and once more for each setting that leads to other kernels. What they compile is kept in the cache of kernels
(`autograd.config`); a job that starts from that cache compiles nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import autograd
from examples import (
    acceleration,
    compare_frameworks,
    compare_optimizers,
    generalize,
    gradcheck,
    overfit,
    profile_layers,
    train,
)
from examples.support import cli
from examples.support.signals import StopRequested

Main = Callable[[Sequence[str]], int]

_DATA = ["--synthetic", "--limit", "40"]
_SMALL = [*_DATA, "--validation", "8", "--batch-size", "8"]
_TIMES = ["--batch-size", "1", "--loops-batch", "1", "--repeat-for", "0.001", "--repeats", "1"]


def trials() -> list[tuple[str, Main, list[str]]]:
    """Return the runs: a folder for each, the experiment, its options."""
    return [
        *((f"train-{name}", train.main, [*_SMALL, "--epochs", "1", "--optimizer", name]) for name in cli.OPTIMIZERS),
        ("generalize", generalize.main, [*_SMALL, "--epochs", "1"]),
        *(
            (f"generalize-without-{part}", generalize.main, [*_SMALL, "--epochs", "1", "--without", part])
            for part in generalize.PARTS
        ),
        ("overfit", overfit.main, ["--synthetic", "--epochs", "1"]),
        ("compare_optimizers", compare_optimizers.main, [*_SMALL, "--trial", "1", "--trial-epochs", "1"]),
        ("profile_layers", profile_layers.main, _TIMES),
        ("gradcheck", gradcheck.main, ["--trials", "5"]),
        ("compare_frameworks", compare_frameworks.main,
         [*_DATA, "--frameworks", "lucidgrad", "--devices", "cpu", "--batch-size", "8", "--batch-sizes", "8", "--rounds",
          "1", "--seconds", "0", "--steps", "2", "--accuracy", "--epochs", "1", "--seeds", "0"]),
    ]  # fmt: skip


def main() -> int:
    for name, program, options in trials():
        with tempfile.TemporaryDirectory() as folder:
            t = perf_counter()
            before = len(list(Path(autograd.config()["cache"]).rglob("*.nbc")))
            print(name, program([*options, "--out", folder]))
            after = len(list(Path(autograd.config()["cache"]).rglob("*.nbc")))
            print("####", name, after - before, after, perf_counter() - t, flush=True)


main()
