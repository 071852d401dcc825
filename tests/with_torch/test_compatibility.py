"""docs/compatibility.md says what is so."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "compatibility.py"))["page"]
    written = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    assert page() == written, "run: python docs/compatibility.py, in the environment of tests/with_torch"
