"""grad_fn, its name and its next_functions, compared with PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autograd

GRAPHS: dict[str, Callable[[Any, Any], Any]] = {
    "one op": lambda x, y: x * y,
    "a chain": lambda x, y: (x * y).relu().exp(),
    "a diamond": lambda x, y: (x.exp() * x.sigmoid()) + x,
    "a number and a constant": lambda x, y: (x * 2 + y.detach()).tanh(),
    "the second output": lambda x, y: x.split(1)[1] - y,
    "one leaf twice": lambda x, y: x * x,
}


def shape_of(grad_fn: Any) -> Any:
    """Node names and output numbers as nested tuples; a leaf shows whether it accumulates."""
    if grad_fn is None:
        return None
    if hasattr(grad_fn, "variable"):
        return "AccumulateGrad", tuple(grad_fn.variable.shape), grad_fn.next_functions
    return grad_fn.name(), tuple((shape_of(step), output_nr) for step, output_nr in grad_fn.next_functions)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_has_pytorchs_shape_and_names(name: str) -> None:
    found = []
    for lib in (autograd, torch):
        x, y = (lib.tensor(np.ones((2, 3)), requires_grad=True) for _ in range(2))
        found.append(shape_of(GRAPHS[name](x, y).grad_fn))
    assert found[0] == found[1]


def test_printed_tensors_name_their_grad_fn_as_pytorch_does() -> None:
    ours, theirs = (lib.tensor([1.0, 2.0], requires_grad=True) for lib in (autograd, torch))
    assert repr(ours * 2) == repr(theirs * 2)
    assert repr((ours * 2).relu()) == repr((theirs * 2).relu())
