"""The report: the committed one is what the committed results give, and nothing in it is older than they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from examples import report
from examples.support import results
from tests.runs import ROOT

ROW = {"component": "relu", "input": "x", "shape": [2, 3], "error": 1.5e-9, "tolerance": 1e-6, "step": 1, "shapes": 7,
       "passed": True}  # fmt: skip


def gradcheck(folder: Path, error: float = 1.5e-9, seconds: float = 1) -> Path:
    """A run folder with a result."""
    folder.mkdir()
    results.write(
        folder,
        "gradcheck",
        {"places": 25, "rows": [{**ROW, "error": error}]},
        settings={"trials": 200},
        seconds=seconds,
    )
    return folder


def text(docs: Path) -> str:
    return (docs / "report.md").read_text(encoding="utf-8")


def test_the_committed_report(tmp_path: Path) -> None:
    """The Markdown byte by byte; the figures by name, since their bytes differ from one Matplotlib to the next."""
    committed = ROOT / "docs"
    if (committed / "runs").exists():
        shutil.copytree(committed / "runs", tmp_path / "runs")
    report.make(tmp_path)
    assert (tmp_path / "report.md").read_bytes() == (committed / "report.md").read_bytes(), "run `make report`"
    names, kept = (
        sorted(path.name for path in (docs / "figures").glob("*") if path.suffix in (".svg", ".png"))
        for docs in (tmp_path, committed)
    )
    assert kept == names


def test_without_results_every_section_is_a_sentence(tmp_path: Path) -> None:
    assert report.main(["--docs", str(tmp_path)]) == 0
    blocks = text(tmp_path).rstrip("\n").split("\n\n")
    assert blocks[1::2] == [f"## {section.TITLE}" for section in report.SECTIONS]
    for sentence in blocks[2::2]:
        assert sentence.startswith("There is no result"), sentence
        assert "`python -m examples." in sentence and sentence.endswith("makes one.")
    assert len(blocks) == 1 + 2 * len(report.SECTIONS)


def test_what_the_runs_took(tmp_path: Path) -> None:
    runs = [gradcheck(tmp_path / name, seconds=seconds) for name, seconds in (("short", 60), ("long", 1200))]
    assert report.main(["--docs", str(tmp_path), "--take", *map(str, runs)]) == 0
    assert "All runs together (2) took 21 minutes, the longest (long) 20;" in text(tmp_path)


def test_numbers_and_figures_follow_the_results(tmp_path: Path) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "checked")
    assert report.main(["--docs", str(docs), "--take", str(run)]) == 0
    before = text(docs)
    assert "1.5e-09" in before and (docs / "figures" / "checked.svg").exists()
    kept = docs / "runs" / "checked.json"
    content = json.loads(kept.read_text())
    content["result"]["rows"][0]["error"] = 2.5e-9
    kept.write_text(json.dumps(content))
    report.make(docs)
    assert text(docs) == before.replace("1.5e-09", "2.5e-09")
    kept.unlink()
    report.make(docs)
    assert "checked" not in text(docs)
    assert not list((docs / "figures").iterdir())


@pytest.mark.parametrize("content", [None, "{", "[]", '{"experiment": "gradcheck"}'])
def test_takes_all_or_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None) -> None:
    docs, good, bad = tmp_path / "docs", gradcheck(tmp_path / "good"), tmp_path / "bad"
    bad.mkdir()
    if content is not None:
        (bad / "result.json").write_text(content)
    assert report.main(["--docs", str(docs), "--take", str(good), str(bad)]) == 1
    out, err = capsys.readouterr()
    said = "the run is not finished" if content is None else "is not a result that the report can use"
    assert not out and said in err and str(bad) in err and err.count("\n") == 1
    assert not docs.exists()
    assert report.main(["--docs", str(docs), "--take", str(good)]) == 0
    assert [path.name for path in (docs / "runs").iterdir()] == ["good.json"]


def test_a_run_that_no_section_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "rebuilt"
    run.mkdir()
    results.write(run, "mxnet_cnn", {}, settings={}, seconds=1)
    assert report.main(["--docs", str(tmp_path / "docs"), "--take", str(run)]) == 1
    assert "rebuilt is a run of mxnet_cnn, which has no section in the report; those" in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()


def test_a_damaged_kept_result_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "checked.json").write_text("{")
    assert report.main(["--docs", str(tmp_path)]) == 1
    assert "checked.json is not a result that the report can use" in capsys.readouterr().err
    assert not (tmp_path / "report.md").exists()
