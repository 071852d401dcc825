"""The profiler: times by a fake clock, exact to the nanosecond; operations, tables, charts and traces."""

from __future__ import annotations

import json
import math
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Op, Sample, Tensor, engine, peaks, profiler, timing
from autograd.kernels.jit import vector_bytes
from autograd.profiler import Averages, Row, profile
from nn import functional as F


class Clock:
    """A clock that advances only when told to."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


clock = Clock()


def slow(name: str, forward: int, backward: int, part: Op | None = None) -> Op:
    """y = 2 x with the given times in ns.  Its backward calls `part` twice."""

    def run(x: Any) -> Any:
        clock.now += forward
        return x * 2

    def run_backward(ctx: Any, g: Any) -> Any:
        clock.now += backward
        return part(part(g)) * 0.5 if part else g * 2

    return Op(
        name=name,
        forward=run,
        backward=run_backward,
        reference=lambda x: x * 2,
        sample=lambda draw: Sample((draw.tensor(2),)),
        flops=3,
    )


INNER = slow("inner", 7, 11)
OUTER = slow("outer", 1000, 500, INNER)


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return OUTER(x)


def numbers(rows: Averages) -> dict[tuple[str, ...], tuple[int, float, float, int]]:
    """(layer, *path, pass) -> calls, total ns, self ns, FLOPs."""
    return {
        (row.layer, *row.path, row.direction): (
            row.count, round(row.cpu_time_total * 1000), round(row.self_cpu_time_total * 1000), row.flops,
        )
        for row in rows
    }  # fmt: skip


def profiled(mode: Any = None) -> profile:
    """Profile two Doubled layers on 4 elements, one call outside any layer, and their backward."""
    model, x = nn.Sequential(Doubled(), Doubled()), autograd.ones(4, requires_grad=True)
    with profile(clock=clock) as prof:
        clock.now += 40
        if mode:
            with mode:
                OUTER(model(x)).backward(autograd.ones(4))
        else:
            OUTER(model(x)).backward(autograd.ones(4))
        assert x.grad is not None and x.grad.tolist() == [8.0] * 4
    return prof


EXPECTED = {
    ("", "outer", "forward"): (3, 3000, 3000, 36),
    ("", "outer", "backward"): (3, 1542, 1500, 72),
    ("", "outer", "inner", "backward"): (6, 42, 42, 72),
}
BY_LAYER = {
    ("Sequential.0 (Doubled)", "forward"): (1, 1000, 1000, 12),
    ("Sequential.1 (Doubled)", "forward"): (1, 1000, 1000, 12),
    ("", "forward"): (1, 1000, 1000, 12),
    ("Sequential.0 (Doubled)", "backward"): (1, 514, 514, 24),
    ("Sequential.1 (Doubled)", "backward"): (1, 514, 514, 24),
    ("", "backward"): (1, 514, 514, 24),
}


def test_ops_with_their_parts() -> None:
    rows = profiled().key_averages()
    assert numbers(rows) == EXPECTED
    assert [row.path for row in rows] == [("outer",), ("outer",), ("outer", "inner")]  # parts follow their op
    assert rows.total == pytest.approx(4.542)
    assert rows.elapsed == pytest.approx(4.582)


def test_layers_have_the_backward_of_their_ops() -> None:
    prof = profiled()
    assert numbers(prof.key_averages("layer")) == BY_LAYER
    both = numbers(prof.key_averages("both"))
    assert both["Sequential.1 (Doubled)", "outer", "backward"] == (1, 514, 500, 24)
    assert both["Sequential.1 (Doubled)", "outer", "inner", "backward"] == (2, 14, 14, 24)
    assert len(both) == 9


def test_no_time_counts_twice() -> None:
    prof = profiled()
    by_op = prof.key_averages()
    own = sum(row.self_cpu_time_total for row in by_op)
    assert own == pytest.approx(by_op.total)
    assert sum(row.cpu_time_total for row in prof.key_averages("layer")) == pytest.approx(by_op.total)
    assert prof.key_averages("both").total == pytest.approx(by_op.total)
    assert sum(row.flops for row in prof.key_averages("layer")) == 36 + 72


@pytest.mark.parametrize("mode", [autograd.detect_anomaly, autograd.verify, lambda: profile(clock=clock)])
def test_other_modes_inside(mode: Any) -> None:
    assert numbers(profiled(mode()).key_averages("layer")) == BY_LAYER


def test_inside_another_mode() -> None:
    with autograd.detect_anomaly():
        assert numbers(profiled().key_averages("layer")) == BY_LAYER
        with pytest.raises(autograd.debug.AnomalyError, match="log"), profile() as prof:
            autograd.tensor([-1.0]).log()
    assert isinstance(engine._state.mode, engine.DispatchMode) and type(engine._state.mode) is engine.DispatchMode
    assert prof._frame is None


def test_a_profile_goes_on() -> None:
    prof, x = profile(clock=clock), autograd.ones(2)
    for _ in range(2):
        with prof:
            OUTER(x)
        OUTER(x)  # not profiled
    rows = prof.key_averages()
    assert numbers(rows) == {("", "outer", "forward"): (2, 2000, 2000, 12)}
    assert rows.elapsed == pytest.approx(2.0)
    with prof, pytest.raises(RuntimeError, match="already entered"), prof:
        pass


def test_so_far() -> None:
    with profile(clock=clock) as prof:
        OUTER(autograd.ones(2))
        clock.now += 500
        assert prof.key_averages().elapsed == pytest.approx(1.5)


def test_a_graph_of_the_gradient() -> None:
    x = autograd.ones(3, requires_grad=True)
    with profile(clock=clock) as prof:
        y = OUTER(x)
        (dx,) = autograd.grad((y * y).sum(), x, create_graph=True)
        assert dx is not None
        dx.sum().backward()
    rows = numbers(prof.key_averages())
    assert rows["", "outer", "backward"][:3] == (2, 1028, 1000)
    assert rows["", "inner", "backward"][:3] == (2, 22, 22)  # calls in the first backward of outer


def test_an_error_inside() -> None:
    def fail(x: Any) -> Any:
        clock.now += 5
        OUTER(x)
        raise ValueError("no")

    failing = Op(name="failing", forward=fail, backward=None, reference=fail, sample=lambda draw: Sample(()))
    prof = profile(clock=clock)
    with pytest.raises(ValueError, match="no"), prof:
        failing(autograd.ones(2))
    assert type(engine._state.mode) is engine.DispatchMode
    with prof:
        OUTER(autograd.ones(2))
    assert numbers(prof.key_averages())["", "outer", "forward"] == (1, 1000, 1000, 6)  # not part of the failed call
    assert "outer" in prof.key_averages().table()


def test_threads_are_apart() -> None:
    with profile(clock=clock) as prof:
        thread = threading.Thread(target=lambda: OUTER(autograd.ones(2)))
        thread.start()
        thread.join()
        assert not prof.events
        OUTER(autograd.ones(2))
    assert len(prof.events) == 1


# ── operations and bytes ──


def test_operations_and_bytes_of_a_net() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 4 * 5, 2))
    x = autograd.ones(2, 3, 6, 7)
    with profile() as prof, nn.set_fusion_enabled(False):
        model(x).sum().backward()
    rows = {(row.layer, *row.path, row.direction): row for row in prof.key_averages("both")}
    conv, linear = "Sequential.0 (Conv2d)", "Sequential.2 (Linear)"
    conv_flops, linear_flops = 2 * (2 * 4 * 4 * 5) * 27, 2 * (2 * 2) * 80
    assert rows[conv, "conv2d", "forward"].flops == conv_flops
    assert (
        rows[
            conv,
            "conv2d",
            "backward",
        ].flops
        >= conv_flops
    )  # only the weight has a gradient, the images need none
    assert rows[conv, "conv2d", "conv2d_weight_grad", "backward"].flops == conv_flops
    assert rows[linear, "linear", "forward"].flops == linear_flops
    assert rows[linear, "linear", "matmul", "backward"].flops == 2 * linear_flops
    assert rows[conv, "conv2d", "forward"].bytes == 4 * (x.numel() + 4 * 27 + 4 + 2 * 4 * 4 * 5)
    assert rows["Sequential.1 (Flatten)", "reshape", "forward"].bytes == 0  # a view


def test_bytes_are_counted_once() -> None:
    x = autograd.ones(5, 4)
    with profile() as prof:
        x * x
        x + autograd.ones(4).expand(5, 4)
        x.t()
    assert [event.bytes for event in prof.events if event.path != ("expand",)] == [160, 160 + 16, 0]


def row(total: int, flops: int, moved: int, itemsize: int = 4) -> Row:
    return Row(
        "", ("op",), "forward", [profiler.Event(("op",), "", "forward", 0, total, total, flops, moved, itemsize)]
    )


def test_the_roof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiler, "peak_arithmetic", lambda dtype: {"f4": 100.0, "f8": 50.0}[dtype])
    monkeypatch.setattr(profiler, "peak_memory", lambda: 10.0)
    slow_products = row(1000, 40_000, 100)  # 400 ns of arithmetic, 10 ns of memory
    assert (slow_products.bound, slow_products.gflops, slow_products.bandwidth) == ("arithmetic", 40.0, 0.1)
    assert slow_products.share_of_peak == pytest.approx(0.4)
    assert row(1000, 40_000, 100, itemsize=8).share_of_peak == pytest.approx(0.8)
    assert (row(1000, 100, 8000).bound, row(1000, 100, 8000).share_of_peak) == ("memory", pytest.approx(0.8))
    assert (row(1000, 0, 0).bound, row(1000, 0, 0).share_of_peak) == ("-", 0.0)
    assert row(0, 10, 10).gflops == row(0, 10, 10).share_of_peak == 0.0


def test_peaks_are_measured_once_for_each_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "TRIAD", 2**16)
    monkeypatch.setattr(peaks, "SECONDS", 0.0)
    threads = autograd.get_num_threads()
    for found in (peaks._arithmetic, peaks._memory):
        found.cache_clear()
    try:
        first = profiler.peak_memory(), profiler.peak_arithmetic(np.float32), profiler.peak_arithmetic("f8")
        assert all(0.01 < x < 1e6 for x in first)
        assert first == (profiler.peak_memory(), profiler.peak_arithmetic("f4"), profiler.peak_arithmetic(np.float64))
        with pytest.raises(TypeError, match="float32 or float64, not int64"):
            profiler.peak_arithmetic(np.int64)
        autograd.set_num_threads(threads - 1)
        profiler.peak_memory()
        assert peaks._memory.cache_info().currsize == 2
    finally:
        autograd.set_num_threads(threads)
        for found in (peaks._arithmetic, peaks._memory):
            found.cache_clear()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_peaks_are_of_work_that_is_done(dtype: type) -> None:
    assert (peaks.triad(1000)() == 4).all()
    numbers = peaks.SUMS * vector_bytes() // np.dtype(dtype).itemsize
    steps = 3  # from s = 0, s = s / 2 + 1 is 1, 1.5, 1.75
    totals = peaks.multiply_adds(2 * numbers * peaks.PARTS * steps, dtype)()
    assert totals.dtype == dtype and totals.tolist() == [1.75 * numbers] * peaks.PARTS


@pytest.fixture
def known_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiler, "peak_arithmetic", lambda dtype: 100.0)
    monkeypatch.setattr(profiler, "peak_memory", lambda: 10.0)


# ── tables, charts, traces ──


@pytest.mark.usefixtures("known_peaks")
def test_the_table() -> None:
    prof = profiled()
    lines = prof.key_averages().table().split("\n")
    heading = "Op Pass Calls Time [ms] % Self [ms] GFLOP/s GB/s % of peak Bound by"
    assert lines[0].split() == heading.split()
    assert lines[2].split() == ["outer", "forward", "3", "0.003", "66.1", "0.003", "0.0", "0.0", "0", "memory"]
    assert lines[4].startswith("  inner  backward")
    assert lines[-2].startswith("Ops took 0.005 of 0.005 ms")
    assert "100 GFLOP/s in float32, 10.0 GB/s" in lines[-1]
    assert set(lines[1]) == set(lines[5]) == {"-"}
    layers = prof.key_averages("layer").table(row_limit=2).split("\n")
    assert layers[2].startswith("(no layer)  ") and layers[5] == "(more rows than row_limit)"
    both = prof.key_averages("both").table(sort_by="key").split("\n")
    assert both[0].split()[:2] == ["Layer", "Op"]
    assert profile().key_averages().table() == "No op of this thread ran inside the profile."


@pytest.mark.usefixtures("known_peaks")
def test_the_table_in_another_order() -> None:
    with profile(clock=clock) as prof:
        for _ in range(3):
            INNER(autograd.ones(2))
        OUTER(autograd.ones(100))
    rows = prof.key_averages()

    def order(sort_by: str) -> list[str]:
        return [line.split()[0] for line in rows.table(sort_by).split("\n")[2:4]]

    assert order("count") == order("key") == ["inner", "outer"]
    assert order("cpu_time_total") == order("flops") == order("bytes") == ["outer", "inner"]
    one = rows.table("count", row_limit=1)
    assert "inner" in one and "outer" not in one


def test_misuse_is_told_in_sentences() -> None:
    rows = profiled().key_averages()
    with pytest.raises(ValueError, match=r"cannot sort by 'time'; choose one of cpu_time_total"):
        rows.table("time")
    with pytest.raises(ValueError, match="row_limit is 0; it must be at least 1"):
        rows.table(row_limit=0)
    with pytest.raises(ValueError, match="row_limit is 0"):
        rows.plot("a.png", row_limit=0)
    with pytest.raises(ValueError, match="nothing to draw"):
        profile().key_averages().plot("a.png")
    with pytest.raises(ValueError, match="by is 'module'; it must be 'op', 'layer' or 'both'"):
        profile().key_averages("module")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="clock is a int; it must be a function"):
        profile(clock=5)  # type: ignore[arg-type]


@pytest.mark.usefixtures("known_peaks")
@pytest.mark.parametrize("by", ["op", "layer", "both"])
def test_the_chart(tmp_path: Path, by: Any) -> None:
    rows = profiled().key_averages(by)
    rows.plot(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    figure = rows.plot(tmp_path / "chart.svg", row_limit=1)
    assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook shows
    drawn = (tmp_path / "chart.svg").read_text()
    assert "<svg" in drawn
    assert sorted(file.name for file in tmp_path.iterdir()) == ["chart.png", "chart.svg"]


def test_a_chart_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "autograd.chart", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        profiled().key_averages().plot("chart.png")


def test_the_trace(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    profiled().export_chrome_trace(file)
    calls = json.loads(file.read_text())["traceEvents"]
    assert len(calls) == 12
    assert calls[0]["name"] == "outer" and calls[0]["ts"] == 0 and calls[0]["dur"] == 1.0  # µs
    assert calls[0]["args"]["layer"] == "Sequential.0 (Doubled)"
    open_calls: list[float] = []  # the times when they end
    depths = []
    for call in calls:
        assert (call["ph"], call["tid"], call["pid"]) == ("X", calls[0]["tid"], calls[0]["pid"])
        while open_calls and open_calls[-1] <= call["ts"] + 1e-9:
            open_calls.pop()
        end = call["ts"] + call["dur"]
        assert all(end <= outer + 1e-9 for outer in open_calls)
        depths.append(len(open_calls))
        open_calls.append(end)
    assert depths == [0, 0, 0] + [0, 1, 1] * 3
    assert [call["cat"] for call in calls] == ["forward"] * 3 + ["backward"] * 9


def test_files_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "trace.json"
    file.write_text("old")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(profiler.os, "replace", fail)
    with pytest.raises(OSError, match="full"):
        profiled().export_chrome_trace(file)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("trace.json", "old")]


# ── measure ──


def test_measure_with_a_clock_of_its_own() -> None:
    durations = iter([9_000_000, 200_000, *[300_000, 100_000, 200_000, 500_000, 200_000]])

    def work() -> None:
        clock.now += next(durations)

    found = timing.measure(work, seconds=0.001, runs=5, clock=clock)  # the second call is a warm-up
    assert found == (
        pytest.approx(9e-3), pytest.approx(2e-4), pytest.approx(1e-4), pytest.approx(0.5), 5,
    )  # fmt: skip


def test_measure_repeats_quick_calls() -> None:
    calls = 0

    def work() -> None:
        nonlocal calls
        calls += 1
        clock.now += 1000

    found = timing.measure(work, seconds=0.001, clock=clock)  # 100 calls per run
    assert (found.median, found.least, found.spread, found.runs) == (pytest.approx(1e-6), pytest.approx(1e-6), 0, 10)
    assert calls == 1 + 100 + 10 * 100


def test_measure_lets_the_collector_be() -> None:
    import gc

    seen = []
    timing.measure(lambda: seen.append(gc.isenabled()), seconds=0)
    assert seen[0] and not any(seen[1:]) and gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        timing.times(lambda: 1 / 0, 0)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((5,), TypeError, "got a int"),
        ((print, -1.0), ValueError, "seconds=-1.0"),
        ((print, 1.0, 0), ValueError, "runs=0"),
        ((print, math.nan), ValueError, "seconds=nan"),
    ],
)
def test_measure_misused(arguments: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        profiler.measure(*arguments)


def test_a_timing_in_words() -> None:
    assert str(timing.Timing(1.5, 2e-3, 1e-3, 0.1, 7)) == (
        "2 ms (median of 7, spread 10%, least 1 ms; the first call took 1.5 s)"
    )
    assert str(timing.Timing(1.5, 2e-7, 1e-7, 0.1, 7)).startswith("200 ns (")


def test_functional_calls_have_no_layer() -> None:
    with profile() as prof:
        F.relu(autograd.ones(3))
    assert [event.layer for event in prof.events] == [""]
