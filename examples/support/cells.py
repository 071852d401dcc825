"""What an experiment has measured so far, cell by cell: a kill loses the one in flight."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from examples.support.files import check_writable, write_whole


class Cells:
    """Measurements by name, in ``cells.json`` of a run folder, which is written after each.

    Parameters
    ----------
    folder : Path
        It is made where it is missing.
    settings : dict
        All that decides the outcome; what was measured with others is measured anew.
    resume : bool
        Keep what the folder has.
    check : callable ()
        Called before each measurement; `StopOnSignal.check`.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], *, resume: bool, check: Callable[[], None] = lambda: None
    ) -> None:
        self._file = folder / "cells.json"
        self._settings = json.loads(json.dumps(settings))
        self._check = check
        self._found: dict[str, Any] = {}
        check_writable(self._file)
        if resume and self._file.exists():
            stored = self._stored()
            if stored["settings"] == self._settings:
                self._found = stored["cells"]

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """What was measured under a name; else measure it, and keep it."""
        if name not in self._found:
            self._check()
            began = perf_counter()
            value = measure()
            self._found[name] = {"value": value, "seconds": perf_counter() - began}
            content = {"settings": self._settings, "cells": self._found}
            write_whole(self._file, json.dumps(content, indent=1, allow_nan=False).encode() + b"\n")
        return self._found[name]["value"]

    @property
    def seconds(self) -> float:
        """What all took, in this session and before it."""
        return float(sum(cell["seconds"] for cell in self._found.values()))

    def _stored(self) -> Any:
        try:
            stored = json.loads(self._file.read_bytes())
            return {"settings": stored["settings"], "cells": dict(stored["cells"])}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self._file} is damaged ({error}). Begin anew, without --resume.") from error
