"""Second gradients against PyTorch's on op_db's samples: zeros where PyTorch has zeros, never None."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import autograd
from autograd.gradcheck import random_like
from autograd.tensor import wrap
from autograd.testing import compare
from tests.with_torch import op_db
from tests.with_torch.test_op_db import is_random

RANDOM = {"svd_lowrank"}  # each side draws its own random numbers, and the result depends on them
# A convolution is linear if its weight does not require grad; PyTorch still records its gradient.
LINEAR = {f"nn.functional.conv{kind}{dims}d" for kind in ("", "_transpose") for dims in (1, 2, 3)}
# So is a function that is linear between kinks, and a product of one element; PyTorch gives zeros.
LINEAR |= {f"nn.functional.{name}" for name in ("hardshrink", "hardtanh", "prelu", "relu6", "softshrink", "threshold")}
LINEAR |= {f"nn.functional.adaptive_max_pool{dims}d" for dims in (1, 2, 3)}  # to one element: a maximum
LINEAR |= {"prod", "polar", "nn.functional.rrelu", "nn.functional.grid_sample"}  # the last two in their first input

MOST = 200  # calls per entry; max_pool2d has 1,440 similar ones

# PyTorch raises for the second gradients of these: "derivative … is not implemented".  That of the norm of 0 is NaN.
WITHOUT = {f"nn.functional.{name}" for name in ("hardsigmoid", "multi_margin_loss", "multilabel_margin_loss", "pdist")}
WITHOUT |= {"nn.functional.ctc_loss", "nn.functional.embedding_bag", "cdist", "linalg.norm.subgradients_at_zero"}

ENTRIES = [entry for entry in op_db.entries() if entry.info.supports_autograd and entry.name not in RANDOM | WITHOUT]


def derivatives(root: Any, leaves: list[Any], ys: list[Any], gs: list[np.ndarray], rs: list[np.ndarray]) -> list[Any]:
    """For each leaf's gradient: None, "does not require grad", or its own gradients (arrays or None)."""
    make: Any = op_db.tensor_of if root is torch else wrap
    home = root.autograd
    first = home.grad(ys, leaves, [make(g.copy()) for g in gs], create_graph=True, allow_unused=True)
    found: list[Any] = []
    for d, r in zip(first, rs, strict=True):
        if d is None or not d.requires_grad:
            found.append(None if d is None else "does not require grad")
            continue
        second = home.grad(d, leaves, make(r.copy()), retain_graph=True, allow_unused=True)
        found.append([None if h is None else (h.detach() + 0).numpy() for h in second])
    return found


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_the_gradient_of_a_gradient(entry: op_db.Entry) -> None:
    rng = np.random.default_rng(0)
    calls = op_db.samples(entry, torch.float64, requires_grad=True)
    for call in calls[:: 1 + len(calls) // MOST]:
        if is_random(entry, call):
            continue  # each side drops other elements
        sides = []
        try:
            pair = (torch, entry.info.op, op_db.to_theirs(call)), (autograd, entry.ours, op_db.to_ours(call))
            for root, function, given in pair:
                leaves = [x for x in op_db.tensors_of(given) if x.requires_grad]
                with warnings.catch_warnings(), sdpa_kernel(SDPBackend.MATH):  # the only backend with second gradients
                    warnings.simplefilter("ignore")  # the libraries need not warn in the same cases
                    ys = [
                        y
                        for y in op_db.flat(call.result(function(*given.args, **given.kwargs)))
                        if hasattr(y, "backward")
                    ]
                sides.append((root, leaves, [y for y in ys if y.requires_grad]))
        except (op_db.NotOurs, TypeError, ValueError, RuntimeError, IndexError):
            continue  # other tests check which calls run
        (_, leaves, ys), (_, _, our_ys) = sides
        assert len(our_ys) == len(ys), call
        if not leaves or not any(y.numel() for y in ys):
            continue
        near = 1e-9 if all(x.dtype == torch.float64 for x in leaves) else 1e-4  # cov's weights are float32
        gs = [random_like(op_db.numbers(y), rng) for y in ys]
        rs = [random_like(op_db.numbers(x), rng) for x in leaves]
        theirs, ours = (derivatives(*side, gs, rs) for side in sides)
        for i, (their_rows, our_rows) in enumerate(zip(theirs, ours, strict=True)):
            if not isinstance(their_rows, list):
                # zeros are correct if PyTorch has no gradient
                rows = our_rows if isinstance(our_rows, list) else []
                assert not any(abs(h).max(initial=0) > 1e-12 for h in rows if h is not None), (i, their_rows, call)
                continue
            if entry.name in LINEAR and not isinstance(our_rows, list):
                assert all(h is None or not h.any() for h in their_rows), (i, call)
                continue
            assert isinstance(our_rows, list), f"gradient {i} {our_rows}, but PyTorch's does: {call}"
            for k, (theirs_h, ours_h) in enumerate(zip(their_rows, our_rows, strict=True)):
                if theirs_h is None:
                    assert ours_h is None or not ours_h.any(), (i, k, call)
                    continue
                if ours_h is None and entry.name in LINEAR and abs(theirs_h).max(initial=0) < 1e-12:
                    continue  # that of polar is rounded
                assert ours_h is not None, f"the gradient of gradient {i} by leaf {k} is None, PyTorch's is not: {call}"
                compare(f"{entry.name}: ∂d{i}/∂{k} of {call}", ours_h, theirs_h, near, "PyTorch says")
