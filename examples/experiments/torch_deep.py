"""The deep network in PyTorch, for comparison: ``python -m examples.experiments.torch_deep``.

The network, the batches and the training of `examples.experiments.generalize_deep`, in PyTorch's eager mode. It looks
at the test images once, at its end, or at validation images after each epoch. It cannot be resumed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from examples.experiments.support.data.augmentation import CropAndFlip, averaged
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import EVALUATION_BATCH, Loader, channel_statistics
from examples.experiments.support.data.patches import whitening
from examples.experiments.support.frameworks import deep_recipe as recipe
from examples.experiments.support.frameworks.rebuilt import measure, not_installed, train_epoch

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ModuleNotFoundError:
    raise not_installed("PyTorch", "torch") from None


class Muon(torch.optim.Optimizer):
    """Muon for filters in float32: PyTorch's own takes matrices only, and rounds them to bfloat16."""

    def __init__(self, params: Sequence[torch.Tensor], lr: float, momentum: float, ns_steps: int) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "ns_steps": ns_steps})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Normalize each bank of filters, and move it by the orthogonalized direction."""
        for group in self.param_groups:
            for p in group["params"]:
                buffer = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
                buffer.mul_(group["momentum"]).add_(p.grad)
                x = p.grad.add(buffer, alpha=group["momentum"]).flatten(1)
                x = x / x.norm()
                tall = len(x) > x.shape[1]
                x = x.T if tall else x
                for _ in range(group["ns_steps"]):
                    gram = x @ x.T
                    x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
                p.mul_(math.sqrt(len(p)) / p.norm())
                p.sub_((x.T if tall else x).view_as(p), alpha=group["lr"])


class Deep(nn.Module):
    """The network of `examples.experiments.generalize_deep.Deep`."""

    def __init__(self, whitening: np.ndarray) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, len(whitening), whitening.shape[2], bias=False)
        self.whiten.weight.requires_grad_(False).copy_(torch.from_numpy(whitening))
        channels = (len(whitening), *recipe.WIDTHS)
        groups = {f"group{i}": _group(*channels[i - 1 : i + 1]) for i in (1, 2, 3)}
        self.body = nn.Sequential(OrderedDict(gelu=nn.GELU(), **groups, pool=nn.MaxPool2d(3), flatten=nn.Flatten()))
        self.head = nn.Linear(recipe.WIDTHS[-1], 10, bias=False)
        with torch.no_grad():
            self.head.weight.div_(self.head.weight.std())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(self.whiten(x))) / recipe.WIDTHS[-1]


def _group(channels: int, width: int) -> nn.Sequential:
    def convolution(inputs: int) -> nn.Conv2d:
        made = nn.Conv2d(inputs, width, 3, padding=1, bias=False)
        nn.init.dirac_(made.weight[:inputs])
        return made

    def norm() -> nn.BatchNorm2d:
        made = nn.BatchNorm2d(width, momentum=0.4, eps=1e-12)
        made.weight.requires_grad_(False)
        return made

    first = (convolution(channels), nn.MaxPool2d(2), norm(), nn.GELU())
    return nn.Sequential(*first, convolution(width), norm(), nn.GELU())


class Training:
    """Optimizers and schedules; `step` and `scores` are what `train_epoch` and `measure` call."""

    def __init__(self, model: Deep, steps: int, layout: torch.memory_format) -> None:
        self.model, self.layout = model.to(memory_format=layout), layout  # type: ignore[call-overload]
        self.views = "averaged"  # of an image, a key of VIEWS
        trained = [p for p in model.parameters() if p.requires_grad]
        rates = {1: recipe.BIAS_RATE * recipe.LR, 2: recipe.HEAD_RATE * recipe.LR}
        rest = [
            {"params": [p for p in trained if p.ndim == dims], "lr": rate, "weight_decay": recipe.DECAY / rate}
            for dims, rate in rates.items()
        ]
        filters = [p for p in trained if p.ndim == 4]
        self.optimizers = [
            Muon(filters, recipe.LR, recipe.MUON_MOMENTUM, recipe.NS_STEPS),
            torch.optim.SGD(rest, momentum=recipe.MOMENTUM, nesterov=True),
        ]
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(one, lambda step: 1 - step / steps) for one in self.optimizers
        ]

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        """Do a training step; return the mean loss of the batch before the step."""
        self.model.train()
        scores = self.model(torch.from_numpy(x).contiguous(memory_format=self.layout))
        loss = F.cross_entropy(scores, torch.from_numpy(y), label_smoothing=recipe.SMOOTHING)
        self.model.zero_grad()
        loss.backward()
        for one, schedule in zip(self.optimizers, self.schedules, strict=True):
            one.step()
            schedule.step()
        return loss.item()

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Return the logarithm of the mean probabilities over the views of each image, (N, 10)."""
        self.model.eval()
        with torch.no_grad():
            found = averaged(lambda view: F.softmax(self.model(torch.from_numpy(view)), dim=1).numpy(), x, self.views)
        return np.log(np.maximum(found, np.finfo(np.float32).tiny))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    from examples.experiments.support import cli  # loads Numba, which is not used here
    from examples.experiments.support.runs import results
    from examples.experiments.support.runs.files import check_writable
    from examples.experiments.support.runs.run_folder import locked

    @cli.command(stopped="Stopped before the end; there is no result.")
    def run() -> int:
        parser = _parser()
        args = cli.parse(parser, argv)
        check_writable(args.out / results.FILE)
        with locked(args.out):
            return _train(parser, args)

    return run()


def _train(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    from examples.experiments.support import cli
    from examples.experiments.support.runs import results

    splits, data = cli.load_splits(parser, args)
    mean, std = channel_statistics(splits.train.images)
    augment = CropAndFlip(recipe.PAD, args.seed, alternating=True)
    loader = Loader(splits.train, args.batch_size, mean=mean, std=std, shuffle=True, seed=args.seed, augment=augment)
    torch.manual_seed(args.seed)
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    model = Deep(whitening(splits.train.images, std, 2, 24, recipe.EPS))
    training = Training(model, args.epochs * len(loader), layout)

    def error(split: Split, views: str) -> float:
        training.views = views
        fixed = Loader(split, EVALUATION_BATCH, mean=mean, std=std, shuffle=False, seed=args.seed)
        return measure(training, fixed)[1]

    history = []
    for epoch in range(args.epochs):
        done = train_epoch(training, loader, epoch)
        row = {"epoch": epoch + 1, "train_loss": done.loss, "seconds": done.seconds}
        if args.validation:
            row["validation_error"] = error(splits.validation, "averaged")
        history.append(row)
        print(f"epoch {epoch + 1}/{args.epochs}  training loss {done.loss:.4f}  {done.seconds:.1f} s", flush=True)
    looked_at, name = (splits.validation, "validation") if args.validation else (splits.test, "test")
    accuracy = 1 - error(looked_at, "shifted")
    results.write(
        args.out,
        "torch_deep",
        {"history": history, name: {"accuracy": accuracy, "pictures": len(looked_at.labels)}},
        settings={name: value for name, value in vars(args).items() if name not in ("out", "data_dir")},
        seconds=sum(row["seconds"] for row in history),
        data=data.identity,
        versions={"torch": torch.__version__},
        cut_short=cli.cut_short(vars(args), data.identity),
    )
    print(f"{100 * accuracy:.2f} % of the {name} images are classified correctly; the result is in {args.out}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    from examples.experiments.support import cli

    parser = argparse.ArgumentParser(
        "python -m examples.experiments.torch_deep",
        description="Train the deep network on CIFAR-10 in PyTorch, as generalize_deep does.",
        allow_abbrev=False,
    )
    add, shown = parser.add_argument, "(default: %(default)s)"
    add("--epochs", type=cli.integer(1), default=recipe.EPOCHS, metavar="N", help=f"passes over the images {shown}")
    add("--batch-size", type=cli.integer(1), default=recipe.BATCH_SIZE, metavar="N", help=f"images per step {shown}")
    add("--seed", type=cli.integer(0), default=0, metavar="N", help=f"seed of weights and order {shown}")
    add("--channels-last", action=argparse.BooleanOptionalAction, default=True,
        help=f"keep images in PyTorch's faster layout {shown}")  # fmt: skip
    cli.add_images(parser)
    cli.add_splits(parser, validation=0)
    add("--out", type=Path, default=Path("runs/torch_deep"), metavar="DIR", help=f"the run folder {shown}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
