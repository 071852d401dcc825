"""The code of the README, and of the pages for users that it links to, runs as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    """The blocks of Python code on a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def run(block: str, page: str) -> None:
    exec(compile(block, page, "exec"), {})


def test_the_model_learns(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = (block for block in blocks("README.md") if "nn.Sequential" in block)
    assert len(block.splitlines()) <= 20
    run(block, "README.md")
    printed = re.fullmatch(r"tensor\((\S+), grad_fn=<\w+>\)\n", capsys.readouterr().out)
    assert printed
    assert float(printed[1]) < 0.5  # 2.3 at the start


def test_the_profile(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("docs/profiling.md")
    monkeypatch.chdir(tmp_path)
    run(block, "docs/profiling.md")
    printed = capsys.readouterr().out
    assert "conv2d" in printed and "median of" in printed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["layers.png", "trace.json"]


def test_debugging_names_the_op(capsys: pytest.CaptureFixture[str]) -> None:
    block, drawing = blocks("docs/debugging.md")
    run(block, "docs/debugging.md")
    printed = capsys.readouterr().out
    assert "sqrt" in printed and "tensor([1., 0.]" in printed
    run(drawing, "docs/debugging.md")
    assert "4 mean is given 1 and returns norm" in capsys.readouterr().out


def test_onnx_writes_and_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("docs/onnx.md")
    monkeypatch.chdir(tmp_path)
    run(block, "docs/onnx.md")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_the_op_of_the_readme_is_that_of_its_page() -> None:
    """`test_custom_op.py` runs the README's blocks."""
    shown = [block for block in blocks("README.md") if "nn.Sequential" not in block]
    assert shown == blocks("docs/own-op.md")


def test_every_file_it_names_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert "docs/figures/train-curves.svg" in links
    for link in links:
        assert (ROOT / link).exists(), link


def test_every_module_that_is_run_is_there() -> None:
    text = README + (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    modules = re.findall(r"python -m (examples(?:\.\w+)+)", text)
    assert len(modules) > 10
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
