"""The pickles of CIFAR-10 and CIFAR-100, read without unpickling them.

A pickle is a program for a stack machine. It can call any function while it is read, and even a
pickle that calls nothing can fill the memory or run for hours. The reader here is a small stack
machine. It knows only the opcodes that a batch needs, it calls nothing, and it limits the number
of executed opcodes and of bytes they create. `array_of` builds the arrays from what it has read.

References
----------
Python's module `pickletools`, which describes every opcode.
"""

from __future__ import annotations

import math
import pickle
import pickletools
import re
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Limits for a batch of CIFAR-10. It has 10,000 images. For each, a pickle of Python 3 in protocol 2 has nine opcodes
# (label and file name); other versions have fewer.
MOST_OPCODES = 120_000
# That protocol creates the 30.7 MB of pixels twice: as text, and as the bytes that the text encodes.
MOST_BYTES_MADE = 64 << 20
LONGEST_NAME = 64  # bytes in the name of a module or function

_NOT_LATIN_1 = re.compile(rb"[\xc4-\xff]")  # bytes that UTF-8 uses only for characters above U+00FF


class PickleError(Exception):
    """A pickle is not a batch. The text is a clause that says what is wrong."""


class ForbiddenName(PickleError):
    """A pickle names a function or class that no batch needs. The text is that name."""


class Name(NamedTuple):
    """A function or class that the pickle names; it is never imported or called."""

    module: str
    name: str


class Dtype:
    """Description of a dtype in the pickle: its code, such as "u1", and its byte order."""

    def __init__(self, code: object) -> None:
        self.code = code
        self.order: object = None


class Array:
    """Description of an array in the pickle; nothing in it has been validated."""

    def __init__(self) -> None:
        self.shape: object = None
        self.dtype: object = None
        self.fortran: object = None
        self.content: object = None  # the elements' bytes


_NDARRAY = Name("numpy", "ndarray")
_DTYPE = Name("numpy", "dtype")
_ENCODE = Name("_codecs", "encode")
# Two spellings: NumPy 2 renamed numpy.core.
_RECONSTRUCT = tuple(Name(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core"))
_FROM_BUFFER = tuple(Name(f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core"))
_ADMITTED = {_NDARRAY, _DTYPE, _ENCODE, *_RECONSTRUCT, *_FROM_BUFFER}


def read(content: bytes, images: int = 10_000) -> object:
    """Return the plain data in a pickle: None, bool, int, bytes, str, list, tuple, dict, Dtype, Array.

    Keys of a dict are str; keys in bytes are decoded. A pickle of so many `images` is read, and not
    many more: the limits are in proportion.

    Raises
    ------
    PickleError
        The pickle is truncated, exceeds the limits, or contains something that no batch contains.
    """
    return _Machine(content, max(images / 10_000, 1)).run()


def array_of(value: object) -> NDArray[Any]:
    """Return the array that the pickle describes, or an array of a list of integers.

    Raises
    ------
    PickleError
        The value is something else.
    TypeError, ValueError, OverflowError
        The parts of the array do not fit each other.
    """
    if isinstance(value, list) and all(type(item) is int for item in value):
        return np.array(value, np.int64)
    if isinstance(value, Array):
        return _build(value)
    raise PickleError("is missing, or neither an array nor a list of integers")


def _build(array: Array) -> NDArray[Any]:
    """Build the array; its parts come from the file and are not trusted."""
    dtype, shape, content = array.dtype, array.shape, array.content
    if not isinstance(dtype, Dtype) or not isinstance(content, bytes):
        raise TypeError("its dtype or its bytes are missing")
    code, order = text(dtype.code), text(dtype.order)
    if code not in ("u1", "i1", "i2", "i4", "i8") or order not in ("|", "<", ">"):
        raise TypeError("its elements are not integers")
    if not isinstance(shape, tuple) or len(shape) > 2 or not all(type(size) is int and size >= 0 for size in shape):
        raise TypeError("its shape is not one or two sizes")
    if type(array.fortran) is not bool:
        raise TypeError("the order of its elements is missing")
    flat = np.frombuffer(content, order + code)
    if math.prod(shape) != len(flat):
        raise ValueError(f"its shape needs {math.prod(shape):,} elements, but it has {len(flat):,}")
    return flat.reshape(shape, order="F" if array.fortran else "C")


def text(value: object) -> str:
    """Return text that Python 2 wrote as bytes and Python 3 as str; "" for anything else."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


class _Machine:
    """The stack, the memo and the position in the pickle."""

    def __init__(self, content: bytes, scale: float) -> None:
        self.content = memoryview(content)
        self.position = 0
        self.most_opcodes = int(MOST_OPCODES * scale)
        self.most_bytes = int(MOST_BYTES_MADE * scale)
        self.room = self.most_bytes
        self.stack: list[Any] = []
        self.marks: list[int] = []  # the height of the stack at each MARK
        self.memo: dict[int, Any] = {}

    def run(self) -> object:
        for _ in range(self.most_opcodes):
            code = self.take(1).tobytes()
            if code == pickle.STOP:
                return self.pop()
            if code not in _OPCODES:
                known = [opcode.name for opcode in pickletools.opcodes if opcode.code.encode("latin-1") == code]
                what = f"the opcode {known[0]}" if known else f"the byte {code[0]:#04x} where an opcode has to be"
                raise PickleError(f"it holds {what}")
            _OPCODES[code](self)
        raise PickleError(f"it has more than {self.most_opcodes:,} opcodes")

    # ── the pickle's bytes ──

    def take(self, size: int) -> memoryview:
        piece = self.content[self.position : self.position + size]
        if len(piece) < size:
            raise PickleError("it ends too early")
        self.position += size
        return piece

    def number(self, form: str) -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def line(self) -> str:
        end = self.content[self.position : self.position + LONGEST_NAME + 1].tobytes().find(b"\n")
        if end < 0:
            raise PickleError("a name is too long, or cut off")
        return str(self.take(end + 1)[:-1], "latin-1")

    def count(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise PickleError(f"its texts have more than {self.most_bytes:,} bytes in all")

    # ── the stack ──

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise PickleError("an opcode takes a value that is not there")
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        if not self.marks:
            raise PickleError("an opcode lacks its MARK")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def top(self, kind: type) -> Any:
        value = self.pop()
        self.stack.append(value)
        if type(value) is not kind:
            raise PickleError(f"something is put into a {type(value).__name__} as if it were a {kind.__name__}")
        return value

    # ── the opcodes ──

    def bytes(self, form: str) -> None:
        piece = self.take(self.number(form))
        self.count(len(piece))
        self.stack.append(piece.tobytes())

    def text(self, form: str) -> None:
        piece = self.take(self.number(form))
        if _NOT_LATIN_1.search(piece):  # str would need up to four bytes per character
            raise PickleError("a text has characters outside Latin-1")
        try:
            text = str(piece, "utf-8")
        except UnicodeDecodeError:
            raise PickleError("a text is not UTF-8") from None
        self.count(len(text))
        self.stack.append(text)

    def long(self) -> None:
        size = self.number("<B")
        if size > 8:
            raise PickleError(f"a whole number has {size} bytes")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def protocol(self) -> None:
        if (version := self.number("<B")) > 5:
            raise PickleError(f"it is of protocol {version}")

    def items_of(self, count: int) -> tuple[Any, ...]:
        return tuple([self.pop() for _ in range(count)][::-1])

    def extend(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict)
        if len(items) % 2:
            raise PickleError("a key has no value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, bytes):  # other keys may take years to hash
                raise PickleError(f"a key is a {type(key).__name__}")
            name = key if isinstance(key, str) else key.decode("latin-1")
            if name in target:
                raise PickleError(f"the key {name[:40]!r} is there twice")
            target[name] = value

    def put(self, place: int) -> None:
        value = self.pop()
        self.stack.append(value)
        self.memo[place] = value

    def get(self, place: int) -> None:
        if place not in self.memo:
            raise PickleError("it refers to a missing memo entry")
        self.stack.append(self.memo[place])

    def name(self, module: object, name: object) -> None:
        if type(module) is not str or type(name) is not str:
            raise PickleError("a name is no text")
        if (found := Name(module, name)) not in _ADMITTED:
            raise ForbiddenName(f"{module[:LONGEST_NAME]}.{name[:LONGEST_NAME]}")
        self.stack.append(found)

    def stack_name(self) -> None:
        self.name(*self.items_of(2))

    def call(self) -> None:
        """Push a description of what an admitted function would return, without calling it."""
        function, arguments = self.items_of(2)
        if type(function) is not Name or type(arguments) is not tuple:
            raise PickleError("something is called that is no function")
        if function in _RECONSTRUCT and len(arguments) == 3 and arguments[0] == _NDARRAY:
            self.stack.append(Array())
        elif function in _FROM_BUFFER and len(arguments) == 4:
            array = Array()
            array.content, array.dtype, array.shape, order = arguments
            array.fortran = type(order) is str and order == "F"
            self.stack.append(array)
        elif function == _DTYPE and len(arguments) == 3:
            self.stack.append(Dtype(arguments[0]))
        elif function == _ENCODE and len(arguments) == 2:
            text, codec = arguments  # this is how Python 3 writes bytes in protocol 2
            if type(text) is not str or type(codec) is not str or codec != "latin1":
                raise PickleError("bytes have to be written as text in latin1")
            self.count(len(text))
            self.stack.append(text.encode("latin-1"))  # `text` admits no other characters
        else:
            raise PickleError(f"{function.module}.{function.name} has other arguments than in a batch")

    def build(self) -> None:
        state = self.pop()
        target = self.pop()
        self.stack.append(target)
        if type(target) is Array and target.content is None and type(state) is tuple and len(state) == 5:
            _, target.shape, target.dtype, target.fortran, target.content = state
        elif type(target) is Dtype and target.order is None and type(state) is tuple and len(state) == 8:
            target.order = state[1]
        else:
            raise PickleError(f"a {type(target).__name__} gets a state that it cannot have")


# fmt: off
_OPCODES: dict[bytes, Callable[[_Machine], object]] = {
    pickle.PROTO: _Machine.protocol,
    pickle.FRAME: lambda m: m.take(8),
    pickle.MARK: lambda m: m.marks.append(len(m.stack)),
    pickle.NONE: lambda m: m.stack.append(None),
    pickle.NEWTRUE: lambda m: m.stack.append(True),
    pickle.NEWFALSE: lambda m: m.stack.append(False),
    pickle.BININT: lambda m: m.stack.append(m.number("<i")),
    pickle.BININT1: lambda m: m.stack.append(m.number("<B")),
    pickle.BININT2: lambda m: m.stack.append(m.number("<H")),
    pickle.LONG1: _Machine.long,
    pickle.BINSTRING: lambda m: m.bytes("<I"),
    pickle.SHORT_BINSTRING: lambda m: m.bytes("<B"),
    pickle.BINBYTES: lambda m: m.bytes("<I"),
    pickle.SHORT_BINBYTES: lambda m: m.bytes("<B"),
    pickle.BYTEARRAY8: lambda m: m.bytes("<Q"),
    pickle.BINUNICODE: lambda m: m.text("<I"),
    pickle.SHORT_BINUNICODE: lambda m: m.text("<B"),
    pickle.EMPTY_LIST: lambda m: m.stack.append([]),
    pickle.APPEND: lambda m: m.extend([*m.items_of(1)]),
    pickle.APPENDS: lambda m: m.extend(m.pop_to_mark()),
    pickle.EMPTY_DICT: lambda m: m.stack.append({}),
    pickle.SETITEM: lambda m: m.set_items([*m.items_of(2)]),
    pickle.SETITEMS: lambda m: m.set_items(m.pop_to_mark()),
    pickle.EMPTY_TUPLE: lambda m: m.stack.append(()),
    pickle.TUPLE: lambda m: m.stack.append(tuple(m.pop_to_mark())),
    pickle.TUPLE1: lambda m: m.stack.append(m.items_of(1)),
    pickle.TUPLE2: lambda m: m.stack.append(m.items_of(2)),
    pickle.TUPLE3: lambda m: m.stack.append(m.items_of(3)),
    pickle.BINPUT: lambda m: m.put(m.number("<B")),
    pickle.LONG_BINPUT: lambda m: m.put(m.number("<I")),
    pickle.MEMOIZE: lambda m: m.put(len(m.memo)),
    pickle.BINGET: lambda m: m.get(m.number("<B")),
    pickle.LONG_BINGET: lambda m: m.get(m.number("<I")),
    pickle.GLOBAL: lambda m: m.name(m.line(), m.line()),
    pickle.STACK_GLOBAL: _Machine.stack_name,
    pickle.REDUCE: _Machine.call,
    pickle.BUILD: _Machine.build,
}
# fmt: on
