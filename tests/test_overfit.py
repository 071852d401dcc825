"""`python -m examples.experiments.overfit`: 100 images by heart, or a sentence and a failure."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from examples.experiments.overfit import main
from examples.experiments.support.runs import results
from examples.report.__main__ import make
from tests.runs import outcome, without_times


@pytest.mark.slow
def test_learns_100_pictures_by_heart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--synthetic", "--out", str(tmp_path)]) == 0
    assert "All 100 training images are classified correctly." in capsys.readouterr().out
    rows = outcome(tmp_path)["metrics"]
    assert rows[0]["train_error"] > 0.5
    assert rows[-1]["train_error"] == 0
    assert 0 < rows[-1]["train_loss"] < 0.1
    assert {"validation_loss", "validation_error"} <= set(rows[-1])
    assert not {"test_loss", "test_error"} & set(rows[-1])
    assert json.loads((tmp_path / "done.json").read_text())["epochs"] == len(rows)
    record = results.read(tmp_path / "result.json")
    assert (record.experiment, record.settings["epochs"]) == ("overfit", len(rows))
    assert record.data and "synthetic" in record.data["source"]
    assert record.result["error"] == 0
    assert [without_times(row) for row in record.result["history"]] == rows
    with (tmp_path / "history.csv").open() as file:
        assert [float(row["train_loss"]) for row in csv.DictReader(file)] == [row["train_loss"] for row in rows]


def test_fails_where_it_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--synthetic", "--out", str(tmp_path)]
    assert main([*argv, "--epochs", "1"]) == 1
    err = capsys.readouterr().err
    assert "After 1 epoch the network gets" in err
    assert "of its 100 training images wrong" in err
    assert "--resume" in err
    assert results.read(tmp_path / "result.json").result["error"] > 0


def test_its_section(tmp_path: Path) -> None:
    run, docs = tmp_path / "overfit", tmp_path / "docs"
    (docs / "runs").mkdir(parents=True)
    make(docs)
    assert "`python -m examples.experiments.overfit` makes one." in (docs / "report.md").read_text()
    assert main(["--synthetic", "--out", str(run), "--epochs", "2"]) == 1
    make(docs, [run])
    text = (docs / "report.md").read_text()
    content = json.loads((docs / "runs" / "overfit.json").read_text())
    found = content["result"]
    assert f"**No: after 2 epochs the network classifies {100 * (1 - found['error']):.0f} % of its 100 training" in text
    assert "figures/overfit.svg" in text
    found["error"] = 0
    for row, training, validation in zip(found["history"], (0.5, 0), (2, 3.14)):
        row |= {"train_error": training, "validation_loss": validation}
    (docs / "runs" / "overfit.json").write_text(json.dumps(content))
    make(docs)
    text = (docs / "report.md").read_text()
    assert "**Yes: after 2 epochs the network classifies all of its 100 training images correctly**" in text
    assert "The images were drawn by the program" in text
    assert "Epoch 2 was the first without a mistake." in text
    assert "lowest in epoch 1 (2.00) and rises to 3.14 by the end. The network memorizes 100 images" in text
