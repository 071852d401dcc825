"""What does Numba save? ``python -m examples.experiments.acceleration``.

Run ``python -m examples.experiments.profile_layers`` first.

It predicts the gain of each change from the profile by Amdahl's law (`support.timing.amdahl`), then
measures whole training steps, and prints both. The cost of compilation is measured separately: the first step of a
new process minus a later one, with an empty kernel cache and with a full one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from examples.experiments.profile_layers import one_thread_only, parser, settings_of, ways
from examples.experiments.support import cli
from examples.experiments.support.progress import progress_bar
from examples.experiments.support.runs import results
from examples.experiments.support.runs.cells import Cells, stopping
from examples.experiments.support.runs.run_folder import locked
from examples.experiments.support.timing import amdahl
from examples.experiments.support.timing.layer_times import time_step
from examples.report.page import write_figure
from examples.report.sections.acceleration import draw, in_terminal

ROOT = Path(__file__).resolve().parents[2]


@cli.command(stopped="Stopped; continue with --resume.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    reader = parser("acceleration", "Predict the gain of the Numba kernels from the profile, and measure it.")
    reader.add_argument("--profile", type=Path, default=Path("runs/profile_layers"), metavar="DIR",
                        help="the run folder of profile_layers (default: %(default)s)")  # fmt: skip
    args = reader.parse_args(argv)
    with locked(args.out):
        return _measure(args)


def _measure(args: argparse.Namespace) -> int:
    profile = results.read(args.profile / results.FILE)
    if profile.experiment != "profile_layers":
        raise results.ResultError(
            f"{args.profile} is a run of {profile.experiment}; --profile asks for profile_layers."
        )
    _check_threads(args, profile.result["ways"])
    expected = amdahl.expected([way for way in profile.result["ways"] if way["threads"] in (1, args.threads)])
    settings = {**settings_of(args), "profile": str(args.profile)}
    with stopping("Continue with the same command and --resume.") as check:
        cells = Cells(args.out / "cells", resume=args.resume, check=check)
        measured = ways(args)
        with progress_bar(total=len(measured) + 1, unit="measurement") as bar:
            steps = []
            for way, threads, size in measured:
                steps.append(
                    cells.once(
                        f"{way}, {threads}",
                        settings,
                        lambda: (time_step(way, threads, size, args.seed, args.repeat_for, args.repeats), {}),  # noqa: B023 (at once)
                    ).result
                )
                bar.update()
            compiling = cells.once(
                "first steps", settings, lambda: (first_steps(args.batch_size, args.repeats), {})
            ).result
            bar.update()
    result = {
        "expected": [row._asdict() for row in expected],
        "profiled": profile.when,
        "steps": steps,
        "seconds_per_picture": amdahl.measured(steps),
        "first_steps": compiling,
    }
    results.write_table(args.out / "acceleration.csv", steps)
    write_figure(draw(result), [args.out / "acceleration.png"])
    results.write(args.out, "acceleration", result, settings=settings, seconds=cells.seconds,
                  cut_short=one_thread_only(args))  # fmt: skip
    print(in_terminal(result))
    print(f"The result is in {args.out}.")
    return 0


def _check_threads(args: argparse.Namespace, profiled: Sequence[dict[str, Any]]) -> None:
    counts = sorted({way["threads"] for way in profiled})
    if args.threads not in counts:
        raise ValueError(
            f"The profile in {args.profile} has no times for --threads {args.threads}, only for "
            f"{', '.join(map(str, counts))}. Choose one of these, or repeat the profile."
        )


def first_steps(size: int, runs: int) -> dict[str, dict[str, float]]:
    """Time the first step of a process and later ones, with an empty cache and then with the filled one."""
    with tempfile.TemporaryDirectory() as cache:
        return {name: _first_step(size, runs, cache) for name in ("empty cache", "full cache")}


def _first_step(size: int, runs: int, cache: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "examples.experiments.support.timing.first_step", str(size), str(runs)],
        cwd=ROOT,
        env={**os.environ, "LUCIDGRAD_CACHE_DIR": cache},
        capture_output=True,
        start_new_session=True,  # this process handles signals to the group, after this part
        text=True,
    )
    if done.returncode:
        raise ValueError(f"The process that times the first step failed:\n{done.stderr.strip()}")
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())
