"""Parts of experiments are done once, and with one set of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from examples.support.cells import Cells
from examples.support.results import ResultError


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
    with pytest.raises(ResultError, match=r"a\.json was made with other settings \({'lr': 0\.1}\)"):
        cells.once("a", {"lr": 0.2, "batches": (1, 2)}, do)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ResultError, match=r"a\.json is damaged .* Remove it"):
        cells.once("a", {}, do)
    anew = Cells(tmp_path, resume=False)
    assert not anew.kept("a") and not anew.kept("b")
    assert anew.once("a", {"lr": 0.2}, do).result == {"loss": 0.5}
    assert len(calls) == 3


def test_a_stop_keeps_what_is_done(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    Cells(tmp_path).once("a", {}, lambda: (1, {}))
    stopped = Cells(tmp_path, check=stop)
    assert stopped.once("a", {}, lambda: pytest.fail("done again")).result == 1
    with pytest.raises(KeyboardInterrupt):
        stopped.once("b", {}, lambda: pytest.fail("done"))
    assert not stopped.kept("b")
