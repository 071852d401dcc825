"""Train the baseline on CIFAR-10: ``python -m examples.experiments.train``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from examples.experiments.models import Baseline
from examples.experiments.support import cli, processes
from examples.experiments.support.measures import filters, final_metrics
from examples.experiments.support.runs import results
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
    cli.add_shards(parser)
    args = cli.begin(parser, argv)
    splits, data = cli.load_splits(parser, args)
    if args.find_lr:
        return cli.find_lr(args, Baseline, splits, data)

    def found(run: cli.Result) -> dict[str, Any]:
        assert run.loaders.test  # --limit leaves at least one image
        test = final_metrics(run.model, run.loaders.test, data.classes)
        return {"filters": filters(run.model), "classes": data.classes, "test": test}

    with StopOnSignal(processes.largest) as stop:
        run = cli.run(args, Baseline, splits, data, stop=stop, found=found)
    if not args.quiet:
        print(_summary(run.found["test"]))
    return 0


def _summary(test: Mapping[str, Any]) -> str:
    return (
        f"Of {test['pictures']:,} test images, {test['accuracy']:.2%} are classified correctly (top-1 accuracy); for "
        f"{test['top5']:.2%} the class is among the five most probable ones (top-5). The confusion matrix is in "
        f"{results.FILE}."
    )


if __name__ == "__main__":
    sys.exit(main())
