"""Files of torch.save are read as PyTorch reads them, and safetensors files of ours by PyTorch."""

from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

import autograd
import nn
import optim

X = torch.arange(20.0).reshape(4, 5)


def assert_same(found: Any, saved: Any) -> None:
    if isinstance(saved, torch.Tensor):
        values = saved.detach()
        values = values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
        assert isinstance(found, autograd.Tensor) and found.requires_grad == saved.requires_grad
        assert isinstance(found, nn.Parameter) == isinstance(saved, torch.nn.Parameter)
        assert found.shape == tuple(saved.shape) and np.array_equal(found.detach().numpy(), values.numpy())
        assert found.dtype == values.numpy().dtype or saved.dtype in (torch.float16, torch.bfloat16)
    elif isinstance(saved, dict):
        assert list(found) == list(saved) and type(found) is type(saved)
        for key, item in saved.items():
            assert_same(found[key], item)
    elif isinstance(saved, list | tuple):
        assert len(found) == len(saved) and type(found).__name__ == type(saved).__name__
        for one, other in zip(found, saved):
            assert_same(one, other)
    elif isinstance(saved, torch.dtype | torch.device):
        assert str(found) == str(saved).removeprefix("torch.")
    elif isinstance(saved, np.ndarray):
        assert found.dtype == saved.dtype and np.array_equal(found, saved)
    else:
        assert type(found) is type(saved) and found == saved


def trained() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    net = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.BatchNorm1d(3)).double()
    optimizer = torch.optim.Adam(net.parameters())
    net(X.double())[0].square().sum().backward()
    optimizer.step()
    return net, optimizer


VALUES: dict[str, Any] = {
    "views": {"x": X, "t": X.t(), "v": X[1:3, ::2], "expanded": torch.ones(1).expand(3, 4)},
    "dtypes": [X.to(d) for d in (torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int16, torch.int32)],
    "more dtypes": [X.to(torch.int64), X.to(torch.uint8), X > 3, torch.zeros(0, 3), torch.tensor(3.5)],
    "leaves": [torch.nn.Parameter(torch.ones(2)), torch.ones(2, requires_grad=True)],
    "torch": (torch.Size([2, 3]), torch.float32, torch.device("cpu")),
    "plain": (1, -2.5, None, True, "é", 10**20, 2 - 3j, b"a\xff", {1, 2}, OrderedDict(a=[]), {1: "a", (1, "b"): 2}),
    "numpy": [np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3).T, np.float64(2.5), np.arange(2) > 0],
    "state": [part.state_dict() for part in trained()],
}
FORMATS: dict[str, dict[str, Any]] = {
    "zip": {},
    "legacy": {"_use_new_zipfile_serialization": False},
    "protocol 5": {"pickle_protocol": 5},
    "legacy, protocol 4": {"_use_new_zipfile_serialization": False, "pickle_protocol": 4},
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("form", FORMATS)
def test_files_of_torch_save(name: str, form: str) -> None:
    file = io.BytesIO()
    torch.save(VALUES[name], file, **FORMATS[form])
    file.seek(0)
    found = autograd.load(file, map_location="cpu", weights_only=True)
    assert_same(found, VALUES[name])
    if name == "views":  # which share their memory
        found["x"][1, 0] = 70.0
        assert found["t"][0, 1] == 70 and found["v"][0, 0] == 70


def test_a_net_and_its_optimizer_are_loaded(tmp_path: Path) -> None:
    theirs, optimizer = trained()
    torch.save({"net": theirs.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "a.pth")
    found = autograd.load(tmp_path / "a.pth")
    ours = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3)).double()
    ours.load_state_dict(found["net"])
    other = optim.Adam(ours.parameters())
    other.load_state_dict(found["optimizer"])
    for net, its, x in ((theirs, optimizer, X.double()), (ours, other, autograd.from_numpy(X.double().numpy()))):
        its.zero_grad()
        net(x)[0].square().sum().backward()
        its.step()
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6)


def test_torch_reads_what_we_save(tmp_path: Path) -> None:
    ours, theirs = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    autograd.save(ours.state_dict(), tmp_path / "a")
    theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "a"))
    assert np.array_equal(theirs.weight.detach().numpy(), ours.weight.detach().numpy())
