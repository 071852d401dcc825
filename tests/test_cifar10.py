"""Reading CIFAR-10: both layouts give the same arrays; damaged or hostile files give an error message."""

from __future__ import annotations

import codecs
import dataclasses
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest

from examples.experiments.download import main as download_main
from examples.experiments.support.data import cifar10, download, synthetic
from examples.experiments.support.data.cifar10 import BATCHES, CLASSES, DataError, load, read_folder

COUNT = 3  # images per batch


def batch(number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (COUNT, 3072), np.uint8), rng.integers(0, 10, COUNT)


def write_binary(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(BATCHES):
        pixels, labels = batch(number)
        records = np.concatenate([labels[:, None].astype(np.uint8), pixels], axis=1)
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n\n")
    return folder


def python_2(value: Any) -> bytes:
    """Pickle a value in protocol 2 as Python 2 does; the published files were made this way."""
    if isinstance(value, dict):
        return b"}(" + b"".join(python_2(part) for item in value.items() for part in item) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(python_2, value)) + b"e"
    if isinstance(value, bytes):
        return b"U" + bytes([len(value)]) + value if len(value) < 256 else b"T" + struct.pack("<i", len(value)) + value
    if isinstance(value, np.ndarray):
        start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        code = value.dtype.str[1:].encode()
        dtype = b"cnumpy\ndtype\n" + python_2(code) + b"K\x00K\x01\x87R(K\x03"
        dtype += python_2(value.dtype.str[:1].encode()) + b"NNN" + python_2(-1) * 2 + b"K\x00tb"
        shape = b"(" + b"".join(map(python_2, value.shape)) + b"t"
        return start + b"(K\x01" + shape + dtype + b"\x89" + python_2(value.tobytes()) + b"tb"
    return b"J" + struct.pack("<i", value)


def write_python(
    folder: Path, dump: Callable[[Any], bytes] = lambda value: b"\x80\x02" + python_2(value) + b"."
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(BATCHES):
        pixels, labels = batch(number)
        names = [b"a.png"] * COUNT
        content = {b"batch_label": b"one", b"labels": labels.tolist(), b"data": pixels, b"filenames": names}
        (folder / name).write_bytes(dump(content))
    meta = {
        b"num_cases_per_batch": COUNT,
        b"label_names": [name.encode() for name in CLASSES],
        b"num_vis": 3072,
    }
    (folder / "batches.meta").write_bytes(dump(meta))
    return folder


def refused(folder: Path, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_folder(folder)


WRITERS = {"binary": write_binary, "Python": write_python}


@pytest.mark.parametrize("layout", WRITERS)
def test_both_layouts_give_the_same_arrays(tmp_path: Path, layout: str) -> None:
    data = read_folder(WRITERS[layout](tmp_path / "data"))
    batches = [batch(number) for number in range(6)]
    pixels, labels = (np.concatenate(parts) for parts in zip(*batches[:5], strict=True))
    assert (data.train.images == pixels.reshape(-1, 3, 32, 32)).all()
    assert (data.train.labels == labels).all()
    assert (data.test.images == batches[5][0].reshape(-1, 3, 32, 32)).all()
    assert (data.test.labels == batches[5][1]).all()
    for split in (data.train, data.test):
        assert split.images.dtype == np.uint8 and split.labels.dtype == np.int64
        assert split.images.flags.c_contiguous
    assert data.classes == CLASSES
    assert data.source == f"CIFAR-10, {layout} layout, 15 training and 3 test images"  # this text appears in the report
    assert str(data) == f"{data.source}, from {tmp_path / 'data'}."


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_python_layout_saved_again_by_this_numpy(tmp_path: Path, protocol: int) -> None:
    write_python(tmp_path, lambda value: pickle.dumps(value, protocol))
    assert (read_folder(tmp_path).train.images[:COUNT].reshape(COUNT, -1) == batch(0)[0]).all()


def test_labels_may_be_an_array_of_any_byte_order(tmp_path: Path) -> None:
    write_python(tmp_path)
    pixels, labels = batch(0)
    content = {b"data": np.asfortranarray(pixels).copy("C"), b"labels": labels.astype(">i8")}
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x02" + python_2(content) + b".")
    assert (read_folder(tmp_path).train.labels[:COUNT] == labels).all()


@pytest.mark.parametrize(("layout", "name"), [("binary", "cifar-10-batches-bin"), ("Python", "cifar-10-batches-py")])
def test_the_folder_above_will_do(tmp_path: Path, layout: str, name: str) -> None:
    WRITERS[layout](tmp_path / name)
    assert layout in read_folder(tmp_path).source


def test_class_names_are_known_without_their_file(tmp_path: Path) -> None:
    (write_binary(tmp_path) / "batches.meta.txt").unlink()
    assert read_folder(tmp_path).classes == CLASSES


def test_no_folder_a_file_or_an_empty_folder(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "nowhere does not exist. Name the folder")
    refused(tmp_path, "does not contain CIFAR-10: neither")
    (tmp_path / "cifar.tar.gz").touch()
    refused(tmp_path / "cifar.tar.gz", r"cifar\.tar\.gz is a file; unpack it")


@pytest.mark.parametrize("layout", WRITERS)
def test_missing_empty_huge_and_unreadable_batches(tmp_path: Path, layout: str) -> None:
    name = "data_batch_3.bin" if layout == "binary" else "data_batch_3"
    file = WRITERS[layout](tmp_path) / name
    file.unlink()
    refused(tmp_path, f"lacks {name}. Unpack")
    file.touch()
    refused(tmp_path, f"{name} is empty")
    os.truncate(file, cifar10.MOST_BYTES + 1)
    refused(tmp_path, f"{name} has 67,108,865 bytes; no file of CIFAR-10 has more")
    file.unlink()
    file.mkdir()
    refused(tmp_path, f"{name} cannot be read")


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("kept", [1, 1000, 3072, -1])
def test_a_truncated_batch(tmp_path: Path, layout: str, kept: int) -> None:
    file = WRITERS[layout](tmp_path) / ("test_batch.bin" if layout == "binary" else "test_batch")
    file.write_bytes(file.read_bytes()[:kept])
    refused(tmp_path, "test_batch.* is truncated")


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("name", ["data_batch_1", "data_batch_3", "test_batch"])
def test_a_batch_cut_between_two_pictures(tmp_path: Path, layout: str, name: str) -> None:
    WRITERS[layout](tmp_path)
    if layout == "binary":
        os.truncate(tmp_path / f"{name}.bin", 2 * 3073)
    else:
        content = {b"data": PIXELS[:2], b"labels": [1, 2]}
        (tmp_path / name).write_bytes(b"\x80\x02" + python_2(content) + b".")
    refused(tmp_path, rf"{name}(\.bin)? contains 2 images, the other batches 3\. One of them is truncated")


def test_protocol_2_of_python_3_is_read_as_far_as_the_defect(tmp_path: Path) -> None:
    content = {b"data": PIXELS, b"labels": [1, 12, 3]}
    (write_python(tmp_path) / "data_batch_1").write_bytes(pickle.dumps(content, 2))
    refused(tmp_path, "data_batch_1: image 1 has the label 12")


def test_a_label_out_of_range(tmp_path: Path) -> None:
    file = write_binary(tmp_path) / "data_batch_2.bin"
    content = bytearray(file.read_bytes())
    content[3073] = 10
    file.write_bytes(content)
    refused(tmp_path, r"data_batch_2\.bin: image 1 has the label 10; labels go from 0 to 9")


@pytest.mark.parametrize("layout", WRITERS)
def test_class_names_that_are_not_ten(tmp_path: Path, layout: str) -> None:
    WRITERS[layout](tmp_path)
    (tmp_path / "batches.meta.txt").write_text("cat\ndog\n")
    (tmp_path / "batches.meta").write_bytes(b"\x80\x02" + python_2({b"label_names": [b"cat", b"dog"]}) + b".")
    refused(tmp_path, "names 2 classes instead of ten")


PIXELS, LABELS = batch(0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "contains a list where CIFAR-10 has a dictionary"),
        ({b"labels": [1, 2, 3]}, "data is missing"),
        ({b"data": PIXELS}, "labels is missing"),
        (
            {b"data": PIXELS, b"labels": [1, 2]},
            r"labels must be integers \(3,\), one per image, not int64 \(2,\)",
        ),
        ({b"data": PIXELS, b"labels": [1, -1, 2]}, "image 1 has the label -1"),
        ({b"data": PIXELS, b"labels": [1, b"2", 3]}, "labels is missing, or neither"),
        ({b"data": PIXELS[:, 1:], b"labels": [1, 2, 3]}, r"must be uint8 \(N, 3072\), not uint8 \(3, 3071\)"),
        ({b"data": PIXELS[:0], b"labels": []}, r"must be uint8 \(N, 3072\), not uint8 \(0, 3072\)"),
        ({b"data": PIXELS.astype("<i2"), b"labels": [1, 2, 3]}, "must be uint8"),
        ({b"data": PIXELS.astype("<f4"), b"labels": [1, 2, 3]}, "its elements are not integers"),
        ({b"data": np.full((3, 3072), None), b"labels": [1, 2, 3]}, "its elements are not integers"),
    ],
)
def test_a_pickle_of_something_else(tmp_path: Path, content: Any, sentence: str) -> None:
    (write_python(tmp_path) / "data_batch_1").write_bytes(b"\x80\x02" + python_2(content) + b".")
    refused(tmp_path, f"data_batch_1.*{sentence}")


class Calls:
    """An object whose pickle calls a function when it is loaded."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (os.mkdir, "mkdir"),
        (eval, "eval"),
        (np.load, "load"),
        (np.frombuffer, "frombuffer"),
        (getattr, "getattr"),
    ],
)
def test_a_pickle_that_runs_code_is_refused_and_nothing_runs(
    tmp_path: Path, function: Callable[..., Any], name: str, protocol: int
) -> None:
    trap = tmp_path / "trap"
    argument = f"__import__('os').mkdir({str(trap)!r})" if function is eval else str(trap)
    hostile = pickle.dumps(Calls(function, argument), protocol)
    (write_python(tmp_path) / "data_batch_1").write_bytes(hostile)
    refused(tmp_path, rf"data_batch_1 refers to \S+\.{name} and was rejected")
    assert not trap.exists()


def test_the_refusal_names_what_was_asked_for(tmp_path: Path) -> None:
    (write_python(tmp_path) / "test_batch").write_bytes(b"\x80\x02cos\nsystem\nU\x04true\x85R.")
    refused(tmp_path, r"test_batch refers to os\.system and was rejected.*Do not use this file")


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x85R.",  # ndarray((2147483647,)): a memory bomb
        b"\x80\x02}r\xff\xff\xff\x7f.",  # memo index 2147483647: another memory bomb
        b"\x80\x05\x96\x00\x00\x00\x20\x00\x00\x00\x00.",  # a bytearray of 512 MiB: another memory bomb
        b"(ios\nsystem\n.",  # the oldest call opcode
        b"\x80\x02\x82\x01.",  # a registered extension
        b"\x80\x02U\x01xQ.",  # a persistent id
        b"\x80\x02cnumpy\ndtype\n}U\x01xK\x01sb.",  # sets attributes of an allowed object
        b"\x80\x02c_codecs\nencode\n}U\x01xK\x01sb.",
        b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.tofile\x93.",  # a dotted name
        b"\x80\x02(((((",
        b"",
        b"\xff\xd8\xff\xe0 a JPEG",
    ],
)
def test_other_hostile_or_foreign_bytes(tmp_path: Path, hostile: bytes) -> None:
    (write_python(tmp_path) / "data_batch_1").write_bytes(hostile)
    tracemalloc.start()
    try:
        refused(tmp_path, "data_batch_1[ :]")
        assert tracemalloc.get_traced_memory()[1] < 10 << 20  # bytes at the peak
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("arguments", [("a", "rot13"), (9, "latin1"), ("€", "latin1")])
def test_bytes_of_protocol_2_are_text_in_latin_1_only(tmp_path: Path, arguments: tuple[Any, ...]) -> None:
    hostile = pickle.dumps({Calls(codecs.encode, *arguments): 1}, 2)
    assert b"c_codecs\nencode" in hostile
    (write_python(tmp_path) / "data_batch_1").write_bytes(hostile)
    refused(
        tmp_path, r"data_batch_1 is .*not a pickle of plain data: (bytes have to be written as text in latin1|a text)"
    )


def test_a_size_that_lies_about_the_bytes(tmp_path: Path) -> None:
    file = write_python(tmp_path) / "data_batch_1"
    file.write_bytes(file.read_bytes().replace(b"J\x00\x0c\x00\x00t", b"J\x00\x0c\x00\x7ft"))
    refused(tmp_path, "data_batch_1: data is a damaged array")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No source of data: no variable, an empty cache, no network, and a small synthetic set."""
    small = synthetic.make(20, 10)
    for variable in ("CIFAR10_DIR", "LSB_JOBID"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(synthetic, "make", lambda: small)

    def no_network(*_: Any, **__: Any) -> None:
        raise download.DownloadError("the.server cannot be reached.")

    monkeypatch.setattr(download, "fetch", no_network)
    return tmp_path


def cache(places: Path) -> Path:
    return places / "cache" / "lucidgrad" / "cifar-10-batches-bin"


def test_the_order_of_places(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    monkeypatch.setattr(download, "fetch", lambda folder, replace: fetched.append((write_binary(folder), replace)))
    assert str(cache(places)) in str(load(None))
    assert fetched == [(cache(places), False)]
    load(None)
    assert len(fetched) == 1  # the second time the cache was used
    monkeypatch.setenv("CIFAR10_DIR", str(write_python(places / "variable")))
    assert str(places / "variable") in str(load(None))
    assert str(places / "named") in str(load(write_binary(places / "named")))


@pytest.mark.parametrize(("allowed", "reason"), [(True, "the.server cannot be reached"), (False, "switched off")])
def test_the_synthetic_set_is_loud(
    places: Path, capsys: pytest.CaptureFixture[str], allowed: bool, reason: str
) -> None:
    assert "synthetic" in load(None, allow_download=allowed).source
    out, err = capsys.readouterr()
    loud = err.splitlines()[-1]
    assert "NOT REAL IMAGES" in loud and reason in loud and "--data-dir" in loud and "CIFAR10_DIR" in loud
    assert out == ""


def test_a_bad_folder_that_was_asked_for_is_an_error(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_binary(cache(places))
    monkeypatch.setenv("CIFAR10_DIR", str(places / "typo"))
    with pytest.raises(DataError, match=r"variable CIFAR10_DIR does not name usable data\. .*typo does not exist"):
        load(None)
    monkeypatch.setenv("CIFAR10_DIR", str(cache(places)))
    with pytest.raises(DataError, match="other does not exist"):
        load(places / "other")


def test_a_damaged_cache_is_told_and_fetched_again(
    places: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (write_binary(cache(places)) / "data_batch_4.bin").write_bytes(b"half")

    def fetch(folder: Path, replace: bool) -> None:
        assert replace
        write_binary(folder)

    monkeypatch.setattr(download, "fetch", fetch)
    assert "binary layout" in str(load(None))
    assert "cached copy of CIFAR-10 is damaged" in capsys.readouterr().err


def test_without_a_home_folder_there_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unknown(name: str) -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(cifar10.platformdirs, "user_cache_path", unknown)
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    with pytest.raises(DataError, match=r"the home folder is unknown\. Set the variable HOME, .*--data-dir"):
        cifar10.load(None)
    assert download_main([]) == 1
    assert "the home folder is unknown" in capsys.readouterr().err


def test_published_pixels_are_known_by_their_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 32, 32), np.uint8)
    train = cifar10.Split(np.broadcast_to(pixels, (50_000, 3, 32, 32)), np.zeros(50_000, np.int64))
    assert cifar10._is_published(train) is False
    levels = pixels[0].reshape(3, -1) / 255
    monkeypatch.setattr(cifar10, "STATISTICS", (levels.mean(1), levels.std(1)))
    assert cifar10._is_published(train) is True
    assert cifar10._is_published(train.first(49_999)) is None


def test_results_say_whether_pixels_are_the_published_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_binary(tmp_path)
    assert "published" not in read_folder(folder).identity
    monkeypatch.setattr(cifar10, "_is_published", lambda train: len(train.labels) != 5 * COUNT)
    data = read_folder(folder)
    assert dataclasses.replace(data, train=data.train.first(1)).identity["published"] is False
