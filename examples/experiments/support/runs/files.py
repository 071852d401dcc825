"""Files of runs: what a killed write left, checks before long work, and the atomic write of `autograd.files`."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from examples.experiments.support.borrowed import module_of_autograd

if TYPE_CHECKING:
    from autograd.files import WriteError as WriteError, write_error, write_whole as write_whole
else:
    _files = module_of_autograd("autograd.files")
    WriteError, write_error, write_whole = _files.WriteError, _files.write_error, _files.write_whole

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")  # the names that `write_whole` gives


class CheckpointError(Exception):
    """A checkpoint cannot be used. The text says which, why, and what to do."""


def sweep(folder: Path) -> None:
    """Remove the temporary files of `write_whole` that a killed process left in a folder.

    Only for the process that holds the lock of the folder: files of a running process look the same.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    os.unlink(entry.path)


def check_writable(path: Path) -> None:
    """Create the folder of a file, and check before long work that the file can be written.

    Raises
    ------
    WriteError
        (an OSError) It cannot. The text says which, why, and what to do.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise write_error(path, error) from error
