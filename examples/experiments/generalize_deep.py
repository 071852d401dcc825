"""And with any number of layers, in half an hour? ``python -m examples.experiments.generalize_deep``.

The net and its training follow airbench94 with Muon, which was made for a GPU (Jordan, "94% on CIFAR-10 in 3.29 Seconds
on a Single GPU", 2024): a frozen whitening layer, six convolutions that start as the identity, batch norm that learns
no scale, Muon for the filters, alternating flips, a learning rate that falls to zero, and predictions that are averaged
over shifts and mirror images. The settings are the published ones; ``--validation 5000`` holds out images to try
others. A run without it trains on all images, and looks at the test images once, at its end.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
import nn
import optim
from autograd import Tensor
from examples.experiments.support import cli, measures, processes
from examples.experiments.support.data.augmentation import VIEWS, CropAndFlip
from examples.experiments.support.data.loader import channel_statistics
from examples.experiments.support.data.patches import whitening
from examples.experiments.support.frameworks import deep_recipe as recipe
from examples.experiments.support.optimizers import MultiOptimizer, muon_for_filters
from examples.experiments.support.runs.checkpoint import Parts
from examples.experiments.support.runs.signals import StopOnSignal
from nn import functional as F


class Group(nn.Module):
    """Two 3x3 convolutions with batch norm and GELU, the first one pooled: (N, C, H, W) -> (N, O, H // 2, W // 2)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            OrderedDict(
                conv1=_identity_at_first(nn.Conv2d(channels, width, 3, padding=1, bias=False)),
                pool=nn.MaxPool2d(2),
                norm1=_without_scale(nn.BatchNorm2d(width, momentum=0.4, eps=1e-12)),
                gelu1=nn.GELU(),
                conv2=_identity_at_first(nn.Conv2d(width, width, 3, padding=1, bias=False)),
                norm2=_without_scale(nn.BatchNorm2d(width, momentum=0.4, eps=1e-12)),
                gelu2=nn.GELU(),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Deep(nn.Module):
    """A whitening layer, three groups of two convolutions, and a linear layer.

    ==========  =======================================  ==================
    layer       description                              output
    ==========  =======================================  ==================
    whiten      2x2, 3 -> 24, frozen, then GELU          (N, 24, 31, 31)
    group1      2 convolutions 3x3, pooled               (N, 64, 15, 15)
    group2      likewise                                 (N, 256, 7, 7)
    group3      likewise                                 (N, 256, 3, 3)
    pool        3x3 maximum                              (N, 256, 1, 1)
    head        linear 256 -> 10, without bias           (N, 10)
    ==========  =======================================  ==================

    Parameters
    ----------
    whitening : float32, (24, 3, 2, 2)
        The filters of the first layer, which are not trained.
    """

    def __init__(self, whitening: NDArray[np.float32]) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, len(whitening), whitening.shape[2], bias=False)
        self.whiten.weight.requires_grad_(False).copy_(autograd.from_numpy(whitening))
        channels = (len(whitening), *recipe.WIDTHS)
        groups = {f"group{i}": Group(*channels[i - 1 : i + 1]) for i in (1, 2, 3)}
        self.body = nn.Sequential(OrderedDict(gelu=nn.GELU(), **groups, pool=nn.MaxPool2d(3), flatten=nn.Flatten()))
        self.head = nn.Linear(recipe.WIDTHS[-1], 10, bias=False)
        with autograd.no_grad():
            self.head.weight.div_(self.head.weight.std())

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of all classes: (N, 3, 32, 32), standardized -> (N, 10)."""
        return self.head(self.body(self.whiten(x))) / recipe.WIDTHS[-1]


def _identity_at_first(convolution: nn.Conv2d) -> nn.Conv2d:
    """Let the first filters pass each input channel on unchanged."""
    nn.init.dirac_(convolution.weight[: convolution.in_channels])
    return convolution


def _without_scale(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    norm.weight.requires_grad_(False)
    return norm


def parts(model: nn.Module, args: argparse.Namespace, steps: int) -> Parts:
    """Return Muon for the filters and SGD for the rest; all rates fall to zero in a straight line."""
    trained = [p for p in model.parameters() if p.requires_grad]
    filters = [p for p in trained if p.ndim == 4]
    muon = muon_for_filters(filters, lr=args.lr, momentum=recipe.MUON_MOMENTUM, ns_steps=recipe.NS_STEPS)
    rates = {1: recipe.BIAS_RATE * args.lr, 2: recipe.HEAD_RATE * args.lr}  # of vectors, of the last layer's matrix
    rest = [
        {"params": [p for p in trained if p.ndim == dims], "lr": rate, "weight_decay": recipe.DECAY / rate}
        for dims, rate in rates.items()
    ]
    both = MultiOptimizer([muon, optim.SGD(rest, momentum=recipe.MOMENTUM, nesterov=True)])
    falling = optim.lr_scheduler.LambdaLR(both, lambda step: 1 - step / (args.epochs * steps))
    return Parts(model, both, falling, each_step=True)


@cli.command()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = cli.training_parser(
        "generalize_deep",
        "Train a network with eight layers for the best accuracy in half an hour. The number of --epochs determines "
        "the learning rate schedule.",
        with_optimizer=False,
        fixed_epochs=True,
        out=Path("runs/generalize_deep"),
        epochs=recipe.EPOCHS,
        batch_size=recipe.BATCH_SIZE,
        lr=recipe.LR,
    )
    parser.add_argument(
        "--lr", type=cli.real(above=0), metavar="X", help="learning rate of the filters (default: %(default)s)"
    )
    cli.add_splits(parser, validation=0)
    cli.add_shards(parser)
    args = cli.begin(parser, argv)
    splits, data = cli.load_splits(parser, args)
    _, std = channel_statistics(splits.train.images)
    net = functools.partial(Deep, whitening(splits.train.images, std, 2, 24, recipe.EPS))
    loss = functools.partial(F.cross_entropy, label_smoothing=recipe.SMOOTHING)
    augment = CropAndFlip(recipe.PAD, args.seed, alternating=True)
    training = cli.Recipe(parts, loss=loss, augment=augment, fixed_epochs=True)

    def found(run: cli.Result) -> dict[str, Any]:
        model, history = run.model, run.progress.history
        return {
            "network": repr(nn.summary(model, (1, 3, 32, 32))),
            "parameters": sum(p.numel() for p in model.parameters()),
            "classes": data.classes,
            "work": measures.work(model, loss, len(splits.train.labels), args.epochs),
            "validation": measures.validated(model, run.loaders, history, *VIEWS),
            "test": None if args.validation else measures.tested(model, run.loaders.train, splits.test, "shifted"),
        }

    with StopOnSignal(processes.largest) as stop:
        cli.run(args, net, splits._replace(test=splits.test.first(0)), data, recipe=training, stop=stop, found=found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
