"""Docstrings of public names are complete (`tests.docstrings` has the rule): none of these files may fall behind.

`python -m tests.docstrings` says what the others lack.  A file whose last docstring is completed is added to COMPLETE.
"""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Tensor
from tests.docstrings import gaps, open_names, public

COMPLETE: list[str] = []

PUBLIC = public()


@pytest.mark.parametrize("file", COMPLETE)
def test_complete(file: str) -> None:
    assert not open_names(file, PUBLIC[file])


def test_every_complete_file_is_listed() -> None:
    found = {file for file, known in PUBLIC.items() if not open_names(file, known)}
    assert sorted(found) == COMPLETE


def whole(input: Tensor, count: int = 1) -> Tensor:
    """Repeat the input.

    Parameters
    ----------
    input : Tensor, any shape
    count : int
        At least 0.

    Returns
    -------
    Tensor, of the shape of input with the first size times count

    Raises
    ------
    ValueError
        If count is negative.

    Examples
    --------
    >>> 1 + 1
    2
    """
    if count < 0:
        raise ValueError
    return input


@pytest.mark.parametrize(
    ("found", "instead", "lacks"),
    [
        ("", "", []),
        ("Repeat the input.", "", ["a summary"]),
        ("count : int", "many : int", ["parameter count"]),
        ("Tensor, any shape", "Tensor", ["the shape of input"]),
        ("Tensor, of the shape of input with the first size times count", "Tensor", ["the shape of the result"]),
        ("Returns\n    -------", "Results\n    -------", ["Returns"]),
        ("Raises\n    ------", "Errors\n    ------", ["Raises"]),
        (">>> 1 + 1", "1 + 1", ["Examples"]),
    ],
)
def test_the_rule(found: str, instead: str, lacks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    doc: Any = whole.__doc__
    monkeypatch.setattr(whole, "__doc__", doc.replace(found, instead, 1) if found else doc)
    assert gaps("whole", whole) == lacks
