"""Names of types that annotations use."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Shape: TypeAlias = tuple[int, ...]
Argument: TypeAlias = Array | np.generic | float | None  # what an op's forward takes for a tensor
Result: TypeAlias = Array | np.generic | tuple[Array | np.generic, ...]  # what an op's forward returns
