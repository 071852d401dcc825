"""`python -m examples.experiments.gradcheck`: its table, its JSON, and its failure if a gradient is wrong."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Op, Sample
from autograd.kernels import conv_pool
from examples.experiments import gradcheck
from examples.experiments.gradcheck import COMPONENTS, SMOOTH, Component, check_net, main
from examples.experiments.support.runs import results
from examples.report.__main__ import make
from tests.runs import ROOT


def test_every_gradient_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--trials", "2", "--seed", "7", "--out", str(tmp_path / "run")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["component", "input", "shape", "relative", "error", "allowed", "step", "verdict"]
    assert lines[-1] == f"All {len(lines) - 3} gradients are right."
    record = results.read(tmp_path / "run" / "result.json")
    assert (record.experiment, record.settings) == ("gradcheck", {"seed": 7, "trials": 2})
    rows = record.result["rows"]
    assert len(rows) == len(lines) - 3
    assert all(row["passed"] and row["error"] <= row["tolerance"] for row in rows)
    checked = {(row["component"], row["input"]) for row in rows}
    unchecked = {(component.name, name) for component in COMPONENTS for name in component.inputs} - checked
    assert not unchecked, f"the example compared no gradient of {unchecked}"
    assert sum(component == "baseline" for component, _ in checked) == 6  # every parameter
    assert any(row["error"] > 0 for row in rows)
    assert {row["component"]: row["shapes"] for row in rows}["conv2d"] == 2
    with (tmp_path / "run" / "gradcheck.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [float(row["error"]) for row in table] == [row["error"] for row in rows]
    assert (tmp_path / "run" / "gradcheck.png").stat().st_size > 10_000


def wrong_square(factor: float) -> Component:
    op = Op(
        name="square",
        forward=lambda x: x * x,
        backward=lambda ctx, g: factor * g * ctx.saved_tensors[0],
        saves=(0,),
        reference=np.square,
        sample=lambda draw: Sample(()),
    )
    return Component("square", ("input",), lambda random: (random.standard_normal((2, 3)),), op, SMOOTH)


def test_a_wrong_gradient_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradcheck, "COMPONENTS", [wrong_square(2.002)])
    assert main(["--trials", "1", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "1 of 7 gradients are wrong: square by input." in captured.err
    assert next(line for line in captured.out.splitlines() if line.startswith("square")).endswith("WRONG")
    assert not results.read(tmp_path / "result.json").result["rows"][0]["passed"]
    monkeypatch.setattr(gradcheck, "COMPONENTS", [wrong_square(2)])
    assert main(["--trials", "1", "--out", str(tmp_path)]) == 0


def test_the_worst_of_all_trials_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    factors = iter([2, 2.2, 2])
    component = wrong_square(2)._replace(
        draw=lambda random: (random.standard_normal(3), next(factors)),
        call=lambda x, factor: wrong_square(factor).call(x),
    )
    monkeypatch.setattr(gradcheck, "COMPONENTS", [component])
    monkeypatch.setattr(gradcheck, "check_net", lambda seed: [])
    (row,) = gradcheck.check(0, 3)
    assert row.error == pytest.approx(0.2 / 2.2) and not row.passed


def test_a_signal_is_answered_between_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradcheck, "COMPONENTS", [])

    def signalled(seed: int) -> list[Any]:
        signal.raise_signal(signal.SIGUSR2)
        return []

    monkeypatch.setattr(gradcheck, "check_net", signalled)
    assert main(["--out", str(tmp_path)]) == 75
    assert "The checks were stopped by SIGUSR2. Run the same command to repeat them." in capsys.readouterr().err
    assert not (tmp_path / "result.json").exists()


def test_a_wrong_kernel_fails_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    true = conv_pool.weight_grad

    def off_by_a_percent(*arguments: Any) -> None:
        true(*arguments)
        arguments[-1][...] *= 1.01

    monkeypatch.setattr(conv_pool, "weight_grad", off_by_a_percent)
    assert [row.input for row in check_net(0) if not row.passed] == ["layers.conv.weight"]


def test_the_command_line(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "examples.experiments.gradcheck", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(option in shown.stdout for option in ("--seed", "--trials", "--out"))


@pytest.mark.parametrize("argv", [["--trials", "0"], ["--seed", "-1"], ["--seed", "x"]])
def test_settings_out_of_range(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert argv[0] in capsys.readouterr().err


def test_a_report_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "run" / "result.json").mkdir(parents=True)
    monkeypatch.setattr(gradcheck, "check", lambda *_: pytest.fail("the checks ran first"))
    for out in ("file", "file/below", "run"):
        assert main(["--out", str(tmp_path / out)]) == 1
        err = capsys.readouterr().err
        assert f"{tmp_path / out / 'result.json'} could not be written" in err
        assert "in the way" in err
    assert os.listdir(tmp_path / "run") == ["result.json"]


def test_ctrl_c(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gradcheck, "check", interrupt)
    assert main(["--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "Stopped before all gradients were checked; no report was written.\n"


def test_its_section(tmp_path: Path) -> None:
    run, docs = tmp_path / "run", tmp_path / "docs"
    (docs / "runs").mkdir(parents=True)
    make(docs)
    assert "`python -m examples.experiments.gradcheck --trials 200` makes one." in (docs / "report.md").read_text()
    assert main(["--trials", "1", "--out", str(run)]) == 0
    content = json.loads((run / "result.json").read_text())
    kept = docs / "runs" / "gradcheck.json"
    kept.write_text(json.dumps(content))
    make(docs)
    text = (docs / "report.md").read_text()
    rows = content["result"]["rows"]
    assert f"**Yes: all {len(rows)} gradients agree with finite differences.**" in text
    assert "figures/gradcheck.svg" in text
    worst = max((row for row in rows if row["component"] == "baseline"), key=lambda row: row["error"])
    assert f": baseline by {worst['input']}, shape " in text
    rows[1] |= {"error": 0.5, "passed": False}
    kept.write_text(json.dumps(content))
    make(docs)
    text = (docs / "report.md").read_text()
    assert f"**No: 1 of {len(rows)} gradients are wrong: conv2d by weight.**" in text
    assert "| conv2d by weight | 5.0e-01 | 1e-09 |" in text


def test_a_gradient_that_is_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = gradcheck.Row("square", "input", (2,), float("nan"), 1.0, 1e-9)
    assert not row.passed
    monkeypatch.setattr(gradcheck, "check_component", lambda *_: [row])
    monkeypatch.setattr(gradcheck, "check_net", lambda seed: [row._replace(error=0.0)])
    monkeypatch.setattr(gradcheck, "COMPONENTS", COMPONENTS[:1])
    assert main(["--trials", "2", "--out", str(tmp_path)]) == 1
    (kept,) = results.read(tmp_path / "result.json").result["rows"]
    assert (kept["error"], kept["passed"]) == (1.0, False)
