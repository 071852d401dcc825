"""The matrix product of NumPy's BLAS: what products are compared with, and their gain from more threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from examples.benchmark import data


def versions() -> dict[str, str]:
    return {"numpy": np.__version__}


def set_threads(threads: int) -> None:
    """Do nothing: NumPy's BLAS reads OPENBLAS_NUM_THREADS when it is loaded."""


def make(variant: str, kind: str, what: dict[str, Any]) -> Callable[[], np.ndarray]:
    """Return the function to time: a matrix product in float32."""
    a, b = data.product(what)
    return lambda: a @ b
