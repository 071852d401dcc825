"""No import needs what Windows lacks: the test removes these names and imports everything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import ROOT

WITHOUT = """
import importlib, os, pkgutil, signal, sys

import filelock, matplotlib.backends.backend_agg, numba, pooch, requests, safetensors.numpy, tqdm  # these know Windows

for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGURG", "SIGUSR1", "SIGUSR2"):
    delattr(signal, name)
for name in ("fork", "getuid", "geteuid", "killpg", "register_at_fork", "sched_getaffinity", "sched_setaffinity"):
    if hasattr(os, name):
        delattr(os, name)

OTHERS = {"jax", "jaxlib", "mpi4py", "mxnet", "mygrad", "torch"}
imported = set()
for package in map(importlib.import_module, ("autograd", "nn", "optim", "examples")):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if package.__name__ == "examples" and "." not in module.name[9:] and not module.ispkg:
            continue  # a script for learners, which runs when it is imported
        if module.name.startswith("examples.course.solutions."):
            continue  # files for a student's folder, where they import each other
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            assert error.name in OTHERS, (module.name, error)
        except SystemExit as error:
            assert "is not installed" in str(error), (module.name, error)
        else:
            imported.add(module.name)
assert {"examples.experiments.train", "examples.report", "examples.benchmark.worker"} <= imported
assert "autograd.kernels.jit" in imported

from examples.experiments.support.runs.signals import HANDLED
assert HANDLED == (signal.SIGINT, signal.SIGTERM)
from examples.experiments import train
sys.exit(train.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parallel
def test_without_what_windows_lacks(tmp_path: Path) -> None:
    run = ["--synthetic", "--limit", "80", "--validation", "16", "--epochs", "1", "--out", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", WITHOUT, *run], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert (tmp_path / "run" / "result.json").exists()
