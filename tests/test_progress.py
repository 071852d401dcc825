"""Progress: a bar in a terminal and in a notebook, a line every half minute in a log, nothing if it is not wanted."""

from __future__ import annotations

import io
import re
import sys
import time
from typing import Any

import pytest
import tqdm.notebook

from examples.experiments.support import progress
from tests.runs import ROOT


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def count(**options: Any) -> None:
    for _ in progress.progress_bar(range(6), desc="epoch 1/2", unit="batches", **options):
        time.sleep(0.02)


def test_a_terminal_shows_a_bar_that_disappears(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    count(mininterval=0)
    shown = terminal.getvalue()
    assert "\repoch 1/2" in shown and "6/6" in shown and "\n" not in shown


def test_a_log_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    count()
    assert log.getvalue() == ""  # less than half a minute
    monkeypatch.setattr(progress, "SECONDS", 0.05)
    began = time.monotonic()
    count()
    most = 2 + (time.monotonic() - began) / 0.05
    lines = log.getvalue().splitlines()
    assert 1 <= len(lines) <= most and "\r" not in log.getvalue()
    assert lines[0].startswith("epoch 1/2: ") and "of 6 batches, 00:00 so far" in lines[0]


def test_the_half_minute_is_kept_in_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    log, now = io.StringIO(), [1000.0]
    monkeypatch.setattr(sys, "stderr", log)
    bar = progress.progress_bar(total=100, unit="batches")
    bar._time = lambda: now[0]
    bar.start_t = bar.last_print_t = now[0]
    for _ in range(100):
        now[0] += 1.0
        bar.update()
    bar.close()
    assert [line.split()[0] for line in log.getvalue().splitlines()] == ["30", "60", "90"]


def test_a_step_of_more_than_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log shows that the program is alive even while nothing is counted."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress, "SECONDS", 0.05)
    with progress.progress_bar(total=2, unit="runs") as bar:
        deadline = time.monotonic() + 30
        while log.getvalue().count("\n") < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    shown = log.getvalue()
    assert shown.splitlines()[0].startswith("0 of 2 runs, ") and shown.count("\n") >= 2
    assert bar._closed.is_set()
    time.sleep(0.15)
    assert log.getvalue().count("\n") <= shown.count("\n") + 1  # nothing more after the end


def test_long_steps_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress, "SECONDS", 0.05)
    bar = progress.progress_bar(range(6), unit="runs")
    for step in bar:
        assert bar.n == step
        deadline, lines = time.monotonic() + 30, log.getvalue().count("\n")
        while log.getvalue().count("\n") < lines + 2 and time.monotonic() < deadline:  # the thread writes a line or two
            time.sleep(0.01)
    assert bar.n == 6 and bar._closed.is_set()


def test_a_line_stands_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is wiped out for the line, and drawn again below it."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress_bar(total=2, unit="batches", mininterval=0) as bar:
        bar.update()
        progress.write_line("epoch 1 is done", terminal)
        wiped, _, again = terminal.getvalue().partition("epoch 1 is done\n")
        assert wiped.endswith("\r") and "1/2" in wiped and "1/2" in again


def test_all_bars_come_from_here() -> None:
    """A tqdm of its own would draw no bar in a notebook, and a line for every step in a log."""
    files = [*(ROOT / "examples").rglob("*.py"), *(path for name in ("autograd", "nn", "optim")
             for path in (ROOT / name).rglob("*.py"))]  # fmt: skip
    users = [path for path in files if re.search(r"^\s*(from|import) tqdm", path.read_text(encoding="utf-8"), re.M)]
    assert [path.name for path in users] == ["progress.py"]


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    count(quiet=True)
    assert terminal.getvalue() == ""


def test_a_notebook_gets_tqdm_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not progress.in_notebook()

    class Notebook:
        __module__ = tqdm.notebook.tqdm_notebook.__module__

        def __init__(self, *args: object, disable: bool, **options: object) -> None:  # draws no widgets
            made.append(options)

    made: list[object] = []
    monkeypatch.setattr(progress, "automatic", Notebook)
    assert progress.in_notebook()
    assert isinstance(progress.progress_bar(total=3, unit="run"), Notebook)
    assert made == [{"leave": False, "total": 3, "unit": "run"}]
