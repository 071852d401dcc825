"""The pages that people wrote: where they stand in the site, and their links.

They are read in the repository, too, so they link to each other by the paths of files.  Here they keep their places:
docs/design.md becomes docs/design.html.  README.md becomes the first page, index.html.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOT_PAGE = "index"

# caption -> pages and patterns of pages, in the order of the site's menu.  Pages in `reference/` are made, not written.
MENU: dict[str, list[str]] = {
    "Start here": ["docs/install.md", "examples/README.md", "docs/experiments.md"],
    "Tutorials": ["examples/notebooks/*.ipynb"],
    "How to": [
        "docs/pytorch.md",
        "docs/own-op.md",
        "docs/debugging.md",
        "docs/profiling.md",
        "docs/onnx.md",
        "docs/processes.md",
        "docs/scaling.md",
        "lsf/README.md",
        "CONTRIBUTING.md",
    ],
    "Course": ["examples/course/README.md", "examples/course/**/*.md"],
    "Background": [
        "docs/design.md",
        "docs/testing.md",
        "docs/performance.md",
        "docs/reliability.md",
        "docs/report.md",
        "docs/compatibility.md",
        "CHANGELOG.md",
    ],
    "Reference": [
        "reference/ops/index.md",
        "reference/layers/index.md",
        "reference/losses/index.md",
        "reference/optimizers/index.md",
        "reference/schedulers/index.md",
        "reference/modules/index.md",
    ],
}
TITLES = {"examples/course/solutions/report.md": "7. The report: a solution"}  # in the menu: its heading says less
README = "README.md"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:|#)([^)\s]+)\)")
_FENCE = re.compile(r"^\s*(```|~~~)")
_PICTURES = {".svg", ".png"}
_LANGUAGES = {".py": "python", ".toml": "toml", ".json": "json", ".lsf": "bash", ".sh": "bash", ".cfg": "ini"}


def menu() -> dict[str, list[str]]:
    """MENU with its patterns replaced by the files that are there, each once."""
    found: dict[str, list[str]] = {}
    for caption, patterns in MENU.items():
        paths: list[str] = []
        for pattern in patterns:
            made = [pattern] if pattern.startswith("reference/") else []
            paths += made or sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
        found[caption] = list(dict.fromkeys(paths))
    return {caption: paths for caption, paths in found.items() if paths}


def written_pages() -> list[str]:
    """The paths of all written pages in the repository, README.md first."""
    return [README, *(path for paths in menu().values() for path in paths if not path.startswith("reference/"))]


def place(path: str) -> str:
    """Where a file of the repository stands in the site's folder of sources."""
    return f"{ROOT_PAGE}.md" if path == README else path


def source_page(path: str) -> str:
    """The page that shows a source file."""
    return f"source/{path}.md"


def link(page: str, target: str) -> str:
    """The relative link from one page to another, both by their places."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


class Writer:
    """Writes pages into the site's folder of sources, and what they link to.

    Attributes
    ----------
    sources : set of str
        Source files that get a page of their own.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.sources: set[str] = set()
        self._pages = set(written_pages())

    def write(self, path: str, text: str) -> None:
        """Write a page."""
        file = self.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def copy(self, path: str) -> None:
        """Write a written page, with its links changed to those of the site."""
        text = (ROOT / path).read_text(encoding="utf-8")
        if path.endswith(".ipynb"):
            notebook = json.loads(text)
            for cell in notebook["cells"]:
                if cell["cell_type"] == "markdown":
                    cell["source"] = self._with_links(path, "".join(cell["source"]))
            self.write(path, json.dumps(notebook))
            return
        text = self._with_links(path, text) + "\n"
        if path == README:
            text += "".join(_toctree(caption, paths) for caption, paths in menu().items())
        self.write(place(path), text)

    def _with_links(self, page: str, text: str) -> str:
        """The Markdown of a page with its links changed."""
        lines, fenced = [], False
        for line in text.splitlines():
            fence = bool(_FENCE.match(line))
            fenced ^= fence
            if fence and fenced and line.strip("`~ ") == "":
                line += "none"  # otherwise Sphinx colours it as Python: its "in" and "is", the rules of its tables
            lines.append(line if fenced else _LINK.sub(lambda match: self._link(page, match), line))
        return "\n".join(lines)

    def _link(self, page: str, match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        path, _, anchor = target.partition("#")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        file = ROOT / name
        if not file.exists():
            raise ValueError(f"{page} links to {target}, which does not exist")
        if file.is_dir():
            name = posixpath.join(name, "README.md")
            if name not in self._pages:
                return text
        if name in self._pages:
            there = place(name)
        elif file.suffix in _PICTURES:
            there = name
            (self.out / name).parent.mkdir(parents=True, exist_ok=True)
            (self.out / name).write_bytes(file.read_bytes())
        else:
            there = self.source(name)
        return f"{picture}[{text}]({link(place(page), there)}{'#' * bool(anchor)}{anchor})"

    def source(self, path: str) -> str:
        """Note that a source file gets a page; return the place of that page."""
        self.sources.add(path)
        return source_page(path)

    def write_sources(self) -> None:
        """Write a page for each source file that was asked for."""
        for path in sorted(self.sources):
            text = (ROOT / path).read_text(encoding="utf-8").rstrip("\n")
            language = _LANGUAGES.get(os.path.splitext(path)[1], "text")
            self.write(source_page(path), f"---\norphan: true\n---\n# {path}\n\n{fenced(text, language)}\n")


def fenced(text: str, language: str) -> str:
    """A code block, whose fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _toctree(caption: str, paths: Iterable[str]) -> str:
    entries = "\n".join(f"{TITLES[path]} <{place(path)}>" if path in TITLES else place(path) for path in paths)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"
