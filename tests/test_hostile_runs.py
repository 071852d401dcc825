"""Run files that can be read but are wrong: each is refused with a sentence, and nothing changes."""

from __future__ import annotations

import copy
import json
import math
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save as to_safetensors

import autograd
import optim
from examples.experiments import train
from examples.experiments.support.frameworks import rebuilt_checkpoint
from examples.experiments.support.runs import checkpoint, results, schema
from examples.experiments.support.runs.checkpoint import CheckpointError, Epoch, Parts, Progress, restore, save
from examples.experiments.support.runs.results import ResultError
from tests.runs import TINY
from tests.test_checkpoint import SETTINGS, make, rng, step, weights

ROW = {"epoch": 1, "learning_rate": 0.1, "train_loss": 1.5, "seconds": 2.0}
NOW = Epoch(step=2, pictures=8, wrong=3, loss_sum=4.5, seconds=0.5)


def with_cycle(parts: Parts) -> Parts:
    optimizer: Any = parts.optimizer
    return parts._replace(scheduler=optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 50, cycle_momentum=False))


def steps(parts: Parts, count: int = 3) -> Parts:
    for _ in range(count):
        step(parts)
    return parts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save(tmp_path / "checkpoint", steps(with_cycle(make())), Progress([dict(ROW)], copy.copy(NOW)), SETTINGS)
    return tmp_path / "checkpoint"


def forge(file: Path, change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> None:
    """Change a checkpoint's tensors and state, and correct its digest."""
    tensors, state = checkpoint._read(file)
    change(tensors, state)
    tensors = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in tensors.items()}
    envelope = {"format": checkpoint.FORMAT, "digest": checkpoint._digest(tensors, state), "state": state}
    file.write_bytes(to_safetensors(tensors, {"lucidgrad": json.dumps(envelope)}))


def everything(parts: Parts) -> Any:
    """Everything that a refusal must leave unchanged."""
    optimizer = parts.optimizer.state_dict()
    kept = {i: {name: t.numpy().tobytes() for name, t in e.items()} for i, e in optimizer["state"].items()}
    schedule = parts.scheduler.state_dict() if parts.scheduler else None
    return copy.deepcopy((weights(parts), kept, optimizer["param_groups"], schedule, rng()))


def refused(file: Path, parts: Parts, **options: Any) -> str:
    before, content = everything(parts), file.read_bytes()
    with pytest.raises(CheckpointError) as caught:
        restore(file, parts, SETTINGS, **options)
    sentence = str(caught.value)
    assert sentence.startswith(str(file)) and sentence.endswith(".") and len(sentence) < 700
    assert "start again with another --out" in sentence
    assert "\n" not in sentence
    assert everything(parts) == before
    assert file.read_bytes() == content
    return sentence


def put(*path: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    """Put a value, the last argument, at a path in the state."""

    def change(tensors: dict[str, Any], state: dict[str, Any]) -> None:
        *way, last, value = path
        place: Any = state
        for name in way:
            place = place[name]
        place[last] = value

    return change


def drop(*path: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(tensors: dict[str, Any], state: dict[str, Any]) -> None:
        *way, last = path
        place: Any = state
        for name in way:
            place = place[name]
        del place[last]

    return change


def tensor(name: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda tensors, state: tensors.update({name: value})


BUFFER = "optimizer.0.momentum_buffer"
DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]

FORGED: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "progress of None": put("progress", None),
    "progress that is a list": put("progress", []),
    "no progress": drop("progress"),
    "no history": drop("progress", "history"),
    "a history that is a dict": put("progress", "history", {}),
    "a history of numbers": put("progress", "history", [1]),
    "a row with text": put("progress", "history", 0, {**ROW, "train_loss": "low"}),
    "a row with NaN": put("progress", "history", 0, {**ROW, "train_loss": math.nan}),
    "a row with None": put("progress", "history", 0, {**ROW, "train_loss": None}),
    "a row with a list": put("progress", "history", 0, {**ROW, "train_loss": [1.0]}),
    "a row with 10^400": put("progress", "history", 0, {**ROW, "train_loss": 10**400}),
    "a row of another epoch": put("progress", "history", 0, {**ROW, "epoch": 2}),
    "a row without an epoch": drop("progress", "history", 0, "epoch"),
    "a row twice": lambda tensors, state: state["progress"]["history"].append(dict(ROW)),
    "a step of 1.5": put("progress", "now", "step", 1.5),
    "a step of -1": put("progress", "now", "step", -1),
    "a step of True": put("progress", "now", "step", True),
    "a step that is text": put("progress", "now", "step", "2"),
    "a step of None": put("progress", "now", "step", None),
    "a step of 2^70": put("progress", "now", "step", 1 << 70),
    "no step": drop("progress", "now", "step"),
    "a key too many": put("progress", "now", "colour", 1),
    "steps without images": put("progress", "now", "pictures", 0),
    "more wrong than images": put("progress", "now", "wrong", 9),
    "images without steps": put("progress", "now", "step", 0),
    "steps in no time": put("progress", "now", "seconds", 0.0),
    "negative seconds": put("progress", "now", "seconds", -1.0),
    "an infinite loss": put("progress", "now", "loss_sum", math.inf),
    "a now that is a list": put("progress", "now", [1, 2, 3, 4, 5]),
    "deep JSON": put("progress", "history", DEEP),
    "deep JSON in the optimizer": put("optimizer", "param_groups", 0, "lr", DEEP),
    "deep JSON in the schedule": put("scheduler", "base_lrs", DEEP),
    "settings of None": put("settings", None),
    "settings that are a list": put("settings", ["lr", 0.1]),
    "a setting that is a list of lists": put("settings", "lr", [[0.1]]),
    "a setting that is another list": put("settings", "lr", [0.1]),
    "a setting of NaN": put("settings", "lr", math.nan),
    "no settings": drop("settings"),
    "something else": put("colour", 1),
    "no optimizer": drop("optimizer"),
    "an optimizer of None": put("optimizer", None),
    "no groups": drop("optimizer", "param_groups"),
    "groups of None": put("optimizer", "param_groups", None),
    "a group of None": put("optimizer", "param_groups", 0, None),
    "no group": put("optimizer", "param_groups", []),
    "a group without parameters": drop("optimizer", "param_groups", 0, "params"),
    "a parameter less": lambda tensors, state: state["optimizer"]["param_groups"][0]["params"].pop(),
    "parameters by half numbers": put("optimizer", "param_groups", 0, "params", [0.5, 1, 2, 3]),
    "another momentum": put("optimizer", "param_groups", 0, "dampening", 0.5),
    "nesterov": put("optimizer", "param_groups", 0, "nesterov", True),
    "a momentum that is text": put("optimizer", "param_groups", 0, "momentum", "0.9"),
    "a rate that is text": put("optimizer", "param_groups", 0, "lr", "fast"),
    "a rate of None": put("optimizer", "param_groups", 0, "lr", None),
    "a rate of NaN": put("optimizer", "param_groups", 0, "lr", math.nan),
    "an option too many": put("optimizer", "param_groups", 0, "betas", [0.9, 0.9]),
    "an option too few": drop("optimizer", "param_groups", 0, "weight_decay"),
    "a state that is a list": put("optimizer", "state", []),
    "a state of parameter x": put("optimizer", "state", "x", {}),
    "a state of parameter 9": put("optimizer", "state", "9", {}),
    "a state of text": put("optimizer", "state", "0", "momentum_buffer", "1"),
    "a state of lists": put("optimizer", "state", "0", "momentum_buffer", [1.0]),
    "a state of a number": put("optimizer", "state", "0", "momentum_buffer", 1.0),
    "a number for a tensor": lambda t, s: (t.pop(BUFFER), put("optimizer", "state", "0", "momentum_buffer", 1.0)(t, s)),
    "a momentum left out": lambda tensors, state: tensors.pop(BUFFER),
    "a momentum left out, and its place": lambda t, s: (t.pop(BUFFER), s["optimizer"]["state"].pop("0")),
    "all momenta left out": lambda t, s: [t.pop(name) for name in list(t) if name.startswith("optimizer.")],
    "all momenta left out, and their places": lambda tensors, state: (
        [tensors.pop(n) for n in list(tensors) if n.startswith("optimizer.")], state["optimizer"]["state"].clear()),
    "a momentum of another shape": tensor(BUFFER, np.ones((3, 5), np.float32)),
    "a momentum without dimensions": tensor(BUFFER, np.ones((), np.float32)),
    "a momentum of bools": tensor(BUFFER, np.ones((5, 3), bool)),
    "a momentum of complex numbers": tensor(BUFFER, np.ones((5, 3), np.complex64)),
    "Adam's moments": tensor("optimizer.0.exp_avg", np.ones((5, 3), np.float32)),
    "a tensor of parameter x": tensor("optimizer.x.momentum_buffer", np.ones((5, 3), np.float32)),
    "a tensor of parameter 9": tensor("optimizer.9.momentum_buffer", np.ones((5, 3), np.float32)),
    "a tensor of no parameter": tensor("optimizer.momentum_buffer", np.ones((5, 3), np.float32)),
    "a tensor of nothing": tensor("colour", np.ones(3)),
    "averages, which the run does not keep": tensor("average.module.0.weight", np.ones((5, 3), np.float32)),
    "a weight left out": lambda tensors, state: tensors.pop("model.0.weight"),
    "a weight too many": tensor("model.9.weight", np.ones(3, np.float32)),
    "a weight of float64": tensor("model.0.weight", np.ones((5, 3))),
    "a weight of another shape": tensor("model.0.weight", np.ones((3, 5), np.float32)),
    "no random numbers": lambda tensors, state: tensors.pop("rng"),
    "random numbers of zeros": tensor("rng", np.zeros(100, np.uint8)),
    "random numbers of floats": tensor("rng", np.ones(3)),
    "no random number": tensor("rng", np.zeros(0, np.uint8)),
    "random numbers of another generator": tensor("rng", np.frombuffer(b'{"bit_generator": "MT19937"}', np.uint8)),
    "deep random numbers": tensor("rng", np.frombuffer(b"[" * 100_000, np.uint8)),
    "no schedule": put("scheduler", None),
    "a schedule that is a list": put("scheduler", []),
    "a schedule of another kind": put("scheduler", {"last_epoch": 1}),
    "a schedule that is at text": put("scheduler", "last_epoch", "3"),
    "a schedule that is at NaN": put("scheduler", "last_epoch", math.nan),
    "a schedule of no steps": put("scheduler", "total_steps", 0),
    "a schedule without rates": put("scheduler", "base_lrs", []),
}  # fmt: skip


def test_there_are_at_least_forty() -> None:
    assert len(FORGED) + len(RAW) >= 40


@pytest.mark.parametrize("name", FORGED)
def test_forged_checkpoints(file: Path, name: str) -> None:
    forge(file, FORGED[name])
    refused(file, with_cycle(make()))
    refused(file, steps(with_cycle(make()), 1))


def test_what_is_forged_here_would_be_read_otherwise(file: Path) -> None:
    forge(file, lambda tensors, state: None)
    parts = with_cycle(make())
    assert restore(file, parts, SETTINGS) == Progress([ROW], NOW)


def test_a_schedule_that_the_run_does_not_have(file: Path) -> None:
    assert "a scheduler state, but the run is without a scheduler" in refused(file, make()._replace(scheduler=None))


def test_columns_and_steps_of_the_run(file: Path) -> None:
    assert "row 1 of its history has" in refused(file, with_cycle(make()), columns=["epoch", "train_loss"])
    assert "after step 2 of an epoch of 1 steps" in refused(file, with_cycle(make()), steps=1)
    restore(file, with_cycle(make()), SETTINGS, columns=list(ROW), steps=2)


def test_a_parameter_that_never_had_a_gradient_is_noted(tmp_path: Path) -> None:
    """An unused layer stores no state, and the run continues all the same."""
    parts = make()
    parts.optimizer.param_groups[0]["params"].append(autograd.ones(2, requires_grad=True))
    steps(parts)
    save(tmp_path / "file", parts, Progress([dict(ROW)], copy.copy(NOW)), SETTINGS)
    fresh = make()
    fresh.optimizer.param_groups[0]["params"].append(autograd.ones(2, requires_grad=True))
    restore(tmp_path / "file", fresh, SETTINGS)
    assert len(fresh.optimizer.state_dict()["state"]) == 4


# ── files that are not valid safetensors, or lack a description ──


def raw(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def one(dtype: str = "F32", shape: Any = (1,), offsets: Any = (0, 4), **metadata: Any) -> bytes:
    head = {"__metadata__": metadata} if metadata else {}
    return raw({**head, "rng": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}, b"1234")


RAW = {
    "nothing": b"",
    "a length alone": struct.pack("<Q", 10),
    "a header of 2^60 bytes": struct.pack("<Q", 1 << 60) + b"{}",
    "a header of 2^63 bytes": struct.pack("<Q", 1 << 63) + b"{}",
    "a header that is a list": raw([1]),
    "a header that is deep": raw(b"[" * 100_000),
    "a header that is text": raw(b"hello"),
    "a header that is not UTF-8": raw(b"{\xff}"),
    "BF16": one("BF16", (2,), lucidgrad="{}"),
    "F8": one("F8_E4M3", (4,), lucidgrad="{}"),
    "F4": one("F4", (8,), lucidgrad="{}"),
    "an unknown type": one("Q7"),
    "a shape that lies": one(shape=(2,)),
    "a shape of 2^62": one(shape=(1 << 62,)),
    "a shape that overflows": one(shape=(1 << 40, 1 << 40)),
    "a negative shape": one(shape=(-1,)),
    "a shape that is text": one(shape="x"),
    "offsets behind the end": one(offsets=(0, 400)),
    "offsets backwards": one(offsets=(4, 0)),
    "offsets that begin late": one(offsets=(2, 4)),
    "no description": one(),
    "a description that is no JSON": one(lucidgrad="{"),
    "a description that is a list": one(lucidgrad="[1]"),
    "a description that is a number": one(lucidgrad="1"),
    "a description that is null": one(lucidgrad="null"),
    "a description that is deep": one(lucidgrad="[" * 100_000),
    "a description with deep values": one(lucidgrad='{"a":' * 50_000 + "1" + "}" * 50_000),
    "a description with a key twice": one(lucidgrad='{"format": 1, "format": 1, "digest": "", "state": {}}'),
    "a description with a number of 5,000 digits": one(lucidgrad="1" * 5000),
    "a description without a digest": one(lucidgrad='{"format": 1, "state": {}}'),
    "a digest that is a number": one(lucidgrad='{"format": 1, "digest": 1, "state": {}}'),
    "a digest of something else": one(lucidgrad='{"format": 1, "digest": "", "state": {}}'),
}


@pytest.mark.parametrize("name", RAW)
def test_damaged_checkpoints(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(RAW[name])
    refused(tmp_path / "file", with_cycle(make()))


# ── settings.json ──


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    assert train.main([*TINY, "--epochs", "1", "--quiet", "--out", str(folder)]) == 0
    return folder


STORED: dict[str, Any] = {
    "epochs": [1], "batch_size": 16.0, "lr": None, "momentum": "0.9", "optimizer": "newton", "seed": -1, "synthetic": 1,
    "limit": 1.5, "validation": True, "weight_decay": [], "data_dir": 3, "experiment": None, "colour": 1,
}  # fmt: skip
TEXTS = {
    "a list": "[]", "null": "null", "a number": "3", "text": '"x"', "deep": "[" * 100_000, "cut": '{"settings": {',
    "empty": "", "settings of null": '{"settings": null, "data": {}, "sessions": []}',
    "settings that are a list": '{"settings": [], "data": {}, "sessions": []}',
    "no settings": '{"data": {}, "sessions": []}',
    "sessions of null": '{"settings": {"lr": 0.1}, "data": {}, "sessions": null}',
    "a key twice": '{"settings": {"lr": 0.1, "lr": 0.2}, "data": {}, "sessions": []}',
    "NaN": '{"settings": {"lr": NaN}, "data": {}, "sessions": []}',
}  # fmt: skip


def resume(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Check for a sentence and exit code 1, with all files unchanged."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert train.main(["--resume", "--out", str(folder)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (line,) = captured.err.splitlines()
    assert "start again with another --out." in line
    return line


@pytest.mark.parametrize("name", STORED)
def test_forged_settings(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    folder = Path(shutil.copytree(run, tmp_path / "run"))
    content = json.loads((folder / "settings.json").read_text())
    content["settings"][name] = STORED[name]
    (folder / "settings.json").write_text(json.dumps(content))
    sentence = resume(folder, capsys)
    assert sentence.startswith(str(folder / "settings.json")) and name in sentence


@pytest.mark.parametrize("name", TEXTS)
def test_settings_that_are_none(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    folder = Path(shutil.copytree(run, tmp_path / "run"))
    (folder / "settings.json").write_text(TEXTS[name])
    assert resume(folder, capsys).startswith(f"{folder / 'settings.json'} is damaged")


@pytest.mark.parametrize("name", ["all momenta left out, and their places", "a row with text", "no random numbers"])
def test_a_forged_checkpoint_of_a_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    folder = Path(shutil.copytree(run, tmp_path / "run"))
    forge(folder / "checkpoint.safetensors", FORGED[name])
    before = (folder / "checkpoint.safetensors").read_bytes()
    assert train.main(["--resume", "--quiet", "--epochs", "2", "--out", str(folder)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(str(folder / "checkpoint.safetensors")) and "another --out" in line
    assert (folder / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "mark", ["", "[]", "null", '{"epochs": 1.5}', '{"epochs": "1"}', '{"epochs": -1}', "[" * 100_000]
)
def test_a_mark_that_says_nothing_marks_no_run_as_finished(tmp_path: Path, mark: str) -> None:
    (tmp_path / "done.json").write_text(mark)
    assert train.cli.RunFolder(tmp_path).finished_epochs() == 0


# ── checkpoints of the rebuilt baselines ──


class Net:
    """Two weights and their momenta."""

    def __init__(self) -> None:
        self.arrays = {"a": np.zeros((2, 3), np.float32), "b": np.zeros(2, np.float32)}
        self.kept = {name: array + 1 for name, array in self.arrays.items()}

    def weights(self) -> dict[str, np.ndarray]:
        return self.arrays

    def momenta(self) -> dict[str, np.ndarray]:
        return self.kept

    def load(self, weights: Any) -> None:
        self.arrays = dict(weights)

    def load_momenta(self, momenta: Any) -> None:
        self.kept = dict(momenta)


FIXED = {"lr": 0.1, "momentum": 0.9}
GOOD = {
    f"{kind} {name}": np.ones(shape, np.float32)
    for kind in ("weights", "momenta")
    for name, shape in (("a", (2, 3)), ("b", 2))
}
SAID = {"settings": json.dumps(FIXED), "history": '[{"epoch": 1, "seconds": 0.5}]'}


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"momenta a": None}, {}),
        ({"momenta a": None, "momenta b": None}, {}),
        ({"weights a": None}, {}),
        ({"weights a": np.ones((3, 2), np.float32)}, {}),
        ({"weights a": np.ones((2, 3))}, {}),
        ({"momenta b": np.ones(3, np.float32)}, {}),
        ({"momenta c": np.ones(3, np.float32)}, {}),
        ({"weights": np.ones(3, np.float32)}, {}),
        ({"colours a": np.ones(3, np.float32)}, {}),
        ({}, {"history": "[" * 100_000}),
        ({}, {"history": "{}"}),
        ({}, {"history": "[1]"}),
        ({}, {"history": '[{"epoch": 2}]'}),
        ({}, {"history": '[{"epoch": 1, "loss": NaN}]'}),
        ({}, {"settings": "[]"}),
        ({}, {"settings": "null"}),
        ({}, {"settings": '{"lr": [1]}'}),
        ({}, {"settings": '{"colour": 1}'}),
        ({}, {"settings": None}),
    ],
)
def test_forged_checkpoints_of_a_rebuilt_baseline(tmp_path: Path, tensors: Any, said: Any) -> None:
    content = {name: array for name, array in {**GOOD, **tensors}.items() if array is not None}
    metadata = {name: text for name, text in {**SAID, **said}.items() if text is not None}
    file = tmp_path / "checkpoint"
    file.write_bytes(to_safetensors(content, metadata))
    net: Any = Net()
    with pytest.raises(CheckpointError, match=r"Remove it to start again\.|choose another --out\.") as caught:
        rebuilt_checkpoint.restore(file, net, FIXED)
    assert str(file) in str(caught.value)
    assert not any(array.any() for array in net.arrays.values()) and all(
        (array == 1).all() for array in net.kept.values()
    )
    file.write_bytes(to_safetensors(GOOD, SAID))
    assert rebuilt_checkpoint.restore(file, net, FIXED) == [{"epoch": 1, "seconds": 0.5}]


# ── results ──


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("experiment", 3), ("when", None), ("seconds", "3"), ("seconds", -1), ("seconds", math.nan),
        ("command", "train"), ("command", [1]), ("settings", []), ("data", 3), ("machine", None),
        ("versions", {"numpy": 2}), ("cut_short", 1), ("result", []), ("result", None), ("colour", 1),
    ],
)  # fmt: skip
def test_a_result_of_wrong_types(tmp_path: Path, key: str, value: Any) -> None:
    file = results.write(tmp_path, "train", {}, settings={}, seconds=1.0)
    assert results.read(file).experiment == "train"
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    with pytest.raises(
        ResultError, match=rf"is not a result that the report can use \(it.*{key}.*Run the experiment again\."
    ):
        results.read(file)


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, '{"experiment": "a", "experiment": "b"}'])
def test_a_result_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(ResultError, match="is not a result that the report can use"):
        results.read(tmp_path / "result.json")


# ── the checks themselves ──


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (schema.whole(), [0, 5], [-1, 1.0, True, "1", None, [], 1 << 63]),
        (schema.number(0), [0, 0.5], [-0.5, math.nan, math.inf, True, "1", None, 10**400]),
        (schema.setting, [None, True, "x", 1, 0.5, [0.5, None]], [[[]], {}, math.nan, 10**400, [math.nan]]),
        (schema.list_of(schema.whole()), [[], [1]], [(1,), [1.5], {}, None]),
        (schema.record({"a": schema.text}), [{"a": "x"}], [{}, {"a": 1}, {"a": "x", "b": 1}, [], None]),
    ],
)
def test_checks(check: schema.Check, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check("it", value)
    for value in bad:
        with pytest.raises(schema.Unfit, match=r"^it"):
            check("it", value)
