"""write_whole leaves all of the new content or all of the old, whatever fails at whatever moment."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from examples.experiments.support.runs.files import write_whole


def full_disk(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_writes_and_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    write_whole(file, b"old")
    write_whole(file, b"new" * 100_000)
    assert file.read_bytes() == b"new" * 100_000
    assert os.listdir(tmp_path) == ["weights.bin"]


def test_writes_an_empty_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "empty", b"")
    assert (tmp_path / "empty").read_bytes() == b""


def test_goes_on_where_the_system_writes_only_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:7]))
    write_whole(tmp_path / "file", bytes(range(100)))
    assert (tmp_path / "file").read_bytes() == bytes(range(100))


def test_is_on_the_disk_before_it_takes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def noted(name: str, call: Any) -> Any:
        def wrapper(*arguments: Any) -> Any:
            calls.append(name)
            return call(*arguments)

        return wrapper

    monkeypatch.setattr(os, "fsync", noted("fsync", os.fsync))
    monkeypatch.setattr(os, "replace", noted("replace", os.replace))
    write_whole(tmp_path / "file", b"x")
    assert calls == ["fsync", "replace", "fsync"]  # the file, its name, the folder


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_full_disk_keeps_the_old_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    file = tmp_path / "weights.bin"
    write_whole(file, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full_disk)
        with pytest.raises(OSError, match=r"weights\.bin could not be written: .*Free some space") as caught:
            write_whole(file, b"new")
    assert caught.value.errno == errno.ENOSPC
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.bin"]


def test_full_disk_after_a_part_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = os.write, []

    def write_some(descriptor: int, content: memoryview) -> int:
        calls.append(1)
        return write(descriptor, content[:3]) if len(calls) == 1 else full_disk()

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_some)
        with pytest.raises(OSError, match="Free some space"):
            write_whole(tmp_path / "file", b"abcdef")
    assert os.listdir(tmp_path) == []


def test_ctrl_c_leaves_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_whole(tmp_path / "file", b"x")
    assert os.listdir(tmp_path) == []


def test_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere.file could not be written: .*Make the folder first\."):
        write_whole(tmp_path / "nowhere" / "file", b"x")
