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
from threadpoolctl import threadpool_info

import autograd
from examples.experiments import acceleration, profile_layers
from examples.experiments.models import Baseline
from examples.experiments.support.runs import results
from examples.experiments.support.timing import amdahl, layer_times, loops, vectorized
from examples.experiments.support.timing.layer_times import FUSED, LOOPS, NUMBA, REFERENCE, VECTORIZED
from examples.experiments.support.timing.layers import Layer, step
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


# Layers that are written out: in plain Python, and in vectorized NumPy


def lists(array: np.ndarray) -> Any:
    return array.tolist()


WRITTEN = pytest.mark.parametrize(("net", "form"), [(loops, lists), (vectorized, np.array)])


@WRITTEN
def test_written_conv(net: Any, form: Any) -> None:
    x, w, b, g = normal(2, 3, 5, 6), normal(4, 3, 2, 3), normal(4), normal(2, 4, 4, 4)
    layer = net.Conv("conv", form(w), form(b))
    y, (_, dw, db) = reference(F.conv2d, x, w, b, g=g)
    np.testing.assert_allclose(layer.forward(form(x)), y, rtol=1e-12)
    layer.backward(form(g))
    np.testing.assert_allclose(layer.gradients[0], dw, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients[1], db, rtol=1e-12)


@WRITTEN
def test_written_linear(net: Any, form: Any) -> None:
    x, w, b, g = normal(3, 5), normal(4, 5), normal(4), normal(3, 4)
    layer = net.Linear("hidden", form(w), form(b))
    y, (dx, dw, db) = reference(F.linear, x, w, b, g=g)
    np.testing.assert_allclose(layer.forward(form(x)), y, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(form(g)), dx, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients[0], dw, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients[1], db, rtol=1e-12)


@WRITTEN
@pytest.mark.parametrize(("name", "function"), [("ReLU", F.relu), ("MaxPool", lambda x: F.max_pool2d(x, 2))])
def test_written_relu_and_pool(net: Any, form: Any, name: str, function: Any) -> None:
    x = np.random.default_rng(0).integers(-2, 3, (2, 3, 5, 6)).astype(float)  # with ties, zeros, an odd row
    layer = getattr(net, name)(name)
    g = normal(*np.shape(layer.forward(form(x))))
    y, (dx,) = reference(function, x, g=g)
    np.testing.assert_array_equal(layer.forward(form(x)), y)
    np.testing.assert_array_equal(layer.backward(form(g)), dx)


@WRITTEN
def test_the_written_net_is_the_baseline(net: Any, form: Any) -> None:
    autograd.manual_seed(0)
    ours = Baseline().double()
    x, y = normal(2, 3, 32, 32), np.array([3, 9])
    state = {name: tensor.detach().numpy() for name, tensor in ours.state_dict().items()}
    layers: list[Layer] = net.baseline(state, form(y))
    with autograd.reference():
        loss, _, gradients = ours.oracle(x, y)
    before = {layer.name: np.array(layer.weights[0]) for layer in layers if layer.weights}
    update = (lambda: loops.update(layers, 0.5)) if net is loops else vectorized.SGD(layers, 0.5, 0.9).step
    step(layers, form(x), update)
    for layer in layers:
        if layer.weights:
            for kind, gradient in zip(("weight", "bias"), layer.gradients, strict=True):
                expected = gradients[f"layers.{layer.name}.{kind}"].numpy()
                np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-15)
            after = before[layer.name] - 0.5 * np.array(layer.gradients[0])
            np.testing.assert_array_equal(layer.weights[0], after)
    assert layers[-1].forward(form(normal(2, 10))) == pytest.approx(
        F.cross_entropy(autograd.tensor(normal(2, 10)), autograd.tensor(y)).item(), rel=1e-12
    )
    assert math.isfinite(loss.item())


def test_vectorized_sgd_has_momentum() -> None:
    layer = vectorized.Linear("hidden", np.array([[1.0]]), np.array([0.0]))
    sgd = vectorized.SGD([layer], 0.5, 0.25)
    layer.gradients = [np.array([[8.0]]), np.array([0.0])]
    weights = []
    for _ in range(2):  # velocities 8 and 10
        sgd.step()
        weights.append(layer.weights[0].item())
    assert weights == [-3.0, -8.0]


@pytest.mark.parametrize("threads", [1, 2])
def test_blas_has_as_many_threads_as_the_kernels(threads: int) -> None:
    with layer_times.computed(VECTORIZED, threads):
        found = {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
    assert found <= {threads}


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
    way(REFERENCE, 1, 10, 1.0, 0.7, 0.2),  # 0.09 s per image in layers, 0.01 s elsewhere
    way(VECTORIZED, 1, 10, 0.4, 0.3, 0.1),  # 0.04 s per image, all of it in layers
    way(NUMBA, 1, 10, 0.2, 0.06, 0.04),  # 0.01 s per image in layers
    way(NUMBA, 2, 10, 0.15, 0.01, 0.04),
    way(FUSED, 1, 10, 0.1, 0.05, 0.01),
    way(FUSED, 2, 10, 0.1, 0.05, 0.01),
]


def test_expected() -> None:
    plain, numpy, vector, threads = amdahl.expected(PROFILE)
    assert (plain.share, plain.limit) == (1, None)
    assert plain.speedup == plain.gain == pytest.approx(500)
    assert numpy.share == pytest.approx(0.9)
    assert numpy.speedup == pytest.approx(9)
    assert numpy.gain == pytest.approx(1 / (0.1 + 0.9 / 9))
    assert numpy.limit == pytest.approx(10)
    assert (vector.before, vector.after, vector.share, vector.limit) == ("vectorized NumPy, 1", "Numba, 1", 1, None)
    assert vector.gain == pytest.approx(4)
    assert (threads.before, threads.after, threads.speedup) == ("Numba, 1", "Numba, 2", 2)
    assert threads.gain == pytest.approx(1 / (0.5 + 0.5 / 2))


def test_bottleneck() -> None:
    assert bottleneck(PROFILE[0]) == ("conv", 0.8)
    assert bottleneck(PROFILE[4]) == ("hidden", pytest.approx(0.04 / 0.15))


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
    assert [(way["way"], way["threads"]) for way in found] == [
        (name, 1) for name in (LOOPS, REFERENCE, VECTORIZED, NUMBA, FUSED)
    ]
    layers = {"conv", "relu1", "pool", "flatten", "hidden", "relu2", "scores", "loss", "optimizer"}
    for one in found:
        assert set(one["layers"]) == (layers - {"relu1", "pool", "relu2"} if one["way"] == FUSED else layers)
        parts = [seconds for passes in one["layers"].values() for seconds in passes.values()]
        assert 0 < sum(parts) <= one["step"] * (1 + 1e-9)
        assert len(parts) == (11 if one["way"] == FUSED else 17)
    assert found[0]["step"] > 10 * found[3]["step"]  # plain Python is slow
    with (profiled / "profile_layers.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 17 * 4 + 11
    assert (profiled / "profile_layers.png").stat().st_size > 10_000

    monkeypatch.setattr(profile_layers, "time_layers", lambda *_: pytest.fail("measured again"))
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
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split() == ["a", "training", "step", "ms", "per", "image"]
    assert [line.rsplit(maxsplit=1)[0].strip() for line in lines[1:6]] == [
        LOOPS, REFERENCE, f"{VECTORIZED}, 1 thread", f"{NUMBA}, 1 thread", f"{FUSED}, 1 thread"
    ]  # fmt: skip
    assert "times as fast expected measured" in " ".join(lines[7].split())
    assert lines[10].startswith("vectorized NumPy, 1 thread → Numba, 1 thread ")
    assert "A training step takes " in out and "*" not in out
    assert len(results.read(run / "result.json").result["expected"]) == 3

    def exact_profile(content: dict[str, Any]) -> None:
        content["result"]["ways"] = copy.deepcopy(PROFILE)

    def exact_steps(content: dict[str, Any]) -> None:
        content["result"]["expected"] = [row._asdict() for row in amdahl.expected(PROFILE)]
        content["result"]["seconds_per_picture"] = {
            "plain Python, 1": 5.0, "NumPy with loops, 1": 0.1, "vectorized NumPy, 1": 0.05,
            "Numba, 1": 0.02, "Numba, 2": 0.016, "Numba, fused, 1": 0.01,
            "Numba, fused, 2": 0.008,
        }  # fmt: skip

    text = keep(docs, "profile_layers", profiled, exact_profile)
    assert (
        "**The bottleneck depends on the implementation. plain Python: conv, 80 % of the step; "
        "NumPy with loops: conv, 70 %" in text
    )
    assert "Numba, 2 threads: hidden, 27 % of the step" in text
    assert "An image takes 5,000 ms in plain Python and 10.00 ms in Numba, fused, 1 thread: 500 times as fast." in text
    assert "Only one thread was used" in text
    assert "There is no result yet; `python -m examples.experiments.acceleration`" in text
    text = keep(docs, "acceleration", run, exact_steps)
    assert (
        "takes 84 % less time with the kernels (Numba, fused, 2 threads) than in vectorized NumPy, 1 thread: 8.00 ms "
        "per image instead of 50.00 ms.**" in text
    )
    assert (
        "Compared with NumPy with loops, the kernels are 12.5 times as fast, in two steps: vectorized NumPy is 2.00 "
        "times as fast as the loops, and the kernels are 6.25 times as fast as vectorized NumPy. Most of the gain "
        "comes from Numba." in text
    )
    assert "the kernels are 2.50 times as fast as vectorized NumPy, and 5.00 times with fused layers." in text
    assert "| plain Python → Numba, 1 thread | 100.0 % | 500 | 500 | 250 | 99.80 % | 99.60 % | – |" in text
    assert "| NumPy with loops → Numba, 1 thread | 90.0 % | 9.00 | 5.00 | 5.00 | 80.00 % | 80.00 % | 10.00 |" in text
    assert "| vectorized NumPy, 1 thread → Numba, 1 thread | 100.0 % | 4.00 | 4.00 | 2.50 | 75.00 % |" in text
    assert "1 thread: 500 and 250 times as fast, so that 50 % less was measured than expected." in text
    assert "2.00 times as fast on 1 thread, 2.00 times as fast on 2 threads" in text
    assert "compiles the kernels, which takes 8.5 s" in text and "regained after 212 images" in text
    assert "takes 0.2 s to load them" in text

    def numpy_slower(content: dict[str, Any]) -> None:
        exact_steps(content)
        content["result"]["seconds_per_picture"] |= {
            "plain Python, 1": 10.0,
            "NumPy with loops, 1": 0.2,
            "vectorized NumPy, 1": 0.08,
        }

    text = keep(docs, "acceleration", run, numpy_slower)
    assert "10.0 times as fast, so that 100 % more was measured than expected. The law assumes" in text
    assert "it is 20.00 ms per image before and 10.00 ms after" in text

    def kernels_slower(content: dict[str, Any]) -> None:
        exact_steps(content)
        content["result"]["seconds_per_picture"] |= {"vectorized NumPy, 1": 0.004}

    text = keep(docs, "acceleration", run, kernels_slower)
    assert "takes 100 % more time with the kernels (Numba, fused, 2 threads) than in vectorized NumPy" in text
    assert "vectorized NumPy is as fast" in text and "this is regained" not in text

    def same(content: dict[str, Any]) -> None:
        content["result"]["ways"] = copy.deepcopy(PROFILE[:4])

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
