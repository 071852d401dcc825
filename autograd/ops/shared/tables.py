"""What ops that look up rows of a table share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def limit_norms(weight: Tensor, rows: Array, max_norm: float, norm_type: float) -> None:
    """Scale the rows of these indices whose norm is above max_norm to this norm, in place and without recording."""
    table, chosen = weight.array, np.unique(rows)
    norms = np.linalg.norm(table[chosen], norm_type, axis=-1)
    large = norms > max_norm
    table[chosen[large]] *= (max_norm / (norms[large] + 1e-7))[:, None].astype(table.dtype)
    weight.version[0] += 1
