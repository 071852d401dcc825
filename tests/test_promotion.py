"""PyTorch's type promotion, tested against the tables of its documentation."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, tensor

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"]

# torch.promote_types, row and column in the order of DTYPES (b8 is bool, the rest as NumPy abbreviates)
TABLE = """
    ?  u1 i1 i2 i4 i8 f4 f8
    u1 u1 i2 i2 i4 i8 f4 f8
    i1 i2 i1 i2 i4 i8 f4 f8
    i2 i2 i2 i2 i4 i8 f4 f8
    i4 i4 i4 i4 i4 i8 f4 f8
    i8 i8 i8 i8 i8 i8 f4 f8
    f4 f4 f4 f4 f4 f4 f4 f8
    f8 f8 f8 f8 f8 f8 f8 f8
"""
PROMOTED = {
    (a, b): np.dtype(cell)
    for a, row in zip(DTYPES, TABLE.split("\n")[1:-1], strict=True)
    for b, cell in zip(DTYPES, row.split(), strict=True)
}
RANK = {"b": 0, "u": 1, "i": 1, "f": 2}

SCALARS: list[tuple[Any, np.dtype]] = [
    (True, np.dtype(bool)),
    (3, np.dtype(np.int64)),
    (2.5, np.dtype(np.float32)),
]


def of(dtype: str, *shape: int) -> Tensor:
    return autograd.ones(shape, dtype=dtype)


def expected(strong: np.dtype, weak: np.dtype) -> np.dtype:
    """Operands with dimensions determine the dtype, unless another operand has a higher category."""
    return weak if RANK[weak.kind] > RANK[strong.kind] else strong


@pytest.mark.parametrize("a", DTYPES)
@pytest.mark.parametrize("b", DTYPES)
def test_tensors(a: str, b: str) -> None:
    want = PROMOTED[a, b]
    assert autograd.promote_types(np.dtype(a), np.dtype(b)) == want
    for x, y in [(of(a, 2), of(b, 2)), (of(a), of(b)), (of(a, 2), of(b, 3, 1))]:
        assert autograd.result_type(x, y) == want
        assert (x + y).dtype == (x * y).dtype == want
        assert (x / y).dtype == (want if want.kind == "f" else np.float32)
        assert (x == y).dtype == (x < y).dtype == np.bool_
    assert (of(a, 2) + of(b)).dtype == (of(b) + of(a, 2)).dtype == expected(np.dtype(a), np.dtype(b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("scalar", "scalar_dtype"), SCALARS)
@pytest.mark.parametrize("shape", [(), (2,)])
def test_tensors_and_python_numbers(dtype: str, scalar: Any, scalar_dtype: np.dtype, shape: tuple[int, ...]) -> None:
    x, want = of(dtype, *shape), expected(np.dtype(dtype), scalar_dtype)
    for op in (operator.add, operator.mul):
        assert op(x, scalar).dtype == op(scalar, x).dtype == want
        np.testing.assert_array_equal(op(x, scalar).numpy(), np.full(shape, op(1, scalar), want))
    assert (x / scalar).dtype == (scalar / x).dtype == (want if want.kind == "f" else np.float32)
    assert (x < scalar).dtype == np.bool_


def test_numpy_numbers_count_as_python_numbers() -> None:
    x = autograd.ones(2)
    assert (x * np.float64(2)).dtype == (np.float64(2) * x).dtype == np.float32
    number: Any = np.int64(2)
    assert (number * tensor([1], dtype=np.int8)).dtype == np.int8
    assert (x * np.ones(2)).dtype == np.float64  # an array has dimensions


def test_three_operands() -> None:
    assert autograd.result_type(of("int32", 2), of("float64"), 1.5) == np.float64
    assert autograd.result_type(of("float32", 2), of("float64"), 1.5) == np.float32
    assert autograd.result_type(of("int8", 2), 3) == np.int8


def test_the_default_dtype() -> None:
    assert autograd.get_default_dtype() == np.float32
    autograd.set_default_dtype(autograd.float64)
    try:
        assert tensor(1.5).dtype == autograd.zeros(2).dtype == autograd.rand(2).dtype == np.float64
        assert (tensor([1, 2]) / 2).dtype == (tensor([1]) * 1.5).dtype == np.float64
        assert (of("float32", 2) * 1.5).dtype == np.float32
        assert repr(tensor(1.0)) == "tensor(1.)"
    finally:
        autograd.set_default_dtype(autograd.float32)
    assert tensor(1.5).dtype == np.float32
    with pytest.raises(TypeError, match="float16 or bfloat16, not int64"):
        autograd.set_default_dtype(np.int64)


def test_numbers_wrap_around_like_pytorchs() -> None:
    assert (tensor([1], dtype=np.int8) + 300).tolist() == [45]
    assert (tensor([1], dtype=np.uint8) * -1).tolist() == [255]


def test_values_survive_promotion() -> None:
    """Operands are converted before the arithmetic."""
    assert (tensor([200], dtype=np.uint8) + tensor([100], dtype=np.int16)).tolist() == [300]
    big = tensor([2**24 + 1])
    assert (big + tensor([0.0], dtype=np.float64)).tolist() == [2**24 + 1]


@pytest.mark.parametrize("wrong", ["a", None, [1, 2]])
def test_what_is_no_number(wrong: Any) -> None:
    expected = "expects tensors or numbers, got Tensor, NoneType" if wrong is None else "its input 1 is a "
    with pytest.raises(TypeError, match=f"add: {expected}"):
        autograd.ones(2) + wrong
    with pytest.raises(TypeError):
        autograd.result_type(wrong)


def test_a_dtype_no_tensor_holds() -> None:
    with pytest.raises(TypeError, match="or complex numbers"):
        autograd.promote_types(np.dtype("U1"), np.dtype(float))
    with pytest.raises(TypeError, match="no operand"):
        autograd.result_type()


def test_limits_of_integers_are_in_iinfo() -> None:
    with pytest.raises(TypeError, match=r"finfo: int32 is no float dtype; autograd\.iinfo"):
        autograd.finfo(autograd.int32)


def test_gradients_of_promoted_inputs() -> None:
    narrow = autograd.ones(2, requires_grad=True)
    wide = autograd.ones(2, dtype=autograd.float64, requires_grad=True)
    (narrow * wide * tensor([2, 3])).sum().backward()
    assert narrow.grad is not None and wide.grad is not None
    assert (narrow.grad.dtype, wide.grad.dtype) == (np.float32, np.float64)
    assert narrow.grad.tolist() == wide.grad.tolist() == [2, 3]
