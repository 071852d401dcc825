"""What an experiment found: one JSON file, from which the report is made.

An experiment writes ``result.json`` into its run folder; ``python -m examples.report --take FOLDER``
keeps it as ``docs/runs/<name of the folder>.json``.

==============  =======================================================================
key             what
==============  =======================================================================
experiment      the script's name, as in ``python -m examples.<experiment>``
when, seconds   the end (UTC), and how long it took
command         the command line
settings        all that decides the outcome
data            which images; null where none were used
machine         processor, system, CPUs it may use, threads
versions        Python and packages
cut_short       a sentence where something was left out that the question asks; else null
result          what was found, in the experiment's own form
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
    """A result cannot be used: which, why, and what to do."""


class Record(NamedTuple):
    """A result that was read: the name it is kept under, and its keys."""

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
    """Write ``result.json`` whole into a run folder; return its path.

    Parameters
    ----------
    folder : Path
    experiment : str
        The script's name.
    result, settings, data : dict
        Of what JSON can hold; no NaN and no inf.
    seconds : float
        Of all sessions of the run.
    versions : dict of str to str
        Of other frameworks that took part.
    cut_short : str, optional
        What was left out, and why.

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
        There is none, or it is damaged, or a key is missing or of another type.
    """
    return parse(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Read the file of a result; raises ResultError where that cannot be done."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ResultError(f"There is no {path}: the run is not finished, or this is not its folder.") from None
    except OSError as error:
        raise ResultError(f"{path} cannot be read: {error.strerror}. Look at its permissions.") from error


def parse(text: bytes, path: Path) -> Record:
    """Read the text of a result that comes from the file `path`; raises as `read`."""
    try:
        content = schema.loads(text)
        _RECORD("it", content)
        return Record(path.stem, **content)
    except schema.Unfit as error:
        raise ResultError(
            f"{path} is not a result that the report can use ({error}). Run the experiment again."
        ) from error


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of the same columns as CSV, whole."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
