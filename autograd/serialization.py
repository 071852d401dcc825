"""`save` and `load`: tensors in nested containers, in one file that runs no code when it is read.

The file is a safetensors file.  Each tensor is in it under its path, such as "model.fc.weight", so that other programs
read the tensors too.  A description of the containers, in JSON, is in the file's metadata under "lucidgrad.object":

    {"format": 1, "nodes": [node, …], "root": value}

A value is null, true, a finite number or a string; [i] stands for nodes[i], which has to come before the node that
names it.  So two names of one object stay two names of it, no container is inside itself, and nothing has to be read
recursively.  `_READERS` lists the nodes.

Tensors that share memory are stored once.  Each of them is described by the name of what is stored, and its dtype,
shape, strides and offset in it, in bytes.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import math
import os
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

import numpy as np

from autograd.arguments import full_name
from autograd.devices import check_device, device
from autograd.files import write_whole
from autograd.promotion import BFLOAT16, category
from autograd.tensor import Tensor, wrap
from autograd.types import Array, Size

FORMAT = 1
_KEY = "lucidgrad.object"

File: TypeAlias = str | os.PathLike[str] | IO[bytes]
Node: TypeAlias = list[Any]
Path_: TypeAlias = tuple[str, ...]  # the keys and positions that lead to an object

_CONTAINERS = {kind.__name__: kind for kind in (dict, OrderedDict, Counter, list, tuple, set, frozenset, Size)}
_NAMES = {kind: name for name, kind in _CONTAINERS.items()}
# what may be in a file; tensors hold fewer of them
DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    )
}
_SAFETENSORS = {
    "BOOL": "bool",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
    **{f"{kind[0].upper()}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
}


# ── saving ──


def save(
    obj: Any,
    f: File,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Save tensors and what holds them.

    Tensors, parameters and NumPy arrays, numbers, strings, bytes, None, dtypes, devices and sizes can be saved, in
    dicts, lists, tuples and sets of any depth.  What is shared stays shared: two names of one tensor, and views of one
    memory.  Gradients, hooks and attributes of tensors are not saved.

    The file is a safetensors file with a description of the containers in its metadata.  Reading it runs no code.  It
    is written to a temporary file first and then renamed, so that a crash leaves the old file.

    Parameters
    ----------
    obj : object
    f : path, or file object that is open for writing bytes
    pickle_module, pickle_protocol, _use_new_zipfile_serialization
        Accepted for PyTorch's sake, without effect: nothing is pickled.

    Raises
    ------
    TypeError
        If something cannot be saved, such as a Module or a function.  The text says where it is and what to save
        instead.
    ValueError
        If a container contains itself.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import autograd, io
    >>> file = io.BytesIO()
    >>> autograd.save({"weight": autograd.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> autograd.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    if not isinstance(f, str | os.PathLike) and not callable(getattr(f, "write", None)):
        raise TypeError(f"save: expects a path or a file object that is open for writing, got {full_name(f)}")
    content = _Writer().content(obj)
    if isinstance(f, str | os.PathLike):
        write_whole(Path(f), content)
    else:
        f.write(content)


def _safetensors() -> Any:
    return importlib.import_module("safetensors")  # where it is needed, because most programs save nothing


def _parameter() -> type[Tensor]:
    kind: type[Tensor] = importlib.import_module("nn.parameter").Parameter
    return kind


def _is_inline(value: Any) -> bool:
    return value is None or type(value) in (bool, str, int, float)


def _inline(value: Any) -> Any:
    if type(value) is float and not math.isfinite(value):
        return {"float": repr(value)}
    if type(value) is int and abs(value) >= 1 << 63:  # Python refuses to read long decimal numbers
        return {"int": hex(value)}
    return value


class _Writer:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.index: dict[int, int] = {}  # the node of each object, by its id
        self.arrays: list[tuple[Node, Array, str]] = []  # the node that needs it, and its path
        self.kept: list[Any] = []  # keeps ids valid

    def content(self, root: Any) -> bytes:
        self.add(root)
        stored = self.store()
        description = json.dumps({"format": FORMAT, "nodes": self.nodes, "root": self.value(root)})
        numpy = importlib.import_module("safetensors.numpy")
        content: bytes = numpy.save(stored, {_KEY: description})
        return content

    def value(self, value: Any) -> Any:
        return _inline(value) if _is_inline(value) else [self.index[id(value)]]

    def add(self, root: Any) -> None:
        """Make a node of every object, what it contains first.  No recursion: any depth."""
        todo: list[tuple[Any, Path_, bool]] = [(root, (), False)]
        begun: set[int] = set()
        while todo:
            value, path, is_ready = todo.pop()
            if _is_inline(value) or id(value) in self.index:
                continue
            if is_ready:
                self.index[id(value)] = len(self.nodes)
                self.nodes.append(self.node(value, path))
                self.kept.append(value)
                continue
            if id(value) in begun:
                raise ValueError(f"save: {_where(path)} contains itself")
            begun.add(id(value))
            todo.append((value, path, True))
            if type(value) in (dict, OrderedDict, Counter):
                for key in value:
                    _check_key(key, path)
                todo.extend((key, path, False) for key in value)
                todo.extend((item, (*path, str(key)), False) for key, item in reversed(value.items()))
            elif type(value) in _NAMES:
                if isinstance(value, set | frozenset):
                    for item in value:
                        _check_key(item, path)
                items = list(value)
                todo.extend((item, (*path, str(i)), False) for i, item in reversed(list(enumerate(items))))

    def node(self, value: Any, path: Path_) -> Node:
        kind = type(value)
        if kind in (dict, OrderedDict, Counter):
            return [_NAMES[kind], [[self.value(key), self.value(item)] for key, item in value.items()]]
        if kind in _NAMES:
            return [_NAMES[kind], [self.value(item) for item in value]]
        if isinstance(value, Tensor):
            _check_dtype(value.array, path)
            name = "parameter" if _is_parameter(value) else "tensor"
            node = [name, value.requires_grad]
            self.arrays.append((node, value.array, ".".join(path)))
            return node
        if kind is np.ndarray:
            _check_dtype(value, path)
            node = ["array"]
            self.arrays.append((node, value.astype(value.dtype.newbyteorder("="), copy=False), ".".join(path)))
            return node
        if isinstance(value, np.generic):
            _check_dtype(value, path)
            return ["number", value.dtype.name, np.asarray(value, value.dtype.newbyteorder("<")).tobytes().hex()]
        if isinstance(value, np.dtype) and value.name in DTYPES:
            return ["dtype", value.name]
        if isinstance(value, device):
            return ["device", str(value)]
        if kind is bytes or kind is bytearray:
            return [kind.__name__, value.hex()]
        if kind is complex:
            return ["complex", _inline(value.real), _inline(value.imag)]
        raise TypeError(f"save: {_where(path)} is a {full_name(value)}, which cannot be saved; {_mend(value)}")

    # ── memory ──

    def store(self) -> dict[str, Array]:
        """What the file stores, by name.  Completes the nodes of arrays with their places in it."""
        stored: dict[str, Array] = {}
        spans = sorted(
            (span(array), i) for i, (_, array, _) in enumerate(self.arrays) if array.size
        )  # first and last byte of each array
        groups: list[list[int]] = [[i] for i, (_, array, _) in enumerate(self.arrays) if not array.size]
        last = -1
        for (start, end), i in spans:  # those whose spans overlap are in one memory
            if start < last:
                groups[-1].append(i)
            else:
                groups.append([i])
            last = max(last, end)
        for group in sorted(map(sorted, groups)):
            self.store_group(group, stored)
        return stored

    def store_group(self, group: list[int], stored: dict[str, Array]) -> None:
        nodes, arrays, names = zip(*(self.arrays[i] for i in group))
        first = arrays[0]
        start, end = min(span(a)[0] for a in arrays), max(span(a)[1] for a in arrays)
        if len(group) == 1 and end - start >= first.nbytes:  # alone in its memory: its strides do not matter
            first = np.array(first, order="C")  # not ascontiguousarray, which makes one dimension of none
            name = _new_name(names[0], stored)
            stored[name] = _reals(first)
            nodes[0].append(name if first.dtype.kind != "c" else _view(name, first, 0))
            return
        whole = [i for i, a in enumerate(arrays) if a.flags.c_contiguous and a.nbytes == end - start]
        if whole:
            name, content = names[whole[0]], arrays[whole[0]]
        else:  # no array covers the memory
            # spans that overlap are in one allocation, so all bytes between them are readable
            memory = ctypes.string_at(start, end - start)
            name, content = f"{names[0]}.memory", np.frombuffer(memory, np.uint8)
        name = _new_name(name, stored)
        stored[name] = _reals(content)
        for node, array in zip(nodes, arrays):
            node.append(_view(name, array, array.ctypes.data - start))


def span(array: Array) -> tuple[int, int]:
    """Addresses of the first byte of an array and after its last one."""
    if not array.size:
        return (array.ctypes.data, array.ctypes.data)
    steps = [(size - 1) * stride for size, stride in zip(array.shape, array.strides)]
    low = array.ctypes.data + sum(step for step in steps if step < 0)
    return low, array.ctypes.data + sum(step for step in steps if step > 0) + array.itemsize


def _view(name: str, array: Array, offset: int) -> dict[str, Any]:
    return {
        "of": name,
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "strides": list(array.strides),
        "offset": offset,
    }


def _reals(array: Array) -> Array:
    """Pairs of real numbers for complex ones, which not every version of safetensors can store."""
    return array.reshape(-1).view(f"f{array.itemsize // 2}") if array.dtype.kind == "c" else array


def _new_name(name: str, stored: Mapping[str, Array]) -> str:
    name = name.encode("utf-8", "replace").decode()
    number, new = 1, name
    while new in stored or new == "__metadata__":
        number += 1
        new = f"{name}~{number}"
    return new


def _is_parameter(value: Tensor) -> bool:
    module = sys.modules.get("nn.parameter")
    return module is not None and isinstance(value, module.Parameter)


def _where(path: Path_) -> str:
    return "the object" + "".join(f"[{key!r}]" for key in path)


def _check_dtype(array: Array | np.generic, path: Path_) -> None:
    if array.dtype.name not in DTYPES:
        raise TypeError(
            f"save: {_where(path)} is an array of {array.dtype}, which cannot be saved; convert it to numbers or a list"
        )


def _is_key(key: Any) -> bool:
    """Whether it may be a key of a dict or in a set: nothing that takes long to hash."""
    plain = _is_inline(key) or type(key) in (bytes, complex) or isinstance(key, np.generic | np.dtype | device)
    return plain or (type(key) in (tuple, Size) and all(map(_is_inline, key)))


def _check_key(key: Any, path: Path_) -> None:
    if not _is_key(key):
        raise TypeError(
            f"save: {_where(path)} has a {type(key).__name__} as a key; only strings, numbers, bytes and tuples "
            "of them can be saved as keys"
        )


def _mend(value: Any) -> str:
    if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
        return "save its name, or what it computes"
    if callable(getattr(value, "state_dict", None)):
        return "save its .state_dict(), and load that with load_state_dict"
    if isinstance(value, tuple):
        return "save a plain tuple, or value._asdict()"
    if hasattr(value, "__dict__"):
        return "save a dict of what is needed, such as vars(value)"
    return "save what is needed of it in a dict of tensors, numbers and strings"


# ── loading ──


def load(
    f: File,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what `save` wrote, a file of `torch.save` with tensors, or a safetensors file.

    No code from the file runs.  A file of PyTorch may contain tensors, parameters, numbers, strings and NumPy arrays in
    nested containers.  Whole modules are refused, whose pickles name code to run.

    Parameters
    ----------
    f : path, or file object that is open for reading bytes
    map_location : None, str, device, function or dict
        Checked, without effect: there is only the CPU.  Tensors that were saved on a GPU are loaded as well.
    pickle_module, weights_only, mmap, **pickle_load_args
        Accepted for PyTorch's sake, without effect: every file is read as with ``weights_only=True``.

    Returns
    -------
    object
        A dict of tensors for a safetensors file that `save` did not write.

    Raises
    ------
    RuntimeError
        If the file is damaged, or of no such kind.
    pickle.UnpicklingError
        If a file of PyTorch contains anything else.  The text names it.
    ValueError
        If `map_location` is not the CPU.
    TypeError
        If `f` is neither a path nor a binary file.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import autograd, io, nn
    >>> file = io.BytesIO()
    >>> autograd.save(nn.Linear(2, 1).state_dict(), file)
    >>> _ = file.seek(0)
    >>> state = autograd.load(file, map_location="cpu")
    >>> {name: tensor.shape for name, tensor in state.items()}
    {'weight': (1, 2), 'bias': (1,)}
    """
    if not callable(map_location):
        for place in map_location.values() if isinstance(map_location, Mapping) else [map_location]:
            check_device("load", place)
    name = str(f) if isinstance(f, str | os.PathLike) else "the file"
    if isinstance(f, str | os.PathLike):
        content = Path(f).read_bytes()
    elif callable(getattr(f, "read", None)):
        content = f.read()
    else:
        raise TypeError(f"load: expects a path or a file object that is open for reading, got {full_name(f)}")
    if not isinstance(content, bytes | bytearray):
        raise TypeError("load: the file object gives text; open it in binary mode, as in open(path, 'rb')")
    content = bytes(content)
    if content[8:9] == b"{":
        return _load_safetensors(name, content)
    from autograd.pytorch_files import is_pytorch, read_pytorch

    if is_pytorch(content):
        return read_pytorch(name, content)
    raise RuntimeError(
        f"load: {name} is {'empty' if not content else 'neither a safetensors file nor one that torch.save wrote'}"
    )


class Damaged(Exception):
    """Why a file cannot be read."""


def _load_safetensors(name: str, content: bytes) -> Any:
    library = _safetensors()
    try:
        stored = {key: _stored(view) for key, view in library.deserialize(content)}
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        text = header.get("__metadata__", {}).get(_KEY)
        return {key: tensor_of(array) for key, array in stored.items()} if text is None else _build(text, stored)
    except (library.SafetensorError, Damaged, RecursionError) as error:
        raise RuntimeError(f"load: {name} is cut short or damaged ({error})") from None


def _stored(view: Mapping[str, Any]) -> Array:
    kind, data = view["dtype"], view["data"]
    if kind not in _SAFETENSORS:
        raise Damaged(f"it holds numbers of the type {kind}, which NumPy lacks")
    array = numbers_of(data, DTYPES[_SAFETENSORS[kind]])
    check_bools(array)
    return array.reshape(view["shape"])


def numbers_of(data: Any, dtype: np.dtype, order: Literal["<", ">"] = "<") -> Array:
    """The numbers in these bytes of this order, in memory of their own."""
    bits = np.dtype(np.uint16) if dtype == BFLOAT16 else dtype  # bfloat16 has no dtypes of other orders
    return np.frombuffer(data, bits.newbyteorder(order)).astype(bits).view(dtype)


def check_bools(array: Array) -> None:
    """Raise if a bool is neither 0 nor 1; NumPy's results would depend on it."""
    if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
        raise Damaged("a bool in it is neither 0 nor 1")


def tensor_of(array: Array) -> Tensor:
    """A tensor of an array from a file, on its memory."""
    try:
        category(array.dtype)
    except TypeError:
        raise Damaged(f"it has a tensor of {array.dtype}, which tensors here cannot hold") from None
    return wrap(array)


def _build(text: Any, stored: Mapping[str, Array]) -> Any:
    try:
        description = json.loads(text)
    except ValueError:
        raise Damaged("its description is not JSON") from None
    if not isinstance(description, dict) or not isinstance(description.get("nodes"), list):
        raise Damaged("its description lists no nodes")
    if description.get("format") != FORMAT:
        raise Damaged(f"its format is {description.get('format')!r:.40}, and this version reads {FORMAT}")
    reader = _Reader(stored)
    for node in description["nodes"]:
        if not isinstance(node, list) or not node or not isinstance(node[0], str) or node[0] not in _READERS:
            raise Damaged(f"a node of its description is {node!r:.80}")
        try:
            reader.objects.append(_READERS[node[0]](reader, *node))
        except (TypeError, ValueError, KeyError, OverflowError, AttributeError, RuntimeError):
            raise Damaged(f"a node of its description is {node!r:.80}") from None
    return reader.value(description.get("root"))


class _Reader:
    def __init__(self, stored: Mapping[str, Array]) -> None:
        self.stored = stored
        self.objects: list[Any] = []

    def value(self, given: Any) -> Any:
        if _is_inline(given):
            return given
        if isinstance(given, list) and len(given) == 1 and type(given[0]) is int and 0 <= given[0] < len(self.objects):
            return self.objects[given[0]]
        if isinstance(given, dict) and len(given) == 1:
            ((kind, text),) = given.items()
            if kind == "float" and text in ("inf", "-inf", "nan"):
                return float(text)
            if kind == "int" and isinstance(text, str):
                return int(text, 16)
        raise Damaged(f"a value in its description is {given!r:.80}")

    def key(self, given: Any) -> Any:
        key = self.value(given)
        if not _is_key(key):
            raise Damaged(f"a {type(key).__name__} is a key")
        return key

    def dictionary(self, kind: str, items: list[Any]) -> Any:
        return _CONTAINERS[kind]([(self.key(key), self.value(item)) for key, item in items])  # type: ignore[call-arg, misc]

    def sequence(self, kind: str, items: list[Any]) -> Any:
        value = self.key if kind.endswith("set") else self.value
        return _CONTAINERS[kind]([value(item) for item in items])  # type: ignore[call-arg]

    def array(self, kind: str, place: Any) -> Array:
        """The array at a place: a name, or what `_view` wrote."""
        if isinstance(place, str):
            return self.stored[place]
        base = self.stored[place["of"]].reshape(-1).view(np.uint8)
        dtype, shape, strides, offset = DTYPES[place["dtype"]], place["shape"], place["strides"], place["offset"]
        if not all(type(number) is int for number in (*shape, *strides, offset)) or len(shape) != len(strides):
            raise ValueError
        if min([0, *shape, offset]) < 0:
            raise ValueError
        steps = [(size - 1) * stride for size, stride in zip(shape, strides)]
        low, high = (offset + sum(s for s in steps if s * sign > 0) for sign in (-1, 1))
        if 0 not in shape and not (low >= 0 and high + dtype.itemsize <= base.size):
            raise ValueError
        array = np.ndarray(shape, dtype, base, offset, strides)
        if dtype.kind == "b" and array.size:
            check_bools(base[low : high + 1].view(bool))
        return array if array.flags.aligned else array.copy()

    def tensor(self, kind: str, requires_grad: bool, place: Any) -> Tensor:
        if type(requires_grad) is not bool:
            raise TypeError
        tensor = tensor_of(self.array(kind, place))
        if kind == "parameter":
            return _parameter()(tensor, requires_grad)
        return tensor.requires_grad_(requires_grad) if requires_grad else tensor

    def number(self, kind: str, dtype: str, digits: str) -> Any:
        (number,) = numbers_of(bytes.fromhex(digits), DTYPES[dtype])
        return number


# fmt: off
_READERS: dict[str, Callable[..., Any]] = {
    "dict": _Reader.dictionary,         # [kind, [[key, value], …]]
    "OrderedDict": _Reader.dictionary,
    "Counter": lambda reader, kind, items: Counter(reader.dictionary("dict", items)),
    "list": _Reader.sequence,           # [kind, [value, …]]
    "tuple": _Reader.sequence,
    "set": _Reader.sequence,
    "frozenset": _Reader.sequence,
    "Size": _Reader.sequence,
    "tensor": _Reader.tensor,           # [kind, requires_grad, place]
    "parameter": _Reader.tensor,
    "array": _Reader.array,             # [kind, place]
    "number": _Reader.number,           # [kind, dtype, bytes in hexadecimal]
    "dtype": lambda reader, kind, name: DTYPES[name],
    "device": lambda reader, kind, text: device(text),
    "bytes": lambda reader, kind, digits: bytes.fromhex(digits),
    "bytearray": lambda reader, kind, digits: bytearray.fromhex(digits),
    "complex": lambda reader, kind, real, imag: complex(reader.value(real), reader.value(imag)),
}
# fmt: on
