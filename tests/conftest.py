"""Number of examples that Hypothesis draws, and a check that each test leaves global state unchanged."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
from collections.abc import Iterator
from typing import Any

# With fewer cores than this, the tests of thread counts would compare one thread with itself.
os.environ.setdefault("NUMBA_NUM_THREADS", str(max(4, os.cpu_count() or 1)))

import numpy as np
import pytest
from hypothesis import settings

import autograd
from examples.experiments.support.runs.signals import HANDLED

# Programs under test inherit ignored signals, such as SIGINT if a script runs the tests in the background.
for _name in ("SIGINT", "SIGHUP", "SIGTERM"):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)

# Tests against PyTorch or MXNet need an environment that has them.  Elsewhere they are not collected.
collect_ignore = [f"with_{name}" for name in ("torch", "mxnet") if not importlib.util.find_spec(name)]
if not importlib.util.find_spec("mpi4py"):
    collect_ignore.append("with_mpi")
if not importlib.util.find_spec("mypy"):
    collect_ignore.append("test_typing.py")

settings.register_profile("few", max_examples=3, deadline=None)
settings.register_profile("dev", max_examples=6, deadline=None)
settings.register_profile("ci", max_examples=7, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


# A process that compiles all kernels keeps millions of objects of Numba's.  With Python's own thresholds (700, 10, 10),
# looking through them for garbage takes a tenth of the time.
gc.set_threshold(50_000, 20, 100)


def _global_state() -> dict[str, Any]:
    return {
        "grad mode": autograd.is_grad_enabled(),
        "default dtype": autograd.get_default_dtype(),
        "number of threads": autograd.get_num_threads(),
        "NumPy's error state": np.geterr(),
    }


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Start each test from the same seed, and fail a test that leaves global state changed."""
    before, random_state = _global_state(), autograd.get_rng_state()
    handlers = {number: signal.getsignal(number) for number in HANDLED}
    autograd.manual_seed(0)
    yield
    after = _global_state()
    for number, handler in handlers.items():  # a stopped experiment ignores signals until its process ends
        signal.signal(number, handler)
    autograd.set_rng_state(random_state)
    autograd.set_grad_enabled(before["grad mode"])
    autograd.set_default_dtype(before["default dtype"])
    autograd.set_num_threads(before["number of threads"])
    np.seterr(**before["NumPy's error state"])
    leaks = [f"{name} {before[name]} -> {after[name]}" for name in before if before[name] != after[name]]
    if leaks:
        pytest.fail(f"the test leaks global state: {', '.join(leaks)}")
