"""How well can three layers with weights generalize? ``python -m examples.experiments.generalize``.

All choices were made on validation images. The test images are used once, at the end of a full
run. ``--without NAME`` leaves out one part and measures only on the validation images:

    for part in nothing augmentation batch_norm principal_components dropout label_smoothing weight_decay one_cycle; do
        python -m examples.experiments.generalize --without $part --epochs 4 --out runs/generalize-without-$part
    done
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import autograd
import nn
import optim
from examples.experiments.models import ThreeLayers
from examples.experiments.support import cli, measures, processes
from examples.experiments.support.data.augmentation import CropAndFlip
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.patches import principal_components
from examples.experiments.support.optimizers import OPTIMIZERS
from examples.experiments.support.runs.checkpoint import Parts
from examples.experiments.support.runs.signals import StopOnSignal
from nn import functional as F
from optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

PARTS = (
    "augmentation",
    "batch_norm",
    "principal_components",
    "dropout",
    "label_smoothing",
    "weight_decay",
    "one_cycle",
)
PAD = 2  # pixels
DROPOUT = 0.1
SMOOTHING = 0.1
DECAY = 0.99  # of the averaged weights, per step
WARM_UP = 0.25  # the fraction of the steps in which the learning rate rises
# without batch norm the full rate makes the loss infinite
RATE_WITHOUT_NORM = 0.1


def parts(model: nn.Module, args: argparse.Namespace, steps: int) -> Parts:
    """Return SGD without weight decay for biases and batch norm, a one-cycle schedule, and averaged weights."""
    rate = args.lr * (RATE_WITHOUT_NORM if args.without == "batch_norm" else 1)
    if args.without == "one_cycle":
        rate /= 2  # the mean of the cycle
    decay = 0.0 if args.without == "weight_decay" else args.weight_decay
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = OPTIMIZERS[args.optimizer](groups, argparse.Namespace(**{**vars(args), "lr": rate}))
    cycle = None
    if args.without != "one_cycle":
        cycle = optim.lr_scheduler.OneCycleLR(
            optimizer, rate, total_steps=args.epochs * steps, pct_start=WARM_UP, cycle_momentum=False
        )
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(DECAY), use_buffers=True)
    return Parts(model, optimizer, cycle, each_step=True, average=average)


@cli.command()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = cli.training_parser(
        "generalize",
        "Train a network with three layers for the best possible generalization. The number of --epochs determines "
        "the learning rate schedule.",
        fixed_epochs=True,
        out=Path("runs/generalize"),
        epochs=16,
        batch_size=128,
        optimizer="nesterov",
        lr=0.1,
        weight_decay=5e-4,
    )
    cli.add_splits(parser, validation=5000)
    cli.add_shards(parser)
    parser.add_argument(
        "--without",
        choices=("nothing", *PARTS),
        help="leave out this part and do not use the test images, to compare the parts",
    )
    args = cli.begin(parser, argv)
    splits, data = cli.load_splits(parser, args)
    net = net_of(args.without, splits.train)
    smoothing = 0 if args.without == "label_smoothing" else SMOOTHING
    recipe = cli.Recipe(
        parts,
        loss=functools.partial(F.cross_entropy, label_smoothing=smoothing),
        augment=None if args.without == "augmentation" else CropAndFlip(PAD, args.seed),
        fixed_epochs=True,
    )
    if args.find_lr:
        return cli.find_lr(args, net, splits, data, recipe)

    def found(run: cli.Result) -> dict[str, Any]:
        model = run.model
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
                "decay": DECAY,
            },
            "validation": measures.validated(model, run.loaders, run.progress.history, "averaged", "mirrored"),
            "test": None if args.without else measures.tested(model, run.loaders.train, splits.test, "mirrored"),
            "filters": measures.filters(model),
        }

    with StopOnSignal(processes.largest) as stop:
        cli.run(args, net, splits._replace(test=splits.test.first(0)), data, recipe=recipe, stop=stop, found=found)
    return 0


def net_of(without: str | None, train: Split) -> Callable[[], ThreeLayers]:
    """Return what makes the network, without a part; its first filters come from the training images."""
    start = None
    if without != "principal_components":
        first = ThreeLayers().layers.conv1.weight
        start = autograd.from_numpy(principal_components(train.images, first.shape[2], len(first)))

    def make() -> ThreeLayers:
        net = ThreeLayers(batch_norm=without != "batch_norm", dropout=0 if without == "dropout" else DROPOUT)
        if start is not None:
            with autograd.no_grad():
                net.layers.conv1.weight.copy_(start)
        return net

    return make


if __name__ == "__main__":
    sys.exit(main())
