"""Builds the description that a package index shows: README.md, without links that work only in the repository.

Everything else is in pyproject.toml.  Where its [project.urls] name a Repository, relative links become links into
that repository.  Where they do not, a link becomes its text, and a picture is left out.
"""

import re
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def description(readme: str, repository: str | None) -> str:
    """The README's Markdown with absolute links."""

    def link(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        if repository:
            return f"{picture}[{text}]({repository.rstrip('/')}/{'raw' if picture else 'blob'}/HEAD/{target})"
        return "" if picture else text

    return re.sub(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)", link, readme)


if __name__ == "__main__":
    from setuptools import setup

    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    setup(
        long_description=description(readme, project.get("urls", {}).get("Repository")),
        long_description_content_type="text/markdown",
    )
