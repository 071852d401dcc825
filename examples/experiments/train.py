"""Train the baseline on CIFAR-10: ``python -m examples.experiments.train``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from examples.experiments.models import Baseline
from examples.experiments.support import cli
from examples.experiments.support.measures import filters
from examples.experiments.support.runs.signals import StopOnSignal


@cli.command()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = cli.training_parser(
        "train",
        "Train the baseline CNN on CIFAR-10. Ctrl-C stops it without loss; --resume continues.",
        out=Path("runs/train"),
        epochs=10,
        batch_size=64,
        lr=0.01,
    )
    cli.add_splits(parser, validation=None)
    args = cli.begin(parser, argv)
    splits, data = cli.load_splits(parser, args)
    with StopOnSignal() as stop:
        cli.run(args, Baseline, splits, data, stop=stop, found=lambda done: {"filters": filters(done.model)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
