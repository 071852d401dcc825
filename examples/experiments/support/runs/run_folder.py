"""What a training run leaves behind.

=======================  ==================================================================
file                     what
=======================  ==================================================================
settings.json            settings, data, and for every session (the start and each resume):
                         command, versions, threads; job, element of its array, and host
metrics.jsonl            one line of JSON an epoch
learning_curves.png      the same as an image
checkpoint.safetensors   all that ``--resume`` needs; see `examples.experiments.support.runs.checkpoint`
weights.safetensors      the trained weights, once the run is done
done.json                the mark of a finished run: without it the run is not finished
result.json              what the report takes from a finished run; see `examples.experiments.support.runs.results`
history.csv              the rows of metrics.jsonl as a table
.lock                    empty; locked while a run is under way, by the kernel: a kill frees it
=======================  ==================================================================

The checkpoint is the one source: metrics and curves are made from it, whole, each time. A
kill between two of these files therefore loses nothing; the next resume makes them again.
"""

from __future__ import annotations

import errno
import json
import os
import sys
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
from examples.experiments.support import job
from examples.experiments.support.runs import schema
from examples.experiments.support.runs.files import sweep, write_whole
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
    """Make a folder, and keep other runs out of it while the ``with`` block runs.

    The system holds the lock, and frees it when the process ends, however it ends. Then what a killed run left
    half-written is removed. `option` is the one that names another folder.

    Raises
    ------
    RunFolderError
        Another run is under way there, or the folder cannot be written.
    """
    lock = FileLock(folder / ".lock", blocking=False, fallback_to_soft=False)  # a soft lock outlives a kill
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RunFolderError(
            f"Another run is under way in {folder}. Wait for its end, or choose another {option}."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise RunFolderError(
                f"The run folder {folder} cannot be made or written to: {error.strerror}. Choose another {option}."
            ) from error
        print(
            f"{folder} is on a file system without locks: nothing keeps a second run out of it. Start none there.",
            file=sys.stderr,
        )
    try:
        if lock.is_locked:
            sweep(folder)
        yield
    finally:
        lock.release()


class RunFolder:
    """The files of one run, in one folder."""

    def __init__(self, path: Path, *, accuracy: bool = False) -> None:
        self.path = path
        self.accuracy = accuracy  # drawn in place of the error
        self.settings = path / "settings.json"
        self.metrics = path / "metrics.jsonl"
        self.curves = path / "learning_curves.png"
        self.checkpoint = path / "checkpoint.safetensors"
        self.weights = path / "weights.safetensors"
        self.done = path / "done.json"

    def check(self, resume: bool) -> None:
        """Refuse a folder that cannot be made, resumed, or begun in; change nothing.

        A run that never came as far as a checkpoint may be begun anew.
        """
        if not resume and any(file.exists() for file in (self.checkpoint, self.weights, self.done)):
            raise RunFolderError(
                f"{self.path} holds a run already. Continue it with --resume, choose another --out, "
                "or remove the folder."
            )
        if resume and self.checkpoint.exists() and not self.settings.exists():
            raise RunFolderError(
                f"{self.path} holds a checkpoint, but its {self.settings.name} is missing, without which the run "
                "cannot be resumed. Restore that file from a copy, or start again with another --out."
            )
        path = self.path.absolute()
        nearest = next(place for place in (path, *path.parents) if os.path.exists(place))
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            why = "may not be written to" if nearest.is_dir() else "is a file"
            raise RunFolderError(f"The run folder {self.path} cannot be made: {nearest} {why}. Choose another --out.")

    @contextmanager
    def opened(self, resume: bool) -> Iterator[None]:
        """Make the folder, and keep other runs out of it while the ``with`` block runs."""
        with locked(self.path):
            self.check(resume)  # again: another run may have come and gone since
            yield

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
        """Return how many epochs a finished run has; 0 for any other."""
        try:
            mark = schema.loads(self.done.read_bytes())
            schema.dict_of(schema.anything)("it", mark)
            schema.whole()("its epochs", mark.get("epochs"))
            return int(mark["epochs"])
        except (OSError, schema.Unfit):
            return 0

    def write_settings(self, settings: dict[str, Any], data: dict[str, Any], *, resume: bool) -> None:
        """Write down what the run is, and add this session to those of a resumed run."""
        session = {
            "began": _now(),
            "command": sys.orig_argv,
            **job.identity(),
            **autograd.config(),
        }
        earlier = self.stored().sessions if resume else []
        content = {"settings": settings, "data": data, "sessions": [*earlier, session]}
        write_whole(self.settings, json.dumps(content, indent=2).encode() + b"\n")
        if settings["epochs"] != self.finished_epochs():  # more epochs are wanted than last time
            self.done.unlink(missing_ok=True)

    def write_metrics(self, history: Sequence[dict[str, Any]]) -> None:
        """Write the metrics of all whole epochs, and their curves."""
        write_whole(self.metrics, "".join(json.dumps(row) + "\n" for row in history).encode())
        if history:
            learning_curves(history, self.curves, accuracy=self.accuracy)

    def finish(self, model: nn.Module, history: Sequence[dict[str, Any]]) -> None:
        """Write the trained weights, then the mark that the run is finished."""
        tensors = {name: np.asarray(t.detach().numpy(), order="C") for name, t in model.state_dict().items()}
        write_whole(self.weights, to_safetensors(tensors))
        mark = {"finished": _now(), "epochs": len(history), "last": history[-1]}
        write_whole(self.done, json.dumps(mark, indent=2).encode() + b"\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
