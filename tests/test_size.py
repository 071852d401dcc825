"""The engine stays small enough to read in an evening."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from pathlib import Path

from autograd import engine

ENGINE = ("tensor.py", "engine.py", "op.py")
MOST = 600
NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def code_lines(source: str) -> int:
    """Number of lines of code, without blank lines, comments and docstrings."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            text = node.body[0]
            docstrings |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_what_counts_as_a_line_of_code() -> None:
    assert code_lines('"""Docs,\nof two lines."""\n\nx = 1  # why\n# a comment\ny = (\n    2\n)\n') == 4


def test_the_engine_has_at_most_600_lines_of_code() -> None:
    folder = Path(__file__).resolve().parents[1] / "autograd"
    counted = {name: code_lines((folder / name).read_text(encoding="utf-8")) for name in ENGINE}
    assert sum(counted.values()) <= MOST, f"{counted}: move code of other parts elsewhere, or simplify"


def test_the_backward_pass_fits_on_a_screen() -> None:
    assert len(inspect.getsource(engine.backward).splitlines()) <= 40, "split off a part as a function"
