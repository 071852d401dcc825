"""Where does the time go? ``python -m examples.experiments.profile_layers``.

Times each layer of the baseline, forward and backward, in plain Python, in NumPy with loops (the
references that tests compare the ops with), in vectorized NumPy (as a student would write it) and
with the Numba kernels, and also a step with fused layers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numba import config as numba_settings

from examples.experiments.support import cli, job
from examples.experiments.support.progress import progress_bar
from examples.experiments.support.runs import results
from examples.experiments.support.runs.cells import Cells, stopping
from examples.experiments.support.runs.run_folder import locked
from examples.experiments.support.timing.layer_times import LOOPS, REFERENCE, THREADED, time_layers
from examples.report.page import write_figure
from examples.report.sections.profile_layers import draw, in_terminal


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the common options of the timing experiments."""
    parser = job.Parser(f"python -m examples.experiments.{name}", description=description, allow_abbrev=False)
    add = parser.add_argument
    shown = "(default: %(default)s)"
    most = numba_settings.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    add("--batch-size", type=cli.integer(1), default=64, metavar="N", help=f"images per step {shown}")
    add("--loops-batch", type=cli.integer(1), default=2, metavar="N",
        help=f"images per step of plain Python, which takes about a second for each {shown}")  # fmt: skip
    add(
        "--repeat-for",
        type=cli.real(above=0),
        default=5.0,
        metavar="S",
        help=f"seconds for each measurement {shown}",
    )
    add("--repeats", type=cli.integer(1), default=3, metavar="N", help=f"minimum number of repetitions {shown}")
    add("--threads", type=cli.integer(1, most), default=min(2, most), metavar="N",
        help=f"number of threads to compare with one {shown}")  # fmt: skip
    add("--seed", type=cli.integer(0), default=0, metavar="N", help=f"seed of weights and images {shown}")
    add("--out", type=Path, default=Path(f"runs/{name}"), metavar="DIR",
        help=f"the run folder, for result.json, a CSV and a PNG {shown}")  # fmt: skip
    add("--resume", action="store_true", help="reuse the measurements in the run folder; its settings must be "
        "the same")  # fmt: skip
    return parser


def settings_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return all settings that affect the result."""
    return {name: value for name, value in vars(args).items() if name not in ("out", "resume")}


def ways(args: argparse.Namespace) -> list[tuple[str, int, int]]:
    """Return what to measure: implementation, threads, batch size."""
    counts = sorted({1, args.threads})
    return [
        (LOOPS, 1, args.loops_batch),
        (REFERENCE, 1, args.batch_size),
        *((way, threads, args.batch_size) for way in THREADED for threads in counts),
    ]


def one_thread_only(args: argparse.Namespace) -> str | None:
    """Return a sentence on what one thread cannot measure."""
    return "Only one thread was used; the gain of a second one was not measured." if args.threads == 1 else None


@cli.command(stopped="Stopped; continue with --resume.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = parser("profile_layers", "Time each layer of the baseline: plain Python, NumPy, Numba.").parse_args(argv)
    with locked(args.out):
        return _profile(args)


def _profile(args: argparse.Namespace) -> int:
    with stopping("Continue with the same command and --resume.") as check:
        cells = Cells(args.out / "cells", resume=args.resume, check=check)
        found = [
            cells.once(
                f"{way}, {threads}",
                settings_of(args),
                lambda: (time_layers(way, threads, size, args.seed, args.repeat_for, args.repeats), {}),  # noqa: B023 (at once)
            ).result
            for way, threads, size in progress_bar(ways(args), unit="way")
        ]
    result = {"ways": found}
    results.write_table(args.out / "profile_layers.csv", _rows(found))
    write_figure(draw(result), [args.out / "profile_layers.png"])
    results.write(
        args.out, "profile_layers", result, settings=settings_of(args), seconds=cells.seconds,
        cut_short=one_thread_only(args),
    )  # fmt: skip
    print(in_terminal(found))
    print(f"The result is in {args.out}.")
    return 0


def _rows(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"way": way["way"], "threads": way["threads"], "batch": way["batch"], "layer": layer, "pass": direction,
         "seconds": seconds}
        for way in found
        for layer, passes in way["layers"].items()
        for direction, seconds in passes.items()
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
