"""Arguments and inputs of activation layers, to compare with PyTorch's: see test_nn.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Row = tuple[tuple, dict[str, Any], list[np.ndarray]]


def _any(draw: Any, low: int = 0) -> np.ndarray:
    return 3 * draw.array(*[draw.size(1, 3) for _ in range(draw.size(low, 4))])  # type: ignore[no-any-return]


def _inplace(draw: Any) -> Row:
    return (draw.choice(False, True),), {}, [_any(draw)]


def _prelu(draw: Any) -> Row:
    count = draw.size(1, 3)
    return (count, draw.choice(0.25, 1)), {}, [_any(draw) if count == 1 else draw.array(2, count, draw.size(1, 3))]


LAYERS: dict[str, Callable[[Any], Row]] = {
    "CELU": lambda d: ((d.choice(1.0, 0.5),), {"inplace": d.choice(False, True)}, [_any(d)]),
    "GLU": lambda d: ((d.choice(-1, 0),), {}, [d.array(2, d.size(1, 3), 4)]),
    "Hardshrink": lambda d: ((d.choice(0.5, 1),), {}, [_any(d)]),
    "Hardsigmoid": lambda d: ((), {}, [3 + abs(_any(d))]),  # 0 and 1/6: PyTorch rounds 1/6 to float32
    "Hardswish": _inplace,
    "Hardtanh": lambda d: ((d.choice(-1.0, -2), d.choice(1.0, 3)), {"inplace": d.choice(False, True)}, [_any(d)]),
    "PReLU": _prelu,
    "ReLU6": _inplace,
    "RReLU": lambda d: ((0.25, 0.25), {"inplace": d.choice(False, True)}, [_any(d)]),  # one slope: no random numbers
    "SELU": _inplace,
    "Softmax2d": lambda d: ((), {}, [d.array(*[2, 3, d.size(1, 3), 2][d.size(0, 1) :])]),
    "Softmin": lambda d: ((d.choice(0, -1),), {}, [_any(d, 1)]),
    "Softshrink": lambda d: ((d.choice(0.5, 1),), {}, [_any(d)]),
    "Softsign": lambda d: ((), {}, [_any(d)]),
    "Tanhshrink": lambda d: ((), {}, [_any(d)]),
    "Threshold": lambda d: ((0.5, d.choice(0, 2.0)), {"inplace": d.choice(False, True)}, [_any(d)]),
}
