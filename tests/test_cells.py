"""Parts of experiments run once, with one set of settings."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from examples.experiments.support.runs.cells import Cells, stopping
from examples.experiments.support.runs.results import ResultError
from examples.experiments.support.runs.signals import StopRequested


def test_cells_are_done_once(tmp_path: Path) -> None:
    calls = []

    def do() -> tuple[dict[str, Any], dict[str, str]]:
        calls.append(1)
        return {"loss": 0.5}, {"torch": "2"}

    before = Cells(tmp_path)
    first = before.once("a", {"lr": 0.1, "batches": (1, 2)}, do)
    cells = Cells(tmp_path)
    assert cells.kept("a") and not cells.kept("b")
    assert cells.once("a", {"lr": 0.1, "batches": (1, 2)}, do) == first
    assert len(calls) == 1 and first.result == {"loss": 0.5} and cells.done == {"a": first}
    cells.once("b", {}, do)
    assert cells.seconds == first.seconds + cells.done["b"].seconds > before.seconds > 0
    with pytest.raises(ResultError, match=r"a\.json was made with different settings \({'lr': 0\.1}\)"):
        cells.once("a", {"lr": 0.2, "batches": (1, 2)}, do)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ResultError, match=r"a\.json is damaged .* Remove it"):
        cells.once("a", {}, do)
    anew = Cells(tmp_path, resume=False)
    assert not anew.kept("a") and not anew.kept("b")
    assert anew.once("a", {"lr": 0.2}, do).result == {"loss": 0.5}
    assert len(calls) == 3


def test_a_signal_keeps_what_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def do() -> tuple[int, dict[str, str]]:
        signal.raise_signal(signal.SIGUSR2)  # recorded: the part still finishes
        return 1, {}

    with pytest.raises(StopRequested) as stopped, stopping("Again goes on.") as check:
        cells = Cells(tmp_path, check=check)
        assert cells.once("a", {}, do).result == 1
        cells.once("b", {}, lambda: pytest.fail("done"))
    assert stopped.value.status == 75
    assert capsys.readouterr().err == "The run was stopped by SIGUSR2; finished parts are stored. Again goes on.\n"
    after = Cells(tmp_path)
    assert after.once("a", {}, lambda: pytest.fail("done again")).result == 1
    assert not after.kept("b")
