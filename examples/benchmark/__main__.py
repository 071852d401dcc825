"""Compare the speed with other frameworks: ``python -m examples.benchmark``.

Every framework runs in its own process, and they take turns in every round. Only measurements of
the same round are compared. For a framework in another environment give its
interpreter: ``--python mxnet=.venv-mxnet/bin/python``.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import autograd
from autograd.kernels.threads import available_threads
from examples.benchmark import report
from examples.benchmark.cases import CONTESTANTS, FRAMEWORKS, GROUPS, NETS, Case, cases, step
from examples.benchmark.contest import SIMD, Contest, installed, named_interpreter
from examples.experiments.support import cli
from examples.experiments.support.runs import results
from examples.experiments.support.runs.files import check_writable, write_whole
from examples.experiments.support.runs.run_folder import locked

QUICK = ("baseline", "adam", "small")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m examples.benchmark",
        description="Measure training steps, single ops, matrix products, start-up and memory of every installed "
        "framework, and what this machine reaches at most.",
        allow_abbrev=False,
    )
    add, shown = parser.add_argument, "(default: %(default)s)"
    most = available_threads()
    add("--quick", action="store_true", help=f"takes a minute or two: {', '.join(QUICK)}, batch 64, few rounds, "
        "without torch-compile, JAX and MyGrad")  # fmt: skip
    add("--cases", nargs="+", choices=GROUPS, metavar="GROUP", help=f"some of {', '.join(GROUPS)} (default: all)")
    add("--frameworks", nargs="+", choices=[*FRAMEWORKS, *CONTESTANTS], metavar="NAME",
        help=f"frameworks, or variants of one, of {', '.join(dict.fromkeys([*FRAMEWORKS, *CONTESTANTS]))} "
        "(default: all installed ones)")  # fmt: skip
    add("--python", action="append", default=[], type=named_interpreter, metavar="NAME=PATH",
        help="the Python of a framework's environment (default: this Python)")  # fmt: skip
    add(
        "--batch-sizes",
        nargs="+",
        type=cli.integer(1),
        metavar="N",
        help="batch sizes of the baseline (default: 64 128 256)",
    )
    add("--net-batch", type=cli.integer(1), default=64, metavar="N", help=f"batch size of the other networks {shown}")
    add(
        "--memory-batch",
        type=cli.integer(1),
        default=256,
        metavar="N",
        help=f"batch size for the memory measurement {shown}",
    )
    add("--threads", type=cli.integer(1, most), default=most, metavar="N", help=f"number of threads {shown}")
    add("--simd", choices=SIMD, help="keep all frameworks from using wider vectors (default: the processor's widest)")
    add("--rounds", type=cli.integer(1), metavar="N", help="rounds of measurements (default: 5)")
    add("--seconds", type=cli.real(), default=0.25, metavar="X", help=f"seconds for each measurement {shown}")
    add("--out", type=Path, default=Path("runs/benchmark"), metavar="DIR", help=f"the run folder {shown}")
    return parser


@cli.command(stopped="Stopped before everything was measured; no report was written.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = _parser().parse_args(argv)
    check_writable(args.out / "benchmark.json")
    with locked(args.out):
        return _measure(args)


def _measure(args: argparse.Namespace) -> int:
    groups = tuple(args.cases or (QUICK if args.quick else GROUPS))
    batches = args.batch_sizes or ([64] if args.quick else [64, 128, 256])
    rounds = args.rounds or (3 if args.quick else 5)
    interpreters = dict.fromkeys(FRAMEWORKS, sys.executable) | dict(args.python)
    chosen = _chosen(args.frameworks, args.quick)
    files = {kind: args.out / f"benchmark.{kind}" for kind in ("json", "txt", "png", "svg")}

    frameworks = dict.fromkeys(CONTESTANTS[name].framework for name in chosen)
    missing = [name for name in frameworks if not installed(name, interpreters[name])]
    for name in missing:
        print(f"{name} is not installed for {interpreters[name]}; give another one with --python {name}=PATH.")
    chosen = [name for name in chosen if CONTESTANTS[name].framework not in missing]

    listed = cases(groups, batches, args.net_batch, args.threads)
    memory: dict[str, int] = {}
    with Contest(chosen, interpreters, lambda text: print(text, file=sys.stderr, flush=True), args.simd) as contest:
        contest.run(listed, rounds, args.seconds)
        trained = step("baseline", args.net_batch, args.threads, "start")
        if "start" in groups:
            contest.measure_starts(trained, rounds, cold=False)
            contest.measure_starts(trained, rounds, cold=True)
        if "memory" in groups:
            memory = contest.measure_memory(step("baseline", args.memory_batch, args.threads, "memory"))
    if not contest.results and not memory:
        print("Nothing was measured: none of the chosen frameworks has these cases.", file=sys.stderr)
        return 1
    found = _report(args, contest, listed, memory, missing, {"rounds": rounds, "seconds": args.seconds})
    text = _text(contest, found, _groups(contest.results, listed))
    write_whole(files["json"], json.dumps(found, indent=2, allow_nan=False).encode() + b"\n")
    write_whole(files["txt"], text.encode() + b"\n")
    if any(report.OURS in entered for entered in contest.results.values()):
        title = f"{_machine(found)}, " + ", ".join(
            f"{name} {version[name]}" for name, version in contest.versions.items() if name in version
        )
        report.chart(contest.results, title, [files["png"], files["svg"]])
    print(text)
    print(f"The numbers and the chart are in {args.out}.")
    return 0


def _chosen(names: Sequence[str] | None, quick: bool) -> list[str]:
    """Return the contestants that are named directly or by their framework."""
    if not names:
        slow = {"torch-compile", "jax", "mygrad"} if quick else set()
        return [name for name in CONTESTANTS if name not in slow]
    wanted = set(names)
    whole = {name for name in wanted if name in FRAMEWORKS and not (name in CONTESTANTS and _narrowed(name, wanted))}
    return [c.name for c in CONTESTANTS.values() if c.name in wanted or c.framework in whole]


def _narrowed(framework: str, wanted: set[str]) -> bool:
    """Return whether variants of a framework are named besides the one with its name."""
    return any(CONTESTANTS[name].framework == framework for name in wanted & set(CONTESTANTS) - {framework})


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def _machine(found: dict[str, Any]) -> str:
    """ "AMD EPYC, avx2, 2 threads"."""
    return ", ".join([found["processor"], *filter(None, [found["simd"]]), _threads(found["threads"])])


def _report(
    args: argparse.Namespace,
    contest: Contest,
    listed: Sequence[Case],
    memory: dict[str, int],
    missing: list[str],
    procedure: dict[str, Any],
) -> dict[str, Any]:
    """Return the content of the JSON file."""
    groups = _groups(contest.results, listed)
    flops = {case.name: case.flops for case in listed if case.group == "flat"}
    summary, roof = report.summary(contest.results, groups), report.roofline(contest.results, listed)
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": ["python", *sys.orig_argv[1:]],  # where this machine keeps its Python is nobody's concern
        "processor": results.processor(),
        "llvm_processor": autograd.config()["processor"],
        "system": platform.platform(),
        "threads": args.threads,
        "simd": args.simd,
        **procedure,
        "versions": contest.versions,
        "not_installed": missing,
        "nets": {name: [str(layer) for layer in net.layers] for name, net in NETS.items()},
        "results": {
            case: {
                name: {**result.timing._asdict(), "first": report.first_call(result), "rounds": result.rounds}
                for name, result in entered.items()
            }
            for case, entered in contest.results.items()
        },
        "summary": summary,
        "means": report.means(summary),
        "roofline": roof,
        "rates": report.rates(contest.results, listed, roof),
        "peak_memory": memory,
        "scaling": report.scaling(contest.results, args.threads),
        "flatness": report.flatness(contest.results, flops),
        "failures": contest.failures,
    }


def _groups(results: report.Results, listed: Sequence[Case]) -> dict[str, str]:
    """Return the group of each case that has results."""
    groups = {case.name: case.group for case in listed}
    return {case: groups.get(case, "start") for case in results}


def _text(contest: Contest, found: dict[str, Any], groups: dict[str, str]) -> str:
    """Return the tables for the screen."""
    versions = "; ".join(
        ", ".join(f"{name} {version}" for name, version in some.items()) for some in contest.versions.values()
    )
    parts = [f"{_machine(found)}; {versions}"]
    for group in dict.fromkeys(groups.values()):
        results = {case: entered for case, entered in contest.results.items() if groups[case] == group}
        if group == "roofline":
            parts.append(report.roofline_table(found["roofline"]))
        elif group not in ("flat", "products", "convs"):  # flat has a table below
            parts.append(report.times_table(group, results, found["summary"]))
        for kind in ("gflops", "gbytes"):
            if rates := [row for row in found["rates"] if row["group"] == group and kind in row]:
                parts.append(report.rates_table(group, rates, found["summary"]))
    if steps := {case: contest.results[case] for case in groups if groups[case] in ("baseline", "nets")}:
        parts.append(report.first_calls_table(steps))
    if said := report.comparisons(found["means"]):
        parts.append("\n".join(said))
    if memory := found["peak_memory"]:
        rows = [["peak memory", "MB"], *([name, f"{peak / 1e6:.0f}"] for name, peak in memory.items())]
        parts.append(report.table(rows))
    if gain := found["scaling"]:
        parts.append(
            f"1 → {found['threads']} threads: the baseline's step is {gain['step']:.2f} × as fast, the machine's "
            f"matrix product {gain['matmul']:.2f} ×; ratio {gain['share']:.2f}."
        )
    if found["flatness"]:
        cells = [[row["case"], f"{row['ns_per_flop']:.5f}", f"{row['off_median']:+.0%}"] for row in found["flatness"]]
        parts.append(report.table([["one convolution", "ns per FLOP", "vs. median"], *cells]))
    if found["failures"]:
        parts.append("\n".join(["Not measured:", *found["failures"]]))
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
