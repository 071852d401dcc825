"""The state of a run between two steps, in one safetensors file.

========================  ===================================================================
tensor                    content
========================  ===================================================================
``model.<name>``          parameters and buffers by their names in the state_dict
``optimizer.<i>.<name>``  optimizer state of parameter i, such as its momentum
``rng``                   the state of the random number generator
========================  ===================================================================

The rest is JSON, under the key "lucidgrad" in the metadata of the file: the position, the sums
of the current epoch, the metrics of earlier epochs, the settings, and a digest of everything.
JSON stores every float64 exactly. Nothing is pickled, so a checkpoint cannot run code.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

import autograd
import nn
from autograd import Tensor
from examples.experiments.support.runs import schema
from examples.experiments.support.runs.files import CheckpointError, write_whole
from optim.state_dict import SCHEDULED

FORMAT = 1
_KEY = "lucidgrad"

_ADVICE = "Restore the file from a copy, or start again with another --out."
_ENVELOPE = schema.record({"format": schema.whole(), "digest": schema.text, "state": schema.anything})
_STATE = schema.record(
    {
        "progress": schema.record(
            {
                "history": schema.list_of(schema.dict_of(schema.number())),
                "now": schema.record(
                    {
                        "step": schema.whole(),
                        "pictures": schema.whole(),
                        "wrong": schema.whole(),
                        "loss_sum": schema.number(),
                        "seconds": schema.number(0),
                    }
                ),
            }
        ),
        "settings": schema.dict_of(schema.setting),
        "optimizer": schema.record(
            {
                "state": schema.dict_of(schema.optional(schema.dict_of(schema.optional(schema.number())))),
                "param_groups": schema.list_of(schema.dict_of(schema.anything)),
            }
        ),
        "scheduler": schema.optional(schema.dict_of(schema.anything)),
    }
)

Settings = Mapping[str, Any]


class Optimizer(Protocol):
    """The interface that training needs: PyTorch's, and the names of an optimizer's state."""

    param_groups: list[dict[str, Any]]

    def step(self) -> object: ...
    def zero_grad(self) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...
    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...] | None: ...


class Scheduler(Protocol):
    """The interface of a learning rate scheduler; its state consists of numbers and strings."""

    def step(self) -> object: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class Parts(NamedTuple):
    """The objects that a training step changes, besides the random number generator."""

    model: nn.Module
    optimizer: Optimizer
    scheduler: Scheduler | None = None
    each_step: bool = False  # the scheduler steps after every batch, not after every epoch


@dataclass
class Epoch:
    """The current epoch: its position in the data, and running sums."""

    step: int = 0  # steps done
    pictures: int = 0  # images seen in them
    wrong: int = 0  # of these, how many were misclassified
    loss_sum: float = 0.0
    seconds: float = 0.0


@dataclass
class Progress:
    """The progress of a run: a row of metrics for every completed epoch, and the current epoch."""

    history: list[dict[str, Any]] = field(default_factory=list)
    now: Epoch = field(default_factory=Epoch)

    @property
    def epochs(self) -> int:
        """The number of completed epochs."""
        return len(self.history)

    def end_epoch(self, row: dict[str, Any]) -> None:
        """Add the row of the current epoch, and move to the start of the next one."""
        self.history.append(row)
        self.now = Epoch()


def save(path: Path, parts: Parts, progress: Progress, settings: Settings) -> None:
    """Write a checkpoint atomically."""
    optimizer_tensors, optimizer_rest = _split_optimizer(parts.optimizer.state_dict())
    if _is_begun(progress):  # record parameters without state, which had no gradient
        for index in _expected_state(parts.optimizer):
            optimizer_rest["state"].setdefault(index, None)
    tensors = {f"model.{name}": _array(tensor) for name, tensor in parts.model.state_dict().items()}
    tensors |= optimizer_tensors
    tensors["rng"] = _array(autograd.get_rng_state())
    state = {
        "progress": asdict(progress),
        "settings": dict(settings),
        "optimizer": optimizer_rest,
        "scheduler": parts.scheduler.state_dict() if parts.scheduler else None,
    }
    envelope = {"format": FORMAT, "digest": _digest(tensors, state), "state": state}
    write_whole(path, to_safetensors(tensors, {_KEY: json.dumps(envelope)}))


def restore(
    path: Path,
    parts: Parts,
    settings: Settings,
    *,
    columns: Collection[str] | None = None,
    steps: int | None = None,
) -> Progress:
    """Load a checkpoint into the parts and the random number generator; return its progress.

    If anything is wrong, nothing is changed.

    Parameters
    ----------
    path : Path
    parts : Parts
    settings : dict
    columns : collection of str, optional
        The names in each row of the history, if known.
    steps : int, optional
        Steps per epoch, if known.

    Raises
    ------
    CheckpointError
        The file is damaged or not a checkpoint, or it belongs to a run with other settings or
        another model.
    OSError
        The file cannot be read.
    """
    tensors, state = _read(path)
    try:
        _STATE("its description", state)
        check_settings(path, state["settings"], settings)
        progress = _progress(state["progress"], columns, steps)
        optimizer = _join_optimizer(tensors, state["optimizer"])
        if _is_begun(progress):
            _check_optimizer(parts, state["optimizer"]["state"], optimizer)
        if (state["scheduler"] is None) != (parts.scheduler is None):
            has, runs = ("no", "with") if parts.scheduler else ("a", "without")
            raise schema.Unfit(f"it has {has} scheduler state, but the run is {runs} a scheduler")
        _check_options(parts, state["optimizer"]["param_groups"])
        _check_tensor_names(tensors, parts)
    except schema.Unfit as error:
        raise _wrong(path, error) from None
    weights = {name.removeprefix("model."): a for name, a in tensors.items() if name.startswith("model.")}
    _check_model(path, weights, parts.model)
    before = copy.deepcopy(parts.optimizer.state_dict())
    schedule = copy.deepcopy(parts.scheduler.state_dict()) if parts.scheduler else None
    random_numbers = autograd.get_rng_state()
    try:
        parts.optimizer.load_state_dict(optimizer)
        if parts.scheduler:
            parts.scheduler.load_state_dict(state["scheduler"])
        autograd.set_rng_state(autograd.from_numpy(tensors["rng"]))
        parts.model.load_state_dict({name: autograd.from_numpy(array) for name, array in weights.items()})
    except (ValueError, TypeError, KeyError) as error:
        parts.optimizer.load_state_dict(before)
        if parts.scheduler and schedule is not None:
            parts.scheduler.load_state_dict(schedule)
        autograd.set_rng_state(random_numbers)
        raise _wrong(path, error) from error
    return progress


def _wrong(path: Path, why: object) -> CheckpointError:
    return CheckpointError(f"{path} cannot be resumed from: {str(why).rstrip('.')}. {_ADVICE}")


def _is_begun(progress: Progress) -> bool:
    return bool(progress.history or progress.now.step)


def _progress(stored: Mapping[str, Any], columns: Collection[str] | None, steps: int | None) -> Progress:
    """Return the progress if its numbers are consistent."""
    history, now = stored["history"], Epoch(**stored["now"])
    for i, row in enumerate(history):
        if row.get("epoch") != i + 1:
            raise schema.Unfit(f"row {i + 1} of its history is not of epoch {i + 1}")
        if columns is not None and set(row) != set(columns):
            raise schema.Unfit(f"row {i + 1} of its history has {', '.join(row)}, but needs {', '.join(columns)}")
    if steps is not None and now.step > steps:
        raise schema.Unfit(f"it is after step {now.step} of an epoch of {steps} steps")
    if not (now.step <= now.pictures and now.wrong <= now.pictures and (now.step > 0) == (now.pictures > 0)):
        raise schema.Unfit(f"{now.wrong} wrong of {now.pictures} images in {now.step} steps are not possible")
    if (now.step > 0) != (now.seconds > 0) or (not now.step and now.loss_sum):
        raise schema.Unfit(f"{now.step} steps in {now.seconds:g} seconds, with losses of {now.loss_sum:g}, do not fit")
    return Progress(history, now)


def _expected_state(optimizer: Optimizer) -> dict[str, tuple[str, ...]]:
    """Return the names of the optimizer state after a step, by the number of each parameter that has state."""
    groups = optimizer.param_groups
    named = [optimizer.state_names(group) or () for group in groups for _ in group["params"]]
    return {str(i): names for i, names in enumerate(named) if names}


def _check_optimizer(parts: Parts, listed: Mapping[str, Any], joined: Mapping[str, Any]) -> None:
    """Raise if optimizer state is missing; the resumed run would differ."""
    for index, names in _expected_state(parts.optimizer).items():
        if index not in listed:
            raise schema.Unfit(f"it lacks the optimizer state of parameter {index}, {', '.join(names)}")
        if listed[index] is not None and (missing := set(names) - set(joined["state"][int(index)])):
            raise schema.Unfit(f"it lacks {', '.join(sorted(missing))} in the optimizer state of parameter {index}")


def _check_options(parts: Parts, stored: list[dict[str, Any]]) -> None:
    """Raise if options of the optimizer differ, except those that a scheduler changes."""
    changing = {"params"} | ({"lr", "momentum", "betas", *SCHEDULED} if parts.scheduler else set())
    current = json.loads(json.dumps(parts.optimizer.state_dict()["param_groups"]))
    for i, (have, want) in enumerate(zip(stored, current)):
        for name in sorted({*have, *want} - (changing & {*have} & {*want})):
            if have.get(name) != want.get(name):
                raise schema.Unfit(
                    f"its optimizer has {name} {schema.brief(have.get(name))} in group {i}, and the run's "
                    f"{schema.brief(want.get(name))}"
                )


def _check_tensor_names(tensors: Mapping[str, np.ndarray], parts: Parts) -> None:
    if "rng" not in tensors:
        raise schema.Unfit("it lacks rng, the state of the random number generator")
    for name in tensors:
        if name != "rng" and not name.startswith(("model.", "optimizer.")):
            raise schema.Unfit(f"it contains the tensor {name[:80]!r}, which this run does not have")


def _array(tensor: Tensor) -> np.ndarray:
    return np.asarray(tensor.detach().numpy(), order="C")


def _split_optimizer(state_dict: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Split the state of an optimizer into tensors and the rest, which JSON can represent."""
    tensors: dict[str, np.ndarray] = {}
    rest: dict[str, dict[str, Any] | None] = {}
    for index, entries in state_dict["state"].items():
        rest[str(index)] = {name: value for name, value in entries.items() if not isinstance(value, Tensor)}
        tensors |= {
            f"optimizer.{index}.{name}": _array(value) for name, value in entries.items() if isinstance(value, Tensor)
        }
    return tensors, {"state": rest, "param_groups": state_dict["param_groups"]}


def _join_optimizer(tensors: Mapping[str, np.ndarray], rest: dict[str, Any]) -> dict[str, Any]:
    """Invert `_split_optimizer`."""
    state: dict[int, dict[str, Any]] = {}
    for index, entries in rest["state"].items():
        if not (index.isdecimal() and len(index) < 10):
            raise schema.Unfit(f"it has state for parameter {index[:40]!r}, which is not a number")
        if entries is not None:
            state[int(index)] = dict(entries)
    for key, array in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = (*key.split(".", 2), "", "")[:3]
            if not (index.isdecimal() and len(index) < 10 and int(index) in state) or name in state[int(index)]:
                raise schema.Unfit(f"it contains the tensor {key[:80]!r}, which its description does not list")
            state[int(index)][name] = array
    return {"state": state, "param_groups": rest["param_groups"]}


def _digest(tensors: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> str:
    """Return a digest of tensors and state, which changes with any flipped bit."""
    total = hashlib.sha256(json.dumps(state, sort_keys=True).encode())
    for name, array in sorted(tensors.items()):
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is cut short or damaged ({error}). {_ADVICE}") from error
    except (TypeError, AttributeError, ValueError) as error:  # a type that NumPy lacks, such as BF16
        raise CheckpointError(f"{path} contains a tensor of an unsupported type ({error}). {_ADVICE}") from error
    if text is None:
        raise CheckpointError(f"{path} contains tensors, but is not a checkpoint of a training run. {_ADVICE}")
    try:
        envelope = schema.loads(text)
        if isinstance(envelope, dict) and envelope.get("format", FORMAT) != FORMAT:
            raise CheckpointError(
                f"{path} has format {schema.brief(envelope['format'])}; this version reads format {FORMAT}. "
                "Resume the run with the version that started it."
            )
        _ENVELOPE("its description", envelope)
        intact = envelope["digest"] == _digest(tensors, envelope["state"])
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: its description cannot be read ({error}). {_ADVICE}") from error
    if not intact:
        raise CheckpointError(f"{path} is damaged: its content does not match its digest. {_ADVICE}")
    return tensors, envelope["state"]


def check_settings(path: Path, stored: Settings, wanted: Settings) -> None:
    """Raise if settings differ from the stored ones; "data" is a digest of the images."""
    differences = [
        f"{name} {stored.get(name)!r}, not {wanted.get(name)!r}"
        for name in sorted({*stored, *wanted} - {"data"})
        if stored.get(name) != wanted.get(name)
    ]
    if differences:
        raise CheckpointError(
            f"{path} belongs to a run with other settings: {'; '.join(differences)}. "
            "Resume with the settings of that run, or start again with another --out."
        )
    if stored.get("data") != wanted.get("data"):
        raise CheckpointError(
            f"{path} belongs to a run with other images. A run must resume with the images it started with: name "
            "their folder with --data-dir, or start again with another --out."
        )


def _check_model(path: Path, stored: Mapping[str, np.ndarray], model: nn.Module) -> None:
    def kind(array: np.ndarray | None) -> str:
        return "nothing" if array is None else f"{array.dtype} {array.shape}"

    wanted = {name: _array(tensor) for name, tensor in model.state_dict().items()}
    for name in sorted({*stored, *wanted}):
        have, want = kind(stored.get(name)), kind(wanted.get(name))
        if have != want:
            raise CheckpointError(
                f"{path} belongs to another model: for {name} it contains {have}, but the model has {want}. "
                "Resume with the model of that run, or start again with another --out."
            )
