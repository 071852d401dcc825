"""Hostile and damaged pickles in place of a CIFAR-10 batch: each is refused soon, with little memory."""

from __future__ import annotations

import pickle
import pickletools
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from autograd.vision import batch_pickle
from examples.experiments.support.data.cifar10 import MOST_BYTES, DataError, read_folder
from tests.test_cifar10 import LABELS, PIXELS, python_2, write_python

# Limits of CPU time and memory for reading each of them.  Tracing the memory makes it ten times as slow.
SECONDS, BYTES = 5.0, 200 << 20

# ── pieces of pickles ──

START = b"\x80\x02"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
NDARRAY = b"cnumpy\nndarray\n"
DTYPE_NAME = b"cnumpy\ndtype\n"
ENCODE = b"c_codecs\nencode\n"
EMPTY_ARRAY = RECONSTRUCT + NDARRAY + b"K\x00\x85U\x01b\x87R"


def data(value: bytes) -> bytes:
    """A batch with this piece of pickle as its "data"."""
    return START + b"}(" + python_2(b"labels") + python_2(LABELS.tolist()) + python_2(b"data") + value + b"u."


def labels(value: bytes) -> bytes:
    return START + b"}(" + python_2(b"data") + python_2(PIXELS) + python_2(b"labels") + value + b"u."


def key(value: bytes) -> bytes:
    return START + b"}" + value + b"K\x01s."


def dtype(code: bytes = b"U\x02u1", state: bytes | None = None) -> bytes:
    usual = b"(K\x03U\x01|NNN" + python_2(-1) * 2 + b"K\x00t"
    return DTYPE_NAME + code + b"K\x00K\x01\x87R" + (usual if state is None else state) + b"b"


SHAPE = b"K\x03M\x00\x0c\x86"
CONTENT = python_2(PIXELS.tobytes())


def array(shape: bytes = SHAPE, kind: bytes | None = None, fortran: bytes = b"\x89", content: bytes = CONTENT) -> bytes:
    kind = dtype() if kind is None else kind
    return data(EMPTY_ARRAY + b"(K\x01" + shape + kind + fortran + content + b"tb")


def from_buffer(
    content: bytes = CONTENT, kind: bytes | None = None, shape: bytes = SHAPE, order: bytes = b"\x8c\x01C"
) -> bytes:
    kind = dtype() if kind is None else kind
    return data(b"cnumpy.core.numeric\n_frombuffer\n(" + content + kind + shape + order + b"tR")


def test_the_pieces_make_a_batch_that_is_read(tmp_path: Path) -> None:
    folder = write_python(tmp_path)
    for good in (array(), from_buffer(), labels(python_2(LABELS.tolist())), labels(python_2(LABELS))):
        (folder / "data_batch_1").write_bytes(good)
        assert (read_folder(folder).train.images[:3].reshape(3, -1) == PIXELS).all()


def test_texts_as_keys_are_taken(tmp_path: Path) -> None:
    folder = write_python(tmp_path)
    (folder / "data_batch_1").write_bytes(pickle.dumps({"data": PIXELS, "labels": LABELS.tolist()}))
    assert (read_folder(folder).train.labels[:3] == LABELS).all()


# ── refused pickles ──

VALUES = {
    "None": b"N",
    "True": b"\x88",
    "-1": python_2(-1),
    "2^62": b"\x8a\x08" + struct.pack("<q", 1 << 62),
    "bytes": b"U\x01x",
    "text": b"\x8c\x01x",
    "a list": b"]",
    "a dict": b"}",
    "a tuple": b")",
    "an array without state": EMPTY_ARRAY,
    "a dtype without state": DTYPE_NAME + b"U\x02u1K\x00K\x01\x87R",
    "a function": RECONSTRUCT,
}
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "data": data,
    "labels": labels,
    "a label": lambda value: labels(b"](K\x01" + value + b"K\x02e"),
    "a shape": lambda value: array(shape=value),
    "a size": lambda value: array(shape=b"K\x03" + value + b"\x86"),
    "a dtype": lambda value: array(kind=value),
    "a dtype's code": lambda value: array(kind=dtype(value)),
    "a dtype's state": lambda value: array(kind=dtype(state=value)),
    "an order of bytes": lambda value: array(kind=dtype(state=b"(K\x03" + value + b"NNNJ\xff\xff\xff\xffK\x00K\x00t")),
    "an array's content": lambda value: array(content=value),
    "an array's state": lambda value: data(EMPTY_ARRAY + value + b"b"),
    "a buffer": lambda value: from_buffer(value),
    "a buffer's dtype": lambda value: from_buffer(kind=value),
    "a buffer's shape": lambda value: from_buffer(shape=value),
    "the arguments of a call": lambda value: data(RECONSTRUCT + value + b"R"),
    "what is called": lambda value: data(value + b")R"),
    "the text of bytes": lambda value: key(ENCODE + value + b"\x8c\x06latin1\x86R"),
    "a codec": lambda value: key(ENCODE + b"\x8c\x01x" + value + b"\x86R"),
    "the target of BUILD": lambda value: data(value + b"}b"),
    "the target of SETITEM": lambda value: data(value + b"U\x01xK\x01s"),
    "the target of APPEND": lambda value: data(value + b"K\x01a"),
    "the module of a name": lambda value: data(value + b"\x8c\x05dtype\x93"),
    "a name": lambda value: data(b"\x8c\x05numpy" + value + b"\x93"),
    "the whole": lambda value: START + value + b".",
}
FINE = {  # a valid piece in this place, although the pickle is refused for another reason
    ("the text of bytes", "text"),
}

NAMES = (
    "os.system", "posix.system", "nt.system", "subprocess.Popen", "builtins.eval", "builtins.exec", "builtins.getattr",
    "builtins.__import__", "__builtin__.eval", "importlib.import_module", "socket.socket", "shutil.rmtree",
    "pickle.loads", "copyreg._reconstructor", "copy_reg._reconstructor", "types.FunctionType", "operator.attrgetter",
    "numpy.load", "numpy.fromfile", "numpy.memmap", "numpy.zeros", "numpy.core.multiarray.scalar",
    "numpy.core.multiarray.fromfile", "numpy.f2py.crackfortran.myeval", "numpy.distutils.exec_command.exec_command",
    "collections.OrderedDict", "bz2.decompress", "zlib.decompress", "ctypes.CDLL", "_codecs.decode", "codecs.encode",
)  # fmt: skip


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def doubled(piece: bytes, times: int) -> bytes:
    """A value that contains itself twice at each level: 2^times copies in a few bytes."""
    return piece + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(times))


def hostile() -> Iterator[tuple[str, bytes | Callable[[], bytes]]]:
    admitted = {code.decode("latin-1") for code in batch_pickle._OPCODES} | {"."}
    for opcode in pickletools.opcodes:
        if opcode.code not in admitted:
            yield f"opcode {opcode.name}", START + b"(U\x01x" + opcode.code.encode("latin-1") + b"0\n" * 9 + b"."
    for number in (0x00, 0x7F, 0xA0, 0xFF):
        yield f"byte {number:#x}", START + bytes([number]) + b"."
    for place, build in PLACES.items():
        for name, value in VALUES.items():
            if (place, name) not in FINE:
                yield f"{name} as {place}", build(value)
    for name in NAMES:
        module, _, function = name.rpartition(".")
        yield f"GLOBAL {name}", START + f"c{module}\n{function}\n".encode() + b"U\x01x\x85R."
        yield f"STACK_GLOBAL {name}", b"\x80\x04" + short(module) + short(function) + b"\x93U\x01x\x85R."
    for text in (b"U", b"T", b"X", b"B", b"C", b"\x8c", b"\x96"):
        for length in (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            yield f"{text!r} of {length:,} bytes", START + text + struct.pack("<Q", length) + b"x."
    yield from {
        "a bytearray of 2^63 bytes": lambda: START + b"\x96" + struct.pack("<Q", 1 << 63) + b"x.",
        "a frame of 2^64 bytes": lambda: b"\x80\x04\x95" + b"\xff" * 8 + b"}.",
        "no pickle": lambda: b"\xff\xd8\xff\xe0 a JPEG",
        "protocol 6": lambda: b"\x80\x06}.",
        "protocol 0": lambda: pickle.dumps({b"data": 1}, 0),
        "no STOP": lambda: START + b"}",
        "STOP alone": lambda: START + b".",
        "STOP behind a MARK": lambda: START + b"}(.",
        "an integer of 255 bytes": lambda: labels(b"\x8a\xff" + b"\x7f" * 255),
        "a line without an end": lambda: START + b"c" + b"x" * (1 << 20),
        "a dotted name": lambda: b"\x80\x04" + short("numpy") + short("ndarray.tofile") + b"\x93.",
        "a name of bytes": lambda: START + b"U\x05numpyU\x05dtype\x93.",
        "an item without a dict": lambda: START + b"U\x01xK\x01s.",
        "a key without a value": lambda: START + b"}(U\x01xu.",
        "a key twice": lambda: START + b"}(U\x01xK\x01U\x01xK\x01u.",
        "a key twice, as bytes and text": lambda: START + b"}(U\x01xK\x01\x8c\x01xK\x01u.",
        "a number as a key": lambda: key(b"K\x01"),
        "a tuple as a key": lambda: key(b"K\x01\x85"),
        "an array as a key": lambda: key(EMPTY_ARRAY),
        "a list as a key": lambda: key(b"]"),
        "TUPLE without a MARK": lambda: START + b"t.",
        "TUPLE2 across a MARK": lambda: START + b"U\x01x(U\x01x\x86.",
        "a memo's place that is empty": lambda: START + b"h\x07.",
        "a memo's place that is far": lambda: START + b"}r\xff\xff\xff\xffj\xff\xff\xff\x7f.",
        "PUT of nothing": lambda: START + b"q\x00.",
        "BUILD of nothing": lambda: START + b"}b.",
        "an array built twice": lambda: array().replace(b"tbu.", b"tb(K\x01)NNNtbu."),
        "a dtype built twice": lambda: array(kind=dtype() + b"(K\x03U\x01|NNNJ\xff\xff\xff\xffK\x00K\x00tb"),
        "attributes set on a name": lambda: data(DTYPE_NAME + b"}U\x01xK\x01sb"),
        "ndarray called": lambda: data(NDARRAY + b"J\xff\xff\xff\x7f\x85\x85R"),
        "a list in itself": lambda: labels(b"]q\x00h\x00a"),
        "a dict in itself": lambda: START + b"}q\x00U\x04datah\x00s.",
        "a text of bytes outside Latin-1": lambda: key(ENCODE + b"X\x03\x00\x00\x00\xe2\x82\xac\x8c\x06latin1\x86R"),
        "a text that is not UTF-8": lambda: key(b"X\x02\x00\x00\x00\xc3\xc3"),
        "float pixels": lambda: array(kind=dtype(b"U\x02f4")),
        "objects as pixels": lambda: array(kind=dtype(b"U\x02O8")),
        "a dtype of 2 GB": lambda: array(kind=dtype(b"U\x0bV2147483647")),
        "a dtype of fields": lambda: array(kind=dtype(b"U\x05u1,u1")),
        "wide pixels": lambda: array(kind=dtype(b"U\x02i8")),
        "a shape of 2^62 rows": lambda: array(shape=b"\x8a\x08" + struct.pack("<q", 1 << 62) + b"M\x00\x0c\x86"),
        "a shape with a size to be found": lambda: array(shape=python_2(-1) + b"M\x00\x0c\x86"),
        "two negative sizes": lambda: array(shape=python_2(-3) + python_2(-3072) + b"\x86"),
        "a shape of 0 rows": lambda: array(shape=b"K\x00M\x00\x0c\x86", content=b"U\x00"),
        "a shape of one size": lambda: array(shape=b"M\x00\x24\x85"),
        "a shape of three sizes": lambda: array(shape=b"K\x01K\x03M\x00\x0c\x87"),
        "a shape of no size": lambda: array(shape=b")"),
        "a shape of 1,000 sizes": lambda: array(shape=b"(" + b"K\x01" * 1000 + b"t"),
        "too few bytes": lambda: array(content=python_2(PIXELS.tobytes()[:-1])),
        "too many bytes": lambda: array(content=python_2(PIXELS.tobytes() + b"x")),
        "no pixels at all": lambda: labels(b"]").replace(b"data", b"dada"),
        "a label of 10": lambda: labels(b"](K\x01K\x02K\x0ae"),
        "a label of 2^63 - 1": lambda: labels(b"](K\x01K\x02\x8a\x08" + b"\xff" * 7 + b"\x7fe"),
        "too few labels": lambda: labels(b"](K\x01K\x02e"),
        # these call nothing, but would exhaust a reader without limits
        "2^60 hashes": lambda: key(doubled(b")", 60)),
        "2^60 hashes, set at once": lambda: START + b"}(" + doubled(b")", 60) + b"K\x01u.",
        "2^60 labels": lambda: labels(doubled(b"K\x01", 60)),
        "2^60 sizes": lambda: array(shape=doubled(b"K\x01", 60)),
        "2^60 elements as a codec": lambda: key(ENCODE + b"\x8c\x01x" + doubled(b")", 60) + b"\x86R"),
        "a dict as a dtype's state": lambda: array(kind=dtype(state=b"}")),
        "one text encoded 20,000 times": lambda: START + ENCODE + b"q\x00X" + struct.pack("<I", 60_000) + b"x" * 60_000
            + b"q\x01\x8c\x06latin1q\x02" + b"h\x00h\x01h\x02\x86R" * 20_000 + b".",
        "a text of 60 MB encoded twice": lambda: START + b"(X" + struct.pack("<I", 60_000_000) + b"x" * 60_000_000
            + b"q\x01" + (ENCODE + b"h\x01\x8c\x06latin1\x86R") * 2 + b".",
        "60 MB of None": lambda: START + b"N" * 60_000_000 + b".",
        "60 MB of marks": lambda: START + b"(" * 60_000_000 + b".",
        "60 MB of lists": lambda: START + b"]" * 60_000_000 + b".",
        "60 MB of dicts": lambda: START + b"}" * 60_000_000 + b".",
        "60 MB of labels": lambda: labels(b"](" + b"K\x01" * 30_000_000 + b"e"),
        "60 MB of memo": lambda: START + b"}" + b"\x94" * 60_000_000 + b".",
        "tuples nested 60,000,000 deep": lambda: START + b")" + b"\x85" * 60_000_000 + b".",
        "lists nested 60,000 deep": lambda: labels(b"]" * 60_000 + b"a" * 59_999),
        "tuples nested 100,000 deep": lambda: START + b")" + b"\x85" * 100_000 + b".",
        "more bytes than any batch": lambda: START + b"N" * MOST_BYTES,
    }.items()  # fmt: skip


HOSTILE = dict(hostile())


def test_there_are_at_least_a_hundred() -> None:
    assert len(HOSTILE) >= 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_python(tmp_path_factory.mktemp("batches"))


def refused(folder: Path, content: bytes) -> str:
    """Check that reading fails with a sentence, within the limits."""
    (folder / "data_batch_1").write_bytes(content)
    before = time.process_time()
    with pytest.raises(DataError) as caught:
        read_folder(folder)
    assert time.process_time() - before < SECONDS
    sentence = str(caught.value)
    assert str(folder / "data_batch_1") in sentence and sentence.endswith(".") and len(sentence) < 1000
    return sentence


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles(folder: Path, name: str) -> None:
    made = HOSTILE[name]
    content = made if isinstance(made, bytes) else made()
    tracemalloc.start()
    try:
        refused(folder, content)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_cut_off_anywhere(folder: Path, protocol: int) -> None:
    whole = array() if protocol == 2 else pickle.dumps({b"data": PIXELS, b"labels": LABELS.tolist()}, protocol)
    pixels = whole.find(PIXELS.tobytes())
    for length in range(1, len(whole)):
        if not pixels + 5 < length < pixels + PIXELS.nbytes - 5:  # inside the pixels all cuts are alike
            assert "Unpack the archive again." in refused(folder, whole[:length])


@pytest.mark.parametrize("value", VALUES)
def test_class_names_of_a_wrong_type(tmp_path: Path, value: str) -> None:
    meta = write_python(tmp_path) / "batches.meta"
    for names in (VALUES[value], b"](" + VALUES[value] * 10 + b"e"):
        if names not in (b"](" + VALUES["bytes"] * 10 + b"e", b"](" + VALUES["text"] * 10 + b"e"):
            meta.write_bytes(START + b"}U\x0blabel_names" + names + b"s.")
            with pytest.raises(DataError, match=r"batches\.meta"):
                read_folder(tmp_path)


def test_a_real_batch_is_far_from_every_limit() -> None:
    """10,000 images with file names, written by Python 3 in protocol 2, the longest of all formats."""
    names = [f"leptodactylus_pentadactylus_s_{i:06}.png".encode() for i in range(10_000)]
    pixels = np.full((10_000, 3072), 255, np.uint8)
    batch = {b"batch_label": b"one", b"labels": [9] * 10_000, b"data": pixels, b"filenames": names}
    content = pickle.dumps(batch, 2)
    assert len(content) < MOST_BYTES
    assert batch_pickle.read(content)["labels"] == [9] * 10_000  # type: ignore[index]
