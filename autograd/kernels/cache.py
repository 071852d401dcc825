"""The cache of compiled kernels on disk, and which of its files are trusted.

A compiled kernel is a pickle with machine code: whoever can write the file can run code as this user.  So

- the folder and its parent (the root) belong to this user, are not links, and nobody else may write to them.
  The same holds for each file.  It is checked after opening, so the file cannot be exchanged in between.
- A file begins with a SHA-256 digest of its content and of what it was compiled from.  The digest is compared
  before anything is unpickled or linked.

A file that fails these checks is not an error: the kernel is compiled again and the file replaced.  A file that
cannot be written is not an error either: the next process compiles again.

One file holds one kernel for one list of argument types.  It is written under a temporary name and then
renamed.  There is no index (Numba's own cache has one), so processes that compile at the same time need no
lock: the last one wins, and a reader finds one complete file or the other.

Numba's cache notices an edit only in a kernel's own file, not in one that it calls.  It also uses the same machine
code on each processor that shares the home folder.  So the folder's name contains a hash of the versions, of the
processor and of this package's kernel sources, and a file's digest covers the kernel sources of the package that
the kernel belongs to, which may be another one.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import secrets
import shutil
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import llvmlite
import numba
import numpy as np
import platformdirs
from llvmlite import binding as llvm
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.serialize import dumps

from autograd.kernels import threads

PACKAGE = Path(__file__).resolve().parents[1]

_DIGEST = hashlib.sha256().digest_size
_POSIX = hasattr(os, "geteuid")  # where files have owners and modes
_ABANDONED = 3600  # seconds after which a temporary file's writer must have been killed


class UntrustedError(PermissionError):
    """Another user could have written this file or folder."""


# ── the folder ─────────────────────────────────────────────────────────────────────────


@cache
def cache_folder() -> Path | None:
    """The folder of this process's compiled kernels.

    It is in the user's cache folder, or in the folder that ``LUCIDGRAD_CACHE_DIR`` names; a relative name
    refers to the working directory at import.  If that cannot be written to, it is in the temporary folder,
    under a name that later processes find again.  If another user could write to one of these, it is a new
    folder, which is removed when the process ends.

    Returns
    -------
    Path or None
        None if no folder can be written to: then kernels are compiled in each process.

    Warns
    -----
    RuntimeWarning
        If the folder is not trusted, the one asked for cannot be used, or there is none.
    """
    chosen = os.environ.get("LUCIDGRAD_CACHE_DIR")
    name = f"kernels-{_fingerprint()}"
    complaint = ""
    for root in (_chosen if chosen else _of_the_user, _temporary):
        try:
            folder = _own_folder(root() / name)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except UntrustedError as error:
            return _private_folder(f"{error} Whoever can write there could run code as you.")
        except (OSError, RuntimeError) as error:  # RuntimeError: unknown home folder, or circular links
            if chosen and not complaint:
                complaint = f"LUCIDGRAD_CACHE_DIR names {chosen}, which cannot be used: {_reason(error)}."
            continue
        if complaint:
            warnings.warn(f"{complaint} Compiled kernels are stored in {folder} instead.", RuntimeWarning, stacklevel=2)
        return folder
    return _private_folder(complaint or "Neither your cache folder nor the temporary folder can be written to.")


def _fingerprint() -> str:
    """A hash of everything, outside a kernel's own package, that its machine code depends on."""
    key = hashlib.sha256(_kernel_sources(PACKAGE))
    versions = numba.__version__, llvmlite.__version__, np.__version__, sys.version_info[:2]
    key.update(repr((*versions, getattr(sys, "abiflags", ""))).encode())
    # variables for tests, which have kernels written for registers other than this processor's
    registers = sorted(pair for pair in os.environ.items() if pair[0].startswith("LUCIDGRAD_VECTOR_"))
    key.update(repr((llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), registers)).encode())
    return key.hexdigest()[:16]


def _kernel_sources(package: Path) -> bytes:
    """A digest of all files of a package that define kernels, or are in a folder named kernels."""
    key = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        if b"@kernel" in (text := source.read_bytes()) or source.parent.name == "kernels":
            key.update(text)
    return key.digest()


@cache
def _package_sources(package: str) -> bytes:
    """`_kernel_sources` of an imported top-level package.  Empty for a plain module and for PACKAGE itself."""
    folders = [Path(folder) for folder in getattr(sys.modules.get(package), "__path__", ())]
    return b"".join(_kernel_sources(folder) for folder in folders if folder.resolve() != PACKAGE)


def _chosen() -> Path:
    """The folder that ``LUCIDGRAD_CACHE_DIR`` names.  A link is followed if it belongs to the user or to root."""
    path = Path(os.environ["LUCIDGRAD_CACHE_DIR"])
    if _POSIX and path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
        raise UntrustedError(f"{path} is a link of another user's. Set LUCIDGRAD_CACHE_DIR to a folder of your own.")
    return path.resolve()


def _of_the_user() -> Path:
    path = platformdirs.user_cache_path("lucidgrad")
    if not path.is_absolute():
        raise RuntimeError("no home folder is known")
    return path


def _temporary() -> Path:
    """A folder that later processes of this user find again.  Others can guess its name, so it is checked."""
    return Path(tempfile.gettempdir()) / f"lucidgrad-{os.geteuid() if _POSIX else 0}"


def _own_folder(folder: Path) -> Path:
    """Make a folder and its parent (the root) for this user only, and check both, the root first.

    Raises
    ------
    UntrustedError
        If one of them belongs to another user, is a link or a file, or others may write to it.
    OSError
        If one of them cannot be made.
    """
    for path in (folder.parent, folder):
        for missing in reversed([path, *path.parents]):
            if not os.path.lexists(missing):
                with suppress(FileExistsError):  # another process was faster
                    missing.mkdir(mode=0o700)  # independent of the umask
        if complaint := _complaint(path.lstat(), stat.S_ISDIR, "folder"):
            advice = "Remove it, or set LUCIDGRAD_CACHE_DIR to a folder of your own"
            if complaint == _WRITABLE:
                advice = f"Check what is in it and run: chmod go-w {path}"
            raise UntrustedError(f"{path} is not used for compiled kernels: {complaint}. {advice}.")
    return folder


_WRITABLE = "users other than you may write to it"


def _complaint(state: os.stat_result, is_right: Callable[[int], bool], kind: str) -> str:
    """Why a folder or file could contain another user's code; an empty string if it could not."""
    if stat.S_ISLNK(state.st_mode):
        return "it is a symbolic link"
    if not is_right(state.st_mode):
        return f"it is not a {kind}"
    if _POSIX:  # elsewhere a user's folders are protected by where they are
        if state.st_uid != os.geteuid():
            return f"it belongs to user {state.st_uid}, and you are user {os.geteuid()}"
        if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return _WRITABLE
    return ""


def _private_folder(reason: str) -> Path | None:
    """A new folder for this process, or None if none can be made.  Warns, and says why."""
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="lucidgrad-"))
        atexit.register(_remove, folder, os.getpid())
        done = f"This process stores compiled kernels in {folder} and removes them when it ends."
    except OSError as error:
        done = f"No temporary folder can be made either ({_reason(error)}), so compiled kernels are not stored."
    warnings.warn(f"{reason} {done}", RuntimeWarning, stacklevel=3)
    return folder


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # a fork runs this too
        shutil.rmtree(folder, ignore_errors=True)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


# ── a file ─────────────────────────────────────────────────────────────────────────────


class KernelCache(FunctionCache):
    """The compiled overloads of one function, one file for each list of argument types.

    This replaces Numba's own cache, which trusts every file that it finds.  The interface, and the conversion of
    a compiled function to bytes, are Numba's.

    Parameters
    ----------
    function : callable
        The Python function.
    variant : str
        Tells it from other compilations of the same function.
    """

    def __init__(self, function: Callable, variant: str) -> None:
        # does not call Numba's, which looks for a folder of its own
        code = function.__code__
        self._name, self._py_func, self._impl = repr(function), function, _Serializer(function)
        self._folder = cache_folder()
        self._cache_path = self._folder and str(self._folder)
        self._stem = f"{Path(code.co_filename).stem}.{function.__name__}-{code.co_firstlineno}"
        digest = _source_digest(code.co_filename)
        self._source = code.co_filename, function.__qualname__, code.co_firstlineno, variant, digest
        # A function typed at a prompt is in no file, so a change of a constant that it uses would go unnoticed.
        self._variant = variant
        self._enabled = self._folder is not None and self._source[-1] is not None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The function compiled for these argument types, or None if it must be compiled."""
        target_context.refresh()
        if self._variant:  # the code is about to be linked with functions of Numba's threads
            threads.start()
        content = _read(*self._place(sig, target_context.codegen())) if self._enabled else None
        return None if content is None else self._impl.rebuild(target_context, pickle.loads(content))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store the function compiled for these argument types, if possible."""
        if self._enabled and self._impl.check_cachable(data):
            try:
                _write(*self._place(sig, data.codegen), dumps(self._impl.reduce(data)))
            except OSError as error:
                _warn_not_stored(self._folder, error)

    def flush(self) -> None:
        """Remove all files of the function: for Numba's ``recompile``."""
        if self._folder is not None:
            for path in self._folder.iterdir():
                if path.name.startswith(f"{self._stem}."):
                    path.unlink()

    def _place(self, sig: Any, codegen: Any) -> tuple[Path, bytes]:
        """The file for these argument types, and a hash of what it depends on besides the folder's fingerprint."""
        sources = _package_sources(self._py_func.__module__.partition(".")[0])
        key = hashlib.sha256(sources + repr((self._source, self._index_key(sig, codegen))).encode()).digest()
        assert self._folder is not None
        return self._folder / f"{self._stem}.{key.hex()[:32]}.nbc", key


class _Serializer(CompileResultCacheImpl):
    """Converts a compiled function to bytes and back as Numba does, without Numba's search for a folder."""

    def __init__(self, function: Callable) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = SimpleNamespace(_py_file=function.__code__.co_filename)  # named in a warning


def _source_digest(file: str) -> bytes | None:
    try:
        state = os.stat(file)
        return _digest_of(file, state.st_mtime_ns, state.st_size)
    except OSError:
        return None


@cache
def _digest_of(file: str, modified: int, size: int) -> bytes:
    return hashlib.sha256(Path(file).read_bytes()).digest()


def _open_no_link(path: str, flags: int) -> int:
    """An opener that refuses symbolic links and does not wait for a named pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o600)


def _read(path: Path, key: bytes) -> bytes | None:
    """The content of a complete file that this user wrote under this key; None for any other."""
    try:
        with open(path, "rb", opener=_open_no_link) as file:
            if _complaint(os.fstat(file.fileno()), stat.S_ISREG, "file"):
                return None
            sealed = file.read()
    except OSError:
        return None
    digest, content = sealed[:_DIGEST], sealed[_DIGEST:]
    return content if digest == hashlib.sha256(key + content).digest() else None


def _write(path: Path, key: bytes, content: bytes) -> None:
    """Write a file with its digest, under a temporary name that is then replaced.

    It is not forced to the disk: a file that a power cut leaves incomplete does not match its digest.
    """
    _sweep(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb", opener=_open_no_link) as file:
            file.write(hashlib.sha256(key + content).digest() + content)
        try:
            os.replace(temporary, path)
        except OSError:
            if os.name == "nt" and path.is_file():  # another process has just written it and has it open
                return
            if not path.is_dir():
                raise
            shutil.rmtree(path)  # a folder, where only our files belong
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@cache
def _sweep(folder: Path) -> None:
    """Remove temporary files of processes that were killed during `_write`; once per process."""
    for temporary in folder.glob(".*.tmp"):
        with suppress(OSError):
            if time.time() - temporary.lstat().st_mtime > _ABANDONED:
                temporary.unlink()


_warned = False


def _warn_not_stored(folder: Path | None, error: OSError) -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            f"Compiled kernels cannot be stored in {folder}: {_reason(error)}. This process goes on, but the next "
            "one compiles them again. Free some space there, or set LUCIDGRAD_CACHE_DIR to another folder.",
            RuntimeWarning,
            stacklevel=2,
        )
