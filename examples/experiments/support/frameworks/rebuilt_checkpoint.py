"""Checkpoints of the baseline in another framework, in one safetensors file after each epoch.

The tensors are ``weights <name>`` and ``momenta <name>``; settings and history are JSON in the metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from examples.experiments.support.frameworks.rebuilt import Resumable
from examples.experiments.support.runs import schema
from examples.experiments.support.runs.files import CheckpointError, write_whole


def save(path: Path, net: Resumable, settings: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> None:
    """Write a checkpoint; `settings` are all that affect the result, `history` has a row per epoch."""
    arrays = {"weights": net.weights(), "momenta": net.momenta()}
    tensors = {f"{kind} {name}": array for kind, some in arrays.items() for name, array in some.items()}
    state = {"settings": json.dumps(settings), "history": json.dumps(history)}
    write_whole(path, to_safetensors(tensors, metadata=state))


def restore(path: Path, net: Resumable, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Load a checkpoint into a network; return the rows of the completed epochs.

    Raises
    ------
    CheckpointError
        The file is damaged or has other settings; the network is unchanged.
    """
    try:
        with safe_open(path, framework="numpy") as opened:
            state = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (no dict)
        schema.record({"settings": schema.text, "history": schema.text})("its description", state)
        before, history = schema.loads(state["settings"]), schema.loads(state["history"])
        schema.dict_of(schema.setting)("settings", before)
        schema.list_of(schema.dict_of(schema.number()))("history", history)
        if [row.get("epoch") for row in history] != list(range(1, len(history) + 1)):
            raise schema.Unfit("the rows of its history are not of epochs 1, 2, …")
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}). Remove it to start again.") from error
    if other := {name: value for name, value in before.items() if settings.get(name) != value}:
        raise CheckpointError(
            f"{path} belongs to a run with other settings ({other}). Resume with those, or choose another --out."
        )
    arrays: dict[str, dict[str, Any]] = {"weights": {}, "momenta": {}}
    try:
        for name, tensor in tensors.items():
            kind, _, parameter = name.partition(" ")
            if kind not in arrays:
                raise schema.Unfit(f"it contains the unknown tensor {name[:80]!r}")
            arrays[kind][parameter] = tensor
        weights = net.weights()
        _check_arrays("weights", arrays["weights"], weights)
        if arrays["momenta"] or (history and settings.get("momentum")):  # there are none before the first step
            _check_arrays("momenta", arrays["momenta"], weights)
    except schema.Unfit as error:
        raise CheckpointError(f"{path} cannot be resumed from: {error}. Remove it to start again.") from None
    net.load(arrays["weights"])
    net.load_momenta(arrays["momenta"])
    return history


def _check_arrays(kind: str, have: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray]) -> None:
    """Raise if names, shapes or dtypes differ from the weights of the network."""
    for name in sorted({*have, *want}):
        found, needed = (
            f"{a.dtype} {a.shape}" if a is not None else "nothing" for a in (have.get(name), want.get(name))
        )
        if found != needed:
            raise schema.Unfit(f"for the {kind} of {name[:80]} it contains {found}, but the network needs {needed}")
