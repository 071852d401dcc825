"""Reads files of `torch.save`, in its zip format and in the older one, without running anything.

Such a file is a pickle that names functions to call, and the memory of its tensors.  Here the pickle's opcodes are
interpreted by `_Machine`, which calls no function that the file names.  It knows the few names that tensors need, and
builds the objects itself.  Everything else is refused.  Sizes in the file are believed only after they were compared
with the bytes that are there, so a file makes us allocate no more than a small multiple of its own size.

References
----------
torch/serialization.py and torch/_utils.py of PyTorch, which write these files; Python's pickletools, for the opcodes.
"""

from __future__ import annotations

import importlib
import io
import math
import pickle
import pickletools
import struct
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from autograd.devices import device
from autograd.promotion import FLOATING
from autograd.serialization import DTYPES, Damaged, check_bools, numbers_of, tensor_of
from autograd.tensor import Tensor
from autograd.types import Array, Size

MOST_OPCODES = 20_000_000
LONGEST_NAME = 200
MOST_DIMENSIONS = 32  # of NumPy 1's arrays
_ZIP = b"PK\x03\x04"
_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
_OLD_ZIP_RECORDS = ("constants.pkl", "code/")  # of TorchScript

_TENSOR_DTYPES = {  # PyTorch's names
    **{name: name for name in DTYPES},
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
    "cfloat": "complex64", "cdouble": "complex128",
}  # fmt: skip
_STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8",
}  # fmt: skip
# NumPy's codes, such as "f4"; bfloat16 has none of its own
_DTYPES_BY_CODE = {dtype.str[1:]: dtype for dtype in DTYPES.values() if dtype.kind != "V"}


class _Refused(pickle.UnpicklingError):
    """The pickle asks for something that is not a tensor or a plain container."""


class _Global:
    """A name of the pickle that is known here."""

    def __init__(self, name: str) -> None:
        self.name = name


class _NumpyDtype:
    """A NumPy dtype in the making; its state has the byte order."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype


class _NumpyArray:
    """A NumPy array in the making; its state has the content."""

    array: Array | None = None


class _Storage:
    """The memory of tensors: an array of one dimension, or None before it is known."""

    def __init__(self, kind: str, size: int, array: Array | None) -> None:
        self.kind, self.size, self.array = kind, size, array


def is_pytorch(content: bytes) -> bool:
    """Whether it begins as a file of `torch.save` does."""
    return content[:4] == _ZIP or (content[:1] == pickle.PROTO and content[1:2] in (b"\2", b"\3", b"\4", b"\5"))


def read_pytorch(name: str, content: bytes) -> Any:
    """What was saved; `name` is for messages."""
    try:
        return _read_zip(content) if content[:4] == _ZIP else _read_legacy(content)
    except _Refused as error:
        raise pickle.UnpicklingError(f"load: {name} cannot be read without running code from it: {error}") from None
    except (Damaged, zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError) as error:
        raise RuntimeError(f"load: {name} is cut short or damaged ({error})") from None


# ── the two formats ──


def _read_zip(content: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        records: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                raise Damaged(f"its record {info.filename[:80]!r} is compressed or encrypted")
            if info.filename in records:
                raise Damaged(f"its record {info.filename[:80]!r} is there twice")
            records[info.filename] = info
        if sum(info.file_size for info in records.values()) > len(content):
            raise Damaged("its records have more bytes than the file")
        pickles = [path for path in records if path == "data.pkl" or path.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise Damaged("it has no data.pkl, or several; a file of torch.save has one")
        root = pickles[0].removesuffix("data.pkl")
        if any(path.startswith(tuple(root + old for old in _OLD_ZIP_RECORDS)) for path in records):
            raise _Refused("it is a TorchScript program; save model.state_dict() in PyTorch, and load that")

        def record(path: str) -> bytes:
            if root + path not in records:
                raise Damaged(f"it lacks the record {path[:80]!r}")
            data = archive.read(records[root + path])
            if len(data) != records[root + path].file_size:
                raise Damaged(f"its record {path[:80]!r} is cut short")
            return data

        order = record("byteorder") if root + "byteorder" in records else b"little"
        if order not in (b"little", b"big"):
            raise Damaged(f"its byte order is {order[:20]!r}")
        machine = _Machine(record("data.pkl"))
        machine.read_memory = lambda key, kind, size: _memory(record(f"data/{key}"), kind, size, order.decode())
        return _checked(machine.run())


def _read_legacy(content: bytes) -> Any:
    """Five pickles and then the memories: magic number, version, system, object, keys of the memories."""
    machine = _Machine(content)
    if machine.run() != _MAGIC:
        raise _Refused("it is a pickle, but not one of torch.save; make a dict of tensors and save it with torch.save")
    if machine.run() != _LEGACY_VERSION:
        raise Damaged("it is of an unknown version of PyTorch's older format")
    system = machine.run()
    if not isinstance(system, dict) or type(system.get("little_endian")) is not bool:
        raise Damaged("it does not say its byte order")
    order = "little" if system["little_endian"] else "big"
    start = machine.position
    machine.run()  # only to find its end, and the storages
    storages, keys = machine.storages, machine.run()
    if not isinstance(keys, list) or not all(type(key) is str for key in keys) or len(set(keys)) < len(keys):
        raise Damaged("the list of its storages is not a list of names")
    memories: dict[str, Array] = {}
    for key in keys:
        if key not in storages:
            raise Damaged(f"its storage {key[:40]!r} is not of the tensors")
        size = int.from_bytes(machine.take(8), order, signed=True)  # type: ignore[arg-type]
        kind = storages[key].kind
        if size != storages[key].size:
            raise Damaged(f"its storage {key[:40]!r} has {size} elements, but tensors expect {storages[key].size}")
        memories[key] = _memory(bytes(machine.take(size * _item_size(kind))), kind, size, order)
    machine = _Machine(content, start)

    def memory(key: str, kind: str, size: int) -> Array:
        if key not in memories:
            raise Damaged(f"it lacks the storage {key[:40]!r}")
        return memories[key]

    machine.read_memory = memory
    return _checked(machine.run())


def _item_size(kind: str) -> int:
    return DTYPES[kind].itemsize


def _memory(data: bytes, kind: str, size: int, order: str) -> Array:
    """The elements of a storage, in memory of their own."""
    if len(data) != size * _item_size(kind):
        raise Damaged(f"a storage of {size} elements of {kind} has {len(data)} bytes")
    sign: Literal["<", ">"] = "<" if order == "little" else ">"
    array = numbers_of(data, DTYPES[kind], sign)
    check_bools(array)
    return array


def _checked(result: Any) -> Any:
    """Raise if parts of the machine are left in what was read."""
    todo, seen = [result], set()
    while todo:
        value = todo.pop()
        if isinstance(value, _Global | _Storage | _NumpyDtype | _NumpyArray):
            raise _Refused(
                "it has a storage, a class or a function by itself; only tensors and their containers are read"
            )
        if isinstance(value, dict | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            todo.extend(value.values() if isinstance(value, dict) else value)
    return result


# ── the objects that a pickle may ask for ──


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Damaged(f"a size, stride or offset is {value!r:.40}")
    return value


def _whole_numbers(values: Any) -> tuple[int, ...]:
    if type(values) not in (tuple, list, Size):
        raise Damaged("a shape is not a tuple")
    return tuple(map(_whole, values))


def _tensor(machine: _Machine, storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    if type(storage) is not _Storage:
        raise Damaged("a tensor has no storage")
    offset, shape, strides = _whole(offset), _whole_numbers(size), _whole_numbers(stride)
    if len(shape) != len(strides) or len(shape) > MOST_DIMENSIONS:
        raise Damaged(f"a tensor of {len(shape)} dimensions has {len(strides)} strides")
    array = storage.array
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides))
    if (0 in shape and max((0, *shape)) >= 1 << 31) or math.prod(shape) >= 1 << 48:
        raise Damaged(f"a tensor has the shape {shape!r:.80}")
    if 0 not in shape and last >= storage.size:
        raise Damaged(f"a tensor of shape {shape!r:.80} reaches beyond its storage of {storage.size} elements")
    if array is None:
        return tensor_of(np.empty(0, np.float32))
    if 0 in shape:
        view = np.empty(shape, array.dtype)
    else:
        steps = tuple(step * array.itemsize if n > 1 else array.itemsize for n, step in zip(shape, strides))
        view = np.ndarray(shape, array.dtype, array, offset * array.itemsize, steps)
    tensor = tensor_of(view)
    if rest and rest[0] is True:
        if tensor.dtype.kind not in FLOATING:
            raise Damaged("a tensor of integers requires grad")
        tensor.requires_grad = True
    return tensor


def _typed_tensor(machine: _Machine, storage: Any, *arguments: Any) -> Tensor:
    """_rebuild_tensor_v3: a storage of bytes, and the tensor's dtype."""
    if len(arguments) < 6 or not isinstance(arguments[5], np.dtype | str) or type(storage) is not _Storage:
        raise Damaged("a tensor lacks its dtype")
    dtype = np.dtype(arguments[5])
    if storage.kind != "uint8" or storage.size % dtype.itemsize:
        raise Damaged("the bytes of a storage do not fit its dtype")
    array = None if storage.array is None else storage.array.view(dtype)
    check_bools(np.empty(0) if array is None else array)
    return _tensor(machine, _Storage(dtype.name, storage.size // dtype.itemsize, array), *arguments[:5])


def _parameter(machine: _Machine, data: Any, requires_grad: Any, *rest: Any) -> Tensor:
    if not isinstance(data, Tensor) or type(requires_grad) is not bool:
        raise Damaged("a parameter has no tensor")
    parameter: Tensor = importlib.import_module("nn.parameter").Parameter(data, requires_grad)
    return parameter


def _ordered(machine: _Machine, *items: Any) -> OrderedDict[Any, Any]:
    result: OrderedDict[Any, Any] = OrderedDict()
    for pair in items[0] if items and type(items[0]) is list else ():
        if type(pair) not in (list, tuple) or len(pair) != 2:
            raise Damaged("an item of an OrderedDict is not a pair")
        result[_key(pair[0])] = pair[1]
    return result


def _counter(machine: _Machine, *items: Any) -> Counter[Any]:
    if len(items) != 1 or type(items[0]) is not dict:
        raise Damaged("a Counter has no counts")
    return Counter(items[0])


def _set(machine: _Machine, items: Any = ()) -> set[Any]:
    if type(items) not in (list, tuple):
        raise Damaged("the items of a set are not a list")
    return {_key(item) for item in items}


def _size(machine: _Machine, items: Any) -> Size:
    return Size(_whole_numbers(items))


def _device(machine: _Machine, kind: Any, index: Any = None) -> device:
    if type(kind) is not str:
        raise Damaged("a device is not text")
    return device("cpu")  # all devices are


def _complex(machine: _Machine, real: Any, imag: Any) -> complex:
    if type(real) not in (int, float) or type(imag) not in (int, float):
        raise Damaged("a complex number has no numbers")
    return complex(real, imag)


def _encoded(machine: _Machine, text: Any, codec: Any) -> bytes:
    """How protocol 2 writes bytes."""
    if type(text) is not str or codec not in ("latin1", "latin-1"):
        raise Damaged("bytes are not text in latin1")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise Damaged("bytes are not text in latin1") from None


def _bytes(machine: _Machine, *content: Any) -> bytes:
    if content:
        raise Damaged("empty bytes have a content")
    return b""


def _numpy_dtype(machine: _Machine, code: Any, *rest: Any) -> _NumpyDtype:
    if type(code) is not str or code.lstrip("<>|=") not in _DTYPES_BY_CODE:
        raise _Refused(f"it has a NumPy array of dtype {code!r:.40}; only numbers and bool are read")
    return _NumpyDtype(_DTYPES_BY_CODE[code.lstrip("<>|=")])


def _numpy_scalar(machine: _Machine, dtype: Any, data: Any) -> Any:
    if type(dtype) is not _NumpyDtype or type(data) is not bytes or len(data) != dtype.dtype.itemsize:
        raise Damaged("a NumPy number has no number")
    array = np.frombuffer(data, dtype.dtype).astype(dtype.dtype.newbyteorder("="))
    check_bools(array)
    return array[0]


def _numpy_array(machine: _Machine, *rest: Any) -> _NumpyArray:
    return _NumpyArray()


def _numpy_buffer(machine: _Machine, data: Any, dtype: Any, shape: Any, order: Any) -> Array:
    """How protocol 5 writes an array."""
    if type(data) not in (bytes, bytearray):
        raise Damaged("a NumPy array in it has no content")
    return machine.numpy_array(1, shape, dtype, type(order) is str and order == "F", bytes(data))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.Size": _size,
    "torch.device": _device,
    "collections.OrderedDict": _ordered,
    "collections.Counter": _counter,
    "_codecs.encode": _encoded,
    **{
        f"{module}.{name}": function  # type: ignore[misc]
        for module in ("builtins", "__builtin__")
        for name, function in {
            "set": _set,
            "frozenset": lambda machine, items=(): frozenset(_set(machine, items)),
            "complex": _complex,
            "bytes": _bytes,
            "bytearray": lambda machine, *arguments: bytearray(
                b"" if not arguments else arguments[0] if type(arguments[0]) is bytes else _encoded(machine, *arguments)
            ),
        }.items()
    },
    "numpy.dtype": _numpy_dtype,
    **{
        f"numpy.{module}.multiarray.{name}": function
        for module in ("core", "_core")
        for name, function in {"scalar": _numpy_scalar, "_reconstruct": _numpy_array}.items()
    },
    "numpy.core.numeric._frombuffer": _numpy_buffer,
    "numpy._core.numeric._frombuffer": _numpy_buffer,
}
_OTHER_NAMES = {"numpy.ndarray", "torch.storage.UntypedStorage", *(f"torch.{name}" for name in _STORAGES)}


def _key(key: Any) -> Any:
    """The key of a dict, if it is one that is hashed soon."""
    plain = type(key) in (str, bytes, int, float, bool, complex, type(None), device) or isinstance(
        key, np.generic | np.dtype
    )
    if not plain and not (
        type(key) in (tuple, Size) and all(type(k) in (str, bytes, int, float, bool, type(None)) for k in key)
    ):
        raise _Refused(f"a {type(key).__name__} is a key in it; only texts, numbers and tuples of them are read")
    return key


class _Machine:
    """Interprets the opcodes of a pickle."""

    def __init__(self, content: bytes, position: int = 0) -> None:
        self.content = memoryview(content)
        self.position = position
        self.storages: dict[str, _Storage] = {}
        self.read_memory: Callable[[str, str, int], Array] | None = None

    def run(self) -> Any:
        """The object of the pickle that begins at this position."""
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        for _ in range(MOST_OPCODES):
            code = self.take(1).tobytes()
            if code == pickle.STOP:
                return self.pop()
            if code not in _OPCODES:
                known = [opcode.name for opcode in pickletools.opcodes if opcode.code.encode("latin-1") == code]
                raise _Refused(
                    f"it uses the opcode {known[0]}, which no file of tensors needs"
                    if known
                    else f"it has the byte {code[0]:#04x} where an opcode has to be"
                )
            _OPCODES[code](self)
        raise Damaged(f"its pickle has more than {MOST_OPCODES:,} opcodes")

    def take(self, size: int) -> memoryview:
        if not 0 <= size <= len(self.content) - self.position:
            raise Damaged("it ends too early")
        piece = self.content[self.position : self.position + size]
        self.position += size
        return piece

    def number(self, form: str) -> Any:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return value

    def line(self) -> str:
        end = self.content[self.position : self.position + LONGEST_NAME + 1].tobytes().find(b"\n")
        if end < 0:
            raise Damaged("a name in it is too long, or cut off")
        return str(self.take(end + 1)[:-1], "latin-1")

    # ── the stack ──

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise Damaged("an opcode takes a value that is not there")
        return self.stack.pop()

    def items(self, count: int | None = None) -> list[Any]:
        """The topmost values, or all down to the mark."""
        if count is not None:
            return [self.pop() for _ in range(count)][::-1]
        if not self.marks:
            raise Damaged("an opcode lacks its MARK")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def top(self, *kinds: type) -> Any:
        value = self.pop()
        self.push(value)
        if type(value) not in kinds:
            raise Damaged(f"something is put into a {type(value).__name__}")
        return value

    # ── the opcodes ──

    def text(self, form: str) -> None:
        try:
            self.push(str(self.take(self.number(form)), "utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise Damaged("a text in it is not UTF-8") from None

    def data(self, form: str) -> None:
        self.push(self.take(self.number(form)).tobytes())

    def long(self) -> None:
        self.push(int.from_bytes(self.take(self.number("<B")), "little", signed=True))

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict, OrderedDict, Counter)
        if len(items) % 2:
            raise Damaged("a key in it has no value")
        for key, value in zip(items[::2], items[1::2]):
            target[_key(key)] = value

    def put(self, place: int) -> None:
        self.memo[place] = value = self.pop()
        self.push(value)

    def get(self, place: int) -> None:
        if place not in self.memo:
            raise Damaged("it refers to an object that is not there")
        self.push(self.memo[place])

    def name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise Damaged("a name in it is not text")
        full = f"{module}.{name}"
        if module == "torch" and name in _TENSOR_DTYPES:
            self.push(DTYPES[_TENSOR_DTYPES[name]])
        elif full in _FUNCTIONS or full in _OTHER_NAMES:
            self.push(_Global(full))
        else:
            mend = "save model.state_dict() in PyTorch, and load that" if "Tensor" not in name else "save dense tensors"
            raise _Refused(
                f"it needs {full[:LONGEST_NAME]}, and only tensors, numbers, texts and containers are read; {mend}"
            )

    def storage(self) -> None:
        """BINPERSID: ("storage", type, key, location, size) and, in the older format, None or what it is a part of."""
        described = self.pop()
        if type(described) is not tuple or len(described) not in (5, 6) or described[0] != "storage":
            raise Damaged("a storage in it is not described as one")
        _, kind, key, _, size = described[:5]
        known = kind.name.rpartition(".")[2] if type(kind) is _Global else ""
        if known not in _STORAGES or type(key) is not str:
            raise Damaged("a storage in it has no type or no key")
        if len(described) == 6 and described[5] is not None:
            raise _Refused("it is of a version of PyTorch before 0.4; load and save it again with a newer one")
        if key not in self.storages:
            dtype = _STORAGES[known]
            array = None if self.read_memory is None else self.read_memory(key, dtype, _whole(size))
            self.storages[key] = _Storage(dtype, _whole(size), array)
        storage = self.storages[key]
        if storage.kind != _STORAGES[known] or storage.size != size:
            raise Damaged(f"its storage {key[:40]!r} has two types or sizes")
        self.push(storage)

    def call(self) -> None:
        function, arguments = self.items(2)
        if type(function) is not _Global or type(arguments) is not tuple or function.name not in _FUNCTIONS:
            raise _Refused(f"it calls a {type(function).__name__}")
        try:
            self.push(_FUNCTIONS[function.name](self, *arguments))
        except TypeError:
            raise Damaged(f"{function.name} has other arguments than torch.save writes") from None

    def build(self) -> None:
        state = self.pop()
        target = self.pop()
        if (
            type(target) is _NumpyDtype
            and type(state) is tuple
            and len(state) >= 2
            and state[1] in ("<", ">", "|", "=")
        ):
            target.dtype = target.dtype.newbyteorder(state[1] if state[1] in "<>" else "=")
        elif type(target) is _NumpyArray and target.array is None and type(state) is tuple and len(state) == 5:
            target = self.numpy_array(*state)
            for place, value in self.memo.items():  # it was noted before it had its content
                if type(value) is _NumpyArray:
                    self.memo[place] = target
        elif type(target) is not OrderedDict or type(state) is not dict:  # of a state_dict: versions of its modules
            raise _Refused(f"it sets attributes of a {type(target).__name__}")
        self.push(target)

    @staticmethod
    def numpy_array(version: Any, shape: Any, dtype: Any, fortran: Any, data: Any) -> Array:
        shape = _whole_numbers(shape)
        if type(dtype) is not _NumpyDtype or type(data) is not bytes or len(shape) > MOST_DIMENSIONS:
            raise Damaged("a NumPy array in it has no content")
        if math.prod(shape) * dtype.dtype.itemsize != len(data) or max((0, *shape)) >= 1 << 48:
            raise Damaged(f"a NumPy array of shape {shape!r:.80} has {len(data)} bytes")
        array = np.frombuffer(data, dtype.dtype).astype(dtype.dtype.newbyteorder("="))
        check_bools(array)
        return array.reshape(shape, order="F" if fortran is True else "C")


# fmt: off
_OPCODES: dict[bytes, Callable[[_Machine], object]] = {
    pickle.PROTO: lambda m: m.take(1),
    pickle.FRAME: lambda m: m.take(8),
    pickle.MARK: lambda m: m.marks.append(len(m.stack)),
    pickle.NONE: lambda m: m.push(None),
    pickle.NEWTRUE: lambda m: m.push(True),
    pickle.NEWFALSE: lambda m: m.push(False),
    pickle.BININT: lambda m: m.push(m.number("<i")),
    pickle.BININT1: lambda m: m.push(m.number("<B")),
    pickle.BININT2: lambda m: m.push(m.number("<H")),
    pickle.LONG1: _Machine.long,
    pickle.BINFLOAT: lambda m: m.push(m.number(">d")),
    pickle.BINBYTES: lambda m: m.data("<I"),
    pickle.SHORT_BINBYTES: lambda m: m.data("<B"),
    pickle.BINBYTES8: lambda m: m.data("<Q"),
    pickle.BYTEARRAY8: lambda m: m.push(bytearray(m.take(m.number("<Q")))),
    pickle.BINUNICODE: lambda m: m.text("<I"),
    pickle.SHORT_BINUNICODE: lambda m: m.text("<B"),
    pickle.BINUNICODE8: lambda m: m.text("<Q"),
    pickle.EMPTY_LIST: lambda m: m.push([]),
    pickle.APPEND: lambda m: (lambda items: m.top(list).extend(items))(m.items(1)),
    pickle.APPENDS: lambda m: (lambda items: m.top(list).extend(items))(m.items()),
    pickle.EMPTY_DICT: lambda m: m.push({}),
    pickle.SETITEM: lambda m: m.set_items(m.items(2)),
    pickle.SETITEMS: lambda m: m.set_items(m.items()),
    pickle.EMPTY_SET: lambda m: m.push(set()),
    pickle.ADDITEMS: lambda m: (lambda items: m.top(set).update(map(_key, items)))(m.items()),
    pickle.FROZENSET: lambda m: m.push(frozenset(map(_key, m.items()))),
    pickle.EMPTY_TUPLE: lambda m: m.push(()),
    pickle.TUPLE: lambda m: m.push(tuple(m.items())),
    pickle.TUPLE1: lambda m: m.push(tuple(m.items(1))),
    pickle.TUPLE2: lambda m: m.push(tuple(m.items(2))),
    pickle.TUPLE3: lambda m: m.push(tuple(m.items(3))),
    pickle.BINPUT: lambda m: m.put(m.number("<B")),
    pickle.LONG_BINPUT: lambda m: m.put(m.number("<I")),
    pickle.MEMOIZE: lambda m: m.put(len(m.memo)),
    pickle.BINGET: lambda m: m.get(m.number("<B")),
    pickle.LONG_BINGET: lambda m: m.get(m.number("<I")),
    pickle.GLOBAL: lambda m: m.name(m.line(), m.line()),
    pickle.STACK_GLOBAL: lambda m: m.name(*m.items(2)),
    pickle.BINPERSID: _Machine.storage,
    pickle.REDUCE: _Machine.call,
    pickle.BUILD: _Machine.build,
}
# fmt: on
