"""Which optimizer trains best? ``python -m examples.experiments.compare_optimizers``.

``--net`` chooses the network: the baseline, or that of three layers. First every optimizer is tried at every learning
rate of a grid. Then each is trained longer, with several seeds, at the rate with the lowest validation error. Muon
multiplies matrices in each step, and gets fewer epochs, so that all trainings take about as much arithmetic. Every
training is a run in its own folder and can be resumed. A batch system can do the trials in parallel: ``--trial N`` does
only the Nth trial, and ``--collect`` does the rest when all trials are finished.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nn
from examples.experiments import generalize
from examples.experiments.models import Baseline
from examples.experiments.support import cli, job, measures
from examples.experiments.support.cli import Splits
from examples.experiments.support.data.cifar10 import Cifar10, Split
from examples.experiments.support.optimizers import OPTIMIZERS, step_flops
from examples.experiments.support.progress import progress_bar, write_line
from examples.experiments.support.runs import results
from examples.experiments.support.runs.files import write_whole
from examples.experiments.support.runs.run_folder import RunFolder, RunFolderError, locked
from examples.experiments.support.runs.signals import StopOnSignal
from examples.experiments.support.training import NotFinite
from examples.report.page import write_figure
from examples.report.sections.compare_optimizers import panels
from nn import functional as F


class Method(NamedTuple):
    """An optimizer with its settings besides the learning rate."""

    optimizer: str
    momentum: float = 0.0
    weight_decay: float = 0.0


METHODS = {
    "SGD": Method("sgd"),
    "momentum": Method("sgd", momentum=0.9),
    "Nesterov": Method("nesterov", momentum=0.9),
    "Adagrad": Method("adagrad"),
    "RMSprop": Method("rmsprop"),
    "Adam": Method("adam"),
    "AdamW": Method("adamw", weight_decay=0.01),  # without weight decay it would be Adam
    "Muon": Method("muon", momentum=0.95, weight_decay=0.01),
    "Lookahead": Method("lookahead", momentum=0.9),  # of Nesterov
}
NETS: dict[str, Callable[[Split], Callable[[], nn.Module]]] = {
    "baseline": lambda train: Baseline,
    "three_layers": generalize.net_of,
}
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)


class Run(NamedTuple):
    """One training."""

    method: str
    rate: float
    seed: int
    folder: Path


class Outcome(NamedTuple):
    """The result of a training."""

    history: list[dict[str, Any]]  # a row per epoch; empty if the loss became infinite
    not_finite: str | None = None  # the sentence that reports it


class Session(NamedTuple):
    """The state that all trainings of a command share."""

    args: argparse.Namespace
    data: Cifar10
    stop: StopOnSignal
    make_net: Callable[[], nn.Module]
    flops: Mapping[str, float]  # of an epoch with each method

    def epochs(self, method: str, wanted: int) -> int:
        """Return the number of epochs that take about as much arithmetic as `wanted` epochs with SGD."""
        return max(1, round(wanted * self.flops["SGD"] / self.flops[method]))


NOTE = "not_finite.txt"  # in the folder of a training whose loss became infinite
_OF_THE_COMPARISON = {"net", "rates", "trial_epochs", "seeds", "trial", "collect"}
_OF_THE_SESSION = {*cli.OF_THE_SESSION, "trial", "collect"}


@cli.command()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = cli.training_parser(
        "compare_optimizers",
        f"Compare {', '.join(METHODS)}. Ctrl-C stops it without loss; --resume continues.",
        with_optimizer=False,
        out=Path("runs/compare_optimizers"),
        epochs=6,
        batch_size=64,
    )
    cli.add_splits(parser, validation=5000)
    add = parser.add_argument
    add("--net", choices=NETS, default="baseline", help="the network (default: %(default)s)")
    add("--rates", type=cli.real(above=0), nargs="+", metavar="X", default=list(RATES),
        help=f"the grid of learning rates (default: {' '.join(map(str, RATES))})")  # fmt: skip
    add("--trial-epochs", type=cli.integer(1), metavar="N", default=2,
        help="epochs of each optimizer at each rate (default: %(default)s)")  # fmt: skip
    add("--seeds", type=cli.integer(1), metavar="N", default=3,
        help="trainings of each optimizer at its best rate (default: %(default)s)")  # fmt: skip
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--trial", type=cli.integer(1), metavar="N",
        help=f"do only the Nth trial; with the default grid, 1 to {len(METHODS) * len(RATES)}")  # fmt: skip
    part.add_argument("--collect", action="store_true", help="do the rest after the trials, which must all be finished")
    args = cli.begin(parser, argv)
    trials = [
        Run(method, rate, args.seed, args.out / "trials" / f"{method}-{rate:g}")
        for method, rate in itertools.product(METHODS, args.rates)
    ]
    if args.trial and args.trial > len(trials):
        parser.error(f"--trial {args.trial}: there are {len(trials)} trials, {len(METHODS)} optimizers x --rates")
    if args.validation == 0:
        parser.error("--validation 0 leaves no images for choosing the learning rates")
    resumed = args.resume or args.collect
    for trial in trials if args.trial is None else []:
        RunFolder(trial.folder).check(resumed)
    splits, data = cli.load_splits(parser, args)
    make_net = NETS[args.net](splits.train)
    with StopOnSignal() as stop:
        session = Session(args, data, stop, make_net, _flops(args, make_net, len(splits.train.labels)))
        if args.collect:
            _check_finished(trials, session)
        return _compare(session, trials, splits, resumed)


def _flops(args: argparse.Namespace, make_net: Callable[[], nn.Module], images: int) -> dict[str, float]:
    """Return the floating-point operations of an epoch with each method: the net's, and the optimizer's products."""
    net = make_net()
    steps, of_net = -(-images // args.batch_size), images * measures.flops_of_an_image(net, F.cross_entropy)
    parameters = [p for p in net.parameters() if p.requires_grad]
    return {
        name: of_net
        + steps * step_flops(OPTIMIZERS[method.optimizer](parameters, argparse.Namespace(**method._asdict(), lr=0.1)))
        for name, method in METHODS.items()
    }


def _compare(session: Session, trials: list[Run], splits: Splits, resumed: bool) -> int:
    """Do what the command line asks for."""
    args = session.args
    untested = splits._replace(test=splits.test.first(0))
    if args.trial:
        trial = trials[args.trial - 1]
        print(_line(trial, _train(trial, session, args.trial_epochs, untested, resume=args.resume)))
        return 0
    with locked(args.out):  # a single trial has its own folder and lock
        return _compare_all(session, trials, splits, untested, resumed)


def _compare_all(session: Session, trials: list[Run], splits: Splits, untested: Splits, resumed: bool) -> int:
    """Do all trials, then the longer trainings, and write the result."""
    args = session.args
    stored = {name: value for name, value in vars(args).items() if name not in _OF_THE_SESSION}
    stored["data_dir"] = str(args.data_dir.absolute()) if args.data_dir else None
    RunFolder(args.out).write_settings(stored, session.data.identity, resume=args.resume)
    tried = _train_all(trials, session, args.trial_epochs, untested, resume=resumed)
    best = best_rates(tried)
    finals = [
        Run(method, rate, seed, args.out / "runs" / f"{method}-{rate:g}-{seed}")
        for method, rate in best.items()
        for seed in range(args.seed, args.seed + args.seeds)
    ]
    compared = _train_all(finals, session, args.epochs, splits, resume=args.resume)
    _write(session, tried, compared, best)
    print(f"The optimizers are compared; the results are in {args.out}.")
    return 0


def best_rates(trials: Mapping[Run, Outcome]) -> dict[str, float]:
    """Return for each method the rate with the lowest validation error; ties are broken by the loss."""
    scores: dict[str, list[tuple[float, float, float]]] = {}
    for trial, outcome in trials.items():
        if outcome.history:
            row = outcome.history[-1]
            score = (row["validation_error"], row["validation_loss"], trial.rate)
            scores.setdefault(trial.method, []).append(score)
    return {method: min(some)[2] for method, some in scores.items()}


def _train_all(
    runs: Sequence[Run], session: Session, epochs: int, splits: Splits, *, resume: bool
) -> dict[Run, Outcome]:
    quiet = session.args.quiet
    outcomes = {}
    with progress_bar(runs, unit="run", quiet=quiet) as bar:
        for run in bar:
            bar.set_description(run.folder.name)
            outcomes[run] = _train(run, session, epochs, splits, resume=resume)
            if not quiet:
                write_line(_line(run, outcomes[run]), sys.stdout)
    return outcomes


def _train(run: Run, session: Session, epochs: int, splits: Splits, *, resume: bool) -> Outcome:
    """Do a training, or the rest of it; `epochs` are those of SGD."""
    args = session.args
    note = run.folder / NOTE
    if resume and note.exists():
        return Outcome([], note.read_text(encoding="utf-8").strip())
    note.unlink(missing_ok=True)
    again = f"--out {shlex.quote(str(args.out))}" + (f" --trial {args.trial}" if args.trial else "")
    own = {name: value for name, value in vars(args).items() if name not in _OF_THE_COMPARISON}
    changed = {
        "lr": run.rate,
        "seed": run.seed,
        "epochs": session.epochs(run.method, epochs),
        "out": run.folder,
        "resume": resume,
        "quiet": True,
    }
    settings = argparse.Namespace(**{**own, **METHODS[run.method]._asdict(), **changed})
    try:
        result = cli.run(settings, session.make_net, splits, session.data, stop=session.stop, again=again)
        return Outcome(result.progress.history)
    except NotFinite as error:  # this is a result, too
        write_whole(note, f"{error}\n".encode())
        return Outcome([], str(error))


def _line(run: Run, outcome: Outcome) -> str:
    what = f"{run.method:9}  rate {run.rate:<6g}  seed {run.seed}"
    if not outcome.history:
        return f"{what}  {outcome.not_finite}"
    row = outcome.history[-1]
    seconds = sum(row["seconds"] for row in outcome.history)
    return (
        f"{what}  loss {row['train_loss']:.4f}  validation error {100 * row['validation_error']:.1f} %  "
        f"{seconds:.{0 if seconds >= 100 else 1}f} s"
    )


def _check_finished(trials: Sequence[Run], session: Session) -> None:
    missing = [
        str(number)
        for number, trial in enumerate(trials, 1)
        if RunFolder(trial.folder).finished_epochs() != session.epochs(trial.method, session.args.trial_epochs)
        and not (trial.folder / NOTE).exists()
    ]
    if missing:
        raise RunFolderError(
            f"{len(missing)} of {len(trials)} trials are not finished: {', '.join(missing)}. {_do(missing)}"
        )


def _do(trials: Sequence[str]) -> str:
    """Say how to finish the missing trials."""
    if job.script():
        return (
            "Submit them again, with the variables of this job, and then this job: "
            f'bsub -J "compare_optimizers[{",".join(trials)}]" < lsf/compare_optimizers.lsf'
        )
    return "Do each of them with --resume --trial N, or all of them with --resume and without --collect."


def _write(
    session: Session, trials: Mapping[Run, Outcome], finals: Mapping[Run, Outcome], best: Mapping[str, float]
) -> None:
    """Write result.json, and the curves as a table and as a figure."""
    args = session.args
    rows = [
        {"optimizer": run.method, "rate": run.rate, "seed": run.seed, **row}
        for run, outcome in finals.items()
        for row in outcome.history
    ]
    result = {
        "net": args.net,
        "methods": {name: method._asdict() for name, method in METHODS.items()},
        "flops": dict(session.flops),
        "trials": [_record(run, outcome) for run, outcome in trials.items()],
        "best": dict(best),
        "runs": [_record(run, outcome) for run, outcome in finals.items()],
    }
    if rows:
        results.write_table(args.out / "history.csv", rows)
        write_figure(panels(result), [args.out / "curves.png"])
    every = [*trials.values(), *finals.values()]
    settings, data, _ = RunFolder(args.out).stored()
    results.write(
        args.out,
        "compare_optimizers",
        result,
        settings=settings,
        seconds=sum(row["seconds"] for outcome in every for row in outcome.history),
        data=data,
        cut_short=cli.cut_short(settings, data),
    )


def _record(run: Run, outcome: Outcome) -> dict[str, Any]:
    what = {"method": run.method, "rate": run.rate, "seed": run.seed}
    return {**what, "not_finite": outcome.not_finite, "history": outcome.history}


if __name__ == "__main__":
    sys.exit(main())
