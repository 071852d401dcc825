"""Hostile and damaged files in place of PyTorch's: each is refused soon, with little memory, and nothing of it runs."""

from __future__ import annotations

import io
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import autograd

SECONDS, BYTES = 5.0, 20 << 20

DATA = np.arange(6, dtype="<f4").tobytes()
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    content = value.to_bytes(9, "little", signed=True)
    return b"\x8a\x09" + content


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind: bytes = b"ctorch\nFloatStorage\n", key: str = "0", size: int = 6, rest: bytes = b"") -> bytes:
    return b"(" + text("storage") + kind + text(key) + text("cpu") + number(size) + rest + b"tQ"


def tensor(
    memory: bytes | None = None, offset: int = 0, shape: bytes | None = None, strides: bytes | None = None
) -> bytes:
    shape, strides = numbers(2, 3) if shape is None else shape, numbers(3, 1) if strides is None else strides
    hooks = b"ccollections\nOrderedDict\n)R"
    return REBUILD + b"(" + (memory or storage()) + number(offset) + shape + strides + b"\x89" + hooks + b"tR"


def archive(
    code: bytes,
    memory: bytes = DATA,
    compression: int = zipfile.ZIP_STORED,
    records: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        made.writestr("a/data.pkl", b"\x80\x02" + code + b".")
        made.writestr("a/data/0", memory)
        for name, content in records.items():
            made.writestr(f"a/{name}", content)
    return file.getvalue()


def legacy(code: bytes, keys: bytes | None = None, size: int = 6, memory: bytes = DATA) -> bytes:
    start = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    listed = pickle.dumps(["0"] if b"storage" in code else [], 2) if keys is None else keys
    return start + b"\x80\x02" + code + b"." + listed + struct.pack("<q", size) + memory


def load(content: bytes) -> Any:
    return autograd.load(io.BytesIO(content))


@pytest.mark.parametrize("wrapped", [archive, legacy])
def test_the_pieces_make_a_file_that_is_read(wrapped: Callable[..., bytes]) -> None:
    found = load(wrapped(tensor()))
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert load(wrapped(tensor(offset=1, shape=numbers(2), strides=numbers(4)))).tolist() == [1, 5]


CODE = {  # what a pickle could run, or an opcode that no file of tensors has
    "system": (b"cposix\nsystem\n" + text("true") + b"\x85R", "posix.system"),
    "eval": (b"c__builtin__\neval\n" + text("1") + b"\x85R", "__builtin__.eval"),
    "getattr": (b"\x8c\x08builtins\x8c\x07getattr\x93", "builtins.getattr"),
    "module": (b"ctorch.nn.modules.linear\nLinear\n)\x81", "torch.nn.modules.linear.Linear"),
    "from bytes": (b"ctorch.storage\n_load_from_bytes\n", "torch.storage._load_from_bytes"),
    "dotted": (b"\x8c\x05torch\x8c\x0bSize.numel\x00"[:-1].replace(b"\x0b", b"\x0a") + b"\x93", "torch.Size.numel"),
    "instance": (b"(ios\nsystem\n", "opcode INST"),
    "new object": (b"ccollections\nOrderedDict\n)\x81", "opcode NEWOBJ"),
    "extension": (b"\x82\x01", "opcode EXT1"),
    "unknown": (b"\xff", "byte 0xff where an opcode"),
    "call of a tensor": (tensor() + b")R", "it calls a Tensor"),
    "call of a class": (b"ctorch\nFloatStorage\n)R", "it calls a"),
    "attributes": (tensor() + b"}b", "sets attributes of a Tensor"),
    "a function by itself": (b"]" + REBUILD + b"a", "by itself"),
    "a storage by itself": (storage() + b"\x85", "by itself"),
    "a tensor as a key": (b"}" + tensor() + b"K\x01s", "Tensor is a key"),
    "objects in an array": (b"cnumpy\ndtype\n" + text("O8") + b"\x89\x88\x87R", "dtype 'O8'"),
}


@pytest.mark.parametrize("name", CODE)
@pytest.mark.parametrize("wrapped", [archive, legacy])
def test_what_is_not_a_tensor_is_refused_by_name(name: str, wrapped: Callable[..., bytes]) -> None:
    code, message = CODE[name]
    with pytest.raises(pickle.UnpicklingError, match="cannot be read without running code from it: .*" + message):
        load(wrapped(code))


HUGE = 1 << 62
LIES = {
    "storage too large": tensor(storage(size=HUGE)),
    "storage too small": tensor(storage(size=5)),
    "negative storage": tensor(storage(size=-6)),
    "two sizes": tensor() + storage(size=5) + b"\x86",
    "two types": tensor() + storage(b"ctorch\nIntStorage\n") + b"\x86",
    "no such storage": tensor(storage(key="1")),
    "path as key": tensor(storage(key="../data.pkl")),
    "no storage": tensor(b"N"),
    "storage of no type": tensor(storage(b"N")),
    "negative offset": tensor(offset=-1),
    "offset beyond": tensor(offset=1),
    "huge offset": tensor(offset=HUGE),
    "negative size": tensor(shape=numbers(-2, 3)),
    "huge shape": tensor(shape=numbers(HUGE, HUGE)),
    "huge shape without strides": tensor(shape=numbers(HUGE, HUGE), strides=numbers(0, 0)),
    "huge empty shape": tensor(shape=numbers(0, HUGE)),
    "negative stride": tensor(strides=numbers(-3, 1), offset=3),
    "huge stride": tensor(strides=numbers(HUGE, 1)),
    "fewer strides": tensor(strides=numbers(1)),
    "many dimensions": tensor(shape=numbers(*[1] * 100), strides=numbers(*[1] * 100)),
    "fractions": tensor(shape=b"G?\xf0\0\0\0\0\0\0\x85", strides=numbers(1)),
    "fewer arguments": REBUILD + storage() + b"\x85R",
    "size of text": b"ctorch\nSize\n" + text("ab") + b"\x85R",
    "bytes that are not there": b"\x8e" + struct.pack("<Q", HUGE),
    "text that is not there": b"X\xff\xff\xff\xff",
    "memo that is not there": b"j\xff\xff\xff\xff",
    "no mark": b"t",
    "empty stack": b"0"[:0] + b"R",
    "append to a text": text("a") + b"K\x01a",
    "not UTF-8": b"X\x01\0\0\0\xff",
    "key without value": b"}(K\x01u",
    "big memo index": b"r\xff\xff\xff\xff",
    "array of a lie": b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01"
    + numbers(HUGE)
    + b"cnumpy\ndtype\n"
    + text("f4")
    + b"\x89\x88\x87R\x89C\x04\0\0\0\0tb",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("wrapped", [archive, legacy])
def test_a_lie_is_refused_soon_and_with_little_memory(name: str, wrapped: Callable[..., bytes]) -> None:
    content = wrapped(LIES[name])
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(RuntimeError, match="load: the file is cut short or damaged"):
            load(content)
        assert time.process_time() - started < SECONDS and tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        archive(tensor(), compression=zipfile.ZIP_DEFLATED),
        archive(tensor(), memory=bytes(1 << 20), compression=zipfile.ZIP_DEFLATED),
        archive(tensor(), records={"byteorder": b"middle"}),
        archive(tensor(), records={"b/data.pkl": b"."}),
        archive(tensor(storage(b"ctorch\nBoolStorage\n", size=24))),
        legacy(tensor(), size=HUGE),
        legacy(tensor(), size=-1),
        legacy(tensor(), keys=pickle.dumps(["0", "0"], 2)),
        legacy(tensor(), keys=pickle.dumps([["0"]], 2)),
        legacy(tensor(), keys=pickle.dumps([], 2)),
    ],
)
def test_other_damage(content: bytes) -> None:
    with pytest.raises(RuntimeError, match="load: the file is cut short or damaged"):
        load(content)


def test_another_pickle_and_torchscript_are_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"it is a pickle, but not one of torch.save"):
        load(pickle.dumps({"a": 1}, 2))
    with pytest.raises(pickle.UnpicklingError, match="it is a TorchScript program"):
        load(archive(tensor(), records={"constants.pkl": b""}))


@pytest.mark.parametrize("content", [archive(tensor()), legacy(tensor())], ids=["zip", "legacy"])
def test_every_cut_and_every_changed_byte(content: bytes) -> None:
    for end in range(len(content)):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match="load: the file "):
            load(content[:end])
    for place in range(len(content)):
        for bits in (0xFF, 0x01, 0x80):
            changed = bytearray(content)
            changed[place] ^= bits
            try:
                load(bytes(changed))
            except (RuntimeError, pickle.UnpicklingError) as error:
                assert "load: the file " in str(error)


def test_a_list_that_contains_itself_is_read() -> None:
    found = load(archive(b"]q\x00h\x00a"))
    assert found[0] is found
