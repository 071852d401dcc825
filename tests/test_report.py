"""The report: the committed one matches the committed results, and no part of it is older than they are."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.experiments.support.runs import files, results
from examples.experiments.support.runs.run_folder import locked
from examples.report import __main__ as report
from examples.report.page import Figures, Results, escaped, fenced
from tests.runs import ROOT

ROW = {"component": "relu", "input": "x", "shape": [2, 3], "error": 1.5e-9, "tolerance": 1e-6, "step": 1, "shapes": 7,
       "passed": True}  # fmt: skip


def gradcheck(folder: Path, error: float = 1.5e-9, seconds: float = 1) -> Path:
    """A run folder with a result."""
    folder.mkdir(parents=True)
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


def contents(folder: Path) -> dict[str, bytes]:
    """All files in a folder and its subfolders, except the lock."""
    paths = (Path(place) / name for place, _, names in os.walk(folder) for name in names if name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_committed_report(tmp_path: Path) -> None:
    """The Markdown must be equal byte by byte.  Figures are compared by name: their bytes depend on Matplotlib."""
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
    made = json.loads((committed / "report-files.json").read_bytes())
    assert made == {
        name: [hashlib.sha256((committed / name).read_bytes()).hexdigest()]
        for name in ("report.md", *(f"figures/{name}" for name in names))
    }


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
    assert "The 2 runs took 21 minutes in total, the longest one (long) 20 minutes." in text(tmp_path)


def test_runs_on_other_pixels_than_the_published_ones_are_named(tmp_path: Path) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "on_jpeg")
    for published, names in ((True, False), (False, True)):
        content = json.loads((run / results.FILE).read_text())
        content["data"] = {"source": "CIFAR-10", "real": True, "published": published}
        (run / results.FILE).write_text(json.dumps(content))
        assert report.main(["--docs", str(docs), "--replace", "--take", str(run)]) == 0
        assert ("are not the published pixels of CIFAR-10: on_jpeg." in text(docs)) == names


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
    assert contents(docs) == {}
    assert report.main(["--docs", str(docs), "--take", str(good)]) == 0
    assert [path.name for path in (docs / "runs").iterdir()] == ["good.json"]


def test_a_run_that_no_section_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "rebuilt"
    run.mkdir()
    results.write(run, "mxnet_cnn", {}, settings={}, seconds=1)
    assert report.main(["--docs", str(tmp_path / "docs"), "--take", str(run)]) == 1
    assert "rebuilt is a run of mxnet_cnn, which has no section in the report. Experiments" in capsys.readouterr().err
    assert contents(tmp_path / "docs") == {}


def test_a_run_that_a_section_shows_beside_its_own(tmp_path: Path) -> None:
    run = tmp_path / "rival"
    run.mkdir()
    results.write(run, "torch_deep", {}, settings={}, seconds=1)
    assert report.main(["--docs", str(tmp_path / "docs"), "--take", str(run)]) == 0
    assert [path.name for path in (tmp_path / "docs" / "runs").iterdir()] == ["rival.json"]


def test_a_damaged_kept_result_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "checked.json").write_text("{")
    assert report.main(["--docs", str(tmp_path)]) == 1
    assert "checked.json is not a result that the report can use" in capsys.readouterr().err
    assert not (tmp_path / "report.md").exists()


# Other files in the folder


def test_nothing_of_others_is_removed_or_overwritten(tmp_path: Path) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "checked")
    (docs / "figures").mkdir(parents=True)
    own = {"index.md": b"mine", "figures/photo.png": b"mine", "figures/.hidden": b"mine", "figures/.a.tmp": b"mine"}
    for name, content in own.items():
        (docs / name).write_bytes(content)
    (docs / "figures" / "folder").mkdir()
    assert report.main(["--docs", str(docs), "--take", str(run)]) == 0
    made = contents(docs).keys() - own.keys()
    assert made == {"report.md", "report-files.json", "runs/checked.json", "figures/checked.svg", "figures/checked.png"}
    (docs / "runs" / "checked.json").unlink()
    assert report.main(["--docs", str(docs)]) == 0
    assert contents(docs).keys() == {"report.md", "report-files.json", *own}
    assert {name: (docs / name).read_bytes() for name in own} == own
    assert (docs / "figures" / "folder").is_dir()


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("name", ["report.md", "figures/checked.svg"])
@pytest.mark.parametrize("whose", ["others", "changed", "folder", "link"])
def test_what_is_in_the_way_is_left(name: str, whose: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "checked")
    (docs / "figures").mkdir(parents=True)
    if whose == "changed":
        assert report.main(["--docs", str(docs), "--take", str(run)]) == 0
        run = gradcheck(tmp_path / "another")
    if whose == "folder":
        (docs / name).mkdir()
    elif whose == "link":
        (tmp_path / "precious").write_text("precious")
        (docs / name).symlink_to(tmp_path / "precious")
    else:
        (docs / name).write_text("precious")
    before = contents(docs)
    capsys.readouterr()
    assert report.main(["--docs", str(docs), "--take", str(run)]) == 1
    out, err = capsys.readouterr()
    assert f"{docs / name} would be overwritten, but the report did not write it, or it was changed since" in err
    assert "Choose another --docs, or rename or remove that file." in err
    assert not out and contents(docs) == before


def test_a_figure_that_was_changed_is_left_where_no_report_has_it_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "checked")
    assert report.main(["--docs", str(docs), "--take", str(run)]) == 0
    (docs / "figures" / "checked.svg").write_text("retouched")
    (docs / "runs" / "checked.json").unlink()
    assert report.main(["--docs", str(docs)]) == 0
    assert f"{docs / 'figures' / 'checked.svg'} is from an earlier report and was changed" in capsys.readouterr().out
    assert [path.name for path in (docs / "figures").iterdir()] == ["checked.svg"]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"report.md": "x"}',
        b'{"report.md": [1]}',
        json.dumps({"../precious": [hashlib.sha256(b"precious").hexdigest()]}).encode(),
        json.dumps({"figures/../../precious": [hashlib.sha256(b"precious").hexdigest()]}).encode(),
        json.dumps({str(Path("/precious")): [hashlib.sha256(b"precious").hexdigest()]}).encode(),
        b"[" * 100_000,
    ],
)
def test_a_list_that_is_none(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (docs / "report-files.json").write_bytes(content)
    assert report.main(["--docs", str(docs)]) == 1
    err = capsys.readouterr().err
    assert "report-files.json is not the list of files of an earlier report" in err and "Traceback" not in err
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert contents(docs) == {"report-files.json": content}


class Killed(BaseException):
    """Stands for a kill, so no handler may catch it as an error."""


@pytest.mark.slow
@pytest.mark.parallel
def test_killed_around_every_file_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next report continues from the files that are there, and gives the same result."""
    whole = tmp_path / "whole"
    run = gradcheck(tmp_path / "checked")
    report.make(whole, [run])
    replace, count = os.replace, 0
    for at in range(100):
        docs = tmp_path / f"docs{at}"
        report.make(docs, [gradcheck(tmp_path / f"{at}" / "earlier", error=2e-9)])
        (docs / "runs" / "earlier.json").unlink()
        count = 0

        def killed(*names: Any, at: int = at) -> None:
            nonlocal count
            if count == at:
                raise Killed
            count += 1
            replace(*names)

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", killed)
            try:
                report.make(docs, [run])
            except Killed:
                pass
            else:
                break
        other = gradcheck(tmp_path / f"{at}" / "checked", error=3e-9)
        report.make(docs, [other], replace=True)  # bytes that differ from those of the killed report
        report.make(docs, [run], replace=True)
        assert contents(docs) == contents(whole), at
    assert at > 4


def test_two_reports_do_not_share_a_folder_and_leftovers_are_swept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = [tmp_path / place / ".x.svg.0123456789ab.tmp" for place in ("", "figures", "runs")]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    with locked(tmp_path):
        left[0].write_text("of a report that runs")
        assert report.main(["--docs", str(tmp_path)]) == 1
        assert f"Another run is using {tmp_path}. Wait until it ends, or choose another --docs." in (
            capsys.readouterr().err
        )
        assert all(path.exists() for path in left)
    assert report.main(["--docs", str(tmp_path)]) == 0
    assert not any(path.exists() for path in left)


# Which results are accepted


def test_two_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = (gradcheck(tmp_path / place / "train", error) for place, error in (("a", 1e-9), ("b", 2e-9)))
    docs = tmp_path / "docs"
    assert report.main(["--docs", str(docs), "--take", str(a), str(b)]) == 1
    err = capsys.readouterr().err
    assert f"{a} and {b} have different results, and both would be stored as {docs / 'runs' / 'train.json'}" in err
    assert contents(docs) == {}
    (b / "result.json").write_bytes((a / "result.json").read_bytes())
    assert report.main(["--docs", str(docs), "--take", str(a), str(b)]) == 0


def test_a_kept_result_is_overwritten_only_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "checked")
    kept = docs / "runs" / "checked.json"
    command = ["--docs", str(docs), "--take", str(run)]
    assert report.main(command) == report.main(command) == 0  # the same result again is accepted
    shutil.rmtree(run)
    gradcheck(run, error=2e-9)
    before = contents(docs)
    assert report.main(command) == 1
    assert f"{kept} exists already, and {run} has a different result. Overwrite it with --replace" in (
        capsys.readouterr().err
    )
    assert contents(docs) == before
    assert report.main([*command, "--replace"]) == 0
    assert kept.read_bytes() == (run / "result.json").read_bytes()
    assert "2.0e-09" in text(docs)


def broken(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A result in many wrong forms, each with a description of the error."""
    wrong: tuple[Any, ...] = ([], 7, "x", None, {}, True)
    for key in content:
        yield f"no {key}", {name: value for name, value in content.items() if name != key}
        for other in wrong:
            if type(other) is not type(content[key]) and (key, other) not in (("data", {}), ("seconds", 7)):
                if key in ("data", "cut_short") and (other is None or isinstance(other, str)):
                    continue
                yield f"{key} {other!r}", {**content, key: other}
    yield "no rows", {**content, "result": {"places": 25}}
    yield "rows of text", {**content, "result": {"places": 25, "rows": "none"}}
    yield "error of text", {**content, "result": {"places": 25, "rows": [{**ROW, "error": "small"}]}}
    yield "no settings", {**content, "settings": {}}


def test_a_result_of_another_form_is_refused_before_anything_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs, good, bad = tmp_path / "docs", gradcheck(tmp_path / "good"), gradcheck(tmp_path / "bad")
    content = json.loads((bad / "result.json").read_bytes())
    cases = dict(broken(content))
    assert len(cases) > 40
    for what, case in cases.items():
        (bad / "result.json").write_text(json.dumps(case))
        assert report.main(["--docs", str(docs), "--take", str(good), str(bad)]) == 1, what
        err = capsys.readouterr().err
        assert str(bad / "result.json") in err and "Traceback" not in err and err.count("\n") == 1, (what, err)
        assert contents(docs) == {}, what
    (bad / "result.json").write_bytes(b'{"experiment":' + b"[" * 100_000)
    assert report.main(["--docs", str(docs), "--take", str(bad)]) == 1
    assert "is not a result that the report can use (its JSON is nested too deeply" in capsys.readouterr().err


def test_a_kept_result_of_another_form_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs, run = tmp_path / "docs", gradcheck(tmp_path / "checked")
    assert report.main(["--docs", str(docs), "--take", str(run)]) == 0
    kept = docs / "runs" / "checked.json"
    content = json.loads(kept.read_bytes())
    del content["result"]["rows"]
    kept.write_text(json.dumps(content))
    before = contents(docs)
    assert report.main(["--docs", str(docs)]) == 1
    assert (
        f"{kept} does not have the form that the section on gradcheck reads (KeyError: 'rows')"
        in capsys.readouterr().err
    )
    assert contents(docs) == before


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("at", range(4))
def test_a_full_disk_keeps_all_or_nothing(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = tmp_path / "docs"
    report.make(docs, [gradcheck(tmp_path / "old" / "a")])
    before = contents(docs)
    runs = [gradcheck(tmp_path / "new" / name, error=2e-9) for name in ("a", "b", "c")]
    fsync, calls = os.fsync, iter(range(1000))

    def full(descriptor: int) -> None:
        if next(calls) == 2 * at:  # each file has two calls: the file's, then its folder's
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(OSError, match="could not be written"):
            report.make(docs, runs, replace=True)
    kept = {name for name in contents(docs) if name.startswith("runs/")}
    if at < 3:  # later, the results were stored and only the list of the report's files failed
        assert contents(docs) == before
    else:
        assert kept == {"runs/a.json", "runs/b.json", "runs/c.json"}
    report.make(docs, runs, replace=True)


# Text from outside


HOSTILE = "\n# x\u2028<b>|`[a](javascript:b)` *c* ~~d~~ &lt; $e$ \udcff\x1b_f_ ![g](h)\r\n- i"


def is_plain(markdown: str) -> bool:
    """Whether the text is harmless: any HOSTILE in it is escaped."""
    unescaped = "".join(c for i, c in enumerate(markdown) if c in "<>|`[]*~$" and markdown[i - 1 : i] != "\\")
    return not unescaped and "\n" not in markdown


def test_escaped() -> None:
    assert is_plain(escaped(HOSTILE)) and escaped(HOSTILE).isprintable()
    assert escaped(HOSTILE) == (r"\# x \<b\>\|\`\[a\](javascript:b)\` \*c\* \~\~d\~\~ \&lt; \$e\$ \_f\_ !\[g\](h) - i")
    for usual in ("batch_norm", "Intel(R) Xeon(R) CPU @ 2.50GHz", "1.26.4", "2.13.0+cpu", "Numba, 2", "-0.5", ""):
        assert escaped(usual).replace("\\", "") == usual
    assert [escaped(text) for text in ("- a", "1. b", "+ c", "== d", "--- e", "batch_norm")] == [
        r"\- a", r"1\. b", r"\+ c", r"\== d", r"\--- e", "batch_norm"
    ]  # fmt: skip


def test_fenced() -> None:
    assert fenced("a\n  b|c") == "```\na\n  b|c\n```"
    assert fenced("```\n# x\n````") == "`````\n```\n# x\n````\n`````"


class Sketches(Figures):
    """Figures without drawings: only their names matter."""

    def add(self, name: str, figure: Any, alt: str) -> str:
        return f"![{alt}](figures/{name.replace('/', '-')}.svg)" if name.isidentifier() else alt


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all texts in a JSON value; of a list, only those in its first items."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value[:2]):
            yield from texts(item, (*path, i))


def changed(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy with hostile text appended to the text at a path."""
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] += HOSTILE
    return value


def one_of_each() -> list[Path]:
    """The first committed result of each experiment."""
    paths = sorted((ROOT / "docs" / "runs").glob("*.json"), reverse=True)
    return list({results.read(path).experiment: path for path in paths}.values())


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("path", one_of_each(), ids=lambda path: path.stem)
def test_no_text_of_a_result_is_markup(path: Path) -> None:
    """Put hostile text at each place of a committed result, one at a time, and in its name."""
    record = results.read(path)
    (section,) = [some for some in report.SECTIONS if record.experiment in report._experiments(some)]
    beside: list[results.Record] = []
    if record.experiment in getattr(section, "BESIDE", ()):  # it is shown beside results of the section's experiment
        own = map(results.read, path.parent.glob("*.json"))
        beside = [some for some in own if some.experiment == report._experiments(section)[0]]
    cases = [record._replace(name=record.name + HOSTILE)]
    cases += [
        results.Record(**changed(record._asdict(), place))
        for place in texts(record._asdict())
        if place[0] != "experiment"
    ]
    shown = 0
    for case in cases:
        try:
            parts = section.section(Results([case, *beside]), Sketches("figures"))
        except report._ANOTHER_FORM:
            continue  # a name with a meaning: refused
        parts += report._effort(Results([case]))
        page_text = "\n\n".join(parts)
        page_text.encode()
        page_text = re.sub(r"(?ms)^(`{3,})\n.*?^\1$", "", page_text)  # nothing is markup in a fenced block
        if "javascript" in page_text:
            shown += 1
            assert r"\[a\](javascript:b)" in page_text and "[a](javascript" not in page_text.replace(r"\[a\](j", "")
            assert r"\<b\>\|" in page_text and "\n# x" not in page_text and "\n- i" not in page_text
    assert shown
