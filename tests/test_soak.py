"""The short form of `make soak`: nothing grows, killed runs end with the same bits, and planted errors are found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import kills
from tests.runs import ROOT
from tests.soak import Sample, grown

linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")

# Rounds of the soak, repeating the same four, so that after the first four all kernels are loaded.  Then graphs
# with a planted leak of each kind.
SOAK = """
import json, os, threading
import autograd
from tests.soak import graph, grown, round_of, soak

kept, stop = [], threading.Event()

def found(leak):
    def work(number):
        graph(number % 4)
        leak()
    return grown(soak(1, work, warm=False))

def start_thread():
    kept.append(threading.Thread(target=stop.wait))
    kept[-1].start()

for number in range(16):
    round_of(number % 4)
print(json.dumps({
    "nothing": grown(soak(5, lambda number: round_of(number % 4), warm=False)),
    "tensors": found(lambda: kept.extend(autograd.randn(100_000) for _ in range(10))),
    "objects": found(lambda: kept.extend([] for _ in range(1000))),
    "descriptors": found(lambda: os.dup(0)),
    "threads": found(start_thread),
}))
stop.set()
"""


@linux
@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.threads
def test_nothing_grows_and_a_leak_of_each_kind_is_noticed() -> None:
    environment = {**os.environ, "NUMBA_NUM_THREADS": "4"}
    done = subprocess.run(
        [sys.executable, "-c", SOAK], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["nothing"] == []
    words = {name: [sentence.split(" grew from ")[0] for sentence in some] for name, some in found.items()}
    assert "memory" in words["tensors"]
    assert words["objects"] == ["objects"]
    assert words["descriptors"] == ["descriptors"]
    assert words["threads"][:2] == ["threads", "python threads"]


def sample(i: int, **changes: Any) -> Sample:
    return Sample(60.0 * i, 100 * i, 300_000_000, 6, 4, 1, 140_000)._replace(**changes)


def test_too_few_measurements_are_no_success() -> None:
    assert grown([sample(0), sample(1)]) == ["2 measurements are too few to see growth; give it more minutes."]


@pytest.mark.parametrize(
    ("name", "allowed", "first"),
    [
        ("memory", 8_000_000, 300_000_000),
        ("descriptors", 0, 6),
        ("threads", 0, 4),
        ("python_threads", 0, 1),
        ("objects", 700, 140_000),
    ],
)
def test_what_counts_as_growth(name: str, allowed: int, first: int) -> None:
    def samples(more: int) -> list[Sample]:
        return [sample(i, **{name: first + more * (i // 10) // 2}) for i in range(30)]

    assert grown(samples(allowed)) == []
    (sentence,) = grown(samples(allowed + 2))
    assert sentence == (
        f"{name.replace('_', ' ')} grew from {first:,} to {first + allowed + 2:,} in 2,900 rounds; "
        f"{allowed:,} more would be allowed."
    )
    spike = [sample(i, **{name: 2 * first if i == 25 else first}) for i in range(30)]
    assert grown(spike) == []
    once = [sample(i, **{name: 2 * first if i >= 17 else first}) for i in range(30)]
    assert bool(grown(once)) == (allowed == 0)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(
    "name",
    [
        name if name == "train" else pytest.param(name, marks=pytest.mark.rare)
        for name in kills.EXPERIMENTS
        if name != "torch_cnn"
    ],
)
def test_killed_experiments_end_with_the_same_bits(name: str, tmp_path: Path) -> None:
    count = kills.kill(name, 3, tmp_path, seed=int.from_bytes(os.urandom(4), "big"))
    assert count.kills == 3 and count.runs >= 1


@pytest.mark.slow
@pytest.mark.parallel
def test_other_bits_after_a_kill_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = kills.EXPERIMENTS["train"]
    monkeypatch.setitem(kills.EXPERIMENTS, "train", experiment._replace(read=lambda folder: {"weights": folder.name}))
    with pytest.raises(
        AssertionError, match=r"examples.experiments.train ended with other bits after [01] kills; the run is in "
    ):
        kills.kill("train", 1, tmp_path)
