"""The scalars of a run for TensorBoard: one event file, made from the history of the run.

The bytes of the file depend only on the history and on the time when the run began. After a stop or a
kill, even in the middle of a write, the file is therefore the beginning of the one that the history
gives, and is continued without gaps and without duplicates.

Format: records of TFRecord, each an `Event` of tensorboard/compat/proto/event.proto.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from examples.experiments.support.runs.files import write_error, write_whole

FILE = "events.out.tfevents"  # TensorBoard reads every file that has "tfevents" in its name
_SPLITS = ("train", "validation", "test")


class NotInstalled(Exception):
    """TensorBoard is not installed. The text says how to install it."""


def check_installed() -> None:
    """Raise `NotInstalled` if the package tensorboard is missing."""
    try:
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError as error:
        raise NotInstalled(
            f"{FILE} is written with the package tensorboard, which is not installed. Install it with: "
            f"python -m pip install tensorboard. To go on without events, remove that file if there is one."
        ) from error


def write(path: Path, history: Sequence[Mapping[str, Any]], began: float) -> None:
    """Write the event file of a history, or what it lacks at its end.

    Parameters
    ----------
    path : Path
    history : sequence of dict
        The rows of metrics.jsonl.
    began : float
        When the run began, in seconds since 1970. An event's time is that plus the seconds of training until then.

    Raises
    ------
    WriteError
        (an OSError) The file could not be written. The text says which, why, and what to do.
    """
    content = _content(history, began)
    before = path.read_bytes() if path.exists() else b""
    if not before or not content.startswith(before):  # a history of another run, or a damaged file
        write_whole(path, content)
    elif len(before) < len(content):
        _append(path, content[len(before) :])


def _append(path: Path, rest: bytes) -> None:
    """Add to the file in its place: a TensorBoard that runs keeps it open, and would not see a new file."""
    try:
        with path.open("ab", buffering=0) as file:
            while rest:  # one call may write less
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
    except OSError as error:
        raise write_error(path, error) from error


def _content(history: Sequence[Mapping[str, Any]], began: float) -> bytes:
    """Return the bytes of the event file."""
    from tensorboard.compat.proto.event_pb2 import Event  # here: only --tensorboard needs the package
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    records = RecordWriter(file)
    records.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())
    now = began
    for row in history:
        now += row["seconds"]
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars(row)]
        event = Event(wall_time=now, step=row["epoch"], summary=Summary(value=values))
        records.write(event.SerializeToString())
    return file.getvalue()


def scalars(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield tag and value of each curve; TensorBoard groups tags by what is before the slash."""
    for split in _SPLITS:
        if f"{split}_loss" in row:
            yield f"loss/{split}", row[f"{split}_loss"]
            yield f"accuracy/{split}", 1 - row[f"{split}_error"]
    yield "learning_rate", row["learning_rate"]
    yield "images_per_second", row["images_per_second"]
