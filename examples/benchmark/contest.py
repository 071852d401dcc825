"""Measure frameworks in turn: A B C, A B C, …, each in its own process.

Two frameworks in one process slow each other down, and the load of a machine varies. Therefore
each framework does a short measurement in every round, and only measurements of the same round are
compared.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from autograd.timing import Timing, summarized
from examples.benchmark.cases import CONTESTANTS, FRAMEWORKS, Case

ROOT = Path(__file__).resolve().parents[2]
PAUSE = 0.02  # s between two turns, in which spinning threads of the previous one go to sleep
_FIND = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"


# What keeps each framework's kernels from using wider vectors, on a processor that has them.
SIMD = {
    "avx2": {
        "LUCIDGRAD_VECTOR_BYTES": "32",
        "NUMBA_CPU_NAME": "haswell",  # the first with AVX2, so that the compiler has 16 registers and no masks
        "NUMBA_CPU_FEATURES": "",  # those of this processor's name, not of the one that runs
        "OPENBLAS_CORETYPE": "Haswell",  # NumPy's products
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own loops
        "ONEDNN_MAX_CPU_ISA": "AVX2",  # PyTorch's convolutions and products
        "DNNL_MAX_CPU_ISA": "AVX2",  # the same in the oneDNN of MXNet 1.9
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",  # JAX
    }
}


class Failure(Exception):
    """A contestant failed. The text says why."""


class Result(NamedTuple):
    """The times of a contestant for a case."""

    timing: Timing  # the first call is nan if the time starts with the process
    rounds: list[float]  # the median of each round, in seconds per call


class Entrant:
    """The process of a contestant."""

    def __init__(
        self,
        name: str,
        threads: int,
        interpreter: str = sys.executable,
        environment: Mapping[str, str] = {},
        program: str = "examples.benchmark.worker",
    ) -> None:
        count = str(threads)
        libraries = ("OMP", "OPENBLAS", "MKL")
        variables = {f"{name}_NUM_THREADS": count for name in libraries} | {"VECLIB_MAXIMUM_THREADS": count}
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        self._process = subprocess.Popen(
            [interpreter, "-m", program, name, count],
            cwd=ROOT,
            env={**os.environ, **variables, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def hear(self) -> dict[str, Any]:
        """Wait for the next answer."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            words = self._log.read().decode(errors="replace").strip().splitlines()[-3:]
            raise Failure(f"{self.name}: its process ended with {self._process.wait()}; {' '.join(words)}".rstrip("; "))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failure(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait for the answer."""
        assert self._process.stdin
        with suppress(BrokenPipeError):  # then there is no answer either
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
        return self.hear()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._log.close()


def named_interpreter(text: str) -> tuple[str, str]:
    """An argparse type: NAME=PATH, a framework and its Python."""
    name, _, path = text.partition("=")
    if name not in FRAMEWORKS or not path:
        raise argparse.ArgumentTypeError(
            f"{text!r} does not name a framework and its Python; write NAME=PATH, with NAME one of "
            f"{', '.join(FRAMEWORKS)}"
        )
    if shutil.which(path) is None:
        raise argparse.ArgumentTypeError(f"{path} is not a program; give the path of {name}'s Python")
    return name, str(Path(shutil.which(path) or path).absolute())


def installed(framework: str, interpreter: str) -> bool:
    """Return whether an interpreter finds the module of a framework, without importing it."""
    return subprocess.run([interpreter, "-c", _FIND, FRAMEWORKS[framework]], cwd=ROOT, check=False).returncode == 0


class Contest:
    """The processes of the contestants, and their results.

    Attributes
    ----------
    results : dict of case name to dict of contestant name to Result
    failures : list of str
        A sentence for each failed case of a contestant.
    versions : dict of framework to dict of name to version
    """

    def __init__(
        self,
        contestants: Sequence[str],
        interpreters: Mapping[str, str],
        say: Callable[[str], None],
        simd: str | None = None,
    ) -> None:
        self._environment = SIMD[simd] if simd else {}
        self.contestants, self.interpreters, self.say = list(contestants), dict(interpreters), say
        self.results: dict[str, dict[str, Result]] = {}
        self.failures: list[str] = []
        self.versions: dict[str, dict[str, str]] = {}
        self._running: dict[tuple[str, int], Entrant] = {}
        self._unable: set[tuple[str, int]] = set()

    def __enter__(self) -> Contest:
        return self

    def __exit__(self, *exception: object) -> None:
        for entrant in self._running.values():
            entrant.close()
        self._running.clear()

    def run(self, cases: Iterable[Case], rounds: int, seconds: float) -> None:
        """Measure the cases block by block; all contestants of a block take turns."""
        for _, block in groupby(cases, key=lambda case: case.block):
            self._run_block(list(block), rounds, seconds)

    def _run_block(self, block: list[Case], rounds: int, seconds: float) -> None:
        entered: list[tuple[Case, Entrant, float]] = []  # with the duration of the first call
        for case in block:
            self.say(case.name)
            for name in self._entering(case):
                with self._noted(case.name):
                    entrant = self._entrant(name, case.threads)
                    entered.append((case, entrant, entrant.ask("prepare", case=case.as_json())["first"]))
        found: dict[tuple[str, str], list[list[float]]] = {}
        for _ in range(rounds):
            for case, entrant, _ in entered:
                time.sleep(PAUSE)
                with self._noted(case.name):
                    times = entrant.ask("time", name=case.name, seconds=seconds)["times"]
                    found.setdefault((case.name, entrant.name), []).append(times)
        for case, entrant, first in entered:
            if runs := found.get((case.name, entrant.name)):
                timing = summarized([time for some in runs for time in some], first)
                medians = [statistics.median(some) for some in runs]
                self.results.setdefault(case.name, {})[entrant.name] = Result(timing, medians)
        for entrant in {id(entrant): entrant for _, entrant, _ in entered}.values():
            with suppress(Failure):
                entrant.ask("drop")

    def _entering(self, case: Case) -> Iterator[str]:
        for name in self.contestants:
            if case.kind in CONTESTANTS[name].kinds and (name, case.threads) not in self._unable:
                wanted = case.block != "scaling" or name in ("lucidgrad", "numpy")
                if wanted and (name != "torch-channels-last" or case.images):
                    yield name

    def _entrant(self, name: str, threads: int) -> Entrant:
        """Return the process of a contestant, and start it if it is not running."""
        if (name, threads) not in self._running:
            entrant = self._started(name, threads)
            try:
                self.versions[CONTESTANTS[name].framework] = entrant.hear()["versions"]
            except Failure:
                self._unable.add((name, threads))
                entrant.close()
                raise
            self._running[name, threads] = entrant
        return self._running[name, threads]

    def _started(self, name: str, threads: int, environment: Mapping[str, str] = {}) -> Entrant:
        return Entrant(
            name, threads, self.interpreters[CONTESTANTS[name].framework], {**self._environment, **environment}
        )

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        """Record a failure and continue."""
        try:
            yield
        except Failure as failure:
            self.failures.append(f"{what}: {failure}")
            self.say(f"  {failure}")

    def measure_starts(self, case: Case, rounds: int, cold: bool) -> None:
        """Time import, build and the first training step in a new process each time.

        `cold` uses an empty kernel cache for lucidgrad, and measures once because it takes long.
        """
        name = f"{'cold' if cold else 'warm'} start"
        self.say(name)
        found: dict[str, list[float]] = {}
        for turn in range(1 if cold else rounds + 1):
            for contestant in self._entering(case):
                if cold and CONTESTANTS[contestant].framework != "lucidgrad":
                    continue
                with tempfile.TemporaryDirectory() as folder, self._noted(name):
                    seconds = self._start(contestant, case, {"LUCIDGRAD_CACHE_DIR": folder} if cold else {})
                    if cold or turn:  # the first start fills caches
                        found.setdefault(contestant, []).append(seconds)
        for contestant, times in found.items():
            self.results.setdefault(name, {})[contestant] = Result(summarized(times, math.nan), times)

    def _start(self, contestant: str, case: Case, environment: Mapping[str, str]) -> float:
        start = time.perf_counter()
        entrant = self._started(contestant, case.threads, environment)
        try:
            self.versions[CONTESTANTS[contestant].framework] = entrant.hear()["versions"]
            entrant.ask("prepare", case=case.as_json())
            return time.perf_counter() - start
        finally:
            entrant.close()

    def measure_memory(self, case: Case) -> dict[str, int]:
        """Return the peak memory in bytes of a training process, including imports."""
        self.say(f"peak memory, {case.name}")
        found = {}
        for contestant in self._entering(case):
            with self._noted("peak memory"):
                entrant = self._started(contestant, case.threads)
                try:
                    self.versions[CONTESTANTS[contestant].framework] = entrant.hear()["versions"]
                    entrant.ask("prepare", case=case.as_json())
                    entrant.ask("time", name=case.name, seconds=0.0)
                    found[contestant] = entrant.ask("memory")["peak"]
                finally:
                    entrant.close()
        return found
