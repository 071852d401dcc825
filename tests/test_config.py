"""Threads, and what the process says it runs on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd.kernels import jit


@pytest.fixture
def threads() -> Iterator[int]:
    before = autograd.get_num_threads()
    yield before
    autograd.set_num_threads(before)


def test_config_names_versions_threads_and_cache() -> None:
    config = autograd.config()
    assert config["numpy"] == np.__version__
    assert config["threads"] == autograd.get_num_threads()
    assert config["threading_layer"] in ("tbb", "omp", "workqueue")
    assert config["simd_bits"] in (128, 256, 512)
    assert Path(config["cache"]).is_dir()


def test_a_kernel_that_keeps_to_few_threads_leaves_their_number_as_it_was(threads: int) -> None:
    before = jit.limit_threads(0)
    assert (before, autograd.get_num_threads()) == (threads, 1)
    jit.restore_threads(before)
    assert jit.limit_threads(threads + 1) == autograd.get_num_threads() == threads
    for fusion in (True, False):
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3), nn.ReLU())
        x = autograd.randn(1, 1, 8, 8, requires_grad=True)
        with nn.set_fusion_enabled(fusion):
            F.cross_entropy(net(x), autograd.tensor([1])).backward()
        optim.SGD(net.parameters(), lr=0.1).step()
        assert autograd.get_num_threads() == threads


def test_show_config_prints_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    autograd.show_config()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(autograd.config())
    assert all(str(value) in line for line, value in zip(lines, autograd.config().values(), strict=True))


def test_set_num_threads(threads: int) -> None:
    autograd.set_num_threads(1)
    assert autograd.get_num_threads() == 1
    for wrong in (0, -1, 10_000):
        with pytest.raises(ValueError, match=f"set_num_threads: {wrong} is not between 1 and"):
            autograd.set_num_threads(wrong)
    assert autograd.get_num_threads() == 1


def default_threads(**variables: str) -> int:
    """What a fresh process takes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LSB_", "NUMBA_"))}
    code = "import autograd; print(autograd.get_num_threads())"
    out = subprocess.check_output(
        [sys.executable, "-c", code], env={**environment, **variables}, cwd=Path(__file__).parents[1], text=True
    )
    return int(out)


def test_default_threads_are_the_schedulers_slots_if_those_are_fewer() -> None:
    assert default_threads(LSB_DJOB_NUMPROC="1") == 1
    assert default_threads(LSB_DJOB_NUMPROC="10000") == default_threads() == jit.available_threads()


@pytest.mark.parametrize(
    ("variables", "slots"),
    [
        ({"LSB_DJOB_NUMPROC": "3"}, 3),
        ({"LSB_MCPU_HOSTS": "here 3 there 5"}, 3),
        ({"LSB_DJOB_NUMPROC": "2", "LSB_MCPU_HOSTS": "here 3"}, 2),
        ({"LSB_DJOB_NUMPROC": "0"}, 1),
        ({"LSB_DJOB_NUMPROC": "many"}, 8),
        ({"LSB_MCPU_HOSTS": "here"}, 8),
        ({"LSB_DJOB_NUMPROC": "64"}, 8),
        ({}, 8),
    ],
)
def test_slots(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], slots: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for name in ("LSB_DJOB_NUMPROC", "LSB_MCPU_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert jit.available_threads() == slots
