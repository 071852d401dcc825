"""PyTorch's tensors here, and ours there: without a copy, or refused by their full name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn
import nn.functional as F
import optim
from autograd.utils import dlpack


@pytest.mark.parametrize("name", ["as_tensor", "from_dlpack", "asarray"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "uint8", "bool"])
def test_ours_is_shared_with_torch(name: str, dtype: str) -> None:
    x = autograd.tensor([[1, 0, 1], [0, 1, 1]], dtype=getattr(autograd, dtype))
    for ours in (x, x.T, x[:, 1], x[0, 0], x[:0]):
        theirs = getattr(torch, name)(ours)
        assert theirs.dtype == getattr(torch, dtype) and theirs.tolist() == ours.tolist()
        assert theirs.data_ptr() == ours.array.ctypes.data or not ours.numel()
    theirs = torch.from_numpy(x.numpy())
    assert theirs.data_ptr() == x.array.ctypes.data


def test_torch_copies_ours() -> None:
    x = autograd.arange(6.0).reshape(2, 3)
    theirs = torch.tensor(x)
    assert theirs.tolist() == x.tolist() and theirs.data_ptr() != x.array.ctypes.data
    frozen = autograd.ones(1).expand(3)
    assert torch.from_dlpack(frozen).tolist() == [1, 1, 1]
    for convert in (torch.as_tensor, torch.from_dlpack):
        with pytest.raises(BufferError, match=r"requires grad.*\.detach\(\)"):
            convert(autograd.ones(2, requires_grad=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32, torch.uint8, torch.bool])
def test_torch_is_shared_with_us(dtype: torch.dtype) -> None:
    t = torch.tensor([[1, 0, 1], [0, 1, 1]], dtype=dtype)
    for theirs in (t, t.T, t[:, ::2], t[0, 0]):
        ours = autograd.from_dlpack(theirs)
        assert ours.tolist() == theirs.tolist() and ours.array.ctypes.data == theirs.data_ptr()
    assert dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(t)).tolist() == t.tolist()
    assert torch.utils.dlpack.from_dlpack(dlpack.to_dlpack(autograd.from_dlpack(t))).data_ptr() == t.data_ptr()
    assert autograd.tensor(t).tolist() == autograd.as_tensor(t).tolist() == t.tolist()


def test_what_torch_cannot_share() -> None:
    for theirs in (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.bfloat16)):
        with pytest.raises(BufferError, match=r"from_dlpack: this torch.Tensor cannot be shared \("):
            autograd.from_dlpack(theirs)


P = torch.nn.Parameter(torch.ones(2))
REFUSING: dict[str, Callable[[], Any]] = {
    "op": lambda: autograd.relu(torch.ones(2)),
    "ours + theirs": lambda: autograd.ones(2) + torch.ones(2),
    "theirs + ours": lambda: torch.ones(2) + autograd.ones(2),
    "ours @ theirs": lambda: autograd.ones(2) @ torch.ones(2),
    "layer": lambda: nn.Linear(2, 2)(torch.ones(1, 2)),
    "loss": lambda: F.cross_entropy(autograd.ones(1, 2), torch.zeros(1, dtype=torch.long)),
    "Parameter": lambda: nn.Parameter(torch.ones(2)),
    "from_numpy": lambda: autograd.from_numpy(torch.ones(2)),
    "Variable": lambda: autograd.Variable(torch.ones(2)),
    "optimizer": lambda: optim.SGD([torch.ones(2)], lr=1),
    "init": lambda: nn.init.zeros_(torch.ones(2)),
}


@pytest.mark.parametrize("name", REFUSING)
def test_refused_by_full_name(name: str) -> None:
    with pytest.raises(TypeError, match=r"torch\.Tensor"):
        REFUSING[name]()
    with pytest.raises(TypeError, match=r"torch\.nn\.parameter\.Parameter.*autograd\.from_dlpack\(x\.detach\(\)\)"):
        autograd.relu(P)


def test_taken() -> None:
    x = autograd.arange(4.0)
    assert x[torch.tensor([2, 0])].tolist() == [2, 0]
    x[:2] = autograd.from_dlpack(torch.ones(2))
    assert x.tolist() == [1, 1, 2, 3]
    y = autograd.ones(2, requires_grad=True)
    (y * 2).backward(torch.tensor([1.0, 2.0]))
    assert y.grad is not None and y.grad.tolist() == [2, 4]
    (y * 2).backward(np.ones(2, np.float32))  # type: ignore[arg-type]
