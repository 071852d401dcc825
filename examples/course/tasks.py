"""The table of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from examples.course.question import Question
from examples.course.questions import accelerated, gradient_checker, layers, net, optimizers, own_op

HERE = Path(__file__).resolve().parent
SOLUTIONS = HERE / "solutions"


class Task(NamedTuple):
    """A task.

    Attributes
    ----------
    name : str
        Also that of its file.
    title : str
    page : str
        In this folder.
    file : str
        In a student's folder, and in solutions/.
    packages : tuple of str
        What its file may import beside the standard library.
    questions : sequence of Question
        Empty for the report.
    """

    name: str
    title: str
    page: str
    file: str
    packages: tuple[str, ...] = ("numpy",)
    questions: Sequence[Question] = ()


REPORT_POINTS = 10  # as many for each of its sections as there are, rounded; see `grader`

TASKS = (
    Task("layers", "Layers, forward and backward", "1-layers.md", "layers.py", questions=layers.QUESTIONS),
    Task("net", "The network and its oracle", "2-net.md", "net.py", questions=net.QUESTIONS),
    Task("optimizers", "Optimizers", "3-optimizers.md", "optimizers.py", questions=optimizers.QUESTIONS),
    Task("gradient_checker", "A gradient checker", "4-gradient_checker.md", "gradient_checker.py",
         questions=gradient_checker.QUESTIONS),
    Task("accelerated", "Layers in Numba", "5-accelerated.md", "accelerated.py", ("numpy", "numba", "llvmlite"),
         accelerated.QUESTIONS),
    Task("own_op", "An op of your own", "6-own_op.md", "own_op.py",
         ("numpy", "numba", "llvmlite", "autograd"), own_op.QUESTIONS),
    Task("report", "The report", "7-report.md", "report.md"),
)  # fmt: skip


def find(name: str) -> Task:
    """The task of a name, a number, or a file's name.

    Raises
    ------
    ValueError
        There is no such task.
    """
    for number, task in enumerate(TASKS, 1):
        if name in (task.name, str(number), task.file, task.page):
            return task
    raise ValueError(f"There is no task {name!r}. The tasks are {', '.join(task.name for task in TASKS)}.")
