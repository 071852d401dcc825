"""Build the site: ``python -m docs.site``."""

from __future__ import annotations

import argparse
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
        help="read all pages and follow their links, but write no HTML")  # fmt: skip
    args = parser.parse_args(argv)
    out = args.out
    pages = out / "pages"
    shutil.rmtree(pages, ignore_errors=True)  # pages of an earlier build that nothing makes any more
    write(pages)
    here = Path(__file__).parent
    command = [sys.executable, "-m", "sphinx", "-c", str(here), "-b", "dummy" if args.check else "html", "-q", "-j", "auto", "-W", "--keep-going",
               "-d", str(out / "cache"), str(pages), str(out / "html")]  # fmt: skip
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if not status and not args.check:
        print(f"The site is {out / 'html' / 'index.html'}.")
    return status


def write(pages: Path) -> None:
    """Write all pages, as Markdown."""
    writer = Writer(pages)
    for path in written_pages():
        writer.copy(path)
    made.write_all(writer)
    writer.write_sources()


if __name__ == "__main__":
    sys.exit(main())
