"""What a package index and an installed copy show: description, types, supported versions."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

import autograd

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
description = runpy.run_path(str(ROOT / "setup.py"))["description"]
REPOSITORY = "https://example.org/someone/lucidgrad"


@pytest.mark.parametrize(
    "markdown, plain, absolute",
    [
        ("[a](docs/a.md)", "a", f"[a]({REPOSITORY}/blob/HEAD/docs/a.md)"),
        ("[lsf/](lsf/README.md#logs)", "lsf/", f"[lsf/]({REPOSITORY}/blob/HEAD/lsf/README.md#logs)"),
        ("![curve](docs/c.svg)", "", f"![curve]({REPOSITORY}/raw/HEAD/docs/c.svg)"),
        *((text, text, text) for text in ("[b](https://b.org/x)", "[c](#layers)", "x[0](1, 2)", "f(x)[i]")),
    ],
)
def test_links(markdown: str, plain: str, absolute: str) -> None:
    assert description(markdown, None) == plain
    assert description(markdown, REPOSITORY) == absolute
    assert description(markdown, REPOSITORY + "/") == absolute


@pytest.mark.parametrize("repository", [None, REPOSITORY])
def test_the_readme_has_no_relative_links(repository: str | None) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", description(readme, repository))
    assert targets
    assert all(target.startswith(("https://", "#")) for target in targets), targets
    for target in re.findall(r"\]\((?!\w+:|#)([^)\s#]+)", readme):
        assert (ROOT / target).exists(), f"README.md links to {target}, which does not exist"


def test_versions() -> None:
    assert PROJECT["version"] == autograd.__version__
    oldest = re.fullmatch(r">=3\.(\d+)", PROJECT["requires-python"])
    named = [int(m[1]) for c in PROJECT["classifiers"] if (m := re.fullmatch(r"Programming .*Python :: 3\.(\d+)", c))]
    assert oldest and named == list(range(int(oldest[1]), max(named) + 1))


@pytest.mark.parametrize("package", ["autograd", "nn", "optim"])
def test_types_ship(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()
