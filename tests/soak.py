"""Random work for many minutes, during which nothing may grow: ``python -m tests.soak --minutes 20``, Linux only.

Each round draws calls of every kind from the op table, and random graphs, and runs them forward and backward:
with ``create_graph``, inside ``no_grad``, ``reference`` and ``verify``, with exceptions in the middle of a backward,
in several Python threads, in forked processes, and with changing numbers of threads. The same seed must give the same
bits in all of these cases, and a fixed training the same weights in every round.

Between rounds the soak measures memory, open descriptors, threads, and the objects known to Python's collector. After
the warm-up, which runs every op, none of them may grow (`grown` defines growth).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import os
import statistics
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn
import nn.functional as F
import optim
from autograd.op import table
from autograd.tensor import Tensor, wrap
from autograd.testing import RandomDraw, draw_case, lay_out

FIRST = 3  # passes over the ops before the clock starts
WARM_UP = 0.15  # share of the time in which growth is allowed
CALLS = 12  # calls of ops per round
FLOATS = (np.float32, np.float64)
CONTEXTS: list[Callable[[], Any]] = [
    contextlib.nullcontext,
    contextlib.nullcontext,
    autograd.reference,
    autograd.verify,
    autograd.no_grad,
]


# ── the work ───────────────────────────────────────────────────────────────────────────


class Thrown(Exception):
    """Raised by a hook in the middle of a backward pass."""


def raise_thrown(gradient: Tensor) -> None:
    """A hook that raises."""
    raise Thrown


def call(op: Any, rng: np.random.Generator, dtype: Any) -> None:
    """Run a drawn call of an op in a drawn context: forward, backward, and half of the time second gradients."""
    case = draw_case(op, RandomDraw(rng, op.kind))
    inputs = []
    for x, layout in zip(case.sample.inputs, case.layouts, strict=False):
        is_float = isinstance(x, np.ndarray) and x.dtype.kind == "f"
        if isinstance(x, np.ndarray):
            x = wrap(lay_out(x.astype(dtype) if is_float else x, layout), is_float)
        inputs.append(x)
    with CONTEXTS[rng.integers(len(CONTEXTS))]():
        result = op(*inputs, **case.sample.params)
        outputs = [y for y in (result if isinstance(result, tuple | list) else [result]) if isinstance(y, Tensor)]
        outputs = [y for y in outputs if y.requires_grad]
        wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
        if not outputs or not wanted:
            return
        incoming = [autograd.ones_like(y) for y in outputs]
        twice = bool(rng.integers(2))
        found = autograd.grad(outputs, wanted, incoming, create_graph=twice, allow_unused=True)
        again = [g.sum() for g in found if g is not None and g.requires_grad]
        if twice and again:
            autograd.grad(again, wanted, allow_unused=True)


STEPS: list[Callable[[Tensor, Tensor], Tensor]] = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b.T,
    lambda a, b: (a @ b) / 24,
    lambda a, b: a.relu() + b.tanh(),
    lambda a, b: a.sigmoid() * b.softmax(1),
    lambda a, b: autograd.cat([a[:12], b[12:]]),
    lambda a, b: autograd.where(autograd.tensor(np.tri(24) > 0), a, b),
    lambda a, b: F.layer_norm(a, (24,)) + b.mean(0),
    lambda a, b: F.conv2d(a.view(1, 1, 24, 24), b[:3, :3].reshape(1, 1, 3, 3), padding=1).view(24, 24),
    lambda a, b: nn.MaxPool2d(2)(a.reshape(1, 1, 24, 24)).reshape(12, 12).repeat(2, 2) + b.flip(0),
    lambda a, b: a.clone().index_select(0, autograd.tensor(np.arange(24)[::-1].copy())) + b.cumsum(1) / 24,
]


def graph(seed: int) -> bytes:
    """Compute a random graph of 20 ops and its gradients; return a digest of all the bits.

    In some graphs a hook raises in the middle of the backward pass.  Then the backward pass runs again.
    """
    rng = np.random.default_rng(seed)
    dtype = FLOATS[rng.integers(2)]
    leaves = [wrap(rng.uniform(-1, 1, (24, 24)).astype(dtype), True) for _ in range(3)]
    nodes = list(leaves)
    for _ in range(20):
        a, b = (nodes[i] for i in rng.integers(max(0, len(nodes) - 6), len(nodes), 2))
        nodes.append(STEPS[rng.integers(len(STEPS))](a, b).clamp(-4, 4))
    loss = sum((node.square().mean() for node in nodes[-4:]), start=autograd.zeros(()))
    if rng.integers(2):
        handle = nodes[int(rng.integers(3, len(nodes)))].register_hook(raise_thrown)
        with contextlib.suppress(Thrown):  # the loss may be independent of the node
            loss.backward(retain_graph=True)
        handle.remove()
        for leaf in leaves:
            leaf.grad = None
    if rng.integers(2):
        gradients = autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
        loss = sum((g.square().sum() for g in gradients if g is not None and g.requires_grad), start=loss)
    loss.backward()
    digest = hashlib.sha256(loss.detach().numpy().tobytes())
    for leaf in leaves:
        digest.update(b"" if leaf.grad is None else leaf.grad.numpy().tobytes())
    return digest.digest()


def train() -> bytes:
    """Train a small convolutional network for three steps and return its weights."""
    random = np.random.default_rng(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(196, 5))
    for parameter in net.parameters():
        parameter.detach().copy_(autograd.tensor(random.standard_normal(parameter.shape).astype(np.float32)))
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    x = autograd.tensor(random.standard_normal((32, 1, 16, 16)).astype(np.float32))
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(net(x), autograd.tensor(np.arange(32) % 5)).backward()
        optimizer.step()
    return b"".join(p.detach().numpy().tobytes() for p in net.parameters())


def in_threads(seeds: Sequence[int]) -> list[bytes]:
    """Compute the graph of each seed, concurrently, each in its own Python thread."""
    found: dict[int, bytes] = {}

    def work(seed: int) -> None:
        found[seed] = graph(seed)

    running = [threading.Thread(target=work, args=(seed,)) for seed in seeds]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return [found.get(seed, b"it raised") for seed in seeds]


def in_a_fork(seed: int, expected: bytes, *, beside_a_thread: bool) -> bool:
    """Whether a forked process computes the expected bits, even if another thread of this process is computing."""
    other = threading.Thread(target=graph, args=(seed + 1,))
    if beside_a_thread:
        other.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns about each fork while threads run
        child = os.fork()
    if child == 0:
        same = False
        try:
            same = graph(seed) == expected
        finally:
            os._exit(0 if same else 1)
    if beside_a_thread:
        other.join()
    return os.waitpid(child, 0)[1] == 0


def ops_in_turn(seed: int) -> None:
    """Run every op of the table in both float dtypes."""
    for name in sorted(table):
        for dtype in FLOATS:
            call(table[name], np.random.default_rng(seed), dtype)


def round_of(number: int) -> None:
    """Run one round of the soak.

    Raises
    ------
    AssertionError
        If bits differ between cases.  The message says where.
    """
    rng = np.random.default_rng(number)
    most = autograd.get_num_threads()
    rows = list(table.values())
    for _ in range(CALLS):
        call(rows[rng.integers(len(rows))], rng, FLOATS[rng.integers(2)])
    seeds = [int(seed) for seed in rng.integers(0, 2**31, 3)]
    alone = [graph(seed) for seed in seeds]
    autograd.set_num_threads(int(rng.integers(1, most + 1)))
    try:
        assert in_threads(seeds) == alone, f"round {number}: Python threads computed other bits for the graphs {seeds}"
        if number % 4 == 0:
            beside = number % 100 == 0  # rarely: TBB prints a line each time
            same = in_a_fork(seeds[0], alone[0], beside_a_thread=beside)
            assert same, f"round {number}: a forked process computed other bits or died"
        assert train() == fixed(), f"round {number}: the fixed training ended with other weights"
    finally:
        autograd.set_num_threads(most)


_fixed: list[bytes] = []


def fixed() -> bytes:
    """Return the final weights of the first training of this process."""
    if not _fixed:
        _fixed.append(train())
    return _fixed[0]


# ── measurements ───────────────────────────────────────────────────────────────────────


class Sample(NamedTuple):
    """The resources of the process at one moment."""

    seconds: float  # since the start
    rounds: int
    memory: int  # resident, in bytes
    descriptors: int
    threads: int  # threads of the system, including those of the threading layer
    python_threads: int
    objects: int  # known to the garbage collector


#: Allowed growth of each number: a constant plus a share of its value.
ALLOWED = {"memory": (5e6, 0.01), "descriptors": (0, 0), "threads": (0, 0), "python_threads": (0, 0),
           "objects": (0, 0.005)}  # fmt: skip


def measure(begun: float, rounds: int) -> Sample:
    """Measure this process after a garbage collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        time.monotonic() - begun,
        rounds,
        pages * os.sysconf("SC_PAGE_SIZE"),
        len(os.listdir("/proc/self/fd")),
        len(os.listdir("/proc/self/task")),
        threading.active_count(),
        len(gc.get_objects()),
    )


def grown(samples: Sequence[Sample]) -> list[str]:
    """Return a sentence for each measurement that grew.

    The medians of the first, the middle and the last third of the samples are compared. Descriptors and threads must be
    equal in the first and the last. Memory may grow by 5 MB and 1 %, objects by 0.5 %. Either may grow more in one of
    the two steps, because a kernel may be loaded for the first time late in the soak. A leak would grow in both.
    """
    if len(samples) < 3:
        return [f"{len(samples)} measurements are too few to see growth; give it more minutes."]
    third = len(samples) // 3
    sentences = []
    for name, (constant, share) in ALLOWED.items():
        before, middle, after = (
            statistics.median_high(getattr(sample, name) for sample in some)
            for some in (samples[:third], samples[third:-third], samples[-third:])
        )
        allowed = constant + share * before
        growth = min(after - before, 2 * (middle - before), 2 * (after - middle)) if allowed else after - before
        if growth > allowed:
            rounds = samples[-1].rounds - samples[0].rounds
            sentences.append(
                f"{name.replace('_', ' ')} grew from {before:,} to {after:,} in {rounds:,} rounds; "
                f"{allowed:,.0f} more would be allowed."
            )
    return sentences


def show(samples: Sequence[Sample], rows: int = 12) -> str:
    """Return a table of at most `rows` samples."""
    lines = ["minutes   rounds  memory (MB)  descriptors  threads  of Python     objects"]
    for i in sorted({round(k) for k in np.linspace(0, len(samples) - 1, rows)}):
        s = samples[i]
        lines.append(f"{s.seconds / 60:7.2f}  {s.rounds:7,}  {s.memory / 1e6:11.1f}  {s.descriptors:11}  "
                     f"{s.threads:7}  {s.python_threads:9}  {s.objects:10,}")  # fmt: skip
    return "\n".join(lines)


def soak(
    seconds: float, work: Callable[[int], None] = round_of, *, warm: bool = True, samples: int = 120
) -> list[Sample]:
    """Run rounds for `seconds`; return the measurements after the warm-up.

    Parameters
    ----------
    seconds : float
        Duration of warm-up and rounds together.  Compiling what the cache lacks comes before, and is not counted.
    work : callable (takes the number of the round)
    warm : bool
        Whether the warm-up also runs every op of the table.
    samples : int
        How many times to measure, spread evenly over the time.
    """
    for seed in range(FIRST if warm else 0):  # compiles what the cache lacks
        ops_in_turn(seed)
        work(seed)
    begun, number, seed = time.monotonic(), 0, FIRST
    after = WARM_UP * seconds
    while warm and time.monotonic() - begun < after:  # loads the kernels of each dtype, shape and layout
        ops_in_turn(seed := seed + 1)
    taken: list[Sample] = []
    pause = (seconds - after) / samples
    while (now := time.monotonic() - begun) < seconds:
        work(number)
        number += 1
        if now >= after + pause * len(taken):
            taken.append(measure(begun, number))
    return taken


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser("python -m tests.soak", description="Random work, under which nothing may grow.")
    parser.add_argument("--minutes", type=float, default=20, help="how long (default: %(default)s)")
    args = parser.parse_args(argv)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "verify: .* cannot be judged", RuntimeWarning)
        taken = soak(60 * args.minutes)
    print(show(taken))
    sentences = grown(taken)
    print(*sentences or [f"Nothing grew in {args.minutes:g} minutes, {taken[-1].rounds:,} rounds."], sep="\n")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
