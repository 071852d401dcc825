"""Evaluate a contest: ratios, tables, a chart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from examples.benchmark.cases import Case
from examples.benchmark.contest import Result
from examples.report.page import new_figure, write_figure

OURS = "lucidgrad"
TORCH = ("torch", "torch-channels-last")  # we compare with the faster one
# The palette of Okabe and Ito; hatches distinguish the bars without colour
_STYLES = {
    "lucidgrad": ("#000000", ""),
    "lucidgrad-functional": ("#999999", "//"),
    "lucidgrad-kernel": ("#999999", ".."),
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

_BARS = 120  # of a column of the chart
_ROOFS = {"gflops": "GFLOP/s", "gbytes": "GB/s"}
# ratios of `summary` -> their columns
_FASTER = {"torch": "faster PyTorch / lucidgrad", "torch_to_functional": "/ lucidgrad-functional"}

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


def means(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the geometric mean and the least ratio of groups of cases.

    The ratios are those of the faster PyTorch, in "products" those of NumPy.  In the nets "wide" decides much, since
    PyTorch is slow there, so they are given without it, too.
    """
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        theirs = row["ratios"].get("numpy") if row["group"] == "products" else row.get("torch")
        if theirs is None or row["group"] not in ("nets", "products", "convs", "ops"):
            continue
        found.setdefault(row["group"], {})[row["case"]] = theirs
        if row["group"] == "nets" and not row["case"].startswith("wide"):
            found.setdefault("nets without wide", {})[row["case"]] = theirs
    return {
        name: {
            "geometric_mean": geometric_mean(list(ratios.values())),
            "least": min(ratios.values()),
            "least_case": min(ratios, key=lambda case: ratios[case]),
            "cases": len(ratios),
        }
        for name, ratios in found.items()
    }


def roofline(results: Results, listed: Sequence[Case]) -> dict[str, dict[str, float]]:
    """Return the peak in GFLOP/s and the bandwidth in GB/s for each number of threads, in the fastest run."""
    found: dict[str, dict[str, float]] = {}
    for case in listed:
        if case.group == "roofline" and OURS in results.get(case.name, {}):
            name, work = ("gflops", case.flops) if case.kind == "peak" else ("gbytes", case.bytes)
            found.setdefault(str(case.threads), {})[name] = work / results[case.name][OURS].timing.least * 1e-9
    return found


def rates(results: Results, listed: Sequence[Case], roof: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return the GFLOP/s or GB/s of each contestant in the cases that have any, and lucidgrad's share of the roofline.

    A row has "case", "group", "threads"; then "gflops" and "of_peak", or "gbytes" and "of_bandwidth".  Speeds are those
    of the fastest run, which other work on the machine disturbs least.  Otherwise a product could exceed the peak.
    Data that stay in the caches between two calls can exceed the bandwidth, which is the memory's.
    """
    rows = []
    for case in listed:
        if case.group not in ("products", "convs", "ops", "adam") or case.name not in results:
            continue
        name, share, work = ("gflops", "of_peak", case.flops) if case.flops else ("gbytes", "of_bandwidth", case.bytes)
        speeds = {entrant: work / result.timing.least * 1e-9 for entrant, result in results[case.name].items()}
        row: dict[str, Any] = {"case": case.name, "group": case.group, "threads": case.threads, name: speeds}
        most = roof.get(str(case.threads), {}).get(name)
        if most and OURS in speeds:
            row[share] = speeds[OURS] / most
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


def table(rows: Sequence[Sequence[str]]) -> str:
    """Format a Markdown table: first row the head, first column left, others right."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        [cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))]
        for row in rows
    ]
    lines.insert(1, ["-" * (width - 1) + (":" if i else "-") for i, width in enumerate(widths)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def times_table(title: str, results: Results, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of the median time of each contestant, its spread, and its ratio to lucidgrad.

    `rows`, of `summary`, have the ratio of the faster PyTorch, of which more than 1 means that lucidgrad is faster.
    """
    names = _order(results)
    faster = {row["case"]: [f"{row[key]:.2f}" for key in _FASTER if key in row] for row in rows}
    most = max((len(faster.get(case, [])) for case in results), default=0)
    cells = [[f"{title}: median (spread)", *names, *list(_FASTER.values())[:most]]]
    for case, entered in results.items():
        row = [case]
        for name in names:
            if name not in entered:
                row.append("-")
                continue
            timing = entered[name].timing
            text = f"{duration(timing.median)} ({timing.spread:.0%})"
            if name != OURS and OURS in entered:
                text += f" {ratio(entered[name].rounds, entered[OURS].rounds):.2f}×"
            row.append(text)
        ratios = faster.get(case, [])
        cells.append([*row, *ratios, *["-"] * (most - len(ratios))])
    return table(cells)


def roofline_table(roof: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of what the machine reaches at most."""
    cells = [[threads, *(f"{at[name]:.1f}" if name in at else "-" for name in _ROOFS)] for threads, at in roof.items()]
    return table([["roofline, fastest run: threads", *_ROOFS.values()], *cells])


def rates_table(title: str, rates: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of GFLOP/s or GB/s, lucidgrad's share of the roofline, and its speed relative to the next one's.

    All rates are of one kind.
    """
    kind = next(kind for kind in _ROOFS if kind in rates[0])
    names = [name for name in _STYLES if any(name in row[kind] for row in rates)]
    ratios = {row["case"]: row.get("torch") or row["ratios"].get("numpy") for row in rows}
    rival = "faster PyTorch" if any(name.startswith("torch") for name in names) else "NumPy"
    share, of = {"gflops": ("of_peak", "peak"), "gbytes": ("of_bandwidth", "bandwidth")}[kind]
    compared = [f"lucidgrad / {rival}"] if any(ratios.get(row["case"]) for row in rates) else []
    cells = [[f"{title}: {_ROOFS[kind]}, fastest run", *names, f"lucidgrad, of the {of}", *compared]]
    for row in rates:
        speeds = [f"{row[kind][name]:.1f}" if name in row[kind] else "-" for name in names]
        theirs = ratios.get(row["case"])
        cells.append([row["case"], *speeds, f"{row[share]:.0%}" if share in row else "-"])
        cells[-1] += [f"{theirs:.2f}" if theirs else "-"] * len(compared)
    return table(cells)


def first_calls_table(results: Results) -> str:
    """Return a table of the first calls, which compile, or load compiled code."""
    called = {case: entered for case, entered in results.items() if any(map(first_call, entered.values()))}
    names = _order(called)
    rows = [["first call (JIT)", *names]]
    for case, entered in called.items():
        rows.append([case, *(duration(entered[name].timing.first) if name in entered else "-" for name in names)])
    return table(rows)


def first_call(result: Result) -> float | None:
    """Return the seconds of the first call, or None if the time starts with the process."""
    return None if math.isnan(result.timing.first) else result.timing.first


def comparisons(means: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each group with a mean."""
    return [
        f"{name}, time of {'NumPy' if name == 'products' else 'the faster PyTorch'} / time of lucidgrad: "
        f"geometric mean {mean['geometric_mean']:.2f}, least {mean['least']:.2f} ({mean['least_case']}), "
        f"{mean['cases']} cases"
        for name, mean in means.items()
    ]


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
    """Draw the time of each contestant relative to lucidgrad as bars on logarithmic axes, side by side if many."""
    compared = {case: entered for case, entered in results.items() if OURS in entered and len(entered) > 1}
    shown = compared or {case: entered for case, entered in results.items() if OURS in entered}
    total = sum(len(entered) + 1 for entered in shown.values())
    columns = -(-total // _BARS)
    parts: list[dict[str, Mapping[str, Result]]] = [{} for _ in range(columns)]
    before = 0
    for case, entered in shown.items():
        parts[before * columns // total][case] = entered
        before += len(entered) + 1
    tallest = max(sum(len(entered) + 1 for entered in part.values()) for part in parts)
    figure = new_figure(10 if columns == 1 else 7 * columns, 1.6 + 0.19 * tallest)
    panels = figure.subplots(1, columns, squeeze=False)[0]
    panels[0].set_title(title, fontsize=9)
    labelled: set[str] = set()
    for axes, part in zip(panels, parts, strict=True):
        _draw_bars(axes, part, labelled)
        axes.set_ylim(tallest - 0.5, -1)
    figure.legend(frameon=False, fontsize=7, loc="outside upper center", ncols=5)
    write_figure(figure, paths)


def _draw_bars(axes: Axes, shown: Results, labelled: set[str]) -> None:
    """Draw the bars of some cases; contestants that are not in `labelled` get a label for the legend."""
    place, ticks = 0.0, []
    for case, entered in shown.items():
        present = [name for name in _STYLES if name in entered]
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
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, 0.5), max(right, 2) * 1.4)
    marks = [mark for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000) if left / 1.5 < mark < right * 1.4]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_xlabel("time relative to lucidgrad (labels: median time)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _order(results: Results) -> list[str]:
    """Return the contestants with results, in the order of the styles."""
    return [name for name in _STYLES if any(name in entered for entered in results.values())]
