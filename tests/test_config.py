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


def test_switches_without_effect_refuse_what_they_cannot_keep() -> None:
    with pytest.raises(RuntimeError, match="set_deterministic_debug_mode: the mode is 3"):
        autograd.set_deterministic_debug_mode(3)
    with pytest.raises(TypeError, match="expects 0, 1, 2, default, warn or error, got a list"):
        autograd.set_deterministic_debug_mode([1])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="set_num_interop_threads: expects an int, got str 'a'"):
        autograd.set_num_interop_threads("a")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="set_num_interop_threads: expects a positive number, got 0"):
        autograd.set_num_interop_threads(0)
    assert (autograd.get_deterministic_debug_mode(), autograd.get_num_interop_threads()) == (0, 1)
