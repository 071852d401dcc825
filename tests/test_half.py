"""float16 and bfloat16: what is stored in them, and what is computed in float32."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor, ops, tensor
from autograd.gradcheck import as_tuple
from autograd.op import Op, Row, table
from autograd.promotion import BFLOAT16, FLOAT16, HALVES, finfo, result_type
from autograd.tensor import wrap
from autograd.testing import RandomDraw, compare
from autograd.types import Array

HALF = pytest.mark.parametrize("dtype", HALVES, ids=str)
# Rows of complex numbers, which have no dtype with parts of half precision.
COMPLEX = {"complex", "polar", "view_as_complex"}
# Rows with results that jump, or digits of the dtype itself: their values are not those of float32, rounded.
OWN_VALUES = {"nextafter"}


def drawn(row: Row, dtype: np.dtype) -> tuple[list[Any], dict[str, Any]]:
    """A call of the row with some elements, its floats in a half dtype."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        sample = row.sample(RandomDraw(rng, row.kind))
        arrays = [x for x in sample.inputs if isinstance(x, np.ndarray)]
        if all(x.size for x in arrays):
            break
    inputs = [x.astype(dtype) if isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f" else x
              for x in sample.inputs]  # fmt: skip
    return [np.asarray(x) if isinstance(x, np.generic) else x for x in inputs], sample.params


def run(row: Row, inputs: list[Any], params: dict[str, Any]) -> tuple[list[Tensor], list[Array | None]]:
    """The outputs, and the gradient of each input for out-gradients of 1."""
    tensors = [
        wrap(x, x.dtype.kind in "fV" and row.kind != "discrete") if isinstance(x, np.ndarray) else x for x in inputs
    ]
    outputs = list(as_tuple(row(*tensors, **params)))
    roots = [y for y in outputs if y.requires_grad]
    if roots:
        autograd.autograd.backward(roots, [autograd.ones_like(y) for y in roots])  # type: ignore[attr-defined]
    return outputs, [None if not isinstance(x, Tensor) or x.grad is None else x.grad.array for x in tensors]


@HALF
@pytest.mark.parametrize("name", [name for name, row in table.items() if row.__class__.__module__ == "autograd.op"])
def test_every_row(name: str, dtype: np.dtype) -> None:
    """What is float32 for float32 inputs is half for half ones: an op's result to the bit, gradients within rounding."""
    if name in COMPLEX:
        return
    row = table[name]
    inputs, params = drawn(row, dtype)
    widened = [x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype == dtype else x for x in inputs]
    given = [x.copy() if isinstance(x, np.ndarray) else x for x in inputs]
    with np.errstate(all="ignore"):
        try:
            wide, wide_gradients = run(row, widened, params)
        except RuntimeError as error:
            assert "discrete" in str(error)
            raise
        half, gradients = run(row, inputs, params)
    eps = float(finfo(dtype).eps)
    is_half = any(isinstance(x, np.ndarray) and x.dtype == dtype for x in inputs)
    kept = "dtype" in params
    for i, (y, z) in enumerate(zip(half, wide, strict=True)):
        expected = dtype if z.dtype == np.float32 and is_half and not kept else z.dtype
        assert y.dtype == expected, f"output {i} is {y.dtype}"
        if name not in OWN_VALUES and y.dtype.kind != "c":
            exact = isinstance(row, Op)
            rounded = z.detach().array.astype(expected).astype(np.float64)
            compare(f"output {i}", y.detach().array.astype(np.float64), rounded, 0 if exact else 8 * eps, "rounded")
    for i, (x, d, e) in enumerate(zip(inputs, gradients, wide_gradients, strict=True)):
        assert (d is None) == (e is None), f"gradient of input {i}"
        if d is not None and e is not None:
            assert d.dtype == x.dtype and d.shape == x.shape, f"the gradient of input {i} is {d.dtype}"
            if name not in OWN_VALUES:
                compare(f"the gradient of input {i}", d.astype(np.float64), e.astype(np.float64), 16 * eps, "exactly")
    for x, before in zip(inputs, given, strict=True):
        assert not isinstance(x, np.ndarray) or x.tobytes() == before.tobytes()
