"""A run, frozen between two steps, in one safetensors file.

========================  ===================================================================
tensor                    what
========================  ===================================================================
``model.<name>``          parameters and buffers, under their names in the state_dict
``optimizer.<i>.<name>``  what the optimizer keeps for parameter i, such as its momentum
``average.<name>``        averages of the model's weights, where the run keeps them
``rng``                   the state of the engine's random numbers
========================  ===================================================================

The rest is JSON, as the string "lucidgrad" in the file's metadata: the position, the sums of
the epoch under way, the metrics of the epochs before, the settings, and a digest of it all.
JSON keeps every float64 exactly. Nothing is pickled: a checkpoint cannot run code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

import autograd
import nn
from autograd import Tensor
from examples.support.files import CheckpointError, write_whole
from optim.swa_utils import AveragedModel

FORMAT = 1
_KEY = "lucidgrad"

Settings = Mapping[str, Any]


class Optimizer(Protocol):
    """What training needs of an optimizer: PyTorch's interface."""

    param_groups: list[dict[str, Any]]

    def step(self) -> Any: ...
    def zero_grad(self) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class Scheduler(Protocol):
    """What training needs of a learning rate scheduler; its state is numbers and strings."""

    def step(self) -> Any: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class Parts(NamedTuple):
    """What a step of training changes, the engine's random numbers aside."""

    model: nn.Module
    optimizer: Optimizer
    scheduler: Scheduler | None = None
    each_step: bool = False  # the scheduler steps after every batch, not after every epoch
    average: AveragedModel | None = None  # takes the weights in after every batch


@dataclass
class Epoch:
    """What has been seen of the epoch under way: the position in the data, and running sums."""

    step: int = 0  # steps done
    pictures: int = 0  # pictures seen in them
    wrong: int = 0  # how many of these were classified wrongly
    loss_sum: float = 0.0
    seconds: float = 0.0


@dataclass
class Progress:
    """How far a run is: a row of metrics for every whole epoch, and the epoch under way."""

    history: list[dict[str, Any]] = field(default_factory=list)
    now: Epoch = field(default_factory=Epoch)

    @property
    def epochs(self) -> int:
        """Whole epochs done."""
        return len(self.history)

    def end_epoch(self, row: dict[str, Any]) -> None:
        """Add the row of the epoch under way, and stand at the start of the next."""
        self.history.append(row)
        self.now = Epoch()


def save(path: Path, parts: Parts, progress: Progress, settings: Settings) -> None:
    """Write a checkpoint whole; what stood there before stays until then."""
    optimizer_tensors, optimizer_rest = _split_optimizer(parts.optimizer.state_dict())
    tensors = {f"model.{name}": _array(tensor) for name, tensor in parts.model.state_dict().items()}
    tensors |= optimizer_tensors
    if parts.average:
        tensors |= {f"average.{name}": _array(tensor) for name, tensor in parts.average.state_dict().items()}
    tensors["rng"] = _array(autograd.get_rng_state())
    state = {
        "progress": asdict(progress),
        "settings": dict(settings),
        "optimizer": optimizer_rest,
        "scheduler": parts.scheduler.state_dict() if parts.scheduler else None,
    }
    envelope = {"format": FORMAT, "digest": _digest(tensors, state), "state": state}
    write_whole(path, to_safetensors(tensors, {_KEY: json.dumps(envelope)}))


def restore(path: Path, parts: Parts, settings: Settings) -> Progress:
    """Put a checkpoint's state into the parts and the engine, and return its progress.

    Everything is checked before anything is changed.

    Raises
    ------
    CheckpointError
        The file is damaged or no checkpoint, or it belongs to a run with other settings or
        another model.
    OSError
        The file cannot be read.
    """
    tensors, state = _read(path)
    check_settings(path, state["settings"], settings)
    modules = {"model.": parts.model} | ({"average.": parts.average} if parts.average else {})
    stored = {
        prefix: {name.removeprefix(prefix): a for name, a in tensors.items() if name.startswith(prefix)}
        for prefix in modules
    }
    for prefix, module in modules.items():
        _check_model(path, stored[prefix], module)
    for prefix, module in modules.items():
        module.load_state_dict({name: autograd.from_numpy(array) for name, array in stored[prefix].items()})
    parts.optimizer.load_state_dict(_join_optimizer(tensors, state["optimizer"]))
    if parts.scheduler:
        parts.scheduler.load_state_dict(state["scheduler"])
    autograd.set_rng_state(autograd.from_numpy(tensors["rng"]))
    return Progress(state["progress"]["history"], Epoch(**state["progress"]["now"]))


def _array(tensor: Tensor) -> np.ndarray:
    return np.asarray(tensor.detach().numpy(), order="C")


def _split_optimizer(state_dict: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Part an optimizer's state into the tensors and the rest, which JSON holds."""
    tensors: dict[str, np.ndarray] = {}
    rest: dict[str, dict[str, Any]] = {}
    for index, entries in state_dict["state"].items():
        rest[str(index)] = {}
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{name}"] = _array(value)
            else:
                rest[str(index)][name] = value
    return tensors, {"state": rest, "param_groups": state_dict["param_groups"]}


def _join_optimizer(tensors: Mapping[str, np.ndarray], rest: dict[str, Any]) -> dict[str, Any]:
    """Undo `_split_optimizer`."""
    state: dict[int, dict[str, Any]] = {int(index): dict(entries) for index, entries in rest["state"].items()}
    for key, array in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state[int(index)][name] = autograd.from_numpy(array)
    return {"state": state, "param_groups": rest["param_groups"]}


def _digest(tensors: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> str:
    """Sum up tensors and state, so that one flipped bit anywhere shows."""
    total = hashlib.sha256(json.dumps(state, sort_keys=True).encode())
    for name, array in sorted(tensors.items()):
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    advice = "Restore the file from a copy, or start anew with another --out."
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is cut short or damaged ({error}). {advice}") from error
    if text is None:
        raise CheckpointError(f"{path} holds tensors, but is no checkpoint of a training run. {advice}")
    try:
        envelope = json.loads(text)
        if envelope["format"] != FORMAT:
            raise CheckpointError(
                f"{path} is written in format {envelope['format']}; this version reads format {FORMAT}. "
                "Resume the run with the version that began it."
            )
        intact = envelope["digest"] == _digest(tensors, envelope["state"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged: its description cannot be read. {advice}") from error
    if not intact:
        raise CheckpointError(f"{path} is damaged: its content does not match its digest. {advice}")
    return tensors, envelope["state"]


def check_settings(path: Path, stored: Settings, wanted: Settings) -> None:
    """Refuse settings other than the stored ones; "data" among them is a digest of the pictures."""
    differences = [
        f"{name} {stored.get(name)!r}, not {wanted.get(name)!r}"
        for name in sorted({*stored, *wanted} - {"data"})
        if stored.get(name) != wanted.get(name)
    ]
    if differences:
        raise CheckpointError(
            f"{path} belongs to a run with other settings: {'; '.join(differences)}. "
            "Resume with the settings of that run, or start anew with another --out."
        )
    if stored.get("data") != wanted.get("data"):
        raise CheckpointError(
            f"{path} belongs to a run with other pictures than it would go on with now: it has to go on with those "
            "it began with. Name their folder with --data-dir, or start anew with another --out."
        )


def _check_model(path: Path, stored: Mapping[str, np.ndarray], model: nn.Module) -> None:
    def kind(array: np.ndarray | None) -> str:
        return "nothing" if array is None else f"{array.dtype} {array.shape}"

    wanted = {name: _array(tensor) for name, tensor in model.state_dict().items()}
    for name in sorted({*stored, *wanted}):
        have, want = kind(stored.get(name)), kind(wanted.get(name))
        if have != want:
            raise CheckpointError(
                f"{path} belongs to another model: for {name} it holds {have}, and the model has {want}. "
                "Resume with the model of that run, or start anew with another --out."
            )
