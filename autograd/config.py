"""The number of threads, and the configuration of this process."""

from __future__ import annotations

import platform
import warnings
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding as llvm

from autograd import html
from autograd.kernels import threads as kernel_threads
from autograd.kernels.cache import cache_folder
from autograd.kernels.jit import vector_bytes, vector_registers
from autograd.memory import keep_freed_memory

__all__ = ["config", "get_num_threads", "set_num_threads", "show_config"]

_keeps_memory = keep_freed_memory()


def set_num_threads(threads: int) -> None:
    """Set the maximum number of threads that kernels of this process use.

    The number applies to all Python threads, running and future ones.  Results do not depend on it, bit for bit.
    A forked process inherits it; a spawned one starts with the default.  With TBB, a process that is forked after a
    second Python thread has used kernels stays on one thread: a lock of TBB may be held there for ever.

    Parameters
    ----------
    threads : int
        From 1 to the number of processors, or to NUMBA_NUM_THREADS if that is set.

    Raises
    ------
    TypeError
        If threads is not an integer.
    ValueError
        If the number is out of this range.

    Examples
    --------
    >>> import autograd
    >>> before = autograd.get_num_threads()
    >>> autograd.set_num_threads(1)
    >>> autograd.get_num_threads()
    1
    >>> autograd.set_num_threads(before)
    """
    if isinstance(threads, (bool, np.bool_)) or not isinstance(threads, (int, np.integer)):
        raise TypeError(f"set_num_threads: expects an int, got {type(threads).__name__} {threads!r}")
    most = kernel_threads.settings.NUMBA_NUM_THREADS
    if not 1 <= threads <= most:
        raise ValueError(f"set_num_threads: {threads} is not between 1 and {most}, the processors this process may use")
    if threads > 1 and kernel_threads.stays_alone():
        warnings.warn(
            "set_num_threads: this process was forked from one in which several Python threads used kernels, so its "
            "kernels stay on one thread; start it with multiprocessing's method spawn for more",
            RuntimeWarning,
            stacklevel=2,
        )
        threads = 1
    kernel_threads.set_number(int(threads))


def get_num_threads() -> int:
    """The maximum number of threads that kernels of this process use.

    The default is the number of processors, or of slots of its LSF job, that this process may use.

    Returns
    -------
    int, at least 1

    Examples
    --------
    >>> import autograd
    >>> autograd.get_num_threads() >= 1
    True
    """
    return kernel_threads.get_number()


class Config(dict[str, Any]):
    """A dict that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        return html.table(("Setting", "Value"), [(name, str(value)) for name, value in self.items()], left=(0, 1))


def config() -> Config:
    """Versions, processor, threads and kernel cache: what `show_config` prints.

    Returns
    -------
    dict
        A notebook shows it as a table.

    Examples
    --------
    >>> import autograd
    >>> autograd.config()["threads"] == autograd.get_num_threads()
    True
    """
    return Config(
        {
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
    )


def show_config() -> None:
    """Print versions, processor, threads, threading layer, SIMD width, memory and cache folder.

    `config` returns the same as a dict.

    Examples
    --------
    >>> import autograd
    >>> autograd.show_config()  # doctest: +ELLIPSIS
    python           3...
    numpy            ...
    cache            ...
    """
    for name, value in config().items():
        print(f"{name:16} {value}")
