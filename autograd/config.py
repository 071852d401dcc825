"""Threads, and what this process runs on."""

from __future__ import annotations

import platform
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding as llvm

from autograd.kernels import threads as kernel_threads
from autograd.kernels.cache import cache_folder
from autograd.kernels.jit import vector_bytes, vector_registers
from autograd.memory import keep_freed_memory

__all__ = ["config", "get_num_threads", "set_num_threads", "show_config"]

_keeps_memory = keep_freed_memory()


def set_num_threads(threads: int) -> None:
    """Run the kernels of this process on at most so many threads.

    The number holds for all Python threads, for running ones and for later ones.  Results are the same bits for any
    number.  A process that is forked takes it over; one that is spawned starts with the default.

    Parameters
    ----------
    threads : int
        From 1 to the number of processors, or to NUMBA_NUM_THREADS where that is set.

    Raises
    ------
    TypeError
        If threads is not an integer.
    ValueError
        If there are not so many.
    """
    if isinstance(threads, (bool, np.bool_)) or not isinstance(threads, (int, np.integer)):
        raise TypeError(f"set_num_threads: expects an int, got {type(threads).__name__} {threads!r}")
    most = kernel_threads.settings.NUMBA_NUM_THREADS
    if not 1 <= threads <= most:
        raise ValueError(f"set_num_threads: {threads} is not between 1 and {most}, the processors this process may use")
    kernel_threads.set_number(int(threads))


def get_num_threads() -> int:
    """How many threads run kernels, in all of this process.

    At first as many as there are processors, or slots of its LSF job, that this process may use.
    """
    return kernel_threads.get_number()


def config() -> dict[str, Any]:
    """Versions, processor, threads and kernel cache, as `show_config` prints them."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "processor": llvm.get_host_cpu_name(),
        "simd_bits": 8 * vector_bytes(),
        "simd_registers": vector_registers(),
        "threads": get_num_threads(),
        "threading_layer": kernel_threads.choose_layer(),
        "freed_memory": "kept" if _keeps_memory else "given back",
        "cache": str(cache_folder() or "none"),
    }


def show_config() -> None:
    """Print versions, processor, threads, threading layer, SIMD width, memory and cache folder."""
    for name, value in config().items():
        print(f"{name:16} {value}")
