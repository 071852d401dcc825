"""Threads, and what this process runs on."""

from __future__ import annotations

import platform
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding as llvm

from autograd.kernels.cache import cache_folder
from autograd.kernels.jit import kernel, settings, vector_bytes
from autograd.memory import keep_freed_memory

__all__ = ["config", "get_num_threads", "set_num_threads", "show_config"]

_keeps_memory = keep_freed_memory()


def set_num_threads(threads: int) -> None:
    """Run kernels of this Python thread on so many threads.  Results are the same bits for any number."""
    most = settings.NUMBA_NUM_THREADS
    if not 1 <= threads <= most:
        raise ValueError(f"set_num_threads: {threads} is not between 1 and {most}, the processors this process may use")
    numba.set_num_threads(threads)


def get_num_threads() -> int:
    """How many threads run kernels: at first the processors, or LSF slots, this process may use."""
    return numba.get_num_threads()


@kernel(parallel=True)
def _start(x):
    for i in numba.prange(len(x)):
        x[i] = i


def config() -> dict[str, Any]:
    """Versions, processor, threads and kernel cache, as `show_config` prints them."""
    _start(np.empty(2))  # Numba decides on a threading layer when the first parallel kernel runs
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "processor": llvm.get_host_cpu_name(),
        "simd_bits": 8 * vector_bytes(),
        "threads": get_num_threads(),
        "threading_layer": numba.threading_layer(),
        "freed_memory": "kept" if _keeps_memory else "given back",
        "cache": str(cache_folder() or "none"),
    }


def show_config() -> None:
    """Print versions, processor, threads, threading layer, SIMD width, memory and cache folder."""
    for name, value in config().items():
        print(f"{name:16} {value}")
