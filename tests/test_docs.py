"""docs/design.md: every step of the matrix product computes the product, and linked files exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("matmul_steps", ROOT / "docs" / "matmul_steps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STEPS = load().STEPS


@pytest.mark.parametrize("shape", [(1, 1, 32), (9, 300, 96), (64, 64, 64)])
@pytest.mark.parametrize("step", STEPS)
def test_every_step_computes_the_product(step: str, shape: tuple[int, int, int]) -> None:
    rows, depth, columns = shape
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((rows, depth), np.float32), rng.standard_normal((depth, columns), np.float32)
    c = np.full((rows, columns), np.nan, np.float32)
    STEPS[step](a, b, c)
    np.testing.assert_allclose(c, a.astype(float) @ b, rtol=0, atol=1e-5 * depth)


def test_the_page_has_a_row_for_every_step() -> None:
    page = (ROOT / "docs" / "design.md").read_text()
    rows = re.findall(r"^\| \d\. ([^|]+?) +\|", page, re.MULTILINE)
    assert rows == list(STEPS), f"docs/design.md lists the steps {rows}, but docs/matmul_steps.py has {list(STEPS)}"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CHANGELOG.md", "docs/design.md"])
def test_links_and_files_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    folder = (ROOT / page).parent
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not (folder / link).exists()]
    assert not missing, f"{page} links to files that do not exist: {', '.join(missing)}"
    named = re.findall(r"`((?:autograd|nn|optim|examples|tests|lsf|docs)/[\w/.*]+?\.(?:py|md|lsf))[`:,]", text)
    missing = [name for name in named if "NAME" not in name and not list(ROOT.glob(name))]
    assert not missing, f"{page} names files that do not exist: {', '.join(missing)}"


def test_the_picture_has_all_rooms() -> None:
    """The folders of the table in docs/design.md, and those of examples/ that are packages."""
    page = (ROOT / "docs" / "design.md").read_text()
    rooms = re.findall(r"^\| `((?:\w+/)+)` \|", page, re.MULTILINE)
    rooms += [f"examples/{path.parent.name}/" for path in (ROOT / "examples").glob("*/__init__.py")]
    drawn = set(re.findall(r">(\w+/)</text>", (ROOT / "docs" / "pictures" / "house.svg").read_text()))
    # a room within a room is drawn inside it; those deeper than two are parts of it
    missing = [room for room in rooms if room.count("/") <= 2 and f"{Path(room).name}/" not in drawn]
    assert len(rooms) > 10 and not missing, f"docs/pictures/house.svg lacks {', '.join(missing)}"
