"""Users' mistakes give clear errors: each call, its error type, and words that the message must contain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.testing import check_op
from nn import functional as F


def scores() -> autograd.Tensor:
    return autograd.zeros(4, 10)


def assign_grad(value: Any) -> None:
    autograd.zeros(3, requires_grad=True).grad = value


def picture_without_batch() -> Any:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 30 * 30, 2))
    return net(autograd.zeros(3, 32, 32))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.relu([1.0]), TypeError, ["relu: its input 0 is a list", "autograd.tensor"]),  # type: ignore[arg-type]
        (lambda: F.conv2d([1.0], autograd.zeros(1, 1, 1, 1)), TypeError, ["conv2d: input is a list"]),  # type: ignore[arg-type]
        (lambda: F.cross_entropy(scores(), [1, 2, 3, 4]), TypeError, ["cross_entropy: target is a list"]),  # type: ignore[arg-type]
        (lambda: F.cross_entropy(scores(), autograd.zeros(4, 10).long()), TypeError, ["(4, 10)", ".argmax(1)"]),
        (lambda: assign_grad(np.ones(3)), TypeError, ["a gradient is a Tensor or None, not a numpy.ndarray"]),
        (lambda: assign_grad(autograd.zeros(5)), ValueError, ["float32 of shape (5,)", "shape (3,)"]),
        (lambda: assign_grad(autograd.zeros(3).double()), ValueError, ["float64", "float32"]),
        (lambda: optim.SGD(nn.Linear(2, 2), lr=0.1), TypeError, ["SGD: got a Linear", "model.parameters()"]),  # type: ignore[arg-type]
        (lambda: optim.SGD([autograd.zeros(1)], lr="0.1"), ValueError, ["SGD: lr is '0.1'", "number"]),  # type: ignore[arg-type]
        (lambda: nn.Linear(2, 2).load_state_dict("weights"), TypeError, ["load_state_dict", "not a str"]),  # type: ignore[arg-type]
        (lambda: nn.Linear(-1, 4), ValueError, ["Linear: in_features is -1", "at least 1"]),
        (lambda: nn.Linear(3.0, 4), ValueError, ["Linear: in_features is 3.0", "must be an integer"]),  # type: ignore[arg-type]
        (lambda: nn.Conv2d(0, 4, 3), ValueError, ["Conv2d: in_channels is 0"]),
        (lambda: nn.Conv2d(3, 4, -3), ValueError, ["Conv2d: kernel_size is -3"]),
        (lambda: nn.Conv2d(3, 4, "3"), TypeError, ["an int, or two", "'3'"]),  # type: ignore[arg-type]
        (lambda: F.max_pool2d(autograd.zeros(1, 1, 4, 4), (2, 2, 2)), TypeError, ["an int, or two", "(2, 2, 2)"]),  # type: ignore[arg-type]
        (picture_without_batch, ValueError, ["linear", "(4, 900)", "is its batch dimension missing?"]),
        (lambda: check_op(lambda x: x), TypeError, ["check_op: expects an Op, not a function"]),  # type: ignore[arg-type]
        (lambda: autograd.manual_seed(-(2**63) - 1), ValueError, ["manual_seed", "at least -2**63"]),
        (lambda: autograd.manual_seed(1.5), ValueError, ["manual_seed", "not 1.5"]),  # type: ignore[arg-type]
        (lambda: autograd.randint(10, 0, (2,)), ValueError, ["randint", "low is 10 and high is 0"]),
    ],
)
def test_a_sentence(call: Callable[[], Any], error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as raised:
        call()
    for word in words:
        assert word in str(raised.value)


def test_labels_may_be_an_array() -> None:
    labels = np.array([1, 2, 3, -100])
    loss = F.cross_entropy(scores(), labels)  # type: ignore[arg-type]
    assert loss.item() == pytest.approx(np.log(10))
