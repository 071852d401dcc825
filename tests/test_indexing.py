"""x[index] and x[index] = value in cases where PyTorch and NumPy differ, or where an index could go stale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        ((0, slice(None), [1, 2]), (3, 2)),  # NumPy gives (2, 3)
        (([0, 1], slice(None), 1), (2, 3)),
        ((slice(None), 0, [1, 2]), (2, 2)),
        ((0, None, ..., [1, 2, 3]), (1, 3, 3)),
        ((None, 1, [True, False, True]), (1, 2, 4)),
        (([0, 1], slice(None), [0, 1]), (2, 3)),
        (([], 0), (0, 4)),
        (range(2), (2, 3, 4)),
    ],
)
def test_a_number_moves_no_dimension(index: Any, shape: tuple[int, ...]) -> None:
    x = autograd.arange(24).reshape(2, 3, 4)
    picked = x[index]
    assert picked.shape == shape
    x[index] = -1 - picked
    assert x[index].tolist() == (-1 - picked).tolist()
    assert (x < 0).sum().item() == picked.numel()


def test_an_index_that_is_changed_afterwards_does_not_change_the_gradient() -> None:
    x, index = autograd.zeros(3, requires_grad=True), autograd.tensor([0, 0])
    y = x[index]
    index += 1
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2, 0, 0]


def test_rows_without_columns_have_a_gradient() -> None:
    x = autograd.zeros(3, 0, requires_grad=True)
    x[np.array([2, 0])].sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (3, 0)


def test_a_changed_index_of_gather_is_noticed() -> None:
    x, index = autograd.zeros(1, 3, requires_grad=True), autograd.tensor([[0, 0]])
    y = autograd.gather(x, 1, index)
    index += 1
    with pytest.raises(RuntimeError, match="gather: its input 1 was changed in place"):
        y.sum().backward()


@pytest.mark.parametrize("index", [np.zeros(2, np.uint8), np.zeros(2), "a", 1.0])
def test_what_is_no_index_is_an_error(index: Any) -> None:
    with pytest.raises(IndexError, match="indexing: "):
        autograd.zeros(2, 3)[index]


def test_writing_through_a_number_and_a_mask_counts_as_a_change() -> None:
    x = autograd.ones(2, 2)
    w = autograd.ones(2, 2, requires_grad=True)
    y = (w * x).sum()
    x[0, x[0] > 0] = 5.0
    assert x.tolist() == [[5, 5], [1, 1]]
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_an_element_is_a_view_too() -> None:
    x = autograd.arange(6).reshape(2, 3)
    x[1, 2].fill_(9)
    x[0][1].zero_()
    for number in x[:, 0]:
        number.fill_(7)
    assert x.tolist() == [[7, 0, 2], [7, 4, 9]]


@pytest.mark.parametrize("places", [
    [2, 1, 0, 1, 2, 3, 4, 3], [0, 0, 0, 1, 2, 3, 4, 4, 4], [3, 4, 0, 1, 2, 3, 4, 0], [1, 2], [4, 3, 2], [-1, 0, -4],
    [3], [2, 2, 2], [0, 2, 4, 1, 3, 0, 2, 4, 1], [0, 2, 4, 1],
])  # fmt: skip
def test_runs_of_numbers_along_a_dimension(places: list[int]) -> None:
    array = np.random.default_rng(0).random((2, 5, 3)).astype(np.float32)
    x, g = autograd.tensor(array, requires_grad=True), np.random.default_rng(1).random((2, len(places), 3))
    y = x[:, places]
    assert np.array_equal(y.detach().numpy(), array[:, places])
    (y * autograd.tensor(g.astype(np.float32))).sum().backward()
    expected = np.zeros(array.shape)
    for i, place in enumerate(places):
        expected[:, place] += g[:, i]
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-6)
