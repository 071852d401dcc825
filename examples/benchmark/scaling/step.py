"""Time training steps on the ranks that mpirun started: ``python -m examples.benchmark.scaling.step JSON``.

The JSON says net, batch (of all ranks), shards (0: the whole batch at once), threads, seconds. Rank 0 prints JSON:

==============  =================================================================================
times           seconds of each step, on the slowest rank
collectives     calls of MPI in a step, besides those that add gradients
bytes           size of the gradients
latency         seconds in which rank 0 and the last rank exchange 8 bytes; 0 for one rank
bandwidth       bytes per second, each way, in a large exchange; 0 for one rank
adding          bytes per second in which one rank adds an array to another
==============  =================================================================================
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import numpy as np

import autograd
import nn
import optim
from autograd import distributed
from autograd.distributed import _default
from autograd.distributed.reduction import fastest, layout
from examples.benchmark import cases, data, modules
from examples.benchmark.scaling.nets import NETS
from examples.experiments.support import processes
from nn import functional as F
from nn.parallel import DistributedDataParallel

LARGE = 1 << 22  # bytes of a large exchange


def main(what: dict[str, Any]) -> dict[str, Any]:
    """Measure; return the answer."""
    autograd.set_num_threads(what["threads"])
    autograd.manual_seed(0)
    net, shards = NETS[what["net"]], what["shards"]
    model = modules.build(nn, net)
    optimizer = optim.SGD(model.parameters(), lr=cases.LR, momentum=cases.MOMENTUM)
    rows = processes.own_rows(what["batch"], shards or None)
    x, y = (autograd.tensor(part[rows.start : rows.stop]) for part in data.batch(net, what["batch"]))
    ddp = DistributedDataParallel(model, shards=shards) if shards else None

    def step() -> None:
        optimizer.zero_grad()
        if ddp is None:
            F.cross_entropy(model(x), y).backward()
        else:
            batch = ddp.shards(x, y, local=True)
            for x_part, y_part in batch:
                loss = F.cross_entropy(ddp(x_part), y_part)
                loss.backward()
                batch.add(loss=loss.item())
            batch.mean("loss")
        optimizer.step()

    for _ in range(3):  # compile
        step()
    started = time.perf_counter()
    step()
    count = max(3, int(what["seconds"] / (time.perf_counter() - started)))
    count = processes.largest(count)
    times = []
    for _ in range(count):
        processes.wait()
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    slowest = autograd.tensor(times, dtype=autograd.float64)
    distributed.all_reduce(slowest, distributed.ReduceOp.MAX)
    group = _default("scaling")
    before = group._collectives
    step()
    size = 4 * sum(p.numel() for p in model.parameters())
    collectives = group._collectives - before - _adding_calls(group.size, shards, what["batch"], size)
    latency, bandwidth = _exchanges(group) if group.size > 1 else (0.0, 0.0)
    return {
        "times": slowest.tolist(),
        "collectives": collectives,
        "bytes": size,
        "latency": latency,
        "bandwidth": bandwidth,
        "adding": _adding(),
    }


def _adding_calls(ranks: int, shards: int, rows: int, size: int) -> int:
    """Return the calls of MPI that add the gradients, which are of one dtype."""
    if ranks == 1:
        return 0
    return {"gather": 1, "halves": ranks.bit_length() - 1, "slices": 2}[fastest(layout(shards, ranks, rows), size)]


def _exchanges(group: Any) -> tuple[float, float]:
    """Return latency and bandwidth between the first and the last rank."""

    def seconds(size: int, times: int) -> float:
        array = np.zeros(size, np.uint8)
        measured = []
        for _ in range(times):
            started = time.perf_counter()
            group.exchange(array, group.size - 1 - group.rank, "scaling")
            measured.append(time.perf_counter() - started)
        return statistics.median(measured)

    found = (0.0, 0.0)
    processes.wait()
    if group.rank in (0, group.size - 1):
        seconds(8, 20)
        short, long = seconds(8, 200), seconds(LARGE, 10)
        found = (short, LARGE / max(long - short, 1e-9))
    return found


def _adding() -> float:
    a, b = np.zeros(LARGE // 4, np.float32), np.ones(LARGE // 4, np.float32)
    measured = []
    for _ in range(20):
        started = time.perf_counter()
        a += b
        measured.append(time.perf_counter() - started)
    return LARGE / statistics.median(measured)


if __name__ == "__main__":
    with processes.joined():
        answer = main(json.loads(sys.argv[1]))
        print(json.dumps(answer), flush=True)
        processes.note_status(0)
