"""Docstrings of all public names are complete; `tests.docstrings` has the rule, and says what one lacks."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Tensor
from tests.docstrings import gaps, open_names, public

PUBLIC = public()


@pytest.mark.parametrize("file", PUBLIC)
def test_complete(file: str) -> None:
    assert not open_names(PUBLIC[file])


def test_many_names_are_public() -> None:
    """Without this, a search that finds nothing would pass."""
    names = {name for known in PUBLIC.values() for name in known}
    assert len(names) > 1000 and {"autograd.matmul", "nn.Conv2d", "optim.lr_scheduler.StepLR"} <= names


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
    assert list(gaps("whole", whole)) == lacks
