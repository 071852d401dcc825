"""Freed memory is reused for later arrays, and memory that is still referenced is not freed."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import autograd
import nn
from autograd import Tensor
from autograd.tensor import wrap

FAULTS = """
import resource, numpy as np, autograd
def work():
    for _ in range(20):
        np.ones(10_000_000, np.float32)
    many = [np.empty(5_000_000, np.float32) for _ in range(128)]  # 2.5 GB, of which a page of each is written to
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, autograd.config()["freed_memory"])
"""


def page_faults(**variables: str) -> tuple[int, str]:
    """Page faults of arrays freed one by one, and of 2.5 GB freed together; what the config says of freed memory."""
    environment = {name: text for name, text in os.environ.items() if name != "LUCIDGRAD_KEEP_MEMORY"}
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=environment | variables, capture_output=True, text=True, check=True
    )
    count, words = done.stdout.split(maxsplit=1)
    return int(count), words.strip()


def test_freed_memory_is_kept_unless_told_otherwise() -> None:
    (few, kept), (many, returned) = page_faults(), page_faults(LUCIDGRAD_KEEP_MEMORY="0")
    assert returned != "kept"
    assert many > 300  # one page fault per page of 4 KB or 2 MB
    assert few < 100 if kept == "kept" else few > 300


RETURNED = """
import resource, numpy as np, autograd
from autograd.memory import give_freed_memory_back
def used():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
if autograd.config()["freed_memory"] == "kept":
    arrays = [np.ones(10_000_000, np.float32) for _ in range(5)]
    del arrays
    before = used()
    give_freed_memory_back()
    print(before - used())
else:
    give_freed_memory_back()
    print("given back")
"""


def test_freed_memory_can_be_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", RETURNED], capture_output=True, text=True, check=True)
    kept = autograd.config()["freed_memory"] == "kept"
    assert int(done.stdout) > 150_000_000 if kept else done.stdout.strip() == "given back"


def step(net: nn.Module, seed: int, times: int = 1) -> tuple[Tensor, list[bytes]]:
    """A stored result of the network, and the bits of the gradients of several forwards before one backward."""
    x = wrap(np.random.default_rng(seed).standard_normal((32, 3, 32, 32)).astype(np.float32))
    outputs = [net(x * (k + 1)) for k in range(times)]
    net.zero_grad()
    sum((y.sum() for y in outputs[1:]), outputs[0].sum()).backward()
    return outputs[0].detach(), [p.grad.numpy().tobytes() for p in net.parameters() if p.grad is not None]


def make_net() -> nn.Module:
    autograd.manual_seed(3)
    same = nn.Conv2d(8, 8, 3, padding=1)  # used twice
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), same, nn.ReLU(), same, nn.ReLU(), nn.MaxPool2d(2))


def test_what_is_kept_stays_as_it_is() -> None:
    net = make_net()
    kept, gradients = step(net, 0, times=2)
    bits, view = kept.numpy().tobytes(), kept.numpy()[::2]
    part = view.tobytes()
    del kept
    for seed in range(1, 6):  # their arrays take all free memory
        step(net, seed)
    assert view.tobytes() == part
    again, gradients_again = step(net, 0, times=2)
    assert again.numpy().tobytes() == bits
    assert gradients_again == gradients


def test_threads_share_freed_memory_and_nothing_else() -> None:
    def work(seed: int) -> list[tuple[bytes, list[bytes]]]:
        net = nets[seed]
        return [(y.numpy().tobytes(), gradients) for y, gradients in (step(net, seed) for _ in range(5))]

    nets = [make_net() for _ in range(4)]
    alone = [work(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == alone
