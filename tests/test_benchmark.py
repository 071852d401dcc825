"""The benchmark: its arithmetic on invented numbers, and a small run of lucidgrad alone."""

from __future__ import annotations

import ast
import json
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import autograd
import nn
from autograd.timing import Timing
from examples.benchmark import (
    __main__ as benchmark,
    cases,
    contest,
    data,
    in_lucidgrad,
    modules,
    report,
    worker,
)
from examples.benchmark.cases import CONTESTANTS, FRAMEWORKS, GROUPS, MODULE_NETS, NETS
from examples.benchmark.contest import Contest, Entrant, Failure, Result
from nn import functional as F

BENCH = Path(cases.__file__).parent


def result(*rounds: float, first: float = 1.0) -> Result:
    middle = sorted(rounds)[len(rounds) // 2]
    return Result(Timing(first, middle, min(rounds), 0.1, len(rounds)), list(rounds))


RESULTS = {
    "baseline, batch 64": {
        "lucidgrad": result(1.0, 2.0, 4.0),  # a machine that slows down
        "lucidgrad-functional": result(2.0, 4.0, 8.0),
        "torch": result(4.0, 8.0, 16.0),
        "torch-channels-last": result(3.0, 6.0, 12.0),
        "torch-compile": result(0.5, 1.0, 2.0),
        "mxnet": result(1e-3, 2e-3, 4e-3),
    },
    "lenet, batch 64": {"lucidgrad": result(1.0), "torch": result(2.0)},
    "mlp, batch 64": {"lucidgrad": result(1.0), "torch": result(0.5), "torch-channels-last": result(0.6)},
    "only": {"torch": result(1.0)},
}
PRODUCT = {"formula": "a @ b", "shape": (8, 8, 8)}
NET_GROUPS = {"baseline, batch 64": "baseline", "lenet, batch 64": "nets", "mlp, batch 64": "nets"}


# ── the arithmetic ──


def test_simd_limits_every_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, str]] = []
    monkeypatch.setattr(contest, "Entrant", lambda name, threads, python, environment: started.append(environment))
    interpreters = dict.fromkeys(FRAMEWORKS, sys.executable)
    Contest(["lucidgrad"], interpreters, print, "avx2")._started("lucidgrad", 1, {"MORE": "1"})
    Contest(["lucidgrad"], interpreters, print)._started("lucidgrad", 1)
    assert started == [{**contest.SIMD["avx2"], "MORE": "1"}, {}]
    assert started[0]["LUCIDGRAD_VECTOR_BYTES"] == "32" and started[0]["ONEDNN_MAX_CPU_ISA"] == "AVX2"


def test_ratios_compare_measurements_of_one_round() -> None:
    rows = report.summary(RESULTS, NET_GROUPS)
    assert [row["case"] for row in rows] == ["baseline, batch 64", "lenet, batch 64", "mlp, batch 64"]
    baseline = rows[0]
    assert baseline["ratios"] == pytest.approx(
        {"lucidgrad-functional": 2, "torch": 4, "torch-channels-last": 3, "torch-compile": 0.5, "mxnet": 1e-3}
    )
    assert (baseline["torch"], baseline["torch_to_functional"]) == (3, 1.5)  # the faster of the two, compiled or not
    assert rows[2]["torch"] == 0.5
    assert report.ratio([2, 2, 30], [1, 2, 3]) == 2
    assert math.isnan(report.ratio([], [1.0]))


def test_means_of_groups() -> None:
    results = {
        "lenet, batch 64": RESULTS["lenet, batch 64"],
        "wide, batch 64": {"lucidgrad": result(1.0), "torch": result(8.0)},
        "512 × 512": {"lucidgrad": result(2.0), "lucidgrad-kernel": result(1.9), "numpy": result(1.0)},
        "only lucidgrad": {"lucidgrad": result(1.0)},
        "baseline, batch 64": RESULTS["baseline, batch 64"],
    }
    groups = dict(zip(results, ("nets", "nets", "products", "ops", "baseline"), strict=True))
    means = report.means(report.summary(results, groups))
    assert {name: (mean["geometric_mean"], mean["least"], mean["cases"]) for name, mean in means.items()} == {
        "nets": (pytest.approx(4), 2, 2),
        "nets without wide": (2, 2, 1),
        "products": (0.5, 0.5, 1),
    }
    said = report.comparisons(means)
    assert said[0] == (
        "nets, time of the faster PyTorch / time of lucidgrad: "
        "geometric mean 4.00, least 2.00 (lenet, batch 64), 2 cases"
    )
    assert said[2].startswith("products, time of NumPy / time of lucidgrad: geometric mean 0.50")
    assert report.comparisons({}) == []


def test_shares_of_the_peak() -> None:
    listed = [case for case in cases.cases(("roofline", "products"), [8], 4, 2) if case.threads == 1]
    peak, triad, product = listed[0], listed[1], listed[2]
    entered = {"lucidgrad": result(0.02, 0.5, 0.04), "numpy": result(0.01)}
    results = {peak.name: {"lucidgrad": result(0.4, 0.2)}, product.name: entered}
    roof = report.roofline(results, listed)
    assert roof == {"1": {"gflops": pytest.approx(cases.PEAK_FLOPS / 0.2e9)}}
    results[triad.name] = {"lucidgrad": result(0.5)}
    roof = report.roofline(results, listed)
    assert roof["1"]["gbytes"] == pytest.approx(24e-9 * cases.TRIAD_ELEMENTS)
    (row,) = report.rates(results, listed, roof)
    assert row["gflops"] == pytest.approx({"lucidgrad": product.flops / 2e7, "numpy": product.flops / 1e7})
    assert row["of_peak"] == pytest.approx(product.flops / 0.02 / (cases.PEAK_FLOPS / 0.2))
    (without,) = report.rates(results, listed, {})
    assert "of_peak" not in without
    cells = report.rates_table("products", [row], report.summary(results, {})).split("\n")[2].split("|")
    assert [cell.strip() for cell in cells[-3:-1]] == [f"{row['of_peak']:.0%}", "0.50"]
    copied = cases.Case("a copy", "ops", "op", {}, 1, "a copy", 0, 8_000_000)
    (moved,) = report.rates({"a copy": {"lucidgrad": result(1e-3), "torch": result(2e-3)}}, [copied], roof)
    assert moved["gbytes"] == pytest.approx({"lucidgrad": 8, "torch": 4}) and moved["threads"] == 1
    assert moved["of_bandwidth"] == pytest.approx(8 / roof["1"]["gbytes"])
    head = report.rates_table("ops", [moved], [{"case": "a copy", "torch": 2.0, "ratios": {}}]).split("\n")[0]
    assert [cell.strip() for cell in head.strip("|").split("|")] == [
        "ops: GB/s, fastest run", "lucidgrad", "torch", "lucidgrad, of the bandwidth", "lucidgrad / faster PyTorch",
    ]  # fmt: skip
    alone = report.rates_table("ops", [moved], [{"case": "a copy", "ratios": {}}]).split("\n")[0]
    assert alone.rstrip(" |").endswith("lucidgrad, of the bandwidth")
    assert report.roofline_table(roof).split("\n")[2].split() == [
        "|", "1", "|", f"{roof['1']['gflops']:.1f}", "|", f"{roof['1']['gbytes']:.1f}", "|",
    ]  # fmt: skip


def test_scaling_and_flatness() -> None:
    found = {
        "baseline, 1 of 2 threads": {"lucidgrad": result(3.0)},
        "baseline, 2 of 2 threads": {"lucidgrad": result(2.0)},
        "matmul, 1 of 2 threads": {"numpy": result(4.0)},
        "matmul, 2 of 2 threads": {"numpy": result(2.0)},
    }
    assert report.scaling(found, 2) == {"step": 1.5, "matmul": 2.0, "share": 0.75}
    assert report.scaling(RESULTS, 2) is None
    costs = {"a": {"lucidgrad": result(2.0)}, "b": {"lucidgrad": result(9.0)}, "c": {"lucidgrad": result(12.0)}}
    rows = report.flatness(costs, {"a": 1, "b": 3, "c": 2, "not measured": 1})
    assert [row["ns_per_flop"] for row in rows] == pytest.approx([2e9, 3e9, 6e9])
    assert [row["off_median"] for row in rows] == pytest.approx([-1 / 3, 0, 1])
    assert report.flatness({}, {"a": 1}) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.34, "12.3 s"), (1.0, "1.00 s"), (0.1234, "123 ms"), (1.234e-3, "1.23 ms"), (9.9e-8, "0.0990 µs")],
)
def test_durations(seconds: float, text: str) -> None:
    assert report.duration(seconds) == text


def test_tables() -> None:
    lines = report.times_table("steps", RESULTS, report.summary(RESULTS, NET_GROUPS)).split("\n")
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    names = [name for name in CONTESTANTS if name in RESULTS["baseline, batch 64"]]
    assert head == ["steps: median (spread)", *names, "faster PyTorch / lucidgrad", "/ lucidgrad-functional"]
    assert all(set(cell) <= {"-", ":"} for cell in rule) and len({len(line) for line in lines}) == 1
    assert rows[0][:3] == ["baseline, batch 64", "2.00 s (10%)", "4.00 s (10%) 2.00×"]
    assert rows[0][-2:] == ["3.00", "1.50"] and rows[1][-2:] == ["2.00", "-"]
    assert rows[3] == ["only", "-", "-", "1.00 s (10%)", "-", "-", "-", "-", "-"]
    assert "1.00 s" in report.first_calls_table(RESULTS).split("\n")[2]


def test_the_chart(tmp_path: Path) -> None:
    report.chart(RESULTS, "a machine", [tmp_path / "a.png", tmp_path / "a.svg"])
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.svg").read_text().count("<svg") == 1


def test_a_chart_of_many_cases_has_all_of_them_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(report, "write_figure", lambda figure, paths: drawn.append(figure))
    many = {f"case {i}": RESULTS["mlp, batch 64"] for i in range(100)}
    report.chart(many, "a machine", [])
    columns = [[label.get_text() for label in axes.get_yticklabels()] for axes in drawn[0].axes]
    assert [len(column) for column in columns] == [25] * 4
    assert [case for column in columns for case in column] == list(many)


# ── the cases ──


def test_every_group_has_cases_and_every_case_an_entrant() -> None:
    listed = cases.cases(GROUPS, [8, 16], 4, 2)
    assert {case.group for case in listed} == set(GROUPS) - {"start", "memory"}
    assert len({case.name for case in listed}) == len(listed)
    kinds = {kind for contestant in CONTESTANTS.values() for kind in contestant.kinds}
    assert {case.kind for case in listed} == kinds
    assert all(case.threads == 1 for case in listed if case.group in ("one-thread", "products"))
    assert cases.cases(("scaling",), [8], 4, 1) == []  # nothing to compare
    assert [case.threads for case in cases.cases(("roofline",), [8], 4, 1)] == [1, 1]


def test_memory_formats_differ_for_images_only() -> None:
    listed = cases.cases(("nets", "convs", "ops", "small"), [8], 4, 2)
    run = contestants(None, "torch", "torch-channels-last")
    both = {case.name for case in listed if list(run._entering(case)) == ["torch", "torch-channels-last"]}
    assert {"lenet, batch 4", "mobilenet, batch 4", "conv 32→64 16×16, output"} <= both
    assert {"batch_norm (64, 32, 26, 26), forward"} <= both
    alone = ("mlp, batch 4", "lstm, batch 4", "batch_norm (256, 512), forward", "relu of 10 numbers, recorded")
    assert not both & set(alone) and set(alone) <= {case.name for case in listed}


def test_factors_of_products_are_stored_as_their_formula_says() -> None:
    products = cases.cases(("products",), [], 1, 2)
    assert len(products) > 30
    for case in products:
        a, b = data.product(case.what)
        first, second = case.what["formula"].split(" @ ")
        assert [x.flags.c_contiguous for x in (a, b)] == [not text.endswith(".T") for text in (first, second)]
        c = np.matmul(a, b)
        assert case.flops == 2 * c.size * a.shape[-1]


@pytest.mark.parametrize("case", cases.cases(("ops",), [8], 4, 2), ids=lambda case: case.name)
def test_the_work_of_ops_is_that_of_their_arrays(case: cases.Case) -> None:
    """Arrays of less than a tenth of the data are not counted, such as the weights of a norm."""
    what = case.what
    inputs, _ = data.op({**what})
    tensors = [autograd.tensor(x, requires_grad=True) for x in inputs]
    y = modules.op(F, what["op"], autograd.tensor(data.op(what)[1]))(*tensors)
    if what["op"] == "linear":
        x, w = tensors[:2]
        products = 2 if what["part"] == "backward" else 1
        assert (case.flops, case.bytes) == (2 * products * x.shape[0] * x.shape[1] * w.shape[0], 0)
        return
    arrays = [x.numel() for x in tensors if 10 * x.numel() > tensors[0].numel()]
    counts = [*arrays, y.numel()]
    if what["part"] == "backward":
        saved = [] if what["op"] == "max_pool2d" else arrays  # the input or, of its size, the output
        counts = [y.numel(), *saved, *arrays]
    assert case.flops == 0 and case.bytes == pytest.approx(4 * sum(counts), abs=8)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("name", NETS)
def test_nets_learn_and_layers_and_functions_are_the_same(name: str) -> None:
    net = NETS[name]
    x, y = data.batch(net, 2)
    losses = []
    for functional in (False,) if name in MODULE_NETS else (False, True):
        autograd.manual_seed(0)
        step = in_lucidgrad.training_step(net, modules.build(nn, net), x, y, functional)
        losses.append([step().item() for _ in range(3)])
    assert losses[0] == pytest.approx(losses[-1], rel=1e-3)
    assert losses[0][2] < losses[0][0]


@pytest.mark.slow
@pytest.mark.parallel
def test_cases_run_and_do_what_their_name_says() -> None:
    what: dict[str, Any] = {"channels": 2, "outputs": 3, "side": 4, "batch": 2}
    x, w, b, g = (autograd.tensor(array, requires_grad=True) for array in data.conv(what))
    y = F.conv2d(x, w, b, padding=1)
    dx, dw = autograd.grad(y, (x, w), g)
    for part, expected in zip(cases.CONV_PARTS, (y, dx, dw), strict=True):
        assert expected is not None
        found = in_lucidgrad.make("lucidgrad", "conv", {**what, "part": part})()
        np.testing.assert_allclose(found.numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-4)
    for op, shape in cases.OPS:
        what = {"op": op, "shape": (4, *shape[1:])}
        output, gradients = (in_lucidgrad.make("lucidgrad", "op", {**what, "part": part})() for part in cases.OP_PARTS)
        inputs, _ = data.op(what)
        assert output.requires_grad and [g.shape for g in gradients] == [a.shape for a in inputs]
    what = {"formula": "g.T @ x", "shape": (3, 4, 5, 6)}
    a, c = data.product(what)
    for variant in ("lucidgrad", "lucidgrad-kernel"):
        np.testing.assert_allclose(in_lucidgrad.make(variant, "product", what)(), a @ c, rtol=1e-5, atol=1e-5)
    for kind in ("adam", "peak", "triad"):
        in_lucidgrad.make("lucidgrad", kind, {})()
    for call in cases.SMALL:
        in_lucidgrad.make("lucidgrad", "small", {"call": call})()


def test_files_that_run_beside_other_frameworks_import_neither_lucidgrad_nor_numba() -> None:
    ours = {"autograd", "nn", "optim", "numba"}
    others = [BENCH / f"{name}.py" for name in ("worker", "cases", "data", "modules")]
    for file in [*BENCH.glob("in_*.py"), *others]:
        if file.name == "in_lucidgrad.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not ours & {name.split(".")[0] for name in names}, file.name
    files = {file.stem.removeprefix("in_") for file in BENCH.glob("in_*.py")}
    assert files == set(FRAMEWORKS), f"each in_*.py of {BENCH} needs its entry in FRAMEWORKS: {files ^ set(FRAMEWORKS)}"
    assert worker.load_timing().times.__code__.co_filename == autograd.timing.__file__


# ── processes ──


def contestants(interpreter: str | None, *names: str) -> Contest:
    return Contest(names, dict.fromkeys(FRAMEWORKS, interpreter or sys.executable), lambda text: None)


def test_a_contest_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    ask = Entrant.ask

    def noting(self: Entrant, do: str, **arguments: Any) -> dict[str, Any]:
        asked.append((do, self.name))
        return ask(self, do, **arguments)

    monkeypatch.setattr(Entrant, "ask", noting)
    with contestants(None, "numpy", "lucidgrad") as run:
        block = [
            cases.Case("product", "scaling", "matmul", PRODUCT, 1, "scaling"),
            cases.Case("small", "scaling", "small", {"call": "relu"}, 1, "scaling"),
            cases.Case("impossible", "scaling", "step", {"net": "none", "batch": 1}, 1, "scaling"),
        ]
        run.run(block, rounds=2, seconds=0.001)
    assert [turn for turn in asked if turn[0] == "time"] == [("time", "numpy"), ("time", "lucidgrad")] * 2
    assert {case: list(entered) for case, entered in run.results.items()} == {
        "product": ["numpy"], "small": ["lucidgrad"],
    }  # fmt: skip
    found = run.results["product"]["numpy"]
    assert len(found.rounds) == 2 and found.timing.runs >= 6 and found.timing.least > 0
    assert run.failures == ["impossible: lucidgrad: KeyError: 'none'"]
    assert set(run.versions) == {"numpy", "lucidgrad"}


def test_a_process_that_ends_is_a_sentence() -> None:
    program = shutil.which("false")
    assert program
    with contestants(program, "lucidgrad") as run:
        run.run([cases.step("mlp", 1, 1, "nets"), cases.step("lenet", 1, 1, "nets")], 1, 0.0)
        assert run.failures == ["mlp, batch 1: lucidgrad: its process ended with 1"]  # and is not tried again
    entrant = Entrant("numpy", 1)
    assert "numpy" in entrant.hear()["versions"]
    with pytest.raises(Failure, match="numpy: KeyError: 'unknown'"):
        entrant.ask("time", name="unknown", seconds=0.0)
    entrant._process.kill()
    with pytest.raises(Failure, match="its process ended with -9"):
        entrant.ask("drop")
    entrant.close()


@pytest.mark.slow
def test_memory_and_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTESTANTS, "numpy", cases.Contestant("numpy", "numpy", {"matmul"}))
    case = cases.Case("product", "scaling", "matmul", PRODUCT, 1, "start")
    with contestants(None, "numpy") as run:
        run.measure_starts(case, 2, cold=False)
        run.measure_starts(case, 2, cold=True)
        memory = run.measure_memory(case)
        what = {**PRODUCT, "shape": (4096, 4096, 4096)}
        big = run.measure_memory(cases.Case("product", "scaling", "matmul", what, 1, "start"))
    assert list(run.results) == ["warm start"]  # without stored kernels there is no cold start
    assert len(run.results["warm start"]["numpy"].rounds) == 2
    assert report.first_call(run.results["warm start"]["numpy"]) is None
    assert "numpy" in run.versions["numpy"]
    assert "warm start" not in report.first_calls_table({**RESULTS, **run.results})
    assert big["numpy"] - memory["numpy"] > 3 * 4096**2 * 4 * 0.9


# ── the command ──


@pytest.mark.slow
@pytest.mark.parallel
def test_a_small_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contest.FRAMEWORKS, "mxnet", "no_module_of_this_name")
    out = tmp_path / "run"
    status = benchmark.main(
        ["--cases", "baseline", "adam", "memory", "--frameworks", "lucidgrad", "mxnet", "--batch-sizes", "2",
         "--memory-batch", "4", "--threads", "1", "--rounds", "2", "--seconds", "0.01", "--out", str(out)]
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert status == 0
    assert f"mxnet is not installed for {sys.executable}; give another one with --python mxnet=PATH." in printed
    assert "first call (JIT)" in printed and "peak memory" in printed and "1 thread;" in printed
    found = json.loads((out / "benchmark.json").read_text())
    assert set(found) == {
        "when", "command", "processor", "llvm_processor", "system", "threads", "rounds", "seconds", "versions",
        "not_installed", "nets", "results", "summary", "peak_memory", "scaling", "flatness", "failures", "simd",
        "means", "roofline", "rates",
    }  # fmt: skip
    assert (found["simd"], found["not_installed"], found["failures"], found["threads"], found["rounds"]) == (
        None,
        ["mxnet"],
        [],
        1,
        2,
    )
    assert set(found["results"]) == {"baseline, batch 2", "Adam, 0.5 M parameters"}
    entered = found["results"]["baseline, batch 2"]
    assert set(entered) == {"lucidgrad", "lucidgrad-functional"}
    assert all(0 < row["least"] <= row["median"] and len(row["rounds"]) == 2 for row in entered.values())
    assert set(found["versions"]["lucidgrad"]) == {"lucidgrad", "numpy", "numba"}
    assert found["peak_memory"]["lucidgrad"] > 50e6
    assert set(found["summary"][0]["ratios"]) == {"lucidgrad-functional"}
    assert sorted(file.name for file in out.glob("[!.]*")) == [
        f"benchmark.{kind}" for kind in ("json", "png", "svg", "txt")
    ]
    assert (out / "benchmark.txt").read_text().strip() in printed


@pytest.mark.slow
@pytest.mark.rare  # it compiles all kernels of a step once a round
def test_a_run_of_starts(tmp_path: Path) -> None:
    arguments = ["--cases", "start", "--frameworks", "lucidgrad", "--threads", "1", "--rounds", "2"]
    assert benchmark.main([*arguments, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "benchmark.json").read_text())["results"]
    assert set(found) == {"warm start", "cold start"}
    assert found["warm start"]["lucidgrad"]["first"] is None
    assert found["warm start"]["lucidgrad"]["median"] < found["cold start"]["lucidgrad"]["median"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cases", "convolutions"], "invalid choice: 'convolutions'"),
        (["--python", "torch"], "write NAME=PATH, with NAME one of lucidgrad, torch"),
        (["--python", "torch=/no/such/python"], "/no/such/python is not a program; give the path of torch's Python"),
        (["--rounds", "0"], "must be a whole number, at least 1, not 0"),
        (["--threads", "100000"], "must be a whole number, from 1 to"),
        (["--seconds", "-1"], "must be at least 0 and finite"),
    ],
)
def test_bad_arguments(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        benchmark.main(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_nothing_to_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--cases", "adam", "--frameworks", "numpy", "--out", str(tmp_path)]) == 1
    assert "Nothing was measured" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert benchmark.main(["--cases", "adam", "--frameworks", "numpy", "--out", str(tmp_path / "file")]) == 1
    assert "could not be written" in capsys.readouterr().err


def test_names_of_frameworks_and_of_ways_to_use_them() -> None:
    every = [name for name in CONTESTANTS if name.startswith("torch")]
    assert benchmark._chosen(["torch"], False) == every
    assert benchmark._chosen(["torch", "torch-channels-last"], False) == ["torch", "torch-channels-last"]
    assert benchmark._chosen(["torch-fused", "jax"], True) == ["torch-fused", "jax"]
    assert benchmark._chosen(None, False) == list(CONTESTANTS)
    assert not {"torch-compile", "jax", "mygrad"} & set(benchmark._chosen(None, True))
