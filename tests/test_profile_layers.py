"""`profile_layers` and `acceleration`: layers in plain Python, times, expected gains, sections."""

from __future__ import annotations

import copy
import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from examples.experiments import acceleration, profile_layers
from examples.experiments.models import Baseline
from examples.experiments.support.runs import results
from examples.experiments.support.timing import amdahl, layer_times, loops
from examples.experiments.support.timing.layer_times import FUSED, LOOPS, NUMBA, NUMPY
from examples.report.__main__ import make
from examples.report.sections.profile_layers import bottleneck
from nn import functional as F

QUICK = ["--batch-size", "1", "--loops-batch", "1", "--repeat-for", "0.001", "--repeats", "1"]


def reference(function: Any, *arrays: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """A function's result and its gradients for the out-gradient g, by the engine's NumPy references."""
    with autograd.reference():
        inputs = [autograd.tensor(array, requires_grad=True) for array in arrays]
        y = function(*inputs)
        y.backward(autograd.tensor(g))
    return y.detach().numpy(), [x.grad.numpy() for x in inputs]  # type: ignore[union-attr]


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


# The loops


def test_plain_conv() -> None:
    x, w, b, g = normal(2, 3, 5, 6), normal(4, 3, 2, 3), normal(4), normal(2, 4, 4, 4)
    layer = loops.Conv("conv", w.tolist(), b.tolist())
    y, (_, dw, db) = reference(F.conv2d, x, w, b, g=g)
    np.testing.assert_allclose(layer.forward(x.tolist()), y, rtol=1e-12)
    layer.backward(g.tolist())
    np.testing.assert_allclose(layer.gradients[0], dw, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients[1], db, rtol=1e-12)


def test_plain_linear() -> None:
    x, w, b, g = normal(3, 5), normal(4, 5), normal(4), normal(3, 4)
    layer = loops.Linear("hidden", w.tolist(), b.tolist())
    y, (dx, dw, db) = reference(F.linear, x, w, b, g=g)
    np.testing.assert_allclose(layer.forward(x.tolist()), y, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(g.tolist()), dx, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients[0], dw, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients[1], db, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "function"), [(loops.ReLU("relu1"), F.relu), (loops.MaxPool("pool"), lambda x: F.max_pool2d(x, 2))]
)
def test_plain_relu_and_pool(layer: loops.Layer, function: Any) -> None:
    x = np.random.default_rng(0).integers(-2, 3, (2, 3, 5, 6)).astype(float)  # with ties, zeros, an odd row
    g = normal(*np.shape(layer.forward(x.tolist())))
    y, (dx,) = reference(function, x, g=g)
    np.testing.assert_array_equal(layer.forward(x.tolist()), y)
    np.testing.assert_array_equal(layer.backward(g.tolist()), dx)


def test_the_plain_net_is_the_baseline() -> None:
    autograd.manual_seed(0)
    net = Baseline().double()
    x, y = normal(2, 3, 32, 32), np.array([3, 9])
    layers = loops.baseline({name: tensor.detach().numpy() for name, tensor in net.state_dict().items()}, y.tolist())
    with autograd.reference():
        loss, _, gradients = net.oracle(x, y)
    before = {layer.name: np.array(layer.weights[0]) for layer in layers if layer.weights}
    assert loops.step(layers, x.tolist(), 0.5) == pytest.approx(loss.item(), rel=1e-12)
    for layer in layers:
        if layer.weights:
            for kind, gradient in zip(("weight", "bias"), layer.gradients, strict=True):
                expected = gradients[f"layers.{layer.name}.{kind}"].numpy()
                np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-15)
            after = before[layer.name] - 0.5 * np.array(layer.gradients[0])
            np.testing.assert_array_equal(layer.weights[0], after)


# Amdahl


def test_gain() -> None:
    assert amdahl.gain(0.5, 2) == pytest.approx(4 / 3)
    assert amdahl.gain(1, 7) == 7
    assert amdahl.gain(0, 7) == 1


def way(name: str, threads: int, batch: int, step: float, conv: float, hidden: float) -> dict[str, Any]:
    layers = {"conv": {"forward": conv / 4, "backward": conv * 3 / 4}, "hidden": {"forward": hidden}}
    return {"way": name, "threads": threads, "batch": batch, "step": step, "layers": layers}


PROFILE = [
    way(LOOPS, 1, 2, 10.0, 8.0, 2.0),  # 5 s per image, all of it in layers
    way(NUMPY, 1, 10, 1.0, 0.7, 0.2),  # 0.09 s per image in layers, 0.01 s elsewhere
    way(NUMBA, 1, 10, 0.2, 0.06, 0.04),  # 0.01 s per image in layers
    way(NUMBA, 2, 10, 0.15, 0.01, 0.04),
    way(FUSED, 1, 10, 0.1, 0.05, 0.01),
    way(FUSED, 2, 10, 0.1, 0.05, 0.01),
]


def test_expected() -> None:
    plain, numpy, threads = amdahl.expected(PROFILE)
    assert (plain.share, plain.limit) == (1, None)
    assert plain.speedup == plain.gain == pytest.approx(500)
    assert numpy.share == pytest.approx(0.9)
    assert numpy.speedup == pytest.approx(9)
    assert numpy.gain == pytest.approx(1 / (0.1 + 0.9 / 9))
    assert numpy.limit == pytest.approx(10)
    assert (threads.before, threads.after, threads.speedup) == ("Numba, 1", "Numba, 2", 2)
    assert threads.gain == pytest.approx(1 / (0.5 + 0.5 / 2))


def test_bottleneck() -> None:
    assert bottleneck(PROFILE[0]) == ("conv", 0.8)
    assert bottleneck(PROFILE[3]) == ("hidden", pytest.approx(0.04 / 0.15))


# The runs and their sections


def keep(docs: Path, name: str, folder: Path, change: Any = None) -> str:
    """Store a run's result, optionally changed, and return the report."""
    content = json.loads((folder / "result.json").read_text())
    if change:
        change(content)
    (docs / "runs").mkdir(parents=True, exist_ok=True)
    (docs / "runs" / f"{name}.json").write_text(json.dumps(content))
    make(docs)
    return (docs / "report.md").read_text()


@pytest.mark.slow
def test_runs_and_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    profiled, run, docs = tmp_path / "profile", tmp_path / "acceleration", tmp_path / "docs"
    assert profile_layers.main([*QUICK, "--threads", "1", "--out", str(profiled)]) == 0
    record = results.read(profiled / "result.json")
    assert record.experiment == "profile_layers"
    assert record.cut_short == "Only one thread was used; the gain of a second one was not measured."
    found = record.result["ways"]
    assert [(way["way"], way["threads"]) for way in found] == [(name, 1) for name in (LOOPS, NUMPY, NUMBA, FUSED)]
    layers = {"conv", "relu1", "pool", "flatten", "hidden", "relu2", "scores", "loss", "optimizer"}
    for one in found:
        assert set(one["layers"]) == (layers - {"relu1", "pool", "relu2"} if one["way"] == FUSED else layers)
        parts = [seconds for passes in one["layers"].values() for seconds in passes.values()]
        assert 0 < sum(parts) <= one["step"] * (1 + 1e-9)
        assert len(parts) == (11 if one["way"] == FUSED else 17)
    assert found[0]["step"] > 10 * found[2]["step"]  # plain Python is slow
    with (profiled / "profile_layers.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 17 * 3 + 11
    assert (profiled / "profile_layers.png").stat().st_size > 10_000

    monkeypatch.setattr(layer_times, "measure", lambda *_: pytest.fail("measured again"))
    assert profile_layers.main([*QUICK, "--threads", "1", "--out", str(profiled), "--resume"]) == 0
    other = [*QUICK, "--threads", "1", "--seed", "1", "--out", str(profiled), "--resume"]
    assert profile_layers.main(other) == 1
    assert "was made with different settings ({'seed': 0}). Choose another --out" in capsys.readouterr().err
    monkeypatch.undo()

    steps = {"empty cache": {"first": 9.0, "median": 0.5}, "full cache": {"first": 0.75, "median": 0.5}}
    monkeypatch.setattr(acceleration, "first_steps", lambda *_: steps)
    argv = [*QUICK, "--threads", "1", "--out", str(run), "--profile", str(profiled)]
    capsys.readouterr()
    assert acceleration.main(argv) == 0
    assert "Expected, from NumPy, 1 to Numba, 1: " in capsys.readouterr().out
    assert len(results.read(run / "result.json").result["expected"]) == 2

    def exact_profile(content: dict[str, Any]) -> None:
        content["result"]["ways"] = copy.deepcopy(PROFILE)

    def exact_steps(content: dict[str, Any]) -> None:
        content["result"]["expected"] = [row._asdict() for row in amdahl.expected(PROFILE)]
        content["result"]["seconds_per_picture"] = {
            "plain Python, 1": 5.0, "NumPy, 1": 0.1, "Numba, 1": 0.02, "Numba, 2": 0.016, "Numba, fused, 1": 0.01,
            "Numba, fused, 2": 0.008,
        }  # fmt: skip

    text = keep(docs, "profile_layers", profiled, exact_profile)
    assert (
        "**The bottleneck depends on the implementation. plain Python: conv, 80 % of the step; NumPy: conv, 70 %"
        in text
    )
    assert "Numba, 2 threads: hidden, 27 % of the step" in text
    assert "An image takes 5,000 ms in plain Python and 10.00 ms in Numba, fused, 1 thread: 500 times faster." in text
    assert "Only one thread was used" in text
    assert "There is no result yet; `python -m examples.experiments.acceleration`" in text
    text = keep(docs, "acceleration", run, exact_steps)
    assert (
        "takes 92.00 % less time with the kernels (Numba, fused, 2 threads) than in NumPy: 8.00 ms per image instead"
        in text
    )
    assert "| plain Python → Numba, 1 thread | 100.0 % | 500 | 500 | 250 | 99.80 % | 99.60 % | – |" in text
    assert "| NumPy → Numba, 1 thread | 90.0 % | 9.00 | 5.00 | 5.00 | 80.00 % | 80.00 % | 10.00 |" in text
    assert "500 times as fast was expected, and 250 times was measured, 50 % less." in text
    assert "2.00 times as fast on 1 thread, 2.00 times as fast on 2 threads" in text
    assert "compiles the kernels, which takes 8.5 s" in text and "regained after 94 images" in text
    assert "takes 0.2 s to load them" in text

    def numpy_slower(content: dict[str, Any]) -> None:
        exact_steps(content)
        content["result"]["seconds_per_picture"] |= {"plain Python, 1": 10.0, "NumPy, 1": 0.2}

    text = keep(docs, "acceleration", run, numpy_slower)
    assert "10.0 times was measured, 100 % more. The law assumes" in text
    assert "it is 20.00 ms per image before and 10.00 ms after" in text

    def same(content: dict[str, Any]) -> None:
        content["result"]["ways"] = copy.deepcopy(PROFILE[:3])

    assert "**The bottleneck is conv in every implementation.** Its share of the step: 80 % in plain Python" in keep(
        docs, "profile_layers", profiled, same
    )


def test_no_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [*QUICK, "--out", str(tmp_path / "run"), "--profile", str(tmp_path)]
    assert acceleration.main(argv) == 1
    assert "the run is not finished, or this is not its folder" in capsys.readouterr().err
    results.write(tmp_path, "gradcheck", {}, settings={}, seconds=0)
    assert acceleration.main(argv) == 1
    assert "is a run of gradcheck; --profile asks for profile_layers." in capsys.readouterr().err
    results.write(tmp_path, "profile_layers", {"ways": [{"threads": 64}]}, settings={}, seconds=0)
    assert acceleration.main([*argv, "--threads", "1"]) == 1
    assert "has no times for --threads 1, only for 64" in capsys.readouterr().err


@pytest.mark.slow
def test_first_steps() -> None:
    found = acceleration.first_steps(1, 2)
    compiling, reading = (found[name]["first"] - found[name]["median"] for name in ("empty cache", "full cache"))
    assert compiling > 2 * reading
    assert math.isfinite(reading)
