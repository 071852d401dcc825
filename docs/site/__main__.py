"""Build the site: ``python -m docs.site``."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from docs.site import made
from docs.site.written import ROOT, Writer, written_pages


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return Sphinx's exit status."""
    parser = argparse.ArgumentParser("python -m docs.site", description="Build the documentation's web site.")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", metavar="DIR",
        help="the folder for the site, and for the pages that it is made from (default: build/site)")  # fmt: skip
    parser.add_argument("--check", action="store_true",
        help="read all pages and follow their links, but write no HTML and run no notebook")  # fmt: skip
    args = parser.parse_args(argv)
    out = args.out
    pages = out / "pages"
    shutil.rmtree(pages, ignore_errors=True)  # pages of an earlier build that nothing makes any more
    write(pages)
    here = Path(__file__).parent
    builder = "dummy" if args.check else "html"
    command = [sys.executable, "-m", "sphinx", "-c", str(here), "-b", builder, "-q", "-j", "auto", "-W", "--keep-going"]
    command += ["-d", str(out / "cache"), str(pages), str(out / "html")]
    command += ["-D", "nb_execution_mode=off"] if args.check else []
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # notebooks find `examples`
    if status or args.check:
        return status
    if found := loaded_from_elsewhere(out / "html"):
        print("These pages load something from another site:", *found, sep="\n", file=sys.stderr)
        return 1
    print(f"The site is {out / 'html' / 'index.html'}.")
    return 0


def loaded_from_elsewhere(html: Path) -> list[str]:
    """The scripts, styles, fonts and pictures that pages and style sheets would load from another site."""
    loads = re.compile(
        r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?((?:https?:)?//[^"'\s>]+)"""
        r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|icon))[^>]*\bhref=["']?((?:https?:)?//[^"'\s>]+)"""
        r"""|(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)"""
    )
    found = []
    for file in sorted(html.rglob("*")):
        if file.suffix in (".html", ".css"):
            for match in loads.finditer(file.read_text(encoding="utf-8")):
                found.append(f"{file.relative_to(html)}: {match[1] or match[2] or match[3]}")
    return found


def write(pages: Path) -> None:
    """Write all pages, as Markdown."""
    writer = Writer(pages)
    for path in written_pages():
        writer.copy(path)
    made.write_all(writer)
    writer.write_sources()


if __name__ == "__main__":
    sys.exit(main())
