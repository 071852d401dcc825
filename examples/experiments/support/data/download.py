"""The published CIFAR-10 archive, fetched and unpacked whole or not at all.

Everything happens in a folder of its own beside the destination, which gets its name in one step
at the end: a failure, a kill, or a second process at the same work leaves nothing half-written.
Names in the archive are compared and never used as paths.
"""

from __future__ import annotations

import gzip
import math
import os
import queue
import re
import shutil
import tarfile
import tempfile
import threading
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pooch  # type: ignore[import-untyped]
import requests
from tqdm import tqdm  # type: ignore[import-untyped]
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from examples.experiments.support.data.cifar10 import DataError

ATTEMPTS = 3  # at a download that was cut or came out wrong, or that the server was too busy for
BUSY = (429, 500, 502, 503, 504)  # what a server answers that may be asked again
BACK_OFF_SECONDS = 2.0  # before the second attempt, and four times as long before each further one
LONGEST_WAIT_SECONDS = 120.0  # where the server says itself when to come back
CONNECT_SECONDS, SILENCE_SECONDS = 5, 20  # to connect; between two pieces of the answer
PATIENCE_SECONDS = 12.0  # for any first answer: looking a name up obeys no other limit
STALE_SECONDS = 24 * 3600  # after which what a killed download left is swept away
BESIDES = 1 << 20  # bytes of an unpacked archive beyond the files we take: headers, a readme
LONGEST_HEADER = 1 << 16  # bytes of an extended header, which has times and the like
META, META_BYTES = "batches.meta.txt", 4096  # ten names in a text file: its size is only bounded


class DownloadError(DataError):
    """The archive could not be had; the text is a sentence: from where, what went wrong, what to do."""


@dataclass(frozen=True)
class Archive:
    """A .tar.gz: its address, its MD5, and the exact size in bytes of each batch that it holds."""

    url: str
    md5: str
    sizes: Mapping[str, int]


PUBLISHED = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    sizes=dict.fromkeys([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"], 30_730_000),
)


def fetch(folder: Path, archive: Archive | None = None, *, replace: bool = False, progress: bool = True) -> None:
    """Download an archive and unpack it, so that ``folder`` holds its files.

    Where another process puts the folder there first, that one is kept.

    Parameters
    ----------
    folder : Path
        The destination; the folders above it are made.
    archive : Archive, optional
        The published one (`PUBLISHED`) if not given.
    replace : bool
        ``folder`` is there and is of no use: remove it first.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Raises
    ------
    DownloadError
        No answer, a bad checksum, a hostile archive, a full disk …; ``folder`` is not there then.
    """
    archive = archive or PUBLISHED
    try:
        if replace:
            _discard(folder)
        _wait_for_an_answer(archive.url)
        # Not writable by others, whatever the umask: compiled kernels may live beside the data, and are code.
        folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        _sweep(folder)
        with _scratch(folder) as scratch:
            packed = _retrieve(archive, Path(scratch), progress)
            ready = Path(scratch) / "ready"
            ready.mkdir()
            unpack(packed, ready, archive.sizes)
            _publish(ready, folder)
    except OSError as error:
        raise DownloadError(
            f"CIFAR-10 could not be stored in {folder.parent}: {error.strerror or error}. Free some space "
            "there (340 MB), mend its permissions, or set XDG_CACHE_HOME to another folder."
        ) from error


def unpack(packed: Path, folder: Path, sizes: Mapping[str, int]) -> None:
    """Write the batches of a .tar.gz, and its list of class names, into ``folder``; take nothing else.

    Raises
    ------
    DownloadError
        The archive is damaged, lacks a file, or holds what no honest archive does: a link, a
        device, a path that leads elsewhere, a file twice or of another size.
    """
    missing = {*sizes, META}
    most = sum(sizes.values()) + BESIDES
    try:
        with gzip.open(packed) as stream:
            tar = _Bounded(stream, most)
            while member := _next_member(tar):
                name = _checked_name(member, sizes)
                content = _Content(tar, member.size)
                if name in sizes or name == META:
                    if name not in missing:
                        raise _refusal(f"holds {name} twice")
                    missing.remove(name)
                    with open(folder / name, "xb") as target:
                        shutil.copyfileobj(content, target, 1 << 20)
                content.skip()
            while tar.read(1 << 20):  # gzip's own checksum stands at the very end
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DownloadError(f"The archive is truncated or damaged ({error}). Download it again.") from error
    if missing:
        raise DownloadError(
            f"The archive lacks {', '.join(sorted(missing))}; it is not CIFAR-10's binary one. "
            "Check where it came from, and download it again."
        )


def _next_member(tar: _Bounded) -> tarfile.TarInfo | None:
    """The next header of a file or a folder; None at the end.

    `tarfile` itself would follow what an extended header says of a size, however large, and would read lists of holes
    in sparse files.  CIFAR-10's archive has none of these: here an extended header changes nothing.
    """
    while True:
        block = tar.read(tarfile.BLOCKSIZE)
        if not block or block == bytes(tarfile.BLOCKSIZE):
            return None
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except ValueError as error:  # a number in a header that is none
            raise tarfile.ReadError(str(error)) from None
        if member.size < 0:
            raise _refusal(f"holds {member.name[:200]!r} with a negative size")
        if member.type not in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            return member
        if member.size > LONGEST_HEADER:
            raise _refusal(f"holds an extended header that unpacks to more than {LONGEST_HEADER:,} bytes")
        content = _Content(tar, member.size)
        header = content.read(member.size)
        content.skip()
        if found := re.search(rb"(size|path|linkpath|GNU\.sparse[.\w]*)=", header):
            raise _refusal(f"holds an extended header that sets {found[1].decode()}")


def _checked_name(member: tarfile.TarInfo, sizes: Mapping[str, int]) -> str:
    """The last part of a member's name, or "" for a folder; refuses what no honest archive holds."""
    parts = member.name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or ":" in member.name:
        raise _refusal(f"holds a path that leads out of its folder, {member.name[:200]!r}")
    if member.isdir():
        if member.size:
            raise _refusal(f"holds a folder with content, {member.name[:200]!r}")
        return ""
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise _refusal(f"holds a link, a device or the like, {member.name[:200]!r}")
    name = parts[-1]
    if name in sizes and member.size != sizes[name]:
        raise _refusal(f"holds {name} with {member.size:,} bytes instead of {sizes[name]:,}")
    if name == META and member.size > META_BYTES:
        raise _refusal(f"holds {name} with {member.size:,} bytes, more than {META_BYTES:,}")
    return name


def _refusal(what: str) -> DownloadError:
    return DownloadError(f"The archive {what}; it was refused, and nothing was kept. Check where it came from.")


class _Bounded:
    """A stream that gives up beyond a number of bytes: a small archive can unpack to more than any disk."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream, self._most, self._left = stream, most, most

    def read(self, size: int) -> bytes:
        content = self._stream.read(min(size, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            raise _refusal(f"unpacks to more than the {self._most:,} bytes of CIFAR-10")
        return content


class _Content:
    """The content of the member whose header was read last."""

    def __init__(self, tar: _Bounded, size: int) -> None:
        self._tar, self._left, self._padding = tar, size, -size % tarfile.BLOCKSIZE

    def read(self, size: int = 1 << 20, /) -> bytes:
        content = self._tar.read(min(size, self._left))
        if self._left and not content:
            raise EOFError("it ends inside a file")
        self._left -= len(content)
        return content

    def skip(self) -> None:
        """Go on to the next header."""
        while self.read(1 << 20):
            pass
        self._tar.read(self._padding)


def _wait_for_an_answer(url: str) -> None:
    """Find out within seconds, on a node without a network too, whether the server can be reached."""
    outcome: queue.SimpleQueue[OSError | ValueError | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            requests.head(url, timeout=CONNECT_SECONDS, allow_redirects=True).close()
            outcome.put(None)
        except (OSError, ValueError) as error:  # all that requests raises; handed to the thread that waits
            outcome.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        error = outcome.get(timeout=PATIENCE_SECONDS)
    except queue.Empty:
        raise DownloadError(f"{_host(url)} did not answer within {PATIENCE_SECONDS:g} seconds.") from None
    if error is not None:
        raise DownloadError(f"{_host(url)} cannot be reached ({type(error).__name__}).") from error


def _retrieve(archive: Archive, folder: Path, progress: bool) -> Path:
    """Download into ``folder``, from the start again where the connection is cut or the checksum wrong."""
    pooch.get_logger().setLevel("WARNING")  # what it would say of temporary paths helps nobody
    identity = {"Accept-Encoding": "identity"}  # the .gz itself, not what a helpful layer makes of it
    reason: Exception | None = None
    for attempt in range(ATTEMPTS):
        if reason:
            _wait_after(reason, attempt)
        with tqdm(total=1, unit="B", unit_scale=True, ncols=79, disable=None if progress else True) as bar:
            downloader = pooch.HTTPDownloader(
                progressbar=bar,
                chunk_size=1 << 18,
                timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
                headers=identity,
            )
            try:
                name, known = "archive.tar.gz", f"md5:{archive.md5}"
                return Path(pooch.retrieve(archive.url, known, name, folder, downloader=downloader))
            except requests.HTTPError as error:
                error.response.close()
                if error.response.status_code not in BUSY:
                    raise DownloadError(f"The server does not give the archive out: {error}.") from error
                reason = error
            except (requests.RequestException, ValueError) as error:  # ValueError: the checksum
                reason = error
    what = "the connection was cut"
    if isinstance(reason, ValueError):
        what = "a file with the wrong checksum came"
    if isinstance(reason, requests.HTTPError):
        what = f"the server was busy ({reason.response.status_code} {reason.response.reason})"
    raise DownloadError(f"{archive.url}: {what}, {ATTEMPTS} times. Try later, or fetch it by hand.") from reason


def _wait_after(reason: Exception, attempt: int) -> None:
    """Wait before another attempt: as long as the server asks for, or ever longer.

    Raises
    ------
    DownloadError
        The server asks for more patience than we have.
    """
    seconds = BACK_OFF_SECONDS * 4 ** (attempt - 1)
    if isinstance(reason, requests.HTTPError):
        try:
            asked = Retry().get_retry_after(reason.response.raw) or 0.0
        except (InvalidHeader, ValueError, OverflowError):  # neither a number nor a date, or one that is too large
            asked = 0.0
        if asked > LONGEST_WAIT_SECONDS:
            raise DownloadError(
                f"{_host(reason.response.url)} is busy ({reason.response.status_code}), and asks to be tried again in "
                f"{math.ceil(asked / 60):,} minutes. Try then, or fetch the archive by hand."
            ) from reason
        seconds = max(seconds, asked)
    time.sleep(seconds)


def _publish(ready: Path, folder: Path) -> None:
    try:
        os.rename(ready, folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, and its copy went through the same checks
            raise


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-", ignore_cleanup_errors=True)


def _discard(folder: Path) -> None:
    """Remove a folder under another name, so that nobody reads it while it goes."""
    with _scratch(folder) as scratch, suppress(FileNotFoundError):
        os.rename(folder, Path(scratch) / "old")


def _sweep(folder: Path) -> None:
    for left in folder.parent.glob(f".{folder.name}-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _host(url: str) -> str:
    return urlsplit(url).netloc
