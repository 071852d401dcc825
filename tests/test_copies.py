"""Copies on all threads: the same as NumPy's, whatever the layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd.kernels import copies

DTYPES = [np.float32, np.float64, np.int64]


def numbers(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


LAYOUTS = {
    "rows of a matrix": lambda x: x.reshape(1400, 600)[3:, 5:405],
    "every second row": lambda x: x.reshape(1400, 600)[::2],
    "heads": lambda x: x.reshape(40, 70, 10, 30).transpose(0, 2, 1, 3),
    "heads before the batch": lambda x: x.reshape(40, 70, 10, 30).transpose(2, 0, 1, 3),
    "four dimensions around rows": lambda x: x.reshape(10, 4, 70, 10, 30).transpose(3, 2, 1, 0, 4),
    "a part of each": lambda x: x.reshape(40, 70, 10, 30)[1:, 2:, 1:8, 3:29],
    "transposed": lambda x: x.reshape(1400, 600).T,
    "short rows": lambda x: x.reshape(-1, 4)[:, 1:],
    "repeated": lambda x: np.broadcast_to(x[:300], (1800, 300)),
    "backwards": lambda x: x.reshape(1400, 600)[::-1],
    "columns of one": lambda x: x.reshape(1400, 1, 600)[:, :, 1:],
    "not aligned": lambda x: np.frombuffer(x.tobytes() + b"0" * 8, np.uint8)[1 : 1 + x.nbytes].view(x.dtype),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str, dtype: Any) -> None:
    x = LAYOUTS[layout](numbers(840_000, dtype=dtype))
    assert x.size >= copies.MIN_SIZE
    y = copies.contiguous(x)
    np.testing.assert_array_equal(y, x)
    assert y.dtype == x.dtype and y.flags.c_contiguous and not np.shares_memory(x, y)
    for shape in ((x.size,), (-1, 2), (2, x.size // 2)):
        np.testing.assert_array_equal(copies.reshaped(x, shape), np.reshape(x, shape))
    with pytest.raises(ValueError, match="reshape"):
        copies.reshaped(x, (7, 11))


def test_which_layouts_are_rows() -> None:
    rows = {
        name
        for name, layout in LAYOUTS.items()
        if copies._layout((x := layout(numbers(840_000))).shape, x.strides, np.empty(x.shape, x.dtype).strides, 4)
        is not None
    }
    assert set(LAYOUTS) - rows == {"four dimensions around rows", "transposed", "short rows", "backwards"}


@pytest.mark.parametrize("dim", range(3))
def test_parts_along_every_dimension(dim: int) -> None:
    parts = [numbers(*[n if d == dim else size for d, size in enumerate((90, 100, 70))]) for n in (64, 1, 0, 33)]
    parts.append(parts[0][:, :, ::-1])
    np.testing.assert_array_equal(copies.concatenated(parts, dim), np.concatenate(parts, dim))
    with pytest.raises(ValueError, match="must match exactly"):
        copies.concatenated([*parts, numbers(91, 101, 71)], dim)


def test_a_view_where_there_can_be_one() -> None:
    x = numbers(700, 600)[:, :400]
    assert np.shares_memory(copies.reshaped(x, (7, 100, 400)), x)
    assert copies.reshaped(x, (280_000,)).base is None  # so that the engine may add to it in place


def test_gradients_of_large_copies() -> None:
    x = autograd.tensor(numbers(20, 70, 300), requires_grad=True)
    heads = x.reshape(20, 70, 10, 30).transpose(1, 2)
    joined = autograd.cat([heads, 2 * heads], 1)
    factors = autograd.tensor(numbers(20, 20, 70, 30))
    (joined * factors).sum().backward()
    g = factors.numpy()
    expected = (g[:, :10] + 2 * g[:, 10:]).transpose(0, 2, 1, 3).reshape(20, 70, 300)
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), expected)
