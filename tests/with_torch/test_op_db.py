"""Every sample input of PyTorch's op_db, for functions that both libraries have: the same call in both.

Our call runs three times: plainly, inside `autograd.reference()` and inside
`autograd.verify()`.  Each time, values, dtypes, shapes, views and gradients must be PyTorch's.
"""

from __future__ import annotations

import contextlib
import inspect
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import autograd
from autograd import Tensor, aliases, ops
from autograd.gradcheck import random_like
from autograd.promotion import real_of
from autograd.tensor import wrap
from autograd.testing import compare
from tests.with_torch.op_db import (
    Call,
    Entry,
    converted,
    entries,
    flat,
    numbers,
    ours_named,
    samples,
    tensor_of,
    tensors_of,
    to_ours,
    to_theirs,
)

ENTRIES = entries()
CONTEXTS = {"plain": contextlib.nullcontext, "reference": autograd.reference, "verify": autograd.verify}
WHOLE = (torch.int64, torch.int32, torch.uint8, torch.bool)
TOLERANCE = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 2e-5}
MOST = 60  # calls per entry and dtype; max_pool2d has 1,440, every combination of its options
# Entries with random or undefined values, for which only dtypes and shapes can be compared.
DRAWN = {
    "bernoulli", "cauchy", "empty", "empty_like", "empty_permuted", "empty_strided", "exponential", "geometric",
    "log_normal", "multinomial", "new_empty", "new_empty_strided", "nn.functional.fractional_max_pool2d",
    "nn.functional.fractional_max_pool3d", "normal", "normal.in_place", "normal.number_mean", "rand_like", "randint",
    "randint_like", "randn", "randn_like", "svd_lowrank", "uniform",
}  # fmt: skip
# Entries that PyTorch computes with fewer digits than float64 has, and the tolerance that these leave.
ROUNDED_BY_PYTORCH: dict[tuple[str, type], float] = {
    **{(f"special.bessel_{kind}", np.float64): 1e-6 for kind in ("j0", "j1", "y0", "y1")},  # for large numbers
    ("digamma", np.float64): 1e-10,  # its gradient, trigamma
    ("logcumsumexp", np.float32): 1e-3,  # the difference of two sums of logarithms is its gradient
    ("nn.functional.hardsigmoid", np.float64): 1e-9,  # its gradient has 1/6 in float32
}
# Where windows overlap, an index occurs twice, and PyTorch's gradient is not the derivative, which `verify` expects.
NOT_DERIVATIVES = {f"nn.functional.max_unpool{dims}d" for dims in (1, 2, 3)}
NOT_DERIVATIVES |= {"bfloat16", "half"}  # finite differences see the rounding to few digits
# Which output holds indices: of equal elements, PyTorch leaves open whose index it is.
TIED = {"argsort": 0, "kthvalue": 1, "median": 1, "mode": 1, "nanmedian": 1, "sort": 1, "topk": 1}
TIED_INTEGERS = {"argsort", "sort", "topk"}  # the float samples of these have no equal elements
# Entries whose gradients in PyTorch are not those of their values, by finite differences.
WRONG_GRADIENTS = {
    "as_strided_scatter",  # what is overwritten gets a gradient
    "nn.functional.ctc_loss",  # e^log_probs is added, which log_softmax takes away again
}
CONJUGATED = {"conj", "H", "mH"}  # PyTorch returns a view that is conjugated when it is read
REFUSALS = (TypeError, ValueError, RuntimeError, IndexError, OverflowError)


@dataclass(frozen=True)
class Refused:
    """Calls that PyTorch runs and we refuse, recognized by words of the error."""

    names: tuple[str, ...]
    words: str
    reason: str


REFUSED = [
    Refused(("nn.functional.batch_norm",), "(N, C, …)", "an input without channels has nothing to normalize"),
    Refused(
        ("nn.functional.group_norm", "nn.functional.layer_norm"),
        "must be at least 0",
        "PyTorch accepts a negative eps, which can make the square root NaN",
    ),
    Refused(
        ("nn.functional.interpolate.bilinear", "nn.functional.interpolate.bicubic", "nn.functional.upsample_bilinear"),
        "uint8",
        "PyTorch rounds means of bytes in ways that depend on the memory format",
    ),
]


def calls(entry: Entry, dtype: torch.dtype, most: int = MOST) -> list[Call]:
    """The entry's calls, evenly thinned out if there are too many."""
    found = samples(entry, dtype, requires_grad=True)
    return found[:: -(-len(found) // most)] if found else found


def shown(entry: Entry, call: Call) -> str:
    words = converted(lambda t: f"{t.dtype}{tuple(t.shape)}".removeprefix("torch."), call, str)
    return f"{entry.name}{words}".replace("Call", "")


def is_refused(entry: Entry, error: Exception) -> bool:
    return any(entry.name in row.names and row.words in str(error) for row in REFUSED)


def same_views(what: str, y: Tensor, z: torch.Tensor, ours: Call, theirs: Call) -> None:
    """The result shares memory with an input exactly if PyTorch's does."""
    pairs = list(zip(tensors_of(ours), tensors_of(theirs), strict=True))
    if z.numel() and all(x.numel() for _, x in pairs):  # empty arrays have no memory
        mine = [bool(np.may_share_memory(y.array, x.array)) for x, _ in pairs]
        assert mine == [z.untyped_storage().data_ptr() == x.untyped_storage().data_ptr() for _, x in pairs], what


def tolerance(entry: Entry, dtype: np.dtype) -> float:
    return max(TOLERANCE.get(dtype, 0.0), ROUNDED_BY_PYTORCH.get((entry.name, dtype.type), 0.0))


def same(what: str, ours: Any, theirs: Any, exact: bool, entry: Entry) -> None:
    """The results agree."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, Tensor), what
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), what
        assert ours.requires_grad == theirs.requires_grad, what
    a, b = numbers(ours), numbers(theirs)
    if exact:
        finite = np.abs(b[np.isfinite(b)]) if b.dtype.kind in "fc" else np.zeros(0)
        largest = max(1.0, float(finite.max(initial=0)))  # both libraries round sums of terms of this size
        compare(what, a, b, tolerance(entry, real_of(b.dtype)) * largest, "PyTorch says")
    else:
        assert a.shape == b.shape, what


def same_gradients(
    what: str, ours: list[Any], theirs: list[Any], our_call: Call, their_call: Call, entry: Entry
) -> None:
    """The gradients of ⟨g, results⟩ for a random g are the same."""
    made = [(y, z) for y, z in zip(ours, theirs, strict=True) if isinstance(z, torch.Tensor) and z.requires_grad]
    leaves = [
        (x, t) for x, t in zip(tensors_of(our_call), tensors_of(their_call), strict=True) if t.requires_grad
    ]  # fmt: skip
    if not made or not leaves:
        return
    rng = np.random.default_rng(0)
    gs = [random_like(y.array, rng) for y, _ in made]
    found = autograd.grad([y for y, _ in made], [x for x, _ in leaves], [wrap(g) for g in gs], allow_unused=True)
    expected = torch.autograd.grad(
        [z for _, z in made],
        [t for _, t in leaves],
        [tensor_of(g) for g in gs],
        allow_unused=True,
    )
    for i, (d, e, (x, _)) in enumerate(zip(found, expected, leaves, strict=True)):
        zero = np.zeros(x.shape, x.dtype)
        a, b = (zero if grad is None else numbers(grad) for grad in (d, e))
        compare(f"{what}: gradient {i}", a, b, 10 * tolerance(entry, real_of(x.dtype)), "PyTorch says")


def check(entry: Entry, call: Call, context: str) -> bool:
    """Compare a call.  False if we refuse it, for a reason in REFUSED."""
    what = f"{shown(entry, call)}, {context}"
    theirs_of = to_theirs(call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries need not warn in the same cases
        theirs = flat(call.result(entry.info.op(*theirs_of.args, **theirs_of.kwargs)))
        with CONTEXTS[context]():
            try:
                ours_of = to_ours(call)
                ours = flat(call.result(entry.ours(*ours_of.args, **ours_of.kwargs)))
            except REFUSALS as error:
                if is_refused(entry, error):
                    return False
                error.add_note(what)
                raise
            exact = entry.name not in DRAWN and not is_random(entry, call)
            assert len(ours) == len(theirs), what
            for i, (y, z) in enumerate(zip(ours, theirs, strict=True)):
                same(f"{what}: output {i}", y, z, exact and not is_tied(entry, call, i), entry)
                if isinstance(z, torch.Tensor) and entry.name not in CONJUGATED:
                    same_views(f"{what}: the memory of output {i}", y, z, ours_of, theirs_of)
            if exact and entry.name not in WRONG_GRADIENTS:
                same_gradients(what, ours, theirs, ours_of, theirs_of, entry)
    return True


def is_tied(entry: Entry, call: Call, output: int) -> bool:
    """Whether an output may be the index of another of equal elements."""
    whole = not call.args[0].is_floating_point() if entry.name in TIED_INTEGERS else True
    return TIED.get(entry.name) == output and whole


def is_random(entry: Entry, call: Call) -> bool:
    """Whether a call drops elements at random, or draws slopes."""
    try:
        options = inspect.signature(entry.ours).bind(*call.args, **call.kwargs).arguments
    except (TypeError, ValueError):  # it has none
        options = call.kwargs
    if entry.name == "nn.functional.rrelu":
        return bool(options.get("training", False))
    if "dropout_p" not in options and "dropout" not in entry.name:
        return False
    return bool(0 < options.get("dropout_p", options.get("p", 0.5)) < 1 and options.get("training", True))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_floats(entry: Entry, dtype: torch.dtype) -> None:
    for call in calls(entry, dtype):
        for context in CONTEXTS.keys() - ({"verify"} if entry.name in NOT_DERIVATIVES else set()):
            check(entry, call, context)


# Entries that take complex numbers: those that Fourier transforms need, and what moves data.
COMPLEX = {
    "abs", "add", "angle", "cat", "clone", "complex", "conj", "conj_physical", "cos", "div.no_rounding_mode", "eq",
    "exp", "flip", "gather", "imag", "index_select", "isfinite", "log", "matmul", "mean", "mul", "neg", "permute",
    "pow", "real", "reciprocal", "reshape", "resolve_conj", "sgn", "sigmoid", "sin", "sqrt", "square", "stack", "sub",
    "sum", "tanh", "transpose", "view_as_real", "where",
}  # fmt: skip


NO_COMPLEX = {
    "renorm",  # whose gradient in PyTorch is NaN in complex64
}


@pytest.mark.parametrize("dtype", [torch.complex128, torch.complex64], ids=str)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_complex(entry: Entry, dtype: torch.dtype) -> None:
    for call in calls(entry, dtype) if entry.name not in NO_COMPLEX else []:
        try:
            check(entry, call, "plain")
        except (TypeError, RuntimeError) as error:
            if "complex" not in str(error) or entry.name in COMPLEX or entry.name.startswith("fft."):
                raise


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_integers_and_bools(entry: Entry) -> None:
    for dtype in WHOLE:
        for call in calls(entry, dtype):
            for context in CONTEXTS:
                check(entry, call, context)


def test_second_names_are_pytorchs() -> None:
    """A name that PyTorch lists as an alias of a function, and that we have, is the same function here."""
    checked = set()
    for entry in ENTRIES:
        for alias in entry.info.aliases:
            ours = ours_named(alias.name.removeprefix("torch."))
            if ours is not None and alias.name not in ("maximum", "minimum"):  # which max and min call
                assert unwrapped(ours) is unwrapped(entry.ours), alias.name
                checked.add(alias.name)
    assert checked >= {
        "absolute",
        "arctan2",
        "clip",
        "concat",
        "moveaxis",
        "orgqr",
        "row_stack",
        "special.gammaln",
        "swapaxes",
    }
    documented = {name for name in dir(torch) if "Alias for :func:`torch." in str(getattr(torch, name).__doc__)}
    assert set(vars(aliases)) >= documented - set(dir(ops))


def unwrapped(function: Any) -> Any:
    return inspect.unwrap(function)


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
