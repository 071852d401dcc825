"""`__config__.show()`, what the library was built with."""

from __future__ import annotations

import platform

from autograd.config import get_num_threads
from autograd.version import __version__


def show() -> str:
    """Versions of the library and of what it computes with."""
    import numba
    import numpy

    return (
        f"lucidgrad {__version__}, without CUDA:\n"
        f"  - Python {platform.python_version()}\n  - NumPy {numpy.__version__}\n  - Numba {numba.__version__}\n"
    )


def parallel_info() -> str:
    """The number of threads of the kernels."""
    return f"kernels run in {get_num_threads()} threads\n"
