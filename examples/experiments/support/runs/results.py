"""The result of an experiment: one JSON file, which the report reads.

An experiment writes ``result.json`` into its run folder; ``python -m examples.report --take FOLDER``
stores it as ``docs/runs/<name of the folder>.json``.

==============  =======================================================================
key             content
==============  =======================================================================
experiment      the script, as in ``python -m examples.experiments.<experiment>``
when, seconds   the end (UTC) and the duration
command         the command line
settings        all settings that affect the result
data            the source of the images; null if none were used
machine         processor, system, usable CPUs, threads
versions        of Python and packages
cut_short       a sentence if the run was shortened; else null
result          the findings, in a form of each experiment
==============  =======================================================================
"""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import autograd
from examples.experiments.support.runs import schema
from examples.experiments.support.runs.files import write_whole

FILE = "result.json"


_ANY = schema.dict_of(schema.anything)
_RECORD = schema.record(
    {
        "experiment": schema.text,
        "when": schema.text,
        "seconds": schema.number(0),
        "command": schema.list_of(schema.text),
        "settings": _ANY,
        "data": schema.optional(_ANY),
        "machine": _ANY,
        "versions": schema.dict_of(schema.text),
        "cut_short": schema.optional(schema.text),
        "result": _ANY,
    }
)


class ResultError(Exception):
    """A result cannot be used. The text says which, why, and what to do."""


class Record(NamedTuple):
    """A stored result: its name and the values of its keys."""

    name: str
    experiment: str
    when: str
    seconds: float
    command: list[str]
    settings: dict[str, Any]
    data: dict[str, Any] | None
    machine: dict[str, Any]
    versions: dict[str, str]
    cut_short: str | None
    result: dict[str, Any]


def write(
    folder: Path,
    experiment: str,
    result: Mapping[str, Any],
    *,
    settings: Mapping[str, Any],
    seconds: float,
    data: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] = {},
    cut_short: str | None = None,
) -> Path:
    """Write ``result.json`` into a run folder; return its path.

    Parameters
    ----------
    folder : Path
    experiment : str
        The name of the script.
    result, settings, data : dict
        Values that JSON can represent, without NaN and inf.
    seconds : float
        The duration of all sessions of the run.
    versions : dict of str to str
        Versions of other frameworks.
    cut_short : str, optional
        A sentence that says how the run was shortened.

    Raises
    ------
    ValueError
        A number is NaN or inf.
    WriteError
        The file could not be written.
    """
    config = autograd.config()
    content = {
        "experiment": experiment,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "command": sys.orig_argv,
        "settings": {
            name: str(value) if isinstance(value, Path) else value
            for name, value in settings.items()
            if name != "data_dir"
        },
        "data": data,
        "machine": {
            "processor": processor(),
            "system": platform.platform(),
            "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "threads": config["threads"],
        },
        "versions": {**{name: str(config[name]) for name in ("python", "numpy", "numba")}, **versions},
        "cut_short": cut_short,
        "result": result,
    }
    path = folder / FILE
    write_whole(path, json.dumps(content, indent=1, allow_nan=False).encode() + b"\n")
    return path


def read(path: Path) -> Record:
    """Read a result.

    Raises
    ------
    ResultError
        The file is missing or damaged, or a key is missing or has another type.
    """
    return parse(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Read the file of a result; raise ResultError if that fails."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ResultError(f"There is no {path}: the run is not finished, or this is not its folder.") from None
    except OSError as error:
        raise ResultError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error


def parse(text: bytes, path: Path) -> Record:
    """Parse the text of the result file `path`; raise as `read` does."""
    try:
        content = schema.loads(text)
        _RECORD("it", content)
        return Record(path.stem, **content)
    except schema.Unfit as error:
        raise ResultError(
            f"{path} is not a result that the report can use ({error}). Run the experiment again."
        ) from error


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with the same columns as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def processor() -> str:
    """Return the name of the processor if the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
