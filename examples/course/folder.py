"""A student's folder: cut from the solutions, so that the two cannot differ.

In a solution, ``# SOLUTION: hint`` marks the rest of a function's body.  A student's file has ``# TODO: hint`` there,
and an error that says that the function is still to be written.  The report has a comment of this form before each
answer.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from autograd.files import write_error, write_whole
from examples.course.tasks import HERE, SOLUTIONS, TASKS

MARK = "SOLUTION: "
README = """# Seven tasks: a neural network by hand

1. `tasks/` has a page for each task. Begin with `tasks/1-layers.md`.
2. Write the functions that say TODO. A file may have functions of your own, too.
3. Check your work as often as you like, all of it or one task:
   `python -m examples.course check {folder}` or `python -m examples.course check {folder} layers`
   (in the folder of lucidgrad, with its Python).
4. Read what it says: the smallest call that fails, what is expected, what you got, and often a hint.
5. Commit your work with git. Your teacher grades the files of this folder, with other calls than yours.
"""


def cut(solution: str) -> str:
    """A student's Python file, from the source of a solution."""
    lines: list[str] = []
    function, indent = "", -1
    for line in solution.splitlines():
        here = len(line) - len(line.lstrip())
        if indent >= 0 and line.strip():
            if here >= indent:
                while lines and not lines[-1]:  # empty lines within the answer
                    lines.pop()
                continue
            indent = -1
        if named := re.match(r"\s*def (\w+)\(", line):
            function = named[1]
        if MARK in line:
            indent = here
            lines.append(line.replace(MARK, "TODO: "))
            lines.append(" " * here + f'raise NotImplementedError("{function}")')
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def cut_report(solution: str) -> str:
    """A student's report, from the source of a solution."""
    return re.sub(
        rf"<!-- {MARK}(.*?) -->\n.*?(?=^## |\Z)", r"<!-- \1 -->\nTODO\n\n", solution, flags=re.MULTILINE | re.DOTALL
    ).rstrip("\n") + "\n"  # fmt: skip


def start(folder: Path) -> str:
    """Make a student's folder: tasks, files to fill in, a git repository.  Needs no network.

    Returns
    -------
    str
        What there is to say about git; empty if all is well.

    Raises
    ------
    ValueError
        The folder exists and has files, which are left as they are.
    WriteError
        (an OSError) It cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} exists and is not empty; nothing was changed. Choose another folder.")
    target = folder.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        (fresh / "tasks").mkdir()
        for task in TASKS:
            write_whole(fresh / "tasks" / task.page, (HERE / task.page).read_bytes())
            solution = (SOLUTIONS / task.file).read_text(encoding="utf-8")
            made = cut(solution) if task.questions else cut_report(solution)
            write_whole(fresh / task.file, made.encode())
        write_whole(fresh / "README.md", README.format(folder=target).encode())
        write_whole(fresh / ".gitignore", b"__pycache__/\n.progress.json\n")
        fresh.chmod(0o755)
        said = _repository(fresh)
        if folder.exists():
            folder.rmdir()
        os.rename(fresh, target)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise write_error(folder, error) from error
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return said


def _repository(folder: Path) -> str:
    """Make a git repository with a first commit; return a sentence if that is not possible."""
    if not shutil.which("git"):
        return "git was not found, so the folder is no repository. Install it, and type: git init"
    # a commit needs a name; the student's own is used if there is one
    known = subprocess.run(["git", "config", "user.email"], cwd=folder, capture_output=True).returncode == 0
    identity = [] if known else ["-c", "user.name=student", "-c", "user.email=student@localhost"]
    git = ["git", *identity, "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "The tasks"]):
        done = subprocess.run([*git, *command], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            return f"The folder is complete, but git could not make a first commit: {reason}"
    return ""
