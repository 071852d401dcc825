"""Calls of the options of elementwise functions that no sample of op_db gives."""

from __future__ import annotations

from typing import Any

from tests.with_torch.calls import call, constant
from tests.with_torch.calls_elementwise import Arguments, some


@call("div", where="torch")
def div_rounded(draw: Any) -> Arguments:
    a, b = draw.broadcastable(2)
    x, y = draw.tensor(*a, low=-9, high=9), draw.tensor(*b, low=0.5, high=4)
    return (constant(x), constant(y)), some(draw, rounding_mode=draw.choice(None, "trunc", "floor"))
