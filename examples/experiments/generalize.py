"""How well can three layers with weights generalize? ``python -m examples.experiments.generalize``.

The first layer is frozen: whitened patches and their negatives. The second is trained by Muon, the third by SGD with
Nesterov momentum. All choices were made on validation images. The test images are used once, at the end of a full run.
``--without NAME`` leaves out one part and measures only on the validation images:

    parts="nothing augmentation batch_norm whitening dropout label_smoothing weight_decay triangle muon"
    for part in $parts; do
        for seed in 0 1 2; do
            python -m examples.experiments.generalize --without $part --seed $seed --epochs 2 --validation 5000 \\
                --out runs/generalize-without-$part-$seed
        done
    done
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nn
import optim
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
    "whitening",
    "dropout",
    "label_smoothing",
    "weight_decay",
    "triangle",
    "muon",
)
FILTERS, SIZE, EPS = 64, 6, 5e-4  # of the whitening: how many, pixels in each direction, and ε
PAD = 2  # pixels by which images are shifted at most
DROPOUT = 0.1
SMOOTHING = 0.1
EPOCHS = 16
LR = 0.2  # of the linear layer and of batch norm
MUON_RATE, MUON_MOMENTUM, NS_STEPS = 0.24, 0.85, 3
MOMENTUM = 0.9  # of all that Muon does not train
DECAY = 5e-4  # weight decay of the linear layer
WARM_UP = 0.1  # the fraction of the steps in which the learning rates rise
# without batch norm the full rates make the loss infinite
RATE_WITHOUT_NORM = 0.1


def parts(model: nn.Module, args: argparse.Namespace, steps: int) -> Parts:
    """Return Muon for the filters and SGD for the rest; all rates rise and fall in straight lines."""
    trained = [p for p in model.parameters() if p.requires_grad]
    factor = RATE_WITHOUT_NORM if args.without == "batch_norm" else 1.0
    by_muon = [p for p in trained if p.ndim == 4] if args.without not in ("muon", "batch_norm") else []
    rest = [p for p in trained if all(p is not filters for filters in by_muon)]
    decay = 0.0 if args.without == "weight_decay" else DECAY
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in rest if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizers: list[optim.Optimizer] = [optim.SGD(groups, lr=factor * args.lr, momentum=MOMENTUM, nesterov=True)]
    if by_muon:
        optimizers.append(
            muon_for_filters(by_muon, lr=MUON_RATE * args.lr / LR, momentum=MUON_MOMENTUM, ns_steps=NS_STEPS)
        )
    both = MultiOptimizer(optimizers)
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
        help="learning rate of the linear layer and of batch norm, to which Muon's is in proportion "
        "(default: %(default)s)",
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
    splits, data = cli.load_splits(parser, args)
    net = functools.partial(make_net, args.without, splits.train)
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
                "momentum": MOMENTUM,
                "weight_decay": DECAY,
                "rate_without_norm": RATE_WITHOUT_NORM,
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


def make_net(without: str | None, train: Split) -> ThreeLayers:
    """Return the network, without a part; the filters of its first layer come from the training images."""
    filters = None
    if without != "whitening":
        _, std = channel_statistics(train.images)
        filters = whitening(train.images, std, SIZE, FILTERS, EPS)
    return ThreeLayers(filters, batch_norm=without != "batch_norm", dropout=0 if without == "dropout" else DROPOUT)


if __name__ == "__main__":
    sys.exit(main())
