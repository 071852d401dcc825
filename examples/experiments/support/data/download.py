"""Download and unpack the published CIFAR-10 archive, completely or not at all.

All work happens in a temporary folder beside the destination, which is renamed in one step at the
end. A failure, a kill or a second process leaves nothing incomplete. Names in the archive are only
compared, never used as paths.
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
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from examples.experiments.support.data.cifar10 import DataError
from examples.experiments.support.progress import progress_bar

ATTEMPTS = 3  # after a broken connection, a wrong checksum, or a busy server
BUSY = (429, 500, 502, 503, 504)  # status codes after which a request may be repeated
BACK_OFF_SECONDS = 2.0  # before the second attempt; four times as long before each further attempt
LONGEST_WAIT_SECONDS = 120.0  # the longest Retry-After that is obeyed
CONNECT_SECONDS, SILENCE_SECONDS = 5, 20  # to connect; between two chunks of the response
PATIENCE_SECONDS = 12.0  # for any first response; the name lookup has no other limit
STALE_SECONDS = 24 * 3600  # after which leftovers of a killed download are removed
BESIDES = 1 << 20  # bytes of an unpacked archive besides the files we need: headers, a readme
LONGEST_HEADER = 1 << 16  # bytes of an extended header, which contains times and similar data
META, META_BYTES = "batches.meta.txt", 4096  # a text file with ten names, of which only the maximum size is known


class DownloadError(DataError):
    """The archive is not available. The text says from where, what went wrong, and what to do."""


@dataclass(frozen=True)
class Archive:
    """A .tar.gz: its URL, its MD5, and the exact size in bytes of each batch in it."""

    url: str
    md5: str
    sizes: Mapping[str, int]


PUBLISHED = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    sizes=dict.fromkeys([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"], 30_730_000),
)


def fetch(folder: Path, archive: Archive | None = None, *, replace: bool = False, progress: bool = True) -> None:
    """Download an archive and unpack it into ``folder``.

    If another process creates the folder first, that one is used.

    Parameters
    ----------
    folder : Path
        The destination; its parent folders are created.
    archive : Archive, optional
        The published one (`PUBLISHED`) if not given.
    replace : bool
        Remove the existing, unusable ``folder`` first.
    progress : bool
        Show a progress bar, or in a log a line every half minute.

    Raises
    ------
    DownloadError
        No response, a wrong checksum, a hostile archive, a full disk …; ``folder`` does not exist then.
    """
    archive = archive or PUBLISHED
    try:
        if replace:
            _discard(folder)
        _wait_for_an_answer(archive.url)
        # Never writable by others: compiled kernels, which are code, may be stored beside the data.
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
            "there (340 MB), correct its permissions, or set XDG_CACHE_HOME to another folder."
        ) from error


def unpack(packed: Path, folder: Path, sizes: Mapping[str, int]) -> None:
    """Unpack the batches and the list of class names of a .tar.gz into ``folder``, and nothing else.

    Raises
    ------
    DownloadError
        The archive is damaged, lacks a file, or contains something suspicious: a link, a device,
        a path outside the folder, a duplicate file or a file of another size.
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
            while tar.read(1 << 20):  # gzip has its checksum at the very end
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DownloadError(f"The archive is truncated or damaged ({error}). Download it again.") from error
    if missing:
        raise DownloadError(
            f"The archive lacks {', '.join(sorted(missing))}; it is not CIFAR-10's binary one. "
            "Check where it came from, and download it again."
        )


def _next_member(tar: _Bounded) -> tarfile.TarInfo | None:
    """Return the next header of a file or folder, or None at the end.

    `tarfile` itself would obey any size in an extended header, however large, and would read the maps of sparse
    files. CIFAR-10's archive has neither, so extended headers have no effect here.
    """
    while True:
        block = tar.read(tarfile.BLOCKSIZE)
        if not block or block == bytes(tarfile.BLOCKSIZE):
            return None
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except ValueError as error:  # an invalid number in a header
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
    """Return the last part of the name of a member, or "" for a folder; reject anything suspicious."""
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
    return DownloadError(f"The archive {what}. It was rejected, and nothing was stored. Check its origin.")


class _Bounded:
    """A stream with a maximum number of bytes: a small archive can unpack to more than any disk holds."""

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
        """Skip to the next header."""
        while self.read(1 << 20):
            pass
        self._tar.read(self._padding)


def _wait_for_an_answer(url: str) -> None:
    """Check within seconds whether the server can be reached, even on a node without a network."""
    outcome: queue.SimpleQueue[OSError | ValueError | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            requests.head(url, timeout=CONNECT_SECONDS, allow_redirects=True).close()
            outcome.put(None)
        except (OSError, ValueError) as error:  # all that requests raises; passed to the waiting thread
            outcome.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        error = outcome.get(timeout=PATIENCE_SECONDS)
    except queue.Empty:
        raise DownloadError(f"{_host(url)} did not answer within {PATIENCE_SECONDS:g} seconds.") from None
    if error is not None:
        raise DownloadError(f"{_host(url)} cannot be reached ({type(error).__name__}).") from error


def _retrieve(archive: Archive, folder: Path, progress: bool) -> Path:
    """Download into ``folder``; start again if the connection breaks or the checksum is wrong."""
    pooch.get_logger().setLevel("WARNING")  # its messages about temporary paths do not help
    identity = {"Accept-Encoding": "identity"}  # the .gz file itself, without decoding on the way
    reason: Exception | None = None
    for attempt in range(ATTEMPTS):
        if reason:
            _wait_after(reason, attempt)
        with progress_bar(total=1, unit="B", unit_scale=True, ncols=79, leave=True, quiet=not progress) as bar:
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
                    raise DownloadError(f"The server refuses the download: {error}.") from error
                reason = error
            except (requests.RequestException, ValueError) as error:  # ValueError: the checksum
                reason = error
    what = "the connection broke"
    if isinstance(reason, ValueError):
        what = "the file had a wrong checksum"
    if isinstance(reason, requests.HTTPError):
        what = f"the server was busy ({reason.response.status_code} {reason.response.reason})"
    raise DownloadError(f"{archive.url}: {what}, {ATTEMPTS} times. Try later, or fetch it by hand.") from reason


def _wait_after(reason: Exception, attempt: int) -> None:
    """Wait before another attempt: as long as the server asks for, or longer each time.

    Raises
    ------
    DownloadError
        The server asks for a longer wait than the limit.
    """
    seconds = BACK_OFF_SECONDS * 4 ** (attempt - 1)
    if isinstance(reason, requests.HTTPError):
        try:
            asked = Retry().get_retry_after(reason.response.raw) or 0.0
        except (InvalidHeader, ValueError, OverflowError):  # not a number or a date, or too large
            asked = 0.0
        if asked > LONGEST_WAIT_SECONDS:
            raise DownloadError(
                f"{_host(reason.response.url)} is busy ({reason.response.status_code}) and asks for a retry in "
                f"{math.ceil(asked / 60):,} minutes. Try again then, or fetch the archive by hand."
            ) from reason
        seconds = max(seconds, asked)
    time.sleep(seconds)


def _publish(ready: Path, folder: Path) -> None:
    try:
        os.rename(ready, folder)
    except OSError:
        if not folder.is_dir():  # otherwise another process was first; its copy passed the same checks
            raise


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-", ignore_cleanup_errors=True)


def _discard(folder: Path) -> None:
    """Rename a folder and then remove it, so that nobody reads it meanwhile."""
    with _scratch(folder) as scratch, suppress(FileNotFoundError):
        os.rename(folder, Path(scratch) / "old")


def _sweep(folder: Path) -> None:
    for left in folder.parent.glob(f".{folder.name}-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _host(url: str) -> str:
    return urlsplit(url).netloc
