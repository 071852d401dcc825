"""Meaningless input is refused with a clear error: it is neither accepted nor left to NumPy's or Python's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import ops
from autograd.names import public_names

ones, zeros = autograd.ones, autograd.zeros


def bytes_() -> autograd.Tensor:
    return zeros(2, dtype=autograd.uint8)


def set_item(tensor: autograd.Tensor, value: Any) -> autograd.Tensor:
    tensor[0] = value
    return tensor


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    # values that do not fit
    (
        lambda: set_item(bytes_(), 300),
        ValueError,
        r"setitem: 300 does not fit into uint8, .* 255",
    ),
    (lambda: set_item(bytes_(), -256), ValueError, r"setitem: -256"),
    (lambda: set_item(bytes_(), float("nan")), ValueError, r"setitem: nan"),
    (lambda: set_item(bytes_(), 1j), RuntimeError, r"setitem: 1j is complex, and uint8 has no imaginary part"),
    (lambda: set_item(zeros(2), 1e300), ValueError, r"setitem: 1e\+300 does not fit into float32"),
    (lambda: bytes_().fill_(256), ValueError, r"fill_: 256"),
    (lambda: autograd.full((2,), 300, dtype=autograd.uint8), ValueError, r"full: 300"),
    (lambda: autograd.full_like(bytes_(), 300), ValueError, r"full_like: 300"),
    (lambda: autograd.tensor([1, 300], dtype=autograd.uint8), ValueError, r"tensor: 300"),
    (lambda: autograd.tensor([np.nan], dtype=autograd.int64), ValueError, r"tensor: nan does not fit into int64"),
    (lambda: bytes_().masked_fill(bytes_() == 0, 300), ValueError, r"masked_fill: 300"),
    (lambda: ones(2).masked_fill(ones(2) > 0, 1j), RuntimeError, r"masked_fill: 1j is complex"),
    # sizes
    (lambda: ones(4).reshape(2, -2), ValueError, r"reshape: 4 elements .* \(2, -2\)"),
    (lambda: ones(4).view(-2, 2), RuntimeError, r"view: 4 elements .* \(-2, 2\)"),
    (lambda: zeros(2, -1), ValueError, r"zeros: sizes must be at least 0, and \(2, -1\) has -1"),
    (lambda: zeros(2.5), TypeError, r"zeros: sizes are integers, not 2\.5"),  # type: ignore[arg-type]
    (lambda: ones("ab"), TypeError, r"ones: sizes are integers, not 'ab'"),  # type: ignore[arg-type]
    (lambda: autograd.empty(-1), ValueError, r"empty: sizes"),
    (lambda: autograd.full((-1,), 2.0), ValueError, r"full: sizes"),
    (lambda: autograd.rand(-1), ValueError, r"rand: sizes"),
    (lambda: autograd.randn(1.5), TypeError, r"randn: sizes"),  # type: ignore[arg-type]
    (lambda: autograd.randint(0, 3, (-1,)), ValueError, r"randint: sizes"),
    (lambda: autograd.randperm(-1), ValueError, r"randperm: sizes"),
    (lambda: autograd.eye(-1), ValueError, r"eye: sizes"),
    (lambda: autograd.eye(0, -3), ValueError, r"eye: sizes must be at least 0, and \(0, -3\) has -3"),
    # ranges
    (lambda: autograd.arange(5, 0), ValueError, r"arange: a step of 1 leads from 5 away from 0, the end"),
    (lambda: autograd.arange(0, -3, 2), ValueError, r"arange: a step of 2"),
    (lambda: autograd.arange(0, 3, -2), ValueError, r"arange: a step of -2"),
    (lambda: autograd.arange(-3), ValueError, r"arange: a step of 1 leads from 0 away from -3"),
    (lambda: autograd.arange(0, float("inf")), ValueError, r"arange: .* must be finite"),
    (lambda: autograd.arange(0, float("nan")), ValueError, r"arange: .* finite"),
    (lambda: autograd.linspace(0, 3, 1.0), TypeError, r"linspace: steps is 1\.0"),  # type: ignore[arg-type]
    (lambda: autograd.linspace(ones(2), 3, 4), ValueError, r"linspace: start has shape \(2,\)"),  # type: ignore[arg-type]
    (lambda: autograd.linspace(0, np.ones(2), 4), ValueError, r"linspace: end has shape \(2,\)"),  # type: ignore[arg-type]
    # tolerances, probabilities, eps
    (lambda: autograd.allclose(ones(2), ones(2), rtol=-1), ValueError, r"isclose: rtol -1"),
    (lambda: autograd.isclose(ones(2), ones(2), atol=float("nan")), ValueError, r"isclose: .*atol nan"),
    (lambda: F.binary_cross_entropy(ones(1) * 0.9, ones(1) * 2), ValueError, r"binary_cross_entropy: target has 2\.0"),
    (lambda: F.binary_cross_entropy(ones(1) * 0.9, -ones(1)), ValueError, r"binary_cross_entropy: target has -1\.0"),
    (lambda: F.binary_cross_entropy(ones(1) * np.nan, ones(1)), ValueError, r"binary_cross_entropy: input has nan"),
    (lambda: F.binary_cross_entropy(ones(1) / 2, ones(1) * np.nan), ValueError, r"target has nan"),
    (lambda: F.batch_norm(ones(4, 3), None, None, training=True, eps=-1.0), ValueError, r"batch_norm: eps is -1\.0"),
    (lambda: F.batch_norm(ones(4, 3), zeros(3), ones(3), eps=float("nan")), ValueError, r"batch_norm: eps is nan"),
    (lambda: ops.batch_norm_relu(ones(4, 3), zeros(3), ones(3), eps=-1.0), ValueError, r"eps is -1\.0"),
    (lambda: F.layer_norm(ones(4, 3), (3,), eps=-1.0), ValueError, r"layer_norm: eps is -1\.0"),
    (lambda: F.group_norm(ones(4, 3), 1, eps=-1.0), ValueError, r"group_norm: eps is -1\.0"),
    # dimensions and channels
    (lambda: ones(()).unbind(), IndexError, r"unbind: a tensor without dimensions cannot be split"),
    (lambda: ones(()).split(1), IndexError, r"split: a tensor without dimensions"),
    (lambda: ones(()).chunk(1), IndexError, r"chunk: a tensor without dimensions"),
    (lambda: ones(2).sum(1.0), TypeError, r"sum: dim is 1\.0; expects a whole number"),  # type: ignore[arg-type]
    (lambda: ones(2).softmax("a"), TypeError, r"softmax: dim is 'a'"),  # type: ignore[arg-type]
    (lambda: -(ones(2) > 0), TypeError, r"neg: bool tensors have no negative"),
    (lambda: F.conv2d(ones(2, 0, 8, 8), ones(2, 0, 3, 3)), ValueError, r"conv2d: .*\(2, 0, 8, 8\).* without channels"),
    (lambda: F.conv2d(ones(2, 2, 8, 8), ones(0, 2, 3, 3)), ValueError, r"conv2d: .*\(0, 2, 3, 3\).* without channels"),
    (lambda: F.conv1d(ones(2, 0, 8), ones(2, 0, 3)), ValueError, r"conv1d: .* without channels"),
    (
        lambda: F.conv_transpose2d(ones(2, 0, 8, 8), ones(0, 2, 3, 3)),
        ValueError,
        r"transpose2d: .* without channels",
    ),
    (lambda: F.conv2d(ones(1, 1, 4, 3), ones(1, 2, 2), padding="same"), ValueError, r"conv2d: .*4 dim.*\(1, 2, 2\)"),
    (lambda: F.pad(ones(2, 3), 1), TypeError, r"pad: expects whole numbers .* not 1"),  # type: ignore[arg-type]
    (lambda: F.pad(ones(2, 3), (1.5, 1)), TypeError, r"pad: expects whole numbers .* \(1\.5, 1\)"),  # type: ignore[arg-type]
    # not a tensor
    (lambda: "a" in ones(2), TypeError, r"in: a tensor is searched for a number or a tensor, not for a str"),
    (lambda: None in ones(2), TypeError, r"in: .* NoneType"),
    (lambda: nn.Dropout().train("eval"), ValueError, r"Dropout\.train: expects True or False, not 'eval'"),  # type: ignore[arg-type]
    (lambda: nn.Sequential(nn.ReLU()).train(None), ValueError, r"Sequential\.train: .* None"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "error", "words"), BAD)
def test_a_sentence(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


X = ones(2, 3)
MORE: dict[str, tuple[Any, ...]] = {
    "adaptive_avg_pool2d": (1,),
    "avg_pool2d": (2,),
    "batch_norm": (ones(3), ones(3)),
    "batch_norm_relu": (ones(3), ones(3)),
    "chunk": (2,),
    "bucketize": (ones(3),),
    "cumsum": (0,),
    "einsum": (X,),
    "expand": (2, 3),
    "flip": ((0,),),
    "gather": (0, zeros(1, 3).long()),
    "getitem": (0,),
    "group_norm": (1,),
    "index_reduce": (0, autograd.tensor([0, 1]), X, "amax"),
    "index_select": (0, autograd.tensor([0])),
    "layer_norm": ((3,),),
    "log_softmax": (0,),
    "logsumexp": (0,),
    "masked_fill": (X > 0, 0.0),
    "max_pool2d": (2,),
    "movedim": (0, 1),
    "pad": ((1, 1),),
    "permute": ((0, 1),),
    "reshape": ((6,),),
    "scatter_add": (0, zeros(1, 3).long(), X),
    "softmax": (0,),
    "split": (1,),
    "to": (np.float64,),
    "transpose": (0, 1),
    "unsqueeze": (0,),
}
OF_NUMBERS = {"allclose", "broadcast_shapes", "bucketize", "float_power"} | {
    name for name in public_names(ops) if getattr(autograd.op.table.get(name), "promotes", False)
}


# what other functions call, with arguments that they have checked
INNER = {"layouts", "plain_index", "setitem", "sizes_of", "strided_read", "strided_write"}


@pytest.mark.parametrize("name", sorted(set(public_names(ops)) - INNER))
@pytest.mark.parametrize("value", [[1.0], 2, None, "a"], ids=repr)
def test_what_is_no_tensor(name: str, value: Any) -> None:
    """A wrong first argument.  Functions of numbers may get a number."""
    import inspect

    function = getattr(ops, name)
    needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    if value == 2 and name in OF_NUMBERS:
        return
    with pytest.raises((TypeError, ValueError)) as raised:
        function(value, *MORE.get(name, (X,) * (len(needed) - 1)))
    assert name.split("_")[0] in str(raised.value) or "expects" in str(raised.value), raised.value
    assert "has no attribute" not in str(raised.value)
    assert "ufunc" not in str(raised.value) and "operand" not in str(raised.value), raised.value


def test_what_fits_is_taken() -> None:
    assert set_item(bytes_(), 255).tolist() == [255, 0]
    assert set_item(bytes_(), -1).tolist() == [255, 0]  # wraps around, as in PyTorch
    assert set_item(bytes_(), 1.5).tolist() == [1, 0]
    assert set_item(bytes_(), autograd.tensor(300)).tolist() == [44, 0]  # a tensor is converted
    assert set_item(zeros(2), float("inf")).tolist() == [float("inf"), 0]
    assert set_item(zeros(2) > 0, 300).tolist() == [True, False]
    assert autograd.full((2,), -1, dtype=autograd.uint8).tolist() == [255, 255]
    assert autograd.arange(3, 3).tolist() == []
    assert autograd.arange(3, 0, -2).tolist() == [3, 1]


@pytest.mark.slow
@pytest.mark.parallel
def test_sizes_may_be_tensors_and_a_window_one_number() -> None:
    assert zeros(autograd.tensor(3)).shape == (3,)
    assert ones(2, autograd.tensor(3)).shape == (2, 3)
    pooled = F.max_pool2d(ones(1, 1, 4, 4), (2,))  # type: ignore[arg-type]
    assert isinstance(pooled, autograd.Tensor) and pooled.shape == (1, 1, 2, 2)
    assert F.conv2d(ones(1, 1, 4, 4), ones(1, 1, 2, 2), padding=(1,)).shape == (1, 1, 5, 5)  # type: ignore[arg-type]


def test_a_tensor_is_searched_for_numbers_and_tensors() -> None:
    assert 1.0 in ones(2)
    assert ones(2) in ones(2)
    assert np.float32(2) not in ones(2)


def test_a_parameter_without_state_has_an_empty_one() -> None:
    sgd = optim.SGD([ones(1, requires_grad=True)], lr=0.1)
    assert sgd.state[ones(1)] == {}
    assert sgd.state_dict()["state"] == {}
    sgd.load_state_dict(sgd.state_dict())
    assert sgd.state[ones(1)] == {}
