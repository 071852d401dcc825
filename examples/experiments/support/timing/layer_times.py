"""Times of a training step of the baseline and of its layers, in several implementations.

* plain Python: `loops`, nothing but lists and loops.
* NumPy with loops: the references of the ops, which tests compare with. They visit windows one by one.
* vectorized NumPy: `vectorized`, as a student would write it.
* Numba: the kernels of the ops, and with fused layers.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import autograd
import nn
import optim
from autograd.profiler import Timing, measure, profile
from examples.experiments.models import Baseline
from examples.experiments.support.timing import loops, vectorized
from examples.experiments.support.timing.layers import Layer, passes, step
from nn import functional as F

LOOPS, REFERENCE, VECTORIZED = "plain Python", "NumPy with loops", "vectorized NumPy"
NUMBA, FUSED = "Numba", "Numba, fused"
THREADED = (VECTORIZED, NUMBA, FUSED)
WRITTEN_OUT = (LOOPS, VECTORIZED)  # layer by layer, without the engine
LR, MOMENTUM = 0.01, 0.9


def batch(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random images and classes; their values do not affect the time."""
    random = np.random.default_rng(seed)
    return random.standard_normal((size, 3, 32, 32), np.float32), random.integers(0, 10, size)


@contextlib.contextmanager
def computed(way: str, threads: int) -> Iterator[None]:
    """Use an implementation and a number of threads inside the ``with`` block."""
    before = autograd.get_num_threads()
    autograd.set_num_threads(threads)
    try:
        with (
            threadpool_limits(threads, "blas"),
            nn.set_fusion_enabled(way == FUSED),
            autograd.reference() if way == REFERENCE else contextlib.nullcontext(),
        ):
            yield
    finally:
        autograd.set_num_threads(before)


def make_step(size: int, seed: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return a training step of the baseline as two functions: forward, loss and backward; and SGD with momentum."""
    autograd.manual_seed(seed)
    net = Baseline()
    optimizer = optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    x, y = map(autograd.from_numpy, batch(size, seed))

    def compute() -> None:
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()

    return compute, optimizer.step


def time_first_and_later(way: str, threads: int, size: int, seed: int, seconds: float, runs: int) -> Timing:
    """Time whole steps with `autograd.profiler.measure`."""
    with computed(way, threads):
        if way in WRITTEN_OUT:
            written = written_out(way, size, seed)
            return measure(lambda: step(*written), seconds, runs)
        compute, update = make_step(size, seed)
        return measure(lambda: (compute(), update()), seconds, runs)


def written_out(way: str, size: int, seed: int) -> tuple[list[Layer], Any, Callable[[], None]]:
    """Return the same network in plain Python or vectorized NumPy, images for it, and its optimizer's step."""
    autograd.manual_seed(seed)
    state = {name: tensor.detach().numpy() for name, tensor in Baseline().state_dict().items()}
    x, y = batch(size, seed)
    if way == LOOPS:
        layers = loops.baseline(state, y.tolist())
        return layers, x.tolist(), lambda: loops.update(layers, LR)
    layers = vectorized.baseline(state, y)
    return layers, x, vectorized.SGD(layers, LR, MOMENTUM).step


def time_step(way: str, threads: int, size: int, seed: int, seconds: float, runs: int) -> dict[str, Any]:
    """Time whole steps; return the timing as a dict for JSON."""
    timing = time_first_and_later(way, threads, size, seed, seconds, runs)
    return {"way": way, "threads": threads, "batch": size, "step": timing.median, "spread": timing.spread,
            "runs": timing.runs}  # fmt: skip


def time_layers(way: str, threads: int, size: int, seed: int, seconds: float, runs: int) -> dict[str, Any]:
    """Return the median seconds of each layer, forward and backward, and of the whole step.

    The optimizer counts as a layer with only a backward. The rest of the engine's step is Python and
    the profiler itself.
    """
    found: dict[tuple[str, str], list[float]] = {}
    steps: list[float] = []
    with computed(way, threads):
        time_one = _written_step(way, size, seed) if way in WRITTEN_OUT else _profiled_step(size, seed)
        time_one()  # the first step allocates memory
        began = perf_counter()
        while len(steps) < runs or perf_counter() - began < seconds:
            times, elapsed = time_one()
            for part, time in times.items():
                found.setdefault(part, []).append(time)
            steps.append(elapsed)
    layers: dict[str, dict[str, float]] = {}
    for (name, direction), several in found.items():
        layers.setdefault(name, {})[direction] = statistics.median(several)
    # Outside written-out layers is nothing; the median of whole steps may still differ from the sum of medians.
    parts = sum(sum(passes.values()) for passes in layers.values())
    whole = parts if way in WRITTEN_OUT else statistics.median(steps)
    return {"way": way, "threads": threads, "batch": size, "step": whole, "layers": layers}


Times = tuple[dict[tuple[str, str], float], float]  # seconds by layer and direction, and of the whole step


def _profiled_step(size: int, seed: int) -> Callable[[], Times]:
    """Return a function that does a step of the engine inside its profiler."""
    compute, update = make_step(size, seed)

    def time_one() -> Times:
        with profile() as profiled:
            compute()
        before = perf_counter()
        update()
        updating = perf_counter() - before
        averages = profiled.key_averages("layer")
        times: dict[tuple[str, str], float] = {("optimizer", "backward"): updating}
        times |= {(_short(row.layer), row.direction): row.cpu_time_total * 1e-6 for row in averages}
        return times, averages.elapsed * 1e-6 + updating

    return time_one


def _written_step(way: str, size: int, seed: int) -> Callable[[], Times]:
    """Return a function that does a step of a network that is written out."""
    written = written_out(way, size, seed)

    def time_one() -> Times:
        times = {}
        began = before = perf_counter()
        for part in passes(*written):
            now = perf_counter()
            times[part], before = now - before, now
        return times, before - began

    return time_one


def _short(path: str) -> str:
    """Shorten "Baseline.layers.conv (Conv2d)" to "conv"; an op outside all layers belongs to the loss."""
    return path.split(" ")[0].split(".")[-1] if path else "loss"
