"""Compile the kernels that the experiments need: ``python -m examples.experiments.support.warm_up``.

The experiments run with a few images, with each setting that needs other kernels, and with small and large
batches, since some kernels are only for large arrays. The compiled kernels stay in the cache; a job that starts
with this cache compiles nothing. (`overfit` and `acceleration` need no other kernels.)
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import autograd
from examples.experiments import (
    compare_frameworks,
    compare_optimizers,
    generalize,
    generalize_deep,
    gradcheck,
    profile_layers,
    train,
)
from examples.experiments.support.optimizers import OPTIMIZERS

Main = Callable[[Sequence[str]], int]

_SIZES = {  # "usual" is the default of the experiment; 250 images are an evaluation batch
    "small": ["--synthetic", "--epochs", "1", "--limit", "40", "--validation", "8", "--batch-size", "8"],
    "usual": ["--synthetic", "--epochs", "1", "--limit", "400", "--validation", "250"],
    "large": ["--synthetic", "--epochs", "1", "--limit", "1100", "--validation", "76", "--batch-size", "1024"],
}


def runs() -> Iterator[tuple[str, Main, list[str]]]:
    """Yield the runs: name, experiment, options."""
    for size, options in _SIZES.items():
        yield f"train, {size} batches", train.main, options
    yield "train in shards", train.main, [*_SIZES["usual"], "--shards", "8"]
    for name in OPTIMIZERS:
        yield f"train with {name}", train.main, [*_SIZES["small"], "--optimizer", name]
    yield "compare_optimizers", compare_optimizers.main, [*_SIZES["small"], "--trial", "1", "--trial-epochs", "1"]
    yield "generalize, usual batches", generalize.main, _SIZES["usual"]
    yield "generalize, small batches", generalize.main, _SIZES["small"]
    yield "generalize_deep, usual batches", generalize_deep.main, _SIZES["usual"]
    yield "generalize_deep, small batches", generalize_deep.main, _SIZES["small"]
    for part in generalize.PARTS:
        yield f"generalize without {part}", generalize.main, [*_SIZES["small"], "--without", part]
    yield "profile_layers", profile_layers.main, ["--loops-batch", "1", "--repeat-for", "0.001", "--repeats", "1"]
    yield "compare_frameworks", compare_frameworks.main, [
        "--synthetic", "--limit", "400", "--frameworks", "lucidgrad", "--devices", "cpu", "--accuracy", "--epochs", "1",
        "--seeds", "0", "--steps", "2", "--rounds", "1", "--seconds", "0", "--batch-sizes", "8", "256",
    ]  # fmt: skip
    yield "gradcheck", gradcheck.main, []


def main() -> int:
    """Run all; return 0, or the exit status of the first run that fails or is stopped."""
    cache = Path(autograd.config()["cache"])
    for name, program, options in runs():
        began, before = perf_counter(), _compiled(cache)
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
            status = program([*options, "--out", folder])
        if status:
            print(f"{said.getvalue()}{name}: failed with exit status {status}", flush=True)
            return status
        print(f"{name}: {_compiled(cache) - before} kernels compiled, {perf_counter() - began:.0f} s", flush=True)
    print(f"All kernels are compiled: {_compiled(cache)} kernels in {cache}.")
    return 0


def _compiled(cache: Path) -> int:
    """Count the compiled kernels in a cache, one for each signature."""
    return sum(1 for _ in cache.rglob("*.nbc"))


if __name__ == "__main__":
    sys.exit(main())
