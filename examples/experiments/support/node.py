"""The disk of a node, where a job keeps its compiled kernels."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def kernels_on_node(shared: Path, disk: Path) -> Path:
    """Return the folder for compiled kernels on the disk of this node; Numba's cache is not safe on a shared disk.

    A new node starts with the kernels of the warm-up, which are in `shared`. The first process on a node copies them,
    and others wait for it. The engine checks the folder before using it.
    """
    folder = disk / f"lucidgrad-{os.getuid()}"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        with _alone(folder):
            for compiled in sorted(shared.glob("kernels-*")):  # one for each version of the code and type of processor
                if _own(folder) and _own(compiled) and not os.path.lexists(folder / compiled.name):
                    _copy(compiled, folder / compiled.name)
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process of this node at a time into the ``with`` block."""
    import fcntl  # not on Windows, which has no LSF

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # frees the lock


def _own(folder: Path) -> bool:
    """Return whether only this user can write to a folder: kernels are machine code."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022


def _copy(source: Path, target: Path) -> None:
    """Copy a folder so that it appears in one step, writable only by this user."""
    fresh = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        shutil.copytree(source, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))  # incomplete files
        for path in fresh.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        fresh.chmod(0o700)
        fresh.rename(target)
    except OSError:  # no space, or another job was faster
        shutil.rmtree(fresh, ignore_errors=True)
