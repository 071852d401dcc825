"""Every sample input of PyTorch's op_db, for functions that both libraries have: the same call in both.

Our call runs three times: plainly, inside `autograd.reference()` and inside
`autograd.verify()`.  Each time, values, dtypes, shapes, views and gradients must be PyTorch's.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import autograd
from autograd import Tensor
from autograd.testing import compare
from tests.with_torch.op_db import Call, Entry, converted, entries, flat, samples, tensors_of, to_ours, to_theirs

ENTRIES = entries()
CONTEXTS = {"plain": contextlib.nullcontext, "reference": autograd.reference, "verify": autograd.verify}
WHOLE = (torch.int64, torch.int32, torch.uint8, torch.bool)
TOLERANCE = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 2e-5}
MOST = 60  # calls per entry and dtype; max_pool2d has 1,440, every combination of its options
# Entries with random or undefined values, for which only dtypes and shapes can be compared.
DRAWN = {"randn", "randn_like", "rand_like", "randint", "empty", "empty_like"}
REFUSALS = (TypeError, ValueError, RuntimeError, IndexError, OverflowError)


@dataclass(frozen=True)
class Refused:
    """Calls that PyTorch runs and we refuse, recognized by words of the error."""

    names: tuple[str, ...]
    words: str
    reason: str


REFUSED = [
    Refused(
        ("div.floor_rounding", "div.trunc_rounding"), "rounding_mode", "division has no rounding mode; // rounds down"
    ),
    Refused(
        ("bool", "double", "float", "int", "long", "to"),
        "memory_format",
        "our tensors have only NumPy's memory format",
    ),
    Refused(
        (
            "nn.functional.avg_pool2d",
            "nn.functional.conv1d",
            "nn.functional.conv2d",
            "nn.functional.conv_transpose2d",
            "nn.functional.linear",
            "nn.functional.max_pool2d",
        ),
        "float",
        "the kernels are for floats: integers have no gradient, and no network uses them",
    ),
    Refused(("__rpow__",), "negative integer powers", "an integer to a negative power is not an integer"),
    Refused(("gather",), "does not fit", "an index must have the dimensions of the tensor even if it is empty"),
    Refused(("nn.functional.batch_norm",), "(N, C, …)", "an input without channels has nothing to normalize"),
    Refused(
        ("nn.functional.group_norm", "nn.functional.layer_norm"),
        "must be at least 0",
        "PyTorch accepts a negative eps, which can make the square root NaN",
    ),
    Refused(("norm",), "p = 0", "a count is not a norm"),
    Refused(("norm.nuc",), "'nuc'", "a nuclear norm needs singular values"),
]


def calls(entry: Entry, dtype: torch.dtype) -> list[Call]:
    """The entry's calls, evenly thinned out if there are too many."""
    found = samples(entry, dtype, requires_grad=True)
    return found[:: -(-len(found) // MOST)] if found else found


def shown(entry: Entry, call: Call) -> str:
    words = converted(lambda t: f"{t.dtype}{tuple(t.shape)}".removeprefix("torch."), call, str)
    return f"{entry.name}{words}".replace("Call", "")


def is_refused(entry: Entry, error: Exception) -> bool:
    return any(entry.name in row.names and row.words in str(error) for row in REFUSED)


def numbers(value: Any) -> np.ndarray:
    return np.asarray(value.detach().numpy() if isinstance(value, Tensor | torch.Tensor) else value)


def same_views(what: str, y: Tensor, z: torch.Tensor, ours: Call, theirs: Call) -> None:
    """The result shares memory with an input exactly if PyTorch's does."""
    pairs = list(zip(tensors_of(ours), tensors_of(theirs), strict=True))
    if z.numel() and all(x.numel() for _, x in pairs):  # empty arrays have no memory
        mine = [bool(np.may_share_memory(y.array, x.array)) for x, _ in pairs]
        assert mine == [z.untyped_storage().data_ptr() == x.untyped_storage().data_ptr() for _, x in pairs], what


def same(what: str, ours: Any, theirs: Any, exact: bool) -> None:
    """The results agree."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, Tensor), what
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), what
        assert ours.requires_grad == theirs.requires_grad, what
    a, b = numbers(ours), numbers(theirs)
    if exact:
        finite = np.abs(b[np.isfinite(b)]) if b.dtype.kind == "f" else np.zeros(0)
        largest = max(1.0, float(finite.max(initial=0)))  # both libraries round sums of terms of this size
        compare(what, a, b, TOLERANCE.get(b.dtype, 0.0) * largest, "PyTorch says")
    else:
        assert a.shape == b.shape, what


def same_gradients(what: str, ours: list[Any], theirs: list[Any], our_call: Call, their_call: Call) -> None:
    """The gradients of ⟨g, results⟩ for a random g are the same."""
    made = [(y, z) for y, z in zip(ours, theirs, strict=True) if isinstance(z, torch.Tensor) and z.requires_grad]
    leaves = [
        (x, t) for x, t in zip(tensors_of(our_call), tensors_of(their_call), strict=True) if t.requires_grad
    ]  # fmt: skip
    if not made or not leaves:
        return
    rng = np.random.default_rng(0)
    gs = [rng.standard_normal(y.shape).astype(y.dtype) for y, _ in made]
    found = autograd.grad([y for y, _ in made], [x for x, _ in leaves], [Tensor(g) for g in gs], allow_unused=True)
    expected = torch.autograd.grad(
        [z for _, z in made], [t for _, t in leaves], [torch.from_numpy(g) for g in gs], allow_unused=True
    )
    for i, (d, e, (x, _)) in enumerate(zip(found, expected, leaves, strict=True)):
        zero = np.zeros(x.shape, x.dtype)
        a, b = (zero if grad is None else numbers(grad) for grad in (d, e))
        compare(f"{what}: gradient {i}", a, b, 10 * TOLERANCE[x.dtype], "PyTorch says")


def check(entry: Entry, call: Call, context: str) -> None:
    what = f"{shown(entry, call)}, {context}"
    theirs_of = to_theirs(call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries need not warn in the same cases
        theirs = flat(entry.info.op(*theirs_of.args, **theirs_of.kwargs))
        with CONTEXTS[context]():
            try:
                ours_of = to_ours(call)
                ours = flat(entry.ours(*ours_of.args, **ours_of.kwargs))
            except REFUSALS as error:
                if is_refused(entry, error):
                    return
                error.add_note(what)
                raise
            exact = entry.name not in DRAWN and not ("dropout" in str(call) + entry.name and drops(call))
            assert len(ours) == len(theirs), what
            for i, (y, z) in enumerate(zip(ours, theirs, strict=True)):
                same(f"{what}: output {i}", y, z, exact)
                if isinstance(z, torch.Tensor):
                    same_views(f"{what}: the memory of output {i}", y, z, ours_of, theirs_of)
            if exact:
                same_gradients(what, ours, theirs, ours_of, theirs_of)


def drops(call: Call) -> bool:
    """Whether a call of dropout, or with dropout, is random."""
    options = call.kwargs
    return 0 < options.get("dropout_p", options.get("p", 0.5)) < 1 and options.get("training", True)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_floats(entry: Entry, dtype: torch.dtype) -> None:
    for call in calls(entry, dtype):
        for context in CONTEXTS:
            check(entry, call, context)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_integers_and_bools(entry: Entry) -> None:
    for dtype in WHOLE:
        for call in calls(entry, dtype):
            for context in CONTEXTS:
                check(entry, call, context)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.words)
def test_what_is_listed_is_refused(row: Refused) -> None:
    for name in row.names:
        entry = next(entry for entry in ENTRIES if entry.name == name)
        met = False
        for dtype in (torch.float64, *WHOLE):
            for call in calls(entry, dtype):
                try:
                    ours = to_ours(call)
                    entry.ours(*ours.args, **ours.kwargs)
                except REFUSALS as error:
                    met = met or row.words in str(error)
            if met:
                break
        assert met, f"{name}: no sample says {row.words!r}"
