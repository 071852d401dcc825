"""A program that mpirun starts, in which the last rank ends in the way that it is told; the others wait for it."""

from __future__ import annotations

import os
import signal
import sys
import time

import autograd
import autograd.distributed as dist

dist.init_process_group("mpi")
x = autograd.ones(3)
dist.all_reduce(x)
print(f"rank {dist.get_rank()} is {os.getpid()}, sum {x[0].item():g}", flush=True)
dist.barrier()
way = sys.argv[1]
if dist.get_rank() == dist.get_world_size() - 1:
    if way == "raise":
        raise ValueError("this rank's own trouble")
    if way == "exit":
        sys.exit(3)
    if way == "interrupt":
        raise KeyboardInterrupt
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
if way == "agreed":  # all leave with one code, as a stopped training does
    sys.exit(85)
if way == "late":  # ends in good order; one rank long after the others
    time.sleep(2 if dist.get_rank() == 0 else 0)
    print("done", flush=True)
    sys.exit()
dist.all_reduce(x)
print("never reached", flush=True)
