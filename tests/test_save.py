"""autograd.save and autograd.load, for files of our own."""

from __future__ import annotations

import io
import json
import os
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save as to_safetensors

import autograd
import nn
import optim
from autograd import Tensor
from autograd.serialization import _KEY


def there_and_back(value: Any) -> Any:
    file = io.BytesIO()
    autograd.save(value, file)
    file.seek(0)
    return autograd.load(file)


def assert_same(found: Any, saved: Any) -> None:
    assert type(found) is type(saved)
    if isinstance(saved, Tensor):
        assert found.requires_grad == saved.requires_grad
        found, saved = found.detach().numpy(), saved.detach().numpy()
    if isinstance(saved, np.ndarray | np.generic):
        assert found.dtype == saved.dtype and found.shape == saved.shape and np.array_equal(found, saved)
    elif isinstance(saved, dict):
        assert list(found) == list(saved)
        for key, item in saved.items():
            assert_same(found[key], item)
    elif isinstance(saved, list | tuple):
        assert len(found) == len(saved)
        for one, other in zip(found, saved):
            assert_same(one, other)
    else:
        assert found == saved or saved != saved


X = autograd.arange(6.0).reshape(2, 3)
VALUES: dict[str, Any] = {
    "tensors": [X, X.T, X[:, ::2], X.double(), X > 2, autograd.zeros(0, 3), autograd.tensor(3.5)],
    "integers": [autograd.tensor([1, -2]).to(d) for d in (np.int8, np.int16, np.int32, np.int64, np.uint8)],
    "leaves": (nn.Parameter(X.clone()), nn.Parameter(X.clone(), requires_grad=False), X.clone().requires_grad_()),
    "expanded": autograd.tensor([1.0]).expand(2, 3),
    "numpy": [np.float64(2.5), np.arange(3, dtype=np.uint16)[::-1], np.array(1j), np.arange(3, dtype="i4")],
    "numbers": (0, -1, 10**30, 2.5, float("inf"), float("nan"), -0.0, 1e-320, 2 - 3j, True, None),
    "texts": ["", "é\n", "\ud800", b"\x00\xff", bytearray(b"a")],
    "containers": {"a": {1: [], (1, "b"): ()}, None: {1, 2.5}, b"k": frozenset("x"), "c": OrderedDict(z=1, a=2)},
    "counted": Counter("abca"),
    "torch": [autograd.Size((2, 3)), autograd.float32, autograd.bool, autograd.device("cpu"), autograd.device("cpu:1")],
    "names": {"a.b": X, "a": {"b": X.clone()}, "__metadata__": X.clone(), "": X.clone()},
    "a tensor": X,
    "nothing": None,
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_loaded_equals_what_was_saved(name: str) -> None:
    assert_same(there_and_back(VALUES[name]), VALUES[name])


def test_objects_and_memory_that_were_shared_are_shared() -> None:
    x = autograd.arange(8.0)
    inner = [x]
    saved = {"a": x, "same": x, "row": x.reshape(2, 4)[1], "every": x[::2], "lists": (inner, inner), "bits": x.numpy()}
    found = there_and_back(saved)
    assert found["same"] is found["a"] is found["lists"][0][0] and found["lists"][0] is found["lists"][1]
    found["a"][4] = 70.0
    assert found["row"][0] == 70 and found["every"][2] == 70 and found["bits"][4] == 70


def test_views_of_a_memory_that_none_covers() -> None:
    x = autograd.arange(100.0)
    left, right = there_and_back([x[10:40:2], x[20:60:3]])
    assert_same([left, right], [x[10:40:2], x[20:60:3]])
    left[5] = -1.0
    assert right[0] == -1


def test_what_is_loaded_is_a_copy_that_may_be_written_to() -> None:
    x = autograd.ones(3)
    found = there_and_back(x)
    found += 1
    assert x.sum() == 3 and found.sum() == 6


@pytest.mark.slow
@pytest.mark.parallel
def test_any_depth() -> None:
    value: Any = autograd.ones(1)
    for _ in range(20_000):
        value = [value]
    found = there_and_back(value)
    for _ in range(20_000):
        (found,) = found
    assert_same(found, autograd.ones(1))


def test_training_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    def build() -> tuple[nn.Module, optim.Optimizer]:
        autograd.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        return net, optim.Adam(net.parameters(), lr=0.1)

    def train(net: nn.Module, optimizer: optim.Optimizer) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            net(autograd.randn(5, 3)).square().sum().backward()
            optimizer.step()

    net, optimizer = build()
    train(net, optimizer)
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "rng": autograd.get_rng_state(), "epoch": 3}
    autograd.save(state, tmp_path / "run.pt")
    train(net, optimizer)
    other, its_optimizer = build()
    found = autograd.load(tmp_path / "run.pt", map_location=autograd.device("cpu"), weights_only=True, mmap=True)
    other.load_state_dict(found["net"])
    its_optimizer.load_state_dict(found["optimizer"])
    autograd.set_rng_state(found["rng"])
    train(other, its_optimizer)
    assert_same(dict(other.state_dict()), dict(net.state_dict()))
    assert found["epoch"] == 3 and [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_the_file_is_a_safetensors_file(tmp_path: Path) -> None:
    net = nn.Linear(2, 3)
    autograd.save({"net": net.state_dict()}, str(tmp_path / "a"), pickle_protocol=4)
    assert set(load_file(tmp_path / "a")) == {"net.weight", "net.bias"}
    (tmp_path / "b").write_bytes(to_safetensors({"w": np.ones(2, np.float16), "n": np.arange(2)}))
    assert_same(
        dict(sorted(autograd.load(tmp_path / "b").items())), {"n": autograd.arange(2), "w": autograd.ones(2).half()}
    )


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    autograd.save(1, tmp_path / "a")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="a could not be written: No space left on device"):
        autograd.save(2, tmp_path / "a")
    assert autograd.load(tmp_path / "a") == 1 and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "place", [None, "cpu", autograd.device("cpu", 0), lambda storage, _: storage, {"cuda:0": "cpu"}]
)
def test_every_location_is_the_cpu(place: Any) -> None:
    file = io.BytesIO(to_safetensors({"a": np.ones(1, np.float32)}))
    assert autograd.load(file, place)["a"] == 1


@pytest.mark.parametrize("place", ["cuda", "cuda:0", {"cpu": "cuda"}])
def test_other_locations_are_refused(place: Any) -> None:
    with pytest.raises(ValueError, match=r"load: device is 'cuda.*'; "):
        autograd.load(io.BytesIO(), map_location=place)


class Thing:
    pass


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nn.Linear(1, 1), r"the object is a nn.linear.Linear, which cannot be saved; save its .state_dict\(\)"),
        ({"a": [optim.SGD([X.clone()], 0.1)]}, r"the object\['a'\]\['0'\] is a optim.sgd.SGD.*; save its .state_dict"),
        (lambda x: x, "which cannot be saved; save its name, or what it computes"),
        (nn.Linear, "save its name"),
        (Thing(), r"Thing, which cannot be saved; save a dict of what is needed, such as vars\(value\)"),
        ({Thing(): 1}, "has a Thing as a key"),
        (np.array(["a"]), "is an array of <U1"),
    ],
)
def test_what_cannot_be_saved(value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=message):
        autograd.save(value, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_containers_that_contain_themselves_and_other_files() -> None:
    ring: list[Any] = []
    ring.append({"a": ring})
    with pytest.raises(ValueError, match=r"save: the object\['0'\]\['a'\] contains itself"):
        autograd.save(ring, io.BytesIO())
    with pytest.raises(TypeError, match="save: expects a path or a file object"):
        autograd.save(1, 2)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="load: expects a path or a file object"):
        autograd.load(2)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="open it in binary mode"):
        autograd.load(io.StringIO("a"))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="load: the file is empty"):
        autograd.load(io.BytesIO())
    with pytest.raises(RuntimeError, match=r"neither a safetensors file nor one that torch.save wrote"):
        autograd.load(io.BytesIO(b"hello, world"))


# ── damaged and hostile files ──

STORED: dict[str, np.ndarray] = {
    "a": np.arange(6, dtype=np.float32),
    "u": np.array([0, 2], np.uint8),
}


def place(**changes: Any) -> dict[str, Any]:
    return {"of": "a", "dtype": "float32", "shape": [2], "strides": [4], "offset": 0, **changes}


def view(**changes: Any) -> list[Any]:
    return [["tensor", False, place(**changes)]]


HOSTILE: dict[str, Any] = {
    "no list": {},
    "unknown node": [["module", "os"]],
    "no node": [1],
    "itself": [["list", [[0]]]],
    "later": [["list", [[1]]], ["list", []]],
    "negative reference": [["list", []], ["list", [[-1]]]],
    "unhashable key": [["list", []], ["dict", [[[0], 1]]]],
    "nested key": [["tuple", [1]], ["tuple", [[0]]], ["dict", [[[1], 1]]]],
    "no such tensor": [["tensor", False, "b"]],
    "no bool": [["tensor", 1, "a"]],
    "integer leaf": [["array", "u"], ["tensor", True, "u"]],
    "too long": view(shape=[7]),
    "huge": view(shape=[1 << 62, 1 << 62]),
    "negative": view(shape=[-1]),
    "before": view(offset=-4),
    "beyond": view(offset=20),
    "backwards": view(strides=[-4]),
    "text": view(shape=["2"]),
    "dimensions": view(shape=[2, 1]),
    "objects": view(dtype="object"),
    "bool": view(of="u", dtype="bool", strides=[1]),
    "device": [["device", "cuda"]],
    "digits": [["bytes", "0g"]],
    "float": [["list", [{"float": "0x"}]]],
    "int": [["list", [{"int": 3}]]],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_description_is_refused(name: str) -> None:
    text = json.dumps({"format": 1, "nodes": HOSTILE[name], "root": [0]})
    with pytest.raises(RuntimeError, match="load: the file is cut short or damaged"):
        autograd.load(io.BytesIO(to_safetensors(STORED, {_KEY: text})))


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", '{"format": 2, "nodes": []}'])
def test_a_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(RuntimeError, match="load: the file is cut short or damaged"):
        autograd.load(io.BytesIO(to_safetensors(STORED, {_KEY: text})))


def test_a_description_with_good_views_is_read() -> None:
    text = json.dumps({"format": 1, "nodes": view(strides=[-4], offset=8), "root": [0]})
    assert_same(autograd.load(io.BytesIO(to_safetensors(STORED, {_KEY: text}))), autograd.tensor([2.0, 1.0]))


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    autograd.save({"a": X, "b": [1]}, tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    for end in range(len(content)):
        with pytest.raises(RuntimeError, match="load: the file is "):
            autograd.load(io.BytesIO(content[:end]))
