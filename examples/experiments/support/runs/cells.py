"""Parts of an experiment that are stored when they are done. A kill loses only the current one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from examples.experiments.support import job
from examples.experiments.support.runs.files import check_writable, sweep, write_whole
from examples.experiments.support.runs.results import ResultError
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested


@contextmanager
def stopping(again: str) -> Iterator[Callable[[], None]]:
    """Record signals; yield the `StopOnSignal.check` to call between parts. After a stop, say how to resume."""
    try:
        with StopOnSignal() as stop:
            yield stop.check
    except StopRequested as stopped:
        advice = job.go_on(again, requeued=stopped.requeued)
        print(f"The run was {stopped}; finished parts are stored. {advice}", file=sys.stderr)
        raise


class Cell(NamedTuple):
    """A part: its result, its duration, and the versions of the frameworks."""

    result: Any
    seconds: float
    versions: dict[str, str]


class Cells:
    """A folder with a JSON file for each finished part.

    Parameters
    ----------
    folder : Path
        Created if missing. It is in a run folder whose lock the caller holds.
    resume : bool
        Use the finished parts in the folder. If False, remove them and start again.
    check : callable ()
        Called before each part; from `stopping`.
    """

    def __init__(self, folder: Path, *, resume: bool = True, check: Callable[[], None] = lambda: None) -> None:
        self.folder = folder
        self.done: dict[str, Cell] = {}
        self._check = check
        check_writable(folder / "any.json")
        sweep(folder)
        if not resume:
            for path in folder.glob("*.json"):
                path.unlink()

    def once(
        self,
        name: str,
        settings: Mapping[str, Any],
        do: Callable[[], tuple[Any, dict[str, str]]],
    ) -> Cell:
        """Do a part and store it, or read it if it was done before with the same settings.

        `settings` are all settings that affect the result. `do` returns the result and versions.

        Raises
        ------
        ResultError
            The part was done with different settings, or its file is damaged.
        """
        path = self.folder / f"{name}.json"
        plain = json.loads(json.dumps(settings))
        if path.exists():
            cell, before = self._read(path)
            if before != plain:
                other = {key: value for key, value in before.items() if plain.get(key) != value} or before
                raise ResultError(
                    f"{path} was made with different settings ({other}). Choose another --out, or remove that file "
                    "to repeat this part."
                )
        else:
            self._check()
            start = perf_counter()
            result, versions = do()
            cell = Cell(result, perf_counter() - start, versions)
            write_whole(path, json.dumps({"settings": plain, **cell._asdict()}, allow_nan=False).encode())
        self.done[name] = cell
        return cell

    def kept(self, name: str) -> bool:
        """Return whether a part was done, in this session or an earlier one."""
        return (self.folder / f"{name}.json").exists()

    @property
    def seconds(self) -> float:
        """The duration of all parts, including earlier sessions."""
        return float(sum(cell.seconds for cell in self.done.values()))

    @staticmethod
    def _read(path: Path) -> tuple[Cell, dict[str, Any]]:
        try:
            content = json.loads(path.read_bytes())
            return Cell(*(content[key] for key in Cell._fields)), dict(content["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise ResultError(f"{path} is damaged ({error}). Remove it to repeat this part.") from error
