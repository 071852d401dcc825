"""The README's code runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_model_learns(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = (block for block in BLOCKS if "nn.Sequential" in block)
    assert len(block.splitlines()) <= 20
    exec(compile(block, "README.md", "exec"), {})
    printed = re.fullmatch(r"tensor\((\S+), grad_fn=<\w+>\)\n", capsys.readouterr().out)
    assert printed
    assert float(printed[1]) < 0.5  # from 2.3 at the start


def test_the_profile(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (block for block in BLOCKS if "profiler.profile" in block)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "conv2d" in printed and "median of" in printed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["layers.png", "trace.json"]


def test_every_file_it_names_is_there() -> None:
    root = Path(__file__).parents[1]
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert "docs/figures/train-curves.svg" in links
    for link in links:
        assert (root / link).exists(), link
    for module in re.findall(r"python -m (examples(?:\.\w+)+)", README):
        path = root / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
