"""Parts of an experiment that are kept when they are done: a run that was stopped goes on with the next."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from examples.support.files import check_writable, write_whole
from examples.support.results import ResultError


class Cell(NamedTuple):
    """A part: what it found, and how long that took."""

    result: dict[str, Any]
    seconds: float
    versions: dict[str, str]


class Cells:
    """A folder with a JSON file for each part that is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: dict[str, Cell] = {}
        check_writable(folder / "any.json")

    def once(
        self,
        name: str,
        settings: Mapping[str, Any],
        do: Callable[[], tuple[dict[str, Any], dict[str, str]]],
    ) -> Cell:
        """Do a part and keep it; where it was done before with the same settings, read it.

        `do` returns what was found, and the versions of what took part.

        Raises
        ------
        ResultError
            The part was done with other settings, or its file is damaged.
        """
        path = self.folder / f"{name}.json"
        plain = json.loads(json.dumps(settings))
        if path.exists():
            cell, before = self._read(path)
            if before != plain:
                other = {key: value for key, value in before.items() if plain.get(key) != value} or plain
                raise ResultError(
                    f"{path} was made with other settings ({other}). Choose another --out, or remove that file to "
                    "do this part anew."
                )
        else:
            start = time.perf_counter()
            result, versions = do()
            cell = Cell(result, time.perf_counter() - start, versions)
            write_whole(path, json.dumps({"settings": plain, **cell._asdict()}, allow_nan=False).encode())
        self.done[name] = cell
        return cell

    def kept(self, name: str) -> bool:
        """Whether a part was done, in this run or an earlier one."""
        return (self.folder / f"{name}.json").exists()

    @staticmethod
    def _read(path: Path) -> tuple[Cell, dict[str, Any]]:
        try:
            content = json.loads(path.read_bytes())
            return Cell(*(content[key] for key in Cell._fields)), dict(content["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise ResultError(f"{path} is damaged ({error}). Remove it to do this part anew.") from error
