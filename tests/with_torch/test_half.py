"""float16 and bfloat16 beside PyTorch: its sample inputs in these dtypes, the same call in both libraries.

Both compute in float32 and round.  Where they round in between differs, so a result must be within one unit of
rounding, eps max(1, |y|), of PyTorch's, or of PyTorch's in float64, or at least as near to that as PyTorch's is.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import autograd
from autograd import Tensor
from autograd.promotion import BFLOAT16, FLOAT16, finfo
from tests.with_torch.op_db import (
    DTYPES,
    Call,
    Entry,
    converted,
    copied,
    entries,
    flat,
    numbers,
    samples,
    tensors_of,
    to_ours,
    to_theirs,
)
from tests.with_torch.test_op_db import DRAWN, TIED, WRONG_GRADIENTS, is_random, is_refused

HALVES = (torch.bfloat16, torch.float16)
REFUSALS = (TypeError, ValueError, RuntimeError, IndexError, OverflowError)
COMPLEX = {"complex", "polar", "view_as_complex"}  # there are no complex numbers of half precision
# Units of rounding, for backwards that compute with a rounded result.
ROUNDINGS = {"erfinv": 2.0, "linalg.multi_dot": 2.0, "linalg.vector_norm": 2.0}


def in_float64(call: Call) -> Call:
    def wide(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dtype not in HALVES:
            return copied(tensor)
        return copied(tensor).detach().double().requires_grad_(tensor.requires_grad)

    return converted(wide, call, lambda dtype: dtype)


def outcome(call: Call, function: Any) -> tuple[list[Any], list[Any]]:
    """What the function returns, and the gradient of each tensor for out-gradients of 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = flat(call.result(function(*call.args, **call.kwargs)))
    roots = [y for y in outputs if getattr(y, "requires_grad", False)]
    if roots:
        ours = isinstance(roots[0], Tensor)
        library: Any = autograd if ours else torch
        library.autograd.backward(roots, [library.ones_like(y) for y in roots])
    return outputs, [x.grad if x.requires_grad else None for x in tensors_of(call)]


def drops(entry: Entry, call: Call) -> bool:
    """Whether it is a call of attention with a probability, its 13th argument, that drops weights."""
    attention = entry.name == "nn.functional.multi_head_attention_forward"
    return attention and bool(call.kwargs.get("training", True))


def check(what: str, ours: Any, theirs: Any, exact: Any, eps: float, values: bool) -> None:
    assert tuple(np.shape(numbers(ours))) == tuple(np.shape(numbers(theirs))), what
    if isinstance(theirs, torch.Tensor):
        assert ours.dtype == DTYPES[theirs.dtype], f"{what} is {ours.dtype}, PyTorch's {theirs.dtype}"
    if not values or numbers(ours).dtype.kind not in "fV":
        return
    dtype = numbers(ours).dtype
    a, b = numbers(ours).astype(np.float64), numbers(theirs).astype(np.float64)
    with np.errstate(all="ignore"):
        right = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= eps * np.maximum(1, np.abs(b)))
        if exact is not None and not right.all():
            c = numbers(exact).astype(np.float64)
            right |= np.abs(a - c) <= np.fmax(eps * np.maximum(1, np.abs(c)), np.abs(b - c))  # b may be NaN
            right |= np.isinf(a) & (a == c.astype(dtype).astype(np.float64))
    assert right.all(), f"{what} is {a[~right].flat[0]}, PyTorch's {b[~right].flat[0]}"


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_samples(entry: Entry) -> None:
    for dtype in HALVES if entry.name not in COMPLEX else ():
        calls = samples(entry, dtype, True)
        eps = float(finfo(DTYPES[dtype]).eps) * ROUNDINGS.get(entry.name, 1.01)
        for call in [*calls[:1], *calls[len(calls) // 2 :][:1], *calls[-1:]]:
            try:
                theirs, their_gradients = outcome(to_theirs(call), entry.info.op)
            except (RuntimeError, NotImplementedError):  # on the CPU it is not there in this dtype
                continue
            try:
                ours, gradients = outcome(to_ours(call), entry.ours)
            except REFUSALS as error:
                if is_refused(entry, error):
                    continue
                error.add_note(str(call))
                raise
            try:
                exact, exact_gradients = outcome(in_float64(call), entry.info.op)
            except RuntimeError:
                exact, exact_gradients = [None] * len(theirs), [None] * len(their_gradients)
            values = entry.name not in DRAWN and not is_random(entry, call) and not drops(entry, call)
            for i, (y, z, w) in enumerate(zip(ours, theirs, exact, strict=True)):
                tied = TIED.get(entry.name) == i
                check(f"{call}: output {i}", y, z, w, eps, values and not tied)
            for i, (d, e, f) in enumerate(zip(gradients, their_gradients, exact_gradients, strict=True)):
                if d is not None and e is not None:
                    same = values and entry.name not in {*WRONG_GRADIENTS, *TIED}
                    check(f"{call}: the gradient of {i}", d, e, f, eps, same)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_promotion(dtype: torch.dtype) -> None:
    x, y = torch.arange(1, 300).to(dtype), autograd.arange(1, 300).to(DTYPES[dtype])
    other, ours = (torch.float16, FLOAT16) if dtype is torch.bfloat16 else (torch.bfloat16, BFLOAT16)
    calls = (
        *(lambda a, m: a + 0.123, lambda a, m: a * 0.123, lambda a, m: 1 / a, lambda a, m: a / 0.123),
        *(lambda a, m: a == 0.1, lambda a, m: a > 0.123, lambda a, m: a % 3.3, lambda a, m: a // 0.123),
        *(lambda a, m: a + m.ones(299), lambda a, m: a * m.arange(299), lambda a, m: a + m.ones(())),
        lambda a, m: a + a.to(other if m is torch else ours),
    )
    for f in calls:
        theirs, found = f(x, torch), f(y, autograd)
        assert found.dtype == DTYPES[theirs.dtype] and np.array_equal(numbers(found), numbers(theirs))
    text = repr(torch.tensor([0.1, 1, 1e5], dtype=torch.bfloat16)).replace("torch.", "")
    assert repr(autograd.tensor([0.1, 1, 1e5], dtype=BFLOAT16)) == text


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_autocast_returns_pytorchs_dtypes(dtype: torch.dtype) -> None:
    found = []
    for m, kind in ((torch, dtype), (autograd, DTYPES[dtype])):
        library: Any = m
        x, w = library.ones(2, 3), library.ones(3, 3)
        with library.autocast("cpu", dtype=kind):
            y = library.nn.functional.linear(x, w)
            images = library.nn.functional.conv2d(library.ones(1, 1, 3, 3), library.ones(1, 1, 2, 2))
            loss = library.nn.functional.cross_entropy(y, library.tensor([0, 1]))
            results = [x @ w, y, images, y + x, y.relu(), loss, x.double() @ w.double()]
        found.append([str(z.dtype).removeprefix("torch.") for z in results])
    assert found[0] == found[1]


@pytest.mark.parametrize("legacy", [False, True])
def test_files(legacy: bool) -> None:
    saved = {str(dtype): torch.arange(5.0).to(dtype) for dtype in HALVES}
    file = io.BytesIO()
    torch.save(saved, file, _use_new_zipfile_serialization=not legacy)
    file.seek(0)
    for name, x in autograd.load(file).items():
        assert x.dtype == DTYPES[saved[name].dtype] and x.tolist() == [0, 1, 2, 3, 4]
