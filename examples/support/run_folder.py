"""What a training run leaves behind.

=======================  ==================================================================
file                     what
=======================  ==================================================================
settings.json            settings, data, and for every session (the start and each resume):
                         command, versions, threads
metrics.jsonl            one line of JSON an epoch
learning_curves.png      the same as a picture
checkpoint.safetensors   all that ``--resume`` needs; see `examples.support.checkpoint`
weights.safetensors      the trained weights, once the run is done
done.json                the mark of a finished run: without it the run is not finished
=======================  ==================================================================

The checkpoint is the one source: metrics and curves are made from it, whole, each time. A
kill between two of these files therefore loses nothing; the next resume makes them again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_safetensors

import autograd
import nn
from examples.support.files import write_whole
from examples.support.plots import learning_curves


class RunFolderError(Exception):
    """A run folder cannot be used as asked: which, why, and what to do."""


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

    def begin(self, resume: bool) -> None:
        """Make the folder, and refuse one that holds a run which nobody asked to resume."""
        if not resume and (self.settings.exists() or self.checkpoint.exists()):
            raise RunFolderError(
                f"{self.path} holds a run already. Continue it with --resume, choose another --out, "
                "or remove the folder."
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(
                f"The run folder {self.path} cannot be made: {error.strerror}. Choose another --out."
            ) from error

    def stored_settings(self) -> dict[str, Any]:
        """Return the settings that the run began with; nothing where no run has begun."""
        return dict(self._description().get("settings", {}))

    def write_settings(self, settings: dict[str, Any], data: dict[str, Any]) -> None:
        """Write down what the run is, and add this session to its sessions."""
        session = {
            "began": _now(),
            "command": sys.orig_argv,
            **autograd.config(),
        }
        sessions = [*self._description().get("sessions", []), session]
        content = {"settings": settings, "data": data, "sessions": sessions}
        write_whole(self.settings, json.dumps(content, indent=2).encode() + b"\n")
        self.done.unlink(missing_ok=True)  # more epochs may be wanted than last time

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

    def _description(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.settings.read_bytes()))
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError) as error:
            raise RunFolderError(
                f"{self.settings} is damaged ({error}). Restore it from a copy, or start anew with another --out."
            ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
