"""A tensor is printed as in PyTorch, except for the names of dtypes and ops."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

import autograd

FLOATS = {
    "normal": lambda generator, shape: generator.standard_normal(shape),
    "whole": lambda generator, shape: generator.integers(-40, 40, shape),
    "zero": lambda generator, shape: np.zeros(shape),
    "tiny": lambda generator, shape: 1e-6 * generator.standard_normal(shape),
    "large": lambda generator, shape: 1e9 * generator.standard_normal(shape),
    "wide": lambda generator, shape: 10.0 ** generator.uniform(-30, 30, shape),
    "halves": lambda generator, shape: generator.integers(-40, 40, shape) / 2,
}
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0]


def plain(text: str) -> str:
    """Remove PyTorch's module before a dtype, which can also move the following text to a new line."""
    return re.sub(r",\s+(dtype|requires_grad|grad_fn|size)=", r", \1=", text.replace("torch.", ""))


def assert_same_text(array: np.ndarray, requires_grad: bool = False) -> None:
    ours = repr(autograd.tensor(array, dtype=array.dtype, requires_grad=requires_grad))
    theirs = repr(torch.tensor(array, requires_grad=requires_grad))
    assert plain(ours) == plain(theirs)
    if "dtype" not in theirs:
        assert ours == theirs


shapes = st.one_of(
    st.lists(st.integers(0, 9), max_size=4), st.tuples(st.integers(0, 2000)), st.tuples(st.integers(1, 90), st.just(40))
)


@given(
    shapes,
    st.sampled_from(sorted(FLOATS)),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from([0.0, 0.0, 0.2, 1.0]),
    st.booleans(),
    st.integers(0, 99),
)
def test_floats(shape: list[int], kind: str, dtype: str, special: float, requires_grad: bool, seed: int) -> None:
    generator = np.random.default_rng(seed)
    array = np.asarray(FLOATS[kind](generator, tuple(shape)), dtype)
    array = np.where(generator.random(array.shape) < special, generator.choice(SPECIAL, array.shape), array)
    assert_same_text(array.astype(dtype), requires_grad)


@pytest.mark.parametrize("kind", sorted(FLOATS))
@pytest.mark.parametrize("shape", [(10,), (40,), (2, 30), (2, 2, 30), (64, 100), (2, 3, 4, 4), (1001,), (7, 7, 30)])
def test_where_lines_end(shape: tuple[int, ...], kind: str) -> None:
    array = FLOATS[kind](np.random.default_rng(0), shape)
    assert_same_text(np.asarray(array, np.float32))
    assert_same_text(np.asarray(array, np.float64), requires_grad=True)
    assert_same_text(np.asarray(np.abs(array) % 256).astype(np.uint8))
    assert_same_text(np.asarray(array) > 0)


@given(
    shapes, st.sampled_from(["bool", "uint8", "int8", "int16", "int32", "int64"]), st.integers(0, 40), st.integers(0, 9)
)
def test_integers_and_bools(shape: list[int], dtype: str, bits: int, seed: int) -> None:
    array = np.random.default_rng(seed).integers(-(2**bits), 2**bits, tuple(shape))
    assert_same_text(np.asarray(array).astype(dtype))


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_default_dtype(default: str) -> None:
    before = torch.get_default_dtype()
    try:
        autograd.set_default_dtype(getattr(autograd, default))
        torch.set_default_dtype(getattr(torch, default))
        for dtype in ("float32", "float64", "int64", "bool"):
            assert_same_text(np.ones((2, 3), dtype))
            assert_same_text(np.ones(0, dtype))
    finally:
        autograd.set_default_dtype(autograd.float32)
        torch.set_default_dtype(before)


@pytest.mark.parametrize("size", [1, 2, 9, 10, 11])
def test_grad_fn(size: int) -> None:
    array = np.linspace(0, 1, size, dtype=np.float32)
    ours = repr(autograd.tensor(array, requires_grad=True).relu())
    assert ours == repr(torch.tensor(array, requires_grad=True).relu())
