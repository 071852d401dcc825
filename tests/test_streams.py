"""A run continues if stdout or stderr is closed, full, without a reader, or ASCII only."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from examples.experiments import train
from examples.experiments.support import cli
from examples.experiments.support.runs.streams import Steady
from tests.runs import TINY, end, program, start_in_shell

EXPERIMENTS = [
    "acceleration",
    "benchmark",
    "compare_frameworks",
    "compare_optimizers",
    "course",
    "download",
    "generalize",
    "generalize_deep",
    "gradcheck",
    "overfit",
    "profile_layers",
    "report",
    "train",
]
FULL = "Standard output could not be written: No space left on device."


SLOW = [pytest.mark.slow, pytest.mark.parallel]


@pytest.mark.parametrize("name", [name if name == "train" else pytest.param(name, marks=SLOW) for name in EXPERIMENTS])
def test_every_experiment(name: str) -> None:
    """Even --help, which argparse prints, works if nobody reads stdout or if it cannot be written."""
    command = [program(name), "--help"]
    unread, closed, full = (
        start_in_shell(command, ""),
        start_in_shell(command, ">&-"),
        start_in_shell(command, ">/dev/full"),
    )
    assert end(unread, unread=True) == (0, "", "")
    assert end(closed) == (0, "", "")
    status, _, err = end(full)
    assert (status, err.count("\n")) == (1, 1) and err.startswith(FULL)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(
    ("redirections", "unread", "status", "said"),
    [
        ("", True, 0, ""),
        (">&-", False, 0, ""),
        ("<&- >&- 2>&-", False, 0, ""),
        (">/dev/full", False, 1, FULL),
        ("2>/dev/full", False, 0, ""),
        ("2>&-", False, 0, ""),
        (">/dev/full 2>/dev/full", False, 1, ""),
    ],
)
def test_a_run_comes_to_its_end(redirections: str, unread: bool, status: int, said: str, tmp_path: Path) -> None:
    returned, _, err = end(
        start_in_shell(["examples.experiments.train", *TINY, "--out", str(tmp_path)], redirections), unread=unread
    )
    assert returned == status
    assert err.startswith(said) and err.count("\n") == bool(said) and str(tmp_path) not in err
    assert (tmp_path / "done.json").exists() and (tmp_path / "result.json").exists()
    assert (tmp_path / ".lock").read_bytes() == b""  # the lock did not become anyone's stdout


@pytest.mark.parametrize("redirections", ["2>/dev/full", "2>&-"])
def test_an_error_that_cannot_be_told(redirections: str, tmp_path: Path) -> None:
    """Only the exit status shows the error; nothing goes to stdout."""
    (tmp_path / "result.json").write_text("{")
    command = ["examples.report", "--docs", str(tmp_path / "docs"), "--take", str(tmp_path)]
    assert end(start_in_shell(command, redirections)) == (1, "", "")


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_ascii_alone(environment: dict[str, str], tmp_path: Path) -> None:
    docs = tmp_path / "d\xf6cs"
    status, out, err = end(start_in_shell(["examples.report", "--docs", str(docs)], "", **environment))
    assert (status, err) == (0, "")
    assert out.startswith("The report is") and out.endswith("cs/report.md.\n")
    assert (docs / "report.md").exists()


class Stream(io.StringIO):
    """A text stream whose `write` fails from a given call on."""

    def __init__(self, after: int, error: Exception) -> None:
        super().__init__()
        self.after, self.error, self.calls = after, error, 0

    def write(self, text: str) -> int:
        self.calls += 1
        if self.calls > self.after:
            raise self.error
        return super().write(text)

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


def chatter(argv: Sequence[str] | None) -> int:
    for _ in range(3):
        print("on stdout")
        print("on stderr", file=sys.stderr)
    return 0


@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize(("number", "status"), [(errno.EPIPE, 0), (errno.ENOSPC, 1), (errno.EIO, 1)])
def test_stdout_fails_in_the_middle(after: int, number: int, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Stream(after, OSError(number, os.strerror(number))), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert cli.command()(chatter)([]) == status
    assert out.calls <= after + 1  # no further attempts
    lines = err.getvalue().splitlines()
    assert lines[:3] == ["on stderr"] * 3
    assert [line.startswith(f"Standard output could not be written: {os.strerror(number)}.") for line in lines[3:]] == (
        [True] * status
    )
    assert (sys.stdout, sys.stderr) == (out, err)


def test_stderr_fails_in_the_middle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stderr", Stream(1, OSError(errno.ENOSPC, "full")))
    assert cli.command()(chatter)([]) == 0
    assert capsys.readouterr().out == "on stdout\n" * 3


def test_the_status_of_a_failed_run_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(argv: Sequence[str] | None) -> int:
        print("words")
        return 7

    monkeypatch.setattr(sys, "stdout", Stream(0, OSError(errno.ENOSPC, "full")))
    assert cli.command()(fails)([]) == 7


def test_a_character_that_the_stream_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    def says(argv: Sequence[str] | None) -> int:
        print("3 × 4, \udcff")
        print("3 × 4", file=sys.stderr)
        return 0

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert cli.command()(says)([]) == 0
    assert out.buffer.getvalue() == b"3 \\xd7 4, \\udcff\n"  # type: ignore[attr-defined]
    assert err.buffer.getvalue() == b"3 \\xd7 4\n"  # type: ignore[attr-defined]


class Watched(io.StringIO):
    """A stdout that records whether a file exists when the line with the results' words is printed."""

    def __init__(self, words: str, file: Path) -> None:
        super().__init__()
        self.words, self.file = words, file
        self.there: list[bool] = []

    def write(self, text: str) -> int:
        if self.words in text:
            self.there.append(self.file.exists())
        return super().write(text)


def test_the_results_are_on_the_disk_before_anything_is_said_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from examples.experiments import gradcheck

    runs: list[tuple[Any, list[str], str]] = [
        (train.main, TINY, "epochs are done"),
        (gradcheck.main, ["--trials", "1"], "relative error"),
    ]
    for number, (main, argv, words) in enumerate(runs):
        stdout = Watched(words, tmp_path / str(number) / "result.json")
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main([*argv, "--out", str(tmp_path / str(number))]) == 0
        assert stdout.there == [True]


def test_a_terminal_breaks_long_lines_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "40")
    long = "It takes 12,345.678 ms in /a/folder/with-a-long/name-that-is/over-forty-columns and 0.5 ms elsewhere."
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        print(long, file=Steady(stream))  # type: ignore[arg-type]
    assert pipe.getvalue() == f"{long}\n"
    lines = terminal.getvalue().splitlines()
    assert " ".join(lines) == long and len(lines) > 2
    assert [len(line) > 40 for line in lines].count(True) == 1  # the path
    bar = "\r" + "#" * 60
    terminal.truncate(0)
    terminal.seek(0)
    Steady(terminal).write(bar)
    assert terminal.getvalue() == bar
