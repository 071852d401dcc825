"""Evaluate a contest: ratios, tables, a chart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from examples.benchmark.contest import Result
from examples.report.page import new_figure, write_figure

OURS = "lucidgrad"
TORCH = ("torch", "torch-channels-last")  # we compare with the faster one
# The palette of Okabe and Ito; hatches distinguish the bars without colour
_STYLES = {
    "lucidgrad": ("#000000", ""),
    "lucidgrad-functional": ("#999999", "//"),
    "torch": ("#D55E00", ""),
    "torch-channels-last": ("#E69F00", "//"),
    "torch-compile": ("#F0E442", ".."),
    "torch-foreach": ("#D55E00", "xx"),
    "torch-fused": ("#E69F00", "xx"),
    "mxnet": ("#0072B2", ""),
    "jax": ("#56B4E9", "\\\\"),
    "mygrad": ("#009E73", "--"),
    "numpy": ("#CC79A7", ""),
}

Results = Mapping[str, Mapping[str, Result]]


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """Return the median over the rounds of the ratio of their time to ours."""
    pairs = list(zip(theirs, ours, strict=False))
    return statistics.median(a / b for a, b in pairs) if pairs else math.nan


def best_rounds(results: Mapping[str, Result], names: Sequence[str]) -> list[float]:
    """Return the rounds of the contestant with the smallest median; empty if there is none."""
    found = [results[name] for name in names if name in results]
    return min(found, key=lambda result: result.timing.median).rounds if found else []


def summary(results: Results, groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return for every case the time of each contestant, and of the faster PyTorch, relative to lucidgrad.

    `groups` maps each case to its group.
    """
    rows = []
    for case, entered in results.items():
        if OURS not in entered:
            continue
        ours = entered[OURS].rounds
        ratios = {name: ratio(result.rounds, ours) for name, result in entered.items() if name != OURS}
        torch = best_rounds(entered, [name for name in entered if name.startswith("torch") and name != "torch-compile"])
        row: dict[str, Any] = {"case": case, "group": groups.get(case, case), "ratios": ratios}
        if torch:
            row["torch"] = ratio(torch, ours)
            if "lucidgrad-functional" in entered:
                row["torch_to_functional"] = ratio(torch, entered["lucidgrad-functional"].rounds)
        rows.append(row)
    return rows


def geometric_mean(numbers: Sequence[float]) -> float:
    """Return the geometric mean."""
    return math.exp(statistics.fmean(map(math.log, numbers)))


def duration(seconds: float) -> str:
    """Format a duration with three digits and a unit."""
    unit, scale = next((u, s) for u, s in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)) if seconds * s >= 1 or u == "µs")
    value = seconds * scale
    return f"{value:.{max(0, 2 - math.floor(math.log10(max(value, 1e-9))))}f} {unit}" if value < 100 else (
        f"{value:.0f} {unit}"
    )  # fmt: skip


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Format a table: first column left, others right, a rule below the first row."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    ]
    return "\n".join([lines[0].rstrip(), "-" * max(map(len, lines)), *(line.rstrip() for line in lines[1:])])


def times_table(results: Results) -> str:
    """Return a table of the median time of each contestant, its spread, and its ratio to lucidgrad."""
    names = _order(results)
    rows = [["median (spread), × lucidgrad's", *names]]
    for case, entered in results.items():
        cells = [case]
        for name in names:
            if name not in entered:
                cells.append("-")
                continue
            timing = entered[name].timing
            text = f"{duration(timing.median)} ({timing.spread:.0%})"
            if name != OURS and OURS in entered:
                text += f" {ratio(entered[name].rounds, entered[OURS].rounds):.2f}×"
            cells.append(text)
        rows.append(cells)
    return aligned(rows)


def first_calls_table(results: Results) -> str:
    """Return a table of the first calls, which compile, or load compiled code."""
    called = {case: entered for case, entered in results.items() if any(map(first_call, entered.values()))}
    names = _order(called)
    rows = [["first call (JIT)", *names]]
    for case, entered in called.items():
        rows.append([case, *(duration(entered[name].timing.first) if name in entered else "-" for name in names)])
    return aligned(rows)


def first_call(result: Result) -> float | None:
    """Return the seconds of the first call, or None if the time starts with the process."""
    return None if math.isnan(result.timing.first) else result.timing.first


def comparisons(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each comparison with PyTorch."""
    said = []
    for row in rows:
        if "torch" in row:
            text = f"{row['case']}: the faster PyTorch takes {row['torch']:.2f} × the time of lucidgrad"
            if "torch_to_functional" in row:
                text += f", {row['torch_to_functional']:.2f} × that of lucidgrad's functions"
            said.append(text)
    nets = [row["torch"] for row in rows if row["group"] == "nets" and "torch" in row]
    if nets:
        said.append(f"nets: geometric mean {geometric_mean(nets):.2f}, minimum {min(nets):.2f}")
    return said


def scaling(results: Results, threads: int) -> dict[str, float] | None:
    """Return the gain of more threads for the baseline step, for the matrix product, and their ratio."""
    try:
        step, product = (
            ratio(
                results[f"{what}, 1 of {threads} threads"][name].rounds,
                results[f"{what}, {threads} of {threads} threads"][name].rounds,
            )
            for what, name in (("baseline", OURS), ("matmul", "numpy"))
        )
    except KeyError:
        return None
    return {"step": step, "matmul": product, "share": step / product}


def flatness(results: Results, flops: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the ns per operation of one convolution at many sizes, and the deviation from their median."""
    found = [
        (case, results[case][OURS].timing.median / count * 1e9) for case, count in flops.items() if case in results
    ]
    if not found:
        return []
    middle = statistics.median(cost for _, cost in found)
    return [{"case": case, "ns_per_flop": cost, "off_median": cost / middle - 1} for case, cost in found]


def chart(results: Results, title: str, paths: Sequence[Path]) -> None:
    """Draw the time of each contestant relative to lucidgrad as bars on a logarithmic axis."""
    compared = {case: entered for case, entered in results.items() if OURS in entered and len(entered) > 1}
    shown = compared or {case: entered for case, entered in results.items() if OURS in entered}
    names = _order(shown)
    heights = [max(1, len(entered)) for entered in shown.values()]
    figure = new_figure(10, 1.6 + 0.19 * (sum(heights) + len(heights)))
    axes = figure.subplots()
    place, ticks = 0.0, []
    labelled: set[str] = set()
    for case, entered in shown.items():
        present = [name for name in names if name in entered]
        ticks.append((place + (len(present) - 1) / 2, case))
        for name in present:
            value = ratio(entered[name].rounds, entered[OURS].rounds)
            color, hatch = _STYLES[name]
            label = name if name not in labelled else None
            labelled.add(name)
            axes.barh(place, value, height=0.9, color=color, hatch=hatch, edgecolor="white", linewidth=0.4, label=label)
            text = duration(entered[name].timing.median)
            axes.text(max(value, 1) * 1.03, place, text, va="center", fontsize=6)
            place += 1
        place += 1
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks([at for at, _ in ticks], [case for _, case in ticks], fontsize=7)
    axes.set_ylim(place - 0.5, -1)
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, 0.5), max(right, 2) * 1.4)
    marks = [mark for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000) if left / 1.5 < mark < right * 1.4]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_xlabel("time relative to lucidgrad (labels: median time)")
    axes.set_title(title, fontsize=9)
    figure.legend(frameon=False, fontsize=7, loc="outside upper center", ncols=5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    write_figure(figure, paths)


def _order(results: Results) -> list[str]:
    """Return the contestants with results, in the order of the styles."""
    return [name for name in _STYLES if any(name in entered for entered in results.values())]
