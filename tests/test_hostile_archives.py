"""Hostile and damaged archives in place of CIFAR-10's: each gives an error message and writes no file elsewhere."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.experiments.support.data.cifar10 import CLASSES
from examples.experiments.support.data.download import META, DownloadError, unpack

SIZES = {"data_batch_1.bin": 3073, "test_batch.bin": 3073}
TOP = "cifar-10-batches-bin/"
SECONDS, BYTES = 2.0, 100 << 20  # limits of CPU time and memory for each of them
DISK = sum(SIZES.values()) + 4096


def entry(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: Any) -> bytes:
    """A header with its content; fields such as `size` may be wrong."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + content + bytes(-len(content) % 512)


def pax(records: dict[str, str] | bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    if isinstance(records, bytes):
        return entry("pax", records, kind)
    content = b""
    for key, value in records.items():
        record = f" {key}={value}\n".encode()
        length = len(record) + 1
        while len(str(length)) + len(record) != length:
            length += 1
        content += str(length).encode() + record
    return entry("pax", content, kind)


NOISE = random.Random(0).randbytes(3073)  # hardly compresses
FILES = {
    **{name: entry(TOP + name, NOISE) for name in SIZES},
    META: entry(TOP + META, "\n".join(CLASSES).encode()),
}
END = bytes(1024)


def tar(*extra: bytes, without: str = "", last: bytes = END) -> bytes:
    """The members `extra` first, then the files."""
    return b"".join([*extra, *(part for name, part in FILES.items() if name != without), last])


def patched(block: bytes, start: int, new: bytes, checksum: bool = True) -> bytes:
    """A header with some bytes changed and a corrected checksum."""
    block = block[:start] + new + block[start + len(new) :]
    if not checksum:
        return block
    total = sum(block[:148]) + 8 * 32 + sum(block[156:512])
    return block[:148] + f"{total:06o}\0 ".encode() + block[156:]


SIZE, TYPE, CHECKSUM, MODE = 124, 156, 148, 100  # offsets in a header
FIRST = FILES["data_batch_1.bin"]


def hostile() -> Iterator[tuple[str, bytes]]:
    """Unpacked archives."""
    for claim in (1 << 50, 1 << 62, 1 << 80, 0, -1, "x", "1e9", "", "3073"):
        yield f"pax size {claim}", tar(pax({"size": str(claim)}), FIRST, without="data_batch_1.bin")
        yield f"global pax size {claim}", tar(pax({"size": str(claim)}, tarfile.XGLTYPE))
        yield f"pax size {claim} of another file", tar(pax({"size": str(claim)}), entry("readme.html"))
    for keywords in (
        {"GNU.sparse.major": "0", "GNU.sparse.minor": "0", "GNU.sparse.numblocks": "1", "GNU.sparse.offset": "x"},
        {"GNU.sparse.size": "x", "GNU.sparse.numblocks": "1"},
        {"GNU.sparse.map": "1,2,3"},
        {"GNU.sparse.map": "a,b", "GNU.sparse.size": "99"},
        {"GNU.sparse.map": ""},
        {"GNU.sparse.map": ",".join(["9"] * 9000)},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 60)},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "../evil"},
        {"GNU.sparse.major": "x"},
        {"GNU.sparse.realsize": "-1"},
    ):
        yield f"sparse {str(keywords)[:90]}", tar(pax(keywords), entry(TOP + "x", b"a\nb\n" * 200))
    sparse = patched(FIRST, TYPE, tarfile.GNUTYPE_SPARSE)
    yield "an old sparse file", tar(sparse, without="data_batch_1.bin")
    yield "an old sparse file with a map of letters", tar(patched(sparse, 386, b"x" * 96), without="data_batch_1.bin")
    yield "an old sparse file that never ends", tar(patched(sparse, 482, b"\1"), without="data_batch_1.bin")
    yield "pax path", tar(pax({"path": "/etc/passwd"}), FIRST, without="data_batch_1.bin")
    yield "pax path upwards", tar(pax({"path": "../../evil"}), FIRST, without="data_batch_1.bin")
    yield "pax linkpath", tar(pax({"linkpath": "/etc/passwd"}), FIRST, without="data_batch_1.bin")
    yield "a pax header of 1 GiB", tar(entry("pax", b"", tarfile.XHDTYPE, size=1 << 30))
    yield "a pax header of 1 MiB", tar(pax(b"x" * (1 << 20)))
    yield "a pax header that is cut off", entry("pax", b"", tarfile.XHDTYPE, size=512)
    yield "5,000 pax headers", tar(pax({"comment": "x"}) * 5000)
    for kind in b"123467DKLMNSVXZ":
        yield f"type {chr(kind)}", tar(patched(FIRST, TYPE, bytes([kind])), without="data_batch_1.bin")
        yield f"type {chr(kind)} beside", tar(entry(TOP + "other", kind=bytes([kind]), linkname="/etc/passwd"))
    for name in (
        "/evil", "//evil", "../evil", "a/../../evil", "..", "a/..", "..\\evil", "C:\\evil", "C:evil", "c:/evil",
        "\\evil", "\\\\server\\share\\evil", "", "x:stream", "/data_batch_1.bin", "../data_batch_1.bin",
        "\udcff\udcfe/../evil",
    ):  # fmt: skip
        yield f"name {name!r}", tar(entry(name, b"x"))
    yield "a folder that is absolute", tar(entry("/tmp", kind=tarfile.DIRTYPE))
    yield "a folder with content", tar(entry("folder", b"x" * 600, tarfile.DIRTYPE))
    yield "a file twice", tar(FIRST)
    yield "the names twice", tar(FILES[META])
    yield "a file twice, elsewhere", tar(entry("other/test_batch.bin", NOISE))
    yield "a short file", tar(entry(TOP + "data_batch_1.bin", NOISE[:-1]), without="data_batch_1.bin")
    yield "a long file", tar(entry(TOP + "data_batch_1.bin", NOISE + b"x"), without="data_batch_1.bin")
    yield "long names", tar(entry(TOP + META, b"x" * 5000), without=META)
    yield "a size of 2^60", tar(entry(TOP + "readme.html", size=1 << 60))
    yield "a size of 8 GiB", tar(entry(TOP + "readme.html", size=(1 << 33) - 1))
    yield "a negative size", tar(patched(entry(TOP + "readme.html"), SIZE, b"\xff" * 11 + b"\x00"))
    yield "a size of letters", tar(patched(FIRST, SIZE, b"abcdefghijk\0"), without="data_batch_1.bin")
    yield "a mode of letters", tar(patched(FIRST, MODE, b"abcdefg\0"), without="data_batch_1.bin")
    yield "a checksum that is wrong", tar(patched(FIRST, 0, b"C", checksum=False), without="data_batch_1.bin")
    yield (
        "a checksum of letters",
        tar(patched(FIRST, CHECKSUM, b"xxxxxxxx", checksum=False), without="data_batch_1.bin"),
    )
    yield "no tar", b"hello" * 1000
    yield "a page", b"<html>Please sign in</html>" * 100
    yield "nothing", b""
    yield "zeros", bytes(10240)
    yield "an end before the files", END + tar()
    yield "4 MiB of other files", tar(entry("bomb", bytes(4 << 20)))
    yield "64 MiB of zeros at the end", tar(last=bytes(64 << 20))
    yield "5,000 members", tar(*(entry(f"{i}") for i in range(5000)))
    yield "5,000 folders", tar(*(entry(f"{i}", kind=tarfile.DIRTYPE) for i in range(5000)))
    for name in (*SIZES, META):
        yield f"{name} missing", tar(without=name)
    whole = tar()
    for length in (1, 100, 511, 512, 513, 1000, 3585, 4096, 5000, 8192):
        yield f"cut after {length} bytes", whole[:length]


PACKED = {name: gzip.compress(content, 1) for name, content in hostile()}
WHOLE = gzip.compress(tar(), 1)
PACKED |= {
    "an empty file": b"",
    "no gzip": b"<html>Please sign in</html>",
    "a tar that is not compressed": tar(),
    "a gzip of another method": b"\x1f\x8b\x07" + WHOLE[3:],
    "a wrong CRC": WHOLE[:-8] + bytes([WHOLE[-8] ^ 1]) + WHOLE[-7:],
    "a wrong length": WHOLE[:-1] + bytes([WHOLE[-1] ^ 1]),
    "no CRC": WHOLE[:-8],
    "a header alone": WHOLE[:10],
    "something behind the end": WHOLE + b"something",
    "a second stream that is a bomb": WHOLE + gzip.compress(bytes(64 << 20), 1),
    "deflate without gzip": zlib.compress(tar()),
    **{f"gzip cut at {share:.0%}": WHOLE[: int(share * len(WHOLE))] for share in (0.01, 0.1, 0.5, 0.9, 0.99)},
}


def test_there_are_at_least_forty() -> None:
    assert len(PACKED) >= 40


def everything(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("name", PACKED)
def test_hostile_archives(tmp_path: Path, name: str) -> None:
    packed, folder = tmp_path / "packed", tmp_path / "deep" / "in" / "ready"
    folder.mkdir(parents=True)
    packed.write_bytes(PACKED[name])
    before = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(DownloadError) as caught:
            unpack(packed, folder, SIZES)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert time.process_time() - before < SECONDS
    sentence = str(caught.value)
    assert sentence.startswith("The archive ") and len(sentence) < 600
    assert sentence.endswith(("Check its origin.", "ownload it again."))  # what to do
    sentence.encode()  # can be printed
    written = everything(tmp_path)
    del written["packed"]
    assert {Path(path).name for path in written} <= {*SIZES, META}
    assert all(path.startswith(os.path.join("deep", "in", "ready")) for path in written)
    assert sum(written.values()) <= DISK


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_an_honest_archive_of_every_form(tmp_path: Path, form: int) -> None:
    stream = io.BytesIO()
    with tarfile.open(mode="w:gz", fileobj=stream, format=form) as archive:
        for name in (*SIZES, META, "readme.html"):
            info = tarfile.TarInfo(TOP + name)
            info.size, info.mtime, info.uname = (100 if name not in SIZES else 3073), 1.5, "kriz"  # type: ignore[assignment]
            if form == tarfile.USTAR_FORMAT:
                info.mtime = 1
            archive.addfile(info, io.BytesIO(NOISE))
    (tmp_path / "packed").write_bytes(stream.getvalue())
    (tmp_path / "ready").mkdir()
    unpack(tmp_path / "packed", tmp_path / "ready", SIZES)
    assert everything(tmp_path / "ready") == {**SIZES, META: 100}
    assert (tmp_path / "ready" / "test_batch.bin").read_bytes() == NOISE
