"""Times of a training step of the baseline and of its layers, in several implementations."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

import autograd
import nn
import optim
from autograd.profiler import Timing, measure, profile
from examples.experiments.models import Baseline
from examples.experiments.support.timing import loops
from nn import functional as F

LOOPS, NUMPY, NUMBA, FUSED = "plain Python", "NumPy", "Numba", "Numba, fused"
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
        with nn.set_fusion_enabled(way == FUSED), autograd.reference() if way == NUMPY else contextlib.nullcontext():
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
    if way == LOOPS:
        layers, x = make_loops(size, seed)
        return measure(lambda: loops.step(layers, x, LR), seconds, runs)
    with computed(way, threads):
        compute, update = make_step(size, seed)
        return measure(lambda: (compute(), update()), seconds, runs)


def make_loops(size: int, seed: int) -> tuple[list[loops.Layer], loops.Numbers]:
    """Return the same network in plain Python, and images for it."""
    autograd.manual_seed(seed)
    state = {name: tensor.detach().numpy() for name, tensor in Baseline().state_dict().items()}
    x, y = batch(size, seed)
    return loops.baseline(state, y.tolist()), x.tolist()


def time_step(way: str, threads: int, size: int, seed: int, seconds: float, runs: int) -> dict[str, Any]:
    """Time whole steps; return the timing as a dict for JSON."""
    timing = time_first_and_later(way, threads, size, seed, seconds, runs)
    return {"way": way, "threads": threads, "batch": size, "step": timing.median, "spread": timing.spread,
            "runs": timing.runs}  # fmt: skip


def time_layers(way: str, threads: int, size: int, seed: int, seconds: float, runs: int) -> dict[str, Any]:
    """Return the median seconds of each layer, forward and backward, and of the whole step.

    The optimizer counts as a layer with only a backward. The rest of the step is Python and the
    profiler itself.
    """
    found = {"way": way, "threads": threads, "batch": size}
    if way == LOOPS:
        layers = _loops_layers(size, seed, seconds, runs)
        return {**found, "step": sum(sum(passes.values()) for passes in layers.values()), "layers": layers}
    passes: dict[tuple[str, str], list[float]] = {}
    steps: list[float] = []
    with computed(way, threads):
        compute, update = make_step(size, seed)
        compute()  # the first step allocates memory
        update()
        began = perf_counter()
        while len(steps) < runs or perf_counter() - began < seconds:
            with profile() as profiled:
                compute()
            before = perf_counter()
            update()
            updating = perf_counter() - before
            averages = profiled.key_averages("layer")
            for row in averages:
                passes.setdefault((_short(row.layer), row.direction), []).append(row.cpu_time_total * 1e-6)
            passes.setdefault(("optimizer", "backward"), []).append(updating)
            steps.append(averages.elapsed * 1e-6 + updating)
    medians: dict[str, dict[str, float]] = {}
    for (name, direction), times in passes.items():
        medians.setdefault(name, {})[direction] = statistics.median(times)
    return {**found, "step": statistics.median(steps), "layers": medians}


def _short(path: str) -> str:
    """Shorten "Baseline.layers.conv (Conv2d)" to "conv"; an op outside all layers belongs to the loss."""
    return path.split(" ")[0].split(".")[-1] if path else "loss"


def _loops_layers(size: int, seed: int, seconds: float, runs: int) -> dict[str, dict[str, float]]:
    layers, x = make_loops(size, seed)
    found: dict[str, dict[str, float]] = {}
    for layer in layers:
        found[layer.name] = {"forward": measure(lambda: layer.forward(x), seconds, runs).median}  # noqa: B023 (at once)
        x = layer.forward(x)
    g: loops.Numbers = 1.0
    for layer in reversed(layers):
        found[layer.name]["backward"] = measure(lambda: layer.backward(g), seconds, runs).median  # noqa: B023
        g = layer.backward(g)
    found["optimizer"] = {"backward": measure(lambda: loops.update(layers, LR), seconds, runs).median}
    return found
