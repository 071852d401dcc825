"""Docstrings for Sphinx.  Ours are plain text with NumPy's sections; Sphinx wants reStructuredText.

A formula that is indented stays as it is, in a block of its own.  Characters that reStructuredText would read as
markup, such as the bars of |x|, are escaped.
"""

from __future__ import annotations

import re
from typing import Any

_UNDERLINE = re.compile(r"-{3,}\s*$")
_TABLE = re.compile(r"(=+\s+)+=+\s*$")
_CODE = re.compile(r"(``[^`]+``|`[^`]+`)")


def process(app: Any, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Sphinx's event autodoc-process-docstring: change the lines in place."""
    lines[:] = as_rst(lines)


def as_rst(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText.

    Examples
    --------
    >>> as_rst(["The norm |x|.", "", "    y = |x|²", "", "It is *not* squared."])
    ['The norm \\\\|x\\\\|.', '', '::', '', '    y = |x|²', '', 'It is \\\\*not\\\\* squared.']
    """
    made: list[str] = []
    in_section = in_example = in_formula = False
    for i, line in enumerate(lines):
        following = lines[i + 1] if i + 1 < len(lines) else ""
        if _UNDERLINE.match(following) and line.strip():
            in_section, in_formula = True, False
        if not line.strip():
            in_example = False
        elif line.lstrip().startswith(">>>"):
            in_example = True
        elif _UNDERLINE.match(line):
            pass
        elif not in_section and line.startswith("    ") and not in_example:
            if not in_formula and not (made and made[-1].endswith("::")):
                made += ["::", ""] if not made or not made[-1].strip() else ["", "::", ""]
            in_formula = True
        elif in_formula and not line.startswith(" "):
            in_formula = False
        verbatim = in_example or in_formula or _UNDERLINE.match(line)
        made.append(line if verbatim else _escape(line))
        if in_formula and line.strip() and following.strip() and not following.startswith(" "):
            made.append("")
    return made


def _escape(line: str) -> str:
    """Escape what reStructuredText would take for markup, outside of code in backticks."""
    parts = _CODE.split(line)
    return "".join(part if part.startswith("`") else re.sub(r"(?<!\\)[|*]|(?<=\w)_(?!\w)", r"\\\g<0>", part)
                   for part in parts)  # fmt: skip
