"""Are the gradients right? ``python -m examples.experiments.gradcheck``.

Compare backward with central finite differences, (f(x + h) - f(x - h)) / 2h, in float64: for each
input of each component, and for each parameter of the whole baseline. Linear functions, and
piecewise linear ones whose kinks h = 1 does not reach, have no truncation error and must agree up
to rounding.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor
from autograd.gradcheck import gradients, numerical_gradient, relative_error
from examples.experiments.models import Baseline
from examples.experiments.support import cli, job
from examples.experiments.support.progress import progress_bar
from examples.experiments.support.runs import results
from examples.experiments.support.runs.files import check_writable
from examples.experiments.support.runs.run_folder import locked
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested
from examples.report.page import write_figure
from examples.report.sections.gradcheck import draw
from nn import functional as F

LINEAR, SMOOTH = (1.0, 1e-9), (6e-6, 1e-6)  # step, tolerance
NET = (1e-7, 1e-5)  # at 1e-6 a pixel of 43,000 crosses a kink of relu or of the pooling in one trial of 100
PICTURES, PLACES = 2, 25  # for the whole network: images per batch, and checked entries per parameter


Arguments = tuple[Any, ...]  # the arrays of the inputs, then other arguments


class Component(NamedTuple):
    """A function to check, and a generator of random arguments."""

    name: str
    inputs: tuple[str, ...]  # names of the arrays that `draw` returns first; other arguments may follow
    draw: Callable[[np.random.Generator], Arguments]
    call: Callable[..., Tensor | tuple[Tensor, Tensor]]
    accuracy: tuple[float, float]


class Row(NamedTuple):
    """The trial with the largest error of one gradient."""

    component: str
    input: str
    shape: tuple[int, ...]
    error: float
    step: float
    tolerance: float
    shapes: int = 1  # number of different shapes

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance


def _lattice(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Distinct numbers, 4 apart and 2 or more from 0: a step of 1 meets no kink of relu or maximum."""
    n = int(np.prod(shape))
    return (4.0 * (random.permutation(n) - n // 2) + 2).reshape(shape)


def _conv(random: np.random.Generator) -> Arguments:
    n, c, o, kh, kw = random.integers(1, 4, 5)
    height, width = kh + random.integers(0, 5), kw + random.integers(0, 5)
    arrays = (random.standard_normal(shape) for shape in ((n, c, height, width), (o, c, kh, kw), (o,)))
    return *arrays, int(random.integers(1, 3)), int(random.integers(0, 3))


def _pool(random: np.random.Generator) -> Arguments:
    kernel = int(random.integers(1, 4))
    shape = (*random.integers(1, 3, 2), *(kernel + random.integers(0, 5, 2)))
    return _lattice(random, *shape), kernel, int(random.integers(1, 4)), int(random.integers(0, kernel // 2 + 1))


def _linear(random: np.random.Generator) -> Arguments:
    n, i, o = random.integers(1, 7, 3)
    return tuple(random.standard_normal(shape) for shape in ((n, i), (o, i), (o,)))


def _matmul(random: np.random.Generator) -> Arguments:
    b, i, k, j = random.integers(1, 6, 4)
    return random.standard_normal((b, i, k)), random.standard_normal((k, j))


def _scores(random: np.random.Generator) -> Arguments:
    return (2 * random.standard_normal(random.integers(1, 7, 2)),)


def _labelled_scores(random: np.random.Generator) -> Arguments:
    (scores,) = _scores(random)
    labels = random.integers(0, scores.shape[1], len(scores))
    labels[1:][random.random(len(labels) - 1) < 0.2] = -100  # ignored
    return scores, autograd.tensor(labels)


def _planes(random: np.random.Generator) -> Arguments:
    shape = random.integers(2, 5, 4)
    arrays = (random.standard_normal(some) for some in (shape, shape[1], shape[1]))
    return tuple(arrays)


def _batch_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.batch_norm(x, None, None, weight, bias, training=True)


def _dropout(x: Tensor) -> Tensor:
    autograd.manual_seed(0)  # drop the same elements in each call
    return F.dropout(x, 0.3)


def _positive_pair(random: np.random.Generator) -> Arguments:
    rows, columns = random.integers(1, 5, 2)
    return random.uniform(0.5, 2, (rows, columns)), random.uniform(0.5, 2, (1, columns))  # broadcast


COMPONENTS = [
    Component("conv2d", ("input", "weight", "bias"), _conv, F.conv2d, LINEAR),
    Component("max_pool2d", ("input",), _pool, F.max_pool2d, LINEAR),
    Component("avg_pool2d", ("input",), _pool, F.avg_pool2d, LINEAR),
    Component("batch_norm", ("input", "weight", "bias"), _planes, _batch_norm, SMOOTH),
    Component("dropout", ("input",), _scores, _dropout, LINEAR),
    Component("relu", ("input",), lambda random: (_lattice(random, *random.integers(1, 6, 2)),), F.relu, LINEAR),
    Component("linear", ("input", "weight", "bias"), _linear, F.linear, LINEAR),
    Component("matmul", ("input", "other"), _matmul, autograd.matmul, LINEAR),
    Component("mul", ("input", "other"), _positive_pair, autograd.mul, LINEAR),
    Component("mean", ("input",), _scores, lambda x: x.mean(0), LINEAR),
    Component("div", ("input", "other"), _positive_pair, autograd.div, SMOOTH),
    Component("pow", ("input", "exponent"), _positive_pair, autograd.pow, SMOOTH),
    Component("exp", ("input",), _scores, autograd.exp, SMOOTH),
    Component("log", ("input",), lambda random: _positive_pair(random)[:1], autograd.log, SMOOTH),
    Component("softmax", ("input",), _scores, lambda x: F.softmax(x, 1), SMOOTH),
    Component("log_softmax", ("input",), _scores, lambda x: F.log_softmax(x, 1), SMOOTH),
    Component("cross_entropy", ("input",), _labelled_scores, F.cross_entropy, SMOOTH),
]


def check_component(component: Component, seed: int) -> Iterator[Row]:
    """Check the gradient with respect to each input in one random call."""
    step, tolerance = component.accuracy
    drawn = component.draw(np.random.default_rng([seed, 1]))  # not the random stream that `gradients` uses
    count = len(component.inputs)
    inputs = [*(autograd.tensor(array, requires_grad=True) for array in drawn[:count]), *drawn[count:]]
    for i, ours, numerical in gradients(component.call, inputs, step, seed):
        error = relative_error(ours, numerical)
        yield Row(component.name, component.inputs[i], ours.shape, error, step, tolerance)


def check_net(seed: int) -> Iterator[Row]:
    """Check the gradient of the loss of the baseline with respect to some entries of each parameter."""
    step, tolerance = NET
    random = np.random.default_rng(seed)
    autograd.manual_seed(seed)
    net = Baseline().double()
    x, y = random.standard_normal((PICTURES, 3, 32, 32)), random.integers(0, 10, PICTURES)
    pictures, labels = autograd.tensor(x), autograd.tensor(y)
    _, _, found = net.oracle(pictures, labels)

    def loss() -> float:
        with autograd.no_grad():
            return F.cross_entropy(net(pictures), labels).item()

    for name, parameter in net.named_parameters():
        array, ours = parameter.detach().numpy(), found[name].numpy()
        chosen = random.choice(array.size, min(PLACES, array.size), replace=False)
        places = np.unravel_index(chosen, array.shape)
        numerical = numerical_gradient(loss, array, step, list(zip(*places, strict=True)))
        yield Row("baseline", name, array.shape, relative_error(ours[places], numerical[places]), step, tolerance)


def check(seed: int, trials: int, stop: Callable[[], None] = lambda: None) -> list[Row]:
    """Check everything with several shapes and values; return the largest error of each gradient.

    `stop` is called before each trial and may raise.
    """
    found: dict[tuple[str, str], list[Row]] = {}
    for trial in progress_bar(range(trials), unit="trial"):
        stop()
        rows = [row for component in COMPONENTS for row in check_component(component, seed + trial)]
        for row in rows + list(check_net(seed + trial)):
            found.setdefault((row.component, row.input), []).append(row)
    worst = (max(rows, key=lambda row: np.inf if np.isnan(row.error) else row.error) for rows in found.values())
    return [row._replace(shapes=len({one.shape for one in rows})) for row, rows in zip(worst, found.values())]


def table(rows: Sequence[Row]) -> str:
    """Format the rows as a table."""
    cells = [("component", "input", "shape", "relative error", "allowed", "step", "verdict")] + [
        (row.component, row.input, str(row.shape), f"{row.error:.1e}", f"{row.tolerance:.0e}", f"{row.step:g}",
         "right" if row.passed else "WRONG")
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
    return "\n".join("  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def _finite(error: float) -> float:
    """Return the error for JSON: 1, the maximum, for a gradient that is NaN or infinite."""
    return error if np.isfinite(error) else 1.0


@cli.command(stopped="Stopped before all gradients were checked; no report was written.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0 if every gradient is right."""
    parser = job.Parser(
        "python -m examples.experiments.gradcheck",
        description="Compare the gradients of each component, and of the whole baseline, with finite differences.",
        allow_abbrev=False,
    )
    shown = "(default: %(default)s)"
    parser.add_argument(
        "--seed", type=cli.integer(0), default=0, metavar="N", help=f"seed of shapes and values {shown}"
    )
    parser.add_argument(
        "--trials", type=cli.integer(1), default=5, metavar="N", help=f"random calls of each component {shown}"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/gradcheck"), metavar="DIR",
                        help=f"the run folder, for result.json, a CSV and a PNG {shown}")  # fmt: skip
    args = parser.parse_args(argv)
    check_writable(args.out / results.FILE)
    with locked(args.out):
        return _check(args)


def _check(args: argparse.Namespace) -> int:
    began = perf_counter()
    try:
        with StopOnSignal() as stop:
            rows = check(args.seed, args.trials, stop.check)
    except StopRequested as stopped:
        advice = job.go_on("Run the same command to repeat them.", then="it repeats them", requeued=stopped.requeued)
        print(f"The checks were {stopped}. {advice}", file=sys.stderr)
        raise
    laid_out = [{**row._asdict(), "error": _finite(row.error), "passed": row.passed} for row in rows]
    found = {"places": PLACES, "rows": laid_out}
    results.write_table(args.out / "gradcheck.csv", laid_out)
    write_figure(draw(found), [args.out / "gradcheck.png"])
    settings = {"seed": args.seed, "trials": args.trials}
    results.write(args.out, "gradcheck", found, settings=settings, seconds=perf_counter() - began)
    print(table(rows))
    wrong = [f"{row.component} by {row.input}" for row in rows if not row.passed]
    if wrong:
        print(f"{len(wrong)} of {len(rows)} gradients are wrong: {', '.join(wrong)}.", file=sys.stderr)
        return 1
    print(f"All {len(rows)} gradients are right.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
