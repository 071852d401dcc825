"""The training of a rebuilt baseline, kept between two epochs in one safetensors file.

Its tensors are ``weights <name>`` and ``momenta <name>``; settings and history are JSON in the metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from examples.support.files import CheckpointError, write_whole
from examples.support.rebuilt import Resumable


def save(path: Path, net: Resumable, settings: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> None:
    """Write it whole; `settings` are all that decides the outcome, `history` has a row an epoch."""
    arrays = {"weights": net.weights(), "momenta": net.momenta()}
    tensors = {f"{kind} {name}": array for kind, some in arrays.items() for name, array in some.items()}
    state = {"settings": json.dumps(settings), "history": json.dumps(history)}
    write_whole(path, to_safetensors(tensors, metadata=state))


def restore(path: Path, net: Resumable, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give a net back what a checkpoint holds; return the rows of the epochs that are done.

    Raises
    ------
    CheckpointError
        It is damaged, or of a run with other settings; the net is unchanged.
    """
    try:
        with safe_open(path, framework="numpy") as opened:
            state = opened.metadata()
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (no dict)
        before, history = json.loads(state["settings"]), list(json.loads(state["history"]))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}). Remove it to begin anew.") from error
    if other := {name: value for name, value in before.items() if settings[name] != value}:
        raise CheckpointError(
            f"{path} belongs to a run with other settings ({other}). Resume with those, or choose another --out."
        )
    arrays: dict[str, dict[str, Any]] = {"weights": {}, "momenta": {}}
    for name, tensor in tensors.items():
        kind, parameter = name.split(" ")
        arrays[kind][parameter] = tensor
    net.load(arrays["weights"])
    net.load_momenta(arrays["momenta"])
    return history
