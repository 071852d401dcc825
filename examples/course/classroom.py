"""For teachers: grade the submissions of a class."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from autograd.files import write_error, write_whole
from examples.course import rules
from examples.course.grader import EXAMPLES, Graded, grade, parts
from examples.course.tasks import SOLUTIONS, TASKS

WAIT = 60  # seconds that one job waits for another one to write the table


def submissions(folder: Path) -> list[Path]:
    """The folders of the students, sorted by name.

    Raises
    ------
    ValueError
        There are none.
    """
    found = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []
    if not found:
        raise ValueError(f"There are no submissions in {folder}. It has to have a folder for each student.")
    return found


def grade_class(
    folder: Path, out: Path, *, seed: int | None = None, element: int | None = None, examples: int = EXAMPLES
) -> Iterator[tuple[str, int, int]]:
    """Grade submissions; yield the student, the points and the seed after each one.

    Parameters
    ----------
    folder : Path
        Has a folder for each student.
    out : Path
        For grades.csv and a page for each student.
    seed : int, optional
        Of the drawn calls; by default each student's is a secret random number until the page is written.
    element : int, optional
        Grade this submission alone, counted from 1.
    examples : int
        Number of drawn calls of each function.

    Raises
    ------
    ValueError
        There is no such submission, or the system cannot limit a process.
    WriteError
        (an OSError) A result cannot be written.
    """
    if os.name != "posix":
        raise ValueError("grade needs Linux or macOS: this system has no limits of time and memory for a process.")
    students = submissions(folder)
    if element is not None and not 1 <= element <= len(students):
        raise ValueError(f"There is no submission {element} in {folder}; there are {len(students)}.")
    try:
        (out / "results").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(out, error) from error
    for student in students if element is None else [students[element - 1]]:
        drawn = secrets.randbits(32) if seed is None else seed
        graded = grade(student, drawn, examples=examples)
        result = {"student": student.name, "seed": drawn, "points": {g.task.name: g.points for g in graded},
                  "remarks": remarks(student, graded)}  # fmt: skip
        write_whole(out / f"{student.name}.md", page(student.name, graded, drawn, examples).encode())
        write_whole(out / "results" / f"{student.name}.json", json.dumps(result).encode())
        with FileLock(out / ".lock", timeout=WAIT):
            write_whole(out / "grades.csv", table(out, [s.name for s in students]).encode())
        yield student.name, sum(g.points for g in graded), drawn


def remarks(student: Path, graded: Sequence[Graded]) -> list[str]:
    """What a teacher should look at."""
    found = [v.said[0] for g in graded for v in g.verdicts if v.said and v.said[0].startswith("No points")]
    for task in TASKS:
        if task.questions and (names := rules.copied(student / task.file, SOLUTIONS / task.file)):
            found.append(f"{task.file} has the published solution of {', '.join(names)}")
    return found


def table(out: Path, students: Sequence[str]) -> str:
    """The CSV of all students who have a result."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    names = [task.name for task in TASKS]
    rows.writerow(["student", *names, "total", "of", "seed", "remarks"])
    most = sum(points for task in TASKS for _, points in parts(task))
    for student in students:
        try:
            result: dict[str, Any] = json.loads((out / "results" / f"{student}.json").read_bytes())
            points = [int(result["points"][name]) for name in names]
            said = "; ".join(result["remarks"])
            row = [_plain(student), *points, sum(points), most, int(result["seed"]), _plain(said)]
        except FileNotFoundError:
            continue
        except (LookupError, TypeError, ValueError) as error:
            raise ValueError(
                f"{out / 'results' / student}.json is not a result of this version. Remove it, and grade "
                f"{student} again."
            ) from error
        rows.writerow(row)
    return text.getvalue()


def _plain(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in tuple("=+-@\t\r") else text


def page(student: str, graded: Sequence[Graded], seed: int, examples: int) -> str:
    """The page of a student, in Markdown."""
    points, most = sum(g.points for g in graded), sum(g.most for g in graded)
    lines = [f"# {_escaped(student)}: {points} of {most} points", ""]
    lines += ["| task | points | of |", "|---|---:|---:|"]
    lines += [f"| {number}. {g.task.title} | {g.points} | {g.most} |" for number, g in enumerate(graded, 1)]
    for number, g in enumerate(graded, 1):
        lines += ["", f"## {number}. {g.task.title}", ""]
        for v in g.verdicts:
            lines.append(f"- {v.name}: {v.points} of {v.most}")
            lines += [f"  - {_escaped(sentence)}" for sentence in v.said]
        if g.printed:
            lines += ["", "It printed, at the end:", "", *(f"    {line}" for line in g.printed.splitlines())]
    lines += ["", f"The calls were drawn with the seed {seed}, {examples} for each function. The same calls again: "
              f"`python -m examples.course check DIR --seed {seed} --examples {examples}`.", ""]  # fmt: skip
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Text without Markdown of its own."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
