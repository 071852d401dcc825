"""Train the baseline on CIFAR-10: ``python -m examples.train``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from examples.models import Baseline
from examples.support import cli
from examples.support.loader import train_validation_split


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    return cli.guarded(_run, argv)


def _run(argv: Sequence[str] | None) -> int:
    parser = cli.training_parser(
        "examples.train",
        "Train the baseline CNN on CIFAR-10. Ctrl-C stops it and loses nothing: --resume goes on.",
        out=Path("runs/train"),
        epochs=10,
        batch_size=64,
        lr=0.01,
    )
    parser.add_argument(
        "--validation",
        type=cli.integer(0),
        metavar="N",
        help="training pictures to hold out and validate on; 0 trains on all (default: a tenth of them)",
    )
    parser.add_argument(
        "--limit",
        type=cli.integer(1),
        metavar="N",
        help="use only the first N training and N test pictures, for a trial",
    )
    args = cli.begin(parser, argv)
    if args.limit and args.validation and args.validation >= args.limit:
        parser.error(f"--validation {args.validation} leaves no picture of --limit {args.limit} to train on")
    data = cli.load_data(args, args.limit)
    count = len(data.train.labels)
    held_out = count // 10 if args.validation is None else args.validation
    if held_out >= count:
        raise ValueError(f"--validation {held_out} leaves none of the {count:,} training pictures to train on.")
    training, validation = train_validation_split(data.train, held_out, args.seed)
    cli.run(args, Baseline, cli.Splits(training, validation, data.test), data.source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
