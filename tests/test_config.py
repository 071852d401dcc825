"""The configuration that lucidgrad reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import autograd


def test_config_names_versions_threads_and_cache() -> None:
    config = autograd.config()
    assert config["numpy"] == np.__version__
    assert config["threads"] == autograd.get_num_threads()
    assert config["threading_layer"] in ("tbb", "omp", "workqueue")
    assert config["simd_bits"] in (128, 256, 512)
    assert config["simd_registers"] in (16, 32)
    assert Path(config["cache"]).is_dir()


def test_show_config_prints_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    autograd.show_config()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(autograd.config())
    assert all(str(value) in line for line, value in zip(lines, autograd.config().values(), strict=True))
