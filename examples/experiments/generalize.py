"""How well can three layers with weights generalize? ``python -m examples.experiments.generalize``.

The first layer starts from filters that whiten image patches, and their negatives. Muon trains both convolutions, SGD
with Nesterov momentum the rest. All choices were made on validation images (docs/experiments.md). The test images are
used once, at the end of a full run. ``--without NAME`` leaves out one part and measures only on the validation images:

    for part in nothing augmentation batch_norm first_layer whitening dropout label_smoothing triangle muon; do
        for seed in 0 1; do
            python -m examples.experiments.generalize --without $part --seed $seed --epochs 4 --limit 15000 \\
                --validation 5000 --out runs/generalize-without-$part-$seed
        done
    done

``--without nothing`` with ``--filters``, ``--patch-size`` or ``--channels`` measures another size in the same way.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nn
import optim
from examples.experiments import models
from examples.experiments.models import ThreeLayers
from examples.experiments.support import cli, measures, processes
from examples.experiments.support.data.augmentation import VIEWS, CropAndFlip
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import channel_statistics
from examples.experiments.support.data.patches import whitening
from examples.experiments.support.optimizers import MultiOptimizer, muon_for_filters
from examples.experiments.support.runs.checkpoint import Parts
from examples.experiments.support.runs.signals import StopOnSignal
from nn import functional as F

PARTS = (
    "augmentation",
    "batch_norm",
    "first_layer",
    "whitening",
    "dropout",
    "label_smoothing",
    "triangle",
    "muon",
)
EPS = 5e-4  # ε of the whitening
PAD = 2  # pixels by which images are shifted at most
DROPOUT = 0.1
SMOOTHING = 0.1
EPOCHS = 20
LR = 0.005  # of the linear layer and of batch norm
MUON_RATE, MUON_MOMENTUM, NS_STEPS = 0.02, 0.85, 3
SGD_RATE = 0.05  # of the filters without Muon
MOMENTUM = 0.9  # of all that Muon does not train
WARM_UP = 0.1  # the fraction of the steps in which the learning rates rise


def parts(model: nn.Module, args: argparse.Namespace, steps: int) -> Parts:
    """Return Muon for the filters and SGD for the rest; all rates rise and fall in straight lines."""
    trained = [p for p in model.parameters() if p.requires_grad]
    filters = [p for p in trained if p.ndim == 4]
    others = [p for p in trained if p.ndim != 4]
    times = args.lr / LR
    of_filters: optim.Optimizer
    if args.without == "muon":
        of_filters = optim.SGD(filters, lr=SGD_RATE * times, momentum=MOMENTUM, nesterov=True)
    else:
        of_filters = muon_for_filters(filters, lr=MUON_RATE * times, momentum=MUON_MOMENTUM, ns_steps=NS_STEPS)
    both = MultiOptimizer([optim.SGD(others, lr=args.lr, momentum=MOMENTUM, nesterov=True), of_filters])
    total = args.epochs * steps

    def share(step: int) -> float:
        if args.without == "triangle":
            return 0.5  # the mean of the triangle
        return min(1, (step + 1) / (WARM_UP * total), (1 - step / total) / (1 - WARM_UP))

    return Parts(model, both, optim.lr_scheduler.LambdaLR(both, share), each_step=True)


@cli.command()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = cli.training_parser(
        "generalize",
        "Train a network with three layers for the best possible generalization. The number of --epochs determines "
        "the learning rate schedule.",
        with_optimizer=False,
        fixed_epochs=True,
        out=Path("runs/generalize"),
        epochs=EPOCHS,
        batch_size=250,
        lr=LR,
    )
    parser.add_argument(
        "--lr",
        type=cli.real(above=0),
        metavar="X",
        help="learning rate of the linear layer and of batch norm; that of the filters changes in proportion "
        "(default: %(default)s)",
    )
    for name, default, most, what in (
        ("--filters", models.FILTERS, None, "filters of the first layer"),
        ("--patch-size", models.PATCH_SIZE, 26, "their height and width in pixels"),
        ("--channels", models.CHANNELS, None, "filters of the second layer"),
    ):
        parser.add_argument(
            name, type=cli.integer(1, most), metavar="N", default=default, help=f"{what} (default: %(default)s)"
        )
    cli.add_splits(parser, validation=0)
    cli.add_shards(parser)
    parser.add_argument(
        "--without",
        choices=("nothing", *PARTS),
        help="leave out this part, to compare the parts on validation images",
    )
    args = cli.begin(parser, argv)
    if args.without and not args.validation:
        parser.error(f"--without {args.without} compares by validation images: give --validation N, such as 5000")
    if args.filters % 2 or args.filters > 6 * args.patch_size**2:
        parser.error(
            f"--filters {args.filters}: patches of {args.patch_size} x {args.patch_size} pixels with 3 channels have "
            f"{3 * args.patch_size**2} principal components, each a filter and its negative; give an even number of "
            f"at most {6 * args.patch_size**2}"
        )
    splits, data = cli.load_splits(parser, args)
    net = net_of(splits.train, args.without, filters=args.filters, patch_size=args.patch_size, channels=args.channels)
    smoothing = 0 if args.without == "label_smoothing" else SMOOTHING
    recipe = cli.Recipe(
        parts,
        loss=functools.partial(F.cross_entropy, label_smoothing=smoothing),
        augment=None if args.without == "augmentation" else CropAndFlip(PAD, args.seed, alternating=True),
        fixed_epochs=True,
    )

    def found(run: cli.Result) -> dict[str, Any]:
        model, history = run.model, run.progress.history
        return {
            "network": repr(nn.summary(model, (1, 3, 32, 32))),
            "parameters": sum(p.numel() for p in model.parameters()),
            "classes": data.classes,
            "work": measures.work(model, recipe.loss, len(splits.train.labels), args.epochs),
            "without": args.without,
            "parts": {
                "pad": PAD,
                "dropout": DROPOUT,
                "label_smoothing": SMOOTHING,
                "warm_up": WARM_UP,
                "muon_rate": MUON_RATE,
                "muon_momentum": MUON_MOMENTUM,
                "sgd_rate": SGD_RATE,
                "momentum": MOMENTUM,
            },
            "validation": measures.validated(model, run.loaders, history, *VIEWS),
            "test": None
            if args.without or args.validation
            else measures.tested(model, run.loaders.train, splits.test, "shifted"),
            "filters": measures.filters(model),
        }

    with StopOnSignal(processes.largest) as stop:
        cli.run(args, net, splits._replace(test=splits.test.first(0)), data, recipe=recipe, stop=stop, found=found)
    return 0


def net_of(
    train: Split,
    without: str | None = None,
    *,
    filters: int = models.FILTERS,
    patch_size: int = models.PATCH_SIZE,
    channels: int = models.CHANNELS,
) -> Callable[[], ThreeLayers]:
    """Return what makes the network, without a part; its first filters come from the training images."""
    first = None
    if without != "whitening":
        _, std = channel_statistics(train.images)
        first = whitening(train.images, std, patch_size, filters, EPS)
    return functools.partial(
        ThreeLayers,
        filters,
        patch_size,
        channels,
        whitening=first,
        frozen=without == "first_layer",
        batch_norm=without != "batch_norm",
        dropout=0 if without == "dropout" else DROPOUT,
    )


if __name__ == "__main__":
    sys.exit(main())
