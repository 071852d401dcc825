"""Calls of op_db's error inputs, which PyTorch refuses, raise an error of ours or are listed with a reason."""

from __future__ import annotations

import ast
import functools
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Tensor
from tests.with_torch import op_db

ROOT = Path(autograd.__file__).resolve().parents[1]
ERRORS = (TypeError, ValueError, RuntimeError, IndexError)
UNBOUND = (
    "a method is a Python function: called as `Tensor.__radd__(2, x)`, which no program does, it accepts a number as "
    "self, and adds"
)
LENIENT = {"__radd__", "__rdiv__", "__rmul__", "__rand__", "__ror__", "__rxor__", "__rsub__"}

CALLS = [
    (entry, i, call) for entry in op_db.entries() for i, (call, _, _) in enumerate(op_db.error_samples(entry))
]  # fmt: skip


@functools.cache
def raising_lines(path: str) -> set[int]:
    """The line numbers of a file's `raise` statements."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def raised_on_purpose(error: Exception) -> bool:
    """Whether the error comes from a `raise` of our packages, not from NumPy or from Python in one of our lines."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    path = Path(frame.filename).resolve()
    ours = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ("autograd", "nn", "optim")
    return ours and frame.lineno in raising_lines(frame.filename)


def lenient(entry: op_db.Entry, call: op_db.Call) -> bool:
    """UNBOUND: a method whose self is a number."""
    return entry.name in LENIENT and isinstance(call.args[0], int)


def outcome(entry: op_db.Entry, call: op_db.Call) -> Any:
    """The result; or "raises" for a sentence of ours, "unknown" for a kind of tensor or argument that we lack."""
    try:
        ours = op_db.to_ours(call)
    except op_db.NotOurs:
        return "unknown"
    except ValueError as error:
        assert "number of dimensions must be within" in str(error)  # NumPy's limit
        return "unknown"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return entry.ours(*ours.args, **ours.kwargs)
        except ERRORS as error:
            if "out" in ours.kwargs and "unexpected keyword argument 'out'" in str(error):
                return "unknown"  # Python's error says so
            assert raised_on_purpose(error), f"by accident: {type(error).__name__}: {error}"
            assert len(str(error).split()) >= 4, error
            return "raises"


@pytest.mark.parametrize(("entry", "i", "call"), CALLS, ids=[f"{entry.name}-{i}" for entry, i, _ in CALLS])
def test_an_error_input(entry: op_db.Entry, i: int, call: op_db.Call) -> None:
    result = outcome(entry, call)
    if not isinstance(result, str):
        assert lenient(entry, call), f"computed {result}"
        assert isinstance(result, Tensor), UNBOUND


def test_the_lenient_ones_are_needed() -> None:
    """Each name is needed for at least one error input with a number as self."""
    unneeded = LENIENT - {entry.name for entry, _, call in CALLS if lenient(entry, call)}
    assert not unneeded


def test_op_db_has_error_inputs() -> None:
    assert len(CALLS) > 150
