"""The course: ``python -m examples.course start DIR``, ``check DIR [TASK]``, ``grade SUBMISSIONS --out DIR``."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd.files import WriteError, write_whole
from autograd.testing.draw import hypothesis
from examples.course.classroom import grade_class, submissions
from examples.course.folder import start
from examples.course.grader import EXAMPLES, Graded, grade_task, parts
from examples.course.tasks import TASKS, find
from examples.experiments.support import cli, job

PROGRESS = ".progress.json"
WIDTH, BAR = 79, 20  # columns


@cli.command(stopped="Stopped; what was graded before is stored.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = job.Parser("python -m examples.course", description="A course of seven tasks.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=job.Parser)
    add = commands.add_parser("start", help="make a student's folder").add_argument
    add("folder", type=Path, metavar="DIR", help="a new folder")
    add = commands.add_parser("check", help="grade your own work; status 0 if it has all points").add_argument
    add("folder", type=Path, metavar="DIR", help="the folder that `start` has made")
    add("task", nargs="?", metavar="TASK", help="a task's name or number (default: all)")
    _common(add)
    add = commands.add_parser("grade", help="for teachers: grade a class").add_argument
    add("submissions", type=Path, metavar="SUBMISSIONS", help="has a folder for each student")
    add("--out", type=Path, required=True, metavar="DIR", help="for grades.csv and a page for each student")
    add("--element", type=cli.integer(1), metavar="N", help="grade this submission alone, counted from 1")
    _common(add)
    args = parser.parse_args(argv)
    return {"start": _start, "check": _check, "grade": _grade}[args.command](args)


def _common(add: Any) -> None:
    add("--seed", type=cli.integer(0), metavar="N", help="of the drawn calls (default: a new random one)")
    add("--examples", type=cli.integer(1), default=EXAMPLES, metavar="N",
        help="drawn calls of each function (default: %(default)s)")  # fmt: skip


def _start(args: argparse.Namespace) -> int:
    said = start(args.folder)
    if said:
        print(said, file=sys.stderr)
    print(f"Your folder is {args.folder}. Begin with {args.folder / 'README.md'}.")
    return 0


def _needs_hypothesis() -> None:
    try:
        hypothesis()
    except ImportError as error:
        raise ValueError(str(error)) from error


def _check(args: argparse.Namespace) -> int:
    _needs_hypothesis()
    if not args.folder.is_dir():
        raise ValueError(f"There is no folder {args.folder}. Make one: python -m examples.course start {args.folder}")
    tasks = TASKS if args.task is None else (find(args.task),)
    seed = secrets.randbits(32) if args.seed is None else args.seed
    progress = _read(args.folder / PROGRESS)
    complete = True
    for task in tasks:
        # the seed of a task does not depend on which others are checked
        graded = grade_task(task, args.folder, seed + 1000 * TASKS.index(task), examples=args.examples)
        complete &= graded.points == graded.most
        progress[task.name] = graded.points
        _show(graded)
    print(_table(progress))
    try:
        write_whole(args.folder / PROGRESS, json.dumps(progress).encode())
    except WriteError as error:
        print(f"The progress is not stored: {error}", file=sys.stderr)
    if not complete:
        print(f"\nThe same calls again: --seed {seed}")
    return 0 if complete else 1


def _show(graded: Graded) -> None:
    print(f"\n{TASKS.index(graded.task) + 1}. {graded.task.title}: {graded.points} of {graded.most}")
    for v in graded.verdicts:
        print(f"   {v.name:<40} {v.points:>2} of {v.most:>2}")
        for sentence in v.said:
            print(textwrap.fill(sentence, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8))
    if graded.printed:
        print(f"   It printed:\n{textwrap.indent(graded.printed, ' ' * 6)}", flush=True)


def _table(progress: dict[str, int]) -> str:
    """Points of all tasks; of those that were not checked now, from the last time."""
    lines, total, most = [f"\n{'task':<28}{'':{BAR + 2}}points"], 0, 0
    for number, task in enumerate(TASKS, 1):
        whole = sum(points for _, points in parts(task))
        points = progress.get(task.name)
        bar = "#" * (BAR * (points or 0) // whole)
        shown = "not checked yet" if points is None else f"{points:>3} of {whole:>3}"
        lines.append(f"{number}. {task.title:<28.28} {bar:.<{BAR}} {shown}")
        total, most = total + (points or 0), most + whole
    return "\n".join([*lines, f"{'total':<{BAR + 32}}{total:>4} of {most:>3}"])


def _read(file: Path) -> dict[str, int]:
    """The points of earlier checks; a file that is missing or damaged has none."""
    try:
        stored = json.loads(file.read_bytes())
        return {task.name: int(stored[task.name]) for task in TASKS if task.name in stored}
    except (OSError, ValueError, TypeError):
        return {}


def _grade(args: argparse.Namespace) -> int:
    _needs_hypothesis()
    count = 1 if args.element else len(submissions(args.submissions))
    graded = grade_class(args.submissions, args.out, seed=args.seed, element=args.element, examples=args.examples)
    for number, (student, points, seed) in enumerate(graded, 1):
        print(f"{number} of {count}: {student}, {points} points, seed {seed}", flush=True)
    print(f"The grades are in {args.out / 'grades.csv'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
