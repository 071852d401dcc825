"""`python -m examples.overfit`: 100 pictures by heart, or a sentence and a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.overfit import main
from tests.runs import outcome


@pytest.mark.slow
def test_learns_100_pictures_by_heart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--synthetic", "--out", str(tmp_path)]) == 0
    assert "All 100 training pictures are classified correctly." in capsys.readouterr().out
    rows = outcome(tmp_path)["metrics"]
    assert rows[0]["train_error"] > 0.5
    assert rows[-1]["train_error"] == 0
    assert 0 < rows[-1]["train_loss"] < 0.1
    assert {"validation_loss", "validation_error"} <= set(rows[-1])
    assert not {"test_loss", "test_error"} & set(rows[-1])
    assert json.loads((tmp_path / "done.json").read_text())["epochs"] == len(rows)


def test_fails_where_it_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--synthetic", "--out", str(tmp_path)]
    assert main([*argv, "--epochs", "1"]) == 1
    err = capsys.readouterr().err
    assert "After 1 epoch the net gets" in err
    assert "of its 100 training pictures wrong" in err
    assert "--resume" in err
