"""The files of a training run.

=======================  ==================================================================
file                     content
=======================  ==================================================================
settings.json            settings, data, and for every session (the start and each resume):
                         command, versions, threads; job, array index, and host
metrics.jsonl            one line of JSON per epoch
history.csv              the rows of metrics.jsonl as a table
events.out.tfevents      the same for TensorBoard, with ``--tensorboard``; see `events`
learning_curves.png      a plot of metrics.jsonl
checkpoint.safetensors   all that ``--resume`` needs; see `checkpoint`
weights.safetensors      the trained weights, written at the end
done.json                marks a finished run
result.json              what the report reads of a finished run; see `results`
.lock                    empty; the kernel locks it during a run, and frees it after a kill
=======================  ==================================================================

The checkpoint is the only source: metrics, table, events and curves are written from it every
time. A kill between two of these files therefore loses nothing; the next resume writes them again.

Where several ranks train, only rank 0 uses the folder. It tells the others what the checkpoint contains.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from safetensors.numpy import save as to_safetensors

import autograd
import nn
from examples.experiments.support import job, processes
from examples.experiments.support.runs import events, schema
from examples.experiments.support.runs.files import sweep, write_whole
from examples.experiments.support.runs.results import write_table
from examples.report.plots import learning_curves

_DESCRIPTION = schema.record(
    {
        "settings": schema.dict_of(schema.setting),
        "data": schema.dict_of(schema.setting),
        "sessions": schema.list_of(schema.dict_of(schema.anything)),
    },
    may_lack=("data", "sessions"),
)


class Stored(NamedTuple):
    """The content of settings.json."""

    settings: dict[str, Any]  # that the run began with
    data: dict[str, Any]  # the source of its images, and their digest
    sessions: list[dict[str, Any]]


class RunFolderError(Exception):
    """A run folder cannot be used as requested. The text says which, why, and what to do."""


_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)  # of some network file systems


@contextmanager
def locked(folder: Path, option: str = "--out") -> Iterator[None]:
    """Create a folder and lock it against other runs inside the ``with`` block.

    The operating system holds the lock and frees it when the process ends in any way. Incomplete files that a killed
    run left are removed. `option` is the option that chooses the folder.

    Raises
    ------
    RunFolderError
        Another run uses the folder, or it cannot be written.
    """
    lock = FileLock(folder / ".lock", blocking=False, fallback_to_soft=False)  # a soft lock would survive a kill
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RunFolderError(
            f"Another run is using {folder}. Wait until it ends, or choose another {option}."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise RunFolderError(
                f"The run folder {folder} cannot be made or written to: {error.strerror}. Choose another {option}."
            ) from error
        print(
            f"{folder} is on a file system without locks. Do not start a second run there.",
            file=sys.stderr,
        )
    try:
        if lock.is_locked:
            sweep(folder)
        yield
    finally:
        lock.release()


class RunFolder:
    """The files of one run, in one folder.

    Parameters
    ----------
    path : Path
    accuracy : bool
        Draw the accuracy instead of the error.
    tensorboard : bool
        Write events for TensorBoard. A run that has them goes on with them in any case.
    """

    def __init__(self, path: Path, *, accuracy: bool = False, tensorboard: bool = False) -> None:
        self.path = path
        self.accuracy = accuracy
        self.tensorboard = tensorboard
        self.settings = path / "settings.json"
        self.metrics = path / "metrics.jsonl"
        self.table = path / "history.csv"
        self.events = path / events.FILE
        self.curves = path / "learning_curves.png"
        self.checkpoint = path / "checkpoint.safetensors"
        self.weights = path / "weights.safetensors"
        self.done = path / "done.json"

    def check(self, resume: bool) -> None:
        """Raise if a run cannot start or resume in the folder. Change nothing.

        A run that has no checkpoint yet may start again.
        """
        if self.tensorboard or self.events.exists():
            events.check_installed()
        if not resume and any(file.exists() for file in (self.checkpoint, self.weights, self.done)):
            raise RunFolderError(
                f"{self.path} already contains a run. Continue it with --resume, choose another --out, "
                "or remove the folder."
            )
        if resume and self.checkpoint.exists() and not self.settings.exists():
            raise RunFolderError(
                f"{self.path} contains a checkpoint but no {self.settings.name}, so the run cannot be resumed. Restore "
                "that file from a copy, or start again with another --out."
            )
        path = self.path.absolute()
        nearest = next(place for place in (path, *path.parents) if os.path.exists(place))
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            why = "is not writable" if nearest.is_dir() else "is a file"
            raise RunFolderError(f"The run folder {self.path} cannot be made: {nearest} {why}. Choose another --out.")

    @contextmanager
    def opened(self, resume: bool) -> Iterator[None]:
        """Create the folder and lock it against other runs inside the ``with`` block."""
        if not processes.is_first():
            yield
            return
        with locked(self.path):
            self.check(resume)  # check again: another run may have written to the folder since
            yield

    @contextmanager
    def last_checkpoint(self) -> Iterator[Path | None]:
        """Yield the checkpoint, or None if there is none; on other ranks a copy of rank 0's, on their own disk."""
        content = processes.from_first(lambda: self.checkpoint.read_bytes() if self.checkpoint.exists() else None)
        if content is None or processes.is_first():
            yield None if content is None else self.checkpoint
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / self.checkpoint.name
            copy.write_bytes(content)
            yield copy

    def stored(self) -> Stored:
        """Read settings.json; all parts are empty if no run has begun.

        Raises
        ------
        RunFolderError
            The file is damaged.
        """
        try:
            content = schema.loads(self.settings.read_bytes())
            _DESCRIPTION("it", content)
        except FileNotFoundError:
            content = {}
        except schema.Unfit as error:
            raise RunFolderError(
                f"{self.settings} is damaged ({error}). Restore it from a copy, or start again with another --out."
            ) from error
        return Stored(content.get("settings", {}), content.get("data", {}), content.get("sessions", []))

    def finished_epochs(self) -> int:
        """Return the number of epochs of a finished run, or 0 if the run is not finished."""
        try:
            mark = schema.loads(self.done.read_bytes())
            schema.dict_of(schema.anything)("it", mark)
            schema.whole()("its epochs", mark.get("epochs"))
            return int(mark["epochs"])
        except (OSError, schema.Unfit):
            return 0

    def write_settings(self, settings: dict[str, Any], data: dict[str, Any], *, resume: bool) -> None:
        """Write settings.json; a resumed run adds this session to the earlier ones."""
        if not processes.is_first():
            return
        session = {
            "began": _now(),
            "command": sys.orig_argv,
            **job.identity(),
            **autograd.config(),
        }
        earlier = self.stored().sessions if resume else []
        content = {"settings": settings, "data": data, "sessions": [*earlier, session]}
        write_whole(self.settings, json.dumps(content, indent=2).encode() + b"\n")
        if settings["epochs"] != self.finished_epochs():  # this session will train for more epochs
            self.done.unlink(missing_ok=True)

    def write_metrics(self, history: Sequence[dict[str, Any]]) -> None:
        """Write the metrics of all completed epochs: as JSON, as a table, as events if wanted, and as curves."""
        if not processes.is_first():
            return
        write_whole(self.metrics, "".join(json.dumps(row) + "\n" for row in history).encode())
        if self.tensorboard or self.events.exists():
            events.write(self.events, history, self._began())
        if history:
            write_table(self.table, history)
            learning_curves(history, self.curves, accuracy=self.accuracy)

    def _began(self) -> float:
        """Return when the first session began, in seconds since 1970."""
        try:
            return datetime.fromisoformat(self.stored().sessions[0]["began"]).timestamp()
        except (LookupError, TypeError, ValueError) as error:
            raise RunFolderError(
                f"{self.settings} does not say when the run began, which {events.FILE} needs. Restore it from a copy, "
                f"or remove {self.events}, and go on without events."
            ) from error

    def finish(self, model: nn.Module, history: Sequence[dict[str, Any]]) -> None:
        """Write the trained weights, then done.json."""
        if not processes.is_first():
            return
        tensors = {name: np.asarray(t.detach().numpy(), order="C") for name, t in model.state_dict().items()}
        write_whole(self.weights, to_safetensors(tensors))
        mark = {"finished": _now(), "epochs": len(history), "last": history[-1]}
        write_whole(self.done, json.dumps(mark, indent=2).encode() + b"\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
