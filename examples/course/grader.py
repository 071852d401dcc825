"""Grading: from a submission's folder to points and sentences.  `check` and `grade` use the same functions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd.op import Sample
from autograd.testing import Case, RandomDraw, cases
from autograd.testing.draw import hypothesis as the_hypothesis
from examples.course import rules
from examples.course.question import NEAR, Question, Result, hint
from examples.course.questions import report
from examples.course.remote import Limits, NotWritten, Remote, Stopped, Wrong
from examples.course.tasks import REPORT_POINTS, SOLUTIONS, TASKS, Task

EXAMPLES = 50  # drawn calls of each function
COMPARED = 30  # calls that a mistake is told by
FEW = 16  # elements of an array that is shown
ROUNDS = 5  # of each measurement of speed


DTYPE = (
    "dtype",
    "The result is float64 whatever the inputs are. Make new arrays with their dtype: np.zeros_like(x), or "
    "np.zeros(shape, x.dtype).",
)


NUMBA = (
    "not compiled",
    "Numba cannot compile this. It knows loops, numbers and elements of arrays; of NumPy's functions only some, and of "
    "their arguments fewer.",
)


class Verdict(NamedTuple):
    """The result of a question, or of a part of it.

    Attributes
    ----------
    name : str
    points, most : int
    said : tuple of str
        Sentences for the student: the smallest call, what is wrong, the hint.
    key : str
        The mistake that the hint is about; empty if there is no hint.
    """

    name: str
    points: int
    most: int
    said: tuple[str, ...] = ()
    key: str = ""


class Graded(NamedTuple):
    """The result of a task."""

    task: Task
    verdicts: tuple[Verdict, ...]
    printed: str = ""  # what the submission printed meanwhile

    @property
    def points(self) -> int:
        return sum(v.points for v in self.verdicts)

    @property
    def most(self) -> int:
        return sum(v.most for v in self.verdicts)


def parts(task: Task) -> list[tuple[str, int]]:
    """What a task is made of, and its points."""
    if not task.questions:
        titles = list(report.sections((SOLUTIONS / task.file).read_text(encoding="utf-8")))
        share, more = divmod(REPORT_POINTS, len(titles))
        return [(title, share + (k < more)) for k, title in enumerate(titles)]
    found = []
    for q in task.questions:
        found.append((q.name, q.points))
        if q.speed:
            found.append((f"{q.name}, speed", q.speed.points))
    return found


def grade_task(
    task: Task,
    folder: Path,
    seed: int,
    *,
    examples: int = EXAMPLES,
    limits: Limits = Limits(),  # noqa: B008 (immutable)
) -> Graded:
    """Grade one task of a submission.

    Parameters
    ----------
    task : Task
    folder : Path
        The submission.
    seed : int
        Decides which calls are drawn.
    examples : int
        Number of drawn calls of each function.
    limits : Limits

    Returns
    -------
    Graded
        Whatever the submission does, this function returns.
    """
    file = folder / task.file
    if not file.is_file() or file.is_symlink():
        return _nothing(task, f"There is no {task.file}.")
    if not task.questions:
        return _grade_report(task, file)
    if rule := rules.broken(folder, task.file, task.packages):
        return _nothing(task, f"No points: {rule}.")
    verdicts: list[Verdict] = []
    remote: Remote | None = None
    printed, spent = "", 0.0
    try:
        for number, question in enumerate(task.questions):
            if remote is None:
                remote = Remote(folder, Path(task.file).stem, task.packages, limits._replace(task=limits.task - spent))
            try:
                verdicts += grade_question(question, remote, seed + number, examples)
            except Stopped as stopped:
                verdicts += _zero(question, f"{task.file} {stopped}.")
                printed, spent = remote.printed(), spent + remote.spent
                remote.close()
                remote = None
                if "does not allow" in str(stopped):
                    return _nothing(task, f"No points: {task.file} {stopped}.")
        printed = remote.printed() if remote else printed
    except Stopped as stopped:
        return _nothing(task, f"{task.file} {stopped}.")
    finally:
        if remote is not None:
            remote.close()
    return Graded(task, tuple(verdicts), printed)


def _nothing(task: Task, sentence: str) -> Graded:
    """No points, and one sentence that says why."""
    names = parts(task)
    said = [(sentence,), *(() for _ in names[1:])]
    return Graded(task, tuple(Verdict(name, 0, most, why) for (name, most), why in zip(names, said, strict=True)))


def _zero(question: Question, *said: str, key: str = "") -> list[Verdict]:
    found = [Verdict(question.name, 0, question.points, said, key)]
    if question.speed:
        found.append(Verdict(f"{question.name}, speed", 0, question.speed.points))
    return found


def _grade_report(task: Task, file: Path) -> Graded:
    try:
        found = report.sections(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return _nothing(task, f"{task.file} cannot be read: {error}.")
    verdicts = []
    for number, (title, most) in enumerate(parts(task), 1):
        section = found.get(title)
        lacks, key = report.judge(section, file.parent, number) if section else ("the section is missing", "missing")
        said = (f"Not complete: {lacks}{'' if lacks[-1] in '.?' else '.'}",) if lacks else ()
        verdicts.append(Verdict(title, 0 if lacks else most, most, said, key))
    return Graded(task, tuple(verdicts))


# ── a question ─────────────────────────────────────────────────────────────────────────


@contextmanager
def _quietly() -> Iterator[None]:
    """Overflows and divisions by 0 are a submission's, and are judged by their results."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def grade_question(question: Question, remote: Any, seed: int, examples: int) -> list[Verdict]:
    """Grade one function.

    Raises
    ------
    Stopped
        Its process has to be ended.
    """
    with _quietly():
        try:
            found = failing(question, remote, seed, examples)
        except NotWritten:
            return _zero(question, "Not written yet.")
        if found:
            case, error = found
            said, key = explain(question, remote, case, error, seed)
            return _zero(question, *said, key=key)
        verdicts = [Verdict(question.name, question.points, question.points)]
        if question.speed:
            verdicts.append(_speed(question, remote, seed))
        return verdicts


def failing(question: Question, remote: Any, seed: int, examples: int) -> tuple[Case, AssertionError] | None:
    """The smallest call that fails, and why; None if all drawn calls and all special cases are right."""
    the_hypothesis()  # an ImportError with a hint if it is not installed
    import hypothesis

    row = question.row(remote.call)
    last: list[tuple[Case, AssertionError]] = []
    ended: list[Exception] = []

    def battery(case: Case) -> None:
        if ended:
            return
        try:
            _check(question, remote, case)
        except AssertionError as error:
            last.append((case, error))
            raise
        except (Stopped, NotWritten) as error:
            ended.append(error)

    battery.__name__ = f"course_{question.name.replace(' ', '_')}"
    chosen = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    test = hypothesis.seed(seed)(chosen(hypothesis.given(cases(row))(battery)))
    with suppress(AssertionError, hypothesis.errors.Flaky):  # flaky: it fails in some calls only
        test()
    if ended:
        raise ended[0]
    if last:
        return last[-1]
    for sample in question.special:
        case = Case(row, sample, ("contiguous",) * (len(sample.inputs) + 1), seed)
        try:
            if question.forward is None:
                _check(question, remote, case)
            else:  # it may be at a kink, where there is no finite difference
                _check_values(question, remote, case)
        except AssertionError as error:
            return case, error
    return None


def _check(question: Question, remote: Any, case: Case) -> None:
    """The battery's check; and for the function of a gradient its values, which finite differences may not reach."""
    try:
        question.check(case)
    except (Stopped, NotWritten, AssertionError):
        raise
    except Exception as error:  # the engine or NumPy could not use what came back
        raise Wrong(f"{question.name} returns something that cannot be used: {error}") from error
    if question.forward is not None:
        _check_values(question, remote, case)


def _check_values(question: Question, remote: Any, case: Case) -> None:
    args = question.arguments(case.sample, np.random.default_rng(case.seed))
    if not all(r.is_right for r in _results(question, remote, args, case.sample.params)):
        raise AssertionError(f"{question.name} returns a wrong gradient")


def _results(question: Question, remote: Any, args: tuple[Any, ...], params: dict[str, Any]) -> list[Result]:
    """All outputs of a call, beside the right ones."""
    got = question.ask(remote.call, *args, **params)
    right = question.answers(args, params)
    return [Result(k, a, b, args, params) for k, (a, b) in enumerate(zip(got, right, strict=True))]


def explain(
    question: Question, remote: Any, case: Case, error: AssertionError, seed: int
) -> tuple[tuple[str, ...], str]:
    """Sentences about the smallest failing call, and the key of the mistake; the last sentence is the hint."""
    rng = np.random.default_rng(seed)
    args, params = question.arguments(case.sample, np.random.default_rng(case.seed)), case.sample.params
    special = any(case.sample is sample for sample in question.special)
    said = [f"{'This special case' if special else 'The smallest call that'} fails: {_call(question, args, params)}"]
    results: list[Result] = []
    message = str(error)
    if not isinstance(error, Wrong):
        results = _attempt(question, remote, args, params)
        first = next((r for r in results if not r.is_right), None)
        message = _difference(question, first) if first else _last_line(question, message)
    said.append(message if message.endswith((".", "?", "!")) else f"{message}.")
    if not isinstance(error, Wrong) or "shape" in message:
        for sample in (*question.special, *_drawn(question, rng)):
            results += _attempt(question, remote, question.arguments(sample, rng), sample.params)
    found = hint(question, results)
    if "float32 inputs" in message or "for float32" in message:
        found = DTYPE
    elif isinstance(error, Wrong) and " raises " in message and "nopython" in message:
        found = NUMBA
    if found:
        said.append(f"Hint: {found[1]}")
    return tuple(said), found[0] if found else ""


def _drawn(question: Question, rng: np.random.Generator) -> Iterator[Sample]:
    for _ in range(COMPARED):
        yield question.sample(RandomDraw(rng, question.kind))


def _attempt(question: Question, remote: Any, args: tuple[Any, ...], params: dict[str, Any]) -> list[Result]:
    try:
        return _results(question, remote, args, params)
    except Wrong:
        return []


def _last_line(question: Question, message: str) -> str:
    """The battery's sentence, with the names of the outputs."""
    line = message.strip().splitlines()[-1]
    gradient = question.forward is not None
    pattern = r"the gradient of input (\d+)(?: \(\w+\))?" if gradient else r"(?:forward: )?output (\d+)"
    return re.sub(pattern, lambda found: question.outputs[int(found[1])], line)


def _difference(question: Question, r: Result) -> str:
    """Which entry of which output is wrong, expected and got."""
    name = question.outputs[r.output]
    if r.got.shape != r.right.shape:
        return f"{name} has shape {r.got.shape}, expected {r.right.shape}"
    with np.errstate(all="ignore"):
        wrong = ~np.isclose(r.got, r.right, rtol=NEAR, atol=NEAR, equal_nan=True)
    k = tuple(int(n) for n in np.argwhere(wrong)[0])
    place = f" at {list(k)}" if k else ""
    return f"{name} is wrong{place}: expected {_number(r.right[k])}, got {_number(r.got[k])}"


def _number(x: Any) -> str:
    return str(bool(x)) if isinstance(x, np.bool_) else f"{float(x):.7g}"


def _call(question: Question, args: Sequence[Any], params: dict[str, Any]) -> str:
    """A call on a line: small arrays as their numbers, larger ones as their shapes."""
    words = []
    for name, x in list(zip(question.names, args, strict=True))[: question.arity]:
        if isinstance(x, np.ndarray):
            text = _elements(x) if x.size <= FEW else f"<{' x '.join(map(str, x.shape))} numbers>"
        elif isinstance(x, dict):
            text = "{" + ", ".join(f"{key}: {' x '.join(map(str, a.shape))}" for key, a in x.items()) + "}"
        else:
            text = f"<sum of {_elements(x.a)} x^3 + ({_elements(x.b)} x)^2>" if hasattr(x, "a") else repr(x)
        words.append(f"{name}={text}")
    words += [f"{name}={value!r}" for name, value in params.items()]
    return f"{question.function or question.name}({', '.join(words)})"


def _elements(x: np.ndarray) -> str:
    if not x.shape:
        return _number(x)
    return "[" + ", ".join(_elements(row) for row in x) + "]"


# ── speed ──────────────────────────────────────────────────────────────────────────────


def _speed(question: Question, remote: Any, seed: int) -> Verdict:
    """Time the function and its baseline in turn, each in its own process, by the clock of this one.

    Inputs are new in every round, so that a function cannot remember its results.  What sending and receiving cost is
    known from the baseline's process.
    """
    speed = question.speed
    assert speed
    name = f"{question.name}, speed"
    rng = np.random.default_rng(seed)
    baseline, transfers, inner, whole = [], [], [], []
    with Remote(SOLUTIONS, "layers", ("numpy",)) as clean:
        for _ in range(ROUNDS):
            args = speed.sample(rng)
            right, alone, with_transfer = clean.timed(speed.baseline, *args, **speed.params)
            baseline.append(alone)
            transfers.append(with_transfer - alone)
            try:
                got, alone, with_transfer = remote.timed(question.name, *args)
            except Wrong as error:
                return Verdict(name, 0, speed.points, (f"{error}.",))
            inner.append(alone)
            whole.append(with_transfer)
            for a, b in zip(_tuple(got), _tuple(right), strict=False):
                if not isinstance(a, np.ndarray) or a.shape != b.shape or not np.allclose(a, b, 1e-3, 1e-3):
                    return Verdict(name, 0, speed.points, ("The results of larger arrays are wrong.",))
    ratio = min(baseline) / max(min(inner), min(whole) - min(transfers), 1e-9)
    said = f"{ratio:.3g} times as fast as NumPy with a loop over the windows; {speed.ratio:g} times are asked for."
    return Verdict(name, speed.points if ratio >= speed.ratio else 0, speed.points, (said,))


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def grade(folder: Path, seed: int, tasks: Sequence[Task] = TASKS, **options: Any) -> list[Graded]:
    """Grade some tasks of a submission, each with calls of its own."""
    return [grade_task(task, folder, seed + 1000 * number, **options) for number, task in enumerate(tasks)]
