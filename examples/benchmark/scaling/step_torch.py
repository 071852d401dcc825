"""Time training steps of PyTorch's DistributedDataParallel over gloo; as `step`, with times and bytes only.

RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT are set, as by torchrun.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from examples.benchmark import cases, data, modules
from examples.benchmark.scaling.nets import NETS


def main(what: dict[str, Any]) -> dict[str, Any]:
    """Measure; return the answer."""
    torch.set_num_threads(what["threads"])
    torch.manual_seed(0)
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group("gloo")
    net = NETS[what["net"]]
    model = modules.build(nn, net)
    x, y = (torch.from_numpy(part)[rank::size].contiguous() for part in data.batch(net, what["batch"]))
    ddp = DistributedDataParallel(model) if size > 1 else model
    optimizer = torch.optim.SGD(model.parameters(), lr=cases.LR, momentum=cases.MOMENTUM)

    def step() -> None:
        optimizer.zero_grad()
        loss = F.cross_entropy(ddp(x), y)
        loss.backward()
        optimizer.step()
        loss.item()

    for _ in range(3):
        step()
    started = time.perf_counter()
    step()
    count = torch.tensor(max(3, int(what["seconds"] / (time.perf_counter() - started))))
    dist.all_reduce(count, dist.ReduceOp.MAX)
    times = torch.zeros(int(count), dtype=torch.float64)
    for i in range(int(count)):
        dist.barrier()
        started = time.perf_counter()
        step()
        times[i] = time.perf_counter() - started
    dist.all_reduce(times, dist.ReduceOp.MAX)
    dist.destroy_process_group()
    return {"times": times.tolist(), "version": torch.__version__}


if __name__ == "__main__":
    answer = main(json.loads(sys.argv[1]))
    if os.environ["RANK"] == "0":
        print(json.dumps(answer), flush=True)
