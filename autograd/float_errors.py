"""NumPy's warnings about divisions by zero, overflow and NaN, turned off while ops compute, as PyTorch has none.

`np.errstate(all="ignore")` takes 1 µs, as long as the rest of a small op.  NumPy 2 keeps this setting in a context
variable.  So its value for "ignore" is made once here, and after that only set:

    before = ignore()
    try:
        …
    finally:
        restore(before)
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any

import numpy as np


def _set_by_errstate() -> list[tuple[ContextVar[Any], Any]]:
    """The context variables that `np.errstate` sets, with their values: one in NumPy 2, none in NumPy 1."""
    outside = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    return [(variable, value) for variable, value in inside.items() if outside.get(variable) is not value]


def _restore(before: Any) -> None:
    np.seterr(**before)


ignore: Callable[[], Any] = partial(np.seterr, all="ignore")
restore: Callable[[Any], None] = _restore
for _variable, _value in _set_by_errstate():
    ignore, restore = partial(_variable.set, _value), _variable.reset
