"""Atomic writes: a reader finds the old content or the new, never a part."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

_WHAT_TO_DO = {
    errno.ENOSPC: "Free some space on that disk, or write to another folder.",
    errno.EDQUOT: "Free some of your quota, or write to another folder.",
    errno.EACCES: "Change the folder's permissions, or write to another folder.",
    errno.EPERM: "Change the folder's permissions, or write to another folder.",
    errno.EROFS: "That disk is mounted read-only: write to another folder.",
    errno.ENOENT: "Make the folder first.",
    errno.ENOTDIR: "A file is in the way of the folder; choose another folder.",
    errno.EEXIST: "A file is in the way of the folder; choose another folder.",
    errno.EISDIR: "A folder of that name is in the way; remove it, or choose another name.",
}


class WriteError(OSError):
    """A file could not be written. The text is a sentence, ``errno`` the number of the system's error."""

    def __str__(self) -> str:
        return str(self.args[1])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: afterwards it contains all of ``content``, or its old content.

    The bytes are written to a temporary file in the same folder, synced to disk, and renamed
    to the file. A crash, a kill or a full disk at any moment leaves the old file.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    content : bytes
        The complete new content.

    Raises
    ------
    WriteError
        (an OSError) The file could not be written. The text says which, why, and what to do.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        try:
            _write_and_sync(temporary, content)
            os.replace(temporary, path)
        except BaseException:  # Ctrl-C must not leave a temporary file either
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error


def write_error(path: Path, error: OSError) -> WriteError:
    """The error with a sentence about this file and what to do."""
    reason = error.strerror or type(error).__name__
    advice = _WHAT_TO_DO.get(error.errno or 0, "Check the disk and try again.")
    return WriteError(error.errno, f"{path} could not be written: {reason}. {advice}")


def _write_and_sync(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # the umask narrows 0o666
    try:
        rest = memoryview(content)
        while rest:  # one call writes at most 2 GiB, and less on an almost full disk
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, so that the new name survives a power failure if the file system supports this."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not supported by some network file systems
            raise
    finally:
        os.close(descriptor)
