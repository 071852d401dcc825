"""The list of files that the report wrote into a shared folder, and may therefore overwrite and remove.

It is a JSON file that maps each path to the SHA-256 digests of the content written there. There are two digests if the
program was killed and it is unknown which content was written last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from examples.experiments.support.runs.files import write_whole

_NAME = re.compile(r"(figures/)?[\w-][\w.-]*")
_DIGEST = re.compile("[0-9a-f]{64}")


class NotOurs(Exception):
    """A file that the program did not write is in the way. The text says which, and what to do."""


class Manifest:
    """The files that a report wrote, and their digests.

    Parameters
    ----------
    path : Path
        The list; all paths in it are relative to its folder.

    Raises
    ------
    NotOurs
        The file exists but is not such a list.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: dict[str, list[str]] = {}
        try:
            made = json.loads(path.read_bytes())
            for name, digests in made.items():
                if not _NAME.fullmatch(name) or not all(_DIGEST.fullmatch(digest) for digest in digests):
                    raise ValueError(f"{name[:100]!r} is not a file name of the report with its digests")
            self._made = made
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise NotOurs(
                f"{path} is not the list of files of an earlier report ({error}). Restore it, choose another --docs, "
                "or remove it together with the report and the figures beside it."
            ) from error

    def check(self, contents: Mapping[str, bytes]) -> None:
        """Raise if a file that would be written exists and is not an unchanged file of a report. Change nothing.

        Raises
        ------
        NotOurs
        """
        for name, content in contents.items():
            path = self._path.parent / name
            if path.is_symlink() or path.exists():
                found = _digest_of(path)
                if found != _digest(content) and found not in self._made.get(name, []):
                    raise NotOurs(
                        f"{path} would be overwritten, but the report did not write it, or it was changed since. "
                        "Nothing was changed. Choose another --docs, or rename or remove that file."
                    )

    def write(self, contents: Mapping[str, bytes]) -> list[Path]:
        """Write files atomically, remove files of earlier reports that are not among them, and update the list.

        Returns
        -------
        list of Path
            Files of earlier reports that were not removed because they were changed.
        """
        now = {name: [_digest(content)] for name, content in contents.items()}
        both = {name: sorted({*now.get(name, []), *self._made.get(name, [])}) for name in {**self._made, **now}}
        self._store(both)  # after a kill, whatever is there is known to be ours
        for name, content in contents.items():
            write_whole(self._path.parent / name, content)
        left = []
        for name in self._made.keys() - now.keys():
            path = self._path.parent / name
            if _digest_of(path) in self._made[name]:
                path.unlink()
            elif path.exists():
                left.append(path)
        self._store(now)
        self._made = now
        return sorted(left)

    def _store(self, made: Mapping[str, list[str]]) -> None:
        write_whole(self._path, json.dumps(made, indent=1, sort_keys=True).encode() + b"\n")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(path: Path) -> str | None:
    """Return the digest of a regular file, or None if there is none."""
    with suppress(OSError):
        if path.is_file() and not path.is_symlink():
            return _digest(path.read_bytes())
    return None
