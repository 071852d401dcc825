"""A list of the files that a program made in a folder that others use too: what it may overwrite and remove.

It is a JSON file: by path, the SHA-256 digests of what was made there. There are two where a kill left open which one
was written last.
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
    """A file is in the way that the program did not make: which, and what to do."""


class Manifest:
    """The files that a report made, and their digests.

    Parameters
    ----------
    path : Path
        Of the list; all paths in it are seen from its folder.

    Raises
    ------
    NotOurs
        The file is there, but is no such list.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: dict[str, list[str]] = {}
        try:
            made = json.loads(path.read_bytes())
            for name, digests in made.items():
                if not _NAME.fullmatch(name) or not all(_DIGEST.fullmatch(digest) for digest in digests):
                    raise ValueError(f"{name[:100]!r} is not the name and the digest of a part of the report")
            self._made = made
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise NotOurs(
                f"{path} is not the list of what an earlier report made ({error}). Restore it, or choose another "
                "--docs, or remove it with the report and the figures beside it."
            ) from error

    def check(self, contents: Mapping[str, bytes]) -> None:
        """Refuse to write files where others are that no report made, or that were changed since; change nothing.

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
                        f"{path} was not made by this report, or was changed since, and would be overwritten. "
                        "Nothing was changed. Choose another --docs, or rename or remove that file."
                    )

    def write(self, contents: Mapping[str, bytes]) -> list[Path]:
        """Write files whole, remove those of earlier times that are no more among them, and renew the list.

        Returns
        -------
        list of Path
            Files that are no more among them, but were left, since they were changed.
        """
        now = {name: [_digest(content)] for name, content in contents.items()}
        both = {name: sorted({*now.get(name, []), *self._made.get(name, [])}) for name in {**self._made, **now}}
        self._store(both)  # so that whatever a kill leaves is known to be ours
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
    """The digest of a regular file; None where there is none."""
    with suppress(OSError):
        if path.is_file() and not path.is_symlink():
            return _digest(path.read_bytes())
    return None
