"""Compare the baseline in lucidgrad, PyTorch and MXNet: ``python -m examples.experiments.compare_frameworks``.

How fast is each, on the CPU and on a GPU if there is one? Are the losses of each step the same for the
same weights and batches? With ``--accuracy``: does each learn as well?

Every framework runs in its own process. For a framework in another environment give its
interpreter: ``--python torch=.venv-torch/bin/python --python mxnet=.venv-mxnet/bin/python``.
Each finished part, and each epoch of the accuracy, is stored. The same command does the missing
parts.
"""

from __future__ import annotations

import argparse
import functools
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numba import config as numba_settings

import autograd
from examples.benchmark.contest import Failure, installed, named_interpreter
from examples.experiments.support import cli, job
from examples.experiments.support.frameworks import experiment
from examples.experiments.support.frameworks.drawing import parity_figure, speed_figure
from examples.experiments.support.frameworks.experiment import FRAMEWORKS, Arena
from examples.experiments.support.progress import progress_bar, write_line
from examples.experiments.support.runs import results
from examples.experiments.support.runs.cells import Cells, stopping
from examples.experiments.support.runs.files import check_writable
from examples.experiments.support.runs.results import ResultError
from examples.experiments.support.runs.run_folder import locked
from examples.report.page import write_figure

NAME = "compare_frameworks"
BATCHES = {"cpu": [64, 128, 256], "gpu": [64, 256, 1024, 4096]}
WEIGHED = ("lucidgrad", "torch")  # whose accuracy is compared


def _parser() -> argparse.ArgumentParser:
    parser = job.Parser(
        f"python -m examples.experiments.{NAME}",
        description="Compare speed, losses and accuracy of the baseline in lucidgrad, PyTorch and MXNet.",
        allow_abbrev=False,
    )
    add, shown = parser.add_argument, "(default: %(default)s)"
    most = numba_settings.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    add("--python", action="append", default=[], type=named_interpreter, metavar="NAME=PATH",
        help="the Python of a framework's environment (default: this Python)")  # fmt: skip
    add("--frameworks", nargs="+", choices=FRAMEWORKS, default=list(FRAMEWORKS), metavar="NAME",
        help=f"some of {', '.join(FRAMEWORKS)} (default: all)")  # fmt: skip
    add("--devices", nargs="+", choices=list(BATCHES), default=list(BATCHES), metavar="NAME",
        help="cpu, gpu (default: both; a missing GPU is reported)")  # fmt: skip
    add("--accuracy", action="store_true", help="also train lucidgrad and PyTorch to the end, on all images")
    add("--batch-sizes", nargs="+", type=cli.integer(1), metavar="N",
        help="batch sizes of the timed steps (default: 64 128 256; on a GPU 64 256 1024 4096)")  # fmt: skip
    add("--rounds", type=cli.integer(1), default=5, metavar="N", help=f"measurements of each step {shown}")
    add("--seconds", type=cli.real(), default=0.4, metavar="X", help=f"seconds for each measurement {shown}")
    add("--steps", type=cli.integer(1), default=100, metavar="N", help=f"steps for which losses are compared {shown}")
    add("--batch-size", type=cli.integer(1), default=64, metavar="N", help=f"batch size of all training {shown}")
    add("--lr", type=cli.real(above=0), default=0.01, metavar="X", help=f"learning rate {shown}")
    add(
        "--momentum", type=cli.real(below=1), default=0.9, metavar="X", help=f"momentum, at least 0 and below 1 {shown}"
    )
    add("--epochs", type=cli.integer(1), default=10, metavar="N", help=f"epochs for the accuracy {shown}")
    add("--seeds", nargs="+", type=cli.integer(0), default=[0, 1, 2], metavar="N", help="seeds for the accuracy "
        "(default: 0 1 2); the first is also used to compare losses")  # fmt: skip
    add("--threads", type=cli.integer(1, most), default=autograd.get_num_threads(), metavar="N",
        help=f"threads of every framework on the CPU {shown}")  # fmt: skip
    cli.add_images(parser)
    add("--limit", type=cli.integer(1), metavar="N", help="use only the first N training and N test images")
    add("--out", type=Path, default=Path(f"runs/{NAME}"), metavar="DIR", help=f"the run folder {shown}")
    return parser


@cli.command(stopped="Stopped; finished parts are stored. Continue with the same command.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = _parser()
    args = cli.parse(parser, argv)
    check_writable(args.out / results.FILE)
    with locked(args.out):
        return _compare(args)


def _compare(args: argparse.Namespace) -> int:
    cells = Cells(args.out / "cells")
    autograd.set_num_threads(args.threads)
    data = cli.load_data(args, args.limit)
    count = len(data.train.labels)
    if not (whole := count // args.batch_size):
        raise ValueError(f"There are {count} training images, fewer than a batch of {args.batch_size}.")
    args.steps = min(args.steps, whole)
    args.frameworks = [name for name in FRAMEWORKS if name in args.frameworks]
    interpreters = dict.fromkeys(FRAMEWORKS, sys.executable) | dict(args.python)
    with stopping("Continue with the same command.") as check:
        settings = (args.threads, args.lr, args.momentum, args.batch_size)
        with Arena(interpreters, data, *settings, check, lambda text: write_line(text, sys.stderr)) as arena:
            try:
                missing = _parts(args, arena, cells)
            except Failure as failure:
                advice = job.go_on("Continue with the same command.")
                raise ResultError(f"{failure}. Finished parts are stored. {advice}") from failure
    return _write(args, cells, missing, data.identity)


def _parts(args: argparse.Namespace, arena: Arena, cells: Cells) -> list[dict[str, str]]:
    """Do all missing parts; return which rows of the speed table cannot be measured, and why."""
    shared = {"threads": args.threads, "batch_size": args.batch_size, "lr": args.lr, "momentum": args.momentum,
              "pictures": [zlib.crc32(split.images.data) for split in (arena.data.train, arena.data.test)]}  # fmt: skip
    missing = []
    able: dict[str, list[str]] = {}
    for device in args.devices:
        able[device] = []
        for framework in args.frameworks:
            if device == "gpu" and framework == "lucidgrad":
                continue  # it has no GPU kernels
            if not installed(framework, arena.interpreters[framework]):
                why: str | None = (
                    f"{framework} is not installed for {arena.interpreters[framework]}; give another one with "
                    f"--python {framework}=PATH."
                )
            else:
                why = arena.unable(framework, device)
            if why:
                arena.say(f"{framework} on the {device}: {job.worded(why)}")
                missing.append({"framework": framework, "device": device, "why": why})
            else:
                able[device].append(framework)

    parts: list[tuple[str, dict[str, Any], Callable[..., Any], tuple[Any, ...]]] = []
    for device in args.devices:
        if frameworks := able[device]:
            batches = args.batch_sizes or BATCHES[device]
            settings = {"frameworks": frameworks, "batches": batches, "rounds": args.rounds, "seconds": args.seconds}
            what = (frameworks, device, batches, args.rounds, args.seconds)
            parts.append(("-".join(["speed", device, *frameworks]), settings, experiment.speed, what))
    if frameworks := able.get("cpu", []):
        settings = {"frameworks": frameworks, "steps": args.steps, "seed": args.seeds[0]}
        parts.append(
            (
                "-".join(["parity", *frameworks]),
                settings,
                experiment.same_training,
                (frameworks, args.steps, args.seeds[0]),
            )
        )
    for seed in args.seeds:
        for framework in WEIGHED:
            name = f"accuracy-{framework}-{seed}"
            if framework in frameworks and (args.accuracy or cells.kept(name)):
                settings = {"epochs": args.epochs}
                train = functools.partial(experiment.accuracy, settings=shared | settings)
                checkpoint = cells.folder.absolute() / f"{name}.safetensors"
                parts.append((name, settings, train, (framework, seed, args.epochs, checkpoint)))
    for name, settings, do, what in progress_bar(parts, unit="part", leave=True):
        cells.once(name, shared | settings, functools.partial(do, arena, *what))
        (cells.folder / f"{name}.safetensors").unlink(missing_ok=True)
    return missing


def _write(args: argparse.Namespace, cells: Cells, missing: list[dict[str, str]], data: dict[str, Any]) -> int:
    """Write the result, its tables and its figures."""
    done = cells.done
    if not done:
        print("Nothing could be compared: none of the chosen frameworks can train here.", file=sys.stderr)
        return 1
    speeds = {name.split("-")[1]: cell.result for name, cell in done.items() if name.startswith("speed-")}
    found: dict[str, Any] = {
        "speed": speeds,
        "parity": next((cell.result for name, cell in done.items() if name.startswith("parity-")), None),
        "accuracy": [cell.result for name, cell in done.items() if name.startswith("accuracy-")],
        "missing": missing,
    }
    versions = {name: version for cell in done.values() for name, version in cell.versions.items()}
    settings = {name: value for name, value in vars(args).items() if name not in ("python", "data_dir", "out")}
    results.write(
        args.out,
        NAME,
        found,
        settings=settings,
        seconds=cells.seconds,
        data=data,
        versions=versions,
        cut_short=cli.cut_short(settings, data),
    )
    rows = [{"device": device, **row} for device, some in speeds.items() for row in some["steps"]]
    if rows:
        results.write_table(args.out / "speed.csv", rows)
        figure = speed_figure([(device, some["steps"]) for device, some in speeds.items()])
        write_figure(figure, [args.out / "speed.png"])
    if found["parity"]:
        losses = found["parity"]["losses"]
        steps = range(1, 1 + len(next(iter(losses.values()))))
        results.write_table(
            args.out / "losses.csv",
            [{"step": i, **{name: some[i - 1] for name, some in losses.items()}} for i in steps],
        )
        if "mxnet" in losses:
            write_figure(parity_figure(losses), [args.out / "parity.png"])
    if found["accuracy"]:
        results.write_table(
            args.out / "accuracy.csv",
            [{"framework": cell["framework"], "seed": cell["seed"], **row} for cell in found["accuracy"]
             for row in cell["epochs"]],
        )  # fmt: skip
    print(f"The results are in {args.out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
