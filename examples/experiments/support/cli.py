"""From the command line to a finished run: what the scripts of the experiments share."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import hashlib
import itertools
import json
import math
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec

from numba import config as numba_settings

import autograd
import nn
from examples.experiments.support import job, lr_finder, processes
from examples.experiments.support.data import cifar10, synthetic
from examples.experiments.support.data.cifar10 import Cifar10, DataError, Split
from examples.experiments.support.data.loader import (
    EVALUATION_BATCH,
    Augment,
    Loader,
    channel_statistics,
    train_validation_split,
)
from examples.experiments.support.optimizers import OPTIMIZERS
from examples.experiments.support.runs import checkpoint, results, schema
from examples.experiments.support.runs.checkpoint import CheckpointError, Parts, Progress
from examples.experiments.support.runs.events import FILE as EVENTS, NotInstalled
from examples.experiments.support.runs.results import ResultError
from examples.experiments.support.runs.run_folder import RunFolder, RunFolderError, locked
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested, interruptible
from examples.experiments.support.runs.streams import steady
from examples.experiments.support.training import Data, Loss, NotFinite, train
from examples.report.manifest import NotOurs
from examples.report.page import write_figure
from examples.report.plots import learning_rates
from nn import functional as F

P = ParamSpec("P")

# All other settings affect the result and must not change when a run is resumed. With a learning rate schedule the
# number of epochs affects it, too.
OF_THE_SESSION = {"threads", "out", "resume", "quiet", "tensorboard", "find_lr"}
_FREE = {"epochs", "data_dir", *OF_THE_SESSION}
_KNOWN = (
    CheckpointError,
    DataError,
    RunFolderError,
    ResultError,
    NotInstalled,
    NotOurs,
    NotFinite,
    OSError,
    ValueError,
    MemoryError,
)


class Splits(NamedTuple):
    """Images for training, validation and test; empty splits are not measured."""

    train: Split
    validation: Split
    test: Split


class Recipe(NamedTuple):
    """How a run trains if it needs more than the optimizer of the command line."""

    parts: Callable[[nn.Module, argparse.Namespace, int], Parts]  # (model, args, steps per epoch)
    loss: Loss = F.cross_entropy
    augment: Augment | None = None
    fixed_epochs: bool = False  # every epoch depends on the number of epochs, as with a schedule


def plain_parts(model: nn.Module, args: argparse.Namespace, steps: int) -> Parts:
    """Return the optimizer of the command line for all parameters, without a schedule."""
    return Parts(model, OPTIMIZERS[args.optimizer]([p for p in model.parameters() if p.requires_grad], args))


PLAIN = Recipe(plain_parts)


class Result(NamedTuple):
    """A finished run."""

    model: nn.Module
    loaders: Data
    progress: Progress
    found: Mapping[str, Any] = {}  # what result.json contains besides the history


def command(
    stopped: str = "Stopped before the training began; there was nothing to save.",
) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Decorate the main function of an experiment: expected errors become a sentence on stderr and an exit status.

    `stopped` is the sentence after a Ctrl-C that nothing else handles.
    """

    def decorate(run: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(run)
        def main(*args: P.args, **kwargs: P.kwargs) -> int:
            with steady() as stdout, interruptible(), processes.joined():
                job.Parser.silent = not processes.is_first()
                try:
                    status = run(*args, **kwargs)
                except StopRequested as stop:
                    status = stop.status
                except KeyboardInterrupt:
                    print(job.go_on(stopped), file=sys.stderr)
                    status = 130
                except _KNOWN as error:
                    processes.quietly()
                    sentences = [str(error) or type(error).__name__, *getattr(error, "__notes__", ())]
                    print(*map(job.worded, sentences), sep="\n", file=sys.stderr)
                    status = 1
                    if processes.count() > 1:
                        processes.end_all(status)
                except SystemExit as leaving:  # argparse exits after --help and after an invalid option
                    status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
                    processes.note_status(status)
                    if leaving.code or stdout.status(0) == 0:
                        raise
                    return 1
                status = stdout.status(status)
                processes.note_status(status)
                return status

        return main

    return decorate


def training_parser(
    experiment: str, description: str, *, with_optimizer: bool = True, fixed_epochs: bool = False, **defaults: Any
) -> argparse.ArgumentParser:
    """Return a parser with the options of every training run and the given defaults.

    `with_optimizer` is False if the experiment itself chooses the optimizer. `fixed_epochs` is as in `Recipe`.
    """
    parser = job.Parser(f"python -m examples.experiments.{experiment}", description=description, allow_abbrev=False)
    add = parser.add_argument
    shown = "(default: %(default)s)"
    most = numba_settings.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    add_images(parser)
    add("--out", type=Path, metavar="DIR", help=f"the run folder {shown}")
    add("--resume", action="store_true", help="continue the run in --out with its original settings; only "
        f"{'' if fixed_epochs else '--epochs, '}--threads and --data-dir may change; "
        "starts a new run if there is none")  # fmt: skip
    add("--epochs", type=integer(1), metavar="N", help=f"passes over the training images {shown}")
    add("--batch-size", type=integer(1), metavar="N", help=f"images per step {shown}")
    if with_optimizer:
        add("--optimizer", choices=sorted(OPTIMIZERS), help=f"the optimizer {shown}")
        add("--lr", type=real(above=0), metavar="X", help=f"learning rate {shown}")
        add(
            "--momentum",
            type=real(below=1),
            metavar="X",
            help=f"momentum of sgd and nesterov, at least 0 and below 1 {shown}",
        )
        add("--weight-decay", type=real(), metavar="X", help=f"weight decay of the optimizer, as in PyTorch {shown}")
        add("--find-lr", action="store_true", help="suggest a learning rate for these settings instead of training: "
            f"raise it from {lr_finder.LOWEST:g} to {lr_finder.HIGHEST:g} in {lr_finder.STEPS} steps, and draw the "
            "loss into --out")  # fmt: skip
    add("--seed", type=integer(0), metavar="N", help=f"seed of weights, order and validation split {shown}")
    add("--threads", type=integer(1, most), metavar="N", help="threads of the engine; the result is bitwise the same "
        "for any number (default: the CPUs this process may use, or the slots of the batch job)")  # fmt: skip
    add("--tensorboard", action="store_true", help="also write loss, accuracy and learning rate of each epoch to "
        f"{EVENTS} in --out, which tensorboard --logdir DIR shows; needs the package tensorboard")  # fmt: skip
    add("--quiet", action="store_true", help="print only where the results are")
    common = {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0} if with_optimizer else {}
    # Run folders store this name; the package examples.experiments is newer.
    parser.set_defaults(experiment=f"examples.{experiment}", **{"seed": 0, "find_lr": False, **common, **defaults})
    return parser


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the images."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="the folder that contains data_batch_1… (default: the variable CIFAR10_DIR, the user's cache, or a "
        "download)",
    )
    parser.add_argument(
        "--synthetic",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="use the built-in generated images instead of CIFAR-10",
    )


def add_splits(parser: argparse.ArgumentParser, validation: int | None) -> None:
    """Add the options for the validation split and for a limit; None holds out a tenth."""
    usual = "a tenth of them" if validation is None else f"{validation:,}"
    parser.add_argument(
        "--validation",
        type=integer(0),
        metavar="N",
        default=validation,
        help=f"number of training images to hold out for validation; 0 trains on all (default: {usual})",
    )
    parser.add_argument(
        "--limit",
        type=integer(1),
        metavar="N",
        help="use only the first N training and N test images, for a trial",
    )


def add_shards(parser: argparse.ArgumentParser) -> None:
    """Add the option of an experiment that several ranks can train."""
    parser.add_argument(
        "--shards",
        type=integer(1),
        metavar="N",
        help="cut each batch into N parts and add their gradients in a fixed order, so that the result is bitwise the "
        "same for any number of ranks up to N, which mpirun starts "
        f"(default: {processes.SHARDS} under mpirun; otherwise a batch is whole)",
    )


def load_splits(parser: argparse.ArgumentParser, args: argparse.Namespace) -> tuple[Splits, Cifar10]:
    """Load the data and split it as the options of `add_splits` say; the data keep only what is trained on."""
    if args.limit and args.validation and args.validation >= args.limit:
        parser.error(f"--validation {args.validation} leaves no image of --limit {args.limit} to train on")

    def read() -> tuple[Splits, Cifar10]:
        data = load_data(args, args.limit)
        count = len(data.train.labels)
        held_out = count // 10 if args.validation is None else args.validation
        if held_out >= count:
            raise ValueError(f"--validation {held_out} leaves none of the {count:,} training images to train on.")
        splits = Splits(*train_validation_split(data.train, held_out, args.seed), data.test)
        return splits, dataclasses.replace(data, train=splits.train)  # not the images of both parts once more

    return processes.one_copy_on_each_host(read)


def integer(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return an argparse type: an integer from low to high."""
    bounds = f"at least {low}" if high is None else f"from {low} to {high}"

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not low <= value <= (high or 2**63 - 1):
            raise argparse.ArgumentTypeError(f"must be a whole number, {bounds}, not {text}")
        return value

    return convert


def real(above: float | None = None, below: float = math.inf) -> Callable[[str], float]:
    """Return an argparse type: a finite number above `above` (or at least 0) and below `below`."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not ((value >= 0 if above is None else value > above) and value < below):
            low = "at least 0" if above is None else f"above {above}"
            high = "finite" if below == math.inf else f"below {below}"
            raise argparse.ArgumentTypeError(f"must be {low} and {high}, not {text}")
        return value

    return convert


def begin(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line and check that the run folder can be used.

    A resumed run takes settings that the command line does not give from the stored run.
    """
    args = parse(parser, argv)
    if processes.count() > 1 and ("shards" not in args or args.find_lr):
        raise ValueError(
            f"{parser.prog.rpartition('.')[2]}{' --find-lr' * args.find_lr} runs in one process, and mpirun started "
            f"{processes.count()}. Start it without mpirun."
        )
    if args.find_lr:  # leaves a run in the folder as it is
        if args.resume:
            parser.error("--find-lr trains nothing that could --resume; leave one of them out")
        return args
    folder = RunFolder(args.out, tensorboard=args.tensorboard)
    stored, begun = _begun(folder, args.resume)
    if stored:
        _check_stored(folder, parser, stored)
        parser.set_defaults(**{**stored, "experiment": args.experiment})
        args = parse(parser, argv)
    if "shards" in args:
        if args.shards is None and not begun:
            args.shards = processes.usual_shards()
        if processes.count() > (args.shards or 1):
            was = f"cuts each batch into {args.shards} shards" if args.shards else "was begun without --shards"
            raise ValueError(
                f"mpirun started {processes.count()} ranks, and the run in {args.out} {was}, so that only "
                f"{args.shards or 1} of them would have work. Start fewer ranks, or a new run with more --shards."
            )
    if stored:
        began, wanted = _fixed(stored), _fixed(vars(args))
        if not begun:  # there is nothing to resume, so the settings may change
            began = {**wanted, "experiment": stored.get("experiment")}
        checkpoint.check_settings(folder.settings, began, wanted)
    return args


def _begun(folder: RunFolder, resume: bool) -> tuple[dict[str, Any], bool]:
    """Check the folder; return the settings in it and whether it has a checkpoint, if the run is to be resumed."""

    def read() -> bytes:
        folder.check(resume)
        settings = folder.stored().settings if resume else {}
        return json.dumps([settings, resume and folder.checkpoint.exists()]).encode()

    settings, begun = json.loads(processes.from_first(read) or b"")
    return settings, begun


def _check_stored(folder: RunFolder, parser: argparse.ArgumentParser, stored: Mapping[str, Any]) -> None:
    """Raise if a stored setting could not come from the command line."""
    options = {action.dest: action for action in parser._actions}
    for name, value in stored.items():
        if name == "experiment":
            fits = isinstance(value, str)
        elif name not in options:
            fits = False
        else:
            fits = _can_be_given(options[name], value, parser.get_default(name))
        if not fits:
            raise RunFolderError(
                f"{folder.settings} is damaged: {name[:40]} cannot be {schema.brief(value)}. "
                "Restore it from a copy, or start again with another --out."
            )


def _can_be_given(option: argparse.Action, value: object, default: object) -> bool:
    """Return whether the option could produce the value from some text."""
    if value is None:
        return default is None
    if option.nargs == 0:
        return isinstance(value, bool)
    if option.nargs is not None:
        return isinstance(value, list) and bool(value) and all(_is_made_by(option, item) for item in value)
    return _is_made_by(option, value)


def _is_made_by(option: argparse.Action, value: object) -> bool:
    if option.choices is not None:
        return isinstance(value, str) and value in option.choices
    if option.type is Path or option.type is None:
        return isinstance(value, str)
    try:
        made = option.type(str(value))  # type: ignore[operator]
    except (argparse.ArgumentTypeError, ValueError):
        return False
    return type(made) is type(value) or (isinstance(made, float) and type(value) is int)


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Read a command line with the options of `add_images`."""
    args = parser.parse_args(argv)
    if args.synthetic and args.data_dir:
        parser.error("--synthetic and --data-dir are two sources of images; choose one of them")
    return args


def load_data(args: argparse.Namespace, limit: int | None = None) -> Cifar10:
    """Load the data that the command line names; with `limit` only the first images of each split."""
    if args.synthetic:
        return synthetic.make(limit or 50_000, limit or 10_000, seed=0)
    data = cifar10.load(args.data_dir)
    return dataclasses.replace(data, train=data.train.first(limit), test=data.test.first(limit))


def run(
    args: argparse.Namespace,
    make_model: Callable[[], nn.Module],
    splits: Splits,
    data: Cifar10,
    *,
    recipe: Recipe = PLAIN,
    accuracy: bool = False,
    stop: StopOnSignal,
    found: Callable[[Result], Mapping[str, Any]] | None = None,
    again: str | None = None,
) -> Result:
    """Train a new model or resume the run in the folder, and write all files of the finished run.

    Parameters
    ----------
    args : Namespace
        The options of `training_parser`.
    make_model : function
    splits : Splits
    data : Cifar10
    recipe : Recipe
    accuracy : bool
        Draw the accuracy instead of the error in the learning curves.
    stop : StopOnSignal
        Has received the signals since before this call.
    found : function, optional
        Returns what result.json contains besides the history. Without it there is no result.json.
    again : str, optional
        The options that resume the whole experiment if this run is a part of it. The experiment then prints the
        closing message itself.
    """
    folder = RunFolder(args.out, accuracy=accuracy, tensorboard=args.tensorboard)
    parts, loaders = _made(args, make_model, splits, recipe)
    model = parts.model
    settings = {**_fixed(vars(args)), "data": _digest(splits)}
    if recipe.fixed_epochs:
        settings["epochs"] = args.epochs
    stored = {name: value for name, value in vars(args).items() if name not in OF_THE_SESSION}
    stored["data_dir"] = str(args.data_dir.absolute()) if args.data_dir else None
    try:
        with folder.opened(args.resume):
            finished = _open_session(folder, args, settings, stored, recipe, splits, data)
            progress = train(
                parts,
                loaders,
                args.epochs,
                folder,
                settings,
                stop.check,
                loss=recipe.loss,
                shards=getattr(args, "shards", None),
                quiet=args.quiet,
            )
            result = Result(model, loaders, progress)
            folder.finish(result.model, progress.history)
            if found:
                result = result._replace(found=found(result))
                _write_result(args, folder, result)
    except StopRequested as stop_requested:
        options = again or f"--out {shlex.quote(str(args.out))}"
        command = f"{_interpreter()} -m examples.experiments.{_name(args)} --resume {options}"
        advice = job.go_on(
            f"Resume with: {command}", then="it resumes from its checkpoint", requeued=stop_requested.requeued
        )
        if processes.is_first():
            print(f"The run was {stop_requested}; nothing is lost. {advice}", file=sys.stderr, flush=True)
        raise
    if again:
        return result
    done = f"{epochs_in_words(progress.epochs)} {'is' if progress.epochs == 1 else 'are'} done"
    if finished == progress.epochs:
        more = "" if recipe.fixed_epochs else job.worded(" Train further with more --epochs.")
        print(f"The run in {args.out} was already finished: {done}.{more}", flush=True)
    else:
        print(f"{done}; the results are in {args.out}.", flush=True)
    return result


def _open_session(
    folder: RunFolder,
    args: argparse.Namespace,
    settings: dict[str, Any],
    stored: dict[str, Any],
    recipe: Recipe,
    splits: Splits,
    data: Cifar10,
) -> int:
    """Check that the folder is of this run, and record the session; return how many epochs it had finished.

    Only rank 0 does this.
    """
    if not processes.is_first():
        return 0
    if folder.checkpoint.exists():
        before = folder.stored()
        begun = {**_fixed(before.settings), "data": before.data.get("sha256")}
        if recipe.fixed_epochs:
            begun["epochs"] = before.settings.get("epochs")
        checkpoint.check_settings(folder.settings, begun, settings)
    if not args.quiet:
        counts = ", ".join(
            f"{len(split.labels):,} {what}" for what, split in zip(("training", "validation", "test"), splits)
        )
        ranks = processes.count()
        shards = f", ranks {ranks}, shards {args.shards}" if getattr(args, "shards", None) else ""
        print(
            f"{data} This run: {counts} images, seed {args.seed}, threads {autograd.get_num_threads()}{shards}.",
            flush=True,
        )
    finished = folder.finished_epochs()
    if finished > args.epochs:
        raise ValueError(
            f"The run in {args.out} has already finished {epochs_in_words(finished)}, but --epochs is "
            f"{args.epochs}. Give more --epochs, or choose another --out."
        )
    folder.write_settings(stored, {**data.identity, "sha256": settings["data"]}, resume=args.resume)
    return finished


def find_lr(
    args: argparse.Namespace, make_model: Callable[[], nn.Module], splits: Splits, data: Cifar10, recipe: Recipe = PLAIN
) -> int:
    """Suggest a learning rate for a run with these settings, instead of training; return the exit status."""
    parts, loaders = _made(args, make_model, splits, recipe)
    batches = (batch for epoch in itertools.count() for batch in loaders.train.batches(epoch))
    table, figure = args.out / "learning_rates.csv", args.out / "learning_rates.png"
    with locked(args.out):
        if not args.quiet:
            print(f"{data} Learning rates are tried on {len(splits.train.labels):,} training images.", flush=True)
        found = lr_finder.sweep(parts.model, parts.optimizer, batches, recipe.loss, quiet=args.quiet)
        rows = [
            {"learning_rate": rate, "loss": loss, "smoothed_loss": smoothed}
            for rate, loss, smoothed in zip(found.rates, found.losses, found.smoothed, strict=True)
        ]
        results.write_table(table, rows)
        suggestion = found.suggestion
        write_figure(learning_rates(rows, suggestion), [figure])
    end = f"from {found.rates[-1]:.2g} on, it diverges" if found.diverged else "it does not diverge"
    print(
        f"The loss is lowest at a learning rate of {found.rates[found.lowest]:.2g}; {end}. It falls most steeply at "
        f"--lr {suggestion:.2g}, which is the suggestion. {figure} shows the loss at each rate.",
        flush=True,
    )
    return 0


def _made(
    args: argparse.Namespace, make_model: Callable[[], nn.Module], splits: Splits, recipe: Recipe
) -> tuple[Parts, Data]:
    """Return the parts and the data of a training, at its start."""
    if args.threads:
        autograd.set_num_threads(args.threads)
    autograd.manual_seed(args.seed)
    model = make_model()
    loaders = _loaders(splits, args, recipe.augment)
    return recipe.parts(model, args, len(loaders.train)), loaders


def _write_result(args: argparse.Namespace, folder: RunFolder, result: Result) -> None:
    """Write result.json, which starts with the history, for a finished run."""
    if not processes.is_first():
        return
    settings, data, _ = folder.stored()
    history = result.progress.history
    results.write(
        args.out,
        _name(args),
        {"history": history, **result.found},
        settings=settings,
        seconds=sum(row["seconds"] for row in history),
        data=data,
        cut_short=cut_short(settings, data),
    )


def _name(args: argparse.Namespace) -> str:
    """Return the name of the experiment's script."""
    return str(args.experiment).rpartition(".")[2]


def cut_short(settings: Mapping[str, Any], data: Mapping[str, Any], *more: str) -> str | None:
    """Say in which way a run was shortened: generated images, or a limit. The sentences `more` come first."""
    sentences = [*more]
    if not data.get("real", True):
        sentences.append("The images were generated by the program; they are not CIFAR-10.")
    if limit := settings.get("limit"):
        sentences.append(f"Only the first {limit:,} training and test images were used.")
    return " ".join(sentences) or None


def epochs_in_words(count: int) -> str:
    """Return "1 epoch", "2 epochs"."""
    return f"{count} epoch{'s' * (count != 1)}"


def _interpreter() -> str:
    """Return the path of this Python for a shell, relative to the current folder if possible."""
    path = Path(sys.executable or "python")
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _fixed(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _FREE}


def _loaders(splits: Splits, args: argparse.Namespace, augment: Augment | None) -> Data:
    """Return the loaders; all standardize with the statistics of the training images."""
    mean, std = channel_statistics(splits.train.images)

    def fixed_order(split: Split) -> Loader | None:
        if len(split.labels) == 0:
            return None
        return Loader(split, EVALUATION_BATCH, mean=mean, std=std, shuffle=False, seed=args.seed)

    train_loader = Loader(
        splits.train, args.batch_size, mean=mean, std=std, shuffle=True, seed=args.seed, augment=augment
    )
    return Data(train_loader, fixed_order(splits.validation), fixed_order(splits.test))


def _digest(splits: Splits) -> str:
    """Return a digest of the images and labels, so that no run resumes with different data."""
    total = hashlib.sha256()
    for split in splits:
        for array in split:
            total.update(repr(array.shape).encode())
            total.update(array.data)
    return total.hexdigest()
