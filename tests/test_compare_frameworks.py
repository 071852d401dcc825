"""The comparison with PyTorch and MXNet: its arithmetic, its section, and a small run of lucidgrad alone."""

from __future__ import annotations

import copy
import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from examples.benchmark.contest import Entrant, Failure
from examples.experiments import compare_frameworks, train
from examples.experiments.support.data import synthetic
from examples.experiments.support.data.cifar10 import Split
from examples.experiments.support.data.loader import Loader, channel_statistics
from examples.experiments.support.frameworks import ours, parity
from examples.experiments.support.frameworks.experiment import initial_weights
from examples.experiments.support.frameworks.rebuilt import PARAMETERS, measure, train_epoch
from examples.experiments.support.frameworks.worker import save
from examples.experiments.support.runs import results
from examples.report import __main__ as report
from examples.report.page import Figures
from examples.report.sections import compare_frameworks as section
from tests.runs import ROOT, results_in, wait_for

# ── the parts ──


def test_differences() -> None:
    a, b = np.array([1.0, 2.0, -4.0], np.float32), np.array([1.0, 2.5, -5.0])
    assert parity.relative_difference(a, b) == pytest.approx(0.2)
    rows = [
        {"layer": "conv", "difference": 0.0},
        {"layer": "pool", "difference": 1e-9},
        {"layer": "x", "difference": 1},
    ]
    assert parity.first_that_parts(rows) == rows[1]
    assert parity.first_that_parts(rows[:1]) is None
    assert parity.loss_differences({"a": [1, 2], "b": [3, 1.5]}, "a", "b") == [2, 0.5]


def test_ours_trains_as_the_training_script_does(tmp_path: Path) -> None:
    """Equal to the bit, so the compared accuracy is the one that `python -m examples.experiments.train` reaches."""
    arguments = ["--synthetic", "--limit", "60", "--validation", "0", "--batch-size", "16", "--epochs", "2",
                 "--seed", "3", "--quiet"]  # fmt: skip
    assert train.main([*arguments, "--out", str(tmp_path)]) == 0
    data = synthetic.make(60, 60, seed=0)
    mean, std = channel_statistics(data.train.images)
    net = ours.Net("cpu", 0.01, 0.9)
    net.load(initial_weights(3))
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    for epoch, row in enumerate(rows):
        found = train_epoch(net, Loader(data.train, 16, mean=mean, std=std, shuffle=True, seed=3), epoch)
        assert found.loss == row["train_loss"]
    loss, wrong = measure(net, Loader(data.test, 250, mean=mean, std=std, shuffle=False, seed=0))
    assert (loss, wrong) == (pytest.approx(rows[-1]["test_loss"], rel=1e-5), rows[-1]["test_error"])
    expected = load_file(tmp_path / "weights.safetensors")
    assert set(expected) == set(PARAMETERS)
    for name, array in net.weights().items():
        np.testing.assert_array_equal(array, expected[name])


def test_only_the_first_steps_of_an_epoch() -> None:
    data = synthetic.make(20, 20, seed=0)
    loader = Loader(data.train, 4, mean=[0.5] * 3, std=[0.2] * 3, shuffle=True, seed=0)
    steps: list[None] = []
    net = ours.Net("cpu", 0.01, 0.9)
    train_epoch(net, loader, 0, lambda: steps.append(None), steps=2)
    assert len(steps) == 2
    train_epoch(net, loader, 0, lambda: steps.append(None))
    assert len(steps) == 2 + 5


def test_a_look_is_what_the_training_does() -> None:
    """`look` runs layer by layer, unfused: it gives the gradients of the fused network and changes nothing."""
    random = np.random.default_rng(0)
    x, y = random.standard_normal((4, 3, 32, 32), np.float32), random.integers(0, 10, 4)
    net = ours.Net("cpu", 0.5, 0.0)
    before = net.weights()
    look = net.look(x, y)
    np.testing.assert_allclose(look.outputs["scores"], net.scores(x), rtol=1e-4, atol=1e-6)
    net.step(x, y)
    for name, array in net.weights().items():
        np.testing.assert_allclose(array, before[name] - 0.5 * look.gradients[name], rtol=1e-3, atol=1e-5)


def test_the_process_and_its_errors(tmp_path: Path) -> None:
    entrant = Entrant("lucidgrad", 1, program="examples.experiments.support.frameworks.worker")
    try:
        assert "lucidgrad" in entrant.hear()["versions"]
        save(tmp_path / "weights", initial_weights(0))
        begin = {"lr": 0.1, "momentum": 0.9, "weights": str(tmp_path / "weights")}
        with pytest.raises(Failure, match="lucidgrad: lucidgrad has no GPU kernels"):
            entrant.ask("begin", device="gpu", **begin)
        with pytest.raises(Failure, match="FileNotFoundError"):
            entrant.ask("begin", device="cpu", **{**begin, "weights": "/nowhere"})
        entrant.ask("begin", device="cpu", **begin)
        data = synthetic.make(24, 8, seed=0)
        parts = {"train": data.train, "test": data.test}
        save(tmp_path / "data", {f"{name}_{kind}": a for name, s in parts.items() for kind, a in _arrays(s).items()})
        settings = {"data": str(tmp_path / "data"), "batch_size": 8, "seed": 1}
        found = entrant.ask("epoch", epoch=0, steps=None, **settings)
        tested = entrant.ask("test", data=settings["data"])
    finally:
        entrant.close()
    mean, std = channel_statistics(data.train.images)
    net = ours.Net("cpu", 0.1, 0.9)
    net.load(initial_weights(0))
    mine = train_epoch(net, Loader(data.train, 8, mean=mean, std=std, shuffle=True, seed=1), 0)
    assert found["loss"] == mine.loss
    assert found["images_per_second"] == pytest.approx(24 / found["seconds"])
    test = Loader(data.test, 8, mean=mean, std=std, shuffle=False, seed=0)
    assert (tested["loss"], tested["wrong"]) == pytest.approx(measure(net, test))


def _arrays(split: Split) -> dict[str, np.ndarray]:
    return {"images": split.images, "labels": split.labels}


# ── the command ──

SMALL = ["--synthetic", "--limit", "48", "--frameworks", "lucidgrad", "mxnet", "--accuracy", "--epochs", "2",
         "--seeds", "0", "1", "--batch-sizes", "4", "--rounds", "1", "--seconds", "0.01", "--steps", "3",
         "--batch-size", "16"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parallel
def test_a_small_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_frameworks, "installed", lambda name, interpreter: name == "lucidgrad")
    out = tmp_path / "run"
    assert compare_frameworks.main([*SMALL, "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert "mxnet on the gpu: mxnet is not installed" in said and "epoch 2/2: test error" in said
    record = results.read(out / "result.json")
    found = record.result
    assert record.experiment == "compare_frameworks" and "generated by the program" in str(record.cut_short)
    assert "first 48" in str(record.cut_short)
    assert set(record.versions) == {"python", "numpy", "numba", "lucidgrad"}
    assert [(row["framework"], row["device"]) for row in found["missing"]] == [("mxnet", "cpu"), ("mxnet", "gpu")]
    (step,) = found["speed"]["cpu"]["steps"]
    assert step["images_per_second"] == pytest.approx(4 / step["seconds"])
    assert found["speed"]["cpu"]["failures"] == [] and len(found["speed"]["cpu"]["epochs"]) == 2
    losses = found["parity"]["losses"]
    assert set(losses) == {"lucidgrad", "float64"} and [len(some) for some in losses.values()] == [3, 3]
    assert 0 < max(parity.loss_differences(losses, "lucidgrad", "float64")) < 1e-4
    assert [row["difference"] < 1e-5 for row in found["parity"]["looks"]["lucidgrad, float64"]].count(True) >= 7
    assert {len(some) for some in found["parity"]["weights"]["lucidgrad, float64"].values()} == {3}
    assert [(cell["framework"], cell["seed"], len(cell["epochs"])) for cell in found["accuracy"]] == [
        ("lucidgrad", 0, 2), ("lucidgrad", 1, 2),
    ]  # fmt: skip
    with (out / "losses.csv").open() as file:
        assert [float(row["lucidgrad"]) for row in csv.DictReader(file)] == losses["lucidgrad"]
    assert {"speed.csv", "speed.png", "accuracy.csv", "cells"} <= {path.name for path in out.iterdir()}

    # a resumed run does only the missing parts; the finished parts stay in the result
    (out / "cells" / "accuracy-lucidgrad-1.json").unlink()
    asked: list[str] = []
    ask = Entrant.ask

    def noting(self: Entrant, do: str, **more: Any) -> dict[str, Any]:
        asked.append(do)
        if asked.count("epoch") == 2 and "restore" not in asked:
            raise KeyboardInterrupt
        return ask(self, do, **more)

    monkeypatch.setattr(Entrant, "ask", noting)
    assert compare_frameworks.main([*SMALL, "--out", str(out)]) == 130
    assert asked == ["begin", "begin", "epoch", "test", "save", "epoch"]  # the first "begin" tests whether it can train
    asked.clear()
    assert compare_frameworks.main([*SMALL, "--out", str(out)]) == 0
    assert asked == ["begin", "begin", "restore", "epoch", "test", "save"]
    assert not list((out / "cells").glob("*.safetensors"))
    again = results.read(out / "result.json").result
    assert again["speed"] == found["speed"]
    assert [_without_times(cell) for cell in again["accuracy"]] == [_without_times(cell) for cell in found["accuracy"]]
    quick = [word for word in SMALL if word != "--accuracy"]
    assert compare_frameworks.main([*quick, "--out", str(out)]) == 0
    assert results.read(out / "result.json").result["accuracy"] == again["accuracy"]
    assert compare_frameworks.main([*SMALL, "--lr", "0.5", "--out", str(out)]) == 1
    assert "was made with different settings ({'lr': 0.01})" in capsys.readouterr().err


def _without_times(cell: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in cell["epochs"]]


@pytest.mark.parametrize(("module", "name"), [("torch", "PyTorch"), ("mxnet", "MXNet")])
def test_a_rebuild_without_its_framework(module: str, name: str) -> None:
    program = f"import sys; sys.modules['{module}'] = None; import examples.experiments.{module}_cnn"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith(f"{name} is not installed for {sys.executable}. It needs its own environment:")


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(("number", "status"), [(signal.SIGUSR2, 75), (signal.SIGTERM, 143)])
def test_a_signal_to_the_process_group(number: signal.Signals, status: int, tmp_path: Path) -> None:
    """The processes of the frameworks get the signal too; finished parts are stored."""
    endless = [*SMALL, "--epochs", "100000", "--devices", "cpu", "--out", str(tmp_path)]
    program = [sys.executable, "-m", "examples.experiments.compare_frameworks", *endless]
    with subprocess.Popen(program, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True) as run:
        wait_for(tmp_path / "cells" / "accuracy-lucidgrad-0.safetensors", run)
        os.killpg(run.pid, number)
        _, said = run.communicate(timeout=60)
    assert run.returncode == status
    assert f"stopped by {number.name}; finished parts are stored" in said
    kept = ["accuracy-lucidgrad-0.safetensors", "parity-lucidgrad.json", "speed-cpu-lucidgrad.json"]
    assert sorted(path.name for path in (tmp_path / "cells").iterdir()) == kept


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--python", "torch"], "write NAME=PATH"),
        (["--devices", "tpu"], "invalid choice: 'tpu'"),
        (["--momentum", "1"], "must be at least 0 and below 1"),
        (["--synthetic", "--data-dir", "x"], "are two sources of images"),
    ],
)
def test_bad_arguments(arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        compare_frameworks.main([*arguments, "--out", str(tmp_path)])
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_frameworks, "installed", lambda name, interpreter: False)
    arguments = ["--synthetic", "--limit", "16", "--out", str(tmp_path / "run")]
    assert compare_frameworks.main([*arguments, "--batch-size", "8"]) == 1
    assert "Nothing could be compared" in capsys.readouterr().err
    assert not (tmp_path / "run" / "result.json").exists()
    assert compare_frameworks.main(arguments) == 1
    assert "There are 16 training images, fewer than a batch of 64." in capsys.readouterr().err


# ── the section ──


def made_up() -> dict[str, Any]:
    """A result with round numbers."""
    names = ("lucidgrad", "torch", "mxnet", "float64")
    pairs = [f"{a}, {b}" for i, b in enumerate(names) for a in names[:i]]
    rows = [
        {"what": "outputs", "layer": "conv", "difference": 0.0},
        {"what": "output_gradients", "layer": "scores", "difference": 1e-7},
        {"what": "gradients", "layer": "layers.conv.weight", "difference": 3e-7},
    ]
    return {
        "speed": {
            "cpu": {
                "steps": [{"way": way, "batch": batch, "images_per_second": rate * batch, "seconds": 1, "spread": 0}
                          for way, rate in (("lucidgrad", 100), ("torch", 50), ("mxnet", 25)) for batch in (64, 128)],
                "epochs": [{"framework": way, "round": 0, "loss": 1, "seconds": s, "images_per_second": 50_000 / s}
                           for way, s in (("lucidgrad", 5), ("torch", 10), ("mxnet", 20))],
                "failures": [],
            }
        },
        "parity": {
            "losses": {"lucidgrad": [2, 1 + 2**-9], "torch": [2, 1 + 2**-10], "mxnet": [2, 1], "float64": [2, 1]},
            "looks": dict.fromkeys(pairs, rows),
            "flips": {pair: number for number, pair in enumerate(pairs)},
            "weights": {pair: {name: [1e-8, 1e-6] for name in PARAMETERS} for pair in pairs},
        },
        "accuracy": [
            {"framework": way, "seed": seed, "epochs": [{"epoch": 1, "test_error": error + seed / 100, "seconds": 5}]}
            for way, error in (("lucidgrad", 0.3), ("torch", 0.302)) for seed in range(3)
        ],
        "missing": [{"framework": "torch", "device": "gpu", "why": "PyTorch cannot use a GPU: none is there."}],
    }  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """The section generated from results."""

    def write(*contents: dict[str, Any]) -> str:
        for number, content in enumerate(contents):
            folder = tmp_path / f"run{number}"
            folder.mkdir(exist_ok=True)
            settings = {"threads": 2, "batch_size": 64, "lr": 0.01, "momentum": 0.9}
            results.write(folder, "compare_frameworks", content, settings=settings, seconds=1)
            (tmp_path / "runs").mkdir(exist_ok=True)
            (folder / "result.json").rename(tmp_path / "runs" / f"run{number}.json")
        figures = Figures("figures")
        return "\n\n".join(section.section(results_in(tmp_path / "runs"), figures))

    return write


def test_the_section_is_in_the_report() -> None:
    assert section in report.SECTIONS


def test_the_section(written: Callable[..., str]) -> None:
    text = written(made_up())
    assert "| lucidgrad, CPU | 6,400 | 12,800 |" in text
    assert "| MXNet, CPU | 20.0 | 2,500 |" in text
    assert (
        "PyTorch's difference is at most twice lucidgrad's at 2 steps." in text and "This holds at all 2 steps." in text
    )
    assert "is within twice PyTorch's: 2.0e-03 nats for lucidgrad, 9.8e-04 for PyTorch." in text
    assert "PyTorch's and MXNet's convolutions give identical bits" in text
    assert "by 4.4e-06 (lucidgrad), 3.1e-06 (PyTorch), 1.0e-08 (MXNet) in the geometric mean" in text
    assert "lucidgrad and MXNet first differ in the output gradients of scores, by 1.0e-07" in text
    assert "| lucidgrad | 70.00 | 69.00 | 68.00 | 69.00 ± 1.00 |" in text
    assert "The means differ by 0.20 percentage points, within the goal of 0.5." in text
    assert (
        "The rows are missing for PyTorch on the GPU (none is there) and MXNet on the GPU (it was not requested); "
        "`bsub < lsf/compare_gpu.lsf`, or" in text
    )
    assert "`bsub < lsf/compare_gpu.lsf`" in text
    assert text.count("![") == 2


def test_the_section_says_what_is_not_reached(written: Callable[..., str]) -> None:
    content = made_up()
    content["parity"]["losses"]["lucidgrad"] = [2.0, 1.0 + 2**-8]
    for cell in content["accuracy"][:3]:
        cell["epochs"][0]["test_error"] += 0.02
    content["accuracy"] = [cell for cell in content["accuracy"] if cell["seed"] < 2]
    text = written(content)
    assert "is NOT within twice PyTorch's" in text and "This holds at only 1 of 2 steps." in text
    assert "differ by 1.80 percentage points, NOT within the goal of 0.5" in text
    assert "The goal is three seeds; only 2 were run." in text


def test_a_run_without_lucidgrad_and_what_failed(written: Callable[..., str]) -> None:
    content = made_up()
    del content["parity"]["losses"]["lucidgrad"]
    content["speed"]["cpu"]["failures"] = ["cpu, batch 4096: torch: out of memory"]
    text = written(content)
    assert "The losses of the three frameworks have not been compared yet" in text
    assert "These measurements failed: cpu, batch 4096: torch: out of memory." in text


def test_results_of_two_machines(written: Callable[..., str]) -> None:
    gpu = copy.deepcopy(made_up())
    gpu["speed"] = {"gpu": {**gpu["speed"]["cpu"], "epochs": gpu["speed"]["cpu"]["epochs"][1:]}}
    gpu.update(parity=None, accuracy=[], missing=[])
    text = written(made_up(), gpu)
    assert "| PyTorch, GPU | 3,200 | 6,400 |" in text and "| MXNet, GPU | 20.0 | 2,500 |" in text
    assert "missing" not in text


def test_the_section_without_results(written: Callable[..., str]) -> None:
    assert written().startswith("There is no result yet; `python -m examples.experiments.compare_frameworks")
    content = made_up()
    content.update(speed={}, parity=None, accuracy=[])
    text = written(content)
    assert (
        "The losses of the three frameworks have not been compared yet" in text
        and "Does it learn as well? This has not been run yet" in text
    )
