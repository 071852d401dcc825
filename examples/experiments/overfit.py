"""Can the baseline overfit 100 images? ``python -m examples.experiments.overfit``.

A network that cannot, although it has thousands of weights per image, has a bug: a wrong
gradient, labels that do not match their images, or an optimizer that ascends.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from examples.experiments.models import Baseline
from examples.experiments.support import cli, job
from examples.experiments.support.data.loader import train_validation_split
from examples.experiments.support.runs.signals import StopOnSignal
from examples.experiments.support.training import evaluate

PICTURES = 100
VALIDATION = 1000


@cli.command()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = cli.training_parser(
        "overfit",
        f"Train the baseline on {PICTURES} images until it classifies all of them correctly; fail if it does not.",
        out=Path("runs/overfit"),
        epochs=30,
        batch_size=20,
        lr=0.01,
    )
    args = cli.begin(parser, argv)
    data = cli.load_data(args, PICTURES + VALIDATION)
    training, validation = train_validation_split(data.train, VALIDATION, args.seed)
    nothing = data.test.first(0)
    splits = cli.Splits(training, validation, nothing)
    if args.find_lr:
        return cli.find_lr(args, Baseline, splits, data)
    with StopOnSignal() as stop:
        run = cli.run(args, Baseline, splits, data, accuracy=True, stop=stop, found=_found)
    if error := run.found["error"]:
        more = "more" if job.script() else "--resume and more"
        print(
            f"After {cli.epochs_in_words(run.progress.epochs)} the network gets {error:.0%} of its {PICTURES} training "
            "images wrong. "
            f"{job.worded(f'Continue with {more} --epochs')}; if that does not help, look for a bug with "
            "examples.experiments.gradcheck.",
            file=sys.stderr,
        )
        return 1
    print(f"All {PICTURES} training images are classified correctly.")
    return 0


def _found(run: cli.Result) -> dict[str, Any]:
    loss, error = evaluate(run.model, run.loaders.train)
    return {"pictures": PICTURES, "validation": VALIDATION, "loss": loss, "error": error}


if __name__ == "__main__":
    sys.exit(main())
