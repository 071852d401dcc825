"""Measure how training scales over ranks, and predict it: ``python -m examples.benchmark.scaling --out docs``.

Every configuration runs in processes of its own, and they take turns in every round. Needs mpirun and mpi4py; PyTorch
is compared if it is installed for ``--torch``, and two hosts are imitated where the machine allows it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import autograd
from autograd.kernels.threads import available_threads
from examples.benchmark.contest import ROOT, installed
from examples.benchmark.scaling.hosts import NoHosts, TwoHosts
from examples.benchmark.scaling.nets import NETS
from examples.benchmark.scaling.page import page
from examples.experiments.support import cli, mpirun
from examples.experiments.support.runs.files import check_writable, write_whole

BATCH, SHARDS = 256, 8
RANKS = (1, 2, 4, 8)  # of which more than there are processors share them
ROWS = (32, 128, 256)  # of one rank, for the model
CABLES = (None, 1000, 100)  # Mbit/s between the two hosts; None is not limited


def lanes(net: str, threads: int) -> list[dict[str, Any]]:
    """Return the configurations of a net: what `step` needs, ranks, and where they run."""

    def ours(ranks: int = 1, threads: int = 1, batch: int = BATCH, shards: int = SHARDS, **more: Any) -> dict[str, Any]:
        return {"framework": "lucidgrad", "net": net, "ranks": ranks, "threads": threads, "batch": batch,
                "shards": shards, **more}  # fmt: skip

    def torch(ranks: int, threads: int) -> dict[str, Any]:
        return {**ours(ranks, threads, shards=0), "framework": "torch"}

    return [
        *(ours(ranks) for ranks in RANKS),
        *(ours(1, count, shards=shards) for count in sorted({1, threads}) for shards in (0, SHARDS)),
        ours(2, 1, 2 * BATCH),
        # a rank's part of a batch, by itself
        *(ours(1, 1, BATCH // ranks, SHARDS // ranks) for ranks in RANKS[1:]),
        *(ours(1, 1, rows, 1) for rows in ROWS),
        *(ours(2, 1, hosts=True, cable=cable) for cable in CABLES),
        *(torch(1, count) for count in sorted({1, threads})),
        torch(2, 1),
    ]


@cli.command(stopped="Stopped before everything was measured; nothing was written.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m examples.benchmark.scaling",
        description="Measure training steps on one and several ranks, and write scaling.json and scaling.md.",
        allow_abbrev=False,
    )
    add, shown = parser.add_argument, "(default: %(default)s)"
    add("--out", type=Path, default=Path("runs/scaling"), metavar="DIR", help=f"where the two files go {shown}")
    add("--page", action="store_true", help="measure nothing; write scaling.md anew from scaling.json")
    add("--rounds", type=cli.integer(1), default=5, metavar="N", help=f"rounds of measurements {shown}")
    add("--seconds", type=cli.real(), default=1.0, metavar="X", help=f"seconds for each measurement {shown}")
    add(
        "--nets",
        nargs="+",
        choices=sorted(NETS),
        default=list(NETS),
        metavar="NET",
        help=f"of {', '.join(NETS)} {shown}",
    )
    add("--torch", default=sys.executable, metavar="PATH", help="the Python of PyTorch's environment (default: this)")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    file, text = args.out / "scaling.json", args.out / "scaling.md"
    if not args.page:
        check_writable(file)
        for found in _measure(args):  # after every round, so that a run that is stopped has measured something
            write_whole(file, json.dumps(found, indent=1, allow_nan=False).encode() + b"\n")
    write_whole(text, page(json.loads(file.read_text())).encode())
    print(f"The tables are in {text}, the numbers in {file}.")
    return 0


def _measure(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield everything that was measured so far, after each round."""
    try:
        mpirun.find()
    except mpirun.NoMpirun as missing_program:
        raise ValueError(f"Nothing can be measured: {missing_program}.") from None
    threads = available_threads()
    wanted = [lane for net in args.nets for lane in lanes(net, threads)]
    unique = list({json.dumps(lane, sort_keys=True): lane for lane in wanted}.values())
    missing: dict[str, str] = {}
    if not installed("torch", args.torch):
        missing["torch"] = "PyTorch is not installed for the Python of --torch"
    measured: list[dict[str, Any]] = [{**lane, "rounds": []} for lane in unique]
    loads = []
    version = ""
    for turn in range(args.rounds):
        for i, lane in enumerate(measured, 1):
            kind = "hosts" if lane.get("hosts") else lane["framework"]
            if kind in missing:
                continue
            print(
                f"round {turn + 1} of {args.rounds}, {i} of {len(measured)}: {_named(lane)}",
                file=sys.stderr,
                flush=True,
            )
            loads.append(os.getloadavg()[0])
            try:
                answer = _run(lane, args)
            except NoHosts as reason:
                missing[kind] = str(reason)
                continue
            version = answer.pop("version", version)
            lane["rounds"].append(answer)
        yield {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {**_machine(), "processors": threads},
            "settings": {"batch": BATCH, "shards": SHARDS, "rounds": turn + 1, "seconds": args.seconds},
            "load": {"least": min(loads), "most": max(loads)},
            "torch": version,
            "missing": missing,
            "lanes": [lane for lane in measured if lane["rounds"]],
        }


def _machine() -> dict[str, Any]:
    """Describe this machine, without the names of its folders."""
    return {name: value for name, value in autograd.config().items() if name != "cache"} | {
        "kernel": platform.release()
    }


def _named(lane: Mapping[str, Any]) -> str:
    where = f", two hosts at {lane['cable'] or 'any'} Mbit/s" if lane.get("hosts") else ""
    return (
        f"{lane['framework']}, {lane['net']}, {lane['ranks']} x {lane['threads']}, batch {lane['batch']}, "
        f"shards {lane['shards']}{where}"
    )


def _run(lane: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Measure a configuration once."""
    what = json.dumps({**{name: lane[name] for name in ("net", "batch", "shards", "threads")}, "seconds": args.seconds})
    if lane["framework"] == "torch":
        return _run_torch(lane, args, what)
    python = [sys.executable, "-m"]
    command = [*python, "examples.benchmark.scaling.step", what]
    if lane.get("hosts"):
        with TwoHosts() as hosts:
            if lane["cable"]:
                hosts.limit(lane["cable"])
            start = [
                *_mpirun(),
                "--host",
                ",".join(f"{name}:1" for name in hosts.names),
                "-np",
                "2",
                "--map-by",
                "slot",
            ]
            agent = {"PRTE_MCA_plm_ssh_agent": "blaunch", "OMPI_MCA_plm_rsh_agent": "blaunch"}
            return _answer(
                lane, hosts.on_first([*start, "--bind-to", "none", *command]), hosts.variables({**os.environ, **agent})
            )
    many = ["-np", str(lane["ranks"]), "--oversubscribe", "--bind-to", "none"]
    return _answer(lane, [*_mpirun(), *many, *command], dict(os.environ))


def _mpirun() -> list[str]:
    return [sys.executable, "-m", "examples.experiments.support.mpirun"]


def _run_torch(lane: Mapping[str, Any], args: argparse.Namespace, what: str) -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"WORLD_SIZE": str(lane["ranks"]), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
                "OMP_NUM_THREADS": str(lane["threads"])}  # fmt: skip
    command = [args.torch, "-m", "examples.benchmark.scaling.step_torch", what]
    others = [
        subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings, "RANK": str(rank)}, stdout=subprocess.DEVNULL
        )
        for rank in range(1, lane["ranks"])
    ]
    try:
        return _answer(lane, command, {**os.environ, **settings, "RANK": "0"})
    finally:
        for other in others:
            other.kill()
            other.wait()


def _answer(lane: Mapping[str, Any], command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{_named(lane)}: it ended with status {done.returncode}; {done.stderr.strip()[-500:]}")
    (line,) = re.findall(r"^\{.*\}$", done.stdout, re.MULTILINE)
    found: dict[str, Any] = json.loads(line)
    return found


if __name__ == "__main__":
    sys.exit(main())
