"""The download from a local server: either the complete data, or an error message and no files."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
import requests

from examples.experiments import download as command
from examples.experiments.support.data import cifar10, download, synthetic
from examples.experiments.support.data.download import Archive, DownloadError, fetch, unpack

SIZES = {f"{name}.bin": 4 * 3073 for name in cifar10.BATCHES}
TOP = "cifar-10-batches-bin/"


def files() -> dict[str, bytes]:
    """The files of a small archive: four noise images per batch, so that it hardly compresses."""
    rng = np.random.default_rng(0)
    records = {name: rng.integers(0, 10, (4, 3073), np.uint8).tobytes() for name in SIZES}
    return {**records, "batches.meta.txt": "\n".join(cifar10.CLASSES).encode()}


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def pack(*extra: tuple[tarfile.TarInfo, bytes], contents: dict[str, bytes] | None = None) -> bytes:
    """A .tar.gz with the members ``extra`` first, then the files."""
    stream = io.BytesIO()
    with tarfile.open(mode="w:gz", fileobj=stream, compresslevel=1) as tar:
        tar.addfile(member(TOP, tarfile.DIRTYPE))
        for info, content in extra:
            tar.addfile(info, io.BytesIO(content))
        for name, content in (files() if contents is None else contents).items():
            tar.addfile(member(TOP + name, size=len(content)), io.BytesIO(content))
    return stream.getvalue()


GOOD = pack()


class Server:
    """A local server.  ``answers`` has the response to each GET; the last one is repeated."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, int]] = []  # status, body, bytes of it to send
        self.retry_after: str | None = None  # the header of unsuccessful responses
        self.gets = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(200)
                self.end_headers()

            def do_GET(self) -> None:
                status, body, sent = outer.answers[min(outer.gets, len(outer.answers) - 1)]
                outer.gets += 1
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if outer.retry_after is not None and status >= 400:
                    self.send_header("Retry-After", outer.retry_after)
                self.end_headers()
                self.wfile.write(body[:sent])

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/cifar-10-binary.tar.gz"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def gives(self, body: bytes = GOOD, *, sent: int | None = None, status: int = 200) -> None:
        self.answers.append((status, body, len(body) if sent is None else sent))

    def archive(self, body: bytes = GOOD) -> Archive:
        return Archive(self.url, hashlib.md5(body).hexdigest(), SIZES)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(download, "BACK_OFF_SECONDS", 0.001)
    server = Server()
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "cifar-10-batches-bin"


def left(folder: Path) -> list[str]:
    return sorted(os.listdir(folder.parent)) if folder.parent.exists() else []


def fails(archive: Archive, folder: Path, sentence: str) -> None:
    with pytest.raises(DownloadError, match=sentence):
        fetch(folder, archive, progress=False)
    assert left(folder) == []


def holds_the_files(folder: Path) -> bool:
    return {file.name: file.read_bytes() for file in folder.iterdir()} == files() and left(folder) == [folder.name]


def test_whole(server: Server, folder: Path) -> None:
    server.gives()
    fetch(folder, server.archive())
    assert holds_the_files(folder)
    assert len(cifar10.read_folder(folder).train.labels) == 20


def test_truncated_once_is_fetched_again(server: Server, folder: Path) -> None:
    server.gives(sent=len(GOOD) // 2)
    server.gives()
    fetch(folder, server.archive())
    assert server.gets == 2
    assert holds_the_files(folder)


def test_truncated_always(server: Server, folder: Path) -> None:
    server.gives(sent=len(GOOD) // 2)
    fails(server.archive(), folder, "the connection broke, 3 times")
    assert server.gets == 3


def test_wrong_checksum(server: Server, folder: Path) -> None:
    server.gives(GOOD[:-1] + b"\xff")
    fails(server.archive(), folder, "the file had a wrong checksum, 3 times")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The duration in seconds of each wait, without actually waiting."""
    seconds: list[float] = []
    monkeypatch.setattr(download.time, "sleep", seconds.append)
    monkeypatch.setattr(download, "BACK_OFF_SECONDS", 2.0)
    return seconds


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int, server: Server, folder: Path, waits: list[float]) -> None:
    server.gives(b"later", status=status)
    server.gives(b"later", status=status)
    server.gives()
    fetch(folder, server.archive())
    assert server.gets == 3 and holds_the_files(folder)
    assert waits == [2, 8]


def test_a_server_that_stays_busy(server: Server, folder: Path, waits: list[float]) -> None:
    server.gives(b"later", status=503)
    fails(server.archive(), folder, r"the server was busy \(503 Service Unavailable\), 3 times\. Try later, or fetch")
    assert server.gets == 3


def test_a_cut_connection_is_waited_for_too(server: Server, folder: Path, waits: list[float]) -> None:
    server.gives(sent=len(GOOD) // 2)
    server.gives()
    fetch(folder, server.archive())
    assert waits == [2]


@pytest.mark.parametrize(
    ("header", "least", "most"), [("7", 7, 7), ("1", 2, 2), ("soon", 2, 2), ("9" * 5000, 2, 2), ("date", 20, 31)]
)
def test_the_server_says_when(
    header: str, least: float, most: float, server: Server, folder: Path, waits: list[float]
) -> None:
    server.retry_after = formatdate(time.time() + 30, usegmt=True) if header == "date" else header
    server.gives(b"later", status=429)
    server.gives()
    fetch(folder, server.archive())
    (waited,) = waits
    assert least <= waited <= most


def test_the_server_asks_for_too_much_patience(server: Server, folder: Path, waits: list[float]) -> None:
    server.retry_after = "3600"
    server.gives(b"later", status=503)
    fails(server.archive(), folder, r"is busy \(503\) and asks for a retry in 60 minutes\.")
    assert (server.gets, waits) == (1, [])


def test_404(server: Server, folder: Path) -> None:
    server.gives(b"gone", status=404)
    fails(server.archive(), folder, "The server refuses the download: 404")
    assert server.gets == 1


def test_refused_connection(server: Server, folder: Path) -> None:
    archive = server.archive()
    server.http.server_close()
    fails(archive, folder, r"127\.0\.0\.1:\d+ cannot be reached \(ConnectionError\)")


def test_no_answer_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PATIENCE_SECONDS", 0.1)
    done = threading.Event()

    def hang(*_: Any, **__: Any) -> None:
        done.wait(5)
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", hang)
    fails(
        Archive("http://silent.example/a.tar.gz", "0" * 32, SIZES),
        folder,
        r"silent\.example did not answer within 0\.1 s",
    )
    done.set()


HOSTILE = {
    "traversal": (
        [(member("../data_batch_1.bin", size=4 * 3073), b"x" * 4 * 3073)],
        "leads out of its folder",
    ),
    "inner traversal": ([(member(TOP + "a/../../../b", size=1), b"x")], "leads out of its folder"),
    "backslashes": ([(member("..\\evil", size=1), b"x")], "leads out of its folder"),
    "absolute": ([(member("/data_batch_1.bin", size=4 * 3073), b"x" * 4 * 3073)], "leads out of its folder"),
    "symlink": (
        [(member(TOP + "data_batch_1.bin", tarfile.SYMTYPE, link="/etc/passwd"), b"")],
        "a link, a device",
    ),
    "hard link": (
        [(member(TOP + "data_batch_1.bin", tarfile.LNKTYPE, link="/etc/passwd"), b"")],
        "a link, a device",
    ),
    "folder link": (
        [(member("cifar-10-batches-bin", tarfile.SYMTYPE, link="/tmp"), b"")],
        "a link, a device",
    ),
    "device": ([(member(TOP + "test_batch.bin", tarfile.CHRTYPE), b"")], "a link, a device"),
    "pipe": ([(member(TOP + "test_batch.bin", tarfile.FIFOTYPE), b"")], "a link, a device"),
    "oversized": (
        [(member(TOP + "data_batch_1.bin", size=99_999), bytes(99_999))],
        "99,999 bytes instead of 12,292",
    ),
    "short": ([(member(TOP + "data_batch_1.bin", size=9), bytes(9))], "9 bytes instead of 12,292"),
    "long names": (
        [(member(TOP + "batches.meta.txt", size=5000), bytes(5000))],
        "5,000 bytes, more than 4,096",
    ),
    "twice": (
        [(member("else/test_batch.bin", size=4 * 3073), bytes(4 * 3073))],
        r"holds test_batch\.bin twice",
    ),
    "bomb": ([(member("bomb", size=3 << 20), bytes(3 << 20))], "unpacks to more than"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives(server: Server, folder: Path, kind: str) -> None:
    extra, sentence = HOSTILE[kind]
    archive = pack(*extra)
    server.gives(archive)
    fails(server.archive(archive), folder, sentence)
    assert os.listdir(folder.parent.parent) == ["cache"]


def test_a_header_that_unpacks_to_any_size(tmp_path: Path) -> None:
    """tarfile reads an extended header into memory, whatever length it declares."""
    info = member("x", tarfile.XHDTYPE, size=1 << 30)
    (tmp_path / "packed").write_bytes(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(4 << 20), 1))
    with pytest.raises(DownloadError, match="unpacks to more than"):
        unpack(tmp_path / "packed", tmp_path, {"a": 1})


@pytest.mark.parametrize("damage", ["truncated", "flipped", "no gzip", "no tar", "missing file", "empty"])
def test_archives_that_do_not_unpack(server: Server, folder: Path, damage: str) -> None:
    without = {name: content for name, content in files().items() if name != "data_batch_5.bin"}
    middle = len(GOOD) // 2
    archive, sentence = {
        "truncated": (GOOD[:middle], "truncated or damaged"),
        "flipped": (GOOD[:middle] + bytes(100) + GOOD[middle + 100 :], "truncated or damaged"),
        "no gzip": (b"<html>Please sign in</html>", "truncated or damaged"),
        "no tar": (gzip.compress(b"hello" * 1000), "truncated or damaged"),
        "missing file": (pack(contents=without), r"lacks data_batch_5\.bin"),
        "empty": (b"", "truncated or damaged|lacks"),
    }[damage]
    server.gives(archive)
    fails(server.archive(archive), folder, sentence)


def test_what_else_is_in_the_archive_is_left_there(server: Server, folder: Path) -> None:
    archive = pack((member(TOP + "readme.html", size=88), bytes(88)))
    server.gives(archive)
    fetch(folder, server.archive(archive))
    assert holds_the_files(folder)


def test_a_full_disk(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    server.gives()
    monkeypatch.setattr(shutil, "copyfileobj", full)
    fails(server.archive(), folder, "could not be stored in .*cache: No space left on device. Free some space")


def test_ctrl_c_leaves_nothing(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    server.gives()
    monkeypatch.setattr(shutil, "copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(folder, server.archive(), progress=False)
    assert left(folder) == []


def test_the_first_of_two_processes_is_kept(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_unpack(packed: Path, ready: Path, sizes: Any) -> None:
        unpack(packed, ready, sizes)
        if not folder.exists():  # meanwhile, another process downloads
            monkeypatch.setattr(download, "unpack", unpack)
            fetch(folder, server.archive(), progress=False)
            inode.append(folder.stat().st_ino)

    inode: list[int] = []
    server.gives()
    monkeypatch.setattr(download, "unpack", slow_unpack)
    fetch(folder, server.archive(), progress=False)
    assert inode == [folder.stat().st_ino]
    assert holds_the_files(folder)


def test_many_at_once(server: Server, folder: Path) -> None:
    server.gives()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fetch(folder, server.archive(), progress=False), range(4)))
    assert holds_the_files(folder)


def test_what_a_killed_download_left_is_swept_away_once_it_is_old(server: Server, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    old, new = (Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-")) for _ in range(2))
    (old / "archive.tar.gz").write_bytes(b"half")
    os.utime(old, times=(time.time() - 2 * download.STALE_SECONDS,) * 2)
    server.gives()
    fetch(folder, server.archive())
    assert left(folder) == sorted([folder.name, new.name])  # another process may still use the new one


def test_the_cache_folder_is_closed_to_others_whatever_the_umask(server: Server, tmp_path: Path) -> None:
    """Otherwise the engine would not store compiled kernels there."""
    server.gives()
    before = os.umask(0o002)
    try:
        fetch(tmp_path / "lucidgrad" / "data", server.archive())
    finally:
        os.umask(before)
    assert (tmp_path / "lucidgrad").stat().st_mode & 0o022 == 0


def test_load_mends_a_damaged_cache(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "lucidgrad"
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: cache)
    monkeypatch.setattr(download, "PUBLISHED", server.archive())
    server.gives()
    assert len(cifar10.load(None).test.labels) == 4
    (cache / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(b"half")
    assert len(cifar10.load(None).test.labels) == 4
    assert "cached copy of CIFAR-10 is damaged" in capsys.readouterr().err
    assert server.gets == 2
    assert holds_the_files(cache / "cifar-10-batches-bin")


def test_the_command(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(download, "PUBLISHED", server.archive())
    server.gives()
    assert command.main(["--out", str(folder)]) == 0
    assert holds_the_files(folder)
    assert command.main(["--out", str(folder)]) == 0
    assert "Already downloaded" in capsys.readouterr().out
    assert server.gets == 1
    (folder / "test_batch.bin").write_bytes(b"half")
    assert command.main(["--out", str(folder)]) == 1
    assert "test_batch.bin" in capsys.readouterr().err


def test_the_command_without_a_network(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_network(*_: Any) -> None:
        raise DownloadError("the.server cannot be reached.")

    monkeypatch.setattr(download, "fetch", no_network)
    assert command.main(["--out", str(folder)]) == 1
    err = capsys.readouterr().err
    assert "the.server cannot be reached." in err
    assert f"download {download.PUBLISHED.url} on a machine that can reach it, unpack it here" in err
    assert "--data-dir" in err


@pytest.mark.parametrize("trouble", ["404", "checksum"])
def test_load_falls_back_aloud(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    trouble: str,
) -> None:
    small = synthetic.make(10, 10)
    for variable in ("CIFAR10_DIR", "LSB_JOBID"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: tmp_path / "lucidgrad")
    monkeypatch.setattr(download, "PUBLISHED", server.archive())
    monkeypatch.setattr(synthetic, "make", lambda: small)
    server.gives(b"something else", status=404 if trouble == "404" else 200)
    assert cifar10.load(None) is small
    assert "NOT REAL IMAGES" in capsys.readouterr().err
