"""Python numbers where functions expect tensors, and integers where layers expect floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F

X = autograd.tensor([1.0, -2.0])
WHOLE = autograd.tensor([6, 4])


@pytest.mark.parametrize("args", [(X, 2), (2, X), (2, 3)], ids=str)
@pytest.mark.parametrize("name", ["maximum", "minimum", "atan2", "hypot", "isclose", "logical_and", "fmax"])
def test_both_must_be_tensors(name: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=f"{name}: its input . is the number [23]; expects a tensor"):
        getattr(autograd, name)(*args)


@pytest.mark.parametrize("name", ["eq", "lt", "fmod", "copysign", "clamp_min"])
def test_the_first_must_be_a_tensor(name: str) -> None:
    function = getattr(autograd, name)
    assert function(X, 2).shape == (2,)
    for args in ((2, X), (2, 3)):
        with pytest.raises(TypeError, match=f"{name}: its input 0 is the number 2"):
            function(*args)


def test_one_must_be_a_tensor() -> None:
    assert autograd.pow(2, X).tolist() == [2.0, 0.25]
    assert autograd.add(2, 3).item() == 5  # as in PyTorch, which takes two numbers in arithmetic
    for function in (autograd.pow, autograd.remainder, autograd.bitwise_and):
        with pytest.raises(TypeError, match="the number 2; expects a tensor"):
            function(2, 3)


def test_numpys_functions_take_numbers() -> None:
    assert np.maximum(X, 0).tolist() == [1.0, 0.0]  # type: ignore[call-overload]
    assert np.gcd(WHOLE, 4).tolist() == [2, 4]  # type: ignore[call-overload]


BIG = 2**60 + 1  # float64 has no such number


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: F.linear(autograd.tensor([[BIG, 1]]), autograd.tensor([[1, 2]])), [[BIG + 2]]),
        (lambda: F.conv1d(autograd.tensor([[[BIG, 1]]]), autograd.tensor([[[1, 1]]])), [[[BIG + 1]]]),
        (lambda: F.conv_transpose1d(autograd.tensor([[[BIG]]]), autograd.tensor([[[1, 2]]])), [[[BIG, 2 * BIG]]]),
        (lambda: F.max_pool1d(autograd.tensor([[[BIG, BIG - 1, -BIG, -BIG]]]), 2), [[[BIG, -BIG]]]),
        (lambda: F.avg_pool1d(autograd.tensor([[[BIG, BIG, -3, 0]]]), 2), [[[BIG, -1]]]),
        (lambda: F.avg_pool3d(autograd.tensor([[[[[-1, 0]], [[-1, -1]]]]]), (2, 1, 2), 1), [[[[[0]]]]]),
    ],
)
def test_integers_are_exact(call: Callable[[], autograd.Tensor], expected: Any) -> None:
    y = call()
    assert y.dtype == np.int64
    assert y.tolist() == expected


def test_bytes_wrap_around() -> None:
    x, w = autograd.tensor([[200, 100]], dtype=autograd.uint8), autograd.tensor([[1, 1]], dtype=autograd.uint8)
    assert F.linear(x, w).tolist() == [[(200 + 100) % 256]]


def test_channels_last_is_a_copy_in_numpys_order() -> None:
    x = autograd.ones(2, 3, 4, 4)
    y = x.to(memory_format=autograd.channels_last)
    assert y.is_contiguous() and not np.may_share_memory(x.array, y.array)
    with pytest.raises(RuntimeError, match=r"channels_last is for tensors of 4 dimensions, not for shape \(2,\)"):
        X.to(memory_format=autograd.channels_last)
