"""One framework in its own process: ``python -m examples.benchmark.worker CONTESTANT THREADS``.

It reads commands, one line of JSON each, and answers each with a line of JSON:

====================================  =======================================================
command                               answer
====================================  =======================================================
(when it has imported the framework)  ``{"versions": {...}}``
``{"do": "prepare", "case": {...}}``  ``{"first": seconds}``, of the first call, which compiles
``{"do": "time", "name": "...",       ``{"times": [seconds per call, ...]}``
"seconds": 0.3}``
``{"do": "drop"}``                    ``{}``; forgets all cases
``{"do": "memory"}``                  ``{"peak": bytes}``, the peak memory of the process
====================================  =======================================================

Errors are answered with ``{"error": "a sentence"}``.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from examples.benchmark.cases import CONTESTANTS
from examples.experiments.support.frameworks.rebuilt import DeviceError
from examples.experiments.support.runs.files import CheckpointError

TIMING = Path(__file__).resolve().parents[2] / "autograd" / "timing.py"


def load_timing() -> ModuleType:
    """Import autograd/timing.py without its package, whose threads would disturb another framework."""
    spec = importlib.util.spec_from_file_location("timing", TIMING)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peak_memory() -> int:
    """Return the peak memory of this process in bytes.

    On Linux ru_maxrss starts with the memory of the parent process; VmHWM does not.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        import resource  # imported here, since Windows lacks it

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else 1024 * most


class Worker:
    """The prepared cases, and the answers to commands."""

    def __init__(self, contestant: str, threads: int) -> None:
        self.variant = contestant
        self.framework = importlib.import_module(f"examples.benchmark.in_{CONTESTANTS[contestant].framework}")
        self.framework.set_threads(threads)
        self.versions = self.framework.versions()
        self.timing = load_timing()
        self.prepared: dict[str, Callable[[], object]] = {}

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Execute a command."""
        if command["do"] == "prepare":
            case = command["case"]
            function = self.framework.make(self.variant, case["kind"], case["what"])
            start = time.perf_counter()
            function()
            first = time.perf_counter() - start
            self.prepared[case["name"]] = function
            return {"first": first}
        if command["do"] == "time":
            return {"times": self.timing.times(self.prepared[command["name"]], command["seconds"], runs=3)}
        if command["do"] == "memory":
            return {"peak": peak_memory()}
        self.prepared.clear()
        return {}


def serve(make: Callable[[], Any]) -> None:
    """Create a worker and pass commands to it until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # a framework may print; that is not an answer
    try:
        worker = make()
        answers.write(json.dumps({"versions": worker.versions}) + "\n")
    except Exception as error:
        answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        return
    for line in sys.stdin:
        try:
            reply = worker.answer(json.loads(line))
        except (DeviceError, CheckpointError) as error:
            reply = {"error": str(error)}
        except Exception as error:  # the parent reports it and continues with the others
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    serve(lambda: Worker(sys.argv[1], int(sys.argv[2])))
