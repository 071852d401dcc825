"""Train the baseline in another framework from the command line.

Each epoch ends with a checkpoint in the run folder: weights, momenta and metrics.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from examples.experiments.support import cli
from examples.experiments.support.data.loader import EVALUATION_BATCH, Loader, channel_statistics
from examples.experiments.support.frameworks.rebuilt import DeviceError, Resumable, measure, train_epoch
from examples.experiments.support.frameworks.rebuilt_checkpoint import restore, save
from examples.experiments.support.progress import progress_bar
from examples.experiments.support.runs import results
from examples.experiments.support.runs.files import check_writable
from examples.experiments.support.runs.run_folder import RunFolderError, locked
from examples.report.plots import learning_curves


@cli.command(stopped="Stopped; the results of completed epochs are stored.")
def main(
    experiment: str,
    title: str,
    make: Callable[[str, float, float, int], Resumable],
    versions: Mapping[str, str],
    argv: Sequence[str] | None,
) -> int:
    """Train the baseline in another framework; return the exit status.

    Parameters
    ----------
    experiment : str
        The script, as in ``python -m examples.experiments.<experiment>``.
    title : str
        The name of the framework.
    make : function
        Makes the network from device, learning rate, momentum and seed.
    versions : dict
        The version of the framework.
    argv : sequence of str, optional
    """
    args = cli.parse(_parser(experiment, title), argv)
    try:
        net = make(args.device, args.lr, args.momentum, args.seed)
    except DeviceError as error:
        print(error, file=sys.stderr)
        return 1
    check_writable(args.out / results.FILE)
    with locked(args.out):
        return _train(args, experiment, title, net, versions)


def _parser(experiment: str, title: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"python -m examples.experiments.{experiment}",
        description=f"Train the baseline on CIFAR-10 in {title}, with the settings of train, on all images.",
        allow_abbrev=False,
    )
    add, shown = parser.add_argument, "(default: %(default)s)"
    add("--device", choices=("cpu", "gpu"), default="cpu", help=f"device of the network {shown}")
    add("--epochs", type=cli.integer(1), default=10, metavar="N", help=f"passes over the training images {shown}")
    add("--batch-size", type=cli.integer(1), default=64, metavar="N", help=f"images per step {shown}")
    add("--lr", type=cli.real(above=0), default=0.01, metavar="X", help=f"learning rate {shown}")
    add(
        "--momentum", type=cli.real(below=1), default=0.9, metavar="X", help=f"momentum, at least 0 and below 1 {shown}"
    )
    add("--seed", type=cli.integer(0), default=0, metavar="N", help=f"seed of weights and order {shown}")
    cli.add_images(parser)
    add("--limit", type=cli.integer(1), metavar="N", help="use only the first N training and N test images")
    add("--out", type=Path, default=Path("runs") / experiment, metavar="DIR",
        help=f"the run folder {shown}")  # fmt: skip
    add("--resume", action="store_true", help="continue the run in --out; starts a new run if there is none")
    return parser


def _train(args: argparse.Namespace, experiment: str, title: str, net: Resumable, versions: Mapping[str, str]) -> int:
    checkpoint = args.out / "checkpoint.safetensors"
    if checkpoint.exists() and not args.resume:
        raise RunFolderError(
            f"{args.out} already contains a run. Continue it with --resume, choose another --out, or remove the folder."
        )
    data = cli.load_data(args, args.limit)
    mean, std = channel_statistics(data.train.images)
    train = Loader(data.train, args.batch_size, mean=mean, std=std, shuffle=True, seed=args.seed)
    test = Loader(data.test, EVALUATION_BATCH, mean=mean, std=std, shuffle=False, seed=args.seed)
    print(f"{data} {title} on the {args.device.upper()}.", flush=True)
    fixed = {name: getattr(args, name) for name in ("device", "batch_size", "lr", "momentum", "seed")}
    fixed["pictures"] = zlib.crc32(data.train.images.data)
    history: list[dict[str, Any]] = restore(checkpoint, net, fixed) if checkpoint.exists() else []
    for epoch in range(len(history), args.epochs):
        name = f"epoch {epoch + 1}/{args.epochs}"
        with progress_bar(total=len(train), desc=name, unit="batch") as bar:
            trained = train_epoch(net, train, epoch, bar.update)
        loss, wrong = measure(net, test)
        history.append(
            {"epoch": epoch + 1, "train_loss": trained.loss, "test_loss": loss, "test_error": wrong,
             "seconds": trained.seconds, "images_per_second": trained.images_per_second}
        )  # fmt: skip
        unfinished = [f"Only {epoch + 1} of {args.epochs} epochs."] if epoch + 1 < args.epochs else []
        results.write(
            args.out,
            experiment,
            {"epochs": history},
            settings={name: value for name, value in vars(args).items() if name != "out"},
            seconds=sum(row["seconds"] for row in history),
            data=data.identity,
            versions=versions,
            cut_short=cli.cut_short(vars(args), data.identity, *unfinished),
        )
        save(checkpoint, net, fixed, history)
        results.write_table(args.out / "metrics.csv", history)
        learning_curves([{name: row[name] for name in row if "train" not in name} for row in history],
                        args.out / "learning_curves.png")  # fmt: skip
        print(f"{name}: training loss {trained.loss:.4f}, test loss {loss:.4f}, error {wrong:.2%}; "
              f"{trained.seconds:.1f} s, {trained.images_per_second:,.0f} images/s", flush=True)  # fmt: skip
    print(f"The results are in {args.out}.")
    return 0
